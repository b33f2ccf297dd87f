/*
 * feed - see feed.h. Hostile input: the message's length and timing, and limits on pipes. On
 * failure: what is not in the pipe stays where it is.
 */
#include "feed.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

/* The first part as pieces: up to the place, the header, its line end, an empty line, what follows.
 */
static int first_part(const struct feed *feed, struct iovec piece[5])
{
    struct message *m = feed->message;
    const char *eol = m->place.eol;
    size_t at = feed->header_len > 0 ? m->place.offset : 0;
    int n = 0;

    piece[n++] = (struct iovec){m->data, at};
    if (feed->header_len > 0) {
        piece[n++] = (struct iovec){(void *)(uintptr_t)feed->header, feed->header_len};
        piece[n++] = (struct iovec){(void *)(uintptr_t)eol, strlen(eol)};
        if (m->place.blank_after) {
            piece[n++] = (struct iovec){(void *)(uintptr_t)eol, strlen(eol)};
        }
    }
    piece[n++] = (struct iovec){m->data + at, m->len - at};
    return n;
}

/* Takes the bytes already written off the front of the pieces; returns what is left of them. */
static size_t skip_written(const struct feed *feed, struct iovec *piece, int n)
{
    size_t skip = feed->written, left = 0;

    for (int i = 0; i < n; i++) {
        size_t cut = skip < piece[i].iov_len ? skip : piece[i].iov_len;

        piece[i].iov_base = (char *)piece[i].iov_base + cut;
        piece[i].iov_len -= cut;
        skip -= cut;
        left += piece[i].iov_len;
    }
    return left;
}

/* Where a sandbox forbids writev(2): up to the first piece that does not fit. */
static ssize_t write_pieces(int fd, const struct iovec *piece, int n)
{
    ssize_t total = 0;

    for (int i = 0; i < n; i++) {
        ssize_t done = write(fd, piece[i].iov_base, piece[i].iov_len);

        if (done < 0) {
            return total > 0 ? total : -1;
        }
        total += done;
        if ((size_t)done < piece[i].iov_len) {
            break;
        }
    }
    return total;
}

/* One writev of the rest; returns what is still left, or -1 with errno set. */
ssize_t feed_write(struct feed *feed)
{
    struct iovec piece[5];
    int n = first_part(feed, piece);
    size_t left = skip_written(feed, piece, n);
    ssize_t done;

    if (left == 0) {
        return 0;
    }
    done = writev(feed->out, piece, n);
    if (done < 0 && (errno == EPERM || errno == ENOSYS)) {
        done = write_pieces(feed->out, piece, n);
    }
    if (done < 0) {
        return -1;
    }
    feed->written += (size_t)done;
    return (ssize_t)(left - (size_t)done);
}

bool feed_fill(struct feed *feed)
{
    ssize_t left;

    if (!feed->message->placed && feed->header_len > 0) {
        return false;
    }
    /* A short write says that the pipe is full: one page is all that some users' pipes hold
     * (pipe(7)). */
    do {
        left = feed_write(feed);
    } while (left < 0 && errno == EINTR);
    if (left < 0 && errno != EAGAIN) {
        feed->error = errno;
    }
    return left == 0 && feed->message->eof;
}

bool feed_is_spliceable(int fd)
{
    struct stat st;

    return fstat(fd, &st) == 0 && (S_ISFIFO(st.st_mode) || S_ISREG(st.st_mode));
}

bool feed_rest(const struct startup *startup, struct feed *feed)
{
    const struct message *m = feed->message;

    if (feed->error != 0 || !m->placed || !(m->eof || m->full) ||
        fcntl(feed->out, F_SETPIPE_SZ, FEED_PIPE_MAX) < 0 || feed_write(feed) != 0) {
        return false;
    }
    while (!m->eof && feed_is_spliceable(STDIN_FILENO) && message_wait(startup, true)) {
        ssize_t n = splice(STDIN_FILENO, NULL, feed->out, NULL, FEED_PIPE_MAX, SPLICE_F_NONBLOCK);

        if (n <= 0) {
            return n == 0; /* the end; else full, or an error, which the feeder will meet again */
        }
    }
    return m->eof;
}
