/*
 * source - see source.h: one input, read line by line.
 *
 * Hostile: the content, and what happens to the file while it is read. Nothing is mapped, every
 * length is bounded (a line by SOURCE_LINE_MAX, memory by BUFFER_SIZE). On failure: what came
 * before has been returned, context_problem names the file.
 */
#include "records/source.h"

#include "context.h"
#include "records/source_gzip.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BUFFER_SIZE \
    ((size_t)256 * 1024) /* stays in a processor's second cache, which is what makes it fast */
#define FIRST_READ \
    ((size_t)16 * 1024) /* after opening and seeking: a bisection needs a line or two */
#define SEEK_MAX ((int64_t)16 << 20) /* that a seek skips to come to the next line */
#define SECOND INT64_C(1000000)

struct source {
    struct context *ctx;
    char *name;
    int fd;
    bool borrowed; /* fd is another's to close */
    bool regular;
    bool probed; /* whether it is gzip is known */
    struct gzip *gzip;
    int64_t size, mtime;
    char *data; /* BUFFER_SIZE + 1: a line's NUL may stand behind; NULL before the first read */
    size_t at, used; /* data[at..used) is not yet returned */
    size_t next;     /* how much is read at a time */
    int64_t base;    /* offset of data[0] in the content */
    int64_t raw;     /* where in the file the next bytes are taken */
    int64_t from;    /* where it began: for progress */
    int64_t to;      /* lines that begin here or later are another's */
    bool ended;      /* nothing more is to be had from the descriptor */
    bool troubled;
    int64_t shown; /* when progress was shown last; 0: never */
};

static int64_t microseconds(const struct timespec *time)
{
    return time->tv_sec * SECOND + time->tv_nsec / 1000;
}

/* --- progress -------------------------------------------------------------------------------- */

/* The name goes to a terminal: only its printable ASCII, the last 40 bytes of it. */
static void progress_show(struct source *source)
{
    const char *name = source->name;
    size_t len = strlen(name);
    char shown[41];
    size_t n = 0;

    for (size_t i = len > 40 ? len - 40 : 0; i < len; i++) {
        shown[n++] = (char)(name[i] >= ' ' && name[i] < 0x7f ? name[i] : '?');
    }
    shown[n] = '\0';
    if (source->size > source->from) {
        int64_t all = (source->to < source->size ? source->to : source->size) - source->from;
        int64_t done = source->raw - source->from < all ? source->raw - source->from : all;

        (void)fprintf(stderr, "\r%s: %d %%\033[K", shown, (int)(done * 100 / all));
    } else {
        (void)fprintf(stderr, "\r%s: %lld MiB\033[K", shown, (long long)(source->raw >> 20));
    }
}

/* Called once a block. */
static void progress(struct source *source)
{
    if (context_progress(source->ctx, &source->shown)) {
        progress_show(source);
    }
}

/* Before something is said about it. */
static void trouble(struct source *source)
{
    context_progress_end(&source->shown);
    source->troubled = true;
}

/* --- opening --------------------------------------------------------------------------------- */

static struct source *source_new(struct context *ctx, int fd, const char *name,
                                 const struct stat *st)
{
    struct source *source = context_alloc(sizeof *source);

    *source = (struct source){
        .ctx = ctx,
        .name = context_copy(name, strlen(name)),
        .fd = fd,
        .regular = S_ISREG(st->st_mode),
        .size = S_ISREG(st->st_mode) ? st->st_size : -1,
        .mtime = S_ISREG(st->st_mode) ? microseconds(&st->st_mtim) : -1,
        .next = FIRST_READ,
        .to = INT64_MAX,
    };
    return source;
}

struct source *source_part(struct context *ctx, const struct source *whole, int64_t from,
                           int64_t to)
{
    struct source *source = context_alloc(sizeof *source);

    *source = (struct source){
        .ctx = ctx,
        .name = context_copy(whole->name, strlen(whole->name)),
        .fd = whole->fd,
        .borrowed = true,
        .regular = true,
        .probed = true,
        .size = whole->size,
        .mtime = whole->mtime,
        .next = FIRST_READ,
        .base = from,
        .raw = from,
        .from = from,
        .to = to,
    };
    return source;
}

void source_set_context(struct source *source, struct context *ctx)
{
    source->ctx = ctx;
}

bool source_troubled(const struct source *source)
{
    return source->troubled;
}

/* gzip is known by its first two bytes (RFC 1952 section 2.3.1). */
static bool gzip_magic(const char *bytes, ssize_t n)
{
    return n >= 2 && (unsigned char)bytes[0] == 0x1f && (unsigned char)bytes[1] == 0x8b;
}

/* A file that is named as compressed, and is neither that nor a text: a crash or a full disk left
 * it empty, all zeros, or damaged in its beginning, which is n bytes. */
static bool is_damaged_gzip(const char *name, const char *bytes, ssize_t n)
{
    size_t len = strlen(name);

    if (len < 3 || strcmp(name + len - 3, ".gz") != 0) {
        return false;
    }
    for (ssize_t i = 0; i < n; i++) {
        char c = bytes[i];

        if ((unsigned char)c < ' ' && c != '\t' && c != '\r' && c != '\n') {
            return true;
        }
    }
    return n == 0;
}

/* A regular file is looked at here, so that source_plain is right from the beginning; where it is
 * read from stays. */
static void probe_regular(struct source *source)
{
    off_t here = lseek(source->fd, 0, SEEK_CUR);
    char magic[16];
    ssize_t n = pread(source->fd, magic, sizeof magic, here < 0 ? 0 : here);

    source->probed = true;
    source->base = here < 0 ? 0 : here;
    source->raw = source->base;
    if (gzip_magic(magic, n)) {
        source->base = 0;
        source->gzip = gzip_new();
    } else if (is_damaged_gzip(source->name, magic, n)) {
        trouble(source);
        context_problem(source->ctx, "%s: the compressed data is damaged from its first byte on",
                        source->name);
    }
}

struct source *source_from_fd(struct context *ctx, int fd, const char *name)
{
    struct source *source;
    struct stat st;

    if (fstat(fd, &st) != 0) {
        context_problem(ctx, "cannot read %s: %s", name, strerror(errno));
        close(fd);
        return NULL;
    }
    if (S_ISDIR(st.st_mode)) {
        context_problem(ctx, "cannot read %s: it is a directory", name);
        close(fd);
        return NULL;
    }
    source = source_new(ctx, fd, name, &st);
    if (source->regular) {
        probe_regular(source);
    }
    return source;
}

void source_open_problem(struct context *ctx, const char *path, int error)
{
    if (error == EACCES || error == EPERM) {
        context_problem(
            ctx,
            "cannot read %s: %s; run as root, or as a user who may read it (a member of "
            "adm for /var/log)",
            path, strerror(error));
    } else if (error == EMFILE) {
        context_problem(ctx, "cannot read %s: %s; raise the limit (ulimit -n)", path,
                        strerror(error));
    } else {
        context_problem(ctx, "cannot read %s: %s", path, strerror(error));
    }
}

/* For what is opened by a path: a device or FIFO there would block, or give no end. Returns -1 with
 * errno. */
int source_open_regular(int dir, const char *path, struct stat *ret_st)
{
    int fd = openat(dir, path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

    if (fd < 0) {
        return -1;
    }
    if (fstat(fd, ret_st) != 0 || !S_ISREG(ret_st->st_mode)) {
        int error = S_ISDIR(ret_st->st_mode) ? EISDIR : EINVAL;

        close(fd);
        errno = error;
        return -1;
    }
    return fd;
}

struct source *source_open(struct context *ctx, const char *path, bool missing_ok)
{
    struct stat st = {0};
    int fd;

    if (strcmp(path, "-") == 0) {
        fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
        if (fd >= 0) {
            return source_from_fd(ctx, fd, "standard input");
        }
        context_problem(ctx, "cannot read standard input: %s", strerror(errno));
        return NULL;
    }
    fd = source_open_regular(AT_FDCWD, path, &st);
    if (fd < 0) {
        if (errno == EINVAL) {
            context_problem(ctx, "cannot read %s: it is no regular file", path);
        } else if (!(missing_ok && (errno == ENOENT || errno == ENOTDIR))) {
            source_open_problem(ctx, path, errno);
        }
        return NULL;
    }
    return source_from_fd(ctx, fd, path);
}

/* What was read is let go at the end, so that a rotation set holds one buffer at a time. */
static void buffer_free(struct source *source)
{
    free(source->data);
    source->data = NULL;
    source->at = source->used = 0;
}

void source_close(struct source *source)
{
    if (source == NULL) {
        return;
    }
    context_progress_end(&source->shown);
    buffer_free(source);
    gzip_free(source->gzip);
    if (!source->borrowed) {
        close(source->fd);
    }
    free(source->name);
    free(source);
}

const char *source_name(const struct source *source)
{
    return source->name;
}

bool source_plain(const struct source *source)
{
    return source->regular && source->gzip == NULL;
}

int64_t source_size(const struct source *source)
{
    return source->size;
}

int64_t source_mtime(const struct source *source)
{
    return source->mtime;
}

/* --- reading --------------------------------------------------------------------------------- */

/* read(2), also where somebody else made standard input non-blocking; of a file pread(2), since
 * several threads may read it. 0: the end, or an error, which was said. */
static size_t read_raw(struct source *source, char *to, size_t n)
{
    ssize_t got;

    for (;;) {
        got = source->regular ? pread(source->fd, to, n, source->raw) : read(source->fd, to, n);
        if (got >= 0) {
            break;
        }
        if (errno == EAGAIN) {
            struct pollfd poll_in = {.fd = source->fd, .events = POLLIN};

            poll(&poll_in, 1, -1);
        } else if (errno != EINTR) {
            trouble(source);
            context_problem(source->ctx, "cannot read all of %s: %s", source->name,
                            strerror(errno));
            return 0;
        }
    }
    source->raw += got;
    return (size_t)got;
}

/* A plain file whose end lies before where we are, or before where it was, was emptied while we
 * read it (logrotate's copytruncate). */
static void check_shrunk(struct source *source)
{
    struct stat st;

    if (source_plain(source) && fstat(source->fd, &st) == 0 &&
        (st.st_size < source->raw || st.st_size < source->size)) {
        trouble(source);
        context_problem(
            source->ctx,
            "%s became shorter while it was read (copytruncate?): lines may be missing; "
            "run it again",
            source->name);
    }
}

/* The first bytes of what has no file position: are they gzip? They stay in data. */
static void probe_stream(struct source *source)
{
    while (source->used < 2 && !source->ended) {
        size_t got = read_raw(source, source->data + source->used, FIRST_READ - source->used);

        source->ended = got == 0;
        source->used += got;
    }
    source->probed = true;
    if (gzip_magic(source->data, (ssize_t)source->used)) {
        source->gzip = gzip_new();
        gzip_put(source->gzip, source->data, source->used);
        source->used = 0;
    }
}

/* gzip's next bytes: 0 at the end, or after a break, which was said. */
static size_t read_gzip(struct source *source, char *to, size_t n)
{
    for (;;) {
        const char *fault = NULL;
        size_t got = gzip_take(source->gzip, to, n, &fault);

        if (got > 0) {
            return got;
        }
        if (fault == NULL && gzip_hungry(source->gzip)) {
            size_t room;
            char *input = gzip_input(source->gzip, &room);
            size_t raw = read_raw(source, input, room);

            gzip_got(source->gzip, raw);
            continue;
        }
        if (fault != NULL) {
            trouble(source);
            context_problem(source->ctx, "%s: %s; what comes before that was read", source->name,
                            fault);
        }
        return 0;
    }
}

/* Reads up to n bytes behind data[used). Returns false at the end. */
static bool read_more(struct source *source, size_t n)
{
    char *to = source->data + source->used;
    size_t got;

    progress(source);
    got = source->gzip != NULL ? read_gzip(source, to, n) : read_raw(source, to, n);
    if (got == 0) {
        source->ended = true;
        check_shrunk(source);
        context_progress_end(&source->shown);
        return false;
    }
    source->used += got;
    return true;
}

/* Reads more behind data[used). What is in front of `at` is given up. Returns false at the end. */
static bool fill(struct source *source)
{
    size_t room;

    if (source->ended) {
        return false;
    }
    if (source->data == NULL) {
        source->data = context_alloc(BUFFER_SIZE + 1);
    }
    if (!source->probed) {
        probe_stream(source);
        if (source->used > 0 || source->ended) {
            return source->used > 0;
        }
    }
    if (source->at > 0) {
        source->used -= source->at;
        memmove(source->data, source->data + source->at, source->used);
        source->base += (int64_t)source->at;
        source->at = 0;
    }
    room = BUFFER_SIZE - source->used;
    room = room < source->next ? room : source->next;
    source->next = source->next < BUFFER_SIZE ? source->next * 2 : BUFFER_SIZE;
    return read_more(source, room);
}

/* Drops what is in the buffer up to and with the next newline, reading on as long as it takes: a
 * line may have gigabytes. keep: bytes at the buffer's start that stay. limit: how many bytes may
 * be skipped. Returns whether there was a newline. */
static bool skip_line(struct source *source, size_t keep, int64_t limit)
{
    int64_t start_base = source->base;

    for (;;) {
        char *start = source->data + source->at;
        char *newline = memchr(start, '\n', source->used - source->at);

        if (newline != NULL) {
            source->at = (size_t)(newline - source->data) + 1;
            return true;
        }
        source->base += (int64_t)(source->used - keep);
        source->at = source->used = keep;
        if (source->ended || source->base - start_base > limit) {
            return false;
        }
        if (!read_more(source, BUFFER_SIZE - keep)) {
            return false;
        }
    }
}

/* A line of more than SOURCE_LINE_MAX bytes begins at data[at]: its beginning is moved to the
 * buffer's start and kept, the rest is read and forgotten. */
static void long_line(struct source *source, struct source_line *ret)
{
    const size_t keep = SOURCE_LINE_MAX + 1; /* and the NUL */

    ret->offset = source->base + (int64_t)source->at;
    memmove(source->data, source->data + source->at, source->used - source->at);
    source->base += (int64_t)source->at;
    source->used -= source->at;
    source->at = keep;
    ret->ended = skip_line(source, keep, INT64_MAX);
    ret->text = source->data;
    ret->len = SOURCE_LINE_MAX;
    ret->cut = true;
    source->data[SOURCE_LINE_MAX] = '\0';
}

/* The line that ends at newline. */
static void take_line(struct source *source, char *newline, struct source_line *ret)
{
    char *start = source->data + source->at;
    size_t len = (size_t)(newline - start);

    if (len > SOURCE_LINE_MAX) {
        long_line(source, ret);
        return;
    }
    *newline = '\0';
    ret->text = start;
    ret->len = len;
    ret->offset = source->base + (int64_t)source->at;
    ret->cut = false;
    ret->ended = true;
    source->at += len + 1;
}

/* No newline is in data[at..used): reads until there is one. */
static bool slow_line(struct source *source, struct source_line *ret)
{
    size_t seen = source->used - source->at;

    for (;;) {
        bool more;
        char *newline;

        if (seen > SOURCE_LINE_MAX && source->data != NULL) {
            long_line(source, ret);
            return true;
        }
        more = fill(source); /* moves data[at] to data[0] */
        if (!more) {
            if (source->data == NULL || source->used == source->at) {
                buffer_free(source);
                return false;
            }
            ret->text = source->data + source->at;
            ret->len = source->used - source->at;
            ret->offset = source->base + (int64_t)source->at;
            ret->cut = ret->ended = false;
            ret->text[ret->len] = '\0';
            source->at = source->used;
            return true;
        }
        newline = memchr(source->data + source->at + seen, '\n', source->used - source->at - seen);
        if (newline != NULL) {
            take_line(source, newline, ret);
            return true;
        }
        seen = source->used - source->at;
    }
}

/* What a log that went through another system's editor has: CR in front of each newline, and
 * Unicode's byte order mark at the beginning. */
static void take_off_foreign(struct source_line *line)
{
    static const char mark[] = "\xef\xbb\xbf";

    if (line->ended && !line->cut && line->len > 0 && line->text[line->len - 1] == '\r') {
        line->text[--line->len] = '\0';
    }
    if (line->offset == 0 && line->len >= sizeof mark - 1 &&
        memcmp(line->text, mark, sizeof mark - 1) == 0) {
        line->text += sizeof mark - 1;
        line->len -= sizeof mark - 1;
    }
}

int64_t source_offset(const struct source *source)
{
    return source->base + (int64_t)source->at;
}

bool source_line(struct source *source, struct source_line *ret)
{
    char *newline = NULL;

    if (source_offset(source) >= source->to) {
        return false;
    }
    if (source->data != NULL) {
        newline = memchr(source->data + source->at, '\n', source->used - source->at);
    }
    if (newline != NULL) {
        take_line(source, newline, ret);
    } else if (!slow_line(source, ret)) {
        return false;
    }
    take_off_foreign(ret);
    return true;
}

bool source_seek(struct source *source, int64_t offset)
{
    int64_t from = offset > 0 ? offset - 1 : 0; /* the byte before: is it a newline? */

    if (!source->regular || (source->gzip != NULL && offset != 0)) {
        return false;
    }
    if (source->gzip != NULL) {
        gzip_free(source->gzip);
        source->gzip = gzip_new();
    }
    if (source->data == NULL) {
        source->data = context_alloc(BUFFER_SIZE + 1);
    }
    source->at = source->used = 0;
    source->base = source->raw = from;
    source->next = FIRST_READ;
    source->ended = false;
    if (offset > 0) {
        while (memchr(source->data, '\n', source->used) == NULL && source->used < BUFFER_SIZE / 2 &&
               fill(source)) {
        }
        skip_line(source, 0, SEEK_MAX);
        return source->at > 0 || source->ended;
    }
    return true;
}

size_t source_peek(struct source *source, const char **ret)
{
    if (source->data == NULL || source->at == source->used) {
        fill(source);
    }
    *ret = source->data == NULL ? "" : source->data + source->at;
    return source->data == NULL ? 0 : source->used - source->at;
}
