/* clients_table - a row for each address; see clients_table.h. */
#include "clients/clients_table.h"

#include "context.h"

#include <stdlib.h>
#include <string.h>

void clients_init(struct clients *clients)
{
    *clients = (struct clients){.slots = 1024};
    clients->slot = context_alloc(clients->slots * sizeof *clients->slot);
    memset(clients->slot, 0, clients->slots * sizeof *clients->slot);
}

void clients_free(struct clients *clients)
{
    for (size_t i = 0; i < clients->count; i++) {
        free(clients->row[i].sample);
    }
    free(clients->row);
    free(clients->slot);
}

static size_t slot_of(const struct clients *clients, const struct blocklist_address *address)
{
    uint64_t hash = UINT64_C(14695981039346656037) + address->v6; /* FNV-1a */
    size_t at;

    for (size_t i = 0; i < sizeof address->bytes; i++) {
        hash = (hash ^ address->bytes[i]) * UINT64_C(1099511628211);
    }
    at = (size_t)(hash ^ (hash >> 32)) & (clients->slots - 1);
    while (clients->slot[at] != 0) {
        const struct client *row = &clients->row[clients->slot[at] - 1];

        if (row->address.v6 == address->v6 &&
            memcmp(row->address.bytes, address->bytes, sizeof address->bytes) == 0) {
            break;
        }
        at = (at + 1) & (clients->slots - 1);
    }
    return at;
}

static void grow(struct clients *clients)
{
    free(clients->slot);
    clients->slots *= 2;
    clients->slot = context_alloc(clients->slots * sizeof *clients->slot);
    memset(clients->slot, 0, clients->slots * sizeof *clients->slot);
    for (size_t i = 0; i < clients->count; i++) {
        clients->slot[slot_of(clients, &clients->row[i].address)] = (uint32_t)i + 1;
    }
}

struct client *clients_at(struct clients *clients, const struct blocklist_address *address)
{
    size_t slot = slot_of(clients, address);
    struct client *row;

    if (clients->slot[slot] != 0) {
        return &clients->row[clients->slot[slot] - 1];
    }
    if (clients->count == CLIENTS_MAX) {
        clients->lost++;
        return NULL;
    }
    if (clients->count == clients->cap) {
        clients->cap = clients->cap == 0 ? 256 : clients->cap * 2;
        clients->row = context_realloc(clients->row, clients->cap * sizeof *clients->row);
    }
    row = &clients->row[clients->count++];
    *row = (struct client){
        .address = *address, .first = INT64_MAX, .last = INT64_MIN, .sample_rank = UINT32_MAX};
    clients->slot[slot] = (uint32_t)clients->count;
    if (clients->count * 2 > clients->slots) {
        grow(clients);
    }
    return row;
}

void clients_note(struct client *client, int64_t time, unsigned rank, const char *sample)
{
    if (time < client->first) {
        client->first = time;
    }
    if (time > client->last) {
        client->last = time;
    }
    if (sample != NULL && rank < client->sample_rank) {
        free(client->sample);
        client->sample = context_copy(sample, strnlen(sample, CLIENTS_SAMPLE));
        client->sample_rank = rank;
    }
}

static int by_counts(const void *a, const void *b)
{
    const struct client *left = a, *right = b;

    if (left->weight != right->weight) {
        return left->weight < right->weight ? 1 : -1;
    }
    for (size_t i = 0; i < CLIENTS_COUNTS; i++) {
        if (left->count[i] != right->count[i]) {
            return left->count[i] < right->count[i] ? 1 : -1;
        }
    }
    return memcmp(left->address.bytes, right->address.bytes, sizeof left->address.bytes);
}

void clients_sort(struct clients *clients)
{
    if (clients->count > 1) {
        qsort(clients->row, clients->count, sizeof *clients->row, by_counts);
    }
}
