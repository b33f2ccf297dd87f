/*
 * logtime - the times that stand in front of log lines.
 *
 * Hostile: nothing is believed of the text; what is no time is refused. Local times are read in
 * this machine's zone (TZ, /etc/localtime): of the hour that a change to winter time repeats, the
 * first is meant, since a line does not say.
 */
#include "records/logtime.h"

#include "timearg.h"

#include <string.h>
#include <time.h>

#define SECOND INT64_C(1000000)
#define DAY (86400 * SECOND)

/* Digits text[0..n) as a number in min..max; -1 if it is none. */
static int digits(const char *text, size_t n, int min, int max)
{
    int value = 0;

    for (size_t i = 0; i < n; i++) {
        if (text[i] < '0' || text[i] > '9') {
            return -1;
        }
        value = value * 10 + (text[i] - '0');
    }
    return value >= min && value <= max ? value : -1;
}

/* "16:20:31" at text. */
static bool clock_time(const char *text, size_t len, struct tm *tm)
{
    if (len < 8 || text[2] != ':' || text[5] != ':') {
        return false;
    }
    tm->tm_hour = digits(text, 2, 0, 23);
    tm->tm_min = digits(text + 3, 2, 0, 59);
    tm->tm_sec = digits(text + 6, 2, 0, 60);
    return tm->tm_hour >= 0 && tm->tm_min >= 0 && tm->tm_sec >= 0;
}

static bool local(const struct tm *tm, int64_t *ret_us)
{
    struct tm copy = *tm;
    time_t seconds;

    copy.tm_isdst = -1;
    seconds = mktime(&copy);
    if (seconds == (time_t)-1) {
        return false;
    }
    *ret_us = (int64_t)seconds * SECOND;
    return true;
}

static int month(const char *text)
{
    static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

    for (int i = 0; i < 12; i++) {
        if (memcmp(text, names + (size_t)3 * (size_t)i, 3) == 0) {
            return i;
        }
    }
    return -1;
}

/* The latest year in which tm is at most a day after hint: clocks differ, logs are not from the
 * future. */
static bool with_year(struct tm *tm, int64_t hint, int64_t *ret_us)
{
    time_t about = (time_t)(hint / SECOND);
    struct tm then;
    int64_t us;
    int latest;

    if (localtime_r(&about, &then) == NULL) {
        return false;
    }
    latest = then.tm_year + 1;
    for (int year = latest; year > latest - 9; year--) {
        struct tm tried = *tm;
        time_t back;

        tried.tm_year = year;
        if (!local(&tried, &us) || us > hint + DAY) {
            continue;
        }
        back = (time_t)(us / SECOND);
        /* 29 February exists in some years only. */
        if (localtime_r(&back, &then) != NULL && then.tm_mday == tm->tm_mday) {
            *ret_us = us;
            return true;
        }
    }
    return false;
}

bool logtime_syslog(const char *text, size_t len, int64_t hint, int64_t *ret_us, size_t *ret_used)
{
    struct tm tm = {0};
    unsigned long used;

    if (len > 0 && text[0] >= '0' && text[0] <= '9') {
        if (!timearg_rfc3339(text, len, ret_us, &used)) {
            return false;
        }
        *ret_used = used;
        return true;
    }
    if (len < 15 || text[3] != ' ' || text[6] != ' ' || !clock_time(text + 7, len - 7, &tm)) {
        return false;
    }
    tm.tm_mon = month(text);
    tm.tm_mday = text[4] == ' ' ? digits(text + 5, 1, 1, 9) : digits(text + 4, 2, 1, 31);
    if (tm.tm_mon < 0 || tm.tm_mday < 0 || !with_year(&tm, hint, ret_us)) {
        return false;
    }
    *ret_used = 15;
    return true;
}

/* ".123" at text: microseconds, and how much was taken. */
static size_t fraction(const char *text, size_t len, int64_t *ret_us)
{
    int64_t unit = SECOND / 10;
    size_t used = 1;

    if (len < 2 || text[0] != '.') {
        return 0;
    }
    for (; used < len && text[used] >= '0' && text[used] <= '9'; used++) {
        *ret_us += (text[used] - '0') * unit;
        unit /= 10;
    }
    return used;
}

bool logtime_exim(const char *text, size_t len, int64_t *ret_us, size_t *ret_used)
{
    struct tm tm = {0};
    int64_t us = 0, part = 0;
    size_t at = 19;

    if (len < at || text[4] != '-' || text[7] != '-' || text[10] != ' ' ||
        !clock_time(text + 11, 8, &tm)) {
        return false;
    }
    tm.tm_year = digits(text, 4, 1970, 9999) - 1900;
    tm.tm_mon = digits(text + 5, 2, 1, 12) - 1;
    tm.tm_mday = digits(text + 8, 2, 1, 31);
    if (tm.tm_year < 70 || tm.tm_mon < 0 || tm.tm_mday < 0) {
        return false;
    }
    at += fraction(text + at, len - at, &part);
    if (len - at >= 6 && text[at] == ' ' && (text[at + 1] == '+' || text[at + 1] == '-')) {
        int hours = digits(text + at + 2, 2, 0, 23);
        int minutes = digits(text + at + 4, 2, 0, 59);
        int64_t off = (hours * INT64_C(60) + minutes) * 60 * SECOND;

        if (hours < 0 || minutes < 0) {
            return false;
        }
        us = timearg_utc(tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min,
                         tm.tm_sec) -
             (text[at + 1] == '-' ? -off : off);
        at += 6;
    } else if (!local(&tm, &us)) {
        return false;
    }
    *ret_us = us + part;
    *ret_used = at;
    return true;
}
