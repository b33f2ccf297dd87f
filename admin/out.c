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
    /* JSON: the line so far, and what is open in it, the innermost last */
    char *line;
    size_t line_len, line_cap;
    struct level {
        bool array;
        bool any;      /* something is in it: a comma comes before the next */
        bool detached; /* without a name in an object: not printed */
        size_t begin;
    } level[DEPTH_MAX];
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
    free(out->line);
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

static void json_put(struct out *out, const char *text, size_t n)
{
    if (out->line == NULL || out->line_cap - out->line_len < n) {
        out->line_cap = (out->line_len + n + 512) * 2;
        out->line = context_realloc(out->line, out->line_cap);
    }
    memcpy(out->line + out->line_len, text, n);
    out->line_len += n;
}

/* The comma and the name in front of a value. Names are ours and need no escapes. Returns false
 * where nothing is printed: in an object without a name. */
static bool json_name(struct out *out, const char *key)
{
    struct level *in = &out->level[out->depth - 1];

    if (!in->array && key == NULL) {
        return false;
    }
    if (in->any) {
        json_put(out, ",", 1);
    }
    in->any = true;
    if (key != NULL && !in->array) {
        json_put(out, "\"", 1);
        json_put(out, key, strlen(key));
        json_put(out, "\":", 2);
    }
    return true;
}

/* A value as JSON has it; n 0: none. */
static void json_value(struct out *out, const char *key, const char *text, size_t n)
{
    if (n > 0 && json_name(out, key)) {
        json_put(out, text, n);
    }
}

/* A value that takes what jansson makes of it. Takes it over; NULL: none. */
static void json_other(struct out *out, const char *key, json_t *value)
{
    char *text = value == NULL
                     ? NULL
                     : json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT | JSON_REAL_PRECISION(9));

    if (text != NULL) {
        json_value(out, key, text, strlen(text));
    }
    free(text);
    json_decref(value);
}

/* Most texts need no escape, and are many where all origins are printed. */
static void json_text(struct out *out, const char *key, const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)text[i];

        if (c < ' ' || c >= 0x7f || c == '"' || c == '\\') {
            json_other(out, key, json_stringn(text, n));
            return;
        }
    }
    if (json_name(out, key)) {
        json_put(out, "\"", 1);
        json_put(out, text, n);
        json_put(out, "\"", 1);
    }
}

static void json_number(struct out *out, const char *key, long long value)
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
    json_value(out, key, text + at, sizeof text - at);
}

static void json_push(struct out *out, const char *key, bool array)
{
    struct level level = {.array = array};

    if (out->depth >= DEPTH_MAX) {
        (void)fputs("mailorigin: out of memory\n", stderr);
        exit(STATUS_FAILED);
    }
    level.detached = out->depth > 0 && !json_name(out, key);
    level.begin = out->line_len;
    json_put(out, array ? "[" : "{", 1);
    out->level[out->depth++] = level;
}

static void json_pop(struct out *out)
{
    const struct level *level = &out->level[--out->depth];

    json_put(out, level->array ? "]" : "}", 1);
    if (level->detached) {
        out->line_len = level->begin;
    }
}

/* --- objects
 * ---------------------------------------------------------------------------------------------------
 */

void out_begin(struct out *out, const char *kind, enum out_layout layout)
{
    if (out->json) {
        json_push(out, NULL, false);
        json_number(out, "schema", 1);
        json_text(out, "kind", kind, strlen(kind));
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
        json_pop(out);
        json_put(out, "\n", 1);
        (void)fwrite(out->line, 1, out->line_len, out->to);
        out->line_len = 0;
    } else {
        text_end(out);
    }
}

void out_mood(struct out *out, enum out_mood mood)
{
    out->mood = mood;
}

/* A field's text, escaped; NULL: unknown. */
static void field(struct out *out, const char *label, const char *text, bool right)
{
    if (label != NULL) {
        text_field(out, label, text, right);
    }
    out->mood = OUT_PLAIN;
}

void out_escaped(struct out *out, const char *key, const char *label, const char *text, size_t n)
{
    char *copy;

    if (out->json) {
        if (key != NULL && text != NULL) {
            json_text(out, key, text, n);
        }
        return;
    }
    copy = text == NULL ? NULL : context_copy(text, n);
    field(out, label, copy, false);
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

    if (out->json) {
        if (key != NULL) {
            json_number(out, key, value);
        }
        return;
    }
    (void)snprintf(text, sizeof text, "%lld", value);
    field(out, label, text, true);
}

void out_real(struct out *out, const char *key, const char *label, double value, int decimals,
              const char *suffix)
{
    char text[NUMBER_MAX], number[NUMBER_MAX];

    (void)snprintf(number, sizeof number, "%.*f", decimals, value);
    if (out->json) {
        if (key != NULL) {
            json_other(out, key, json_real(strtod(number, NULL))); /* the digits that text has */
        }
        return;
    }
    (void)snprintf(text, sizeof text, "%s%s", number, suffix);
    field(out, label, text, true);
}

void out_bool(struct out *out, const char *key, const char *label, bool value)
{
    if (!out->json) {
        field(out, label, value ? "yes" : "no", false);
    } else if (key != NULL) {
        json_value(out, key, value ? "true" : "false", value ? 4 : 5);
    }
}

void out_time(struct out *out, const char *key, const char *label, int64_t us)
{
    time_t seconds = (time_t)(us / 1000000);
    char text[64];
    struct tm tm;
    size_t n;

    if (!out->json) {
        if (us >= 0) {
            (void)localtime_r(&seconds, &tm);
            (void)strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &tm);
        }
        field(out, label, us < 0 ? NULL : text, false);
    } else if (key != NULL && us >= 0) {
        (void)gmtime_r(&seconds, &tm);
        n = strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &tm);
        (void)snprintf(text + n, sizeof text - n, ".%06d+00:00", (int)(us % 1000000));
        json_text(out, key, text, strlen(text));
    }
}

void out_span(struct out *out, const char *key, const char *label, long long seconds)
{
    char text[64];

    if (out->json) {
        if (key != NULL && seconds >= 0) {
            json_number(out, key, seconds);
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
    field(out, label, seconds < 0 ? NULL : text, true);
}

static void json_bars(struct out *out, const char *key, const uint32_t *counts, size_t n)
{
    json_push(out, key, true);
    for (size_t i = 0; i < n; i++) {
        json_number(out, NULL, counts[i]);
    }
    json_pop(out);
}

void out_bars(struct out *out, const char *key, const char *label, const uint32_t *counts, size_t n)
{
    /* U+2581 to U+2588 differ in their last byte. */
    char *text;
    uint32_t most = 0;
    size_t len = 0;

    if (out->json) {
        json_bars(out, key, counts, n);
        return;
    }
    text = context_alloc(3 * n + 1);
    for (size_t i = 0; i < n; i++) {
        most = counts[i] > most ? counts[i] : most;
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
    field(out, label, text, false);
    free(text);
}

/* --- lists and objects within
 * ------------------------------------------------------------------------------------- */

void out_list_begin(struct out *out, const char *key, const char *label)
{
    if (out->json) {
        json_push(out, key, true);
    }
    out->list_label = label;
    out->list_len = out->list_items = 0;
}

void out_list_add_escaped(struct out *out, const char *text, size_t n)
{
    if (out->json) {
        json_text(out, NULL, text, n);
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
        json_push(out, key, true);
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
        json_push(out, key, false);
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
