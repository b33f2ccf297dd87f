/* log_print - a record as mailorigin log prints it: a row of a table, an object, or its line as it
 * stands. */
#ifndef MO_LOG_PRINT_H
#define MO_LOG_PRINT_H

#include "records/records.h"

#include <stdbool.h>

struct context;

void log_print(struct context *ctx, struct record_line *record, bool raw);

/* The last records, for -n: copies. */
struct log_ring;

/* For the last n. */
struct log_ring *log_ring_new(size_t n);
void log_ring_add(struct log_ring *ring, const struct record_line *record);
/* Prints them, oldest first, and frees the ring. */
void log_ring_print(struct context *ctx, struct log_ring *ring, bool raw);

#endif
