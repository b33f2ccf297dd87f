/*
 * weblog_match - one access-log line and one record: whether the request can
 * have caused the call, and what speaks for it.
 *
 * Hostile: the line, and in the record what a caller can arrange: cwd, script,
 * the environment's claims. They only order what fits; what is called exact
 * rests on the pid, which the kernel gave.
 */
#include "weblog_parts.h"

#include "context.h"
#include "origin.h"
#include "wrapper/codec.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define SECOND INT64_C(1000000)
#define CACHED_TIME                                                            \
    20000 /* nginx looks at the clock once a turn of its loop: that much late, \
             microseconds */

/* --- the record ------------------------------------------------------------------------------- */

/* The value's bytes, NUL-terminated; "" if absent. */
static char *value(struct record_line *record, enum record_key key)
{
    struct slice slice;
    char *text;
    size_t len;
    bool cut;

    if (!record_line_value(record, key, &slice)) {
        return context_copy("", 0);
    }
    text = context_copy(slice.ptr, slice.len);
    len = slice.len;
    if (!codec_unescape(text, &len, &cut)) {
        len = 0;
    }
    text[len] = '\0';
    return text;
}

/* "/a//b (deleted)": as the server writes it. */
static void plain_path(char *path)
{
    size_t n = strlen(path);
    char *out = path;

    if (n > 10 && strcmp(path + n - 10, " (deleted)") == 0) {
        path[n - 10] = '\0';
    }
    for (const char *in = path; *in != '\0'; in++) {
        if (*in != '/' || in[1] != '/') {
            *out++ = *in;
        }
    }
    *out = '\0';
}

static void add_pid(struct weblog_call *call, long long pid, int64_t forked)
{
    for (size_t i = 0; i < call->pid_count; i++) {
        if (call->pid[i] == pid) {
            return;
        }
    }
    if (pid > 1 && pid <= INT32_MAX && call->pid_count < WEBLOG_PIDS) {
        (void)snprintf(call->pid_text[call->pid_count], sizeof call->pid_text[0], "%d", (int)pid);
        call->forked[call->pid_count] = forked;
        call->pid[call->pid_count++] = (long)pid;
    }
}

/* "sh[12344] php-fpm8.2[12001]": the ids; names hold no brackets. */
/* "1 1 102": how old this process and then each of the chain was, in hundredths of a second. What a
 * worker made last, in whichever request, is the process before it. */
static int64_t next_age(const char **ages)
{
    char *end;
    long long age = strtoll(*ages, &end, 10);

    if (end == *ages || age < 0 || age > INT64_MAX / 4 / 10000) {
        *ages = "";
        return INT64_MIN;
    }
    *ages = end;
    return age * 10000;
}

static void chain_pids(struct weblog_call *call, const char *chain, const char *ages)
{
    while ((chain = strchr(chain, '[')) != NULL) {
        char *end;
        long pid = strtol(++chain, &end, 10);

        if (*end == ']') {
            int64_t age = next_age(&ages);

            add_pid(call, pid, age == INT64_MIN ? INT64_MIN : call->time - age);
        }
    }
}

/* Which server the nearest ancestor that is no shell belongs to: in mod_php and
 * php-fpm it runs the script itself. */
static enum web_server runs_in(const char *chain)
{
    while (*chain != '\0') {
        size_t n = strcspn(chain, "[");

        if (strncmp(chain, "php-fpm", 7) == 0) {
            return WEB_FPM;
        }
        if ((n == 7 && memcmp(chain, "apache2", 7) == 0) ||
            (n == 5 && memcmp(chain, "httpd", 5) == 0)) {
            return WEB_APACHE;
        }
        if (n < 2 || memcmp(chain + n - 2, "sh", 2) != 0) {
            return WEB_UNKNOWN;
        }
        chain += strcspn(chain, " ");
        chain += *chain == ' ';
    }
    return WEB_UNKNOWN;
}

void weblog_call_init(struct weblog_call *call, struct record_line *record)
{
    char *chain = value(record, RECORD_CHAIN), *ages = value(record, RECORD_AGES);
    long long start = record_line_number(record, RECORD_START);
    long long caller_start = record_line_number(record, RECORD_CALLER_START);
    long ticks = sysconf(_SC_CLK_TCK);
    struct slice unit = {"", 0};

    *call = (struct weblog_call){.time = record->time, .worker_start = INT64_MIN};
    call->uid = record_line_number(record, RECORD_UID);
    (void)record_line_value(record, RECORD_UNIT, &unit);
    call->shared_uid = origin_shared(call->uid, unit);
    chain_pids(call, chain, ages);
    add_pid(call, record_line_number(record, RECORD_CALLER_PID), INT64_MIN);
    free(ages);
    call->runs_in = runs_in(chain);
    free(chain);
    if (start >= 0 && caller_start >= 0 && start >= caller_start && ticks > 0 &&
        start - caller_start < INT64_MAX / 2 / SECOND) {
        call->worker_start = record->time - (start - caller_start) * SECOND / ticks;
    }
    call->user = value(record, RECORD_USER);
    call->cwd = value(record, RECORD_CWD);
    call->script = value(record, RECORD_SCRIPT);
    call->remote = value(record, RECORD_REMOTE);
    call->host = value(record, RECORD_HOST);
    call->uri = value(record, RECORD_URI);
    plain_path(call->cwd);
    plain_path(call->script);
}

void weblog_call_free(struct weblog_call *call)
{
    free(call->user);
    free(call->cwd);
    free(call->script);
    free(call->remote);
    free(call->host);
    free(call->uri);
}

/* --- when it ran ------------------------------------------------------------------------------ */

static void bounds(const struct weblog_log *log, int64_t window, struct weblog_hit *hit)
{
    const struct weblogformat_row *row = &hit->row;
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
static bool ran_then(const struct weblog_log *log, int64_t window, struct weblog_hit *hit)
{
    int64_t logged = hit->row.time, late;
    /* php-fpm writes its line before the shutdown functions run */
    int64_t after = hit->pid && log->server == WEB_FPM ? window : SECOND;

    if (hit->moment < hit->start_low - SECOND || hit->moment > hit->end_high + after) {
        return false;
    }
    late = log->server == WEB_NGINX ? logged - hit->moment : hit->moment - logged;
    hit->away = late < 0 ? -late : late;
    hit->slow_only = (!hit->end_known || hit->row.duration < 0) &&
                     late > (log->server == WEB_NGINX ? 0 : hit->row.resolution) + SECOND;
    return true;
}

static bool pid_of(const struct weblog_call *call, const struct weblogformat_row *row, size_t *ret)
{
    const struct slice *text = &row->value[WEBFIELD_PID];
    long pid = 0;

    if (text->ptr == NULL || text->len > 10) {
        return false;
    }
    for (size_t i = 0; i < text->len; i++) {
        if (text->ptr[i] < '0' || text->ptr[i] > '9') {
            return false;
        }
        pid = pid * 10 + (text->ptr[i] - '0');
    }
    for (size_t i = 0; i < call->pid_count; i++) {
        if (call->pid[i] == pid) {
            *ret = i;
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
static void judge_script(const struct weblog_call *call, struct weblog_hit *hit)
{
    struct slice script = hit->row.value[WEBFIELD_SCRIPT];
    char *path;

    if (script.ptr == NULL) {
        return;
    }
    path = context_copy(script.ptr, script.len);
    plain_path(path);
    if (call->script[0] != '\0' && strcmp(path, call->script) == 0) {
        hit->score += 400;
        hit->by |= BY_SCRIPT;
    } else if (call->cwd[0] != '\0' && directory_of(path, strlen(path)) == strlen(call->cwd) &&
               strncmp(path, call->cwd, strlen(call->cwd)) == 0) {
        hit->score += 200;
        hit->by |= BY_DIRECTORY;
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
static void judge_uri(const struct weblog_call *call, const char *docroot, struct weblog_hit *hit)
{
    struct slice path = weblog_path(&hit->row), directory = path;

    if (path.ptr == NULL || path.len == 0 || path.ptr[0] != '/') {
        return;
    }
    directory.len = directory_of(path.ptr, path.len);
    if (is_static(path)) {
        hit->score -= 300;
    } else if (call->script[0] != '\0' && path.len > 1 &&
               lies_at(call->script, strlen(call->script), docroot, path)) {
        hit->score += 300;
        hit->by |= BY_URI;
    } else if (ends_with(path, ".php") && call->cwd[0] != '\0') {
        if (directory.len > 1 ? lies_at(call->cwd, strlen(call->cwd), docroot, directory)
                              : docroot != NULL && strcmp(docroot, call->cwd) == 0) {
            hit->score += 100;
            hit->by |= BY_DIRECTORY;
        }
    } else if (call->script[0] == '\0' && ends_with(path, ".php")) {
        hit->score += 10;
    }
}

static void judge(const struct weblog_call *call, const char *docroot, struct weblog_hit *hit)
{
    struct slice client = hit->row.value[WEBFIELD_CLIENT];

    judge_script(call, hit);
    judge_uri(call, docroot, hit);
    if (call->uri[0] != '\0' && slice_is(weblog_uri(&hit->row), call->uri)) {
        hit->score += 500;
        hit->by |= BY_CLAIM;
    }
    if (call->remote[0] != '\0' && slice_is(client, call->remote)) {
        hit->score += 200;
        hit->by |= BY_CLIENT;
    }
    if (call->host[0] != '\0' && slice_is(hit->row.value[WEBFIELD_HOST], call->host)) {
        hit->score += 50;
        hit->by |= BY_HOST;
    }
    hit->post = slice_is(weblog_method(&hit->row), "POST");
}

bool weblog_match(const struct weblog_call *call, const struct weblog_log *log, int64_t window,
                  const char *docroot, const char *line, size_t len, struct weblog_hit *ret)
{
    bool read = false;
    size_t which = 0;

    *ret = (struct weblog_hit){.log = log, .start_low = INT64_MIN};
    for (size_t i = 0; i < log->format_count && !read; i++) {
        read = weblogformat_match(log->format[i], line, len, &ret->row);
    }
    if (!read) {
        return false;
    }
    bounds(log, window, ret);
    ret->pid = log->server != WEB_NGINX && pid_of(call, &ret->row, &which);
    ret->moment_known = ret->pid && call->forked[which] != INT64_MIN;
    ret->moment = ret->moment_known ? call->forked[which] : call->time;
    /* A process of that number that was not started yet. */
    if (ret->pid && call->worker_start != INT64_MIN &&
        ret->start_high < call->worker_start - SECOND) {
        ret->pid = false;
        return false;
    }
    /* Where the worker runs the script itself, another worker's request is
     * another. */
    if (!ret->pid && ret->row.value[WEBFIELD_PID].ptr != NULL && log->server == call->runs_in &&
        call->runs_in != WEB_UNKNOWN) {
        return false;
    }
    if (!ran_then(log, window, ret)) {
        return false;
    }
    judge(call, docroot, ret);
    return true;
}
