/*
 * webconf - what the readers of the servers' configuration share, and the
 * places where panels put logs.
 *
 * Hostile: words of customers in files that panels write. Sizes, depths and
 * numbers are bounded; what cannot be read is named and passed over.
 */
#include "web/webconf.h"

#include "context.h"
#include "web/webconf_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- lists, strings --------------------------------------------------------------------------- */

bool webnames_have(const struct webnames *names, const char *text)
{
    for (size_t i = 0; i < names->count; i++) {
        if (strcmp(names->item[i], text) == 0) {
            return true;
        }
    }
    return false;
}

void webnames_add(struct webnames *names, const char *text, size_t n)
{
    char *copy = context_copy(text, n);

    if (webnames_have(names, copy)) {
        free(copy);
        return;
    }
    if ((names->count & (names->count - 1)) == 0) { /* room for a power of two */
        size_t room = names->count == 0 ? 1 : 2 * names->count;

        names->item = context_realloc(names->item, room * sizeof *names->item);
    }
    names->item[names->count++] = copy;
}

void webnames_free(struct webnames *names)
{
    for (size_t i = 0; i < names->count; i++) {
        free(names->item[i]);
    }
    free(names->item);
    *names = (struct webnames){0};
}

char *webconf_join(const char *a, const char *b, const char *c)
{
    size_t n = strlen(a) + strlen(b) + strlen(c) + 1;
    char *text = context_alloc(n);

    (void)snprintf(text, n, "%s%s%s", a, b, c);
    return text;
}

/* --- the result ------------------------------------------------------------------------------- */

struct webconf *webconf_new(void)
{
    struct webconf *conf = context_alloc(sizeof *conf);

    *conf = (struct webconf){0};
    return conf;
}

struct webconf_site *webconf_add_site(struct webconf *conf, enum web_server server)
{
    struct webconf_site *site;

    if ((conf->site_count & (conf->site_count - 1)) == 0) {
        size_t room = conf->site_count == 0 ? 1 : 2 * conf->site_count;

        conf->site = context_realloc(conf->site, room * sizeof *conf->site);
    }
    site = &conf->site[conf->site_count++];
    *site = (struct webconf_site){.server = server};
    return site;
}

size_t webconf_add_log(struct webconf *conf, enum web_server server, const char *path,
                       const char *format)
{
    struct webconf_log *log;

    for (size_t i = 0; i < conf->log_count; i++) {
        log = &conf->log[i];
        if (log->server == server && strcmp(log->path, path) == 0) {
            if (log->format == NULL && format != NULL) {
                log->format = context_copy(format, strlen(format));
            }
            return i;
        }
    }
    if ((conf->log_count & (conf->log_count - 1)) == 0) {
        size_t room = conf->log_count == 0 ? 1 : 2 * conf->log_count;

        conf->log = context_realloc(conf->log, room * sizeof *conf->log);
    }
    log = &conf->log[conf->log_count];
    *log = (struct webconf_log){.server = server, .path = context_copy(path, strlen(path))};
    log->format = format != NULL ? context_copy(format, strlen(format)) : NULL;
    return conf->log_count++;
}

void webconf_use_log(struct webconf *conf, struct webconf_site *site, size_t log)
{
    for (size_t i = 0; i < site->log_count; i++) {
        if (site->logs[i] == log) {
            return;
        }
    }
    site->logs = context_realloc(site->logs, (site->log_count + 1) * sizeof *site->logs);
    site->logs[site->log_count++] = log;
    conf->log[log].sites++;
}

void webconf_free(struct webconf *conf)
{
    if (conf == NULL) {
        return;
    }
    for (size_t i = 0; i < conf->site_count; i++) {
        struct webconf_site *site = &conf->site[i];

        webnames_free(&site->names);
        webnames_free(&site->docroots);
        webnames_free(&site->backends);
        free(site->where);
        free(site->user);
        free(site->logs);
    }
    for (size_t i = 0; i < conf->log_count; i++) {
        free(conf->log[i].path);
        free(conf->log[i].format);
        free(conf->log[i].where);
    }
    free(conf->site);
    free(conf->log);
    free(conf);
}

/* --- files ------------------------------------------------------------------------------------ */

/* The whole of a regular file, a NUL behind. NULL, errno set, if that cannot
 * be. */
static char *read_whole(const char *path, size_t *ret_len)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    struct stat st;
    char *text;
    size_t len = 0;

    if (fd < 0) {
        return NULL;
    }
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size > (off_t)WEBCONF_FILE_MAX) {
        close(fd);
        errno = EFBIG;
        return NULL;
    }
    text = context_alloc((size_t)st.st_size + 1);
    while (len < (size_t)st.st_size) {
        ssize_t n = read(fd, text + len, (size_t)st.st_size - len);

        if (n <= 0) {
            break;
        }
        len += (size_t)n;
    }
    close(fd);
    text[len] = '\0';
    *ret_len = len;
    return text;
}

static void read_one(struct webreader *reader, const char *path, bool missing_ok,
                     webconf_file *each, void *state)
{
    size_t len = 0;
    char *text;

    if (reader->files >= WEBCONF_FILES) {
        return;
    }
    for (unsigned i = 0; i < reader->depth; i++) { /* a file that includes itself */
        if (strcmp(reader->open[i], path) == 0) {
            return;
        }
    }
    reader->files++;
    text = read_whole(path, &len);
    if (text != NULL) {
        reader->open[reader->depth++] = path;
        each(reader, state, path + strlen(reader->root), text, len);
        reader->depth--;
        free(text);
    } else if (errno != EISDIR && !(missing_ok && errno == ENOENT)) {
        context_problem(reader->ctx, "cannot read %s: %s; its logs are not known", path,
                        errno == EFBIG ? "no regular file, or too large" : strerror(errno));
    }
}

void webreader_each(struct webreader *reader, const char *pattern, bool missing_ok,
                    webconf_file *each, void *state)
{
    glob_t found;
    char *path;

    if (reader->ctx == NULL || reader->depth >= WEBCONF_DEPTH) {
        return;
    }
    path = webconf_join(reader->root, pattern, "");
    if (strpbrk(pattern, "*?[") == NULL) {
        read_one(reader, path, missing_ok, each, state);
    } else if (glob(path, 0, NULL, &found) == 0) {
        for (size_t i = 0; i < found.gl_pathc; i++) {
            read_one(reader, found.gl_pathv[i], missing_ok, each, state);
        }
        globfree(&found);
    }
    free(path);
}

/* --- panels ----------------------------------------------------------------------------------- */

/* Where a panel keeps the access logs of its sites. %: the part of the path
 * that names the site. */
static const struct {
    const char *logs;    /* a pattern of glob(3) whose first '*' is the site */
    const char *docroot; /* '*' becomes the site's name; "": none known */
    enum web_server server;
} panels[] = {
    {"/var/www/vhosts/*/logs/access_log", "/var/www/vhosts/*", WEB_APACHE}, /* Plesk */
    {"/var/www/vhosts/*/logs/access_ssl_log", "/var/www/vhosts/*", WEB_APACHE},
    {"/var/www/vhosts/*/logs/proxy_access_log", "/var/www/vhosts/*", WEB_NGINX},
    {"/var/www/vhosts/*/logs/proxy_access_ssl_log", "/var/www/vhosts/*", WEB_NGINX},
    {"/var/log/ispconfig/httpd/*/access.log", "/var/www/*", WEB_UNKNOWN},
    {"/var/customers/logs/*-access.log", "/var/customers/webs/*", WEB_UNKNOWN}, /* Froxlor */
    {"/home/*/logs/access.log", "/home/*", WEB_UNKNOWN},
    {"/home/*/logs/access_log", "/home/*", WEB_UNKNOWN},
    {"/home/*/logs/nginx_access.log", "/home/*", WEB_NGINX},
    {"/var/log/apache2/domlogs/*", "", WEB_APACHE}, /* cPanel */
    {"/usr/local/apache/domlogs/*", "", WEB_APACHE},
    {"/var/log/apache2/domains/*.log", "", WEB_APACHE}, /* HestiaCP, VestaCP */
    {"/var/log/nginx/domains/*.log", "", WEB_NGINX},
};

/* What the first '*' of pattern stands for in path. */
static char *site_of(const char *pattern, const char *path)
{
    const char *star = strchr(pattern, '*'), *from, *to;

    if (star == NULL) {
        return context_copy(path, strlen(path));
    }
    from = path + (star - pattern);
    if (star[1] == '/') {
        to = from + strcspn(from, "/");
    } else {
        size_t tail = strlen(star + 1), n = strlen(from);

        to = from + (n > tail ? n - tail : n);
    }
    return context_copy(from, (size_t)(to - from));
}

static bool log_known(const struct webconf *conf, const char *path)
{
    for (size_t i = 0; i < conf->log_count; i++) {
        if (strcmp(conf->log[i].path, path) == 0) {
            return true;
        }
    }
    return false;
}

static void add_panel_log(struct webconf *conf, size_t panel, const char *full, const char *path)
{
    struct webconf_site *site;
    char *name = site_of(panels[panel].logs, path), *docroot;
    const char *pattern = panels[panel].docroot, *star = strchr(pattern, '*');
    struct stat st;

    /* "x.error.log", "x.bytes", "x-bytes_log" lie beside them */
    if (log_known(conf, path) || strstr(path, "error") != NULL || strstr(path, "bytes") != NULL ||
        strstr(path, "ftpxfer") != NULL || stat(full, &st) != 0 || !S_ISREG(st.st_mode)) {
        free(name);
        return;
    }
    site = webconf_add_site(conf, panels[panel].server);
    webnames_add(&site->names, name, strlen(name));
    if (star != NULL) {
        char *before = context_copy(pattern, (size_t)(star - pattern));

        docroot = webconf_join(before, name, star + 1);
        webnames_add(&site->docroots, docroot, strlen(docroot));
        free(docroot);
        free(before);
    }
    webconf_use_log(conf, site, webconf_add_log(conf, panels[panel].server, path, NULL));
    free(name);
}

static void read_panels(struct webreader *reader)
{
    for (size_t i = 0; i < sizeof panels / sizeof panels[0]; i++) {
        char *pattern = webconf_join(reader->root, panels[i].logs, "");
        glob_t found;

        if (glob(pattern, 0, NULL, &found) == 0) {
            for (size_t j = 0; j < found.gl_pathc && j < WEBCONF_FILES; j++) {
                add_panel_log(reader->conf, i, found.gl_pathv[j],
                              found.gl_pathv[j] + strlen(reader->root));
            }
            globfree(&found);
        }
        free(pattern);
    }
}

/* A document root that is a link (to the present release): callers' directories are its target. */
static void add_link_targets(struct webconf *conf)
{
    for (size_t i = 0; i < conf->site_count; i++) {
        struct webnames *docroots = &conf->site[i].docroots;
        size_t count = docroots->count;

        for (size_t j = 0; j < count; j++) {
            char *real = realpath(docroots->item[j], NULL);

            if (real != NULL && strcmp(real, "/") != 0) {
                webnames_add(docroots, real, strlen(real));
            }
            free(real);
        }
    }
}

struct webconf *webconf_read(struct context *ctx, const char *root)
{
    struct webreader reader = {.ctx = ctx, .conf = webconf_new(), .root = root};

    webconf_read_apache(&reader);
    webconf_read_nginx(&reader);
    webconf_read_fpm(&reader);
    read_panels(&reader);
    if (root[0] == 0) {
        add_link_targets(reader.conf);
    }
    return reader.conf;
}
