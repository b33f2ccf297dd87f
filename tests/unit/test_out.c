/* out: the same objects as text and as JSON, and nothing foreign that reaches a terminal as it is.
 */
#include "admin/out.h"
#include "support.h"

#include <check.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

/* Runs print and returns what it printed; the caller frees. */
static char *printed(bool json, bool colour, void (*print)(struct out *out))
{
    char *text = NULL;
    size_t len = 0;
    FILE *to = open_memstream(&text, &len);
    struct out *out;

    ck_assert_ptr_nonnull(to);
    out = out_new(to, json, colour);
    print(out);
    ck_assert(out_free(out));
    (void)fclose(to);
    return text;
}

static void check_printed(bool json, void (*print)(struct out *out), const char *want)
{
    char *got = printed(json, false, print);

    ck_assert_str_eq(got, want);
    free(got);
}

static void two_rows(struct out *out)
{
    static const uint32_t counts[] = {0, 1, 4, 8};

    out_begin(out, "origin", OUT_TABLE);
    out_number(out, "count", "calls", 12);
    out_string(out, "user", "user", "web274");
    out_real(out, "share", "share", 92.35, 1, " %");
    out_bars(out, "bars", "chart", counts, 4);
    out_string(out, "cwd", "directory", "/var/www/web274");
    out_end(out);
    out_begin(out, "origin", OUT_TABLE);
    out_number(out, "count", "calls", 1);
    out_string(out, "user", "user", NULL);
    out_real(out, "share", "share", 7.65, 1, " %");
    out_bars(out, "bars", "chart", counts, 0);
    out_string(out, "cwd", "directory", "/");
    out_end(out);
    out_note(out, "%d messages", 13);
}

START_TEST(a_table_as_text)
{
    check_printed(false, two_rows,
                  "calls  user     share  chart  directory\n"
                  "   12  web274  92.3 %  .148   /var/www/web274\n"
                  "    1  -        7.7 %         /\n"
                  "13 messages\n");
}
END_TEST

START_TEST(a_table_as_json)
{
    check_printed(
        true, two_rows,
        "{\"schema\":1,\"kind\":\"origin\",\"count\":12,\"user\":\"web274\",\"share\":92.3,"
        "\"bars\":[0,1,4,8],\"cwd\":\"/var/www/web274\"}\n"
        "{\"schema\":1,\"kind\":\"origin\",\"count\":1,\"share\":7.7,\"bars\":[],"
        "\"cwd\":\"/\"}\n");
}
END_TEST

static void a_call(struct out *out)
{
    out_begin(out, "call", OUT_BLOCK);
    out_string(out, "user", "user", "web274");
    out_string(out, "script", "script", NULL);
    out_time(out, "time", NULL, INT64_C(1795278031123456));
    out_time(out, "first", NULL, -1);
    out_bool(out, "known", "known", true);
    out_span(out, "age", "age", 7200);
    out_list_begin(out, "why", "because");
    out_list_add(out, "one", 3);
    out_list_add(out, "two", 3);
    out_list_end(out);
    out_array_begin(out, "requests", "requests");
    out_object_begin(out, NULL, NULL);
    out_string(out, "client", "client", "192.0.2.7");
    out_object_end(out);
    out_array_end(out);
    out_end(out);
}

START_TEST(a_block_as_text)
{
    check_printed(false, a_call,
                  "user          web274\n"
                  "known         yes\n"
                  "age           2 h\n"
                  "because       one\n"
                  "              two\n"
                  "requests\n"
                  "    client        192.0.2.7\n");
}
END_TEST

START_TEST(a_block_as_json)
{
    check_printed(true, a_call,
                  "{\"schema\":1,\"kind\":\"call\",\"user\":\"web274\",\"time\":\"2026-11-21T16:20:"
                  "31.123456+00:00\","
                  "\"known\":true,\"age\":7200,\"why\":[\"one\",\"two\"],\"requests\":[{\"client\":"
                  "\"192.0.2.7\"}]}\n");
}
END_TEST

static void hostile(struct out *out)
{
    static const char bytes[] = "\033]0;owned\007\r\n\xff\"\\\xe2\x80\xae";

    out_begin(out, "call", OUT_BLOCK);
    out_bytes(out, "subject", "subject", bytes, sizeof bytes - 1);
    out_end(out);
    out_note(out, "%s", bytes);
}

#define SAFE "\\x1b]0;owned\\x07\\r\\n\\xff\\\"\\\\\\xe2\\x80\\xae"

START_TEST(hostile_bytes_are_escaped_in_text)
{
    check_printed(false, hostile, "subject       " SAFE "\n" SAFE "\n");
}
END_TEST

START_TEST(hostile_bytes_are_escaped_in_json)
{
    check_printed(true, hostile,
                  "{\"schema\":1,\"kind\":\"call\",\"subject\":\"\\\\x1b]0;"
                  "owned\\\\x07\\\\r\\\\n\\\\xff\\\\\\\"\\\\\\\\"
                  "\\\\xe2\\\\x80\\\\xae\"}\n");
}
END_TEST

static void moody(struct out *out)
{
    out_begin(out, "finding", OUT_TABLE);
    out_mood(out, OUT_BAD);
    out_string(out, "severity", "what", "bad");
    out_string(out, "text", "text", "\033[31m");
    out_end(out);
}

START_TEST(colour_is_ours_alone)
{
    char *got = printed(false, true, moody);

    ck_assert_str_eq(got,
                     "\033[2mwhat\033[0m  \033[2mtext\033[0m\n\033[31mbad\033[0m   \\x1b[31m\n");
    free(got);
    got = printed(true, true, moody);
    ck_assert_ptr_null(strchr(got, '\033'));
    free(got);
}
END_TEST

static void many(struct out *out)
{
    for (int i = 0; i < 1000; i++) {
        out_begin(out, "n", OUT_TABLE);
        out_number(out, "n", "number", i);
        out_end(out);
    }
}

START_TEST(rows_beyond_those_that_fix_the_widths)
{
    char *got = printed(false, false, many);
    size_t lines = 0;

    for (const char *at = got; (at = strchr(at, '\n')) != NULL; at++) {
        lines++;
    }
    ck_assert_uint_eq(lines, 1001);
    free(got);
}
END_TEST

START_TEST(a_full_disk_is_said)
{
    FILE *to = fopen("/dev/full", "w");
    struct out *out;

    ck_assert_ptr_nonnull(to);
    out = out_new(to, true, false);
    many(out);
    ck_assert(!out_free(out));
    (void)fclose(to);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("out");
    TCase *tcase = tcase_create("out");

    (void)setlocale(LC_CTYPE, "C"); /* so the charts are digits */
    tcase_add_test(tcase, a_table_as_text);
    tcase_add_test(tcase, a_table_as_json);
    tcase_add_test(tcase, a_block_as_text);
    tcase_add_test(tcase, a_block_as_json);
    tcase_add_test(tcase, hostile_bytes_are_escaped_in_text);
    tcase_add_test(tcase, hostile_bytes_are_escaped_in_json);
    tcase_add_test(tcase, colour_is_ours_alone);
    tcase_add_test(tcase, rows_beyond_those_that_fix_the_widths);
    tcase_add_test(tcase, a_full_disk_is_said);
    suite_add_tcase(suite, tcase);
    return support_run(suite);
}
