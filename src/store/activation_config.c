/* Activations in the JSON of models.
 *
 * SPDX-License-Identifier: MIT */
#include "store/activation_config.h"

#include <string.h>

#include "base/name.h"
#include "store/config_writing.h"

/* Of Keras's layers, which differ from its functions of the same name. */
#define LEAKY_RELU_LAYER_SLOPE 0.3

void dlcore_activation_config_put(dlcore_json_writer_t *writer, const dlcore_layer_t *layer)
{
    dlcore_layer_t defaults = dlcore_layer_activation(layer->activation);
    bool leaky = layer->activation == DLCORE_ACTIVATION_LEAKY_RELU &&
                 layer->negative_slope != defaults.negative_slope;
    bool elu = layer->activation == DLCORE_ACTIVATION_ELU && layer->alpha != defaults.alpha;

    if (!leaky && !elu) {
        dlcore_json_put_string(writer, "activation", dlcore_activation_name(layer->activation));
        return;
    }
    dlcore_config_open(writer, "activation", "keras.layers", leaky ? "LeakyReLU" : "ELU");
    if (leaky)
        dlcore_json_put_double(writer, "negative_slope", layer->negative_slope);
    else
        dlcore_json_put_double(writer, "alpha", layer->alpha);
    dlcore_config_close(writer);
}

/* A number that is 0, or absent. */
static dlcore_status expect_zero(const dlcore_config_reading_t *reading,
                                 const dlcore_json_t *config, const char *name)
{
    double value = 0.0;
    dlcore_status status = dlcore_config_double(reading, config, name, &value);

    if (status == DLCORE_OK && value != 0.0)
        return dlcore_config_refuse(reading, DLCORE_ERROR_UNSUPPORTED, name, "of ReLU is not 0");
    return status;
}

static dlcore_status read_relu(const dlcore_config_reading_t *reading, const dlcore_json_t *config,
                               dlcore_layer_t *layer)
{
    dlcore_json_t bound;
    double max_value = 6.0;
    dlcore_status status = expect_zero(reading, config, "threshold");

    layer->activation = DLCORE_ACTIVATION_RELU;
    if (status == DLCORE_OK)
        status = dlcore_config_find(reading, config, "max_value", &bound);
    if (status != DLCORE_OK)
        return status;
    if (bound.kind == DLCORE_JSON_NONE || bound.kind == DLCORE_JSON_NULL) {
        double slope = 0.0;
        status = dlcore_config_double(reading, config, "negative_slope", &slope);
        if (slope != 0.0) {
            layer->activation = DLCORE_ACTIVATION_LEAKY_RELU;
            layer->negative_slope = slope;
        }
        return status;
    }
    layer->activation = DLCORE_ACTIVATION_RELU6;
    status = dlcore_config_double(reading, config, "max_value", &max_value);
    if (status == DLCORE_OK && max_value != 6.0)
        return dlcore_config_refuse(reading, DLCORE_ERROR_UNSUPPORTED, "max_value",
                                    "of ReLU is neither null nor 6");
    return status == DLCORE_OK ? expect_zero(reading, config, "negative_slope") : status;
}

/* Over the units of a sample: -1, or 1, which is the same in two dimensions. */
static dlcore_status read_softmax(const dlcore_config_reading_t *reading,
                                  const dlcore_json_t *config, dlcore_layer_t *layer)
{
    double axis = -1.0;
    dlcore_status status = dlcore_config_double(reading, config, "axis", &axis);

    layer->activation = DLCORE_ACTIVATION_SOFTMAX;
    if (status == DLCORE_OK && axis != -1.0 && axis != 1.0)
        return dlcore_config_refuse(reading, DLCORE_ERROR_UNSUPPORTED, "axis",
                                    "of Softmax is not the last");
    return status;
}

dlcore_status dlcore_activation_config_read_class(const dlcore_config_reading_t *reading,
                                                  const char *class_name,
                                                  const dlcore_json_t *config,
                                                  dlcore_layer_t *layer, bool *known)
{
    *known = true;
    if (dlcore_name_is(class_name, "LeakyReLU")) {
        layer->activation = DLCORE_ACTIVATION_LEAKY_RELU;
        layer->negative_slope = LEAKY_RELU_LAYER_SLOPE;
        return dlcore_config_double(reading, config, "negative_slope", &layer->negative_slope);
    }
    if (dlcore_name_is(class_name, "ELU")) {
        layer->activation = DLCORE_ACTIVATION_ELU;
        return dlcore_config_double(reading, config, "alpha", &layer->alpha);
    }
    if (dlcore_name_is(class_name, "ReLU"))
        return read_relu(reading, config, layer);
    if (dlcore_name_is(class_name, "Softmax"))
        return read_softmax(reading, config, layer);
    *known = false;
    return DLCORE_OK;
}

static dlcore_status read_object(const dlcore_config_reading_t *reading,
                                 const dlcore_json_t *object, dlcore_layer_t *layer)
{
    char class_name[DLCORE_NAME_SIZE];
    dlcore_json_t config;
    bool known = false;
    dlcore_status status =
        dlcore_config_name(reading, object, "class_name", class_name, sizeof class_name);

    if (status == DLCORE_OK)
        status = dlcore_config_find(reading, object, "config", &config);
    if (status == DLCORE_OK)
        status = dlcore_activation_config_read_class(reading, class_name, &config, layer, &known);
    if (status == DLCORE_OK && !known)
        return dlcore_config_refuse(reading, DLCORE_ERROR_UNSUPPORTED, "its activation",
                                    "is not known here");
    return status;
}

dlcore_status dlcore_activation_config_read(const dlcore_config_reading_t *reading,
                                            const dlcore_json_t *config, dlcore_layer_t *layer)
{
    char name[DLCORE_NAME_SIZE];
    dlcore_json_t found;
    dlcore_status status = dlcore_config_find(reading, config, "activation", &found);

    if (status == DLCORE_OK && found.kind == DLCORE_JSON_OBJECT)
        return read_object(reading, &found, layer);
    if (status == DLCORE_OK)
        status = dlcore_config_name(reading, config, "activation", name, sizeof name);
    if (status != DLCORE_OK || name[0] == '\0')
        return status;
    layer->activation = dlcore_activation_from_name(name);
    if (layer->activation == DLCORE_ACTIVATION_UNKNOWN)
        return dlcore_config_refuse(reading, DLCORE_ERROR_UNSUPPORTED, "its activation",
                                    "is not known here");
    return DLCORE_OK;
}
