/*
 * dialect - how each MTA reads its command line and the start of a message: one table, a row an
 * MTA.
 *
 * The same argv means different things to different MTAs (-bp, -bs, -R, -S, -M, -N, -q), so a call
 * is read with the rules of the MTA that will get it. Adding an MTA is adding a row to dialect.c.
 */
#ifndef SW_DIALECT_H
#define SW_DIALECT_H

struct dialect; /* laid out in dialect.c and dialect_table.h; read through invocation.h and header.h
                 */

/* The row of an MTA by its name as in the configuration ("postfix", "exim", ...); NULL if unknown.
 */
const struct dialect *dialect_find(const char *name);

/* The cautious rule for an MTA that we do not know: wrong only towards handing the call through. */
const struct dialect *dialect_cautious(void);

/* The row's name; "cautious" for the cautious rule. Never NULL. */
const char *dialect_name(const struct dialect *dialect);

/* The i-th name the configuration accepts, NULL after the last. */
const char *dialect_known(unsigned i);

#endif
