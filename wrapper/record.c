/*
 * record - see record.h: the writer. Hostile input: the bytes of every text value, and the host's
 * name (a user namespace lets anybody choose one). On failure: a value is cut at its bound and
 * marked; a line that does not fit the caller's buffer sets its overflow flag, which RECORD_MAX + 1
 * bytes never do.
 */
#include "record.h"

#include "codec.h"
#include "record_table.h"

#include <assert.h>
#include <string.h>

#define TIME_LEN 32 /* 2026-11-21T16:20:31.123456+00:00 */
#define HOST_MAX 64 /* HOST_NAME_MAX of Linux */
#define DIGITS_MAX 20
#define VALUE_MAX 540              /* the largest bound in RECORD_TABLE */
#define LAST_SECOND 253402300799LL /* 9999-12-31T23:59:59Z: four digits are a year in RFC 3339 */

/* NOLINTBEGIN(bugprone-macro-parentheses): each makes one piece of a list or of a sum */
#define AS_ROW(key, name, bound, is_number) [key] = {name, sizeof name - 1, bound, is_number},
const struct record_row record_rows[RECORD_KEYS] = {RECORD_TABLE(AS_ROW)};

/* A value costs its name, '=', two quotes and a blank; in JSON two more quotes, ':' and ','. */
#define LOGFMT_COST(key, name, bound, is_number) +(sizeof name - 1 + (bound) + 4)
#define JSON_COST(key, name, bound, is_number) +(sizeof name - 1 + (bound) + 6)
static_assert(TIME_LEN + 1 + HOST_MAX + 1 + sizeof RECORD_TAG "[]: " - 1 + DIGITS_MAX + 1 +
                      RECORD_TABLE(LOGFMT_COST) <=
                  RECORD_MAX,
              "a logfmt line with every value at its bound");
static_assert(sizeof "{\"time\":\"\",\"host\":\"\",}\n" - 1 + TIME_LEN + HOST_MAX +
                      RECORD_TABLE(JSON_COST) <=
                  RECORD_MAX,
              "a JSON line with every value at its bound");

#define COUNT(key, name, bound, is_number) +1
static_assert(RECORD_TABLE(COUNT) == RECORD_KEYS, "each key has a row");
#define IN_VALUE_MAX(key, name, bound, is_number) &&(bound) <= VALUE_MAX
static_assert(1 RECORD_TABLE(IN_VALUE_MAX), "a value's text fits its buffer");
/* NOLINTEND(bugprone-macro-parentheses) */

void record_init(struct record *rec)
{
    memset(rec, 0, sizeof *rec);
    rec->host = "-";
}

void record_text(struct record *rec, enum record_key key, const char *bytes, size_t n)
{
    rec->value[key] = (struct record_value){.ptr = bytes, .len = n};
}

void record_string(struct record *rec, enum record_key key, const char *text)
{
    record_text(rec, key, text, text == NULL ? 0 : strlen(text));
}

/* A place for a number: the one the key has already, or a new one; NULL if there is none. */
static char *number_place(struct record *rec, enum record_key key)
{
    const size_t places = sizeof rec->numbers / sizeof rec->numbers[0];

    for (unsigned i = 0; i < rec->number_count; i++) {
        if (rec->value[key].ptr == rec->numbers[i]) {
            return rec->numbers[i];
        }
    }
    return rec->number_count < places ? rec->numbers[rec->number_count++] : NULL;
}

void record_number(struct record *rec, enum record_key key, unsigned long long value)
{
    char *place = number_place(rec, key);
    struct strbuf digits;

    if (place == NULL) {
        record_text(rec, key, NULL, 0);
        return;
    }
    strbuf_init(&digits, place, sizeof rec->numbers[0]);
    strbuf_number(&digits, value, 1);
    record_text(rec, key, place, digits.len);
}

const char *record_key_name(enum record_key key)
{
    return (unsigned)key < RECORD_KEYS ? record_rows[key].name : NULL;
}

static bool is_alnum(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/*
 * Whether a value stands without quotes: bytes that mean nothing to a shell, a grep pattern's
 * reader or a strict logfmt reader (which takes no '=' in a bare value).
 */
static bool is_bare(const char *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (!is_alnum(bytes[i]) && (bytes[i] == '\0' || strchr("-._/:+,~%", bytes[i]) == NULL)) {
            return false;
        }
    }
    return n > 0;
}

static void logfmt_value(const struct record_value *value, size_t bound, struct strbuf *out)
{
    if (value->len <= bound && is_bare(value->ptr, value->len)) {
        strbuf_add(out, value->ptr, value->len);
        return;
    }
    strbuf_putc(out, '"');
    codec_escape(out, value->ptr, value->len, bound);
    strbuf_putc(out, '"');
}

static void logfmt_values(const struct record *rec, struct strbuf *out)
{
    const char *separator = "";

    for (size_t key = 0; key < RECORD_KEYS; key++) {
        const struct record_row *row = &record_rows[key];

        if (rec->value[key].ptr == NULL) {
            continue;
        }
        strbuf_puts(out, separator);
        strbuf_add(out, row->name, row->name_len);
        strbuf_putc(out, '=');
        logfmt_value(&rec->value[key], row->bound, out);
        separator = " ";
    }
}

/* A decimal number as JSON allows it (RFC 8259 section 6: no leading zero). */
static bool is_json_number(const struct record_value *value)
{
    for (size_t i = 0; i < value->len; i++) {
        if (value->ptr[i] < '0' || value->ptr[i] > '9') {
            return false;
        }
    }
    return value->len == 1 || (value->len > 1 && value->ptr[0] != '0');
}

/* Bytes of escaped text that belong together: an escape, a UTF-8 sequence, or one plain byte. */
static size_t unit_len(const char *text, size_t n)
{
    size_t len = 1;

    if (text[0] == '\\') {
        return text[1] == 'x' ? 4 : 2;
    }
    while (len < n && ((unsigned char)text[len] & 0xc0) == 0x80) {
        len++;
    }
    return len;
}

static size_t json_cost(const char *text, size_t n)
{
    size_t cost = n;

    for (size_t i = 0; i < n; i++) {
        cost += text[i] == '\\' || text[i] == '"';
    }
    return cost;
}

/* How much of escaped text, up to a place between two units, takes at most max bytes in JSON. */
static size_t json_fit(const char *text, size_t n, size_t max)
{
    size_t cost = 0;
    size_t at = 0;

    while (at < n) {
        size_t len = unit_len(text + at, n - at);

        cost += json_cost(text + at, len);
        if (cost > max) {
            break;
        }
        at += len;
    }
    return at;
}

/* A JSON string's content: escaped text has no control byte, so '\\' and '"' are all that needs
 * care. */
static void json_add(struct strbuf *out, const char *text, size_t n)
{
    size_t from = 0;

    for (size_t i = 0; i < n; i++) {
        if (text[i] == '\\' || text[i] == '"') {
            strbuf_add(out, text + from, i - from);
            strbuf_putc(out, '\\');
            from = i;
        }
    }
    strbuf_add(out, text + from, n - from);
}

static void json_string(const struct record_value *value, size_t bound, struct strbuf *out)
{
    const size_t mark = sizeof CODEC_CUT - 1;
    char buf[VALUE_MAX + 1];
    struct strbuf text;

    strbuf_init(&text, buf, sizeof buf);
    codec_escape(&text, value->ptr, value->len, bound);
    strbuf_putc(out, '"');
    if (json_cost(buf, text.len) <= bound) {
        json_add(out, buf, text.len);
    } else {
        /* The second quoting made it too long. A mark that it has already is beyond what fits. */
        json_add(out, buf, json_fit(buf, text.len, bound - json_cost(CODEC_CUT, mark)));
        json_add(out, CODEC_CUT, mark);
    }
    strbuf_putc(out, '"');
}

/* The members of the keys that are set, without braces. */
static void json_members(const struct record *rec, struct strbuf *out)
{
    const char *separator = "\"";

    for (size_t key = 0; key < RECORD_KEYS; key++) {
        const struct record_row *row = &record_rows[key];
        const struct record_value *value = &rec->value[key];

        if (value->ptr == NULL) {
            continue;
        }
        strbuf_puts(out, separator);
        strbuf_add(out, row->name, row->name_len);
        strbuf_puts(out, "\":");
        if (row->is_number && value->len <= row->bound && is_json_number(value)) {
            strbuf_add(out, value->ptr, value->len);
        } else {
            json_string(value, row->bound, out);
        }
        separator = ",\"";
    }
}

void record_message(const struct record *rec, enum record_format format, struct strbuf *out)
{
    if (format == RECORD_JSON) {
        strbuf_putc(out, '{');
        json_members(rec, out);
        strbuf_putc(out, '}');
    } else {
        logfmt_values(rec, out);
    }
}

/*
 * RFC 3339 in UTC. Not gmtime(3): glibc's reads TZ and /etc/localtime first. A clock outside the
 * years 1970 to 9999 is shown at the nearer end.
 */
static void add_time(struct strbuf *out, const struct timespec *time)
{
    long long seconds = time->tv_sec < 0 ? 0 : time->tv_sec;
    long days, year, rest;
    int month = 1;

    if (seconds > LAST_SECOND) {
        seconds = LAST_SECOND;
    }
    days = (long)(seconds / 86400);
    rest = (long)(seconds % 86400);
    year = 1970 + days / 366; /* at most 22 too few, in 9999 */
    while (record_days_to_year(year + 1) <= days) {
        year++;
    }
    days -= record_days_to_year(year);
    while (record_days_to_month(year, month + 1) <= days) {
        month++;
    }
    days -= record_days_to_month(year, month);
    strbuf_number(out, (unsigned long long)year, 4);
    strbuf_putc(out, '-');
    strbuf_number(out, (unsigned long long)month, 2);
    strbuf_putc(out, '-');
    strbuf_number(out, (unsigned long long)days + 1, 2);
    strbuf_putc(out, 'T');
    strbuf_number(out, (unsigned long long)(rest / 3600), 2);
    strbuf_putc(out, ':');
    strbuf_number(out, (unsigned long long)(rest / 60 % 60), 2);
    strbuf_putc(out, ':');
    strbuf_number(out, (unsigned long long)(rest % 60), 2);
    strbuf_putc(out, '.');
    strbuf_number(out, (unsigned long)time->tv_nsec / 1000 % 1000000, 6);
    strbuf_puts(out, "+00:00");
}

/* The characters of a host's name (RFC 1123 section 2.1, and what people do); any other is shown as
 * '_'. */
static void add_host(struct strbuf *out, const char *host)
{
    size_t n = host == NULL ? 0 : strnlen(host, HOST_MAX);

    if (n == 0) {
        strbuf_putc(out, '-');
    }
    for (size_t i = 0; i < n; i++) {
        strbuf_putc(out, is_alnum(host[i]) || strchr("-._:", host[i]) != NULL ? host[i] : '_');
    }
}

static void add_json_line(const struct record *rec, struct strbuf *out)
{
    size_t members;

    strbuf_puts(out, "{\"time\":\"");
    add_time(out, &rec->time);
    strbuf_puts(out, "\",\"host\":\"");
    add_host(out, rec->host);
    strbuf_puts(out, "\",");
    members = out->len;
    json_members(rec, out);
    if (out->len == members && !out->overflow) {
        strbuf_truncate(out, members - 1); /* nothing is known: no comma before the brace */
    }
    strbuf_puts(out, "}\n");
}

void record_line(const struct record *rec, enum record_format format, struct strbuf *out)
{
    if (format == RECORD_JSON) {
        add_json_line(rec, out);
        return;
    }
    add_time(out, &rec->time);
    strbuf_putc(out, ' ');
    add_host(out, rec->host);
    strbuf_puts(out, " " RECORD_TAG "[");
    strbuf_number(out, rec->pid < 0 ? 0 : (unsigned long long)rec->pid, 1);
    strbuf_puts(out, "]: ");
    logfmt_values(rec, out);
    strbuf_putc(out, '\n');
}
