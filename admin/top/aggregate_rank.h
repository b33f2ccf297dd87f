/* aggregate_rank - the second half of aggregate: sums by origin, and their order. */
#ifndef MO_AGGREGATE_RANK_H
#define MO_AGGREGATE_RANK_H

#include "top/aggregate.h"

struct rank; /* opaque */

struct rank_item {
    const char *key;
    size_t key_len, origin_len;
    int64_t messages, rcpts, first, last, owner;
    unsigned worth, part_worth;
    const struct bins *bins;
};

struct rank *rank_new(struct context *ctx, bool by_rcpts, size_t limit);
void rank_free(struct rank *rank);

/* Items come in the order of their keys; the same key may come more than once. */
bool rank_add(struct rank *rank, const struct rank_item *item);
bool rank_finish(struct rank *rank, uint64_t *ret_origins);
int rank_next(struct rank *rank, struct aggregate_origin *ret);

#endif
