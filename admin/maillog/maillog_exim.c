/*
 * maillog_exim - the lines of Exim's mainlog (chapter 53 of its specification; receive.c, deliver.c
 * of 4.92 to 4.98).
 *
 * Hostile: the subject (quoted, its quotes escaped), HELO names, addresses, remote servers'
 * replies. A message's id holds the process that received it, so that a line of a submission is
 * bound to one call.
 */
#include "maillog/maillog_parse.h"

#include <ctype.h>
#include <string.h>

#define MTA "exim"

/* The pid in a message id, base 62 ("1xUuph-0000JQ-1a"; 4.97 and later: 11 digits in the middle).
 * -1 if it is none. */
static long pid_of(const char *id)
{
    static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    long pid = 0;

    for (const char *at = id + 7; *at != '-' && *at != '\0'; at++) {
        const char *digit = strchr(digits, *at);

        if (digit == NULL || pid > 4194304) { /* PID_MAX_LIMIT */
            return -1;
        }
        pid = pid * 62 + (digit - digits);
    }
    return pid;
}

/* An id at text, followed by a blank: 6-6-2 or 6-11-4 characters. Ends it there; NULL if it is
 * none. */
static char *read_id(char *text)
{
    size_t n = 0, first, middle;

    while (isalnum((unsigned char)text[n])) {
        n++;
    }
    first = n;
    if (first != 6 || text[n++] != '-') {
        return NULL;
    }
    while (isalnum((unsigned char)text[n])) {
        n++;
    }
    middle = n - 7;
    if ((middle != 6 && middle != 11) || text[n++] != '-') {
        return NULL;
    }
    while (isalnum((unsigned char)text[n])) {
        n++;
    }
    if (n - 8 - middle != (middle == 6 ? 2U : 4U) || text[n] != ' ') {
        return NULL;
    }
    text[n] = '\0';
    return text + n + 1;
}

/* The next " NAME=value" of *at, value up to the next blank, or quoted with \" and \\ within. Ends
 * it. Bare words ("K", "L.-") are passed over, but for "from" and "for", which end the list:
 * returns false. Several words belong to H=: the caller asks for those himself. */
static bool read_field(char **at, char **ret_name, char **ret_value)
{
    char *text = *at, *equals, *to;

    for (;;) {
        text += strspn(text, " ");
        equals = text + strcspn(text, "= ");
        if (*equals == '=' && equals > text) {
            break;
        }
        if (*equals != ' ' || strncmp(text, "for ", 4) == 0 || strncmp(text, "from ", 5) == 0) {
            return false;
        }
        text = equals;
    }
    *equals = '\0';
    *ret_name = text;
    text = equals + 1;
    if (*text != '"') {
        *ret_value = text;
        text += strcspn(text, " ");
    } else {
        *ret_value = to = ++text;
        for (; *text != '\0' && *text != '"'; text++) {
            if (*text == '\\' && text[1] != '\0') {
                text++;
            }
            *to++ = *text;
        }
        if (*text == '"') {
            text++;
        }
        *to = '\0';
    }
    if (*text != '\0') {
        *text++ = '\0';
    }
    *at = text;
    return true;
}

/* "name (helo) [192.0.2.1]:25": the address, whose word begins with the bracket: a HELO name in
 * front of it, which may look like one, stands in parentheses. *at: behind it. NULL if there is
 * none. */
static const char *read_host(char **at, char room[MAILLOG_ADDRESS])
{
    for (char *word = *at; *word != '\0';) {
        size_t n = strcspn(word, " ");

        if (*word == '[') {
            *at = word + n;
            return maillog_client(word, room);
        }
        word += n + strspn(word + n, " ");
    }
    return NULL;
}

/* The same behind "H=", whose first word has been read: up to the next field. */
static const char *read_host_field(char **at, const char *value, char room[MAILLOG_ADDRESS])
{
    if (*value == '[') {
        return maillog_client(value, room);
    }
    return **at == '(' || **at == '[' ? read_host(at, room) : NULL;
}

struct arrival {
    const char *user, *login, *client, *msgid, *subject, *about;
    long long size;
    bool local, host;
};

static void read_arrival(char *at, struct arrival *ret, struct maillog_events *events)
{
    char *name, *value;

    while (read_field(&at, &name, &value)) {
        if (strcmp(name, "H") == 0) {
            ret->host = true;
            ret->client = read_host_field(&at, value, events->client);
        } else if (strcmp(name, "U") == 0) {
            ret->user = value;
        } else if (strcmp(name, "P") == 0) {
            ret->local = strncmp(value, "local", 5) == 0;
        } else if (strcmp(name, "A") == 0) {
            ret->login = strchr(value, ':') == NULL ? value : strchr(value, ':') + 1;
        } else if (strcmp(name, "S") == 0) {
            ret->size = maillog_number(value);
        } else if (strcmp(name, "id") == 0 || strcmp(name, "id*") == 0) {
            ret->msgid = value;
        } else if (strcmp(name, "R") == 0) {
            ret->about = value;
        } else if (strcmp(name, "T") == 0) {
            ret->subject = value;
            return; /* what follows is not needed */
        }
    }
}

/* "<= sender H=.. U=.. P=.. S=.. id=.. T=".." from <> for .." */
static bool read_received(struct maillog_line *line, char *id, char *text,
                          struct maillog_events *ret)
{
    struct arrival arrival = {.size = -1};
    struct mail_event *event;
    char *sender = text, *rest = maillog_cut(text, " ");

    if (rest == NULL) {
        return false;
    }
    read_arrival(rest, &arrival, ret);
    if (arrival.local && !arrival.host) {
        event = maillog_event(ret, MAIL_SUBMITTED, line, MTA, id);
        event->user = arrival.user; /* by SMTP it would be an ident server's word */
        event->pid = pid_of(id);
    } else {
        event = maillog_event(ret, MAIL_RECEIVED, line, MTA, id);
        event->client = arrival.client;
        event->login = arrival.login;
    }
    event = maillog_event(ret, MAIL_QUEUED, line, MTA, id);
    event->sender = strcmp(sender, "<>") == 0 ? "" : sender;
    event->size = arrival.size;
    event->subject = arrival.subject;
    if (arrival.msgid != NULL) {
        maillog_event(ret, MAIL_MSGID, line, MTA, id)->msgid = arrival.msgid;
    }
    if (arrival.about != NULL && strcmp(sender, "<>") == 0) { /* a bounce says what it is about */
        event = maillog_event(ret, MAIL_NOTICE, line, MTA, arrival.about);
        event->next_id = id;
        event->next_local = true;
    }
    return true;
}

/* The fields between a recipient and ": text". */
static void read_route(char *at, struct mail_event *event, struct maillog_events *ret)
{
    char *name, *value;

    while (read_field(&at, &name, &value)) {
        if (strcmp(name, "H") == 0) {
            const char *client = read_host_field(&at, value, ret->client);

            event->relay = value;
            event->next_local = client != NULL && maillog_loopback(client);
        } else if (strcmp(name, "T") == 0 && event->relay == NULL) {
            event->relay = value;
        } else if (strcmp(name, "C") == 0) {
            event->text = value;
        }
    }
}

/* "alice <alice@example.test> R=r T=t H=h [ip] C="250 OK"", "x@y R=r T=t defer (-1): text", "x@y:
 * text" */
static bool read_recipient(struct maillog_line *line, char *id, char *text,
                           enum mail_outcome outcome, struct maillog_events *ret)
{
    struct mail_event *event = maillog_event(ret, MAIL_RECIPIENT, line, MTA, id);
    char *reason = NULL, *rest;

    if (outcome != MAIL_SENT) {
        reason = maillog_cut(text, ": ");
    }
    rest = maillog_cut(text, " ");
    event->rcpt = text;
    if (rest != NULL && *rest == '<') { /* what was asked for, in front of what became of it */
        char *asked = maillog_angle(&rest);

        if (asked != NULL) {
            event->rcpt = asked;
        }
    }
    event->outcome = outcome;
    if (rest != NULL) {
        read_route(rest, event, ret);
    }
    if (reason != NULL) {
        event->text = reason;
    }
    if (event->text != NULL && outcome == MAIL_SENT) {
        event->next_id = maillog_queued_as(event->text, ret->next_id, sizeof ret->next_id);
    }
    event->next_local = event->next_local && event->next_id != NULL;
    if (outcome == MAIL_BOUNCED && reason != NULL && strstr(reason, "retry timeout exceeded")) {
        event->outcome = MAIL_EXPIRED;
    }
    return true;
}

static bool read_message(struct maillog_line *line, char *id, char *text,
                         struct maillog_events *ret)
{
    static const struct {
        const char *mark;
        enum mail_outcome outcome;
    } marks[] = {{"=> ", MAIL_SENT},  {"-> ", MAIL_SENT},    {">> ", MAIL_SENT},
                 {"*> ", MAIL_OTHER}, {"** ", MAIL_BOUNCED}, {"== ", MAIL_DEFERRED}};

    if (strncmp(text, "<= ", 3) == 0) {
        return read_received(line, id, text + 3, ret);
    }
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
        if (strncmp(text, marks[i].mark, 3) == 0) {
            return read_recipient(line, id, text + 3, marks[i].outcome, ret);
        }
    }
    if (strcmp(text, "Completed") == 0 || strncmp(text, "Completed ", 10) == 0) {
        maillog_event(ret, MAIL_REMOVED, line, MTA, id);
    } else if (strncmp(text, "removed by ", 11) == 0 || strncmp(text, "cancelled by ", 13) == 0) {
        maillog_event(ret, MAIL_REMOVED, line, MTA, id)->text = text;
    } else if (strncmp(text, "frozen by ", 10) == 0 || strncmp(text, "*** Frozen", 10) == 0 ||
               strncmp(text, "Frozen", 6) == 0) {
        maillog_event(ret, MAIL_HELD, line, MTA, id)->text = text;
    } else if (strncmp(text, "unfrozen by ", 12) == 0) {
        maillog_event(ret, MAIL_RELEASED, line, MTA, id);
    } else {
        return false;
    }
    return true;
}

/* Lines without an id: "cwd=/x 3 args: ..", "SMTP connection from [192.0.2.1]:5", rejections. */
static bool read_other(struct maillog_line *line, char *text, struct maillog_events *ret)
{
    struct mail_event *event;
    char *rest = maillog_after(text, "cwd="), *args, *number;

    if (rest != NULL) {
        args = maillog_cut(rest, " args: ");
        number = args == NULL ? NULL : strrchr(rest, ' ');
        if (number == NULL || maillog_number(number + 1) < 0) {
            return false;
        }
        *number = '\0';
        event = maillog_event(ret, MAIL_ARGUMENTS, line, MTA, NULL);
        event->cwd = rest;
        event->text = args;
        return true;
    }
    if (strncmp(text, "SMTP connection from ", 21) == 0 && strstr(text, " count = ") != NULL) {
        event = maillog_event(ret, MAIL_CONNECT, line, MTA, NULL);
        event->client = read_host(&text, ret->client);
        return true;
    }
    rest = strstr(text, " authenticator failed for ");
    if (rest != NULL && strcspn(text, " ") == (size_t)(rest - text)) {
        event = maillog_event(ret, MAIL_AUTH_FAILED, line, MTA, NULL);
        event->client = read_host(&rest, ret->client);
        return true;
    }
    rest = strstr(text, " rejected ");
    if (strncmp(text, "H=", 2) == 0 && rest != NULL) {
        *rest = '\0';
        event = maillog_event(ret, MAIL_REFUSED, line, MTA, NULL);
        text += 2;
        event->client = read_host(&text, ret->client);
        event->text = rest + 1;
        return true;
    }
    return false;
}

bool maillog_exim(struct maillog_line *line, struct maillog_events *ret)
{
    char *text = line->text, *rest;

    if (*text == '[' && isdigit((unsigned char)text[1])) { /* log_selector = +pid */
        rest = strstr(text, "] ");
        if (rest == NULL) {
            return false;
        }
        line->pid = (long)maillog_number(text + 1);
        text = rest + 2;
    }
    rest = read_id(text);
    return rest == NULL ? read_other(line, text, ret) : read_message(line, text, rest, ret);
}
