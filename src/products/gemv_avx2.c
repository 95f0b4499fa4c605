/* Row products for AVX2 with FMA, compiled with their flags.
 *
 * SPDX-License-Identifier: MIT */
#include "kernels/vector_avx2.h"

#include "products/gemv.h"

/* Bit i: lane i is not zero. */
static inline unsigned nonzero_lanes(v_float a)
{
    return (unsigned)_mm256_movemask_ps(_mm256_cmp_ps(a, _mm256_setzero_ps(), _CMP_NEQ_UQ));
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

const dlcore_gemv_functions_t *dlcore_gemv_avx2(void)
{
    return &gemv_functions;
}
