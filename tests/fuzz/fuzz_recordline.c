/*
 * fuzz_recordline - mailorigin's quick reader of a line against record_parse: both take the same
 * lines and find the same values, in our own log, in a syslog file, and in the journal.
 *
 * The input is a line; so it is behind the beginning of a record, whole lines with one part of them
 * replaced by the input, and a torn line in front of a whole one.
 */
#include "fuzz.h"

#include "admin/records/logtime.h"
#include "admin/records/records.h"
#include "wrapper/codec.h"

#include <string.h>

#define HINT INT64_C(1800000000000000)
#define FRONT "2026-11-21T16:20:31.000007+00:00 h sendmail-wrapper[1]: "
#define WHOLE                                                                                  \
    FRONT "id=01KAMX3F8Q7ZV2N5T0C9R4E6HJ mode=submit uid=4079 gid=4079 pid=1 "                 \
          "cwd=/var/www/web274 cwd_uid=4079 caller=\"php-fpm: pool web274\" "                  \
          "chain=\"sh[2] php-fpm[3]\" future=1 rcpts=50+ subject=\"Re: \\\"x\\\\\\x01\\...\" " \
          "mta=postfix action=deliver"

/* The escaped text means the value that record_parse found. */
static void check_value(struct record_line *line, size_t key, const struct record_value *value)
{
    struct slice escaped;
    char *copy;
    size_t len;
    bool cut;

    if (!record_line_value(line, (enum record_key)key, &escaped)) {
        require(value->ptr == NULL);
        return;
    }
    require(value->ptr != NULL);
    len = escaped.len;
    copy = malloc(len + 1);
    require(copy != NULL);
    memcpy(copy, escaped.ptr, len);
    require(codec_unescape(copy, &len, &cut));
    require(cut == value->cut && len == value->len && memcmp(copy, value->ptr, len) == 0);
    free(copy);
}

/* No byte of it can do anything to a terminal. */
static void check_safe(struct record_line *line, size_t key)
{
    struct slice value;

    if (record_line_value(line, (enum record_key)key, &value)) {
        for (size_t i = 0; i < value.len; i++) {
            require((unsigned char)value.ptr[i] >= ' ' && value.ptr[i] != 0x7f);
            require(i == 0 || (unsigned char)value.ptr[i - 1] != 0xc2 ||
                    (unsigned char)value.ptr[i] >= 0xa0); /* C1 */
        }
    }
}

/* Whether record_parse found a time, or there is one before the host that only has no year. */
static bool has_time(const struct record *rec, const char *copy)
{
    int64_t us;
    size_t used;

    return rec->time.tv_sec != 0 || rec->time.tv_nsec / 1000 != 0 ||
           (rec->host - copy >= 16 && logtime_syslog(rec->host - 16, 15, HINT, &us, &used));
}

static void check_same(struct record_line *line, const struct record *rec)
{
    int64_t us = (int64_t)rec->time.tv_sec * 1000000 + rec->time.tv_nsec / 1000;

    require(us == 0 || us == line->time);
    require(strlen(rec->host) == line->host.len &&
            memcmp(rec->host, line->host.ptr, line->host.len) == 0);
    for (size_t key = 0; key < RECORD_KEYS; key++) {
        check_value(line, key, &rec->value[key]);
        check_safe(line, key);
    }
}

static void compare(const char *bytes, size_t n)
{
    struct record_scratch scratch = {0};
    struct record rec;
    struct record_line line;
    bool torn = false, whole;
    char *text = malloc(n + (n == 0));
    char *copy = malloc(n + (n == 0));

    require(text != NULL && copy != NULL);
    memcpy(text, bytes, n);
    memcpy(copy, bytes, n);
    whole = record_parse(copy, n, &rec, &torn) && has_time(&rec, copy);
    for (int origin = RECORDS_FILE; origin <= RECORDS_SYSLOG; origin++) {
        bool taken = record_line_parse(text, n, (enum records_origin)origin, HINT, &scratch, &line);

        require(taken == (whole && (!torn || origin == RECORDS_FILE)));
        if (taken) {
            require(line.torn == torn && line.line.ptr == text && line.line.len == n);
            check_same(&line, &rec);
        }
    }
    require(memcmp(text, bytes, n) == 0);
    if (record_line_message(text, n, 1, "h", &scratch, &line)) {
        for (size_t key = 0; key < RECORD_KEYS; key++) {
            check_safe(&line, key);
        }
    }
    free(scratch.data);
    free(copy);
    free(text);
}

/* whole[0..at), the input, and whole from `from` on. */
static void splice(const char *whole, size_t at, size_t from, const uint8_t *data, size_t size)
{
    size_t rest = strlen(whole) - from;
    char *text = malloc(at + size + rest + 1);

    require(text != NULL);
    memcpy(text, whole, at);
    memcpy(text + at, data, size);
    memcpy(text + at + size, whole + from, rest);
    compare(text, at + size + rest);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char whole[] = WHOLE;
    const size_t n = sizeof whole - 1;
    size_t hash = size;

    for (size_t i = 0; i < size; i++) {
        hash = hash * 31 + data[i];
    }
    compare((const char *)data, size);
    splice(FRONT, sizeof FRONT - 1, sizeof FRONT - 1, data, size);
    splice(whole, hash % n, hash % n, data, size);
    splice(whole, hash % n, n - hash / n % (n - hash % n), data, size);
    splice(WHOLE " " WHOLE, hash % n, n, data, size);
    splice(WHOLE WHOLE, hash % n, n, data, size);
    return 0;
}
