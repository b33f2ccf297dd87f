/*
 * sink-mta.c - an MTA that writes down what it was given.
 *
 * Reads the message and appends one line to the file BENCH_DELIVERED, which the test made writable:
 *
 *     MESSAGE-ID PID UID COPIES HEADER HASH
 *
 * HEADER is the value of the first line if that is our X-Additional-Header (blanks left out), else
 * "-"; COPIES counts how many such lines the header section has; HASH is that of everything after
 * the first of them. Messages are the test's own: a header section beyond the buffer, a line too
 * long for one write and any failed call end it with a status other than 0, and the caller counts
 * that.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "hash.h"

static const char field[] = "X-Additional-Header: ";

/* Reads until the buffer is full or the message ends; -1 for an error. */
static ssize_t fill(char *buffer, size_t size)
{
    size_t length = 0;

    while (length < size) {
        ssize_t n = read(0, buffer + length, size - length);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        if (n == 0)
            break;
        length += (size_t)n;
    }
    return (ssize_t)length;
}

/* Copies the value of the line at text without its blanks, at most size - 1 bytes. */
static void value_copy(char *value, size_t size, const char *text)
{
    size_t length = 0;

    for (; *text != '\n' && *text != '\0' && length + 1 < size; text++)
        if (*text != ' ' && *text != '\r')
            value[length++] = *text;
    value[length] = '\0';
}

static int copies_count(const char *head)
{
    int copies = 0;

    for (const char *line = head; *line != '\0' && *line != '\n';) {
        const char *end = strchr(line, '\n');

        copies += strncmp(line, field, strlen(field)) == 0;
        if (!end)
            break;
        line = end + 1;
    }
    return copies;
}

static int file_append(const char *line, int length)
{
    int fd = open(BENCH_DELIVERED, O_WRONLY | O_APPEND | O_CLOEXEC);

    return fd >= 0 && write(fd, line, (size_t)length) == length ? EX_OK : EX_CANTCREAT;
}

int main(void)
{
    static char buffer[65536];
    char id[64] = "-";
    char header[1024] = "-";
    char line[1400];
    uint64_t hash = HASH_START;
    ssize_t n = fill(buffer, sizeof(buffer) - 1);
    const char *rest = buffer;
    const char *at;
    int length;

    if (n < 0)
        return EX_IOERR;
    buffer[n] = '\0';
    if ((at = strstr(buffer, "\nMessage-ID: <")) != NULL) {
        value_copy(id, sizeof(id), at + strlen("\nMessage-ID: <"));
        id[strcspn(id, ">")] = '\0';
    }
    if (strncmp(buffer, field, strlen(field)) == 0) {
        value_copy(header, sizeof(header), buffer + strlen(field));
        rest = strchr(buffer, '\n');
        rest = rest ? rest + 1 : buffer + n;
    }
    length = copies_count(buffer);
    hash = hash_bytes(hash, rest, (size_t)(buffer + n - rest));
    while ((n = fill(buffer, sizeof(buffer))) > 0)
        hash = hash_bytes(hash, buffer, (size_t)n);
    if (n < 0)
        return EX_IOERR;
    length = snprintf(line, sizeof(line), "%s %d %d %d %s %016llx\n", id, (int)getpid(),
                      (int)getuid(), length, header, (unsigned long long)hash);
    return file_append(line, length);
}
