/*
 * top_read - reads and counts all records, with as many threads as help: see top_read.h.
 *
 * Threads, not processes: they come after root was given up, which holds of them all; and one that
 * has no memory left, or is killed, ends the command, never only its part of the result. They share
 * nothing that is written: each has its own context, records and counter, and these are joined
 * here, in the order of the lines, so that the result is what one thread alone would have had. A
 * thread that cannot be had (a limit) or that stopped early is no fault: its part is read here.
 *
 * On failure: the disk is full; said once.
 */
#include "top/top_read.h"

#include "context.h"

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>

#define PARTS_MAX 4 /* more would take from the server what it needs for its work */
#define PART_LEAST ((int64_t)16 << 20)
#define MEMORY \
    ((size_t)16 << 20) /* for all threads but the first together, which has 24 MiB of its own */

struct part {
    struct context ctx;
    struct records *records;
    struct top_count *count;
    pthread_t thread;
    bool started, read;
};

static size_t usual_parts(void)
{
    cpu_set_t cpus;
    int n = sched_getaffinity(0, sizeof cpus, &cpus) == 0 ? CPU_COUNT(&cpus) : 1;

    return n < PARTS_MAX ? (size_t)n : PARTS_MAX;
}

static bool read_part(struct top_count *count, struct records *records)
{
    struct record_line line;

    while (!top_count_full(count) && records_next(records, &line)) {
        if (top_count_add(count, &line) == TOP_FAILED) {
            return false;
        }
    }
    return true;
}

static void *run(void *arg)
{
    struct part *part = arg;

    part->read = read_part(part->count, part->records);
    return NULL;
}

static void start(struct part *part, struct context *ctx, const struct top_by *by, size_t memory,
                  bool threads)
{
    context_part(ctx, &part->ctx);
    records_set_context(part->records, &part->ctx);
    part->count = top_count_new_part(&part->ctx, by, memory);
    part->started = threads && pthread_create(&part->thread, NULL, run, part) == 0;
}

/* Waits for a part and adds what it has, then reads what it has left. ok: false if a part before
 * failed: then nobody wants to know more. */
static bool finish(struct part *part, struct context *ctx, struct top_count *count, bool ok)
{
    if (part->started) {
        (void)pthread_join(part->thread, NULL);
    }
    context_join(ctx, &part->ctx, ok);
    records_set_context(part->records, ctx);
    if (!ok || (part->started && !part->read)) {
        top_count_free(part->count);
        return false;
    }
    return top_count_join(count, part->count) && read_part(count, part->records);
}

/* The first part is this thread's. */
static bool read_parts(struct context *ctx, struct part *part, size_t parts,
                       struct records *records, struct top_count *count)
{
    bool ok = read_part(count, part[0].records);

    records_join(records, part[0].records);
    for (size_t i = 1; i < parts; i++) {
        ok = finish(&part[i], ctx, count, ok);
        records_join(records, part[i].records);
    }
    if (ok) {
        records_join_end(records);
    }
    return ok;
}

bool top_read(struct context *ctx, struct records *records, const struct top_by *by,
              const struct top_way *way, struct top_count *count)
{
    static const struct top_way usual = {0};
    struct part *part;
    struct records **split;
    size_t most, parts;
    bool ok;

    way = way != NULL ? way : &usual;
    most = way->parts > 0 ? way->parts : usual_parts();
    split = context_alloc(most * sizeof(struct records *));
    part = context_alloc(most * sizeof *part);
    parts = records_split(records, most, way->least > 0 ? way->least : PART_LEAST, split);
    for (size_t i = 0; i < parts; i++) {
        part[i] = (struct part){.records = split[i]};
        if (i > 0) {
            start(&part[i], ctx, by, (way->memory > 0 ? way->memory : MEMORY) / parts,
                  !way->no_threads);
        }
    }
    ok = read_parts(ctx, part, parts, records, count);
    free(part);
    free(split);
    return ok;
}
