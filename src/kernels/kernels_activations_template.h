/* Part of kernels_rare_template.h: activations of single elements, each with its slope.
 *
 * Each slope is a function of what dlcore_activate_needs_input (activate.h) says, the output y or
 * the input. Written so that no digits cancel where the result is small: gelu's and silu's tails
 * keep their digits, where the formulas with 1 + erf or 1 - sigmoid lose them.
 *
 * SPDX-License-Identifier: MIT */

/* y = function(y, parameter) */
#define APPLY(name, function)                                                             \
    static void name(float *y, size_t n, float parameter)                                 \
    {                                                                                     \
        v_float p = v_set(parameter);                                                     \
        (void)p;                                                                          \
        OVER_PARTS(n, { rare_store(y + i, function(rare_load(y + i, part), p), part); }); \
    }

/* dy *= slope(from, parameter) */
#define APPLY_SLOPE(name, slope)                                              \
    static void name(const float *from, float *dy, size_t n, float parameter) \
    {                                                                         \
        v_float p = v_set(parameter);                                         \
        (void)p;                                                              \
        OVER_PARTS(n, {                                                       \
            v_float rise = slope(rare_load(from + i, part), p);               \
            rare_store(dy + i, v_mul(rare_load(dy + i, part), rise), part);   \
        });                                                                   \
    }

#define ACTIVATION(name)           \
    APPLY(name##_apply, name##_of) \
    APPLY_SLOPE(name##_gradient, name##_slope)

/* x within [-bound, bound]; NaN stays NaN, because v_max and v_min answer their second. */
static inline v_float bounded(v_float x, float bound)
{
    return v_min(v_set(bound), v_max(v_set(-bound), x));
}

/* ---- piecewise linear ---- */

static inline v_float leaky_relu_of(v_float x, v_float negative_slope)
{
    return v_select(v_greater(x, v_set(0.0f)), x, v_mul(x, negative_slope));
}

static inline v_float leaky_relu_slope(v_float y, v_float negative_slope)
{
    return v_select(v_greater(y, v_set(0.0f)), v_set(1.0f), negative_slope);
}

/* value where x lies between low and high, else 0 */
static inline v_float where_between(v_float x, float low, float high, v_float value)
{
    v_float zero = v_set(0.0f);
    return v_select(v_greater(x, v_set(low)), v_select(v_less(x, v_set(high)), value, zero), zero);
}

static inline v_float relu6_of(v_float x, v_float parameter)
{
    (void)parameter;
    return v_min(v_set(6.0f), relu_vector(x));
}

static inline v_float relu6_slope(v_float y, v_float parameter)
{
    (void)parameter;
    return where_between(y, 0.0f, 6.0f, v_set(1.0f));
}

static inline v_float hard_sigmoid_of(v_float x, v_float parameter)
{
    return v_div(relu6_of(v_add(x, v_set(3.0f)), parameter), v_set(6.0f));
}

static inline v_float hard_sigmoid_slope(v_float y, v_float parameter)
{
    (void)parameter;
    return where_between(y, 0.0f, 1.0f, v_set(1.0f / 6.0f));
}

static inline v_float hard_silu_of(v_float x, v_float parameter)
{
    return v_mul(x, hard_sigmoid_of(x, parameter));
}

static inline v_float hard_silu_slope(v_float x, v_float parameter)
{
    v_float rise = where_between(v_add(x, v_set(3.0f)), 0.0f, 6.0f, v_div(x, v_set(6.0f)));
    return v_add(hard_sigmoid_of(x, parameter), rise);
}

/* ---- exponential ---- */

/* x where it is not negative (or is NaN), else exp(x) - 1: as exp_vector, but 2^n (p + 1) - 1 is
 * formed of 2^n p and 2^n - 1, both exact or small. Within 2 ulp. */
V_ONCE v_float expm1_vector(v_float x)
{
    v_float inside = v_min(v_max(x, v_set(-30.0f)), v_set(0.0f)); /* exp(-30) < ulp(1) */
    v_float n, r = exp_rest(inside, &n);
    v_float power = v_scale2(v_set(1.0f), n);
    v_float p = v_fma(exp_of_rest(r), power, v_sub(power, v_set(1.0f)));
    return v_select(v_less(x, v_set(0.0f)), p, x);
}

static inline v_float elu_of(v_float x, v_float alpha)
{
    v_float y = expm1_vector(x);
    return v_select(v_less(x, v_set(0.0f)), v_mul(alpha, y), y);
}

static inline v_float elu_slope(v_float y, v_float alpha)
{
    return v_select(v_greater(y, v_set(0.0f)), v_set(1.0f), v_add(y, alpha));
}

/* Keras's default alpha, 1, which alone has a name. */
static inline v_float celu_of(v_float x, v_float parameter)
{
    (void)parameter;
    return expm1_vector(x);
}

static inline v_float celu_slope(v_float y, v_float parameter)
{
    (void)parameter;
    return elu_slope(y, v_set(1.0f));
}

#define SELU_SCALE 1.05070098735548049342f
#define SELU_ALPHA 1.67326324235437728481f

static inline v_float selu_of(v_float x, v_float parameter)
{
    (void)parameter;
    return v_mul(v_set(SELU_SCALE), elu_of(x, v_set(SELU_ALPHA)));
}

/* The slope at 0 is that above 0, as TensorFlow's (and other than elu's). NaN stays NaN. */
static inline v_float selu_slope(v_float y, v_float parameter)
{
    v_float scale = v_set(SELU_SCALE), zero = v_set(0.0f);
    (void)parameter;
    return v_select(v_greater(y, zero), scale,
                    v_add(y, v_select(v_less(y, zero), v_set(SELU_SCALE * SELU_ALPHA), scale)));
}

static inline v_float exponential_of(v_float x, v_float parameter)
{
    (void)parameter;
    return rare_exp(x);
}

static inline v_float exponential_slope(v_float y, v_float parameter)
{
    (void)parameter;
    return y;
}

/* max(x, 0) + log(1 + exp(-|x|)), which neither overflows nor cancels */
static inline v_float softplus_of(v_float x, v_float parameter)
{
    (void)parameter;
    return v_add(relu_vector(x), rare_log1p(rare_exp(v_sub(v_set(0.0f), v_abs(x)))));
}

/* sigmoid(x) = 1 - exp(-y) */
static inline v_float softplus_slope(v_float y, v_float parameter)
{
    v_float zero = v_set(0.0f);
    (void)parameter;
    return v_sub(zero, expm1_vector(v_sub(zero, y)));
}

static inline v_float softsign_of(v_float x, v_float parameter)
{
    (void)parameter;
    return v_div(x, v_add(v_set(1.0f), v_abs(x)));
}

static inline v_float softsign_slope(v_float x, v_float parameter)
{
    v_float root = v_div(v_set(1.0f), v_add(v_set(1.0f), v_abs(x)));
    (void)parameter;
    return v_mul(root, root);
}

/* ---- x times something that rises from 0 to 1 ---- */

/* sigmoid(x), and in *rest sigmoid(-x), from one exponential: neither is 1 minus the other, so that
 * the smaller one keeps its digits. */
V_ONCE v_float sigmoid_pair(v_float x, v_float *rest)
{
    v_float e = rare_exp(v_sub(v_set(0.0f), v_abs(x)));
    v_float larger = v_div(v_set(1.0f), v_add(v_set(1.0f), e));
    v_float smaller = v_mul(e, larger);
    v_mask negative = v_less(x, v_set(0.0f));
    *rest = v_select(negative, larger, smaller);
    return v_select(negative, smaller, larger);
}

static inline v_float silu_of(v_float x, v_float parameter)
{
    v_float rest;
    (void)parameter;
    return v_mul(x, sigmoid_pair(x, &rest));
}

/* s + x s (1 - s); beyond 100 one of the two is 0 */
static inline v_float silu_slope(v_float x, v_float parameter)
{
    v_float rest, s = sigmoid_pair(x, &rest);
    (void)parameter;
    return v_fma(bounded(x, 100.0f), v_mul(s, rest), s);
}

/* tanh(log(1 + e)) = e (e + 2) / (e (e + 2) + 2), e = exp(x); 1 in float32 from x = 20 on */
V_ONCE v_float tanh_of_softplus(v_float x, v_float *e)
{
    v_float product;
    *e = rare_exp(v_min(v_set(20.0f), x));
    product = v_mul(*e, v_add(*e, v_set(2.0f)));
    return v_div(product, v_add(product, v_set(2.0f)));
}

static inline v_float mish_of(v_float x, v_float parameter)
{
    v_float e;
    (void)parameter;
    return v_mul(x, tanh_of_softplus(x, &e));
}

/* t + x (1 - t^2) sigmoid(x), where 1 - t^2 = 4 (1 + e)^2 / (e (e + 2) + 2)^2 and sigmoid(x) =
 * e / (1 + e) */
static inline v_float mish_slope(v_float x, v_float parameter)
{
    v_float e, t = tanh_of_softplus(x, &e), two = v_set(2.0f), below, bent;
    (void)parameter;
    below = v_fma(e, v_add(e, two), two);
    bent = v_div(v_mul(v_set(4.0f), v_fma(e, e, e)), v_mul(below, below));
    return v_fma(bounded(x, 100.0f), bent, t);
}

/* ---- the normal distribution ---- */

/* P(X <= x) of a normal X, and in *density exp(-x^2 / 2). With a = |x|, the tail P(X > a) is
 * exp(-a^2 / 2) R(a), and R(a) = p((a - 4) / (a + 4)) / (a + 4) with a polynomial p that was fitted
 * to erfcx(a / sqrt 2) (a + 4) / 2 over [0, 14], to a relative error of 8e-9. In the exponent a is
 * split: the square of its first 12 bits is exact, the rest is small. */
V_ONCE v_float normal_vector(v_float x, v_float *density)
{
    v_float a = v_min(v_abs(x), v_set(14.0f)); /* NaN: 14; whoever uses it multiplies by x */
    v_float t = v_div(v_set(1.0f), v_add(a, v_set(4.0f)));
    v_float q = v_mul(v_sub(a, v_set(4.0f)), t);
    v_float head = v_mul(v_round(v_mul(a, v_set(256.0f))), v_set(1.0f / 256.0f));
    v_float low = v_mul(v_mul(v_set(-0.5f), v_sub(a, head)), v_add(a, head));
    v_float p = v_set(-1.2952931866e-4f), tail;

    p = v_fma(p, q, v_set(1.8462800654e-4f));
    p = v_fma(p, q, v_set(1.5718584182e-3f));
    p = v_fma(p, q, v_set(-3.5149813630e-3f));
    p = v_fma(p, q, v_set(-7.5267269276e-3f));
    p = v_fma(p, q, v_set(6.0404144228e-2f));
    p = v_fma(p, q, v_set(-1.8652319908e-1f));
    p = v_fma(p, q, v_set(3.8713687658e-1f));
    p = v_fma(p, q, v_set(-6.0789662600e-1f));
    p = v_fma(p, q, v_set(7.5528514385e-1f));
    /* exp(low) = 1 + low + low^2 / 2 + low^3 / 6 for |low| below 0.03 */
    low = v_fma(v_mul(low, low), v_fma(low, v_set(1.0f / 6.0f), v_set(0.5f)), low);
    *density = rare_exp(v_mul(v_mul(head, head), v_set(-0.5f)));
    *density = v_fma(*density, low, *density);
    tail = v_mul(v_mul(p, t), *density);
    return v_select(v_less(x, v_set(0.0f)), tail, v_sub(v_set(1.0f), tail));
}

static inline v_float gelu_of(v_float x, v_float parameter)
{
    v_float density;
    (void)parameter;
    return v_mul(x, normal_vector(x, &density));
}

static inline v_float gelu_slope(v_float x, v_float parameter)
{
    v_float density, p = normal_vector(x, &density);
    (void)parameter;
    density = v_mul(density, v_set(0.398942280401432678f)); /* 1 / sqrt(2 pi) */
    return v_fma(bounded(x, 20.0f), density, p);
}

#define GELU_ROOT 1.59576912160573071176f /* 2 sqrt(2 / pi) */
#define GELU_CUBIC 0.044715f

/* (1 + tanh(u)) / 2 = sigmoid(2 u), 2 u = 2 sqrt(2 / pi) (x + 0.044715 x^3); x is bounded, for
 * which sigmoid is 0 or 1 long before */
static inline v_float gelu_tanh_argument(v_float x)
{
    v_float b = bounded(x, 20.0f);
    v_float cubic = v_fma(v_mul(b, b), v_set(GELU_CUBIC), v_set(1.0f));
    return v_mul(v_mul(b, v_set(GELU_ROOT)), cubic);
}

static inline v_float gelu_tanh_of(v_float x, v_float parameter)
{
    v_float rest;
    (void)parameter;
    return v_mul(x, sigmoid_pair(gelu_tanh_argument(x), &rest));
}

/* s + x s (1 - s) (2 u)' */
static inline v_float gelu_tanh_slope(v_float x, v_float parameter)
{
    v_float rest, s = sigmoid_pair(gelu_tanh_argument(x), &rest), b = bounded(x, 20.0f);
    v_float inner = v_fma(v_mul(b, b), v_set(3.0f * GELU_CUBIC), v_set(1.0f));
    (void)parameter;
    return v_fma(v_mul(v_mul(b, v_set(GELU_ROOT)), inner), v_mul(s, rest), s);
}

/* ---- of Keras's later ones ---- */

static inline v_float hard_tanh_of(v_float x, v_float parameter)
{
    (void)parameter;
    return bounded(x, 1.0f);
}

/* 1 at the ends, too, as Keras has it. */
static inline v_float hard_tanh_slope(v_float x, v_float parameter)
{
    v_float one = v_set(1.0f);
    (void)parameter;
    return v_select(v_greater(v_abs(x), one), v_set(0.0f), one);
}

/* -softplus(-x) */
static inline v_float log_sigmoid_of(v_float x, v_float parameter)
{
    v_float zero = v_set(0.0f);
    return v_sub(zero, softplus_of(v_sub(zero, x), parameter));
}

/* sigmoid(-x) = 1 - exp(y) */
static inline v_float log_sigmoid_slope(v_float y, v_float parameter)
{
    (void)parameter;
    return v_sub(v_set(0.0f), expm1_vector(y));
}

#define SHRINK 0.5f

static inline v_float soft_shrink_of(v_float x, v_float parameter)
{
    (void)parameter;
    return v_sub(x, bounded(x, SHRINK));
}

/* 1 but where y is 0 */
static inline v_float shrink_slope(v_float y, v_float parameter)
{
    (void)parameter;
    return v_select(v_greater(v_abs(y), v_set(0.0f)), v_set(1.0f), v_set(0.0f));
}

static inline v_float hard_shrink_of(v_float x, v_float parameter)
{
    v_mask within = v_less(v_abs(x), v_set(SHRINK + 0x1p-24f)); /* the next above: up to SHRINK */
    (void)parameter;
    return v_select(within, v_set(0.0f), x);
}

/* Near 0 the difference cancels: there (x cosh x - sinh x) / cosh x, with the series
 * x^3 sum_k x^2k (2k + 2) / (2k + 3)! and sum_k x^2k / (2k)!. */
static inline v_float tanh_shrink_of(v_float x, v_float parameter)
{
    const float edge = 1.25f;
    v_float b = bounded(x, edge), s = v_mul(b, b), difference, cosine;
    (void)parameter;
    difference = v_set(1.0f / 518918400.0f);
    difference = v_fma(difference, s, v_set(1.0f / 3991680.0f));
    difference = v_fma(difference, s, v_set(1.0f / 45360.0f));
    difference = v_fma(difference, s, v_set(1.0f / 840.0f));
    difference = v_fma(difference, s, v_set(1.0f / 30.0f));
    difference = v_fma(difference, s, v_set(1.0f / 3.0f));
    cosine = v_set(1.0f / 479001600.0f);
    cosine = v_fma(cosine, s, v_set(1.0f / 3628800.0f));
    cosine = v_fma(cosine, s, v_set(1.0f / 40320.0f));
    cosine = v_fma(cosine, s, v_set(1.0f / 720.0f));
    cosine = v_fma(cosine, s, v_set(1.0f / 24.0f));
    cosine = v_fma(cosine, s, v_set(0.5f));
    cosine = v_fma(cosine, s, v_set(1.0f));
    difference = v_div(v_mul(v_mul(b, s), difference), cosine);
    return v_select(v_less(v_abs(x), v_set(edge)), difference, v_sub(x, rare_tanh(x)));
}

static inline v_float tanh_shrink_slope(v_float x, v_float parameter)
{
    v_float t = rare_tanh(x);
    (void)parameter;
    return v_mul(t, t);
}

/* With s = (|x| + sqrt(x^2 + 4)) / 2 it is s, or 1 / s below 0, where the sum would cancel. */
static inline v_float squareplus_of(v_float x, v_float parameter)
{
    v_float a = v_abs(x), b = v_min(v_set(1e15f), a), half = v_set(0.5f);
    v_float root = v_max(v_sqrt(v_fma(b, b, v_set(4.0f))), a); /* a itself where it is large */
    v_float s = v_fma(half, a, v_mul(half, root));
    (void)parameter;
    return v_select(v_less(x, v_set(0.0f)), v_div(v_set(1.0f), s), s);
}

/* (1 + x / sqrt(x^2 + 4)) / 2 = 1 / (1 + 1 / y^2) */
static inline v_float squareplus_slope(v_float y, v_float parameter)
{
    v_float one = v_set(1.0f), inverse = v_div(one, y);
    (void)parameter;
    return v_div(one, v_fma(inverse, inverse, one));
}

static inline v_float sparse_plus_of(v_float x, v_float parameter)
{
    v_float half = v_mul(v_add(bounded(x, 1.0f), v_set(1.0f)), v_set(0.5f));
    (void)parameter;
    return v_select(v_greater(x, v_set(1.0f)), x, v_mul(half, half));
}

static inline v_float sparse_plus_slope(v_float y, v_float parameter)
{
    (void)parameter;
    return v_min(v_set(1.0f), v_sqrt(y));
}

static inline v_float sparse_sigmoid_of(v_float x, v_float parameter)
{
    (void)parameter;
    return v_mul(v_add(bounded(x, 1.0f), v_set(1.0f)), v_set(0.5f));
}

static inline v_float sparse_sigmoid_slope(v_float x, v_float parameter)
{
    (void)parameter;
    return where_between(x, -1.0f, 1.0f, v_set(0.5f));
}

ACTIVATION(leaky_relu)
ACTIVATION(relu6)
ACTIVATION(elu)
ACTIVATION(selu)
ACTIVATION(gelu)
ACTIVATION(gelu_tanh)
ACTIVATION(silu)
ACTIVATION(softplus)
ACTIVATION(softsign)
ACTIVATION(hard_sigmoid)
ACTIVATION(hard_silu)
ACTIVATION(mish)
ACTIVATION(exponential)
ACTIVATION(celu)
ACTIVATION(hard_tanh)
ACTIVATION(log_sigmoid)
APPLY(soft_shrink_apply, soft_shrink_of)
APPLY(hard_shrink_apply, hard_shrink_of)
APPLY_SLOPE(shrink_gradient, shrink_slope)
ACTIVATION(tanh_shrink)
ACTIVATION(squareplus)
ACTIVATION(sparse_plus)
ACTIVATION(sparse_sigmoid)

/* row(KIND, function, slope) */
/* clang-format off */
#define ACTIVATION_ROWS(row) \
    row(LEAKY_RELU, leaky_relu_apply, leaky_relu_gradient) \
    row(RELU6, relu6_apply, relu6_gradient) \
    row(ELU, elu_apply, elu_gradient) \
    row(SELU, selu_apply, selu_gradient) \
    row(GELU, gelu_apply, gelu_gradient) \
    row(GELU_TANH, gelu_tanh_apply, gelu_tanh_gradient) \
    row(SILU, silu_apply, silu_gradient) \
    row(SOFTPLUS, softplus_apply, softplus_gradient) \
    row(SOFTSIGN, softsign_apply, softsign_gradient) \
    row(HARD_SIGMOID, hard_sigmoid_apply, hard_sigmoid_gradient) \
    row(HARD_SILU, hard_silu_apply, hard_silu_gradient) \
    row(MISH, mish_apply, mish_gradient) \
    row(EXPONENTIAL, exponential_apply, exponential_gradient) \
    row(CELU, celu_apply, celu_gradient) \
    row(HARD_TANH, hard_tanh_apply, hard_tanh_gradient) \
    row(LOG_SIGMOID, log_sigmoid_apply, log_sigmoid_gradient) \
    row(SOFT_SHRINK, soft_shrink_apply, shrink_gradient) \
    row(HARD_SHRINK, hard_shrink_apply, shrink_gradient) \
    row(TANH_SHRINK, tanh_shrink_apply, tanh_shrink_gradient) \
    row(SQUAREPLUS, squareplus_apply, squareplus_gradient) \
    row(SPARSE_PLUS, sparse_plus_apply, sparse_plus_gradient) \
    row(SPARSE_SIGMOID, sparse_sigmoid_apply, sparse_sigmoid_gradient)
/* clang-format on */
