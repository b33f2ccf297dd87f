/*
 * invocation - step 2 of a call: what does this argv ask of that MTA?
 *
 * Hostile input: argc, argv. Nothing is written, printed or allocated, argv is never changed.
 */
#ifndef SW_INVOCATION_H
#define SW_INVOCATION_H

#include "dialect.h"
#include "strbuf.h"

#include <stdbool.h>
#include <stddef.h>

enum mode {
    MODE_SUBMIT,     /* a message on stdin */
    MODE_SMTP,       /* SMTP on stdin and stdout (-bs) */
    MODE_BATCH_SMTP, /* SMTP commands on stdin, no replies (-bS, rsmtp) */
    MODE_PASS,       /* mailq, newaliases, -bp, -q...: stdin is not a message, or none is read */
};

struct invocation {
    const struct dialect *dialect;
    enum mode mode;
    bool recipients_from_header; /* -t is in effect: the MTA reads To, Cc, Bcc */
    bool dot_ends;               /* this MTA, called so, ends a message at a lone dot */
    size_t recipients;           /* operands that are recipients; counted as the MTA would */
    const char *sender;          /* the last -f or -r value, borrowed from argv; NULL if none */
};

/*
 * Reads argv by the dialect's rules (reference: the option table of the eleven MTAs, each rule's
 * source stands beside it in dialect.c). argc may be 0 and argv[0] may be "" or anything.
 */
void invocation_parse(const struct dialect *dialect, int argc, char *const argv[],
                      struct invocation *ret);

/* The mode's name in a record: "submit", "smtp", "batch-smtp", "pass". */
const char *invocation_mode_name(enum mode mode);

/*
 * Appends argv[1..] joined by single blanks to out, passwords masked as "***" (ssmtp -ap), stopping
 * whole-word when out is full (then out->overflow is set and the words that fitted stay).
 */
void invocation_args(const struct invocation *inv, int argc, char *const argv[],
                     struct strbuf *out);

#endif
