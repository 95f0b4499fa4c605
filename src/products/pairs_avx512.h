/* Pairs of bfloat16 in the lanes of AVX-512 vectors (products_half.h), for the register tiles and
 * for rounding. The instructions of AVX512_BF16 are written out, so that this needs no flag of its
 * own: what uses them is only called where the CPU has them.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_PRODUCTS_PAIRS_AVX512_H
#define DLCORE_PRODUCTS_PAIRS_AVX512_H

#include "system/compiler.h"

#include <stdbool.h>

#include "kernels/vector_avx512.h"

typedef unsigned v_mode;

/* clang-format off */
static inline v_mode v_mode_flush(void) { v_mode m = _mm_getcsr(); _mm_setcsr(m | 0x8040u); return m; }
static inline void v_mode_restore(v_mode m) { _mm_setcsr(m); }
static inline __m512i v_words(v_float a) { return _mm512_castps_si512(a); }
static inline v_float v_of_words(__m512i a) { return _mm512_castsi512_ps(a); }
/* the factors of each pair as floats */
static inline v_float v_pair_low(v_float a) { return v_of_words(_mm512_slli_epi32(v_words(a), 16)); }
static inline v_float v_pair_high(v_float a) { return v_of_words(_mm512_and_si512(v_words(a), _mm512_set1_epi32((int)0xffff0000u))); }
/* clang-format on */

/* c plus both products of each pair. */
static inline v_float v_dot(v_float a, v_float b, v_float c)
{
    __asm__("vdpbf16ps %2, %1, %0" : "+v"(c) : "v"(a), "v"(b));
    return c;
}

/* Those of `low`, rounded, in the lower half of the vector, of `high` in the upper. */
static inline __m512i round_two(v_float low, v_float high)
{
    __m512i rounded;

    __asm__("vcvtne2ps2bf16 %1, %2, %0" : "=v"(rounded) : "v"(low), "v"(high));
    return rounded;
}

/* Rounded to the upper half of each word; the lower is left over. */
static inline __m512i round_words(v_float a)
{
    __m512i bits = v_words(a),
            odd = _mm512_and_si512(_mm512_srli_epi32(bits, 16), _mm512_set1_epi32(1));
    __m512i rounded = _mm512_add_epi32(bits, _mm512_add_epi32(odd, _mm512_set1_epi32(0x7fff)));
    __mmask16 normal = _mm512_test_epi32_mask(bits, _mm512_set1_epi32(0x7f800000));
    __mmask16 nan = _mm512_cmp_ps_mask(a, a, _CMP_UNORD_Q);

    rounded = _mm512_mask_or_epi32(rounded, nan, bits, _mm512_set1_epi32(0x400000));
    return _mm512_mask_and_epi32(rounded, (__mmask16)~normal, bits,
                                 _mm512_set1_epi32((int)0x80000000u));
}

/* Pairs of low[i] and high[i]. */
static inline v_float v_pair(bool dots, v_float low, v_float high)
{
    const __m512i mix = _mm512_set_epi16(31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24,
                                         8, 23, 7, 22, 6, 21, 5, 20, 4, 19, 3, 18, 2, 17, 1, 16, 0);

    if (dots)
        return v_of_words(_mm512_permutexvar_epi16(mix, round_two(low, high)));
    return v_of_words(_mm512_mask_blend_epi16(0xaaaaaaaau, _mm512_srli_epi32(round_words(low), 16),
                                              round_words(high)));
}

/* Pairs of neighbours of `first`, then of `second`. */
static inline v_float v_pair_neighbours(bool dots, v_float first, v_float second)
{
    const __m512i even =
        _mm512_set_epi32(30, 28, 26, 24, 22, 20, 18, 16, 14, 12, 10, 8, 6, 4, 2, 0);
    const __m512i odd = _mm512_set_epi32(31, 29, 27, 25, 23, 21, 19, 17, 15, 13, 11, 9, 7, 5, 3, 1);

    if (dots)
        return v_of_words(round_two(first, second));
    return v_pair(false, _mm512_permutex2var_ps(first, even, second),
                  _mm512_permutex2var_ps(first, odd, second));
}

/* to[i * row + j] = words i of vector j, for 16 words of 4 vectors. */
static inline void v_turn_four(const v_float from[4], float *to, size_t row)
{
    __m512d ab_low = _mm512_castps_pd(_mm512_unpacklo_ps(from[0], from[1]));
    __m512d cd_low = _mm512_castps_pd(_mm512_unpacklo_ps(from[2], from[3]));
    __m512d ab_high = _mm512_castps_pd(_mm512_unpackhi_ps(from[0], from[1]));
    __m512d cd_high = _mm512_castps_pd(_mm512_unpackhi_ps(from[2], from[3]));
    v_float turned[4] = {_mm512_castpd_ps(_mm512_unpacklo_pd(ab_low, cd_low)),
                         _mm512_castpd_ps(_mm512_unpackhi_pd(ab_low, cd_low)),
                         _mm512_castpd_ps(_mm512_unpacklo_pd(ab_high, cd_high)),
                         _mm512_castpd_ps(_mm512_unpackhi_pd(ab_high, cd_high))};

    for (size_t i = 0; i < 4; i++, to += row) {
        _mm_storeu_ps(to, _mm512_castps512_ps128(turned[i]));
        _mm_storeu_ps(to + 4 * row, _mm512_extractf32x4_ps(turned[i], 1));
        _mm_storeu_ps(to + 8 * row, _mm512_extractf32x4_ps(turned[i], 2));
        _mm_storeu_ps(to + 12 * row, _mm512_extractf32x4_ps(turned[i], 3));
    }
}

#endif
