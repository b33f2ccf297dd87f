/* out_text - see out_text.h. Texts come here escaped. */
#include "out_text.h"

#include "context.h"

#include <langinfo.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#define ROWS_HELD 200 /* rows of a table that fix the widths of its columns */
#define COLUMNS_MAX 32
#define LABEL_WIDTH 12 /* of a block, before the values */

struct cell {
    char *text;
    enum out_mood mood;
    bool right;
};

struct row {
    struct cell cell[COLUMNS_MAX];
    size_t count;
};

struct out_text {
    FILE *to;
    bool colour, utf8;
    char kind[32]; /* of the last object */
    enum out_layout layout;
    enum out_mood mood;
    const char *label[COLUMNS_MAX]; /* heading of the table */
    struct row *rows;               /* held back, the last one being filled */
    size_t row_count;
    int width[COLUMNS_MAX];
    bool widths_known;
    bool written; /* something was printed before: blocks are parted by an empty line */
    size_t depth; /* objects within the object */
    char *list;   /* a list's items so far, joined */
    size_t list_len, list_items;
    const char *list_label;
};

struct out_text *out_text_new(FILE *to, bool colour)
{
    struct out_text *text = context_alloc(sizeof *text);

    *text = (struct out_text){
        .to = to, .colour = colour, .utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0};
    text->rows = context_alloc(ROWS_HELD * sizeof text->rows[0]);
    return text;
}

void out_text_free(struct out_text *text)
{
    free(text->rows);
    free(text->list);
    free(text);
}

/* Columns of a terminal that escaped text takes. */
static int width_of(const char *s)
{
    mbstate_t state = {0};
    wchar_t wc;
    int width = 0;
    size_t n;

    while (*s != '\0') {
        n = mbrtowc(&wc, s, MB_CUR_MAX, &state);
        if (n == 0 || n > MB_CUR_MAX) { /* not of this locale: a byte a column */
            state = (mbstate_t){0};
            n = 1;
            width++;
        } else {
            int columns = wcwidth(wc);

            width += columns > 0 ? columns : 0;
        }
        s += n;
    }
    return width;
}

static void put_mood(const struct out_text *text, enum out_mood mood, const char *value)
{
    /* SGR of ECMA-48: green, red, yellow, faint, bold. */
    static const char *const codes[] = {[OUT_PLAIN] = NULL, [OUT_GOOD] = "32", [OUT_BAD] = "31",
                                        [OUT_WARN] = "33",  [OUT_DIM] = "2",   [OUT_BOLD] = "1"};

    if (text->colour && codes[mood] != NULL) {
        (void)fprintf(text->to, "\033[%sm%s\033[0m", codes[mood], value);
    } else {
        (void)fputs(value, text->to);
    }
}

static void put_row(const struct out_text *text, const struct row *row)
{
    for (size_t i = 0; i < row->count; i++) {
        const struct cell *cell = &row->cell[i];
        int pad = text->width[i] - width_of(cell->text);
        bool last = i + 1 == row->count;

        if (i > 0) {
            (void)fputs("  ", text->to);
        }
        if (cell->right && pad > 0) {
            (void)fprintf(text->to, "%*s", pad, "");
        }
        put_mood(text, cell->mood, cell->text);
        if (!cell->right && !last && pad > 0) {
            (void)fprintf(text->to, "%*s", pad, "");
        }
    }
    (void)fputc('\n', text->to);
}

static void free_row(struct row *row)
{
    for (size_t i = 0; i < row->count; i++) {
        free(row->cell[i].text);
    }
    row->count = 0;
}

static void put_heading(struct out_text *text)
{
    struct row head = {.count = text->rows[0].count};

    for (size_t i = 0; i < head.count; i++) {
        text->width[i] = width_of(text->label[i]);
        for (size_t r = 0; r < text->row_count; r++) {
            int width = width_of(text->rows[r].cell[i].text);

            text->width[i] = width > text->width[i] ? width : text->width[i];
        }
        head.cell[i] = (struct cell){.text = context_copy(text->label[i], strlen(text->label[i])),
                                     .mood = OUT_DIM,
                                     .right = text->rows[0].cell[i].right};
    }
    put_row(text, &head);
    free_row(&head);
    text->widths_known = true;
}

void out_text_flush(struct out_text *text)
{
    if (text->row_count > 0 && !text->widths_known) {
        put_heading(text);
    }
    for (size_t r = 0; r < text->row_count; r++) {
        put_row(text, &text->rows[r]);
        free_row(&text->rows[r]);
        text->written = true;
    }
    text->row_count = 0;
}

void out_text_begin(struct out_text *text, const char *kind, enum out_layout layout)
{
    if (layout != text->layout || strcmp(kind, text->kind) != 0) {
        out_text_flush(text);
        text->widths_known = false;
    }
    if (layout == OUT_BLOCK) {
        if (text->written) {
            (void)fputc('\n', text->to);
        }
    } else {
        if (!text->widths_known && text->row_count == 0 && text->written) {
            (void)fputc('\n', text->to);
        }
        text->rows[text->row_count].count = 0;
    }
    text->layout = layout;
    text->mood = OUT_PLAIN;
    (void)snprintf(text->kind, sizeof text->kind, "%s", kind);
}

void out_text_end(struct out_text *text)
{
    if (text->layout == OUT_BLOCK) {
        text->written = true;
        return;
    }
    text->row_count++;
    if (text->widths_known || text->row_count == ROWS_HELD) {
        out_text_flush(text);
    }
}

static void block_field(struct out_text *text, const char *label, const char *value)
{
    int indent = (int)(2 * text->depth);
    int pad = LABEL_WIDTH - width_of(label);

    (void)fprintf(text->to, "%*s", indent, "");
    put_mood(text, OUT_DIM, label);
    if (value[0] != '\0') {
        (void)fprintf(text->to, "%*s  ", pad > 0 ? pad : 0, "");
        put_mood(text, text->mood, value);
    }
    (void)fputc('\n', text->to);
}

void out_text_field(struct out_text *text, const char *label, const char *value, bool right)
{
    struct row *row = &text->rows[text->row_count];

    if (label == NULL) {
        /* only in JSON */
    } else if (text->layout == OUT_BLOCK) {
        if (value != NULL) {
            block_field(text, label, value);
        }
    } else if (text->depth == 0 && row->count < COLUMNS_MAX) {
        if (value == NULL) {
            value = "-";
        }
        text->label[row->count] = label;
        row->cell[row->count++] = (struct cell){
            .text = context_copy(value, strlen(value)), .mood = text->mood, .right = right};
    }
    text->mood = OUT_PLAIN;
}

void out_text_bars(struct out_text *text, const char *label, const uint32_t *counts, size_t n)
{
    /* U+2581 to U+2588 differ in their last byte. */
    char *chart;
    uint32_t most = 0;
    size_t len = 0;

    chart = context_alloc(3 * n + 1);
    for (size_t i = 0; i < n; i++) {
        most = counts[i] > most ? counts[i] : most;
    }
    for (size_t i = 0; i < n; i++) {
        uint64_t height = most > 0 ? ((uint64_t)counts[i] * 8 + most - 1) / most : 0;

        if (counts[i] == 0) {
            chart[len++] = text->utf8 ? ' ' : '.';
        } else if (text->utf8) {
            chart[len++] = (char)0xe2;
            chart[len++] = (char)0x96;
            chart[len++] = (char)(0x80 + height);
        } else {
            chart[len++] = (char)('0' + height);
        }
    }
    chart[len] = '\0';
    out_text_field(text, label, chart, false);
    free(chart);
}

void out_text_mood(struct out_text *text, enum out_mood mood)
{
    text->mood = mood;
}

void out_text_list_begin(struct out_text *text, const char *label)
{
    text->list_label = label;
    text->list_len = text->list_items = 0;
}

void out_text_list_add(struct out_text *text, const char *value, size_t n)
{
    if (text->list_label == NULL) {
        return;
    }
    if (text->layout == OUT_BLOCK) {
        char *copy = context_copy(value, n);

        block_field(text, text->list_items == 0 ? text->list_label : "", copy);
        free(copy);
    } else {
        text->list = context_realloc(text->list, text->list_len + n + 3);
        if (text->list_items > 0) {
            memcpy(text->list + text->list_len, ", ", 2);
            text->list_len += 2;
        }
        memcpy(text->list + text->list_len, value, n);
        text->list_len += n;
        text->list[text->list_len] = '\0';
    }
    text->list_items++;
}

void out_text_list_end(struct out_text *text)
{
    if (text->layout == OUT_TABLE) {
        out_text_field(text, text->list_label, text->list_items > 0 ? text->list : NULL, false);
    }
    text->mood = OUT_PLAIN;
}

void out_text_nest(struct out_text *text, const char *label)
{
    if (label != NULL && text->layout == OUT_BLOCK) {
        block_field(text, label, "");
    }
    text->depth++;
}

void out_text_unnest(struct out_text *text)
{
    text->depth--;
}

void out_text_note(struct out_text *text, const char *line)
{
    out_text_flush(text);
    (void)fprintf(text->to, "%s\n", line);
    text->written = true;
}
