/*
 * log_print - see log_print.h. --raw prints a line as it stands, but for what codec.h escapes of
 * bytes that are no printable ASCII: no line of the wrapper holds such, so somebody else wrote it
 * into a syslog file.
 */
#include "log/log_print.h"

#include "context.h"
#include "origin.h"
#include "out.h"
#include "records/record_keep.h"
#include "show/calltext.h"
#include "wrapper/codec.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_printable(char c)
{
    return c >= ' ' && c < 0x7f;
}

static void print_raw(const char *line, size_t len)
{
    char escaped[4 * RECORD_MAX];
    struct strbuf out;

    for (size_t at = 0; at < len;) {
        size_t n = 0;

        while (at + n < len && is_printable(line[at + n])) {
            n++;
        }
        (void)fwrite(line + at, 1, n, stdout);
        at += n;
        for (n = 0; at + n < len && n < RECORD_MAX && !is_printable(line[at + n]);) {
            n++;
        }
        strbuf_init(&out, escaped, sizeof escaped);
        (void)codec_escape(&out, line + at, n, sizeof escaped - 1);
        (void)fputs(escaped, stdout);
        at += n;
    }
    (void)fputc('\n', stdout);
}

static void text_value(struct out *out, const char *label, struct record_line *record,
                       enum record_key key)
{
    struct slice value;

    if (record_line_value(record, key, &value)) {
        out_escaped(out, NULL, label, value.ptr, value.len);
    } else {
        out_string(out, NULL, label, NULL);
    }
}

/* What is no message delivered: said where it is not so. */
static void text_action(struct out *out, struct record_line *record)
{
    struct slice action = {.ptr = "", .len = 0};
    struct slice error;

    (void)record_line_value(record, RECORD_ACTION, &action);
    if (action.len == 7 && memcmp(action.ptr, "deliver", 7) == 0) {
        out_string(out, NULL, "action", NULL);
    } else if (record_line_value(record, RECORD_ERROR, &error)) {
        out_mood(out, OUT_BAD);
        out_escaped(out, NULL, "action", error.ptr, error.len);
    } else {
        out_mood(out, OUT_DIM);
        out_escaped(out, NULL, "action", action.ptr, action.len);
    }
}

void log_print(struct context *ctx, struct record_line *record, bool raw)
{
    struct out *out = ctx->out;
    char text[CALLTEXT_MAX];

    if (raw) {
        print_raw(record->line.ptr, record->line.len);
        return;
    }
    out_begin(out, "call", OUT_TABLE);
    out_time(out, NULL, "time", record->time);
    calltext_who(record, text);
    out_escaped(out, NULL, "who", text, strlen(text));
    calltext_directory(record, text);
    out_mood(out, origin_directory(record) == ORIGIN_OWN ? OUT_PLAIN : OUT_WARN);
    out_escaped(out, NULL, "directory", text, strlen(text));
    calltext_script_in_directory(record, text);
    out_mood(out, origin_script(record) == ORIGIN_OWN ? OUT_PLAIN : OUT_WARN);
    out_escaped(out, NULL, "script", text, strlen(text));
    text_value(out, "rcpts", record, RECORD_RCPTS);
    text_value(out, "from", record, RECORD_FROM);
    text_value(out, "subject", record, RECORD_SUBJECT);
    text_value(out, "id", record, RECORD_ID);
    text_action(out, record);
    calltext_json(out, record);
    out_end(out);
}

/* --- the last n ------------------------------------------------------------------------------ */

struct log_ring {
    struct record_keep *kept;
    size_t size, cap, next; /* next: the oldest, once size records are held */
    size_t count;
};

struct log_ring *log_ring_new(size_t n)
{
    struct log_ring *ring = context_alloc(sizeof *ring);

    *ring = (struct log_ring){.size = n};
    return ring;
}

/* The place of the next one. */
static struct record_keep *place(struct log_ring *ring)
{
    if (ring->count == ring->size) {
        struct record_keep *oldest = &ring->kept[ring->next];

        ring->next = (ring->next + 1) % ring->size;
        record_keep_drop(oldest);
        return oldest;
    }
    if (ring->count == ring->cap) {
        ring->cap = ring->cap == 0 ? 16 : 2 * ring->cap;
        ring->kept = context_realloc(ring->kept, ring->cap * sizeof ring->kept[0]);
    }
    return &ring->kept[ring->count++];
}

void log_ring_add(struct log_ring *ring, const struct record_line *record)
{
    if (ring->size == 0) {
        return;
    }
    *place(ring) = record_keep(record);
}

void log_ring_print(struct context *ctx, struct log_ring *ring, bool raw)
{
    struct record_scratch scratch = {.data = NULL};
    struct record_line record;

    for (size_t i = 0; i < ring->count; i++) {
        struct record_keep *kept = &ring->kept[(ring->next + i) % ring->count];

        if (record_keep_parse(kept, &scratch, &record)) {
            log_print(ctx, &record, raw);
        }
        record_keep_drop(kept);
    }
    free(scratch.data);
    free(ring->kept);
    free(ring);
}
