/*
 * faults_run - one run of the wrapper under ptrace(2), in which one system call fails.
 *
 * The tracer is root, so the set-gid bit is in effect as without it (execve(2)). It follows what
 * the wrapper forks, and lets each process go when it runs another program: of the MTA nothing is
 * touched. Everything the program left behind is waited for; after the time limit it is killed, and
 * the run counts as hung.
 */
#include "faults.h"
#include "faults_client.h"
#include "tool.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROCESSES_MAX 32
#define SYSCALLS_MAX 600
#define SYSCALL_STOP (SIGTRAP | 0x80)
#define OPTIONS                                                                              \
    (PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXEC | PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK | \
     PTRACE_O_TRACEVFORK | PTRACE_O_EXITKILL)

struct process {
    pid_t pid;
    unsigned index;
    bool traced;
    bool answer; /* at the exit of the call it is in, result is put in its place */
    long result;
    unsigned counts[SYSCALLS_MAX]; /* calls so far, by number */
};

struct run {
    const struct scenario *sc;
    struct calls *record;
    const struct call *victim;
    const struct fault *fault;
    struct outcome *outcome;
    struct process process[PROCESSES_MAX];
    unsigned born;
    bool began;  /* the wrapper itself runs */
    int rest_fd; /* STDIN_HALVES: where the second half goes */
    const char *rest;
    size_t rest_len;
    int out, err; /* memory files */
    pid_t client;
};

static volatile sig_atomic_t time_is_up;

static void on_alarm(int signal)
{
    (void)signal;
    time_is_up = 1;
}

/* --- what the program gets and gives ------------------------------------------------------------
 */

static const char *map_message(const char *path, size_t *ret_len)
{
    static const char *held_path, *held;
    static size_t held_len;
    struct stat st;

    if (held_path != path) {
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0 || fstat(fd, &st) < 0)
            die("%s", path);
        held = mmap(NULL, (size_t)st.st_size + 1, PROT_READ, MAP_PRIVATE, fd, 0);
        if (held == MAP_FAILED)
            die("%s", path);
        held_path = path;
        held_len = (size_t)st.st_size;
        close(fd);
    }
    *ret_len = held_len;
    return held;
}

/* The end that the program reads. All that is to come is in it already, so that each run is like
 * the other. */
static int make_stdin(struct run *r, const char *text, size_t len)
{
    int ends[2], size = (int)len;
    size_t first = r->sc->stdin_kind == STDIN_HALVES ? len / 2 : len;

    if (r->sc->stdin_kind == STDIN_FILE)
        return open(r->sc->message, O_RDONLY | O_CLOEXEC);
    if (r->sc->stdin_kind == STDIN_SOCKET) {
        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
            die("socketpair");
        size = (int)len * 4 + 65536; /* the kernel counts its own structures, too */
        setsockopt(ends[1], SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof size);
    } else {
        if (pipe2(ends, O_CLOEXEC) < 0 || fcntl(ends[1], F_SETPIPE_SZ, size) < (int)len)
            die("pipe for %zu bytes", len);
    }
    if (!write_all(ends[1], text, first))
        die("stdin");
    if (r->sc->stdin_kind == STDIN_HALVES) {
        r->rest_fd = ends[1];
        r->rest = text + first;
        r->rest_len = len - first;
    } else {
        close(ends[1]);
    }
    return ends[0];
}

static void send_rest(struct run *r)
{
    if (r->rest_fd < 0)
        return;
    write_all(r->rest_fd, r->rest, r->rest_len); /* if nobody reads it any more, that is judged */
    close(r->rest_fd);
    r->rest_fd = -1;
}

static void read_file(int fd, char *to, size_t cap)
{
    ssize_t n = pread(fd, to, cap - 1, 0);
    to[n > 0 ? n : 0] = '\0';
    close(fd);
}

/* The daemon that is not there: its socket. -1 when none is to listen. */
static int syslog_socket(bool wanted)
{
    static int fd = -1;
    struct sockaddr_un address = {AF_UNIX, "/dev/log"};

    if (wanted && fd < 0) {
        unlink(address.sun_path);
        fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) < 0 ||
            chmod(address.sun_path, 0666) < 0)
            die("%s", address.sun_path);
    }
    return wanted ? fd : -1;
}

static void read_syslog(const struct scenario *sc, struct outcome *o)
{
    size_t len = 0;
    int fd = syslog_socket(sc->syslog);

    while (fd >= 0 && len + 9000 < sizeof o->syslog) {
        ssize_t n = recv(fd, o->syslog + len, 8999, 0);
        if (n < 0)
            break;
        len += (size_t)n;
        o->syslog[len++] = '\n';
    }
    o->syslog[len] = '\0';
}

/* In the new process, which waits until it is traced. */
static _Noreturn void become_program(const struct run *r, int go, int in, int out)
{
    const struct scenario *sc = r->sc;
    static char path[] = "PATH=/usr/bin:/bin", home[] = "HOME=/nonexistent", lc[] = "LC_ALL=C";
    char *const environment[] = {path, home, lc, NULL};
    char byte;

    if (read(go, &byte, 1) != 1)
        _exit(TOOL_FAILED);
    if (setgroups(0, NULL) < 0 || setresgid(sc->gid, sc->gid, sc->gid) < 0 ||
        setresuid(sc->uid, sc->uid, sc->uid) < 0 || chdir(sc->cd) < 0)
        die("caller");
    dup2(in, 0);
    dup2(out, 1);
    dup2(r->err, 2);
    syscall(SYS_close_range, 3, ~0U, 0);
    execve(sc->argv[0], sc->argv, environment);
    die("%s", sc->argv[0]);
}

static void start(struct run *r)
{
    size_t len;
    const char *text = map_message(r->sc->message, &len);
    int go[2], in, out;
    pid_t pid;

    r->out = memfd_create("out", MFD_CLOEXEC);
    r->err = memfd_create("err", MFD_CLOEXEC);
    if (r->out < 0 || r->err < 0 || pipe2(go, O_CLOEXEC) < 0)
        die("descriptors");
    if (r->sc->stdin_kind == STDIN_CLIENT) {
        r->client = client_start(text, len, r->out, &in, &out);
    } else {
        in = make_stdin(r, text, len);
        out = r->out;
    }
    pid = fork();
    if (pid < 0)
        die("fork");
    if (pid == 0) {
        close(go[1]);
        become_program(r, go[0], in, out);
    }
    if (ptrace(PTRACE_SEIZE, pid, NULL, OPTIONS) < 0)
        die("ptrace");
    if (!write_all(go[1], "", 1))
        die("start");
    close(go[0]);
    close(go[1]);
    close(in);
    if (out != r->out)
        close(out);
    r->process[0] = (struct process){.pid = pid, .traced = true};
    r->born = 1;
}

/* --- calls --------------------------------------------------------------------------------------
 */

static void set_register(pid_t pid, size_t offset, unsigned long long value)
{
    if (ptrace(PTRACE_POKEUSER, pid, offset, value) < 0 && errno != ESRCH)
        die("registers");
}

#define REGISTER(name) offsetof(struct user_regs_struct, name)

/* The call that is being entered is not executed, and returns this. */
static void answer_call(struct process *p, long result)
{
    set_register(p->pid, REGISTER(orig_rax), (unsigned long long)-1);
    p->answer = true;
    p->result = result;
}

static void shorten(struct process *p, long nr)
{
    if (nr == SYS_splice)
        set_register(p->pid, REGISTER(r8), 1);
    else if (nr == SYS_getrandom)
        set_register(p->pid, REGISTER(rsi), 1);
    else
        set_register(p->pid, REGISTER(rdx), nr == SYS_writev ? 2 : 1);
}

static void inject(struct run *r, struct process *p, long nr)
{
    const struct fault *f = r->fault;

    r->outcome->reached = true;
    if (f->kind == FAULT_SHORT) {
        shorten(p, nr);
    } else if (f->kind == FAULT_LATE) {
        p->answer = true;
        p->result = -f->error;
    } else if (nr == SYS_brk && f->kind == FAULT_ERROR) {
        set_register(p->pid, REGISTER(rdi), 0); /* what brk(2) cannot do it leaves, and says so */
    } else {
        answer_call(p, -f->error);
    }
}

static void on_entry(struct run *r, struct process *p, long nr, const __uint64_t args[6])
{
    unsigned nth = nr >= 0 && nr < SYSCALLS_MAX ? p->counts[nr]++ : 0;

    if (r->record != NULL && r->record->count < CALLS_MAX) {
        struct call *call = &r->record->call[r->record->count++];
        *call = (struct call){p->index, nr, nth, {0}};
        for (int i = 0; i < 6; i++)
            call->args[i] = args[i];
    }
    if (r->victim != NULL && !r->outcome->reached && p->index == r->victim->process &&
        nr == r->victim->nr && nth == r->victim->nth) {
        inject(r, p, nr);
    } else if (r->fault != NULL && r->fault->kind == FAULT_FILTER && nr == SYS_prctl &&
               args[0] == PR_GET_SECCOMP) {
        answer_call(p, 2); /* SECCOMP_MODE_FILTER */
    }
}

static void on_call(struct run *r, struct process *p)
{
    struct __ptrace_syscall_info info;

    if (ptrace(PTRACE_GET_SYSCALL_INFO, p->pid, sizeof info, &info) < 0)
        return; /* killed meanwhile */
    if (info.op == PTRACE_SYSCALL_INFO_ENTRY) {
        on_entry(r, p, (long)info.entry.nr, info.entry.args);
    } else if (info.op == PTRACE_SYSCALL_INFO_EXIT && p->answer) {
        set_register(p->pid, REGISTER(rax), (unsigned long long)p->result);
        p->answer = false;
    }
}

/* --- processes ----------------------------------------------------------------------------------
 */

static struct process *find(struct run *r, pid_t pid)
{
    for (unsigned i = 0; i < r->born; i++)
        if (r->process[i].pid == pid)
            return &r->process[i];
    return NULL;
}

static struct process *add(struct run *r, pid_t pid)
{
    if (r->born == PROCESSES_MAX) {
        errno = EAGAIN;
        die("too many processes");
    }
    r->process[r->born] = (struct process){.pid = pid, .index = r->born, .traced = true};
    return &r->process[r->born++];
}

static void go_on(struct run *r, struct process *p, int signal)
{
    /* Behind the fault there is nothing to see but prctl(2), which the wrapper itself calls. */
    bool done = r->record == NULL &&
                (r->victim == NULL || (r->outcome->reached && !p->answer &&
                                       (r->fault->kind != FAULT_FILTER || p->index != 0)));

    ptrace(done ? PTRACE_CONT : PTRACE_SYSCALL, p->pid, NULL, (long)signal);
}

static void on_stop(struct run *r, pid_t pid, int status)
{
    struct process *p = find(r, pid);
    int signal = WSTOPSIG(status), event = status >> 16;

    if (p == NULL)
        p = add(r, pid);
    if (event == PTRACE_EVENT_EXEC && (r->began || p->index != 0)) {
        p->traced = false;
        ptrace(PTRACE_DETACH, pid, NULL, NULL);
        send_rest(r);
        return;
    }
    if (event == PTRACE_EVENT_EXEC)
        r->began = true;
    else if (event == 0 && signal == SYSCALL_STOP)
        on_call(r, p);
    go_on(r, p, event == 0 && signal != SYSCALL_STOP ? signal : 0);
}

static void kill_all(const struct run *r)
{
    for (unsigned i = 0; i < r->born; i++)
        kill(r->process[i].pid, SIGKILL);
    if (r->client > 0)
        kill(r->client, SIGKILL);
}

/* Until nothing is left of what was started. */
static void follow(struct run *r)
{
    int status;

    for (;;) {
        pid_t pid = waitpid(-1, &status, __WALL);

        if (pid < 0 && errno == ECHILD)
            return;
        if (time_is_up) {
            r->outcome->hung = true;
            kill_all(r);
        }
        if (pid < 0 || pid == r->client)
            continue;
        if (WIFSTOPPED(status)) {
            on_stop(r, pid, status);
        } else if (pid == r->process[0].pid) {
            r->outcome->status = status;
            send_rest(r);
        }
    }
}

static void set_timer(long seconds)
{
    struct itimerval timer = {{seconds > 0, 0}, {seconds, 0}};
    struct sigaction action;

    memset(&action, 0, sizeof action);
    action.sa_handler = on_alarm; /* no SA_RESTART: waitpid(2) must come back */
    sigaction(SIGALRM, &action, NULL);
    time_is_up = 0;
    setitimer(ITIMER_REAL, &timer, NULL);
}

void run_once(const struct scenario *sc, struct calls *record, const struct call *victim,
              const struct fault *fault, struct outcome *ret)
{
    static struct run r;
    long long began = now_ms();

    memset(&r, 0, sizeof r);
    memset(ret, 0, offsetof(struct outcome, err));
    r.sc = sc;
    r.record = record;
    r.victim = victim;
    r.fault = fault;
    r.outcome = ret;
    r.rest_fd = -1;
    if (record != NULL)
        record->count = 0;
    signal(SIGPIPE, SIG_IGN);
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    syslog_socket(sc->syslog);

    set_timer(sc->timeout_s);
    start(&r);
    follow(&r);
    set_timer(0);
    ret->ms = now_ms() - began;
    read_file(r.out, ret->out, sizeof ret->out);
    read_file(r.err, ret->err, sizeof ret->err);
    read_syslog(sc, ret);
}
