/*
 * records - the wrapper's records from wherever they are: see records.h.
 *
 * Hostile: every line of a syslog file and of the journal; any value in a record. On failure: what
 * cannot be opened or read is named (context_problem), the rest is read.
 */
#include "args.h"
#include "context.h"
#include "filter.h"
#include "records/journald.h"
#include "records/records_private.h"
#include "records/repeats.h"
#include "wrapper/config.h"

#include <grp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TAG RECORD_TAG "["
#define SECOND INT64_C(1000000)
#define SLACK (60 * SECOND) /* how far two lines may be from their order in time */
#define FAR \
    (3600 * SECOND) /* lines so much later than --until: nothing before that comes any more, */
#define ENOUGH 1000 /* if there are so many, one behind the other */

#pragma weak journald_open
#pragma weak journald_next
#pragma weak journald_close

void records_add_input(struct records *records, const struct records_input *input)
{
    records->input = context_realloc(records->input, (records->count + 1) * sizeof *records->input);
    records->input[records->count++] = *input;
}

static void add_input(struct records *records, struct source *source, enum records_origin origin,
                      bool decided)
{
    struct records_input input = {.source = source, .origin = origin, .decided = decided};

    records_add_input(records, &input);
}

static int64_t since_of(const struct records *records)
{
    return records->filter == NULL ? INT64_MIN : records->filter->since;
}

static void add_rotated(struct records *records, const char *path, enum records_origin origin)
{
    struct source **sources;
    size_t n = source_open_rotated(records->ctx, path, since_of(records), &sources);

    for (size_t i = 0; i < n; i++) {
        add_input(records, sources[i], origin, true);
    }
    free(sources);
}

char *records_central_path(const struct context *ctx)
{
    static const char name[] = "-central/calls.log";
    const char *log = ctx->config.log_file;
    const char *slash = strrchr(log, '/');
    size_t n = slash == NULL ? 0 : (size_t)(slash - log);
    char *path = context_alloc(n + sizeof name);

    memcpy(path, log, n);
    memcpy(path + n, name, sizeof name);
    return path;
}

static void add_central(struct records *records)
{
    char *path = records_central_path(records->ctx);
    size_t before = records->count;

    add_rotated(records, path, RECORDS_FILE);
    for (size_t i = before; i < records->count; i++) {
        records->input[i].central = true;
    }
    free(path);
}

static bool open_journal(struct records *records)
{
    int64_t until = records->filter == NULL ? INT64_MAX : records->filter->until;

    if (journald_open == NULL) {
        (void)context_fail(records->ctx, "this mailorigin was built without the journal");
        return false;
    }
    records->journal = journald_open(records->ctx, since_of(records), until);
    records->use_journal = records->journal != NULL;
    /* systemd-journal-upload sends again what it does not know to have arrived. */
    records->journal_repeats = args_has(records->ctx->args, "journal-dir");
    if (records->journal_repeats && records->repeats == NULL) {
        records->repeats = repeats_new();
    }
    return records->use_journal;
}

bool records_syslog(struct context *ctx, const char **ret_path)
{
    static const char *const paths[] = {"/var/log/mail.log", "/var/log/syslog", "/var/log/maillog",
                                        "/var/log/messages"};

    *ret_path = NULL;
    /* systemd says that the journal is there: sd_booted(3). */
    if (journald_open != NULL &&
        (access("/run/systemd/system", F_OK) == 0 || access("/run/log/journal", F_OK) == 0 ||
         access("/var/log/journal", F_OK) == 0)) {
        return true;
    }
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        if (access(paths[i], F_OK) == 0) {
            *ret_path = paths[i];
            return true;
        }
    }
    (void)context_fail(ctx, "the records go to syslog, but neither the journal nor "
                            "/var/log/mail.log is here; name the file with --log");
    return false;
}

static bool open_syslog(struct records *records)
{
    const char *path;

    if (!records_syslog(records->ctx, &path)) {
        return false;
    }
    if (path == NULL) {
        return open_journal(records);
    }
    add_rotated(records, path, RECORDS_SYSLOG);
    return records->count > 0;
}

/* A file of adm's was made by syslog, whatever is in it: with nothing but records, and on a server
 * in UTC, its lines look like those of the wrapper's own log. */
static bool made_by_syslog(const char *path)
{
    const struct group *adm = getgrnam("adm");
    struct stat st;

    return adm != NULL && stat(path, &st) == 0 && S_ISREG(st.st_mode) && st.st_gid == adm->gr_gid;
}

static bool names_journal(const struct args *args)
{
    return args_has(args, "journal") || args_has(args, "journal-dir");
}

/* Whether the options say where the records are; else the configuration does. */
static bool names_sources(const struct args *args)
{
    return args_has(args, "log") || args_has(args, "central") || names_journal(args);
}

static bool open_inputs(struct records *records)
{
    struct context *ctx = records->ctx;
    const char *path;

    if (args_has(ctx->args, "central")) {
        add_central(records);
    }
    if (names_sources(ctx->args)) {
        for (size_t cursor = 0; (path = args_each(ctx->args, "log", &cursor)) != NULL;) {
            struct source *source = source_open(ctx, path, false);

            if (source != NULL) {
                add_input(records, source, RECORDS_SYSLOG, made_by_syslog(path));
            }
        }
        if (names_journal(ctx->args) && !open_journal(records)) {
            return false;
        }
        /* As below: files that are all older than --since are no failure. */
        return records->count > 0 || records->use_journal ||
               (args_has(ctx->args, "central") && !ctx->partial);
    }
    if ((ctx->config.log_to & CONFIG_LOG_FILE) != 0) {
        add_rotated(records, ctx->config.log_file, RECORDS_FILE);
        /* All files may be older than --since: then there is nothing, but nothing is wrong. */
        return records->count > 0 || !ctx->partial;
    }
    if ((ctx->config.log_to & CONFIG_LOG_SYSLOG) != 0) {
        return open_syslog(records);
    }
    (void)context_fail(ctx,
                       "sendmail-wrapper.conf says log { to = \"none\" }: there are no records; "
                       "name a file with --log");
    return false;
}

struct records *records_open(struct context *ctx, const struct filter *filter)
{
    struct records *records = context_alloc(sizeof *records);

    *records = (struct records){.ctx = ctx, .filter = filter};
    records->filtering = filter != NULL && (filter->keys != 0 || filter_given(filter, "host"));
    if (!open_inputs(records)) {
        records_close(records);
        return NULL;
    }
    return records;
}

void records_close(struct records *records)
{
    if (records == NULL) {
        return;
    }
    for (size_t i = 0; i < records->count; i++) {
        source_close(records->input[i].source);
    }
    if (records->journal != NULL) {
        journald_close(records->journal);
    }
    repeats_free(records->repeats);
    free(records->input);
    free(records->scratch.data);
    free(records->found);
    free(records->found_host);
    free(records);
}

bool records_use_journal(const struct records *records)
{
    return records->use_journal;
}

uint64_t records_torn(const struct records *records)
{
    return records->torn;
}

int64_t records_hint(const struct records *records, const struct source *source)
{
    int64_t mtime = source_mtime(source);

    return mtime < 0 ? records->ctx->now : mtime;
}

/*
 * Of a line that is not a record: a torn one of our own log begins as the others do. UTC with six
 * digits behind the second is how the wrapper writes the time, and our JSON begins so.
 */
static bool is_ours(const char *line, size_t n)
{
    static const char json[] = "{\"time\":\"", mark[] = "\xef\xbb\xbf";

    if (n >= sizeof mark - 1 && memcmp(line, mark, sizeof mark - 1) == 0) {
        line += sizeof mark - 1; /* as source_line leaves it out */
        n -= sizeof mark - 1;
    }

    if (n >= sizeof json - 1 && memcmp(line, json, sizeof json - 1) == 0) {
        return true;
    }
    return n > 33 && line[10] == 'T' && line[19] == '.' && memcmp(line + 26, "+00:00 ", 7) == 0 &&
           memmem(line, n, TAG, strlen(TAG)) != NULL;
}

/* One line of another program, and it is a syslog file; nothing but records, and it is ours. */
enum records_origin records_input_origin(struct records_input *input)
{
    const char *text;
    size_t n, lines = 0;

    if (input->decided) {
        return input->origin;
    }
    input->decided = true;
    input->origin = RECORDS_SYSLOG;
    n = source_peek(input->source, &text);
    while (n > 0) {
        const char *newline = memchr(text, '\n', n);
        size_t len = newline == NULL ? n : (size_t)(newline - text);

        if (newline == NULL && lines > 0) {
            break; /* the end of what was looked at */
        }
        if (len > 0 && text[0] != '\0' && !is_ours(text, len)) {
            return input->origin;
        }
        lines++;
        n -= newline == NULL ? n : len + 1;
        text += newline == NULL ? len : len + 1;
    }
    if (lines > 0) {
        input->origin = RECORDS_FILE;
    }
    return input->origin;
}

bool records_next_in_journal(struct records *records, struct journald *journal,
                             struct record_line *ret)
{
    const char *line, *host;
    long long uid;
    int64_t time;
    size_t len;

    while (journald_next(journal, &line, &len, &time, &uid, &host)) {
        if (!record_line_message(line, len, time, host == NULL ? "-" : host, &records->scratch,
                                 ret)) {
            records->torn++;
            continue;
        }
        /* Who logged is the kernel's word. root may: a set-uid program that calls sendmail. */
        if (uid != 0 && uid != record_line_number(ret, RECORD_UID)) {
            records->torn++;
            continue;
        }
        return true;
    }
    return false;
}

/* Whether line passes the filter. */
static bool passes(const struct records *records, struct record_line *line)
{
    if (records->filter == NULL) {
        return true;
    }
    if (!records->filtering) {
        return line->time >= records->filter->since && line->time <= records->filter->until;
    }
    return filter_record(records->filter, line);
}

bool records_elsewhere(const struct context *ctx, const struct record_line *line)
{
    char here[256] = "";
    size_t n;

    if ((ctx->config.log_to & CONFIG_LOG_FILE) != 0 && !names_sources(ctx->args)) {
        return false;
    }
    if (gethostname(here, sizeof here - 1) != 0 || line->host.len == 0 ||
        (line->host.len == 1 && line->host.ptr[0] == '-')) {
        return false;
    }
    n = strcspn(here, ".");
    return line->host.len < n || memcmp(line->host.ptr, here, n) != 0 ||
           (line->host.len > n && line->host.ptr[n] != '.');
}

void records_begin_input(struct records *records, struct records_input *input)
{
    if (input->begun) {
        return;
    }
    input->begun = true;
    (void)records_input_origin(input);
    if (input->central && records->repeats == NULL) {
        records->repeats = repeats_new();
    }
    /* What a server could not send for hours stands behind what others sent meanwhile. */
    if (since_of(records) != INT64_MIN && !input->central) {
        (void)records_bisect(input->source, since_of(records) - SLACK,
                             records_hint(records, input->source));
    }
}

/* Whether all that comes will be later than is wanted. A clock may have been wrong for a while, so
 * one line does not say so. */
static bool is_beyond(const struct records *records, struct records_input *input,
                      const struct record_line *line)
{
    int64_t until = records->filter->until;

    if (until >= INT64_MAX - FAR || !source_plain(input->source) || input->central) {
        return false;
    }
    input->beyond = line->time > until + FAR ? input->beyond + 1 : 0;
    return input->beyond >= ENOUGH;
}

static bool next_in_input(struct records *records, struct records_input *input,
                          struct record_line *ret)
{
    const int64_t hint = records_hint(records, input->source);
    struct source_line line;

    while (source_line(input->source, &line)) {
        input->lines = true;
        if (!record_line_parse(line.text, line.len, input->origin, hint, &records->scratch, ret)) {
            records->torn += memmem(line.text, line.len, TAG, strlen(TAG)) != NULL ||
                             (line.len > 0 && line.text[0] == '{'); /* no syslog line begins so */
            continue;
        }
        records->torn += ret->torn;
        input->any = true;
        if (input->central && repeats_seen(records->repeats, ret)) {
            continue;
        }
        if (passes(records, ret)) {
            input->beyond = 0;
            return true;
        }
        if (is_beyond(records, input, ret)) {
            return false;
        }
    }
    return false;
}

void records_say_if_wrong(const struct records *records, const struct records_input *input)
{
    if (!input->lines || input->any || input->troubled || since_of(records) != INT64_MIN) {
        return;
    }
    if (input->origin == RECORDS_FILE) { /* nobody but the wrapper writes there: it is damaged */
        context_problem(records->ctx, "%s: no line of it is a record of sendmail-wrapper",
                        source_name(input->source));
    } else if (args_has(records->ctx->args, "log")) {
        context_warn(records->ctx, "%s: no line of it is a record of sendmail-wrapper",
                     source_name(input->source));
    }
}

bool records_next(struct records *records, struct record_line *ret)
{
    while (records->current < records->count) {
        struct records_input *input = &records->input[records->current];

        records_begin_input(records, input);
        if (next_in_input(records, input, ret)) {
            return true;
        }
        input->troubled = source_troubled(input->source);
        if (!records->part) {
            records_say_if_wrong(records, input);
        }
        records->current++;
    }
    while (records->journal != NULL && records_next_in_journal(records, records->journal, ret)) {
        if (records->journal_repeats && repeats_seen(records->repeats, ret)) {
            continue;
        }
        if (passes(records, ret)) {
            return true;
        }
    }
    return false;
}
