/* Part of kernels_template.h: SGD, RMSprop and Adam over flat arrays; the others stand in
 * kernels_adaptive_template.h.
 *
 * SPDX-License-Identifier: MIT */

static void sgd(size_t n, float *w, const float *g, const dlcore_sgd_step_t *step)
{
    v_float rate = v_set(step->learning_rate);
    size_t i = 0;

    for (; i + V_WIDTH <= n; i += V_WIDTH)
        v_store(w + i, v_fnma(rate, v_load(g + i), v_load(w + i)));
    if (i < n)
        v_store_part(w + i, v_fnma(rate, v_load_part(g + i, n - i), v_load_part(w + i, n - i)),
                     n - i);
}

static void sgd_momentum(size_t n, float *w, const float *g, float *velocity,
                         const dlcore_sgd_step_t *step)
{
    v_float rate = v_set(step->learning_rate), momentum = v_set(step->momentum);

    for (size_t i = 0; i < n; i += V_WIDTH) {
        size_t part = n - i < V_WIDTH ? n - i : V_WIDTH;
        int whole = part == V_WIDTH;
        v_float gradient = whole ? v_load(g + i) : v_load_part(g + i, part);
        v_float v = whole ? v_load(velocity + i) : v_load_part(velocity + i, part);
        v_float weight = whole ? v_load(w + i) : v_load_part(w + i, part);

        v = v_fnma(rate, gradient, v_mul(v, momentum));
        if (step->nesterov)
            weight = v_fnma(rate, gradient, v_fma(v, momentum, weight));
        else
            weight = v_add(weight, v);
        if (whole) {
            v_store(velocity + i, v);
            v_store(w + i, weight);
        } else {
            v_store_part(velocity + i, v, part);
            v_store_part(w + i, weight, part);
        }
    }
}

static void rmsprop(size_t n, float *w, const float *g, float *velocity,
                    const dlcore_rmsprop_step_t *step)
{
    rmsprop_vectors_t s = rmsprop_constants(step);
    /* Half of a small network is padding, all of it +0, and stays so; in larger pieces it costs to
     * look. A weight that is not 0 is always gone over, for a denormal one may become 0, and bits
     * must not depend on pieces. An epsilon of 0 makes 0 / 0 of a zero. */
    int rests = n < 1024 && step->epsilon >= 1e-30f;
    size_t i = 0;

    for (; i + V_WIDTH <= n; i += V_WIDTH) {
        v_float gradient = v_load(g + i), v = v_load(velocity + i);

        if (rests && v_are_zero(gradient, v) && v_are_zero(gradient, v_load(w + i)))
            continue;
        v = running_mean(&s, v, v_mul(gradient, gradient));
        v_float d = v_mul(v_mul(s.rate, gradient), v_rsqrt(v_add(v, s.epsilon)));
        v_store(velocity + i, v);
        v_store(w + i, v_sub(v_load(w + i), d));
    }
    if (i < n) {
        size_t part = n - i;
        v_float gradient = v_load_part(g + i, part);
        v_float v = running_mean(&s, v_load_part(velocity + i, part), v_mul(gradient, gradient));
        v_float d = v_mul(v_mul(s.rate, gradient), v_rsqrt(v_add(v, s.epsilon)));
        v_store_part(velocity + i, v, part);
        v_store_part(w + i, v_sub(v_load_part(w + i, part), d), part);
    }
}

static void rmsprop_full(size_t n, float *w, const float *g, float *velocity,
                         float *average_gradient, float *momentum,
                         const dlcore_rmsprop_step_t *step)
{
    rmsprop_vectors_t s = rmsprop_constants(step);
    v_float factor = v_set(step->momentum);

    for (size_t i = 0; i < n; i += V_WIDTH) {
        size_t part = n - i < V_WIDTH ? n - i : V_WIDTH;
        v_float gradient = v_load_part(g + i, part);
        v_float v = running_mean(&s, v_load_part(velocity + i, part), v_mul(gradient, gradient));
        v_float variance = v, d;

        v_store_part(velocity + i, v, part);
        if (average_gradient != NULL) {
            v_float a = running_mean(&s, v_load_part(average_gradient + i, part), gradient);
            v_store_part(average_gradient + i, a, part);
            variance = v_fnma(a, a, v);
        }
        /* a centered variance may round below zero: the exact root keeps Keras's behaviour */
        d = v_div(v_mul(s.rate, gradient), v_sqrt(v_add(variance, s.epsilon)));
        if (momentum != NULL) {
            d = v_fma(factor, v_load_part(momentum + i, part), d);
            v_store_part(momentum + i, d, part);
        }
        v_store_part(w + i, v_sub(v_load_part(w + i, part), d), part);
    }
}

/* ---- adam, adamw ---- */

typedef struct adam_vectors {
    v_float alpha, first, second, epsilon;
} adam_vectors_t;

static inline adam_vectors_t adam_constants(const dlcore_adam_step_t *step)
{
    return (adam_vectors_t){v_set(step->alpha), v_set(step->one_minus_beta_1),
                            v_set(step->one_minus_beta_2), v_set(step->epsilon)};
}

/* `largest` NULL: not amsgrad */
ALWAYS_INLINE void adam_at(const adam_vectors_t *s, float *w, const float *g, float *momentum,
                           float *velocity, float *largest, size_t part)
{
    v_float gradient = load_some(g, part);
    v_float m = follow_mean(momentum, gradient, s->first, part);
    v_float v = follow_mean(velocity, v_mul(gradient, gradient), s->second, part);

    if (largest != NULL) {
        v = v_max(v, load_some(largest, part));
        store_some(largest, v, part);
    }
    subtract(w, v_div(v_mul(m, s->alpha), v_add(v_sqrt(v), s->epsilon)), part);
}

static void adam(size_t n, float *w, const float *g, float *momentum, float *velocity,
                 const dlcore_adam_step_t *step)
{
    adam_vectors_t s = adam_constants(step);

    OVER_VECTORS(n, adam_at(&s, w + i, g + i, momentum + i, velocity + i, NULL, part));
}

static void adam_amsgrad(size_t n, float *w, const float *g, float *momentum, float *velocity,
                         float *velocity_hat, const dlcore_adam_step_t *step)
{
    adam_vectors_t s = adam_constants(step);

    OVER_VECTORS(n, adam_at(&s, w + i, g + i, momentum + i, velocity + i, velocity_hat + i, part));
}
