/*
 * feeder - see feeder.h. Hostile input: the caller's stdin, for as long as he likes; the limits he
 * set. On failure to read: the MTA is ended before the pipe is let go, since end of file would mean
 * "send it".
 */
#include "feeder.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define IN 0  /* the feeder's descriptors: the caller's stdin, */
#define OUT 1 /* the pipe, */
#define MTA 2 /* a pidfd of the MTA, where the kernel has them */

#define END_WAIT_MS 10000 /* for the MTA to end after SIGTERM */
#define SPLICE_MAX (1 << 20)

/* The first part as pieces: up to the place, the header, its line end, an empty line, what follows.
 */
static int feed_pieces(const struct feed *feed, struct iovec piece[5])
{
    struct message *m = feed->message;
    const char *eol = m->place.eol;
    size_t at = feed->header_len > 0 ? m->place.offset : 0;
    int n = 0;

    piece[n++] = (struct iovec){m->data, at};
    if (feed->header_len > 0) {
        piece[n++] = (struct iovec){(void *)(uintptr_t)feed->header, feed->header_len};
        piece[n++] = (struct iovec){(void *)(uintptr_t)eol, strlen(eol)};
        if (m->place.blank_after) {
            piece[n++] = (struct iovec){(void *)(uintptr_t)eol, strlen(eol)};
        }
    }
    piece[n++] = (struct iovec){m->data + at, m->len - at};
    return n;
}

/* Takes the bytes already written off the front of the pieces; returns what is left of them. */
static size_t feed_rest(const struct feed *feed, struct iovec *piece, int n)
{
    size_t skip = feed->written, left = 0;

    for (int i = 0; i < n; i++) {
        size_t cut = skip < piece[i].iov_len ? skip : piece[i].iov_len;

        piece[i].iov_base = (char *)piece[i].iov_base + cut;
        piece[i].iov_len -= cut;
        skip -= cut;
        left += piece[i].iov_len;
    }
    return left;
}

/* One writev of the rest; returns what is still left, or -1 with errno set. */
static ssize_t feed_write(struct feed *feed)
{
    struct iovec piece[5];
    int n = feed_pieces(feed, piece);
    size_t left = feed_rest(feed, piece, n);
    ssize_t done;

    if (left == 0) {
        return 0;
    }
    done = writev(feed->out, piece, n);
    if (done < 0) {
        return -1;
    }
    feed->written += (size_t)done;
    return (ssize_t)(left - (size_t)done);
}

bool feed_fill(struct feed *feed)
{
    ssize_t left;

    if (!feed->message->placed && feed->header_len > 0) {
        return false;
    }
    /* A short write says that the pipe is full: one page is all that some users' pipes hold
     * (pipe(7)). */
    do {
        left = feed_write(feed);
    } while (left < 0 && errno == EINTR);
    return left == 0 && feed->message->eof;
}

/* --- the feeder itself
 * ------------------------------------------------------------------------------------- */

static void close_from(unsigned first)
{
    if (syscall(SYS_close_range, first, ~0U, 0) == 0) {
        return;
    }
    for (int fd = (int)first; fd < 65536; fd++) { /* before Linux 5.9, or forbidden */
        close(fd);
    }
}

/* Ends the MTA and waits until nobody reads the pipe any more. */
static _Noreturn void abandon(pid_t mta, bool have_pidfd)
{
    struct pollfd out = {OUT, 0, 0};

    if (!have_pidfd || syscall(SYS_pidfd_send_signal, MTA, SIGTERM, NULL, 0) != 0) {
        kill(mta, SIGTERM); /* somebody still reads the pipe, so the pid is most likely still its */
    }
    poll(&out, 1, END_WAIT_MS);
    _exit(1);
}

/* Waits for input. Ends the feeder when nobody reads the pipe any more, even while the caller keeps
 * silent. */
static void wait_input(void)
{
    for (;;) {
        struct pollfd fds[2] = {{IN, POLLIN, 0}, {OUT, 0, 0}};
        int n = poll(fds, 2, -1);

        if (n > 0 && (fds[1].revents & POLLERR) != 0) {
            _exit(0);
        }
        if ((n > 0 && fds[0].revents != 0) || (n < 0 && errno != EINTR)) {
            return;
        }
    }
}

static void write_all(const char *bytes, size_t n)
{
    while (n > 0) {
        ssize_t done = write(OUT, bytes, n);

        if (done < 0 && errno != EINTR) {
            _exit(0); /* EPIPE: the MTA has what it wanted */
        }
        if (done > 0) {
            bytes += done;
            n -= (size_t)done;
        }
    }
}

/* read(2) after a wait: bytes, 0 at the end, -1 on an error that is one. */
static ssize_t read_input(char *buf, size_t cap)
{
    for (;;) {
        ssize_t n;

        wait_input();
        n = read(IN, buf, cap);
        if (n >= 0 || (errno != EINTR && errno != EAGAIN)) {
            return n;
        }
    }
}

/* Writes the first part; reads on before that where its beginning was not there yet. */
static void feed_first_part(struct feed *feed, pid_t mta, bool have_pidfd)
{
    struct message *m = feed->message;

    while (feed->header_len > 0 && !m->placed) {
        ssize_t n =
            m->len < sizeof m->data ? read_input(m->data + m->len, sizeof m->data - m->len) : 0;

        if (n < 0) {
            abandon(mta, have_pidfd);
        }
        m->len += (size_t)n;
        m->eof = n == 0 && m->len < sizeof m->data;
        m->placed = header_place(feed->dialect, m->data, m->len, n == 0, &m->place);
    }
    for (;;) {
        ssize_t left = feed_write(feed);

        if (left == 0) {
            return;
        }
        if (left < 0 && errno != EINTR) {
            _exit(0);
        }
    }
}

static _Noreturn void feeder_run(struct feed *feed, pid_t mta, bool have_pidfd)
{
    struct message *m = feed->message;
    bool spliced = true;

    feed_first_part(feed, mta, have_pidfd);
    while (!m->eof) {
        ssize_t n = -1;

        if (spliced) {
            wait_input();
            n = splice(IN, NULL, OUT, NULL, SPLICE_MAX, SPLICE_F_MOVE | SPLICE_F_MORE);
            /* Whatever is wrong, read(2) and write(2) tell which side it is on; some kinds of stdin
             * cannot be spliced, and some sandboxes forbid it. */
            spliced = n >= 0 || errno == EINTR || errno == EAGAIN;
        } else {
            n = read_input(m->data, sizeof m->data);
            if (n < 0) {
                abandon(mta, have_pidfd);
            }
            write_all(m->data, (size_t)n);
        }
        m->eof = n == 0;
    }
    _exit(0);
}

/* In the new process: nothing of the caller's but stdin. */
static _Noreturn void feeder_begin(struct feed *feed, pid_t mta, int pidfd)
{
    sigset_t all;
    bool have_pidfd;

    sigfillset(&all);
    /* But it stops with its job: from a terminal, a blocked SIGTTIN would turn a Ctrl-Z into a read
     * error. */
    sigdelset(&all, SIGTSTP);
    sigdelset(&all, SIGTTIN);
    sigdelset(&all, SIGTTOU);
    sigprocmask(SIG_BLOCK, &all, NULL);
    /* The pipe first: its number is above 2, since 0 to 2 were open when it was made. */
    have_pidfd = pidfd >= 0 && dup2(pidfd, MTA) == MTA;
    if (dup2(feed->out, OUT) != OUT || chdir("/") != 0) {
        _exit(1);
    }
    close_from(have_pidfd ? MTA + 1 : MTA);
    feed->out = OUT;
    fcntl(OUT, F_SETFL, 0); /* it may wait now */
    feeder_run(feed, mta, have_pidfd);
}

/* fork(2) without the SIGCHLD that would be pending in the MTA. */
static pid_t fork_silently(void)
{
    return (pid_t)syscall(SYS_clone, 0UL, NULL, NULL, NULL, 0UL);
}

bool feeder_start(struct feed *feed)
{
    pid_t mta = getpid(), between, done;
    int status = 0;
    int pidfd = (int)syscall(SYS_pidfd_open, mta, 0);

    /* Twice, so that the feeder is nobody's child that the MTA or the caller waits for. */
    between = fork_silently();
    if (between == 0) {
        pid_t feeder = fork_silently();

        if (feeder == 0) {
            feeder_begin(feed, mta, pidfd);
        }
        _exit(feeder < 0 ? errno : 0);
    }
    if (between < 0) {
        int err = errno;

        close(pidfd);
        errno = err;
        return false;
    }
    close(pidfd);
    do {
        done = waitpid(between, &status, __WALL);
    } while (done < 0 && errno == EINTR);
    if (done != between || !WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        errno = done == between && WIFEXITED(status) ? WEXITSTATUS(status) : EAGAIN;
        return false;
    }
    return true;
}
