/*
 * null-mta_smtp - the stand-in MTA as an SMTP server on stdin and stdout (-bs), or as a reader of
 * batched SMTP (-bS, rsmtp), where nothing is answered.
 *
 * RFC 5321 with PIPELINING (RFC 2920), CHUNKING (RFC 3030), SIZE, 8BITMIME; AUTH and STARTTLS where
 * the configuration offers them. A recipient that begins with "bad" is refused (550). Replies are
 * collected and sent before the next read, as real servers do. The N-th message of the session is
 * filed when it is whole, and only then under this name:
 *
 * - DIR/PID.message.N: its bytes as they came: dots still stuffed, the line with the final dot not
 *   part of it, BDAT chunks joined
 * - DIR/PID.envelope.N: "sender <...>", "rcpt <...>" for each that was accepted, "by DATA" or
 *   "by BDAT", "chunk SIZE" for each; one a line
 * - DIR/PID.partial.N: one that broke off or was refused
 * - DIR/PID.stdin: every byte of the session
 *
 * Keys of the configuration, besides those of null-mta.c:
 *
 * - ehlo WORD,WORD...: the keywords of EHLO (default PIPELINING,SIZE 104857600,8BITMIME,CHUNKING).
 *   With STARTTLS among them it is accepted, and from there on what is read is sent back as it is
 * - reply VERB TEXT: answers TEXT (\r\n between its lines) to VERB; VERB#2: only to the second one.
 *   VERB may be "." for the end of DATA and "(greeting)". Not beginning with 2 or 3, it refuses; a
 *   BDAT chunk is read all the same
 * - leave VERB TEXT: the same, and then exits; with TEXT "-" without a word
 * - piece N: sends replies in pieces of N bytes
 * - lines crlf: only CRLF ends a line (default: a bare LF too, as Postfix has it)
 *
 * Input is hostile only in tests. A command is cut at 64 KiB.
 */
#include "null-mta.h"
#include "tool.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

struct session {
    struct behaviour *how;
    struct reading *state;
    FILE *copy;
    bool batched;
    bool done;

    char in[65536]; /* at..end: read and not looked at */
    size_t at, end;
    char out[8192]; /* replies not sent yet */
    size_t out_len;

    bool in_mail; /* MAIL was accepted */
    unsigned rcpts;
    char envelope[65536]; /* as it is filed */
    size_t envelope_len;
    unsigned number; /* of the message that is read now; from 1 */
    FILE *message;
    bool chunked; /* a BDAT of this message was accepted */
};

bool smtp_wanted(int argc, char *const argv[], bool *ret_batched)
{
    const char *slash = argc > 0 ? strrchr(argv[0], '/') : NULL;
    const char *name = slash != NULL ? slash + 1 : argc > 0 ? argv[0] : "";

    *ret_batched = strcmp(name, "rsmtp") == 0;
    if (*ret_batched)
        return true;
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (strcmp(argv[i], "-bs") == 0 || strcmp(argv[i], "-bS") == 0) {
            *ret_batched = argv[i][2] == 'S';
            return true;
        }
    return false;
}

/* --- in and out ---------------------------------------------------------------------------------
 */

static void flush_replies(struct session *s)
{
    size_t step = s->how->piece > 0 ? (size_t)s->how->piece : sizeof s->out;

    for (size_t at = 0; at < s->out_len; at += step)
        if (!write_all(1, s->out + at, s->out_len - at < step ? s->out_len - at : step))
            s->done = true; /* nobody listens any more */
    s->out_len = 0;
}

static void say(struct session *s, const char *text)
{
    size_t n = strlen(text);

    if (s->batched)
        return;
    if (s->out_len + n + 2 > sizeof s->out)
        flush_replies(s);
    if (n + 2 > sizeof s->out)
        return;
    memcpy(s->out + s->out_len, text, n);
    memcpy(s->out + s->out_len + n, "\r\n", 2);
    s->out_len += n + 2;
}

/* More input behind what is held. False at its end, or when there is no room. */
static bool fill(struct session *s)
{
    flush_replies(s);
    if (s->done)
        return false;
    if (s->at > 0) {
        memmove(s->in, s->in + s->at, s->end - s->at);
        s->end -= s->at;
        s->at = 0;
    }
    if (s->end == sizeof s->in)
        return false;
    if (s->how->slow_ms > 0)
        mta_sleep_ms(s->how->slow_ms);
    for (;;) {
        ssize_t n = read(0, s->in + s->end, sizeof s->in - s->end);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            s->state->ended = n < 0 ? "error" : "eof";
            s->state->error = n < 0 ? errno : 0;
            s->done = true;
            return false;
        }
        if (s->copy != NULL)
            fwrite(s->in + s->end, 1, (size_t)n, s->copy);
        s->state->bytes += (size_t)n;
        s->end += (size_t)n;
        return true;
    }
}

/* The next line with its end, in the buffer; NULL when the session is over. */
static char *next_line(struct session *s, size_t *ret_len)
{
    size_t looked = 0;

    for (;;) {
        char *from = s->in + s->at;
        char *lf = NULL;

        while (looked < s->end - s->at &&
               (lf = memchr(from + looked, '\n', s->end - s->at - looked)) != NULL) {
            looked = (size_t)(lf - from) + 1;
            if (!s->how->crlf_only || (lf > from && lf[-1] == '\r'))
                break;
            lf = NULL;
        }
        if (lf == NULL && s->end - s->at == sizeof s->in)
            lf = s->in + s->end - 1; /* cut here */
        if (lf != NULL) {
            *ret_len = (size_t)(lf + 1 - from);
            s->at += *ret_len;
            return from;
        }
        looked = s->end - s->at;
        if (!fill(s))
            return NULL;
    }
}

/* --- rules --------------------------------------------------------------------------------------
 */

/* The usual answer, or what the configuration has in its place. Returns whether it accepts. */
static bool answer(struct session *s, const char *verb, const char *usual)
{
    const char *text = usual;

    for (size_t i = 0; i < s->how->replies; i++) {
        struct reply_rule *rule = &s->how->reply[i];

        if (strcasecmp(rule->verb, verb) != 0 || (++rule->seen != rule->nth && rule->nth != 0))
            continue;
        text = rule->text;
        if (rule->leave) {
            s->done = true;
            s->state->ended = "leave";
        }
    }
    if (strcmp(text, "-") != 0)
        say(s, text);
    return (text[0] == '2' || text[0] == '3') && !s->done;
}

/* --- messages -----------------------------------------------------------------------------------
 */

static void note_envelope(struct session *s, const char *key, const char *value, size_t n)
{
    if (s->envelope_len + strlen(key) + n + 2 > sizeof s->envelope)
        return;
    memcpy(s->envelope + s->envelope_len, key, strlen(key));
    s->envelope_len += strlen(key);
    memcpy(s->envelope + s->envelope_len, value, n);
    s->envelope_len += n;
    s->envelope[s->envelope_len++] = '\n';
}

static void forget_mail(struct session *s)
{
    if (s->message != NULL)
        fclose(s->message);
    s->message = NULL;
    s->in_mail = s->chunked = false;
    s->rcpts = 0;
    s->envelope_len = 0;
}

static void numbered(const struct session *s, const char *what, char *ret, size_t cap)
{
    snprintf(ret, cap, "%s.%u", what, s->number);
}

static void message_begin(struct session *s)
{
    char name[32];

    s->number++;
    numbered(s, "partial", name, sizeof name);
    s->message = mta_file(s->how, name);
}

static void message_add(struct session *s, const char *bytes, size_t n)
{
    if (s->message != NULL)
        fwrite(bytes, 1, n, s->message);
}

/* The message is whole: it gets the name that says so. */
static void message_end(struct session *s)
{
    char name[32], from[600], to[600];
    FILE *envelope;

    if (s->message != NULL) {
        fclose(s->message);
        s->message = NULL;
        numbered(s, "envelope", name, sizeof name);
        envelope = mta_file(s->how, name);
        if (envelope != NULL) {
            fwrite(s->envelope, 1, s->envelope_len, envelope);
            fclose(envelope);
        }
        numbered(s, "partial", name, sizeof name);
        mta_path(s->how, name, from, sizeof from);
        numbered(s, "message", name, sizeof name);
        mta_path(s->how, name, to, sizeof to);
        rename(from, to);
    }
    forget_mail(s);
}

static void do_data(struct session *s)
{
    const char *line;
    bool begins = true; /* the line, and not the rest of one that was cut */
    size_t n;

    if (s->chunked || s->rcpts == 0) {
        say(s, s->chunked ? "503 5.5.1 DATA after BDAT" : "503 5.5.1 need RCPT");
        return;
    }
    if (!answer(s, "DATA", "354 end with a dot"))
        return;
    message_begin(s);
    note_envelope(s, "by DATA", "", 0);
    while ((line = next_line(s, &n)) != NULL) {
        if (begins && line[0] == '.' && (n == 2 || (n == 3 && line[1] == '\r'))) {
            bool accepted = answer(s, ".", "250 2.0.0 filed");

            if (accepted)
                message_end(s);
            else
                forget_mail(s);
            return;
        }
        message_add(s, line, n);
        begins = line[n - 1] == '\n';
    }
}

/* Takes a chunk off the input, into the message if it is one of it. False when the input ends. */
static bool read_chunk(struct session *s, unsigned long long size)
{
    while (size > 0) {
        size_t held = s->end - s->at;
        size_t n = held < size ? held : (size_t)size;

        message_add(s, s->in + s->at, n);
        s->at += n;
        size -= n;
        if (size > 0 && !fill(s))
            return false;
    }
    return true;
}

static void do_bdat(struct session *s, const char *args)
{
    char *end, text[64];
    unsigned long long size = strtoull(args, &end, 10);
    bool last = strcasecmp(end + strspn(end, " "), "LAST") == 0;
    bool accepted;

    if (end == args || (*end != '\0' && *end != ' ') || (*end == ' ' && !last)) {
        /* Where the next command begins nobody knows now. */
        say(s, "501 5.5.4 BDAT needs a size");
        s->done = true;
        return;
    }
    if (s->rcpts > 0 && !s->chunked) {
        s->chunked = true;
        message_begin(s);
        note_envelope(s, "by BDAT", "", 0);
    }
    if (!read_chunk(s, size))
        return;
    snprintf(text, sizeof text, "%llu", size);
    note_envelope(s, "chunk ", text, strlen(text));
    if (s->rcpts == 0) {
        say(s, "503 5.5.1 need RCPT");
        return;
    }
    snprintf(text, sizeof text, "250 2.0.0 %llu octets%s", size, last ? ", filed" : "");
    accepted = answer(s, "BDAT", text);
    if (!accepted)
        forget_mail(s);
    else if (last)
        message_end(s);
}

/* --- commands -----------------------------------------------------------------------------------
 */

/* "FROM:<a@b> SIZE=1": the address with its brackets. NULL if it is none. */
static const char *address(const char *args, const char *word, size_t *ret_len)
{
    size_t n = strlen(word);

    if (strncasecmp(args, word, n) != 0)
        return NULL;
    args += n;
    args += strspn(args, " ");
    *ret_len = strcspn(args, " ");
    return *ret_len > 0 ? args : NULL;
}

static void do_mail(struct session *s, const char *args)
{
    size_t n;
    const char *sender = address(args, "FROM:", &n);

    if (sender == NULL || s->in_mail) {
        say(s, s->in_mail ? "503 5.5.1 nested MAIL" : "501 5.5.4 MAIL FROM:<address>");
        return;
    }
    s->in_mail = answer(s, "MAIL", "250 2.1.0 sender");
    if (s->in_mail)
        note_envelope(s, "sender ", sender, n);
}

static void do_rcpt(struct session *s, const char *args)
{
    size_t n;
    const char *rcpt = address(args, "TO:", &n);
    bool bad;

    if (rcpt == NULL || !s->in_mail) {
        say(s, s->in_mail ? "501 5.5.4 RCPT TO:<address>" : "503 5.5.1 need MAIL");
        return;
    }
    bad = strncasecmp(rcpt + (rcpt[0] == '<'), "bad", 3) == 0;
    if (answer(s, "RCPT", bad ? "550 5.1.1 no such user" : "250 2.1.5 recipient")) {
        s->rcpts++;
        note_envelope(s, "rcpt ", rcpt, n);
    }
}

static void do_ehlo(struct session *s)
{
    char text[1024], words[sizeof s->how->ehlo], *save = NULL;
    size_t n;

    /* Lines are split off one by one: each but the last has a hyphen behind its code. */
    snprintf(words, sizeof words, "%s", s->how->ehlo);
    n = (size_t)snprintf(text, sizeof text, "250%cnull-mta", words[0] != '\0' ? '-' : ' ');
    for (char *word = strtok_r(words, ",", &save); word != NULL;) {
        char *next = strtok_r(NULL, ",", &save);
        n += (size_t)snprintf(text + n, sizeof text - n, "\r\n250%c%s", next != NULL ? '-' : ' ',
                              word);
        word = next;
    }
    if (answer(s, "EHLO", text))
        forget_mail(s);
}

static void do_auth(struct session *s, const char *args)
{
    size_t n;
    int lines = strncasecmp(args, "LOGIN", 5) == 0 ? 2 : 1;

    if (strcasestr(s->how->ehlo, "AUTH") == NULL) {
        say(s, "503 5.5.1 no AUTH here");
        return;
    }
    lines -= strchr(args, ' ') != NULL; /* an initial response */
    for (; lines > 0; lines--) {
        char *line;

        if (!answer(s, "AUTH", "334 "))
            return;
        line = next_line(s, &n);
        if (line == NULL)
            return;
        if (line[0] == '*') {
            say(s, "501 5.7.0 cancelled");
            return;
        }
    }
    say(s, "235 2.7.0 authenticated");
}

static void do_starttls(struct session *s)
{
    if (strcasestr(s->how->ehlo, "STARTTLS") == NULL) {
        say(s, "502 5.5.1 no STARTTLS here");
        return;
    }
    if (!answer(s, "STARTTLS", "220 2.0.0 go ahead"))
        return;
    flush_replies(s);
    s->at = s->end; /* RFC 3207: what came in the clear behind it counts for nothing */
    while (fill(s)) {
        if (!write_all(1, s->in + s->at, s->end - s->at))
            s->done = true;
        s->at = s->end;
    }
}

static void do_command(struct session *s, const char *verb, const char *args)
{
    static const struct {
        const char *verb, *text;
    } PLAIN[] = {{"NOOP", "250 2.0.0 ok"}, {"VRFY", "252 2.0.0 maybe"}, {"HELP", "214 2.0.0 none"}};

    for (size_t i = 0; i < sizeof(PLAIN) / sizeof(PLAIN[0]); i++)
        if (strcasecmp(verb, PLAIN[i].verb) == 0) {
            answer(s, verb, PLAIN[i].text);
            return;
        }
    if (strcasecmp(verb, "EHLO") == 0) {
        do_ehlo(s);
    } else if (strcasecmp(verb, "HELO") == 0) {
        if (answer(s, verb, "250 null-mta"))
            forget_mail(s);
    } else if (strcasecmp(verb, "MAIL") == 0) {
        do_mail(s, args);
    } else if (strcasecmp(verb, "RCPT") == 0) {
        do_rcpt(s, args);
    } else if (strcasecmp(verb, "DATA") == 0) {
        do_data(s);
    } else if (strcasecmp(verb, "BDAT") == 0) {
        do_bdat(s, args);
    } else if (strcasecmp(verb, "RSET") == 0) {
        if (answer(s, verb, "250 2.0.0 reset"))
            forget_mail(s);
    } else if (strcasecmp(verb, "AUTH") == 0) {
        do_auth(s, args);
    } else if (strcasecmp(verb, "STARTTLS") == 0) {
        do_starttls(s);
    } else if (strcasecmp(verb, "QUIT") == 0) {
        answer(s, verb, "221 2.0.0 bye");
        s->state->ended = s->state->ended[0] == 'l' ? s->state->ended : "quit";
        s->done = true;
    } else {
        answer(s, verb, "500 5.5.1 unknown command");
    }
}

void smtp_serve(struct behaviour *how, bool batched, FILE *copy, struct reading *state)
{
    static struct session s;
    char verb[16], *line;
    size_t n;

    s.how = how;
    s.state = state;
    s.copy = copy;
    s.batched = batched;
    memset(state, 0, sizeof(*state));
    state->ended = "eof";
    answer(&s, "(greeting)", "220 null-mta ESMTP");
    while (!s.done && (line = next_line(&s, &n)) != NULL) {
        static char command[sizeof s.in + 1];
        size_t word;

        /* A copy: the next read may move what is in the buffer. */
        while (n > 0 && (line[n - 1] == '\n' || line[n - 1] == '\r'))
            n--;
        memcpy(command, line, n);
        command[n] = '\0';
        word = strcspn(command, " ");
        snprintf(verb, sizeof verb, "%.*s", (int)(word < sizeof verb ? word : sizeof verb - 1),
                 command);
        do_command(&s, verb, command + word + strspn(command + word, " "));
    }
    flush_replies(&s);
    forget_mail(&s);
}
