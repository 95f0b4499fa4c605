/* Predictors: their life, and running one.
 *
 * SPDX-License-Identifier: MIT */
#include "model/predictor_settle.h"

#include <string.h>

#include "base/allocator.h"
#include "base/error.h"
#include "base/size.h"
#include "base/traces.h"
#include "engine/path.h"
#include "kernels/activate.h"
#include "products/products_native.h"

dlcore_predictor_options_t dlcore_predictor_options_default(void)
{
    return (dlcore_predictor_options_t){.batch_size = 1,
                                        .structure_size = sizeof(dlcore_predictor_options_t)};
}

/* ---- life ---- */

static dlcore_status check_predictor(const dlcore_model_t *model, size_t batch_size,
                                     dlcore_error_record_t *error)
{
    if (model == NULL)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "predictor: model is NULL");
    if (batch_size == 0)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT,
                           "predictor: batch_size is 0; begin with predictor_options_default()");
    if (model->network.values == NULL)
        return dlcore_fail(error, DLCORE_ERROR_STATE,
                           "predictor: the model with %zu layers has no weights yet; call "
                           "model_build or model_fit first",
                           model->network.node_count);
    return DLCORE_OK;
}

static dlcore_status create_predictor(const dlcore_model_t *model,
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
    status = dlcore_check_options(&chosen, "predictor", chosen.error);
    if (status == DLCORE_OK)
        status = check_predictor(model, chosen.batch_size, chosen.error);
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
    status = dlcore_predictor_settle(p, chosen.error);
    if (status != DLCORE_OK) {
        dlcore_predictor_free(p);
        return status;
    }
    *predictor = p;
    return DLCORE_OK;
}

dlcore_status dlcore_predictor_create(const dlcore_model_t *model,
                                      const dlcore_predictor_options_t *options,
                                      dlcore_predictor_t **predictor)
{
    dlcore_traces_t before = dlcore_traces_note();

    return dlcore_traces_end(before, create_predictor(model, options, predictor));
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
    dlcore_release(&allocator, predictor->chain_values);
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
static void gather_batch(batch_t *batch)
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

static bool prefers_lists(const batch_t *batch, size_t node, size_t units)
{
    const dlcore_predictor_t *p = batch->predictor;
    size_t share = dlcore_path_list_share(batch->rows, units, p->has_products), count = 0;

    if (share == SIZE_MAX)
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
                          .kernel =
                              dlcore_predictor_values(&p->network, &p->network.nodes[node], 0),
                          .bias = dlcore_predictor_values(&p->network, &p->network.nodes[node], 1),
                          .relu = pass->activation.kind == DLCORE_ACTIVATION_RELU};
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
                                .activation = dlcore_layer_activate(&node->layer),
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
            gather_batch(batch);
        node->type->forward(&pass);
    }
    if (dlcore_layer_has_rows(node->type, &pass))
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

    batch.is_raw = !is_uint8 && !dlcore_predictor_is_rescaled(network);
    if (batch.is_raw)
        batch.x = (dlcore_matrix_t){.data = (float *)(uintptr_t)samples, /* which is not written */
                                    .rows = rows,
                                    .columns = p->input_width,
                                    .panel = p->input_width};
    else
        gather_batch(&batch);
    for (size_t i = network->first; i < network->node_count; i++) {
        if (dlcore_layer_runs(network->nodes[i].type, false))
            run_node(&batch, i);
    }
    if (batch.is_raw) /* nothing to compute */
        gather_batch(&batch);
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

/* Weights, and what a predictor makes of them (chains, copies in panels, which of them are finite),
 * are those of the model as long as nothing wrote its weights. */
static bool is_stale(const dlcore_predictor_t *p)
{
    return p->version != dlcore_model_version(p->model);
}

/* A function of its own, out of the way of runs that go well. */
static dlcore_status refuse_run(dlcore_predictor_t *p, const void *x, size_t rows, const float *y)
{
    dlcore_traces_t before = dlcore_traces_note();
    dlcore_status status;

    if (p == NULL)
        return DLCORE_ERROR_ARGUMENT;
    if (x == NULL || y == NULL)
        status = dlcore_fail(&p->error, DLCORE_ERROR_ARGUMENT, "predictor: %s is NULL",
                             x == NULL ? "x" : "y");
    else if (rows > p->capacity)
        status =
            dlcore_fail(&p->error, DLCORE_ERROR_SHAPE,
                        "predictor: %zu rows are more than its batch_size, %zu", rows, p->capacity);
    else
        status = dlcore_fail(&p->error, DLCORE_ERROR_STATE,
                             "predictor: the model's weights have changed since it was made; make "
                             "a new one");
    return dlcore_traces_end(before, status);
}

static bool can_run(const dlcore_predictor_t *p, const void *x, size_t rows, const float *y)
{
    return p != NULL && x != NULL && y != NULL && rows <= p->capacity && !is_stale(p);
}

static dlcore_status run_predictor(dlcore_predictor_t *p, const void *x, bool is_uint8, size_t rows,
                                   float *y)
{
    if (!can_run(p, x, rows, y))
        return refuse_run(p, x, rows, y);
    if (rows == 0)
        return DLCORE_OK;
    if (rows <= p->chain_rows)
        run_chain(p, x, is_uint8, rows, y);
    else
        run_network(p, x, is_uint8, rows, y);
    return DLCORE_OK;
}

dlcore_status dlcore_predictor_run(dlcore_predictor_t *predictor, const float *x, size_t rows,
                                   float *y)
{
    /* a small network takes less time than the general way to it */
    if (can_run(predictor, x, rows, y) && predictor->needs_no_mode &&
        rows <= predictor->chain_rows) {
        predictor->chain_functions->run(&predictor->chain, x, rows, y);
        return DLCORE_OK;
    }
    return run_predictor(predictor, x, false, rows, y);
}

dlcore_status dlcore_predictor_run_uint8(dlcore_predictor_t *predictor, const uint8_t *x,
                                         size_t rows, float *y)
{
    return run_predictor(predictor, x, true, rows, y);
}

const char *dlcore_predictor_error(const dlcore_predictor_t *predictor)
{
    return predictor != NULL ? predictor->error.message : "predictor is NULL";
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
