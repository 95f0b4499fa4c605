/* The vector kernels for AVX-512, compiled with its flags (F, BW, DQ, VL and FMA).
 *
 * SPDX-License-Identifier: MIT */
#include "math/vector_avx512.h"

#include "math/kernels_template.h"

const dlcore_kernels_t *dlcore_kernels_avx512(void)
{
    return &table;
}
