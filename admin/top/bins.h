/*
 * bins - how many when: a chart over time whose range need not be known before. Each bin is 2^exp
 * seconds wide and begins at a multiple of that; when the range outgrows the bins, two neighbours
 * become one, so that charts of different ranges can be added exactly.
 */
#ifndef MO_BINS_H
#define MO_BINS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BINS_MAX 32

struct bins {
    int64_t first; /* number of n[0]: seconds since 1970 >> exp */
    uint16_t exp, used;
    uint32_t n[BINS_MAX];
};

/* The second with which a bin of this number begins; before 1970 it is negative. */
static inline int64_t bins_begin(int64_t bin, unsigned exp)
{
    return (int64_t)((uint64_t)bin << exp);
}

void bins_init(struct bins *bins);

/* Adds n at a time in seconds. Modulo 2^32, so that what was added can be taken away again (-n). */
void bins_add(struct bins *bins, int64_t second, uint32_t n);
void bins_merge(struct bins *bins, const struct bins *other);

/* The chart of a whole range, first..last in seconds: ret[0..n) of which the first begins at
 * *ret_start, each *ret_width seconds wide. Returns n, at most BINS_MAX. bins must lie within the
 * range. */
size_t bins_chart(const struct bins *bins, int64_t first, int64_t last, uint32_t ret[BINS_MAX],
                  int64_t *ret_start, int64_t *ret_width);

#endif
