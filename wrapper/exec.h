/*
 * exec - step 9 of a call: the message into the pipe, and the real sendmail in our place.
 */
#ifndef SW_EXEC_H
#define SW_EXEC_H

#include "startup.h"

#include <stdbool.h>

struct exec_pipe {
    int read_end, write_end; /* -1 when there is none */
};

/* A pipe(2), its read end first, both close-on-exec. Returns false, with errno set, when there is
 * none to be had. */
bool exec_pipe_ends(int ends[2]);

/* A pipe of close-on-exec ends, the write end O_NONBLOCK. Returns false, with errno set, when there
 * is none to be had. */
bool exec_pipe_open(struct exec_pipe *ret);

/*
 * Runs the real sendmail in this process: same pid, arguments, environment, cwd, limits, signals.
 * pipe's read end, if there is one, becomes its stdin; argv[0] is only changed when it is our own
 * name ("sendmail-wrapper" becomes "sendmail"). Returns only on failure, with errno set.
 */
void exec_target(const struct startup *startup, const char *path, char **argv,
                 const struct exec_pipe *pipe);

/* Whether argv[0] is our own name, under which we answer --help, --version and --explain. */
bool exec_is_own_name(const char *argv0);

#endif
