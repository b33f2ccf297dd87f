/* action_item - see action_item.h. */
#include "queue/action_item.h"

#include "args.h"
#include "confine.h"
#include "context.h"
#include "out.h"
#include "queue/queue_group.h"
#include "queue/queue_select.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define ORIGINS_SHOWN 10
#define PIPE_BUFFER 65536
#define LOOKERS_MAX 4     /* processes that look again at the messages */
#define LOOKER_WORTH 1000 /* messages for which one more is worth its start */

bool action_id_sound(const char *id)
{
    size_t n = 0;

    while (isalnum((unsigned char)id[n]) || id[n] == '-') {
        n++;
    }
    return id[n] == '\0' && n > 0 && n < ACTION_ID_MAX;
}

void action_items_add(struct action_items *items, const struct action_item *item)
{
    if (items->count == items->cap) {
        items->cap = items->cap == 0 ? 256 : items->cap * 2;
        items->items = context_realloc(items->items, items->cap * sizeof *items->items);
    }
    items->items[items->count++] = *item;
}

void action_items_free(struct action_items *items)
{
    free(items->items);
}

const char **action_items_ids(const struct action_items *items,
                              bool (*which)(const struct action_item *item), size_t *ret_count)
{
    const char **ids = context_alloc((items->count + 1) * sizeof *ids);
    size_t n = 0;

    for (size_t i = 0; i < items->count; i++) {
        if (which(&items->items[i])) {
            ids[n++] = items->items[i].id;
        }
    }
    *ret_count = n;
    return ids;
}

static uint64_t print_add(uint64_t hash, const char *text)
{
    /* An absent text differs from an empty one. */
    for (const char *at = text != NULL ? text : "\x01"; *at != '\0'; at++) {
        hash = (hash ^ (unsigned char)*at) * 0x100000001b3U;
    }
    return (hash ^ 0xff) * 0x100000001b3U;
}

/* What one message is recognised by. false: an id that is none. */
static bool item_of(const struct queue_message *message, struct action_item *ret)
{
    memset(ret, 0, sizeof *ret);
    if (!action_id_sound(message->id)) {
        return false;
    }
    memcpy(ret->id, message->id, strlen(message->id) + 1);
    ret->arrival = message->arrival;
    ret->dev = message->dev;
    ret->ino = message->ino;
    ret->print = print_add(print_add(0xcbf29ce484222325U, message->sender), message->header);
    ret->state = message->state;
    ret->found = ACTION_SAME;
    return true;
}

/* --- the process without root ---------------------------------------------------------------- */

struct worker {
    struct context *ctx;
    const struct queue_mta *mta;
    void *state;
    bool held;                       /* only those */
    const struct action_item *items; /* what is to be looked at */
    size_t count;
    FILE *to; /* where items go */
    struct queue_groups groups;
};

static void give(const struct worker *worker, const struct action_item *item)
{
    (void)fwrite(item, sizeof *item, 1, worker->to);
}

static void forget(void *arg)
{
    struct worker *worker = arg;
    struct action_item again = {.id = ""}; /* tells the reader that it begins anew */

    queue_groups_clear(&worker->groups);
    give(worker, &again);
}

static void choose_one(struct context *ctx, const struct queue_known *known, void *arg)
{
    struct worker *worker = arg;
    struct action_item item;

    (void)ctx;
    if ((!worker->held || known->message->state == QUEUE_HELD) && item_of(known->message, &item)) {
        queue_groups_add(&worker->groups, known);
        give(worker, &item);
    }
}

static bool choose(struct worker *worker)
{
    struct queue_select select;
    bool good;

    if (!queue_select_init(worker->ctx, false, &select)) {
        return false;
    }
    queue_groups_init(&worker->groups, NULL);
    good = queue_select_each(worker->ctx, worker->mta, worker->state, &select, forget, choose_one,
                             worker);
    if (good) {
        worker->groups.limit = ORIGINS_SHOWN;
        queue_groups_print(worker->ctx, &worker->groups);
        good = out_free(worker->ctx->out);
        if (!good) {
            context_fail(worker->ctx, "the output could not be written: nothing was done");
        }
    }
    for (size_t i = 0; good && i < args_operands(worker->ctx->args); i++) {
        if (!strset_has(&select.met, args_operand(worker->ctx->args, i))) {
            context_problem(worker->ctx, "no message %s that fits",
                            args_operand(worker->ctx->args, i));
        }
    }
    queue_groups_free(&worker->groups);
    queue_select_free(&select);
    return good;
}

static bool look(struct worker *worker)
{
    for (size_t i = 0; i < worker->count; i++) {
        struct action_item was = worker->items[i], is;
        struct queue_message message;

        if (worker->mta->look(worker->ctx, worker->state, was.id, &message) == 0 ||
            !item_of(&message, &is)) {
            was.found = ACTION_GONE;
        } else {
            was.found = is.arrival == was.arrival && is.dev == was.dev && is.ino == was.ino &&
                                is.print == was.print
                            ? ACTION_SAME
                            : ACTION_OTHER;
            was.state = is.state;
        }
        give(worker, &was);
    }
    return true;
}

/* The child. Its exit status is an enum status. */
_Noreturn static void work(struct worker *worker, int fd, bool (*job)(struct worker *worker))
{
    bool good = confine(worker->ctx, CONFINE_READ);

    worker->to = good ? fdopen(fd, "w") : NULL;
    good = worker->to != NULL &&
           setvbuf(worker->to, context_alloc(PIPE_BUFFER), _IOFBF, PIPE_BUFFER) == 0 && job(worker);
    good = worker->to != NULL && fclose(worker->to) == 0 && good;
    good = fflush(stdout) == 0 && good;
    _exit(!good ? STATUS_FAILED : worker->ctx->partial ? STATUS_PARTIAL : STATUS_FOUND);
}

/* A process without root. */
struct helper {
    pid_t pid;
    int from; /* its items */
};

/* Has job done by a process of its own. */
static bool start(struct worker *worker, bool (*job)(struct worker *worker), struct helper *ret)
{
    int ends[2];

    (void)fflush(NULL);
    if (pipe2(ends, O_CLOEXEC) != 0 || (ret->pid = fork()) < 0) {
        (void)context_fail(worker->ctx, "cannot start a process: %s", strerror(errno));
        return false;
    }
    if (ret->pid == 0) {
        close(ends[0]);
        work(worker, ends[1], job);
    }
    close(ends[1]);
    ret->from = ends[0];
    return true;
}

/* Reads what it gives until it ends. It reads what others wrote, so it is not trusted. */
static void take(int fd, struct action_items *ret)
{
    FILE *from = fdopen(fd, "r");
    char *buffer = context_alloc(PIPE_BUFFER);
    struct action_item item;

    if (from == NULL) {
        close(fd);
        free(buffer);
        return;
    }
    (void)setvbuf(from, buffer, _IOFBF, PIPE_BUFFER);
    while (fread(&item, sizeof item, 1, from) == 1) {
        item.id[sizeof item.id - 1] = '\0';
        if (item.id[0] == '\0') {
            ret->count = 0;
        } else if (action_id_sound(item.id)) {
            action_items_add(ret, &item);
        }
    }
    (void)fclose(from);
    free(buffer);
}

/* Takes a process's items, and waits for its end. */
static bool finish(const struct context *ctx, const struct helper *helper, struct action_items *ret)
{
    int status = 0;

    take(helper->from, ret);
    while (waitpid(helper->pid, &status, 0) < 0) {
        if (errno != EINTR) {
            return false;
        }
    }
    if (!WIFEXITED(status)) {
        (void)context_fail(ctx, "reading the queue was ended by signal %d", WTERMSIG(status));
        return false;
    }
    ret->partial = ret->partial || WEXITSTATUS(status) == STATUS_PARTIAL;
    return WEXITSTATUS(status) != STATUS_FAILED;
}

bool action_items_choose(struct context *ctx, const struct queue_mta *mta, void *state, bool held,
                         struct action_items *ret)
{
    struct worker worker = {.ctx = ctx, .mta = mta, .state = state, .held = held};
    struct helper helper;

    memset(ret, 0, sizeof *ret);
    return start(&worker, choose, &helper) && finish(ctx, &helper, ret);
}

static size_t lookers_for(size_t messages)
{
    long cpus = sysconf(_SC_NPROCESSORS_ONLN);
    size_t most = cpus > LOOKERS_MAX ? LOOKERS_MAX : cpus > 1 ? (size_t)cpus : 1;
    size_t wanted = messages / LOOKER_WORTH + 1;

    return wanted < most ? wanted : most;
}

/* Each of several processes looks at a part of them. seen: all, in their order. */
static bool look_at_all(struct worker *worker, const struct action_items *items,
                        struct action_items *seen)
{
    struct helper helpers[LOOKERS_MAX];
    size_t n = lookers_for(items->count), started = 0;
    bool good = true;

    for (size_t i = 0; i < n && good; i++) {
        size_t from = items->count * i / n;

        worker->items = items->items + from;
        worker->count = items->count * (i + 1) / n - from;
        good = start(worker, look, &helpers[i]);
        started += good;
    }
    for (size_t i = 0; i < started; i++) {
        good = finish(worker->ctx, &helpers[i], seen) && good;
    }
    return good;
}

bool action_items_look(struct context *ctx, const struct queue_mta *mta, void *state,
                       struct action_items *items)
{
    struct worker worker = {.ctx = ctx, .mta = mta, .state = state};
    struct action_items seen = {.count = 0};
    bool good = items->count == 0 || look_at_all(&worker, items, &seen);

    if (good && seen.count != items->count) {
        (void)context_fail(ctx, "reading the queue again broke off");
        good = false;
    }
    for (size_t i = 0; good && i < seen.count; i++) {
        items->items[i].state = seen.items[i].state;
        items->items[i].found = seen.items[i].found;
    }
    action_items_free(&seen);
    return good;
}
