/*
 * readhash.c - the yardstick of `mailorigin top`: what it costs in bare C to read(2) a file and to
 * hash one key's value of each line, with nothing else looked at, no time, no quotes, no torn
 * lines.
 *
 *   bench-readhash FILE " cwd="
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BUFFER (256 * 1024)
#define SLOTS (1U << 22) /* room for millions; only what is used is touched */

struct slot {
    uint64_t hash;
    uint64_t count;
};

static void count(struct slot *slots, const char *value, size_t n)
{
    uint64_t hash = 14695981039346656037ULL; /* FNV-1a */
    size_t i;

    for (size_t k = 0; k < n; k++) {
        hash = (hash ^ (unsigned char)value[k]) * 1099511628211ULL;
    }
    for (i = hash % SLOTS; slots[i].count != 0 && slots[i].hash != hash; i = (i + 1) % SLOTS) {
    }
    slots[i].hash = hash;
    slots[i].count++;
}

static size_t lines(struct slot *slots, char *data, size_t n, const char *key)
{
    size_t key_len = strlen(key);
    char *line = data;
    char *newline;

    while ((newline = memchr(line, '\n', n - (size_t)(line - data))) != NULL) {
        char *value = memmem(line, (size_t)(newline - line), key, key_len);

        if (value != NULL) {
            char *end;

            value += key_len;
            end = memchr(value, ' ', (size_t)(newline - value));
            count(slots, value, (size_t)((end == NULL ? newline : end) - value));
        }
        line = newline + 1;
    }
    return (size_t)(line - data);
}

int main(int argc, char **argv)
{
    struct slot *slots = calloc(SLOTS, sizeof *slots);
    char *data = malloc(BUFFER);
    size_t used = 0, distinct = 0;
    uint64_t total = 0;
    ssize_t n;
    int fd;

    if (argc != 3 || slots == NULL || data == NULL || (fd = open(argv[1], O_RDONLY)) < 0) {
        fprintf(stderr, "usage: bench-readhash FILE KEY\n");
        return 2;
    }
    while ((n = read(fd, data + used, BUFFER - used)) > 0) {
        size_t done;

        used += (size_t)n;
        done = lines(slots, data, used, argv[2]);
        used -= done;
        memmove(data, data + done, used);
    }
    for (size_t i = 0; i < SLOTS; i++) {
        distinct += slots[i].count != 0;
        total += slots[i].count;
    }
    printf("%llu lines, %zu values\n", (unsigned long long)total, distinct);
    return n < 0 ? 2 : 0;
}
