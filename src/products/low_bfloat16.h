/* Dense products in bfloat16: weights and inputs are rounded to it, to nearest, ties to even;
 * denormals are zero. A product of two is exact in float32, in which sums run.
 *
 * A word holds the numbers of inputs 2i, in its lower half, and 2i + 1. It adds the product of the
 * upper halves first, then that of the lower: so does the instruction vdpbf16ps, and so the bits
 * are the same by two multiply-adds, and, products being exact, without fused ones. The
 * instruction takes denormal sums for zero, as the others do where the model flushes them.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_PRODUCTS_LOW_BFLOAT16_H
#define DLCORE_PRODUCTS_LOW_BFLOAT16_H

#include "system/compiler.h"

#include "base/half.h"
#include "products/low.h"

DLCORE_HIDDEN_BEGIN

static inline uint32_t dlcore_bfloat16_pair(float lower, float upper)
{
    return dlcore_bfloat16_from_float(lower) | (uint32_t)dlcore_bfloat16_from_float(upper) << 16;
}

/* low.h: pack. Zeros of a row may be skipped where all weights are finite. */
void dlcore_bfloat16_pack(const dlcore_low_source_t *from, dlcore_low_kernel_t *kernel);

DLCORE_HIDDEN_END

#endif
