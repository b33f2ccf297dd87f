/*
 * weblog_join - the requests that fit each record, best first, from all logs that are the record's,
 * each log read once for all records.
 *
 * The order of what is believed: the worker's pid at that time, which the kernel gave both sides;
 * only where no line has it, the time; then what the script's path and the URI say, which only
 * orders candidates.
 */
#include "web/weblog_parts.h"

#include "context.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECOND INT64_C(1000000)
#define TEXTS_MAX 4 /* so many pids are looked for in a line before it is read */

/* A pid of a call. */
struct pid {
    int32_t pid;
    int64_t time; /* of the call */
    struct weblog_call *call;
};

struct joining {
    struct weblog_reading reading;
    bool pids; /* lines with the workers' pids, else by time */
    int64_t slack;
    unsigned order;            /* of lines */
    struct weblog_call **call; /* by time */
    size_t count;
    struct pid *pid; /* by pid and time */
    size_t pid_count;
    char text[TEXTS_MAX][16]; /* the pids, where they are few */
    size_t text_count;
};

/* --- when a call's lines were written -------------------------------------------------------- */

static bool chosen(const struct joining *j, const struct weblog_call *call)
{
    const struct weblog_choice *choice = &call->kind->place->choice;

    return choice->log[j->reading.log] || (j->pids && choice->pid_only[j->reading.log]);
}

/* A line is written at the request's end, which is after the call. */
static int64_t written_since(const struct joining *j, const struct weblog_call *call)
{
    const struct weblog *weblog = j->reading.weblog;
    bool fpm = weblog->log[j->reading.log].server == WEB_FPM;
    int64_t from = call->time - (fpm ? weblog->window : SECOND);

    for (size_t i = 0; j->pids && i < call->pid_count; i++) {
        int64_t forked = call->forked[i];

        /* A child may be left behind by its request. */
        if (forked != INT64_MIN && forked - SECOND < from &&
            forked - SECOND >= call->time - weblog->window) {
            from = forked - SECOND;
        }
    }
    return from;
}

/* What began after the call only matters in so far as the worker began it. */
static int64_t newest(const struct joining *j, const struct weblog_call *call)
{
    const struct weblog *weblog = j->reading.weblog;

    return j->pids || weblog->log[j->reading.log].server == WEB_NGINX ? call->time + weblog->window
                                                                      : call->time + 2 * SECOND;
}

/* Whether a line of that time is to be compared with the call. */
static bool near(const struct joining *j, const struct weblog_call *call, int64_t time)
{
    return time <= newest(j, call) && time >= written_since(j, call) - j->slack - SECOND;
}

/* --- by the workers' pids -------------------------------------------------------------------- */

static int compare_pids(const void *a, const void *b)
{
    const struct pid *left = a, *right = b;

    if (left->pid != right->pid) {
        return left->pid < right->pid ? -1 : 1;
    }
    return left->time < right->time ? -1 : left->time > right->time;
}

static void index_pids(struct joining *j)
{
    size_t room = 0;

    for (size_t i = 0; i < j->count; i++) {
        room += j->call[i]->pid_count;
    }
    j->pid = context_alloc((room + 1) * sizeof *j->pid);
    for (size_t i = 0; i < j->count; i++) {
        for (size_t k = 0; k < j->call[i]->pid_count; k++) {
            j->pid[j->pid_count++] = (struct pid){j->call[i]->pid[k], j->call[i]->time, j->call[i]};
        }
    }
    qsort(j->pid, j->pid_count, sizeof *j->pid, compare_pids);
    for (size_t i = 0; i < j->pid_count; i++) {
        if (i > 0 && j->pid[i].pid == j->pid[i - 1].pid) {
            continue;
        }
        if (j->text_count == TEXTS_MAX) { /* too many: each line is read */
            j->text_count = 0;
            return;
        }
        (void)snprintf(j->text[j->text_count++], sizeof j->text[0], "%d", (int)j->pid[i].pid);
    }
}

/* Quickly: whether any of the pids can stand in the line at all. */
static bool has_pid_text(const struct joining *j, const char *line, size_t len)
{
    for (size_t i = 0; i < j->text_count; i++) {
        if (memmem(line, len, j->text[i], strlen(j->text[i])) != NULL) {
            return true;
        }
    }
    return j->text_count == 0 && j->pid_count > 0;
}

static size_t first_pid(const struct joining *j, int32_t pid, int64_t time)
{
    struct pid wanted = {pid, time, NULL};
    size_t low = 0, high = j->pid_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (compare_pids(&j->pid[middle], &wanted) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static void judge(struct joining *j, struct weblog_call *call, struct weblog_hit *hit)
{
    struct weblog_reading *reading = &j->reading;
    const struct weblog *weblog = reading->weblog;
    struct weblog_kind *kind = call->kind;
    const struct weblog_choice *choice = &kind->place->choice;

    if (kind->judged != reading->number) {
        kind->judged = reading->number;
        weblog_judge(kind, choice->docroot[reading->log], &reading->row);
        kind->own = !weblog->log[reading->log].shared ||
                    weblog_own_host(weblog, choice, reading->row.value[WEBFIELD_HOST]);
    }
    hit->score = kind->score;
    hit->by = (uint8_t)kind->by;
    hit->post = kind->post;
}

/* Returns whether the line is of a request that the worker began after the call. */
static bool match_pid(struct joining *j, struct weblog_call *call)
{
    struct weblog_reading *reading = &j->reading;
    const struct weblog *weblog = reading->weblog;
    struct weblog_hit hit;
    bool fits = weblog_match(call, &weblog->log[reading->log], weblog->window, &reading->row, &hit);

    if (!hit.pid) {
        return false;
    }
    hit.forgeable = weblog_forgeable(reading, call);
    if (hit.start_low > hit.moment + WEBLOG_TIGHT) {
        call->later |= hit.forgeable ? 0 : 1U << hit.which;
        return true;
    }
    if (fits) {
        judge(j, call, &hit);
        hit.order = j->order;
        weblog_keep_hit(reading, call, &hit);
    }
    return false;
}

/* A worker runs one request after the other: once a later one is in a file, so are all before. */
static bool seen_all(const struct weblog_call *call)
{
    for (size_t i = 0; i < call->hit_count; i++) {
        if ((call->later >> call->hit[i].which & 1) == 0) {
            return false;
        }
    }
    return call->hit_count > 0;
}

static bool pid_line(void *arg, const struct weblogfile_from *from, char *text, size_t len,
                     int64_t time)
{
    struct joining *j = arg;
    const struct slice *value = &j->reading.row.value[WEBFIELD_PID];
    bool later = false;
    long pid;

    if (!has_pid_text(j, text, len) || !weblog_take(&j->reading, from, text, len)) {
        return true;
    }
    j->order++;
    pid = weblog_pid(*value);
    for (size_t i = first_pid(j, (int32_t)pid, time - j->reading.weblog->window);
         pid > 0 && i < j->pid_count && j->pid[i].pid == pid; i++) {
        if (j->pid[i].time > time + 3 * j->reading.weblog->window + 4 * SECOND) {
            break;
        }
        if (chosen(j, j->pid[i].call) && near(j, j->pid[i].call, time)) {
            later |= match_pid(j, j->pid[i].call);
        }
    }
    return j->count > 1 || !later || !seen_all(j->call[0]);
}

/* --- by time --------------------------------------------------------------------------------- */

static size_t first_call(const struct joining *j, int64_t time)
{
    size_t low = 0, high = j->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (j->call[middle]->time < time) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static void match_time(struct joining *j, struct weblog_call *call)
{
    struct weblog_reading *reading = &j->reading;
    const struct weblog *weblog = reading->weblog;
    struct weblog_hit hit;

    /* The worker's own are those that were found to be of another moment. */
    if (weblog_match(call, &weblog->log[reading->log], weblog->window, &reading->row, &hit) &&
        !hit.pid) {
        judge(j, call, &hit);
        hit.order = j->order;
        if (call->kind->own) {
            weblog_keep_hit(reading, call, &hit);
        }
    }
}

static bool time_line(void *arg, const struct weblogfile_from *from, char *text, size_t len,
                      int64_t time)
{
    struct joining *j = arg;
    int64_t until = time + j->slack + j->reading.weblog->window + 3 * SECOND;
    size_t i = first_call(j, time - j->reading.weblog->window);

    if (i == j->count || j->call[i]->time > until || !weblog_take(&j->reading, from, text, len)) {
        return true;
    }
    j->order++;
    for (; i < j->count && j->call[i]->time <= until; i++) {
        if (chosen(j, j->call[i]) && near(j, j->call[i], time)) {
            match_time(j, j->call[i]);
        }
    }
    return true;
}

/* --- all ------------------------------------------------------------------------------------- */

static void read_log(struct joining *j, size_t number)
{
    struct weblog *weblog = j->reading.weblog;
    const struct weblog_log *log = &weblog->log[number];
    struct weblogfile_formats formats = {log->format, log->format_count};
    int64_t from = INT64_MAX, to = INT64_MIN, last = INT64_MIN;

    if (j->pids && (!log->pid || log->server == WEB_NGINX)) {
        return;
    }
    j->reading.log = number;
    j->slack = log->server == WEB_NGINX ? 0 : weblog->window;
    for (size_t i = 0; i < j->count; i++) {
        const struct weblog_call *call = j->call[i];

        if (chosen(j, call)) {
            from = written_since(j, call) < from ? written_since(j, call) : from;
            to = call->time + weblog->window > to ? call->time + weblog->window : to;
            last = newest(j, call) > last ? newest(j, call) : last;
        }
    }
    if (from > to) {
        return;
    }
    (void)weblogfile_scan(weblog->ctx, log->path, log->exact, formats, from, to, j->slack, last,
                          j->pids ? pid_line : time_line, j);
    weblog_let_go(&j->reading);
    weblog->looked++;
    weblog->looked_pid += log->pid;
}

static int by_time(const void *a, const void *b)
{
    const struct weblog_call *left = *(struct weblog_call *const *)a,
                             *right = *(struct weblog_call *const *)b;

    return left->time < right->time ? -1 : left->time > right->time;
}

/* The workers' lines, and which of them it was. */
static void read_pids(struct joining *j)
{
    struct weblog *weblog = j->reading.weblog;

    j->pids = true;
    index_pids(j);
    for (size_t i = 0; i < weblog->log_count; i++) {
        read_log(j, i);
    }
    free(j->pid);
    for (size_t i = 0; i < j->count; i++) {
        weblog_narrow(j->call[i]);
        if (j->call[i]->hit_count > 0) {
            weblog_settle(weblog, j->call[i]);
        }
    }
    weblog_fronts(weblog);
}

/* The time window, only for calls of which no worker's line was found. */
static void read_times(struct joining *j, size_t max)
{
    struct weblog *weblog = j->reading.weblog;
    size_t left = 0;

    for (size_t i = 0; i < j->count; i++) {
        if (j->call[i]->hit_count == 0) {
            j->call[left] = j->call[i];
            weblog_hits_clear(j->call[left++]);
        }
    }
    j->count = left;
    j->pids = false;
    j->reading.hits_max = j->reading.hits_max < max ? j->reading.hits_max : max;
    if (left > 0) {
        weblog->looked = weblog->looked_pid = 0;
    }
    for (size_t i = 0; left > 0 && i < weblog->log_count; i++) {
        read_log(j, i);
    }
}

void weblog_read(struct weblog *weblog, size_t max)
{
    struct joining j = {.reading = {.weblog = weblog}, .count = weblog_call_count(weblog)};
    size_t share = WEBLOG_HITS_MAX / (j.count + 1);

    j.reading.hits_max = share < 2 ? 2 : share < WEBLOG_MAX ? share : WEBLOG_MAX;
    j.call = context_alloc((j.count + 1) * sizeof(struct weblog_call *));
    for (size_t i = 0; i < j.count; i++) {
        j.call[i] = &weblog->call[i];
    }
    /* NOLINTNEXTLINE(bugprone-sizeof-expression): an array of pointers */
    qsort(j.call, j.count, sizeof *j.call, by_time);
    read_pids(&j);
    read_times(&j, max);
    free(j.call);
    for (size_t i = 0; i < weblog_call_count(weblog); i++) {
        weblog_hits_sort(&weblog->call[i]);
    }
}

size_t weblog_found(struct weblog *weblog, size_t number, size_t max,
                    void (*each)(const struct weblog_request *request, void *arg), void *arg)
{
    const struct weblog_call *call;

    weblog_forget_texts(weblog);
    if (!weblog_kept(weblog, number)) {
        return 0;
    }
    call = &weblog->call[number % weblog->call_max];
    for (size_t i = 0; i < call->hit_count && i < max; i++) {
        const struct weblog_choice *choice = &call->kind->place->choice;
        const struct weblog_hit *hit = &call->hit[i];
        struct weblog_request request = weblog_request_of(weblog, hit);

        request.whose = weblog_whose(weblog, choice, hit->line);
        if (hit->also != NULL && weblog_whose(weblog, choice, hit->also) < request.whose) {
            request.whose = weblog_whose(weblog, choice, hit->also);
        }
        each(&request, arg);
    }
    return call->total;
}

size_t weblog_join(struct weblog *weblog, struct record_line *record, size_t max,
                   void (*each)(const struct weblog_request *request, void *arg), void *arg)
{
    size_t number;

    weblog_clear(weblog);
    number = weblog_add(weblog, record);
    weblog_read(weblog, max);
    return weblog_found(weblog, number, max, each, arg);
}
