/*
 * exec - see exec.h. On failure: errno, and the call ends with EX_UNAVAILABLE or EX_OSERR, nothing
 * sent.
 */
#include "exec.h"
#include "record.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Some sandboxes know pipe(2) only: the system call, since glibc's function makes it by pipe2. */
static bool plain_pipe(int ends[2])
{
#ifdef SYS_pipe
    if ((errno == EPERM || errno == ENOSYS) && syscall(SYS_pipe, ends) == 0) {
        if (fcntl(ends[0], F_SETFD, FD_CLOEXEC) == 0 && fcntl(ends[1], F_SETFD, FD_CLOEXEC) == 0) {
            return true;
        }
        close(ends[0]);
        close(ends[1]);
    }
#else
    (void)ends;
#endif
    return false;
}

bool exec_pipe_ends(int ends[2])
{
    return pipe2(ends, O_CLOEXEC) == 0 || plain_pipe(ends);
}

bool exec_pipe_open(struct exec_pipe *ret)
{
    int ends[2];

    ret->read_end = ret->write_end = -1;
    if (!exec_pipe_ends(ends)) {
        return false;
    }
    /* The ends have flags of their own: the MTA's stays as it is. A write that waits would wait for
     * ourselves to read. */
    if (fcntl(ends[1], F_SETFL, O_NONBLOCK) != 0) {
        close(ends[0]);
        close(ends[1]);
        return false;
    }
    ret->read_end = ends[0];
    ret->write_end = ends[1];
    return true;
}

bool exec_is_own_name(const char *argv0)
{
    const char *slash = argv0 != NULL ? strrchr(argv0, '/') : NULL;

    return argv0 != NULL && strcmp(slash != NULL ? slash + 1 : argv0, RECORD_TAG) == 0;
}

void exec_target(const struct startup *startup, const char *path, char **argv,
                 const struct exec_pipe *pipe)
{
    static char sendmail[] = "sendmail";

    if (pipe->read_end >= 0 && dup2(pipe->read_end, STDIN_FILENO) != STDIN_FILENO) {
        return;
    }
    if (exec_is_own_name(argv[0])) {
        argv[0] = sendmail; /* OpenSMTPD and others look at it to know what they are */
    }
    startup_restore(startup);
    execve(path, argv, startup->environment);
}
