/* queue_group: a directory that only our header names is the user's own, or no more than said. */
#include "admin/queue/queue_group.h"

#include "support.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NOBODY 65534 /* of base-passwd: no file is his, his home is /nonexistent */

static const struct {
    const char *what, *path;
    long long uid;
    enum origin_worth want;
} rows[] = {
    {"root's, as many a neighbour's document root is", "/etc", NOBODY, ORIGIN_SAYS},
    {"gone", "/srv/neighbour/gone", NOBODY, ORIGIN_SAYS},
    {"gone, but in his home", "/nonexistent/web/gone", NOBODY, ORIGIN_OWN},
    {"his home", "/nonexistent", NOBODY, ORIGIN_OWN},
    {"out of his home again", "/nonexistent/../etc", NOBODY, ORIGIN_SAYS},
    {"only begins like his home", "/nonexistent2", NOBODY, ORIGIN_SAYS},
    {"root above a home", "/", NOBODY, ORIGIN_SAYS},
    {"root's own", "/etc", 0, ORIGIN_OWN},
    {"an account that sites share", "/etc", 33, ORIGIN_SAYS},
};

START_TEST(directory)
{
    const struct queue_message message = {.id = "A1",
                                          .state = QUEUE_DEFERRED,
                                          .origin = QUEUE_OURS,
                                          .uid = rows[_i].uid,
                                          .path = rows[_i].path,
                                          .sender = "a@example.test",
                                          .rcpts = 1};
    const struct queue_known known = {.message = &message,
                                      .by = KNOWN_HEADER,
                                      .uid = rows[_i].uid,
                                      .dir = rows[_i].path,
                                      .dir_worth = ORIGIN_OWN};
    struct queue_groups groups;

    queue_groups_init(&groups, NULL);
    queue_groups_add(&groups, &known);
    ck_assert_uint_eq(groups.count, 1);
    ck_assert_msg(groups.groups[0].worth == rows[_i].want, "%s", rows[_i].what);
    queue_groups_free(&groups);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("queue_group");
    TCase *cases = tcase_create("queue_group");

    tcase_add_loop_test(cases, directory, 0, sizeof rows / sizeof rows[0]);
    suite_add_tcase(suite, cases);
    return support_run(suite);
}
