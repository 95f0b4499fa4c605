/* Training small networks for AVX-512, compiled with its flags.
 *
 * SPDX-License-Identifier: MIT */
#include "math/vector_avx512.h"

#include "math/small_template.h"

const dlcore_small_functions_t *dlcore_small_table_avx512(void)
{
    return &table;
}
