/*
 * weblog - the logs that a join may look at, with their formats.
 *
 * Hostile: not this part; see weblogfile.h and weblogformat.h for the logs'
 * files and lines.
 */
#include "web/weblog.h"

#include "args.h"
#include "context.h"
#include "web/webformats.h"
#include "web/weblog_parts.h"

#include <stdlib.h>
#include <string.h>

#define WINDOW_DEFAULT 300
#define WINDOW_MAX 86400
#define SECOND INT64_C(1000000)

/* --- formats ---------------------------------------------------------------------------------- */

static void add_format(struct weblog_log *log, enum web_server server, const char *text)
{
    struct weblogformat *format = weblogformat_compile(server, text);

    if (format != NULL && log->format_count < sizeof log->format / sizeof log->format[0]) {
        log->format[log->format_count++] = format;
        log->pid |= weblogformat_has(format, WEBFIELD_PID);
    } else {
        weblogformat_free(format);
    }
}

/* What stands in a log besides its present format: from before it was changed,
 * or all if it is unknown. */
static void add_usual(struct weblog_log *log)
{
    if (log->server == WEB_FPM) {
        add_format(log, WEB_FPM, WEBFORMAT_FPM_DEFAULT);
        return;
    }
    if (log->server != WEB_NGINX) {
        add_format(log, WEB_APACHE, WEBFORMAT_APACHE);
        add_format(log, WEB_APACHE, WEBFORMAT_VHOST_COMBINED);
    }
    add_format(log, WEB_APACHE, WEBFORMAT_COMBINED);
    add_format(log, WEB_APACHE, WEBFORMAT_COMMON);
    add_format(log, WEB_APACHE, WEBFORMAT_COMBINED " %{more}x");
    if (log->server != WEB_NGINX) {
        add_format(log, WEB_APACHE, WEBFORMAT_VHOST_COMMON);
    }
}

static void init_log(struct weblog_log *log, enum web_server server, const char *path,
                     const char *format)
{
    *log = (struct weblog_log){.server = server, .path = path};
    if (format != NULL) {
        add_format(log, server == WEB_UNKNOWN ? WEB_APACHE : server, format);
    }
    add_usual(log);
}

/* "nginx:...", "$remote_addr ...", "%h ...", "combined": which server's, and
 * the format itself. */
static const char *given_format(const char *text, enum web_server *ret_server)
{
    static const struct {
        const char *name;
        enum web_server server;
        const char *format;
    } names[] = {
        {"common", WEB_APACHE, WEBFORMAT_COMMON},
        {"combined", WEB_APACHE, WEBFORMAT_COMBINED},
        {"vhost_combined", WEB_APACHE, WEBFORMAT_VHOST_COMBINED},
        {"vhost_common", WEB_APACHE, WEBFORMAT_VHOST_COMMON},
        {"apache", WEB_APACHE, WEBFORMAT_APACHE},
        {"nginx", WEB_NGINX, WEBFORMAT_NGINX_COMBINED},
        {"nginx_combined", WEB_NGINX, WEBFORMAT_NGINX_COMBINED},
        {"php-fpm", WEB_FPM, WEBFORMAT_FPM},
        {"fpm", WEB_FPM, WEBFORMAT_FPM},
    };

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        size_t n = strlen(names[i].name);

        if (strcmp(text, names[i].name) == 0) {
            *ret_server = names[i].server;
            return names[i].format;
        }
        if (strncmp(text, names[i].name, n) == 0 && text[n] == ':') {
            *ret_server = names[i].server;
            return text + n + 1;
        }
    }
    if (strchr(text, '$') != NULL) {
        *ret_server = WEB_NGINX;
    } else if (strstr(text, "%R") != NULL ||
               (strstr(text, "%h") == NULL && strstr(text, "%a") == NULL &&
                strstr(text, "}e") != NULL)) {
        *ret_server = WEB_FPM;
    } else {
        *ret_server = WEB_APACHE;
    }
    return text;
}

/* Whose a log is, by its name, where nothing else says so. */
static enum web_server server_by_name(const char *path)
{
    if (strstr(path, "nginx") != NULL || strstr(path, "proxy_access") != NULL) {
        return WEB_NGINX;
    }
    if (strstr(path, "fpm") != NULL) {
        return WEB_FPM;
    }
    return strstr(path, "apache") != NULL || strstr(path, "httpd") != NULL ? WEB_APACHE
                                                                           : WEB_UNKNOWN;
}

/* --- which logs ------------------------------------------------------------------------------- */

static struct weblog_log *add_log(struct weblog *weblog)
{
    weblog->log = context_realloc(weblog->log, (weblog->log_count + 1) * sizeof *weblog->log);
    return &weblog->log[weblog->log_count++];
}

/* The configuration may say more of a log that was named: its server and
 * format. */
static const struct webconf_log *configured(const struct webconf *conf, const char *path)
{
    for (size_t i = 0; i < conf->log_count; i++) {
        size_t n = strlen(conf->log[i].path);

        if (strncmp(conf->log[i].path, path, n) == 0 &&
            (path[n] == '\0' || path[n] == '.' || path[n] == '-')) { /* rotated */
            return &conf->log[i];
        }
    }
    return NULL;
}

static bool add_given(struct weblog *weblog)
{
    const char *format = args_get(weblog->ctx->args, "log-format"), *path;
    struct webconf *conf = NULL;
    enum web_server server = WEB_UNKNOWN;
    size_t cursor = 0;

    if (format != NULL) {
        struct weblogformat *compiled;

        format = given_format(format, &server);
        compiled = weblogformat_compile(server, format);
        if (compiled == NULL) {
            context_fail(weblog->ctx, "--log-format: not understood, or without a time: %s",
                         format);
            return false;
        }
        weblogformat_free(compiled);
    } else {
        conf = webconf_read(weblog->ctx, "");
    }
    while ((path = args_each(weblog->ctx->args, "access-log", &cursor)) != NULL) {
        const struct webconf_log *known = conf != NULL ? configured(conf, path) : NULL;
        struct weblog_log *log = add_log(weblog);

        if (known != NULL) {
            init_log(log, known->server, path, known->format);
        } else {
            init_log(log, format != NULL ? server : server_by_name(path), path, format);
        }
        log->exact = true;
    }
    webconf_free(conf);
    return true;
}

static void add_configured(struct weblog *weblog)
{
    weblog->conf = webconf_read(weblog->ctx, "");
    for (size_t i = 0; i < weblog->conf->log_count; i++) {
        const struct webconf_log *known = &weblog->conf->log[i];
        struct weblog_log *log = add_log(weblog);

        init_log(log, known->server, known->path, known->format);
        log->shared = known->sites > 1;
    }
    if (weblog->log_count == 0) {
        context_warn(weblog->ctx,
                     "no access log found: no configuration of Apache, nginx or php-fpm "
                     "names one; name it with --access-log FILE");
    }
}

struct weblog *weblog_open(struct context *ctx)
{
    struct weblog *weblog = context_alloc(sizeof *weblog);
    long long window = WINDOW_DEFAULT;

    *weblog = (struct weblog){.ctx = ctx, .call_max = WEBLOG_CALLS_MAX};
    if (!args_number(ctx, "window", 1, WINDOW_MAX, &window)) {
        free(weblog);
        return NULL;
    }
    weblog->window = window * SECOND;
    if (!args_has(ctx->args, "access-log")) {
        add_configured(weblog);
    } else if (!add_given(weblog)) {
        weblog_close(weblog);
        return NULL;
    }
    return weblog;
}

void weblog_close(struct weblog *weblog)
{
    if (weblog == NULL) {
        return;
    }
    weblog_forget_texts(weblog);
    weblog_clear(weblog);
    for (size_t i = 0; i < weblog->log_count; i++) {
        for (size_t j = 0; j < weblog->log[i].format_count; j++) {
            weblogformat_free(weblog->log[i].format[j]);
        }
    }
    webconf_free(weblog->conf);
    free(weblog->log);
    free(weblog);
}

size_t weblog_looked(const struct weblog *weblog, size_t *ret_with_pid)
{
    *ret_with_pid = weblog->looked_pid;
    return weblog->looked;
}

bool weblog_kept(const struct weblog *weblog, size_t number)
{
    return number < weblog->added && weblog->added - number <= weblog->call_max;
}
