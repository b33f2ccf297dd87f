/*
 * maillog_sendmail - Sendmail's log lines (deliver.c logdelivery, envelope.c logsender, savemail.c,
 * srvrsmtp.c of 8.14 to 8.17).
 *
 * Hostile: sender, Message-ID and recipients stand in the middle of a line. The relay is therefore
 * looked for from the right, where Sendmail puts it last, everything else from the left.
 */
#include "maillog/maillog_parse.h"

#include <ctype.h>
#include <string.h>

#define MTA "sendmail"

/* The last occurrence of mark; ends text there and returns what follows. */
static char *cut_last(char *text, const char *mark)
{
    char *found = NULL;

    for (char *at = strstr(text, mark); at != NULL; at = strstr(at + 1, mark)) {
        found = at;
    }
    if (found == NULL) {
        return NULL;
    }
    *found = '\0';
    return found + strlen(mark);
}

/* "user@host [192.0.2.1] (may be forged)": the last bracket, what an ident server says stands in
 * front of it. */
static const char *client_of(const char *relay, struct maillog_events *ret)
{
    const char *open = strrchr(relay, '[');

    return open == NULL ? NULL : maillog_client(open, ret->client);
}

/* "web274@localhost" is a login name of a local submission; "host [192.0.2.1]" is a client. */
static void read_relay(struct maillog_line *line, char *id, char *relay, bool smtp,
                       struct maillog_events *ret)
{
    struct mail_event *event;
    char *at = strrchr(relay, '@');

    if (!smtp && at != NULL && strcmp(at, "@localhost") == 0) {
        *at = '\0';
        event = maillog_event(ret, MAIL_SUBMITTED, line, MTA, id);
        event->user = relay;
        return;
    }
    event = maillog_event(ret, MAIL_RECEIVED, line, MTA, id);
    event->client = client_of(relay, ret);
    event->relay = relay;
}

/* "from=A, size=1, class=0, nrcpts=1, msgid=M, proto=ESMTP, daemon=D, relay=R" */
static bool read_sender(struct maillog_line *line, char *id, char *text, struct maillog_events *ret)
{
    struct mail_event *event;
    char *relay = cut_last(text, ", relay="), *sender, *numbers, *msgid, *end, *nrcpts;
    bool smtp;

    sender = text;
    numbers = maillog_cut(text, ", size=");
    if (numbers == NULL || relay == NULL) {
        return false;
    }
    msgid = maillog_cut(numbers, ", msgid=");
    smtp = strstr(msgid == NULL ? numbers : msgid, ", proto=") != NULL;
    read_relay(line, id, relay, smtp, ret);
    nrcpts = strstr(numbers, ", nrcpts=");
    event = maillog_event(ret, MAIL_QUEUED, line, MTA, id);
    end = strchr(sender, '\0');
    if (*sender == '<' && end - sender >= 2 && end[-1] == '>') {
        end[-1] = '\0';
        sender++;
    }
    event->sender = sender;
    event->size = maillog_number(numbers);
    event->nrcpt = nrcpts == NULL ? -1 : maillog_number(nrcpts + strlen(", nrcpts="));
    if (msgid != NULL) {
        end = strchr(msgid, '>');
        if (*msgid == '<' && end != NULL) {
            end[1] = '\0';
        } else {
            msgid[strcspn(msgid, ",")] = '\0';
        }
        maillog_event(ret, MAIL_MSGID, line, MTA, id)->msgid = msgid;
    }
    return true;
}

static enum mail_outcome outcome_of(const char *stat, const char *dsn)
{
    if (strncmp(stat, "Sent", 4) == 0) {
        return MAIL_SENT;
    }
    if (strncmp(stat, "queued", 6) == 0 || strncmp(stat, "Deferred", 8) == 0) {
        return MAIL_DEFERRED;
    }
    switch (dsn == NULL ? '\0' : dsn[0]) {
    case '2':
        return MAIL_SENT;
    case '4':
        return MAIL_DEFERRED;
    case '5':
        return MAIL_BOUNCED;
    default:
        return MAIL_OTHER;
    }
}

/* The uid in "ctladdr=web274 (4079/4079)": whose message it was. */
static long long uid_of(const char *ctladdr)
{
    const char *end = strstr(ctladdr, ", delay="), *open = NULL;

    for (const char *at = strchr(ctladdr, '('); at != NULL && (end == NULL || at < end);
         at = strchr(at + 1, '(')) {
        open = at;
    }
    return open == NULL ? -1 : maillog_number(open + 1);
}

/* "a,b [more], ctladdr=u (1/1), delay=.., xdelay=.., mailer=M, pri=1, relay=R, dsn=2.0.0, stat=Sent
 * (..)" */
static bool read_recipients(struct maillog_line *line, char *id, char *text,
                            struct maillog_events *ret)
{
    struct mail_event *event;
    char *stat, *dsn, *relay, *more, *rest = strstr(text, ", delay=");
    char *ctladdr = strstr(text, ", ctladdr=");

    if (rest == NULL || (stat = maillog_cut(rest, ", stat=")) == NULL) {
        return false;
    }
    event = maillog_event(ret, MAIL_RECIPIENT, line, MTA, id);
    if (ctladdr != NULL && ctladdr < rest) {
        event->uid = uid_of(ctladdr + strlen(", ctladdr="));
        *ctladdr = '\0';
    }
    *rest++ = '\0';
    event->text = stat;
    dsn = maillog_cut(rest, ", dsn=");
    if (dsn != NULL) {
        dsn[strcspn(dsn, ",")] = '\0';
    }
    event->dsn = dsn;
    relay = maillog_cut(rest, ", relay=");
    event->relay = relay;
    event->outcome = outcome_of(stat, dsn);
    if (event->outcome == MAIL_SENT) {
        event->next_id = maillog_queued_as(stat, ret->next_id, sizeof ret->next_id);
        event->next_local = event->next_id != NULL && relay != NULL && maillog_loopback(relay);
    }
    more = strstr(text, " [more]");
    if (more != NULL && more[7] == '\0') {
        *more = '\0';
    }
    event->rcpt = text;
    ret->rcpts = text;
    return true;
}

/* "ID2: DSN: User unknown", "ID2: return to sender: ..", "ID2: sender notify: .." */
static bool read_notice(struct maillog_line *line, char *id, char *text, struct maillog_events *ret)
{
    static const char *const words[] = {
        "DSN: ", "return to sender: ", "sender notify: ", "postmaster notify: "};
    char *what = maillog_word(text, 12, 24, ": ");

    if (what == NULL) {
        return false;
    }
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strncmp(what, words[i], strlen(words[i])) == 0) {
            struct mail_event *event = maillog_event(ret, MAIL_NOTICE, line, MTA, id);

            event->next_id = text;
            event->next_local = true;
            event->text = what;
            return true;
        }
    }
    return false;
}

/* "ruleset=check_rcpt, arg1=<a>, relay=host [192.0.2.1], reject=550 .." */
static bool read_refusal(struct maillog_line *line, char *id, char *text,
                         struct maillog_events *ret)
{
    struct mail_event *event;
    char *reject = cut_last(text, ", reject="), *relay;

    relay = reject == NULL ? NULL : cut_last(text, ", relay=");
    if (relay == NULL) {
        return false;
    }
    event = maillog_event(ret, MAIL_REFUSED, line, MTA, id);
    event->text = reject;
    event->client = client_of(relay, ret);
    return true;
}

static bool read_session(struct maillog_line *line, char *text, struct maillog_events *ret)
{
    struct mail_event *event;
    char *rest = maillog_after(text, "connect from "), *relay;

    if (rest != NULL) {
        event = maillog_event(ret, MAIL_CONNECT, line, MTA, NULL);
        event->client = maillog_client(rest, ret->client);
        return true;
    }
    if (strncmp(text, "AUTH failure", 12) == 0 && (relay = cut_last(text, "relay=")) != NULL) {
        event = maillog_event(ret, MAIL_AUTH_FAILED, line, MTA, NULL);
        event->client = client_of(relay, ret);
        return true;
    }
    return false;
}

bool maillog_sendmail(struct maillog_line *line, struct maillog_events *ret)
{
    char *id = line->text, *rest;

    if ((rest = maillog_after(id, "NOQUEUE: ")) != NULL) {
        return read_session(line, rest, ret) || read_refusal(line, NULL, rest, ret);
    }
    rest = maillog_word(id, 12, 24, ": ");
    if (rest == NULL || !isdigit((unsigned char)id[strlen(id) - 1])) {
        return false;
    }
    if (strncmp(rest, "from=", 5) == 0) {
        return read_sender(line, id, rest + 5, ret);
    }
    if (strncmp(rest, "to=", 3) == 0) {
        return read_recipients(line, id, rest + 3, ret);
    }
    if (strncmp(rest, "ruleset=", 8) == 0) {
        return read_refusal(line, id, rest, ret);
    }
    if (strncmp(rest, "done; delay=", 12) == 0) {
        maillog_event(ret, MAIL_REMOVED, line, MTA, id);
        return true;
    }
    if (strncmp(rest, "AUTH failure", 12) == 0) {
        return read_session(line, rest, ret);
    }
    return read_notice(line, id, rest, ret);
}
