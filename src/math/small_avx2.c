/* Training small networks for AVX2 and FMA, compiled with its flags.
 *
 * SPDX-License-Identifier: MIT */
#include "math/vector_avx2.h"

#include "math/small_template.h"

const dlcore_small_functions_t *dlcore_small_table_avx2(void)
{
    return &table;
}
