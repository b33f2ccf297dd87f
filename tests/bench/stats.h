/* stats.h - order statistics of measured times. */
#ifndef BENCH_STATS_H
#define BENCH_STATS_H

#include <stdint.h>

/* The value at fraction p (0..1) of `count` values in order; `scratch` is room for as many. */
double stats_quantile(const double *values, int count, double p, double *scratch);

/* The 95 % interval of the median, by resampling. */
void stats_median_interval(const double *values, int count, double *ret_low, double *ret_high);

/* The next number of a generator with this state, which must not be 0. Not for secrets. */
uint64_t stats_random(uint64_t *state);

#endif
