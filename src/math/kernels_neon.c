/* The vector kernels for 64-bit ARM.
 *
 * SPDX-License-Identifier: MIT */
#include "math/vector_neon.h"

#include "math/kernels_template.h"

const dlcore_kernels_t *dlcore_kernels_neon(void)
{
    return &table;
}
