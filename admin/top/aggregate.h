/*
 * aggregate - counts calls by origin, exactly, in bounded memory however many origins there are.
 *
 * A call has a key of two parts: the origin, and what it is told apart by within (the script, say).
 * Counted is by both; what does not fit in memory goes to sorted runs on disk (spill.h). At the end
 * all with the same origin come one behind the other, so that an origin's most frequent parts are
 * exact, too.
 */
#ifndef MO_AGGREGATE_H
#define MO_AGGREGATE_H

#include "top/bins.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct context;
struct aggregate; /* opaque */

#define AGGREGATE_KEY_MAX 4096 /* bytes of both parts together */
#define AGGREGATE_PARTS 3

struct aggregate_call {
    const char *key; /* the origin's bytes, then the part's; sorted by when all else is equal */
    size_t key_len, origin_len;
    int64_t time;     /* microseconds since 1970 */
    int64_t messages; /* 1; or -1: a call with the same key and time, added before or after, did not
                         take place; nothing else is then taken of it, but what it gave stays */
    int64_t rcpts;    /* of the same sign */
    int64_t owner;    /* any number that is shown with the origin: that of the latest call, of
                         several at that time the last one given */
    unsigned worth;   /* of the origin: the least one given holds */
    unsigned part_worth;
};

struct aggregate_part {
    const char *text; /* the part's bytes of the key */
    size_t len;
    int64_t messages;
    unsigned worth;
};

struct aggregate_origin {
    const char *key;
    size_t len;
    int64_t messages, rcpts, first, last, owner;
    unsigned worth;
    struct bins bins;
    uint64_t parts;                              /* how many different ones there were */
    struct aggregate_part part[AGGREGATE_PARTS]; /* the most frequent, first */
};

/* by_rcpts: the largest is that with the most recipients. limit: how many are wanted, 0: all.
 * memory: bytes for counting, 0: the usual 24 MiB. */
struct aggregate *aggregate_new(struct context *ctx, bool by_rcpts, size_t limit, size_t memory);
void aggregate_free(struct aggregate *aggregate);

/* Where the next call's key is best made, AGGREGATE_KEY_MAX bytes: aggregate_add does not copy it
 * then. */
char *aggregate_room(struct aggregate *aggregate);

/* Returns false after context_fail (no temporary file, disk full). */
bool aggregate_add(struct aggregate *aggregate, const struct aggregate_call *call);

/* Counts what another counted, as if its calls had been added now. later is freed. Returns false
 * after context_fail. */
bool aggregate_join(struct aggregate *aggregate, struct aggregate *later);

/* No more calls: *ret_origins is how many origins there are. */
bool aggregate_finish(struct aggregate *aggregate, uint64_t *ret_origins);

/* The origins, the largest first; ties: the later one, then by key. Returns 1; 0 at the end; -1
 * after context_fail. What ret points to holds until the next call. */
int aggregate_next(struct aggregate *aggregate, struct aggregate_origin *ret);

#endif
