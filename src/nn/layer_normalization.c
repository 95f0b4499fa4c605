/* Normalization by numbers found from data beforehand
 * (keras/src/layers/preprocessing/normalization.py):
 *
 *   y = (x - mean) / max(sqrt(variance), 1e-7), or with `invert`
 *   y = mean + x max(sqrt(variance), 1e-7)
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>

#include "nn/layer.h"

#define LEAST_DEVIATION 1e-7f /* keras.backend.epsilon() */

static size_t normalization_output_width(const dlcore_layer_t *layer, size_t input_width)
{
    (void)layer;
    return input_width;
}

static size_t normalization_declare(const dlcore_layer_t *layer, size_t width,
                                    dlcore_parameter_t parameters[DLCORE_LAYER_PARAMETERS_MAX])
{
    static const dlcore_initializer_t zeros = {.kind = DLCORE_INITIALIZER_ZEROS};
    static const dlcore_initializer_t ones = {.kind = DLCORE_INITIALIZER_ONES};

    (void)layer;
    parameters[0] = dlcore_layer_vector("mean", width, &zeros);
    parameters[1] = dlcore_layer_vector("variance", width, &ones);
    parameters[0].is_statistic = parameters[1].is_statistic = true;
    return 2;
}

/* to = (from - mean) * scale by columns, inverted from * scale + mean; scale alone for gradients.
 * Padding stays as it is. */
static void normalization_apply(const dlcore_layer_pass_t *pass, const dlcore_matrix_t *from,
                                dlcore_matrix_t *to, bool shifts)
{
    size_t pieces = dlcore_pieces(to);
    size_t end = dlcore_share(pieces, pass->worker + 1, pass->workers);

    for (size_t i = dlcore_share(pieces, pass->worker, pass->workers); i < end; i++) {
        dlcore_piece_t x = dlcore_piece(from, i), y = dlcore_piece(to, i);
        const float *mean = pass->values + pass->parameters[0].offset + x.column;
        const float *variance = pass->values + pass->parameters[1].offset + x.column;
        float scale[DLCORE_PIECE] = {0}, shift[DLCORE_PIECE] = {0}, offset[DLCORE_PIECE] = {0};
        float *means = pass->layer->invert ? offset : shift;

        if (x.count == 0)
            continue;
        for (size_t c = 0; c < x.count; c++) {
            float root = sqrtf(variance[c]);
            /* NaN, as of a variance below 0, stays NaN */
            float deviation = root < LEAST_DEVIATION ? LEAST_DEVIATION : root;

            scale[c] = pass->layer->invert ? deviation : 1.0f / deviation;
            means[c] = shifts ? mean[c] : 0.0f;
        }
        pass->kernels->column_affine(from->data + x.offset, to->data + y.offset, to->rows, x.count,
                                     to->panel, shift, scale, offset);
    }
}

static void normalization_forward(const dlcore_layer_pass_t *pass)
{
    normalization_apply(pass, pass->x, pass->y, true);
}

static void normalization_input_gradient(const dlcore_layer_pass_t *pass)
{
    normalization_apply(pass, pass->dy, pass->dx, false);
}

static const dlcore_setting_t normalization_settings[] = {
    {.key = "invert", DLCORE_LAYER_SETTING(BOOL, invert), .quiet = true},
    {0},
};

dlcore_layer_t dlcore_layer_normalization(void)
{
    return dlcore_layer_make(DLCORE_LAYER_NORMALIZATION, normalization_settings);
}

const dlcore_layer_type_t dlcore_layer_type_normalization = {
    .class_name = "Normalization",
    .base_name = "normalization",
    .settings = normalization_settings,
    .output_width = normalization_output_width,
    .declare = normalization_declare,
    .forward = normalization_forward,
    .gradients_in_place = true,
    .needs_axis = true,
    .counts_samples = true,
};

const dlcore_layer_training_t dlcore_layer_training_normalization = {
    .input_gradient = normalization_input_gradient,
};

const dlcore_setting_key_t dlcore_layer_keys_normalization[] = {
    {"axis", "[-1, 1, [-1], [1]]"},
    {"mean", "[null]"},
    {"variance", "[null]"},
    {0},
};
