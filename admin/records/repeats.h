/*
 * repeats - which records of a collector's log have been there before: a sender that does not hear
 * that its lines arrived sends them again (RELP; a daemon that was killed), and a record counts
 * once.
 *
 * Remembered are the last REPEATS_WINDOW records of each server, for up to REPEATS_HOSTS of them;
 * more share. Memory: 32 KiB a server, then at most twice that.
 */
#ifndef MO_REPEATS_H
#define MO_REPEATS_H

#include "records/records.h"

#define REPEATS_WINDOW 2048 /* sendmail-wrapper-forward-rewind has up to 1280 sent again */
#define REPEATS_HOSTS 512

struct repeats; /* opaque */

struct repeats *repeats_new(void);
void repeats_free(struct repeats *repeats); /* NULL is allowed */

/* Whether this very record was given before; now it was. A second record with the same id that says
 * something else (action=refuse, opaque=) is none: it has another time and length. */
bool repeats_seen(struct repeats *repeats, struct record_line *line);

#endif
