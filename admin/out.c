#include "out.h"

#include "context.h"
#include "wrapper/codec.h"

#include <jansson.h>
#include <langinfo.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <wchar.h>

#define DEPTH_MAX 8   /* objects and lists within one another */
#define ROWS_HELD 200 /* rows of a table that fix the widths of its columns */
#define COLUMNS_MAX 32
#define LABEL_WIDTH 12 /* of a block, before the values */
#define NUMBER_MAX 400 /* a double with all its digits */

struct cell {
    char *text;
    enum out_mood mood;
    bool right;
};

struct row {
    struct cell cell[COLUMNS_MAX];
    size_t count;
};

struct out {
    FILE *to;
    bool json, colour, utf8;
    char kind[32]; /* of the last object */
    enum out_layout layout;
    enum out_mood mood;
    /* JSON: what is being built, the innermost last */
    json_t *stack[DEPTH_MAX];
    size_t depth;
    /* text */
    const char *label[COLUMNS_MAX]; /* heading of the table */
    struct row *rows;               /* held back, the last one being filled */
    size_t row_count;
    int width[COLUMNS_MAX];
    bool widths_known;
    bool written;      /* something was printed before: blocks are parted by an empty line */
    size_t text_depth; /* objects within the object */
    char *list;        /* a list's items so far, joined */
    size_t list_len, list_items;
    const char *list_label;
};

struct out *out_new(FILE *to, bool json, bool colour)
{
    struct out *out = context_alloc(sizeof *out);

    *out = (struct out){.to = to,
                        .json = json,
                        .colour = colour,
                        .utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0};
    out->rows = context_alloc(ROWS_HELD * sizeof out->rows[0]);
    return out;
}

bool out_is_json(const struct out *out)
{
    return out->json;
}

/* --- text
 * ----------------------------------------------------------------------------------------------------
 */

/* Columns of a terminal that escaped text takes. */
static int width_of(const char *text)
{
    mbstate_t state = {0};
    wchar_t wc;
    int width = 0;
    size_t n;

    while (*text != '\0') {
        n = mbrtowc(&wc, text, MB_CUR_MAX, &state);
        if (n == 0 || n > MB_CUR_MAX) { /* not of this locale: a byte a column */
            state = (mbstate_t){0};
            n = 1;
            width++;
        } else {
            int columns = wcwidth(wc);

            width += columns > 0 ? columns : 0;
        }
        text += n;
    }
    return width;
}

static void put_mood(const struct out *out, enum out_mood mood, const char *text)
{
    /* SGR of ECMA-48: green, red, yellow, faint, bold. */
    static const char *const codes[] = {[OUT_PLAIN] = NULL, [OUT_GOOD] = "32", [OUT_BAD] = "31",
                                        [OUT_WARN] = "33",  [OUT_DIM] = "2",   [OUT_BOLD] = "1"};

    if (out->colour && codes[mood] != NULL) {
        (void)fprintf(out->to, "\033[%sm%s\033[0m", codes[mood], text);
    } else {
        (void)fputs(text, out->to);
    }
}

static void put_row(const struct out *out, const struct row *row)
{
    for (size_t i = 0; i < row->count; i++) {
        const struct cell *cell = &row->cell[i];
        int pad = out->width[i] - width_of(cell->text);
        bool last = i + 1 == row->count;

        if (i > 0) {
            (void)fputs("  ", out->to);
        }
        if (cell->right && pad > 0) {
            (void)fprintf(out->to, "%*s", pad, "");
        }
        put_mood(out, cell->mood, cell->text);
        if (!cell->right && !last && pad > 0) {
            (void)fprintf(out->to, "%*s", pad, "");
        }
    }
    (void)fputc('\n', out->to);
}

static void free_row(struct row *row)
{
    for (size_t i = 0; i < row->count; i++) {
        free(row->cell[i].text);
    }
    row->count = 0;
}

static void put_heading(struct out *out)
{
    struct row head = {.count = out->rows[0].count};

    for (size_t i = 0; i < head.count; i++) {
        out->width[i] = width_of(out->label[i]);
        for (size_t r = 0; r < out->row_count; r++) {
            int width = width_of(out->rows[r].cell[i].text);

            out->width[i] = width > out->width[i] ? width : out->width[i];
        }
        head.cell[i] = (struct cell){.text = context_copy(out->label[i], strlen(out->label[i])),
                                     .mood = OUT_DIM,
                                     .right = out->rows[0].cell[i].right};
    }
    put_row(out, &head);
    free_row(&head);
    out->widths_known = true;
}

/* Prints the rows that are held back. */
static void flush_rows(struct out *out)
{
    if (out->row_count > 0 && !out->widths_known) {
        put_heading(out);
    }
    for (size_t r = 0; r < out->row_count; r++) {
        put_row(out, &out->rows[r]);
        free_row(&out->rows[r]);
        out->written = true;
    }
    out->row_count = 0;
}

void out_flush(struct out *out)
{
    flush_rows(out);
    (void)fflush(out->to);
}

bool out_free(struct out *out)
{
    bool good;

    flush_rows(out);
    good = fflush(out->to) == 0 && ferror(out->to) == 0;
    free(out->rows);
    free(out->list);
    free(out);
    return good;
}

static void text_begin(struct out *out, const char *kind, enum out_layout layout)
{
    if (layout != out->layout || strcmp(kind, out->kind) != 0) {
        flush_rows(out);
        out->widths_known = false;
    }
    if (layout == OUT_BLOCK) {
        if (out->written) {
            (void)fputc('\n', out->to);
        }
    } else {
        if (!out->widths_known && out->row_count == 0 && out->written) {
            (void)fputc('\n', out->to);
        }
        out->rows[out->row_count].count = 0;
    }
}

static void text_end(struct out *out)
{
    if (out->layout == OUT_BLOCK) {
        out->written = true;
        return;
    }
    out->row_count++;
    if (out->widths_known || out->row_count == ROWS_HELD) {
        flush_rows(out);
    }
}

static void block_field(struct out *out, const char *label, const char *text)
{
    int indent = (int)(2 * out->text_depth);
    int pad = LABEL_WIDTH - width_of(label);

    (void)fprintf(out->to, "%*s", indent, "");
    put_mood(out, OUT_DIM, label);
    if (text[0] != '\0') {
        (void)fprintf(out->to, "%*s  ", pad > 0 ? pad : 0, "");
        put_mood(out, out->mood, text);
    }
    (void)fputc('\n', out->to);
}

/* text: escaped; NULL: unknown. */
static void text_field(struct out *out, const char *label, const char *text, bool right)
{
    struct row *row = &out->rows[out->row_count];

    if (out->layout == OUT_BLOCK) {
        if (text != NULL) {
            block_field(out, label, text);
        }
    } else if (out->text_depth == 0 && row->count < COLUMNS_MAX) {
        if (text == NULL) {
            text = "-";
        }
        out->label[row->count] = label;
        row->cell[row->count++] = (struct cell){
            .text = context_copy(text, strlen(text)), .mood = out->mood, .right = right};
    }
}

/* --- JSON
 * --------------------------------------------------------------------------------------------------------
 */

/* Takes over the value. */
static void json_field(struct out *out, const char *key, json_t *value)
{
    json_t *in = out->stack[out->depth - 1];

    if (value == NULL) { /* no memory, or a number that JSON has not */
        return;
    }
    if (json_is_array(in)) {
        (void)json_array_append_new(in, value);
    } else if (key != NULL) {
        (void)json_object_set_new(in, key, value);
    } else {
        json_decref(value);
    }
}

static void json_push(struct out *out, const char *key, json_t *value)
{
    if (value == NULL || out->depth >= DEPTH_MAX) {
        (void)fputs("mailorigin: out of memory\n", stderr);
        exit(STATUS_FAILED);
    }
    if (out->depth > 0) {
        json_field(out, key, json_incref(value));
    }
    out->stack[out->depth++] = value;
}

static void json_pop(struct out *out)
{
    json_decref(out->stack[--out->depth]);
}

/* --- objects
 * ---------------------------------------------------------------------------------------------------
 */

void out_begin(struct out *out, const char *kind, enum out_layout layout)
{
    if (out->json) {
        json_push(out, NULL, json_object());
        json_field(out, "schema", json_integer(1));
        json_field(out, "kind", json_string(kind));
    } else {
        text_begin(out, kind, layout);
    }
    out->layout = layout;
    out->mood = OUT_PLAIN;
    (void)snprintf(out->kind, sizeof out->kind, "%s", kind);
}

void out_end(struct out *out)
{
    if (out->json) {
        (void)json_dumpf(out->stack[0], out->to, JSON_COMPACT | JSON_REAL_PRECISION(9));
        (void)fputc('\n', out->to);
        json_pop(out);
    } else {
        text_end(out);
    }
}

void out_mood(struct out *out, enum out_mood mood)
{
    out->mood = mood;
}

/* A field in both forms; takes over value. text: escaped, NULL: unknown. */
static void field(struct out *out, const char *key, const char *label, const char *text, bool right,
                  json_t *value)
{
    if (out->json) {
        if (key != NULL && text != NULL) {
            json_field(out, key, value);
        } else {
            json_decref(value);
        }
    } else if (label != NULL) {
        text_field(out, label, text, right);
    }
    out->mood = OUT_PLAIN;
}

void out_escaped(struct out *out, const char *key, const char *label, const char *text, size_t n)
{
    char *copy;

    if (text == NULL) {
        field(out, key, label, NULL, false, NULL);
        return;
    }
    copy = context_copy(text, n);
    field(out, key, label, copy, false, out->json ? json_stringn(text, n) : NULL);
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

void out_number(struct out *out, const char *key, const char *label, long long value)
{
    char text[32];

    (void)snprintf(text, sizeof text, "%lld", value);
    field(out, key, label, text, true, out->json ? json_integer(value) : NULL);
}

void out_real(struct out *out, const char *key, const char *label, double value, int decimals,
              const char *suffix)
{
    char text[NUMBER_MAX], number[NUMBER_MAX];

    (void)snprintf(number, sizeof number, "%.*f", decimals, value);
    (void)snprintf(text, sizeof text, "%s%s", number, suffix);
    /* JSON has the digits that text has. */
    field(out, key, label, text, true, out->json ? json_real(strtod(number, NULL)) : NULL);
}

void out_bool(struct out *out, const char *key, const char *label, bool value)
{
    field(out, key, label, value ? "yes" : "no", false, out->json ? json_boolean(value) : NULL);
}

void out_time(struct out *out, const char *key, const char *label, int64_t us)
{
    time_t seconds = (time_t)(us / 1000000);
    char text[64];
    struct tm tm;
    size_t n;

    if (us < 0) {
        field(out, key, label, NULL, false, NULL);
        return;
    }
    if (!out->json) {
        (void)localtime_r(&seconds, &tm);
        (void)strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &tm);
        field(out, key, label, text, false, NULL);
        return;
    }
    (void)gmtime_r(&seconds, &tm);
    n = strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &tm);
    (void)snprintf(text + n, sizeof text - n, ".%06d+00:00", (int)(us % 1000000));
    field(out, key, label, text, false, json_string(text));
}

void out_span(struct out *out, const char *key, const char *label, long long seconds)
{
    char text[64];

    if (seconds < 0) {
        field(out, key, label, NULL, true, NULL);
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
    field(out, key, label, text, true, out->json ? json_integer(seconds) : NULL);
}

void out_bars(struct out *out, const char *key, const char *label, const uint32_t *counts, size_t n)
{
    /* U+2581 to U+2588 differ in their last byte. */
    char *text = context_alloc(3 * n + 1);
    uint32_t most = 0;
    size_t len = 0;
    json_t *array = out->json ? json_array() : NULL;

    for (size_t i = 0; i < n; i++) {
        most = counts[i] > most ? counts[i] : most;
        if (out->json) {
            (void)json_array_append_new(array, json_integer(counts[i]));
        }
    }
    for (size_t i = 0; i < n; i++) {
        uint64_t height = most > 0 ? ((uint64_t)counts[i] * 8 + most - 1) / most : 0;

        if (counts[i] == 0) {
            text[len++] = out->utf8 ? ' ' : '.';
        } else if (out->utf8) {
            text[len++] = (char)0xe2;
            text[len++] = (char)0x96;
            text[len++] = (char)(0x80 + height);
        } else {
            text[len++] = (char)('0' + height);
        }
    }
    text[len] = '\0';
    field(out, key, label, text, false, array);
    free(text);
}

/* --- lists and objects within
 * ------------------------------------------------------------------------------------- */

void out_list_begin(struct out *out, const char *key, const char *label)
{
    if (out->json) {
        json_t *array = json_array();

        json_push(out, key, array);
    }
    out->list_label = label;
    out->list_len = out->list_items = 0;
}

void out_list_add_escaped(struct out *out, const char *text, size_t n)
{
    if (out->json) {
        json_field(out, NULL, json_stringn(text, n));
        return;
    }
    if (out->list_label == NULL) {
        return;
    }
    if (out->layout == OUT_BLOCK) {
        char *copy = context_copy(text, n);
        enum out_mood mood = out->mood;

        block_field(out, out->list_items == 0 ? out->list_label : "", copy);
        out->mood = mood;
        free(copy);
    } else {
        out->list = context_realloc(out->list, out->list_len + n + 3);
        if (out->list_items > 0) {
            memcpy(out->list + out->list_len, ", ", 2);
            out->list_len += 2;
        }
        memcpy(out->list + out->list_len, text, n);
        out->list_len += n;
        out->list[out->list_len] = '\0';
    }
    out->list_items++;
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
    if (out->json) {
        json_pop(out);
    } else if (out->list_label != NULL && out->layout == OUT_TABLE) {
        text_field(out, out->list_label, out->list_items > 0 ? out->list : NULL, false);
    }
    out->mood = OUT_PLAIN;
}

static void text_nest(struct out *out, const char *label)
{
    if (label != NULL && out->layout == OUT_BLOCK) {
        block_field(out, label, "");
    }
    out->text_depth++;
}

void out_array_begin(struct out *out, const char *key, const char *label)
{
    if (out->json) {
        json_push(out, key, json_array());
    } else {
        text_nest(out, label);
    }
}

void out_array_end(struct out *out)
{
    if (out->json) {
        json_pop(out);
    } else {
        out->text_depth--;
    }
}

void out_object_begin(struct out *out, const char *key, const char *label)
{
    if (out->json) {
        json_push(out, key, json_object());
    } else {
        text_nest(out, label);
    }
}

void out_object_end(struct out *out)
{
    out_array_end(out);
}

void out_note(struct out *out, const char *format, ...)
{
    va_list args;
    char *text, *safe;
    size_t len;

    if (out->json) {
        return;
    }
    flush_rows(out);
    va_start(args, format);
    if (vasprintf(&text, format, args) < 0) {
        text = context_copy("", 0);
    }
    va_end(args);
    safe = escaped(text, strlen(text), &len);
    (void)fprintf(out->to, "%s\n", safe);
    out->written = true;
    free(safe);
    free(text);
}
