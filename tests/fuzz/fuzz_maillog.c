/*
 * fuzz_maillog - any bytes as lines of a mail log, as they are and behind the beginnings that lines
 * of each server have: what is found lies within the line, is what it is called, and nothing of the
 * line's text becomes a client or a trace id that is none.
 */
#include "fuzz.h"

#include "maillog/maillog_parse.h"

#include "wrapper/ulid.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static const char *const fronts[] = {
    "",
    "2026-11-21T23:48:58.264676+00:00 mail ",
    "Nov 21 23:48:58 mail postfix/smtpd[1]: ",
    "Nov 21 23:48:58 mail postfix/pickup[1]: 95F66BC: ",
    "Nov 21 23:48:58 mail postfix/cleanup[1]: 95F66BC: info: header X-Additional-Header: ",
    "Nov 21 23:48:58 mail postfix/smtp[1]: 95F66BC: to=<",
    "Nov 21 23:48:58 mail postfix/qmgr[1]: 95F66BC: from=<",
    "Nov 21 23:48:58 mail sendmail[1]: 6ALNnHuR001578: from=",
    "Nov 21 23:48:58 mail sm-mta[1]: 6ALNnHuR001578: to=",
    "2026-11-21 23:49:25 1xUuph-0000JQ-1a <= ",
    "2026-11-21 23:49:25 1xUuph-0000JQ-1a => ",
    "2026-11-21 23:49:25 ",
};

static void check_text(const char *text, const char *line, size_t len,
                       const struct maillog_events *events)
{
    const char *storage = (const char *)events;
    bool within = text != NULL && text >= line && text <= line + len;

    if (text != NULL && !within) { /* in the events' own storage, or static */
        require(text < storage || text >= storage + sizeof *events || strlen(text) < 64);
    }
    if (within) {
        require(strlen(text) <= (size_t)(line + len - text));
    }
}

static void check_event(const struct mail_event *event, const char *line, size_t len,
                        const struct maillog_events *events)
{
    const char *const texts[] = {event->queue_id, event->next_id, event->user, event->login,
                                 event->client,   event->sender,  event->rcpt, event->msgid,
                                 event->subject,  event->trace,   event->cwd,  event->relay,
                                 event->dsn,      event->text};
    unsigned char bytes[16];
    uint64_t ms;

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        check_text(texts[i], line, len, events);
    }
    require(event->kind <= MAIL_ARGUMENTS && event->outcome <= MAIL_OTHER);
    require(event->uid >= -1 && event->size >= -1 && event->nrcpt >= -1);
    require(event->client == NULL || inet_pton(AF_INET, event->client, bytes) == 1 ||
            inet_pton(AF_INET6, event->client, bytes) == 1);
    require(event->trace == NULL ||
            (strlen(event->trace) == ULID_LEN && ulid_time(event->trace, &ms)));
    for (const char *at = event->queue_id; at != NULL && *at != '\0' && event->kind != MAIL_NOTICE;
         at++) {
        require(isalnum((unsigned char)*at) || *at == '-');
    }
}

static void read_line(const char *front, const char *data, size_t size)
{
    size_t len = strlen(front) + size;
    char *text = malloc(len + 1);
    struct maillog_line line;
    struct maillog_events events;

    require(text != NULL);
    memcpy(text, front, strlen(front));
    if (size > 0) {
        memcpy(text + strlen(front), data, size);
    }
    text[len] = '\0';
    if (maillog_split(text, len, INT64_C(1795305600000000), &line)) {
        require(line.tag >= text && line.tag <= text + len ? true : *line.tag == '\0');
        line.header_name = "X-Additional-Header";
        if (maillog_read(&line, &events)) {
            require(events.count >= 1 && events.count <= 4);
            for (size_t i = 0; i < events.count; i++) {
                check_event(&events.event[i], text, len, &events);
            }
        }
    }
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;

    for (size_t i = 0; i < sizeof fronts / sizeof fronts[0]; i++) {
        for (size_t at = 0; at <= size;) { /* line by line */
            const char *end = at < size ? memchr(text + at, '\n', size - at) : NULL;
            size_t n = end == NULL ? size - at : (size_t)(end - text) - at;

            read_line(fronts[i], text + at, n);
            at += n + 1;
        }
    }
    return 0;
}
