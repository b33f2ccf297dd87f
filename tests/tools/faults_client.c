/*
 * faults_client - see faults_client.h. The server's answers are hostile only in tests; an end of
 * the connection ends it, too.
 */
#include "faults_client.h"
#include "tool.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

struct client {
    int to, from, out;
    char in[8192];
    size_t len;
};

/* The first digit of the next whole reply; ends the client with the connection. */
static char next_reply(struct client *c)
{
    for (;;) {
        char *lf = memchr(c->in, '\n', c->len);

        if (lf != NULL) {
            size_t n = (size_t)(lf - c->in) + 1;
            char digit = c->in[0];
            bool last = n < 5 || c->in[3] != '-';

            write_all(c->out, c->in, n);
            memmove(c->in, lf + 1, c->len - n);
            c->len -= n;
            if (last)
                return digit;
            continue;
        }
        ssize_t n =
            c->len < sizeof c->in ? read(c->from, c->in + c->len, sizeof c->in - c->len) : 0;
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            _exit(1);
        c->len += (size_t)n;
    }
}

static size_t line_length(const char *at, const char *end)
{
    const char *lf = memchr(at, '\n', (size_t)(end - at));

    return (size_t)((lf != NULL ? lf + 1 : end) - at);
}

/* What follows a 354: up to the lone dot. */
static size_t message_length(const char *at, const char *end)
{
    const char *from = at;

    while (at < end) {
        size_t n = line_length(at, end);
        bool dot = n == 3 && memcmp(at, ".\r\n", 3) == 0;

        at += n;
        if (dot)
            break;
    }
    return (size_t)(at - from);
}

static size_t chunk_length(const char *command, const char *end)
{
    size_t n = strncasecmp(command, "BDAT ", 5) == 0 ? strtoull(command + 5, NULL, 10) : 0;

    return n < (size_t)(end - command) ? n : 0;
}

static _Noreturn void client_run(struct client *c, const char *at, const char *end)
{
    next_reply(c);
    while (at < end) {
        size_t n = line_length(at, end);
        bool data = strncasecmp(at, "DATA", 4) == 0;
        char digit;

        n += chunk_length(at, end);
        if (!write_all(c->to, at, n))
            _exit(1);
        at += n;
        digit = next_reply(c);
        if (data && digit != '3')
            _exit(2);
        if (data) {
            n = message_length(at, end);
            if (!write_all(c->to, at, n))
                _exit(1);
            at += n;
            next_reply(c);
        }
    }
    _exit(0);
}

pid_t client_start(const char *script, size_t len, int out, int *ret_in, int *ret_out)
{
    int there[2], back[2];
    struct client c;
    pid_t pid;

    if (pipe2(there, O_CLOEXEC) < 0 || pipe2(back, O_CLOEXEC) < 0)
        die("pipes");
    pid = fork();
    if (pid < 0)
        die("fork");
    if (pid == 0) {
        close(there[0]);
        close(back[1]);
        signal(SIGPIPE, SIG_IGN);
        memset(&c, 0, sizeof c);
        c.to = there[1];
        c.from = back[0];
        c.out = out;
        client_run(&c, script, script + len);
    }
    close(there[1]);
    close(back[0]);
    *ret_in = there[0];
    *ret_out = back[1];
    return pid;
}
