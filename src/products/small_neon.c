/* Training small networks for 64-bit ARM.
 *
 * SPDX-License-Identifier: MIT */
#include "kernels/vector_neon.h"

/* Lane i = the sum of rows[i]. */
static inline v_float sum_rows(const v_float rows[8])
{
    float32x4_t halves[8];

    for (size_t i = 0; i < 8; i++)
        halves[i] = vaddq_f32(rows[i].a, rows[i].b);
    return V_BOTH(v_float,
                  vpaddq_f32(vpaddq_f32(halves[0], halves[1]), vpaddq_f32(halves[2], halves[3])),
                  vpaddq_f32(vpaddq_f32(halves[4], halves[5]), vpaddq_f32(halves[6], halves[7])));
}

#define SUM_ROWS sum_rows
#include "products/small_template.h"

const dlcore_small_functions_t *dlcore_small_table_neon(void)
{
    return &small_table;
}
