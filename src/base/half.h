/* float16 and bfloat16 by their bits: from them exactly, to them rounded to nearest, ties to even.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_BASE_HALF_H
#define DLCORE_BASE_HALF_H

#include "system/compiler.h"

#include <stdint.h>
#include <string.h>

static inline uint32_t dlcore_float_bits(float x)
{
    uint32_t bits;

    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static inline float dlcore_float_of_bits(uint32_t bits)
{
    float x;

    memcpy(&x, &bits, sizeof x);
    return x;
}

/* The bits of the float32 that is the same number; infinities and NaN, with their bits, stay. */
static inline uint32_t dlcore_half_to_float(uint16_t half)
{
    uint32_t sign = (half & 0x8000u) << 16;
    uint32_t rest = half & 0x7FFFu;
    uint32_t bits = (rest << 13) + ((127 - 15) << 23); /* the exponent's offset is 15, not 127 */
    float tiny = (float)(int32_t)rest * 0x1p-24F;      /* exact, and no denormal of float32 */

    bits = rest < 0x0400 ? dlcore_float_bits(tiny) : bits;
    bits = rest < 0x7C00 ? bits : 0x7F800000 | (rest & 0x3FF) << 13;
    return sign | bits;
}

/* bits / 2^shift, rounded to nearest, ties to even; shift 1 .. 31. */
static inline uint32_t dlcore_bits_rounded(uint32_t bits, unsigned shift)
{
    uint32_t half = UINT32_C(1) << (shift - 1), odd = bits >> shift & 1;

    return (bits + half - 1 + odd) >> shift;
}

/* Too large: infinite. NaN stays NaN. */
static inline uint16_t dlcore_float_to_half(float x)
{
    uint32_t bits = dlcore_float_bits(x), rest = bits & 0x7FFFFFFFu, half;
    unsigned exponent = rest >> 23;

    if (rest > 0x7F800000u)
        half = 0x7E00u | (rest >> 13 & 0x1FFu);
    else if (exponent >= 127 + 16)
        half = 0x7C00u;
    else if (exponent > 127 - 15) /* the carry may make it infinite */
        half = dlcore_bits_rounded(rest - ((127u - 15u) << 23), 13);
    else if (exponent > 127 - 26) /* a denormal: a multiple of 2^-24 */
        half = dlcore_bits_rounded((rest & 0x7FFFFFu) | 0x800000u, 126 - exponent);
    else
        half = 0;
    return (uint16_t)((bits >> 16 & 0x8000u) | half);
}

static inline uint16_t dlcore_float_to_bfloat(float x)
{
    uint32_t bits = dlcore_float_bits(x);

    if ((bits & 0x7FFFFFFFu) > 0x7F800000u)
        return (uint16_t)(bits >> 16 | 0x40u);
    return (uint16_t)((bits + 0x7FFFu + (bits >> 16 & 1)) >> 16);
}

/* The same for factors of products in bfloat16: denormals are zero, with their sign, as they are to
 * the CPU's own instructions (vcvtneps2bf16, vdpbf16ps), whatever a thread's mode says. */
static inline uint16_t dlcore_bfloat16_from_float(float x)
{
    uint32_t bits = dlcore_float_bits(x);

    return (bits & 0x7F800000u) == 0 ? (uint16_t)(bits >> 16 & 0x8000u) : dlcore_float_to_bfloat(x);
}

static inline float dlcore_float_from_bfloat16(uint16_t x)
{
    return dlcore_float_of_bits((uint32_t)x << 16);
}

#endif
