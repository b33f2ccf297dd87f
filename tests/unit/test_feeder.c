/*
 * feed and feeder: every byte arrives, in order, the header in its place, whatever stdin and the
 * pipe are like; and what the feeder is: nobody's child, nothing open, no work while there is none,
 * gone when nobody reads.
 *
 * Waits look for a condition, as one can see it from outside: the feeder is gone when its stdin has
 * no reader left.
 */
#include "support.h"
#include "wrapper/feed.h"
#include "wrapper/feeder.h"

#include <check.h>
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define HEADER "X-Additional-Header: /x; uid=1; pid=2; id=3"

static struct message message;

/* stdin and the pipe to the MTA, as main has them when the first part was read. */
struct bed {
    struct feed feed;
    int stdin_writer; /* -1 if stdin is no pipe of ours */
    int mta;          /* the pipe's reading end */
};

static void make_pipe(struct bed *bed)
{
    int ends[2];

    ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
    ck_assert_int_eq(fcntl(ends[1], F_SETFL, O_NONBLOCK), 0);
    bed->mta = ends[0];
    bed->feed.out = ends[1];
}

/* part: what message_read got; place: where the header goes, -1 if that is not known. */
static void begin(struct bed *bed, const char *part, size_t len, bool eof, int place)
{
    memset(bed, 0, sizeof *bed);
    make_pipe(bed);
    bed->stdin_writer = -1;
    memcpy(message.data, part, len);
    message.len = len;
    message.eof = eof;
    message.full = false;
    message.error = 0;
    message.placed = place >= 0;
    message.place.offset = place >= 0 ? (size_t)place : 0;
    message.place.eol = "\n";
    message.place.blank_after = false;
    bed->feed.dialect = dialect_find("postfix");
    bed->feed.message = &message;
    bed->feed.header = HEADER;
    bed->feed.header_len = strlen(HEADER);
}

static void begin_text(struct bed *bed, const char *part, bool eof, int place)
{
    begin(bed, part, strlen(part), eof, place);
}

/* stdin becomes a pipe whose other end is bed's. */
static void pipe_stdin(struct bed *bed)
{
    int ends[2];

    ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
    ck_assert_int_eq(dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
    close(ends[0]);
    bed->stdin_writer = ends[1];
}

/* What the exec of the MTA does: only the feeder has these now. */
static void become_the_mta(struct bed *bed)
{
    close(bed->feed.out);
    close(STDIN_FILENO);
    ck_assert_int_eq(open("/dev/null", O_RDONLY | O_CLOEXEC), STDIN_FILENO);
}

static void wait_until_gone(const struct bed *bed)
{
    unsigned count = 0;

    for (;;) {
        struct pollfd pfd = {bed->stdin_writer, 0, 0};

        ck_assert_int_ge(poll(&pfd, 1, 0), 0);
        if ((pfd.revents & POLLERR) != 0) {
            return;
        }
        support_pause(&count);
    }
}

static void arrives(struct bed *bed, const char *text)
{
    static char got[1 << 16];
    size_t n = support_read_all(bed->mta, got, sizeof got - 1);

    got[n] = '\0';
    ck_assert_str_eq(got, text);
    ck_assert_uint_eq(n, strlen(text));
}

/* Neither a child nor the signal of one, which the MTA would wonder about. */
static void no_trace_of_a_child(void)
{
    sigset_t pending;

    ck_assert_int_eq(waitpid(-1, NULL, WNOHANG | __WALL), -1);
    ck_assert_int_eq(errno, ECHILD);
    sigpending(&pending);
    ck_assert(!sigismember(&pending, SIGCHLD));
}

static void block_sigchld(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    ck_assert_int_eq(sigprocmask(SIG_BLOCK, &set, NULL), 0);
}

/* --- feed_fill ----------------------------------------------------------------------------- */

static const struct {
    const char *what;
    const char *part;
    int place;
    bool crlf, blank, header;
    const char *pipe;
} fills[] = {
    {"on top", "To: a\n\ntext\n", 0, false, false, true, HEADER "\nTo: a\n\ntext\n"},
    {"in the middle", "From x\nTo: a\n\n", 7, false, false, true, "From x\n" HEADER "\nTo: a\n\n"},
    {"at the end", "From x\n", 7, false, false, true, "From x\n" HEADER "\n"},
    {"CRLF", "To: a\r\n\r\n", 0, true, false, true, HEADER "\r\nTo: a\r\n\r\n"},
    {"an empty line after it", " text\n", 0, false, true, true, HEADER "\n\n text\n"},
    {"an empty line, CRLF", " text\r\n", 0, true, true, true, HEADER "\r\n\r\n text\r\n"},
    {"empty message", "", 0, false, false, true, HEADER "\n"},
    {"no header", "To: a\n\n", 0, false, false, false, "To: a\n\n"},
    {"no header, place not known", "From", -1, false, false, false, "From"},
    {"neither", "", 0, false, false, false, ""},
};

START_TEST(fits)
{
    struct bed bed;

    begin_text(&bed, fills[_i].part, true, fills[_i].place);
    message.place.eol = fills[_i].crlf ? "\r\n" : "\n";
    message.place.blank_after = fills[_i].blank;
    if (!fills[_i].header) {
        bed.feed.header = "";
        bed.feed.header_len = 0;
    }
    ck_assert_msg(feed_fill(&bed.feed), "%s", fills[_i].what);
    ck_assert_uint_eq(bed.feed.written, strlen(fills[_i].pipe));
    close(bed.feed.out);
    arrives(&bed, fills[_i].pipe);
}
END_TEST

START_TEST(not_all_of_it)
{
    struct bed bed;

    begin_text(&bed, "To: a\n", false, 0);
    ck_assert(!feed_fill(&bed.feed)); /* it is in the pipe, but there is more */
    close(bed.feed.out);
    arrives(&bed, HEADER "\nTo: a\n");

    begin_text(&bed, "From", false, -1);
    ck_assert(!feed_fill(&bed.feed)); /* not a byte before the place is known */
    ck_assert_uint_eq(bed.feed.written, 0);
    close(bed.feed.out);
    arrives(&bed, "");
}
END_TEST

/* One page is all that the pipe of a user with many pipes holds (pipe(7), pipe-user-pages-soft). */
START_TEST(small_pipe)
{
    static char part[20000], got[30000];
    struct bed bed;
    int page = (int)sysconf(_SC_PAGESIZE);
    size_t n;

    memset(part, 'x', sizeof part);
    begin(&bed, part, 1000, true, 0);
    ck_assert_int_eq(fcntl(bed.feed.out, F_SETPIPE_SZ, 1), page);
    ck_assert(feed_fill(&bed.feed));

    begin(&bed, part, sizeof part, true, 0);
    ck_assert_int_eq(fcntl(bed.feed.out, F_SETPIPE_SZ, 1), page);
    ck_assert(!feed_fill(&bed.feed)); /* at once: no wait for a reader */
    ck_assert_uint_eq(bed.feed.written, (size_t)page);
    ck_assert(!feed_fill(&bed.feed)); /* EAGAIN */
    ck_assert(feeder_start(&bed.feed));
    become_the_mta(&bed);
    n = support_read_all(bed.mta, got, sizeof got);
    ck_assert_uint_eq(n, strlen(HEADER "\n") + sizeof part);
    ck_assert_int_eq(memcmp(got, HEADER "\n", strlen(HEADER "\n")), 0);
    ck_assert_int_eq(memcmp(got + strlen(HEADER "\n"), part, sizeof part), 0);
}
END_TEST

START_TEST(nobody_reads)
{
    struct bed bed;

    signal(SIGPIPE, SIG_IGN); /* as startup does */
    begin_text(&bed, "To: a\n", true, 0);
    close(bed.mta);
    ck_assert(!feed_fill(&bed.feed));
}
END_TEST

/* --- feed_rest: a message that is larger than usual, without a process --------------------- */

static struct startup just_now(void)
{
    struct startup startup;

    memset(&startup, 0, sizeof startup);
    clock_gettime(CLOCK_MONOTONIC, &startup.began);
    return startup;
}

static const size_t rests[] = {0, 1, 4096, 65536, 100000, 200000};

/* The first part is in the pipe, and as much again and more is in stdin, to its end. */
START_TEST(rest_fits)
{
    static char part[MESSAGE_PART_ENOUGH], more[200000], got[FEED_PIPE_MAX];
    struct startup startup = just_now();
    size_t n, total = strlen(HEADER "\n") + sizeof part + rests[_i];
    struct bed bed;
    pid_t writer;

    memset(part, 'p', sizeof part);
    memset(more, 'm', sizeof more);
    begin(&bed, part, sizeof part, false, 0);
    message.full = true;
    pipe_stdin(&bed);
    writer = support_fork();
    if (writer == 0) {
        support_write_all(bed.stdin_writer, more, rests[_i]);
        _exit(0);
    }
    close(bed.stdin_writer);
    ck_assert(!feed_fill(&bed.feed));
    ck_assert(feed_rest(&startup, &bed.feed));
    support_wait_ok(writer);
    no_trace_of_a_child();
    become_the_mta(&bed);
    n = support_read_all(bed.mta, got, sizeof got);
    ck_assert_uint_eq(n, total);
    ck_assert_int_eq(memcmp(got, HEADER "\n", strlen(HEADER "\n")), 0);
    ck_assert_int_eq(memcmp(got + strlen(HEADER "\n"), part, sizeof part), 0);
    ck_assert_int_eq(memcmp(got + strlen(HEADER "\n") + sizeof part, more, rests[_i]), 0);
}
END_TEST

START_TEST(rest_of_a_file_fits)
{
    struct startup startup = just_now();
    const char *path = support_file("message", "part and the rest\n", 0600);
    struct bed bed;
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    begin_text(&bed, "part", false, 0);
    message.full = true;
    ck_assert_int_eq(dup2(fd, STDIN_FILENO), STDIN_FILENO);
    ck_assert_int_eq(lseek(fd, 4, SEEK_SET), 4);
    close(fd);
    ck_assert(!feed_fill(&bed.feed));
    ck_assert(feed_rest(&startup, &bed.feed));
    become_the_mta(&bed);
    arrives(&bed, HEADER "\npart and the rest\n");
}
END_TEST

/* All of it was read, but the pipe is small: then it is made larger. */
START_TEST(small_pipe_is_made_larger)
{
    static char part[20000], got[30000];
    struct startup startup = just_now();
    struct bed bed;

    memset(part, 'x', sizeof part);
    begin(&bed, part, sizeof part, true, 0);
    ck_assert_int_gt(fcntl(bed.feed.out, F_SETPIPE_SZ, 1), 0);
    ck_assert(!feed_fill(&bed.feed));
    ck_assert(feed_rest(&startup, &bed.feed));
    become_the_mta(&bed);
    ck_assert_uint_eq(support_read_all(bed.mta, got, sizeof got),
                      strlen(HEADER "\n") + sizeof part);
}
END_TEST

static const struct {
    const char *what;
    bool full, placed, socket, more, closed;
} left[] = {
    {"reading stopped for want of time", false, true, false, true, true},
    {"the place is not known", true, false, false, true, true},
    {"a socket", true, true, true, true, true},
    {"the caller keeps silent", true, true, false, false, false},
    {"the caller says something and keeps silent", true, true, false, true, false},
};

/* What is not moved is left for the feeder, and nothing of it is lost. */
START_TEST(rest_is_left)
{
    struct startup startup = just_now();
    char wanted[256];
    struct bed bed;
    int ends[2];

    begin_text(&bed, "To: a\n\n", false, left[_i].placed ? 0 : -1);
    message.full = left[_i].full;
    pipe_stdin(&bed);
    if (left[_i].socket) {
        ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
        ck_assert_int_eq(dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
        close(ends[0]);
        close(bed.stdin_writer);
        bed.stdin_writer = ends[1];
    }
    if (left[_i].more) {
        support_write_all(bed.stdin_writer, "more\n", 5);
    }
    if (left[_i].closed) {
        close(bed.stdin_writer);
    }
    feed_fill(&bed.feed);
    ck_assert_msg(!feed_rest(&startup, &bed.feed), "%s", left[_i].what);
    ck_assert_int_eq(bed.feed.error, 0);
    ck_assert(feeder_start(&bed.feed));
    become_the_mta(&bed);
    if (!left[_i].closed) {
        close(bed.stdin_writer);
    }
    snprintf(wanted, sizeof wanted, HEADER "\nTo: a\n\n%s", left[_i].more ? "more\n" : "");
    arrives(&bed, wanted);
}
END_TEST

/* More than the pipe can be made to hold. */
START_TEST(rest_does_not_fit)
{
    static char part[MESSAGE_PART_ENOUGH], more[2 * FEED_PIPE_MAX], got[3 * FEED_PIPE_MAX];
    struct startup startup = just_now();
    struct bed bed;
    pid_t writer;
    size_t n;

    for (size_t i = 0; i < sizeof more; i++) {
        more[i] = (char)(i * 2654435761u >> 11);
    }
    memset(part, 'p', sizeof part);
    begin(&bed, part, sizeof part, false, 0);
    message.full = true;
    pipe_stdin(&bed);
    writer = support_fork();
    if (writer == 0) {
        support_write_all(bed.stdin_writer, more, sizeof more);
        _exit(0);
    }
    close(bed.stdin_writer);
    ck_assert(!feed_fill(&bed.feed));
    ck_assert(!feed_rest(&startup, &bed.feed));
    ck_assert(feeder_start(&bed.feed));
    become_the_mta(&bed);
    n = support_read_all(bed.mta, got, sizeof got);
    ck_assert_uint_eq(n, strlen(HEADER "\n") + sizeof part + sizeof more);
    ck_assert_int_eq(memcmp(got + strlen(HEADER "\n") + sizeof part, more, sizeof more), 0);
    support_wait_ok(writer);
}
END_TEST

/* A user with too many pipes, or a sandbox, gets none larger; nothing is spliced then, and nothing
 * lost. */
START_TEST(no_larger_pipe)
{
    struct startup startup = just_now();
    struct bed bed;
    pid_t mta;
    char got[256];
    size_t n;

    begin_text(&bed, "To: a\n\n", false, 0);
    message.full = true;
    pipe_stdin(&bed);
    support_write_all(bed.stdin_writer, "more\n", 5);
    close(bed.stdin_writer);
    mta = support_fork();
    if (mta == 0) {
        _exit(!support_forbid(_i == 0 ? SYS_fcntl : SYS_splice, EPERM) || feed_fill(&bed.feed) ||
              feed_rest(&startup, &bed.feed) || !feeder_start(&bed.feed));
    }
    support_wait_ok(mta);
    become_the_mta(&bed);
    n = support_read_all(bed.mta, got, sizeof got);
    ck_assert_uint_eq(n, strlen(HEADER "\nTo: a\n\nmore\n"));
    ck_assert_int_eq(memcmp(got, HEADER "\nTo: a\n\nmore\n", n), 0);
}
END_TEST

/* A write that fails for another reason than a full pipe is told of. */
START_TEST(write_error)
{
    pid_t child = support_fork();

    if (child == 0) {
        struct startup startup = just_now();
        struct bed bed;

        begin_text(&bed, "To: a\n\n", true, 0);
        _exit(!support_forbid(SYS_writev, EIO) || feed_fill(&bed.feed) || bed.feed.error != EIO ||
              feed_rest(&startup, &bed.feed));
    }
    support_wait_ok(child);
}
END_TEST

/* --- the rest of the message --------------------------------------------------------------- */

START_TEST(rest_from_a_pipe)
{
    struct bed bed;

    begin_text(&bed, "To: a\n\n", false, 0);
    pipe_stdin(&bed);
    ck_assert(!feed_fill(&bed.feed));
    ck_assert(feeder_start(&bed.feed));
    become_the_mta(&bed);
    support_write_all(bed.stdin_writer, "one\n", 4);
    support_write_all(bed.stdin_writer, "two\n", 4);
    close(bed.stdin_writer);
    arrives(&bed, HEADER "\nTo: a\n\none\ntwo\n");
}
END_TEST

static const struct {
    const char *what;
    const char *part;
    const char *more[3];
    const char *pipe;
} unplaced[] = {
    {"nothing there yet", "", {"To: a\n", "\ntext\n", NULL}, HEADER "\nTo: a\n\ntext\n"},
    {"never comes", "", {NULL, NULL, NULL}, HEADER "\n"},
    {"half a From_ line", "From x", {" y\n", "To: a\n\n", NULL}, "From x y\n" HEADER "\nTo: a\n\n"},
    {"a From_ line and the end", "From x y\n", {NULL, NULL, NULL}, "From x y\n" HEADER "\n"},
    {"CRLF", "To: a", {"\r\n\r\n", NULL, NULL}, HEADER "\r\nTo: a\r\n\r\n"},
    {"no line end at all", "text", {NULL, NULL, NULL}, HEADER "\ntext"},
    {"a leading blank", "", {" x\n", NULL, NULL}, HEADER "\n\n x\n"},
};

/* What the time that is up left open, the feeder goes on with. */
START_TEST(place_not_known_yet)
{
    struct bed bed;

    begin_text(&bed, unplaced[_i].part, false, -1);
    pipe_stdin(&bed);
    ck_assert(!feed_fill(&bed.feed));
    ck_assert(feeder_start(&bed.feed));
    become_the_mta(&bed);
    for (int i = 0; unplaced[_i].more[i] != NULL; i++) {
        usleep(2000); /* so that the pieces mostly come one by one; either way is right */
        support_write_all(bed.stdin_writer, unplaced[_i].more[i], strlen(unplaced[_i].more[i]));
    }
    close(bed.stdin_writer);
    arrives(&bed, unplaced[_i].pipe);
}
END_TEST

/* A first line that fills the buffer: the place is on top then, and nothing is lost behind the
 * buffer. */
START_TEST(place_never_known)
{
    static char line[MESSAGE_PART_MAX + 5000], got[MESSAGE_PART_MAX + 6000];
    struct bed bed;
    size_t n;
    pid_t writer;

    memset(line, 'a', sizeof line);
    begin_text(&bed, "", false, -1);
    pipe_stdin(&bed);
    ck_assert(!feed_fill(&bed.feed));
    ck_assert(feeder_start(&bed.feed));
    writer = support_fork();
    if (writer == 0) {
        support_write_all(bed.stdin_writer, line, sizeof line);
        _exit(0);
    }
    close(bed.stdin_writer);
    become_the_mta(&bed);
    n = support_read_all(bed.mta, got, sizeof got);
    ck_assert_uint_eq(n, strlen(HEADER "\n") + sizeof line);
    ck_assert_int_eq(memcmp(got + strlen(HEADER "\n"), line, sizeof line), 0);
    support_wait_ok(writer);
}
END_TEST

/* --- much of it, from every kind of stdin, and with system calls forbidden ----------------- */

enum kind { FROM_PIPE, FROM_NONBLOCKING_PIPE, FROM_SOCKET, FROM_FILE, KINDS };

static const long forbidden[] = {0, SYS_splice, SYS_close_range, SYS_pidfd_open, SYS_chdir};

#define MUCH (3u << 20)
#define FORBIDDEN (int)(sizeof forbidden / sizeof forbidden[0])

static char byte_at(size_t i)
{
    return (char)(i * 2654435761u >> 13);
}

/* Writes MUCH bytes in pieces of odd sizes. */
static void write_much(int fd)
{
    static char block[70001];
    size_t at = 0;

    for (unsigned piece = 1; at < MUCH; piece = piece * 3 % 69997 + 1) {
        size_t n = piece < MUCH - at ? piece : MUCH - at;

        for (size_t i = 0; i < n; i++) {
            block[i] = byte_at(at + i);
        }
        support_write_all(fd, block, n);
        at += n;
    }
}

/* Gives stdin MUCH bytes; returns the writer, 0 if none is needed. */
static pid_t much_on_stdin(enum kind kind)
{
    int ends[2];
    pid_t writer;

    if (kind == FROM_FILE) {
        const char *path = support_path("much");

        ends[1] = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        write_much(ends[1]);
        ck_assert_int_eq(lseek(ends[1], 0, SEEK_SET), 0);
        ck_assert_int_eq(dup2(ends[1], STDIN_FILENO), STDIN_FILENO);
        close(ends[1]);
        return 0;
    }
    if (kind == FROM_SOCKET) {
        ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    } else {
        ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
    }
    ck_assert_int_eq(dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
    close(ends[0]);
    if (kind == FROM_NONBLOCKING_PIPE) {
        ck_assert_int_eq(fcntl(STDIN_FILENO, F_SETFL, O_NONBLOCK), 0);
    }
    writer = support_fork();
    if (writer == 0) {
        close(STDIN_FILENO);
        write_much(ends[1]);
        _exit(0);
    }
    close(ends[1]);
    return writer;
}

START_TEST(much)
{
    static char got[MUCH + 4096];
    const size_t front = strlen(HEADER "\nTo: a\n\n");
    enum kind kind = (enum kind)(_i % KINDS);
    long call = forbidden[_i / KINDS];
    struct bed bed;
    pid_t writer, starter;
    size_t n;

    begin_text(&bed, "To: a\n\n", false, 0);
    writer = much_on_stdin(kind);
    ck_assert(!feed_fill(&bed.feed));
    starter = support_fork(); /* a filter is for ever, and inherited by the feeder */
    if (starter == 0) {
        _exit((call != 0 && !support_forbid(call, EPERM)) || !feeder_start(&bed.feed));
    }
    support_wait_ok(starter);
    become_the_mta(&bed);
    n = support_read_all(bed.mta, got, sizeof got);
    ck_assert_uint_eq(n, front + MUCH);
    ck_assert_int_eq(memcmp(got, HEADER "\nTo: a\n\n", front), 0);
    n = 0;
    while (n < MUCH && got[front + n] == byte_at(n)) {
        n++;
    }
    ck_assert_uint_eq(n, MUCH);
    if (writer != 0) {
        support_wait_ok(writer);
    }
}
END_TEST

/* --- the process itself -------------------------------------------------------------------- */

/* The feeder of this bed: the process whose stdin is the pipe that only we write to. */
static pid_t find_feeder(const struct bed *bed)
{
    struct stat ours, its;
    struct dirent *entry;
    DIR *proc = opendir("/proc");
    pid_t found = 0;
    char path[300];

    ck_assert_int_eq(fstat(bed->stdin_writer, &ours), 0);
    ck_assert_ptr_nonnull(proc);
    while ((entry = readdir(proc)) != NULL) {
        snprintf(path, sizeof path, "/proc/%s/fd/0", entry->d_name);
        if (isdigit((unsigned char)entry->d_name[0]) && atoi(entry->d_name) != getpid() &&
            stat(path, &its) == 0 && its.st_dev == ours.st_dev && its.st_ino == ours.st_ino) {
            found = atoi(entry->d_name);
        }
    }
    closedir(proc);
    return found;
}

/* The value of a line of /proc/PID/status, in base 16 or 10. */
static unsigned long long status_of(pid_t pid, const char *key, int base)
{
    char path[64];
    const char *at;

    snprintf(path, sizeof path, "/proc/%ld/status", (long)pid);
    at = strstr(support_read_file(path, NULL), key);
    ck_assert_ptr_nonnull(at);
    return strtoull(at + strlen(key), NULL, base);
}

static void start_with_open_stdin(struct bed *bed)
{
    begin_text(bed, "To: a\n\n", false, 0);
    pipe_stdin(bed);
    ck_assert(!feed_fill(&bed->feed));
    ck_assert(feeder_start(&bed->feed));
}

START_TEST(nobodys_child)
{
    struct bed bed;

    block_sigchld();
    start_with_open_stdin(&bed);
    no_trace_of_a_child();
    become_the_mta(&bed);
    close(bed.stdin_writer);
    arrives(&bed, HEADER "\nTo: a\n\n");
    no_trace_of_a_child();
}
END_TEST

/* Whatever the caller left in SIGCHLD. */
START_TEST(children_are_ignored)
{
    struct sigaction actions[2] = {{.sa_handler = SIG_IGN},
                                   {.sa_handler = SIG_DFL, .sa_flags = SA_NOCLDWAIT}};
    struct sigaction now;
    struct bed bed;

    sigaction(SIGCHLD, &actions[_i], NULL);
    start_with_open_stdin(&bed);
    no_trace_of_a_child();
    sigaction(SIGCHLD, NULL, &now);
    ck_assert_ptr_eq(now.sa_handler, actions[_i].sa_handler);
    become_the_mta(&bed);
    close(bed.stdin_writer);
    arrives(&bed, HEADER "\nTo: a\n\n");
    no_trace_of_a_child();
}
END_TEST

/* A caller that reaps orphans and then ran us in its own place: the feeder must not become ours,
 * which is the MTA's. */
START_TEST(child_subreaper)
{
    struct bed bed;
    int still = 0;

    block_sigchld();
    ck_assert_int_eq(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), 0);
    start_with_open_stdin(&bed);
    no_trace_of_a_child();
    become_the_mta(&bed);
    close(bed.stdin_writer);
    arrives(&bed, HEADER "\nTo: a\n\n");
    no_trace_of_a_child();
    ck_assert_int_eq(prctl(PR_GET_CHILD_SUBREAPER, &still, 0, 0, 0), 0);
    ck_assert_int_eq(still, 1);
}
END_TEST

/* Callers wait for the end of file on our stdout and stderr, and on pipes that they forgot to
 * close. */
START_TEST(holds_nothing_of_the_callers)
{
    struct bed bed;
    int ends[2];
    char byte;

    ck_assert_int_eq(pipe2(ends, 0), 0);
    ck_assert_int_eq(dup2(ends[1], STDERR_FILENO), STDERR_FILENO);
    ck_assert_int_eq(dup2(ends[1], STDOUT_FILENO), STDOUT_FILENO);
    ck_assert_int_eq(dup2(ends[1], 900), 900);
    start_with_open_stdin(&bed);
    close(ends[1]);
    close(STDERR_FILENO);
    close(STDOUT_FILENO);
    close(900);
    ck_assert_int_eq(read(ends[0], &byte, 1), 0); /* would block if the feeder had one */
    become_the_mta(&bed);
    support_write_all(bed.stdin_writer, "still here\n", 11);
    close(bed.stdin_writer);
    arrives(&bed, HEADER "\nTo: a\n\nstill here\n");
}
END_TEST

START_TEST(directory_and_signals)
{
    struct bed bed;
    char path[64], cwd[256];
    unsigned count = 0;
    unsigned long long blocked;
    pid_t feeder;
    ssize_t n;

    ck_assert_int_eq(chdir(support_dir()), 0);
    start_with_open_stdin(&bed);
    become_the_mta(&bed);
    while ((feeder = find_feeder(&bed)) == 0) {
        support_pause(&count);
    }
    snprintf(path, sizeof path, "/proc/%ld/cwd", (long)feeder);
    do { /* it may be on its way */
        n = readlink(path, cwd, sizeof cwd - 1);
        ck_assert_int_gt(n, 0);
        cwd[n] = '\0';
        support_pause(&count);
    } while (strcmp(cwd, "/") != 0);
    blocked = status_of(feeder, "SigBlk:\t", 16);
    for (int number = 1; number < 32; number++) {
        bool may_be_blocked = number != SIGKILL && number != SIGSTOP;
        bool job_control = number == SIGTSTP || number == SIGTTIN || number == SIGTTOU;

        ck_assert_int_eq(blocked >> (number - 1) & 1, may_be_blocked && !job_control);
    }
    ck_assert_int_ne((pid_t)status_of(feeder, "PPid:\t", 10), getpid());
    ck_assert_int_eq(kill(feeder, SIGTERM),
                     0); /* as somebody would who ends everything of the caller's */
    support_write_all(bed.stdin_writer, "all the same\n", 13);
    close(bed.stdin_writer);
    arrives(&bed, HEADER "\nTo: a\n\nall the same\n");
}
END_TEST

/* The MTA is through with it while the caller keeps stdin open and says nothing. */
START_TEST(gone_when_nobody_reads)
{
    struct bed bed;

    start_with_open_stdin(&bed);
    become_the_mta(&bed);
    close(bed.mta);
    wait_until_gone(&bed);
}
END_TEST

/* The same while it waits for room. */
START_TEST(gone_when_nobody_reads_a_full_pipe)
{
    static char part[MESSAGE_PART_MAX];
    struct bed bed;

    memset(part, 'x', sizeof part);
    begin(&bed, part, sizeof part, false, 0);
    pipe_stdin(&bed);
    ck_assert_int_gt(fcntl(bed.feed.out, F_SETPIPE_SZ, 1), 0);
    ck_assert(!feed_fill(&bed.feed));
    ck_assert(feeder_start(&bed.feed));
    become_the_mta(&bed);
    close(bed.mta);
    wait_until_gone(&bed);
}
END_TEST

START_TEST(gone_when_nobody_reads_and_no_place)
{
    struct bed bed;

    begin_text(&bed, "", false, -1);
    pipe_stdin(&bed);
    ck_assert(feeder_start(&bed.feed));
    become_the_mta(&bed);
    close(bed.mta);
    wait_until_gone(&bed);
}
END_TEST

/* CPU time in clock ticks: proc(5), fields 14 and 15. */
static unsigned long ticks_of(pid_t pid)
{
    char path[64];
    unsigned long user = 0, kernel = 0;

    snprintf(path, sizeof path, "/proc/%ld/stat", (long)pid);
    ck_assert_int_eq(sscanf(strrchr(support_read_file(path, NULL), ')') + 1,
                            " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &kernel),
                     2);
    return user + kernel;
}

/*
 * A slow MTA and a caller with much to say must not make the feeder spin. Sleeping is seen as: in
 * the time in which this process has waited 100 times, the feeder has used less than a tenth of
 * that.
 */
START_TEST(no_work_while_the_mta_is_slow)
{
    static char part[MESSAGE_PART_MAX];
    struct timespec before, after;
    struct bed bed;
    unsigned count = 0;
    unsigned long ticks;
    pid_t feeder;
    int writer_flags;
    long waited;

    memset(part, 'x', sizeof part);
    begin(&bed, part, 100, false, 0);
    pipe_stdin(&bed);
    if (_i == 1) {
        ck_assert_int_eq(fcntl(STDIN_FILENO, F_SETFL, O_NONBLOCK), 0);
    }
    ck_assert(!feed_fill(&bed.feed));
    ck_assert(feeder_start(&bed.feed));
    become_the_mta(&bed);
    writer_flags = fcntl(bed.stdin_writer, F_GETFL);
    ck_assert_int_eq(fcntl(bed.stdin_writer, F_SETFL, writer_flags | O_NONBLOCK), 0);
    while (write(bed.stdin_writer, part, sizeof part) > 0) { /* both pipes, to the brim */
        support_pause(&count);
    }
    while ((feeder = find_feeder(&bed)) == 0) {
        support_pause(&count);
    }
    clock_gettime(CLOCK_MONOTONIC, &before);
    ticks = ticks_of(feeder);
    for (int i = 0; i < 100; i++) {
        support_pause(&count);
    }
    ticks = ticks_of(feeder) - ticks;
    clock_gettime(CLOCK_MONOTONIC, &after);
    waited = (after.tv_sec - before.tv_sec) * 1000 + (after.tv_nsec - before.tv_nsec) / 1000000;
    ck_assert_uint_lt(ticks * 1000 / (unsigned long)sysconf(_SC_CLK_TCK),
                      (unsigned long)waited / 10);
    close(bed.mta);
    wait_until_gone(&bed);
}
END_TEST

/* --- stdin that fails ---------------------------------------------------------------------- */

/* The MTA of such a call: reads on until it is ended; 3 if it sees the end of the message instead.
 */
static _Noreturn void mta_run(struct bed *bed)
{
    char buf[4096];

    become_the_mta(bed);
    while (read(bed->mta, buf, sizeof buf) > 0) {
    }
    _exit(3);
}

/* check(3) leaves a handler of its own, which would end the test. */
static void default_sigterm(void)
{
    signal(SIGTERM, SIG_DFL);
}

static void is_ended(pid_t mta)
{
    int status = 0;

    ck_assert_int_eq(waitpid(mta, &status, 0), mta);
    ck_assert_msg(WIFSIGNALED(status), "exit status %d: it was given an end of the message",
                  WEXITSTATUS(status));
    ck_assert_int_eq(WTERMSIG(status), SIGTERM);
}

/* End of file would mean "send it", so the MTA is ended before it sees one. */
START_TEST(read_error)
{
    static const bool placed[] = {true, false};
    pid_t mta;

    default_sigterm();
    for (size_t i = 0; i < 2; i++) {
        mta = support_fork();
        if (mta == 0) {
            struct bed bed;
            int directory = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC); /* read(2): EISDIR */

            begin_text(&bed, placed[i] ? "To: a\n\n" : "From", false, placed[i] ? 0 : -1);
            dup2(directory, STDIN_FILENO);
            if (feed_fill(&bed.feed) || !feeder_start(&bed.feed)) {
                _exit(4);
            }
            mta_run(&bed);
        }
        is_ended(mta);
    }
}
END_TEST

/* Without a pidfd too. */
START_TEST(read_error_on_an_old_kernel)
{
    pid_t mta;

    default_sigterm();
    mta = support_fork();
    if (mta == 0) {
        struct bed bed;
        int directory = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        begin_text(&bed, "To: a\n\n", false, 0);
        dup2(directory, STDIN_FILENO);
        if (!support_forbid(SYS_pidfd_open, ENOSYS) || feed_fill(&bed.feed) ||
            !feeder_start(&bed.feed)) {
            _exit(4);
        }
        mta_run(&bed);
    }
    is_ended(mta);
}
END_TEST

/* The same when the pipe cannot be written, for another reason than that nobody reads it. */
START_TEST(write_error_later)
{
    static const long calls[] = {SYS_write, SYS_writev};
    pid_t mta;

    default_sigterm();
    mta = support_fork();
    if (mta == 0) {
        struct bed bed;
        int ends[2];

        begin_text(&bed, "To: a\n\n", false, 0);
        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0 ||
            dup2(ends[0], STDIN_FILENO) != STDIN_FILENO) {
            _exit(4);
        }
        support_write_all(ends[1], "more\n", 5);
        shutdown(ends[1], SHUT_WR);
        if (!support_forbid(calls[_i], EIO) || !feeder_start(&bed.feed)) {
            _exit(4);
        }
        mta_run(&bed);
    }
    is_ended(mta);
}
END_TEST

/* A socket tells of its error once; the next read says end of file. */
START_TEST(connection_reset)
{
    struct sockaddr_storage address;
    struct linger reset = {1, 0};
    socklen_t len = sizeof address;
    int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), end;
    pid_t mta;

    if (listen(server, 1) != 0 || getsockname(server, (struct sockaddr *)&address, &len) != 0 ||
        connect(client, (struct sockaddr *)&address, len) != 0) {
        SKIP("no loopback network");
    }
    end = accept(server, NULL, NULL);
    default_sigterm();
    mta = support_fork();
    if (mta == 0) {
        struct bed bed;

        close(client);
        begin_text(&bed, "To: a\n\n", false, 0);
        dup2(end, STDIN_FILENO);
        close(end);
        if (feed_fill(&bed.feed) || !feeder_start(&bed.feed)) {
            _exit(4);
        }
        mta_run(&bed);
    }
    close(end);
    support_write_all(client, "text\n", 5);
    ck_assert_int_eq(setsockopt(client, SOL_SOCKET, SO_LINGER, &reset, sizeof reset), 0);
    close(client);
    is_ended(mta);
}
END_TEST

/* --- no process to be had ------------------------------------------------------------------ */

START_TEST(fork_forbidden)
{
    pid_t child = support_fork();

    if (child == 0) {
        struct bed bed;

        begin_text(&bed, "To: a\n\n", false, 0);
        pipe_stdin(&bed);
        feed_fill(&bed.feed);
        _exit(!support_forbid(SYS_clone, EAGAIN) || feeder_start(&bed.feed) || errno != EAGAIN);
    }
    support_wait_ok(child);
}
END_TEST

/* The first one is had, the second is not. */
START_TEST(process_limit)
{
    pid_t child = support_fork();

    if (child == 0) {
        struct rlimit two = {2, 2};
        struct bed bed;
        bool started;

        begin_text(&bed, "To: a\n\n", false, 0);
        pipe_stdin(&bed);
        feed_fill(&bed.feed);
        if (getuid() == 0 && setresuid(NOBODY - 1, NOBODY - 1, NOBODY - 1) != 0) {
            _exit(1);
        }
        setrlimit(RLIMIT_NPROC, &two);
        started = feeder_start(&bed.feed);
        _exit(started || errno != EAGAIN || waitpid(-1, NULL, WNOHANG | __WALL) != -1);
    }
    support_wait_ok(child);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("feeder");
    TCase *tc = tcase_create("feeder");

    tcase_set_timeout(tc, 120);
    tcase_add_unchecked_fixture(tc, support_begin, support_end);
    tcase_add_loop_test(tc, fits, 0, sizeof fills / sizeof fills[0]);
    tcase_add_test(tc, not_all_of_it);
    tcase_add_test(tc, small_pipe);
    tcase_add_test(tc, nobody_reads);
    tcase_add_loop_test(tc, rest_fits, 0, sizeof rests / sizeof rests[0]);
    tcase_add_test(tc, rest_of_a_file_fits);
    tcase_add_test(tc, small_pipe_is_made_larger);
    tcase_add_loop_test(tc, rest_is_left, 0, sizeof left / sizeof left[0]);
    tcase_add_test(tc, rest_does_not_fit);
    tcase_add_loop_test(tc, no_larger_pipe, 0, 2);
    tcase_add_test(tc, write_error);
    tcase_add_test(tc, rest_from_a_pipe);
    tcase_add_loop_test(tc, place_not_known_yet, 0, sizeof unplaced / sizeof unplaced[0]);
    tcase_add_test(tc, place_never_known);
    tcase_add_loop_test(tc, much, 0, KINDS * FORBIDDEN);
    tcase_add_test(tc, nobodys_child);
    tcase_add_loop_test(tc, children_are_ignored, 0, 2);
    tcase_add_test(tc, child_subreaper);
    tcase_add_test(tc, holds_nothing_of_the_callers);
    tcase_add_test(tc, directory_and_signals);
    tcase_add_test(tc, gone_when_nobody_reads);
    tcase_add_test(tc, gone_when_nobody_reads_a_full_pipe);
    tcase_add_test(tc, gone_when_nobody_reads_and_no_place);
    tcase_add_loop_test(tc, no_work_while_the_mta_is_slow, 0, 2);
    tcase_add_test(tc, read_error);
    tcase_add_test(tc, read_error_on_an_old_kernel);
    tcase_add_loop_test(tc, write_error_later, 0, 2);
    tcase_add_test(tc, connection_reset);
    tcase_add_test(tc, fork_forbidden);
    tcase_add_test(tc, process_limit);
    suite_add_tcase(suite, tc);
    return support_run(suite);
}
