/*
 * spool - see spool.h. Hostile: the files' content and size, and that they change or vanish while
 * they are read. Nothing is believed that was not read from an open descriptor; a failure is told
 * to the caller, who knows what it means.
 */
#include "queue/spool.h"

#include "context.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* A message to 100 000 recipients, each with a line for its original address and one for its
 * status, stays below. */
#define SPOOL_FILE_MAX (64UL << 20)

/* --- files ---------------------------------------------------------------------------------- */

static bool read_all(int fd, struct spool_file *file)
{
    file->len = 0;
    for (;;) {
        ssize_t n;

        if (file->len + 1 >= file->cap) {
            if (file->cap > SPOOL_FILE_MAX) {
                errno = EFBIG;
                return false;
            }
            file->cap = file->cap == 0 ? 16384 : 2 * file->cap;
            file->text = context_realloc(file->text, file->cap);
        }
        n = read(fd, file->text + file->len, file->cap - file->len - 1);
        if (n == 0) {
            file->text[file->len] = '\0';
            return true;
        }
        if (n < 0 && errno != EINTR) {
            return false;
        }
        file->len += n > 0 ? (size_t)n : 0;
    }
}

int spool_read(int dir, const char *name, struct spool_file *file)
{
    int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    bool done = false;
    int why;

    if (fd < 0) {
        return errno == ENOENT ? 0 : -1;
    }
    if (fstat(fd, &file->st) == 0) {
        if (!S_ISREG(file->st.st_mode)) {
            errno = EINVAL;
        } else if (file->st.st_size > (off_t)SPOOL_FILE_MAX) {
            errno = EFBIG;
        } else {
            done = read_all(fd, file);
        }
    }
    why = errno;
    (void)close(fd);
    errno = why;
    return done ? 1 : -1;
}

bool spool_exists(int dir, const char *name)
{
    struct stat st;

    return fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

void spool_file_free(struct spool_file *file)
{
    free(file->text);
    *file = (struct spool_file){0};
}

/* --- locks ---------------------------------------------------------------------------------- */

struct spool_lock {
    dev_t dev;
    unsigned long long ino;
};

struct spool_locks {
    size_t count;
    struct spool_lock held[];
};

static int compare_locks(const void *a, const void *b)
{
    const struct spool_lock *x = a, *y = b;

    return x->ino < y->ino ? -1 : x->ino > y->ino;
}

/* "1: FLOCK  ADVISORY  WRITE 1556 00:32:4692 0 EOF": device in hexadecimal, inode in decimal
 * (proc(5)). A line with "->" is one that waits. */
static bool parse_lock(const char *line, struct spool_lock *ret)
{
    const char *kind = strstr(line, "FLOCK "), *at;
    unsigned long major, minor;
    char *end;

    if (kind == NULL || strstr(line, "->") != NULL || (at = strstr(kind, " WRITE ")) == NULL) {
        return false;
    }
    (void)strtol(at + strlen(" WRITE "), &end, 10);
    major = strtoul(end, &end, 16);
    if (*end != ':') {
        return false;
    }
    minor = strtoul(end + 1, &end, 16);
    if (*end != ':') {
        return false;
    }
    ret->ino = strtoull(end + 1, NULL, 10);
    ret->dev = makedev((unsigned)major, (unsigned)minor);
    return true;
}

struct spool_locks *spool_locks_read(void)
{
    size_t cap = 64;
    struct spool_locks *locks = context_alloc(sizeof *locks + cap * sizeof locks->held[0]);
    FILE *in = fopen("/proc/locks", "re");
    char *line = NULL;
    size_t size = 0;

    locks->count = 0;
    while (in != NULL && getline(&line, &size, in) > 0) {
        if (locks->count == cap) {
            cap *= 2;
            locks = context_realloc(locks, sizeof *locks + cap * sizeof locks->held[0]);
        }
        locks->count += parse_lock(line, &locks->held[locks->count]);
    }
    free(line);
    if (in != NULL) {
        (void)fclose(in);
    }
    qsort(locks->held, locks->count, sizeof locks->held[0], compare_locks);
    return locks;
}

bool spool_locked(const struct spool_locks *locks, const struct stat *st)
{
    struct spool_lock key = {.ino = st->st_ino};
    const struct spool_lock *at =
        bsearch(&key, locks->held, locks->count, sizeof locks->held[0], compare_locks);

    if (at == NULL) {
        return false;
    }
    while (at > locks->held && at[-1].ino == key.ino) {
        at--;
    }
    for (; at < locks->held + locks->count && at->ino == key.ino; at++) {
        /* Where stat(2) makes a device up (btrfs, overlayfs), the kernel's own may be another: the
         * inode must do. */
        if (at->dev == st->st_dev || major(st->st_dev) == 0) {
            return true;
        }
    }
    return false;
}

void spool_locks_free(struct spool_locks *locks)
{
    free(locks);
}

/* --- directories ---------------------------------------------------------------------------- */

bool spool_names(int dir, const char *prefix, char ***ret, size_t *ret_count)
{
    int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC); /* an offset of its own */
    DIR *in = fd < 0 ? NULL : fdopendir(fd);
    size_t count = 0, cap = 0;
    const struct dirent *entry;
    char **names = NULL;

    if (in == NULL) {
        int why = errno;

        if (fd >= 0) {
            (void)close(fd);
        }
        errno = why;
        return false;
    }
    while ((entry = readdir(in)) != NULL) {
        if (strncmp(entry->d_name, prefix, strlen(prefix)) != 0 || entry->d_name[0] == '.') {
            continue;
        }
        if (count == cap) {
            cap = cap == 0 ? 256 : 2 * cap;
            names = context_realloc(names, cap * sizeof *names);
        }
        names[count++] = context_copy(entry->d_name, strlen(entry->d_name));
    }
    (void)closedir(in);
    *ret = names;
    *ret_count = count;
    return true;
}

void spool_names_free(char **names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(names[i]);
    }
    free(names);
}
