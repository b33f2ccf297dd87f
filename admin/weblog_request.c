/*
 * weblog_request - what a command is given of a line that fits: its fields with the quoting undone,
 * and what speaks for it.
 *
 * Hostile: the values; they stay raw bytes here and are escaped where they are printed.
 */
#include "weblog_parts.h"

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

/* A field of the hit, or of the web server's line of it. */
static const char *field(struct weblog *weblog, const struct weblog_hit *hit,
                         enum weblogformat_field which)
{
    const struct weblog_hit *one = hit;

    do {
        for (size_t i = 0; one->row.value[which].ptr != NULL && i < one->log->format_count; i++) {
            struct weblogformat_row row; /* which of its formats the line has */

            if (weblogformat_match(one->log->format[i], one->line, strlen(one->line), &row)) {
                return keep_text(weblog,
                                 weblogformat_unescape(one->log->format[i], one->row.value[which]));
            }
        }
        one = one->also;
    } while (one != NULL);
    return NULL;
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
    return keep_text(weblog, context_copy(text, len));
}

/* With Apache's Action, %f is the program that was asked to run the page: no script of anybody's.
 */
static bool is_handler(const struct weblog_hit *hit)
{
    static const char cgi[] = "/cgi-bin/";
    struct slice script = hit->row.value[WEBFIELD_SCRIPT], path = weblog_path(&hit->row);

    return script.ptr != NULL && (hit->by & BY_SCRIPT) == 0 &&
           memmem(script.ptr, script.len, cgi, sizeof cgi - 1) != NULL &&
           (path.ptr == NULL || memmem(path.ptr, path.len, cgi, sizeof cgi - 1) == NULL);
}

struct weblog_request weblog_request_of(struct weblog *weblog, const struct weblog_hit *hit)
{
    const char *status = field(weblog, hit, WEBFIELD_STATUS),
               *pid = field(weblog, hit, WEBFIELD_PID);
    bool nginx = hit->log->server == WEB_NGINX, known = hit->row.duration >= 0 || hit->row.end >= 0;
    struct weblog_request request = {.start = -1, .end = -1};

    request.start = nginx && !known ? -1
                    : nginx         ? hit->row.time - hit->row.duration
                                    : hit->row.time;
    request.end = nginx               ? hit->row.time
                  : hit->row.end >= 0 ? hit->row.end
                  : known             ? hit->row.time + hit->row.duration
                                      : -1;
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
    request.log = hit->file;
    request.also = hit->also != NULL ? hit->also->file : NULL;
    request.slow_only = hit->slow_only;
    return request;
}
