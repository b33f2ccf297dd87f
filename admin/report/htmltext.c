/*
 * htmltext - see htmltext.h. Hostile: every byte. Nothing is refused and nothing is lost; what is
 * no text comes out as an escape.
 */
#include "report/htmltext.h"

#include "context.h"
#include "wrapper/codec.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

struct range {
    uint32_t first, last;
};

static bool is_in(unsigned long point, const struct range *ranges, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (point >= ranges[i].first && point <= ranges[i].last) {
            return true;
        }
    }
    return false;
}

/*
 * Not shown as they are. HTML, "preprocessing the input stream": controls and noncharacters are
 * parse errors; Unicode's Bidi_Control and Default_Ignorable_Code_Point make one text look like
 * another. Of the latter the variation selectors stay: an emoji has them, and alone they do
 * nothing.
 */
static bool is_unseen(unsigned long point)
{
    static const struct range unseen[] = {
        {0x7f, 0x9f},       {0xad, 0xad},       {0x34f, 0x34f},     {0x61c, 0x61c},
        {0x115f, 0x1160},   {0x17b4, 0x17b5},   {0x180b, 0x180f},   {0x200b, 0x200f},
        {0x2028, 0x202e},   {0x2060, 0x206f},   {0x2800, 0x2800},   {0x3164, 0x3164},
        {0xfdd0, 0xfdef},   {0xfeff, 0xfeff},   {0xffa0, 0xffa0},   {0xfff0, 0xfffb},
        {0x1bca0, 0x1bca3}, {0x1d173, 0x1d17a}, {0xe0000, 0xe0fff},
    };

    return (point & 0xfffe) == 0xfffe || is_in(point, unseen, sizeof unseen / sizeof unseen[0]);
}

/* Marks that stand above or below the letter before: many of them cover the lines around. */
static bool is_mark(unsigned long point)
{
    static const struct range marks[] = {{0x300, 0x36f},   {0x483, 0x489},   {0x1ab0, 0x1aff},
                                         {0x1dc0, 0x1dff}, {0x20d0, 0x20ff}, {0xfe20, 0xfe2f}};

    return is_in(point, marks, sizeof marks / sizeof marks[0]);
}

/* The code point at s; returns its sequence's length; 0: s begins none. */
static size_t decode(const unsigned char *s, size_t n, unsigned long *ret)
{
    if (s[0] >= 0x80) {
        return codec_utf8(s, n, ret);
    }
    *ret = s[0];
    return 1;
}

static const char *reference(unsigned long point)
{
    switch (point) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    case '\n':
        return "\\n";
    case '\r':
        return "\\r";
    case '\t':
        return "\\t";
    default:
        return NULL;
    }
}

void htmltext_bytes(FILE *to, const char *bytes, size_t n)
{
    size_t len, marks = 0;
    unsigned long point;

    for (size_t at = 0; at < n; at += len) {
        len = decode((const unsigned char *)bytes + at, n - at, &point);
        if (len == 0) {
            (void)fprintf(to, "\\x%02x", (unsigned char)bytes[at]);
            len = 1;
            continue;
        }
        marks = is_mark(point) ? marks + 1 : 0;
        if (reference(point) != NULL) {
            (void)fputs(reference(point), to);
        } else if (point < ' ' || point == 0x7f) {
            (void)fprintf(to, "\\x%02lx", point);
        } else if (is_unseen(point) || marks > HTMLTEXT_MARKS) {
            (void)fprintf(to, "\\u{%04lx}", point);
        } else {
            (void)fwrite(bytes + at, 1, len, to);
        }
    }
}

void htmltext_escaped(FILE *to, const char *text, size_t n)
{
    char *copy = context_copy(text, n);
    size_t len = n;
    bool cut = false;

    if (codec_unescape(copy, &len, &cut)) {
        htmltext_bytes(to, copy, len);
    } else {
        htmltext_bytes(to, text, n);
    }
    if (cut) {
        (void)fputs("\xe2\x80\xa6", to);
    }
    free(copy);
}
