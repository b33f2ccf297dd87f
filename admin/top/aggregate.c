/*
 * aggregate - see aggregate.h: the counting. The sum by origin and the order are
 * aggregate_rank.c's.
 *
 * Hostile: keys that an attacker chose. The hash has a random seed, so they cannot be made to
 * collide. Memory: the arena and the slots, whatever comes. On failure: the disk is full, the
 * command ends.
 */
#include "top/aggregate.h"

#include "context.h"
#include "top/aggregate_rank.h"
#include "top/spill.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define MEMORY (24U << 20)
#define UNIT 8 /* of the arena: every entry begins at a multiple, so 32 bits reach far */

/*
 * In the arena; in a run the same, and the bins behind it. Calls come in order of time, mostly: so
 * those in the bin of the last one are counted here, and the bins, which are rarely in the
 * processor's caches, are not touched for each.
 */
struct entry {
    uint64_t hash;
    int64_t messages, rcpts, first, last, owner; /* no call yet: first > last */
    int64_t bin;                                 /* that of the last call: its second >> exp */
    uint32_t waiting; /* how many are in it that the bins do not have yet */
    uint32_t bins;    /* where in the arena, 0: none, all calls were in one second */
    uint16_t key_len, origin_len;
    uint8_t worth, part_worth, exp;
    char key[];
};

struct slot {
    uint32_t tag; /* upper half of the hash */
    uint32_t at;  /* entry's place in units; 0: empty */
};

#define BATCH 16
#define BATCH_KEYS ((size_t)2 * AGGREGATE_KEY_MAX) /* there is always room for one more */

/*
 * Calls that wait. With many origins their entries are not in the processor's caches, and waiting
 * for memory would be a third of all the time; so a few calls are looked up side by side: first all
 * slots are asked for, then all entries, then all bins.
 */
struct batch {
    struct aggregate_call call[BATCH];
    uint64_t hash[BATCH];
    size_t count, used;
    char keys[BATCH_KEYS];
};

struct aggregate {
    struct context *ctx;
    uint64_t seed[2];
    char *arena;
    size_t used, cap; /* bytes */
    struct slot *slot;
    size_t slots, entries;
    struct spill *spill;
    struct rank *rank;
    struct batch batch;
};

/* --- the table ------------------------------------------------------------------------------- */

static uint64_t mix(uint64_t a, uint64_t b)
{
    __extension__ typedef unsigned __int128 wide;
    wide product = (wide)a * b;

    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static uint64_t hash_key(const struct aggregate *aggregate, const char *key, size_t n)
{
    uint64_t h = aggregate->seed[0] ^ n;
    uint64_t word[2];

    for (; n >= sizeof word; key += sizeof word, n -= sizeof word) {
        memcpy(word, key, sizeof word);
        h = mix(word[0] ^ h, word[1] ^ aggregate->seed[1]);
    }
    word[0] = word[1] = 0;
    memcpy(word, key, n);
    h = mix(word[0] ^ h, word[1] ^ aggregate->seed[1]);
    return mix(h ^ aggregate->seed[0], aggregate->seed[1]);
}

static struct entry *entry_at(const struct aggregate *aggregate, uint32_t at)
{
    return (struct entry *)(void *)(aggregate->arena + (size_t)at * UNIT);
}

static struct bins *bins_of(const struct aggregate *aggregate, const struct entry *entry)
{
    return (struct bins *)(void *)(aggregate->arena + (size_t)entry->bins * UNIT);
}

static uint32_t arena_take(struct aggregate *aggregate, size_t size)
{
    size_t at = aggregate->used;

    aggregate->used += (size + UNIT - 1) / UNIT * UNIT;
    return (uint32_t)(at / UNIT);
}

static int64_t second_of(int64_t time)
{
    return time < 0 ? 0 : time / 1000000;
}

/* What waits goes to the bins. */
static void settle(struct aggregate *aggregate, struct entry *entry)
{
    struct bins *bins;

    if (entry->bins == 0) {
        entry->bins = arena_take(aggregate, sizeof *bins);
        bins_init(bins_of(aggregate, entry));
    }
    bins = bins_of(aggregate, entry);
    bins_add(bins, bins_begin(entry->bin, entry->exp), entry->waiting);
    entry->waiting = 0;
    entry->exp = (uint8_t)bins->exp;
}

static void table_clear(struct aggregate *aggregate)
{
    memset(aggregate->slot, 0, aggregate->slots * sizeof *aggregate->slot);
    aggregate->entries = 0;
    aggregate->used = UNIT; /* 0 means none */
}

struct aggregate *aggregate_new(struct context *ctx, bool by_rcpts, size_t limit, size_t memory)
{
    struct aggregate *aggregate = context_alloc(sizeof *aggregate);

    memset(aggregate, 0, offsetof(struct aggregate, batch.keys));
    aggregate->ctx = ctx;
    aggregate->cap = memory == 0 ? MEMORY : memory;
    if (getrandom(aggregate->seed, sizeof aggregate->seed, 0) != sizeof aggregate->seed) {
        aggregate->seed[0] = (uint64_t)ctx->now; /* a seccomp filter: better a weak one than none */
    }
    aggregate->seed[0] |= 1;
    aggregate->seed[1] |= 1;
    aggregate->slots = 4096;
    aggregate->arena = context_alloc(aggregate->cap);
    aggregate->slot = context_alloc(aggregate->slots * sizeof *aggregate->slot);
    table_clear(aggregate);
    aggregate->rank = rank_new(ctx, by_rcpts, limit);
    return aggregate;
}

static void table_free(struct aggregate *aggregate)
{
    free(aggregate->arena);
    free(aggregate->slot);
    aggregate->arena = NULL;
    aggregate->slot = NULL;
}

void aggregate_free(struct aggregate *aggregate)
{
    if (aggregate == NULL) {
        return;
    }
    table_free(aggregate);
    spill_free(aggregate->spill);
    rank_free(aggregate->rank);
    free(aggregate);
}

/* --- runs ------------------------------------------------------------------------------------ */

/* By origin, then by part: both are in the key, and the origin of one is never the beginning of
 * another's (it ends in a NUL). */
static int compare_keys(const struct entry *a, const struct entry *b)
{
    size_t n = a->key_len < b->key_len ? a->key_len : b->key_len;
    int order = memcmp(a->key, b->key, n);

    return order != 0 ? order : (a->key_len > b->key_len) - (a->key_len < b->key_len);
}

static int compare_items(const void *left, const void *right, const void *arg)
{
    (void)arg;
    return compare_keys(left, right);
}

static int compare_slots(const void *left, const void *right, void *arg)
{
    const struct slot *a = left, *b = right;

    return compare_keys(entry_at(arg, a->at), entry_at(arg, b->at));
}

/* The used slots to the front, in the order of their keys. */
static void sort_table(struct aggregate *aggregate)
{
    size_t n = 0;

    for (size_t i = 0; i < aggregate->slots; i++) {
        if (aggregate->slot[i].at != 0) {
            aggregate->slot[n++] = aggregate->slot[i];
        }
    }
    qsort_r(aggregate->slot, n, sizeof *aggregate->slot, compare_slots, aggregate);
}

static size_t entry_size(const struct entry *entry)
{
    return (offsetof(struct entry, key) + entry->key_len + UNIT - 1) / UNIT * UNIT;
}

/* All entries to a run. */
static bool table_flush(struct aggregate *aggregate)
{
    char item[SPILL_ITEM_MAX];

    if (aggregate->spill == NULL) {
        aggregate->spill = spill_new(aggregate->ctx, compare_items, NULL);
    }
    sort_table(aggregate);
    spill_begin_run(aggregate->spill);
    for (size_t i = 0; i < aggregate->entries; i++) {
        struct entry *entry = entry_at(aggregate, aggregate->slot[i].at);
        size_t size = entry_size(entry);

        if (entry->bins != 0) {
            settle(aggregate, entry);
        }
        memcpy(item, entry, offsetof(struct entry, key) + entry->key_len);
        if (entry->bins != 0) {
            memcpy(item + size, bins_of(aggregate, entry), sizeof(struct bins));
            size += sizeof(struct bins);
        }
        if (!spill_write(aggregate->spill, item, size)) {
            return false;
        }
    }
    table_clear(aggregate);
    return true;
}

/* --- adding ---------------------------------------------------------------------------------- */

/* Twice as many slots. Few of them for few origins: they are then found in the processor's caches.
 * An entry has more than 64 bytes, so they stay below a quarter of the arena. */
static void grow(struct aggregate *aggregate)
{
    size_t mask = aggregate->slots * 2 - 1;
    struct slot *fresh = context_alloc((mask + 1) * sizeof *fresh);

    memset(fresh, 0, (mask + 1) * sizeof *fresh);
    for (size_t i = 0; i < aggregate->slots; i++) {
        if (aggregate->slot[i].at != 0) {
            size_t to = entry_at(aggregate, aggregate->slot[i].at)->hash & mask;

            while (fresh[to].at != 0) {
                to = (to + 1) & mask;
            }
            fresh[to] = aggregate->slot[i];
        }
    }
    free(aggregate->slot);
    aggregate->slot = fresh;
    aggregate->slots = mask + 1;
}

static struct slot *find_slot(const struct aggregate *aggregate, const char *key, size_t key_len,
                              uint64_t hash)
{
    size_t mask = aggregate->slots - 1;
    size_t i = hash & mask;

    for (;; i = (i + 1) & mask) {
        struct slot *slot = &aggregate->slot[i];

        if (slot->at == 0) {
            return slot;
        }
        if (slot->tag == hash >> 32) {
            const struct entry *entry = entry_at(aggregate, slot->at);

            if (entry->key_len == key_len && memcmp(entry->key, key, key_len) == 0) {
                return slot;
            }
        }
    }
}

/* An entry that knows of no call; second: that of the first that will be counted. */
static struct entry *entry_new(struct aggregate *aggregate, const char *key, size_t key_len,
                               size_t origin_len, uint64_t hash, int64_t second, struct slot *slot)
{
    struct entry *entry;

    slot->at = arena_take(aggregate, offsetof(struct entry, key) + key_len);
    slot->tag = (uint32_t)(hash >> 32);
    aggregate->entries++;
    entry = entry_at(aggregate, slot->at);
    *entry = (struct entry){
        .hash = hash,
        .first = INT64_MAX,
        .last = INT64_MIN,
        .bin = second,
        .key_len = (uint16_t)key_len,
        .origin_len = (uint16_t)origin_len,
        .worth = UINT8_MAX,
        .part_worth = UINT8_MAX,
    };
    memcpy(entry->key, key, key_len);
    return entry;
}

/* The key's entry, which may be a new one; NULL after context_fail. There is room for its bins, if
 * it has none. */
static struct entry *entry_of(struct aggregate *aggregate, const char *key, size_t key_len,
                              size_t origin_len, uint64_t hash, int64_t second)
{
    const size_t need = sizeof(struct entry) + key_len + sizeof(struct bins) + (size_t)2 * UNIT;
    struct slot *slot;

    if (aggregate->used + need > aggregate->cap && !table_flush(aggregate)) {
        return NULL;
    }
    if (aggregate->entries >= aggregate->slots / 2) {
        grow(aggregate);
    }
    slot = find_slot(aggregate, key, key_len, hash);
    return slot->at != 0 ? entry_at(aggregate, slot->at)
                         : entry_new(aggregate, key, key_len, origin_len, hash, second, slot);
}

static bool waits(const struct entry *entry, int64_t second)
{
    return second >> entry->exp == entry->bin;
}

static void count_second(struct aggregate *aggregate, struct entry *entry, int64_t second,
                         uint32_t n)
{
    if (!waits(entry, second)) {
        settle(aggregate, entry);
        entry->bin = second >> entry->exp;
    }
    entry->waiting += n;
}

static uint8_t least(uint8_t a, unsigned b)
{
    return b < a ? (uint8_t)b : a;
}

static bool add(struct aggregate *aggregate, const struct aggregate_call *call, uint64_t hash)
{
    const int64_t second = second_of(call->time);
    struct entry *entry =
        entry_of(aggregate, call->key, call->key_len, call->origin_len, hash, second);

    if (entry == NULL) {
        return false;
    }
    count_second(aggregate, entry, second, (uint32_t)call->messages);
    entry->messages += call->messages;
    entry->rcpts += call->rcpts;
    if (call->messages < 0) {
        return true;
    }
    entry->owner = call->time >= entry->last ? call->owner : entry->owner;
    entry->first = call->time < entry->first ? call->time : entry->first;
    entry->last = call->time > entry->last ? call->time : entry->last;
    entry->worth = least(entry->worth, call->worth);
    entry->part_worth = least(entry->part_worth, call->part_worth);
    return true;
}

/* Where the entry most likely is; NULL: in no slot yet. */
static struct entry *guess(const struct aggregate *aggregate, uint64_t hash)
{
    const struct slot *slot = &aggregate->slot[hash & (aggregate->slots - 1)];

    return slot->at == 0 ? NULL : entry_at(aggregate, slot->at);
}

static bool batch_run(struct aggregate *aggregate)
{
    struct batch *batch = &aggregate->batch;

    for (size_t i = 0; i < batch->count; i++) {
        const char *entry = (const char *)guess(aggregate, batch->hash[i]);

        if (entry != NULL) {
            __builtin_prefetch(entry, 1);
            __builtin_prefetch(entry + 64, 1);
            __builtin_prefetch(entry + 128, 1);
            __builtin_prefetch(entry + 192, 1);
        }
    }
    for (size_t i = 0; i < batch->count; i++) {
        const struct entry *entry = guess(aggregate, batch->hash[i]);

        if (entry != NULL && entry->bins != 0 && !waits(entry, second_of(batch->call[i].time))) {
            const char *bins = (const char *)bins_of(aggregate, entry);

            __builtin_prefetch(bins, 1);
            __builtin_prefetch(bins + 64, 1);
            __builtin_prefetch(bins + 128, 1);
        }
    }
    for (size_t i = 0; i < batch->count; i++) {
        if (!add(aggregate, &batch->call[i], batch->hash[i])) {
            return false;
        }
    }
    batch->count = batch->used = 0;
    return true;
}

char *aggregate_room(struct aggregate *aggregate)
{
    return aggregate->batch.keys + aggregate->batch.used;
}

bool aggregate_add(struct aggregate *aggregate, const struct aggregate_call *call)
{
    struct batch *batch = &aggregate->batch;
    char *key = batch->keys + batch->used;

    if (call->key != key) {
        memcpy(key, call->key, call->key_len);
    }
    batch->used += call->key_len;
    batch->call[batch->count] = *call;
    batch->call[batch->count].key = key;
    batch->hash[batch->count] = hash_key(aggregate, key, call->key_len);
    __builtin_prefetch(&aggregate->slot[batch->hash[batch->count] & (aggregate->slots - 1)]);
    batch->count++;
    return (batch->count < BATCH && BATCH_KEYS - batch->used >= AGGREGATE_KEY_MAX) ||
           batch_run(aggregate);
}

/* --- joining ---------------------------------------------------------------------------------- */

static bool join_entry(struct aggregate *aggregate, const struct aggregate *later,
                       const struct entry *from)
{
    const int64_t second = bins_begin(from->bin, from->exp);
    struct entry *entry = entry_of(aggregate, from->key, from->key_len, from->origin_len,
                                   hash_key(aggregate, from->key, from->key_len), second);

    if (entry == NULL) {
        return false;
    }
    count_second(aggregate, entry, second, from->waiting);
    if (from->bins != 0) {
        struct bins *bins;

        settle(aggregate, entry);
        bins = bins_of(aggregate, entry);
        bins_merge(bins, bins_of(later, from));
        entry->exp = (uint8_t)bins->exp;
        entry->bin = bins->first;
    }
    entry->messages += from->messages;
    entry->rcpts += from->rcpts;
    entry->owner = from->last >= entry->last ? from->owner : entry->owner;
    entry->first = from->first < entry->first ? from->first : entry->first;
    entry->last = from->last > entry->last ? from->last : entry->last;
    entry->worth = least(entry->worth, from->worth);
    entry->part_worth = least(entry->part_worth, from->part_worth);
    return true;
}

/* What is in the tables goes to runs, and the later runs behind the others: of equal keys the order
 * says which is the later. */
static bool join_runs(struct aggregate *aggregate, struct aggregate *later)
{
    struct spill *spill;

    if ((aggregate->entries > 0 && !table_flush(aggregate)) ||
        (later->entries > 0 && !table_flush(later))) {
        return false;
    }
    spill = later->spill;
    later->spill = NULL;
    if (aggregate->spill == NULL) {
        aggregate->spill = spill_new(aggregate->ctx, compare_items, NULL);
    }
    return spill == NULL || spill_absorb(aggregate->spill, spill);
}

static bool join(struct aggregate *aggregate, struct aggregate *later)
{
    if (!batch_run(aggregate) || !batch_run(later)) {
        return false;
    }
    if (later->spill != NULL) {
        return join_runs(aggregate, later);
    }
    for (size_t i = 0; i < later->slots; i++) {
        if (later->slot[i].at != 0 &&
            !join_entry(aggregate, later, entry_at(later, later->slot[i].at))) {
            return false;
        }
    }
    return true;
}

bool aggregate_join(struct aggregate *aggregate, struct aggregate *later)
{
    bool joined = join(aggregate, later);

    aggregate_free(later);
    return joined;
}

/* --- the end --------------------------------------------------------------------------------- */

/* Gives an entry to the sums by origin. */
static bool hand_on(struct rank *rank, const struct entry *entry, const struct bins *bins)
{
    struct rank_item item = {
        .key = entry->key,
        .key_len = entry->key_len,
        .origin_len = entry->origin_len,
        .messages = entry->messages,
        .rcpts = entry->rcpts,
        .first = entry->first,
        .last = entry->last,
        .owner = entry->owner,
        .worth = entry->worth,
        .part_worth = entry->part_worth,
    };
    struct bins one;

    if (bins == NULL) {
        bins_init(&one);
        bins_add(&one, entry->bin, entry->waiting);
        bins = &one;
    }
    item.bins = bins;
    return rank_add(rank, &item);
}

static bool merge_runs(struct aggregate *aggregate)
{
    const void *item;
    size_t size;

    if (aggregate->entries > 0 && !table_flush(aggregate)) {
        return false;
    }
    table_free(aggregate);
    while (spill_next(aggregate->spill, &item, &size)) {
        const struct entry *entry = item;
        const char *behind = (const char *)item + entry_size(entry);

        if (!hand_on(aggregate->rank, entry,
                     entry->bins == 0 ? NULL : (const struct bins *)(const void *)behind)) {
            return false;
        }
    }
    return !spill_failed(aggregate->spill);
}

bool aggregate_finish(struct aggregate *aggregate, uint64_t *ret_origins)
{
    if (!batch_run(aggregate)) {
        return false;
    }
    if (aggregate->spill != NULL) {
        if (!merge_runs(aggregate)) {
            return false;
        }
        spill_free(aggregate->spill);
        aggregate->spill = NULL;
    } else {
        sort_table(aggregate);
        for (size_t i = 0; i < aggregate->entries; i++) {
            struct entry *entry = entry_at(aggregate, aggregate->slot[i].at);

            if (entry->bins != 0) {
                settle(aggregate, entry);
            }
            if (!hand_on(aggregate->rank, entry,
                         entry->bins == 0 ? NULL : bins_of(aggregate, entry))) {
                return false;
            }
        }
        table_free(aggregate);
    }
    return rank_finish(aggregate->rank, ret_origins);
}

int aggregate_next(struct aggregate *aggregate, struct aggregate_origin *ret)
{
    return rank_next(aggregate->rank, ret);
}
