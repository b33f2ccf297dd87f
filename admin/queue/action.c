/*
 * action - hold, release, drop and undo: the mail of one origin stopped, let go, deleted.
 *
 * Queue ids are reused and queues change while we look, so nothing is believed: what is meant is
 * noted with its arrival, inode and header; it is held; each held message is looked at again, and
 * released at once if it is another; only what is held and verified is deleted. Everything is
 * journaled before it is done (actionlog.h).
 */
#include "args.h"
#include "command.h"
#include "context.h"
#include "out.h"
#include "paths.h"
#include "queue/action_item.h"
#include "queue/actionlog.h"
#include "queue/commandline.h"
#include "queue/queue.h"
#include "queue/queue_select.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct action {
    struct context *ctx;
    const struct queue_mta *mta;
    void *state;
    struct actionlog *log;
    struct action_items items;
};

/* --- which of them --------------------------------------------------------------------------- */

static bool held(const struct action_item *item)
{
    return item->found == ACTION_SAME && item->state == QUEUE_HELD;
}

static bool waiting(const struct action_item *item)
{
    return item->found == ACTION_SAME && item->state != QUEUE_HELD;
}

static bool active(const struct action_item *item)
{
    return item->found == ACTION_SAME && item->state == QUEUE_ACTIVE;
}

static bool asked_held(const struct action_item *item)
{
    return item->asked && held(item);
}

static bool was_held(const struct action_item *item)
{
    return !item->asked && held(item);
}

static bool asked_refused(const struct action_item *item)
{
    return item->asked && waiting(item);
}

static bool asked_other(const struct action_item *item)
{
    return item->asked && item->found == ACTION_OTHER && item->state == QUEUE_HELD;
}

static bool other_held(const struct action_item *item)
{
    return item->found == ACTION_OTHER && item->state == QUEUE_HELD;
}

static bool left(const struct action_item *item)
{
    return item->found != ACTION_SAME;
}

static bool chosen(const struct action_item *item)
{
    return item->chosen;
}

static bool chosen_gone(const struct action_item *item)
{
    return item->chosen && item->found != ACTION_SAME;
}

static bool chosen_still_there(const struct action_item *item)
{
    return item->chosen && item->found == ACTION_SAME;
}

static bool chosen_released(const struct action_item *item)
{
    return item->chosen && !held(item);
}

static bool chosen_still_held(const struct action_item *item)
{
    return item->chosen && held(item);
}

static size_t count(const struct action_items *items, bool (*which)(const struct action_item *item))
{
    size_t n = 0;

    for (size_t i = 0; i < items->count; i++) {
        n += which(&items->items[i]) ? 1 : 0;
    }
    return n;
}

/* --- the parts of an action ------------------------------------------------------------------ */

/* What this command line is, with --yes, for the admin to copy. */
static void say_how_to_act(struct context *ctx, const char *what)
{
    char words[8192], line[4096];
    int fd = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
    ssize_t n = fd >= 0 ? read(fd, words, sizeof words) : -1;
    bool good = n > 0 && n < (ssize_t)sizeof words &&
                commandline_with(words, (size_t)n, "--yes", line, sizeof line);

    if (fd >= 0) {
        close(fd);
    }
    out_note(ctx->out, "Nothing has been done yet. To %s: %s", what,
             good ? line : "the same command with --yes");
}

/* Asks the mail server to do something to those that which() says. Returns false after a message.
 */
static bool ask(struct action *action, char what, bool (*which)(const struct action_item *item))
{
    const struct queue_mta *mta = action->mta;
    size_t n;
    const char **ids = action_items_ids(&action->items, which, &n);
    char reason[64];
    long done = 0;

    (void)snprintf(reason, sizeof reason, "held by mailorigin (%ld)", (long)getpid());
    if (n > 0) {
        done = what == 'h'   ? mta->hold(action->ctx, action->state, ids, n, reason)
               : what == 'r' ? mta->release(action->ctx, action->state, ids, n)
                             : mta->drop(action->ctx, action->state, ids, n);
    }
    free(ids);
    return done >= 0;
}

/* Names up to five of those that which() says as a problem. */
static void complain(struct action *action, const char *what,
                     bool (*which)(const struct action_item *item))
{
    size_t n;
    const char **ids = action_items_ids(&action->items, which, &n);
    char text[5 * (ACTION_ID_MAX + 1) + 8] = "";
    size_t used = 0;

    for (size_t i = 0; i < n && i < 5; i++) {
        used += (size_t)snprintf(text + used, sizeof text - used, " %s", ids[i]);
    }
    if (n > 0) {
        context_problem(action->ctx, "%zu %s:%s%s", n, what, text, n > 5 ? " ..." : "");
    }
    free(ids);
}

static bool look(struct action *action)
{
    return action_items_look(action->ctx, action->mta, action->state, &action->items);
}

/* Another message that was held in place of the one meant is let go at once. */
static bool release_others(struct action *action)
{
    return count(&action->items, asked_other) == 0 || ask(action, 'r', asked_other);
}

/* Holds what is not held, and verifies all. Returns false after a message: nothing irreversible may
 * follow. */
static bool hold_and_verify(struct action *action)
{
    struct context *ctx = action->ctx;
    bool good;

    for (size_t i = 0; i < action->items.count; i++) {
        action->items.items[i].asked = waiting(&action->items.items[i]);
    }
    if (count(&action->items, waiting) == 0) {
        return look(action);
    }
    if (!actionlog_intent(ctx, action->log, "hold", action->mta->name, &action->items, waiting)) {
        return false;
    }
    good = ask(action, 'h', waiting);
    if (!look(action)) {
        return false;
    }
    good = release_others(action) && good;
    return actionlog_done(ctx, action->log, &action->items, asked_held, NULL) && good;
}

static void field(struct context *ctx, const char *key, const char *label, size_t n)
{
    if (n > 0 || out_is_json(ctx->out)) {
        out_number(ctx->out, key, label, (long long)n);
    }
}

static void print_hold_fields(struct action *action, size_t in_delivery)
{
    struct context *ctx = action->ctx;

    field(ctx, "already_held", "were held already", count(&action->items, was_held));
    field(ctx, "left", "left before they could be held", count(&action->items, left));
    field(ctx, "other", "other mail had its id, released again",
          count(&action->items, asked_other));
    field(ctx, "refused", "could not be held", count(&action->items, asked_refused));
    field(ctx, "in_delivery", "were being delivered, some may leave yet", in_delivery);
}

/* --- hold ------------------------------------------------------------------------------------ */

static int hold_now(struct action *action)
{
    struct context *ctx = action->ctx;
    size_t in_delivery = count(&action->items, active);
    bool good = hold_and_verify(action);

    complain(action, "could not be held", asked_refused);
    out_begin(ctx->out, "action", OUT_BLOCK);
    out_string(ctx->out, "action", NULL, "hold");
    out_number(ctx->out, "held", "held", (long long)count(&action->items, asked_held));
    print_hold_fields(action, in_delivery);
    out_end(ctx->out);
    if (count(&action->items, asked_held) > 0) {
        out_note(ctx->out, "mailorigin undo lets them go again.");
    }
    return good ? context_status(ctx, count(&action->items, held) > 0) : STATUS_FAILED;
}

/* --- drop ------------------------------------------------------------------------------------ */

/* Deletes what is held and verified. */
static bool drop_verified(struct action *action)
{
    struct context *ctx = action->ctx;
    char hold_op[64];
    bool good;

    (void)snprintf(hold_op, sizeof hold_op, "%s", actionlog_op(action->log));
    for (size_t i = 0; i < action->items.count; i++) {
        action->items.items[i].chosen = held(&action->items.items[i]);
    }
    if (count(&action->items, chosen) == 0) {
        return true;
    }
    if (!actionlog_intent(ctx, action->log, "drop", action->mta->name, &action->items, chosen)) {
        return false;
    }
    good = ask(action, 'd', chosen);
    return look(action) &&
           actionlog_done(ctx, action->log, &action->items, chosen_gone,
                          count(&action->items, chosen_still_there) == 0 && hold_op[0] != '\0'
                              ? hold_op
                              : NULL) &&
           good;
}

static int drop_now(struct action *action)
{
    struct context *ctx = action->ctx;
    size_t in_delivery = count(&action->items, active), already, gone, other, refused;
    bool good = hold_and_verify(action);

    already = count(&action->items, was_held);
    gone = count(&action->items, left);
    other = count(&action->items, asked_other);
    refused = count(&action->items, asked_refused);
    complain(action, "could not be held and are not dropped", asked_refused);
    good = good && drop_verified(action);
    complain(action, "could not be dropped", chosen_still_there);
    out_begin(ctx->out, "action", OUT_BLOCK);
    out_string(ctx->out, "action", NULL, "drop");
    out_number(ctx->out, "dropped", "dropped", (long long)count(&action->items, chosen_gone));
    field(ctx, "already_held", "of them held before", already);
    field(ctx, "left", "left before they could be held", gone);
    field(ctx, "other", "other mail had its id, released again", other);
    field(ctx, "refused", "could not be held or dropped",
          refused + count(&action->items, chosen_still_there));
    field(ctx, "in_delivery", "were being delivered, some may have left", in_delivery);
    out_end(ctx->out);
    return good ? context_status(ctx, count(&action->items, chosen_gone) > 0) : STATUS_FAILED;
}

/* --- release --------------------------------------------------------------------------------- */

/* Lets go what was held and the same when it was looked at last. undoes: see actionlog_done; while
 * something could not be released, that hold can still be undone. */
static bool release_verified(struct action *action, const char *name, const char *undoes)
{
    struct context *ctx = action->ctx;

    for (size_t i = 0; i < action->items.count; i++) {
        action->items.items[i].chosen = held(&action->items.items[i]);
    }
    return actionlog_intent(ctx, action->log, name, action->mta->name, &action->items, chosen) &&
           ask(action, 'r', chosen) && look(action) &&
           actionlog_done(ctx, action->log, &action->items, chosen_released,
                          count(&action->items, chosen_still_held) == 0 ? undoes : NULL);
}

static bool not_chosen(const struct action_item *item)
{
    return !item->chosen;
}

static int print_released(struct action *action, const char *name, bool good)
{
    struct context *ctx = action->ctx;

    complain(action, "could not be released", chosen_still_held);
    out_begin(ctx->out, "action", OUT_BLOCK);
    out_string(ctx->out, "action", NULL, name);
    out_number(ctx->out, "released", "released", (long long)count(&action->items, chosen_released));
    field(ctx, "changed", "no longer held, or other mail by now: left alone",
          count(&action->items, not_chosen));
    field(ctx, "refused", "could not be released", count(&action->items, chosen_still_held));
    out_end(ctx->out);
    return good ? context_status(ctx, count(&action->items, chosen_released) > 0) : STATUS_FAILED;
}

static int release_now(struct action *action)
{
    return print_released(action, "release", release_verified(action, "release", NULL));
}

/* --- the commands ---------------------------------------------------------------------------- */

/* From here on nobody else acts. */
static bool journal_open(struct action *action)
{
    if (geteuid() != 0) {
        (void)context_fail(action->ctx, "run as root to change the queue");
        return false;
    }
    action->log = actionlog_open(action->ctx, SW_ACTIONS_FILE);
    return action->log != NULL;
}

static void action_close(struct action *action)
{
    if (action->state != NULL) {
        action->mta->close(action->state);
    }
    if (action->log != NULL) {
        actionlog_close(action->log);
    }
    action_items_free(&action->items);
}

/* Chooses, shows, and acts if --yes was given. */
static int choose_and_act(struct action *action, bool held_only, const char *what,
                          int (*now)(struct action *action))
{
    struct context *ctx = action->ctx;
    bool yes = args_has(ctx->args, "yes");
    size_t n;

    if (!queue_select_narrow(ctx)) {
        return context_fail(ctx,
                            "say whose mail: --uid, --user, --dir, --script, --login, --client, "
                            "--sender ... or queue ids; mailorigin queue shows what waits");
    }
    action->mta = queue_find(ctx);
    action->state = action->mta != NULL ? action->mta->open(ctx) : NULL;
    if (action->state == NULL || (yes && !journal_open(action)) ||
        !action_items_choose(ctx, action->mta, action->state, held_only, &action->items)) {
        return STATUS_FAILED;
    }
    ctx->partial = ctx->partial || action->items.partial;
    n = action->items.count;
    if (n == 0) {
        out_note(ctx->out, "Nothing of that %s in the queue of %s.",
                 held_only ? "is held" : "waits", action->mta->name);
        return context_status(ctx, false);
    }
    if (yes) {
        return now(action);
    }
    out_note(ctx->out, "%zu message%s in the queue of %s.", n, n == 1 ? "" : "s",
             action->mta->name);
    say_how_to_act(ctx, what);
    return context_status(ctx, true);
}

static int run_action(struct context *ctx, bool held_only, const char *what,
                      int (*now)(struct action *action))
{
    struct action action = {.ctx = ctx};
    int status = choose_and_act(&action, held_only, what, now);

    action_close(&action);
    return status;
}

static int run_hold(struct context *ctx)
{
    return run_action(ctx, false, "hold them", hold_now);
}

static int run_drop(struct context *ctx)
{
    return run_action(ctx, false, "delete them for good", drop_now);
}

static int run_release(struct context *ctx)
{
    return run_action(ctx, true, "release them", release_now);
}

/* --- undo ------------------------------------------------------------------------------------ */

static void show_hold(struct action *action, const struct actionlog_hold *hold)
{
    struct context *ctx = action->ctx;

    out_begin(ctx->out, "hold", OUT_BLOCK);
    out_time(ctx->out, "time", "held at", hold->time);
    out_string(ctx->out, "admin", "by", hold->admin);
    /* Escaped when it was written. */
    out_escaped(ctx->out, "command", "with", hold->command, strlen(hold->command));
    out_string(ctx->out, "mta", NULL, hold->mta);
    out_number(ctx->out, "count", "messages", (long long)action->items.count);
    out_number(ctx->out, "held", "still held", (long long)count(&action->items, held));
    out_bool(ctx->out, "complete", NULL, hold->complete);
    out_end(ctx->out);
    if (!hold->complete) {
        out_note(ctx->out, "That hold was broken off before its end.");
    }
}

/* The last hold, looked at again. Shows it, and releases it if --yes was given. */
static int undo_hold(struct action *action, const struct actionlog_hold *hold)
{
    struct context *ctx = action->ctx;

    if (!look(action)) {
        return STATUS_FAILED;
    }
    if (!hold->complete) {
        complain(action, "ids belong to other mail that is held: look at it and release it",
                 other_held);
    }
    if (args_has(ctx->args, "yes")) {
        return print_released(action, "undo", release_verified(action, "undo", hold->op));
    }
    show_hold(action, hold);
    say_how_to_act(ctx, "release what is still held");
    return context_status(ctx, count(&action->items, held) > 0);
}

static int undo_last(struct action *action, struct actionlog_hold *hold)
{
    struct context *ctx = action->ctx;
    const char *instance = args_get(ctx->args, "instance");

    bool found = actionlog_last_hold(ctx, action->log, hold);

    action->items = hold->items; /* now the action's */
    if (!found) {
        out_note(ctx->out, "There is no hold to undo. Mail that was dropped is gone.");
        return context_status(ctx, false);
    }
    if (strcmp(hold->instance, instance != NULL ? instance : "") != 0) {
        return context_fail(ctx, "the last hold was in another Postfix instance: say --instance %s",
                            *hold->instance != '\0' ? hold->instance : "/etc/postfix");
    }
    action->mta = queue_named(hold->mta);
    if (action->mta == NULL || !action->mta->present()) {
        return context_fail(ctx, "the last hold was in the queue of %s, which is not here",
                            hold->mta);
    }
    action->state = action->mta->open(ctx);
    return action->state != NULL ? undo_hold(action, hold) : STATUS_FAILED;
}

static int run_undo(struct context *ctx)
{
    struct action action = {.ctx = ctx};
    struct actionlog_hold *hold = context_alloc(sizeof *hold);
    int status = journal_open(&action) ? undo_last(&action, hold) : STATUS_FAILED;

    action_close(&action);
    free(hold);
    return status;
}

#define ACT_GROUPS (GROUP_TIME | GROUP_FILTER | GROUP_LOG | GROUP_ACT)

static const struct option_spec select_options[] = {QUEUE_SELECT_OPTIONS,
                                                    {NULL, 0, NULL, NULL, NULL}};

const struct command command_hold = {
    .name = "hold",
    .summary = "stop an origin's mail in the queue",
    .operands = "[QUEUE-ID...]",
    .details = "Without --yes it only shows what it would do. What is being delivered already may "
               "still leave.\n",
    .options = select_options,
    .groups = ACT_GROUPS,
    .operands_min = 0,
    .operands_max = UINT32_MAX,
    .run = run_hold,
};

const struct command command_release = {
    .name = "release",
    .summary = "let held mail go",
    .operands = "[QUEUE-ID...]",
    .details = "Without --yes it only shows what it would do. Only what is held is chosen from.\n",
    .options = select_options,
    .groups = ACT_GROUPS,
    .operands_min = 0,
    .operands_max = UINT32_MAX,
    .run = run_release,
};

const struct command command_drop = {
    .name = "drop",
    .summary = "delete an origin's mail from the queue, for good",
    .operands = "[QUEUE-ID...]",
    .details = "Without --yes it only shows what it would do. It holds the mail first and deletes "
               "only what it then\n"
               "finds to be what was meant. This cannot be undone.\n",
    .options = select_options,
    .groups = ACT_GROUPS,
    .operands_min = 0,
    .operands_max = UINT32_MAX,
    .run = run_drop,
};

static const struct option_spec undo_options[] = {
    {"yes", 'y', NULL, NULL, "act; without it only show what would be done"},
    {"instance", 0, "NAME", NULL, "Postfix: the instance in which the hold was"},
    {NULL, 0, NULL, NULL, NULL}};

const struct command command_undo = {
    .name = "undo",
    .summary = "release what the last hold stopped",
    .operands = "",
    .details = "Mail that changed meanwhile is left alone and counted. What was dropped is gone.\n",
    .options = undo_options,
    .groups = 0,
    .operands_min = 0,
    .operands_max = 0,
    .run = run_undo,
};
