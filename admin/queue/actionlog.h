/*
 * actionlog - the journal of what was done to queues: JSON Lines in a file of root's. An action is
 * noted before it is done ("intent") and after ("done"), so that one that was killed half-way can
 * be undone as well. Whoever has it open is alone: two admins do not act at once. Two files of 16
 * MiB, and what one action adds, are kept: path and path.1.
 */
#ifndef MO_ACTIONLOG_H
#define MO_ACTIONLOG_H

#include "queue/action_item.h"

#include <stdbool.h>

struct context;
struct actionlog; /* opaque */

/* Opens (and makes) path and waits until no other mailorigin acts. NULL after context_fail. */
struct actionlog *actionlog_open(struct context *ctx, const char *path);
void actionlog_close(struct actionlog *log);

/*
 * Notes that action ("hold", "drop", "release", "undo") is about to be done to the items that
 * which() says, and makes sure that it is on disk. Returns false after context_fail: then nothing
 * may be done.
 */
bool actionlog_intent(struct context *ctx, struct actionlog *log, const char *action,
                      const char *mta, const struct action_items *items,
                      bool (*which)(const struct action_item *item));

/* The name of the last intent. */
const char *actionlog_op(const struct actionlog *log);

/* Notes how the last intent ended: which items it was really done to. undoes: the name of the hold
 * of which nothing is left to undo now; NULL. */
bool actionlog_done(struct context *ctx, struct actionlog *log, const struct action_items *items,
                    bool (*which)(const struct action_item *item), const char *undoes);

/* A hold that can be reversed. */
struct actionlog_hold {
    char op[64], mta[32], instance[4096], admin[256], command[4096];
    int64_t time;
    bool complete; /* false: it was killed before its end */
    struct action_items items;
};

/* The last hold that was not undone. Returns false if there is none. */
bool actionlog_last_hold(struct context *ctx, struct actionlog *log, struct actionlog_hold *ret);

#endif
