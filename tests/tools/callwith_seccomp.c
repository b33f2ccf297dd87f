/*
 * callwith_seccomp - system calls that fail, by a filter of the kernel's (seccomp(2)) such as
 * systemd's SystemCallFilter= and container engines install. It stays with the program and with all
 * that it starts.
 */
#include "callwith.h"
#include "tool.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#define CALL(name)        \
    {                     \
#name, SYS_##name \
    }

/* What a small C program may call, under the names that strace prints. */
static const struct {
    const char *name;
    unsigned number;
} CALLS[] = {
    CALL(brk),
    CALL(capget),
    CALL(chdir),
    CALL(clock_gettime),
    CALL(clock_nanosleep),
    CALL(clone),
    CALL(clone3),
    CALL(close),
    CALL(close_range),
    CALL(connect),
    CALL(dup),
    CALL(dup3),
    CALL(exit_group),
    CALL(faccessat),
    CALL(faccessat2),
    CALL(fchdir),
    CALL(fcntl),
    CALL(fstat),
    CALL(fstatfs),
    CALL(futex),
    CALL(getcwd),
    CALL(getegid),
    CALL(geteuid),
    CALL(getgid),
    CALL(getgroups),
    CALL(getpid),
    CALL(getppid),
    CALL(getrandom),
    CALL(getsockopt),
    CALL(getresgid),
    CALL(getresuid),
    CALL(gettid),
    CALL(getuid),
    CALL(ioctl),
    CALL(kill),
    CALL(lseek),
    CALL(madvise),
    CALL(mmap),
    CALL(mprotect),
    CALL(munmap),
    CALL(nanosleep),
    CALL(openat),
    CALL(openat2),
    CALL(pidfd_open),
    CALL(pidfd_send_signal),
    CALL(pipe2),
    CALL(ppoll),
    CALL(prctl),
    CALL(pread64),
    CALL(prlimit64),
    CALL(pselect6),
    CALL(read),
    CALL(readlinkat),
    CALL(readv),
    CALL(recvfrom),
    CALL(recvmsg),
    CALL(rseq),
    CALL(rt_sigaction),
    CALL(rt_sigprocmask),
    CALL(rt_sigreturn),
    CALL(rt_sigtimedwait),
    CALL(sendfile),
    CALL(sendmsg),
    CALL(sendto),
    CALL(set_robust_list),
    CALL(set_tid_address),
    CALL(setpgid),
    CALL(setresgid),
    CALL(setresuid),
    CALL(shutdown),
    CALL(signalfd4),
    CALL(setsockopt),
    CALL(sigaltstack),
    CALL(socket),
    CALL(socketpair),
    CALL(splice),
    CALL(statfs),
    CALL(statx),
    CALL(tee),
    CALL(tgkill),
    CALL(tkill),
    CALL(umask),
    CALL(uname),
    CALL(vmsplice),
    CALL(wait4),
    CALL(waitid),
    CALL(write),
    CALL(writev),
#ifdef SYS_newfstatat
    CALL(newfstatat),
#endif
/* Newer machines have the -at and p- calls alone. */
#ifdef SYS_open
    CALL(access),
    CALL(arch_prctl),
    CALL(dup2),
    CALL(fork),
    CALL(getrlimit),
    CALL(lstat),
    CALL(open),
    CALL(pipe),
    CALL(poll),
    CALL(readlink),
    CALL(select),
    CALL(stat),
    CALL(vfork),
#else
    {"open", SYS_openat},
    {"poll", SYS_ppoll},
    {"dup2", SYS_dup3},
#endif
};

static unsigned call_number(const char *name)
{
    for (size_t i = 0; i < sizeof(CALLS) / sizeof(CALLS[0]); i++)
        if (strcmp(CALLS[i].name, name) == 0)
            return CALLS[i].number;
    errno = ENOSYS;
    die("--deny: callwith does not know '%s'", name);
}

static unsigned errno_number(const char *name)
{
    for (int e = 1; name != NULL && e < 134; e++)
        if (strerrorname_np(e) != NULL && strcmp(strerrorname_np(e), name) == 0)
            return (unsigned)e;
    errno = EINVAL;
    die("--deny: no error '%s'", name != NULL ? name : "");
}

/* One filter for each call: the kernel asks them all, and the strictest answer counts. */
static void deny(unsigned number, unsigned error)
{
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof(filter) / sizeof(filter[0]), filter};
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0)
        die("seccomp");
}

void set_deny(const char *arg)
{
    unsigned number[sizeof(CALLS) / sizeof(CALLS[0])];
    size_t count = 0;
    char *names = strdup(arg);
    char *equals = names != NULL ? strchr(names, '=') : NULL;
    unsigned error = errno_number(equals != NULL ? equals + 1 : NULL);
    bool prctl_too = false;

    *equals = '\0';
    for (char *name = strtok(names, ","); name != NULL; name = strtok(NULL, ",")) {
        if (strcmp(name, "prctl") == 0)
            prctl_too = true; /* last: it is what installs the others */
        else
            number[count++] = call_number(name);
    }
    for (size_t i = 0; i < count; i++)
        deny(number[i], error);
    if (prctl_too)
        deny(SYS_prctl, error);
}
