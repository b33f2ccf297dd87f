/*
 * strbuf - the one string builder: a caller-owned buffer with explicit overflow.
 *
 * Nothing here allocates. Once an append does not fit, `overflow` is set and stays set; what fitted
 * before stays valid and NUL-terminated, so a caller checks once at the end.
 */
#ifndef SW_STRBUF_H
#define SW_STRBUF_H

#include <stdbool.h>
#include <stddef.h>

struct strbuf {
    char *data; /* borrowed; always NUL-terminated */
    size_t len; /* bytes used, without the NUL */
    size_t cap; /* bytes at data, the NUL included; at least 1 */
    bool overflow;
};

/* Starts an empty builder over buf, which the caller owns. cap >= 1. */
void strbuf_init(struct strbuf *sb, char *buf, size_t cap);

/* Appends n bytes, whole or not at all. */
void strbuf_add(struct strbuf *sb, const char *bytes, size_t n);

/* Appends a NUL-terminated string, whole or not at all. */
void strbuf_puts(struct strbuf *sb, const char *text);

/* Appends one byte. */
void strbuf_putc(struct strbuf *sb, char c);

/* Appends a decimal number, at least `width` digits wide, filled with zeros. */
void strbuf_number(struct strbuf *sb, unsigned long long value, int width);

/* Takes the builder back to an earlier length and clears overflow: undoes appends that did not fit.
 */
void strbuf_truncate(struct strbuf *sb, size_t len);

#endif
