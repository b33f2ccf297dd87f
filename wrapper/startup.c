/*
 * startup - see startup.h. Hostile input: everything a process inherits: argv, environment,
 * descriptors, signal dispositions. On failure: the call ends before anything was read.
 */
#include "startup.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

/*
 * How many pointers the kernel made room for at environ. The library closes the gaps that it makes,
 * so that its NULLs lie between the last pointer and the auxiliary vector, which begins with a type
 * that is not 0.
 */
static size_t environment_slots(void)
{
    size_t i = 0;

    while (environ[i] != NULL) {
        i++;
    }
    while (environ[i] == NULL) {
        i++;
    }
    return i - 1; /* the kernel's own NULL */
}

/*
 * In a set-id program the C library removes TMPDIR, LD_*, LOCALDOMAIN and others from environ
 * before main (glibc: sysdeps/generic/unsecvars.h). The strings still lie on the initial stack,
 * where the kernel put them without a gap behind argv's and before the file name (Linux: fs/exec.c,
 * copy_strings): so they are read there, and the pointers written back over environ's own slots,
 * which are as many as the kernel made.
 */
static char **original_environment(int argc, char **argv)
{
    char *end = (char *)(uintptr_t)getauxval(AT_EXECFN);
    char *at = argc > 0 ? argv[argc - 1] + strlen(argv[argc - 1]) + 1 : NULL;
    size_t n = 0;

    if (at == NULL || end == NULL || at > end || environ == NULL) {
        return environ; /* no argv to start from: Linux since 5.18 never runs a program so */
    }
    for (const char *string = at; string < end; string += strlen(string) + 1) {
        n++;
    }
    if (n != environment_slots()) {
        return environ; /* not the layout we know: better a shortened environment than a broken
                           stack */
    }
    for (size_t i = 0; i < n; i++) {
        environ[i] = at;
        at += strlen(at) + 1;
    }
    return environ;
}

static bool was_closed(int fd)
{
    if (&startup_closed_at_entry != NULL && (startup_closed_at_entry >> fd & 1) != 0) {
        close(fd); /* what the C library put there */
        return true;
    }
    return fcntl(fd, F_GETFD) < 0 && errno == EBADF;
}

static bool descriptors_open(struct startup *s)
{
    for (int fd = 0; fd <= 2; fd++) {
        s->closed[fd] = was_closed(fd);
        /* The lowest free number is this one: those below are open by now. */
        if (s->closed[fd] && open("/dev/null", O_RDWR | O_CLOEXEC) != fd) {
            return false;
        }
    }
    return true;
}

/*
 * A blocked signal cannot kill us, and ignoring it would throw away one that is pending, which the
 * MTA would get without us.
 */
static void ignore_signal(int signal, struct sigaction *ret_before)
{
    struct sigaction ignore;
    sigset_t blocked;

    memset(&ignore, 0, sizeof ignore);
    ignore.sa_handler = SIG_IGN;
    sigaction(signal, NULL, ret_before);
    if (sigprocmask(SIG_BLOCK, NULL, &blocked) != 0 || sigismember(&blocked, signal) != 1) {
        sigaction(signal, &ignore, NULL);
    }
}

bool startup_begin(int argc, char **argv, struct startup *ret)
{
    clock_gettime(CLOCK_MONOTONIC, &ret->began);
    ret->environment = original_environment(argc, argv);
    environ = NULL;

    ignore_signal(SIGPIPE, &ret->sigpipe);
    ignore_signal(SIGXFSZ, &ret->sigxfsz);
    return descriptors_open(ret);
}

/* Set only if it was changed: setting SIG_IGN anew would discard a pending signal. */
static void restore_signal(int signal, const struct sigaction *before)
{
    struct sigaction now;

    sigaction(signal, NULL, &now);
    if (now.sa_handler != before->sa_handler) {
        sigaction(signal, before, NULL);
    }
}

void startup_restore(const struct startup *startup)
{
    restore_signal(SIGPIPE, &startup->sigpipe);
    restore_signal(SIGXFSZ, &startup->sigxfsz);
}

long startup_elapsed_ms(const struct startup *startup)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (long)(now.tv_sec - startup->began.tv_sec) * 1000 +
           (now.tv_nsec - startup->began.tv_nsec) / 1000000;
}
