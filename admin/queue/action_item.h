/*
 * action_item - the messages that an action is about, each with what it is recognised by later:
 * queue ids are reused, so an id alone says nothing.
 *
 * Finding and recognising them means reading what customers wrote. That is done by a process that
 * gave up root (confine.h); what comes back from it is of fixed form.
 */
#ifndef MO_ACTION_ITEM_H
#define MO_ACTION_ITEM_H

#include "queue/queue.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct context;

#define ACTION_ID_MAX 128

enum action_found {
    ACTION_GONE,
    ACTION_SAME,  /* that very message */
    ACTION_OTHER, /* another one that has its id now */
};

struct action_item {
    char id[ACTION_ID_MAX];
    int64_t arrival; /* microseconds since 1970 */
    uint64_t dev, ino;
    uint64_t print;          /* a hash of sender and header */
    enum queue_state state;  /* when it was last looked at */
    enum action_found found; /* the same */
    bool asked;              /* the mail server was asked to hold it */
    bool chosen; /* it was verified, and the mail server was asked to drop or release it */
};

struct action_items {
    struct action_item *items;
    size_t count, cap;
    bool partial; /* not everything could be read: said on standard error */
};

/* Whether a text can be a queue id of any of the mail servers: letters, digits and '-' only, and no
 * more than fit. */
bool action_id_sound(const char *id);

void action_items_add(struct action_items *items, const struct action_item *item);
void action_items_free(struct action_items *items);

/*
 * Fills ret with the messages that the command's filters and operands choose; prints their sums, as
 * `queue` does. held: only those that are held. Returns false after a message.
 */
bool action_items_choose(struct context *ctx, const struct queue_mta *mta, void *state, bool held,
                         struct action_items *ret);

/* Looks at each again: state and found. Returns false after a message. */
bool action_items_look(struct context *ctx, const struct queue_mta *mta, void *state,
                       struct action_items *items);

/* The ids of those that which() says, as the actions of queue.h want them; they point into items.
 * Free with free(). */
const char **action_items_ids(const struct action_items *items,
                              bool (*which)(const struct action_item *item), size_t *ret_count);

#endif
