/* Dense products in int8: weights of a unit are scale q, q a whole number in -127 .. 127; inputs of
 * a row are scale q + least, q in 0 .. 255. So
 *
 *   y = unit's scale (row's scale (sum of weight q times input q) + row's least (sum of weight q))
 *       + bias
 *
 * with sums of whole numbers, which are exact in 32 bits up to 66,311 inputs. What is left is five
 * operations in float32 without fused multiply-adds: the same bits on every CPU.
 *
 * A row's least is its smallest number; where a row has numbers on both sides of zero, it is moved
 * so that zero is one of the 256 numbers: zeros stay zeros. A row with a number that is not finite
 * gives NaN, and so does a unit with such a weight.
 *
 * Like the dynamic quantization of PyTorch and ONNX Runtime, with a range for each row.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_PRODUCTS_LOW_INT8_H
#define DLCORE_PRODUCTS_LOW_INT8_H

#include "system/compiler.h"

#include "products/low.h"

DLCORE_HIDDEN_BEGIN

#define DLCORE_INT8_INPUTS_MOST (INT32_MAX / (255 * 127))

/* Factors of a kernel: a unit's scale; the same times the sum of its weights. */
enum { DLCORE_INT8_SCALE = 0, DLCORE_INT8_TOTAL = 1, DLCORE_INT8_FACTORS = 2 };

/* How numbers of a row become q: the nearest to ((x * stretch) - least) * inverse. */
typedef struct dlcore_int8_range {
    float stretch; /* a power of two, 1 but for numbers whose differences float32 does not hold */
    float least, inverse;
} dlcore_int8_range_t;

/* For a row of numbers within low .. high; `finite`: all of them are. */
dlcore_int8_range_t dlcore_int8_range(float low, float high, bool finite,
                                      dlcore_low_scale_t *scale);

/* low.h: pack. */
void dlcore_int8_pack(const dlcore_low_source_t *from, dlcore_low_kernel_t *kernel);

DLCORE_HIDDEN_END

#endif
