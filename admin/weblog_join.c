/*
 * weblog_join - the requests that fit a record, best first, from all logs that
 * are the record's.
 *
 * The order of what is believed: the worker's pid at that time, which the
 * kernel gave both sides; then what the script's path and the URI say, which
 * only orders candidates. Several fit: then none is named as the one.
 */
#include "weblog_parts.h"

#include "context.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define SECOND INT64_C(1000000)
#define FRONTS_MAX 100 /* requests of one worker that are looked up in the web server's log */
#define FRONT_EARLIER (60 * SECOND) /* a request may wait for a worker */
#define FRONT_LATER (60 * SECOND)   /* and its answer be sent slowly */
#define TIGHT                                                                    \
    20000 /* microseconds by which a call may be outside of what a fine log says \
           */

/* --- keeping the best ------------------------------------------------------------------------- */

static void hit_free(struct weblog_hit *hit)
{
    struct weblog_hit *also = hit->also;

    free(hit->file);
    free(hit->line);
    if (also != NULL) { /* it has none of its own */
        free(also->file);
        free(also->line);
        free(also);
    }
}

void weblog_forget(struct weblog *weblog)
{
    for (size_t i = 0; i < weblog->hit_count; i++) {
        hit_free(&weblog->hit[i]);
    }
    for (size_t i = 0; i < weblog->text_count; i++) {
        free(weblog->text[i]);
    }
    free(weblog->hit);
    free(weblog->text);
    weblog->hit = NULL;
    weblog->text = NULL;
    weblog->hit_count = weblog->hit_total = weblog->text_count = 0;
    weblog->looked = weblog->looked_pid = 0;
}

/* Less than 0: a is the better. */
static int compare(const struct weblog_hit *a, const struct weblog_hit *b)
{
    if (a->certain != b->certain) {
        return a->certain ? -1 : 1;
    }
    if (a->score != b->score) {
        return a->score > b->score ? -1 : 1;
    }
    if (a->slow_only != b->slow_only) {
        return a->slow_only ? 1 : -1;
    }
    if (a->post != b->post) {
        return a->post ? -1 : 1;
    }
    return a->away < b->away ? -1 : a->away > b->away;
}

static int compare_hits(const void *a, const void *b)
{
    return compare(a, b);
}

/* The row's values point into the line: the line that is kept, from now on. */
static void keep_line(struct weblog_hit *hit, const char *file, const char *line, size_t len)
{
    hit->file = context_copy(file, strlen(file));
    hit->line = context_copy(line, len);
    for (size_t i = 0; i < WEBFIELDS; i++) {
        if (hit->row.value[i].ptr != NULL) {
            hit->row.value[i].ptr = hit->line + (hit->row.value[i].ptr - line);
        }
    }
}

struct joining {
    struct weblog *weblog;
    const struct weblog_call *call;
    const struct weblog_choice *choice;
    const struct weblog_log *log;
    const char *docroot;
    bool pids_only;
    bool later;             /* a request that the worker began after the call is in the log */
    unsigned order;         /* of lines */
    struct weblog_hit *hit; /* the best ones, not in order */
    size_t count, room, total;
};

static void keep_hit(struct joining *j, struct weblog_hit *hit, const char *file, const char *line,
                     size_t len)
{
    size_t worst = 0;

    j->total++;
    if (j->count < WEBLOG_MAX) {
        if (j->count == j->room) {
            j->room = j->room == 0 ? 16 : 2 * j->room;
            j->hit = context_realloc(j->hit, j->room * sizeof *j->hit);
        }
        keep_line(hit, file, line, len);
        j->hit[j->count++] = *hit;
        return;
    }
    for (size_t i = 1; i < j->count; i++) {
        worst = compare(&j->hit[i], &j->hit[worst]) > 0 ? i : worst;
    }
    if (compare(hit, &j->hit[worst]) < 0) {
        hit_free(&j->hit[worst]);
        keep_line(hit, file, line, len);
        j->hit[worst] = *hit;
    }
}

/* Quickly: whether any of the pids can stand in the line at all. */
static bool has_pid_text(const struct weblog_call *call, const char *line, size_t len)
{
    for (size_t i = 0; i < call->pid_count; i++) {
        if (memmem(line, len, call->pid_text[i], strlen(call->pid_text[i])) != NULL) {
            return true;
        }
    }
    return false;
}

static bool one_line(void *arg, const char *file, char *line, size_t len)
{
    struct joining *j = arg;
    struct weblog_hit hit;
    bool fits;

    if (j->pids_only && !has_pid_text(j->call, line, len)) {
        return true;
    }
    fits = weblog_match(j->call, j->log, j->weblog->window, j->docroot, line, len, &hit);
    j->later |= hit.pid && hit.start_low > hit.moment + TIGHT;
    /* In the time window the worker's own are those that were found to be of another moment. */
    if (!fits || j->pids_only != hit.pid ||
        (!hit.pid && j->log->shared &&
         !weblog_own_host(j->weblog, j->choice, hit.row.value[WEBFIELD_HOST]))) {
        return true;
    }
    hit.order = j->order++;
    keep_hit(j, &hit, file, line, len);
    return true;
}

static void scan_log(struct joining *j, size_t log)
{
    struct weblog *weblog = j->weblog;
    struct weblogfile_formats formats;
    int64_t from, to, slack, newest;

    j->log = &weblog->log[log];
    j->docroot = j->choice->docroot[log];
    formats = (struct weblogfile_formats){j->log->format, j->log->format_count};
    /* When its line was written: at the request's end, which is after the call.
     */
    from = j->call->time - (j->log->server == WEB_FPM ? weblog->window : SECOND);
    for (size_t i = 0; j->pids_only && i < j->call->pid_count; i++) {
        int64_t forked =
            j->call->forked[i] == INT64_MIN
                ? from
                : j->call->forked[i] - SECOND; /* a child may be left behind by its request */

        if (forked < from && forked >= j->call->time - weblog->window) {
            from = forked;
        }
    }
    to = j->call->time + weblog->window;
    slack = j->log->server == WEB_NGINX ? 0 : weblog->window;
    /* What began after the call only matters in so far as the worker began it. */
    newest = j->pids_only || j->log->server == WEB_NGINX ? to : j->call->time + 2 * SECOND;
    (void)weblogfile_scan(weblog->ctx, j->log->path, j->log->exact, formats, from, to, slack,
                          newest, one_line, j);
    weblog->looked++;
    weblog->looked_pid += j->log->pid;
}

static void joining_clear(struct joining *j)
{
    for (size_t i = 0; i < j->count; i++) {
        hit_free(&j->hit[i]);
    }
    j->count = j->total = 0;
}

/* --- the worker's requests -------------------------------------------------------------------- */

static bool inside(const struct weblog_hit *hit, int64_t slack)
{
    return hit->end_known && hit->moment >= hit->start_low - slack &&
           hit->moment <= hit->end_high + slack;
}

static void drop_hit(struct joining *j, size_t i)
{
    hit_free(&j->hit[i]);
    j->hit[i] = j->hit[--j->count];
    j->total--;
}

/* Whether a was begun after b, by the log's word and then by its order. */
static bool began_later(const struct weblog_hit *a, const struct weblog_hit *b)
{
    return a->start_low != b->start_low ? a->start_low > b->start_low : a->order > b->order;
}

/*
 * When no request was being run by the log's times: what the worker ran last.
 * php-fpm writes its line before the shutdown functions run, so mail of theirs
 * comes after "the end". Where the log has no duration, requests that began in
 * one second cannot be told apart; where it has (Apache's includes all), what
 * had ended is out.
 */
static bool ran_last(const struct joining *j, const struct weblog_hit *hit)
{
    if (hit->start_low > hit->moment + TIGHT || (hit->end_known && hit->log->server != WEB_FPM)) {
        return false;
    }
    for (size_t i = 0; i < j->count; i++) {
        const struct weblog_hit *other = &j->hit[i];

        if (other->start_low > other->moment + TIGHT || !began_later(other, hit)) {
            continue;
        }
        if (hit->end_known || other->start_low > hit->start_low) {
            return false;
        }
    }
    return true;
}

/* Of the worker's requests: those in whose time the call is, else what it ran
 * last. */
static void narrow(struct joining *j)
{
    bool any = false, *keep = context_alloc(j->count + 1);

    for (size_t i = 0; i < j->count; i++) {
        keep[i] = inside(&j->hit[i], TIGHT);
        any |= keep[i];
    }
    for (size_t i = 0; !any && i < j->count; i++) {
        keep[i] = ran_last(j, &j->hit[i]);
    }
    for (size_t i = j->count; i-- > 0;) { /* from the end: drop_hit moves the last one here */
        if (!keep[i]) {
            drop_hit(j, i);
        }
    }
    free(keep);
}

/*
 * Whether the worker's request of that moment must be in the log by now: a
 * later one of the same worker is, or time enough has passed. Otherwise it may
 * still run, and what is there be the one before it.
 */
static bool complete(const struct joining *j)
{
    return j->later || j->weblog->ctx->now - j->call->time > j->weblog->window;
}

static bool same_value(const struct weblogformat_row *a, const struct weblogformat_row *b,
                       enum weblogformat_field field)
{
    const struct slice *x = &a->value[field], *y = &b->value[field];

    return x->ptr != NULL && y->ptr != NULL && x->len == y->len &&
           memcmp(x->ptr, y->ptr, x->len) == 0;
}

static bool same_slice(struct slice a, struct slice b)
{
    return a.ptr != NULL && b.ptr != NULL && a.len == b.len && memcmp(a.ptr, b.ptr, a.len) == 0;
}

/*
 * Where the time leaves several of the worker's requests none is named: what would tell them apart,
 * script and environment, the caller can arrange, and so name an innocent visitor. It only orders
 * them.
 */
static void settle_worker(struct joining *j)
{
    struct weblog_hit *best = &j->hit[0];

    qsort(j->hit, j->count, sizeof *j->hit, compare_hits);
    if (!complete(j) && !(inside(best, TIGHT) && best->row.resolution <= TIGHT)) {
        return;
    }
    best->certain = j->count == 1 && best->moment_known;
}

/* --- php-fpm's line and the web server's ------------------------------------------------------ */

struct pairing {
    struct joining *j;
    struct weblog_hit *fpm;
    struct weblog_hit best;
    size_t fits;
    bool clients; /* more than one */
};

/* Whether the web server's line can be of the request that php-fpm ran. */
static bool same_request(const struct weblog_hit *fpm, const struct weblog_hit *front)
{
    struct slice uri = weblog_uri(&fpm->row), front_uri = weblog_uri(&front->row);
    bool full = fpm->row.value[WEBFIELD_URI].ptr != NULL; /* else only the script's name */

    if (front->start_low > fpm->start_high + SECOND || front->end_high < fpm->start_low - SECOND ||
        front->start_high < fpm->start_low - FRONT_EARLIER) {
        return false;
    }
    if (fpm->row.value[WEBFIELD_STATUS].ptr != NULL &&
        !same_value(&fpm->row, &front->row, WEBFIELD_STATUS)) {
        return false;
    }
    if (!same_slice(weblog_method(&fpm->row), weblog_method(&front->row))) {
        return false;
    }
    if (fpm->row.value[WEBFIELD_CLIENT].ptr != NULL &&
        !same_value(&fpm->row, &front->row, WEBFIELD_CLIENT)) {
        return false;
    }
    return !full || same_slice(uri, front_uri);
}

/* Whether a log says to the hundredth when the request ran. */
static bool is_fine(const struct weblog_hit *hit)
{
    return hit->end_known && hit->row.duration >= 0 &&
           hit->end_high - hit->end_low <= INT64_C(4) * TIGHT;
}

/*
 * What a web server's line says of when php-fpm ran the request: nginx's may have waited for a
 * worker, so it ran for php-fpm's duration before the end. One that ended sooner than php-fpm
 * (fastcgi_finish_request) says nothing.
 */
static void judge_front(struct weblog_hit *fpm, const struct weblog_hit *front)
{
    struct weblog_hit ran = *front;

    if (!is_fine(front) || fpm->row.duration < 0 ||
        front->row.duration < fpm->row.duration - TIGHT) {
        fpm->front_vague = true;
        return;
    }
    fpm->front_possible |= inside(front, TIGHT);
    ran.start_low = front->end_low - fpm->row.duration - TIGHT;
    fpm->front_confirms |= inside(&ran, 0);
}

static bool pair_line(void *arg, const char *file, char *line, size_t len)
{
    struct pairing *p = arg;
    struct weblog_hit hit;

    (void)weblog_match(p->j->call, p->j->log, p->j->weblog->window, p->j->docroot, line, len, &hit);
    if (hit.start_low == INT64_MIN || !same_request(p->fpm, &hit)) {
        return true;
    }
    hit.moment = p->fpm->moment;
    judge_front(p->fpm, &hit);
    hit.away = hit.end_low - p->fpm->end_low;
    hit.away = hit.away < 0 ? -hit.away : hit.away;
    p->clients |= p->fits > 0 && !same_value(&hit.row, &p->best.row, WEBFIELD_CLIENT);
    if (p->fits++ > 0) {
        if (p->best.away <= hit.away) {
            return true;
        }
        hit_free(&p->best);
    }
    keep_line(&hit, file, line, len);
    p->best = hit;
    return true;
}

static void find_front(struct joining *j, struct weblog_hit *fpm)
{
    struct pairing pairing = {.j = j, .fpm = fpm};

    for (size_t i = 0; i < j->weblog->log_count; i++) {
        struct weblogfile_formats formats = {j->weblog->log[i].format,
                                             j->weblog->log[i].format_count};

        if (!j->choice->log[i] || j->weblog->log[i].server == WEB_FPM) {
            continue;
        }
        j->log = &j->weblog->log[i];
        j->docroot = j->choice->docroot[i];
        (void)weblogfile_scan(j->weblog->ctx, j->log->path, j->log->exact, formats,
                              fpm->start_low - SECOND, fpm->end_high + FRONT_LATER,
                              j->log->server == WEB_NGINX ? 0 : j->weblog->window, INT64_MAX,
                              pair_line, &pairing);
    }
    if (pairing.fits > 0 && !pairing.clients) {
        fpm->also = context_alloc(sizeof *fpm->also);
        *fpm->also = pairing.best;
    } else if (pairing.fits > 0) { /* two clients: which, nobody knows */
        hit_free(&pairing.best);
    }
}

/*
 * php-fpm's line has whole seconds, the web server's may be finer. If by that one of the worker's
 * requests was being run at the moment of the call, those are out that cannot have been.
 */
static void settle_by_front(struct joining *j)
{
    bool any = false;

    for (size_t i = 0; i < j->count; i++) {
        any |= j->hit[i].front_confirms;
    }
    for (size_t i = j->count; any && i-- > 0;) {
        if (j->hit[i].also != NULL && !j->hit[i].front_vague && !j->hit[i].front_possible) {
            drop_hit(j, i);
        }
    }
    if (any && j->count == 1 && j->hit[0].front_confirms && j->hit[0].moment_known) {
        j->hit[0].certain = true;
    }
}
/* First what has the worker's pid; the time window only if nothing has. */
static void collect(struct joining *j)
{
    j->pids_only = true;
    for (size_t i = 0; i < j->weblog->log_count; i++) {
        if (j->weblog->log[i].pid && j->weblog->log[i].server != WEB_NGINX &&
            (j->choice->log[i] || j->choice->pid_only[i])) {
            scan_log(j, i);
        }
    }
    narrow(j);
    if (j->count > 0) {
        settle_worker(j);
        for (size_t i = 0; i < j->count; i++) {
            if (j->hit[i].log->server == WEB_FPM && j->count <= FRONTS_MAX) {
                find_front(j, &j->hit[i]);
            }
        }
        settle_by_front(j);
        return;
    }
    joining_clear(j);
    j->pids_only = false;
    j->weblog->looked = j->weblog->looked_pid = 0;
    for (size_t i = 0; i < j->weblog->log_count; i++) {
        if (j->choice->log[i]) {
            scan_log(j, i);
        }
    }
}

size_t weblog_join(struct weblog *weblog, struct record_line *record, size_t max,
                   void (*each)(const struct weblog_request *request, void *arg), void *arg)
{
    struct weblog_call call;
    struct weblog_choice choice;
    struct joining j = {.weblog = weblog, .call = &call, .choice = &choice};

    weblog_forget(weblog);
    weblog_call_init(&call, record);
    weblog_choose(weblog, &call, &choice);
    collect(&j);
    if (j.count > 0) {
        qsort(j.hit, j.count, sizeof *j.hit, compare_hits);
    }
    weblog->hit = j.hit;
    weblog->hit_count = j.count;
    weblog->hit_total = j.total;
    for (size_t i = 0; i < j.count && i < max; i++) {
        struct weblog_request request = weblog_request_of(weblog, &weblog->hit[i]);

        each(&request, arg);
    }
    weblog_choice_free(&choice);
    weblog_call_free(&call);
    return weblog->hit_total;
}
