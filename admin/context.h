/*
 * context - what every part of a command's run shares, and how it speaks of trouble.
 *
 * Messages go to standard error, one line each, escaped (codec.h): a file name or a log line in
 * them may have been chosen by an attacker.
 */
#ifndef MO_CONTEXT_H
#define MO_CONTEXT_H

#include "wrapper/config.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

struct args;
struct out;

/* The exit status of every command. */
enum status {
    STATUS_FOUND = 0,
    STATUS_NOTHING = 1,
    STATUS_FAILED = 2,  /* usage or system error */
    STATUS_PARTIAL = 3, /* a source could not be read, or not wholly: named on standard error */
};

#define CONTEXT_SAID 64 /* problems that are remembered; then the oldest is forgotten */

struct context {
    const char *command; /* its name; NULL before one is known */
    const struct args *args;
    struct out *out;
    struct config config; /* sendmail-wrapper.conf as the wrapper reads it */
    int64_t now;          /* when we were started, microseconds since 1970 */
    bool partial;         /* context_problem was called */
    bool terminal;        /* standard error is a terminal: progress may be shown */
    /* private: which problems were said already, by hash; what waits, if this is a thread's */
    uint64_t said[CONTEXT_SAID];
    size_t said_count;
    struct context_held *held;
};

/*
 * For a thread of its own: a context like ctx whose messages wait, so that they come in order and
 * once, and that shows no progress. context_join, when the thread has ended, says what waited as if
 * it happened in ctx; say: false: it is forgotten.
 */
void context_part(const struct context *ctx, struct context *ret);
void context_join(struct context *ctx, struct context *part, bool say);

/* Whether progress is to be shown now: on a terminal, once the program has run for a second, five
 * times a second. *shown: when it was last, 0: never. What is shown begins with "\r", ends with
 * "\033[K", and stays until context_progress_end. */
bool context_progress(const struct context *ctx, int64_t *shown);
void context_progress_end(int64_t *shown);

/* Says what could not be read and goes on: the exit status becomes STATUS_PARTIAL. What was said in
 * the same words is not said again: a file may be opened and read several times. */
__attribute__((format(printf, 2, 3))) void context_problem(struct context *ctx, const char *format,
                                                           ...);

/* Says something that changes nothing of the exit status. */
__attribute__((format(printf, 2, 3))) void context_warn(const struct context *ctx,
                                                        const char *format, ...);

/* Says why the command cannot go on. Returns STATUS_FAILED, for "return context_fail(...)". */
__attribute__((format(printf, 2, 3))) int context_fail(const struct context *ctx,
                                                       const char *format, ...);

/* The exit status of a command that found something, or nothing: STATUS_PARTIAL if anything was a
 * problem. */
int context_status(const struct context *ctx, bool found);

/* malloc, realloc, strndup that end the program (status 2) when there is no memory. Free with
 * free(). */
void *context_alloc(size_t bytes);
void *context_realloc(void *old, size_t bytes);
char *context_copy(const char *bytes, size_t n); /* with a NUL behind */

#endif
