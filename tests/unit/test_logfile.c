/*
 * logfile: every kind of file that must be refused, with its reason; one whole line or none; and
 * whose fault it is.
 */
#include "support.h"
#include "wrapper/logfile.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define OUR_GROUP 4242 /* the group that set-gid would give */

static struct privilege plain(void)
{
    struct privilege p = {.uid = getuid(), .euid = getuid(), .gid = getgid(), .egid = getgid()};

    return p;
}

static struct privilege set_gid(void)
{
    struct privilege p = {
        .uid = getuid(), .euid = getuid(), .gid = getgid(), .egid = OUR_GROUP, .held = true};

    return p;
}

static void opens(const char *path, const struct privilege *p)
{
    struct logfile log;

    memset(&log, 'G', sizeof log);
    logfile_open(path, p, false, &log);
    ck_assert_str_eq(log.why, "");
    ck_assert_int_ge(log.fd, 3);
    ck_assert(!log.callers_doing);
    ck_assert_int_eq(fcntl(log.fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
    ck_assert_int_eq(fcntl(log.fd, F_GETFL) & (O_ACCMODE | O_APPEND), O_WRONLY | O_APPEND);
    close(log.fd);
}

static void refuses(const char *path, const struct privilege *p, const char *why)
{
    struct logfile log;
    char wanted[128];
    int lowest = dup(2), after;

    close(lowest);
    memset(&log, 'G', sizeof log);
    logfile_open(path, p, false, &log);
    snprintf(wanted, sizeof wanted, "log file: %s", why);
    ck_assert_str_eq(log.why, wanted);
    ck_assert_int_eq(log.fd, -1);
    ck_assert(!log.callers_doing);
    after = dup(2);
    ck_assert_int_eq(after, lowest); /* it was closed again */
    close(after);
    ck_assert(!logfile_write(&log, "x\n", 2));
    ck_assert_str_eq(log.why, wanted);
}

START_TEST(a_good_file)
{
    const char *path = support_file("good.log", "before\n", 0600);
    struct privilege p = plain();
    struct logfile log;

    opens(path, &p);
    logfile_open(path, &p, true, &log);
    ck_assert(logfile_write(&log, "one\n", 4));
    ck_assert(logfile_write(&log, "two\n", 4));
    ck_assert_str_eq(log.why, "");
    ck_assert_str_eq(support_read_file(path, NULL), "before\none\ntwo\n");
}
END_TEST

START_TEST(missing)
{
    const char *path = support_path("missing.log");
    struct privilege p = plain();
    struct logfile log;

    refuses(path, &p, "No such file or directory");
    logfile_open(path, &p, true, &log); /* and after the wait */
    ck_assert_str_eq(log.why, "log file: No such file or directory");
    ck_assert_int_ne(access(path, F_OK), 0); /* never created: it would be the caller's */
}
END_TEST

/* logrotate renames before it creates. */
START_TEST(missing_for_a_moment)
{
    const char *path = support_path("late.log");
    struct privilege p = plain();
    unsigned count = 0;
    bool waited = false;

    /* Whoever creates it may be late on a busy machine, so the two may meet only after some rounds.
     */
    while (!waited) {
        struct logfile log;
        pid_t child;

        unlink(path);
        child = support_fork();
        if (child == 0) {
            usleep(4000);
            _exit(open(path, O_WRONLY | O_CREAT, 0600) < 0);
        }
        if (access(path, F_OK) != 0) {
            logfile_open(path, &p, true, &log);
            waited = log.fd >= 0;
            if (waited) {
                close(log.fd);
            }
        }
        support_wait_ok(child);
        support_pause(&count);
    }
}
END_TEST

/* ... and it creates it as root's own, before it gives it its group and mode. */
START_TEST(not_yet_ours)
{
    char path[256];
    unsigned count = 0;
    bool waited = false;

    if (getuid() != 0) {
        SKIP("a file that is not ours takes root to make");
    }
    snprintf(path, sizeof path, "%s", support_file("fresh.log", "", 0600));
    while (!waited) {
        int status = 0;
        pid_t child;

        ck_assert_int_eq(chmod(path, 0600), 0);
        ck_assert_int_eq(chown(path, 0, 0), 0);
        child = support_fork();
        if (child == 0) {
            struct privilege p;
            struct logfile log;

            if (setgroups(0, NULL) != 0 || setresgid(NOBODY, OUR_GROUP, OUR_GROUP) != 0 ||
                setresuid(NOBODY, NOBODY, NOBODY) != 0) {
                _exit(2);
            }
            privilege_read(&p);
            if (open(path, O_WRONLY | O_CLOEXEC) >= 0) {
                _exit(1); /* too late to see it */
            }
            logfile_open(path, &p, true, &log);
            _exit(log.fd >= 0 ? 0 : 1);
        }
        usleep(4000);
        ck_assert_int_eq(chown(path, 0, OUR_GROUP), 0);
        ck_assert_int_eq(chmod(path, 0620), 0);
        ck_assert_int_eq(waitpid(child, &status, 0), child);
        ck_assert(WIFEXITED(status) && WEXITSTATUS(status) < 2);
        waited = WEXITSTATUS(status) == 0;
        support_pause(&count);
    }
}
END_TEST

START_TEST(other_kinds)
{
    const char *path = support_path("kind");
    struct privilege p = plain();
    int reader;

    refuses("/dev/null", &p, "not a regular file");
    refuses(support_dir(), &p, "Is a directory");

    ck_assert_int_eq(mkfifo(path, 0600), 0);
    refuses(path, &p, "not a regular file"); /* and does not wait for a reader */
    reader = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    ck_assert_int_ge(reader, 0);
    refuses(path, &p, "not a regular file");
    close(reader);
    ck_assert_int_eq(unlink(path), 0);

    support_file("target.log", "", 0600);
    ck_assert_int_eq(symlink("target.log", path), 0);
    refuses(path, &p, "is a symbolic link");
    ck_assert_str_eq(support_read_file(support_path("target.log"), NULL), "");
    ck_assert_int_eq(unlink(path), 0);
    ck_assert_int_eq(symlink("nowhere", path), 0);
    refuses(path, &p, "is a symbolic link");
    ck_assert_int_eq(unlink(path), 0);

    ck_assert_int_eq(link(support_path("target.log"), path), 0);
    refuses(path, &p, "has a second name (hard link)");
    refuses(support_path("target.log"), &p, "has a second name (hard link)");
    ck_assert_int_eq(unlink(path), 0);
    opens(support_path("target.log"), &p);

    refuses(support_path("target.log/x"), &p, "Not a directory");
}
END_TEST

START_TEST(modes)
{
    const char *path = support_file("mode.log", "", 0600);
    struct privilege p = plain(), held = set_gid();

    for (unsigned mode = 0200; mode <= 0777; mode++) {
        if ((mode & 0200) == 0) {
            continue;
        }
        ck_assert_int_eq(chmod(path, mode), 0);
        if ((mode & 0002) != 0) {
            refuses(path, &p, "writable by everyone");
        } else {
            opens(path, &p);
        }
    }
    if (getuid() != 0) {
        SKIP("with set-gid only root's files are right, and we are not root");
    }
    ck_assert_int_eq(chown(path, 0, OUR_GROUP), 0);
    ck_assert_int_eq(chmod(path, 0620), 0); /* as it is installed */
    opens(path, &held);
    ck_assert_int_eq(chmod(path, 0622), 0);
    refuses(path, &held, "writable by everyone");
    ck_assert_int_eq(chmod(path, 0620), 0);
    ck_assert_int_eq(chown(path, 0, NOBODY), 0);
    refuses(path, &held, "writable by a group that is not ours");
    ck_assert_int_eq(chmod(path, 0640), 0);
    opens(path, &held);
    ck_assert_int_eq(chmod(path, 0620), 0);
    ck_assert_int_eq(chown(path, 0, 0), 0);
    opens(path, &held);
}
END_TEST

START_TEST(owners)
{
    const char *path = support_file("owner.log", "", 0600);
    struct privilege p = plain(), held = set_gid();

    if (getuid() == 0) {
        opens(path, &held);
        ck_assert_int_eq(chown(path, NOBODY, NOBODY), 0);
        refuses(path, &p, "not owned by root");
        refuses(path, &held, "not owned by root");
        ck_assert_int_eq(setresuid(NOBODY, NOBODY, NOBODY), 0);
        p = plain();
        held = set_gid();
    }
    /* His own, for a build that he installed for himself; with set-gid in effect it would be a
     * trap. */
    opens(path, &p);
    refuses(path, &held, "not owned by root");
}
END_TEST

START_TEST(no_right)
{
    const char *path = support_file("secret.log", "", 0600);
    struct privilege p = plain(), held = set_gid();

    if (getuid() == 0) {
        ck_assert_int_eq(setresuid(NOBODY, NOBODY, NOBODY), 0);
        p = plain();
        held = set_gid();
    } else {
        ck_assert_int_eq(chmod(path, 0), 0);
    }
    refuses(path, &p, "Permission denied (set-gid not in effect)");
    refuses(path, &held, "Permission denied");
}
END_TEST

START_TEST(read_only_file_system)
{
    char path[256];
    struct privilege p = plain();

    snprintf(path, sizeof path, "%s", support_file("ro.log", "", 0600));
    if (!support_own_mounts() || mount(support_dir(), support_dir(), NULL, MS_BIND, NULL) != 0 ||
        mount(NULL, support_dir(), NULL, MS_BIND | MS_REMOUNT | MS_RDONLY, NULL) != 0) {
        SKIP("no mount namespace to be had");
    }
    refuses(path, &p, "Read-only file system");
}
END_TEST

START_TEST(disk_full)
{
    char path[256], block[4096];
    struct privilege p = plain();
    struct logfile log;
    int fd;

    if (!support_own_mounts() || mount("none", support_dir(), "tmpfs", 0, "size=64k") != 0) {
        SKIP("no mount namespace to be had");
    }
    snprintf(path, sizeof path, "%s", support_file("full.log", "", 0600));
    memset(block, 'x', sizeof block);
    fd = open(support_path("filler"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    while (write(fd, block, sizeof block) > 0) {
    }
    close(fd);
    logfile_open(path, &p, false, &log);
    ck_assert_str_eq(log.why, "");
    ck_assert(!logfile_write(&log, "x\n", 2));
    ck_assert_str_eq(log.why, "log file: No space left on device");
    ck_assert(!log.callers_doing);
}
END_TEST

/* A part of the line went in: the record is told again, by syslog. */
START_TEST(disk_full_in_the_line)
{
    char path[256], block[4096];
    struct privilege p = plain();
    struct logfile log;
    int fd;

    if (!support_own_mounts() || mount("none", support_dir(), "tmpfs", 0, "size=64k") != 0) {
        SKIP("no mount namespace to be had");
    }
    memset(block, 'x', sizeof block);
    snprintf(path, sizeof path, "%s", support_file("torn.log", "", 0600));
    fd = open(path, O_WRONLY | O_CLOEXEC);
    ck_assert_int_eq(write(fd, block, 2000), 2000); /* half a page is left in it */
    close(fd);
    fd = open(support_path("filler"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    while (write(fd, block, sizeof block) > 0) {
    }
    close(fd);
    logfile_open(path, &p, false, &log);
    ck_assert(!logfile_write(&log, block, sizeof block));
    ck_assert_str_eq(log.why, "log file: No space left on device (line cut)");
    ck_assert(!log.callers_doing);
}
END_TEST

START_TEST(rotated_away)
{
    const char *path = support_file("gone.log", "", 0600);
    struct privilege p = plain();
    struct logfile log;

    logfile_open(path, &p, false, &log);
    ck_assert_int_ge(log.fd, 0);
    ck_assert_int_eq(unlink(path), 0);
    ck_assert(!logfile_write(&log, "x\n", 2));
    ck_assert_str_eq(log.why, "log file: rotated away");
    ck_assert(!log.callers_doing);
}
END_TEST

START_TEST(renamed_is_still_the_log)
{
    char to[256];
    const char *path = support_file("moved.log", "", 0600);
    struct privilege p = plain();
    struct logfile log;

    snprintf(to, sizeof to, "%s", support_path("moved.log.1"));
    logfile_open(path, &p, false, &log);
    ck_assert_int_eq(rename(path, to), 0);
    ck_assert(logfile_write(&log, "x\n", 2));
    ck_assert_str_eq(support_read_file(to, NULL), "x\n");
}
END_TEST

/* --- limits that a caller sets ------------------------------------------------------------- */

/* The soft limit only: check(3) itself writes to a file at each assertion, so it is put back before
 * the next one. */
static void limit(int what, rlim_t value)
{
    struct rlimit both;

    getrlimit(what, &both);
    both.rlim_cur = value;
    setrlimit(what, &both);
}

static const struct {
    rlim_t limit;
    bool fits;
} sizes[] = {{0, false},  {1, false}, {9, false}, {10, false},
             {13, false}, {14, true}, {15, true}, {RLIM_INFINITY, true}};

START_TEST(file_size_limit)
{
    const char *path = support_file("limit.log", "123456789\n", 0600);
    struct privilege p = plain();
    struct logfile log;
    bool written;
    size_t len;

    /* SIGXFSZ keeps its default: nothing must be tried that raises it. */
    limit(RLIMIT_FSIZE, sizes[_i].limit);
    logfile_open(path, &p, false, &log);
    written = logfile_write(&log, "abc\n", 4);
    limit(RLIMIT_FSIZE, RLIM_INFINITY);
    ck_assert_int_ge(log.fd, 0);
    ck_assert_int_eq(written, sizes[_i].fits);
    ck_assert_int_eq(log.callers_doing, !sizes[_i].fits);
    ck_assert_str_eq(log.why,
                     sizes[_i].fits ? "" : "log file: RLIMIT_FSIZE of the caller is in the way");
    support_read_file(path, &len);
    ck_assert_uint_eq(len, sizes[_i].fits ? 14 : 10); /* no torn line */
}
END_TEST

/*
 * Between the look at the size and the write another call's record may come: then the line is torn
 * all the same, and it is still the caller's limit. Here a child makes the file longer and shorter
 * until that happens.
 */
START_TEST(file_size_limit_in_a_race)
{
    const char *path = support_file("race.log", "", 0600);
    struct privilege p = plain();
    struct logfile log;
    bool torn = false, fine = true;
    pid_t child = support_fork();

    if (child == 0) {
        for (;;) {
            if (truncate(path, 10) != 0 || truncate(path, 13) != 0) {
                _exit(1);
            }
        }
    }
    signal(SIGXFSZ, SIG_IGN);
    limit(RLIMIT_FSIZE, 16);
    for (int i = 0; i < 1000000 && !torn && fine; i++) {
        logfile_open(path, &p, false, &log);
        if (!logfile_write(&log, "abc\n", 4)) {
            torn = strstr(log.why, "line cut") != NULL;
            fine = log.callers_doing;
        }
        close(log.fd);
    }
    limit(RLIMIT_FSIZE, RLIM_INFINITY);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    ck_assert_msg(fine, "%s", log.why);
    if (!torn) {
        SKIP("the two never met");
    }
    ck_assert_str_eq(log.why, "log file: RLIMIT_FSIZE of the caller is in the way (line cut)");
}
END_TEST

START_TEST(descriptor_limit)
{
    const char *path = support_file("nofile.log", "", 0600);
    struct privilege p = plain();
    struct logfile log;

    limit(RLIMIT_NOFILE, 0);
    logfile_open(path, &p, false, &log);
    limit(RLIMIT_NOFILE, 1024);
    ck_assert_int_eq(log.fd, -1);
    ck_assert_str_eq(log.why, "log file: Too many open files");
    ck_assert(log.callers_doing);
}
END_TEST

START_TEST(forbidden_calls)
{
    static const struct {
        long call;
        int err;
        const char *why;
    } forbidden[] = {
        {SYS_openat, EPERM, "log file: Operation not permitted"},
        {SYS_openat, ENOSYS, "log file: Function not implemented"},
        {SYS_write, EPERM, "log file: Operation not permitted"},
    };
    const char *path = support_file("seccomp.log", "", 0600);
    struct privilege p = plain();

    for (size_t i = 0; i < sizeof forbidden / sizeof forbidden[0]; i++) {
        pid_t child = support_fork();

        if (child == 0) {
            struct logfile log;

            if (!support_forbid(forbidden[i].call, forbidden[i].err)) {
                _exit(77);
            }
            logfile_open(path, &p, false, &log);
            logfile_write(&log, "x\n", 2);
            _exit(strcmp(log.why, forbidden[i].why) != 0 || !log.callers_doing);
        }
        support_wait_ok(child);
    }
}
END_TEST

/* Records of calls that run at the same time do not mix. */
START_TEST(many_writers)
{
    enum { WRITERS = 8, LINES = 50 };
    const char *path = support_file("many.log", "", 0600);
    struct privilege p = plain();
    pid_t child[WRITERS];
    const char *at;
    int lines = 0;

    for (int i = 0; i < WRITERS; i++) {
        child[i] = support_fork();
        if (child[i] == 0) {
            struct logfile log;
            char line[200];
            bool ok = true;

            memset(line, 'a' + i, sizeof line);
            line[sizeof line - 1] = '\n';
            logfile_open(path, &p, false, &log);
            for (int k = 0; k < LINES; k++) {
                ok = ok && logfile_write(&log, line, sizeof line);
            }
            _exit(!ok);
        }
    }
    for (int i = 0; i < WRITERS; i++) {
        support_wait_ok(child[i]);
    }
    for (at = support_read_file(path, NULL); *at != '\0'; at += 200) {
        char first[2] = {at[0], '\0'};

        ck_assert_uint_eq(strspn(at, first), 199);
        ck_assert_int_eq(at[199], '\n');
        lines++;
    }
    ck_assert_int_eq(lines, WRITERS * LINES);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("logfile");
    TCase *tc = tcase_create("logfile");

    tcase_set_timeout(tc, 120);
    tcase_add_unchecked_fixture(tc, support_begin, support_end);
    tcase_add_test(tc, a_good_file);
    tcase_add_test(tc, missing);
    tcase_add_test(tc, missing_for_a_moment);
    tcase_add_test(tc, not_yet_ours);
    tcase_add_test(tc, other_kinds);
    tcase_add_test(tc, modes);
    tcase_add_test(tc, owners);
    tcase_add_test(tc, no_right);
    tcase_add_test(tc, read_only_file_system);
    tcase_add_test(tc, disk_full);
    tcase_add_test(tc, disk_full_in_the_line);
    tcase_add_test(tc, rotated_away);
    tcase_add_test(tc, renamed_is_still_the_log);
    tcase_add_loop_test(tc, file_size_limit, 0, sizeof sizes / sizeof sizes[0]);
    tcase_add_test(tc, file_size_limit_in_a_race);
    tcase_add_test(tc, descriptor_limit);
    tcase_add_test(tc, forbidden_calls);
    tcase_add_test(tc, many_writers);
    suite_add_tcase(suite, tc);
    return support_run(suite);
}
