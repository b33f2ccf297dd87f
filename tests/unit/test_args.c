/* args: one table makes the parsing, the usage and the completion; each mistake names itself. */
#include "admin/args.h"
#include "admin/command.h"
#include "support.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int run_nothing(struct context *ctx)
{
    (void)ctx;
    return STATUS_FOUND;
}

static const struct option_spec options[] = {
    {"by", 'b', "KEY", "dir|script|user", "what to group by"},
    {"limit", 'n', "N", NULL, "rows"},
    {"talkers", 0, "[FILE]", NULL, "optional argument"},
    {"follow", 'f', NULL, NULL, "a flag"},
    {NULL, 0, NULL, NULL, NULL}};

static const struct command command = {.name = "test",
                                       .summary = "Tests",
                                       .operands = "[ID]",
                                       .options = options,
                                       .groups = GROUP_FILTER,
                                       .operands_max = 1,
                                       .run = run_nothing};

/* The words of a command line, split at blanks, into argv. */
static int split(char *line, char **argv, int max)
{
    int argc = 0;

    for (char *word = strtok(line, " "); word != NULL && argc < max; word = strtok(NULL, " ")) {
        argv[argc++] = word;
    }
    argv[argc] = NULL;
    return argc;
}

static struct args *parse(struct context *ctx, char *line)
{
    char *argv[16];
    int argc = split(line, argv, 15);
    struct args *args = args_parse(ctx, &command, argc, argv);

    ctx->args = args;
    return args;
}

START_TEST(understands)
{
    char line[] = "test --by script -n5 --uid 1 --follow 01ABC --uid=2 --talkers --talkers=/x";
    struct context ctx = {.command = "test"};
    struct args *args = parse(&ctx, line);
    size_t cursor = 0;
    long long limit = 20;

    ck_assert_ptr_nonnull(args);
    ck_assert_str_eq(args_get(args, "by"), "script");
    ck_assert_str_eq(args_get(args, "follow"), "");
    ck_assert_ptr_null(args_get(args, "dir"));
    ck_assert(args_number(&ctx, "limit", 0, 100, &limit));
    ck_assert_int_eq(limit, 5);
    ck_assert_str_eq(args_each(args, "uid", &cursor), "1");
    ck_assert_str_eq(args_each(args, "uid", &cursor), "2");
    ck_assert_ptr_null(args_each(args, "uid", &cursor));
    ck_assert_str_eq(args_get(args, "talkers"), "/x");
    ck_assert_uint_eq(args_operands(args), 1);
    ck_assert_str_eq(args_operand(args, 0), "01ABC");
    ck_assert_ptr_null(args_operand(args, 1));
    args_free(args);
}
END_TEST

START_TEST(two_dashes_end_the_options)
{
    char line[] = "test -- --by";
    struct context ctx = {.command = "test"};
    struct args *args = parse(&ctx, line);

    ck_assert_ptr_nonnull(args);
    ck_assert_str_eq(args_operand(args, 0), "--by");
    args_free(args);
}
END_TEST

static const struct {
    const char *line, *said;
} mistakes[] = {
    {"test --by color", "--by: color is none of dir|script|user"},
    {"test --by scrip", "--by: scrip is none of dir|script|user"},
    {"test --by", "--by needs a value"},
    {"test --nonsense", "--nonsense is no option"},
    {"test -z", "-z is no option"},
    {"test --u 1", "--u is no option of it, or not clear"}, /* --uid, --user, --unit */
    {"test a b", "b: nothing more is expected here"},
    {"test --\033[31m", "--\\x1b[31m is no option"},
};

START_TEST(says_what_is_wrong)
{
    char line[80], said[512] = "";
    struct context ctx = {.command = "test"};
    int ends[2], saved = dup(STDERR_FILENO);
    ssize_t n;

    (void)snprintf(line, sizeof line, "%s", mistakes[_i].line);
    ck_assert_int_eq(pipe(ends), 0);
    ck_assert_int_ge(dup2(ends[1], STDERR_FILENO), 0);
    ck_assert_ptr_null(parse(&ctx, line));
    ck_assert_int_ge(dup2(saved, STDERR_FILENO), 0);
    (void)close(ends[1]);
    n = read(ends[0], said, sizeof said - 1);
    (void)close(ends[0]);
    (void)close(saved);
    ck_assert_int_gt(n, 0);
    ck_assert_msg(strstr(said, mistakes[_i].said) != NULL, "said: %s", said);
    ck_assert_msg(strncmp(said, "mailorigin test: ", 17) == 0, "said: %s", said);
    ck_assert_msg(strchr(said, '\n') == said + n - 1, "one line: %s", said);
}
END_TEST

static const struct {
    const char *line;
    bool good;
} numbers[] = {
    {"test -n 0", true},
    {"test -n 100", true},
    {"test -n 101", false},
    {"test -n -1", false},
    {"test -n 5x", false},
    {"test -n=5", false},
    {"test -n 99999999999999999999", false},
};

START_TEST(numbers_have_bounds)
{
    char line[80];
    struct context ctx = {.command = "test"};
    long long value = 20;
    struct args *args;

    (void)snprintf(line, sizeof line, "%s", numbers[_i].line);
    args = parse(&ctx, line);
    ck_assert_ptr_nonnull(args);
    ck_assert_msg(args_number(&ctx, "limit", 0, 100, &value) == numbers[_i].good, "%s",
                  numbers[_i].line);
    args_free(args);
}
END_TEST

START_TEST(usage_names_every_option)
{
    char *text = NULL;
    size_t len = 0;
    FILE *to = open_memstream(&text, &len);

    ck_assert_ptr_nonnull(to);
    args_usage(&command, to);
    (void)fclose(to);
    ck_assert_ptr_nonnull(strstr(text, "usage: mailorigin test [options] [ID]\n"));
    ck_assert_ptr_nonnull(strstr(text, "-b, --by KEY"));
    ck_assert_ptr_nonnull(strstr(text, "--talkers[=FILE]"));
    ck_assert_ptr_nonnull(strstr(text, "--uid UID"));
    ck_assert_ptr_nonnull(strstr(text, "--json"));
    ck_assert_msg(strstr(text, "--since") == NULL, "a group that it does not take");
    free(text);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("args");
    TCase *tcase = tcase_create("args");

    tcase_add_test(tcase, understands);
    tcase_add_test(tcase, two_dashes_end_the_options);
    tcase_add_loop_test(tcase, says_what_is_wrong, 0, sizeof mistakes / sizeof mistakes[0]);
    tcase_add_loop_test(tcase, numbers_have_bounds, 0, sizeof numbers / sizeof numbers[0]);
    tcase_add_test(tcase, usage_names_every_option);
    suite_add_tcase(suite, tcase);
    return support_run(suite);
}
