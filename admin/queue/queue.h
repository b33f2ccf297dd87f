/*
 * queue - what waits in a mail server's queue, the same for Postfix, Sendmail and Exim.
 *
 * Hostile: the content of every queue file (customers wrote the messages), and the queue itself,
 * which changes under us.
 */
#ifndef MO_QUEUE_H
#define MO_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct context;

#define QUEUE_SAMPLES 3

enum queue_state { QUEUE_INCOMING, QUEUE_ACTIVE, QUEUE_DEFERRED, QUEUE_HELD };

/* Where a queued message comes from, the surest that is known. */
enum queue_origin {
    QUEUE_OURS,    /* our header on top, and its uid is the one that the MTA itself noted */
    QUEUE_UID,     /* the MTA noted the submitting uid (Received line, -H file, qf) */
    QUEUE_SASL,    /* authenticated over SMTP: login */
    QUEUE_NETWORK, /* came by SMTP without a login: client */
    QUEUE_BOUNCE,  /* the MTA's own, null sender without any of these */
};

struct queue_message {
    const char *id; /* queue id; every string is NUL-terminated, raw bytes, valid until the callback
                       returns */
    enum queue_state state;
    int64_t arrival; /* microseconds since 1970 */
    int64_t size;    /* bytes, of the content; -1 unknown */
    dev_t dev; /* identity of a file that stays (Postfix: the queue file; Sendmail: df; Exim: -D) */
    ino_t ino;
    enum queue_origin origin;
    long long uid;                   /* -1 unknown */
    const char *path;                /* of our header, percent-decoded; NULL */
    const char *trace;               /* id of our header (26 characters, upper case), NULL */
    const char *header;              /* the whole value of our topmost header as it stands; NULL */
    const char *login;               /* SASL login, NULL */
    const char *client;              /* address of the SMTP client, NULL */
    const char *sender;              /* envelope; "" is the null sender */
    const char *from;                /* the From field of its header, NULL */
    const char *subject;             /* NULL */
    size_t rcpts;                    /* still to be delivered */
    const char *rcpt[QUEUE_SAMPLES]; /* the first of them */
    const char *reason; /* why it waits, of the first recipient that has one; see queue_reason */
    /* Where the reason stands in another file: it is read only if it is asked for. NULL otherwise.
     */
    const char *(*find_reason)(void *finder, const struct queue_message *message);
    void *finder; /* for find_reason */
};

/* Why a message waits that a callback of list() was given; NULL if that is not known. It may open a
 * file: to be asked only of messages that are shown. */
const char *queue_reason(const struct queue_message *message);

/*
 * One mail server's queue. Each queue_<mta>.c has one of these. state is what its open() returned:
 * the queue's directories, the programs for the actions, the storage of look().
 */
struct queue_mta {
    const char *name; /* postfix, sendmail, exim */
    /* Whether this server's queue is on this machine. */
    bool (*present)(void);
    /* Finds the directories and programs. What must run a program or needs root for more than
     * reading is done here: list() and look() are called in a process that is confined (confine.h,
     * CONFINE_READ). Returns NULL after context_fail. */
    void *(*open)(struct context *ctx);
    void (*close)(void *state);
    /* Calls each for every message; false from it ends the listing. Reads the queue files
     * themselves, without a process for each; takes no lock that delays the MTA. A file that
     * vanishes meanwhile is no problem; one that cannot be understood is counted and said once
     * (context_problem). Returns false after context_fail. */
    bool (*list)(struct context *ctx, void *state,
                 bool (*each)(struct context *ctx, const struct queue_message *message, void *arg),
                 void *arg);
    /* Looks at one message by id. Returns 1 found (ret points into storage that holds until
     * the next call), 0 gone. */
    int (*look)(struct context *ctx, void *state, const char *id, struct queue_message *ret);
    /* The actions, on n ids that were listed; called as root, not confined. The MTA's own program
     * or lock protocol does the work; each returns how many it told the MTA to act on, -1 after
     * context_fail. They are not believed: the caller looks again. reason: for the quarantine
     * (Sendmail). drop is given only ids that are held and verified. */
    long (*hold)(struct context *ctx, void *state, const char *const *ids, size_t n,
                 const char *reason);
    long (*release)(struct context *ctx, void *state, const char *const *ids, size_t n);
    long (*drop)(struct context *ctx, void *state, const char *const *ids, size_t n);
};

extern const struct queue_mta queue_postfix, queue_sendmail, queue_exim;

/* The one that --mta names, else the one whose queue is here; the MTA that the wrapper runs first
 * if there are several (target.h). NULL after a message. */
const struct queue_mta *queue_find(struct context *ctx);

/* The one of that name; NULL if there is none. */
const struct queue_mta *queue_named(const char *name);

/* Splits the value of our header, "/path; uid=1; pid=2; id=ULID" in any configured order: fields
 * that are absent stay NULL/-1. value is changed (decoded) in place. Returns false if it is none of
 * ours. */
bool queue_header(char *value, const char **ret_path, long long *ret_uid, long long *ret_pid,
                  const char **ret_trace);

/* Sendmail and Exim: settles message's origin, which is set as the MTA noted it, by our header's
 * value, which is changed as queue_header changes it; message then points into it. The header is
 * believed where the uid in it is the submitter's. Of what came by SMTP only the id is told: it may
 * have come from the submission program, and the wrapper's record can settle that. */
void queue_believe_header(char *value, struct queue_message *message);

#endif
