/* Activation as a layer of its own, and the gradient through an activation that dense shares.
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <string.h>

#include "kernels/activate_gradient.h"
#include "nn/layer.h"
#include "nn/softmax.h"

dlcore_activate_t dlcore_layer_activate(const dlcore_layer_t *layer)
{
    dlcore_activate_t activation = {.kind = layer->activation};

    if (layer->activation == DLCORE_ACTIVATION_LEAKY_RELU)
        activation.parameter = (float)layer->negative_slope;
    else if (layer->activation == DLCORE_ACTIVATION_ELU)
        activation.parameter = (float)layer->alpha;
    else if (layer->activation == DLCORE_ACTIVATION_RELU_GENERAL)
        activation.relu = (dlcore_relu_t){.negative_slope = (float)layer->negative_slope,
                                          .max_value = (float)layer->max_value,
                                          .threshold = (float)layer->threshold};
    return activation;
}

static size_t activation_output_width(const dlcore_layer_t *layer, size_t input_width)
{
    (void)layer;
    return input_width;
}

void dlcore_layer_apply_activation(const dlcore_layer_pass_t *pass, const dlcore_matrix_t *from)
{
    size_t begin = dlcore_share(pass->y->rows, pass->worker, pass->workers);
    size_t end = dlcore_share(pass->y->rows, pass->worker + 1, pass->workers);

    for (size_t p = 0; p < dlcore_matrix_panels(pass->y); p++) {
        float *y = dlcore_matrix_at(pass->y, begin, p);
        size_t n = (end - begin) * pass->y->panel; /* with the padding, which may hold anything */

        memcpy(y, dlcore_matrix_at(from, begin, p), n * sizeof *y);
        dlcore_activate(pass->kernels, pass->activation, y, n);
    }
    if (dlcore_activate_takes_rows(pass->activation.kind))
        dlcore_softmax_rows(pass->kernels, pass->activation.kind, pass->y, begin, end);
}

static void activation_forward(const dlcore_layer_pass_t *pass)
{
    dlcore_layer_apply_activation(pass, pass->x);
}

/* dy *= slope in one panel. Where the columns end within it, row by row: padding of dy is zero and
 * has to stay so, but what `from` holds there may have a slope of Inf or NaN. */
static void panel_gradient(const dlcore_layer_pass_t *pass, const dlcore_matrix_t *from, size_t p,
                           size_t begin, size_t end)
{
    size_t columns = dlcore_matrix_panel_columns(pass->dy, p);

    if (columns == pass->dy->panel) {
        dlcore_activate_gradient(
            pass->training_kernels, pass->activation, dlcore_matrix_at(from, begin, p),
            dlcore_matrix_at(pass->dy, begin, p), (end - begin) * pass->dy->panel);
        return;
    }
    for (size_t r = begin; r < end; r++)
        dlcore_activate_gradient(pass->training_kernels, pass->activation,
                                 dlcore_matrix_at(from, r, p), dlcore_matrix_at(pass->dy, r, p),
                                 columns);
}

void dlcore_layer_activation_gradient(const dlcore_layer_pass_t *pass)
{
    size_t begin = dlcore_share(pass->dy->rows, pass->worker, pass->workers);
    size_t end = dlcore_share(pass->dy->rows, pass->worker + 1, pass->workers);
    const dlcore_matrix_t *from =
        dlcore_activate_needs_input(pass->activation.kind) ? pass->z : pass->y;

    if (dlcore_activate_takes_rows(pass->activation.kind)) {
        dlcore_softmax_gradient_rows(pass->training_kernels, pass->activation.kind, from, pass->dy,
                                     begin, end);
        return;
    }
    for (size_t p = 0; p < dlcore_matrix_panels(pass->dy); p++)
        panel_gradient(pass, from, p, begin, end);
}

/* dx is dy, which activation_gradient has already brought before the activation. */
static void activation_input_gradient(const dlcore_layer_pass_t *pass)
{
    (void)pass;
}

static const dlcore_setting_t activation_settings[] = {DLCORE_LAYER_ACTIVATION_SETTINGS, {0}};

dlcore_layer_t dlcore_layer_activation(dlcore_activation_t activation)
{
    dlcore_layer_t layer = dlcore_layer_make(DLCORE_LAYER_ACTIVATION, activation_settings);
    layer.activation = activation;
    return layer;
}

dlcore_activation_t dlcore_layer_simplest_relu(double max_value, double negative_slope,
                                               double threshold)
{
    bool bounded = max_value < HUGE_VAL;

    if (threshold != 0.0 || (bounded && (max_value != 6.0 || negative_slope != 0.0)))
        return DLCORE_ACTIVATION_RELU_GENERAL;
    if (negative_slope != 0.0)
        return DLCORE_ACTIVATION_LEAKY_RELU;
    return bounded ? DLCORE_ACTIVATION_RELU6 : DLCORE_ACTIVATION_RELU;
}

dlcore_layer_t dlcore_layer_relu(double max_value, double negative_slope, double threshold)
{
    dlcore_layer_t layer = dlcore_layer_activation(DLCORE_ACTIVATION_RELU_GENERAL);
    layer.max_value = max_value;
    layer.negative_slope = negative_slope;
    layer.threshold = threshold;
    return layer;
}

const dlcore_layer_type_t dlcore_layer_type_activation = {
    .class_name = "Activation",
    .base_name = "activation",
    .settings = activation_settings,
    .output_width = activation_output_width,
    .forward = activation_forward,
    .has_activation = true,
    .gradients_in_place = true,
};

const dlcore_layer_training_t dlcore_layer_training_activation = {
    .activation_gradient = dlcore_layer_activation_gradient,
    .input_gradient = activation_input_gradient,
};

const dlcore_setting_key_t dlcore_layer_keys_activation[] = {{0}};
