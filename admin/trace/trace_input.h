/*
 * trace_input - which mail standard input is about: a header, a message, a bounce, a report.
 */
#ifndef MO_TRACE_INPUT_H
#define MO_TRACE_INPUT_H

struct context;

/*
 * Reads standard input, in a process that has given up root. Returns its trace id or Message-ID, or
 * the one word that it is (a queue id), freed by the caller; NULL after a message, with the status
 * to end with in *ret_status (STATUS_NOTHING: our header in it was copied from another message).
 */
char *trace_input(struct context *ctx, int *ret_status);

#endif
