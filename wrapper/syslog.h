/*
 * syslog - a datagram to /dev/log that never blocks for long.
 *
 * syslog(3) blocks for ever on a stopped daemon whose socket is full (measured: the 12th message),
 * and it says nothing of whether the message was taken. So the same datagram (RFC 3164 shape, as
 * glibc's syslog(3) writes it) is sent here.
 */
#ifndef SW_SYSLOG_H
#define SW_SYSLOG_H

#include <stdbool.h>
#include <stddef.h>

#define SYSLOG_WAIT_MS 200 /* in all, for every message of one call */

struct syslog {
    int fd;             /* -1: not connected */
    bool tried;         /* to connect */
    bool stream;        /* the daemon listens on a stream socket: messages end in NUL */
    long wait_us;       /* what is left to wait */
    int err;            /* errno of the last failure */
    bool callers_doing; /* the last failure is a limit that the caller set */
};

/* Nothing is opened yet: the first message connects. */
void syslog_init(struct syslog *log);

/*
 * Sends one message of at most RECORD_MAX bytes; control bytes in it must be escaped already.
 * priority: facility | severity. Returns true if the daemon's socket took it.
 */
bool syslog_send(struct syslog *log, int priority, const char *text, size_t len);

#endif
