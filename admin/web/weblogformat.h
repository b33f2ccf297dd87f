/*
 * weblogformat - an access log's format, compiled once, and its lines read by it: Apache's
 * LogFormat, nginx's log_format, php-fpm's access.format.
 *
 * Hostile: every line. Where the server escapes quotes the first one that is not escaped ends a
 * field; php-fpm escapes nothing, so there a field ends at the last place from which the rest of
 * the line still fits: what a client puts into his URL cannot move the fields behind it.
 */
#ifndef MO_WEBLOGFORMAT_H
#define MO_WEBLOGFORMAT_H

#include "records/records.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum web_server {
    WEB_UNKNOWN, /* Apache's notation; whether the time is the start or the end is not known */
    WEB_APACHE,
    WEB_NGINX,
    WEB_FPM,
};

enum weblogformat_field {
    WEBFIELD_CLIENT,
    WEBFIELD_PEER,      /* the connection's other end, where CLIENT is what a proxy said */
    WEBFIELD_FORWARDED, /* X-Forwarded-For */
    WEBFIELD_USER,
    WEBFIELD_REQUEST, /* "GET /x HTTP/1.1" */
    WEBFIELD_METHOD,
    WEBFIELD_URI,  /* with its query string, if the format has one behind it */
    WEBFIELD_PATH, /* the script's name in the URI's space: php-fpm's %r */
    WEBFIELD_QUERY,
    WEBFIELD_STATUS,
    WEBFIELD_HOST,
    WEBFIELD_SCRIPT, /* a file's name */
    WEBFIELD_AGENT,
    WEBFIELD_REFERER,
    WEBFIELD_PID,
    WEBFIELDS
};

struct weblogformat; /* opaque */

/* One line's fields, as they stand in it (weblogformat_unescape). ptr NULL: the format has it not,
 * or it is "-". */
struct weblogformat_row {
    struct slice value[WEBFIELDS];
    int64_t time;       /* microseconds since 1970: the start (nginx: the end) */
    int64_t resolution; /* its seconds begin there and are so long, microseconds */
    int64_t end;        /* a second time, of the end; -1: none */
    int64_t end_resolution;
    int64_t duration; /* microseconds; -1: unknown */
    int64_t duration_resolution;
};

/* Returns NULL if the format is not understood, or has no time in it. text need not outlive it. */
struct weblogformat *weblogformat_compile(enum web_server server, const char *text);
void weblogformat_free(struct weblogformat *format);

/* Whether the format has this field (WEBFIELD_PID: an exact join is possible). */
bool weblogformat_has(const struct weblogformat *format, enum weblogformat_field field);
bool weblogformat_has_duration(const struct weblogformat *format);
/* Whether a time of it is finer than a second. */
bool weblogformat_has_fraction(const struct weblogformat *format);

/* The line's time alone, quickly: for bisecting. May be of a line that weblogformat_match refuses.
 */
bool weblogformat_when(const struct weblogformat *format, const char *line, size_t len,
                       int64_t *ret_us);

/* All of a line. Returns false if it does not have this format; ret is then unspecified. */
bool weblogformat_match(const struct weblogformat *format, const char *line, size_t len,
                        struct weblogformat_row *ret);

/* Undoes the servers' escapes (\" \\ \n \xHH \uHHHH) into a new string, freed by the caller. A NUL
 * byte stays
 * "\x00". NULL for a NULL value. */
char *weblogformat_unescape(const struct weblogformat *format, struct slice value);

#endif
