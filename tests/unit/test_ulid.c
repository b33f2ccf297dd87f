/* ulid: layout, alphabet, the ends of the time range, and what is refused. */
#include "support.h"
#include "wrapper/ulid.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define MS_MAX UINT64_C(0xffffffffffff)

static const struct {
    struct timespec time;
    uint8_t random[10];
    const char *text;
    uint64_t ms;
} formats[] = {
    {{0, 0}, {0}, "00000000000000000000000000", 0},
    /* 1469918176385 ms is the example in the ULID specification: 01ARYZ6S41 */
    {{1469918176, 385999999}, {0}, "01ARYZ6S410000000000000000", UINT64_C(1469918176385)},
    {{1469918176, 385000000},
     {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
     "01ARYZ6S41ZZZZZZZZZZZZZZZZ",
     UINT64_C(1469918176385)},
    /* 00000 00001 00010 ... 01111: each digit once */
    {{0, 1000000},
     {0x00, 0x44, 0x32, 0x14, 0xc7, 0x42, 0x54, 0xb6, 0x35, 0xcf},
     "00000000010123456789ABCDEF",
     1},
    {{-1, 999000000}, {0}, "00000000000000000000000000", 0},
    {{INT64_MAX, 0}, {0}, "7ZZZZZZZZZ0000000000000000", MS_MAX},
};

START_TEST(format)
{
    char text[ULID_LEN + 2];
    uint64_t ms = 77;

    memset(text, 'G', sizeof text);
    ulid_format(&formats[_i].time, formats[_i].random, text);
    ck_assert_str_eq(text, formats[_i].text);
    ck_assert_int_eq(text[ULID_LEN + 1], 'G');
    ck_assert(ulid_time(text, &ms));
    ck_assert_uint_eq(ms, formats[_i].ms);
}
END_TEST

START_TEST(order_of_time_is_order_of_text)
{
    const uint8_t low[10] = {0};
    const uint8_t high[10] = {255, 255, 255, 255, 255, 255, 255, 255, 255, 255};
    char before[ULID_LEN + 1], after[ULID_LEN + 1];

    ulid_format(&(struct timespec){1795278031, 122999999}, high, before);
    ulid_format(&(struct timespec){1795278031, 123000000}, low, after);
    ck_assert_str_lt(before, after);
}
END_TEST

START_TEST(time_in_either_case)
{
    uint64_t ms = 0;

    ck_assert(ulid_time("01aryz6s41zzzzzzzzzzzzzzzz", &ms));
    ck_assert_uint_eq(ms, UINT64_C(1469918176385));
    ck_assert(ulid_time("7ZZZZZZZZZZZZZZZZZZZZZZZZZ", &ms));
    ck_assert_uint_eq(ms, MS_MAX);
}
END_TEST

static const char *const no_ulids[] = {
    "",
    "0",
    "01ARYZ6S41ZZZZZZZZZZZZZZZ",   /* 25 */
    "01ARYZ6S41ZZZZZZZZZZZZZZZZZ", /* 27 */
    "8ZZZZZZZZZZZZZZZZZZZZZZZZZ",  /* 49 bits of time */
    "01ARYZ6S4IZZZZZZZZZZZZZZZZ",  /* I, L, O and U are no digits */
    "01ARYZ6S41ZZZZZZZZZZZZZZZL",
    "o1ARYZ6S41ZZZZZZZZZZZZZZZZ",
    "01ARYZ6S41ZZZZZZZZZZZZZZZu",
    "01ARYZ6S41ZZZZZZZZZ ZZZZZZ",
    "01ARYZ6S41-ZZZZZZZZZZZZZZZ",
    "01ARYZ6S41ZZZZZZZZZZZZZZZ\xff",
};

START_TEST(refuses)
{
    uint64_t ms = 77;

    ck_assert_msg(!ulid_time(no_ulids[_i], &ms), "taken: %s", no_ulids[_i]);
    ck_assert_uint_eq(ms, 77);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ulid");
    TCase *tc = tcase_create("ulid");

    tcase_set_timeout(tc, 120); /* sanitizers and emulation are slow */
    tcase_add_loop_test(tc, format, 0, sizeof formats / sizeof formats[0]);
    tcase_add_test(tc, order_of_time_is_order_of_text);
    tcase_add_test(tc, time_in_either_case);
    tcase_add_loop_test(tc, refuses, 0, sizeof no_ulids / sizeof no_ulids[0]);
    suite_add_tcase(suite, tc);
    return support_run(suite);
}
