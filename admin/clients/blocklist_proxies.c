/*
 * blocklist_proxies - the proxies whose word for the client's address Apache and nginx take: where
 * one of them stands in a log as the client, blocking it would shut out everybody behind it.
 *
 * Input: the web servers' configuration, root's. Includes are not followed: all that lies where
 * they usually are is read, since a proxy too many does no harm here.
 */
#include "clients/blocklist.h"

#include "context.h"
#include "records/source.h"

#include <glob.h>
#include <string.h>
#include <strings.h>

#define WHY "a proxy in the web server's configuration"
#define BLANKS " \t\r"

static void exclude(struct context *ctx, struct blocklist *list, const char *word)
{
    if (strncmp(word, "unix:", 5) != 0 && !blocklist_exclude(list, word, WHY)) {
        context_warn(ctx, "the proxy %s is not looked up; use --exclude for it", word);
    }
}

/* A file of Apache's RemoteIP...ProxyList: addresses and comments. */
static void read_list(struct context *ctx, struct blocklist *list, const char *path)
{
    struct source *source = source_open(ctx, path, true);
    struct source_line line;

    while (source != NULL && source_line(source, &line)) {
        char *save = NULL;

        line.text[strcspn(line.text, "#")] = '\0';
        for (char *word = strtok_r(line.text, BLANKS, &save); word != NULL;
             word = strtok_r(NULL, BLANKS, &save)) {
            exclude(ctx, list, word);
        }
    }
    source_close(source);
}

/* A directive of nginx (ngx_http_realip_module) or Apache (mod_remoteip). */
static void take_directive(struct context *ctx, struct blocklist *list, char *text)
{
    static const char *const names[] = {"set_real_ip_from", "RemoteIPInternalProxy",
                                        "RemoteIPTrustedProxy"};
    static const char *const lists[] = {"RemoteIPInternalProxyList", "RemoteIPTrustedProxyList"};
    char *save = NULL, *name = strtok_r(text, BLANKS, &save), *word;
    bool takes = false, of_file = false;

    for (size_t i = 0; name != NULL && i < sizeof names / sizeof names[0]; i++) {
        takes = takes || strcasecmp(name, names[i]) == 0;
    }
    for (size_t i = 0; name != NULL && i < sizeof lists / sizeof lists[0]; i++) {
        of_file = of_file || strcasecmp(name, lists[i]) == 0;
    }
    while ((takes || of_file) && (word = strtok_r(NULL, BLANKS, &save)) != NULL) {
        size_t n = strlen(word);

        if (n >= 2 && word[0] == '"' && word[n - 1] == '"') {
            word[n - 1] = '\0';
            word++;
        }
        if (takes) {
            exclude(ctx, list, word);
        } else if (*word == '/') {
            read_list(ctx, list, word);
        } else {
            context_warn(ctx, "the proxies in %s are not looked up; use --exclude for them", word);
        }
    }
}

void blocklist_proxies_line(struct context *ctx, struct blocklist *list, char *line)
{
    char *save = NULL;

    line[strcspn(line, "#")] = '\0';
    for (char *part = strtok_r(line, ";{}", &save); part != NULL;
         part = strtok_r(NULL, ";{}", &save)) {
        take_directive(ctx, list, part);
    }
}

static void read_file(struct context *ctx, struct blocklist *list, const char *path)
{
    struct source *source = source_open(ctx, path, true);
    struct source_line line;

    while (source != NULL && source_line(source, &line)) {
        blocklist_proxies_line(ctx, list, line.text);
    }
    source_close(source);
}

void blocklist_proxies(struct context *ctx, struct blocklist *list)
{
    static const char *const places[] = {
        "/etc/nginx/*.conf",      "/etc/nginx/*/*.conf",      "/etc/nginx/sites-enabled/*",
        "/etc/nginx/snippets/*",  "/etc/apache2/*.conf",      "/etc/apache2/*-enabled/*",
        "/etc/httpd/conf/*.conf", "/etc/httpd/conf.d/*.conf",
    };

    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        glob_t found;

        if (glob(places[i], GLOB_MARK, NULL, &found) != 0) {
            continue;
        }
        for (size_t k = 0; k < found.gl_pathc; k++) {
            const char *path = found.gl_pathv[k];

            if (path[strlen(path) - 1] != '/') { /* no directory */
                read_file(ctx, list, path);
            }
        }
        globfree(&found);
    }
}
