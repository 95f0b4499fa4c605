/* The vector kernels for plain C: any target.
 *
 * SPDX-License-Identifier: MIT */
#include "kernels/vector_portable.h"

#include "kernels/kernels_template.h"

const dlcore_kernels_t *dlcore_kernels_portable(void)
{
    return &kernel_table;
}
