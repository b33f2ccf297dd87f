/*
 * trace_print - shows what became of a message: the message, where it went on, its recipients.
 *
 * Hostile: all texts (out.h escapes them).
 */
#include "trace/trace_print.h"

#include "context.h"
#include "origin.h"
#include "out.h"
#include "show/calltext.h"

#include <stdio.h>
#include <string.h>

#define DEPTH 8 /* hops within one machine */

static const char *const sure_names[] = {"trace",  "pid",   "message-id", "uid-time",
                                         "one-of", "claim", "asked"};
static const char *const sure_texts[] = {
    "sure: the mail server logged our header with it, and notes the same uid",
    "sure: handed in by the process of the call",
    "its Message-ID, uid and time are the call's",
    "its uid and time are the call's, and nothing else fits",
    "its uid and time are the call's, but other mails or calls fit as well",
    "it bears this header, but no record of that call is there: anyone can write such a header",
    "asked for"};
static const char *const outcome_names[] = {"sent", "deferred", "bounced", "expired", "other"};

static void field(struct context *ctx, struct record_line *line, enum record_key key,
                  const char *label)
{
    struct slice value;

    if (record_line_value(line, key, &value)) {
        out_escaped(ctx->out, record_key_name(key), label, value.ptr, value.len);
    }
}

static void number(struct context *ctx, struct record_line *line, enum record_key key,
                   const char *label)
{
    long long value = record_line_number(line, key);

    if (value >= 0) {
        out_number(ctx->out, record_key_name(key), label, value);
    }
}

void trace_print_call(struct context *ctx, struct record_line *line)
{
    char text[CALLTEXT_MAX];
    struct slice value;

    out_begin(ctx->out, "call", OUT_BLOCK);
    field(ctx, line, RECORD_ID, "call");
    out_time(ctx->out, "time", "time", line->time);
    number(ctx, line, RECORD_UID, "uid");
    field(ctx, line, RECORD_USER, "user");
    number(ctx, line, RECORD_PID, "pid");
    if (record_line_value(line, RECORD_CWD, &value)) {
        field(ctx, line, RECORD_CWD, NULL);
        calltext_directory(line, text);
        out_escaped(ctx->out, NULL, "directory", text, strlen(text));
        out_string(ctx->out, "cwd_certainty", NULL, origin_word(origin_directory(line)));
    }
    if (record_line_value(line, RECORD_SCRIPT, &value)) {
        field(ctx, line, RECORD_SCRIPT, NULL);
        calltext_script(line, text);
        out_escaped(ctx->out, NULL, "script", text, strlen(text));
        out_string(ctx->out, "script_certainty", NULL, origin_word(origin_script(line)));
    }
    field(ctx, line, RECORD_FROM, "from");
    number(ctx, line, RECORD_RCPTS, "recipients");
    field(ctx, line, RECORD_SUBJECT, "subject");
    field(ctx, line, RECORD_MSGID, "message-id");
    field(ctx, line, RECORD_ACTION, NULL);
    out_end(ctx->out);
}

static const char *state_of(const struct trace_mail *mail)
{
    if (mail->refused != NULL) {
        return "refused";
    }
    if (mail->end >= 0 && mail->removed != NULL) {
        return "deleted";
    }
    if (trace_mail_done(mail)) {
        return "done";
    }
    return mail->held != NULL ? "held" : "queued";
}

static const char *why_of(const struct trace_mail *mail)
{
    if (mail->refused != NULL) {
        return mail->refused;
    }
    return mail->end >= 0 ? mail->removed : mail->held;
}

static enum out_mood mood_of(const char *state)
{
    if (strcmp(state, "done") == 0) {
        return OUT_PLAIN;
    }
    return strcmp(state, "refused") == 0 ? OUT_BAD : OUT_WARN;
}

static void print_counts(struct context *ctx, const struct trace_mail *mail)
{
    long long missing = trace_mail_missing(mail);

    if (mail->nrcpt >= 0) {
        out_number(ctx->out, "rcpts", "recipients", mail->nrcpt);
    }
    for (size_t i = 0; i <= MAIL_OTHER; i++) {
        if (mail->counts[i] > 0) {
            out_mood(ctx->out, i == MAIL_SENT ? OUT_GOOD : i == MAIL_DEFERRED ? OUT_WARN : OUT_BAD);
            out_number(ctx->out, outcome_names[i], outcome_names[i], (long long)mail->counts[i]);
        }
    }
    if (missing > 0) {
        out_number(ctx->out, "unknown", "not mentioned yet", missing);
    }
    if (mail->uncounted > 0) {
        out_number(ctx->out, "unread_lines", "more lines", (long long)mail->uncounted);
    }
}

static void print_owner(struct context *ctx, const struct trace_mail *mail)
{
    if (mail->uid >= 0) {
        out_number(ctx->out, "uid", "uid", mail->uid);
    }
    out_string(ctx->out, "user", mail->user == NULL ? NULL : "user", mail->user);
    if (mail->submitted && mail->pid > 0) {
        out_number(ctx->out, "pid", NULL, mail->pid);
    }
    if (mail->login != NULL) {
        out_string(ctx->out, "login", "login", mail->login);
    }
    if (mail->client != NULL) {
        out_string(ctx->out, "client", "client", mail->client);
    }
    if (mail->other_uid >= 0) {
        out_mood(ctx->out, OUT_BAD);
        out_number(ctx->out, "other_uid", "but another line says uid", mail->other_uid);
    }
    if (mail->trace != NULL) {
        out_string(ctx->out, "trace", "header's id", mail->trace);
    }
    out_bool(ctx->out, "forgeable", NULL, mail->forgeable);
}

/* part: "message", "hop", "bounce". */
static void print_mail(struct context *ctx, const struct trace_item *item,
                       const struct trace_mail *mail, const char *part, enum trace_sure sure,
                       size_t place, size_t of)
{
    const char *state = state_of(mail);
    const char *label = strcmp(part, "hop") == 0      ? "went on as"
                        : strcmp(part, "bounce") == 0 ? "bounce or notice"
                                                      : "mail";

    out_begin(ctx->out, "mail", OUT_BLOCK);
    out_mood(ctx->out, OUT_BOLD);
    out_string(ctx->out, "queue_id", label, mail->id);
    out_string(ctx->out, "mta", "mail server", mail->mta);
    out_string(ctx->out, "part", NULL, part);
    if (item->from[0] != '\0') {
        out_string(ctx->out, "of", strcmp(part, "hop") == 0 ? "came as" : "about", item->from);
    }
    if (strcmp(part, "message") == 0) {
        out_string(ctx->out, "sure", NULL, sure_names[sure]);
        if (sure != TRACE_SURE_NOTHING) {
            out_mood(ctx->out, sure <= TRACE_SURE_PID ? OUT_GOOD : OUT_WARN);
            out_string(ctx->out, NULL, "how known", sure_texts[sure]);
        }
        if (of > 1) {
            out_number(ctx->out, "candidate", "candidate", (long long)place);
            out_number(ctx->out, "candidates", "of", (long long)of);
        }
    }
    out_time(ctx->out, "time", "taken", mail->start);
    print_owner(ctx, mail);
    if (mail->sender != NULL) {
        out_string(ctx->out, "sender", "sender", mail->sender[0] == '\0' ? "<>" : mail->sender);
    }
    if (mail->subject != NULL) {
        out_string(ctx->out, "subject", "subject", mail->subject);
    }
    if (mail->msgid != NULL) {
        out_string(ctx->out, "msgid", "message-id", mail->msgid);
    }
    if (mail->size >= 0) {
        out_number(ctx->out, "size", "bytes", mail->size);
    }
    out_mood(ctx->out, mood_of(state));
    out_string(ctx->out, "state", "state", state);
    if (why_of(mail) != NULL) {
        out_string(ctx->out, "reason", "because", why_of(mail));
    }
    if (mail->end >= 0) {
        out_time(ctx->out, "end", "gone", mail->end);
    }
    print_counts(ctx, mail);
    out_end(ctx->out);
}

static void print_rcpts(struct context *ctx, const struct trace_table *table,
                        const struct trace_mail *mail)
{
    for (size_t i = 0; i < mail->rcpt_count; i++) {
        const struct trace_rcpt *rcpt = mail->rcpts[i];
        bool passed = rcpt->outcome == MAIL_SENT && rcpt->next_local &&
                      trace_table_find(table, rcpt->next_id) != NULL;

        out_begin(ctx->out, "recipient", OUT_TABLE);
        out_string(ctx->out, "queue_id", "queue id", mail->id);
        out_mood(ctx->out, rcpt->outcome == MAIL_SENT       ? OUT_GOOD
                           : rcpt->outcome == MAIL_DEFERRED ? OUT_WARN
                                                            : OUT_BAD);
        out_string(ctx->out, "outcome", "outcome",
                   passed ? "passed on" : outcome_names[rcpt->outcome]);
        out_string(ctx->out, "rcpt", "recipient", rcpt->rcpt);
        out_time(ctx->out, "last", "when", rcpt->last);
        out_time(ctx->out, "first", NULL, rcpt->first);
        out_number(ctx->out, "tries", "tries", rcpt->tries);
        out_string(ctx->out, "relay", "relay", rcpt->relay);
        out_string(ctx->out, "dsn", "dsn", rcpt->dsn);
        out_string(ctx->out, "reply", "reply", rcpt->text);
        out_string(ctx->out, "next_id", NULL, rcpt->next_id);
        out_end(ctx->out);
    }
}

/* The next of the messages that id led to, from *at on; NULL behind the last. */
static const struct trace_item *next_of(const struct trace_table *table, const char *id, size_t *at)
{
    while (*at < table->count) {
        const struct trace_item *item = table->item[(*at)++];

        if (item->mail != NULL && strcmp(item->from, id) == 0) {
            return item;
        }
    }
    return NULL;
}

/* What came of a message, depth first; rcpts: in a second run, so that a table stands in one piece.
 */
static void print_chain(struct context *ctx, const struct trace_table *table, const char *id,
                        bool rcpts)
{
    struct {
        const char *id;
        size_t at;
    } level[DEPTH] = {{id, 0}};
    size_t depth = 1;

    while (depth > 0) {
        const struct trace_item *item = next_of(table, level[depth - 1].id, &level[depth - 1].at);

        if (item == NULL) {
            depth--;
            continue;
        }
        if (rcpts) {
            print_rcpts(ctx, table, item->mail);
        } else {
            print_mail(ctx, item, item->mail, item->link == TRACE_NOTICE ? "bounce" : "hop",
                       TRACE_SURE_NOTHING, 0, 0);
        }
        if (depth < DEPTH) {
            level[depth].id = item->id;
            level[depth++].at = 0;
        }
    }
}

void trace_print_mail(struct context *ctx, const struct trace_table *table,
                      const struct trace_item *item, enum trace_sure sure, size_t place, size_t of)
{
    for (const struct trace_mail *mail = item->mail; mail != NULL; mail = mail->next_life) {
        print_mail(ctx, item, mail, "message", sure, place, of);
    }
    print_chain(ctx, table, item->id, false);
    for (const struct trace_mail *mail = item->mail; mail != NULL; mail = mail->next_life) {
        print_rcpts(ctx, table, mail);
    }
    print_chain(ctx, table, item->id, true);
}

void trace_print_notes(struct context *ctx, const struct trace_wanted *wanted,
                       const struct trace_choice *choice)
{
    const struct trace_mail *mail = choice->count == 0 ? NULL : choice->item[0]->mail;

    out_flush(ctx->out); /* before what goes to standard error */
    if (choice->strangers > 0) {
        context_warn(ctx,
                     "%zu other mail(s) bear this Message-ID or header but were handed in by "
                     "another user (uid %lld): copies, not this call's",
                     choice->strangers, choice->stranger);
    }
    if (choice->replayed > 0) {
        context_warn(ctx, "%zu later mail(s) of the same user bear the same header: sent again",
                     choice->replayed);
    }
    if (wanted->record && choice->sure >= TRACE_SURE_MSGID && choice->sure <= TRACE_SURE_ONE_OF &&
        mail != NULL && strcmp(mail->mta, "postfix") == 0) {
        context_warn(ctx,
                     "to have Postfix log which mail is which call's: header_checks = "
                     "regexp:/etc/postfix/header_checks with the line /^%s:/ INFO trace",
                     ctx->config.header.name);
    }
    if (mail != NULL && mail->forgeable) {
        context_warn(ctx, "the mail log is a file that syslog writes: any local user can have put "
                          "lines there; the journal is surer");
    }
}
