/* strset - see strset.h: open addressing. */
#include "strset.h"

#include "context.h"

#include <stdlib.h>
#include <string.h>

/* The slot where text is, or would be. */
static char **find(const struct strset *set, const char *text)
{
    uint64_t hash = strset_hash(text, strlen(text));

    for (uint64_t i = hash;; i++) {
        char **slot = &set->slots[i & (set->size - 1)];

        if (*slot == NULL || strcmp(*slot, text) == 0) {
            return slot;
        }
    }
}

static void grow(struct strset *set)
{
    struct strset larger = {NULL, set->count, set->size == 0 ? 256 : set->size * 2};

    larger.slots = context_alloc(larger.size * sizeof *larger.slots);
    memset(larger.slots, 0, larger.size * sizeof *larger.slots);
    for (size_t i = 0; i < set->size; i++) {
        if (set->slots[i] != NULL) {
            *find(&larger, set->slots[i]) = set->slots[i];
        }
    }
    free(set->slots);
    *set = larger;
}

bool strset_has(const struct strset *set, const char *text)
{
    return set->size > 0 && *find(set, text) != NULL;
}

bool strset_add(struct strset *set, const char *text)
{
    size_t before = set->count;

    (void)strset_intern(set, text);
    return set->count > before;
}

const char *strset_intern(struct strset *set, const char *text)
{
    char **slot;

    if (set->count * 2 >= set->size) {
        grow(set);
    }
    slot = find(set, text);
    if (*slot == NULL) {
        *slot = context_copy(text, strlen(text));
        set->count++;
    }
    return *slot;
}

void strset_free(struct strset *set)
{
    for (size_t i = 0; i < set->size; i++) {
        free(set->slots[i]);
    }
    free(set->slots);
}
