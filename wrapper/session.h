/*
 * session - step 9 of a call that is an SMTP dialogue (-bs, -bS): the real sendmail as our child,
 * and we between it and the client, so that each of its messages gets a header and a record.
 *
 * The wrapper stays the parent, so that the caller finds its pid, its exit status and every last
 * byte as if the MTA were this process.
 */
#ifndef SW_SESSION_H
#define SW_SESSION_H

#include "call.h"

#include <stdbool.h>
#include <sys/types.h>

struct session {
    int to, from;        /* our ends of the MTA's stdin and stdout, O_NONBLOCK; -1 when closed */
    int mta_in, mta_out; /* its ends; mta_out is -1 in a batch, which needs no filter there */
    int signals;         /* signalfd(2) */
    pid_t mta;
};

/*
 * Opens what a dialogue needs. Returns false, with call->opaque set, when it must go by untouched:
 * an internet socket on stdin (the MTA asks who is there), or no pipes to be had. With a closed
 * stdin it does so without a reason.
 */
bool session_open(struct call *call, struct session *ret);

/*
 * Starts the MTA and carries the dialogue to its end; then the process ends as the MTA ended. The
 * record of the session must have been written. Returns only if the MTA could not be started, with
 * errno set and nothing read; *ret_exec: because it could not be executed, not for want of a
 * process.
 */
void session_run(struct call *call, struct session *session, bool *ret_exec);

#endif
