/* fuzz - what the fuzz targets share. */
#ifndef SW_FUZZ_H
#define SW_FUZZ_H

#include "wrapper/dialect.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A property that must hold for every input. */
static inline void require(bool holds)
{
    if (!holds) {
        abort();
    }
}

/* Some dialect for each number, the cautious rule among them. */
static inline const struct dialect *dialect_number(unsigned n)
{
    unsigned known = 0;

    while (dialect_known(known) != NULL) {
        known++;
    }
    n %= known + 1;
    return n < known ? dialect_find(dialect_known(n)) : dialect_cautious();
}

#endif
