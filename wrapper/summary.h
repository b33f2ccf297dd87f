/*
 * summary - what the header section of a message says: claims of whoever wrote it.
 *
 * Hostile input: all of it. Nothing is allocated, one pass, no recursion; values are unfolded (CR
 * and LF dropped, the blank kept) and cut at fixed bounds.
 */
#ifndef SW_SUMMARY_H
#define SW_SUMMARY_H

#include "dialect.h"

#include <stdbool.h>
#include <stddef.h>

struct summary_value {
    char text[512]; /* raw bytes, NUL-terminated; may hold any byte but NUL, CR, LF (NUL reads as
                       '?') */
    size_t len;
    bool present;
};

struct summary {
    struct summary_value from, subject, msgid, xphp; /* the first field of each name */
    size_t copies;                                   /* fields whose name is ours, any case */
    size_t recipients; /* that the MTA finds here when it is told to look (-t) */
    bool complete;     /* the header section ended within what was read */
};

/*
 * Reads message[0..len). start: offset after leading From_ lines (header_place's offset). own_name:
 * our header's name. eof: there is no more, so a missing empty line still ends the section.
 * dialect: whose recipients are counted. They are the addresses in To, Cc, Bcc or, as that MTA has
 * it, Resent-To, -Cc, -Bcc (address.h); one that stands there twice counts twice. A From that
 * stands without a colon ends the section.
 */
void summary_read(const char *message, size_t len, size_t start, bool eof, const char *own_name,
                  const struct dialect *dialect, struct summary *ret);

/* Whether the header section ends within message[start..len): an empty line, or a line that is no
 * field. */
bool summary_section_ends(const char *message, size_t len, size_t start);

#endif
