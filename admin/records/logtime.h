/* logtime - the times that stand in front of log lines: of syslog's two forms, and of Exim's
 * mainlog. */
#ifndef MO_LOGTIME_H
#define MO_LOGTIME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * "2026-11-21T16:20:31.123456+00:00" (RFC 3339), or "Nov 21 16:20:31" (RFC 3164: local time without
 * a year) at text[0..len). hint: about when the latest line of that file was written, microseconds
 * since 1970: the year is the latest that does not put the time more than a day after it.
 * *ret_used: bytes taken. Returns false, ret untouched, for anything else.
 */
bool logtime_syslog(const char *text, size_t len, int64_t hint, int64_t *ret_us, size_t *ret_used);

/* "2026-11-21 16:20:31[.123][ +0100]", local time if no zone is given: Exim's log_timezone,
 * log_selector +millisec. */
bool logtime_exim(const char *text, size_t len, int64_t *ret_us, size_t *ret_used);

#endif
