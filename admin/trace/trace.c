/*
 * trace - "mailorigin trace ID": what became of a mail. From the record of a call, a queue id or a
 * Message-ID to every queue id that it had on this machine and every recipient's outcome.
 *
 * The log is read at most PASSES times from the time of the call on: a second time when a line told
 * of an id whose earlier lines had gone by (a content filter's second hop is logged before the
 * first says "queued as"). All files are opened before root is given up.
 */
#include "args.h"
#include "command.h"
#include "confine.h"
#include "context.h"
#include "out.h"
#include "trace/trace_input.h"
#include "trace/trace_order.h"
#include "trace/trace_print.h"

#include "wrapper/ulid.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define PASSES 4
#define WITHIN_DEFAULT 60

struct tracer {
    struct context *ctx;
    const char *asked;
    bool by_trace, by_msgid; /* else by queue id */
    struct filter filter;
    struct records *records;
    struct records *around; /* the same, of the time around the call */
    struct filter window;
    struct trace_order order;
    struct maillog *pass[PASSES];
    size_t passes;
    struct trace_wanted wanted;
    struct trace_table *table;
};

static bool is_trace_id(const char *text, uint64_t *ret_ms)
{
    return strlen(text) == ULID_LEN && ulid_time(text, ret_ms);
}

/* Opens the mail log as often as it may be read. */
static bool open_logs(struct tracer *t, int64_t since)
{
    size_t cursor = 0, wanted = PASSES;

    for (const char *path = args_each(t->ctx->args, "mail-log", &cursor); path != NULL;
         path = args_each(t->ctx->args, "mail-log", &cursor)) {
        if (strcmp(path, "-") == 0) {
            wanted = 1;
        }
    }
    for (; t->passes < wanted; t->passes++) {
        t->pass[t->passes] = maillog_open(t->ctx, since, t->filter.until);
        if (t->pass[t->passes] == NULL) {
            return false;
        }
    }
    return true;
}

static bool find_record(struct tracer *t, int64_t within)
{
    struct record_line line;

    if (!records_find(t->records, t->asked, &line)) {
        return false;
    }
    trace_wanted_from(&line, within, &t->wanted);
    trace_print_call(t->ctx, &line);
    if (records_elsewhere(t->ctx, &line) && !args_has(t->ctx->args, "mail-log")) {
        context_warn(t->ctx, "the call was made on the server %.*s, and the mail log is here",
                     (int)(line.host.len < 255 ? line.host.len : 255), line.host.ptr);
    }
    if (t->around != NULL) {
        trace_order_calls(&t->order, &t->wanted, t->around);
    }
    return true;
}

/* Opens the wrapper's log, twice: to find the record, and for what was called around it. */
static bool open_records(struct tracer *t, int64_t time, int64_t within)
{
    size_t cursor = 0;

    t->records = records_open(t->ctx, NULL);
    for (const char *path = args_each(t->ctx->args, "log", &cursor); path != NULL;
         path = args_each(t->ctx->args, "log", &cursor)) {
        if (strcmp(path, "-") == 0) {
            return t->records != NULL;
        }
    }
    t->window =
        (struct filter){.since = time - within, .until = time + within, .args = t->ctx->args};
    t->around = t->records == NULL ? NULL : records_open(t->ctx, &t->window);
    return t->around != NULL;
}

static void take_event(struct tracer *t, const struct mail_event *event)
{
    if (t->by_msgid && event->kind == MAIL_MSGID && event->queue_id != NULL &&
        trace_same_msgid(event->msgid, t->asked, false)) {
        size_t before = t->table->count;

        trace_table_add(t->table, event->queue_id, event->time, TRACE_ASKED, "");
        t->table->dirty = t->table->dirty || t->table->count != before;
    }
    trace_order_event(&t->order, &t->wanted, event);
    trace_join_event(t->table, &t->wanted, event);
}

/* Reads the log until no line leads to anything new. Returns whether the last pass saw it all. */
static bool read_logs(struct tracer *t)
{
    for (size_t pass = 0; pass < t->passes; pass++) {
        struct mail_event event;

        trace_table_again(t->table);
        trace_order_again(&t->order);
        while (maillog_next(t->pass[pass], &event)) {
            take_event(t, &event);
        }
        if (!t->table->dirty) {
            return true;
        }
    }
    return false;
}

/* Those that were asked for by name: the first of each chain. */
static void choose_asked(const struct tracer *t, struct trace_choice *ret)
{
    *ret = (struct trace_choice){.sure = TRACE_SURE_NOTHING, .stranger = -1};
    for (size_t i = 0; i < t->table->count; i++) {
        struct trace_item *item = t->table->item[i];

        if (item->mail != NULL && item->from[0] == '\0' && ret->count < TRACE_CANDIDATES) {
            ret->item[ret->count++] = item;
        }
    }
}

static int report(struct tracer *t)
{
    struct trace_choice choice;

    if (!read_logs(t)) {
        context_warn(t->ctx, t->passes == 1
                                 ? "from standard input the log is read once: what was logged of "
                                   "an id before a line told of it is missing"
                                 : "more hops than are followed: the end of the way is missing");
    }
    if (t->by_trace) {
        trace_join_choose(t->table, &t->wanted, &choice);
        trace_order_narrow(&t->order, &t->wanted, &choice);
    } else {
        choose_asked(t, &choice);
    }
    for (size_t i = 0; i < choice.count; i++) {
        trace_print_mail(t->ctx, t->table, choice.item[i], choice.sure, i + 1,
                         choice.sure == TRACE_SURE_ONE_OF ? choice.count : 1);
    }
    if (t->table->lost > 0) {
        context_problem(t->ctx, "%zu more mails that may belong to it are not followed",
                        t->table->lost);
    }
    trace_print_notes(t->ctx, &t->wanted, &choice);
    if (choice.count == 0) {
        context_warn(t->ctx,
                     t->wanted.record
                         ? "the mail log says nothing of a mail that fits this call; if "
                           "the mail server was slow to take it, try --within SECONDS"
                         : "the mail log says nothing of %s",
                     t->asked);
    }
    return context_status(t->ctx, choice.count > 0);
}

static int trace(struct tracer *t, int64_t since, int64_t time, int64_t within)
{
    bool journal = args_has(t->ctx->args, "journal") || args_has(t->ctx->args, "journal-dir");

    if (t->by_trace && !open_records(t, time, within)) {
        return STATUS_FAILED;
    }
    if (!open_logs(t, since) || !confine(t->ctx, journal ? CONFINE_JOURNAL : CONFINE_NOTHING)) {
        return STATUS_FAILED;
    }
    if (t->by_trace) {
        if (!find_record(t, within)) {
            context_warn(t->ctx, "no record of %s in the wrapper's log", t->asked);
            for (size_t i = 0; i <= ULID_LEN; i++) {
                t->wanted.id[i] = (char)toupper((unsigned char)t->asked[i]);
            }
        }
    } else if (!t->by_msgid) {
        trace_table_add(t->table, t->asked, TRACE_ANY, TRACE_ASKED, "");
    }
    return report(t);
}

static int run(struct context *ctx)
{
    struct tracer t = {.ctx = ctx, .asked = args_operand(ctx->args, 0)};
    long long within = WITHIN_DEFAULT;
    char *input = NULL;
    int64_t since;
    uint64_t ms = 0;
    int status;

    if (!filter_init(ctx, &t.filter) || !args_number(ctx, "within", 1, 864000, &within)) {
        return STATUS_FAILED;
    }
    if (t.asked == NULL || strcmp(t.asked, "-") == 0) {
        t.asked = input = trace_input(ctx, &status);
        if (input == NULL) {
            return status;
        }
    }
    t.by_trace = is_trace_id(t.asked, &ms);
    t.by_msgid = !t.by_trace && (t.asked[0] == '<' || strchr(t.asked, '@') != NULL);
    if (strlen(t.asked) >= TRACE_ID && !t.by_msgid) {
        status = context_fail(ctx, "%s is no trace id, queue id or Message-ID", t.asked);
        free(input);
        return status;
    }
    since = t.filter.since;
    if (t.by_trace && since == INT64_MIN) {
        since = (int64_t)ms * 1000 - within * TRACE_SECOND;
    }
    t.table = trace_table_new();
    status = trace(&t, since, (int64_t)ms * 1000, within * TRACE_SECOND);
    for (size_t i = 0; i < t.passes; i++) {
        maillog_close(t.pass[i]);
    }
    if (t.records != NULL) {
        records_close(t.records);
    }
    if (t.around != NULL) {
        records_close(t.around);
    }
    trace_order_free(&t.order);
    trace_wanted_free(&t.wanted);
    trace_table_free(t.table);
    free(input);
    return status;
}

static const struct option_spec options[] = {
    {"within", 0, "SECONDS", NULL,
     "how long after the call the mail server may have logged the mail (60)"},
    {NULL, 0, NULL, NULL, NULL}};

const struct command command_trace = {
    .name = "trace",
    .summary = "what became of a mail: queue ids, deliveries, bounces",
    .operands = "[ID]",
    .details =
        "ID is a trace id (id= of a record or of the header), a queue id or a Message-ID.\n"
        "Without ID, or with -, standard input is read: a header, a message, a bounce, an abuse "
        "report.\n"
        "The mail of a record is found by our header where the mail server logs it, by the process "
        "(Exim, Sendmail),\n"
        "by Message-ID, or by uid and time; which of these is said, and so is how many fit.",
    .options = options,
    .groups = GROUP_TIME | GROUP_LOG | GROUP_MAIL,
    .operands_max = 1,
    .run = run,
};
