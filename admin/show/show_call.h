/* show_call - one call as a block: what the kernel knows first, then the evidence, then what the
 * caller says. */
#ifndef MO_SHOW_CALL_H
#define MO_SHOW_CALL_H

#include "records/records.h"
#include "show/verdict.h"

struct context;

enum show_certainty { SHOW_CERTAIN, SHOW_LIKELY, SHOW_POSSIBLE, SHOW_NOT };

/* How the record was come by. */
struct show_how {
    const char *by;        /* id, header, text, msgid, pid, time, queue, session: as in JSON */
    const char *explained; /* a sentence for people, or NULL */
    const char *caveat;    /* another one, or NULL */
    const struct verdict *verdict; /* NULL: no message was compared */
    enum show_certainty certainty;
};

void show_call_print(struct context *ctx, struct record_line *record, const struct show_how *how);

#endif
