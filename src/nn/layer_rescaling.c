/* Rescaling: y = x * scale + offset. As the first layer the engine folds it into the gather.
 *
 * SPDX-License-Identifier: MIT */
#include <float.h>

#include "nn/layer.h"

static size_t rescaling_output_width(const dlcore_layer_t *layer, size_t input_width)
{
    (void)layer;
    return input_width;
}

static void rescaling_forward(const dlcore_layer_pass_t *pass)
{
    size_t begin = dlcore_share(pass->y->rows, pass->worker, pass->workers);
    size_t end = dlcore_share(pass->y->rows, pass->worker + 1, pass->workers);

    for (size_t p = 0; p < dlcore_matrix_panels(pass->y); p++)
        pass->kernels->affine(dlcore_matrix_at(pass->x, begin, p),
                              dlcore_matrix_at(pass->y, begin, p), (end - begin) * pass->y->panel,
                              (float)pass->layer->scale, (float)pass->layer->offset);
}

static void rescaling_input_gradient(const dlcore_layer_pass_t *pass)
{
    dlcore_matrix_t *dx = pass->dx;
    size_t begin = dlcore_share(dx->rows, pass->worker, pass->workers);
    size_t end = dlcore_share(dx->rows, pass->worker + 1, pass->workers);

    for (size_t p = 0; p < dlcore_matrix_panels(dx); p++)
        pass->kernels->scale(dlcore_matrix_at(dx, begin, p), (end - begin) * dx->panel,
                             (float)pass->layer->scale);
}

static const dlcore_setting_t rescaling_settings[] = {
    {.key = "scale",
     DLCORE_LAYER_SETTING(DOUBLE, scale),
     .low = -FLT_MAX,
     .high = FLT_MAX,
     .value = 1.0},
    {.key = "offset", DLCORE_LAYER_SETTING(DOUBLE, offset), .low = -FLT_MAX, .high = FLT_MAX},
    {0},
};

dlcore_layer_t dlcore_layer_rescaling(double scale, double offset)
{
    dlcore_layer_t layer = dlcore_layer_make(DLCORE_LAYER_RESCALING, rescaling_settings);
    layer.scale = scale;
    layer.offset = offset;
    return layer;
}

const dlcore_layer_type_t dlcore_layer_type_rescaling = {
    .class_name = "Rescaling",
    .base_name = "rescaling",
    .settings = rescaling_settings,
    .output_width = rescaling_output_width,
    .forward = rescaling_forward,
    .gradients_in_place = true,
    .is_rescaling = true,
};

const dlcore_layer_training_t dlcore_layer_training_rescaling = {
    .input_gradient = rescaling_input_gradient,
};

const dlcore_setting_key_t dlcore_layer_keys_rescaling[] = {{0}};
