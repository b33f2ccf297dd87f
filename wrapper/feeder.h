/*
 * feeder - the process that carries the rest of a message which does not fit the pipe.
 *
 * It is no child of the MTA (that would give the MTA a SIGCHLD and a child it did not make: after
 * an exec the kernel signals whatever clone(2) was told), holds no descriptor of the caller's but
 * stdin, no directory, no signals, and needs no memory beyond the part that was read.
 */
#ifndef SW_FEEDER_H
#define SW_FEEDER_H

#include "feed.h"

#include <stdbool.h>

/*
 * Starts the feeder; on return it runs and owns the rest. Returns false, with errno set, when no
 * process can be had; nothing but the pipe was written to then.
 */
bool feeder_start(struct feed *feed);

#endif
