/*
 * trace_join - which messages of a mail server's log are the one that a record speaks of, and how
 * sure that is. Private to trace*.c.
 *
 * A Message-ID and a header are the sender's to write, so both count only together with the uid
 * that the mail server itself noted.
 */
#ifndef MO_TRACE_JOIN_H
#define MO_TRACE_JOIN_H

#include "records/records.h"
#include "trace/trace_table.h"

#define TRACE_CANDIDATES 256

enum trace_sure {
    TRACE_SURE_HEADER,  /* our header with this id was logged with it, and its uid agrees */
    TRACE_SURE_PID,     /* the call's own process handed it in */
    TRACE_SURE_MSGID,   /* Message-ID, uid and time agree */
    TRACE_SURE_TIME,    /* uid and time agree, and nothing else fits */
    TRACE_SURE_ONE_OF,  /* uid and time agree for several */
    TRACE_SURE_CLAIM,   /* it bears the header, and no record is there to compare with */
    TRACE_SURE_NOTHING, /* found by its own id */
};

/* What is looked for: a record's facts. */
struct trace_wanted {
    bool record;          /* it was found; else only id holds */
    char id[27];          /* upper case; "" if none */
    int64_t time, within; /* when it was called; how long after it the mail server may log it */
    long long uid;
    long pid;
    char *user, *msgid; /* NULL if it has none */
    bool msgid_cut;     /* only its beginning is known */
    bool summary;       /* it says something of the message's header: without msgid it had none */
};

/* Copies what is needed of a record. Free with trace_wanted_free. */
void trace_wanted_from(struct record_line *line, int64_t within, struct trace_wanted *ret);
void trace_wanted_free(struct trace_wanted *wanted);

/* Whether the mail server notes the wanted call's uid, or its user, as the submitter. */
bool trace_owner_fits(const struct trace_wanted *wanted, long long uid, const char *user);

/* Passes an event on to the table, after the ids that may be the wanted one's are put there. */
void trace_join_event(struct trace_table *table, const struct trace_wanted *wanted,
                      const struct mail_event *event);

struct trace_choice {
    struct trace_item *item[TRACE_CANDIDATES];
    size_t count;
    enum trace_sure sure;
    size_t strangers;   /* messages with the same Message-ID or header, of another uid */
    long long stranger; /* one of those uids; -1 unknown */
    size_t replayed;    /* later ones of the same uid with the same header */
};

/* After the last pass: what is the wanted message. */
void trace_join_choose(const struct trace_table *table, const struct trace_wanted *wanted,
                       struct trace_choice *ret);

/* Whether a log's Message-ID is this one: Sendmail shortens long ones to "first...last". */
bool trace_same_msgid(const char *logged, const char *msgid, bool cut);

#endif
