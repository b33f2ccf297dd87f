/* top_read - counts all records of a log, for `top`: with threads, where there is much to read. */
#ifndef MO_TOP_READ_H
#define MO_TOP_READ_H

#include "top/top_count.h"

/* For tests; zeros mean as usual. */
struct top_way {
    size_t parts;  /* that are read side by side, at most */
    int64_t least; /* bytes that a part must have */
    size_t memory; /* bytes for counting the parts but the first, all together */
    bool no_threads;
};

/* Adds all records to count, which has none yet; after confine(). way may be NULL. Returns false
 * after context_fail. */
bool top_read(struct context *ctx, struct records *records, const struct top_by *by,
              const struct top_way *way, struct top_count *count);

#endif
