/* weblog_parts - what weblog*.c share: which logs (weblog.c, weblog_site.c), the records
 * (weblog_calls.c), one line and a record (weblog_match.c), what is kept (weblog_hits.c,
 * weblog_request.c), and the join (weblog_join.c, weblog_worker.c, weblog_front.c). */
#ifndef MO_WEBLOG_PARTS_H
#define MO_WEBLOG_PARTS_H

#include "web/webconf.h"
#include "web/weblog.h"
#include "web/weblogfile.h"
#include "web/weblogformat.h"

#include <sys/types.h>

#define WEBLOG_PIDS 16         /* of a record: caller and ancestors */
#define WEBLOG_HITS_MAX 200000 /* lines that are kept for all calls together */
#define WEBLOG_TIGHT 20000 /* microseconds by which a call may be outside of a fine log's times */

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

/* Which of the logs are a record's (weblog_site.c). */
struct weblog_choice {
    bool *log;               /* for each weblog.log: all its lines may be joined */
    bool *pid_only;          /* ... or those with the worker's pid */
    const char **docroot;    /* for each log: the one above the record's directory, or NULL */
    bool *site;              /* for each webconf.site */
    bool *his;               /* ... of them, those of which `whose` is true */
    enum weblog_whose whose; /* why these sites are the record's */
};

/* What many calls have in common is there once, counted by those who refer to it. */
struct weblog_shared {
    struct weblog_shared *next; /* of its bucket */
    uint64_t hash;
    size_t refs;
    char *key; /* what is common, as it stands in the records */
    size_t key_len;
};

/* Where calls come from; strings are raw bytes, "" if absent. */
struct weblog_place {
    struct weblog_shared shared;
    long long uid;
    bool shared_uid; /* many customers' scripts run as uid */
    bool elsewhere;  /* the call was made on another server: no log here is its */
    char *cwd, *script;
    struct weblog_choice choice;
};

/* Calls of which a line says the same but for the time. */
struct weblog_kind {
    struct weblog_shared shared;
    struct weblog_place *place;
    enum web_server runs_in; /* WEB_APACHE: mod_php or the like; WEB_FPM; else WEB_UNKNOWN */
    char *remote, *host, *uri;
    /* What was found of the line in hand. */
    uint64_t judged; /* its number */
    bool own;        /* its host is no stranger's */
    bool post;
    int score;
    unsigned by;
};

/* A line that fits a call or more. */
struct weblog_line {
    size_t refs;
    const struct weblog_log *log;
    const struct weblogformat *format;
    const char *file; /* weblog's */
    struct weblogformat_row row;
    char text[];
};

/* A line and a call that fit. */
struct weblog_hit {
    struct weblog_line *line, *also;                  /* also: the web server's line of php-fpm's */
    int64_t start_low, start_high, end_low, end_high; /* bounds of when it ran */
    int64_t run_low, run_high; /* bounds of when php-fpm began it, by the web server's lines */
    int64_t moment;            /* when it must have run: the worker's fork, else the call */
    int64_t away;              /* microseconds from its likeliest moment to the call */
    unsigned order;            /* in which the lines stand */
    int score;                 /* how much of site and script agrees */
    uint8_t by;                /* BY_* */
    uint8_t which;             /* of the call's pids */
    bool end_known;
    bool moment_known; /* it is the fork */
    bool pid;          /* the worker's */
    bool forgeable;    /* the caller or another user can write to the file */
    bool certain;      /* of those with the pid, this is the one */
    bool post;
    bool later; /* it began after that moment, though by less than the second that is spared */
    bool slow_only;
    /* What the web server's lines of it say: one is too coarse; one ran then; one ran PHP then. */
    bool front_vague, front_possible, front_confirms;
};

/* What of a record the join looks at, and what it found. */
struct weblog_call {
    int64_t time;
    int64_t worker_start; /* when the caller's process was started; INT64_MIN: unknown */
    struct weblog_kind *kind;
    int32_t pid[WEBLOG_PIDS];
    /* When that process made the child that led to the call: the time of its request. INT64_MIN:
     * not recorded. */
    int64_t forked[WEBLOG_PIDS];
    unsigned pid_count;
    unsigned later; /* bits of pids: a request that this worker began after the call is in a log */
    bool crowded;   /* a line of the worker's that fits the moment was not kept */
    struct weblog_hit *hit; /* the best ones; in order once all is read */
    size_t hit_count, hit_room, worst;
    size_t total; /* how many fit */
};

enum {
    BY_SCRIPT = 1,
    BY_DIRECTORY = 2,
    BY_URI = 4,   /* the URI fits the script's path */
    BY_CLAIM = 8, /* what the script's environment says of its request */
    BY_CLIENT = 16,
    BY_HOST = 32,
};

#define WEBLOG_BUCKETS 4096

struct weblog {
    struct context *ctx;
    int64_t window; /* microseconds */
    struct webconf *conf;
    struct weblog_log *log; /* of conf->log[i], or of the --access-log i */
    size_t log_count;
    size_t looked, looked_pid;
    /* Call number i is call[i % call_max]: the latest call_max are kept. */
    struct weblog_call *call;
    size_t added, call_room, call_max;
    struct weblog_shared *places[WEBLOG_BUCKETS], *kinds[WEBLOG_BUCKETS];
    uint64_t line_number; /* of the last line that was in hand */
    char **file;          /* names of files that lines are kept of */
    size_t file_count;
    char **text; /* strings of the last weblog_found */
    size_t text_count;
};

/* --- weblog_calls.c */
size_t weblog_call_count(const struct weblog *weblog); /* in weblog->call */
void weblog_clear(struct weblog *weblog);              /* forgets all calls */

/* --- weblog_hits.c */
/* The line in hand. */
struct weblog_reading {
    struct weblog *weblog;
    size_t log;                         /* its number */
    size_t hits_max;                    /* of a call */
    uint64_t number;                    /* of the line */
    const struct weblogfile_from *from; /* as long as the line is in hand */
    const char *text;
    size_t len;
    const struct weblogformat *format;
    struct weblogformat_row row;
    struct weblog_line *kept; /* NULL: not yet */
};
/* Takes the next line in hand. Returns false if it has none of the log's formats. */
bool weblog_take(struct weblog_reading *reading, const struct weblogfile_from *from,
                 const char *text, size_t len);
/* Whether somebody else than root and the server can have written the line in hand: then it proves
 * nothing about the call. */
bool weblog_forgeable(const struct weblog_reading *reading, const struct weblog_call *call);
void weblog_let_go(struct weblog_reading *reading);
/* The line in hand as one that stays; the caller's reference. */
struct weblog_line *weblog_keep_line(struct weblog_reading *reading);
void weblog_line_free(struct weblog_line *line); /* gives up a reference; NULL is fine */
void weblog_keep_hit(struct weblog_reading *reading, struct weblog_call *call,
                     struct weblog_hit *hit);
void weblog_drop_hit(struct weblog_call *call, size_t i); /* the last one takes its place */
void weblog_hits_clear(struct weblog_call *call);
void weblog_hits_sort(struct weblog_call *call); /* the best first */
/* Whether the request was being run at the moment in question. */
bool weblog_hit_inside(const struct weblog_hit *hit, int64_t slack);
/* Whether a was begun after b, by the log's word and then by its order. */
bool weblog_began_later(const struct weblog_hit *a, const struct weblog_hit *b);

/* --- weblog_worker.c: which of a worker's requests it was */
void weblog_narrow(struct weblog_call *call);
void weblog_settle(const struct weblog *weblog, struct weblog_call *call);

/* --- weblog_front.c: php-fpm's lines and the web server's. Of all calls. */
void weblog_fronts(struct weblog *weblog);
/* If one of the worker's requests was surely being run at the moment in question, it is the one. */
void weblog_settle_runs(struct weblog_call *call);

/* --- weblog_match.c */
/* When the request of this row ran; sets start_*, end_* and end_known. */
void weblog_bounds(const struct weblog_log *log, int64_t window, const struct weblogformat_row *row,
                   struct weblog_hit *hit);
/*
 * Whether the request can have caused the call, by the time and by whose it is. Returns false if
 * not; ret->pid, which and the bounds then still say whether the worker's pid is in the line, and
 * when it began.
 */
bool weblog_match(const struct weblog_call *call, const struct weblog_log *log, int64_t window,
                  const struct weblogformat_row *row, struct weblog_hit *ret);
/* The pid that a line has; -1: none. */
long weblog_pid(struct slice text);
/* What else speaks for it: into the kind. */
void weblog_judge(struct weblog_kind *kind, const char *docroot,
                  const struct weblogformat_row *row);
/* "/a//b (deleted)" becomes "/a/b". */
void weblog_plain_path(char *path);
/* The path of a request, without query string, as a slice of the row; ret_query: with it. */
struct slice weblog_path(const struct weblogformat_row *row);
struct slice weblog_uri(const struct weblogformat_row *row);
struct slice weblog_method(const struct weblogformat_row *row);

/* --- weblog_request.c: strings are weblog's, until weblog_forget_texts */
void weblog_forget_texts(struct weblog *weblog);
struct weblog_request weblog_request_of(struct weblog *weblog, const struct weblog_hit *hit);

/* --- weblog_site.c: which logs are the record's */
void weblog_choose(const struct weblog *weblog, const struct weblog_place *place,
                   struct weblog_choice *ret);
void weblog_choice_free(struct weblog_choice *choice);
/* Whether a line of a log that several sites share may be the record's: its host is none of a
 * stranger's. */
bool weblog_own_host(const struct weblog *weblog, const struct weblog_choice *choice,
                     struct slice host);
/* Whose a line surely is, that was found to fit the record. */
enum weblog_whose weblog_whose(const struct weblog *weblog, const struct weblog_choice *choice,
                               const struct weblog_line *line);

#endif
