/* Chains of small layers for AVX2 with FMA, compiled with their flags.
 *
 * SPDX-License-Identifier: MIT */
#include <stdbool.h>

#include "kernels/vector_avx2.h"

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

/* Four floats, over and over; and one of them in every lane. */
typedef v_float four_t;
#define four_load(x) _mm256_broadcast_ps((const __m128 *)(const void *)(x))
#define four_pick(four, i) _mm256_permute_ps(four, (i)*0x55)

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

typedef __m256i lanes_t;

static inline lanes_t first_four(void)
{
    return _mm256_setr_epi32(0, 1, 2, 3, 0, 1, 2, 3);
}

static inline lanes_t next_four(lanes_t lanes)
{
    return _mm256_add_epi32(lanes, _mm256_set1_epi32(4));
}

static inline four_t pick_four(v_float x, lanes_t lanes)
{
    return _mm256_permutevar8x32_ps(x, lanes);
}

static inline v_mask units_mask(size_t units)
{
    return _mm256_castsi256_ps(v_first(units));
}

static inline v_float keep_units(v_mask mask, v_float by, v_float y)
{
    (void)by;
    return _mm256_and_ps(mask, y);
}

#include "products/chain_narrow_template.h"

static const dlcore_chain_functions_t chain_functions = {
    .run = chain_run, .run_uint8 = chain_run_uint8, .flushes = false};

const dlcore_chain_functions_t *dlcore_chain_avx2(void)
{
    return &chain_functions;
}
