/* What training calls of each kind of layer: the table of tables.
 *
 * SPDX-License-Identifier: MIT */
#include "nn/layer.h"

static const dlcore_layer_training_t *const layer_trainings[] = {
    NULL,
#define DLCORE_LAYER_TRAINING_ROW(kind, name) [DLCORE_LAYER_##kind] = &dlcore_layer_training_##name,
    DLCORE_LAYER_KINDS(DLCORE_LAYER_TRAINING_ROW)
#undef DLCORE_LAYER_TRAINING_ROW
};

const dlcore_layer_training_t *dlcore_layer_training(dlcore_layer_kind_t kind)
{
    return layer_trainings[kind];
}
