/* What every part of the benchmark needs: an end with a message, memory, numbers.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_BENCH_SUPPORT_H
#define DLCORE_BENCH_SUPPORT_H

#include <stddef.h>
#include <stdint.h>

#include "dlcore/status.h"

/* Ends the program with status 1. */
_Noreturn void bench_fail(const char *message);
/* Unless the status is DLCORE_OK. */
void bench_check(dlcore_status status, const char *message);

/* `count` elements of `size` bytes, zero, aligned to 64; ends the program without memory. Freed by
 * bench_release, which takes NULL. */
void *bench_allocate(size_t count, size_t size);
void bench_release(void *memory);

/* Fills with a fixed sequence, even over -scale .. scale. */
void bench_fill(float *values, size_t count, float scale, uint64_t seed);

#endif
