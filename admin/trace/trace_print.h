/* trace_print - shows what became of a message. Private to trace*.c. */
#ifndef MO_TRACE_PRINT_H
#define MO_TRACE_PRINT_H

#include "trace/trace_join.h"

struct context;

/* The record, in short. */
void trace_print_call(struct context *ctx, struct record_line *line);

/* A chosen message with all that it led to: hops, bounces, recipients. place, of: its place among
 * several that may be meant. */
void trace_print_mail(struct context *ctx, const struct trace_table *table,
                      const struct trace_item *item, enum trace_sure sure, size_t place, size_t of);

/* What must be known to judge it all. */
void trace_print_notes(struct context *ctx, const struct trace_wanted *wanted,
                       const struct trace_choice *choice);

#endif
