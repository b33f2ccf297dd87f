/* clients_calls - the addresses behind calls: by the web servers' logs, each read once for all
 * calls, and by what a call says itself. Private to clients*.c. */
#ifndef MO_CLIENTS_CALLS_H
#define MO_CLIENTS_CALLS_H

#include "clients/clients_table.h"

struct context;
struct records;
struct weblog;

/* Counts the addresses of all records into clients. weblog: NULL if there is none. What could not
 * be read is a context_problem. */
void clients_read_calls(struct context *ctx, struct clients *clients, struct weblog *weblog,
                        struct records *records);

#endif
