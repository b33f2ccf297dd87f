/*
 * procinfo - what is read of another process, so that a hostile one can neither hang us nor be
 * another.
 *
 * ids, pid, start time and unit are the kernel's word. Command line, working directory, script are
 * evidence.
 */
#ifndef MO_PROCINFO_H
#define MO_PROCINFO_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define PROCINFO_CMDLINE_MAX 4096

struct procinfo {
    pid_t pid, tid, ppid;
    uid_t uid, fs_uid;        /* real; and the one that sockets and files are made with */
    unsigned long long start; /* clock ticks since boot */
    int64_t since;            /* the same as microseconds since 1970 */
    char comm[64];
    char unit[256];     /* the system's systemd unit; "" if none is known */
    char exe[PATH_MAX]; /* "" unknown */
    char cwd[PATH_MAX];
    bool cwd_known, exe_known;
    bool foreign; /* it has pids of its own, as in a container: known only as root */

    /* What the process can make wait. */
    bool silent; /* it did: nothing of the following is known, but perhaps a script by descriptor */
    char cmdline[PROCINFO_CMDLINE_MAX]; /* words, with NULs between */
    size_t cmdline_len;
    char script[PATH_MAX];     /* "" none */
    const char *script_by;     /* "fd", "cmdline" */
    uint64_t exe_dev, exe_ino; /* 0 unknown */
};

/* Whoever let us wait once is not asked again in this run: all his processes together cost a
 * second. */
struct procinfo_silent {
    uid_t *uid; /* freed by the caller */
    size_t count;
};

/*
 * Reads what a thread of a process shows in /proc/<tid> (tid: pid where it does not matter; the
 * first thread may have ended before the others, and shows nothing any more). Returns false if it
 * is gone. A process whose program or script lies on a file system that does not answer costs at
 * most a second: that part is read by a child, which is left behind.
 */
bool procinfo_read(int proc, pid_t pid, pid_t tid, struct procinfo_silent *silent,
                   struct procinfo *ret);

/* The real uid and that of files. Returns false if it is gone. */
bool procinfo_uids(int proc, pid_t pid, uid_t *ret_real, uid_t *ret_fs);

/* The value of a line of /proc/<pid>/status ("NoNewPrivs"), as a number. */
bool procinfo_status(int proc, pid_t pid, const char *name, long long *ret);

/* Calls each with every process. */
void procinfo_each(int proc, void (*each)(int proc, pid_t pid, void *arg), void *arg);

#endif
