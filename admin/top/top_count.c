/*
 * top_count - see top_count.h.
 *
 * A record is written before the real sendmail is run; if that then cannot be, a second one with
 * the same id and action=refuse follows within milliseconds, and the message was none. So the last
 * RECENT messages are remembered: a refusal of one of them takes it back. Guaranteed is that in the
 * same log, with up to RECENT - 1 messages between the two; beyond that (or where the second went
 * to the other of file and syslog) the message stays counted. `first` and `last` stay as they were.
 *
 * A part does not know what was before it. A refusal of something that it did not see waits, and is
 * looked at when the part is joined.
 *
 * Hostile: every value; how many refusals there are (WAITING). On failure: the disk is full.
 */
#include "top/top_count.h"

#include "context.h"

#include <stdlib.h>
#include <string.h>

#define RECENT 4096
#define WAITING ((size_t)256 * 1024) /* bytes of refusals that may wait */

/* The last messages, the next one takes the oldest's place. */
struct recent {
    uint64_t id[RECENT];
    int64_t time[RECENT];
    size_t next;
    size_t count; /* how many there were, at most RECENT */
};

/* A refusal of a message that was perhaps before the first that was seen. */
struct waiting {
    uint64_t id;
    size_t behind; /* how many messages had been seen then */
    struct aggregate_call call;
    char key[];
};

struct top_count {
    const struct top_by *by;
    struct aggregate *aggregate;
    struct top_totals totals;
    struct recent recent;
    bool part; /* of a log: something is before it */
    char *waiting;
    size_t waiting_used;
};

static struct top_count *new_sized(struct context *ctx, const struct top_by *by, bool by_rcpts,
                                   size_t limit, size_t memory)
{
    struct top_count *count = context_alloc(sizeof *count);

    memset(count, 0, sizeof *count);
    count->by = by;
    count->aggregate = aggregate_new(ctx, by_rcpts, limit, memory);
    count->totals.first = INT64_MAX;
    count->totals.last = INT64_MIN;
    return count;
}

struct top_count *top_count_new(struct context *ctx, const struct top_by *by, bool by_rcpts,
                                size_t limit)
{
    return new_sized(ctx, by, by_rcpts, limit, 0);
}

struct top_count *top_count_new_part(struct context *ctx, const struct top_by *by, size_t memory)
{
    struct top_count *count = new_sized(ctx, by, false, 0, memory);

    count->part = true;
    return count;
}

void top_count_free(struct top_count *count)
{
    if (count != NULL) {
        aggregate_free(count->aggregate);
        free(count->waiting);
        free(count);
    }
}

static void remember(struct recent *recent, uint64_t id, int64_t time)
{
    recent->id[recent->next] = id;
    recent->time[recent->next] = time;
    recent->next = (recent->next + 1) % RECENT;
    recent->count += recent->count < RECENT;
}

/* Whether the message with this id is one of the last `among`; if so it is forgotten. */
static bool recall(struct recent *recent, uint64_t id, size_t among, int64_t *ret_time)
{
    for (size_t i = 0; i < among && i < recent->count; i++) {
        size_t at = (recent->next + RECENT - 1 - i) % RECENT;

        if (recent->id[at] == id) {
            recent->id[at] = 0;
            *ret_time = recent->time[at];
            return true;
        }
    }
    return false;
}

static void note_host(struct top_totals *totals, struct slice host)
{
    size_t n = host.len < TOP_HOST_MAX ? host.len : TOP_HOST_MAX;

    if (totals->host[0] == '\0') {
        memcpy(totals->host, host.ptr, n);
        totals->host[n] = '\0';
    } else if (strncmp(totals->host, host.ptr, n) != 0 || totals->host[n] != '\0') {
        totals->several_hosts = true;
    }
}

static bool count_message(struct top_count *count, struct record_line *line)
{
    struct aggregate_call call;
    struct top_totals *totals = &count->totals;
    uint64_t id = 0;

    top_key(count->by, line, aggregate_room(count->aggregate), &call);
    totals->first = call.time < totals->first ? call.time : totals->first;
    totals->last = call.time > totals->last ? call.time : totals->last;
    note_host(totals, line->host);
    totals->messages++;
    totals->rcpts += call.rcpts;
    (void)record_line_tail(line, &id);
    remember(&count->recent, id, call.time);
    return aggregate_add(count->aggregate, &call);
}

/* call: as that of a message. */
static bool take_back(struct top_count *count, struct aggregate_call *call, int64_t time)
{
    call->time = time;
    call->messages = -1;
    call->rcpts = -call->rcpts;
    count->totals.messages--;
    count->totals.rcpts += call->rcpts;
    return aggregate_add(count->aggregate, call);
}

static size_t waiting_size(const struct aggregate_call *call)
{
    const size_t unit = _Alignof(struct waiting);

    return (sizeof(struct waiting) + call->key_len + unit - 1) / unit * unit;
}

static void wait_for_join(struct top_count *count, uint64_t id, const struct aggregate_call *call)
{
    struct waiting *waiting;

    if (count->waiting == NULL) {
        count->waiting = context_alloc(WAITING + sizeof *waiting + AGGREGATE_KEY_MAX);
    }
    waiting = (struct waiting *)(void *)(count->waiting + count->waiting_used);
    *waiting = (struct waiting){.id = id, .behind = count->recent.count, .call = *call};
    memcpy(waiting->key, call->key, call->key_len);
    count->waiting_used += waiting_size(call);
}

static bool count_refusal(struct top_count *count, struct record_line *line)
{
    struct aggregate_call call;
    int64_t time;
    uint64_t id;

    count->totals.refused++;
    if (!record_line_tail(line, &id)) {
        return true;
    }
    if (recall(&count->recent, id, RECENT, &time)) {
        top_key(count->by, line, aggregate_room(count->aggregate), &call);
        return take_back(count, &call, time);
    }
    if (count->part && count->recent.count < RECENT) {
        top_key(count->by, line, aggregate_room(count->aggregate), &call);
        wait_for_join(count, id, &call);
    }
    return true;
}

enum top_counted top_count_add(struct top_count *count, struct record_line *line)
{
    struct slice action;

    if (!record_line_value(line, RECORD_ACTION, &action)) {
        return TOP_PASSED;
    }
    switch (action.ptr[0]) {
    case 'd':
        return count_message(count, line) ? TOP_MESSAGE : TOP_FAILED;
    case 'r':
        return count_refusal(count, line) ? TOP_REFUSED : TOP_FAILED;
    default:
        count->totals.passed++;
        return TOP_PASSED;
    }
}

bool top_count_full(const struct top_count *count)
{
    return count->waiting_used >= WAITING;
}

/* The refusals that waited, as they would have been counted. */
static bool join_waiting(struct top_count *count, const struct top_count *part)
{
    for (size_t at = 0; at < part->waiting_used;) {
        const struct waiting *waiting = (const struct waiting *)(const void *)(part->waiting + at);
        struct aggregate_call call = waiting->call;
        int64_t time;

        call.key = waiting->key;
        if (recall(&count->recent, waiting->id, RECENT - waiting->behind, &time) &&
            !take_back(count, &call, time)) {
            return false;
        }
        at += waiting_size(&call);
    }
    return true;
}

static void join_recent(struct recent *recent, const struct recent *later)
{
    for (size_t i = later->count; i > 0; i--) {
        size_t at = (later->next + RECENT - i) % RECENT;

        remember(recent, later->id[at], later->time[at]);
    }
}

static void join_totals(struct top_totals *totals, const struct top_totals *later)
{
    totals->several_hosts |= later->several_hosts;
    if (later->host[0] != '\0') {
        note_host(totals, (struct slice){.ptr = later->host, .len = strlen(later->host)});
    }
    totals->messages += later->messages;
    totals->rcpts += later->rcpts;
    totals->refused += later->refused;
    totals->passed += later->passed;
    totals->first = later->first < totals->first ? later->first : totals->first;
    totals->last = later->last > totals->last ? later->last : totals->last;
}

bool top_count_join(struct top_count *count, struct top_count *part)
{
    struct aggregate *aggregate = part->aggregate;
    bool joined = join_waiting(count, part);

    part->aggregate = NULL;
    join_recent(&count->recent, &part->recent);
    join_totals(&count->totals, &part->totals);
    joined = aggregate_join(count->aggregate, aggregate) && joined;
    top_count_free(part);
    return joined;
}

struct aggregate *top_count_finish(struct top_count *count, uint64_t torn, struct top_totals *ret)
{
    count->totals.torn = torn;
    if (!aggregate_finish(count->aggregate, &count->totals.origins)) {
        return NULL;
    }
    *ret = count->totals;
    return count->aggregate;
}
