/*
 * explain - the answers under our own name: --help, --version, --explain.
 */
#ifndef SW_EXPLAIN_H
#define SW_EXPLAIN_H

#include "call.h"

#include <stdbool.h>

/* Whether argv asks for one of them. */
bool explain_wanted(int argc, char **argv);

/*
 * --help and --version. Returns true if it was one of them, answered. */
bool explain_brief(int argc, char **argv);

/*
 * --explain ARGS...: what a call with ARGS would do, from a call filled as far as the target,
 * without running, sending or logging anything. Returns the exit status: 0, or 1 when something is
 * degraded.
 */
int explain_call(struct call *call);

#endif
