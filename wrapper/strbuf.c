/*
 * strbuf - see strbuf.h. Hostile input: every byte appended. On failure: the overflow flag.
 * printf is not used: it costs start-up time in a static binary and reads the locale.
 */
#include "strbuf.h"

#include <string.h>

void strbuf_init(struct strbuf *sb, char *buf, size_t cap)
{
    sb->data = buf;
    sb->len = 0;
    sb->cap = cap;
    sb->overflow = false;
    buf[0] = '\0';
}

void strbuf_add(struct strbuf *sb, const char *bytes, size_t n)
{
    if (sb->overflow || n >= sb->cap - sb->len) {
        sb->overflow = true;
        return;
    }
    memcpy(sb->data + sb->len, bytes, n);
    sb->len += n;
    sb->data[sb->len] = '\0';
}

void strbuf_puts(struct strbuf *sb, const char *text)
{
    strbuf_add(sb, text, strlen(text));
}

void strbuf_putc(struct strbuf *sb, char c)
{
    strbuf_add(sb, &c, 1);
}

void strbuf_number(struct strbuf *sb, unsigned long long value, int width)
{
    char digits[24];
    size_t at = sizeof digits;

    do {
        digits[--at] = (char)('0' + value % 10);
        value /= 10;
        width--;
    } while ((value > 0 || width > 0) && at > 0);
    strbuf_add(sb, digits + at, sizeof digits - at);
}

void strbuf_truncate(struct strbuf *sb, size_t len)
{
    if (len <= sb->len) {
        sb->len = len;
        sb->data[len] = '\0';
    }
    sb->overflow = false;
}
