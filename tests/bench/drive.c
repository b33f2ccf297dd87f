/*
 * drive.c - measures commands side by side.
 *
 * Every round runs each command once, in a fresh random order, so that whatever the machine does in
 * the meantime hits all of them alike; the ratio of two commands is taken within a round and the
 * median of those is reported, with a bootstrap interval. All calls are made as an unprivileged
 * user. Nothing here is hostile. A command that fails (or dies) is an error of the whole run: a
 * time is only worth something if the call did its work.
 */
#include "caller.h"
#include "dialogue.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <grp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "stats.h"

enum { MAX_COMMANDS = 40, PIECES = 3, PIPE_CAPACITY = 65536 };

enum feed { FEED_FILE, FEED_PIPE, FEED_SLOW, FEED_SMTP };

struct command {
    const char *label;
    char **argv;
    double *wall; /* microseconds, one per round */
    double *cpu;  /* user + system of the process that was waited for and of what it waited for */
};

struct options {
    enum feed feed;
    const char *message; /* file with the bytes for stdin */
    char *bytes;
    size_t size;
    int rounds;
    int warmup;
    int cpu;
    long piece_delay_us;
    long pause_us; /* before each call, so that a daemon's work for the last one is over */
    long uid;
    long gid;
    const char *recipient; /* FEED_SMTP */
    int output;            /* stdout of the commands */
};

static double now_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

/* --- feeding stdin --- */

struct writer {
    const struct options *options;
    int fd;
};

static void *writer_run(void *argument)
{
    const struct writer *writer = argument;
    const struct options *options = writer->options;

    if (options->feed == FEED_SLOW) {
        size_t piece = options->size / PIECES + 1;
        struct timespec pause = {.tv_sec = 0, .tv_nsec = options->piece_delay_us * 1000};

        for (size_t at = 0; at < options->size; at += piece) {
            size_t left = options->size - at;

            nanosleep(&pause, NULL);
            write_all(writer->fd, options->bytes + at, left < piece ? left : piece);
        }
    } else {
        write_all(writer->fd, options->bytes, options->size);
    }
    close(writer->fd);
    return NULL;
}

/* --- one call --- */

/* The stdin of one call, and who writes to it. */
struct input {
    int fd;
    struct writer writer;
    pthread_t thread;
    bool threaded;
};

static void input_open(const struct options *options, struct input *input)
{
    int ends[2];

    input->threaded = false;
    if (options->feed == FEED_FILE) {
        input->fd = open(options->message, O_RDONLY | O_CLOEXEC);
        if (input->fd < 0)
            die(options->message);
        return;
    }
    if (pipe2(ends, O_CLOEXEC) < 0)
        die("pipe");
    input->fd = ends[0];
    input->writer = (struct writer){.options = options, .fd = ends[1]};
    if (options->feed == FEED_PIPE && options->size <= PIPE_CAPACITY) {
        writer_run(&input->writer); /* written at once, before the call */
        return;
    }
    if (pthread_create(&input->thread, NULL, writer_run, &input->writer) != 0)
        die("pthread_create");
    input->threaded = true;
}

/* The end of a call, and what it cost since start. Returns its wait status. */
static int wait_for(pid_t pid, double start, struct command *command, int round)
{
    struct rusage usage;
    int status;

    while (wait4(pid, &status, 0, &usage) < 0)
        if (errno != EINTR)
            die("wait4");
    if (round >= 0) {
        command->wall[round] = now_us() - start;
        command->cpu[round] = (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e6 +
                              (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
    }
    return status;
}

static int run_dialogue(const struct options *options, struct command *command, int round)
{
    int to[2], from[2], status;
    double start;
    bool accepted;
    pid_t pid;

    if (pipe2(to, O_CLOEXEC) < 0 || pipe2(from, O_CLOEXEC) < 0)
        die("pipe");
    start = now_us();
    pid = spawn(command->argv, to[0], from[1]);
    close(to[0]);
    close(from[1]);
    accepted =
        dialogue_run(to[1], from[0], "<>", options->recipient, options->bytes, options->size);
    status = wait_for(pid, start, command, round);
    close(to[1]);
    close(from[0]);
    return accepted ? status : -1;
}

static int run_submission(const struct options *options, struct command *command, int round)
{
    struct input input;
    double start;
    int status;
    pid_t pid;

    input_open(options, &input);
    start = now_us();
    pid = spawn(command->argv, input.fd, options->output);
    close(input.fd);
    status = wait_for(pid, start, command, round);
    if (input.threaded)
        pthread_join(input.thread, NULL);
    return status;
}

static void run_once(const struct options *options, struct command *command, int round)
{
    int status;

    if (options->pause_us > 0)
        usleep((useconds_t)options->pause_us);
    status = options->feed == FEED_SMTP ? run_dialogue(options, command, round)
                                        : run_submission(options, command, round);
    if (status != 0) {
        fprintf(stderr, "drive: %s: wait status %#x\n", command->label, (unsigned)status);
        exit(2);
    }
}

/* --- the table ----------------------------------------------------------------------------- */

/* One line per command; every ratio is against the first one. */
static void report(const struct options *options, const struct command *commands, int count)
{
    double *ratios = calloc((size_t)options->rounds, sizeof(*ratios));
    double *scratch = calloc((size_t)options->rounds, sizeof(*scratch));

    if (!ratios || !scratch)
        die("calloc");
    printf("#label\tmedian_us\tq1_us\tq3_us\tratio\tratio_low\tratio_high\tadded_us\tcpu_us\n");
    for (int c = 0; c < count; c++) {
        const struct command *command = &commands[c];
        double cpu = 0;
        double low;
        double high;
        double added;

        for (int r = 0; r < options->rounds; r++) {
            ratios[r] = command->wall[r] - commands[0].wall[r];
            cpu += command->cpu[r] / options->rounds;
        }
        added = stats_quantile(ratios, options->rounds, 0.5, scratch);
        for (int r = 0; r < options->rounds; r++)
            ratios[r] = command->wall[r] / commands[0].wall[r];
        stats_median_interval(ratios, options->rounds, &low, &high);
        printf("%s\t%.1f\t%.1f\t%.1f\t%.4f\t%.4f\t%.4f\t%.1f\t%.1f\n", command->label,
               stats_quantile(command->wall, options->rounds, 0.5, scratch),
               stats_quantile(command->wall, options->rounds, 0.25, scratch),
               stats_quantile(command->wall, options->rounds, 0.75, scratch),
               stats_quantile(ratios, options->rounds, 0.5, scratch), low, high, added, cpu);
    }
    free(scratch);
    free(ratios);
}

/* --- set-up --- */

static void usage(void)
{
    fprintf(stderr,
            "usage: drive [-f file|pipe|slow|smtp] [-m MESSAGE] [-n ROUNDS] [-w WARMUP] [-c CPU]"
            " [-d PIECE_US]\n             [-p PAUSE_US] [-u UID] [-g GID] [-r RECIPIENT] LABEL "
            "COMMAND [ARG...]"
            " [++ LABEL COMMAND [ARG...]]...\n");
    exit(2);
}

static long number(const char *text)
{
    char *end;
    long value = strtol(text, &end, 10);

    if (*text == '\0' || *end != '\0' || value < 0)
        usage();
    return value;
}

static enum feed feed_parse(const char *text)
{
    if (strcmp(text, "file") == 0)
        return FEED_FILE;
    if (strcmp(text, "pipe") == 0)
        return FEED_PIPE;
    if (strcmp(text, "slow") == 0)
        return FEED_SLOW;
    if (strcmp(text, "smtp") == 0)
        return FEED_SMTP;
    usage();
    return FEED_FILE;
}

static void message_load(struct options *options)
{
    int fd = open(options->message, O_RDONLY | O_CLOEXEC);
    off_t size = fd < 0 ? -1 : lseek(fd, 0, SEEK_END);

    if (size < 0)
        die(options->message);
    options->size = (size_t)size;
    options->bytes = malloc(options->size + 1);
    if (!options->bytes || pread(fd, options->bytes, options->size, 0) != size)
        die(options->message);
    close(fd);
}

/* The calls of one command on one processor: a migration between the two is the largest noise. */
static void pin(int cpu)
{
    cpu_set_t set;

    if (cpu < 0)
        return;
    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    if (sched_setaffinity(0, sizeof(set), &set) < 0)
        die("sched_setaffinity");
}

static void drop(const struct options *options)
{
    gid_t gid = (gid_t)options->gid;
    uid_t uid = (uid_t)options->uid;

    if (geteuid() != 0 || options->uid == 0)
        return;
    if (setgroups(0, NULL) < 0 || setresgid(gid, gid, gid) < 0 || setresuid(uid, uid, uid) < 0)
        die("dropping privileges");
}

static int commands_parse(char **argv, struct command *commands, int rounds)
{
    int count = 0;

    while (*argv) {
        struct command *command = &commands[count];

        if (count == MAX_COMMANDS || !argv[1])
            usage();
        command->label = argv[0];
        command->argv = ++argv;
        command->wall = calloc((size_t)rounds, sizeof(double));
        command->cpu = calloc((size_t)rounds, sizeof(double));
        if (!command->wall || !command->cpu)
            die("calloc");
        count++;
        while (*argv && strcmp(*argv, "++") != 0)
            argv++;
        if (*argv)
            *argv++ = NULL;
    }
    return count;
}

static void shuffle(int *order, int count, uint64_t *state)
{
    for (int i = count - 1; i > 0; i--) {
        int j = (int)(stats_random(state) % (uint64_t)(i + 1));
        int swap = order[i];

        order[i] = order[j];
        order[j] = swap;
    }
}

static struct options options_parse(int argc, char **argv)
{
    struct options options = {.feed = FEED_FILE,
                              .message = "/dev/null",
                              .rounds = 200,
                              .warmup = 5,
                              .cpu = -1,
                              .piece_delay_us = 1000,
                              .uid = 65534,
                              .gid = 65534,
                              .recipient = "<postmaster>"};
    int option;

    while ((option = getopt(argc, argv, "+f:m:n:w:c:d:p:u:g:r:")) != -1) {
        switch (option) {
        case 'f':
            options.feed = feed_parse(optarg);
            break;
        case 'm':
            options.message = optarg;
            break;
        case 'n':
            options.rounds = (int)number(optarg);
            break;
        case 'w':
            options.warmup = (int)number(optarg);
            break;
        case 'c':
            options.cpu = (int)number(optarg);
            break;
        case 'd':
            options.piece_delay_us = number(optarg);
            break;
        case 'p':
            options.pause_us = number(optarg);
            break;
        case 'u':
            options.uid = number(optarg);
            break;
        case 'g':
            options.gid = number(optarg);
            break;
        case 'r':
            options.recipient = optarg;
            break;
        default:
            usage();
        }
    }
    if (options.rounds < 1 || !argv[optind])
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
    struct command commands[MAX_COMMANDS] = {0};
    int order[MAX_COMMANDS];
    uint64_t state = (uint64_t)now_us() | 1;
    int count = commands_parse(argv + optind, commands, options.rounds);

    signal(SIGPIPE, pipe_broken);
    message_load(&options);
    options.output = open("/dev/null", O_WRONLY | O_CLOEXEC);
    pin(options.cpu);
    drop(&options);

    for (int i = 0; i < count; i++)
        order[i] = i;
    for (int round = -options.warmup; round < options.rounds; round++) {
        shuffle(order, count, &state);
        for (int i = 0; i < count; i++)
            run_once(&options, &commands[order[i]], round);
    }
    report(&options, commands, count);
    return 0;
}
