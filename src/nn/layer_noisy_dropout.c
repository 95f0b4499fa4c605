/* Gaussian dropout and alpha dropout (keras/src/layers/regularization): random while training,
 * nothing when predicting. As in layer_dropout.c, element e of a batch keeps its number whatever
 * threads and engine do, and what is drawn is drawn again in the backward pass.
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>

#include "nn/layer.h"

static size_t noisy_output_width(const dlcore_layer_t *layer, size_t input_width)
{
    (void)layer;
    return input_width;
}

/* The worker's rows of panel p. */
static dlcore_elements_t noisy_elements(const dlcore_layer_pass_t *pass, const dlcore_matrix_t *m,
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

#define NOISY_RATE_SETTINGS                                                                        \
    {.key = "rate", DLCORE_LAYER_SETTING(DOUBLE, rate), .high = 1.0, .value = 0.5, .below = true}, \
    {                                                                                              \
        .key = "seed", .type = DLCORE_SETTING_TEXT, .text = "null"                                 \
    }

/* ---- gaussian dropout (Srivastava and others, 2014): y = x (1 + noise) ---- */

static void multiply_noise(const dlcore_layer_pass_t *pass, const dlcore_matrix_t *from,
                           dlcore_matrix_t *to)
{
    double rate = pass->layer->rate;
    size_t begin = dlcore_share(to->rows, pass->worker, pass->workers);

    for (size_t p = 0; p < dlcore_matrix_panels(to); p++) {
        dlcore_elements_t elements = noisy_elements(pass, to, p);

        pass->training_kernels->rare->gaussian_dropout(dlcore_matrix_at(from, begin, p),
                                                       dlcore_matrix_at(to, begin, p), &elements,
                                                       pass->key, (float)sqrt(rate / (1.0 - rate)));
    }
}

static void forward_gaussian_dropout(const dlcore_layer_pass_t *pass)
{
    multiply_noise(pass, pass->x, pass->y);
}

static void input_gradient_gaussian_dropout(const dlcore_layer_pass_t *pass)
{
    multiply_noise(pass, pass->dy, pass->dx);
}

static const dlcore_setting_t gaussian_dropout_settings[] = {NOISY_RATE_SETTINGS, {0}};

dlcore_layer_t dlcore_layer_gaussian_dropout(double rate)
{
    dlcore_layer_t layer =
        dlcore_layer_make(DLCORE_LAYER_GAUSSIAN_DROPOUT, gaussian_dropout_settings);
    layer.rate = rate;
    return layer;
}

const dlcore_layer_type_t dlcore_layer_type_gaussian_dropout = {
    .class_name = "GaussianDropout",
    .base_name = "gaussian_dropout",
    .settings = gaussian_dropout_settings,
    .output_width = noisy_output_width,
    .gradients_in_place = true,
    .only_trains = true,
};

const dlcore_layer_training_t dlcore_layer_training_gaussian_dropout = {
    .forward = forward_gaussian_dropout,
    .input_gradient = input_gradient_gaussian_dropout,
};

const dlcore_setting_key_t dlcore_layer_keys_gaussian_dropout[] = {{"seed", NULL}, {0}};

/* ---- alpha dropout (Klambauer and others, 2017) ---- */

/* What is dropped becomes p = -alpha scale of selu; then a y + b, with
 * a = ((1 - rate) (1 + rate p^2))^(-1/2) and b = -a p rate, has the mean and variance of before. */
static dlcore_alpha_dropout_t alpha_terms(double rate)
{
    const double p = -1.6732632423543772 * 1.0507009873554805;
    double a = 1.0 / sqrt((1.0 - rate) * (1.0 + rate * p * p)), b = -a * p * rate;

    return (dlcore_alpha_dropout_t){
        .scale = (float)a, .offset = (float)b, .dropped = (float)(a * p + b)};
}

static void drop_to(const dlcore_layer_pass_t *pass, const dlcore_matrix_t *from,
                    dlcore_matrix_t *to, dlcore_alpha_dropout_t terms)
{
    uint32_t threshold = (uint32_t)(pass->layer->rate * 4294967296.0);
    size_t begin = dlcore_share(to->rows, pass->worker, pass->workers);

    for (size_t p = 0; p < dlcore_matrix_panels(to); p++) {
        dlcore_elements_t elements = noisy_elements(pass, to, p);

        pass->training_kernels->rare->alpha_dropout(dlcore_matrix_at(from, begin, p),
                                                    dlcore_matrix_at(to, begin, p), &elements,
                                                    pass->key, threshold, &terms);
    }
}

static void forward_alpha_dropout(const dlcore_layer_pass_t *pass)
{
    drop_to(pass, pass->x, pass->y, alpha_terms(pass->layer->rate));
}

static void input_gradient_alpha_dropout(const dlcore_layer_pass_t *pass)
{
    dlcore_alpha_dropout_t slope = {.scale = alpha_terms(pass->layer->rate).scale};

    drop_to(pass, pass->dy, pass->dx, slope);
}

static const dlcore_setting_t alpha_dropout_settings[] = {NOISY_RATE_SETTINGS, {0}};

dlcore_layer_t dlcore_layer_alpha_dropout(double rate)
{
    dlcore_layer_t layer = dlcore_layer_make(DLCORE_LAYER_ALPHA_DROPOUT, alpha_dropout_settings);
    layer.rate = rate;
    return layer;
}

const dlcore_layer_type_t dlcore_layer_type_alpha_dropout = {
    .class_name = "AlphaDropout",
    .base_name = "alpha_dropout",
    .settings = alpha_dropout_settings,
    .output_width = noisy_output_width,
    .gradients_in_place = true,
    .only_trains = true,
};

const dlcore_layer_training_t dlcore_layer_training_alpha_dropout = {
    .forward = forward_alpha_dropout,
    .input_gradient = input_gradient_alpha_dropout,
};

const dlcore_setting_key_t dlcore_layer_keys_alpha_dropout[] = {
    {"seed", NULL},
    {"noise_shape", "[null]"},
    {0},
};
