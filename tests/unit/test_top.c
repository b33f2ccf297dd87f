/* top: counting in bounded memory is exact, the order is stable, bins add up; what an origin's key
 * is. */
#include "admin/args.h"
#include "admin/command.h"
#include "admin/context.h"
#include "admin/filter.h"
#include "admin/top/aggregate.h"
#include "admin/top/top_read.h"
#include "support.h"

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SECOND INT64_C(1000000)

static struct context ctx;

/* --- bins ------------------------------------------------------------------------------------ */

static uint64_t sum_of(const uint32_t *n, size_t count)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < count; i++) {
        sum += n[i];
    }
    return sum;
}

START_TEST(bins_hold_all)
{
    static const int64_t first = 1795278031;
    struct bins all, part[3];
    uint32_t chart[BINS_MAX];
    int64_t start, width, last = first;
    size_t n;

    bins_init(&all);
    for (int i = 0; i < 3; i++) {
        bins_init(&part[i]);
    }
    srand(7);
    for (int i = 0; i < 3000; i++) {
        int64_t second = first + rand() % (i < 1000 ? 10 : i < 2000 ? 5000 : 10000000);

        last = second > last ? second : last;
        bins_add(&part[i % 3], second, 1);
    }
    for (int i = 0; i < 3; i++) {
        bins_merge(&all, &part[i]);
    }
    n = bins_chart(&all, first, last, chart, &start, &width);
    ck_assert_uint_eq(sum_of(chart, n), 3000);
    ck_assert(n > BINS_MAX / 2 && n <= BINS_MAX);
    ck_assert(start <= first && start + (int64_t)n * width > last);
    ck_assert_uint_ge(chart[0], 2000);
    /* each alone on the same range has the same bins */
    for (int i = 0; i < 3; i++) {
        uint32_t one[BINS_MAX];

        ck_assert_uint_eq(bins_chart(&part[i], first, last, one, &start, &width), n);
        ck_assert_uint_eq(sum_of(one, n), 1000);
        for (size_t k = 0; k < n; k++) {
            chart[k] -= one[k];
        }
    }
    ck_assert_uint_eq(sum_of(chart, n), 0);
}
END_TEST

START_TEST(bins_of_one_moment)
{
    struct bins bins;
    uint32_t chart[BINS_MAX];
    int64_t start, width;

    bins_init(&bins);
    bins_add(&bins, 1000, 5);
    ck_assert_uint_eq(bins_chart(&bins, 1000, 1000, chart, &start, &width), 1);
    ck_assert_uint_eq(chart[0], 5);
    ck_assert_int_eq(start, 1000);
    ck_assert_int_eq(width, 1);
}
END_TEST

START_TEST(bins_of_any_range)
{
    struct bins bins;
    uint32_t chart[BINS_MAX];
    int64_t start, width;

    bins_init(&bins);
    bins_add(&bins, 0, 1);
    bins_add(&bins, INT64_MAX / 1000000, 2);
    bins_add(&bins, 5, (uint32_t)-1);
    bins_add(&bins, 5, 1);
    ck_assert_uint_eq(
        sum_of(chart, bins_chart(&bins, 0, INT64_MAX / 1000000, chart, &start, &width)), 3);
}
END_TEST

/* What syslog has from a clock that was not set, or from somebody who makes it up. */
START_TEST(bins_before_1970)
{
    struct bins bins, more;
    uint32_t chart[BINS_MAX];
    int64_t start, width;

    bins_init(&bins);
    bins_init(&more);
    bins_add(&bins, -100, 1);
    bins_add(&more, -1000, 1);
    bins_add(&more, -10, 2);
    bins_merge(&bins, &more);
    ck_assert_uint_eq(sum_of(chart, bins_chart(&bins, -1000, -10, chart, &start, &width)), 4);
    ck_assert_int_le(start, -1000);
    ck_assert_int_gt(start + width, -1000);
}
END_TEST

/* --- counting -------------------------------------------------------------------------------- */

#define ORIGINS 20000
#ifdef __SANITIZE_ADDRESS__ /* ten times as slow: a dozen runs instead of dozens */
#define CALLS 30000
#else
#define CALLS 100000
#endif

/* What was really added. */
struct truth {
    int64_t messages, rcpts, first, last;
    int64_t part[4];
};

static int origin_number(int call)
{
    return call % 5 == 0 ? 7 : (int)((unsigned)call * 2654435761U % ORIGINS);
}

static void add_call(struct aggregate *aggregate, struct truth *truth, int i)
{
    char key[128];
    int origin = origin_number(i);
    int part = i / 7 % 4;
    int n = snprintf(key, sizeof key, "origin %d", origin) + 1;
    int m = snprintf(key + n, sizeof key - (size_t)n, "part %d", part);
    int64_t time = 1795278031 * SECOND + (int64_t)i * 1234567;
    struct aggregate_call call = {.key = key,
                                  .key_len = (size_t)(n + m),
                                  .origin_len = (size_t)n,
                                  .time = time,
                                  .messages = 1,
                                  .rcpts = origin % 3 + 1,
                                  .owner = origin,
                                  .worth = i % 1000 == 1 ? 1 : 2,
                                  .part_worth = 2};

    ck_assert(aggregate_add(aggregate, &call));
    if (i % 100 == 99) { /* did not take place */
        call.messages = -1;
        call.rcpts = -call.rcpts;
        ck_assert(aggregate_add(aggregate, &call));
        return;
    }
    truth[origin].messages++;
    truth[origin].rcpts += call.rcpts;
    truth[origin].part[part]++;
}

static uint64_t count_truth(const struct truth *truth)
{
    uint64_t n = 0;

    for (int i = 0; i < ORIGINS; i++) {
        n += truth[i].messages > 0;
    }
    return n;
}

/* Kept memory, whether by recipients, and the limit. 512 KiB: dozens of runs. */
static const struct {
    size_t memory;
    bool by_rcpts;
    size_t limit;
} ways[] = {{0, false, 0},          {0, true, 10},         {512 << 10, false, 0},
            {512 << 10, true, 0},   {512 << 10, false, 3}, {1 << 20, false, 100},
            {1 << 20, true, 100000}};

static void check_origin(const struct aggregate_origin *origin, const struct truth *truth)
{
    const struct truth *mine = &truth[atoi(origin->key + 7)];
    int64_t most = 0, sum = 0;
    uint64_t parts = 0;

    ck_assert_int_eq(origin->messages, mine->messages);
    ck_assert_int_eq(origin->rcpts, mine->rcpts);
    ck_assert_int_eq(origin->owner, atoi(origin->key + 7));
    for (int i = 0; i < 4; i++) {
        most = mine->part[i] > most ? mine->part[i] : most;
        parts += mine->part[i] > 0;
    }
    ck_assert_uint_eq(origin->parts, parts);
    ck_assert_int_eq(origin->part[0].messages, most);
    for (size_t i = 0; i < AGGREGATE_PARTS && origin->part[i].messages > 0; i++) {
        ck_assert_int_eq(origin->part[i].messages, mine->part[origin->part[i].text[5] - '0']);
        ck_assert(i == 0 || origin->part[i].messages <= origin->part[i - 1].messages);
        sum += origin->part[i].messages;
    }
    ck_assert(parts > AGGREGATE_PARTS ? sum < mine->messages : sum == mine->messages);
    ck_assert_uint_eq(sum_of(origin->bins.n, BINS_MAX), (uint64_t)mine->messages);
}

START_TEST(exact)
{
    struct truth *truth = calloc(ORIGINS, sizeof *truth);
    struct aggregate *aggregate =
        aggregate_new(&ctx, ways[_i].by_rcpts, ways[_i].limit, ways[_i].memory);
    struct aggregate_origin origin;
    int64_t before = INT64_MAX, last = INT64_MAX;
    uint64_t origins, rows = 0;

    ck_assert_ptr_nonnull(truth);
    for (int i = 0; i < CALLS; i++) {
        add_call(aggregate, truth, i);
    }
    ck_assert(aggregate_finish(aggregate, &origins));
    ck_assert_uint_eq(origins, count_truth(truth));
    while (aggregate_next(aggregate, &origin) == 1) {
        int64_t weight = ways[_i].by_rcpts ? origin.rcpts : origin.messages;

        check_origin(&origin, truth);
        ck_assert(weight < before || (weight == before && origin.last <= last));
        before = weight;
        last = origin.last;
        if (rows++ == 0) {
            ck_assert_str_eq(origin.key, "origin 7");
        }
    }
    ck_assert_uint_eq(rows,
                      ways[_i].limit > 0 && ways[_i].limit < origins ? ways[_i].limit : origins);
    aggregate_free(aggregate);
    free(truth);
}
END_TEST

START_TEST(nothing)
{
    struct aggregate *aggregate = aggregate_new(&ctx, false, 5, 0);
    struct aggregate_origin origin;
    uint64_t origins = 5;

    ck_assert(aggregate_finish(aggregate, &origins));
    ck_assert_uint_eq(origins, 0);
    ck_assert_int_eq(aggregate_next(aggregate, &origin), 0);
    aggregate_free(aggregate);
}
END_TEST

/* --- keys ------------------------------------------------------------------------------------ */

#define FRONT "2026-11-21T16:20:31.123456+00:00 web1 sendmail-wrapper[12345]: id=A "

/* A record, by what; the origin's uid, letter and text; the first part; the worths. */
static const struct {
    const char *by, *line;
    long long uid;
    bool known;
    const char *text, *part;
    unsigned worth, part_worth;
} keys[] = {
    {"dir",
     FRONT "uid=4079 cwd=/w cwd_uid=4079 script=/w/x script_by=fd script_uid=4079 unit=u "
           "action=deliver",
     4079, true, "/w", "/w/x", ORIGIN_OWN, ORIGIN_OWN},
    {"dir", FRONT "uid=4079 cwd=/w cwd_uid=4080 unit=u action=deliver", 4079, true, "/w", "",
     ORIGIN_SAYS, ORIGIN_NONE},
    {"dir", FRONT "uid=4079 action=deliver", 4079, false, "", "", ORIGIN_NONE, ORIGIN_NONE},
    {"script", FRONT "uid=4079 cwd=/w script=/n/x script_by=fd script_uid=1 action=deliver", 4079,
     true, "/n/x", "/w", ORIGIN_SAYS, ORIGIN_SAYS},
    {"script", FRONT "uid=4079 cwd=/w cwd_uid=4079 action=deliver", 4079, false, "/w", "/w",
     ORIGIN_NONE, ORIGIN_OWN},
    {"user", FRONT "uid=4079 user=web cwd=/w action=deliver", 4079, false, "", "/w", ORIGIN_NONE,
     ORIGIN_SAYS},
    {"host", FRONT "uid=4079 cwd=/w action=deliver", -1, true, "web1", "/w", ORIGIN_NONE,
     ORIGIN_SAYS},
    {"sender", FRONT "uid=4079 sender=\"\" action=deliver", 4079, true, "", "", ORIGIN_NONE,
     ORIGIN_NONE},
    {NULL, FRONT "cwd=\"/a b\" action=deliver", -1, true, "/a b", "", ORIGIN_SAYS, ORIGIN_NONE},
};

START_TEST(key)
{
    struct record_scratch scratch = {0};
    struct record_line line;
    char bytes[AGGREGATE_KEY_MAX];
    struct aggregate_call call;
    struct aggregate_origin sum = {0};
    struct aggregate_part sum_part = {0};
    struct top_origin origin;
    struct top_part part;

    ck_assert(
        record_line_parse(keys[_i].line, strlen(keys[_i].line), RECORDS_FILE, 0, &scratch, &line));
    top_key(top_by_find(keys[_i].by), &line, bytes, &call);
    sum.key = call.key;
    sum.len = call.origin_len;
    top_origin_of(&sum, &origin);
    sum_part.text = call.key + call.origin_len;
    sum_part.len = call.key_len - call.origin_len;
    top_part_of(&sum_part, &part);
    ck_assert_int_eq(origin.uid, keys[_i].uid);
    ck_assert_uint_eq(origin.host.len, origin.uid >= 0 || keys[_i].by == NULL ? 4 : 0);
    ck_assert_mem_eq(origin.host.ptr, "web1", origin.host.len);
    ck_assert(origin.known == keys[_i].known);
    ck_assert_str_eq(origin.text.ptr, keys[_i].text);
    ck_assert_uint_eq(origin.text.len, strlen(keys[_i].text));
    ck_assert_uint_eq(part.text.len, strlen(keys[_i].part));
    ck_assert_mem_eq(part.text.ptr, keys[_i].part, part.text.len);
    ck_assert_uint_eq(call.worth, keys[_i].worth);
    ck_assert_uint_eq(call.part_worth, keys[_i].part_worth);
    ck_assert_int_eq(call.rcpts, 1);
}
END_TEST

/* Values longer than the wrapper writes, as only a forged line has them. */
START_TEST(long_values)
{
    static char text[50000];
    struct record_scratch scratch = {0};
    struct record_line line;
    char bytes[AGGREGATE_KEY_MAX];
    struct aggregate_call call;
    int n = snprintf(text, sizeof text,
                     "2026-11-21T16:20:31.123456+00:00 web%0200d sendmail-wrapper[1]: id=A "
                     "cwd=%09000d script=%09000d script_by=%09000d user=%09000d action=deliver",
                     0, 1, 2, 3, 4);

    ck_assert(record_line_parse(text, (size_t)n, RECORDS_SYSLOG, 0, &scratch, &line));
    top_key(top_by_find("dir"), &line, bytes, &call);
    ck_assert_uint_le(call.key_len, sizeof bytes);
    free(scratch.data);
}
END_TEST

/* --- parts ----------------------------------------------------------------------------------- */

static const struct command command_test = {
    .name = "test", .groups = GROUP_TIME | GROUP_FILTER | GROUP_LOG, .operands = ""};

/* How likely, of 100 records, a refusal is, and how far back in the log its message may be. */
static const struct {
    int refusals, back;
} logs[] = {{10, 6000}, {1, 20}, {95, 4100}, {0, 1}};

#define RECORDS 20000

static void front(FILE *file, int i)
{
    /* the clock is wrong for a while, at the end */
    i = i < RECORDS / 3 - 100 ? i : i % 100 + 1500;
    /* now and then several in one microsecond */
    fprintf(file, "2026-11-21T%02d:%02d:%02d.%06d+00:00 web1 sendmail-wrapper[%d]: ", i / 3600 % 24,
            i / 60 % 60, i % 60, i / 7 % 3, i);
}

/* Records with refusals, ids that come twice, owners that change, and what is torn in between. */
static char *write_log(const char *name, int which, unsigned seed)
{
    const char *path = support_path(name);
    FILE *file = fopen(path, "we");

    ck_assert_ptr_nonnull(file);
    srand(seed);
    for (int i = 0; i < RECORDS; i++) {
        bool refusal = rand() % 100 < logs[which].refusals;
        int id = refusal ? i - rand() % logs[which].back : rand() % 1000 == 0 ? i - 1 : i;

        front(file, i / 3);
        fprintf(file,
                "id=01M7ZE%020d mode=submit uid=%d user=u cwd=/w/%d cwd_uid=%d script=/w/%d.php "
                "script_by=%s rcpts=%d action=%s",
                id < 0 ? 0 : id, id % 10, id % 77, rand() % 3, id % 50, rand() % 5 ? "fd" : "env",
                rand() % 4,
                refusal            ? "refuse"
                : rand() % 50 == 0 ? "pass"
                                   : "deliver");
        if (rand() % 100 > 0 && i < RECORDS - 1) {
            fputs(rand() % 10 == 0 ? "\r\n" : "\n", file);
        }
        if (rand() % 2000 == 0) {
            fprintf(file, "%0*d\n", rand() % 100000, 0);
        }
    }
    ck_assert_int_eq(fclose(file), 0);
    return context_copy(path, strlen(path));
}

static void print_sum(FILE *to, const struct aggregate_origin *sum, const struct top_totals *totals)
{
    uint32_t bars[BINS_MAX];
    int64_t start, width;
    size_t n =
        bins_chart(&sum->bins, totals->first / SECOND, totals->last / SECOND, bars, &start, &width);

    for (size_t i = 0; i < sum->len; i++) {
        fprintf(to, "%02x", (unsigned char)sum->key[i]);
    }
    fprintf(to, " %lld %lld %lld %lld %lld %u %llu from %lld each %lld:", (long long)sum->messages,
            (long long)sum->rcpts, (long long)sum->first, (long long)sum->last,
            (long long)sum->owner, sum->worth, (unsigned long long)sum->parts, (long long)start,
            (long long)width);
    for (size_t i = 0; i < n; i++) {
        fprintf(to, " %u", bars[i]);
    }
    for (size_t i = 0; i < AGGREGATE_PARTS && sum->part[i].messages > 0; i++) {
        fprintf(to, "; %.*s %lld %u", (int)sum->part[i].len, sum->part[i].text,
                (long long)sum->part[i].messages, sum->part[i].worth);
    }
    fputc('\n', to);
}

/* What happens to a file after it was opened. */
struct change {
    const char *path;
    long cut; /* -1: as much again is appended */
};

static void change(const struct change *change)
{
    FILE *from = fopen(change->path, "re"), *to = fopen(change->path, "ae");
    char block[4096];

    ck_assert_ptr_nonnull(from);
    ck_assert_ptr_nonnull(to);
    if (change->cut >= 0) {
        ck_assert_int_eq(truncate(change->path, change->cut), 0);
    }
    for (int i = 0; i < 100 && change->cut < 0; i++) {
        ck_assert_uint_eq(fwrite(block, 1, fread(block, 1, sizeof block, from), to), sizeof block);
    }
    ck_assert_int_eq(fclose(to) + fclose(from), 0);
}

/* All that top would show. */
static char *result_of(const struct top_way *way, const char *by, const char *const *argv,
                       const struct change *meanwhile)
{
    struct context mine = {.command = "test", .now = ctx.now};
    struct filter filter;
    struct records *records;
    struct top_count *count;
    struct top_totals totals = {0};
    struct aggregate *aggregate;
    struct aggregate_origin sum;
    char *text = NULL;
    size_t size, argc = 0;
    FILE *to = open_memstream(&text, &size);
    struct args *args;

    while (argv[argc] != NULL) {
        argc++;
    }
    args = args_parse(&mine, &command_test, (int)argc, (char **)(uintptr_t)argv);
    ck_assert_ptr_nonnull(to);
    ck_assert_ptr_nonnull(args);
    mine.args = args;
    ck_assert(filter_init(&mine, &filter));
    records = records_open(&mine, &filter);
    ck_assert_ptr_nonnull(records);
    if (meanwhile != NULL) {
        change(meanwhile);
    }
    count = top_count_new(&mine, top_by_find(by), false, 0);
    ck_assert(top_read(&mine, records, top_by_find(by), way, count));
    aggregate = top_count_finish(count, records_torn(records), &totals);
    ck_assert_ptr_nonnull(aggregate);
    while (aggregate_next(aggregate, &sum) == 1) {
        print_sum(to, &sum, &totals);
    }
    fprintf(to, "%lld %lld %lld %lld %llu %llu %llu torn %llu partial %d\n",
            (long long)totals.messages, (long long)totals.rcpts, (long long)totals.first,
            (long long)totals.last, (unsigned long long)totals.origins,
            (unsigned long long)totals.refused, (unsigned long long)totals.passed,
            (unsigned long long)totals.torn, mine.partial);
    ck_assert_int_eq(fclose(to), 0);
    top_count_free(count);
    records_close(records);
    args_free(args);
    return text;
}

/* Whatever is parted, with or without threads, with or without enough memory. */
static void compare_ways(const char *by, const char *const *argv)
{
    struct top_way way = {.parts = 1, .least = 1};
    char *alone = result_of(&way, by, argv, NULL);

    for (unsigned i = 1; i < 16; i++) {
        char *text;

        way.parts = 2 + i % 8;
        way.no_threads = i % 3 == 0;
        way.memory = i % 4 == 1 ? (size_t)100 << 10 : 0;
        text = result_of(&way, by, argv, NULL);
        ck_assert_msg(strcmp(text, alone) == 0, "way %u: %zu bytes, %zu alone", i, strlen(text),
                      strlen(alone));
        free(text);
    }
    free(alone);
}

START_TEST(parts)
{
    static const char *const by[] = {"dir", "script", "user", "dir"};
    char *first, *second;

    support_begin();
    first = write_log("first", _i, (unsigned)_i);
    second = write_log("second", _i, (unsigned)_i + 100);
    compare_ways(by[_i], (const char *const[]){"test", "--log", first, NULL});
    compare_ways(by[_i], (const char *const[]){"test", "--log", first, "--log", second, "--uid",
                                               "1", "--uid", "2", NULL});
    compare_ways(by[_i], (const char *const[]){"test", "--since", "@1795220200", "--log", first,
                                               "--until", "@1795221200", NULL});
    free(first);
    free(second);
    support_end();
}
END_TEST

/* What is appended after it was opened is read, too. */
START_TEST(grows)
{
    struct top_way way = {.parts = 1, .least = 1};
    struct change more = {.cut = -1};
    char *alone = NULL;

    support_begin();
    for (way.parts = 1; way.parts < 9; way.parts++) {
        char *path = write_log("log", 0, 1), *text;

        more.path = path;
        text = result_of(&way, NULL, (const char *const[]){"test", "--log", path, NULL}, &more);
        ck_assert(alone == NULL || strcmp(text, alone) == 0);
        free(alone);
        alone = text;
        free(path);
    }
    free(alone);
    support_end();
}
END_TEST

/* What was cut off is said, once. */
START_TEST(shrinks)
{
    struct top_way way = {.least = 1};
    struct change less = {.cut = 1000000};
    char *alone = NULL;
    int fd;

    support_begin();
    fd = open(support_path("err"), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    ck_assert_int_eq(dup2(fd, STDERR_FILENO), STDERR_FILENO);
    for (way.parts = 1; way.parts < 9; way.parts++) {
        char *path = write_log("log", 0, 1), *text;
        const char *said;

        ck_assert_int_eq(ftruncate(fd, 0) | (int)lseek(fd, 0, SEEK_SET), 0);
        less.path = path;
        text = result_of(&way, NULL, (const char *const[]){"test", "--log", path, NULL}, &less);
        ck_assert_ptr_nonnull(strstr(text, "partial 1"));
        said = support_read_file(support_path("err"), NULL);
        ck_assert_ptr_nonnull(strstr(said, "became shorter"));
        ck_assert_ptr_eq(strchr(said, '\n'), strrchr(said, '\n'));
        ck_assert(alone == NULL || strcmp(text, alone) == 0);
        free(alone);
        alone = text;
        free(path);
    }
    free(alone);
    close(fd);
    support_end();
}
END_TEST

/* What threads have to say comes when they are joined, in that order, and once. */
START_TEST(messages)
{
    struct context mine = {.command = "test", .terminal = true}, part[3];
    static const char *const want =
        "mailorigin test: log.1: broken\nmailorigin test: 7\nmailorigin test: log: broken\n";

    support_begin();
    ck_assert_ptr_nonnull(freopen(support_path("err"), "we", stderr));
    for (int i = 0; i < 3; i++) {
        context_part(&mine, &part[i]);
        ck_assert(!part[i].terminal);
    }
    context_problem(&part[1], "log: %s", "broken");
    context_problem(&part[0], "log.1: broken");
    context_problem(&part[0], "log.1: broken");
    context_problem(&part[1], "log.1: broken");
    context_warn(&part[0], "7");
    (void)context_fail(&part[2], "8");
    fflush(stderr);
    ck_assert_str_eq(support_read_file(support_path("err"), NULL), "");
    ck_assert(!mine.partial);
    for (int i = 0; i < 3; i++) {
        context_join(&mine, &part[i], i < 2);
    }
    fflush(stderr);
    ck_assert_str_eq(support_read_file(support_path("err"), NULL), want);
    ck_assert(mine.partial);
    support_end();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("top");
    TCase *tc = tcase_create("top");

    tcase_set_timeout(tc, 120);
    tcase_add_test(tc, bins_hold_all);
    tcase_add_test(tc, bins_of_one_moment);
    tcase_add_test(tc, bins_of_any_range);
    tcase_add_test(tc, bins_before_1970);
    tcase_add_loop_test(tc, exact, 0, sizeof ways / sizeof ways[0]);
    tcase_add_test(tc, nothing);
    tcase_add_loop_test(tc, key, 0, sizeof keys / sizeof keys[0]);
    tcase_add_test(tc, long_values);
    tcase_add_loop_test(tc, parts, 0, sizeof logs / sizeof logs[0]);
    tcase_add_test(tc, grows);
    tcase_add_test(tc, shrinks);
    tcase_add_test(tc, messages);
    suite_add_tcase(suite, tc);
    return support_run(suite);
}
