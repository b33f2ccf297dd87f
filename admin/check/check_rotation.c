/*
 * check_rotation - how the log is rotated, and how long it would last if every hour were like the
 * busiest of the last day.
 *
 * The hours are measured in bytes, by bisecting the file for the hour's first record, so that a log
 * of gigabytes costs a few dozen reads. A log that is out of order gives a wrong measure, nothing
 * worse.
 */
#include "check/findings.h"
#include "ini.h"
#include "paths.h"
#include "timearg.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define HOURS 24
#define HOUR_US (INT64_C(3600) * 1000000)
#define LINE_ROOM 8192 /* more than a record (RECORD_MAX) */
#define DAYS_WANTED 7

/* --- logrotate's configuration ----------------------------------------------------------- */

struct rotation {
    const char *log;
    char file[PATH_MAX], at[PATH_MAX]; /* the file being read; where the log was found */
    bool in_block, ours, found, copytruncate, script;
    char size[64];
    long rotate, days, limit_kib;
};

/* Whether the line in front of a block names the log: by its path, or a pattern in its directory.
 */
static bool names_log(const char *line, const char *log)
{
    const char *slash = strrchr(log, '/');
    size_t dir = slash != NULL ? (size_t)(slash - log) + 1 : 0;

    return strstr(line, log) != NULL ||
           (dir > 0 && memmem(line, strlen(line), log, dir) != NULL && strchr(line, '*') != NULL);
}

static bool is_word(const char *line, const char *word)
{
    size_t n = strlen(word);

    return strncmp(line, word, n) == 0 && (line[n] == '\0' || line[n] == ' ' || line[n] == '\t');
}

static void take_directive(struct rotation *r, const char *line)
{
    const char *limit = strstr(line, "limit=");

    if (limit != NULL && r->limit_kib == 0) {
        r->limit_kib = strtol(limit + strlen("limit="), NULL, 10);
    } else if (is_word(line, "copytruncate")) {
        r->copytruncate = true;
    } else if (is_word(line, "size") || is_word(line, "maxsize") || is_word(line, "minsize")) {
        (void)snprintf(r->size, sizeof r->size, "%s", line);
    } else if (is_word(line, "rotate")) {
        r->rotate = strtol(line + strlen("rotate"), NULL, 10);
    } else if (is_word(line, "hourly") || is_word(line, "daily")) {
        r->days = 1;
    } else if (is_word(line, "weekly")) {
        r->days = 7;
    } else if (is_word(line, "monthly")) {
        r->days = 30;
    }
}

static void take_line(char *text, unsigned number, void *arg)
{
    struct rotation *r = arg;
    char *line = ini_trim(text);

    (void)number;
    if (line[0] == '#') {
        return;
    }
    if (!r->in_block) {
        r->ours = r->ours || names_log(line, r->log);
        if (strchr(line, '{') != NULL) {
            r->in_block = true;
            if (r->ours && !r->found) {
                r->found = true;
                memcpy(r->at, r->file, sizeof r->at);
            } else {
                r->ours = false;
            }
        }
        return;
    }
    if (r->script) { /* shell text, with braces of its own */
        r->script = !is_word(line, "endscript");
    } else if (is_word(line, "prerotate") || is_word(line, "postrotate") ||
               is_word(line, "firstaction") || is_word(line, "lastaction") ||
               is_word(line, "preremove")) {
        r->script = true;
    } else if (line[0] == '}') {
        r->in_block = r->ours = false;
        return;
    }
    if (r->ours && (!r->script || strncmp(line, "limit=", 6) == 0)) {
        take_directive(r, line);
    }
}

static void read_file(struct check *check, const char *path, void *arg)
{
    struct rotation *r = arg;

    (void)snprintf(r->file, sizeof r->file, "%s", path);
    r->in_block = r->ours = r->script = false;
    check_file_lines(check, path, take_line, r);
}

static void read_rotation(struct check *check, const char *etc, struct rotation *r)
{
    char path[PATH_MAX];

    (void)snprintf(path, sizeof path, "%.1000s/logrotate.conf", etc);
    read_file(check, path, r);
    (void)snprintf(path, sizeof path, "%.1000s/logrotate.d", etc);
    check_each_file(check, path, "", read_file, r);
}

/* --- the busiest hour -------------------------------------------------------------------- */

/* Of a record in either format. */
static bool time_of(const char *line, size_t len, int64_t *ret)
{
    static const char json[] = "{\"time\":\"";
    size_t n = sizeof json - 1;

    if (len > n && strncmp(line, json, n) == 0) {
        line += n;
        len -= n;
    }
    return timearg_rfc3339(line, len, ret, NULL);
}

/* Time of the first record that begins at or after offset; INT64_MAX if there is none. */
static int64_t time_at(int fd, off_t offset, char buf[LINE_ROOM + 1])
{
    ssize_t n = pread(fd, buf, LINE_ROOM, offset > 0 ? offset - 1 : 0);
    const char *line = buf, *end = buf + (n > 0 ? n : 0);
    int64_t time = INT64_MAX;

    buf[end - buf] = '\0';
    if (offset > 0) {
        line = memchr(buf, '\n', (size_t)(end - buf));
        line = line != NULL ? line + 1 : end;
    }
    while (line < end && !time_of(line, (size_t)(end - line), &time)) {
        line = memchr(line, '\n', (size_t)(end - line)); /* a torn line */
        line = line != NULL ? line + 1 : end;
    }
    return time;
}

/* The offset from which on records are not before the time. */
static off_t offset_of(int fd, off_t size, int64_t time, char *buf)
{
    off_t low = 0, high = size;

    while (low < high) {
        off_t middle = low + (high - low) / 2;

        if (time_at(fd, middle, buf) < time) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static void add_hours(const char *path, int64_t now, uint64_t hours[HOURS])
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat st;
    char *buf;
    off_t from;

    if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        if (fd >= 0) {
            close(fd);
        }
        return;
    }
    buf = context_alloc(LINE_ROOM + 1);
    from = offset_of(fd, st.st_size, now - HOURS * HOUR_US, buf);
    for (int i = 0; i < HOURS; i++) {
        off_t to = i == HOURS - 1 ? st.st_size
                                  : offset_of(fd, st.st_size, now - (HOURS - 1 - i) * HOUR_US, buf);

        hours[i] += to > from ? (uint64_t)(to - from) : 0;
        from = to;
    }
    free(buf);
    close(fd);
}

/* Bytes of the busiest hour of the last day: of the log and of what was rotated within it, which is
 * not compressed yet. */
static uint64_t busiest_hour(const char *log, int64_t now)
{
    uint64_t hours[HOURS] = {0}, most = 0;
    char dir[PATH_MAX];
    char *slash;
    DIR *d;
    const struct dirent *entry;

    (void)snprintf(dir, sizeof dir, "%s", log);
    slash = strrchr(dir, '/');
    if (slash == NULL) {
        return 0;
    }
    *slash = '\0';
    d = opendir(dir);
    while (d != NULL && (entry = readdir(d)) != NULL) {
        char path[PATH_MAX + 256];
        struct stat st;
        size_t len = strlen(entry->d_name);

        (void)snprintf(path, sizeof path, "%s/%s", dir, entry->d_name);
        if (strstr(entry->d_name, slash + 1) == entry->d_name &&
            (len < 3 || strcmp(entry->d_name + len - 3, ".gz") != 0) && stat(path, &st) == 0 &&
            (int64_t)st.st_mtim.tv_sec * 1000000 > now - HOURS * HOUR_US) {
            add_hours(path, now, hours);
        }
    }
    if (d != NULL) {
        (void)closedir(d);
    }
    for (int i = 0; i < HOURS; i++) {
        most = hours[i] > most ? hours[i] : most;
    }
    return most;
}

/* --- findings ---------------------------------------------------------------------------- */

/* How long the space lasts: the limit of our logrotate file, and what is free. Rotated files shrink
 * to a tenth or less, but those of the last day or two do not: what is counted is uncompressed. */
static void look_at_retention(struct check *check, const struct rotation *r, const char *log)
{
    uint64_t hour = busiest_hour(log, check_context(check)->now), room = UINT64_MAX;
    struct statvfs fs;
    double days;

    if (r->limit_kib > 0) {
        room = (uint64_t)r->limit_kib * 1024;
    }
    if (statvfs(log, &fs) == 0 && (uint64_t)fs.f_bavail * fs.f_frsize < room) {
        room = (uint64_t)fs.f_bavail * fs.f_frsize;
    }
    days = hour > 0 ? (double)room / (double)hour / 24 : 1e9;
    if (days < DAYS_WANTED) {
        check_say(check, CHECK_ROTATION_SHORT,
                  "the busiest hour of the last day wrote %.1f MiB; at that rate %.1f GiB of room "
                  "are full after %.1f days "
                  "(uncompressed), and the oldest records go",
                  (double)hour / 1048576, (double)room / 1073741824, days);
        check_fix(check,
                  "mailorigin top --since 1d    (who is it?); for more room raise limit= in %s, or "
                  "give the log a file system",
                  r->at);
        return;
    }
    if (hour > 0 && days < 10000) {
        check_say(check, CHECK_ROTATION_OK,
                  "rotated by %s; at the rate of the last day's busiest hour (%.1f MiB) the log "
                  "lasts %.0f days",
                  r->at, (double)hour / 1048576, days);
    } else {
        check_say(check, CHECK_ROTATION_OK, "rotated by %s, %ld files kept", r->at, r->rotate);
    }
}

void check_rotation(struct check *check)
{
    const struct config *config = &check_context(check)->config;
    struct rotation *r = context_alloc(sizeof *r);
    char etc[PATH_MAX], word[CHECK_SHELL_MAX];
    char *slash;

    *r = (struct rotation){.log = config->log_file};
    (void)snprintf(etc, sizeof etc, "%s", SW_CONFIG_FILE);
    slash = strrchr(etc, '/');
    if ((config->log_to & CONFIG_LOG_FILE) == 0 || slash == NULL) {
        free(r);
        return;
    }
    *slash = '\0';
    read_rotation(check, etc, r);
    if (!r->found) {
        check_say(check, CHECK_ROTATION_NONE, "%s is not rotated: it grows until the disk is full",
                  config->log_file);
        check_fix(
            check,
            "cp /usr/share/doc/sendmail-wrapper/examples/logrotate %s/logrotate.d/sendmail-wrapper",
            etc);
    } else {
        if (r->copytruncate) {
            check_say(check, CHECK_ROTATION_COPY,
                      "%s: copytruncate loses the records written meanwhile", r->at);
            check_fix(check, "sed -i '/^[[:space:]]*copytruncate/d' %s", check_shell(r->at, word));
        }
        if (r->size[0] != '\0') {
            check_say(check, CHECK_ROTATION_SIZE,
                      "%s: \"%s\" lets whoever sends much mail push out last week's records", r->at,
                      r->size);
            check_fix(check, "sed -i '/^[[:space:]]*%s/d' %s", r->size, check_shell(r->at, word));
        }
        look_at_retention(check, r, config->log_file);
    }
    free(r);
}
