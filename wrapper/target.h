/*
 * target - the real sendmail: where it is, and whose command line it reads.
 */
#ifndef SW_TARGET_H
#define SW_TARGET_H

#include "config.h"
#include "diag.h"
#include "dialect.h"

#include <limits.h>
#include <stdbool.h>

enum target_how { TARGET_CONFIGURED, TARGET_RECORDED, TARGET_DETECTED, TARGET_CAUTIOUS };

struct target {
    char path[PATH_MAX];
    const struct dialect *dialect; /* never NULL */
    enum target_how how;           /* how the dialect is known */
    const char *why; /* static: why the cautious rule is used though something was recorded; NULL */
    const char *error; /* static: why path cannot be run; NULL if it can */
    bool unexamined;   /* because it could not be opened: no descriptor left, a sandbox */
};

/*
 * Finds the real sendmail: the configured one and no other; else the one recorded at install time
 * in record_path, else the usual places. Ourselves, under whatever name or copy, is passed over
 * (or, if configured, the error). ret->path names what was tried when there is an error. No
 * privilege is needed or used.
 */
void target_find(const struct config *config, const char *record_path, struct target *ret);

/* "set in the configuration", "recorded by sendmail-wrapper-divert", ... */
const char *target_how_text(enum target_how how);

/*
 * How a copy of this program is recognised: an ELF note with this text, which the linker puts near
 * the front of the file. Bytes of a file that are looked at.
 */
#define TARGET_MARK     \
    "sendmail-wrapper:" \
    "mark:5b1e0c8a"
#define TARGET_MARK_WITHIN 4096

#endif
