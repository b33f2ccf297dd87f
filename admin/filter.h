/*
 * filter - the usual filters: --since --until --uid --user --dir --script --unit --from --host
 * --caller. Several different ones: all must fit. The same one twice: either.
 */
#ifndef MO_FILTER_H
#define MO_FILTER_H

#include "records/records.h"

#include <stdbool.h>
#include <stdint.h>

struct context;

#define FILTER_USERS_MAX 64

struct filter {
    int64_t since, until; /* microseconds since 1970; INT64_MIN, INT64_MAX: no bound */
    const struct args *args;
    uint64_t keys; /* bit mask of the enum record_key that some filter looks at */
    bool names;    /* records of other machines: --user is the name that they have */
    /* The uids of --user, looked up once: threads share a filter, and getpwnam(3) has one answer
     * for all of them. */
    long long user[FILTER_USERS_MAX];
    size_t user_count;
};

/* Reads the options. Returns false after a message (a user without an entry in /etc/passwd and who
 * is no number, a time that is none). */
bool filter_init(struct context *ctx, struct filter *ret);

/* Whether a record passes, the time included. */
bool filter_record(const struct filter *filter, struct record_line *line);

/* The single tests, for what is no record (a queued message). Text is escaped form (codec.h). NULL
 * or -1: unknown, which passes only if the filter was not given. */
bool filter_uid(const struct filter *filter, long long uid); /* --uid and --user */
bool filter_text(const struct filter *filter, const char *option, const char *text, size_t n);
bool filter_time(const struct filter *filter, int64_t us);
bool filter_given(const struct filter *filter, const char *option);

/* How each compares: --dir: that directory and what is below; --script: the whole path, or the base
 * name if it has no slash; --unit: with or without ".service"; --from: the address or any part of
 * it, case ignored; --host: the name, or its first labels; --caller: equal, or contained; all: a
 * pattern of fnmatch(3) if it holds * ? or [. */

#endif
