/* Layer normalization (Ba, Kiros, Hinton, 2016), as
 * keras/src/layers/normalization/layer_normalization.py over the last axis:
 *
 *   y = gamma (x - mean) / sqrt(variance + epsilon) + beta
 *
 * with mean and (biased) variance of the sample's C units. With k = 1 / sqrt(variance + epsilon),
 * n = (x - mean) k and g = dy gamma:
 *
 *   dx = k (g - sum g / C - n sum g n / C)
 *   gamma gradient = sum over rows of dy n       beta gradient = sum over rows of dy
 *
 * With rms_scaling Keras leaves the mean in, though not out of the variance, and there is no beta:
 *
 *   y = gamma x k,   dx = k (g - n sum g x k / C),   gamma gradient = sum over rows of dy x k
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>

#include "nn/layer_normalized.h"

static size_t layer_norm_output_width(const dlcore_layer_t *layer, size_t input_width)
{
    (void)layer;
    return input_width;
}

/* Twice about a number that is near: first the row's first, then the mean that came of it. */
static dlcore_row_scale_t layer_norm_measure(const dlcore_layer_pass_t *pass, size_t row)
{
    const double width = (double)pass->x->columns;
    const float first = *dlcore_matrix_at(pass->x, row, 0);
    const float near = (float)((double)first + dlcore_row_moments(pass, row, first).sum / width);
    const dlcore_row_moments_t moments = dlcore_row_moments(pass, row, near);
    const dlcore_mean_t mean = dlcore_mean_of(near, moments.sum / width, moments.squares / width);

    return (dlcore_row_scale_t){
        .mean = mean.mean,
        .rest = mean.rest,
        .inverse = 1.0f / sqrtf(mean.variance + (float)pass->layer->epsilon),
    };
}

static void layer_norm_settle(const dlcore_layer_pass_t *pass, const dlcore_row_scale_t *scale,
                              float dots[2])
{
    (void)scale;
    dots[0] /= (float)pass->dy->columns;
    dots[1] /= (float)pass->dy->columns;
}

/* ---- rms_scaling ---- */

static dlcore_row_scale_t scaled_measure(const dlcore_layer_pass_t *pass, size_t row)
{
    return (dlcore_row_scale_t){.inverse = layer_norm_measure(pass, row).inverse};
}

/* sum g x k = sum g n + mean k sum g */
static void scaled_settle(const dlcore_layer_pass_t *pass, const dlcore_row_scale_t *scale,
                          float dots[2])
{
    float mean = scale->mean + scale->rest;

    dots[1] = (dots[1] + mean * scale->inverse * dots[0]) / (float)pass->dy->columns;
    dots[0] = 0.0f;
}

static void layer_norm_forward(const dlcore_layer_pass_t *pass)
{
    dlcore_rows_forward(pass, pass->layer->rms_scaling ? scaled_measure : layer_norm_measure);
}

/* The state has no mean under rms_scaling. */
static void layer_norm_input_gradient(const dlcore_layer_pass_t *pass)
{
    if (pass->layer->rms_scaling)
        dlcore_rows_input_gradient(pass, layer_norm_measure, scaled_settle);
    else
        dlcore_rows_input_gradient(pass, NULL, layer_norm_settle);
}

static const dlcore_setting_t layer_normalization_settings[] = {
    DLCORE_LAYER_NORMALIZED_SETTINGS,
    {.key = "rms_scaling", DLCORE_LAYER_SETTING(BOOL, rms_scaling), .quiet = true},
    {0}};

dlcore_layer_t dlcore_layer_layer_normalization(void)
{
    return dlcore_layer_make(DLCORE_LAYER_LAYER_NORMALIZATION, layer_normalization_settings);
}

const dlcore_layer_type_t dlcore_layer_type_layer_normalization = {
    .class_name = "LayerNormalization",
    .base_name = "layer_normalization",
    .settings = layer_normalization_settings,
    .output_width = layer_norm_output_width,
    .declare = dlcore_layer_declare_normalized,
    .state_floats = dlcore_rows_state_floats,
    .forward = layer_norm_forward,
    .needs_axis = true,
};

const dlcore_layer_training_t dlcore_layer_training_layer_normalization = {
    .input_gradient = layer_norm_input_gradient,
    .parameter_gradient = dlcore_rows_parameter_gradient,
};

const dlcore_setting_key_t dlcore_layer_keys_layer_normalization[] = {
    {"axis", "[-1, 1, [-1], [1]]"},
    {0},
};
