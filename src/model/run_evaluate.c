/* Rows through the network for losses and metrics.
 *
 * SPDX-License-Identifier: MIT */
#include "base/allocator.h"
#include "base/error.h"
#include "base/size.h"
#include "engine/step.h"
#include "model/model.h"

/* Blocks are run in stripes, some in a row, each with sums of its own: few enough that these stay
 * small, and never by the number of threads. */
#define STRIPES_MAX 256

static dlcore_status create_to_evaluate(const dlcore_run_t *run, size_t rows,
                                        dlcore_workspace_t *workspace, dlcore_error_record_t *error)
{
    return dlcore_workspace_create(
        dlcore_run_network(run), run->objective, DLCORE_WORKSPACE_EVALUATE,
        dlcore_gather_form(dlcore_run_network(run), run->source.x), rows, 1, workspace, error);
}

static size_t stripe_of(const dlcore_run_t *run)
{
    return (dlcore_run_count(run) - 1) / STRIPES_MAX + 1;
}

static void evaluate_block(const dlcore_run_t *run, dlcore_workspace_t *workspace,
                           const dlcore_source_t *source, size_t block)
{
    const dlcore_network_t *network = dlcore_run_network(run);
    dlcore_place_t alone = {.workers = 1};
    dlcore_sums_t batch;

    dlcore_step_forward(network, run->objective, workspace, &alone);
    dlcore_gather_labels(network->kernels, source, &workspace->labels[0], 0, source->rows);
    dlcore_step_loss(network, run->objective, workspace, 0, false, &alone);
    batch.states = workspace->metric_states;
    dlcore_sums_batch(network, run->objective, workspace, 0, source->rows, &batch);
    dlcore_sums_add(run->objective, &run->sums[block / stripe_of(run)], &batch);
}

/* One allocation, for the sums of every stripe and behind them their states. */
static dlcore_status make_sums(dlcore_run_t *run, size_t stripes, dlcore_error_record_t *error)
{
    size_t length = dlcore_objective_states(run->objective), each, all;
    double *states;

    if (!dlcore_size_multiply(length, sizeof(double), &each) ||
        !dlcore_size_add(each, sizeof(dlcore_sums_t), &each) ||
        !dlcore_size_multiply(each, stripes, &all))
        return dlcore_fail(error, DLCORE_ERROR_OVERFLOW, "metrics: too many numbers to keep");
    run->sums = dlcore_allocate(&run->model->allocator, all, 1);
    if (run->sums == NULL)
        return dlcore_fail_memory(error, "sums", all);
    states = (double *)(void *)(run->sums + stripes);
    for (size_t i = 0; i < stripes; i++) {
        run->sums[i].states = states + i * length;
        dlcore_sums_clear(run->objective, &run->sums[i]);
    }
    return DLCORE_OK;
}

dlcore_status dlcore_run_evaluate(const dlcore_run_t *asked, dlcore_sums_t *sums,
                                  dlcore_error_record_t *error)
{
    static const dlcore_run_way_t way = {create_to_evaluate, evaluate_block};
    dlcore_run_t run = *asked;
    size_t stripe = stripe_of(&run), stripes = (dlcore_run_count(&run) - 1) / stripe + 1;
    dlcore_status status = make_sums(&run, stripes, error);

    run.way = &way;
    run.alone = dlcore_objective_is_called_once(run.objective);
    if (status == DLCORE_OK)
        status = dlcore_run_blocks(&run, stripe, error);
    if (status == DLCORE_OK) {
        dlcore_sums_clear(run.objective, sums);
        for (size_t i = 0; i < stripes; i++)
            dlcore_sums_add(run.objective, sums, &run.sums[i]);
        sums->loss += dlcore_network_penalty(&run.model->network) * (double)sums->samples;
    }
    dlcore_release(&run.model->allocator, run.sums);
    return status;
}
