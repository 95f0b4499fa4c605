/* What the kinds of layers share: descriptors, parameters of one number a unit, pieces of matrices.
 *
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/size.h"
#include "nn/layer.h"

const dlcore_setting_t dlcore_layer_common_settings[] = {
    {.key = "trainable", DLCORE_LAYER_SETTING(BOOL, trainable), .value = true},
    {0},
};

const dlcore_setting_key_t dlcore_layer_common_keys[] = {
    {"name", NULL},
    {"dtype", DLCORE_KEY_DTYPE},
    {"activity_regularizer", "[null]"},
    {"batch_input_shape", NULL}, /* Keras 2: what InputLayer says in Keras 3 */
    {0},
};

void dlcore_layer_reset(dlcore_layer_t *layer, dlcore_layer_kind_t kind,
                        const dlcore_setting_t *settings)
{
    memset(layer, 0, sizeof *layer);
    layer->kind = kind;
    layer->activation = DLCORE_ACTIVATION_LINEAR;
    dlcore_settings_default(dlcore_layer_common_settings, layer);
    dlcore_settings_default(settings, layer);
}

dlcore_layer_t dlcore_layer_make(dlcore_layer_kind_t kind, const dlcore_setting_t *settings)
{
    dlcore_layer_t layer;

    dlcore_layer_reset(&layer, kind, settings);
    return layer;
}

dlcore_parameter_t dlcore_layer_vector(const char *name, size_t width,
                                       const dlcore_initializer_t *initializer)
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
