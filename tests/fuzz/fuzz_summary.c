/*
 * fuzz_summary - any bytes as a message: values are clean and bounded, both functions agree on
 * where the section ends, and once it is seen to end more bytes change nothing. Input: one byte
 * that says where to look from and in whose message, one where to stop, then the message.
 */
#include "fuzz.h"

#include "wrapper/summary.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define OWN "X-Additional-Header"

static void check_value(const struct summary_value *value)
{
    require(value->len < sizeof value->text);
    require(memchr(value->text, '\0', sizeof value->text) == value->text + value->len);
    require(strpbrk(value->text, "\r\n") == NULL);
    require(value->present || value->len == 0);
}

static void check_summary(const struct summary *s, size_t len)
{
    check_value(&s->from);
    check_value(&s->subject);
    check_value(&s->msgid);
    check_value(&s->xphp);
    require(s->recipients <= len && s->copies <= len);
}

static bool same_value(const struct summary_value *a, const struct summary_value *b)
{
    return a->present == b->present && a->len == b->len && memcmp(a->text, b->text, a->len) == 0;
}

static bool same(const struct summary *a, const struct summary *b)
{
    return same_value(&a->from, &b->from) && same_value(&a->subject, &b->subject) &&
           same_value(&a->msgid, &b->msgid) && same_value(&a->xphp, &b->xphp) &&
           a->copies == b->copies && a->recipients == b->recipients;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *message = (const char *)data + 2;
    struct summary all, part, at_eof;
    const struct dialect *dialect;
    size_t len, start, stop;
    char *copy;

    if (size < 2) {
        return 0;
    }
    len = size - 2;
    start = data[0] % 4;
    dialect = dialect_number(data[0] / 4);
    stop = len * data[1] / 255;
    summary_read(message, len, start, false, OWN, dialect, &all);
    check_summary(&all, len);
    require(all.complete == summary_section_ends(message, len, start));
    summary_read(message, len, start, true, OWN, dialect, &at_eof);
    require(at_eof.complete && same(&all, &at_eof));

    copy = malloc(stop + (stop == 0)); /* exact-sized: one byte too far is seen */
    require(copy != NULL);
    memcpy(copy, message, stop);
    summary_read(copy, stop, start, false, OWN, dialect, &part);
    check_summary(&part, stop);
    require(part.complete == summary_section_ends(copy, stop, start));
    require(!part.complete || (all.complete && same(&all, &part)));
    free(copy);
    return 0;
}
