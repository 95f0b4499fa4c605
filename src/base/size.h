/* Checked arithmetic for sizes: every size that comes from outside passes through here.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_BASE_SIZE_H
#define DLCORE_BASE_SIZE_H

#include "system/compiler.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* *result = a * b; false, with *result untouched, when that does not fit. */
static inline bool dlcore_size_multiply(size_t a, size_t b, size_t *result)
{
    if (a != 0 && b > SIZE_MAX / a)
        return false;
    *result = a * b;
    return true;
}

/* *result = a + b; false, with *result untouched, when that does not fit. */
static inline bool dlcore_size_add(size_t a, size_t b, size_t *result)
{
    if (b > SIZE_MAX - a)
        return false;
    *result = a + b;
    return true;
}

/* n rounded up to a multiple of `multiple`. The caller knows that it fits. */
static inline size_t dlcore_size_round_up(size_t n, size_t multiple)
{
    return (n + multiple - 1) / multiple * multiple;
}

/* The largest count that is kept as a double: up to there all are exact. */
#define DLCORE_SIZE_OF_DOUBLE_MAX \
    (SIZE_MAX < (UINT64_C(1) << 53) ? (double)SIZE_MAX : (double)(UINT64_C(1) << 53))

/* *result = x; false, with *result untouched, when x is not a count: not whole, below 0, NaN, or
 * too large. */
static inline bool dlcore_size_of_double(double x, size_t *result)
{
    size_t count;

    if (!(x >= 0.0 && x <= DLCORE_SIZE_OF_DOUBLE_MAX))
        return false;
    count = (size_t)x;
    if ((double)count != x)
        return false;
    *result = count;
    return true;
}

static inline size_t dlcore_size_min(size_t a, size_t b)
{
    return a < b ? a : b;
}

static inline size_t dlcore_size_max(size_t a, size_t b)
{
    return a > b ? a : b;
}

#endif
