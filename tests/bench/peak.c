/*
 * peak.c - the peak memory of each process of ours during one call.
 *
 * Runs a command under ptrace(2) as an unprivileged user and, at every system call of the command
 * and of the processes it forks, asks the kernel for the memory that process holds, until it execs
 * (then it is the MTA and no longer ours) or ends. getrusage(2) cannot tell: since Linux 6.2
 * ru_maxrss comes from per-CPU counters that are off by hundreds of KiB, more than the wrapper
 * uses; /proc/PID/status is exact at the moment it is read. The tracer must be root: set-gid is
 * only honoured then.
 *
 * Prints one line per process, "call KIB" for the command itself, "fork KIB" for others. Any
 * failure to trace, and a command that does not exit 0, is an error.
 */
#include "caller.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MAX_PROCESSES = 16, NOBODY = 65534 };

struct process {
    pid_t pid;
    bool ours; /* has not become another program */
    long peak; /* KiB */
};

struct trace {
    struct process processes[MAX_PROCESSES];
    int count;
    bool started; /* the command's own exec is behind us */
    int status;   /* how the command ended, as wait(2) says it */
};

static long status_value(const char *text, const char *key)
{
    const char *at = strstr(text, key);

    return at ? strtol(at + strlen(key), NULL, 10) : 0;
}

/* A process that is just about to end may have no memory any more: nothing is added then. */
static void sample(struct process *process)
{
    char path[48];
    char text[4096];
    ssize_t n;
    int fd;

    snprintf(path, sizeof(path), "/proc/%d/status", (int)process->pid);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    n = read(fd, text, sizeof(text) - 1);
    close(fd);
    if (n <= 0)
        return;
    text[n] = '\0';
    for (int i = 0; i < 2; i++) {
        long kib = status_value(text, i == 0 ? "\nVmHWM:" : "\nVmRSS:");

        if (kib > process->peak)
            process->peak = kib;
    }
}

static struct process *find(struct trace *trace, pid_t pid)
{
    for (int i = 0; i < trace->count; i++)
        if (trace->processes[i].pid == pid)
            return &trace->processes[i];
    if (trace->count == MAX_PROCESSES) {
        fprintf(stderr, "peak: too many processes\n");
        exit(2);
    }
    trace->processes[trace->count] = (struct process){.pid = pid, .ours = true};
    return &trace->processes[trace->count++];
}

static pid_t start(char **argv)
{
    pid_t pid = fork();

    if (pid < 0)
        die("fork");
    if (pid == 0) {
        if (setgroups(0, NULL) < 0 || setresgid(NOBODY, NOBODY, NOBODY) < 0 ||
            setresuid(NOBODY, NOBODY, NOBODY) < 0)
            die("dropping privileges");
        raise(SIGSTOP); /* until the tracer has seized us */
        execv(argv[0], argv);
        _exit(127);
    }
    if (waitpid(pid, NULL, WUNTRACED) != pid)
        die("waitpid");
    if (ptrace(PTRACE_SEIZE, pid, 0,
               PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXEC | PTRACE_O_TRACEFORK |
                   PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXIT |
                   PTRACE_O_EXITKILL) < 0)
        die("PTRACE_SEIZE");
    if (kill(pid, SIGCONT) < 0)
        die("kill");
    return pid;
}

/* Returns the signal that the stopped process is to be continued with. */
static int stopped(struct trace *trace, struct process *process, int status, bool first)
{
    int signal = WSTOPSIG(status);
    int event = status >> 16;

    if (process->ours && (!first || trace->started))
        sample(process);
    if (event == PTRACE_EVENT_EXEC) {
        if (first && !trace->started)
            trace->started = true;
        else
            process->ours = false;
    }
    if (event != 0 || signal == (SIGTRAP | 0x80))
        return 0;
    return signal;
}

static void follow(struct trace *trace, pid_t first)
{
    int status;
    pid_t pid;

    while ((pid = waitpid(-1, &status, __WALL)) > 0) {
        struct process *process;
        int signal;

        if (!WIFSTOPPED(status)) {
            if (pid == first)
                trace->status = status;
            continue;
        }
        process = find(trace, pid);
        signal = stopped(trace, process, status, pid == first);
        if (ptrace(process->ours ? PTRACE_SYSCALL : PTRACE_CONT, pid, 0, (long)signal) < 0 &&
            errno != ESRCH)
            die("ptrace");
    }
}

int main(int argc, char **argv)
{
    struct trace trace = {0};
    pid_t first;

    if (argc < 2) {
        fprintf(stderr, "usage: peak COMMAND [ARG...]\n");
        return 2;
    }
    first = start(argv + 1);
    find(&trace, first);
    follow(&trace, first);
    for (int i = 0; i < trace.count; i++)
        if (trace.processes[i].peak > 0)
            printf("%s %ld\n", i == 0 ? "call" : "fork", trace.processes[i].peak);
    if (trace.status != 0 || !trace.started) {
        fprintf(stderr, "peak: %s: wait status %#x\n", argv[1], (unsigned)trace.status);
        return 2;
    }
    return 0;
}
