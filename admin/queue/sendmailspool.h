/*
 * sendmailspool - where Sendmail's queues are: the directories that its two configuration files
 * name, kept open.
 *
 * Hostile: nothing but the names of the files in them; the configuration is root's.
 */
#ifndef MO_SENDMAILSPOOL_H
#define MO_SENDMAILSPOOL_H

#include "queue/sendmailfile.h"
#include "queue/spool.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct context;

#define SENDMAIL_ID_MAX 64 /* with the NUL */

/* A queue directory, or one of the many that a '*' stands for. */
struct sendmail_dir {
    char *path;
    bool submission; /* mail that was submitted here and waits for the server (submit.cf) */
    uid_t owner;
    int control, body,
        transcript; /* of qf and hf, df, xf; the same descriptor if there are no subdirectories */
};

struct sendmail_user {
    char *name;
    uid_t uid;
};

struct sendmail {
    const char *program; /* NULL: not here */
    struct sendmail_dir *dirs;
    size_t dir_count;
    struct sendmail_user *users;
    size_t user_count;
    struct spool_file file; /* of the message that was looked at last */
    char *header;           /* a copy of our header, taken apart */
    char id[SENDMAIL_ID_MAX];
};

/* Whether Sendmail's program and configuration are here. */
bool sendmailspool_present(void);

/* NULL after context_fail. Freed with sendmailspool_close. */
struct sendmail *sendmailspool_open(struct context *ctx);
void sendmailspool_close(struct sendmail *sendmail);

/* Letters and digits only, and not too many. */
bool sendmailspool_id(const char *id);

/* Whether a file of this name is a message's control file. */
bool sendmailspool_control(const char *name);

/* The directory of a message's body, whose control file has this d record (NULL: its own). NULL:
 * none of this queue's. */
const struct sendmail_dir *sendmailspool_body(const struct sendmail *sendmail,
                                              const struct sendmail_dir *dir, const char *record);

#endif
