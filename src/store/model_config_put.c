/* Writing layers as Keras does.
 *
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

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

/* A layer of one class without weights. */
static void open_bare(dlcore_json_writer_t *writer, const char *class_name, const char *name)
{
    dlcore_config_open(writer, NULL, "keras.layers", class_name);
    dlcore_json_put_string(writer, "name", name);
}

/* ---- groups: a Reshape, a Softmax and a Flatten in Keras ---- */

static bool is_kind(const dlcore_network_t *network, size_t i, dlcore_layer_kind_t kind)
{
    return i < network->node_count && network->nodes[i].layer.kind == kind;
}

/* Whether a FLATTEN is the Flatten of the groups before it. */
static bool ends_groups(const dlcore_network_t *network, size_t i)
{
    return is_kind(network, i, DLCORE_LAYER_FLATTEN) && i > 0 &&
           is_kind(network, i - 1, DLCORE_LAYER_GROUPED_SOFTMAX);
}

/* Whether it is, else, the Reshape of those behind it. */
static bool begins_groups(const dlcore_network_t *network, size_t i)
{
    return is_kind(network, i, DLCORE_LAYER_FLATTEN) && !ends_groups(network, i) &&
           is_kind(network, i + 1, DLCORE_LAYER_GROUPED_SOFTMAX);
}

static bool has_name(const dlcore_network_t *network, const char *name)
{
    for (size_t i = 0; i < network->node_count; i++)
        if (strcmp(network->nodes[i].layer.name, name) == 0)
            return true;
    return false;
}

/* A name that no layer has: that of node i with an ending or, where it is taken or too long, the
 * ending with a number, which no other node takes. */
static void name_beside(const dlcore_network_t *network, size_t i, const char *ending,
                        char name[DLCORE_NAME_SIZE])
{
    int length = snprintf(name, DLCORE_NAME_SIZE, "%s_%s", network->nodes[i].layer.name, ending);

    if (length < DLCORE_NAME_SIZE && !has_name(network, name))
        return;
    for (size_t number = i; number == i || has_name(network, name); number += network->node_count)
        snprintf(name, DLCORE_NAME_SIZE, "%s_%zu", ending, number);
}

/* As Keras has it: each group along an axis of its own. A FLATTEN beside them takes part, so that
 * what was read from Keras is written as it was. */
static void put_keras_groups(dlcore_json_writer_t *writer, const dlcore_network_t *network,
                             size_t i)
{
    const dlcore_node_t *node = &network->nodes[i];
    size_t width = node->layer.axis_width;
    char name[DLCORE_NAME_SIZE];

    name_beside(network, i, "reshape", name);
    open_bare(writer, "Reshape",
              i > 0 && begins_groups(network, i - 1) ? node[-1].layer.name : name);
    dlcore_json_open(writer, "target_shape", '[');
    dlcore_json_put_uint64(writer, NULL, node->output_width / width);
    dlcore_json_put_uint64(writer, NULL, width);
    dlcore_json_close(writer, ']');
    dlcore_config_close(writer);
    open_bare(writer, "Softmax", node->layer.name);
    dlcore_config_close(writer);
    name_beside(network, i, "flatten", name);
    open_bare(writer, "Flatten", ends_groups(network, i + 1) ? node[1].layer.name : name);
    dlcore_config_close(writer);
}

static void put_keras_glu(dlcore_json_writer_t *writer, const dlcore_layer_t *layer)
{
    open_bare(writer, "Activation", layer->name);
    dlcore_json_put_string(writer, "activation", "glu");
    dlcore_config_close(writer);
}

static void put_keras_node(dlcore_json_writer_t *writer, const dlcore_network_t *network, size_t i)
{
    const dlcore_layer_t *layer = &network->nodes[i].layer;

    if (layer->kind == DLCORE_LAYER_GROUPED_SOFTMAX)
        put_keras_groups(writer, network, i);
    else if (layer->kind == DLCORE_LAYER_GLU)
        put_keras_glu(writer, layer);
    else if (!begins_groups(network, i) && !ends_groups(network, i))
        put_layer(writer, layer);
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
        if (writer->for_keras)
            put_keras_node(writer, network, i);
        else
            put_layer(writer, &network->nodes[i].layer);
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
