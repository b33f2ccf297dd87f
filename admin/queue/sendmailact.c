/*
 * sendmailact - see sendmailact.h. Hostile: ids that are parts of one another, and a queue that
 * changes meanwhile. Where it is not certain that exactly one message is meant, it is left alone
 * and named.
 */
#include "queue/sendmailact.h"

#include "context.h"
#include "run.h"
#include "wrapper/diag.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/file.h>
#include <unistd.h>

#define IDS_A_RUN 500 /* Sendmail compares each file's name with each of them */

/* --- exactly these ids ---------------------------------------------------------------------- */

/* One of the ids that are to be acted on. */
struct wanted {
    const char *id;
    size_t found; /* files of that very id */
    const struct sendmail_dir *dir;
    const char *clash; /* another id that this one is part of */
};

static int compare_wanted(const void *a, const void *b)
{
    return strcasecmp(((const struct wanted *)a)->id, ((const struct wanted *)b)->id);
}

static void note_clash(struct wanted *wanted, const struct sendmail_dir *dir, const char *name)
{
    if (strcmp(name + 2, wanted->id) == 0) {
        wanted->found++;
        wanted->dir = dir;
    } else if (wanted->clash == NULL) {
        wanted->clash = context_copy(name + 2, strlen(name + 2));
    }
}

/* Holds a part of a file's name, at[0..len), against the sorted ids. */
static void match_part(struct wanted *wanted, size_t n, const struct sendmail_dir *dir,
                       const char *name, const char *at, size_t len)
{
    char part[SENDMAIL_ID_MAX];
    struct wanted key = {.id = part}, *hit;

    memcpy(part, at, len);
    part[len] = '\0';
    hit = bsearch(&key, wanted, n, sizeof *wanted, compare_wanted);
    if (hit == NULL) {
        return;
    }
    while (hit > wanted && compare_wanted(hit - 1, &key) == 0) {
        hit--;
    }
    for (; hit < wanted + n && compare_wanted(hit, &key) == 0; hit++) {
        note_clash(hit, dir, name);
    }
}

/* Holds every part of a file's name that is as long as some id against the ids. */
static void match_name(struct wanted *wanted, size_t n, const bool *lengths,
                       const struct sendmail_dir *dir, const char *name)
{
    size_t whole = strlen(name);

    for (size_t start = 0; start < whole; start++) {
        for (size_t len = 1; len < SENDMAIL_ID_MAX && start + len <= whole; len++) {
            if (lengths[len]) {
                match_part(wanted, n, dir, name, name + start, len);
            }
        }
    }
}

/*
 * Finds the ids in the queues. Sendmail acts on every message whose file name holds the id anywhere
 * (gatherq(): a substring, in some versions in any case), so each is compared with all that is
 * there, in both queues, right before it is used.
 */
static bool match_queue(struct context *ctx, const struct sendmail *sendmail, struct wanted *wanted,
                        size_t n)
{
    bool lengths[SENDMAIL_ID_MAX] = {false};

    for (size_t i = 0; i < n; i++) {
        lengths[strlen(wanted[i].id)] = true;
    }
    qsort(wanted, n, sizeof *wanted, compare_wanted);
    for (size_t d = 0; d < sendmail->dir_count; d++) {
        char **names;
        size_t count;

        if (!spool_names(sendmail->dirs[d].control, "", &names, &count)) {
            (void)context_fail(ctx, "cannot read the queue %s: %s", sendmail->dirs[d].path,
                               diag_errno(errno));
            return false;
        }
        for (size_t i = 0; i < count; i++) {
            if (sendmailspool_control(names[i])) {
                match_name(wanted, n, lengths, &sendmail->dirs[d], names[i]);
            }
        }
        spool_names_free(names, count);
    }
    return true;
}

/* Whether it can be named to Sendmail so that it acts on this message and no other. */
static bool is_exact(struct context *ctx, const struct wanted *wanted)
{
    if (wanted->clash != NULL) {
        context_problem(
            ctx, "%s is left alone: Sendmail would take its id for %s, too, which it is part of",
            wanted->id, wanted->clash);
        return false;
    }
    if (wanted->found > 1) {
        context_problem(ctx, "%s is left alone: there are %zu messages of that id", wanted->id,
                        wanted->found);
        return false;
    }
    return wanted->found == 1;
}

/* --- quarantine ----------------------------------------------------------------------------- */

/*
 * One run of Sendmail over ids of one of the two queues. With -qQ it looks at what is held, else at
 * what is not. QueueSortOrder: it need not open every file to sort them.
 */
static void run(struct context *ctx, const struct sendmail *sendmail, bool submission,
                const char *quarantine, bool held, char *const *ids, size_t n)
{
    const char **argv = context_alloc((n + 6) * sizeof *argv);
    size_t argc = 0, len = strlen(quarantine) + sizeof "-Q";
    char *reason = context_alloc(len);
    struct run_result result;

    (void)snprintf(reason, len, "-Q%s", quarantine);
    argv[argc++] = sendmail->program;
    argv[argc++] = submission ? "-Ac" : "-Am";
    argv[argc++] = "-OQueueSortOrder=none";
    if (held) {
        argv[argc++] = "-qQ";
    }
    for (size_t i = 0; i < n; i++) {
        argv[argc++] = ids[i];
    }
    argv[argc++] = reason; /* last: an empty -Q must not take a word after it */
    argv[argc] = NULL;
    if (run_program(ctx, argv, "", 0, &result) == 0) {
        if (result.status != 0) {
            context_problem(ctx, "%s %s -Q ended with status %d: %s", sendmail->program, argv[1],
                            result.status, run_reason(&result));
        }
        run_free(&result);
    } else {
        ctx->partial = true;
    }
    free(reason);
    free(argv);
}

static long run_all(struct context *ctx, const struct sendmail *sendmail, struct wanted *wanted,
                    size_t n, const char *quarantine, bool held)
{
    char **ids = context_alloc(IDS_A_RUN * sizeof *ids);
    long told = 0;

    for (int submission = 0; submission < 2; submission++) {
        for (size_t i = 0, count = 0; i < n; i++) {
            if (wanted[i].found == 1 && wanted[i].dir->submission == (submission == 1)) {
                size_t len = strlen(wanted[i].id) + sizeof "-qI";

                ids[count] = context_alloc(len);
                (void)snprintf(ids[count++], len, "-qI%s", wanted[i].id);
            }
            if (count == IDS_A_RUN || (i + 1 == n && count > 0)) {
                run(ctx, sendmail, submission == 1, quarantine, held, ids, count);
                told += (long)count;
                while (count > 0) {
                    free(ids[--count]);
                }
            }
        }
    }
    free(ids);
    return told;
}

static long act(struct context *ctx, const struct sendmail *sendmail, const char *const *ids,
                size_t n, const char *quarantine, bool held)
{
    struct wanted *wanted = context_alloc((n + 1) * sizeof *wanted);
    size_t count = 0;
    long told = -1;

    if (sendmail->program == NULL) {
        free(wanted);
        (void)context_fail(ctx, "Sendmail's program is not here");
        return -1;
    }
    for (size_t i = 0; i < n; i++) {
        if (sendmailspool_id(ids[i])) {
            wanted[count++] = (struct wanted){.id = ids[i]};
        }
    }
    if (count == 0) {
        told = 0;
    } else if (match_queue(ctx, sendmail, wanted, count)) {
        for (size_t i = 0; i < count; i++) {
            if (!is_exact(ctx, &wanted[i])) {
                wanted[i].found = 0;
            }
        }
        told = run_all(ctx, sendmail, wanted, count, quarantine, held);
    }
    for (size_t i = 0; i < count; i++) {
        free((char *)(uintptr_t)wanted[i].clash);
    }
    free(wanted);
    return told;
}

long sendmailact_quarantine(struct context *ctx, struct sendmail *sendmail, const char *const *ids,
                            size_t n, const char *reason)
{
    return act(ctx, sendmail, ids, n, reason, false);
}

/* An empty reason takes the quarantine off. */
long sendmailact_release(struct context *ctx, struct sendmail *sendmail, const char *const *ids,
                         size_t n)
{
    return act(ctx, sendmail, ids, n, "", true);
}

/* --- drop ----------------------------------------------------------------------------------- */

/* As readqf() does after it has the lock: the file of that name must still be the one that was
 * opened. */
static bool still_there(int fd, int dir, const char *name)
{
    struct stat open, now;

    return fstat(fd, &open) == 0 && fstatat(dir, name, &now, AT_SYMLINK_NOFOLLOW) == 0 &&
           S_ISREG(now.st_mode) && open.st_nlink == 1 && now.st_nlink == 1 &&
           open.st_dev == now.st_dev && open.st_ino == now.st_ino && open.st_size == now.st_size &&
           open.st_uid == now.st_uid && open.st_gid == now.st_gid;
}

/*
 * The directory of a message's body. In the control file, which its sender wrote a good part of, a
 * record says where it is; root finds it by its name instead. Returns false if there are several of
 * that name; ret is NULL if there is none.
 */
static bool find_body(const struct sendmail *sendmail, const struct sendmail_dir *dir,
                      const char *id, const struct sendmail_dir **ret)
{
    char name[SENDMAIL_ID_MAX + 2];
    size_t found = 0;

    *ret = NULL;
    (void)snprintf(name, sizeof name, "df%s", id);
    for (size_t i = 0; i < sendmail->dir_count; i++) {
        const struct sendmail_dir *other = &sendmail->dirs[i];

        if (other->submission == dir->submission && spool_exists(other->body, name)) {
            *ret = other;
            found++;
        }
    }
    return found <= 1;
}

/* Removes the files of a held message whose control file is locked: that one first, so that no half
 * of it is ever sent. */
static bool remove_files(struct context *ctx, const struct sendmail *sendmail,
                         const struct sendmail_dir *dir, const char *id)
{
    const struct sendmail_dir *body;
    char name[SENDMAIL_ID_MAX + 2];

    if (!find_body(sendmail, dir, id, &body)) {
        context_problem(ctx, "%s is left alone: there are several bodies of that id", id);
        return false;
    }
    (void)snprintf(name, sizeof name, "hf%s", id);
    if (unlinkat(dir->control, name, 0) != 0) {
        return false;
    }
    name[0] = 'd';
    if (body != NULL) {
        (void)unlinkat(body->body, name, 0);
    }
    name[0] = 'x';
    (void)unlinkat(dir->transcript, name, 0);
    return true;
}

static bool drop_one(struct context *ctx, const struct sendmail *sendmail,
                     const struct sendmail_dir *dir, const char *id)
{
    char name[SENDMAIL_ID_MAX + 2], twin[SENDMAIL_ID_MAX + 2];
    bool done;
    int fd;

    (void)snprintf(name, sizeof name, "hf%s", id);
    (void)snprintf(twin, sizeof twin, "qf%s", id);
    fd = openat(dir->control, name, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0) {
        return false;
    }
    done = flock(fd, LOCK_EX | LOCK_NB) == 0 && still_there(fd, dir->control, name) &&
           !spool_exists(dir->control, twin) && remove_files(ctx, sendmail, dir, id);
    (void)close(fd); /* and with it the lock */
    return done;
}

long sendmailact_drop(struct context *ctx, struct sendmail *sendmail, const char *const *ids,
                      size_t n)
{
    long dropped = 0;

    for (size_t i = 0; i < n; i++) {
        size_t here = 0;
        const struct sendmail_dir *where = NULL;

        for (size_t d = 0; d < sendmail->dir_count && sendmailspool_id(ids[i]); d++) {
            char name[SENDMAIL_ID_MAX + 2];

            (void)snprintf(name, sizeof name, "hf%s", ids[i]);
            if (spool_exists(sendmail->dirs[d].control, name)) {
                where = &sendmail->dirs[d];
                here++;
            }
            name[0] = 'q';
            here += spool_exists(sendmail->dirs[d].control, name);
        }
        if (where != NULL && here > 1) {
            context_problem(ctx, "%s is left alone: there are %zu messages of that id", ids[i],
                            here);
        } else if (where != NULL) {
            dropped += drop_one(ctx, sendmail, where, ids[i]);
        }
    }
    return dropped;
}
