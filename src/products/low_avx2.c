/* Products in fewer bits for AVX2, with AVX-VNNI's vpdpbusd or without.
 *
 * Without it: vpmaddubsw, which multiplies bytes, keeps sums of two in 16 bits and saturates; so
 * bytes become 16 bits, whose products vpmaddwd adds in 32: the same numbers as elsewhere. Bytes 0
 * and 2 of a word go one way, 1 and 3 the other.
 *
 * SPDX-License-Identifier: MIT */
#include "kernels/vector_avx2.h"

#include "kernels/always_inline.h"
#include "products/low_tile.h"

typedef __m256i low_sum_t;
typedef struct low_halves {
    __m256i even, odd;
} low_weights_t;
typedef low_weights_t low_word_t;

/* clang-format off */
static inline low_sum_t low_zero(void) { return _mm256_setzero_si256(); }
static inline low_sum_t low_add(low_sum_t a, low_sum_t b) { return _mm256_add_epi32(a, b); }
static inline v_float low_whole_floats(low_sum_t a) { return _mm256_cvtepi32_ps(a); }
static inline low_sum_t low_of_floats(v_float a) { return _mm256_castps_si256(a); }
static inline v_float low_floats(low_sum_t a) { return _mm256_castsi256_ps(a); }
/* clang-format on */

/* The halves of pairs of bfloat16 as floats. */
ALWAYS_INLINE low_weights_t low_split(__m256i words)
{
    return (low_weights_t){_mm256_slli_epi32(words, 16),
                           _mm256_and_si256(words, _mm256_set1_epi32((int)0xffff0000u))};
}

ALWAYS_INLINE low_weights_t low_weights(low_kind_t kind, const uint32_t *p)
{
    __m256i words = _mm256_loadu_si256((const __m256i *)(const void *)p);

    if (kind == LOW_INT8)
        return (low_weights_t){_mm256_srai_epi16(_mm256_slli_epi16(words, 8), 8),
                               _mm256_srai_epi16(words, 8)};
    return kind == LOW_BFLOAT16 ? low_split(words) : (low_weights_t){words, words};
}

ALWAYS_INLINE low_word_t low_word(low_kind_t kind, const uint32_t *p)
{
    __m256i words = _mm256_set1_epi32((int)*p);

    if (kind == LOW_INT8)
        return (low_word_t){_mm256_and_si256(words, _mm256_set1_epi16(0xff)),
                            _mm256_srli_epi16(words, 8)};
    return kind == LOW_BFLOAT16 ? low_split(words) : (low_word_t){words, words};
}

ALWAYS_INLINE low_sum_t low_dot(low_kind_t kind, low_sum_t sum, low_word_t x, low_weights_t w)
{
    if (kind == LOW_INT8_DOTS) { /* in AVX's coding, not AVX-512's */
        __asm__("%{vex%} vpdpbusd %2, %1, %0" : "+x"(sum) : "x"(x.even), "x"(w.even));
        return sum;
    }
    if (kind == LOW_INT8) {
        sum = low_add(sum, _mm256_madd_epi16(x.even, w.even));
        return low_add(sum, _mm256_madd_epi16(x.odd, w.odd));
    }
    return low_of_floats(v_fma(low_floats(x.even), low_floats(w.even),
                               v_fma(low_floats(x.odd), low_floats(w.odd), low_floats(sum))));
}

static inline void low_bytes(uint8_t *to, v_float a)
{
    __m256i whole = _mm256_cvtps_epi32(a);
    __m128i half =
        _mm_packs_epi32(_mm256_castsi256_si128(whole), _mm256_extracti128_si256(whole, 1));

    _mm_storel_epi64((__m128i *)(void *)to, _mm_packus_epi16(half, half));
}

#define LOW_UNROLL 4
#include "products/low_template.h"

LOW_FUNCTIONS(int8_avx2, LOW_INT8, LOW_TILES_4, "int8 avx2", LOW_ROUND_INT8)
LOW_FUNCTIONS(int8_vnni_avx2, LOW_INT8_DOTS, LOW_TILES_6, "int8 avx2 vnni", LOW_ROUND_INT8)
LOW_FUNCTIONS(bfloat16_avx2, LOW_BFLOAT16, LOW_TILES_4, "bfloat16 avx2", LOW_ROUND_BFLOAT16)
