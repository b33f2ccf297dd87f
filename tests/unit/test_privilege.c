/*
 * privilege: what is held, reading as the caller, and that after the drop nothing is left, whatever
 * our file's mode has become meanwhile.
 *
 * Most of it needs root: to become somebody with a group that is not his own, or to give this
 * program's own copy a set-id bit. The copy, started with SW_TEST=drop, says what it was and what
 * it is.
 */
#include "support.h"
#include "wrapper/privilege.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define OUR_GROUP 4242
#define OTHER_USER 4243
#define NEEDS_ROOT "takes root to become somebody else"

/* Becomes a caller: real, effective and saved ids, one more group. Exits on failure. */
static void become(uid_t uid, uid_t euid, gid_t gid, gid_t egid, gid_t member_of)
{
    if (setgroups(1, &member_of) != 0 || setresgid(gid, egid, egid) != 0 ||
        setresuid(uid, euid, euid) != 0) {
        _exit(90);
    }
}

static bool gids_are(gid_t gid)
{
    gid_t real, effective, saved;

    return getresgid(&real, &effective, &saved) == 0 && real == gid && effective == gid &&
           saved == gid;
}

static bool uids_are(uid_t ruid, uid_t euid, uid_t suid)
{
    uid_t real, effective, saved;

    return getresuid(&real, &effective, &saved) == 0 && real == ruid && effective == euid &&
           saved == suid;
}

START_TEST(nothing_held)
{
    struct privilege p;

    memset(&p, 'G', sizeof p);
    privilege_read(&p);
    ck_assert_int_eq(p.uid, getuid());
    ck_assert_int_eq(p.euid, geteuid());
    ck_assert_int_eq(p.gid, getgid());
    ck_assert_int_eq(p.egid, getegid());
    ck_assert(!p.held);
    ck_assert(!p.uid_by_our_bits);
    privilege_suspend(&p);
    privilege_resume(&p);
    ck_assert(privilege_drop(&p));
    ck_assert(gids_are(p.gid));
}
END_TEST

static const struct {
    const char *what;
    uid_t uid;
    gid_t member_of;
} callers[] = {
    {"a user", NOBODY, NOBODY},
    {"root", 0, 0},
    {"one in that group", NOBODY, OUR_GROUP},
};

START_TEST(set_gid)
{
    pid_t child;

    if (getuid() != 0) {
        SKIP(NEEDS_ROOT);
    }
    child = support_fork();
    if (child == 0) {
        struct privilege p;

        become(callers[_i].uid, callers[_i].uid, NOBODY, OUR_GROUP, callers[_i].member_of);
        privilege_read(&p);
        if (!p.held || p.uid_by_our_bits || p.gid != NOBODY || p.egid != OUR_GROUP) {
            _exit(1);
        }
        privilege_suspend(&p);
        if (getegid() != NOBODY) {
            _exit(2);
        }
        privilege_resume(&p);
        if (getegid() != OUR_GROUP) {
            _exit(3);
        }
        if (!privilege_drop(&p) || !gids_are(NOBODY) ||
            !uids_are(callers[_i].uid, callers[_i].uid, callers[_i].uid)) {
            _exit(4);
        }
        _exit(callers[_i].uid != 0 && setegid(OUR_GROUP) == 0 ? 5 : 0);
    }
    support_wait_ok(child);
}
END_TEST

/* While suspended too: a drop from there ends in the same. */
START_TEST(drop_while_suspended)
{
    pid_t child;

    if (getuid() != 0) {
        SKIP(NEEDS_ROOT);
    }
    child = support_fork();
    if (child == 0) {
        struct privilege p;

        become(NOBODY, NOBODY, NOBODY, OUR_GROUP, NOBODY);
        privilege_read(&p);
        privilege_suspend(&p);
        _exit(!privilege_drop(&p) || !gids_are(NOBODY) || setegid(OUR_GROUP) == 0);
    }
    support_wait_ok(child);
}
END_TEST

/* Called by a set-uid program: its euid is not ours to take away. Without us the MTA would have it,
 * too. */
START_TEST(set_uid_caller)
{
    pid_t child;

    if (getuid() != 0) {
        SKIP(NEEDS_ROOT);
    }
    child = support_fork();
    if (child == 0) {
        struct privilege p;

        become(NOBODY, OTHER_USER, NOBODY, OUR_GROUP, NOBODY);
        privilege_read(&p);
        if (!p.held || p.uid_by_our_bits) {
            _exit(1);
        }
        _exit(!privilege_drop(&p) || !gids_are(NOBODY) ||
              !uids_are(NOBODY, OTHER_USER, OTHER_USER));
    }
    support_wait_ok(child);
}
END_TEST

/* A drop that fails, or only says that it did not, is a failure. */
START_TEST(drop_that_does_not_work)
{
    static const struct {
        uid_t uid;
        int err;
    } drops[] = {{NOBODY, EPERM}, {NOBODY, ENOSYS}, {NOBODY, 0}, {0, EPERM}, {0, 0}};
    pid_t child;

    if (getuid() != 0) {
        SKIP(NEEDS_ROOT);
    }
    child = support_fork();
    if (child == 0) {
        struct privilege p;

        become(drops[_i].uid, drops[_i].uid, NOBODY, OUR_GROUP, NOBODY);
        privilege_read(&p);
        _exit(!support_forbid(SYS_setresgid, drops[_i].err) || privilege_drop(&p));
    }
    support_wait_ok(child);
}
END_TEST

/* --- with a set-id bit on the file --------------------------------------------------------- */

/* What the copy says after it got a byte: "held uid_by_our_bits dropped ruid euid suid rgid egid
 * sgid regained". */
static int report(void)
{
    struct privilege p;
    uid_t ru, eu, su;
    gid_t rg, eg, sg;
    char byte;
    bool dropped, regained;

    if (read(STDIN_FILENO, &byte, 1) != 1) {
        return 1;
    }
    privilege_read(&p);
    dropped = privilege_drop(&p);
    getresuid(&ru, &eu, &su);
    getresgid(&rg, &eg, &sg);
    regained = (p.egid != p.gid && setegid(p.egid) == 0) ||
               (p.euid != p.uid && eu == p.uid && seteuid(p.euid) == 0);
    printf("%d %d %d %u %u %u %u %u %u %d\n", p.held, p.uid_by_our_bits, dropped, ru, eu, su, rg,
           eg, sg, regained);
    return fflush(stdout) != 0;
}

/* A copy of this program with this owner, group and mode. */
static const char *copy_with_mode(uid_t owner, gid_t group, unsigned mode)
{
    static char buf[1 << 16];
    const char *path = support_file("copy", "", 0700);
    int from = open("/proc/self/exe", O_RDONLY | O_CLOEXEC), to = open(path, O_WRONLY | O_CLOEXEC);
    ssize_t n;

    while ((n = read(from, buf, sizeof buf)) > 0) {
        support_write_all(to, buf, (size_t)n);
    }
    ck_assert_int_eq(fchown(to, owner, group), 0);
    ck_assert_int_eq(fchmod(to, mode), 0);
    close(from);
    close(to);
    return path;
}

static bool set_id_works_here(void)
{
    struct statvfs fs;

    return getuid() == 0 && statvfs(support_dir(), &fs) == 0 && (fs.f_flag & ST_NOSUID) == 0;
}

#define NO_SET_ID "takes root and a file system without nosuid"

/* Runs the copy as nobody; its mode becomes this once it runs, 0: stays. Returns what it says. */
static const char *run_copy(const char *path, unsigned mode_later, bool no_new_privs)
{
    static char got[256];
    int in[2], out[2];
    pid_t child;
    size_t n;

    ck_assert_int_eq(pipe2(in, O_CLOEXEC), 0);
    ck_assert_int_eq(pipe2(out, O_CLOEXEC), 0);
    child = support_fork();
    if (child == 0) {
        dup2(in[0], STDIN_FILENO);
        dup2(out[1], STDOUT_FILENO);
        become(NOBODY, NOBODY, NOBODY, NOBODY, NOBODY);
        if (no_new_privs) {
            prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
        }
        setenv("SW_TEST", "drop", 1);
        execl(path, "sendmail", (char *)NULL);
        _exit(126);
    }
    close(in[0]);
    close(out[1]);
    if (mode_later != 0) {
        char exe[64], target[256] = "";
        unsigned count = 0;

        snprintf(exe, sizeof exe, "/proc/%ld/exe", (long)child);
        while (readlink(exe, target, sizeof target - 1) < 0 || strcmp(target, path) != 0) {
            memset(target, 0, sizeof target);
            support_pause(&count); /* until it has been started with the mode that it had */
        }
        ck_assert_int_eq(chmod(path, mode_later), 0);
    }
    support_write_all(in[1], "x", 1);
    n = support_read_all(out[0], got, sizeof got - 1);
    got[n] = '\0';
    support_wait_ok(child);
    return got;
}

START_TEST(set_gid_file)
{
    if (!set_id_works_here()) {
        SKIP(NO_SET_ID);
    }
    ck_assert_str_eq(run_copy(copy_with_mode(0, OUR_GROUP, 02755), 0, false),
                     "1 0 1 65534 65534 65534 65534 65534 65534 0\n");
    ck_assert_str_eq(run_copy(copy_with_mode(0, OUR_GROUP, 0755), 0, false),
                     "0 0 1 65534 65534 65534 65534 65534 65534 0\n");
    ck_assert_str_eq(run_copy(copy_with_mode(0, OUR_GROUP, 02755), 0, true),
                     "0 0 1 65534 65534 65534 65534 65534 65534 0\n");
}
END_TEST

/* A caller may stop us, wait for an upgrade to take the bit off our file, and let us go on. */
START_TEST(set_gid_file_that_lost_its_bit)
{
    if (!set_id_works_here()) {
        SKIP(NO_SET_ID);
    }
    ck_assert_str_eq(run_copy(copy_with_mode(0, OUR_GROUP, 02755), 0755, false),
                     "1 0 1 65534 65534 65534 65534 65534 65534 0\n");
}
END_TEST

/* A set-uid bit on us is an accident, and is given up as well. */
START_TEST(set_uid_file)
{
    if (!set_id_works_here()) {
        SKIP(NO_SET_ID);
    }
    ck_assert_str_eq(run_copy(copy_with_mode(OTHER_USER, 0, 04755), 0, false),
                     "1 1 1 65534 65534 65534 65534 65534 65534 0\n");
    ck_assert_str_eq(run_copy(copy_with_mode(0, OUR_GROUP, 06755), 0, false),
                     "1 1 1 65534 65534 65534 65534 65534 65534 0\n");
}
END_TEST

int main(void)
{
    const char *what = getenv("SW_TEST");
    Suite *suite;
    TCase *tc;

    if (what != NULL && strcmp(what, "drop") == 0) {
        return report();
    }
    suite = suite_create("privilege");
    tc = tcase_create("privilege");
    tcase_set_timeout(tc, 120);
    tcase_add_unchecked_fixture(tc, support_begin, support_end);
    tcase_add_test(tc, nothing_held);
    tcase_add_loop_test(tc, set_gid, 0, sizeof callers / sizeof callers[0]);
    tcase_add_test(tc, drop_while_suspended);
    tcase_add_test(tc, set_uid_caller);
    tcase_add_loop_test(tc, drop_that_does_not_work, 0, 5);
    tcase_add_test(tc, set_gid_file);
    tcase_add_test(tc, set_gid_file_that_lost_its_bit);
    tcase_add_test(tc, set_uid_file);
    suite_add_tcase(suite, tc);
    return support_run(suite);
}
