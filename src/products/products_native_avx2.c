/* The native packed engine for AVX2 with FMA, compiled with their flags.
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>

#include "kernels/vector_avx2.h"
#include "products/pairs_avx2.h"

/* Four floats of rows 0 and 4, side by side. */
static inline v_float load_lanes(const float *from, size_t row)
{
    __m256 low = _mm256_castps128_ps256(_mm_loadu_ps(from));
    return _mm256_insertf128_ps(low, _mm_loadu_ps(from + 4 * row), 1);
}

/* to[c * to_row + r] = from[r * row + c] for 8 rows and 4 columns. */
static inline void transpose_four(const float *from, size_t row, float *to, size_t to_row)
{
    __m256 a = load_lanes(from, row), b = load_lanes(from + row, row);
    __m256 c = load_lanes(from + 2 * row, row), d = load_lanes(from + 3 * row, row);
    __m256d ab_low = _mm256_castps_pd(_mm256_unpacklo_ps(a, b));
    __m256d cd_low = _mm256_castps_pd(_mm256_unpacklo_ps(c, d));
    __m256d ab_high = _mm256_castps_pd(_mm256_unpackhi_ps(a, b));
    __m256d cd_high = _mm256_castps_pd(_mm256_unpackhi_ps(c, d));
    v_store(to, _mm256_castpd_ps(_mm256_unpacklo_pd(ab_low, cd_low)));
    v_store(to + to_row, _mm256_castpd_ps(_mm256_unpackhi_pd(ab_low, cd_low)));
    v_store(to + 2 * to_row, _mm256_castpd_ps(_mm256_unpacklo_pd(ab_high, cd_high)));
    v_store(to + 3 * to_row, _mm256_castpd_ps(_mm256_unpackhi_pd(ab_high, cd_high)));
}

/* Bit i: from[i] is not zero; of whatever mode for denormal numbers. */
static inline uint32_t used_lanes(const float *from)
{
    __m256i x = _mm256_slli_epi32(_mm256_loadu_si256((const __m256i *)(const void *)from), 1);
    __m256i zero = _mm256_cmpeq_epi32(x, _mm256_setzero_si256());

    return (uint32_t)_mm256_movemask_ps(_mm256_castsi256_ps(zero)) ^ 0xffu;
}

#define NATIVE_ENGINE DLCORE_PRODUCTS_NATIVE_AVX2
#define SMALL_TABLE dlcore_small_table_avx2
#include "products/products_native_template.h"

const dlcore_products_t *dlcore_native_table_avx2(void)
{
    return &native_table;
}
