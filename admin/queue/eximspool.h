/*
 * eximspool - where Exim's messages are: its spool directory, the main queue and named ones, each
 * in one directory or split over 62.
 *
 * Hostile: nothing but the names of the files; the spool is Exim's own.
 */
#ifndef MO_EXIMSPOOL_H
#define MO_EXIMSPOOL_H

#include <limits.h>
#include <stdbool.h>
#include <sys/types.h>

struct context;

struct eximspool {
    const char *program; /* NULL: not here */
    int dir;             /* the spool directory */
    uid_t owner;         /* of it: the user that Exim is */
};

/* A directory with messages. */
struct eximspool_place {
    char dir[NAME_MAX +
             16]; /* below the spool: "input" or "QUEUE/input", with the letter of a split spool */
    char queue[NAME_MAX + 1]; /* its name; "" is the main one */
};

/* Exim itself, not what stands in front of it; NULL. */
const char *eximspool_program(void);

/* Asks Exim for its spool, so not in a confined process. Returns false after context_fail. */
bool eximspool_open(struct context *ctx, struct eximspool *ret);
void eximspool_close(struct eximspool *spool);

/* Calls visit for each directory that may hold messages, or only for those that may hold the one of
 * this id (NULL: all); some may not exist. Until it returns false. */
void eximspool_each(struct context *ctx, const struct eximspool *spool, const char *id,
                    bool (*visit)(const struct eximspool_place *place, void *arg), void *arg);

#endif
