/*
 * script - which script is running: evidence, not proof. All of it is the caller's to arrange.
 */
#ifndef SW_SCRIPT_H
#define SW_SCRIPT_H

#include "ancestry.h"

#include <limits.h>
#include <stdbool.h>
#include <sys/types.h>

struct script {
    char path[PATH_MAX];
    size_t len;     /* 0: none found */
    const char *by; /* "fd", "cmdline"; "env" and "header" are set by whoever finds those */
    bool owner_known;
    uid_t owner; /* of the file, so that a neighbour's script in a foreign hand is seen */
};

/*
 * PHP opens its main script without close-on-exec, so it is inherited as some descriptor >= 3
 * (under OPcache only in the call that compiled it). Looks for a regular file opened for reading
 * (not O_PATH: that needs no right to read) that is named like a script; one of the caller's own
 * uid first, then the lowest number.
 */
bool script_from_descriptor(int proc, uid_t uid, struct script *ret);

/* The script that an interpreter's command line names: php, perl, python, ruby, node. */
bool script_from_cmdline(int proc, const struct ancestry *ancestry, struct script *ret);

/* A path that is claimed by other means: looks up its owner only. */
void script_from_claim(const char *path, const char *by, struct script *ret);

#endif
