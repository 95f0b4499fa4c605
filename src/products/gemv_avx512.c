/* Row products for AVX-512, compiled with its flags.
 *
 * SPDX-License-Identifier: MIT */
#include "kernels/vector_avx512.h"

#include "products/gemv.h"

static inline v_mask nonzero_lanes(v_float a)
{
    return _mm512_cmp_ps_mask(a, _mm512_setzero_ps(), _CMP_NEQ_UQ);
}

static size_t count_nonzeros(const float *x, size_t n)
{
    size_t count = 0, i = 0;

    for (; i + V_WIDTH <= n; i += V_WIDTH)
        count += (size_t)__builtin_popcount(v_bits(nonzero_lanes(v_load(x + i))));
    if (i < n)
        count += (size_t)__builtin_popcount(v_bits(nonzero_lanes(v_load_part(x + i, n - i))));
    return count;
}

/* Whole vectors are stored, of which the front counts: storing a part would take much longer. */
static void append_nonzeros(const float *x, size_t n, size_t first, dlcore_list_t *list)
{
    size_t count = list->count;
    __m512i number =
        _mm512_add_epi32(_mm512_set1_epi32((int)first),
                         _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15));

    for (size_t i = 0; i < n; i += V_WIDTH) {
        v_float a = n - i < V_WIDTH ? v_load_part(x + i, n - i) : v_load(x + i);
        v_mask lanes = nonzero_lanes(a);
        _mm512_storeu_si512(list->index + count, _mm512_maskz_compress_epi32(lanes, number));
        v_store(list->value + count, _mm512_maskz_compress_ps(lanes, a));
        number = _mm512_add_epi32(number, _mm512_set1_epi32(V_WIDTH));
        count += (size_t)__builtin_popcount(v_bits(lanes));
    }
    list->count = count;
}

#include "products/gemv_template.h"

const dlcore_gemv_functions_t *dlcore_gemv_avx512(void)
{
    return &gemv_functions;
}
