/*
 * source_rotated - see source_open_rotated in source.h: a log and its rotated files.
 *
 * Hostile: nothing but the moment: logrotate may rename, compress and remove while we look. The
 * listing and the opening are repeated until the directory stood still between them; a file is
 * known by its inode, whatever its name is by then. On failure: each file that cannot be opened is
 * named, the others are read.
 */
#include "records/source.h"

#include "context.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ATTEMPTS 10 /* then what was found must do: somebody makes files there without end */

struct candidate {
    char *name;
    long long number; /* "log.3.gz": 3; the log itself: 0; -1: by date */
    int64_t mtime;
    int fd; /* -1: not opened, see error */
    int error;
    dev_t dev;
    ino_t ino;
};

struct set {
    char *directory;
    const char *base;
    int dir;
    struct candidate *item;
    size_t count;
};

static void set_clear(struct set *set)
{
    for (size_t i = 0; i < set->count; i++) {
        if (set->item[i].fd >= 0) {
            close(set->item[i].fd);
        }
        free(set->item[i].name);
    }
    free(set->item);
    set->item = NULL;
    set->count = 0;
}

static bool all_digits(const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (text[i] < '0' || text[i] > '9') {
            return false;
        }
    }
    return n > 0;
}

/*
 * Whether name is of the set: "base", "base.N" or "base-YYYYMMDD" with what dateformat may put
 * behind it (digits, '-', '_',
 * '.'), and ".gz". Other compressions are taken too, to be named as what we cannot read. Sets
 * *ret_number.
 */
static bool of_set(const char *name, const char *base, long long *ret_number)
{
    static const char *const ends[] = {".gz", ".xz", ".zst", ".bz2", ".lz4"};
    size_t base_len = strlen(base);
    size_t n = strlen(name);
    const char *rest = name + base_len;

    if (n < base_len || memcmp(name, base, base_len) != 0) {
        return false;
    }
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        size_t end = strlen(ends[i]);

        if (n >= base_len + end && strcmp(name + n - end, ends[i]) == 0) {
            n -= end;
            break;
        }
    }
    n -= base_len;
    if (n == 0) {
        *ret_number = 0;
        return rest[0] == '\0'; /* "base.gz" is something else */
    }
    if (rest[0] == '.' && n <= 10 && all_digits(rest + 1, n - 1)) {
        *ret_number = strtoll(rest + 1, NULL, 10);
        return *ret_number > 0;
    }
    *ret_number = -1;
    return rest[0] == '-' && n >= 9 && all_digits(rest + 1, 8) &&
           strspn(rest, "0123456789-_.T") >= n;
}

/* A file that is being compressed stands there twice: "x" is the whole one. */
static bool is_half_compressed(const struct set *set, const char *name)
{
    size_t n = strlen(name);

    if (n < 3 || strcmp(name + n - 3, ".gz") != 0) {
        return false;
    }
    for (size_t i = 0; i < set->count; i++) {
        if (strlen(set->item[i].name) == n - 3 && memcmp(set->item[i].name, name, n - 3) == 0) {
            return true;
        }
    }
    return false;
}

/* Newest first: by number; where dates are in it, by when they were last written. */
static int newer_first(const void *left, const void *right)
{
    const struct candidate *a = left, *b = right;

    if (a->number == 0 || b->number == 0) {
        return (a->number != 0) - (b->number != 0);
    }
    if (a->number > 0 && b->number > 0 && a->number != b->number) {
        return a->number < b->number ? -1 : 1;
    }
    if (a->number < 0 && b->number < 0) {
        return strcmp(b->name, a->name);
    }
    if (a->mtime != b->mtime) {
        return a->mtime > b->mtime ? -1 : 1;
    }
    return strcmp(b->name, a->name);
}

static void set_add(struct set *set, const char *name, long long number)
{
    struct candidate *candidate;

    set->item = context_realloc(set->item, (set->count + 1) * sizeof *set->item);
    candidate = &set->item[set->count++];
    *candidate = (struct candidate){
        .name = context_copy(name, strlen(name)), .number = number, .fd = -1, .mtime = -1};
}

/* The names, without the half compressed ones. A directory that cannot be listed: the log alone. */
static void set_list(struct set *set)
{
    int fd = openat(set->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    const struct dirent *entry;
    size_t kept = 0;

    if (dir == NULL) {
        if (fd >= 0) {
            close(fd);
        }
        set_add(set, set->base, 0);
        return;
    }
    while ((entry = readdir(dir)) != NULL) {
        long long number;

        if (of_set(entry->d_name, set->base, &number)) {
            set_add(set, entry->d_name, number);
        }
    }
    closedir(dir);
    for (size_t i = 0; i < set->count; i++) {
        struct stat st;

        if (fstatat(set->dir, set->item[i].name, &st, 0) == 0) {
            set->item[i].mtime = st.st_mtim.tv_sec * INT64_C(1000000) + st.st_mtim.tv_nsec / 1000;
        }
    }
    for (size_t i = 0; i < set->count; i++) {
        if (set->item[i].fd == -1 && is_half_compressed(set, set->item[i].name)) {
            set->item[i].fd = -2; /* marked, so that it does not count as another's whole one */
        }
    }
    for (size_t i = 0; i < set->count; i++) {
        if (set->item[i].fd == -2) {
            free(set->item[i].name);
        } else {
            set->item[kept++] = set->item[i];
        }
    }
    set->count = kept;
    if (set->count > 0) {
        qsort(set->item, set->count, sizeof *set->item, newer_first);
    }
}

/* A name may lead to an inode that another had a moment ago. */
static bool is_open_already(const struct set *set, size_t before, const struct stat *st)
{
    for (size_t i = 0; i < before; i++) {
        if (set->item[i].fd >= 0 && set->item[i].dev == st->st_dev &&
            set->item[i].ino == st->st_ino) {
            return true;
        }
    }
    return false;
}

static void set_open(struct set *set, int64_t since)
{
    for (size_t i = 0; i < set->count; i++) {
        struct candidate *candidate = &set->item[i];
        struct stat st;

        if (candidate->mtime >= 0 && candidate->mtime < since) {
            continue;
        }
        candidate->fd = source_open_regular(set->dir, candidate->name, &st);
        if (candidate->fd < 0) {
            candidate->error = errno;
        } else if (is_open_already(set, i, &st)) {
            close(candidate->fd);
            candidate->fd = -1;
        } else {
            candidate->dev = st.st_dev;
            candidate->ino = st.st_ino;
        }
    }
}

static bool same_moment(const struct stat *a, const struct stat *b)
{
    return a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* Lists and opens until the directory did not change meanwhile. */
static void set_settle(struct set *set, int64_t since)
{
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
        struct stat before = {0}, after = {0};

        set_clear(set);
        fstat(set->dir, &before);
        set_list(set);
        set_open(set, since);
        if (fstat(set->dir, &after) == 0 && same_moment(&before, &after)) {
            return;
        }
    }
}

static bool is_foreign_compression(const char *name)
{
    const char *dot = strrchr(name, '.');

    return dot != NULL && (strcmp(dot, ".xz") == 0 || strcmp(dot, ".zst") == 0 ||
                           strcmp(dot, ".bz2") == 0 || strcmp(dot, ".lz4") == 0);
}

static char *join(const char *directory, const char *name)
{
    size_t size = strlen(directory) + strlen(name) + 2;
    char *path = context_alloc(size);

    (void)snprintf(path, size, "%s/%s", directory, name);
    return path;
}

/* Makes sources of what is open, oldest first, and names what could not be opened. */
static size_t set_sources(struct context *ctx, struct set *set, struct source ***ret)
{
    struct source **sources = context_alloc((set->count + 1) * sizeof(struct source *));
    size_t count = 0;

    for (size_t i = set->count; i-- > 0;) {
        struct candidate *candidate = &set->item[i];
        char *path = join(strcmp(set->directory, "/") == 0 ? "" : set->directory, candidate->name);

        if (candidate->fd >= 0 && is_foreign_compression(candidate->name)) {
            context_problem(ctx,
                            "cannot read %s: only gzip is understood; uncompress it and name "
                            "it with --log",
                            path);
        } else if (candidate->fd >= 0) {
            struct source *source = source_from_fd(ctx, candidate->fd, path);

            candidate->fd = -1;
            if (source != NULL) {
                sources[count++] = source;
            }
        } else if (candidate->error != 0 && candidate->error != ENOENT) {
            source_open_problem(ctx, path, candidate->error);
        }
        free(path);
    }
    *ret = sources;
    return count;
}

size_t source_open_rotated(struct context *ctx, const char *path, int64_t since,
                           struct source ***ret)
{
    const char *slash = strrchr(path, '/');
    struct set set = {.base = slash == NULL ? path : slash + 1};
    size_t count;
    bool any;

    if (slash == NULL) {
        set.directory = context_copy(".", 1);
    } else {
        set.directory = context_copy(path, slash == path ? 1 : (size_t)(slash - path));
    }
    set.dir = open(set.directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (set.dir < 0) {
        source_open_problem(ctx, path, errno);
        free(set.directory);
        *ret = context_alloc(sizeof(struct source *));
        return 0;
    }
    set_settle(&set, since);
    any = set.count > 1 || (set.count == 1 && set.item[0].error != ENOENT);
    count = set_sources(ctx, &set, ret);
    if (!any) {
        source_open_problem(ctx, path, ENOENT);
    }
    set_clear(&set);
    close(set.dir);
    free(set.directory);
    return count;
}
