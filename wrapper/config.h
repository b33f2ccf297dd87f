/*
 * config - step 4 of a call: sendmail-wrapper.conf, read with libconfuse.
 *
 * The path is compiled in. A fault never changes more than it must: an unknown key is warned of and
 * the rest holds; after a syntax or type error what was read before it holds and the rest is
 * default, with subject and addresses off (an admin who meant to keep them out of the log must not
 * find them there for a typing error).
 */
#ifndef SW_CONFIG_H
#define SW_CONFIG_H

#include "diag.h"
#include "header.h"
#include "record.h"

#include <limits.h>
#include <stdbool.h>

#define CONFIG_SIZE_MAX 65536 /* bytes of a configuration file; a larger one is refused */

enum { CONFIG_LOG_FILE = 1, CONFIG_LOG_SYSLOG = 2 };

struct config {
    char sendmail[PATH_MAX]; /* "": search, see target.h */
    char mta[32];            /* "auto" or a dialect's name */
    struct header_style header;
    unsigned log_to; /* CONFIG_LOG_* */
    char log_file[PATH_MAX];
    int facility; /* LOG_MAIL, ...: syslog(3) */
    enum record_format format;
    bool log_subject, log_addresses;
    bool refuse_on_log_failure;
    bool faulty; /* missing, refused or with an error: the diagnostics name it */
};

/* The built-in defaults; what an empty file gives. */
void config_defaults(struct config *ret);

/*
 * Reads path into ret. Its owner must be root, or the caller himself when no privilege is held; it
 * must be a regular file, not writable by group or others. Never fails: faults are in diag, each
 * with file:line, and in ret->faulty.
 */
void config_load(const char *path, bool privileged, struct config *ret, struct diag *diag);

/* syslog(3) facility by its name ("mail", "local0", ...), or -1. */
int config_facility(const char *name);

/* The name of a facility; "mail" for one that has none. */
const char *config_facility_name(int facility);

#endif
