/*
 * syslog - see syslog.h. Hostile input: a full or missing socket, limits (no descriptor left). On
 * failure: false, at once or after the wait; nothing is printed.
 */
#include "syslog.h"
#include "record.h"
#include "strbuf.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h> /* NOLINT(readability-duplicate-include): the system's, not ours */
#include <time.h>
#include <unistd.h>

void syslog_init(struct syslog *log)
{
    log->fd = -1;
    log->tried = false;
    log->stream = false;
    log->wait_us = SYSLOG_WAIT_MS * 1000L;
    log->err = ENOTCONN;
    log->callers_doing = false;
}

/* As for the log file: what a caller can set (RLIMIT_NOFILE, seccomp), not ENFILE and the like. */
static void fail(struct syslog *log, int err)
{
    log->err = err;
    log->callers_doing = err == EMFILE || err == EPERM || err == ENOSYS;
}

static bool try_connect(struct syslog *log, int type)
{
    const struct sockaddr_un address = {AF_UNIX, _PATH_LOG};

    log->fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (log->fd >= 0 && connect(log->fd, (const struct sockaddr *)&address, sizeof address) == 0) {
        return true;
    }
    fail(log, errno);
    if (log->fd >= 0) {
        close(log->fd);
        log->fd = -1;
    }
    return false;
}

static bool connected(struct syslog *log)
{
    if (!log->tried) {
        log->tried = true;
        /* unix(7): EPROTOTYPE is a socket of the other type; some daemons listen on a stream. */
        if (!try_connect(log, SOCK_DGRAM) && log->err == EPROTOTYPE) {
            log->stream = true;
            try_connect(log, SOCK_STREAM);
        }
    }
    return log->fd >= 0;
}

/* "<PRI>Nov 21 16:20:31 sendmail-wrapper[PID]: ": RFC 3164 section 4.1, local time as syslog(3)
 * writes it. */
static void put_prefix(struct strbuf *out, int priority)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    struct timespec now;
    struct tm tm;

    clock_gettime(CLOCK_REALTIME, &now);
    memset(&tm, 0, sizeof tm);
    localtime_r(&now.tv_sec, &tm);
    strbuf_putc(out, '<');
    strbuf_number(out, (unsigned long long)priority, 1);
    strbuf_putc(out, '>');
    strbuf_add(out, months + (size_t)tm.tm_mon * 3, 3);
    strbuf_puts(out, tm.tm_mday < 10 ? "  " : " ");
    strbuf_number(out, (unsigned long long)tm.tm_mday, 1);
    strbuf_putc(out, ' ');
    strbuf_number(out, (unsigned long long)tm.tm_hour, 2);
    strbuf_putc(out, ':');
    strbuf_number(out, (unsigned long long)tm.tm_min, 2);
    strbuf_putc(out, ':');
    strbuf_number(out, (unsigned long long)tm.tm_sec, 2);
    strbuf_puts(out, " " RECORD_TAG "[");
    strbuf_number(out, (unsigned long long)getpid(), 1);
    strbuf_puts(out, "]: ");
}

/*
 * Waits until the socket has room; false when the time of this call is used up. Counted in
 * microseconds: under a flood others take the room that poll(2) saw, again and again, and no single
 * wait is a millisecond long.
 */
static bool wait_for_room(struct syslog *log)
{
    struct pollfd pfd = {log->fd, POLLOUT, 0};
    struct timespec before, after;
    int n;

    if (log->wait_us <= 0) {
        return false;
    }
    clock_gettime(CLOCK_MONOTONIC, &before);
    n = poll(&pfd, 1, (int)((log->wait_us + 999) / 1000));
    clock_gettime(CLOCK_MONOTONIC, &after);
    log->wait_us -=
        (long)(after.tv_sec - before.tv_sec) * 1000000 + (after.tv_nsec - before.tv_nsec) / 1000;
    return n > 0 || (n < 0 && errno == EINTR);
}

bool syslog_send(struct syslog *log, int priority, const char *text, size_t len)
{
    static char buf[RECORD_MAX + 128];
    struct strbuf message;

    if (!connected(log)) {
        return false;
    }
    strbuf_init(&message, buf, sizeof buf);
    put_prefix(&message, priority);
    strbuf_add(&message, text, len);
    if (message.overflow) {
        fail(log, EMSGSIZE);
        return false;
    }
    for (;;) {
        ssize_t n = send(log->fd, buf, message.len + (log->stream ? 1 : 0), MSG_NOSIGNAL);

        if (n >= 0) {
            return (size_t)n >= message.len;
        }
        fail(log, errno);
        if (log->err != EINTR &&
            ((log->err != EAGAIN && log->err != ENOBUFS) || !wait_for_room(log))) {
            return false;
        }
    }
}
