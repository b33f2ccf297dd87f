/*
 * top_key - what of a record makes it one origin's: see top.h.
 *
 * A key's bytes: the uid in eight bytes and its host, NUL, a letter, text, NUL: the origin; then
 * text, NUL, text, NUL, user. Escaped text has no NUL in it, so no value can run into the next. One
 * uid is another user on another host. Hostile: the values' length; TEXT_MAX is more than the
 * wrapper ever writes.
 */
#include "top/top.h"

#include <endian.h>
#include <string.h>

#define TEXT_MAX 1000

_Static_assert(8 + TOP_HOST_MAX + 4 * TEXT_MAX + 5 <= AGGREGATE_KEY_MAX, "a key fits");

static const struct top_by bys[] = {
    {"dir", RECORD_CWD, true, true},    {"script", RECORD_SCRIPT, true, false},
    {"user", RECORD_KEYS, true, false}, {"caller", RECORD_CALLER, true, false},
    {"unit", RECORD_UNIT, true, false}, {"host", TOP_HOST, false, false},
    {"from", RECORD_FROM, true, false}, {"sender", RECORD_SENDER, true, false},
};

const struct top_by *top_by_find(const char *name)
{
    for (size_t i = 0; name != NULL && i < sizeof bys / sizeof bys[0]; i++) {
        if (strcmp(name, bys[i].name) == 0) {
            return &bys[i];
        }
    }
    return &bys[0];
}

static char *put(char *to, struct slice text, size_t max)
{
    size_t n = text.len < max ? text.len : max;

    memcpy(to, text.ptr, n);
    return to + n;
}

static char *put_value(char *to, struct record_line *line, enum record_key key)
{
    struct slice value;

    return record_line_value(line, key, &value) ? put(to, value, TEXT_MAX) : to;
}

/* The letter and the text. ' ': nothing is known; '=': it is; 'd': the directory in the script's
 * place. */
static char *put_origin(char *to, const struct top_by *by, struct record_line *line)
{
    struct slice value = line->host;

    if (by->key == TOP_HOST ||
        (by->key != RECORD_KEYS && record_line_value(line, by->key, &value))) {
        *to++ = '=';
        return put(to, value, TEXT_MAX);
    }
    if (by->key == RECORD_SCRIPT && record_line_value(line, RECORD_CWD, &value)) {
        *to++ = 'd';
        return put(to, value, TEXT_MAX);
    }
    *to++ = ' ';
    return to;
}

static enum origin_worth worth_of(const struct top_by *by, struct record_line *line)
{
    if (by->key == RECORD_SCRIPT) {
        return origin_script(line);
    }
    return by->key == RECORD_CWD ? origin_directory(line) : ORIGIN_NONE;
}

void top_key(const struct top_by *by, struct record_line *line, char *key,
             struct aggregate_call *ret)
{
    long long uid = by->uid ? record_line_number(line, RECORD_UID) : -1;
    uint64_t number = htobe64((uint64_t)uid);
    long long rcpts = record_line_number(line, RECORD_RCPTS);
    char *to = key;

    memcpy(to, &number, sizeof number);
    to += sizeof number;
    if (by->uid) {
        to = put(to, line->host, TOP_HOST_MAX);
    }
    *to++ = '\0';
    to = put_origin(to, by, line);
    *to++ = '\0';
    ret->origin_len = (size_t)(to - key);
    to = put_value(to, line, by->scripts ? RECORD_SCRIPT : RECORD_CWD);
    *to++ = '\0';
    if (by->scripts || by->key == RECORD_SCRIPT) {
        to = put_value(to, line, RECORD_SCRIPT_BY);
    }
    *to++ = '\0';
    if (by->uid) {
        to = put_value(to, line, RECORD_USER);
    }
    ret->key = key;
    ret->key_len = (size_t)(to - key);
    ret->time = line->time;
    ret->messages = 1;
    ret->rcpts =
        rcpts < 0 ? 1 : rcpts; /* a message that is not looked into has somebody it is for */
    ret->owner = by->key == RECORD_SCRIPT ? record_line_number(line, RECORD_SCRIPT_UID)
                                          : record_line_number(line, RECORD_CWD_UID);
    ret->worth = (unsigned)worth_of(by, line);
    ret->part_worth = (unsigned)(by->scripts ? origin_script(line) : origin_directory(line));
}

/* Takes text up to a NUL, or what is left. */
static struct slice take(struct slice *rest)
{
    size_t n = strnlen(rest->ptr, rest->len);
    struct slice taken = {.ptr = rest->ptr, .len = n};

    n += n < rest->len;
    rest->ptr += n;
    rest->len -= n;
    return taken;
}

void top_origin_of(const struct aggregate_origin *origin, struct top_origin *ret)
{
    uint64_t number;
    struct slice rest = {.ptr = origin->key + sizeof number, .len = origin->len - sizeof number};

    memcpy(&number, origin->key, sizeof number);
    ret->uid = (long long)be64toh(number);
    ret->host = take(&rest);
    ret->known = rest.ptr[0] == '=';
    ret->by_dir = rest.ptr[0] == 'd';
    ret->text = (struct slice){.ptr = rest.ptr + 1, .len = rest.len - 2};
}

void top_part_of(const struct aggregate_part *part, struct top_part *ret)
{
    struct slice rest = {.ptr = part->text, .len = part->len};

    ret->text = take(&rest);
    ret->script_by = take(&rest);
    ret->user = take(&rest);
}
