/* confine: root is given up for good, and what each kind keeps is just that. As another user: that
 * nothing changes. */
#include "admin/confine.h"
#include "admin/context.h"

#include "support.h"

#include <check.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static char secret[] = "/tmp/test_confine.XXXXXX"; /* root's, 0600 */

/* What a confined process can do, as bits of its exit status. */
enum {
    IS_ROOT = 1,
    READS = 2,
    WRITES = 4,
    ROOT_AGAIN = 8,
    HAS_GROUPS = 16,
    DUMPABLE = 32,
    FAILED = 64
};

static int try_all(enum confine_keep keep)
{
    struct context ctx = {.command = "test"};
    int can = 0;

    if (!confine(&ctx, keep)) {
        return FAILED;
    }
    can |= geteuid() == 0 ? IS_ROOT : 0;
    can |= open(secret, O_RDONLY | O_CLOEXEC) >= 0 ? READS : 0;
    can |= open(secret, O_WRONLY | O_CLOEXEC) >= 0 ? WRITES : 0;
    can |= setuid(0) == 0 || setgid(0) == 0 ? ROOT_AGAIN : 0;
    can |= getgroups(0, NULL) > 0 ? HAS_GROUPS : 0;
    can |= prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 1 ? DUMPABLE : 0;
    return can;
}

static int in_a_child(enum confine_keep keep)
{
    int status = 0;
    pid_t pid = fork();

    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        _exit(try_all(keep));
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static const struct {
    enum confine_keep keep;
    int may;
} rows[] = {{CONFINE_NOTHING, 0}, {CONFINE_READ, READS}};

START_TEST(keeps_only_what_is_asked)
{
    if (geteuid() == 0) {
        ck_assert_int_eq(in_a_child(rows[_i].keep), rows[_i].may);
    } else {
        ck_assert_int_eq(in_a_child(rows[_i].keep) & (IS_ROOT | FAILED), 0);
    }
}
END_TEST

START_TEST(the_journal_needs_no_more_than_its_group)
{
    if (geteuid() == 0) {
        ck_assert_int_eq(in_a_child(CONFINE_JOURNAL) & ~HAS_GROUPS, 0);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("confine");
    TCase *tcase = tcase_create("confine");
    int status, fd = mkstemp(secret);

    if (fd < 0) {
        return EXIT_FAILURE;
    }
    tcase_add_loop_test(tcase, keeps_only_what_is_asked, 0, sizeof rows / sizeof rows[0]);
    tcase_add_test(tcase, the_journal_needs_no_more_than_its_group);
    suite_add_tcase(suite, tcase);
    status = support_run(suite);
    (void)close(fd);
    (void)unlink(secret);
    return status;
}
