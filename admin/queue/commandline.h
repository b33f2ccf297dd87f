/*
 * commandline - our own command line again, for an admin to paste.
 */
#ifndef MO_COMMANDLINE_H
#define MO_COMMANDLINE_H

#include <stdbool.h>
#include <stddef.h>

/*
 * words[0..len): a /proc/PID/cmdline, each word ended by NUL. Writes into ret "mailorigin COMMAND
 * OPTION" and the other words, each so that a shell reads it as it was. Returns false if that
 * cannot be: a word left out would mean more than the admin asked for, one that the terminal's
 * escaping changes something else. ret is then unspecified.
 */
bool commandline_with(const char *words, size_t len, const char *option, char *ret, size_t cap);

#endif
