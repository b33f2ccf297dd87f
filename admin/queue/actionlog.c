/*
 * actionlog - see actionlog.h. The file is root's alone; a line that cannot be read (a crash tore
 * it) is said and passed over. When it has become large it is renamed, in place of the one before:
 * here and not by logrotate, so that it happens only while nobody acts, and undo knows of both.
 */
#include "queue/actionlog.h"

#include "args.h"
#include "context.h"
#include "wrapper/codec.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define ACTIONLOG_LARGE ((off_t)16 << 20)
#define TRIES_MAX 8

struct actionlog {
    int fd; /* for reading only, with the lock: processes that gave up root inherit it */
    char *path;
    char op[64]; /* of the last intent */
};

/* --- opening --------------------------------------------------------------------------------- */

static void make_directory(const char *path)
{
    char dir[PATH_MAX];
    char *slash;

    (void)snprintf(dir, sizeof dir, "%s", path);
    slash = strrchr(dir, '/');
    if (slash != NULL && slash != dir) {
        *slash = '\0';
        (void)mkdir(dir, 0755); /* what is wrong with it, open(2) says */
    }
}

static bool lock(struct context *ctx, int fd)
{
    if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
        return true;
    }
    context_warn(ctx, "another mailorigin is acting on a queue: waiting for it");
    while (flock(fd, LOCK_EX) != 0) {
        if (errno != EINTR) {
            return false;
        }
    }
    return true;
}

static bool is_roots(const struct stat *st)
{
    return S_ISREG(st->st_mode) && st->st_uid == geteuid() && (st->st_mode & 022) == 0;
}

/* Opened and locked; -1 after context_fail. */
static int open_locked(struct context *ctx, const char *path, struct stat *ret)
{
    int fd = open(path, O_RDONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);

    if (fd < 0) {
        (void)context_fail(ctx, "cannot write the journal %s: %s%s", path, strerror(errno),
                           errno == EACCES ? "; run as root" : "");
        return -1;
    }
    if (fstat(fd, ret) != 0 || !is_roots(ret)) {
        (void)context_fail(ctx, "the journal %s is not a file that only root may write", path);
    } else if (!lock(ctx, fd) || fstat(fd, ret) != 0) {
        (void)context_fail(ctx, "cannot lock the journal %s: %s", path, strerror(errno));
    } else {
        return fd;
    }
    close(fd);
    return -1;
}

/* Whether path still is the file that was locked: while we waited it may have been renamed. */
static bool is_there(const char *path, const struct stat *locked)
{
    struct stat now;

    return lstat(path, &now) == 0 && now.st_dev == locked->st_dev && now.st_ino == locked->st_ino;
}

/* The name of the one before. */
static void old_name(const char *path, char ret[PATH_MAX])
{
    (void)snprintf(ret, PATH_MAX, "%.*s.1", PATH_MAX - 3, path);
}

struct actionlog *actionlog_open(struct context *ctx, const char *path)
{
    struct actionlog *log;
    char before[PATH_MAX];
    struct stat st;
    int fd;

    make_directory(path);
    old_name(path, before);
    for (unsigned tries = 0;; tries++) {
        fd = open_locked(ctx, path, &st);
        if (fd < 0) {
            return NULL;
        }
        if (is_there(path, &st) && (st.st_size < ACTIONLOG_LARGE || rename(path, before) != 0)) {
            break;
        }
        close(fd);
        if (tries == TRIES_MAX) {
            (void)context_fail(ctx, "the journal %s is replaced again and again", path);
            return NULL;
        }
    }
    log = context_alloc(sizeof *log);
    log->fd = fd;
    log->path = context_copy(path, strlen(path));
    log->op[0] = '\0';
    return log;
}

const char *actionlog_op(const struct actionlog *log)
{
    return log->op;
}

void actionlog_close(struct actionlog *log)
{
    close(log->fd);
    free(log->path);
    free(log);
}

/* --- writing --------------------------------------------------------------------------------- */

/* Text from outside, as JSON must be valid UTF-8: in the escaped form of codec.h. */
static json_t *escaped(const char *raw)
{
    char text[4096];
    struct strbuf out;

    strbuf_init(&out, text, sizeof text);
    (void)codec_escape(&out, raw, strlen(raw), sizeof text - 1);
    return json_stringn(text, out.len);
}

/* Who: the name that sudo gives, and the login uid, which the kernel keeps over su and sudo. */
static json_t *who(void)
{
    const char *sudo = getenv("SUDO_USER");
    json_t *admin = json_object();
    unsigned long login = UINT32_MAX;
    FILE *file = fopen("/proc/self/loginuid", "re");
    char text[32];

    if (file != NULL) {
        login = fgets(text, sizeof text, file) != NULL ? strtoul(text, NULL, 10) : UINT32_MAX;
        (void)fclose(file);
    }
    if (sudo != NULL) {
        (void)json_object_set_new(admin, "sudo_user", escaped(sudo));
    }
    if (login < UINT32_MAX) {
        const struct passwd *pw = getpwuid((uid_t)login);

        (void)json_object_set_new(admin, "loginuid", json_integer((json_int_t)login));
        if (pw != NULL) {
            (void)json_object_set_new(admin, "login", escaped(pw->pw_name));
        }
    }
    (void)json_object_set_new(admin, "uid", json_integer(getuid()));
    return admin;
}

/* Our command line, as the kernel has it. */
static json_t *command_line(void)
{
    json_t *list = json_array();
    FILE *file = fopen("/proc/self/cmdline", "re");
    char *word = NULL;
    size_t cap = 0, words = 0;

    while (file != NULL && words++ < 64 && getdelim(&word, &cap, '\0', file) > 0) {
        (void)json_array_append_new(list, escaped(word));
    }
    free(word);
    if (file != NULL) {
        (void)fclose(file);
    }
    return list;
}

/*
 * The object with ,"messages":[...] in it, as a line; freed by the caller. Takes the object over.
 * The list is written here: there may be a hundred thousand, and a tree of them costs more than all
 * else that is done with a message. An id needs no escapes (action_id_sound).
 */
static char *line_of(json_t *object, const struct action_items *items,
                     bool (*which)(const struct action_item *item))
{
    char *start = json_dumps(object, JSON_COMPACT), *text;
    size_t at = start != NULL ? strlen(start) - 1 : 0, room; /* without the brace at its end */
    const char *before = ",\"messages\":[";

    json_decref(object);
    if (start == NULL) {
        return NULL;
    }
    room = at + 32 + items->count * (ACTION_ID_MAX + 96);
    text = context_alloc(room);
    (void)snprintf(text, room, "%.*s", (int)at, start);
    free(start);
    for (size_t i = 0; i < items->count; i++) {
        const struct action_item *item = &items->items[i];

        if (which(item)) {
            at += (size_t)snprintf(
                text + at, room - at,
                "%s[\"%s\",%" PRId64 ",%" PRId64 ",%" PRId64 ",\"%016" PRIx64 "\"]", before,
                item->id, item->arrival, (int64_t)item->dev, (int64_t)item->ino, item->print);
            before = ",";
        }
    }
    (void)snprintf(text + at, room - at, "%s]}\n", before[1] != '\0' ? before : "");
    return text;
}

/* The journal for writing, if it is still the file that is locked. -1 with errno. */
static int open_to_write(const struct actionlog *log)
{
    int fd = open(log->path, O_WRONLY | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    struct stat locked, opened;

    if (fd >= 0 && (fstat(log->fd, &locked) != 0 || fstat(fd, &opened) != 0 ||
                    locked.st_dev != opened.st_dev || locked.st_ino != opened.st_ino)) {
        close(fd);
        errno = ESTALE;
        return -1;
    }
    return fd;
}

/* One line, whole and on disk. Takes the text over. */
static bool append(struct context *ctx, const struct actionlog *log, char *text)
{
    struct stat st;
    char last = '\n';
    bool good;
    int fd;

    if (text == NULL) {
        (void)context_fail(ctx, "no memory for the journal");
        return false;
    }
    /* What a crash left unended must not swallow this line. */
    fd = open_to_write(log);
    good = fd >= 0 && fstat(log->fd, &st) == 0 &&
           (st.st_size == 0 || pread(log->fd, &last, 1, st.st_size - 1) == 1) &&
           (last == '\n' || write(fd, "\n", 1) == 1);
    for (size_t at = 0, n = strlen(text); good && at < n;) {
        ssize_t done = write(fd, text + at, n - at);

        good = done > 0;
        at += done > 0 ? (size_t)done : 0;
    }
    good = good && fsync(fd) == 0;
    if (!good) {
        (void)context_fail(ctx, "cannot write the journal: %s", strerror(errno));
    }
    if (fd >= 0) {
        close(fd);
    }
    free(text);
    return good;
}

static void set_time(json_t *object)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_REALTIME, &now);
    (void)json_object_set_new(object, "time_us",
                              json_integer((json_int_t)now.tv_sec * 1000000 + now.tv_nsec / 1000));
}

bool actionlog_intent(struct context *ctx, struct actionlog *log, const char *action,
                      const char *mta, const struct action_items *items,
                      bool (*which)(const struct action_item *item))
{
    const char *instance = args_get(ctx->args, "instance");
    json_t *line = json_pack("{s:i, s:s, s:s}", "schema", 1, "stage", "intent", "action", action);
    struct timespec now;

    (void)clock_gettime(CLOCK_REALTIME, &now);
    (void)snprintf(log->op, sizeof log->op, "%lld.%09ld-%ld", (long long)now.tv_sec, now.tv_nsec,
                   (long)getpid());
    (void)json_object_set_new(line, "op", json_string(log->op));
    set_time(line);
    (void)json_object_set_new(line, "admin", who());
    (void)json_object_set_new(line, "command", command_line());
    (void)json_object_set_new(line, "mta", json_string(mta));
    if (instance != NULL) {
        (void)json_object_set_new(line, "instance", escaped(instance));
    }
    return append(ctx, log, line_of(line, items, which));
}

bool actionlog_done(struct context *ctx, struct actionlog *log, const struct action_items *items,
                    bool (*which)(const struct action_item *item), const char *undoes)
{
    json_t *line = json_pack("{s:i, s:s, s:s}", "schema", 1, "stage", "done", "op", log->op);

    set_time(line);
    if (undoes != NULL) {
        (void)json_object_set_new(line, "undoes", json_string(undoes));
    }
    return append(ctx, log, line_of(line, items, which));
}

/* --- reading --------------------------------------------------------------------------------- */

static bool take_item(json_t *entry, struct action_items *ret)
{
    struct action_item item = {.id = ""};
    const char *id, *print;
    json_int_t arrival, dev, ino;

    if (json_unpack(entry, "[s, I, I, I, s]", &id, &arrival, &dev, &ino, &print) != 0 ||
        !action_id_sound(id)) {
        return false;
    }
    (void)snprintf(item.id, sizeof item.id, "%s", id);
    item.arrival = arrival;
    item.dev = (uint64_t)dev;
    item.ino = (uint64_t)ino;
    item.print = strtoull(print, NULL, 16);
    action_items_add(ret, &item);
    return true;
}

static bool take_items(json_t *line, struct action_items *ret)
{
    json_t *list = json_object_get(line, "messages"), *entry;
    size_t i;

    ret->count = 0;
    json_array_foreach(list, i, entry)
    {
        if (!take_item(entry, ret)) {
            return false;
        }
    }
    return json_is_array(list);
}

static const char *text_of(json_t *line, const char *key)
{
    const char *text = json_string_value(json_object_get(line, key));

    return text != NULL ? text : "";
}

static void take_text(json_t *line, const char *key, char *ret, size_t cap)
{
    (void)snprintf(ret, cap, "%s", text_of(line, key));
}

static void take_command(json_t *line, char *ret, size_t cap)
{
    json_t *list = json_object_get(line, "command"), *word;
    size_t i, used = 0;

    ret[0] = '\0';
    json_array_foreach(list, i, word)
    {
        const char *text = json_string_value(word);

        if (text != NULL && used + strlen(text) + 2 < cap) {
            used += (size_t)snprintf(ret + used, cap - used, "%s%s", i > 0 ? " " : "", text);
        }
    }
}

static void take_hold(json_t *line, struct actionlog_hold *ret)
{
    json_t *admin = json_object_get(line, "admin");
    const char *name = json_string_value(json_object_get(admin, "sudo_user"));

    name = name != NULL ? name : json_string_value(json_object_get(admin, "login"));
    take_text(line, "op", ret->op, sizeof ret->op);
    take_text(line, "mta", ret->mta, sizeof ret->mta);
    take_text(line, "instance", ret->instance, sizeof ret->instance);
    take_command(line, ret->command, sizeof ret->command);
    (void)snprintf(ret->admin, sizeof ret->admin, "%s", name != NULL ? name : "root");
    ret->time = json_integer_value(json_object_get(line, "time_us"));
    ret->complete = false;
}

/* The ops of holds of which nothing can be undone any more. */
struct undone {
    char (*ops)[64];
    size_t count;
};

static bool is_undone(const struct undone *undone, const char *op)
{
    for (size_t i = 0; i < undone->count; i++) {
        if (strcmp(undone->ops[i], op) == 0) {
            return true;
        }
    }
    return false;
}

/* Calls each for every line that is one, and closes fd. ctx: NULL says nothing of one that is not.
 */
static void read_file(const struct context *ctx, int fd, void (*each)(json_t *line, void *arg),
                      void *arg)
{
    FILE *file = fd >= 0 ? fdopen(fd, "r") : NULL;
    char *text = NULL;
    size_t cap = 0, number = 0;
    ssize_t n;

    if (file == NULL) {
        return;
    }
    rewind(file);
    while ((n = getline(&text, &cap, file)) > 0) {
        json_t *line = json_loadb(text, (size_t)n, 0, NULL);

        number++;
        if (json_is_object(line)) {
            each(line, arg);
        } else if (ctx != NULL) {
            context_warn(ctx, "line %zu of the journal is damaged and passed over", number);
        }
        json_decref(line);
    }
    free(text);
    (void)fclose(file);
}

/* The old journal's lines, and this one's. */
static void read_lines(const struct context *ctx, const struct actionlog *log,
                       void (*each)(json_t *line, void *arg), void *arg)
{
    char old[PATH_MAX];
    struct stat st;
    int fd;

    old_name(log->path, old);
    fd = open(old, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd >= 0 && fstat(fd, &st) == 0 && is_roots(&st)) {
        read_file(ctx, fd, each, arg);
    } else if (fd >= 0) {
        close(fd);
    }
    read_file(ctx, dup(log->fd), each, arg);
}

static void note_op(struct undone *undone, const char *op)
{
    undone->ops = context_realloc(undone->ops, (undone->count + 1) * sizeof *undone->ops);
    (void)snprintf(undone->ops[undone->count++], sizeof *undone->ops, "%s", op);
}

static void note_undone(json_t *line, void *arg)
{
    struct undone *undone = arg;

    if (strcmp(text_of(line, "stage"), "done") == 0) {
        if (*text_of(line, "undoes") != '\0') {
            note_op(undone, text_of(line, "undoes"));
        }
        if (json_array_size(json_object_get(line, "messages")) == 0) { /* it held nothing */
            note_op(undone, text_of(line, "op"));
        }
    }
}

struct search {
    const struct undone *undone;
    struct actionlog_hold *ret;
    bool found;
};

static void note_hold(json_t *line, void *arg)
{
    struct search *search = arg;
    const char *op = text_of(line, "op");

    if (strcmp(text_of(line, "stage"), "done") == 0) {
        if (search->found && strcmp(op, search->ret->op) == 0) {
            search->ret->complete = take_items(line, &search->ret->items);
        }
    } else if (strcmp(text_of(line, "action"), "hold") == 0 && !is_undone(search->undone, op) &&
               take_items(line, &search->ret->items)) {
        take_hold(line, search->ret);
        search->found = true;
    }
}

bool actionlog_last_hold(struct context *ctx, struct actionlog *log, struct actionlog_hold *ret)
{
    struct undone undone = {.count = 0};
    struct search search = {.undone = &undone, .ret = ret};

    memset(ret, 0, sizeof *ret);
    read_lines(ctx, log, note_undone, &undone);
    read_lines(NULL, log, note_hold, &search);
    free(undone.ops);
    return search.found;
}
