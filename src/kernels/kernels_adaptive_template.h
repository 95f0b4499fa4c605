/* Part of kernels_rare_template.h: optimizers other than SGD, RMSprop and Adam, over flat arrays.
 *
 * Each has one function for a vector; part < V_WIDTH is the end of the arrays.
 *
 * SPDX-License-Identifier: MIT */

/* ---- adagrad ---- */

ALWAYS_INLINE void adagrad_at(v_float rate, v_float epsilon, float *w, const float *g,
                              float *accumulator, size_t part)
{
    v_float gradient = rare_load(g, part);
    v_float a = v_fma(gradient, gradient, rare_load(accumulator, part));

    rare_store(accumulator, a, part);
    rare_subtract(w, v_div(v_mul(rate, gradient), v_sqrt(v_add(a, epsilon))), part);
}

static void adagrad(size_t n, float *w, const float *g, float *accumulator,
                    const dlcore_adagrad_step_t *step)
{
    v_float rate = v_set(step->learning_rate), epsilon = v_set(step->epsilon);

    OVER_PARTS(n, adagrad_at(rate, epsilon, w + i, g + i, accumulator + i, part));
}

/* ---- adadelta ---- */

ALWAYS_INLINE void adadelta_at(const rmsprop_vectors_t *s, float *w, const float *g,
                               float *accumulated_grad, float *accumulated_delta, size_t part)
{
    v_float gradient = rare_load(g, part), before = rare_load(accumulated_delta, part);
    v_float a = running_mean(s, rare_load(accumulated_grad, part), v_mul(gradient, gradient));
    v_float d =
        v_div(v_mul(v_sqrt(v_add(before, s->epsilon)), gradient), v_sqrt(v_add(a, s->epsilon)));

    rare_store(accumulated_grad, a, part);
    rare_store(accumulated_delta, running_mean(s, before, v_mul(d, d)), part);
    rare_subtract(w, v_mul(s->rate, d), part);
}

static void adadelta(size_t n, float *w, const float *g, float *accumulated_grad,
                     float *accumulated_delta, const dlcore_rmsprop_step_t *step)
{
    rmsprop_vectors_t s = rmsprop_constants(step);

    OVER_PARTS(n, adadelta_at(&s, w + i, g + i, accumulated_grad + i, accumulated_delta + i, part));
}

/* ---- adamax ---- */

typedef struct adamax_vectors {
    v_float rate, first, beta_2, correction, epsilon;
} adamax_vectors_t;

ALWAYS_INLINE void adamax_at(const adamax_vectors_t *s, float *w, const float *g, float *momentum,
                             float *norm, size_t part)
{
    v_float gradient = rare_load(g, part);
    v_float m = rare_follow_mean(momentum, gradient, s->first, part);
    v_float u = v_max(v_mul(s->beta_2, rare_load(norm, part)), v_abs(gradient));

    rare_store(norm, u, part);
    rare_subtract(w, v_div(v_mul(s->rate, m), v_mul(s->correction, v_add(u, s->epsilon))), part);
}

static void adamax(size_t n, float *w, const float *g, float *momentum, float *norm,
                   const dlcore_adamax_step_t *step)
{
    adamax_vectors_t s = {v_set(step->learning_rate), v_set(step->one_minus_beta_1),
                          v_set(step->beta_2), v_set(step->correction), v_set(step->epsilon)};

    OVER_PARTS(n, adamax_at(&s, w + i, g + i, momentum + i, norm + i, part));
}

/* ---- nadam ---- */

typedef struct nadam_vectors {
    v_float rate, first, second, of_momentum, of_gradient, correction, epsilon;
} nadam_vectors_t;

ALWAYS_INLINE void nadam_at(const nadam_vectors_t *s, float *w, const float *g, float *momentum,
                            float *velocity, size_t part)
{
    v_float gradient = rare_load(g, part);
    v_float m = rare_follow_mean(momentum, gradient, s->first, part);
    v_float v = rare_follow_mean(velocity, v_mul(gradient, gradient), s->second, part);
    v_float ahead = v_fma(s->of_momentum, m, v_mul(s->of_gradient, gradient));

    rare_subtract(
        w, v_div(v_mul(ahead, s->rate), v_add(v_sqrt(v_mul(v, s->correction)), s->epsilon)), part);
}

static void nadam(size_t n, float *w, const float *g, float *momentum, float *velocity,
                  const dlcore_nadam_step_t *step)
{
    nadam_vectors_t s = {v_set(step->learning_rate),    v_set(step->one_minus_beta_1),
                         v_set(step->one_minus_beta_2), v_set(step->of_momentum),
                         v_set(step->of_gradient),      v_set(step->correction),
                         v_set(step->epsilon)};

    OVER_PARTS(n, nadam_at(&s, w + i, g + i, momentum + i, velocity + i, part));
}

/* ---- lion ---- */

typedef struct lion_vectors {
    v_float rate, beta_1, rest_1, beta_2, rest_2;
} lion_vectors_t;

/* Products are rounded before they are added, as in Keras: the sign is all that counts. */
ALWAYS_INLINE void lion_at(const lion_vectors_t *s, float *w, const float *g, float *momentum,
                           size_t part)
{
    v_float gradient = rare_load(g, part), m = rare_load(momentum, part);
    v_float ahead = v_add(v_mul(m, s->beta_1), v_mul(gradient, s->rest_1));

    rare_subtract(w, v_mul(s->rate, sign_vector(ahead)), part);
    rare_store(momentum, v_add(v_mul(m, s->beta_2), v_mul(gradient, s->rest_2)), part);
}

static void lion(size_t n, float *w, const float *g, float *momentum,
                 const dlcore_lion_step_t *step)
{
    lion_vectors_t s = {v_set(step->learning_rate), v_set(step->beta_1),
                        v_set(step->one_minus_beta_1), v_set(step->beta_2),
                        v_set(step->one_minus_beta_2)};

    OVER_PARTS(n, lion_at(&s, w + i, g + i, momentum + i, part));
}

/* ---- ftrl ---- */

typedef struct ftrl_vectors {
    v_float rate, low, high, two_l2, two_shrinkage;
    float power;
} ftrl_vectors_t;

static inline v_float ftrl_power(v_float x, float power)
{
    return power == 0.5f ? v_sqrt(x) : power_vector(x, power);
}

ALWAYS_INLINE void ftrl_at(const ftrl_vectors_t *s, float *w, const float *g, float *accumulator,
                           float *linear, size_t part)
{
    v_float gradient = rare_load(g, part), weight = rare_load(w, part);
    v_float before = rare_load(accumulator, part), z = rare_load(linear, part);
    v_float after = v_add(before, v_mul(gradient, gradient));
    v_float power = ftrl_power(after, s->power);
    v_float slower = v_div(v_sub(power, ftrl_power(before, s->power)), s->rate);
    v_float whole = v_add(v_div(power, s->rate), s->two_l2), moved;

    z = v_add(z, v_fnma(slower, weight, v_fma(s->two_shrinkage, weight, gradient)));
    moved = v_div(v_sub(v_min(s->high, v_max(s->low, z)), z), whole);
    moved = v_select(v_less(v_abs(whole), v_set(FLT_MIN)), weight, moved);
    rare_store(accumulator, after, part);
    rare_store(linear, z, part);
    rare_store(w, moved, part);
}

static void ftrl(size_t n, float *w, const float *g, float *accumulator, float *linear,
                 const dlcore_ftrl_step_t *step)
{
    ftrl_vectors_t s = {v_set(step->learning_rate), v_set(-step->l1),           v_set(step->l1),
                        v_set(step->two_l2),        v_set(step->two_shrinkage), step->power};

    OVER_PARTS(n, ftrl_at(&s, w + i, g + i, accumulator + i, linear + i, part));
}

/* ---- adafactor ---- */

/* g / sqrt(v): 0 where both are 0, which a product of small means may round to. */
ALWAYS_INLINE v_float adafactor_quotient(v_float g, v_float v)
{
    return v_div(g, v_sqrt(v_max(v_set(FLT_MIN), v)));
}

static float adafactor_vector(size_t n, float *velocity, const float *g,
                              const dlcore_adafactor_step_t *step)
{
    v_float keep = v_set(step->beta_2), take = v_set(step->one_minus_beta_2);
    v_float least = v_set(step->epsilon_1), total = v_set(0.0f);

    OVER_PARTS(n, {
        v_float gradient = rare_load(g + i, part);
        v_float square = v_add(v_mul(gradient, gradient), least);
        v_float v = v_fma(keep, rare_load(velocity + i, part), v_mul(take, square));
        v_float u = adafactor_quotient(gradient, v);
        rare_store(velocity + i, v, part);
        total = v_fma(u, u, total);
    });
    return v_sum(total);
}

static float adafactor_matrix(size_t n, float *velocity, const float *g, const float *of_columns,
                              float of_row)
{
    v_float factor = v_set(of_row), total = v_set(0.0f);

    OVER_PARTS(n, {
        v_float v = v_mul(factor, rare_load(of_columns + i, part));
        v_float u = adafactor_quotient(rare_load(g + i, part), v);
        rare_store(velocity + i, v, part);
        total = v_fma(u, u, total);
    });
    return v_sum(total);
}

static void adafactor_move(size_t n, float *w, const float *g, const float *velocity, float rate)
{
    v_float factor = v_set(rate);

    OVER_PARTS(n, {
        v_float u = adafactor_quotient(rare_load(g + i, part), rare_load(velocity + i, part));
        rare_subtract(w + i, v_mul(factor, u), part);
    });
}
