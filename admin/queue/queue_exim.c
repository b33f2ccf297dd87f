/*
 * queue_exim - Exim's spool: -H files, in one directory or split over many, in the main queue and
 * in named ones.
 *
 * Hostile: what is in the spool files, and that they change while they are read. Who submitted a
 * message Exim knows itself: it is set-user-id and writes its caller's real uid into -H. Exim's
 * manual calls its spool files no interface; what is read here has been the same since Exim 4.0 but
 * for lines that were added.
 *
 * No lock is taken: whether a message is in delivery is asked of the kernel (F_OFD_GETLK).
 */
#include "context.h"
#include "queue/eximfile.h"
#include "queue/eximspool.h"
#include "queue/queue.h"
#include "queue/spool.h"
#include "run.h"
#include "wrapper/diag.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ID_MAX (EXIMFILE_ID_NEW + 1)
#define IDS_A_RUN 2000 /* 48 KiB of arguments */
#define REASON_MAX 1024

struct state {
    struct eximspool spool;
    struct spool_file file, journal;
    char *header; /* a copy of our header, taken apart */
    char reason[REASON_MAX];
};

static bool exim_present(void)
{
    return eximspool_program() != NULL;
}

static void exim_close(void *handle)
{
    struct state *state = handle;

    eximspool_close(&state->spool);
    free(state->header);
    spool_file_free(&state->file);
    spool_file_free(&state->journal);
    free(state);
}

static void *exim_open(struct context *ctx)
{
    struct state *state = context_alloc(sizeof *state);

    *state = (struct state){.spool = {.dir = -1}};
    if (!eximspool_open(ctx, &state->spool)) {
        exim_close(state);
        return NULL;
    }
    return state;
}

/* --- a message ------------------------------------------------------------------------------ */

/* Whether another process has the lock on a body file: its first line, the length of its name
 * (src/spool_in.c). */
static bool is_locked(int fd, const char *id)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = (off_t)strlen(id) + 3};

    return fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

/* What the body file tells: the identity, which stays while -H is replaced, the size, and whether
 * it is in delivery. */
static bool look_at_body(const struct state *state, const struct eximspool_place *place,
                         const struct eximfile *file, struct queue_message *ret)
{
    char name[sizeof place->dir + ID_MAX + 4];
    struct stat st;
    bool found;
    int fd;

    (void)snprintf(name, sizeof name, "%s/%s-D", place->dir, file->id);
    fd = openat(state->spool.dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    found = fd >= 0 && fstat(fd, &st) == 0;
    if (found) {
        off_t line = (off_t)strlen(file->id) + 3;

        ret->dev = st.st_dev;
        ret->ino = st.st_ino;
        ret->size = (int64_t)file->header_bytes + (st.st_size > line ? st.st_size - line : 0);
        if (is_locked(fd, file->id)) {
            ret->state = QUEUE_ACTIVE;
        }
    }
    if (fd >= 0) {
        (void)close(fd);
    }
    return found;
}

/*
 * The last line that Exim wrote into the message's own log, without its time: why it is still here.
 * Absent with message_logs off, and before the first try.
 */
static const char *read_reason(struct state *state, const struct eximspool_place *place,
                               const struct eximfile *file)
{
    char name[sizeof place->dir + ID_MAX + 4], *text = state->reason, *end;
    const char *input = strstr(place->dir, "input");
    ssize_t len = -1;
    struct stat st;
    int fd;

    (void)snprintf(name, sizeof name, "%.*smsglog%s/%s", (int)(input - place->dir), place->dir,
                   input + strlen("input"), file->id);
    fd = openat(state->spool.dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd >= 0) {
        if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
            off_t from = st.st_size > REASON_MAX - 1 ? st.st_size - (REASON_MAX - 1) : 0;

            len = pread(fd, text, REASON_MAX - 1, from);
        }
        (void)close(fd);
    }
    while (len > 0 && text[len - 1] == '\n') {
        len--;
    }
    if (len <= 0) {
        return NULL;
    }
    text[len] = '\0';
    end = strrchr(text, '\n');
    text = end != NULL ? end + 1 : text;
    if (strlen(text) > 20 && isdigit((unsigned char)text[0]) && text[4] == '-' && text[19] == ' ') {
        text += 20;
    }
    /* Its arrival is no reason, nor is a freeze that is over. */
    return strncmp(text, "Received from ", strlen("Received from ")) == 0 ||
                   (!file->frozen && strncmp(text, "*** ", 4) == 0)
               ? NULL
               : text;
}

static void set_origin(struct state *state, const struct eximfile *file, struct queue_message *ret)
{
    if (!file->local) {
        ret->origin = file->login != NULL ? QUEUE_SASL : QUEUE_NETWORK;
    } else if (*file->sender == '\0' && file->uid == (long long)state->spool.owner) {
        ret->origin = QUEUE_BOUNCE;
    } else {
        ret->origin = QUEUE_UID;
        ret->uid = file->uid;
    }
    if (file->header == NULL || !file->header_placed) {
        return;
    }
    free(state->header);
    state->header = context_copy(file->header, strlen(file->header));
    queue_believe_header(state->header, ret);
}

static void fill(struct state *state, const struct eximspool_place *place,
                 const struct eximfile *file, struct queue_message *ret)
{
    *ret = (struct queue_message){
        .id = file->id,
        .state = file->first ? QUEUE_INCOMING : QUEUE_DEFERRED,
        .arrival = file->received,
        .size = -1,
        .dev = state->file.st.st_dev,
        .ino = state->file.st.st_ino,
        .uid = -1,
        .header = file->header,
        .login = file->local ? NULL : file->login,
        .client = file->local ? NULL : file->client,
        .sender = file->sender,
        .from = file->from,
        .subject = file->subject,
        .rcpts = file->rcpts,
        .reason = read_reason(state, place, file),
    };
    for (size_t i = 0; i < QUEUE_SAMPLES; i++) {
        ret->rcpt[i] = file->rcpt[i];
    }
    (void)look_at_body(state, place, file, ret);
    if (file->frozen) {
        ret->state = QUEUE_HELD;
    }
    set_origin(state, file, ret);
}

/* Returns 1, 0 if the message is gone, -1 if its file cannot be understood. */
static int load(struct context *ctx, struct state *state, const struct eximspool_place *place,
                const char *id, struct queue_message *ret)
{
    char name[sizeof place->dir + ID_MAX + 4];
    struct eximfile file;
    int read;

    (void)snprintf(name, sizeof name, "%s/%s-H", place->dir, id);
    read = spool_read(state->spool.dir, name, &state->file);
    if (read <= 0) {
        return read;
    }
    (void)snprintf(name, sizeof name, "%s/%s-J", place->dir, id);
    read = spool_read(state->spool.dir, name, &state->journal);
    if (!eximfile_parse(state->file.text, state->file.len, read == 1 ? state->journal.text : NULL,
                        state->journal.len, ctx->config.header.name, &file) ||
        strcmp(file.id, id) != 0) {
        return -1;
    }
    fill(state, place, &file, ret);
    return 1;
}

/* --- all of them ---------------------------------------------------------------------------- */

struct listing {
    struct context *ctx;
    struct state *state;
    bool (*each)(struct context *ctx, const struct queue_message *message, void *arg);
    void *arg;
    size_t odd;
    char first[ID_MAX];
};

static bool list_one(struct listing *listing, const struct eximspool_place *place, char *name)
{
    struct queue_message message;
    size_t len = strlen(name);
    int found;

    if (len < 3 || strcmp(name + len - 2, "-H") != 0 || !eximfile_id(name, len - 2)) {
        return true;
    }
    name[len - 2] = '\0';
    found = load(listing->ctx, listing->state, place, name, &message);
    if (found < 0 && listing->odd++ == 0) {
        (void)snprintf(listing->first, sizeof listing->first, "%s", name);
    }
    return found <= 0 || listing->each(listing->ctx, &message, listing->arg);
}

static bool list_place(const struct eximspool_place *place, void *arg)
{
    struct listing *listing = arg;
    int dir = openat(listing->state->spool.dir, place->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    char **names;
    size_t count;
    bool on = true;

    if (dir < 0 || !spool_names(dir, "", &names, &count)) {
        if (errno != ENOENT) {
            context_problem(listing->ctx, "cannot read %s in Exim's spool directory: %s",
                            place->dir, diag_errno(errno));
        }
    } else {
        for (size_t i = 0; i < count && on; i++) {
            on = list_one(listing, place, names[i]);
        }
        spool_names_free(names, count);
    }
    if (dir >= 0) {
        (void)close(dir);
    }
    return on;
}

static bool exim_list(struct context *ctx, void *handle,
                      bool (*each)(struct context *ctx, const struct queue_message *message,
                                   void *arg),
                      void *arg)
{
    struct state *state = handle;
    struct listing listing = {.ctx = ctx, .state = state, .each = each, .arg = arg};

    eximspool_each(ctx, &state->spool, NULL, list_place, &listing);
    if (listing.odd > 0) {
        context_problem(ctx, "%zu messages in Exim's queue cannot be understood, %s among them",
                        listing.odd, listing.first);
    }
    return true;
}

struct search {
    struct context *ctx;
    struct state *state;
    const char *id;
    struct queue_message *message;
    bool found;
};

static bool look_place(const struct eximspool_place *place, void *arg)
{
    struct search *search = arg;

    search->found = load(search->ctx, search->state, place, search->id, search->message) == 1;
    return !search->found;
}

static int exim_look(struct context *ctx, void *state, const char *id, struct queue_message *ret)
{
    struct search search = {.ctx = ctx, .state = state, .id = id, .message = ret};

    if (eximfile_id(id, strlen(id))) {
        eximspool_each(ctx, &search.state->spool, id, look_place, &search);
    }
    return search.found;
}

/* --- the actions ---------------------------------------------------------------------------- */

/* Where a message is. Its file is not read: this is done as root. */
struct place_search {
    const struct state *state;
    const char *id;
    struct eximspool_place place;
    bool found;
};

static bool is_place(const struct eximspool_place *place, void *arg)
{
    struct place_search *search = arg;
    char name[sizeof place->dir + ID_MAX + 4];

    (void)snprintf(name, sizeof name, "%s/%s-H", place->dir, search->id);
    search->found = spool_exists(search->state->spool.dir, name);
    search->place = *place;
    return !search->found;
}

static bool find_place(struct context *ctx, const struct state *state, const char *id,
                       struct eximspool_place *ret)
{
    struct place_search search = {.state = state, .id = id};

    if (eximfile_id(id, strlen(id))) {
        eximspool_each(ctx, &state->spool, id, is_place, &search);
    }
    *ret = search.place;
    return search.found;
}

/*
 * One run of Exim over some ids, in the main queue or a named one (-qG). It goes on after one that
 * is gone, locked or frozen already, and then ends with 1: no error to us, who look again.
 */
static bool run(struct context *ctx, const struct state *state, const char *action,
                const char *queue, const char *const *ids, size_t n)
{
    const char **argv = context_alloc((n + 4) * sizeof *argv);
    char option[NAME_MAX + 8];
    struct run_result result;
    size_t argc = 0;
    bool done;

    argv[argc++] = state->spool.program;
    if (*queue != '\0') {
        (void)snprintf(option, sizeof option, "-qG%s", queue);
        argv[argc++] = option;
    }
    argv[argc++] = action;
    memcpy(argv + argc, ids, n * sizeof *ids);
    argv[argc + n] = NULL;
    done = run_program(ctx, argv, "", 0, &result) == 0;
    if (done) {
        if (result.status > 1) {
            (void)context_fail(ctx, "%s %s ended with status %d: %s", state->spool.program, action,
                               result.status, run_reason(&result));
            done = false;
        }
        run_free(&result);
    }
    free(argv);
    return done;
}

/*
 * Those of the ids that have this length: of the main queue together, the few of named ones each by
 * itself. Returns on how many, -1 after a message.
 */
static long act_on_length(struct context *ctx, struct state *state, const char *action,
                          const char *const *ids, size_t n, size_t length)
{
    const char **chosen = context_alloc(IDS_A_RUN * sizeof *chosen);
    size_t count = 0;
    long told = 0;
    bool on = true;

    for (size_t i = 0; i < n && on; i++) {
        struct eximspool_place place;

        if (strlen(ids[i]) == length && find_place(ctx, state, ids[i], &place)) {
            told++;
            if (*place.queue != '\0') {
                on = run(ctx, state, action, place.queue, &ids[i], 1);
            } else {
                chosen[count++] = ids[i];
            }
        }
        if (on && count == IDS_A_RUN) {
            on = run(ctx, state, action, "", chosen, count);
            count = 0;
        }
    }
    on = on && (count == 0 || run(ctx, state, action, "", chosen, count));
    free(chosen);
    return on ? told : -1;
}

/* One word that Exim does not take for an id, and it does nothing at all: the ids of 4.97 and later
 * do not go with those that every version knows. */
static long act(struct context *ctx, struct state *state, const char *action,
                const char *const *ids, size_t n)
{
    long older, newer;

    if (state->spool.program == NULL) {
        (void)context_fail(ctx, "Exim's program is not here");
        return -1;
    }
    older = act_on_length(ctx, state, action, ids, n, EXIMFILE_ID_OLD);
    newer = older < 0 ? -1 : act_on_length(ctx, state, action, ids, n, EXIMFILE_ID_NEW);
    return newer < 0 ? -1 : older + newer;
}

static long exim_hold(struct context *ctx, void *state, const char *const *ids, size_t n,
                      const char *reason)
{
    (void)reason;
    return act(ctx, state, "-Mf", ids, n);
}

static long exim_release(struct context *ctx, void *state, const char *const *ids, size_t n)
{
    return act(ctx, state, "-Mt", ids, n);
}

static long exim_drop(struct context *ctx, void *state, const char *const *ids, size_t n)
{
    return act(ctx, state, "-Mrm", ids, n);
}

const struct queue_mta queue_exim = {
    .name = "exim",
    .present = exim_present,
    .open = exim_open,
    .close = exim_close,
    .list = exim_list,
    .look = exim_look,
    .hold = exim_hold,
    .release = exim_release,
    .drop = exim_drop,
};
