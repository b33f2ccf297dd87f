/*
 * top - who sends most: `mailorigin top`.
 *
 * Counts messages: records with action=deliver. Hostile: every value in them; what is shown of a
 * directory or script goes through origin.h, so that nobody's neighbour is named as fact. On
 * failure: what cannot be read is said, the rest is counted.
 */
#include "top/top.h"

#include "command.h"
#include "confine.h"
#include "filter.h"
#include "out.h"

#include <stdlib.h>
#include <string.h>

#define RECENT 4096

static const struct option_spec top_options[] = {
    {"by", 'b', "WHAT", "dir|script|user|caller|unit|host|from|sender",
     "what the rows are; dir (working directory of the caller) without it"},
    {"by-rcpts", 'r', NULL, NULL, "the largest is who has the most recipients, not messages"},
    {"limit", 'n', "N", NULL, "at most so many rows, 0 for all; 20 without it, with --json all"},
    {NULL, 0, NULL, NULL, NULL}};

/*
 * A record is written before the real sendmail is run; if that then cannot be, a second one with
 * the same id and action=refuse follows within milliseconds, and the message was none. So the last
 * RECENT messages are remembered: a refusal of one of them takes it back. Guaranteed is that in the
 * same log, with up to RECENT - 1 messages between the two; beyond that (or where the second went
 * to the other of file and syslog) the message stays counted. `first` and `last` of its origin stay
 * as they were.
 */
struct recent {
    uint64_t id[RECENT];
    int64_t time[RECENT];
    size_t next;
};

struct top {
    struct context *ctx;
    const struct top_by *by;
    struct aggregate *aggregate;
    struct top_totals totals;
    struct recent recent;
};

/* The last 8 bytes of the id are 40 random bits. */
static bool id_of(struct record_line *line, uint64_t *ret)
{
    struct slice id;

    if (!record_line_value(line, RECORD_ID, &id) || id.len < sizeof *ret) {
        return false;
    }
    memcpy(ret, id.ptr + id.len - sizeof *ret, sizeof *ret);
    return true;
}

static void remember(struct recent *recent, struct record_line *line)
{
    uint64_t id = 0;

    (void)id_of(line, &id);
    recent->id[recent->next] = id;
    recent->time[recent->next] = line->time;
    recent->next = (recent->next + 1) % RECENT;
}

/* Whether the message with this id was counted a moment ago; if so it is forgotten. */
static bool recall(struct recent *recent, struct record_line *line, int64_t *ret_time)
{
    uint64_t id;

    if (!id_of(line, &id)) {
        return false;
    }
    for (size_t i = 0; i < RECENT; i++) {
        size_t at = (recent->next + RECENT - 1 - i) % RECENT;

        if (recent->id[at] == id) {
            recent->id[at] = 0;
            *ret_time = recent->time[at];
            return true;
        }
    }
    return false;
}

static bool count_message(struct top *top, struct record_line *line)
{
    struct aggregate_call call;
    struct top_totals *totals = &top->totals;

    top_key(top->by, line, aggregate_room(top->aggregate), &call);
    totals->first = totals->messages == 0 || call.time < totals->first ? call.time : totals->first;
    totals->last = totals->messages == 0 || call.time > totals->last ? call.time : totals->last;
    totals->messages++;
    totals->rcpts += call.rcpts;
    remember(&top->recent, line);
    return aggregate_add(top->aggregate, &call);
}

static bool count_refusal(struct top *top, struct record_line *line)
{
    struct aggregate_call call;
    int64_t time;

    top->totals.refused++;
    if (!recall(&top->recent, line, &time)) {
        return true;
    }
    top_key(top->by, line, aggregate_room(top->aggregate), &call);
    call.time = time;
    call.messages = -1;
    call.rcpts = -call.rcpts;
    top->totals.messages--;
    top->totals.rcpts += call.rcpts;
    return aggregate_add(top->aggregate, &call);
}

static bool count(struct top *top, struct record_line *line)
{
    struct slice action;

    if (!record_line_value(line, RECORD_ACTION, &action)) {
        return true;
    }
    switch (action.ptr[0]) {
    case 'd':
        return count_message(top, line);
    case 'r':
        return count_refusal(top, line);
    default:
        top->totals.passed++;
        return true;
    }
}

static int read_and_print(struct top *top, struct records *records, bool by_rcpts)
{
    struct record_line line;

    while (records_next(records, &line)) {
        if (!count(top, &line)) {
            return STATUS_FAILED;
        }
    }
    top->totals.torn = records_torn(records);
    if (!aggregate_finish(top->aggregate, &top->totals.origins) ||
        !top_print(top->ctx, top->by, top->aggregate, &top->totals, by_rcpts)) {
        return STATUS_FAILED;
    }
    return context_status(top->ctx, top->totals.messages > 0);
}

static int top_run(struct context *ctx)
{
    bool by_rcpts = args_has(ctx->args, "by-rcpts");
    long long limit = out_is_json(ctx->out) ? 0 : 20;
    struct filter filter;
    struct records *records;
    struct top *top;
    int status = STATUS_FAILED;

    if (!args_number(ctx, "limit", 0, 1000000, &limit) || !filter_init(ctx, &filter)) {
        return STATUS_FAILED;
    }
    records = records_open(ctx, &filter);
    if (records == NULL) {
        return STATUS_FAILED;
    }
    top = context_alloc(sizeof *top);
    memset(top, 0, sizeof *top);
    top->ctx = ctx;
    top->by = top_by_find(args_get(ctx->args, "by"));
    top->aggregate = aggregate_new(ctx, by_rcpts, (size_t)limit, 0);
    if (confine(ctx, records_use_journal(records) ? CONFINE_JOURNAL : CONFINE_NOTHING)) {
        status = read_and_print(top, records, by_rcpts);
    }
    records_close(records);
    aggregate_free(top->aggregate);
    free(top);
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
