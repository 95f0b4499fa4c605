/* Predictors: everything that a run needs, settled when they are made.
 *
 * A network whose widths are all small is a chain (math/chain.h), with weights of its own. Any
 * other runs layer by layer over the network's nodes. There a dense layer with one row, or with
 * few inputs that are not zero, goes by lists (math/gemv.h), any other by the native engine's
 * product. A model of another engine gets a copy of its weights in panels.
 *
 * SPDX-License-Identifier: MIT */
#include "dlcore/predictor.h"

#include <math.h>
#include <string.h>

#include "base/allocator.h"
#include "base/error.h"
#include "base/size.h"
#include "math/activate.h"
#include "math/chain.h"
#include "math/gemv.h"
#include "math/products_native.h"
#include "model/model.h"

struct dlcore_predictor {
    const dlcore_model_t *model;
    dlcore_allocator_t allocator;
    uint64_t version; /* of the model's weights */
    size_t capacity;  /* rows */
    size_t input_width, output_width;
    bool flush_denormals;

    dlcore_chain_t chain; /* no layers: not one */
    const dlcore_chain_functions_t *chain_functions;
    bool needs_no_mode; /* a chain that runs in any floating-point mode */
    dlcore_chain_layer_t *chain_layers;

    dlcore_network_t network; /* the model's, or with nodes and values of its own */
    dlcore_node_t *nodes;     /* its own, or NULL; likewise values */
    float *values;
    const dlcore_gemv_functions_t *gemv;
    bool has_products; /* the network's products may multiply */
    bool *skips_zeros; /* of each node: all weights are finite */
    dlcore_workspace_t workspace;
    void *list_memory;
    dlcore_list_t lists[DLCORE_GEMV_ROWS];
};

dlcore_predictor_options_t dlcore_predictor_options_default(void)
{
    return (dlcore_predictor_options_t){.batch_size = 1};
}

/* Whether the gather changes numbers. */
static bool is_rescaled(const dlcore_network_t *network)
{
    return network->input_scale != 1.0f || network->input_offset != 0.0f;
}

/* ---- making one: a chain ---- */

/* Whether a layer is no more than the activation of the linear one before it. */
static bool is_activation_of(const dlcore_node_t *node, dlcore_activation_t before)
{
    return node->layer.kind == DLCORE_LAYER_ACTIVATION && before == DLCORE_ACTIVATION_LINEAR;
}

/* Narrow dense layers, with activations in or after them, and nothing else. */
static bool is_chain(const dlcore_network_t *network)
{
    dlcore_activation_t before = DLCORE_ACTIVATION_UNKNOWN;

    if (network->nodes[0].input_width > DLCORE_CHAIN_WIDTH)
        return false;
    for (size_t i = network->first; i < network->node_count; i++) {
        const dlcore_node_t *node = &network->nodes[i];

        if (node->type->forward == NULL)
            continue;
        if (node->output_width > DLCORE_CHAIN_WIDTH ||
            (node->layer.kind != DLCORE_LAYER_DENSE && !is_activation_of(node, before)))
            return false;
        before = node->layer.activation;
    }
    return before != DLCORE_ACTIVATION_UNKNOWN;
}

static const float *parameter_of(const dlcore_network_t *network, const dlcore_node_t *node,
                                 size_t index)
{
    return index < node->parameter_count ? network->values + node->parameters[index].offset : NULL;
}

static size_t chain_floats(const dlcore_network_t *network)
{
    size_t floats = 0;

    for (size_t i = network->first; i < network->node_count; i++) {
        const dlcore_node_t *node = &network->nodes[i];
        if (node->layer.kind == DLCORE_LAYER_DENSE)
            floats += dlcore_chain_floats(node->input_width, node->output_width);
    }
    return floats;
}

static void fill_chain(dlcore_predictor_t *p)
{
    const dlcore_network_t *network = &p->model->network;
    float kernel[DLCORE_CHAIN_WIDTH * DLCORE_CHAIN_WIDTH];
    float *weights = p->values;
    dlcore_chain_layer_t *layer = p->chain_layers;

    for (size_t i = network->first; i < network->node_count; i++) {
        const dlcore_node_t *node = &network->nodes[i];
        size_t inputs = node->input_width, units = node->output_width;

        if (node->layer.kind == DLCORE_LAYER_ACTIVATION)
            layer[-1].activation = node->layer.activation;
        if (node->layer.kind != DLCORE_LAYER_DENSE)
            continue;
        network->products->unpack_kernel(inputs, units, parameter_of(network, node, 0), kernel);
        dlcore_chain_pack(inputs, units, kernel, parameter_of(network, node, 1), p->flush_denormals,
                          weights);
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
                                .rescales = is_rescaled(network)};
    p->chain_functions = dlcore_chain_functions(p->flush_denormals);
    p->needs_no_mode = p->chain_functions->flushes;
}

static dlcore_status make_chain(dlcore_predictor_t *p, dlcore_error_record_t *error)
{
    const dlcore_network_t *network = &p->model->network;
    size_t floats = chain_floats(network);

    p->chain_layers = dlcore_allocate(&p->allocator, network->node_count, sizeof *p->chain_layers);
    p->values = dlcore_allocate(&p->allocator, floats, sizeof *p->values);
    if (p->chain_layers == NULL || p->values == NULL)
        return dlcore_fail_memory(error, "predictor", floats * sizeof *p->values);
    fill_chain(p);
    return DLCORE_OK;
}

/* ---- making one: layer by layer ---- */

/* Nodes whose kernels lie in panels, and the number of floats of all parameters. */
static size_t settle_panels(dlcore_predictor_t *p)
{
    size_t floats = 0;

    for (size_t i = 0; i < p->network.node_count; i++) {
        dlcore_node_t *node = &p->nodes[i];

        *node = p->model->network.nodes[i];
        for (size_t k = 0; k < node->parameter_count; k++) {
            dlcore_parameter_t *parameter = &node->parameters[k];
            size_t inputs = parameter->shape[0], units = parameter->shape[1];

            parameter->offset = floats;
            if (parameter->rank == 2)
                parameter->floats = dlcore_size_round_up(units, p->gemv->panel(units)) * inputs;
            floats += parameter->floats;
        }
    }
    return floats;
}

static dlcore_status fill_panels(dlcore_predictor_t *p, dlcore_error_record_t *error)
{
    const dlcore_network_t *from = &p->model->network;
    const dlcore_parameter_t *parameter;
    size_t largest = 0;
    float *row_major;

    for (size_t i = 0; (parameter = dlcore_network_parameter(from, i, NULL)) != NULL; i++)
        largest = dlcore_size_max(largest, dlcore_parameter_size(parameter));
    row_major = dlcore_allocate_raw(&p->allocator, largest, sizeof *row_major);
    if (row_major == NULL)
        return dlcore_fail_memory(error, "predictor", largest * sizeof *row_major);
    for (size_t i = 0; (parameter = dlcore_network_parameter(from, i, NULL)) != NULL; i++) {
        const dlcore_parameter_t *own = dlcore_network_parameter(&p->network, i, NULL);
        size_t inputs = own->shape[0], units = own->shape[1];
        float *to = p->values + own->offset;

        dlcore_network_export(from, parameter, from->values, row_major);
        if (own->rank == 2)
            dlcore_native_pack(inputs, units, p->gemv->panel(units), row_major, to);
        else
            memcpy(to, row_major, dlcore_parameter_size(own) * sizeof *to);
    }
    dlcore_release(&p->allocator, row_major);
    return DLCORE_OK;
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
    return fill_panels(p, error);
}

static bool all_finite(const float *values, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!isfinite(values[i]))
            return false;
    }
    return true;
}

static dlcore_status make_lists(dlcore_predictor_t *p, dlcore_error_record_t *error)
{
    const dlcore_network_t *network = &p->network;
    size_t rows = dlcore_size_min(p->capacity, DLCORE_GEMV_ROWS), widest = 0, room, bytes;
    char *memory;

    p->skips_zeros = dlcore_allocate(&p->allocator, network->node_count, sizeof *p->skips_zeros);
    if (p->skips_zeros == NULL)
        return dlcore_fail_memory(error, "predictor", network->node_count);
    for (size_t i = network->first; i < network->node_count; i++) {
        const dlcore_node_t *node = &network->nodes[i];
        if (node->layer.kind != DLCORE_LAYER_DENSE)
            continue;
        p->skips_zeros[i] = all_finite(parameter_of(network, node, 0), node->parameters[0].floats);
        widest = dlcore_size_max(widest, node->input_width);
    }
    room = dlcore_size_round_up(widest + DLCORE_GEMV_SPARE, 16);
    bytes = room * (sizeof(uint32_t) + sizeof(float));
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

static dlcore_status make_network(dlcore_predictor_t *p, dlcore_error_record_t *error)
{
    dlcore_status status = DLCORE_OK;

    p->network = p->model->network;
    p->network.allocator = p->allocator;
    p->gemv = dlcore_gemv_of(p->network.products);
    p->has_products = true;
    if (p->gemv == NULL)
        status = copy_network(p, error);
    if (status == DLCORE_OK)
        status = make_lists(p, error);
    if (status == DLCORE_OK)
        status = dlcore_workspace_create(&p->network, NULL, DLCORE_WORKSPACE_PREDICT, p->capacity,
                                         1, &p->workspace, error);
    return status;
}

/* ---- life ---- */

static dlcore_status check(const dlcore_model_t *model, size_t batch_size,
                           dlcore_error_record_t *error)
{
    if (model == NULL)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "predictor: model is NULL");
    if (batch_size == 0)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT,
                           "predictor: batch_size is 0; begin with predictor_options_default()");
    if (model->network.values == NULL)
        return dlcore_fail(error, DLCORE_ERROR_STATE,
                           "predictor: the model with %zu layers has no weights yet; model_build "
                           "or fit comes first",
                           model->network.node_count);
    return DLCORE_OK;
}

dlcore_status dlcore_predictor_create(const dlcore_model_t *model,
                                      const dlcore_predictor_options_t *options,
                                      dlcore_predictor_t **predictor)
{
    dlcore_predictor_options_t chosen =
        options != NULL ? *options : dlcore_predictor_options_default();
    dlcore_predictor_t *p;
    dlcore_status status;

    if (predictor == NULL)
        return dlcore_fail(chosen.error, DLCORE_ERROR_ARGUMENT, "predictor: predictor is NULL");
    *predictor = NULL;
    status = check(model, chosen.batch_size, chosen.error);
    if (status != DLCORE_OK)
        return status;
    p = dlcore_allocate(&model->allocator, 1, sizeof *p);
    if (p == NULL)
        return dlcore_fail_memory(chosen.error, "predictor", sizeof *p);
    p->model = model;
    p->allocator = model->allocator;
    p->version = dlcore_model_version(model);
    p->capacity = chosen.batch_size;
    p->input_width = dlcore_network_input_width(&model->network);
    p->output_width = dlcore_network_output_width(&model->network);
    p->flush_denormals = model->options.flush_denormals;
    status =
        is_chain(&model->network) ? make_chain(p, chosen.error) : make_network(p, chosen.error);
    if (status != DLCORE_OK) {
        dlcore_predictor_free(p);
        return status;
    }
    *predictor = p;
    return DLCORE_OK;
}

void dlcore_predictor_free(dlcore_predictor_t *predictor)
{
    dlcore_allocator_t allocator;

    if (predictor == NULL)
        return;
    allocator = predictor->allocator;
    dlcore_workspace_clear(&predictor->workspace);
    dlcore_release(&allocator, predictor->list_memory);
    dlcore_release(&allocator, predictor->skips_zeros);
    dlcore_release(&allocator, predictor->values);
    dlcore_release(&allocator, predictor->nodes);
    dlcore_release(&allocator, predictor->chain_layers);
    dlcore_release(&allocator, predictor);
}

/* ---- running ---- */

/* A batch on its way through the layers. */
typedef struct batch {
    dlcore_predictor_t *predictor;
    const void *samples;
    bool is_uint8;
    size_t rows;
    dlcore_matrix_t raw; /* the samples themselves, where no layer has to be applied first */
    bool is_raw;         /* x is that */
    dlcore_matrix_t x;
} batch_t;

/* x is in the engine's panels from here on. */
static void gather(batch_t *batch)
{
    dlcore_predictor_t *p = batch->predictor;
    const dlcore_network_t *network = &p->network;
    const size_t n = p->input_width;
    dlcore_matrix_t x = p->workspace.input[0];

    x.rows = batch->rows;
    x.panel_stride = x.panel * x.rows;
    for (size_t r = 0; r < batch->rows; r++) {
        float *to = dlcore_matrix_at(&x, r, 0);
        if (batch->is_uint8)
            network->kernels->gather_uint8((const uint8_t *)batch->samples + r * n, to, n, x.panel,
                                           x.panel_stride, network->input_scale,
                                           network->input_offset);
        else
            network->kernels->gather_float((const float *)batch->samples + r * n, to, n, x.panel,
                                           x.panel_stride, network->input_scale,
                                           network->input_offset);
    }
    batch->x = x;
    batch->is_raw = false;
}

/* Whether lists beat the engine's product, which multiplies by zeros, too, but reads weights once
 * for all rows. The shares, in sixteenths of the inputs, were found by measuring. */
static bool prefers_lists(const batch_t *batch, size_t node, size_t units)
{
    const dlcore_predictor_t *p = batch->predictor;
    bool narrow = units <= DLCORE_NATIVE_NARROW, few = batch->rows < 4;
    size_t share = narrow ? 12 : few ? 9 : 7, count = 0;

    if (batch->rows == 1 || (narrow && few) || !p->has_products)
        return true;
    if (!p->skips_zeros[node])
        return false;
    for (size_t r = 0; r < batch->rows; r++)
        count += p->gemv->nonzeros(&batch->x, r);
    return count < batch->rows * batch->x.columns / 16 * share;
}

static void multiply_lists(const batch_t *batch, size_t node, const dlcore_layer_pass_t *pass)
{
    dlcore_predictor_t *p = batch->predictor;
    dlcore_gemv_t gemv = {.inputs = pass->input_width,
                          .units = pass->output_width,
                          .kernel = parameter_of(&p->network, &p->network.nodes[node], 0),
                          .bias = parameter_of(&p->network, &p->network.nodes[node], 1),
                          .relu = pass->activation == DLCORE_ACTIVATION_RELU};
    size_t count;

    for (size_t row = 0; row < batch->rows; row += count) {
        count = dlcore_size_min(batch->rows - row, DLCORE_GEMV_ROWS);
        for (size_t r = 0; r < count; r++)
            p->gemv->list(&batch->x, row + r, !p->skips_zeros[node], &p->lists[r]);
        p->gemv->multiply(&gemv, p->lists, row, count, pass->y);
    }
    if (gemv.relu)
        return;
    for (size_t i = 0; i < dlcore_matrix_panels(pass->y); i++)
        dlcore_activate(pass->kernels, pass->activation, dlcore_matrix_at(pass->y, 0, i),
                        batch->rows * pass->y->panel);
}

static void run_node(batch_t *batch, size_t index)
{
    dlcore_predictor_t *p = batch->predictor;
    const dlcore_node_t *node = &p->network.nodes[index];
    dlcore_matrix_t y = p->workspace.outputs[index];
    dlcore_layer_pass_t pass = {.layer = &node->layer,
                                .products = p->network.products,
                                .kernels = p->network.kernels,
                                .input_width = node->input_width,
                                .output_width = node->output_width,
                                .parameters = node->parameters,
                                .values = p->network.values,
                                .activation = node->layer.activation,
                                .workers = 1,
                                .scratch = p->workspace.scratch,
                                .x = &batch->x,
                                .y = &y};

    y.rows = batch->rows;
    y.panel_stride = y.panel * y.rows;
    if (node->layer.kind == DLCORE_LAYER_DENSE && prefers_lists(batch, index, pass.output_width)) {
        multiply_lists(batch, index, &pass);
    } else {
        if (batch->is_raw)
            gather(batch);
        node->type->forward(&pass);
    }
    if (node->type->forward_rows != NULL && pass.activation == DLCORE_ACTIVATION_SOFTMAX)
        node->type->forward_rows(&pass);
    batch->x = y;
    batch->is_raw = false;
}

static void store(const dlcore_matrix_t *x, float *y)
{
    for (size_t r = 0; r < x->rows; r++, y += x->columns) {
        for (size_t i = 0; i < dlcore_matrix_panels(x); i++)
            memcpy(y + i * x->panel, dlcore_matrix_at(x, r, i),
                   dlcore_matrix_panel_columns(x, i) * sizeof *y);
    }
}

static void run_network(dlcore_predictor_t *p, const void *samples, bool is_uint8, size_t rows,
                        float *y)
{
    const dlcore_network_t *network = &p->network;
    dlcore_float_mode_t mode = dlcore_float_mode_enter(p->flush_denormals);
    batch_t batch = {.predictor = p, .samples = samples, .is_uint8 = is_uint8, .rows = rows};

    batch.is_raw = !is_uint8 && !is_rescaled(network);
    if (batch.is_raw)
        batch.x = (dlcore_matrix_t){.data = (float *)(uintptr_t)samples, /* which is not written */
                                    .rows = rows,
                                    .columns = p->input_width,
                                    .panel = p->input_width};
    else
        gather(&batch);
    for (size_t i = network->first; i < network->node_count; i++) {
        if (network->nodes[i].type->forward != NULL)
            run_node(&batch, i);
    }
    store(&batch.x, y);
    dlcore_float_mode_leave(mode);
}

static void run_chain(const dlcore_predictor_t *p, const void *x, bool is_uint8, size_t rows,
                      float *y)
{
    dlcore_float_mode_t mode = dlcore_float_mode_enter(p->flush_denormals);

    if (is_uint8)
        p->chain_functions->run_uint8(&p->chain, x, rows, y);
    else
        p->chain_functions->run(&p->chain, x, rows, y);
    dlcore_float_mode_leave(mode);
}

static dlcore_status check_run(const dlcore_predictor_t *p, const void *x, size_t rows,
                               const float *y)
{
    if (p == NULL || x == NULL || y == NULL)
        return DLCORE_ERROR_ARGUMENT;
    if (rows > p->capacity)
        return DLCORE_ERROR_SHAPE;
    if (p->version != dlcore_model_version(p->model))
        return DLCORE_ERROR_STATE;
    return DLCORE_OK;
}

static dlcore_status run(dlcore_predictor_t *p, const void *x, bool is_uint8, size_t rows, float *y)
{
    dlcore_status status = check_run(p, x, rows, y);

    if (status != DLCORE_OK || rows == 0)
        return status;
    if (p->chain.layer_count > 0)
        run_chain(p, x, is_uint8, rows, y);
    else
        run_network(p, x, is_uint8, rows, y);
    return DLCORE_OK;
}

dlcore_status dlcore_predictor_run(dlcore_predictor_t *predictor, const float *x, size_t rows,
                                   float *y)
{
    /* a small network takes less time than the general way to it */
    if (check_run(predictor, x, rows, y) == DLCORE_OK && predictor->needs_no_mode) {
        predictor->chain_functions->run(&predictor->chain, x, rows, y);
        return DLCORE_OK;
    }
    return run(predictor, x, false, rows, y);
}

dlcore_status dlcore_predictor_run_uint8(dlcore_predictor_t *predictor, const uint8_t *x,
                                         size_t rows, float *y)
{
    return run(predictor, x, true, rows, y);
}

size_t dlcore_predictor_input_width(const dlcore_predictor_t *predictor)
{
    return predictor != NULL ? predictor->input_width : 0;
}

size_t dlcore_predictor_output_width(const dlcore_predictor_t *predictor)
{
    return predictor != NULL ? predictor->output_width : 0;
}

size_t dlcore_predictor_batch_size(const dlcore_predictor_t *predictor)
{
    return predictor != NULL ? predictor->capacity : 0;
}
