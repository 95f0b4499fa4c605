/* Writing layers as Keras does.
 *
 * SPDX-License-Identifier: MIT */
#include "model/model.h"
#include "store/activation_config.h"
#include "store/config_writing.h"
#include "store/model_config.h"
#include "store/optimizer_config.h"

/* [null, width] */
static void put_shape(dlcore_json_writer_t *writer, const char *name, size_t width)
{
    dlcore_json_open(writer, name, '[');
    dlcore_json_put_null(writer, NULL);
    dlcore_json_put_uint64(writer, NULL, width);
    dlcore_json_close(writer, ']');
}

static void put_initializer(dlcore_json_writer_t *writer, const char *name,
                            const dlcore_initializer_t *initializer)
{
    char class_name[64];

    dlcore_class_name(dlcore_initializer_name(initializer->kind), class_name, sizeof class_name);
    dlcore_config_open(writer, name, "keras.initializers", class_name);
    if (initializer->kind == DLCORE_INITIALIZER_CONSTANT)
        dlcore_json_put_double(writer, "value", initializer->value);
    else if (initializer->kind != DLCORE_INITIALIZER_ZEROS &&
             initializer->kind != DLCORE_INITIALIZER_ONES)
        dlcore_json_put_null(writer, "seed"); /* drawn from the model's */
    dlcore_config_close(writer);
}

/* What batch and layer normalization share. */
static void put_normalized(dlcore_json_writer_t *writer, const dlcore_layer_t *layer)
{
    dlcore_json_put_double(writer, "axis", -1.0);
    dlcore_json_put_double(writer, "epsilon", layer->epsilon);
    dlcore_json_put_bool(writer, "center", layer->center);
    dlcore_json_put_bool(writer, "scale", layer->use_scale);
    put_initializer(writer, "beta_initializer", &layer->beta_initializer);
    put_initializer(writer, "gamma_initializer", &layer->gamma_initializer);
}

static void put_layer(dlcore_json_writer_t *writer, const dlcore_layer_t *layer)
{
    dlcore_config_open(writer, NULL, "keras.layers", dlcore_layer_kind_name(layer->kind));
    dlcore_json_put_string(writer, "name", layer->name);
    dlcore_json_put_bool(writer, "trainable", layer->trainable);
    switch (layer->kind) {
    case DLCORE_LAYER_DENSE:
        dlcore_json_put_uint64(writer, "units", layer->units);
        dlcore_activation_config_put(writer, layer);
        dlcore_json_put_bool(writer, "use_bias", layer->use_bias);
        put_initializer(writer, "kernel_initializer", &layer->kernel_initializer);
        put_initializer(writer, "bias_initializer", &layer->bias_initializer);
        dlcore_regularizer_config_put(writer, "kernel_regularizer", &layer->kernel_regularizer);
        dlcore_regularizer_config_put(writer, "bias_regularizer", &layer->bias_regularizer);
        dlcore_regularizer_config_put(writer, "activity_regularizer", &layer->activity_regularizer);
        dlcore_constraint_config_put(writer, "kernel_constraint", &layer->kernel_constraint);
        dlcore_constraint_config_put(writer, "bias_constraint", &layer->bias_constraint);
        break;
    case DLCORE_LAYER_ACTIVATION:
        dlcore_activation_config_put(writer, layer);
        break;
    case DLCORE_LAYER_RESCALING:
        dlcore_json_put_double(writer, "scale", layer->scale);
        dlcore_json_put_double(writer, "offset", layer->offset);
        break;
    case DLCORE_LAYER_DROPOUT:
        dlcore_json_put_double(writer, "rate", layer->rate);
        dlcore_json_put_null(writer, "seed"); /* drawn from the model's */
        break;
    case DLCORE_LAYER_GAUSSIAN_NOISE:
        dlcore_json_put_double(writer, "stddev", layer->stddev);
        dlcore_json_put_null(writer, "seed");
        break;
    case DLCORE_LAYER_BATCH_NORMALIZATION:
        dlcore_json_put_double(writer, "momentum", layer->momentum);
        put_normalized(writer, layer);
        break;
    case DLCORE_LAYER_LAYER_NORMALIZATION:
        put_normalized(writer, layer);
        break;
    case DLCORE_LAYER_PRELU:
        put_initializer(writer, "alpha_initializer", &layer->alpha_initializer);
        break;
    case DLCORE_LAYER_NORMALIZATION:
    case DLCORE_LAYER_FLATTEN:
    case DLCORE_LAYER_UNKNOWN:
        break;
    }
    dlcore_config_close(writer);
}

void dlcore_model_config_put(dlcore_json_writer_t *writer, const dlcore_model_t *model)
{
    const dlcore_network_t *network = &model->network;

    dlcore_config_open(writer, NULL, "keras", "Sequential");
    dlcore_json_put_string(writer, "name", "sequential");
    dlcore_json_open(writer, "layers", '[');
    if (network->nodes[0].declared_width > 0) {
        dlcore_config_open(writer, NULL, "keras.layers", "InputLayer");
        put_shape(writer, "batch_shape", network->nodes[0].declared_width);
        dlcore_json_put_string(writer, "dtype", "float32");
        dlcore_json_put_string(writer, "name", "input_layer");
        dlcore_config_close(writer);
    }
    for (size_t i = 0; i < network->node_count; i++)
        put_layer(writer, &network->nodes[i].layer);
    dlcore_json_close(writer, ']');
    put_shape(writer, "build_input_shape", dlcore_network_input_width(network));
    dlcore_config_close(writer);
}
