/*
 * trace_table - the messages that a trace follows through a mail server's log, by queue id, and
 * what the log says of them. Private to trace*.c.
 *
 * A queue id may be used again once its message is gone (Postfix, by default), so an id has lives;
 * one is kept: the last that began before the moment by which the message is known to have had that
 * id. Memory is bounded: TRACE_MAILS ids, TRACE_RCPTS recipients; what is beyond is counted.
 */
#ifndef MO_TRACE_TABLE_H
#define MO_TRACE_TABLE_H

#include "maillog/maillog.h"

#include <stddef.h>

#define TRACE_ID 64
#define TRACE_MAILS 4096
#define TRACE_RCPTS 100000
#define TRACE_ANY INT64_MIN /* every life of that id */
#define TRACE_SECOND INT64_C(1000000)

enum trace_link {
    TRACE_ASKED,     /* its id or Message-ID was asked for */
    TRACE_CANDIDATE, /* may be the record's: its uid and time fit */
    TRACE_SAME,      /* has the record's Message-ID or header; whose it is must be seen */
    TRACE_HOP,       /* the message before it goes on under this id */
    TRACE_NOTICE,    /* a bounce or a notice about the message before it */
    TRACE_BEFORE,    /* the one before a message that was asked for */
};

struct trace_rcpt {
    struct trace_rcpt *next_same; /* of the same hash */
    char *rcpt;
    enum mail_outcome outcome;
    int64_t first, last; /* microseconds since 1970, of its lines */
    unsigned tries;
    char *relay, *dsn, *text, *next_id; /* of the last line; NULL if it had none */
    bool next_local;
};

struct trace_mail {
    struct trace_mail *next_life; /* of the same id; only where every life is kept */
    const char *mta;
    char id[TRACE_ID];
    int64_t start, last;
    int64_t end;              /* -1 while it is queued */
    long long uid, other_uid; /* of a second line that claims to be the submission; -1 */
    long pid;
    char *user, *client, *login, *sender, *msgid, *subject, *trace, *held, *removed, *refused;
    long long size, nrcpt;
    bool submitted, received, forgeable; /* forgeable: of a syslog file */
    bool pid_fits, time_fits;            /* trace_join: of a candidate */
    struct trace_rcpt **rcpts;
    size_t rcpt_count, rcpt_cap;
    struct trace_rcpt **rcpt_hash;
    size_t counts[MAIL_OTHER + 1]; /* by outcome */
    size_t uncounted;              /* lines of recipients beyond the bound */
};

/* One id that is followed. */
struct trace_item {
    struct trace_item *next_same;
    char id[TRACE_ID], from[TRACE_ID]; /* from: the id it was reached by, "" */
    enum trace_link link;
    int64_t anchor;          /* when the message surely had that id; TRACE_ANY */
    bool over;               /* a later life has begun */
    struct trace_mail *mail; /* NULL: no line of it yet */
};

struct trace_table {
    struct trace_item *item[TRACE_MAILS];
    size_t count, lost; /* lost: ids beyond the bound */
    struct trace_item *hash[TRACE_MAILS];
    size_t rcpts;
    bool dirty; /* an id was added in the middle of a pass: its earlier lines were not seen */
};

/* An empty table. Free with trace_table_free. */
struct trace_table *trace_table_new(void);
void trace_table_free(struct trace_table *table);

/* Before a pass over the log: what the lines said is forgotten, the ids stay. */
void trace_table_again(struct trace_table *table);

/* Follows an id. Returns it, new or known. NULL if the table is full. */
struct trace_item *trace_table_add(struct trace_table *table, const char *id, int64_t anchor,
                                   enum trace_link link, const char *from);

/* NULL if the id is not followed. */
struct trace_item *trace_table_find(const struct trace_table *table, const char *id);

/* Notes what a line says, and follows the ids it leads to. Returns the message it belongs to, or
 * NULL. */
struct trace_mail *trace_table_event(struct trace_table *table, const struct mail_event *event);

/* Recipients for whom no line says anything yet, if their number is known. */
long long trace_mail_missing(const struct trace_mail *mail);

/* Whether nothing of it is queued any more, as far as the log goes. */
bool trace_mail_done(const struct trace_mail *mail);

#endif
