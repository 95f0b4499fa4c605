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

typedef bool lanes_t; /* the second four */

static inline lanes_t first_four(void)
{
    return false;
}

static inline lanes_t next_four(lanes_t lanes)
{
    return !lanes;
}

static inline four_t pick_four(v_float x, lanes_t lanes)
{
    return lanes ? x.b : x.a;
}

static inline v_mask units_mask(size_t units)
{
    return v_less(v_load(chain_lane_numbers), v_set((float)(int)units));
}

static inline v_float keep_units(v_mask mask, v_float by, v_float y)
{
    (void)by;
    return v_select(mask, y, v_set(0.0f));
}

#include "products/chain_narrow_template.h"

static const dlcore_chain_functions_t chain_functions = {
    .run = chain_run, .run_uint8 = chain_run_uint8, .flushes = false};

const dlcore_chain_functions_t *dlcore_chain_neon(void)
{
    return &chain_functions;
}
