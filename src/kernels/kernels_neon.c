/* The vector kernels for 64-bit ARM.
 *
 * SPDX-License-Identifier: MIT */
#include "kernels/vector_neon.h"

#include "kernels/kernels_template.h"

const dlcore_kernels_t *dlcore_kernels_neon(void)
{
    return &kernel_table;
}
