/*
 * run - another program, by its absolute path and an argv, never through a shell, with an
 * environment of ours and not the caller's.
 */
#ifndef MO_RUN_H
#define MO_RUN_H

#include <stddef.h>

struct context;

struct run_result {
    int status;   /* exit status; 128 + signal */
    char *output; /* standard output, NUL behind; free(): always set */
    char *errors; /* standard error, the same */
};

/*
 * Runs argv (NULL-terminated; argv[0] is the absolute path) with input[0..n) on standard input, and
 * waits for its end. Returns 0, or -1 after context_fail when it could not be run at all.
 */
int run_program(struct context *ctx, const char *const *argv, const char *input, size_t n,
                struct run_result *ret);
void run_free(struct run_result *result);

/* The line of its standard error that says why, without the newline: the last, in place. */
const char *run_reason(struct run_result *result);

/* n ids as lines, for a program that reads them from standard input. Free with free(). */
char *run_lines(const char *const *ids, size_t n, size_t *ret_len);

#endif
