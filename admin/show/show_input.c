/*
 * show_input - see show_input.h.
 *
 * Hostile: all of standard input.
 */
#include "show/show_input.h"

#include "args.h"
#include "context.h"
#include "records/records.h"
#include "show/show_find.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Whether one of the logs that the option names is standard input. */
static bool is_log(const struct context *ctx, const char *option)
{
    const char *path;

    for (size_t cursor = 0; (path = args_each(ctx->args, option, &cursor)) != NULL;) {
        if (strcmp(path, "-") == 0) {
            return true;
        }
    }
    return false;
}

bool show_input_read(struct context *ctx, char **ret, size_t *ret_len)
{
    size_t cap = 65536, len = 0;
    char *text;

    if (is_log(ctx, "log") || is_log(ctx, "mail-log")) {
        (void)context_fail(ctx, "standard input is the log (-): name the ID, or the log as a file");
        return false;
    }
    text = context_alloc(cap + 1);
    if (ctx->terminal && isatty(STDIN_FILENO)) {
        context_warn(ctx, "paste a header or a message, then press Ctrl-D");
    }
    for (;;) {
        ssize_t n;

        if (len == cap) {
            cap *= 2;
            text = context_realloc(text, cap + 1);
        }
        n = read(STDIN_FILENO, text + len, cap - len);
        if (n == 0 || len > PASTED_MAX) {
            break;
        }
        if (n < 0 && errno != EINTR) {
            (void)context_fail(ctx, "cannot read standard input: %s", strerror(errno));
            free(text);
            return false;
        }
        len += n > 0 ? (size_t)n : 0;
    }
    if (len > PASTED_MAX) {
        context_problem(ctx, "only the first %d MiB of the message were read", PASTED_MAX >> 20);
        len = PASTED_MAX;
    }
    text[len] = '\0';
    *ret = text;
    *ret_len = len;
    return true;
}

const char *show_input_word(char *text, size_t len)
{
    size_t from = 0;

    while (from < len && strchr(" \t\r\n", text[from]) != NULL) {
        from++;
    }
    while (len > from && (text[len - 1] == '\0' || strchr(" \t\r\n", text[len - 1]) != NULL)) {
        len--;
    }
    if (len == from || len - from > 255) {
        return NULL;
    }
    for (size_t i = from; i < len; i++) {
        if (text[i] <= ' ' || text[i] == ':' || text[i] == 0x7f) {
            return NULL;
        }
    }
    text[len] = '\0';
    return text + from;
}

/* Whether the log has a record for that header: a message that went through another server with
 * this program bears that server's. */
static bool is_known(struct records *records, const struct pasted_message *message)
{
    struct show_header header;
    struct record_line record;
    bool known = message->header != NULL && show_header_read(message->header, &header);

    if (message->header == NULL) {
        return false;
    }
    known = known && header.trace != NULL && records_find(records, header.trace, &record);
    free(header.storage);
    return known;
}

const struct pasted_message *show_input_choose(struct records *records, const struct pasted *pasted)
{
    const struct pasted_message *last = NULL;
    size_t with_header = 0;

    for (size_t i = 0; i < pasted->count; i++) {
        if (pasted->message[i].header != NULL) {
            last = &pasted->message[i];
            with_header++;
        }
    }
    for (size_t i = 0; with_header > 1 && i < pasted->count; i++) {
        if (is_known(records, &pasted->message[i])) {
            return &pasted->message[i];
        }
    }
    return last;
}
