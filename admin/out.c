/* out - see out.h. Hostile: all texts; they are escaped here. What could not be written is known at
 * the end: out_free. */
#include "out.h"

#include "context.h"
#include "out_json.h"
#include "out_text.h"
#include "wrapper/codec.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NUMBER_MAX 400 /* a double with all its digits */

struct out {
    FILE *to;
    struct out_text *text; /* one of the two, the other is NULL */
    struct out_json *json;
};

struct out *out_new(FILE *to, bool json, bool colour)
{
    struct out *out = context_alloc(sizeof *out);

    *out = (struct out){.to = to};
    if (json) {
        out->json = out_json_new(to);
    } else {
        out->text = out_text_new(to, colour);
    }
    return out;
}

bool out_is_json(const struct out *out)
{
    return out->json != NULL;
}

void out_flush(struct out *out)
{
    if (out->text != NULL) {
        out_text_flush(out->text);
    }
    (void)fflush(out->to);
}

bool out_free(struct out *out)
{
    bool good;

    out_flush(out);
    good = ferror(out->to) == 0;
    if (out->json != NULL) {
        out_json_free(out->json);
    } else {
        out_text_free(out->text);
    }
    free(out);
    return good;
}

/* --- objects --------------------------------------------------------------------------------- */

void out_begin(struct out *out, const char *kind, enum out_layout layout)
{
    if (out->json != NULL) {
        out_json_open(out->json, NULL, false);
        out_json_number(out->json, "schema", 1);
        out_json_text(out->json, "kind", kind, strlen(kind));
    } else {
        out_text_begin(out->text, kind, layout);
    }
}

void out_end(struct out *out)
{
    if (out->json != NULL) {
        out_json_close(out->json);
    } else {
        out_text_end(out->text);
    }
}

void out_mood(struct out *out, enum out_mood mood)
{
    if (out->text != NULL) {
        out_text_mood(out->text, mood);
    }
}

void out_escaped(struct out *out, const char *key, const char *label, const char *text, size_t n)
{
    char *copy;

    if (out->json != NULL) {
        if (key != NULL && text != NULL) {
            out_json_text(out->json, key, text, n);
        }
        return;
    }
    copy = text == NULL ? NULL : context_copy(text, n);
    out_text_field(out->text, label, copy, false);
    free(copy);
}

/* codec_escape into memory of its own; *ret_len: bytes. Free it. */
static char *escaped(const char *bytes, size_t n, size_t *ret_len)
{
    size_t cap = 4 * n + 1; /* \xHH is the longest escape */
    char *text = context_alloc(cap);
    struct strbuf sb;

    strbuf_init(&sb, text, cap);
    (void)codec_escape(&sb, bytes, n, cap - 1);
    *ret_len = sb.len;
    return text;
}

void out_bytes(struct out *out, const char *key, const char *label, const char *bytes, size_t n)
{
    char *text = NULL;
    size_t len = 0;

    if (bytes != NULL) {
        text = escaped(bytes, n, &len);
    }
    out_escaped(out, key, label, text, len);
    free(text);
}

void out_string(struct out *out, const char *key, const char *label, const char *text)
{
    out_bytes(out, key, label, text, text != NULL ? strlen(text) : 0);
}

/* Free it. */
__attribute__((format(printf, 1, 0))) static char *compose(const char *format, va_list args)
{
    char *text;

    return vasprintf(&text, format, args) < 0 ? context_copy("", 0) : text;
}

void out_words(struct out *out, const char *label, const char *format, ...)
{
    va_list args;
    char *text;

    if (out->json != NULL) {
        return;
    }
    va_start(args, format);
    text = compose(format, args);
    va_end(args);
    out_text_field(out->text, label, text, false);
    free(text);
}

void out_number(struct out *out, const char *key, const char *label, long long value)
{
    char text[32];

    if (out->json != NULL) {
        if (key != NULL) {
            out_json_number(out->json, key, value);
        }
        return;
    }
    (void)snprintf(text, sizeof text, "%lld", value);
    out_text_field(out->text, label, text, true);
}

void out_real(struct out *out, const char *key, const char *label, double value, int decimals,
              const char *suffix)
{
    char text[NUMBER_MAX], number[NUMBER_MAX];

    (void)snprintf(number, sizeof number, "%.*f", decimals, value);
    if (out->json != NULL) {
        if (key != NULL) {
            out_json_real(out->json, key, strtod(number, NULL)); /* the digits that text has */
        }
        return;
    }
    (void)snprintf(text, sizeof text, "%s%s", number, suffix);
    out_text_field(out->text, label, text, true);
}

void out_bool(struct out *out, const char *key, const char *label, bool value)
{
    if (out->json == NULL) {
        out_text_field(out->text, label, value ? "yes" : "no", false);
    } else if (key != NULL) {
        out_json_bool(out->json, key, value);
    }
}

void out_time(struct out *out, const char *key, const char *label, int64_t us)
{
    time_t seconds = (time_t)(us / 1000000);
    char text[64];
    struct tm tm;
    size_t n;

    if (out->json == NULL) {
        if (us >= 0) {
            (void)localtime_r(&seconds, &tm);
            (void)strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &tm);
        }
        out_text_field(out->text, label, us < 0 ? NULL : text, false);
    } else if (key != NULL && us >= 0) {
        (void)gmtime_r(&seconds, &tm);
        n = strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &tm);
        (void)snprintf(text + n, sizeof text - n, ".%06d+00:00", (int)(us % 1000000));
        out_json_text(out->json, key, text, strlen(text));
    }
}

void out_span(struct out *out, const char *key, const char *label, long long seconds)
{
    char text[64];

    if (out->json != NULL) {
        if (key != NULL && seconds >= 0) {
            out_json_number(out->json, key, seconds);
        }
        return;
    }
    if (seconds < 100) {
        (void)snprintf(text, sizeof text, "%lld s", seconds);
    } else if (seconds < 100 * 60LL) {
        (void)snprintf(text, sizeof text, "%lld min", seconds / 60);
    } else if (seconds < 48 * 3600LL) {
        (void)snprintf(text, sizeof text, "%lld h", seconds / 3600);
    } else {
        (void)snprintf(text, sizeof text, "%lld d", seconds / 86400);
    }
    out_text_field(out->text, label, seconds < 0 ? NULL : text, true);
}

static void json_bars(struct out_json *json, const char *key, const uint32_t *counts, size_t n)
{
    out_json_open(json, key, true);
    for (size_t i = 0; i < n; i++) {
        out_json_number(json, NULL, counts[i]);
    }
    out_json_close(json);
}

void out_bars(struct out *out, const char *key, const char *label, const uint32_t *counts, size_t n)
{
    if (out->json != NULL) {
        json_bars(out->json, key, counts, n);
        return;
    }
    out_text_bars(out->text, label, counts, n);
}

/* --- lists and objects within ---------------------------------------------------------------- */

void out_list_begin(struct out *out, const char *key, const char *label)
{
    if (out->json != NULL) {
        out_json_open(out->json, key, true);
    } else {
        out_text_list_begin(out->text, label);
    }
}

void out_list_add_escaped(struct out *out, const char *text, size_t n)
{
    if (out->json != NULL) {
        out_json_text(out->json, NULL, text, n);
    } else {
        out_text_list_add(out->text, text, n);
    }
}

void out_list_add(struct out *out, const char *bytes, size_t n)
{
    size_t len;
    char *text = escaped(bytes, n, &len);

    out_list_add_escaped(out, text, len);
    free(text);
}

void out_list_end(struct out *out)
{
    if (out->json != NULL) {
        out_json_close(out->json);
    } else {
        out_text_list_end(out->text);
    }
}

static void nest(struct out *out, const char *key, const char *label, bool array)
{
    if (out->json != NULL) {
        out_json_open(out->json, key, array);
    } else {
        out_text_nest(out->text, label);
    }
}

static void unnest(struct out *out)
{
    if (out->json != NULL) {
        out_json_close(out->json);
    } else {
        out_text_unnest(out->text);
    }
}

void out_array_begin(struct out *out, const char *key, const char *label)
{
    nest(out, key, label, true);
}

void out_array_end(struct out *out)
{
    unnest(out);
}

void out_object_begin(struct out *out, const char *key, const char *label)
{
    nest(out, key, label, false);
}

void out_object_end(struct out *out)
{
    unnest(out);
}

void out_note(struct out *out, const char *format, ...)
{
    va_list args;
    char *text, *safe;
    size_t len;

    if (out->json != NULL) {
        return;
    }
    va_start(args, format);
    text = compose(format, args);
    va_end(args);
    safe = escaped(text, strlen(text), &len);
    out_text_note(out->text, safe);
    free(safe);
    free(text);
}
