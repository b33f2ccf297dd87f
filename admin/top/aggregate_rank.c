/*
 * aggregate_rank - see aggregate_rank.h: what is counted by origin and part is summed up by origin
 * and put in order.
 *
 * Memory: ARENA, then runs on disk; with a limit only so many are kept. On failure: as aggregate.c.
 */
#include "top/aggregate_rank.h"

#include "context.h"
#include "top/spill.h"

#include <stdlib.h>
#include <string.h>

#define ARENA (12U << 20)

/* An origin that is done: in the arena and in runs. Behind it the key, then the parts' texts. */
struct ranked {
    int64_t weight;
    struct aggregate_origin origin; /* its pointers are set anew where it is read */
    uint32_t size;
};

struct rank {
    struct context *ctx;
    bool by_rcpts;
    size_t limit;
    uint64_t origins;

    /* the origin that is being summed up */
    bool open;
    struct aggregate_origin sum;
    struct aggregate_part part; /* its part that is being summed up: text is in part_key */
    char key[AGGREGATE_KEY_MAX], part_key[AGGREGATE_KEY_MAX];
    char best[AGGREGATE_PARTS][AGGREGATE_KEY_MAX]; /* the texts of sum.part */

    char *arena;
    size_t used;
    struct ranked **list;
    size_t count, list_cap, given;
    struct spill *spill;
};

struct rank *rank_new(struct context *ctx, bool by_rcpts, size_t limit)
{
    struct rank *rank = context_alloc(sizeof *rank);

    memset(rank, 0, sizeof *rank);
    rank->ctx = ctx;
    rank->by_rcpts = by_rcpts;
    rank->limit = limit;
    return rank;
}

void rank_free(struct rank *rank)
{
    if (rank != NULL) {
        spill_free(rank->spill);
        free(rank->arena);
        free(rank->list);
        free(rank);
    }
}

/* The largest first; then the latest; then by key. */
static int compare(const struct ranked *a, const struct ranked *b)
{
    const char *a_key = (const char *)(a + 1), *b_key = (const char *)(b + 1);
    size_t n = a->origin.len < b->origin.len ? a->origin.len : b->origin.len;
    int order;

    if (a->weight != b->weight) {
        return a->weight > b->weight ? -1 : 1;
    }
    if (a->origin.last != b->origin.last) {
        return a->origin.last > b->origin.last ? -1 : 1;
    }
    order = memcmp(a_key, b_key, n);
    return order != 0 ? order : (a->origin.len > b->origin.len) - (a->origin.len < b->origin.len);
}

static int compare_list(const void *left, const void *right)
{
    return compare(*(struct ranked *const *)left, *(struct ranked *const *)right);
}

static int compare_items(const void *left, const void *right, const void *arg)
{
    (void)arg;
    return compare(left, right);
}

static void sort_list(struct rank *rank)
{
    if (rank->count > 0) {
        qsort(rank->list, rank->count, sizeof(struct ranked *), compare_list);
    }
}

/* Only the first `limit` stay. They are moved together through a copy, since their order in the
 * arena is another. */
static bool cut_to_limit(struct rank *rank)
{
    size_t used = 0;
    char *fresh;

    sort_list(rank);
    if (rank->limit == 0 || rank->count <= rank->limit) {
        return false;
    }
    rank->count = rank->limit;
    for (size_t i = 0; i < rank->count; i++) {
        used += rank->list[i]->size;
    }
    if (used > ARENA / 2) {
        return false;
    }
    fresh = context_alloc(ARENA);
    rank->used = 0;
    for (size_t i = 0; i < rank->count; i++) {
        struct ranked *to = (struct ranked *)(void *)(fresh + rank->used);

        memcpy(to, rank->list[i], rank->list[i]->size);
        rank->list[i] = to;
        rank->used += to->size;
    }
    free(rank->arena);
    rank->arena = fresh;
    return true;
}

/* Makes room in the arena: a run of what is in it. */
static bool flush(struct rank *rank)
{
    sort_list(rank);
    if (rank->spill == NULL) {
        rank->spill = spill_new(rank->ctx, compare_items, NULL);
    }
    spill_begin_run(rank->spill);
    for (size_t i = 0; i < rank->count; i++) {
        if (!spill_write(rank->spill, rank->list[i], rank->list[i]->size)) {
            return false;
        }
    }
    rank->count = 0;
    rank->used = 0;
    return true;
}

/* Puts the origin that was summed up, with its texts, into the arena. */
static void store(struct rank *rank, size_t size)
{
    struct ranked *ranked = (struct ranked *)(void *)(rank->arena + rank->used);
    char *text = (char *)(ranked + 1);

    ranked->weight = rank->by_rcpts ? rank->sum.rcpts : rank->sum.messages;
    ranked->origin = rank->sum;
    ranked->size = (uint32_t)size;
    memcpy(text, rank->key, rank->sum.len);
    text += rank->sum.len;
    for (size_t i = 0; i < AGGREGATE_PARTS && rank->sum.part[i].messages > 0; i++) {
        memcpy(text, rank->best[i], rank->sum.part[i].len);
        text += rank->sum.part[i].len;
    }
    rank->used += size;
    if (rank->count == rank->list_cap) {
        rank->list_cap = rank->list_cap == 0 ? 1024 : rank->list_cap * 2;
        rank->list = context_realloc(rank->list, rank->list_cap * sizeof(struct ranked *));
    }
    rank->list[rank->count++] = ranked;
}

/* A part is done: is it one of the most frequent? Of equal ones the first by name. */
static void close_part(struct rank *rank)
{
    size_t at = AGGREGATE_PARTS;

    if (rank->part.messages <= 0) {
        return; /* what was counted did not take place */
    }
    rank->sum.parts++;
    while (at > 0 && rank->sum.part[at - 1].messages < rank->part.messages) {
        at--;
    }
    if (at == AGGREGATE_PARTS) {
        return;
    }
    for (size_t i = AGGREGATE_PARTS - 1; i > at; i--) {
        rank->sum.part[i] = rank->sum.part[i - 1];
        memcpy(rank->best[i], rank->best[i - 1], rank->sum.part[i].len);
    }
    rank->sum.part[at] = rank->part;
    memcpy(rank->best[at], rank->part_key, rank->part.len);
}

static bool close_origin(struct rank *rank)
{
    size_t size = sizeof(struct ranked) + rank->sum.len;

    if (!rank->open) {
        return true;
    }
    close_part(rank);
    rank->open = false;
    if (rank->sum.messages <= 0) {
        return true;
    }
    for (size_t i = 0; i < AGGREGATE_PARTS; i++) {
        size += rank->sum.part[i].len;
    }
    size = (size + 7) / 8 * 8;
    rank->origins++;
    if (rank->arena == NULL) {
        rank->arena = context_alloc(ARENA);
    }
    if (rank->used + size > ARENA && !cut_to_limit(rank) && !flush(rank)) {
        return false;
    }
    store(rank, size);
    return true;
}

static void open_part(struct rank *rank, const struct rank_item *item)
{
    rank->part = (struct aggregate_part){
        .len = item->key_len - item->origin_len,
        .worth = item->part_worth,
    };
    memcpy(rank->part_key, item->key + item->origin_len, rank->part.len);
}

static void open_origin(struct rank *rank, const struct rank_item *item)
{
    rank->sum = (struct aggregate_origin){
        .len = item->origin_len,
        .first = item->first,
        .last = item->last,
        .worth = item->worth,
    };
    bins_init(&rank->sum.bins);
    memcpy(rank->key, item->key, item->origin_len);
    rank->open = true;
    open_part(rank, item);
}

static void sum_up(struct rank *rank, const struct rank_item *item)
{
    struct aggregate_origin *sum = &rank->sum;

    sum->messages += item->messages;
    sum->rcpts += item->rcpts;
    sum->owner = item->last >= sum->last ? item->owner : sum->owner;
    sum->first = item->first < sum->first ? item->first : sum->first;
    sum->last = item->last > sum->last ? item->last : sum->last;
    sum->worth = item->worth < sum->worth ? item->worth : sum->worth;
    bins_merge(&sum->bins, item->bins);
    rank->part.messages += item->messages;
    rank->part.worth = item->part_worth < rank->part.worth ? item->part_worth : rank->part.worth;
}

bool rank_add(struct rank *rank, const struct rank_item *item)
{
    const size_t part_len = item->key_len - item->origin_len;

    if (!rank->open || rank->sum.len != item->origin_len ||
        memcmp(rank->key, item->key, item->origin_len) != 0) {
        if (!close_origin(rank)) {
            return false;
        }
        open_origin(rank, item);
    } else if (rank->part.len != part_len ||
               memcmp(rank->part_key, item->key + item->origin_len, part_len) != 0) {
        close_part(rank);
        open_part(rank, item);
    }
    sum_up(rank, item);
    return true;
}

bool rank_finish(struct rank *rank, uint64_t *ret_origins)
{
    if (!close_origin(rank)) {
        return false;
    }
    *ret_origins = rank->origins;
    if (rank->spill != NULL) {
        if (!flush(rank)) {
            return false;
        }
        free(rank->arena);
        rank->arena = NULL;
    }
    sort_list(rank);
    return true;
}

int rank_next(struct rank *rank, struct aggregate_origin *ret)
{
    const struct ranked *ranked;
    const char *text;

    if (rank->limit > 0 && rank->given >= rank->limit) {
        return 0;
    }
    if (rank->spill != NULL) {
        const void *item;
        size_t size;

        if (!spill_next(rank->spill, &item, &size)) {
            return spill_failed(rank->spill) ? -1 : 0;
        }
        ranked = item;
    } else if (rank->given < rank->count) {
        ranked = rank->list[rank->given];
    } else {
        return 0;
    }
    rank->given++;
    *ret = ranked->origin;
    text = (const char *)(ranked + 1);
    ret->key = text;
    text += ret->len;
    for (size_t i = 0; i < AGGREGATE_PARTS; i++) {
        ret->part[i].text = text;
        text += ret->part[i].len;
    }
    return 1;
}
