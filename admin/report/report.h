/*
 * report - what the parts of `mailorigin report` share: all that is told of the largest origins,
 * gathered once, then printed as text, JSON or a page of HTML.
 *
 * Texts of records are in codec.h's escaped form, those of requests are raw bytes; all are hostile.
 * The report is made to be handed on, so what is not the caller's own is not named in it
 * (report_names_*), unless --internal was given.
 */
#ifndef MO_REPORT_H
#define MO_REPORT_H

#include "clients/clients_table.h"
#include "filter.h"
#include "records/record_keep.h"
#include "top/top_count.h"
#include "web/weblog.h"

#include <stdbool.h>
#include <stdio.h>

struct context;

#define REPORT_CALLS 100  /* of an origin that are looked at more closely */
#define REPORT_SHOWN 12   /* of these are shown */
#define REPORT_REQUESTS 3 /* of a call that are shown, where several fit */
#define REPORT_CLIENTS 10 /* addresses of an origin that are shown */
#define REPORT_CALLERS 3
#define REPORT_HOSTS 5

/* Strings are raw bytes, NULL if unknown. */
struct report_request {
    char *client, *request, *host, *agent, *by;
    int64_t start, end; /* -1: unknown */
    int status;         /* -1 */
    enum weblog_sure sure;
};

enum report_web {
    REPORT_UNASKED, /* no request is to be expected, or no log was looked at */
    REPORT_NONE,    /* none was found */
    REPORT_EXACT,
    REPORT_LIKELY, /* one of the worker's, and no other is known */
    REPORT_SEVERAL,
};

/* A call that is looked at. */
struct report_call {
    struct record_scratch scratch;
    struct record_line line;
    bool shown, asked;
    size_t number; /* weblog's, if asked */
    enum report_web web;
    size_t candidates; /* requests that fit */
    size_t others;     /* of them, those that are not named: not surely of the caller's own site */
    struct report_request request[REPORT_REQUESTS];
    size_t request_count;
};

/* A command line; what might name another customer is left out. */
struct report_caller {
    struct slice text;
    bool cut; /* its arguments are */
    size_t count;
};

/* One origin. */
struct report_section {
    struct aggregate_origin sum;     /* its texts are these: */
    char *text[1 + AGGREGATE_PARTS]; /* NULL: none */
    struct top_origin origin;
    struct report_call *call; /* by time */
    size_t call_count, shown_count;
    size_t web[REPORT_SEVERAL + 1]; /* of the calls, by enum report_web */
    struct report_caller caller[REPORT_CALLERS];
    size_t caller_count;
    struct clients clients;
};

struct report {
    struct context *ctx;
    const struct top_by *by;
    struct filter filter;
    bool internal;
    struct top_totals totals;
    char *host[REPORT_HOSTS]; /* the servers', escaped; the first ones that occur */
    size_t host_count;
    bool more_hosts;
    bool forgeable; /* some of it comes from a syslog file, where any user may write */
    struct report_section *section;
    size_t section_count;
    struct record_keep *keep; /* what the calls' lines point into */
    size_t keep_count;
};

/* Reads it all. report: ctx, by, filter and internal are set. Gives up root on the way. Returns
 * false after context_fail. Whatever it returns: free with report_free. */
bool report_collect(struct report *report, size_t sections);
void report_free(struct report *report);

/* Whether a directory, or script, of this worth may be named. */
bool report_names_directory(const struct report *report, enum origin_worth worth);
bool report_names_script(const struct report *report, enum origin_worth worth, struct slice script);

/* As it stands in the report: "/var/www/x", "unknown, says /var/www/x", "unknown, says another's
 * (not named here)", "unknown". text: of the directory or script; how: behind it, may be "". */
#define REPORT_TEXT_MAX 4300
void report_place(enum origin_worth worth, bool named, struct slice text, const char *how,
                  char ret[REPORT_TEXT_MAX]);

/* A part of an origin, taken apart. */
struct report_part {
    struct slice text, script_by;
    enum origin_worth worth;
    bool named;
    int64_t count;
};
/* Returns the number of parts, at most AGGREGATE_PARTS. */
size_t report_parts(const struct report *report, const struct report_section *section,
                    struct report_part ret[AGGREGATE_PARTS]);
/* The part's user name, which all parts have; empty: unknown. */
struct slice report_user(const struct report_section *section);

/* How far the origin itself is known. text: the directory or script; empty for a user's. */
struct report_origin {
    enum origin_worth worth;
    bool named;
    struct slice text;
};
struct report_origin report_origin(const struct report *report,
                                   const struct report_section *section);

/* "2026-11-21 16:20:31 +01:00", local time; "" for < 0. */
#define REPORT_TIME_MAX 48
const char *report_time(int64_t us, char ret[REPORT_TIME_MAX]);

/* How sure a request is: "exact", "likely", "one of 3". */
void report_sure(const struct report_call *call, const struct report_request *request,
                 char ret[64]);

/* The chart's numbers over the section's own time: as bins_chart. */
size_t report_chart(const struct report_section *section, uint32_t ret[BINS_MAX],
                    int64_t *ret_start, int64_t *ret_width);

/* A value of a record; empty: none. */
struct slice report_value(struct record_line *line, enum record_key key);

/* The subject as a mail reader shows it, raw bytes; "" if there is none. The caller frees. */
char *report_subject(struct record_line *line, size_t *ret_len);

void report_print(const struct report *report); /* text or JSON, as ctx->out is */
/* Returns false after context_fail. */
bool report_html(const struct report *report, FILE *to);

/* The page's style sheet. */
extern const char report_style[];

#endif
