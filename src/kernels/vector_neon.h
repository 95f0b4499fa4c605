/* Eight floats as two of NEON's vectors, on 64-bit ARM, where every CPU has them: see
 * vector_avx512.h for what each operation does. Largest and smallest are made of a comparison, so
 * that a NaN goes where it goes on x86.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_KERNELS_VECTOR_H
#define DLCORE_KERNELS_VECTOR_H

#include "system/compiler.h"

#include <arm_neon.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define V_WIDTH 8
#define V_NAME "neon"
#define V_TARGET DLCORE_TARGET_NEON
#define V_TABLE(name) name##_neon
#define V_ONCE static inline
typedef struct v_float {
    float32x4_t a, b;
} v_float;
typedef struct v_mask {
    uint32x4_t a, b;
} v_mask;

#define V_BOTH(type, first, second) ((type){first, second})

/* clang-format off */
static inline v_float v_load(const float *p) { return V_BOTH(v_float, vld1q_f32(p), vld1q_f32(p + 4)); }
static inline void v_store(float *p, v_float x) { vst1q_f32(p, x.a); vst1q_f32(p + 4, x.b); }
static inline v_float v_set(float x) { return V_BOTH(v_float, vdupq_n_f32(x), vdupq_n_f32(x)); }
static inline v_float v_add(v_float x, v_float y) { return V_BOTH(v_float, vaddq_f32(x.a, y.a), vaddq_f32(x.b, y.b)); }
static inline v_float v_sub(v_float x, v_float y) { return V_BOTH(v_float, vsubq_f32(x.a, y.a), vsubq_f32(x.b, y.b)); }
static inline v_float v_mul(v_float x, v_float y) { return V_BOTH(v_float, vmulq_f32(x.a, y.a), vmulq_f32(x.b, y.b)); }
static inline v_float v_div(v_float x, v_float y) { return V_BOTH(v_float, vdivq_f32(x.a, y.a), vdivq_f32(x.b, y.b)); }
static inline v_float v_fma(v_float x, v_float y, v_float z) { return V_BOTH(v_float, vfmaq_f32(z.a, x.a, y.a), vfmaq_f32(z.b, x.b, y.b)); }
static inline v_float v_fnma(v_float x, v_float y, v_float z) { return V_BOTH(v_float, vfmsq_f32(z.a, x.a, y.a), vfmsq_f32(z.b, x.b, y.b)); }
static inline v_mask v_less(v_float x, v_float y) { return V_BOTH(v_mask, vcltq_f32(x.a, y.a), vcltq_f32(x.b, y.b)); }
static inline v_mask v_greater(v_float x, v_float y) { return V_BOTH(v_mask, vcgtq_f32(x.a, y.a), vcgtq_f32(x.b, y.b)); }
static inline v_float v_select(v_mask m, v_float yes, v_float no) { return V_BOTH(v_float, vbslq_f32(m.a, yes.a, no.a), vbslq_f32(m.b, yes.b, no.b)); }
static inline v_float v_max(v_float x, v_float y) { return v_select(v_greater(x, y), x, y); }
static inline v_float v_min(v_float x, v_float y) { return v_select(v_less(x, y), x, y); }
static inline v_float v_sqrt(v_float x) { return V_BOTH(v_float, vsqrtq_f32(x.a), vsqrtq_f32(x.b)); }
static inline v_float v_abs(v_float x) { return V_BOTH(v_float, vabsq_f32(x.a), vabsq_f32(x.b)); }
static inline v_float v_round(v_float x) { return V_BOTH(v_float, vrndnq_f32(x.a), vrndnq_f32(x.b)); }
static inline int v_are_zero(v_float x, v_float y)
{
    uint32x4_t first = vorrq_u32(vreinterpretq_u32_f32(x.a), vreinterpretq_u32_f32(x.b));
    uint32x4_t second = vorrq_u32(vreinterpretq_u32_f32(y.a), vreinterpretq_u32_f32(y.b));
    return vmaxvq_u32(vorrq_u32(first, second)) == 0;
}
static inline v_float v_rsqrt(v_float x) { return v_div(v_set(1.0f), v_sqrt(x)); }
static inline float v_sum(v_float x) { return vaddvq_f32(vaddq_f32(x.a, x.b)); }
/* clang-format on */

static inline v_float v_copy_sign(v_float magnitude, v_float sign)
{
    uint32x4_t bit = vdupq_n_u32(0x80000000u);

    return V_BOTH(v_float, vbslq_f32(bit, sign.a, magnitude.a),
                  vbslq_f32(bit, sign.b, magnitude.b));
}

/* 2^n for whole n in -126 .. 127 */
static inline float32x4_t v_power2(int32x4_t n)
{
    return vreinterpretq_f32_s32(vshlq_n_s32(vaddq_s32(n, vdupq_n_s32(127)), 23));
}

/* In two factors: 2^n itself may be no normal number. */
static inline float32x4_t v_scale2_quad(float32x4_t x, float32x4_t n)
{
    int32x4_t whole = vcvtq_s32_f32(n), half = vshrq_n_s32(whole, 1);

    return vmulq_f32(vmulq_f32(x, v_power2(half)), v_power2(vsubq_s32(whole, half)));
}

static inline v_float v_scale2(v_float x, v_float n)
{
    return V_BOTH(v_float, v_scale2_quad(x.a, n.a), v_scale2_quad(x.b, n.b));
}

static inline float32x4_t v_exponent_quad(float32x4_t x)
{
    int32x4_t biased = vreinterpretq_s32_u32(vshrq_n_u32(vreinterpretq_u32_f32(x), 23));

    return vcvtq_f32_s32(vsubq_s32(biased, vdupq_n_s32(127)));
}

static inline v_float v_exponent(v_float x)
{
    return V_BOTH(v_float, v_exponent_quad(x.a), v_exponent_quad(x.b));
}

static inline float32x4_t v_mantissa_quad(float32x4_t x)
{
    uint32x4_t bits = vandq_u32(vreinterpretq_u32_f32(x), vdupq_n_u32(0x007fffffu));

    return vreinterpretq_f32_u32(vorrq_u32(bits, vdupq_n_u32(0x3f800000u)));
}

static inline v_float v_mantissa(v_float x)
{
    return V_BOTH(v_float, v_mantissa_quad(x.a), v_mantissa_quad(x.b));
}

static inline float v_largest(v_float x)
{
    float lanes[4], largest;

    vst1q_f32(lanes, vbslq_f32(vcgtq_f32(x.a, x.b), x.a, x.b));
    largest = lanes[0];
    for (int i = 1; i < 4; i++)
        largest = lanes[i] > largest ? lanes[i] : largest;
    return largest;
}

static inline v_float v_load_part(const float *p, size_t n)
{
    float lanes[V_WIDTH] = {0};

    memcpy(lanes, p, n * sizeof *p);
    return v_load(lanes);
}

static inline void v_store_part(float *p, v_float x, size_t n)
{
    float lanes[V_WIDTH];

    v_store(lanes, x);
    memcpy(p, lanes, n * sizeof *p);
}

/* May read up to 16 bytes, as the others. */
static inline v_float v_from_uint8(const uint8_t *p)
{
    uint16x8_t wide = vmovl_u8(vld1_u8(p));

    return V_BOTH(v_float, vcvtq_f32_u32(vmovl_u16(vget_low_u16(wide))),
                  vcvtq_f32_u32(vmovl_u16(vget_high_u16(wide))));
}

#endif
