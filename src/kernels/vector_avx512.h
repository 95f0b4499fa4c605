/* One AVX-512 vector of 16 floats: the operations that the kernel templates are written in.
 * vector_avx2.h and vector_portable.h offer the same names; a source file includes exactly one.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_KERNELS_VECTOR_H
#define DLCORE_KERNELS_VECTOR_H

#include "system/compiler.h"

#include "kernels/aligned_stack.h"

#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

#define V_WIDTH 16
#define V_NAME "avx512"
#define V_TARGET DLCORE_TARGET_AVX512
#define V_TABLE(name) name##_avx512
#define V_ONCE static inline
typedef __m512 v_float;
typedef __mmask16 v_mask;

/* clang-format off */
static inline v_float v_load(const float *p) { return _mm512_loadu_ps(p); }
static inline void v_store(float *p, v_float a) { _mm512_storeu_ps(p, a); }
static inline v_float v_set(float a) { return _mm512_set1_ps(a); }
static inline v_float v_add(v_float a, v_float b) { return _mm512_add_ps(a, b); }
static inline v_float v_sub(v_float a, v_float b) { return _mm512_sub_ps(a, b); }
static inline v_float v_mul(v_float a, v_float b) { return _mm512_mul_ps(a, b); }
static inline v_float v_div(v_float a, v_float b) { return _mm512_div_ps(a, b); }
/* a * b + c, rounded once; -(a * b) + c likewise */
static inline v_float v_fma(v_float a, v_float b, v_float c) { return _mm512_fmadd_ps(a, b, c); }
static inline v_float v_fnma(v_float a, v_float b, v_float c) { return _mm512_fnmadd_ps(a, b, c); }
/* The second when either is NaN. */
static inline v_float v_max(v_float a, v_float b) { return _mm512_max_ps(a, b); }
static inline v_float v_min(v_float a, v_float b) { return _mm512_min_ps(a, b); }
static inline v_float v_sqrt(v_float a) { return _mm512_sqrt_ps(a); }
static inline v_float v_abs(v_float a) { return _mm512_abs_ps(a); }
/* a < b, a > b: false for NaN; then mask ? yes : no */
static inline v_mask v_less(v_float a, v_float b) { return _mm512_cmp_ps_mask(a, b, _CMP_LT_OQ); }
static inline v_mask v_greater(v_float a, v_float b) { return _mm512_cmp_ps_mask(a, b, _CMP_GT_OQ); }
static inline v_float v_select(v_mask m, v_float yes, v_float no) { return _mm512_mask_blend_ps(m, no, yes); }
/* Bit i: lane i of the mask, by an instruction of its own, which clears the upper half: left to the
 * compiler, gcc 12 may spill a mask by its 16 bits and later count 32 bits of that place. */
static inline unsigned v_bits(v_mask m)
{
    unsigned bits;

    __asm__("kmovw %1, %0" : "=r"(bits) : "k"(m));
    return bits;
}
/* Whether all numbers of both are +0. */
static inline int v_are_zero(v_float a, v_float b)
{
    __m512i bits = _mm512_or_si512(_mm512_castps_si512(a), _mm512_castps_si512(b));
    return _mm512_test_epi32_mask(bits, bits) == 0;
}
/* |magnitude| with the sign of `sign` */
static inline v_float v_copy_sign(v_float magnitude, v_float sign)
{
    return _mm512_castsi512_ps(_mm512_ternarylogic_epi32(_mm512_set1_epi32((int)0x80000000u),
        _mm512_castps_si512(sign), _mm512_castps_si512(magnitude), 0xCA));
}
/* nearest whole number, ties to even */
static inline v_float v_round(v_float a) { return _mm512_roundscale_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
/* a * 2^n for whole n in -252 .. 254; a is near 1 */
static inline v_float v_scale2(v_float a, v_float n) { return _mm512_scalef_ps(a, n); }
/* a = m * 2^e, m in [1, 2), for positive normal a */
static inline v_float v_exponent(v_float a) { return _mm512_getexp_ps(a); }
static inline v_float v_mantissa(v_float a) { return _mm512_getmant_ps(a, _MM_MANT_NORM_1_2, _MM_MANT_SIGN_zero); }
/* 1 / sqrt(a), within 2 ulp, for normal a > 0; 0 for +Inf */
static inline v_float v_rsqrt(v_float a)
{
    v_float r = _mm512_rsqrt14_ps(a);
    v_float refined = v_mul(r, v_fnma(v_mul(v_mul(v_set(0.5f), a), r), r, v_set(1.5f)));
    return _mm512_maskz_mov_ps(_mm512_cmp_ps_mask(a, v_set(3.402823466e38f), _CMP_LE_OQ), refined);
}
static inline float v_sum(v_float a) { return _mm512_reduce_add_ps(a); }
static inline float v_largest(v_float a) { return _mm512_reduce_max_ps(a); }
/* the first n < V_WIDTH floats, zero beyond; and storing only those */
static inline v_float v_load_part(const float *p, size_t n) { return _mm512_maskz_loadu_ps((__mmask16)((1u << n) - 1u), p); }
static inline void v_store_part(float *p, v_float a, size_t n) { _mm512_mask_storeu_ps(p, (__mmask16)((1u << n) - 1u), a); }
static inline v_float v_from_uint8(const uint8_t *p) { return _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *)(const void *)p))); }
/* clang-format on */

#endif
