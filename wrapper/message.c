/*
 * message - see message.h. Hostile input: stdin, its bytes, its kind and its timing. On failure:
 * error, and the call ends with EX_IOERR before anything was sent.
 *
 * Not to the end before the exec: some MTAs stop at a lone dot while their caller keeps stdin open,
 * and one that would have failed at once must fail at once.
 */
#include "message.h"
#include "summary.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool ends_with(const struct message *m, const char *tail)
{
    size_t n = strlen(tail);

    return m->len >= n && memcmp(m->data + m->len - n, tail, n) == 0;
}

static bool ends_with_dot(const struct message *m)
{
    return ends_with(m, "\n.\n") || ends_with(m, "\n.\r\n") ||
           (m->len == 2 && ends_with(m, ".\n")) || (m->len == 3 && ends_with(m, ".\r\n"));
}

/* How long to wait for the next byte: milliseconds, 0 or less when the MTA must run now. */
static long patience(const struct startup *startup, bool section_ended)
{
    long left = MESSAGE_WAIT_MS - startup_elapsed_ms(startup);

    return section_ended && left > MESSAGE_SILENCE_MS ? MESSAGE_SILENCE_MS : left;
}

bool message_wait(const struct startup *startup, bool section_ended)
{
    struct pollfd pfd = {STDIN_FILENO, POLLIN, 0};

    for (;;) {
        long wait = patience(startup, section_ended);
        int n = poll(&pfd, 1, wait > 0 ? (int)wait : 0);

        if (n > 0) {
            return true; /* an error of stdin is read(2)'s to tell */
        }
        if (n == 0 || errno != EINTR) {
            return false; /* without poll(2), a read(2) could wait for ever: that is the feeder's */
        }
    }
}

enum source { SOURCE_FILE, SOURCE_PIPE, SOURCE_OTHER };

static enum source stdin_source(void)
{
    struct stat st;

    if (fstat(STDIN_FILENO, &st) != 0) {
        return SOURCE_OTHER;
    }
    return S_ISREG(st.st_mode) ? SOURCE_FILE : S_ISFIFO(st.st_mode) ? SOURCE_PIPE : SOURCE_OTHER;
}

/* Reads what is there; false at the end, on an error, or when the time is up. */
static bool read_more(const struct startup *startup, bool section_ended, bool plain, size_t room,
                      struct message *m)
{
    ssize_t n;

    if (!plain && !message_wait(startup, section_ended)) {
        return false;
    }
    /* Not more than may be enough at a time: the pages that are not needed are not touched. */
    room = m->len < MESSAGE_PART_ENOUGH ? MESSAGE_PART_ENOUGH : room;
    n = read(STDIN_FILENO, m->data + m->len, room - m->len);
    if (n > 0) {
        m->len += (size_t)n;
        return true;
    }
    if (n < 0 && (errno == EINTR || errno == EAGAIN)) {
        /* Where others read from it too, what poll(2) saw may be gone, and that without end. */
        return patience(startup, section_ended) > 0;
    }
    m->eof = n == 0;
    m->error = n < 0 ? errno : 0;
    return false;
}

/* Whether the header section is there whole, behind the From_ lines that this MTA strips. */
static bool section_is_whole(const struct invocation *inv, const struct message *m)
{
    struct header_place place;

    return header_place(inv->dialect, m->data, m->len, false, &place) &&
           summary_section_ends(m->data, m->len, place.offset);
}

bool message_read(const struct startup *startup, const struct invocation *inv, struct message *ret)
{
    enum source source = stdin_source();
    size_t room = sizeof ret->data;
    bool section_ended = false;

    ret->len = 0;
    ret->full = ret->eof = ret->placed = false;
    ret->error = 0;
    while (!ret->full && read_more(startup, section_ended, source == SOURCE_FILE, room, ret)) {
        if (!section_ended) {
            section_ended = section_is_whole(inv, ret);
        }
        if (section_ended && source != SOURCE_OTHER) {
            room = MESSAGE_PART_ENOUGH;
        }
        ret->full = ret->len >= room;
        if (inv->dot_ends && ends_with_dot(ret)) {
            break;
        }
    }
    /* With a full buffer nothing more can be known: a first line of that length ends in a line feed
     * at best. */
    ret->placed = header_place(inv->dialect, ret->data, ret->len,
                               ret->eof || ret->len == sizeof ret->data, &ret->place);
    return ret->error == 0;
}
