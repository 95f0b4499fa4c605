/* Dropout and Gaussian noise: what is random while training, and nothing when predicting.
 *
 * Element e of a batch, row * width + column, keeps its number whatever threads and engine do. The
 * mask is made again in the backward pass: that costs less than keeping it.
 *
 * SPDX-License-Identifier: MIT */
#include <float.h>

#include "nn/layer.h"

static size_t dropout_output_width(const dlcore_layer_t *layer, size_t input_width)
{
    (void)layer;
    return input_width;
}

/* The worker's rows of panel p. */
static dlcore_elements_t elements_of(const dlcore_layer_pass_t *pass, const dlcore_matrix_t *m,
                                     size_t p)
{
    size_t begin = dlcore_share(m->rows, pass->worker, pass->workers);
    size_t end = dlcore_share(m->rows, pass->worker + 1, pass->workers);

    return (dlcore_elements_t){
        .rows = end - begin,
        .columns = dlcore_matrix_panel_columns(m, p),
        .stride = m->panel,
        .step = m->columns,
        .first = (uint32_t)((pass->first_row + begin) * m->columns + p * m->panel)};
}

/* ---- dropout ---- */

/* `to` = the elements of `from` that stay, scaled: for y and x, and for dx and dy. */
static void mask(const dlcore_layer_pass_t *pass, const dlcore_matrix_t *from, dlcore_matrix_t *to)
{
    double rate = pass->layer->rate;
    uint32_t threshold = rate < 1.0 ? (uint32_t)(rate * 4294967296.0) : UINT32_MAX;
    float scale = rate < 1.0 ? (float)(1.0 / (1.0 - rate)) : 0.0f;
    size_t begin = dlcore_share(to->rows, pass->worker, pass->workers);

    for (size_t p = 0; p < dlcore_matrix_panels(to); p++) {
        dlcore_elements_t elements = elements_of(pass, to, p);

        pass->training_kernels->dropout(dlcore_matrix_at(from, begin, p),
                                        dlcore_matrix_at(to, begin, p), &elements, pass->key,
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

/* What is random is drawn from the model's seed: Keras's would draw other numbers, anyway. */
static const dlcore_setting_t dropout_settings[] = {
    {.key = "rate", DLCORE_LAYER_SETTING(DOUBLE, rate), .high = 1.0, .value = 0.5},
    {.key = "seed", .type = DLCORE_SETTING_TEXT, .text = "null"},
    {0},
};

dlcore_layer_t dlcore_layer_dropout(double rate)
{
    dlcore_layer_t layer = dlcore_layer_make(DLCORE_LAYER_DROPOUT, dropout_settings);
    layer.rate = rate;
    return layer;
}

const dlcore_layer_type_t dlcore_layer_type_dropout = {
    .class_name = "Dropout",
    .base_name = "dropout",
    .settings = dropout_settings,
    .output_width = dropout_output_width,
    .gradients_in_place = true,
    .only_trains = true,
};

const dlcore_layer_training_t dlcore_layer_training_dropout = {
    .forward = forward_dropout,
    .input_gradient = input_gradient_dropout,
};

const dlcore_setting_key_t dlcore_layer_keys_dropout[] = {
    {"seed", NULL},
    {"noise_shape", "[null]"},
    {0},
};

/* ---- noise ---- */

static void forward_noise(const dlcore_layer_pass_t *pass)
{
    const dlcore_matrix_t *y = pass->y;
    size_t begin = dlcore_share(y->rows, pass->worker, pass->workers);

    for (size_t p = 0; p < dlcore_matrix_panels(y); p++) {
        dlcore_elements_t elements = elements_of(pass, y, p);

        pass->training_kernels->rare->noise(dlcore_matrix_at(pass->x, begin, p),
                                            dlcore_matrix_at(y, begin, p), &elements, pass->key,
                                            (float)pass->layer->stddev);
    }
}

/* dx is dy. */
static void input_gradient_noise(const dlcore_layer_pass_t *pass)
{
    (void)pass;
}

static const dlcore_setting_t noise_settings[] = {
    {.key = "stddev", DLCORE_LAYER_SETTING(DOUBLE, stddev), .high = FLT_MAX, .value = 1.0},
    {.key = "seed", .type = DLCORE_SETTING_TEXT, .text = "null"},
    {0},
};

dlcore_layer_t dlcore_layer_gaussian_noise(double stddev)
{
    dlcore_layer_t layer = dlcore_layer_make(DLCORE_LAYER_GAUSSIAN_NOISE, noise_settings);
    layer.stddev = stddev;
    return layer;
}

const dlcore_layer_type_t dlcore_layer_type_gaussian_noise = {
    .class_name = "GaussianNoise",
    .base_name = "gaussian_noise",
    .settings = noise_settings,
    .output_width = dropout_output_width,
    .gradients_in_place = true,
    .only_trains = true,
};

const dlcore_layer_training_t dlcore_layer_training_gaussian_noise = {
    .forward = forward_noise,
    .input_gradient = input_gradient_noise,
};

const dlcore_setting_key_t dlcore_layer_keys_gaussian_noise[] = {{"seed", NULL}, {0}};
