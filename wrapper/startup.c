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

extern char **environ;

/*
 * In a set-id program the C library removes TMPDIR, LD_*, LOCALDOMAIN and others from environ
 * before main (glibc: sysdeps/generic/unsecvars.h). The strings still lie on the initial stack,
 * where the kernel put them without a gap behind argv's and before the file name (Linux: fs/exec.c,
 * copy_strings): so they are read there, and the pointers written back over environ's own slots,
 * which are as many as the kernel made.
 */
static char **original_environment(int argc, char **argv)
{
    char *end =
        (char *)(uintptr_t)getauxval(AT_EXECFN); /* NOLINT(performance-no-int-to-ptr): auxv */
    char *at;
    size_t n = 0;
    char **slot = environ;

    if (argc < 1 || end == NULL || slot == NULL) {
        return slot; /* no argv to start from; Linux since 5.18 never runs a program so */
    }
    at = argv[argc - 1] + strlen(argv[argc - 1]) + 1;
    if (at > end) {
        return slot;
    }
    while (at < end) {
        slot[n++] = at;
        at += strlen(at) + 1;
    }
    slot[n] = NULL;
    return slot;
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

bool startup_begin(int argc, char **argv, struct startup *ret)
{
    struct sigaction ignore;

    clock_gettime(CLOCK_MONOTONIC, &ret->began);
    ret->environment = original_environment(argc, argv);
    environ = NULL;

    memset(&ignore, 0, sizeof ignore);
    ignore.sa_handler = SIG_IGN;
    sigaction(SIGPIPE, &ignore, &ret->sigpipe);
    sigaction(SIGXFSZ, &ignore, &ret->sigxfsz);
    return descriptors_open(ret);
}

void startup_restore(const struct startup *startup)
{
    sigaction(SIGPIPE, &startup->sigpipe, NULL);
    sigaction(SIGXFSZ, &startup->sigxfsz, NULL);
}

long startup_elapsed_ms(const struct startup *startup)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (long)(now.tv_sec - startup->began.tv_sec) * 1000 +
           (now.tv_nsec - startup->began.tv_nsec) / 1000000;
}
