/*
 * mailorigin - from "the queue is full of spam" to the script, the HTTP request and the attacker.
 * See mailorigin(8).
 *
 * The admin who calls it is trusted; everything that it reads was written by somebody who may not
 * be: log lines, queue files, process names. So each command opens what it needs, gives up root
 * where nothing later needs it (confine.h), and only then parses; and nothing foreign is printed
 * unescaped (out.h). This file is the table of commands.
 */
#include "command.h"
#include "out.h"
#include "paths.h"

#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define FILES 16384 /* open at a time */

const struct command *const commands[] = {
    &command_top,    &command_log,   &command_show,       &command_trace,
    &command_web,    &command_queue, &command_hold,       &command_release,
    &command_drop,   &command_undo,  &command_clients,    &command_direct,
    &command_report, &command_check, &command_completion, NULL,
};

#define COMMANDS (sizeof commands / sizeof commands[0] - 1)

static const struct command *find(const char *name)
{
    for (size_t i = 0; i < COMMANDS; i++) {
        if (strcmp(commands[i]->name, name) == 0) {
            return commands[i];
        }
    }
    return NULL;
}

static void usage(FILE *to)
{
    (void)fputs("usage: mailorigin COMMAND [options]\n"
                "Who sends the mail: from sendmail-wrapper's log, the mail queue and the web "
                "server's log to the script.\n\n",
                to);
    for (size_t i = 0; i < COMMANDS; i++) {
        if (commands[i] != &command_completion) {
            (void)fprintf(to, "  %-9s %s\n", commands[i]->name, commands[i]->summary);
        }
    }
    (void)fputs("\nmailorigin COMMAND --help shows a command's options; mailorigin(8) tells more.\n"
                "Begin with: mailorigin top --since 1h\n",
                to);
}

static bool wants_colour(const struct args *args)
{
    const char *when = args_get(args, "color");

    if (when != NULL && strcmp(when, "auto") != 0) {
        return strcmp(when, "always") == 0;
    }
    return isatty(STDOUT_FILENO) && getenv("NO_COLOR") == NULL;
}

static int64_t now(void)
{
    struct timespec ts;

    (void)clock_gettime(CLOCK_REALTIME, &ts);
    return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

/* For what is printed without out.h. */
static int printed(const struct context *ctx)
{
    return fflush(stdout) == 0 && ferror(stdout) == 0
               ? STATUS_FOUND
               : context_fail(ctx, "the output could not be written");
}

static int run(struct context *ctx, const struct command *command, int argc, char **argv)
{
    struct diag diag = {.count = 0};
    struct args *args = args_parse(ctx, command, argc, argv);
    int status;

    if (args == NULL) {
        return STATUS_FAILED;
    }
    if (args_has(args, "help")) {
        args_usage(command, stdout);
        args_free(args);
        return printed(ctx);
    }
    ctx->args = args;
    /* Its faults are the wrapper's and check's to tell; what holds of it holds here as well. */
    config_load(SW_CONFIG_FILE, false, &ctx->config, &diag);
    ctx->out = out_new(stdout, args_has(args, "json"), wants_colour(args));
    status = command->run(ctx);
    if (!out_free(ctx->out)) {
        status = context_fail(ctx, "the output could not be written");
    }
    args_free(args);
    return status;
}

/* A standard descriptor that is closed would become that of the next file opened, and messages
 * would be written there. /dev/null takes its place, the wrong way round: reading or writing it
 * fails. */
static bool hold_standard(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) < 0 &&
            open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd) {
            return false;
        }
    }
    return true;
}

/* A set of rotated files may have more than the 1024 that a shell allows. select(2), for which that
 * is, is not used here. */
static void allow_files(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < FILES &&
        limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max < FILES ? limit.rlim_max : FILES;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
}

int main(int argc, char **argv)
{
    struct context ctx = {.now = now(), .terminal = isatty(STDERR_FILENO) != 0};
    const struct command *command;

    if (!hold_standard()) {
        return STATUS_FAILED;
    }
    allow_files();
    (void)setlocale(LC_CTYPE, ""); /* for the width of what is printed; numbers stay in C */
    if (argc < 2) {
        usage(stderr);
        return STATUS_FAILED;
    }
    if (argc > 2 && strcmp(argv[1], "help") == 0) { /* help COMMAND */
        static char option[] = "--help";

        argv[1] = argv[2];
        argv[2] = option;
        argc = 3;
    } else if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
               strcmp(argv[1], "help") == 0) {
        usage(stdout);
        return printed(&ctx);
    }
    if (strcmp(argv[1], "--version") == 0) {
        (void)puts("mailorigin " SW_VERSION);
        return printed(&ctx);
    }
    command = find(argv[1]);
    if (command == NULL) {
        return context_fail(&ctx, "%s is no command; see mailorigin --help", argv[1]);
    }
    ctx.command = command->name;
    return run(&ctx, command, argc - 1, argv + 1);
}
