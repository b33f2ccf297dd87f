/*
 * records - the wrapper's records, from wherever they are: the file log with its rotated files,
 * syslog files, the journal, standard input; oldest first, filtered, without holding more than a
 * line.
 *
 * Hostile: every line of a syslog file (any local user can write there), and any value in ours.
 */
#ifndef MO_RECORDS_H
#define MO_RECORDS_H

#include "records/source.h"
#include "wrapper/record.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct context;
struct filter;
struct records; /* opaque */

enum records_origin {
    RECORDS_FILE,    /* the wrapper's own log: nobody but the wrapper writes there */
    RECORDS_SYSLOG,  /* a syslog file: forgeable by any local user */
    RECORDS_JOURNAL, /* the journal; its _UID is checked against the record's: not forgeable beyond
                        one's own uid */
};

struct slice {
    const char *ptr; /* not NUL-terminated */
    size_t len;
};

/* One record, its values where they stand in the line. */
struct record_line {
    int64_t time;      /* microseconds since 1970: of the line, not of the id */
    struct slice host; /* the server's */
    enum records_origin origin;
    struct slice
        line;  /* the whole line as it stood, without newline; of the journal: its MESSAGE */
    bool torn; /* in front of it in the same line stands a record without an end */
    /* private */
    uint64_t have; /* bit mask of enum record_key */
    struct slice value[RECORD_KEYS];
};

/* A value in codec.h's escaped form, without quotes around it: equal text is equal value, whatever
 * the log's format. Returns false if the key is absent. */
static inline bool record_line_value(struct record_line *line, enum record_key key,
                                     struct slice *ret)
{
    if ((line->have >> key & 1) == 0) {
        return false;
    }
    *ret = line->value[key];
    return true;
}
/* Whether it is of a message that was handed on (action=deliver); a session's own record is not. */
bool record_line_delivers(struct record_line *line);

/* The value of a numeric key; -1 if absent or no number. rcpts: the number without its "+". */
long long record_line_number(struct record_line *line, enum record_key key);
/* The last eight bytes of the id, 40 random bits. Returns false without one. */
bool record_line_tail(struct record_line *line, uint64_t *ret);

#define RECORD_SHAPE 64 /* values in a line: the keys there are, and some new ones */

/*
 * What parsing needs beside the line: storage for lines that must be rewritten (JSON, odd ones),
 * and the last time that was worked out. Starts as {0}; data is freed by the caller when done with
 * all lines.
 */
struct record_scratch {
    char *data;
    size_t cap;
    /* private */
    uint8_t shape[RECORD_SHAPE];
    char minute[16];
    int64_t minute_time, minute_hint;
};

/*
 * Reads one line (newline removed) of a file log or syslog file. text is not changed, and must
 * outlive ret, as scratch must. It takes exactly the lines that record_parse takes, and finds the
 * same values; but in a syslog file none whose time and tag do not stand at the line's beginning:
 * that is somebody's text. year_hint: microseconds since 1970 of about when the latest line of that
 * file was written, for a time without a year. Returns false for what is no whole record, ret then
 * holds nothing.
 */
bool record_line_parse(const char *text, size_t len, enum records_origin origin, int64_t year_hint,
                       struct record_scratch *scratch, struct record_line *ret);

/* The same for what the journal has as MESSAGE: from "id=" (or "{") on. host must outlive ret. */
bool record_line_message(const char *text, size_t len, int64_t time, const char *host,
                         struct record_scratch *scratch, struct record_line *ret);

/* The time in front of any line, record or not: RFC 3339, traditional syslog, or our JSON. */
bool record_line_time(const char *text, size_t len, int64_t year_hint, int64_t *ret);

/*
 * Opens what the options say: --log FILE (each exactly that file; its kind is found from its first
 * lines), --central (records_central_path, with its rotated files), --journal;
 * without them the log that the configuration names with its rotated files, or
 * for a syslog-only set-up the journal, else /var/log/mail.log or /var/log/syslog with theirs.
 * Files that end before filter->since are not opened; in plain ones in order of time the reading
 * begins by bisecting. Returns NULL after a message: the command returns STATUS_FAILED. filter: may
 * be NULL; must outlive the result.
 */
struct records *records_open(struct context *ctx, const struct filter *filter);
void records_close(struct records *records);

/* Where records that go to syslog are: *ret_path is its file, or NULL for the journal. Returns
 * false after a message. */
bool records_syslog(struct context *ctx, const char **ret_path);

/* The collector's log: calls.log in a directory beside that of the configured log, since logrotate
 * weighs that one. Freed by the caller. */
char *records_central_path(const struct context *ctx);

/* Whether the record is of another server than this one, so that nothing here belongs to it. The
 * file that the configuration names is this server's, also from before it got another name. */
bool records_elsewhere(const struct context *ctx, const struct record_line *line);

/* Whether the journal is among what was opened: confine(CONFINE_JOURNAL) then, else CONFINE_NOTHING
 * will do. */
bool records_use_journal(const struct records *records);

/* The next record that passes the filter, from the oldest source on. ret's slices hold until the
 * next call. */
bool records_next(struct records *records, struct record_line *ret);

/*
 * Parts what is still to be read, for as many threads: each part gives, in order, some of what
 * records_next would have given, the next part goes on where it ends, and all together are all of
 * it. Plain files are cut between two lines, compressed ones are not. At most `most` parts (at
 * least one), each with about `least` bytes to read; the journal, what has an end in time
 * (--until), a collector's log and standard input, if it is a pipe, are not parted. Afterwards
 * records itself gives nothing any more, but must stay open until records_join.
 */
size_t records_split(struct records *records, size_t most, int64_t least,
                     struct records **ret_parts);
/* What was learned of a part's lines (records_torn) counts as of records; part is closed. */
void records_join(struct records *records, struct records *part);
/* After the last records_join: says which of the files that --log named is none of ours. */
void records_join_end(struct records *records);
/* Whose the messages are from now on. */
void records_set_context(struct records *records, struct context *ctx);

/* Lines that were no whole record though they bore our tag, so far. Say so at the end. */
uint64_t records_torn(const struct records *records);

/*
 * The record with this id (26 characters, any case): bisected first, in every plain source, by the
 * time in the id; then, before "no record" is believed, a full scan, since a -bs message's id may
 * be far older than its line. Of two records with one id the later holds. Call it after
 * records_open, before records_next or instead of it. The filter is not applied. Returns false if
 * there is none; ctx->partial then says whether everything could be read.
 */
bool records_find(struct records *records, const char *id, struct record_line *ret);

#endif
