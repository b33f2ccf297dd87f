/*
 * exec - see exec.h. On failure: errno, and the call ends with EX_UNAVAILABLE or EX_OSERR, nothing
 * sent.
 */
#include "exec.h"
#include "record.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

bool exec_pipe_open(struct exec_pipe *ret)
{
    int ends[2];

    ret->read_end = ret->write_end = -1;
    if (pipe2(ends, O_CLOEXEC) != 0) {
        return false;
    }
    ret->read_end = ends[0];
    ret->write_end = ends[1];
    fcntl(ret->write_end, F_SETFL,
          O_NONBLOCK); /* the ends have flags of their own: the MTA's stays as it is */
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
