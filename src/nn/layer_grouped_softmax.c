/* Softmax along the last axis of samples that have several (keras/src/layers/activations/softmax.py
 * behind a Reshape): here samples are flat, so each run of axis_width numbers is a group.
 *
 *   y_i = exp(x_i - m) / sum_j exp(x_j - m),   m = max_j x_j,   i and j of one group
 *   dx_i = y_i (dy_i - sum_j dy_j y_j)
 *
 * SPDX-License-Identifier: MIT */
#include <limits.h>
#include <math.h>

#include "base/error.h"
#include "nn/layer.h"

static size_t groups_output_width(const dlcore_layer_t *layer, size_t input_width)
{
    (void)layer;
    return input_width;
}

static dlcore_status groups_check_build(const dlcore_layer_t *layer, size_t input_width,
                                        dlcore_error_record_t *error)
{
    if (input_width % layer->axis_width == 0)
        return DLCORE_OK;
    return dlcore_fail(error, DLCORE_ERROR_SHAPE,
                       "%s: %zu inputs are no whole number of groups of axis_width = %zu",
                       layer->name, input_width, layer->axis_width);
}

static void softmax_group(const dlcore_layer_pass_t *pass, size_t row, size_t begin, size_t end)
{
    float largest = -HUGE_VALF, total = 0.0f;

    for (size_t c = begin; c < end; c++) {
        float x = *dlcore_matrix_element(pass->x, row, c);
        largest = x > largest ? x : largest;
    }
    for (size_t c = begin; c < end; c++) {
        float *y = dlcore_matrix_element(pass->y, row, c);
        *y = expf(*dlcore_matrix_element(pass->x, row, c) - largest);
        total += *y;
    }
    for (size_t c = begin; c < end; c++)
        *dlcore_matrix_element(pass->y, row, c) /= total;
}

static void groups_forward(const dlcore_layer_pass_t *pass)
{
    size_t begin = dlcore_share(pass->y->rows, pass->worker, pass->workers);
    size_t end = dlcore_share(pass->y->rows, pass->worker + 1, pass->workers);
    size_t width = pass->layer->axis_width;

    for (size_t r = begin; r < end; r++) {
        for (size_t c = 0; c < pass->y->columns; c += width)
            softmax_group(pass, r, c, c + width);
        dlcore_matrix_clear_padding(pass->y, r);
    }
}

static void group_gradient(const dlcore_layer_pass_t *pass, size_t row, size_t begin, size_t end)
{
    float inner = 0.0f;

    for (size_t c = begin; c < end; c++)
        inner += *dlcore_matrix_element(pass->dy, row, c) * *dlcore_matrix_element(pass->y, row, c);
    for (size_t c = begin; c < end; c++)
        *dlcore_matrix_element(pass->dx, row, c) =
            *dlcore_matrix_element(pass->y, row, c) *
            (*dlcore_matrix_element(pass->dy, row, c) - inner);
}

static void groups_input_gradient(const dlcore_layer_pass_t *pass)
{
    size_t begin = dlcore_share(pass->dx->rows, pass->worker, pass->workers);
    size_t end = dlcore_share(pass->dx->rows, pass->worker + 1, pass->workers);
    size_t width = pass->layer->axis_width;

    for (size_t r = begin; r < end; r++) {
        for (size_t c = 0; c < pass->dx->columns; c += width)
            group_gradient(pass, r, c, c + width);
        dlcore_matrix_clear_padding(pass->dx, r);
    }
}

static const dlcore_setting_t grouped_softmax_settings[] = {
    {.key = "axis_width",
     DLCORE_LAYER_SETTING(SIZE, axis_width),
     .low = 1,
     .high = INT_MAX,
     .value = 1},
    {0},
};

dlcore_layer_t dlcore_layer_grouped_softmax(size_t axis_width)
{
    dlcore_layer_t layer =
        dlcore_layer_make(DLCORE_LAYER_GROUPED_SOFTMAX, grouped_softmax_settings);
    layer.axis_width = axis_width;
    return layer;
}

const dlcore_layer_type_t dlcore_layer_type_grouped_softmax = {
    .class_name = "GroupedSoftmax",
    .base_name = "grouped_softmax",
    .settings = grouped_softmax_settings,
    .output_width = groups_output_width,
    .check_build = groups_check_build,
    .forward = groups_forward,
};

const dlcore_layer_training_t dlcore_layer_training_grouped_softmax = {
    .input_gradient = groups_input_gradient,
};

const dlcore_setting_key_t dlcore_layer_keys_grouped_softmax[] = {{0}};
