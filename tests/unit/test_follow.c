/* follow: no line lost, none twice, whatever becomes of the file. */
#include "admin/context.h"
#include "admin/log/follow.h"
#include "admin/records/opener.h"
#include "admin/records/source.h"
#include "support.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char seen[65536]; /* what was read, a blank behind each line */

static struct context ctx;
static const char *path[1];
static struct opener *opener;
static struct follow *follow;

static void begin(int64_t back)
{
    path[0] = support_path("calls.log");
    opener = opener_new(&ctx, path, 1);
    ck_assert_ptr_nonnull(opener);
    follow = follow_new(&ctx, opener, path, 1, back);
    ck_assert_ptr_nonnull(follow);
    seen[0] = '\0';
}

static void end(void)
{
    follow_close(follow);
    opener_close(opener);
}

static void append(const char *name, const char *text)
{
    int fd = open(support_path(name), O_WRONLY | O_CREAT | O_APPEND, 0600);

    ck_assert_int_ge(fd, 0);
    support_write_all(fd, text, strlen(text));
    close(fd);
}

/* All that is there now. */
static const char *drain(void)
{
    struct follow_line line;
    size_t used = strlen(seen);

    follow_look(follow);
    while (follow_next(follow, &line)) {
        ck_assert_uint_lt(used + line.len + 2, sizeof seen);
        memcpy(seen + used, line.text, line.len);
        used += line.len;
        seen[used++] = ' ';
        seen[used] = '\0';
    }
    return seen;
}

static void move(const char *from, const char *to)
{
    char old[4096];

    (void)snprintf(old, sizeof old, "%s", support_path(from));
    ck_assert_int_eq(rename(old, support_path(to)), 0);
}

START_TEST(what_comes)
{
    append("calls.log", "a\nb\n");
    begin(INT64_MAX);
    ck_assert_str_eq(drain(), "a b ");
    ck_assert_str_eq(drain(), "a b ");
    append("calls.log", "c\nd");
    ck_assert_str_eq(drain(), "a b c ");
    append("calls.log", "e\n");
    ck_assert_str_eq(drain(), "a b c de ");
    end();
}
END_TEST

START_TEST(from_the_last_bytes)
{
    append("calls.log", "one\ntwo\nthree\n");
    begin(9); /* "o", its newline, "three", its newline, and a byte of "two" */
    ck_assert_str_eq(drain(), "three ");
    end();
    begin(6); /* exactly a line */
    ck_assert_str_eq(drain(), "three ");
    end();
    begin(0);
    ck_assert_str_eq(drain(), "");
    append("calls.log", "four\n");
    ck_assert_str_eq(drain(), "four ");
    end();
}
END_TEST

START_TEST(rename_and_create)
{
    append("calls.log", "a\n");
    begin(INT64_MAX);
    ck_assert_str_eq(drain(), "a ");
    append("calls.log", "b\n");
    move("calls.log", "calls.log.1");
    append("calls.log", "c\n");
    append("calls.log.1", "late\n"); /* a call that had opened the log before it was moved */
    drain();
    append("calls.log", "d\n");
    ck_assert_str_eq(drain(), "a b late c d ");
    append("calls.log.1", "later\n");
    ck_assert_str_eq(drain(), "a b late c d later ");
    end();
}
END_TEST

START_TEST(missing_for_a_while)
{
    append("calls.log", "a\n");
    begin(INT64_MAX);
    drain();
    move("calls.log", "calls.log.1");
    ck_assert_str_eq(drain(), "a ");
    append("calls.log.1", "b\n");
    ck_assert_str_eq(drain(), "a b ");
    append("calls.log", "c\n");
    ck_assert_str_eq(drain(), "a b c ");
    ck_assert(!ctx.partial);
    end();
}
END_TEST

START_TEST(not_there_at_first)
{
    begin(INT64_MAX);
    ck_assert_str_eq(drain(), "");
    append("calls.log", "a\n");
    ck_assert_str_eq(drain(), "a ");
    end();
}
END_TEST

START_TEST(copytruncate)
{
    append("calls.log", "aaaa\nbbbb\n");
    begin(INT64_MAX);
    drain();
    ck_assert_int_eq(truncate(support_path("calls.log"), 0), 0);
    ck_assert_str_eq(drain(), "aaaa bbbb ");
    append("calls.log", "c\n");
    ck_assert_str_eq(drain(), "aaaa bbbb c ");
    /* it grew beyond where we were before we looked again */
    ck_assert_int_eq(truncate(support_path("calls.log"), 0), 0);
    append("calls.log", "dddddddddd\neeeeeeeee\n");
    ck_assert_str_eq(drain(), "aaaa bbbb c dddddddddd eeeeeeeee ");
    end();
}
END_TEST

START_TEST(rotated_many_times)
{
    char want[512] = "", line[16];

    append("calls.log", "first\n");
    begin(INT64_MAX);
    drain();
    strcat(want, "first ");
    for (int i = 0; i < 30; i++) {
        (void)snprintf(line, sizeof line, "r%d\n", i);
        move("calls.log", "calls.log.1"); /* replaces the one before */
        append("calls.log", line);
        line[strlen(line) - 1] = ' ';
        strcat(want, line);
        drain();
    }
    ck_assert_str_eq(drain(), want);
    end();
}
END_TEST

START_TEST(a_line_without_end)
{
    char *big = malloc(300000);
    struct follow_line line;
    size_t lines = 0;

    memset(big, 'x', 300000);
    memcpy(big + 299993, "\nafter\n", 7);
    support_write_all(open(support_path("calls.log"), O_WRONLY | O_CREAT, 0600), big, 300000);
    begin(INT64_MAX);
    while (follow_next(follow, &line)) {
        lines++;
        ck_assert_uint_le(line.len, 2 * SOURCE_LINE_MAX);
        ck_assert_int_eq(memcmp(line.text, "after", 5), 0);
    }
    ck_assert_uint_eq(lines, 1);
    free(big);
    end();
}
END_TEST

/* Only a regular file is followed: a pipe put in its place would hang whoever opens it. */
START_TEST(no_regular_file)
{
    path[0] = "/dev";
    opener = opener_new(&ctx, path, 1);
    ck_assert_int_eq(opener_open(opener, 0), -1);
    ck_assert_int_eq(errno, EINVAL);
    opener_close(opener);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("follow");
    TCase *tc = tcase_create("follow");

    tcase_set_timeout(tc, 120); /* sanitizers and emulation are slow */
    tcase_add_checked_fixture(tc, support_begin, support_end);
    tcase_add_test(tc, what_comes);
    tcase_add_test(tc, from_the_last_bytes);
    tcase_add_test(tc, rename_and_create);
    tcase_add_test(tc, missing_for_a_while);
    tcase_add_test(tc, not_there_at_first);
    tcase_add_test(tc, copytruncate);
    tcase_add_test(tc, rotated_many_times);
    tcase_add_test(tc, a_line_without_end);
    tcase_add_test(tc, no_regular_file);
    suite_add_tcase(suite, tc);
    return support_run(suite);
}
