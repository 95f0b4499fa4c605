/* Elementary functions and ends of arrays for rare kernels: in one copy where the target's
 * vector_*.h, which comes first, says so by V_ONCE.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_KERNELS_VECTOR_RARE_H
#define DLCORE_KERNELS_VECTOR_RARE_H

#include "system/compiler.h"

#include <stddef.h>

#include "kernels/vector_crossentropy.h"
#include "kernels/vector_functions.h"
#include "kernels/vector_loops.h"

V_ONCE v_float rare_exp(v_float x)
{
    return exp_vector(x);
}

V_ONCE v_float rare_log(v_float x)
{
    return log_vector(x);
}

V_ONCE v_float rare_log1p(v_float z)
{
    return log1p_vector(z);
}

V_ONCE v_float rare_tanh(v_float x)
{
    return tanh_vector(x);
}

V_ONCE v_float rare_load_end(const float *p, size_t n)
{
    return v_load_part(p, n);
}

V_ONCE void rare_store_end(float *p, v_float a, size_t n)
{
    v_store_part(p, a, n);
}

/* ---- as load_some, store_some and keep_some ---- */

ALWAYS_INLINE v_float rare_load(const float *p, size_t part)
{
    return part == V_WIDTH ? v_load(p) : rare_load_end(p, part);
}

ALWAYS_INLINE void rare_store(float *p, v_float a, size_t part)
{
    if (part == V_WIDTH)
        v_store(p, a);
    else
        rare_store_end(p, a, part);
}

V_ONCE v_float rare_keep_first(v_float a, size_t n)
{
    return keep_first(a, n);
}

static inline v_float rare_keep(v_float a, size_t part)
{
    return part == V_WIDTH ? a : rare_keep_first(a, part);
}

/* As follow_mean and subtract (vector_moments.h). */
V_ONCE v_float rare_follow_mean(float *mean, v_float x, v_float rate, size_t part)
{
    v_float before = rare_load(mean, part);
    v_float after = v_fma(v_sub(x, before), rate, before);

    rare_store(mean, after, part);
    return after;
}

static inline void rare_subtract(float *w, v_float d, size_t part)
{
    rare_store(w, v_sub(rare_load(w, part), d), part);
}

#endif
