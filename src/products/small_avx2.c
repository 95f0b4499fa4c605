/* Training small networks for AVX2 and FMA, compiled with its flags.
 *
 * SPDX-License-Identifier: MIT */
#include "kernels/vector_avx2.h"

/* Lane i = the sum of rows[i]. */
static inline v_float sum_rows(const v_float rows[8])
{
    v_float first =
        _mm256_hadd_ps(_mm256_hadd_ps(rows[0], rows[1]), _mm256_hadd_ps(rows[2], rows[3]));
    v_float second =
        _mm256_hadd_ps(_mm256_hadd_ps(rows[4], rows[5]), _mm256_hadd_ps(rows[6], rows[7]));

    return _mm256_add_ps(_mm256_permute2f128_ps(first, second, 0x20),
                         _mm256_permute2f128_ps(first, second, 0x31));
}

#define SUM_ROWS sum_rows
#include "products/small_template.h"

const dlcore_small_functions_t *dlcore_small_table_avx2(void)
{
    return &small_table;
}
