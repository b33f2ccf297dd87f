/* context - see context.h. Hostile: what messages name. Without memory the program ends. */
#include "context.h"

#include "strset.h"
#include "wrapper/codec.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MESSAGE_MAX 2048

#define PROBLEM '!'
#define HELD ((size_t)64 * 1024)

/* Messages of a thread's context, one behind the other: PROBLEM or another byte, the text, NUL. */
struct context_held {
    size_t used;
    bool full; /* there were more */
    char text[HELD];
};

/* Returns the message's length in text, MESSAGE_MAX bytes; what is longer is cut. */
__attribute__((format(printf, 2, 0))) static size_t compose(char *text, const char *format,
                                                            va_list args)
{
    int n = vsnprintf(text, MESSAGE_MAX, format, args);

    return n < 0 ? 0 : n < MESSAGE_MAX ? (size_t)n : MESSAGE_MAX - 1;
}

static void hold(struct context_held *held, bool problem, const char *text, size_t len)
{
    char *to = held->text + held->used;

    if (HELD - held->used < len + 2) {
        held->full = true;
        return;
    }
    to[0] = problem ? PROBLEM : ' ';
    memcpy(to + 1, text, len);
    to[1 + len] = '\0';
    held->used += len + 2;
}

static void put(const struct context *ctx, bool problem, const char *text, size_t len)
{
    char escaped[4 * MESSAGE_MAX];
    struct strbuf sb;

    if (ctx->held != NULL) {
        hold(ctx->held, problem, text, len);
        return;
    }
    strbuf_init(&sb, escaped, sizeof escaped);
    (void)codec_escape(&sb, text, len, sizeof escaped - 1);
    (void)fflush(stdout); /* both on one terminal: in the order in which they were said */
    if (ctx->command != NULL) {
        (void)fprintf(stderr, "mailorigin %s: %s\n", ctx->command, escaped);
    } else {
        (void)fprintf(stderr, "mailorigin: %s\n", escaped);
    }
}

__attribute__((format(printf, 2, 0))) static void say(const struct context *ctx, const char *format,
                                                      va_list args)
{
    char text[MESSAGE_MAX];

    put(ctx, false, text, compose(text, format, args));
}

/* Whether this very text was said as a problem before; takes note of it. */
static bool said_before(struct context *ctx, const char *text, size_t len)
{
    uint64_t hash = strset_hash(text, len);
    size_t known = ctx->said_count < CONTEXT_SAID ? ctx->said_count : CONTEXT_SAID;

    for (size_t i = 0; i < known; i++) {
        if (ctx->said[i] == hash) {
            return true;
        }
    }
    ctx->said[ctx->said_count++ % CONTEXT_SAID] = hash;
    return false;
}

void context_problem(struct context *ctx, const char *format, ...)
{
    char text[MESSAGE_MAX];
    va_list args;
    size_t len;

    va_start(args, format);
    len = compose(text, format, args);
    va_end(args);
    if (!said_before(ctx, text, len)) {
        put(ctx, true, text, len);
    }
    ctx->partial = true;
}

void context_warn(const struct context *ctx, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    say(ctx, format, args);
    va_end(args);
}

int context_fail(const struct context *ctx, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    say(ctx, format, args);
    va_end(args);
    return STATUS_FAILED;
}

int context_status(const struct context *ctx, bool found)
{
    if (ctx->partial) {
        return STATUS_PARTIAL;
    }
    return found ? STATUS_FOUND : STATUS_NOTHING;
}

bool context_progress(const struct context *ctx, int64_t *shown)
{
    struct timespec time;
    int64_t now;

    if (!ctx->terminal) {
        return false;
    }
    clock_gettime(CLOCK_REALTIME, &time);
    now = time.tv_sec * INT64_C(1000000) + time.tv_nsec / 1000;
    if (now - ctx->now <= 1000000 || now - *shown <= 200000) {
        return false;
    }
    *shown = now;
    return true;
}

void context_progress_end(int64_t *shown)
{
    if (*shown != 0) {
        (void)fputs("\r\033[K", stderr);
        *shown = 0;
    }
}

void context_part(const struct context *ctx, struct context *ret)
{
    *ret = *ctx;
    ret->terminal = false;
    ret->held = context_alloc(sizeof *ret->held);
    ret->held->used = 0;
    ret->held->full = false;
}

void context_join(struct context *ctx, struct context *part, bool say)
{
    struct context_held *held = part->held;

    part->held = NULL;
    for (size_t at = 0; say && at < held->used; at += strlen(held->text + at) + 1) {
        if (held->text[at] == PROBLEM) {
            context_problem(ctx, "%s", held->text + at + 1);
        } else {
            context_warn(ctx, "%s", held->text + at + 1);
        }
    }
    if (say && held->full) {
        context_problem(ctx, "there are more such messages");
    }
    free(held);
}

static void *or_die(void *memory)
{
    if (memory == NULL) {
        static const char text[] = "mailorigin: out of memory\n";

        (void)fwrite(text, 1, sizeof text - 1, stderr);
        exit(STATUS_FAILED);
    }
    return memory;
}

void *context_alloc(size_t bytes)
{
    return or_die(malloc(bytes > 0 ? bytes : 1));
}

void *context_realloc(void *old, size_t bytes)
{
    return or_die(realloc(old, bytes > 0 ? bytes : 1));
}

char *context_copy(const char *bytes, size_t n)
{
    char *copy = context_alloc(n + 1);

    memcpy(copy, bytes, n);
    copy[n] = '\0';
    return copy;
}
