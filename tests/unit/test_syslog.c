/*
 * syslog: the datagram as syslog(3) writes it; what a missing, dead, full or forbidden socket
 * costs: never more than the wait of one call.
 *
 * The socket's path is fixed, so the tests that connect do so in a mount namespace of their own
 * with a /dev of their own.
 */
#include "support.h"
#include "wrapper/record.h"
#include "wrapper/syslog.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#define NO_DEV "no mount namespace to be had"

static bool own_dev(void)
{
    return support_own_mounts() && mount("none", "/dev", "tmpfs", 0, NULL) == 0;
}

/* A socket at /dev/log; listening if it is a stream. */
static int daemon_socket(int type)
{
    struct sockaddr_un address = {AF_UNIX, "/dev/log"};
    int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    if (type == SOCK_STREAM) {
        ck_assert_int_eq(listen(fd, 5), 0);
    }
    return fd;
}

static bool send_text(struct syslog *log, const char *text)
{
    return syslog_send(log, LOG_MAIL | LOG_INFO, text, strlen(text));
}

/*
 * A socket of our own in place of /dev/log, connected. Not a socketpair(2): the limit on the
 * messages that wait (unix(7), max_dgram_qlen) is for receivers that are not connected back.
 * Returns the daemon's end.
 */
static int connected_to(struct syslog *log)
{
    struct sockaddr_un address = {AF_UNIX, ""};
    int daemon = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    snprintf(address.sun_path, sizeof address.sun_path, "%s", support_path("log"));
    unlink(address.sun_path);
    ck_assert_int_eq(bind(daemon, (struct sockaddr *)&address, sizeof address), 0);
    syslog_init(log);
    log->tried = true;
    log->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    ck_assert_int_eq(connect(log->fd, (struct sockaddr *)&address, sizeof address), 0);
    return daemon;
}

static void matches(const char *text, const char *pattern)
{
    regex_t regex;

    ck_assert_int_eq(regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB), 0);
    ck_assert_msg(regexec(&regex, text, 0, NULL, 0) == 0, "\"%s\" is not \"%s\"", text, pattern);
    regfree(&regex);
}

START_TEST(nothing_before_the_first_message)
{
    struct syslog log;
    int before = dup(2), after;

    close(before);
    memset(&log, 'G', sizeof log);
    syslog_init(&log);
    after = dup(2);
    ck_assert_int_eq(before, after);
    close(after);
    ck_assert_int_eq(log.fd, -1);
    ck_assert(!log.tried);
}
END_TEST

START_TEST(datagram)
{
    struct syslog log;
    char got[RECORD_MAX + 256], pattern[256];
    ssize_t n;
    int daemon;

    if (!own_dev()) {
        SKIP(NO_DEV);
    }
    daemon = daemon_socket(SOCK_DGRAM);
    syslog_init(&log);
    ck_assert(send_text(&log, "id=1 action=pass"));
    ck_assert_int_eq(fcntl(log.fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
    ck_assert_int_eq(fcntl(log.fd, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
    n = recv(daemon, got, sizeof got - 1, MSG_DONTWAIT);
    ck_assert_int_gt(n, 0);
    got[n] = '\0';
    snprintf(pattern, sizeof pattern,
             "^<22>(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) [ 1-3][0-9] "
             "[0-2][0-9]:[0-5][0-9]:[0-6][0-9] "
             "sendmail-wrapper\\[%ld\\]: id=1 action=pass$",
             (long)getpid());
    matches(got, pattern);

    ck_assert(syslog_send(&log, LOG_LOCAL7 | LOG_CRIT, "x", 1)); /* one connection for all */
    n = recv(daemon, got, sizeof got - 1, MSG_DONTWAIT);
    ck_assert_int_gt(n, 0);
    got[n] = '\0';
    matches(got, "^<186>.* sendmail-wrapper\\[[0-9]+\\]: x$");
}
END_TEST

/* Not time(3), which may be a tick behind. */
static void put_now(char *text, size_t cap)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    strftime(text, cap, "%b %e %H:%M:%S", localtime(&now.tv_sec));
}

/* The time is the one that syslog(3) would write. */
START_TEST(local_time)
{
    struct syslog log;
    char got[256], before[32], after[32];
    int daemon = connected_to(&log);
    ssize_t n;

    do { /* within one second, or a new month could stand before an old one */
        put_now(before, sizeof before);
        ck_assert(send_text(&log, "x"));
        put_now(after, sizeof after);
        n = recv(daemon, got, sizeof got - 1, MSG_DONTWAIT);
        ck_assert_int_gt(n, 20);
    } while (strcmp(before, after) != 0);
    got[4 + 15] = '\0'; /* "<22>", "Nov 21 16:20:31" */
    ck_assert_str_eq(got + 4, before);
}
END_TEST

START_TEST(largest_message)
{
    static char text[RECORD_MAX + 200], got[RECORD_MAX + 400];
    struct syslog log;
    int daemon = connected_to(&log);
    ssize_t n;

    memset(text, 'x', sizeof text);
    ck_assert(syslog_send(&log, LOG_INFO, text, RECORD_MAX));
    n = recv(daemon, got, sizeof got, MSG_DONTWAIT);
    ck_assert_int_gt(n, RECORD_MAX);
    ck_assert_int_eq(memcmp(got + n - RECORD_MAX, text, RECORD_MAX), 0);
    ck_assert(!syslog_send(&log, LOG_INFO, text, RECORD_MAX + 200)); /* whole or not at all */
    ck_assert_int_eq(log.err, EMSGSIZE);
    ck_assert_int_eq(recv(daemon, got, sizeof got, MSG_DONTWAIT), -1);
}
END_TEST

/* Messages of a stream end in NUL. */
START_TEST(stream)
{
    struct syslog log;
    char got[512];
    int daemon, end;
    ssize_t n;

    if (!own_dev()) {
        SKIP(NO_DEV);
    }
    daemon = daemon_socket(SOCK_STREAM);
    syslog_init(&log);
    ck_assert(send_text(&log, "one"));
    ck_assert(send_text(&log, "two"));
    end = accept(daemon, NULL, NULL);
    n = recv(end, got, sizeof got - 1, MSG_DONTWAIT);
    ck_assert_int_gt(n, 0);
    got[n] = '\0';
    matches(got, "^<22>.*: one$");
    ck_assert_int_lt((ssize_t)strlen(got), n - 1);
    matches(got + strlen(got) + 1, "^<22>.*: two$");
    ck_assert_int_eq(got[n - 1], '\0');
}
END_TEST

/* A stream daemon that is gone is an error, and never a signal. */
START_TEST(stream_closed)
{
    struct syslog log;
    int ends[2];

    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    close(ends[1]);
    syslog_init(&log);
    log.tried = log.stream = true;
    log.fd = ends[0];
    ck_assert(!send_text(&log, "x"));
    ck_assert_int_eq(log.err, EPIPE);
}
END_TEST

/* --- no daemon ----------------------------------------------------------------------------- */

static void fails_at_once(int err)
{
    struct syslog log;
    int before = dup(2), after;

    close(before);
    syslog_init(&log);
    ck_assert(!send_text(&log, "x"));
    ck_assert_int_eq(log.err, err);
    ck_assert_int_eq(log.wait_us, SYSLOG_WAIT_MS * 1000L); /* nothing was waited for */
    ck_assert(!send_text(&log, "x"));
    after = dup(2);
    ck_assert_int_eq(before, after);
    close(after);
}

START_TEST(no_daemon)
{
    int fd;

    if (!own_dev()) {
        SKIP(NO_DEV);
    }
    fails_at_once(ENOENT);

    fd = open("/dev/log", O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
    close(fd);
    fails_at_once(ECONNREFUSED);
    ck_assert_int_eq(unlink("/dev/log"), 0);
    ck_assert_int_eq(mkfifo("/dev/log", 0666), 0);
    fails_at_once(ECONNREFUSED);
    ck_assert_int_eq(unlink("/dev/log"), 0);

    close(daemon_socket(SOCK_DGRAM)); /* it died: its name is left */
    fails_at_once(ECONNREFUSED);
    ck_assert_int_eq(unlink("/dev/log"), 0);
    close(daemon_socket(SOCK_STREAM));
    fails_at_once(ECONNREFUSED);
}
END_TEST

START_TEST(no_right)
{
    if (getuid() != 0) {
        SKIP("somebody else's socket takes root to make");
    }
    if (!own_dev()) {
        SKIP(NO_DEV);
    }
    daemon_socket(SOCK_DGRAM);
    ck_assert_int_eq(chmod("/dev/log", 0600), 0);
    ck_assert_int_eq(setresuid(NOBODY, NOBODY, NOBODY), 0);
    fails_at_once(EACCES);
}
END_TEST

START_TEST(no_descriptor)
{
    struct rlimit before, none;
    struct syslog log;
    bool sent;

    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
    none = before;
    none.rlim_cur = 0;
    setrlimit(RLIMIT_NOFILE, &none);
    syslog_init(&log);
    sent = send_text(&log, "x");
    setrlimit(RLIMIT_NOFILE, &before);
    ck_assert(!sent);
    ck_assert_int_eq(log.err, EMFILE);
    ck_assert(log.callers_doing);
}
END_TEST

START_TEST(forbidden)
{
    static const struct {
        int err;
        bool callers_doing;
    } errors[] = {{EPERM, true},   {ENOSYS, true},  {EMFILE, true},
                  {ENFILE, false}, {ENOMEM, false}, {EAFNOSUPPORT, false}};

    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++) {
        pid_t child = support_fork();

        if (child == 0) {
            struct syslog log;

            syslog_init(&log);
            _exit(!support_forbid(SYS_socket, errors[i].err) || send_text(&log, "x") ||
                  log.err != errors[i].err || log.callers_doing != errors[i].callers_doing);
        }
        support_wait_ok(child);
    }
}
END_TEST

/* --- a daemon that does not read ----------------------------------------------------------- */

/* syslog(3) would block at the 12th message for ever. All waiting of one call has one bound. */
START_TEST(full_socket)
{
    struct syslog log;
    struct timespec before, after;
    int daemon = connected_to(&log), taken = 0;
    char got[256];

    while (send_text(&log, "x")) {
        taken++;
        ck_assert_int_lt(taken, 100000);
    }
    ck_assert_int_gt(taken, 0);
    ck_assert_int_eq(log.err, EAGAIN);
    ck_assert_int_le(log.wait_us, 0);
    ck_assert(!log.callers_doing);

    clock_gettime(CLOCK_MONOTONIC, &before);
    for (int i = 0; i < 1000; i++) {
        ck_assert(!send_text(&log, "x"));
    }
    clock_gettime(CLOCK_MONOTONIC, &after);
    ck_assert_int_lt(after.tv_sec - before.tv_sec, 60); /* 200 s, if each were to wait */

    while (recv(daemon, got, sizeof got, MSG_DONTWAIT) > 0) {
    }
    ck_assert(send_text(&log, "x")); /* room again: no wait is needed */
}
END_TEST

START_TEST(room_after_a_while)
{
    struct syslog log;
    int daemon = connected_to(&log);
    unsigned count = 0;
    bool taken = false;
    char got[256];

    while (send_text(&log, "x")) {
    }
    /* On a busy machine the reader may be too late, so it gets more than one chance. */
    while (!taken) {
        pid_t reader = support_fork();

        if (reader == 0) {
            usleep(20000);
            _exit(recv(daemon, got, sizeof got, 0) <= 0);
        }
        log.wait_us = SYSLOG_WAIT_MS * 1000L;
        taken = send_text(&log, "y") && log.wait_us < SYSLOG_WAIT_MS * 1000L;
        support_wait_ok(reader);
        support_pause(&count);
    }
}
END_TEST

/* Under a flood the socket has room at every look and none at every send: that must end as well. */
START_TEST(room_that_others_take)
{
    pid_t child = support_fork();

    if (child == 0) {
        struct syslog log;

        connected_to(&log);
        _exit(!support_forbid(SYS_sendto, EAGAIN) || send_text(&log, "x") || log.err != EAGAIN ||
              log.wait_us > 0);
    }
    support_wait_ok(child);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("syslog");
    TCase *tc = tcase_create("syslog");

    tcase_set_timeout(tc, 120);
    tcase_add_unchecked_fixture(tc, support_begin, support_end);
    tcase_add_test(tc, nothing_before_the_first_message);
    tcase_add_test(tc, datagram);
    tcase_add_test(tc, local_time);
    tcase_add_test(tc, largest_message);
    tcase_add_test(tc, stream);
    tcase_add_test(tc, stream_closed);
    tcase_add_test(tc, no_daemon);
    tcase_add_test(tc, no_right);
    tcase_add_test(tc, no_descriptor);
    tcase_add_test(tc, forbidden);
    tcase_add_test(tc, full_socket);
    tcase_add_test(tc, room_after_a_while);
    tcase_add_test(tc, room_that_others_take);
    suite_add_tcase(suite, tc);
    return support_run(suite);
}
