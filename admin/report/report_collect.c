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
#include "report/report_requests.h"
#include "report/report_sample.h"

#include <stdlib.h>
#include <string.h>

struct collecting {
    struct report *report;
    struct records *records;
    struct weblog *weblog; /* NULL: no web server's log is known */
    struct top_count *count;
    struct report_sample *sample;
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
    report_requests(c->report, c->weblog);
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
