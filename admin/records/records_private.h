/* records_private - what records.c and records_find.c share. */
#ifndef MO_RECORDS_PRIVATE_H
#define MO_RECORDS_PRIVATE_H

#include "records/records.h"

struct records {
    struct context *ctx;
    const struct filter *filter; /* NULL: everything */
    bool filtering;              /* some filter besides time is there */
    struct records_input {
        struct source *source;
        enum records_origin origin;
        bool decided;    /* origin is known; else its first lines tell */
        bool lines, any; /* it has lines; one of them is a record */
        unsigned beyond; /* lines in a row that were far later than what is wanted */
    } * input;
    size_t count, current;
    bool begun; /* input[current] is where reading starts in it */
    struct journald *journal;
    bool use_journal;
    struct record_scratch scratch;
    uint64_t torn;
    char *found; /* the line that records_find gave */
    size_t found_len;
    char *found_host;
};

/* The kind of an input: the wrapper's own log if its first lines say so. */
enum records_origin records_input_origin(struct records_input *input);

/* Moves a plain source to its first line of about the time wanted (microseconds since 1970) or
 * after, less slack. Where its lines are not in order of time it may be anywhere before or after:
 * the caller says what then. Returns false if it cannot be bisected: then reading is where it was.
 */
bool records_bisect(struct source *source, int64_t wanted, int64_t year_hint);

/* What is read next in the journal; false at its end. */
bool records_next_in_journal(struct records *records, struct journald *journal,
                             struct record_line *ret);

/* About when the latest line of a source was written. */
int64_t records_hint(const struct records *records, const struct source *source);

#endif
