/*
 * verdict - whether a message in hand is the one that a record is about.
 *
 * Hostile: the message, and the record's claims (From, Subject, Message-ID). A header can be copied
 * from any message that was ever received: the id in it proves nothing until the rest agrees.
 */
#ifndef MO_VERDICT_H
#define MO_VERDICT_H

#include "records/records.h"
#include "show/pasted.h"

#include <stdbool.h>

enum verdict_kind {
    VERDICT_MATCHES,    /* at least one of From, Subject, Message-ID was compared, and all that both
                           have agrees */
    VERDICT_UNCOMPARED, /* the id is known, and the message has nothing to compare (a bare header)
                         */
    VERDICT_DIFFERS,    /* the id is known, but it is another message: replayed? */
};

enum verdict_item {
    VERDICT_FROM,
    VERDICT_SUBJECT,
    VERDICT_MSGID,
    VERDICT_TIME,
    VERDICT_UID,    /* the header's, and Postfix's "from userid", against the record's */
    VERDICT_PID,    /* the header's against the record's */
    VERDICT_PATH,   /* the header's against the record's cwd */
    VERDICT_HEADER, /* ours is not as the wrapper writes it */
    VERDICT_ITEMS
};

struct verdict {
    enum verdict_kind kind;
    unsigned compared, differs; /* bit masks of enum verdict_item */
};

/* What our header says; as queue_header gives it. */
struct verdict_header {
    const char *path; /* NULL: none */
    long long uid, pid;
    bool odd; /* it is not as the wrapper writes it */
};

/* Compares what both have. header: NULL if the message has none of ours. */
struct verdict verdict_reach(const struct pasted_message *message,
                             const struct verdict_header *header, struct record_line *record);

/* "matches", "unverified", "replayed". */
const char *verdict_word(enum verdict_kind kind);
/* "from", "subject", "msgid", ...: as in JSON. */
const char *verdict_item_word(enum verdict_item item);

#endif
