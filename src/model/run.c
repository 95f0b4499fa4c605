/* Rows through the network without training: evaluate and predict.
 *
 * Blocks of rows go through all layers at once, each on one thread, so that activations stay in
 * cache and threads need not meet.
 *
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/allocator.h"
#include "base/error.h"
#include "base/size.h"
#include "engine/columns.h"
#include "model/model.h"
#include "tensor/tensor.h"

/* Blocks are run in stripes, some in a row, each with sums of its own: few enough that these stay
 * small, and never by the number of threads. */
#define STRIPES_MAX 256

typedef struct blocks {
    const dlcore_run_t *run;
    const dlcore_network_t *network;
    size_t count;
    size_t stripe; /* blocks in one */
    size_t stripes;
    dlcore_workspace_t *workspaces; /* one a worker */
    dlcore_sums_t *sums;            /* one a stripe; NULL to predict */
} blocks_t;

static void store_outputs(const dlcore_matrix_t *y, dlcore_tensor_t *to, size_t first)
{
    float *data = (float *)(void *)to->data;

    for (size_t row = 0; row < y->rows; row++) {
        float *out = data + (first + row) * to->row_stride;
        for (size_t p = 0; p < dlcore_matrix_panels(y); p++)
            memcpy(out + p * y->panel, dlcore_matrix_at(y, row, p),
                   dlcore_matrix_panel_columns(y, p) * sizeof *out);
    }
}

static void run_block(blocks_t *blocks, dlcore_workspace_t *workspace, size_t block)
{
    const dlcore_run_t *run = blocks->run;
    const dlcore_network_t *network = blocks->network;
    dlcore_place_t alone = {.workers = 1};
    dlcore_source_t source = run->source;
    dlcore_sums_t batch;

    source.begin += block * run->block;
    source.rows = dlcore_size_min(run->block, run->source.rows - block * run->block);
    dlcore_gather_begin(network, &source, workspace, 0);
    dlcore_columns_scan(network, &source, workspace, 0, 0, 0, source.rows);
    dlcore_columns_choose(network, workspace, 0, 1);
    dlcore_workspace_set_batch(network, workspace, source.rows, 0);
    dlcore_gather_samples(network, &source, &workspace->input[0], 0, source.rows);
    dlcore_step_forward(network, run->objective, workspace, &alone);
    /* set_batch filled the outputs in before the gather, so the last one is right even when it is
     * the input itself */
    if (run->objective == NULL) {
        store_outputs(&workspace->outputs[network->node_count - 1], run->y_pred,
                      block * run->block);
        return;
    }
    dlcore_gather_labels(network->kernels, &source, &workspace->labels[0], 0, source.rows);
    dlcore_step_loss(network, run->objective, workspace, 0, false, &alone);
    batch.states = workspace->metric_states;
    dlcore_sums_batch(network, run->objective, workspace, 0, source.rows, &batch);
    dlcore_sums_add(run->objective, &blocks->sums[block / blocks->stripe], &batch);
}

static void run_rows(void *argument, size_t worker, size_t workers)
{
    blocks_t *blocks = argument;
    const dlcore_products_t *products = blocks->network->products;

    if (worker > 0 && products->enter_worker != NULL)
        products->enter_worker();
    for (size_t stripe = worker; stripe < blocks->stripes; stripe += workers) {
        size_t end = dlcore_size_min((stripe + 1) * blocks->stripe, blocks->count);
        for (size_t block = stripe * blocks->stripe; block < end; block++)
            run_block(blocks, &blocks->workspaces[worker], block);
    }
    if (worker > 0 && products->leave_worker != NULL)
        products->leave_worker();
}

static dlcore_status make_workspaces(blocks_t *blocks, size_t workers, dlcore_error_record_t *error)
{
    const dlcore_run_t *run = blocks->run;
    dlcore_workspace_use_t use =
        run->objective != NULL ? DLCORE_WORKSPACE_EVALUATE : DLCORE_WORKSPACE_PREDICT;

    blocks->workspaces =
        dlcore_allocate(&run->model->allocator, workers, sizeof(dlcore_workspace_t));
    if (blocks->workspaces == NULL)
        return dlcore_fail_memory(error, "batch buffers", workers * sizeof(dlcore_workspace_t));
    for (size_t i = 0; i < workers; i++) {
        dlcore_status status = dlcore_workspace_create(
            blocks->network, run->objective, use,
            dlcore_gather_form(blocks->network, run->source.x),
            dlcore_size_min(run->block, run->source.rows), 1, &blocks->workspaces[i], error);
        if (status != DLCORE_OK)
            return status;
    }
    return DLCORE_OK;
}

/* One allocation, for the sums and behind them their states. */
static dlcore_status make_sums(blocks_t *blocks, dlcore_error_record_t *error)
{
    const dlcore_run_t *run = blocks->run;
    size_t length = dlcore_objective_states(run->objective), each, all;
    double *states;

    if (!dlcore_size_multiply(length, sizeof(double), &each) ||
        !dlcore_size_add(each, sizeof(dlcore_sums_t), &each) ||
        !dlcore_size_multiply(each, blocks->stripes, &all))
        return dlcore_fail(error, DLCORE_ERROR_OVERFLOW, "metrics: too many numbers to keep");
    blocks->sums = dlcore_allocate(&run->model->allocator, all, 1);
    if (blocks->sums == NULL)
        return dlcore_fail_memory(error, "sums", all);
    states = (double *)(void *)(blocks->sums + blocks->stripes);
    for (size_t i = 0; i < blocks->stripes; i++) {
        blocks->sums[i].states = states + i * length;
        dlcore_sums_clear(run->objective, &blocks->sums[i]);
    }
    return DLCORE_OK;
}

static blocks_t blocks_of(const dlcore_run_t *run)
{
    blocks_t blocks = {.run = run,
                       .network = run->network != NULL ? run->network : &run->model->network,
                       .count = (run->source.rows - 1) / run->block + 1,
                       .stripe = 1};

    if (run->objective != NULL)
        blocks.stripe = (blocks.count - 1) / STRIPES_MAX + 1;
    blocks.stripes = (blocks.count - 1) / blocks.stripe + 1;
    return blocks;
}

dlcore_status dlcore_run_blocks(const dlcore_run_t *run, dlcore_sums_t *sums,
                                dlcore_error_record_t *error)
{
    const dlcore_allocator_t *allocator = &run->model->allocator;
    blocks_t blocks = blocks_of(run);
    size_t workers = dlcore_size_min(
        dlcore_model_workers(run->team,
                             dlcore_forward_work(run->model, run->source.x, run->source.rows)),
        blocks.stripes);
    dlcore_scope_t scope;
    dlcore_status status;

    if (run->objective != NULL && dlcore_objective_is_called_once(run->objective))
        workers = 1; /* the caller's thread */
    status = make_workspaces(&blocks, workers, error);
    if (status == DLCORE_OK && run->objective != NULL)
        status = make_sums(&blocks, error);
    if (status == DLCORE_OK) {
        scope = dlcore_scope_enter(run->model);
        dlcore_team_run(run->team, workers, run_rows, &blocks);
        dlcore_scope_leave(scope);
    }
    if (status == DLCORE_OK && run->objective != NULL) {
        dlcore_sums_clear(run->objective, sums);
        for (size_t i = 0; i < blocks.stripes; i++)
            dlcore_sums_add(run->objective, sums, &blocks.sums[i]);
        sums->loss += dlcore_network_penalty(&run->model->network) * (double)sums->samples;
    }
    for (size_t i = 0; blocks.workspaces != NULL && i < workers; i++)
        dlcore_workspace_clear(&blocks.workspaces[i]);
    dlcore_release(allocator, blocks.workspaces);
    dlcore_release(allocator, blocks.sums);
    return status;
}
