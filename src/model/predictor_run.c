/* Running predictors.
 *
 * SPDX-License-Identifier: MIT */
#include "model/predictor_low.h"

#include <string.h>

#include "base/error.h"
#include "base/size.h"
#include "base/traces.h"
#include "engine/gather.h"
#include "engine/path.h"
#include "kernels/activate.h"
#include "model/indices.h"
#include "products/products_sparse.h"
#include "tensor/sparse.h"

typedef enum dlcore_predictor_kind {
    RUN_FLOATS,
    RUN_BYTES,
    RUN_SPARSE /* a dlcore_sparse_t */
} dlcore_predictor_kind_t;

/* Samples. Two words, which are passed in registers: a network of a few units takes less time than
 * a store of vectors that the next load waits for. */
typedef struct dlcore_predictor_rows {
    dlcore_predictor_kind_t kind;
    const void *x;
} dlcore_predictor_rows_t;

/* A batch on its way through the layers. */
typedef struct batch {
    dlcore_predictor_t *predictor;
    dlcore_predictor_rows_t samples;
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
        if (batch->samples.kind == RUN_SPARSE)
            dlcore_gather_list(batch->samples.x, r, to, x.panel, x.panel_stride,
                               network->input_scale, network->input_offset);
        else if (batch->samples.kind == RUN_BYTES)
            network->kernels->gather_uint8((const uint8_t *)batch->samples.x + r * n, to, n,
                                           x.panel, x.panel_stride, network->input_scale,
                                           network->input_offset);
        else
            network->kernels->gather_float((const float *)batch->samples.x + r * n, to, n, x.panel,
                                           x.panel_stride, network->input_scale,
                                           network->input_offset);
    }
    batch->x = x;
    batch->is_raw = false;
}

static bool prefers_lists(const batch_t *batch, size_t node, size_t units)
{
    const dlcore_predictor_t *p = batch->predictor;
    size_t share = dlcore_path_list_share(batch->rows, units, p->has_products), count = 0, most;

    if (share == SIZE_MAX)
        return true;
    if (!p->skips_zeros[node])
        return false;
    most = batch->rows * batch->x.columns / 16 * share;
    for (size_t r = 0; r < batch->rows && count < most; r++)
        count += p->gemv->nonzeros(&batch->x, r);
    return count < most;
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
}

/* After a product that does relu itself. */
static void activate_rows(const dlcore_layer_pass_t *pass)
{
    if (pass->activation.kind == DLCORE_ACTIVATION_RELU)
        return;
    for (size_t i = 0; i < dlcore_matrix_panels(pass->y); i++)
        dlcore_activate(pass->kernels, pass->activation, dlcore_matrix_at(pass->y, 0, i),
                        pass->y->rows * pass->y->panel);
}

/* The first layer, over lists of entries. */
static void multiply_entries(const batch_t *batch, const dlcore_node_t *node,
                             const dlcore_layer_pass_t *pass)
{
    const dlcore_predictor_t *p = batch->predictor;
    bool later = dlcore_activate_takes_rows(pass->activation.kind);
    dlcore_forward_t product = {.kernels = pass->kernels,
                                .inputs = pass->input_width,
                                .units = pass->output_width,
                                .x = &batch->x,
                                .kernel = dlcore_predictor_values(&p->network, node, 0),
                                .bias = dlcore_predictor_values(&p->network, node, 1),
                                .activation = later ? dlcore_activate_linear() : pass->activation,
                                .y = pass->y};

    dlcore_sparse_forward(&product, p->gemv->panel(product.units), 0, batch->rows);
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
    if (batch->x.lists != NULL) {
        multiply_entries(batch, node, &pass);
    } else if (node->layer.kind == DLCORE_LAYER_DENSE && p->precision != NULL) {
        p->precision->multiply(p, index, &pass);
        activate_rows(&pass);
    } else if (node->layer.kind == DLCORE_LAYER_DENSE &&
               prefers_lists(batch, index, pass.output_width)) {
        multiply_lists(batch, index, &pass);
        activate_rows(&pass);
    } else { /* the native product reads rows as they are */
        if (batch->is_raw && node->layer.kind != DLCORE_LAYER_DENSE)
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

/* Where they need no gathering, as they are. */
static void begin_batch(batch_t *batch, dlcore_lists_t *lists)
{
    const dlcore_predictor_t *p = batch->predictor;
    dlcore_predictor_rows_t samples = batch->samples;

    batch->x = (dlcore_matrix_t){.rows = batch->rows,
                                 .columns = p->input_width,
                                 .panel = p->input_width,
                                 .panel_stride = p->input_width * batch->rows};
    if (samples.kind == RUN_SPARSE && p->precision == NULL &&
        dlcore_gather_takes_lists(&p->network)) {
        *lists = dlcore_gather_lists(&p->network, samples.x);
        batch->x.lists = lists;
    } else if (samples.kind == RUN_FLOATS && !dlcore_predictor_is_rescaled(&p->network)) {
        batch->x.data = (float *)(uintptr_t)samples.x; /* which is not written */
        batch->is_raw = true;
    } else {
        gather_batch(batch);
    }
}

static void run_network(dlcore_predictor_t *p, dlcore_predictor_rows_t samples, size_t rows,
                        float *y)
{
    const dlcore_network_t *network = &p->network;
    dlcore_float_mode_t mode = dlcore_float_mode_enter(p->flush_denormals);
    batch_t batch = {.predictor = p, .samples = samples, .rows = rows};
    dlcore_lists_t lists;

    begin_batch(&batch, &lists);
    for (size_t i = network->first; i < network->node_count; i++) {
        if (dlcore_layer_runs(network->nodes[i].type, false))
            run_node(&batch, i);
    }
    if (batch.is_raw) /* nothing to compute */
        gather_batch(&batch);
    store(&batch.x, y);
    dlcore_float_mode_leave(mode);
}

static void run_chain_sparse(const dlcore_predictor_t *p, const dlcore_sparse_t *samples,
                             size_t rows, float *y)
{
    for (size_t r = 0; r < rows; r++) { /* the chain scales */
        float x[DLCORE_CHAIN_WIDTH];

        dlcore_gather_list(samples, r, x, DLCORE_CHAIN_WIDTH, 0, 1.0f, 0.0f);
        p->chain_functions->run(&p->chain, x, 1, y + r * p->output_width);
    }
}

static void run_chain(const dlcore_predictor_t *p, dlcore_predictor_rows_t samples, size_t rows,
                      float *y)
{
    dlcore_float_mode_t mode = dlcore_float_mode_enter(p->flush_denormals);

    if (samples.kind == RUN_FLOATS)
        p->chain_functions->run(&p->chain, samples.x, rows, y);
    else if (samples.kind == RUN_BYTES)
        p->chain_functions->run_uint8(&p->chain, samples.x, rows, y);
    else
        run_chain_sparse(p, samples.x, rows, y);
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
                             "predictor: the model's weights have changed since it was made; call "
                             "predictor_refresh");
    return dlcore_traces_end(before, status);
}

static bool can_run(const dlcore_predictor_t *p, const void *x, size_t rows, const float *y)
{
    return p != NULL && x != NULL && y != NULL && rows <= p->capacity && !is_stale(p);
}

/* Columns that name rows of tables, where the network has such. */
static dlcore_status check_predictor_rows(dlcore_predictor_t *p, dlcore_predictor_rows_t samples,
                                          size_t rows)
{
    dlcore_tensor_t x = {.dtype =
                             samples.kind == RUN_BYTES ? DLCORE_DTYPE_UINT8 : DLCORE_DTYPE_FLOAT32,
                         .rank = 2,
                         .shape = {rows, p->input_width},
                         .row_size = p->input_width,
                         .row_stride = p->input_width,
                         .read_only = true,
                         .is_sparse = samples.kind == RUN_SPARSE};
    dlcore_traces_t before = dlcore_traces_note();

    if (x.is_sparse)
        x.sparse = *(const dlcore_sparse_t *)samples.x;
    else
        x.data = (unsigned char *)(uintptr_t)samples.x; /* which is not written */
    return dlcore_traces_end(before, dlcore_check_indices(&p->network, &x, &p->error));
}

/* Kept apart, so that a run of a chain that needs no mode saves no registers for it. */
DLCORE_KEPT_APART static dlcore_status
run_predictor(dlcore_predictor_t *p, dlcore_predictor_rows_t samples, size_t rows, float *y)
{
    if (!can_run(p, samples.x, rows, y))
        return refuse_run(p, samples.x, rows, y);
    if (rows == 0)
        return DLCORE_OK;
    if (rows <= p->chain_rows) { /* which has no tables */
        run_chain(p, samples, rows, y);
        return DLCORE_OK;
    }
    if (dlcore_network_tables(&p->network) != NULL &&
        check_predictor_rows(p, samples, rows) != DLCORE_OK)
        return DLCORE_ERROR_RANGE;
    run_network(p, samples, rows, y);
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
    return run_predictor(predictor, (dlcore_predictor_rows_t){RUN_FLOATS, x}, rows, y);
}

dlcore_status dlcore_predictor_run_uint8(dlcore_predictor_t *predictor, const uint8_t *x,
                                         size_t rows, float *y)
{
    return run_predictor(predictor, (dlcore_predictor_rows_t){RUN_BYTES, x}, rows, y);
}

static dlcore_status check_sparse_rows(dlcore_predictor_t *p, const dlcore_sparse_t *x)
{
    if (x->columns != p->input_width)
        return dlcore_fail(&p->error, DLCORE_ERROR_SHAPE,
                           "predictor: x has %zu columns, the model takes %zu", x->columns,
                           p->input_width);
    return dlcore_sparse_check("predictor", x, &p->error);
}

dlcore_status dlcore_predictor_run_sparse(dlcore_predictor_t *predictor, const dlcore_sparse_t *x,
                                          float *y)
{
    if (can_run(predictor, x, x != NULL ? x->rows : 0, y)) {
        dlcore_traces_t before = dlcore_traces_note();
        dlcore_status status = check_sparse_rows(predictor, x);

        if (dlcore_traces_end(before, status) != DLCORE_OK)
            return status;
    }
    return run_predictor(predictor, (dlcore_predictor_rows_t){RUN_SPARSE, x},
                         x != NULL ? x->rows : 0, y);
}
