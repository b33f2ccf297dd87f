/*
 * feed - the message on its way into the MTA's pipe: the first part with the header in its place,
 * then the rest as far as the pipe holds it. What does not fit is the feeder's.
 */
#ifndef SW_FEED_H
#define SW_FEED_H

#include "dialect.h"
#include "message.h"
#include "startup.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define FEED_PIPE_MAX                                                                             \
    (256 << 10) /* bytes: what the pipe is made to hold for a message that is larger than a usual \
                   one */

struct feed {
    const struct dialect *dialect;
    struct message *message;
    const char *header; /* without a line end; "" when none is added */
    size_t header_len;
    size_t written; /* bytes of the first part, header included, that are in the pipe */
    int out;        /* the pipe's write end */
    int *mta_end;   /* its read end, which becomes the MTA's stdin; a feeder may put a socket in its
                       place. NULL: it may not */
    int error;      /* errno of a write that failed for another reason than a full pipe; 0 */
};

/*
 * Writes as much of the first part as the pipe takes at once (out must be O_NONBLOCK; before
 * message->placed: nothing). Returns true when the whole message is in the pipe and no feeder is
 * needed.
 */
bool feed_fill(struct feed *feed);

/*
 * After feed_fill, for a message that is larger than the usual pipe: makes the pipe larger, and
 * moves what follows the first part from stdin into it, with the patience of message_read. So mails
 * up to 256 KiB need no process of ours. Returns true when the whole message is in the pipe. No
 * byte is lost: what was not moved is still in stdin.
 */
bool feed_rest(const struct startup *startup, struct feed *feed);

/* One writev of what is left of the first part; returns how much is left then, or -1 with errno
 * set. */
ssize_t feed_write(struct feed *feed);

/*
 * Whether a descriptor is worth a splice(2). A pipe or a file tells of an error every time it is
 * asked; a socket only once, and then end of file: with splice(2) it could not be told from one of
 * the pipe's.
 */
bool feed_is_spliceable(int fd);

#endif
