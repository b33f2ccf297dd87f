/*
 * spool - what the readers of mail queues share: a whole file into memory, who holds a
 * lock, the names in a directory.
 *
 * Hostile: the files' content and size, and that they change or vanish while they are read.
 */
#ifndef MO_SPOOL_H
#define MO_SPOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

struct context;

/* A file in memory. Starts as all zeros; read again and again, freed once. */
struct spool_file {
    char *text; /* len bytes and a NUL */
    size_t len, cap;
    struct stat st; /* of the open file */
};

/*
 * Reads a regular file below the directory dir (a descriptor); a symbolic link is not followed.
 * Returns 1 read, 0 there is no such file (any more), -1 it could not be read: errno says why
 * (EFBIG: larger than any queue file is, EINVAL: no regular file).
 */
int spool_read(int dir, const char *name, struct spool_file *file);
void spool_file_free(struct spool_file *file);

/* Whether there is such a file, of whatever kind. Not by access(2), which looks at the real user
 * without his capabilities: confined (CONFINE_READ) it finds nothing. */
bool spool_exists(int dir, const char *name);

/* The BSD locks (flock(2)) that are held for writing, as /proc/locks tells: asking so delays
 * nobody, while trying the lock would. Without /proc: none; in a container the kernel leaves out
 * those whose taker has ended since. */
struct spool_locks; /* opaque */
struct spool_locks *spool_locks_read(void);
bool spool_locked(const struct spool_locks *locks, const struct stat *st);
void spool_locks_free(struct spool_locks *locks);

/* Names of a directory's entries that begin with prefix ("" for all). ret holds *ret_count strings,
 * freed with spool_names_free. Returns false with errno if the directory cannot be read. */
bool spool_names(int dir, const char *prefix, char ***ret, size_t *ret_count);
void spool_names_free(char **names, size_t count);

#endif
