/* Training small networks for AVX-512, compiled with its flags.
 *
 * SPDX-License-Identifier: MIT */
#include "kernels/vector_avx512.h"

#include "products/small_template.h"

const dlcore_small_functions_t *dlcore_small_table_avx512(void)
{
    return &small_table;
}
