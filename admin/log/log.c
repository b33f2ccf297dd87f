/*
 * log - mailorigin log: the calls themselves, filtered; with -f as they come.
 *
 * Hostile: every line. As root: what is to be read is opened, then root is given up; with -f a root
 * process stays that can do nothing but open the same files again (opener.h), since rotation puts
 * new ones in their place.
 */
#include "args.h"
#include "command.h"
#include "confine.h"
#include "context.h"
#include "filter.h"
#include "log/log_follow.h"
#include "log/log_print.h"
#include "records/records.h"

#include <limits.h>
#include <unistd.h>

/* All, or the last n. */
static bool print_records(struct context *ctx, struct records *records, long long last, bool raw)
{
    struct log_ring *ring = last >= 0 ? log_ring_new((size_t)last) : NULL;
    struct record_line record;
    bool found = false;

    while (records_next(records, &record)) {
        found = true;
        if (ring != NULL) {
            log_ring_add(ring, &record);
        } else {
            log_print(ctx, &record, raw);
        }
    }
    if (ring != NULL) {
        log_ring_print(ctx, ring, raw);
    }
    if (records_torn(records) > 0) {
        context_warn(ctx, "lines that are no whole records: %llu",
                     (unsigned long long)records_torn(records));
    }
    return found;
}

static int log_run(struct context *ctx)
{
    bool raw = args_has(ctx->args, "raw");
    long long last = -1;
    struct filter filter;
    struct records *records;
    bool found;

    if (raw && args_has(ctx->args, "json")) {
        return context_fail(ctx, "--raw and --json exclude each other");
    }
    if (!args_number(ctx, "limit", 0, INT_MAX, &last) || !filter_init(ctx, &filter)) {
        return STATUS_FAILED;
    }
    if (args_has(ctx->args, "follow")) {
        return log_follow(ctx, &filter, last < 0 ? 10 : (size_t)last, raw);
    }
    ctx->terminal = ctx->terminal && isatty(STDOUT_FILENO) == 0; /* no progress between the rows */
    records = records_open(ctx, &filter);
    if (records == NULL) {
        return STATUS_FAILED;
    }
    if (!confine(ctx, records_use_journal(records) ? CONFINE_JOURNAL : CONFINE_NOTHING)) {
        records_close(records);
        return STATUS_FAILED;
    }
    found = print_records(ctx, records, last, raw);
    records_close(records);
    return context_status(ctx, found);
}

static const struct option_spec options[] = {
    {"limit", 'n', "N", NULL, "only the last N"},
    {"follow", 'f', NULL, NULL, "then go on with what comes, through rotation; 10 are shown first"},
    {"raw", 0, NULL, NULL, "the lines of the log as they are"},
    {NULL, 0, NULL, NULL, NULL}};

const struct command command_log = {
    .name = "log",
    .summary = "the calls themselves, one a line",
    .operands = "",
    .details = "A directory or script that is not the caller's own is \"unknown, says ...\".\n"
               "-f ends with Ctrl-C, exit status 0.",
    .options = options,
    .groups = GROUP_TIME | GROUP_FILTER | GROUP_LOG,
    .run = log_run,
};
