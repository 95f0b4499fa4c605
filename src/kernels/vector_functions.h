/* The elementary functions behind activations and losses, on one vector: written over the
 * operations of a vector_*.h, which comes first. kernels.h says what they do with NaN and
 * infinities.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_KERNELS_VECTOR_FUNCTIONS_H
#define DLCORE_KERNELS_VECTOR_FUNCTIONS_H

#include "system/compiler.h"

#include <math.h>

/* r and *n with x = n ln(2) + r, |r| at most ln(2) / 2, for x within the range of exp. */
static inline v_float exp_rest(v_float x, v_float *n)
{
    v_float r;

    *n = v_round(v_mul(x, v_set(1.44269504088896341f)));
    r = v_fnma(*n, v_set(0.693359375f), x);
    return v_fnma(*n, v_set(-2.12194440e-4f), r);
}

/* exp(r) - 1 for such an r. */
static inline v_float exp_of_rest(v_float r)
{
    v_float p = v_set(1.9875691500e-4f);
    p = v_fma(p, r, v_set(1.3981999507e-3f));
    p = v_fma(p, r, v_set(8.3334519073e-3f));
    p = v_fma(p, r, v_set(4.1665795894e-2f));
    p = v_fma(p, r, v_set(1.6666665459e-1f));
    p = v_fma(p, r, v_set(5.0000001201e-1f));
    return v_fma(v_mul(r, r), p, r);
}

/* exp(x): x = n log 2 + r, |r| <= log 2 / 2, and the Taylor series of exp(r) with its last terms
 * fitted (Cephes expf's coefficients); within 2 ulp. 0 below -87.3, where results would be
 * denormal; +Inf above 88.7; NaN for NaN. */
static inline v_float exp_vector(v_float x)
{
    v_float n, p;
    v_float r = exp_rest(v_min(v_max(x, v_set(-104.0f)), v_set(89.0f)), &n);
    p = v_scale2(v_add(exp_of_rest(r), v_set(1.0f)), n);
    p = v_select(v_less(x, v_set(-87.33654f)), v_set(0.0f), p);
    return v_select(v_less(v_abs(x), v_set(HUGE_VALF)), p, v_max(v_set(0.0f), x));
}

/* log(x) for positive normal x: x = m 2^e, m in [0.707, 1.414), and Cephes logf's polynomial. */
static inline v_float log_vector(v_float x)
{
    v_float e = v_exponent(x);
    v_float m = v_mantissa(x);
    v_mask high = v_greater(m, v_set(1.41421356f));
    v_float z, p;

    m = v_sub(v_select(high, v_mul(m, v_set(0.5f)), m), v_set(1.0f));
    e = v_select(high, v_add(e, v_set(1.0f)), e);
    z = v_mul(m, m);
    p = v_set(7.0376836292e-2f);
    p = v_fma(p, m, v_set(-1.1514610310e-1f));
    p = v_fma(p, m, v_set(1.1676998740e-1f));
    p = v_fma(p, m, v_set(-1.2420140846e-1f));
    p = v_fma(p, m, v_set(1.4249322787e-1f));
    p = v_fma(p, m, v_set(-1.6668057665e-1f));
    p = v_fma(p, m, v_set(2.0000714765e-1f));
    p = v_fma(p, m, v_set(-2.4999993993e-1f));
    p = v_fma(p, m, v_set(3.3333331174e-1f));
    p = v_mul(v_mul(p, m), z);
    p = v_fma(e, v_set(-2.12194440e-4f), p);
    p = v_fnma(v_set(0.5f), z, p);
    return v_fma(e, v_set(0.693359375f), v_add(m, p));
}

/* log(1 + z) for z in [0, 1], with the rounding of 1 + z corrected. */
static inline v_float log1p_vector(v_float z)
{
    v_float u = v_add(v_set(1.0f), z);
    v_float lost = v_sub(v_sub(u, v_set(1.0f)), z);
    return v_sub(log_vector(u), v_div(lost, u));
}

static inline v_float relu_vector(v_float x)
{
    return v_max(v_set(0.0f), x);
}

static inline v_float sigmoid_vector(v_float x)
{
    v_float one = v_set(1.0f);
    return v_div(one, v_add(one, exp_vector(v_sub(v_set(0.0f), x))));
}

/* Near zero a polynomial (Cephes tanhf), beyond 0.625 by 1 - 2 / (exp(2|x|) + 1). */
static inline v_float tanh_vector(v_float x)
{
    v_float size = v_abs(x);
    v_float z = v_mul(x, x);
    v_float far, p;

    far = v_add(exp_vector(v_add(size, size)), v_set(1.0f));
    far = v_copy_sign(v_sub(v_set(1.0f), v_div(v_set(2.0f), far)), x);
    p = v_set(-5.70498872745e-3f);
    p = v_fma(p, z, v_set(2.06390887954e-2f));
    p = v_fma(p, z, v_set(-5.37397155531e-2f));
    p = v_fma(p, z, v_set(1.33314422036e-1f));
    p = v_fma(p, z, v_set(-3.33332819422e-1f));
    p = v_fma(v_mul(p, z), x, x);
    return v_select(v_less(size, v_set(0.625f)), p, far);
}

#endif
