/* Moving means, as optimizers have them. Moments move by m += (g - m) (1 - beta), and quotients are
 * divided last, where Keras does. Included after a vector_*.h.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_KERNELS_VECTOR_MOMENTS_H
#define DLCORE_KERNELS_VECTOR_MOMENTS_H

#include "system/compiler.h"

#include "kernels/vector_loops.h"

/* *mean += (x - *mean) rate, and the result */
ALWAYS_INLINE v_float follow_mean(float *mean, v_float x, v_float rate, size_t part)
{
    v_float before = load_some(mean, part);
    v_float after = v_fma(v_sub(x, before), rate, before);

    store_some(mean, after, part);
    return after;
}

ALWAYS_INLINE void subtract(float *w, v_float d, size_t part)
{
    store_some(w, v_sub(load_some(w, part), d), part);
}

/* ---- rmsprop, adadelta ---- */

typedef struct rmsprop_vectors {
    v_float rate, rho, one_minus_rho, epsilon;
} rmsprop_vectors_t;

/* rho v + (1 - rho) x */
static inline v_float running_mean(const rmsprop_vectors_t *s, v_float mean, v_float x)
{
    return v_fma(s->rho, mean, v_mul(s->one_minus_rho, x));
}

static inline rmsprop_vectors_t rmsprop_constants(const dlcore_rmsprop_step_t *step)
{
    return (rmsprop_vectors_t){v_set(step->learning_rate), v_set(step->rho),
                               v_set(step->one_minus_rho), v_set(step->epsilon)};
}

#endif
