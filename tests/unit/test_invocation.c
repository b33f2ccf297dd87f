/*
 * invocation and the dialect table: what a command line asks of each MTA.
 *
 * The rows of an MTA were seen with Debian 12's binary of it (does it read stdin, does it speak
 * SMTP; qmail: read in its source). Where the row says submit and the binary exits at once, that
 * hangs on its configuration or environment.
 */
#include "support.h"
#include "wrapper/dialect_table.h"
#include "wrapper/invocation.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WORDS_MAX 128

/*
 * An argument vector of its exact size, each word on its own, so that a sanitizer sees one byte
 * too far.
 */
struct args {
    int argc;
    char **argv;
};

/* Words are parted by single blanks; '' is the empty word. */
static struct args args_make(const char *name, const char *words)
{
    char *list[WORDS_MAX], *copy = strdup(words), *save = NULL;
    struct args args = {0, NULL};

    if (name != NULL) {
        list[args.argc++] = strdup(name);
    }
    for (char *w = strtok_r(copy, " ", &save); w != NULL; w = strtok_r(NULL, " ", &save)) {
        ck_assert_int_lt(args.argc, WORDS_MAX);
        list[args.argc++] = strdup(strcmp(w, "''") == 0 ? "" : w);
    }
    free(copy);
    args.argv = malloc((args.argc > 0 ? (size_t)args.argc : 1) * sizeof *args.argv);
    memcpy(args.argv, list, (size_t)args.argc * sizeof *args.argv);
    return args;
}

static void args_free(struct args *args)
{
    for (int i = 0; i < args->argc; i++) {
        free(args->argv[i]);
    }
    free(args->argv);
}

static const struct dialect *dialect_by(const char *name)
{
    const struct dialect *dialect =
        strcmp(name, "cautious") == 0 ? dialect_cautious() : dialect_find(name);

    ck_assert_msg(dialect != NULL, "no dialect %s", name);
    return dialect;
}

/* "submit header dot rcpts=2 from=a@b": what was found, unset parts left out. */
static const char *describe(const struct invocation *inv)
{
    static char text[512];
    int n = snprintf(text, sizeof text, "%s%s%s", invocation_mode_name(inv->mode),
                     inv->recipients_from_header ? " header" : "", inv->dot_ends ? " dot" : "");

    if (inv->recipients > 0) {
        n += snprintf(text + n, sizeof text - (size_t)n, " rcpts=%zu", inv->recipients);
    }
    if (inv->sender != NULL) {
        snprintf(text + n, sizeof text - (size_t)n, " from=%s", inv->sender);
    }
    return text;
}

struct row {
    const char *dialect;
    const char *name; /* argv[0]; NULL: argc is 0 */
    const char *words;
    const char *want;
};

static const struct row rows[] = {
    /* Postfix: every letter */
    {"postfix", "sendmail", "", "submit dot"},
    {"postfix", "sendmail", "-t", "submit header dot"},
    {"postfix", "sendmail", "-t -i", "submit header"},
    {"postfix", "sendmail", "-ti", "submit header"},
    {"postfix", "sendmail", "-it", "submit header"},
    {"postfix", "sendmail", "-t -oi", "submit header"},
    {"postfix", "sendmail", "-oit alice", "submit rcpts=1"},
    {"postfix", "sendmail", "-o i alice", "submit rcpts=1"},
    {"postfix", "sendmail", "-om alice", "submit dot rcpts=1"},
    {"postfix", "sendmail", "-o8 alice", "submit dot rcpts=1"},
    {"postfix", "sendmail", "-oA alice", "pass"},
    {"postfix", "sendmail", "-oAhash:/x alice", "submit dot rcpts=1"},
    {"postfix", "sendmail", "-A c alice", "submit dot rcpts=1"},
    {"postfix", "sendmail", "-B 8BITMIME alice", "submit dot rcpts=1"},
    {"postfix", "sendmail", "-B7BIT alice", "submit dot rcpts=1"},
    {"postfix", "sendmail", "-B 9BIT alice", "pass"},
    {"postfix", "sendmail", "-C /etc/postfix alice", "submit dot rcpts=1"},
    {"postfix", "sendmail", "-F name alice", "submit dot rcpts=1"},
    {"postfix", "sendmail", "-G alice", "submit dot rcpts=1"},
    {"postfix", "sendmail", "-L x alice", "submit dot rcpts=1"},
    {"postfix", "sendmail", "-N never alice", "submit dot rcpts=1"},
    {"postfix", "sendmail", "-O x alice", "submit dot rcpts=1"},
    {"postfix", "sendmail", "-R hdrs alice", "submit dot rcpts=1"},
    {"postfix", "sendmail", "-U -c -m -v -vv -x alice", "submit dot rcpts=1"},
    {"postfix", "sendmail", "-e m -h 3 -p x alice", "submit dot rcpts=1"},
    {"postfix", "sendmail",
     "-A x -B 7BIT -C x -F x -G -L x -N x -O x -R x -U -V xyz -XV -b m -c -e x -f a@b -h x -i -m "
     "-o x -p x "
     "-r c@d -t -v -x alice",
     "submit header rcpts=1 from=c@d"},
    {"postfix", "sendmail", "-f a@b alice", "submit dot rcpts=1 from=a@b"},
    {"postfix", "sendmail", "-fa@b alice", "submit dot rcpts=1 from=a@b"},
    {"postfix", "sendmail", "-r a@b alice", "submit dot rcpts=1 from=a@b"},
    {"postfix", "sendmail", "-fa@b -rc@d alice", "submit dot rcpts=1 from=c@d"},
    {"postfix", "sendmail", "-f '' alice", "submit dot rcpts=1 from="},
    {"postfix", "sendmail", "-I", "pass"},
    {"postfix", "sendmail", "-n alice", "pass"},
    /* Postfix: letters it does not have */
    {"postfix", "sendmail", "-a x alice", "pass"},
    {"postfix", "sendmail", "-d alice", "pass"},
    {"postfix", "sendmail", "-E alice", "pass"},
    {"postfix", "sendmail", "-S alice", "pass"},
    {"postfix", "sendmail", "-z alice", "pass"},
    {"postfix", "sendmail", "-8 alice", "pass"},
    {"postfix", "sendmail", "-: alice", "pass"},
    {"postfix", "sendmail", "-i-t alice", "pass"},
    {"postfix", "sendmail", "--help", "pass"},
    {"postfix", "sendmail", "-\xc3\xa9 alice", "pass"},
    /* Postfix: a value that is not there */
    {"postfix", "sendmail", "-f", "pass"},
    {"postfix", "sendmail", "-tF", "pass"},
    {"postfix", "sendmail", "-b", "pass"},
    /* Postfix: modes */
    {"postfix", "sendmail", "-bm alice", "submit dot rcpts=1"},
    {"postfix", "sendmail", "-b m alice", "submit dot rcpts=1"},
    {"postfix", "sendmail", "-bs", "smtp"},
    {"postfix", "sendmail", "-b s", "smtp"},
    {"postfix", "sendmail", "-bsx", "smtp"},
    {"postfix", "sendmail", "-ibs", "smtp"},
    {"postfix", "sendmail", "-vbs", "smtp"},
    {"postfix", "sendmail", "-bs -fa@b", "smtp from=a@b"},
    {"postfix", "sendmail", "-bs alice", "pass"},
    {"postfix", "sendmail", "-bs -t", "pass"},
    {"postfix", "sendmail", "-bp", "pass"},
    {"postfix", "sendmail", "-bi", "pass"},
    {"postfix", "sendmail", "-bd", "pass"},
    {"postfix", "sendmail", "-bl", "pass"},
    {"postfix", "sendmail", "-bh", "pass"},
    {"postfix", "sendmail", "-bH", "pass"},
    {"postfix", "sendmail", "-bt", "pass"},
    {"postfix", "sendmail", "-bx", "pass"},
    {"postfix", "sendmail", "-b '' alice", "pass"},
    {"postfix", "sendmail", "-tbp", "pass"},
    {"postfix", "sendmail", "-tbm", "submit header dot"},
    {"postfix", "sendmail", "-bmt alice", "submit dot rcpts=1"},
    /* Postfix: the last mode wins, -bv stays */
    {"postfix", "sendmail", "-bp -bm alice", "submit dot rcpts=1"},
    {"postfix", "sendmail", "-bm -bp", "pass"},
    {"postfix", "sendmail", "-bh -bm alice", "submit dot rcpts=1"},
    {"postfix", "sendmail", "-I -bm alice", "submit dot rcpts=1"},
    {"postfix", "sendmail", "-q -bm alice", "submit dot rcpts=1"},
    {"postfix", "sendmail", "-q -bs", "smtp"},
    {"postfix", "sendmail", "-bs -q", "pass"},
    {"postfix", "sendmail", "-bv alice", "pass"},
    {"postfix", "sendmail", "-bv -bm alice", "pass"},
    {"postfix", "sendmail", "-bv -t", "pass"},
    {"postfix", "sendmail", "-bv -bs", "smtp"},
    {"postfix", "sendmail", "-bv -v -v -bs", "smtp"},
    /* Postfix: -q bare, in a cluster, with a value */
    {"postfix", "sendmail", "-q", "pass"},
    {"postfix", "sendmail", "-q alice", "pass"},
    {"postfix", "sendmail", "-i -q", "pass"},
    {"postfix", "sendmail", "-q5m", "pass"},
    {"postfix", "sendmail", "-q5 -bm alice", "pass"},
    {"postfix", "sendmail", "-qRx -t", "pass"},
    {"postfix", "sendmail", "-qIx alice", "pass"},
    {"postfix", "sendmail", "-vq 5m", "pass"},
    {"postfix", "sendmail", "-iq -t", "pass"},
    {"postfix", "sendmail", "-tq", "pass"},
    {"postfix", "sendmail", "-f -q alice", "submit dot rcpts=1 from=-q"},
    {"postfix", "sendmail", "-fq -t", "submit header dot from=q"},
    /* Postfix: VERP */
    {"postfix", "sendmail", "-XV alice", "submit dot rcpts=1"},
    {"postfix", "sendmail", "-XV+= alice", "submit dot rcpts=1"},
    {"postfix", "sendmail", "-X foo alice", "pass"},
    {"postfix", "sendmail", "-V xx", "submit dot rcpts=1"},
    {"postfix", "sendmail", "-V xx alice", "submit dot rcpts=2"},
    {"postfix", "sendmail", "-V -t", "submit header dot"},
    {"postfix", "sendmail", "-V xyz alice", "submit dot rcpts=1"},
    {"postfix", "sendmail", "-V+= alice", "submit dot rcpts=1"},
    {"postfix", "sendmail", "-Vabc alice", "submit dot rcpts=1"},
    {"postfix", "sendmail", "-iV xx alice", "submit rcpts=1"},
    /* Postfix: where options end */
    {"postfix", "sendmail", "-- -bp", "submit dot rcpts=1"},
    {"postfix", "sendmail", "--", "submit dot"},
    {"postfix", "sendmail", "- alice", "submit dot rcpts=2"},
    {"postfix", "sendmail", "alice -bp", "submit dot rcpts=2"},
    {"postfix", "sendmail", "alice -- -bp", "submit dot rcpts=3"},
    {"postfix", "sendmail", "-t alice bob", "submit header dot rcpts=2"},
    {"postfix", "sendmail", "-F -bp alice", "submit dot rcpts=1"},
    {"postfix", "sendmail", "-f -- alice", "submit dot rcpts=1 from=--"},
    /* Postfix: argv[0] */
    {"postfix", "/usr/sbin/sendmail", "-t", "submit header dot"},
    {"postfix", "mailq", "", "pass"},
    {"postfix", "/usr/bin/mailq", "", "pass"},
    {"postfix", "mailq", "-bm alice", "submit dot rcpts=1"},
    {"postfix", "mailq", "-bs", "smtp"},
    {"postfix", "newaliases", "", "pass"},
    {"postfix", "smtpd", "", "pass"},
    {"postfix", "mailq/", "alice", "submit dot rcpts=1"},
    {"postfix", "mailqx", "alice", "submit dot rcpts=1"},
    {"postfix", "", "alice", "submit dot rcpts=1"},
    {"postfix", NULL, "", "submit dot"},
    {"postfix", "/usr/sbin/sendmail-wrapper", "-t -i", "submit header"},
    /* Postfix: several addresses in an operand */
    {"postfix", "sendmail", "a@x,b@y,,c@z", "submit dot rcpts=3"},
    {"postfix", "sendmail", "\"a,b\"@x", "submit dot rcpts=1"},
    {"postfix", "sendmail", "(a,(b,)c)a@x,b@y", "submit dot rcpts=2"},
    {"postfix", "sendmail", "<@r,@s:a@x>,b@y", "submit dot rcpts=2"},
    {"postfix", "sendmail", "a\\,b@x", "submit dot rcpts=1"},
    {"postfix", "sendmail", "a)@x,b@y", "submit dot rcpts=2"},
    {"postfix", "sendmail", "<a@x>,<b@y>,<c@z>", "submit dot rcpts=3"},
    {"postfix", "sendmail", "'' ,", "submit dot rcpts=2"},
    {"postfix", "sendmail", "a@x\tb@y", "submit dot rcpts=2"}, /* one operand each */
    {"postfix", "sendmail", "One\tTwo\t<a@x> A:\tb@y,\tc@z;", "submit dot rcpts=3"},
    {"sendmail", "sendmail", "a@x\tb@y ''", "submit dot rcpts=2"},
    {"exim", "sendmail", "a@x\tb@y '' c@z", "submit dot rcpts=2"},
    {"nullmailer", "sendmail", "a@x\tb@y ''", "submit rcpts=2"},
    {"ssmtp", "sendmail", "a@x\tb@y ''", "submit rcpts=1"},
    {"dma", "sendmail", "a@x,b@y c@z\td@w", "submit dot rcpts=2"},
    {"courier", "sendmail", "a@x,b@y c@z\td@w", "submit rcpts=2"},

    /* Sendmail */
    {"sendmail", "sendmail", "-t -i", "submit header"},
    {"sendmail", "sendmail", "-t alice", "submit header dot rcpts=1"},
    {"sendmail", "sendmail", "-bm", "submit dot"},
    {"sendmail", "sendmail", "a@x,b@y", "submit dot rcpts=2"},
    {"sendmail", "sendmail", "-ba alice", "submit dot rcpts=1"},
    {"sendmail", "sendmail", "-bs alice", "smtp"},
    {"sendmail", "sendmail", "-ibs", "smtp"},
    {"sendmail", "sendmail", "-bs -t", "smtp"},
    {"sendmail", "sendmail", "-bp -bm alice", "submit dot rcpts=1"},
    {"sendmail", "sendmail", "-bS", "pass"},
    {"sendmail", "sendmail", "-bv alice", "pass"},
    {"sendmail", "sendmail", "-bv -t", "submit header dot"},
    {"sendmail", "sendmail", "-bv -bp -t", "pass"},
    {"sendmail", "sendmail", "-bt", "pass"},
    {"sendmail", "sendmail", "-bz alice", "pass"},
    {"sendmail", "sendmail", "-I", "pass"},
    {"sendmail", "sendmail", "-q", "pass"},
    {"sendmail", "sendmail", "-q -bm alice", "pass"},
    {"sendmail", "sendmail", "-bs -q", "pass"},
    {"sendmail", "sendmail", "-vq alice", "pass"},
    {"sendmail", "sendmail", "-Q -t", "pass"},
    {"sendmail", "sendmail", "--help alice", "submit dot rcpts=1"},
    {"sendmail", "sendmail", "- alice", "submit dot rcpts=2"},
    {"sendmail", "sendmail", "alice -bp", "submit dot rcpts=2"},
    {"sendmail", "sendmail", "-x alice", "pass"},
    {"sendmail", "sendmail", "-M x alice", "submit dot rcpts=1"},
    {"sendmail", "sendmail", "-r -bs alice", "submit dot rcpts=1 from=-bs"},
    {"sendmail", "sendmail", "-d -t", "submit header dot"},
    {"sendmail", "sendmail", "-d alice", "submit dot rcpts=1"},
    {"sendmail", "sendmail", "-vd alice", "submit dot"},
    {"sendmail", "sendmail", "-C -t", "submit header dot"},
    {"sendmail", "sendmail", "-C x -t", "submit header dot"},
    {"sendmail", "sendmail", "-f x -C -t", "submit header dot from=x"},
    {"sendmail", "sendmail", "-f -d -t", "submit header dot from=-d"},
    {"sendmail", "sendmail", "-d -d -t", "submit header dot"},
    {"sendmail", "sendmail", "-C", "submit dot"},
    {"sendmail", "sendmail", "-vf x -C -t", "submit dot from=x"}, /* obsolete() stopped at x */
    {"sendmail", "sendmail", "-V -t", "submit dot"},
    {"sendmail", "sendmail", "-oif alice", "submit dot rcpts=1"},
    {"sendmail", "sendmail", "-oiTrue alice", "submit rcpts=1"},
    {"sendmail", "sendmail", "-O IgnoreDots alice", "submit rcpts=1"},
    {"sendmail", "sendmail", "-Oignoredots=False alice", "submit dot rcpts=1"},
    {"sendmail", "newaliases", "", "pass"},
    {"sendmail", "hoststat", "", "pass"},
    {"sendmail", "purgestat", "", "pass"},
    {"sendmail", "mailq", "-bs", "smtp"},
    {"sendmail", "mailq", "", "pass"},
    {"sendmail", "smtpd", "", "pass"},
    {"sendmail", "sendmail", "-oi alice", "submit rcpts=1"},
    {"sendmail", "sendmail", "-oit alice", "submit rcpts=1"},
    {"sendmail", "sendmail", "-oiyes alice", "submit rcpts=1"},
    {"sendmail", "sendmail", "-oiYES alice", "submit rcpts=1"},
    {"sendmail", "sendmail", "-O ignoreDots=no alice", "submit dot rcpts=1"},
    {"sendmail", "sendmail", "-O ignoreDots=True alice", "submit rcpts=1"},
    /* Sendmail: every letter that leaves a submission one */
    {"sendmail", "sendmail",
     "-A c -B 7BIT -b m -C x -c -D x -d1 -e m -F x -f a@b -G -h 3 -i -L x -M x -m -N never -n -O x "
     "-o x "
     "-p x -R hdrs -s -T -t -U -V x -v -X x alice",
     "submit header rcpts=1 from=a@b"},
    {"sendmail", "rmail", "alice", "submit dot rcpts=1"},

    /* Exim */
    {"exim", "sendmail", "-t", "submit header dot"},
    {"exim", "sendmail", "-ti", "submit header"},
    {"exim", "sendmail", "-t -i", "submit header"},
    {"exim", "sendmail", "-it", "pass"},
    {"exim", "sendmail", "", "pass"},
    {"exim", "sendmail", "-i", "pass"},
    {"exim", "sendmail", "-oitrue alice", "submit rcpts=1"},
    {"exim", "sendmail", "-oifalse alice", "pass"},
    {"exim", "sendmail", "-t alice", "submit header dot"},
    {"exim", "sendmail", "a@x,b@y", "submit dot rcpts=2"},
    {"exim", "sendmail", "-bm alice", "submit dot rcpts=1"},
    {"exim", "sendmail", "-bs", "smtp"},
    {"exim", "sendmail", "-bm -bs", "smtp"},
    {"exim", "sendmail", "-bs -bm", "smtp"},
    {"exim", "sendmail", "-bs alice", "smtp"},
    {"exim", "sendmail", "-bS", "batch-smtp"},
    {"exim", "sendmail", "-bS -bs", "batch-smtp"},
    {"exim", "sendmail", "-bs -bS", "batch-smtp"},
    {"exim", "sendmail", "-ibs", "pass"},
    {"exim", "sendmail", "-bs -t", "pass"},
    {"exim", "sendmail", "-f a@b -bs", "pass from=a@b"},
    {"exim", "sendmail", "-bs -tls-on-connect", "pass"},
    {"exim", "sendmail", "-bp", "pass"},
    {"exim", "sendmail", "-bp -bm alice", "pass"},
    {"exim", "sendmail", "-bp -bs", "pass"},
    {"exim", "sendmail", "-bt alice", "pass"},
    {"exim", "sendmail", "-bv alice", "pass"},
    {"exim", "sendmail", "-be", "pass"},
    {"exim", "sendmail", "-bem x alice", "pass"},
    {"exim", "sendmail", "-bh 1.2.3.4 alice", "pass"},
    {"exim", "sendmail", "-bf x alice", "pass"},
    {"exim", "sendmail", "-bV", "pass"},
    {"exim", "sendmail", "-bV alice", "submit dot rcpts=1"},
    {"exim", "sendmail", "--version alice", "submit dot rcpts=1"},
    {"exim", "sendmail", "--help alice", "pass"},
    {"exim", "sendmail", "-bnq alice", "submit dot rcpts=1"},
    {"exim", "sendmail", "-bI:help alice", "submit dot rcpts=1"},
    {"exim", "sendmail", "-bfd x alice", "submit dot rcpts=1"},
    {"exim", "sendmail", "-bfs x alice", "submit dot rcpts=1"},
    {"exim", "sendmail", "-MCA alice", "submit dot rcpts=1"},
    {"exim", "sendmail", "-MCd x alice", "submit dot rcpts=1"},
    {"exim", "sendmail", "-MCQ 1 2 alice", "submit dot rcpts=1"},
    {"exim", "sendmail", "-MCt a b c alice", "submit dot rcpts=1"},
    {"exim", "sendmail", "-MCp a b c d alice", "submit dot rcpts=1"},
    {"exim", "sendmail", "-MCp a", "pass"},
    {"exim", "sendmail", "-MC a b c 1 x", "pass"},
    {"exim", "sendmail", "-Mvh x alice", "pass"},
    {"exim", "sendmail", "-M x", "pass"},
    {"exim", "sendmail", "-q alice", "pass"},
    {"exim", "sendmail", "-qR x", "pass"},
    {"exim", "sendmail", "-R hdrs alice", "pass"},
    {"exim", "sendmail", "-S x alice", "pass"},
    {"exim", "sendmail", "-N alice", "submit dot rcpts=1"},
    {"exim", "sendmail", "-n -U -Gx -Ex -dropcr -v -x alice", "submit dot rcpts=1"},
    {"exim", "sendmail", "-em -oem -om -oo -odb -ov alice", "submit dot rcpts=1"},
    {"exim", "sendmail", "-ex alice", "pass"},
    {"exim", "sendmail", "-oB 3 alice", "submit dot rcpts=1"},
    {"exim", "sendmail", "-oB alice", "submit dot rcpts=1"},
    {"exim", "sendmail", "-oA x -oX y -or 5 -os5 alice", "submit dot rcpts=1"},
    {"exim", "sendmail", "-oMa 1.2.3.4 -oMr x alice", "submit dot rcpts=1"},
    {"exim", "sendmail", "-oMr -bp alice", "submit dot rcpts=1"},
    {"exim", "sendmail", "-B 8BITMIME -O x -X /x -p x -h3 alice", "submit dot rcpts=1"},
    {"exim", "sendmail", "-F -bp alice", "submit dot rcpts=1"},
    {"exim", "sendmail", "-ra@b alice", "submit dot rcpts=1 from=a@b"},
    {"exim", "sendmail", "-f", "pass"},
    {"exim", "sendmail", "-I alice", "pass"},
    {"exim", "sendmail", "-z text", "pass"},
    {"exim", "sendmail", "-atrn a b", "pass"},
    {"exim", "newaliases", "-t", "pass"},
    {"exim", "runq", "-t", "pass"},
    {"exim", "sendmail", "-t -oi", "submit header"},
    {"exim", "sendmail", "-t --help", "pass"},
    {"exim", "sendmail", "-tls-on-connect alice", "submit dot rcpts=1"},
    /* Exim: every option that leaves a submission one */
    {"exim", "sendmail",
     "-Ac -Am -B x -C x -DX -Ex -F x -Gx -L x -N -O x -U -X x -ee -em -ep -eq -ew -h 3 -m -n -v -x "
     "-MCA -MCD -MCK -MCP -MCS -MCT -MCd 1 -MCG 1 -MCr 1 -MCs 1 -MCQ 1 2 -MCL 1 2 3 -MCt 1 2 3 "
     "-MCp 1 "
     "2 3 4 -bm -bnq -bV -bI: -bfd 1 -bfl 1 -bfp 1 -bfs 1 -dp 1 -dx -p x --version alice",
     "submit dot rcpts=1"},
    {"exim", "sendmail",
     "-oA 1 -oAx -oB -oB 1 -oBx -oMa 1 -oP 1 -oPX -oX 1 -oY -odb -oem -om -oo -or 1 -os 1 -ov "
     "alice",
     "submit dot rcpts=1"},
    {"exim", "sendmail", "-- -bp", "submit dot rcpts=1"},
    {"exim", "sendmail", "- alice", "pass"},
    {"exim", "sendmail", "alice -t", "submit dot rcpts=2"},
    {"exim", "mailq", "-bm alice", "pass"},
    {"exim", "newaliases", "", "pass"},
    {"exim", "runq", "", "pass"},
    {"exim", "rmail", "alice", "submit rcpts=1"},
    {"exim", "rsmtp", "", "batch-smtp"},
    {"exim", "rsmtp", "-bs", "batch-smtp"},

    /* OpenSMTPD */
    {"opensmtpd", "sendmail", "-t -i", "submit header"},
    {"opensmtpd", "sendmail", "-bp", "submit"},
    {"opensmtpd", "sendmail", "-bs alice", "submit rcpts=1"},
    {"opensmtpd", "sendmail", "-bv a,b", "submit rcpts=2"},
    {"opensmtpd", "sendmail", "-bi", "pass"},
    {"opensmtpd", "sendmail", "alice -- -bix", "pass"},
    {"opensmtpd", "sendmail", "-F -bi alice", "pass"},
    {"opensmtpd", "sendmail", "-q", "pass"},
    {"opensmtpd", "sendmail", "-vq alice", "pass"},
    {"opensmtpd", "sendmail", "alice -q", "submit rcpts=1"}, /* POSIXLY_CORRECT: two recipients */
    {"opensmtpd", "sendmail", "alice -t", "submit header rcpts=1"},
    {"opensmtpd", "sendmail", "-Ez -Jz -S alice", "submit rcpts=1"},
    {"opensmtpd", "sendmail", "-E alice", "submit rcpts=1"},
    {"opensmtpd", "sendmail", "-C x alice", "pass"},
    {"opensmtpd", "sendmail", "--help alice", "pass"},
    {"opensmtpd", "sendmail", "-rx@y alice", "submit rcpts=1 from=x@y"},
    {"opensmtpd", "sendmail", "-fx@y alice", "submit rcpts=1 from=x@y"},
    {"opensmtpd", "sendmail",
     "-A x -B x -b x -E -e x -F x -f a@b -i -J -L x -m -N x -o x -p x -R x -r c@d -S -t -v -V x -x "
     "alice",
     "submit header rcpts=1 from=c@d"},
    {"opensmtpd", "send-mail", "alice", "submit rcpts=1"},
    {"opensmtpd", "/usr/sbin/sendmail-wrapper", "alice", "submit rcpts=1"},
    {"opensmtpd", "sendmail.real", "alice", "pass"},
    {"opensmtpd", "mailq", "", "pass"},
    {"opensmtpd", "smtpctl", "", "pass"},
    {"opensmtpd", "makemap", "", "pass"},

    /* msmtp */
    {"msmtp", "sendmail", "-t -i", "submit header"},
    {"msmtp", "sendmail", "", "submit"},
    {"msmtp", "sendmail", "a@x,b@y", "submit rcpts=2"},
    {"msmtp", "sendmail", "-bm alice", "submit rcpts=1"},
    {"msmtp", "sendmail", "-bmx alice", "pass"},
    {"msmtp", "sendmail", "-bs", "pass"},
    {"msmtp", "sendmail", "-S", "pass"},
    {"msmtp", "sendmail", "-P alice", "submit rcpts=1"},
    {"msmtp", "sendmail", "-d alice", "submit rcpts=1"},
    {"msmtp", "sendmail", "-dz alice", "submit rcpts=1"},
    {"msmtp", "sendmail", "-d0.1 alice", "pass"},
    {"msmtp", "sendmail", "-a acct -C file alice", "submit rcpts=1"},
    {"msmtp", "sendmail", "--account acct --from=a@b alice", "submit rcpts=1 from=a@b"},
    {"msmtp", "sendmail", "--from", "pass"},
    {"msmtp", "sendmail", "--tls x alice", "submit rcpts=2"},
    {"msmtp", "sendmail", "--read-recipients", "submit header"},
    {"msmtp", "sendmail", "--configure a@b", "pass"},
    {"msmtp", "sendmail", "--rmqs x", "pass"},
    {"msmtp", "sendmail", "-fa@b alice", "submit rcpts=1 from=a@b"},
    /* msmtp: the letters; the names that take the next word; those that do not */
    {"msmtp", "sendmail",
     "-P -d -C x -a x -f a@b -N never -R hdrs -X x -t -A x -B x -b m -F x -G -h x -i -L x -m -n -O "
     "x -o x "
     "-v alice",
     "submit header rcpts=1 from=a@b"},
    {"msmtp", "sendmail",
     "--account 1 --aliases 1 --connect-timeout 1 --domain 1 --dsn-notify 1 --dsn-return 1 --file "
     "1 --host 1 "
     "--logfile 1 --logfile-time-format 1 --maildomain 1 --passwordeval 1 --port 1 --protocol 1 "
     "--proxy-host 1 "
     "--proxy-port 1 --socket 1 --source-ip 1 --timeout 1 --tls-cert-file 1 --tls-crl-file 1 "
     "--tls-fingerprint 1 --tls-host-override 1 --tls-key-file 1 --tls-min-dh-prime-bits 1 "
     "--tls-priorities 1 "
     "--tls-trust-file 1 --user 1 alice",
     "submit rcpts=1"},
    {"msmtp", "sendmail",
     "--add-missing-date-header 1 --add-missing-from-header 1 --auth 1 --auto-from 1 --debug 1 "
     "--keepbcc 1 "
     "--pretend 1 --read-envelope-from 1 --remove-bcc-headers 1 --set-date-header 1 "
     "--set-from-header 1 "
     "--set-msgid-header 1 --set-to-header 1 --syslog 1 --tls 1 --tls-certcheck 1 "
     "--tls-force-sslv3 1 "
     "--tls-starttls 1 --undisclosed-recipients 1",
     "submit rcpts=19"},
    {"msmtp", "sendmail", "--timeout=1 --tls=on --tls alice", "submit rcpts=1"},
    {"msmtp", "sendmail", "--serverinfo", "pass"},
    {"msmtp", "sendmail", "--serv", "pass"},
    {"msmtp", "sendmail", "--help alice", "pass"},
    {"msmtp", "sendmail", "--version", "pass"},
    {"msmtp", "sendmail", "--f alice", "submit rcpts=1"},
    {"msmtp", "sendmail", "alice --version", "submit rcpts=1"},
    {"msmtp", "sendmail", "-r a@b alice", "pass"},
    {"msmtp", "sendmail", "alice -- -bp", "submit rcpts=2"},
    {"msmtp", "mailq", "alice", "submit rcpts=1"},

    /* nullmailer */
    {"nullmailer", "sendmail", "-t -i", "submit header"},
    {"nullmailer", "sendmail", "", "submit header"},
    {"nullmailer", "sendmail", "-i alice", "submit rcpts=1"},
    {"nullmailer", "sendmail", "a@x,b@y", "submit rcpts=2"},
    {"nullmailer", "sendmail", "-t alice", "submit header rcpts=1"},
    {"nullmailer", "sendmail", "-bs", "smtp"},
    {"nullmailer", "sendmail", "--bs", "smtp"},
    {"nullmailer", "sendmail", "-bp", "pass"},
    {"nullmailer", "sendmail", "-bp -bm alice", "submit rcpts=1"},
    {"nullmailer", "sendmail", "-bm -bs", "smtp"},
    {"nullmailer", "sendmail", "-ibs", "pass"},
    {"nullmailer", "sendmail", "-bsx", "pass"},
    {"nullmailer", "sendmail", "-bv alice", "pass"},
    {"nullmailer", "sendmail", "-em alice", "submit rcpts=1"},
    {"nullmailer", "sendmail", "-ex alice", "pass"},
    {"nullmailer", "sendmail", "-q -bs", "submit header"},
    {"nullmailer", "sendmail", "-q5", "submit header"},
    {"nullmailer", "sendmail", "-q", "pass"},
    {"nullmailer", "sendmail", "- -bs", "submit rcpts=1"},
    {"nullmailer", "sendmail", "--bm --em --ep --eq -ep -eq alice", "submit rcpts=1"},
    {"nullmailer", "sendmail", "-bs --bm alice", "submit rcpts=1"},
    {"nullmailer", "sendmail", "--bp", "pass"},
    {"nullmailer", "sendmail", "-fa@b alice", "submit rcpts=1 from=a@b"},
    {"nullmailer", "sendmail", "-ra@b alice", "submit rcpts=1 from=a@b"},
    {"nullmailer", "sendmail",
     "-B x -C x -d x -F x -f x -h x -i -L x -m -N x -n -O x -o x -p x -q x -R x -r a@b -t -U -V x "
     "-v -X x "
     "alice",
     "submit header rcpts=1 from=a@b"},
    {"nullmailer", "sendmail", "alice -bs", "submit rcpts=2"},
    {"nullmailer", "sendmail", "--help", "pass"},
    {"nullmailer", "mailq", "alice", "submit rcpts=1"},

    /* dma */
    {"dma", "sendmail", "-t -i", "submit header"},
    {"dma", "sendmail", "-t", "submit header dot"},
    {"dma", "sendmail", "", "pass"},
    {"dma", "sendmail", "a,b", "submit dot rcpts=1"},
    {"dma", "sendmail", "-bs alice", "submit dot rcpts=1"},
    {"dma", "sendmail", "-t -bs", "submit header dot"},
    {"dma", "sendmail", "-bi alice", "submit dot rcpts=1"},
    {"dma", "sendmail", "-bq alice", "submit dot rcpts=1"},
    {"dma", "sendmail", "-bp", "pass"},
    {"dma", "sendmail", "-tbp", "pass"},
    {"dma", "sendmail", "-Ap", "pass"},
    {"dma", "sendmail", "-q", "pass"},
    {"dma", "sendmail", "-q -t", "pass"},
    {"dma", "sendmail", "alice -bp",
     "submit dot rcpts=1"}, /* POSIXLY_CORRECT: "-bp@x" may be one */
    {"dma", "sendmail", "alice -i", "submit rcpts=1"},
    {"dma", "sendmail", "-oif alice", "submit rcpts=1"},
    {"dma", "sendmail", "-Apx -t", "pass"},
    {"dma", "sendmail", "-fa@b alice", "submit dot rcpts=1 from=a@b"},
    {"dma", "sendmail", "-ra@b alice", "submit dot rcpts=1 from=a@b"},
    {"dma", "mailq", "-t", "pass"},
    {"dma", "sendmail",
     "-A c -b m -B x -C x -d x -D -f x -F x -h x -i -L x -N x -n -o x -O x -r a@b -R x -t -U -V x "
     "-v -X x "
     "alice",
     "submit header rcpts=1 from=a@b"},
    {"dma", "sendmail", "-d -t", "pass"},
    {"dma", "sendmail", "-m alice", "pass"},
    {"dma", "sendmail", "--foo alice", "pass"},
    {"dma", "mailq", "", "pass"},
    {"dma", "newaliases", "alice", "pass"},

    /* ssmtp */
    {"ssmtp", "sendmail", "-t -i", "submit header"},
    {"ssmtp", "sendmail", "", "pass"},
    {"ssmtp", "sendmail", "-t alice", "pass"},
    {"ssmtp", "sendmail", "alice -t", "pass"},
    {"ssmtp", "sendmail", "alice,bob", "submit rcpts=2"},
    {"ssmtp", "sendmail", "-bs alice", "pass"},
    {"ssmtp", "sendmail", "-ibs alice", "pass"},
    {"ssmtp", "sendmail", "-bm alice", "submit rcpts=1"},
    {"ssmtp", "sendmail", "-bX x alice", "submit rcpts=1"},
    {"ssmtp", "sendmail", "-q alice", "pass"},
    {"ssmtp", "sendmail", "-V alice", "pass"},
    {"ssmtp", "sendmail", "-oDx alice", "pass"},
    {"ssmtp", "sendmail", "-oo alice", "pass"},
    {"ssmtp", "sendmail", "-oit", "submit header"},
    {"ssmtp", "sendmail", "-oemt", "submit header"},
    {"ssmtp", "sendmail", "-oif alice", "pass from=alice"},
    {"ssmtp", "sendmail", "-oe", "submit"}, /* reads on into the environment */
    {"ssmtp", "sendmail", "-O foo alice", "submit rcpts=2"},
    {"ssmtp", "sendmail", "-h -bp alice", "pass"},
    {"ssmtp", "sendmail", "-- -bp", "pass"},
    {"ssmtp", "sendmail", "--host", "submit header"},
    {"ssmtp", "sendmail", "- alice", "submit rcpts=1"},
    {"ssmtp", "sendmail", "-F -bp alice", "submit rcpts=1"},
    {"ssmtp", "sendmail", "-N -bs alice", "submit rcpts=1"},
    {"ssmtp", "sendmail", "-R full alice", "submit rcpts=1"},
    {"ssmtp", "sendmail", "-Rt", "submit header"},
    {"ssmtp", "sendmail", "-C x alice", "submit rcpts=1"},
    {"ssmtp", "sendmail", "-au u -ap p -am m alice", "submit rcpts=1"},
    {"ssmtp", "sendmail", "-auu -app -amm alice", "submit rcpts=1"},
    {"ssmtp", "sendmail", "-4 -6 -k -z -fx@y alice", "submit rcpts=1 from=x@y"},
    {"ssmtp", "sendmail", "-f", "pass from="},
    {"ssmtp", "mailq", "alice", "pass"},
    {"ssmtp", "newaliases", "", "pass"},
    {"ssmtp", "newaliases", "alice", "pass"},

    /* esmtp */
    {"esmtp", "sendmail", "-t -i", "submit header"},
    {"esmtp", "sendmail", "", "pass"},
    {"esmtp", "sendmail", "-bm a@b", "submit rcpts=1"},
    {"esmtp", "sendmail", "-bp -bm a@b", "submit rcpts=1"},
    {"esmtp", "sendmail", "-bi -bm a@b", "submit rcpts=1"},
    {"esmtp", "sendmail", "-q5 -bm a@b", "submit rcpts=1"},
    {"esmtp", "sendmail", "-bm -q5 a@b", "pass"},
    {"esmtp", "sendmail", "-Vp a@b", "pass"},
    {"esmtp", "sendmail", "-Vm a@b", "submit rcpts=1"},
    {"esmtp", "sendmail", "-V x a@b", "pass"},
    {"esmtp", "sendmail", "-bs", "pass"},
    {"esmtp", "sendmail", "-bp -bs a@b", "pass"},
    {"esmtp", "sendmail", "-O x a@b", "pass"},
    {"esmtp", "sendmail", "a@b -bp", "submit rcpts=1"},
    {"esmtp", "sendmail", "-U a@b", "pass"},
    {"esmtp", "sendmail", "-I a@b", "pass"},
    {"esmtp", "sendmail", "-Vi a@b", "pass"},
    {"esmtp", "sendmail", "-bx -bm a@b", "pass"},
    {"esmtp", "sendmail", "-fx@y a@b", "submit rcpts=1 from=x@y"},
    {"esmtp", "sendmail", "-rx@y a@b", "submit rcpts=1 from=x@y"},
    {"esmtp", "mailq", "a@b", "pass"},
    {"esmtp", "newaliases", "a@b", "pass"},
    {"esmtp", "sendmail",
     "-A x -B x -b m -C x -c -d x -e x -F x -f x -G -h x -i -L x -M x -m -N x -n -o x -p x -R x -r "
     "x@y -s "
     "-T -t -v -X x a@b",
     "submit header rcpts=1 from=x@y"},
    {"esmtp", "mailq", "", "pass"},
    {"esmtp", "/usr/bin/mailq", "a@b", "submit rcpts=1"}, /* compares argv[0] whole */

    /* Courier */
    {"courier", "sendmail", "-t -i", "submit header"},
    {"courier", "sendmail", "-t alice", "submit rcpts=1"},
    {"courier", "sendmail", "", "submit header"},
    {"courier", "sendmail", "-bs", "smtp"},
    {"courier", "sendmail", "-r -bs alice", "smtp"},
    {"courier", "sendmail", "-ibs", "submit header"},
    {"courier", "sendmail", "-bp alice", "submit rcpts=1"},
    {"courier", "sendmail", "-bcc -verp -q alice", "submit rcpts=1"},
    {"courier", "sendmail", "-r a@b alice", "submit rcpts=2"},
    {"courier", "sendmail", "-f a@b -F x -o i -N x -R x -V x alice", "submit rcpts=1 from=a@b"},
    {"courier", "sendmail", "-F -bs alice", "submit rcpts=1"},
    {"courier", "sendmail", "-S NONE alice", "submit rcpts=1"},
    {"courier", "sendmail", "-S -bs alice", "submit rcpts=1"},
    {"courier", "sendmail", "-- -bs", "smtp"},
    {"courier", "sendmail", "- -bs", "submit rcpts=1"},
    {"courier", "sendmail", "alice -bs", "submit rcpts=2"},
    {"courier", "sendmail", "-f", "submit header from="},
    {"courier", "rmail", "alice", "submit rcpts=1"},

    /* qmail */
    {"qmail", "sendmail", "-t -i", "submit header"},
    {"qmail", "sendmail", "-oi a,b", "submit rcpts=1"},
    {"qmail", "sendmail", "-bs", "smtp"},
    {"qmail", "sendmail", "-ibs -z", "smtp"},
    {"qmail", "sendmail", "-bp -bs", "pass"},
    {"qmail", "sendmail", "-bm alice", "submit rcpts=1"},
    {"qmail", "sendmail", "-bt alice", "pass"},
    {"qmail", "sendmail", "-n alice", "pass"},
    {"qmail", "sendmail", "-v -i -m -t -e x -f a@b -p x -o x -B x -F x -E -J -x -b m alice",
     "submit header rcpts=1 from=a@b"},
    {"qmail", "sendmail", "-r a@b alice", "pass"},
    {"qmail", "sendmail", "-Ez -Jz -J alice", "submit rcpts=1"},
    {"qmail", "sendmail", "-fa@b -- -bs", "submit rcpts=1 from=a@b"},
    {"qmail", "sendmail", "--foo alice", "submit rcpts=1"},
    {"qmail", "mailq", "-bm", "pass"},
    {"qmail", "mailq", "-bs", "smtp"},
    {"qmail", "newaliases", "", "pass"},

    /* an MTA that we do not know */
    {"cautious", "sendmail", "-t -i", "submit header"},
    {"cautious", "sendmail", "-ti", "submit header"},
    {"cautious", "sendmail", "-oi -fa@b alice", "submit rcpts=1 from=a@b"},
    {"cautious", "sendmail", "-t -oem -odb -F name", "submit header dot"},
    {"cautious", "sendmail", "alice -t", "submit header dot rcpts=1"},
    {"cautious", "sendmail", "a@x,b@y", "submit dot rcpts=2"},
    {"cautious", "sendmail", "-bm alice", "submit dot rcpts=1"},
    {"cautious", "sendmail", "-bs", "smtp"},
    {"cautious", "sendmail", "alice -bs", "smtp"},
    {"cautious", "sendmail", "-bS", "batch-smtp"},
    {"cautious", "sendmail", "-ibs", "pass"},
    {"cautious", "sendmail", "-b s", "pass"},
    {"cautious", "sendmail", "-bsx", "pass"},
    {"cautious", "sendmail", "-bp", "pass"},
    {"cautious", "sendmail", "-bt", "pass"},
    {"cautious", "sendmail", "-bs -q", "pass"},
    {"cautious", "sendmail", "-q", "pass"},
    {"cautious", "sendmail", "-qRx", "pass"},
    {"cautious", "sendmail", "-Q", "pass"},
    {"cautious", "sendmail", "-I", "pass"},
    {"cautious", "sendmail", "-Mx alice", "pass"},
    {"cautious", "sendmail", "-S alice", "pass"},
    {"cautious", "sendmail", "-P alice", "pass"},
    {"cautious", "sendmail", "-R full alice", "submit dot rcpts=1"},
    {"cautious", "sendmail", "-Rhdrs alice", "submit dot rcpts=1"},
    {"cautious", "sendmail", "-R alice bob", "pass"},
    {"cautious", "sendmail", "-oMa 1.2.3.4 alice", "submit dot rcpts=1"},
    {"cautious", "sendmail", "-oMr -bs alice", "submit dot rcpts=1"},
    {"cautious", "sendmail", "-r -bs alice", "pass"}, /* Courier: SMTP */
    {"cautious", "sendmail", "-F -bp alice", "pass"},
    {"cautious", "sendmail", "-N -bs", "pass"},
    {"cautious", "sendmail", "-N never alice", "submit dot rcpts=1"},
    {"cautious", "sendmail", "--help", "pass"},
    {"cautious", "sendmail", "-k alice", "pass"},
    {"cautious", "sendmail", "-i -- -bs", "submit rcpts=1"},
    {"cautious", "mailq", "", "pass"},
    {"cautious", "/usr/bin/newaliases", "", "pass"},
    {"cautious", "rsmtp", "", "pass"},
    {"cautious", "smtpd", "", "pass"},
    {"cautious", "hoststat", "", "pass"},
    {"cautious", "purgestat", "", "pass"},
    {"cautious", "runq", "", "pass"},
    {"cautious", "makemap", "", "pass"},
    {"cautious", "smtpctl", "", "pass"},
    {"cautious", "sendmail", "-ra@b alice", "submit dot rcpts=1 from=a@b"},
    {"cautious", "sendmail",
     "-m -t -v -n -c -G -U -s -x -C x -F x -h x -L x -O x -p x -X x -B x -e x -N x -V x -A x -d "
     "-d0 -o alice",
     "submit header dot rcpts=1"},
    {"cautious", "sendmail.real", "-t", "submit header dot"},
};

START_TEST(row)
{
    const struct row *r = &rows[_i];
    struct args args = args_make(r->name, r->words);
    char got[1024], want[1024];
    struct invocation inv;

    invocation_parse(dialect_by(r->dialect), args.argc, args.argv, &inv);
    ck_assert_ptr_eq(inv.dialect, dialect_by(r->dialect));
    snprintf(got, sizeof got, "%s: %s %s: %s", r->dialect, r->name, r->words, describe(&inv));
    snprintf(want, sizeof want, "%s: %s %s: %s", r->dialect, r->name, r->words, r->want);
    ck_assert_str_eq(got, want);
    args_free(&args);
}
END_TEST

START_TEST(names)
{
    static const char *const known[] = {"postfix", "sendmail",   "exim", "opensmtpd",
                                        "msmtp",   "nullmailer", "dma",  "ssmtp",
                                        "esmtp",   "courier",    "qmail"};
    unsigned n = sizeof known / sizeof known[0];

    for (unsigned i = 0; i < n; i++) {
        ck_assert_str_eq(dialect_known(i), known[i]);
        ck_assert_str_eq(dialect_name(dialect_find(known[i])), known[i]);
    }
    ck_assert_ptr_null(dialect_known(n));
    ck_assert_ptr_null(dialect_find("auto"));
    ck_assert_ptr_null(dialect_find("cautious"));
    ck_assert_ptr_null(dialect_find(""));
    ck_assert_ptr_null(dialect_find(NULL));
    ck_assert_str_eq(dialect_name(dialect_cautious()), "cautious");
    ck_assert_str_eq(invocation_mode_name(MODE_SUBMIT), "submit");
    ck_assert_str_eq(invocation_mode_name(MODE_SMTP), "smtp");
    ck_assert_str_eq(invocation_mode_name(MODE_BATCH_SMTP), "batch-smtp");
    ck_assert_str_eq(invocation_mode_name(MODE_PASS), "pass");
}
END_TEST

/* What the parser takes for granted about a row. */
static void check_row(const struct dialect *d)
{
    bool seen[256] = {false};
    char last = 0;

    for (const struct rule *r = d->rules; r->letter != 0; r++) {
        ck_assert_msg((unsigned char)r->letter < 128, "%s: letter", d->name);
        ck_assert_msg(r->letter == last || !seen[(unsigned char)r->letter],
                      "%s: the rules of -%c do not stand together", d->name, r->letter);
        ck_assert_msg(r->match == ANY || r->pattern != NULL, "%s: -%c without a pattern", d->name,
                      r->letter);
        ck_assert_msg(r[1].letter != r->letter || r->match != ANY, "%s: -%c: a rule behind ANY",
                      d->name, r->letter);
        ck_assert_int_lt(r - d->rules, 254);
        if (d->read == walk_words) {
            ck_assert_msg(r->takes != TAKES_UNKNOWN, "%s: -%c takes what?", d->name, r->letter);
        } else if (d->letters != NULL && strchr(d->letters, r->letter) == NULL) {
            ck_assert_msg((d->flags & WORDS_TOO) != 0, "%s: no letter -%c", d->name, r->letter);
        }
        last = r->letter;
        seen[(unsigned char)last] = true;
    }
    ck_assert_msg(d->read != NULL && d->called != NULL, "%s: incomplete", d->name);
}

START_TEST(table)
{
    for (unsigned i = 0; dialect_known(i) != NULL; i++) {
        check_row(dialect_find(dialect_known(i)));
    }
    check_row(dialect_cautious());
}
END_TEST

/* The sender is the caller's own string: an argv word, or the rest of one. */
START_TEST(sender_is_borrowed)
{
    struct args args = args_make("sendmail", "-fa@b -f c@d -t");
    struct invocation inv;

    invocation_parse(dialect_find("postfix"), args.argc, args.argv, &inv);
    ck_assert_ptr_eq(inv.sender, args.argv[3]);
    invocation_parse(dialect_find("postfix"), 2, args.argv, &inv);
    ck_assert_ptr_eq(inv.sender, args.argv[1] + 2);
    args_free(&args);
}
END_TEST

START_TEST(null_before_argc)
{
    char name[] = "sendmail", t[] = "-t", p[] = "-bp";
    char *argv[] = {name, t, NULL, p};
    struct invocation inv;
    char buf[64];
    struct strbuf out;

    invocation_parse(dialect_find("postfix"), 4, argv, &inv);
    ck_assert_str_eq(describe(&inv), "submit header dot");
    strbuf_init(&out, buf, sizeof buf);
    invocation_args(&inv, 4, argv, &out);
    ck_assert_str_eq(buf, "-t");
}
END_TEST

/*
 * As many words as execve(2) passes, and one as long: each dialect gets through, and counts
 * right. SW_TEST_SHORT: fewer words, for valgrind, where a million takes half a second.
 */
START_TEST(large)
{
    static char words[][8] = {"-i", "-t", "-fx", "-", "-oi", "-om", "-MCA", "--tls", "-bm", "x"};
    const struct dialect *d =
        _i == 11 ? dialect_cautious() : dialect_find(dialect_known((unsigned)_i));
    int argc = getenv("SW_TEST_SHORT") != NULL ? 1 << 14 : 1 << 18;
    char **argv = malloc((size_t)argc * sizeof *argv);
    char *one = malloc((1 << 20) + 1);
    struct invocation inv;

    for (size_t w = 0; w < sizeof words / sizeof words[0]; w++) {
        for (int i = 0; i < argc; i++) {
            argv[i] = i > 0 ? words[w] : strcpy(one, "sendmail");
        }
        invocation_parse(d, argc, argv, &inv);
    }
    ck_assert_int_eq(inv.mode, MODE_SUBMIT); /* of the last word, "x" */
    ck_assert_uint_eq(inv.recipients, (size_t)argc - 1);

    memset(one, 'i', 1 << 20);
    one[0] = '-';
    one[1 << 20] = '\0';
    argv[0] = words[0];
    argv[1] = one;
    invocation_parse(d, 2, argv, &inv);
    ck_assert_uint_eq(inv.recipients, 0);
    memset(one, ',', 1 << 20);
    invocation_parse(d, 2, argv, &inv);
    ck_assert_uint_le(inv.recipients, 1);
    free(one);
    free(argv);
}
END_TEST

struct args_row {
    const char *dialect, *words;
    size_t cap;
    const char *want;
    bool overflow;
};

static const struct args_row args_rows[] = {
    {"postfix", "-t -i", 64, "-t -i", false},
    {"postfix", "", 64, "", false},
    {"postfix", "'' a '' b", 64, " a  b", false},
    {"postfix", "-ap secret", 64, "-ap secret", false},
    {"postfix", "-t -fa@b -i", 11, "-t -fa@b", true},
    {"postfix", "-t -fa@b -i", 12, "-t -fa@b -i", false},
    {"postfix", "-t -fa@b -i", 9, "-t -fa@b", true},
    {"postfix", "-t -fa@b -i", 8, "-t", true},
    {"postfix", "-t -fa@b -i", 2, "", true},
    {"postfix", "-t -fa@b -i", 1, "", true},
    {"ssmtp", "-ap secret -t", 64, "-ap *** -t", false},
    {"ssmtp", "-apsecret -t", 64, "-ap*** -t", false},
    {"ssmtp", "-vapsecret -t", 64, "-vap*** -t", false},
    {"ssmtp", "-tvap secret", 64, "-tvap ***", false},
    {"ssmtp", "-ap -t", 64, "-ap ***", false},
    {"ssmtp", "-t -ap", 64, "-t -ap", false},
    {"ssmtp", "-au user -am x", 64, "-au user -am x", false},
    {"ssmtp", "-ap x -ap y", 64, "-ap *** -ap ***", false},
    {"ssmtp", "-fapsecret a@b", 64, "-fapsecret a@b", false},
    {"ssmtp", "-- -apx", 64, "-- -ap***", false},
    {"ssmtp", "-ap s", 4, "-ap", true},
    {"cautious", "-apsecret", 64, "-ap***", false},
    {"cautious", "-ap secret", 64, "-ap ***", false},
};

START_TEST(args_in_a_record)
{
    const struct args_row *r = &args_rows[_i];
    struct args args = args_make("sendmail", r->words);
    char *buf = malloc(r->cap);
    struct invocation inv;
    struct strbuf out;

    invocation_parse(dialect_by(r->dialect), args.argc, args.argv, &inv);
    strbuf_init(&out, buf, r->cap);
    invocation_args(&inv, args.argc, args.argv, &out);
    ck_assert_str_eq(buf, r->want);
    ck_assert_int_eq(out.overflow, r->overflow);
    ck_assert_uint_eq(out.len, strlen(r->want));
    free(buf);
    args_free(&args);
}
END_TEST

START_TEST(args_appends)
{
    struct args args = args_make("sendmail", "-t -i");
    struct invocation inv;
    char buf[16];
    struct strbuf out;

    invocation_parse(dialect_find("postfix"), args.argc, args.argv, &inv);
    strbuf_init(&out, buf, sizeof buf);
    strbuf_puts(&out, "args=");
    invocation_args(&inv, args.argc, args.argv, &out);
    ck_assert_str_eq(buf, "args=-t -i");
    args_free(&args);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("invocation");
    TCase *tc = tcase_create("invocation");

    tcase_add_loop_test(tc, row, 0, (int)(sizeof rows / sizeof rows[0]));
    tcase_add_test(tc, names);
    tcase_add_test(tc, table);
    tcase_add_test(tc, sender_is_borrowed);
    tcase_add_test(tc, null_before_argc);
    tcase_add_loop_test(tc, large, 0, 12);
    tcase_add_loop_test(tc, args_in_a_record, 0, (int)(sizeof args_rows / sizeof args_rows[0]));
    tcase_add_test(tc, args_appends);
    tcase_set_timeout(tc, 120);
    suite_add_tcase(suite, tc);
    return support_run(suite);
}
