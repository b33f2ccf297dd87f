/* weblogformat: format strings of the three servers, their lines, and what attackers put into them.
 */
#include "admin/context.h"
#include "admin/web/webformats.h"
#include "admin/web/weblogformat.h"
#include "support.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define S INT64_C(1000000)
#define NOV14 (INT64_C(1700000000) * S) /* 14/Nov/2023:22:13:20 +0000 */

/* The field of a line in this format, unescaped; "(none)", or "(no match)". */
static const char *field_of(enum web_server server, const char *text, const char *line,
                            enum weblogformat_field field)
{
    static char result[512];
    struct weblogformat *format = weblogformat_compile(server, text);
    struct weblogformat_row row;
    char *value;

    ck_assert_msg(format != NULL, "not understood: %s", text);
    if (!weblogformat_match(format, line, strlen(line), &row)) {
        weblogformat_free(format);
        return "(no match)";
    }
    value = weblogformat_unescape(format, row.value[field]);
    if (value == NULL) {
        weblogformat_free(format);
        return "(none)";
    }
    ck_assert_uint_lt(strlen(value), sizeof result);
    memcpy(result, value, strlen(value) + 1);
    free(value);
    weblogformat_free(format);
    return result;
}

#define COMBINED_LINE                                                                 \
    "192.0.2.7 - - [14/Nov/2023:22:13:20 +0000] \"POST /x.php?a=1 HTTP/1.1\" 200 12 " \
    "\"http://r.example/\" \"Mozilla/5.0 (X11)\""

static const struct {
    const char *what;
    enum web_server server;
    const char *format, *line;
    enum weblogformat_field field;
    const char *want;
} fields[] = {
    {"common", WEB_APACHE, WEBFORMAT_COMMON,
     "192.0.2.7 - bob [14/Nov/2023:22:13:20 +0000] \"GET / HTTP/1.0\" 404 -", WEBFIELD_USER, "bob"},
    {"combined: client", WEB_APACHE, WEBFORMAT_COMBINED, COMBINED_LINE, WEBFIELD_CLIENT,
     "192.0.2.7"},
    {"combined: request", WEB_APACHE, WEBFORMAT_COMBINED, COMBINED_LINE, WEBFIELD_REQUEST,
     "POST /x.php?a=1 HTTP/1.1"},
    {"combined: status", WEB_APACHE, WEBFORMAT_COMBINED, COMBINED_LINE, WEBFIELD_STATUS, "200"},
    {"combined: agent", WEB_APACHE, WEBFORMAT_COMBINED, COMBINED_LINE, WEBFIELD_AGENT,
     "Mozilla/5.0 (X11)"},
    {"combined: no user", WEB_APACHE, WEBFORMAT_COMBINED, COMBINED_LINE, WEBFIELD_USER, "(none)"},
    {"a line with more than the format has", WEB_APACHE, WEBFORMAT_COMMON, COMBINED_LINE,
     WEBFIELD_USER, "(no match)"},
    {"CR at the end", WEB_APACHE, WEBFORMAT_COMBINED, COMBINED_LINE "\r", WEBFIELD_AGENT,
     "Mozilla/5.0 (X11)"},
    {"vhost_combined: host", WEB_APACHE, WEBFORMAT_VHOST_COMBINED, "a.example:443 " COMBINED_LINE,
     WEBFIELD_HOST, "a.example"},
    {"IPv6", WEB_APACHE, WEBFORMAT_COMMON,
     "2001:db8::1 - - [14/Nov/2023:22:13:20 +0000] \"GET / HTTP/1.0\" 200 5", WEBFIELD_CLIENT,
     "2001:db8::1"},
    {"Apache's escapes", WEB_APACHE, WEBFORMAT_COMBINED,
     "h - - [14/Nov/2023:22:13:20 +0000] \"GET /\\\"\\\\\\x41\\t HTTP/1.0\" 200 5 \"-\" \"a\\\"b\"",
     WEBFIELD_REQUEST, "GET /\"\\A\t HTTP/1.0"},
    {"... a NUL byte stays written", WEB_APACHE, WEBFORMAT_COMMON,
     "h - - [14/Nov/2023:22:13:20 +0000] \"GET /\\x00\" 200 5", WEBFIELD_REQUEST, "GET /\\x00"},
    {"a quote that is never closed", WEB_APACHE, WEBFORMAT_COMMON,
     "h - - [14/Nov/2023:22:13:20 +0000] \"GET / 200 5", WEBFIELD_REQUEST, "(no match)"},
    {"recommended for Apache: pid", WEB_APACHE, WEBFORMAT_APACHE,
     COMBINED_LINE " 1700000000123456 5021 12001 a.example \"/var/www/a b/x.php\"", WEBFIELD_PID,
     "12001"},
    {"... file", WEB_APACHE, WEBFORMAT_APACHE,
     COMBINED_LINE " 1700000000123456 5021 12001 a.example \"/var/www/a b/x.php\"", WEBFIELD_SCRIPT,
     "/var/www/a b/x.php"},
    {"%{...}i anywhere", WEB_APACHE, "%{X-Forwarded-For}i %t \"%r\" %{pid}P %{c}a",
     "1.2.3.4, 5.6.7.8 [14/Nov/2023:22:13:20 +0000] \"GET /\" 77 10.0.0.1", WEBFIELD_FORWARDED,
     "1.2.3.4, 5.6.7.8"},
    {"... the peer", WEB_APACHE, "%a %t \"%r\" %{c}a",
     "1.2.3.4 [14/Nov/2023:22:13:20 +0000] \"GET /\" 10.0.0.1", WEBFIELD_PEER, "10.0.0.1"},
    {"conditions, internal redirects", WEB_APACHE, "%h %t %!200,304>s %<u \"%400{User-Agent}i\"",
     "h [14/Nov/2023:22:13:20 +0000] 500 joe \"x\"", WEBFIELD_STATUS, "500"},
    {"%m %U%q", WEB_APACHE, "%h %t \"%m %U%q %H\" %s",
     "h [14/Nov/2023:22:13:20 +0000] \"GET /a?b=c HTTP/1.1\" 200", WEBFIELD_URI, "/a?b=c"},
    {"%%", WEB_APACHE, "%h 100%% %t", "h 100% [14/Nov/2023:22:13:20 +0000]", WEBFIELD_CLIENT, "h"},
    {"nginx combined", WEB_NGINX, WEBFORMAT_NGINX_COMBINED, COMBINED_LINE, WEBFIELD_REFERER,
     "http://r.example/"},
    {"nginx's escapes", WEB_NGINX, WEBFORMAT_NGINX_COMBINED,
     "h - - [14/Nov/2023:22:13:20 +0000] \"GET /\" 200 5 \"-\" \"\\x22\\x5C\\xE4\"", WEBFIELD_AGENT,
     "\"\\\xe4"},
    {"recommended for nginx", WEB_NGINX, WEBFORMAT_NGINX,
     COMBINED_LINE " 1700000000.123 0.250 a.example", WEBFIELD_HOST, "a.example"},
    {"nginx as JSON", WEB_NGINX,
     "escape=json {\"t\":\"$time_iso8601\",\"a\":\"$remote_addr\",\"r\":\"${request}\"}",
     "{\"t\":\"2023-11-14T22:13:20+00:00\",\"a\":\"192.0.2.7\",\"r\":\"GET \\\"\\u0001\"}",
     WEBFIELD_REQUEST, "GET \"\001"},
    {"php-fpm", WEB_FPM, WEBFORMAT_FPM_DEFAULT,
     "- -  14/Nov/2023:22:13:20 +0000 \"GET /index.php\" 200", WEBFIELD_PATH, "/index.php"},
    {"recommended for php-fpm: pid", WEB_FPM, WEBFORMAT_FPM,
     "192.0.2.7 -  14/Nov/2023:22:13:20 +0000 \"POST /a?b\" 200 /var/www/x.php 1234 12001 web a",
     WEBFIELD_PID, "12001"},
    {"... script", WEB_FPM, WEBFORMAT_FPM,
     "192.0.2.7 -  14/Nov/2023:22:13:20 +0000 \"POST /a?b\" 200 /var/www/x.php 1234 12001 web a",
     WEBFIELD_SCRIPT, "/var/www/x.php"},
    {"... of the docs", WEB_FPM, "%R - %u %t \"%m %r%Q%q\" %s %f %{mili}d %p %n",
     "- -  14/Nov/2023:22:13:20 +0000 \"GET /x.php?a=b\" 200 /w/x.php 12.345 99 pool",
     WEBFIELD_PATH, "/x.php?a=b"},

    /* what attackers do */
    {"a user name that looks like the fields behind it", WEB_NGINX, WEBFORMAT_NGINX_COMBINED,
     "9.9.9.9 - x [01/Jan/2020:00:00:00 +0000] \\x22GET /y\\x22 [14/Nov/2023:22:13:20 +0000] "
     "\"GET /\" 200 5 \"-\" \"-\"",
     WEBFIELD_USER, "x [01/Jan/2020:00:00:00 +0000] \"GET /y\""},
    {"an agent that looks like the end of the line", WEB_APACHE, WEBFORMAT_APACHE,
     "h - - [14/Nov/2023:22:13:20 +0000] \"GET /\" 200 5 \"-\" \"a\\\" 1 1 666 b \\\"/c\" "
     "1700000000123456 5021 12001 a.example \"/x.php\"",
     WEBFIELD_PID, "12001"},
    {"php-fpm escapes nothing: a URL that looks like the rest", WEB_FPM, WEBFORMAT_FPM,
     "h -  14/Nov/2023:22:13:20 +0000 \"GET /?\" 200 /evil.php 1 666 web b\" 200 /x.php 1 12001 "
     "web a",
     WEBFIELD_PID, "12001"},
    {"... its script", WEB_FPM, WEBFORMAT_FPM,
     "h -  14/Nov/2023:22:13:20 +0000 \"GET /?\"%20200%20/evil.php%201%20666\" 200 /x.php 1 12001 "
     "web a",
     WEBFIELD_SCRIPT, "/x.php"},
    {"no line of a log", WEB_APACHE, WEBFORMAT_COMBINED, "root:x:0:0:root:/root:/bin/bash",
     WEBFIELD_CLIENT, "(no match)"},
    {"nothing", WEB_APACHE, WEBFORMAT_COMBINED, "", WEBFIELD_CLIENT, "(no match)"},
};

START_TEST(a_field)
{
    ck_assert_msg(
        strcmp(field_of(fields[_i].server, fields[_i].format, fields[_i].line, fields[_i].field),
               fields[_i].want) == 0,
        "%s: got %s, want %s", fields[_i].what,
        field_of(fields[_i].server, fields[_i].format, fields[_i].line, fields[_i].field),
        fields[_i].want);
}
END_TEST

static const struct {
    const char *what;
    enum web_server server;
    const char *format, *line;
    int64_t time, resolution, duration, end;
} times[] = {
    {"common", WEB_APACHE, "%h %t", "h [14/Nov/2023:22:13:20 +0000]", NOV14, S, -1, -1},
    {"a zone", WEB_APACHE, "%h %t", "h [15/Nov/2023:00:13:20 +0200]", NOV14, S, -1, -1},
    {"a zone to the west", WEB_APACHE, "%h %t", "h [14/Nov/2023:16:43:20 -0530]", NOV14, S, -1, -1},
    {"summer time, in the line", WEB_APACHE, "%h %t", "h [29/Oct/2023:02:30:00 +0200]",
     INT64_C(1698539400) * S, S, -1, -1},
    {"... an hour later, by the clock the same", WEB_APACHE, "%h %t",
     "h [29/Oct/2023:02:30:00 +0100]", INT64_C(1698543000) * S, S, -1, -1},
    {"%D", WEB_APACHE, "%t %D", "[14/Nov/2023:22:13:20 +0000] 2500000", NOV14, S, 2500000, -1},
    {"%T", WEB_APACHE, "%t %T", "[14/Nov/2023:22:13:20 +0000] 3", NOV14, S, 3 * S, -1},
    {"%{ms}T", WEB_APACHE, "%t %{ms}T", "[14/Nov/2023:22:13:20 +0000] 3", NOV14, S, 3000, -1},
    {"microseconds win", WEB_APACHE, "%t %{begin:usec}t",
     "[14/Nov/2023:22:13:20 +0000] 1700000000123456", NOV14 + 123456, 1, -1, -1},
    {"in pieces", WEB_APACHE, "%{%Y-%m-%dT%H:%M:%S}t.%{msec_frac}t%{%z}t",
     "2023-11-14T22:13:20.250+0000", NOV14 + 250000, 1000, -1, -1},
    {"the end, too", WEB_APACHE, "%t %{end:usec}t", "[14/Nov/2023:22:13:20 +0000] 1700000001000000",
     NOV14, S, -1, NOV14 + S},
    {"nginx $msec", WEB_NGINX, "$msec $request_time", "1700000000.123 0.250", NOV14 + 123000, 1000,
     250000, -1},
    {"nginx ISO", WEB_NGINX, "[$time_iso8601]", "[2023-11-14T23:13:20+01:00]", NOV14, S, -1, -1},
    {"php-fpm %t %T", WEB_FPM, "%t %T %{mili}d",
     "14/Nov/2023:22:13:20 +0000 14/Nov/2023:22:13:22 +0000 1500.250", NOV14, S, 1500250,
     NOV14 + 2 * S},
    {"php-fpm micro", WEB_FPM, "%t %{micro}d", "14/Nov/2023:22:13:20 +0000 77", NOV14, S, 77, -1},
    {"php-fpm, where another reading fails first", WEB_FPM, WEBFORMAT_FPM,
     "192.0.2.7 -  14/Nov/2023:22:13:20 +0000 \"POST /a\" 200 /var/www/x.php 62997 813 web a",
     NOV14, S, 62997, -1},
    {"php-fpm seconds", WEB_FPM, "%{%F %T%z}t %d", "2023-11-14 22:13:20+0000 0.077", NOV14, S,
     77000, -1},
};

START_TEST(a_time)
{
    struct weblogformat *format = weblogformat_compile(times[_i].server, times[_i].format);
    struct weblogformat_row row;
    int64_t quick = 0;

    ck_assert_msg(format != NULL, "%s: not understood", times[_i].what);
    ck_assert_msg(weblogformat_match(format, times[_i].line, strlen(times[_i].line), &row),
                  "%s: does not match", times[_i].what);
    ck_assert_int_eq(row.time, times[_i].time);
    ck_assert_int_eq(row.resolution, times[_i].resolution);
    ck_assert_int_eq(row.duration, times[_i].duration);
    ck_assert_int_eq(row.end, times[_i].end);
    ck_assert(weblogformat_when(format, times[_i].line, strlen(times[_i].line), &quick));
    ck_assert_int_eq(quick - quick % S, times[_i].time - times[_i].time % S);
    weblogformat_free(format);
}
END_TEST

static const struct {
    enum web_server server;
    const char *format;
} refused[] = {
    {WEB_APACHE, ""},
    {WEB_APACHE, "%h %r"},
    {WEB_APACHE, "%t %"},
    {WEB_APACHE, "%t %{x"},
    {WEB_APACHE, "%t %u%r"},
    {WEB_NGINX, "$remote_addr"},
    {WEB_NGINX, "[$time_local] $"},
    {WEB_NGINX, "[$time_local] ${x"},
    {WEB_FPM, "%R %p"},
};

START_TEST(a_format_that_is_none)
{
    ck_assert_msg(weblogformat_compile(refused[_i].server, refused[_i].format) == NULL, "taken: %s",
                  refused[_i].format);
}
END_TEST

static const struct {
    const char *line;
} bad_times[] = {
    {"h [14/Nov/2023:22:13:20 +0000"},
    {"h [14/Nav/2023:22:13:20 +0000]"},
    {"h [32/Nov/2023:22:13:20 +0000]"},
    {"h [1x/Nov/2023:22:13:20 +0000]"},
    {"h [14/Nov/2023:22:73:20 +0000]"},
    {"h [14/Nov/2023:22:13:20 +00]"},
    {"h ["},
    {"h [14/Nov/2023:22:13:20 *0000]"},
};

START_TEST(a_time_that_is_none)
{
    struct weblogformat *format = weblogformat_compile(WEB_APACHE, "%h %t");
    struct weblogformat_row row;

    ck_assert(!weblogformat_match(format, bad_times[_i].line, strlen(bad_times[_i].line), &row));
    weblogformat_free(format);
}
END_TEST

/* A line that makes the matcher try again and again ends soon. */
START_TEST(finer_than_a_second)
{
    static const struct {
        enum web_server server;
        const char *format;
        bool fraction;
    } formats[] = {
        {WEB_NGINX, WEBFORMAT_NGINX, true},
        {WEB_NGINX, WEBFORMAT_NGINX_COMBINED, false},
        {WEB_NGINX, "$time_iso8601 $request_time", false},
        {WEB_APACHE, WEBFORMAT_APACHE, true},
        {WEB_APACHE, WEBFORMAT_COMBINED, false},
        {WEB_APACHE, "%{sec}t", false},
        {WEB_APACHE, "%{msec}t", true},
        {WEB_FPM, WEBFORMAT_FPM_DEFAULT, false},
    };

    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        struct weblogformat *format = weblogformat_compile(formats[i].server, formats[i].format);

        ck_assert_ptr_nonnull(format);
        ck_assert_msg(weblogformat_has_fraction(format) == formats[i].fraction, "%s",
                      formats[i].format);
        weblogformat_free(format);
    }
}
END_TEST

START_TEST(a_hostile_line)
{
    struct weblogformat *format =
        weblogformat_compile(WEB_APACHE, "%{a}i %{b}i %{c}i %{d}i %{e}i %t");
    struct weblogformat_row row;
    char *line = malloc(65536);

    ck_assert_ptr_nonnull(line);
    memset(line, ' ', 65536);
    line[65535] = 'x';
    ck_assert(!weblogformat_match(format, line, 65536, &row));
    free(line);
    weblogformat_free(format);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("weblogformat");
    TCase *tcase = tcase_create("weblogformat");

    tcase_add_loop_test(tcase, a_field, 0, sizeof fields / sizeof fields[0]);
    tcase_add_loop_test(tcase, a_time, 0, sizeof times / sizeof times[0]);
    tcase_add_loop_test(tcase, a_format_that_is_none, 0, sizeof refused / sizeof refused[0]);
    tcase_add_loop_test(tcase, a_time_that_is_none, 0, sizeof bad_times / sizeof bad_times[0]);
    tcase_add_test(tcase, finer_than_a_second);
    tcase_add_test(tcase, a_hostile_line);
    suite_add_tcase(suite, tcase);
    return support_run(suite);
}
