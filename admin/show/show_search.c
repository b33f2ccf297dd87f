/*
 * show_search - see show_search.h. What it finds is a candidate; the caller says how sure that is.
 * A neighbour's call of the same second has another uid; two calls of one customer in one second
 * are told apart by Message-ID or pid, or not at all.
 */
#include "show/show_search.h"

#include "context.h"
#include "filter.h"
#include "records/records.h"
#include "wrapper/codec.h"

#include <stdlib.h>
#include <string.h>

#define SECOND INT64_C(1000000)
#define HOUR (3600 * SECOND)

/* A call's record is written before the mail server can log it; clocks are the same. */
#define AFTER (2 * SECOND)
#define PID_BEFORE (600 * SECOND) /* a client of -bs, or of a slow pipe, may take its time */
#define TIME_BEFORE \
    (120 * SECOND) /* Postfix: pickup scans maildrop each 60 s where it is not told */

static bool is_text(struct record_line *line, enum record_key key, const char *text)
{
    struct slice value;
    char *copy;
    size_t len;
    bool cut = false, same;

    if (text == NULL || !record_line_value(line, key, &value)) {
        return false;
    }
    copy = context_copy(value.ptr, value.len);
    len = value.len;
    same = codec_unescape(copy, &len, &cut) && memcmp(copy, text, strnlen(text, len)) == 0 &&
           strlen(text) >= len && (cut || strlen(text) == len);
    free(copy);
    return same;
}

/* Whether the uid is the one that is looked for, as far as it is known. */
static bool uid_fits(const struct show_wanted *wanted, struct record_line *line)
{
    return wanted->uid < 0 || record_line_number(line, RECORD_UID) == wanted->uid;
}

static enum show_hit_by rate(const struct show_wanted *wanted, struct record_line *line)
{
    int64_t age = wanted->time - line->time;

    if (!uid_fits(wanted, line)) {
        return SHOW_HIT_NONE;
    }
    if (is_text(line, RECORD_MSGID, wanted->msgid)) {
        return SHOW_HIT_MSGID;
    }
    if (wanted->time < 0) {
        return SHOW_HIT_NONE;
    }
    if (wanted->pid >= 0 && age < PID_BEFORE &&
        record_line_number(line, RECORD_PID) == wanted->pid) {
        return SHOW_HIT_PID;
    }
    if (age < TIME_BEFORE && (wanted->uid >= 0 || is_text(line, RECORD_USER, wanted->user))) {
        return SHOW_HIT_TIME;
    }
    return SHOW_HIT_NONE;
}

static void take(struct show_hit *hit, enum show_hit_by by, struct record_line *line)
{
    struct slice id;

    if (by == SHOW_HIT_NONE || by < hit->by || !record_line_value(line, RECORD_ID, &id) ||
        id.len != sizeof hit->id - 1) {
        return;
    }
    hit->count = by == hit->by ? hit->count + 1 : 1;
    hit->by = by;
    memcpy(hit->id, id.ptr, id.len);
    hit->id[id.len] = '\0';
}

bool show_search(struct context *ctx, const struct show_wanted *wanted, struct show_hit *ret)
{
    struct filter filter = {.since = INT64_MIN, .until = INT64_MAX, .args = ctx->args};
    struct records *records;
    struct record_line line;

    *ret = (struct show_hit){.by = SHOW_HIT_NONE};
    if (wanted->time >= 0) {
        filter.since = wanted->time - HOUR;
        filter.until = wanted->time + AFTER;
    }
    records = records_open(ctx, &filter);
    if (records == NULL) {
        return false;
    }
    while (records_next(records, &line)) {
        if (record_line_delivers(&line)) {
            take(ret, rate(wanted, &line), &line);
        }
    }
    records_close(records);
    return true;
}
