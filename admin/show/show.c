/*
 * show - mailorigin show [ID]: one call, from whatever an admin has of it: a trace id, a queue id,
 * a Message-ID, or on standard input a header, a message, a bounce, an abuse report.
 *
 * Hostile: everything on standard input, in the queue and in the logs. As root only what may be
 * read is kept (CONFINE_READ) before any of it is parsed. A header names a call only if the message
 * is that call's: see verdict.h.
 */
#include "args.h"
#include "command.h"
#include "confine.h"
#include "context.h"
#include "out.h"
#include "records/records.h"
#include "show/show_find.h"
#include "show/show_input.h"
#include "show/show_search.h"
#include "wrapper/ulid.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- a message ------------------------------------------------------------------------------- */

static const char *place_text(enum pasted_where where)
{
    switch (where) {
    case PASTED_OUTER:
        return "by the topmost header of our name";
    case PASTED_RETURNED:
        return "by the header of the message that is returned or complained about";
    case PASTED_ATTACHED:
        return "by the header of the attached message";
    case PASTED_TEXT:
        break;
    }
    return "by a header in the text of the message: whoever wrote the text could put it there";
}

/* A header without an id (header.fields in the configuration): by its uid, pid and the time. */
static int by_pid(struct context *ctx, struct records *records,
                  const struct pasted_message *message, const struct show_header *header)
{
    struct show_wanted wanted = {.uid = header->facts.uid,
                                 .pid = (long)header->facts.pid,
                                 .msgid = message->msgid,
                                 .time =
                                     message->received >= 0 ? message->received : message->date};
    struct show_hit hit;

    if (!show_search(ctx, &wanted, &hit)) {
        return STATUS_FAILED;
    }
    if (hit.by < SHOW_HIT_PID) {
        return show_no_record(ctx, NULL,
                              "no record: the log has no call with this process ID then");
    }
    return show_lead_print(ctx, records,
                           &(struct show_lead){.id = hit.id,
                                               .by = hit.by == SHOW_HIT_PID ? "pid" : "msgid",
                                               .explained = "by uid, process ID and time",
                                               .message = message,
                                               .header = &header->facts,
                                               .sure = SHOW_LIKELY});
}

static int by_header(struct context *ctx, struct records *records,
                     const struct pasted_message *message, const struct show_header *header)
{
    bool text = message->where == PASTED_TEXT;

    if (header->trace == NULL) {
        return by_pid(ctx, records, message, header);
    }
    return show_lead_print(ctx, records,
                           &(struct show_lead){.id = header->trace,
                                               .by = text ? "text" : "header",
                                               .explained = place_text(message->where),
                                               .message = message,
                                               .header = &header->facts,
                                               .sure = text ? SHOW_LIKELY : SHOW_CERTAIN});
}

/* Tells of the other messages that have a header of ours. */
static void tell_others(struct context *ctx, const struct pasted *pasted,
                        const struct pasted_message *chosen)
{
    for (size_t i = 0; i < pasted->count; i++) {
        const struct pasted_message *message = &pasted->message[i];
        struct show_header header;

        if (message == chosen || message->header == NULL) {
            continue;
        }
        if (show_header_read(message->header, &header) && header.trace != NULL) {
            out_begin(ctx->out, "other", OUT_BLOCK);
            out_string(
                ctx->out, NULL, "also",
                message < chosen
                    ? "the message around it has a header of ours, which the log does not know"
                    : "a message within it has a header of ours; its author may have put it there");
            out_string(ctx->out, "id", "its id", header.trace);
            out_end(ctx->out);
        }
        free(header.storage);
    }
}

static int by_msgid(struct context *ctx, struct records *records, const char *msgid,
                    const struct pasted_message *message)
{
    struct show_wanted wanted = {.uid = -1, .pid = -1, .msgid = msgid, .time = -1};
    struct show_hit hit;
    char explained[120];

    if (!show_search(ctx, &wanted, &hit)) {
        return STATUS_FAILED;
    }
    if (hit.by == SHOW_HIT_NONE) {
        return show_logged_msgid(ctx, records, msgid);
    }
    if (hit.count > 1) {
        (void)snprintf(
            explained, sizeof explained,
            "%zu calls had this Message-ID, which is the caller's to choose; the last is",
            hit.count);
    } else {
        (void)snprintf(explained, sizeof explained,
                       "the only call with this Message-ID, which is the caller's to choose");
    }
    return show_lead_print(
        ctx, records,
        &(struct show_lead){.id = hit.id,
                            .by = "msgid",
                            .explained = explained,
                            .message = message,
                            .sure = hit.count > 1 ? SHOW_POSSIBLE : SHOW_LIKELY});
}

/* A message without a header of ours: what is left is its Message-ID. */
static int without_header(struct context *ctx, struct records *records, const struct pasted *pasted)
{
    for (size_t i = pasted->count; i-- > 0;) {
        if (pasted->message[i].msgid != NULL && pasted->message[i].msgid[0] != '\0') {
            context_warn(ctx, "there is no %s header in it; looking for its Message-ID",
                         ctx->config.header.name);
            return by_msgid(ctx, records, pasted->message[i].msgid, &pasted->message[i]);
        }
    }
    return context_fail(ctx, "there is no %s header in what was pasted, nor a Message-ID",
                        ctx->config.header.name);
}

static int show_pasted(struct context *ctx, struct records *records, const char *text, size_t len)
{
    const struct pasted_message *message;
    struct show_header header;
    struct pasted pasted;
    int status;

    pasted_read(text, len, ctx->config.header.name, &pasted);
    message = show_input_choose(records, &pasted);
    if (message == NULL) {
        status = without_header(ctx, records, &pasted);
    } else if (show_header_read(message->header, &header)) {
        status = by_header(ctx, records, message, &header);
        free(header.storage);
        tell_others(ctx, &pasted, message);
    } else {
        free(header.storage);
        status = context_fail(ctx, "the %s header in it is not sendmail-wrapper's: it has no id",
                              ctx->config.header.name);
    }
    pasted_free(&pasted);
    return status;
}

/* --- the command ----------------------------------------------------------------------------- */

/* A message's id, from a word: "<a@b>", "a@b". NULL if it is none. */
static bool is_msgid(const char *word)
{
    return word[0] == '<' || strchr(word, '@') != NULL;
}

static bool is_trace(const char *word)
{
    uint64_t ms;

    return strlen(word) == ULID_LEN && ulid_time(word, &ms);
}

static int show_msgid(struct context *ctx, struct records *records, const char *word)
{
    size_t len = strlen(word);
    char *whole = context_alloc(len + 3);
    int status;

    (void)snprintf(whole, len + 3, word[0] == '<' ? "%s" : "<%s>", word);
    status = by_msgid(ctx, records, whole, NULL);
    free(whole);
    return status;
}

static int show_word(struct context *ctx, struct records *records, struct show_queues *queues,
                     const char *word)
{
    if (is_trace(word)) {
        return show_lead_print(ctx, records,
                               &(struct show_lead){.id = word, .by = "id", .sure = SHOW_CERTAIN});
    }
    if (is_msgid(word)) {
        return show_msgid(ctx, records, word);
    }
    return show_queue_id(ctx, records, queues, word);
}

static int show_input(struct context *ctx, struct records *records, struct show_queues *queues)
{
    const char *word;
    char *text;
    size_t len;
    int status;

    if (!show_input_read(ctx, &text, &len)) {
        return STATUS_FAILED;
    }
    word = show_input_word(text, len);
    status =
        word != NULL ? show_word(ctx, records, queues, word) : show_pasted(ctx, records, text, len);
    free(text);
    return status;
}

static int show_run(struct context *ctx)
{
    const char *word = args_operand(ctx->args, 0);
    bool input = word == NULL || strcmp(word, "-") == 0;
    struct show_queues *queues = NULL;
    struct records *records;
    int status = STATUS_FAILED;

    records = records_open(ctx, NULL);
    if (records == NULL) {
        return STATUS_FAILED;
    }
    if (input || (!is_trace(word) && !is_msgid(word))) {
        queues = show_queues_open(ctx);
    }
    if (confine(ctx, CONFINE_READ)) {
        status = input ? show_input(ctx, records, queues) : show_word(ctx, records, queues, word);
    }
    show_queues_close(queues);
    records_close(records);
    return status;
}

const struct command command_show = {
    .name = "show",
    .summary = "one call, from an id, a queue id, a Message-ID, or a pasted header or bounce",
    .operands = "[ID]",
    .details =
        "ID: the id in the header, a queue id of Postfix, Sendmail or Exim, or a Message-ID.\n"
        "Without ID, or with -, standard input is read: a header line, a header section, a whole\n"
        "message, a bounce, an abuse report, a forwarded message, also a quoted one.\n"
        "A message is compared with the record. Exit status 1: no record, or the record is of\n"
        "another message, from which the header was copied.",
    .groups = GROUP_LOG | GROUP_MAIL,
    .operands_max = 1,
    .run = show_run,
};
