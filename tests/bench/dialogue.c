/* dialogue - see dialogue.h. The server is a real one, and not hostile. */
#include "dialogue.h"

#include "caller.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct replies {
    int fd;
    char bytes[4096];
    size_t len;
};

/* Reads to the end of the next reply; its first digit, or '\0'. */
static char reply(struct replies *r)
{
    for (;;) {
        char *lf = memchr(r->bytes, '\n', r->len);
        ssize_t n;

        if (lf != NULL) {
            char first = r->bytes[0];
            bool last = lf - r->bytes < 4 || r->bytes[3] != '-';

            r->len -= (size_t)(lf + 1 - r->bytes);
            memmove(r->bytes, lf + 1, r->len);
            if (last) {
                return first;
            }
            continue;
        }
        n = read(r->fd, r->bytes + r->len, sizeof r->bytes - r->len);
        if (n <= 0) {
            return '\0';
        }
        r->len += (size_t)n;
    }
}

static bool say(int to, struct replies *r, const char *verb, const char *argument, char expected)
{
    char line[512];
    int n = snprintf(line, sizeof line, "%s%s\r\n", verb, argument);

    return n > 0 && (size_t)n < sizeof line && write_all(to, line, (size_t)n) &&
           reply(r) == expected;
}

bool dialogue_run(int to, int from, const char *sender, const char *recipient, const char *bytes,
                  size_t size)
{
    struct replies r = {.fd = from};
    char rest;

    return reply(&r) == '2' && say(to, &r, "EHLO ", "[127.0.0.1]", '2') &&
           say(to, &r, "MAIL FROM:", sender, '2') && say(to, &r, "RCPT TO:", recipient, '2') &&
           say(to, &r, "DATA", "", '3') && write_all(to, bytes, size) &&
           say(to, &r, ".", "", '2') && say(to, &r, "QUIT", "", '2') && read(from, &rest, 1) == 0;
}
