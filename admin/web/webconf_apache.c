/*
 * webconf_apache - Apache's configuration: virtual hosts, their document roots,
 * users, PHP backends and logs.
 *
 * Hostile: customers' words in names and paths that a panel wrote. Conditions
 * (<IfModule>, <IfDefine>) are taken as true: a log too many is harmless, since
 * only lines of the right site and time count.
 */
#include "context.h"
#include "web/webconf_parts.h"
#include "web/webformats.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct pair {
    char *name, *value;
};

struct pairs {
    struct pair *item;
    size_t count;
};

/* A log as CustomLog names it: the format may be a nickname that is defined
 * later. */
struct custom_log {
    size_t site; /* index in conf->site */
    char *path, *format;
};

struct apache {
    struct webreader *reader;
    struct pairs defines, formats;
    struct custom_log *log;
    size_t log_count;
    char *root;         /* ServerRoot */
    char *plain_format; /* LogFormat without a nickname: for TransferLog */
    size_t main_site;   /* what stands outside of all virtual hosts */
    size_t site;        /* where directives go */
    unsigned lines;
};

static void pairs_set(struct pairs *pairs, const char *name, const char *value)
{
    for (size_t i = 0; i < pairs->count; i++) {
        if (strcmp(pairs->item[i].name, name) == 0) {
            free(pairs->item[i].value);
            pairs->item[i].value = context_copy(value, strlen(value));
            return;
        }
    }
    pairs->item = context_realloc(pairs->item, (pairs->count + 1) * sizeof *pairs->item);
    pairs->item[pairs->count].name = context_copy(name, strlen(name));
    pairs->item[pairs->count++].value = context_copy(value, strlen(value));
}

static const char *pairs_get(const struct pairs *pairs, const char *name, size_t n)
{
    for (size_t i = 0; i < pairs->count; i++) {
        if (strlen(pairs->item[i].name) == n && memcmp(pairs->item[i].name, name, n) == 0) {
            return pairs->item[i].value;
        }
    }
    return NULL;
}

static void pairs_free(struct pairs *pairs)
{
    for (size_t i = 0; i < pairs->count; i++) {
        free(pairs->item[i].name);
        free(pairs->item[i].value);
    }
    free(pairs->item);
}

/* --- words ------------------------------------------------------------------------------------ */

/* Takes the next word off *at, quotes undone in place. NULL at the end. */
static char *next_word(char **at)
{
    char *word = *at + strspn(*at, " \t"), *in, *out, quote;

    if (*word == '\0') {
        return NULL;
    }
    if (*word != '"' && *word != '\'') {
        in = word + strcspn(word, " \t");
        *at = in + (*in != '\0');
        *in = '\0';
        return word;
    }
    quote = *word++;
    for (in = out = word; *in != '\0' && *in != quote; in++) {
        in += *in == '\\' && (in[1] == quote || in[1] == '\\');
        *out++ = *in;
    }
    *at = in + (*in != '\0');
    *out = '\0';
    return word;
}

/* Replaces each ${NAME} that is defined. A new string. */
static char *expand(const struct apache *apache, const char *text)
{
    char *result = context_copy("", 0), *longer, *piece;
    const char *open;

    while ((open = strstr(text, "${")) != NULL) {
        const char *close = strchr(open, '}');
        const char *value;

        if (close == NULL || strlen(result) > 4096) {
            break;
        }
        value = pairs_get(&apache->defines, open + 2, (size_t)(close - open - 2));
        piece = context_copy(text, (size_t)((value != NULL ? open : close + 1) - text));
        longer = webconf_join(result, piece, value != NULL ? value : "");
        free(piece);
        free(result);
        result = longer;
        text = close + 1;
    }
    longer = webconf_join(result, text, "");
    free(result);
    return longer;
}

static char *absolute(const struct apache *apache, const char *path)
{
    return path[0] == '/' ? context_copy(path, strlen(path))
                          : webconf_join(apache->root, "/", path);
}

/* --- directives ------------------------------------------------------------------------------- */

static struct webconf_site *site(const struct apache *apache)
{
    return &apache->reader->conf->site[apache->site];
}

static void add_name(struct apache *apache, const char *name)
{
    char *lower;
    const char *scheme = strstr(name, "://");

    name = scheme != NULL ? scheme + 3 : name;
    lower = context_copy(name, name[0] == '[' ? strlen(name) : strcspn(name, ":"));
    for (char *p = lower; *p != '\0'; p++) {
        *p = (char)tolower((unsigned char)*p);
    }
    webnames_add(&site(apache)->names, lower, strlen(lower));
    free(lower);
}

/*
 * "|/usr/bin/rotatelogs -l /var/log/x.%Y%m%d 86400": the file that a program
 * behind a pipe writes, which is its first argument that is an absolute path. A
 * new string, or NULL.
 */
static char *piped_path(const char *command)
{
    char *copy = context_copy(command, strlen(command)), *at = copy, *word, *path = NULL;

    at += strspn(at, "|$ ");
    (void)next_word(&at);
    while ((word = next_word(&at)) != NULL && path == NULL) {
        if (word[0] == '/') {
            path = context_copy(word, strlen(word));
        }
    }
    free(copy);
    for (char *in = path, *out = path; in != NULL; in++) { /* %Y%m%d: '*' */
        if (*in == '%' && in[1] != '\0') {
            in++;
            *out = '*';
            out += out == path || out[-1] != '*';
        } else {
            *out++ = *in;
            if (*in == '\0') {
                break;
            }
        }
    }
    return path;
}

static void add_log(struct apache *apache, const char *target, const char *format)
{
    char *path = target[0] == '|' ? piped_path(target) : absolute(apache, target);
    struct custom_log *log;

    if (path == NULL || strncmp(target, "syslog:", 7) == 0 || strcmp(path, "/dev/null") == 0) {
        free(path);
        return;
    }
    apache->log = context_realloc(apache->log, (apache->log_count + 1) * sizeof *apache->log);
    log = &apache->log[apache->log_count++];
    log->site = apache->site;
    log->path = path;
    log->format = format != NULL ? context_copy(format, strlen(format)) : NULL;
}

/* "proxy:unix:/run/x.sock|fcgi://localhost/": unix:/run/x.sock;
 * "fcgi://127.0.0.1:9000/": 127.0.0.1:9000 */
static void add_backend(struct apache *apache, const char *text)
{
    const char *at = strstr(text, "unix:");

    if (at != NULL) {
        webnames_add(&site(apache)->backends, at, strcspn(at, "|"));
    } else if ((at = strstr(text, "fcgi://")) != NULL) {
        webnames_add(&site(apache)->backends, at + 7, strcspn(at + 7, "/"));
    }
}

static void set_user(struct apache *apache, const char *user)
{
    free(site(apache)->user);
    site(apache)->user = context_copy(user, strlen(user));
}

static void apache_file(struct webreader *reader, void *state, const char *path, char *text,
                        size_t len);

static void include(struct apache *apache, const char *pattern)
{
    char *path = absolute(apache, pattern);
    size_t n = strlen(path);

    if (n > 0 && path[n - 1] == '/') { /* a directory: all that is in it */
        char *all = webconf_join(path, "*", "");

        free(path);
        path = all;
    }
    webreader_each(apache->reader, path, true, apache_file, apache);
    free(path);
}

static void log_format(struct apache *apache, const char *format, const char *nickname)
{
    if (nickname != NULL) {
        pairs_set(&apache->formats, nickname, format);
    } else {
        free(apache->plain_format);
        apache->plain_format = context_copy(format, strlen(format));
    }
}

static void directive(struct apache *apache, const char *name, char **words, size_t count)
{
    const char *first = words[0], *second = count > 1 ? words[1] : NULL;

    if (strcasecmp(name, "Include") == 0 || strcasecmp(name, "IncludeOptional") == 0) {
        include(apache, first);
    } else if (strcasecmp(name, "Define") == 0) {
        pairs_set(&apache->defines, first, second != NULL ? second : "");
    } else if (strcasecmp(name, "ServerRoot") == 0 && first[0] == '/') {
        free(apache->root);
        apache->root = context_copy(first, strlen(first));
    } else if (strcasecmp(name, "LogFormat") == 0) {
        log_format(apache, first, second);
    } else if (strcasecmp(name, "CustomLog") == 0 || strcasecmp(name, "GlobalLog") == 0) {
        add_log(apache, first, second);
    } else if (strcasecmp(name, "TransferLog") == 0) {
        add_log(apache, first, apache->plain_format);
    } else if (strcasecmp(name, "ServerName") == 0 || strcasecmp(name, "ServerAlias") == 0) {
        for (size_t i = 0; i < count; i++) {
            add_name(apache, words[i]);
        }
    } else if (strcasecmp(name, "DocumentRoot") == 0) {
        char *path = absolute(apache, first);

        webnames_add(&site(apache)->docroots, path, strlen(path));
        free(path);
    } else if (strcasecmp(name, "SuexecUserGroup") == 0 || strcasecmp(name, "AssignUserID") == 0 ||
               strcasecmp(name, "RUidGid") == 0) {
        set_user(apache, first);
    } else if (strcasecmp(name, "SetHandler") == 0 || strncasecmp(name, "ProxyPass", 9) == 0 ||
               strcasecmp(name, "FcgidWrapper") == 0 || strcasecmp(name, "AddHandler") == 0) {
        for (size_t i = 0; i < count; i++) {
            add_backend(apache, words[i]);
        }
    }
}

static void open_section(struct apache *apache, const char *name, const char *path)
{
    char where[16];
    struct webconf_site *added;
    size_t digits = sizeof where;

    if (strcasecmp(name, "<VirtualHost") != 0) {
        return;
    }
    where[--digits] = '\0';
    for (unsigned n = apache->lines; n > 0; n /= 10) {
        where[--digits] = (char)('0' + n % 10);
    }
    added = webconf_add_site(apache->reader->conf, WEB_APACHE);
    added->where = path != NULL ? webconf_join(path, ":", where + digits) : NULL;
    apache->site = apache->reader->conf->site_count - 1;
}

static void apache_line(struct apache *apache, const char *path, char *line)
{
    char *plain, *at, *name, *words[WEBCONF_WORDS];
    size_t count = 0;

    line += strspn(line, " \t");
    if (*line == '#' || *line == '\0') {
        return;
    }
    plain = at = expand(apache, line);
    name = next_word(&at);
    if (name != NULL && name[0] == '<') {
        if (strcasecmp(name, "</VirtualHost>") == 0) {
            apache->site = apache->main_site;
        }
        open_section(apache, name, path);
    } else if (name != NULL) {
        while (count < WEBCONF_WORDS && (words[count] = next_word(&at)) != NULL) {
            count++;
        }
        if (count > 0) {
            directive(apache, name, words, count);
        }
    }
    free(plain);
}

/* The next line at text, those that end in a backslash joined, NUL-terminated
 * in place. */
static char *next_line(struct apache *apache, char **text, char *end)
{
    char *line = *text, *out = *text, *in = *text;

    while (in < end) {
        char *newline = memchr(in, '\n', (size_t)(end - in));
        char *stop = newline != NULL ? newline : end;
        size_t n = (size_t)(stop - in);

        n -= n > 0 && in[n - 1] == '\r';
        memmove(out, in, n);
        in = stop + (newline != NULL);
        out += n;
        apache->lines++;
        if (n == 0 || out[-1] != '\\') {
            break;
        }
        out--;
    }
    *out = '\0';
    *text = in;
    return line;
}

static void apache_file(struct webreader *reader, void *state, const char *path, char *text,
                        size_t len)
{
    struct apache *apache = state;
    unsigned lines = apache->lines;
    char *end = text + len;

    reader->conf->servers |= 1U << WEB_APACHE;
    apache->lines = 0;
    while (text < end) {
        apache_line(apache, path, next_line(apache, &text, end));
    }
    apache->lines = lines;
}

/* --- all -------------------------------------------------------------------------------------- */

/* "export APACHE_LOG_DIR=/var/log/apache2$SUFFIX": Debian's envvars. */
static void envvars_file(struct webreader *reader, void *state, const char *path, char *text,
                         size_t len)
{
    struct apache *apache = state;
    char *end = text + len;

    (void)reader;
    (void)path;
    while (text < end) {
        char *line = next_line(apache, &text, end), *equals, *dollar;

        line += strspn(line, " \t");
        line += strncmp(line, "export ", 7) == 0 ? 7 : 0;
        equals = strchr(line, '=');
        if (*line == '#' || equals == NULL || strpbrk(equals, "`(") != NULL) {
            continue;
        }
        *equals++ = '\0';
        if ((dollar = strstr(equals, "$SUFFIX")) != NULL) {
            *dollar = '\0'; /* of a second instance of Apache */
        }
        equals += *equals == '"' || *equals == '\'';
        equals[strcspn(equals, "\"'")] = '\0';
        pairs_set(&apache->defines, line, equals);
    }
    apache->lines = 0;
}

static const char *format_of(const struct apache *apache, const struct custom_log *log)
{
    const char *named;

    if (log->format == NULL) {
        return WEBFORMAT_COMMON;
    }
    named = pairs_get(&apache->formats, log->format, strlen(log->format));
    return named != NULL ? named : strchr(log->format, '%') != NULL ? log->format : NULL;
}

/* Gives each host its logs: its own, or those of the main server if it has
 * none. */
static void settle(struct apache *apache)
{
    struct webconf *conf = apache->reader->conf;

    for (size_t i = 0; i < apache->log_count; i++) {
        const char *format = format_of(apache, &apache->log[i]);
        size_t log = webconf_add_log(conf, WEB_APACHE, apache->log[i].path, format);

        webconf_use_log(conf, &conf->site[apache->log[i].site], log);
    }
    for (size_t i = apache->main_site + 1; i < conf->site_count; i++) {
        const struct webconf_site *main_site = &conf->site[apache->main_site];

        if (conf->site[i].log_count == 0) {
            for (size_t k = 0; k < main_site->log_count; k++) {
                webconf_use_log(conf, &conf->site[i], main_site->logs[k]);
            }
        }
    }
}

static struct apache apache_new(struct webreader *reader, const char *root)
{
    struct apache apache = {.reader = reader, .root = context_copy(root, strlen(root))};

    webconf_add_site(reader->conf, WEB_APACHE);
    apache.main_site = apache.site = reader->conf->site_count - 1;
    pairs_set(&apache.formats, "common", WEBFORMAT_COMMON); /* in case no LogFormat says so */
    pairs_set(&apache.formats, "combined", WEBFORMAT_COMBINED);
    return apache;
}

static void apache_free(struct apache *apache)
{
    pairs_free(&apache->defines);
    pairs_free(&apache->formats);
    for (size_t i = 0; i < apache->log_count; i++) {
        free(apache->log[i].path);
        free(apache->log[i].format);
    }
    free(apache->log);
    free(apache->root);
    free(apache->plain_format);
}

void webconf_apache_text(struct webconf *conf, char *text, size_t len)
{
    struct webreader reader = {.conf = conf, .root = ""};
    struct apache apache = apache_new(&reader, "/etc/apache2");

    apache_file(&reader, &apache, NULL, text, len);
    settle(&apache);
    apache_free(&apache);
}

void webconf_read_apache(struct webreader *reader)
{
    static const char *const places[][3] = {
        {"/etc/apache2", "/etc/apache2/apache2.conf", "/etc/apache2/envvars"},
        {"/etc/httpd", "/etc/httpd/conf/httpd.conf", "/etc/sysconfig/httpd"},
        {"/usr/local/apache2", "/usr/local/apache2/conf/httpd.conf",
         "/usr/local/apache2/bin/envvars"},
    };

    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        struct apache apache = apache_new(reader, places[i][0]);

        webreader_each(reader, places[i][2], true, envvars_file, &apache);
        webreader_each(reader, places[i][1], true, apache_file, &apache);
        settle(&apache);
        apache_free(&apache);
    }
}
