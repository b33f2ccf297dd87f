/*
 * pasted_quote - see pasted_private.h: header lines that were quoted or indented by a mail program.
 * All of it is hostile.
 */
#include "show/pasted_private.h"

#include "context.h"

#include <string.h>

/* Where a line begins behind quote marks and indentation. */
size_t quote_length(struct text line)
{
    size_t n = 0;

    while (n < line.len && strchr("> \t|*", line.at[n]) != NULL && line.at[n] != '\0') {
        n++;
    }
    return n;
}

/* Takes the found line's prefix off another line. Returns false if it has none: it is no part of
 * that quotation. */
static bool strip(struct text *line, struct text prefix)
{
    if (line->len < prefix.len || memcmp(line->at, prefix.at, prefix.len) != 0) {
        return false;
    }
    line->at += prefix.len;
    line->len -= prefix.len;
    return true;
}

static bool continues(struct text line)
{
    return line.len > 1 && text_is_blank(line.at[0]);
}

/* A mail program that wraps lines leaves the second half of ours without a blank in front. */
static bool our_rest(struct text line)
{
    return line.len > 4 && (strncmp(line.at, "uid=", 4) == 0 || strncmp(line.at, "pid=", 4) == 0 ||
                            strncmp(line.at, "id=", 3) == 0);
}

/* The first of the lines in front of `at` that belong to the same header section. */
const char *quote_block_start(const char *begin, const char *at, struct text prefix)
{
    while (at > begin) {
        const char *newline =
            at - 1 > begin ? memrchr(begin, '\n', (size_t)(at - 1 - begin)) : NULL;
        const char *start = newline != NULL ? newline + 1 : begin;
        struct text rest = {start, (size_t)(at - start)}, line;

        if (!text_line(&rest, &line) || !strip(&line, prefix) ||
            (text_field_name(line) == 0 && !continues(line))) {
            break;
        }
        at = start;
    }
    return at;
}

/* The section without its prefix, as a text of its own: to be freed. */
char *quote_block_copy(struct text rest, struct text prefix, size_t *ret_len)
{
    char *copy = context_alloc(2 * rest.len + 1);
    struct text line;
    size_t used = 0;

    while (text_line(&rest, &line) && strip(&line, prefix) && line.len > 0) {
        if (our_rest(line)) {
            copy[used++] = ' ';
        } else if (text_field_name(line) == 0 && !continues(line)) {
            break;
        }
        memcpy(copy + used, line.at, line.len);
        used += line.len;
        copy[used++] = '\n';
    }
    *ret_len = used;
    return copy;
}

/* A message that is quoted as a whole, without its quote marks: to be freed; NULL if it is not. */
char *quote_remove(struct text text, size_t *ret_len)
{
    struct text rest = text, line = {0};
    char *copy;
    size_t used = 0;

    while (text_line(&rest, &line) && line.len == 0) {
    }
    if (text.len == 0 || line.len < 2 || line.at[0] != '>' ||
        (line.len > 6 && memcmp(line.at, ">From ", 6) == 0)) {
        return NULL;
    }
    copy = context_alloc(text.len + 1);
    for (rest = text; text_line(&rest, &line);) {
        size_t n = line.len > 0 && line.at[0] == '>' ? 1 : 0;

        n += n == 1 && line.len > 1 && line.at[1] == ' ' ? 1 : 0;
        memcpy(copy + used, line.at + n, line.len - n);
        used += line.len - n;
        copy[used++] = '\n';
    }
    *ret_len = used;
    return copy;
}
