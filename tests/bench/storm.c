/*
 * storm.c - many callers that submit messages at the same time, each message numbered.
 *
 * Every caller is a process that calls the command again and again, one call after the other,
 * without pause. The message is given as a file, as a pipe written before the call, or as a pipe
 * written during it; one in 40 is longer than a pipe usually holds, and one is longer than any that
 * the wrapper makes, so that its feeder is needed. One line a call goes to standard output:
 *
 *     NUMBER@CALLER STATUS UID PID HASH
 *
 * STATUS is what a shell would say (127: the command could not be run), HASH that of the message,
 * as sink-mta.c reckons it. Nothing here is hostile. Failed calls are counted by whoever reads the
 * lines; an exit status other than 0 means that the storm itself did not work.
 */
#include "caller.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hash.h"

enum { SMALL = 3000, MIDDLE = 90000, LARGE = 400000, PIPE_SURE = 4096 };

struct options {
    int callers;
    int calls;        /* of each caller; 0: until the stop file exists */
    const char *stop; /* looked for after each call */
    const char *to;   /* address for the To field */
    uid_t uid;
    bool same_uid; /* else caller N has uid + N */
    char **command;
};

/* Fills the buffer with message `number` of `caller`; returns its length, which is `size` or a
 * little less. */
static size_t compose(char *buffer, size_t size, const char *to, int caller, int number)
{
    size_t length =
        (size_t)snprintf(buffer, size,
                         "From: caller%d@example.test\nTo: %s\nSubject: message %d of %d\n"
                         "Message-ID: <%d@%d>\n\n",
                         caller, to, number, caller, number, caller);

    for (int line = 0; length + 80 < size; line++)
        length += (size_t)snprintf(buffer + length, size - length, "%06d %06d %06d %s\n", caller,
                                   number, line, "the quick brown fox jumps over the lazy dog");
    return length;
}

static int input_file(const char *bytes, size_t size)
{
    int fd = memfd_create("message", MFD_CLOEXEC);

    if (fd < 0 || !write_all(fd, bytes, size) || lseek(fd, 0, SEEK_SET) != 0)
        die("memfd");
    return fd;
}

/* One call; returns the shell's idea of its status. */
static int submit(const struct options *options, int number, const char *bytes, size_t size,
                  int null, pid_t *ret_pid)
{
    int ends[2] = {-1, -1};
    int status;
    pid_t pid;

    if (number % 3 == 0) {
        ends[0] = input_file(bytes, size);
    } else if (pipe2(ends, O_CLOEXEC) < 0) {
        die("pipe");
    } else if (number % 3 == 1 && size <= PIPE_SURE) {
        write_all(ends[1], bytes, size);
        close(ends[1]);
        ends[1] = -1;
    }
    pid = spawn(options->command, ends[0], null);
    close(ends[0]);
    if (ends[1] >= 0) {
        write_all(ends[1], bytes, size);
        close(ends[1]);
    }
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            die("waitpid");
    *ret_pid = pid;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void caller_run(const struct options *options, int caller)
{
    static char bytes[LARGE];
    uid_t uid = options->same_uid ? options->uid : options->uid + (uid_t)caller;
    int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    gid_t gid = (gid_t)uid;

    if (null < 0)
        die("/dev/null");
    if (setgroups(0, NULL) < 0 || setresgid(gid, gid, gid) < 0 || setresuid(uid, uid, uid) < 0)
        die("dropping privileges");
    for (int number = 1; options->calls == 0 || number <= options->calls; number++) {
        size_t room = number % 40 == 0 ? LARGE : number % 40 == 20 ? MIDDLE : SMALL;
        size_t size = compose(bytes, room, options->to, caller, number);
        char line[128];
        pid_t pid;
        int status = submit(options, number, bytes, size, null, &pid);
        int length =
            snprintf(line, sizeof(line), "%d@%d %d %d %d %016llx\n", number, caller, status,
                     (int)uid, (int)pid, (unsigned long long)hash_bytes(HASH_START, bytes, size));

        if (!write_all(1, line, (size_t)length))
            die("standard output");
        if (options->stop && access(options->stop, F_OK) == 0)
            break;
    }
    _exit(0);
}

static void usage(void)
{
    fprintf(stderr,
            "usage: storm [-j CALLERS] [-n CALLS | -s STOPFILE] [-t ADDRESS] [-u UID | -U UID]"
            " COMMAND [ARG...]\n"
            "  -u: caller N has uid UID + N; -U: all have this one\n");
    exit(2);
}

static int number(const char *text)
{
    char *end;
    long value = strtol(text, &end, 10);

    if (*text == '\0' || *end != '\0' || value < 0 || value > 100000000)
        usage();
    return (int)value;
}

static struct options options_parse(int argc, char **argv)
{
    struct options options = {.callers = 2, .to = "alice", .uid = 20000};
    int option;

    while ((option = getopt(argc, argv, "+j:n:s:t:u:U:")) != -1) {
        switch (option) {
        case 'j':
            options.callers = number(optarg);
            break;
        case 'n':
            options.calls = number(optarg);
            break;
        case 's':
            options.stop = optarg;
            break;
        case 't':
            options.to = optarg;
            break;
        case 'u':
            options.uid = (uid_t)number(optarg);
            break;
        case 'U':
            options.uid = (uid_t)number(optarg);
            options.same_uid = true;
            break;
        default:
            usage();
        }
    }
    options.command = argv + optind;
    if (!options.command[0] || (options.calls == 0) == !options.stop)
        usage();
    return options;
}

/* A write then fails with EPIPE. A handler and not SIG_IGN, which the commands would inherit. */
static void pipe_broken(int signal)
{
    (void)signal;
}

int main(int argc, char **argv)
{
    struct options options = options_parse(argc, argv);
    int failed = 0;
    int status;

    signal(SIGPIPE, pipe_broken);
    for (int caller = 0; caller < options.callers; caller++) {
        pid_t pid = fork();

        if (pid < 0)
            die("fork");
        if (pid == 0)
            caller_run(&options, caller);
    }
    while (wait(&status) > 0)
        failed |= status;
    return failed != 0 ? 2 : 0;
}
