/*
 * report_sample - some of the messages, each as likely as any other, however many there are: so a
 * large origin has many in it, and a single reading is enough.
 */
#ifndef MO_REPORT_SAMPLE_H
#define MO_REPORT_SAMPLE_H

#include "records/record_keep.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* So many are held: 20 MiB at most, as longer lines are passed over. */
#define REPORT_SAMPLE 4096
#define REPORT_SAMPLE_LINE 5000 /* RECORD_MAX, and what syslog puts in front */

struct report_sample {
    struct record_keep keep[REPORT_SAMPLE]; /* line NULL: taken back */
    uint64_t id[REPORT_SAMPLE];             /* the last bytes of the call's id */
    size_t count;
    uint64_t seen, random;
};

struct report_sample *report_sample_new(uint64_t seed);
void report_sample_free(struct report_sample *sample);

void report_sample_add(struct report_sample *sample, struct record_line *line);
/* The message with the same id was none after all. */
void report_sample_take_back(struct report_sample *sample, struct record_line *line);

#endif
