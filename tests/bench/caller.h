/* caller - what the measuring programs share: they all start a command as a mail's caller does. */
#ifndef SW_BENCH_CALLER_H
#define SW_BENCH_CALLER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Ends the program with status 2, errno's text on stderr: it could not be measured. */
_Noreturn void die(const char *what);

/* Writes it all. Returns false when the reader is gone: the command's status says what happened. */
bool write_all(int fd, const char *bytes, size_t size);

/* Starts argv[0] with the two descriptors as its stdin and stdout. Dies if there is no process to
 * be had. */
pid_t spawn(char *const argv[], int input, int output);

#endif
