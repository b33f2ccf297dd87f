/*
 * report_requests - which HTTP requests, and which addresses, are behind the calls of a report.
 *
 * Hostile: access logs, and what a call says of itself. Memory is bounded: FIT_MAX requests of one
 * call at a time, REPORT_REQUESTS of each are kept.
 */
#include "report/report_requests.h"

#include "context.h"

#include <stdlib.h>
#include <string.h>

#define FIT_MAX 64 /* requests of a call that are looked at */

struct joining {
    struct report *report;
    struct weblog *weblog; /* NULL: no web server's log is known */
    /* of the call in hand */
    struct report_section *section;
    struct report_call *call;
    uint64_t call_number;
    struct weblog_request fit[FIT_MAX];
    size_t fits;
};

static void keep_fit(const struct weblog_request *request, void *arg)
{
    struct joining *j = arg;

    if (j->fits < FIT_MAX) {
        j->fit[j->fits++] = *request;
    }
}

/* Another customer's request is not named, though it fits, or is even the one that did it. */
static bool may_be_named(const struct joining *j, const struct weblog_request *request)
{
    enum origin_worth worth;

    switch (request->whose) {
    case WEBLOG_USERS:
        return true;
    case WEBLOG_DIRECTORYS:
        worth = origin_directory(&j->call->line);
        return report_names_directory(j->report, worth);
    case WEBLOG_ANYBODYS:
        break;
    }
    return j->report->internal;
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
static void count_client(struct joining *j, const char *text, enum clients_count how)
{
    struct blocklist_address address;
    struct client *client;

    if (text == NULL || !blocklist_address(text, &address)) {
        return;
    }
    client = clients_at(&j->section->clients, &address);
    if (client == NULL) {
        return;
    }
    if (client->seen != j->call_number || how == CLIENTS_CLAIMED) {
        client->seen = j->call_number;
        client->count[how]++;
        client->weight += how == CLIENTS_EXACT ? 1000 : how == CLIENTS_WINDOW ? 10 : 1;
    }
    clients_note(client, j->call->line.time, how, NULL);
}

/* What the call itself says (REMOTE_ADDR). */
static void count_claim(struct joining *j)
{
    struct slice remote;
    char text[64];

    if (record_line_value(&j->call->line, RECORD_REMOTE, &remote) && remote.len < sizeof text) {
        memcpy(text, remote.ptr, remote.len);
        text[remote.len] = '\0';
        count_client(j, text, CLIENTS_CLAIMED);
    }
}

static enum report_web web_of(const struct joining *j, size_t candidates)
{
    if (candidates == 0) {
        return REPORT_NONE;
    }
    if (j->fit[0].sure == WEBLOG_PID) {
        return REPORT_EXACT;
    }
    return j->fit[0].sure == WEBLOG_WORKER && candidates == 1 ? REPORT_LIKELY : REPORT_SEVERAL;
}

static void find_requests(struct joining *j)
{
    struct report_call *call = j->call;

    j->fits = 0;
    call->candidates = weblog_found(j->weblog, call->number, FIT_MAX, keep_fit, j);
    call->web = web_of(j, call->candidates);
    if (call->web == REPORT_EXACT) { /* it is the one: the others did not do it */
        j->fits = call->candidates = 1;
    }
    call->others = call->candidates - j->fits;
    for (size_t i = 0; i < j->fits; i++) {
        if (may_be_named(j, &j->fit[i])) {
            keep_request(call, &j->fit[i]);
            count_client(j, j->fit[i].client,
                         call->web == REPORT_EXACT ? CLIENTS_EXACT : CLIENTS_WINDOW);
        } else {
            call->others++;
        }
    }
}

void report_requests(struct report *report, struct weblog *weblog)
{
    struct joining *j = context_alloc(sizeof *j);

    memset(j, 0, sizeof *j);
    j->report = report;
    j->weblog = weblog;
    if (weblog != NULL) {
        weblog_read(weblog, FIT_MAX);
    }
    for (size_t s = 0; s < report->section_count; s++) {
        j->section = &report->section[s];
        for (size_t i = 0; i < j->section->call_count; i++) {
            j->call = &j->section->call[i];
            j->call_number++;
            if (j->call->asked) {
                find_requests(j);
            }
            count_claim(j);
            j->section->web[j->call->web]++;
        }
        clients_sort(&j->section->clients);
    }
    free(j);
}
