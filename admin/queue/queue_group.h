/*
 * queue_group - the messages that wait, summed up by where they come from; what `queue` prints, and
 * the actions before they act.
 */
#ifndef MO_QUEUE_GROUP_H
#define MO_QUEUE_GROUP_H

#include "queue/queue_select.h"

#include <stddef.h>
#include <stdint.h>

struct context;

#define QUEUE_STATES 4

/* One origin. Text is in escaped form; NULL: unknown. */
struct queue_group {
    char *key;
    enum known_by by;
    long long uid;
    char *dir, *script, *unit, *login, *client, *sender, *trace, *says;
    enum origin_worth worth; /* of dir, or of script if that is what it is grouped by */
    size_t count, rcpts, states[QUEUE_STATES];
    int64_t oldest, newest, size;
    char *rcpt[QUEUE_SAMPLES], *reason, *subject; /* samples */
    size_t sought;                                /* messages for whose reason a file was opened */
};

/* The table of them. */
struct queue_groups {
    struct queue_group *groups;
    size_t count, cap;
    size_t *index; /* of 2^n slots: number of a group plus one, by key */
    size_t slots;
    const char *by; /* what they are grouped by, one of QUEUE_GROUP_CHOICES */
    size_t messages, rcpts, states[QUEUE_STATES]; /* of all */
    size_t limit;                                 /* rows that are printed; 0: all */
};

#define QUEUE_GROUP_CHOICES "dir|script|unit|user|uid|sender|login|client|id"

/* An empty one. by: NULL is "dir". */
void queue_groups_init(struct queue_groups *groups, const char *by);
void queue_groups_clear(struct queue_groups *groups); /* back to empty */
void queue_groups_free(struct queue_groups *groups);

/* Whether grouping so needs the wrapper's records. */
bool queue_groups_need_log(const char *by);

void queue_groups_add(struct queue_groups *groups, const struct queue_known *known);

/* Prints them as a table, the largest first, groups->limit at most. */
void queue_groups_print(struct context *ctx, struct queue_groups *groups);

/* Prints one message (--list). */
void queue_message_print(struct context *ctx, const struct queue_known *known);

#endif
