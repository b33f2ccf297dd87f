/*
 * origin - what the directory or script of a record is worth: a neighbour is never named as fact.
 */
#ifndef MO_ORIGIN_H
#define MO_ORIGIN_H

#include "records/records.h"

enum origin_worth {
    ORIGIN_NONE, /* nothing recorded: "unknown" */
    ORIGIN_SAYS, /* another's, root's, or of a uid that many customers share: "unknown, says ..." */
    ORIGIN_OWN,  /* the caller's own: named as it stands; still evidence, not proof */
};

/*
 * uid: of the caller. owner: of the directory or script; -1 if not recorded. The rule: own if owner
 * is uid, and uid is no account that many customers share: 0, or at least 1000, or a service
 * account in a unit that is known and no web server's (mod_php runs everybody's scripts as
 * www-data, so there a directory of www-data says nothing).
 */
enum origin_worth origin_directory(struct record_line *line);
enum origin_worth
origin_script(struct record_line *line); /* script_by=header is never more than SAYS */

/* "own directory", "unknown, says", ...: for text and JSON ("own", "says", "unknown"). */
const char *origin_word(enum origin_worth worth);

/* Whether uid is shared by many customers' scripts, given the unit (may be empty: unknown). */
bool origin_shared(long long uid, struct slice unit);

#endif
