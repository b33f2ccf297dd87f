/*
 * records_find - one record by its id, and the bisection by time: see records.h.
 *
 * Hostile: every line, so also the times that the bisection goes by: at worst it misses, and the
 * full scan finds. On failure: what cannot be read is named.
 */
#include "context.h"
#include "records/journald.h"
#include "records/records_private.h"
#include "wrapper/ulid.h"

#include <stdlib.h>
#include <string.h>

#define SECOND INT64_C(1000000)
#define BEFORE (5 * SECOND) /* a clock that was set, lines that overtook each other */
#define AFTER (10 * SECOND) /* the record follows its id at once; so does a second one */
#define DAY (86400 * SECOND)
#define CHUNK 4096 /* the bisection ends here: reading that is quicker than going on */
#define PROBE_LINES 64
#define PROBE_TIMES 8

#pragma weak journald_open
#pragma weak journald_close

/* The latest time in some lines at or behind offset: a few may have an earlier one, of a clock that
 * was wrong for a while. *ret_offset is where the first that has one begins. False: none. */
static bool probe(struct source *source, int64_t offset, int64_t hint, int64_t *ret_offset,
                  int64_t *ret_time)
{
    struct source_line line;
    int64_t latest = 0, first = 0;
    int timed = 0;

    if (!source_seek(source, offset)) {
        return false;
    }
    for (int i = 0; i < PROBE_LINES && timed < PROBE_TIMES && source_line(source, &line); i++) {
        int64_t time;

        if (record_line_time(line.text, line.len, hint, &time)) {
            first = timed == 0 ? line.offset : first;
            latest = timed == 0 || time > latest ? time : latest;
            timed++;
        }
    }
    if (timed == 0) {
        return false;
    }
    *ret_offset = first;
    *ret_time = latest;
    return true;
}

bool records_bisect(struct source *source, int64_t wanted, int64_t year_hint)
{
    int64_t low = 0, high = source_size(source);

    if (!source_plain(source)) {
        return false;
    }
    /* All lines that begin before low are too early; one at or behind high is not. */
    while (high - low > CHUNK) {
        int64_t middle = low + (high - low) / 2;
        int64_t offset = 0, time = 0;

        if (!probe(source, middle, year_hint, &offset, &time) || time >= wanted) {
            high = middle;
        } else {
            low = offset;
        }
    }
    return source_seek(source, low);
}

/* What is looked for. */
struct wanted {
    char id[ULID_LEN + 1];
    int64_t time; /* of the id, microseconds since 1970 */
};

static bool is_wanted(const struct wanted *wanted, struct record_line *line)
{
    struct slice id;

    return record_line_value(line, RECORD_ID, &id) && id.len == ULID_LEN &&
           memcmp(id.ptr, wanted->id, ULID_LEN) == 0;
}

/* Keeps a line that will be gone with the next read. */
static void keep(struct records *records, const struct record_line *line)
{
    free(records->found);
    free(records->found_host);
    records->found = context_copy(line->line.ptr, line->line.len);
    records->found_len = line->line.len;
    records->found_host = context_copy(line->host.ptr, line->host.len);
}

/* Reads on from where input is, until past the time last. Returns whether the record was there; the
 * later of two is kept in *ret. Only lines with the id in them are parsed; of the others the time
 * is looked at now and then. */
static bool scan(struct records *records, struct records_input *input, const struct wanted *wanted,
                 int64_t last, struct record_line *ret)
{
    const int64_t hint = records_hint(records, input->source);
    struct source_line line;
    bool found = false;
    unsigned count = 0;

    while (source_line(input->source, &line)) {
        struct record_line parsed;
        int64_t time;

        input->lines = true;
        input->any = input->any || record_line_time(line.text, line.len, hint, &time);
        if (memmem(line.text, line.len, wanted->id, ULID_LEN) != NULL &&
            record_line_parse(line.text, line.len, input->origin, hint, &records->scratch,
                              &parsed) &&
            is_wanted(wanted, &parsed)) {
            keep(records, &parsed);
            *ret = parsed;
            found = true;
        }
        if (last != INT64_MAX && ++count % 16 == 0 &&
            record_line_time(line.text, line.len, hint, &time) && time > last) {
            break;
        }
    }
    return found;
}

/* The kept line again, so that its values hold. */
static bool again(struct records *records, struct record_line *ret)
{
    int64_t time = ret->time;

    if (ret->origin == RECORDS_JOURNAL) {
        return record_line_message(records->found, records->found_len, time, records->found_host,
                                   &records->scratch, ret);
    }
    if (!record_line_parse(records->found, records->found_len, ret->origin, records->ctx->now,
                           &records->scratch, ret)) {
        return false;
    }
    ret->time = time; /* without a year the file's age was needed */
    return true;
}

/* In the journal, between two times. */
static bool find_in_journal(struct records *records, const struct wanted *wanted, int64_t since,
                            int64_t until, struct record_line *ret)
{
    struct journald *journal;
    struct record_line line;
    bool found = false;

    if (!records->use_journal) {
        return false;
    }
    journal = journald_open(records->ctx, since, until);
    while (journal != NULL && records_next_in_journal(records, journal, &line)) {
        if (is_wanted(wanted, &line)) {
            keep(records, &line);
            *ret = line;
            found = true;
        }
    }
    if (journal != NULL) {
        journald_close(journal);
    }
    return found;
}

static bool find_quickly(struct records *records, const struct wanted *wanted,
                         struct record_line *ret)
{
    bool found = false;

    for (size_t i = 0; i < records->count; i++) {
        struct records_input *input = &records->input[i];

        if (!source_plain(input->source) || input->central ||
            source_mtime(input->source) < wanted->time - BEFORE) {
            continue;
        }
        (void)records_input_origin(input);
        if (records_bisect(input->source, wanted->time - BEFORE,
                           records_hint(records, input->source)) &&
            scan(records, input, wanted, wanted->time + AFTER, ret)) {
            found = true;
        }
    }
    return find_in_journal(records, wanted, wanted->time - BEFORE, wanted->time + AFTER, ret) ||
           found;
}

/* All of it: a message's id is as old as the beginning of its SMTP session's DATA, its line is not.
 */
static bool find_anywhere(struct records *records, const struct wanted *wanted,
                          struct record_line *ret)
{
    bool found = false;

    for (size_t i = 0; i < records->count; i++) {
        struct records_input *input = &records->input[i];
        int64_t mtime = source_mtime(input->source);

        if (mtime >= 0 && mtime < wanted->time - DAY && wanted->time < records->ctx->now + DAY) {
            continue; /* last written before the id was made; one of the future proves nothing */
        }
        (void)records_input_origin(input);
        (void)source_seek(input->source, 0); /* not standard input */
        found = scan(records, input, wanted, INT64_MAX, ret) || found;
        input->troubled = source_troubled(input->source);
        if (input->origin == RECORDS_FILE) { /* "no record" is not the whole truth then */
            records_say_if_wrong(records, input);
        }
    }
    return find_in_journal(records, wanted, INT64_MIN, INT64_MAX, ret) || found;
}

/* Whether a record with the same id may come hours later: an SMTP session's that becomes opaque. */
static bool may_be_corrected(struct record_line *line)
{
    struct slice mode;

    return record_line_value(line, RECORD_MODE, &mode) && mode.len >= 4 &&
           memcmp(mode.ptr + mode.len - 4, "smtp", 4) == 0 &&
           (line->have >> RECORD_SESSION & 1) == 0 && (line->have >> RECORD_OPAQUE & 1) == 0;
}

bool records_find(struct records *records, const char *id, struct record_line *ret)
{
    struct wanted wanted;
    struct record_line line;
    uint64_t ms;

    if (strlen(id) != ULID_LEN || !ulid_time(id, &ms)) {
        return false;
    }
    for (size_t i = 0; i <= ULID_LEN; i++) {
        wanted.id[i] = (char)(id[i] >= 'a' && id[i] <= 'z' ? id[i] - 'a' + 'A' : id[i]);
    }
    wanted.time = (int64_t)(ms * 1000); /* 48 bits of milliseconds: far below the end */
    if (!find_quickly(records, &wanted, &line) && !find_anywhere(records, &wanted, &line)) {
        return false;
    }
    if (!again(records, &line)) {
        return false;
    }
    if (may_be_corrected(&line) &&
        (!find_anywhere(records, &wanted, &line) || !again(records, &line))) {
        return false;
    }
    *ret = line;
    return true;
}
