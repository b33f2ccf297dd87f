/*
 * bins - see bins.h. Hostile: the times, which a forged line may put anywhere; no range is too
 * large. Cannot fail.
 */
#include "top/bins.h"

#include <string.h>

void bins_init(struct bins *bins)
{
    memset(bins, 0, sizeof *bins);
}

/* Makes two neighbours one. */
static void fold(struct bins *bins)
{
    int64_t first = bins->first >> 1;
    uint32_t n[BINS_MAX] = {0};
    size_t used = 0;

    for (size_t i = 0; i < bins->used; i++) {
        size_t to = (size_t)(((bins->first + (int64_t)i) >> 1) - first);

        n[to] += bins->n[i];
        used = to + 1;
    }
    memcpy(bins->n, n, sizeof n);
    bins->first = first;
    bins->used = (uint16_t)used;
    bins->exp++;
}

void bins_add(struct bins *bins, int64_t second, uint32_t n)
{
    for (;;) {
        int64_t bin = second >> bins->exp;

        if (bins->used == 0) {
            bins->first = bin;
            bins->used = 1;
        }
        if (bin >= bins->first && bin - bins->first < BINS_MAX) {
            size_t at = (size_t)(bin - bins->first);

            bins->n[at] += n;
            bins->used = (uint16_t)(at >= bins->used ? at + 1 : bins->used);
            return;
        }
        if (bin < bins->first && bins->first + bins->used - bin <= BINS_MAX) {
            size_t by = (size_t)(bins->first - bin);

            memmove(bins->n + by, bins->n, bins->used * sizeof *bins->n);
            memset(bins->n, 0, by * sizeof *bins->n);
            bins->used = (uint16_t)(bins->used + by);
            bins->first = bin;
            continue;
        }
        fold(bins);
    }
}

void bins_merge(struct bins *bins, const struct bins *other)
{
    while (bins->exp < other->exp) {
        fold(bins);
    }
    for (size_t i = 0; i < other->used; i++) {
        /* an empty one may still widen the range, and must not */
        if (other->n[i] != 0) {
            bins_add(bins, bins_begin(other->first + (int64_t)i, other->exp), other->n[i]);
        }
    }
}

size_t bins_chart(const struct bins *bins, int64_t first, int64_t last, uint32_t ret[BINS_MAX],
                  int64_t *ret_start, int64_t *ret_width)
{
    struct bins whole;
    size_t n;

    bins_init(&whole);
    bins_add(&whole, first, 0);
    bins_add(&whole, last, 0);
    while (whole.exp < bins->exp) {
        fold(&whole);
    }
    bins_merge(&whole, bins);
    n = (size_t)((last >> whole.exp) - whole.first) + 1;
    n = n > BINS_MAX ? BINS_MAX : n;
    memcpy(ret, whole.n, n * sizeof *ret);
    *ret_start = bins_begin(whole.first, whole.exp);
    *ret_width = INT64_C(1) << whole.exp;
    return n;
}
