/* pasted_private - what pasted*.c share: lines, header fields, quotations. */
#ifndef MO_PASTED_PRIVATE_H
#define MO_PASTED_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>

struct text {
    const char *at;
    size_t len;
};

struct field {
    struct text line;  /* the first line, name included */
    struct text value; /* raw, with its folds */
};

bool text_is_blank(char c);

/* Takes the next line off rest, without its line end. */
bool text_line(struct text *rest, struct text *ret);

/* The length of the field name that a line begins with; 0 if it is no field. */
size_t text_field_name(struct text line);
bool text_is_named(struct text line, const char *name);

/* Takes the next field off a header section. Returns false at its end; an empty line is taken, too.
 */
bool text_field(struct text *rest, struct field *ret);

/* A value without line ends and surrounding blanks: to be freed. */
char *text_unfold(struct text value);

/* Whether a header section may begin here: a field, or a From_ line in front of one. Blank lines in
 * front are taken off. */
bool text_section_begins(struct text *text);

/* Where a line begins behind quote marks and indentation. */
size_t quote_length(struct text line);

/* The first of the lines in front of `at` that belong to the same header section, in the same
 * quotation. */
const char *quote_block_start(const char *begin, const char *at, struct text prefix);

/* The section without its prefix, as a text of its own: to be freed. */
char *quote_block_copy(struct text rest, struct text prefix, size_t *ret_len);

/* A message that is quoted as a whole, without its quote marks: to be freed; NULL if it is not. */
char *quote_remove(struct text text, size_t *ret_len);

#endif
