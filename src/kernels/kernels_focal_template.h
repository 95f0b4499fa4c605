/* Part of kernels_rare_template.h: focal crossentropies, and what cosine similarity needs.
 *
 * A focal loss is a crossentropy times a power of what is missing to certainty. Its slope has that
 * power less one, which at 0 may be infinite: from logits the quotient that it is multiplied by is
 * formed first, because it is bounded.
 *
 * SPDX-License-Identifier: MIT */

/* x^exponent, one copy of which is enough. */
NEVER_INLINE static v_float power_vector(v_float x, float exponent)
{
    return rare_exp(v_mul(v_set(exponent), log_of_any(x)));
}

/* `whole` is the exponent where it is a small whole number, else -1. */
static inline v_float power_of(v_float x, float exponent, int whole)
{
    v_float r = v_set(1.0f);

    if (whole < 0)
        return power_vector(x, exponent);
    for (int i = 0; i < whole; i++)
        r = v_mul(r, x);
    return r;
}

static inline v_float focal_factor(v_float q, const dlcore_focal_t *focal)
{
    return power_of(q, focal->gamma, focal->whole);
}

/* gamma q^(gamma - 1) */
static inline v_float focal_slope(v_float q, const dlcore_focal_t *focal)
{
    if (focal->gamma == 0.0f)
        return v_set(0.0f);
    return v_mul(v_set(focal->gamma),
                 power_of(q, focal->gamma - 1.0f, focal->whole > 0 ? focal->whole - 1 : -1));
}

/* ---- binary ---- */

V_ONCE v_float rare_crossentropy_of_probability(v_float p, v_float t, v_float *slope)
{
    return crossentropy_of_probability(p, t, slope);
}

V_ONCE v_float rare_crossentropy_of_logit(v_float x, v_float t, v_float *slope)
{
    return crossentropy_of_logit(x, t, slope);
}

V_ONCE v_float rare_sigmoid(v_float x)
{
    return sigmoid_vector(x);
}

static inline v_float balance(v_float t, v_float rest, const dlcore_focal_t *focal)
{
    if (!focal->balances)
        return v_set(1.0f);
    return v_fma(t, v_set(focal->alpha), v_mul(rest, v_set(1.0f - focal->alpha)));
}

static inline v_float focal_of_probability(v_float p, v_float t, const dlcore_focal_t *focal,
                                           v_float *slope)
{
    v_float one = v_set(1.0f), rest = v_sub(one, t), of_entropy;
    v_float q = v_fma(t, v_sub(one, p), v_mul(rest, p));
    v_float factor = focal_factor(q, focal), w = balance(t, rest, focal);
    v_float entropy = rare_crossentropy_of_probability(p, t, &of_entropy);
    v_float of_factor = v_mul(focal_slope(q, focal), v_sub(rest, t));

    *slope = v_mul(w, v_fma(of_factor, entropy, v_mul(factor, of_entropy)));
    return v_mul(w, v_mul(factor, entropy));
}

/* With s = sigmoid(x) and r = 1 - s = sigmoid(-x), neither of which cancels. */
static inline v_float focal_of_logit(v_float x, v_float t, const dlcore_focal_t *focal,
                                     v_float *slope)
{
    v_float rest = v_sub(v_set(1.0f), t), unused;
    v_float s = rare_sigmoid(x), r = rare_sigmoid(v_sub(v_set(0.0f), x));
    v_float q = v_fma(t, r, v_mul(rest, s));
    v_float quotient = v_div(v_mul(s, r), v_max(v_set(FLT_MIN), q)); /* at most 1 */
    v_float factor = v_mul(focal_factor(q, focal), balance(t, rest, focal));
    v_float entropy = rare_crossentropy_of_logit(x, t, &unused);
    v_float of_factor = v_mul(v_mul(v_set(focal->gamma), v_sub(rest, t)), quotient);
    v_float of_entropy = v_fnma(t, r, v_mul(rest, s)); /* s - t */

    *slope = v_mul(factor, v_fma(of_factor, entropy, of_entropy));
    return v_mul(factor, entropy);
}

/* As ROW_LOSS. */
#define FOCAL_LOSS(name, term)                                                           \
    static float name(const float *x, const float *t, float *dy, size_t n, float weight, \
                      const dlcore_focal_t *focal)                                       \
    {                                                                                    \
        v_float total = v_set(0.0f), w = v_set(weight), slope;                           \
        OVER_PARTS(n, {                                                                  \
            v_float p = rare_load(x + i, part), label = rare_load(t + i, part);          \
            total = v_add(total, rare_keep(term(p, label, focal, &slope), part));        \
            if (dy != NULL)                                                              \
                rare_store(dy + i, v_mul(slope, w), part);                               \
        });                                                                              \
        return v_sum(total);                                                             \
    }

FOCAL_LOSS(binary_focal, focal_of_probability)
FOCAL_LOSS(binary_focal_logits, focal_of_logit)

/* ---- categorical ---- */

static float categorical_focal(const float *p, const float *t, float *dy, size_t n, float total,
                               const dlcore_focal_t *focal, float *inner)
{
    v_float factor = v_set(1.0f / total), alpha = v_set(focal->alpha), zero = v_set(0.0f);
    v_float loss = zero, products = zero;

    for (size_t i = 0; i < n; i += V_WIDTH) {
        size_t part = n - i < V_WIDTH ? n - i : V_WIDTH;
        v_float quotient = v_mul(rare_load(p + i, part), factor);
        v_float label = v_mul(alpha, rare_load(t + i, part));
        v_float q = clip(quotient), missing = v_sub(v_set(1.0f), q);
        v_float logarithm = v_add(rare_log(q), v_sub(q, q)); /* NaN of NaN */
        v_float power = focal_factor(missing, focal);

        loss = v_sub(loss, rare_keep_first(v_mul(label, v_mul(power, logarithm)), part));
        if (dy != NULL) {
            v_float slope = v_sub(v_mul(focal_slope(missing, focal), logarithm), v_div(power, q));

            slope = where_inside(quotient, v_mul(label, slope));
            products = v_fma(slope, rare_keep_first(quotient, part), products);
            rare_store(dy + i, slope, part);
        }
    }
    *inner = v_sum(products);
    return v_sum(loss);
}

/* The loss of one class, and its slope by log q. */
NEVER_INLINE static v_float focal_class(v_float q, v_float logarithm, v_float label,
                                        const dlcore_focal_t *focal, v_float *slope)
{
    v_float missing = v_sub(v_set(1.0f), q), power = focal_factor(missing, focal);
    v_float of_power = v_mul(focal_slope(missing, focal), v_mul(q, logarithm));

    /* certain, and gamma below 1: infinite times a logarithm that is 0 */
    of_power = v_select(v_less(logarithm, v_set(0.0f)), of_power, v_sub(logarithm, logarithm));
    *slope = v_mul(label, v_sub(of_power, power));
    return v_sub(v_set(0.0f), v_mul(label, v_mul(power, logarithm)));
}

static float focal_of_logits(const float *q, const float *x, const float *t, size_t n, float shift,
                             float log_sum, const dlcore_focal_t *focal, float *inner)
{
    v_float alpha = v_set(focal->alpha), from = v_set(shift), rest = v_set(log_sum);
    v_float loss = v_set(0.0f), slopes = v_set(0.0f), slope;

    for (size_t i = 0; i < n; i += V_WIDTH) {
        size_t part = n - i < V_WIDTH ? n - i : V_WIDTH;
        v_float logarithm = v_sub(v_sub(rare_load(x + i, part), from), rest);
        v_float label = v_mul(alpha, rare_load(t + i, part));
        v_float one = focal_class(rare_load(q + i, part), logarithm, label, focal, &slope);

        loss = v_add(loss, rare_keep_first(one, part));
        slopes = v_add(slopes, rare_keep_first(slope, part));
    }
    *inner = v_sum(slopes);
    return v_sum(loss);
}

static void focal_gradient(float *dy, const float *x, const float *t, size_t n, float shift,
                           float log_sum, const dlcore_focal_t *focal, float inner, float weight)
{
    v_float alpha = v_set(focal->alpha), from = v_set(shift), rest = v_set(log_sum);
    v_float all = v_set(inner), w = v_set(weight), slope;

    for (size_t i = 0; i < n; i += V_WIDTH) {
        size_t part = n - i < V_WIDTH ? n - i : V_WIDTH;
        v_float q = rare_load(dy + i, part);
        v_float logarithm = v_sub(v_sub(rare_load(x + i, part), from), rest);
        v_float label = v_mul(alpha, rare_load(t + i, part));

        (void)focal_class(q, logarithm, label, focal, &slope);
        rare_store(dy + i, v_mul(v_fnma(q, all, slope), w), part);
    }
}

/* ---- cosine similarity ---- */

/* In double, where squares neither overflow nor leave more of their rounding than there is of the
 * product of two vectors that are nearly at right angles. */
static void pair_sums(const float *p, const float *t, size_t n, double sums[3])
{
    for (size_t i = 0; i < n; i++) {
        sums[0] += (double)p[i] * (double)t[i];
        sums[1] += (double)p[i] * (double)p[i];
        sums[2] += (double)t[i] * (double)t[i];
    }
}

static void combine_pair(float *dst, const float *a, const float *b, size_t n, float of_a,
                         float of_b)
{
    v_float first = v_set(of_a), second = v_set(of_b);
    size_t i = 0;

    for (; i + V_WIDTH <= n; i += V_WIDTH)
        v_store(dst + i, v_fma(first, v_load(a + i), v_mul(second, v_load(b + i))));
    if (i < n)
        rare_store(dst + i,
                   v_fma(first, rare_load(a + i, n - i), v_mul(second, rare_load(b + i, n - i))),
                   n - i);
}
