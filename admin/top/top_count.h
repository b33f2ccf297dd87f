/*
 * top_count - counts messages by origin, for `top` and `report`: which records are messages, and
 * which of them were none after all.
 */
#ifndef MO_TOP_COUNT_H
#define MO_TOP_COUNT_H

#include "top/top.h"

struct top_count; /* opaque */

enum top_counted {
    TOP_MESSAGE, /* one message more */
    TOP_REFUSED, /* the real sendmail could not be run: its message was taken back if it was counted
                    a moment ago */
    TOP_PASSED,  /* no message of its own: mailq, a session */
    TOP_FAILED,  /* after context_fail */
};

/* by_rcpts, limit: as aggregate_new has them. Free with top_count_free. */
struct top_count *top_count_new(struct context *ctx, const struct top_by *by, bool by_rcpts,
                                size_t limit);
void top_count_free(struct top_count *count);

enum top_counted top_count_add(struct top_count *count, struct record_line *line);

/*
 * For what does not begin at the log's beginning, and is joined to what was counted before it: a
 * refusal may be of a message there. memory: bytes, as aggregate_new has them. When top_count_full,
 * too much hangs on what was before: nothing may be added, the rest is for what it is joined to.
 */
struct top_count *top_count_new_part(struct context *ctx, const struct top_by *by, size_t memory);
bool top_count_full(const struct top_count *count);
/* As if what part counted had been added now; part is freed. Returns false after context_fail. */
bool top_count_join(struct top_count *count, struct top_count *part);

/* No more records; torn: lines that were none. Returns the origins, which are count's, the largest
 * first (aggregate_next), and the totals; NULL after context_fail. */
struct aggregate *top_count_finish(struct top_count *count, uint64_t torn, struct top_totals *ret);

#endif
