/* tracelog - see tracelog.h. Hostile: the ids, which are what messages say. */
#include "trace/tracelog.h"

#include "args.h"
#include "command.h"
#include "context.h"
#include "filter.h"
#include "records/records.h"
#include "wrapper/ulid.h"

#include <stdlib.h>
#include <string.h>

/* The slot where id is, or would be. */
static struct trace_facts *slot_of(const struct tracelog *log, const char *id, size_t len)
{
    uint64_t hash = strset_hash(id, len);

    for (uint64_t i = hash;; i++) {
        struct trace_facts *slot = &log->facts[i & (log->size - 1)];

        if (slot->id[0] == '\0' || strncmp(slot->id, id, len) == 0) {
            return slot;
        }
    }
}

static void grow(struct tracelog *log)
{
    struct trace_facts *old = log->facts;
    size_t size = log->size;

    log->size = size == 0 ? 256 : size * 2;
    log->facts = context_alloc(log->size * sizeof *log->facts);
    memset(log->facts, 0, log->size * sizeof *log->facts);
    for (size_t i = 0; i < size; i++) {
        if (old[i].id[0] != '\0') {
            *slot_of(log, old[i].id, ULID_LEN) = old[i];
        }
    }
    free(old);
}

void tracelog_want(struct tracelog *log, const char *id)
{
    struct trace_facts *slot;
    uint64_t ms;

    if (strlen(id) != ULID_LEN || !ulid_time(id, &ms)) {
        return;
    }
    if (log->count * 2 >= log->size) {
        grow(log);
    }
    slot = slot_of(log, id, ULID_LEN);
    if (slot->id[0] == '\0') {
        memcpy(slot->id, id, ULID_LEN);
        log->first_ms = log->count == 0 || ms < log->first_ms ? ms : log->first_ms;
        log->count++;
    }
}

void tracelog_waits(struct tracelog *log, const char *id, size_t rcpts)
{
    struct trace_facts *slot =
        log->size > 0 && strlen(id) == ULID_LEN ? slot_of(log, id, ULID_LEN) : NULL;

    if (slot != NULL && slot->id[0] != '\0') {
        slot->waiting += rcpts;
    }
}

static const char *text_of(struct tracelog *log, struct record_line *line, enum record_key key)
{
    struct slice value;
    const char *kept;
    char *copy;

    if (!record_line_value(line, key, &value)) {
        return NULL;
    }
    copy = context_copy(value.ptr, value.len);
    kept = strset_intern(&log->strings, copy);
    free(copy);
    return kept;
}

/* A later record with the same id corrects the earlier one. */
static void take(struct tracelog *log, struct record_line *line, struct trace_facts *facts)
{
    struct slice rcpts;

    facts->found = true;
    facts->trusted = line->origin != RECORDS_SYSLOG;
    facts->delivered = record_line_delivers(line);
    facts->time = line->time;
    facts->uid = record_line_number(line, RECORD_UID);
    facts->rcpts = record_line_value(line, RECORD_RCPTS, &rcpts) && rcpts.len > 0 &&
                           rcpts.ptr[rcpts.len - 1] != '+' /* so many were counted */
                       ? record_line_number(line, RECORD_RCPTS)
                       : -1;
    facts->cwd = text_of(log, line, RECORD_CWD);
    facts->script = text_of(log, line, RECORD_SCRIPT);
    facts->script_by = text_of(log, line, RECORD_SCRIPT_BY);
    facts->unit = text_of(log, line, RECORD_UNIT);
    facts->caller = text_of(log, line, RECORD_CALLER);
    facts->subject = text_of(log, line, RECORD_SUBJECT);
    facts->dir_worth = origin_directory(line);
    facts->script_worth = origin_script(line);
    if (line->host.len > 0) {
        char *copy = context_copy(line->host.ptr, line->host.len);

        facts->host = strset_intern(&log->strings, copy);
        free(copy);
    }
}

/* All records from the first id's time on, whatever filters the admin gave: those are for the
 * messages. */
static bool read_since(struct context *ctx, struct tracelog *log, const struct args *none)
{
    struct filter filter = {.since = (int64_t)log->first_ms * 1000 - 2000000,
                            .until = INT64_MAX,
                            .args = none,
                            .keys = 0};
    struct records *records = records_open(ctx, &filter);
    struct record_line line;

    if (records == NULL) {
        return false;
    }
    while (records_next(records, &line)) {
        struct slice id;

        if (record_line_value(&line, RECORD_ID, &id) && id.len == ULID_LEN) {
            struct trace_facts *slot = slot_of(log, id.ptr, id.len);

            if (slot->id[0] != '\0') {
                take(log, &line, slot);
            }
        }
    }
    records_close(records);
    return true;
}

bool tracelog_read(struct context *ctx, struct tracelog *log)
{
    static const struct command nothing = {.name = "queue"};
    char name[] = "queue";
    char *argv[] = {name, NULL};
    struct args *none;
    bool good;

    if (log->count == 0) {
        return true;
    }
    none = args_parse(ctx, &nothing, 1, argv);
    good = none != NULL && read_since(ctx, log, none);
    args_free(none);
    return good;
}

const struct trace_facts *tracelog_find(const struct tracelog *log, const char *id)
{
    const struct trace_facts *slot;

    if (log->size == 0 || strlen(id) != ULID_LEN) {
        return NULL;
    }
    slot = slot_of(log, id, ULID_LEN);
    return slot->found ? slot : NULL;
}

void tracelog_free(struct tracelog *log)
{
    free(log->facts);
    strset_free(&log->strings);
}
