/*
 * weblog - the HTTP request behind a call: web server logs read by their format, and the join with
 * a record.
 *
 * Hostile: every line (requests, user agents, user names are an attacker's).
 */
#ifndef MO_WEBLOG_H
#define MO_WEBLOG_H

#include "records/records.h"

#include <stdbool.h>
#include <stdint.h>

struct context;

enum weblog_sure {
    WEBLOG_PID,    /* the line has the worker's pid, it ran then, and no other request fits both: a
                      fact */
    WEBLOG_WORKER, /* the worker's pid, but several of its requests fit the time: it is one of them
                    */
    WEBLOG_WINDOW, /* only the time fits, and the site: no fact */
};

/* To whom the site belongs whose log the request stands in. */
enum weblog_whose {
    WEBLOG_ANYBODYS,   /* not known: several sites write there, and its host is none that tells */
    WEBLOG_DIRECTORYS, /* the site's document root is above the record's directory */
    WEBLOG_USERS, /* the configuration gives the site to the record's user; or the log is one of
                     --access-log */
};

struct weblog_request {
    int64_t start, end; /* microseconds since 1970, the bounds of when it ran as far as the log
                           tells; -1 unknown */
    const char *client; /* raw bytes, NUL-terminated, valid until the next weblog_join; NULL if the
                           log has none */
    const char *peer;   /* the connection's other end or X-Forwarded-For, where the log has both */
    const char *user;
    const char *request; /* "POST /x.php HTTP/1.1", quoting undone */
    int status;          /* -1 */
    const char *host;    /* virtual host, if the log has it or only one site writes to it */
    const char *script;  /* file name that the server says it ran (%f), if it has it */
    const char *agent, *referer;
    long pid; /* -1 */
    enum weblog_sure sure;
    enum weblog_whose whose;
    const char *by;  /* what speaks for it, in words: "worker's pid 12001, script" */
    const char *log; /* file name of the log */
    const char
        *also; /* the web server's log, where the php-fpm line in `log` was found again; NULL */
    bool slow_only; /* fits only if the request ran longer than a second before it sent mail */
};

/* What a command keeps to join records. Logs are opened when a join needs them, so: with
 * rights to read them then (CONFINE_READ of confine.h is enough). */
struct weblog; /* opaque */

/* Takes --access-log FILEs, or the logs that the web servers' configuration names (Apache, nginx,
 * php-fpm; common panel layouts). Says so on standard error if none is found. Returns NULL after
 * context_fail. */
struct weblog *weblog_open(struct context *ctx);
void weblog_close(struct weblog *weblog);

/*
 * Many records, each log read once for all of them: weblog_add each, weblog_read, weblog_found for
 * each. Memory is bounded: the latest WEBLOG_CALLS_MAX records are kept, and so many lines for each
 * that all together are not too many (1000 for one record, 20 for 10 000, at least 2).
 */
#define WEBLOG_CALLS_MAX 100000
#define WEBLOG_MAX 1000

/* Returns the record's number: 0, 1, ... The record is not needed any more then. */
size_t weblog_add(struct weblog *weblog, struct record_line *record);
/* Whether the record of that number is still among those that are kept. */
bool weblog_kept(const struct weblog *weblog, size_t number);
/* max: that weblog_found will be asked for. */
void weblog_read(struct weblog *weblog, size_t max);

/*
 * The requests that can have caused the record's call, best first: those with the worker's pid,
 * else those in the time window (Apache, php-fpm log the start: [T - window, T + 1 s]; nginx the
 * end: [T - 1 s, T + window]), from the logs of the record's own site only. Calls each at most max
 * (<= WEBLOG_MAX) times. Returns how many fit (may be more than max). Strings hold until the next
 * weblog_found or weblog_join.
 */
size_t weblog_found(struct weblog *weblog, size_t number, size_t max,
                    void (*each)(const struct weblog_request *request, void *arg), void *arg);

/* The three for one record; those that were added before are forgotten. */
size_t weblog_join(struct weblog *weblog, struct record_line *record, size_t max,
                   void (*each)(const struct weblog_request *request, void *arg), void *arg);

/* After a join: how many logs were looked at, and how many of them have a pid in their format. */
size_t weblog_looked(const struct weblog *weblog, size_t *ret_with_pid);

/* Whether a web request can be behind the record at all. Returns false if its unit or its ancestors
 * are cron's, a login session's or the like; ret_reason: which, in words. */
bool weblog_expected(struct record_line *record, const char **ret_reason);

#endif
