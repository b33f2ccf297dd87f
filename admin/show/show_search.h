/*
 * show_search - a record by what a mail server or a message tells of its call, where no trace id
 * does: Message-ID, process ID, uid and time.
 */
#ifndef MO_SHOW_SEARCH_H
#define MO_SHOW_SEARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct context;

enum show_hit_by { SHOW_HIT_NONE, SHOW_HIT_TIME, SHOW_HIT_PID, SHOW_HIT_MSGID };

struct show_wanted {
    const char *msgid; /* NULL: not looked for */
    const char *user;  /* login name; NULL */
    long long uid;     /* -1 unknown */
    long pid;          /* of the call itself; -1 unknown */
    int64_t time;      /* of the submission, microseconds since 1970; -1: any (Message-ID only) */
};

struct show_hit {
    enum show_hit_by by; /* the best that fits; of equals the latest */
    char id[27];
    size_t count; /* records that fit as well as that */
};

/* Reads the log. Returns false after a message (no log). */
bool show_search(struct context *ctx, const struct show_wanted *wanted, struct show_hit *ret);

#endif
