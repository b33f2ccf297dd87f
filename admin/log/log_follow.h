/* log_follow - mailorigin log -f. */
#ifndef MO_LOG_FOLLOW_H
#define MO_LOG_FOLLOW_H

#include "filter.h"

#include <stdbool.h>
#include <stddef.h>

/* Prints the last n records that pass the filter, then those that come, until SIGINT, SIGTERM or
 * the end of whoever reads standard output. Returns an enum status. */
int log_follow(struct context *ctx, const struct filter *filter, size_t last, bool raw);

#endif
