/*
 * weblogfile - opens and reads access logs. See weblogfile.h for what is
 * hostile.
 *
 * Plain files are bisected by the times in their lines. Those are nearly in
 * order: a line is written when the request ends, and Apache and php-fpm note
 * when it began. So a probe looks at several lines, and the reading begins
 * earlier and ends later by the longest request. Compressed ones are read from
 * the front.
 */
#include "web/weblogfile.h"

#include "context.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define LINKS_MAX 40
#define FILES_MAX 1000      /* of one log */
#define PROBE_LINES 12      /* of one probe while bisecting */
#define BISECT_UNTIL 131072 /* bytes: less is read through */
#define STRIDE 32           /* lines between two looks at the time, far before what we want */
#define SECOND INT64_C(1000000)

/* --- opening ---------------------------------------------------------------------------------- */

/* Whether we may open what those who own the logs may not. */
static bool privileged(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {0};

    if (geteuid() == 0 || syscall(SYS_capget, &header, data) != 0) {
        return true;
    }
    return data[0].effective != 0;
}

/* The target of the link name in dir, if its maker may be believed: into buf.
 */
static bool link_target(int dir, const char *name, char buf[PATH_MAX])
{
    struct stat st;
    ssize_t n;

    if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISLNK(st.st_mode) ||
        (st.st_uid != 0 && privileged())) {
        errno = ELOOP;
        return false;
    }
    n = readlinkat(dir, name, buf, PATH_MAX - 1);
    if (n <= 0) {
        return false;
    }
    buf[n] = '\0';
    return true;
}

/* rest = target + "/" + rest; an absolute target begins at the root again. */
static bool follow(int *dir, char rest[PATH_MAX], const char *target)
{
    char longer[PATH_MAX] = "";
    int n = snprintf(longer, sizeof longer, "%s/%s", target, rest);

    if (n < 0 || (size_t)n >= sizeof longer) {
        errno = ENAMETOOLONG;
        return false;
    }
    memcpy(rest, longer, sizeof longer);
    if (target[0] == '/') {
        close(*dir);
        *dir = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    }
    return *dir >= 0;
}

/*
 * Opens path's directory, link by link, and leaves in last the name in it
 * (which is then no link, or one that is not to be believed). Returns -1 with
 * errno.
 */
static int walk(const char *path, char last[PATH_MAX])
{
    char rest[PATH_MAX], target[PATH_MAX];
    int dir = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC), links = 0;

    if (strlen(path) >= sizeof rest) {
        errno = ENAMETOOLONG;
        close(dir);
        return -1;
    }
    memcpy(rest, path, strlen(path) + 1);
    while (dir >= 0) {
        size_t slashes = strspn(rest, "/"), n = strcspn(rest + slashes, "/");
        bool is_last = rest[slashes + n + strspn(rest + slashes + n, "/")] == '\0';
        char name[PATH_MAX];
        int next;

        memcpy(name, rest + slashes, n);
        name[n] = '\0';
        memmove(rest, rest + slashes + n, strlen(rest + slashes + n) + 1);
        if (link_target(dir, name, target)) {
            if (++links > LINKS_MAX || !follow(&dir, rest, target)) {
                break;
            }
            continue;
        }
        if (is_last) {
            memcpy(last, name, n + 1);
            return dir;
        }
        next = openat(dir, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (next < 0) {
            break;
        }
        close(dir);
        dir = next;
    }
    if (dir >= 0) {
        int error = errno;

        close(dir);
        errno = error;
    }
    return -1;
}

/* name of the rotation set of base: base, base.1, base.2.gz, base-20261121.gz,
 * base.processed.1 (Plesk), or with the date before the last ending. */
static bool of_set(const char *name, const char *base)
{
    size_t n = strlen(base), stem = strrchr(base, '.') != NULL && strrchr(base, '.') != base
                                        ? (size_t)(strrchr(base, '.') - base)
                                        : n;
    const char *rest = name + n;

    if (strncmp(name, base, n) == 0) {
        return *rest == '\0' || strncmp(rest, ".processed", 10) == 0 ||
               ((*rest == '.' || *rest == '-') && rest[1] >= '0' && rest[1] <= '9');
    }
    return stem < n && strncmp(name, base, stem) == 0 && name[stem] == '-' &&
           name[stem + 1] >= '0' && name[stem + 1] <= '9' && strstr(name, base + stem) != NULL;
}

struct opened_file {
    struct source *source;
    uid_t owner;
    bool anybody;
};

struct opened {
    struct context *ctx;
    struct opened_file *item;
    size_t count;
};

static bool ends_in(const char *name, const char *end)
{
    size_t n = strlen(name), m = strlen(end);

    return n > m && strcmp(name + n - m, end) == 0;
}

/* One file of the set, if it was written to since then. */
static void open_one(struct opened *opened, int dir, const char *shown, const char *name,
                     int64_t since)
{
    int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    struct stat st;
    struct source *source;

    if (fd < 0) {
        if (errno != ENOENT) {
            context_problem(opened->ctx, "cannot read %s: %s", shown,
                            errno == ELOOP ? "a symbolic link that root did not make"
                                           : strerror(errno));
        }
        return;
    }
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        context_problem(opened->ctx, "%s is no regular file: not read", shown);
        close(fd);
    } else if (st.st_size == 0 || (int64_t)(st.st_mtim.tv_sec + 1) * SECOND < since) {
        close(fd);
    } else if (ends_in(name, ".xz") || ends_in(name, ".bz2") || ends_in(name, ".zst")) {
        context_problem(opened->ctx, "cannot read %s: only gzip is understood; uncompress it",
                        shown);
        close(fd);
    } else if ((source = source_from_fd(opened->ctx, fd, shown)) != NULL) {
        opened->item = context_realloc(opened->item, (opened->count + 1) * sizeof *opened->item);
        opened->item[opened->count++] = (struct opened_file){
            .source = source, .owner = st.st_uid, .anybody = (st.st_mode & S_IWOTH) != 0};
    }
}

/* The names of the set, without "x.gz" where "x" is still there: it is being
 * compressed. */
static size_t list_set(struct context *ctx, int dir, const char *path, const char *base,
                       char *names[FILES_MAX])
{
    int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *stream = fd >= 0 ? fdopendir(fd) : NULL;
    const struct dirent *entry;
    size_t count = 1;

    names[0] = context_copy(base, strlen(base)); /* however many stand beside it */
    if (stream == NULL) {                        /* it may be entered, not listed: the log alone */
        if (fd >= 0) {
            close(fd);
        }
        return count;
    }
    while ((entry = readdir(stream)) != NULL) {
        if (!of_set(entry->d_name, base) || strcmp(entry->d_name, base) == 0) {
            continue;
        }
        if (count == FILES_MAX) {
            context_problem(ctx, "beside %s stand more than %d rotated ones: not all are read",
                            path, FILES_MAX);
            break;
        }
        names[count++] = context_copy(entry->d_name, strlen(entry->d_name));
    }
    closedir(stream);
    return count;
}

static bool half_compressed(char *const *names, size_t count, const char *name)
{
    size_t n = strlen(name);

    for (size_t i = 0; i < count && ends_in(name, ".gz"); i++) {
        if (strlen(names[i]) == n - 3 && memcmp(names[i], name, n - 3) == 0) {
            return true;
        }
    }
    return false;
}

static void open_set_once(struct opened *opened, int dir, const char *path, const char *base,
                          int64_t since)
{
    char *names[FILES_MAX];
    size_t count = list_set(opened->ctx, dir, path, base, names), directory = strlen(path);

    while (directory > 0 && path[directory - 1] != '/') {
        directory--;
    }
    for (size_t i = 0; i < count; i++) {
        if (!half_compressed(names, count, names[i])) {
            char shown[PATH_MAX];

            (void)snprintf(shown, sizeof shown, "%.*s%s", (int)directory, path, names[i]);
            open_one(opened, dir, shown, names[i], since);
        }
    }
    for (size_t i = 0; i < count; i++) {
        free(names[i]);
    }
}

static void close_all(struct opened *opened)
{
    for (size_t i = 0; i < opened->count; i++) {
        source_close(opened->item[i].source);
    }
    free(opened->item);
    opened->item = NULL;
    opened->count = 0;
}

static bool same_moment(const struct stat *a, const struct stat *b)
{
    return a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* All of the set; again if the directory changed meanwhile, since that may have
 * been a rotation. */
static void open_set(struct opened *opened, const char *path, int64_t since)
{
    char base[PATH_MAX];
    int dir = walk(path, base);
    struct stat before, after;

    if (dir < 0) {
        if (errno != ENOENT) {
            context_problem(opened->ctx, "cannot read %s: %s", path,
                            errno == ELOOP || errno == ENOTDIR
                                ? "a symbolic link on the way that root did not make"
                                : strerror(errno));
        }
        return;
    }
    for (int i = 0; i < 3; i++) {
        bool partial = opened->ctx->partial;

        if (fstat(dir, &before) != 0) {
            break;
        }
        close_all(opened);
        open_set_once(opened, dir, path, base, since);
        if (fstat(dir, &after) != 0 || same_moment(&before, &after) ||
            opened->ctx->partial != partial) {
            break;
        }
    }
    close(dir);
}

/* --- reading ---------------------------------------------------------------------------------- */

struct scan {
    struct weblogfile_formats formats;
    int64_t from, to, slack, newest;
    weblogfile_line *each;
    void *arg;
};

static bool line_time(const struct scan *scan, const struct source_line *line, int64_t *ret)
{
    for (size_t i = 0; i < scan->formats.count; i++) {
        if (weblogformat_when(scan->formats.item[i], line->text, line->len, ret)) {
            return true;
        }
    }
    return false;
}

/* About when the lines at offset were written: the latest time among several.
 */
static bool probe(const struct scan *scan, struct source *source, int64_t offset, int64_t *ret)
{
    struct source_line line;
    bool any = false;

    if (!source_seek(source, offset)) {
        return false;
    }
    for (int i = 0; i < PROBE_LINES && source_line(source, &line); i++) {
        int64_t time;

        if (line_time(scan, &line, &time) && (!any || time > *ret)) {
            *ret = time;
            any = true;
        }
    }
    return any;
}

/* Leaves a plain source where what was written since scan->from begins. */
static bool bisect(const struct scan *scan, struct source *source)
{
    int64_t low = 0, high = source_size(source), time;

    while (high - low > BISECT_UNTIL) {
        int64_t middle = low + (high - low) / 2;

        /* A stretch that says nothing (garbage, one huge line) is read from its
         * front. */
        if (!probe(scan, source, middle, &time) || time >= scan->from - SECOND) {
            high = middle;
        } else {
            low = middle;
        }
    }
    return source_seek(source, low);
}

static void scan_file(struct scan *scan, const struct opened_file *file)
{
    struct source *source = file->source;
    struct weblogfile_from from = {source_name(source), file->owner, file->anybody};
    struct source_line line;
    int64_t latest = INT64_MIN, time;
    unsigned far = 0;
    bool ended = false; /* each wants no more */

    if (source_plain(source) && !bisect(scan, source)) {
        return;
    }
    while (!ended && source_line(source, &line)) {
        if (far > 0) {
            far--;
            continue;
        }
        if (!line_time(scan, &line, &time)) {
            continue;
        }
        latest = time > latest ? time : latest;
        if (latest > scan->to + SECOND) {
            return;
        }
        /* Lines are written in order, so one long before what we want has
         * neighbours of its kind. */
        if (latest < scan->from - scan->slack - 600 * SECOND) {
            far = STRIDE;
        } else if (time >= scan->from - scan->slack - SECOND && time <= scan->newest) {
            ended = !scan->each(scan->arg, &from, line.text, line.len, time);
        }
    }
}

static size_t scan_opened(struct scan *scan, struct opened *opened)
{
    size_t count = opened->count;

    for (size_t i = 0; i < opened->count; i++) {
        scan_file(scan, &opened->item[i]);
    }
    close_all(opened);
    return count;
}

size_t weblogfile_scan(struct context *ctx, const char *path, bool exact,
                       struct weblogfile_formats formats, int64_t from, int64_t to, int64_t slack,
                       int64_t newest, weblogfile_line *each, void *arg)
{
    struct scan scan = {formats, from, to, slack, newest, each, arg};
    struct opened opened = {.ctx = ctx};
    size_t count = 0;
    glob_t found;

    if (exact) {
        struct opened_file file = {.source = source_open(ctx, path, false), .anybody = true};
        struct stat st;

        if (file.source != NULL) {
            if (stat(path, &st) == 0) { /* not standard input, whose lines may be anybody's */
                file.owner = st.st_uid;
                file.anybody = (st.st_mode & S_IWOTH) != 0;
            }
            scan_file(&scan, &file);
            source_close(file.source);
            count = 1;
        }
    } else if (strchr(path, '*') == NULL) {
        open_set(&opened, path, from);
        count = scan_opened(&scan, &opened);
    } else if (glob(path, 0, NULL, &found) == 0) {
        for (size_t i = 0; i < found.gl_pathc && i < FILES_MAX; i++) {
            open_set(&opened, found.gl_pathv[i], from);
            count += scan_opened(&scan, &opened);
        }
        globfree(&found);
    }
    return count;
}
