/*
 * trace_order - narrows the mails that may be a call's by what the same user called before and
 * after it. Private to trace*.c.
 *
 * Between two moments at which no call of a user waits for its mail to be taken, calls and mails
 * are each other's. So a mail that was taken while only one call waited is that call's. It holds
 * only where each mail of the user has a call: one without (handed in past the wrapper) is seen,
 * and then nothing is narrowed.
 */
#ifndef MO_TRACE_ORDER_H
#define MO_TRACE_ORDER_H

#include "trace/trace_join.h"

#define TRACE_ORDER_MAX 8192

struct trace_moment {
    int64_t time;
    bool call, wanted; /* a call; the one that is asked for */
    char id[TRACE_ID]; /* of a mail */
};

struct trace_order {
    struct trace_moment *moment;
    size_t count, cap;
    size_t calls;  /* of count, those that are calls: they stay for the next pass */
    bool overflow; /* too many: nothing is narrowed */
};

void trace_order_free(struct trace_order *order);

/* Adds the calls of the wanted one's user from records, which was opened for the time around it. */
void trace_order_calls(struct trace_order *order, const struct trace_wanted *wanted,
                       struct records *records);

/* Before a pass over the log: forgets the mails. */
void trace_order_again(struct trace_order *order);

/* Adds a mail that this user handed in, if the event is one near the wanted call. */
void trace_order_event(struct trace_order *order, const struct trace_wanted *wanted,
                       const struct mail_event *event);

/* Takes out of choice what belongs to other calls. Sorts the moments. */
void trace_order_narrow(struct trace_order *order, const struct trace_wanted *wanted,
                        struct trace_choice *choice);

#endif
