/*
 * fuzz_record - the way from values to a line and back, and lines that nobody wrote.
 *
 * The input is split at its NULs into values for the keys in turn. The line, in either format, is
 * at most RECORD_MAX bytes and parses to the same values, or marked beginnings of them. Torn
 * anywhere and followed by a whole record, that one is read, and alone nothing is. Then the input
 * itself is parsed, bare and behind the beginnings of a record in each format.
 */
#include "fuzz.h"

#include "wrapper/record.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define TIME "2026-11-21T16:20:31.000007+00:00"

static const char *const fronts[] = {
    "",
    TIME " h sendmail-wrapper[1]: ",
    TIME " h sendmail-wrapper[1]: id=1 ",
    TIME " h sendmail-wrapper[1]: id=1 subject=\"",
    TIME " h sendmail-wrapper[1]: {\"id\":\"1\",",
    "{\"time\":\"" TIME "\",\"host\":\"h\",\"id\":\"1\",",
    "{\"time\":\"",
};

/* Parses an exact-sized copy of text; *ret_copy is the caller's to free. */
static bool parse(const char *text, size_t n, struct record *ret, bool *ret_torn, char **ret_copy)
{
    *ret_copy = malloc(n + (n == 0));
    require(*ret_copy != NULL);
    memcpy(*ret_copy, text, n);
    return record_parse(*ret_copy, n, ret, ret_torn);
}

/* A parsed record may be anything, but its values lie within its text. */
static void parse_any(const char *text, size_t n)
{
    struct record rec;
    bool torn;
    char *copy;

    if (parse(text, n, &rec, &torn, &copy)) {
        require(rec.host > copy && rec.host < copy + n && strlen(rec.host) > 0);
        require(rec.value[RECORD_ID].ptr != NULL && rec.value[RECORD_ACTION].ptr != NULL);
        for (size_t key = 0; key < RECORD_KEYS; key++) {
            const struct record_value *value = &rec.value[key];

            require(value->ptr == NULL ||
                    (value->ptr > copy && value->ptr + value->len <= copy + n));
        }
    }
    free(copy);
}

static void fill(struct record *rec, const char *data, size_t size)
{
    size_t key = RECORD_MODE;

    record_init(rec);
    rec->time = (struct timespec){1795278031, 7000};
    rec->host = "web1";
    rec->pid = 12345;
    record_string(rec, RECORD_ID, "01KAMX3F8Q7ZV2N5T0C9R4E6HJ");
    record_string(rec, RECORD_ACTION, "deliver");
    for (size_t at = 0; at < size && key < RECORD_ACTION; key++) {
        size_t n = strnlen(data + at, size - at);

        record_text(rec, (enum record_key)key, data + at, n);
        at += n + 1;
    }
}

static size_t write_line(const struct record *rec, unsigned format, char *buf)
{
    struct strbuf out;

    strbuf_init(&out, buf, RECORD_MAX + 1);
    record_line(rec, format, &out);
    require(!out.overflow && out.len <= RECORD_MAX && buf[out.len - 1] == '\n');
    return out.len - 1;
}

static void check_same(const struct record *rec, const struct record *back)
{
    require(back->time.tv_sec == rec->time.tv_sec && back->time.tv_nsec == rec->time.tv_nsec);
    require(strcmp(back->host, rec->host) == 0);
    for (size_t key = 0; key < RECORD_KEYS; key++) {
        const struct record_value *before = &rec->value[key];
        const struct record_value *after = &back->value[key];

        require((before->ptr == NULL) == (after->ptr == NULL));
        if (before->ptr != NULL) {
            require(after->cut ? after->len < before->len : after->len == before->len);
            require(memcmp(after->ptr, before->ptr, after->len) == 0);
        }
    }
}

/* line[0..at) in front of a whole record. */
static void tear(const char *line, size_t at)
{
    static const char good[] = "2017-07-14T02:40:00.000001+00:00 good sendmail-wrapper[7]: "
                               "id=GOOD pid=7 action=refuse";
    char joined[RECORD_MAX + sizeof good];
    struct record rec;
    bool torn;
    char *copy;

    require(!parse(line, at, &rec, &torn, &copy));
    free(copy);
    memcpy(joined, line, at);
    memcpy(joined + at, good, sizeof good - 1);
    require(parse(joined, at + sizeof good - 1, &rec, &torn, &copy));
    require(torn == (at > 0) && rec.pid == 7 && rec.time.tv_sec == 1500000000);
    require(rec.value[RECORD_ID].len == 4 && memcmp(rec.value[RECORD_ID].ptr, "GOOD", 4) == 0);
    require(rec.value[RECORD_UID].ptr == NULL && rec.value[RECORD_SUBJECT].ptr == NULL);
    free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct record rec, back;
    char line[RECORD_MAX + 1];

    fill(&rec, (const char *)data, size);
    for (unsigned format = 0; format < 2; format++) {
        size_t len = write_line(&rec, format, line);
        bool torn = true;
        char *copy;

        require(memchr(line, '\n', len) == NULL && memchr(line, '\0', len) == NULL);
        require(parse(line, len, &back, &torn, &copy) && !torn);
        check_same(&rec, &back);
        free(copy);
        for (size_t at = size % 7; at < len; at += 1 + len / 16) {
            tear(line, at);
        }
    }
    for (size_t i = 0; i < sizeof fronts / sizeof fronts[0]; i++) {
        char *text = malloc(strlen(fronts[i]) + size + 1);

        require(text != NULL);
        memcpy(text, fronts[i], strlen(fronts[i]));
        memcpy(text + strlen(fronts[i]), data, size);
        parse_any(text, strlen(fronts[i]) + size);
        free(text);
    }
    return 0;
}
