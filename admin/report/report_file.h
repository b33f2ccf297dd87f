/*
 * report_file - a file that is there whole or not at all, written by a process that may write
 * nothing else.
 */
#ifndef MO_REPORT_FILE_H
#define MO_REPORT_FILE_H

#include <stdio.h>

struct context;

/*
 * Makes a file of mode 0600 beside path and, when all is written, gives it the name path. An older
 * file of that name is replaced; what is no regular file (a link, a device, a directory) is not.
 *
 * write runs in a child, which may give up root (confine.h): the parent, which cannot, reads
 * nothing but its exit status. It returns an enum status; only with STATUS_FOUND and STATUS_PARTIAL
 * is there a file. Returns that status, or STATUS_FAILED after context_fail.
 */
int report_file(struct context *ctx, const char *path, int (*write)(FILE *to, void *arg),
                void *arg);

#endif
