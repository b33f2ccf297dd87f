/*
 * codec - see codec.h. Hostile input: every byte to escape, and every byte of a text to unescape (a
 * log can be torn, and a syslog file can hold what any local user wrote). On failure: codec_escape
 * cuts and says so, codec_unescape refuses; neither writes outside the space it was given.
 */
#include "codec.h"

#include <string.h>

#define CUT_LEN (sizeof CODEC_CUT - 1)
#define UNIT_MAX 4 /* bytes of one escape or one UTF-8 sequence */

/* Together with a '[' behind it, what a reader takes for the beginning of a record. */
static const char tag[] = "sendmail-wrapper";
#define TAG_LEN (sizeof tag - 1)

static const char hex_digits[] = "0123456789abcdef";

/* Bytes that stand as they are, whatever is around them. '[' depends on what is before it. */
static bool is_plain(unsigned char c)
{
    return c >= 0x20 && c < 0x7f && c != '\\' && c != '"' && c != '[';
}

static size_t plain_run(const char *bytes, size_t n)
{
    size_t i = 0;

    while (i < n && is_plain((unsigned char)bytes[i])) {
        i++;
    }
    return i;
}

static bool follows_tag(const char *bytes, size_t at)
{
    return at >= TAG_LEN && memcmp(bytes + at - TAG_LEN, tag, TAG_LEN) == 0;
}

size_t codec_utf8(const unsigned char *s, size_t n, unsigned long *ret_point)
{
    static const unsigned long smallest[UNIT_MAX + 1] = {0, 0, 0x80, 0x800, 0x10000};
    size_t len = s[0] >= 0xf8 ? 0 : s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : s[0] >= 0xc0 ? 2 : 0;
    unsigned long point;

    if (len == 0 || len > n) {
        return 0;
    }
    point = s[0] & (0xffU >> (len + 1));
    for (size_t i = 1; i < len; i++) {
        if ((s[i] & 0xc0) != 0x80) {
            return 0;
        }
        point = point << 6 | (s[i] & 0x3fU);
    }
    if (point < smallest[len] || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff)) {
        return 0;
    }
    *ret_point = point;
    return len;
}

/*
 * Code points that end a line or turn the reading direction of what follows on a terminal or in a
 * browser: C1 controls, the separators, and the characters of Unicode's Bidi_Control property.
 */
static bool is_deceiving(unsigned long point)
{
    return (point >= 0x80 && point <= 0x9f) || point == 0x061c || point == 0x200e ||
           point == 0x200f || (point >= 0x2028 && point <= 0x202e) ||
           (point >= 0x2066 && point <= 0x2069);
}

static size_t write_hex(unsigned char c, char ret[UNIT_MAX])
{
    ret[0] = '\\';
    ret[1] = 'x';
    ret[2] = hex_digits[c >> 4];
    ret[3] = hex_digits[c & 15];
    return 4;
}

/*
 * Writes what stands for the unit at bytes[at], at < n: returns the length of the text in ret, and
 * in *ret_took how many bytes it stands for.
 */
static size_t escape_unit(const char *bytes, size_t n, size_t at, char ret[UNIT_MAX],
                          size_t *ret_took)
{
    unsigned char c = (unsigned char)bytes[at];
    unsigned long point;

    *ret_took = 1;
    if (is_plain(c) || (c == '[' && !follows_tag(bytes, at))) {
        ret[0] = (char)c;
        return 1;
    }
    if (c >= 0x80) {
        size_t len = codec_utf8((const unsigned char *)bytes + at, n - at, &point);

        if (len == 0 || is_deceiving(point)) {
            return write_hex(c, ret); /* the bytes after it come here one by one as well */
        }
        memcpy(ret, bytes + at, len);
        *ret_took = len;
        return len;
    }
    ret[0] = '\\';
    switch (c) {
    case '\\':
    case '"':
        ret[1] = (char)c;
        return 2;
    case '\n':
        ret[1] = 'n';
        return 2;
    case '\r':
        ret[1] = 'r';
        return 2;
    case '\t':
        ret[1] = 't';
        return 2;
    default:
        return write_hex(c, ret);
    }
}

bool codec_escape(struct strbuf *out, const char *bytes, size_t n, size_t max)
{
    const size_t start = out->len;
    const size_t before_cut = max < CUT_LEN ? 0 : max - CUT_LEN;
    size_t at = 0;
    size_t used = 0;
    size_t last = 0; /* the longest that may stand before CODEC_CUT, between two units */
    bool overflow;

    while (at < n) {
        char unit[UNIT_MAX];
        size_t limit = (used < before_cut ? before_cut : max) - used;
        size_t took = plain_run(bytes + at, n - at < limit ? n - at : limit);
        size_t len = took;

        if (took > 0) {
            strbuf_add(out, bytes + at, took);
        } else {
            len = escape_unit(bytes, n, at, unit, &took);
            if (len > max - used) {
                break;
            }
            strbuf_add(out, unit, len);
        }
        used += len;
        at += took;
        if (used <= before_cut) {
            last = used;
        }
    }
    overflow = out->overflow;
    if (at < n && !overflow) {
        strbuf_truncate(out, start + last);
        strbuf_add(out, CODEC_CUT, max < CUT_LEN ? 0 : CUT_LEN);
        overflow = out->overflow;
    }
    if (overflow) { /* whole or not at all, as every append */
        strbuf_truncate(out, start);
        out->overflow = true;
    }
    return at == n;
}

/* The value of a digit as codec_escape writes it, lower case; -1 for anything else. */
static int hex_value(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Whether codec_escape writes c as \xHH behind before[0..n). */
static bool is_written_as_hex(unsigned char c, const char *before, size_t n)
{
    if (c == '[') {
        return follows_tag(before, n);
    }
    return c >= 0x7f || (c < 0x20 && c != '\n' && c != '\r' && c != '\t');
}

/*
 * Reads the escape text[0..n), n >= 1, text[0] a backslash; before[0..done) is what is decoded so
 * far. Returns how much of text it takes, 0 if codec_escape writes no such escape.
 */
static size_t unescape_unit(const char *text, size_t n, const char *before, size_t done, char *ret)
{
    static const char letters[] = "\\\"nrt";
    static const char meanings[] = "\\\"\n\r\t";
    const char *letter;
    int high, low;

    if (n < 2) {
        return 0;
    }
    if (text[1] == 'x') {
        if (n < 4 || (high = hex_value(text[2])) < 0 || (low = hex_value(text[3])) < 0 ||
            !is_written_as_hex((unsigned char)(high << 4 | low), before, done)) {
            return 0;
        }
        *ret = (char)(high << 4 | low);
        return 4;
    }
    letter = memchr(letters, text[1], sizeof letters - 1);
    if (letter == NULL) {
        return 0;
    }
    *ret = meanings[letter - letters];
    return 2;
}

bool codec_unescape(char *text, size_t *len, bool *ret_cut)
{
    size_t n = *len;
    size_t to = 0;

    for (size_t from = 0; from < n;) {
        char *backslash = memchr(text + from, '\\', n - from);
        size_t run = (backslash == NULL ? n : (size_t)(backslash - text)) - from;
        size_t took;

        if (to != from) {
            memmove(text + to, text + from, run);
        }
        to += run;
        from += run;
        if (from == n) {
            break;
        }
        if (n - from == CUT_LEN && memcmp(text + from, CODEC_CUT, CUT_LEN) == 0) {
            *len = to;
            *ret_cut = true;
            return true;
        }
        took = unescape_unit(text + from, n - from, text, to, text + to);
        if (took == 0) {
            return false;
        }
        from += took;
        to++;
    }
    *len = to;
    *ret_cut = false;
    return true;
}
