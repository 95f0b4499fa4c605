/* Products in fewer bits for AVX-512. vpdpbusd (VNNI) adds four products of bytes at once, exactly;
 * vdpbf16ps (BF16) two of bfloat16.
 *
 * Both are written out: gcc 12 copies the sums of the intrinsics to memory in every step, and this
 * needs no flags of its own. They are only called where the CPU has them.
 *
 * SPDX-License-Identifier: MIT */
#include "kernels/vector_avx512.h"

#include "kernels/always_inline.h"
#include "products/low_tile.h"

typedef __m512i low_sum_t;
typedef struct low_halves {
    __m512i all, upper; /* of bfloat16 without dots: both halves as floats, the lower in `all` */
} low_weights_t;
typedef low_weights_t low_word_t;

/* clang-format off */
static inline low_sum_t low_zero(void) { return _mm512_setzero_si512(); }
static inline low_sum_t low_add(low_sum_t a, low_sum_t b) { return _mm512_add_epi32(a, b); }
static inline v_float low_whole_floats(low_sum_t a) { return _mm512_cvtepi32_ps(a); }
static inline low_sum_t low_of_floats(v_float a) { return _mm512_castps_si512(a); }
static inline v_float low_floats(low_sum_t a) { return _mm512_castsi512_ps(a); }
/* clang-format on */

ALWAYS_INLINE low_weights_t low_split(low_kind_t kind, __m512i words)
{
    if (kind != LOW_BFLOAT16)
        return (low_weights_t){words, words};
    return (low_weights_t){_mm512_slli_epi32(words, 16),
                           _mm512_and_si512(words, _mm512_set1_epi32((int)0xffff0000u))};
}

ALWAYS_INLINE low_weights_t low_weights(low_kind_t kind, const uint32_t *p)
{
    return low_split(kind, _mm512_loadu_si512(p));
}

ALWAYS_INLINE low_word_t low_word(low_kind_t kind, const uint32_t *p)
{
    return low_split(kind, _mm512_set1_epi32((int)*p));
}

ALWAYS_INLINE low_sum_t low_dot(low_kind_t kind, low_sum_t sum, low_word_t x, low_weights_t w)
{
    if (kind == LOW_INT8_DOTS)
        __asm__("vpdpbusd %2, %1, %0" : "+v"(sum) : "v"(x.all), "v"(w.all));
    else if (kind == LOW_BFLOAT16_DOTS)
        __asm__("vdpbf16ps %2, %1, %0" : "+v"(sum) : "v"(x.all), "v"(w.all));
    else
        sum =
            low_of_floats(v_fma(low_floats(x.all), low_floats(w.all),
                                v_fma(low_floats(x.upper), low_floats(w.upper), low_floats(sum))));
    return sum;
}

static inline void low_bytes(uint8_t *to, v_float a)
{
    _mm_storeu_si128((__m128i *)(void *)to, _mm512_cvtepi32_epi8(_mm512_cvtps_epi32(a)));
}

#define LOW_UNROLL 4
#include "products/low_template.h"

LOW_FUNCTIONS(int8_vnni_avx512, LOW_INT8_DOTS, LOW_TILES_12, "int8 avx512 vnni", LOW_ROUND_INT8)
LOW_FUNCTIONS(bfloat16_avx512, LOW_BFLOAT16, LOW_TILES_12, "bfloat16 avx512", LOW_ROUND_BFLOAT16)
LOW_FUNCTIONS(bfloat16_dot_avx512, LOW_BFLOAT16_DOTS, LOW_TILES_12, "bfloat16 avx512 vdpbf16ps",
              LOW_ROUND_BFLOAT16)
