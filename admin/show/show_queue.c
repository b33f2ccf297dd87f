/*
 * show_queue - a queue id: first what waits in the queue, then what the mail server logged, then
 * the record that fits.
 *
 * Hostile: queue files and log lines. A header counts only where the mail server noted the same
 * uid; a syslog file can be written by any local user, so what is known from one alone is never
 * certain.
 */
#include "context.h"
#include "maillog/maillog.h"
#include "out.h"
#include "queue/queue.h"
#include "show/show_find.h"
#include "show/show_search.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MTAS 3

struct show_queues {
    const struct queue_mta *mta[MTAS];
    void *state[MTAS];
};

struct show_queues *show_queues_open(struct context *ctx)
{
    const struct queue_mta *const all[MTAS] = {&queue_postfix, &queue_sendmail, &queue_exim};
    struct show_queues *queues = context_alloc(sizeof *queues);

    *queues = (struct show_queues){.mta = {NULL}};
    for (size_t i = 0; i < MTAS; i++) {
        if (all[i]->present()) {
            queues->mta[i] = all[i];
            queues->state[i] = all[i]->open(ctx);
        }
    }
    return queues;
}

void show_queues_close(struct show_queues *queues)
{
    for (size_t i = 0; queues != NULL && i < MTAS; i++) {
        if (queues->state[i] != NULL) {
            queues->mta[i]->close(queues->state[i]);
        }
    }
    free(queues);
}

/* --- in the queue ---------------------------------------------------------------------------- */

static int show_queued(struct context *ctx, struct records *records, const char *mta,
                       const struct queue_message *queued)
{
    const struct pasted_message message = {
        .subject = context_copy(queued->subject != NULL ? queued->subject : "",
                                queued->subject != NULL ? strlen(queued->subject) : 0),
        .date = -1,
        .received = queued->arrival,
        .submitter = queued->uid};
    struct pasted_message compared = message;
    char explained[160];
    struct show_lead lead = {.id = queued->trace,
                             .by = "queue",
                             .explained = explained,
                             .message = &compared,
                             .noted = queued->origin == QUEUE_OURS,
                             .sure = queued->origin == QUEUE_OURS ? SHOW_CERTAIN : SHOW_LIKELY};
    int status;

    if (queued->subject == NULL) {
        compared.subject = NULL;
    }
    (void)snprintf(explained, sizeof explained, "it waits in the queue of %s; by its header%s", mta,
                   queued->origin == QUEUE_OURS ? " and the uid that the mail server noted" : "");
    status = show_lead_print(ctx, records, &lead);
    free(message.subject);
    return status;
}

/* --- in the log ------------------------------------------------------------------------------ */

/* What the log says of one message. */
struct logged {
    char *trace, *msgid, *user, *client, *login;
    char *before; /* the id under which it was submitted: Sendmail has two */
    long long uid;
    long pid;
    int64_t time; /* of the submission; -1 */
    bool seen, gone, postfix, forgeable;
};

static void forget(struct logged *logged)
{
    free(logged->trace);
    free(logged->msgid);
    free(logged->user);
    free(logged->client);
    free(logged->login);
    free(logged->before);
    *logged = (struct logged){.uid = -1, .pid = -1, .time = -1, .forgeable = logged->forgeable};
}

static void keep(char **to, const char *text)
{
    if (*to == NULL && text != NULL) {
        *to = context_copy(text, strlen(text));
    }
}

/* Sendmail and Exim log a login name, which they had from this machine's passwd. */
static long long uid_of(const char *user)
{
    const struct passwd *pw = getpwnam(user);

    return pw != NULL ? (long long)pw->pw_uid : -1;
}

static void note(struct logged *logged, const struct mail_event *event)
{
    if (logged->gone && event->kind != MAIL_REMOVED) { /* Postfix uses short ids again */
        forget(logged);
    }
    logged->seen = true;
    logged->postfix = strcmp(event->mta, "postfix") == 0;
    switch (event->kind) {
    case MAIL_SUBMITTED:
        logged->uid = event->uid;
        logged->pid = logged->postfix ? -1 : event->pid;
        logged->time = event->time;
        keep(&logged->user, event->user);
        keep(&logged->msgid, event->msgid);
        if (logged->uid < 0 && event->user != NULL) {
            logged->uid = uid_of(event->user);
        }
        break;
    case MAIL_RECEIVED:
        logged->time = event->time;
        keep(&logged->client, event->client);
        keep(&logged->login, event->login);
        keep(&logged->msgid, event->msgid);
        break;
    case MAIL_MSGID:
    case MAIL_QUEUED:
        keep(&logged->msgid, event->msgid);
        break;
    case MAIL_TRACE: /* the topmost is printed first */
        keep(&logged->trace, event->trace);
        break;
    case MAIL_REMOVED:
        logged->gone = true;
        break;
    default:
        break;
    }
}

/* One pass over the log for one queue id. Returns false after a message. */
static bool read_log(struct context *ctx, const char *id, struct logged *ret)
{
    struct maillog *maillog = maillog_open(ctx, INT64_MIN, INT64_MAX);
    struct mail_event event;

    forget(ret);
    if (maillog == NULL) {
        return false;
    }
    while (maillog_next(maillog, &event)) {
        if (event.queue_id == NULL) {
            continue;
        }
        if (strcmp(event.queue_id, id) == 0) {
            note(ret, &event);
            ret->forgeable = event.forgeable;
        } else if (event.next_id != NULL && event.next_local && strcmp(event.next_id, id) == 0 &&
                   event.kind == MAIL_RECIPIENT) {
            keep(&ret->before, event.queue_id);
        }
    }
    maillog_close(maillog);
    return true;
}

/* The message as it was submitted: Sendmail's submission program hands it on under another id. */
static bool read_submission(struct context *ctx, const char *id, struct logged *ret)
{
    char *before;
    bool good = read_log(ctx, id, ret);

    for (int hops = 0; good && ret->before != NULL && hops < 4; hops++) {
        before = ret->before;
        ret->before = NULL;
        good = read_log(ctx, before, ret);
        free(before);
    }
    return good;
}

static void print_network(struct context *ctx, const char *id, const struct logged *logged)
{
    out_begin(ctx->out, "message", OUT_BLOCK);
    out_string(ctx->out, "queue_id", "message", id);
    out_string(ctx->out, NULL, "who",
               logged->login != NULL ? "somebody who logged in by SMTP; no call of sendmail"
                                     : "it came by SMTP; no call of sendmail");
    out_string(ctx->out, "login", "login", logged->login);
    out_string(ctx->out, "client", "client", logged->client);
    out_time(ctx->out, "time", "when", logged->time);
    out_string(ctx->out, "certainty", NULL, logged->forgeable ? "likely" : "certain");
    out_end(ctx->out);
}

static int show_hit(struct context *ctx, struct records *records, const struct show_hit *hit,
                    const struct logged *logged)
{
    char explained[160];
    struct pasted_message message = {
        .msgid = logged->msgid, .date = -1, .received = logged->time, .submitter = logged->uid};
    struct show_lead lead = {
        .id = hit->id, .explained = explained, .message = &message, .noted = true};

    switch (hit->by) {
    case SHOW_HIT_MSGID:
        lead.by = "msgid";
        lead.sure = hit->count > 1 ? SHOW_POSSIBLE : logged->forgeable ? SHOW_LIKELY : SHOW_CERTAIN;
        (void)snprintf(explained, sizeof explained, "by Message-ID, uid and time of the mail log%s",
                       hit->count > 1 ? "; several calls fit, this is the last" : "");
        break;
    case SHOW_HIT_PID:
        lead.by = "pid";
        lead.sure = logged->forgeable ? SHOW_LIKELY : SHOW_CERTAIN;
        (void)snprintf(explained, sizeof explained, "by the process that the mail log names");
        break;
    case SHOW_HIT_TIME:
    case SHOW_HIT_NONE:
        lead.by = "time";
        lead.message = NULL; /* that they agree is why it was found */
        lead.sure = hit->count > 1 ? SHOW_POSSIBLE : SHOW_LIKELY;
        if (hit->count > 1) {
            (void)snprintf(explained, sizeof explained,
                           "by uid and time: one of %zu calls of that user, this is the last",
                           hit->count);
        } else {
            (void)snprintf(explained, sizeof explained,
                           "by uid and time: the only call of that user then");
        }
        break;
    }
    return show_lead_print(ctx, records, &lead);
}

/* From what the log says to the record. */
static int show_logged(struct context *ctx, struct records *records, const char *id,
                       const struct logged *logged)
{
    struct show_wanted wanted = {.msgid = logged->msgid,
                                 .user = logged->user,
                                 .uid = logged->uid,
                                 .pid = logged->pid,
                                 .time = logged->time};
    struct pasted_message message = {
        .msgid = logged->msgid, .date = -1, .received = logged->time, .submitter = logged->uid};
    struct show_hit hit;

    if (logged->trace != NULL) {
        return show_lead_print(
            ctx, records,
            &(struct show_lead){.id = logged->trace,
                                .by = "header",
                                .explained = "by our header, which the mail server logged",
                                .message = &message,
                                .noted = true,
                                .sure = logged->forgeable ? SHOW_LIKELY : SHOW_CERTAIN});
    }
    if (!show_search(ctx, &wanted, &hit)) {
        return STATUS_FAILED;
    }
    if (hit.by == SHOW_HIT_NONE && (logged->client != NULL || logged->login != NULL)) {
        print_network(ctx, id, logged);
        return context_status(ctx, true);
    }
    if (hit.by == SHOW_HIT_NONE) {
        return show_no_record(
            ctx, NULL, "no record: the mail log has this message, our log no call that fits");
    }
    return show_hit(ctx, records, &hit, logged);
}

static int show_from_log(struct context *ctx, struct records *records, const char *id)
{
    struct logged logged = {.uid = -1};
    int status = STATUS_FAILED;

    if (read_submission(ctx, id, &logged)) {
        if (logged.seen) {
            status = show_logged(ctx, records, id, &logged);
        } else {
            status = show_no_record(
                ctx, NULL, "no message with this queue id in the queue or in the mail log");
        }
    }
    forget(&logged);
    return status;
}

/* A message that waits, without a header that can be believed: what the mail server noted is in its
 * queue file as well. */
static int show_unmarked(struct context *ctx, struct records *records, const char *id,
                         const struct queue_message *queued)
{
    struct logged logged = {.uid = queued->uid, .pid = -1, .time = queued->arrival, .seen = true};
    int status;

    keep(&logged.client, queued->client);
    keep(&logged.login, queued->login);
    status = show_logged(ctx, records, id, &logged);
    forget(&logged);
    return status;
}

int show_queue_id(struct context *ctx, struct records *records, struct show_queues *queues,
                  const char *id)
{
    struct queue_message queued;

    for (size_t i = 0; queues != NULL && i < MTAS; i++) {
        if (queues->state[i] == NULL ||
            queues->mta[i]->look(ctx, queues->state[i], id, &queued) != 1) {
            continue;
        }
        if (queued.trace != NULL) {
            return show_queued(ctx, records, queues->mta[i]->name, &queued);
        }
        if (queued.uid >= 0 || queued.client != NULL || queued.login != NULL) {
            return show_unmarked(ctx, records, id, &queued);
        }
    }
    return show_from_log(ctx, records, id);
}

/* Exim's own Message-ID, which it does not log, is <E, the queue id, @ (receive.c): copied, or NULL
 * if it is none. */
static char *exim_id(const char *msgid)
{
    const char *id = msgid + 2;
    size_t n = strncmp(msgid, "<E", 2) == 0
                   ? strspn(id, "-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
                   : 0;

    /* 6-6-2 digits up to 4.96, 6-11-4 since */
    return (n == 16 || n == 23) && id[6] == '-' ? context_copy(id, n) : NULL;
}

int show_logged_msgid(struct context *ctx, struct records *records, const char *msgid)
{
    struct maillog *maillog = maillog_open(ctx, INT64_MIN, INT64_MAX);
    struct mail_event event;
    char *id = NULL;
    int status;

    while (maillog != NULL && id == NULL && maillog_next(maillog, &event)) {
        if (event.msgid != NULL && event.queue_id != NULL && strcmp(event.msgid, msgid) == 0) {
            id = context_copy(event.queue_id, strlen(event.queue_id));
        }
    }
    maillog_close(maillog);
    if (id == NULL) {
        id = exim_id(msgid);
    }
    if (id == NULL) {
        return show_no_record(ctx, NULL, "no record: neither log has this Message-ID");
    }
    status = show_from_log(ctx, records, id);
    free(id);
    return status;
}
