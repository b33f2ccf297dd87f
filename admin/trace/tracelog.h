/*
 * tracelog - what the wrapper's log knows of many messages: the records of a set of trace ids,
 * found in one pass over the log.
 */
#ifndef MO_TRACELOG_H
#define MO_TRACELOG_H

#include "origin.h"
#include "strset.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct context;

/* Of one record. Text is in escaped form (codec.h), NULL if the record has none. */
struct trace_facts {
    char id[27];
    bool found;
    bool trusted;   /* from a place where nobody but the wrapper (or, for his own uid, its caller)
                       writes */
    bool delivered; /* action=deliver */
    int64_t time;
    long long uid;
    long long rcpts; /* -1 unknown */
    size_t waiting;  /* recipients of the messages that bear this id; see tracelog_waits */
    const char *cwd, *script, *script_by, *unit, *caller, *host, *subject;
    enum origin_worth dir_worth, script_worth;
};

struct tracelog {
    struct trace_facts *facts; /* a table of 2^n by id, at most half full */
    size_t count, size;
    uint64_t first_ms; /* the earliest time in an id */
    struct strset strings;
};

/* An empty one is all zero. Adds an id whose record is wanted; what is no trace id is left out. */
void tracelog_want(struct tracelog *log, const char *id);

/* Adds to the recipients that wait with this id, which is wanted: a message that was copied shows
 * by having more of them than its record. */
void tracelog_waits(struct tracelog *log, const char *id, size_t rcpts);

/* Reads the log. Returns false after a message (no log). */
bool tracelog_read(struct context *ctx, struct tracelog *log);

/* NULL if there is no record with that id. */
const struct trace_facts *tracelog_find(const struct tracelog *log, const char *id);

void tracelog_free(struct tracelog *log);

#endif
