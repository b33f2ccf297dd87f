/*
 * weblog_front - php-fpm's lines of the workers' requests found again in the web server's logs: who
 * asked, and when to the millisecond, where php-fpm has whole seconds only. For all calls in one
 * reading of each log.
 */
#include "web/weblog_parts.h"

#include "context.h"

#include <stdlib.h>
#include <string.h>

#define SECOND INT64_C(1000000)
#define FRONTS_MAX 100 /* requests of one worker that are looked up in the web server's log */
#define FRONT_EARLIER (60 * SECOND) /* a request may wait for a worker */
#define FRONT_LATER (60 * SECOND)   /* and its answer be sent slowly */
#define AGE_TICK 10000              /* of a record's ages, microseconds */

/* One of a call's lines of php-fpm. */
struct pairing {
    const struct weblog_call *call;
    struct weblog_hit *fpm;
    int64_t away; /* of fpm->also */
    size_t fits;
    bool clients; /* more than one */
};

struct fronts {
    struct weblog_reading reading;
    struct pairing *item; /* by the beginning of php-fpm's line */
    size_t count;
};

static bool same_slice(struct slice a, struct slice b)
{
    return a.ptr != NULL && b.ptr != NULL && a.len == b.len && memcmp(a.ptr, b.ptr, a.len) == 0;
}

static bool same_value(const struct weblogformat_row *a, const struct weblogformat_row *b,
                       enum weblogformat_field field)
{
    return same_slice(a->value[field], b->value[field]);
}

/* Whether the web server's line can be of the request that php-fpm ran. */
static bool same_request(const struct weblog_hit *fpm, const struct weblogformat_row *row,
                         const struct weblog_hit *front)
{
    const struct weblogformat_row *ours = &fpm->line->row;
    bool full = ours->value[WEBFIELD_URI].ptr != NULL; /* else only the script's name */

    if (front->start_low > fpm->start_high + SECOND || front->end_high < fpm->start_low - SECOND ||
        front->start_high < fpm->start_low - FRONT_EARLIER) {
        return false;
    }
    if (ours->value[WEBFIELD_CLIENT].ptr != NULL && !same_value(ours, row, WEBFIELD_CLIENT)) {
        return false;
    }
    if (ours->value[WEBFIELD_STATUS].ptr != NULL && !same_value(ours, row, WEBFIELD_STATUS)) {
        return false;
    }
    return same_slice(weblog_method(ours), weblog_method(row)) &&
           (!full || same_slice(weblog_uri(ours), weblog_uri(row)));
}

/* Whether a log says to the hundredth when the request ran. */
static bool is_fine(const struct weblog_hit *hit, const struct weblogformat_row *row)
{
    return hit->end_known && row->duration >= 0 &&
           hit->end_high - hit->end_low <= INT64_C(4) * WEBLOG_TIGHT;
}

/*
 * What a web server's line says of when php-fpm ran the request: nginx's may have waited for a
 * worker, so it ran for php-fpm's duration before the end. One that ended sooner than php-fpm
 * (fastcgi_finish_request) says nothing.
 */
static void judge_front(struct weblog_hit *fpm, const struct weblogformat_row *row,
                        struct weblog_hit front)
{
    int64_t took = fpm->line->row.duration;

    if (front.forgeable || !is_fine(&front, row) || took < 0 ||
        row->duration < took - WEBLOG_TIGHT) {
        fpm->front_vague = true;
        return;
    }
    fpm->run_low = front.start_low < fpm->run_low ? front.start_low : fpm->run_low;
    fpm->run_high = front.end_high - took > fpm->run_high ? front.end_high - took : fpm->run_high;
    front.moment = fpm->moment;
    fpm->front_possible |= weblog_hit_inside(&front, WEBLOG_TIGHT);
    front.start_low = front.end_low - took - WEBLOG_TIGHT;
    fpm->front_confirms |= weblog_hit_inside(&front, 0);
}

static void pair(struct fronts *f, struct pairing *p, struct weblog_hit *front)
{
    const struct weblogformat_row *row = &f->reading.row;
    int64_t away = front->end_low - p->fpm->end_low;

    front->forgeable = weblog_forgeable(&f->reading, p->call);
    judge_front(p->fpm, row, *front);
    away = away < 0 ? -away : away;
    p->clients |= p->fits > 0 && !same_value(row, &p->fpm->also->row, WEBFIELD_CLIENT);
    if (p->fits++ > 0) {
        if (p->away <= away) {
            return;
        }
        weblog_line_free(p->fpm->also);
    }
    p->fpm->also = weblog_keep_line(&f->reading);
    p->away = away;
}

/* The first that began at or after time. */
static size_t first_since(const struct fronts *f, int64_t time)
{
    size_t low = 0, high = f->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (f->item[middle].fpm->start_low < time) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static bool front_line(void *arg, const struct weblogfile_from *from, char *text, size_t len,
                       int64_t time)
{
    struct fronts *f = arg;
    const struct weblog *weblog = f->reading.weblog;
    struct weblog_hit front = {0};

    (void)time;
    if (!weblog_take(&f->reading, from, text, len)) {
        return true;
    }
    weblog_bounds(&weblog->log[f->reading.log], weblog->window, &f->reading.row, &front);
    for (size_t i = first_since(f, front.start_low - 3 * SECOND);
         i < f->count && f->item[i].fpm->start_low <= front.start_high + FRONT_EARLIER; i++) {
        struct pairing *p = &f->item[i];

        if (p->call->kind->place->choice.log[f->reading.log] &&
            same_request(p->fpm, &f->reading.row, &front)) {
            pair(f, p, &front);
        }
    }
    return true;
}

static void read_front(struct fronts *f, size_t number)
{
    struct weblog *weblog = f->reading.weblog;
    const struct weblog_log *log = &weblog->log[number];
    struct weblogfile_formats formats = {log->format, log->format_count};
    int64_t from = INT64_MAX, to = INT64_MIN;

    for (size_t i = 0; log->server != WEB_FPM && i < f->count; i++) {
        const struct weblog_hit *fpm = f->item[i].fpm;

        if (f->item[i].call->kind->place->choice.log[number]) {
            from = fpm->start_low - SECOND < from ? fpm->start_low - SECOND : from;
            to = fpm->end_high + FRONT_LATER > to ? fpm->end_high + FRONT_LATER : to;
        }
    }
    if (from <= to) {
        f->reading.log = number;
        (void)weblogfile_scan(weblog->ctx, log->path, log->exact, formats, from, to,
                              log->server == WEB_NGINX ? 0 : weblog->window, INT64_MAX, front_line,
                              f);
        weblog_let_go(&f->reading);
    }
}

static int by_start(const void *a, const void *b)
{
    const struct pairing *left = a, *right = b;

    return left->fpm->start_low < right->fpm->start_low
               ? -1
               : left->fpm->start_low > right->fpm->start_low;
}

/*
 * php-fpm's line has whole seconds, the web server's may be finer. If by that one of the worker's
 * requests was being run at the moment of the call, those are out that cannot have been.
 */
static void settle_by_front(struct weblog_call *call)
{
    bool any = false;

    for (size_t i = 0; i < call->hit_count; i++) {
        any |= call->hit[i].front_confirms;
    }
    for (size_t i = call->hit_count; any && i-- > 0;) {
        const struct weblog_hit *hit = &call->hit[i];

        if (hit->also != NULL && !hit->front_vague && !hit->front_possible) {
            weblog_drop_hit(call, i);
            call->total--;
        }
    }
    if (any && call->hit_count == 1 && !call->crowded && call->hit[0].front_confirms &&
        call->hit[0].moment_known && !call->hit[0].forgeable) {
        call->hit[0].certain = true;
    }
}

static int by_run(const void *a, const void *b)
{
    const struct weblog_hit *left = a, *right = b;

    return left->order < right->order ? -1 : left->order > right->order;
}

/* When php-fpm can have begun it: in the second that its line says, and as the web server's lines
 * of that client and page have it, if all of them are fine. */
static void bound_run(struct weblog_hit *hit)
{
    const struct weblogformat_row *row = &hit->line->row;

    if (hit->also == NULL || hit->front_vague || row->value[WEBFIELD_CLIENT].ptr == NULL ||
        row->value[WEBFIELD_URI].ptr == NULL || hit->run_low < hit->start_low) {
        hit->run_low = hit->start_low;
    }
    if (hit->also == NULL || hit->front_vague || row->value[WEBFIELD_CLIENT].ptr == NULL ||
        row->value[WEBFIELD_URI].ptr == NULL || hit->run_high > hit->start_high) {
        hit->run_high = hit->start_high;
    }
}

/* Whether it was being run at the moment in question, wherever in its bounds it began. */
static bool surely_ran(const struct weblog_hit *hit)
{
    return hit->moment_known && !hit->forgeable && hit->run_high <= hit->moment - AGE_TICK &&
           hit->run_low + hit->line->row.duration >= hit->moment + AGE_TICK;
}

/*
 * A worker runs one request after the other and writes its lines in that order: none begins before
 * the one in front of it has ended. So a request that had waited for the worker cannot have been
 * run while another was.
 */
void weblog_settle_runs(struct weblog_call *call)
{
    size_t sure = 0, which = 0;

    for (size_t i = 0; i < call->hit_count; i++) {
        const struct weblog_hit *hit = &call->hit[i];

        if (!hit->pid || hit->which != call->hit[0].which || hit->line->row.duration < 0 ||
            hit->line->log->server != WEB_FPM || hit->line->file != call->hit[0].line->file) {
            return;
        }
        bound_run(&call->hit[i]);
    }
    qsort(call->hit, call->hit_count, sizeof *call->hit, by_run);
    for (size_t i = 1; i < call->hit_count; i++) {
        int64_t end = call->hit[i - 1].run_low + call->hit[i - 1].line->row.duration;

        call->hit[i].run_low = end > call->hit[i].run_low ? end : call->hit[i].run_low;
    }
    for (size_t i = call->hit_count; i-- > 1;) {
        int64_t begin = call->hit[i].run_high - call->hit[i - 1].line->row.duration;

        call->hit[i - 1].run_high =
            begin < call->hit[i - 1].run_high ? begin : call->hit[i - 1].run_high;
    }
    for (size_t i = 0; i < call->hit_count; i++) {
        sure += surely_ran(&call->hit[i]);
        which = surely_ran(&call->hit[i]) ? i : which;
    }
    if (sure == 1) {
        call->hit[which].certain = true;
        for (size_t i = call->hit_count; i-- > 0;) {
            if (!call->hit[i].certain) {
                weblog_drop_hit(call, i);
            }
        }
        call->total = 1;
    }
}

static void gather(struct fronts *f)
{
    struct weblog *weblog = f->reading.weblog;
    size_t room = 0;

    for (size_t i = 0; i < weblog_call_count(weblog); i++) {
        room += weblog->call[i].hit_count;
    }
    f->item = context_alloc((room + 1) * sizeof *f->item);
    for (size_t i = 0; i < weblog_call_count(weblog); i++) {
        struct weblog_call *call = &weblog->call[i];

        for (size_t j = 0; call->hit_count <= FRONTS_MAX && j < call->hit_count; j++) {
            if (call->hit[j].pid && call->hit[j].line->log->server == WEB_FPM) {
                call->hit[j].run_low = INT64_MAX;
                call->hit[j].run_high = INT64_MIN;
                f->item[f->count++] = (struct pairing){.call = call, .fpm = &call->hit[j]};
            }
        }
    }
    qsort(f->item, f->count, sizeof *f->item, by_start);
}

void weblog_fronts(struct weblog *weblog)
{
    struct fronts f = {.reading = {.weblog = weblog}};

    gather(&f);
    for (size_t i = 0; f.count > 0 && i < weblog->log_count; i++) {
        read_front(&f, i);
    }
    for (size_t i = 0; i < f.count; i++) {
        if (f.item[i].clients) { /* two clients: which, nobody knows */
            weblog_line_free(f.item[i].fpm->also);
            f.item[i].fpm->also = NULL;
        }
    }
    free(f.item);
    for (size_t i = 0; i < weblog_call_count(weblog); i++) {
        if (weblog->call[i].hit_count > 0 && weblog->call[i].hit[0].pid) {
            settle_by_front(&weblog->call[i]);
            weblog_settle_runs(&weblog->call[i]);
        }
    }
}
