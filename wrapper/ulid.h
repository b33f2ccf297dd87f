/* ulid - the trace id: 48 bits of milliseconds since 1970 and 80 random bits in Crockford's
 * base 32. */
#ifndef SW_ULID_H
#define SW_ULID_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#define ULID_LEN 26

/* Writes 26 characters and a NUL. random: 10 bytes. Time before 1970 counts as 1970. */
void ulid_format(const struct timespec *time, const uint8_t random[10], char ret[ULID_LEN + 1]);

/* The time part of a ULID in either case. Returns false if text is no ULID; ret_ms: since 1970. */
bool ulid_time(const char *text, uint64_t *ret_ms);

#endif
