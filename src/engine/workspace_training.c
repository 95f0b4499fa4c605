/* What training and evaluating need besides activations: labels, gradients, states, results.
 *
 * SPDX-License-Identifier: MIT */
#include "base/size.h"
#include "engine/path.h"
#include "engine/workspace_cut.h"
#include "nn/loss_masked.h"

static void cut_labels(dlcore_cutter_t *cutter, const dlcore_network_t *network,
                       const dlcore_objective_t *objective, dlcore_workspace_t *w, size_t batch)
{
    w->labels[batch].width = objective->label_width;
    w->labels[batch].mask = dlcore_loss_mask(&objective->loss_settings);
    w->labels[batch].units = network->nodes[network->node_count - 1].output_width;
    if (objective->loss->labels == DLCORE_LABELS_CLASSES) {
        w->labels[batch].width = 1;
        w->labels[batch].classes = dlcore_cut(cutter, w->capacity, sizeof(int32_t));
    } else {
        size_t count = 0;
        if (!dlcore_size_multiply(w->capacity, objective->label_width, &count))
            cutter->overflow = true;
        w->labels[batch].values = dlcore_cut(cutter, count, sizeof(float));
    }
    if (objective->weighted || objective->loss_settings.ignores_class)
        w->labels[batch].weights = dlcore_cut(cutter, w->capacity, sizeof(float));
    if (dlcore_mask_is_any(&w->labels[batch].mask)) {
        w->labels[batch].present = dlcore_cut(cutter, w->capacity, sizeof(float));
        w->labels[batch].counts = dlcore_cut(cutter, w->capacity, sizeof(float));
    }
}

static void cut_kept(dlcore_cutter_t *cutter, const dlcore_network_t *network,
                     dlcore_workspace_t *w)
{
    w->kept = dlcore_cut(cutter, network->node_count, sizeof *w->kept);
    for (size_t i = network->first; i < network->node_count; i++) {
        dlcore_matrix_t m;

        if (!network->nodes[i].type->keeps_input || !dlcore_network_keeps_input(network, i))
            continue;
        m = dlcore_cut_matrix(cutter, network, w->capacity, network->nodes[i].output_width);
        if (cutter->memory != NULL)
            w->kept[i] = m;
    }
}

static void cut_states(dlcore_cutter_t *cutter, const dlcore_network_t *network,
                       dlcore_workspace_t *w)
{
    bool is_random = false;

    w->states = dlcore_cut(cutter, network->node_count, sizeof *w->states);
    for (size_t i = network->first; i < network->node_count; i++) {
        const dlcore_node_t *node = &network->nodes[i];
        float *state;

        is_random |= node->type->only_trains;
        if (node->type->state_floats == NULL)
            continue;
        state = dlcore_cut(cutter, node->type->state_floats(node->input_width, w->capacity),
                           sizeof *state);
        if (cutter->memory != NULL)
            w->states[i] = state;
    }
    w->keys = is_random ? dlcore_cut(cutter, network->node_count, sizeof *w->keys) : NULL;
}

/* Gradients rotate through three buffers: the one a layer reads, the one it writes for the layer
 * below, and one that slower workers may still be reading for the layer above. */
static void cut_gradients(dlcore_cutter_t *cutter, const dlcore_network_t *network,
                          dlcore_workspace_t *w)
{
    size_t floats = dlcore_cut_widest(network, w->capacity, &cutter->overflow);
    float *buffers[DLCORE_GRADIENT_BUFFERS];
    size_t turn = 0;

    for (size_t i = 0; i < DLCORE_GRADIENT_BUFFERS; i++)
        buffers[i] = dlcore_cut(cutter, floats, sizeof(float));
    if (cutter->memory == NULL)
        return;
    for (size_t i = network->node_count; i-- > network->first;) {
        w->gradients[i] =
            dlcore_matrix_over(network, buffers[turn], w->capacity, network->nodes[i].output_width);
        if (!network->nodes[i].type->gradients_in_place)
            turn = (turn + 1) % DLCORE_GRADIENT_BUFFERS;
    }
}

/* Floats of the largest matrix of pairs, of columns or of rows, among x or dy of the layers that
 * multiply. */
static size_t half_floats(const dlcore_network_t *network, size_t rows, bool columns, bool of_x,
                          bool *overflow)
{
    size_t most = 0;

    for (size_t i = network->first; i < network->node_count; i++) {
        const dlcore_node_t *node = &network->nodes[i];
        size_t width = of_x ? node->input_width : node->output_width, panel, floats = 0;

        if (!node->type->takes_half)
            continue;
        width = columns ? dlcore_pairs(width) : width;
        panel = network->products->panel(width);
        if (!dlcore_size_multiply(dlcore_size_round_up(width, panel),
                                  columns ? rows : dlcore_pairs(rows), &floats))
            *overflow = true;
        most = dlcore_size_max(most, floats);
    }
    return most;
}

static void cut_half(dlcore_cutter_t *cutter, const dlcore_network_t *network,
                     dlcore_workspace_t *w)
{
    bool *overflow = &cutter->overflow;
    size_t x = half_floats(network, w->capacity, true, true, overflow);
    size_t dy = half_floats(network, w->capacity, true, false, overflow);

    if (network->half == NULL)
        return;
    w->half_columns = dlcore_cut(cutter, dlcore_size_max(x, dy), sizeof(float));
    for (size_t turn = 0; turn < 2; turn++) {
        for (size_t of_dy = 0; of_dy < 2; of_dy++)
            w->half_rows[turn][of_dy] =
                dlcore_cut(cutter, half_floats(network, w->capacity, false, of_dy == 0, overflow),
                           sizeof(float));
    }
}

static void cut_small(dlcore_cutter_t *cutter, const dlcore_network_t *network,
                      const dlcore_objective_t *objective, dlcore_workspace_t *w)
{
    const size_t group = DLCORE_SMALL_WIDTH * DLCORE_SMALL_LANES_MAX;
    dlcore_small_plan_t plan;

    if (dlcore_path_train(network, objective) != DLCORE_PATH_SMALL)
        return;
    dlcore_small_settle(network, objective, &plan);
    w->small = dlcore_cut(cutter, 1, sizeof *w->small);
    plan.x = dlcore_cut(cutter, group, sizeof(float));
    plan.t = dlcore_cut(cutter, group, sizeof(float));
    plan.y = dlcore_cut(cutter, group, sizeof(float));
    plan.weight = dlcore_cut(cutter, DLCORE_SMALL_LANES_MAX, sizeof(float));
    plan.loss = dlcore_cut(cutter, DLCORE_SMALL_LANES_MAX, sizeof(float));
    plan.work = dlcore_cut(cutter, dlcore_small_work(&plan.net), sizeof(float));
    plan.gradients = dlcore_cut(cutter, network->value_floats, sizeof(float));
    if (cutter->memory != NULL)
        *w->small = plan;
}

static bool needs_targets(const dlcore_objective_t *objective)
{
    bool needs = dlcore_loss_changes_labels(&objective->loss_settings);

    for (size_t i = 0; i < objective->metric_count; i++) {
        dlcore_loss_t loss = dlcore_metric_loss(&objective->metrics[i]);
        needs |= loss.kind != DLCORE_LOSS_UNKNOWN && dlcore_loss_changes_labels(&loss);
    }
    return needs;
}

/* The loss has none when it has a gradient's buffer; metrics have no other. */
static bool needs_logits(const dlcore_objective_t *objective, dlcore_workspace_use_t use)
{
    bool needs = use == DLCORE_WORKSPACE_EVALUATE;

    for (size_t i = 0; i < objective->metric_count; i++)
        needs |= dlcore_metric_loss(&objective->metrics[i]).from_logits;
    return needs;
}

static void cut_results(dlcore_cutter_t *cutter, const dlcore_network_t *network,
                        const dlcore_objective_t *objective, dlcore_workspace_t *w, size_t units)
{
    size_t all = 0, count = 0;

    if (!dlcore_size_multiply(objective->metric_count, w->capacity, &all) ||
        !dlcore_size_multiply(units, w->capacity, &count))
        cutter->overflow = true;
    if (needs_targets(objective))
        w->targets = dlcore_cut(cutter, count, sizeof(float));
    if (dlcore_objective_calls_functions(objective)) {
        w->function_rows = dlcore_cut(cutter, count, sizeof(float));
        w->function_slopes = dlcore_cut(cutter, count, sizeof(float));
    }
    w->row_loss = dlcore_cut(cutter, w->capacity, sizeof(float));
    if (dlcore_network_has_penalties(network))
        w->row_activity = dlcore_cut(cutter, w->capacity, sizeof *w->row_activity);
    w->row_metrics = dlcore_cut(cutter, all, sizeof(float));
    w->metric_states = dlcore_cut(cutter, dlcore_objective_states(objective), sizeof(double));
}

static void lay_out_more(dlcore_cutter_t *cutter, const dlcore_network_t *network,
                         const dlcore_workspace_layout_t *layout, dlcore_workspace_t *w)
{
    const dlcore_objective_t *objective = layout->objective;
    size_t units = network->nodes[network->node_count - 1].output_width;

    cut_labels(cutter, network, objective, w, 0);
    if (layout->use == DLCORE_WORKSPACE_TRAIN) {
        w->gradients = dlcore_cut(cutter, network->node_count, sizeof *w->gradients);
        dlcore_cut_input(cutter, network, w, 1);
        cut_labels(cutter, network, objective, w, 1);
        cut_gradients(cutter, network, w);
        cut_kept(cutter, network, w);
        cut_states(cutter, network, w);
        cut_half(cutter, network, w);
        cut_small(cutter, network, objective, w);
    }
    if (needs_logits(objective, layout->use))
        w->logits = dlcore_cut_matrix(cutter, network, w->capacity, units);
    cut_results(cutter, network, objective, w, units);
}

dlcore_status dlcore_workspace_create(const dlcore_network_t *network,
                                      const dlcore_objective_t *objective,
                                      dlcore_workspace_use_t use, unsigned batch_forms,
                                      size_t capacity, size_t workers,
                                      dlcore_workspace_t *workspace, dlcore_error_record_t *error)
{
    dlcore_workspace_layout_t layout = {
        .use = use, .forms = batch_forms, .objective = objective, .more = lay_out_more};

    return dlcore_workspace_make(network, &layout, capacity, workers, workspace, error);
}
