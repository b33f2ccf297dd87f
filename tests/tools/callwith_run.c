/*
 * callwith_run - starts the program, feeds its stdin piece by piece, reads its stdout and stderr to
 * their end of file, waits for it and (subreaper) for whoever it left behind. One thread, one poll
 * loop; every wait is bounded by the plan's time-out, after which the program is killed and the
 * outcome says so.
 */
#include "callwith.h"
#include "tool.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* After the program's end: so long may a stranger keep stderr open or linger as our child. */
#define GRACE_MS 15000

struct feed {
    int fd;
    const struct piece *piece;
    size_t left;
    int file;            /* of a PIECE_FILE in progress; -1: none */
    long long resume_at; /* of a PIECE_PAUSE in progress; 0: none */
    char chunk[65536];
    size_t chunk_at, chunk_len;
    bool holding;   /* it stays open to the end */
    bool hold_last; /* so does a terminal: its hang-up would throw away what was not read yet */
};

struct tap {
    int fd; /* the pipe's read end; -1 at end of file or if not asked for */
    int file;
};

static void open_tap(const char *path, struct tap *ret, int *ret_write_end)
{
    int ends[2];
    ret->fd = ret->file = *ret_write_end = -1;
    if (path == NULL)
        return;
    ret->file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (ret->file < 0 || pipe2(ends, O_CLOEXEC) < 0)
        die("%s", path);
    ret->fd = ends[0];
    *ret_write_end = ends[1];
}

static void drain_tap(struct tap *tap)
{
    char bytes[4096];
    ssize_t n = read(tap->fd, bytes, sizeof(bytes));
    if (n > 0) {
        write_all(tap->file, bytes, (size_t)n);
        return;
    }
    close(tap->fd);
    tap->fd = -1;
}

/* Moves fd to its place even when another one of ours stands there. */
static void place_fd(int fd, int wanted)
{
    if (fd == wanted)
        fcntl(fd, F_SETFD, 0);
    else if (fd >= 0 && dup2(fd, wanted) < 0)
        die("dup2");
}

_Noreturn static void become_program(const struct plan *plan, const struct stdin_ends *in, int out,
                                     int err, int ready)
{
    char byte;
    char *no_args[] = {NULL};
    if (read(ready, &byte, 1) <
        0) /* the tracer is attached, or the parent is dead: see start_program */
        die("start");
    close(ready);
    signal(SIGPIPE, SIG_DFL);
    if (in->poison && write(in->callee, "x", 1) != 1)
        die("poison");
    place_fd(in->callee, 0);
    place_fd(out, 1);
    place_fd(err, 2);
    if (in->close_callee)
        close(0);
    if (plan->trace_me)
        ptrace(PTRACE_TRACEME, 0, NULL, NULL);
    /* From here on stderr may be the one under test: what fails must not look like the program's.
     */
    for (size_t i = 0; i < plan->callee_count; i++)
        plan->callee[i].apply(plan->callee[i].arg);
    const char *path = plan->program[0];
    char **argv = plan->argc0 ? no_args : plan->program;
    if (plan->argv0 != NULL && !plan->argc0) {
        argv = &plan->program[0];
        argv[0] = strdup(plan->argv0);
    }
    execve(path, argv, environ);
    die("exec %s", path);
}

/*
 * The program's pid, once its process waits at `go`. An orphan is started by a child that ends at
 * once; the byte is written when it has another parent.
 */
static pid_t start_program(const struct plan *plan, const struct stdin_ends *in, int out, int err,
                           int *ret_go)
{
    int go[2], told[2];
    if (pipe2(go, O_CLOEXEC) < 0 || pipe2(told, O_CLOEXEC) < 0)
        die("pipe");
    pid_t pid = fork();
    if (pid < 0)
        die("fork");
    if (pid == 0 && plan->orphan) {
        pid_t middle = getpid();
        pid = fork();
        if (pid != 0) {
            write_all(told[1], (const char *)&pid, sizeof(pid));
            _exit(0);
        }
        while (getppid() == middle)
            poll(NULL, 0, 1);
    }
    if (pid == 0) {
        close(go[1]);
        become_program(plan, in, out, err, go[0]);
    }
    if (plan->orphan) {
        waitpid(pid, NULL, 0);
        if (read(told[0], &pid, sizeof(pid)) != sizeof(pid))
            die("orphan");
    }
    close(told[0]);
    close(told[1]);
    close(go[0]);
    *ret_go = go[1];
    return pid;
}

/* Makes bytes of the next piece ready in feed->chunk; false when there is nothing to write now. */
static bool next_bytes(struct feed *feed)
{
    while (feed->chunk_at == feed->chunk_len) {
        if (feed->file >= 0) {
            ssize_t n = read(feed->file, feed->chunk, sizeof(feed->chunk));
            if (n > 0) {
                feed->chunk_at = 0;
                feed->chunk_len = (size_t)n;
                return true;
            }
            close(feed->file);
            feed->file = -1;
        }
        if (feed->left == 0)
            return false;
        const struct piece *piece = feed->piece;
        if (piece->kind == PIECE_TEXT) {
            char *text = strdup(piece->arg);
            feed->chunk_at = 0;
            feed->chunk_len = unescape(text);
            memcpy(feed->chunk, text, feed->chunk_len);
            free(text);
        } else if (piece->kind == PIECE_FILE) {
            if ((feed->file = open(piece->arg, O_RDONLY | O_CLOEXEC)) < 0)
                die("%s", piece->arg);
        } else if (piece->kind == PIECE_PAUSE) {
            if (feed->resume_at == 0)
                feed->resume_at = now_ms() + number(piece->arg, "pause");
            if (now_ms() < feed->resume_at)
                return false;
            feed->resume_at = 0;
        } else if (piece->kind == PIECE_UNTIL) {
            if (access(piece->arg, F_OK) != 0)
                return false;
        } else if (piece->kind == PIECE_TOUCH) {
            close(open(piece->arg, O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
        } else {
            feed->holding = true;
            return false;
        }
        feed->piece++;
        feed->left--;
    }
    return true;
}

static void end_feed(struct feed *feed)
{
    if (feed->fd >= 0)
        close(feed->fd);
    feed->fd = -1;
}

static void feed_some(struct feed *feed, struct outcome *ret)
{
    if (next_bytes(feed)) {
        ssize_t n = write(feed->fd, feed->chunk + feed->chunk_at, feed->chunk_len - feed->chunk_at);
        if (n > 0) {
            feed->chunk_at += (size_t)n;
            ret->fed += (unsigned long long)n;
        } else if (n < 0 && errno != EAGAIN && errno != EINTR) {
            ret->epipe = true;
            end_feed(feed);
        }
    } else if (feed->left == 0 || feed->holding) {
        ret->fed_all = true;
        feed->holding = feed->holding || feed->hold_last;
        if (!feed->holding)
            end_feed(feed);
    }
}

/* A traced program stops at each signal and at exec: on it goes. */
static bool reap(const struct plan *plan, struct outcome *ret, int pidfd)
{
    int status;
    if (plan->orphan && !plan->subreaper) {
        struct pollfd ended = {.fd = pidfd, .events = POLLIN};
        return poll(&ended, 1, 0) > 0;
    }
    pid_t pid = waitpid(ret->pid, &status, WNOHANG | __WALL);
    if (pid != ret->pid)
        return false;
    if (WIFSTOPPED(status)) {
        int sig = WSTOPSIG(status);
        bool event = sig == SIGTRAP || status >> 16 != 0;
        ptrace(PTRACE_CONT, ret->pid, NULL, event ? NULL : (void *)(long)sig);
        return false;
    }
    ret->status = status;
    return true;
}

static void wait_for_strangers(struct outcome *ret)
{
    long long give_up = now_ms() + GRACE_MS;
    ret->children_left = true;
    while (now_ms() < give_up) {
        pid_t pid = waitpid(-1, NULL, WNOHANG);
        if (pid > 0) {
            ret->children++;
        } else if (pid < 0 && errno == ECHILD) {
            ret->children_left = false;
            return;
        } else {
            poll(NULL, 0, 2);
        }
    }
}

static void kill_program(struct outcome *ret)
{
    ret->hung = true;
    kill(ret->pid, SIGKILL);
}

/* One turn: waits a little, moves what can be moved. `poll` ignores negative descriptors. */
static void turn(const struct plan *plan, struct feed *feed, struct tap *out, struct tap *err,
                 int pidfd, bool ended, struct outcome *ret)
{
    bool has_bytes = feed->fd >= 0 && next_bytes(feed);
    if (feed->fd >= 0 && !has_bytes && feed->left == 0 && !feed->holding)
        feed_some(feed, ret); /* all is written: the end of file comes at once */
    bool busy_waiting = plan->trace_me || plan->trace_seize || (!has_bytes && feed->left > 0);
    struct pollfd fds[] = {{feed->fd, has_bytes ? POLLOUT : 0, 0},
                           {out->fd, POLLIN, 0},
                           {err->fd, POLLIN, 0},
                           {ended ? -1 : pidfd, POLLIN, 0}};
    poll(fds, 4, busy_waiting ? 2 : 100);
    if (fds[1].revents != 0)
        drain_tap(out);
    if (fds[2].revents != 0)
        drain_tap(err);
    if (feed->fd < 0)
        return;
    if ((fds[0].revents & POLLERR) != 0 && !has_bytes) {
        ret->epipe = true; /* nobody will read what is still to come */
        end_feed(feed);
    } else {
        feed_some(feed, ret);
    }
}

static void watch(const struct plan *plan, struct feed *feed, struct tap *out, struct tap *err,
                  struct outcome *ret)
{
    long long kill_at = now_ms() + plan->timeout_ms, give_up = 0;
    int pidfd = (int)syscall(SYS_pidfd_open, ret->pid, 0);
    bool ended = false;
    if (pidfd < 0)
        die("pidfd_open");
    fcntl(pidfd, F_SETFD, FD_CLOEXEC);
    /* After the end: callers write all they have before they look at the status, and wait for end
     * of file. */
    while (!ended || ((out->fd >= 0 || err->fd >= 0 || (feed->fd >= 0 && next_bytes(feed))) &&
                      now_ms() < give_up)) {
        turn(plan, feed, out, err, pidfd, ended, ret);
        if (!ended && reap(plan, ret, pidfd)) {
            ended = true;
            give_up = now_ms() + GRACE_MS;
        }
        if (!ended && !ret->hung && now_ms() > kill_at)
            kill_program(ret);
    }
    close(pidfd);
}

void run_program(const struct plan *plan, struct outcome *ret)
{
    static struct feed feed = {.file = -1};
    struct stdin_ends in;
    struct tap out, err;
    int out_end, err_end, go;

    open_tap(plan->out, &out, &out_end);
    open_tap(plan->err, &err, &err_end);
    stdin_open(plan->stdin_kind, &in);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGCHLD, SIG_DFL);
    ret->pid = start_program(plan, &in, out_end, err_end, &go);
    close(out_end);
    close(err_end);
    if (in.callee >= 0)
        close(in.callee);
    feed.fd = in.feed;
    feed.hold_last = in.hold_last;
    feed.piece = plan->piece;
    feed.left = plan->piece_count;
    if (feed.fd >= 0)
        fcntl(feed.fd, F_SETFL, fcntl(feed.fd, F_GETFL) | O_NONBLOCK);
    if (plan->trace_seize && ptrace(PTRACE_SEIZE, ret->pid, NULL, NULL) < 0)
        die("seize");
    close(go);

    watch(plan, &feed, &out, &err, ret);
    ret->out_eof = plan->out != NULL && out.fd < 0;
    ret->err_eof = plan->err != NULL && err.fd < 0;
    if (plan->subreaper)
        wait_for_strangers(ret);
    end_feed(&feed);
}
