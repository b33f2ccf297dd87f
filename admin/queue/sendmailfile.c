/*
 * sendmailfile - see sendmailfile.h. Hostile: every header and address in the file, and its length.
 * A file that is not what Sendmail's queueup() writes (sendmail/queue.c, "Current qf file field
 * assignments") is refused as a whole.
 */
#include "queue/sendmailfile.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Sendmail puts this before a byte that would mean something to its macro expansion (0x80-0x9f,
 * 0xff). */
#define QUOTE '\377'

struct parser {
    char *at, *end;
    const char *name; /* of our header */
    bool created_seen;
    bool others; /* a field that Sendmail does not write by itself was seen */
    const char *message;
    struct sendmailfile file;
};

/*
 * Cuts the next record off: a line and those that go on with it (they begin with a blank), without
 * the line ends. Returns NULL at the end, or when the last line has no end.
 */
static char *next_record(struct parser *p)
{
    char *start = p->at, *to = p->at, *from = p->at;

    if (from == p->end) {
        return NULL;
    }
    for (;;) {
        char *lf = memchr(from, '\n', (size_t)(p->end - from));

        if (lf == NULL) {
            return NULL;
        }
        memmove(to, from, (size_t)(lf - from));
        to += lf - from;
        from = lf + 1;
        if (from == p->end || (*from != ' ' && *from != '\t')) {
            break;
        }
    }
    *to = '\0';
    p->at = from;
    return start;
}

static void unquote(char *text)
{
    char *to = text;

    for (; *text != '\0'; text++) {
        if (*text == QUOTE && text[1] != '\0') {
            text++;
        }
        *to++ = *text;
    }
    *to = '\0';
}

/* The address without angle brackets around it. */
static char *bare(char *address)
{
    size_t len = strlen(address);

    if (len >= 2 && address[0] == '<' && address[len - 1] == '>') {
        address[len - 1] = '\0';
        address++;
    }
    return address;
}

/*
 * $_ is "user@localhost" for a process that submits here, and "host [address]", perhaps with
 * "user@" from identd(8) in front and " (may be forged)" behind, for a client on the network.
 */
static void take_peer(struct sendmailfile *file, char *value)
{
    char *bracket = strrchr(value, '['), *at = strrchr(value, '@');
    size_t len;

    if (bracket == NULL) {
        if (at != NULL && strcmp(at, "@localhost") == 0 && at > value) {
            *at = '\0';
            file->user = value;
        }
        return;
    }
    bracket++;
    if (strncasecmp(bracket, "IPv6:", strlen("IPv6:")) == 0) {
        bracket += strlen("IPv6:");
    }
    len = strcspn(bracket, "]");
    if (len > 0 && bracket[len] == ']') {
        bracket[len] = '\0';
        file->client = bracket;
    }
}

static void take_macro(struct sendmailfile *file, char *record)
{
    static const char authen[] = "{auth_authen}", client[] = "{client_addr}";
    char *value;

    if (*record == '_') {
        take_peer(file, record + 1);
    } else if (strncmp(record, authen, strlen(authen)) == 0) {
        value = record + strlen(authen);
        file->login = *value != '\0' ? value : NULL;
    } else if (strncmp(record, client, strlen(client)) == 0) {
        value = record + strlen(client);
        if (file->client == NULL && *value != '\0' && *value != '0') {
            file->client = value;
        }
    }
}

static bool is_field(const char *name, size_t len, const char *wanted)
{
    return strlen(wanted) == len && strncasecmp(name, wanted, len) == 0;
}

/*
 * Fields that Sendmail puts above those of the message: what its configuration adds (Debian's
 * submit.cf and sendmail.cf), and its warnings. In the second queue those of the first are part of
 * the message, so they stand here whatever their flags.
 */
static bool is_sendmails(const char *name, size_t len)
{
    static const char *const fields[] = {
        "Return-Path", "Received",  "Resent-Date",       "Date",       "Resent-From",
        "From",        "Full-Name", "Resent-Message-Id", "Message-Id", "X-Authentication-Warning",
    };

    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        if (is_field(name, len, fields[i])) {
            return true;
        }
    }
    return false;
}

/* "H?flags?Name: value"; the flags are what some mailer must have for the field to be sent. */
static bool take_field(struct parser *p, char *record)
{
    struct sendmailfile *file = &p->file;
    char *name = record, *value;
    size_t len;

    if (*name == '?') {
        name = strchr(name + 1, '?');
        if (name == NULL) {
            return false;
        }
        name++;
    }
    unquote(name);
    file->header_bytes += strlen(name) + 1;
    value = strchr(name, ':');
    if (value == NULL) {
        return false;
    }
    for (len = (size_t)(value - name);
         len > 0 && (name[len - 1] == ' ' || name[len - 1] == '\t');) {
        len--;
    }
    value++;
    value += strspn(value, " \t");
    if (is_field(name, len, p->name)) {
        if (file->header == NULL) {
            file->header = value;
            file->header_placed = !p->others;
        }
    } else if (file->subject == NULL && is_field(name, len, "Subject")) {
        file->subject = value;
    } else if (file->from == NULL && is_field(name, len, "From")) {
        file->from = value;
    }
    p->others = p->others || !is_sendmails(name, len);
    return true;
}

/* "R<flags>:address". Before version 1 there were no flags; nothing has written that since 1995. */
static bool take_rcpt(struct parser *p, char *record)
{
    struct sendmailfile *file = &p->file;
    char *address = strchr(record, ':');

    if (address == NULL) {
        return false;
    }
    if (file->rcpts < QUEUE_SAMPLES) {
        file->rcpt[file->rcpts] = bare(address + 1);
    }
    file->rcpts++;
    if (file->reason == NULL) {
        file->reason = p->message;
    }
    p->message = NULL;
    return true;
}

static bool take_number(const char *text, long long *ret)
{
    char *end;

    *ret = strtoll(text, &end, 10);
    return end != text && *end == '\0' && *ret >= 0 && *ret <= INT64_MAX / 1000000;
}

static bool take_record(struct parser *p, char *record)
{
    struct sendmailfile *file = &p->file;
    long long number;

    switch (record[0]) {
    case 'T':
        p->created_seen = true;
        if (!take_number(record + 1, &number)) {
            return false;
        }
        file->created = number;
        return true;
    case 'N':
        return take_number(record + 1, &file->tries);
    case 'q':
        file->quarantine = record + 1;
        return true;
    case 'd':
        file->body_dir = record + 1;
        return true;
    case 'M':
        p->message = record[1] != '\0' ? record + 1 : NULL;
        return true;
    case '$':
        take_macro(file, record + 1);
        return true;
    case 'S':
        file->sender = bare(record + 1);
        return true;
    case 'R':
        return take_rcpt(p, record + 1);
    case 'H':
        return take_field(p, record + 1);
    default:
        return record[0] !=
               '\0'; /* a letter that a later version adds is no reason to see nothing */
    }
}

/* NOLINTNEXTLINE(readability-non-const-parameter): it is written to, through at */
enum sendmailfile_how sendmailfile_parse(char *text, size_t len, const char *name,
                                         struct sendmailfile *ret)
{
    struct parser p = {.at = text, .end = text + len, .name = name};
    const char *whole = NULL; /* the message's own M, which comes before the recipients' */
    char *record = next_record(&p);

    if (record == NULL) {
        return SENDMAILFILE_UNFINISHED;
    }
    if (record[0] != 'V' || record[1] < '1' || record[1] > '9') {
        return SENDMAILFILE_BAD;
    }
    while ((record = next_record(&p)) != NULL && strcmp(record, ".") != 0) {
        if (!take_record(&p, record)) {
            return SENDMAILFILE_BAD;
        }
        if (record[0] == 'S') {
            whole = p.message;
            p.message = NULL;
        }
    }
    if (record == NULL) {
        return SENDMAILFILE_UNFINISHED;
    }
    if (p.at != p.end || !p.created_seen || p.file.sender == NULL) {
        return SENDMAILFILE_BAD; /* Sendmail, too, refuses what stands behind the dot (readqf) */
    }
    if (p.file.reason == NULL) {
        p.file.reason = whole;
    }
    *ret = p.file;
    return SENDMAILFILE_WHOLE;
}
