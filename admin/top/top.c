/*
 * top - who sends most: `mailorigin top`.
 *
 * Counts messages: records with action=deliver. Hostile: every value in them; what is shown of a
 * directory or script goes through origin.h, so that nobody's neighbour is named as fact. On
 * failure: what cannot be read is said, the rest is counted.
 */
#include "top/top_read.h"

#include "command.h"
#include "confine.h"
#include "filter.h"
#include "out.h"

static const struct option_spec top_options[] = {
    {"by", 'b', "WHAT", "dir|script|user|caller|unit|host|from|sender",
     "what the rows are; dir (working directory of the caller) without it"},
    {"by-rcpts", 'r', NULL, NULL, "the largest is who has the most recipients, not messages"},
    {"limit", 'n', "N", NULL, "at most so many rows, 0 for all; 20 without it, with --json all"},
    {NULL, 0, NULL, NULL, NULL}};

static int read_and_print(struct context *ctx, const struct top_by *by, struct top_count *count,
                          struct records *records)
{
    struct top_totals totals;
    struct aggregate *origins;

    if (!top_read(ctx, records, by, NULL, count)) {
        return STATUS_FAILED;
    }
    origins = top_count_finish(count, records_torn(records), &totals);
    if (origins == NULL || !top_print(ctx, by, origins, &totals, args_has(ctx->args, "by-rcpts"))) {
        return STATUS_FAILED;
    }
    return context_status(ctx, totals.messages > 0);
}

static int top_run(struct context *ctx)
{
    const bool by_rcpts = args_has(ctx->args, "by-rcpts");
    long long limit = out_is_json(ctx->out) ? 0 : 20;
    struct filter filter;
    struct records *records;
    struct top_count *count;
    const struct top_by *by = top_by_find(args_get(ctx->args, "by"));
    int status = STATUS_FAILED;

    if (!args_number(ctx, "limit", 0, 1000000, &limit) || !filter_init(ctx, &filter)) {
        return STATUS_FAILED;
    }
    records = records_open(ctx, &filter);
    if (records == NULL) {
        return STATUS_FAILED;
    }
    count = top_count_new(ctx, by, by_rcpts, (size_t)limit);
    if (confine(ctx, records_use_journal(records) ? CONFINE_JOURNAL : CONFINE_NOTHING)) {
        status = read_and_print(ctx, by, count, records);
    }
    records_close(records);
    top_count_free(count);
    return status;
}

const struct command command_top = {
    .name = "top",
    .summary = "who sends most",
    .operands = "",
    .details =
        "Counts the messages in the wrapper's log by where they came from, the largest first.\n"
        "A directory or script that is not the caller's own is called unknown, with what it "
        "says.\n",
    .options = top_options,
    .groups = GROUP_TIME | GROUP_FILTER | GROUP_LOG,
    .operands_min = 0,
    .operands_max = 0,
    .run = top_run,
};
