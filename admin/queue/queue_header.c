/*
 * queue_header - our header of a queued message taken apart, and when it is believed.
 *
 * Hostile: it is whatever the sender of the message wrote. What header.c does not write is no
 * header of ours.
 */
#include "queue/queue.h"

#include "wrapper/ulid.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int hex(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* In place. What is not encoded as header.c does it stays (a cut path ends in "%..."); a NUL ends
 * no path. */
static void decode(char *text)
{
    char *to = text;

    while (*text != '\0') {
        int high = text[0] == '%' ? hex(text[1]) : -1, low = high >= 0 ? hex(text[2]) : -1;

        if (low >= 0 && (high | low) != 0) {
            *to++ = (char)(high << 4 | low);
            text += 3;
        } else {
            *to++ = *text++;
        }
    }
    *to = '\0';
}

static bool number(const char *text, long long *ret)
{
    char *end;
    long long value;

    if (!isdigit((unsigned char)*text)) {
        return false;
    }
    errno = 0;
    value = strtoll(text, &end, 10);
    if (*end != '\0' || errno != 0) {
        return false;
    }
    *ret = value;
    return true;
}

/* One part. Returns false for what header.c does not write. */
static bool header_part(char *part, bool first, const char **path, long long *uid, long long *pid,
                        const char **trace)
{
    uint64_t ms;

    if (strncmp(part, "uid=", 4) == 0) {
        return *uid < 0 && number(part + 4, uid);
    }
    if (strncmp(part, "pid=", 4) == 0) {
        return *pid < 0 && number(part + 4, pid);
    }
    if (strncmp(part, "id=", 3) == 0) {
        if (*trace != NULL || strlen(part + 3) != ULID_LEN || !ulid_time(part + 3, &ms)) {
            return false;
        }
        for (char *c = part + 3; *c != '\0'; c++) {
            *c = (char)toupper((unsigned char)*c);
        }
        *trace = part + 3;
        return true;
    }
    if (!first || (*part != '/' && *part != '(')) {
        return false;
    }
    if (*part == '/') { /* not "(unknown)" */
        decode(part);
        *path = part;
    }
    return true;
}

bool queue_header(char *value, const char **ret_path, long long *ret_uid, long long *ret_pid,
                  const char **ret_trace)
{
    const char *path = NULL, *trace = NULL;
    long long uid = -1, pid = -1;
    bool first = true;

    for (char *part = value; part != NULL; first = false) {
        char *end = strchr(part, ';'), *tail;

        if (end != NULL) {
            *end++ = '\0';
        }
        part += strspn(part, " \t");
        tail = part + strlen(part);
        while (tail > part && strchr(" \t\r\n", tail[-1]) != NULL) {
            *--tail = '\0';
        }
        if (!header_part(part, first, &path, &uid, &pid, &trace)) {
            return false;
        }
        part = end;
    }
    *ret_path = path;
    *ret_uid = uid;
    *ret_pid = pid;
    *ret_trace = trace;
    return true;
}

void queue_believe_header(char *value, struct queue_message *message)
{
    long long uid = -1, pid = -1;
    const char *path = NULL, *trace = NULL;

    if (!queue_header(value, &path, &uid, &pid, &trace)) {
        return;
    }
    if (message->origin == QUEUE_NETWORK) {
        message->trace = trace;
    } else if (message->origin == QUEUE_UID && message->uid >= 0 && uid == message->uid) {
        message->origin = QUEUE_OURS;
        message->path = path;
        message->trace = trace;
    }
}
