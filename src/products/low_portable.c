/* Products in fewer bits for plain C: any target. Parts of a word come out by shifts; which of a
 * word's bytes is first does not matter, as it is the same in weights and rows.
 *
 * SPDX-License-Identifier: MIT */
#include "kernels/vector_portable.h"

#include "base/half.h"
#include "products/low_tile.h"

typedef uint32_t low_four_words __attribute__((vector_size(16)));

typedef struct low_eight {
    v_four_bits low, high;
} low_sum_t;

typedef struct low_parts {
    low_sum_t part[4]; /* bytes, or of bfloat16 the halves as floats, the lower first */
} low_weights_t;

typedef struct low_word_parts {
    int32_t byte[4];
    float half[2];
} low_word_t;

/* clang-format off */
static inline low_sum_t low_zero(void) { v_four_bits zero = {0}; return (low_sum_t){zero, zero}; }
static inline low_sum_t low_add(low_sum_t a, low_sum_t b) { return (low_sum_t){a.low + b.low, a.high + b.high}; }
static inline v_float low_whole_floats(low_sum_t a) { return (v_float){__builtin_convertvector(a.low, v_four), __builtin_convertvector(a.high, v_four)}; }
static inline low_sum_t low_of_floats(v_float a) { return (low_sum_t){(v_four_bits)a.low, (v_four_bits)a.high}; }
static inline v_float low_floats(low_sum_t a) { return (v_float){(v_four)a.low, (v_four)a.high}; }
/* clang-format on */

/* The byte that lies `shift` bits above the lowest, with its sign. */
ALWAYS_INLINE v_four_bits low_byte(v_four_bits words, int shift)
{
    return (v_four_bits)((low_four_words)words << (24 - shift)) >> 24;
}

ALWAYS_INLINE low_weights_t low_weights(low_kind_t kind, const uint32_t *p)
{
    low_weights_t to;
    v_four_bits low, high;

    memcpy(&low, p, sizeof low);
    memcpy(&high, p + 4, sizeof high);
    if (kind == LOW_INT8) {
        for (int i = 0; i < 4; i++)
            to.part[i] = (low_sum_t){low_byte(low, 8 * i), low_byte(high, 8 * i)};
        return to;
    }
    to.part[0] = (low_sum_t){(v_four_bits)((low_four_words)low << 16),
                             (v_four_bits)((low_four_words)high << 16)};
    to.part[1] = (low_sum_t){low & (int32_t)-0x10000, high & (int32_t)-0x10000};
    to.part[2] = to.part[3] = to.part[0];
    return to;
}

ALWAYS_INLINE low_word_t low_word(low_kind_t kind, const uint32_t *p)
{
    low_word_t to;

    (void)kind;
    for (int i = 0; i < 4; i++)
        to.byte[i] = (int32_t)(*p >> (8 * i) & 0xff);
    to.half[0] = dlcore_float_of_bits(*p << 16);
    to.half[1] = dlcore_float_of_bits(*p & 0xffff0000u);
    return to;
}

ALWAYS_INLINE low_sum_t low_dot(low_kind_t kind, low_sum_t sum, low_word_t x, low_weights_t w)
{
    if (kind == LOW_INT8) {
        for (int i = 0; i < 4; i++) {
            sum.low += w.part[i].low * x.byte[i];
            sum.high += w.part[i].high * x.byte[i];
        }
        return sum;
    }
    for (int i = 1; i >= 0; i--)
        sum = low_of_floats(v_fma(v_set(x.half[i]), low_floats(w.part[i]), low_floats(sum)));
    return sum;
}

static inline void low_bytes(uint8_t *to, v_float a)
{
    float f[V_WIDTH];

    v_store(f, a);
    for (int i = 0; i < V_WIDTH; i++)
        to[i] = (uint8_t)f[i];
}

#define LOW_UNROLL 1
#include "products/low_template.h"

LOW_FUNCTIONS(int8_portable, LOW_INT8, LOW_TILES_2, "int8 portable", LOW_ROUND_INT8)
LOW_FUNCTIONS(bfloat16_portable, LOW_BFLOAT16, LOW_TILES_2, "bfloat16 portable", LOW_ROUND_BFLOAT16)
