/* Rescaling: y = x * scale + offset. As the first layer the engine folds it into the gather.
 *
 * SPDX-License-Identifier: MIT */
#include <float.h>

#include "base/error.h"
#include "nn/layer.h"

static dlcore_status rescaling_validate(const dlcore_layer_t *layer, dlcore_error_record_t *error)
{
    dlcore_status status =
        dlcore_check_range(layer->name, "scale", layer->scale, -FLT_MAX, FLT_MAX, error);

    return status == DLCORE_OK
               ? dlcore_check_range(layer->name, "offset", layer->offset, -FLT_MAX, FLT_MAX, error)
               : status;
}

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

const dlcore_layer_type_t dlcore_layer_type_rescaling = {
    .class_name = "Rescaling",
    .base_name = "rescaling",
    .validate = rescaling_validate,
    .output_width = rescaling_output_width,
    .forward = rescaling_forward,
    .input_gradient = rescaling_input_gradient,
    .gradients_in_place = true,
    .is_rescaling = true,
};
