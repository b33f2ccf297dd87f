/*
 * queue_postfix - Postfix's queue, read from its files; changed by postsuper(1) alone.
 *
 * No lock is taken, and Postfix may run or not. A message moves between incoming, active, deferred
 * and hold by rename(2) while we look, so every id counts once, and what slipped by is looked for
 * again.
 */
#include "args.h"
#include "context.h"
#include "queue/postfixfile.h"
#include "queue/queue.h"
#include "run.h"
#include "strset.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEPTH_MAX 4     /* of subdirectories by hash_queue_depth */
#define ROUNDS_MAX 4    /* looks at a queue that keeps changing */
#define MAILDROP_AGE 60 /* seconds after which pickup(8) should have taken a file */

/* In the order in which mail goes through them, so that most of what moves is met later. */
static const struct {
    const char *name;
    enum queue_state state;
} queues[] = {
    {"incoming", QUEUE_INCOMING},
    {"active", QUEUE_ACTIVE},
    {"deferred", QUEUE_DEFERRED},
    {"hold", QUEUE_HELD},
};
#define QUEUES (sizeof queues / sizeof *queues)
#define DEFER QUEUES /* the directory of that name, where bounce(8) notes why mail waits */

struct postfix {
    char config[PATH_MAX];      /* of the instance */
    char spool[PATH_MAX];       /* queue_directory */
    char programs[PATH_MAX];    /* command_directory */
    int dirs[QUEUES + 1];       /* of queues, and DEFER; O_PATH; -1: not there */
    unsigned depth[QUEUES + 1]; /* at which a file was found last: looked at first */
    struct postfixfile file;    /* the last one read */
    char id[128], reason[512];
};

static const char *find_postconf(void)
{
    static const char *const places[] = {"/usr/sbin/postconf", "/usr/local/sbin/postconf",
                                         "/opt/postfix/sbin/postconf"};

    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        if (access(places[i], X_OK) == 0) {
            return places[i];
        }
    }
    return NULL;
}

static bool postfix_present(void)
{
    return find_postconf() != NULL && access("/etc/postfix/main.cf", F_OK) == 0;
}

/* --- where it is ----------------------------------------------------------------------------- */

static bool copy_path(struct context *ctx, char to[PATH_MAX], const char *what, const char *text)
{
    size_t n = strlen(text);

    if (*text != '/' || n >= PATH_MAX) {
        context_fail(ctx, "%s is no absolute path: %s", what, text);
        return false;
    }
    memcpy(to, text, n + 1);
    return true;
}

/* The configuration directory of an instance by its name, from "postmulti -l": name, group,
 * enabled, directory. */
static bool find_instance(struct context *ctx, const char *postmulti, const char *name,
                          char ret[PATH_MAX])
{
    const char *argv[] = {postmulti, "-l", NULL};
    struct run_result result;
    bool found = false;
    char *cursor = NULL;

    if (run_program(ctx, argv, "", 0, &result) != 0) {
        return false;
    }
    for (char *line = strtok_r(result.output, "\n", &cursor); line != NULL && !found;
         line = strtok_r(NULL, "\n", &cursor)) {
        char *in_line = NULL, *field = strtok_r(line, " \t", &in_line);

        if (field != NULL && strcmp(field, name) == 0) {
            for (int i = 0; i < 3 && field != NULL; i++) {
                field = strtok_r(NULL, " \t", &in_line);
            }
            found = field != NULL && copy_path(ctx, ret, "the instance's directory", field);
        }
    }
    run_free(&result);
    if (!found) {
        context_fail(ctx, "no Postfix instance %s; \"postmulti -l\" lists them", name);
    }
    return found;
}

static bool choose_instance(struct context *ctx, const char *postconf, char ret[PATH_MAX])
{
    const char *wanted = args_get(ctx->args, "instance");
    char postmulti[PATH_MAX];

    if (wanted == NULL) {
        return copy_path(ctx, ret, "the configuration", "/etc/postfix");
    }
    if (*wanted == '/') {
        return copy_path(ctx, ret, "--instance", wanted);
    }
    (void)snprintf(postmulti, sizeof postmulti, "%.*smulti",
                   (int)(strlen(postconf) - strlen("conf")), postconf);
    return find_instance(ctx, postmulti, wanted, ret);
}

/* postconf -h prints the values in the order of the names. */
static bool read_settings(struct context *ctx, struct postfix *postfix, char *output)
{
    char *rest = output;
    const char *spool = strsep(&rest, "\n"), *programs = strsep(&rest, "\n");
    const char *others = strsep(&rest, "\n");

    if (spool == NULL || programs == NULL || others == NULL ||
        !copy_path(ctx, postfix->spool, "queue_directory", spool) ||
        !copy_path(ctx, postfix->programs, "command_directory", programs)) {
        return false;
    }
    if (*others != '\0' && !args_has(ctx->args, "instance")) {
        context_warn(ctx, "this is %s only; there are other Postfix instances (%s): --instance DIR",
                     postfix->config, others);
    }
    return true;
}

static void open_directories(struct postfix *postfix)
{
    char path[PATH_MAX + 16];

    for (size_t i = 0; i <= DEFER; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", postfix->spool,
                       i == DEFER ? "defer" : queues[i].name);
        postfix->dirs[i] = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
        postfix->depth[i] = 0;
    }
}

static void *postfix_open(struct context *ctx)
{
    struct postfix *postfix = context_alloc(sizeof *postfix);
    const char *postconf = find_postconf();
    const char *argv[] = {postconf,
                          "-c",
                          postfix->config,
                          "-h",
                          "queue_directory",
                          "command_directory",
                          "multi_instance_directories",
                          NULL};
    struct run_result result;
    bool good = false;

    if (postconf == NULL) {
        context_fail(ctx, "no Postfix here: there is no /usr/sbin/postconf");
    } else if (choose_instance(ctx, postconf, postfix->config) &&
               run_program(ctx, argv, "", 0, &result) == 0) {
        if (result.status == 0) {
            good = read_settings(ctx, postfix, result.output);
        } else {
            context_fail(ctx, "postconf: %s", run_reason(&result));
        }
        run_free(&result);
    }
    if (!good) {
        free(postfix);
        return NULL;
    }
    open_directories(postfix);
    return postfix;
}

static void postfix_close(void *state)
{
    struct postfix *postfix = state;

    for (size_t i = 0; i < sizeof postfix->dirs / sizeof *postfix->dirs; i++) {
        if (postfix->dirs[i] >= 0) {
            close(postfix->dirs[i]);
        }
    }
    free(state);
}

/* --- one message ----------------------------------------------------------------------------- */

/* Opens [h/[h/...]]name below a queue's directory, with depth levels of subdirectories. */
static int open_hashed(const struct postfix *postfix, size_t queue, const char *name,
                       unsigned depth)
{
    char path[256], hash[6] = "";
    size_t n = 0, len = strlen(name);

    if (depth > 0) {
        postfixfile_hash(name, hash);
    }
    for (unsigned i = 0; i < depth; i++) {
        path[n++] = hash[i];
        path[n++] = '/';
    }
    memcpy(path + n, name, len + 1); /* it fits: postfixfile_is_id */
    return openat(postfix->dirs[queue], path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
}

static int open_anywhere(struct postfix *postfix, size_t queue, const char *name)
{
    int fd = open_hashed(postfix, queue, name, postfix->depth[queue]);

    for (unsigned depth = 0; depth < DEPTH_MAX && fd < 0; depth++) {
        fd = depth != postfix->depth[queue] ? open_hashed(postfix, queue, name, depth) : -1;
        if (fd >= 0) {
            postfix->depth[queue] = depth;
        }
    }
    return fd;
}

/* Why it waits: bounce(8) notes it in the file of that name below "defer". */
static const char *find_reason(void *state, const struct queue_message *message)
{
    struct postfix *postfix = state;
    char text[4096];
    ssize_t n = 0;
    int fd = open_anywhere(postfix, DEFER, message->id);

    if (fd >= 0) {
        n = read(fd, text, sizeof text);
        close(fd);
    }
    return n > 0 && postfixfile_reason(text, (size_t)n, postfix->reason, sizeof postfix->reason)
               ? postfix->reason
               : NULL;
}

enum reading { READING_DONE, READING_NOT_YET, READING_BROKEN };

/* Reads an open queue file; fd is closed. NOT_YET: no queue file, or cleanup(8) still writes it (no
 * x bit). */
static enum reading read_message(struct context *ctx, struct postfix *postfix, int fd,
                                 const char *id, enum queue_state state)
{
    struct queue_message *message = &postfix->file.message;
    enum postfixfile_result result = postfixfile_read(fd, ctx->config.header.name, &postfix->file);

    close(fd);
    /* As it was before it was read. */
    if (!S_ISREG(postfix->file.st.st_mode) || (postfix->file.st.st_mode & S_IXUSR) == 0) {
        return READING_NOT_YET;
    }
    if (result != POSTFIXFILE_READ) {
        return READING_BROKEN;
    }
    memcpy(postfix->id, id, strlen(id) + 1); /* it fits: postfixfile_is_id */
    message->id = postfix->id;
    message->state = state;
    if (state == QUEUE_DEFERRED || state == QUEUE_HELD) {
        message->find_reason = find_reason;
        message->finder = postfix;
    }
    return READING_DONE;
}

static int postfix_look(struct context *ctx, void *state, const char *id, struct queue_message *ret)
{
    struct postfix *postfix = state;

    if (!postfixfile_is_id(id)) {
        return 0;
    }
    /* Backwards: what is looked at is mostly held. Twice: it may have gone the other way meanwhile.
     */
    for (size_t i = 2 * QUEUES; i-- > 0;) {
        int fd = open_anywhere(postfix, i % QUEUES, id);

        if (fd >= 0 &&
            read_message(ctx, postfix, fd, id, queues[i % QUEUES].state) == READING_DONE) {
            *ret = postfix->file.message;
            return 1;
        }
    }
    return 0;
}

/* --- all messages ---------------------------------------------------------------------------- */

struct walk {
    struct context *ctx;
    struct postfix *postfix;
    bool (*each)(struct context *ctx, const struct queue_message *message, void *arg);
    void *arg;
    struct strset seen;
    size_t broken; /* files that could not be understood */
    char example[256];
    bool found; /* a new message, in this round */
    bool stop, failed;
};

static void walk_file(struct walk *walk, int dir, const char *name, enum queue_state state)
{
    int fd;

    if (strset_has(&walk->seen, name)) {
        return;
    }
    fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) { /* moved on or gone: the next round knows */
        walk->found = walk->found || errno == ENOENT;
        return;
    }
    switch (read_message(walk->ctx, walk->postfix, fd, name, state)) {
    case READING_DONE:
        strset_add(&walk->seen, name);
        walk->found = true;
        walk->stop = !walk->each(walk->ctx, &walk->postfix->file.message, walk->arg);
        break;
    case READING_BROKEN:
        strset_add(&walk->seen, name);
        if (walk->broken++ == 0) {
            (void)snprintf(walk->example, sizeof walk->example, "%s", name);
        }
        break;
    case READING_NOT_YET:
        break;
    }
}

/* A directory and its subdirectories of one character. dir is taken over. */
/* NOLINTNEXTLINE(misc-no-recursion): DEPTH_MAX bounds it */
static void walk_dir(struct walk *walk, int dir, enum queue_state state, unsigned depth)
{
    DIR *stream = fdopendir(dir);
    const struct dirent *entry;

    if (stream == NULL) {
        close(dir);
        return;
    }
    while (!walk->stop && (entry = readdir(stream)) != NULL) {
        if (postfixfile_is_id(entry->d_name)) {
            walk_file(walk, dir, entry->d_name, state);
        } else if (entry->d_name[0] != '.' && entry->d_name[1] == '\0' && depth < DEPTH_MAX) {
            int sub = openat(dir, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

            if (sub >= 0) {
                walk_dir(walk, sub, state, depth + 1);
            }
        }
    }
    closedir(stream);
}

static void walk_queues(struct walk *walk)
{
    walk->found = false;
    for (size_t i = 0; i < QUEUES && !walk->stop && !walk->failed; i++) {
        char path[PATH_MAX + 16];
        int dir;

        (void)snprintf(path, sizeof path, "%s/%s", walk->postfix->spool, queues[i].name);
        dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (dir >= 0) {
            walk_dir(walk, dir, queues[i].state, 0);
        } else if (errno != ENOENT || i != 0) { /* Postfix makes them all when it first starts */
            context_fail(walk->ctx, "cannot read %s: %s%s", path, strerror(errno),
                         errno == EACCES ? "; run as root" : "");
            walk->failed = true;
        }
    }
}

/* What pickup(8) should have taken long ago is in no queue yet: the admin is told that it is there.
 */
static void say_maildrop(struct context *ctx, const struct postfix *postfix)
{
    char path[PATH_MAX + 16];
    const struct dirent *entry;
    size_t count = 0;
    DIR *stream;

    (void)snprintf(path, sizeof path, "%s/maildrop", postfix->spool);
    stream = opendir(path);
    while (stream != NULL && (entry = readdir(stream)) != NULL) {
        struct stat st;

        if (entry->d_name[0] != '.' &&
            fstatat(dirfd(stream), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
            S_ISREG(st.st_mode) && st.st_mtime < ctx->now / 1000000 - MAILDROP_AGE) {
            count++;
        }
    }
    if (stream != NULL) {
        closedir(stream);
    }
    if (count > 0) {
        context_warn(ctx,
                     "%zu more lie in %s, not picked up for over a minute: is Postfix running?",
                     count, path);
    }
}

static bool postfix_list(struct context *ctx, void *state,
                         bool (*each)(struct context *ctx, const struct queue_message *message,
                                      void *arg),
                         void *arg)
{
    struct walk walk = {.ctx = ctx, .postfix = state, .each = each, .arg = arg, .found = true};

    for (unsigned round = 0; round < ROUNDS_MAX && walk.found && !walk.stop && !walk.failed;
         round++) {
        walk_queues(&walk);
    }
    strset_free(&walk.seen);
    if (walk.broken > 0) {
        context_problem(ctx,
                        "%zu queue file%s could not be understood, the first is %s (postcat -q)",
                        walk.broken, walk.broken == 1 ? "" : "s", walk.example);
    }
    if (!walk.failed) {
        say_maildrop(ctx, walk.postfix);
    }
    return !walk.failed;
}

/* --- actions --------------------------------------------------------------------------------- */

/* postsuper FLAG - [QUEUE], the ids on its standard input: one process for all. */
static long postsuper(struct context *ctx, const struct postfix *postfix, const char *flag,
                      const char *queue, const char *const *ids, size_t n)
{
    char program[PATH_MAX + 16];
    const char *argv[] = {program, "-c", postfix->config, flag, "-", queue, NULL};
    struct run_result result;
    size_t len;
    char *lines = run_lines(ids, n, &len);
    int ran;

    (void)snprintf(program, sizeof program, "%s/postsuper", postfix->programs);
    ran = run_program(ctx, argv, lines, len, &result);
    free(lines);
    if (ran != 0) {
        return -1;
    }
    /* It may have done its work all the same, or a part of it: the caller looks. */
    if (result.status != 0) {
        context_problem(ctx, "%s", run_reason(&result));
    }
    run_free(&result);
    return (long)n;
}

static long postfix_hold(struct context *ctx, void *state, const char *const *ids, size_t n,
                         const char *reason)
{
    (void)reason; /* Postfix keeps none */
    return postsuper(ctx, state, "-h", NULL, ids, n);
}

static long postfix_release(struct context *ctx, void *state, const char *const *ids, size_t n)
{
    return postsuper(ctx, state, "-H", NULL, ids, n);
}

/* From the queue "hold" only: a message that another admin released meanwhile is not deleted. */
static long postfix_drop(struct context *ctx, void *state, const char *const *ids, size_t n)
{
    return postsuper(ctx, state, "-d", "hold", ids, n);
}

const struct queue_mta queue_postfix = {
    .name = "postfix",
    .present = postfix_present,
    .open = postfix_open,
    .close = postfix_close,
    .list = postfix_list,
    .look = postfix_look,
    .hold = postfix_hold,
    .release = postfix_release,
    .drop = postfix_drop,
};
