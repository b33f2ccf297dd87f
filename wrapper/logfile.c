/*
 * logfile - see logfile.h. Hostile input: limits, the moment, and, where the admin's directory
 * rights are wrong, the path itself (symlink, FIFO, hard link, directory). On failure: why says it,
 * syslog takes the record.
 */
#include "logfile.h"
#include "diag.h"
#include "strbuf.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define LIMIT_IN_THE_WAY "RLIMIT_FSIZE of the caller is in the way"
#define WAIT_STEPS 10 /* of 2 ms */

static void trouble(struct logfile *log, const char *text)
{
    struct strbuf sb;

    strbuf_init(&sb, log->why, sizeof log->why);
    strbuf_puts(&sb, "log file: ");
    strbuf_puts(&sb, text);
}

/* Limits that a caller can set below what we need. ENFILE, ENOSPC, EIO and the like are the
 * server's. */
static bool is_callers_doing(int err)
{
    return err == EMFILE || err == EFBIG || err == EPERM || err == ENOSYS;
}

static const char *refusal(const struct stat *st, const struct privilege *p)
{
    if (!S_ISREG(st->st_mode)) {
        return "not a regular file";
    }
    if (st->st_uid != 0 && (p->held || st->st_uid != p->uid)) {
        return "not owned by root";
    }
    if (st->st_nlink == 0) {
        return "rotated away";
    }
    if (st->st_nlink != 1) {
        return "has a second name (hard link)";
    }
    if ((st->st_mode & S_IWOTH) != 0) {
        return "writable by everyone";
    }
    if (p->held && (st->st_mode & S_IWGRP) != 0 && st->st_gid != p->egid && st->st_gid != 0) {
        return "writable by a group that is not ours";
    }
    return NULL;
}

/* logrotate creates the new file as root:root 0600 and gives it its owner and mode only then: also
 * a matter of waiting. */
static int open_waiting(const char *path, bool wait, bool held)
{
    const struct timespec step = {0, 2000000};
    int fd;

    for (int i = 0;; i++) {
        fd = open(path, O_WRONLY | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
        if (fd >= 0 || !wait || i == WAIT_STEPS ||
            (errno != ENOENT && (errno != EACCES || !held))) {
            return fd;
        }
        clock_nanosleep(CLOCK_MONOTONIC, 0, &step, NULL);
    }
}

void logfile_open(const char *path, const struct privilege *privilege, bool wait,
                  struct logfile *ret)
{
    struct stat st;
    const char *why;

    ret->callers_doing = false;
    ret->why[0] = '\0';
    ret->fd = open_waiting(path, wait, privilege->held);
    if (ret->fd < 0) {
        ret->callers_doing = is_callers_doing(errno);
        /* open(2): O_NOFOLLOW on a link is ELOOP, O_NONBLOCK on a FIFO that nobody reads is ENXIO.
         */
        why = errno == ELOOP   ? "is a symbolic link"
              : errno == ENXIO ? "not a regular file"
                               : diag_errno(errno);
        if (errno == EACCES && !privilege->held) {
            why = "Permission denied (set-gid not in effect)";
        }
        trouble(ret, why);
        return;
    }
    why = fstat(ret->fd, &st) == 0 ? refusal(&st, privilege) : diag_errno(errno);
    if (why != NULL) {
        trouble(ret, why);
        close(ret->fd);
        ret->fd = -1;
    }
}

/* Whether the last write stopped at the limit: another call's record came between the look at the
 * size and it. */
static bool ended_at(int fd, const struct rlimit *limit)
{
    off_t end = lseek(fd, 0, SEEK_CUR); /* with O_APPEND too, it is where the write ended */

    return limit->rlim_cur != RLIM_INFINITY && end >= 0 && (rlim_t)end >= limit->rlim_cur;
}

bool logfile_write(struct logfile *log, const char *line, size_t len)
{
    struct stat st;
    struct rlimit limit = {RLIM_INFINITY, RLIM_INFINITY};
    ssize_t n;

    if (log->fd < 0) {
        return false;
    }
    if (fstat(log->fd, &st) != 0 || st.st_nlink == 0) {
        trouble(log, "rotated away");
        return false;
    }
    if (getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY &&
        (rlim_t)st.st_size + len > limit.rlim_cur) {
        log->callers_doing = true;
        trouble(log, LIMIT_IN_THE_WAY);
        return false;
    }
    do {
        n = write(log->fd, line, len);
    } while (n < 0 && errno == EINTR);
    if (n == (ssize_t)len) {
        return true;
    }
    if (n < 0) {
        log->callers_doing = is_callers_doing(errno);
        trouble(log, diag_errno(errno));
    } else {
        log->callers_doing = ended_at(log->fd, &limit);
        trouble(log, log->callers_doing ? LIMIT_IN_THE_WAY " (line cut)"
                                        : "No space left on device (line cut)");
    }
    return false;
}
