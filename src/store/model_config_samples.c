/* What samples are, as far as shapes in the config of a model say so.
 *
 * SPDX-License-Identifier: MIT */
#include "store/model_config_samples.h"

#include <stdint.h>
#include <string.h>

#include "base/error.h"
#include "nn/layer.h"

/* [null, 784], or more axes. */
dlcore_status dlcore_samples_read(const dlcore_config_reading_t *reading,
                                  const dlcore_json_t *config, const char *name,
                                  dlcore_samples_t *samples)
{
    dlcore_json_t shape, length;
    dlcore_json_steps_t steps;
    size_t product = 1, number = 0, axes = 0;
    dlcore_status status = dlcore_config_find(reading, config, name, &shape);

    if (status != DLCORE_OK || shape.kind != DLCORE_JSON_ARRAY)
        return status;
    steps = dlcore_json_steps(&shape);
    for (; dlcore_json_step(&steps, NULL, &length); axes++) {
        if (axes == 0)
            continue; /* the batch */
        if (axes > 8 || !dlcore_json_size(&length, &number) || number == 0 ||
            product > SIZE_MAX / number)
            return dlcore_config_refuse(reading, DLCORE_ERROR_FORMAT, name,
                                        "is not the shape of a batch");
        product *= number;
    }
    if (axes < 2)
        return dlcore_config_refuse(reading, DLCORE_ERROR_FORMAT, name,
                                    "is not the shape of a batch");
    *samples = (dlcore_samples_t){.width = product, .last = number, .axes = axes - 1};
    return DLCORE_OK;
}

/* Axis 1 is the last one in two dimensions, which is what the tables of keys mean. */
static dlcore_status refuse_first_axis(const dlcore_config_reading_t *reading,
                                       const dlcore_json_t *config)
{
    dlcore_json_t axis;
    dlcore_status status = dlcore_config_find(reading, config, "axis", &axis);

    if (status != DLCORE_OK || axis.kind == DLCORE_JSON_NONE ||
        !dlcore_config_is_one_of(&axis, "[1, [1]]"))
        return status;
    return dlcore_config_refuse_value(reading, "axis", &axis,
                                      "samples have several axes there, and it is not the last");
}

/* Keras's layer works along the last axis; here samples are flat. */
dlcore_status dlcore_samples_check(const dlcore_config_reading_t *reading,
                                   const dlcore_json_t *config, const dlcore_layer_t *layer,
                                   const dlcore_samples_t *samples)
{
    const dlcore_layer_type_t *type = dlcore_layer_type(layer->kind);
    bool by_rows =
        layer->kind == DLCORE_LAYER_ACTIVATION && dlcore_activate_takes_rows(layer->activation);
    dlcore_status status = DLCORE_OK;

    if (!type->needs_axis && !by_rows)
        return DLCORE_OK;
    if (samples->axes > 1)
        status = refuse_first_axis(reading, config);
    if (status != DLCORE_OK || samples->last == samples->width)
        return status;
    return dlcore_fail(
        reading->error, DLCORE_ERROR_UNSUPPORTED,
        "%s: %s %zu: %s: samples have several axes there, %zu numbers in all and %zu "
        "along the last, by which it works: this version needs a Flatten before it",
        reading->file, reading->part, reading->number, type->class_name, samples->width,
        samples->last);
}

/* ---- Reshape ---- */

/* The shape that samples get, from the one that they have. */
dlcore_status dlcore_samples_reshape(const dlcore_config_reading_t *reading,
                                     const dlcore_json_t *config, const dlcore_samples_t *from,
                                     dlcore_samples_t *to)
{
    size_t product = 1, axes = 0, open = 0, number;
    dlcore_json_t shape, length;
    dlcore_json_steps_t steps;
    double negative;
    dlcore_status status = dlcore_config_find(reading, config, "target_shape", &shape);

    *to = (dlcore_samples_t){.last = 1};
    if (status != DLCORE_OK)
        return status;
    steps = dlcore_json_steps(&shape);
    while (shape.kind == DLCORE_JSON_ARRAY && dlcore_json_step(&steps, NULL, &length) && axes < 9) {
        bool fits =
            dlcore_json_size(&length, &number) && number > 0 && product <= SIZE_MAX / number;

        axes++;
        to->last = fits ? number : 0;
        if (fits)
            product *= number;
        else if (dlcore_json_double(&length, &negative) && negative == -1.0)
            open++;
        else
            axes = 9;
    }
    if (axes == 0 || axes > 8 || open > 1)
        return dlcore_config_refuse(reading, DLCORE_ERROR_FORMAT, "target_shape",
                                    "is not a list of 1 to 8 lengths, one of which may be -1");
    if (from->width == 0 && open == 1 && axes > 1)
        return dlcore_config_refuse(reading, DLCORE_ERROR_UNSUPPORTED, "target_shape",
                                    "has -1, and nothing says how many numbers a sample has");
    if (from->width != 0 && (open == 1 ? from->width % product != 0 : from->width != product))
        return dlcore_config_refuse(reading, DLCORE_ERROR_SHAPE, "target_shape",
                                    "has another number of elements than a sample");
    to->width = open == 1 ? from->width : product;
    if (to->last == 0)
        to->last = from->width / product;
    to->axes = axes;
    return DLCORE_OK;
}

/* ---- softmax along the last of several axes, and glu, which are layers here ---- */

/* Notes an axis, counted from the batch or, below 0, from behind; false: there is none like it, or
 * it was there before. */
static bool note_axis(const dlcore_json_t *number, size_t axes, unsigned *noted)
{
    double value;
    unsigned bit;

    if (!dlcore_json_double(number, &value))
        return false;
    value = value < 0.0 ? value + (double)axes + 1.0 : value;
    for (size_t i = 1; i <= axes; i++) {
        bit = 1U << i;
        if (value != (double)i)
            continue;
        if ((*noted & bit) != 0)
            return false;
        *noted |= bit;
        return true;
    }
    return false;
}

/* The numbers that it takes together: those of the last axis, or of all. */
static dlcore_status softmax_width(const dlcore_config_reading_t *reading,
                                   const dlcore_json_t *config, const dlcore_samples_t *samples,
                                   size_t *width)
{
    const unsigned last = 1U << samples->axes, all = (last << 1) - 2;
    dlcore_json_t axis, number;
    dlcore_json_steps_t steps;
    unsigned noted = 0;
    bool fine = true;
    dlcore_status status = dlcore_config_find(reading, config, "axis", &axis);

    *width = samples->last;
    if (status != DLCORE_OK || axis.kind == DLCORE_JSON_NONE)
        return status;
    steps = dlcore_json_steps(&axis);
    if (axis.kind != DLCORE_JSON_ARRAY)
        fine = note_axis(&axis, samples->axes, &noted);
    while (axis.kind == DLCORE_JSON_ARRAY && fine && dlcore_json_step(&steps, NULL, &number))
        fine = note_axis(&number, samples->axes, &noted);
    if (fine && noted == all)
        *width = samples->width;
    else if (!fine || noted != last)
        return dlcore_config_refuse_value(reading, "axis", &axis,
                                          "samples have several axes there: only the last, or all "
                                          "of them, are supported");
    return DLCORE_OK;
}

/* What stands in the place of a layer whose name and `trainable` it keeps. */
static void replace_layer(dlcore_layer_t *layer, dlcore_layer_kind_t kind)
{
    char name[DLCORE_NAME_SIZE];
    bool trainable = layer->trainable;

    memcpy(name, layer->name, sizeof name);
    dlcore_layer_reset(layer, kind, dlcore_layer_type(kind)->settings);
    memcpy(layer->name, name, sizeof name);
    layer->trainable = trainable;
}

dlcore_status dlcore_samples_get_softmax(const dlcore_config_reading_t *reading,
                                         const dlcore_json_t *config,
                                         const dlcore_samples_t *samples, dlcore_layer_t *layer)
{
    static const dlcore_setting_key_t keys[] = {{"axis", NULL}, {0}};
    dlcore_config_class_t kind = {.name = "Softmax",
                                  .common = dlcore_layer_common_settings,
                                  .settings = dlcore_no_settings,
                                  .common_keys = dlcore_layer_common_keys,
                                  .keys = keys};
    dlcore_config_reading_t within = dlcore_config_within(reading, kind.name);
    size_t width = 0;
    dlcore_status status;

    dlcore_layer_reset(layer, DLCORE_LAYER_GROUPED_SOFTMAX, dlcore_no_settings);
    status = dlcore_config_name(reading, config, "name", layer->name, sizeof layer->name);
    if (status == DLCORE_OK)
        status = dlcore_settings_read(reading, config, &kind, layer);
    if (status == DLCORE_OK)
        status = softmax_width(&within, config, samples, &width);
    if (status != DLCORE_OK)
        return status;
    layer->axis_width = width;
    return DLCORE_OK;
}

void dlcore_samples_settle(const dlcore_samples_t *samples, bool is_glu, dlcore_layer_t *layer)
{
    if (layer->kind != DLCORE_LAYER_ACTIVATION)
        return;
    if (is_glu) {
        replace_layer(layer, DLCORE_LAYER_GLU);
    } else if (layer->activation == DLCORE_ACTIVATION_SOFTMAX && samples->last != samples->width) {
        replace_layer(layer, DLCORE_LAYER_GROUPED_SOFTMAX);
        layer->axis_width = samples->last;
    }
}
