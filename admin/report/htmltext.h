/*
 * htmltext - the one way by which bytes from outside get into an HTML page: as text, in an element
 * or in a quoted attribute's value, never as markup.
 */
#ifndef MO_HTMLTEXT_H
#define MO_HTMLTEXT_H

#include <stddef.h>
#include <stdio.h>

/*
 * Writes raw bytes. & < > " ' become character references. What has no place in a page, or makes
 * it look like another, is shown as an escape: newline \n, CR \r, TAB \t; control characters and
 * bytes that are no UTF-8 \xHH; code points that turn the reading direction, have no width, or are
 * none \u{HHHH}; of more than HTMLTEXT_MARKS combining marks in a row the further ones, too. A
 * backslash stays one: the text is to be read, not to be decoded. Whether it could be written, the
 * stream knows.
 */
#define HTMLTEXT_MARKS 4
void htmltext_bytes(FILE *to, const char *bytes, size_t n);

/* The same of a value in codec.h's escaped form, undone first; where it was cut an ellipsis
 * stands. What is no such form is written as it is. */
void htmltext_escaped(FILE *to, const char *text, size_t n);

#endif
