/*
 * weblogfile - the files of one access log, opened so that a customer cannot lead us elsewhere, and
 * read around a moment.
 *
 * Hostile: the content, and in some layouts the directory: a customer may put a symbolic link or a
 * fifo where his log was. Links count only if root made them (or if we are not privileged: then
 * they give nothing away).
 */
#ifndef MO_WEBLOGFILE_H
#define MO_WEBLOGFILE_H

#include "records/source.h"
#include "web/weblogformat.h"

#include <sys/types.h>

struct context;

/* How lines of a log tell their time: the first format that fits does. */
struct weblogfile_formats {
    struct weblogformat *const *item;
    size_t count;
};

/* The file that a line stands in, and whose word it therefore is. */
struct weblogfile_from {
    const char *name;
    uid_t owner;
    bool anybody; /* everybody may write to it */
};

/* Returns false to end the reading of this file. line: may be changed, holds during the call. time:
 * as the line says, microseconds since 1970. */
typedef bool weblogfile_line(void *arg, const struct weblogfile_from *from, char *line, size_t len,
                             int64_t time);

/*
 * Calls each for every line that may have been written in [from, to] (microseconds since 1970), of
 * the log and its rotated files. slack: by how much a line's time may be older than the time when
 * it was written (the longest request). path: absolute; may hold '*'. exact: --access-log named it:
 * that file only, links followed. Returns how many files were looked at; those that cannot be read
 * are context_problems.
 */
size_t weblogfile_scan(struct context *ctx, const char *path, bool exact,
                       struct weblogfile_formats formats, int64_t from, int64_t to, int64_t slack,
                       int64_t newest, weblogfile_line *each, void *arg);

#endif
