/*
 * mtausers - who may talk to other mail servers: the mail server's own users and programs. Never
 * known by a process's name, which it can choose.
 */
#ifndef MO_MTAUSERS_H
#define MO_MTAUSERS_H

#include "procinfo.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct context;

#define MTAUSERS_MAX 32

struct mtausers {
    struct {
        uid_t uid;
        char name[40];
    } user[MTAUSERS_MAX];
    size_t count;
    const char *as_caller; /* a mail server of this machine that sends as whoever calls it: its
                              program; else NULL */
    uint64_t caller_dev, caller_ino; /* which file that is */
};

/* Looks into /etc/passwd and for the real sendmail (target.h). */
void mtausers_find(const struct context *ctx, struct mtausers *ret);

/* Whether one of the mail server's users has this uid. */
bool mtausers_has(const struct mtausers *users, uid_t uid);

/*
 * Whether this process is the mail server: it runs as one of its users; or as root, from one of its
 * programs' paths; or it is the very program that sends as whoever calls it. A container's is not
 * ours.
 */
bool mtausers_is_mta(const struct mtausers *users, const struct procinfo *info);

#endif
