/*
 * spill - sorted runs in an unlinked temporary file, and their merge: what does not fit in memory.
 *
 * The content is nobody's to forge (the file has no name), but the disk may be full: then the
 * command ends.
 */
#ifndef MO_SPILL_H
#define MO_SPILL_H

#include <stdbool.h>
#include <stddef.h>

struct context;
struct spill; /* opaque */

#define SPILL_ITEM_MAX 24576 /* bytes of one item */

/* <0, 0, >0 as memcmp(3). Items are aligned for any type. */
typedef int spill_compare(const void *left, const void *right, const void *arg);

/* No file is made before the first item. */
struct spill *spill_new(struct context *ctx, spill_compare *compare, const void *arg);
void spill_free(struct spill *spill); /* NULL is allowed */

/* Ends the run before, if there is one: its items came in order. */
void spill_begin_run(struct spill *spill);
/* Returns false after context_fail: no temporary file, or the disk is full. */
bool spill_write(struct spill *spill, const void *item, size_t size);

/* Takes over all runs of other, which come behind those that are there; other, which has none of
 * another, is freed. Both have the same compare. Returns false after context_fail. */
bool spill_absorb(struct spill *spill, struct spill *other);

/* All items in order, those of an earlier run first among equals. Nothing may be written any more.
 * *ret holds until the next call. Returns false at the end, or after context_fail: spill_failed. */
bool spill_next(struct spill *spill, const void **ret, size_t *ret_size);
bool spill_failed(const struct spill *spill);

#endif
