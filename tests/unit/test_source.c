/* source: lines of any length, gzip whole and broken, what changes while it is read, and rotation
 * sets. */
#include "admin/context.h"
#include "admin/records/source.h"
#include "support.h"

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct context ctx;

static void begin(void)
{
    support_begin();
    memset(&ctx, 0, sizeof ctx);
}

/* Runs a command line in the tests' directory. */
static void shell(const char *line)
{
    char command[2048];

    snprintf(command, sizeof command, "cd '%s' && %s", support_dir(), line);
    ck_assert_int_eq(system(command), 0); /* NOLINT: a test's own words */
}

static struct source *open_file(const char *name)
{
    struct source *source = source_open(&ctx, support_path(name), false);

    ck_assert_ptr_nonnull(source);
    return source;
}

static void want_line(struct source *source, const char *text, bool ended)
{
    struct source_line line;

    ck_assert(source_line(source, &line));
    ck_assert_str_eq(line.text, text);
    ck_assert_uint_eq(line.len, strlen(text));
    ck_assert(line.ended == ended && !line.cut);
}

static void want_end(struct source *source)
{
    struct source_line line;

    ck_assert(!source_line(source, &line));
    ck_assert(!source_line(source, &line));
    source_close(source);
}

START_TEST(lines)
{
    struct source_line line;
    struct source *source;

    support_file("a", "one\n\nthree\nno newline", 0600);
    source = open_file("a");
    ck_assert(source_plain(source));
    ck_assert_int_eq(source_size(source), 21);
    want_line(source, "one", true);
    want_line(source, "", true);
    ck_assert(source_line(source, &line));
    ck_assert_int_eq(line.offset, 5);
    want_line(source, "no newline", false);
    want_end(source);
    support_file("empty", "", 0600);
    want_end(open_file("empty"));
    ck_assert(!ctx.partial);
}
END_TEST

START_TEST(nul_bytes)
{
    struct source_line line;
    struct source *source;

    shell("printf 'a\\0b\\n\\0\\0\\nend\\n' >nul");
    source = open_file("nul");
    ck_assert(source_line(source, &line));
    ck_assert_uint_eq(line.len, 3);
    ck_assert_mem_eq(line.text, "a\0b", 4);
    ck_assert(source_line(source, &line));
    ck_assert_uint_eq(line.len, 2);
    want_line(source, "end", true);
    want_end(source);
}
END_TEST

/* A line of n bytes between two short ones. */
static void long_line(size_t n, bool newline)
{
    char command[256];
    struct source_line line;
    struct source *source;

    snprintf(command, sizeof command,
             "{ echo first; head -c %zu /dev/zero | tr '\\0' x; %s; } >long", n,
             newline ? "echo; echo last" : ":");
    shell(command);
    source = open_file("long");
    want_line(source, "first", true);
    ck_assert(source_line(source, &line));
    ck_assert_uint_eq(line.len, n > SOURCE_LINE_MAX ? SOURCE_LINE_MAX : n);
    ck_assert(line.cut == (n > SOURCE_LINE_MAX));
    ck_assert(line.ended == newline);
    ck_assert_int_eq(line.offset, 6);
    ck_assert_uint_eq(strlen(line.text), line.len);
    ck_assert_uint_eq(strspn(line.text, "x"), line.len);
    if (newline) {
        ck_assert(source_line(source, &line));
        ck_assert_str_eq(line.text, "last");
        ck_assert_int_eq(line.offset, (int64_t)n + 7);
    }
    want_end(source);
}

static const size_t lengths[] = {16378,  65535,  65536,  65537,  100000,
                                 262138, 262143, 262144, 262145, 3000000};

START_TEST(long_lines)
{
    long_line(lengths[_i], true);
    long_line(lengths[_i], false);
    ck_assert(!ctx.partial);
}
END_TEST

START_TEST(every_seek)
{
    static const char text[] = "ab\n\ncde\nf";
    struct source *source;

    support_file("a", text, 0600);
    source = open_file("a");
    for (int64_t offset = 0; offset <= (int64_t)sizeof text; offset++) {
        int64_t next = offset;
        struct source_line line;
        bool there;

        while (next > 0 && next < (int64_t)sizeof text - 1 && text[next - 1] != '\n') {
            next++;
        }
        ck_assert(source_seek(source, offset));
        there = source_line(source, &line);
        ck_assert_msg(there == (next < (int64_t)sizeof text - 1), "offset %d", (int)offset);
        if (there) {
            ck_assert_int_eq(line.offset, next);
            ck_assert_int_eq(line.text[0], text[next] == '\n' ? '\0' : text[next]);
        }
    }
    source_close(source);
}
END_TEST

/* Behind the seek stands a line longer than all buffers. */
START_TEST(seek_into_a_long_line)
{
    struct source *source;

    shell("{ head -c 2000000 /dev/zero | tr '\\0' x; echo; echo last; } >long");
    source = open_file("long");
    ck_assert(source_seek(source, 1000));
    want_line(source, "last", true);
    ck_assert(source_seek(source, 2000001));
    want_line(source, "last", true);
    want_end(source);
}
END_TEST

/* How the compressed file was made; how many of its 30000 lines are there at least and at most;
 * whether that is all. */
static const struct {
    const char *made;
    int least, most;
    bool partial;
} gzips[] = {
    {"gzip <lines >x", 30000, 30000, false},
    {"{ gzip <lines; gzip </dev/null; head -n 5 lines | gzip; } >x", 30005, 30005, false},
    {"{ gzip <lines; head -c 1000 /dev/zero; } >x", 30000, 30000, false},
    {"{ gzip <lines; echo something else; } >x", 30000, 30000, true},
    {"gzip <lines | head -c 50000 >x", 5000, 29999, true},
    {"gzip <lines | head -c 12 >x", 0, 0, true},
    {"gzip <lines | head -c -4 >x", 30000, 30000, true},
    {"gzip <lines >x; printf XXXXXXXX | dd of=x bs=1 seek=40000 conv=notrunc 2>/dev/null", 3000,
     30000, true},
    {"gzip <lines >x; printf XXXX | dd of=x bs=1 seek=$(($(stat -c %s x) - 8)) conv=notrunc "
     "2>/dev/null",
     30000, 30000, true},
};

static int count_lines(struct source *source)
{
    struct source_line line;
    int n = 0;

    while (source_line(source, &line)) {
        n++;
    }
    source_close(source);
    return n;
}

START_TEST(gzip)
{
    char command[512];
    int n;

    shell("seq 30000 | sed 's/.*/line & of a log that repeats itself, & times/' >lines");
    snprintf(command, sizeof command, "%s", gzips[_i].made);
    shell(command);
    n = count_lines(open_file("x"));
    ck_assert_msg(n >= gzips[_i].least && n <= gzips[_i].most, "%d lines", n);
    ck_assert(ctx.partial == gzips[_i].partial);
}
END_TEST

/* What is named as compressed and is not: a text is read as it is, all else is damaged. */
static const struct {
    const char *made;
    int lines;
    bool partial;
} named_gzip[] = {
    {"seq 5 >x.gz", 5, false},
    {"printf 'a\\tb\\r\\nc' >x.gz", 2, false},
    {": >x.gz", 0, true},
    {"head -c 1000 /dev/zero >x.gz", -1, true},
    {"seq 5 | gzip >x.gz; printf XX | dd of=x.gz conv=notrunc 2>/dev/null", -1, true},
};

START_TEST(named_as_gzip)
{
    struct source *source;
    struct source_line line;
    int n = 0;

    shell(named_gzip[_i].made);
    source = open_file("x.gz");
    ck_assert(source_troubled(source) == named_gzip[_i].partial);
    while (source_line(source, &line)) {
        n++;
    }
    source_close(source);
    ck_assert_msg(named_gzip[_i].lines < 0 || n == named_gzip[_i].lines, "%d", n);
    ck_assert(ctx.partial == named_gzip[_i].partial);
}
END_TEST

START_TEST(gzip_from_a_pipe)
{
    FILE *pipe;

    pipe = popen("seq 30000 | gzip", "r"); /* NOLINT: a test's own words */
    ck_assert_ptr_nonnull(pipe);
    ck_assert_int_eq(count_lines(source_from_fd(&ctx, dup(fileno(pipe)), "pipe")), 30000);
    pclose(pipe);
    pipe = popen("printf a", "r"); /* NOLINT */
    ck_assert_int_eq(count_lines(source_from_fd(&ctx, dup(fileno(pipe)), "pipe")), 1);
    pclose(pipe);
    ck_assert(!ctx.partial);
}
END_TEST

START_TEST(seek_back_in_gzip)
{
    struct source *source;

    shell("seq 5 | gzip >x");
    source = open_file("x");
    ck_assert(!source_plain(source));
    want_line(source, "1", true);
    ck_assert(!source_seek(source, 2));
    ck_assert(source_seek(source, 0));
    want_line(source, "1", true);
    want_line(source, "2", true);
    source_close(source);
}
END_TEST

/* copytruncate: what was not read yet is gone, and that is said. */
START_TEST(shrinks)
{
    struct source_line line;
    struct source *source;

    shell("seq 100000 >x");
    source = open_file("x");
    ck_assert(source_line(source, &line));
    ck_assert_int_eq(truncate(support_path("x"), 0), 0);
    while (source_line(source, &line)) {
    }
    ck_assert(ctx.partial);
    source_close(source);
}
END_TEST

START_TEST(grows)
{
    struct source *source;

    support_file("x", "one\n", 0600);
    source = open_file("x");
    want_line(source, "one", true);
    shell("echo two >>x");
    want_line(source, "two", true);
    want_end(source);
    ck_assert(!ctx.partial);
}
END_TEST

/* Nothing waits for a writer, and nothing reads a directory or a device. */
START_TEST(no_regular_file)
{
    ck_assert_ptr_null(source_open(&ctx, support_path("none"), true));
    ck_assert(!ctx.partial);
    ck_assert_ptr_null(source_open(&ctx, support_path("none"), false));
    ck_assert(ctx.partial);
    ctx.partial = false;
    ck_assert_int_eq(mkfifo(support_path("fifo"), 0600), 0);
    ck_assert_ptr_null(source_open(&ctx, support_path("fifo"), true));
    ck_assert(ctx.partial);
    ctx.partial = false;
    ck_assert_ptr_null(source_open(&ctx, "/dev/null", true));
    ck_assert_ptr_null(source_open(&ctx, support_dir(), true));
    ck_assert(ctx.partial);
}
END_TEST

/* What each rotation set gives, first lines joined; a command makes it, since is seconds since
 * 1970. */
static const struct {
    const char *made;
    int64_t since;
    const char *got;
    bool partial;
} sets[] = {
    {"for i in '' .1 .2 .10 .11; do echo \"log$i\" >log$i; done", -1,
     "log.11 log.10 log.2 log.1 log", false},
    {"echo log >log; echo log.1 >log.1; echo log.2 | gzip >log.2.gz", -1, "log.2 log.1 log", false},
    {"for i in '' -20260101 -20261231.gz -20260630; do echo \"log$i\" >log$i; done", -1,
     "log-20260101 log-20260630 log-20261231.gz log", false},
    /* not of the set */
    {"for i in '' .1 .old .1.bak -x 2 .gz .1x -2026010; do echo \"log$i\" >log$i; done", -1,
     "log.1 log", false},
    /* being compressed: once */
    {"echo log >log; echo log.1 >log.1; echo half >log.1.gz", -1, "log.1 log", false},
    /* rotated, and no new one yet */
    {"echo log.1 >log.1", -1, "log.1", false},
    /* one inode with two names: once */
    {"echo log >log; ln log log.1", -1, "log", false},
    {"for i in '' .1 .2 .3; do echo \"log$i\" >log$i; done; touch -d @1000 log.2; touch -d @500 "
     "log.3",
     900, "log.2 log.1 log", false},
    {"echo log >log; mkdir log.1", -1, "log", true},
    {"echo log >log; echo log.1 >log.1.xz", -1, "log", true},
    {"echo log >log; echo log.1 >log.1.xz; touch -d @500 log.1.xz", 900, "log", false},
    {"ln -s elsewhere log; echo log >elsewhere", -1, "log", false},
    {":", -1, "", true},
};

START_TEST(rotated)
{
    char got[256] = "";
    struct source **sources;
    size_t n;

    shell(sets[_i].made);
    n = source_open_rotated(&ctx, support_path("log"),
                            sets[_i].since < 0 ? INT64_MIN : sets[_i].since * 1000000, &sources);
    for (size_t i = 0; i < n; i++) {
        struct source_line line;

        ck_assert(source_line(sources[i], &line));
        snprintf(got + strlen(got), sizeof got - strlen(got), "%s%s", i > 0 ? " " : "", line.text);
        source_close(sources[i]);
    }
    free(sources);
    ck_assert_str_eq(got, sets[_i].got);
    ck_assert(ctx.partial == sets[_i].partial);
}
END_TEST

/* Another process rotates without pause: each set that is opened has all lines, once. */
START_TEST(rotated_while_opened)
{
    pid_t child;
    struct source **sources;

    shell("for i in 1 2 3 4 5; do echo $i >log.$i; done; echo 0 >log");
    child = support_fork();
    if (child == 0) {
        for (int i = 0; i < 6000; i++) {
            /* the oldest becomes the log again: always the same six */
            (void)rename(support_path("log.5"), support_path("new"));
            for (int k = 4; k > 0; k--) {
                char from[16], to[16];

                snprintf(from, sizeof from, "log.%d", k);
                snprintf(to, sizeof to, "log.%d", k + 1);
                (void)rename(support_path(from), support_path(to));
            }
            (void)rename(support_path("log"), support_path("log.1"));
            (void)rename(support_path("new"), support_path("log"));
            usleep(100);
        }
        _exit(0);
    }
    for (int i = 0; i < 100; i++) {
        size_t n = source_open_rotated(&ctx, support_path("log"), INT64_MIN, &sources);
        unsigned seen = 0;

        for (size_t k = 0; k < n; k++) {
            struct source_line line;

            ck_assert(source_line(sources[k], &line));
            ck_assert_uint_eq(seen & 1U << (line.text[0] - '0'), 0);
            seen |= 1U << (line.text[0] - '0');
            source_close(sources[k]);
        }
        free(sources);
        /* only "new", which has another name for a moment, may be missing */
        ck_assert_int_ge(__builtin_popcount(seen), 5);
    }
    support_wait_ok(child);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("source");
    TCase *tc = tcase_create("source");

    tcase_set_timeout(tc, 120);
    tcase_add_checked_fixture(tc, begin, support_end);
    tcase_add_test(tc, lines);
    tcase_add_test(tc, nul_bytes);
    tcase_add_loop_test(tc, long_lines, 0, sizeof lengths / sizeof lengths[0]);
    tcase_add_test(tc, every_seek);
    tcase_add_test(tc, seek_into_a_long_line);
    tcase_add_loop_test(tc, gzip, 0, sizeof gzips / sizeof gzips[0]);
    tcase_add_loop_test(tc, named_as_gzip, 0, sizeof named_gzip / sizeof named_gzip[0]);
    tcase_add_test(tc, gzip_from_a_pipe);
    tcase_add_test(tc, seek_back_in_gzip);
    tcase_add_test(tc, shrinks);
    tcase_add_test(tc, grows);
    tcase_add_test(tc, no_regular_file);
    tcase_add_loop_test(tc, rotated, 0, sizeof sets / sizeof sets[0]);
    tcase_add_test(tc, rotated_while_opened);
    suite_add_tcase(suite, tc);
    return support_run(suite);
}
