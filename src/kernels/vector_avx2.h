/* One AVX2 vector of 8 floats, with FMA: see vector_avx512.h for what each operation does.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_KERNELS_VECTOR_H
#define DLCORE_KERNELS_VECTOR_H

#include "system/compiler.h"

#include "kernels/aligned_stack.h"

#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

#define V_WIDTH 8
#define V_NAME "avx2"
#define V_TARGET DLCORE_TARGET_AVX2
#define V_TABLE(name) name##_avx2
#define V_ONCE static inline
typedef __m256 v_float;
typedef __m256 v_mask;

/* Two sums are in registers here. The register tiles of matrix products leave one of 16 registers
 * for factors; gcc would load the next one earlier, and a sum would go to memory and back instead.
 */
#define V_HOLD(a, b) __asm__("" : "+x"(a), "+x"(b))

/* clang-format off */
static inline v_float v_load(const float *p) { return _mm256_loadu_ps(p); }
static inline void v_store(float *p, v_float a) { _mm256_storeu_ps(p, a); }
static inline v_float v_set(float a) { return _mm256_set1_ps(a); }
static inline v_float v_add(v_float a, v_float b) { return _mm256_add_ps(a, b); }
static inline v_float v_sub(v_float a, v_float b) { return _mm256_sub_ps(a, b); }
static inline v_float v_mul(v_float a, v_float b) { return _mm256_mul_ps(a, b); }
static inline v_float v_div(v_float a, v_float b) { return _mm256_div_ps(a, b); }
static inline v_float v_fma(v_float a, v_float b, v_float c) { return _mm256_fmadd_ps(a, b, c); }
static inline v_float v_fnma(v_float a, v_float b, v_float c) { return _mm256_fnmadd_ps(a, b, c); }
static inline v_float v_max(v_float a, v_float b) { return _mm256_max_ps(a, b); }
static inline v_float v_min(v_float a, v_float b) { return _mm256_min_ps(a, b); }
static inline v_float v_sqrt(v_float a) { return _mm256_sqrt_ps(a); }
static inline v_float v_abs(v_float a) { return _mm256_andnot_ps(_mm256_set1_ps(-0.0f), a); }
static inline v_mask v_less(v_float a, v_float b) { return _mm256_cmp_ps(a, b, _CMP_LT_OQ); }
static inline v_mask v_greater(v_float a, v_float b) { return _mm256_cmp_ps(a, b, _CMP_GT_OQ); }
static inline v_float v_select(v_mask m, v_float yes, v_float no) { return _mm256_blendv_ps(no, yes, m); }
static inline v_float v_copy_sign(v_float magnitude, v_float sign)
{
    v_float bit = _mm256_set1_ps(-0.0f);
    return _mm256_or_ps(_mm256_andnot_ps(bit, magnitude), _mm256_and_ps(bit, sign));
}
static inline v_float v_round(v_float a) { return _mm256_round_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
/* in two steps, so that neither factor leaves the range of float */
static inline v_float v_scale2(v_float a, v_float n)
{
    __m256i whole = _mm256_cvtps_epi32(n);
    __m256i half = _mm256_srai_epi32(whole, 1);
    __m256i rest = _mm256_sub_epi32(whole, half);
    __m256i bias = _mm256_set1_epi32(127);
    v_float first = _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_add_epi32(half, bias), 23));
    v_float second = _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_add_epi32(rest, bias), 23));
    return v_mul(v_mul(a, first), second);
}
static inline v_float v_exponent(v_float a)
{
    __m256i bits = _mm256_srli_epi32(_mm256_castps_si256(a), 23);
    return _mm256_cvtepi32_ps(_mm256_sub_epi32(bits, _mm256_set1_epi32(127)));
}
static inline v_float v_mantissa(v_float a)
{
    __m256i bits = _mm256_and_si256(_mm256_castps_si256(a), _mm256_set1_epi32(0x007fffff));
    return _mm256_castsi256_ps(_mm256_or_si256(bits, _mm256_set1_epi32(0x3f800000)));
}
static inline int v_are_zero(v_float a, v_float b)
{
    __m256i bits = _mm256_castps_si256(_mm256_or_ps(a, b));
    return _mm256_testz_si256(bits, bits);
}
static inline v_float v_rsqrt(v_float a)
{
    v_float r = _mm256_rsqrt_ps(a);
    v_float refined = v_mul(r, v_fnma(v_mul(v_mul(v_set(0.5f), a), r), r, v_set(1.5f)));
    return _mm256_and_ps(_mm256_cmp_ps(a, v_set(3.402823466e38f), _CMP_LE_OQ), refined);
}
static inline float v_sum(v_float a)
{
    __m128 s = _mm_add_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
    s = _mm_add_ps(s, _mm_movehl_ps(s, s));
    return _mm_cvtss_f32(_mm_add_ss(s, _mm_shuffle_ps(s, s, 1)));
}
static inline float v_largest(v_float a)
{
    __m128 s = _mm_max_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
    s = _mm_max_ps(s, _mm_movehl_ps(s, s));
    return _mm_cvtss_f32(_mm_max_ss(s, _mm_shuffle_ps(s, s, 1)));
}
static inline __m256i v_first(size_t n)
{
    return _mm256_cmpgt_epi32(_mm256_set1_epi32((int)n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}
static inline v_float v_load_part(const float *p, size_t n) { return _mm256_maskload_ps(p, v_first(n)); }
static inline void v_store_part(float *p, v_float a, size_t n) { _mm256_maskstore_ps(p, v_first(n), a); }
static inline v_float v_from_uint8(const uint8_t *p) { return _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)(const void *)p))); }
/* clang-format on */

#endif
