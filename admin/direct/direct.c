/*
 * direct - which processes talk to mail ports past the mail server: the mail that no wrapper sees.
 *
 * It looks at what is open now (sockets.h) and at who that is (procinfo.h); with --watch again and
 * again. Hostile: everything that a process can say of itself; it is printed escaped, and believed
 * nowhere: that a process is the mail server is known by its uid and program (mtausers.h). What
 * cannot be seen without being root is said. A single look is printed by a process that has given
 * root up; --watch has to stay root.
 */
#include "command.h"
#include "confine.h"
#include "context.h"
#include "direct/direct_rules.h"
#include "direct/sockets.h"
#include "mtausers.h"
#include "out.h"
#include "procinfo.h"
#include "wrapper/procfs.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define PEERS_SHOWN 8 /* in text */
#define WATCH_MIN 0.05
#define WATCH_MAX 3600

/* Who has some connections. */
struct who {
    bool known, mta;
    struct procinfo info; /* if known */
};

struct looker {
    struct context *ctx;
    int proc;
    bool all, root;
    struct mtausers users;
    struct procinfo_silent silent;
    struct who *who; /* one at a time: it is large */
    FILE *from;      /* who: from the process that is still root; NULL: we look ourselves */
    size_t processes, connections;
};

static bool is_mail_port(const struct socket_row *row)
{
    switch (row->state) {
    case SOCKET_ESTABLISHED:
    case SOCKET_SYN_SENT:
    case SOCKET_FIN_WAIT1:
    case SOCKET_FIN_WAIT2:
    case SOCKET_CLOSE_WAIT:
        return row->remote_port == 25 || row->remote_port == 465 || row->remote_port == 587;
    default:
        return false;
    }
}

/* --- printing ---------------------------------------------------------------------------- */

static void put_user(struct out *out, uid_t uid)
{
    const struct passwd *pw = getpwuid(uid);

    out_mood(out, OUT_BOLD);
    out_string(out, "user", "user", pw != NULL ? pw->pw_name : NULL);
    out_number(out, "uid", "uid", uid);
}

static void put_peers(struct out *out, const struct connection *list, size_t n)
{
    char text[SOCKETS_PEER_MAX];
    size_t shown = out_is_json(out) || n <= PEERS_SHOWN ? n : PEERS_SHOWN;

    out_number(out, "count", "connections", (long long)n);
    out_list_begin(out, "peers", "to");
    for (size_t i = 0; i < shown; i++) {
        (void)sockets_peer(&list[i].row, text);
        out_list_add(out, text, strlen(text));
    }
    if (shown < n) {
        out_list_add(out, "...", 3);
    }
    out_list_end(out);
}

static void put_command(struct out *out, const struct procinfo *info)
{
    char text[PROCINFO_CMDLINE_MAX];

    if (info->silent) {
        out_string(out, NULL, "command", "(unknown: whoever reads it would wait for ever)");
        out_bool(out, "silent", NULL, true);
        return;
    }
    for (size_t i = 0; i < info->cmdline_len; i++) {
        text[i] = info->cmdline[i] != '\0' ? info->cmdline[i] : ' ';
    }
    if (info->cmdline_len > 0) {
        out_bytes(out, "cmdline", "command", text, info->cmdline_len);
    }
}

static void put_process(struct out *out, const struct procinfo *info)
{
    out_number(out, "pid", "pid", info->pid);
    out_time(out, "since", "since", info->since);
    put_command(out, info);
    out_string(out, "exe", "program", info->exe_known ? info->exe : NULL);
    out_string(out, "cwd", "directory", info->cwd_known ? info->cwd : NULL);
    out_string(out, "script", "script", info->script[0] != '\0' ? info->script : NULL);
    out_string(out, "script_by", NULL, info->script_by);
    out_string(out, "unit", "unit", info->unit[0] != '\0' ? info->unit : NULL);
    if (info->foreign) {
        out_bool(out, "container", "in container", true);
    }
}

/* list[0..n): the connections of one process, or those of one uid that no process was found for. */
static void put_group(struct looker *l, struct connection *list, size_t n)
{
    struct out *out = l->ctx->out;
    const struct who *who = l->who;

    if (who->mta && !l->all) {
        return;
    }
    out_begin(out, "direct", OUT_BLOCK);
    put_user(out, who->known ? who->info.uid : list->row.uid);
    if (who->known) {
        put_process(out, &who->info);
    } else {
        out_string(out, NULL, "process",
                   l->root ? "gone, or not to be found" : "not visible: run as root");
    }
    put_peers(out, list, n);
    if (sockets_to_loopback(&list->row)) {
        out_bool(out, "loopback", NULL, true);
    }
    if (who->mta) {
        out_string(out, NULL, "is", "the mail server");
    }
    out_bool(out, "mta", NULL, who->mta);
    out_end(out);
    l->processes++;
    l->connections += n;
    for (size_t i = 0; i < n; i++) {
        list[i].shown = true;
    }
}

/* --- grouping ---------------------------------------------------------------------------- */

static bool same_group(const struct connection *a, const struct connection *b)
{
    return a->pid == b->pid && (a->pid != 0 || a->row.uid == b->row.uid);
}

static int by_group(const void *a, const void *b)
{
    const struct connection *x = a, *y = b;

    if (x->pid != y->pid) {
        return x->pid < y->pid ? -1 : 1;
    }
    if (x->pid == 0 && x->row.uid != y->row.uid) {
        return x->row.uid < y->row.uid ? -1 : 1;
    }
    return x->row.inode < y->row.inode ? -1 : x->row.inode > y->row.inode;
}

struct group {
    size_t first, count;
};

static int by_size(const void *a, const void *b)
{
    const struct group *x = a, *y = b;

    if (x->count != y->count) {
        return x->count > y->count ? -1 : 1;
    }
    return x->first < y->first ? -1 : x->first > y->first;
}

/* Asks the kernel who it is. */
static void look_up(struct looker *l, const struct connection *c)
{
    struct who *who = l->who;

    memset(who, 0, sizeof *who);
    who->known = c->pid > 0 && procinfo_read(l->proc, c->pid, c->tid, &l->silent, &who->info);
    who->mta =
        who->known ? mtausers_is_mta(&l->users, &who->info) : mtausers_has(&l->users, c->row.uid);
}

/*
 * What processes say of themselves is printed by a process that is no longer root; one that is
 * looks them up for it, in their order. Where it cannot be started, or root not be given up,
 * nothing is printed: false after a message.
 */
static bool part_with_root(struct looker *l, const struct connection *list,
                           const struct group *groups, size_t n)
{
    int ends[2];
    pid_t child;

    (void)fflush(NULL);
    if (pipe2(ends, O_CLOEXEC) != 0 || (child = fork()) < 0) {
        (void)context_fail(l->ctx, "cannot start a process: %s", strerror(errno));
        return false;
    }
    if (child == 0) {
        FILE *to = fdopen(ends[1], "w");

        close(ends[0]);
        (void)signal(SIGPIPE, SIG_DFL); /* nobody reads any more: the end */
        for (size_t i = 0; to != NULL && i < n; i++) {
            look_up(l, &list[groups[i].first]);
            if (fwrite(l->who, sizeof *l->who, 1, to) != 1 || fflush(to) != 0) {
                break;
            }
        }
        _exit(0);
    }
    close(ends[1]);
    l->from = fdopen(ends[0], "r");
    return l->from != NULL && confine(l->ctx, CONFINE_NOTHING);
}

static bool next_who(struct looker *l, const struct connection *c)
{
    if (l->from == NULL) {
        look_up(l, c);
        return true;
    }
    if (fread(l->who, sizeof *l->who, 1, l->from) != 1) {
        context_problem(l->ctx, "looking at processes broke off");
        return false;
    }
    return true;
}

/* Prints who has these connections, whoever has most of them first. last: nothing is looked at
 * behind it. */
static bool put_groups(struct looker *l, struct connection *list, size_t count, bool last)
{
    struct group *groups = context_alloc((count + 1) * sizeof groups[0]);
    size_t n = 0;
    bool good;

    if (count > 0) {
        qsort(list, count, sizeof list[0], by_group);
    }
    for (size_t i = 0; i < count; i++) {
        if (i == 0 || !same_group(&list[i - 1], &list[i])) {
            groups[n++] = (struct group){.first = i};
        }
        groups[n - 1].count++;
    }
    if (n > 0) {
        qsort(groups, n, sizeof groups[0], by_size);
    }
    good = !last || !l->root || part_with_root(l, list, groups, n);
    for (size_t i = 0; good && i < n && next_who(l, &list[groups[i].first]); i++) {
        put_group(l, list + groups[i].first, groups[i].count);
    }
    free(groups);
    return good;
}

static void say_hidden(struct looker *l, const struct connections *c)
{
    if (c->unread) {
        context_problem(l->ctx, "the kernel's list of connections, /proc/net/tcp, cannot be read: "
                                "there may be any");
    }
    if (c->closed > 0) {
        context_problem(
            l->ctx,
            "%zu processes could not be looked into (their connections, containers); run as root",
            c->closed);
    }
}

/* --- one look, or many ------------------------------------------------------------------- */

static int look_once(struct looker *l)
{
    struct connections c;
    bool good;

    sockets_find(l->proc, is_mail_port, &c);
    good = put_groups(l, c.list, c.count, true);
    if (good && l->processes == 0 && !c.unread) {
        out_note(l->ctx->out, "No process talks to port 25, 465 or 587 past the mail server right "
                              "now. What comes and goes: --watch");
    }
    say_hidden(l, &c);
    sockets_free(&c);
    return good ? context_status(l->ctx, l->processes > 0) : STATUS_FAILED;
}

struct seen {
    uint64_t *inode; /* sorted: of the last look */
    bool *fresh;     /* it was shown then */
    size_t count;
};

static bool seen_before(const struct seen *seen, uint64_t inode, size_t *ret)
{
    size_t low = 0, high = seen->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (seen->inode[middle] < inode) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    *ret = low;
    return low < seen->count && seen->inode[low] == inode;
}

/* Takes over what is there now (sorted by inode). Returns how many that the last look was the first
 * to show are gone. */
static size_t remember(struct seen *seen, const struct connections *c)
{
    struct seen now = {.count = c->count};
    size_t brief = 0, at;

    now.inode = context_alloc(c->count * sizeof now.inode[0]);
    now.fresh = context_alloc(c->count * sizeof now.fresh[0]);
    for (size_t i = 0; i < c->count; i++) {
        now.inode[i] = c->list[i].row.inode;
        now.fresh[i] = false;
    }
    for (size_t i = 0; i < seen->count; i++) {
        brief += seen->fresh[i] && !seen_before(&now, seen->inode[i], &at);
    }
    free(seen->inode);
    free(seen->fresh);
    *seen = now;
    return brief;
}

static size_t look_for_new(struct looker *l, struct seen *seen, bool first)
{
    struct connections c;
    struct connection *fresh;
    size_t n = 0, at, brief;

    sockets_find(l->proc, is_mail_port, &c);
    if (first) {
        say_hidden(l, &c);
    }
    fresh = context_alloc(c.count * sizeof fresh[0]);
    for (size_t i = 0; i < c.count; i++) {
        if (!seen_before(seen, c.list[i].row.inode, &at)) {
            fresh[n++] = c.list[i];
        }
    }
    brief = remember(seen, &c);
    (void)put_groups(l, fresh, n, false);
    (void)fflush(stdout);
    for (size_t i = 0; i < n; i++) {
        if (fresh[i].shown && seen_before(seen, fresh[i].row.inode, &at)) {
            seen->fresh[at] = true;
        }
    }
    free(fresh);
    sockets_free(&c);
    return brief;
}

static int watch_signals(void)
{
    sigset_t set;

    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGINT);
    (void)sigaddset(&set, SIGTERM);
    return sigprocmask(SIG_BLOCK, &set, NULL) == 0 ? signalfd(-1, &set, SFD_CLOEXEC) : -1;
}

static int watch(struct looker *l, double seconds)
{
    struct seen seen = {0};
    struct pollfd p = {.fd = watch_signals(), .events = POLLIN};
    size_t brief = 0;
    bool first = true;
    int ready;

    if (p.fd < 0) {
        return context_fail(l->ctx, "cannot watch for Ctrl-C: %s", strerror(errno));
    }
    if (l->ctx->terminal) {
        context_warn(
            l->ctx,
            "a look every %g s; what lives shorter than that can be missed; end with Ctrl-C",
            seconds);
    }
    do {
        brief += look_for_new(l, &seen, first);
        first = false;
        ready = poll(&p, 1, (int)(seconds * 1000));
    } while (ready == 0 || (ready < 0 && errno == EINTR));
    out_note(l->ctx->out,
             "%zu connections seen, %zu of them in one look only; with a look every %g s shorter "
             "ones can be missed",
             l->connections, brief, seconds);
    free(seen.inode);
    free(seen.fresh);
    close(p.fd);
    return context_status(l->ctx, l->processes > 0);
}

static bool watch_seconds(struct context *ctx, double *ret)
{
    const char *text = args_get(ctx->args, "watch");
    char *end;

    if (text[0] == '\0') {
        *ret = 1;
        return true;
    }
    *ret = strtod(text, &end);
    if (*end != '\0' || !(*ret >= WATCH_MIN && *ret <= WATCH_MAX)) {
        (void)context_fail(ctx, "--watch=%s: seconds between two looks, %g to %d", text, WATCH_MIN,
                           WATCH_MAX);
        return false;
    }
    return true;
}

static int run(struct context *ctx)
{
    struct looker l = {.ctx = ctx, .all = args_has(ctx->args, "all"), .root = geteuid() == 0};
    const char *why;
    double seconds = 1;
    int status;

    if (args_has(ctx->args, "rules")) {
        if (args_has(ctx->args, "watch")) {
            return context_fail(ctx, "--rules and --watch: one or the other");
        }
        return direct_rules(ctx);
    }
    if (args_has(ctx->args, "watch") && !watch_seconds(ctx, &seconds)) {
        return STATUS_FAILED;
    }
    l.proc = procfs_open(&why);
    if (l.proc < 0) {
        return context_fail(ctx, "cannot look at processes: %s", why);
    }
    mtausers_find(ctx, &l.users);
    l.who = context_alloc(sizeof *l.who);
    status = args_has(ctx->args, "watch") ? watch(&l, seconds) : look_once(&l);
    free(l.who);
    if (l.from != NULL) {
        (void)fclose(l.from);
    }
    free(l.silent.uid);
    close(l.proc);
    return status;
}

static const struct option_spec options[] = {
    {"all", 'a', NULL, NULL, "show the mail server's own connections, too"},
    {"watch", 'w', "[SECONDS]", NULL,
     "look again and again (every second), print what is new, until Ctrl-C"},
    {"rules", 0, NULL, NULL, "print nftables rules that let only the mail server's users out"},
    {NULL, 0, NULL, NULL, NULL}};

const struct command command_direct = {
    .name = "direct",
    .summary = "processes that talk to mail servers past the one of this machine",
    .operands = "",
    .details = "Connections to port 25, 465 and 587, in containers too, of processes that are not "
               "the mail server. Mail that\n"
               "leaves so is in no log and no queue. A look shows what is open at that moment: "
               "--watch for what comes and goes.\n"
               "Program, directory, command line and script are what the process made of them; "
               "user, pid and since are sure.",
    .options = options,
    .run = run,
};
