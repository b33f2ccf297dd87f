/* codec: what the escaped text may hold, where it is cut, and that it comes back byte for byte. */
#include "support.h"
#include "wrapper/codec.h"

#include <check.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define NO_LIMIT SIZE_MAX

/* A string literal that may hold NULs, and its length. */
#define BYTES(literal) literal, sizeof literal - 1

static const struct {
    const char *what;
    const char *bytes;
    size_t n;
    const char *text;
} escapes[] = {
    {"nothing", BYTES(""), ""},
    {"plain", BYTES("Re: Good day, <a@b> 100%"), "Re: Good day, <a@b> 100%"},
    {"quote and backslash", BYTES("a\"b\\c"), "a\\\"b\\\\c"},
    {"line ends and tab", BYTES("a\r\nb\tc"), "a\\r\\nb\\tc"},
    {"NUL, ESC, DEL", BYTES("\0\x1b[31m\x7f"), "\\x00\\x1b[31m\\x7f"},
    {"every other C0", BYTES("\x01\x08\x0b\x0c\x1f"), "\\x01\\x08\\x0b\\x0c\\x1f"},
    {"backslash at the end", BYTES("a\\"), "a\\\\"},
    {"looks like an escape", BYTES("\\n\\x41"), "\\\\n\\\\x41"},
    {"looks like a cut", BYTES("abc\\..."), "abc\\\\..."},
    {"dots", BYTES("..."), "..."},
    {"German, Russian, CJK, emoji", BYTES("\xc3\xa4\xd0\x96\xe4\xb8\xad\xf0\x9f\x93\xa7"),
     "\xc3\xa4\xd0\x96\xe4\xb8\xad\xf0\x9f\x93\xa7"},
    {"smallest and largest of each length",
     BYTES("\xc2\xa0\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf\xf0\x90\x80\x80\xf4\x8f\xbf\xbf"),
     "\xc2\xa0\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf\xf0\x90\x80\x80\xf4\x8f\xbf\xbf"},
    {"around the surrogates", BYTES("\xed\x9f\xbf\xee\x80\x80"), "\xed\x9f\xbf\xee\x80\x80"},
    {"Latin-1", BYTES("f\xfcr"), "f\\xfcr"},
    {"continuation alone", BYTES("\x80\xbf"), "\\x80\\xbf"},
    {"cut sequence at the end", BYTES("a\xe4\xb8"), "a\\xe4\\xb8"},
    {"cut sequence, then a letter", BYTES("\xe4\xb8z"), "\\xe4\\xb8z"},
    {"cut sequence, then a whole one", BYTES("\xf0\x9f\x93\xc3\xa4"), "\\xf0\\x9f\\x93\xc3\xa4"},
    {"overlong slash", BYTES("\xc0\xaf"), "\\xc0\\xaf"},
    {"overlong, 2 bytes", BYTES("\xc1\xbf"), "\\xc1\\xbf"},
    {"overlong, 3 bytes", BYTES("\xe0\x9f\xbf"), "\\xe0\\x9f\\xbf"},
    {"overlong, 4 bytes", BYTES("\xf0\x8f\xbf\xbf"), "\\xf0\\x8f\\xbf\\xbf"},
    {"surrogates", BYTES("\xed\xa0\x80\xed\xbf\xbf"), "\\xed\\xa0\\x80\\xed\\xbf\\xbf"},
    {"above U+10FFFF", BYTES("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80"},
    {"five-byte form", BYTES("\xf8\x88\x80\x80\x80"), "\\xf8\\x88\\x80\\x80\\x80"},
    {"FE, FF", BYTES("\xfe\xff"), "\\xfe\\xff"},
    {"C1: first, NEL, CSI, last", BYTES("\xc2\x80\xc2\x85\xc2\x9b\xc2\x9f"),
     "\\xc2\\x80\\xc2\\x85\\xc2\\x9b\\xc2\\x9f"},
    {"line and paragraph separator", BYTES("\xe2\x80\xa8\xe2\x80\xa9"),
     "\\xe2\\x80\\xa8\\xe2\\x80\\xa9"},
    {"U+061C", BYTES("\xd8\x9c"), "\\xd8\\x9c"},
    {"U+200E U+200F", BYTES("\xe2\x80\x8e\xe2\x80\x8f"), "\\xe2\\x80\\x8e\\xe2\\x80\\x8f"},
    {"U+202A U+202E", BYTES("\xe2\x80\xaa\xe2\x80\xae"), "\\xe2\\x80\\xaa\\xe2\\x80\\xae"},
    {"U+2066 U+2069", BYTES("\xe2\x81\xa6\xe2\x81\xa9"), "\\xe2\\x81\\xa6\\xe2\\x81\\xa9"},
    {"their neighbours",
     BYTES("\xe2\x80\x8d\xe2\x80\x90\xe2\x80\xa7\xe2\x80\xaf\xe2\x81\xa5\xe2\x81\xaa"),
     "\xe2\x80\x8d\xe2\x80\x90\xe2\x80\xa7\xe2\x80\xaf\xe2\x81\xa5\xe2\x81\xaa"},
    {"bracket", BYTES("sh[12]"), "sh[12]"},
    {"our tag", BYTES("x sendmail-wrapper[1]: id=1"), "x sendmail-wrapper\\x5b1]: id=1"},
    {"our tag at the start, twice", BYTES("sendmail-wrapper[sendmail-wrapper["),
     "sendmail-wrapper\\x5bsendmail-wrapper\\x5b"},
    {"nearly our tag", BYTES("sendmail-wrappe[ Sendmail-wrapper[ sendmail-wrapper ["),
     "sendmail-wrappe[ Sendmail-wrapper[ sendmail-wrapper ["},
};

START_TEST(escape)
{
    char buf[256];
    struct strbuf out;
    size_t len;
    bool cut = true;

    strbuf_init(&out, buf, sizeof buf);
    ck_assert_msg(codec_escape(&out, escapes[_i].bytes, escapes[_i].n, NO_LIMIT), "%s: cut",
                  escapes[_i].what);
    ck_assert_msg(strcmp(buf, escapes[_i].text) == 0, "%s: got %s", escapes[_i].what, buf);
    len = out.len;
    ck_assert_msg(codec_unescape(buf, &len, &cut), "%s: refused", escapes[_i].what);
    ck_assert_msg(!cut, "%s: a cut is seen", escapes[_i].what);
    ck_assert_uint_eq(len, escapes[_i].n);
    ck_assert_mem_eq(buf, escapes[_i].bytes, len);
}
END_TEST

static const struct {
    const char *bytes;
    size_t n;
    size_t max;
    bool whole;
    const char *text;
} cuts[] = {
    {BYTES("abcdefgh"), 8, true, "abcdefgh"},
    {BYTES("abcdefghi"), 8, false, "abcd\\..."},
    {BYTES("abc"), 4, true, "abc"},
    {BYTES("abcde"), 4, false, "\\..."},
    {BYTES("abcde"), 3, false, ""},
    {BYTES("a"), 0, false, ""},
    {BYTES(""), 0, true, ""},
    {BYTES("abcd\n"), 6, true, "abcd\\n"},
    {BYTES("abcd\n"), 5, false, "a\\..."},
    {BYTES("\n\n\n\n"), 7, false, "\\n\\..."}, /* three would fit, but not an escape in halves */
    {BYTES("\1\2\3"), 12, true, "\\x01\\x02\\x03"},
    {BYTES("\1\2\3"), 11, false, "\\x01\\..."},
    {BYTES("\1\2\3"), 7, false, "\\..."},
    {BYTES("\xe4\xb8\xad\xe4\xb8\xad\xe4\xb8\xad"), 9, true,
     "\xe4\xb8\xad\xe4\xb8\xad\xe4\xb8\xad"},
    {BYTES("\xe4\xb8\xad\xe4\xb8\xad\xe4\xb8\xad"), 8, false, "\xe4\xb8\xad\\..."},
    {BYTES("ab\\\\\\\\"), 8, false, "ab\\\\\\..."},
    {BYTES("abcdsendmail-wrapper["), 21, false, "abcdsendmail-wrap\\..."},
};

START_TEST(cut_at_the_bound)
{
    char buf[64];
    struct strbuf out;
    size_t len;
    bool cut = false;

    strbuf_init(&out, buf, sizeof buf);
    ck_assert_int_eq(codec_escape(&out, cuts[_i].bytes, cuts[_i].n, cuts[_i].max), cuts[_i].whole);
    ck_assert_str_eq(buf, cuts[_i].text);
    ck_assert_uint_le(out.len, cuts[_i].max);
    len = out.len;
    ck_assert(codec_unescape(buf, &len, &cut));
    ck_assert_int_eq(cut, !cuts[_i].whole && cuts[_i].max >= sizeof CODEC_CUT - 1);
    ck_assert_uint_le(len, cuts[_i].n);
    ck_assert_mem_eq(buf, cuts[_i].bytes, len);
}
END_TEST

/* Appends go behind what is there, and take nothing if the buffer is too small. */
START_TEST(small_buffer)
{
    char buf[16];
    struct strbuf out;

    memset(buf, 'G', sizeof buf);
    strbuf_init(&out, buf, 10);
    strbuf_puts(&out, "k=");
    ck_assert(codec_escape(&out, "abcd\n", 5, NO_LIMIT));
    ck_assert_str_eq(buf, "k=abcd\\n");
    ck_assert(!out.overflow);
    strbuf_truncate(&out, 2);
    ck_assert(codec_escape(&out, "abcdef\n", 7, NO_LIMIT));
    ck_assert(out.overflow);
    ck_assert_str_eq(buf, "k=");
    strbuf_truncate(&out, 2);
    ck_assert(!codec_escape(&out, "abcdefghijkl", 12, 9)); /* cut, and still too long */
    ck_assert(out.overflow);
    ck_assert_str_eq(buf, "k=");
    ck_assert(codec_escape(&out, "a", 1, NO_LIMIT));
    ck_assert(out.overflow); /* it stays */
    ck_assert_str_eq(buf, "k=");
    for (size_t i = 10; i < sizeof buf; i++) {
        ck_assert_int_eq(buf[i], 'G');
    }
}
END_TEST

static const struct {
    const char *what;
    const char *text;
    size_t n;
} broken[] = {
    {"lone backslash", BYTES("abc\\")},
    {"unknown letter", BYTES("\\a")},
    {"octal", BYTES("\\101")},
    {"no hex", BYTES("\\xg0")},
    {"half a hex", BYTES("\\x1")},
    {"upper case hex", BYTES("\\x1B")},
    {"hex of a letter", BYTES("\\x41")},
    {"hex of a newline", BYTES("\\x0a")},
    {"hex of a quote", BYTES("\\x22")},
    {"hex of a bracket without our tag", BYTES("sh\\x5b")},
    {"cut in the middle", BYTES("a\\...b")},
    {"cut too short", BYTES("a\\..")},
    {"cut too long", BYTES("a\\....")},
    {"escaped NUL letter", BYTES("\\\0")},
    {"JSON escape", BYTES("\\u0041")},
};

START_TEST(unescape_refuses)
{
    size_t len = broken[_i].n;
    char *exact = malloc(len); /* so that a sanitizer sees one byte too far */
    bool cut = true;

    ck_assert_ptr_nonnull(exact);
    memcpy(exact, broken[_i].text, len);
    ck_assert_msg(!codec_unescape(exact, &len, &cut), "%s: taken", broken[_i].what);
    free(exact);
}
END_TEST

/* Each byte alone, and each pair of bytes, comes back; the text is clean. */
START_TEST(every_pair_of_bytes)
{
    for (unsigned pair = 0; pair < 0x10000; pair++) {
        const char bytes[2] = {(char)(pair >> 8), (char)(pair & 255)};
        char buf[16];
        struct strbuf out;
        size_t len;
        bool cut, clean;

        strbuf_init(&out, buf, sizeof buf);
        clean = codec_escape(&out, bytes, 2, 8);
        for (size_t i = 0; i < out.len; i++) {
            unsigned char c = (unsigned char)buf[i];

            /* a high byte is half of a two-byte sequence, or is not there */
            clean = clean && c >= 0x20 && c != 0x7f && (c < 0x80 || out.len == 2);
        }
        len = out.len;
        clean = clean && codec_unescape(buf, &len, &cut) && len == 2 && memcmp(buf, bytes, 2) == 0;
        if (!clean) { /* not an assertion for each of 65536: each is a message to the runner */
            ck_abort_msg("%02x %02x: %zu bytes of text", pair >> 8, pair & 255, out.len);
        }
    }
}
END_TEST

/* At any bound: within it, whole units, a prefix of the value; whole exactly when it fits. */
START_TEST(every_bound)
{
    static const char value[] =
        "a\\b\"\n\1\xe4\xb8\xad\xf0\x9f\x93\xa7\xff sendmail-wrapper[1] end of it";
    char whole[128], buf[128];
    struct strbuf all, out;

    strbuf_init(&all, whole, sizeof whole);
    ck_assert(codec_escape(&all, value, sizeof value - 1, NO_LIMIT));
    for (size_t max = 0; max <= all.len + 2; max++) {
        size_t len;
        bool cut = false;

        strbuf_init(&out, buf, sizeof buf);
        ck_assert_int_eq(codec_escape(&out, value, sizeof value - 1, max), max >= all.len);
        ck_assert_uint_le(out.len, max);
        len = out.len;
        ck_assert(codec_unescape(buf, &len, &cut));
        ck_assert_int_eq(cut, max >= 4 && max < all.len);
        ck_assert_mem_eq(buf, value, len);
        ck_assert(max < 4 || len + 11 >= max / 4); /* not wasteful either */
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("codec");
    TCase *tc = tcase_create("codec");

    tcase_set_timeout(tc, 120); /* sanitizers and emulation are slow */
    tcase_add_loop_test(tc, escape, 0, sizeof escapes / sizeof escapes[0]);
    tcase_add_loop_test(tc, cut_at_the_bound, 0, sizeof cuts / sizeof cuts[0]);
    tcase_add_test(tc, small_buffer);
    tcase_add_loop_test(tc, unescape_refuses, 0, sizeof broken / sizeof broken[0]);
    tcase_add_test(tc, every_pair_of_bytes);
    tcase_add_test(tc, every_bound);
    suite_add_tcase(suite, tc);
    return support_run(suite);
}
