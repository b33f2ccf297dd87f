/*
 * fuzz_postfixfile - any bytes as a queue file of Postfix: it ends, nothing outside its buffers is
 * touched, and what comes out hangs together. The same bytes as a file of the directory defer, and
 * as a value of our header.
 */
#include "fuzz.h"

#include "admin/queue/postfixfile.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static void check_file(const struct postfixfile *file, enum postfixfile_result result)
{
    const struct queue_message *message = &file->message;

    require(result != POSTFIXFILE_FAILED);
    require(message->uid >= -1 && (message->origin != QUEUE_OURS || message->uid >= 0));
    require(message->origin != QUEUE_SASL || message->login != NULL);
    require(message->origin != QUEUE_NETWORK || message->client != NULL);
    require(message->trace == NULL || strlen(message->trace) == 26);
    for (size_t i = 0; i < QUEUE_SAMPLES; i++) {
        require((message->rcpt[i] != NULL) == (i < message->rcpts));
    }
}

static void as_header(const uint8_t *data, size_t size)
{
    char *value = malloc(size + 1);
    const char *path = NULL, *trace = NULL;
    long long uid = -1, pid = -1;

    require(value != NULL);
    if (size > 0) {
        memcpy(value, data, size);
    }
    value[size] = '\0';
    if (queue_header(value, &path, &uid, &pid, &trace)) {
        require(uid >= -1 && pid >= -1);
        require(path == NULL || (path >= value && path + strlen(path) <= value + size));
        require(trace == NULL || strlen(trace) == 26);
    }
    free(value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct postfixfile file;
    char reason[32];
    int fd = memfd_create("fuzz", MFD_CLOEXEC);

    require(fd >= 0 && write(fd, data, size) == (ssize_t)size);
    check_file(&file, postfixfile_read(fd, "X-Additional-Header", &file));
    close(fd);
    if (postfixfile_reason((const char *)data, size, reason, sizeof reason)) {
        require(strlen(reason) < sizeof reason);
    }
    as_header(data, size);
    return 0;
}
