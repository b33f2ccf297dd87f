/*
 * fuzz_smtp - any bytes as an SMTP client, before a server that is a second, simple reading of the
 * protocol. It gets what the filter hands on and checks it: nothing is lost or changed but what
 * must be, each message that it takes holds one header in its place and was recorded, with the
 * sender and the recipients that it knows itself, and all of that however the bytes and the replies
 * come in. A dishonest server says anything at any time: then nothing is lost, and it ends.
 *
 * Input: dialect, choices, a seed, how many of the server's decisions follow, those, then the
 * client's bytes, of which some stand for a whole command (words[]).
 */
#include "fuzz.h"

#include "wrapper/dialect_table.h"
#include "wrapper/smtp.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define HEADER "X-H: /var/www; id=1"
#define CLIENT_MAX 8192
#define OUT_MAX (CLIENT_MAX * 16UL)

enum { NO_HEADER = 1, BATCH = 2, DISHONEST = 4 };

#define LONG_WORD 0xa0 /* a byte that stands for LONG_LEN letters */
#define LONG_LEN 4085

static const char *const words[] = {
    "EHLO x\r\n",
    "MAIL FROM:<a@b>\r\n",
    "RCPT TO:<c@d>\r\n",
    "DATA\r\n",
    "\r\n.\r\n",
    "RSET\r\n",
    "BDAT 5\r\n",
    "BDAT 5 LAST\r\n",
    "BDAT 0 LAST\r\n",
    "AUTH PLAIN AGE=\r\n",
    "AUTH LOGIN\r\n",
    "STARTTLS\r\n",
    "Subject: x\r\n\r\nhi",
    "From x Mon Jan  1 12:34:56 2026\r\n",
    "\n.\n",
    "\r\n.\r\r\n",
    "MAIL FROM:<\"x y\"@z> SIZE=1\r\n",
    "HELO x\r\n",
    "XCLIENT A=b\r\n",
    "NOOP\r\n",
    "QUIT\r\n",
    "mail from: e@f\n",
    "rcpt to:<g@h>\n",
    "data\n",
    "BDAT 1\r\n",
    "BDAT 12 LAST\n",
    ".\r\n",
    "A: b\r\n",
    "BDAT 0\r\n",
    "BDAT +5\r\n",
    "AUTH DIGEST-MD5\r\n",
    "RCPT TO:<c@d>\r\nDATA\r\n",
};

/* What one run is made of. */
struct scene {
    const struct dialect *dialect;
    unsigned choices;
    uint8_t seed;
    const uint8_t *decisions;
    size_t decision_count;
    char client[CLIENT_MAX + 1]; /* NUL-terminated */
    size_t client_len;
};

enum timing { AT_ONCE, LATE, MIXED };

struct server {
    const struct scene *scene;
    size_t decided;
    enum { LINE, TEXT, CHUNK, ANSWER, RAW } state;
    size_t line_len;
    size_t reply_len, reply_at;
    bool offered, has_sender, chunked, last, taken, drained;
    bool may_add_layer;
    char sender[SMTP_SENDER_MAX + 1];
    size_t rcpts, left;
    /* The message at hand. */
    size_t message_len, first_chunk; /* first_chunk: the client's bytes in it */
    bool first;                      /* the chunk at hand is the first */
    size_t text_line;                /* where the text's line at hand begins */
    bool after_crlf, first_line_crlf, has_first_line;
};

struct run {
    const struct scene *scene;
    enum timing timing;
    uint32_t random;
    struct smtp smtp;
    struct server server;
    size_t given, taken;
    bool eof;
    char *out;
    size_t out_len;
    unsigned begins, inserts, ends; /* of the message at hand */
    char end_sender[SMTP_SENDER_MAX + 1];
    bool end_has_sender;
    size_t end_rcpts;
    bool promised; /* a chunk's length counts a header that is not there yet */
    size_t promised_left;
};

/* Of the one run at hand. */
static char line_now[OUT_MAX];    /* the command */
static bool nul_now[OUT_MAX];     /* which of its bytes are NUL */
static char reply_now[1 << 19];   /* what the filter has not read yet */
static char message_now[OUT_MAX]; /* the message, with */
static bool ours_now[OUT_MAX];    /* which of its bytes are the header's */

/* --- the server ---------------------------------------------------------------------------- */

static unsigned decide(struct server *s)
{
    const struct scene *scene = s->scene;

    return scene->decision_count == 0 ? 1 : scene->decisions[s->decided++ % scene->decision_count];
}

static void say(struct server *s, const char *text)
{
    size_t n = strlen(text);

    if ((s->scene->choices & BATCH) != 0) {
        return;
    }
    require(s->reply_len + n <= sizeof reply_now);
    memcpy(reply_now + s->reply_len, text, n);
    s->reply_len += n;
}

/* A yes or a no, in one of their shapes. Returns whether it was a yes. */
static bool answer(struct server *s, const char *yes)
{
    unsigned how = decide(s);

    if ((s->scene->choices & BATCH) != 0) {
        return true;
    }
    if ((how & 3) == 0) {
        say(s, how & 4 ? "451 4.0.0 later\r\n" : how & 8 ? "550-no\r\n550 never\r\n" : "503 no\n");
        return false;
    }
    if (how & 8) {
        say(s, "050 >>> talk 250 354\r\n");
    }
    if (how & 4) {
        char more[8] = {yes[0], yes[1], yes[2], '-', '\r', '\n'};

        say(s, more);
    }
    say(s, yes);
    return true;
}

static void forget_mail(struct run *run)
{
    struct server *s = &run->server;

    run->begins = run->inserts = run->ends = 0;
    s->has_sender = s->chunked = false;
    s->rcpts = 0;
    s->message_len = 0;
}

/* The verb without case, what it stands before, or NULL. */
static const char *after(const char *line, const char *verb)
{
    size_t n = strlen(verb);

    return strncasecmp(line, verb, n) == 0 && ((unsigned char)line[n] <= ' ' || line[n] == ':')
               ? line + n
               : NULL;
}

static void take_sender(struct server *s, const char *p)
{
    const char *colon = strchr(p, ':'), *end;
    bool quoted = false;
    size_t n = 0;

    p = colon != NULL ? colon + 1 : strchr(p, '\0');
    p += strspn(p, " \t");
    p += *p == '<';
    for (end = p; *end != '\0' && *end != '\r'; end++) {
        if (!quoted && strchr("> \t", *end) != NULL) {
            break;
        }
        quoted ^= *end == '"';
    }
    n = (size_t)(end - p) < SMTP_SENDER_MAX ? (size_t)(end - p) : SMTP_SENDER_MAX;
    for (size_t i = 0; i < n; i++) {
        s->sender[i] = nul_now[p + i - line_now] ? '?' : p[i];
    }
    s->sender[n] = '\0';
    s->has_sender = true;
    s->rcpts = 0;
}

/* Exactly RFC 3030's "BDAT" SP size [SP "LAST"], within what any client would write. */
static bool read_bdat(const char *line, size_t *ret_size, bool *ret_last)
{
    char last[5] = "";
    int n = 0;

    if (strlen(line) > 48 || strncasecmp(line, "BDAT ", 5) != 0 ||
        sscanf(line + 5, "%*[ \t]%n", &n) != 0) {
        return false;
    }
    line += 5 + n;
    *ret_size = strspn(line, "0123456789");
    if (*ret_size == 0 || *ret_size > 9) {
        return false;
    }
    n = (int)*ret_size;
    *ret_size = strtoul(line, NULL, 10);
    line += n;
    if (strchr(" \t\r", *line) == NULL) {
        return false;
    }
    line += strspn(line, " \t");
    strncpy(last, line, 4);
    *ret_last = strcasecmp(last, "LAST") == 0;
    line += *ret_last ? 4 : 0;
    line += strspn(line, " \t");
    return strcmp(line, "") == 0 || strcmp(line, "\r") == 0;
}

static void begin_text(struct server *s)
{
    s->state = TEXT;
    s->message_len = s->text_line = 0;
    s->after_crlf = true;
    s->has_first_line = s->first_line_crlf = false;
}

static void do_bdat(struct run *run, const char *line)
{
    struct server *s = &run->server;
    size_t size;
    bool last;

    if (!s->offered && (s->scene->dialect->smtp & CHUNKS_UNASKED) == 0) {
        say(s, "503 not offered\r\n"); /* and its bytes are commands */
        return;
    }
    if (!read_bdat(line, &size, &last)) {
        say(s, "501 what?\r\n");
        return;
    }
    if (size == 0 && !last) {
        say(s, "551 an empty chunk\r\n");
        if (s->chunked) {
            forget_mail(run);
        }
        return;
    }
    s->first = !s->chunked;
    if (s->first) {
        s->message_len = s->first_chunk = 0;
    }
    s->chunked = s->chunked || !last;
    s->last = last;
    s->left = size;
    s->state = CHUNK;
}

static const char *const plain[] = {"PLAIN",    "LOGIN",     "CRAM-MD5",
                                    "EXTERNAL", "ANONYMOUS", "XOAUTH2"};

static void do_auth(struct server *s, const char *p)
{
    s->may_add_layer = true;
    p += strspn(p, " \t");
    for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++) {
        s->may_add_layer = s->may_add_layer && after(p, plain[i]) == NULL;
    }
    if ((decide(s) & 1) != 0) {
        say(s, "334 eA==\r\n");
        s->state = ANSWER;
    } else if (answer(s, "235 welcome\r\n") && s->may_add_layer) {
        s->state = RAW;
    }
}

static void obey(struct run *run)
{
    struct server *s = &run->server;
    bool batch = (s->scene->choices & BATCH) != 0;
    const char *line, *p;

    line_now[s->line_len] = '\0';
    for (line = line_now; line < line_now + s->line_len && (unsigned char)*line <= ' '; line++) {
    }
    for (size_t i = 0; i < s->line_len; i++) { /* a NUL is a byte as any other */
        nul_now[i] = line_now[i] == '\0';
        line_now[i] = nul_now[i] ? '\1' : line_now[i];
    }
    if (s->line_len > SMTP_COMMAND_MAX) {
        line_now[SMTP_COMMAND_MAX] = '\0'; /* nobody looks further, the filter least */
    }
    if (s->state == ANSWER) {
        s->state = LINE;
        if ((decide(s) & 3) == 0) {
            say(s, "334 eQ==\r\n");
            s->state = ANSWER;
        } else if (answer(s, "235 welcome\r\n") && s->may_add_layer) {
            s->state = RAW;
        }
    } else if ((p = after(line, "MAIL")) != NULL) {
        if (s->has_sender && !batch) {
            say(s, "503 nested\r\n");
        } else if (answer(s, "250 ok\r\n")) {
            forget_mail(run);
            take_sender(s, p);
        }
    } else if (after(line, "RCPT") != NULL) {
        if (!s->has_sender && !batch) {
            say(s, "503 no sender\r\n");
        } else {
            s->rcpts += answer(s, "250 ok\r\n");
        }
    } else if (after(line, "DATA") != NULL) {
        if ((s->rcpts == 0 || s->chunked) && !batch) {
            say(s, "503 not now\r\n");
        } else if (answer(s, "354 go\r\n")) {
            begin_text(s);
        }
    } else if (after(line, "BDAT") != NULL && !batch) {
        do_bdat(run, line_now);
    } else if (after(line, "EHLO") != NULL) {
        bool offers = (decide(s) & 7) != 0;

        if (answer(s, offers ? "250-SIZE\r\n250-chunking\r\n250 HELP\r\n" : "250 HELP\r\n")) {
            forget_mail(run);
            s->offered =
                (s->offered || offers) && !batch && (s->scene->dialect->smtp & NO_CHUNKS) == 0;
        }
    } else if (after(line, "RSET") != NULL || after(line, "HELO") != NULL ||
               after(line, "XCLIENT") != NULL) {
        if (answer(s, "250 ok\r\n")) {
            forget_mail(run);
        }
    } else if ((p = after(line, "AUTH")) != NULL && !batch) {
        do_auth(s, p);
    } else if (after(line, "STARTTLS") != NULL && !batch) {
        if (answer(s, "220 go\r\n")) {
            s->state = RAW;
        }
    } else {
        answer(s, "250 whatever\r\n");
    }
}

/* A message is taken: what the filter must have done. of: the bytes that tell the header's place.
 */
static void check_message(struct run *run, size_t of, bool whole, const char *eol_if_none)
{
    struct server *s = &run->server;
    static char text[OUT_MAX], header[sizeof HEADER + 8];
    size_t n = 0, ours = 0, at = 0;
    struct header_place place;

    if (run->smtp.opaque != NULL) {
        return;
    }
    require(run->begins == 1 && run->ends == 1);
    require(run->end_has_sender == s->has_sender && run->end_rcpts == s->rcpts);
    require(!s->has_sender || strcmp(run->end_sender, s->sender) == 0);
    for (size_t i = 0; i < s->message_len; i++) {
        if (ours_now[i]) {
            at = ours == 0 ? n : at;
            require(at == n && ours < sizeof header - 1);
            header[ours++] = message_now[i];
        } else {
            text[n++] = message_now[i];
        }
    }
    header[ours] = '\0';
    if ((s->scene->choices & NO_HEADER) != 0) {
        require(ours == 0);
        return;
    }
    of = whole ? n : of;
    require(of <= n);
    require(header_place_smtp(s->scene->dialect, !whole, text, of, true, &place));
    if (memchr(text, '\n', of) == NULL) {
        place.eol = eol_if_none;
    }
    require(at == place.offset);
    require(strncmp(header, HEADER, strlen(HEADER)) == 0);
    require(strncmp(header + strlen(HEADER), place.eol, strlen(place.eol)) == 0);
    require(strcmp(header + strlen(HEADER) + strlen(place.eol),
                   place.blank_after ? place.eol : "") == 0);
}

static void message_over(struct run *run)
{
    struct server *s = &run->server;

    answer(s, "250 queued\r\n");
    forget_mail(run);
    s->state = LINE;
}

static void get_text(struct run *run, char c, bool ours)
{
    struct server *s = &run->server;
    unsigned forms = s->scene->dialect->smtp;
    const char *line = message_now + s->text_line;
    size_t n, crs;
    bool crlf, ends;

    message_now[s->message_len] = c;
    ours_now[s->message_len++] = ours;
    if (c != '\n') {
        return;
    }
    n = s->message_len - s->text_line - 1;
    crlf = n > 0 && line[n - 1] == '\r';
    crs = n > 0 && line[0] == '.' ? n - 1 : 0;
    ends = n > 0 && line[0] == '.' && strspn(line + 1, "\r") >= crs;
    if (ends && !(s->after_crlf && crs == 1)) {
        ends = !((forms & DOT_AS_FIRST) != 0 && s->has_first_line && s->first_line_crlf) &&
               (s->after_crlf || (forms & DOT_BARE_BEFORE) != 0) &&
               (crs == 1 || (forms & (crs == 0 ? DOT_BARE_AFTER : DOT_MANY_CR)) != 0);
    }
    if (ends) {
        s->message_len = s->text_line;
        check_message(run, 0, true, crs > 0 ? "\r\n" : "\n");
        message_over(run);
        s->drained = true;
        return;
    }
    if (!s->has_first_line) {
        s->has_first_line = true;
        s->first_line_crlf = crlf;
    }
    s->after_crlf = crlf;
    s->text_line = s->message_len;
}

static void chunk_over(struct run *run)
{
    struct server *s = &run->server;

    s->state = LINE;
    if (s->rcpts == 0) {
        say(s, "503 no recipients\r\n"); /* as Exim: this was nothing, the next is a first one */
        s->chunked = false;
        run->begins = run->inserts = run->ends = 0;
    } else if (s->last) {
        check_message(run, s->first_chunk, false, "\r\n");
        message_over(run);
    } else if (!answer(s, "250 chunk\r\n")) {
        s->chunked = false;
        if ((decide(s) & 1) != 0) {
            forget_mail(run);
        }
        run->begins = run->inserts = run->ends = 0;
    }
}

/* One byte from the filter; ours: of the header. */
static void get(struct run *run, char c, bool ours)
{
    struct server *s = &run->server;

    require(run->out_len < OUT_MAX && s->line_len < OUT_MAX - 1 && s->message_len < OUT_MAX);
    run->out[run->out_len++] = c;
    if ((s->scene->choices & DISHONEST) != 0 || s->state == RAW) {
        return;
    }
    require(!s->drained || (s->scene->dialect->smtp & EATS_AHEAD) == 0 ||
            (s->scene->choices & BATCH) != 0);
    switch (s->state) {
    case TEXT:
        get_text(run, c, ours);
        break;
    case CHUNK:
        message_now[s->message_len] = c;
        ours_now[s->message_len++] = ours;
        s->first_chunk += s->first && !ours;
        if (--s->left == 0) {
            chunk_over(run);
        }
        break;
    default:
        if (ours) { /* after a DATA that was the client's last bytes: nobody reads on */
            require(run->eof && run->taken == s->scene->client_len && s->line_len > 0);
            require((s->scene->choices & BATCH) == 0);
        }
        line_now[s->line_len++] = c;
        if (c == '\n') {
            s->line_len--;
            obey(run);
            s->line_len = 0;
            if (s->state == CHUNK && s->left == 0) {
                chunk_over(run);
            }
        }
        break;
    }
}

/* --- the filter's user --------------------------------------------------------------------- */

static size_t random_below(struct run *run, size_t n)
{
    run->random = run->random * 1664525 + 1013904223;
    return (run->random >> 16) % n;
}

static struct smtp_step next(struct run *run)
{
    size_t len = run->given - run->taken;
    static char held[CLIENT_MAX];
    char *copy = held + sizeof held - len; /* one byte too far is beyond the array */
    struct smtp_step step;

    memcpy(copy, run->scene->client + run->taken, len);
    step = smtp_next(&run->smtp, copy, len, run->eof);
    require(step.n <= len);
    return step;
}

/* `line` is the client's with another number in it. */
static void check_chunk_line(struct run *run, size_t n)
{
    const char *theirs = run->scene->client + run->taken, *ours = run->smtp.line;
    size_t before = 0, after_theirs, after_ours;

    require(run->smtp.line_len <= sizeof run->smtp.line);
    while (before < n && (theirs[before] < '0' || theirs[before] > '9')) {
        before++;
    }
    require(before < n && memcmp(theirs, ours, before) == 0);
    run->promised_left = strtoul(theirs + before, NULL, 10);
    after_theirs = before + strspn(theirs + before, "0123456789");
    after_ours = before + strspn(ours + before, "0123456789");
    require(n - after_theirs == run->smtp.line_len - after_ours);
    require(memcmp(theirs + after_theirs, ours + after_ours, n - after_theirs) == 0);
    require(strtoul(ours + before, NULL, 10) > run->promised_left + strlen(HEADER));
    run->promised = true;
}

static void insert(struct run *run)
{
    const struct header_place *place = &run->smtp.place;
    char text[sizeof HEADER + 8];

    (void)snprintf(text, sizeof text, HEADER "%s%s", place->eol,
                   place->blank_after ? place->eol : "");
    run->inserts++;
    require((run->scene->choices & NO_HEADER) == 0);
    require(run->inserts == 1);
    run->promised = false;
    for (const char *p = text; *p != '\0'; p++) {
        get(run, *p, true);
    }
}

static void carry_out(struct run *run, const struct smtp_step *step)
{
    const char *bytes = run->scene->client + run->taken;

    switch (step->act) {
    case SMTP_PASS:
        if (run->promised) { /* the header must be there before the chunk is over */
            require(step->n <= run->promised_left);
            run->promised_left -= step->n;
        }
        for (size_t i = 0; i < step->n; i++) {
            get(run, bytes[i], false);
        }
        run->taken += step->n;
        break;
    case SMTP_CHUNK:
        check_chunk_line(run, step->n);
        run->taken += step->n;
        for (size_t i = 0; i < run->smtp.line_len; i++) {
            get(run, run->smtp.line[i], false);
        }
        break;
    case SMTP_BEGIN:
        require(run->smtp.opaque == NULL);
        run->begins++;
        run->inserts = run->ends = 0;
        run->smtp.header_len = (run->scene->choices & NO_HEADER) != 0 ? 0 : strlen(HEADER);
        break;
    case SMTP_INSERT:
        insert(run);
        break;
    case SMTP_END:
        require(run->smtp.opaque == NULL);
        run->ends++;
        run->end_has_sender = run->smtp.has_sender;
        run->end_rcpts = run->smtp.recipients;
        memcpy(run->end_sender, run->smtp.sender, sizeof run->end_sender);
        break;
    case SMTP_MORE:
    case SMTP_WAIT:
        break;
    }
}

/* Any reply at all. */
static void lie(struct run *run)
{
    static const char *const lies[] = {"220 x\r\n",
                                       "250 ok\r\n",
                                       "250-CHUNKING\r\n",
                                       "354 go\r\n",
                                       "334 x\r\n",
                                       "550 no\r\n",
                                       "503 x\n",
                                       "421 bye\r\n",
                                       "235 ok\r\n",
                                       "050 x\r\n",
                                       "25",
                                       "\r\n",
                                       "353 x\r\n",
                                       "250 CHUNKING\n",
                                       "221 bye\r\n",
                                       "354-x\r\n",
                                       "250 2.0.0 x\r\n",
                                       "\n"};
    const char *text = lies[decide(&run->server) % (sizeof lies / sizeof lies[0])];

    smtp_reply(&run->smtp, text, strlen(text));
}

/* Lets the filter read something of what the server said. False if there is nothing. */
static bool hear(struct run *run)
{
    struct server *s = &run->server;
    size_t n = s->reply_len - s->reply_at;

    if (n == 0) {
        return false;
    }
    if (run->timing == MIXED) {
        n = 1 + random_below(run, n < 40 ? n : 40);
    }
    smtp_reply(&run->smtp, reply_now + s->reply_at, n);
    s->reply_at += n;
    if (s->reply_at == s->reply_len) {
        s->reply_at = s->reply_len = 0;
        s->drained = false;
    }
    return true;
}

static bool give(struct run *run)
{
    size_t n = run->scene->client_len - run->given;

    if (run->eof) {
        return false;
    }
    if (run->timing == MIXED && n > 0) {
        n = 1 + random_below(run, run->scene->seed & 1 ? 3 : 3 + run->scene->client_len / 8) % n;
    }
    run->given += n;
    run->eof = run->given == run->scene->client_len && (n == 0 || run->timing == LATE);
    return true;
}

/* What happens when the filter has nothing to do. False: nothing will, any more. */
static bool go_on(struct run *run, enum smtp_act act)
{
    if ((run->scene->choices & DISHONEST) != 0) {
        if (random_below(run, 3) == 0) {
            lie(run);
        }
        if (give(run)) {
            return true;
        }
        if (act == SMTP_WAIT) {
            smtp_deaf(&run->smtp);
        }
        return act == SMTP_WAIT;
    }
    if (run->timing == LATE) {
        return give(run) || hear(run);
    }
    if (run->timing == MIXED && random_below(run, 2) == 0) {
        return give(run) || hear(run);
    }
    return hear(run) || give(run);
}

static void run_scene(const struct scene *scene, enum timing timing, char *out, struct run *run)
{
    size_t steps = 0;

    memset(run, 0, sizeof *run);
    run->out = out;
    run->scene = run->server.scene = scene;
    run->timing = timing;
    run->random = scene->seed;
    smtp_init(&run->smtp, scene->dialect, (scene->choices & BATCH) != 0);
    say(&run->server, "220 hello\r\n");
    for (;;) {
        struct smtp_step step = next(run);

        require(++steps < 64 + 32 * scene->client_len);
        if (step.act == SMTP_MORE || step.act == SMTP_WAIT) {
            if (!go_on(run, step.act)) {
                break;
            }
            continue;
        }
        carry_out(run, &step);
        if ((scene->choices & DISHONEST) != 0 ? random_below(run, 4) == 0 : timing == AT_ONCE) {
            if ((scene->choices & DISHONEST) != 0) {
                lie(run);
            } else {
                while (hear(run)) {
                }
            }
        } else if (timing == MIXED && random_below(run, 3) == 0) {
            hear(run);
        }
    }
    require(run->taken == scene->client_len); /* nothing is lost */
}

/* For an MTA that takes its end for the text's the last message must have been recorded. */
static void check_end(struct run *run)
{
    struct server *s = &run->server;

    if (s->state == TEXT && (run->scene->dialect->smtp & EOF_ENDS) != 0) {
        check_message(run, 0, true, "\r\n");
    }
}

static bool read_scene(const uint8_t *data, size_t size, struct scene *ret)
{
    size_t skip;

    if (size < 4 || size > CLIENT_MAX) {
        return false;
    }
    ret->dialect = dialect_number(data[0]);
    ret->choices = data[1];
    ret->seed = data[2];
    ret->decision_count = data[3] % 64;
    ret->decision_count = ret->decision_count < size - 4 ? ret->decision_count : size - 4;
    ret->decisions = data + 4;
    ret->client_len = 0;
    skip = 4 + ret->decision_count;
    for (size_t i = skip; i < size; i++) {
        char byte[2] = {(char)data[i], '\0'};
        const char *text = byte;
        size_t n = 1;

        if (data[i] >= 0x80 && data[i] < 0x80 + sizeof words / sizeof words[0]) {
            text = words[data[i] - 0x80];
            n = strlen(text);
        }
        n = data[i] == LONG_WORD ? LONG_LEN : n;
        if (ret->client_len + n >= sizeof ret->client) {
            break;
        }
        if (data[i] == LONG_WORD) {
            memset(ret->client + ret->client_len, 'x', n);
        } else {
            memcpy(ret->client + ret->client_len, text, n);
        }
        ret->client_len += n;
    }
    ret->client[ret->client_len] = '\0';
    return true;
}

/* Whether there is a BDAT with a size that the server may wait for. */
static bool names_vast_chunk(const struct scene *scene)
{
    for (size_t i = 0; i + 6 < scene->client_len; i++) {
        const char *p = scene->client + i;

        if (strncasecmp(p, "BDAT ", 5) == 0 && (i == 0 || p[-1] == '\n')) {
            p += 5 + strspn(p + 5, " \t");
            if (*p == '-' || strspn(p, "0123456789") > 9) {
                return true;
            }
        }
    }
    return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct scene scene;
    static struct run first, run;
    static char out[2][OUT_MAX];

    if (!read_scene(data, size, &scene)) {
        return 0;
    }
    if ((scene.choices & DISHONEST) != 0) {
        run_scene(&scene, MIXED, out[0], &run);
        return 0;
    }
    run_scene(&scene, AT_ONCE, out[0], &first);
    check_end(&first);
    for (int timing = LATE; timing <= MIXED; timing++) {
        run_scene(&scene, (enum timing)timing, out[1], &run);
        check_end(&run);
        if ((run.smtp.opaque != NULL || first.smtp.opaque != NULL) && names_vast_chunk(&scene)) {
            continue; /* at the client's end no reply is waited for that may never come */
        }
        require((run.smtp.opaque == NULL) == (first.smtp.opaque == NULL));
        require(run.out_len == first.out_len);
        require(memcmp(out[0], out[1], run.out_len) == 0);
    }
    return 0;
}
