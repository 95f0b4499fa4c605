/* The vector kernels for AVX-512, compiled with its flags (F, BW, DQ, VL and FMA).
 *
 * SPDX-License-Identifier: MIT */
#include "kernels/vector_avx512.h"

#include "kernels/kernels_template.h"

const dlcore_kernels_t *dlcore_kernels_avx512(void)
{
    return &kernel_table;
}
