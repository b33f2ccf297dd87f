/*
 * procfs - see procfs.h. Hostile input: what processes say of themselves (comm, cmdline), and /proc
 * itself where the caller could mount over it. On failure: the evidence is absent, the call goes
 * on.
 */
#include "procfs.h"
#include "strbuf.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

/* statfs(2); <linux/magic.h> is not there for every C library. */
#define PROCFS_MAGIC 0x9fa0

int procfs_open(const char **ret_why)
{
    struct statfs fs;
    char self[24];
    ssize_t n;
    int fd = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0) {
        *ret_why = "no /proc";
        return -1;
    }
    if (fstatfs(fd, &fs) != 0 || fs.f_type != PROCFS_MAGIC) {
        close(fd);
        *ret_why = "/proc is not procfs";
        return -1;
    }
    n = procfs_link(fd, "self", self, sizeof self);
    if (n < 0 || strtol(self, NULL, 10) != getpid()) {
        close(fd);
        *ret_why = "/proc is of another pid namespace";
        return -1;
    }
    return fd;
}

ssize_t procfs_read(int proc, const char *name, char *buf, size_t cap)
{
    ssize_t n;
    int fd = openat(proc, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    if (fd < 0) {
        return -1;
    }
    n = read(fd, buf, cap - 1);
    close(fd);
    if (n >= 0) {
        buf[n] = '\0';
    }
    return n;
}

ssize_t procfs_read_pid(int proc, pid_t pid, const char *name, char *buf, size_t cap)
{
    char path[48];
    struct strbuf sb;

    strbuf_init(&sb, path, sizeof path);
    strbuf_number(&sb, (unsigned long long)pid, 1);
    strbuf_putc(&sb, '/');
    strbuf_puts(&sb, name);
    return sb.overflow ? -1 : procfs_read(proc, path, buf, cap);
}

ssize_t procfs_link(int proc, const char *name, char *buf, size_t cap)
{
    ssize_t n = readlinkat(proc, name, buf, cap - 1);

    if (n < 0 || (size_t)n >= cap - 1) {
        return -1;
    }
    buf[n] = '\0';
    return n;
}

bool procfs_stat(int proc, pid_t pid, struct procfs_stat *ret)
{
    char buf[1024];
    char *open_paren, *close_paren, *at;
    size_t comm_len;
    ssize_t n = pid == 0 ? procfs_read(proc, "self/stat", buf, sizeof buf)
                         : procfs_read_pid(proc, pid, "stat", buf, sizeof buf);

    if (n <= 0) {
        return false;
    }
    /* "pid (comm) S ppid ...": comm may hold blanks and parentheses, so its end is the last one. */
    open_paren = strchr(buf, '(');
    close_paren = strrchr(buf, ')');
    if (open_paren == NULL || close_paren == NULL || close_paren < open_paren) {
        return false;
    }
    comm_len = (size_t)(close_paren - open_paren) - 1;
    if (comm_len >= sizeof ret->comm) {
        comm_len = sizeof ret->comm - 1;
    }
    memcpy(ret->comm, open_paren + 1, comm_len);
    ret->comm[comm_len] = '\0';

    at = close_paren + 1;
    for (int field = 3; field <= 22; field++) {
        at = strchr(at, ' ');
        if (at == NULL) {
            return false;
        }
        at++;
        if (field == 4) {
            ret->ppid = (pid_t)strtol(at, NULL, 10);
        }
    }
    ret->start = strtoull(at, NULL, 10);
    return true;
}
