/*
 * source - one input: a plain or gzip'd file, or standard input, read line by line.
 *
 * Hostile: the content, its line lengths, a file that shrinks, grows or is truncated while it is
 * read (copytruncate), so nothing is ever mapped. Opening is apart from reading, so that a command
 * can open all it needs as root and then confine itself (confine.h).
 */
#ifndef MO_SOURCE_H
#define MO_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct context;
struct source; /* opaque */

#define SOURCE_LINE_MAX 65536 /* bytes of a line that are kept; the rest is skipped */

/* Opens path ("-": standard input) for reading: O_NOFOLLOW is not used (admins link logs),
 * O_NONBLOCK is; a regular file, or a pipe for "-". gzip is known by its first bytes, not by the
 * name. Returns NULL after context_problem; missing_ok: NULL without one if the file does not
 * exist. */
struct source *source_open(struct context *ctx, const char *path, bool missing_ok);
/* From an open descriptor, which it then owns. name: for messages. */
struct source *source_from_fd(struct context *ctx, int fd, const char *name);
void source_close(struct source *source);

const char *source_name(const struct source *source);
bool source_plain(const struct source *source);    /* regular and not compressed: can be bisected */
int64_t source_size(const struct source *source);  /* bytes on disk when opened; -1 if none */
int64_t source_mtime(const struct source *source); /* microseconds since 1970, when opened; -1 */

struct source_line {
    char *text;     /* NUL behind; may be changed; holds until the next call. May hold NUL bytes */
    size_t len;     /* without the newline, and a CR before it */
    int64_t offset; /* of its first byte in the (uncompressed) content */
    bool cut;       /* longer than SOURCE_LINE_MAX */
    bool ended;     /* a newline stood behind it; false: the file ended in the middle of a line */
};

/* The next line; a byte order mark in front of the first is left out. Returns false at the end, or
 * after context_problem (I/O error, broken gzip: what came before the break has been returned).
 * Shows progress on a terminal once a run takes over a second. */
bool source_line(struct source *source, struct source_line *ret);

/* The content's next bytes, as many as one read gives, which stay to be read. Returns their number;
 * 0 at the end. */
size_t source_peek(struct source *source, const char **ret);

/* Plain sources: the next line read is the first that begins at or after offset. Compressed files:
 * back to the beginning, offset 0. Returns false for anything else, and if the line that offset is
 * in goes on for megabytes (the hole that a writer leaves in a file that was emptied): then reading
 * is anywhere, to be sought again. */
bool source_seek(struct source *source, int64_t offset);

/* Where the next line begins, in the (uncompressed) content. */
int64_t source_offset(const struct source *source);

/*
 * The lines of a plain source that begin in [from, to), to be read by another thread: from is where
 * a line begins, to may be INT64_MAX. whole is only looked at, and must stay open as long; of the
 * same whole there may be many.
 */
struct source *source_part(struct context *ctx, const struct source *whole, int64_t from,
                           int64_t to);
/* Whose the messages are from now on. */
void source_set_context(struct source *source, struct context *ctx);
/* Whether something was said about it: not all of it could be read. */
bool source_troubled(const struct source *source);

/* Opens a regular file below the directory dir (AT_FDCWD) for source_from_fd, without ever waiting.
 * Returns -1 with errno (EINVAL: no regular file) and no message. */
struct stat;
int source_open_regular(int dir, const char *path, struct stat *ret_st);
/* Says that path could not be opened, and what helps. */
void source_open_problem(struct context *ctx, const char *path, int error);

/*
 * The files of a rotation set, oldest first: path itself, path.1, path.2.gz, path-20261120[.gz].
 * Opens them all, newest first, each inode once, and looks again if the directory changed
 * meanwhile, so that a rotation that happens now loses nothing. Only files last written at or after
 * since (microseconds; INT64_MIN: all). Returns the number in *ret (freed by the caller with
 * source_close each and free). A missing path itself is a problem only if no rotated file is there
 * either.
 */
size_t source_open_rotated(struct context *ctx, const char *path, int64_t since,
                           struct source ***ret);

#endif
