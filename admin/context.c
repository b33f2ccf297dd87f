#include "context.h"

#include "wrapper/codec.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MESSAGE_MAX 2048

__attribute__((format(printf, 2, 0))) static void say(const struct context *ctx, const char *format,
                                                      va_list args)
{
    char text[MESSAGE_MAX], escaped[4 * MESSAGE_MAX];
    struct strbuf sb;
    int n = vsnprintf(text, sizeof text, format, args);
    size_t len = n < 0 ? 0 : (size_t)n < sizeof text ? (size_t)n : sizeof text - 1;

    strbuf_init(&sb, escaped, sizeof escaped);
    (void)codec_escape(&sb, text, len, sizeof escaped - 1);
    (void)fflush(stdout); /* both on one terminal: in the order in which they were said */
    if (ctx->command != NULL) {
        (void)fprintf(stderr, "mailorigin %s: %s\n", ctx->command, escaped);
    } else {
        (void)fprintf(stderr, "mailorigin: %s\n", escaped);
    }
}

void context_problem(struct context *ctx, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    say(ctx, format, args);
    va_end(args);
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
