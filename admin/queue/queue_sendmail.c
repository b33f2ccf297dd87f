/*
 * queue_sendmail - Sendmail's two queues: what was submitted here and waits for the server
 * (mqueue-client), and the server's own (mqueue).
 *
 * Hostile: what is in the queue files, and that they change while they are read. Who submitted a
 * message is known in the first queue: the set-group-id submission program runs as its caller, so
 * the body file belongs to him, and it writes his login name down. In the second nearly everything
 * came by SMTP over loopback, which any local process can do as well, so there our header proves
 * nothing by itself.
 *
 * No lock is taken: the mark "in delivery" is read from /proc/locks, since a lock that is tried, as
 * mailq does, makes a queue runner pass the message over.
 */
#include "context.h"
#include "queue/queue.h"
#include "queue/sendmailact.h"
#include "queue/sendmailspool.h"
#include "wrapper/diag.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void *sendmail_open(struct context *ctx)
{
    return sendmailspool_open(ctx);
}

static void sendmail_close(void *handle)
{
    sendmailspool_close(handle);
}

/* --- a message ------------------------------------------------------------------------------ */

static bool stat_body(const struct sendmail *sendmail, const struct sendmail_dir *dir,
                      const struct sendmailfile *file, struct stat *ret)
{
    const struct sendmail_dir *where = sendmailspool_body(sendmail, dir, file->body_dir);
    char name[SENDMAIL_ID_MAX + 2];

    (void)snprintf(name, sizeof name, "df%s", sendmail->id);
    return where != NULL && fstatat(where->body, name, ret, AT_SYMLINK_NOFOLLOW) == 0 &&
           S_ISREG(ret->st_mode);
}

/*
 * The uid that submitted. The submission program writes the body file as its caller; for root it
 * becomes the queue's owner first (RunAsUser), and then, as in the server's own queue, the login
 * name has to do.
 */
static long long submitter(const struct sendmail *sendmail, const struct sendmail_dir *dir,
                           const struct sendmailfile *file, const struct stat *body)
{
    if (file->user == NULL) {
        return -1;
    }
    if (dir->submission && body != NULL && body->st_uid != dir->owner && body->st_uid != 0) {
        return body->st_uid;
    }
    for (size_t i = 0; i < sendmail->user_count; i++) {
        if (strcmp(sendmail->users[i].name, file->user) == 0) {
            return sendmail->users[i].uid;
        }
    }
    return -1;
}

static void set_origin(struct sendmail *sendmail, const struct sendmailfile *file,
                       struct queue_message *ret)
{
    ret->origin = file->user != NULL     ? QUEUE_UID
                  : file->login != NULL  ? QUEUE_SASL
                  : file->client != NULL ? QUEUE_NETWORK
                                         : QUEUE_BOUNCE;
    if (file->header == NULL || !file->header_placed) {
        return;
    }
    free(sendmail->header);
    sendmail->header = context_copy(file->header, strlen(file->header));
    queue_believe_header(sendmail->header, ret);
}

static void fill(struct sendmail *sendmail, const struct sendmail_dir *dir,
                 const struct sendmailfile *file, struct queue_message *ret)
{
    struct stat st;
    bool body = stat_body(sendmail, dir, file, &st);

    *ret = (struct queue_message){
        .id = sendmail->id,
        .arrival = file->created * 1000000,
        .size = body ? (int64_t)(file->header_bytes + (size_t)st.st_size) : -1,
        /* The control file is another one after each rewrite; the body's stays from arrival to the
           end. */
        .dev = body ? st.st_dev : sendmail->file.st.st_dev,
        .ino = body ? st.st_ino : sendmail->file.st.st_ino,
        .uid = submitter(sendmail, dir, file, body ? &st : NULL),
        .header = file->header,
        .login = file->login,
        .client = file->client,
        .sender = file->sender,
        .from = file->from,
        .subject = file->subject,
        .rcpts = file->rcpts,
        .reason = file->quarantine != NULL ? file->quarantine : file->reason,
    };
    for (size_t i = 0; i < QUEUE_SAMPLES; i++) {
        ret->rcpt[i] = file->rcpt[i];
    }
    set_origin(sendmail, file, ret);
}

/*
 * Reads the message whose control file has this name. Returns 1, 0 if it is gone or not yet in the
 * queue, -1 if it cannot be understood.
 */
static int load(struct context *ctx, struct sendmail *sendmail, const struct sendmail_dir *dir,
                const struct spool_locks *locks, const char *name, struct queue_message *ret)
{
    struct sendmailfile file;
    int read = spool_read(dir->control, name, &sendmail->file);

    if (read <= 0) {
        return read;
    }
    (void)snprintf(sendmail->id, sizeof sendmail->id, "%s", name + 2);
    switch (sendmailfile_parse(sendmail->file.text, sendmail->file.len, ctx->config.header.name,
                               &file)) {
    case SENDMAILFILE_WHOLE:
        break;
    case SENDMAILFILE_UNFINISHED:
        /* A new one is written in place, under a lock; a rewritten one is renamed. */
        return spool_locked(locks, &sendmail->file.st) || sendmail->file.st.st_nlink == 0 ? 0 : -1;
    case SENDMAILFILE_BAD:
        return -1;
    }
    fill(sendmail, dir, &file, ret);
    ret->state = name[0] == 'h'                            ? QUEUE_HELD
                 : spool_locked(locks, &sendmail->file.st) ? QUEUE_ACTIVE
                 : file.tries == 0                         ? QUEUE_INCOMING
                                                           : QUEUE_DEFERRED;
    return 1;
}

/* A file that cannot be understood may have been half written when it was read: once more, with the
 * locks of now. */
static int load_again(struct context *ctx, struct sendmail *sendmail,
                      const struct sendmail_dir *dir, const char *name, struct queue_message *ret)
{
    struct spool_locks *locks = spool_locks_read();
    int found = load(ctx, sendmail, dir, locks, name, ret);

    spool_locks_free(locks);
    return found;
}

static bool sendmail_list(struct context *ctx, void *handle,
                          bool (*each)(struct context *ctx, const struct queue_message *message,
                                       void *arg),
                          void *arg)
{
    struct sendmail *sendmail = handle;
    struct spool_locks *locks = spool_locks_read();
    struct queue_message message;
    size_t odd = 0;
    bool on = true;

    for (size_t d = 0; d < sendmail->dir_count && on; d++) {
        char **names, first[SENDMAIL_ID_MAX + 2] = "";
        size_t count;

        if (!spool_names(sendmail->dirs[d].control, "", &names, &count)) {
            context_problem(ctx, "cannot read the queue %s: %s", sendmail->dirs[d].path,
                            diag_errno(errno));
            continue;
        }
        for (size_t i = 0; i < count && on; i++) {
            int found = sendmailspool_control(names[i])
                            ? load(ctx, sendmail, &sendmail->dirs[d], locks, names[i], &message)
                            : 0;

            if (found < 0) {
                found = load_again(ctx, sendmail, &sendmail->dirs[d], names[i], &message);
            }
            if (found < 0) {
                (void)snprintf(first, sizeof first, "%s", names[i]);
                odd++;
            }
            on = found <= 0 || each(ctx, &message, arg);
        }
        if (odd > 0) {
            context_problem(ctx, "%zu messages in %s cannot be understood, %s among them", odd,
                            sendmail->dirs[d].path, first);
            odd = 0;
        }
        spool_names_free(names, count);
    }
    spool_locks_free(locks);
    return true;
}

static int sendmail_look(struct context *ctx, void *handle, const char *id,
                         struct queue_message *ret)
{
    struct sendmail *sendmail = handle;
    char name[SENDMAIL_ID_MAX + 2];

    if (!sendmailspool_id(id)) {
        return 0;
    }
    /* Twice: between our two looks it may have been renamed. */
    for (int round = 0; round < 2; round++) {
        for (size_t d = 0; d < sendmail->dir_count; d++) {
            for (const char *type = "hq"; *type != '\0'; type++) {
                (void)snprintf(name, sizeof name, "%cf%s", *type, id);
                if (spool_exists(sendmail->dirs[d].control, name) &&
                    load_again(ctx, sendmail, &sendmail->dirs[d], name, ret) == 1) {
                    return 1;
                }
            }
        }
    }
    return 0;
}

static long sendmail_hold(struct context *ctx, void *handle, const char *const *ids, size_t n,
                          const char *reason)
{
    return sendmailact_quarantine(
        ctx, handle, ids, n, reason != NULL && *reason != '\0' ? reason : "held by mailorigin");
}

static long sendmail_release(struct context *ctx, void *handle, const char *const *ids, size_t n)
{
    return sendmailact_release(ctx, handle, ids, n);
}

static long sendmail_drop(struct context *ctx, void *handle, const char *const *ids, size_t n)
{
    return sendmailact_drop(ctx, handle, ids, n);
}

const struct queue_mta queue_sendmail = {
    .name = "sendmail",
    .present = sendmailspool_present,
    .open = sendmail_open,
    .close = sendmail_close,
    .list = sendmail_list,
    .look = sendmail_look,
    .hold = sendmail_hold,
    .release = sendmail_release,
    .drop = sendmail_drop,
};
