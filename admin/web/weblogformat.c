/*
 * weblogformat - reads access-log lines by a compiled format. See
 * weblogformat.h for what is hostile.
 *
 * A format is a row of operations: literal text, or a field with a rule for
 * where it ends. Only fields that may hold anything ("any") need trying again;
 * how often is limited for each line.
 */
#include "web/weblogformat.h"

#include "context.h"
#include "web/weblogformat_parts.h"

#include <stdlib.h>
#include <string.h>

#define TRIES_MAX 20000 /* steps of matching for one line */

struct matching {
    const struct weblogformat *format;
    const char *end;
    size_t stop;    /* operations to be done */
    bool partial;   /* the line may go on behind them */
    unsigned tries; /* left */
    struct weblogformat_row *row;
    /* Where each operation of the last try began: durations and times are read from there when the
     * whole line fits. */
    const char *at[WEBLOGFORMAT_OPS];
};

static bool match_ops(struct matching *m, size_t i, const char *at);

static void store(const struct matching *m, const struct weblogop *op, const char *at,
                  const char *end)
{
    struct slice *value = &m->row->value[op->field];

    if (!op->store) {
        return;
    }
    value->ptr = at;
    value->len = (size_t)(end - at);
    if (value->len == 0 || (value->len == 1 && *at == '-')) {
        value->ptr = NULL;
        value->len = 0;
    }
}

/* The next place where literal stands in [from, end), or the one before
 * `before` when searching backwards. */
static const char *next_literal(const struct weblogop *literal, const char *from, const char *end)
{
    return memmem(from, (size_t)(end - from), literal->text, literal->len);
}

static const char *previous_literal(const struct weblogop *literal, const char *from,
                                    const char *before)
{
    const char *at = before;

    while (at > from && (at = memrchr(from, literal->text[0], (size_t)(at - from))) != NULL) {
        if (memcmp(at, literal->text, literal->len) == 0) {
            return at;
        }
    }
    return NULL;
}

/* A field of any text, before a literal: each place where that stands, until
 * the rest fits. *//* NOLINTNEXTLINE(misc-no-recursion): as deep as the format has such fields; tries are counted */
static bool match_any(struct matching *m, size_t i, const char *at)
{
    const struct weblogop *op = &m->format->ops[i], *literal = op + 1;
    const char *p;

    if (i + 1 == m->format->count) {
        store(m, op, at, m->end);
        return true;
    }
    if ((size_t)(m->end - at) < literal->len) {
        return false;
    }
    if (m->format->raw) {
        p = previous_literal(literal, at, m->end - literal->len + 1);
    } else {
        p = next_literal(literal, at, m->end);
    }
    while (p != NULL) {
        store(m, op, at, p);
        if (match_ops(m, i + 1, p)) {
            return true;
        }
        if (m->tries == 0) {
            return false;
        }
        p = m->format->raw ? previous_literal(literal, at, p)
                           : next_literal(literal, p + 1, m->end);
    }
    return false;
}

/* Up to the first quote without a backslash in front. */
static const char *quoted_end(const char *at, const char *end)
{
    while (at < end && *at != '"') {
        at += *at == '\\' && at + 1 < end ? 2 : 1;
    }
    return at < end ? at : NULL;
}

static const char *word_end(const char *at, const char *end, bool number)
{
    while (at < end && (number ? (*at >= '0' && *at <= '9') || *at == '-' || *at == '.'
                               : *at != ' ' && *at != '\t' && *at != '"')) {
        at++;
    }
    return at;
}

static const char *match_time(struct weblogtime *time, const struct weblogop *op, const char *at,
                              const char *end)
{
    size_t used, left = (size_t)(end - at);
    bool read = op->unit ? weblogtime_unit(time, op->text, at, left, &used)
                         : weblogtime_read(time, op->text, at, left, &used);

    return read ? at + used : NULL;
}

/* "0.123", "12001", "-": into microseconds. */
static void read_duration(struct weblogformat_row *row, const struct weblogop *op, const char *at,
                          const char *end)
{
    int64_t value = 0, divisor = 1;
    bool point = false, any = false;

    for (; at < end && value < INT64_C(1000000000000); at++) {
        if (*at == '.' && !point) {
            point = true;
        } else if (*at >= '0' && *at <= '9') {
            value = value * 10 + (*at - '0');
            divisor *= point ? 10 : 1;
            any = true;
        } else {
            return;
        }
    }
    if (!any || at < end ||
        (row->duration >= 0 && row->duration_resolution <= op->scale / divisor)) {
        return;
    }
    row->duration = (int64_t)((double)value / (double)divisor * (double)op->scale);
    row->duration_resolution = op->scale / divisor > 0 ? op->scale / divisor : 1;
}

/* One operation but "any": where the next begins, or NULL. */
static const char *match_plain(struct matching *m, const struct weblogop *op, const char *at)
{
    const char *end = NULL;

    switch (op->kind) {
    case WEBLOGOP_LITERAL:
        return (size_t)(m->end - at) >= op->len && memcmp(at, op->text, op->len) == 0 ? at + op->len
                                                                                      : NULL;
    case WEBLOGOP_NUMBER:
    case WEBLOGOP_DURATION:
    case WEBLOGOP_WORD:
        end = word_end(at, m->end, op->kind != WEBLOGOP_WORD);
        break;
    case WEBLOGOP_UNTIL: /* a word before a literal that could stand in it:
                            "%v:%p" */
        end = word_end(at, m->end, false);
        end = (op + 1)->len <= (size_t)(end - at)
                  ? previous_literal(op + 1, at, end - (op + 1)->len + 1)
                  : NULL;
        break;
    case WEBLOGOP_QUOTED:
        end = quoted_end(at, m->end);
        break;
    case WEBLOGOP_TIME:
        return match_time(&(struct weblogtime){0}, op, at, m->end);
    case WEBLOGOP_ANY:
        break;
    }
    if (end != NULL) {
        store(m, op, at, end);
    }
    return end;
}

/* NOLINTNEXTLINE(misc-no-recursion): see match_any */
static bool match_ops(struct matching *m, size_t i, const char *at)
{
    for (; i < m->stop; i++) {
        const struct weblogop *op = &m->format->ops[i];

        if (m->tries == 0) {
            return false;
        }
        m->tries--;
        m->at[i] = at;
        if (op->kind == WEBLOGOP_ANY) {
            return match_any(m, i, at);
        }
        at = match_plain(m, op, at);
        if (at == NULL) {
            return false;
        }
    }
    return m->partial || at == m->end;
}

static bool match_line(struct matching *m, const char *line, size_t len)
{
    while (len > 0 && line[len - 1] == '\r') {
        len--;
    }
    m->end = line + len;
    m->tries = TRIES_MAX;
    if (match_ops(m, 0, line)) {
        return true;
    }
    if (len == 0 || line[len - 1] != ' ') { /* else an empty last field, or blanks behind it */
        return false;
    }
    while (m->end > line && m->end[-1] == ' ') {
        m->end--;
    }
    return match_ops(m, 0, line);
}

/* The times of a line that fits, from the pieces that the first `stop` operations found. */
static void read_times(const struct matching *m, struct weblogtime *start, struct weblogtime *end)
{
    for (size_t i = 0; i < m->stop; i++) {
        const struct weblogop *op = &m->format->ops[i];

        if (op->kind == WEBLOGOP_TIME) {
            (void)match_time(op->of_end ? end : start, op, m->at[i], m->end);
        }
    }
}

bool weblogformat_when(const struct weblogformat *format, const char *line, size_t len,
                       int64_t *ret_us)
{
    struct weblogformat_row row;
    struct weblogtime start = {0}, end = {0};
    struct matching m;
    int64_t resolution;

    m.format = format;
    m.row = &row;
    /* What escapes nothing is only understood from its end. */
    m.stop = format->raw ? format->count : format->time_stop;
    m.partial = !format->raw;
    if (!match_line(&m, line, len)) {
        return false;
    }
    read_times(&m, &start, &end);
    return weblogtime_value(&start, ret_us, &resolution);
}

bool weblogformat_match(const struct weblogformat *format, const char *line, size_t len,
                        struct weblogformat_row *ret)
{
    struct weblogtime start = {0}, end = {0};
    struct matching m;

    m.format = format;
    m.row = ret;
    m.stop = format->count;
    m.partial = false;
    memset(ret, 0, sizeof *ret);
    ret->duration = -1;
    if (!match_line(&m, line, len)) {
        return false;
    }
    read_times(&m, &start, &end);
    for (size_t i = 0; i < m.stop; i++) {
        if (format->ops[i].kind == WEBLOGOP_DURATION) {
            read_duration(ret, &format->ops[i], m.at[i], word_end(m.at[i], m.end, true));
        }
    }
    if (!weblogtime_value(&end, &ret->end, &ret->end_resolution)) {
        ret->end = -1;
    }
    return weblogtime_value(&start, &ret->time, &ret->resolution);
}

bool weblogformat_has(const struct weblogformat *format, enum weblogformat_field field)
{
    return (format->fields >> field & 1) != 0;
}

bool weblogformat_has_duration(const struct weblogformat *format)
{
    return format->duration;
}

bool weblogformat_has_fraction(const struct weblogformat *format)
{
    for (size_t i = 0; i < format->count; i++) {
        const struct weblogop *op = &format->ops[i];

        if (op->kind == WEBLOGOP_TIME &&
            (op->unit ? strcmp(op->text, "sec") != 0
                      : strstr(op->text, "%N") != NULL || strstr(op->text, "%Q") != NULL)) {
            return true;
        }
    }
    return false;
}

void weblogformat_free(struct weblogformat *format)
{
    if (format != NULL) {
        free(format->text);
        free(format);
    }
}

/* --- values ----------------------------------------------------------------------------------- */

static int hex_value(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* digits hexadecimal digits at text, as a number, or -1. */
static int read_hex(const char *text, const char *end, int digits)
{
    int value = 0;

    if (end - text < digits) {
        return -1;
    }
    for (int i = 0; i < digits; i++) {
        int digit = hex_value(text[i]);

        if (digit < 0) {
            return -1;
        }
        value = value * 16 + digit;
    }
    return value;
}

static char plain_escape(char c)
{
    static const char from[] = "ntrbfv\"\\/'", to[] = "\n\t\r\b\f\v\"\\/'";
    const char *p = strchr(from, c);

    return c != '\0' && p != NULL ? to[p - from] : '\0';
}

/* One escape at *at (the backslash); what it means goes to out. Returns false
 * for what is none. */
static bool undo_escape(const char **at, const char *end, char **out)
{
    const char *p = *at + 1;
    int value;

    if (p < end && (*p == 'x' || *p == 'u')) {
        int digits = *p == 'x' ? 2 : 4;

        value = read_hex(p + 1, end, digits);
        if (value <= 0 || (value >= 0x80 && *p == 'u')) {
            return false; /* JSON's \u stands for control bytes only in nginx */
        }
        *(*out)++ = (char)value;
        *at = p + 1 + digits;
        return true;
    }
    if (p < end && plain_escape(*p) != '\0') {
        *(*out)++ = plain_escape(*p);
        *at = p + 1;
        return true;
    }
    return false;
}

char *weblogformat_unescape(const struct weblogformat *format, struct slice value)
{
    const char *at = value.ptr, *end;
    char *text, *out;

    if (at == NULL) {
        return NULL;
    }
    end = at + value.len;
    text = out = context_alloc(value.len + 1);
    while (at < end) {
        if (*at == '\0') {
            at++; /* no line of a log has one */
        } else if (format->raw || *at != '\\' || !undo_escape(&at, end, &out)) {
            *out++ = *at++;
        }
    }
    *out = '\0';
    return text;
}
