/*
 * header - see header.h. Hostile input: the working directory's name and the message's first bytes.
 * Nothing is allocated and nothing can fail; a path that is too long is cut, and the cut is marked.
 */
#include "header.h"

#include "dialect_table.h"

#include <string.h>
#include <strings.h>

/*
 * With the line's end a line stays below 990 bytes: from there OpenSMTPD encodes the mail anew
 * (enqueue.c, LINESPLIT), and at 998 dma refuses it (RFC 5322, 2.1.1).
 */
#define LINE_MAX_BYTES 988

#define CUT "%..." /* '%' is always followed by two hexadecimal digits in an encoded path */
#define UNKNOWN "(unknown)"
#define DELETED " (deleted)"

/* --- the line ------------------------------------------------------------------------------ */

/* The length of dir's parent directory; "/" is its own. What has no slash is taken whole. */
static size_t parent_length(const char *dir)
{
    size_t len = strlen(dir);

    while (len > 1 && dir[len - 1] == '/') {
        len--;
    }
    if (memchr(dir, '/', len) == NULL) {
        return len;
    }
    while (len > 0 && dir[len - 1] != '/') {
        len--;
    }
    while (len > 1 && dir[len - 1] == '/') {
        len--;
    }
    return len;
}

/* How many bytes of the line this byte of a path becomes: 1, or 3 when percent-encoded. */
static size_t encoded_length(unsigned char c)
{
    return c < 0x20 || c > 0x7e || c == '%' || c == ';' || c == '"' ? 3 : 1;
}

static void put_encoded(struct strbuf *line, unsigned char c)
{
    static const char digits[] = "0123456789ABCDEF";

    if (encoded_length(c) == 1) {
        strbuf_putc(line, (char)c);
        return;
    }
    strbuf_putc(line, '%');
    strbuf_putc(line, digits[c >> 4]);
    strbuf_putc(line, digits[c & 15]);
}

/* Appends path[0..len) encoded, in at most room bytes, CUT among them if it does not fit. */
static void put_path(struct strbuf *line, const char *path, size_t len, size_t room)
{
    size_t whole = 0; /* bytes of the path that fit with CUT behind them */
    size_t used = 0;
    bool fits = true;

    for (size_t i = 0; i < len && fits; i++) {
        used += encoded_length((unsigned char)path[i]);
        if (used + strlen(CUT) <= room) {
            whole = i + 1;
        }
        fits = used <= room;
    }
    for (size_t i = 0; i < (fits ? len : whole); i++) {
        put_encoded(line, (unsigned char)path[i]);
    }
    if (!fits) {
        strbuf_puts(line, CUT);
    }
}

/* Appends "uid=..; pid=..; id=..", each after "; " but the first of the line's value. */
static void put_fields(struct strbuf *line, const struct header_style *style,
                       const struct header_facts *facts, bool first)
{
    for (unsigned i = 0; i < style->field_count && i < HEADER_FIELDS; i++) {
        strbuf_puts(line, first ? " " : "; ");
        first = false;
        switch (style->fields[i]) {
        case HEADER_UID:
            strbuf_puts(line, "uid=");
            strbuf_number(line, facts->uid, 1);
            break;
        case HEADER_PID:
            strbuf_puts(line, "pid=");
            strbuf_number(line, (unsigned long)facts->pid, 1);
            break;
        case HEADER_ID:
            strbuf_puts(line, "id=");
            strbuf_puts(line, facts->id);
            break;
        case HEADER_FIELDS:
            break;
        }
    }
}

void header_format(const struct header_style *style, const struct header_facts *facts,
                   struct strbuf *out)
{
    char line_buf[LINE_MAX_BYTES + 1], fields_buf[256];
    struct strbuf line, fields;
    bool with_path = style->path != HEADER_PATH_NONE;
    bool deleted = with_path && facts->cwd != NULL && facts->cwd_deleted;

    strbuf_init(&fields, fields_buf, sizeof fields_buf);
    put_fields(&fields, style, facts, !with_path);

    strbuf_init(&line, line_buf, sizeof line_buf);
    strbuf_add(&line, style->name, strnlen(style->name, sizeof style->name));
    strbuf_putc(&line, ':');
    if (with_path) {
        const char *path = facts->cwd != NULL ? facts->cwd : UNKNOWN;
        size_t len = style->path == HEADER_PATH_DIRNAME ? parent_length(path) : strlen(path);
        size_t taken = line.len + 1 + (deleted ? strlen(DELETED) : 0) + fields.len;

        strbuf_putc(&line, ' ');
        put_path(&line, path, len, LINE_MAX_BYTES - taken);
    }
    if (deleted) {
        strbuf_puts(&line, DELETED);
    }
    strbuf_add(&line, fields.data, fields.len);
    strbuf_add(out, line.data, line.len);
}

/* --- the place ----------------------------------------------------------------------------- */

enum answer { NO, YES, MORE };

/* What is known of the message from some line on. */
struct text {
    const char *at;
    size_t len;
    bool eof;
    bool crlf; /* the stream's first line ends so */
};

/* Whether text begins with word. MORE: it may, when there is more of it. */
static enum answer begins(const struct text *text, const char *word, bool any_case)
{
    size_t want = strlen(word);
    size_t have = text->len < want ? text->len : want;

    if (any_case ? strncasecmp(text->at, word, have) != 0 : memcmp(text->at, word, have) != 0) {
        return NO;
    }
    return have == want ? YES : text->eof ? NO : MORE;
}

/* The white space that a PCRE \s matches. */
static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_word(char c)
{
    return !is_space(c);
}

/* Whether text begins as a From_ line does. */
static enum answer from_begins(const struct from_lines *from, const struct text *text)
{
    size_t most = from->marks == ANY_MARKS ? from->longest : from->marks == ONE_MARK ? 1 : 0;
    struct text rest = *text;

    while (most > 0 && rest.len > 0 && *rest.at == '>') {
        rest.at++;
        rest.len--;
        most--;
    }
    if (from->dated && rest.len > strlen("From") && !is_space(rest.at[strlen("From")])) {
        return NO;
    }
    return begins(&rest, from->dated ? "From" : "From ", from->any_case);
}

/* Steps over the bytes of a kind and returns how many there were. */
static size_t run(const char **p, const char *end, bool (*kind)(char))
{
    const char *start = *p;

    while (*p < end && kind(**p)) {
        (*p)++;
    }
    return (size_t)(*p - start);
}

/* "Jan  1 12:34" or "1 Jan 2026 12:34", as far as Exim's pattern looks. */
static bool is_date(const char *p, const char *end)
{
    size_t day;

    if (run(&p, end, is_letter) == 3) {
        if (run(&p, end, is_space) == 0) {
            return false;
        }
        day = run(&p, end, is_digit);
    } else {
        size_t year;

        day = run(&p, end, is_digit);
        if (run(&p, end, is_space) == 0 || run(&p, end, is_letter) != 3 ||
            run(&p, end, is_space) == 0) {
            return false;
        }
        year = run(&p, end, is_digit);
        if (year != 2 && year != 4) {
            return false;
        }
    }
    if (day < 1 || day > 2 || run(&p, end, is_space) == 0) {
        return false;
    }
    day = run(&p, end, is_digit); /* the hour, now */
    return day >= 1 && day <= 2 && end - p >= 2 && p[0] == ':' && is_digit(p[1]);
}

/*
 * Exim's uucp_from_pattern (src/globals.c): "From", an address, perhaps a weekday, a date and a
 * time.
 */
static bool is_dated(const char *line, size_t len)
{
    const char *nul = memchr(line, '\0', len);
    const char *end = nul != NULL ? nul : line + len;
    const char *p = line + strlen("From"), *date;

    if (run(&p, end, is_space) == 0 || run(&p, end, is_word) == 0 || run(&p, end, is_space) == 0) {
        return false;
    }
    date = p;
    if (run(&p, end, is_letter) == 3) {
        p += p < end && *p == ',';
        if (run(&p, end, is_space) > 0 && is_date(p, end)) {
            return true;
        }
    }
    return is_date(date, end);
}

/*
 * The bytes up to and with the first line feed from `start` on; 0 if it is not among the first
 * `most` bytes.
 */
static size_t line_end(const struct text *text, size_t start, size_t most)
{
    size_t len = text->len < most ? text->len : most;
    const char *lf = start < len ? memchr(text->at + start, '\n', len - start) : NULL;

    return lf != NULL ? (size_t)(lf - text->at) + 1 : 0;
}

/*
 * Whether Exim goes on with the same line after text's first `length` bytes: the next begins with
 * a blank, or, where the first line of all ended in CRLF, this one ends in a bare LF
 * (receive_msg).
 */
static enum answer is_folded(const struct text *text, size_t length)
{
    if (text->crlf && text->at[length - 2] != '\r') {
        return YES;
    }
    if (length == text->len) {
        return text->eof ? NO : MORE;
    }
    return text->at[length] == ' ' || text->at[length] == '\t' ? YES : NO;
}

/*
 * Whether text begins with a From_ line that is stripped. *ret_length: its bytes, line end
 * included.
 */
static enum answer from_line(const struct from_lines *from, const struct text *text,
                             size_t *ret_length)
{
    enum answer answer = from_begins(from, text);
    enum answer unended = text->eof || text->len >= from->longest ? NO : MORE;
    size_t length = 0;

    if (answer != YES) {
        return answer == MORE ? unended : NO;
    }
    /* A line without an end is not taken: our header could not follow it. */
    do {
        length = line_end(text, length, from->longest);
        if (length == 0) {
            return unended;
        }
        answer = from->dated ? is_folded(text, length) : NO;
        if (answer == MORE) {
            return MORE;
        }
    } while (answer == YES);
    if (from->dated && !is_dated(text->at, length)) {
        return NO;
    }
    *ret_length = length;
    return YES;
}

static bool is_blank(const struct text *text)
{
    return text->len > 0 && (*text->at == ' ' || *text->at == '\t');
}

/* Whether text begins with a line that the MTA takes for the rest of a field of its own. */
static enum answer glued_line(const struct from_lines *from, const struct text *text,
                              size_t *ret_length)
{
    size_t length = is_blank(text) ? line_end(text, 0, FROM_LINE_LONG) : 0;

    if (!from->glues || !is_blank(text)) {
        return NO;
    }
    if (length == 0) {
        return text->eof || text->len >= FROM_LINE_LONG ? NO : MORE;
    }
    *ret_length = length;
    return YES;
}

/*
 * Whether text begins with an empty line and a field behind it. In front of that line our header
 * would end the section for an MTA that reads on there: recipients and sender would be lost.
 */
static enum answer empty_line(const struct from_lines *from, const struct text *text,
                              size_t *ret_length)
{
    size_t length = text->crlf ? 2 : 1, i;

    if (!from->empty || text->len < length || text->at[length - 1] != '\n') {
        return NO;
    }
    for (i = length; i < text->len && text->at[i] > ' ' && text->at[i] <= '~'; i++) {
        if (text->at[i] == ':') {
            *ret_length = length;
            return i > length ? YES : NO;
        }
    }
    return i == text->len && !text->eof ? MORE : NO;
}

static void step(struct text *text, size_t length)
{
    text->at += length;
    text->len -= length;
}

bool header_place(const struct dialect *dialect, const char *message, size_t len, bool eof,
                  struct header_place *ret)
{
    const struct from_lines *from = &dialect->from;
    const char *lf = len > 0 ? memchr(message, '\n', len) : NULL;
    struct text rest = {.at = message, .len = len, .eof = eof};
    enum answer answer = from->longest > 0 ? YES : NO;
    size_t length = 0;

    if (lf == NULL && !eof) {
        return false;
    }
    rest.crlf = lf != NULL && lf > message && lf[-1] == '\r';
    switch (empty_line(from, &rest, &length)) {
    case MORE:
        return false;
    case YES:
        step(&rest, length);
        answer = NO;
        break;
    case NO:
        break;
    }
    while (answer == YES && rest.len > 0) {
        answer = from_line(from, &rest, &length);
        if (answer == YES) {
            step(&rest, length);
            answer = from->repeated ? YES : NO;
        }
    }
    if (answer != MORE) {
        while ((answer = glued_line(from, &rest, &length)) == YES) {
            step(&rest, length);
        }
    }
    if (answer == MORE || (rest.len == 0 && !eof)) {
        return false;
    }
    ret->offset = len - rest.len;
    ret->eol = rest.crlf ? "\r\n" : "\n";
    ret->blank_after = is_blank(&rest);
    return true;
}

bool header_place_smtp(const struct dialect *dialect, bool chunk, const char *message, size_t len,
                       bool eof, struct header_place *ret)
{
    static const struct dialect raw = {.name = "raw"};
    static const struct dialect glues = {.name = "raw, glues", .from = {.glues = true}};

    if (chunk && (dialect->smtp & CHUNKS_RAW) != 0) {
        dialect = &glues;
    } else if ((dialect->smtp & SMTP_RAW) != 0) {
        dialect = (dialect->smtp & SMTP_GLUES) != 0 ? &glues : &raw;
    }
    return header_place(dialect, message, len, eof, ret);
}
