/*
 * startup: the caller's environment whole and in his order, descriptors 0 to 2, signal
 * dispositions, and all of it as it was for the MTA.
 *
 * What a process starts with can only be seen from its start, so this program starts itself again:
 * with SW_TEST=... it does one thing and says what it found.
 */
#include "support.h"
#include "wrapper/startup.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

#define OUT 9 /* where the one that was started writes to */

/* Starts this program with these; returns what it wrote. */
static const char *run(const char *const argv[], const char *const environment[])
{
    static char got[1 << 18];
    int ends[2];
    pid_t child;
    size_t n;

    ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
    child = support_fork();
    if (child == 0) {
        dup2(ends[1], OUT);
        execve("/proc/self/exe", (char **)(uintptr_t)argv, (char **)(uintptr_t)environment);
        _exit(126);
    }
    close(ends[1]);
    n = support_read_all(ends[0], got, sizeof got - 1);
    got[n] = '\0';
    close(ends[0]);
    support_wait_ok(child);
    return got;
}

/* --- environment --------------------------------------------------------------------------- */

static const struct {
    const char *what;
    const char
        *remove; /* what the C library takes away before main, blank between; "" for nothing */
    const char *environment[12];
} environments[] = {
    {"plain", "", {"SW_TEST=env", "A=1", "B=2"}},
    {"one is taken", "TMPDIR", {"A=1", "TMPDIR=/x", "SW_TEST=env", "B=2"}},
    {"the first", "TMPDIR", {"TMPDIR=/x", "SW_TEST=env"}},
    {"the last", "TMPDIR", {"SW_TEST=env", "TMPDIR=/x"}},
    {"several",
     "TMPDIR LD_LIBRARY_PATH LOCALDOMAIN NLSPATH",
     {"NLSPATH=1", "A=1", "LD_LIBRARY_PATH=/x", "LOCALDOMAIN=", "SW_TEST=env", "TMPDIR=/x", "B=2"}},
    {"one of several of a name", "TMPDIR", {"TMPDIR=1", "SW_TEST=env", "TMPDIR=2", "A=1", "A=2"}},
    {"odd ones",
     "TMPDIR",
     {"", "SW_TEST=env", "=", "noequal", "=x", "A=\xff\n\x01", "TMPDIR=x", ""}},
    {"all but ours", "A B C", {"A=1", "B=2", "SW_TEST=env", "C=3"}},
};

/* The one that was started: its environment as startup has it, a line each, lengths in front since
 * a value may be any. */
static int show_environment(int argc, char **argv, const char *remove)
{
    struct startup startup;
    FILE *out = fdopen(OUT, "w");
    char names[256];

    snprintf(names, sizeof names, "%s", remove);
    for (char *name = strtok(names, " "); name != NULL; name = strtok(NULL, " ")) {
        unsetenv(name); /* as the library does: in place */
    }
    if (out == NULL || !startup_begin(argc, argv, &startup) || environ != NULL) {
        return 1;
    }
    for (size_t i = 0; startup.environment[i] != NULL; i++) {
        fprintf(out, "%zu:%s\n", strlen(startup.environment[i]), startup.environment[i]);
    }
    return fclose(out) != 0;
}

START_TEST(environment)
{
    const char *argv[] = {"sendmail", environments[_i].remove, "-t", "", NULL};
    char wanted[1024] = "";

    for (size_t i = 0; environments[_i].environment[i] != NULL; i++) {
        const char *one = environments[_i].environment[i];

        snprintf(wanted + strlen(wanted), sizeof wanted - strlen(wanted), "%zu:%s\n", strlen(one),
                 one);
    }
    ck_assert_str_eq(run(argv, environments[_i].environment), wanted);
}
END_TEST

START_TEST(large_environment)
{
    static char strings[2000][64], wanted[200000];
    static const char *environ_[2002];
    const char *argv[] = {"sendmail", "TMPDIR", NULL};
    size_t n = 0;

    for (int i = 0; i < 2000; i++) {
        snprintf(strings[i], sizeof strings[i], i == 1000 ? "TMPDIR=/x" : "VARIABLE_%d=value %d", i,
                 i);
        environ_[i] = strings[i];
        n += (size_t)snprintf(wanted + n, sizeof wanted - n, "%zu:%s\n", strlen(strings[i]),
                              strings[i]);
    }
    environ_[2000] = "SW_TEST=env";
    snprintf(wanted + n, sizeof wanted - n, "11:SW_TEST=env\n");
    ck_assert_str_eq(run(argv, environ_), wanted);
}
END_TEST

/* Without an argv the beginning of the strings is not known; nothing is guessed. */
START_TEST(no_arguments)
{
    struct startup startup;
    char **before = environ;

    ck_assert(startup_begin(0, environ, &startup));
    ck_assert_ptr_eq(startup.environment, before);
    ck_assert_ptr_null(environ);
}
END_TEST

/* --- descriptors 0 to 2 -------------------------------------------------------------------- */

static bool is_null_device(int fd)
{
    struct stat st;

    return fstat(fd, &st) == 0 && S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3);
}

/* Bits of _i: the ones that are closed. */
START_TEST(closed_descriptors)
{
    pid_t child = support_fork();

    if (child == 0) {
        struct startup startup;
        int status = 0;

        for (int fd = 0; fd <= 2; fd++) {
            int end = open("/", O_RDONLY | O_DIRECTORY);

            dup2(end, fd);
            close(end);
        }
        for (int fd = 0; fd <= 2; fd++) {
            if ((_i >> fd & 1) != 0) {
                close(fd);
            }
        }
        memset(&startup, 'G', sizeof startup);
        if (!startup_begin(0, NULL, &startup)) {
            _exit(100);
        }
        for (int fd = 0; fd <= 2; fd++) {
            bool closed = (_i >> fd & 1) != 0;

            status |= startup.closed[fd] != closed;
            status |= is_null_device(fd) != closed;
            status |= ((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0) !=
                      closed; /* the MTA finds them as they were */
        }
        _exit(status);
    }
    support_wait_ok(child);
}
END_TEST

START_TEST(no_null_device)
{
    pid_t child;

    if (!support_own_mounts() || mount("none", "/dev", "tmpfs", 0, NULL) != 0) {
        SKIP("no mount namespace to be had");
    }
    child = support_fork();
    if (child == 0) {
        struct startup startup;

        if (!startup_begin(0, NULL, &startup)) { /* nothing is closed, so nothing is needed */
            _exit(1);
        }
        close(1);
        _exit(startup_begin(0, NULL, &startup));
    }
    support_wait_ok(child);
}
END_TEST

/* --- signals ------------------------------------------------------------------------------- */

static void handler(int number)
{
    (void)number;
}

START_TEST(dispositions)
{
    static const int numbers[] = {SIGPIPE, SIGXFSZ};
    struct sigaction before = {.sa_handler = _i == 0   ? SIG_DFL
                                             : _i == 1 ? SIG_IGN
                                                       : handler,
                               .sa_flags = SA_RESTART};
    struct startup startup;

    for (size_t i = 0; i < 2; i++) {
        sigaction(numbers[i], &before, NULL);
    }
    ck_assert(startup_begin(0, NULL, &startup));
    for (size_t i = 0; i < 2; i++) {
        struct sigaction now;

        sigaction(numbers[i], NULL, &now);
        ck_assert_ptr_eq(now.sa_handler, SIG_IGN);
    }
    startup_restore(&startup);
    for (size_t i = 0; i < 2; i++) {
        struct sigaction now;

        sigaction(numbers[i], NULL, &now);
        ck_assert_ptr_eq(now.sa_handler, before.sa_handler);
    }
}
END_TEST

/* A signal that is blocked and pending is the MTA's to get, as without us. */
START_TEST(pending_signals)
{
    static const int numbers[] = {SIGPIPE, SIGXFSZ};
    struct startup startup;
    sigset_t set, pending;

    sigemptyset(&set);
    sigaddset(&set, numbers[_i]);
    ck_assert_int_eq(sigprocmask(SIG_BLOCK, &set, NULL), 0);
    signal(numbers[_i], SIG_DFL);
    raise(numbers[_i]);
    ck_assert(startup_begin(0, NULL, &startup));
    startup_restore(&startup);
    sigpending(&pending);
    ck_assert_int_eq(sigismember(&pending, numbers[_i]), 1);
}
END_TEST

/* Nothing else is touched: the others are the MTA's as they are. */
START_TEST(other_signals)
{
    struct sigaction before[32], now;
    struct startup startup;
    sigset_t mask, mask_now;

    sigprocmask(SIG_BLOCK, NULL, &mask);
    for (int i = 1; i < 32; i++) {
        sigaction(i, NULL, &before[i]);
    }
    ck_assert(startup_begin(0, NULL, &startup));
    for (int i = 1; i < 32; i++) {
        sigaction(i, NULL, &now);
        ck_assert(i == SIGPIPE || i == SIGXFSZ || now.sa_handler == before[i].sa_handler);
    }
    sigprocmask(SIG_BLOCK, NULL, &mask_now);
    for (int i = 1; i < 32; i++) {
        ck_assert_int_eq(sigismember(&mask, i), sigismember(&mask_now, i));
    }
}
END_TEST

/* --- time ---------------------------------------------------------------------------------- */

START_TEST(elapsed)
{
    struct startup startup;
    long first;

    ck_assert(startup_begin(0, NULL, &startup));
    first = startup_elapsed_ms(&startup);
    ck_assert_int_ge(first, 0);
    ck_assert_int_ge(startup_elapsed_ms(&startup), first);
    startup.began.tv_sec -= 5;
    ck_assert_int_ge(startup_elapsed_ms(&startup), 5000);
    startup.began.tv_nsec = 0;
    ck_assert_int_ge(startup_elapsed_ms(&startup), 5000);
    startup.began.tv_nsec = 999999999;
    ck_assert_int_ge(startup_elapsed_ms(&startup), 4000);
}
END_TEST

int main(int argc, char **argv)
{
    Suite *suite;
    TCase *tc;

    if (argc > 1 && getenv("SW_TEST") != NULL) {
        return show_environment(argc, argv, argv[1]);
    }
    suite = suite_create("startup");
    tc = tcase_create("startup");
    tcase_set_timeout(tc, 120);
    tcase_add_loop_test(tc, environment, 0, sizeof environments / sizeof environments[0]);
    tcase_add_test(tc, large_environment);
    tcase_add_test(tc, no_arguments);
    tcase_add_loop_test(tc, closed_descriptors, 0, 8);
    tcase_add_test(tc, no_null_device);
    tcase_add_loop_test(tc, dispositions, 0, 3);
    tcase_add_loop_test(tc, pending_signals, 0, 2);
    tcase_add_test(tc, other_signals);
    tcase_add_test(tc, elapsed);
    suite_add_tcase(suite, tc);
    return support_run(suite);
}
