/*
 * journal - step 8 of a call: the record into the log file and syslog, each the fallback of the
 * other.
 */
#ifndef SW_JOURNAL_H
#define SW_JOURNAL_H

#include "call.h"

#include <stdbool.h>

/*
 * Writes the record of the call, then the collected diagnostics. action: "deliver", "pass" or
 * "refuse"; error: why the MTA does not run, or NULL. Needs call_identify. Returns false when the
 * call must not go on: nothing took the record, and the caller's own limits are the reason or
 * on_log_failure says refuse. This is the failure table of docs/threat-model.md.
 */
bool journal_write(struct call *call, const char *action, const char *error);

/* Appends the record's line, newline included, as it would be written: for --explain. */
void journal_preview(const struct call *call, const char *action, const char *error,
                     struct strbuf *out);

#endif
