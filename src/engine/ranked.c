/* The phases of a step in slices: step.c's, layer by layer for all slices of this rank.
 *
 * SPDX-License-Identifier: MIT */
#include "engine/ranked.h"

#include <math.h>
#include <string.h>

#include "engine/activity.h"
#include "engine/columns.h"
#include "engine/halves.h"
#include "engine/step.h"
#include "engine/step_pass.h"

/* ---- slices ---- */

/* The rows of this rank's slice k; *first: the first of them in the batch. */
static dlcore_source_t source_of(const dlcore_ranked_step_t *run, size_t k, size_t *first)
{
    const dlcore_ranks_t *ranks = run->ranks;
    dlcore_source_t source = run->step->source;
    size_t rows = source.rows, index = k, count = dlcore_ranks_slices(ranks), begin;

    if (!ranks->collective.own_data) {
        index += ranks->collective.rank * count;
        count = dlcore_ranks_all_slices(ranks);
    }
    begin = dlcore_share(rows, index, count);
    source.begin += begin;
    source.rows = dlcore_share(rows, index + 1, count) - begin;
    *first = run->first_row + begin;
    return source;
}

static dlcore_workspace_t *workspace_of(const dlcore_ranked_step_t *run, size_t k)
{
    return &run->ranked->slices[k];
}

static size_t rows_of(const dlcore_ranked_step_t *run, size_t k)
{
    const dlcore_workspace_t *workspace = workspace_of(run, k);

    return workspace->input[workspace->batch].rows;
}

static dlcore_layer_pass_t pass_of(const dlcore_ranked_step_t *run, const dlcore_place_t *place,
                                   size_t k, size_t i)
{
    return dlcore_step_pass(run->step->network, run->step->objective, workspace_of(run, k), place,
                            i);
}

/* One worker settles what the others then fill. */
static void begin_slices(dlcore_ranked_step_t *run, const dlcore_place_t *place)
{
    const dlcore_step_t *step = run->step;
    const dlcore_collective_t *collective = &run->ranks->collective;

    for (size_t k = 0; k < run->ranked->key.slices; k++) {
        dlcore_workspace_t *workspace = workspace_of(run, k);
        size_t first;
        dlcore_source_t source = source_of(run, k, &first);

        dlcore_gather_begin(step->network, &source, workspace, 0);
        dlcore_columns_choose(step->network, workspace, 0, place->workers);
        dlcore_workspace_set_batch(step->network, workspace, source.rows, 0);
        workspace->shares = !collective->local_batch_statistics;
        workspace->batch_rows = run->batch_rows;
        workspace->first_row = first;
        workspace->leads = collective->rank == 0 && k == 0;
        if (workspace->keys != NULL)
            dlcore_step_keys(step->network, workspace, step->seed, step->number);
    }
}

static void gather(dlcore_ranked_step_t *run, const dlcore_place_t *place)
{
    const dlcore_step_t *step = run->step;

    for (size_t k = 0; k < run->ranked->key.slices; k++) {
        size_t first;
        dlcore_source_t source = source_of(run, k, &first);

        dlcore_columns_scan(step->network, &source, workspace_of(run, k), 0, place->worker,
                            dlcore_share(source.rows, place->worker, place->workers),
                            dlcore_share(source.rows, place->worker + 1, place->workers));
    }
    dlcore_place_meet(place);
    if (place->worker == 0)
        begin_slices(run, place);
    dlcore_place_meet(place);
    for (size_t k = 0; k < run->ranked->key.slices; k++) {
        dlcore_workspace_t *workspace = workspace_of(run, k);
        size_t first;
        dlcore_source_t source = source_of(run, k, &first);
        size_t begin = dlcore_share(source.rows, place->worker, place->workers);
        size_t end = dlcore_share(source.rows, place->worker + 1, place->workers);

        dlcore_gather_samples(step->network, &source, &workspace->input[0], begin, end);
        dlcore_gather_labels(step->network->kernels, &source, &workspace->labels[0], begin, end);
    }
    dlcore_place_meet(place);
}

/* ---- sums over the batch ---- */

static bool shares(const dlcore_ranked_step_t *run, size_t i)
{
    const dlcore_node_t *node = &run->step->network->nodes[i];

    return dlcore_layer_training(node->layer.kind)->shared != NULL && node->layer.trainable &&
           !run->ranks->collective.local_batch_statistics;
}

/* A stage of layer i; false where the collective has failed. */
static bool share_sums(dlcore_ranked_step_t *run, const dlcore_place_t *place, size_t i,
                       dlcore_shared_stage_t stage)
{
    const dlcore_layer_shared_t *shared =
        dlcore_layer_training(run->step->network->nodes[i].layer.kind)->shared;
    size_t length = shared->length(run->step->network->nodes[i].input_width);
    dlcore_ranked_t *ranked = run->ranked;

    for (size_t k = 0; k < ranked->key.slices; k++) {
        dlcore_layer_pass_t pass = pass_of(run, place, k, i);

        pass.dy = &workspace_of(run, k)->gradients[i];
        shared->measure(&pass, stage, ranked->sums + k * length);
    }
    dlcore_place_meet(place);
    if (place->worker == 0)
        (void)dlcore_ranks_add_slices(run->ranks, ranked->sums, length, ranked->other_sums);
    dlcore_place_meet(place);
    for (size_t k = 0; k < ranked->key.slices; k++) {
        dlcore_layer_pass_t pass = pass_of(run, place, k, i);

        shared->settle(&pass, stage, ranked->sums);
    }
    dlcore_place_meet(place);
    return dlcore_ranks_status(run->ranks) == DLCORE_OK;
}

/* ---- forward ---- */

/* Rounds what layer i multiplies, of every slice. */
static void round_forward(dlcore_ranked_step_t *run, const dlcore_place_t *place, size_t i)
{
    bool rounds = false;

    for (size_t k = 0; k < run->ranked->key.slices; k++) {
        dlcore_layer_pass_t pass = pass_of(run, place, k, i);
        dlcore_layer_half_t half;

        if (!dlcore_halves_pass(run->step->network, workspace_of(run, k), i, &pass, &half))
            continue;
        dlcore_halves_round_forward(&pass);
        rounds = true;
    }
    if (rounds)
        dlcore_place_meet(place);
}

static void forward_layer(dlcore_ranked_step_t *run, const dlcore_place_t *place, size_t i)
{
    const dlcore_network_t *network = run->step->network;
    const dlcore_layer_type_t *type = network->nodes[i].type;
    const dlcore_layer_training_t *training = dlcore_layer_training(network->nodes[i].layer.kind);
    void (*layer_forward)(const dlcore_layer_pass_t *pass) =
        training->forward != NULL ? training->forward : type->forward;
    bool has_rows = false;

    round_forward(run, place, i);
    for (size_t k = 0; k < run->ranked->key.slices; k++) {
        dlcore_layer_pass_t pass = pass_of(run, place, k, i);
        dlcore_layer_half_t half;

        (void)dlcore_halves_pass(network, workspace_of(run, k), i, &pass, &half);
        has_rows |= dlcore_layer_has_rows(type, &pass);
        if (rows_of(run, k) > 0)
            layer_forward(&pass);
    }
    dlcore_place_meet(place);
    for (size_t k = 0; has_rows && k < run->ranked->key.slices; k++) {
        dlcore_layer_pass_t pass = pass_of(run, place, k, i);

        if (rows_of(run, k) > 0)
            type->forward_rows(&pass);
    }
    if (has_rows)
        dlcore_place_meet(place);
    for (size_t k = 0; k < run->ranked->key.slices; k++) {
        if (workspace_of(run, k)->row_activity != NULL && dlcore_network_has_penalty(network, i))
            dlcore_activity_rows(network, workspace_of(run, k), i, place);
    }
}

static bool forward(dlcore_ranked_step_t *run, const dlcore_place_t *place)
{
    const dlcore_network_t *network = run->step->network;

    for (size_t k = 0; k < run->ranked->key.slices; k++)
        dlcore_activity_clear(workspace_of(run, k), place);
    for (size_t i = network->first; i < network->node_count; i++) {
        if (!dlcore_layer_runs(network->nodes[i].type, true))
            continue;
        if (shares(run, i) && (!share_sums(run, place, i, DLCORE_SHARED_MEAN) ||
                               !share_sums(run, place, i, DLCORE_SHARED_DEVIATION)))
            return false;
        forward_layer(run, place, i);
    }
    return true;
}

/* ---- loss ---- */

static dlcore_loss_pass_t loss_pass_of(const dlcore_ranked_step_t *run, size_t k)
{
    const dlcore_step_t *step = run->step;
    const dlcore_loss_t *loss = &step->objective->loss_settings;
    dlcore_loss_pass_t pass =
        dlcore_step_loss_pass(step->network, step->objective, workspace_of(run, k), 0, true);

    pass.is_slice = true;
    pass.is_bits = run->batch.others == 0.0;
    pass.overlap = run->batch.overlap;
    pass.weight = run->scale == 1.0 ? 1.0f / (float)run->batch_rows
                                    : (float)(run->scale / (double)run->batch_rows);
    if (dlcore_loss_is_whole(loss))
        pass.weight *= (float)run->batch.weights;
    return pass;
}

/* What the loss asks of the whole batch; for one worker. */
static void see_batch(dlcore_ranked_step_t *run)
{
    enum { NUMBERS = sizeof(dlcore_loss_batch_t) / sizeof(double) };
    const dlcore_objective_t *objective = run->step->objective;
    const dlcore_loss_t *loss = &objective->loss_settings;
    double *sums = run->ranked->sums;

    for (size_t k = 0;
         dlcore_loss_needs_batch(loss, objective->weighted) && k < run->ranked->key.slices; k++) {
        dlcore_loss_pass_t pass = loss_pass_of(run, k);
        dlcore_loss_batch_t batch;

        pass.targets = dlcore_loss_is_whole(loss) ? NULL : pass.targets;
        batch = dlcore_loss_batch_of(&pass);
        sums[k * NUMBERS] = batch.weights;
        sums[k * NUMBERS + 1] = batch.others;
        sums[k * NUMBERS + 2] = batch.overlap.both;
        sums[k * NUMBERS + 3] = batch.overlap.labels;
        sums[k * NUMBERS + 4] = batch.overlap.predictions;
    }
    if (dlcore_loss_needs_batch(loss, objective->weighted) &&
        dlcore_ranks_add_slices(run->ranks, sums, NUMBERS, run->ranked->other_sums) == DLCORE_OK)
        run->batch = (dlcore_loss_batch_t){
            .weights = sums[0], .others = sums[1], .overlap = {sums[2], sums[3], sums[4]}};
    run->scale =
        dlcore_loss_scale_of(loss, objective->weighted, run->batch.weights, run->batch_rows);
}

/* A slice's losses and metrics, as they are merged. */
static void store_sums(dlcore_ranked_step_t *run, size_t k)
{
    const dlcore_step_t *step = run->step;
    dlcore_workspace_t *workspace = workspace_of(run, k);
    size_t length = dlcore_sums_stored_length(step->objective), rows = rows_of(run, k);
    dlcore_sums_t sums = {.states = workspace->metric_states};
    double loss = 0.0;

    if (rows > 0)
        dlcore_sums_batch(step->network, step->objective, workspace, 0, rows, &sums);
    else
        dlcore_sums_clear(step->objective, &sums);
    for (size_t row = 0; row < rows; row++)
        loss += (double)workspace->row_loss[row];
    sums.loss = loss * run->scale + dlcore_activity_sum(workspace, rows);
    dlcore_sums_store(step->objective, &sums, run->ranked->sums + k * length);
}

/* Adds up what the workers have left; for one worker. */
static void decide(dlcore_ranked_step_t *run)
{
    dlcore_step_t *step = run->step;

    for (size_t k = 0; k < run->ranked->key.slices; k++)
        store_sums(run, k);
    step->sums.states = workspace_of(run, 0)->metric_states;
    if (dlcore_ranks_merge(run->ranks, step->objective, run->ranked->sums, run->ranked->other_sums,
                           &step->sums) != DLCORE_OK)
        return;
    if (step->penalty != NULL)
        step->sums.loss += dlcore_update_penalty_sum(step->penalty) * (double)run->batch_rows;
    step->finite = isfinite(step->sums.loss);
}

/* Losses, metrics and the gradient by the last output; false where the step ends with that. */
static bool find_loss(dlcore_ranked_step_t *run, const dlcore_place_t *place)
{
    dlcore_step_t *step = run->step;

    if (place->worker == 0)
        see_batch(run);
    dlcore_place_meet(place);
    if (dlcore_ranks_status(run->ranks) != DLCORE_OK)
        return false;
    for (size_t k = 0; k < run->ranked->key.slices; k++) {
        dlcore_loss_pass_t pass = loss_pass_of(run, k);
        size_t begin = dlcore_share(pass.y->rows, place->worker, place->workers);
        size_t end = dlcore_share(pass.y->rows, place->worker + 1, place->workers);

        dlcore_loss_rows(step->objective->loss, &pass, begin, end);
        dlcore_sums_rows(step->network, step->objective, workspace_of(run, k), 0, begin, end);
    }
    if (step->penalty != NULL)
        dlcore_update_penalty_partials(step->penalty, step->network, place);
    dlcore_place_meet(place);
    if (place->worker == 0)
        decide(run);
    dlcore_place_meet(place);
    return dlcore_ranks_status(run->ranks) == DLCORE_OK &&
           (step->finite || !step->stop_on_not_finite);
}

/* ---- backward ---- */

static dlcore_layer_pass_t back_pass(const dlcore_ranked_step_t *run, const dlcore_place_t *place,
                                     size_t k, size_t i)
{
    const dlcore_network_t *network = run->step->network;
    dlcore_workspace_t *workspace = workspace_of(run, k);
    dlcore_layer_pass_t pass = pass_of(run, place, k, i);

    pass.dy = &workspace->gradients[i];
    if (i > network->first) {
        pass.dx = &workspace->gradients[i - 1];
        pass.activation_below = dlcore_step_activation_below(network, i);
    }
    return pass;
}

/* The gradient before the activation of node i. */
static void gradient_before(dlcore_ranked_step_t *run, const dlcore_place_t *place, size_t i)
{
    const dlcore_network_t *network = run->step->network;
    const dlcore_layer_type_t *type = network->nodes[i].type;
    dlcore_activation_t activation = pass_of(run, place, 0, i).activation.kind;

    if (dlcore_network_has_penalty(network, i)) {
        for (size_t k = 0; k < run->ranked->key.slices; k++)
            dlcore_activity_gradient(network, workspace_of(run, k), i, place);
        dlcore_place_meet(place);
    }
    if (!type->has_activation || activation == DLCORE_ACTIVATION_LINEAR ||
        dlcore_step_folds(network, activation, i))
        return;
    for (size_t k = 0; k < run->ranked->key.slices; k++) {
        dlcore_layer_pass_t pass = back_pass(run, place, k, i);

        if (rows_of(run, k) > 0)
            dlcore_layer_training(network->nodes[i].layer.kind)->activation_gradient(&pass);
    }
    dlcore_place_meet(place);
}

/* Rounds what the gradients of layer i multiply, of every slice. */
static void round_backward(dlcore_ranked_step_t *run, const dlcore_place_t *place, size_t i)
{
    const dlcore_network_t *network = run->step->network;
    bool rounds = false;

    for (size_t k = 0; k < run->ranked->key.slices; k++) {
        dlcore_layer_pass_t pass = back_pass(run, place, k, i);
        dlcore_layer_half_t half;

        if (!dlcore_halves_pass(network, workspace_of(run, k), i, &pass, &half))
            continue;
        dlcore_halves_round_backward(&pass, i > network->first, network->nodes[i].layer.trainable);
        rounds = true;
    }
    if (rounds)
        dlcore_place_meet(place);
}

static bool backward(dlcore_ranked_step_t *run, const dlcore_place_t *place)
{
    const dlcore_network_t *network = run->step->network;

    for (size_t i = network->node_count; i-- > network->first;) {
        const dlcore_layer_type_t *type = network->nodes[i].type;
        const dlcore_layer_training_t *training =
            dlcore_layer_training(network->nodes[i].layer.kind);

        if (!dlcore_layer_runs(type, true))
            continue;
        gradient_before(run, place, i);
        if (shares(run, i) && !share_sums(run, place, i, DLCORE_SHARED_GRADIENT))
            return false;
        round_backward(run, place, i);
        for (size_t k = 0; i > network->first && k < run->ranked->key.slices; k++) {
            dlcore_layer_pass_t pass = back_pass(run, place, k, i);
            dlcore_layer_half_t half;

            (void)dlcore_halves_pass(network, workspace_of(run, k), i, &pass, &half);
            if (rows_of(run, k) > 0)
                training->input_gradient(&pass);
        }
        dlcore_place_meet(place);
        if (place->worker == 0) /* all workers have left the layer above */
            dlcore_ranked_send(run, i + 1);
        if (training->parameter_gradient != NULL && network->nodes[i].layer.trainable)
            dlcore_ranked_add_gradients(run, place, i);
    }
    return true;
}

/* ---- the step ---- */

/* By what the first slice has: the batch's, or with local statistics this rank's. */
static void move_statistics_of(const dlcore_ranked_step_t *run, const dlcore_place_t *place)
{
    const dlcore_network_t *network = run->step->network;

    for (size_t i = network->first; i < network->node_count; i++) {
        const dlcore_node_t *node = &network->nodes[i];
        dlcore_layer_pass_t pass = pass_of(run, place, 0, i);

        if (dlcore_layer_training(node->layer.kind)->shared == NULL || !node->layer.trainable ||
            (!pass.shares && rows_of(run, 0) == 0))
            continue;
        pass.statistics = network->values;
        dlcore_layer_training(node->layer.kind)->shared->move(&pass);
    }
}

/* Moving statistics of each rank's own rows become their mean, by rows; for one worker. */
static void average_statistics(dlcore_ranked_step_t *run)
{
    const dlcore_network_t *network = run->step->network;
    float share = (float)((double)rows_of(run, 0) / (double)run->batch_rows);

    for (size_t i = network->first; i < network->node_count; i++) {
        const dlcore_node_t *node = &network->nodes[i];

        for (size_t p = 0; dlcore_layer_training(node->layer.kind)->shared != NULL &&
                           node->layer.trainable && p < node->parameter_count;
             p++) {
            const dlcore_parameter_t *parameter = &node->parameters[p];
            float *values = network->values + parameter->offset;
            float *sum = run->ranked->stack + parameter->offset; /* where no gradient comes */
            void *request;

            if (!parameter->is_statistic)
                continue;
            memcpy(sum, values, parameter->floats * sizeof *sum);
            network->kernels->scale(sum, parameter->floats, share);
            if (dlcore_ranks_begin_sum(run->ranks, sum, parameter->floats,
                                       DLCORE_COLLECTIVE_FLOAT32, &request) == DLCORE_OK &&
                dlcore_ranks_finish_sum(run->ranks, request) == DLCORE_OK)
                memcpy(values, sum, parameter->floats * sizeof *sum);
        }
    }
}

/* Gradients become those of all ranks, and move weights; false where nothing more is to be done. */
static bool move_by_gradients(dlcore_ranked_step_t *run, const dlcore_place_t *place, bool goes_on)
{
    if (goes_on && dlcore_ranked_updates_early(run))
        return dlcore_ranked_update_as_sums_come(run, place);
    if (place->worker == 0)
        (void)dlcore_ranked_receive(run, goes_on);
    dlcore_place_meet(place);
    if (!goes_on || dlcore_ranks_status(run->ranks) != DLCORE_OK)
        return false;
    dlcore_ranked_update(run, place);
    return true;
}

static void run_ranked_phases(dlcore_ranked_step_t *run, const dlcore_place_t *place)
{
    const dlcore_step_t *step = run->step;
    bool goes_on;

    if (dlcore_halves_are_stale(step->network))
        dlcore_halves_round(step->network, place); /* gathering has the barrier */
    gather(run, place);
    goes_on = forward(run, place) && find_loss(run, place) && backward(run, place);
    dlcore_place_meet(place);
    if (place->worker == 0 && goes_on)
        dlcore_ranked_send(run, 0);
    if (!move_by_gradients(run, place, goes_on))
        return;
    if (step->update != NULL)
        dlcore_update_finish(step->update, place);
    if (!step->moves_statistics)
        return;
    move_statistics_of(run, place);
    if (!run->ranks->collective.local_batch_statistics || run->ranks->collective.size == 1)
        return;
    dlcore_place_meet(place);
    if (place->worker == 0)
        average_statistics(run);
}

static void run_ranked_worker(void *argument, size_t worker, size_t workers)
{
    dlcore_ranked_step_t *run = argument;
    const dlcore_products_t *products = run->step->network->products;
    dlcore_place_t place = {.team = run->step->team, .worker = worker, .workers = workers};

    if (worker > 0 && products->enter_worker != NULL)
        products->enter_worker();
    run_ranked_phases(run, &place);
    if (worker > 0 && products->leave_worker != NULL)
        products->leave_worker();
}

dlcore_status dlcore_ranked_run(dlcore_ranked_step_t *run, size_t workers)
{
    run->scale = 1.0;
    run->begun = 0;
    run->batch = (dlcore_loss_batch_t){.weights = (double)run->batch_rows};
    run->step->finite = true;
    dlcore_team_run(run->step->team, workers, run_ranked_worker, run);
    dlcore_halves_forget(run->step->network);
    return dlcore_ranks_status(run->ranks);
}
