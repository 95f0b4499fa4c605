/* Reading layers from what Keras or dlcore wrote.
 *
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/error.h"
#include "base/name.h"
#include "model/model.h"
#include "store/activation_config.h"
#include "store/config_reading.h"
#include "store/model_config.h"
#include "store/optimizer_config.h"

static dlcore_status get_initializer(const dlcore_config_reading_t *reading,
                                     const dlcore_json_t *object, const char *name,
                                     dlcore_initializer_t *initializer)
{
    char snake[2 * DLCORE_NAME_SIZE];
    dlcore_json_t found, config;
    dlcore_status status = dlcore_config_find(reading, object, name, &found);

    if (status != DLCORE_OK || found.kind == DLCORE_JSON_NONE)
        return status;
    status = dlcore_config_thing(reading, &found, snake, sizeof snake, &config);
    if (status != DLCORE_OK)
        return status;
    *initializer = dlcore_initializer_from_name(snake);
    if (initializer->kind == DLCORE_INITIALIZER_UNKNOWN)
        return dlcore_config_refuse(reading, DLCORE_ERROR_UNSUPPORTED, name, "is not known here");
    if (initializer->kind == DLCORE_INITIALIZER_CONSTANT)
        status = dlcore_config_double(reading, &config, "value", &initializer->value);
    return status;
}

static dlcore_status get_dense(const dlcore_config_reading_t *reading, const dlcore_json_t *config,
                               dlcore_layer_t *layer)
{
    dlcore_json_t units;
    dlcore_status status = dlcore_config_find(reading, config, "units", &units);

    if (status == DLCORE_OK && !dlcore_json_size(&units, &layer->units))
        return dlcore_config_refuse(reading, DLCORE_ERROR_FORMAT, "units", "is no size");
    if (status == DLCORE_OK)
        status = dlcore_activation_config_read(reading, config, layer);
    if (status == DLCORE_OK)
        status = dlcore_config_bool(reading, config, "use_bias", &layer->use_bias);
    if (status == DLCORE_OK)
        status = get_initializer(reading, config, "kernel_initializer", &layer->kernel_initializer);
    if (status == DLCORE_OK)
        status = get_initializer(reading, config, "bias_initializer", &layer->bias_initializer);
    if (status == DLCORE_OK)
        status = dlcore_regularizer_config_read(reading, config, "kernel_regularizer",
                                                &layer->kernel_regularizer);
    if (status == DLCORE_OK)
        status = dlcore_regularizer_config_read(reading, config, "bias_regularizer",
                                                &layer->bias_regularizer);
    if (status == DLCORE_OK)
        status = dlcore_regularizer_config_read(reading, config, "activity_regularizer",
                                                &layer->activity_regularizer);
    if (status == DLCORE_OK)
        status = dlcore_constraint_config_read(reading, config, "kernel_constraint",
                                               &layer->kernel_constraint);
    if (status == DLCORE_OK)
        status = dlcore_constraint_config_read(reading, config, "bias_constraint",
                                               &layer->bias_constraint);
    return status;
}

/* [null, 784], or more axes, which count as their product. */
static dlcore_status get_width(const dlcore_config_reading_t *reading, const dlcore_json_t *config,
                               const char *name, size_t *width)
{
    dlcore_json_t shape, length;
    dlcore_json_steps_t steps;
    size_t product = 1, number, axes = 0;
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
                                        "is no shape of a batch");
        product *= number;
    }
    if (axes < 2)
        return dlcore_config_refuse(reading, DLCORE_ERROR_FORMAT, name, "is no shape of a batch");
    *width = product;
    return DLCORE_OK;
}

/* A layer of a class that is no kind here: Keras has some activations as layers. */
static dlcore_status get_activation_layer(const dlcore_config_reading_t *reading,
                                          const dlcore_json_t *config, const char *class_name,
                                          dlcore_layer_t *layer)
{
    dlcore_layer_t activation = dlcore_layer_activation(DLCORE_ACTIVATION_LINEAR);
    bool known;
    dlcore_status status =
        dlcore_activation_config_read_class(reading, class_name, config, &activation, &known);

    if (status == DLCORE_OK && !known)
        return dlcore_fail(reading->error, DLCORE_ERROR_UNSUPPORTED,
                           "%s: layer %zu: this version has no layer %s", reading->file,
                           reading->number, class_name);
    memcpy(activation.name, layer->name, sizeof activation.name);
    *layer = activation;
    return status;
}

/* What batch and layer normalization have. */
static dlcore_status get_normalized(const dlcore_config_reading_t *reading,
                                    const dlcore_json_t *config, dlcore_layer_t *layer)
{
    dlcore_status status = dlcore_config_double(reading, config, "momentum", &layer->momentum);

    if (status == DLCORE_OK)
        status = dlcore_config_double(reading, config, "epsilon", &layer->epsilon);
    if (status == DLCORE_OK)
        status = dlcore_config_bool(reading, config, "center", &layer->center);
    if (status == DLCORE_OK)
        status = dlcore_config_bool(reading, config, "scale", &layer->use_scale);
    if (status == DLCORE_OK)
        status = get_initializer(reading, config, "beta_initializer", &layer->beta_initializer);
    if (status == DLCORE_OK)
        status = get_initializer(reading, config, "gamma_initializer", &layer->gamma_initializer);
    return status;
}

static dlcore_status get_layer(const dlcore_config_reading_t *reading, const dlcore_json_t *config,
                               const char *class_name, dlcore_layer_t *layer)
{
    dlcore_status status;

    *layer = dlcore_layer_from_name(class_name);
    status = dlcore_config_name(reading, config, "name", layer->name, sizeof layer->name);
    if (status == DLCORE_OK)
        status = dlcore_config_bool(reading, config, "trainable", &layer->trainable);
    if (status != DLCORE_OK)
        return status;
    switch (layer->kind) {
    case DLCORE_LAYER_DENSE:
        return get_dense(reading, config, layer);
    case DLCORE_LAYER_ACTIVATION:
        return dlcore_activation_config_read(reading, config, layer);
    case DLCORE_LAYER_RESCALING:
        status = dlcore_config_double(reading, config, "scale", &layer->scale);
        return status == DLCORE_OK ? dlcore_config_double(reading, config, "offset", &layer->offset)
                                   : status;
    case DLCORE_LAYER_DROPOUT:
        return dlcore_config_double(reading, config, "rate", &layer->rate);
    case DLCORE_LAYER_GAUSSIAN_NOISE:
        return dlcore_config_double(reading, config, "stddev", &layer->stddev);
    case DLCORE_LAYER_BATCH_NORMALIZATION:
    case DLCORE_LAYER_LAYER_NORMALIZATION:
        return get_normalized(reading, config, layer);
    case DLCORE_LAYER_PRELU:
        return get_initializer(reading, config, "alpha_initializer", &layer->alpha_initializer);
    case DLCORE_LAYER_NORMALIZATION:
    case DLCORE_LAYER_FLATTEN:
        return DLCORE_OK;
    case DLCORE_LAYER_UNKNOWN:
        break;
    }
    return get_activation_layer(reading, config, class_name, layer);
}

/* One element of "layers"; an InputLayer only sets *width. */
static dlcore_status add_layer(const dlcore_config_reading_t *reading, const dlcore_json_t *object,
                               dlcore_model_t *model, size_t *width)
{
    char class_name[DLCORE_NAME_SIZE];
    dlcore_json_t config;
    dlcore_layer_t layer;
    dlcore_status status =
        dlcore_config_name(reading, object, "class_name", class_name, sizeof class_name);

    if (status == DLCORE_OK)
        status = dlcore_config_find(reading, object, "config", &config);
    if (status != DLCORE_OK)
        return status;
    if (config.kind != DLCORE_JSON_OBJECT)
        return dlcore_config_refuse(reading, DLCORE_ERROR_FORMAT, "config", "is no object");
    if (strcmp(class_name, "InputLayer") == 0) {
        if (dlcore_model_layer_count(model) > 0 || *width != 0)
            return dlcore_config_refuse(reading, DLCORE_ERROR_UNSUPPORTED, "InputLayer",
                                        "is not the first");
        return get_width(reading, &config, "batch_shape", width);
    }
    status = get_layer(reading, &config, class_name, &layer);
    if (status != DLCORE_OK)
        return status;
    if (dlcore_model_layer_count(model) == 0)
        layer.input_width = *width;
    status = dlcore_model_add(model, layer);
    if (status != DLCORE_OK)
        return dlcore_fail(reading->error, status, "%s: %s", reading->file,
                           dlcore_model_error(model));
    return DLCORE_OK;
}

static dlcore_status add_layers(dlcore_config_reading_t *reading, const dlcore_json_t *layers,
                                dlcore_model_t *model, size_t *width)
{
    dlcore_json_steps_t steps = dlcore_json_steps(layers);
    dlcore_json_t layer;
    size_t count = 0;
    dlcore_status status;

    /* at once: what grows takes more */
    while (count <= DLCORE_LAYERS_MAX && dlcore_json_step(&steps, NULL, &layer))
        count++;
    status = dlcore_network_reserve(&model->network, count, reading->error);
    steps = dlcore_json_steps(layers);

    for (; status == DLCORE_OK && dlcore_json_step(&steps, NULL, &layer); reading->number++) {
        if (model->network.node_count == DLCORE_LAYERS_MAX)
            return dlcore_config_refuse(reading, DLCORE_ERROR_UNSUPPORTED, "there are",
                                        "more than 1000 layers");
        status = add_layer(reading, &layer, model, width);
    }
    return status;
}

dlcore_status dlcore_model_config_read(const dlcore_json_t *config, const char *file,
                                       dlcore_model_t *model, size_t *input_width,
                                       dlcore_error_record_t *error)
{
    dlcore_config_reading_t reading = {.file = file, .part = "model_config: layer", .error = error};
    char class_name[DLCORE_NAME_SIZE];
    dlcore_json_t inside, layers;
    size_t built = 0;
    dlcore_status status =
        dlcore_config_name(&reading, config, "class_name", class_name, sizeof class_name);

    *input_width = 0;
    if (status == DLCORE_OK && strcmp(class_name, "Sequential") != 0)
        return dlcore_fail(error, DLCORE_ERROR_UNSUPPORTED,
                           "%s: model_config: a model of class \"%s\", not Sequential", file,
                           class_name);
    if (status == DLCORE_OK)
        status = dlcore_config_find(&reading, config, "config", &inside);
    if (status == DLCORE_OK)
        status = dlcore_config_find(&reading, &inside, "layers", &layers);
    if (status == DLCORE_OK)
        status = add_layers(&reading, &layers, model, input_width);
    if (status == DLCORE_OK)
        status = get_width(&reading, &inside, "build_input_shape", &built);
    if (status != DLCORE_OK)
        return status;
    if (*input_width != 0 && built != 0 && built != *input_width)
        return dlcore_fail(error, DLCORE_ERROR_FORMAT,
                           "%s: model_config: built for %zu inputs, the first layer has %zu", file,
                           built, *input_width);
    if (built != 0)
        *input_width = built;
    if (*input_width == 0 || dlcore_model_layer_count(model) == 0)
        return dlcore_fail(error, DLCORE_ERROR_FORMAT, "%s: model_config: %s", file,
                           *input_width == 0 ? "the width of the input is not there"
                                             : "has no layers");
    return DLCORE_OK;
}
