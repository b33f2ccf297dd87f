/*
 * dialect - the table: how each MTA reads its command line and the start of a message.
 *
 * Nothing hostile is read here: this is data, a row an MTA. Each row was taken from the MTA's
 * source, named beside it, and compared with what Debian 12's binary does with stdin for hundreds
 * of command lines (qmail: source only). Two rules hold throughout:
 *
 * "No message is read" is claimed only where that is certain. It costs the header, and whoever
 * chooses the options would use it to send without one. Where it hangs on the MTA's configuration
 * or version (a value it may refuse, an option that a newer one may have) the call counts as a
 * submission: the MTA then exits by itself, and nothing is lost.
 *
 * An SMTP dialogue is never taken for a message.
 */
#include "dialect_table.h"

#include <string.h>

/* A rule a line, so that a change of one is a line of a diff. */
/* clang-format off */

/* --- Postfix: sendmail/sendmail.c, 3.7.11 and 3.12 ----------------------------------------- */

static const struct rule postfix_rules[] = {
    /* Other values exit. What -XV may be followed by is configured: Postfix decides. */
    {'B', WHOLE, "8BITMIME", DOES_NOTHING, 0, 0},
    {'B', WHOLE, "7BIT", DOES_NOTHING, 0, 0},
    {'B', ANY, NULL, EXITS, 0, 0},
    {'I', ANY, NULL, TO_PASS, 0, 0},
    {'X', FIRST, "V", DOES_NOTHING, 0, 0},
    {'X', ANY, NULL, EXITS, 0, 0},
    {'b', FIRST, "m", TO_SUBMIT, 0, 0},
    {'b', FIRST, "s", TO_SMTP, 0, 0},
    {'b', FIRST, "dhHilp", TO_PASS, 0, 0},
    {'b', FIRST, "v", PROBE, 0, 0}, /* a flag beside the mode, never taken back */
    {'b', ANY, NULL, EXITS, 0, 0},
    {'f', ANY, NULL, SENDER, 0, 0},
    {'i', ANY, NULL, NO_DOT, 0, 0},
    {'n', ANY, NULL, EXITS, 0, 0},
    {'o', FIRST, "i", NO_DOT, 0, 0},
    {'o', WHOLE, "A", EXITS, 0, 0},
    {'q', ANY, NULL, NEVER, 0, 0}, /* inside a cluster; the bare word is special_postfix's */
    {'r', ANY, NULL, SENDER, 0, 0},
    {'t', ANY, NULL, RCPT_HEADER, 0, 0},
    {0},
};

static const struct called_as postfix_names[] = {
    {"mailq", TO_PASS},
    {"newaliases", TO_PASS},
    {"smtpd", TO_PASS},
    {NULL, DOES_NOTHING},
};

/* --- Sendmail: sendmail/main.c, 8.17.1.9; libsm's getopt (SM_CONF_GETOPT 0 on Linux) ------- */

static const struct rule sendmail_rules[] = {
    {'I', ANY, NULL, EXITS, 0, 0}, /* or newaliases, in a build with DBM */
    {'O', NOCASE, "ignoredots=f", DOES_NOTHING, 0, 0},
    {'O', NOCASE, "ignoredots=n", DOES_NOTHING, 0, 0},
    {'O', NOCASE, "ignoredots", NO_DOT, 0, 0},
    {'Q', ANY, NULL, NEVER, 0, 0}, /* a queue run, or an error beside another mode */
    {'b', FIRST, "am", TO_SUBMIT, 0, 0},
    {'b', FIRST, "s", TO_SMTP, 0, 0},
    {'b', FIRST, "v", TO_VERIFY, 0, 0},
    {'b', FIRST, "dDipPhHtC", TO_PASS, 0, 0}, /* -bt reads addresses */
    {'b', ANY, NULL, EXITS, 0, 0},
    {'f', ANY, NULL, SENDER, 0, 0},
    {'i', ANY, NULL, NO_DOT, 0, 0},
    {'o', WHOLE, "i", NO_DOT, 0, 0}, /* atobool(): t and y are true too */
    {'o', PREFIX, "it", NO_DOT, 0, 0},
    {'o', PREFIX, "iT", NO_DOT, 0, 0},
    {'o', PREFIX, "iy", NO_DOT, 0, 0},
    {'o', PREFIX, "iY", NO_DOT, 0, 0},
    {'q', ANY, NULL, NEVER, 0, 0},
    {'r', ANY, NULL, SENDER, 0, 0},
    {'t', ANY, NULL, RCPT_HEADER, 0, 0},
    {0},
};

static const struct called_as sendmail_names[] = {
    {"newaliases", TO_PASS},
    {"mailq", TO_PASS},
    {"smtpd", TO_PASS},
    {"hoststat", TO_PASS},
    {"purgestat", TO_PASS},
    {NULL, DOES_NOTHING},
};

/* --- Exim: src/exim.c, 4.96 and git 2025-12. Whole words; modes are sticky ----------------- */

/*
 * The traps: -bfd -bfl -bfp -bfs only set a value for -bf, and -MCA .. -MCt only prepare -MC.
 * Without -bf and -MC, but with recipients, Exim reads a message all the same.
 */
static const struct rule exim_rules[] = {
    {'-', WHOLE, "help", EXITS, TAKES_NOTHING, 0},
    {'-', WHOLE, "version", DOES_NOTHING, TAKES_NOTHING, 0}, /* -bV: prints, then goes on */
    {'A', WHOLE, "c", DOES_NOTHING, TAKES_NOTHING, 0},
    {'A', WHOLE, "m", DOES_NOTHING, TAKES_NOTHING, 0},
    {'B', ANY, NULL, DOES_NOTHING, TAKES_VALUE, 0},
    {'C', ANY, NULL, DOES_NOTHING, TAKES_VALUE, 0},
    {'D', ANY, NULL, DOES_NOTHING, TAKES_REST, 0},
    {'E', ANY, NULL, DOES_NOTHING, TAKES_REST, 0},
    {'F', ANY, NULL, DOES_NOTHING, TAKES_VALUE, 0},
    {'G', ANY, NULL, DOES_NOTHING, TAKES_REST, 0},
    {'L', ANY, NULL, DOES_NOTHING, TAKES_VALUE, 0},
    {'M', WHOLE, "CA", DOES_NOTHING, TAKES_NOTHING, 0},
    {'M', WHOLE, "CD", DOES_NOTHING, TAKES_NOTHING, 0},
    {'M', WHOLE, "CK", DOES_NOTHING, TAKES_NOTHING, 0},
    {'M', WHOLE, "CP", DOES_NOTHING, TAKES_NOTHING, 0},
    {'M', WHOLE, "CS", DOES_NOTHING, TAKES_NOTHING, 0},
    {'M', WHOLE, "CT", DOES_NOTHING, TAKES_NOTHING, 0},
    {'M', WHOLE, "Cd", DOES_NOTHING, TAKES_NOTHING, 1},
    {'M', WHOLE, "CG", DOES_NOTHING, TAKES_NOTHING, 1},
    {'M', WHOLE, "Cr", DOES_NOTHING, TAKES_NOTHING, 1},
    {'M', WHOLE, "Cs", DOES_NOTHING, TAKES_NOTHING, 1},
    {'M', WHOLE, "CQ", DOES_NOTHING, TAKES_NOTHING, 2},
    {'M', WHOLE, "CL", DOES_NOTHING, TAKES_NOTHING, 3},
    {'M', WHOLE, "Ct", DOES_NOTHING, TAKES_NOTHING, 3},
    {'M', WHOLE, "Cp", DOES_NOTHING, TAKES_NOTHING, 4},
    {'M', ANY, NULL, EXITS, TAKES_REST, 0},
    {'N', WHOLE, "", DOES_NOTHING, TAKES_NOTHING, 0},
    {'O', ANY, NULL, DOES_NOTHING, TAKES_VALUE, 0},
    {'R', ANY, NULL, NEVER, TAKES_VALUE, 0},
    {'S', ANY, NULL, NEVER, TAKES_VALUE, 0},
    {'U', ANY, NULL, DOES_NOTHING, TAKES_REST, 0},
    {'X', ANY, NULL, DOES_NOTHING, TAKES_VALUE, 0},
    {'a', WHOLE, "trn", NEVER, TAKES_NOTHING, 2},
    {'b', WHOLE, "m", DOES_NOTHING, TAKES_NOTHING, 0}, /* takes no other mode back */
    {'b', WHOLE, "s", TO_SMTP, TAKES_NOTHING, 0},
    {'b', WHOLE, "S", TO_BATCH, TAKES_NOTHING, 0},
    {'b', WHOLE, "nq", DOES_NOTHING, TAKES_NOTHING, 0},
    {'b', WHOLE, "V", DOES_NOTHING, TAKES_NOTHING, 0},
    {'b', PREFIX, "I:", DOES_NOTHING, TAKES_REST, 0},
    {'b', WHOLE, "fd", DOES_NOTHING, TAKES_NOTHING, 1},
    {'b', WHOLE, "fl", DOES_NOTHING, TAKES_NOTHING, 1},
    {'b', WHOLE, "fp", DOES_NOTHING, TAKES_NOTHING, 1},
    {'b', WHOLE, "fs", DOES_NOTHING, TAKES_NOTHING, 1},
    {'b', ANY, NULL, NEVER, TAKES_REST, 0},
    {'d', WHOLE, "p", DOES_NOTHING, TAKES_NOTHING, 1},
    {'d', ANY, NULL, DOES_NOTHING, TAKES_REST, 0},
    {'e', WHOLE, "e", DOES_NOTHING, TAKES_NOTHING, 0},
    {'e', WHOLE, "m", DOES_NOTHING, TAKES_NOTHING, 0},
    {'e', WHOLE, "p", DOES_NOTHING, TAKES_NOTHING, 0},
    {'e', WHOLE, "q", DOES_NOTHING, TAKES_NOTHING, 0},
    {'e', WHOLE, "w", DOES_NOTHING, TAKES_NOTHING, 0},
    {'f', ANY, NULL, SENDER, TAKES_VALUE, 0},
    {'h', ANY, NULL, DOES_NOTHING, TAKES_VALUE, 0},
    {'i', WHOLE, "", NO_DOT, TAKES_NOTHING, 0},
    {'m', WHOLE, "", DOES_NOTHING, TAKES_NOTHING, 0},
    {'n', ANY, NULL, DOES_NOTHING, TAKES_REST, 0},
    {'o', PREFIX, "A", DOES_NOTHING, TAKES_VALUE, 0},
    {'o', PREFIX, "B", DOES_NOTHING, TAKES_DIGITS, 0},
    {'o', PREFIX, "M", DOES_NOTHING, TAKES_REST, 1}, /* -oMa -oMr ..: any next word */
    {'o', WHOLE, "P", DOES_NOTHING, TAKES_NOTHING, 1},
    {'o', WHOLE, "PX", DOES_NOTHING, TAKES_NOTHING, 0},
    {'o', WHOLE, "X", DOES_NOTHING, TAKES_NOTHING, 1},
    {'o', WHOLE, "Y", DOES_NOTHING, TAKES_NOTHING, 0},
    {'o', PREFIX, "d", DOES_NOTHING, TAKES_REST, 0},
    {'o', PREFIX, "e", DOES_NOTHING, TAKES_REST, 0},
    {'o', WHOLE, "i", NO_DOT, TAKES_NOTHING, 0},
    {'o', WHOLE, "itrue", NO_DOT, TAKES_NOTHING, 0},
    {'o', WHOLE, "m", DOES_NOTHING, TAKES_NOTHING, 0},
    {'o', WHOLE, "o", DOES_NOTHING, TAKES_NOTHING, 0},
    {'o', PREFIX, "r", DOES_NOTHING, TAKES_VALUE, 0},
    {'o', PREFIX, "s", DOES_NOTHING, TAKES_VALUE, 0},
    {'o', WHOLE, "v", DOES_NOTHING, TAKES_NOTHING, 0},
    {'p', ANY, NULL, DOES_NOTHING, TAKES_VALUE, 0},
    {'q', ANY, NULL, NEVER, TAKES_REST, 0},
    {'r', ANY, NULL, SENDER, TAKES_VALUE, 0},
    {'t', WHOLE, "", RCPT_HEADER, TAKES_NOTHING, 0},
    {'t', WHOLE, "i", RCPT_HEADER | NO_DOT, TAKES_NOTHING, 0},
    {'t', WHOLE, "ls-on-connect", OPAQUE, TAKES_NOTHING, 0},
    {'v', WHOLE, "", DOES_NOTHING, TAKES_NOTHING, 0},
    {'x', WHOLE, "", DOES_NOTHING, TAKES_NOTHING, 0},
    {'z', ANY, NULL, NEVER, TAKES_VALUE, 0},
    {0},
};

static const struct called_as exim_names[] = {
    {"mailq", NEVER},
    {"newaliases", NEVER},
    {"runq", NEVER},
    {"rmail", NO_DOT},
    {"rsmtp", TO_BATCH},
    {NULL, DOES_NOTHING},
};

/* --- OpenSMTPD: smtpctl.c, enqueue.c, 6.8.0p2 and 7.8.0p1. -bp, -bs, -bv are ignored ------- */

static const struct rule opensmtpd_rules[] = {
    {'f', ANY, NULL, SENDER, 0, 0},
    {'q', ANY, NULL, NEVER, 0, 0},
    {'r', ANY, NULL, SENDER, 0, 0},
    {'t', ANY, NULL, RCPT_HEADER, 0, 0},
    {0},
};

/* sendmail_compat() compares the program's name; any other is another program, or "unsupported
 * mode". */
static const struct called_as opensmtpd_names[] = {
    {"sendmail", DOES_NOTHING},
    {"send-mail", DOES_NOTHING},
    {NULL, NEVER},
};

/* --- msmtp: src/msmtp.c, 1.8.23 and git 2026-07 -------------------------------------------- */

static const struct rule msmtp_rules[] = {
    {'S', ANY, NULL, NEVER, 0, 0},
    {'b', WHOLE, "m", DOES_NOTHING, 0, 0},
    {'b', ANY, NULL, EXITS, 0, 0},
    {'d', WHOLE, "0.1", NEVER, 0, 0}, /* the version, as Sendmail prints it */
    {'f', ANY, NULL, SENDER, 0, 0},
    {'t', ANY, NULL, RCPT_HEADER, 0, 0},
    {0},
};

/* TAKES_REST: only "--name=value". A name that is not here may be a newer msmtp's. */
static const struct long_option msmtp_longs[] = {
    {"account", TAKES_VALUE, DOES_NOTHING},
    {"add-missing-date-header", TAKES_REST, DOES_NOTHING},
    {"add-missing-from-header", TAKES_REST, DOES_NOTHING},
    {"aliases", TAKES_VALUE, DOES_NOTHING},
    {"auth", TAKES_REST, DOES_NOTHING},
    {"auto-from", TAKES_REST, DOES_NOTHING},
    {"configure", TAKES_VALUE, NEVER},
    {"connect-timeout", TAKES_VALUE, DOES_NOTHING},
    {"debug", TAKES_REST, DOES_NOTHING},
    {"domain", TAKES_VALUE, DOES_NOTHING},
    {"dsn-notify", TAKES_VALUE, DOES_NOTHING},
    {"dsn-return", TAKES_VALUE, DOES_NOTHING},
    {"file", TAKES_VALUE, DOES_NOTHING},
    {"from", TAKES_VALUE, SENDER},
    {"help", TAKES_NOTHING, NEVER},
    {"host", TAKES_VALUE, DOES_NOTHING},
    {"keepbcc", TAKES_REST, DOES_NOTHING},
    {"logfile", TAKES_VALUE, DOES_NOTHING},
    {"logfile-time-format", TAKES_VALUE, DOES_NOTHING},
    {"maildomain", TAKES_VALUE, DOES_NOTHING},
    {"passwordeval", TAKES_VALUE, DOES_NOTHING},
    {"port", TAKES_VALUE, DOES_NOTHING},
    {"pretend", TAKES_NOTHING, DOES_NOTHING},
    {"protocol", TAKES_VALUE, DOES_NOTHING},
    {"proxy-host", TAKES_VALUE, DOES_NOTHING},
    {"proxy-port", TAKES_VALUE, DOES_NOTHING},
    {"read-envelope-from", TAKES_NOTHING, DOES_NOTHING},
    {"read-recipients", TAKES_NOTHING, RCPT_HEADER},
    {"remove-bcc-headers", TAKES_REST, DOES_NOTHING},
    {"rmqs", TAKES_VALUE, NEVER},
    {"serverinfo", TAKES_NOTHING, NEVER},
    {"set-date-header", TAKES_REST, DOES_NOTHING},
    {"set-from-header", TAKES_REST, DOES_NOTHING},
    {"set-msgid-header", TAKES_REST, DOES_NOTHING},
    {"set-to-header", TAKES_REST, DOES_NOTHING},
    {"socket", TAKES_VALUE, DOES_NOTHING},
    {"source-ip", TAKES_VALUE, DOES_NOTHING},
    {"syslog", TAKES_REST, DOES_NOTHING},
    {"timeout", TAKES_VALUE, DOES_NOTHING},
    {"tls", TAKES_REST, DOES_NOTHING},
    {"tls-cert-file", TAKES_VALUE, DOES_NOTHING},
    {"tls-certcheck", TAKES_REST, DOES_NOTHING},
    {"tls-crl-file", TAKES_VALUE, DOES_NOTHING},
    {"tls-fingerprint", TAKES_VALUE, DOES_NOTHING},
    {"tls-force-sslv3", TAKES_REST, DOES_NOTHING},
    {"tls-host-override", TAKES_VALUE, DOES_NOTHING},
    {"tls-key-file", TAKES_VALUE, DOES_NOTHING},
    {"tls-min-dh-prime-bits", TAKES_VALUE, DOES_NOTHING},
    {"tls-priorities", TAKES_VALUE, DOES_NOTHING},
    {"tls-starttls", TAKES_REST, DOES_NOTHING},
    {"tls-trust-file", TAKES_VALUE, DOES_NOTHING},
    {"undisclosed-recipients", TAKES_REST, DOES_NOTHING},
    {"user", TAKES_VALUE, DOES_NOTHING},
    {"version", TAKES_NOTHING, NEVER},
    {NULL, TAKES_UNKNOWN, DOES_NOTHING},
};

/* --- nullmailer: src/sendmail.cc, src/inject.cc, lib/cli++/main.cc, 2.2 -------------------- */

/* 'b' and 'e' are no letters: "-bs" and "--bs" are the long option "bs". The last mode wins. */
static const struct rule nullmailer_rules[] = {
    {'-', WHOLE, "bm", TO_SUBMIT, TAKES_NOTHING, 0},
    {'-', WHOLE, "bp", TO_PASS, TAKES_NOTHING, 0},
    {'-', WHOLE, "bs", TO_SMTP, TAKES_NOTHING, 0},
    {'-', WHOLE, "em", DOES_NOTHING, TAKES_NOTHING, 0},
    {'-', WHOLE, "ep", DOES_NOTHING, TAKES_NOTHING, 0},
    {'-', WHOLE, "eq", DOES_NOTHING, TAKES_NOTHING, 0},
    {'b', WHOLE, "m", TO_SUBMIT, TAKES_NOTHING, 0},
    {'b', WHOLE, "p", TO_PASS, TAKES_NOTHING, 0},
    {'b', WHOLE, "s", TO_SMTP, TAKES_NOTHING, 0},
    {'e', WHOLE, "m", DOES_NOTHING, TAKES_NOTHING, 0},
    {'e', WHOLE, "p", DOES_NOTHING, TAKES_NOTHING, 0},
    {'e', WHOLE, "q", DOES_NOTHING, TAKES_NOTHING, 0},
    {'f', ANY, NULL, SENDER, 0, 0},
    {'r', ANY, NULL, SENDER, 0, 0},
    {'t', ANY, NULL, RCPT_HEADER, 0, 0},
    {0},
};

/* --- dma: dma.c, mail.c, 0.13 and git 2026-01. All -b but -bp and -bq are ignored ---------- */

static const struct rule dma_rules[] = {
    {'A', FIRST, "p", NEVER, 0, 0}, /* falls through to -b in dma's own switch */
    {'b', FIRST, "p", NEVER, 0, 0},
    {'f', ANY, NULL, SENDER, 0, 0},
    {'i', ANY, NULL, NO_DOT, 0, 0},
    {'o', FIRST, "i", NO_DOT, 0, 0},
    {'q', ANY, NULL, NEVER, 0, 0},
    {'r', ANY, NULL, SENDER, 0, 0},
    {'t', ANY, NULL, RCPT_HEADER, 0, 0},
    {0},
};

static const struct called_as dma_names[] = {
    {"mailq", NEVER},
    {"newaliases", NEVER},
    {NULL, DOES_NOTHING},
};

/* --- esmtp 1.2: no source at hand; Debian's binary was run --------------------------------- */

static const struct rule esmtp_rules[] = {
    {'I', ANY, NULL, TO_PASS, 0, 0},
    {'O', ANY, NULL, EXITS, 0, 0},
    {'V', FIRST, "m", TO_SUBMIT, 0, 0}, /* its value is read as a mode too */
    {'V', FIRST, "ip", TO_PASS, 0, 0},
    {'V', ANY, NULL, EXITS, 0, 0},
    {'b', FIRST, "m", TO_SUBMIT, 0, 0},
    {'b', FIRST, "ip", TO_PASS, 0, 0},
    {'b', ANY, NULL, EXITS, 0, 0},
    {'f', ANY, NULL, SENDER, 0, 0},
    {'q', ANY, NULL, TO_PASS, 0, 0},
    {'r', ANY, NULL, SENDER, 0, 0},
    {'t', ANY, NULL, RCPT_HEADER, 0, 0},
    {0},
};

static const struct called_as esmtp_names[] = {
    {"mailq", TO_PASS},
    {"newaliases", TO_PASS},
    {NULL, DOES_NOTHING},
};

/* --- Courier: courier/sendmail.c, 1.0.16 and git 2026-07. Words; unknown ones are dropped --- */

static const struct rule courier_rules[] = {
    {'F', ANY, NULL, DOES_NOTHING, TAKES_VALUE, 0},
    {'N', ANY, NULL, DOES_NOTHING, TAKES_VALUE, 0},
    {'R', ANY, NULL, DOES_NOTHING, TAKES_VALUE, 0},
    {'S', ANY, NULL, DOES_NOTHING, TAKES_VALUE, 0},
    {'V', ANY, NULL, DOES_NOTHING, TAKES_VALUE, 0},
    {'b', WHOLE, "s", TO_SMTP | FINAL, TAKES_NOTHING, 0},
    {'f', ANY, NULL, SENDER, TAKES_VALUE, 0},
    {'o', ANY, NULL, DOES_NOTHING, TAKES_VALUE, 0},
    {0},
};

/* --- qmail: sendmail.c, subgetopt.c of notqmail -------------------------------------------- */

static const struct rule qmail_rules[] = {
    {'b', FIRST, "m", DOES_NOTHING, 0, 0},
    {'b', FIRST, "s", TO_SMTP | FINAL, 0, 0},
    {'b', ANY, NULL, EXITS, 0, 0}, /* p: qmail-qread */
    {'f', ANY, NULL, SENDER, 0, 0},
    {'t', ANY, NULL, RCPT_HEADER, 0, 0},
    {0},
};

/* Looked at after the options, so "mailq -bs" is SMTP. */
static const struct called_as qmail_names[] = {
    {"mailq", TO_PASS},
    {"newaliases", TO_PASS},
    {NULL, DOES_NOTHING},
};

/* --- names for MTAs with nothing of their own; every name for the cautious rule ------------ */

static const struct called_as ssmtp_names[] = {
    {"mailq", NEVER},
    {"newaliases", NEVER},
    {NULL, DOES_NOTHING},
};

static const struct called_as no_names[] = {
    {NULL, DOES_NOTHING},
};

static const struct called_as cautious_names[] = {
    {"mailq", NEVER},
    {"newaliases", NEVER},
    {"smtpd", NEVER},
    {"hoststat", NEVER},
    {"purgestat", NEVER},
    {"runq", NEVER},
    {"rsmtp", NEVER},
    {"makemap", NEVER},
    {"smtpctl", NEVER},
    {NULL, DOES_NOTHING},
};

static const struct rule no_rules[] = {{0}};

static const struct rule cautious_rules[] = {
    {'R', WHOLE, "full", DOES_NOTHING, 0, 0}, /* DSN; otherwise Exim's queue run */
    {'R', WHOLE, "hdrs", DOES_NOTHING, 0, 0},
    {'R', ANY, NULL, NEVER, 0, 0},
    {'b', WHOLE, "m", DOES_NOTHING, 0, 0}, /* the words -bs and -bS are walk_cautious's */
    {'b', ANY, NULL, NEVER, 0, 0},
    {'f', ANY, NULL, SENDER, 0, 0},
    {'i', ANY, NULL, NO_DOT, 0, 0},
    {'o', FIRST, "i", NO_DOT, 0, 0},
    {'r', ANY, NULL, SENDER, 0, 0},
    {'t', ANY, NULL, RCPT_HEADER, 0, 0},
    {0},
};

/* clang-format on */

/* --- the rows ------------------------------------------------------------------------------ */

static const struct dialect dialects[] = {
    {
        .name = "postfix",
        .flags = COMMA_LISTS | DOT_ENDS | BLANK_COLON | EMPTY_COUNTS,
        .resent = RESENT_NAMED,
        .list = ADDRESS_WORDS | ADDRESS_ANGLES,
        .smtp = DOT_BARE_BEFORE | DOT_BARE_AFTER | DOT_MANY_CR | CHUNKS_UNASKED | CHUNKS_RAW,
        .letters = "A:B:C:F:GIL:N:O:R:UV:X:b:ce:f:h:imno:p:r:q:tvx",
        .rules = postfix_rules,
        .called = postfix_names,
        .from = {.longest = FROM_LINE_POSTFIX, .repeated = true, .marks = ANY_MARKS},
        .read = walk_letters,
        .special = special_postfix,
        .finish = finish_postfix,
    },
    {
        .name = "sendmail",
        .flags = COMMA_LISTS | DOT_ENDS | DASHES_END | BLANK_COLON | APPARENTLY,
        .list = ADDRESS_WORDS,
        .smtp = NO_CHUNKS,
        .letters = "A:B:b:C:cD:d:e:F:f:Gh:IiL:M:mN:nO:o:p:Q:q:R:r:sTtUV:vX:",
        .rules = sendmail_rules,
        .called = sendmail_names,
        .from = {.longest = FROM_LINE_LONG},
        .read = walk_letters,
        .special = special_sendmail,
        .finish = finish_sendmail,
    },
    {
        .name = "exim",
        .flags = COMMA_LISTS | DOT_ENDS | DASH_EXITS | NEEDS_RCPT | T_EXCLUDES | BLANK_COLON,
        .smtp = SMTP_RAW | DOT_BARE_BEFORE | DOT_BARE_AFTER | DOT_AS_FIRST,
        .rules = exim_rules,
        .called = exim_names,
        .from = {.longest = FROM_LINE_LONG, .repeated = true, .dated = true},
        .read = walk_words,
        .finish = finish_exim,
    },
    {
        .name = "opensmtpd",
        .flags = PERMUTES | COMMA_LISTS,
        .resent = RESENT_IGNORED,
        .letters = "A:B:b:E*e:F:f:iJ*L:mN:o:p:qr:R:StvV:x",
        .rules = opensmtpd_rules,
        .called = opensmtpd_names,
        .from = {.longest = FROM_LINE_LONG, .repeated = true, .any_case = true, .glues = true},
        .read = walk_letters,
        .finish = finish_opensmtpd,
    },
    {
        .name = "msmtp",
        .flags = PERMUTES | COMMA_LISTS,
        .resent = RESENT_FIRST,
        .list = ADDRESS_ANGLES,
        .letters = "Pd*SC:a:f:N:R:X:tA:B:b:F:Gh:iL:mnO:o:v",
        .rules = msmtp_rules,
        .longs = msmtp_longs,
        .called = no_names,
        .from = {.longest = FROM_LINE_LONG, .glues = true},
        .read = walk_letters,
    },
    {
        .name = "nullmailer",
        .flags = WORDS_TOO | COMMA_LISTS | DASH_ENDS | BARE_IS_T | APPARENTLY,
        .list = ADDRESS_WORDS | ADDRESS_ANGLES,
        .smtp = SMTP_RAW | SMTP_GLUES | NO_CHUNKS | EOF_ENDS | DOT_BARE_BEFORE | DOT_BARE_AFTER,
        .letters = "B:C:d:F:f:h:iL:mN:nO:o:p:q:R:r:tUV:vX:",
        .rules = nullmailer_rules,
        .called = no_names,
        .from = {.longest = FROM_LINE_LONG, .repeated = true, .marks = ONE_MARK},
        .read = walk_letters,
    },
    {
        .name = "dma",
        .flags = PERMUTES | DOT_ENDS | NEEDS_RCPT | FIRST_LINE,
        .resent = RESENT_IGNORED,
        .list = ADDRESS_ANGLES,
        .letters = "A:b:B:C:d:Df:F:h:iL:N:no:O:q?r:R:tUV:vX:",
        .rules = dma_rules,
        .called = dma_names,
        .from = {.longest = FROM_LINE_LONG,
                 .repeated = true,
                 .marks = ONE_MARK,
                 .any_case = true,
                 .glues = true},
        .read = walk_letters,
    },
    {
        .name = "ssmtp",
        .flags = COMMA_LISTS | NEEDS_RCPT | T_REFUSES | HIDES_AP,
        .resent = RESENT_IGNORED,
        .rules = no_rules,
        .called = ssmtp_names,
        /* header_parse() ends the section at the second of two line feeds, so not at the first. */
        .from = {.longest = FROM_LINE_LONG, .glues = true, .empty = true},
        .read = walk_ssmtp,
    },
    {
        .name = "esmtp",
        .flags = PERMUTES | NEEDS_RCPT | CALLED_WHOLE,
        .resent = RESENT_IGNORED,
        .list = ADDRESS_ANGLES,
        .letters = "A:B:b:C:cd:e:F:f:Gh:IiL:M:mN:nO:o:p:q:R:r:sTtV:vX:",
        .rules = esmtp_rules,
        .called = esmtp_names,
        .from = {.longest = FROM_LINE_LONG, .glues = true},
        .read = walk_letters,
    },
    {
        .name = "courier",
        .flags = SKIPS_UNKNOWN | BARE_IS_T,
        .resent = RESENT_IGNORED,
        .list = ADDRESS_WORDS | ADDRESS_ANGLES,
        .smtp = SMTP_RAW | SMTP_GLUES | NO_CHUNKS | EATS_AHEAD | DOT_BARE_BEFORE | DOT_BARE_AFTER,
        .rules = courier_rules,
        .called = no_names,
        .from = {.longest = FROM_LINE_LONG, .glues = true},
        .read = walk_words,
    },
    {
        .name = "qmail",
        .flags = DASHES_END | BLANK_COLON | APPARENTLY,
        .smtp = SMTP_RAW | SMTP_GLUES | NO_CHUNKS,
        .letters = "vimte:f:p:o:B:F:E*J*xb:",
        .rules = qmail_rules,
        .called = qmail_names,
        /* A From_ line becomes a field itself, MBOX-Line: ours may stand before it. */
        .from = {.longest = 0},
        .read = walk_letters,
    },
};

/*
 * For an MTA that we do not know: our header comes after all that any of the others strips or
 * takes for a field. If this one does not, the header is text and the mail is whole; the other way
 * round it could lose its recipients.
 */
static const struct dialect cautious = {
    .name = "cautious",
    .flags = COMMA_LISTS | DOT_ENDS | HIDES_AP | BLANK_COLON,
    .smtp = DOT_BARE_BEFORE | DOT_BARE_AFTER | DOT_MANY_CR | EOF_ENDS,
    .letters = "imtvncGUsxC:F:f:r:h:L:O:p:X:B:R:e?N?V?A?d*o*b*",
    .rules = cautious_rules,
    .called = cautious_names,
    .from = {.longest = FROM_LINE_LONG,
             .repeated = true,
             .marks = ANY_MARKS,
             .any_case = true,
             .glues = true,
             .empty = true},
    .read = walk_cautious,
};

#define DIALECTS (sizeof dialects / sizeof dialects[0])

const struct dialect *dialect_find(const char *name)
{
    if (name == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < DIALECTS; i++) {
        if (strcmp(dialects[i].name, name) == 0) {
            return &dialects[i];
        }
    }
    return NULL;
}

const struct dialect *dialect_cautious(void)
{
    return &cautious;
}

const char *dialect_name(const struct dialect *dialect)
{
    return dialect->name;
}

const char *dialect_known(unsigned i)
{
    return i < DIALECTS ? dialects[i].name : NULL;
}
