/*
 * opener - opens a few fixed files again and again for a process that has given up root: a root
 * process that can do only that, and hands the descriptors over (unix(7), SCM_RIGHTS).
 */
#ifndef MO_OPENER_H
#define MO_OPENER_H

#include <stddef.h>

struct context;
struct opener; /* opaque */

/* For these paths, which stay the caller's and must outlive it. As root a process is forked, to be
 * called before confine(); otherwise the files are opened by this one. Returns NULL after
 * context_fail. */
struct opener *opener_new(struct context *ctx, const char *const *paths, size_t count);

/* Ends the process and waits for it. */
void opener_close(struct opener *opener);

/* Opens paths[index] for reading: a regular file, O_NONBLOCK and O_CLOEXEC. Returns -1 with errno.
 */
int opener_open(struct opener *opener, size_t index);

#endif
