/*
 * calltext - one record in words for people: what log and show have in common.
 *
 * Everything is in codec.h's escaped form already, and stays so. Results are cut to what fits.
 */
#ifndef MO_CALLTEXT_H
#define MO_CALLTEXT_H

#include "records/records.h"

#include <stddef.h>

struct out;

#define CALLTEXT_MAX 4200

/* "web274 (4079)", or "4079" for a uid without a name. */
void calltext_who(struct record_line *record, char ret[CALLTEXT_MAX]);

/* "/var/www/web274", "unknown, says /var/www/web275", "unknown". */
void calltext_directory(struct record_line *record, char ret[CALLTEXT_MAX]);

/* The same of the script, with how it is known behind it: "/var/www/x.php (had it open)". */
void calltext_script(struct record_line *record, char ret[CALLTEXT_MAX]);

/* The same beside a column with the directory: what is below that is named without it. */
void calltext_script_in_directory(struct record_line *record, char ret[CALLTEXT_MAX]);

/* script_by in words, for behind a script: " (had it open)"; "" if it is none of ours. */
const char *calltext_script_by(struct slice by);

/* All of a record into the object that is being printed, JSON only: time, host, log (file, syslog,
 * journal), every key, and cwd_certainty,
 * script_certainty (origin.h). */
void calltext_json(struct out *out, struct record_line *record);

#endif
