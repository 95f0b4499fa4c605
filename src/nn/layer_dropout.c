/* Dropout and Gaussian noise: what is random while training, and nothing when predicting.
 *
 * Element e of a batch, row * width + column, keeps its number whatever threads and engine do. The
 * mask is made again in the backward pass: that costs less than keeping it.
 *
 * SPDX-License-Identifier: MIT */
#include <float.h>

#include "base/error.h"
#include "nn/layer.h"

static size_t output_width(const dlcore_layer_t *layer, size_t input_width)
{
    (void)layer;
    return input_width;
}

/* ---- dropout ---- */

static dlcore_status validate_dropout(const dlcore_layer_t *layer, dlcore_error_record_t *error)
{
    return dlcore_check_range(layer->name, "rate", layer->rate, 0.0, 1.0, error);
}

/* `to` = the elements of `from` that stay, scaled: for y and x, and for dx and dy. */
static void mask(const dlcore_layer_pass_t *pass, const dlcore_matrix_t *from, dlcore_matrix_t *to)
{
    double rate = pass->layer->rate;
    uint32_t threshold = rate < 1.0 ? (uint32_t)(rate * 4294967296.0) : UINT32_MAX;
    float scale = rate < 1.0 ? (float)(1.0 / (1.0 - rate)) : 0.0f;
    size_t begin = dlcore_share(to->rows, pass->worker, pass->workers);
    size_t end = dlcore_share(to->rows, pass->worker + 1, pass->workers);

    for (size_t p = 0; p < dlcore_matrix_panels(to); p++) {
        for (size_t row = begin; row < end; row++)
            pass->kernels->dropout(dlcore_matrix_at(from, row, p), dlcore_matrix_at(to, row, p),
                                   dlcore_matrix_panel_columns(to, p),
                                   (uint32_t)(row * to->columns + p * to->panel), pass->key,
                                   threshold, scale);
    }
}

static void forward_dropout(const dlcore_layer_pass_t *pass)
{
    mask(pass, pass->x, pass->y);
}

static void input_gradient_dropout(const dlcore_layer_pass_t *pass)
{
    mask(pass, pass->dy, pass->dx);
}

const dlcore_layer_type_t dlcore_layer_type_dropout = {
    .class_name = "Dropout",
    .base_name = "dropout",
    .validate = validate_dropout,
    .output_width = output_width,
    .forward = forward_dropout,
    .input_gradient = input_gradient_dropout,
    .gradients_in_place = true,
    .only_trains = true,
};

/* ---- noise ---- */

static dlcore_status validate_noise(const dlcore_layer_t *layer, dlcore_error_record_t *error)
{
    return dlcore_check_range(layer->name, "stddev", layer->stddev, 0.0, FLT_MAX, error);
}

static void forward_noise(const dlcore_layer_pass_t *pass)
{
    const dlcore_matrix_t *y = pass->y;
    size_t begin = dlcore_share(y->rows, pass->worker, pass->workers);
    size_t end = dlcore_share(y->rows, pass->worker + 1, pass->workers);

    for (size_t p = 0; p < dlcore_matrix_panels(y); p++) {
        for (size_t row = begin; row < end; row++)
            pass->kernels->noise(dlcore_matrix_at(pass->x, row, p), dlcore_matrix_at(y, row, p),
                                 dlcore_matrix_panel_columns(y, p),
                                 (uint32_t)(row * y->columns + p * y->panel), pass->key,
                                 (float)pass->layer->stddev);
    }
}

/* dx is dy. */
static void input_gradient_noise(const dlcore_layer_pass_t *pass)
{
    (void)pass;
}

const dlcore_layer_type_t dlcore_layer_type_gaussian_noise = {
    .class_name = "GaussianNoise",
    .base_name = "gaussian_noise",
    .validate = validate_noise,
    .output_width = output_width,
    .forward = forward_noise,
    .input_gradient = input_gradient_noise,
    .gradients_in_place = true,
    .only_trains = true,
};
