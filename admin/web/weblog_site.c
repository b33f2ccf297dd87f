/*
 * weblog_site - which logs are a record's: a call of one site is not joined
 * with a neighbour's log.
 *
 * Whose a site is follows from what root configured (suexec user, FPM pool's
 * user, owner of the document root). The record's directory decides only where
 * the uid does not: a caller can go anywhere.
 */
#include "web/weblog_parts.h"

#include "context.h"
#include "web/webconf_parts.h"

#include <fnmatch.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* "web274", "#4079", "4079": is it uid? */
static bool is_user(const struct weblog_place *place, const char *name)
{
    const struct passwd *entry;
    char *end;
    long long number;

    if (name == NULL || name[0] == '\0') {
        return false;
    }
    number = strtoll(name + (name[0] == '#'), &end, 10);
    if (*end == '\0') {
        return number == place->uid;
    }
    entry = getpwnam(name);
    return entry != NULL && (long long)entry->pw_uid == place->uid;
}

/* How much of path lies in docroot: the length of docroot, 0 if none. */
static size_t below(const char *path, const char *docroot)
{
    size_t n = strlen(docroot);

    while (n > 1 && docroot[n - 1] == '/') {
        n--;
    }
    return strncmp(path, docroot, n) == 0 && (path[n] == '/' || path[n] == '\0' || n == 1) ? n : 0;
}

/* The longest of the site's document roots that is above the record's directory
 * or script. */
static size_t best_docroot(const struct webconf_site *site, const struct weblog_place *place,
                           const char **ret)
{
    size_t best = 0;

    for (size_t i = 0; i < site->docroots.count; i++) {
        size_t cwd = below(place->cwd, site->docroots.item[i]);
        size_t script = below(place->script, site->docroots.item[i]);
        size_t n = cwd > script ? cwd : script;

        if (n > best) {
            best = n;
            *ret = site->docroots.item[i];
        }
    }
    return best;
}

/* The owner of the site's document root; -1: none, or root's. */
static long long docroot_owner(const struct webconf_site *site)
{
    struct stat st;

    for (size_t i = 0; i < site->docroots.count; i++) {
        if (stat(site->docroots.item[i], &st) == 0 && st.st_uid != 0) {
            return (long long)st.st_uid;
        }
    }
    return -1;
}

static bool share_backend(const struct webconf_site *a, const struct webconf_site *b)
{
    for (size_t i = 0; i < a->backends.count; i++) {
        if (webnames_have(&b->backends, a->backends.item[i])) {
            return true;
        }
    }
    return false;
}

/* The sites whose configuration names the record's user, and those that hand
 * their PHP to his pool. */
static bool choose_by_user(const struct webconf *conf, const struct weblog_place *place, bool *site)
{
    bool any = false;

    for (size_t i = 0; i < conf->site_count; i++) {
        site[i] = is_user(place, conf->site[i].user) ||
                  (!place->shared_uid && docroot_owner(&conf->site[i]) == place->uid);
    }
    for (size_t i = 0; i < conf->site_count; i++) {
        for (size_t j = 0; conf->site[i].server != WEB_FPM && !site[i] && j < conf->site_count;
             j++) {
            site[i] = conf->site[j].server == WEB_FPM && site[j] &&
                      is_user(place, conf->site[j].user) &&
                      share_backend(&conf->site[i], &conf->site[j]);
        }
        any |= site[i];
    }
    return any;
}

/* The site whose document root is nearest above the record's directory; not one
 * that is known to be another's. */
static void choose_by_directory(const struct webconf *conf, const struct weblog_place *place,
                                bool *site)
{
    size_t best = 0;

    for (size_t i = 0; i < conf->site_count; i++) {
        const char *docroot = NULL;
        size_t n = best_docroot(&conf->site[i], place, &docroot);
        long long owner = n > 0 && !place->shared_uid ? docroot_owner(&conf->site[i]) : -1;

        best = n > best && (owner == -1 || owner == place->uid) ? n : best;
    }
    for (size_t i = 0; best > 0 && i < conf->site_count; i++) {
        const char *docroot = NULL;

        site[i] |= best_docroot(&conf->site[i], place, &docroot) == best;
    }
}

/* A user who many share (www-data's pool, mod_php) has many sites; his
 * directory narrows them. */
static bool narrow_shared(const struct webconf *conf, const struct weblog_place *place, bool *site)
{
    bool *near = context_alloc(conf->site_count + 1);
    bool any = false;

    memset(near, 0, conf->site_count + 1);
    choose_by_directory(conf, place, near);
    for (size_t i = 0; i < conf->site_count; i++) {
        any |= near[i];
    }
    for (size_t i = 0; any && i < conf->site_count; i++) {
        site[i] = conf->site[i].server == WEB_FPM ? site[i] : near[i];
    }
    free(near);
    return any;
}

static bool is_above(const struct webconf_site *site, const char *path)
{
    for (size_t i = 0; i < site->docroots.count; i++) {
        if (below(path, site->docroots.item[i]) > 0) {
            return true;
        }
    }
    return false;
}

/* A script's path may be what the caller says, and leads to more sites than may be told of. A pool
 * whose user many share has the requests of all of them. */
static void choose_his(const struct webconf *conf, const struct weblog_place *place,
                       struct weblog_choice *choice)
{
    for (size_t i = 0; i < conf->site_count; i++) {
        choice->his[i] = choice->site[i] &&
                         (choice->whose == WEBLOG_USERS || is_above(&conf->site[i], place->cwd));
    }
}

void weblog_choose(const struct weblog *weblog, const struct weblog_place *place,
                   struct weblog_choice *ret)
{
    const struct webconf *conf = weblog->conf;
    size_t sites = conf != NULL ? conf->site_count : 0;

    ret->log = context_alloc(weblog->log_count + 1);
    ret->pid_only = context_alloc(weblog->log_count + 1);
    ret->docroot = context_alloc((weblog->log_count + 1) * sizeof *ret->docroot);
    ret->site = context_alloc(sites + 1);
    ret->his = context_alloc(sites + 1);
    memset(ret->site, 0, sites + 1);
    memset(ret->his, 0, sites + 1);
    for (size_t i = 0; i < weblog->log_count; i++) {
        ret->log[i] = conf == NULL; /* --access-log: what was named */
        ret->pid_only[i] = false;
        ret->docroot[i] = NULL;
    }
    ret->whose = WEBLOG_USERS;
    if (conf == NULL || place->elsewhere) {
        return;
    }
    if (!choose_by_user(conf, place, ret->site)) {
        choose_by_directory(conf, place, ret->site);
        ret->whose = WEBLOG_DIRECTORYS;
    } else if (place->shared_uid) {
        ret->whose = narrow_shared(conf, place, ret->site) ? WEBLOG_DIRECTORYS : WEBLOG_ANYBODYS;
    }
    choose_his(conf, place, ret);
    for (size_t i = 0; i < sites; i++) {
        for (size_t j = 0; ret->site[i] && j < conf->site[i].log_count; j++) {
            size_t log = conf->site[i].logs[j];

            ret->log[log] = true;
            (void)best_docroot(&conf->site[i], place, &ret->docroot[log]);
        }
    }
    /* Where everybody's scripts have one uid, the worker's pid is in whichever
     * log the request is in. */
    for (size_t i = 0; i < weblog->log_count; i++) {
        ret->pid_only[i] = !ret->log[i] && weblog->log[i].pid && place->shared_uid;
    }
}

void weblog_choice_free(struct weblog_choice *choice)
{
    free(choice->log);
    free(choice->pid_only);
    free(choice->docroot);
    free(choice->site);
    free(choice->his);
}

static bool has_name(const struct webconf_site *site, const char *wanted)
{
    for (size_t i = 0; i < site->names.count; i++) {
        const char *pattern = site->names.item[i];
        size_t n = strlen(pattern), m = strlen(wanted);

        if (fnmatch(pattern, wanted, 0) == 0 ||
            (pattern[0] == '.' && /* nginx: the domain and all below it */
             (strcmp(pattern + 1, wanted) == 0 ||
              (m > n && strcmp(wanted + m - n, pattern) == 0)))) {
            return true;
        }
    }
    return false;
}

/* Whether one of these sites has this name, and whether another has. Returns false if that cannot
 * be told. */
static bool find_host(const struct weblog *weblog, const bool *site, struct slice host,
                      bool *ret_own, bool *ret_strangers)
{
    const struct webconf *conf = weblog->conf;
    char name[256];

    if (conf == NULL || host.ptr == NULL || host.len >= sizeof name) {
        return false;
    }
    for (size_t i = 0; i < host.len; i++) {
        char c = host.ptr[i];

        name[i] = (char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
    }
    name[host.len] = '\0';
    for (size_t i = 0; i < conf->site_count; i++) {
        bool named = conf->site[i].server != WEB_FPM && has_name(&conf->site[i], name);

        *ret_own |= named && site[i];
        *ret_strangers |= named && !site[i];
    }
    return true;
}

bool weblog_own_host(const struct weblog *weblog, const struct weblog_choice *choice,
                     struct slice host)
{
    bool own = false, strangers = false;

    return !find_host(weblog, choice->site, host, &own, &strangers) || own || !strangers;
}

/* Whether what a pool's line says that it ran is one of his sites'. */
static bool ran_his(const struct webconf *conf, const struct weblog_choice *choice,
                    struct slice script)
{
    char *path = context_copy(script.ptr != NULL ? script.ptr : "", script.len);
    bool any = false;

    weblog_plain_path(path);
    for (size_t i = 0; i < conf->site_count; i++) {
        any |= choice->his[i] && strstr(path, "/../") == NULL && is_above(&conf->site[i], path);
    }
    free(path);
    return any;
}

/* Whether a log that one site alone writes is one of his sites'. */
static bool writes_his(const struct webconf *conf, const struct weblog_choice *choice, size_t log)
{
    for (size_t i = 0; i < conf->site_count; i++) {
        for (size_t j = 0; choice->his[i] && j < conf->site[i].log_count; j++) {
            if (conf->site[i].logs[j] == log) {
                return true;
            }
        }
    }
    return false;
}

enum weblog_whose weblog_whose(const struct weblog *weblog, const struct weblog_choice *choice,
                               const struct weblog_line *line)
{
    const struct webconf *conf = weblog->conf;
    size_t log = (size_t)(line->log - weblog->log);
    bool own = false, strangers = false, his;

    if (!choice->log[log]) {
        return WEBLOG_ANYBODYS; /* only the worker's pid led there */
    }
    if (conf == NULL) {
        return choice->whose;
    }
    if (line->log->shared) {
        his = find_host(weblog, choice->his, line->row.value[WEBFIELD_HOST], &own, &strangers) &&
              own && !strangers;
    } else {
        his = writes_his(conf, choice, log) ||
              (line->log->server == WEB_FPM &&
               ran_his(conf, choice, line->row.value[WEBFIELD_SCRIPT]));
    }
    return his ? choice->whose : WEBLOG_ANYBODYS;
}
