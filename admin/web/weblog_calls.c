/*
 * weblog_calls - the records of a join, made small: many calls of one script share what is common.
 *
 * Hostile: the values. Memory is bounded: of more calls than call_max the latest are kept.
 */
#include "web/weblog_parts.h"

#include "context.h"
#include "origin.h"
#include "strset.h"
#include "wrapper/codec.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SECOND INT64_C(1000000)

/* --- a record --------------------------------------------------------------------------------- */

/* The value's bytes, NUL-terminated; "" if absent. */
static char *value(struct record_line *record, enum record_key key)
{
    struct slice slice;
    char *text;
    size_t len;
    bool cut;

    if (!record_line_value(record, key, &slice)) {
        return context_copy("", 0);
    }
    text = context_copy(slice.ptr, slice.len);
    len = slice.len;
    if (!codec_unescape(text, &len, &cut)) {
        len = 0;
    }
    text[len] = '\0';
    return text;
}

/* "/a//b (deleted)": as the server writes it. */
void weblog_plain_path(char *path)
{
    size_t n = strlen(path);
    char *out = path;

    if (n > 10 && strcmp(path + n - 10, " (deleted)") == 0) {
        path[n - 10] = '\0';
    }
    for (const char *in = path; *in != '\0'; in++) {
        if (*in != '/' || in[1] != '/') {
            *out++ = *in;
        }
    }
    *out = '\0';
}

static void add_pid(struct weblog_call *call, long long pid, int64_t forked)
{
    for (unsigned i = 0; i < call->pid_count; i++) {
        if (call->pid[i] == pid) {
            return;
        }
    }
    if (pid > 1 && pid <= INT32_MAX && call->pid_count < WEBLOG_PIDS) {
        call->forked[call->pid_count] = forked;
        call->pid[call->pid_count++] = (int32_t)pid;
    }
}

/* "1 1 102": how old this process and then each of the chain was, in hundredths of a second. What a
 * worker made last, in whichever request, is the process before it. */
static int64_t next_age(const char **ages)
{
    char *end;
    long long age = strtoll(*ages, &end, 10);

    if (end == *ages || age < 0 || age > INT64_MAX / 4 / 10000) {
        *ages = "";
        return INT64_MIN;
    }
    *ages = end;
    return age * 10000;
}

/* "sh[12344] php-fpm8.2[12001]": the ids; names hold no brackets. */
static void chain_pids(struct weblog_call *call, const char *chain, const char *ages)
{
    while ((chain = strchr(chain, '[')) != NULL) {
        char *end;
        long pid = strtol(++chain, &end, 10);

        if (*end == ']') {
            int64_t age = next_age(&ages);

            add_pid(call, pid, age == INT64_MIN ? INT64_MIN : call->time - age);
        }
    }
}

/* Which server the nearest ancestor that is no shell belongs to: in mod_php and
 * php-fpm it runs the script itself. */
static enum web_server runs_in(const char *chain)
{
    while (*chain != '\0') {
        size_t n = strcspn(chain, "[");

        if (strncmp(chain, "php-fpm", 7) == 0) {
            return WEB_FPM;
        }
        if ((n == 7 && memcmp(chain, "apache2", 7) == 0) ||
            (n == 5 && memcmp(chain, "httpd", 5) == 0)) {
            return WEB_APACHE;
        }
        if (n < 2 || memcmp(chain + n - 2, "sh", 2) != 0) {
            return WEB_UNKNOWN;
        }
        chain += strcspn(chain, " ");
        chain += *chain == ' ';
    }
    return WEB_UNKNOWN;
}

/* --- what is common -------------------------------------------------------------------------- */

struct key {
    char text[RECORD_MAX + 64];
    size_t len;
};

static void key_add(struct key *key, struct record_line *record, enum record_key which)
{
    struct slice value;

    if (record_line_value(record, which, &value)) {
        size_t room = sizeof key->text - 1 - key->len;
        size_t n = value.len < room ? value.len : room;

        memcpy(key->text + key->len, value.ptr, n);
        key->len += n;
    }
    if (key->len < sizeof key->text) {
        key->text[key->len++] = '\n'; /* stands in no value */
    }
}

/* One more reference to what has the key; NULL: nothing has. */
static void *shared_find(struct weblog_shared **buckets, const struct key *key)
{
    uint64_t hash = strset_hash(key->text, key->len);
    struct weblog_shared *shared = buckets[hash % WEBLOG_BUCKETS];

    while (shared != NULL && (shared->hash != hash || shared->key_len != key->len ||
                              memcmp(shared->key, key->text, key->len) != 0)) {
        shared = shared->next;
    }
    if (shared != NULL) {
        shared->refs++;
    }
    return shared;
}

static void shared_add(struct weblog_shared **buckets, const struct key *key,
                       struct weblog_shared *shared)
{
    shared->hash = strset_hash(key->text, key->len);
    shared->refs = 1;
    shared->key = context_copy(key->text, key->len);
    shared->key_len = key->len;
    shared->next = buckets[shared->hash % WEBLOG_BUCKETS];
    buckets[shared->hash % WEBLOG_BUCKETS] = shared;
}

/* Gives up a reference. Returns whether it was the last. */
static bool shared_drop(struct weblog_shared **buckets, struct weblog_shared *shared)
{
    struct weblog_shared **at = &buckets[shared->hash % WEBLOG_BUCKETS];

    if (--shared->refs > 0) {
        return false;
    }
    while (*at != shared) {
        at = &(*at)->next;
    }
    *at = shared->next;
    free(shared->key);
    return true;
}

static struct weblog_place *place_of(struct weblog *weblog, struct record_line *record)
{
    struct slice unit = {"", 0};
    struct weblog_place *place;
    struct key key = {.len = 0};

    bool elsewhere = records_elsewhere(weblog->ctx, record);

    key.text[key.len++] = elsewhere ? 'x' : '-';
    key_add(&key, record, RECORD_UID);
    key_add(&key, record, RECORD_UNIT);
    key_add(&key, record, RECORD_CWD);
    key_add(&key, record, RECORD_SCRIPT);
    if ((place = shared_find(weblog->places, &key)) != NULL) {
        return place;
    }
    place = context_alloc(sizeof *place);
    *place = (struct weblog_place){.uid = record_line_number(record, RECORD_UID),
                                   .elsewhere = elsewhere};
    (void)record_line_value(record, RECORD_UNIT, &unit);
    place->shared_uid = origin_shared(place->uid, unit);
    place->cwd = value(record, RECORD_CWD);
    place->script = value(record, RECORD_SCRIPT);
    weblog_plain_path(place->cwd);
    weblog_plain_path(place->script);
    weblog_choose(weblog, place, &place->choice);
    shared_add(weblog->places, &key, &place->shared);
    return place;
}

static void place_drop(struct weblog *weblog, struct weblog_place *place)
{
    if (shared_drop(weblog->places, &place->shared)) {
        weblog_choice_free(&place->choice);
        free(place->cwd);
        free(place->script);
        free(place);
    }
}

static struct weblog_kind *kind_of(struct weblog *weblog, struct record_line *record,
                                   enum web_server server)
{
    struct weblog_place *place = place_of(weblog, record);
    struct weblog_kind *kind;
    struct key key;

    key.len = (size_t)snprintf(key.text, 64, "%d %p\n", (int)server, (void *)place);
    key_add(&key, record, RECORD_REMOTE);
    key_add(&key, record, RECORD_HOST);
    key_add(&key, record, RECORD_URI);
    if ((kind = shared_find(weblog->kinds, &key)) != NULL) {
        place_drop(weblog, place); /* the kind has a reference of its own */
        return kind;
    }
    kind = context_alloc(sizeof *kind);
    *kind = (struct weblog_kind){.place = place, .runs_in = server};
    kind->remote = value(record, RECORD_REMOTE);
    kind->host = value(record, RECORD_HOST);
    kind->uri = value(record, RECORD_URI);
    shared_add(weblog->kinds, &key, &kind->shared);
    return kind;
}

static void kind_drop(struct weblog *weblog, struct weblog_kind *kind)
{
    if (shared_drop(weblog->kinds, &kind->shared)) {
        place_drop(weblog, kind->place);
        free(kind->remote);
        free(kind->host);
        free(kind->uri);
        free(kind);
    }
}

/* --- calls ----------------------------------------------------------------------------------- */

static void call_init(struct weblog *weblog, struct weblog_call *call, struct record_line *record)
{
    char *chain = value(record, RECORD_CHAIN), *ages = value(record, RECORD_AGES);
    long long start = record_line_number(record, RECORD_START);
    long long caller_start = record_line_number(record, RECORD_CALLER_START);
    long ticks = sysconf(_SC_CLK_TCK);

    *call = (struct weblog_call){.time = record->time, .worker_start = INT64_MIN};
    chain_pids(call, chain, ages);
    add_pid(call, record_line_number(record, RECORD_CALLER_PID), INT64_MIN);
    if (start >= 0 && caller_start >= 0 && start >= caller_start && ticks > 0 &&
        start - caller_start < INT64_MAX / 2 / SECOND) {
        call->worker_start = record->time - (start - caller_start) * SECOND / ticks;
    }
    call->kind = kind_of(weblog, record, runs_in(chain));
    free(ages);
    free(chain);
}

static void call_clear(struct weblog *weblog, struct weblog_call *call)
{
    weblog_hits_clear(call);
    kind_drop(weblog, call->kind);
}

size_t weblog_add(struct weblog *weblog, struct record_line *record)
{
    size_t at = weblog->added % weblog->call_max;

    if (weblog->added >= weblog->call_max) {
        call_clear(weblog, &weblog->call[at]);
    } else if (at == weblog->call_room) {
        weblog->call_room = weblog->call_room == 0 ? 1 : 2 * weblog->call_room;
        weblog->call = context_realloc(weblog->call, weblog->call_room * sizeof *weblog->call);
    }
    call_init(weblog, &weblog->call[at], record);
    return weblog->added++;
}

size_t weblog_call_count(const struct weblog *weblog)
{
    return weblog->added < weblog->call_max ? weblog->added : weblog->call_max;
}

void weblog_clear(struct weblog *weblog)
{
    for (size_t i = 0; i < weblog_call_count(weblog); i++) {
        call_clear(weblog, &weblog->call[i]);
    }
    for (size_t i = 0; i < weblog->file_count; i++) {
        free(weblog->file[i]);
    }
    free(weblog->call);
    free(weblog->file);
    weblog->call = NULL;
    weblog->file = NULL;
    weblog->added = weblog->call_room = weblog->file_count = 0;
    weblog->looked = weblog->looked_pid = 0;
}
