/*
 * call - all that is known of one call, step by step; main owns it, each step fills its own part.
 */
#ifndef SW_CALL_H
#define SW_CALL_H

#include "caller.h"
#include "config.h"
#include "diag.h"
#include "invocation.h"
#include "logfile.h"
#include "message.h"
#include "privilege.h"
#include "startup.h"
#include "summary.h"
#include "syslog.h"
#include "target.h"
#include "ulid.h"

#include <time.h>

#define CALL_HEADER_MAX 1024

/* A message of an SMTP dialogue, as its commands say. */
struct envelope {
    const char *session; /* id of the session's record */
    const char *sender;  /* NULL if the server accepted none */
    size_t recipients;   /* that it accepted; in a batch: that it was told */
};

struct call {
    int argc;
    char **argv;
    struct startup startup;
    struct privilege privilege;
    struct caller caller;
    struct config config;
    struct logfile logfile;
    struct syslog syslog;
    struct target target;
    struct invocation invocation;
    struct message message; /* the submitted one; in a dialogue the one at hand */
    struct summary summary;
    struct diag diag;

    struct timespec time; /* of the record and the id: CLOCK_REALTIME */
    char id[ULID_LEN + 1];
    char header[CALL_HEADER_MAX]; /* without a line end; "" when none is added */
    size_t header_len;
    const char *no_header;           /* static: why a submission goes without the header; NULL */
    const char *opaque;              /* static: why nothing is read of an SMTP dialogue; NULL */
    const struct envelope *envelope; /* while a message of a dialogue is recorded; NULL */
};

/* Mints the id and takes the time, both just before the record is written. */
void call_identify(struct call *call);

/* Formats the header from what is known of the call. Needs call_identify. */
void call_header(struct call *call);

/*
 * Whether the real sendmail is a script that calls us again, so that every call would start
 * another: it stands among our ancestors, or in an SMTP dialogue we do, as often as no server nests
 * it; or (after the message was read) the message's topmost header is one that we wrote earlier in
 * this very process.
 */
bool call_loops(const struct call *call);

#endif
