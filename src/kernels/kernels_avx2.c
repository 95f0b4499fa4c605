/* The vector kernels for AVX2 with FMA, compiled with their flags.
 *
 * SPDX-License-Identifier: MIT */
#include "kernels/vector_avx2.h"

#include "kernels/kernels_template.h"

const dlcore_kernels_t *dlcore_kernels_avx2(void)
{
    return &kernel_table;
}
