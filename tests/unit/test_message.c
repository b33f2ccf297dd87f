/*
 * message: when reading ends (end of file, a full buffer, a lone dot, silence, the time that is up)
 * and that no byte is lost by it, whatever stdin is.
 *
 * No test measures time. Those of the 5 s let the call have begun that long ago.
 */
#include "support.h"
#include "wrapper/message.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#define HEAD "To: a@example.org\nSubject: hi\n\n"

static struct message message;

/* Reads as main does. seconds_ago: when the call began. */
static bool read_stdin(bool dot_ends, int seconds_ago)
{
    struct startup startup;
    struct invocation inv;

    memset(&startup, 0, sizeof startup);
    clock_gettime(CLOCK_MONOTONIC, &startup.began);
    startup.began.tv_sec -= seconds_ago;
    memset(&inv, 0, sizeof inv);
    inv.dialect = dialect_find("postfix");
    inv.mode = MODE_SUBMIT;
    inv.dot_ends = dot_ends;
    memset(&message, 'G', sizeof message);
    return message_read(&startup, &inv, &message);
}

/* Makes stdin the reading end of a new pipe; returns the other. */
static int pipe_stdin(void)
{
    int ends[2];

    ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
    ck_assert_int_eq(dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
    close(ends[0]);
    return ends[1];
}

static void file_stdin(const char *path, int flags)
{
    int fd = open(path, flags | O_CLOEXEC);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(dup2(fd, STDIN_FILENO), STDIN_FILENO);
    close(fd);
}

static void has(const char *text, bool eof)
{
    ck_assert_int_eq(message.error, 0);
    ck_assert_uint_eq(message.len, strlen(text));
    ck_assert_int_eq(memcmp(message.data, text, message.len), 0);
    ck_assert_int_eq(message.eof, eof);
}

/* --- to the end ---------------------------------------------------------------------------- */

START_TEST(whole_message)
{
    int out = pipe_stdin();

    support_write_all(out, HEAD "text\n", strlen(HEAD "text\n"));
    close(out);
    ck_assert(read_stdin(true, 0));
    has(HEAD "text\n", true);
    ck_assert(message.placed);
    ck_assert_uint_eq(message.place.offset, 0);
    ck_assert_str_eq(message.place.eol, "\n");
}
END_TEST

START_TEST(nothing)
{
    close(pipe_stdin());
    ck_assert(read_stdin(true, 0));
    has("", true);
    ck_assert(message.placed);

    file_stdin("/dev/null", O_RDONLY);
    ck_assert(read_stdin(true, 0));
    has("", true);
}
END_TEST

START_TEST(after_a_from_line)
{
    static const char text[] = "From a Sat Nov 21 16:20:31 2026\r\nTo: b\r\n\r\n";
    int out = pipe_stdin();

    support_write_all(out, text, strlen(text));
    close(out);
    ck_assert(read_stdin(true, 0));
    ck_assert(message.placed);
    ck_assert_uint_eq(message.place.offset, 33);
    ck_assert_str_eq(message.place.eol, "\r\n");
}
END_TEST

/* Many small pieces, with pauses: nothing ends the reading before the header section is whole. */
START_TEST(slow_headers)
{
    static const char *const pieces[] = {
        "F", "rom a Sat Nov 21 16:20:31 2026\n", "To: a", "@b\nSub", "ject: x\n", "\n"};
    int out = pipe_stdin();
    pid_t child = support_fork();

    if (child == 0) {
        for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
            usleep(60000); /* longer than the silence that would end it */
            support_write_all(out, pieces[i], strlen(pieces[i]));
        }
        _exit(0);
    }
    close(out);
    ck_assert(read_stdin(false, 0));
    support_wait_ok(child);
    ck_assert_uint_eq(message.len,
                      strlen("From a Sat Nov 21 16:20:31 2026\nTo: a@b\nSubject: x\n\n"));
    ck_assert_uint_eq(message.place.offset, 32);
}
END_TEST

/* --- before the end: what was not read must still be there --------------------------------- */

static const size_t sizes[] = {
    0, 1, 2, MESSAGE_PART_MAX - 1, MESSAGE_PART_MAX, MESSAGE_PART_MAX + 1, 3 * MESSAGE_PART_MAX};

START_TEST(size_of_the_message)
{
    static char text[3 * MESSAGE_PART_MAX], rest[3 * MESSAGE_PART_MAX];
    size_t n = sizes[_i], left, part = n < MESSAGE_PART_MAX ? n : MESSAGE_PART_MAX;
    int out = pipe_stdin();
    pid_t child;

    for (size_t i = 0; i < n; i++) {
        text[i] = (char)('a' + i * 7919 % 26);
    }
    child = support_fork();
    if (child == 0) {
        support_write_all(out, text, n);
        _exit(0);
    }
    close(out);
    ck_assert(read_stdin(true, 0));
    ck_assert_uint_eq(message.len, part);
    ck_assert_int_eq(memcmp(message.data, text, part), 0);
    ck_assert_int_eq(message.eof, n < MESSAGE_PART_MAX); /* of a full buffer nobody knows */
    ck_assert(message.placed);
    left = support_read_all(STDIN_FILENO, rest, sizeof rest);
    ck_assert_uint_eq(message.len + left, n);
    ck_assert_int_eq(memcmp(rest, text + part, left), 0);
    support_wait_ok(child);
}
END_TEST

/* Of a long message with its header section whole no more is read than what is enough, where the
 * rest can be moved without a copy. */
START_TEST(enough_is_read)
{
    static char text[3 * MESSAGE_PART_MAX], rest[3 * MESSAGE_PART_MAX];
    size_t left, part = _i == 0 ? MESSAGE_PART_ENOUGH : MESSAGE_PART_MAX;
    int ends[2];
    pid_t child;

    memset(text, 'x', sizeof text);
    memcpy(text, HEAD, strlen(HEAD));
    if (_i == 0) {
        ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
    } else {
        ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    }
    ck_assert_int_eq(dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
    close(ends[0]);
    child = support_fork();
    if (child == 0) {
        close(STDIN_FILENO);
        support_write_all(ends[1], text, sizeof text);
        _exit(0);
    }
    close(ends[1]);
    ck_assert(read_stdin(true, 0));
    ck_assert(message.full);
    ck_assert(!message.eof);
    ck_assert_uint_eq(message.len, part);
    left = support_read_all(STDIN_FILENO, rest, sizeof rest);
    ck_assert_uint_eq(message.len + left, sizeof text);
    support_wait_ok(child);
}
END_TEST

/* A header section that is longer than that is read on, for the record. */
START_TEST(long_header_section)
{
    static char text[MESSAGE_PART_ENOUGH + 5000];
    int out = pipe_stdin();

    memset(text, 'x', sizeof text);
    memcpy(text, "To: ", 4);
    memcpy(text + sizeof text - 14, "\nSubject: y\n\n", 14);
    support_write_all(out, text, sizeof text);
    close(out);
    ck_assert(read_stdin(true, 0));
    ck_assert_uint_eq(message.len, sizeof text);
    ck_assert(message.eof || message.full);
}
END_TEST

static const struct {
    const char *what;
    const char *text;
    bool dot_ends;
} open_ends[] = {
    {"LF dot", HEAD "text\n.\n", true},
    {"CRLF dot", "To: a\r\n\r\ntext\r\n.\r\n", true},
    {"only a dot", ".\n", true},
    {"only a CRLF dot", ".\r\n", true},
    {"dot in the header section", "To: a\n.\n", true},
    {"silence after the header section", HEAD, true},
    {"silence after some text", HEAD "text", false},
    {"silence after a dot that is text", HEAD ".\n", false},
    {"silence, CRLF", "To: a\r\n\r\n", false},
    {"silence after no header at all", "Hello world\n", false},
};

/* The caller keeps stdin open and says nothing more: the MTA may be through with it, or would have
 * failed at once. */
START_TEST(stdin_stays_open)
{
    int out = pipe_stdin();

    support_write_all(out, open_ends[_i].text, strlen(open_ends[_i].text));
    ck_assert(read_stdin(open_ends[_i].dot_ends, 0));
    has(open_ends[_i].text, false);
    ck_assert_msg(message.placed, "%s", open_ends[_i].what);
    close(out);
}
END_TEST

/* The dot ends it at once, not after a silence: the caller may wait for the MTA to answer. */
static const char *const dots[] = {".\n", ".\r\n", "To: a\n.\n", "To: a\r\n.\r\n"};

START_TEST(dot_ends_it)
{
    int out = pipe_stdin();
    pid_t child;

    support_write_all(out, dots[_i], strlen(dots[_i]));
    child = support_fork();
    if (child == 0) {
        usleep(4000000); /* within the 5 s */
        support_write_all(out, "late\n", 5);
        pause();
    }
    ck_assert(read_stdin(true, 0));
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    has(dots[_i], false);
    close(out);
}
END_TEST

/* Bytes behind the dot are not ours to judge: all that is read is handed on. */
START_TEST(bytes_behind_a_dot)
{
    int out = pipe_stdin();

    support_write_all(out, HEAD ".\nmore\n", strlen(HEAD ".\nmore\n"));
    close(out);
    ck_assert(read_stdin(true, 0));
    has(HEAD ".\nmore\n", true);
}
END_TEST

/* --- the time is up ------------------------------------------------------------------------ */

START_TEST(time_is_up)
{
    int out = pipe_stdin();

    ck_assert(read_stdin(true, 6)); /* nothing there, and nothing is waited for */
    has("", false);
    ck_assert(!message.placed);

    support_write_all(out, "To: a\nFrom", 10); /* what is there is read all the same */
    ck_assert(read_stdin(true, 3600));
    has("To: a\nFrom", false);
    ck_assert(message.placed);
    close(out);
}
END_TEST

START_TEST(place_not_known_yet)
{
    static const char *const texts[] = {"F", "From a Sat", "From a Sat Nov 21 16:20:31 2026\n",
                                        "Subject: x"};
    int out;

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        out = pipe_stdin();
        support_write_all(out, texts[i], strlen(texts[i]));
        ck_assert(read_stdin(true, 6));
        has(texts[i], false);
        ck_assert_msg(!message.placed, "%s", texts[i]);
        close(out);
    }
}
END_TEST

/* A part that came in time, and then no end: the child keeps the pipe open until it is killed. */
START_TEST(five_seconds)
{
    int out = pipe_stdin();

    support_write_all(out, "Subject: x\n",
                      11); /* the section is not over, so 20 ms of silence mean nothing */
    ck_assert(read_stdin(true, 4));
    has("Subject: x\n", false);
    close(out);
}
END_TEST

/* --- other kinds of stdin ------------------------------------------------------------------ */

START_TEST(regular_file)
{
    const char *path = support_file("message", "skipped\n" HEAD "text\n", 0600);

    file_stdin(path, O_RDONLY);
    ck_assert_int_eq(lseek(STDIN_FILENO, 8, SEEK_SET), 8);
    ck_assert(read_stdin(true, 3600)); /* always readable, so however late */
    has(HEAD "text\n", true);
}
END_TEST

START_TEST(socket_pair)
{
    int ends[2];

    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    ck_assert_int_eq(dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
    close(ends[0]);
    support_write_all(ends[1], HEAD, strlen(HEAD));
    ck_assert(read_stdin(true, 0));
    has(HEAD, false);
    shutdown(ends[1], SHUT_WR);
    ck_assert(read_stdin(true, 0));
    has("", true);
}
END_TEST

START_TEST(nonblocking_pipe)
{
    int out = pipe_stdin();
    pid_t child = support_fork();

    ck_assert_int_eq(fcntl(STDIN_FILENO, F_SETFL, O_NONBLOCK), 0);
    if (child == 0) {
        usleep(30000);
        support_write_all(out, "To: a\n", 6);
        usleep(30000);
        support_write_all(out, "\n", 1);
        _exit(0);
    }
    close(out);
    ck_assert(read_stdin(true, 0));
    has("To: a\n\n", true);
    ck_assert_int_eq(fcntl(STDIN_FILENO, F_GETFL) & O_NONBLOCK,
                     O_NONBLOCK); /* the caller's to set */
    support_wait_ok(child);
}
END_TEST

static void on_alarm(int number)
{
    (void)number;
}

START_TEST(signals_in_between)
{
    struct sigaction action = {.sa_handler = on_alarm}; /* no SA_RESTART */
    struct itimerval often = {{0, 500}, {0, 500}}, never = {{0, 0}, {0, 0}};
    int out = pipe_stdin();
    pid_t child = support_fork();

    if (child == 0) {
        for (int i = 0; i < 20; i++) {
            usleep(5000);
            support_write_all(out, "To: a\n", 6);
        }
        _exit(0);
    }
    close(out);
    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &often, NULL);
    ck_assert(read_stdin(true, 0));
    setitimer(ITIMER_REAL, &never, NULL);
    ck_assert_uint_eq(message.len, 120);
    ck_assert(message.eof);
    support_wait_ok(child);
}
END_TEST

/* A signal is nothing to read. */
START_TEST(signal_in_the_silence)
{
    struct sigaction action = {.sa_handler = on_alarm};
    struct itimerval once = {{0, 0}, {0, 3000}};
    int out = pipe_stdin();

    support_write_all(out, HEAD, strlen(HEAD));
    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &once, NULL);
    ck_assert(read_stdin(false, 0));
    has(HEAD, false);
    close(out);
}
END_TEST

/* --- stdin that cannot be read ------------------------------------------------------------- */

static void fails(int err)
{
    ck_assert(!read_stdin(true, 0));
    ck_assert_int_eq(message.error, err);
    ck_assert(!message.eof);
}

START_TEST(unreadable)
{
    file_stdin(support_dir(), O_RDONLY | O_DIRECTORY);
    fails(EISDIR);
    file_stdin(support_file("write-only", "x", 0600), O_WRONLY);
    fails(EBADF);
    close(STDIN_FILENO);
    fails(EBADF);
}
END_TEST

/* An error after some bytes: half a message is not a message. */
START_TEST(error_in_the_middle)
{
    pid_t child = support_fork();

    if (child == 0) {
        struct sockaddr_storage address;
        socklen_t len = sizeof address;
        struct linger reset = {1, 0};
        int server = socket(AF_INET, SOCK_STREAM, 0), client = socket(AF_INET, SOCK_STREAM, 0), end;
        bool failed;

        if (listen(server, 1) != 0 || getsockname(server, (struct sockaddr *)&address, &len) != 0 ||
            connect(client, (struct sockaddr *)&address, len) != 0) {
            printf("skipped: error_in_the_middle: no loopback network\n");
            fflush(stdout);
            _exit(0);
        }
        end = accept(server, NULL, NULL);
        dup2(end, STDIN_FILENO);
        /* The reset throws away what was sent before, so the two are tried apart. */
        setsockopt(client, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
        close(client);
        failed = !read_stdin(true, 0);
        _exit(!failed || message.error != ECONNRESET || message.eof);
    }
    support_wait_ok(child);
}
END_TEST

/* poll(2) says that there is something, read(2) that there is not: that ends when the time is up,
 * too. */
START_TEST(promises_not_kept)
{
    pid_t child = support_fork();

    if (child == 0) {
        int out = pipe_stdin();
        bool ok;

        support_write_all(out, "x", 1);
        if (!support_forbid_arg(SYS_read, STDIN_FILENO, EAGAIN)) {
            _exit(1);
        }
        ok = read_stdin(true, 6);
        _exit(!ok || message.len != 0 || message.eof || message.error != 0);
    }
    support_wait_ok(child);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("message");
    TCase *tc = tcase_create("message");

    tcase_set_timeout(tc, 120);
    tcase_add_unchecked_fixture(tc, support_begin, support_end);
    tcase_add_test(tc, whole_message);
    tcase_add_test(tc, nothing);
    tcase_add_test(tc, after_a_from_line);
    tcase_add_test(tc, slow_headers);
    tcase_add_loop_test(tc, size_of_the_message, 0, sizeof sizes / sizeof sizes[0]);
    tcase_add_loop_test(tc, enough_is_read, 0, 2);
    tcase_add_test(tc, long_header_section);
    tcase_add_loop_test(tc, stdin_stays_open, 0, sizeof open_ends / sizeof open_ends[0]);
    tcase_add_loop_test(tc, dot_ends_it, 0, sizeof dots / sizeof dots[0]);
    tcase_add_test(tc, bytes_behind_a_dot);
    tcase_add_test(tc, time_is_up);
    tcase_add_test(tc, place_not_known_yet);
    tcase_add_test(tc, five_seconds);
    tcase_add_test(tc, regular_file);
    tcase_add_test(tc, socket_pair);
    tcase_add_test(tc, nonblocking_pipe);
    tcase_add_test(tc, signals_in_between);
    tcase_add_test(tc, signal_in_the_silence);
    tcase_add_test(tc, unreadable);
    tcase_add_test(tc, error_in_the_middle);
    tcase_add_test(tc, promises_not_kept);
    suite_add_tcase(suite, tc);
    return support_run(suite);
}
