/* top: counting in bounded memory is exact, the order is stable, bins add up; what an origin's key
 * is. */
#include "admin/context.h"
#include "admin/top/aggregate.h"
#include "admin/top/top.h"
#include "support.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

/* --- counting -------------------------------------------------------------------------------- */

#define ORIGINS 20000
#define CALLS 100000

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
    static char text[40000];
    struct record_scratch scratch = {0};
    struct record_line line;
    char bytes[AGGREGATE_KEY_MAX];
    struct aggregate_call call;
    int n = snprintf(text, sizeof text,
                     "%scwd=%09000d script=%09000d script_by=%09000d user=%09000d action=deliver",
                     FRONT, 1, 2, 3, 4);

    ck_assert(record_line_parse(text, (size_t)n, RECORDS_SYSLOG, 0, &scratch, &line));
    top_key(top_by_find("dir"), &line, bytes, &call);
    ck_assert_uint_le(call.key_len, sizeof bytes);
    free(scratch.data);
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
    tcase_add_loop_test(tc, exact, 0, sizeof ways / sizeof ways[0]);
    tcase_add_test(tc, nothing);
    tcase_add_loop_test(tc, key, 0, sizeof keys / sizeof keys[0]);
    tcase_add_test(tc, long_values);
    suite_add_tcase(suite, tc);
    return support_run(suite);
}
