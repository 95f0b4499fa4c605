/* Making predictors: weights in the layout that runs fastest, and buffers.
 *
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/allocator.h"
#include "base/error.h"
#include "base/finite.h"
#include "base/size.h"
#include "engine/network_exchange.h"
#include "engine/path.h"
#include "model/predictor_low.h"
#include "products/products_native.h"

/* ---- a chain ---- */

static void fill_chain(dlcore_predictor_t *p)
{
    const dlcore_network_t *network = &p->model->network;
    float *weights = p->chain_values;
    dlcore_chain_layer_t *layer = p->chain_layers;

    for (size_t i = network->first; i < network->node_count; i++) {
        const dlcore_node_t *node = &network->nodes[i];
        size_t inputs = node->input_width, units = node->output_width;

        if (node->layer.kind == DLCORE_LAYER_ACTIVATION)
            layer[-1].activation = node->layer.activation;
        if (node->layer.kind != DLCORE_LAYER_DENSE)
            continue;
        network->products->unpack_kernel(inputs, units, dlcore_predictor_values(network, node, 0),
                                         p->unpacked);
        dlcore_chain_pack(inputs, units, p->unpacked, dlcore_predictor_values(network, node, 1),
                          p->flush_denormals, weights);
        *layer++ = (dlcore_chain_layer_t){.weights = weights,
                                          .inputs = inputs,
                                          .units = units,
                                          .activation = node->layer.activation};
        weights += dlcore_chain_floats(inputs, units);
    }
    p->chain = (dlcore_chain_t){.layers = p->chain_layers,
                                .layer_count = (size_t)(layer - p->chain_layers),
                                .inputs = p->input_width,
                                .units = p->output_width,
                                .scale = network->input_scale,
                                .offset = network->input_offset,
                                .rescales = dlcore_predictor_is_rescaled(network)};
    for (size_t i = 0; i < p->chain.layer_count; i++)
        p->chain.widest = dlcore_size_max(p->chain.widest, p->chain_layers[i].units);
    p->chain_functions = dlcore_chain_functions(p->flush_denormals);
    p->needs_no_mode = p->chain_functions->flushes;
}

size_t dlcore_predictor_largest(const dlcore_network_t *network)
{
    const dlcore_parameter_t *parameter;
    size_t largest = 1;

    for (size_t i = 0; (parameter = dlcore_network_parameter(network, i, NULL)) != NULL; i++)
        largest = dlcore_size_max(largest, dlcore_parameter_size(parameter));
    return largest;
}

/* Room for the largest kernel, which copies are made through. */
static dlcore_status make_unpacked(dlcore_predictor_t *p, dlcore_error_record_t *error)
{
    size_t largest = dlcore_predictor_largest(&p->model->network);

    if (p->unpacked == NULL)
        p->unpacked = dlcore_allocate_raw(&p->allocator, largest, sizeof *p->unpacked);
    if (p->unpacked == NULL)
        return dlcore_fail_memory(error, "predictor", largest * sizeof *p->unpacked);
    return DLCORE_OK;
}

static dlcore_status make_chain(dlcore_predictor_t *p, dlcore_error_record_t *error)
{
    const dlcore_network_t *network = &p->model->network;
    size_t floats = dlcore_path_chain_floats(network);

    p->chain_layers = dlcore_allocate(&p->allocator, network->node_count, sizeof *p->chain_layers);
    p->chain_values = dlcore_allocate(&p->allocator, floats, sizeof *p->chain_values);
    if (p->chain_layers == NULL || p->chain_values == NULL)
        return dlcore_fail_memory(error, "predictor", floats * sizeof *p->chain_values);
    return make_unpacked(p, error);
}

/* ---- layer by layer ---- */

size_t dlcore_predictor_panel_floats(const dlcore_gemv_functions_t *gemv,
                                     const dlcore_parameter_t *parameter)
{
    size_t inputs = parameter->shape[0], units = parameter->shape[1];

    return parameter->rank == 2 ? dlcore_size_round_up(units, gemv->panel(units)) * inputs
                                : parameter->floats;
}

/* Nodes whose kernels lie in panels, and the number of floats of all parameters. */
static size_t settle_panels(dlcore_predictor_t *p)
{
    size_t floats = 0;

    for (size_t i = 0; i < p->network.node_count; i++) {
        dlcore_node_t *node = &p->nodes[i];

        *node = p->model->network.nodes[i];
        for (size_t k = 0; k < node->parameter_count; k++) {
            dlcore_parameter_t *parameter = &node->parameters[k];

            parameter->offset = floats;
            parameter->floats = dlcore_predictor_panel_floats(p->gemv, parameter);
            floats += parameter->floats;
        }
    }
    return floats;
}

static void fill_panels(dlcore_predictor_t *p)
{
    const dlcore_network_t *from = &p->model->network;
    const dlcore_parameter_t *parameter;

    for (size_t i = 0; (parameter = dlcore_network_parameter(from, i, NULL)) != NULL; i++) {
        const dlcore_parameter_t *own = dlcore_network_parameter(&p->network, i, NULL);
        size_t inputs = own->shape[0], units = own->shape[1];
        float *to = p->values + own->offset;

        dlcore_network_export(from, parameter, from->values, p->unpacked);
        if (own->rank == 2)
            dlcore_native_pack(inputs, units, p->gemv->panel(units), p->unpacked, to);
        else
            memcpy(to, p->unpacked, dlcore_parameter_size(own) * sizeof *to);
    }
}

/* The same network with its weights in panels, for an engine whose kernels lie otherwise. */
static dlcore_status copy_network(dlcore_predictor_t *p, dlcore_error_record_t *error)
{
    const dlcore_products_t *products;
    size_t count = p->network.node_count;

    p->gemv = dlcore_gemv_best(&products);
    p->has_products = products != NULL;
    if (products != NULL)
        p->network.products = products;
    p->nodes = dlcore_allocate(&p->allocator, count, sizeof *p->nodes);
    if (p->nodes == NULL)
        return dlcore_fail_memory(error, "predictor", count * sizeof *p->nodes);
    p->network.nodes = p->nodes;
    p->network.value_floats = settle_panels(p);
    p->values = dlcore_allocate(&p->allocator, p->network.value_floats, sizeof *p->values);
    if (p->values == NULL)
        return dlcore_fail_memory(error, "predictor", p->network.value_floats * sizeof *p->values);
    p->network.values = p->values;
    return make_unpacked(p, error);
}

size_t dlcore_predictor_list_room(const dlcore_network_t *network)
{
    size_t widest = 0;

    for (size_t i = network->first; i < network->node_count; i++) {
        const dlcore_node_t *node = &network->nodes[i];
        if (node->layer.kind == DLCORE_LAYER_DENSE)
            widest = dlcore_size_max(widest, node->input_width);
    }
    return dlcore_size_round_up(widest + DLCORE_GEMV_SPARE, 16);
}

static dlcore_status make_lists(dlcore_predictor_t *p, dlcore_error_record_t *error)
{
    const dlcore_network_t *network = &p->network;
    size_t rows = dlcore_size_min(p->capacity, DLCORE_GEMV_ROWS),
           room = dlcore_predictor_list_room(network);
    size_t bytes = room * (sizeof(uint32_t) + sizeof(float));
    char *memory;

    p->skips_zeros = dlcore_allocate(&p->allocator, network->node_count, sizeof *p->skips_zeros);
    if (p->skips_zeros == NULL)
        return dlcore_fail_memory(error, "predictor", network->node_count);
    p->list_memory = dlcore_allocate(&p->allocator, rows, bytes);
    if (p->list_memory == NULL)
        return dlcore_fail_memory(error, "predictor", rows * bytes);
    memory = p->list_memory;
    for (size_t i = 0; i < rows; i++, memory += bytes) {
        p->lists[i].index = (uint32_t *)(void *)memory;
        p->lists[i].value = (float *)(void *)(memory + room * sizeof(uint32_t));
    }
    return DLCORE_OK;
}

static dlcore_status make_predictor_network(dlcore_predictor_t *p, dlcore_error_record_t *error)
{
    dlcore_status status = DLCORE_OK;

    p->network = p->model->network;
    p->network.allocator = p->allocator;
    if (p->precision != NULL) {
        status = p->precision->settle(p, error);
    } else {
        p->gemv = dlcore_gemv_of(p->network.products);
        p->has_products = true;
        if (p->gemv == NULL)
            status = copy_network(p, error);
        if (status == DLCORE_OK)
            status = make_lists(p, error);
    }
    if (status == DLCORE_OK)
        status = dlcore_workspace_create_to_predict(&p->network, DLCORE_BATCH_ROWS, p->capacity, 1,
                                                    &p->workspace, error);
    return status;
}

static void find_finite(dlcore_predictor_t *p)
{
    const dlcore_network_t *network = &p->network;

    for (size_t i = network->first; i < network->node_count; i++) {
        const dlcore_node_t *node = &network->nodes[i];

        if (node->layer.kind == DLCORE_LAYER_DENSE)
            p->skips_zeros[i] = dlcore_all_finite(dlcore_predictor_values(network, node, 0),
                                                  node->parameters[0].floats);
    }
}

void dlcore_predictor_fill(dlcore_predictor_t *predictor)
{
    if (predictor->chain_layers != NULL)
        fill_chain(predictor);
    if (predictor->values != NULL)
        fill_panels(predictor);
    if (predictor->skips_zeros != NULL)
        find_finite(predictor);
    if (predictor->precision != NULL)
        predictor->precision->fill(predictor);
}

dlcore_status dlcore_predictor_settle(dlcore_predictor_t *predictor, dlcore_error_record_t *error)
{
    dlcore_status status = DLCORE_OK;

    predictor->chain_rows = dlcore_path_chain_rows(&predictor->model->network, predictor->capacity,
                                                   predictor->precision != NULL);
    if (predictor->chain_rows > 0)
        status = make_chain(predictor, error);
    if (status == DLCORE_OK && predictor->capacity > predictor->chain_rows)
        status = make_predictor_network(predictor, error);
    if (status == DLCORE_OK)
        dlcore_predictor_fill(predictor);
    return status;
}
