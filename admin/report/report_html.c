/*
 * report_html - a report as one page of HTML that needs nothing else and does nothing: no script,
 * no link, no resource; its content security policy forbids them all, and styles but the one that
 * bears this page's nonce, should a text ever have become markup.
 *
 * Hostile: all texts. report_page.h has the pieces. What report.h says is not to be named is not in
 * the page. Whether it could be written, the stream knows.
 */
#include "args.h"
#include "context.h"
#include "origin.h"
#include "paths.h"
#include "report/htmltext.h"
#include "report/report_page.h"

#include <string.h>
#include <sys/random.h>

/* --- the head -------------------------------------------------------------------------------- */

/* 128 bits that nobody could know when he wrote what is in the page. */
static bool make_nonce(char ret[33])
{
    unsigned char bytes[16];

    if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes) {
        return false;
    }
    for (size_t i = 0; i < sizeof bytes; i++) {
        (void)snprintf(ret + 2 * i, 3, "%02x", bytes[i]);
    }
    return true;
}

static void put_hosts(const struct page *page)
{
    const struct report *report = page->report;

    for (size_t i = 0; i < report->host_count; i++) {
        page_put(page, i > 0 ? ", " : "");
        htmltext_escaped(page->to, report->host[i], strlen(report->host[i]));
    }
    page_put(page, report->more_hosts ? " and others" : "");
}

static void put_head(const struct page *page, const char *nonce)
{
    page_put(page, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    (void)fprintf(page->to,
                  "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
                  "style-src 'nonce-%s'; base-uri 'none'; form-action 'none'\">\n",
                  nonce);
    page_put(page,
             "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
             "<meta name=\"color-scheme\" content=\"light dark\">\n"
             "<meta name=\"referrer\" content=\"no-referrer\">\n"
             "<meta name=\"robots\" content=\"noindex\">\n"
             "<meta name=\"format-detection\" content=\"telephone=no, email=no, address=no\">\n"
             "<title>Outgoing mail report: ");
    put_hosts(page);
    (void)fprintf(page->to, "</title>\n<style nonce=\"%s\">%s</style>\n</head>\n<body>\n", nonce,
                  report_style);
}

static void put_sum(const struct page *page, const char *name, uint64_t number)
{
    page_put(page, "<div><dt>");
    page_put(page, name);
    page_put(page, "</dt><dd>");
    page_number(page, number);
    page_put(page, "</dd></div>\n");
}

/* What the admin chose by, in his words. */
static void put_selection(const struct page *page)
{
    static const char *const options[] = {"user",   "uid",  "dir",  "script",
                                          "caller", "from", "unit", "host"};
    bool any = false;

    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        const char *text;

        for (size_t cursor = 0;
             (text = args_each(page->report->ctx->args, options[i], &cursor)) != NULL;) {
            page_put(page, any ? ", " : "<p class=\"soft\">Selected by ");
            page_put(page, options[i]);
            page_put(page, " <code>");
            page_string(page, text);
            page_put(page, "</code>");
            any = true;
        }
    }
    page_put(page, any ? ".</p>\n" : "");
}

static void put_header(const struct page *page)
{
    const struct report *report = page->report;
    const struct top_totals *totals = &report->totals;

    page_put(page, "<header>\n<p class=\"kind\">Outgoing mail report</p>\n<h1>");
    put_hosts(page);
    page_put(page,
             "</h1>\n<p>Messages that programs on this server handed in with sendmail, from ");
    page_time(page, totals->first);
    page_put(page, " to ");
    page_time(page, totals->last);
    page_put(page, ".</p>\n");
    put_selection(page);
    if (report->internal) {
        page_put(page,
                 "<p><strong>Internal: names other customers. Not to be handed on.</strong></p>\n");
    }
    if (report->forgeable) {
        page_put(
            page,
            "<p><strong>Read from a syslog file, where every user of the server can write: none "
            "of it is a fact.</strong></p>\n");
    }
    page_put(page, "<dl class=\"sums\">\n");
    put_sum(page, "Messages", (uint64_t)totals->messages);
    put_sum(page, "Recipients", (uint64_t)totals->rcpts);
    put_sum(page, "Origins", totals->origins);
    page_put(page, "</dl>\n</header>\n");
}

/* --- the whole ------------------------------------------------------------------------------- */

static void put_heading(const struct page *page, const struct report_section *section, size_t i)
{
    struct report_origin origin = report_origin(page->report, section);
    struct slice user = report_user(section);

    page_put(page, "<p class=\"kind\">Origin ");
    page_number(page, i + 1);
    page_put(page, " of ");
    page_number(page, page->report->totals.origins);
    (void)fprintf(page->to, "</p>\n<h2 id=\"origin-%zu\">", i + 1);
    if (origin.worth == ORIGIN_OWN) {
        page_put(page, "<span class=\"path\">");
        page_slice(page, origin.text);
        page_put(page, "</span>");
    } else if (user.len > 0) {
        page_slice(page, user);
    } else {
        (void)fprintf(page->to, "User ID %lld", section->origin.uid);
    }
    page_put(page, "</h2>\n");
}

static void put_section(const struct page *page, size_t i)
{
    struct report_section *section = &page->report->section[i];

    (void)fprintf(page->to, "<section aria-labelledby=\"origin-%zu\">\n", i + 1);
    put_heading(page, section, i);
    page_facts(page, section);
    page_chart(page, section);
    page_messages(page, section);
    page_requests(page, section);
    page_clients(page, section);
    page_put(page, "</section>\n");
}

static void put_left_out(const struct page *page)
{
    const struct report *report = page->report;

    if (report->totals.origins > report->section_count) {
        page_put(page, "<p class=\"soft\">");
        page_count(page, report->totals.origins - report->section_count, "smaller origin");
        page_put(page, report->totals.origins - report->section_count == 1 ? " is" : " are");
        page_put(page, " left out.</p>\n");
    }
}

static void put_explanation(const struct page *page)
{
    page_put(
        page,
        "<section aria-labelledby=\"reading\">\n<h2 id=\"reading\">How sure this is</h2>\n"
        "<dl class=\"facts\">\n"
        "<dt>fact</dt><dd>The system\xe2\x80\x99s kernel recorded it; no program can make it up."
        "</dd>\n"
        "<dt>own</dt><dd>It belongs to the account that sent the message. Strong evidence, though "
        "a "
        "program can arrange from where it is called.</dd>\n"
        "<dt>says</dt><dd>It was recorded, but is not the account\xe2\x80\x99s own. It names "
        "nobody "
        "as the cause.</dd>\n"
        "<dt>unknown</dt><dd>Nothing was recorded.</dd>\n"
        "<dt>exact</dt><dd>The web server\xe2\x80\x99s log shows that the process which ran this "
        "request sent the message.</dd>\n"
        "<dt>likely</dt><dd>It is a request of that process, and no other is known.</dd>\n"
        "<dt>possible, one of 3</dt><dd>The time fits. Others were served then, too; "
        "such a request proves nothing.</dd>\n"
        "<dt>claimed</dt><dd>Only the program that sent the message says so.</dd>\n"
        "</dl>\n"
        "<p class=\"soft\">Subject, sender and user agent are what the sender wrote. Characters "
        "that cannot be shown safely appear as escapes such as <code>\\n</code> or "
        "<code>\\u{202e}</code>.</p>\n</section>\n");
}

bool report_html(const struct report *report, FILE *to)
{
    const struct page page = {.to = to, .report = report};
    char nonce[33];

    if (!make_nonce(nonce)) {
        (void)context_fail(report->ctx, "no random number could be had");
        return false;
    }
    put_head(&page, nonce);
    put_header(&page);
    page_put(&page, "<main>\n");
    for (size_t i = 0; i < report->section_count; i++) {
        put_section(&page, i);
    }
    put_left_out(&page);
    put_explanation(&page);
    page_put(&page, "</main>\n<footer>\n<p>Written ");
    page_time(&page, report->ctx->now);
    page_put(&page,
             " by mailorigin " SW_VERSION ". The server\xe2\x80\x99s administrators find each "
             "message by its trace ID, which is also in the message itself "
             "(X-Additional-Header).</p>\n</footer>\n</body>\n</html>\n");
    return true;
}
