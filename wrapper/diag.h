/*
 * diag - what an admin must hear of a call besides its record: collected, later sent to syslog.
 *
 * Library functions add to it and carry on; only the end of the call decides what to do with it.
 */
#ifndef SW_DIAG_H
#define SW_DIAG_H

#include "strbuf.h"

#define DIAG_MAX 6

struct diag_item {
    int priority; /* LOG_ERR, LOG_CRIT: syslog(3) */
    char text[320];
};

struct diag {
    struct diag_item item[DIAG_MAX];
    unsigned count;
};

/* Adds one line made of the strings given, the last one NULL. Beyond DIAG_MAX lines: dropped. */
void diag_add(struct diag *diag, int priority, ...);

/* The errno's text; never NULL. No locale is set, so it is the C library's own table. */
const char *diag_errno(int err);

#endif
