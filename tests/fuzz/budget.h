/* An allocator that ends the program when more memory is taken than an input justifies, or when
 * some is left.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_TESTS_FUZZ_BUDGET_H
#define DLCORE_TESTS_FUZZ_BUDGET_H

#include <stddef.h>
#include <stdint.h>

#include "dlcore/status.h"

typedef struct budget {
    size_t limit;
    size_t live;
    size_t peak;
} budget_t;

/* Twice the input and a megabyte. */
budget_t budget_for(size_t size);
dlcore_allocator_t budget_allocator(budget_t *budget);
/* Ends the program unless all was given back. */
void budget_check(const budget_t *budget);

/* Ends the program with a message when `condition` is false. */
void fuzz_require(int condition, const char *what);

/* What libFuzzer calls. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
