/*
 * webconf_fpm - php-fpm's pools: whose they are, where they listen, and their
 * access log.
 *
 * Hostile: nothing in particular; lines that are no "key = value" are passed
 * over.
 */
#include "context.h"
#include "web/webconf_parts.h"

#include <stdlib.h>
#include <string.h>

struct pool {
    char *name, *user, *listen, *log, *format, *where;
};

static void pool_end(struct webconf *conf, struct pool *pool)
{
    struct webconf_site *site;

    if (pool->name != NULL && strcmp(pool->name, "global") != 0) {
        site = webconf_add_site(conf, WEB_FPM);
        webnames_add(&site->names, pool->name, strlen(pool->name));
        site->where = pool->where;
        pool->where = NULL;
        site->user = pool->user;
        pool->user = NULL;
        if (pool->listen != NULL) {
            webnames_add(&site->backends, pool->listen, strlen(pool->listen));
        }
        if (pool->log != NULL) {
            webconf_use_log(conf, site, webconf_add_log(conf, WEB_FPM, pool->log, pool->format));
        }
    }
    free(pool->name);
    free(pool->user);
    free(pool->listen);
    free(pool->log);
    free(pool->format);
    free(pool->where);
    *pool = (struct pool){0};
}

/* value with each "$pool" replaced. */
static char *with_pool(const struct pool *pool, const char *value)
{
    char *text = context_copy(value, strlen(value)), *at;

    while (pool->name != NULL && strstr(pool->name, "$pool") == NULL &&
           (at = strstr(text, "$pool")) != NULL) {
        char *next;

        *at = '\0';
        next = webconf_join(text, pool->name, at + 5);
        free(text);
        text = next;
    }
    return text;
}

static void keep(char **field, const struct pool *pool, const char *value)
{
    free(*field);
    *field = with_pool(pool, value);
}

/* "/run/x.sock" listens as "unix:/run/x.sock"; "9000" as "127.0.0.1:9000";
 * [::]:9000 as it is. */
static void set_listen(struct pool *pool, const char *value)
{
    char *plain = with_pool(pool, value);

    free(pool->listen);
    if (plain[0] == '/') {
        pool->listen = webconf_join("unix:", plain, "");
    } else {
        pool->listen = webconf_join(strchr(plain, ':') == NULL ? "127.0.0.1:" : "", plain, "");
    }
    free(plain);
}

/* Takes a comment, quotes and blanks away; \" within quotes is a quote. */
static char *plain_value(char *value)
{
    char *out, *in;

    value += strspn(value, " \t");
    if (*value == '"' || *value == '\'') {
        char quote = *value++;

        for (in = out = value; *in != '\0' && *in != quote; in++) {
            in += *in == '\\' && (in[1] == quote || in[1] == '\\');
            *out++ = *in;
        }
        *out = '\0';
        return value;
    }
    value[strcspn(value, ";")] = '\0';
    for (out = value + strlen(value); out > value && strchr(" \t\r", out[-1]) != NULL; out--) {
        out[-1] = '\0';
    }
    return value;
}

static void fpm_file(struct webreader *reader, void *state, const char *path, char *text,
                     size_t len);

static void fpm_key(struct webreader *reader, struct pool *pool, const char *key, char *value)
{
    value = plain_value(value);
    if (strcmp(key, "include") == 0) {
        char *pattern = webconf_join(value[0] == '/' ? "" : "/usr/", value, "");

        webreader_each(reader, pattern, true, fpm_file, NULL);
        free(pattern);
    } else if (strcmp(key, "user") == 0) {
        keep(&pool->user, pool, value);
    } else if (strcmp(key, "listen") == 0) {
        set_listen(pool, value);
    } else if (strcmp(key, "access.log") == 0 && value[0] != '\0') {
        free(pool->log);
        value = with_pool(pool, value);
        pool->log = webconf_join(value[0] == '/' ? "" : "/usr/", value, "");
        free(value);
    } else if (strcmp(key, "access.format") == 0) {
        keep(&pool->format, pool, value);
    }
}

static void fpm_line(struct webreader *reader, struct pool *pool, const char *path, char *line)
{
    char *equals, *end;

    line += strspn(line, " \t");
    if (*line == '[') {
        pool_end(reader->conf, pool);
        line++;
        pool->name = context_copy(line, strcspn(line, "]"));
        pool->where = path != NULL ? context_copy(path, strlen(path)) : NULL;
        return;
    }
    equals = strchr(line, '=');
    if (*line == ';' || *line == '#' || equals == NULL) {
        return;
    }
    for (end = equals; end > line && strchr(" \t", end[-1]) != NULL; end--) {
    }
    *end = '\0';
    fpm_key(reader, pool, line, equals + 1);
}

static void fpm_file(struct webreader *reader, void *state, const char *path, char *text,
                     size_t len)
{
    struct pool pool = {0};
    char *end = text + len;

    (void)state;
    reader->conf->servers |= 1U << WEB_FPM;
    while (text < end) {
        char *newline = memchr(text, '\n', (size_t)(end - text));

        if (newline != NULL) {
            *newline = '\0';
        }
        fpm_line(reader, &pool, path, text);
        text = newline != NULL ? newline + 1 : end;
    }
    pool_end(reader->conf, &pool);
}

void webconf_fpm_text(struct webconf *conf, char *text, size_t len)
{
    struct webreader reader = {.conf = conf, .root = ""};

    fpm_file(&reader, NULL, NULL, text, len);
}

void webconf_read_fpm(struct webreader *reader)
{
    static const char *const places[] = {
        "/etc/php/*/fpm/php-fpm.conf", /* Debian */
        "/etc/php-fpm.conf",           /* Red Hat and its kin */
        "/etc/opt/remi/php*/php-fpm.conf",
        "/opt/plesk/php/*/etc/php-fpm.conf", /* Plesk */
        "/opt/cpanel/ea-php*/root/etc/php-fpm.conf",
        "/usr/local/php*/etc/php-fpm.conf", /* DirectAdmin */
        "/usr/local/etc/php-fpm.conf",
    };

    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        webreader_each(reader, places[i], true, fpm_file, NULL);
    }
}
