/*
 * webconf - which access logs belong to which site and in what format: read from the configuration
 * of Apache, nginx and php-fpm, and found where hosting panels put them.
 *
 * The configuration is root's, but panels write customers' words into it, so it is read as text
 * that may hold anything: what is not understood is passed over, sizes and depths are bounded.
 */
#ifndef MO_WEBCONF_H
#define MO_WEBCONF_H

#include "web/weblogformat.h"

#include <stdbool.h>
#include <stddef.h>

struct context;

/* A list of strings. */
struct webnames {
    char **item;
    size_t count;
};

struct webconf_log {
    enum web_server server;
    char *path;   /* '*' stands where the server puts a date or a host's name */
    char *format; /* NULL: the server's default, or unknown */
    char *where;  /* nginx: "file:line" of its directive; NULL: not known */
    size_t sites; /* how many use it */
};

struct webconf_site {
    enum web_server server;
    char *where;              /* "file:line" of the section; NULL: a panel's layout */
    struct webnames names;    /* ServerName, ServerAlias, server_name; lower case; may hold '*' */
    struct webnames docroots; /* DocumentRoot; nginx: each root */
    struct webnames backends; /* "unix:/run/x.sock", "127.0.0.1:9000": where its PHP runs */
    char *user;               /* SuexecUserGroup, AssignUserID, the FPM pool's; NULL */
    bool own_logs; /* nginx: an access_log, or "off", stands in the server block itself */
    size_t *logs;  /* index in webconf.log */
    size_t log_count;
};

struct webconf {
    struct webconf_log *log;
    size_t log_count;
    struct webconf_site *site; /* an FPM pool is a site: its backend is what it listens on */
    size_t site_count;
    unsigned servers; /* bit mask of the enum web_server whose configuration was found */
};

/*
 * Reads all configuration that is found below root ("" is the machine's own; tests have others).
 * What cannot be read is said by context_problem. Never NULL. Free with webconf_free.
 */
struct webconf *webconf_read(struct context *ctx, const char *root);
void webconf_free(struct webconf *conf);

#endif
