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
    tcase_add_loop_test(cases, is_narrow, 0, sizeof choices / sizeof choices[0]);
    suite_add_tcase(suite, cases);
    return support_run(suite);
}
