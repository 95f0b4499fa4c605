/* The native packed engine for AVX-512, compiled with its flags.
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>

#include "kernels/vector_avx512.h"
#include "products/pairs_avx512.h"

/* Four floats of rows 0, 4, 8 and 12, side by side. Two halves are faster than masked loads. */
static inline v_float load_lanes(const float *from, size_t row)
{
    __m256 low = _mm256_castps128_ps256(_mm_loadu_ps(from));
    __m256 high = _mm256_castps128_ps256(_mm_loadu_ps(from + 8 * row));

    low = _mm256_insertf128_ps(low, _mm_loadu_ps(from + 4 * row), 1);
    high = _mm256_insertf128_ps(high, _mm_loadu_ps(from + 12 * row), 1);
    return _mm512_insertf32x8(_mm512_castps256_ps512(low), high, 1);
}

/* to[c * to_row + r] = from[r * row + c] for 16 rows and 4 columns. */
static inline void transpose_four(const float *from, size_t row, float *to, size_t to_row)
{
    __m512 a = load_lanes(from, row), b = load_lanes(from + row, row);
    __m512 c = load_lanes(from + 2 * row, row), d = load_lanes(from + 3 * row, row);
    __m512d ab_low = _mm512_castps_pd(_mm512_unpacklo_ps(a, b));
    __m512d cd_low = _mm512_castps_pd(_mm512_unpacklo_ps(c, d));
    __m512d ab_high = _mm512_castps_pd(_mm512_unpackhi_ps(a, b));
    __m512d cd_high = _mm512_castps_pd(_mm512_unpackhi_ps(c, d));
    v_store(to, _mm512_castpd_ps(_mm512_unpacklo_pd(ab_low, cd_low)));
    v_store(to + to_row, _mm512_castpd_ps(_mm512_unpackhi_pd(ab_low, cd_low)));
    v_store(to + 2 * to_row, _mm512_castpd_ps(_mm512_unpacklo_pd(ab_high, cd_high)));
    v_store(to + 3 * to_row, _mm512_castpd_ps(_mm512_unpackhi_pd(ab_high, cd_high)));
}

/* Bit i: from[i] is not zero; of whatever mode for denormal numbers. */
static inline uint32_t used_lanes(const float *from)
{
    return _mm512_test_epi32_mask(_mm512_loadu_si512(from), _mm512_set1_epi32(0x7fffffff));
}

#define NATIVE_ENGINE DLCORE_PRODUCTS_NATIVE_AVX512
#define SMALL_TABLE dlcore_small_table_avx512
#include "products/products_native_template.h"

const dlcore_products_t *dlcore_native_table_avx512(void)
{
    return &native_table;
}
