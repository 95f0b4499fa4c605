/* The native packed engine for 64-bit ARM.
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>

#include "kernels/vector_neon.h"
#include "products/pairs_neon.h"

/* to[c * to_row + r] = from[r * row + c] for 8 rows and 4 columns. */
static inline void transpose_four(const float *from, size_t row, float *to, size_t to_row)
{
    for (size_t r = 0; r < 8; r += 4, from += 4 * row)
        turn_quads(vld1q_f32(from), vld1q_f32(from + row), vld1q_f32(from + 2 * row),
                   vld1q_f32(from + 3 * row), to + r, to_row);
}

/* Bit i: from[i] is not zero; of whatever mode for denormal numbers. */
static inline uint32_t used_lanes(const float *from)
{
    static const uint32_t low[4] = {1, 2, 4, 8}, high[4] = {16, 32, 64, 128};
    uint32x4_t all_but_sign = vdupq_n_u32(0x7fffffff);
    uint32x4_t first = vtstq_u32(v_words(vld1q_f32(from)), all_but_sign);
    uint32x4_t second = vtstq_u32(v_words(vld1q_f32(from + 4)), all_but_sign);

    return vaddvq_u32(
        vorrq_u32(vandq_u32(first, vld1q_u32(low)), vandq_u32(second, vld1q_u32(high))));
}

#define NATIVE_ENGINE DLCORE_PRODUCTS_NATIVE_NEON
#define SMALL_TABLE dlcore_small_table_neon
#include "products/products_native_template.h"

const dlcore_products_t *dlcore_native_table_neon(void)
{
    return &native_table;
}
