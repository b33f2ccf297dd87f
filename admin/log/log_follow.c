/*
 * log_follow - see log_follow.h. Files by polling (follow.h), the journal by its own descriptor.
 * Signals are taken by signalfd(2), so that it ends between two records, never within one.
 */
#include "log/log_follow.h"

#include "args.h"
#include "confine.h"
#include "context.h"
#include "log/follow.h"
#include "log/log_print.h"
#include "out.h"
#include "records/journald.h"
#include "records/opener.h"
#include "records/repeats.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define PATHS_MAX 16
#define TICK_MS 200          /* between two looks at the files */
#define JOURNAL_TICK_MS 2000 /* in case a file of the journal was made where inotify is silent */
#define TAIL_MORE 200        /* entries of the journal that are no records, or forged */
#define BACK \
    (INT64_C(8) << 20) /* bytes of the newest file in which the last records are looked for */

struct follower {
    struct context *ctx;
    const struct filter *filter;
    bool raw;
    struct log_ring *ring; /* while the beginning is read */
    struct record_scratch scratch;
    int signals; /* signalfd */
    const char *path[PATHS_MAX];
    enum records_origin origin[PATHS_MAX];
    size_t paths;
    char *central;           /* NULL, or the path of the collector's log */
    struct repeats *repeats; /* NULL without it */
};

/* --- what is followed ------------------------------------------------------------------------ */

static void add_path(struct follower *f, const char *path, enum records_origin origin)
{
    if (f->paths < PATHS_MAX) {
        f->path[f->paths] = path;
        f->origin[f->paths++] = origin;
    }
}

/* The same choice as records_open. Returns false after a message; paths stays 0 for the journal. */
static bool choose(struct follower *f)
{
    struct context *ctx = f->ctx;
    bool journal = args_has(ctx->args, "journal") || args_has(ctx->args, "journal-dir");
    const char *path;

    for (size_t cursor = 0; (path = args_each(ctx->args, "log", &cursor)) != NULL;) {
        if (strcmp(path, "-") == 0) {
            (void)context_fail(ctx, "-f follows files and the journal, not standard input");
            return false;
        }
        add_path(f, path, strcmp(path, ctx->config.log_file) == 0 ? RECORDS_FILE : RECORDS_SYSLOG);
    }
    if (args_has(ctx->args, "central")) {
        f->central = records_central_path(ctx);
        f->repeats = repeats_new();
        add_path(f, f->central, RECORDS_FILE);
    }
    if (journal && f->paths > 0) {
        (void)context_fail(ctx, "-f follows files or the journal, not both at once");
        return false;
    }
    if (journal || f->paths > 0) {
        return true;
    }
    if ((ctx->config.log_to & CONFIG_LOG_FILE) != 0) {
        add_path(f, ctx->config.log_file, RECORDS_FILE);
        return true;
    }
    if ((ctx->config.log_to & CONFIG_LOG_SYSLOG) == 0) {
        (void)context_fail(ctx, "sendmail-wrapper.conf says log { to = \"none\" }: there are no "
                                "records; name a file with --log");
        return false;
    }
    if (!records_syslog(ctx, &path)) {
        return false;
    }
    if (path != NULL) {
        add_path(f, path, RECORDS_SYSLOG);
    }
    return true;
}

/* --- records --------------------------------------------------------------------------------- */

static void take(struct follower *f, struct record_line *record)
{
    if (!filter_record(f->filter, record)) {
        return;
    }
    if (f->ring != NULL) {
        log_ring_add(f->ring, record);
    } else {
        log_print(f->ctx, record, f->raw);
    }
}

/* The beginning is read: the last of it is shown. */
static void begin_ends(struct follower *f)
{
    struct log_ring *ring = f->ring;

    f->ring = NULL;
    if (ring != NULL) {
        log_ring_print(f->ctx, ring, f->raw);
    }
}

/* Nobody reads any more, which is no failure: what is left to print goes nowhere. */
static void output_ends(void)
{
    int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

    if (null >= 0) {
        (void)dup2(null, STDOUT_FILENO);
        (void)close(null);
        (void)fflush(stdout);
        clearerr(stdout);
    }
}

/* Ends when a signal came or nobody reads what we print. */
static bool wait_more(struct follower *f, int also, int timeout)
{
    struct pollfd fds[] = {{.fd = f->signals, .events = POLLIN},
                           {.fd = STDOUT_FILENO, .events = 0},
                           {.fd = also, .events = POLLIN}};

    out_flush(f->ctx->out);
    if (ferror(stdout)) {
        output_ends();
        return false;
    }
    if (poll(fds, also >= 0 ? 3 : 2, timeout) < 0) {
        return true;
    }
    return fds[0].revents == 0 && (fds[1].revents & (POLLERR | POLLHUP | POLLNVAL)) == 0;
}

static void read_files(struct follower *f, struct follow *follow)
{
    struct follow_line line;
    struct record_line record;

    while (follow_next(follow, &line)) {
        /* A line that has just come was written just now, if it has no year. */
        if (record_line_parse(line.text, line.len, f->origin[line.path], f->ctx->now, &f->scratch,
                              &record) &&
            (f->path[line.path] != f->central || !repeats_seen(f->repeats, &record))) {
            take(f, &record);
        }
    }
}

static int follow_files(struct follower *f)
{
    struct opener *opener = opener_new(f->ctx, f->path, f->paths);
    struct follow *follow;

    if (opener == NULL) {
        return STATUS_FAILED;
    }
    if (!confine(f->ctx, CONFINE_NOTHING)) {
        opener_close(opener);
        return STATUS_FAILED;
    }
    follow = follow_new(f->ctx, opener, f->path, f->paths,
                        f->filter->since != INT64_MIN ? INT64_MAX : BACK);
    if (follow != NULL) {
        read_files(f, follow);
        begin_ends(f);
        while (wait_more(f, -1, TICK_MS)) {
            follow_look(follow);
            read_files(f, follow);
        }
        follow_close(follow);
    }
    opener_close(opener);
    return follow != NULL ? STATUS_FOUND : STATUS_FAILED;
}

static void read_journal(struct follower *f, struct journald *journald)
{
    struct journald_entry entry;
    struct record_line record;

    while (journald_entry(journald, &entry)) {
        if (record_line_message(entry.message, entry.message_len, entry.time, entry.host,
                                &f->scratch, &record) &&
            (entry.uid == 0 || entry.uid == record_line_number(&record, RECORD_UID))) {
            take(f, &record);
        }
    }
}

static int follow_journal(struct follower *f, size_t last)
{
    struct journald *journald = journald_open(f->ctx, f->filter->since, INT64_MAX);

    if (journald == NULL) {
        return STATUS_FAILED;
    }
    if (!confine(f->ctx, CONFINE_JOURNAL) ||
        (f->filter->since == INT64_MIN && f->filter->keys == 0 &&
         !journald_tail(journald, 4 * last + TAIL_MORE))) {
        journald_close(journald);
        return STATUS_FAILED;
    }
    read_journal(f, journald);
    begin_ends(f);
    while (wait_more(f, journald_fd(journald), JOURNAL_TICK_MS)) {
        journald_process(journald);
        read_journal(f, journald);
    }
    journald_close(journald);
    return STATUS_FOUND;
}

static int open_signals(void)
{
    sigset_t set;

    (void)signal(SIGPIPE, SIG_IGN);
    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGINT);
    (void)sigaddset(&set, SIGTERM);
    (void)sigprocmask(SIG_BLOCK, &set, NULL);
    return signalfd(-1, &set, SFD_CLOEXEC);
}

int log_follow(struct context *ctx, const struct filter *filter, size_t last, bool raw)
{
    struct follower f = {.ctx = ctx, .filter = filter, .raw = raw};
    int status;

    if (!choose(&f)) {
        return STATUS_FAILED;
    }
    f.signals = open_signals();
    if (f.signals < 0) {
        return context_fail(ctx, "cannot follow: no descriptor to be had");
    }
    f.ring = log_ring_new(last);
    status = f.paths > 0 ? follow_files(&f) : follow_journal(&f, last);
    free(f.scratch.data);
    free(f.central);
    repeats_free(f.repeats);
    (void)close(f.signals);
    return status;
}
