/*
 * sendmailfile - one of Sendmail's queue control files: qf, or hf when the message is quarantined.
 *
 * Hostile: every header and address in it, and the file's length; it may be read while it is
 * written.
 */
#ifndef MO_SENDMAILFILE_H
#define MO_SENDMAILFILE_H

#include "queue/queue.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum sendmailfile_how {
    SENDMAILFILE_WHOLE,
    SENDMAILFILE_UNFINISHED, /* the line that ends it is not there (yet) */
    SENDMAILFILE_BAD,        /* not what Sendmail writes */
};

/* Every string points into the text that was parsed. */
struct sendmailfile {
    int64_t created; /* T: seconds since 1970 */
    long long tries; /* N: attempts to deliver it so far */
    const char
        *user; /* login name of the process that submitted it here ($_ is "user@localhost"); NULL */
    const char *client;     /* address of the SMTP client; NULL */
    const char *login;      /* ${auth_authen}, which Sendmail keeps only if told to; NULL */
    const char *sender;     /* without angle brackets; "" is the null sender */
    const char *quarantine; /* q: why it is held; NULL */
    const char *reason;     /* M of the first recipient that has one, else of the message; NULL */
    const char *body_dir;   /* d: where the body is, if not beside; NULL */
    size_t rcpts;           /* R: those still to be delivered */
    const char *rcpt[QUEUE_SAMPLES];
    const char *header; /* the topmost field of the wanted name, unfolded; NULL */
    bool header_placed; /* only what Sendmail itself puts on top stands above it */
    const char *from, *subject;
    size_t header_bytes; /* of the header section */
};

/*
 * Parses text[0..len), which is changed: strings are ended and unescaped in place, and text[len]
 * must be writable. name: of our header, without the colon. ret is filled only for
 * SENDMAILFILE_WHOLE.
 */
enum sendmailfile_how sendmailfile_parse(char *text, size_t len, const char *name,
                                         struct sendmailfile *ret);

#endif
