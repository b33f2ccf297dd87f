/*
 * address - counts the addresses of a To, Cc or Bcc field; private to summary.
 *
 * Hostile input: all of it. One pass, no recursion, no allocation; a malformed list gives some
 * number, at most one more than the list has separators.
 */
#ifndef SW_ADDRESS_H
#define SW_ADDRESS_H

#include <stddef.h>

/*
 * The addresses in list[0..n), a field's body with its line folds (RFC 5322 section 3.4 and the
 * obsolete forms of 4.4): members of groups count, the group itself and empty list members do not.
 */
size_t address_count(const char *list, size_t n);

#endif
