/* Products of bfloat16 for 64-bit ARM.
 *
 * SPDX-License-Identifier: MIT */
#include "products/pairs_neon.h"

#define HALF_TABLES HALF_TABLE(pairs, MICRO_PAIRS, dlcore_half_neon, "fma neon")
#include "products/products_half_template.h"
