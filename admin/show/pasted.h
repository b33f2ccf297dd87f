/*
 * pasted - what an admin has in hand: a header line, a header section, a whole message, a bounce,
 * an abuse report, a forwarded message, quoted or not; and in it our header and what it can be
 * compared by.
 *
 * Hostile: all of it. A spammer may put a neighbour's header into his message's header, its text,
 * or a message attached to it. So: only the topmost header of our name counts in a message,
 * messages are told apart by how they are nested, and what stood in a text is marked as such.
 */
#ifndef MO_PASTED_H
#define MO_PASTED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PASTED_MESSAGES 8   /* nested messages that are looked at */
#define PASTED_MAX 33554432 /* bytes that are worth reading */

enum pasted_where {
    PASTED_OUTER,    /* the message (or bare header) itself */
    PASTED_RETURNED, /* what a bounce returns, or an abuse report is about */
    PASTED_ATTACHED, /* a message within a message */
    PASTED_TEXT, /* header lines that stand in a text: whoever wrote the text could put them there
                  */
};

/* One message. Strings are unfolded (line ends dropped), raw, NUL-terminated, NULL if absent. */
struct pasted_message {
    enum pasted_where where;
    char *header; /* the value of the topmost header of our name */
    char *from, *subject, *msgid;
    int64_t date;     /* Date, microseconds since 1970; -1 */
    int64_t received; /* the lowest Received above our header: when the first server took it; -1 */
    long long submitter; /* "from userid N" (Postfix) of one of them; -1 */
};

struct pasted {
    struct pasted_message
        message[PASTED_MESSAGES]; /* outermost first; in the order in which they stand */
    size_t count;
};

/* Reads text[0..len). name: our header's. Never fails: what is not understood gives no message.
 * Free with pasted_free. */
void pasted_read(const char *text, size_t len, const char *name, struct pasted *ret);
void pasted_free(struct pasted *pasted);

#endif
