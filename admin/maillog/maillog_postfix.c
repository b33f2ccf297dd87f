/*
 * maillog_postfix - Postfix's log lines (the texts are those of postfix 3.4 to 3.10: pickup.c,
 * cleanup_message.c, qmgr_message.c, log_adhoc.c, bounce_*_service.c, smtpd.c, postsuper.c).
 *
 * Hostile: addresses (an unquoted ">, relay=" in one is possible before 3.5, and hurts only its own
 * message), header values, remote servers' replies, HELO names. What Postfix itself says stands in
 * front of them.
 */
#include "maillog/maillog_parse.h"

#include "wrapper/ulid.h"

#include <stdio.h>
#include <string.h>

#define MTA "postfix"

/* What stands in front of a header's value, and where our id is in it. The value is what the
 * wrapper wrote, "/path; uid=1; pid=2; id=ULID" with the path percent-encoded: no ';' is in it but
 * those between the fields. */
static const char *trace_of(char *text, const char *name)
{
    char *value = maillog_after(text, "header ");
    uint64_t ms;

    if (value == NULL || strncasecmp(value, name, strlen(name)) != 0 ||
        strncmp(value + strlen(name), ": ", 2) != 0) {
        return NULL;
    }
    value += strlen(name) + 2;
    if (strncmp(value, "id=", 3) != 0) {
        value = strstr(value, "; id=");
        if (value == NULL) {
            return NULL;
        }
        value += 2;
    }
    value += 3;
    if (strlen(value) < ULID_LEN || strchr(" ;", value[ULID_LEN]) == NULL) {
        return NULL;
    }
    value[ULID_LEN] = '\0';
    return ulid_time(value, &ms) ? value : NULL;
}

static bool read_pickup(struct maillog_line *line, char *id, char *text, struct maillog_events *ret)
{
    struct mail_event *event;
    char *uid = maillog_after(text, "uid="), *from;

    if (uid == NULL || maillog_number(uid) < 0) {
        return false;
    }
    event = maillog_event(ret, MAIL_SUBMITTED, line, MTA, id);
    event->uid = maillog_number(uid);
    from = strstr(uid, " from=");
    if (from != NULL) {
        from += strlen(" from=");
        event->sender = maillog_angle(&from);
    }
    return true;
}

/* "hold: header Subject: x from local; from=<a>: text": cleanup's actions, and milters'. */
static bool read_action(struct maillog_line *line, char *id, char *text, struct maillog_events *ret)
{
    static const struct {
        const char *name;
        enum mail_kind kind;
    } actions[] = {{"hold: ", MAIL_HELD},       {"milter-hold: ", MAIL_HELD},
                   {"reject: ", MAIL_REFUSED},  {"milter-reject: ", MAIL_REFUSED},
                   {"discard: ", MAIL_REMOVED}, {"milter-discard: ", MAIL_REMOVED}};

    for (size_t i = 0; i < sizeof actions / sizeof actions[0]; i++) {
        char *what = maillog_after(text, actions[i].name);

        if (what != NULL) {
            struct mail_event *event = maillog_event(ret, actions[i].kind, line, MTA, id);

            event->text = text; /* the word is part of what is said */
            return true;
        }
    }
    return false;
}

static bool read_cleanup(struct maillog_line *line, char *id, char *text,
                         struct maillog_events *ret)
{
    struct mail_event *event;
    char *rest = maillog_after(text, "message-id=");
    const char *trace;

    if (rest == NULL) {
        rest = maillog_after(text, "resent-message-id=");
    }
    if (rest != NULL) {
        event = maillog_event(ret, MAIL_MSGID, line, MTA, id);
        event->msgid = rest;
        return true;
    }
    rest = maillog_after(text, "info: ");
    if (rest == NULL) {
        return read_action(line, id, text, ret);
    }
    trace = trace_of(rest, line->header_name);
    if (trace == NULL) {
        return false;
    }
    event = maillog_event(ret, MAIL_TRACE, line, MTA, id);
    event->trace = trace;
    return true;
}

/* "from=<a>, size=1, nrcpt=1 (queue active)" | "from=<a>, status=expired, returned to sender" |
 * "removed" */
static bool read_queue(struct maillog_line *line, char *id, char *text, struct maillog_events *ret)
{
    struct mail_event *event;
    char *from, *sender, *nrcpt;

    if (strcmp(text, "removed") == 0) {
        maillog_event(ret, MAIL_REMOVED, line, MTA, id);
        return true;
    }
    from = maillog_after(text, "from=");
    sender = from == NULL ? NULL : maillog_angle(&from);
    if (sender == NULL) {
        return false;
    }
    if (strncmp(from, ", size=", 7) == 0) {
        event = maillog_event(ret, MAIL_QUEUED, line, MTA, id);
        event->sender = sender;
        event->size = maillog_number(from + 7);
        nrcpt = strstr(from, ", nrcpt=");
        event->nrcpt = nrcpt == NULL ? -1 : maillog_number(nrcpt + 8);
        return true;
    }
    if (strncmp(from, ", status=expired", 16) == 0 ||
        strncmp(from, ", status=force-expired", 22) == 0) {
        event = maillog_event(ret, MAIL_RECIPIENT, line, MTA, id);
        event->outcome = MAIL_EXPIRED;
        event->text = from + strlen(", status=");
        return true;
    }
    return false;
}

static enum mail_outcome outcome_of(const char *status)
{
    static const struct {
        const char *name;
        enum mail_outcome outcome;
    } known[] = {{"sent ", MAIL_SENT},
                 {"deferred ", MAIL_DEFERRED},
                 {"bounced ", MAIL_BOUNCED},
                 {"expired ", MAIL_EXPIRED}};

    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (strncmp(status, known[i].name, strlen(known[i].name)) == 0) {
            return known[i].outcome;
        }
    }
    return MAIL_OTHER;
}

/* "to=<a>, orig_to=<b>, relay=R, delay=1, delays=.., dsn=2.0.0, status=sent (text)" */
static bool read_recipient(struct maillog_line *line, char *id, char *text,
                           struct maillog_events *ret)
{
    struct mail_event *event;
    char *rest = maillog_after(text, "to="), *rcpt, *status, *dsn, *relay, *end;

    rcpt = rest == NULL ? NULL : maillog_angle(&rest);
    status = rcpt == NULL ? NULL : maillog_cut(rest, ", status=");
    if (status == NULL) {
        return false;
    }
    event = maillog_event(ret, MAIL_RECIPIENT, line, MTA, id);
    event->rcpt = rcpt;
    event->outcome = outcome_of(status);
    event->text = strchr(status, '(');
    if (event->text == NULL) {
        event->text = status;
    } else {
        end = strchr(status, '\0') - 1;
        event->text++;
        if (*end == ')') {
            *end = '\0';
        }
    }
    dsn = maillog_cut(rest, ", dsn=");
    event->dsn = dsn;
    relay = strstr(rest, ", relay=");
    if (relay != NULL) {
        relay += strlen(", relay=");
        end = strstr(relay, ", ");
        if (end != NULL) {
            *end = '\0';
        }
        event->relay = relay;
    }
    if (event->outcome == MAIL_SENT) {
        event->next_id = maillog_queued_as(event->text, ret->next_id, sizeof ret->next_id);
        event->next_local =
            event->next_id != NULL && event->relay != NULL && maillog_loopback(event->relay);
    }
    return true;
}

/* "sender non-delivery notification: QID2" and its like for delays, success, the postmaster. */
static bool read_bounce(struct maillog_line *line, char *id, char *text, struct maillog_events *ret)
{
    struct mail_event *event;
    char *next = strstr(text, " notification: ");

    if (next == NULL) {
        return false;
    }
    *next = '\0';
    next += strlen(" notification: ");
    if (maillog_word(next, 6, 40, "") == NULL) {
        return false;
    }
    event = maillog_event(ret, MAIL_NOTICE, line, MTA, id);
    event->next_id = next;
    event->next_local = true;
    event->text = text;
    return true;
}

static bool read_postsuper(struct maillog_line *line, char *id, char *text,
                           struct maillog_events *ret)
{
    if (strcmp(text, "removed") == 0) {
        maillog_event(ret, MAIL_REMOVED, line, MTA, id)->text = "removed by postsuper(1)";
    } else if (strcmp(text, "placed on hold") == 0) {
        maillog_event(ret, MAIL_HELD, line, MTA, id)->text = "placed on hold by postsuper(1)";
    } else if (strcmp(text, "released from hold") == 0) {
        maillog_event(ret, MAIL_RELEASED, line, MTA, id);
    } else {
        return false;
    }
    return true;
}

/* The same of smtpd: "reject: RCPT from host[ip]: 554 ..". Only behind a command's name: a header
 * that cleanup quotes may say "from", too. */
static bool read_refusal(struct maillog_line *line, char *id, char *text,
                         struct maillog_events *ret)
{
    const char *word = strstr(text, ": ");
    size_t n;

    if (word == NULL || !read_action(line, id, text, ret)) {
        return false;
    }
    word += 2;
    n = strspn(word, "ABCDEFGHIJKLMNOPQRSTUVWXYZ-");
    if (n > 0 && strncmp(word + n, " from ", 6) == 0) {
        ret->event[ret->count - 1].client = maillog_client(word + n, ret->client);
    }
    return true;
}

/* "client=host[ip], sasl_method=PLAIN, sasl_username=joe" */
static bool read_client(struct maillog_line *line, char *id, char *text, struct maillog_events *ret)
{
    struct mail_event *event;
    char *host = maillog_after(text, "client="), *login, *end;

    if (host == NULL) {
        return read_refusal(line, id, text, ret);
    }
    event = maillog_event(ret, MAIL_RECEIVED, line, MTA, id);
    login = strstr(host, ", sasl_username=");
    if (login != NULL) {
        login += strlen(", sasl_username=");
        end = strstr(login, ", ");
        if (end != NULL) {
            *end = '\0';
        }
        event->login = login;
    }
    event->client = maillog_client(host, ret->client);
    return true;
}

/* "host[ip]: SASL LOGIN authentication failed: reason, sasl_username=joe" */
static bool is_login_failure(const char *text)
{
    const char *end = strchr(text, ']');

    if (end == NULL) {
        return false;
    }
    end++;
    if (*end == ':' && end[1] != ' ') { /* smtpd_client_port_logging */
        end += 1 + strspn(end + 1, "0123456789");
    }
    return strncmp(end, ": SASL ", 7) == 0 && strstr(end, " authentication failed") != NULL;
}

/* What smtpd says of a client without a queue id. */
static bool read_session(struct maillog_line *line, char *text, struct maillog_events *ret)
{
    struct mail_event *event;
    char *rest, *login;

    if ((rest = maillog_after(text, "connect from ")) != NULL) {
        event = maillog_event(ret, MAIL_CONNECT, line, MTA, NULL);
        event->client = maillog_client(rest, ret->client);
    } else if ((rest = maillog_after(text, "NOQUEUE: ")) != NULL) {
        return read_refusal(line, NULL, rest, ret);
    } else if ((rest = maillog_after(text, "warning: ")) != NULL && is_login_failure(rest)) {
        login = strstr(rest, ", sasl_username=");
        event = maillog_event(ret, MAIL_AUTH_FAILED, line, MTA, NULL);
        event->login = login == NULL ? NULL : login + strlen(", sasl_username=");
        event->client = maillog_client(rest, ret->client);
    } else if (((rest = maillog_after(text, "PREGREET ")) != NULL ||
                (rest = maillog_after(text, "DNSBL rank ")) != NULL)) { /* postscreen */
        event = maillog_event(ret, MAIL_REFUSED, line, MTA, NULL);
        event->client = maillog_client(rest, ret->client);
    } else {
        return false;
    }
    return true;
}

/* The daemon's name: what stands behind the last slash of "postfix-out/submission/smtpd". */
static const char *daemon_of(const char *tag)
{
    const char *slash = strrchr(tag, '/');

    return slash == NULL ? NULL : slash + 1;
}

/* A queue id in front of ": ": ends it there and returns what follows. */
static char *read_id(char *text)
{
    static const char *const words[] = {"warning: ", "error: ", "fatal: ", "panic: ", "NOQUEUE: "};

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strncmp(text, words[i], strlen(words[i])) == 0) {
            return NULL;
        }
    }
    return maillog_word(text, 5, 40, ": ");
}

bool maillog_postfix(struct maillog_line *line, struct maillog_events *ret)
{
    static const struct {
        const char *daemon;
        bool (*read)(struct maillog_line *line, char *id, char *text, struct maillog_events *ret);
    } readers[] = {{"smtpd", read_client},       {"pickup", read_pickup}, {"cleanup", read_cleanup},
                   {"qmgr", read_queue},         {"nqmgr", read_queue},   {"oqmgr", read_queue},
                   {"bounce", read_bounce},      {"defer", read_bounce},  {"trace", read_bounce},
                   {"postsuper", read_postsuper}};
    const char *daemon = daemon_of(line->tag);
    char *id = line->text, *rest;

    if (daemon == NULL) {
        return false;
    }
    rest = read_id(id);
    if (rest == NULL) {
        return (strcmp(daemon, "smtpd") == 0 || strcmp(daemon, "postscreen") == 0) &&
               read_session(line, line->text, ret);
    }
    if (strncmp(rest, "to=<", 4) == 0) {
        return read_recipient(line, id, rest, ret);
    }
    for (size_t i = 0; i < sizeof readers / sizeof readers[0]; i++) {
        if (strcmp(daemon, readers[i].daemon) == 0) {
            return readers[i].read(line, id, rest, ret);
        }
    }
    return false;
}
