/*
 * faults_table - which errors can happen to which system call: those of its manual page that a
 * full, broken or hostile machine brings about, and what a seccomp filter answers. Not in it:
 * errors of wrong arguments (EFAULT, EBADF), which no machine can bring about in a right program,
 * and EPIPE, which is no fault: nobody reads any more.
 */
#include "faults.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>

#define LATE(e) (0x1000 | (e))
#define SHORT 0x2000
#define ERRORS_MAX 16

struct row {
    long nr;
    const char *name;
    int errors[ERRORS_MAX]; /* 0 ends them */
};

#define ROW(name, ...)     \
    {                      \
        SYS_##name, #name, \
        {                  \
            __VA_ARGS__    \
        }                  \
    }

static const struct row TABLE[] = {
    ROW(open, EMFILE, EACCES, ENFILE, ENOMEM, EPERM, EINTR, ENOENT, EIO, ENOTDIR, ELOOP),
    ROW(openat, EMFILE, EACCES, ENFILE, ENOMEM, EPERM, EINTR, ENOENT, EIO, ESRCH),
    ROW(read, EIO, EINTR, SHORT, EAGAIN, ENOMEM, ENOBUFS, ESRCH, ECONNRESET),
    ROW(pread64, EIO, EINTR, SHORT, EAGAIN, ENOMEM),
    ROW(readv, EIO, EINTR, EAGAIN, ENOMEM),
    ROW(write, ENOSPC, EFBIG, SHORT, EIO, EINTR, EDQUOT, EAGAIN, EROFS, ENOMEM),
    ROW(writev, ENOMEM, EIO, SHORT, EINTR, EAGAIN, ENOSPC),
    ROW(pipe2, EMFILE, ENFILE, ENOMEM),
    ROW(socketpair, EMFILE, ENFILE, ENOMEM, ENOBUFS, EAFNOSUPPORT),
    ROW(clone, EAGAIN, ENOMEM, EINVAL),
    ROW(fork, EAGAIN, ENOMEM),
    ROW(vfork, EAGAIN, ENOMEM),
    ROW(splice, EINVAL, ENOMEM, SHORT, EAGAIN, EINTR, EIO),
    ROW(tee, EINVAL, ENOMEM, EAGAIN, EINTR),
    ROW(execve, ENOENT, ENOMEM, EACCES, E2BIG, ETXTBSY, EAGAIN, EMFILE, ENFILE, EIO, ELOOP, EPERM,
        ENOEXEC),
    ROW(setresgid, ENOMEM, EAGAIN),
    ROW(setresuid, ENOMEM, EAGAIN),
    ROW(poll, EINTR, ENOMEM, EAGAIN),
    ROW(ppoll, EINTR, ENOMEM),
    ROW(sendto, ECONNREFUSED, EAGAIN, ENOBUFS, EINTR, ENOMEM, EPIPE, ENOTCONN, EMSGSIZE, EPERM),
    ROW(sendmsg, ECONNREFUSED, EAGAIN, ENOBUFS, EINTR, ENOMEM, EPIPE, EMSGSIZE),
    ROW(recvfrom, ECONNRESET, EINTR, EAGAIN, ENOMEM),
    ROW(recvmsg, ECONNRESET, EINTR, EAGAIN, ENOMEM),
    ROW(socket, EMFILE, ENFILE, ENOMEM, ENOBUFS, EACCES, EAFNOSUPPORT),
    ROW(connect, ECONNREFUSED, ENOENT, EAGAIN, EPROTOTYPE, EACCES, EINTR),
    ROW(shutdown, ENOTCONN),
    ROW(getsockname, ENOBUFS),
    ROW(getsockopt, ENOBUFS),
    ROW(setsockopt, ENOBUFS),
    ROW(fcntl, EPERM, EBUSY, ENOMEM),
    ROW(ioctl, EIO, ENOTTY, EINTR),
    ROW(fstat, EIO, ENOMEM, EOVERFLOW),
    ROW(stat, EIO, EACCES, ENOMEM, ENOENT, ENOTDIR),
    ROW(lstat, EIO, EACCES, ENOMEM),
    ROW(newfstatat, EIO, EACCES, ENOMEM, ENOENT),
    ROW(statx, EIO, EACCES, ENOMEM, ENOENT),
    ROW(fstatfs, EIO, EINTR, ENOMEM),
    ROW(access, EIO, EACCES, ENOMEM, ENOENT),
    ROW(faccessat, EIO, EACCES, ENOMEM, ENOENT),
    ROW(readlink, EACCES, EIO, ENOENT, ENOMEM),
    ROW(readlinkat, EACCES, EIO, ENOENT, ENOMEM),
    ROW(getcwd, ENOENT, ENOMEM, EACCES, ERANGE),
    ROW(chdir, EACCES, EIO, ENOMEM),
    ROW(dup, EMFILE),
    ROW(dup2, EBUSY, EINTR, EMFILE),
    ROW(dup3, EBUSY, EINTR, EMFILE),
    ROW(close, LATE(EIO), LATE(EINTR), LATE(ENOSPC)),
    ROW(close_range, EMFILE, ENOMEM),
    ROW(lseek, ESPIPE),
    ROW(brk, ENOMEM),
    ROW(mmap, ENOMEM, EAGAIN),
    ROW(munmap, ENOMEM),
    ROW(mremap, ENOMEM),
    ROW(mprotect, ENOMEM, EACCES),
    ROW(getrandom, EAGAIN, EINTR, SHORT),
    ROW(wait4, EINTR, ECHILD),
    ROW(waitid, EINTR, ECHILD),
    ROW(kill, ESRCH, EPERM),
    ROW(tkill, ESRCH),
    ROW(tgkill, ESRCH),
    ROW(pidfd_open, EMFILE, ENFILE, ENOMEM, ENODEV),
    ROW(pidfd_send_signal, ESRCH, EPERM),
    ROW(clock_nanosleep, EINTR),
    ROW(nanosleep, EINTR),
    ROW(prctl, EINVAL),
    ROW(arch_prctl, EINVAL),
    ROW(rt_sigaction, EINVAL),
    ROW(rt_sigprocmask, EINVAL),
    ROW(rt_sigtimedwait, EINTR, EAGAIN),
    ROW(signalfd4, EMFILE, ENFILE, ENOMEM),
    ROW(epoll_create1, EMFILE, ENFILE, ENOMEM),
    ROW(epoll_ctl, ENOMEM, ENOSPC),
    ROW(epoll_pwait, EINTR),
    ROW(set_tid_address, 0),
    ROW(prlimit64, 0),
    ROW(uname, 0),
    ROW(clock_gettime, EINVAL),
    ROW(getuid, 0),
    ROW(geteuid, 0),
    ROW(getgid, 0),
    ROW(getegid, 0),
    ROW(getpid, 0),
    ROW(gettid, 0),
    ROW(getppid, 0),
    ROW(getresgid, 0),
    ROW(getresuid, 0),
    ROW(getgroups, 0),
    ROW(setpgid, EACCES, EPERM),
    ROW(getpgid, 0),
    ROW(setsid, EPERM),
};

/* These end the process or come back in no ordinary way: nothing to fail. */
static bool cannot_fail(long nr)
{
    return nr == SYS_exit || nr == SYS_exit_group || nr == SYS_rt_sigreturn ||
           nr == SYS_restart_syscall;
}

static const struct row *find(long nr)
{
    static const struct row unknown = {-1, "?", {EIO, ENOMEM}};

    for (size_t i = 0; i < sizeof(TABLE) / sizeof(TABLE[0]); i++)
        if (TABLE[i].nr == nr)
            return &TABLE[i];
    return &unknown;
}

const char *table_name(long nr)
{
    static char number[32];
    const struct row *row = find(nr);

    if (row->nr >= 0)
        return row->name;
    snprintf(number, sizeof number,
             nr == SYS_exit         ? "exit"
             : nr == SYS_exit_group ? "exit_group"
                                    : "syscall-%ld",
             nr);
    return number;
}

/* Whether this call asks for so much that a part of it can be done. */
static bool divisible(long nr, const unsigned long long args[6])
{
    return nr == SYS_splice ? args[4] > 1 : nr == SYS_getrandom ? args[1] > 1 : args[2] > 1;
}

/* In this order: the first error, a filter's EPERM, the other errors, a filter's ENOSYS. */
bool table_fault(long nr, const unsigned long long args[6], size_t nth, struct fault *ret)
{
    const struct row *row = find(nr);
    struct fault all[ERRORS_MAX + 2];
    size_t n = 0;

    if (cannot_fail(nr))
        return false;
    for (size_t i = 0; i <= ERRORS_MAX; i++) {
        int error = i < ERRORS_MAX ? row->errors[i] : 0;

        if (n == 1 || (n == 0 && error == 0))
            all[n++] = (struct fault){FAULT_FILTER, EPERM};
        if (error == 0)
            break;
        if (error == SHORT) {
            if (divisible(nr, args))
                all[n++] = (struct fault){FAULT_SHORT, 0};
        } else {
            all[n++] = (struct fault){error & 0x1000 ? FAULT_LATE : FAULT_ERROR, error & 0xfff};
        }
    }
    all[n++] = (struct fault){FAULT_FILTER, ENOSYS};
    if (nth >= n)
        return false;
    *ret = all[nth];
    return true;
}

const char *table_fault_name(const struct fault *fault)
{
    static char text[48];
    const char *kind = fault->kind == FAULT_FILTER ? "filter:"
                       : fault->kind == FAULT_LATE ? "late:"
                                                   : "";

    if (fault->kind == FAULT_SHORT)
        return "short";
    snprintf(text, sizeof text, "%s%s", kind, strerrorname_np(fault->error));
    return text;
}
