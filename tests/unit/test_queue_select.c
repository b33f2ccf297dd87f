/* queue_select: mail that came by SMTP from this very machine is a record's only if the record can
 * be the record of all of it. */
#include "admin/queue/queue_select.h"

#include "admin/args.h"
#include "admin/command.h"
#include "admin/context.h"
#include "support.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ID "01HF7YAT10Q7ZV2N5T0C9R4E6H"
#define TIME INT64_C(1700000000500000)
#define RECORD                                                                              \
    "2023-11-14T22:13:20.500000+00:00 web1 sendmail-wrapper[12345]: id=" ID " mode=submit " \
    "uid=4079 user=web274 gid=4079 pid=12345 cwd=/w/a cwd_uid=4079 ppid=1 sender=a@a.test " \
    "rcpts=%s subject=hello mta=sendmail action=deliver\n"

struct queue {
    size_t count; /* of messages, all with the same header */
    size_t rcpts; /* of each */
    const char *subject;
};

static bool list(struct context *ctx, void *state,
                 bool (*each)(struct context *ctx, const struct queue_message *message, void *arg),
                 void *arg)
{
    const struct queue *queue = state;

    for (size_t i = 0; i < queue->count; i++) {
        const struct queue_message message = {.id = "A1",
                                              .state = QUEUE_DEFERRED,
                                              .arrival = TIME + 1000000,
                                              .origin = QUEUE_NETWORK,
                                              .uid = -1,
                                              .trace = ID,
                                              .client = "127.0.0.1",
                                              .sender = "a@a.test",
                                              .subject = queue->subject,
                                              .rcpts = queue->rcpts};

        if (!each(ctx, &message, arg)) {
            break;
        }
    }
    return true;
}

struct seen {
    size_t by_log, by_client;
};

static void again(void *arg)
{
    *(struct seen *)arg = (struct seen){0};
}

static void see(struct context *ctx, const struct queue_known *known, void *arg)
{
    struct seen *seen = arg;

    (void)ctx;
    seen->by_log += known->by == KNOWN_LOG && known->uid == 4079;
    seen->by_client += known->by == KNOWN_CLIENT && known->uid == -1;
}

static const struct {
    const char *what;
    struct queue queue;
    size_t by_log, by_client;
    const char *recorded; /* rcpts=; NULL: 2 */
} rows[] = {
    {"one message, to one of the two that is left", {1, 1, "hello"}, 1, 0, NULL},
    {"one message to both", {1, 2, "hello"}, 1, 0, NULL},
    {"split in two", {2, 1, "hello"}, 2, 0, NULL},
    {"another subject", {1, 1, "cheap pills"}, 0, 1, NULL},
    {"more recipients than the call had: the header is copied", {1, 50, "hello"}, 0, 1, NULL},
    {"more messages than the call had recipients: copied", {3, 1, "hello"}, 0, 3, NULL},
    {"a record that stopped counting", {1, 60, "hello"}, 1, 0, "50+"},
    {"one that did not look into the message", {1, 60, "hello"}, 1, 0, "\"\""},
};

START_TEST(of_the_record)
{
    struct context ctx = {.command = "queue", .now = TIME + 60000000};
    const struct queue_mta mta = {.name = "sendmail", .list = list};
    char option[512], record[1024];
    char *argv[] = {(char[]){"queue"}, option, NULL};
    struct queue queue = rows[_i].queue;
    struct queue_select select;
    struct seen seen = {0};
    struct args *args;

    (void)snprintf(record, sizeof record, RECORD,
                   rows[_i].recorded != NULL ? rows[_i].recorded : "2");
    (void)snprintf(option, sizeof option, "--log=%s", support_file("calls.log", record, 0600));
    args = args_parse(&ctx, &command_queue, 2, argv);
    ck_assert_ptr_nonnull(args);
    ctx.args = args;
    ck_assert(queue_select_init(&ctx, false, &select));
    ck_assert(queue_select_each(&ctx, &mta, &queue, &select, again, see, &seen));
    ck_assert_msg(seen.by_log == rows[_i].by_log && seen.by_client == rows[_i].by_client,
                  "%s: %zu %zu", rows[_i].what, seen.by_log, seen.by_client);
    queue_select_free(&select);
    args_free(args);
}
END_TEST

/* --from is the envelope's sender or the From field, as in the log; both are his own words. */
static bool list_from(struct context *ctx, void *state,
                      bool (*each)(struct context *ctx, const struct queue_message *message,
                                   void *arg),
                      void *arg)
{
    const struct queue_message message = {.id = "A1",
                                          .arrival = TIME,
                                          .origin = QUEUE_UID,
                                          .uid = 4079,
                                          .sender = "web274@a.test",
                                          .from = state};

    return each(ctx, &message, arg);
}

static void count(struct context *ctx, const struct queue_known *known, void *arg)
{
    (void)ctx;
    (void)known;
    ++*(size_t *)arg;
}

static const struct {
    const char *from, *option;
    size_t found;
} froms[] = {
    {"\"Your bank\" <Phish@b.test>", "--from=phish@b.test", 1},
    {"\"Your bank\" <phish@b.test>", "--from=*your bank*", 1},
    {"phish@b.test", "--from=web274@a.test", 1},
    {NULL, "--from=a.test", 1},
    {"phish@b.test", "--from=c.test", 0},
    {NULL, "--from=b.test", 0},
    {"b\033[2J", "--from=b\033", 1},
};

START_TEST(by_from)
{
    struct context ctx = {.command = "queue", .now = TIME + 60000000};
    const struct queue_mta mta = {.name = "postfix", .list = list_from};
    char *argv[] = {(char[]){"queue"}, strdup(froms[_i].option), NULL};
    char *from = froms[_i].from != NULL ? strdup(froms[_i].from) : NULL;
    struct queue_select select;
    size_t found = 0;
    struct args *args = args_parse(&ctx, &command_queue, 2, argv);

    ck_assert_ptr_nonnull(args);
    ctx.args = args;
    ck_assert(queue_select_init(&ctx, false, &select));
    ck_assert(queue_select_each(&ctx, &mta, from, &select, again, count, &found));
    ck_assert_msg(found == froms[_i].found, "%s: %zu", froms[_i].option, found);
    queue_select_free(&select);
    args_free(args);
    free(argv[1]);
    free(from);
}
END_TEST

/* A large queue: who sits at a terminal sees after a second that something happens, and nothing of
 * it stays. */
START_TEST(progress)
{
    struct context ctx = {.command = "queue", .now = TIME, .terminal = _i == 0};
    const struct queue_mta mta = {.name = "postfix", .list = list};
    char *argv[] = {(char[]){"queue"}, NULL};
    struct queue queue = {1000, 1, "hello"};
    struct queue_select select;
    struct seen seen = {0};
    struct args *args = args_parse(&ctx, &command_queue, 1, argv);
    const char *path = support_path("stderr"), *said;
    size_t len;
    int saved = dup(STDERR_FILENO);

    ck_assert_ptr_nonnull(args);
    ck_assert(saved >= 0 && freopen(path, "w", stderr) != NULL);
    ctx.args = args;
    ck_assert(queue_select_init(&ctx, false, &select));
    select.log_read = true; /* these messages would have it read */
    ck_assert(queue_select_each(&ctx, &mta, &queue, &select, again, see, &seen));
    (void)fflush(stderr);
    ck_assert(dup2(saved, STDERR_FILENO) >= 0 && close(saved) == 0);
    said = support_read_file(path, &len);
    if (_i == 0) {
        ck_assert_msg(len > 4 && strncmp(said, "\rqueue: ", 8) == 0, "%s", said);
        ck_assert_str_eq(said + len - 4, "\r\033[K");
    } else {
        ck_assert_str_eq(said, "");
    }
    queue_select_free(&select);
    args_free(args);
}
END_TEST

static const struct {
    const char *option[2];
    bool narrow;
} choices[] = {
    {{"--uid=4079", NULL}, true},
    {{"--dir=/w", NULL}, true},
    {{"A1", NULL}, true},
    {{"--sender=", NULL}, true},
    {{"--yes", NULL}, false},
    {{"--dir=", NULL}, false},
    {{"--from=", NULL}, false},
    {{"--dir=/w", "--dir="}, false},
    {{"--uid=4079", "--caller="}, false},
};

/* --dir "$dir" where dir is not set. */
START_TEST(is_narrow)
{
    struct context ctx = {.command = "drop"};
    char *argv[] = {(char[]){"drop"}, strdup(choices[_i].option[0]), NULL, NULL};
    struct args *args;

    argv[2] = choices[_i].option[1] != NULL ? strdup(choices[_i].option[1]) : NULL;
    args = args_parse(&ctx, &command_drop, argv[2] != NULL ? 3 : 2, argv);
    ck_assert_ptr_nonnull(args);
    ctx.args = args;
    ck_assert_msg(queue_select_narrow(&ctx) == choices[_i].narrow, "%s", choices[_i].option[0]);
    args_free(args);
    free(argv[1]);
    free(argv[2]);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("queue_select");
    TCase *cases = tcase_create("queue_select");

    tcase_add_unchecked_fixture(cases, support_begin, support_end);
    tcase_add_loop_test(cases, of_the_record, 0, sizeof rows / sizeof rows[0]);
    tcase_add_loop_test(cases, by_from, 0, sizeof froms / sizeof froms[0]);
    tcase_add_loop_test(cases, progress, 0, 2);
    tcase_add_loop_test(cases, is_narrow, 0, sizeof choices / sizeof choices[0]);
    suite_add_tcase(suite, cases);
    return support_run(suite);
}
