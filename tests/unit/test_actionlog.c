/* actionlog: the last hold is found again, whatever came behind it; a torn line hides no other; a
 * file that is not ours alone is refused; nobody acts while another does. */
#include "admin/args.h"
#include "admin/command.h"
#include "admin/context.h"
#include "admin/queue/actionlog.h"

#include "support.h"

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct context ctx;
static struct actionlog_hold hold;

static bool all(const struct action_item *item)
{
    (void)item;
    return true;
}

static bool none(const struct action_item *item)
{
    (void)item;
    return false;
}

static struct action_items items_of(const char *id)
{
    struct action_items items = {.count = 0};
    struct action_item item = {
        .arrival = 1795306810957679, .dev = 41, .ino = 7, .print = UINT64_MAX};

    (void)snprintf(item.id, sizeof item.id, "%s", id);
    action_items_add(&items, &item);
    return items;
}

static struct actionlog *journal(void)
{
    static const struct command command = {.name = "hold"};
    char name[] = "hold";
    char *argv[] = {name, NULL};
    struct actionlog *log = actionlog_open(&ctx, support_path("state/actions.log"));

    if (ctx.args == NULL) {
        ctx.args = args_parse(&ctx, &command, 1, argv);
    }
    ck_assert_ptr_nonnull(log);
    return log;
}

/* An action with one message. done: 0 killed before its end, 1 whole, -1 to no message. */
static void act(struct actionlog *log, const char *action, const char *id, int done,
                const char *undoes)
{
    struct action_items items = items_of(id);

    ck_assert(actionlog_intent(&ctx, log, action, "postfix", &items, all));
    if (done != 0) {
        ck_assert(actionlog_done(&ctx, log, &items, done > 0 ? all : none, undoes));
    }
    action_items_free(&items);
}

/* The last hold, in `hold`. */
static bool last_hold(struct actionlog *log)
{
    action_items_free(&hold.items);
    return actionlog_last_hold(&ctx, log, &hold);
}

START_TEST(found_again)
{
    struct actionlog *log = journal();
    char op[64];

    ck_assert(!last_hold(log));
    act(log, "hold", "AAAAAA1", 1, NULL);
    (void)snprintf(op, sizeof op, "%s", actionlog_op(log));
    act(log, "release", "BBBBBB1", 1, NULL);
    act(log, "hold", "CCCCCC1", -1, NULL); /* held nothing */
    act(log, "undo", "DDDDDD1", 0, op);    /* killed: undid nothing */
    actionlog_close(log);

    log = journal();
    ck_assert(last_hold(log));
    ck_assert_str_eq(hold.op, op);
    ck_assert_str_eq(hold.mta, "postfix");
    ck_assert(hold.complete);
    ck_assert_uint_eq(hold.items.count, 1);
    ck_assert_str_eq(hold.items.items[0].id, "AAAAAA1");
    ck_assert_int_eq(hold.items.items[0].arrival, 1795306810957679);
    ck_assert_uint_eq(hold.items.items[0].ino, 7);
    ck_assert_uint_eq(hold.items.items[0].print, UINT64_MAX);

    act(log, "undo", "AAAAAA1", 1, op);
    ck_assert(!last_hold(log));
    act(log, "hold", "EEEEEE1", 0, NULL); /* killed */
    ck_assert(last_hold(log));
    ck_assert(!hold.complete);
    ck_assert_str_eq(hold.items.items[0].id, "EEEEEE1");
    actionlog_close(log);
}
END_TEST

START_TEST(torn)
{
    struct actionlog *log = journal();
    struct stat st;
    int fd;

    act(log, "hold", "AAAAAA1", 1, NULL);
    actionlog_close(log);
    fd = open(support_path("state/actions.log"), O_WRONLY | O_APPEND | O_CLOEXEC);
    support_write_all(fd, "\xff{\"a\n[]\n{\"stage\":\"done\"}\n{\"op\":1,\"messages\":{}}\n{\"torn",
                      53);
    close(fd);
    log = journal();
    ck_assert(last_hold(log));
    ck_assert_str_eq(hold.items.items[0].id, "AAAAAA1");
    act(log, "hold", "BBBBBB1", 1, NULL); /* begins a line of its own */
    ck_assert(last_hold(log));
    ck_assert_str_eq(hold.items.items[0].id, "BBBBBB1");
    actionlog_close(log);
    ck_assert_int_eq(stat(support_path("state/actions.log"), &st), 0);
    ck_assert_int_eq(st.st_mode & 07777, 0600);
}
END_TEST

START_TEST(refused)
{
    (void)support_file("open.log", "", 0666);
    ck_assert_int_eq(chmod(support_path("open.log"), 0666), 0);
    ck_assert_ptr_null(actionlog_open(&ctx, support_path("open.log")));
    ck_assert_int_eq(symlink("/dev/null", support_path("link.log")), 0);
    ck_assert_ptr_null(actionlog_open(&ctx, support_path("link.log")));
    ck_assert_int_eq(mkfifo(support_path("fifo.log"), 0600), 0);
    ck_assert_ptr_null(actionlog_open(&ctx, support_path("fifo.log")));
}
END_TEST

START_TEST(one_at_a_time)
{
    struct actionlog *log = journal();
    int ends[2];
    pid_t child;
    char byte;

    ck_assert_int_eq(pipe(ends), 0);
    child = support_fork();
    if (child == 0) {
        struct actionlog *second;

        actionlog_close(log); /* a copy, which would keep the lock */
        second = actionlog_open(&ctx, support_path("state/actions.log"));
        _exit(second != NULL && write(ends[1], "b", 1) == 1 ? 0 : 1);
    }
    support_write_all(ends[1], "a", 1); /* before the lock is let go */
    ck_assert_int_eq(read(ends[0], &byte, 1), 1);
    ck_assert_int_eq(byte, 'a');
    ck_assert_int_eq(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
    ck_assert_int_eq(read(ends[0], &byte, 1), -1);
    actionlog_close(log);
    support_wait_ok(child);
    ck_assert_int_eq(read(ends[0], &byte, 1), 1);
    ck_assert_int_eq(byte, 'b');
}
END_TEST

/* Processes that gave up root inherit it. */
START_TEST(open_for_reading_only)
{
    struct actionlog *log = journal();
    struct stat st, one;

    act(log, "hold", "AAAAAA1", 1, NULL);
    ck_assert_int_eq(stat(support_path("state/actions.log"), &st), 0);
    for (int fd = 3; fd < 64; fd++) {
        bool ours = fstat(fd, &one) == 0 && one.st_ino == st.st_ino && one.st_dev == st.st_dev;

        ck_assert(!ours || (fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDONLY);
    }
    actionlog_close(log);
}
END_TEST

/* An id goes into a line, and to the mail server's program as a line: nothing else is one. */
START_TEST(ids)
{
    static const char *const sound[] = {"4F1C2B9A", "4bXyZq1Lz2zKk", "1tE9cD-0000Kq-2x", "A"};
    static const char *const not [] = {"", "A\"]", "A\nB", "A B", "../A", "-\\", "A\x80"};
    char longest[ACTION_ID_MAX + 1];
    struct actionlog *log;

    for (size_t i = 0; i < sizeof sound / sizeof *sound; i++) {
        ck_assert_msg(action_id_sound(sound[i]), "%s", sound[i]);
    }
    for (size_t i = 0; i < sizeof not / sizeof *not ; i++) {
        ck_assert_msg(!action_id_sound(not [i]), "%s", not [i]);
    }
    memset(longest, 'A', sizeof longest);
    longest[ACTION_ID_MAX] = '\0';
    ck_assert(!action_id_sound(longest));
    longest[ACTION_ID_MAX - 1] = '\0';
    ck_assert(action_id_sound(longest));

    log = journal(); /* and the longest is found again, with the largest numbers */
    act(log, "hold", longest, 1, NULL);
    ck_assert(last_hold(log) && hold.complete);
    ck_assert_str_eq(hold.items.items[0].id, longest);
    ck_assert_uint_eq(hold.items.items[0].print, UINT64_MAX);
    actionlog_close(log);
}
END_TEST

static off_t size_of(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 ? st.st_size : -1;
}

/* It does not grow for ever, and what was held before it was renamed can be undone behind that. */
START_TEST(bounded)
{
    char path[4096], old[4096];
    struct actionlog *log = journal();
    char op[64];

    (void)snprintf(path, sizeof path, "%s", support_path("state/actions.log"));
    (void)snprintf(old, sizeof old, "%s", support_path("state/actions.log.1"));
    act(log, "hold", "AAAAAA1", 1, NULL);
    (void)snprintf(op, sizeof op, "%s", actionlog_op(log));
    actionlog_close(log);
    ck_assert_int_eq(truncate(path, (16 << 20) - 1), 0);
    actionlog_close(journal());
    ck_assert_int_eq(size_of(old), -1);
    ck_assert_int_eq(truncate(path, 16 << 20), 0);
    log = journal();
    ck_assert_int_eq(size_of(old), 16 << 20);
    ck_assert_int_eq(size_of(path), 0);

    ck_assert(last_hold(log));
    ck_assert_str_eq(hold.op, op);
    ck_assert_str_eq(hold.items.items[0].id, "AAAAAA1");
    act(log, "undo", "AAAAAA1", 1, op);
    ck_assert(!last_hold(log));
    act(log, "hold", "AAAAAA2", 1, NULL);
    ck_assert(last_hold(log));
    ck_assert_str_eq(hold.items.items[0].id, "AAAAAA2");
    actionlog_close(log);

    /* The old one is not believed if others may write to it. */
    ck_assert_int_eq(truncate(path, 0), 0);
    log = journal();
    act(log, "hold", "AAAAAA3", 1, NULL);
    actionlog_close(log);
    ck_assert_int_eq(rename(path, old), 0);
    log = journal();
    ck_assert(last_hold(log));
    ck_assert_int_eq(chmod(old, 0666), 0);
    ck_assert(!last_hold(log));
    actionlog_close(log);
}
END_TEST

START_TEST(another_file_by_now)
{
    struct actionlog *log = journal();
    struct action_items items = items_of("AAAAAA1");

    ck_assert_int_eq(rename(support_path("state/actions.log"), support_path("state/actions.log.1")),
                     0);
    ck_assert(!actionlog_intent(&ctx, log, "hold", "postfix", &items, all));
    (void)support_file("state/actions.log", "", 0600);
    ck_assert(!actionlog_intent(&ctx, log, "hold", "postfix", &items, all));
    action_items_free(&items);
    actionlog_close(log);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("actionlog");
    TCase *tc = tcase_create("actionlog");

    tcase_set_timeout(tc, 120);
    tcase_add_checked_fixture(tc, support_begin, support_end);
    tcase_add_test(tc, found_again);
    tcase_add_test(tc, torn);
    tcase_add_test(tc, refused);
    tcase_add_test(tc, one_at_a_time);
    tcase_add_test(tc, open_for_reading_only);
    tcase_add_test(tc, ids);
    tcase_add_test(tc, bounded);
    tcase_add_test(tc, another_file_by_now);
    suite_add_tcase(suite, tc);
    return support_run(suite);
}
