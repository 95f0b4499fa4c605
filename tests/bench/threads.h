/* How dlcore's threads behave beside pauses, other models and other threads.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_BENCH_THREADS_H
#define DLCORE_BENCH_THREADS_H

#include "bench/options.h"

/* Checks it and says what it found, each figure with its limit. 0: all within limits; 1: not so; 3:
 * nothing can be said, because the machine has one CPU or others use it. */
int bench_check_threads(const bench_options_t *options);

#endif
