/* Pairs of bfloat16 in the lanes of NEON's vectors: see pairs_avx512.h for what each operation
 * does. ARM's own dot products (BFDOT) round sums otherwise, so pairs are added by multiply-adds.
 *
 * Flushing is FPCR's FZ. It makes zero of what is denormal before it is rounded, x86 of what is so
 * afterwards: a sum that rounds up to the least normal number is zero here.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_PRODUCTS_PAIRS_NEON_H
#define DLCORE_PRODUCTS_PAIRS_NEON_H

#include "system/compiler.h"

#if defined(__GNUC__) && !defined(__clang__)
/* gcc would load ahead of need what then has no register (products_native_lanes.h). */
#    pragma GCC optimize("no-schedule-insns")
#endif

#include <stdbool.h>

#include "kernels/always_inline.h"
#include "kernels/vector_neon.h"

typedef uint64_t v_mode;

static inline v_mode v_mode_flush(void)
{
    v_mode mode;

    __asm__ volatile("mrs %0, fpcr" : "=r"(mode));
    __asm__ volatile("msr fpcr, %0" : : "r"(mode | (v_mode)1 << 24) : "memory");
    return mode;
}

static inline void v_mode_restore(v_mode mode)
{
    __asm__ volatile("msr fpcr, %0" : : "r"(mode) : "memory");
}

/* clang-format off */
static inline uint32x4_t v_words(float32x4_t a) { return vreinterpretq_u32_f32(a); }
static inline float32x4_t v_of_words(uint32x4_t a) { return vreinterpretq_f32_u32(a); }
static inline float32x4_t v_low_quad(float32x4_t a) { return v_of_words(vshlq_n_u32(v_words(a), 16)); }
static inline float32x4_t v_high_quad(float32x4_t a) { return v_of_words(vandq_u32(v_words(a), vdupq_n_u32(0xffff0000u))); }
static inline v_float v_pair_low(v_float x) { return V_BOTH(v_float, v_low_quad(x.a), v_low_quad(x.b)); }
static inline v_float v_pair_high(v_float x) { return V_BOTH(v_float, v_high_quad(x.a), v_high_quad(x.b)); }
static inline v_float v_dot(v_float x, v_float y, v_float z) { return v_fma(v_pair_low(x), v_pair_low(y), v_fma(v_pair_high(x), v_pair_high(y), z)); }
/* clang-format on */

static inline uint32x4_t round_words(float32x4_t a)
{
    uint32x4_t bits = v_words(a), odd = vandq_u32(vshrq_n_u32(bits, 16), vdupq_n_u32(1));
    uint32x4_t rounded = vaddq_u32(bits, vaddq_u32(odd, vdupq_n_u32(0x7fff)));
    uint32x4_t is_small = vceqq_u32(vandq_u32(bits, vdupq_n_u32(0x7f800000u)), vdupq_n_u32(0));
    uint32x4_t is_number = vceqq_f32(a, a);

    rounded = vbslq_u32(is_number, rounded, vorrq_u32(bits, vdupq_n_u32(0x400000)));
    return vbslq_u32(is_small, vandq_u32(bits, vdupq_n_u32(0x80000000u)), rounded);
}

static inline float32x4_t v_pair_quad(float32x4_t low, float32x4_t high)
{
    return v_of_words(vsriq_n_u32(round_words(high), round_words(low), 16));
}

static inline v_float v_pair(bool dots, v_float low, v_float high)
{
    (void)dots;
    return V_BOTH(v_float, v_pair_quad(low.a, high.a), v_pair_quad(low.b, high.b));
}

static inline v_float v_pair_neighbours(bool dots, v_float first, v_float second)
{
    v_float even = V_BOTH(v_float, vuzp1q_f32(first.a, first.b), vuzp1q_f32(second.a, second.b));
    v_float odd = V_BOTH(v_float, vuzp2q_f32(first.a, first.b), vuzp2q_f32(second.a, second.b));

    return v_pair(dots, even, odd);
}

/* to[c * row] .. = lane c of a, b, c and d. */
static inline void turn_quads(float32x4_t a, float32x4_t b, float32x4_t c, float32x4_t d, float *to,
                              size_t row)
{
    float64x2_t ab_low = vreinterpretq_f64_f32(vzip1q_f32(a, b));
    float64x2_t ab_high = vreinterpretq_f64_f32(vzip2q_f32(a, b));
    float64x2_t cd_low = vreinterpretq_f64_f32(vzip1q_f32(c, d));
    float64x2_t cd_high = vreinterpretq_f64_f32(vzip2q_f32(c, d));

    vst1q_f32(to, vreinterpretq_f32_f64(vzip1q_f64(ab_low, cd_low)));
    vst1q_f32(to + row, vreinterpretq_f32_f64(vzip2q_f64(ab_low, cd_low)));
    vst1q_f32(to + 2 * row, vreinterpretq_f32_f64(vzip1q_f64(ab_high, cd_high)));
    vst1q_f32(to + 3 * row, vreinterpretq_f32_f64(vzip2q_f64(ab_high, cd_high)));
}

static inline void v_turn_four(const v_float from[4], float *to, size_t row)
{
    turn_quads(from[0].a, from[1].a, from[2].a, from[3].a, to, row);
    turn_quads(from[0].b, from[1].b, from[2].b, from[3].b, to + 4 * row, row);
}

/* What products_native_lanes.h is written in: a register of floats; the first n of a row, where n
 * is a constant, others being of no account; c + b times a lane of x. */
#define V_LANES
typedef float32x4_t v_quad;
#define v_quad_zero vdupq_n_f32(0.0f)
#define v_quad_load(p) vld1q_f32(p)
#define v_quad_fma(c, b, x, lane) vfmaq_laneq_f32(c, b, x, lane)
ALWAYS_INLINE v_quad v_quad_first(const float *p, size_t n)
{
    if (n >= 4)
        return vld1q_f32(p);
    if (n == 3)
        return vcombine_f32(vld1_f32(p), vld1_dup_f32(p + 2));
    if (n == 2)
        return vcombine_f32(vld1_f32(p), vdup_n_f32(0.0f));
    return n == 1 ? vld1q_dup_f32(p) : v_quad_zero;
}

#endif
