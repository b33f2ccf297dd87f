/*
 * clients_table - a row for each address: how often, how surely, when, and a sample. Of
 * `mailorigin clients` and `mailorigin report`.
 *
 * Memory is bounded: CLIENTS_MAX addresses; what is beyond is counted.
 */
#ifndef MO_CLIENTS_TABLE_H
#define MO_CLIENTS_TABLE_H

#include "clients/blocklist.h"

#include <stdint.h>

#define CLIENTS_MAX 200000
#define CLIENTS_SAMPLE 200

enum clients_count {
    CLIENTS_EXACT,   /* calls whose request is known by the worker's pid */
    CLIENTS_WINDOW,  /* calls that this client's request may have caused, by time */
    CLIENTS_CLAIMED, /* calls that name it themselves (REMOTE_ADDR) */
    CLIENTS_COUNTS,
    /* of a mail log */
    CLIENTS_FAILED = 0, /* log-ins that failed */
    CLIENTS_REJECTED,
    CLIENTS_CONNECTS,
    CLIENTS_MAILS = CLIENTS_COUNTS,
    CLIENTS_LOGINS, /* mails after a log-in */
    CLIENTS_CALLS,  /* calls in which it occurs at all */
    CLIENTS_ALL
};

struct client {
    struct blocklist_address address;
    uint64_t count[CLIENTS_ALL];
    uint64_t weight; /* for the order: the more calls its requests are the cause of, and the surer
                        that is, the larger */
    uint64_t seen;   /* number of the call it was last counted for */
    int64_t first, last;
    unsigned sample_rank; /* the surer, the lower */
    char *sample;         /* raw bytes; NULL */
};

struct clients {
    struct client *row;
    size_t count, cap, lost;
    uint32_t *slot; /* row + 1; 0: free */
    size_t slots;
};

void clients_init(struct clients *clients);
void clients_free(struct clients *clients);

/* The address's row, made if it is new. NULL if the table is full. Holds until the next call. */
struct client *clients_at(struct clients *clients, const struct blocklist_address *address);

/* Widens the row's time and keeps the sample of the lowest rank. sample may be NULL. */
void clients_note(struct client *client, int64_t time, unsigned rank, const char *sample);

/* By weight, then by count[0], count[1], count[2], the most first. Rows must not be looked for
 * afterwards. */
void clients_sort(struct clients *clients);

#endif
