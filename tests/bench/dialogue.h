/* dialogue - the client of a `sendmail -bs`: one message, each command after the reply to the last.
 */
#ifndef SW_BENCH_DIALOGUE_H
#define SW_BENCH_DIALOGUE_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Sends bytes[0..size) (CRLF lines, the last of them ended, dots stuffed) from sender to recipient
 * and says QUIT; reads the replies to their end. Returns false if the server did not accept it all.
 */
bool dialogue_run(int to, int from, const char *sender, const char *recipient, const char *bytes,
                  size_t size);

#endif
