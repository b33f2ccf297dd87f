/*
 * report_print - a report as text, and as JSON (docs/json.md: report, report_origin, report_call,
 * report_request, report_client).
 *
 * Hostile: all texts; out.h escapes what is not escaped yet. What report.h says is not to be named
 * is in neither form.
 */
#include "context.h"
#include "out.h"
#include "paths.h"
#include "report/report.h"
#include "show/calltext.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

/* Text has the zone behind it. */
static void put_time(struct out *out, const char *key, const char *label, int64_t us)
{
    char text[REPORT_TIME_MAX];

    out_time(out, key, NULL, us);
    if (label != NULL) {
        out_string(out, NULL, label, us < 0 ? NULL : report_time(us, text));
    }
}

static void put_value(struct out *out, const char *key, const char *label,
                      struct record_line *record, enum record_key which)
{
    struct slice text = {.ptr = NULL, .len = 0};

    (void)record_line_value(record, which, &text);
    out_escaped(out, key, label, text.ptr, text.len);
}

/* --- the whole ------------------------------------------------------------------------------- */

static void print_hosts(struct out *out, const struct report *report)
{
    out_list_begin(out, "hosts", "server");
    for (size_t i = 0; i < report->host_count; i++) {
        out_list_add_escaped(out, report->host[i], strlen(report->host[i]));
    }
    out_list_end(out);
    if (report->more_hosts) {
        out_words(out, "", "and others");
    }
}

static void print_head(const struct report *report)
{
    struct out *out = report->ctx->out;
    const struct top_totals *totals = &report->totals;

    out_begin(out, "report", OUT_BLOCK);
    print_hosts(out, report);
    put_time(out, "first", "first", totals->first);
    put_time(out, "last", "last", totals->last);
    out_number(out, "count", "messages", totals->messages);
    out_number(out, "rcpts", "recipients", totals->rcpts);
    out_number(out, "origins", "origins", (long long)totals->origins);
    out_number(out, "sections", NULL, (long long)report->section_count);
    if (totals->origins > report->section_count) {
        out_words(out, "left out", "%llu smaller origins (--limit)",
                  (unsigned long long)totals->origins - report->section_count);
    }
    out_bool(out, "internal", NULL, report->internal);
    out_bool(out, "forgeable", NULL, report->forgeable);
    put_time(out, "time", "written", report->ctx->now);
    out_string(out, "version", "mailorigin", SW_VERSION);
    out_end(out);
}

/* --- an origin ------------------------------------------------------------------------------- */

static void print_who(const struct report *report, const struct report_section *section)
{
    struct out *out = report->ctx->out;
    const char *by =
        report->forgeable ? "by a syslog file, where any user can write" : "by the kernel";
    struct slice user = report_user(section);
    long long uid = section->origin.uid;

    out_escaped(out, "host", report->totals.several_hosts ? "server" : NULL,
                section->origin.host.ptr, section->origin.host.len);
    if (uid >= 0) {
        out_number(out, "uid", NULL, uid);
    }
    out_escaped(out, "user", NULL, user.len > 0 ? user.ptr : NULL, user.len);
    if (uid < 0) {
        out_words(out, "who", "unknown");
    } else if (user.len > 0) {
        out_words(out, "who", "%.*s (%lld), %s", (int)user.len, user.ptr, uid, by);
    } else {
        out_words(out, "who", "%lld, %s", uid, by);
    }
}

static void print_place(const struct report *report, const struct report_section *section)
{
    struct out *out = report->ctx->out;
    struct report_origin origin = report_origin(report, section);
    const bool script = report->by->key == RECORD_SCRIPT;
    char text[REPORT_TEXT_MAX];

    if (report->by->key == RECORD_KEYS) {
        return;
    }
    report_place(origin.worth, origin.named, origin.text, "", text);
    out_escaped(out, script ? "script" : "cwd", NULL, origin.named ? origin.text.ptr : NULL,
                origin.text.len);
    out_string(out, script ? "script_certainty" : "cwd_certainty", NULL, origin_word(origin.worth));
    out_mood(out, origin.worth == ORIGIN_OWN ? OUT_BOLD : OUT_WARN);
    out_escaped(out, NULL, script ? "script" : "directory", text, strlen(text));
}

static void print_numbers(const struct report *report, const struct report_section *section)
{
    struct out *out = report->ctx->out;
    const struct aggregate_origin *sum = &section->sum;
    double share = (double)sum->messages * 100 / (double)report->totals.messages;
    uint32_t bars[BINS_MAX];
    int64_t start, width;
    size_t n = report_chart(section, bars, &start, &width);

    out_number(out, "count", NULL, sum->messages);
    out_real(out, "share", NULL, share, 1, "");
    out_words(out, "messages", "%lld (%.1f %% of all here)", (long long)sum->messages, share);
    out_number(out, "rcpts", "recipients", sum->rcpts);
    put_time(out, "first", "first", sum->first);
    put_time(out, "last", "last", sum->last);
    out_bars(out, "bars", "over time", bars, n);
    out_time(out, "bars_start", NULL, start * 1000000);
    out_number(out, "bars_seconds", NULL, width);
}

static void print_part_json(struct out *out, bool scripts, const struct report_part *part)
{
    out_object_begin(out, NULL, NULL);
    out_escaped(out, scripts ? "script" : "cwd", NULL, part->named ? part->text.ptr : NULL,
                part->text.len);
    if (part->script_by.len > 0) {
        out_escaped(out, "script_by", NULL, part->script_by.ptr, part->script_by.len);
    }
    out_string(out, scripts ? "script_certainty" : "cwd_certainty", NULL, origin_word(part->worth));
    out_number(out, "count", NULL, part->count);
    out_object_end(out);
}

static void print_parts(const struct report *report, const struct report_section *section)
{
    struct out *out = report->ctx->out;
    const bool scripts = report->by->scripts;
    struct report_part part[AGGREGATE_PARTS];
    size_t n = report_parts(report, section, part);

    out_number(out, scripts ? "script_variants" : "directory_variants", NULL,
               (long long)section->sum.parts);
    out_array_begin(out, scripts ? "scripts" : "directories", NULL);
    for (size_t i = 0; i < n && out_is_json(out); i++) {
        print_part_json(out, scripts, &part[i]);
    }
    out_array_end(out);
    for (size_t i = 0; i < n; i++) {
        char text[REPORT_TEXT_MAX];

        report_place(part[i].worth, part[i].named, part[i].text,
                     calltext_script_by(part[i].script_by), text);
        out_words(out,
                  i > 0     ? ""
                  : scripts ? "script"
                            : "directory",
                  "%lld: %s", (long long)part[i].count, text);
    }
    if (section->sum.parts > n) {
        out_words(out, "", "and %llu more", (unsigned long long)(section->sum.parts - n));
    }
}

static void print_callers(struct out *out, const struct report_section *section)
{
    out_array_begin(out, "callers", NULL);
    for (size_t i = 0; i < section->caller_count && out_is_json(out); i++) {
        out_object_begin(out, NULL, NULL);
        out_escaped(out, "caller", NULL, section->caller[i].text.ptr, section->caller[i].text.len);
        out_number(out, "count", NULL, (long long)section->caller[i].count);
        out_object_end(out);
    }
    out_array_end(out);
    for (size_t i = 0; i < section->caller_count; i++) {
        out_words(out, i > 0 ? "" : "called by", "%.*s%s", (int)section->caller[i].text.len,
                  section->caller[i].text.ptr, section->caller[i].cut ? " ..." : "");
    }
}

/* How many of the calls that were looked at have which kind of request. */
static void print_web(struct out *out, const struct report_section *section)
{
    const size_t *web = section->web;
    size_t none = web[REPORT_NONE] + web[REPORT_UNASKED];

    out_number(out, "looked_at", NULL, (long long)section->call_count);
    out_number(out, "exact", NULL, (long long)web[REPORT_EXACT]);
    out_number(out, "likely", NULL, (long long)web[REPORT_LIKELY]);
    out_number(out, "several", NULL, (long long)web[REPORT_SEVERAL]);
    out_number(out, "none", NULL, (long long)none);
    out_words(out, "web request",
              "of %zu messages looked at: %zu exact, %zu likely, %zu one of several, %zu none",
              section->call_count, web[REPORT_EXACT], web[REPORT_LIKELY], web[REPORT_SEVERAL],
              none);
}

/* --- its calls, requests, clients ------------------------------------------------------------ */

static void print_call(struct out *out, size_t number, struct report_call *call)
{
    size_t len;
    char *subject = report_subject(&call->line, &len);

    out_begin(out, "report_call", OUT_TABLE);
    out_number(out, "section", NULL, (long long)number);
    put_time(out, "time", "time", call->line.time);
    out_escaped(out, "host", NULL, call->line.host.ptr, call->line.host.len);
    put_value(out, "rcpts", "rcpts", &call->line, RECORD_RCPTS);
    put_value(out, "from", "from", &call->line, RECORD_FROM);
    put_value(out, "sender", NULL, &call->line, RECORD_SENDER);
    put_value(out, "subject", NULL, &call->line, RECORD_SUBJECT);
    out_bytes(out, NULL, "subject", subject, len);
    put_value(out, "msgid", "message-id", &call->line, RECORD_MSGID);
    put_value(out, "id", "id", &call->line, RECORD_ID);
    out_end(out);
    free(subject);
}

static const char *sure_word(const struct report_call *call, const struct report_request *request)
{
    if (request->sure == WEBLOG_PID) {
        return "exact";
    }
    return call->web == REPORT_LIKELY ? "worker" : "window";
}

static void print_request(struct out *out, size_t number, struct report_call *call,
                          const struct report_request *request)
{
    char sure[64];

    report_sure(call, request, sure);
    out_begin(out, "report_request", OUT_TABLE);
    out_number(out, "section", NULL, (long long)number);
    out_string(out, "sure", NULL, sure_word(call, request));
    out_number(out, "candidates", NULL, (long long)call->candidates);
    out_number(out, "not_named", NULL, (long long)call->others);
    out_mood(out, request->sure == WEBLOG_PID ? OUT_GOOD : OUT_WARN);
    out_string(out, NULL, "sure", sure);
    out_string(out, "client", "client", request->client);
    out_string(out, "request", "request", request->request);
    if (request->status >= 0) {
        out_number(out, "status", "status", request->status);
    } else {
        out_string(out, "status", "status", NULL);
    }
    put_time(out, "start", "began", request->start);
    out_time(out, "end", NULL, request->end);
    out_string(out, "host", NULL, request->host);
    out_string(out, "agent", NULL, request->agent);
    out_string(out, "by", NULL, request->by);
    put_value(out, "id", "of message", &call->line, RECORD_ID);
    out_end(out);
}

static void print_client(struct out *out, size_t number, const struct client *client)
{
    char text[INET6_ADDRSTRLEN];

    blocklist_text(&client->address, text);
    out_begin(out, "report_client", OUT_TABLE);
    out_number(out, "section", NULL, (long long)number);
    out_string(out, "client", "client", text);
    out_number(out, "exact", "exact", (long long)client->count[CLIENTS_EXACT]);
    out_number(out, "window", "possible", (long long)client->count[CLIENTS_WINDOW]);
    out_number(out, "claimed", "claimed", (long long)client->count[CLIENTS_CLAIMED]);
    put_time(out, "first", "first", client->first);
    put_time(out, "last", "last", client->last);
    out_end(out);
}

static void print_lists(struct out *out, struct report_section *section, size_t number)
{
    size_t others = 0;

    for (size_t i = 0; i < section->call_count; i++) {
        if (section->call[i].shown) {
            print_call(out, number, &section->call[i]);
        }
    }
    for (size_t i = 0; i < section->call_count; i++) {
        struct report_call *call = &section->call[i];

        for (size_t k = 0; call->shown && k < call->request_count; k++) {
            print_request(out, number, call, &call->request[k]);
        }
        others += call->shown ? call->others : 0;
    }
    if (others > 0) {
        out_note(out, "%zu more fit that are not named: requests to other sites.", others);
    }
    for (size_t i = 0; i < section->clients.count && i < REPORT_CLIENTS; i++) {
        print_client(out, number, &section->clients.row[i]);
    }
    if (section->clients.count > REPORT_CLIENTS) {
        out_note(out, "%zu more addresses.", section->clients.count - REPORT_CLIENTS);
    }
}

static void print_section(const struct report *report, size_t i)
{
    struct report_section *section = &report->section[i];
    struct out *out = report->ctx->out;

    out_begin(out, "report_origin", OUT_BLOCK);
    out_number(out, "section", NULL, (long long)i + 1);
    out_mood(out, OUT_BOLD);
    out_words(out, "origin", "%zu of %llu", i + 1, (unsigned long long)report->totals.origins);
    print_who(report, section);
    print_place(report, section);
    print_numbers(report, section);
    print_parts(report, section);
    print_callers(out, section);
    print_web(out, section);
    out_end(out);
    print_lists(out, section, i + 1);
}

void report_print(const struct report *report)
{
    struct out *out = report->ctx->out;

    if (report->section_count == 0) {
        out_note(out, "No messages.");
        return;
    }
    print_head(report);
    for (size_t i = 0; i < report->section_count; i++) {
        print_section(report, i);
    }
}
