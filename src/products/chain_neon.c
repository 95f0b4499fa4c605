/* Chains of small layers for 64-bit ARM.
 *
 * SPDX-License-Identifier: MIT */
#include <stdbool.h>

#include "kernels/vector_neon.h"

/* The thread's mode sees to denormals. */
static inline v_float flush_vector(v_float a)
{
    return a;
}

static inline v_float flush_by(v_float x, v_float y)
{
    (void)x;
    return y;
}

static inline bool has_denormal(v_float a)
{
    (void)a;
    return false;
}

/* Four floats; and one of them in every lane. */
typedef float32x4_t four_t;
#define four_load(x) vld1q_f32(x)
#define four_pick(four, i) V_BOTH(v_float, vdupq_laneq_f32(four, i), vdupq_laneq_f32(four, i))

static inline v_float sum_in_all_lanes(v_float a, size_t units)
{
    (void)units;
    return v_set(v_sum(a));
}

static inline v_float largest_in_all_lanes(v_float a, size_t units)
{
    (void)units;
    return v_set(v_largest(a));
}

#include "products/chain_template.h"

static const dlcore_chain_functions_t chain_functions = {
    .run = chain_run_any, .run_uint8 = chain_run_uint8, .flushes = false};

const dlcore_chain_functions_t *dlcore_chain_neon(void)
{
    return &chain_functions;
}
