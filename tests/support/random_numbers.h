/* Random numbers of tests, one stream for the program.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_TESTS_RANDOM_NUMBERS_H
#define DLCORE_TESTS_RANDOM_NUMBERS_H

#include <stddef.h>
#include <stdint.h>

void random_seed(uint64_t seed);
/* The seed that goes on from here. */
uint64_t random_position(void);
size_t random_below(size_t n);
double random_unit(void); /* 0 .. 1, 1 left out */
double random_normal(void);

#endif
