/*
 * smtp - an SMTP dialogue on stdin and stdout (sendmail -bs, -bS), as far as it must be understood
 * to put a header into each of its messages and to record them.
 *
 * Pure: no descriptor, no clock, no allocation. The client's bytes are turned into steps, the
 * server's replies are only read. Hostile input: every byte of the client's. Whatever he sends, no
 * byte is lost, added or changed but the header and the length of the chunk that holds it; what
 * cannot be understood makes the dialogue opaque, and that is said.
 *
 * Sources: RFC 5321, 2920 (PIPELINING), 3030 (BDAT), 3207 (STARTTLS), 4954 (AUTH), and what the
 * MTAs do beyond them, see docs/smtp.md.
 */
#ifndef SW_SMTP_H
#define SW_SMTP_H

#include "dialect.h"
#include "header.h"

#include <stdbool.h>
#include <stddef.h>

#define SMTP_COMMAND_MAX 4096 /* bytes of a command line that are looked at */
#define SMTP_QUEUE_MAX 1024   /* commands on their way; the client waits when there are more */
#define SMTP_SENDER_MAX 320   /* RFC 5321 section 4.5.3.1: 64 + 1 + 255 */

enum smtp_act {
    SMTP_MORE,   /* needs more of the client's bytes; at their end: everything is handed on */
    SMTP_WAIT,   /* needs the server's reply first */
    SMTP_PASS,   /* hand the next n bytes on; `message` says that they are a message's */
    SMTP_BEGIN,  /* a message begins: before the next step, header_len must be set */
    SMTP_INSERT, /* hand the header on, then place.eol, twice if place.blank_after */
    SMTP_CHUNK,  /* hand `line` on in the place of the next n bytes: BDAT, its length corrected */
    SMTP_END,    /* the next n bytes are the message's last: record it before they are handed on */
};

struct smtp_step {
    enum smtp_act act;
    size_t n;
    bool message;
};

enum smtp_state {
    SMTP_COMMAND,    /* at the start of a command line */
    SMTP_LINE_REST,  /* in one that is longer than SMTP_COMMAND_MAX, or was cut by the end */
    SMTP_HOLD,       /* what follows depends on the reply: DATA, AUTH, STARTTLS */
    SMTP_AUTH_LINE,  /* the answer to a 334 */
    SMTP_DATA_START, /* after a 354; the header's place is not known yet */
    SMTP_DATA,
    SMTP_IN_CHUNK,
    SMTP_OPAQUE,
};

struct smtp {
    const struct dialect *dialect;
    bool batch;        /* no replies (-bS) */
    size_t header_len; /* of the header without its line end; 0: none is put in */
    struct header_place place;
    char line[80];      /* of SMTP_CHUNK */
    size_t line_len;    /* its length */
    const char *opaque; /* static: why nothing is read any more; NULL while the dialogue is */

    /* The transaction, as far as the server has agreed to it. */
    char sender[SMTP_SENDER_MAX + 1];
    size_t recipients; /* RCPT commands that were accepted; in a batch: that were sent */
    bool has_sender;

    /* Private from here on. */
    enum smtp_state state;
    unsigned char kind;                  /* of the command in SMTP_LINE_REST and SMTP_HOLD */
    unsigned char queue[SMTP_QUEUE_MAX]; /* kinds of commands without a reply, a ring */
    size_t queue_first, queue_count;
    char next_sender[SMTP_SENDER_MAX + 1]; /* of the MAIL that has no reply yet */
    bool mail_sent, secure_layer;
    bool chunks_named, offers_chunks; /* CHUNKING, in the reply at hand; in one to EHLO */
    bool begun, ended, chunked, chunk_replied, recorded; /* of the message at hand */
    bool last_chunk;
    char before[2];          /* in DATA: the last two bytes handed on */
    unsigned long long left; /* bytes of the chunk to come */
    unsigned long long insert_in;
    unsigned reply_at; /* bytes of the reply line at hand, as far as they are kept */
    char reply[16];
};

/* Starts a dialogue. batch: sendmail -bS. */
void smtp_init(struct smtp *smtp, const struct dialect *dialect, bool batch);

/*
 * The next step for the client's bytes in[0..len), of which nothing has been handed on yet. last:
 * there will be no more than these: the client is at its end; or 64 KiB are held, no more can be,
 * and without `last` the answer was SMTP_MORE. Each step must be carried out before the next is
 * asked for. The same bytes in any chunking end in the same bytes handed on.
 */
struct smtp_step smtp_next(struct smtp *smtp, const char *in, size_t len, bool last);

/* There will be no replies any more: what would wait for one is handed on, and opaque is set. */
void smtp_deaf(struct smtp *smtp);

/* Whether a message is under way that this MTA sends as far as it got, if it ends now. */
bool smtp_unfinished(const struct smtp *smtp);

/*
 * Reads what the server says, before it is handed to the client. smtp->opaque may be set then.
 */
void smtp_reply(struct smtp *smtp, const char *bytes, size_t len);

#endif
