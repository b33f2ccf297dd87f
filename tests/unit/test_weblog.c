/* weblog: which requests fit a record, which of them is a fact, and whose logs are looked at. */
#include "admin/args.h"
#include "admin/command.h"
#include "admin/context.h"
#include "admin/web/webconf_parts.h"
#include "admin/web/webformats.h"
#include "admin/web/weblog_parts.h"
#include "support.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#define S INT64_C(1000000)
#define CALL_TIME INT64_C(1700000000500000) /* 14/Nov/2023:22:13:20.5 */
#define HEAD                                                          \
    "2023-11-14T22:13:20.500000+00:00 web1 sendmail-wrapper[12345]: " \
    "id=01HF7YAT10Q7ZV2N5T0C9R4E6H "                                  \
    "mode=submit "
/* mod_php: everybody's uid; php-fpm: the customer's own */
#define MOD_PHP                                                                          \
    HEAD "uid=33 user=www-data gid=33 pid=12345 cwd=/w/a cwd_uid=4079 caller_pid=12001 " \
         "caller_start=1000 "                                                            \
         "chain=\"sh[12344] apache2[12001] apache2[800]\" ages=\"1 1 9000 9000\" "       \
         "unit=apache2.service ppid=12344 "                                              \
         "start=10000 "                                                                  \
         "mta=postfix action=deliver"
#define FPM                                                                                 \
    HEAD "uid=4079 user=web274 gid=4079 pid=12345 cwd=/w/a cwd_uid=4079 script=/w/a/x.php " \
         "script_by=fd script_uid=4079 caller_pid=12001 "                                   \
         "chain=\"sh[12344] php-fpm8.2[12001] php-fpm8.2[800]\" ages=\"1 1 9000 9000\" "    \
         "unit=php8.2-fpm.service "                                                         \
         "ppid=12344 "                                                                      \
         "mta=postfix action=deliver"
/* the worker forked 2 s before the call: proc_open() left a child behind; and a record without ages
 */
#define LEFT                                                                             \
    HEAD "uid=33 user=www-data gid=33 pid=12345 cwd=/w/a cwd_uid=4079 caller_pid=12001 " \
         "chain=\"sh[12344] apache2[12001] apache2[800]\" ages=\"1 201 9000 9000\" "     \
         "unit=apache2.service ppid=12344 mta=postfix action=deliver"
#define OLD                                                                                 \
    HEAD "uid=33 user=www-data gid=33 pid=12345 cwd=/w/a cwd_uid=4079 caller_pid=12001 "    \
         "chain=\"sh[12344] apache2[12001] apache2[800]\" unit=apache2.service ppid=12344 " \
         "mta=postfix action=deliver"
#define CGI                                                                                       \
    HEAD "uid=4079 user=web274 gid=4079 pid=12345 cwd=/w/a cwd_uid=4079 caller_pid=5 "            \
         "chain=\"sh[6] php-cgi8.2[5] apache2[4]\" unit=apache2.service ppid=6 remote=192.0.2.3 " \
         "uri=\"/x.php?c\" mta=postfix action=deliver"

static int run_nothing(struct context *ctx)
{
    (void)ctx;
    return STATUS_FOUND;
}

static const struct command command = {
    .name = "test", .summary = "", .operands = "", .groups = GROUP_WEB, .run = run_nothing};

struct answer {
    char text[1024]; /* "sure client request; " each */
    size_t total;
};

static void add_answer(const struct weblog_request *request, void *arg)
{
    struct answer *answer = arg;
    size_t len = strlen(answer->text);

    snprintf(answer->text + len, sizeof answer->text - len, "%s%d %s %s", len > 0 ? "; " : "",
             request->sure, request->client != NULL ? request->client : "-",
             request->request != NULL ? request->request : "-");
}

#define MANY 400 /* calls, one a second, by 7 workers */

/* Line i of the log and record i: the worker's pid is in every line but each tenth. */
static void many_lines(int i, char *log, char *record, size_t size)
{
    int64_t start = CALL_TIME + i * S;
    time_t t = (time_t)(start / S);
    char clf[64], iso[64], pid[32];
    struct tm tm;

    gmtime_r(&t, &tm);
    strftime(clf, sizeof clf, "%d/%b/%Y:%H:%M:%S +0000", &tm);
    strftime(iso, sizeof iso, "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(pid, sizeof pid, "%d", 12001 + i % 7);
    snprintf(log, size,
             "192.0.2.%d - - [%s] \"GET /n%d HTTP/1.1\" 200 5 \"-\" \"-\" %lld 300000 %s a "
             "\"/w/a/x.php\"\n",
             i % 250, clf, i, (long long)start, i % 10 == 9 ? "1" : pid);
    snprintf(record, size,
             "%s.600000+00:00 web1 sendmail-wrapper[5]: id=01HF7YAT10Q7ZV2N5T0C9R4E6H mode=submit "
             "uid=4079 user=web274 gid=4079 pid=5 cwd=/w/a%d caller_pid=%s "
             "chain=\"sh[4] %s[%s]\" ages=\"1 1 9000\" ppid=4 mta=postfix action=deliver",
             iso, i % 3, pid, i % 10 == 9 ? "perl" : "apache2", pid);
}

/* Opens the two logs of the calls, one of them compressed. */
static struct weblog *open_two(struct context *ctx, struct args **ret_args)
{
    const char *plain = support_path("many.log"), *packed = support_path("many.log.1.gz");
    FILE *log = fopen(plain, "w");
    gzFile gz = gzopen(packed, "w1");
    static char one[512], two[512]; /* args keeps pointers into them */
    char line[1024], record[1024];
    char *argv[] = {(char[]){"test"}, one, two, (char[]){"--log-format=apache"}, NULL};
    struct weblog *weblog;

    ck_assert(log != NULL && gz != NULL);
    for (int i = 0; i < MANY; i++) {
        many_lines(i, line, record, sizeof line);
        if (i < MANY / 2) {
            gzputs(gz, line);
        } else {
            fputs(line, log);
        }
    }
    fclose(log);
    gzclose(gz);
    snprintf(one, sizeof one, "--access-log=%s", packed);
    snprintf(two, sizeof two, "--access-log=%s", plain);
    *ret_args = args_parse(ctx, &command, 4, argv);
    ck_assert_ptr_nonnull(*ret_args);
    ctx->args = *ret_args;
    weblog = weblog_open(ctx);
    ck_assert_ptr_nonnull(weblog);
    return weblog;
}

/* Joins the record with one log; now: seconds after the call. */
static struct answer join(const char *record, const char *path, const char *format, int now)
{
    char log_option[512], format_option[512];
    char *argv[] = {(char[]){"test"}, log_option, format_option, NULL};
    struct context ctx = {.command = "test", .now = CALL_TIME + now * S};
    struct record_scratch scratch = {0};
    struct record_line line;
    struct answer answer = {0};
    struct weblog *weblog;
    struct args *args;

    snprintf(log_option, sizeof log_option, "--access-log=%s", path);
    snprintf(format_option, sizeof format_option, "--log-format=%s", format);
    args = args_parse(&ctx, &command, 3, argv);
    ck_assert_ptr_nonnull(args);
    ctx.args = args;
    weblog = weblog_open(&ctx);
    ck_assert_ptr_nonnull(weblog);
    ck_assert(record_line_parse(record, strlen(record), RECORDS_FILE, 0, &scratch, &line));
    answer.total = weblog_join(weblog, &line, 10, add_answer, &answer);
    weblog_close(weblog);
    args_free(args);
    free(scratch.data);
    return answer;
}

#define C " [14/Nov/2023:22:13:" /* a time in that minute */
#define A(client, second, request) \
    client " - -" C second " +0000] \"" request "\" 200 5 \"-\" \"-\""
#define FINE(client, second, request, usec, took, pid) \
    A(client, second, request) " " usec " " took " " pid " a \"/w/a/x.php\"\n"
#define F(client, second, request, took, pid)                                                    \
    client " -  14/Nov/2023:22:13:" second " +0000 \"" request "\" 200 /w/a/x.php " took " " pid \
           " p a\n"

static const struct {
    const char *what, *record, *format, *log;
    int now;
    const char *want;
    size_t total;
} rows[] = {
    {"only the time: the POST first, static files last", MOD_PHP, "combined",
     A("192.0.2.1", "20", "GET /x.php HTTP/1.1") "\n" A(
         "192.0.2.2", "20", "GET /x.css HTTP/1.1") "\n" A("192.0.2.3", "19",
                                                          "POST /x.php HTTP/1.1") "\n",
     900,
     "2 192.0.2.3 POST /x.php HTTP/1.1; 2 192.0.2.1 GET /x.php HTTP/1.1; 2 192.0.2.2 GET /x.css "
     "HTTP/1.1",
     3},
    {"Apache logs the start: not what began after the call", MOD_PHP, "combined",
     A("192.0.2.1", "22", "GET /x.php HTTP/1.1") "\n" A("192.0.2.2", "18",
                                                        "GET /y.php HTTP/1.1") "\n",
     900, "2 192.0.2.2 GET /y.php HTTP/1.1", 1},
    {"what began after it, within the second that is spared, comes last", CGI, "combined",
     A("192.0.2.3", "21", "POST /x.php?c HTTP/1.1") "\n" A("192.0.2.2", "19",
                                                           "GET /x.php HTTP/1.1") "\n",
     900, "2 192.0.2.2 GET /x.php HTTP/1.1; 2 192.0.2.3 POST /x.php?c HTTP/1.1", 2},
    {"nginx logs the end: not what ended before it", FPM, "nginx",
     A("192.0.2.1", "22", "GET /x.php HTTP/1.1") "\n" A("192.0.2.2", "18",
                                                        "GET /y.php HTTP/1.1") "\n",
     900, "2 192.0.2.1 GET /x.php HTTP/1.1", 1},
    {"the worker's pid, and it ran then", MOD_PHP, "apache",
     FINE("192.0.2.1", "20", "GET /x.php HTTP/1.1", "1700000000100000", "900000", "12002")
         FINE("192.0.2.2", "20", "GET /y.php HTTP/1.1", "1700000000100000", "900000", "12001")
             FINE("192.0.2.3", "20", "GET /x.php HTTP/1.1", "1700000000000000", "90000", "12001"),
     1, "0 192.0.2.2 GET /y.php HTTP/1.1", 1},
    {"a child that was left behind: the request that made it, not the one that runs now", LEFT,
     "apache",
     FINE("192.0.2.1", "18", "GET /spam.php HTTP/1.1", "1699999998400000", "200000", "12001")
         FINE("192.0.2.2", "20", "GET /y.php HTTP/1.1", "1700000000100000", "900000", "12001"),
     900, "0 192.0.2.1 GET /spam.php HTTP/1.1", 1},
    {"a record that does not say when: no fact", OLD, "apache",
     FINE("192.0.2.2", "20", "GET /y.php HTTP/1.1", "1700000000100000", "900000", "12001"), 900,
     "1 192.0.2.2 GET /y.php HTTP/1.1", 1},
    {"a pid that is not of that time", MOD_PHP, "apache",
     FINE("192.0.2.3", "20", "GET /x.php HTTP/1.1", "1700000000000000", "90000", "12001"), 900, "",
     0},
    {"without duration: what the worker ran last, once it has run another", MOD_PHP,
     "apache:%h %t \"%r\" %P",
     "192.0.2.1 [14/Nov/2023:22:13:10 +0000] \"GET /a\" 12001\n"
     "192.0.2.2 [14/Nov/2023:22:13:18 +0000] \"GET /b\" 12001\n"
     "192.0.2.3 [14/Nov/2023:22:13:30 +0000] \"GET /c\" 12001\n",
     30, "0 192.0.2.2 GET /b", 1},
    {"... before that, the one in question may still run", MOD_PHP, "apache:%h %t \"%r\" %P",
     "192.0.2.1 [14/Nov/2023:22:13:10 +0000] \"GET /a\" 12001\n"
     "192.0.2.2 [14/Nov/2023:22:13:18 +0000] \"GET /b\" 12001\n",
     30, "1 192.0.2.2 GET /b", 1},
    {"... in one second nobody knows which", MOD_PHP, "apache:%h %t \"%r\" %P",
     "192.0.2.1 [14/Nov/2023:22:13:20 +0000] \"GET /a\" 12001\n"
     "192.0.2.2 [14/Nov/2023:22:13:20 +0000] \"GET /b\" 12001\n",
     900, "1 192.0.2.1 GET /a; 1 192.0.2.2 GET /b", 2},
    {"a pid that was used again: the process had not been started then", MOD_PHP,
     "apache:%h %t \"%r\" %P", "192.0.2.1 [14/Nov/2023:22:11:00 +0000] \"GET /a\" 12001\n", 900, "",
     0},
    {"php-fpm", FPM, "fpm",
     F("192.0.2.1", "20", "GET /a", "700000", "12002")
         F("192.0.2.2", "20", "POST /b", "700000", "12001"),
     900, "0 192.0.2.2 POST /b", 1},
    {"php-fpm: after the line, in a shutdown function", FPM, "fpm",
     F("192.0.2.1", "17", "GET /a", "7", "12001") F("192.0.2.2", "18", "POST /b", "7", "12001")
         F("192.0.2.3", "25", "GET /c", "7", "12001"),
     20, "0 192.0.2.2 POST /b", 1},
    {"CGI: its environment orders, and is no fact", CGI, "combined",
     A("192.0.2.1", "20", "POST /x.php?a HTTP/1.1") "\n" A("192.0.2.3", "20",
                                                           "GET /x.php?c HTTP/1.1") "\n",
     900, "2 192.0.2.3 GET /x.php?c HTTP/1.1; 2 192.0.2.1 POST /x.php?a HTTP/1.1", 2},
    {"php-fpm: an empty last field", FPM, "fpm",
     "192.0.2.1 -  14/Nov/2023:22:13:20 +0000 \"GET /a\" 200 /w/a/x.php 700000 12001 p \n", 900,
     "0 192.0.2.1 GET /a", 1},
    {"lines that are none", MOD_PHP, "combined", "root:x:0:0::/root:/bin/sh\n\n\0x\n", 900, "", 0},
};

START_TEST(a_join)
{
    const char *path = support_file("access.log", rows[_i].log, 0644);
    struct answer answer = join(rows[_i].record, path, rows[_i].format, rows[_i].now);

    ck_assert_msg(strcmp(answer.text, rows[_i].want) == 0, "%s: got\n%s\nwant\n%s", rows[_i].what,
                  answer.text, rows[_i].want);
    ck_assert_uint_eq(answer.total, rows[_i].total);
}
END_TEST

/* A long log around the call: found by bisecting, though a slow request stands far behind its time;
 * the same from gzip. */
START_TEST(a_long_log)
{
    const char *path = support_path("long.log"), *packed = support_path("long.log.gz");
    FILE *log = fopen(path, "w");
    gzFile gz = gzopen(packed, "w1");
    char line[256];
    struct answer answer;

    ck_assert(log != NULL && gz != NULL);
    for (int i = -40000; i < 40000; i++) { /* one in 200 ms */
        time_t t = (time_t)((CALL_TIME + (int64_t)i * 200000) / S);
        struct tm tm;
        char stamp[64];
        int slow = i == 600; /* ended 120 s after the call, began 80 s before it */

        t -= slow ? 200 : 0;
        gmtime_r(&t, &tm);
        strftime(stamp, sizeof stamp, "%d/%b/%Y:%H:%M:%S +0000", &tm);
        snprintf(line, sizeof line,
                 "192.0.2.%d - - [%s] \"GET /%s HTTP/1.1\" 200 5 \"-\" \"-\" %d\n", slow ? 200 : 1,
                 stamp, slow ? "slow" : "x", slow ? 12001 : 300);
        fputs(line, log);
        gzputs(gz, line);
    }
    fclose(log);
    gzclose(gz);
    answer = join(MOD_PHP, path, "apache:%h %l %u %t \"%r\" %>s %b \"%{a}i\" \"%{b}i\" %P", 900);
    ck_assert_str_eq(answer.text, "0 192.0.2.200 GET /slow HTTP/1.1");
    answer = join(MOD_PHP, packed, "apache:%h %l %u %t \"%r\" %>s %b \"%{a}i\" \"%{b}i\" %P", 900);
    ck_assert_str_eq(answer.text, "0 192.0.2.200 GET /slow HTTP/1.1");
}
END_TEST

/* Many records in one reading find what each finds alone; of too many the latest are kept. */
START_TEST(many_records)
{
    struct context ctx = {.command = "test", .now = CALL_TIME + 9000 * S};
    struct record_scratch scratch = {0};
    struct args *args, *again;
    struct weblog *weblog = open_two(&ctx, &args), *alone;
    char log[1024], record[1024];
    struct record_line line;

    weblog->call_max = 300;
    for (int i = 0; i < MANY; i++) {
        many_lines((i * 7) % MANY, log, record, sizeof log); /* in any order */
        ck_assert(record_line_parse(record, strlen(record), RECORDS_FILE, 0, &scratch, &line));
        ck_assert_uint_eq(weblog_add(weblog, &line), i);
    }
    weblog_read(weblog, 5);
    alone = open_two(&ctx, &again);
    for (int i = 0; i < MANY; i++) {
        int n = (i * 7) % MANY;
        struct answer together = {0}, single = {0};
        char want[64];

        ck_assert_int_eq(weblog_kept(weblog, i), i >= MANY - 300);
        together.total = weblog_found(weblog, i, 5, add_answer, &together);
        many_lines(n, log, record, sizeof log);
        ck_assert(record_line_parse(record, strlen(record), RECORDS_FILE, 0, &scratch, &line));
        single.total = weblog_join(alone, &line, 5, add_answer, &single);
        if (i < MANY - 300) {
            ck_assert_uint_eq(together.total, 0);
            continue;
        }
        ck_assert_msg(strcmp(together.text, single.text) == 0, "%d: %s\nalone: %s", n,
                      together.text, single.text);
        ck_assert_uint_eq(together.total, single.total);
        if (n % 10 != 9) {
            snprintf(want, sizeof want, "0 192.0.2.%d GET /n%d HTTP/1.1", n % 250, n);
            ck_assert_str_eq(together.text, want);
        } else {
            ck_assert(together.text[0] == '2');
        }
    }
    weblog_close(weblog);
    weblog_close(alone);
    args_free(args);
    args_free(again);
    free(scratch.data);
}
END_TEST

/* More lines fit than are kept: all are counted, the best is among them, wherever it stands. */
START_TEST(many_lines_of_one)
{
    const char *path = support_path("busy.log");
    FILE *log = fopen(path, "w");
    struct answer answer;

    ck_assert_ptr_nonnull(log);
    for (int i = 0; i < 1500; i++) {
        fprintf(log, "%s\n",
                i == 1400 ? A("192.0.2.3", "20", "POST /x.php HTTP/1.1")
                          : A("192.0.2.1", "20", "GET /y.php HTTP/1.1"));
    }
    fclose(log);
    answer = join(MOD_PHP, path, "combined", 900);
    ck_assert_uint_eq(answer.total, 1500);
    ck_assert_msg(strncmp(answer.text, "2 192.0.2.3 POST", 16) == 0, "%s", answer.text);
}
END_TEST

/* Two customers, their pools and hosts, one host with a log of its own, and one log that both
 * share. */
static const char nginx_text[] =
    "log_format all '$host $remote_addr [$time_local] \"$request\"';\n"
    "access_log /all.log all;\n"
    "server { server_name a; root /w/a; fastcgi_pass unix:/run/a; access_log /a.log; }\n"
    "server { server_name a2 *.a2; root /w/a2; fastcgi_pass unix:/run/a; }\n"
    "server { server_name b; root /w/b; fastcgi_pass unix:/run/b; }\n";
static const char fpm_text[] = "[a]\nuser=4079\nlisten=/run/a\naccess.log=/fpm-a.log\n"
                               "[b]\nuser=4080\nlisten=/run/b\naccess.log=/fpm-b.log\n";

static const struct {
    const char *what;
    long long uid;
    bool shared;
    const char *cwd, *logs, *own, *foreign;
    bool elsewhere;
} choices[] = {
    {"the pool's user", 4079, false, "/w/a", "/a.log /all.log /fpm-a.log", "x.a2", "b", false},
    {"in a neighbour's directory", 4080, false, "/w/a", "/all.log /fpm-b.log", "b", "a2", false},
    {"nobody's", 5000, false, "/w/a/sub", "/a.log", "a", "b", false},
    {"nowhere", 5000, false, "/tmp", "", "unknown", "b", false},
    {"everybody's uid: by the directory", 33, true, "/w/b", "/all.log", "b", "a2", false},
    {"another server's", 4079, false, "/w/a", "", "unknown", "b", true},
    {"another server's, everybody's uid", 33, true, "/w/b", "", "unknown", "b", true},
};

START_TEST(a_choice)
{
    struct webconf *conf = webconf_new();
    struct weblog weblog = {.conf = conf};
    struct weblog_place call = {.uid = choices[_i].uid,
                                .shared_uid = choices[_i].shared,
                                .elsewhere = choices[_i].elsewhere};
    struct weblog_choice choice;
    char logs[256] = "", *text;

    text = context_copy(nginx_text, sizeof nginx_text - 1);
    webconf_nginx_text(conf, text, sizeof nginx_text - 1);
    free(text);
    text = context_copy(fpm_text, sizeof fpm_text - 1);
    webconf_fpm_text(conf, text, sizeof fpm_text - 1);
    free(text);
    weblog.log = calloc(conf->log_count, sizeof *weblog.log);
    weblog.log_count = conf->log_count;
    call.cwd = context_copy(choices[_i].cwd, strlen(choices[_i].cwd));
    call.script = context_copy("", 0);
    weblog_choose(&weblog, &call, &choice);
    for (size_t i = 0; i < conf->log_count; i++) {
        size_t len = strlen(logs);

        if (choice.log[i]) {
            snprintf(logs + len, sizeof logs - len, "%s%s", len > 0 ? " " : "", conf->log[i].path);
        }
    }
    ck_assert_msg(strcmp(logs, choices[_i].logs) == 0, "%s: got %s, want %s", choices[_i].what,
                  logs, choices[_i].logs);
    ck_assert(weblog_own_host(&weblog, &choice,
                              (struct slice){choices[_i].own, strlen(choices[_i].own)}));
    ck_assert(!weblog_own_host(&weblog, &choice,
                               (struct slice){choices[_i].foreign, strlen(choices[_i].foreign)}));
    weblog_choice_free(&choice);
    free(weblog.log);
    free(call.cwd);
    free(call.script);
    webconf_free(conf);
}
END_TEST

/* A pool in which everybody's scripts run. */
static const char everybodys_fpm_text[] = "[www]\nuser=33\nlisten=/run/a\naccess.log=/fpm.log\n";

static const struct {
    const char *what;
    long long uid;
    bool shared;
    const char *cwd, *script; /* of the call */
    const char *log, *host, *ran;
    enum weblog_whose want;
} tellings[] = {
    {"the directory's site", 33, true, "/w/a", "/w/a/x.php", "/a.log", NULL, NULL,
     WEBLOG_DIRECTORYS},
    {"the script's site, the directory is another's", 33, true, "/w/b", "/w/a/x.php", "/a.log",
     NULL, NULL, WEBLOG_ANYBODYS},
    {"no site is the directory's", 5000, false, "/home/x", "/w/a/../../home/x/x.php", "/a.log",
     NULL, NULL, WEBLOG_ANYBODYS},
    {"a shared log: its host", 33, true, "/w/b", "/w/a/x.php", "/all.log", "b", NULL,
     WEBLOG_DIRECTORYS},
    {"... the script's alone", 33, true, "/w/b", "/w/a2/x.php", "/all.log", "a2", NULL,
     WEBLOG_ANYBODYS},
    {"everybody's pool: what it ran", 33, true, "/w/a", "/w/a/x.php", "/fpm.log", NULL,
     "/w/a/x.php", WEBLOG_DIRECTORYS},
    {"... a neighbour's", 33, true, "/w/a", "/w/a/x.php", "/fpm.log", NULL, "/w/b/y.php",
     WEBLOG_ANYBODYS},
    {"... is not told", 33, true, "/w/a", "/w/a/x.php", "/fpm.log", NULL, NULL, WEBLOG_ANYBODYS},
};

START_TEST(a_telling)
{
    struct webconf *conf = webconf_new();
    struct weblog weblog = {.conf = conf};
    struct weblog_place call = {.uid = tellings[_i].uid, .shared_uid = tellings[_i].shared};
    struct weblog_line *line = context_alloc(sizeof *line);
    struct weblog_choice choice;
    char *text;

    text = context_copy(nginx_text, sizeof nginx_text - 1);
    webconf_nginx_text(conf, text, sizeof nginx_text - 1);
    free(text);
    text = context_copy(everybodys_fpm_text, sizeof everybodys_fpm_text - 1);
    webconf_fpm_text(conf, text, sizeof everybodys_fpm_text - 1);
    free(text);
    memset(line, 0, sizeof *line);
    weblog.log = calloc(conf->log_count, sizeof *weblog.log);
    weblog.log_count = conf->log_count;
    for (size_t i = 0; i < conf->log_count; i++) {
        weblog.log[i].server = conf->log[i].server;
        weblog.log[i].shared = conf->log[i].sites > 1;
        line->log = strcmp(conf->log[i].path, tellings[_i].log) == 0 ? &weblog.log[i] : line->log;
    }
    ck_assert_ptr_nonnull(line->log);
    if (tellings[_i].host != NULL) {
        line->row.value[WEBFIELD_HOST] =
            (struct slice){tellings[_i].host, strlen(tellings[_i].host)};
    }
    if (tellings[_i].ran != NULL) {
        line->row.value[WEBFIELD_SCRIPT] =
            (struct slice){tellings[_i].ran, strlen(tellings[_i].ran)};
    }
    call.cwd = context_copy(tellings[_i].cwd, strlen(tellings[_i].cwd));
    call.script = context_copy(tellings[_i].script, strlen(tellings[_i].script));
    weblog_choose(&weblog, &call, &choice);
    ck_assert(choice.log[line->log - weblog.log]);
    ck_assert_msg(weblog_whose(&weblog, &choice, line) == tellings[_i].want, "%s: got %d",
                  tellings[_i].what, (int)weblog_whose(&weblog, &choice, line));
    weblog_choice_free(&choice);
    free(line);
    free(weblog.log);
    free(call.cwd);
    free(call.script);
    webconf_free(conf);
}
END_TEST

static const struct {
    const char *chain, *unit;
    bool expected;
} origins[] = {
    {"sh[3] php-fpm8.2[2]", "php8.2-fpm.service", true},
    {"sh[3] cron[2]", "cron.service", false},
    {"bash[3] sshd[2]", "session-3.scope", false},
    {"perl[3]", "user@1000.service", false},
    {"sh[3] php[2]", "myworker.service", true},
    {"sh[3] CRON[2] cron[1]", NULL, false},
    {"sh[3] apache2[2]", NULL, true},
    {"sh[3] php[2] sshd[1]", NULL, false},
    {"php[3]", NULL, true},
};

START_TEST(an_expectation)
{
    char text[512];
    struct record_scratch scratch = {0};
    struct record_line line;
    const char *reason = NULL;

    snprintf(text, sizeof text,
             HEAD "uid=1 gid=1 pid=1 chain=\"%s\"%s%s ppid=1 mta=postfix action=deliver",
             origins[_i].chain, origins[_i].unit != NULL ? " unit=" : "",
             origins[_i].unit != NULL ? origins[_i].unit : "");
    ck_assert(record_line_parse(text, strlen(text), RECORDS_FILE, 0, &scratch, &line));
    ck_assert_msg(weblog_expected(&line, &reason) == origins[_i].expected, "%s %s",
                  origins[_i].chain, origins[_i].unit);
    ck_assert((reason == NULL) == origins[_i].expected);
    free(scratch.data);
}
END_TEST

#define AT(seconds) (CALL_TIME + (int64_t)((seconds)*1e6)) /* from the call */

/* Two requests of a worker of php-fpm in one second, and when nginx says that they were asked and
 * ended. */
static const struct {
    const char *what;
    double took[2], front[2][2];
    bool forgeable;
    int want; /* which is certain; -1: none */
} runs[] = {
    {"the second waited while the first was run", {0.4, 1}, {{-0.25, 0.16}, {-0.2, 1.3}}, false, 0},
    {"the first was over", {0.1, 0.8}, {{-0.4, -0.28}, {-0.35, 0.55}}, false, 1},
    {"the first has waited, too: nobody knows when it began",
     {0.1, 0.4},
     {{-0.45, 0.05}, {-0.45, 0.45}},
     false,
     -1},
    {"anybody can write the log", {0.4, 1}, {{-0.25, 0.16}, {-0.2, 1.3}}, true, -1},
};

START_TEST(requests_of_one_second)
{
    static const struct weblog_log log = {.server = WEB_FPM};
    struct weblog_call call = {.time = CALL_TIME, .hit_count = 2, .total = 2};

    call.hit = calloc(2, sizeof *call.hit);
    for (int i = 0; i < 2; i++) {
        struct weblog_line *line = calloc(1, sizeof *line), *front = calloc(1, sizeof *front);
        int64_t took = AT(runs[_i].took[i]) - CALL_TIME;

        line->refs = front->refs = 1;
        line->log = front->log = &log;
        line->row.duration = took;
        line->row.value[WEBFIELD_CLIENT] = line->row.value[WEBFIELD_URI] = (struct slice){"x", 1};
        call.hit[i] = (struct weblog_hit){.line = line,
                                          .also = front,
                                          .start_low = AT(-0.5),
                                          .start_high = AT(0.5) - 1,
                                          .run_low = AT(runs[_i].front[i][0]),
                                          .run_high = AT(runs[_i].front[i][1]) - took,
                                          .moment = CALL_TIME,
                                          .moment_known = true,
                                          .pid = true,
                                          .forgeable = runs[_i].forgeable,
                                          .score = i,
                                          .order = (unsigned)i};
    }
    weblog_settle_runs(&call);
    if (runs[_i].want < 0) {
        ck_assert_msg(call.hit_count == 2 && !call.hit[0].certain && !call.hit[1].certain, "%s",
                      runs[_i].what);
    } else {
        ck_assert_msg(call.hit_count == 1 && call.hit[0].certain &&
                          call.hit[0].score == runs[_i].want,
                      "%s", runs[_i].what);
    }
    weblog_hits_clear(&call);
}
END_TEST

struct lines {
    size_t count;
};

static bool count_line(void *arg, const struct weblogfile_from *from, char *line, size_t len,
                       int64_t time)
{
    (void)time;
    (void)from;
    (void)line;
    (void)len;
    ((struct lines *)arg)->count++;
    return true;
}

static const struct {
    const char *what;
    uid_t owner;
    mode_t mode;
    int want; /* enum weblog_sure */
} owners[] = {
    {"root's", 0, 0640, WEBLOG_PID},
    {"the web server's own account, which is not the caller's", 6, 0640, WEBLOG_PID},
    {"a customer's", 4079, 0644, WEBLOG_WORKER},
    {"the caller's", 33, 0644, WEBLOG_WORKER},
    {"everybody's", 0, 0666, WEBLOG_WORKER},
};

/* What the caller can write names nobody as a fact, with the worker's pid and all. */
START_TEST(a_log_that_can_be_forged)
{
    static const char line[] =
        FINE("192.0.2.2", "20", "GET /y.php HTTP/1.1", "1700000000100000", "900000", "12001");
    const char *path = support_path("forged.log");
    struct answer answer;

    if (getuid() != 0) {
        SKIP("not root: no file can be another's");
    }
    (void)support_file("forged.log", line, 0644);
    ck_assert_int_eq(chown(path, owners[_i].owner, 0), 0);
    ck_assert_int_eq(chmod(path, owners[_i].mode), 0);
    answer = join(MOD_PHP, path, "apache", 900);
    ck_assert_uint_eq(answer.total, 1);
    ck_assert_msg(answer.text[0] == '0' + owners[_i].want, "%s: %s", owners[_i].what, answer.text);
    ck_assert_int_eq(unlink(path), 0);
}
END_TEST

/* Links count only if root made them; files of the rotation do, others beside them do not. */
START_TEST(a_set_of_files)
{
    static const char line[] = A("192.0.2.1", "20", "GET / HTTP/1.0") "\n";
    struct context ctx = {.command = "test"};
    struct weblogformat *format = weblogformat_compile(WEB_APACHE, WEBFORMAT_COMBINED);
    struct weblogfile_formats formats = {&format, 1};
    struct lines lines = {0};
    char path[512];

    snprintf(path, sizeof path, "%s/set/a.log", support_dir());
    ck_assert_int_eq(mkdir(support_path("set"), 0755), 0);
    (void)support_file("set/a.log", line, 0644);
    (void)support_file("set/a.log.1", line, 0644);
    (void)support_file("set/a.log.1.gz", "half", 0644);
    (void)support_file("set/a.log-20231114", line, 0644);
    (void)support_file("set/a.log.bak", line, 0644);
    (void)support_file("set/a.logs", line, 0644);
    (void)weblogfile_scan(&ctx, path, false, formats, CALL_TIME - S, CALL_TIME + S, 300 * S,
                          INT64_MAX, count_line, &lines);
    ck_assert_uint_eq(lines.count, 3);
    ck_assert(!ctx.partial);
    for (int i = 0; i < 1001; i++) { /* too many: the log itself is read, and it is said */
        char name[64];

        snprintf(name, sizeof name, "set/a.log.1%d", i);
        (void)support_file(name, "", 0644);
    }
    lines.count = 0;
    (void)weblogfile_scan(&ctx, path, false, formats, CALL_TIME - S, CALL_TIME + S, 300 * S,
                          INT64_MAX, count_line, &lines);
    ck_assert_uint_ge(lines.count, 1);
    ck_assert(ctx.partial);
    ctx.partial = false;
    for (int i = 0; i < 1001; i++) {
        char name[64];

        snprintf(name, sizeof name, "set/a.log.1%d", i);
        ck_assert_int_eq(unlink(support_path(name)), 0);
    }
    if (getuid() != 0) {
        SKIP("not root: every link is followed");
    }
    ck_assert_int_eq(symlink("/etc/passwd", support_path("set/a.log.2")), 0);
    ck_assert_int_eq(lchown(support_path("set/a.log.2"), NOBODY, NOBODY), 0);
    (void)weblogfile_scan(&ctx, path, false, formats, CALL_TIME - S, CALL_TIME + S, 300 * S,
                          INT64_MAX, count_line, &lines);
    ck_assert(ctx.partial);
    ctx.partial = false;
    ck_assert_int_eq(unlink(support_path("set/a.log.2")), 0);
    ck_assert_int_eq(symlink("set", support_path("link")), 0);
    snprintf(path, sizeof path, "%s/link/a.log", support_dir());
    lines.count = 0;
    (void)weblogfile_scan(&ctx, path, false, formats, CALL_TIME - S, CALL_TIME + S, 300 * S,
                          INT64_MAX, count_line, &lines);
    ck_assert_uint_eq(lines.count, 3);
    ck_assert_int_eq(lchown(support_path("link"), NOBODY, NOBODY), 0);
    lines.count = 0;
    (void)weblogfile_scan(&ctx, path, false, formats, CALL_TIME - S, CALL_TIME + S, 300 * S,
                          INT64_MAX, count_line, &lines);
    ck_assert_uint_eq(lines.count, 0);
    ck_assert(ctx.partial);
    weblogformat_free(format);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("weblog");
    TCase *tcase = tcase_create("weblog");

    tcase_add_unchecked_fixture(tcase, support_begin, support_end);
    tcase_add_loop_test(tcase, a_join, 0, sizeof rows / sizeof rows[0]);
    tcase_add_loop_test(tcase, a_telling, 0, sizeof tellings / sizeof tellings[0]);
    tcase_add_loop_test(tcase, a_choice, 0, sizeof choices / sizeof choices[0]);
    tcase_add_loop_test(tcase, an_expectation, 0, sizeof origins / sizeof origins[0]);
    tcase_add_test(tcase, a_long_log);
    tcase_add_test(tcase, many_records);
    tcase_add_test(tcase, many_lines_of_one);
    tcase_add_loop_test(tcase, a_log_that_can_be_forged, 0, sizeof owners / sizeof owners[0]);
    tcase_add_loop_test(tcase, requests_of_one_second, 0, sizeof runs / sizeof runs[0]);
    tcase_add_test(tcase, a_set_of_files);
    suite_add_tcase(suite, tcase);
    return support_run(suite);
}
