/*
 * fuzz_invocation - any argument vector in any dialect: nothing beyond argc is read, what comes
 * out holds together, the same vector says the same again. Input: a byte that chooses the dialect,
 * then argv, each word ended by a NUL.
 */
#include "fuzz.h"

#include "wrapper/dialect_table.h"
#include "wrapper/invocation.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* The words, each in memory of its own size, in an array that ends behind the last. */
static char **words_make(const char *text, size_t size, int *ret_argc)
{
    char **argv;
    size_t at = 0;

    *ret_argc = 0;
    for (size_t i = 0; i < size; i++) {
        *ret_argc += text[i] == '\0';
    }
    *ret_argc += size > 0 && text[size - 1] != '\0';
    argv = malloc((*ret_argc > 0 ? (size_t)*ret_argc : 1) * sizeof *argv);
    require(argv != NULL);
    for (int i = 0; i < *ret_argc; i++) {
        argv[i] = strndup(text + at, size - at);
        require(argv[i] != NULL);
        at += strlen(argv[i]) + 1;
    }
    return argv;
}

/*
 * The sender is NULL or lies in one of the words after argv[0], or is the empty string of a
 * missing value.
 */
static bool is_borrowed(const char *sender, int argc, char **argv)
{
    if (sender == NULL || *sender == '\0') {
        return true;
    }
    for (int i = 1; i < argc; i++) {
        if (sender >= argv[i] && sender <= argv[i] + strlen(argv[i])) {
            return true;
        }
    }
    return false;
}

static void check(const struct invocation *inv, int argc, char **argv, size_t size)
{
    require(strlen(invocation_mode_name(inv->mode)) >= 4);
    require(is_borrowed(inv->sender, argc, argv));
    require(inv->recipients <= size);
    if (inv->mode != MODE_SUBMIT) {
        require(!inv->recipients_from_header && !inv->dot_ends && inv->recipients == 0);
    }
    if ((inv->dialect->flags & DOT_ENDS) == 0) {
        require(!inv->dot_ends);
    }
}

static void check_args(const struct invocation *inv, int argc, char **argv, size_t cap)
{
    char *buf = malloc(cap), *roomy = malloc(1 << 16);
    struct strbuf out, all;

    require(buf != NULL && roomy != NULL);
    strbuf_init(&out, buf, cap);
    strbuf_init(&all, roomy, 1 << 16);
    invocation_args(inv, argc, argv, &out);
    invocation_args(inv, argc, argv, &all);
    require(out.len < cap && strlen(buf) == out.len);
    require(out.overflow || out.len == all.len);
    /* What fitted is the beginning, cut between two words. */
    require(out.len <= all.len && memcmp(buf, roomy, out.len) == 0);
    require(out.len == all.len || roomy[out.len] == ' ' || out.len == 0);
    free(buf);
    free(roomy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct invocation inv, again;
    int argc;
    char **argv;

    if (size < 2 || size > 1 << 13) {
        return 0;
    }
    argv = words_make((const char *)data + 2, size - 2, &argc);
    invocation_parse(dialect_number(data[0]), argc, argv, &inv);
    invocation_parse(dialect_number(data[0]), argc, argv, &again);
    require(inv.mode == again.mode && inv.sender == again.sender &&
            inv.recipients == again.recipients && inv.dot_ends == again.dot_ends &&
            inv.recipients_from_header == again.recipients_from_header);
    check(&inv, argc, argv, size);
    check_args(&inv, argc, argv, data[1] + 1u);
    for (int i = 0; i < argc; i++) {
        free(argv[i]);
    }
    free(argv);
    return 0;
}
