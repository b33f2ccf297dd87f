/*
 * queue_group - see queue_group.h. Hostile: every text of a message. It is kept in escaped form, so
 * a key made of several parts cannot be forged by one of them: a line feed between parts stands in
 * none.
 */
#include "queue/queue_group.h"

#include "context.h"
#include "out.h"
#include "wrapper/codec.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define TEXT_KEPT 256     /* bytes of a sample */
#define REASONS_SOUGHT 64 /* messages of a group for whose reason a file is opened */

/* "deferred", "held", ... */
static const char *state_name(enum queue_state state)
{
    static const char *const names[QUEUE_STATES] = {[QUEUE_INCOMING] = "incoming",
                                                    [QUEUE_ACTIVE] = "active",
                                                    [QUEUE_DEFERRED] = "deferred",
                                                    [QUEUE_HELD] = "held"};

    return names[state];
}

/* How an origin is known, for JSON. */
static const char *known_by_name(enum known_by by)
{
    static const char *const names[] = {
        [KNOWN_HEADER] = "header", [KNOWN_LOG] = "log",        [KNOWN_UID] = "uid",
        [KNOWN_LOGIN] = "login",   [KNOWN_CLIENT] = "network", [KNOWN_BOUNCE] = "bounce"};

    return names[by];
}

bool queue_groups_need_log(const char *by)
{
    return by != NULL && (strcmp(by, "script") == 0 || strcmp(by, "unit") == 0);
}

void queue_groups_init(struct queue_groups *groups, const char *by)
{
    memset(groups, 0, sizeof *groups);
    groups->by = by != NULL ? by : "dir";
}

static void group_free(struct queue_group *group)
{
    char *const texts[] = {group->key,   group->dir,    group->script, group->unit,
                           group->login, group->client, group->sender, group->trace,
                           group->says,  group->reason, group->subject};

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        free(texts[i]);
    }
    for (size_t i = 0; i < QUEUE_SAMPLES; i++) {
        free(group->rcpt[i]);
    }
}

void queue_groups_free(struct queue_groups *groups)
{
    for (size_t i = 0; i < groups->count; i++) {
        group_free(&groups->groups[i]);
    }
    free(groups->groups);
    free(groups->index);
}

void queue_groups_clear(struct queue_groups *groups)
{
    const char *by = groups->by;
    size_t limit = groups->limit;

    queue_groups_free(groups);
    queue_groups_init(groups, by);
    groups->limit = limit;
}

/* --- the key --------------------------------------------------------------------------------- */

static char *copy(const char *text)
{
    return text != NULL ? context_copy(text, strlen(text)) : NULL;
}

static char *escaped(const char *raw, size_t max)
{
    char text[4096];
    struct strbuf out;

    if (raw == NULL) {
        return NULL;
    }
    strbuf_init(&out, text, sizeof text);
    (void)codec_escape(&out, raw, strlen(raw), max < sizeof text ? max : sizeof text - 1);
    return context_copy(text, out.len);
}

/* Whether outer is inner or above it. */
static bool at_or_above(const char *outer, const char *inner)
{
    size_t n = strlen(outer);

    return n > 1 && strncmp(outer, inner, n) == 0 && (inner[n] == '/' || inner[n] == '\0');
}

static bool is_in_home(long long uid, const char *path)
{
    const struct passwd *pw = getpwuid((uid_t)uid);

    return pw != NULL && strstr(path, "/..") == NULL &&
           (at_or_above(pw->pw_dir, path) || at_or_above(path, pw->pw_dir));
}

/*
 * A directory that only our header names: its owner is not recorded, but can be looked at. What is
 * gone, or root's (many a neighbour's document root), is his own only in his home or above that;
 * else it is no more than said.
 */
static enum origin_worth directory_worth(const struct queue_known *known)
{
    struct slice no_unit = {"", 0};
    const char *path = known->message->path;
    struct stat st;

    if (known->by != KNOWN_HEADER || known->script != NULL || known->unit != NULL) {
        return known->dir_worth; /* by the record */
    }
    if (origin_shared(known->uid, no_unit)) {
        return ORIGIN_SAYS;
    }
    if (path == NULL) {
        return known->dir_worth;
    }
    if (lstat(path, &st) != 0 || (st.st_uid == 0 && known->uid != 0)) {
        return is_in_home(known->uid, path) ? ORIGIN_OWN : ORIGIN_SAYS;
    }
    return (long long)st.st_uid == known->uid ? ORIGIN_OWN : ORIGIN_SAYS;
}

/* What the message is grouped by; NULL: it has none of that, and is grouped by its origin. */
static const char *wanted_value(const struct queue_groups *groups, const struct queue_known *known)
{
    const struct queue_message *message = known->message;

    switch (groups->by[0]) {
    case 'd':
        return known->dir;
    case 's':
        return groups->by[1] == 'c'                                  ? known->script
               : message->sender != NULL && *message->sender == '\0' ? "<>"
                                                                     : message->sender;
    case 'u':
        return groups->by[1] == 'n' ? known->unit : NULL;
    case 'l':
        return message->login;
    case 'c':
        return message->client;
    case 'i':
        return known->by == KNOWN_HEADER || known->by == KNOWN_LOG ? message->trace : NULL;
    default:
        return NULL;
    }
}

/* The key: what is asked for, then whose it is. The sender, the login and the client say enough
 * alone. */
static char *group_key(const struct queue_groups *groups, const struct queue_known *known)
{
    const struct queue_message *message = known->message;
    const char *value = wanted_value(groups, known);
    char text[8192];
    char *clean = escaped(value, 4000);
    bool alone = value != NULL && (groups->by[0] == 'l' || groups->by[0] == 'c' ||
                                   strcmp(groups->by, "sender") == 0);

    if (alone) {
        (void)snprintf(text, sizeof text, "%s", clean);
    } else if (known->uid >= 0) {
        (void)snprintf(text, sizeof text, "%lld\n%s", known->uid, clean != NULL ? clean : "");
    } else {
        char *who = escaped(known->by == KNOWN_LOGIN    ? message->login
                            : known->by == KNOWN_CLIENT ? message->client
                                                        : "",
                            1000);

        (void)snprintf(text, sizeof text, "\n%d\n%s\n%s", (int)known->by,
                       clean != NULL ? clean : "", who);
        free(who);
    }
    free(clean);
    return copy(text);
}

/* --- the table ------------------------------------------------------------------------------- */

static size_t *slot_of(const struct queue_groups *groups, const char *key)
{
    uint64_t hash = strset_hash(key, strlen(key));

    for (uint64_t i = hash;; i++) {
        size_t *slot = &groups->index[i & (groups->slots - 1)];

        if (*slot == 0 || strcmp(groups->groups[*slot - 1].key, key) == 0) {
            return slot;
        }
    }
}

static void grow(struct queue_groups *groups)
{
    groups->cap = groups->cap == 0 ? 64 : groups->cap * 2;
    groups->groups = context_realloc(groups->groups, groups->cap * sizeof *groups->groups);
    groups->slots = groups->cap * 2;
    free(groups->index);
    groups->index = context_alloc(groups->slots * sizeof *groups->index);
    memset(groups->index, 0, groups->slots * sizeof *groups->index);
    for (size_t i = 0; i < groups->count; i++) {
        *slot_of(groups, groups->groups[i].key) = i + 1;
    }
}

static void group_begin(const struct queue_groups *groups, struct queue_group *group,
                        const struct queue_known *known, char *key)
{
    const struct queue_message *message = known->message;
    bool by_script = strcmp(groups->by, "script") == 0,
         by_uid = groups->by[0] == 'u' && groups->by[1] == 's';

    by_uid = by_uid || strcmp(groups->by, "uid") == 0;
    memset(group, 0, sizeof *group);
    group->key = key;
    group->by = known->by;
    group->uid = known->uid;
    group->login = escaped(message->login, TEXT_KEPT);
    group->client = escaped(message->client, TEXT_KEPT);
    group->dir = by_uid ? NULL : copy(known->dir);
    group->script = by_script ? copy(known->script) : NULL;
    group->unit = groups->by[0] == 'u' && groups->by[1] == 'n' ? copy(known->unit) : NULL;
    group->sender = strcmp(groups->by, "sender") == 0 ? escaped(message->sender, TEXT_KEPT) : NULL;
    group->trace = groups->by[0] == 'i' ? escaped(message->trace, TEXT_KEPT) : NULL;
    group->worth = group->script != NULL ? known->script_worth : directory_worth(known);
    group->oldest = group->newest = message->arrival;
}

static void group_count(struct queue_group *group, const struct queue_known *known)
{
    const struct queue_message *message = known->message;

    group->count++;
    group->rcpts += message->rcpts;
    group->states[message->state]++;
    group->size += message->size > 0 ? message->size : 0;
    group->oldest = message->arrival < group->oldest ? message->arrival : group->oldest;
    group->newest = message->arrival > group->newest ? message->arrival : group->newest;
    for (size_t i = 0;
         i < QUEUE_SAMPLES && group->rcpt[QUEUE_SAMPLES - 1] == NULL && message->rcpt[i] != NULL;
         i++) {
        size_t at = 0;

        while (at < QUEUE_SAMPLES - 1 && group->rcpt[at] != NULL) {
            at++;
        }
        group->rcpt[at] = escaped(message->rcpt[i], TEXT_KEPT);
    }
    if (group->says == NULL && known->by != KNOWN_HEADER && known->by != KNOWN_LOG) {
        group->says = escaped(message->header, TEXT_KEPT);
    }
    if (group->reason == NULL &&
        (message->find_reason == NULL || group->sought++ < REASONS_SOUGHT)) {
        group->reason = escaped(queue_reason(message), TEXT_KEPT);
    }
    if (group->subject == NULL) {
        group->subject = escaped(message->subject, TEXT_KEPT);
    }
}

void queue_groups_add(struct queue_groups *groups, const struct queue_known *known)
{
    char *key = group_key(groups, known);
    size_t *slot;

    if (groups->count == groups->cap) {
        grow(groups);
    }
    slot = slot_of(groups, key);
    if (*slot == 0) {
        *slot = groups->count + 1;
        group_begin(groups, &groups->groups[groups->count++], known, key);
    } else {
        free(key);
    }
    group_count(&groups->groups[*slot - 1], known);
    groups->messages++;
    groups->rcpts += known->message->rcpts;
    groups->states[known->message->state]++;
}

/* --- printing -------------------------------------------------------------------------------- */

static void print_escaped(struct out *out, const char *key, const char *label, const char *text)
{
    out_escaped(out, key, label, text, text != NULL ? strlen(text) : 0);
}

static void print_user(struct out *out, long long uid)
{
    const struct passwd *pw = uid >= 0 ? getpwuid((uid_t)uid) : NULL;

    if (uid >= 0) {
        out_number(out, "uid", "uid", uid);
    } else {
        out_string(out, "uid", "uid", NULL);
    }
    out_string(out, "user", "user", pw != NULL ? pw->pw_name : NULL);
}

/* What the wrapper or the MTA knows of a local process. */
static void place_words(const struct queue_group *group, const char *by, char *text, size_t cap)
{
    const char *place = group->script != NULL ? group->script
                        : group->unit != NULL ? group->unit
                                              : group->dir;
    bool says = group->unit == NULL && group->worth != ORIGIN_OWN;

    if (place != NULL && strcmp(by, "script") == 0 && group->script == NULL) {
        (void)snprintf(text, cap, "script unknown, in %s%s", says ? "(it says) " : "", place);
    } else if (place != NULL) {
        (void)snprintf(text, cap, "%s%s", says ? "unknown, says " : "", place);
    } else if (group->uid >= 0) {
        (void)snprintf(text, cap, "%s",
                       by[0] == 'u' ? "local processes" : "unknown (no header of ours)");
    } else {
        (void)snprintf(text, cap, "unknown local process");
    }
}

/* The origin in words, for people. */
static void origin_words(const struct queue_group *group, const char *by, char *text, size_t cap)
{
    if (group->sender != NULL) {
        (void)snprintf(text, cap, "%s", *group->sender != '\0' ? group->sender : "<> (bounces)");
    } else if (group->trace != NULL) {
        (void)snprintf(text, cap, "%s", group->trace);
    } else if (group->by == KNOWN_LOGIN || (by[0] == 'l' && group->login != NULL)) {
        (void)snprintf(text, cap, "login %s", group->login);
    } else if (group->by == KNOWN_CLIENT || (by[0] == 'c' && group->client != NULL)) {
        (void)snprintf(text, cap, "client %s", group->client);
    } else if (group->by == KNOWN_BOUNCE) {
        (void)snprintf(text, cap, "bounces of this server");
    } else {
        place_words(group, by, text, cap);
    }
}

static void print_states(struct out *out, const size_t states[QUEUE_STATES])
{
    char text[128];
    int n = 0;

    for (int i = 0; i < QUEUE_STATES; i++) {
        out_number(out, state_name((enum queue_state)i), NULL, (long long)states[i]);
        if (states[i] > 0) {
            n += snprintf(text + n, sizeof text - (size_t)n, "%s%zu %s", n > 0 ? ", " : "",
                          states[i], state_name((enum queue_state)i));
        }
    }
    out_string(out, NULL, "waiting", n > 0 ? text : NULL);
}

static void print_json_origin(struct out *out, const struct queue_group *group)
{
    bool place = group->dir != NULL || group->script != NULL;

    out_string(out, "origin", NULL, known_by_name(group->by));
    print_escaped(out, "dir", NULL, group->dir);
    print_escaped(out, "script", NULL, group->script);
    out_string(out, "dir_certainty", NULL, place ? origin_word(group->worth) : NULL);
    print_escaped(out, "unit", NULL, group->unit);
    print_escaped(out, "login", NULL, group->login);
    print_escaped(out, "client", NULL, group->client);
    print_escaped(out, "sender", NULL, group->sender);
    print_escaped(out, "id", NULL, group->trace);
    print_escaped(out, "says", NULL, group->says);
}

static void print_group(struct context *ctx, const struct queue_groups *groups,
                        const struct queue_group *group)
{
    struct out *out = ctx->out;
    char words[4200];

    out_begin(out, "queue", OUT_TABLE);
    out_mood(out, OUT_BOLD);
    out_number(out, "count", "count", (long long)group->count);
    out_real(out, "share", "share", 100.0 * (double)group->count / (double)groups->messages, 1,
             " %");
    out_number(out, "rcpts", "rcpts", (long long)group->rcpts);
    out_span(out, "oldest", "oldest", (ctx->now - group->oldest) / 1000000);
    out_span(out, "newest", "newest", (ctx->now - group->newest) / 1000000);
    print_states(out, group->states);
    out_number(out, "size", NULL, group->size);
    print_user(out, group->uid);
    origin_words(group, groups->by, words, sizeof words);
    out_escaped(out, NULL, "origin", words, strlen(words));
    print_json_origin(out, group);
    out_list_begin(out, "to", NULL);
    for (size_t i = 0; i < QUEUE_SAMPLES && group->rcpt[i] != NULL; i++) {
        out_list_add_escaped(out, group->rcpt[i], strlen(group->rcpt[i]));
    }
    out_list_end(out);
    print_escaped(out, NULL, "to, e.g.", group->rcpt[0]);
    print_escaped(out, "subject", NULL, group->subject);
    print_escaped(out, "reason", "reason, e.g.", group->reason);
    out_end(out);
}

static int larger_first(const void *a, const void *b)
{
    const struct queue_group *left = a, *right = b;

    if (left->count != right->count) {
        return left->count < right->count ? 1 : -1;
    }
    return strcmp(left->key, right->key);
}

void queue_groups_print(struct context *ctx, struct queue_groups *groups)
{
    size_t shown =
        groups->limit == 0 || groups->limit > groups->count ? groups->count : groups->limit;

    if (groups->count == 0) {
        return;
    }
    /* The index no longer fits behind this: nothing is added any more. */
    qsort(groups->groups, groups->count, sizeof *groups->groups, larger_first);
    for (size_t i = 0; i < shown; i++) {
        print_group(ctx, groups, &groups->groups[i]);
    }
    if (shown < groups->count) {
        out_note(ctx->out, "%zu more origins; --limit 0 shows all", groups->count - shown);
    }
}

void queue_message_print(struct context *ctx, const struct queue_known *known)
{
    const struct queue_message *message = known->message;
    struct out *out = ctx->out;

    out_begin(out, "queued", OUT_TABLE);
    out_string(out, "queue_id", "queue id", message->id);
    out_string(out, "state", "state", state_name(message->state));
    out_time(out, "arrival", "arrival", message->arrival);
    if (message->size >= 0) {
        out_number(out, "size", "size", message->size);
    } else {
        out_string(out, "size", "size", NULL);
    }
    print_user(out, known->uid);
    out_string(out, "origin", "known by", known_by_name(known->by));
    print_escaped(out, "dir", "directory", known->dir);
    out_string(out, "dir_certainty", NULL,
               known->dir != NULL ? origin_word(directory_worth(known)) : NULL);
    print_escaped(out, "script", NULL, known->script);
    print_escaped(out, "script_by", NULL, known->script_by);
    print_escaped(out, "unit", NULL, known->unit);
    out_string(out, "login", NULL, message->login);
    out_string(out, "client", NULL, message->client);
    out_string(out, "id", "id", message->trace);
    out_string(out, "says", NULL,
               known->by != KNOWN_HEADER && known->by != KNOWN_LOG ? message->header : NULL);
    out_string(out, "sender", "sender", message->sender);
    out_number(out, "rcpts", "rcpts", (long long)message->rcpts);
    out_list_begin(out, "to", NULL);
    for (size_t i = 0; i < QUEUE_SAMPLES && message->rcpt[i] != NULL; i++) {
        out_list_add(out, message->rcpt[i], strlen(message->rcpt[i]));
    }
    out_list_end(out);
    out_string(out, NULL, "to, e.g.", message->rcpt[0]);
    out_string(out, "subject", "subject", message->subject);
    out_string(out, "reason", "reason", queue_reason(message));
    out_end(out);
}
