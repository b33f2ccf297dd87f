/*
 * repeats - see repeats.h.
 *
 * Hostile: a server whose root is an attacker can send what he likes under his own name; he can
 * fill his own window, not another's. A record is known by 64 bits made of its time, id and length.
 */
#include "records/repeats.h"

#include "context.h"

#include <stdlib.h>
#include <string.h>

#define SLOTS ((size_t)2 * REPEATS_WINDOW) /* of a set that is at most half full */

/* Two sets: one takes what comes; when it is full the older one is emptied and takes over. So at
 * least the last REPEATS_WINDOW are known, without a list of their order. */
struct window {
    uint64_t *set[2];
    unsigned now;
    size_t used; /* of set[now] */
};

struct repeats {
    struct window host[REPEATS_HOSTS];
};

struct repeats *repeats_new(void)
{
    struct repeats *repeats = context_alloc(sizeof *repeats);

    memset(repeats, 0, sizeof *repeats);
    return repeats;
}

void repeats_free(struct repeats *repeats)
{
    if (repeats == NULL) {
        return;
    }
    for (size_t i = 0; i < REPEATS_HOSTS; i++) {
        free(repeats->host[i].set[0]);
        free(repeats->host[i].set[1]);
    }
    free(repeats);
}

static uint64_t mix(uint64_t h, const void *bytes, size_t n)
{
    const char *p = bytes;

    while (n > 0) {
        size_t some = n < sizeof(uint64_t) ? n : sizeof(uint64_t);
        uint64_t word = 0;

        memcpy(&word, p, some);
        h = (h ^ word) * UINT64_C(0x9e3779b97f4a7c15);
        h ^= h >> 32;
        p += some;
        n -= some;
    }
    return h;
}

static uint64_t *new_set(void)
{
    uint64_t *set = context_alloc(SLOTS * sizeof *set);

    memset(set, 0, SLOTS * sizeof *set);
    return set;
}

/* The slot that has key, or the empty one where it belongs. 0 is an empty slot and no key. */
static uint64_t *slot_of(uint64_t *set, uint64_t key)
{
    size_t at = (size_t)(key >> 20) % SLOTS;

    while (set[at] != 0 && set[at] != key) {
        at = (at + 1) % SLOTS;
    }
    return &set[at];
}

static void remember(struct window *window, uint64_t key)
{
    if (window->used == REPEATS_WINDOW) {
        window->now ^= 1;
        window->used = 0;
        if (window->set[window->now] == NULL) {
            window->set[window->now] = new_set();
        } else {
            memset(window->set[window->now], 0, SLOTS * sizeof(uint64_t));
        }
    }
    *slot_of(window->set[window->now], key) = key;
    window->used++;
}

static bool knows(const struct window *window, uint64_t key)
{
    const uint64_t *older = window->set[window->now ^ 1];

    return *slot_of(window->set[window->now], key) == key ||
           (older != NULL && *slot_of(window->set[window->now ^ 1], key) == key);
}

bool repeats_seen(struct repeats *repeats, struct record_line *line)
{
    struct window *window = &repeats->host[mix(1, line->host.ptr, line->host.len) % REPEATS_HOSTS];
    uint64_t key = mix((uint64_t)line->time, &line->line.len, sizeof line->line.len);
    struct slice id;

    if (!record_line_value(line, RECORD_ID, &id)) {
        return false;
    }
    key = mix(key, id.ptr, id.len) | 1;
    if (window->set[window->now] == NULL) {
        window->set[window->now] = new_set();
    }
    if (knows(window, key)) {
        return true;
    }
    remember(window, key);
    return false;
}
