/*
 * procfs - reading /proc, and only if it is the kernel's and ours.
 *
 * In a chroot or a mount namespace anything may lie at /proc. It is believed only if it is procfs
 * and its "self" is our own pid, which a procfs of another pid namespace does not say.
 */
#ifndef SW_PROCFS_H
#define SW_PROCFS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Returns a directory descriptor (close-on-exec) for /proc, or -1 with *ret_why a static text. */
int procfs_open(const char **ret_why);

/*
 * Reads at most cap - 1 bytes of /proc/<name> and ends them with NUL; name is relative to the
 * descriptor. Returns the number of bytes, or -1.
 */
ssize_t procfs_read(int proc, const char *name, char *buf, size_t cap);

/* The same for /proc/<pid>/<name>. */
ssize_t procfs_read_pid(int proc, pid_t pid, const char *name, char *buf, size_t cap);

/* readlink(2) of /proc/<name>, NUL-terminated. Returns the length, or -1 also when it does not fit.
 */
ssize_t procfs_link(int proc, const char *name, char *buf, size_t cap);

struct procfs_stat {
    char comm[64]; /* as the process set it: any byte but NUL */
    pid_t ppid;
    unsigned long long start; /* clock ticks since boot: proc(5), field 22 */
};

/* Reads /proc/<pid>/stat; pid 0 means ourselves. Returns false if it cannot be read. */
bool procfs_stat(int proc, pid_t pid, struct procfs_stat *ret);

#endif
