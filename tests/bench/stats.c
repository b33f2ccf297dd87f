/*
 * stats.c - order statistics of the times that bench-drive takes.
 *
 * Medians and not means: a call that was interrupted by something else must not move the result.
 * Nothing here is hostile; without memory the run is aborted.
 */
#include "stats.h"

#include <stdlib.h>
#include <string.h>

enum { BOOTSTRAPS = 1000 };

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;

    return (x > y) - (x < y);
}

double stats_quantile(const double *values, int count, double p, double *scratch)
{
    memcpy(scratch, values, sizeof(*values) * (size_t)count);
    qsort(scratch, (size_t)count, sizeof(*scratch), compare);
    return scratch[(int)(p * (count - 1) + 0.5)];
}

uint64_t stats_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

void stats_median_interval(const double *values, int count, double *ret_low, double *ret_high)
{
    double *medians = calloc(BOOTSTRAPS, sizeof(*medians));
    double *sample = calloc((size_t)count, sizeof(*sample));
    uint64_t state = 0x9e3779b97f4a7c15u;

    if (!medians || !sample)
        abort();
    for (int b = 0; b < BOOTSTRAPS; b++) {
        for (int i = 0; i < count; i++)
            sample[i] = values[stats_random(&state) % (uint64_t)count];
        qsort(sample, (size_t)count, sizeof(*sample), compare);
        medians[b] = sample[count / 2];
    }
    qsort(medians, BOOTSTRAPS, sizeof(*medians), compare);
    *ret_low = medians[BOOTSTRAPS / 40];
    *ret_high = medians[BOOTSTRAPS - BOOTSTRAPS / 40];
    free(sample);
    free(medians);
}
