/*
 * address - counts the addresses of a list: of a To, Cc or Bcc field (summary), of an operand
 * (invocation).
 *
 * Hostile input: all of it. One pass, no recursion, no allocation; a malformed list gives some
 * number, never more than it has bytes.
 */
#ifndef SW_ADDRESS_H
#define SW_ADDRESS_H

#include <stddef.h>

/* Where MTAs differ on what stands between two commas; a row of dialect.c has those of its MTA. */
enum {
    ADDRESS_WORDS = 1 << 0,  /* "a@b c@d" are two addresses; without it they are one */
    ADDRESS_ANGLES = 1 << 1, /* "A <a@b> C <c@d>" are two; without it they are one */
};

/*
 * The addresses in list[0..n), a field's body with its line folds (RFC 5322 section 3.4 and the
 * obsolete forms of 4.4): members of groups count, the group itself and empty list members do not.
 * style: ADDRESS_ bits.
 */
size_t address_count(const char *list, size_t n, unsigned style);

#endif
