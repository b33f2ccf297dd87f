/*
 * report - "mailorigin report": what a customer or an abuse desk is told of who sent what.
 *
 * Hostile: records and access logs; see report_collect.c. To a file it is written by a process that
 * has given up root (report_file.h).
 */
#include "report/report.h"

#include "args.h"
#include "command.h"
#include "context.h"
#include "out.h"
#include "report/report_file.h"

#include <string.h>

#define SECTIONS_DEFAULT 10
#define SECTIONS_MAX 100

struct wanted {
    struct report report;
    size_t sections;
    const char *html; /* NULL: text or JSON */
};

static void warn_of_hosts(const struct report *report)
{
    if (report->host_count > 1) {
        context_warn(report->ctx, "several servers are in it; for one of them add --host");
    }
}

/* More than one customer in a page that one of them may be given. */
static void warn_of_many(const struct report *report)
{
    bool many = false, shared = false;

    for (size_t i = 0; i < report->section_count; i++) {
        long long uid = report->section[i].origin.uid;

        many |= uid != report->section[0].origin.uid;
        shared |= origin_shared(uid, (struct slice){.ptr = "", .len = 0});
    }
    if (many) {
        context_warn(report->ctx, "several users are in it; for one of them add --uid or --user");
    } else if (shared && !filter_given(&report->filter, "dir")) {
        context_warn(report->ctx, "many customers may share this user; for one of them add --dir");
    }
}

static int write_page(FILE *to, void *arg)
{
    struct wanted *wanted = arg;
    struct report *report = &wanted->report;
    int status = STATUS_FAILED;

    if (report_collect(report, wanted->sections)) {
        if (report->section_count == 0) {
            context_warn(report->ctx, "no messages");
            status = STATUS_NOTHING; /* never STATUS_PARTIAL, which would make a file of nothing */
        } else {
            warn_of_hosts(report);
            warn_of_many(report);
            status = report_html(report, to) ? context_status(report->ctx, true) : STATUS_FAILED;
        }
    }
    report_free(report);
    return status;
}

static int write_out(struct wanted *wanted)
{
    struct report *report = &wanted->report;
    int status = STATUS_FAILED;

    if (report_collect(report, wanted->sections)) {
        warn_of_hosts(report);
        report_print(report);
        status = context_status(report->ctx, report->section_count > 0);
    }
    report_free(report);
    return status;
}

static int write_file(struct wanted *wanted)
{
    struct context *ctx = wanted->report.ctx;
    int status = report_file(ctx, wanted->html, write_page, wanted);

    if (status == STATUS_FOUND || status == STATUS_PARTIAL) {
        out_note(ctx->out,
                 "%s is written; only its owner can read it, since it is about a customer.",
                 wanted->html);
    }
    return status;
}

static int run(struct context *ctx)
{
    struct wanted wanted = {.report = {.ctx = ctx, .internal = args_has(ctx->args, "internal")},
                            .html = args_get(ctx->args, "html")};
    long long sections = SECTIONS_DEFAULT;

    if (wanted.html != NULL && out_is_json(ctx->out)) {
        return context_fail(ctx, "--json and --html: one or the other");
    }
    if (!args_number(ctx, "limit", 1, SECTIONS_MAX, &sections) ||
        !filter_init(ctx, &wanted.report.filter)) {
        return STATUS_FAILED;
    }
    wanted.sections = (size_t)sections;
    wanted.report.by = top_by_find(args_get(ctx->args, "by"));
    if (wanted.html == NULL) {
        return write_out(&wanted);
    }
    return strcmp(wanted.html, "-") == 0 ? write_page(stdout, &wanted) : write_file(&wanted);
}

static const struct option_spec options[] = {
    {"html", 0, "FILE", NULL, "write a page of HTML to FILE (-: standard output), mode 0600"},
    {"by", 'b', "WHAT", "dir|script|user", "what a section is about; dir without it"},
    {"limit", 'n', "N", NULL, "at most so many sections, the largest (10)"},
    {"internal", 0, NULL, NULL,
     "not to be handed on: name other customers' directories and requests, too"},
    {NULL, 0, NULL, NULL, NULL}};

const struct command command_report = {
    .name = "report",
    .summary = "what a customer or an abuse desk is told: text, JSON, or a page of HTML",
    .operands = "",
    .details =
        "For each of the largest origins: who, when, how many, how that is known, some messages,\n"
        "the web requests behind them, the clients' addresses. Of other customers nothing is "
        "named.\n"
        "For one customer: mailorigin report --user NAME --html FILE.\n",
    .options = options,
    .groups = GROUP_TIME | GROUP_FILTER | GROUP_LOG | GROUP_WEB,
    .operands_min = 0,
    .operands_max = 0,
    .run = run,
};
