/* The vector kernels of kernels.h, written over the operations of one vector_*.h. Included by
 * kernels_portable.c, kernels_avx2.c and kernels_avx512.c, each after its vector header.
 *
 * The end of a loop runs through the same vector operations as its middle, so an element's result
 * does not depend on its place.
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>

#include "math/kernels.h"
#include "math/vector_functions.h"

#define LOWEST_PROBABILITY 1e-7f /* Keras's backend epsilon */
#define HIGHEST_PROBABILITY (1.0f - 1e-7f)

/* ---- slopes ---- */

static inline v_float relu_slope(v_float y, v_float dy)
{
    return v_select(v_greater(y, v_set(0.0f)), dy, v_set(0.0f));
}

static inline v_float sigmoid_slope(v_float y, v_float dy)
{
    return v_mul(dy, v_mul(y, v_sub(v_set(1.0f), y)));
}

static inline v_float tanh_slope(v_float y, v_float dy)
{
    return v_mul(dy, v_fnma(y, y, v_set(1.0f)));
}

/* ---- loops ---- */

/* y = function(y) */
#define MAP(name, function)                                                  \
    static void name(float *y, size_t n)                                     \
    {                                                                        \
        size_t i = 0;                                                        \
        for (; i + V_WIDTH <= n; i += V_WIDTH)                               \
            v_store(y + i, function(v_load(y + i)));                         \
        if (i < n)                                                           \
            v_store_part(y + i, function(v_load_part(y + i, n - i)), n - i); \
    }

/* dy = function(y, dy) */
#define MAP_GRADIENT(name, function)                                                              \
    static void name(const float *y, float *dy, size_t n)                                         \
    {                                                                                             \
        size_t i = 0;                                                                             \
        for (; i + V_WIDTH <= n; i += V_WIDTH)                                                    \
            v_store(dy + i, function(v_load(y + i), v_load(dy + i)));                             \
        if (i < n)                                                                                \
            v_store_part(dy + i, function(v_load_part(y + i, n - i), v_load_part(dy + i, n - i)), \
                         n - i);                                                                  \
    }

MAP(relu, relu_vector)
MAP(sigmoid, sigmoid_vector)
MAP(hyperbolic_tangent, tanh_vector)
MAP_GRADIENT(relu_gradient, relu_slope)
MAP_GRADIENT(sigmoid_gradient, sigmoid_slope)
MAP_GRADIENT(tanh_gradient, tanh_slope)
MAP_GRADIENT(multiply_by, v_mul)

static void multiply(float *y, const float *x, size_t n)
{
    multiply_by(x, y, n);
}

static inline v_float affine_vector(v_float x, v_float scale, v_float offset)
{
    return v_add(v_mul(x, scale), offset);
}

static void affine(const float *x, float *y, size_t n, float scale, float offset)
{
    v_float s = v_set(scale), o = v_set(offset);
    size_t i = 0;

    for (; i + V_WIDTH <= n; i += V_WIDTH)
        v_store(y + i, affine_vector(v_load(x + i), s, o));
    if (i < n)
        v_store_part(y + i, affine_vector(v_load_part(x + i, n - i), s, o), n - i);
}

static void affine_uint8(const uint8_t *x, float *y, size_t n, float scale, float offset)
{
    v_float s = v_set(scale), o = v_set(offset);
    size_t i = 0;

    for (; i + 16 <= n; i += 16) { /* 16: what one v_from_uint8 may read */
        for (size_t j = 0; j < 16; j += V_WIDTH)
            v_store(y + i + j, affine_vector(v_from_uint8(x + i + j), s, o));
    }
    for (; i < n; i++) {
        float product = (float)x[i] * scale;
        y[i] = product + offset;
    }
}

static void affine_int32(const int32_t *x, float *y, size_t n, float scale, float offset)
{
    for (size_t i = 0; i < n; i++) {
        float product = (float)x[i] * scale;
        y[i] = product + offset;
    }
}

/* One row, panel by panel. */
#define GATHER(name, type, run)                                                            \
    static void name(const type *x, float *y, size_t n, size_t panel, size_t panel_stride, \
                     float scale, float offset)                                            \
    {                                                                                      \
        for (; n > panel; n -= panel) {                                                    \
            run(x, y, panel, scale, offset);                                               \
            x += panel;                                                                    \
            y += panel_stride;                                                             \
        }                                                                                  \
        run(x, y, n, scale, offset);                                                       \
    }

GATHER(gather_float, float, affine)
GATHER(gather_uint8, uint8_t, affine_uint8)
GATHER(gather_int32, int32_t, affine_int32)

static void scale_row(float *y, size_t n, float factor)
{
    v_float f = v_set(factor);
    size_t i = 0;

    for (; i + V_WIDTH <= n; i += V_WIDTH)
        v_store(y + i, v_mul(v_load(y + i), f));
    if (i < n)
        v_store_part(y + i, v_mul(v_load_part(y + i, n - i), f), n - i);
}

static void shift_scale(float *y, size_t n, float shift, float factor)
{
    v_float s = v_set(shift), f = v_set(factor);
    size_t i = 0;

    for (; i + V_WIDTH <= n; i += V_WIDTH)
        v_store(y + i, v_mul(v_sub(v_load(y + i), s), f));
    if (i < n)
        v_store_part(y + i, v_mul(v_sub(v_load_part(y + i, n - i), s), f), n - i);
}

static void difference(float *dst, const float *a, const float *b, size_t n, float weight)
{
    v_float w = v_set(weight);
    size_t i = 0;

    for (; i + V_WIDTH <= n; i += V_WIDTH)
        v_store(dst + i, v_mul(v_sub(v_load(a + i), v_load(b + i)), w));
    if (i < n)
        v_store_part(dst + i, v_mul(v_sub(v_load_part(a + i, n - i), v_load_part(b + i, n - i)), w),
                     n - i);
}

/* ---- reductions over a row ---- */

static float sum(const float *x, size_t n)
{
    v_float total = v_set(0.0f);
    size_t i = 0;

    for (; i + V_WIDTH <= n; i += V_WIDTH)
        total = v_add(total, v_load(x + i));
    if (i < n)
        total = v_add(total, v_load_part(x + i, n - i));
    return v_sum(total);
}

static float dot(const float *x, const float *y, size_t n)
{
    v_float total = v_set(0.0f);
    size_t i = 0;

    for (; i + V_WIDTH <= n; i += V_WIDTH)
        total = v_fma(v_load(x + i), v_load(y + i), total);
    if (i < n)
        total = v_fma(v_load_part(x + i, n - i), v_load_part(y + i, n - i), total);
    return v_sum(total);
}

static float maximum(const float *x, size_t n)
{
    v_float largest = v_set(x[0]);
    size_t i = 0;

    for (; i + V_WIDTH <= n; i += V_WIDTH)
        largest = v_max(v_load(x + i), largest);
    if (i < n && i > 0) {
        largest = v_max(v_load(x + n - V_WIDTH), largest);
    } else if (i < n) {
        float best = x[0];
        for (; i < n; i++)
            best = x[i] > best ? x[i] : best;
        return best;
    }
    return v_largest(largest);
}

/* The first `n` of a vector, zero beyond. */
static inline v_float keep_first(v_float a, size_t n)
{
    float lanes[V_WIDTH];
    v_store(lanes, a);
    return v_load_part(lanes, n);
}

static float exp_sum(float *y, size_t n, float shift)
{
    v_float s = v_set(shift), total = v_set(0.0f);
    size_t i = 0;

    for (; i + V_WIDTH <= n; i += V_WIDTH) {
        v_float e = exp_vector(v_sub(v_load(y + i), s));
        v_store(y + i, e);
        total = v_add(total, e);
    }
    if (i < n) {
        v_float e = exp_vector(v_sub(v_load_part(y + i, n - i), s));
        v_store_part(y + i, e, n - i);
        total = v_add(total, keep_first(e, n - i));
    }
    return v_sum(total);
}

static void softmax(float *y, size_t n, float *log_sum)
{
    float shift = maximum(y, n);
    float total = exp_sum(y, n, shift);

    scale_row(y, n, 1.0f / total);
    if (log_sum != NULL)
        *log_sum = shift + logf(total);
}

static void column_sums(const float *x, size_t rows, size_t columns, size_t stride, float *sums)
{
    size_t c = 0;

    for (; c + V_WIDTH <= columns; c += V_WIDTH) {
        v_float total = v_set(0.0f);
        for (size_t r = 0; r < rows; r++)
            total = v_add(total, v_load(x + r * stride + c));
        v_store(sums + c, total);
    }
    if (c < columns) {
        v_float total = v_set(0.0f);
        for (size_t r = 0; r < rows; r++)
            total = v_add(total, v_load_part(x + r * stride + c, columns - c));
        v_store_part(sums + c, total, columns - c);
    }
}

/* ---- losses ---- */

/* A loss over one row: TERM gives the loss of a vector of (x, t) and, in *slope, its derivative by
 * x. The end of a row is padded with zeros, whose loss is dropped. */
#define ROW_LOSS(name, term)                                                                   \
    static float name(const float *x, const float *t, float *dy, size_t n, float weight)       \
    {                                                                                          \
        v_float total = v_set(0.0f), w = v_set(weight), slope;                                 \
        size_t i = 0;                                                                          \
        for (; i + V_WIDTH <= n; i += V_WIDTH) {                                               \
            total = v_add(total, term(v_load(x + i), v_load(t + i), &slope));                  \
            if (dy != NULL)                                                                    \
                v_store(dy + i, v_mul(slope, w));                                              \
        }                                                                                      \
        if (i < n) {                                                                           \
            v_float part = term(v_load_part(x + i, n - i), v_load_part(t + i, n - i), &slope); \
            total = v_add(total, keep_first(part, n - i));                                     \
            if (dy != NULL)                                                                    \
                v_store_part(dy + i, v_mul(slope, w), n - i);                                  \
        }                                                                                      \
        return v_sum(total);                                                                   \
    }

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

static inline v_float square_of_difference(v_float x, v_float t, v_float *slope)
{
    v_float difference = v_sub(x, t);
    *slope = v_add(difference, difference);
    return v_mul(difference, difference);
}

ROW_LOSS(binary_crossentropy_logits, crossentropy_of_logit)
ROW_LOSS(binary_crossentropy, crossentropy_of_probability)
ROW_LOSS(squared_error, square_of_difference)

static float categorical_crossentropy(const float *p, const float *t, float *dy, size_t n,
                                      float total, float *inner)
{
    v_float factor = v_set(1.0f / total), loss = v_set(0.0f), products = v_set(0.0f);

    for (size_t i = 0; i < n; i += V_WIDTH) {
        size_t part = n - i < V_WIDTH ? n - i : V_WIDTH;
        int whole = part == V_WIDTH;
        v_float probability = whole ? v_load(p + i) : v_load_part(p + i, part);
        v_float label = whole ? v_load(t + i) : v_load_part(t + i, part);
        v_float quotient = v_mul(probability, factor);
        v_float q = clip(quotient);
        v_float value = v_fma(label, log_vector(q), v_sub(q, q));

        loss = v_sub(loss, keep_first(value, part));
        if (dy != NULL) {
            v_float slope = where_inside(quotient, v_sub(v_set(0.0f), v_div(label, q)));
            products = v_fma(slope, keep_first(quotient, part), products);
            if (whole)
                v_store(dy + i, slope);
            else
                v_store_part(dy + i, slope, part);
        }
    }
    if (inner != NULL)
        *inner = v_sum(products);
    return v_sum(loss);
}

static float clipped_sum(const float *p, float *inside, size_t n)
{
    v_float total = v_set(0.0f), one = v_set(1.0f);
    size_t i = 0;

    for (; i + V_WIDTH <= n; i += V_WIDTH) {
        v_float x = v_load(p + i);
        total = v_add(total, clip(x));
        if (inside != NULL)
            v_store(inside + i, where_inside(x, one));
    }
    if (i < n) {
        v_float x = v_load_part(p + i, n - i);
        total = v_add(total, keep_first(clip(x), n - i));
        if (inside != NULL)
            v_store_part(inside + i, where_inside(x, one), n - i);
    }
    return v_sum(total);
}

static float absolute_error(const float *p, const float *t, size_t n)
{
    v_float total = v_set(0.0f);
    size_t i = 0;

    for (; i + V_WIDTH <= n; i += V_WIDTH)
        total = v_add(total, v_abs(v_sub(v_load(p + i), v_load(t + i))));
    if (i < n)
        total = v_add(total, v_abs(v_sub(v_load_part(p + i, n - i), v_load_part(t + i, n - i))));
    return v_sum(total);
}

/* ---- optimizers ---- */

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

static void rmsprop(size_t n, float *w, const float *g, float *velocity,
                    const dlcore_rmsprop_step_t *step)
{
    rmsprop_vectors_t s = rmsprop_constants(step);
    size_t i = 0;

    for (; i + V_WIDTH <= n; i += V_WIDTH) {
        v_float gradient = v_load(g + i);
        v_float v = running_mean(&s, v_load(velocity + i), v_mul(gradient, gradient));
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

static const dlcore_kernels_t table = {
    .name = V_NAME,
    .affine = affine,
    .gather_float = gather_float,
    .gather_uint8 = gather_uint8,
    .gather_int32 = gather_int32,
    .relu = relu,
    .sigmoid = sigmoid,
    .tanh = hyperbolic_tangent,
    .relu_gradient = relu_gradient,
    .sigmoid_gradient = sigmoid_gradient,
    .tanh_gradient = tanh_gradient,
    .softmax = softmax,
    .maximum = maximum,
    .exp_sum = exp_sum,
    .scale = scale_row,
    .shift_scale = shift_scale,
    .multiply = multiply,
    .sum = sum,
    .dot = dot,
    .binary_crossentropy_logits = binary_crossentropy_logits,
    .binary_crossentropy = binary_crossentropy,
    .categorical_crossentropy = categorical_crossentropy,
    .clipped_sum = clipped_sum,
    .squared_error = squared_error,
    .absolute_error = absolute_error,
    .difference = difference,
    .column_sums = column_sums,
    .sgd = sgd,
    .sgd_momentum = sgd_momentum,
    .rmsprop = rmsprop,
    .rmsprop_full = rmsprop_full,
};
