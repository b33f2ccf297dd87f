/*
 * header - step 7 of a call: our header line, and the place in the message where this MTA sees it.
 *
 * Hostile input: the working directory's name and the message's first bytes. The line is printable
 * ASCII, one physical line, at most 988 bytes with its name (a longer one makes an MTA re-encode
 * the mail).
 */
#ifndef SW_HEADER_H
#define SW_HEADER_H

#include "dialect.h"
#include "strbuf.h"

#include <stdbool.h>
#include <stddef.h>

enum header_path { HEADER_PATH_DIRNAME, HEADER_PATH_FULL, HEADER_PATH_NONE };
enum header_field { HEADER_UID, HEADER_PID, HEADER_ID, HEADER_FIELDS };

struct header_style {
    bool enabled;
    char name[64]; /* without the colon; validated by config */
    enum header_path path;
    enum header_field fields[HEADER_FIELDS]; /* in the order they are printed */
    unsigned field_count;
};

struct header_facts {
    const char *cwd;  /* absolute, as the kernel says; NULL if unknown: printed as "(unknown)" */
    bool cwd_deleted; /* marked " (deleted)" after the path */
    unsigned long uid;
    long pid;
    const char *id; /* ULID, 26 characters */
};

/*
 * Appends "Name: /path; uid=..; pid=..; id=.." without a line end. Bytes outside printable ASCII
 * and '%',
 * ';', '"' are percent-encoded; a path cut for length ends in "%..." (which no encoded path holds).
 * At most 988 bytes whatever the path's length.
 */
void header_format(const struct header_style *style, const struct header_facts *facts,
                   struct strbuf *out);

struct header_place {
    size_t offset;    /* where in the message the line goes in */
    const char *eol;  /* "\n" or "\r\n": how the message's first line ends; "\n" if it has none */
    bool blank_after; /* an empty line follows ours: the text begins with a blank, see below */
};

/*
 * Where the header goes: after the mbox From_ lines this MTA strips, ended as the message's first
 * line ends; where the next line begins with SP or TAB, a bare header on top would swallow it as
 * its own continuation, so an empty line follows ours. (Not where the MTA goes on with header
 * fields after such a line, as dma, msmtp, ssmtp, esmtp, OpenSMTPD do: an empty line would cost
 * them; ours comes after it.) message, len: what is known of the message's start; eof: there will
 * be no more. Returns true and fills ret when the place is certain, or nothing more can be known
 * (eof); false (ret untouched) when more bytes are needed. The same bytes in any chunking give the
 * same answer.
 */
bool header_place(const struct dialect *dialect, const char *message, size_t len, bool eof,
                  struct header_place *ret);

/* The same for a message in an SMTP dialogue, where some MTAs know no From_ lines. chunk: it comes
 * by BDAT. */
bool header_place_smtp(const struct dialect *dialect, bool chunk, const char *message, size_t len,
                       bool eof, struct header_place *ret);

#endif
