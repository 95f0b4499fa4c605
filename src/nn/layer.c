/* The kinds of layers: descriptors with Keras's defaults, names, and the table of tables.
 *
 * SPDX-License-Identifier: MIT */
#include "nn/layer.h"

#include "base/name.h"

static const dlcore_layer_type_t *const types[] = {
    [DLCORE_LAYER_UNKNOWN] = NULL,
    [DLCORE_LAYER_DENSE] = &dlcore_layer_type_dense,
    [DLCORE_LAYER_ACTIVATION] = &dlcore_layer_type_activation,
    [DLCORE_LAYER_FLATTEN] = &dlcore_layer_type_flatten,
    [DLCORE_LAYER_RESCALING] = &dlcore_layer_type_rescaling,
};

enum { TYPE_COUNT = sizeof types / sizeof types[0] };
_Static_assert(TYPE_COUNT == DLCORE_LAYER_RESCALING + 1, "one row each");

const dlcore_layer_type_t *dlcore_layer_type(dlcore_layer_kind_t kind)
{
    if ((int)kind < 0 || (int)kind >= TYPE_COUNT)
        return NULL;
    return types[kind];
}

static dlcore_layer_t defaults(dlcore_layer_kind_t kind)
{
    return (dlcore_layer_t){.kind = kind,
                            .use_bias = true,
                            .kernel_initializer = dlcore_initializer_glorot_uniform(),
                            .bias_initializer = dlcore_initializer_zeros(),
                            .activation = DLCORE_ACTIVATION_LINEAR,
                            .negative_slope = 0.2,
                            .alpha = 1.0,
                            .scale = 1.0};
}

dlcore_layer_t dlcore_layer_dense(size_t units, dlcore_activation_t activation)
{
    dlcore_layer_t layer = defaults(DLCORE_LAYER_DENSE);
    layer.units = units;
    layer.activation = activation;
    return layer;
}

dlcore_layer_t dlcore_layer_activation(dlcore_activation_t activation)
{
    dlcore_layer_t layer = defaults(DLCORE_LAYER_ACTIVATION);
    layer.activation = activation;
    return layer;
}

dlcore_layer_t dlcore_layer_flatten(void)
{
    return defaults(DLCORE_LAYER_FLATTEN);
}

dlcore_layer_t dlcore_layer_rescaling(double scale, double offset)
{
    dlcore_layer_t layer = defaults(DLCORE_LAYER_RESCALING);
    layer.scale = scale;
    layer.offset = offset;
    return layer;
}

dlcore_layer_t dlcore_layer_from_name(const char *name)
{
    for (int kind = 1; kind < TYPE_COUNT; kind++) {
        if (dlcore_name_is(name, types[kind]->base_name))
            return defaults((dlcore_layer_kind_t)kind);
    }
    return (dlcore_layer_t){.kind = DLCORE_LAYER_UNKNOWN};
}

const char *dlcore_layer_kind_name(dlcore_layer_kind_t kind)
{
    const dlcore_layer_type_t *type = dlcore_layer_type(kind);
    return type != NULL ? type->class_name : "unknown";
}
