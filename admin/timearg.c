/* timearg - see timearg.h. Hostile: the times in logs. What is no time is refused. */
#include "timearg.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SECOND INT64_C(1000000)

/* Days since 1970 of a date in the Gregorian calendar: years counted from March, so that the leap
 * day is the last. */
static int64_t days_from_civil(int year, int month, int day)
{
    int64_t y = month <= 2 ? (int64_t)year - 1 : year;
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t of_era = y - era * 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

int64_t timearg_utc(int year, int month, int day, int hour, int minute, int second)
{
    int64_t seconds = days_from_civil(year, month, day) * 86400;

    seconds += (int64_t)hour * 3600 + (int64_t)minute * 60 + second;
    return seconds * SECOND;
}

/* --- a cursor over the text ------------------------------------------------------------------ */

struct cursor {
    const char *at, *end;
};

/* Exactly n digits. */
static bool digits(struct cursor *cur, int n, int *ret)
{
    int value = 0;

    for (int i = 0; i < n; i++) {
        if (cur->at + i >= cur->end || cur->at[i] < '0' || cur->at[i] > '9') {
            return false;
        }
        value = value * 10 + (cur->at[i] - '0');
    }
    cur->at += n;
    *ret = value;
    return true;
}

static bool one_of(struct cursor *cur, const char *chars)
{
    if (cur->at < cur->end && *cur->at != '\0' && strchr(chars, *cur->at) != NULL) {
        cur->at++;
        return true;
    }
    return false;
}

static int64_t fraction(struct cursor *cur)
{
    int64_t us = 0, unit = SECOND / 10;

    if (!one_of(cur, ".,")) {
        return 0;
    }
    while (cur->at < cur->end && *cur->at >= '0' && *cur->at <= '9') {
        us += (*cur->at++ - '0') * unit;
        unit /= 10;
    }
    return us;
}

struct stamp {
    int year, month, day, hour, minute, second;
    int64_t us;
};

static bool date(struct cursor *cur, struct stamp *st)
{
    return digits(cur, 4, &st->year) && one_of(cur, "-") && digits(cur, 2, &st->month) &&
           one_of(cur, "-") && digits(cur, 2, &st->day) && st->month >= 1 && st->month <= 12 &&
           st->day >= 1 && st->day <= 31;
}

/* hh:mm[:ss[.fraction]] */
static bool clock_time(struct cursor *cur, struct stamp *st)
{
    if (!digits(cur, 2, &st->hour) || !one_of(cur, ":") || !digits(cur, 2, &st->minute)) {
        return false;
    }
    if (one_of(cur, ":")) {
        if (!digits(cur, 2, &st->second)) {
            return false;
        }
        st->us = fraction(cur);
    }
    return st->hour <= 24 && st->minute <= 59 && st->second <= 60;
}

/* Z, +01:00, +0100. Returns false if there is none. */
static bool zone(struct cursor *cur, int64_t *ret_offset)
{
    int sign, hours, minutes;

    if (one_of(cur, "Zz")) {
        *ret_offset = 0;
        return true;
    }
    if (cur->at >= cur->end || (*cur->at != '+' && *cur->at != '-')) {
        return false;
    }
    sign = *cur->at++ == '-' ? -1 : 1;
    if (!digits(cur, 2, &hours)) {
        return false;
    }
    (void)one_of(cur, ":");
    if (!digits(cur, 2, &minutes) || hours > 23 || minutes > 59) {
        return false;
    }
    *ret_offset = sign * ((int64_t)hours * 3600 + (int64_t)minutes * 60) * SECOND;
    return true;
}

static int64_t in_utc(const struct stamp *st)
{
    return timearg_utc(st->year, st->month, st->day, st->hour, st->minute, st->second) + st->us;
}

bool timearg_rfc3339(const char *text, unsigned long len, int64_t *ret_us, unsigned long *ret_used)
{
    struct cursor cur = {.at = text, .end = text + len};
    struct stamp st = {0};
    int64_t offset;

    if (!date(&cur, &st) || !one_of(&cur, "Tt ") || !clock_time(&cur, &st) ||
        !zone(&cur, &offset)) {
        return false;
    }
    *ret_us = in_utc(&st) - offset;
    if (ret_used != NULL) {
        *ret_used = (unsigned long)(cur.at - text);
    }
    return true;
}

/* --- what an admin types --------------------------------------------------------------------- */

/* dst: as tm_isdst, -1 for either. Returns -1 also if there is no such time of that kind. */
static time_t local_time(const struct stamp *st, int dst)
{
    struct tm tm = {.tm_year = st->year - 1900,
                    .tm_mon = st->month - 1,
                    .tm_mday = st->day,
                    .tm_hour = st->hour,
                    .tm_min = st->minute,
                    .tm_sec = st->second,
                    .tm_isdst = dst};
    time_t t = mktime(&tm);

    return dst >= 0 && tm.tm_isdst != dst ? -1 : t;
}

/* later: of a time that comes twice, when the clocks go back, the second; else the first. */
static bool in_local(const struct stamp *st, bool later, int64_t *ret_us)
{
    time_t t = local_time(st, -1), summer = local_time(st, 1), winter = local_time(st, 0);

    if (t == (time_t)-1) {
        return false;
    }
    if (summer != (time_t)-1 && winter != (time_t)-1) {
        t = (summer > winter) == later ? summer : winter;
    }
    *ret_us = (int64_t)t * SECOND + st->us;
    return true;
}

static void today(int64_t now, struct stamp *ret)
{
    time_t t = (time_t)(now / SECOND);
    struct tm tm;

    (void)localtime_r(&t, &tm);
    *ret = (struct stamp){.year = tm.tm_year + 1900, .month = tm.tm_mon + 1, .day = tm.tm_mday};
}

static bool named(const char *text, int64_t now, bool later, int64_t *ret_us)
{
    struct stamp st;

    if (strcmp(text, "now") == 0) {
        *ret_us = now;
        return true;
    }
    today(now, &st);
    if (strcmp(text, "yesterday") == 0) {
        st.day--; /* mktime(3) sets a day 0 right, and so does one of 23 or 25 hours */
        return in_local(&st, later, ret_us);
    }
    return strcmp(text, "today") == 0 && in_local(&st, later, ret_us);
}

/* "10m": so long ago. "1763742031", "@1763742031": epoch seconds. */
static bool counted(const char *text, int64_t now, int64_t *ret_us)
{
    static const struct {
        char unit;
        int64_t seconds;
    } units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}, {'w', 604800}};
    bool at = text[0] == '@';
    const char *start = text + at;
    size_t n = strspn(start, "0123456789");
    int64_t value;

    if (n == 0 || n > 12) {
        return false;
    }
    value = strtoll(start, NULL, 10);
    if (start[n] == '\0') {
        if (!at && n < 9) {
            return false;
        }
        *ret_us = value * SECOND;
        return true;
    }
    for (size_t i = 0; !at && i < sizeof units / sizeof units[0]; i++) {
        if (start[n] == units[i].unit && start[n + 1] == '\0' &&
            value <= now / SECOND / units[i].seconds) {
            *ret_us = now - value * units[i].seconds * SECOND;
            return true;
        }
    }
    return false;
}

static bool calendar(const char *text, int64_t now, bool later, int64_t *ret_us)
{
    struct cursor cur = {.at = text, .end = text + strlen(text)}, retry = cur;
    struct stamp st = {0};
    int64_t offset;

    if (!date(&cur, &st)) {
        cur = retry;
        today(now, &st);
        return clock_time(&cur, &st) && cur.at == cur.end && in_local(&st, later, ret_us);
    }
    if (cur.at == cur.end) {
        return in_local(&st, later, ret_us);
    }
    if (!one_of(&cur, "Tt ") || !clock_time(&cur, &st)) {
        return false;
    }
    (void)one_of(&cur, " ");
    if (cur.at == cur.end) {
        return in_local(&st, later, ret_us);
    }
    if (!zone(&cur, &offset) || cur.at != cur.end) {
        return false;
    }
    *ret_us = in_utc(&st) - offset;
    return true;
}

bool timearg_parse(const char *text, int64_t now, bool later, int64_t *ret_us)
{
    return named(text, now, later, ret_us) || counted(text, now, ret_us) ||
           calendar(text, now, later, ret_us);
}
