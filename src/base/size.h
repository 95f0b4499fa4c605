/* Checked arithmetic for sizes: every size that comes from outside passes through here.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_BASE_SIZE_H
#define DLCORE_BASE_SIZE_H

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

static inline size_t dlcore_size_min(size_t a, size_t b)
{
    return a < b ? a : b;
}

static inline size_t dlcore_size_max(size_t a, size_t b)
{
    return a > b ? a : b;
}

#endif
