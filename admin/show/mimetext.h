/*
 * mimetext - the encodings of mail (RFC 2045, RFC 2047) and its dates (RFC 5322), read leniently.
 *
 * Hostile: all of it; bounces and reports come from strangers. Nothing is allocated; what is no
 * such encoding stays as it is.
 */
#ifndef MO_MIMETEXT_H
#define MO_MIMETEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Decodes into out, which has room for n bytes (the result is never longer). Returns its length. */
size_t mimetext_base64(const char *in, size_t n, char *out);
size_t mimetext_quoted_printable(const char *in, size_t n, char *out);

/*
 * What a reader sees of an unstructured field: encoded-words decoded (their bytes as they are,
 * whatever the charset; white space between two of them dropped), white space collapsed to one
 * blank, none at the ends. out: room for n bytes.
 */
size_t mimetext_words(const char *in, size_t n, char *out);

/* "Sat, 21 Nov 2026 16:20:31 +0100 (CET)" to microseconds since 1970. Returns false, ret untouched,
 * for what is no date. */
bool mimetext_date(const char *in, size_t n, int64_t *ret);

#endif
