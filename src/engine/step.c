/* The training step. src/DESIGN.md tells it as a story.
 *
 * SPDX-License-Identifier: MIT */
#include "engine/step.h"

#include <math.h>

#include "base/random.h"
#include "engine/activity.h"
#include "engine/columns.h"
#include "engine/halves.h"
#include "engine/small.h"
#include "engine/step_pass.h"
#include "engine/step_predict.h"
#include "kernels/always_inline.h"
#include "nn/function.h"

void dlcore_step_forward(const dlcore_network_t *network, const dlcore_objective_t *objective,
                         dlcore_workspace_t *workspace, const dlcore_place_t *place)
{
    bool trains = workspace->gradients != NULL;

    dlcore_activity_clear(workspace, place);
    for (size_t i = network->first; i < network->node_count; i++) {
        const dlcore_layer_type_t *type = network->nodes[i].type;
        const dlcore_layer_training_t *training =
            dlcore_layer_training(network->nodes[i].layer.kind);
        dlcore_layer_pass_t pass;
        dlcore_layer_half_t half;

        if (!dlcore_layer_runs(type, trains))
            continue;
        pass = dlcore_step_pass(network, objective, workspace, place, i);
        if (dlcore_halves_pass(network, workspace, i, &pass, &half)) {
            dlcore_halves_round_forward(&pass);
            dlcore_place_meet(place);
        }
        dlcore_step_layer(type,
                          trains && training->forward != NULL ? training->forward : type->forward,
                          &pass, place);
        if (workspace->row_activity != NULL && dlcore_network_has_penalty(network, i))
            dlcore_activity_rows(network, workspace, i, place);
    }
}

void dlcore_step_keys(const dlcore_network_t *network, dlcore_workspace_t *workspace, uint64_t seed,
                      uint64_t number)
{
    for (size_t i = network->first; i < network->node_count; i++) {
        dlcore_random_t random;

        if (!network->nodes[i].type->only_trains)
            continue;
        random = dlcore_random_stream(seed ^ number >> 32, DLCORE_RANDOM_LAYER,
                                      (uint32_t)i & 0xffffffu, (uint32_t)number);
        workspace->keys[i] = dlcore_random_next(&random);
        workspace->keys[i] |= (uint64_t)dlcore_random_next(&random) << 32;
    }
}

void dlcore_step_loss(const dlcore_network_t *network, const dlcore_objective_t *objective,
                      dlcore_workspace_t *workspace, size_t batch, bool gradient,
                      const dlcore_place_t *place)
{
    const dlcore_matrix_t *y = &workspace->outputs[network->node_count - 1];
    size_t begin = dlcore_share(y->rows, place->worker, place->workers);
    size_t end = dlcore_share(y->rows, place->worker + 1, place->workers);
    const float *weights = dlcore_workspace_weights(objective, workspace, batch);
    dlcore_loss_pass_t loss = dlcore_step_loss_pass(network, objective, workspace, batch, gradient);

    loss.weight =
        dlcore_loss_factor(&objective->loss_settings, &workspace->labels[batch], weights, y->rows);
    if (!dlcore_loss_is_called_once(&objective->loss_settings))
        dlcore_loss_rows(objective->loss, &loss, begin, end);
    else if (place->worker == 0)
        dlcore_loss_rows(objective->loss, &loss, 0, y->rows);
    dlcore_sums_rows(network, objective, workspace, batch, begin, end);
}

void dlcore_step_backward(const dlcore_network_t *network, const dlcore_objective_t *objective,
                          dlcore_workspace_t *workspace, const dlcore_gradient_sink_t *sink,
                          bool moves_statistics, const dlcore_place_t *place)
{
    for (size_t i = network->node_count; i-- > network->first;) {
        const dlcore_layer_type_t *type = network->nodes[i].type;
        const dlcore_layer_training_t *training =
            dlcore_layer_training(network->nodes[i].layer.kind);
        dlcore_layer_pass_t pass;
        dlcore_layer_half_t half;

        if (!dlcore_layer_runs(type, true))
            continue; /* its gradient buffer is its input's, too */
        pass = dlcore_step_pass(network, objective, workspace, place, i);
        pass.dy = &workspace->gradients[i];
        pass.sink = sink;
        pass.statistics = moves_statistics ? network->values : NULL;
        if (dlcore_network_has_penalty(network, i)) {
            dlcore_activity_gradient(network, workspace, i, place);
            dlcore_place_meet(place);
        }
        if (type->has_activation && pass.activation.kind != DLCORE_ACTIVATION_LINEAR &&
            !dlcore_step_folds(network, pass.activation.kind, i)) {
            training->activation_gradient(&pass);
            dlcore_place_meet(place);
        }
        if (dlcore_halves_pass(network, workspace, i, &pass, &half)) {
            dlcore_halves_round_backward(&pass, i > network->first,
                                         network->nodes[i].layer.trainable);
            dlcore_place_meet(place);
        }
        if (i > network->first) {
            pass.dx = &workspace->gradients[i - 1];
            pass.activation_below = dlcore_step_activation_below(network, i);
            training->input_gradient(&pass);
            dlcore_place_meet(place); /* the update below writes the weights just read */
        }
        if (training->parameter_gradient != NULL && network->nodes[i].layer.trainable)
            training->parameter_gradient(&pass);
    }
}

static void gather_inputs(const dlcore_step_t *step, const dlcore_source_t *source, size_t batch,
                          const dlcore_place_t *place)
{
    size_t begin = dlcore_share(source->rows, place->worker, place->workers);
    size_t end = dlcore_share(source->rows, place->worker + 1, place->workers);

    dlcore_gather_samples(step->network, source, &step->workspace->input[batch], begin, end);
    dlcore_gather_labels(step->network->kernels, source, &step->workspace->labels[batch], begin,
                         end);
}

/* Looks through this worker's rows of the batch that comes next. */
static void scan_next(const dlcore_step_t *step, const dlcore_place_t *place)
{
    size_t begin = dlcore_share(step->next.rows, place->worker, place->workers);
    size_t end = dlcore_share(step->next.rows, place->worker + 1, place->workers);

    dlcore_columns_scan(step->network, &step->next, step->workspace, 1 - step->batch, place->worker,
                        begin, end);
}

static void run_phases(dlcore_step_t *step, size_t worker, size_t workers)
{
    dlcore_place_t place = {.team = step->team, .worker = worker, .workers = workers};
    double loss;

    if (!step->gathered) {
        gather_inputs(step, &step->source, step->batch, &place);
        dlcore_place_meet(&place);
        if (worker == 0)
            dlcore_columns_settle_zeros(step->network, step->workspace);
        dlcore_place_meet(&place);
    }
    if (step->workspace->input[step->batch].zeros != NULL) {
        dlcore_columns_note_zeros(step->network, step->workspace, &place);
        dlcore_place_meet(&place);
    }
    if (dlcore_halves_are_stale(step->network)) {
        dlcore_halves_round(step->network, &place);
        dlcore_place_meet(&place);
    }
    if (step->next.rows > 0)
        scan_next(step, &place);
    dlcore_step_forward(step->network, step->objective, step->workspace, &place);
    if (step->next.rows > 0 && worker == 0)
        dlcore_columns_choose(step->network, step->workspace, 1 - step->batch, workers);
    dlcore_step_loss(step->network, step->objective, step->workspace, step->batch, true, &place);
    if (step->penalty != NULL)
        dlcore_update_penalty_partials(step->penalty, step->network, &place);
    dlcore_place_meet(&place);
    /* every worker comes to the same sum, and so to the same decision */
    loss = dlcore_sums_batch_loss(step->objective, step->workspace, step->batch, step->source.rows);
    if (step->penalty != NULL)
        loss += dlcore_update_penalty_sum(step->penalty) * (double)step->source.rows;
    if (worker == 0) {
        step->sums.states = step->workspace->metric_states;
        dlcore_sums_batch(step->network, step->objective, step->workspace, step->batch,
                          step->source.rows, &step->sums);
        step->sums.loss = loss;
        step->finite = isfinite(loss);
    }
    if (!isfinite(loss) && step->stop_on_not_finite)
        return;
    dlcore_step_backward(step->network, step->objective, step->workspace, step->sink,
                         step->moves_statistics, &place);
    if (step->update != NULL)
        dlcore_update_finish(step->update, &place);
    if (step->next.rows > 0)
        gather_inputs(step, &step->next, 1 - step->batch, &place);
}

static void run_worker(void *argument, size_t worker, size_t workers)
{
    dlcore_step_t *step = argument;
    const dlcore_products_t *products = step->network->products;

    if (worker > 0 && products->enter_worker != NULL)
        products->enter_worker();
    run_phases(step, worker, workers);
    if (worker > 0 && products->leave_worker != NULL)
        products->leave_worker();
}

NEVER_INLINE static void run_layers(dlcore_step_t *step, size_t workers)
{
    dlcore_gather_begin(step->network, &step->source, step->workspace, step->batch);
    if (!step->gathered) {
        dlcore_columns_scan(step->network, &step->source, step->workspace, step->batch, 0, 0,
                            step->source.rows);
        dlcore_columns_choose(step->network, step->workspace, step->batch, 1);
    }
    dlcore_workspace_set_batch(step->network, step->workspace, step->source.rows, step->batch);
    if (step->gathered)
        dlcore_columns_settle_zeros(step->network, step->workspace);
    if (step->workspace->keys != NULL)
        dlcore_step_keys(step->network, step->workspace, step->seed, step->number);
    dlcore_team_run(step->team, workers, run_worker, step);
    if (step->network->halves != NULL) /* but for what moved at once, with the copies */
        step->network->halves->fresh = step->update == NULL && step->network->half->follows_pieces;
}

void dlcore_step_run(dlcore_step_t *step, size_t workers)
{
    if (step->workspace->small != NULL)
        dlcore_small_step(step);
    else
        run_layers(step, workers);
}
