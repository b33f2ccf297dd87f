/*
 * tool - the few lines that every test tool needs. Test code: a failure ends the tool with status
 * 125 and one line on stderr, which no test takes for a result of the program under test.
 */
#ifndef TEST_TOOL_H
#define TEST_TOOL_H

#include <stdbool.h>
#include <stddef.h>

#define TOOL_FAILED 125

/* Prints "tool: text: errno" and exits with TOOL_FAILED. */
_Noreturn void die(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A whole decimal number, or death. what: said in the message. */
long number(const char *text, const char *what);

/* Writes all of it to a blocking descriptor. False on an error, errno set. */
bool write_all(int fd, const char *bytes, size_t n);

/* Undoes \n \r \t \0 \\ \xHH in place and returns the length. */
size_t unescape(char *text);

/* Milliseconds of the monotonic clock. */
long long now_ms(void);

/* Goes to the background once the work can start: returns in the child, the parent exits 0. Prints
 * the child's pid, so that a test ends exactly what it started. */
void background(void);

#endif
