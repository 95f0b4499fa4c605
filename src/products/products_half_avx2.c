/* Products of bfloat16 for AVX2 with FMA, compiled with their flags.
 *
 * SPDX-License-Identifier: MIT */
#include "products/pairs_avx2.h"

#define HALF_TABLES HALF_TABLE(pairs, MICRO_PAIRS, dlcore_half_avx2, "fma avx2")
#include "products/products_half_template.h"
