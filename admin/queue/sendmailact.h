/*
 * sendmailact - holds, releases and drops messages of Sendmail's queues.
 *
 * Hostile: ids that are parts of one another, and a queue that changes meanwhile.
 */
#ifndef MO_SENDMAILACT_H
#define MO_SENDMAILACT_H

#include "queue/sendmailspool.h"

#include <stddef.h>

struct context;

/*
 * Each acts on n ids and returns on how many, -1 after context_fail. A message that cannot be named
 * to Sendmail without meaning another, too, is left alone (context_problem).
 */

/* Quarantine with a reason, by Sendmail's own program: messages that are held already, by whomever,
 * stay as they are. */
long sendmailact_quarantine(struct context *ctx, struct sendmail *sendmail, const char *const *ids,
                            size_t n, const char *reason);

/* Out of quarantine again. */
long sendmailact_release(struct context *ctx, struct sendmail *sendmail, const char *const *ids,
                         size_t n);

/* Removes the files of messages that are held, under the lock that Sendmail itself takes; one that
 * is locked stays. */
long sendmailact_drop(struct context *ctx, struct sendmail *sendmail, const char *const *ids,
                      size_t n);

#endif
