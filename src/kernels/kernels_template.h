/* The vector kernels of kernels.h and kernels_training.h but for the rare ones, written over the
 * operations of one vector_*.h. Included by kernels_portable.c, kernels_avx2.c, kernels_avx512.c
 * and kernels_neon.c, each after its vector header.
 *
 * The end of a loop runs through the same vector operations as its middle, so an element's result
 * does not depend on its place.
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdbool.h>

#include "kernels/always_inline.h"
#include "kernels/kernels.h"
#include "kernels/kernels_training.h"
#include "kernels/vector_crossentropy.h"
#include "kernels/vector_functions.h"
#include "kernels/vector_loops.h"
#include "kernels/vector_moments.h"
#include "kernels/vector_random.h"

DLCORE_HIDDEN_BEGIN
extern const dlcore_activation_kernels_t V_TABLE(dlcore_activation_kernels);
extern const dlcore_rare_kernels_t V_TABLE(dlcore_rare_kernels);
DLCORE_HIDDEN_END

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

static void multiply_elements(float *y, const float *x, size_t n)
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
static void gather_float(const float *x, float *y, size_t n, size_t panel, size_t panel_stride,
                         float scale, float offset)
{
    for (; n > panel; n -= panel) {
        affine(x, y, panel, scale, offset);
        x += panel;
        y += panel_stride;
    }
    affine(x, y, n, scale, offset);
}

/* Likewise, for conversions that are long: in one copy. */
#define GATHER(name, type, run)                                                            \
    static void name(const type *x, float *y, size_t n, size_t panel, size_t panel_stride, \
                     float scale, float offset)                                            \
    {                                                                                      \
        for (;;) {                                                                         \
            size_t count = n < panel ? n : panel;                                          \
            run(x, y, count, scale, offset);                                               \
            n -= count;                                                                    \
            if (n == 0)                                                                    \
                return;                                                                    \
            x += panel;                                                                    \
            y += panel_stride;                                                             \
        }                                                                                  \
    }

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

static void weighted_difference(float *dst, const float *a, const float *b, size_t n, float weight)
{
    v_float w = v_set(weight);
    size_t i = 0;

    for (; i + V_WIDTH <= n; i += V_WIDTH)
        v_store(dst + i, v_mul(v_sub(v_load(a + i), v_load(b + i)), w));
    if (i < n)
        v_store_part(dst + i, v_mul(v_sub(v_load_part(a + i, n - i), v_load_part(b + i, n - i)), w),
                     n - i);
}

#include "kernels/kernels_rows_template.h"

#include "kernels/kernels_layers_template.h"

#include "kernels/kernels_losses_template.h"
#include "kernels/kernels_sparse_template.h"

#include "kernels/kernels_optimizers_template.h"

#include "kernels/kernels_update_template.h"

static const dlcore_kernels_t kernel_table = {
    .name = V_NAME,
    .target = V_TARGET,
    .activations = &V_TABLE(dlcore_activation_kernels),
    .affine = affine,
    .gather_float = gather_float,
    .gather_uint8 = gather_uint8,
    .gather_int32 = gather_int32,
    .relu = relu,
    .sigmoid = sigmoid,
    .tanh = hyperbolic_tangent,
    .softmax = softmax,
    .maximum = maximum,
    .exp_sum = exp_sum,
    .scale = scale_row,
    .shift_scale = shift_scale,
    .exp_total = exp_total,
    .multiply = multiply_elements,
    .sum = sum,
    .dot = dot,
    .entries_sum = entries_sum,
    .column_affine = column_affine,
    .row_moments = row_moments,
    .row_normalize = row_normalize,
    .prelu = prelu,
};

const dlcore_training_kernels_t V_TABLE(dlcore_training_kernels) = {
    .plain = &kernel_table,
    .rare = &V_TABLE(dlcore_rare_kernels),
    .relu_gradient = relu_gradient,
    .sigmoid_gradient = sigmoid_gradient,
    .tanh_gradient = tanh_gradient,
    .subtract_exp = subtract_exp,
    .binary_crossentropy_logits = binary_crossentropy_logits,
    .binary_crossentropy = binary_crossentropy,
    .categorical_crossentropy = categorical_crossentropy,
    .clipped_sum = clipped_sum,
    .squared_error = squared_error,
    .softmax_crossentropy = softmax_crossentropy,
    .difference = weighted_difference,
    .entries_add = entries_add,
    .column_sums = column_sums,
    .dropout = dropout,
    .column_moments = column_moments,
    .column_dots = column_dots,
    .column_combine = column_combine,
    .row_dots = row_dots,
    .row_combine = row_combine,
    .column_row_dots = column_row_dots,
    .prelu_gradient = prelu_gradient,
    .prelu_columns = prelu_columns,
    .sgd = sgd,
    .sgd_momentum = sgd_momentum,
    .rmsprop = rmsprop,
    .rmsprop_full = rmsprop_full,
    .adam = adam,
    .adam_amsgrad = adam_amsgrad,
    .add_penalty = add_penalty,
    .clip = clip_all,
    .decay = decay,
    .average = average,
    .accumulate = accumulate,
    .absolute_sum = absolute_sum,
    .column_squares = column_squares,
    .column_scale = column_scale,
};
