/*
 * header - see header.h. Hostile input: the directory's name, and the message's first bytes. It cannot fail.
 */
#include "header.h"

#include "dialect_table.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

/* Name and value, without the line end: OpenSMTPD re-encodes a message with a line of 990 bytes, line end included. */
#define LINE_MAX_BYTES 988
#define CUT_MARK "%..."

/* --- the line --------------------------------------------------------------------------------------------- */

static bool is_plain(unsigned char c)
{
    return c >= ' ' && c <= '~' && c != '%' && c != ';' && c != '"';
}

/* Appends text percent-encoded, at most max bytes of it; CUT_MARK among them if it did not fit. */
static void put_encoded(struct strbuf *out, const char *text, size_t max)
{
    static const char hex[] = "0123456789ABCDEF";
    size_t begin = out->len, fits = begin; /* where the mark can still follow */

    for (const char *p = text; *p != '\0'; p++) {
        unsigned char c = (unsigned char)*p;
        size_t need = is_plain(c) ? 1 : 3;

        if (out->len - begin + strlen(CUT_MARK) <= max) {
            fits = out->len;
        }
        if (out->len - begin + need > max) {
            strbuf_truncate(out, fits);
            strbuf_puts(out, CUT_MARK);
            return;
        }
        if (need == 1) {
            strbuf_putc(out, (char)c);
        } else {
            const char code[3] = {'%', hex[c >> 4], hex[c & 15]};

            strbuf_add(out, code, sizeof code);
        }
    }
}

/* Appends the directory that contains path: dirname(3), without writing into it. */
static void put_dirname(struct strbuf *out, const char *path, size_t max)
{
    char parent[4096];
    const char *slash = strrchr(path, '/');
    size_t n = slash != NULL && slash > path ? (size_t)(slash - path) : 1;

    n = n < sizeof parent ? n : sizeof parent - 1;
    memcpy(parent, path, n);
    parent[n] = '\0';
    put_encoded(out, parent, max);
}

static void put_path(const struct header_style *style, const struct header_facts *facts, struct strbuf *out,
                     size_t max)
{
    static const char deleted[] = " (deleted)";

    if (facts->cwd == NULL) {
        strbuf_puts(out, "(unknown)");
        return;
    }
    if (facts->cwd_deleted) {
        max -= strlen(deleted);
    }
    if (style->path == HEADER_PATH_DIRNAME) {
        put_dirname(out, facts->cwd, max);
    } else {
        put_encoded(out, facts->cwd, max);
    }
    strbuf_puts(out, facts->cwd_deleted ? deleted : "");
}

static void put_fields(const struct header_style *style, const struct header_facts *facts, struct strbuf *out)
{
    for (unsigned i = 0; i < style->field_count; i++) {
        if (i > 0 || style->path != HEADER_PATH_NONE) {
            strbuf_puts(out, "; ");
        }
        switch (style->fields[i]) {
        case HEADER_UID:
            strbuf_puts(out, "uid=");
            strbuf_number(out, facts->uid, 1);
            break;
        case HEADER_PID:
            strbuf_puts(out, "pid=");
            strbuf_number(out, (unsigned long long)facts->pid, 1);
            break;
        case HEADER_ID:
            strbuf_puts(out, "id=");
            strbuf_puts(out, facts->id);
            break;
        case HEADER_FIELDS:
            break;
        }
    }
}

void header_format(const struct header_style *style, const struct header_facts *facts, struct strbuf *out)
{
    char fields[160];
    struct strbuf sb;

    strbuf_init(&sb, fields, sizeof fields);
    put_fields(style, facts, &sb);
    strbuf_puts(out, style->name);
    strbuf_puts(out, ": ");
    if (style->path != HEADER_PATH_NONE) {
        put_path(style, facts, out, LINE_MAX_BYTES - strlen(style->name) - 2 - sb.len);
    }
    strbuf_puts(out, fields);
}

/* --- its place -------------------------------------------------------------------------------------------- */

enum verdict { NO, YES, MORE };

/*
 * Whether text[0..len) begins with prefix; MORE when it may, with more bytes.
 */
static enum verdict begins_with(const char *text, size_t len, const char *prefix, bool any_case)
{
    size_t n = strlen(prefix), have = len < n ? len : n;
    bool same = any_case ? strncasecmp(text, prefix, have) == 0 : memcmp(text, prefix, have) == 0;

    return !same ? NO : have < n ? MORE : YES;
}

static const char *skip_blanks(const char *p, const char *end)
{
    while (p < end && (*p == ' ' || *p == '\t')) {
        p++;
    }
    return p;
}

static const char *skip_digits(const char *p, const char *end, int most)
{
    while (p < end && most-- > 0 && *p >= '0' && *p <= '9') {
        p++;
    }
    return p;
}

static const char *skip_letters(const char *p, const char *end, int n)
{
    const char *from = p;

    while (p < end && p - from < n && isalpha((unsigned char)*p)) {
        p++;
    }
    return p - from == n ? p : NULL;
}

/*
 * Exim's uucp_from_pattern (its specification, chapter "Main configuration"): "From sender [Mon] Jan  1 12:34", or with the
 * day before the month and a year of two or four digits after it. p: after "From ".
 */
static bool has_date(const char *p, const char *end)
{
    const char *at, *next;

    p = skip_blanks(p, end);
    while (p < end && *p != ' ' && *p != '\t') { /* the sender */
        p++;
    }
    p = skip_blanks(p, end);
    at = skip_letters(p, end, 3); /* a day of the week, or a month */
    if (at != NULL && at < end) {
        next = skip_blanks(*at == ',' ? at + 1 : at, end);
        if (next > at && (*at == ',' || skip_letters(next, end, 3) != NULL ||
                          skip_letters(skip_blanks(skip_digits(next, end, 2), end), end, 3) != NULL)) {
            p = next;
        }
    }
    at = skip_letters(p, end, 3);
    if (at != NULL) { /* Jan 1 */
        next = skip_digits(skip_blanks(at, end), end, 2);
        if (next == skip_blanks(at, end)) {
            return false;
        }
    } else { /* 1 Jan 26, 1 Jan 2026 */
        next = skip_digits(p, end, 2);
        at = skip_letters(skip_blanks(next, end), end, 3);
        if (next == p || at == NULL) {
            return false;
        }
        next = skip_digits(skip_blanks(at, end), end, 4);
    }
    at = skip_blanks(next, end);
    next = skip_digits(at, end, 2);
    return next > at && next < end && *next == ':' && skip_digits(next + 1, end, 2) > next + 1;
}

/* Whether the line at text[0..len) is a From_ line that this MTA strips. *ret_len: its length, line end included. */
static enum verdict is_from_line(const struct from_lines *from, const char *text, size_t len, bool eof,
                                 size_t *ret_len)
{
    const char *newline = memchr(text, '\n', len < FROM_LINE_MAX ? len : FROM_LINE_MAX);
    size_t marks = 0;
    enum verdict begins;

    while (marks < len && marks < from->marks && text[marks] == '>') {
        marks++;
    }
    if (!from->strips || marks >= FROM_LINE_MAX) {
        return NO;
    }
    begins = begins_with(text + marks, len - marks, "From ", from->any_case);
    if (begins == NO || (newline == NULL && (eof || len >= FROM_LINE_MAX))) {
        return NO;
    }
    if (begins == MORE || newline == NULL) {
        return newline != NULL ? NO : MORE;
    }
    if (from->dated && !has_date(text + marks + 5, newline)) {
        return NO;
    }
    *ret_len = (size_t)(newline - text) + 1;
    return YES;
}

bool header_place(const struct dialect *dialect, const char *message, size_t len, bool eof,
                  struct header_place *ret)
{
    const struct from_lines *from = &dialect->from;
    const char *newline = memchr(message, '\n', len);
    size_t at = 0, line = 0;
    enum verdict verdict;

    if (newline == NULL && !eof) {
        return false;
    }
    do {
        verdict = is_from_line(from, message + at, len - at, eof, &line);
        if (verdict == YES) {
            at += line;
        }
        /* Exim reads a folded From_ line as one. */
        while (verdict == YES && from->dated && at < len && (message[at] == ' ' || message[at] == '\t')) {
            newline = memchr(message + at, '\n', len - at);
            if (newline == NULL) {
                verdict = eof ? NO : MORE;
                break;
            }
            at = (size_t)(newline - message) + 1;
        }
    } while (verdict == YES && from->repeated);
    if (verdict == MORE || (at == len && !eof)) {
        return false;
    }
    newline = memchr(message, '\n', len);
    ret->offset = at;
    ret->eol = newline != NULL && newline > message && newline[-1] == '\r' ? "\r\n" : "\n";
    ret->blank_after = at < len && (message[at] == ' ' || message[at] == '\t');
    return true;
}
