/* timearg - the times an admin types: --since, --until. */
#ifndef MO_TIMEARG_H
#define MO_TIMEARG_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Understands, in the local time zone unless one is named: "now", "today", "yesterday" (their
 * midnight), "90s" "10m" "2h" "3d" "1w" (so long before now), "16:20" "16:20:31" (today),
 * "2026-11-21", "2026-11-21 16:20[:31[.5]]" (blank or T; Z or +01:00 behind), "@1763742031" and
 * bare epoch seconds of 9 or more digits. now: microseconds since 1970. later: of a local
 * time that comes twice, when the clocks go back, the second is meant, else the first. Returns
 * false, ret untouched, for anything else.
 */
bool timearg_parse(const char *text, int64_t now, bool later, int64_t *ret_us);

/* "2026-11-21T16:20:31[.123456]Z|+hh:mm" at text, len bytes at most; *ret_used: bytes taken (or
 * NULL). The one RFC 3339 reader for logs. */
bool timearg_rfc3339(const char *text, unsigned long len, int64_t *ret_us, unsigned long *ret_used);

/* A calendar time in UTC to microseconds since 1970, without the C library's time zone.
 * month 1..12. */
int64_t timearg_utc(int year, int month, int day, int hour, int minute, int second);

#endif
