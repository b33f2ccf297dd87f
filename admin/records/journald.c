/*
 * journald - see journald.h. libsystemd is bound by dlopen(3), so that nobody needs it who does not
 * read the journal; its functions are those of sd-journal(3), declared here, since its header is in
 * no package that we build with.
 *
 * Hostile: journal files may be corrupt (a crash, --journal-dir); libsystemd checks every offset
 * and its own SIGBUS. A file that cannot be read is named and the rest read.
 */
#include "records/journald.h"

#include "args.h"
#include "context.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LIBRARY "libsystemd.so.0"
#define LOCAL_ONLY 1 /* SD_JOURNAL_LOCAL_ONLY, sd_journal_open(3): no files of other machines */
#define DISORDER 3600000000LL /* a clock may have been set back by so much, in microseconds */
#define TEXT_MAX 512          /* bytes kept of a short field */

typedef struct sd_journal sd_journal;

/* sd-journal(3); all return a negative errno on failure. */
struct library {
    void *handle;
    int (*open)(sd_journal **ret, int flags);
    int (*open_directory)(sd_journal **ret, const char *path, int flags);
    void (*close)(sd_journal *j);
    int (*add_match)(sd_journal *j, const void *data, size_t size);
    int (*seek_head)(sd_journal *j);
    int (*seek_tail)(sd_journal *j);
    int (*seek_realtime)(sd_journal *j, uint64_t usec);
    int (*next)(sd_journal *j);
    int (*previous_skip)(sd_journal *j, uint64_t skip);
    int (*get_data)(sd_journal *j, const char *field, const void **data, size_t *length);
    int (*get_realtime)(sd_journal *j, uint64_t *ret);
    int (*get_fd)(sd_journal *j);
    int (*process)(sd_journal *j);
};

struct journald {
    struct context *ctx;
    struct library lib;
    sd_journal *journal;
    int64_t since, until;
    bool here;     /* the position is on an entry that has not been returned yet */
    bool broken;   /* said so already */
    char *message; /* storage of the last entry */
    size_t message_cap;
    char text[3][TEXT_MAX];
};

/* --- the library --------------------------------------------------------------------------- */

static bool library_bind(struct library *lib)
{
    const struct {
        void *slot;
        const char *name;
    } functions[] = {
        {&lib->open, "sd_journal_open"},
        {&lib->open_directory, "sd_journal_open_directory"},
        {&lib->close, "sd_journal_close"},
        {&lib->add_match, "sd_journal_add_match"},
        {&lib->seek_head, "sd_journal_seek_head"},
        {&lib->seek_tail, "sd_journal_seek_tail"},
        {&lib->seek_realtime, "sd_journal_seek_realtime_usec"},
        {&lib->next, "sd_journal_next"},
        {&lib->previous_skip, "sd_journal_previous_skip"},
        {&lib->get_data, "sd_journal_get_data"},
        {&lib->get_realtime, "sd_journal_get_realtime_usec"},
        {&lib->get_fd, "sd_journal_get_fd"},
        {&lib->process, "sd_journal_process"},
    };

    for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++) {
        void *found = dlsym(lib->handle, functions[i].name);

        if (found == NULL) {
            return false;
        }
        /* dlsym(3): a function comes as a void pointer, POSIX wants the same representation. */
        memcpy(functions[i].slot, &found, sizeof found);
    }
    return true;
}

static bool library_load(struct context *ctx, struct library *lib)
{
    lib->handle = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
    if (lib->handle == NULL) {
        context_fail(ctx, "cannot read the journal without " LIBRARY
                          "; install the package libsystemd0, or name a log with --log");
        return false;
    }
    if (!library_bind(lib)) {
        context_fail(ctx, "cannot read the journal: " LIBRARY " is too old (%s)", dlerror());
        return false;
    }
    return true;
}

/* --- opening -------------------------------------------------------------------------------- */

/* Counts the journal files below a pattern, and those of them that we may not read. */
static void count_files(const char *pattern, size_t *files, size_t *closed)
{
    glob_t found;

    if (glob(pattern, GLOB_NOSORT, NULL, &found) != 0) {
        return;
    }
    for (size_t i = 0; i < found.gl_pathc; i++) {
        ++*files;
        /* The effective ids and capabilities: after confine() they are not the real ones. */
        *closed += faccessat(AT_FDCWD, found.gl_pathv[i], R_OK, AT_EACCESS) != 0;
    }
    globfree(&found);
}

/* libsystemd skips what it may not read and says nothing: an admin without the group would see a
 * part as all. */
static bool check_access(struct context *ctx, const char *dir)
{
    size_t files = 0, closed = 0;
    char pattern[4200];

    if (dir != NULL) {
        if (faccessat(AT_FDCWD, dir, R_OK | X_OK, AT_EACCESS) != 0) {
            context_fail(ctx, "cannot read %s: %s", dir, strerror(errno));
            return false;
        }
        (void)snprintf(pattern, sizeof pattern, "%s/*.journal*", dir);
        count_files(pattern, &files, &closed);
    } else {
        count_files("/var/log/journal/*/*.journal*", &files, &closed);
        count_files("/run/log/journal/*/*.journal*", &files, &closed);
    }
    if (files == 0) {
        context_fail(ctx, "there is no journal in %s",
                     dir != NULL ? dir : "/var/log/journal or /run/log/journal");
        return false;
    }
    if (closed > 0) {
        context_problem(ctx,
                        "cannot read %zu of %zu files of the journal; run as root or join group "
                        "systemd-journal",
                        closed, files);
    }
    return true;
}

static int open_journal(struct journald *journald, const char *dir)
{
    struct library *lib = &journald->lib;

    if (dir != NULL) {
        return lib->open_directory(&journald->journal, dir, 0);
    }
    return lib->open(&journald->journal, LOCAL_ONLY);
}

static struct journald *journald_new(struct context *ctx, int64_t since, int64_t until,
                                     const char *match)
{
    struct journald *journald;
    const char *dir = args_get(ctx->args, "journal-dir");
    int error;

    if (!check_access(ctx, dir)) {
        return NULL;
    }
    journald = context_alloc(sizeof *journald);
    *journald = (struct journald){.ctx = ctx, .since = since, .until = until};
    if (!library_load(ctx, &journald->lib)) {
        journald_close(journald);
        return NULL;
    }
    error = open_journal(journald, dir);
    if (error >= 0) {
        error = journald->lib.add_match(journald->journal, match, strlen(match));
    }
    if (error >= 0) {
        error = since > 0 ? journald->lib.seek_realtime(journald->journal, (uint64_t)since)
                          : journald->lib.seek_head(journald->journal);
    }
    if (error < 0) {
        context_fail(ctx, "cannot read the journal: %s", strerror(-error));
        journald_close(journald);
        return NULL;
    }
    return journald;
}

struct journald *journald_open(struct context *ctx, int64_t since, int64_t until)
{
    return journald_new(ctx, since, until, "SYSLOG_IDENTIFIER=sendmail-wrapper");
}

struct journald *journald_open_mail(struct context *ctx, int64_t since, int64_t until)
{
    return journald_new(ctx, since, until, "SYSLOG_FACILITY=2"); /* LOG_MAIL >> 3 */
}

void journald_close(struct journald *journald)
{
    if (journald == NULL) {
        return;
    }
    if (journald->journal != NULL) {
        journald->lib.close(journald->journal);
    }
    if (journald->lib.handle != NULL) {
        dlclose(journald->lib.handle);
    }
    free(journald->message);
    free(journald);
}

/* --- reading -------------------------------------------------------------------------------- */

/* The bytes behind "FIELD=" of the present entry. Returns false if it has none, or it cannot be
 * read. */
static bool field(struct journald *journald, const char *name, const char **ret, size_t *ret_len)
{
    const void *data;
    size_t len, skip = strlen(name) + 1;

    if (journald->lib.get_data(journald->journal, name, &data, &len) < 0 || len < skip) {
        return false;
    }
    *ret = (const char *)data + skip;
    *ret_len = len - skip;
    return true;
}

/* A short field, copied: the next one that is asked for may move libsystemd's window. */
static const char *field_text(struct journald *journald, const char *name, size_t slot)
{
    char *to = journald->text[slot];
    const char *data;
    size_t len;

    if (!field(journald, name, &data, &len)) {
        return NULL;
    }
    len = len < TEXT_MAX - 1 ? len : TEXT_MAX - 1;
    memcpy(to, data, len);
    to[len] = '\0';
    return to;
}

static long long field_number(struct journald *journald, const char *name)
{
    const char *data;
    size_t len;
    long long number = 0;

    if (!field(journald, name, &data, &len) || len == 0 || len > 18) {
        return -1;
    }
    for (size_t i = 0; i < len; i++) {
        if (data[i] < '0' || data[i] > '9') {
            return -1;
        }
        number = number * 10 + (data[i] - '0');
    }
    return number;
}

static bool field_message(struct journald *journald, struct journald_entry *ret)
{
    const char *data;
    size_t len;

    if (!field(journald, "MESSAGE", &data, &len)) {
        return false;
    }
    if (len + 1 > journald->message_cap) {
        journald->message_cap = len + 1 + 1024;
        journald->message = context_realloc(journald->message, journald->message_cap);
    }
    memcpy(journald->message, data, len);
    journald->message[len] = '\0';
    ret->message = journald->message;
    ret->message_len = len;
    return true;
}

/* Steps to the next entry and says when it was taken. Returns 1, 0 at the end, -1 after
 * context_problem. */
static int step(struct journald *journald, uint64_t *ret_time)
{
    int got = journald->here ? 1 : journald->lib.next(journald->journal);

    journald->here = false;
    if (got > 0) {
        int error = journald->lib.get_realtime(journald->journal, ret_time);

        if (error >= 0) {
            return 1;
        }
        got = error;
    }
    if (got < 0 && !journald->broken) {
        journald->broken = true;
        context_problem(journald->ctx, "cannot read on in the journal: %s", strerror(-got));
    }
    return got < 0 ? -1 : 0;
}

bool journald_entry(struct journald *journald, struct journald_entry *ret)
{
    struct journald_entry entry = {.uid = -1, .pid = -1};
    uint64_t time;

    for (;;) {
        if (step(journald, &time) <= 0) {
            return false;
        }
        entry.time = (int64_t)time;
        if (entry.time > journald->until) {
            if (journald->until < INT64_MAX - DISORDER && entry.time > journald->until + DISORDER) {
                return false;
            }
            continue;
        }
        if (entry.time >= journald->since && field_message(journald, &entry)) {
            break;
        }
    }
    entry.uid = field_number(journald, "_UID");
    entry.pid = (long)field_number(journald, "_PID");
    entry.unit = field_text(journald, "_SYSTEMD_UNIT", 0);
    entry.host = field_text(journald, "_HOSTNAME", 1);
    entry.identifier = field_text(journald, "SYSLOG_IDENTIFIER", 2);
    *ret = entry;
    return true;
}

bool journald_next(struct journald *journald, const char **ret_line, size_t *ret_len,
                   int64_t *ret_time, long long *ret_uid, const char **ret_host)
{
    struct journald_entry entry;

    if (!journald_entry(journald, &entry)) {
        return false;
    }
    *ret_line = entry.message;
    *ret_len = entry.message_len;
    *ret_time = entry.time;
    *ret_uid = entry.uid;
    *ret_host = entry.host;
    return true;
}

/* --- following ------------------------------------------------------------------------------ */

bool journald_tail(struct journald *journald, size_t n)
{
    int error = journald->lib.seek_tail(journald->journal);

    if (error >= 0) {
        error = journald->lib.previous_skip(journald->journal, n + 1);
    }
    if (error < 0) {
        context_problem(journald->ctx, "cannot find the end of the journal: %s", strerror(-error));
        return false;
    }
    if (error ==
        0) { /* nothing yet: from the tail sd_journal_next(3) would never find what comes */
        journald->lib.seek_head(journald->journal);
    } else if ((size_t)error < n + 1) { /* no more than these: we stand on the first of all */
        journald->here = true;
    }
    return true;
}

int journald_fd(struct journald *journald)
{
    return journald->lib.get_fd(journald->journal);
}

void journald_process(struct journald *journald)
{
    journald->lib.process(journald->journal);
}
