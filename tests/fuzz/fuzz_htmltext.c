/*
 * fuzz_htmltext - any bytes, raw or as a record's value: what is written is UTF-8 without a
 * character that could open or close an element, an attribute or a reference of its own, without
 * controls and without what turns the direction.
 */
#include "fuzz.h"

#include "admin/report/htmltext.h"

#include <stdio.h>
#include <string.h>

/* The length of the reference at text; 0: it is none of ours. */
static size_t reference(const char *text, size_t n)
{
    static const char *const known[] = {"&amp;", "&lt;", "&gt;", "&quot;", "&#39;"};

    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        size_t len = strlen(known[i]);

        if (len <= n && memcmp(text, known[i], len) == 0) {
            return len;
        }
    }
    return 0;
}

/* A sequence's code point; *ret_len: its length. */
static uint32_t point_of(const unsigned char *s, size_t n, size_t *ret_len)
{
    size_t len = s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : 2;
    uint32_t point = s[0] & (0xffU >> (len + 1));

    require(s[0] >= 0xc2 && s[0] <= 0xf4 && len <= n);
    for (size_t i = 1; i < len; i++) {
        require((s[i] & 0xc0) == 0x80);
        point = point << 6 | (s[i] & 0x3fU);
    }
    *ret_len = len;
    return point;
}

static void check(const char *text, size_t n)
{
    size_t len;

    for (size_t at = 0; at < n; at += len) {
        unsigned char c = (unsigned char)text[at];

        len = 1;
        if (c == '&') {
            len = reference(text + at, n - at);
            require(len > 0);
        } else if (c < 0x80) {
            require(c >= ' ' && c != 0x7f && strchr("<>\"'", c) == NULL);
        } else {
            uint32_t point = point_of((const unsigned char *)text + at, n - at, &len);

            require(point >= 0xa0 && (point < 0xd800 || point > 0xdfff) && point <= 0x10ffff);
            require((point < 0x200b || point > 0x200f) && (point < 0x2028 || point > 0x202e) &&
                    (point < 0x2066 || point > 0x2069) && point != 0x61c && point != 0xfeff);
        }
    }
}

static void put_and_check(void (*put)(FILE *to, const char *bytes, size_t n), const char *bytes,
                          size_t n)
{
    char *text = NULL;
    size_t len = 0;
    FILE *to = open_memstream(&text, &len);

    require(to != NULL);
    put(to, bytes, n);
    (void)fclose(to);
    check(text, len);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    put_and_check(htmltext_bytes, (const char *)data, size);
    put_and_check(htmltext_escaped, (const char *)data, size);
    return 0;
}
