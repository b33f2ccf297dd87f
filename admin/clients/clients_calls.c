/*
 * clients_calls - the addresses behind calls; see clients_calls.h.
 *
 * Hostile: the records' values and the access logs. Memory is bounded: of more calls than weblog
 * keeps the oldest are counted by their own word only.
 */
#include "clients/clients_calls.h"

#include "context.h"
#include "records/records.h"
#include "web/weblog.h"

#include "wrapper/codec.h"

#include <stdlib.h>
#include <string.h>

#define REQUESTS 64            /* of one call that are looked at */
#define CALL UINT64_C(1000000) /* a call's weight */

/* A call that waits for the access logs to be read. */
struct waiting {
    uint64_t call; /* its number */
    int64_t time;
    bool claimed;
    struct blocklist_address claim; /* REMOTE_ADDR */
    char *uri;                      /* REQUEST_URI; NULL */
};

struct calls {
    struct context *ctx;
    struct clients *clients;
    struct weblog *weblog;
    uint64_t count;
    struct waiting *waiting; /* a call that weblog has as number i: waiting[i % WEBLOG_CALLS_MAX] */
    size_t added, room;
    /* of the call in hand */
    uint64_t call;
    int64_t time;
    struct weblog_request request[REQUESTS];
    size_t requests;
};

/* Counts an address once for a call in each way. */
static void count(struct calls *c, const struct blocklist_address *address, enum clients_count how,
                  uint64_t weight, const char *sample)
{
    struct client *client = clients_at(c->clients, address);

    if (client == NULL) {
        return;
    }
    client->weight += weight;
    if (client->seen != c->call) {
        client->seen = c->call;
        client->count[CLIENTS_CALLS]++;
        client->count[how]++;
    } else if (how == CLIENTS_CLAIMED) {
        client->count[how]++;
    }
    clients_note(client, c->time, how, sample);
}

/* of: how many requests fit the call as well as this one. */
static void count_request(struct calls *c, const struct weblog_request *request, size_t of)
{
    enum clients_count how = request->sure == WEBLOG_PID ? CLIENTS_EXACT : CLIENTS_WINDOW;
    struct blocklist_address address;

    if (request->client != NULL && blocklist_address(request->client, &address)) {
        count(c, &address, how, CALL / of, request->request);
    }
}

static void keep_request(const struct weblog_request *request, void *arg)
{
    struct calls *c = arg;

    if (c->requests < REQUESTS) {
        c->request[c->requests++] = *request;
    }
}

/* The one that is a fact, or all that may be it. */
static void count_requests(struct calls *c, size_t number)
{
    const struct weblog_request *fact = NULL;
    size_t total;

    c->requests = 0;
    total = weblog_found(c->weblog, number, REQUESTS, keep_request, c);
    for (size_t i = 0; i < c->requests && fact == NULL; i++) {
        fact = c->request[i].sure == WEBLOG_PID ? &c->request[i] : NULL;
    }
    if (fact != NULL) {
        count_request(c, fact, 1);
        return;
    }
    for (size_t i = 0; i < c->requests; i++) {
        count_request(c, &c->request[i], total);
    }
}

/* The last of a call: what it says itself. */
static void count_claim(struct calls *c, struct waiting *waiting)
{
    if (waiting->claimed) {
        count(c, &waiting->claim, CLIENTS_CLAIMED, 0, waiting->uri);
    }
    free(waiting->uri);
    waiting->uri = NULL;
}

static void in_hand(struct calls *c, const struct waiting *waiting)
{
    c->call = waiting->call;
    c->time = waiting->time;
}

static struct waiting waiting_of(struct calls *c, struct record_line *line)
{
    struct waiting waiting = {.call = ++c->count, .time = line->time};
    struct slice remote, uri;
    char text[64];
    size_t len;
    bool cut;

    if (!record_line_value(line, RECORD_REMOTE, &remote) || remote.len >= sizeof text) {
        return waiting;
    }
    memcpy(text, remote.ptr, remote.len);
    text[remote.len] = '\0';
    waiting.claimed = blocklist_address(text, &waiting.claim);
    if (waiting.claimed && record_line_value(line, RECORD_URI, &uri)) {
        waiting.uri = context_copy(uri.ptr, uri.len);
        len = uri.len;
        waiting.uri[codec_unescape(waiting.uri, &len, &cut) ? len : 0] = '\0';
    }
    return waiting;
}

/* Kept until the logs are read; of too many the oldest is not looked for there. */
static void wait_for_logs(struct calls *c, struct record_line *line, const struct waiting *waiting)
{
    size_t number = weblog_add(c->weblog, line), at = number % WEBLOG_CALLS_MAX;

    if (number >= WEBLOG_CALLS_MAX) {
        in_hand(c, &c->waiting[at]);
        count_claim(c, &c->waiting[at]);
    } else if (at == c->room) {
        c->room *= 2;
        c->waiting = context_realloc(c->waiting, c->room * sizeof *c->waiting);
    }
    c->waiting[at] = *waiting;
    c->added = number + 1;
}

static void read_logs(struct calls *c)
{
    if (c->added == 0) {
        return;
    }
    if (c->added > WEBLOG_CALLS_MAX) {
        context_problem(c->ctx,
                        "more than %d calls: of the oldest %zu no request is looked for (--since, "
                        "--until)",
                        WEBLOG_CALLS_MAX, c->added - WEBLOG_CALLS_MAX);
    }
    weblog_read(c->weblog, REQUESTS);
    for (size_t i = 0; i < c->added; i++) {
        struct waiting *waiting = &c->waiting[i % WEBLOG_CALLS_MAX];

        if (weblog_kept(c->weblog, i)) {
            in_hand(c, waiting);
            count_requests(c, i);
            count_claim(c, waiting);
        }
    }
}

static void read_call(struct calls *c, struct record_line *line)
{
    struct waiting waiting = waiting_of(c, line);
    const char *why;

    if (c->weblog != NULL && weblog_expected(line, &why)) {
        wait_for_logs(c, line, &waiting);
    } else {
        in_hand(c, &waiting);
        count_claim(c, &waiting);
    }
}

void clients_read_calls(struct context *ctx, struct clients *clients, struct weblog *weblog,
                        struct records *records)
{
    struct calls calls = {.ctx = ctx, .clients = clients, .weblog = weblog}, *c = &calls;
    struct record_line line;

    c->room = 64;
    c->waiting = context_alloc(c->room * sizeof *c->waiting);
    while (records_next(records, &line)) {
        if (record_line_delivers(&line)) {
            read_call(c, &line);
        }
    }
    read_logs(c);
    free(c->waiting);
    if (records_torn(records) > 0) {
        context_warn(c->ctx, "%llu torn or foreign lines passed over",
                     (unsigned long long)records_torn(records));
    }
}
