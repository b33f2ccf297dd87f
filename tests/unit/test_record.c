/* record: the line as documented, its bound, the way back, and what nobody may forge through a
 * value. */
#include "support.h"
#include "wrapper/codec.h"
#include "wrapper/record.h"

#include <check.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ID "01KAMX3F8Q7ZV2N5T0C9R4E6HJ"
#define FORGED_ID "01FORGEDFORGEDFORGEDFORGED"
#define TIME "2026-11-21T16:20:31.123456+00:00"
#define FRONT TIME " web1 sendmail-wrapper[12345]: "
#define JSON_FRONT "{\"time\":\"" TIME "\",\"host\":\"web1\","
#define TIME_S 1795278031
#define FORMATS 2

static void start_record(struct record *rec)
{
    record_init(rec);
    rec->time = (struct timespec){TIME_S, 123456789};
    rec->host = "web1";
    rec->pid = 12345;
    record_string(rec, RECORD_ID, ID);
    record_string(rec, RECORD_MODE, "submit");
    record_number(rec, RECORD_UID, 4079);
    record_string(rec, RECORD_ACTION, "deliver");
}

/* The line without its newline, which is checked to be there; buf holds RECORD_MAX + 1. */
static size_t write_line(const struct record *rec, enum record_format format, char *buf)
{
    struct strbuf out;

    strbuf_init(&out, buf, RECORD_MAX + 1);
    record_line(rec, format, &out);
    ck_assert(!out.overflow);
    ck_assert_uint_le(out.len, RECORD_MAX);
    ck_assert_int_eq(buf[out.len - 1], '\n');
    buf[out.len - 1] = '\0';
    return out.len - 1;
}

/* Parses an exact-sized copy, so that a sanitizer sees one byte too far. The copy is the caller's.
 */
static bool parse_copy(const char *text, size_t n, struct record *rec, bool *ret_torn, char **ret)
{
    *ret = malloc(n + (n == 0));
    ck_assert_ptr_nonnull(*ret);
    memcpy(*ret, text, n);
    return record_parse(*ret, n, rec, ret_torn);
}

static void check_value(const struct record *rec, enum record_key key, const char *expected)
{
    const struct record_value *value = &rec->value[key];

    if (expected == NULL) {
        ck_assert_msg(value->ptr == NULL, "%s is there", record_key_name(key));
        return;
    }
    ck_assert_msg(value->ptr != NULL, "%s is absent", record_key_name(key));
    ck_assert_msg(value->len == strlen(expected) && memcmp(value->ptr, expected, value->len) == 0,
                  "%s is %.*s, not %s", record_key_name(key), (int)value->len, value->ptr,
                  expected);
}

START_TEST(line_as_documented)
{
    struct record rec;
    char line[RECORD_MAX + 1];

    start_record(&rec);
    record_string(&rec, RECORD_USER, "web274");
    record_number(&rec, RECORD_GID, 4079);
    record_number(&rec, RECORD_PID, 12345);
    record_string(&rec, RECORD_CWD, "/var/www/web274/htdocs/images");
    record_number(&rec, RECORD_CWD_UID, 4079);
    record_string(&rec, RECORD_SCRIPT, "/var/www/web274/htdocs/images/x.php");
    record_string(&rec, RECORD_SCRIPT_BY, "fd");
    record_number(&rec, RECORD_SCRIPT_UID, 4079);
    record_string(&rec, RECORD_CALLER, "php-fpm: pool web274");
    record_number(&rec, RECORD_CALLER_PID, 12001);
    record_string(&rec, RECORD_CHAIN, "sh[12344] php-fpm8.2[12001] php-fpm8.2[880]");
    record_string(&rec, RECORD_UNIT, "php8.2-fpm.service");
    record_string(&rec, RECORD_ARGS, "-t -i");
    record_string(&rec, RECORD_FROM, "a@example.org");
    record_string(&rec, RECORD_RCPTS, "50");
    record_string(&rec, RECORD_SUBJECT, "Re: Good day");
    record_string(&rec, RECORD_MSGID, "<1@example.org>");
    write_line(&rec, RECORD_LOGFMT, line);
    ck_assert_str_eq(
        line, FRONT "id=" ID " mode=submit uid=4079 user=web274 gid=4079 pid=12345 "
                    "cwd=/var/www/web274/htdocs/images cwd_uid=4079 "
                    "script=/var/www/web274/htdocs/images/x.php script_by=fd script_uid=4079 "
                    "caller=\"php-fpm: pool web274\" caller_pid=12001 "
                    "chain=\"sh[12344] php-fpm8.2[12001] php-fpm8.2[880]\" unit=php8.2-fpm.service "
                    "args=\"-t -i\" from=\"a@example.org\" rcpts=50 subject=\"Re: Good day\" "
                    "msgid=\"<1@example.org>\" action=deliver");
    write_line(&rec, RECORD_JSON, line);
    ck_assert_str_eq(
        line, JSON_FRONT
        "\"id\":\"" ID "\",\"mode\":\"submit\",\"uid\":4079,\"user\":\"web274\",\"gid\":4079,"
        "\"pid\":12345,\"cwd\":\"/var/www/web274/htdocs/images\",\"cwd_uid\":4079,"
        "\"script\":\"/var/www/web274/htdocs/images/x.php\",\"script_by\":\"fd\","
        "\"script_uid\":4079,\"caller\":\"php-fpm: pool web274\",\"caller_pid\":12001,"
        "\"chain\":\"sh[12344] php-fpm8.2[12001] php-fpm8.2[880]\","
        "\"unit\":\"php8.2-fpm.service\",\"args\":\"-t -i\",\"from\":\"a@example.org\","
        "\"rcpts\":\"50\",\"subject\":\"Re: Good day\",\"msgid\":\"<1@example.org>\","
        "\"action\":\"deliver\"}");
}
END_TEST

START_TEST(message_is_the_line_without_its_front)
{
    struct record rec;
    char buf[RECORD_MAX + 1];
    struct strbuf out;

    start_record(&rec);
    strbuf_init(&out, buf, sizeof buf);
    record_message(&rec, RECORD_LOGFMT, &out);
    ck_assert_str_eq(buf, "id=" ID " mode=submit uid=4079 action=deliver");
    strbuf_init(&out, buf, sizeof buf);
    record_message(&rec, RECORD_JSON, &out);
    ck_assert_str_eq(buf,
                     "{\"id\":\"" ID "\",\"mode\":\"submit\",\"uid\":4079,\"action\":\"deliver\"}");
}
END_TEST

/* One value in both formats. */
static const struct {
    const char *bytes;
    const char *logfmt;
    const char *json;
} values[] = {
    {"", "\"\"", "\"\""},
    {"word", "word", "\"word\""},
    {"/a-b_c.d:e+f,g~h%i/9", "/a-b_c.d:e+f,g~h%i/9", "\"/a-b_c.d:e+f,g~h%i/9\""},
    {"two words", "\"two words\"", "\"two words\""},
    {"a=b", "\"a=b\"", "\"a=b\""},
    {"a@b", "\"a@b\"", "\"a@b\""},
    {"a\"b", "\"a\\\"b\"", "\"a\\\\\\\"b\""},
    {"a\\b", "\"a\\\\b\"", "\"a\\\\\\\\b\""},
    {"a\nb\x01", "\"a\\nb\\x01\"", "\"a\\\\nb\\\\x01\""},
    {"\xc3\xa4", "\"\xc3\xa4\"", "\"\xc3\xa4\""},
    {"\xff", "\"\\xff\"", "\"\\\\xff\""},
    {"sendmail-wrapper[1]:", "\"sendmail-wrapper\\x5b1]:\"", "\"sendmail-wrapper\\\\x5b1]:\""},
};

START_TEST(value_in_both_formats)
{
    struct record rec, back;
    char line[RECORD_MAX + 1], expected[256];
    bool torn;

    start_record(&rec);
    record_string(&rec, RECORD_SUBJECT, values[_i].bytes);
    write_line(&rec, RECORD_LOGFMT, line);
    snprintf(expected, sizeof expected,
             FRONT "id=" ID " mode=submit uid=4079 subject=%s action=deliver", values[_i].logfmt);
    ck_assert_str_eq(line, expected);
    ck_assert(record_parse(line, strlen(line), &back, &torn));
    check_value(&back, RECORD_SUBJECT, values[_i].bytes);
    write_line(&rec, RECORD_JSON, line);
    snprintf(expected, sizeof expected,
             JSON_FRONT "\"id\":\"" ID "\",\"mode\":\"submit\",\"uid\":4079,\"subject\":%s,"
                        "\"action\":\"deliver\"}",
             values[_i].json);
    ck_assert_str_eq(line, expected);
    ck_assert(record_parse(line, strlen(line), &back, &torn));
    check_value(&back, RECORD_SUBJECT, values[_i].bytes);
}
END_TEST

static const struct {
    const char *text;
    const char *json;
} numbers[] = {
    {"0", "0"},       {"4079", "4079"},   {"007", "\"007\""}, {"00", "\"00\""},
    {"-1", "\"-1\""}, {"1e3", "\"1e3\""}, {"", "\"\""},       {"12345678901", "\"12345\\\\...\""},
};

START_TEST(json_number)
{
    struct record rec, back;
    char line[RECORD_MAX + 1], expected[256];
    bool torn;

    start_record(&rec);
    record_string(&rec, RECORD_UID, numbers[_i].text);
    write_line(&rec, RECORD_JSON, line);
    snprintf(expected, sizeof expected,
             JSON_FRONT "\"id\":\"" ID "\",\"mode\":\"submit\",\"uid\":%s,\"action\":\"deliver\"}",
             numbers[_i].json);
    ck_assert_str_eq(line, expected);
    ck_assert(record_parse(line, strlen(line), &back, &torn));
    check_value(&back, RECORD_UID, back.value[RECORD_UID].cut ? "12345" : numbers[_i].text);
}
END_TEST

START_TEST(numbers_of_a_record)
{
    struct record rec;
    char tenth[16];

    record_init(&rec);
    for (int i = 0; i < 20; i++) { /* the same key again takes no new place */
        record_number(&rec, RECORD_UID, (unsigned)i);
    }
    record_number(&rec, RECORD_GID, 18446744073709551615ULL);
    check_value(&rec, RECORD_UID, "19");
    check_value(&rec, RECORD_GID, "18446744073709551615");
    for (unsigned key = RECORD_PID; key < RECORD_PID + 20; key++) {
        record_number(&rec, (enum record_key)key, key); /* more than there are places */
    }
    check_value(&rec, RECORD_UID, "19");
    snprintf(tenth, sizeof tenth, "%d", RECORD_PID + 9);
    check_value(&rec, RECORD_PID + 9, tenth);
    check_value(&rec, RECORD_PID + 19, NULL);
    record_string(&rec, RECORD_UID, NULL);
    check_value(&rec, RECORD_UID, NULL);
}
END_TEST

START_TEST(key_names)
{
    for (unsigned key = 0; key < RECORD_KEYS; key++) {
        const char *name = record_key_name((enum record_key)key);

        ck_assert_ptr_nonnull(name);
        ck_assert_uint_eq(strspn(name, "abcdefghijklmnopqrstuvwxyz_"), strlen(name));
        ck_assert_str_ne(name, "host"); /* members of a JSON line */
        ck_assert_str_ne(name, "time");
        for (unsigned other = 0; other < key; other++) {
            ck_assert_str_ne(name, record_key_name((enum record_key)other));
        }
    }
    ck_assert_str_eq(record_key_name(RECORD_ID), "id");
    ck_assert_str_eq(record_key_name(RECORD_ACTION), "action");
    ck_assert_ptr_null(record_key_name(RECORD_KEYS));
    ck_assert_ptr_null(record_key_name((enum record_key) - 1));
}
END_TEST

static const struct {
    struct timespec time;
    const char *text;
} times[] = {
    {{0, 0}, "1970-01-01T00:00:00.000000+00:00"},
    {{TIME_S, 123456999}, TIME},
    {{951782399, 999999999}, "2000-02-28T23:59:59.999999+00:00"},
    {{951782400, 0}, "2000-02-29T00:00:00.000000+00:00"},
    {{951868800, 1000}, "2000-03-01T00:00:00.000001+00:00"},
    {{1709164800, 0}, "2024-02-29T00:00:00.000000+00:00"},
    {{1735689599, 0}, "2024-12-31T23:59:59.000000+00:00"},
    {{1735689600, 0}, "2025-01-01T00:00:00.000000+00:00"},
    {{4107542400, 0}, "2100-03-01T00:00:00.000000+00:00"},
    {{4107456000, 0}, "2100-02-28T00:00:00.000000+00:00"},
    {{-5, 0}, "1970-01-01T00:00:00.000000+00:00"},
    {{253402300799, 0}, "9999-12-31T23:59:59.000000+00:00"},
    {{253402300800, 0}, "9999-12-31T23:59:59.000000+00:00"},
    {{INT64_MAX, 0}, "9999-12-31T23:59:59.000000+00:00"},
};

START_TEST(time_of_a_line)
{
    struct record rec, back;
    char line[RECORD_MAX + 1];
    bool torn;

    start_record(&rec);
    rec.time = times[_i].time;
    write_line(&rec, RECORD_LOGFMT, line);
    ck_assert_int_eq(strncmp(line, times[_i].text, 32), 0);
    ck_assert(record_parse(line, strlen(line), &back, &torn));
    if (rec.time.tv_sec >= 0 && rec.time.tv_sec <= 253402300799) {
        ck_assert_int_eq(back.time.tv_sec, rec.time.tv_sec);
        ck_assert_int_eq(back.time.tv_nsec, rec.time.tv_nsec / 1000 * 1000);
    }
}
END_TEST

/* Every day of 400 years, against the C library. */
START_TEST(calendar)
{
    for (long day = 0; day < 146097 + 365; day++) {
        struct record rec, back;
        char line[RECORD_MAX + 1], expected[64];
        struct strbuf out;
        struct tm tm;
        bool torn;

        start_record(&rec);
        rec.time = (struct timespec){day * 86400 + 86399, 0};
        strbuf_init(&out, line, sizeof line);
        record_line(&rec, RECORD_LOGFMT, &out);
        gmtime_r(&rec.time.tv_sec, &tm);
        strftime(expected, sizeof expected, "%Y-%m-%dT%H:%M:%S.000000+00:00", &tm);
        if (strncmp(line, expected, 32) != 0 || !record_parse(line, out.len - 1, &back, &torn) ||
            back.time.tv_sec != rec.time.tv_sec) {
            ck_abort_msg("%.32s is %s", line, expected);
        }
    }
}
END_TEST

static const struct {
    const char *host;
    const char *shown;
} hosts[] = {
    {"web1.example.org", "web1.example.org"},
    {"", "-"},
    {NULL, "-"},
    {"a b\nc\"d\\e[f\xff", "a_b_c_d_e_f_"},
    {"x sendmail-wrapper[1]: id=1", "x_sendmail-wrapper_1_:_id_1"},
    {"0123456789012345678901234567890123456789012345678901234567890123456789",
     "0123456789012345678901234567890123456789012345678901234567890123"},
};

START_TEST(host_of_a_line)
{
    struct record rec, back;
    char line[RECORD_MAX + 1];

    for (unsigned format = 0; format < FORMATS; format++) {
        bool torn;

        start_record(&rec);
        rec.host = hosts[_i].host;
        write_line(&rec, format, line);
        ck_assert(record_parse(line, strlen(line), &back, &torn));
        ck_assert_str_eq(back.host, hosts[_i].shown);
        ck_assert_int_eq(back.pid, format == RECORD_LOGFMT ? 12345 : 0); /* no pid key was set */
    }
}
END_TEST

/* Bytes that cost one, two, four bytes of text, the dearest in JSON, and whole sequences. */
static const char *const worst[] = {"a",
                                    " ",
                                    "\"",
                                    "\\",
                                    "\x01",
                                    "\xff",
                                    "\xe4\xb8\xad",
                                    "\"\x01",
                                    "\"\xe4\xb8\xad",
                                    "\"\\\xf0\x9f\x93\xa7x",
                                    "sendmail-wrapper["};
#define WORST (sizeof worst / sizeof worst[0])

START_TEST(every_value_at_its_bound)
{
    const char *unit = worst[_i];
    char huge[8192], line[RECORD_MAX + 1];
    struct record rec, back;
    size_t n = 0;

    while (n + strlen(unit) < sizeof huge) {
        memcpy(huge + n, unit, strlen(unit));
        n += strlen(unit);
    }
    for (unsigned format = 0; format < FORMATS; format++) {
        static const char host[] =
            "0123456789012345678901234567890123456789012345678901234567890123456789";
        bool torn;
        size_t len;

        start_record(&rec);
        rec.host = host;
        rec.pid = 9223372036854775807L;
        for (unsigned key = RECORD_MODE; key < RECORD_ACTION; key++) {
            record_text(&rec, key, huge, n);
        }
        record_number(&rec, RECORD_UID, 4294967295);
        record_number(&rec, RECORD_START, 18446744073709551615ULL);
        len = write_line(&rec, format, line);
        ck_assert_uint_gt(len, 3500); /* the bounds are not much too small either */
        ck_assert_uint_ne(mbstowcs(NULL, line, 0), (size_t)-1); /* no sequence is cut in two */
        ck_assert(record_parse(line, len, &back, &torn));
        ck_assert(!torn);
        check_value(&back, RECORD_ID, ID);
        check_value(&back, RECORD_UID, "4294967295");
        check_value(&back, RECORD_START, "18446744073709551615");
        check_value(&back, RECORD_ACTION, "deliver");
        ck_assert(!back.value[RECORD_UID].cut && !back.value[RECORD_START].cut);
        for (unsigned key = RECORD_MODE; key < RECORD_ACTION; key++) {
            if (key != RECORD_UID && key != RECORD_START) {
                ck_assert_msg(back.value[key].cut, "%s", record_key_name(key));
                ck_assert_mem_eq(back.value[key].ptr, huge, back.value[key].len);
            }
        }
    }
}
END_TEST

START_TEST(small_buffer)
{
    struct record rec;
    char buf[RECORD_MAX + 1];
    struct strbuf out;

    start_record(&rec);
    for (unsigned format = 0; format < FORMATS; format++) {
        size_t need = write_line(&rec, format, buf) + 2;

        strbuf_init(&out, buf, need);
        record_line(&rec, format, &out);
        ck_assert(!out.overflow);
        strbuf_init(&out, buf, need - 1);
        record_line(&rec, format, &out);
        ck_assert(out.overflow);
        ck_assert_uint_lt(out.len, need - 1);
    }
}
END_TEST

START_TEST(empty_record)
{
    struct record rec;
    char line[RECORD_MAX + 1];

    record_init(&rec);
    write_line(&rec, RECORD_LOGFMT, line);
    ck_assert_str_eq(line, "1970-01-01T00:00:00.000000+00:00 - sendmail-wrapper[0]: ");
    write_line(&rec, RECORD_JSON, line);
    ck_assert_str_eq(line, "{\"time\":\"1970-01-01T00:00:00.000000+00:00\",\"host\":\"-\"}");
}
END_TEST

/* Lines as other programs write or rewrite them. */
static const struct {
    const char *line;
    long long seconds;
    long nanoseconds;
    const char *host;
    long pid;
} lines[] = {
    {FRONT "id=1 action=pass", TIME_S, 123456000, "web1", 12345},
    {"2026-11-21T16:20:31+00:00 h sendmail-wrapper[1]: id=1 action=pass", TIME_S, 0, "h", 1},
    {"2026-11-21T16:20:31Z h sendmail-wrapper[1]: id=1 action=pass", TIME_S, 0, "h", 1},
    {"2026-11-21t16:20:31.5z h sendmail-wrapper[1]: id=1 action=pass", TIME_S, 500000000, "h", 1},
    {"2026-11-21T17:20:31.123+01:00 h sendmail-wrapper[1]: id=1 action=pass", TIME_S, 123000000,
     "h", 1},
    {"2026-11-21T10:50:31.000000001-05:30 h sendmail-wrapper[1]: id=1 action=pass", TIME_S, 1, "h",
     1},
    {"2026-11-22T06:20:31+14:00 h sendmail-wrapper[1]: id=1 action=pass", TIME_S, 0, "h", 1},
    {"2016-12-31T23:59:60Z h sendmail-wrapper[1]: id=1 action=pass", 1483228800, 0, "h", 1},
    {"1969-12-31T23:59:59Z h sendmail-wrapper[1]: id=1 action=pass", -1, 0, "h", 1},
    {"Nov 21 16:20:31 web1 sendmail-wrapper[12345]: id=1 action=pass", 0, 0, "web1", 12345},
    {"Jan  1 00:00:00 192.0.2.1 sendmail-wrapper[1]: id=1 action=pass", 0, 0, "192.0.2.1", 1},
    {"Dec 31 23:59:59 2001:db8::1 sendmail-wrapper[1]: id=1 action=pass", 0, 0, "2001:db8::1", 1},
    {JSON_FRONT "\"id\":\"1\",\"pid\":77,\"action\":\"pass\"}", TIME_S, 123456000, "web1", 77},
    {JSON_FRONT "\"id\":\"1\",\"action\":\"pass\"}", TIME_S, 123456000, "web1", 0},
    {"Nov 21 16:20:31 h sendmail-wrapper[9]: {\"id\":\"1\",\"pid\":9,\"action\":\"pass\"}", 0, 0,
     "h", 9},
    {TIME " h sendmail-wrapper[9]: {\"id\":\"1\",\"action\":\"pass\"}", TIME_S, 123456000, "h", 9},
    /* keys that a later version may have, and any order between the first and the last */
    {FRONT "id=1 new_key2=x other=\"a b\\n\" action=pass", TIME_S, 123456000, "web1", 12345},
    {FRONT "id=1 mta=x uid=1 mode=pass action=pass", TIME_S, 123456000, "web1", 12345},
    {JSON_FRONT "\"id\":\"1\",\"n\":-1.5E+3,\"b\":true,\"s\":\"\\\\n\",\"action\":\"pass\"}",
     TIME_S, 123456000, "web1", 0},
    {FRONT "id=1 msgid=a=b=c action=pass", TIME_S, 123456000, "web1", 12345},
};

START_TEST(line_is_read)
{
    struct record rec;
    bool torn = true;
    char *copy;

    ck_assert_msg(parse_copy(lines[_i].line, strlen(lines[_i].line), &rec, &torn, &copy),
                  "refused: %s", lines[_i].line);
    ck_assert(!torn);
    ck_assert_int_eq(rec.time.tv_sec, lines[_i].seconds);
    ck_assert_int_eq(rec.time.tv_nsec, lines[_i].nanoseconds);
    ck_assert_str_eq(rec.host, lines[_i].host);
    ck_assert_int_eq(rec.pid, lines[_i].pid);
    check_value(&rec, RECORD_ID, "1");
    check_value(&rec, RECORD_ACTION, "pass");
    check_value(&rec, RECORD_SUBJECT, NULL);
    free(copy);
}
END_TEST

static const char *const no_records[] = {
    "",
    "}",
    "{}",
    "sendmail-wrapper[",
    "sendmail-wrapper[1]: id=1 action=pass",
    " sendmail-wrapper[1]: id=1 action=pass",
    "h sendmail-wrapper[1]: id=1 action=pass",
    " h sendmail-wrapper[1]: id=1 action=pass",
    TIME "  sendmail-wrapper[1]: id=1 action=pass",
    TIME " h  sendmail-wrapper[1]: id=1 action=pass",
    TIME "  h sendmail-wrapper[1]: id=1 action=pass",
    TIME " h x: sendmail-wrapper[1]: id=1 action=pass", /* as logger -t x writes it */
    TIME " h\x1b sendmail-wrapper[1]: id=1 action=pass",
    TIME " h Sendmail-wrapper[1]: id=1 action=pass",
    TIME " h xsendmail-wrapper[1]: id=1 action=pass",
    TIME " webXsendmail-wrapper[1]: id=1 action=pass",
    TIME " h sendmail-wrapper: id=1 action=pass",
    TIME " h sendmail-wrapper[]: id=1 action=pass",
    TIME " h sendmail-wrapper[-1]: id=1 action=pass",
    TIME " h sendmail-wrapper[1x]: id=1 action=pass",
    TIME " h sendmail-wrapper[99999999999999999999]: id=1 action=pass",
    TIME " h sendmail-wrapper[1] id=1 action=pass",
    TIME " h sendmail-wrapper[1]:id=1 action=pass",
    /* messages of ours that are no records */
    TIME " h sendmail-wrapper[1]: /etc/sendmail-wrapper.conf:12: no such option 'x'",
    TIME " h sendmail-wrapper[1]: ",
    TIME " h sendmail-wrapper[1]:",
    /* times */
    "2026-11-21T16:20:31 h sendmail-wrapper[1]: id=1 action=pass",
    "2026-11-21 16:20:31Z h sendmail-wrapper[1]: id=1 action=pass",
    "2026-11-21T16:20:31.Z h sendmail-wrapper[1]: id=1 action=pass",
    "2026-11-21T16:20:31.1234567890Z h sendmail-wrapper[1]: id=1 action=pass",
    "2026-11-21T16:20:31+0000 h sendmail-wrapper[1]: id=1 action=pass",
    "2026-11-21T16:20:31+24:00 h sendmail-wrapper[1]: id=1 action=pass",
    "2026-11-21T16:20:31+00:60 h sendmail-wrapper[1]: id=1 action=pass",
    "2026-11-21T24:00:00Z h sendmail-wrapper[1]: id=1 action=pass",
    "2026-11-21T23:60:00Z h sendmail-wrapper[1]: id=1 action=pass",
    "2026-11-21T23:59:61Z h sendmail-wrapper[1]: id=1 action=pass",
    "2026-13-21T16:20:31Z h sendmail-wrapper[1]: id=1 action=pass",
    "2026-00-21T16:20:31Z h sendmail-wrapper[1]: id=1 action=pass",
    "2026-11-00T16:20:31Z h sendmail-wrapper[1]: id=1 action=pass",
    "2026-11-31T16:20:31Z h sendmail-wrapper[1]: id=1 action=pass",
    "2026-02-29T16:20:31Z h sendmail-wrapper[1]: id=1 action=pass",
    "0000-02-29T16:20:31Z h sendmail-wrapper[1]: id=1 action=pass",
    "026-11-21T16:20:31Z h sendmail-wrapper[1]: id=1 action=pass",
    "Nob 21 16:20:31 h sendmail-wrapper[1]: id=1 action=pass",
    "Nov 32 16:20:31 h sendmail-wrapper[1]: id=1 action=pass",
    "Nov 01 16:20:31 h sendmail-wrapper[1]: id=1 action=pass",
    "Nov  0 16:20:31 h sendmail-wrapper[1]: id=1 action=pass",
    "Nov 21 16:20 h sendmail-wrapper[1]: id=1 action=pass",
    "ov 21 16:20:31 h sendmail-wrapper[1]: id=1 action=pass",
    /* values */
    FRONT "action=pass",
    FRONT "mode=pass id=1 action=pass",
    FRONT "id=1",
    FRONT "id=1 mode=pass",
    FRONT "id=1 action=pass mode=pass",
    FRONT "id=1 action=pass ",
    FRONT "id=1 action=pass x",
    FRONT "id=1 action=pass x=1",
    FRONT "id=1 action=pass}",
    FRONT "id=1  action=pass",
    FRONT " id=1 action=pass",
    FRONT "id= action=pass",
    FRONT "id=1 =x action=pass",
    FRONT "id=1 KEY=x action=pass",
    FRONT "id=1 k\xc3\xa4y=x action=pass",
    FRONT "id=1 a_key_of_more_than_thirty_two_bytes=x action=pass",
    FRONT "id=1 uid action=pass",
    FRONT "id=1 uid=1 uid=2 action=pass",
    FRONT "id=1 id=2 action=pass",
    FRONT "id=1 action=deliver action=pass",
    FRONT "id=1 action=pas",
    FRONT "id=1 action=passed",
    FRONT "id=1 action=fail",
    FRONT "id=1 action=",
    FRONT "id=1 action=\"pass",
    FRONT "id=1 action=\"deliver\\...\"",
    FRONT "id=1 subject=\"a action=pass",
    FRONT "id=1 subject=\"a\\\" action=pass",
    FRONT "id=1 subject=\"a\"b action=pass",
    FRONT "id=1 subject=a\"b action=pass",
    FRONT "id=1 subject=a\\nb action=pass",
    FRONT "id=1 subject=\"a\tb\" action=pass",
    FRONT "id=1 subject=\"a\x7f\" action=pass",
    FRONT "id=1 subject=a\x7f action=pass",
    FRONT "id=1 subject=\xc3\xa4 action=pass",
    FRONT "id=1 subject=\"\\q\" action=pass",
    FRONT "id=1 subject=\"\\...a\" action=pass",
    /* JSON */
    JSON_FRONT "}",
    JSON_FRONT "\"action\":\"pass\"}",
    JSON_FRONT "\"id\":\"1\"}",
    JSON_FRONT "\"id\":\"1\",\"mode\":\"pass\"}",
    JSON_FRONT "\"id\":\"1\",\"action\":\"pass\",\"mode\":\"pass\"}",
    JSON_FRONT "\"id\":\"1\",\"action\":\"pass\"",
    JSON_FRONT "\"id\":\"1\",\"action\":\"pass\"}}",
    JSON_FRONT "\"id\":\"1\",\"action\":\"pass\"} ",
    JSON_FRONT "\"id\":\"1\",\"action\":\"pass\",}",
    JSON_FRONT "\"id\":\"1\",\"action\":\"pass\",\"x\":1}",
    JSON_FRONT "\"id\":\"1\",,\"action\":\"pass\"}",
    JSON_FRONT "\"id\":\"1\" ,\"action\":\"pass\"}",
    JSON_FRONT "\"id\":\"1\",\"id\":\"2\",\"action\":\"pass\"}",
    JSON_FRONT "\"id\":\"1\",\"x\":,\"action\":\"pass\"}",
    JSON_FRONT "\"id\":\"1\",\"x\":{},\"action\":\"pass\"}",
    JSON_FRONT "\"id\":\"1\",\"x\":[],\"action\":\"pass\"}",
    JSON_FRONT "\"id\":\"1\",x:1,\"action\":\"pass\"}",
    JSON_FRONT "\"id\":\"1\",\"subject\":\"a\\nb\",\"action\":\"pass\"}",
    JSON_FRONT "\"id\":\"1\",\"subject\":\"a\\\\qb\",\"action\":\"pass\"}",
    JSON_FRONT "\"id\":\"1\",\"subject\":\"a\\\",\"action\":\"pass\"}",
    "{\"time\":\"2026-11-21T16:20:31\",\"host\":\"h\",\"id\":\"1\",\"action\":\"pass\"}",
    "{\"time\":\"x2026-11-21T16:20:31Z\",\"host\":\"h\",\"id\":\"1\",\"action\":\"pass\"}",
    "{\"time\":\"Nov 21 16:20:31\",\"host\":\"h\",\"id\":\"1\",\"action\":\"pass\"}",
    "{\"time\":\"" TIME "\",\"host\":\"\",\"id\":\"1\",\"action\":\"pass\"}",
    "{\"time\":\"" TIME "\",\"host\":\"a b\",\"id\":\"1\",\"action\":\"pass\"}",
    "{\"time\":\"" TIME "\",\"id\":\"1\",\"action\":\"pass\"}",
    "{\"host\":\"h\",\"id\":\"1\",\"action\":\"pass\"}",
    FRONT "{\"id\":\"1\",\"action\":\"pass\"",
    FRONT "{\"action\":\"pass\"}",
};

START_TEST(line_is_refused)
{
    struct record rec;
    unsigned char untouched[sizeof rec];
    bool torn = false;
    char *copy;

    memset(&rec, 'G', sizeof rec);
    memset(untouched, 'G', sizeof untouched);
    ck_assert_msg(!parse_copy(no_records[_i], strlen(no_records[_i]), &rec, &torn, &copy),
                  "taken: %s", no_records[_i]);
    ck_assert_mem_eq(&rec, untouched, sizeof rec);
    free(copy);
}
END_TEST

/* What an attacker can put into any value. */
static const char *const attacks[] = {
    " action=deliver",
    "x\" action=deliver",
    "x\\\" action=deliver",
    "x\\\\\" action=deliver",
    "x\n" FRONT "id=" FORGED_ID " mode=submit uid=0 action=deliver",
    "x\r\n" FRONT "id=" FORGED_ID " action=deliver\n",
    FRONT "id=" FORGED_ID " mode=submit uid=0 user=root action=deliver",
    "\"" FRONT "id=" FORGED_ID " uid=0 action=deliver",
    " " FRONT "id=" FORGED_ID " uid=0 action=deliver \"",
    "sendmail-wrapper[1]: id=" FORGED_ID " action=deliver",
    TIME " web1 sendmail-wrapper",
    TIME " web1 ",
    TIME,
    "2026-11-21T16:20:31.",
    "\x1bsendmail-wrapper\x5b"
    "1]: id=" FORGED_ID,
    "\xe2\x80\xa8" FRONT "id=" FORGED_ID " action=deliver",
    "\",\"action\":\"deliver\"}",
    "\\\",\"action\":\"deliver\"}",
    "{",
    "x}",
    "\"}",
    JSON_FRONT "\"id\":\"" FORGED_ID "\",\"uid\":0,\"action\":\"deliver\"}",
    "{\\\"time\\\":\\\"",
    "\"}\n" JSON_FRONT "\"id\":\"" FORGED_ID "\",\"uid\":0,\"action\":\"deliver\"}",
    FRONT "{\"id\":\"" FORGED_ID "\",\"action\":\"deliver\"}",
    "\\...",
    "x\\",
    "\\",
};
#define ATTACKS ((int)(sizeof attacks / sizeof attacks[0]))

/* A record with the attack in every value that somebody outside writes. */
static void start_attack(struct record *rec, const char *attack)
{
    static const enum record_key outside[] = {
        RECORD_CWD,  RECORD_SCRIPT, RECORD_CALLER, RECORD_CHAIN, RECORD_XPHP,    RECORD_ENV_SCRIPT,
        RECORD_HOST, RECORD_URI,    RECORD_ARGS,   RECORD_FROM,  RECORD_SUBJECT, RECORD_MSGID};

    start_record(rec);
    record_string(rec, RECORD_ACTION, "pass");
    for (size_t i = 0; i < sizeof outside / sizeof outside[0]; i++) {
        record_string(rec, outside[i], attack);
    }
}

START_TEST(attack_stays_in_its_value)
{
    for (unsigned format = 0; format < FORMATS; format++) {
        struct record rec, back;
        char line[RECORD_MAX + 1];
        bool torn = true;
        size_t len;

        start_attack(&rec, attacks[_i]);
        len = write_line(&rec, format, line);
        ck_assert_ptr_null(strpbrk(line, "\n\r\t\x1b"));
        ck_assert(record_parse(line, len, &back, &torn));
        ck_assert(!torn);
        check_value(&back, RECORD_ID, ID);
        check_value(&back, RECORD_UID, "4079");
        check_value(&back, RECORD_ACTION, "pass");
        check_value(&back, RECORD_SUBJECT, attacks[_i]);
        check_value(&back, RECORD_CWD, attacks[_i]);
        check_value(&back, RECORD_WHY, NULL);
        ck_assert_int_eq(back.time.tv_sec, TIME_S);
    }
}
END_TEST

static bool value_is(const struct record *rec, enum record_key key, const char *expected)
{
    const struct record_value *value = &rec->value[key];

    return value->ptr != NULL && value->len == strlen(expected) &&
           memcmp(value->ptr, expected, value->len) == 0;
}

static void start_good(struct record *rec)
{
    record_init(rec);
    rec->time = (struct timespec){1500000000, 7000};
    rec->host = "good";
    rec->pid = 7;
    record_string(rec, RECORD_ID, "GOOD");
    record_number(rec, RECORD_PID, 7);
    record_string(rec, RECORD_SUBJECT, "{ \"good\" }");
    record_string(rec, RECORD_ACTION, "refuse");
}

/* Whether it is the record of start_good and nothing else. */
static bool is_good(const struct record *rec)
{
    size_t keys = 0;

    for (unsigned key = 0; key < RECORD_KEYS; key++) {
        keys += rec->value[key].ptr != NULL;
    }
    return rec->time.tv_sec == 1500000000 && rec->time.tv_nsec == 7000 &&
           strcmp(rec->host, "good") == 0 && rec->pid == 7 && keys == 4 &&
           value_is(rec, RECORD_ID, "GOOD") && value_is(rec, RECORD_PID, "7") &&
           value_is(rec, RECORD_SUBJECT, "{ \"good\" }") && value_is(rec, RECORD_ACTION, "refuse");
}

/*
 * The attack's line torn at every byte: alone it is no record; with a whole one behind it, in
 * either format, that one is read. (An assertion for each would be a message to the runner for
 * each.)
 */
START_TEST(torn_at_every_byte)
{
    struct record attack, good, back;
    char torn_line[RECORD_MAX + 1], good_line[RECORD_MAX + 1], joined[2 * RECORD_MAX];
    size_t torn_len;

    start_attack(&attack, attacks[_i % ATTACKS]);
    torn_len = write_line(&attack, _i >= ATTACKS, torn_line);
    start_good(&good);
    for (unsigned format = 0; format < FORMATS; format++) {
        size_t good_len = write_line(&good, format, good_line);

        for (size_t at = 0; at <= torn_len; at++) {
            bool torn = false;

            memcpy(joined, torn_line, at);
            if (at < torn_len && record_parse(joined, at, &back, &torn)) {
                ck_abort_msg("taken: %.*s", (int)at, torn_line);
            }
            memcpy(joined, torn_line, at);
            memcpy(joined + at, good_line, good_len);
            if (!record_parse(joined, at + good_len, &back, &torn) || !is_good(&back) ||
                torn != (at > 0)) {
                ck_abort_msg("not read: %.*s%s", (int)at, torn_line, good_line);
            }
        }
    }
}
END_TEST

START_TEST(nul_in_a_value)
{
    for (unsigned format = 0; format < FORMATS; format++) {
        struct record rec, back;
        char line[RECORD_MAX + 1];
        bool torn;
        size_t len;

        start_record(&rec);
        record_text(&rec, RECORD_URI, "a\0b", 3);
        len = write_line(&rec, format, line);
        ck_assert_uint_eq(strlen(line), len);
        ck_assert(record_parse(line, len, &back, &torn));
        ck_assert_uint_eq(back.value[RECORD_URI].len, 3);
        ck_assert_mem_eq(back.value[RECORD_URI].ptr, "a\0b", 3);
    }
}
END_TEST

START_TEST(after_a_crash)
{
    char line[] = "garbage \xff\0\0\0\0\0" FRONT "id=1 action=pass";
    struct record rec;
    bool torn = false;

    ck_assert(record_parse(line, sizeof line - 1, &rec, &torn));
    ck_assert(torn);
    check_value(&rec, RECORD_ACTION, "pass");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("record");
    TCase *tc = tcase_create("record");

    setlocale(LC_CTYPE, "C.UTF-8");
    tcase_set_timeout(tc, 120); /* sanitizers and emulation are slow */
    tcase_add_test(tc, line_as_documented);
    tcase_add_test(tc, message_is_the_line_without_its_front);
    tcase_add_loop_test(tc, value_in_both_formats, 0, sizeof values / sizeof values[0]);
    tcase_add_loop_test(tc, json_number, 0, sizeof numbers / sizeof numbers[0]);
    tcase_add_test(tc, numbers_of_a_record);
    tcase_add_test(tc, key_names);
    tcase_add_loop_test(tc, time_of_a_line, 0, sizeof times / sizeof times[0]);
    tcase_add_test(tc, calendar);
    tcase_add_loop_test(tc, host_of_a_line, 0, sizeof hosts / sizeof hosts[0]);
    tcase_add_loop_test(tc, every_value_at_its_bound, 0, WORST);
    tcase_add_test(tc, small_buffer);
    tcase_add_test(tc, empty_record);
    tcase_add_loop_test(tc, line_is_read, 0, sizeof lines / sizeof lines[0]);
    tcase_add_loop_test(tc, line_is_refused, 0, sizeof no_records / sizeof no_records[0]);
    tcase_add_loop_test(tc, attack_stays_in_its_value, 0, ATTACKS);
    tcase_add_loop_test(tc, torn_at_every_byte, 0, 2 * ATTACKS);
    tcase_add_test(tc, nul_in_a_value);
    tcase_add_test(tc, after_a_crash);
    suite_add_tcase(suite, tc);
    return support_run(suite);
}
