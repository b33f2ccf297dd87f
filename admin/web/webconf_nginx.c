/*
 * webconf_nginx - nginx's configuration: servers, their roots, PHP backends and
 * logs.
 *
 * Hostile: customers' words in names and paths that a panel wrote. An unknown
 * directive is passed over, an unknown block is read as if its content stood
 * around it.
 */
#include "context.h"
#include "web/webconf_parts.h"
#include "web/webformats.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LEVELS 32 /* of blocks within each other */
#define DEFAULT_LOG "/var/log/nginx/access.log"

struct format {
    char *name, *text;
};

/* A log at some place: the format may be defined later. */
struct access_log {
    size_t site;
    char *path, *format, *where;
};

struct upstream {
    char *name;
    struct webnames servers;
};

struct level {
    bool server, upstream;
    size_t site; /* where directives of this level go; SIZE_MAX: to none (http) */
};

struct nginx {
    struct webreader *reader;
    struct format *format;
    size_t format_count;
    struct access_log *log;
    size_t log_count;
    struct upstream *upstream;
    size_t upstream_count;
    struct level level[LEVELS];
    unsigned depth, lost; /* lost: levels beyond what we keep */
    size_t first_site;
    struct webnames http_roots;
    bool http_logs;   /* an access_log (or "off") stands outside of the servers */
    const char *file; /* where the directive stands; NULL: not in a file */
    unsigned line;    /* 0: not on one line */
};

/* --- tokens ----------------------------------------------------------------------------------- */

enum token { TOKEN_WORD, TOKEN_END, TOKEN_OPEN, TOKEN_CLOSE, TOKEN_NOTHING };

struct tokens {
    char *at, *end;
    char *word; /* of TOKEN_WORD: within the text, NUL-terminated; what stood
                   there is in held */
    char held;
    unsigned line;
};

static enum token punctuation(char c)
{
    return c == ';' ? TOKEN_END : c == '{' ? TOKEN_OPEN : c == '}' ? TOKEN_CLOSE : TOKEN_WORD;
}

static enum token quoted(struct tokens *in)
{
    char quote = *in->at++, *out = in->at;

    in->word = out;
    while (in->at < in->end && *in->at != quote) {
        in->line += *in->at == '\n';
        in->at +=
            *in->at == '\\' && in->at + 1 < in->end && (in->at[1] == quote || in->at[1] == '\\');
        *out++ = *in->at++;
    }
    in->at += in->at < in->end;
    *out = '\0'; /* at most where the quote stood, or the NUL behind the text */
    return TOKEN_WORD;
}

static enum token bare(struct tokens *in)
{
    in->word = in->at;
    while (in->at < in->end && !isspace((unsigned char)*in->at) && *in->at != ';') {
        if (in->at[0] == '$' && in->at + 1 < in->end && in->at[1] == '{') {
            char *close = memchr(in->at, '}', (size_t)(in->end - in->at));

            in->at = close != NULL ? close : in->at + 1;
        } else if (*in->at == '{' || *in->at == '}') {
            break;
        }
        in->at++;
    }
    in->held = in->at < in->end ? *in->at : '\0';
    *in->at = '\0';
    return TOKEN_WORD;
}

static enum token next_token(struct tokens *in)
{
    enum token token;

    while (in->at < in->end || in->held != '\0') {
        char c = in->held != '\0' ? in->held : *in->at;

        in->held = '\0';
        in->line += c == '\n';
        token = punctuation(c);
        if (token != TOKEN_WORD) {
            in->at++;
            return token;
        }
        if (c == '#') {
            char *newline = memchr(in->at, '\n', (size_t)(in->end - in->at));

            in->at = newline != NULL ? newline : in->end;
        } else if (isspace((unsigned char)c) || c == '\0') {
            in->at++;
        } else {
            return c == '"' || c == '\'' ? quoted(in) : bare(in);
        }
    }
    return TOKEN_NOTHING;
}

/* --- directives ------------------------------------------------------------------------------- */

static struct level *level(struct nginx *nginx)
{
    return &nginx->level[nginx->depth];
}

static struct webconf_site *site(struct nginx *nginx)
{
    size_t at = level(nginx)->site;

    return at == SIZE_MAX ? NULL : &nginx->reader->conf->site[at];
}

static void log_format(struct nginx *nginx, char **words, size_t count)
{
    char *text = context_copy("", 0);
    struct format *format;

    for (size_t i = 2; i < count; i++) { /* its pieces are one string; escape= keeps a blank */
        char *longer =
            webconf_join(text, words[i], strncmp(words[i], "escape=", 7) == 0 ? " " : "");

        free(text);
        text = longer;
    }
    nginx->format =
        context_realloc(nginx->format, (nginx->format_count + 1) * sizeof *nginx->format);
    format = &nginx->format[nginx->format_count++];
    format->name = context_copy(words[1], strlen(words[1]));
    format->text = text;
}

/* "/var/log/nginx/$host.log": '*' for the variable. */
static char *log_path(const char *path)
{
    char *plain = webconf_join(path[0] == '/' ? "" : "/usr/share/nginx/", path, ""), *out = plain;

    for (const char *in = plain; *in != '\0';) {
        if (*in == '$') {
            in += 1 + strspn(in + 1, "{}abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                     "0123456789_");
            *out++ = '*';
        } else {
            *out++ = *in++;
        }
    }
    *out = '\0';
    return plain;
}

static void add_log(struct nginx *nginx, const char *path, const char *format)
{
    struct access_log *log;

    if (nginx->log_count >= WEBCONF_FILES) {
        return;
    }
    nginx->log = context_realloc(nginx->log, (nginx->log_count + 1) * sizeof *nginx->log);
    log = &nginx->log[nginx->log_count++];
    log->site = level(nginx)->site;
    log->path = log_path(path);
    log->format = context_copy(format, strlen(format));
    log->where = NULL;
    if (nginx->file != NULL && nginx->line > 0) {
        char number[16];

        (void)snprintf(number, sizeof number, ":%u", nginx->line);
        log->where = webconf_join(nginx->file, number, "");
    }
}

static void access_log(struct nginx *nginx, char **words, size_t count)
{
    struct webconf_site *own = site(nginx);

    if (own == NULL) {
        nginx->http_logs = true;
    } else if (level(nginx)->server) { /* "off" in a location counts for that location only */
        own->own_logs = true;
    }
    if (strcmp(words[1], "off") != 0 && strncmp(words[1], "syslog:", 7) != 0 &&
        strcmp(words[1], "/dev/null") != 0) {
        add_log(nginx, words[1],
                count > 2 && strchr(words[2], '=') == NULL ? words[2] : "combined");
    }
}

static void server_names(struct nginx *nginx, char **words, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        for (char *p = words[i]; *p != '\0'; p++) {
            *p = (char)tolower((unsigned char)*p);
        }
        webnames_add(&site(nginx)->names, words[i], strlen(words[i]));
    }
}

static void nginx_file(struct webreader *reader, void *state, const char *path, char *text,
                       size_t len);

static void server_directive(struct nginx *nginx, char **words, size_t count)
{
    if (strcmp(words[0], "server_name") == 0) {
        server_names(nginx, words, count);
    } else if (strcmp(words[0], "root") == 0 || strcmp(words[0], "alias") == 0) {
        webnames_add(&site(nginx)->docroots, words[1], strlen(words[1]));
    } else if (strcmp(words[0], "fastcgi_pass") == 0) {
        webnames_add(&site(nginx)->backends, words[1], strlen(words[1]));
    }
}

static void directive(struct nginx *nginx, char **words, size_t count)
{
    if (count < 2) {
        return;
    }
    if (strcmp(words[0], "include") == 0) {
        char *path = webconf_join(words[1][0] == '/' ? "" : "/etc/nginx/", words[1], "");

        webreader_each(nginx->reader, path, true, nginx_file, nginx);
        free(path);
    } else if (strcmp(words[0], "log_format") == 0) {
        log_format(nginx, words, count);
    } else if (strcmp(words[0], "access_log") == 0) {
        access_log(nginx, words, count);
    } else if (level(nginx)->upstream && strcmp(words[0], "server") == 0) {
        webnames_add(&nginx->upstream[nginx->upstream_count - 1].servers, words[1],
                     strlen(words[1]));
    } else if (site(nginx) != NULL) {
        server_directive(nginx, words, count);
    } else if (strcmp(words[0], "root") == 0) {
        webnames_add(&nginx->http_roots, words[1], strlen(words[1]));
    }
}

static void open_block(struct nginx *nginx, char **words, size_t count, const char *path)
{
    struct level *outer = level(nginx), *inner;

    if (nginx->depth + 1 == LEVELS) {
        nginx->lost++;
        return;
    }
    nginx->depth++;
    inner = level(nginx);
    *inner = (struct level){.site = outer->site};
    if (count == 1 && strcmp(words[0], "server") == 0) {
        struct webconf_site *added = webconf_add_site(nginx->reader->conf, WEB_NGINX);

        added->where = path != NULL ? context_copy(path, strlen(path)) : NULL;
        inner->server = true;
        inner->site = nginx->reader->conf->site_count - 1;
    } else if (count == 2 && strcmp(words[0], "upstream") == 0) {
        nginx->upstream =
            context_realloc(nginx->upstream, (nginx->upstream_count + 1) * sizeof *nginx->upstream);
        nginx->upstream[nginx->upstream_count++] =
            (struct upstream){.name = context_copy(words[1], strlen(words[1]))};
        inner->upstream = true;
    }
}

static void close_block(struct nginx *nginx)
{
    if (nginx->lost > 0) {
        nginx->lost--;
        return;
    }
    if (nginx->depth == 0) {
        return;
    }
    nginx->depth--;
}

/* NOLINTNEXTLINE(readability-non-const-parameter): words are ended in place */
static void nginx_file(struct webreader *reader, void *state, const char *path, char *text,
                       size_t len)
{
    struct nginx *nginx = state;
    struct tokens in = {.at = text, .end = text + len};
    char *words[WEBCONF_WORDS];
    size_t count = 0;
    unsigned first = 0; /* the directive's line, from 0 */
    enum token token;

    reader->conf->servers |= 1U << WEB_NGINX;
    while ((token = next_token(&in)) != TOKEN_NOTHING) {
        switch (token) {
        case TOKEN_WORD:
            if (count == 0) {
                first = in.line;
            }
            if (count < WEBCONF_WORDS) {
                words[count++] = in.word;
            }
            break;
        case TOKEN_END:
            nginx->file = path;
            nginx->line = first == in.line ? first + 1 : 0;
            directive(nginx, words, count);
            count = 0;
            break;
        case TOKEN_OPEN:
            open_block(nginx, words, count, path);
            count = 0;
            break;
        default:
            close_block(nginx);
            count = 0;
            break;
        }
    }
}

/* --- all -------------------------------------------------------------------------------------- */

static const char *format_text(const struct nginx *nginx, const char *name)
{
    for (size_t i = 0; i < nginx->format_count; i++) {
        if (strcmp(nginx->format[i].name, name) == 0) {
            return nginx->format[i].text;
        }
    }
    return strcmp(name, "combined") == 0 ? WEBFORMAT_NGINX_COMBINED : NULL;
}

/* The names of upstream blocks become what stands in them. */
static void settle_backends(const struct nginx *nginx, struct webconf_site *site)
{
    for (size_t i = 0; i < nginx->upstream_count; i++) {
        if (webnames_have(&site->backends, nginx->upstream[i].name)) {
            for (size_t j = 0; j < nginx->upstream[i].servers.count; j++) {
                const char *server = nginx->upstream[i].servers.item[j];

                webnames_add(&site->backends, server, strlen(server));
            }
        }
    }
}

/* The log's index. */
static size_t settle_log(const struct nginx *nginx, const struct access_log *log)
{
    struct webconf *conf = nginx->reader->conf;
    size_t at = webconf_add_log(conf, WEB_NGINX, log->path, format_text(nginx, log->format));

    if (conf->log[at].where == NULL && log->where != NULL) {
        conf->log[at].where = context_copy(log->where, strlen(log->where));
    }
    return at;
}

/* A server block without an access_log of its own writes to those outside, or to the default one.
 */
static void inherit_logs(const struct nginx *nginx, struct webconf_site *site)
{
    struct webconf *conf = nginx->reader->conf;

    if (site->own_logs) {
        return;
    }
    if (!nginx->http_logs) {
        webconf_use_log(conf, site,
                        webconf_add_log(conf, WEB_NGINX, DEFAULT_LOG, WEBFORMAT_NGINX_COMBINED));
        return;
    }
    for (size_t i = 0; i < nginx->log_count; i++) {
        const struct access_log *log = &nginx->log[i];

        if (log->site == SIZE_MAX) {
            webconf_use_log(conf, site, settle_log(nginx, log));
        }
    }
}

static void settle(const struct nginx *nginx)
{
    struct webconf *conf = nginx->reader->conf;

    for (size_t i = 0; i < nginx->log_count; i++) {
        const struct access_log *log = &nginx->log[i];

        if (log->site != SIZE_MAX) {
            webconf_use_log(conf, &conf->site[log->site], settle_log(nginx, log));
        }
    }
    for (size_t i = nginx->first_site; i < conf->site_count; i++) {
        struct webconf_site *server = &conf->site[i];

        inherit_logs(nginx, server);
        settle_backends(nginx, server);
        for (size_t j = 0; server->docroots.count == 0 && j < nginx->http_roots.count; j++) {
            webnames_add(&server->docroots, nginx->http_roots.item[j],
                         strlen(nginx->http_roots.item[j]));
        }
    }
}

static void nginx_free(struct nginx *nginx)
{
    for (size_t i = 0; i < nginx->format_count; i++) {
        free(nginx->format[i].name);
        free(nginx->format[i].text);
    }
    for (size_t i = 0; i < nginx->log_count; i++) {
        free(nginx->log[i].path);
        free(nginx->log[i].format);
        free(nginx->log[i].where);
    }
    for (size_t i = 0; i < nginx->upstream_count; i++) {
        free(nginx->upstream[i].name);
        webnames_free(&nginx->upstream[i].servers);
    }
    webnames_free(&nginx->http_roots);
    free(nginx->format);
    free(nginx->log);
    free(nginx->upstream);
}

static void nginx_begin(struct nginx *nginx, struct webreader *reader)
{
    *nginx = (struct nginx){.reader = reader, .first_site = reader->conf->site_count};
    nginx->level[0].site = SIZE_MAX;
}

void webconf_nginx_text(struct webconf *conf, char *text, size_t len)
{
    struct webreader reader = {.conf = conf, .root = ""};
    struct nginx nginx;

    nginx_begin(&nginx, &reader);
    nginx_file(&reader, &nginx, NULL, text, len);
    settle(&nginx);
    nginx_free(&nginx);
}

void webconf_read_nginx(struct webreader *reader)
{
    static const char *const places[] = {"/etc/nginx/nginx.conf",
                                         "/usr/local/nginx/conf/nginx.conf",
                                         "/usr/local/openresty/nginx/conf/nginx.conf"};

    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        struct nginx nginx;

        nginx_begin(&nginx, reader);
        webreader_each(reader, places[i], true, nginx_file, &nginx);
        settle(&nginx);
        nginx_free(&nginx);
    }
}
