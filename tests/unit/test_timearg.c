/* timearg: the times an admin types, in a zone with summer time. */
#include "admin/timearg.h"
#include "support.h"

#include <check.h>
#include <stdlib.h>
#include <time.h>

/* 2026-11-21 16:20:31.5 UTC, 17:20:31.5 in Berlin. */
#define NOW (INT64_C(1795278031) * 1000000 + 500000)
#define S INT64_C(1000000)

static const struct {
    const char *text;
    int64_t want; /* -1: no time */
} rows[] = {
    {"now", NOW},
    {"10m", NOW - 600 * S},
    {"90s", NOW - 90 * S},
    {"2h", NOW - 7200 * S},
    {"3d", NOW - 3 * 86400 * S},
    {"1w", NOW - 7 * 86400 * S},
    {"0s", NOW},
    {"today", INT64_C(1795215600) * S}, /* 2026-11-21 00:00 +01:00 */
    {"yesterday", (INT64_C(1795215600) - 86400) * S},
    {"16:20", INT64_C(1795274400) * S},
    {"16:20:31", INT64_C(1795274431) * S},
    {"2026-11-21", INT64_C(1795215600) * S},
    {"2026-11-21 16:20", INT64_C(1795274400) * S},
    {"2026-11-21T16:20:31.25", INT64_C(1795274431) * S + 250000},
    {"2026-11-21T16:20:31Z", INT64_C(1795278031) * S},
    {"2026-11-21 16:20:31 +01:00", INT64_C(1795274431) * S},
    {"2026-11-21T16:20:31-0530", INT64_C(1795297831) * S},
    {"2026-07-01 12:00", INT64_C(1782900000) * S}, /* summer: +02:00 */
    {"@1795278031", INT64_C(1795278031) * S},
    {"1795278031", INT64_C(1795278031) * S},
    {"@5", 5 * S},
    {"5", -1},
    {"", -1},
    {"10", -1},
    {"10x", -1},
    {"10mm", -1},
    {"-10m", -1},
    {"m", -1},
    {"99999999999999h", -1},
    {"999999999999w", -1},
    {"2026-13-01", -1},
    {"2026-11-32", -1},
    {"2026-11-21T25:00", -1},
    {"2026-11-21T16:61", -1},
    {"2026-11-21T16:20:31X", -1},
    {"2026-11-21T16:20:31+1", -1},
    {"16", -1},
    {"16:2", -1},
    {"tomorrow", -1},
    {"\xff", -1},
};

START_TEST(reads)
{
    int64_t got = -1;
    bool good = timearg_parse(rows[_i].text, NOW, false, &got);

    ck_assert_msg(good == (rows[_i].want != -1), "'%s'", rows[_i].text);
    ck_assert_msg(got == rows[_i].want, "'%s': %lld, want %lld", rows[_i].text, (long long)got,
                  (long long)rows[_i].want);
}
END_TEST

/* The day after the clocks went back has 24 hours before its midnight, that day itself 25. */
START_TEST(yesterday_over_the_end_of_summer_time)
{
    int64_t today = 0, yesterday = 0;
    int64_t now = timearg_utc(2026, 10, 26, 12, 0, 0);

    ck_assert(timearg_parse("today", now, false, &today));
    ck_assert(timearg_parse("yesterday", now, false, &yesterday));
    ck_assert_int_eq((today - yesterday) / S, 25 * 3600);
}
END_TEST

/* 02:45 comes twice when the clocks go back, at 00:45 and at 01:45 UTC; once on every other day. */
START_TEST(an_hour_that_comes_twice)
{
    int64_t now = timearg_utc(2026, 10, 26, 12, 0, 0), first = 0, second = 0;

    ck_assert(timearg_parse("2026-10-25 02:45", now, false, &first));
    ck_assert(timearg_parse("2026-10-25 02:45", now, true, &second));
    ck_assert_int_eq(first, timearg_utc(2026, 10, 25, 0, 45, 0));
    ck_assert_int_eq(second, timearg_utc(2026, 10, 25, 1, 45, 0));
    for (int later = 0; later < 2; later++) {
        ck_assert(timearg_parse("2026-10-24 02:45", now, later, &first));
        ck_assert_int_eq(first, timearg_utc(2026, 10, 24, 0, 45, 0));
        ck_assert(timearg_parse("2026-10-25 03:00", now, later, &first));
        ck_assert_int_eq(first, timearg_utc(2026, 10, 25, 2, 0, 0));
        ck_assert(timearg_parse("2026-12-01 02:45", now, later, &first));
        ck_assert_int_eq(first, timearg_utc(2026, 12, 1, 1, 45, 0));
        /* One that does not come, when they go forward: not far from it. */
        ck_assert(timearg_parse("2026-03-29 02:30", now, later, &first));
        ck_assert(first >= timearg_utc(2026, 3, 29, 0, 30, 0) &&
                  first <= timearg_utc(2026, 3, 29, 1, 30, 0));
    }
}
END_TEST

START_TEST(utc_is_what_timegm_says)
{
    for (int year = 1970; year < 2110; year++) {
        for (int month = 1; month <= 12; month++) {
            struct tm tm = {
                .tm_year = year - 1900, .tm_mon = month - 1, .tm_mday = 28, .tm_hour = 23};

            ck_assert_int_eq(timearg_utc(year, month, 28, 23, 0, 0) / S, timegm(&tm));
        }
    }
}
END_TEST

START_TEST(rfc3339_says_what_it_took)
{
    int64_t us = 0;
    unsigned long used = 0;
    const char text[] = "2026-11-21T16:20:31.123456789+00:00 web1";

    ck_assert(timearg_rfc3339(text, sizeof text - 1, &us, &used));
    ck_assert_int_eq(us, INT64_C(1795278031) * S + 123456);
    ck_assert_uint_eq(used, 35);
    for (unsigned long cut = 0; cut < 19; cut++) {
        ck_assert(!timearg_rfc3339(text, cut, &us, &used));
    }
    ck_assert_msg(!timearg_rfc3339("2026-11-21T16:20:31 web1", 24, &us, &used), "without a zone");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("timearg");
    TCase *tcase = tcase_create("timearg");

    /* Berlin's rule itself: a machine need not have zone files. */
    (void)setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
    tzset();
    tcase_add_loop_test(tcase, reads, 0, sizeof rows / sizeof rows[0]);
    tcase_add_test(tcase, yesterday_over_the_end_of_summer_time);
    tcase_add_test(tcase, an_hour_that_comes_twice);
    tcase_add_test(tcase, utc_is_what_timegm_says);
    tcase_add_test(tcase, rfc3339_says_what_it_took);
    suite_add_tcase(suite, tcase);
    return support_run(suite);
}
