/*
 * record_line - one record out of one line: see record_line_parse in records.h.
 *
 * Hostile: the whole line; in a syslog file any local user wrote it. What looks as the wrapper
 * writes it goes through record_scan; anything else is decided by record_parse on a copy, whose
 * values are then written again as codec_escape writes them. On failure: false, and the line is no
 * record.
 */
#include "context.h"
#include "records/logtime.h"
#include "records/record_scan.h"
#include "timearg.h"
#include "wrapper/codec.h"

#include <stdlib.h>
#include <string.h>

#define TAG RECORD_TAG "["
#define TAG_LEN (sizeof TAG - 1)
#define FRONT "1970-01-01T00:00:01.000000+00:00 - " TAG "1]: " /* of a message that has none */
#define HOST_MAX 255
#define TIME_LEN 32   /* 2026-11-21T16:20:31.123456+00:00 */
#define MINUTE_LEN 16 /* 2026-11-21T16:20 */
#define MINUTE (60 * INT64_C(1000000))

/* --- the time in front ----------------------------------------------------------------------- */

static bool digits(const char *p, unsigned n, unsigned *ret)
{
    unsigned value = 0;

    for (unsigned i = 0; i < n; i++) {
        unsigned digit = (unsigned char)p[i] - (unsigned)'0';

        if (digit > 9) {
            return false;
        }
        value = value * 10 + digit;
    }
    *ret = value;
    return true;
}

/* The minute that text begins with, in UTC: worked out once for all lines of it. */
static bool utc_minute(const char *text, struct record_scratch *scratch, int64_t *ret)
{
    unsigned long used;

    if (memcmp(text, scratch->minute, MINUTE_LEN) != 0) {
        char whole[] = "2026-11-21T16:20:00Z";

        memcpy(whole, text, MINUTE_LEN);
        if (text[10] != 'T' ||
            !timearg_rfc3339(whole, sizeof whole - 1, &scratch->minute_time, &used)) {
            return false;
        }
        memcpy(scratch->minute, text, MINUTE_LEN);
    }
    *ret = scratch->minute_time;
    return true;
}

/* "+01:00" in microseconds east of UTC. */
static bool zone(const char *p, int64_t *ret)
{
    unsigned hour, minute;

    if (memcmp(p, "+00:00", 6) == 0) {
        *ret = 0;
        return true;
    }
    if ((p[0] != '+' && p[0] != '-') || p[3] != ':' || !digits(p + 1, 2, &hour) ||
        !digits(p + 4, 2, &minute) || hour > 23 || minute > 59) {
        return false;
    }
    *ret = (hour * 60 + minute) * MINUTE * (p[0] == '-' ? -1 : 1);
    return true;
}

/* The form of the wrapper's log and of rsyslog: exactly TIME_LEN bytes. */
static bool usual_time(const char *text, size_t len, struct record_scratch *scratch, int64_t *ret)
{
    unsigned second, micro;
    int64_t minute, east;

    if (len < TIME_LEN || text[16] != ':' || text[19] != '.' || !digits(text + 17, 2, &second) ||
        second > 60 || !digits(text + 20, 6, &micro) || !zone(text + 26, &east) ||
        !utc_minute(text, scratch, &minute)) {
        return false;
    }
    *ret = minute - east + second * INT64_C(1000000) + micro;
    return true;
}

/* "Nov 21 16:20:31", local time; the year, too, is worked out once a minute. */
static bool traditional_time(const char *text, size_t len, int64_t hint,
                             struct record_scratch *scratch, int64_t *ret)
{
    const size_t n = sizeof "Nov 21 16:20" - 1;
    unsigned second;
    size_t used;

    if (len < 15 || text[12] != ':' || text[4] == '0' || !digits(text + 13, 2, &second) ||
        second > 60) {
        return false;
    }
    if (scratch->minute_hint != hint || memcmp(scratch->minute, text, n) != 0) {
        char whole[] = "Nov 21 16:20:00";

        memcpy(whole, text, n);
        if (!logtime_syslog(whole, sizeof whole - 1, hint, &scratch->minute_time, &used)) {
            return false;
        }
        memset(scratch->minute, 0, sizeof scratch->minute);
        memcpy(scratch->minute, text, n);
        scratch->minute_hint = hint;
    }
    *ret = scratch->minute_time + second * INT64_C(1000000);
    return true;
}

bool record_line_time(const char *text, size_t len, int64_t year_hint, int64_t *ret)
{
    static const char json[] = "{\"time\":\"";
    const size_t n = sizeof json - 1;
    size_t used;

    if (len > n && memcmp(text, json, n) == 0) {
        text += n;
        len -= n;
    }
    return logtime_syslog(text, len, year_hint, ret, &used);
}

/* --- the usual line -------------------------------------------------------------------------- */

static bool is_host_byte(char c)
{
    return c > ' ' && c < 0x7f && c != '"' && c != '\\';
}

/* "time host sendmail-wrapper[1]: " at text, as the wrapper and rsyslog write it. Returns how much
 * that is; 0: other. */
static size_t usual_front(const char *text, size_t len, int64_t year_hint,
                          struct record_scratch *scratch, struct record_line *ret)
{
    const char *end = text + len;
    const char *p = text;
    const char *start;

    if (usual_time(p, len, scratch, &ret->time)) {
        p += TIME_LEN;
    } else if (traditional_time(p, len, year_hint, scratch, &ret->time)) {
        p += 15;
    } else {
        return 0;
    }
    if (p == end || *p++ != ' ') {
        return 0;
    }
    for (start = p; p < end && is_host_byte(*p); p++) {
    }
    ret->host = (struct slice){.ptr = start, .len = (size_t)(p - start)};
    if (p == start || p - start > HOST_MAX || (size_t)(end - p) < TAG_LEN + 1 ||
        memcmp(p, " " TAG, TAG_LEN + 1) != 0) {
        return 0;
    }
    p += TAG_LEN + 1;
    for (start = p; p < end && *p >= '0' && *p <= '9'; p++) {
    }
    if (p == start || p - start > 18 || end - p < 3 || memcmp(p, "]: ", 3) != 0) {
        return 0;
    }
    return (size_t)(p + 3 - text);
}

/* --- any other line -------------------------------------------------------------------------- */

static void reserve(struct record_scratch *scratch, size_t n)
{
    if (scratch->cap < n) {
        scratch->cap = n + n / 2;
        scratch->data = context_realloc(scratch->data, scratch->cap);
    }
}

/* Writes the values of rec as codec_escape writes them, into data behind the copy that they point
 * into. */
static void rewrite(const struct record *rec, struct strbuf *out, struct record_line *ret)
{
    ret->have = 0;
    for (size_t key = 0; key < RECORD_KEYS; key++) {
        const struct record_value *value = &rec->value[key];
        size_t begin = out->len;

        if (value->ptr == NULL) {
            continue;
        }
        codec_escape(out, value->ptr, value->len, SIZE_MAX / 2);
        if (value->cut) {
            strbuf_puts(out, CODEC_CUT);
        }
        ret->have |= UINT64_C(1) << key;
        ret->value[key] = (struct slice){.ptr = out->data + begin, .len = out->len - begin};
    }
}

/* front[0..front_len) and text through record_parse. */
static bool parse_copy(const char *front, size_t front_len, const char *text, size_t len,
                       struct record_scratch *scratch, struct record *rec, bool *ret_torn,
                       struct record_line *ret)
{
    const size_t n = front_len + len;
    struct strbuf out;

    /* An escape takes four bytes for one; marks of a cut were there in the line. */
    reserve(scratch, n + 1 + 4 * n + RECORD_KEYS * sizeof CODEC_CUT + 1);
    memcpy(scratch->data, front, front_len);
    memcpy(scratch->data + front_len, text, len);
    if (!record_parse(scratch->data, n, rec, ret_torn)) {
        return false;
    }
    strbuf_init(&out, scratch->data + n + 1, scratch->cap - n - 1);
    rewrite(rec, &out, ret);
    return !out.overflow;
}

/* The time of a record that record_parse found without one: in front of its host, without a year.
 */
static bool time_without_year(const struct record *rec, const struct record_scratch *scratch,
                              int64_t year_hint, int64_t *ret)
{
    size_t used;

    return rec->host - scratch->data >= 16 &&
           logtime_syslog(rec->host - 16, 15, year_hint, ret, &used);
}

static bool parse_odd(const char *text, size_t len, enum records_origin origin, int64_t year_hint,
                      struct record_scratch *scratch, struct record_line *ret)
{
    struct record rec;
    bool torn;

    if (!parse_copy("", 0, text, len, scratch, &rec, &torn, ret)) {
        return false;
    }
    if (torn && origin != RECORDS_FILE) {
        return false; /* nobody's disk was full: a line of syslog is one message */
    }
    ret->time = (int64_t)rec.time.tv_sec * 1000000 + rec.time.tv_nsec / 1000;
    if (ret->time == 0 && !time_without_year(&rec, scratch, year_hint, &ret->time)) {
        return false;
    }
    ret->host = (struct slice){.ptr = rec.host, .len = strlen(rec.host)};
    ret->torn = torn;
    return true;
}

/* What can be a record at all. Most lines of a syslog file are another program's. */
static bool may_be_record(const char *text, size_t len)
{
    return (len > 0 && text[len - 1] == '}') || memmem(text, len, TAG, TAG_LEN) != NULL;
}

bool record_line_parse(const char *text, size_t len, enum records_origin origin, int64_t year_hint,
                       struct record_scratch *scratch, struct record_line *ret)
{
    size_t front = usual_front(text, len, year_hint, scratch, ret);

    ret->origin = origin;
    ret->line = (struct slice){.ptr = text, .len = len};
    ret->torn = false;
    if (front > 0 && record_scan(text + front, len - front, scratch->shape, ret)) {
        return true;
    }
    if (may_be_record(text, len) && parse_odd(text, len, origin, year_hint, scratch, ret)) {
        return true;
    }
    ret->have = 0;
    return false;
}

bool record_line_message(const char *text, size_t len, int64_t time, const char *host,
                         struct record_scratch *scratch, struct record_line *ret)
{
    struct record rec;
    bool torn;

    ret->origin = RECORDS_JOURNAL;
    ret->line = (struct slice){.ptr = text, .len = len};
    ret->torn = false;
    ret->time = time;
    ret->host = (struct slice){.ptr = host, .len = strlen(host)};
    if (record_scan(text, len, scratch->shape, ret)) {
        return true;
    }
    if (memmem(text, len, TAG, TAG_LEN) == NULL &&
        parse_copy(FRONT, sizeof FRONT - 1, text, len, scratch, &rec, &torn, ret) && !torn) {
        return true;
    }
    ret->have = 0;
    return false;
}

/* --- values ---------------------------------------------------------------------------------- */

bool record_line_tail(struct record_line *line, uint64_t *ret)
{
    struct slice id;

    if (!record_line_value(line, RECORD_ID, &id) || id.len < sizeof *ret) {
        return false;
    }
    memcpy(ret, id.ptr + id.len - sizeof *ret, sizeof *ret);
    return true;
}

bool record_line_delivers(struct record_line *line)
{
    struct slice action;

    return record_line_value(line, RECORD_ACTION, &action) && action.len == 7 &&
           memcmp(action.ptr, "deliver", 7) == 0;
}

long long record_line_number(struct record_line *line, enum record_key key)
{
    struct slice value;
    long long number = 0;

    if (!record_line_value(line, key, &value)) {
        return -1;
    }
    if (key == RECORD_RCPTS && value.len > 1 && value.ptr[value.len - 1] == '+') {
        value.len--;
    }
    if (value.len == 0 || value.len > 18) {
        return -1; /* the largest there are have ten digits */
    }
    for (size_t i = 0; i < value.len; i++) {
        unsigned digit = (unsigned char)value.ptr[i] - (unsigned)'0';

        if (digit > 9) {
            return -1;
        }
        number = number * 10 + digit;
    }
    return number;
}
