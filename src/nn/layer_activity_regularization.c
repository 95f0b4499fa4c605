/* ActivityRegularization: y = x, whose regularizer adds to the loss, as dense layers' does
 * (engine/activity.h).
 *
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "nn/layer.h"

static size_t activity_output_width(const dlcore_layer_t *layer, size_t input_width)
{
    (void)layer;
    return input_width;
}

static void activity_forward(const dlcore_layer_pass_t *pass)
{
    size_t begin = dlcore_share(pass->y->rows, pass->worker, pass->workers);
    size_t end = dlcore_share(pass->y->rows, pass->worker + 1, pass->workers);

    for (size_t p = 0; p < dlcore_matrix_panels(pass->y); p++)
        memcpy(dlcore_matrix_at(pass->y, begin, p), dlcore_matrix_at(pass->x, begin, p),
               (end - begin) * pass->y->panel * sizeof(float));
}

/* dx is dy, to which the engine has added the regularizer's. */
static void activity_input_gradient(const dlcore_layer_pass_t *pass)
{
    (void)pass;
}

static const dlcore_setting_t activity_settings[] = {
    {.key = "l1", DLCORE_LAYER_SETTING(DOUBLE, activity_regularizer.l1), .high = FLT_MAX / 2.0},
    {.key = "l2", DLCORE_LAYER_SETTING(DOUBLE, activity_regularizer.l2), .high = FLT_MAX / 2.0},
    {0},
};

dlcore_layer_t dlcore_layer_activity_regularization(double l1, double l2)
{
    dlcore_layer_t layer =
        dlcore_layer_make(DLCORE_LAYER_ACTIVITY_REGULARIZATION, activity_settings);
    layer.activity_regularizer = dlcore_regularizer_l1_l2(l1, l2);
    return layer;
}

const dlcore_layer_type_t dlcore_layer_type_activity_regularization = {
    .class_name = "ActivityRegularization",
    .base_name = "activity_regularization",
    .settings = activity_settings,
    .output_width = activity_output_width,
    .forward = activity_forward,
    .gradients_in_place = true,
    .regularizes_activity = true,
};

const dlcore_layer_training_t dlcore_layer_training_activity_regularization = {
    .input_gradient = activity_input_gradient,
};

const dlcore_setting_key_t dlcore_layer_keys_activity_regularization[] = {{0}};
