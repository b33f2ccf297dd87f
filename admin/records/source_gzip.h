/*
 * source_gzip - the gzip'd input of source.c: zlib's inflate over one buffer.
 *
 * Hostile: every byte. zlib's window is its bound of memory.
 */
#ifndef MO_SOURCE_GZIP_H
#define MO_SOURCE_GZIP_H

#include <stdbool.h>
#include <stddef.h>

struct gzip; /* opaque */

struct gzip *gzip_new(void);
void gzip_free(struct gzip *gzip); /* NULL is allowed */

/* Gives it bytes that were read already: once, before anything else, at most 16 KiB. */
void gzip_put(struct gzip *gzip, const char *bytes, size_t n);

/* Takes up to n uncompressed bytes. 0: more input is wanted (gzip_hungry), the end, or *ret_fault,
 * said once. */
size_t gzip_take(struct gzip *gzip, char *to, size_t n, const char **ret_fault);

/* Whether it would go on with more input; where that goes; how much came (0: there is no more). */
bool gzip_hungry(const struct gzip *gzip);
char *gzip_input(struct gzip *gzip, size_t *ret_room);
void gzip_got(struct gzip *gzip, size_t n);

#endif
