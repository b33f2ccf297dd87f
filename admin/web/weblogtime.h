/* weblogtime - the times of web server logs, piece by piece as the format has them. */
#ifndef MO_WEBLOGTIME_H
#define MO_WEBLOGTIME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* "14/Nov/2023:22:13:20 +0000", as in the common log format. */
#define WEBLOGTIME_CLF "%d/%b/%Y:%H:%M:%S %z"

/* What has been read of a time so far. {0} is nothing. */
struct weblogtime {
    int year, month, day, hour, minute, second;
    int zone;       /* seconds east of Greenwich */
    bool have_zone; /* else: the local time zone */
    bool have_date;
    bool have_epoch;
    int64_t epoch;      /* microseconds since 1970 */
    int64_t fraction;   /* microseconds */
    int64_t resolution; /* microseconds: the finest piece read; 0: nothing */
};

/*
 * Reads text[0..len) by a format of strftime(3): %d %e %b %m %Y %y %H %M %S %T %F %D %R %z %s %%,
 * and two of our own: %N (a fraction of 3, 6 or 9 digits) and %Q (seconds since 1970 with a decimal
 * fraction). %z takes +0100, +01:00 and Z. ret_used: bytes taken. Returns false if it does not fit;
 * time is then unspecified.
 */
bool weblogtime_read(struct weblogtime *time, const char *format, const char *text, size_t len,
                     size_t *ret_used);

/* "sec", "msec", "usec" (since 1970), "msec_frac", "usec_frac" as in Apache's %{...}t. */
bool weblogtime_unit(struct weblogtime *time, const char *unit, const char *text, size_t len,
                     size_t *ret_used);

/* Whether a unit of weblogtime_unit. */
bool weblogtime_is_unit(const char *unit);

/* The moment, microseconds since 1970, and how fine it is. Returns false if the pieces make none.
 */
bool weblogtime_value(const struct weblogtime *time, int64_t *ret_us, int64_t *ret_resolution);

#endif
