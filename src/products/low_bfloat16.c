/* Rounding kernels to bfloat16.
 *
 * SPDX-License-Identifier: MIT */
#include "products/low_bfloat16.h"

#include <string.h>

#include "base/size.h"

/* Words of up to 16 columns, which lie together, of every pair of inputs. */
static void pack_pairs(const dlcore_low_source_t *from, size_t c, const dlcore_low_kernel_t *kernel)
{
    size_t columns = dlcore_size_min(from->units - c, 16), panel = kernel->panel;
    uint32_t *to = kernel->elements + (c - c % panel) * kernel->words + c % panel;

    for (size_t i = 0; i < from->inputs; i += 2, to += panel) {
        const float *lower = dlcore_low_source_at(from, i, c);
        bool has_upper = i + 1 < from->inputs;
        const float *upper = has_upper ? dlcore_low_source_at(from, i + 1, c) : lower;
        for (size_t k = 0; k < columns; k++)
            to[k] = dlcore_bfloat16_pair(lower[k], has_upper ? upper[k] : 0.0f);
    }
}

/* Rounded numbers, because rounding may make the largest infinite. */
static bool words_are_finite(const uint32_t *words, size_t count)
{
    uint32_t odd = 0;

    for (size_t i = 0; i < count; i++) {
        odd |= (words[i] & 0x7f800000u) == 0x7f800000u;
        odd |= (words[i] & 0x7f80u) == 0x7f80u;
    }
    return odd == 0;
}

void dlcore_bfloat16_pack(const dlcore_low_source_t *from, dlcore_low_kernel_t *kernel)
{
    size_t count = kernel->words * kernel->width;

    memset(kernel->elements, 0, count * sizeof *kernel->elements);
    for (size_t c = 0; c < from->units; c += 16)
        pack_pairs(from, c, kernel);
    kernel->skips_zeros = words_are_finite(kernel->elements, count);
}
