/*
 * out - what a command prints: objects made of fields, as text for people or as JSON Lines. A
 * command does not know which.
 *
 * JSON: one object a line, {"schema":1,"kind":KIND, fields in the order given}; docs/json.md is the
 * contract; new fields may come, absent means unknown. Every string that came from outside stands
 * in it escaped by codec.h (docs/log-format.md, "JSON"), so that any byte has a place. Text:
 * OUT_TABLE aligns the fields in columns under a heading (the first 200 rows fix the widths);
 * OUT_BLOCK prints "label: value" lines, an empty line between objects. Everything is escaped: no
 * control byte reaches a terminal. Colour only if standard output is a terminal and NO_COLOR is not
 * set, or --color=always.
 */
#ifndef MO_OUT_H
#define MO_OUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct out;

enum out_layout { OUT_TABLE, OUT_BLOCK };

/* How sure something is; colours the field in text, and is "certainty" where a command prints it.
 */
enum out_mood { OUT_PLAIN, OUT_GOOD, OUT_BAD, OUT_WARN, OUT_DIM, OUT_BOLD };

struct out *out_new(FILE *to, bool json, bool colour);
/* Prints what is still held back. Returns false if something could not be written. Frees. */
bool out_free(struct out *out);
/* Prints what is held back, now: before waiting for more. */
void out_flush(struct out *out);
bool out_is_json(const struct out *out); /* for what exists in one form only (block lists) */

/* One object. Fields are printed between begin and end, in the same order in every row of a table;
 * a field that is unknown is passed with NULL (text: "-" in a table, left out in a block; JSON:
 * absent). key NULL: only in text. label NULL: only in JSON. */
void out_begin(struct out *out, const char *kind, enum out_layout layout);
void out_end(struct out *out);

/* Raw bytes: escaped here. */
void out_bytes(struct out *out, const char *key, const char *label, const char *bytes, size_t n);
/* The same for a NUL-terminated string; NULL: unknown. */
void out_string(struct out *out, const char *key, const char *label, const char *text);
/* A value that is already in codec.h's escaped form, as record_line_value gives it. */
void out_escaped(struct out *out, const char *key, const char *label, const char *text, size_t n);
/* A value for people only, made of parts that are in that form. */
__attribute__((format(printf, 3, 4))) void out_words(struct out *out, const char *label,
                                                     const char *format, ...);
void out_number(struct out *out, const char *key, const char *label, long long value);
/* A number with a sign of its own in text: "12 %", "3.4/min"; JSON gets the bare number. decimals
 * <= 6. */
void out_real(struct out *out, const char *key, const char *label, double value, int decimals,
              const char *suffix);
void out_bool(struct out *out, const char *key, const char *label, bool value);
/* Microseconds since 1970; < 0: unknown. Text: local time "2026-11-21 16:20:31"; JSON: RFC 3339 UTC
 * with microseconds. */
void out_time(struct out *out, const char *key, const char *label, int64_t us);
/* Seconds, as "3 d", "12 min", "5 s"; JSON: a number. < 0: unknown. */
void out_span(struct out *out, const char *key, const char *label, long long seconds);
/* A bar chart of n numbers, oldest first: eight heights in a UTF-8 locale, else digits 0-9; JSON:
 * an array. */
void out_bars(struct out *out, const char *key, const char *label, const uint32_t *counts,
              size_t n);
/* A list of strings: JSON array; text: joined by ", " in a table, a line each in a block. */
void out_list_begin(struct out *out, const char *key, const char *label);
void out_list_add(struct out *out, const char *bytes, size_t n); /* raw */
void out_list_add_escaped(struct out *out, const char *text, size_t n);
void out_list_end(struct out *out);
/* An object within the object (JSON); its fields are ordinary ones in text, indented in a block. A
 * list of objects: out_array_begin, objects, out_array_end. */
void out_array_begin(struct out *out, const char *key, const char *label);
void out_array_end(struct out *out);
void out_object_begin(struct out *out, const char *key,
                      const char *label); /* key NULL within an array */
void out_object_end(struct out *out);
/* The mood of the next field. */
void out_mood(struct out *out, enum out_mood mood);

/* A sentence for people, on standard output, own line, text only; arguments are escaped. */
__attribute__((format(printf, 2, 3))) void out_note(struct out *out, const char *format, ...);

#endif
