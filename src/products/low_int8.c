/* Rounding to int8: the range of a row, and kernels.
 *
 * SPDX-License-Identifier: MIT */
#include "products/low_int8.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "base/half.h"
#include "base/size.h"

/* ---- rows ---- */

/* Differences of finite numbers may be infinite, and so may be the inverse of a tiny one. */
static float stretch_for(float low, float high)
{
    if (low < -0x1p126f || high > 0x1p126f)
        return 0x1p-2f;
    return high > low && high - low < 0x1p-100f ? 0x1p64f : 1.0f;
}

dlcore_int8_range_t dlcore_int8_range(float low, float high, bool finite, dlcore_low_scale_t *scale)
{
    float stretch = finite ? stretch_for(low, high) : 0.0f;
    dlcore_int8_range_t to = {.stretch = stretch, .least = low * stretch};
    float range = high * stretch - to.least, step = range * (1.0f / 255.0f);

    if (!finite) { /* what the row gives is not finite, either */
        *scale = (dlcore_low_scale_t){NAN, NAN};
        return (dlcore_int8_range_t){0};
    }
    if (low < 0.0f && high > 0.0f && stretch >= 1.0f) { /* zero is one of them: a step is lost */
        step = range * (1.0f / 254.0f);
        to.least = -ceilf(-to.least / step) * step;
    }
    to.inverse = step > 0.0f ? 1.0f / step : 0.0f; /* one number alone: all are 0 */
    *scale = (dlcore_low_scale_t){step / stretch, to.least / stretch};
    return to;
}

/* ---- kernels ---- */

/* Columns that are rounded side by side: as many as are sure to lie together. */
#define SIDE 16

/* The largest number of each column by its size, as bits, which grow as sizes do; beyond infinity
 * for NaN. */
static void find_unit_sizes(const dlcore_low_source_t *from, size_t c, size_t columns,
                            uint32_t largest[SIDE])
{
    memset(largest, 0, SIDE * sizeof *largest);
    for (size_t i = 0; i < from->inputs; i++) {
        const float *w = dlcore_low_source_at(from, i, c);
        for (size_t k = 0; k < columns; k++) {
            uint32_t bits = dlcore_float_bits(w[k]) & 0x7fffffffu;
            largest[k] = bits > largest[k] ? bits : largest[k];
        }
    }
}

/* Numbers that are below any sense count as zero. */
static void set_unit_scales(const uint32_t largest[SIDE], float scale[SIDE], float inverse[SIDE])
{
    for (size_t k = 0; k < SIDE; k++) {
        float most = dlcore_float_of_bits(largest[k]);
        bool counts = most >= 0x1p-110f && most <= FLT_MAX;

        inverse[k] = counts ? 127.0f / most : 0.0f;
        scale[k] = counts ? most / 127.0f : most <= FLT_MAX ? 0.0f : NAN;
    }
}

/* Adding 1.5 * 2^23 leaves the nearest whole number, ties to even, in the lowest bits. */
static int32_t nearest_whole(float x)
{
    return (int32_t)dlcore_float_bits(x + 12582912.0f) - 0x4b400000;
}

/* The columns' bytes of every input, which lie 4 to a word, and their sums. */
static void round_columns(const dlcore_low_source_t *from, size_t c, size_t columns,
                          const float inverse[SIDE], const dlcore_low_kernel_t *kernel,
                          int32_t sums[SIDE])
{
    size_t panel = kernel->panel, first = c - c % panel;
    uint8_t *bytes = (uint8_t *)(kernel->elements + first * kernel->words + c % panel);

    memset(sums, 0, SIDE * sizeof *sums);
    for (size_t i = 0; i < from->inputs; i++) {
        uint8_t *to = bytes + (i / 4 * panel) * 4 + i % 4;
        const float *w = dlcore_low_source_at(from, i, c);
        for (size_t k = 0; k < columns; k++) {
            int32_t q = inverse[k] > 0.0f ? nearest_whole(w[k] * inverse[k]) : 0;
            to[4 * k] = (uint8_t)q;
            sums[k] += q;
        }
    }
}

void dlcore_int8_pack(const dlcore_low_source_t *from, dlcore_low_kernel_t *kernel)
{
    float *scales = kernel->factors, *totals = kernel->factors + kernel->width;

    memset(scales, 0, DLCORE_INT8_FACTORS * kernel->width * sizeof *scales);
    memset(kernel->elements, 0, kernel->words * kernel->width * sizeof *kernel->elements);
    for (size_t c = 0; c < from->units; c += SIDE) {
        size_t columns = dlcore_size_min(from->units - c, SIDE);
        uint32_t largest[SIDE];
        float inverse[SIDE];
        int32_t sums[SIDE];

        find_unit_sizes(from, c, columns, largest);
        set_unit_scales(largest, scales + c, inverse);
        round_columns(from, c, columns, inverse, kernel, sums);
        for (size_t k = 0; k < columns; k++)
            totals[c + k] = scales[c + k] * (float)sums[k];
    }
    kernel->skips_zeros = true;
}
