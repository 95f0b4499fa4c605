/* The vector kernels of kernels.h, written over the operations of one vector_*.h. Included by
 * kernels_portable.c, kernels_avx2.c, kernels_avx512.c and kernels_neon.c, each after its vector
 * header.
 *
 * The end of a loop runs through the same vector operations as its middle, so an element's result
 * does not depend on its place.
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>

#include "kernels/always_inline.h"
#include "kernels/kernels.h"
#include "kernels/vector_functions.h"

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

#include "kernels/kernels_activations_template.h"

#include "kernels/kernels_relu_template.h"

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

#include "kernels/kernels_dropout_template.h" /* uses what the one before has */
#include "kernels/kernels_losses_template.h"

#include "kernels/kernels_element_losses_template.h"
#include "kernels/kernels_focal_template.h" /* uses what the two before have */

#include "kernels/kernels_optimizers_template.h"

#include "kernels/kernels_adaptive_template.h" /* uses what the one before has */
#include "kernels/kernels_update_template.h"

static const dlcore_kernels_t kernel_table = {
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
    .activations = ACTIVATION_TABLE,
    .relu_general = relu_general,
    .relu_general_gradient = relu_general_gradient,
    .softmax = softmax,
    .maximum = maximum,
    .exp_sum = exp_sum,
    .scale = scale_row,
    .shift_scale = shift_scale,
    .multiply = multiply_elements,
    .sum = sum,
    .dot = dot,
    .exp_total = exp_total,
    .subtract_exp = subtract_exp,
    .binary_crossentropy_logits = binary_crossentropy_logits,
    .binary_crossentropy = binary_crossentropy,
    .categorical_crossentropy = categorical_crossentropy,
    .clipped_sum = clipped_sum,
    .squared_error = squared_error,
    .element_loss = {[DLCORE_ELEMENT_ABSOLUTE_ERROR] = absolute_error,
                     [DLCORE_ELEMENT_ABSOLUTE_PERCENTAGE_ERROR] = absolute_percentage_error,
                     [DLCORE_ELEMENT_SQUARED_LOGARITHMIC_ERROR] = squared_logarithmic_error,
                     [DLCORE_ELEMENT_HUBER] = huber,
                     [DLCORE_ELEMENT_LOG_COSH] = log_cosh,
                     [DLCORE_ELEMENT_KL_DIVERGENCE] = kl_divergence,
                     [DLCORE_ELEMENT_POISSON] = poisson,
                     [DLCORE_ELEMENT_HINGE] = hinge,
                     [DLCORE_ELEMENT_SQUARED_HINGE] = squared_hinge},
    .hinge_parts = hinge_parts,
    .hinge_ties = hinge_ties,
    .hinge_gradient = hinge_gradient,
    .binary_focal = binary_focal,
    .binary_focal_logits = binary_focal_logits,
    .categorical_focal = categorical_focal,
    .focal_of_logits = focal_of_logits,
    .focal_gradient = focal_gradient,
    .pair_sums = pair_sums,
    .combine = combine_pair,
    .difference = weighted_difference,
    .column_sums = column_sums,
    .dropout = dropout,
    .noise = noise,
    .gaussian_dropout = gaussian_dropout,
    .alpha_dropout = alpha_dropout,
    .column_moments = column_moments,
    .column_affine = column_affine,
    .column_dots = column_dots,
    .column_combine = column_combine,
    .row_moments = row_moments,
    .row_normalize = row_normalize,
    .row_dots = row_dots,
    .row_combine = row_combine,
    .column_row_dots = column_row_dots,
    .prelu = prelu,
    .prelu_gradient = prelu_gradient,
    .prelu_columns = prelu_columns,
    .sgd = sgd,
    .sgd_momentum = sgd_momentum,
    .rmsprop = rmsprop,
    .rmsprop_full = rmsprop_full,
    .adam = adam,
    .adam_amsgrad = adam_amsgrad,
    .adagrad = adagrad,
    .adadelta = adadelta,
    .adamax = adamax,
    .nadam = nadam,
    .lion = lion,
    .ftrl = ftrl,
    .adafactor_vector = adafactor_vector,
    .adafactor_matrix = adafactor_matrix,
    .adafactor_move = adafactor_move,
    .add_penalty = add_penalty,
    .clip = clip_all,
    .decay = decay,
    .average = average,
    .accumulate = accumulate,
    .absolute_sum = absolute_sum,
    .column_squares = column_squares,
    .column_scale = column_scale,
};
