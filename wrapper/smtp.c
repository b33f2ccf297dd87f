/*
 * smtp - see smtp.h. Hostile input: all of the client's bytes; the server's replies hold his words
 * too, but not at the start of a line. It cannot fail: a dialogue that is not understood is opaque.
 *
 * The two sides are matched by a queue of the commands that have no reply yet. Bytes after a
 * command whose reply decides what they are (DATA, AUTH, STARTTLS) wait for it, so a client that
 * sends everything at once is served as one that waits.
 */
#include "smtp.h"

#include "dialect_table.h"

#include <limits.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#define OUT_OF_STEP "out of step: the server's replies do not fit the commands"
#define NOWHERE ULLONG_MAX

/* What a command, or whatever else has a reply of its own, does. */
enum kind {
    KIND_NONE, /* a reply that nothing asked for */
    KIND_OTHER,
    KIND_MAIL,
    KIND_RCPT,
    KIND_RESET, /* RSET, HELO, XCLIENT: the transaction is gone if it is accepted */
    KIND_EHLO,  /* the same; and what the reply offers is offered from then on */
    KIND_DATA,
    KIND_AUTH,
    KIND_STARTTLS,
    KIND_CHUNK,
    KIND_ODD_CHUNK,  /* BDAT that we do not read as a chunk, but the server perhaps does */
    KIND_VAST_CHUNK, /* the same, with a size that it may wait for without a reply */
    KIND_END,        /* the end of a message */
    KIND_UNRECORDED, /* the same, of a message that the server cannot have accepted */
};

void smtp_init(struct smtp *smtp, const struct dialect *dialect, bool batch)
{
    memset(smtp, 0, sizeof *smtp);
    smtp->dialect = dialect;
    smtp->batch = batch;
    smtp->insert_in = NOWHERE;
    if (!batch) {
        smtp->queue[0] = KIND_OTHER; /* the greeting is a reply, too */
        smtp->queue_count = 1;
    }
}

static struct smtp_step step(enum smtp_act act, size_t n)
{
    return (struct smtp_step){.act = act, .n = n};
}

static struct smtp_step text(size_t n)
{
    return (struct smtp_step){.act = SMTP_PASS, .n = n, .message = true};
}

static void turn_opaque(struct smtp *smtp, const char *why)
{
    smtp->opaque = why;
    smtp->state = SMTP_OPAQUE;
}

static void forget_transaction(struct smtp *smtp)
{
    smtp->has_sender = false;
    smtp->sender[0] = '\0';
    smtp->recipients = 0;
}

/*
 * The server has dropped what it took in chunks, so the next is a first one. Before its reply to a
 * chunk it had none: what it says until then is said to commands before.
 */
static void forget_chunks(struct smtp *smtp)
{
    if (smtp->chunk_replied) {
        smtp->chunked = smtp->chunk_replied = smtp->begun = false;
    }
}

/* --- commands ------------------------------------------------------------------------------ */

struct command {
    enum kind kind;
    const char *args; /* what follows the verb, up to the line's end */
    size_t args_len;
    unsigned long long size; /* BDAT */
    const char *digits, *digits_end;
    bool last;
};

#define CHUNK_DIGITS_MAX 9
#define CHUNK_LINE_MAX 48

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* The verb alone counts, in any case; what an MTA skips before it is skipped. */
static bool verb_is(const char *p, size_t n, const char *verb, struct command *ret)
{
    size_t len = strlen(verb);

    if (n < len || strncasecmp(p, verb, len) != 0 ||
        (n > len && (unsigned char)p[len] > ' ' && p[len] != ':')) {
        return false;
    }
    ret->args = p + len;
    ret->args_len = n - len;
    return true;
}

static void skip_blanks(const char **p, const char *end)
{
    while (*p < end && is_blank(**p)) {
        (*p)++;
    }
}

/*
 * RFC 3030 section 2: "BDAT" SP digits [SP "LAST"]. What one MTA takes beyond that another refuses,
 * and then the chunk would be commands to it: so nothing else is read as a chunk, and if it was one
 * the dialogue is out of step.
 */
static enum kind read_chunk(struct command *command, const char *line, size_t n)
{
    const char *p = command->args + 1, *end = line + n;

    if (n > CHUNK_LINE_MAX || command->args != line + strlen("BDAT") || p >= end || p[-1] != ' ') {
        return KIND_ODD_CHUNK;
    }
    skip_blanks(&p, end);
    command->digits = p;
    while (p < end && is_digit(*p) && p - command->digits < CHUNK_DIGITS_MAX) {
        command->size = command->size * 10 + (unsigned)(*p++ - '0');
    }
    command->digits_end = p;
    if ((p < end && is_digit(*p)) ||
        (p == command->digits && end - p > 1 && *p == '-' && is_digit(p[1]))) {
        return KIND_VAST_CHUNK; /* Exim takes -5 for 4294967291 */
    }
    if (p == command->digits || (p < end && !is_blank(*p) && *p != '\r')) {
        return KIND_ODD_CHUNK;
    }
    skip_blanks(&p, end);
    if (end - p >= 4 && strncasecmp(p, "LAST", 4) == 0) {
        command->last = true;
        p += 4;
        skip_blanks(&p, end);
    }
    p += p < end && *p == '\r';
    return p == end ? KIND_CHUNK : KIND_ODD_CHUNK;
}

/* line: without its line feed. whole: all of the line is there. */
static struct command read_command(const char *line, size_t n, bool whole)
{
    static const struct {
        const char *verb;
        enum kind kind;
    } verbs[] = {
        {"MAIL", KIND_MAIL},         {"RCPT", KIND_RCPT},  {"DATA", KIND_DATA},
        {"BDAT", KIND_CHUNK},        {"RSET", KIND_RESET}, {"EHLO", KIND_EHLO},
        {"HELO", KIND_RESET},        {"AUTH", KIND_AUTH},  {"XCLIENT", KIND_RESET},
        {"STARTTLS", KIND_STARTTLS},
    };
    struct command ret = {.kind = KIND_OTHER};
    const char *begin = line;
    size_t all = n;

    while (n > 0 && (unsigned char)*line <= ' ') {
        line++;
        n--;
    }
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
        if (verb_is(line, n, verbs[i].verb, &ret)) {
            ret.kind = verbs[i].kind;
            break;
        }
    }
    if (ret.kind == KIND_CHUNK) {
        ret.kind = whole ? read_chunk(&ret, begin, all) : KIND_ODD_CHUNK;
    }
    return ret;
}

/* "FROM:<address> ..." */
static void keep_sender(struct smtp *smtp, const struct command *command)
{
    const char *p = command->args, *end = p + command->args_len;
    const char *colon = memchr(p, ':', command->args_len);
    bool quoted = false;
    size_t n = 0;

    p = colon != NULL ? colon + 1 : end;
    skip_blanks(&p, end);
    if (p < end && *p == '<') {
        p++;
    }
    for (; p < end && n < SMTP_SENDER_MAX && *p != '\r'; p++) {
        if (!quoted && (*p == '>' || is_blank(*p))) {
            break;
        }
        quoted = quoted != (*p == '"');
        smtp->next_sender[n++] = *p == '\0' ? '?' : *p;
    }
    smtp->next_sender[n] = '\0';
}

/*
 * Mechanisms after which the stream stays as it is: with any other there may be a security layer
 * (RFC 4422 section 3.7), which only Sendmail has.
 */
static bool may_add_layer(const struct command *command)
{
    static const char *const plain[] = {"PLAIN",    "LOGIN",     "CRAM-MD5",
                                        "EXTERNAL", "ANONYMOUS", "XOAUTH2"};
    const char *p = command->args, *end = p + command->args_len;
    struct command ignored;

    skip_blanks(&p, end);
    for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++) {
        if (verb_is(p, (size_t)(end - p), plain[i], &ignored)) {
            return false;
        }
    }
    return true;
}

static void commit_sender(struct smtp *smtp)
{
    memcpy(smtp->sender, smtp->next_sender, sizeof smtp->sender);
    smtp->has_sender = true;
    smtp->recipients = 0;
}

static void push(struct smtp *smtp, enum kind kind)
{
    if (!smtp->batch) {
        smtp->queue[(smtp->queue_first + smtp->queue_count) % SMTP_QUEUE_MAX] = (unsigned char)kind;
        smtp->queue_count++;
    }
}

static void start_data(struct smtp *smtp)
{
    smtp->state = SMTP_DATA_START;
    smtp->begun = smtp->ended = smtp->chunked = smtp->chunk_replied = false;
}

/* A command line's last byte is handed on. */
static void command_sent(struct smtp *smtp, enum kind kind)
{
    push(smtp, kind);
    if (kind == KIND_DATA && smtp->batch) {
        start_data(smtp);
    } else if (!smtp->batch && (kind == KIND_DATA || kind == KIND_AUTH || kind == KIND_STARTTLS)) {
        smtp->state = SMTP_HOLD;
        smtp->kind = (unsigned char)kind;
    } else {
        smtp->state = SMTP_COMMAND;
    }
}

/* What a command changes when it is sent, whatever the reply. */
static void note_command(struct smtp *smtp, const struct command *command)
{
    switch (command->kind) {
    case KIND_MAIL:
        keep_sender(smtp, command);
        smtp->mail_sent = !smtp->batch;
        if (smtp->batch) {
            commit_sender(smtp);
        }
        break;
    case KIND_RCPT:
        smtp->recipients += smtp->batch;
        break;
    case KIND_RESET:
    case KIND_EHLO:
        if (smtp->batch) {
            forget_transaction(smtp);
        }
        break;
    case KIND_AUTH:
        smtp->secure_layer = may_add_layer(command);
        break;
    default:
        break;
    }
}

/* --- chunks -------------------------------------------------------------------------------- */

static void append_number(struct smtp *smtp, unsigned long long value)
{
    char digits[24];
    size_t n = 0;

    do {
        digits[n++] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    while (n > 0) {
        smtp->line[smtp->line_len++] = digits[--n];
    }
}

/* The line in[0..n) with another length in it; else as the client wrote it. */
static void write_chunk_line(struct smtp *smtp, const struct command *command, const char *in,
                             size_t n, unsigned long long size)
{
    size_t before = (size_t)(command->digits - in), after = (size_t)(command->digits_end - in);

    memcpy(smtp->line, in, before);
    smtp->line_len = before;
    append_number(smtp, size);
    memcpy(smtp->line + smtp->line_len, in + after, n - after);
    smtp->line_len += n - after;
}

/* Whether the server has accepted a sender and a recipient, so that there is a message to record.
 */
static bool is_accepted(const struct smtp *smtp)
{
    return smtp->has_sender && smtp->recipients > 0;
}

/*
 * SMTP_END for the message whose last n bytes come next; or SMTP_WAIT, since only the replies to
 * the commands before tell what was accepted. before: replies that come after those, 1 if the
 * chunk's own is expected already. Sets *ret_due to whether the returned step is to be taken.
 */
static struct smtp_step end_chunks(struct smtp *smtp, size_t n, size_t before, bool *ret_due)
{
    *ret_due = !smtp->ended;
    if (!*ret_due) {
        return step(SMTP_MORE, 0);
    }
    if (smtp->queue_count > before) {
        return step(SMTP_WAIT, 0);
    }
    smtp->ended = true;
    *ret_due = smtp->recorded = is_accepted(smtp);
    if (smtp->recorded && before > 0) {
        smtp->queue[smtp->queue_first] = KIND_END; /* the chunk's own reply, the only one to come */
    }
    return step(SMTP_END, n);
}

/*
 * Where the header goes in a message's first chunk, of which in[0..len) is there; *ret_extra: the
 * bytes that it makes the chunk longer. False if more must be known.
 */
static bool place_in_chunk(struct smtp *smtp, const struct command *command, const char *in,
                           size_t len, bool last, unsigned long long *ret_extra)
{
    size_t here = len < command->size ? len : (size_t)command->size;

    if (!header_place_smtp(smtp->dialect, true, in, here, here == command->size || last,
                           &smtp->place)) {
        return false;
    }
    if (memchr(in, '\n', here) == NULL) {
        smtp->place.eol = "\r\n"; /* the chunk ends before its first line does */
    }
    if (smtp->header_len > 0) {
        *ret_extra = smtp->header_len + strlen(smtp->place.eol) * (smtp->place.blank_after ? 2 : 1);
    }
    return true;
}

/* A BDAT line of n bytes, the first of what is in the buffer. */
static struct smtp_step chunk_line(struct smtp *smtp, const struct command *command, const char *in,
                                   size_t len, size_t n, bool last)
{
    /* Postfix refuses an empty chunk that is not the last: with a header it would not be empty. */
    bool first = !smtp->chunked && (command->size > 0 || command->last);
    unsigned long long extra = 0;
    struct smtp_step end;
    bool due;

    if (first && !smtp->begun) {
        smtp->begun = true;
        smtp->ended = smtp->recorded = false;
        return step(SMTP_BEGIN, 0);
    }
    if (first && !place_in_chunk(smtp, command, in + n, len - n, last, &extra)) {
        return step(SMTP_MORE, 0);
    }
    if (command->last && command->size == 0) {
        end = end_chunks(smtp, 0, 0, &due);
        if (due) {
            return end;
        }
    }
    smtp->chunked = (smtp->chunked || first) && !command->last;
    smtp->begun = smtp->begun && !command->last;
    smtp->state = SMTP_IN_CHUNK;
    smtp->left = command->size;
    smtp->last_chunk = command->last;
    smtp->insert_in = extra > 0 ? smtp->place.offset : NOWHERE;
    if (command->last) {
        push(smtp, smtp->recorded ? KIND_END : KIND_UNRECORDED);
    } else {
        push(smtp, smtp->chunked ? KIND_CHUNK : KIND_OTHER);
    }
    if (extra == 0) {
        return step(SMTP_PASS, n);
    }
    write_chunk_line(smtp, command, in, n, command->size + extra);
    return step(SMTP_CHUNK, n);
}

static struct smtp_step insert(struct smtp *smtp)
{
    smtp->insert_in = NOWHERE;
    return step(SMTP_INSERT, 0);
}

/* What comes next is another message's. */
static void end_message(struct smtp *smtp)
{
    smtp->begun = smtp->chunked = smtp->chunk_replied = smtp->recorded = false;
    if (smtp->batch) {
        forget_transaction(smtp); /* elsewhere with the reply */
    }
}

static struct smtp_step in_chunk(struct smtp *smtp, size_t len)
{
    size_t n = len < smtp->left ? len : (size_t)smtp->left;
    struct smtp_step end;
    bool due;

    if (smtp->insert_in == 0) {
        return insert(smtp);
    }
    if (smtp->insert_in < n) {
        n = (size_t)smtp->insert_in;
    }
    if (n == 0) {
        return step(SMTP_MORE, 0);
    }
    if (smtp->last_chunk && n == smtp->left && --n == 0) {
        /* The last byte of all: without it the server cannot take the message. */
        end = end_chunks(smtp, 1, 1, &due);
        if (due) {
            return end;
        }
        smtp->left = 0;
        smtp->insert_in -= smtp->insert_in != NOWHERE;
        return step(SMTP_PASS, 1); /* as a message's it was counted in before */
    }
    smtp->left -= n;
    smtp->insert_in -= smtp->insert_in != NOWHERE ? n : 0;
    return text(n);
}

/* When the chunk is over, the state is SMTP_COMMAND again. */
static bool chunk_is_over(struct smtp *smtp)
{
    if (smtp->left > 0 || smtp->insert_in == 0) {
        return false;
    }
    smtp->state = SMTP_COMMAND;
    smtp->insert_in = NOWHERE;
    if (smtp->last_chunk) {
        end_message(smtp);
    }
    return true;
}

/* --- DATA ---------------------------------------------------------------------------------- */

/* The byte at in[i]; below 0 one of the last two that were handed on. */
static char byte_at(const struct smtp *smtp, const char *in, ptrdiff_t i)
{
    return i >= 0 ? in[i] : smtp->before[2 + i];
}

/*
 * Whether this is the line that ends the message: a dot, crs times CR, a line feed; after_crlf: so
 * does the line before end. Any MTA takes the canonical one; what else one takes was tried with
 * each (docs/smtp.md).
 */
static bool is_end(const struct smtp *smtp, bool after_crlf, size_t crs)
{
    unsigned forms = smtp->dialect->smtp;

    if (after_crlf && crs == 1) {
        return true;
    }
    if ((forms & DOT_AS_FIRST) != 0 && smtp->place.eol[0] == '\r') {
        return false;
    }
    return (after_crlf || (forms & DOT_BARE_BEFORE) != 0) &&
           (crs == 1 || (crs == 0 && (forms & DOT_BARE_AFTER) != 0) ||
            (crs > 1 && (forms & DOT_MANY_CR) != 0));
}

/*
 * Returns how many of the bytes are certainly text; *ret_end: how many after them are the line that
 * ends the message, 0 if it is not there yet. last: there will be no more bytes.
 */
static size_t find_end(const struct smtp *smtp, const char *in, size_t len, bool last,
                       size_t *ret_end)
{
    const char *dot = in, *end = in + len;

    *ret_end = 0;
    /* Dots are rarer than line feeds, in encoded text by far. */
    while ((dot = memchr(dot, '.', (size_t)(end - dot))) != NULL) {
        const char *p = dot + 1;

        if (byte_at(smtp, in, dot - in - 1) == '\n') {
            while (p < end && *p == '\r') {
                p++;
            }
            if (p == end && !last) {
                return (size_t)(dot - in);
            }
            if (p < end && *p == '\n' &&
                is_end(smtp, byte_at(smtp, in, dot - in - 2) == '\r', (size_t)(p - dot - 1))) {
                *ret_end = (size_t)(p + 1 - dot);
                return (size_t)(dot - in);
            }
        }
        dot++;
    }
    return len;
}

/* The message's first bytes: where the header goes. */
static struct smtp_step data_start(struct smtp *smtp, const char *in, size_t len, bool last)
{
    size_t ending, n;

    if (!smtp->begun) {
        smtp->begun = true;
        return step(SMTP_BEGIN, 0);
    }
    memcpy(smtp->before, "\r\n", 2);
    smtp->place.eol = "\r\n"; /* for a message that ends at once */
    n = find_end(smtp, in, len, last, &ending);
    if (!header_place_smtp(smtp->dialect, false, in, n, ending > 0 || last, &smtp->place)) {
        return step(SMTP_MORE, 0);
    }
    if (memchr(in, '\n', n) == NULL) {
        smtp->place.eol = ending == 2 ? "\n" : "\r\n"; /* as the line that ends it, if one does */
    }
    smtp->insert_in = smtp->header_len > 0 ? smtp->place.offset : NOWHERE;
    smtp->state = SMTP_DATA;
    return step(SMTP_PASS, 0);
}

static struct smtp_step in_data(struct smtp *smtp, const char *in, size_t len, bool last)
{
    size_t ending, n;

    if (smtp->insert_in == 0) {
        return insert(smtp);
    }
    n = find_end(smtp, in, len, last, &ending);
    if (smtp->insert_in < n) {
        n = (size_t)smtp->insert_in;
    }
    if (n > 0) {
        char before[2] = {byte_at(smtp, in, (ptrdiff_t)n - 2), in[n - 1]};

        memcpy(smtp->before, before, 2);
        smtp->insert_in -= smtp->insert_in != NOWHERE ? n : 0;
        return text(n);
    }
    if (ending > 0 && smtp->insert_in != NOWHERE) {
        return insert(smtp); /* its place lay beyond an end that only the text's first line told */
    }
    /* For an MTA that takes the end of the dialogue for the end of the message, it is one. */
    if (!smtp->ended && (ending > 0 || (last && (smtp->dialect->smtp & EOF_ENDS) != 0))) {
        smtp->ended = true;
        if (ending == 0) {
            push(smtp, KIND_END);
        }
        return step(SMTP_END, 0);
    }
    if (ending == 0) {
        return step(SMTP_MORE, 0);
    }
    end_message(smtp);
    push(smtp, KIND_END);
    smtp->state = SMTP_COMMAND;
    if ((smtp->dialect->smtp & EATS_AHEAD) != 0 && !smtp->batch) {
        smtp->state = SMTP_HOLD;
        smtp->kind = KIND_END;
    }
    return step(SMTP_PASS, ending);
}

/* --- the client's side --------------------------------------------------------------------- */

/*
 * Whether the server takes BDAT for a chunk. Where CHUNKING was not offered, Exim (smtp_in.c, 4.96:
 * chunking_state) and any MTA that does not know the verb refuse it and read its bytes as commands.
 * No batch has chunks.
 */
static bool takes_chunks(const struct smtp *smtp)
{
    return !smtp->batch && (smtp->dialect->smtp & NO_CHUNKS) == 0 &&
           (smtp->offers_chunks || (smtp->dialect->smtp & CHUNKS_UNASKED) != 0);
}

/*
 * Only the replies still to come tell whether this is a chunk, and whether it is a message's first:
 * it may be one after another was refused (Exim: before a recipient).
 */
static bool chunk_must_wait(const struct smtp *smtp)
{
    return smtp->queue_count > 0 && (smtp->dialect->smtp & NO_CHUNKS) == 0 &&
           (smtp->chunked || !takes_chunks(smtp));
}

/* Up to the line's end, which may not be there. */
static struct smtp_step line_rest(struct smtp *smtp, const char *in, size_t len)
{
    const char *lf = memchr(in, '\n', len);

    if (lf != NULL) {
        command_sent(smtp, smtp->kind);
    }
    return step(len > 0 ? SMTP_PASS : SMTP_MORE, lf != NULL ? (size_t)(lf - in) + 1 : len);
}

static struct smtp_step command_line(struct smtp *smtp, const char *in, size_t len, bool last)
{
    const char *lf = memchr(in, '\n', len);
    size_t n = lf != NULL ? (size_t)(lf - in) : len;
    bool whole = lf != NULL && n <= SMTP_COMMAND_MAX;
    struct command command;

    if (len == 0 || (lf == NULL && n < SMTP_COMMAND_MAX && !last)) {
        return step(SMTP_MORE, 0);
    }
    command = read_command(in, n < SMTP_COMMAND_MAX ? n : SMTP_COMMAND_MAX, whole);
    if (smtp->queue_count == SMTP_QUEUE_MAX || (command.kind == KIND_MAIL && smtp->mail_sent) ||
        (command.kind == KIND_CHUNK && chunk_must_wait(smtp))) {
        return step(SMTP_WAIT, 0);
    }
    if (command.kind == KIND_CHUNK && !takes_chunks(smtp)) {
        command.kind = KIND_ODD_CHUNK;
    }
    if (command.kind == KIND_CHUNK) {
        return chunk_line(smtp, &command, in, len, n + 1, last);
    }
    note_command(smtp, &command);
    if (lf == NULL && n < SMTP_COMMAND_MAX && !smtp->batch) {
        /* The client's last line, without an end: Sendmail and nullmailer obey it all the same. */
        command_sent(smtp, command.kind);
        return step(SMTP_PASS, n);
    }
    if (!whole) {
        smtp->state = SMTP_LINE_REST;
        smtp->kind = (unsigned char)command.kind;
        return line_rest(smtp, in, len);
    }
    command_sent(smtp, command.kind);
    return step(SMTP_PASS, n + 1);
}

/* One line, whatever is in it. */
static struct smtp_step auth_line(struct smtp *smtp, const char *in, size_t len)
{
    const char *lf = memchr(in, '\n', len);

    if (lf != NULL) {
        command_sent(smtp, KIND_AUTH);
    }
    return step(len > 0 ? SMTP_PASS : SMTP_MORE, lf != NULL ? (size_t)(lf - in) + 1 : len);
}

/* Opaque; but a header whose length is in its chunk's already must still go in. */
static struct smtp_step pass_all(struct smtp *smtp, size_t len)
{
    if (smtp->insert_in == 0) {
        return insert(smtp);
    }
    if (smtp->insert_in != NOWHERE) {
        len = len < smtp->insert_in ? len : (size_t)smtp->insert_in;
        smtp->insert_in -= len;
    }
    return step(len > 0 ? SMTP_PASS : SMTP_MORE, len);
}

/* Whether such a command has no reply yet. */
static bool is_sent(const struct smtp *smtp, enum kind kind)
{
    for (size_t i = 0; i < smtp->queue_count; i++) {
        if (smtp->queue[(smtp->queue_first + i) % SMTP_QUEUE_MAX] == kind) {
            return true;
        }
    }
    return false;
}

struct smtp_step smtp_next(struct smtp *smtp, const char *in, size_t len, bool last)
{
    switch (smtp->state) {
    case SMTP_IN_CHUNK:
        if (!chunk_is_over(smtp)) {
            return in_chunk(smtp, len);
        }
        return command_line(smtp, in, len, last);
    case SMTP_COMMAND:
        return command_line(smtp, in, len, last);
    case SMTP_LINE_REST:
        return line_rest(smtp, in, len);
    case SMTP_AUTH_LINE:
        return auth_line(smtp, in, len);
    case SMTP_HOLD:
        if (!last || !takes_chunks(smtp) || !is_sent(smtp, KIND_VAST_CHUNK)) {
            return step(SMTP_WAIT, 0);
        }
        /* The server may take what is held for a chunk, and wait for it without a reply. */
        turn_opaque(smtp, OUT_OF_STEP);
        break;
    case SMTP_DATA_START:
        return data_start(smtp, in, len, last);
    case SMTP_DATA:
        return in_data(smtp, in, len, last);
    case SMTP_OPAQUE:
        break;
    }
    return pass_all(smtp, len);
}

/* --- the server's side --------------------------------------------------------------------- */

static enum kind pop(struct smtp *smtp)
{
    enum kind kind = KIND_NONE;

    if (smtp->queue_count > 0) {
        kind = smtp->queue[smtp->queue_first];
        smtp->queue_first = (smtp->queue_first + 1) % SMTP_QUEUE_MAX;
        smtp->queue_count--;
    }
    return kind;
}

/*
 * 354 and 334: only DATA and AUTH get them, so they say where the server is even if we lost count.
 * A verb that only the server knew for one of them is no harm, if nothing was handed on since.
 * Others, as 353 of Exim's PRDR, have replies behind them that nobody asked for.
 */
static void read_intermediate(struct smtp *smtp, int code, enum kind kind)
{
    bool data = code == 354;
    bool held = smtp->state == SMTP_HOLD && smtp->kind == (data ? KIND_DATA : KIND_AUTH);

    if ((!data && code != 334) ||
        (!held && (kind == KIND_NONE || smtp->state != SMTP_COMMAND || smtp->queue_count > 0))) {
        turn_opaque(smtp, OUT_OF_STEP);
        return;
    }
    smtp->queue_count = 0;
    smtp->mail_sent = false;
    if (data) {
        start_data(smtp);
    } else {
        smtp->state = SMTP_AUTH_LINE;
    }
}

static void read_hold(struct smtp *smtp, enum kind kind, bool accepted)
{
    if (kind == KIND_STARTTLS && accepted) {
        turn_opaque(smtp, "STARTTLS");
    } else if (kind == KIND_AUTH && accepted && smtp->secure_layer) {
        turn_opaque(smtp, "AUTH, perhaps with a security layer");
    } else {
        smtp->state = SMTP_COMMAND;
    }
}

static void read_final(struct smtp *smtp, int code)
{
    bool accepted = code / 100 == 2;
    enum kind kind = pop(smtp);

    if (code / 100 == 3) {
        read_intermediate(smtp, code, kind);
        return;
    }
    switch (kind) {
    case KIND_MAIL:
        smtp->mail_sent = false;
        if (accepted) {
            commit_sender(smtp);
            forget_chunks(smtp);
        }
        break;
    case KIND_RCPT:
        smtp->recipients += accepted;
        break;
    case KIND_EHLO:
        smtp->offers_chunks = smtp->offers_chunks || (accepted && smtp->chunks_named);
        /* fall through */
    case KIND_RESET:
        if (accepted) {
            forget_transaction(smtp);
            forget_chunks(smtp);
        }
        break;
    case KIND_DATA:
    case KIND_AUTH:
    case KIND_STARTTLS:
        if (smtp->state == SMTP_HOLD && smtp->kind == kind) {
            read_hold(smtp, kind, accepted);
        }
        break;
    case KIND_ODD_CHUNK:
    case KIND_VAST_CHUNK:
    case KIND_UNRECORDED:
        if (accepted) {
            turn_opaque(smtp, OUT_OF_STEP);
        }
        break;
    case KIND_NONE:
        /* It read a command where we did not, or the end of a text. Refusals may come unasked. */
        if (accepted) {
            turn_opaque(smtp, OUT_OF_STEP);
        }
        break;
    case KIND_END:
        if (smtp->state == SMTP_HOLD && smtp->kind == KIND_END) {
            smtp->state = SMTP_COMMAND;
        }
        forget_transaction(smtp);
        break;
    case KIND_CHUNK:
        smtp->chunk_replied = true;
        if (!accepted) {
            forget_chunks(smtp);
        }
        break;
    case KIND_OTHER:
        break;
    }
}

bool smtp_unfinished(const struct smtp *smtp)
{
    return smtp->state == SMTP_DATA && smtp->begun && !smtp->ended &&
           (smtp->dialect->smtp & EOF_ENDS) != 0;
}

void smtp_deaf(struct smtp *smtp)
{
    turn_opaque(smtp, "nobody reads the server's replies");
}

/* RFC 5321 section 4.2: three digits, then '-' if more lines follow. */
static void read_reply_line(struct smtp *smtp)
{
    static const char chunking[] = "CHUNKING";
    const size_t named = 4 + strlen(chunking);
    const char *r = smtp->reply;

    /* What is no reply is none, as Sendmail's "050" of a talkative session. */
    if (smtp->reply_at < 3 || r[0] < '2' || r[0] > '5' || r[1] < '0' || r[1] > '9' || r[2] < '0' ||
        r[2] > '9') {
        return;
    }
    if (smtp->reply_at >= named && strncasecmp(r + 4, chunking, named - 4) == 0 &&
        (smtp->reply_at == named || (unsigned char)r[named] <= ' ')) {
        smtp->chunks_named = true;
    }
    if (smtp->reply_at == 3 || r[3] != '-') {
        read_final(smtp, (r[0] - '0') * 100 + (r[1] - '0') * 10 + (r[2] - '0'));
        smtp->chunks_named = false;
    }
}

void smtp_reply(struct smtp *smtp, const char *bytes, size_t len)
{
    for (size_t i = 0; i < len && smtp->opaque == NULL; i++) {
        if (bytes[i] == '\n') {
            read_reply_line(smtp);
            smtp->reply_at = 0;
        } else if (smtp->reply_at < sizeof smtp->reply) {
            smtp->reply[smtp->reply_at++] = bytes[i];
        }
    }
}
