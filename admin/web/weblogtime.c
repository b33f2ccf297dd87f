/*
 * weblogtime - the times of web server logs, piece by piece as the format has
 * them.
 *
 * Hostile: the text. What does not fit is refused; no number is read past its
 * digits.
 */
#include "web/weblogtime.h"

#include "timearg.h"

#include <string.h>
#include <time.h>

#define SECOND INT64_C(1000000)

struct reading {
    const char *at, *end;
};

/* Exactly `digits` digits (a blank in front counts as none, for %e). */
static bool read_fixed(struct reading *in, int digits, int *ret)
{
    int value = 0;

    if (in->end - in->at < digits) {
        return false;
    }
    for (int i = 0; i < digits; i++) {
        char c = in->at[i];

        if (i == 0 && c == ' ' && digits == 2) {
            continue;
        }
        if (c < '0' || c > '9') {
            return false;
        }
        value = value * 10 + (c - '0');
    }
    in->at += digits;
    *ret = value;
    return true;
}

/* What no clock shows is no time, though another piece of the line may be one. */
static bool is_clock(int hour, int minute, int second)
{
    return hour <= 24 && minute <= 59 && second <= 60;
}

static bool is_day(int day)
{
    return day >= 1 && day <= 31;
}

/* Up to 18 digits; their number is returned, 0 for none. */
static int read_digits(struct reading *in, int64_t *ret)
{
    int64_t value = 0;
    int digits = 0;

    while (in->at + digits < in->end && in->at[digits] >= '0' && in->at[digits] <= '9') {
        if (digits == 18) {
            return 0;
        }
        value = value * 10 + (in->at[digits] - '0');
        digits++;
    }
    in->at += digits;
    *ret = value;
    return digits;
}

static bool read_month(struct reading *in, int *ret)
{
    static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

    if (in->end - in->at < 3) {
        return false;
    }
    for (int i = 0; i < 12; i++) {
        if (memcmp(in->at, names + (size_t)3 * i, 3) == 0) {
            in->at += 3;
            *ret = i + 1;
            return true;
        }
    }
    return false;
}

static bool read_zone(struct reading *in, struct weblogtime *time)
{
    int hours, minutes, sign;

    if (in->at < in->end && *in->at == 'Z') {
        in->at++;
        time->zone = 0;
        time->have_zone = true;
        return true;
    }
    if (in->at == in->end || (*in->at != '+' && *in->at != '-')) {
        return false;
    }
    sign = *in->at++ == '-' ? -1 : 1;
    if (!read_fixed(in, 2, &hours)) {
        return false;
    }
    in->at += in->at < in->end && *in->at == ':';
    if (!read_fixed(in, 2, &minutes) || hours > 24 || minutes > 59) {
        return false;
    }
    time->zone = sign * (hours * 3600 + minutes * 60);
    time->have_zone = true;
    return true;
}

static void finer(struct weblogtime *time, int64_t resolution)
{
    if (time->resolution == 0 || resolution < time->resolution) {
        time->resolution = resolution;
    }
}

/* "123" is 123 ms, "123456" microseconds: what stands behind a decimal point.
 */
static bool read_fraction(struct reading *in, struct weblogtime *time)
{
    int64_t value = 0, scale = SECOND;
    int digits = 0;

    while (in->at < in->end && *in->at >= '0' && *in->at <= '9') {
        if (digits < 6) {
            value = value * 10 + (*in->at - '0');
            scale /= 10;
        }
        digits++;
        in->at++;
    }
    time->fraction = value * scale;
    if (digits > 0) {
        finer(time, scale);
    }
    return digits > 0;
}

static bool read_epoch(struct reading *in, struct weblogtime *time, int64_t unit)
{
    int64_t value;
    int digits = read_digits(in, &value);

    if (digits == 0 || value > INT64_MAX / 4 / unit) {
        return false;
    }
    time->epoch = value * unit;
    time->have_epoch = true;
    finer(time, unit);
    return true;
}

static bool read_piece(struct reading *in, struct weblogtime *time, char piece);

/* NOLINTNEXTLINE(misc-no-recursion): %T is %H:%M:%S, one level deep */
static bool read_pieces(struct reading *in, struct weblogtime *time, const char *format)
{
    for (; *format != '\0'; format++) {
        if (*format == '%' && format[1] != '\0') {
            if (!read_piece(in, time, *++format)) {
                return false;
            }
        } else if (in->at == in->end || *in->at++ != *format) {
            return false;
        }
    }
    return true;
}

/* NOLINTNEXTLINE(misc-no-recursion): as %T */
static bool read_date_piece(struct reading *in, struct weblogtime *time, char piece)
{
    switch (piece) {
    case 'd':
    case 'e':
        return read_fixed(in, 2, &time->day) && is_day(time->day);
    case 'm':
        return read_fixed(in, 2, &time->month) && time->month >= 1 && time->month <= 12;
    case 'b':
    case 'h':
        return read_month(in, &time->month);
    case 'Y':
        time->have_date = true;
        return read_fixed(in, 4, &time->year);
    case 'y':
        time->have_date = read_fixed(in, 2, &time->year);
        time->year += 2000;
        return time->have_date;
    case 'F':
        return read_pieces(in, time, "%Y-%m-%d");
    case 'D':
        return read_pieces(in, time, "%m/%d/%y");
    default:
        return false;
    }
}

/* NOLINTNEXTLINE(misc-no-recursion): %T is %H:%M:%S, one level deep */
static bool read_piece(struct reading *in, struct weblogtime *time, char piece)
{
    switch (piece) {
    case 'H':
        return read_fixed(in, 2, &time->hour) && is_clock(time->hour, 0, 0);
    case 'M':
        return read_fixed(in, 2, &time->minute) && is_clock(0, time->minute, 0);
    case 'S':
        finer(time, SECOND);
        return read_fixed(in, 2, &time->second) && is_clock(0, 0, time->second);
    case 'T':
        return read_pieces(in, time, "%H:%M:%S");
    case 'R':
        finer(time, 60 * SECOND);
        return read_pieces(in, time, "%H:%M");
    case 'z':
        return read_zone(in, time);
    case 's':
        return read_epoch(in, time, SECOND);
    case 'Q':
        return read_epoch(in, time, SECOND) && in->at < in->end && *in->at++ == '.' &&
               read_fraction(in, time);
    case 'N':
        return read_fraction(in, time);
    case '%':
        return in->at < in->end && *in->at++ == '%';
    default:
        return read_date_piece(in, time, piece);
    }
}

/* WEBLOGTIME_CLF, which stands in nearly every line: 26 bytes, each at its place. */
static bool read_clf(struct reading *in, struct weblogtime *time)
{
    static const char shape[] = "00/Aaa/0000:00:00:00 +0000";
    struct reading month = {in->at + 3, in->at + 6};
    int number[16], n = 0, east;

    if (in->end - in->at < (ptrdiff_t)sizeof shape - 1) {
        return false;
    }
    for (size_t i = 0; i < sizeof shape - 1; i++) {
        char c = in->at[i];

        if (shape[i] == '0') {
            if (c < '0' || c > '9') {
                return false;
            }
            number[n++ & 15] = c - '0';
        } else if (shape[i] == '+' ? c != '+' && c != '-' : shape[i] < 'A' && c != shape[i]) {
            return false;
        }
    }
    if (!read_month(&month, &time->month)) {
        return false;
    }
    if (!is_clock(number[6] * 10 + number[7], number[8] * 10 + number[9],
                  number[10] * 10 + number[11]) ||
        !is_day(number[0] * 10 + number[1])) {
        return false;
    }
    time->day = number[0] * 10 + number[1];
    time->year = number[2] * 1000 + number[3] * 100 + number[4] * 10 + number[5];
    time->hour = number[6] * 10 + number[7];
    time->minute = number[8] * 10 + number[9];
    time->second = number[10] * 10 + number[11];
    east = (number[12] * 10 + number[13]) * 3600 + (number[14] * 10 + number[15]) * 60;
    time->zone = in->at[21] == '-' ? -east : east;
    time->have_zone = time->have_date = true;
    finer(time, SECOND);
    in->at += sizeof shape - 1;
    return true;
}

bool weblogtime_read(struct weblogtime *time, const char *format, const char *text, size_t len,
                     size_t *ret_used)
{
    struct reading in = {.at = text, .end = text + len};

    if (strcmp(format, WEBLOGTIME_CLF) == 0 ? !read_clf(&in, time)
                                            : !read_pieces(&in, time, format)) {
        return false;
    }
    *ret_used = (size_t)(in.at - text);
    return true;
}

static const struct {
    const char *name;
    int64_t unit;
    bool fraction;
} units[] = {
    {"sec", SECOND, false},    {"msec", 1000, false},  {"usec", 1, false},
    {"msec_frac", 1000, true}, {"usec_frac", 1, true},
};

bool weblogtime_is_unit(const char *unit)
{
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (strcmp(unit, units[i].name) == 0) {
            return true;
        }
    }
    return false;
}

bool weblogtime_unit(struct weblogtime *time, const char *unit, const char *text, size_t len,
                     size_t *ret_used)
{
    struct reading in = {.at = text, .end = text + len};

    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (strcmp(unit, units[i].name) != 0) {
            continue;
        }
        if (!(units[i].fraction ? read_fraction(&in, time)
                                : read_epoch(&in, time, units[i].unit))) {
            return false;
        }
        *ret_used = (size_t)(in.at - text);
        return true;
    }
    return false;
}

/* Without a zone it is local time: then the C library's rules for it are asked.
 */
static int64_t local_seconds(const struct weblogtime *time)
{
    struct tm tm = {.tm_year = time->year - 1900,
                    .tm_mon = time->month - 1,
                    .tm_mday = time->day,
                    .tm_hour = time->hour,
                    .tm_min = time->minute,
                    .tm_sec = time->second,
                    .tm_isdst = -1};

    return (int64_t)mktime(&tm);
}

bool weblogtime_value(const struct weblogtime *time, int64_t *ret_us, int64_t *ret_resolution)
{
    int64_t us;

    if (time->resolution == 0) {
        return false;
    }
    if (time->have_epoch) {
        us = time->epoch;
    } else if (!time->have_date || time->month < 1 || time->month > 12 || time->day < 1 ||
               time->day > 31 || time->hour > 24 || time->minute > 59 || time->second > 60) {
        return false;
    } else if (time->have_zone) {
        us = timearg_utc(time->year, time->month, time->day, time->hour, time->minute,
                         time->second) -
             time->zone * SECOND;
    } else {
        us = local_seconds(time) * SECOND;
    }
    *ret_us = us - us % SECOND * (time->fraction > 0) + time->fraction;
    *ret_resolution = time->resolution;
    return true;
}
