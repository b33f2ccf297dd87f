/* filter and origin: which records an option lets through, and what a record's directory and script
 * are worth. */
#include "admin/args.h"
#include "admin/command.h"
#include "admin/filter.h"
#include "admin/origin.h"
#include "support.h"

#include <check.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

#define HEAD                                                                                    \
    "2026-11-21T16:20:31.123456+00:00 web1 sendmail-wrapper[1]: id=01KAMX3F8Q7ZV2N5T0C9R4E6HJ " \
    "mode=submit "
#define WEB274                                                                          \
    HEAD "uid=4079 user=web274 gid=4079 pid=1 cwd=/var/www/web274/htdocs cwd_uid=4079 " \
         "script=\"/var/www/web274/htdocs/a b.php\" script_by=fd script_uid=4079 "      \
         "caller=\"php-fpm: pool web274\" unit=php8.2-fpm.service ppid=1 "              \
         "sender=bounce@example.net from=\"Shop <Shop@Example.org>\" mta=postfix action=deliver"
#define FQDN \
    "2026-11-21T16:20:31.123456+00:00 web1.example.org sendmail-wrapper[1]: id=A action=deliver"
#define BARE HEAD "uid=0 gid=0 pid=1 ppid=1 mta=postfix action=deliver"

/* In place of the C library's: it counts. */
static unsigned looked_up;

struct passwd *getpwnam(const char *name)
{
    static struct passwd entry;

    looked_up++;
    entry.pw_uid = strcmp(name, "root") == 0 ? 0 : 4079;
    return strcmp(name, "no-such-user-here") == 0 ? NULL : &entry;
}

static int run_nothing(struct context *ctx)
{
    (void)ctx;
    return STATUS_FOUND;
}

static const struct command command = {.name = "test",
                                       .summary = "",
                                       .operands = "",
                                       .groups = GROUP_TIME | GROUP_FILTER | GROUP_LOG,
                                       .run = run_nothing};

static const struct {
    const char *line;
    const char *options[5];
    bool passes;
} rows[] = {
    {WEB274, {NULL}, true},
    {WEB274, {"--uid=4079"}, true},
    {WEB274, {"--uid=407"}, false},
    {WEB274, {"--uid=1", "--uid=4079"}, true},
    {WEB274, {"--user=4079"}, true},
    {WEB274, {"--user=root"}, false},
    {WEB274, {"--user=web274"}, true},
    {WEB274, {"--user=root", "--user=web274"}, true},
    {BARE, {"--user=root"}, true},
    {WEB274, {"--dir=/var/www/web274"}, true},
    {WEB274, {"--dir=/var/www/web274/"}, true},
    {WEB274, {"--dir=/var/www/web274/htdocs"}, true},
    {WEB274, {"--dir=/var/www/web27"}, false},
    {WEB274, {"--dir=/"}, true},
    {WEB274, {"--dir=/var/www/web*"}, true},
    {WEB274, {"--dir=/srv", "--dir=/var/www"}, true},
    {WEB274, {"--dir=/var/www", "--uid=1"}, false},
    {BARE, {"--dir=/"}, false},
    {WEB274, {"--script=a b.php"}, true},
    {WEB274, {"--script=/var/www/web274/htdocs/a b.php"}, true},
    {WEB274, {"--script=b.php"}, false},
    {WEB274, {"--script=*.php"}, true},
    {WEB274, {"--unit=php8.2-fpm"}, true},
    {WEB274, {"--unit=php8.2-fpm.service"}, true},
    {WEB274, {"--unit=php8.2"}, false},
    {WEB274, {"--from=example.ORG"}, true},
    {WEB274, {"--from=bounce@"}, true},
    {WEB274, {"--from=example.com"}, false},
    {WEB274, {"--host=web1"}, true},
    {WEB274, {"--host=db1"}, false},
    {WEB274, {"--host=web"}, false},
    {FQDN, {"--host=WEB1"}, true},
    {FQDN, {"--host=web1.example"}, true},
    {FQDN, {"--host=web1.ex"}, false},
    {WEB274, {"--central", "--user=web274"}, true},
    {WEB274, {"--central", "--user=4079"}, true},
    {WEB274, {"--central", "--user=root"}, false},
    {WEB274, {"--central", "--user=root", "--uid=4079"}, true},
    {BARE, {"--central", "--user=root"}, false},
    {WEB274, {"--caller=pool web274"}, true},
    {WEB274, {"--since=2026-11-21T16:20:31Z"}, true},
    {WEB274, {"--since=2026-11-21T16:20:32Z"}, false},
    {WEB274, {"--until=2026-11-21T16:20:32Z"}, true},
    {WEB274, {"--until=2026-11-21T16:20:31Z"}, false},
};

/* Runs the options over a line; -1: the options were refused. */
static int verdict(const char *text, const char *const *options)
{
    char *argv[8] = {(char[]){"test"}};
    struct context ctx = {.command = "test", .now = INT64_C(1795278031000000)};
    struct record_scratch scratch = {0};
    struct record_line line;
    struct filter filter;
    struct args *args;
    int argc = 1, result = -1;

    for (; options[argc - 1] != NULL; argc++) {
        argv[argc] = strdup(options[argc - 1]);
    }
    ctx.args = args = args_parse(&ctx, &command, argc, argv);
    ck_assert_ptr_nonnull(args);
    if (filter_init(&ctx, &filter)) {
        looked_up = 0;
        ck_assert(record_line_parse(text, strlen(text), RECORDS_FILE, ctx.now, &scratch, &line));
        result = filter_record(&filter, &line);
        /* Several threads do this, which getpwnam(3) does not bear, and for each line. */
        ck_assert_uint_eq(looked_up, 0);
    }
    args_free(args);
    while (--argc > 0) {
        free(argv[argc]);
    }
    free(scratch.data);
    return result;
}

START_TEST(lets_through)
{
    ck_assert_msg(verdict(rows[_i].line, rows[_i].options) == rows[_i].passes, "%s %s",
                  rows[_i].options[0], rows[_i].options[1]);
}
END_TEST

static const char *const refused[][3] = {
    {"--uid=web274"},      {"--user=no-such-user-here"},
    {"--since=soon"},      {"--since=1h", "--until=2h"},
    {"--uid=99999999999"}, {"--uid="},
};

START_TEST(refuses)
{
    ck_assert_int_eq(verdict(BARE, refused[_i]), -1);
}
END_TEST

/* --- origin ---------------------------------------------------------------------------------- */

#define ORIGIN(uid, unit, cwd_uid, by, script_uid)                                       \
    HEAD "uid=" #uid " gid=1 pid=1 cwd=/d cwd_uid=" #cwd_uid " script=/s script_by=" #by \
         " script_uid=" #script_uid unit " ppid=1 mta=postfix action=deliver"
#define FPM " unit=php8.2-fpm.service"
#define APACHE " unit=apache2.service"

static const struct {
    const char *line;
    enum origin_worth directory, script;
} origins[] = {
    {ORIGIN(4079, FPM, 4079, fd, 4079), ORIGIN_OWN, ORIGIN_OWN},
    {ORIGIN(4079, FPM, 4080, fd, 4079), ORIGIN_SAYS, ORIGIN_OWN},
    {ORIGIN(4079, FPM, 4079, fd, 4080), ORIGIN_OWN, ORIGIN_SAYS},
    {ORIGIN(4079, FPM, 0, cmdline, 0), ORIGIN_SAYS, ORIGIN_SAYS},
    {ORIGIN(4079, FPM, 4079, env, 4079), ORIGIN_OWN, ORIGIN_OWN},
    {ORIGIN(4079, FPM, 4079, header, 4079), ORIGIN_OWN, ORIGIN_SAYS},
    /* mod_php: everybody is www-data, and may own the files as well */
    {ORIGIN(33, APACHE, 4079, fd, 4079), ORIGIN_SAYS, ORIGIN_SAYS},
    {ORIGIN(33, APACHE, 33, fd, 33), ORIGIN_SAYS, ORIGIN_SAYS},
    {ORIGIN(33, "", 33, fd, 33), ORIGIN_SAYS, ORIGIN_SAYS},
    /* a service of its own */
    {ORIGIN(107, " unit=munin-node.service", 107, cmdline, 107), ORIGIN_OWN, ORIGIN_OWN},
    {ORIGIN(0, " unit=cron.service", 0, cmdline, 0), ORIGIN_OWN, ORIGIN_OWN},
    {ORIGIN(0, "", 4079, cmdline, 4079), ORIGIN_SAYS, ORIGIN_SAYS},
    {BARE, ORIGIN_NONE, ORIGIN_NONE},
};

START_TEST(a_neighbour_is_no_fact)
{
    struct record_scratch scratch = {0};
    struct record_line line;

    ck_assert(record_line_parse(origins[_i].line, strlen(origins[_i].line), RECORDS_FILE, 0,
                                &scratch, &line));
    ck_assert_str_eq(origin_word(origin_directory(&line)), origin_word(origins[_i].directory));
    ck_assert_str_eq(origin_word(origin_script(&line)), origin_word(origins[_i].script));
    free(scratch.data);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("filter");
    TCase *tcase = tcase_create("filter");

    tcase_add_loop_test(tcase, lets_through, 0, sizeof rows / sizeof rows[0]);
    tcase_add_loop_test(tcase, refuses, 0, sizeof refused / sizeof refused[0]);
    tcase_add_loop_test(tcase, a_neighbour_is_no_fact, 0, sizeof origins / sizeof origins[0]);
    suite_add_tcase(suite, tcase);
    return support_run(suite);
}
