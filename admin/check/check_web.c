/*
 * check_web - the area "web": an access log with the worker's pid makes "which request was it?"
 * exact (webformats.h); without, it is a window of time. nginx, in front of php-fpm, does not know
 * that pid: there the milliseconds of a request's end and how long it ran tell those of one worker
 * apart. Input: the web servers' configuration as webconf reads it.
 */
#include "check/findings.h"
#include "ini.h"
#include "web/webconf.h"
#include "web/webformats.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define FORMAT_ROOM 1024

/* As a configuration file has it: each " and \ behind so many backslashes. */
static const char *quoted(const char *format, const char *backslash, char buf[FORMAT_ROOM])
{
    size_t n = 0, extra = strlen(backslash);

    for (; *format != '\0' && n + extra + 2 < FORMAT_ROOM; format++) {
        if (*format == '"') {
            memcpy(buf + n, backslash, extra);
            n += extra;
        }
        buf[n++] = *format;
    }
    buf[n] = '\0';
    return buf;
}

static bool has_pid(enum web_server server, const char *format)
{
    struct weblogformat *compiled = weblogformat_compile(server, format);
    bool has = compiled != NULL && weblogformat_has(compiled, WEBFIELD_PID);

    weblogformat_free(compiled);
    return has;
}

/* Whether the log is of a site that hands PHP on to php-fpm, or of one that does not. Where Apache
 * does, its own pid is none of a worker's; nginx runs no PHP itself. */
static bool has_site(const struct webconf *conf, size_t log, bool hands_on)
{
    for (size_t i = 0; i < conf->site_count; i++) {
        const struct webconf_site *site = &conf->site[i];

        for (size_t k = 0; k < site->log_count; k++) {
            if (site->logs[k] == log && (site->backends.count > 0) == hands_on) {
                return true;
            }
        }
    }
    return false;
}

/* Whether text means only itself within sed's commands: names that a panel wrote for a customer are
 * pasted into a shell of root's. $ and braces: ${APACHE_LOG_DIR}, which sed takes literally. */
static bool is_plain(const char *text)
{
    return text[0] != '\0' &&
           text[strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-/"
                             "${}")] == '\0';
}

/* --- php-fpm ----------------------------------------------------------------------------- */

/* Behind the pool's heading; what stood in the pool before goes. sed's a command takes one level of
 * backslashes away. */
static void fix_pool(struct check *check, const struct webconf_site *site, bool log_too)
{
    char file[CHECK_SHELL_MAX], where[PATH_MAX], format[FORMAT_ROOM];
    const char *name = site->names.count > 0 ? site->names.item[0] : "";

    (void)snprintf(where, sizeof where, "%.*s", (int)strcspn(site->where, ":"), site->where);
    if (!is_plain(name) || strpbrk(name, "/$") != NULL) {
        check_fix(check, "in that pool: %saccess.format = \"%s\"",
                  log_too ? "access.log = /var/log/php-fpm-NAME.access.log, and " : "",
                  quoted(WEBFORMAT_FPM, "\\", format));
        return;
    }
    check_fix(check,
              "sed -i -e '/^\\[%s\\]/,/^\\[/{/^[[:space:]]*access\\.format/d}' -e '/^\\[%s\\]/a "
              "%saccess.format = \"%s\"' %s && "
              "systemctl reload 'php*-fpm'",
              name, name, log_too ? "access.log = /var/log/php-fpm-$pool.access.log\\n" : "",
              quoted(WEBFORMAT_FPM, "\\\\", format), check_shell(where, file));
}

static void look_at_pool(struct check *check, const struct webconf *conf,
                         const struct webconf_site *site)
{
    const char *name = site->names.count > 0 ? site->names.item[0] : "?";

    if (site->where == NULL) {
        return;
    }
    if (site->log_count == 0) {
        check_say(check, CHECK_WEB_FPM_NONE,
                  "%s: php-fpm pool %s has no access log: which request sent a mail is a guess",
                  site->where, name);
        fix_pool(check, site, true);
        return;
    }
    for (size_t i = 0; i < site->log_count; i++) {
        const struct webconf_log *log = &conf->log[site->logs[i]];

        if (!has_pid(WEB_FPM, log->format != NULL ? log->format : WEBFORMAT_FPM_DEFAULT)) {
            check_say(check, CHECK_WEB_FPM,
                      "%s: %s of php-fpm pool %s has no worker's pid: which request sent a mail is "
                      "a guess",
                      site->where, log->path, name);
            fix_pool(check, site, false);
        }
    }
}

/* --- Apache ------------------------------------------------------------------------------ */

/* The line that makes the log: searched for in the configuration by the file's name, since
 * ${APACHE_LOG_DIR} may stand before it. */
struct custom_log {
    const char *name; /* "/access.log" */
    const char *path; /* of the file being read */
    char file[PATH_MAX], word[PATH_MAX];
    unsigned line;
};

static void take_directive(char *text, unsigned number, void *arg)
{
    struct custom_log *log = arg;
    char *line = ini_trim(text);
    size_t n = strcspn(line, " \t"), len;

    if (log->line != 0 || n != strlen("CustomLog") || strncasecmp(line, "CustomLog", n) != 0) {
        return;
    }
    line += n + strspn(line + n, " \t");
    line[strcspn(line, " \t")] = '\0';
    len = strlen(line);
    if (len >= strlen(log->name) && strcmp(line + len - strlen(log->name), log->name) == 0) {
        log->line = number;
        (void)snprintf(log->file, sizeof log->file, "%s", log->path);
        (void)snprintf(log->word, sizeof log->word, "%s", line);
    }
}

static void read_apache_file(struct check *check, const char *path, void *arg)
{
    struct custom_log *log = arg;

    log->path = path;
    check_file_lines(check, path, take_directive, log);
}

static void fix_apache(struct check *check, const char *path)
{
    struct custom_log *log = context_alloc(sizeof *log);
    char format[FORMAT_ROOM], word[CHECK_SHELL_MAX];
    const char *slash = strrchr(path, '/');

    *log = (struct custom_log){.name = slash != NULL ? slash : path};
    check_each_file(check, "/etc/apache2/sites-enabled", "", read_apache_file, log);
    check_each_file(check, "/etc/apache2/conf-enabled", "", read_apache_file, log);
    read_apache_file(check, "/etc/apache2/apache2.conf", log);
    if (log->line > 0 && is_plain(log->word)) {
        check_fix(
            check,
            "sed -i --follow-symlinks '%us|.*|CustomLog %s \"%s\"|' %s && systemctl reload apache2",
            log->line, log->word, quoted(WEBFORMAT_APACHE, "\\\\", format),
            check_shell(log->file, word));
    } else {
        check_fix(check, "where that log is configured: CustomLog %s \"%s\"", path,
                  quoted(WEBFORMAT_APACHE, "\\", format));
    }
    free(log);
}

static void look_at_apache_log(struct check *check, const struct webconf *conf, size_t index)
{
    const struct webconf_log *log = &conf->log[index];

    if (has_site(conf, index, false) &&
        !has_pid(WEB_APACHE, log->format != NULL ? log->format : WEBFORMAT_COMMON)) {
        check_say(check, CHECK_WEB_APACHE,
                  "%s has no worker's pid: which request sent a mail is a guess", log->path);
        fix_apache(check, log->path);
    }
}

/* --- nginx ------------------------------------------------------------------------------- */

#define NGINX_CONF "/etc/nginx/nginx.conf"

static bool has_times(const char *format)
{
    struct weblogformat *compiled = weblogformat_compile(WEB_NGINX, format);
    bool has = compiled != NULL && weblogformat_has_fraction(compiled) &&
               weblogformat_has_duration(compiled);

    weblogformat_free(compiled);
    return has;
}

/* A format must stand before the logs that use it: right behind "http {". Then it becomes the
 * second word of the log's line, in place of another name; what has a '=' is no name. */
static void fix_nginx(struct check *check, const struct webconf_log *log)
{
    char file[CHECK_SHELL_MAX], where[PATH_MAX] = "";
    const char *colon = log->where != NULL ? strrchr(log->where, ':') : NULL;
    char *text = check_read(check, NGINX_CONF, NULL);

    if (colon != NULL) {
        (void)snprintf(where, sizeof where, "%.*s", (int)(colon - log->where), log->where);
    }
    if (colon == NULL || text == NULL) {
        check_fix(
            check,
            "in nginx's http { }, before the logs: log_format mailorigin '%s'; and access_log "
            "%s mailorigin;",
            WEBFORMAT_NGINX, log->path);
    } else {
        check_fix(check,
                  "sed -E -i --follow-symlinks '%ss/(access_log[[:space:]]+[^[:space:];]+)"
                  "([[:space:]]+[^[:space:];=]+)?([[:space:];])/\\1 mailorigin\\3/' %s && "
                  "{ grep -rq 'log_format mailorigin ' /etc/nginx"
                  " || sed -i '/^[[:space:]]*http[[:space:]]*{/a log_format mailorigin "
                  "'\\''%s'\\'';' " NGINX_CONF "; } && nginx -t && systemctl reload nginx",
                  colon + 1, check_shell(where, file), WEBFORMAT_NGINX);
    }
    free(text);
}

static void look_at_nginx_log(struct check *check, const struct webconf *conf, size_t index)
{
    const struct webconf_log *log = &conf->log[index];

    if (has_site(conf, index, true) && log->format != NULL && !has_times(log->format)) {
        check_say(check, CHECK_WEB_NGINX,
                  "%s%s%s of nginx has no milliseconds of a request's end, or not how long it ran: "
                  "requests of one second cannot be told apart",
                  log->where != NULL ? log->where : "", log->where != NULL ? ": " : "", log->path);
        fix_nginx(check, log);
    }
}

void check_web(struct check *check)
{
    struct webconf *conf = webconf_read(check_context(check), "");
    size_t before = check_worse(check);

    for (size_t i = 0; i < conf->site_count; i++) {
        if (conf->site[i].server == WEB_FPM) {
            look_at_pool(check, conf, &conf->site[i]);
        }
    }
    for (size_t i = 0; i < conf->log_count; i++) {
        if (conf->log[i].server == WEB_APACHE) {
            look_at_apache_log(check, conf, i);
        } else if (conf->log[i].server == WEB_NGINX) {
            look_at_nginx_log(check, conf, i);
        }
    }
    if (check_worse(check) == before && (conf->servers & (1U << WEB_APACHE | 1U << WEB_FPM)) != 0) {
        check_say(check, CHECK_WEB_OK, "the access logs have the worker's pid");
    }
    webconf_free(conf);
}
