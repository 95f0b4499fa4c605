/* Flatten: nothing to compute, since samples are flat rows inside.
 *
 * SPDX-License-Identifier: MIT */
#include "nn/layer.h"

static size_t flatten_output_width(const dlcore_layer_t *layer, size_t input_width)
{
    (void)layer;
    return input_width;
}

dlcore_layer_t dlcore_layer_flatten(void)
{
    return dlcore_layer_make(DLCORE_LAYER_FLATTEN, dlcore_no_settings);
}

const dlcore_layer_type_t dlcore_layer_type_flatten = {
    .class_name = "Flatten",
    .base_name = "flatten",
    .settings = dlcore_no_settings,
    .output_width = flatten_output_width,
    .gradients_in_place = true,
};

const dlcore_layer_training_t dlcore_layer_training_flatten = {0};

const dlcore_setting_key_t dlcore_layer_keys_flatten[] = {
    {"data_format", "[\"channels_last\", null]"},
    {0},
};
