/* weblog_parts - what weblog.c (which logs), weblog_match.c (one line and a record) and
 * weblog_join.c share. */
#ifndef MO_WEBLOG_PARTS_H
#define MO_WEBLOG_PARTS_H

#include "webconf.h"
#include "weblog.h"
#include "weblogfile.h"
#include "weblogformat.h"

#include <sys/types.h>

#define WEBLOG_PIDS 16 /* of a record: caller and ancestors */

/* A log and how it is read. */
struct weblog_log {
    enum web_server server;
    const char *path;
    bool exact;                     /* --access-log: that file only */
    bool shared;                    /* several sites write to it */
    bool pid;                       /* its format has the worker's pid */
    struct weblogformat *format[8]; /* the configured one, then the usual ones */
    size_t format_count;
};

/* What of a record the join looks at; strings are raw bytes, "" if absent. */
struct weblog_call {
    int64_t time;
    int64_t worker_start; /* when the caller's process was started; INT64_MIN: unknown */
    long long uid;
    bool shared_uid; /* many customers' scripts run as uid */
    long pid[WEBLOG_PIDS];
    /* When that process made the child that led to the call: the time of its request. INT64_MIN:
     * not recorded. */
    int64_t forked[WEBLOG_PIDS];
    char pid_text[WEBLOG_PIDS][16];
    size_t pid_count;
    enum web_server runs_in; /* WEB_APACHE: mod_php or the like; WEB_FPM; else WEB_UNKNOWN */
    char *user, *cwd, *script, *remote, *host, *uri;
};

/* One line that fits. */
struct weblog_hit {
    const struct weblog_log *log;
    char *file, *line;
    struct weblogformat_row row;
    int64_t start_low, start_high, end_low, end_high; /* bounds of when it ran */
    bool end_known;
    int64_t moment;    /* when it must have run: the worker's fork, else the call */
    bool moment_known; /* it is the fork */
    unsigned order;    /* in which the lines stand */
    bool pid;          /* the worker's */
    bool certain;      /* of those with the pid, this is the one */
    int score;         /* how much of site and script agrees */
    unsigned by;       /* BY_* */
    bool post;
    bool slow_only;
    int64_t away;            /* microseconds from its likeliest moment to the call */
    struct weblog_hit *also; /* the front server's line of it; owned */
    /* What the web server's lines of it say: one is too coarse; one ran then; one ran PHP then. */
    bool front_vague, front_possible, front_confirms;
};

enum {
    BY_SCRIPT = 1,
    BY_DIRECTORY = 2,
    BY_URI = 4,   /* the URI fits the script's path */
    BY_CLAIM = 8, /* what the script's environment says of its request */
    BY_CLIENT = 16,
    BY_HOST = 32,
};

struct weblog {
    struct context *ctx;
    int64_t window; /* microseconds */
    struct webconf *conf;
    struct weblog_log *log; /* of conf->log[i], or of the --access-log i */
    size_t log_count;
    size_t looked, looked_pid;
    struct weblog_hit *hit; /* of the last join, best first */
    size_t hit_count, hit_total;
    char **text; /* strings of the last join */
    size_t text_count;
};

/* --- weblog_match.c */
void weblog_call_init(struct weblog_call *call, struct record_line *record);
void weblog_call_free(struct weblog_call *call);
/* Reads the line and judges it. Returns false if it cannot have caused the call; ret->pid and
 * ret->start_low then still say whether the worker's pid is in it, and when it began. */
bool weblog_match(const struct weblog_call *call, const struct weblog_log *log, int64_t window,
                  const char *docroot, const char *line, size_t len, struct weblog_hit *ret);
/* The path of a request, without query string, as a slice of the row; ret_query: with it. */
struct slice weblog_path(const struct weblogformat_row *row);
struct slice weblog_uri(const struct weblogformat_row *row);
struct slice weblog_method(const struct weblogformat_row *row);

/* --- weblog_request.c: strings are weblog's, until weblog_forget */
struct weblog_request weblog_request_of(struct weblog *weblog, const struct weblog_hit *hit);

/* --- weblog_join.c */
void weblog_forget(struct weblog *weblog); /* frees what the last join left */

/* --- weblog_site.c: which logs are the record's */
struct weblog_choice {
    bool *log;            /* for each weblog.log: all its lines may be joined */
    bool *pid_only;       /* ... or those with the worker's pid */
    const char **docroot; /* for each log: the one above the record's directory, or NULL */
    bool *site;           /* for each webconf.site */
};
void weblog_choose(const struct weblog *weblog, const struct weblog_call *call,
                   struct weblog_choice *ret);
void weblog_choice_free(struct weblog_choice *choice);
/* Whether a line of a log that several sites share may be the record's: its host is none of a
 * stranger's. */
bool weblog_own_host(const struct weblog *weblog, const struct weblog_choice *choice,
                     struct slice host);

#endif
