/*
 * show_input - what stands on standard input where a command takes a mail in place of an ID.
 */
#ifndef MO_SHOW_INPUT_H
#define MO_SHOW_INPUT_H

#include "show/pasted.h"

#include <stdbool.h>
#include <stddef.h>

struct context;
struct records;

/* Standard input, up to PASTED_MAX bytes; a NUL follows them. Freed by the caller. Returns false
 * after a message, also if it is named as a log. */
bool show_input_read(struct context *ctx, char **ret, size_t *ret_len);

/* It may be nothing but an id. Returns that, NUL-terminated in place, or NULL. */
const char *show_input_word(char *text, size_t len);

/*
 * Which message counts: the outermost whose header the log knows, since a message's author chooses
 * what is in it, but not what header we put on it. If it knows none: the innermost that has one.
 * NULL: none has one.
 */
const struct pasted_message *show_input_choose(struct records *records,
                                               const struct pasted *pasted);

#endif
