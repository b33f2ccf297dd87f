/*
 * follow - log files as they grow, through every way of rotation: rename and create, copytruncate,
 * a file that is missing for a while, writers that still hold the old file.
 *
 * Hostile: as source.h: the files' content, and that they shrink or vanish at any moment. Nothing
 * is mapped; a line that is too long is cut.
 */
#ifndef MO_FOLLOW_H
#define MO_FOLLOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct context;
struct opener;
struct follow; /* opaque */

/*
 * Opens paths[0..count) through opener, which stays the caller's, as do the paths; each begins at
 * its last `back` bytes (whole lines; INT64_MAX: at its beginning). A file that is not there is
 * waited for. Returns NULL after context_fail: none of them may be read.
 */
struct follow *follow_new(struct context *ctx, struct opener *opener, const char *const *paths,
                          size_t count, int64_t back);
void follow_close(struct follow *follow);

struct follow_line {
    const char *text; /* a whole line without its newline; holds until the next call */
    size_t len;
    size_t path; /* index of the path it was read by */
};

/* The next whole line there is now. Returns false when there is none for the time being. */
bool follow_next(struct follow *follow, struct follow_line *ret);

/* Looks what has become of the files. To be called a few times a second, after follow_next returned
 * false. */
void follow_look(struct follow *follow);

#endif
