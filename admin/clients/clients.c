/*
 * clients - "mailorigin clients": the addresses behind an origin's calls, by the web server's log;
 * with
 * --mail-log the top talkers of a mail server. As a table, or as a block list.
 *
 * Hostile: the logs. In a block list stand only addresses that a log proves: a call's own word
 * (REMOTE_ADDR) is in the table and never in a list, a match by time alone only if it is asked for.
 * What is left out is said.
 */
#include "args.h"
#include "clients/clients_calls.h"
#include "command.h"
#include "confine.h"
#include "context.h"
#include "maillog/maillog.h"
#include "out.h"
#include "web/weblog.h"

#include <stdlib.h>
#include <string.h>

#define TALKER_DEFAULT 10
#define LIMIT_DEFAULT 20

struct looker {
    struct context *ctx;
    struct filter filter;
    struct clients clients;
    struct weblog *weblog;
    bool talkers;   /* of a mail log */
    bool forgeable; /* of a syslog file */
};

/* --- of a mail log --------------------------------------------------------------------------- */

static void count_event(struct looker *l, const struct mail_event *event)
{
    struct blocklist_address address;
    struct client *client;
    enum clients_count how;

    switch (event->kind) {
    case MAIL_CONNECT:
        how = CLIENTS_CONNECTS;
        break;
    case MAIL_REFUSED:
        how = CLIENTS_REJECTED;
        break;
    case MAIL_AUTH_FAILED:
        how = CLIENTS_FAILED;
        break;
    case MAIL_RECEIVED:
        how = event->login == NULL ? CLIENTS_MAILS : CLIENTS_LOGINS;
        break;
    default:
        return;
    }
    if (event->client == NULL || !blocklist_address(event->client, &address) ||
        (client = clients_at(&l->clients, &address)) == NULL) {
        return;
    }
    client->count[how]++;
    clients_note(client, event->time, how,
                 how == CLIENTS_REJECTED ? event->text
                 : how == CLIENTS_FAILED ? event->login
                                         : NULL);
    l->forgeable = l->forgeable || event->forgeable;
}

static void read_mail_log(struct looker *l, struct maillog *maillog)
{
    struct mail_event event;

    while (maillog_next(maillog, &event)) {
        count_event(l, &event);
    }
}

/* --- the table ------------------------------------------------------------------------------- */

static void print_row(struct looker *l, const struct client *client)
{
    static const char *const of_calls[CLIENTS_COUNTS][2] = {
        {"exact", "sure"}, {"window", "by time"}, {"claimed", "claimed"}};
    static const char *const of_log[CLIENTS_COUNTS][2] = {
        {"failed_logins", "failed logins"}, {"rejects", "rejects"}, {"connects", "connects"}};
    const char *const(*names)[2] = l->talkers ? of_log : of_calls;
    char text[INET6_ADDRSTRLEN];

    blocklist_text(&client->address, text);
    out_begin(l->ctx->out, l->talkers ? "talker" : "client", OUT_TABLE);
    out_string(l->ctx->out, "client", "client", text);
    if (!l->talkers) {
        out_number(l->ctx->out, "count", "calls", (long long)client->count[CLIENTS_CALLS]);
    }
    for (size_t i = 0; i < CLIENTS_COUNTS; i++) {
        out_number(l->ctx->out, names[i][0], names[i][1], (long long)client->count[i]);
    }
    if (l->talkers) {
        out_number(l->ctx->out, "mails", "mails", (long long)client->count[CLIENTS_MAILS]);
        out_number(l->ctx->out, "login_mails", "after login",
                   (long long)client->count[CLIENTS_LOGINS]);
    }
    out_time(l->ctx->out, "first", "first", client->first);
    out_time(l->ctx->out, "last", "last", client->last);
    out_string(l->ctx->out, l->talkers ? "sample" : "request", l->talkers ? "sample" : "request",
               client->sample);
    out_end(l->ctx->out);
}

static int print_table(struct looker *l, long long limit)
{
    size_t n = l->clients.count;

    if (limit > 0 && (size_t)limit < n) {
        n = (size_t)limit;
    }
    for (size_t i = 0; i < n; i++) {
        print_row(l, &l->clients.row[i]);
    }
    if (n < l->clients.count) {
        context_warn(l->ctx, "%zu more addresses; --limit 0 shows all", l->clients.count - n);
    }
    if (l->clients.count == 0) {
        out_note(l->ctx->out, "%s",
                 l->talkers ? "Nobody connects to the mail server there."
                            : "No address is known behind these calls.");
    }
    return context_status(l->ctx, n > 0);
}

/* --- the block list -------------------------------------------------------------------------- */

/* Why an address does not go into the list; NULL if it does. */
static const char *left_out(const struct looker *l, const struct blocklist *list,
                            const struct client *client, uint64_t at_least)
{
    const char *why = blocklist_excluded(list, &client->address);
    uint64_t sure = client->count[CLIENTS_EXACT];

    if (why != NULL) {
        return why;
    }
    if (l->talkers) {
        if (client->count[CLIENTS_LOGINS] > 0) {
            return "it sent mail after a log-in: somebody's customer?";
        }
        sure = client->count[CLIENTS_FAILED] + client->count[CLIENTS_REJECTED];
        return sure >= at_least ? NULL : "too few failed log-ins and rejects (--at-least)";
    }
    if (args_has(l->ctx->args, "include-uncertain")) {
        sure += client->count[CLIENTS_WINDOW];
    }
    if (sure >= at_least && sure > 0) {
        return NULL;
    }
    if (sure > 0) {
        return "too few calls (--at-least)";
    }
    return client->count[CLIENTS_WINDOW] > 0
               ? "only the time fits: others asked for pages then, too (--include-uncertain)"
               : "only the call itself names it, and a script can name whom it likes";
}

/* Counts reasons; the addresses themselves are shown for the first few. */
static void say_left_out(const struct looker *l, const struct client *client, const char *why,
                         size_t number)
{
    char text[INET6_ADDRSTRLEN];

    if (number <= 50) {
        blocklist_text(&client->address, text);
        context_warn(l->ctx, "left out: %s: %s", text, why);
    }
}

static enum blocklist_format format_of(const char *name)
{
    if (strcmp(name, "postfix") == 0) {
        return BLOCKLIST_POSTFIX;
    }
    return strcmp(name, "nftables") == 0 ? BLOCKLIST_NFTABLES : BLOCKLIST_FAIL2BAN;
}

static int print_list(struct looker *l, const struct blocklist *list, const char *format,
                      long long limit, uint64_t at_least)
{
    const char *jail = args_has(l->ctx->args, "jail") ? args_get(l->ctx->args, "jail") : "postfix";
    struct blocklist_address *chosen =
        context_alloc((l->clients.count + 1) * sizeof(struct blocklist_address));
    size_t n = 0, out = 0;

    for (size_t i = 0; i < l->clients.count; i++) {
        const char *why = left_out(l, list, &l->clients.row[i], at_least);

        if (why != NULL) {
            say_left_out(l, &l->clients.row[i], why, ++out);
        } else if (limit <= 0 || n < (size_t)limit) {
            chosen[n++] = l->clients.row[i].address;
        }
    }
    if (out > 50) {
        context_warn(l->ctx, "left out: %zu more", out - 50);
    }
    if (l->forgeable) {
        context_warn(l->ctx, "the mail log is a file that syslog writes: any local user can have "
                             "put addresses there");
    }
    blocklist_print(format_of(format), jail, chosen, n, stdout);
    free(chosen);
    return context_status(l->ctx, n > 0);
}

/* --- the command ----------------------------------------------------------------------------- */

struct settings {
    const char *format;
    long long limit, at_least;
};

/* A list of everybody must not pass for one of somebody's. */
static bool filters_calls(struct context *ctx)
{
    static const char *const of_calls[] = {"uid",  "user", "dir",    "script",
                                           "unit", "from", "caller", "host"};

    for (size_t i = 0; i < sizeof of_calls / sizeof of_calls[0]; i++) {
        if (args_has(ctx->args, of_calls[i])) {
            context_fail(ctx, "--%s: not with --mail-log, whose lines have no caller", of_calls[i]);
            return true;
        }
    }
    return false;
}

static bool read_settings(struct looker *l, struct settings *ret)
{
    struct context *ctx = l->ctx;

    if (l->talkers && filters_calls(ctx)) {
        return false;
    }
    ret->format = args_has(ctx->args, "format") ? args_get(ctx->args, "format") : "table";
    ret->limit = strcmp(ret->format, "table") == 0 ? LIMIT_DEFAULT : 0;
    ret->at_least = l->talkers ? TALKER_DEFAULT : 1;
    if (!args_number(ctx, "limit", 0, CLIENTS_MAX, &ret->limit) ||
        !args_number(ctx, "at-least", 1, INT64_MAX, &ret->at_least)) {
        return false;
    }
    if (args_has(ctx->args, "jail") && !blocklist_jail(args_get(ctx->args, "jail"))) {
        context_fail(ctx, "--jail: a name is made of letters, digits, '-', '_' and '.'");
        return false;
    }
    if (strcmp(ret->format, "table") != 0 && out_is_json(ctx->out)) {
        context_fail(ctx, "--json and --format=%s: one or the other", ret->format);
        return false;
    }
    return true;
}

/* Without a web server's log there is still what the calls say themselves. */
static void open_weblog(struct looker *l, const struct records *records)
{
    if (records != NULL) {
        l->weblog = weblog_open(l->ctx);
        l->ctx->partial = l->ctx->partial || l->weblog == NULL;
    }
}

static int look(struct looker *l, const struct settings *settings)
{
    struct blocklist *list = blocklist_new(l->ctx);
    struct maillog *maillog = NULL;
    struct records *records = NULL;
    int status = STATUS_FAILED;

    if (list != NULL && l->talkers) {
        maillog = maillog_open(l->ctx, l->filter.since, l->filter.until);
    } else if (list != NULL) {
        records = records_open(l->ctx, &l->filter);
        open_weblog(l, records);
    }
    if ((maillog != NULL || records != NULL) &&
        confine(l->ctx, maillog == NULL ? CONFINE_READ : CONFINE_NOTHING)) {
        if (maillog != NULL) {
            read_mail_log(l, maillog);
        } else {
            clients_read_calls(l->ctx, &l->clients, l->weblog, records);
        }
        clients_sort(&l->clients);
        if (l->clients.lost > 0) {
            context_problem(l->ctx, "more than %d addresses: those that came later are missing",
                            CLIENTS_MAX);
        }
        status = strcmp(settings->format, "table") == 0
                     ? print_table(l, settings->limit)
                     : print_list(l, list, settings->format, settings->limit,
                                  (uint64_t)settings->at_least);
    }
    if (l->weblog != NULL) {
        weblog_close(l->weblog);
    }
    if (records != NULL) {
        records_close(records);
    }
    maillog_close(maillog);
    blocklist_free(list);
    return status;
}

static int run(struct context *ctx)
{
    struct looker l = {.ctx = ctx, .talkers = args_has(ctx->args, "mail-log")};
    struct settings settings;
    int status;

    if (!filter_init(ctx, &l.filter) || !read_settings(&l, &settings)) {
        return STATUS_FAILED;
    }
    clients_init(&l.clients);
    status = look(&l, &settings);
    clients_free(&l.clients);
    return status;
}

static const struct option_spec options[] = {
    {"mail-log", 0, "[FILE]", NULL,
     "instead of calls: who connects to the mail server, is rejected, fails to log in"},
    {"limit", 'n', "N", NULL, "so many rows (20; of a block list: all); 0: all"},
    {"format", 0, "FORMAT", "table|postfix|nftables|fail2ban", "a table, or a block list"},
    {"at-least", 0, "N", NULL,
     "a block list: from so many sure calls (1), or failed log-ins and rejects (10)"},
    {"exclude", 0, "ADDRESS", NULL, "never in a block list: an address or network; repeatable"},
    {"include-uncertain", 0, NULL, NULL, "a block list: also clients by time alone"},
    {"jail", 0, "NAME", NULL, "fail2ban's jail (postfix)"},
    {NULL, 0, NULL, NULL, NULL}};

const struct command command_clients = {
    .name = "clients",
    .summary = "the addresses behind the calls, or a mail log's top talkers; block lists",
    .operands = "",
    .details =
        "SURE: the web server's log has the worker's pid. BY TIME: its request ran then, as others "
        "may have.\n"
        "CLAIMED: the call itself names it. A block list never holds this machine's, private and "
        "trusted addresses,\n"
        "nor where people are logged in from; what is left out is said on standard error.",
    .options = options,
    .groups = GROUP_TIME | GROUP_FILTER | GROUP_LOG | GROUP_WEB,
    .run = run,
};
