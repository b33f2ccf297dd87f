/*
 * web - "mailorigin web ID": the HTTP request that caused a call.
 *
 * Hostile: the access logs, and the record's values. A line is printed only if it could be read as
 * a request; nothing is called exact but what the worker's pid proves. Runs as nobody who may read
 * any file.
 */
#include "args.h"
#include "command.h"
#include "confine.h"
#include "context.h"
#include "out.h"
#include "records/records.h"
#include "web/weblog.h"
#include "wrapper/ulid.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LIMIT_DEFAULT 10
#define SECOND INT64_C(1000000)

struct web {
    struct context *ctx;
    size_t total; /* candidates in all; 0 while the first row is being printed */
    struct weblog_request *kept;
    size_t count;
};

static void keep(const struct weblog_request *request, void *arg)
{
    struct web *web = arg;

    web->kept = context_realloc(web->kept, (web->count + 1) * sizeof *web->kept);
    web->kept[web->count++] = *request;
}

static const char *sure_word(enum weblog_sure sure)
{
    return sure == WEBLOG_PID ? "exact" : sure == WEBLOG_WORKER ? "worker" : "window";
}

/* "exact: worker's pid 12001, script", "one of 7: time, directory" */
static void print_sure(const struct web *web, const struct weblog_request *request)
{
    struct out *out = web->ctx->out;
    char text[512];
    int n;

    if (request->sure == WEBLOG_PID) {
        n = snprintf(text, sizeof text, "exact, by %s%s", request->by,
                     request->also != NULL ? "; then by URI and time" : "");
        out_mood(out, OUT_GOOD);
    } else if (request->sure == WEBLOG_WORKER && web->total == 1) {
        n = snprintf(text, sizeof text,
                     "likely, by %s; another request of that worker cannot be ruled out",
                     request->by);
        out_mood(out, OUT_WARN);
    } else {
        n = snprintf(text, sizeof text, "one of %zu, by %s%s", web->total, request->by,
                     request->slow_only ? " (only if it took long)" : "");
        out_mood(out, OUT_WARN);
    }
    out_bytes(out, NULL, "sure", text,
              n < 0                     ? 0
              : (size_t)n < sizeof text ? (size_t)n
                                        : sizeof text - 1);
}

static void print_request(const struct web *web, const char *id,
                          const struct weblog_request *request)
{
    struct out *out = web->ctx->out;

    out_begin(out, "request", OUT_BLOCK);
    out_string(out, "id", NULL, id);
    print_sure(web, request);
    out_string(out, "sure", NULL, sure_word(request->sure));
    out_string(out, "by", NULL, request->by);
    out_number(out, "candidates", NULL, (long long)web->total);
    out_mood(out, OUT_BOLD);
    out_string(out, "client", "client", request->client);
    out_string(out, "peer", "by way of", request->peer);
    out_string(out, "login", "login", request->user);
    out_string(out, "request", "request", request->request);
    if (request->status >= 0) {
        out_number(out, "status", "status", request->status);
    }
    out_time(out, "start", "began", request->start);
    out_time(out, "end", "ended", request->end);
    out_string(out, "host", "host", request->host);
    out_string(out, "script", "script", request->script);
    out_string(out, "agent", "agent", request->agent);
    out_string(out, "referer", "referer", request->referer);
    if (request->pid >= 0) {
        out_number(out, "pid", "worker", request->pid);
    }
    out_string(out, "log", "log", request->log);
    out_string(out, "also", "and in", request->also);
    out_bool(out, "slow_only", NULL, request->slow_only);
    out_end(out);
}

/* Why there is nothing, for people and for programs. */
static int print_none(struct context *ctx, const char *id, struct record_line *record,
                      const char *reason)
{
    struct slice chain = {NULL, 0}, unit = {NULL, 0};

    (void)record_line_value(record, RECORD_CHAIN, &chain);
    (void)record_line_value(record, RECORD_UNIT, &unit);
    out_begin(ctx->out, "no_request", OUT_BLOCK);
    out_string(ctx->out, "id", NULL, id);
    out_string(ctx->out, "reason", "no request found", reason);
    out_time(ctx->out, "time", "time of the call", record->time);
    out_escaped(ctx->out, "unit", "unit", unit.ptr, unit.len);
    out_escaped(ctx->out, "chain", "ancestors", chain.ptr, chain.len);
    out_end(ctx->out);
    return context_status(ctx, false);
}

static const char *why_none(const struct web *web, const struct weblog *weblog,
                            const struct record_line *record)
{
    size_t with_pid, looked = weblog_looked(weblog, &with_pid);

    if (looked == 0) {
        return "no access log is known for this site; name it with --access-log FILE";
    }
    if (web->ctx->now - record->time < 300 * SECOND) {
        return "none fits yet; servers write a request's line when it has ended";
    }
    return "none fits the time in this site's access logs: a cron job, a shell or a daemon, or the "
           "log is gone";
}

static int join_and_print(struct web *web, const char *id, struct record_line *record, size_t limit)
{
    const char *reason = NULL;
    struct weblog *weblog;
    int status;

    if (!args_has(web->ctx->args, "access-log") && records_elsewhere(web->ctx, record)) {
        char text[400];
        int n = snprintf(text, sizeof text,
                         "the call was made on the server %.*s: its web logs are there; ask there, "
                         "or name a copy with --access-log FILE",
                         (int)(record->host.len < 255 ? record->host.len : 255), record->host.ptr);

        return print_none(web->ctx, id, record, n > 0 ? text : "the call was on another server");
    }
    if (!args_has(web->ctx->args, "access-log") && !weblog_expected(record, &reason)) {
        char text[128];
        int n = snprintf(text, sizeof text, "none is expected: the call came from %s", reason);

        return print_none(web->ctx, id, record, n > 0 ? text : reason);
    }
    weblog = weblog_open(web->ctx);
    if (weblog == NULL) {
        return STATUS_FAILED;
    }
    web->total = weblog_join(weblog, record, limit, keep, web);
    for (size_t i = 0; i < web->count; i++) {
        print_request(web, id, &web->kept[i]);
    }
    if (web->count > 0) {
        if (web->total > web->count) {
            out_note(web->ctx->out, "and %zu more (--limit)", web->total - web->count);
        }
        status = context_status(web->ctx, true);
    } else {
        status = print_none(web->ctx, id, record, why_none(web, weblog, record));
    }
    free(web->kept);
    weblog_close(weblog);
    return status;
}

static int web_run(struct context *ctx)
{
    const char *id = args_operand(ctx->args, 0);
    struct web web = {.ctx = ctx};
    long long limit = LIMIT_DEFAULT;
    struct record_line record;
    struct records *records;
    uint64_t ms;
    int status;

    if (!args_number(ctx, "limit", 1, WEBLOG_MAX, &limit)) {
        return STATUS_FAILED;
    }
    if (strlen(id) != ULID_LEN || !ulid_time(id, &ms)) {
        return context_fail(ctx,
                            "no id of a call: %s (mailorigin show finds it from a queue id, a "
                            "Message-ID or a header)",
                            id);
    }
    records = records_open(ctx, NULL);
    if (records == NULL) {
        return STATUS_FAILED;
    }
    if (!confine(ctx, CONFINE_READ)) {
        records_close(records);
        return STATUS_FAILED;
    }
    if (records_find(records, id, &record)) {
        status = join_and_print(&web, id, &record, (size_t)limit);
    } else {
        context_warn(ctx, "no record has the id %s", id);
        status = context_status(ctx, false);
    }
    records_close(records);
    return status;
}

static const struct option_spec web_options[] = {
    {"limit", 'n', "N", NULL, "print at most N candidates (10)"},
    {NULL, 0, NULL, NULL, NULL},
};

const struct command command_web = {
    .name = "web",
    .summary = "which HTTP request caused a call",
    .operands = "ID",
    .details = "Exact where the access log has the worker's pid (Apache %P, php-fpm %p); else what "
               "fits the "
               "time and the\nsite, best first. The logs are found from the configuration of "
               "Apache, nginx "
               "and php-fpm.\n",
    .options = web_options,
    .groups = GROUP_LOG | GROUP_WEB,
    .operands_min = 1,
    .operands_max = 1,
    .run = web_run,
};
