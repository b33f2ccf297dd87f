/*
 * session - see session.h. Hostile input: the client's bytes, their timing, his signals and limits.
 * On failure: a message that cannot be recorded is not handed on, and the MTA is ended before its
 * stdin is let go, since to some an end of file means "send it".
 */
#include "session.h"

#include "exec.h"
#include "journal.h"
#include "smtp.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#define CLIENT_MAX MESSAGE_PART_MAX /* of the client's bytes held at a time */
#define OUT_MAX (CLIENT_MAX + 4 * CALL_HEADER_MAX)
#define REPLY_MAX PIPE_BUF     /* as many bytes as poll(2) promises that a pipe takes */
#define ABANDON_WAIT_MS 10000L /* for the MTA to end after SIGTERM */

struct dialogue {
    struct call *call;
    struct session *session;
    struct smtp smtp;
    char client[CLIENT_MAX]; /* the client's, not yet handed on */
    size_t client_len;
    bool client_eof;
    char out[OUT_MAX]; /* for the MTA */
    size_t out_len, out_at;
    char reply[REPLY_MAX]; /* for the client */
    size_t reply_len, reply_at;
    bool all_done;    /* nothing is left to hand on, and no reply to wait for */
    bool client_gone; /* nobody reads the replies any more */
    bool mta_done;
    bool orphan; /* the call itself is over, see leave_to_child */
    int status;  /* of the MTA, as waitpid(2) has it */
    bool marked_opaque;
    char id[ULID_LEN + 1]; /* the session's */
};

/* --- opening ------------------------------------------------------------------------------- */

static bool is_foreign_socket(int fd)
{
    int domain = 0;
    socklen_t len = sizeof domain;

    return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) == 0 && domain != AF_UNIX;
}

static bool open_pipe(int *ret_read, int *ret_write)
{
    int ends[2];

    if (!exec_pipe_ends(ends)) {
        return false;
    }
    *ret_read = ends[0];
    *ret_write = ends[1];
    return true;
}

static void close_fd(int *fd)
{
    if (*fd >= 0) {
        close(*fd);
    }
    *fd = -1;
}

static void close_session(struct session *session)
{
    close_fd(&session->to);
    close_fd(&session->from);
    close_fd(&session->mta_in);
    close_fd(&session->mta_out);
    close_fd(&session->signals);
}

bool session_open(struct call *call, struct session *ret)
{
    bool batch = call->invocation.mode == MODE_BATCH_SMTP;
    sigset_t none;

    *ret = (struct session){.to = -1, .from = -1, .mta_in = -1, .mta_out = -1, .signals = -1};
    if (call->startup.closed[STDIN_FILENO]) {
        return false; /* nothing can be said */
    }
    if (is_foreign_socket(STDIN_FILENO)) {
        call->opaque = "stdin is an internet socket";
        return false;
    }
    sigemptyset(&none);
    ret->signals = signalfd(-1, &none, SFD_CLOEXEC | SFD_NONBLOCK);
    if (ret->signals < 0 || !open_pipe(&ret->mta_in, &ret->to) ||
        (!batch && !open_pipe(&ret->from, &ret->mta_out)) ||
        /* Ends of a pipe have flags of their own: the MTA's stay as they are. */
        fcntl(ret->to, F_SETFL, O_NONBLOCK) != 0 ||
        (!batch && fcntl(ret->from, F_SETFL, O_NONBLOCK) != 0)) {
        close_session(ret);
        call->opaque = "no pipes to be had";
        return false;
    }
    return true;
}

/* --- the MTA's process --------------------------------------------------------------------- */

struct before {
    sigset_t mask;
    struct sigaction sigchld;
};

static void become_mta(const struct call *call, const struct session *session,
                       const struct before *before)
{
    struct exec_pipe pipe = {.read_end = session->mta_in, .write_end = -1};

    /* Where a caller kills us with SIGKILL he means the MTA. */
    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    if (session->mta_out >= 0 && dup2(session->mta_out, STDOUT_FILENO) != STDOUT_FILENO) {
        return;
    }
    sigaction(SIGCHLD, &before->sigchld, NULL);
    sigprocmask(SIG_SETMASK, &before->mask, NULL);
    exec_target(&call->startup, call->target.path, call->argv, &pipe);
}

/*
 * vfork(2): the MTA must run at once, nothing of ours is worth a copy, and whether it could be
 * executed is known on return. Returns 0, or an errno.
 */
static int start_mta(const struct call *call, struct session *session, bool *ret_exec)
{
    static volatile int failed; /* the child's, in the same memory */
    struct before before;
    struct sigaction standard;
    sigset_t all;
    pid_t pid;

    memset(&standard, 0, sizeof standard);
    standard.sa_handler = SIG_DFL; /* ignored, its exit status would be lost */
    sigfillset(&all);
    sigdelset(&all, SIGTTIN); /* blocked, a read from the terminal in the background would fail */
    sigdelset(&all, SIGTTOU);
    failed = 0;
    sigaction(SIGCHLD, &standard, &before.sigchld);
    /* Without both nobody would tell us of the MTA's end. */
    if (sigprocmask(SIG_BLOCK, &all, &before.mask) != 0) {
        failed = errno;
        sigaction(SIGCHLD, &before.sigchld, NULL);
        return failed;
    }
    pid = -1;
    if (signalfd(session->signals, &all, 0) >= 0) {
        pid = vfork(); /* NOLINT(clang-analyzer-security.insecureAPI.vfork): see above */
    }
    if (pid == 0) {
        /* NOLINTNEXTLINE(clang-analyzer-unix.Vfork): system calls only, see above */
        become_mta(call, session, &before);
        failed = errno;
        _exit(EX_UNAVAILABLE);
    }
    if (pid > 0 && failed == 0) {
        session->mta = pid;
        return 0;
    }
    *ret_exec = pid > 0;
    failed = pid > 0 ? failed : errno;
    if (pid > 0) {
        while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) {
        }
    }
    sigaction(SIGCHLD, &before.sigchld, NULL);
    sigprocmask(SIG_SETMASK, &before.mask, NULL);
    return failed;
}

static void close_between(unsigned first, unsigned last)
{
    if (first > last || syscall(SYS_close_range, first, last, 0) == 0) {
        return;
    }
    for (unsigned fd = first; fd <= last && fd < 1024; fd++) { /* before Linux 5.9, or forbidden */
        close((int)fd);
    }
}

/*
 * What the caller left open is the MTA's, which may close it: so we do not hold it. Descriptor 2
 * stays taken, or the next socket would get its number.
 */
static void release_descriptors(const struct dialogue *d)
{
    int keep[] = {d->session->to, d->session->from, d->session->signals, d->call->logfile.fd,
                  d->call->syslog.fd};
    const size_t count = sizeof keep / sizeof keep[0];
    unsigned first = STDERR_FILENO + 1;
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);

    if (null >= 0) {
        dup2(null, STDERR_FILENO);
    }
    for (;;) {
        int next = -1;

        for (size_t i = 0; i < count; i++) {
            if (keep[i] >= (int)first && (next < 0 || keep[i] < next)) {
                next = keep[i];
            }
        }
        close_between(first, next >= 0 ? (unsigned)next - 1 : ~0U);
        if (next < 0) {
            return;
        }
        first = (unsigned)next + 1;
    }
}

/* --- messages ------------------------------------------------------------------------------ */

/* Ends it all before a message can be sent that is not recorded. */
static _Noreturn void abandon(struct dialogue *d, const char *why)
{
    struct pollfd to = {d->session->to, 0, 0};

    if (d->session->from >= 0 && !d->client_gone) {
        char text[160];
        struct strbuf sb;

        strbuf_init(&sb, text, sizeof text);
        strbuf_puts(&sb, "421 4.3.0 " RECORD_TAG ": ");
        strbuf_puts(&sb, why);
        strbuf_puts(&sb, "\r\n");
        (void)!write(STDOUT_FILENO, text, sb.len);
    }
    if (!d->mta_done) {
        kill(d->session->mta, SIGTERM);
        poll(&to, 1, ABANDON_WAIT_MS);
    }
    _exit(EX_OSERR);
}

static void begin_message(struct dialogue *d)
{
    struct call *call = d->call;

    call_identify(call);
    call_header(call);
    call->message.len = 0;
    d->smtp.header_len = call->header_len;
}

/* Keeps the message's first part, of which the summary is made. */
static void keep_text(struct dialogue *d, const char *bytes, size_t n)
{
    struct message *m = &d->call->message;
    size_t room = sizeof m->data - m->len;

    m->full = n > room;
    n = n < room ? n : room;
    memcpy(m->data + m->len, bytes, n);
    m->len += n;
}

static void log_message(struct dialogue *d)
{
    struct call *call = d->call;
    const struct message *m = &call->message;
    struct envelope envelope = {
        .session = d->id,
        .sender = d->smtp.has_sender ? d->smtp.sender : NULL,
        .recipients = d->smtp.recipients,
    };

    summary_read(m->data, m->len, d->smtp.place.offset, m->len < sizeof m->data,
                 call->config.header.name, call->target.dialect, &call->summary);
    clock_gettime(CLOCK_REALTIME, &call->time);
    call->envelope = &envelope;
    if (!journal_write(call, "deliver", NULL)) {
        abandon(d, "the message cannot be recorded");
    }
    call->envelope = NULL;
    call->summary.xphp.present = false; /* the message's, not the session's */
}

/* Says once, in a second record of the session, that from here on nothing is read. */
static void log_opaque(struct dialogue *d)
{
    struct call *call = d->call;

    if (d->smtp.opaque == NULL || d->marked_opaque) {
        return;
    }
    d->marked_opaque = true;
    call->opaque = d->smtp.opaque;
    memcpy(call->id, d->id, sizeof call->id);
    clock_gettime(CLOCK_REALTIME, &call->time);
    if (!journal_write(call, "pass", NULL)) {
        abandon(d, "the session cannot be recorded");
    }
}

/* --- from the client to the MTA ------------------------------------------------------------ */

static void put(struct dialogue *d, const char *bytes, size_t n)
{
    memcpy(d->out + d->out_len, bytes, n);
    d->out_len += n;
}

static void put_header(struct dialogue *d)
{
    const struct header_place *place = &d->smtp.place;

    put(d, d->call->header, d->call->header_len);
    put(d, place->eol, strlen(place->eol));
    if (place->blank_after) {
        put(d, place->eol, strlen(place->eol));
    }
}

/* Carries out one step for the bytes from `at` on; false when there is none to be had now. */
static bool take_step(struct dialogue *d, size_t *at)
{
    const char *bytes = d->client + *at;
    size_t len = d->client_len - *at;
    struct smtp_step step = smtp_next(&d->smtp, bytes, len, d->client_eof);

    if (step.act == SMTP_MORE && len == sizeof d->client) {
        step = smtp_next(&d->smtp, bytes, len, true); /* more cannot be held */
    }
    log_opaque(d);
    d->all_done = step.act == SMTP_MORE && len == 0;
    switch (step.act) {
    case SMTP_MORE:
        return false;
    case SMTP_WAIT:
        if (d->session->from < 0) {
            smtp_deaf(&d->smtp);
            log_opaque(d);
        }
        return d->session->from < 0;
    case SMTP_PASS:
        if (step.message) {
            keep_text(d, bytes, step.n);
        }
        put(d, bytes, step.n);
        *at += step.n;
        break;
    case SMTP_BEGIN:
        begin_message(d);
        break;
    case SMTP_INSERT:
        put_header(d);
        break;
    case SMTP_CHUNK:
        put(d, d->smtp.line, d->smtp.line_len);
        *at += step.n;
        break;
    case SMTP_END:
        keep_text(d, bytes, step.n);
        log_message(d);
        break;
    }
    return true;
}

/* Turns what the client sent into what the MTA gets. */
static void filter_client(struct dialogue *d)
{
    size_t at = 0;

    if (d->out_len > 0) {
        return; /* first that */
    }
    while (sizeof d->out - d->out_len >= d->client_len - at + 2UL * CALL_HEADER_MAX &&
           take_step(d, &at)) {
    }
    d->client_len -= at;
    memmove(d->client, d->client + at, d->client_len);
}

static void read_client(struct dialogue *d)
{
    ssize_t n = read(STDIN_FILENO, d->client + d->client_len, sizeof d->client - d->client_len);

    if (n > 0) {
        d->client_len += (size_t)n;
    } else if (n == 0) {
        d->client_eof = true;
    } else if (errno != EINTR && errno != EAGAIN) {
        /* End of file would be a lie, and to some MTAs the end of a message; in a batch it would
         * look like success. */
        if (d->session->from < 0 || d->smtp.state == SMTP_DATA || d->smtp.state == SMTP_IN_CHUNK) {
            abandon(d, "stdin cannot be read");
        }
        d->client_eof = true;
    }
}

/* The MTA reads no more: so do we not, and the client sees that as he would without us. */
static void stop_client(struct dialogue *d)
{
    close_fd(&d->session->to);
    close(STDIN_FILENO);
    d->client_eof = true;
    d->client_len = d->out_len = d->out_at = 0;
}

static void write_mta(struct dialogue *d)
{
    while (d->out_len > 0 && d->session->to >= 0) {
        ssize_t n = write(d->session->to, d->out + d->out_at, d->out_len - d->out_at);

        if (n < 0 && errno == EAGAIN) {
            return;
        }
        if (n < 0 && errno == EPIPE) {
            stop_client(d);
            return;
        }
        if (n < 0 && errno != EINTR) {
            abandon(d, "the message cannot be handed on");
        }
        d->out_at += n > 0 ? (size_t)n : 0;
        if (d->out_at == d->out_len) {
            d->out_at = d->out_len = 0;
            filter_client(d);
        }
    }
}

/* All that can be done for the MTA now. */
static void serve_mta(struct dialogue *d)
{
    if (d->session->to < 0) {
        return;
    }
    filter_client(d);
    write_mta(d);
    if (d->client_eof && d->all_done && d->out_len == 0) {
        close_fd(&d->session->to);
    }
}

/* --- from the MTA to the client ------------------------------------------------------------ */

static void stop_replies(struct dialogue *d)
{
    d->client_gone = true;
    d->reply_len = d->reply_at = 0;
    close_fd(&d->session->from); /* the MTA learns it when it next writes, as without us */
    close(STDOUT_FILENO);        /* and who still waits for an answer sees that none comes */
}

static void read_mta(struct dialogue *d)
{
    ssize_t n = read(d->session->from, d->reply, sizeof d->reply);

    if (n > 0) {
        d->reply_len = (size_t)n;
        smtp_reply(&d->smtp, d->reply, (size_t)n);
        log_opaque(d);
    } else if (n == 0 || (errno != EINTR && errno != EAGAIN)) {
        close_fd(&d->session->from);
        close(STDOUT_FILENO);
        d->client_gone = true;
        if (n == 0) {
            d->marked_opaque = true; /* it has ended: that it does not answer is no riddle */
        }
    }
}

static void write_client(struct dialogue *d)
{
    ssize_t n = write(STDOUT_FILENO, d->reply + d->reply_at, d->reply_len - d->reply_at);

    if (n < 0 && errno != EINTR && errno != EAGAIN) {
        stop_replies(d);
    }
    d->reply_at += n > 0 ? (size_t)n : 0;
    if (d->reply_at == d->reply_len) {
        d->reply_at = d->reply_len = 0;
    }
}

/* --- the end ------------------------------------------------------------------------------- */

/* Ends as the MTA did. */
static _Noreturn void finish(int status)
{
    struct rlimit no_core = {0, 0};
    struct sigaction standard;
    sigset_t mask;

    if (WIFEXITED(status)) {
        _exit(WEXITSTATUS(status));
    }
    memset(&standard, 0, sizeof standard);
    standard.sa_handler = SIG_DFL;
    setrlimit(RLIMIT_CORE, &no_core); /* one is enough, and it is the MTA's */
    sigaction(WTERMSIG(status), &standard, NULL);
    kill(getpid(), WTERMSIG(status));
    sigemptyset(&mask);
    sigaddset(&mask, WTERMSIG(status));
    sigprocmask(SIG_UNBLOCK, &mask, NULL);
    _exit(128 + WTERMSIG(status));
}

/*
 * The MTA is gone, but a process that it started still holds its stdout: what that one writes
 * reaches the client as without us, from a process that nobody waits for.
 */
static void leave_to_child(struct dialogue *d)
{
    pid_t pid = d->session->from >= 0 ? fork() : -1;

    if (pid != 0) {
        finish(d->status);
    }
    d->orphan = true;
}

static void reap(struct dialogue *d)
{
    int status;

    while (!d->mta_done) {
        pid_t pid = waitpid(d->session->mta, &status, WNOHANG | WUNTRACED);

        if (pid < 0 && errno == EINTR) {
            continue;
        }
        if (pid == 0) {
            return;
        }
        if (pid < 0) {
            status = EX_OSERR << 8; /* wait(2): an exit with it; nobody will ever say more */
        }
        if (WIFSTOPPED(status)) {
            kill(getpid(), SIGSTOP); /* who stops the MTA stops the call */
            continue;
        }
        d->mta_done = true;
        d->status = status;
        if (smtp_unfinished(&d->smtp)) {
            log_message(d); /* nullmailer's queue program takes what it got */
        }
    }
}

/* From the terminal, a signal went to the MTA as well. */
static bool is_from_terminal(const struct signalfd_siginfo *info)
{
    return info->ssi_code == SI_KERNEL &&
           (info->ssi_signo == SIGINT || info->ssi_signo == SIGQUIT || info->ssi_signo == SIGHUP ||
            info->ssi_signo == SIGTSTP || info->ssi_signo == SIGTTIN ||
            info->ssi_signo == SIGTTOU || info->ssi_signo == SIGWINCH ||
            info->ssi_signo == SIGCONT);
}

static void read_signals(struct dialogue *d)
{
    struct signalfd_siginfo info;

    while (read(d->session->signals, &info, sizeof info) == (ssize_t)sizeof info) {
        if (info.ssi_signo == SIGCHLD) {
            reap(d);
        } else if (info.ssi_pid != (uint32_t)getpid() && !is_from_terminal(&info) && !d->mta_done) {
            kill(d->session->mta,
                 (int)info.ssi_signo); /* ours are the SIGPIPEs of our own writes */
        }
    }
}

/* --- the loop ------------------------------------------------------------------------------ */

enum { AT_SIGNALS, AT_CLIENT, AT_TO, AT_FROM, AT_REPLIES, AT_COUNT };

static void expect(const struct dialogue *d, struct pollfd at[AT_COUNT])
{
    const struct session *s = d->session;
    bool room = !d->client_eof && d->client_len < sizeof d->client && d->out_len == 0;
    bool replies = s->from >= 0 && !d->client_gone;

    at[AT_SIGNALS] = (struct pollfd){s->signals, POLLIN, 0};
    at[AT_CLIENT] = (struct pollfd){room && s->to >= 0 ? STDIN_FILENO : -1, POLLIN, 0};
    at[AT_TO] = (struct pollfd){s->to, d->out_len > 0 ? POLLOUT : 0, 0};
    at[AT_FROM] = (struct pollfd){d->reply_len == 0 ? s->from : -1, POLLIN, 0};
    /* Without anything to write: whether somebody still reads. */
    at[AT_REPLIES] = (struct pollfd){replies || d->reply_len > 0 ? STDOUT_FILENO : -1,
                                     d->reply_len > 0 ? POLLOUT : 0, 0};
}

/* After the MTA's end: what it wrote last, then its status. */
static void drain(struct dialogue *d)
{
    if (d->reply_len == 0 && d->session->from >= 0 && !d->orphan) {
        read_mta(d);
    }
    if (d->reply_len == 0 && d->orphan && d->session->from < 0) {
        _exit(0);
    }
    if (d->reply_len == 0 && !d->orphan) {
        leave_to_child(d);
    }
}

static void run(struct dialogue *d)
{
    for (;;) {
        struct pollfd at[AT_COUNT];

        expect(d, at);
        if (poll(at, AT_COUNT, -1) < 0) {
            continue; /* EINTR; with ENOMEM there is nothing better either */
        }
        if (at[AT_SIGNALS].revents != 0) {
            read_signals(d);
        }
        if ((at[AT_REPLIES].revents & (POLLERR | POLLHUP | POLLNVAL)) != 0) {
            stop_replies(d);
        } else if ((at[AT_REPLIES].revents & POLLOUT) != 0) {
            write_client(d);
        }
        if (at[AT_FROM].revents != 0 && d->session->from >= 0) {
            read_mta(d);
        }
        if (at[AT_CLIENT].revents != 0) {
            read_client(d);
        }
        if ((at[AT_TO].revents & POLLERR) != 0) {
            stop_client(d);
        }
        serve_mta(d);
        if (d->mta_done) {
            drain(d);
        }
    }
}

void session_run(struct call *call, struct session *session, bool *ret_exec)
{
    static struct dialogue d;

    *ret_exec = false;
    errno = start_mta(call, session, ret_exec);
    if (errno != 0) {
        int err = errno;

        close_session(session);
        errno = err;
        return;
    }
    close_fd(&session->mta_in);
    close_fd(&session->mta_out);
    d.call = call;
    d.session = session;
    d.client_gone = session->from < 0;
    memcpy(d.id, call->id, sizeof d.id);
    smtp_init(&d.smtp, call->target.dialect, call->invocation.mode == MODE_BATCH_SMTP);
    if (session->from < 0) {
        close(STDOUT_FILENO); /* the MTA's own */
    }
    release_descriptors(&d);
    run(&d);
}
