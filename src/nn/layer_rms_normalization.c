/* RMS normalization (Zhang and Sennrich, 2019;
 * keras/src/layers/normalization/rms_normalization.py): each sample by the root of its mean square.
 * With C units:
 *
 *   y = k x scale,   k = 1 / sqrt(sum x^2 / C + epsilon)
 *
 * and with n = k x and g = dy scale
 *
 *   dx = k (g - n sum g n / C)       scale gradient = sum over rows of dy n
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>

#include "nn/layer_normalized.h"

static size_t rms_norm_output_width(const dlcore_layer_t *layer, size_t input_width)
{
    (void)layer;
    return input_width;
}

static size_t rms_norm_declare(const dlcore_layer_t *layer, size_t width,
                               dlcore_parameter_t parameters[DLCORE_LAYER_PARAMETERS_MAX])
{
    static const dlcore_initializer_t ones = {.kind = DLCORE_INITIALIZER_ONES};

    (void)layer;
    parameters[0] = dlcore_layer_vector("scale", width, &ones);
    return 1;
}

static dlcore_row_scale_t rms_norm_measure(const dlcore_layer_pass_t *pass, size_t row)
{
    float square = (float)(dlcore_row_squares(pass, row) / (double)pass->x->columns);

    return (dlcore_row_scale_t){.inverse = 1.0f / sqrtf(square + (float)pass->layer->epsilon)};
}

static void rms_norm_settle(const dlcore_layer_pass_t *pass, const dlcore_row_scale_t *scale,
                            float dots[2])
{
    (void)scale;
    dots[0] = 0.0f;
    dots[1] /= (float)pass->dy->columns;
}

static void rms_norm_forward(const dlcore_layer_pass_t *pass)
{
    dlcore_rows_forward(pass, rms_norm_measure);
}

static void rms_norm_input_gradient(const dlcore_layer_pass_t *pass)
{
    dlcore_rows_input_gradient(pass, NULL, rms_norm_settle);
}

/* epsilon as in layer_normalized.h. */
static const dlcore_setting_t rms_norm_settings[] = {
    {.key = "axis", .type = DLCORE_SETTING_TEXT, .text = "-1"},
    {.key = "epsilon",
     DLCORE_LAYER_SETTING(DOUBLE, epsilon),
     .low = FLT_MIN,
     .high = FLT_MAX,
     .value = 1e-6},
    {0},
};

dlcore_layer_t dlcore_layer_rms_normalization(void)
{
    return dlcore_layer_make(DLCORE_LAYER_RMS_NORMALIZATION, rms_norm_settings);
}

const dlcore_layer_type_t dlcore_layer_type_rms_normalization = {
    .class_name = "RMSNormalization",
    .base_name = "rms_normalization",
    .settings = rms_norm_settings,
    .output_width = rms_norm_output_width,
    .declare = rms_norm_declare,
    .state_floats = dlcore_rows_state_floats,
    .forward = rms_norm_forward,
    .needs_axis = true,
};

const dlcore_layer_training_t dlcore_layer_training_rms_normalization = {
    .input_gradient = rms_norm_input_gradient,
    .parameter_gradient = dlcore_rows_parameter_gradient,
};

const dlcore_setting_key_t dlcore_layer_keys_rms_normalization[] = {
    {"axis", "[-1, 1, [-1], [1]]"},
    {0},
};
