/* out_json - see out_json.h. Texts come here escaped. */
#include "out_json.h"

#include "context.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX 8 /* objects and arrays within one another */

struct level {
    bool array;
    bool any;      /* something is in it: a comma comes before the next */
    bool detached; /* without a name in an object: not printed */
    size_t begin;
};

struct out_json {
    FILE *to;
    char *line; /* so far */
    size_t len, cap;
    struct level level[DEPTH_MAX]; /* what is open, the innermost last */
    size_t depth;
};

struct out_json *out_json_new(FILE *to)
{
    struct out_json *json = context_alloc(sizeof *json);

    *json = (struct out_json){.to = to};
    return json;
}

void out_json_free(struct out_json *json)
{
    free(json->line);
    free(json);
}

static void put(struct out_json *json, const char *text, size_t n)
{
    if (json->line == NULL || json->cap - json->len < n) {
        json->cap = (json->len + n + 512) * 2;
        json->line = context_realloc(json->line, json->cap);
    }
    memcpy(json->line + json->len, text, n);
    json->len += n;
}

/* The comma and the name in front of a value. Names are ours and need no escapes. Returns false
 * where nothing is printed: in an object without a name. */
static bool begin_value(struct out_json *json, const char *key)
{
    struct level *in = &json->level[json->depth - 1];

    if (!in->array && key == NULL) {
        return false;
    }
    if (in->any) {
        put(json, ",", 1);
    }
    in->any = true;
    if (key != NULL && !in->array) {
        put(json, "\"", 1);
        put(json, key, strlen(key));
        put(json, "\":", 2);
    }
    return true;
}

/* A value as JSON has it; n 0: none. */
static void put_value(struct out_json *json, const char *key, const char *text, size_t n)
{
    if (n > 0 && begin_value(json, key)) {
        put(json, text, n);
    }
}

/* A value that takes what jansson makes of it. Takes it over; NULL: none. */
static void put_other(struct out_json *json, const char *key, json_t *value)
{
    char *text = value == NULL
                     ? NULL
                     : json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT | JSON_REAL_PRECISION(9));

    if (text != NULL) {
        put_value(json, key, text, strlen(text));
    }
    free(text);
    json_decref(value);
}

/* Most texts need no escape, and are many where all origins are printed. */
void out_json_text(struct out_json *json, const char *key, const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)text[i];

        if (c < ' ' || c >= 0x7f || c == '"' || c == '\\') {
            put_other(json, key, json_stringn(text, n));
            return;
        }
    }
    if (begin_value(json, key)) {
        put(json, "\"", 1);
        put(json, text, n);
        put(json, "\"", 1);
    }
}

void out_json_number(struct out_json *json, const char *key, long long value)
{
    unsigned long long rest = value < 0 ? 0 - (unsigned long long)value : (unsigned long long)value;
    char text[24];
    size_t at = sizeof text;

    do {
        text[--at] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    if (value < 0) {
        text[--at] = '-';
    }
    put_value(json, key, text + at, sizeof text - at);
}

void out_json_real(struct out_json *json, const char *key, double value)
{
    put_other(json, key, json_real(value));
}

void out_json_bool(struct out_json *json, const char *key, bool value)
{
    put_value(json, key, value ? "true" : "false", value ? 4 : 5);
}

void out_json_open(struct out_json *json, const char *key, bool array)
{
    struct level level = {.array = array};

    if (json->depth >= DEPTH_MAX) {
        (void)fputs("mailorigin: out of memory\n", stderr);
        exit(STATUS_FAILED);
    }
    level.detached = json->depth > 0 && !begin_value(json, key);
    level.begin = json->len;
    put(json, array ? "[" : "{", 1);
    json->level[json->depth++] = level;
}

void out_json_close(struct out_json *json)
{
    const struct level *level = &json->level[--json->depth];

    put(json, level->array ? "]" : "}", 1);
    if (level->detached) {
        json->len = level->begin;
    }
    if (json->depth == 0) {
        put(json, "\n", 1);
        (void)fwrite(json->line, 1, json->len, json->to);
        json->len = 0;
    }
}
