/*
 * mail-sink - an SMTP server on loopback that keeps a message only when its final dot came.
 * (Postfix has an smtp-sink of its own.)
 *
 *   pid=$(mail-sink PORT DIR)     listens, goes to the background, prints its pid
 *
 * Each kept message is DIR/N.msg (as sent: dots still doubled, CRLF), its envelope DIR/N.env. A
 * message whose connection ended before the dot leaves DIR/N.part: what a half transmission would
 * have been. One process a connection; input is hostile only in so far as a test sends it.
 */
#include "tool.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

static unsigned next_number(unsigned *shared)
{
    return __atomic_add_fetch(shared, 1, __ATOMIC_SEQ_CST);
}

/* Reads up to the final dot. False if the connection ended before it. */
static bool read_data(FILE *in, FILE *message)
{
    char *line = NULL;
    size_t cap = 0;
    ssize_t n;
    while ((n = getline(&line, &cap, in)) > 0) {
        if (n == 3 && memcmp(line, ".\r\n", 3) == 0)
            break;
        fwrite(line, 1, (size_t)n, message);
    }
    free(line);
    return n > 0;
}

static void take_message(FILE *in, FILE *out, const char *dir, const char *envelope, unsigned n)
{
    char part[600], kept[600], env[600];
    snprintf(part, sizeof(part), "%s/%u.part", dir, n);
    snprintf(kept, sizeof(kept), "%s/%u.msg", dir, n);
    snprintf(env, sizeof(env), "%s/%u.env", dir, n);
    FILE *message = fopen(part, "we");
    FILE *lines = fopen(env, "we");
    if (message == NULL || lines == NULL)
        die("%s", part);
    fputs(envelope, lines);
    fclose(lines);
    fputs("354 go ahead\r\n", out);
    fflush(out);
    bool whole = read_data(in, message);
    if (fclose(message) != 0)
        die("%s", part);
    if (!whole)
        return;
    if (rename(part, kept) != 0)
        die("%s", kept);
    fputs("250 kept\r\n", out);
}

static void serve(int fd, const char *dir, unsigned *counter)
{
    FILE *in = fdopen(fd, "r");
    FILE *out = fdopen(dup(fd), "w");
    char line[4096], envelope[65536] = "";
    fputs("220 sink.example.test ESMTP\r\n", out);
    while (fflush(out) == 0 && fgets(line, sizeof(line), in) != NULL) {
        if (strncasecmp(line, "DATA", 4) == 0) {
            take_message(in, out, dir, envelope, next_number(counter));
            envelope[0] = '\0';
            continue;
        }
        if (strncasecmp(line, "QUIT", 4) == 0) {
            fputs("221 bye\r\n", out);
            fflush(out);
            return;
        }
        if (strncasecmp(line, "RSET", 4) == 0)
            envelope[0] = '\0';
        if (strncasecmp(line, "MAIL", 4) == 0 || strncasecmp(line, "RCPT", 4) == 0)
            strncat(envelope, line, sizeof(envelope) - strlen(envelope) - 1);
        fputs("250 ok\r\n", out);
    }
}

int main(int argc, char *argv[])
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    if (argc != 3) {
        errno = EINVAL;
        die("usage: mail-sink PORT DIR");
    }
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons((unsigned short)number(argv[1], "port"));
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
    if (listener < 0 || bind(listener, (struct sockaddr *)&address, sizeof(address)) < 0 ||
        listen(listener, 128) < 0)
        die("port %s", argv[1]);
    unsigned *counter =
        mmap(NULL, sizeof(unsigned), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (counter == MAP_FAILED)
        die("mmap");
    background();
    signal(SIGCHLD, SIG_IGN);
    for (;;) {
        int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
        if (fd < 0)
            continue;
        if (fork() == 0) {
            close(listener);
            serve(fd, argv[2], counter);
            exit(0);
        }
        close(fd);
    }
}
