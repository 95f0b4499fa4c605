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

static size_t output_width(const dlcore_layer_t *layer, size_t input_width)
{
    (void)layer;
    return input_width;
}

/* Mean and factor of each row. */
static size_t state_floats(size_t width, size_t rows)
{
    (void)width;
    return 2 * dlcore_size_round_up(rows, 16);
}

static float *means(const dlcore_layer_pass_t *pass)
{
    return pass->state;
}

static float *inverses(const dlcore_layer_pass_t *pass)
{
    return pass->state + dlcore_size_round_up(pass->x->rows, 16);
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

static void measure(const dlcore_layer_pass_t *pass, size_t row, float *mean, float *inverse)
{
    const dlcore_matrix_t *x = pass->x;
    float sum = 0.0f, squares = 0.0f, width = (float)x->columns;

    for (size_t p = 0; p < dlcore_matrix_panels(x); p++)
        sum += pass->kernels->sum(dlcore_matrix_at(x, row, p), dlcore_matrix_panel_columns(x, p));
    *mean = sum / width;
    for (size_t p = 0; p < dlcore_matrix_panels(x); p++)
        squares += pass->kernels->row_squares(dlcore_matrix_at(x, row, p),
                                              dlcore_matrix_panel_columns(x, p), *mean);
    *inverse = 1.0f / sqrtf(squares / width + (float)pass->layer->epsilon);
}

static void forward(const dlcore_layer_pass_t *pass)
{
    size_t end = dlcore_share(pass->y->rows, pass->worker + 1, pass->workers);

    for (size_t row = dlcore_share(pass->y->rows, pass->worker, pass->workers); row < end; row++) {
        float mean, inverse;

        measure(pass, row, &mean, &inverse);
        if (pass->state != NULL) {
            means(pass)[row] = mean;
            inverses(pass)[row] = inverse;
        }
        for (size_t p = 0; p < dlcore_matrix_panels(pass->y); p++)
            pass->kernels->row_normalize(
                dlcore_matrix_at(pass->x, row, p), dlcore_matrix_at(pass->y, row, p),
                dlcore_matrix_panel_columns(pass->y, p), mean, inverse,
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

static void input_gradient(const dlcore_layer_pass_t *pass)
{
    const dlcore_matrix_t *x = pass->x, *dy = pass->dy;
    size_t end = dlcore_share(dy->rows, pass->worker + 1, pass->workers);

    for (size_t row = dlcore_share(dy->rows, pass->worker, pass->workers); row < end; row++) {
        float mean = means(pass)[row], inverse = inverses(pass)[row], dots[2] = {0};

        for (size_t p = 0; p < dlcore_matrix_panels(dy); p++)
            pass->kernels->row_dots(dlcore_matrix_at(x, row, p), dlcore_matrix_at(dy, row, p),
                                    dlcore_matrix_panel_columns(dy, p), mean, inverse,
                                    from(gamma_of(pass), p * dy->panel), dots);
        dots[0] /= (float)dy->columns;
        dots[1] /= (float)dy->columns;
        for (size_t p = 0; p < dlcore_matrix_panels(dy); p++)
            pass->kernels->row_combine(dlcore_matrix_at(x, row, p), dlcore_matrix_at(dy, row, p),
                                       dlcore_matrix_at(pass->dx, row, p),
                                       dlcore_matrix_panel_columns(dy, p), mean, inverse,
                                       from(gamma_of(pass), p * dy->panel), dots);
        zero_padding(pass->dx, row);
    }
}

static void parameter_gradient(const dlcore_layer_pass_t *pass)
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
                                       pass->dy->rows, x.count, pass->dy->panel, means(pass),
                                       inverses(pass), sums, dots);
        if (layer->use_scale)
            pass->sink->take(pass->sink, pass->parameters[0].offset + x.column, dots, floats);
        if (layer->center)
            pass->sink->take(pass->sink,
                             pass->parameters[layer->use_scale ? 1 : 0].offset + x.column, sums,
                             floats);
    }
}

const dlcore_layer_type_t dlcore_layer_type_layer_normalization = {
    .class_name = "LayerNormalization",
    .base_name = "layer_normalization",
    .validate = dlcore_layer_validate_normalized,
    .output_width = output_width,
    .declare = dlcore_layer_declare_normalized,
    .state_floats = state_floats,
    .forward = forward,
    .input_gradient = input_gradient,
    .parameter_gradient = parameter_gradient,
};
