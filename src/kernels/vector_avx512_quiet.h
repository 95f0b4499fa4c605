/* One AVX-512 vector of 16 floats, as in vector_avx512.h, by operations that carry their own
 * rounding (to nearest), raise no flag and never trap, whatever the thread's floating-point mode:
 * entering and leaving a mode takes as long as a whole small network. What the mode still decides
 * is whether denormals count as zero.
 *
 * These forms take no operand from memory, and only whole vectors have them.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_KERNELS_VECTOR_H
#define DLCORE_KERNELS_VECTOR_H

#include "system/compiler.h"

#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

#define V_WIDTH 16
#define V_NAME "avx512"
typedef __m512 v_float;
typedef __mmask16 v_mask;

#define V_NEAREST (_MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC)

/* clang-format off */
static inline v_float v_load(const float *p) { return _mm512_loadu_ps(p); }
static inline void v_store(float *p, v_float a) { _mm512_storeu_ps(p, a); }
static inline v_float v_set(float a) { return _mm512_set1_ps(a); }
static inline v_float v_add(v_float a, v_float b) { return _mm512_add_round_ps(a, b, V_NEAREST); }
static inline v_float v_sub(v_float a, v_float b) { return _mm512_sub_round_ps(a, b, V_NEAREST); }
static inline v_float v_mul(v_float a, v_float b) { return _mm512_mul_round_ps(a, b, V_NEAREST); }
static inline v_float v_div(v_float a, v_float b) { return _mm512_div_round_ps(a, b, V_NEAREST); }
static inline v_float v_fma(v_float a, v_float b, v_float c) { return _mm512_fmadd_round_ps(a, b, c, V_NEAREST); }
static inline v_float v_fnma(v_float a, v_float b, v_float c) { return _mm512_fnmadd_round_ps(a, b, c, V_NEAREST); }
static inline v_float v_max(v_float a, v_float b) { return _mm512_max_round_ps(a, b, _MM_FROUND_NO_EXC); }
static inline v_float v_min(v_float a, v_float b) { return _mm512_min_round_ps(a, b, _MM_FROUND_NO_EXC); }
static inline v_float v_abs(v_float a) { return _mm512_abs_ps(a); }
static inline v_mask v_less(v_float a, v_float b) { return _mm512_cmp_round_ps_mask(a, b, _CMP_LT_OQ, _MM_FROUND_NO_EXC); }
static inline v_mask v_greater(v_float a, v_float b) { return _mm512_cmp_round_ps_mask(a, b, _CMP_GT_OQ, _MM_FROUND_NO_EXC); }
static inline v_float v_select(v_mask m, v_float yes, v_float no) { return _mm512_mask_blend_ps(m, no, yes); }
/* Bit i: lane i of the mask; as in vector_avx512.h, and for its reason. */
static inline unsigned v_bits(v_mask m)
{
    unsigned bits;

    __asm__("kmovw %1, %0" : "=r"(bits) : "k"(m));
    return bits;
}
static inline v_float v_copy_sign(v_float magnitude, v_float sign)
{
    return _mm512_castsi512_ps(_mm512_ternarylogic_epi32(_mm512_set1_epi32((int)0x80000000u),
        _mm512_castps_si512(sign), _mm512_castps_si512(magnitude), 0xCA));
}
static inline v_float v_round(v_float a) { return _mm512_roundscale_round_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC, _MM_FROUND_NO_EXC); }
static inline v_float v_scale2(v_float a, v_float n) { return _mm512_scalef_round_ps(a, n, V_NEAREST); }
static inline v_float v_exponent(v_float a) { return _mm512_getexp_round_ps(a, _MM_FROUND_NO_EXC); }
static inline v_float v_mantissa(v_float a) { return _mm512_getmant_round_ps(a, _MM_MANT_NORM_1_2, _MM_MANT_SIGN_zero, _MM_FROUND_NO_EXC); }
static inline v_float v_load_part(const float *p, size_t n) { return _mm512_maskz_loadu_ps((__mmask16)((1u << n) - 1u), p); }
/* In whole pieces: what reads a float soon after would wait long for a masked store. */
static inline void v_store_part(float *p, v_float a, size_t n)
{
    __m256 eight = _mm512_castps512_ps256(a);
    __m128 four;

    if (n & 8) {
        _mm256_storeu_ps(p, eight);
        eight = _mm512_extractf32x8_ps(a, 1);
        p += 8;
    }
    four = _mm256_castps256_ps128(eight);
    if (n & 4) {
        _mm_storeu_ps(p, four);
        four = _mm256_extractf128_ps(eight, 1);
        p += 4;
    }
    if (n & 2) {
        _mm_storel_pi((__m64 *)(void *)p, four);
        four = _mm_movehl_ps(four, four);
        p += 2;
    }
    if (n & 1)
        _mm_store_ss(p, four);
}
static inline v_float v_from_uint8(const uint8_t *p) { return _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *)(const void *)p))); }
/* clang-format on */

#endif
