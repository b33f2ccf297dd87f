/* queue_select - see queue_select.h. Hostile: every text of a message. */
#include "queue/queue_select.h"

#include "args.h"
#include "context.h"
#include "wrapper/codec.h"
#include "wrapper/ulid.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* How long a message may be on its way from the wrapper's call to this queue: a submission daemon
 * that is down keeps trying for days. */
#define UNDERWAY_US ((int64_t)5 * 86400 * 1000000)

/* Options whose answer stands in no queue file. */
static const char *const log_options[] = {"script", "unit", "caller", "host", "dir"};

bool queue_select_init(struct context *ctx, bool by_log, struct queue_select *ret)
{
    memset(ret, 0, sizeof *ret);
    if (!filter_init(ctx, &ret->filter)) {
        return false;
    }
    ret->need_log = by_log;
    for (size_t i = 0; i < sizeof log_options / sizeof *log_options; i++) {
        ret->need_log = ret->need_log || args_has(ctx->args, log_options[i]);
    }
    ret->use_log = ret->need_log;
    for (size_t i = 0; i < args_operands(ctx->args); i++) {
        (void)strset_add(&ret->ids, args_operand(ctx->args, i));
    }
    return true;
}

void queue_select_free(struct queue_select *select)
{
    strset_free(&select->ids);
    strset_free(&select->met);
    tracelog_free(&select->log);
}

bool queue_select_narrow(const struct context *ctx)
{
    static const char *const options[] = {"uid",    "user",  "dir",    "script", "unit",  "from",
                                          "caller", "login", "client", "sender", "since", "until"};

    bool narrow = args_operands(ctx->args) > 0;

    for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
        const char *value;

        for (size_t cursor = 0; (value = args_each(ctx->args, options[i], &cursor)) != NULL;) {
            if (*value == '\0' && strcmp(options[i], "sender") != 0) {
                return false; /* a variable of a script that was not set: it would mean all */
            }
            narrow = true;
        }
    }
    return narrow;
}

/* --- what is known --------------------------------------------------------------------------- */

static bool loopback(const char *client)
{
    return client != NULL && (strncmp(client, "127.", 4) == 0 || strcmp(client, "::1") == 0);
}

static void escape(char *to, size_t cap, const char *text)
{
    struct strbuf out;

    strbuf_init(&out, to, cap);
    (void)codec_escape(&out, text, strlen(text), cap - 1);
}

/* A subject as the message has it now, and as the record has it (which may be cut). */
static bool same_subject(const char *message, const char *record)
{
    char text[4096];
    size_t n = record != NULL ? strlen(record) : 0, cut = strlen(CODEC_CUT);

    if (record == NULL || message == NULL) {
        return record == message;
    }
    escape(text, sizeof text, message);
    if (n >= cut && strcmp(record + n - cut, CODEC_CUT) == 0) {
        return strncmp(text, record, n - cut) == 0;
    }
    return strcmp(text, record) == 0;
}

/*
 * Mail that came by SMTP from this very machine may have been handed on by Sendmail's submission or
 * a content filter; or any local process may have copied a header. The record settles it: only the
 * wrapper writes there. One of a neighbour's mail, copied to send many, has more recipients than
 * his; then nobody's is named, the neighbour's neither.
 */
static bool record_fits(const struct queue_message *message, const struct trace_facts *facts)
{
    return facts != NULL && facts->trusted && facts->delivered && facts->uid >= 0 &&
           message->arrival >= facts->time - 2000000 &&
           message->arrival <= facts->time + UNDERWAY_US &&
           (facts->rcpts < 0 || facts->waiting <= (size_t)facts->rcpts) &&
           (facts->subject == NULL || same_subject(message->subject, facts->subject));
}

static void know_by_record(struct queue_known *known, const struct trace_facts *facts)
{
    known->uid = facts->uid;
    known->dir = facts->cwd;
    known->dir_worth = facts->dir_worth;
    known->script = facts->script;
    known->script_by = facts->script_by;
    known->script_worth = facts->script_worth;
    known->unit = facts->unit;
}

static void know(struct queue_select *select, const struct queue_message *message,
                 struct queue_known *known, const struct trace_facts **ret_facts)
{
    static const enum known_by by[] = {[QUEUE_OURS] = KNOWN_HEADER,
                                       [QUEUE_UID] = KNOWN_UID,
                                       [QUEUE_SASL] = KNOWN_LOGIN,
                                       [QUEUE_NETWORK] = KNOWN_CLIENT,
                                       [QUEUE_BOUNCE] = KNOWN_BOUNCE};
    const struct trace_facts *facts =
        message->trace != NULL ? tracelog_find(&select->log, message->trace) : NULL;

    *known =
        (struct queue_known){.message = message, .by = by[message->origin], .uid = message->uid};
    *ret_facts = NULL;
    if (message->origin == QUEUE_OURS) {
        if (message->path != NULL && *message->path == '/') {
            escape(select->dir, sizeof select->dir, message->path);
            known->dir = select->dir;
            known->dir_worth = ORIGIN_OWN;
        }
        if (facts != NULL && facts->uid == message->uid) {
            know_by_record(known, facts);
            *ret_facts = facts;
        }
    } else if (message->origin == QUEUE_NETWORK && loopback(message->client) &&
               record_fits(message, facts)) {
        known->by = KNOWN_LOG;
        know_by_record(known, facts);
        *ret_facts = facts;
    }
}

/* --- which are meant ------------------------------------------------------------------------- */

static bool text_passes(const struct filter *filter, const char *option, const char *text)
{
    return filter_text(filter, option, text, text != NULL ? strlen(text) : 0);
}

/* A raw text against a filter. */
static bool raw_passes(const struct filter *filter, const char *option, const char *raw)
{
    char text[4096];

    if (raw == NULL || !filter_given(filter, option)) {
        return text_passes(filter, option, raw);
    }
    escape(text, sizeof text, raw);
    return text_passes(filter, option, text);
}

static bool exactly(const struct context *ctx, const char *option, const char *value, bool any_case)
{
    const char *wanted;
    size_t cursor = 0;
    bool given = false;

    while ((wanted = args_each(ctx->args, option, &cursor)) != NULL) {
        given = true;
        if (value != NULL &&
            (any_case ? strcasecmp(value, wanted) == 0 : strcmp(value, wanted) == 0)) {
            return true;
        }
    }
    return !given;
}

static const char *state_name(enum queue_state state)
{
    static const char *const names[] = {[QUEUE_INCOMING] = "incoming",
                                        [QUEUE_ACTIVE] = "active",
                                        [QUEUE_DEFERRED] = "deferred",
                                        [QUEUE_HELD] = "held"};

    return names[state];
}

static bool passes(const struct context *ctx, const struct queue_select *select,
                   const struct queue_known *known, const struct trace_facts *facts)
{
    const struct filter *filter = &select->filter;
    const struct queue_message *message = known->message;

    return (select->ids.count == 0 || strset_has(&select->ids, message->id)) &&
           filter_time(filter, message->arrival) && filter_uid(filter, known->uid) &&
           text_passes(filter, "dir", known->dir) && text_passes(filter, "script", known->script) &&
           text_passes(filter, "unit", known->unit) &&
           text_passes(filter, "caller", facts != NULL ? facts->caller : NULL) &&
           text_passes(filter, "host", facts != NULL ? facts->host : NULL) &&
           (raw_passes(filter, "from", message->sender) ||
            raw_passes(filter, "from", message->from)) &&
           exactly(ctx, "login", message->login, true) &&
           exactly(ctx, "client", message->client, true) &&
           exactly(ctx, "sender", message->sender, true) &&
           exactly(ctx, "state", state_name(message->state), false);
}

/* --- listing --------------------------------------------------------------------------------- */

struct pass {
    struct queue_select *select;
    void (*each)(struct context *ctx, const struct queue_known *known, void *arg);
    void *arg;
    bool collecting; /* only ids for the log */
    size_t listed;
    int64_t shown; /* of context_progress */
};

/* Whether the id of its header can be this message's: one made up must not make us read a year of
 * log. */
static bool timely(const struct queue_message *message)
{
    uint64_t ms;
    int64_t us;

    if (message->trace == NULL || !ulid_time(message->trace, &ms)) {
        return false;
    }
    us = (int64_t)ms * 1000;
    return us <= message->arrival + 2000000 && us >= message->arrival - UNDERWAY_US;
}

static bool one(struct context *ctx, const struct queue_message *message, void *arg)
{
    struct pass *pass = arg;
    struct queue_select *select = pass->select;
    const struct trace_facts *facts;
    struct queue_known known;
    bool judged_by_log = message->origin == QUEUE_NETWORK && loopback(message->client);

    pass->listed++;
    if (context_progress(ctx, &pass->shown)) {
        (void)fprintf(stderr, "\rqueue: %zu messages\033[K", pass->listed);
    }
    if (!select->log_read && (select->use_log || judged_by_log) && timely(message)) {
        tracelog_want(&select->log, message->trace);
        select->wanted = true;
        if (judged_by_log) {
            tracelog_waits(&select->log, message->trace, message->rcpts > 0 ? message->rcpts : 1);
        }
    }
    if (pass->collecting) {
        return true;
    }
    know(select, message, &known, &facts);
    if (passes(ctx, select, &known, facts)) {
        if (select->ids.count > 0) {
            (void)strset_add(&select->met, message->id);
        }
        pass->each(ctx, &known, pass->arg);
    }
    return true;
}

static bool list(struct context *ctx, const struct queue_mta *mta, void *state, struct pass *pass)
{
    bool ok = mta->list(ctx, state, one, pass);

    pass->listed = 0;
    context_progress_end(&pass->shown);
    return ok;
}

bool queue_select_each(struct context *ctx, const struct queue_mta *mta, void *state,
                       struct queue_select *select, void (*begin)(void *arg),
                       void (*each)(struct context *ctx, const struct queue_known *known,
                                    void *arg),
                       void *arg)
{
    struct pass pass = {.select = select, .each = each, .arg = arg, .collecting = select->use_log};

    if (!list(ctx, mta, state, &pass)) {
        return false;
    }
    if (!select->wanted && !select->use_log) {
        return true;
    }
    select->log_read = true;
    if (!tracelog_read(ctx, &select->log)) {
        if (select->need_log) {
            return false;
        }
        ctx->partial = true; /* what the queue itself says still holds */
    }
    begin(arg);
    pass.collecting = false;
    return list(ctx, mta, state, &pass);
}
