/*
 * weblog_request - what a command is given of a line that fits: its fields with the quoting undone,
 * and what speaks for it.
 *
 * Hostile: the values; they stay raw bytes here and are escaped where they are printed.
 */
#include "web/weblog_parts.h"

#include "context.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *keep_text(struct weblog *weblog, char *text)
{
    if (text != NULL) {
        weblog->text =
            context_realloc(weblog->text, (weblog->text_count + 1) * sizeof *weblog->text);
        weblog->text[weblog->text_count++] = text;
    }
    return text;
}

void weblog_forget_texts(struct weblog *weblog)
{
    for (size_t i = 0; i < weblog->text_count; i++) {
        free(weblog->text[i]);
    }
    free(weblog->text);
    weblog->text = NULL;
    weblog->text_count = 0;
}

/* A field of the hit, or of the web server's line of it. */
static const char *field(struct weblog *weblog, const struct weblog_hit *hit,
                         enum weblogformat_field which)
{
    const struct weblog_line *line = hit->line;

    if (line->row.value[which].ptr == NULL) {
        line = hit->also;
    }
    return line == NULL
               ? NULL
               : keep_text(weblog, weblogformat_unescape(line->format, line->row.value[which]));
}

static const char *request_text(struct weblog *weblog, const struct weblog_hit *hit)
{
    const char *request = field(weblog, hit, WEBFIELD_REQUEST), *method, *uri, *query = NULL;
    char *text;
    size_t n;

    if (request != NULL) {
        return request;
    }
    method = field(weblog, hit, WEBFIELD_METHOD);
    uri = field(weblog, hit, WEBFIELD_URI);
    if (uri == NULL) {
        uri = field(weblog, hit, WEBFIELD_PATH);
        query = field(weblog, hit, WEBFIELD_QUERY);
    }
    if (uri == NULL) {
        return NULL;
    }
    n = strlen(uri) + (method != NULL ? strlen(method) : 0) + (query != NULL ? strlen(query) : 0) +
        4;
    text = context_alloc(n);
    (void)snprintf(text, n, "%s%s%s%s%s", method != NULL ? method : "", method != NULL ? " " : "",
                   uri, query != NULL && query[0] != '?' ? "?" : "", query != NULL ? query : "");
    return keep_text(weblog, text);
}

static const char *by_text(struct weblog *weblog, const struct weblog_hit *hit)
{
    static const char *const names[] = {
        "script",         "directory", "URI", "what the script's environment says",
        "client address", "host name"};
    char text[256];
    size_t len = 0;
    int n;

    n = hit->pid ? snprintf(text, sizeof text, "worker's pid")
                 : snprintf(text, sizeof text, "time");
    len = (size_t)n;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if ((hit->by >> i & 1) != 0) {
            n = snprintf(text + len, sizeof text - len, ", %s", names[i]);
            len += (size_t)n;
        }
    }
    if (hit->pid && hit->forgeable && len < sizeof text - 64) {
        n = snprintf(text + len, sizeof text - len, "; but a user can write to that log");
        len += (size_t)n;
    }
    return keep_text(weblog, context_copy(text, len));
}

/* With Apache's Action, %f is the program that was asked to run the page: no script of anybody's.
 */
static bool is_handler(const struct weblog_hit *hit)
{
    static const char cgi[] = "/cgi-bin/";
    const struct weblogformat_row *row = &hit->line->row;
    struct slice script = row->value[WEBFIELD_SCRIPT], path = weblog_path(row);

    return script.ptr != NULL && (hit->by & BY_SCRIPT) == 0 &&
           memmem(script.ptr, script.len, cgi, sizeof cgi - 1) != NULL &&
           (path.ptr == NULL || memmem(path.ptr, path.len, cgi, sizeof cgi - 1) == NULL);
}

static int64_t end_of(const struct weblog_line *line)
{
    const struct weblogformat_row *row = &line->row;

    if (line->log->server == WEB_NGINX) {
        return row->time;
    }
    if (row->end >= 0) {
        return row->end;
    }
    return row->duration >= 0 ? row->time + row->duration : -1;
}

/* php-fpm's times begin in whole seconds: by them a request may have ended before it sent mail. */
static void times(const struct weblog_hit *hit, struct weblog_request *ret)
{
    const struct weblogformat_row *row = &hit->line->row;

    ret->start = row->time;
    if (hit->line->log->server == WEB_NGINX) {
        ret->start = row->duration >= 0 ? row->time - row->duration : -1;
    }
    ret->end = end_of(hit->line);
    if (ret->end >= 0 && ret->end < hit->moment && hit->line->log->server == WEB_FPM) {
        ret->end = hit->also != NULL ? end_of(hit->also) : -1;
        ret->end = ret->end < hit->moment ? -1 : ret->end;
    }
}

struct weblog_request weblog_request_of(struct weblog *weblog, const struct weblog_hit *hit)
{
    const char *status = field(weblog, hit, WEBFIELD_STATUS),
               *pid = field(weblog, hit, WEBFIELD_PID);
    struct weblog_request request = {0};

    times(hit, &request);
    request.client = field(weblog, hit, WEBFIELD_CLIENT);
    request.peer = field(weblog, hit, WEBFIELD_PEER);
    if (request.peer == NULL) {
        request.peer = field(weblog, hit, WEBFIELD_FORWARDED);
    }
    request.user = field(weblog, hit, WEBFIELD_USER);
    request.request = request_text(weblog, hit);
    request.status = status != NULL ? (int)strtol(status, NULL, 10) : -1;
    request.host = field(weblog, hit, WEBFIELD_HOST);
    request.script = is_handler(hit) ? NULL : field(weblog, hit, WEBFIELD_SCRIPT);
    request.agent = field(weblog, hit, WEBFIELD_AGENT);
    request.referer = field(weblog, hit, WEBFIELD_REFERER);
    request.pid = pid != NULL ? strtol(pid, NULL, 10) : -1;
    request.sure = hit->certain ? WEBLOG_PID : hit->pid ? WEBLOG_WORKER : WEBLOG_WINDOW;
    request.by = by_text(weblog, hit);
    request.log = hit->line->file;
    request.also = hit->also != NULL ? hit->also->file : NULL;
    request.slow_only = hit->slow_only;
    return request;
}
