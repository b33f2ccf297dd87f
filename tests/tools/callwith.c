/*
 * callwith - a hostile caller: sets up a condition, runs a program under it, says what a caller
 * sees of it.
 *
 *   callwith [OPTION...] -- PROGRAM [ARG...]
 *
 * Options are applied in the order given: first those of the caller (the process that stays the
 * parent), then those of the program's process. It exits with the program's status, 128+N for a
 * signal, 124 when the program had to be killed after --timeout, 125 when the condition could not
 * be set up (which no test may take for a result). --report FILE gets "key value" lines.
 *
 * The caller:
 *   --gid N  --uid N           become that user, without supplementary groups (gid first)
 *   --cd DIR  --mkdir-cd TEXT  working directory; the second makes it below the present one
 * (escapes: \n \xHH)
 *   --rmdir                    remove the working directory
 *   --comm NAME                the process's name;  --title TEXT  its command line as /proc shows
 * it
 *   --fill-pipes               use up pipe-user-pages-soft, so that later pipes are small
 *   --subreaper                adopt, and wait for, every orphan the program leaves behind
 *   --orphan                   the program's parent dies before it starts
 *   --pid1                     be PID 1 of a new namespace and reap nobody but the program
 *   --trace-me  --trace-seize  run the program traced
 * The program's process:
 *   --close N[,N...]           --fd N=MODE:FILE (ro wo rw app path dir)  --many-fds N
 *   --soft NAME=N  --limit NAME=N   a limit (as in null-mta's report), soft or both
 *   --env NAME=VALUE  --clear-env  --umask OCTAL  --nice N  --alarm SECONDS  --setsid
 * --no-new-privs
 *   --deny CALL[,CALL...]=ERRNO  by seccomp; without privilege it wants --no-new-privs before it
 *   --then-gid N  --then-uid N  become that user only now: a filter that root installed, as systemd
 * does, leaves set-gid programs their right
 *   --ignore SIG[,SIG|all]  --block SIG[,...|all]  --pend SIG (blocks it, then raises it)
 *   --own-subreaper            the program itself adopts orphans
 *   --argv0 NAME  --argc0  --more-args COUNTxBYTES
 * Standard descriptors:
 *   --stdin KIND    inherit (default) pipe nonblock socketpair socket-reset pty pty-hangup null
 * closed file:F wo:F dir:F mem:F (reads F's bytes, then EIO)
 *   --send TEXT  --send-file F  --pause MS  --until FILE  --touch FILE  --hold (keep it open to the
 * end)
 *   --out FILE  --err FILE     through a pipe whose end of file is waited for, as PHP does
 *   --timeout SECONDS (default 60)
 */
#include "callwith.h"
#include "tool.h"

#include <errno.h>
#include <getopt.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum option_kind {
    CALLER_STEP,
    CALLEE_STEP,
    FEED_PIECE,
    TEXT,
    FLAG,
};

struct option_row {
    const char *name;
    enum option_kind kind;
    bool has_arg;
    void (*apply)(const char *arg);
    size_t where; /* TEXT, FLAG: offset in struct plan; FEED_PIECE: the kind of piece */
};

#define AT(member) offsetof(struct plan, member)

static const struct option_row ROWS[] = {
    {"gid", CALLER_STEP, true, set_gid, 0},
    {"uid", CALLER_STEP, true, set_uid, 0},
    {"cd", CALLER_STEP, true, set_dir, 0},
    {"mkdir-cd", CALLER_STEP, true, set_mkdir, 0},
    {"rmdir", CALLER_STEP, false, set_rmdir, 0},
    {"comm", CALLER_STEP, true, set_comm, 0},
    {"fill-pipes", CALLER_STEP, false, set_fill_pipes, 0},
    {"close", CALLEE_STEP, true, set_close, 0},
    {"fd", CALLEE_STEP, true, set_fd, 0},
    {"many-fds", CALLEE_STEP, true, set_many_fds, 0},
    {"soft", CALLEE_STEP, true, set_soft, 0},
    {"limit", CALLEE_STEP, true, set_limit, 0},
    {"env", CALLEE_STEP, true, set_env, 0},
    {"clear-env", CALLEE_STEP, false, set_clear_env, 0},
    {"umask", CALLEE_STEP, true, set_umask, 0},
    {"nice", CALLEE_STEP, true, set_nice, 0},
    {"alarm", CALLEE_STEP, true, set_alarm, 0},
    {"setsid", CALLEE_STEP, false, set_session, 0},
    {"no-new-privs", CALLEE_STEP, false, set_no_new_privs, 0},
    {"own-subreaper", CALLEE_STEP, false, set_own_subreaper, 0},
    {"deny", CALLEE_STEP, true, set_deny, 0},
    {"then-gid", CALLEE_STEP, true, set_gid, 0},
    {"then-uid", CALLEE_STEP, true, set_uid, 0},
    {"ignore", CALLEE_STEP, true, set_ignore, 0},
    {"block", CALLEE_STEP, true, set_block, 0},
    {"pend", CALLEE_STEP, true, set_pend, 0},
    {"send", FEED_PIECE, true, NULL, PIECE_TEXT},
    {"send-file", FEED_PIECE, true, NULL, PIECE_FILE},
    {"pause", FEED_PIECE, true, NULL, PIECE_PAUSE},
    {"until", FEED_PIECE, true, NULL, PIECE_UNTIL},
    {"touch", FEED_PIECE, true, NULL, PIECE_TOUCH},
    {"hold", FEED_PIECE, false, NULL, PIECE_HOLD},
    {"stdin", TEXT, true, NULL, AT(stdin_kind)},
    {"out", TEXT, true, NULL, AT(out)},
    {"err", TEXT, true, NULL, AT(err)},
    {"report", TEXT, true, NULL, AT(report)},
    {"argv0", TEXT, true, NULL, AT(argv0)},
    {"more-args", TEXT, true, NULL, AT(more_args)},
    {"title", TEXT, true, NULL, AT(title)},
    {"argc0", FLAG, false, NULL, AT(argc0)},
    {"trace-me", FLAG, false, NULL, AT(trace_me)},
    {"trace-seize", FLAG, false, NULL, AT(trace_seize)},
    {"subreaper", FLAG, false, NULL, AT(subreaper)},
    {"pid1", FLAG, false, NULL, AT(pid1)},
    {"orphan", FLAG, false, NULL, AT(orphan)},
    {"timeout", TEXT, true, NULL, 0},
};
#define ROW_COUNT (sizeof(ROWS) / sizeof(ROWS[0]))

static void take_option(struct plan *plan, const struct option_row *row, const char *arg)
{
    char *base = (char *)plan;
    switch (row->kind) {
    case CALLER_STEP:
        if (plan->caller_count == STEPS_MAX)
            die("too many options");
        plan->caller[plan->caller_count++] = (struct step){row->apply, arg};
        break;
    case CALLEE_STEP:
        if (plan->callee_count == STEPS_MAX)
            die("too many options");
        plan->callee[plan->callee_count++] = (struct step){row->apply, arg};
        break;
    case FEED_PIECE:
        if (plan->piece_count == PIECES_MAX)
            die("too many pieces");
        plan->piece[plan->piece_count++] = (struct piece){(enum piece_kind)row->where, arg};
        break;
    case TEXT:
        if (strcmp(row->name, "timeout") == 0)
            plan->timeout_ms = number(arg, "timeout") * 1000;
        else
            memcpy(base + row->where, &arg, sizeof(arg));
        break;
    case FLAG:
        memcpy(base + row->where, &(bool){true}, sizeof(bool));
        break;
    }
}

/* The strings are copied: --title overwrites the area where they lie. */
static void read_options(int argc, char *argv[], struct plan *plan)
{
    struct option options[ROW_COUNT + 1];
    memset(options, 0, sizeof(options));
    for (size_t i = 0; i < ROW_COUNT; i++) {
        options[i].name = ROWS[i].name;
        options[i].has_arg = ROWS[i].has_arg ? required_argument : no_argument;
    }
    plan->stdin_kind = "inherit";
    plan->timeout_ms = 60000;
    int index, c;
    while ((c = getopt_long(argc, argv, "+", options, &index)) != -1) {
        if (c == '?')
            exit(TOOL_FAILED);
        take_option(plan, &ROWS[index], optarg != NULL ? strdup(optarg) : NULL);
    }
    plan->program = calloc((size_t)(argc - optind) + ARGS_MAX, sizeof(char *));
    if (optind == argc || plan->program == NULL) {
        errno = EINVAL;
        die("usage: callwith [OPTION...] -- PROGRAM [ARG...]");
    }
    for (int i = optind; i < argc; i++)
        plan->program[i - optind] = strdup(argv[i]);
}

static void add_args(struct plan *plan)
{
    char *bytes_text = NULL;
    size_t used = 0;
    if (plan->more_args == NULL)
        return;
    long count = strtol(plan->more_args, &bytes_text, 10);
    if (*bytes_text != 'x' || count < 0 || count >= ARGS_MAX)
        die("--more-args '%s'", plan->more_args);
    size_t bytes = (size_t)number(bytes_text + 1, "--more-args");
    char *arg = malloc(bytes + 1);
    if (arg == NULL)
        die("malloc");
    memset(arg, 'a', bytes);
    arg[bytes] = '\0';
    while (plan->program[used] != NULL)
        used++;
    for (long i = 0; i < count; i++)
        plan->program[used++] = arg;
}

static void write_report(FILE *out, const struct outcome *got)
{
    fprintf(out, "pid %ld\n", (long)got->pid);
    if (got->hung)
        fprintf(out, "end hung\n");
    else if (got->status < 0)
        fprintf(out, "end unknown\n");
    else if (WIFSIGNALED(got->status))
        fprintf(out, "end signal %s\n", sigabbrev_np(WTERMSIG(got->status)));
    else
        fprintf(out, "end exit %d\n", WEXITSTATUS(got->status));
    fprintf(out, "fed %llu\nfeed %s\n", got->fed,
            got->epipe     ? "epipe"
            : got->fed_all ? "done"
                           : "pending");
    fprintf(out, "out_eof %s\nerr_eof %s\nstrangers %d\nstrangers_left %s\n",
            got->out_eof ? "yes" : "no", got->err_eof ? "yes" : "no", got->children,
            got->children_left ? "yes" : "no");
    fclose(out);
}

/* PID 1 of a namespace of its own: the outer process only waits. */
static void become_pid1(void)
{
    int status;
    if (unshare(CLONE_NEWPID) < 0)
        die("unshare");
    pid_t pid = fork();
    if (pid < 0)
        die("fork");
    if (pid == 0)
        return;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

int main(int argc, char *argv[])
{
    struct plan *plan = calloc(1, sizeof(*plan));
    struct outcome got = {.status = -1};
    FILE *report = NULL;
    if (plan == NULL)
        die("calloc");
    /* What the test itself had open is no part of the condition. */
    close_range(3, ~0U, 0);
    read_options(argc, argv, plan);
    add_args(plan);
    if (plan->report != NULL && (report = fopen(plan->report, "we")) == NULL)
        die("%s", plan->report);
    size_t area = (size_t)(argv[argc - 1] + strlen(argv[argc - 1]) + 1 - argv[0]);
    if (plan->title != NULL && !set_title(argv[0], area, plan->title))
        die("--title is longer than the command line");
    if (plan->pid1)
        become_pid1();
    if (plan->subreaper)
        prctl(PR_SET_CHILD_SUBREAPER, 1);
    for (size_t i = 0; i < plan->caller_count; i++)
        plan->caller[i].apply(plan->caller[i].arg);
    run_program(plan, &got);
    if (report != NULL)
        write_report(report, &got);
    if (got.hung)
        return 124;
    if (got.status < 0)
        return 0;
    return WIFSIGNALED(got.status) ? 128 + WTERMSIG(got.status) : WEXITSTATUS(got.status);
}
