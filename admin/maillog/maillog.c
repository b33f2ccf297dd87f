/*
 * maillog - a mail server's log as a row of events, from files with their rotated ones or from the
 * journal.
 *
 * Hostile: every line (maillog_parse.h). In a syslog file even "postfix/pickup[1]:" may have been
 * written by anybody; of the journal only lines are believed whose sender, by the kernel's word, is
 * root or the mail server's user.
 */
#include "maillog/maillog_parse.h"

#include "args.h"
#include "context.h"
#include "records/journald.h"
#include "records/logtime.h"
#include "records/source.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define SECOND INT64_C(1000000)
/* How far lines of one file may be out of order: a repeated hour of local time, and some. */
#define SLACK (INT64_C(65) * 60 * SECOND)
#define SERVICE_USERS 4

struct maillog {
    struct context *ctx;
    struct source **sources;
    size_t count, at;
    bool begun; /* sources[at] is where we want to begin */
    struct journald *journald;
    long long service[SERVICE_USERS]; /* uids whose lines in the journal are believed */
    int64_t since, until;
    struct maillog_events events;
    size_t event;  /* the next of events */
    char *rcpt_at; /* the next of events.rcpts */
    char *copy;    /* of a journal entry's text */
};

struct mail_event *maillog_event(struct maillog_events *events, enum mail_kind kind,
                                 const struct maillog_line *line, const char *mta,
                                 const char *queue_id)
{
    struct mail_event *event = &events->event[events->count++];

    *event = (struct mail_event){.kind = kind,
                                 .time = line->time,
                                 .mta = mta,
                                 .queue_id = queue_id,
                                 .uid = -1,
                                 .pid = line->pid,
                                 .size = -1,
                                 .nrcpt = -1};
    return event;
}

/* "host tag[pid]: text" or "host tag: text" */
static bool split_tag(char *text, struct maillog_line *ret)
{
    char *tag = strchr(text, ' '), *end;
    size_t n;

    if (tag == NULL) {
        return false;
    }
    tag++;
    n = strcspn(tag, "[: ");
    end = tag + n;
    if (n == 0 || *end == ' ' || *end == '\0') {
        return false;
    }
    ret->pid = -1;
    if (*end == '[') {
        char *close = strchr(end, ']');

        ret->pid = (long)maillog_number(end + 1);
        if (close == NULL || close[1] != ':' || ret->pid < 0) {
            return false;
        }
        *end = '\0';
        end = close + 1;
    }
    *end++ = '\0';
    ret->tag = tag;
    ret->text = *end == ' ' ? end + 1 : end;
    return true;
}

bool maillog_split(char *text, size_t len, int64_t hint, struct maillog_line *ret)
{
    size_t used;

    if (strlen(text) != len) {
        for (char *at = memchr(text, '\0', len); at != NULL;
             at = memchr(at, '\0', len - (size_t)(at - text))) {
            *at = '?';
        }
    }
    if (logtime_exim(text, len, &ret->time, &used)) {
        if (text[used] != ' ') {
            return false;
        }
        ret->tag = "";
        ret->pid = -1;
        ret->text = text + used + 1;
        return true;
    }
    if (!logtime_syslog(text, len, hint, &ret->time, &used) || text[used] != ' ') {
        return false;
    }
    return split_tag(text + used + 1, ret);
}

static bool is_exim(const char *tag)
{
    return strcmp(tag, "exim") == 0 || strcmp(tag, "exim4") == 0;
}

bool maillog_read(struct maillog_line *line, struct maillog_events *ret)
{
    int64_t time;
    size_t used;

    ret->count = 0;
    ret->rcpts = NULL;
    if (line->tag[0] == '\0') {
        return maillog_exim(line, ret);
    }
    if (is_exim(line->tag)) { /* by syslog, with a time of its own unless syslog_timestamp is off */
        if (logtime_exim(line->text, strlen(line->text), &time, &used) && line->text[used] == ' ') {
            line->text += used + 1;
        }
        return maillog_exim(line, ret);
    }
    if (strchr(line->tag, '/') != NULL) {
        return maillog_postfix(line, ret);
    }
    if (strcmp(line->tag, "sendmail") == 0 || strncmp(line->tag, "sm-", 3) == 0) {
        return maillog_sendmail(line, ret);
    }
    return false;
}

/* --- where the lines come from --------------------------------------------------------------- */

static void add_sources(struct maillog *maillog, struct source **sources, size_t n)
{
    if (n > 0) {
        maillog->sources =
            context_realloc(maillog->sources, (maillog->count + n) * sizeof(struct source *));
        memcpy(maillog->sources + maillog->count, sources, n * sizeof(struct source *));
        maillog->count += n;
    }
}

static bool add_usual(struct maillog *maillog, const char *path)
{
    struct source **sources = NULL;
    struct stat st;
    char first[256];
    size_t n;

    (void)snprintf(first, sizeof first, "%s.1", path);
    if (stat(path, &st) != 0 && stat(first, &st) != 0) {
        return false; /* not a problem: each server has another */
    }
    n = source_open_rotated(maillog->ctx, path, maillog->since, &sources);
    add_sources(maillog, sources, n);
    free(sources);
    return n > 0;
}

static int by_time(const void *a, const void *b)
{
    int64_t left = source_mtime(*(struct source *const *)a);
    int64_t right = source_mtime(*(struct source *const *)b);

    return (left > right) - (left < right);
}

static bool add_given(struct maillog *maillog)
{
    size_t cursor = 0;
    bool given = false;

    for (const char *path = args_each(maillog->ctx->args, "mail-log", &cursor); path != NULL;
         path = args_each(maillog->ctx->args, "mail-log", &cursor)) {
        struct source *source;

        if (*path == '\0') { /* --mail-log without a file: the usual ones */
            continue;
        }
        source = source_open(maillog->ctx, path, false);
        given = true;
        if (source != NULL) {
            add_sources(maillog, &source, 1);
        }
    }
    if (maillog->count > 1) {
        qsort(maillog->sources, maillog->count, sizeof(struct source *), by_time);
    }
    return given;
}

/* Whose lines in the journal are the mail server's own. */
static void service_users(struct maillog *maillog)
{
    static const char *const names[SERVICE_USERS] = {"postfix", "smmta", "smmsp", "Debian-exim"};

    for (size_t i = 0; i < SERVICE_USERS; i++) {
        const struct passwd *user = getpwnam(names[i]);

        maillog->service[i] = user == NULL ? 0 : (long long)user->pw_uid;
    }
}

/* The line at or behind offset that has a time. Returns false if there is none near. */
static bool time_at(struct source *source, int64_t offset, int64_t hint, int64_t *ret_time,
                    int64_t *ret_offset)
{
    struct source_line line;

    if (!source_seek(source, offset)) {
        return false;
    }
    for (int i = 0; i < 100 && source_line(source, &line); i++) {
        struct maillog_line parsed;

        if (maillog_split(line.text, line.len, hint, &parsed)) {
            *ret_time = parsed.time;
            *ret_offset = line.offset;
            return true;
        }
    }
    return false;
}

static int64_t hint_of(const struct maillog *maillog, const struct source *source)
{
    int64_t mtime = source_mtime(source);

    return mtime < 0 ? maillog->ctx->now : mtime;
}

/* Goes to where lines since `since` begin: bisects, the order of lines being nearly that of time.
 */
static void begin_at(struct maillog *maillog, struct source *source)
{
    int64_t low = 0, high = source_size(source), hint = hint_of(maillog, source);

    if (maillog->since == INT64_MIN || !source_plain(source)) {
        return;
    }
    while (high - low > SOURCE_LINE_MAX) {
        int64_t middle = low + (high - low) / 2, time, offset;

        if (!time_at(source, middle, hint, &time, &offset)) {
            high = middle;
        } else if (time < maillog->since - SLACK) {
            low = offset;
        } else {
            high = middle;
        }
    }
    if (!source_seek(source, low)) {
        context_problem(maillog->ctx, "cannot seek in %s", source_name(source));
    }
}

static bool journal_asked(const struct context *ctx)
{
    return args_has(ctx->args, "journal") || args_has(ctx->args, "journal-dir");
}

/* syslog's file, whatever it is called, and Exim's own. */
static bool add_usual_ones(struct maillog *maillog)
{
    bool found = add_usual(maillog, "/var/log/mail.log") ||
                 add_usual(maillog, "/var/log/maillog") || add_usual(maillog, "/var/log/syslog");

    return add_usual(maillog, "/var/log/exim4/mainlog") || found;
}

struct maillog *maillog_open(struct context *ctx, int64_t since, int64_t until)
{
    struct maillog *maillog = context_alloc(sizeof *maillog);
    bool found;

    *maillog = (struct maillog){.ctx = ctx, .since = since, .until = until};
    if (!add_given(maillog)) {
        found = !journal_asked(ctx) && add_usual_ones(maillog);
        if (!found) {
            service_users(maillog);
            maillog->journald = journald_open_mail(ctx, since, until);
        }
        if (!found && maillog->journald == NULL) {
            context_fail(ctx, "no mail log is found: name it with --mail-log FILE");
            maillog_close(maillog);
            return NULL;
        }
    } else if (maillog->count == 0) {
        context_fail(ctx, "none of the mail logs can be read");
        maillog_close(maillog);
        return NULL;
    }
    return maillog;
}

void maillog_close(struct maillog *maillog)
{
    if (maillog == NULL) {
        return;
    }
    for (size_t i = 0; i < maillog->count; i++) {
        if (maillog->sources[i] != NULL) {
            source_close(maillog->sources[i]);
        }
    }
    if (maillog->journald != NULL) {
        journald_close(maillog->journald);
    }
    free(maillog->sources);
    free(maillog->copy);
    free(maillog);
}

/* --- the next event -------------------------------------------------------------------------- */

static bool next_file_line(struct maillog *maillog, struct maillog_line *ret)
{
    struct source_line line;

    while (maillog->at < maillog->count) {
        struct source *source = maillog->sources[maillog->at];

        if (!maillog->begun) { /* not when it is opened: that is done as root */
            begin_at(maillog, source);
            maillog->begun = true;
        }
        while (source_line(source, &line)) {
            if (!line.cut && line.ended &&
                maillog_split(line.text, line.len, hint_of(maillog, source), ret)) {
                if (maillog->until < INT64_MAX - SLACK && ret->time > maillog->until + SLACK) {
                    break;
                }
                return true;
            }
        }
        source_close(source);
        maillog->sources[maillog->at] = NULL;
        maillog->at++;
        maillog->begun = false;
    }
    return false;
}

/* root and the server's users write what they like; anybody else only of himself, with Sendmail,
 * whose sendmail command logs as the user who runs it. */
static bool believed(const struct maillog *maillog, const struct journald_entry *entry)
{
    if (entry->uid == 0) {
        return true;
    }
    for (size_t i = 0; i < SERVICE_USERS; i++) {
        if (entry->uid == maillog->service[i]) {
            return true;
        }
    }
    return entry->uid >= 0 && strcmp(entry->identifier, "sendmail") == 0;
}

static bool next_journal_line(struct maillog *maillog, struct maillog_line *ret, long long *ret_uid)
{
    struct journald_entry entry;

    while (journald_entry(maillog->journald, &entry)) {
        if (entry.identifier == NULL || entry.message == NULL || !believed(maillog, &entry)) {
            continue;
        }
        free(maillog->copy);
        maillog->copy = context_copy(entry.message, strnlen(entry.message, entry.message_len));
        *ret = (struct maillog_line){entry.time, entry.identifier, entry.pid, maillog->copy, NULL};
        *ret_uid = entry.uid;
        return true;
    }
    return false;
}

static bool next_events(struct maillog *maillog)
{
    struct maillog_line line;

    for (;;) {
        long long uid = -1;

        if (maillog->journald == NULL ? !next_file_line(maillog, &line)
                                      : !next_journal_line(maillog, &line, &uid)) {
            return false;
        }
        line.header_name = maillog->ctx->config.header.name;
        if (line.time < maillog->since || line.time > maillog->until ||
            !maillog_read(&line, &maillog->events)) {
            continue;
        }
        for (size_t i = 0; i < maillog->events.count; i++) {
            maillog->events.event[i].forgeable = maillog->journald == NULL && *line.tag != '\0';
        }
        if (uid > 0 && strcmp(line.tag, "sendmail") == 0) { /* the kernel's word */
            for (size_t i = 0; i < maillog->events.count; i++) {
                if (maillog->events.event[i].kind == MAIL_SUBMITTED) {
                    maillog->events.event[i].uid = uid;
                }
            }
        }
        maillog->event = 0;
        maillog->rcpt_at = maillog->events.rcpts;
        return true;
    }
}

/* The next member of a list of addresses; NULL behind the last. Ends it, takes its brackets off. */
static char *next_rcpt(char **list)
{
    char *start = *list, *at = start, *end;
    bool quoted = false;

    if (start == NULL || *start == '\0') {
        return NULL;
    }
    for (; *at != '\0' && (quoted || *at != ','); at++) {
        if (*at == '\\' && at[1] != '\0') {
            at++;
        } else if (*at == '"') {
            quoted = !quoted;
        }
    }
    end = at;
    *list = *at == '\0' ? at : at + 1;
    *end = '\0';
    if (*start == '<' && end - start >= 2 && end[-1] == '>') {
        end[-1] = '\0';
        start++;
    }
    return start;
}

bool maillog_next(struct maillog *maillog, struct mail_event *ret)
{
    for (;;) {
        if (maillog->event < maillog->events.count) {
            *ret = maillog->events.event[maillog->event];
            if (maillog->rcpt_at == NULL || maillog->event + 1 < maillog->events.count) {
                maillog->event++;
                return true;
            }
            ret->rcpt = next_rcpt(&maillog->rcpt_at);
            if (ret->rcpt != NULL) {
                return true;
            }
            maillog->event++;
        } else if (!next_events(maillog)) {
            return false;
        }
    }
}
