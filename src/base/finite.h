/* Whether numbers are finite.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_BASE_FINITE_H
#define DLCORE_BASE_FINITE_H

#include "system/compiler.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Neither infinite nor NaN, which have all bits of the exponent set. Without branches: compilers
 * make vectors of it. */
static inline bool dlcore_all_finite(const float *x, size_t count)
{
    uint32_t bad = 0;

    for (size_t i = 0; i < count; i++) {
        uint32_t bits;
        memcpy(&bits, x + i, sizeof bits);
        bad |= (bits & 0x7f800000u) == 0x7f800000u;
    }
    return bad == 0;
}

#endif
