/* Activations in the JSON of models.
 *
 * SPDX-License-Identifier: MIT */
#include "store/activation_config.h"

#include <math.h>
#include <string.h>

#include "base/name.h"
#include "nn/layer.h"
#include "store/config_writing.h"

/* Of Keras's layers, which differ from its functions of the same name. */
#define LEAKY_RELU_LAYER_SLOPE 0.3

/* In JSON, which Keras reads and writes, too, its function has its name, and the paper's one that
 * Keras refuses. */
#define KERAS_SPARSEMAX "sparsemax"
#define PAPER_SPARSEMAX "sparsemax_paper"

static const char *activation_to_word(dlcore_activation_t activation)
{
    switch (activation) {
    case DLCORE_ACTIVATION_SPARSEMAX:
        return PAPER_SPARSEMAX;
    case DLCORE_ACTIVATION_SPARSEMAX_KERAS:
        return KERAS_SPARSEMAX;
    default:
        return dlcore_activation_name(activation);
    }
}

static dlcore_activation_t activation_from_word(const char *word)
{
    if (dlcore_name_is(word, PAPER_SPARSEMAX))
        return DLCORE_ACTIVATION_SPARSEMAX;
    if (dlcore_name_is(word, KERAS_SPARSEMAX))
        return DLCORE_ACTIVATION_SPARSEMAX_KERAS;
    return dlcore_activation_from_name(word);
}

const char *dlcore_activation_config_class(const dlcore_layer_t *layer)
{
    dlcore_layer_t defaults = dlcore_layer_activation(layer->activation);

    switch (layer->activation) {
    case DLCORE_ACTIVATION_RELU_GENERAL:
        return "ReLU";
    case DLCORE_ACTIVATION_LEAKY_RELU:
        return layer->negative_slope != defaults.negative_slope ? "LeakyReLU" : NULL;
    case DLCORE_ACTIVATION_ELU:
        return layer->alpha != defaults.alpha ? "ELU" : NULL;
    default:
        return NULL;
    }
}

void dlcore_activation_config_put_parameters(dlcore_json_writer_t *writer,
                                             const dlcore_layer_t *layer)
{
    if (layer->activation == DLCORE_ACTIVATION_ELU) {
        dlcore_json_put_double(writer, "alpha", layer->alpha);
        return;
    }
    if (layer->activation == DLCORE_ACTIVATION_RELU_GENERAL && layer->max_value < HUGE_VAL)
        dlcore_json_put_double(writer, "max_value", layer->max_value);
    else if (layer->activation == DLCORE_ACTIVATION_RELU_GENERAL)
        dlcore_json_put_null(writer, "max_value");
    dlcore_json_put_double(writer, "negative_slope", layer->negative_slope);
    if (layer->activation == DLCORE_ACTIVATION_RELU_GENERAL)
        dlcore_json_put_double(writer, "threshold", layer->threshold);
}

void dlcore_activation_config_put(dlcore_json_writer_t *writer, const dlcore_layer_t *layer)
{
    const char *class_name = dlcore_activation_config_class(layer);

    if (class_name == NULL) {
        dlcore_json_put_string(writer, "activation", activation_to_word(layer->activation));
        return;
    }
    dlcore_config_open(writer, "activation", "keras.layers", class_name);
    dlcore_activation_config_put_parameters(writer, layer);
    dlcore_config_close(writer);
}

/* ---- Keras's layers that are activations ---- */

/* What their configs hold, all together. */
typedef struct keras_activation {
    double slope, alpha;
    bool bounded;
    double max_value, threshold;
    bool trainable;
} keras_activation_t;

#define KERAS_ACTIVATION(field) \
    .type = DLCORE_SETTING_DOUBLE, .place = offsetof(keras_activation_t, field)

static const dlcore_setting_t keras_common_settings[] = {
    {.key = "trainable",
     .type = DLCORE_SETTING_BOOL,
     .place = offsetof(keras_activation_t, trainable)},
    {0}};
static const dlcore_setting_t leaky_relu_settings[] = {
    {.key = "negative_slope", KERAS_ACTIVATION(slope)},
    {.key = "alpha", KERAS_ACTIVATION(slope)}, /* Keras 2 */
    {0}};
static const dlcore_setting_t elu_settings[] = {{.key = "alpha", KERAS_ACTIVATION(alpha)}, {0}};
static const dlcore_setting_t relu_settings[] = {
    {.key = "max_value",
     KERAS_ACTIVATION(max_value),
     .switch_place = offsetof(keras_activation_t, bounded)},
    {.key = "negative_slope", KERAS_ACTIVATION(slope)},
    {.key = "threshold", KERAS_ACTIVATION(threshold)},
    {0}};
/* over the units of a sample: -1, or 1, which is the same in two dimensions */
static const dlcore_setting_key_t softmax_keys[] = {{"axis", "[-1, 1, [-1], [1]]"}, {0}};

static dlcore_status settle_leaky_relu(const dlcore_config_reading_t *reading,
                                       const keras_activation_t *found, dlcore_layer_t *layer)
{
    (void)reading;
    layer->activation = DLCORE_ACTIVATION_LEAKY_RELU;
    layer->negative_slope = found->slope;
    return DLCORE_OK;
}

static dlcore_status settle_elu(const dlcore_config_reading_t *reading,
                                const keras_activation_t *found, dlcore_layer_t *layer)
{
    (void)reading;
    layer->activation = DLCORE_ACTIVATION_ELU;
    layer->alpha = found->alpha;
    return DLCORE_OK;
}

static dlcore_status settle_relu(const dlcore_config_reading_t *reading,
                                 const keras_activation_t *found, dlcore_layer_t *layer)
{
    double max_value = found->bounded ? found->max_value : HUGE_VAL;

    layer->activation = dlcore_layer_simplest_relu(max_value, found->slope, found->threshold);
    if (layer->activation == DLCORE_ACTIVATION_LEAKY_RELU)
        return settle_leaky_relu(reading, found, layer);
    if (layer->activation == DLCORE_ACTIVATION_RELU_GENERAL) {
        layer->negative_slope = found->slope;
        layer->max_value = max_value;
        layer->threshold = found->threshold;
    }
    return DLCORE_OK;
}

static dlcore_status settle_softmax(const dlcore_config_reading_t *reading,
                                    const keras_activation_t *found, dlcore_layer_t *layer)
{
    (void)reading;
    (void)found;
    layer->activation = DLCORE_ACTIVATION_SOFTMAX;
    return DLCORE_OK;
}

typedef struct keras_activation_class {
    const char *name;
    const dlcore_setting_t *settings;
    const dlcore_setting_key_t *keys;
    double slope; /* default */
    dlcore_status (*settle)(const dlcore_config_reading_t *reading, const keras_activation_t *found,
                            dlcore_layer_t *layer);
} keras_activation_class_t;

static const keras_activation_class_t *find_keras_activation(const char *class_name)
{
    static const keras_activation_class_t classes[] = {
        {"LeakyReLU", leaky_relu_settings, dlcore_no_keys, LEAKY_RELU_LAYER_SLOPE,
         settle_leaky_relu},
        {"ELU", elu_settings, dlcore_no_keys, 0.0, settle_elu},
        {"ReLU", relu_settings, dlcore_no_keys, 0.0, settle_relu},
        {"Softmax", dlcore_no_settings, softmax_keys, 0.0, settle_softmax},
    };

    for (size_t i = 0; i < sizeof classes / sizeof classes[0]; i++) {
        if (dlcore_name_is(class_name, classes[i].name))
            return &classes[i];
    }
    return NULL;
}

bool dlcore_activation_config_is_class(const char *class_name)
{
    return find_keras_activation(class_name) != NULL;
}

dlcore_status dlcore_activation_config_read_class(const dlcore_config_reading_t *reading,
                                                  const char *class_name,
                                                  const dlcore_json_t *config,
                                                  dlcore_layer_t *layer)
{
    const keras_activation_class_t *type = find_keras_activation(class_name);
    dlcore_config_class_t kind = {.name = type->name,
                                  .common = keras_common_settings,
                                  .settings = type->settings,
                                  .common_keys = dlcore_layer_common_keys,
                                  .keys = type->keys};
    keras_activation_t found = {.slope = type->slope, .alpha = 1.0, .trainable = layer->trainable};
    dlcore_config_reading_t within = dlcore_config_within(reading, type->name);
    dlcore_status status = dlcore_settings_read(reading, config, &kind, &found);

    layer->trainable = found.trainable;
    return status == DLCORE_OK ? type->settle(&within, &found, layer) : status;
}

/* ---- the member ---- */

DLCORE_KEPT_APART dlcore_status dlcore_activation_config_read(
    const dlcore_config_reading_t *reading, const dlcore_json_t *value, dlcore_layer_t *layer)
{
    dlcore_config_reading_t within = dlcore_config_within(reading, "activation");
    bool trainable = layer->trainable;
    char name[DLCORE_NAME_SIZE];
    dlcore_json_t config;
    dlcore_status status;

    layer->activation = DLCORE_ACTIVATION_LINEAR;
    if (value->kind == DLCORE_JSON_NULL)
        return DLCORE_OK;
    status = dlcore_config_thing(&within, value, name, sizeof name, &config);
    if (status != DLCORE_OK)
        return status;
    if (config.kind == DLCORE_JSON_OBJECT && dlcore_activation_config_is_class(name)) {
        status = dlcore_activation_config_read_class(&within, name, &config, layer);
        layer->trainable = trainable; /* the layer's own, not that of its activation */
        return status;
    }
    if (reading->is_glu != NULL && config.kind != DLCORE_JSON_OBJECT &&
        dlcore_name_is(name, "glu")) {
        *reading->is_glu = true;
        return DLCORE_OK;
    }
    layer->activation = activation_from_word(name);
    if (config.kind == DLCORE_JSON_OBJECT || layer->activation == DLCORE_ACTIVATION_UNKNOWN ||
        layer->activation == DLCORE_ACTIVATION_RELU_GENERAL)
        return dlcore_config_refuse_class(reading, "activation", value, name);
    return DLCORE_OK;
}
