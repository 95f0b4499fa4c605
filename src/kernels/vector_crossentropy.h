/* Crossentropies of one vector of predictions and labels, for the plain losses and the focal ones.
 * Included after a vector_*.h.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_KERNELS_VECTOR_CROSSENTROPY_H
#define DLCORE_KERNELS_VECTOR_CROSSENTROPY_H

#include "system/compiler.h"

#include "kernels/vector_functions.h"

#define LOWEST_PROBABILITY 1e-7f /* Keras's backend epsilon */
#define HIGHEST_PROBABILITY (1.0f - 1e-7f)

/* max(x, 0) - x t + log(1 + exp(-|x|)), which neither overflows nor cancels; sigmoid(x) - t */
static inline v_float crossentropy_of_logit(v_float x, v_float t, v_float *slope)
{
    v_float z = exp_vector(v_sub(v_set(0.0f), v_abs(x)));
    *slope = v_sub(sigmoid_vector(x), t);
    return v_add(v_fnma(x, t, relu_vector(x)), log1p_vector(z));
}

/* The clip of a probability: NaN stays NaN, because v_max and v_min answer their second. */
static inline v_float clip(v_float p)
{
    return v_min(v_set(HIGHEST_PROBABILITY), v_max(v_set(LOWEST_PROBABILITY), p));
}

/* `value` where p lies within the clip's bounds, 0 where it was clipped. */
static inline v_float where_inside(v_float p, v_float value)
{
    v_float zero = v_set(0.0f);
    value = v_select(v_less(p, v_set(LOWEST_PROBABILITY)), zero, value);
    return v_select(v_greater(p, v_set(HIGHEST_PROBABILITY)), zero, value);
}

/* -(t log p + (1 - t) log(1 - p)); (1 - t) / (1 - p) - t / p */
static inline v_float crossentropy_of_probability(v_float x, v_float t, v_float *slope)
{
    v_float one = v_set(1.0f);
    v_float p = clip(x), q = v_sub(one, p), s = v_sub(one, t);
    v_float value = v_fma(t, log_vector(p), v_mul(s, log_vector(q)));
    *slope = where_inside(x, v_sub(v_div(s, q), v_div(t, p)));
    /* log_vector knows positive numbers only: bring a NaN back */
    return v_sub(v_sub(p, p), value);
}

#endif
