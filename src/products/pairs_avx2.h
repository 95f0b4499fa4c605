/* Pairs of bfloat16 in the lanes of AVX2 vectors: see pairs_avx512.h for what each operation does.
 * There is no instruction for their products.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_PRODUCTS_PAIRS_AVX2_H
#define DLCORE_PRODUCTS_PAIRS_AVX2_H

#include "system/compiler.h"

#include <stdbool.h>

#include "kernels/vector_avx2.h"

typedef unsigned v_mode;

/* clang-format off */
static inline v_mode v_mode_flush(void) { v_mode m = _mm_getcsr(); _mm_setcsr(m | 0x8040u); return m; }
static inline void v_mode_restore(v_mode m) { _mm_setcsr(m); }
static inline __m256i v_words(v_float a) { return _mm256_castps_si256(a); }
static inline v_float v_of_words(__m256i a) { return _mm256_castsi256_ps(a); }
static inline v_float v_pair_low(v_float a) { return v_of_words(_mm256_slli_epi32(v_words(a), 16)); }
static inline v_float v_pair_high(v_float a) { return v_of_words(_mm256_and_si256(v_words(a), _mm256_set1_epi32((int)0xffff0000u))); }
static inline v_float v_dot(v_float a, v_float b, v_float c) { return v_fma(v_pair_low(a), v_pair_low(b), v_fma(v_pair_high(a), v_pair_high(b), c)); }
/* clang-format on */

static inline __m256i round_words(v_float a)
{
    __m256i bits = v_words(a), exponent = _mm256_set1_epi32(0x7f800000);
    __m256i odd = _mm256_and_si256(_mm256_srli_epi32(bits, 16), _mm256_set1_epi32(1));
    __m256i rounded = _mm256_add_epi32(bits, _mm256_add_epi32(odd, _mm256_set1_epi32(0x7fff)));
    __m256i small = _mm256_cmpeq_epi32(_mm256_and_si256(bits, exponent), _mm256_setzero_si256());
    __m256i sign = _mm256_and_si256(bits, _mm256_set1_epi32((int)0x80000000u));
    __m256i quiet = _mm256_or_si256(bits, _mm256_set1_epi32(0x400000));

    rounded = v_words(
        v_select(_mm256_cmp_ps(a, a, _CMP_UNORD_Q), v_of_words(quiet), v_of_words(rounded)));
    return _mm256_blendv_epi8(rounded, sign, small);
}

static inline v_float v_pair(bool dots, v_float low, v_float high)
{
    (void)dots;
    return v_of_words(
        _mm256_blend_epi16(_mm256_srli_epi32(round_words(low), 16), round_words(high), 0xaa));
}

static inline v_float v_pair_neighbours(bool dots, v_float first, v_float second)
{
    /* 0 2 8 10 4 6 12 14 and the odd ones, then each quarter to its place */
    __m256d even = _mm256_castps_pd(_mm256_shuffle_ps(first, second, 0x88));
    __m256d odd = _mm256_castps_pd(_mm256_shuffle_ps(first, second, 0xdd));

    return v_pair(dots, _mm256_castpd_ps(_mm256_permute4x64_pd(even, 0xd8)),
                  _mm256_castpd_ps(_mm256_permute4x64_pd(odd, 0xd8)));
}

static inline void v_turn_four(const v_float from[4], float *to, size_t row)
{
    __m256d ab_low = _mm256_castps_pd(_mm256_unpacklo_ps(from[0], from[1]));
    __m256d cd_low = _mm256_castps_pd(_mm256_unpacklo_ps(from[2], from[3]));
    __m256d ab_high = _mm256_castps_pd(_mm256_unpackhi_ps(from[0], from[1]));
    __m256d cd_high = _mm256_castps_pd(_mm256_unpackhi_ps(from[2], from[3]));
    v_float turned[4] = {_mm256_castpd_ps(_mm256_unpacklo_pd(ab_low, cd_low)),
                         _mm256_castpd_ps(_mm256_unpackhi_pd(ab_low, cd_low)),
                         _mm256_castpd_ps(_mm256_unpacklo_pd(ab_high, cd_high)),
                         _mm256_castpd_ps(_mm256_unpackhi_pd(ab_high, cd_high))};

    for (size_t i = 0; i < 4; i++, to += row) {
        _mm_storeu_ps(to, _mm256_castps256_ps128(turned[i]));
        _mm_storeu_ps(to + 4 * row, _mm256_extractf128_ps(turned[i], 1));
    }
}

#endif
