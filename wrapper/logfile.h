/*
 * logfile - step 5 of a call: the log file, opened with the privilege that set-gid buys, written
 * without it.
 */
#ifndef SW_LOGFILE_H
#define SW_LOGFILE_H

#include "privilege.h"

#include <stdbool.h>
#include <stddef.h>

struct logfile {
    int fd;             /* -1: not open */
    bool callers_doing; /* the trouble is a limit that the caller set */
    char why[96];       /* the trouble in words; "" if there is none */
};

/*
 * Opens path for appending. It is never created: a file made by a call would be the caller's.
 * Refused unless it is a regular file with one link, root's (or the caller's own when no privilege
 * is held), not writable by others, and by no group but ours. wait: a missing file is tried again
 * for 20 ms, since logrotate renames before it creates.
 */
void logfile_open(const char *path, const struct privilege *privilege, bool wait,
                  struct logfile *ret);

/*
 * Writes one line with one write(2). Before it: the file must still have its name (not rotated away
 * and deleted) and the line must fit below RLIMIT_FSIZE, so that no torn line is left. Returns
 * false, with why set, if the line is not in the file whole.
 */
bool logfile_write(struct logfile *log, const char *line, size_t len);

#endif
