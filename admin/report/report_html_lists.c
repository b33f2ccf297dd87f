/* report_html_lists - of one origin on the page: some messages, their requests, the clients; see
 * report_page.h. Hostile: all texts, and what a log calls an address. */
#include "report/htmltext.h"
#include "report/report_page.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

/* --- its messages ---------------------------------------------------------------------------- */

static void put_message(const struct page *page, struct report_call *call)
{
    struct slice from = report_value(&call->line, RECORD_FROM),
                 sender = report_value(&call->line, RECORD_SENDER),
                 msgid = report_value(&call->line, RECORD_MSGID),
                 rcpts = report_value(&call->line, RECORD_RCPTS);
    size_t len;
    char *subject = report_subject(&call->line, &len);

    page_put(page, "<tr role=\"row\">");
    page_when(page, "Time", call->line.time, &call->line);
    page_cell(page, "Subject");
    if (len > 0) {
        htmltext_bytes(page->to, subject, len);
    } else {
        page_put(page, "<span class=\"soft\">none recorded</span>");
    }
    if (msgid.len > 0) {
        page_put(page, " <span class=\"id\">");
        page_slice(page, msgid);
        page_put(page, "</span>");
    }
    page_put(page, "</div></td>");
    page_cell(page, "From");
    page_slice(page, from.len > 0 ? from : sender);
    page_put(page, "</div></td><td role=\"cell\" class=\"n\" data-name=\"Recipients\">");
    page_slice(page, rcpts);
    page_put(page, "</td></tr>\n");
    free(subject);
}

void page_messages(const struct page *page, struct report_section *section)
{
    static const char *const heads[] = {"Time", "Subject", "From", "#Recipients", NULL};

    page_put(page, "<h3>Messages</h3>\n");
    if (section->shown_count == 0) {
        page_put(page,
                 "<p class=\"soft\">None of these messages is in the sample that is kept of a log "
                 "of this size.</p>\n");
        return;
    }
    page_table(page,
               (int64_t)section->shown_count < section->sum.messages
                   ? "A sample, spread over the time, each with its trace ID and its Message-ID"
                   : "All of them, each with its trace ID and its Message-ID",
               heads);
    for (size_t i = 0; i < section->call_count; i++) {
        if (section->call[i].shown) {
            put_message(page, &section->call[i]);
        }
    }
    page_table_end(page);
}

/* --- their requests -------------------------------------------------------------------------- */

/* An address is not broken into lines; what is none may be of any length. */
static void put_address(const struct page *page, const char *text)
{
    struct blocklist_address address;

    if (text != NULL && blocklist_address(text, &address)) {
        page_put(page, "<span class=\"address\">");
        page_string(page, text);
        page_put(page, "</span>");
    } else {
        page_string(page, text != NULL ? text : "unknown");
    }
}

static void put_request(const struct page *page, struct report_call *call,
                        const struct report_request *request)
{
    char sure[64];

    report_sure(call, request, sure);
    page_put(page, "<tr role=\"row\">");
    page_when(page, "Time", request->start >= 0 ? request->start : request->end, &call->line);
    page_cell(page, "Client");
    put_address(page, request->client);
    page_put(page, "</div></td>");
    page_cell(page, "Request");
    page_string(page, request->request != NULL ? request->request : "unknown");
    if (request->status >= 0) {
        (void)fprintf(page->to, " <span class=\"soft\">%d</span>", request->status);
    }
    if (request->agent != NULL) {
        page_put(page, " <span class=\"id\">");
        page_string(page, request->agent);
        page_put(page, "</span>");
    }
    page_put(page, "</div></td>");
    page_cell(page, "How sure");
    (void)fprintf(page->to, "<span class=\"mark%s\">%s</span>",
                  request->sure == WEBLOG_PID ? " sure" : "", sure);
    page_put(page, "</div></td></tr>\n");
}

/* Of all calls that were looked at. */
static void put_web_counts(const struct page *page, const struct report_section *section)
{
    const size_t *web = section->web;
    const struct {
        size_t count;
        const char *text;
    } parts[] = {{web[REPORT_EXACT], "an exact request"},
                 {web[REPORT_LIKELY], "a likely request"},
                 {web[REPORT_SEVERAL], "several that fit"},
                 {web[REPORT_NONE] + web[REPORT_UNASKED], "none that is known"}};
    const char *between = " have ";

    page_put(page, "<p class=\"soft\">Of ");
    page_count(page, section->call_count, "message");
    page_put(page, " looked at, ");
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (parts[i].count > 0) {
            page_put(page, between[0] == ',' ? between : "");
            page_number(page, parts[i].count);
            page_put(page, between[0] == ',' ? " " : parts[i].count == 1 ? " has " : between);
            page_put(page, parts[i].text);
            between = ", ";
        }
    }
    page_put(page, ".</p>\n");
}

void page_requests(const struct page *page, struct report_section *section)
{
    static const char *const heads[] = {"Time", "Client", "Request", "How sure", NULL};
    size_t rows = 0, others = 0;

    if (section->call_count == 0) {
        return;
    }
    page_put(page, "<h3>Web requests</h3>\n");
    put_web_counts(page, section);
    for (size_t i = 0; i < section->call_count; i++) {
        struct report_call *call = &section->call[i];

        for (size_t k = 0; call->shown && k < call->request_count; k++) {
            if (rows++ == 0) {
                page_table(
                    page,
                    "Requests that caused, or may have caused, the messages above, each with "
                    "the message\xe2\x80\x99s "
                    "trace ID",
                    heads);
            }
            put_request(page, call, &call->request[k]);
        }
        others += call->shown ? call->others : 0;
    }
    if (rows > 0) {
        page_table_end(page);
    }
    if (others > 0) {
        page_put(page, "<p class=\"soft\">");
        page_count(page, others, "more request");
        page_put(page, others == 1 ? " fits, to another site or one that is not known"
                                   : " fit, to other sites or ones that are not known");
        page_put(page, ", and not named here.</p>\n");
    }
}

/* --- the clients ----------------------------------------------------------------------------- */

static void put_client(const struct page *page, const struct client *client)
{
    char text[INET6_ADDRSTRLEN];

    blocklist_text(&client->address, text);
    page_put(page, "<tr role=\"row\">");
    page_cell(page, "Client");
    put_address(page, text);
    page_put(page, "</div></td>");
    page_cell_number(page, "Exact", client->count[CLIENTS_EXACT]);
    page_cell_number(page, "Possible", client->count[CLIENTS_WINDOW]);
    page_cell_number(page, "Claimed", client->count[CLIENTS_CLAIMED]);
    page_when(page, "First", client->first, NULL);
    page_when(page, "Last", client->last, NULL);
    page_put(page, "</tr>\n");
}

void page_clients(const struct page *page, const struct report_section *section)
{
    static const char *const heads[] = {"Client", "#Exact", "#Possible", "#Claimed",
                                        "First",  "Last",   NULL};

    if (section->clients.count == 0) {
        return;
    }
    page_put(page, "<h3>Client addresses</h3>\n");
    page_table(page, "Behind how many of the messages looked at", heads);
    for (size_t i = 0; i < section->clients.count && i < REPORT_CLIENTS; i++) {
        put_client(page, &section->clients.row[i]);
    }
    page_table_end(page);
    if (section->clients.count > REPORT_CLIENTS) {
        page_put(page, "<p class=\"soft\">and ");
        page_number(page, section->clients.count - REPORT_CLIENTS);
        page_put(page, " more</p>\n");
    }
}
