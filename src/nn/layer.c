/* The kinds of layers: descriptors with Keras's defaults, names, and the table of tables.
 *
 * SPDX-License-Identifier: MIT */
#include "nn/layer.h"

#include "base/name.h"
#include "base/size.h"

static const dlcore_layer_type_t *const layer_types[] = {
    [DLCORE_LAYER_UNKNOWN] = NULL,
    [DLCORE_LAYER_DENSE] = &dlcore_layer_type_dense,
    [DLCORE_LAYER_ACTIVATION] = &dlcore_layer_type_activation,
    [DLCORE_LAYER_FLATTEN] = &dlcore_layer_type_flatten,
    [DLCORE_LAYER_RESCALING] = &dlcore_layer_type_rescaling,
    [DLCORE_LAYER_DROPOUT] = &dlcore_layer_type_dropout,
    [DLCORE_LAYER_GAUSSIAN_NOISE] = &dlcore_layer_type_gaussian_noise,
    [DLCORE_LAYER_BATCH_NORMALIZATION] = &dlcore_layer_type_batch_normalization,
    [DLCORE_LAYER_LAYER_NORMALIZATION] = &dlcore_layer_type_layer_normalization,
    [DLCORE_LAYER_NORMALIZATION] = &dlcore_layer_type_normalization,
    [DLCORE_LAYER_PRELU] = &dlcore_layer_type_prelu,
};

enum { LAYER_TYPE_COUNT = sizeof layer_types / sizeof layer_types[0] };
_Static_assert(LAYER_TYPE_COUNT == DLCORE_LAYER_PRELU + 1, "one row each");

const dlcore_layer_type_t *dlcore_layer_type(dlcore_layer_kind_t kind)
{
    if ((int)kind < 0 || (int)kind >= LAYER_TYPE_COUNT)
        return NULL;
    return layer_types[kind];
}

static dlcore_layer_t layer_defaults(dlcore_layer_kind_t kind)
{
    return (dlcore_layer_t){.kind = kind,
                            .use_bias = true,
                            .kernel_initializer = dlcore_initializer_glorot_uniform(),
                            .bias_initializer = dlcore_initializer_zeros(),
                            .activation = DLCORE_ACTIVATION_LINEAR,
                            .negative_slope = 0.2,
                            .alpha = 1.0,
                            .scale = 1.0,
                            .trainable = true,
                            .rate = 0.5,
                            .stddev = 1.0,
                            .momentum = 0.99,
                            .epsilon = 1e-3,
                            .center = true,
                            .use_scale = true,
                            .gamma_initializer = dlcore_initializer_ones(),
                            .beta_initializer = dlcore_initializer_zeros(),
                            .alpha_initializer = dlcore_initializer_zeros()};
}

dlcore_layer_t dlcore_layer_dense(size_t units, dlcore_activation_t activation)
{
    dlcore_layer_t layer = layer_defaults(DLCORE_LAYER_DENSE);
    layer.units = units;
    layer.activation = activation;
    return layer;
}

dlcore_layer_t dlcore_layer_activation(dlcore_activation_t activation)
{
    dlcore_layer_t layer = layer_defaults(DLCORE_LAYER_ACTIVATION);
    layer.activation = activation;
    return layer;
}

dlcore_layer_t dlcore_layer_flatten(void)
{
    return layer_defaults(DLCORE_LAYER_FLATTEN);
}

dlcore_layer_t dlcore_layer_rescaling(double scale, double offset)
{
    dlcore_layer_t layer = layer_defaults(DLCORE_LAYER_RESCALING);
    layer.scale = scale;
    layer.offset = offset;
    return layer;
}

dlcore_layer_t dlcore_layer_dropout(double rate)
{
    dlcore_layer_t layer = layer_defaults(DLCORE_LAYER_DROPOUT);
    layer.rate = rate;
    return layer;
}

dlcore_layer_t dlcore_layer_gaussian_noise(double stddev)
{
    dlcore_layer_t layer = layer_defaults(DLCORE_LAYER_GAUSSIAN_NOISE);
    layer.stddev = stddev;
    return layer;
}

dlcore_layer_t dlcore_layer_batch_normalization(void)
{
    return layer_defaults(DLCORE_LAYER_BATCH_NORMALIZATION);
}

dlcore_layer_t dlcore_layer_layer_normalization(void)
{
    return layer_defaults(DLCORE_LAYER_LAYER_NORMALIZATION);
}

dlcore_layer_t dlcore_layer_normalization(void)
{
    return layer_defaults(DLCORE_LAYER_NORMALIZATION);
}

dlcore_layer_t dlcore_layer_prelu(void)
{
    return layer_defaults(DLCORE_LAYER_PRELU);
}

dlcore_parameter_t dlcore_layer_vector(const char *name, size_t width,
                                       dlcore_initializer_t initializer)
{
    return (dlcore_parameter_t){.name = name,
                                .rank = 1,
                                .shape = {width, 1},
                                .fan_in = width,
                                .fan_out = width,
                                .initializer = initializer};
}

dlcore_piece_t dlcore_piece(const dlcore_matrix_t *m, size_t index)
{
    size_t per_panel = (m->panel + DLCORE_PIECE - 1) / DLCORE_PIECE;
    size_t panel = index / per_panel, within = index % per_panel * DLCORE_PIECE;
    size_t columns = dlcore_matrix_panel_columns(m, panel);

    return (dlcore_piece_t){
        .column = panel * m->panel + within,
        .count = within < columns ? dlcore_size_min(DLCORE_PIECE, columns - within) : 0,
        .floats = dlcore_size_min(DLCORE_PIECE, m->panel - within),
        .offset = panel * m->panel_stride + within};
}

dlcore_layer_t dlcore_layer_from_name(const char *name)
{
    for (int kind = 1; kind < LAYER_TYPE_COUNT; kind++) {
        if (dlcore_name_is(name, layer_types[kind]->base_name) ||
            dlcore_name_is(name, layer_types[kind]->class_name))
            return layer_defaults((dlcore_layer_kind_t)kind);
    }
    return (dlcore_layer_t){.kind = DLCORE_LAYER_UNKNOWN};
}

const char *dlcore_layer_kind_name(dlcore_layer_kind_t kind)
{
    const dlcore_layer_type_t *type = dlcore_layer_type(kind);
    return type != NULL ? type->class_name : "unknown";
}
