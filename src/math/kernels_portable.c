/* The vector kernels for plain C: any target.
 *
 * SPDX-License-Identifier: MIT */
#include "math/vector_portable.h"

#include "math/kernels_template.h"

const dlcore_kernels_t *dlcore_kernels_portable(void)
{
    return &table;
}
