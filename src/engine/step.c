/* The training step. src/DESIGN.md tells it as a story.
 *
 * SPDX-License-Identifier: MIT */
#include "engine/step.h"

#include <math.h>

#include "base/random.h"
#include "engine/activity.h"
#include "engine/columns.h"
#include "engine/small.h"
#include "nn/function.h"

/* The activation that node i applies itself in a run with this objective. */
static dlcore_activate_t activation_of(const dlcore_network_t *network,
                                       const dlcore_objective_t *objective, size_t i)
{
    if (objective != NULL && objective->output == DLCORE_OUTPUT_FUSED &&
        i + 1 == network->node_count)
        return dlcore_activate_linear();
    return dlcore_layer_activate(&network->nodes[i].layer);
}

/* What node i's activation was given, where that is kept: x itself, or a matrix of its own. */
static dlcore_matrix_t *kept_input(const dlcore_network_t *network, dlcore_workspace_t *workspace,
                                   size_t i)
{
    if (workspace->kept == NULL || !dlcore_network_keeps_input(network, i))
        return NULL;
    if (network->nodes[i].type->keeps_input)
        return &workspace->kept[i];
    return i > 0 ? &workspace->outputs[i - 1] : &workspace->input[workspace->batch];
}

static dlcore_layer_pass_t step_pass(const dlcore_network_t *network,
                                     const dlcore_objective_t *objective,
                                     dlcore_workspace_t *workspace, const dlcore_place_t *place,
                                     size_t i)
{
    const dlcore_node_t *node = &network->nodes[i];

    return (dlcore_layer_pass_t){
        .layer = &node->layer,
        .products = network->products,
        .kernels = network->kernels,
        .training_kernels = dlcore_training_kernels(network->kernels),
        .input_width = node->input_width,
        .output_width = node->output_width,
        .parameters = node->parameters,
        .values = network->values,
        .activation = activation_of(network, objective, i),
        .worker = place->worker,
        .workers = place->workers,
        .scratch = workspace->scratch + place->worker * workspace->scratch_floats,
        .x = i > 0 ? &workspace->outputs[i - 1] : &workspace->input[workspace->batch],
        .y = &workspace->outputs[i],
        .z = kept_input(network, workspace, i),
        .training = workspace->gradients != NULL,
        .key = workspace->keys != NULL ? workspace->keys[i] : 0,
        .state = workspace->states != NULL ? workspace->states[i] : NULL,
    };
}

void dlcore_step_forward(const dlcore_network_t *network, const dlcore_objective_t *objective,
                         dlcore_workspace_t *workspace, const dlcore_place_t *place)
{
    dlcore_activity_clear(workspace, place);
    for (size_t i = network->first; i < network->node_count; i++) {
        const dlcore_layer_type_t *type = network->nodes[i].type;
        dlcore_layer_pass_t pass;

        if (!dlcore_layer_runs(type, workspace->gradients != NULL))
            continue;
        pass = step_pass(network, objective, workspace, place, i);
        type->forward(&pass);
        dlcore_place_meet(place);
        if (dlcore_layer_has_rows(type, &pass)) {
            type->forward_rows(&pass);
            dlcore_place_meet(place);
        }
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
    size_t last = network->node_count - 1;
    dlcore_matrix_t *y = &workspace->outputs[last];
    size_t begin = dlcore_share(y->rows, place->worker, place->workers);
    size_t end = dlcore_share(y->rows, place->worker + 1, place->workers);
    const float *weights = dlcore_workspace_weights(objective, workspace, batch);
    dlcore_loss_pass_t loss = {
        .kernels = network->kernels,
        .training_kernels = dlcore_training_kernels(network->kernels),
        .loss = &objective->loss_settings,
        .output = objective->output,
        .y = y,
        .labels = &workspace->labels[batch],
        .targets = workspace->targets,
        .weights = weights,
        .gradient = gradient,
        .dy = gradient ? &workspace->gradients[last] : &workspace->logits,
        .weight = dlcore_loss_factor(&objective->loss_settings, weights, y->rows),
        .row_loss = workspace->row_loss,
        .rows = workspace->function_rows,
        .slopes = workspace->function_slopes,
    };

    if (!dlcore_loss_is_called_once(&objective->loss_settings))
        dlcore_loss_rows(objective->loss, &loss, begin, end);
    else if (place->worker == 0)
        dlcore_loss_rows(objective->loss, &loss, 0, y->rows);
    dlcore_sums_rows(network, objective, workspace, batch, begin, end);
}

/* Whether the layer above folds the slope of node i's activation into its input gradient. Not where
 * a penalty of the outputs adds to the gradient in between. */
static bool folds_into_above(const dlcore_network_t *network, dlcore_activation_t activation,
                             size_t i)
{
    return i + 1 < network->node_count && network->nodes[i + 1].type->can_fold_below &&
           !dlcore_network_has_penalty(network, i) && !dlcore_activate_takes_rows(activation) &&
           !dlcore_activate_needs_input(activation);
}

void dlcore_step_backward(const dlcore_network_t *network, const dlcore_objective_t *objective,
                          dlcore_workspace_t *workspace, const dlcore_gradient_sink_t *sink,
                          bool moves_statistics, const dlcore_place_t *place)
{
    for (size_t i = network->node_count; i-- > network->first;) {
        const dlcore_layer_type_t *type = network->nodes[i].type;
        dlcore_layer_pass_t pass;

        if (type->forward == NULL)
            continue; /* its gradient buffer is its input's, too */
        pass = step_pass(network, objective, workspace, place, i);
        pass.dy = &workspace->gradients[i];
        pass.sink = sink;
        pass.statistics = moves_statistics ? network->values : NULL;
        if (dlcore_network_has_penalty(network, i)) {
            dlcore_activity_gradient(network, workspace, i, place);
            dlcore_place_meet(place);
        }
        if (type->activation_gradient != NULL && pass.activation.kind != DLCORE_ACTIVATION_LINEAR &&
            !folds_into_above(network, pass.activation.kind, i)) {
            type->activation_gradient(&pass);
            dlcore_place_meet(place);
        }
        if (i > network->first) {
            pass.dx = &workspace->gradients[i - 1];
            pass.activation_below = dlcore_activate_linear();
            if (network->nodes[i - 1].type->activation_gradient != NULL &&
                folds_into_above(network, network->nodes[i - 1].layer.activation, i - 1))
                pass.activation_below = dlcore_layer_activate(&network->nodes[i - 1].layer);
            type->input_gradient(&pass);
            dlcore_place_meet(place); /* the update below writes the weights just read */
        }
        if (type->parameter_gradient != NULL && network->nodes[i].layer.trainable)
            type->parameter_gradient(&pass);
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

void dlcore_step_run(dlcore_step_t *step, size_t workers)
{
    if (step->workspace->small != NULL) {
        dlcore_small_step(step);
        return;
    }
    if (!step->gathered) {
        dlcore_columns_scan(step->network, &step->source, step->workspace, step->batch, 0, 0,
                            step->source.rows);
        dlcore_columns_choose(step->network, step->workspace, step->batch, 1);
    }
    dlcore_workspace_set_batch(step->network, step->workspace, step->source.rows, step->batch);
    if (step->workspace->keys != NULL)
        dlcore_step_keys(step->network, step->workspace, step->seed, step->number);
    dlcore_team_run(step->team, workers, run_worker, step);
}
