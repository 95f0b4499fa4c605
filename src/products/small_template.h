/* Training small networks over the operations of one vector_*.h. Included by small_avx512.c,
 * small_avx2.c and small_neon.c, each after its vector header.
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>

#include "kernels/always_inline.h"
#include "kernels/vector_functions.h"
#include "products/small_loops.h"

ALWAYS_INLINE v_float activate_vector(dlcore_activation_t activation, v_float z)
{
    if (activation == DLCORE_ACTIVATION_TANH)
        return tanh_vector(z);
    if (activation == DLCORE_ACTIVATION_SIGMOID)
        return sigmoid_vector(z);
    if (activation == DLCORE_ACTIVATION_RELU)
        return relu_vector(z);
    return z;
}

/* d times the slope of an activation whose output is y. */
ALWAYS_INLINE v_float times_slope(dlcore_activation_t activation, v_float d, v_float y)
{
    v_float one = v_set(1.0f), zero = v_set(0.0f);

    if (activation == DLCORE_ACTIVATION_TANH)
        return v_mul(d, v_fnma(y, y, one));
    if (activation == DLCORE_ACTIVATION_SIGMOID)
        return v_mul(d, v_mul(y, v_sub(one, y)));
    if (activation == DLCORE_ACTIVATION_RELU)
        return v_select(v_greater(y, zero), d, zero);
    return d;
}

#include "products/small_group_template.h"
#include "products/small_row_template.h"

static const dlcore_small_functions_t small_table = {.run_row = small_run_row,
                                                     .lanes = V_WIDTH,
                                                     .run = small_run_group,
                                                     .gradients = small_sum_gradients};
