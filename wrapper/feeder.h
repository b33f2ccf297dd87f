/*
 * feeder - the process that carries the rest of a message which does not fit the pipe.
 *
 * It is no child of the MTA (that would give the MTA a SIGCHLD and a child it did not make: after
 * an exec the kernel signals whatever clone(2) was told), holds no descriptor of the caller's but
 * stdin, no directory, no signals, and needs no memory beyond the part that was read.
 */
#ifndef SW_FEEDER_H
#define SW_FEEDER_H

#include "dialect.h"
#include "message.h"

#include <stdbool.h>
#include <stddef.h>

/* What goes into the pipe: the message's first part with the header in its place. */
struct feed {
    const struct dialect *dialect;
    struct message *message;
    const char *header; /* without a line end; "" when none is added */
    size_t header_len;
    size_t written; /* bytes of the first part, header included, that are in the pipe */
    int out;        /* the pipe's write end */
};

/*
 * Writes as much of the first part as the pipe takes at once (out must be O_NONBLOCK; before
 * message->placed: nothing). Returns true when the whole message is in the pipe and no feeder is
 * needed.
 */
bool feed_fill(struct feed *feed);

/*
 * Starts the feeder; on return it runs and owns the rest. Returns false, with errno set, when no
 * process can be had; nothing but the pipe was written to then.
 */
bool feeder_start(struct feed *feed);

#endif
