/* record_keep - see record_keep.h. The line is as hostile as it was when it was read first. */
#include "records/record_keep.h"

#include "context.h"

#include <stdlib.h>

struct record_keep record_keep(const struct record_line *record)
{
    return (struct record_keep){.line = context_copy(record->line.ptr, record->line.len),
                                .len = record->line.len,
                                .host = context_copy(record->host.ptr, record->host.len),
                                .time = record->time,
                                .origin = record->origin};
}

void record_keep_drop(struct record_keep *keep)
{
    free(keep->line);
    free(keep->host);
    *keep = (struct record_keep){.line = NULL};
}

bool record_keep_parse(const struct record_keep *keep, struct record_scratch *scratch,
                       struct record_line *ret)
{
    if (keep->origin == RECORDS_JOURNAL) {
        return record_line_message(keep->line, keep->len, keep->time, keep->host, scratch, ret);
    }
    if (!record_line_parse(keep->line, keep->len, keep->origin, keep->time, scratch, ret)) {
        return false;
    }
    ret->time = keep->time; /* without a year in the line it hangs on the file */
    return true;
}
