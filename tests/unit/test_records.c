/* records: which lines are records where, their values, the order over files, filters, and the
 * search by id. */
#include "admin/args.h"
#include "admin/command.h"
#include "admin/context.h"
#include "admin/filter.h"
#include "admin/records/records.h"
#include "support.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define FRONT "2026-11-21T16:20:31.123456+00:00 web1 sendmail-wrapper[12345]: "
#define SECOND INT64_C(1000000)
#define TIME (INT64_C(1795278031) * SECOND)

static struct context ctx;
static struct record_scratch scratch;

static const struct command command_test = {
    .name = "test", .groups = GROUP_TIME | GROUP_FILTER | GROUP_LOG, .operands = ""};

static void begin(void)
{
    support_begin();
    setenv("TZ", "Europe/Berlin", 1);
    tzset();
    memset(&ctx, 0, sizeof ctx);
    ctx.now = TIME;
    ctx.command = "test";
}

static struct record_line parse(const char *text, enum records_origin origin)
{
    struct record_line line;

    ck_assert_msg(record_line_parse(text, strlen(text), origin, TIME, &scratch, &line), "%s", text);
    return line;
}

static void want(struct record_line *line, enum record_key key, const char *text)
{
    struct slice value;

    if (text == NULL) {
        ck_assert(!record_line_value(line, key, &value));
        return;
    }
    ck_assert(record_line_value(line, key, &value));
    ck_assert_msg(value.len == strlen(text) && memcmp(value.ptr, text, value.len) == 0,
                  "%.*s instead of %s", (int)value.len, value.ptr, text);
}

START_TEST(values)
{
    struct record_line line =
        parse(FRONT "id=A uid=4079 cwd=\"/var/www/a b\" cwd_uid=x new=\"a=b\" rcpts=50+ "
                    "subject=\"\\\"x\\\" \\\\ \\n\\x01\\...\" action=deliver",
              RECORDS_FILE);

    ck_assert_int_eq(line.time, TIME + 123456);
    ck_assert_uint_eq(line.host.len, 4);
    ck_assert(!line.torn);
    want(&line, RECORD_ID, "A");
    want(&line, RECORD_CWD, "/var/www/a b");
    want(&line, RECORD_USER, NULL);
    want(&line, RECORD_SUBJECT, "\\\"x\\\" \\\\ \\n\\x01\\...");
    ck_assert_int_eq(record_line_number(&line, RECORD_UID), 4079);
    ck_assert_int_eq(record_line_number(&line, RECORD_CWD_UID), -1);
    ck_assert_int_eq(record_line_number(&line, RECORD_PID), -1);
    ck_assert_int_eq(record_line_number(&line, RECORD_RCPTS), 50);
}
END_TEST

/* Equal text is equal value, in each format. */
START_TEST(json)
{
    struct record_line line =
        parse("{\"time\":\"2026-11-21T16:20:31.123456+00:00\",\"host\":\"web1\","
              "\"id\":\"A\",\"uid\":4079,\"subject\":\"\\\\\\\"x\\\\n\\\\x01\","
              "\"action\":\"pass\"}",
              RECORDS_FILE);

    ck_assert_int_eq(line.time, TIME + 123456);
    want(&line, RECORD_SUBJECT, "\\\"x\\n\\x01");
    ck_assert_int_eq(record_line_number(&line, RECORD_UID), 4079);
    want(&line, RECORD_ACTION, "pass");
}
END_TEST

/* A line; whether it is a record in the file log, in a syslog file. */
static const struct {
    const char *line;
    bool file, syslog;
} lines[] = {
    {FRONT "id=A action=deliver", true, true},
    {FRONT "id=A action=deliverX", false, false},
    {FRONT "id=A action=del", false, false},
    {FRONT "id=A action=deliver ", false, false},
    {FRONT "id=A action=deliver x=1", false, false},
    {FRONT "id=A uid=1 uid=2 action=deliver", false, false},
    {FRONT "id=A  action=deliver", false, false},
    {FRONT "id=A user= action=deliver", false, false},
    {FRONT "id=A user=\"a action=deliver", false, false},
    {FRONT "id=A user=a\"b action=deliver", false, false},
    {FRONT "id=A user=\"a\"b action=deliver", false, false},
    {FRONT "id=A user=\"a\\q\" action=deliver", false, false},
    {FRONT "id=A user=\"a\x01\" action=deliver", false, false},
    {FRONT "uid=1 id=A action=deliver", false, false},
    {FRONT "id=A action=\"deliver\"", true, true},
    {"", false, false},
    {"sendmail-wrapper[1]: id=A action=deliver", false, false},
    {"web1 sendmail-wrapper[1]: id=A action=deliver", false, false},
    {"Nov 21 17:20:31 web1 sendmail-wrapper[1]: id=A action=deliver", true, true},
    {"Nov 31 17:20:31 web1 sendmail-wrapper[1]: id=A action=deliver", false, false},
    /* torn, and whole behind it: a disk was full; in syslog somebody's text */
    {FRONT "id=B uid=0 cwd=/x" FRONT "id=A action=deliver", true, false},
    {FRONT "id=B uid=0 subject=\"x" FRONT "id=A action=deliver", true, false},
    {"Nov 21 17:20:31 web1 evil: " FRONT "id=A action=deliver", true, false},
    {"Nov 21 17:20:31 web1 sendmail-wrapper[1]: id=B subject=\"" FRONT "id=A action=deliver", true,
     false},
    {FRONT "id=B uid=0 action=deliver" FRONT "id=A action=del", false, false},
    {"Nov 21 17:20:31 web1 postfix/smtp[1]: 4F2: to=<a@b>, status=sent", false, false},
    {"{\"time\":\"x\"}", false, false},
};

START_TEST(which_lines)
{
    for (int origin = RECORDS_FILE; origin <= RECORDS_SYSLOG; origin++) {
        struct record_line line;
        bool taken = record_line_parse(lines[_i].line, strlen(lines[_i].line),
                                       (enum records_origin)origin, TIME, &scratch, &line);

        ck_assert_msg(taken == (origin == RECORDS_FILE ? lines[_i].file : lines[_i].syslog),
                      "%d: %s", origin, lines[_i].line);
        if (taken) {
            want(&line, RECORD_ID, "A");
            want(&line, RECORD_UID, NULL);
            ck_assert(line.torn == (lines[_i].file && !lines[_i].syslog));
        } else {
            ck_assert_uint_eq(line.have, 0);
        }
    }
}
END_TEST

/* Values with bytes that a terminal would obey come escaped, whoever wrote the line. */
START_TEST(not_our_escapes)
{
    struct record_line line =
        parse(FRONT "id=A subject=\"\xc2\x9b \xe2\x80\xae \xff\" action=pass", RECORDS_SYSLOG);

    want(&line, RECORD_SUBJECT, "\\xc2\\x9b \\xe2\\x80\\xae \\xff");
    line = parse(FRONT "id=A subject=\"Gr\xc3\xbc\xc3\x9f"
                       "e \\xc3\\xbc\" action=pass",
                 RECORDS_FILE);
    want(&line, RECORD_SUBJECT,
         "Gr\xc3\xbc\xc3\x9f"
         "e \xc3\xbc");
}
END_TEST

START_TEST(message)
{
    struct record_line line;
    static const char logfmt[] = "id=A uid=7 action=refuse";
    static const char json_text[] = "{\"id\":\"A\",\"uid\":7,\"action\":\"refuse\"}";
    static const char whole[] = "id=B cwd=" FRONT "id=A action=pass";

    ck_assert(record_line_message(logfmt, sizeof logfmt - 1, 5, "h", &scratch, &line));
    ck_assert_int_eq(line.time, 5);
    ck_assert_int_eq(record_line_number(&line, RECORD_UID), 7);
    ck_assert(record_line_message(json_text, sizeof json_text - 1, 5, "h", &scratch, &line));
    ck_assert_int_eq(record_line_number(&line, RECORD_UID), 7);
    ck_assert_int_eq(line.time, 5);
    ck_assert(!record_line_message(whole, sizeof whole - 1, 5, "h", &scratch, &line));
}
END_TEST

/* Times without a year: in Berlin. hint and time in UTC. */
static const struct {
    const char *time, *hint, *meant;
} years[] = {
    {"Nov 21 17:20:31", "2026-11-21T16:20:31Z", "2026-11-21T16:20:31Z"},
    {"Dec 31 23:59:59", "2027-01-01T06:00:00Z", "2026-12-31T22:59:59Z"},
    {"Jan  1 00:00:00", "2027-01-01T06:00:00Z", "2026-12-31T23:00:00Z"},
    {"Jan  1 00:00:00", "2026-12-31T22:59:59Z", "2026-12-31T23:00:00Z"}, /* a clock ahead */
    {"Nov 23 17:20:31", "2026-11-21T16:20:31Z", "2025-11-23T16:20:31Z"}, /* two days are not */
    {"Feb 29 12:00:00", "2027-03-01T00:00:00Z", "2024-02-29T11:00:00Z"},
    {"Feb 29 12:00:00", "2028-03-01T00:00:00Z", "2028-02-29T11:00:00Z"},
    {"Jul  1 12:00:00", "2026-11-21T16:20:31Z", "2026-07-01T10:00:00Z"}, /* summer time */
    {"Mar 29 01:59:59", "2026-11-21T16:20:31Z", "2026-03-29T00:59:59Z"},
    {"Mar 29 03:00:00", "2026-11-21T16:20:31Z", "2026-03-29T01:00:00Z"},
    {"Oct 25 01:59:59", "2026-11-21T16:20:31Z", "2026-10-24T23:59:59Z"},
    {"Oct 25 03:00:00", "2026-11-21T16:20:31Z", "2026-10-25T02:00:00Z"},
};

START_TEST(year)
{
    char text[128];
    struct record_line line;
    int64_t hint, meant;

    ck_assert(record_line_time(years[_i].hint, strlen(years[_i].hint), 0, &hint));
    ck_assert(record_line_time(years[_i].meant, strlen(years[_i].meant), 0, &meant));
    snprintf(text, sizeof text, "%s web1 sendmail-wrapper[1]: id=A action=pass", years[_i].time);
    for (int again = 0; again < 2; again++) { /* the second time it is remembered */
        ck_assert(record_line_parse(text, strlen(text), RECORDS_SYSLOG, hint, &scratch, &line));
        ck_assert_int_eq(line.time, meant);
    }
    ck_assert(record_line_parse(text, strlen(text), RECORDS_SYSLOG, hint + 1463 * 86400 * SECOND,
                                &scratch, &line));
    ck_assert_int_gt(line.time, meant);
}
END_TEST

START_TEST(zones)
{
    struct record_line line = parse("2026-11-21T17:20:31.123456+01:00 h sendmail-wrapper[1]: id=A "
                                    "action=pass",
                                    RECORDS_SYSLOG);

    ck_assert_int_eq(line.time, TIME + 123456);
    line = parse("2026-11-21T16:20:31Z h sendmail-wrapper[1]: id=A action=pass", RECORDS_SYSLOG);
    ck_assert_int_eq(line.time, TIME);
    line = parse("2026-11-21T10:50:31.123456-05:30 h sendmail-wrapper[1]: id=A action=pass",
                 RECORDS_SYSLOG);
    ck_assert_int_eq(line.time, TIME + 123456);
}
END_TEST

/* --- over files ------------------------------------------------------------------------------ */

/* Writes `count` records to DIR/name, `every` microseconds apart from time on; the number is in the
 * id. */
static void write_records(const char *name, int first, int count, int64_t time, int64_t every)
{
    FILE *file = fopen(support_path(name), "we");

    ck_assert_ptr_nonnull(file);
    for (int i = first; i < first + count; i++) {
        int64_t us = time + (i - first) * every;
        time_t seconds = (time_t)(us / SECOND);
        struct tm tm;
        char text[32];

        gmtime_r(&seconds, &tm);
        strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &tm);
        fprintf(file,
                "%s.%06d+00:00 web1 sendmail-wrapper[1]: id=01M7ZE%020d uid=%d cwd=/var/www/%d "
                "args=\"%0*d\" action=deliver\n",
                text, (int)(us % SECOND), i, i % 3, i % 5, i % 97 + 1, 0);
    }
    ck_assert_int_eq(fclose(file), 0);
}

static struct records *open_records(struct filter *filter, const char *const *argv)
{
    static struct args *args; /* until the next */
    int argc = 0;

    while (argv[argc] != NULL) {
        argc++;
    }
    args_free(args);
    args = args_parse(&ctx, &command_test, argc, (char **)(uintptr_t)argv);
    ck_assert_ptr_nonnull(args);
    ctx.args = args;
    ck_assert(filter_init(&ctx, filter));
    return records_open(&ctx, filter);
}

#define OPEN(filter, ...) open_records(filter, (const char *const[]){"test", __VA_ARGS__, NULL})

static int number_of(struct record_line *line)
{
    struct slice id;

    ck_assert(record_line_value(line, RECORD_ID, &id));
    ck_assert_uint_eq(id.len, 26);
    return atoi(id.ptr + 6);
}

static char *path_of(const char *name)
{
    const char *path = support_path(name);

    return context_copy(path, strlen(path));
}

START_TEST(rotated_in_order)
{
    struct filter filter;
    struct records *records;
    struct record_line line;
    int next = 0;

    write_records("log.2", 0, 1000, TIME, SECOND);
    write_records("log.1", 1000, 1000, TIME + 1000 * SECOND, SECOND);
    write_records("log", 2000, 1000, TIME + 2000 * SECOND, SECOND);
    ctx.config.log_to = CONFIG_LOG_FILE;
    snprintf(ctx.config.log_file, sizeof ctx.config.log_file, "%s", support_path("log"));
    records = OPEN(&filter, "--uid", "1");
    ck_assert_ptr_nonnull(records);
    while (records_next(records, &line)) {
        while (next % 3 != 1) {
            next++;
        }
        ck_assert_int_eq(number_of(&line), next++);
    }
    ck_assert_int_ge(next, 2998);
    ck_assert(!ctx.partial);
    ck_assert_uint_eq(records_torn(records), 0);
    records_close(records);
}
END_TEST

START_TEST(another_servers)
{
    struct record_line line = {.host = {"elsewhere", 9}};
    struct filter filter;
    char here[256] = "";

    ck_assert_int_eq(gethostname(here, sizeof here - 1), 0);
    ctx.config.log_to = CONFIG_LOG_FILE;
    records_close(OPEN(&filter, "--log", "/dev/null"));
    ck_assert(records_elsewhere(&ctx, &line));
    line.host = (struct slice){here, strlen(here)};
    ck_assert(!records_elsewhere(&ctx, &line));
    line.host = (struct slice){here, strcspn(here, ".")};
    ck_assert(!records_elsewhere(&ctx, &line));
    line.host.len--;
    ck_assert(records_elsewhere(&ctx, &line));
    line.host = (struct slice){"-", 1};
    ck_assert(!records_elsewhere(&ctx, &line));
    /* The configured file, after the server got another name. */
    line.host = (struct slice){"elsewhere", 9};
    write_records("log", 0, 1, TIME, SECOND);
    snprintf(ctx.config.log_file, sizeof ctx.config.log_file, "%s", support_path("log"));
    records_close(OPEN(&filter, "--uid", "1"));
    ck_assert(!records_elsewhere(&ctx, &line));
    /* What syslog keeps may be a collector's. */
    ctx.config.log_to = CONFIG_LOG_SYSLOG;
    ck_assert(records_elsewhere(&ctx, &line));
}
END_TEST

START_TEST(since_and_until)
{
    for (int from = 0; from < 20000; from += 1777) {
        struct filter filter;
        struct records *records;
        struct record_line line;
        int next = from;
        char since[32], until[32], *path;

        write_records("log", 0, 20000, TIME, SECOND / 10);
        path = path_of("log");
        snprintf(since, sizeof since, "@%lld", (long long)(TIME / SECOND) + from / 10);
        next = from / 10 * 10;
        snprintf(until, sizeof until, "@%lld", (long long)(TIME / SECOND) + from / 10 + 100);
        records = OPEN(&filter, "--log", path, "--since", since, "--until", until);
        ck_assert_ptr_nonnull(records);
        while (records_next(records, &line)) {
            ck_assert_int_eq(number_of(&line), next++);
        }
        ck_assert_int_eq(next, from / 10 * 10 + 1001 < 20000 ? from / 10 * 10 + 1001 : 20000);
        records_close(records);
        free(path);
    }
}
END_TEST

/* --- parts ----------------------------------------------------------------------------------- */

/* What a log can look like between its records. 20 MB are more than a cut looks for a line's end.
 */
static void write_odd_log(const char *name, int *number)
{
    FILE *file = fopen(support_path(name), "we");

    ck_assert_ptr_nonnull(file);
    fputs("\xef\xbb\xbf", file);
    for (int i = 0; i < 300; i++, (*number)++) {
        fprintf(file, FRONT "id=01M7ZE%020d uid=%d args=\"%0*d\" action=deliver%s", *number, i % 3,
                i * 7 % 400 + 1, 0,
                i % 10 == 0 ? "\r\n"
                : i == 299  ? ""
                            : "\n");
        if (i % 50 == 0) {
            fputs(FRONT "id=X uid=", file); /* torn */
        } else if (i % 50 == 20) {
            fputs("\n\nsomething else\n", file);
        }
        if (i == 100) {
            fprintf(file, "%0200000d", 0); /* in front of the next record */
        } else if (i % 170 == 130) {
            ck_assert_int_eq(fseek(file, i == 130 ? 100000 : 20000000, SEEK_CUR), 0); /* NULs */
        }
    }
    ck_assert_int_eq(fclose(file), 0);
}

static void pack(const char *name)
{
    char command[512];

    snprintf(command, sizeof command, "gzip '%s'", support_path(name));
    ck_assert_int_eq(system(command), 0); /* NOLINT */
}

static size_t read_numbers(struct records *records, int *to)
{
    struct record_line line;
    size_t n = 0;

    while (records_next(records, &line)) {
        to[n++] = number_of(&line);
    }
    return n;
}

/* All parts, one behind the other, are what one reading gives. */
START_TEST(split)
{
    static int whole[2000], numbers[2000];
    struct filter filter;
    struct records *records, *part[16];
    int number = 0;
    char *plain, *packed, *last;
    uint64_t torn;
    size_t n, got = 0, count;

    write_odd_log("plain", &number);
    write_records("packed", number, 500, TIME, SECOND);
    number += 500;
    write_odd_log("last", &number);
    pack("packed");
    plain = path_of("plain");
    packed = path_of("packed.gz");
    last = path_of("last");
    records = OPEN(&filter, "--uid", "1", "--log", plain, "--log", packed, "--log", last);
    n = read_numbers(records, whole);
    torn = records_torn(records);
    ck_assert_uint_gt(n, 300);
    ck_assert_uint_gt(torn, 0);
    records_close(records);

    records = OPEN(&filter, "--uid", "1", "--log", plain, "--log", packed, "--log", last);
    count = records_split(records, (size_t)_i, 1, part);
    ck_assert_uint_le(count, (size_t)_i);
    ck_assert(_i < 2 || count > 1);
    for (size_t i = 0; i < count; i++) {
        got += read_numbers(part[i], numbers + got);
        records_join(records, part[i]);
    }
    ck_assert_uint_eq(got, n);
    ck_assert_mem_eq(numbers, whole, n * sizeof *whole);
    ck_assert_uint_eq(records_torn(records), torn);
    ck_assert(!ctx.partial);
    records_close(records);
    free(plain);
    free(packed);
    free(last);
}
END_TEST

/* What kind of log --log names. */
static const struct {
    const char *text;
    int records;
} kinds[] = {
    /* ours: the torn record's end is that of the one behind it */
    {FRONT "id=X uid=" FRONT "id=A action=pass\n" FRONT "id=B action=pass\n", 2},
    /* a syslog file: another program's line is in it */
    {"Nov 21 17:20:31 h cron[1]: x\n" FRONT "id=X uid=" FRONT "id=A action=pass\n" FRONT
     "id=B action=pass\n",
     1},
    {"2026-11-21T17:20:31.000000+01:00 h sendmail-wrapper[1]: id=X cwd=" FRONT "id=A action=pass\n",
     0},
    {"", 0},
    {"\x7f"
     "ELF\x01\x02\x03 binary\n\x01\x02\n",
     0},
};

START_TEST(kind_of_log)
{
    struct filter filter;
    struct records *records;
    struct record_line line;
    int n = 0;
    char *path;

    support_file("log", kinds[_i].text, 0600);
    path = path_of("log");
    records = OPEN(&filter, "--log", path);
    ck_assert_ptr_nonnull(records);
    while (records_next(records, &line)) {
        n++;
    }
    ck_assert_int_eq(n, kinds[_i].records);
    ck_assert(!ctx.partial);
    records_close(records);
    free(path);
}
END_TEST

START_TEST(unreadable)
{
    struct filter filter;
    struct records *records;
    struct record_line line;
    char *path;

    write_records("log", 0, 10, TIME, SECOND);
    path = path_of("log");
    ck_assert_ptr_null(OPEN(&filter, "--log", "/nowhere/log"));
    ck_assert(ctx.partial);
    records = OPEN(&filter, "--log", "/nowhere/log", "--log", path);
    ck_assert_ptr_nonnull(records);
    ck_assert(records_next(records, &line));
    records_close(records);
    ctx.config.log_to = 0;
    ck_assert_ptr_null(OPEN(&filter, "--uid", "1"));
    free(path);
}
END_TEST

/* --- by id ----------------------------------------------------------------------------------- */

static void find(struct records *records, const char *id, int number)
{
    struct record_line line;
    bool found = records_find(records, id, &line);

    ck_assert_msg(found == (number >= 0), "%s", id);
    if (found) {
        ck_assert_int_eq(number_of(&line), number);
        want(&line, RECORD_ACTION, "deliver");
        ck_assert_int_gt(line.time, 0);
    }
}

/* The time in these ids is not that of their lines: only a full scan finds them. */
START_TEST(find_by_full_scan)
{
    struct filter filter;
    struct records *records;
    char *path;

    write_records("log", 0, 5000, TIME, SECOND);
    path = path_of("log");
    records = OPEN(&filter, "--log", path, "--uid", "77");
    for (int i = 0; i < 5000; i += 499) {
        char id[32];

        snprintf(id, sizeof id, "01M7ZE%020d", i);
        find(records, id, i);
    }
    find(records, "01m7ze00000000000000004999", 4999);
    find(records, "01M7ZE00000000000000005000", -1);
    find(records, "nonsense", -1);
    ck_assert(!ctx.partial);
    records_close(records);
    free(path);
}
END_TEST

/* ULIDs of 2026-11-21T16:20:31.000Z (01M7ZEHJ4R...) and of its correction. */
START_TEST(find_the_later)
{
    struct filter filter;
    struct records *records;
    struct record_line line;
    char *path;

    support_file("log",
                 FRONT "id=01M7ZEHJ4R0000000000000001 action=deliver\n" FRONT
                       "id=01M7ZEHJ4R0000000000000002 action=deliver\n" FRONT
                       "id=01M7ZEHJ4R0000000000000001 error=\"no sendmail\" action=refuse\n" FRONT
                       "id=01M7ZEHJ4R0000000000000003 subject=01M7ZEHJ4R0000000000000001 "
                       "action=deliver\n",
                 0600);
    path = path_of("log");
    records = OPEN(&filter, "--log", path);
    ck_assert(records_find(records, "01M7ZEHJ4R0000000000000001", &line));
    want(&line, RECORD_ACTION, "refuse");
    want(&line, RECORD_ERROR, "no sendmail");
    ck_assert_int_eq(line.time, TIME + 123456);
    records_close(records);
    free(path);
}
END_TEST

START_TEST(find_in_gzip)
{
    struct filter filter;
    struct records *records;
    char *path, command[512];

    write_records("log", 0, 5000, TIME, SECOND);
    snprintf(command, sizeof command, "gzip '%s'", support_path("log"));
    ck_assert_int_eq(system(command), 0); /* NOLINT */
    path = path_of("log.gz");
    records = OPEN(&filter, "--log", path);
    find(records, "01M7ZE00000000000000004711", 4711);
    find(records, "01M7ZE00000000000000000001", 1); /* from the beginning again */
    records_close(records);
    free(path);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("records");
    TCase *tc = tcase_create("records");

    tcase_set_timeout(tc, 120);
    tcase_add_checked_fixture(tc, begin, support_end);
    tcase_add_test(tc, values);
    tcase_add_test(tc, json);
    tcase_add_loop_test(tc, which_lines, 0, sizeof lines / sizeof lines[0]);
    tcase_add_test(tc, not_our_escapes);
    tcase_add_test(tc, message);
    tcase_add_loop_test(tc, year, 0, sizeof years / sizeof years[0]);
    tcase_add_test(tc, zones);
    tcase_add_test(tc, rotated_in_order);
    tcase_add_test(tc, another_servers);
    tcase_add_test(tc, since_and_until);
    tcase_add_loop_test(tc, kind_of_log, 0, sizeof kinds / sizeof kinds[0]);
    tcase_add_loop_test(tc, split, 1, 10);
    tcase_add_test(tc, unreadable);
    tcase_add_test(tc, find_by_full_scan);
    tcase_add_test(tc, find_the_later);
    tcase_add_test(tc, find_in_gzip);
    suite_add_tcase(suite, tc);
    return support_run(suite);
}
