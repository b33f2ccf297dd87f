/* filter - see filter.h. Hostile: the values of records; what cannot be decoded fits no filter. */
#include "filter.h"

#include "args.h"
#include "context.h"
#include "timearg.h"
#include "wrapper/codec.h"

#include <errno.h>
#include <fnmatch.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

#define VALUE_MAX 8192

/* The options that look at a text, and the keys they look at. --uid and --user compare numbers. */
static const struct text_filter {
    const char *option;
    enum record_key key[2];
    size_t keys; /* 0: not a key of the record, the line's host */
} text_filters[] = {
    {"dir", {RECORD_CWD}, 1},   {"script", {RECORD_SCRIPT}, 1},
    {"unit", {RECORD_UNIT}, 1}, {"from", {RECORD_FROM, RECORD_SENDER}, 2},
    {"host", {RECORD_ID}, 0},   {"caller", {RECORD_CALLER}, 1},
};

#define TEXT_FILTERS (sizeof text_filters / sizeof text_filters[0])

static bool number(const char *text, long long *ret)
{
    char *end;

    errno = 0;
    *ret = strtoll(text, &end, 10);
    return text[0] != '\0' && *end == '\0' && errno == 0 && *ret >= 0 && *ret <= UINT32_MAX;
}

/* The uid of a --user: a number, or a name in the password database, which is this machine's. */
static bool uid_of(const char *user, long long *ret)
{
    const struct passwd *pw;

    if (number(user, ret)) {
        return true;
    }
    pw = getpwnam(user);
    if (pw == NULL) {
        return false;
    }
    *ret = pw->pw_uid;
    return true;
}

/* later: which of a time that comes twice. */
static bool read_time(struct context *ctx, const char *option, bool later, int64_t *ret)
{
    const char *text = args_get(ctx->args, option);

    if (text != NULL && !timearg_parse(text, ctx->now, later, ret)) {
        (void)context_fail(ctx,
                           "--%s: %s is no time; try 10m, 2h, today, 16:20, 2026-11-21, "
                           "2026-11-21T16:20:31Z or @1763742031",
                           option, text);
        return false;
    }
    return true;
}

static bool read_users(struct context *ctx, struct filter *ret)
{
    const char *text;
    long long uid;

    for (size_t cursor = 0; (text = args_each(ctx->args, "user", &cursor)) != NULL;) {
        bool known = uid_of(text, &uid);

        if (!known && !ret->names) {
            (void)context_fail(ctx, "--user: there is no user %s; of one that is gone use --uid",
                               text);
            return false;
        }
        if (known && ret->user_count == FILTER_USERS_MAX) {
            (void)context_fail(ctx, "--user: at most %d of them", FILTER_USERS_MAX);
            return false;
        }
        if (known) {
            ret->user[ret->user_count++] = uid;
        }
        ret->keys |= UINT64_C(1) << RECORD_UID | (ret->names ? UINT64_C(1) << RECORD_USER : 0);
    }
    return true;
}

bool filter_init(struct context *ctx, struct filter *ret)
{
    const char *text;
    long long uid;

    *ret = (struct filter){.since = INT64_MIN,
                           .until = INT64_MAX,
                           .args = ctx->args,
                           .names = args_has(ctx->args, "central") ||
                                    args_has(ctx->args, "journal-dir")};
    /* So that nothing is left out. */
    if (!read_time(ctx, "since", false, &ret->since) ||
        !read_time(ctx, "until", true, &ret->until)) {
        return false;
    }
    if (ret->since > ret->until) {
        (void)context_fail(ctx, "--since is later than --until");
        return false;
    }
    for (size_t cursor = 0; (text = args_each(ctx->args, "uid", &cursor)) != NULL;) {
        if (!number(text, &uid)) {
            (void)context_fail(ctx, "--uid: %s is no user ID; for a name use --user", text);
            return false;
        }
        ret->keys |= UINT64_C(1) << RECORD_UID;
    }
    if (!read_users(ctx, ret)) {
        return false;
    }
    for (size_t i = 0; i < TEXT_FILTERS; i++) {
        for (size_t k = 0; args_has(ctx->args, text_filters[i].option) && k < text_filters[i].keys;
             k++) {
            ret->keys |= UINT64_C(1) << text_filters[i].key[k];
        }
    }
    return true;
}

bool filter_given(const struct filter *filter, const char *option)
{
    return args_has(filter->args, option);
}

bool filter_time(const struct filter *filter, int64_t us)
{
    return us >= filter->since && us <= filter->until;
}

static bool is_wanted_uid(const struct filter *filter, long long uid)
{
    const char *text;
    long long wanted;

    for (size_t cursor = 0; (text = args_each(filter->args, "uid", &cursor)) != NULL;) {
        if (number(text, &wanted) && wanted == uid) {
            return true;
        }
    }
    return false;
}

bool filter_uid(const struct filter *filter, long long uid)
{
    for (size_t i = 0; i < filter->user_count; i++) {
        if (filter->user[i] == uid) {
            return true;
        }
    }
    return is_wanted_uid(filter, uid) ||
           !(args_has(filter->args, "uid") || args_has(filter->args, "user"));
}

/* By --uid, or by a --user that is a name on the record's own machine. */
static bool passes_user(const struct filter *filter, struct record_line *line)
{
    long long uid = record_line_number(line, RECORD_UID), wanted;
    struct slice user = {.ptr = "", .len = 0};
    const char *text;

    if (!filter->names) {
        return filter_uid(filter, uid);
    }
    (void)record_line_value(line, RECORD_USER, &user);
    for (size_t cursor = 0; (text = args_each(filter->args, "user", &cursor)) != NULL;) {
        if (number(text, &wanted)
                ? wanted == uid
                : strlen(text) == user.len && memcmp(text, user.ptr, user.len) == 0) {
            return true;
        }
    }
    return is_wanted_uid(filter, uid);
}

/* --- comparing texts ------------------------------------------------------------------------- */

static bool contains(const char *text, const char *part)
{
    return strcasestr(text, part) != NULL;
}

/* A directory itself, or below it: "/var/www/web274" is not above "/var/www/web2740". */
static bool at_or_below(const char *path, const char *dir)
{
    size_t n = strlen(dir);

    while (n > 0 && dir[n - 1] == '/') {
        n--;
    }
    return strncmp(path, dir, n) == 0 && (path[n] == '\0' || path[n] == '/');
}

static bool same_unit(const char *unit, const char *wanted)
{
    size_t n = strlen(wanted);

    return strncmp(unit, wanted, n) == 0 && (unit[n] == '\0' || strcmp(unit + n, ".service") == 0);
}

/* The whole name, or its first labels. */
static bool same_host(const char *host, const char *wanted)
{
    size_t n = strlen(wanted);

    return strncasecmp(host, wanted, n) == 0 && (host[n] == '\0' || host[n] == '.');
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash != NULL ? slash + 1 : path;
}

/* text: decoded. */
static bool compare(const char *option, const char *text, const char *wanted)
{
    bool script = strcmp(option, "script") == 0;

    if (script && strchr(wanted, '/') == NULL) {
        text = base_name(text);
    }
    if (strpbrk(wanted, "*?[") != NULL) {
        return fnmatch(wanted, text, FNM_CASEFOLD) == 0;
    }
    if (script) {
        return strcmp(text, wanted) == 0;
    }
    if (strcmp(option, "dir") == 0) {
        return at_or_below(text, wanted);
    }
    if (strcmp(option, "unit") == 0) {
        return same_unit(text, wanted);
    }
    if (strcmp(option, "host") == 0) {
        return same_host(text, wanted);
    }
    return contains(text, wanted);
}

bool filter_text(const struct filter *filter, const char *option, const char *text, size_t n)
{
    char decoded[VALUE_MAX];
    const char *wanted;
    bool cut;

    if (!args_has(filter->args, option)) {
        return true;
    }
    if (text == NULL || n >= sizeof decoded) {
        return false;
    }
    memcpy(decoded, text, n);
    if (!codec_unescape(decoded, &n, &cut)) {
        return false;
    }
    decoded[n] = '\0';
    for (size_t cursor = 0; (wanted = args_each(filter->args, option, &cursor)) != NULL;) {
        if (compare(option, decoded, wanted)) {
            return true;
        }
    }
    return false;
}

static bool passes(const struct filter *filter, const struct text_filter *of,
                   struct record_line *line)
{
    struct slice value;

    if (!args_has(filter->args, of->option)) {
        return true;
    }
    if (of->keys == 0) {
        return filter_text(filter, of->option, line->host.ptr, line->host.len);
    }
    for (size_t k = 0; k < of->keys; k++) {
        if (record_line_value(line, of->key[k], &value) &&
            filter_text(filter, of->option, value.ptr, value.len)) {
            return true;
        }
    }
    return false;
}

bool filter_record(const struct filter *filter, struct record_line *line)
{
    if (!filter_time(filter, line->time)) {
        return false;
    }
    if ((filter->keys & (UINT64_C(1) << RECORD_UID)) != 0 && !passes_user(filter, line)) {
        return false;
    }
    for (size_t i = 0; i < TEXT_FILTERS; i++) {
        if (!passes(filter, &text_filters[i], line)) {
            return false;
        }
    }
    return true;
}
