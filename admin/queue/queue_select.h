/*
 * queue_select - which of the messages that wait are meant, and what is known of each: the queue
 * file, and where that does not suffice the wrapper's record.
 */
#ifndef MO_QUEUE_SELECT_H
#define MO_QUEUE_SELECT_H

#include "filter.h"
#include "queue/queue.h"
#include "strset.h"
#include "trace/tracelog.h"

#include <stdbool.h>

struct context;

/* How the origin of a message is known. */
enum known_by {
    KNOWN_HEADER, /* our header, its uid the one that the MTA noted */
    KNOWN_LOG,    /* our header came over SMTP from this machine, and its record fits */
    KNOWN_UID,    /* the MTA noted the uid; -1: it noted a local process, but not whose */
    KNOWN_LOGIN,
    KNOWN_CLIENT,
    KNOWN_BOUNCE,
};

/* A message and what is known of it. Text is in escaped form, valid until the next message. */
struct queue_known {
    const struct queue_message *message;
    enum known_by by;
    long long uid;
    const char *dir;    /* NULL if unknown: of the record if that was read, else of the header */
    const char *script; /* NULL unless the record was read */
    const char *script_by, *unit;
    enum origin_worth dir_worth, script_worth;
};

struct queue_select {
    struct filter filter;
    struct strset ids; /* operands; empty: all */
    struct strset met; /* those of them that are there */
    bool need_log;     /* what is asked is not in the header */
    bool use_log;      /* the log is to be read if there is one */
    bool log_read;
    struct tracelog log;
    bool wanted; /* a message is there that only the log can judge */
    char dir[4096];
};

/* The options that only queue commands have, for their option tables. */
#define QUEUE_SELECT_OPTIONS                                                               \
    {"login", 0, "NAME", NULL, "mail of this SASL login"},                                 \
        {"client", 0, "ADDRESS", NULL, "mail from this SMTP client"},                      \
        {"sender", 0, "ADDRESS", NULL, "envelope sender, exactly; \"\" for bounces"},      \
        {"state", 0, "STATE", "incoming|active|deferred|held", "mail in this state only"}, \
    {                                                                                      \
        "instance", 0, "NAME", NULL,                                                       \
            "Postfix: another instance, its name or configuration directory"               \
    }

/* Reads filters and operands (queue ids). by_log: the command itself needs what only records have.
 * Returns false after context_fail. */
bool queue_select_init(struct context *ctx, bool by_log, struct queue_select *ret);
void queue_select_free(struct queue_select *select);

/* Whether anything narrows the choice, and no value is empty: an action without it would mean
 * everybody's mail. */
bool queue_select_narrow(const struct context *ctx);

/*
 * Calls each for every message that is meant. Two listings with the log read in between if use_log
 * is set, or if the first one met mail that only the log can judge: then begin(arg) is called
 * first, to forget what was counted so far. Parses what others wrote: call it confined. Returns
 * false after context_fail.
 */
bool queue_select_each(struct context *ctx, const struct queue_mta *mta, void *state,
                       struct queue_select *select, void (*begin)(void *arg),
                       void (*each)(struct context *ctx, const struct queue_known *known,
                                    void *arg),
                       void *arg);

#endif
