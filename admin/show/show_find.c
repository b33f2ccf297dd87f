/* show_find - see show_find.h. */
#include "show/show_find.h"

#include "context.h"
#include "out.h"
#include "queue/queue.h"
#include "records/records.h"
#include "wrapper/ulid.h"

#include <stdlib.h>
#include <string.h>

#define CLOCK_SLACK INT64_C(3600000000)

/* The id in a header that is not as we write it: an admin's mail program, or a forger, changed it.
 */
static const char *odd_trace(char *value)
{
    uint64_t ms;

    for (char *at = strcasestr(value, "id="); at != NULL; at = strcasestr(at + 1, "id=")) {
        char end = strlen(at + 3) >= ULID_LEN ? at[3 + ULID_LEN] : 'x';

        if (strlen(at + 3) < ULID_LEN || (end != '\0' && strchr("; \t>)\"'", end) == NULL)) {
            continue;
        }
        at[3 + ULID_LEN] = '\0';
        if (ulid_time(at + 3, &ms)) {
            return at + 3;
        }
        at[3 + ULID_LEN] = end;
    }
    return NULL;
}

bool show_header_read(const char *value, struct show_header *ret)
{
    struct show_header read = {.facts = {.uid = -1, .pid = -1}};
    size_t len = strlen(value);

    read.storage = context_copy(value, len);
    for (size_t i = 0; i < len;
         i++) { /* a server on the way folded it there; a tab of the path's is %09 */
        read.storage[i] = read.storage[i] == '\t' ? ' ' : read.storage[i];
    }
    if (!queue_header(read.storage, &read.facts.path, &read.facts.uid, &read.facts.pid,
                      &read.trace)) {
        memcpy(read.storage, value, len + 1);
        read.facts = (struct verdict_header){.uid = -1, .pid = -1, .odd = true};
        read.trace = odd_trace(read.storage);
    }
    *ret = read;
    return read.trace != NULL || read.facts.pid >= 0;
}

/* --- no record ------------------------------------------------------------------------------- */

/* When the oldest record that is held was written; -1 if there is none. */
static int64_t oldest(struct context *ctx)
{
    struct records *records;
    struct record_line line;
    int64_t time = -1;

    if (ctx->partial) {
        return -1; /* opening it all again would say it all again */
    }
    records = records_open(ctx, NULL);
    if (records != NULL && records_next(records, &line)) {
        time = line.time;
    }
    records_close(records);
    return time;
}

static const char *why_none(const struct context *ctx, int64_t made, int64_t first)
{
    if (made > ctx->now + CLOCK_SLACK) {
        return "the id is of a time to come: it was made up, or by a clock that is wrong";
    }
    if (ctx->partial) {
        return "but not all of the log could be read";
    }
    if (first < 0) {
        return "the log holds no record at all";
    }
    if (made >= 0 && made < first) {
        return "the id is older than the log: the record may have rotated away";
    }
    return "all of the log was read: the id was made up, or is another server's";
}

int show_no_record(struct context *ctx, const char *id, const char *what)
{
    int64_t first = oldest(ctx), made = -1;
    uint64_t ms;

    if (id != NULL && ulid_time(id, &ms)) {
        made = (int64_t)(ms * 1000);
    }
    out_begin(ctx->out, "no_record", OUT_BLOCK);
    out_mood(ctx->out, OUT_BAD);
    out_string(ctx->out, NULL, "verdict", what);
    out_string(ctx->out, "verdict", NULL, "no_record");
    out_string(ctx->out, "id", id != NULL ? "call" : NULL, id);
    if (id != NULL) {
        out_string(ctx->out, NULL, "because", why_none(ctx, made, first));
        out_time(ctx->out, "id_time", "id made", made);
    }
    out_time(ctx->out, "oldest", "the log goes back to", first);
    out_bool(ctx->out, "complete", NULL, !ctx->partial);
    out_string(ctx->out, "certainty", NULL, "none");
    out_end(ctx->out);
    return context_status(ctx, false);
}

/* --- a record -------------------------------------------------------------------------------- */

static void print_session(struct context *ctx, struct records *records, const char *id)
{
    const struct show_how how = {.by = "session",
                                 .explained = "the SMTP session that the message was part of",
                                 .certainty = SHOW_CERTAIN};
    struct record_line record;

    if (records_find(records, id, &record)) {
        show_call_print(ctx, &record, &how);
    } else {
        out_note(ctx->out, "There is no record of its session, %s.", id);
    }
}

/* Postfix writes who handed a message in. Without that line it may have come by SMTP, as anybody
 * can send it who has seen the first; or the line was taken away on purpose (header_checks). */
static bool may_be_from_network(const struct pasted_message *message, struct record_line *record)
{
    struct slice mta;

    return message->received >= 0 && message->submitter < 0 &&
           record_line_value(record, RECORD_MTA, &mta) && mta.len == 7 &&
           memcmp(mta.ptr, "postfix", 7) == 0;
}

static void judge(const struct show_lead *lead, struct record_line *record, struct verdict *verdict,
                  struct show_how *how)
{
    if (lead->message == NULL) {
        return;
    }
    *verdict = verdict_reach(lead->message, lead->header, record);
    if (verdict->kind == VERDICT_UNCOMPARED && lead->noted && lead->message->submitter >= 0) {
        verdict->kind = VERDICT_MATCHES;
    }
    how->verdict = verdict;
    if (verdict->kind == VERDICT_MATCHES && !lead->noted &&
        may_be_from_network(lead->message, record)) {
        how->caveat =
            "no Received line says that it was handed in here: a copy may have come by SMTP";
        how->certainty = how->certainty < SHOW_LIKELY ? SHOW_LIKELY : how->certainty;
    }
    if (verdict->kind == VERDICT_DIFFERS) {
        how->certainty = SHOW_NOT;
    } else if (verdict->kind == VERDICT_UNCOMPARED && how->certainty < SHOW_POSSIBLE) {
        how->certainty = SHOW_POSSIBLE;
    }
}

int show_lead_print(struct context *ctx, struct records *records, const struct show_lead *lead)
{
    struct show_how how = {.by = lead->by, .explained = lead->explained, .certainty = lead->sure};
    struct record_line record;
    struct verdict verdict;
    struct slice session;
    char session_id[ULID_LEN + 1] = "";
    bool differs;

    if (!records_find(records, lead->id, &record)) {
        return show_no_record(ctx, lead->id, "no record: the log has no call with this id");
    }
    judge(lead, &record, &verdict, &how);
    if (record.origin == RECORDS_SYSLOG && how.certainty == SHOW_CERTAIN) {
        how.certainty = SHOW_LIKELY;
    }
    differs = how.verdict != NULL && verdict.kind == VERDICT_DIFFERS;
    show_call_print(ctx, &record, &how);
    if (record_line_value(&record, RECORD_SESSION, &session) && session.len == ULID_LEN) {
        memcpy(session_id, session.ptr, ULID_LEN);
        session_id[ULID_LEN] = '\0';
        print_session(ctx, records, session_id);
    }
    return context_status(ctx, !differs);
}
