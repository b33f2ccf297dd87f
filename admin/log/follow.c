/*
 * follow - see follow.h. By polling: inotify(7) tells nothing of network file systems and overlays,
 * and a look costs a few system calls.
 *
 * A rotated file stays open, since a call that began before the rotation may yet write its record
 * there; the oldest is let go when there are more than KEPT.
 */
#include "log/follow.h"

#include "context.h"
#include "records/opener.h"
#include "records/source.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define KEPT 8 /* open files of one path: the present one and rotated ones */
#define HEAD \
    64 /* bytes at a file's beginning by which a truncation is seen that has been written over */
#define BUFFER ((size_t)2 * SOURCE_LINE_MAX)

struct file {
    int fd;
    dev_t dev;
    ino_t ino;
    int64_t offset; /* of the next read */
    char head[HEAD];
    size_t head_len;
    char *buffer; /* read, not yet returned: begin..end */
    size_t begin, end;
    bool skipping; /* in a line that was too long, or that we came into the middle of */
};

struct path {
    struct file *file[KEPT]; /* oldest first */
    size_t count;
    int error; /* why it could not be opened; 0 */
};

struct follow {
    struct context *ctx;
    struct opener *opener;
    const char *const *paths;
    struct path *path;
    size_t count;
};

/* --- one file -------------------------------------------------------------------------------- */

static void file_close(struct file *file)
{
    (void)close(file->fd);
    free(file->buffer);
    free(file);
}

static void file_head(struct file *file)
{
    ssize_t n = pread(file->fd, file->head, HEAD, 0);

    file->head_len = n > 0 ? (size_t)n : 0;
}

static struct file *file_new(int fd, const struct stat *st, int64_t back)
{
    struct file *file = context_alloc(sizeof *file);

    *file = (struct file){.fd = fd, .dev = st->st_dev, .ino = st->st_ino};
    file->buffer = context_alloc(BUFFER);
    if (st->st_size > back) {
        file->offset = st->st_size - back - 1; /* if a newline is there, a line begins behind it */
        file->skipping = true;
    }
    file_head(file);
    return file;
}

/* Whether it was emptied (copytruncate), also if it has grown beyond where we were since. */
static bool was_truncated(struct file *file)
{
    char head[HEAD];
    struct stat st;
    ssize_t n;

    if (fstat(file->fd, &st) != 0) {
        return false;
    }
    if (st.st_size < file->offset) {
        return true;
    }
    if (file->head_len == 0) {
        return false;
    }
    n = pread(file->fd, head, file->head_len, 0);
    return n >= 0 && ((size_t)n != file->head_len || memcmp(head, file->head, file->head_len) != 0);
}

static void restart(struct file *file)
{
    file->offset = 0;
    file->begin = file->end = 0;
    file->skipping = false;
    file_head(file);
}

/* Reads on. Returns false if there is nothing more for now. */
static bool fill(struct file *file)
{
    ssize_t n;

    if (file->begin > 0) {
        memmove(file->buffer, file->buffer + file->begin, file->end - file->begin);
        file->end -= file->begin;
        file->begin = 0;
    }
    if (file->end == BUFFER) { /* no line is so long: skip the rest of it */
        file->skipping = true;
        file->end = 0;
    }
    if (was_truncated(file)) {
        restart(file);
    } else if (file->head_len < HEAD) {
        file_head(file);
    }
    do {
        n = pread(file->fd, file->buffer + file->end, BUFFER - file->end, file->offset);
    } while (n < 0 && errno == EINTR);
    if (n <= 0) {
        return false;
    }
    file->offset += n;
    file->end += (size_t)n;
    return true;
}

/* The next whole line of what was read. */
static bool line_of(struct file *file, struct follow_line *ret)
{
    while (file->begin < file->end) {
        char *start = file->buffer + file->begin;
        char *newline = memchr(start, '\n', file->end - file->begin);
        bool skip = file->skipping;

        if (newline == NULL) {
            if (skip) {
                file->begin = file->end;
            }
            return false;
        }
        file->begin += (size_t)(newline - start) + 1;
        file->skipping = false;
        if (!skip) {
            ret->text = start;
            ret->len = (size_t)(newline - start);
            return true;
        }
    }
    return false;
}

static bool file_next(struct file *file, struct follow_line *ret)
{
    do {
        if (line_of(file, ret)) {
            return true;
        }
    } while (fill(file));
    return false;
}

/* --- one path -------------------------------------------------------------------------------- */

static void drop_oldest(struct path *path)
{
    file_close(path->file[0]);
    path->count--;
    memmove(path->file, path->file + 1, path->count * sizeof(struct file *));
}

static bool is_open(const struct path *path, const struct stat *st)
{
    for (size_t i = 0; i < path->count; i++) {
        if (path->file[i]->dev == st->st_dev && path->file[i]->ino == st->st_ino) {
            return true;
        }
    }
    return false;
}

/* Opens the path; another file than those that are open is added. */
static void path_look(struct follow *follow, size_t index, int64_t back)
{
    struct path *path = &follow->path[index];
    int fd = opener_open(follow->opener, index);
    struct stat st;

    if (fd < 0) {
        if (errno != ENOENT && errno != path->error) {
            path->error = errno;
            context_problem(follow->ctx, "cannot read %s: %s", follow->paths[index],
                            strerror(path->error));
        }
        path->error = errno;
        return;
    }
    path->error = 0;
    if (fstat(fd, &st) != 0 || is_open(path, &st)) {
        (void)close(fd);
        return;
    }
    if (path->count == KEPT) {
        drop_oldest(path);
    }
    path->file[path->count++] = file_new(fd, &st, back);
}

/* --- all ------------------------------------------------------------------------------------- */

struct follow *follow_new(struct context *ctx, struct opener *opener, const char *const *paths,
                          size_t count, int64_t back)
{
    struct follow *follow = context_alloc(sizeof *follow);
    size_t good = 0;

    *follow = (struct follow){.ctx = ctx, .opener = opener, .paths = paths, .count = count};
    follow->path = context_alloc(count * sizeof follow->path[0]);
    for (size_t i = 0; i < count; i++) {
        follow->path[i] = (struct path){.count = 0};
        path_look(follow, i, back);
        if (follow->path[i].error == ENOENT) {
            context_warn(ctx, "%s is not there yet", paths[i]);
        }
        good += follow->path[i].error == 0 || follow->path[i].error == ENOENT;
    }
    if (good == 0) {
        (void)context_fail(ctx, "there is no log that can be followed; run as root");
        follow_close(follow);
        return NULL;
    }
    return follow;
}

void follow_close(struct follow *follow)
{
    if (follow == NULL) {
        return;
    }
    for (size_t i = 0; i < follow->count; i++) {
        while (follow->path[i].count > 0) {
            drop_oldest(&follow->path[i]);
        }
    }
    free(follow->path);
    free(follow);
}

bool follow_next(struct follow *follow, struct follow_line *ret)
{
    for (size_t i = 0; i < follow->count; i++) {
        struct path *path = &follow->path[i];

        for (size_t k = 0; k < path->count; k++) {
            if (file_next(path->file[k], ret)) {
                ret->path = i;
                return true;
            }
        }
    }
    return false;
}

void follow_look(struct follow *follow)
{
    for (size_t i = 0; i < follow->count; i++) {
        path_look(follow, i, INT64_MAX);
    }
}
