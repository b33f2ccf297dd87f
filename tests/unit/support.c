/*
 * support - see support.h. On failure the test is aborted.
 */
#include "support.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static char dir[64];

void support_skip(const char *test, const char *why)
{
    int n = (int)strlen(test);

    /* check(3) names a test's function so. */
    printf("skipped: %.*s: %s\n", n > 3 && strcmp(test + n - 3, "_fn") == 0 ? n - 3 : n, test, why);
    fflush(stdout);
}

int support_run(Suite *suite)
{
    SRunner *runner = srunner_create(suite);
    int failed;

    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

void support_begin(void)
{
    strcpy(dir, "/tmp/sw-unit-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(dir));
    ck_assert_int_eq(chmod(dir, 0755), 0); /* for tests that go on as somebody else */
}

const char *support_dir(void)
{
    return dir;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st;
    (void)type;
    (void)at;
    return remove(path);
}

void support_end(void)
{
    nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

const char *support_path(const char *name)
{
    static char paths[8][PATH_MAX];
    static unsigned turn;
    char *path = paths[turn++ % 8];

    snprintf(path, PATH_MAX, "%s/%s", support_dir(), name);
    return path;
}

const char *support_file(const char *name, const char *text, unsigned mode)
{
    const char *path = support_path(name);
    int fd;

    unlink(path);
    fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    ck_assert_msg(fd >= 0, "%s: %s", path, strerror(errno));
    support_write_all(fd, text, strlen(text));
    ck_assert_int_eq(fchmod(fd, mode), 0);
    close(fd);
    return path;
}

const char *support_read_file(const char *path, size_t *ret_len)
{
    static char buf[1 << 17];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    size_t n;

    ck_assert_msg(fd >= 0, "%s: %s", path, strerror(errno));
    n = support_read_all(fd, buf, sizeof buf - 1);
    close(fd);
    buf[n] = '\0';
    if (ret_len != NULL) {
        *ret_len = n;
    }
    return buf;
}

size_t support_read_all(int fd, char *buf, size_t cap)
{
    size_t held = 0;

    while (held < cap) {
        ssize_t n = read(fd, buf + held, cap - held);

        if (n == 0) {
            break;
        }
        if (n > 0) {
            held += (size_t)n;
        } else {
            ck_assert_msg(errno == EINTR, "read: %s", strerror(errno));
        }
    }
    return held;
}

void support_write_all(int fd, const char *bytes, size_t n)
{
    while (n > 0) {
        ssize_t done = write(fd, bytes, n);

        if (done < 0) {
            ck_assert_msg(errno == EINTR, "write: %s", strerror(errno));
            continue;
        }
        bytes += done;
        n -= (size_t)done;
    }
}

pid_t support_fork(void)
{
    pid_t child = fork();

    ck_assert_msg(child >= 0, "fork: %s", strerror(errno));
    return child;
}

void support_wait_ok(pid_t child)
{
    int status = 0;
    pid_t done;

    do {
        done = waitpid(child, &status, 0);
    } while (done < 0 && errno == EINTR);
    ck_assert_int_eq(done, child);
    ck_assert_msg(WIFEXITED(status), "child was killed by signal %d", WTERMSIG(status));
    ck_assert_int_eq(WEXITSTATUS(status), 0);
}

void support_pause(unsigned *count)
{
    const struct timespec step = {0, 5000000};

    ck_assert_msg(++*count < 12000, "waited 60 s in vain");
    nanosleep(&step, NULL);
}

static bool write_text(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    bool ok = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

    if (fd >= 0) {
        close(fd);
    }
    return ok;
}

bool support_own_mounts(void)
{
    uid_t uid = geteuid();
    gid_t gid = getegid();
    char map[64];

    if (unshare(CLONE_NEWNS) != 0) {
        if (unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) {
            return false;
        }
        write_text("/proc/self/setgroups", "deny");
        snprintf(map, sizeof map, "%u %u 1", uid, uid);
        if (!write_text("/proc/self/uid_map", map)) {
            return false;
        }
        snprintf(map, sizeof map, "%u %u 1", gid, gid);
        if (!write_text("/proc/self/gid_map", map)) {
            return false;
        }
    }
    return mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
}

static bool load_filter(struct sock_filter *code, size_t n)
{
    struct sock_fprog program = {(unsigned short)n, code};

    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

bool support_forbid(long call, int err)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)call, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned)err),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };

    return load_filter(code, sizeof code / sizeof code[0]);
}

bool support_forbid_arg(long call, unsigned arg, int err)
{
    /* The argument's low half; the tests ask about descriptors. */
    unsigned at = (unsigned)offsetof(struct seccomp_data, args);
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)call, 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, at),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, arg, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned)err),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };

    if (__BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__) {
        code[2].k = at + 4;
    }
    return load_filter(code, sizeof code / sizeof code[0]);
}
