/*
 * trace_order - narrows the mails that may be a call's by what the same user called before and
 * after it.
 *
 * Nothing here is worth more than the uid: a user who wants to can confuse his own calls with each
 * other.
 */
#include "trace/trace_order.h"

#include "context.h"

#include <stdlib.h>
#include <string.h>

void trace_order_free(struct trace_order *order)
{
    free(order->moment);
}

static struct trace_moment *add(struct trace_order *order, int64_t time)
{
    if (order->count == TRACE_ORDER_MAX) {
        order->overflow = true;
        return NULL;
    }
    if (order->count == order->cap) {
        order->cap = order->cap == 0 ? 64 : order->cap * 2;
        order->moment = context_realloc(order->moment, order->cap * sizeof *order->moment);
    }
    order->moment[order->count] = (struct trace_moment){.time = time};
    return &order->moment[order->count++];
}

void trace_order_calls(struct trace_order *order, const struct trace_wanted *wanted,
                       struct records *records)
{
    struct record_line line;

    while (records_next(records, &line)) {
        struct slice id;
        struct trace_moment *moment;

        if (record_line_number(&line, RECORD_UID) != wanted->uid || !record_line_delivers(&line)) {
            continue;
        }
        moment = add(order, line.time);
        if (moment == NULL) {
            return;
        }
        moment->call = true;
        moment->wanted = record_line_value(&line, RECORD_ID, &id) && id.len == strlen(wanted->id) &&
                         memcmp(id.ptr, wanted->id, id.len) == 0;
    }
    order->calls = order->count;
}

void trace_order_again(struct trace_order *order)
{
    order->count = order->calls;
}

void trace_order_event(struct trace_order *order, const struct trace_wanted *wanted,
                       const struct mail_event *event)
{
    struct trace_moment *moment;

    if (event->kind != MAIL_SUBMITTED || event->queue_id == NULL || order->calls == 0 ||
        strlen(event->queue_id) >= TRACE_ID || !trace_owner_fits(wanted, event->uid, event->user) ||
        event->time < wanted->time - wanted->within ||
        event->time > wanted->time + wanted->within) {
        return;
    }
    moment = add(order, event->time);
    if (moment != NULL) {
        memcpy(moment->id, event->queue_id, strlen(event->queue_id) + 1);
    }
}

/* A log without fractions of a second puts a mail before its call: within that second the call is
 * first. */
static int64_t second_of(const struct trace_moment *moment)
{
    return moment->time / TRACE_SECOND;
}

static int by_time(const void *a, const void *b)
{
    const struct trace_moment *left = a, *right = b;
    bool coarse = (!left->call && left->time % TRACE_SECOND == 0) ||
                  (!right->call && right->time % TRACE_SECOND == 0);

    if (coarse && second_of(left) == second_of(right) && left->call != right->call) {
        return left->call ? -1 : 1;
    }
    if (left->time != right->time) {
        return left->time < right->time ? -1 : 1;
    }
    return right->call - left->call;
}

struct period {
    size_t first, end; /* moments in which the wanted call may have been waiting */
    size_t calls;      /* of them */
    bool over;         /* at its end no call waited any more */
};

/* Returns false if a mail came while no call waited: then not every mail has a call. */
static bool find_period(const struct trace_order *order, int64_t begin, struct period *ret)
{
    struct period now = {0};
    size_t waiting = 0;
    bool ours = false, found = false;

    for (size_t i = 0; i < order->count; i++) {
        const struct trace_moment *moment = &order->moment[i];

        if (moment->call) {
            if (waiting == 0) {
                now = (struct period){.first = i};
                ours = false;
            }
            waiting++;
            now.calls++;
            ours = ours || moment->wanted;
        } else if (waiting > 0) {
            waiting--;
            now.over = waiting == 0;
        } else if (moment->time > begin) {
            return false;
        }
        now.end = i + 1;
        if (ours) {
            *ret = now;
            found = true;
            ours = waiting > 0;
        }
    }
    return found;
}

static bool in_period(const struct trace_order *order, const struct period *period, const char *id)
{
    for (size_t i = period->first; i < period->end; i++) {
        if (!order->moment[i].call && strcmp(order->moment[i].id, id) == 0) {
            return true;
        }
    }
    return false;
}

void trace_order_narrow(struct trace_order *order, const struct trace_wanted *wanted,
                        struct trace_choice *choice)
{
    struct period period;
    size_t n = 0;

    if (order->overflow || order->count == 0 ||
        (choice->sure != TRACE_SURE_ONE_OF && choice->sure != TRACE_SURE_TIME)) {
        return;
    }
    qsort(order->moment, order->count, sizeof *order->moment, by_time);
    /* At the very beginning a mail may be that of a call before the window. */
    if (!find_period(order, wanted->time - wanted->within + 5 * TRACE_SECOND, &period)) {
        return;
    }
    for (size_t i = 0; i < choice->count; i++) {
        if (in_period(order, &period, choice->item[i]->id)) {
            choice->item[n++] = choice->item[i];
        }
    }
    if (n > 0) {
        choice->count = n;
        choice->sure =
            n == 1 && (period.over || period.calls == 1) ? TRACE_SURE_TIME : TRACE_SURE_ONE_OF;
    }
}
