/* Activation as a layer of its own, and the gradient through an activation that dense shares.
 *
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/error.h"
#include "math/activate.h"
#include "nn/layer.h"
#include "nn/softmax.h"

dlcore_status dlcore_layer_validate_activation(const dlcore_layer_t *layer,
                                               dlcore_error_record_t *error)
{
    if (layer->activation <= DLCORE_ACTIVATION_UNKNOWN ||
        layer->activation > DLCORE_ACTIVATION_TANH)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT,
                           "%s: activation %d is unknown (a name that was not found?)", layer->name,
                           (int)layer->activation);
    return DLCORE_OK;
}

static size_t output_width(const dlcore_layer_t *layer, size_t input_width)
{
    (void)layer;
    return input_width;
}

static void forward(const dlcore_layer_pass_t *pass)
{
    size_t begin = dlcore_share(pass->y->rows, pass->worker, pass->workers);
    size_t end = dlcore_share(pass->y->rows, pass->worker + 1, pass->workers);

    for (size_t p = 0; p < dlcore_matrix_panels(pass->y); p++) {
        float *y = dlcore_matrix_at(pass->y, begin, p);
        size_t n = (end - begin) * pass->y->panel; /* with the padding, which may hold anything */

        memcpy(y, dlcore_matrix_at(pass->x, begin, p), n * sizeof *y);
        dlcore_activate(pass->kernels, pass->activation, y, n);
    }
    if (pass->activation == DLCORE_ACTIVATION_SOFTMAX) {
        for (size_t r = begin; r < end; r++)
            dlcore_softmax_row(pass->kernels, pass->y, r);
    }
}

void dlcore_layer_activation_gradient(const dlcore_layer_pass_t *pass)
{
    dlcore_matrix_t *dy = pass->dy;
    size_t begin = dlcore_share(dy->rows, pass->worker, pass->workers);
    size_t end = dlcore_share(dy->rows, pass->worker + 1, pass->workers);

    if (pass->activation == DLCORE_ACTIVATION_SOFTMAX) {
        for (size_t r = begin; r < end; r++)
            dlcore_softmax_gradient_row(pass->kernels, pass->y, dy, r);
        return;
    }
    /* padding of dy is zero and stays so: no activation's slope is infinite */
    for (size_t p = 0; p < dlcore_matrix_panels(dy); p++)
        dlcore_activate_gradient(pass->kernels, pass->activation,
                                 dlcore_matrix_at(pass->y, begin, p),
                                 dlcore_matrix_at(dy, begin, p), (end - begin) * dy->panel);
}

/* dx is dy, which activation_gradient has already brought before the activation. */
static void input_gradient(const dlcore_layer_pass_t *pass)
{
    (void)pass;
}

const dlcore_layer_type_t dlcore_layer_type_activation = {
    .class_name = "Activation",
    .base_name = "activation",
    .validate = dlcore_layer_validate_activation,
    .output_width = output_width,
    .forward = forward,
    .activation_gradient = dlcore_layer_activation_gradient,
    .input_gradient = input_gradient,
    .gradients_in_place = true,
};
