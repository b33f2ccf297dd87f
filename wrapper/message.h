/*
 * message - step 6 of a call: the first part of the message on stdin, read within bounds of space
 * and time.
 */
#ifndef SW_MESSAGE_H
#define SW_MESSAGE_H

#include "header.h"
#include "invocation.h"
#include "startup.h"

#include <stdbool.h>
#include <stddef.h>

#define MESSAGE_PART_MAX \
    65536 /* bytes read before the MTA runs; the usual pipe holds as many (pipe(7)) */
/*
 * With the header section seen whole, and a stdin that can be spliced, this is enough to read: what
 * follows is moved without a copy (feed_rest).
 */
#define MESSAGE_PART_ENOUGH 16384
#define MESSAGE_WAIT_MS 5000  /* after the start of the call the MTA runs, come what may */
#define MESSAGE_SILENCE_MS 20 /* without a byte, once the header section was seen whole */

struct message {
    char data[MESSAGE_PART_MAX];
    size_t len;
    bool full;   /* reading stopped for want of space: more may be there */
    bool eof;    /* this is all of it; else feed_rest or the feeder carries the rest */
    bool placed; /* place says where the header goes */
    struct header_place place;
    int error; /* errno of a failed read; 0 */
};

/*
 * Reads stdin until its end, a full buffer, a lone dot at the end of what is there (where that ends
 * a message), 20 ms of silence after the header section, or 5 s after the start of the call.
 * Whatever has been read by then is in ret; a byte is never read and dropped. Returns false, with
 * error set, when stdin cannot be read.
 */
bool message_read(const struct startup *startup, const struct invocation *inv, struct message *ret);

/*
 * Waits for stdin to have something to say, its end or an error included: 20 ms once the header
 * section is there, never beyond 5 s after the start of the call. Returns false when the time is
 * up.
 */
bool message_wait(const struct startup *startup, bool section_ended);

#endif
