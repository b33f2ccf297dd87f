/*
 * maillog - a mail server's log as a row of events: Postfix, Sendmail, Exim's mainlog.
 *
 * Hostile: addresses, subjects, remote servers' replies; and in syslog files whole lines, since any
 * local user can write "postfix/pickup[1]: ..." there. Lines of the journal are believed only from
 * the units and uids that the MTA has.
 */
#ifndef MO_MAILLOG_H
#define MO_MAILLOG_H

#include "filter.h"

#include <stdbool.h>
#include <stdint.h>

struct context;
struct maillog; /* opaque */

enum mail_kind {
    MAIL_SUBMITTED, /* by a local process: uid (Postfix pickup), user (Sendmail, Exim) */
    MAIL_RECEIVED,  /* by SMTP: client, login */
    MAIL_MSGID,     /* msgid */
    MAIL_QUEUED,    /* sender, size, nrcpt */
    MAIL_RECIPIENT, /* rcpt, outcome, text, relay, next_id */
    MAIL_NOTICE,    /* a bounce about it was made: next_id */
    MAIL_HELD,      /* text: why */
    MAIL_RELEASED,
    MAIL_REMOVED,     /* done with; Exim "Completed" */
    MAIL_REFUSED,     /* rejected; client if it came by SMTP; queue_id may be NULL */
    MAIL_CONNECT,     /* client */
    MAIL_AUTH_FAILED, /* client, login if tried */
    MAIL_TRACE,       /* our header, printed by header_checks INFO: trace */
    MAIL_ARGUMENTS,   /* Exim's "cwd=... args:": cwd */
};

enum mail_outcome { MAIL_SENT, MAIL_DEFERRED, MAIL_BOUNCED, MAIL_EXPIRED, MAIL_OTHER };

/* Strings: NUL-terminated, raw bytes, hold until the next call; NULL if the line has none. One line
 * may give several events. */
struct mail_event {
    enum mail_kind kind;
    int64_t time;    /* microseconds since 1970 */
    const char *mta; /* postfix, sendmail, exim */
    const char *queue_id;
    const char
        *next_id; /* the id it goes on with (sendmail-client to sendmail; "queued as"; a bounce) */
    bool next_local; /* next_id is of this host (relay 127.0.0.1, localhost, Sendmail's own
                        submission) */
    long long uid;   /* -1 */
    long pid; /* of the process that logged, -1: Exim (+pid) and Sendmail log the sendmail command's
                 own */
    const char *user;   /* login name of the submitter */
    const char *login;  /* SASL */
    const char *client; /* IP address */
    const char *sender, *rcpt, *msgid, *subject, *trace, *cwd;
    long long size, nrcpt; /* -1 */
    enum mail_outcome outcome;
    const char *relay, *dsn, *text;
    bool forgeable; /* of a syslog file, where any local user can write lines. Of the journal only
                       lines of the mail server's users are returned; of a sendmail(8) that logged
                       as its caller, uid is the kernel's word */
};

/* --mail-log FILEs (each exactly that), else /var/log/mail.log, /var/log/exim4/mainlog with their
 * rotated files, else the journal. Returns NULL after context_fail if there is none at all. */
struct maillog *maillog_open(struct context *ctx, int64_t since, int64_t until);
void maillog_close(struct maillog *maillog);
bool maillog_next(struct maillog *maillog, struct mail_event *ret);

#endif
