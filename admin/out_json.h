/*
 * out_json - JSON Lines: one line an object. Private to out.c, which escapes what it hands over.
 * Numbers and plain strings are written here, as there are many; what takes more is jansson's.
 */
#ifndef MO_OUT_JSON_H
#define MO_OUT_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct out_json;

struct out_json *out_json_new(FILE *to);
void out_json_free(struct out_json *json);

/* Opens an object or an array in what is open; key NULL: within an array, or the line itself. One
 * without a name in an object is not printed, nor is what it holds. */
void out_json_open(struct out_json *json, const char *key, bool array);
/* Closes the innermost; the line itself is written with it. */
void out_json_close(struct out_json *json);

/* A member, or with key NULL an item; nothing where key is NULL in an object. */
void out_json_text(struct out_json *json, const char *key, const char *text, size_t n);
void out_json_number(struct out_json *json, const char *key, long long value);
void out_json_real(struct out_json *json, const char *key, double value);
void out_json_bool(struct out_json *json, const char *key, bool value);

#endif
