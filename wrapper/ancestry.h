/*
 * ancestry - the processes above this call, from /proc: who called, shells skipped.
 *
 * pids, parents and start times are the kernel's. comm and command lines are what each process made
 * of them.
 */
#ifndef SW_ANCESTRY_H
#define SW_ANCESTRY_H

#include "procfs.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define ANCESTRY_LEVELS 8

struct ancestry {
    char chain[512]; /* "sh[12344] php-fpm8.2[12001]", nearest first; "" if unknown */
    size_t chain_len;
    unsigned long long starts[ANCESTRY_LEVELS]; /* of chain's processes: clock ticks since boot */
    size_t levels;
    bool known;  /* a caller was found: the first ancestor that is no shell */
    bool orphan; /* the parent is init: whoever called is gone, nobody is named */
    pid_t pid;   /* the caller's */
    unsigned long long start;
    char cmdline[1024]; /* the caller's arguments, each ended by NUL, as in proc(5) */
    size_t cmdline_len;
};

/* Walks up from parent, whose child started at `start`. proc: procfs_open's descriptor. */
void ancestry_read(int proc, pid_t parent, unsigned long long start, struct ancestry *ret);

#endif
