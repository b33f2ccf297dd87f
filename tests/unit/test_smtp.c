/*
 * smtp: dialogues between a client and a server, and what the server gets of them.
 *
 * Each dialogue is run with the client's bytes whole, one by one and split at each position, with
 * replies that come at once and as late as can be, whole and byte by byte, and with the end of the
 * client's bytes known early and late. The server must get the same every time.
 */
#include "support.h"
#include "wrapper/dialect_table.h"
#include "wrapper/smtp.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEADER "H: x"
#define HELD_MAX 65536 /* bytes that the filter's user can hold, see smtp_next */

/* --- a dialogue ---------------------------------------------------------------------------- */

/*
 * on: what the server gets next, with what the filter says of it where it says so: "{B}" a message
 * begins, "{E a@b 2}" its record is due (sender, recipients). say: the server's answer when it has
 * got that.
 */
struct turn {
    const char *on, *say;
};

enum {
    BATCH = 1 << 0,
    NO_HEADER = 1 << 1,
    AT_ONCE = 1 << 2, /* only with replies that come at once */
    LATE = 1 << 3,    /* only with replies that come late */
};

struct row {
    const char *label, *dialect, *client;
    struct turn server[16];
    const char *opaque; /* what it begins with; NULL: the dialogue is understood to its end */
    unsigned flags;
    const char *left; /* of the client's bytes, not handed on; NULL: nothing */
};

/* How the bytes come in. */
struct manner {
    size_t piece, rest; /* the length of the first, and of all others */
    bool late;          /* replies come when there is nothing else to do */
    bool bytewise;      /* replies come byte by byte */
    bool eof_early;     /* the client's end is known with his last byte */
};

struct run {
    const struct row *row;
    const struct manner *manner;
    struct smtp smtp;
    const char *client;
    size_t client_len, given, taken;
    bool eof;
    char *got; /* as the `on`s together */
    size_t got_len, got_max;
    size_t server_bytes; /* without the marks */
    unsigned turn;       /* of the server */
    size_t said;         /* bytes of its answer */
    char text[256];      /* the message's, as far as it fits */
    size_t text_len;
};

/* check(3) notes each assertion that holds in a file: too slow for what is asked at each step. */
static void need(const struct run *run, bool holds, const char *what)
{
    if (!holds) {
        ck_abort_msg("%s: %s", run->row->label, what);
    }
}

static void add(struct run *run, const char *bytes, size_t n)
{
    need(run, run->got_len + n <= run->got_max, "far too many bytes");
    memcpy(run->got + run->got_len, bytes, n);
    run->got_len += n;
}

static void mark(struct run *run, const char *text)
{
    add(run, text, strlen(text));
}

static void hand_on(struct run *run, const char *bytes, size_t n)
{
    add(run, bytes, n);
    run->server_bytes += n;
}

static void keep(struct run *run, const char *bytes, size_t n)
{
    for (size_t i = 0; i < n && run->text_len < sizeof run->text; i++) {
        run->text[run->text_len++] = bytes[i];
    }
}

/* The length of what stands between two marks. */
static size_t plain_length(const char *on)
{
    size_t n = 0;
    bool marked = false;

    for (; *on != '\0'; on++) {
        marked = marked || *on == '{';
        n += !marked;
        marked = marked && *on != '}';
    }
    return n;
}

/* Lets the server say what it has to say now; false if it is silent. */
static bool speak(struct run *run)
{
    const struct turn *turns = run->row->server;
    size_t due = 0, n;
    const char *say;

    for (unsigned i = 0; i <= run->turn && turns[i].on != NULL; i++) {
        due += plain_length(turns[i].on);
    }
    if (run->turn >= 16 || turns[run->turn].on == NULL || run->server_bytes < due) {
        return false;
    }
    say = turns[run->turn].say + run->said;
    n = run->manner->bytewise && strlen(say) > 0 ? 1 : strlen(say);
    smtp_reply(&run->smtp, say, n);
    run->said += n;
    if (turns[run->turn].say[run->said] == '\0') {
        run->turn++;
        run->said = 0;
    }
    return true;
}

static bool give(struct run *run)
{
    size_t n = run->given == 0 ? run->manner->piece : run->manner->rest;
    size_t room = HELD_MAX - (run->given - run->taken);

    n = n < run->client_len - run->given ? n : run->client_len - run->given;
    n = n < room ? n : room;
    if (run->eof || (n == 0 && room == 0)) {
        return false;
    }
    run->given += n;
    run->eof = run->given == run->client_len && (n == 0 || run->manner->eof_early);
    return true;
}

/* The next step, for a copy of the bytes of their exact size. */
static struct smtp_step next(struct run *run)
{
    size_t len = run->given - run->taken;
    char *copy = malloc(len > 0 ? len : 1);
    struct smtp_step step;

    memcpy(copy, run->client + run->taken, len);
    step = smtp_next(&run->smtp, copy, len, run->eof || len == HELD_MAX);
    free(copy);
    need(run, step.n <= len, "more than there is");
    return step;
}

static void carry_out(struct run *run, const struct smtp_step *step)
{
    const struct smtp *smtp = &run->smtp;
    const char *bytes = run->client + run->taken;
    char text[64 + SMTP_SENDER_MAX];

    switch (step->act) {
    case SMTP_PASS:
        if (step->message) {
            keep(run, bytes, step->n);
        }
        hand_on(run, bytes, step->n);
        run->taken += step->n;
        break;
    case SMTP_BEGIN:
        mark(run, "{B}");
        run->text_len = 0;
        run->smtp.header_len = (run->row->flags & NO_HEADER) != 0 ? 0 : strlen(HEADER);
        break;
    case SMTP_INSERT:
        hand_on(run, HEADER, strlen(HEADER));
        for (int i = 0; i < 1 + smtp->place.blank_after; i++) {
            hand_on(run, smtp->place.eol, strlen(smtp->place.eol));
        }
        break;
    case SMTP_CHUNK:
        hand_on(run, smtp->line, smtp->line_len);
        run->taken += step->n;
        break;
    case SMTP_END:
        keep(run, bytes, step->n);
        snprintf(text, sizeof text, "{E %s %zu}", smtp->has_sender ? smtp->sender : "-",
                 smtp->recipients);
        mark(run, text);
        break;
    case SMTP_MORE:
    case SMTP_WAIT:
        break;
    }
}

/* Runs the dialogue until nobody has anything more to say. */
static void run_dialogue(struct run *run)
{
    unsigned idle = 0;

    smtp_init(&run->smtp,
              strcmp(run->row->dialect, "cautious") == 0 ? dialect_cautious()
                                                         : dialect_find(run->row->dialect),
              (run->row->flags & BATCH) != 0);
    if (!run->manner->late) {
        while (speak(run)) {
        }
    }
    for (;;) {
        struct smtp_step step = next(run);

        if (step.act == SMTP_MORE || step.act == SMTP_WAIT) {
            if (run->manner->late ? !give(run) && !speak(run) : !speak(run) && !give(run)) {
                return;
            }
            continue;
        }
        carry_out(run, &step);
        idle = step.n == 0 ? idle + 1 : 0;
        need(run, idle < 8, "no progress");
        while (!run->manner->late && speak(run)) {
            if (run->manner->bytewise && (run->row->flags & AT_ONCE) == 0) {
                break; /* the client goes on in the middle of a reply */
            }
        }
    }
}

static struct run *run_new(const struct row *row, const struct manner *manner, const char *client,
                           size_t client_len)
{
    struct run *run = calloc(1, sizeof *run);

    run->row = row;
    run->manner = manner;
    run->client = client;
    run->client_len = client_len;
    run->got_max = 2 * client_len + 512;
    run->got = malloc(run->got_max);
    return run;
}

static void run_free(struct run *run)
{
    free(run->got);
    free(run);
}

static const char *describe(const struct row *row, const struct manner *m)
{
    static char text[256];

    snprintf(text, sizeof text, "%s, %s; pieces of %zu, then %zu%s%s%s", row->dialect, row->label,
             m->piece, m->rest, m->late ? "; late replies" : "; replies at once",
             m->bytewise ? ", bytewise" : "", m->eof_early ? "; early end" : "");
    return text;
}

static void check_run(const struct row *row, const struct manner *manner)
{
    size_t len = strlen(row->client), left = row->left != NULL ? strlen(row->left) : 0;
    struct run *run = run_new(row, manner, row->client, len);
    const char *what = describe(row, manner);
    char *want;

    run_dialogue(run);
    want = calloc(1, run->got_max);
    for (unsigned i = 0; i < 16 && row->server[i].on != NULL; i++) {
        strcat(want, row->server[i].on);
    }
    run->got[run->got_len] = '\0';
    ck_assert_msg(strcmp(run->got, want) == 0, "%s: got\n%.1200s\n--- instead of\n%.1200s", what,
                  run->got, want);
    ck_assert_msg(run->client_len - run->taken == left, "%s: %zu bytes left", what,
                  run->client_len - run->taken);
    ck_assert_msg((run->smtp.opaque != NULL) == (row->opaque != NULL) &&
                      (row->opaque == NULL ||
                       strncmp(row->opaque, run->smtp.opaque, strlen(row->opaque)) == 0),
                  "%s: opaque: %s", what, run->smtp.opaque != NULL ? run->smtp.opaque : "no");
    ck_assert_msg(run->turn >= 16 || row->server[run->turn].on == NULL, "%s: turn %u", what,
                  run->turn);
    free(want);
    run_free(run);
}

/* --- the dialogues ------------------------------------------------------------------------- */

#define OK "250 ok\r\n"
#define NO "550 no\r\n"
#define GO "354 go\r\n"
#define HELLO               \
    {                       \
        "", "220 hello\r\n" \
    }
#define MAIL "MAIL FROM:<a@b>\r\n"
#define RCPT "RCPT TO:<c@d>\r\n"
#define DATA "DATA\r\n"
#define TEXT "Subject: s\r\n\r\nhi\r\n"
#define DOT ".\r\n"
#define QUIT "QUIT\r\n"
#define BEGIN "{B}" HEADER "\r\n"
#define END "{E a@b 1}"
#define ENVELOPE \
    {MAIL, OK},  \
    {            \
        RCPT, OK \
    }
#define MESSAGE                \
    ENVELOPE, {DATA, GO},      \
    {                          \
        BEGIN TEXT END DOT, OK \
    }
#define BYE                 \
    {                       \
        QUIT, "221 bye\r\n" \
    }
#define OUT_OF_STEP "out of step"

static const struct row rows[] = {
    /* DATA */
    {"one message", "postfix", MAIL RCPT DATA TEXT DOT QUIT, .server = {HELLO, MESSAGE, BYE}},
    {"two messages", "postfix", "EHLO x\r\n" MAIL RCPT DATA TEXT DOT MAIL RCPT DATA TEXT DOT QUIT,
     .server =
         {HELLO, {"EHLO x\r\n", "250-x\r\n250-SIZE\r\n250 PIPELINING\r\n"}, MESSAGE, MESSAGE, BYE}},
    {"RSET between", "postfix", MAIL RCPT "RSET\r\nMAIL FROM:<e@f>\r\n" RCPT RCPT DATA TEXT DOT,
     .server = {HELLO,
                ENVELOPE,
                {"RSET\r\n", OK},
                {"MAIL FROM:<e@f>\r\n", OK},
                {RCPT, OK},
                {RCPT, OK},
                {DATA, GO},
                {BEGIN TEXT "{E e@f 2}" DOT, OK}}},
    {"RSET refused", "postfix", MAIL RCPT "RSET\r\n" DATA TEXT DOT,
     .server = {HELLO, ENVELOPE, {"RSET\r\n", NO}, {DATA, GO}, {BEGIN TEXT END DOT, OK}}},
    {"DATA refused: what follows are commands", "postfix", MAIL RCPT DATA MAIL RCPT DATA TEXT DOT,
     .server = {HELLO, ENVELOPE, {DATA, "451 later\r\n"}, MESSAGE}},
    {"DATA refused: the text's lines are commands", "postfix", MAIL DATA TEXT DOT QUIT,
     .server = {HELLO,
                {MAIL, NO},
                {DATA, "503 no\r\n"},
                {"Subject: s\r\n", NO},
                {"\r\n", NO},
                {"hi\r\n", NO},
                {DOT, NO},
                BYE}},
    {"DATA taken as any other", "postfix", DATA QUIT, .server = {HELLO, {DATA, OK}, BYE}},
    {"recipients refused", "postfix", MAIL RCPT "RCPT TO:<no>\r\n" RCPT DATA TEXT DOT,
     .server = {HELLO,
                ENVELOPE,
                {"RCPT TO:<no>\r\n", "550-no\r\n550 at all\r\n"},
                {RCPT, "251 will forward\r\n"},
                {DATA, GO},
                {BEGIN TEXT "{E a@b 2}" DOT, OK}}},
    {"two MAILs, the second refused", "postfix", MAIL "MAIL FROM:<e@f>\r\n" RCPT DATA TEXT DOT,
     .server = {HELLO,
                {MAIL, OK},
                {"MAIL FROM:<e@f>\r\n", "503 nested\r\n"},
                {RCPT, OK},
                {DATA, GO},
                {BEGIN TEXT END DOT, OK}}},
    {"two MAILs, the first refused", "postfix", MAIL "MAIL FROM:<e@f>\r\n" RCPT DATA TEXT DOT,
     .server = {HELLO,
                {MAIL, NO},
                {"MAIL FROM:<e@f>\r\n", OK},
                {RCPT, OK},
                {DATA, GO},
                {BEGIN TEXT "{E e@f 1}" DOT, OK}}},
    {"a message refused, another accepted", "postfix",
     MAIL RCPT DATA TEXT DOT MAIL RCPT DATA TEXT DOT,
     .server = {HELLO, ENVELOPE, {DATA, GO}, {BEGIN TEXT END DOT, "554 spam\r\n"}, MESSAGE}},
    {"replies of many lines, and odd ones", "postfix", "NOOP\r\n" MAIL RCPT DATA TEXT DOT,
     .server = {{"", "220-a\r\n220-b 250\r\n220 c\r\n"},
                {"NOOP\r\n", "250-\r\n250-250 354\r\n250\r\n"},
                {MAIL, "250\r\n"},
                {RCPT, "250 \n"},
                {DATA, "354-go\r\n354 on\r\n"},
                {BEGIN TEXT END DOT, "250-queued\r\n250 as 1\r\n"}}},
    {"a talkative Sendmail", "sendmail", MAIL RCPT DATA TEXT DOT,
     .server = {{"", "050 >>> hello\r\n220 hello\r\n"},
                {MAIL, "050 250 354\r\n050-x\r\n250 ok\r\n050 late\r\n"},
                {RCPT, "\r\n250 ok\r\nx\r\n"},
                {DATA, "050 354 go\r\n354 go\r\n"},
                {BEGIN TEXT END DOT, "050 >>> DATA\r\n250 ok\r\n"}}},
    {"verbs in any case, blanks, parameters", "postfix",
     " \tmail from: a@b SIZE=5\r\nrcpt TO:<c@d> NOTIFY=NEVER\r\n dAtA \t\r\n" TEXT DOT,
     .server = {HELLO,
                {" \tmail from: a@b SIZE=5\r\n", OK},
                {"rcpt TO:<c@d> NOTIFY=NEVER\r\n", OK},
                {" dAtA \t\r\n", GO},
                {BEGIN TEXT END DOT, OK}}},
    {"verbs that only begin as one", "postfix", "DATAX\r\nMAILFROM:<a@b>\r\n" QUIT,
     .server = {HELLO, {"DATAX\r\n", NO}, {"MAILFROM:<a@b>\r\n", NO}, BYE}},
    {"the null sender", "postfix", "MAIL FROM:<>\r\n" RCPT DATA TEXT DOT,
     .server =
         {HELLO, {"MAIL FROM:<>\r\n", OK}, {RCPT, OK}, {DATA, GO}, {BEGIN TEXT "{E  1}" DOT, OK}}},
    {"a quoted sender", "postfix", "MAIL FROM:<\"a >\"@b> X=\"\r\n" RCPT DATA TEXT DOT,
     .server = {HELLO,
                {"MAIL FROM:<\"a >\"@b> X=\"\r\n", OK},
                {RCPT, OK},
                {DATA, GO},
                {BEGIN TEXT "{E \"a >\"@b 1}" DOT, OK}}},
    {"no header", "postfix", MAIL RCPT DATA TEXT DOT MAIL RCPT "BDAT 2 LAST\r\nhi",
     .server = {HELLO,
                ENVELOPE,
                {DATA, GO},
                {"{B}" TEXT END DOT, OK},
                ENVELOPE,
                {"{B}BDAT 2 LAST\r\nh" END "i", OK}},
     .flags = NO_HEADER},

    /* A text's start and its end */
    {"dots are left alone", "postfix", MAIL RCPT DATA "..\r\n...\r\n.x\r\nx.\r\n..\r\n" DOT,
     .server =
         {HELLO, ENVELOPE, {DATA, GO}, {BEGIN "..\r\n...\r\n.x\r\nx.\r\n..\r\n" END DOT, OK}}},
    {"an empty message", "postfix", MAIL RCPT DATA DOT QUIT,
     .server = {HELLO, ENVELOPE, {DATA, GO}, {BEGIN END DOT, OK}, BYE}},
    {"an empty message, bare LF", "postfix", MAIL RCPT DATA ".\n" QUIT,
     .server = {HELLO, ENVELOPE, {DATA, GO}, {"{B}" HEADER "\n" END ".\n", OK}, BYE}},
    {"an empty message, bare LF, Exim", "exim", MAIL RCPT DATA ".\n" QUIT,
     .server = {HELLO, ENVELOPE, {DATA, GO}, {"{B}" HEADER "\n" END ".\n", OK}, BYE}},
    {"an empty line alone", "postfix", MAIL RCPT DATA "\r\n" DOT,
     .server = {HELLO, ENVELOPE, {DATA, GO}, {BEGIN "\r\n" END DOT, OK}}},
    {"bare LF everywhere", "postfix",
     "MAIL FROM:<a@b>\nRCPT TO:<c@d>\nDATA\nSubject: s\n\nhi\n.\nQUIT\n",
     .server = {HELLO,
                {"MAIL FROM:<a@b>\n", OK},
                {"RCPT TO:<c@d>\n", OK},
                {"DATA\n", GO},
                {"{B}" HEADER "\nSubject: s\n\nhi\n" END ".\n", OK},
                {"QUIT\n", OK}}},
    {"bare LF, Exim", "exim", MAIL RCPT DATA "Subject: s\n\nhi\n.\n" QUIT,
     .server =
         {HELLO, ENVELOPE, {DATA, GO}, {"{B}" HEADER "\nSubject: s\n\nhi\n" END ".\n", OK}, BYE}},
    {"CRLF first: a dot between bare LFs is text, Exim", "exim",
     MAIL RCPT DATA "Subject: s\r\n\r\n\n.\n.\r\n\r\n.\n" DOT DOT,
     .server = {HELLO,
                ENVELOPE,
                {DATA, GO},
                {BEGIN "Subject: s\r\n\r\n\n.\n.\r\n\r\n.\n.\r\n" END DOT, OK}}},
    {"bare LF ends nothing, qmail", "qmail", MAIL RCPT DATA "a\n.\nb\n.\r\nc\r\n.\nd\r\n" DOT,
     .server =
         {HELLO, ENVELOPE, {DATA, GO}, {"{B}" HEADER "\na\n.\nb\n.\r\nc\r\n.\nd\r\n" END DOT, OK}}},
    {"many CRs, Postfix", "postfix", MAIL RCPT DATA "a\r\n.\r\rb\r\n.\r\r\r\n" QUIT,
     .server = {HELLO, ENVELOPE, {DATA, GO}, {BEGIN "a\r\n.\r\rb\r\n" END ".\r\r\r\n", OK}, BYE}},
    {"many CRs, Sendmail", "sendmail", MAIL RCPT DATA "a\r\n.\r\r\n" DOT,
     .server = {HELLO, ENVELOPE, {DATA, GO}, {BEGIN "a\r\n.\r\r\n" END DOT, OK}}},
    {"a dot after CR only", "postfix", MAIL RCPT DATA "a\r.\r\nb\r\n" DOT,
     .server = {HELLO, ENVELOPE, {DATA, GO}, {BEGIN "a\r.\r\nb\r\n" END DOT, OK}}},
    {"a From_ line, Postfix", "postfix", MAIL RCPT DATA "From x\r\n>From y\r\n" TEXT DOT,
     .server = {HELLO,
                ENVELOPE,
                {DATA, GO},
                {"{B}From x\r\n>From y\r\n" HEADER "\r\n" TEXT END DOT, OK}}},
    {"a From_ line, Sendmail", "sendmail", MAIL RCPT DATA "From x\r\n>From y\r\n" TEXT DOT,
     .server = {HELLO,
                ENVELOPE,
                {DATA, GO},
                {"{B}From x\r\n" HEADER "\r\n>From y\r\n" TEXT END DOT, OK}}},
    {"a From_ line, Exim", "exim", MAIL RCPT DATA "From a@b Mon Jan  1 12:34:56 2026\r\n" TEXT DOT,
     .server = {HELLO,
                ENVELOPE,
                {DATA, GO},
                {BEGIN "From a@b Mon Jan  1 12:34:56 2026\r\n" TEXT END DOT, OK}}},
    {"nothing but a From_ line", "postfix", MAIL RCPT DATA "From x\r\n" DOT,
     .server = {HELLO, ENVELOPE, {DATA, GO}, {"{B}From x\r\n" HEADER "\r\n" END DOT, OK}}},
    {"a blank first", "postfix", MAIL RCPT DATA " x\r\n" DOT,
     .server = {HELLO, ENVELOPE, {DATA, GO}, {BEGIN "\r\n x\r\n" END DOT, OK}}},
    {"a TAB first, bare LF", "exim", MAIL RCPT DATA "\tx\n.\n",
     .server = {HELLO, ENVELOPE, {DATA, GO}, {"{B}" HEADER "\n\n\tx\n" END ".\n", OK}}},

    /* BDAT */
    {"one chunk", "postfix", MAIL RCPT "BDAT 6 LAST\r\nA: b\r\n" QUIT,
     .server = {HELLO, ENVELOPE, {"{B}BDAT 12 LAST\r\n" HEADER "\r\nA: b\r" END "\n", OK}, BYE}},
    {"several chunks", "postfix",
     MAIL RCPT "BDAT 6\r\nA: b\r\nBDAT 4\r\n\r\nhiBDAT 5 LAST\r\nDATA\n" QUIT,
     .server = {HELLO,
                ENVELOPE,
                {"{B}BDAT 12\r\n" HEADER "\r\nA: b\r\n", OK},
                {"BDAT 4\r\n\r\nhi", OK},
                {"BDAT 5 LAST\r\nDATA" END "\n", OK},
                BYE}},
    {"one byte first", "postfix", MAIL RCPT "bdat 1\nABDAT 5 last\n: b\r\n" QUIT,
     .server = {HELLO,
                ENVELOPE,
                {"{B}bdat 7\n" HEADER "\r\nA", OK},
                {"BDAT 5 last\n: b\r" END "\n", OK},
                BYE},
     .flags = 0},
    {"an empty last chunk", "postfix", MAIL RCPT "BDAT 1\r\nABDAT 0 LAST\r\n" QUIT,
     .server =
         {HELLO, ENVELOPE, {"{B}BDAT 7\r\n" HEADER "\r\nA", OK}, {END "BDAT 0 LAST\r\n", OK}, BYE}},
    {"an empty message in a chunk", "postfix", MAIL RCPT "BDAT 0 LAST\r\n" QUIT,
     .server = {HELLO, ENVELOPE, {"{B}" END "BDAT 6 LAST\r\n" HEADER "\r\n", OK}, BYE}},
    {"an empty chunk that is not the last", "postfix",
     MAIL RCPT "BDAT 0\r\nBDAT 2\r\nhiBDAT 2 LAST\r\nho",
     .server = {HELLO,
                ENVELOPE,
                {"BDAT 0\r\n", NO},
                {"{B}BDAT 8\r\n" HEADER "\r\nhi", OK},
                {"BDAT 2 LAST\r\nh" END "o", OK}}},
    {"a chunk of one byte is the last", "postfix", MAIL RCPT "BDAT 1 LAST\r\nx" QUIT,
     .server = {HELLO, ENVELOPE, {"{B}BDAT 7 LAST\r\n" HEADER "\r\n" END "x", OK}, BYE}},
    {"two messages in chunks", "postfix",
     MAIL RCPT "BDAT 2 LAST\r\nhi" MAIL RCPT RCPT "BDAT 2 LAST\r\nho",
     .server = {HELLO,
                ENVELOPE,
                {"{B}BDAT 8 LAST\r\n" HEADER "\r\nh" END "i", OK},
                ENVELOPE,
                {RCPT, OK},
                {"{B}BDAT 8 LAST\r\n" HEADER "\r\nh{E a@b 2}o", OK}}},
    {"bare LF in a chunk", "exim", "EHLO x\r\n" MAIL RCPT "BDAT 5 LAST\r\nA: b\n",
     .server = {HELLO,
                {"EHLO x\r\n", "250-x\r\n250 CHUNKING\r\n"},
                ENVELOPE,
                {"{B}BDAT 10 LAST\r\n" HEADER "\nA: b" END "\n", OK}}},
    {"a From_ line in a chunk", "postfix", MAIL RCPT "BDAT 14 LAST\r\nFrom x\r\nA: b\r\n",
     .server = {HELLO,
                ENVELOPE,
                {"{B}BDAT 20 LAST\r\n" HEADER "\r\nFrom x\r\nA: b\r" END "\n", OK}}},
    {"a blank first in a chunk", "postfix", MAIL RCPT "BDAT 10 LAST\r\n x\r\nA: b\r\n",
     .server = {HELLO, ENVELOPE, {"{B}BDAT 16 LAST\r\n x\r\n" HEADER "\r\nA: b\r" END "\n", OK}}},
    {"nothing but such a line in a chunk", "postfix", MAIL RCPT "BDAT 4 LAST\r\n x\r\n" QUIT,
     .server = {HELLO, ENVELOPE, {"{B}BDAT 10 LAST\r\n x\r" END "\n" HEADER "\r\n", OK}, BYE}},
    {"a blank first in a chunk", "postfix", MAIL RCPT "BDAT 2 LAST\r\n x",
     .server = {HELLO, ENVELOPE, {"{B}BDAT 10 LAST\r\n" HEADER "\r\n\r\n " END "x", OK}}},
    {"RSET in the middle of chunks", "postfix",
     MAIL RCPT "BDAT 2\r\nhiRSET\r\n" MAIL RCPT "BDAT 2 LAST\r\nho",
     .server = {HELLO,
                ENVELOPE,
                {"{B}BDAT 8\r\n" HEADER "\r\nhi", OK},
                {"RSET\r\n", OK},
                ENVELOPE,
                {"{B}BDAT 8 LAST\r\n" HEADER "\r\nh" END "o", OK}}},
    {"RSET alone ends the chunks", "postfix", MAIL RCPT "BDAT 2\r\nhiRSET\r\nBDAT 2 LAST\r\nho",
     .server = {HELLO,
                ENVELOPE,
                {"{B}BDAT 8\r\n" HEADER "\r\nhi", OK},
                {"RSET\r\n", OK},
                {"{B}BDAT 8 LAST\r\n" HEADER "\r\nho", NO}}},
    {"so does another MAIL", "cautious",
     "EHLO x\r\n" MAIL RCPT "BDAT 2\r\nhi" MAIL RCPT "BDAT 2 LAST\r\nho",
     .server = {HELLO,
                {"EHLO x\r\n", "250 CHUNKING\r\n"},
                ENVELOPE,
                {"{B}BDAT 8\r\n" HEADER "\r\nhi", OK},
                ENVELOPE,
                {"{B}BDAT 8 LAST\r\n" HEADER "\r\nh" END "o", OK}}},
    {"a transaction is over with its message", "cautious", MAIL RCPT DATA TEXT DOT DATA DOT,
     .server = {HELLO, MESSAGE, {DATA, GO}, {BEGIN "{E - 0}" DOT, OK}}},
    {"a transaction is gone with RSET", "cautious", MAIL RCPT "RSET\r\n" DATA DOT,
     .server = {HELLO, ENVELOPE, {"RSET\r\n", OK}, {DATA, GO}, {BEGIN "{E - 0}" DOT, OK}}},
    {"MAIL refused in the middle of chunks", "postfix",
     MAIL RCPT "BDAT 2\r\nhiMAIL FROM:<e@f>\r\nBDAT 2 LAST\r\nho",
     .server = {HELLO,
                ENVELOPE,
                {"{B}BDAT 8\r\n" HEADER "\r\nhi", OK},
                {"MAIL FROM:<e@f>\r\n", "503 nested\r\n"},
                {"BDAT 2 LAST\r\nh" END "o", OK}}},
    {"a chunk refused, then accepted from the start", /* Exim: before a recipient */
     "exim", "EHLO x\r\n" MAIL "BDAT 1\r\nA" RCPT "BDAT 2 LAST\r\nhi",
     .server = {HELLO,
                {"EHLO x\r\n", "250-x\r\n250-CHUNKING\r\n250 HELP\r\n"},
                {MAIL, OK},
                {"{B}BDAT 7\r\n" HEADER "\r\nA", "503 valid RCPT command must precede BDAT\r\n"},
                {RCPT, OK},
                {"{B}BDAT 8 LAST\r\n" HEADER "\r\nh" END "i", OK}}},
    {"chunks after a refused MAIL", "postfix",
     MAIL RCPT "BDAT 2 LAST\r\nhi" MAIL RCPT DATA TEXT DOT,
     .server = {HELLO,
                {MAIL, NO},
                {RCPT, "503 no\r\n"},
                {"{B}BDAT 8 LAST\r\n" HEADER "\r\nhi", "503 no\r\n"},
                MESSAGE}},
    {"chunks accepted after a refused MAIL", "postfix", MAIL RCPT "BDAT 2 LAST\r\nhi" QUIT,
     .server =
         {HELLO, {MAIL, NO}, {RCPT, "503 no\r\n"}, {"{B}BDAT 8 LAST\r\n" HEADER "\r\nhi", OK}, BYE},
     OUT_OF_STEP},
    {"BDAT in the dark, to one that knows none", "sendmail", "EHLO x\r\nBDAT 2 LAST\r\nhi" QUIT,
     .server = {HELLO, {"EHLO x\r\nBDAT 2 LAST\r\nhi" QUIT, "554 too early\r\n"}},
     .flags = AT_ONCE},
    {"BDAT in odd words, refused", "postfix",
     MAIL RCPT "BDAT +5\r\nBDAT 5x\r\nBDAT\r\nBDAT 99999999999\r\nBDAT 5 LAST x\r\n" QUIT,
     .server = {HELLO,
                ENVELOPE,
                {"BDAT +5\r\n", NO},
                {"BDAT 5x\r\n", NO},
                {"BDAT\r\n", NO},
                {"BDAT 99999999999\r\n", NO},
                {"BDAT 5 LAST x\r\n", NO},
                BYE}},
    {"BDAT in odd words, accepted", "exim", MAIL RCPT "BDAT +5 LAST\r\nDATA\n" QUIT,
     .server = {HELLO, ENVELOPE, {"BDAT +5 LAST\r\nDATA\n", OK}, BYE}, OUT_OF_STEP, .flags = 0},

    {"BDAT not offered: its bytes are commands", "exim", MAIL RCPT "BDAT 6 LAST\r\n" DATA TEXT DOT,
     .server = {HELLO,
                ENVELOPE,
                {"BDAT 6 LAST\r\n", "503 not advertised\r\n"},
                {DATA, GO},
                {BEGIN TEXT END DOT, OK}}},
    {"BDAT offered by another reply than EHLO's", "exim",
     "NOOP\r\n" MAIL RCPT "BDAT 6 LAST\r\n" DATA TEXT DOT,
     .server = {HELLO,
                {"NOOP\r\n", "250-CHUNKING\r\n250 CHUNKING\r\n"},
                ENVELOPE,
                {"BDAT 6 LAST\r\n", NO},
                {DATA, GO},
                {BEGIN TEXT END DOT, OK}}},
    {"BDAT not offered by EHLO", "exim", "EHLO x\r\n" MAIL RCPT "BDAT 6 LAST\r\n" DATA TEXT DOT,
     .server = {HELLO,
                {"EHLO x\r\n", "250-x\r\n250 CHUNKINGS\r\n"},
                ENVELOPE,
                {"BDAT 6 LAST\r\n", NO},
                {DATA, GO},
                {BEGIN TEXT END DOT, OK}}},
    {"a size that the server waits for", "exim",
     "EHLO x\r\n" MAIL RCPT "BDAT -5 LAST\r\nhi\r\nDATA\r\nmore",
     .server = {HELLO,
                {"EHLO x\r\n", "250 CHUNKING\r\n"},
                ENVELOPE,
                {"BDAT -5 LAST\r\nhi\r\nDATA\r\nmore", ""}},
     OUT_OF_STEP},
    {"a blank before BDAT: its bytes are commands", "postfix",
     MAIL RCPT " BDAT 6 LAST\r\n" DATA TEXT DOT,
     .server = {HELLO, ENVELOPE, {" BDAT 6 LAST\r\n", NO}, {DATA, GO}, {BEGIN TEXT END DOT, OK}}},
    {"BDAT not offered, but taken", "exim", MAIL RCPT "BDAT 2 LAST\r\nhi" QUIT,
     .server = {HELLO, ENVELOPE, {"BDAT 2 LAST\r\nhi", OK}, BYE}, OUT_OF_STEP},
    {"BDAT before a recipient: the sender stays", "exim",
     "EHLO x\r\n" MAIL "BDAT 2 LAST\r\nhi" RCPT DATA TEXT DOT,
     .server = {HELLO,
                {"EHLO x\r\n", "250 chunking 1\r\n"},
                {MAIL, OK},
                {"{B}BDAT 8 LAST\r\n" HEADER "\r\nhi", "503 valid RCPT\r\n"},
                {RCPT, OK},
                {DATA, GO},
                {BEGIN TEXT END DOT, OK}}},
    {"out of step before the header is in its chunk", "postfix",
     MAIL RCPT "BDAT 10 LAST\r\n x\r\nA: b\r\n" QUIT,
     .server =
         {HELLO, ENVELOPE, {"{B}BDAT 16 LAST\r\n", OK}, {" x\r\n" HEADER "\r\nA: b\r\n", ""}, BYE},
     OUT_OF_STEP, .flags = AT_ONCE},

    /* AUTH, STARTTLS, XCLIENT */
    {"AUTH with an initial response", "postfix", "AUTH PLAIN AGEAYg==\r\n" MAIL RCPT DATA TEXT DOT,
     .server = {HELLO, {"AUTH PLAIN AGEAYg==\r\n", "235 ok\r\n"}, MESSAGE}},
    {"AUTH with a dialogue; an answer is no command", "postfix",
     "AUTH LOGIN\r\nDATA\r\nBDAT 5\r\n" MAIL RCPT DATA TEXT DOT,
     .server = {HELLO,
                {"AUTH LOGIN\r\n", "334 VXNlcm5hbWU6\r\n"},
                {"DATA\r\n", "334 UGFzc3dvcmQ6\r\n"},
                {"BDAT 5\r\n", "235 ok\r\n"},
                MESSAGE}},
    {"AUTH given up", "sendmail", "AUTH DIGEST-MD5\r\n*\r\n" MAIL RCPT DATA TEXT DOT,
     .server = {HELLO,
                {"AUTH DIGEST-MD5\r\n", "334 bm9uY2U=\r\n"},
                {"*\r\n", "501 given up\r\n"},
                MESSAGE}},
    {"AUTH refused", "postfix", "AUTH LOGIN\r\n" MAIL RCPT DATA TEXT DOT,
     .server = {HELLO, {"AUTH LOGIN\r\n", "503 not enabled\r\n"}, MESSAGE}},
    {"AUTH that may have added a layer", "sendmail",
     "AUTH DIGEST-MD5\r\nx\r\n" MAIL RCPT DATA TEXT DOT,
     .server = {HELLO,
                {"AUTH DIGEST-MD5\r\n", "334 bm9uY2U=\r\n"},
                {"x\r\n", "235 ok\r\n"},
                {MAIL RCPT DATA TEXT DOT, OK}},
     "AUTH"},
    {"STARTTLS", "exim", "STARTTLS\r\n" MAIL DATA "\x16\x03\x01",
     .server = {HELLO, {"STARTTLS\r\n", "220 go\r\n"}, {MAIL DATA "\x16\x03\x01", ""}}, "STARTTLS"},
    {"STARTTLS refused", "exim", "starttls\r\n" MAIL RCPT DATA TEXT DOT,
     .server = {HELLO, {"starttls\r\n", "454 no\r\n"}, MESSAGE}},
    {"XCLIENT", "postfix", MAIL RCPT "XCLIENT NAME=x\r\nMAIL FROM:<e@f>\r\n" RCPT DATA TEXT DOT,
     .server = {HELLO,
                ENVELOPE,
                {"XCLIENT NAME=x\r\n", "220 hello\r\n"},
                {"MAIL FROM:<e@f>\r\n", OK},
                {RCPT, OK},
                {DATA, GO},
                {BEGIN TEXT "{E e@f 1}" DOT, OK}}},

    /* Servers that say what we did not expect */
    {"a verb that only the server knows for DATA", "courier", MAIL RCPT "EXDATA\r\n" TEXT DOT QUIT,
     .server = {HELLO, ENVELOPE, {"EXDATA\r\n", GO}, {BEGIN TEXT END DOT, OK}, BYE},
     .flags = AT_ONCE},
    {"the same with the text behind it", "courier", MAIL RCPT "EXDATA\r\n" TEXT DOT QUIT,
     .server = {HELLO, ENVELOPE, {"EXDATA\r\n", GO}, {TEXT DOT, OK}, BYE}, OUT_OF_STEP,
     .flags = LATE},
    {"a verb that only the server knows for AUTH", "courier", "XAUTH\r\nDATA\r\n" QUIT,
     .server = {HELLO, {"XAUTH\r\n", "334 x\r\n"}, {DATA, "235 ok\r\n"}, BYE}, .flags = AT_ONCE},
    {"334 to DATA", "postfix", DATA MAIL, .server = {HELLO, {DATA, "334 x\r\n"}, {MAIL, OK}},
     OUT_OF_STEP},
    {"354 to AUTH", "postfix", "AUTH LOGIN\r\n" TEXT,
     .server = {HELLO, {"AUTH LOGIN\r\n", GO}, {TEXT, ""}}, OUT_OF_STEP},
    {"accepted in the middle of the text", "postfix", MAIL RCPT DATA TEXT DOT QUIT,
     .server =
         {HELLO, ENVELOPE, {DATA, GO}, {BEGIN "Subject: s\r\n", OK}, {"\r\nhi\r\n" DOT, OK}, BYE},
     OUT_OF_STEP, .flags = AT_ONCE},
    {"a reply too many", "postfix", "NOOP\r\n" QUIT, .server = {HELLO, {"NOOP\r\n", OK OK}, BYE},
     OUT_OF_STEP},
    {"a reply for each recipient, Exim's PRDR", "exim", MAIL RCPT DATA TEXT DOT QUIT,
     .server = {HELLO, ENVELOPE, {DATA, GO}, {BEGIN TEXT END DOT, "353 x\r\n"}, BYE}, OUT_OF_STEP},
    {"421 for a greeting", "postfix", MAIL QUIT, .server = {{"", "421 no\r\n"}, {MAIL, NO}, BYE}},
    {"421 in the middle of the text", "postfix", MAIL RCPT DATA TEXT DOT,
     .server = {HELLO,
                ENVELOPE,
                {DATA, GO},
                {BEGIN "S", "421 time\r\n"},
                {"ubject: s\r\n\r\nhi\r\n" END DOT, ""}}},
    {"421 to DATA", "postfix", DATA QUIT, .server = {HELLO, {DATA, "421 no\r\n"}, {QUIT, ""}}},
    {"421 in a chunk", "postfix", MAIL RCPT "BDAT 2 LAST\r\nhi" QUIT,
     .server = {HELLO,
                ENVELOPE,
                {"{B}BDAT 8 LAST\r\n" HEADER "\r\nh" END "i", "421 no\r\n"},
                {QUIT, ""}}},
    {"nothing more is said", "postfix", "NOOP\r\n" DATA TEXT,
     .server = {HELLO, {"NOOP\r\n" DATA, OK}}, .left = TEXT},

    /* The client's end */
    {"nothing at all", "postfix", "", .server = {HELLO}},
    {"QUIT without a line end", "postfix", "QUIT", .server = {HELLO, {"QUIT", "221 bye\r\n"}}},
    {"MAIL without a line end", "postfix", MAIL "MAIL FROM",
     .server = {HELLO, {MAIL, OK}, {"MAIL FROM", NO}}},
    {"DATA without a line end", "postfix", "DATA", .server = {HELLO, {"DATA", ""}}},
    {"BDAT without a line end", "postfix", "BDAT 5", .server = {HELLO, {"BDAT 5", ""}}},
    {"after a 354", "postfix", MAIL RCPT DATA,
     .server = {HELLO, ENVELOPE, {DATA, GO}, {BEGIN, ""}}},
    {"after a 354, nullmailer", "nullmailer", MAIL RCPT DATA,
     .server = {HELLO, ENVELOPE, {DATA, GO}, {BEGIN END, ""}}},
    {"in the first line", "postfix", MAIL RCPT DATA "Subj",
     .server = {HELLO, ENVELOPE, {DATA, GO}, {BEGIN "Subj", ""}}},
    {"in the text", "postfix", MAIL RCPT DATA TEXT "x",
     .server = {HELLO, ENVELOPE, {DATA, GO}, {BEGIN TEXT "x", ""}}},
    {"in the text, nullmailer", "nullmailer", MAIL RCPT DATA TEXT "x",
     .server = {HELLO, ENVELOPE, {DATA, GO}, {BEGIN TEXT "x" END, ""}}},
    {"after a dot", "postfix", MAIL RCPT DATA TEXT ".",
     .server = {HELLO, ENVELOPE, {DATA, GO}, {BEGIN TEXT ".", ""}}},
    {"after a dot and CR, nullmailer", "nullmailer", MAIL RCPT DATA TEXT ".\r",
     .server = {HELLO, ENVELOPE, {DATA, GO}, {BEGIN TEXT ".\r" END, ""}}},
    {"in a chunk", "postfix", MAIL RCPT "BDAT 9 LAST\r\nA: b\r\n",
     .server = {HELLO, ENVELOPE, {"{B}BDAT 15 LAST\r\n" HEADER "\r\nA: b\r\n", ""}}},
    {"before a chunk", "postfix", MAIL RCPT "BDAT 9 LAST\r\n",
     .server = {HELLO, ENVELOPE, {"{B}BDAT 15 LAST\r\n" HEADER "\r\n", ""}}},
    {"in an answer to AUTH", "postfix", "AUTH LOGIN\r\nAG",
     .server = {HELLO, {"AUTH LOGIN\r\n", "334 x\r\n"}, {"AG", ""}}},

    /* -bS */
    {"a batch", "exim", MAIL RCPT RCPT DATA TEXT DOT "RSET\r\n" MAIL RCPT DATA DOT QUIT,
     .server = {{MAIL RCPT RCPT DATA BEGIN TEXT "{E a@b 2}" DOT
                                                "RSET\r\n" MAIL RCPT DATA BEGIN END DOT QUIT,
                 ""}},
     .flags = BATCH},
    {"a batch of bare LFs that ends in the text", "sendmail",
     "MAIL FROM:<a@b>\nRCPT TO:<c@d>\nDATA\nFrom x\nA: b\n",
     .server = {{"MAIL FROM:<a@b>\nRCPT TO:<c@d>\nDATA\n{B}From x\n" HEADER "\nA: b\n", ""}},
     .flags = BATCH},
    {"a batch: no command waits", "exim",
     "STARTTLS\r\nAUTH LOGIN\r\n" MAIL "MAIL FROM:<e@f>\r\n" RCPT DATA TEXT DOT,
     .server = {{"STARTTLS\r\nAUTH LOGIN\r\n" MAIL "MAIL FROM:<e@f>\r\n" RCPT DATA BEGIN TEXT
                 "{E e@f 1}" DOT,
                 ""}},
     .flags = BATCH},
    {"a batch that ends in a command", "sendmail", MAIL "DATA", .server = {{MAIL "DATA", ""}},
     .flags = BATCH},
    {"a batch has no chunks", "postfix", MAIL RCPT "BDAT 6\r\n" DATA TEXT DOT,
     .server = {{MAIL RCPT "BDAT 6\r\n" DATA BEGIN TEXT END DOT, ""}}, .flags = BATCH},
    {"a batch: a transaction is over with its message", "exim", MAIL RCPT DATA DOT DATA DOT,
     .server = {{MAIL RCPT DATA BEGIN END DOT DATA BEGIN "{E - 0}" DOT, ""}}, .flags = BATCH},
};

/* Each split in each manner; under the address sanitizer, which is ten times as slow, each split in
 * every third manner. */
#ifdef __SANITIZE_ADDRESS__
#define SPLIT_STEP 3
#else
#define SPLIT_STEP 1
#endif

START_TEST(dialogues)
{
    const struct row *row = &rows[_i];
    size_t len = strlen(row->client);

    for (unsigned bits = 0; bits < 8; bits++) {
        struct manner manner = {
            .late = bits & 1, .bytewise = bits & 2, .eof_early = bits & 4, .rest = len + 1};

        if ((row->flags & (manner.late ? AT_ONCE : LATE)) != 0) {
            continue;
        }
        for (size_t split = 1 + bits % SPLIT_STEP; split <= len + 1; split += SPLIT_STEP) {
            manner.piece = split;
            check_run(row, &manner);
        }
        for (size_t size = 1; size <= 3; size++) {
            manner.piece = manner.rest = size;
            check_run(row, &manner);
        }
    }
}
END_TEST

/* --- long ones ----------------------------------------------------------------------------- */

static const struct manner manners[] = {
    {SIZE_MAX, SIZE_MAX, false, false, false},
    {SIZE_MAX, SIZE_MAX, true, false, true},
    {1, 1, false, false, false},
    {1, 1, true, true, false},
    {4095, 1, true, false, false},
    {4096, 1, false, false, true},
    {4097, 1, true, false, false},
    {4098, 4096, false, true, false},
};
#define MANNERS (int)(sizeof manners / sizeof manners[0])

/* A command line of n bytes without its line feed. */
static void check_long(const char *verb, size_t n, const char *say, const char *then,
                       const char *then_want, const struct manner *manner)
{
    char *client = calloc(1, n + 512), *on = calloc(1, n + 512);
    struct row row = {.label = "a long line",
                      .dialect = "postfix",
                      .client = client,
                      .server = {HELLO, ENVELOPE, {on, say}}};

    memset(on, 'x', n);
    memcpy(on, verb, strlen(verb));
    strcpy(on + n, "\n");
    snprintf(client, n + 512, "%s%s%s", MAIL RCPT, on, then);
    row.server[4] = (struct turn){then_want, OK};
    check_run(&row, manner);
    free(client);
    free(on);
}

START_TEST(long_lines)
{
    static const size_t lengths[] = {4094, 4095, 4096, 4097, 10000};

    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        const struct manner *m = &manners[_i];

        check_long("DATA ", lengths[i], GO, TEXT DOT, BEGIN TEXT END DOT, m);
        check_long("DATA ", lengths[i], NO, QUIT, QUIT, m);
        check_long("NOOP ", lengths[i], OK, QUIT, QUIT, m);
        check_long("BDAT 5 ", lengths[i], NO, QUIT, QUIT, m);
        check_long("DATAx", lengths[i], NO, QUIT, QUIT, m);
    }
}
END_TEST

/* With blanks up to the line's end; the header's length goes in where the size stands. */
START_TEST(long_chunk_line)
{
    char client[256], line[64], on[128];

    for (size_t n = 40; n < 56; n++) {
        bool chunk = n <= 48;
        struct row row = {.label = "a long BDAT line",
                          .dialect = "postfix",
                          .client = client,
                          .server = {HELLO, ENVELOPE}};

        memset(line, ' ', n);
        memcpy(line, "BDAT 2", 6);
        strcpy(line + n, "\n");
        sprintf(client, "%s%shiQUIT\n", MAIL RCPT, line);
        sprintf(on, "{B}BDAT 8%s" HEADER "\r\nhi", line + 6);
        row.server[3] = chunk ? (struct turn){on, OK} : (struct turn){line, NO};
        row.server[4] = chunk ? (struct turn){"QUIT\n", OK} : (struct turn){"hiQUIT\n", NO};
        check_run(&row, &manners[_i]);
    }
}
END_TEST

/* More commands than can be on their way: the client waits, and nothing is lost. */
START_TEST(full_queue)
{
    enum { COMMANDS = 5000 };
    static const char line[] = "NOOP\r\n";
    static const struct manner late = {SIZE_MAX, SIZE_MAX, true, false, true};
    static const struct row row = {.label = "a full queue", .dialect = "postfix"};
    size_t len = COMMANDS * strlen(line), answered = 0, most = 0;
    char *client = malloc(len);
    struct run *run;

    for (size_t i = 0; i < COMMANDS; i++) {
        memcpy(client + i * strlen(line), line, strlen(line));
    }
    run = run_new(&row, &late, client, len);
    smtp_init(&run->smtp, dialect_find("postfix"), false);
    smtp_reply(&run->smtp, "220 hello\r\n", 11);
    give(run);
    while (answered < COMMANDS) {
        struct smtp_step step = next(run);
        size_t way = run->taken / strlen(line) - answered;

        most = way > most ? way : most;
        carry_out(run, &step);
        if (step.act != SMTP_PASS) {
            ck_assert_int_eq(step.act, run->taken == len ? SMTP_MORE : SMTP_WAIT);
            ck_assert_uint_gt(way, 0);
            smtp_reply(&run->smtp, OK, strlen(OK));
            answered++;
        }
    }
    ck_assert_uint_eq(most, SMTP_QUEUE_MAX);
    ck_assert_uint_eq(run->taken, len);
    ck_assert_mem_eq(run->got, client, len);
    ck_assert_ptr_null(run->smtp.opaque);
    run_free(run);
    free(client);
}
END_TEST

/* A first line that is longer than what can be held: the header goes on top. */
START_TEST(full_buffer)
{
    const struct manner manner = {_i & 1 ? 4000 : SIZE_MAX, 9000, _i & 2, false, _i & 4};
    size_t line = 2 * HELD_MAX + 10;
    char *client = calloc(1, line + 256), *on = calloc(1, line + 256);
    struct row row = {.label = "a full buffer",
                      .dialect = "postfix",
                      .client = client,
                      .server = {HELLO, ENVELOPE, {DATA, GO}, {on, OK}}};
    size_t n = (size_t)sprintf(client, "%s", MAIL RCPT DATA);

    memset(client + n, 'x', line);
    strcpy(client + n + line, "\r\n" DOT);
    n = (size_t)sprintf(on, "%s", BEGIN);
    memset(on + n, 'x', line);
    strcpy(on + n + line, "\r\n" END DOT);
    check_run(&row, &manner);
    free(client);
    free(on);
}
END_TEST

/* A sender that is longer than any may be is cut, and a NUL in it is none. */
START_TEST(long_sender)
{
    static char client[2048], end[1024];
    struct row row = {
        .label = "a long sender", .dialect = "postfix", .client = client, .server = {HELLO}};
    char sender[SMTP_SENDER_MAX + 2], *mail;
    struct smtp smtp;

    memset(sender, 's', sizeof sender - 1);
    sender[sizeof sender - 1] = '\0';
    snprintf(client, sizeof client, "MAIL FROM:<%s>\r\n%s", sender, RCPT DATA DOT);
    row.server[1] = (struct turn){client, OK};
    snprintf(end, sizeof end, "MAIL FROM:<%s>\r\n", sender);
    row.server[1].on = mail = strdup(end);
    row.server[2] = (struct turn){RCPT, OK};
    row.server[3] = (struct turn){DATA, GO};
    snprintf(end, sizeof end, "%s{E %.*s 1}%s", BEGIN, SMTP_SENDER_MAX, sender, DOT);
    row.server[4] = (struct turn){end, OK};
    check_run(&row, &manners[_i]);
    free(mail);

    smtp_init(&smtp, dialect_find("postfix"), true);
    smtp_next(&smtp, "MAIL FROM:<a\0b>\r\n", 17, false);
    ck_assert_str_eq(smtp.sender, "a?b");
}
END_TEST

/* --- what else the header says ------------------------------------------------------------- */

/* Nobody reads the replies any more: everything is handed on, and that is said. */
START_TEST(deaf)
{
    static const char *const clients[] = {DATA TEXT DOT, "AUTH LOGIN\r\nx\r\n", "STARTTLS\r\nx",
                                          MAIL MAIL};
    const char *client = clients[_i];
    static const struct row row = {.label = "deaf", .dialect = "postfix"};
    struct run *run = run_new(&row, &manners[0], client, strlen(client));
    struct smtp_step step;

    smtp_init(&run->smtp, dialect_find("postfix"), false);
    give(run);
    while ((step = next(run)).act != SMTP_WAIT) {
        ck_assert_int_ne(step.act, SMTP_MORE);
        carry_out(run, &step);
    }
    ck_assert_uint_lt(run->taken, strlen(client));
    smtp_deaf(&run->smtp);
    ck_assert_ptr_nonnull(run->smtp.opaque);
    while ((step = next(run)).act != SMTP_MORE) {
        ck_assert_int_eq(step.act, SMTP_PASS);
        carry_out(run, &step);
    }
    ck_assert_uint_eq(run->taken, strlen(client));
    ck_assert_mem_eq(run->got, client, strlen(client));
    smtp_reply(&run->smtp, GO, strlen(GO));
    ck_assert_int_eq(next(run).act, SMTP_MORE);
    run_free(run);
}
END_TEST

/* An MTA that loses what it has read beyond the end of a text gets nothing there. */
START_TEST(eats_ahead)
{
    static const struct row row = {.label = "eats ahead", .dialect = "courier"};
    static const char client[] = DATA DOT "NOOP\r\n";
    struct run *run = run_new(&row, &manners[0], client, strlen(client));

    smtp_init(&run->smtp, dialect_find("courier"), false);
    smtp_reply(&run->smtp, "220 hello\r\n", 11);
    give(run);
    for (int i = 0; i < 9; i++) {
        struct smtp_step step = next(run);

        carry_out(run, &step);
        if (i == 0) {
            smtp_reply(&run->smtp, GO, strlen(GO));
        }
    }
    ck_assert_uint_eq(run->taken, strlen(DATA DOT));
    ck_assert_int_eq(next(run).act, SMTP_WAIT);
    smtp_reply(&run->smtp, NO, strlen(NO));
    ck_assert_int_eq(next(run).act, SMTP_PASS);
    ck_assert_ptr_null(run->smtp.opaque);
    run_free(run);
}
END_TEST

/* nullmailer takes a text that the client's end cuts off, and says so: that reply is due. */
START_TEST(end_is_the_end)
{
    struct smtp smtp;

    smtp_init(&smtp, dialect_find("nullmailer"), false);
    smtp_reply(&smtp, "220 hello\r\n", 11);
    ck_assert_int_eq(smtp_next(&smtp, DATA, strlen(DATA), false).act, SMTP_PASS);
    smtp_reply(&smtp, GO, strlen(GO));
    ck_assert_int_eq(smtp_next(&smtp, "hi", 2, true).act, SMTP_BEGIN);
    while (smtp_next(&smtp, "hi", 2, true).n != 2) {
    }
    ck_assert_int_eq(smtp_next(&smtp, "", 0, true).act, SMTP_END);
    ck_assert_int_eq(smtp_next(&smtp, "", 0, true).act, SMTP_MORE);
    smtp_reply(&smtp, OK, strlen(OK));
    ck_assert_ptr_null(smtp.opaque);
}
END_TEST

/* The text that a summary is made of: all of the message's, as the client sent it. */
START_TEST(text_kept)
{
    static const struct {
        struct row row;
        const char *text;
    } kept[] = {
        {{"DATA", "postfix", MAIL RCPT DATA "From x\r\n" TEXT DOT QUIT,
          .server = {HELLO, ENVELOPE, {DATA, GO}, {"From x\r\n" HEADER "\r\n" TEXT DOT, OK}, BYE}},
         "From x\r\n" TEXT},
        {{"BDAT", "postfix", MAIL RCPT "BDAT 6\r\nA: b\r\nBDAT 4 LAST\r\n\r\nhi" QUIT,
          .server = {HELLO,
                     ENVELOPE,
                     {"BDAT 12\r\n" HEADER "\r\nA: b\r\n", OK},
                     {"BDAT 4 LAST\r\n\r\nhi", OK},
                     BYE}},
         "A: b\r\n\r\nhi"},
    };

    for (int i = 0; i < MANNERS; i++) {
        const struct row *row = &kept[_i].row;
        struct run *run = run_new(row, &manners[i], row->client, strlen(row->client));

        run_dialogue(run);
        ck_assert_uint_eq(run->text_len, strlen(kept[_i].text));
        ck_assert_mem_eq(run->text, kept[_i].text, run->text_len);
        run_free(run);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("smtp");
    TCase *tc = tcase_create("smtp");

    tcase_set_timeout(tc, 120);
    tcase_add_loop_test(tc, dialogues, 0, (int)(sizeof rows / sizeof rows[0]));
    tcase_add_loop_test(tc, long_lines, 0, MANNERS);
    tcase_add_loop_test(tc, long_chunk_line, 0, MANNERS);
    tcase_add_test(tc, full_queue);
    tcase_add_loop_test(tc, full_buffer, 0, 8);
    tcase_add_loop_test(tc, long_sender, 0, MANNERS);
    tcase_add_loop_test(tc, deaf, 0, 4);
    tcase_add_test(tc, eats_ahead);
    tcase_add_test(tc, end_is_the_end);
    tcase_add_loop_test(tc, text_kept, 0, 2);
    suite_add_tcase(suite, tc);
    return support_run(suite);
}
