/*
 * fuzz_header - any bytes as a message and as the working directory's name: the place is the same
 * however the message comes in, and the line is one of printable ASCII within its bound. Input: a
 * byte that chooses the dialect, one for the line's style, then the message, which is the
 * directory's name too.
 */
#include "fuzz.h"

#include "wrapper/dialect_table.h"
#include "wrapper/header.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define LINE_MAX_BYTES 988

/* header_place on a copy of its exact size. */
static bool place(const struct dialect *dialect, const char *message, size_t len, bool eof,
                  struct header_place *ret)
{
    char *copy = malloc(len > 0 ? len : 1);
    bool known;

    require(copy != NULL);
    memcpy(copy, message, len);
    known = header_place(dialect, copy, len, eof, ret);
    free(copy);
    return known;
}

static bool same(const struct header_place *a, const struct header_place *b)
{
    return a->offset == b->offset && strcmp(a->eol, b->eol) == 0 &&
           a->blank_after == b->blank_after;
}

static void check_place(const struct dialect *dialect, const char *message, size_t len)
{
    struct header_place whole, part;
    const char *lf = memchr(message, '\n', len);
    bool crlf = lf != NULL && lf > message && lf[-1] == '\r', before = false;

    require(place(dialect, message, len, true, &whole));
    require(whole.offset <= len);
    require(whole.offset == 0 || message[whole.offset - 1] == '\n');
    require(strcmp(whole.eol, crlf ? "\r\n" : "\n") == 0);
    require(whole.blank_after == (whole.offset < len &&
                                  (message[whole.offset] == ' ' || message[whole.offset] == '\t')));
    for (size_t n = 0; n <= len; n++) {
        bool known = place(dialect, message, n, false, &part);

        require(!known || same(&part, &whole));
        require(known || !before);
        before = known;
    }
}

static void check_line(const char *cwd, unsigned choice)
{
    struct header_style style = {.enabled = true, .name = "X-Additional-Header"};
    struct header_facts facts = {.cwd = choice & 1 ? cwd : NULL,
                                 .cwd_deleted = choice & 2,
                                 .uid = choice,
                                 .pid = 1,
                                 .id = "01KAMX3F8Q7ZV2N5T0C9R4E6HJ"};
    char buf[2048];
    struct strbuf out;

    style.path = choice & 4   ? HEADER_PATH_FULL
                 : choice & 8 ? HEADER_PATH_NONE
                              : HEADER_PATH_DIRNAME;
    style.field_count = (choice >> 4) % (HEADER_FIELDS + 1);
    for (unsigned i = 0; i < style.field_count; i++) {
        style.fields[i] = (enum header_field)((i + (choice >> 6)) % HEADER_FIELDS);
    }
    strbuf_init(&out, buf, sizeof buf);
    header_format(&style, &facts, &out);
    require(!out.overflow && out.len == strlen(buf) && out.len <= LINE_MAX_BYTES);
    require(strncmp(buf, "X-Additional-Header:", 20) == 0);
    for (size_t i = 0; i < out.len; i++) {
        require(buf[i] >= ' ' && buf[i] <= '~' && buf[i] != '"');
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *cwd;

    if (size < 2 || size > 1 << 12) {
        return 0;
    }
    check_place(dialect_number(data[0]), (const char *)data + 2, size - 2);
    cwd = strndup((const char *)data + 2, size - 2);
    require(cwd != NULL);
    check_line(cwd, data[1]);
    free(cwd);
    return 0;
}
