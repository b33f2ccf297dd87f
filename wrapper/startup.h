/*
 * startup - step 1 of a call: a known process state, and the caller's kept for the MTA.
 */
#ifndef SW_STARTUP_H
#define SW_STARTUP_H

#include <signal.h>
#include <stdbool.h>
#include <time.h>

struct startup {
    char **environment;                /* the caller's, whole and in his order, for the MTA */
    struct timespec began;             /* CLOCK_MONOTONIC */
    bool closed[3];                    /* descriptors 0-2 that the caller had closed */
    struct sigaction sigpipe, sigxfsz; /* the caller's dispositions */
};

/*
 * Call first in main. Afterwards descriptors 0-2 are open (missing ones on /dev/null,
 * close-on-exec, so that the MTA finds them as the caller left them), our own environment is empty,
 * SIGPIPE and SIGXFSZ are ignored. Returns false when /dev/null cannot stand in for a closed
 * descriptor.
 */
bool startup_begin(int argc, char **argv, struct startup *ret);

/* Bits 0 to 2: descriptors that were closed before the C library started; only in the program, see
 * entry.c. */
extern unsigned startup_closed_at_entry __attribute__((weak));

/* Undoes the signal changes, for the exec. */
void startup_restore(const struct startup *startup);

/* Milliseconds since the start of the call. */
long startup_elapsed_ms(const struct startup *startup);

#endif
