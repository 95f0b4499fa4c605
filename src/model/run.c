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
#include "math/tensor.h"
#include "model/model.h"

typedef struct blocks {
    const dlcore_run_t *run;
    const dlcore_network_t *network;
    size_t count;
    dlcore_workspace_t *workspaces; /* one a worker */
    dlcore_sums_t *sums;            /* one a block; NULL to predict */
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

    source.begin += block * run->block;
    source.rows = dlcore_size_min(run->block, run->source.rows - block * run->block);
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
    dlcore_step_sums(run->objective, workspace, 0, source.rows, &blocks->sums[block]);
}

static void work(void *argument, size_t worker, size_t workers)
{
    blocks_t *blocks = argument;
    const dlcore_products_t *products = blocks->network->products;

    if (worker > 0 && products->enter_worker != NULL)
        products->enter_worker();
    for (size_t block = worker; block < blocks->count; block += workers)
        run_block(blocks, &blocks->workspaces[worker], block);
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
            blocks->network, run->objective, use, dlcore_size_min(run->block, run->source.rows), 1,
            &blocks->workspaces[i], error);
        if (status != DLCORE_OK)
            return status;
    }
    return DLCORE_OK;
}

dlcore_status dlcore_run_blocks(const dlcore_run_t *run, dlcore_sums_t *sums,
                                dlcore_error_record_t *error)
{
    const dlcore_allocator_t *allocator = &run->model->allocator;
    blocks_t blocks = {.run = run,
                       .network = &run->model->network,
                       .count = (run->source.rows - 1) / run->block + 1};
    size_t workers = dlcore_size_min(
        dlcore_model_workers(run->team, dlcore_forward_work(run->model, run->source.rows)),
        blocks.count);
    dlcore_scope_t scope;
    dlcore_status status = make_workspaces(&blocks, workers, error);

    if (status == DLCORE_OK && run->objective != NULL) {
        blocks.sums = dlcore_allocate(allocator, blocks.count, sizeof *blocks.sums);
        if (blocks.sums == NULL)
            status = dlcore_fail_memory(error, "sums", blocks.count * sizeof *blocks.sums);
    }
    if (status == DLCORE_OK) {
        scope = dlcore_scope_enter(run->model);
        dlcore_team_run(run->team, workers, work, &blocks);
        dlcore_scope_leave(scope);
    }
    if (status == DLCORE_OK && run->objective != NULL) {
        *sums = (dlcore_sums_t){0};
        for (size_t i = 0; i < blocks.count; i++)
            dlcore_sums_add(sums, &blocks.sums[i], run->objective->metric_count);
        sums->loss += dlcore_network_penalty(&run->model->network) * (double)sums->samples;
    }
    for (size_t i = 0; blocks.workspaces != NULL && i < workers; i++)
        dlcore_workspace_clear(&blocks.workspaces[i]);
    dlcore_release(allocator, blocks.workspaces);
    dlcore_release(allocator, blocks.sums);
    return status;
}
