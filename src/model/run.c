/* Rows through the network without training.
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
#include "engine/step_predict.h"
#include "model/model.h"
#include "tensor/tensor.h"

typedef struct blocks {
    const dlcore_run_t *run;
    const dlcore_network_t *network;
    size_t count;
    size_t stripe; /* blocks that one worker runs in a row */
    size_t stripes;
    dlcore_workspace_t *workspaces; /* one a worker */
} blocks_t;

static void run_block(blocks_t *blocks, dlcore_workspace_t *workspace, size_t block)
{
    const dlcore_run_t *run = blocks->run;
    const dlcore_network_t *network = blocks->network;
    dlcore_matrix_t own = workspace->input[0];
    dlcore_source_t source = run->source;
    dlcore_place_t alone = {.workers = 1};
    bool is_view;

    source.begin += block * run->block;
    source.rows = dlcore_size_min(run->block, run->source.rows - block * run->block);
    dlcore_gather_begin(network, &source, workspace, 0);
    dlcore_columns_scan(network, &source, workspace, 0, 0, 0, source.rows);
    dlcore_columns_choose(network, workspace, 0, 1);
    is_view = dlcore_gather_view(network, &source, &workspace->input[0]);
    dlcore_workspace_set_batch(network, workspace, source.rows, 0);
    if (!is_view) {
        dlcore_gather_samples(network, &source, &workspace->input[0], 0, source.rows);
        dlcore_columns_settle_zeros(network, workspace);
        dlcore_columns_note_zeros(network, workspace, &alone);
    }
    run->way->block(run, workspace, &source, block);
    workspace->input[0] = own;
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
    size_t rows = dlcore_size_min(run->block, run->source.rows);

    blocks->workspaces =
        dlcore_allocate(&run->model->allocator, workers, sizeof(dlcore_workspace_t));
    if (blocks->workspaces == NULL)
        return dlcore_fail_memory(error, "batch buffers", workers * sizeof(dlcore_workspace_t));
    for (size_t i = 0; i < workers; i++) {
        dlcore_status status = run->way->create(run, rows, &blocks->workspaces[i], error);
        if (status != DLCORE_OK)
            return status;
    }
    return DLCORE_OK;
}

size_t dlcore_run_count(const dlcore_run_t *run)
{
    return (run->source.rows - 1) / run->block + 1;
}

dlcore_status dlcore_run_blocks(const dlcore_run_t *run, size_t stripe,
                                dlcore_error_record_t *error)
{
    const dlcore_allocator_t *allocator = &run->model->allocator;
    size_t count = dlcore_run_count(run);
    blocks_t blocks = {.run = run,
                       .network = dlcore_run_network(run),
                       .count = count,
                       .stripe = stripe,
                       .stripes = (count - 1) / stripe + 1};
    size_t workers = dlcore_size_min(
        dlcore_model_workers(run->team,
                             dlcore_forward_work(run->model, run->source.x, run->source.rows)),
        blocks.stripes);
    dlcore_scope_t scope;
    dlcore_status status;

    if (run->alone)
        workers = 1; /* the caller's thread */
    status = make_workspaces(&blocks, workers, error);
    if (status == DLCORE_OK) {
        scope = dlcore_scope_enter(run->model);
        dlcore_team_run(run->team, workers, run_rows, &blocks);
        dlcore_scope_leave(scope);
    }
    for (size_t i = 0; blocks.workspaces != NULL && i < workers; i++)
        dlcore_workspace_clear(&blocks.workspaces[i]);
    dlcore_release(allocator, blocks.workspaces);
    return status;
}

/* ---- predict ---- */

static dlcore_status create_to_predict(const dlcore_run_t *run, size_t rows,
                                       dlcore_workspace_t *workspace, dlcore_error_record_t *error)
{
    return dlcore_workspace_create_to_predict(
        dlcore_run_network(run), dlcore_gather_form(dlcore_run_network(run), run->source.x), rows,
        1, workspace, error);
}

static void predict_block(const dlcore_run_t *run, dlcore_workspace_t *workspace,
                          const dlcore_source_t *source, size_t block)
{
    const dlcore_network_t *network = dlcore_run_network(run);
    dlcore_place_t alone = {.workers = 1};
    /* set_batch filled the outputs in before the gather, so the last one is right even when it is
     * the input itself */
    const dlcore_matrix_t *y = &workspace->outputs[network->node_count - 1];
    float *data = (float *)(void *)run->y_pred->data;
    size_t first = block * run->block;

    (void)source;
    dlcore_step_predict(network, workspace, &alone);
    for (size_t row = 0; row < y->rows; row++) {
        float *out = data + (first + row) * run->y_pred->row_stride;
        for (size_t p = 0; p < dlcore_matrix_panels(y); p++)
            memcpy(out + p * y->panel, dlcore_matrix_at(y, row, p),
                   dlcore_matrix_panel_columns(y, p) * sizeof *out);
    }
}

dlcore_status dlcore_run_predict(dlcore_run_t *run, dlcore_error_record_t *error)
{
    static const dlcore_run_way_t way = {create_to_predict, predict_block};

    run->way = &way;
    return dlcore_run_blocks(run, 1, error);
}
