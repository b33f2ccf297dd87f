/* spool: only regular files are read, a lock is seen without being tried, and names are found by
 * how they begin. */
#include "admin/queue/spool.h"
#include "support.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

static char path[] = "/tmp/sw-unit-XXXXXX";
static int dir = -1;

static void setup(void)
{
    memcpy(path + strlen(path) - 6, "XXXXXX", 6);
    ck_assert_ptr_nonnull(mkdtemp(path));
    dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    ck_assert_int_ge(dir, 0);
}

static void teardown(void)
{
    static const char *const names[] = {"file", "link", "fifo", "qfA", "qfB", "hfA", ".qf"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        (void)unlinkat(dir, names[i], 0);
    }
    (void)close(dir);
    (void)rmdir(path);
}

static int make(const char *name, const char *text, size_t n)
{
    int fd = openat(dir, name, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    ck_assert_int_ge(fd, 0);
    for (size_t done = 0; done < n;) {
        ssize_t wrote = write(fd, text + done, n - done);

        ck_assert_int_gt(wrote, 0);
        done += (size_t)wrote;
    }
    return fd;
}

START_TEST(reads_regular_files_only)
{
    struct spool_file file = {0};
    size_t n = 100000;
    char *text = malloc(n);
    int fd;

    ck_assert_ptr_nonnull(text);
    memset(text, 'x', n);
    ck_assert_int_eq(spool_read(dir, "file", &file), 0);
    (void)close(make("file", text, n));
    ck_assert_int_eq(spool_read(dir, "file", &file), 1);
    ck_assert_uint_eq(file.len, n);
    ck_assert_mem_eq(file.text, text, n);
    ck_assert_int_eq(file.text[n], '\0');
    fd = make("file", "abc", 3); /* a shorter one after a longer */
    ck_assert_int_eq(spool_read(dir, "file", &file), 1);
    ck_assert_str_eq(file.text, "abc");
    ck_assert_int_eq(file.st.st_size, 3);
    (void)close(fd);
    (void)close(make("file", "", 0));
    ck_assert_int_eq(spool_read(dir, "file", &file), 1);
    ck_assert_str_eq(file.text, "");

    ck_assert_int_eq(symlinkat("file", dir, "link"), 0);
    ck_assert_int_eq(spool_read(dir, "link", &file), -1);
    ck_assert_int_eq(errno, ELOOP);
    ck_assert_int_eq(mkfifoat(dir, "fifo", 0600), 0);
    ck_assert_int_eq(spool_read(dir, "fifo", &file), -1); /* and nobody waits */
    ck_assert_int_eq(errno, EINVAL);
    ck_assert_int_eq(spool_read(dir, ".", &file), -1);
    spool_file_free(&file);
    free(text);
}
END_TEST

/* A hole of a terabyte costs no disk, and must cost no memory either. */
START_TEST(refuses_what_is_too_large)
{
    struct spool_file file = {0};
    int fd = make("file", "", 0);

    ck_assert_int_eq(ftruncate(fd, (off_t)1 << 40), 0);
    ck_assert_int_eq(spool_read(dir, "file", &file), -1);
    ck_assert_int_eq(errno, EFBIG);
    spool_file_free(&file);
    (void)close(fd);
}
END_TEST

static bool locked(int fd)
{
    struct spool_locks *locks = spool_locks_read();
    struct stat st;
    bool held;

    ck_assert_int_eq(fstat(fd, &st), 0);
    held = spool_locked(locks, &st);
    spool_locks_free(locks);
    return held;
}

START_TEST(sees_locks)
{
    int fd = make("file", "", 0), other = make("qfA", "", 0);

    ck_assert(!locked(fd));
    ck_assert_int_eq(flock(fd, LOCK_EX | LOCK_NB), 0);
    ck_assert(locked(fd));
    ck_assert(!locked(other));
    ck_assert_int_eq(flock(fd, LOCK_SH | LOCK_NB), 0); /* as mailq has it */
    ck_assert(!locked(fd));
    ck_assert_int_eq(flock(fd, LOCK_UN), 0);
    ck_assert(!locked(fd));
    (void)close(fd);
    (void)close(other);
}
END_TEST

START_TEST(finds_names)
{
    char **names;
    size_t count;

    (void)close(make("qfA", "", 0));
    (void)close(make("qfB", "", 0));
    (void)close(make("hfA", "", 0));
    (void)close(make(".qf", "", 0));
    ck_assert(spool_names(dir, "qf", &names, &count));
    ck_assert_uint_eq(count, 2);
    ck_assert_int_eq(names[0][2] + names[1][2], 'A' + 'B');
    spool_names_free(names, count);
    ck_assert(spool_names(dir, "", &names, &count)); /* from the start again */
    ck_assert_uint_eq(count, 3);
    spool_names_free(names, count);
    ck_assert(spool_names(dir, "x", &names, &count));
    ck_assert_uint_eq(count, 0);
    spool_names_free(names, count);
    ck_assert(spool_exists(dir, "hfA"));
    ck_assert(!spool_exists(dir, "hfB"));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("spool");
    TCase *all = tcase_create("all");

    suite_add_tcase(suite, all);
    tcase_add_checked_fixture(all, setup, teardown);
    tcase_add_test(all, reads_regular_files_only);
    tcase_add_test(all, refuses_what_is_too_large);
    tcase_add_test(all, sees_locks);
    tcase_add_test(all, finds_names);
    return support_run(suite);
}
