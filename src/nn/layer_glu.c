/* The gated linear unit (Dauphin and others, "Language Modeling with Gated Convolutional Networks",
 * 2017; keras/src/activations/activations.py: glu). With a the first half of a sample and b the
 * second:
 *
 *   y = a s,   da = dy s,   db = dy a s (1 - s),   s = 1 / (1 + exp(-b))
 *
 * It is a layer and no activation, because it halves the width.
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>

#include "base/error.h"
#include "nn/layer.h"

static size_t glu_output_width(const dlcore_layer_t *layer, size_t input_width)
{
    (void)layer;
    return input_width / 2;
}

static dlcore_status glu_check_build(const dlcore_layer_t *layer, size_t input_width,
                                     dlcore_error_record_t *error)
{
    if (input_width % 2 == 0)
        return DLCORE_OK;
    return dlcore_fail(error, DLCORE_ERROR_SHAPE,
                       "%s: %zu inputs have no two halves: glu needs an even number", layer->name,
                       input_width);
}

static float glu_gate(float b)
{
    return 1.0f / (1.0f + expf(-b));
}

static void glu_forward(const dlcore_layer_pass_t *pass)
{
    size_t begin = dlcore_share(pass->y->rows, pass->worker, pass->workers);
    size_t end = dlcore_share(pass->y->rows, pass->worker + 1, pass->workers);
    size_t half = pass->y->columns;

    for (size_t r = begin; r < end; r++) {
        for (size_t c = 0; c < half; c++)
            *dlcore_matrix_element(pass->y, r, c) =
                *dlcore_matrix_element(pass->x, r, c) *
                glu_gate(*dlcore_matrix_element(pass->x, r, half + c));
        dlcore_matrix_clear_padding(pass->y, r);
    }
}

static void glu_input_gradient(const dlcore_layer_pass_t *pass)
{
    size_t begin = dlcore_share(pass->dx->rows, pass->worker, pass->workers);
    size_t end = dlcore_share(pass->dx->rows, pass->worker + 1, pass->workers);
    size_t half = pass->dy->columns;

    for (size_t r = begin; r < end; r++) {
        for (size_t c = 0; c < half; c++) {
            float a = *dlcore_matrix_element(pass->x, r, c);
            float s = glu_gate(*dlcore_matrix_element(pass->x, r, half + c));
            float dy = *dlcore_matrix_element(pass->dy, r, c);

            *dlcore_matrix_element(pass->dx, r, c) = dy * s;
            *dlcore_matrix_element(pass->dx, r, half + c) = dy * a * s * (1.0f - s);
        }
        dlcore_matrix_clear_padding(pass->dx, r);
    }
}

dlcore_layer_t dlcore_layer_glu(void)
{
    return dlcore_layer_make(DLCORE_LAYER_GLU, dlcore_no_settings);
}

const dlcore_layer_type_t dlcore_layer_type_glu = {
    .class_name = "GLU",
    .base_name = "glu",
    .settings = dlcore_no_settings,
    .output_width = glu_output_width,
    .check_build = glu_check_build,
    .forward = glu_forward,
    .needs_axis = true,
};

const dlcore_layer_training_t dlcore_layer_training_glu = {
    .input_gradient = glu_input_gradient,
};

const dlcore_setting_key_t dlcore_layer_keys_glu[] = {{0}};
