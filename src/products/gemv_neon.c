/* Row products for 64-bit ARM.
 *
 * SPDX-License-Identifier: MIT */
#include "kernels/vector_neon.h"

#include "products/gemv.h"

/* Bit i: lane i is not zero. */
static inline unsigned nonzero_lanes(v_float x)
{
    static const uint32_t low[4] = {1, 2, 4, 8}, high[4] = {16, 32, 64, 128};
    uint32x4_t first = vbicq_u32(vld1q_u32(low), vceqzq_f32(x.a));
    uint32x4_t second = vbicq_u32(vld1q_u32(high), vceqzq_f32(x.b));

    return vaddvq_u32(vorrq_u32(first, second));
}

static size_t count_nonzeros(const float *x, size_t n)
{
    size_t count = 0, i = 0;

    for (; i + V_WIDTH <= n; i += V_WIDTH)
        count += (size_t)__builtin_popcount(nonzero_lanes(v_load(x + i)));
    if (i < n)
        count += (size_t)__builtin_popcount(nonzero_lanes(v_load_part(x + i, n - i)));
    return count;
}

static void append_nonzeros(const float *x, size_t n, size_t first, dlcore_list_t *list)
{
    size_t count = list->count;

    for (size_t i = 0; i < n; i += V_WIDTH) {
        size_t part = n - i;
        unsigned lanes = nonzero_lanes(part < V_WIDTH ? v_load_part(x + i, part) : v_load(x + i));
        for (; lanes != 0; lanes &= lanes - 1) {
            size_t lane = i + (size_t)__builtin_ctz(lanes);
            list->index[count] = (uint32_t)(first + lane);
            list->value[count] = x[lane];
            count++;
        }
    }
    list->count = count;
}

#include "products/gemv_template.h"

const dlcore_gemv_functions_t *dlcore_gemv_neon(void)
{
    return &gemv_functions;
}
