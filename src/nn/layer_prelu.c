/* PReLU (He, Zhang, Ren, Sun, 2015): y = x, or alpha x where x is below 0, with an alpha for each
 * unit that is learned.
 *
 * SPDX-License-Identifier: MIT */
#include "base/size.h"
#include "nn/layer.h"

static size_t prelu_output_width(const dlcore_layer_t *layer, size_t input_width)
{
    (void)layer;
    return input_width;
}

static size_t prelu_declare(const dlcore_layer_t *layer, size_t width,
                            dlcore_parameter_t parameters[DLCORE_LAYER_PARAMETERS_MAX])
{
    parameters[0] = dlcore_layer_vector("alpha", width, &layer->alpha_initializer);
    parameters[0].regularizer = &layer->alpha_regularizer;
    parameters[0].constraint = &layer->alpha_constraint;
    return 1;
}

static const float *alpha_of(const dlcore_layer_pass_t *pass, size_t column)
{
    return pass->values + pass->parameters[0].offset + column;
}

static void prelu_forward(const dlcore_layer_pass_t *pass)
{
    const dlcore_matrix_t *y = pass->y;
    size_t begin = dlcore_share(y->rows, pass->worker, pass->workers);
    size_t end = dlcore_share(y->rows, pass->worker + 1, pass->workers);

    for (size_t p = 0; p < dlcore_matrix_panels(y); p++) {
        for (size_t row = begin; row < end; row++)
            pass->kernels->prelu(dlcore_matrix_at(pass->x, row, p), dlcore_matrix_at(y, row, p),
                                 dlcore_matrix_panel_columns(y, p), alpha_of(pass, p * y->panel));
    }
}

static void prelu_input_gradient(const dlcore_layer_pass_t *pass)
{
    dlcore_matrix_t *dx = pass->dx;
    size_t begin = dlcore_share(dx->rows, pass->worker, pass->workers);
    size_t end = dlcore_share(dx->rows, pass->worker + 1, pass->workers);

    for (size_t p = 0; p < dlcore_matrix_panels(dx); p++) {
        size_t columns = dlcore_matrix_panel_columns(dx, p);

        for (size_t row = begin; row < end; row++) {
            float *to = dlcore_matrix_at(dx, row, p);

            pass->training_kernels->prelu_gradient(dlcore_matrix_at(pass->x, row, p),
                                                   dlcore_matrix_at(pass->dy, row, p), to, columns,
                                                   alpha_of(pass, p * dx->panel));
            for (size_t c = columns; c < dx->panel; c++)
                to[c] = 0.0f;
        }
    }
}

static void prelu_parameter_gradient(const dlcore_layer_pass_t *pass)
{
    size_t pieces = dlcore_pieces(pass->dy);
    size_t end = dlcore_share(pieces, pass->worker + 1, pass->workers);

    for (size_t i = dlcore_share(pieces, pass->worker, pass->workers); i < end; i++) {
        dlcore_piece_t x = dlcore_piece(pass->x, i), dy = dlcore_piece(pass->dy, i);
        float sums[DLCORE_PIECE] = {0};

        if (x.count == 0)
            continue;
        pass->training_kernels->prelu_columns(pass->x->data + x.offset, pass->dy->data + dy.offset,
                                              pass->dy->rows, x.count, pass->dy->panel, sums);
        pass->sink->take(pass->sink, pass->parameters[0].offset + x.column, sums,
                         dlcore_size_round_up(x.count, 16));
    }
}

static const dlcore_setting_t prelu_settings[] = {
    {.key = "alpha_initializer",
     DLCORE_LAYER_SETTING(INITIALIZER, alpha_initializer),
     .value = DLCORE_INITIALIZER_ZEROS},
    {.key = "alpha_regularizer",
     DLCORE_LAYER_SETTING(REGULARIZER, alpha_regularizer),
     .quiet = true},
    {.key = "alpha_constraint", DLCORE_LAYER_SETTING(CONSTRAINT, alpha_constraint), .quiet = true},
    {0},
};

dlcore_layer_t dlcore_layer_prelu(void)
{
    return dlcore_layer_make(DLCORE_LAYER_PRELU, prelu_settings);
}

const dlcore_layer_type_t dlcore_layer_type_prelu = {
    .class_name = "PReLU",
    .base_name = "p_re_lu",
    .settings = prelu_settings,
    .output_width = prelu_output_width,
    .declare = prelu_declare,
    .forward = prelu_forward,
};

const dlcore_layer_training_t dlcore_layer_training_prelu = {
    .input_gradient = prelu_input_gradient,
    .parameter_gradient = prelu_parameter_gradient,
};

const dlcore_setting_key_t dlcore_layer_keys_prelu[] = {
    {"shared_axes", "[null]"},
    {0},
};
