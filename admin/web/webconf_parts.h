/* webconf_parts - what the readers of the servers' configuration share. */
#ifndef MO_WEBCONF_PARTS_H
#define MO_WEBCONF_PARTS_H

#include "web/webconf.h"

#include <glob.h>

#define WEBCONF_FILE_MAX (4U << 20) /* bytes of one file */
#define WEBCONF_FILES 20000         /* files in all: 10 000 sites twice */
#define WEBCONF_DEPTH 16            /* of includes */
#define WEBCONF_WORDS 64            /* of one directive */

/* What is being read: the result, and where files come from. */
struct webreader {
    struct context *ctx; /* NULL (tests, fuzzing): nothing is opened */
    struct webconf *conf;
    const char *root;
    unsigned files, depth;
    const char *open[WEBCONF_DEPTH]; /* the files that are being read */
};

/* --- lists, strings */
void webnames_add(struct webnames *names, const char *text, size_t n); /* each once */
bool webnames_have(const struct webnames *names, const char *text);
void webnames_free(struct webnames *names);
/* "a" + "b" + "c" as a new string; any may be "". */
char *webconf_join(const char *a, const char *b, const char *c);

/* --- the result */
struct webconf_site *webconf_add_site(struct webconf *conf, enum web_server server);
/* The log's index; the same path is added once (the first format that is known holds). */
size_t webconf_add_log(struct webconf *conf, enum web_server server, const char *path,
                       const char *format);
void webconf_use_log(struct webconf *conf, struct webconf_site *site, size_t log);
/* An empty result. */
struct webconf *webconf_new(void);

/* --- files, below the root. A function for each file that fits the pattern, in order. */
typedef void webconf_file(struct webreader *reader, void *state, const char *path, char *text,
                          size_t len);
void webreader_each(struct webreader *reader, const char *pattern, bool missing_ok,
                    webconf_file *each, void *state);

/* --- the servers. Each has a function that reads one file's text; state is its own. */
void webconf_read_apache(struct webreader *reader);
void webconf_read_nginx(struct webreader *reader);
void webconf_read_fpm(struct webreader *reader);

/* For tests and fuzzing: one text, without includes. */
void webconf_apache_text(struct webconf *conf, char *text, size_t len);
void webconf_nginx_text(struct webconf *conf, char *text, size_t len);
void webconf_fpm_text(struct webconf *conf, char *text, size_t len);

#endif
