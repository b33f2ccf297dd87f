/*
 * feeder - see feeder.h. Hostile input: the caller's stdin, for as long as he likes; the limits he
 * set. On failure to read: the MTA is ended before the pipe is let go, since end of file would mean
 * "send it".
 */
#include "feeder.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define IN 0   /* the feeder's descriptors: the caller's stdin, */
#define OUT 1  /* the pipe, */
#define MTA 2  /* a pidfd of the MTA, where the kernel has them */
#define PIPE 3 /* the other end of the pipe, where OUT is a socket */

#define END_WAIT_MS 10000 /* for the MTA to end after SIGTERM */
#define SPLICE_MAX (1 << 20)

struct feeder {
    struct feed *feed;
    pid_t mta;
    bool have_pidfd;
    int socket; /* ours of a pair of which the other is the MTA's stdin; -1: it reads the pipe */
};

static void close_from(unsigned first)
{
    if (syscall(SYS_close_range, first, ~0U, 0) == 0) {
        return;
    }
    for (int fd = (int)first; fd < 65536; fd++) { /* before Linux 5.9, or forbidden */
        close(fd);
    }
}

/*
 * Sendmail answers SIGTERM with exit status 0 (sendmail/main.c, intsig), and so does Courier: the
 * caller would take for sent what is thrown away.
 */
static int end_signal(const struct dialect *dialect)
{
    const char *name = dialect_name(dialect);

    return name != NULL && (strcmp(name, "sendmail") == 0 || strcmp(name, "courier") == 0)
               ? SIGKILL
               : SIGTERM;
}

/* Ends the MTA and waits until nobody reads the pipe any more. */
static _Noreturn void abandon(const struct feeder *f)
{
    struct pollfd out = {OUT, 0, 0};
    int signal = end_signal(f->feed->dialect);

    if (f->socket >= 0) {
        _exit(1); /* with the guard unread: the MTA's own reading fails now */
    }
    if (f->have_pidfd) {
        /* If it is gone, its pid may be somebody else's by now: so no kill(2) after this. */
        syscall(SYS_pidfd_send_signal, MTA, signal, NULL, 0);
    } else {
        kill(f->mta,
             signal); /* somebody still reads the pipe, so the pid is most likely still its */
    }
    poll(&out, 1, END_WAIT_MS);
    _exit(1);
}

/* Waits for input. Ends the feeder when nobody reads the pipe any more, even while the caller keeps
 * silent. */
static void wait_input(void)
{
    for (;;) {
        struct pollfd fds[2] = {{IN, POLLIN, 0}, {OUT, 0, 0}};
        int n = poll(fds, 2, -1);

        if (n > 0 && (fds[1].revents & (POLLERR | POLLHUP)) != 0) {
            _exit(0);
        }
        if ((n > 0 && fds[0].revents != 0) || (n < 0 && errno != EINTR)) {
            return;
        }
    }
}

/* Waits until the pipe has room or nobody reads it any more. */
static void wait_room(void)
{
    struct pollfd out = {OUT, POLLOUT, 0};

    while (poll(&out, 1, -1) < 0 && errno == EINTR) {
    }
}

/* All of it; false on an error. Ends the feeder when nobody reads the pipe any more. */
static bool write_all(const char *bytes, size_t n)
{
    while (n > 0) {
        ssize_t done = write(OUT, bytes, n);

        if (done < 0 && errno == EPIPE) {
            _exit(0); /* the MTA has what it wanted */
        }
        if (done < 0 && errno == EAGAIN) {
            wait_room(); /* O_NONBLOCK could not be taken away */
        } else if (done < 0 && errno != EINTR) {
            return false;
        }
        if (done > 0) {
            bytes += done;
            n -= (size_t)done;
        }
    }
    return true;
}

/* read(2) after a wait: bytes, 0 at the end, -1 on an error that is one. */
static ssize_t read_input(char *buf, size_t cap)
{
    for (;;) {
        ssize_t n;

        wait_input();
        n = read(IN, buf, cap);
        if (n >= 0 || (errno != EINTR && errno != EAGAIN)) {
            return n;
        }
    }
}

/* Writes the first part; reads on before that where its beginning was not there yet. */
static void feed_first_part(const struct feeder *f)
{
    struct feed *feed = f->feed;
    struct message *m = feed->message;

    while (feed->header_len > 0 && !m->placed) {
        ssize_t n =
            m->len < sizeof m->data ? read_input(m->data + m->len, sizeof m->data - m->len) : 0;

        if (n < 0) {
            abandon(f);
        }
        m->len += (size_t)n;
        m->eof = n == 0 && m->len < sizeof m->data;
        m->placed = header_place(feed->dialect, m->data, m->len, n == 0, &m->place);
    }
    for (;;) {
        ssize_t left = feed_write(feed);

        if (left == 0) {
            return;
        }
        if (left < 0 && errno == EPIPE) {
            _exit(0); /* the MTA has what it wanted */
        }
        if (left < 0 && errno == EAGAIN) {
            wait_room();
        } else if (left < 0 && errno != EINTR) {
            abandon(f);
        }
    }
}

/* Moves some bytes without a copy: their number, 0 at the end, -1 if that cannot be, which read(2)
 * and write(2) must tell. */
static ssize_t move_some(void)
{
    for (;;) {
        ssize_t n;

        wait_input();
        n = splice(IN, NULL, OUT, NULL, SPLICE_MAX, SPLICE_F_MOVE | SPLICE_F_MORE);
        if (n >= 0 || (errno != EINTR && errno != EAGAIN)) {
            return n;
        }
        /* With a caller's non-blocking stdin a full pipe is EAGAIN, too (Linux: fs/splice.c,
         * do_splice). */
        wait_room();
    }
}

/* To the socket: what is in the pipe already. That ends when the MTA runs, since then nobody holds
 * the pipe's other end. */
static void empty_pipe(const struct feeder *f)
{
    char buf[4096];
    ssize_t n;

    while ((n = read(PIPE, buf, sizeof buf)) != 0) {
        if (n > 0 ? !write_all(buf, (size_t)n) : errno != EINTR) {
            abandon(f);
        }
    }
    close(PIPE);
}

static _Noreturn void feeder_run(const struct feeder *f)
{
    struct message *m = f->feed->message;
    bool spliced = feed_is_spliceable(IN);
    char guard;

    close_from(f->socket >= 0 ? PIPE + 1 : f->have_pidfd ? MTA + 1 : MTA);
    if (f->socket >= 0) {
        empty_pipe(f);
    }
    feed_first_part(f);
    while (!m->eof) {
        ssize_t n = spliced ? move_some() : read_input(m->data, sizeof m->data);

        if (!spliced && (n < 0 || !write_all(m->data, (size_t)n))) {
            abandon(f);
        }
        spliced = spliced && n >= 0; /* some sandboxes forbid it */
        m->eof = n == 0;
    }
    _exit(f->socket >= 0 && read(OUT, &guard, 1) != 1);
}

/*
 * In the process between us and the feeder, which inherits it all: nothing of the caller's but
 * stdin. Returns 0, or the errno of what failed: then no message is on its way yet, and the call
 * can still be refused; a feeder that failed here would leave the MTA with a message that is cut.
 */
static int feeder_prepare(struct feeder *f, int pidfd)
{
    struct feed *feed = f->feed;

    sigset_t all;

    sigfillset(&all);
    /* But it stops with its job: from a terminal, a blocked SIGTTIN would turn a Ctrl-Z into a read
     * error. */
    sigdelset(&all, SIGTSTP);
    sigdelset(&all, SIGTTIN);
    sigdelset(&all, SIGTTOU);
    sigprocmask(SIG_BLOCK, &all, NULL);
    /* All these numbers are above 2, since 0 to 2 were open when they were given. */
    f->have_pidfd = pidfd >= 0 && dup2(pidfd, MTA) == MTA;
    if (dup2(f->socket >= 0 ? f->socket : feed->out, OUT) != OUT ||
        (f->socket >= 0 && dup2(*feed->mta_end, PIPE) != PIPE)) {
        return errno;
    }
    fcntl(OUT, F_SETFL, 0); /* it may wait now */
    if (chdir("/") != 0) {
        /* A directory that stays in use is nothing against a message that is cut. */
    }
    feed->out = OUT;
    return 0;
}

/* fork(2) without the SIGCHLD that would be pending in the MTA. */
static pid_t fork_silently(void)
{
    return (pid_t)syscall(SYS_clone, 0UL, NULL, NULL, NULL, 0UL);
}

/*
 * The caller may reap orphans (PR_SET_CHILD_SUBREAPER) and have run us in its own place: then the
 * feeder would become our child, the MTA's. Returns what was set; it is set again after the fork.
 */
static bool subreaper_off(void)
{
    int set = 0;

    return prctl(PR_GET_CHILD_SUBREAPER, &set, 0, 0, 0) == 0 && set != 0 &&
           prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0) == 0;
}

/* Forks twice, so that the feeder is nobody's child that the MTA or the caller waits for. 0, or an
 * errno. */
static int start_orphan(struct feeder *f, int pidfd)
{
    pid_t between = fork_silently(), done;
    int status = 0;

    if (between == 0) {
        int err = feeder_prepare(f, pidfd);
        pid_t feeder = err == 0 ? fork_silently() : -1;

        if (feeder == 0) {
            feeder_run(f);
        }
        _exit(err != 0 ? err : feeder < 0 ? errno : 0);
    }
    if (between < 0) {
        return errno;
    }
    do {
        done = waitpid(between, &status, __WALL);
    } while (done < 0 && errno == EINTR);
    return done == between && WIFEXITED(status) ? WEXITSTATUS(status) : EAGAIN;
}

/*
 * Exim reads as a user of its own (exim_setugid in its exim.c), so that our signal is refused, and
 * end of file would be the end of the message. Its stdin is made a socket, in whose other end a
 * byte waits: if that is closed with the byte unread, reading fails with ECONNRESET where the data
 * ends (Linux: net/unix/af_unix.c, unix_release_sock), as it would have without us. So it does when
 * the feeder is killed. Not for all: some MTAs try again after an error, and a socket tells of it
 * once. Returns the MTA's end; -1 if it is to read the pipe.
 */
static int open_guarded(struct feeder *f)
{
    const char *name = dialect_name(f->feed->dialect);
    int ends[2];

    f->socket = -1;
    if (f->feed->mta_end == NULL || name == NULL || strcmp(name, "exim") != 0 ||
        socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
        return -1;
    }
    if (send(ends[0], "", 1, MSG_NOSIGNAL) != 1) {
        close(ends[0]);
        close(ends[1]);
        return -1;
    }
    f->socket = ends[1];
    return ends[0];
}

bool feeder_start(struct feed *feed)
{
    struct feeder f = {.feed = feed, .mta = getpid()};
    int pidfd = (int)syscall(SYS_pidfd_open, f.mta, 0), mta_end = open_guarded(&f), err;
    bool subreaper = subreaper_off();

    err = start_orphan(&f, pidfd);
    if (mta_end >= 0) {
        close(f.socket);
        close(*feed->mta_end);
        *feed->mta_end = mta_end;
    }
    if (subreaper) {
        prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    }
    if (pidfd >= 0) {
        close(pidfd);
    }
    errno = err;
    return err == 0;
}
