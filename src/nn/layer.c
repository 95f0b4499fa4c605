/* The kinds of layers: names, and the table of tables.
 *
 * SPDX-License-Identifier: MIT */
#include "nn/layer.h"

#include <string.h>

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

/* ---- settings ---- */

static size_t setting_bytes(dlcore_setting_type_t type)
{
    switch (type) {
    case DLCORE_SETTING_DOUBLE:
        return sizeof(double);
    case DLCORE_SETTING_BOOL:
    case DLCORE_SETTING_UNITS_AXIS:
        return sizeof(bool);
    case DLCORE_SETTING_SIZE:
        return sizeof(size_t);
    case DLCORE_SETTING_INT:
    case DLCORE_SETTING_CHOICE:
    case DLCORE_SETTING_ACTIVATION:
        return sizeof(int);
    case DLCORE_SETTING_INITIALIZER:
        return sizeof(dlcore_initializer_t);
    case DLCORE_SETTING_REGULARIZER:
        return sizeof(dlcore_regularizer_t);
    case DLCORE_SETTING_CONSTRAINT:
        return sizeof(dlcore_constraint_t);
    case DLCORE_SETTING_TABLES:
        return sizeof(dlcore_embeddings_t);
    case DLCORE_SETTING_COUNT: /* these no layer has */
    case DLCORE_SETTING_RATE:
    case DLCORE_SETTING_PIECES:
    case DLCORE_SETTING_LIST:
    case DLCORE_SETTING_TEXT:
    case DLCORE_SETTING_END:
        break;
    }
    return 0;
}

static void copy_settings(const dlcore_setting_t *settings, const dlcore_layer_t *from,
                          dlcore_layer_t *to)
{
    for (; settings->type != DLCORE_SETTING_END; settings++)
        memcpy((char *)to + settings->place, (const char *)from + settings->place,
               setting_bytes(settings->type));
}

void dlcore_layer_settle(const dlcore_layer_t *given, dlcore_layer_t *layer)
{
    const dlcore_setting_t *settings = dlcore_layer_type(given->kind)->settings;

    dlcore_layer_reset(layer, given->kind, settings);
    memcpy(layer->name, given->name, sizeof layer->name);
    layer->input_width = given->input_width;
    copy_settings(dlcore_layer_common_settings, given, layer);
    copy_settings(settings, given, layer);
    if (layer->activation == DLCORE_ACTIVATION_RELU_GENERAL)
        layer->activation =
            dlcore_layer_simplest_relu(layer->max_value, layer->negative_slope, layer->threshold);
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
