/*
 * record_keep - a record that outlives the reading of its log: its line, to be parsed again.
 */
#ifndef MO_RECORD_KEEP_H
#define MO_RECORD_KEEP_H

#include "records/records.h"

struct record_keep {
    char *line, *host;
    size_t len;
    int64_t time;
    enum records_origin origin;
};

/* A copy; give it back with record_keep_drop. */
struct record_keep record_keep(const struct record_line *record);
void record_keep_drop(struct record_keep *keep);

/* keep and scratch must outlive ret. Returns false for what cannot be: it was a record before. */
bool record_keep_parse(const struct record_keep *keep, struct record_scratch *scratch,
                       struct record_line *ret);

#endif
