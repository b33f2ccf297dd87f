/*
 * confine - gives up root before attacker-written text is parsed.
 */
#ifndef MO_CONFINE_H
#define MO_CONFINE_H

#include <stdbool.h>

struct context;

enum confine_keep {
    CONFINE_NOTHING, /* only what is open already */
    CONFINE_JOURNAL, /* and the group systemd-journal */
    CONFINE_READ, /* and CAP_DAC_READ_SEARCH: any file may still be opened for reading, none written
                   */
};

/* If we are root: the user nobody, no groups, no_new_privs, not dumpable; proved by trying to get
 * back. Otherwise: nothing. Returns false after a message if that failed: the command returns
 * STATUS_FAILED. */
bool confine(struct context *ctx, enum confine_keep keep);

#endif
