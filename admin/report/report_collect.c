/*
 * report_collect - reads the log once and the web servers' logs once, and keeps what is told of the
 * largest origins.
 *
 * Hostile: records and access logs. Memory is bounded: sums as `top` makes them, some messages
 * (report_sample.h), and of each section REPORT_CALLS calls. What cannot be read is said, the rest
 * is reported.
 */
#include "report/report.h"

#include "confine.h"
#include "context.h"
#include "report/report_sample.h"

#include <stdlib.h>
#include <string.h>

#define FIT_MAX 64 /* requests of a call that are looked at */

struct collecting {
    struct report *report;
    struct records *records;
    struct weblog *weblog; /* NULL: no web server's log is known */
    struct top_count *count;
    struct report_sample *sample;
    /* of the call in hand */
    struct report_section *section;
    struct report_call *call;
    uint64_t call_number;
    struct weblog_request fit[FIT_MAX];
    size_t fits;
};

/* --- the records ----------------------------------------------------------------------------- */

static void note_host(struct report *report, struct slice host)
{
    for (size_t i = 0; i < report->host_count; i++) {
        if (strlen(report->host[i]) == host.len &&
            memcmp(report->host[i], host.ptr, host.len) == 0) {
            return;
        }
    }
    if (report->host_count < REPORT_HOSTS) {
        report->host[report->host_count++] = context_copy(host.ptr, host.len);
    } else {
        report->more_hosts = true;
    }
}

static bool read_records(struct collecting *c)
{
    struct record_line line;

    while (records_next(c->records, &line)) {
        switch (top_count_add(c->count, &line)) {
        case TOP_MESSAGE:
            report_sample_add(c->sample, &line);
            note_host(c->report, line.host);
            c->report->forgeable |= line.origin == RECORDS_SYSLOG;
            break;
        case TOP_REFUSED:
            report_sample_take_back(c->sample, &line);
            break;
        case TOP_PASSED:
            break;
        case TOP_FAILED:
            return false;
        }
    }
    return true;
}

/* --- the sections ---------------------------------------------------------------------------- */

/* aggregate's texts are there until the next one is asked for. */
static void add_section(struct report *report, const struct aggregate_origin *sum)
{
    struct report_section *section;

    report->section =
        context_realloc(report->section, (report->section_count + 1) * sizeof *section);
    section = &report->section[report->section_count++];
    memset(section, 0, sizeof *section);
    section->sum = *sum;
    section->sum.key = section->text[0] = context_copy(sum->key, sum->len);
    for (size_t i = 0; i < AGGREGATE_PARTS && sum->part[i].messages > 0; i++) {
        section->sum.part[i].text = section->text[1 + i] =
            context_copy(sum->part[i].text, sum->part[i].len);
    }
    top_origin_of(&section->sum, &section->origin);
    clients_init(&section->clients);
}

static bool make_sections(struct collecting *c)
{
    struct aggregate *origins =
        top_count_finish(c->count, records_torn(c->records), &c->report->totals);
    struct aggregate_origin sum;
    int more;

    if (origins == NULL) {
        return false;
    }
    while ((more = aggregate_next(origins, &sum)) > 0) {
        add_section(c->report, &sum);
    }
    return more == 0;
}

static void free_call(struct report_call *call)
{
    free(call->scratch.data);
    for (size_t i = 0; i < call->request_count; i++) {
        free(call->request[i].client);
        free(call->request[i].request);
        free(call->request[i].host);
        free(call->request[i].agent);
        free(call->request[i].by);
    }
}

static void free_section(struct report_section *section)
{
    for (size_t i = 0; i < section->call_count; i++) {
        free_call(&section->call[i]);
    }
    free(section->call);
    for (size_t i = 0; i < 1 + AGGREGATE_PARTS; i++) {
        free(section->text[i]);
    }
    clients_free(&section->clients);
}

void report_free(struct report *report)
{
    for (size_t i = 0; i < report->section_count; i++) {
        free_section(&report->section[i]);
    }
    free(report->section);
    for (size_t i = 0; i < report->keep_count; i++) {
        record_keep_drop(&report->keep[i]);
    }
    free(report->keep);
    for (size_t i = 0; i < report->host_count; i++) {
        free(report->host[i]);
    }
}

/* --- which calls are looked at --------------------------------------------------------------- */

/* The number of the section that a record belongs to; section_count: of none. */
static size_t section_of(const struct report *report, struct record_line *line)
{
    char key[AGGREGATE_KEY_MAX];
    struct aggregate_call call;

    top_key(report->by, line, key, &call);
    for (size_t i = 0; i < report->section_count; i++) {
        const struct aggregate_origin *sum = &report->section[i].sum;

        if (sum->len == call.origin_len && memcmp(sum->key, key, call.origin_len) == 0) {
            return i;
        }
    }
    return report->section_count;
}

static int by_time(const void *a, const void *b)
{
    const struct record_keep *one = a, *other = b;

    return (one->time > other->time) - (one->time < other->time);
}

/* The i-th of `wanted` that are spread over `have`, the first and the last among them. */
static size_t spread(size_t i, size_t wanted, size_t have)
{
    if (wanted >= have || wanted < 2) {
        return i;
    }
    return i * (have - 1) / (wanted - 1);
}

/* Of a command line whatever may be told: all of it if its script may be, or if none is recorded,
 * and it has no path, and the account is one customer's; else the program. */
static struct slice tellable(const struct report *report, struct record_line *line,
                             struct slice caller)
{
    const char *blank = memchr(caller.ptr, ' ', caller.len);
    size_t program = blank != NULL ? (size_t)(blank - caller.ptr) : caller.len;
    enum origin_worth worth = origin_script(line);
    bool whole = report_names_script(report, worth, report_value(line, RECORD_SCRIPT));

    if (worth == ORIGIN_NONE) {
        whole =
            report->internal || (origin_directory(line) == ORIGIN_OWN &&
                                 memchr(caller.ptr + program, '/', caller.len - program) == NULL);
    }
    return (struct slice){.ptr = caller.ptr, .len = whole ? caller.len : program};
}

static void add_caller(const struct report *report, struct report_section *section,
                       struct record_line *line)
{
    struct slice caller, text;

    if (!record_line_value(line, RECORD_CALLER, &caller)) {
        return;
    }
    text = tellable(report, line, caller);
    for (size_t i = 0; i < section->caller_count; i++) {
        if (section->caller[i].text.len == text.len &&
            memcmp(section->caller[i].text.ptr, text.ptr, text.len) == 0) {
            section->caller[i].count++;
            return;
        }
    }
    if (section->caller_count < REPORT_CALLERS) {
        section->caller[section->caller_count++] =
            (struct report_caller){.text = text, .cut = text.len < caller.len, .count = 1};
    }
}

static void ask_for_request(struct collecting *c, struct report_call *call)
{
    const char *why;

    call->asked = c->weblog != NULL && weblog_expected(&call->line, &why);
    if (call->asked) {
        call->number = weblog_add(c->weblog, &call->line);
    }
}

/* item: numbers of the section's records among report->keep, in the order of time. */
static void take_calls(struct collecting *c, struct report_section *section, const size_t *item,
                       size_t items)
{
    size_t calls = items < REPORT_CALLS ? items : REPORT_CALLS, n = 0;

    section->call = context_alloc(calls * sizeof *section->call);
    for (size_t i = 0; i < calls; i++) {
        struct report_call *call = &section->call[n];
        const struct record_keep *keep = &c->report->keep[item[spread(i, calls, items)]];

        memset(call, 0, sizeof *call);
        if (record_keep_parse(keep, &call->scratch, &call->line)) {
            add_caller(c->report, section, &call->line);
            ask_for_request(c, call);
            n++;
        } else {
            free(call->scratch.data);
        }
    }
    section->call_count = n;
    section->shown_count = n < REPORT_SHOWN ? n : REPORT_SHOWN;
    for (size_t i = 0; i < section->shown_count; i++) {
        section->call[spread(i, section->shown_count, n)].shown = true;
    }
}

/* The sample becomes the report's, without what was taken back. */
static void keep_sample(struct report *report, struct report_sample *sample)
{
    report->keep = context_alloc((sample->count + 1) * sizeof *report->keep);
    for (size_t i = 0; i < sample->count; i++) {
        if (sample->keep[i].line != NULL) {
            report->keep[report->keep_count++] = sample->keep[i];
        }
    }
    sample->count = 0;
    qsort(report->keep, report->keep_count, sizeof *report->keep, by_time);
}

static void choose_calls(struct collecting *c)
{
    struct report *report = c->report;
    struct record_scratch scratch = {.data = NULL};
    size_t *of, *item;

    keep_sample(report, c->sample);
    of = context_alloc((report->keep_count + 1) * sizeof *of);
    item = context_alloc((report->keep_count + 1) * sizeof *item);
    for (size_t i = 0; i < report->keep_count; i++) {
        struct record_line line;

        of[i] = report->section_count;
        if (record_keep_parse(&report->keep[i], &scratch, &line)) {
            of[i] = section_of(report, &line);
        }
    }
    for (size_t s = 0; report->section != NULL && s < report->section_count; s++) {
        size_t items = 0;

        for (size_t i = 0; i < report->keep_count; i++) {
            if (of[i] == s) {
                item[items++] = i;
            }
        }
        take_calls(c, &report->section[s], item, items);
    }
    free(scratch.data);
    free(item);
    free(of);
}

/* --- their requests -------------------------------------------------------------------------- */

static void keep_fit(const struct weblog_request *request, void *arg)
{
    struct collecting *c = arg;

    if (c->fits < FIT_MAX) {
        c->fit[c->fits++] = *request;
    }
}

/* Another customer's request is not named, though it fits, or is even the one that did it. */
static bool may_be_named(const struct collecting *c, const struct weblog_request *request)
{
    enum origin_worth worth;

    switch (request->whose) {
    case WEBLOG_USERS:
        return true;
    case WEBLOG_DIRECTORYS:
        worth = origin_directory(&c->call->line);
        return report_names_directory(c->report, worth);
    case WEBLOG_ANYBODYS:
        break;
    }
    return c->report->internal;
}

static char *copy_of(const char *text)
{
    return text != NULL ? context_copy(text, strlen(text)) : NULL;
}

static void keep_request(struct report_call *call, const struct weblog_request *from)
{
    if (call->request_count == REPORT_REQUESTS) {
        return;
    }
    call->request[call->request_count++] = (struct report_request){
        .client = copy_of(from->client),
        .request = copy_of(from->request),
        .host = copy_of(from->host),
        .agent = copy_of(from->agent),
        .by = copy_of(from->by),
        .start = from->start,
        .end = from->end,
        .status = from->status,
        .sure = from->sure,
    };
}

/* Counts an address once for the call in hand. */
static void count_client(struct collecting *c, const char *text, enum clients_count how)
{
    struct blocklist_address address;
    struct client *client;

    if (text == NULL || !blocklist_address(text, &address)) {
        return;
    }
    client = clients_at(&c->section->clients, &address);
    if (client == NULL) {
        return;
    }
    if (client->seen != c->call_number || how == CLIENTS_CLAIMED) {
        client->seen = c->call_number;
        client->count[how]++;
        client->weight += how == CLIENTS_EXACT ? 1000 : how == CLIENTS_WINDOW ? 10 : 1;
    }
    clients_note(client, c->call->line.time, how, NULL);
}

/* What the call itself says (REMOTE_ADDR). */
static void count_claim(struct collecting *c)
{
    struct slice remote;
    char text[64];

    if (record_line_value(&c->call->line, RECORD_REMOTE, &remote) && remote.len < sizeof text) {
        memcpy(text, remote.ptr, remote.len);
        text[remote.len] = '\0';
        count_client(c, text, CLIENTS_CLAIMED);
    }
}

static enum report_web web_of(const struct collecting *c, size_t candidates)
{
    if (candidates == 0) {
        return REPORT_NONE;
    }
    if (c->fit[0].sure == WEBLOG_PID) {
        return REPORT_EXACT;
    }
    return c->fit[0].sure == WEBLOG_WORKER && candidates == 1 ? REPORT_LIKELY : REPORT_SEVERAL;
}

static void find_requests(struct collecting *c)
{
    struct report_call *call = c->call;

    c->fits = 0;
    call->candidates = weblog_found(c->weblog, call->number, FIT_MAX, keep_fit, c);
    call->web = web_of(c, call->candidates);
    if (call->web == REPORT_EXACT) { /* it is the one: the others did not do it */
        c->fits = call->candidates = 1;
    }
    call->others = call->candidates - c->fits;
    for (size_t i = 0; i < c->fits; i++) {
        if (may_be_named(c, &c->fit[i])) {
            keep_request(call, &c->fit[i]);
            count_client(c, c->fit[i].client,
                         call->web == REPORT_EXACT ? CLIENTS_EXACT : CLIENTS_WINDOW);
        } else {
            call->others++;
        }
    }
}

static void join_calls(struct collecting *c)
{
    struct report *report = c->report;

    if (c->weblog != NULL) {
        weblog_read(c->weblog, FIT_MAX);
    }
    for (size_t s = 0; s < report->section_count; s++) {
        c->section = &report->section[s];
        for (size_t i = 0; i < c->section->call_count; i++) {
            c->call = &c->section->call[i];
            c->call_number++;
            if (c->call->asked) {
                find_requests(c);
            }
            count_claim(c);
            c->section->web[c->call->web]++;
        }
        clients_sort(&c->section->clients);
    }
}

/* --------------------------------------------------------------------------------------------- */

static bool collect(struct collecting *c)
{
    struct context *ctx = c->report->ctx;

    c->records = records_open(ctx, &c->report->filter);
    if (c->records == NULL) {
        return false;
    }
    c->weblog = weblog_open(ctx);
    ctx->partial = ctx->partial || c->weblog == NULL;
    if (!confine(ctx, CONFINE_READ) || !read_records(c) || !make_sections(c)) {
        return false;
    }
    choose_calls(c);
    join_calls(c);
    return true;
}

bool report_collect(struct report *report, size_t sections)
{
    struct collecting *c = context_alloc(sizeof *c);
    bool good;

    memset(c, 0, sizeof *c);
    c->report = report;
    c->count = top_count_new(report->ctx, report->by, false, sections);
    c->sample = report_sample_new((uint64_t)report->ctx->now);
    good = collect(c);
    report_sample_free(c->sample);
    top_count_free(c->count);
    if (c->weblog != NULL) {
        weblog_close(c->weblog);
    }
    if (c->records != NULL) {
        records_close(c->records);
    }
    free(c);
    return good;
}
