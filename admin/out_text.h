/*
 * out_text - objects for people: tables and blocks, on a terminal or in a file. Private to out.c,
 * which escapes what it hands over.
 */
#ifndef MO_OUT_TEXT_H
#define MO_OUT_TEXT_H

#include "out.h"

struct out_text;

struct out_text *out_text_new(FILE *to, bool colour);
/* Nothing may be held back any more: out_text_flush. */
void out_text_free(struct out_text *text);
/* Prints the rows that are held back. */
void out_text_flush(struct out_text *text);

void out_text_begin(struct out_text *text, const char *kind, enum out_layout layout);
void out_text_end(struct out_text *text);

/* value: escaped; NULL: unknown. label NULL: not printed. Resets the mood. */
void out_text_field(struct out_text *text, const char *label, const char *value, bool right);
void out_text_bars(struct out_text *text, const char *label, const uint32_t *counts, size_t n);
void out_text_mood(struct out_text *text, enum out_mood mood);

void out_text_list_begin(struct out_text *text, const char *label);
void out_text_list_add(struct out_text *text, const char *value, size_t n);
void out_text_list_end(struct out_text *text);

/* Until out_text_unnest, fields belong to an object within the object. */
void out_text_nest(struct out_text *text, const char *label);
void out_text_unnest(struct out_text *text);

/* A line of its own. */
void out_text_note(struct out_text *text, const char *line);

#endif
