/*
 * postfixfile - one Postfix queue file, read record by record.
 *
 * Hostile: everything that a sender wrote into it; and the file as a whole may be cut short or be
 * something else by now. Nothing is allocated; a file with pointers in a ring ends too.
 */
#ifndef MO_POSTFIXFILE_H
#define MO_POSTFIXFILE_H

#include "queue/queue.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

enum postfixfile_result {
    POSTFIXFILE_READ,   /* whole */
    POSTFIXFILE_BROKEN, /* no queue file, or not whole; ret holds what could be read */
    POSTFIXFILE_FAILED, /* errno says why */
};

/* What one file says. Text is cut where it does not fit. */
struct postfixfile {
    struct queue_message message; /* id, state, reason are the caller's to fill in */
    struct stat st;               /* of the open file; all zero if it has none */
    char sender[512], login[256], client[64], from[512], subject[512];
    char rcpt[QUEUE_SAMPLES][320];
    char header[1024], decoded[1024]; /* our topmost header: as it stands, and taken apart */
};

/* Reads the file that fd has open, by pread(2). name: of our header, without the colon. */
enum postfixfile_result postfixfile_read(int fd, const char *name, struct postfixfile *ret);

/* The first reason in a file of Postfix's directory defer, text[0..n), into ret (cap bytes, NUL
 * behind). Returns false if there is none. */
bool postfixfile_reason(const char *text, size_t n, char *ret, size_t cap);

/* Whether a file's name can be a queue id, short or long. */
bool postfixfile_is_id(const char *name);

/*
 * The characters by which Postfix spreads files over subdirectories: those of a short id itself; of
 * a long id the microseconds in hexadecimal. Writes at most 5 and a NUL.
 */
void postfixfile_hash(const char *id, char ret[6]);

#endif
