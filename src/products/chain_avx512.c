/* Chains of small layers for AVX-512, compiled with its flags, by operations that leave the
 * floating-point environment alone.
 *
 * SPDX-License-Identifier: MIT */
#include <stdbool.h>

#include "kernels/vector_avx512_quiet.h"

/* Neither zero nor denormal. */
static inline v_mask exponent_not_zero(v_float a)
{
    return _mm512_test_epi32_mask(_mm512_castps_si512(a), _mm512_set1_epi32(0x7f800000));
}

static inline v_float flush_vector(v_float a)
{
    return _mm512_maskz_mov_ps(exponent_not_zero(a), a);
}

/* y, but zero where x would be flushed. */
static inline v_float flush_by(v_float x, v_float y)
{
    return _mm512_maskz_mov_ps(exponent_not_zero(x), y);
}

/* Not where the mode has them count as zero, as they do then. */
static inline bool has_denormal(v_float a)
{
    return v_bits(_mm512_fpclass_ps_mask(a, 0x20)) != 0;
}

/* Four floats, over and over; and one of them in every lane: a load of one float into every lane
 * takes as long as the load of a whole vector. */
typedef v_float four_t;
#define four_load(x) _mm512_broadcast_f32x4(_mm_loadu_ps(x))
#define four_pick(four, i) _mm512_permute_ps(four, (i)*0x55)

/* Of a vector whose lanes from `units` on are 0, or -Inf; the result is in the first `units` lanes
 * at least. */
static inline v_float sum_in_all_lanes(v_float a, size_t units)
{
    if (units > 8)
        a = v_add(a, _mm512_shuffle_f32x4(a, a, 0x4e));
    if (units > 4)
        a = v_add(a, _mm512_shuffle_f32x4(a, a, 0xb1));
    a = v_add(a, _mm512_permute_ps(a, 0x4e));
    return v_add(a, _mm512_permute_ps(a, 0xb1));
}

static inline v_float largest_in_all_lanes(v_float a, size_t units)
{
    if (units > 8)
        a = v_max(a, _mm512_shuffle_f32x4(a, a, 0x4e));
    if (units > 4)
        a = v_max(a, _mm512_shuffle_f32x4(a, a, 0xb1));
    a = v_max(a, _mm512_permute_ps(a, 0x4e));
    return v_max(a, _mm512_permute_ps(a, 0xb1));
}

#include "products/chain_template.h"

typedef __m512i lanes_t;

static inline lanes_t first_four(void)
{
    return _mm512_setr_epi32(0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3);
}

static inline lanes_t next_four(lanes_t lanes)
{
    return _mm512_add_epi32(lanes, _mm512_set1_epi32(4));
}

static inline four_t pick_four(v_float x, lanes_t lanes)
{
    return _mm512_permutexvar_ps(lanes, x);
}

static inline v_mask units_mask(size_t units)
{
    return (v_mask)((1u << units) - 1u);
}

static inline v_float keep_units(v_mask mask, v_float by, v_float y)
{
    const __m512i exponent = _mm512_set1_epi32(0x7f800000);

    return _mm512_maskz_mov_ps(_mm512_mask_test_epi32_mask(mask, _mm512_castps_si512(by), exponent),
                               y);
}

#include "products/chain_narrow_template.h"

static const dlcore_chain_functions_t chain_functions = {
    .run = chain_run, .run_uint8 = chain_run_uint8, .flushes = true};

const dlcore_chain_functions_t *dlcore_chain_avx512(void)
{
    return &chain_functions;
}
