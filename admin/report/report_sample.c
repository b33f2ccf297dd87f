/* report_sample - see report_sample.h. Hostile: the records, whose length and number are bounded
 * here. */
#include "report/report_sample.h"

#include "context.h"

#include <stdlib.h>
#include <string.h>

struct report_sample *report_sample_new(uint64_t seed)
{
    struct report_sample *sample = context_alloc(sizeof *sample);

    memset(sample, 0, sizeof *sample);
    sample->random = seed | 1;
    return sample;
}

void report_sample_free(struct report_sample *sample)
{
    if (sample == NULL) {
        return;
    }
    for (size_t i = 0; i < sample->count; i++) {
        record_keep_drop(&sample->keep[i]);
    }
    free(sample);
}

/* Marsaglia's xorshift64*, and Lemire's way to a number below n without a division. */
static uint64_t below(struct report_sample *sample, uint64_t n)
{
    uint64_t x = sample->random;

    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    sample->random = x;
    return (uint64_t)((unsigned __int128)(x * UINT64_C(0x2545f4914f6cdd1d)) * n >> 64);
}

/* Vitter's algorithm R: the n-th takes a random place among n, if that is one of ours. */
void report_sample_add(struct report_sample *sample, struct record_line *line)
{
    uint64_t at = sample->seen < REPORT_SAMPLE ? sample->seen : below(sample, sample->seen + 1);

    sample->seen++;
    if (at >= REPORT_SAMPLE) {
        return;
    }
    if (at == sample->count) {
        sample->count++;
    }
    record_keep_drop(&sample->keep[at]);
    sample->id[at] = 0;
    if (line->line.len <= REPORT_SAMPLE_LINE) {
        sample->keep[at] = record_keep(line);
        (void)record_line_tail(line, &sample->id[at]);
    }
}

void report_sample_take_back(struct report_sample *sample, struct record_line *line)
{
    uint64_t id;

    if (!record_line_tail(line, &id)) {
        return;
    }
    for (size_t i = 0; i < sample->count; i++) {
        if (sample->keep[i].line != NULL && sample->id[i] == id) {
            record_keep_drop(&sample->keep[i]);
            return;
        }
    }
}
