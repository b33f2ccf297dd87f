/*
 * eximfile - one of Exim's spool files: -H, the envelope and header section of a message, with -J,
 * whom it reached since.
 *
 * Hostile: every header and address in it, and the file's length; Exim replaces -H by rename(2), so
 * what is read is whole.
 */
#ifndef MO_EXIMFILE_H
#define MO_EXIMFILE_H

#include "queue/queue.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Every string points into the texts that were parsed. */
struct eximfile {
    const char *id;
    const char *user;   /* login name of the process that made the file */
    long long uid;      /* its real uid */
    const char *sender; /* "" is the null sender */
    int64_t received;   /* microseconds since 1970 */
    bool local; /* submitted by a process here: uid is its; else Exim's daemon took it from a client
                 */
    bool frozen;
    bool first;         /* no delivery was tried yet */
    const char *login;  /* of an authenticated SMTP client; NULL */
    const char *client; /* address of the SMTP client, without its port; NULL */
    size_t rcpts;       /* still to be delivered */
    const char *rcpt[QUEUE_SAMPLES];
    const char *header; /* the topmost field of the wanted name, unfolded; NULL */
    bool header_placed; /* only Received fields stand above it */
    const char *from, *subject;
    size_t header_bytes; /* of the header section as it is sent */
};

#define EXIMFILE_ID_OLD 16
#define EXIMFILE_ID_NEW 23

/* Whether this is an id of Exim: 6-6-2 characters up to 4.96, 6-11-4 from 4.97 on. */
bool eximfile_id(const char *id, size_t len);

/*
 * Parses text[0..len) and the text of -J (NULL: there is none), which are changed: strings are
 * ended in place, and text[len], journal[journal_len] must be writable. name: of our header,
 * without the colon. Returns false, with ret untouched, for what is no such file.
 */
bool eximfile_parse(char *text, size_t len, char *journal, size_t journal_len, const char *name,
                    struct eximfile *ret);

#endif
