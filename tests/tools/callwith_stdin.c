/*
 * callwith_stdin - the kinds of stdin a caller can hand over, those that fail half-way included:
 * socket-reset: a stream socket whose peer closes with unread data gives ECONNRESET once what was
 * sent is read; mem:F: /proc/PID/mem of this process, at a mapping of F with a hole behind it,
 * gives F's bytes and then EIO; pty-hangup: the terminal's master is closed; dir: EISDIR at once;
 * wo: EBADF at once.
 */
#include "callwith.h"
#include "tool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

static int open_or_die(const char *path, int flags)
{
    int fd = open(path, flags | O_CLOEXEC);
    if (fd < 0)
        die("stdin %s", path);
    return fd;
}

static void open_pipe(int flags, struct stdin_ends *ret)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        die("pipe");
    if (flags != 0 && fcntl(ends[0], F_SETFL, flags) < 0)
        die("fcntl");
    ret->callee = ends[0];
    ret->feed = ends[1];
}

static void open_socketpair(struct stdin_ends *ret)
{
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
        die("socketpair");
    ret->callee = ends[0];
    ret->feed = ends[1];
}

static void open_pty(struct stdin_ends *ret)
{
    struct termios mode;
    ret->feed = open_or_die("/dev/ptmx", O_RDWR | O_NOCTTY);
    if (grantpt(ret->feed) < 0 || unlockpt(ret->feed) < 0)
        die("pty");
    ret->callee = open_or_die(ptsname(ret->feed), O_RDWR | O_NOCTTY);
    tcgetattr(ret->callee, &mode);
    mode.c_lflag &= ~(tcflag_t)(ECHO | ISIG);
    mode.c_oflag &= ~(tcflag_t)OPOST;
    tcsetattr(ret->callee, TCSANOW, &mode);
}

static void open_memory(const char *path, struct stdin_ends *ret)
{
    struct stat st;
    int file = open_or_die(path, O_RDONLY);
    long page = sysconf(_SC_PAGESIZE);
    if (fstat(file, &st) < 0)
        die("%s", path);
    size_t n = (size_t)st.st_size;
    size_t pages = (n + (size_t)page - 1) / (size_t)page * (size_t)page;
    char *map = mmap(NULL, pages + (size_t)page, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (map == MAP_FAILED)
        die("mmap");
    /* The bytes end where the hole begins. */
    char *start = map + pages - n;
    for (size_t done = 0; done < n;) {
        ssize_t got = read(file, start + done, n - done);
        if (got <= 0)
            die("read %s", path);
        done += (size_t)got;
    }
    munmap(map + pages, (size_t)page);
    close(file);
    ret->callee = open_or_die("/proc/self/mem", O_RDONLY);
    if (lseek(ret->callee, (off_t)(size_t)start, SEEK_SET) < 0)
        die("lseek");
}

void stdin_open(const char *kind, struct stdin_ends *ret)
{
    const char *path = strchr(kind, ':') != NULL ? strchr(kind, ':') + 1 : "";
    memset(ret, 0, sizeof(*ret));
    ret->callee = ret->feed = -1;
    if (strcmp(kind, "inherit") == 0)
        return;
    if (strcmp(kind, "closed") == 0) {
        ret->close_callee = true;
    } else if (strcmp(kind, "null") == 0) {
        ret->callee = open_or_die("/dev/null", O_RDWR);
    } else if (strcmp(kind, "pipe") == 0) {
        open_pipe(0, ret);
    } else if (strcmp(kind, "nonblock") == 0) {
        open_pipe(O_NONBLOCK, ret);
    } else if (strcmp(kind, "socketpair") == 0) {
        open_socketpair(ret);
    } else if (strcmp(kind, "socket-reset") == 0) {
        open_socketpair(ret);
        ret->poison = true;
    } else if (strcmp(kind, "pty") == 0) {
        open_pty(ret);
        ret->hold_last = true;
    } else if (strcmp(kind, "pty-hangup") == 0) {
        open_pty(ret);
    } else if (strncmp(kind, "file:", 5) == 0) {
        ret->callee = open_or_die(path, O_RDONLY);
    } else if (strncmp(kind, "wo:", 3) == 0) {
        ret->callee = open_or_die(path, O_WRONLY);
    } else if (strncmp(kind, "dir:", 4) == 0) {
        ret->callee = open_or_die(path, O_RDONLY | O_DIRECTORY);
    } else if (strncmp(kind, "mem:", 4) == 0) {
        open_memory(path, ret);
    } else {
        errno = EINVAL;
        die("--stdin '%s'", kind);
    }
}
