/* records_private - what records.c, records_find.c and records_split.c share. */
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
        bool begun;      /* it stands where reading begins */
        bool lines, any; /* it has lines; one of them is a record */
        bool troubled;   /* in a part of it: not all could be read */
        size_t of;       /* of a part: which input of the whole that is */
        bool central; /* a collector's: its lines are not in order of time, and some come twice */
        unsigned beyond; /* lines in a row that were far later than what is wanted */
    } * input;
    size_t count, current;
    bool part;               /* of others, which say what is to be said at the end of an input */
    struct repeats *repeats; /* NULL: no input is central */
    bool journal_repeats;    /* --journal-dir: it may be a collector's, too */
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

/* Decides the kind of an input, and puts it to its first line that can be wanted. */
void records_begin_input(struct records *records, struct records_input *input);
void records_add_input(struct records *records, const struct records_input *input);

/* Somebody who names the wrong file is told so, not that nobody sent mail. */
void records_say_if_wrong(const struct records *records, const struct records_input *input);

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
