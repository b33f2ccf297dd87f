/*
 * codec - the one encoder for bytes from outside, and its decoder.
 *
 * Writer (sendmail-wrapper) and reader (mailorigin) share it, so they cannot drift. The escaped
 * text is lossless: decode(encode(x)) == x unless it was cut. It holds no control byte (C0, DEL,
 * C1), no newline, no invalid UTF-8, no bidirectional or line-separating code point, and never the
 * text "sendmail-wrapper[", by which a reader finds the next record in a torn line.
 */
#ifndef SW_CODEC_H
#define SW_CODEC_H

#include "strbuf.h"

#include <stdbool.h>
#include <stddef.h>

/* What stands at the end of a value that was cut. A backslash of the value itself is always
 * doubled. */
#define CODEC_CUT "\\..."

/*
 * Appends bytes[0..n) escaped: '\\' and '"' get a backslash, newline CR TAB become \n \r \t, every
 * other byte that must not stand becomes \xHH. At most max bytes are appended, CODEC_CUT among them
 * when cut; an escape or a UTF-8 sequence is never cut in two. Returns false if it was cut.
 */
bool codec_escape(struct strbuf *out, const char *bytes, size_t n, size_t max);

/*
 * Undoes codec_escape in place: text[0..*len) becomes the original bytes and *len their number
 * (never more). *ret_cut says whether CODEC_CUT stood at the end (it is removed). Returns false,
 * with text unspecified, for an escape that codec_escape does not write.
 */
bool codec_unescape(char *text, size_t *len, bool *ret_cut);

/*
 * Decodes the sequence at s (n >= 1, s[0] >= 0x80) by RFC 3629 section 4: shortest form only, no
 * surrogates, nothing above U+10FFFF. Returns its length, or 0 for what is no UTF-8.
 */
size_t codec_utf8(const unsigned char *s, size_t n, unsigned long *ret_point);

#endif
