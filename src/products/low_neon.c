/* Products in fewer bits for 64-bit ARM.
 *
 * Its products of bytes take factors of one sign, so bytes of rows, 0 .. 255, become those of x -
 * 128, and 128 times the sum of a word's weights is added again, which is the same for all rows of
 * a tile. With SDOT, where the compiler may use it (__ARM_FEATURE_DOTPROD), a word is one step.
 * Without, products are added by twos in 16 bits, which hold them, as weights are at least -127,
 * and then in 32.
 *
 * SPDX-License-Identifier: MIT */
#include "kernels/vector_neon.h"

#include "kernels/always_inline.h"
#include "products/low_tile.h"

typedef struct low_sum {
    int32x4_t a, b;
} low_sum_t;

/* Words as they are, and 128 times the sum of each one's bytes; or halves of bfloat16 as floats. */
typedef struct low_pair {
    low_sum_t first, second;
} low_weights_t;
typedef struct low_word {
    int32x4_t first, second;
} low_word_t;

/* clang-format off */
static inline low_sum_t low_zero(void) { return V_BOTH(low_sum_t, vdupq_n_s32(0), vdupq_n_s32(0)); }
static inline low_sum_t low_add(low_sum_t x, low_sum_t y) { return V_BOTH(low_sum_t, vaddq_s32(x.a, y.a), vaddq_s32(x.b, y.b)); }
static inline v_float low_whole_floats(low_sum_t x) { return V_BOTH(v_float, vcvtq_f32_s32(x.a), vcvtq_f32_s32(x.b)); }
static inline low_sum_t low_of_floats(v_float x) { return V_BOTH(low_sum_t, vreinterpretq_s32_f32(x.a), vreinterpretq_s32_f32(x.b)); }
static inline v_float low_floats(low_sum_t x) { return V_BOTH(v_float, vreinterpretq_f32_s32(x.a), vreinterpretq_f32_s32(x.b)); }
static inline int32x4_t low_half_of_pair(int32x4_t words) { return vshlq_n_s32(words, 16); }
static inline int32x4_t high_half_of_pair(int32x4_t words) { return vandq_s32(words, vdupq_n_s32(-0x10000)); }
/* clang-format on */

/* sum + the four products of each word's bytes. */
ALWAYS_INLINE int32x4_t add_bytes(int32x4_t sum, int32x4_t x, int32x4_t w)
{
    int8x16_t a = vreinterpretq_s8_s32(x), b = vreinterpretq_s8_s32(w);
#ifdef __ARM_FEATURE_DOTPROD
    return vdotq_s32(sum, a, b);
#else
    int16x8_t low = vmull_s8(vget_low_s8(a), vget_low_s8(b)), high = vmull_high_s8(a, b);

    return vpadalq_s16(sum, vpaddq_s16(low, high));
#endif
}

/* 128 times the sum of each word's bytes. */
ALWAYS_INLINE int32x4_t totals(int32x4_t w)
{
    return vshlq_n_s32(vpaddlq_s16(vpaddlq_s8(vreinterpretq_s8_s32(w))), 7);
}

ALWAYS_INLINE low_weights_t low_weights(low_kind_t kind, const uint32_t *p)
{
    int32x4_t a = vreinterpretq_s32_u32(vld1q_u32(p)), b = vreinterpretq_s32_u32(vld1q_u32(p + 4));

    if (kind == LOW_INT8)
        return (low_weights_t){{a, b}, {totals(a), totals(b)}};
    return (low_weights_t){{low_half_of_pair(a), low_half_of_pair(b)},
                           {high_half_of_pair(a), high_half_of_pair(b)}};
}

ALWAYS_INLINE low_word_t low_word(low_kind_t kind, const uint32_t *p)
{
    int32x4_t words = vreinterpretq_s32_u32(vdupq_n_u32(kind == LOW_INT8 ? *p ^ 0x80808080u : *p));

    if (kind == LOW_INT8)
        return (low_word_t){words, words};
    return (low_word_t){low_half_of_pair(words), high_half_of_pair(words)};
}

ALWAYS_INLINE low_sum_t low_dot(low_kind_t kind, low_sum_t sum, low_word_t x, low_weights_t w)
{
    if (kind == LOW_INT8) {
        sum = low_add(sum, w.second);
        return V_BOTH(low_sum_t, add_bytes(sum.a, x.first, w.first.a),
                      add_bytes(sum.b, x.first, w.first.b));
    }
    return low_of_floats(v_fma(low_floats(V_BOTH(low_sum_t, x.first, x.first)), low_floats(w.first),
                               v_fma(low_floats(V_BOTH(low_sum_t, x.second, x.second)),
                                     low_floats(w.second), low_floats(sum))));
}

static inline void low_bytes(uint8_t *to, v_float x)
{
    int16x8_t whole = vcombine_s16(vmovn_s32(vcvtnq_s32_f32(x.a)), vmovn_s32(vcvtnq_s32_f32(x.b)));

    vst1_u8(to, vqmovun_s16(whole));
}

#define LOW_UNROLL 2
#include "products/low_template.h"

LOW_FUNCTIONS(int8_neon, LOW_INT8, LOW_TILES_4, "int8 neon", LOW_ROUND_INT8)
LOW_FUNCTIONS(bfloat16_neon, LOW_BFLOAT16, LOW_TILES_4, "bfloat16 neon", LOW_ROUND_BFLOAT16)
