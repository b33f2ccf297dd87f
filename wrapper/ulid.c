/*
 * ulid - see ulid.h. Hostile input: the text given to ulid_time. On failure: false, ret_ms
 * untouched. Layout and alphabet: the ULID specification (github.com/ulid/spec), most significant
 * digit first.
 */
#include "ulid.h"

#include <string.h>

#define TIME_DIGITS 10
#define TIME_MAX ((UINT64_C(1) << 48) - 1)

/* Crockford's base 32: no I, L, O, U. */
static const char digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

static uint64_t milliseconds(const struct timespec *time)
{
    if (time->tv_sec < 0) {
        return 0;
    }
    if ((uint64_t)time->tv_sec > TIME_MAX / 1000 - 1) {
        return TIME_MAX;
    }
    return (uint64_t)time->tv_sec * 1000 + (uint64_t)time->tv_nsec / 1000000;
}

void ulid_format(const struct timespec *time, const uint8_t random[10], char ret[ULID_LEN + 1])
{
    uint64_t ms = milliseconds(time);
    char *to = ret + TIME_DIGITS;

    for (int i = TIME_DIGITS - 1; i >= 0; i--) {
        ret[i] = digits[ms & 31];
        ms >>= 5;
    }
    for (int group = 0; group < 10; group += 5) { /* five bytes are eight digits */
        uint64_t bits = 0;

        for (int i = 0; i < 5; i++) {
            bits = bits << 8 | random[group + i];
        }
        for (int shift = 35; shift >= 0; shift -= 5) {
            *to++ = digits[bits >> shift & 31];
        }
    }
    *to = '\0';
}

static int digit_value(char c)
{
    const char *found;

    if (c >= 'a' && c <= 'z') {
        c = (char)(c - 'a' + 'A');
    }
    found = memchr(digits, c, sizeof digits - 1);
    return found == NULL ? -1 : (int)(found - digits);
}

bool ulid_time(const char *text, uint64_t *ret_ms)
{
    uint64_t ms = 0;

    for (int i = 0; i < ULID_LEN; i++) {
        int value = digit_value(text[i]); /* -1 at the NUL of a shorter text */

        if (value < 0) {
            return false;
        }
        if (i < TIME_DIGITS) {
            ms = ms << 5 | (uint64_t)value;
        }
    }
    if (text[ULID_LEN] != '\0' || ms > TIME_MAX) {
        return false;
    }
    *ret_ms = ms;
    return true;
}
