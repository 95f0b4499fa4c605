/* Flatten: nothing to compute, since samples are flat rows inside.
 *
 * SPDX-License-Identifier: MIT */
#include "nn/layer.h"

static dlcore_status flatten_validate(const dlcore_layer_t *layer, dlcore_error_record_t *error)
{
    (void)layer;
    (void)error;
    return DLCORE_OK;
}

static size_t flatten_output_width(const dlcore_layer_t *layer, size_t input_width)
{
    (void)layer;
    return input_width;
}

const dlcore_layer_type_t dlcore_layer_type_flatten = {
    .class_name = "Flatten",
    .base_name = "flatten",
    .validate = flatten_validate,
    .output_width = flatten_output_width,
    .gradients_in_place = true,
};
