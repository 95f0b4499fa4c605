/* Loops over arrays in vectors whose end goes through the same operations, and vectors that may be
 * such an end. Included after a vector_*.h.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_KERNELS_VECTOR_LOOPS_H
#define DLCORE_KERNELS_VECTOR_LOOPS_H

#include "system/compiler.h"

#include <stddef.h>

#include "kernels/always_inline.h"

/* Runs the statement, which sees i and part, over n elements. */
#define OVER_VECTORS(n, ...)                       \
    do {                                           \
        size_t i = 0;                              \
        for (; i + V_WIDTH <= (n); i += V_WIDTH) { \
            const size_t part = V_WIDTH;           \
            __VA_ARGS__;                           \
        }                                          \
        if (i < (n)) {                             \
            const size_t part = (n)-i;             \
            __VA_ARGS__;                           \
        }                                          \
    } while (0)

ALWAYS_INLINE v_float load_some(const float *p, size_t part)
{
    return part == V_WIDTH ? v_load(p) : v_load_part(p, part);
}

ALWAYS_INLINE void store_some(float *p, v_float a, size_t part)
{
    if (part == V_WIDTH)
        v_store(p, a);
    else
        v_store_part(p, a, part);
}

/* As OVER_VECTORS, but in one copy: for what is long, or seldom. */
#define OVER_PARTS(n, ...)                                         \
    do {                                                           \
        for (size_t i = 0; i < (n); i += V_WIDTH) {                \
            const size_t part = (n)-i < V_WIDTH ? (n)-i : V_WIDTH; \
            __VA_ARGS__;                                           \
        }                                                          \
    } while (0)

/* The first `n` of a vector, zero beyond. */
static inline v_float keep_first(v_float a, size_t n)
{
    float lanes[V_WIDTH];
    v_store(lanes, a);
    return v_load_part(lanes, n);
}

static inline v_float keep_some(v_float a, size_t part)
{
    return part == V_WIDTH ? a : keep_first(a, part);
}

static inline v_float load_up_to(const float *x, size_t n)
{
    return n >= V_WIDTH ? v_load(x) : v_load_part(x, n);
}

static inline void store_up_to(float *y, v_float x, size_t n)
{
    if (n >= V_WIDTH)
        v_store(y, x);
    else
        v_store_part(y, x, n);
}

#endif
