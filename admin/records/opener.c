/*
 * opener - see opener.h. The root process reads one byte a request, an index into the paths that it
 * had from its beginning: whoever takes over the confined process gets the logs that it reads
 * anyway, and nothing else. It ends when the other end of its socket is closed.
 */
#include "records/opener.h"

#include "context.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

struct opener {
    const char *const *paths;
    size_t count;
    int socket; /* -1: we open ourselves */
    pid_t child;
};

static int open_regular(const char *path)
{
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    struct stat st;

    if (fd >= 0 && (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))) {
        (void)close(fd);
        errno = EINVAL;
        return -1;
    }
    return fd;
}

/* Answers with a descriptor, or with the errno as the message's one number. */
static bool answer(int socket, int fd, int error)
{
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control = {.bytes = {0}};
    struct iovec iov = {&error, sizeof error};
    struct msghdr message = {.msg_iov = &iov, .msg_iovlen = 1};

    if (fd >= 0) {
        struct cmsghdr *header;

        message.msg_control = control.bytes;
        message.msg_controllen = sizeof control.bytes;
        header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof fd);
        memcpy(CMSG_DATA(header), &fd, sizeof fd);
    }
    return sendmsg(socket, &message, MSG_NOSIGNAL) == (ssize_t)sizeof error;
}

/* The root process. Never returns. */
__attribute__((noreturn)) static void serve(const struct opener *opener, int socket)
{
    uint8_t index;

    /* Ctrl-C goes to the whole process group; the other one ends in order, and then so do we. */
    (void)signal(SIGINT, SIG_IGN);
    (void)signal(SIGTERM, SIG_IGN);
    if (dup2(socket, STDIN_FILENO) < 0 || close_range(1, ~0U, 0) != 0) {
        _exit(1);
    }
    while (recv(STDIN_FILENO, &index, 1, 0) == 1) {
        int fd = index < opener->count ? open_regular(opener->paths[index]) : -1;
        bool sent = answer(STDIN_FILENO, fd, fd < 0 ? errno : 0);

        if (fd >= 0) {
            (void)close(fd);
        }
        if (!sent) {
            break;
        }
    }
    _exit(0);
}

struct opener *opener_new(struct context *ctx, const char *const *paths, size_t count)
{
    struct opener *opener = context_alloc(sizeof *opener);
    int pair[2];

    *opener = (struct opener){.paths = paths, .count = count, .socket = -1, .child = -1};
    if (geteuid() != 0) {
        return opener;
    }
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) {
        (void)context_fail(ctx, "cannot follow: %s", strerror(errno));
        free(opener);
        return NULL;
    }
    opener->child = fork();
    if (opener->child == 0) {
        serve(opener, pair[1]);
    }
    (void)close(pair[1]);
    opener->socket = pair[0];
    if (opener->child < 0) {
        (void)context_fail(ctx, "cannot follow: %s", strerror(errno));
        opener_close(opener);
        return NULL;
    }
    return opener;
}

void opener_close(struct opener *opener)
{
    if (opener == NULL) {
        return;
    }
    if (opener->socket >= 0) {
        (void)close(opener->socket);
    }
    while (opener->child > 0 && waitpid(opener->child, NULL, 0) < 0 && errno == EINTR) {
    }
    free(opener);
}

int opener_open(struct opener *opener, size_t index)
{
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control;
    uint8_t request = (uint8_t)index;
    int error = EPIPE, fd = -1;
    struct iovec iov = {&error, sizeof error};
    struct msghdr message = {.msg_iov = &iov,
                             .msg_iovlen = 1,
                             .msg_control = control.bytes,
                             .msg_controllen = sizeof control.bytes};
    const struct cmsghdr *header;
    ssize_t n;

    if (opener->socket < 0) {
        return open_regular(opener->paths[index]);
    }
    if (send(opener->socket, &request, 1, MSG_NOSIGNAL) != 1) {
        return -1;
    }
    do {
        n = recvmsg(opener->socket, &message, MSG_CMSG_CLOEXEC);
    } while (n < 0 && errno == EINTR);
    header = n == (ssize_t)sizeof error ? CMSG_FIRSTHDR(&message) : NULL;
    if (header != NULL && header->cmsg_type == SCM_RIGHTS) {
        memcpy(&fd, CMSG_DATA(header), sizeof fd);
        return fd;
    }
    errno = n == (ssize_t)sizeof error ? error : EPIPE;
    return -1;
}
