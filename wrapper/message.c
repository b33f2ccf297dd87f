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

/* Whether stdin has something to say (its end included) within the patience. */
static bool wait_for_input(const struct startup *startup, bool section_ended)
{
    struct pollfd pfd = {STDIN_FILENO, POLLIN, 0};

    for (;;) {
        long wait = patience(startup, section_ended);
        int n = poll(&pfd, 1, wait > 0 ? (int)wait : 0);

        if (n != 0 && !(n < 0 && errno == EINTR)) {
            return true; /* an error is read(2)'s to tell */
        }
        if (n == 0) {
            return false;
        }
    }
}

static bool is_plain_file(void)
{
    struct stat st;

    return fstat(STDIN_FILENO, &st) == 0 && S_ISREG(st.st_mode);
}

/* Reads what is there; false at the end, on an error, or when the time is up. */
static bool read_more(const struct startup *startup, bool section_ended, bool plain,
                      struct message *m)
{
    ssize_t n;

    if (!plain && !wait_for_input(startup, section_ended)) {
        return false;
    }
    n = read(STDIN_FILENO, m->data + m->len, sizeof m->data - m->len);
    if (n > 0) {
        m->len += (size_t)n;
        return true;
    }
    if (n < 0 && (errno == EINTR || errno == EAGAIN)) {
        return true;
    }
    m->eof = n == 0;
    m->error = n < 0 ? errno : 0;
    return false;
}

bool message_read(const struct startup *startup, const struct invocation *inv, struct message *ret)
{
    bool plain = is_plain_file(), section_ended = false;

    ret->len = 0;
    ret->eof = ret->placed = false;
    ret->error = 0;
    while (ret->len < sizeof ret->data && read_more(startup, section_ended, plain, ret)) {
        if (!section_ended) {
            section_ended = summary_section_ends(ret->data, ret->len, 0);
        }
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
