/* queue - the command `queue`, and which mail server's queue it is. */
#include "queue/queue.h"

#include "args.h"
#include "command.h"
#include "confine.h"
#include "context.h"
#include "out.h"
#include "paths.h"
#include "queue/queue_group.h"
#include "queue/queue_select.h"
#include "wrapper/target.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LIMIT 20 /* origins that are shown to people */

/* --- whose queue ----------------------------------------------------------------------------- */

static const struct queue_mta *const mtas[] = {&queue_postfix, &queue_sendmail, &queue_exim};
#define MTAS (sizeof mtas / sizeof mtas[0])

const struct queue_mta *queue_named(const char *name)
{
    for (size_t i = 0; i < MTAS; i++) {
        if (strcmp(mtas[i]->name, name) == 0) {
            return mtas[i];
        }
    }
    return NULL;
}

const struct queue_mta *queue_find(struct context *ctx)
{
    const char *wanted = args_get(ctx->args, "mta");
    const struct queue_mta *mta;
    struct target target;

    if (wanted != NULL) {
        mta = queue_named(wanted);
        if (mta == NULL || !mta->present()) {
            context_fail(ctx, "no queue of %s on this machine", wanted);
            return NULL;
        }
        return mta;
    }
    target_find(&ctx->config, SW_TARGET_FILE, &target);
    mta = queue_named(dialect_name(target.dialect));
    if (mta != NULL && mta->present()) {
        return mta;
    }
    for (size_t i = 0; i < MTAS; i++) {
        if (mtas[i]->present()) {
            return mtas[i];
        }
    }
    context_fail(ctx, "no queue of Postfix, Sendmail or Exim on this machine");
    return NULL;
}

const char *queue_reason(const struct queue_message *message)
{
    return message->reason == NULL && message->find_reason != NULL
               ? message->find_reason(message->finder, message)
               : message->reason;
}

/* --- the command ----------------------------------------------------------------------------- */

static void start_again(void *arg)
{
    queue_groups_clear(arg);
}

static void add(struct context *ctx, const struct queue_known *known, void *arg)
{
    (void)ctx;
    queue_groups_add(arg, known);
}

static void list_one(struct context *ctx, const struct queue_known *known, void *arg)
{
    struct queue_groups *groups = arg;

    if (groups->limit == 0 || groups->messages < groups->limit) {
        queue_message_print(ctx, known);
    }
    groups->messages++;
}

static void say_total(struct context *ctx, const struct queue_mta *mta,
                      const struct queue_groups *groups)
{
    if (groups->messages == 0) {
        out_note(ctx->out, "Nothing of that waits in the queue of %s.", mta->name);
    } else {
        out_note(ctx->out, "%zu message%s for %zu recipient%s in the queue of %s.",
                 groups->messages, groups->messages == 1 ? "" : "s", groups->rcpts,
                 groups->rcpts == 1 ? "" : "s", mta->name);
    }
}

static int show(struct context *ctx, const struct queue_mta *mta, void *state)
{
    const char *by = args_get(ctx->args, "by");
    bool list = args_has(ctx->args, "list");
    long long limit = out_is_json(ctx->out) ? 0 : LIMIT;
    struct queue_select select;
    struct queue_groups groups;
    bool good;

    if (!args_number(ctx, "limit", 0, INT32_MAX, &limit) ||
        !queue_select_init(ctx, queue_groups_need_log(by), &select)) {
        return STATUS_FAILED;
    }
    queue_groups_init(&groups, by);
    /* A list that is printed as it is read cannot begin again: the log is read first. */
    select.use_log = select.use_log || list;
    ctx->terminal = ctx->terminal && !(list && isatty(STDOUT_FILENO)); /* none between the rows */
    groups.limit = list && !args_has(ctx->args, "limit") ? 0 : (size_t)limit;
    good = confine(ctx, CONFINE_READ) &&
           queue_select_each(ctx, mta, state, &select, start_again, list ? list_one : add, &groups);
    if (good && !list) {
        queue_groups_print(ctx, &groups);
        say_total(ctx, mta, &groups);
    }
    queue_select_free(&select);
    if (!good) {
        queue_groups_free(&groups);
        return STATUS_FAILED;
    }
    good = groups.messages > 0;
    queue_groups_free(&groups);
    return context_status(ctx, good);
}

static int run(struct context *ctx)
{
    const struct queue_mta *mta = queue_find(ctx);
    void *state = mta != NULL ? mta->open(ctx) : NULL;
    int status;

    if (state == NULL) {
        return STATUS_FAILED;
    }
    status = show(ctx, mta, state);
    mta->close(state);
    return status;
}

static const struct option_spec options[] = {
    {"by", 'b', "WHAT", QUEUE_GROUP_CHOICES, "sum up by this (dir)"},
    {"limit", 'n', "N", NULL, "show the N largest origins (20), or N messages; 0: all"},
    {"list", 0, NULL, NULL, "show each message instead of sums"},
    {"mta", 0, "NAME", "postfix|sendmail|exim", "whose queue, where several are installed"},
    QUEUE_SELECT_OPTIONS,
    {NULL, 0, NULL, NULL, NULL}};

const struct command command_queue = {
    .name = "queue",
    .summary = "what waits in the mail queue, by where it comes from",
    .operands = "[QUEUE-ID...]",
    .details =
        "By directory, a message counts for the one that our header names, if the header's uid is "
        "the one\n"
        "that the mail server noted; else for that uid, the SASL login, the SMTP client. --by "
        "script and the\n"
        "filters --dir, --script, --unit, --caller look the messages up in the wrapper's log.\n",
    .options = options,
    .groups = GROUP_TIME | GROUP_FILTER | GROUP_LOG,
    .operands_min = 0,
    .operands_max = UINT32_MAX,
    .run = run,
};
