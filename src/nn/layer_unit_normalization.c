/* Unit normalization (keras/src/layers/normalization/unit_normalization.py): each sample is brought
 * to length 1.
 *
 *   y = k x,   k = min(1 / sqrt(sum x^2), 1e12)
 *   dx = k (dy - y sum dy y), or k dy where k is 1e12
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>

#include "nn/layer_normalized.h"

#define MOST_SCALE 1e12f

static size_t unit_norm_output_width(const dlcore_layer_t *layer, size_t input_width)
{
    (void)layer;
    return input_width;
}

static dlcore_row_scale_t unit_norm_measure(const dlcore_layer_pass_t *pass, size_t row)
{
    float inverse = 1.0f / sqrtf((float)dlcore_row_squares(pass, row));

    return (dlcore_row_scale_t){.inverse = inverse > MOST_SCALE ? MOST_SCALE : inverse};
}

static void unit_norm_settle(const dlcore_layer_pass_t *pass, const dlcore_row_scale_t *scale,
                             float dots[2])
{
    (void)pass;
    dots[0] = 0.0f;
    if (scale->inverse >= MOST_SCALE)
        dots[1] = 0.0f;
}

static void unit_norm_forward(const dlcore_layer_pass_t *pass)
{
    dlcore_rows_forward(pass, unit_norm_measure);
}

static void unit_norm_input_gradient(const dlcore_layer_pass_t *pass)
{
    dlcore_rows_input_gradient(pass, NULL, unit_norm_settle);
}

/* Keras's axis is written as it writes it, and read as what it means. */
static const dlcore_setting_t unit_normalization_settings[] = {
    {.key = "axis", .type = DLCORE_SETTING_TEXT, .text = "-1"},
    {0},
};

dlcore_layer_t dlcore_layer_unit_normalization(void)
{
    return dlcore_layer_make(DLCORE_LAYER_UNIT_NORMALIZATION, unit_normalization_settings);
}

const dlcore_layer_type_t dlcore_layer_type_unit_normalization = {
    .class_name = "UnitNormalization",
    .base_name = "unit_normalization",
    .settings = unit_normalization_settings,
    .output_width = unit_norm_output_width,
    .state_floats = dlcore_rows_state_floats,
    .forward = unit_norm_forward,
    .needs_axis = true,
};

const dlcore_layer_training_t dlcore_layer_training_unit_normalization = {
    .input_gradient = unit_norm_input_gradient,
};

const dlcore_setting_key_t dlcore_layer_keys_unit_normalization[] = {
    {"axis", "[-1, 1, [-1], [1]]"},
    {0},
};
