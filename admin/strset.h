/* strset - a set of short strings, for queue ids: which have been seen. */
#ifndef MO_STRSET_H
#define MO_STRSET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* FNV-1a, its halves folded: for tables of 2^n slots. */
static inline uint64_t strset_hash(const char *text, size_t n)
{
    uint64_t hash = 0xcbf29ce484222325U;

    for (size_t i = 0; i < n; i++) {
        hash = (hash ^ (unsigned char)text[i]) * 0x100000001b3U;
    }
    return hash ^ hash >> 32;
}

struct strset {
    char **slots; /* a table of 2^n, half empty; NULL: free */
    size_t count, size;
};

/* An empty set is all zero. */
bool strset_has(const struct strset *set, const char *text);
/* Adds a copy. Returns false if it was there already. */
bool strset_add(struct strset *set, const char *text);
/* The set's own copy, which holds until strset_free: equal texts are kept once. */
const char *strset_intern(struct strset *set, const char *text);
void strset_free(struct strset *set);

#endif
