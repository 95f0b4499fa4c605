/* Products of bfloat16 for AVX-512, compiled with its flags.
 *
 * SPDX-License-Identifier: MIT */
#include "products/pairs_avx512.h"

#define HALF_TABLES                                                  \
    HALF_TABLE(pairs, MICRO_PAIRS, dlcore_half_avx512, "fma avx512") \
    HALF_TABLE(dots, MICRO_DOTS, dlcore_half_dot_avx512, "vdpbf16ps")
#include "products/products_half_template.h"
