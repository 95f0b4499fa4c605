/* Layer normalization (Ba, Kiros, Hinton, 2016), as
 * keras/src/layers/normalization/layer_normalization.py over the last axis:
 *
 *   y = gamma (x - mean) / sqrt(variance + epsilon) + beta
 *
 * with mean and (biased) variance of the sample's C units. With k = 1 / sqrt(variance + epsilon),
 * n = (x - mean) k and g = dy gamma:
 *
 *   dx = k (g - sum g / C - n sum g n / C)
 *   gamma gradient = sum over rows of dy n       beta gradient = sum over rows of dy
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>

#include "base/size.h"
#include "nn/layer.h"
#include "nn/layer_normalized.h"

static size_t layer_norm_output_width(const dlcore_layer_t *layer, size_t input_width)
{
    (void)layer;
    return input_width;
}

/* Of each row what it was normalized by. */
static size_t layer_norm_state_floats(size_t width, size_t rows)
{
    (void)width;
    return dlcore_size_round_up(rows * (sizeof(dlcore_row_scale_t) / sizeof(float)), 16);
}

static dlcore_row_scale_t *scales(const dlcore_layer_pass_t *pass)
{
    return (dlcore_row_scale_t *)(void *)pass->state;
}

/* NULL where the layer has none. */
static const float *gamma_of(const dlcore_layer_pass_t *pass)
{
    return pass->layer->use_scale ? pass->values + pass->parameters[0].offset : NULL;
}

static const float *beta_of(const dlcore_layer_pass_t *pass)
{
    size_t index = pass->layer->use_scale ? 1 : 0;

    return pass->layer->center ? pass->values + pass->parameters[index].offset : NULL;
}

static const float *from(const float *array, size_t column)
{
    return array != NULL ? array + column : NULL;
}

/* Sums over a row of x - mean and of its square. */
typedef struct layer_norm_moments {
    double sum, squares;
} layer_norm_moments_t;

static layer_norm_moments_t layer_norm_moments(const dlcore_layer_pass_t *pass, size_t row,
                                               float mean)
{
    enum { MOST = 256 }; /* floats that are added up as floats */
    const dlcore_matrix_t *x = pass->x;
    layer_norm_moments_t total = {0.0, 0.0};

    for (size_t p = 0; p < dlcore_matrix_panels(x); p++) {
        const float *from = dlcore_matrix_at(x, row, p);
        size_t n = dlcore_matrix_panel_columns(x, p);

        for (size_t i = 0; i < n; i += MOST) {
            float part[2];

            pass->kernels->row_moments(from + i, dlcore_size_min(n - i, MOST), mean, part);
            total.sum += (double)part[0];
            total.squares += (double)part[1];
        }
    }
    return total;
}

/* Twice about a number that is near: first the row's first, then the mean that came of it. */
static dlcore_row_scale_t layer_norm_measure(const dlcore_layer_pass_t *pass, size_t row)
{
    const double width = (double)pass->x->columns;
    const float first = *dlcore_matrix_at(pass->x, row, 0);
    const float near = (float)((double)first + layer_norm_moments(pass, row, first).sum / width);
    const layer_norm_moments_t moments = layer_norm_moments(pass, row, near);
    const dlcore_mean_t mean = dlcore_mean_of(near, moments.sum / width, moments.squares / width);

    return (dlcore_row_scale_t){
        .mean = mean.mean,
        .rest = mean.rest,
        .inverse = 1.0f / sqrtf(mean.variance + (float)pass->layer->epsilon),
    };
}

static void layer_norm_forward(const dlcore_layer_pass_t *pass)
{
    size_t end = dlcore_share(pass->y->rows, pass->worker + 1, pass->workers);

    for (size_t row = dlcore_share(pass->y->rows, pass->worker, pass->workers); row < end; row++) {
        dlcore_row_scale_t scale = layer_norm_measure(pass, row);

        if (pass->state != NULL)
            scales(pass)[row] = scale;
        for (size_t p = 0; p < dlcore_matrix_panels(pass->y); p++)
            pass->kernels->row_normalize(
                dlcore_matrix_at(pass->x, row, p), dlcore_matrix_at(pass->y, row, p),
                dlcore_matrix_panel_columns(pass->y, p), &scale,
                from(gamma_of(pass), p * pass->y->panel), from(beta_of(pass), p * pass->y->panel));
    }
}

static void zero_padding(dlcore_matrix_t *dx, size_t row)
{
    size_t last = dlcore_matrix_panels(dx) - 1;
    float *padding = dlcore_matrix_at(dx, row, last);

    for (size_t c = dlcore_matrix_panel_columns(dx, last); c < dx->panel; c++)
        padding[c] = 0.0f;
}

static void layer_norm_input_gradient(const dlcore_layer_pass_t *pass)
{
    const dlcore_matrix_t *x = pass->x, *dy = pass->dy;
    size_t end = dlcore_share(dy->rows, pass->worker + 1, pass->workers);

    for (size_t row = dlcore_share(dy->rows, pass->worker, pass->workers); row < end; row++) {
        const dlcore_row_scale_t *scale = &scales(pass)[row];
        float dots[2] = {0};

        for (size_t p = 0; p < dlcore_matrix_panels(dy); p++)
            pass->kernels->row_dots(dlcore_matrix_at(x, row, p), dlcore_matrix_at(dy, row, p),
                                    dlcore_matrix_panel_columns(dy, p), scale,
                                    from(gamma_of(pass), p * dy->panel), dots);
        dots[0] /= (float)dy->columns;
        dots[1] /= (float)dy->columns;
        for (size_t p = 0; p < dlcore_matrix_panels(dy); p++)
            pass->kernels->row_combine(dlcore_matrix_at(x, row, p), dlcore_matrix_at(dy, row, p),
                                       dlcore_matrix_at(pass->dx, row, p),
                                       dlcore_matrix_panel_columns(dy, p), scale,
                                       from(gamma_of(pass), p * dy->panel), dots);
        zero_padding(pass->dx, row);
    }
}

static void layer_norm_parameter_gradient(const dlcore_layer_pass_t *pass)
{
    const dlcore_layer_t *layer = pass->layer;
    size_t pieces = dlcore_pieces(pass->dy);
    size_t end = dlcore_share(pieces, pass->worker + 1, pass->workers);

    for (size_t i = dlcore_share(pieces, pass->worker, pass->workers); i < end; i++) {
        dlcore_piece_t x = dlcore_piece(pass->x, i), dy = dlcore_piece(pass->dy, i);
        float sums[DLCORE_PIECE] = {0}, dots[DLCORE_PIECE] = {0};
        size_t floats = dlcore_size_round_up(x.count, 16);

        if (x.count == 0)
            continue;
        pass->kernels->column_row_dots(pass->x->data + x.offset, pass->dy->data + dy.offset,
                                       pass->dy->rows, x.count, pass->dy->panel, scales(pass), sums,
                                       dots);
        if (layer->use_scale)
            pass->sink->take(pass->sink, pass->parameters[0].offset + x.column, dots, floats);
        if (layer->center)
            pass->sink->take(pass->sink,
                             pass->parameters[layer->use_scale ? 1 : 0].offset + x.column, sums,
                             floats);
    }
}

static const dlcore_setting_t layer_normalization_settings[] = {DLCORE_LAYER_NORMALIZED_SETTINGS,
                                                                {0}};

dlcore_layer_t dlcore_layer_layer_normalization(void)
{
    return dlcore_layer_make(DLCORE_LAYER_LAYER_NORMALIZATION, layer_normalization_settings);
}

const dlcore_layer_type_t dlcore_layer_type_layer_normalization = {
    .class_name = "LayerNormalization",
    .base_name = "layer_normalization",
    .settings = layer_normalization_settings,
    .output_width = layer_norm_output_width,
    .declare = dlcore_layer_declare_normalized,
    .state_floats = layer_norm_state_floats,
    .forward = layer_norm_forward,
    .input_gradient = layer_norm_input_gradient,
    .parameter_gradient = layer_norm_parameter_gradient,
    .needs_axis = true,
};

const dlcore_setting_key_t dlcore_layer_keys_layer_normalization[] = {
    {"axis", "[-1, 1, [-1], [1]]"},
    {"rms_scaling", "[false, null]"},
    {"beta_regularizer", "[null]"},
    {"gamma_regularizer", "[null]"},
    {"beta_constraint", "[null]"},
    {"gamma_constraint", "[null]"},
    {0},
};
