/* Writing layers as Keras does.
 *
 * SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "model/model.h"
#include "store/activation_config.h"
#include "store/config_writing.h"
#include "store/model_config.h"

/* [null, width] */
static void put_shape(dlcore_json_writer_t *writer, const char *name, size_t width)
{
    dlcore_json_open(writer, name, '[');
    dlcore_json_put_null(writer, NULL);
    dlcore_json_put_uint64(writer, NULL, width);
    dlcore_json_close(writer, ']');
}

/* An activation with parameters is a layer of its own in Keras, and Keras before 3.10 reads it as
 * nothing else. Model files keep the class that they always had. */
static void put_layer(dlcore_json_writer_t *writer, const dlcore_layer_t *layer)
{
    const dlcore_layer_type_t *type = dlcore_layer_type(layer->kind);
    const char *own = writer->for_keras && layer->kind == DLCORE_LAYER_ACTIVATION
                          ? dlcore_activation_config_class(layer)
                          : NULL;

    dlcore_config_open(writer, NULL, "keras.layers", own != NULL ? own : type->class_name);
    dlcore_json_put_string(writer, "name", layer->name);
    dlcore_settings_put(writer, dlcore_layer_common_settings, NULL, layer);
    if (own != NULL)
        dlcore_activation_config_put_parameters(writer, layer);
    else
        dlcore_settings_put(writer, type->settings, NULL, layer);
    dlcore_config_close(writer);
}

/* A layer of one class without weights, named after `name`. */
static void open_beside(dlcore_json_writer_t *writer, const char *class_name, const char *name,
                        const char *ending)
{
    char text[DLCORE_NAME_SIZE + 16];

    snprintf(text, sizeof text, "%s%s", name, ending);
    dlcore_config_open(writer, NULL, "keras.layers", class_name);
    dlcore_json_put_string(writer, "name", text);
}

/* As Keras has it: each group along an axis of its own. */
static void put_keras_groups(dlcore_json_writer_t *writer, const dlcore_node_t *node)
{
    size_t width = node->layer.axis_width;

    open_beside(writer, "Reshape", node->layer.name, "_reshape");
    dlcore_json_open(writer, "target_shape", '[');
    dlcore_json_put_uint64(writer, NULL, node->output_width / width);
    dlcore_json_put_uint64(writer, NULL, width);
    dlcore_json_close(writer, ']');
    dlcore_config_close(writer);
    open_beside(writer, "Softmax", node->layer.name, "");
    dlcore_config_close(writer);
    open_beside(writer, "Flatten", node->layer.name, "_flatten");
    dlcore_config_close(writer);
}

static void put_keras_glu(dlcore_json_writer_t *writer, const dlcore_layer_t *layer)
{
    open_beside(writer, "Activation", layer->name, "");
    dlcore_json_put_string(writer, "activation", "glu");
    dlcore_config_close(writer);
}

static void put_node(dlcore_json_writer_t *writer, const dlcore_node_t *node)
{
    if (writer->for_keras && node->layer.kind == DLCORE_LAYER_GROUPED_SOFTMAX)
        put_keras_groups(writer, node);
    else if (writer->for_keras && node->layer.kind == DLCORE_LAYER_GLU)
        put_keras_glu(writer, &node->layer);
    else
        put_layer(writer, &node->layer);
}

static void put_input(dlcore_json_writer_t *writer, size_t width)
{
    dlcore_config_open(writer, NULL, "keras.layers", "InputLayer");
    put_shape(writer, "batch_shape", width);
    dlcore_json_put_string(writer, "dtype", "float32");
    dlcore_json_put_string(writer, "name", "input_layer");
    dlcore_config_close(writer);
}

/* Up to the end of its config. */
static void put_sequential(dlcore_json_writer_t *writer, const dlcore_model_t *model,
                           size_t input_width)
{
    const dlcore_network_t *network = &model->network;

    dlcore_config_open(writer, NULL, "keras", "Sequential");
    dlcore_json_put_string(writer, "name", "sequential");
    dlcore_json_open(writer, "layers", '[');
    if (input_width > 0)
        put_input(writer, input_width);
    for (size_t i = 0; i < network->node_count; i++)
        put_node(writer, &network->nodes[i]);
    dlcore_json_close(writer, ']');
    put_shape(writer, "build_input_shape", dlcore_network_input_width(network));
}

void dlcore_model_config_put(dlcore_json_writer_t *writer, const dlcore_model_t *model)
{
    put_sequential(writer, model, model->network.nodes[0].declared_width);
    dlcore_config_close(writer);
}

void dlcore_model_config_put_compiled(dlcore_json_writer_t *writer, const dlcore_model_t *model,
                                      const dlcore_compile_options_t *settings,
                                      double learning_rate)
{
    put_sequential(writer, model, dlcore_network_input_width(&model->network));
    dlcore_json_close(writer, '}');
    dlcore_json_put_null(writer, "registered_name");
    if (settings != NULL)
        dlcore_compile_config_put(writer, "compile_config", settings, learning_rate);
    dlcore_json_close(writer, '}');
}
