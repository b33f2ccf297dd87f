/* strbuf: whole or not at all, an overflow that stays, and never a byte outside the buffer. */
#include "support.h"
#include "wrapper/strbuf.h"

#include <check.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* A builder of cap bytes with a guard behind it. */
struct guarded {
    char buf[64];
    size_t cap;
    struct strbuf sb;
};

static void guarded_init(struct guarded *g, size_t cap)
{
    memset(g->buf, 'G', sizeof g->buf);
    g->cap = cap;
    strbuf_init(&g->sb, g->buf, cap);
}

static void check_guard(const struct guarded *g)
{
    for (size_t i = g->cap; i < sizeof g->buf; i++) {
        ck_assert_int_eq(g->buf[i], 'G');
    }
    ck_assert_uint_lt(g->sb.len, g->cap);
    ck_assert_int_eq(g->sb.data[g->sb.len], '\0');
}

START_TEST(starts_empty)
{
    struct guarded g;

    guarded_init(&g, 1);
    ck_assert_str_eq(g.sb.data, "");
    ck_assert_uint_eq(g.sb.len, 0);
    ck_assert(!g.sb.overflow);
    check_guard(&g);
}
END_TEST

START_TEST(fills_to_the_last_byte)
{
    struct guarded g;

    guarded_init(&g, 6);
    strbuf_puts(&g.sb, "abc");
    strbuf_putc(&g.sb, 'd');
    strbuf_add(&g.sb, "eX", 1);
    ck_assert_str_eq(g.sb.data, "abcde");
    ck_assert(!g.sb.overflow);
    check_guard(&g);
    strbuf_putc(&g.sb, 'f');
    ck_assert(g.sb.overflow);
    ck_assert_str_eq(g.sb.data, "abcde");
    check_guard(&g);
}
END_TEST

START_TEST(append_is_whole_or_not_at_all)
{
    struct guarded g;

    guarded_init(&g, 6);
    strbuf_puts(&g.sb, "abc");
    strbuf_puts(&g.sb, "def");
    ck_assert(g.sb.overflow);
    ck_assert_str_eq(g.sb.data, "abc");
    strbuf_putc(&g.sb, 'x'); /* would fit, but something before it is missing */
    ck_assert(g.sb.overflow);
    ck_assert_str_eq(g.sb.data, "abc");
    check_guard(&g);
}
END_TEST

START_TEST(keeps_nul_bytes)
{
    struct guarded g;

    guarded_init(&g, 8);
    strbuf_add(&g.sb, "a\0b", 3);
    strbuf_add(&g.sb, "", 0);
    ck_assert_uint_eq(g.sb.len, 3);
    ck_assert_mem_eq(g.sb.data, "a\0b", 4);
    check_guard(&g);
}
END_TEST

START_TEST(truncate_takes_back)
{
    struct guarded g;

    guarded_init(&g, 6);
    strbuf_puts(&g.sb, "abc");
    strbuf_puts(&g.sb, "too long");
    strbuf_truncate(&g.sb, 1);
    ck_assert(!g.sb.overflow);
    ck_assert_str_eq(g.sb.data, "a");
    strbuf_truncate(&g.sb, 5); /* longer than it is: nothing to take back */
    ck_assert_uint_eq(g.sb.len, 1);
    strbuf_puts(&g.sb, "bcde");
    ck_assert_str_eq(g.sb.data, "abcde");
    ck_assert(!g.sb.overflow);
    check_guard(&g);
}
END_TEST

static const struct {
    unsigned long long value;
    int width;
    const char *text;
} numbers[] = {
    {0, 0, "0"},
    {0, 1, "0"},
    {7, 2, "07"},
    {4079, 1, "4079"},
    {123456, 4, "123456"},
    {42, 6, "000042"},
    {ULLONG_MAX, 1, "18446744073709551615"},
};

START_TEST(number)
{
    struct guarded g;

    guarded_init(&g, 32);
    strbuf_number(&g.sb, numbers[_i].value, numbers[_i].width);
    ck_assert_str_eq(g.sb.data, numbers[_i].text);
    check_guard(&g);
    guarded_init(&g, strlen(numbers[_i].text)); /* one byte too small */
    strbuf_number(&g.sb, numbers[_i].value, numbers[_i].width);
    ck_assert(g.sb.overflow);
    ck_assert_str_eq(g.sb.data, "");
    check_guard(&g);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("strbuf");
    TCase *tc = tcase_create("strbuf");

    tcase_set_timeout(tc, 120); /* sanitizers and emulation are slow */
    tcase_add_test(tc, starts_empty);
    tcase_add_test(tc, fills_to_the_last_byte);
    tcase_add_test(tc, append_is_whole_or_not_at_all);
    tcase_add_test(tc, keeps_nul_bytes);
    tcase_add_test(tc, truncate_takes_back);
    tcase_add_loop_test(tc, number, 0, sizeof numbers / sizeof numbers[0]);
    suite_add_tcase(suite, tc);
    return support_run(suite);
}
