/* The kinds of layers: names, and the table of tables.
 *
 * SPDX-License-Identifier: MIT */
#include "nn/layer.h"

#include "base/name.h"

static const dlcore_layer_type_t *const layer_types[] = {NULL,
#define DLCORE_LAYER_ROW(kind, name) [DLCORE_LAYER_##kind] = &dlcore_layer_type_##name,
                                                         DLCORE_LAYER_KINDS(DLCORE_LAYER_ROW)
#undef DLCORE_LAYER_ROW
};

_Static_assert(sizeof layer_types / sizeof layer_types[0] == DLCORE_LAYER_KIND_COUNT,
               "one row each");

const dlcore_layer_type_t *dlcore_layer_type(dlcore_layer_kind_t kind)
{
    if ((int)kind < 0 || (int)kind >= DLCORE_LAYER_KIND_COUNT)
        return NULL;
    return layer_types[kind];
}

dlcore_status dlcore_layer_validate(const dlcore_layer_t *layer, dlcore_error_record_t *error)
{
    return dlcore_settings_validate(dlcore_layer_type(layer->kind)->settings, layer, layer->name,
                                    error);
}

dlcore_layer_kind_t dlcore_layer_kind_named(const char *name)
{
    for (int kind = 1; kind < DLCORE_LAYER_KIND_COUNT; kind++) {
        if (dlcore_name_is(name, layer_types[kind]->base_name) ||
            dlcore_name_is(name, layer_types[kind]->class_name))
            return (dlcore_layer_kind_t)kind;
    }
    return DLCORE_LAYER_UNKNOWN;
}

dlcore_layer_t dlcore_layer_from_name(const char *name)
{
    dlcore_layer_kind_t kind = dlcore_layer_kind_named(name);

    return kind != DLCORE_LAYER_UNKNOWN ? dlcore_layer_make(kind, layer_types[kind]->settings)
                                        : (dlcore_layer_t){.kind = kind};
}

const char *dlcore_layer_kind_name(dlcore_layer_kind_t kind)
{
    const dlcore_layer_type_t *type = dlcore_layer_type(kind);
    return type != NULL ? type->class_name : "unknown";
}
