/* mimetext - see mimetext.h. Nothing fails: odd input comes out as it is, or as no date. */
#include "show/mimetext.h"

#include "timearg.h"

#include <string.h>
#include <strings.h>

static int base64_digit(char c)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = c != '\0' ? strchr(digits, c) : NULL;

    return at != NULL ? (int)(at - digits) : -1;
}

static int hex_digit(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
                                  : -1;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* RFC 2045 section 6.8: what is not in the alphabet is ignored. */
size_t mimetext_base64(const char *in, size_t n, char *out)
{
    uint32_t bits = 0;
    unsigned have = 0;
    size_t used = 0;

    for (size_t i = 0; i < n && in[i] != '='; i++) {
        int digit = base64_digit(in[i]);

        if (digit < 0) {
            continue;
        }
        bits = bits << 6 | (uint32_t)digit;
        have += 6;
        if (have >= 8) {
            have -= 8;
            out[used++] = (char)(bits >> have);
        }
    }
    return used;
}

/* The two digits behind a '='; -1 if there are none. */
static int hex_byte(const char *in, size_t n, size_t at)
{
    int high = at + 2 < n ? hex_digit(in[at + 1]) : -1;
    int low = high >= 0 ? hex_digit(in[at + 2]) : -1;

    return low >= 0 ? high * 16 + low : -1;
}

size_t mimetext_quoted_printable(const char *in, size_t n, char *out)
{
    size_t used = 0;

    for (size_t i = 0; i < n; i++) {
        int byte = in[i] == '=' ? hex_byte(in, n, i) : -1;

        if (byte >= 0) {
            out[used++] = (char)byte;
            i += 2;
        } else if (in[i] == '=' && i + 1 < n && in[i + 1] == '\n') {
            i += 1; /* a soft line break */
        } else if (in[i] == '=' && i + 2 < n && in[i + 1] == '\r' && in[i + 2] == '\n') {
            i += 2;
        } else {
            out[used++] = in[i];
        }
    }
    return used;
}

/* RFC 2047 section 4.2 */
static size_t decode_q(const char *in, size_t n, char *out)
{
    size_t used = 0;

    for (size_t i = 0; i < n; i++) {
        int byte = in[i] == '=' ? hex_byte(in, n, i) : -1;

        out[used++] = byte >= 0 ? (char)byte : in[i] == '_' ? ' ' : in[i];
        i += byte >= 0 ? 2 : 0;
    }
    return used;
}

/* The encoded-word "=?charset?Q?text?=" at in. Returns its length, 0 if there is none; its text
 * goes to out. */
static size_t encoded_word(const char *in, size_t n, char *out, size_t *ret_used)
{
    const char *charset, *kind, *end;

    if (n < 8 || in[0] != '=' || in[1] != '?') {
        return 0;
    }
    charset = memchr(in + 2, '?', n - 2);
    if (charset == NULL || (size_t)(charset - in) + 4 > n || charset[2] != '?') {
        return 0;
    }
    kind = charset + 1;
    end = memmem(kind + 2, n - (size_t)(kind + 2 - in), "?=", 2);
    if (end == NULL || strchr("bBqQ", *kind) == NULL || *kind == '\0') {
        return 0;
    }
    *ret_used = *kind == 'b' || *kind == 'B'
                    ? mimetext_base64(kind + 2, (size_t)(end - kind - 2), out)
                    : decode_q(kind + 2, (size_t)(end - kind - 2), out);
    return (size_t)(end + 2 - in);
}

static size_t collapse(char *text, size_t n)
{
    size_t used = 0;

    for (size_t i = 0; i < n; i++) {
        if (!is_blank(text[i])) {
            text[used++] = text[i];
        } else if (used > 0 && text[used - 1] != ' ') {
            text[used++] = ' ';
        }
    }
    return used > 0 && text[used - 1] == ' ' ? used - 1 : used;
}

size_t mimetext_words(const char *in, size_t n, char *out)
{
    size_t used = 0, word_end = 0; /* where in out the last encoded-word ended */
    bool only_blanks = false;      /* since then */

    for (size_t i = 0; i < n;) {
        size_t got = 0, to = only_blanks ? word_end : used;
        size_t took = in[i] == '=' ? encoded_word(in + i, n - i, out + to, &got) : 0;

        if (took > 0) {
            used = word_end = to + got;
            only_blanks = true;
            i += took;
            continue;
        }
        only_blanks = only_blanks && is_blank(in[i]);
        out[used++] = in[i++];
    }
    return collapse(out, used);
}

/* --- dates ---------------------------------------------------------------------------------- */

struct cursor {
    const char *at, *end;
};

static void skip_blanks(struct cursor *c)
{
    while (c->at < c->end && is_blank(*c->at)) {
        c->at++;
    }
}

/* A number of min to max digits. */
static bool number(struct cursor *c, int min, int max, int *ret)
{
    int digits = 0, value = 0;

    while (c->at < c->end && digits < max && *c->at >= '0' && *c->at <= '9') {
        value = value * 10 + (*c->at++ - '0');
        digits++;
    }
    *ret = value;
    return digits >= min;
}

static bool month(struct cursor *c, int *ret)
{
    static const char names[] = "janfebmaraprmayjunjulaugsepoctnovdec";

    for (int i = 0; i < 12 && c->end - c->at >= 3; i++) {
        if (strncasecmp(c->at, names + (ptrdiff_t)3 * i, 3) == 0) {
            c->at += 3;
            *ret = i + 1;
            return true;
        }
    }
    return false;
}

static bool clock_time(struct cursor *c, int *hour, int *minute, int *second)
{
    *second = 0;
    if (!number(c, 1, 2, hour) || c->at == c->end || *c->at++ != ':' || !number(c, 2, 2, minute)) {
        return false;
    }
    if (c->at < c->end && *c->at == ':') {
        c->at++;
        return number(c, 2, 2, second);
    }
    return *hour < 24 && *minute < 60;
}

/* Seconds east of UTC; names of zones are worth nothing (RFC 5322 section 4.3) and count as UTC. */
static int zone(struct cursor *c)
{
    int hhmm, sign;

    if (c->at == c->end || (*c->at != '+' && *c->at != '-')) {
        return 0;
    }
    sign = *c->at++ == '-' ? -1 : 1;
    return number(c, 4, 4, &hhmm) ? sign * (hhmm / 100 * 3600 + hhmm % 100 * 60) : 0;
}

bool mimetext_date(const char *in, size_t n, int64_t *ret)
{
    struct cursor c = {in, in + n};
    const char *comma = memchr(in, ',', n);
    int day, mon, year, hour, minute, second;

    if (comma != NULL && comma - in < 12) {
        c.at = comma + 1;
    }
    skip_blanks(&c);
    if (!number(&c, 1, 2, &day) || day < 1 || day > 31) {
        return false;
    }
    skip_blanks(&c);
    if (!month(&c, &mon)) {
        return false;
    }
    skip_blanks(&c);
    if (!number(&c, 4, 4, &year) || year < 1970) {
        return false;
    }
    skip_blanks(&c);
    if (!clock_time(&c, &hour, &minute, &second)) {
        return false;
    }
    skip_blanks(&c);
    *ret = timearg_utc(year, mon, day, hour, minute, second) - zone(&c) * INT64_C(1000000);
    return true;
}
