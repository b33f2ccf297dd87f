/*
 * config_text - the configuration's text before libconfuse reads it, which 3.3 does not do as one
 * would like:
 *
 *   - each comment makes its line numbers wrong (by one or two), and a comment in a list is an
 * error;
 *   - a comment or a section that never ends is taken without a word, and what it swallows with it;
 * a backslash at the end of an open string is printed on stdout;
 *   - unknown options can be passed over (CFGF_IGNORE_UNKNOWN), but of an unknown section only an
 * empty one, and no second one is told of.
 */
#ifndef SW_CONFIG_TEXT_H
#define SW_CONFIG_TEXT_H

#include <stdbool.h>
#include <stddef.h>

struct config_fault {
    unsigned long line; /* from 1 */
    const char *text;   /* static; NULL: there is none */
};

/*
 * Takes the comments out of text[0..*len), in place; line feeds stay, so lines keep their numbers.
 * A comment or a quoted value that has no end is cut off. *ret: that, or a section that is not
 * closed.
 */
void config_text_clean(char *text, size_t *len, struct config_fault *ret);

/*
 * Overwrites with blanks the option `key` that stands in this line of a cleaned text, together with
 * its value: a word, a list, a function's arguments or a section, titled or not. Returns false,
 * with text unchanged, if it is not there or not whole.
 */
bool config_text_blank(char *text, size_t len, unsigned long line, const char *key);

#endif
