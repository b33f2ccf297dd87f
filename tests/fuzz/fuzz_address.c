/*
 * fuzz_address - any bytes as an address list: the count is that of a second, slow way of counting,
 * and folding the list where blanks stand does not change it. Input: one byte of ADDRESS_ bits,
 * then the list.
 */
#include "fuzz.h"

#include "wrapper/address.h"

#include <string.h>

/* An exact-sized copy is counted: a sanitizer sees one byte too far. */
static size_t count(const char *list, size_t n, unsigned style)
{
    char *exact = malloc(n + (n == 0));
    size_t result;

    require(exact != NULL);
    memcpy(exact, list, n);
    result = address_count(exact, n, style);
    free(exact);
    return result;
}

/* --- the slow way: make the list plain, cut it into members, look at each ------------------- */

/* Where what list[i] opens is over: behind its closing byte, or at the end. Comments nest. */
static size_t skip(const char *list, size_t n, size_t i, char closing)
{
    size_t depth = 1;

    for (i++; i < n && depth > 0; i++) {
        if (list[i] == '\\') {
            i++;
        } else if (list[i] == closing) {
            depth--;
        } else if (closing == ')' && list[i] == '(') {
            depth++;
        }
    }
    return i < n ? i : n;
}

/*
 * One byte for each thing: ' ' for blanks and comments, 'w' for quoted things and bytes of words,
 * '<' for an address in angles, and '@' '.' ',' ':' as they are. Returns how many.
 */
static size_t make_plain(const char *list, size_t n, char *ret)
{
    size_t len = 0;
    bool angle = false;

    for (size_t i = 0; i < n;) {
        char c = list[i];
        char plain = 'w';
        size_t next = i + 1;

        if (c == '\\') {
            next = i + 2;
        } else if (c == '"') {
            next = skip(list, n, i, '"');
        } else if (c == '[') {
            next = skip(list, n, i, ']');
        } else if (c == '(') {
            next = skip(list, n, i, ')');
            plain = ' ';
        } else if (c != '\0' && strchr(") \t\r\n", c) != NULL) {
            plain = ' ';
        } else if (c == ',' || c == ';') {
            plain = ',';
        } else if (c != '\0' && strchr("@.:<", c) != NULL) {
            plain = c;
        }
        if (!angle) {
            ret[len++] = plain;
        }
        angle = c == '<' || (angle && c != '>');
        i = next;
    }
    return len;
}

/* Runs of bytes between blanks, but for blanks beside '@' and '.'. */
static size_t count_words(const char *member, size_t n)
{
    char last = ' ';
    bool gap = false;
    size_t words = 0;

    for (size_t i = 0; i < n; i++) {
        char c = member[i];

        if (c == ' ') {
            gap = true;
            continue;
        }
        words += last == ' ' || (gap && strchr("@.", c) == NULL && strchr("@.", last) == NULL);
        gap = false;
        last = c;
    }
    return words;
}

static size_t count_member(const char *member, size_t n, unsigned style)
{
    size_t words = count_words(member, n);
    size_t angles = 0;

    for (size_t i = 0; i < n; i++) {
        angles += member[i] == '<';
    }
    if (angles > 0) {
        return (style & ADDRESS_ANGLES) != 0 ? angles : 1;
    }
    return (style & ADDRESS_WORDS) != 0 ? words : words > 0;
}

static size_t count_slowly(const char *list, size_t n, unsigned style)
{
    char *plain = malloc(n + 1);
    size_t total = 0;
    size_t start = 0;
    size_t len;

    require(plain != NULL);
    len = make_plain(list, n, plain);
    plain[len] = ',';
    for (size_t i = 0; i <= len; i++) {
        if (plain[i] == ',') {
            total += count_member(plain + start, i - start, style);
        }
        if (plain[i] == ',' || plain[i] == ':') {
            start = i + 1;
        }
    }
    free(plain);
    return total;
}

/* --- folding -------------------------------------------------------------------------------- */

/* Puts a line end before every blank that no backslash quotes. Returns the length. */
static size_t fold(const char *list, size_t n, char *ret)
{
    size_t len = 0;

    for (size_t i = 0; i < n; i++) {
        if ((list[i] == ' ' || list[i] == '\t') && (i == 0 || list[i - 1] != '\\')) {
            ret[len++] = '\r';
            ret[len++] = '\n';
        }
        ret[len++] = list[i];
    }
    return len;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *list = (const char *)data + 1;
    unsigned style;
    size_t n, result;
    char *folded;

    if (size < 1) {
        return 0;
    }
    n = size - 1;
    style = data[0] & (ADDRESS_WORDS | ADDRESS_ANGLES);
    result = count(list, n, style);
    require(result <= n);
    require(result == count_slowly(list, n, style));
    require(result >= count(list, n, 0));

    folded = malloc(3 * n + 1);
    require(folded != NULL);
    require(result == count(folded, fold(list, n, folded), style));
    free(folded);
    return 0;
}
