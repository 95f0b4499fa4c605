/* Reading layers from what Keras or dlcore wrote.
 *
 * SPDX-License-Identifier: MIT */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "model/model.h"
#include "store/activation_config.h"
#include "store/config_reading.h"
#include "store/model_config.h"
#include "store/model_config_chain.h"
#include "store/model_config_samples.h"

/* In the order of the kinds. */
static const dlcore_setting_key_t *const layer_keys[] = {dlcore_no_keys,
#define DLCORE_LAYER_KEYS(kind, name) dlcore_layer_keys_##name,
                                                         DLCORE_LAYER_KINDS(DLCORE_LAYER_KEYS)
#undef DLCORE_LAYER_KEYS
};

/* While layers are added. */
typedef struct adding {
    dlcore_model_t *model;
    bool takes_constants;
    bool reshaped;             /* a layer here has made, or met, several axes */
    dlcore_samples_t declared; /* by an InputLayer, or with the first layer */
    dlcore_samples_t samples;  /* where the next layer stands */
} adding_t;

/* ---- Reshape: a Flatten here, after which samples have other axes ---- */

static dlcore_status get_reshape(const dlcore_config_reading_t *reading,
                                 const dlcore_json_t *config, dlcore_layer_t *layer)
{
    static const dlcore_setting_key_t keys[] = {{"target_shape", NULL}, {0}};
    dlcore_config_class_t kind = {.name = "Reshape",
                                  .common = dlcore_layer_common_settings,
                                  .settings = dlcore_no_settings,
                                  .common_keys = dlcore_layer_common_keys,
                                  .keys = keys};
    dlcore_status status;

    dlcore_layer_reset(layer, DLCORE_LAYER_FLATTEN, dlcore_no_settings);
    status = dlcore_config_name(reading, config, "name", layer->name, sizeof layer->name);
    return status == DLCORE_OK ? dlcore_settings_read(reading, config, &kind, layer) : status;
}

static dlcore_samples_t flat_samples(size_t width)
{
    return (dlcore_samples_t){.width = width, .last = width, .axes = width > 0};
}

/* What samples are behind a layer. */
static dlcore_status pass_layer(const dlcore_config_reading_t *reading, const dlcore_json_t *config,
                                const dlcore_layer_t *layer, bool reshapes, adding_t *adding)
{
    dlcore_samples_t *samples = &adding->samples;
    dlcore_samples_t from = *samples;

    if (reshapes) {
        adding->reshaped = true;
        return dlcore_samples_reshape(reading, config, &from, samples);
    }
    if (layer->kind == DLCORE_LAYER_GROUPED_SOFTMAX)
        adding->reshaped = samples->axes > 1;
    if (layer->kind == DLCORE_LAYER_FLATTEN)
        *samples = flat_samples(samples->width);
    if (layer->kind == DLCORE_LAYER_DENSE)
        *samples = flat_samples(layer->units);
    if (layer->kind == DLCORE_LAYER_GLU)
        *samples = flat_samples(samples->width / 2);
    return DLCORE_OK;
}

/* ---- Normalization with its numbers in the config ---- */

static const dlcore_setting_key_t constant_keys[] = {
    {"axis", "[-1, 1, [-1], [1]]"}, {"mean", NULL}, {"variance", NULL}, {0}};

/* As in Keras, mean and variance go together. */
static dlcore_status check_constants(const dlcore_config_reading_t *reading,
                                     const dlcore_json_t *config)
{
    dlcore_json_t mean, variance;
    dlcore_status status = dlcore_config_find(reading, config, "mean", &mean);

    if (status == DLCORE_OK)
        status = dlcore_config_find(reading, config, "variance", &variance);
    if (status != DLCORE_OK || (mean.kind > DLCORE_JSON_NULL) == (variance.kind > DLCORE_JSON_NULL))
        return status;
    return dlcore_config_refuse(reading, DLCORE_ERROR_FORMAT,
                                "Normalization:", "has one of mean and variance without the other");
}

/* ---- layers ---- */

/* The layer's config; Keras has some activations as layers of a class of their own. */
static dlcore_status get_layer(const dlcore_config_reading_t *reading, const dlcore_json_t *object,
                               const char *class_name, const dlcore_json_t *config,
                               bool takes_constants, dlcore_layer_t *layer)
{
    const dlcore_layer_type_t *type = dlcore_layer_type(dlcore_layer_kind_named(class_name));
    dlcore_config_class_t kind = {.common = dlcore_layer_common_settings,
                                  .common_keys = dlcore_layer_common_keys};
    dlcore_status status;

    if (type == NULL && !dlcore_activation_config_is_class(class_name))
        return dlcore_config_refuse_class(reading, "layer", object, class_name);
    if (type == NULL)
        dlcore_layer_reset(layer, DLCORE_LAYER_ACTIVATION,
                           dlcore_layer_type(DLCORE_LAYER_ACTIVATION)->settings);
    else
        dlcore_layer_reset(layer, dlcore_layer_kind_named(class_name), type->settings);
    status = dlcore_config_name(reading, config, "name", layer->name, sizeof layer->name);
    if (status != DLCORE_OK)
        return status;
    if (type == NULL)
        return dlcore_activation_config_read_class(reading, class_name, config, layer);
    kind.name = type->class_name;
    kind.settings = type->settings;
    kind.keys = layer_keys[layer->kind];
    if (takes_constants && layer->kind == DLCORE_LAYER_NORMALIZATION) {
        kind.keys = constant_keys;
        status = check_constants(reading, config);
    }
    return status == DLCORE_OK ? dlcore_settings_read(reading, config, &kind, layer) : status;
}

static dlcore_status get_input(const dlcore_config_reading_t *reading, const dlcore_json_t *config,
                               adding_t *adding)
{
    /* Numbers of these types come to layers as float32, which are the same numbers. */
    static const dlcore_setting_key_t keys[] = {
        {"batch_shape", NULL},
        {"batch_input_shape", NULL}, /* Keras 2 */
        {"dtype", "[null, \"float32\", \"float64\", \"uint8\", \"int8\", \"int16\", \"int32\", "
                  "\"int64\", \"bool\"]"},
        {"sparse", "[false, null]"},
        {"ragged", "[false, null]"},
        {"optional", "[false]"},
        {"name", NULL},
        {0}};
    dlcore_config_class_t kind = {.name = "InputLayer",
                                  .common = dlcore_no_settings,
                                  .settings = dlcore_no_settings,
                                  .common_keys = dlcore_no_keys,
                                  .keys = keys};
    dlcore_status status;

    if (adding->model->network.node_count > 0 || adding->declared.width != 0)
        return dlcore_config_refuse(reading, DLCORE_ERROR_UNSUPPORTED, "InputLayer",
                                    "is not the first");
    status = dlcore_settings_read(reading, config, &kind, NULL);
    if (status == DLCORE_OK)
        status = dlcore_samples_read(reading, config, "batch_input_shape", &adding->declared);
    return status == DLCORE_OK
               ? dlcore_samples_read(reading, config, "batch_shape", &adding->declared)
               : status;
}

/* A layer of any class but InputLayer. *is_glu: its activation, which is no activation here. */
static dlcore_status get_any_layer(const dlcore_config_reading_t *reading,
                                   const dlcore_json_t *object, const char *class_name,
                                   const dlcore_json_t *config, const adding_t *adding,
                                   dlcore_layer_t *layer, bool *is_glu)
{
    dlcore_config_reading_t within = *reading;
    dlcore_status status;

    within.is_glu = is_glu;
    if (strcmp(class_name, "Reshape") == 0)
        return get_reshape(reading, config, layer);
    if (strcmp(class_name, "Softmax") == 0 && adding->samples.axes > 1)
        return dlcore_samples_get_softmax(reading, config, &adding->samples, layer);
    status = get_layer(&within, object, class_name, config, adding->takes_constants, layer);
    if (status == DLCORE_OK)
        dlcore_samples_settle(&adding->samples, *is_glu, layer);
    return status;
}

/* Adds a layer that was read to the model. */
static dlcore_status append_layer(const dlcore_config_reading_t *reading,
                                  const dlcore_json_t *config, const dlcore_layer_t *layer,
                                  bool reshapes, adding_t *adding)
{
    dlcore_status status = dlcore_samples_check(reading, config, layer, &adding->samples);

    if (status != DLCORE_OK)
        return status;
    status = dlcore_model_add_layer(adding->model, layer);
    if (status != DLCORE_OK)
        return dlcore_fail(reading->error, status, "%s: %s", reading->file,
                           dlcore_model_error(adding->model));
    return pass_layer(reading, config, layer, reshapes, adding);
}

/* One element of "layers"; an InputLayer only says what samples are. */
static dlcore_status add_layer(const dlcore_config_reading_t *reading, const dlcore_json_t *object,
                               adding_t *adding)
{
    char class_name[DLCORE_NAME_SIZE];
    dlcore_json_t config;
    dlcore_layer_t layer;
    bool is_glu = false;
    dlcore_status status =
        dlcore_config_thing(reading, object, class_name, sizeof class_name, &config);

    if (status != DLCORE_OK)
        return status;
    layer.kind = DLCORE_LAYER_UNKNOWN; /* until it is read */
    if (config.kind != DLCORE_JSON_OBJECT)
        return dlcore_config_refuse(reading, DLCORE_ERROR_FORMAT, "config", "is not an object");
    if (strcmp(class_name, "InputLayer") == 0)
        return get_input(reading, &config, adding);
    if (adding->model->network.node_count == 0) {
        if (adding->declared.width == 0) /* Keras 2 has it with the first layer */
            status = dlcore_samples_read(reading, &config, "batch_input_shape", &adding->declared);
        if (adding->declared.width != 0)
            adding->samples = adding->declared;
    }
    if (status == DLCORE_OK)
        status = get_any_layer(reading, object, class_name, &config, adding, &layer, &is_glu);
    if (status != DLCORE_OK)
        return status;
    if (adding->model->network.node_count == 0)
        layer.input_width = adding->declared.width;
    status = append_layer(reading, &config, &layer, strcmp(class_name, "Reshape") == 0, adding);
    if (status != DLCORE_OK || !is_glu || layer.kind == DLCORE_LAYER_GLU)
        return status;
    dlcore_layer_reset(&layer, DLCORE_LAYER_GLU, dlcore_no_settings); /* behind a Dense */
    return append_layer(reading, &config, &layer, false, adding);
}

static dlcore_status add_layers(dlcore_config_reading_t *reading, const dlcore_json_t *layers,
                                adding_t *adding)
{
    dlcore_json_steps_t steps = dlcore_json_steps(layers);
    dlcore_network_t *network = &adding->model->network;
    dlcore_json_t layer;
    size_t count = 0;
    dlcore_status status;

    /* at once: what grows takes more */
    while (count <= DLCORE_LAYERS_MAX && dlcore_json_step(&steps, NULL, &layer))
        count++;
    status = dlcore_network_reserve(network, count, reading->error);
    steps = dlcore_json_steps(layers);

    for (; status == DLCORE_OK && dlcore_json_step(&steps, NULL, &layer); reading->number++) {
        if (network->node_count == DLCORE_LAYERS_MAX)
            return dlcore_config_refuse(reading, DLCORE_ERROR_UNSUPPORTED, "there are",
                                        "more than 1000 layers");
        status = add_layer(reading, &layer, adding);
    }
    return status;
}

/* What a model has besides its layers. Keras itself takes `trainable` from the layers alone. */
static dlcore_status check_model_keys(const dlcore_config_reading_t *whole,
                                      const dlcore_json_t *config, bool functional)
{
    static const dlcore_setting_key_t sequential_keys[] = {{"build_input_shape", NULL}, {0}};
    static const dlcore_setting_key_t functional_keys[] = {
        {"input_layers", NULL}, {"output_layers", NULL}, {0}};
    static const dlcore_setting_key_t common_keys[] = {
        {"name", NULL}, {"trainable", NULL}, {"dtype", DLCORE_KEY_DTYPE}, {"layers", NULL}, {0}};
    dlcore_config_class_t kind = {.name = functional ? "Functional" : "Sequential",
                                  .common = dlcore_no_settings,
                                  .settings = dlcore_no_settings,
                                  .common_keys = common_keys,
                                  .keys = functional ? functional_keys : sequential_keys};
    dlcore_status status = dlcore_settings_read(whole, config, &kind, NULL);

    return status == DLCORE_OK && functional ? dlcore_model_config_check_chain(whole, config)
                                             : status;
}

static dlcore_status read_layers(dlcore_config_reading_t *reading, const dlcore_json_t *config,
                                 bool takes_constants, dlcore_model_t *model, size_t *input_width)
{
    adding_t adding = {.model = model, .takes_constants = takes_constants};
    dlcore_samples_t built = {.width = 0};
    dlcore_json_t layers;
    size_t declared;
    dlcore_status status = dlcore_config_find(reading, config, "layers", &layers);

    if (status == DLCORE_OK)
        status = dlcore_samples_read(reading, config, "build_input_shape", &built);
    adding.samples = built;
    if (status == DLCORE_OK)
        status = add_layers(reading, &layers, &adding);
    if (status != DLCORE_OK)
        return status;
    if (adding.reshaped && adding.samples.last != adding.samples.width)
        return dlcore_fail(reading->error, DLCORE_ERROR_UNSUPPORTED,
                           "%s: model_config: outputs have several axes: this version has flat "
                           "ones: it needs a Flatten at the end",
                           reading->file);
    declared = adding.declared.width;
    if (declared != 0 && built.width != 0 && built.width != declared)
        return dlcore_fail(reading->error, DLCORE_ERROR_FORMAT,
                           "%s: model_config: built for %zu inputs, the first layer has %zu",
                           reading->file, built.width, declared);
    *input_width = built.width != 0 ? built.width : declared;
    return DLCORE_OK;
}

dlcore_status dlcore_model_config_read(const dlcore_json_t *config, const char *file,
                                       bool takes_constants, dlcore_model_t *model,
                                       size_t *input_width, dlcore_error_record_t *error)
{
    dlcore_embedding_t tables[DLCORE_EMBEDDINGS_MAX];
    dlcore_config_reading_t reading = {
        .file = file, .part = "model_config: layer", .error = error, .tables = tables};
    dlcore_config_reading_t whole = {
        .file = file, .part = "model_config", .number = DLCORE_CONFIG_UNNUMBERED, .error = error};
    char class_name[DLCORE_NAME_SIZE] = "";
    dlcore_json_t inside;
    bool functional;
    dlcore_status status =
        dlcore_config_thing(&whole, config, class_name, sizeof class_name, &inside);

    *input_width = 0;
    /* Keras 2 also calls a functional model Model */
    functional = strcmp(class_name, "Functional") == 0 || strcmp(class_name, "Model") == 0;
    if (status == DLCORE_OK && !functional && strcmp(class_name, "Sequential") != 0)
        return dlcore_fail(error, DLCORE_ERROR_UNSUPPORTED,
                           "%s: model_config: a model of class \"%s\", neither Sequential nor "
                           "Functional",
                           file, class_name);
    if (status == DLCORE_OK)
        status = check_model_keys(&whole, &inside, functional);
    if (status == DLCORE_OK)
        status = read_layers(&reading, &inside, takes_constants, model, input_width);
    if (status != DLCORE_OK)
        return status;
    if (*input_width == 0 || dlcore_model_layer_count(model) == 0)
        return dlcore_fail(error, DLCORE_ERROR_FORMAT, "%s: model_config: %s", file,
                           *input_width == 0 ? "the width of the input is not there"
                                             : "has no layers");
    return DLCORE_OK;
}
