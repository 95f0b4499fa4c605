/* Building networks: widths, places of parameters, initial values.
 *
 * SPDX-License-Identifier: MIT */
#include "engine/network.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/allocator.h"
#include "base/error.h"
#include "base/random.h"
#include "base/size.h"
#include "engine/network_exchange.h"
#include "nn/embeddings.h"
#include "nn/initializer.h"

dlcore_status dlcore_network_reserve(dlcore_network_t *network, size_t capacity,
                                     dlcore_error_record_t *error)
{
    dlcore_node_t *nodes;

    if (capacity <= network->node_capacity)
        return DLCORE_OK;
    nodes = dlcore_allocate(&network->allocator, capacity, sizeof *nodes);
    if (nodes == NULL)
        return dlcore_fail_memory(error, "model", capacity * sizeof *nodes);
    if (network->node_count > 0)
        memcpy(nodes, network->nodes, network->node_count * sizeof *nodes);
    dlcore_release(&network->allocator, network->nodes);
    network->nodes = nodes;
    network->node_capacity = capacity;
    return DLCORE_OK;
}

static const char *layer_choice(int value)
{
    return dlcore_layer_kind_name((dlcore_layer_kind_t)value);
}

/* Tables that a layer has borrowed become the network's own. */
static dlcore_status keep_tables(dlcore_network_t *network, dlcore_embeddings_t *tables,
                                 dlcore_error_record_t *error)
{
    network->tables = dlcore_allocate(&network->allocator, tables->count, sizeof *network->tables);
    if (network->tables == NULL)
        return dlcore_fail_memory(error, "model", tables->count * sizeof *network->tables);
    tables->code->copy(tables, network->tables);
    tables->table = network->tables;
    return DLCORE_OK;
}

dlcore_status dlcore_network_add(dlcore_network_t *network, const dlcore_layer_t *layer,
                                 dlcore_error_record_t *error)
{
    const dlcore_layer_type_t *type = dlcore_layer_type(layer->kind);
    dlcore_node_t *node; /* in its place: they are large, and callers' stacks may be small */
    char what[32];
    dlcore_status status = DLCORE_OK;

    if (type == NULL) {
        snprintf(what, sizeof what, "layer %zu", network->node_count);
        return dlcore_check_choice(what, "kind", (int)layer->kind, 1, DLCORE_LAYER_KIND_COUNT - 1,
                                   layer_choice, error);
    }
    if (network->node_count == DLCORE_LAYERS_MAX)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT,
                           "model: has %d layers, and may have no more", DLCORE_LAYERS_MAX);
    if (network->node_count == network->node_capacity)
        status =
            dlcore_network_reserve(network, dlcore_size_max(4, 2 * network->node_count), error);
    if (status != DLCORE_OK)
        return status;
    node = &network->nodes[network->node_count];
    memset(node, 0, sizeof *node);
    dlcore_layer_settle(layer, &node->layer);
    node->type = type;
    node->declared_width = layer->input_width;
    status = dlcore_network_settle_name(network, &node->layer, type->base_name, error);
    if (status == DLCORE_OK)
        status = dlcore_layer_validate(&node->layer, error);
    if (status == DLCORE_OK && type->comes_first && network->node_count > 0)
        status =
            dlcore_fail(error, DLCORE_ERROR_ARGUMENT,
                        "%s: reads columns of x, so it must be the first layer, not behind %zu "
                        "others",
                        node->layer.name, network->node_count);
    if (status == DLCORE_OK && layer->kind == DLCORE_LAYER_EMBEDDING)
        status = keep_tables(network, &node->layer.embeddings, error);
    if (status == DLCORE_OK)
        network->node_count++;
    return status;
}

/* The place of one parameter; *floats and *count grow by what it takes. */
static dlcore_status place_node(const dlcore_network_t *network, const dlcore_node_t *node,
                                dlcore_parameter_t *p, size_t *floats, size_t *count,
                                dlcore_error_record_t *error)
{
    size_t size, padded;

    /* a column of its own is padded to 16, no shape to more; the sum of all is limited below */
    if (!dlcore_size_multiply(p->shape[0], p->shape[1], &size) ||
        !dlcore_size_add(size, 64, &padded) || padded > PTRDIFF_MAX / sizeof(float) / 8)
        return dlcore_fail(error, DLCORE_ERROR_OVERFLOW, "%s: a %s of %zu x %zu is too large",
                           node->layer.name, p->name, p->shape[0], p->shape[1]);
    p->offset = *floats;
    p->floats = p->rank == 2 ? network->products->kernel_floats(p->shape[0], p->shape[1])
                             : dlcore_size_round_up(size, 16);
    if (!dlcore_size_add(*floats, p->floats, floats) || *floats > PTRDIFF_MAX / sizeof(float) / 8)
        return dlcore_fail(error, DLCORE_ERROR_OVERFLOW, "%s: the model's parameters are too many",
                           node->layer.name);
    *count += size;
    return DLCORE_OK;
}

/* Places those parameters of a node that are statistics, or those that are not. */
static dlcore_status place_all(const dlcore_network_t *network, dlcore_node_t *node,
                               bool statistics, size_t *floats, size_t *count,
                               dlcore_error_record_t *error)
{
    dlcore_status status = DLCORE_OK;

    for (size_t i = 0; i < node->parameter_count && status == DLCORE_OK; i++) {
        if (node->parameters[i].is_statistic == statistics)
            status = place_node(network, node, &node->parameters[i], floats, count, error);
    }
    return status;
}

/* Widths of one node, and places of what training moves. */
static dlcore_status settle_node(const dlcore_network_t *network, dlcore_node_t *node, size_t width,
                                 size_t *floats, size_t *count, dlcore_error_record_t *error)
{
    dlcore_status status = DLCORE_OK;

    if (node->layer.input_width != 0 && node->layer.input_width != width)
        return dlcore_fail(error, DLCORE_ERROR_SHAPE, "%s: expects %zu input%s, got %zu",
                           node->layer.name, node->layer.input_width,
                           node->layer.input_width == 1 ? "" : "s", width);
    if (node->type->check_build != NULL)
        status = node->type->check_build(&node->layer, width, error);
    if (status != DLCORE_OK)
        return status;
    node->input_width = width;
    node->layer.input_width = width;
    node->output_width = node->type->output_width(&node->layer, width);
    node->parameter_count = node->type->declare != NULL
                                ? node->type->declare(&node->layer, width, node->parameters)
                                : 0;
    return place_all(network, node, false, floats, count, error);
}

void dlcore_network_settle_input(dlcore_network_t *network)
{
    bool rescaled = false;

    network->first = 0;
    network->input_scale = 1.0f;
    network->input_offset = 0.0f;
    for (size_t i = 0; i + 1 < network->node_count; i++) {
        const dlcore_node_t *node = &network->nodes[i];

        if (node->type->is_rescaling && !rescaled) {
            rescaled = true;
            network->input_scale = (float)node->layer.scale;
            network->input_offset = (float)node->layer.offset;
        } else if (dlcore_layer_runs(node->type, true)) {
            return;
        }
        network->first = i + 1;
    }
}

typedef dlcore_status (*values_function_t)(dlcore_network_t *network, uint64_t seed,
                                           bool keeps_adapted, dlcore_error_record_t *error);

dlcore_status dlcore_network_draw(dlcore_network_t *network, uint64_t seed, bool keeps_adapted,
                                  dlcore_error_record_t *error)
{
    size_t largest = 1, index = 0;
    const dlcore_node_t *node;
    const dlcore_parameter_t *p;
    float *row_major;

    for (; (p = dlcore_network_parameter(network, index, &node)) != NULL; index++) {
        char name[DLCORE_NAME_SIZE + 24];
        dlcore_status status;

        snprintf(name, sizeof name, "%s/%s", node->layer.name, p->name);
        status = dlcore_initializer_check_draws(p->initializer, p->rank, name, error);
        if (status != DLCORE_OK)
            return status;
        largest = dlcore_size_max(largest, dlcore_parameter_size(p));
    }
    row_major = dlcore_allocate(&network->allocator, largest, sizeof *row_major);
    if (row_major == NULL)
        return dlcore_fail_memory(error, "initial weights", largest * sizeof *row_major);
    for (index = 0; (p = dlcore_network_parameter(network, index, &node)) != NULL; index++) {
        if (keeps_adapted && node->type == &dlcore_layer_type_normalization)
            continue;
        dlcore_initializer_fill(
            p->initializer,
            dlcore_random_stream(seed, DLCORE_RANDOM_INITIALIZE, (uint32_t)index & 0xffffffu, 0),
            p->fan_in, p->fan_out, row_major, dlcore_parameter_size(p));
        dlcore_network_import(network, p, row_major, network->values);
    }
    dlcore_release(&network->allocator, row_major);
    return DLCORE_OK;
}

/* Where each parameter stands in a copy of all weights, in the order of layers. */
static void settle_places(dlcore_network_t *network)
{
    size_t place = 0;

    for (size_t i = 0; i < network->node_count; i++) {
        dlcore_node_t *node = &network->nodes[i];

        for (size_t p = 0; p < node->parameter_count; p++) {
            node->parameters[p].place = place;
            place += dlcore_parameter_size(&node->parameters[p]);
        }
    }
}

/* Settles every node; *floats are what the parameters take. */
static dlcore_status settle_nodes(dlcore_network_t *network, size_t width, size_t *floats,
                                  dlcore_error_record_t *error)
{
    dlcore_status status = DLCORE_OK;

    *floats = 0;
    network->parameter_count = 0;
    for (size_t i = 0; i < network->node_count && status == DLCORE_OK; i++) {
        status = settle_node(network, &network->nodes[i], width, floats, &network->parameter_count,
                             error);
        width = network->nodes[i].output_width;
    }
    network->trainable_floats = *floats;
    for (size_t i = 0; i < network->node_count && status == DLCORE_OK; i++)
        status =
            place_all(network, &network->nodes[i], true, floats, &network->parameter_count, error);
    if (status == DLCORE_OK) {
        settle_places(network);
        dlcore_network_settle_input(network);
    }
    return status;
}

/* Padding is zero: regularizers sum over it. A kernel's is set with its rows, a vector's here. */
static void clear_vectors(dlcore_network_t *network)
{
    const dlcore_parameter_t *parameter;

    for (size_t i = 0; (parameter = dlcore_network_parameter(network, i, NULL)) != NULL; i++)
        if (parameter->rank == 1)
            memset(network->values + parameter->offset, 0, parameter->floats * sizeof(float));
}

/* `draw` NULL: the values stay unset. */
static dlcore_status build_nodes(dlcore_network_t *network, size_t width, values_function_t draw,
                                 uint64_t seed, dlcore_error_record_t *error)
{
    size_t floats;
    dlcore_status status = settle_nodes(network, width, &floats, error);

    if (status != DLCORE_OK)
        return status;
    network->value_floats = floats;
    network->values = dlcore_allocate_raw(&network->allocator, floats, sizeof(float));
    if (network->values == NULL)
        return dlcore_fail_memory(error, "weights", floats * sizeof(float));
    if (network->place != NULL)
        network->place(network->owner, network->values);
    clear_vectors(network);
    return draw != NULL ? draw(network, seed, false, error) : DLCORE_OK;
}

/* As if nothing had been built. */
void dlcore_network_unbuild(dlcore_network_t *network)
{
    dlcore_release(&network->allocator, network->values);
    dlcore_release(&network->allocator, network->halves);
    network->values = NULL;
    network->halves = NULL;
    network->revision++;
    network->value_floats = 0;
    network->parameter_count = 0;
    for (size_t i = 0; i < network->node_count; i++) {
        dlcore_node_t *node = &network->nodes[i];
        node->layer.input_width = node->declared_width;
        node->input_width = node->output_width = node->parameter_count = 0;
    }
}

/* *width: what the first layer says, where it is 0. */
static dlcore_status find_width(const dlcore_network_t *network, size_t *width,
                                dlcore_error_record_t *error)
{
    if (network->node_count == 0)
        return dlcore_fail(error, DLCORE_ERROR_STATE, "model: has no layers; call model_add first");
    if (*width == 0)
        *width = network->nodes[0].layer.input_width;
    if (*width == 0)
        return dlcore_fail(error, DLCORE_ERROR_STATE,
                           "%s: input width is unknown: give input_width, or data",
                           network->nodes[0].layer.name);
    if (*width > INT_MAX)
        return dlcore_fail(error, DLCORE_ERROR_OVERFLOW, "%s: %zu inputs are more than %d",
                           network->nodes[0].layer.name, *width, INT_MAX);
    return DLCORE_OK;
}

static dlcore_status build_for(dlcore_network_t *network, size_t input_width,
                               values_function_t draw, uint64_t seed, dlcore_error_record_t *error)
{
    dlcore_status status = find_width(network, &input_width, error);

    if (status != DLCORE_OK)
        return status;
    status = build_nodes(network, input_width, draw, seed, error);
    if (status != DLCORE_OK)
        dlcore_network_unbuild(network);
    network->revision++;
    return status;
}

dlcore_status dlcore_network_settle(dlcore_network_t *network, size_t input_width,
                                    dlcore_error_record_t *error)
{
    dlcore_status status = find_width(network, &input_width, error);

    if (status == DLCORE_OK)
        status = settle_nodes(network, input_width, &network->value_floats, error);
    return status;
}

dlcore_status dlcore_network_build(dlcore_network_t *network, size_t input_width, uint64_t seed,
                                   dlcore_error_record_t *error)
{
    return build_for(network, input_width, dlcore_network_draw, seed, error);
}

dlcore_status dlcore_network_build_unset(dlcore_network_t *network, size_t input_width,
                                         dlcore_error_record_t *error)
{
    return build_for(network, input_width, NULL, 0, error);
}

void dlcore_network_set_trainable(dlcore_network_t *network, size_t i, bool trainable)
{
    network->nodes[i].layer.trainable = trainable;
    network->revision++;
}

void dlcore_network_clear(dlcore_network_t *network)
{
    dlcore_release(&network->allocator, network->values);
    dlcore_release(&network->allocator, network->halves);
    dlcore_release(&network->allocator, network->nodes);
    dlcore_release(&network->allocator, network->tables);
    network->values = NULL;
    network->halves = NULL;
    network->nodes = NULL;
    network->tables = NULL;
    network->node_count = network->node_capacity = 0;
}

size_t dlcore_network_input_width(const dlcore_network_t *network)
{
    return network->values != NULL ? network->nodes[0].input_width : 0;
}

size_t dlcore_network_output_width(const dlcore_network_t *network)
{
    return network->values != NULL ? network->nodes[network->node_count - 1].output_width : 0;
}

bool dlcore_network_keeps_input(const dlcore_network_t *network, size_t i)
{
    const dlcore_node_t *node = &network->nodes[i];

    return node->type->has_activation && dlcore_activate_needs_input(node->layer.activation);
}

bool dlcore_network_has_penalty(const dlcore_network_t *network, size_t i)
{
    const dlcore_layer_t *layer = &network->nodes[i].layer;

    return network->nodes[i].type->regularizes_activity &&
           !dlcore_regularizer_is_none(&layer->activity_regularizer);
}

bool dlcore_network_has_penalties(const dlcore_network_t *network)
{
    for (size_t i = 0; i < network->node_count; i++) {
        if (dlcore_network_has_penalty(network, i))
            return true;
    }
    return false;
}

const dlcore_parameter_t *dlcore_network_parameter(const dlcore_network_t *network, size_t index,
                                                   const dlcore_node_t **node)
{
    if (network->values == NULL)
        return NULL;
    for (size_t i = 0; i < network->node_count; i++) {
        if (index < network->nodes[i].parameter_count) {
            if (node != NULL)
                *node = &network->nodes[i];
            return &network->nodes[i].parameters[index];
        }
        index -= network->nodes[i].parameter_count;
    }
    return NULL;
}
