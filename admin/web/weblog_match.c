/*
 * weblog_match - one access-log line and one record: whether the request can
 * have caused the call, and what speaks for it.
 *
 * Hostile: the line, and in the record what a caller can arrange: cwd, script,
 * the environment's claims. They only order what fits; what is called exact
 * rests on the pid, which the kernel gave.
 */
#include "web/weblog_parts.h"

#include "context.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define SECOND INT64_C(1000000)
#define CACHED_TIME                                                            \
    20000 /* nginx looks at the clock once a turn of its loop: that much late, \
             microseconds */

/* --- when it ran ------------------------------------------------------------------------------ */

void weblog_bounds(const struct weblog_log *log, int64_t window, const struct weblogformat_row *row,
                   struct weblog_hit *hit)
{
    int64_t last = row->time + row->resolution - 1;

    hit->end_known = true;
    if (log->server == WEB_NGINX) {
        hit->end_low = row->time - CACHED_TIME;
        hit->end_high = last + CACHED_TIME;
        if (row->duration >= 0) {
            hit->start_low = hit->end_low - row->duration - row->duration_resolution;
            hit->start_high = hit->end_high - row->duration;
        } else {
            hit->start_low = hit->end_low - window;
            hit->start_high = hit->end_high;
        }
        return;
    }
    hit->start_low = row->time;
    hit->start_high = last;
    if (row->end >= 0) {
        hit->end_low = row->end;
        hit->end_high = row->end + row->end_resolution;
    } else if (row->duration >= 0) {
        hit->end_low = row->time + row->duration;
        hit->end_high = last + row->duration + row->duration_resolution;
    } else {
        hit->end_known = false;
        hit->end_low = row->time;
        hit->end_high = last + window;
    }
    if (log->server == WEB_UNKNOWN && row->duration < 0) { /* it may as well be the end */
        hit->start_low -= window;
    }
}

/* Whether the call came while it ran, with a second to spare, and how far from
 * its likeliest moment. */
static bool ran_then(const struct weblog_log *log, int64_t window,
                     const struct weblogformat_row *row, struct weblog_hit *hit)
{
    int64_t logged = row->time, late;
    /* php-fpm writes its line before the shutdown functions run */
    int64_t after = hit->pid && log->server == WEB_FPM ? window : SECOND;

    if (hit->moment < hit->start_low - SECOND || hit->moment > hit->end_high + after) {
        return false;
    }
    hit->later = hit->moment < hit->start_low;
    late = log->server == WEB_NGINX ? logged - hit->moment : hit->moment - logged;
    hit->away = late < 0 ? -late : late;
    hit->slow_only = (!hit->end_known || row->duration < 0) &&
                     late > (log->server == WEB_NGINX ? 0 : row->resolution) + SECOND;
    return true;
}

long weblog_pid(struct slice text)
{
    int64_t pid = 0;

    if (text.ptr == NULL || text.len > 10) {
        return -1;
    }
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9') {
            return -1;
        }
        pid = pid * 10 + (text.ptr[i] - '0');
    }
    return pid <= INT32_MAX ? (long)pid : -1;
}

static bool pid_of(const struct weblog_call *call, const struct weblogformat_row *row, uint8_t *ret)
{
    long pid = weblog_pid(row->value[WEBFIELD_PID]);

    for (unsigned i = 0; i < call->pid_count; i++) {
        if (call->pid[i] == pid) {
            *ret = (uint8_t)i;
            return true;
        }
    }
    return false;
}

/* --- what speaks for it ----------------------------------------------------------------------- */

struct slice weblog_method(const struct weblogformat_row *row)
{
    struct slice method = row->value[WEBFIELD_METHOD], request = row->value[WEBFIELD_REQUEST];

    if (method.ptr == NULL && request.ptr != NULL) {
        const char *blank = memchr(request.ptr, ' ', request.len);

        method.ptr = request.ptr;
        method.len = blank != NULL ? (size_t)(blank - request.ptr) : request.len;
    }
    return method;
}

struct slice weblog_uri(const struct weblogformat_row *row)
{
    struct slice uri = row->value[WEBFIELD_URI], request = row->value[WEBFIELD_REQUEST];
    const char *blank;

    if (uri.ptr == NULL) {
        uri = row->value[WEBFIELD_PATH];
    }
    if (uri.ptr != NULL || request.ptr == NULL) {
        return uri;
    }
    blank = memchr(request.ptr, ' ', request.len);
    if (blank == NULL) {
        return uri;
    }
    uri.ptr = blank + 1;
    uri.len = request.len - (size_t)(uri.ptr - request.ptr);
    blank = memrchr(uri.ptr, ' ', uri.len);
    if (blank != NULL) {
        uri.len = (size_t)(blank - uri.ptr);
    }
    return uri;
}

struct slice weblog_path(const struct weblogformat_row *row)
{
    struct slice path = weblog_uri(row);
    const char *query = path.ptr != NULL ? memchr(path.ptr, '?', path.len) : NULL;

    if (query != NULL) {
        path.len = (size_t)(query - path.ptr);
    }
    return path;
}

static bool slice_is(struct slice slice, const char *text)
{
    return slice.ptr != NULL && slice.len == strlen(text) &&
           memcmp(slice.ptr, text, slice.len) == 0;
}

static bool ends_with(struct slice slice, const char *end)
{
    size_t n = strlen(end);

    return slice.len >= n && strncasecmp(slice.ptr + slice.len - n, end, n) == 0;
}

/* What a server hands out without asking a script. */
static bool is_static(struct slice path)
{
    static const char *const ends[] = {".css", ".js",  ".png",   ".jpg",  ".jpeg", ".gif",
                                       ".ico", ".svg", ".woff2", ".woff", ".webp", ".map",
                                       ".txt", ".ttf", ".mp4",   ".pdf"};

    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        if (ends_with(path, ends[i])) {
            return true;
        }
    }
    return false;
}

/* How long the directory part of a path is. */
static size_t directory_of(const char *path, size_t n)
{
    while (n > 0 && path[n - 1] != '/') {
        n--;
    }
    return n > 1 ? n - 1 : n;
}

/* The file that the server ran against the record's script or directory. */
static void judge_script(struct weblog_kind *kind, const struct weblogformat_row *row)
{
    const struct weblog_place *place = kind->place;
    struct slice script = row->value[WEBFIELD_SCRIPT];
    char *path;

    if (script.ptr == NULL) {
        return;
    }
    path = context_copy(script.ptr, script.len);
    weblog_plain_path(path);
    if (place->script[0] != '\0' && strcmp(path, place->script) == 0) {
        kind->score += 400;
        kind->by |= BY_SCRIPT;
    } else if (place->cwd[0] != '\0' && directory_of(path, strlen(path)) == strlen(place->cwd) &&
               strncmp(path, place->cwd, strlen(place->cwd)) == 0) {
        kind->score += 200;
        kind->by |= BY_DIRECTORY;
    }
    free(path);
}

/* Whether full is docroot + path; without a docroot: ends in path. */
static bool lies_at(const char *full, size_t n, const char *docroot, struct slice path)
{
    size_t root = docroot != NULL ? strlen(docroot) : 0;

    while (root > 0 && docroot[root - 1] == '/') {
        root--;
    }
    if (path.len == 0 || path.len > n || memcmp(full + n - path.len, path.ptr, path.len) != 0) {
        return false;
    }
    return docroot == NULL || (n == root + path.len && memcmp(full, docroot, root) == 0);
}

/* The URI against the record's script or directory: good for sites without a
 * front controller. */
static void judge_uri(struct weblog_kind *kind, const char *docroot,
                      const struct weblogformat_row *row)
{
    const struct weblog_place *place = kind->place;
    struct slice path = weblog_path(row), directory = path;

    if (path.ptr == NULL || path.len == 0 || path.ptr[0] != '/') {
        return;
    }
    directory.len = directory_of(path.ptr, path.len);
    if (is_static(path)) {
        kind->score -= 300;
    } else if (place->script[0] != '\0' && path.len > 1 &&
               lies_at(place->script, strlen(place->script), docroot, path)) {
        kind->score += 300;
        kind->by |= BY_URI;
    } else if (ends_with(path, ".php") && place->cwd[0] != '\0') {
        if (directory.len > 1 ? lies_at(place->cwd, strlen(place->cwd), docroot, directory)
                              : docroot != NULL && strcmp(docroot, place->cwd) == 0) {
            kind->score += 100;
            kind->by |= BY_DIRECTORY;
        }
    } else if (place->script[0] == '\0' && ends_with(path, ".php")) {
        kind->score += 10;
    }
}

void weblog_judge(struct weblog_kind *kind, const char *docroot, const struct weblogformat_row *row)
{
    struct slice client = row->value[WEBFIELD_CLIENT];

    kind->score = 0;
    kind->by = 0;
    judge_script(kind, row);
    judge_uri(kind, docroot, row);
    if (kind->uri[0] != '\0' && slice_is(weblog_uri(row), kind->uri)) {
        kind->score += 500;
        kind->by |= BY_CLAIM;
    }
    if (kind->remote[0] != '\0' && slice_is(client, kind->remote)) {
        kind->score += 200;
        kind->by |= BY_CLIENT;
    }
    if (kind->host[0] != '\0' && slice_is(row->value[WEBFIELD_HOST], kind->host)) {
        kind->score += 50;
        kind->by |= BY_HOST;
    }
    kind->post = slice_is(weblog_method(row), "POST");
}

bool weblog_match(const struct weblog_call *call, const struct weblog_log *log, int64_t window,
                  const struct weblogformat_row *row, struct weblog_hit *ret)
{
    *ret = (struct weblog_hit){0};
    weblog_bounds(log, window, row, ret);
    ret->pid = log->server != WEB_NGINX && pid_of(call, row, &ret->which);
    ret->moment_known = ret->pid && call->forked[ret->which] != INT64_MIN;
    ret->moment = ret->moment_known ? call->forked[ret->which] : call->time;
    /* A process of that number that was not started yet. */
    if (ret->pid && call->worker_start != INT64_MIN &&
        ret->start_high < call->worker_start - SECOND) {
        ret->pid = false;
        return false;
    }
    /* Where the worker runs the script itself, another worker's request is
     * another. */
    if (!ret->pid && row->value[WEBFIELD_PID].ptr != NULL && log->server == call->kind->runs_in &&
        call->kind->runs_in != WEB_UNKNOWN) {
        return false;
    }
    return ran_then(log, window, row, ret);
}
