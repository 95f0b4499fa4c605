/* Part of kernels_rare_template.h: losses of one prediction x and one label t, and categorical
 * hinge.
 *
 * Where a formula is not smooth, slopes are those of TensorFlow's gradients: 0 for |0|, of a
 * maximum that of its first argument when both are equal. NaN stays NaN: v_max and v_min answer
 * their second.
 *
 * SPDX-License-Identifier: MIT */

#include <float.h>

/* As ROW_LOSS, for a TERM that takes delta, too. */
#define ELEMENT_LOSS(name, term)                                                         \
    static float name(const float *x, const float *t, float *dy, size_t n, float weight, \
                      float delta)                                                       \
    {                                                                                    \
        v_float total = v_set(0.0f), w = v_set(weight), d = v_set(delta), slope;         \
        OVER_PARTS(n, {                                                                  \
            v_float p = rare_load(x + i, part), label = rare_load(t + i, part);          \
            total = v_add(total, rare_keep(term(p, label, d, &slope), part));            \
            if (dy != NULL)                                                              \
                rare_store(dy + i, v_mul(slope, w), part);                               \
        });                                                                              \
        return v_sum(total);                                                             \
    }

/* -1, 0 or 1; NaN for NaN */
V_ONCE v_float sign_vector(v_float x)
{
    v_float zero = v_set(0.0f);
    return v_select(v_greater(x, zero), v_set(1.0f), v_select(v_less(x, zero), v_set(-1.0f), x));
}

/* log(x) for x that is 0, negative or not finite, too; denormals count as 0. */
V_ONCE v_float log_of_any(v_float x)
{
    v_float r = v_select(v_less(v_abs(x), v_set(HUGE_VALF)), rare_log(x), x);
    r = v_select(v_less(x, v_set(0.0f)), v_set(NAN), r);
    return v_select(v_less(v_abs(x), v_set(FLT_MIN)), v_set(-HUGE_VALF), r);
}

static inline v_float absolute_term(v_float x, v_float t, v_float delta, v_float *slope)
{
    v_float e = v_sub(x, t);
    (void)delta;
    *slope = sign_vector(e);
    return v_abs(e);
}

static inline v_float percentage_term(v_float x, v_float t, v_float delta, v_float *slope)
{
    v_float size = v_max(v_set(LOWEST_PROBABILITY), v_abs(t)), hundred = v_set(100.0f);
    v_float e = v_div(v_sub(x, t), size);
    (void)delta;
    *slope = v_mul(hundred, v_div(sign_vector(e), size));
    return v_mul(hundred, v_abs(e));
}

static inline v_float squared_logarithmic_term(v_float x, v_float t, v_float delta, v_float *slope)
{
    v_float least = v_set(LOWEST_PROBABILITY), one = v_set(1.0f);
    v_float p = v_add(v_max(least, x), one);
    v_float e = v_sub(log_of_any(p), log_of_any(v_add(v_max(least, t), one)));
    (void)delta;
    *slope = v_select(v_less(x, least), v_set(0.0f), v_div(v_add(e, e), p));
    return v_mul(e, e);
}

static inline v_float huber_term(v_float x, v_float t, v_float delta, v_float *slope)
{
    v_float e = v_sub(x, t), size = v_abs(e), half = v_set(0.5f);
    v_mask far = v_greater(size, delta);
    v_float beyond = v_sub(v_mul(delta, size), v_mul(half, v_mul(delta, delta)));
    *slope = v_select(far, v_mul(delta, sign_vector(e)), e);
    return v_select(far, beyond, v_mul(half, v_mul(e, e)));
}

/* The slope at 0 is that of e >= 0, as TensorFlow's gradient of max(q e, (q - 1) e) has it. */
static inline v_float quantile_term(v_float x, v_float t, v_float q, v_float *slope)
{
    v_float e = v_sub(t, x), zero = v_set(0.0f);
    v_float factor = v_select(v_less(e, zero), v_sub(q, v_set(1.0f)), q);
    *slope = v_sub(zero, factor);
    return v_mul(factor, e);
}

/* |e| + log(1 + exp(-2 |e|)) - log 2, whose rounding may go below 0 */
static inline v_float log_cosh_term(v_float x, v_float t, v_float delta, v_float *slope)
{
    v_float e = v_sub(x, t), size = v_abs(e);
    v_float z = rare_exp(v_mul(v_set(-2.0f), size));
    (void)delta;
    *slope = rare_tanh(e);
    return relu_vector(v_sub(v_add(size, rare_log1p(z)), v_set(0.693147182f)));
}

static inline v_float kl_divergence_term(v_float x, v_float t, v_float delta, v_float *slope)
{
    v_float least = v_set(LOWEST_PROBABILITY), one = v_set(1.0f), zero = v_set(0.0f);
    v_float p = v_min(one, v_max(least, x)), q = v_min(one, v_max(least, t));
    v_float ratio = v_div(q, p);
    (void)delta;
    *slope = v_sub(zero, ratio);
    *slope = v_select(v_less(x, least), zero, *slope);
    *slope = v_select(v_greater(x, one), zero, *slope);
    return v_mul(q, log_of_any(ratio));
}

static inline v_float poisson_term(v_float x, v_float t, v_float delta, v_float *slope)
{
    v_float p = v_add(x, v_set(LOWEST_PROBABILITY));
    (void)delta;
    *slope = v_sub(v_set(1.0f), v_div(t, p));
    return v_sub(x, v_mul(t, log_of_any(p)));
}

static inline v_float hinge_term(v_float x, v_float t, v_float delta, v_float *slope)
{
    v_float zero = v_set(0.0f), margin = v_sub(v_set(1.0f), v_mul(t, x));
    (void)delta;
    *slope = v_select(v_less(margin, zero), zero, v_sub(zero, t));
    return v_max(zero, margin);
}

static inline v_float squared_hinge_term(v_float x, v_float t, v_float delta, v_float *slope)
{
    v_float margin = v_max(v_set(0.0f), v_sub(v_set(1.0f), v_mul(t, x)));
    (void)delta;
    *slope = v_mul(v_mul(v_set(-2.0f), t), margin);
    return v_mul(margin, margin);
}

ELEMENT_LOSS(absolute_error, absolute_term)
ELEMENT_LOSS(absolute_percentage_error, percentage_term)
ELEMENT_LOSS(squared_logarithmic_error, squared_logarithmic_term)
ELEMENT_LOSS(huber, huber_term)
ELEMENT_LOSS(quantile, quantile_term)
ELEMENT_LOSS(log_cosh, log_cosh_term)
ELEMENT_LOSS(kl_divergence, kl_divergence_term)
ELEMENT_LOSS(poisson, poisson_term)
ELEMENT_LOSS(hinge, hinge_term)
ELEMENT_LOSS(squared_hinge, squared_hinge_term)

/* ---- categorical hinge: plain loops, which compilers turn into vectors ---- */

static float hinge_largest(const float *p, const float *t, size_t n)
{
    float best = -HUGE_VALF;

    for (size_t i = 0; i < n; i++) {
        float q = (1.0f - t[i]) * p[i];
        best = q > best || isnan(q) ? q : best; /* a NaN stays */
    }
    return best;
}

static size_t hinge_ties(const float *p, const float *t, size_t n, float largest)
{
    size_t count = 0;

    for (size_t i = 0; i < n; i++)
        count += (1.0f - t[i]) * p[i] == largest;
    return count;
}

static void hinge_gradient(const float *p, const float *t, float *dy, size_t n, float largest,
                           float weight, float share)
{
    for (size_t i = 0; i < n; i++) {
        float rest = 1.0f - t[i];
        float more = rest * p[i] == largest ? rest * share : 0.0f;
        dy[i] = more - t[i] * weight;
    }
}
