/* Laying out the memory of a step: measured first, then allocated once, then cut.
 *
 * SPDX-License-Identifier: MIT */
#include "engine/workspace.h"

#include "base/allocator.h"
#include "base/error.h"
#include "base/size.h"
#include "engine/path.h"
#include "nn/loss_masked.h"
#include "products/products_sparse.h"

/* Cuts aligned pieces off one block; with memory NULL it only measures. */
typedef struct cutter {
    char *memory;
    size_t used;
    bool overflow;
} cutter_t;

static void *cut(cutter_t *cutter, size_t count, size_t size)
{
    size_t bytes, begin = cutter->used;

    if (!dlcore_size_multiply(count, size, &bytes) || bytes > PTRDIFF_MAX / 2 ||
        !dlcore_size_add(begin, dlcore_size_round_up(bytes, DLCORE_ALIGNMENT), &cutter->used)) {
        cutter->overflow = true;
        return NULL;
    }
    return cutter->memory != NULL ? cutter->memory + begin : NULL;
}

/* Floats of a matrix buffer with room for `rows`. */
static size_t matrix_floats(const dlcore_network_t *network, size_t rows, size_t columns,
                            bool *overflow)
{
    size_t floats = 0, panel = network->products->panel(columns);

    if (!dlcore_size_multiply(dlcore_size_round_up(columns, panel), rows, &floats))
        *overflow = true;
    return floats;
}

static dlcore_matrix_t matrix_over(const dlcore_network_t *network, float *data, size_t rows,
                                   size_t columns)
{
    size_t panel = network->products->panel(columns);
    return (dlcore_matrix_t){.data = data,
                             .rows = rows,
                             .columns = columns,
                             .panel = panel,
                             .panel_stride = panel * rows};
}

static dlcore_matrix_t cut_matrix(cutter_t *cutter, const dlcore_network_t *network, size_t rows,
                                  size_t columns)
{
    float *data =
        cut(cutter, matrix_floats(network, rows, columns, &cutter->overflow), sizeof(float));
    return matrix_over(network, data, rows, columns);
}

/* The widest output of the layers that compute, as buffer floats. */
static size_t widest(const dlcore_network_t *network, size_t rows, bool *overflow)
{
    size_t floats = 0;

    for (size_t i = network->first; i < network->node_count; i++)
        floats = dlcore_size_max(
            floats, matrix_floats(network, rows, network->nodes[i].output_width, overflow));
    return floats;
}

/* Only a first layer that multiplies has inputs to leave out. */
static void cut_columns(cutter_t *cutter, const dlcore_network_t *network, dlcore_workspace_t *w,
                        size_t batch)
{
    const dlcore_node_t *first = &network->nodes[network->first];
    dlcore_columns_t *columns = &w->columns[batch];
    size_t marks = 0;

    if (!network->products->takes_index || !first->type->takes_index)
        return;
    if (!dlcore_size_multiply(w->workers, first->input_width, &marks))
        cutter->overflow = true;
    columns->used = cut(cutter, marks, 1);
    columns->index = cut(cutter, first->input_width, sizeof *columns->index);
    columns->gaps = cut(cutter, first->input_width, sizeof *columns->gaps);
}

static void cut_batch(cutter_t *cutter, const dlcore_network_t *network,
                      const dlcore_objective_t *objective, dlcore_workspace_t *w, size_t batch)
{
    size_t units = network->nodes[network->node_count - 1].output_width;

    w->input[batch] = matrix_over(network, NULL, w->capacity, network->nodes[0].input_width);
    if ((w->forms & DLCORE_BATCH_ROWS) != 0) {
        w->input[batch] = cut_matrix(cutter, network, w->capacity, network->nodes[0].input_width);
        cut_columns(cutter, network, w, batch);
    }
    if (objective == NULL)
        return;
    w->labels[batch].width = objective->label_width;
    w->labels[batch].mask = dlcore_loss_mask(&objective->loss_settings);
    w->labels[batch].units = units;
    if (objective->loss->labels == DLCORE_LABELS_CLASSES) {
        w->labels[batch].width = 1;
        w->labels[batch].classes = cut(cutter, w->capacity, sizeof(int32_t));
    } else {
        size_t count = 0;
        if (!dlcore_size_multiply(w->capacity, objective->label_width, &count))
            cutter->overflow = true;
        w->labels[batch].values = cut(cutter, count, sizeof(float));
    }
    if (objective->weighted || objective->loss_settings.ignores_class)
        w->labels[batch].weights = cut(cutter, w->capacity, sizeof(float));
    if (dlcore_mask_is_any(&w->labels[batch].mask)) {
        w->labels[batch].present = cut(cutter, w->capacity, sizeof(float));
        w->labels[batch].counts = cut(cutter, w->capacity, sizeof(float));
    }
}

static void cut_outputs(cutter_t *cutter, const dlcore_network_t *network,
                        dlcore_workspace_use_t use, dlcore_workspace_t *w)
{
    size_t floats = widest(network, w->capacity, &cutter->overflow);
    float *turns[2] = {NULL, NULL};
    size_t turn = 0;

    if (use != DLCORE_WORKSPACE_TRAIN) {
        turns[0] = cut(cutter, floats, sizeof(float));
        turns[1] = cut(cutter, floats, sizeof(float));
    }
    for (size_t i = 0; i < network->node_count; i++) {
        const dlcore_node_t *node = &network->nodes[i];
        dlcore_matrix_t m;

        if (i < network->first || !dlcore_layer_runs(node->type, use == DLCORE_WORKSPACE_TRAIN))
            continue; /* set_batch gives it its input's */
        if (use == DLCORE_WORKSPACE_TRAIN)
            m = cut_matrix(cutter, network, w->capacity, node->output_width);
        else
            m = matrix_over(network, turns[turn++ % 2], w->capacity, node->output_width);
        if (cutter->memory != NULL)
            w->outputs[i] = m;
    }
}

static void cut_kept(cutter_t *cutter, const dlcore_network_t *network, dlcore_workspace_t *w)
{
    w->kept = cut(cutter, network->node_count, sizeof *w->kept);
    for (size_t i = network->first; i < network->node_count; i++) {
        dlcore_matrix_t m;

        if (!network->nodes[i].type->keeps_input || !dlcore_network_keeps_input(network, i))
            continue;
        m = cut_matrix(cutter, network, w->capacity, network->nodes[i].output_width);
        if (cutter->memory != NULL)
            w->kept[i] = m;
    }
}

static void cut_states(cutter_t *cutter, const dlcore_network_t *network, dlcore_workspace_t *w)
{
    bool is_random = false;

    w->states = cut(cutter, network->node_count, sizeof *w->states);
    for (size_t i = network->first; i < network->node_count; i++) {
        const dlcore_node_t *node = &network->nodes[i];
        float *state;

        is_random |= node->type->only_trains;
        if (node->type->state_floats == NULL)
            continue;
        state =
            cut(cutter, node->type->state_floats(node->input_width, w->capacity), sizeof *state);
        if (cutter->memory != NULL)
            w->states[i] = state;
    }
    w->keys = is_random ? cut(cutter, network->node_count, sizeof *w->keys) : NULL;
}

/* Gradients rotate through three buffers: the one a layer reads, the one it writes for the layer
 * below, and one that slower workers may still be reading for the layer above. */
static void cut_gradients(cutter_t *cutter, const dlcore_network_t *network, dlcore_workspace_t *w)
{
    size_t floats = widest(network, w->capacity, &cutter->overflow);
    float *buffers[DLCORE_GRADIENT_BUFFERS];
    size_t turn = 0;

    for (size_t i = 0; i < DLCORE_GRADIENT_BUFFERS; i++)
        buffers[i] = cut(cutter, floats, sizeof(float));
    if (cutter->memory == NULL)
        return;
    for (size_t i = network->node_count; i-- > network->first;) {
        w->gradients[i] =
            matrix_over(network, buffers[turn], w->capacity, network->nodes[i].output_width);
        if (!network->nodes[i].type->gradients_in_place)
            turn = (turn + 1) % DLCORE_GRADIENT_BUFFERS;
    }
}

/* For the kernel gradient of lists. */
static size_t sparse_floats(const dlcore_network_t *network, dlcore_workspace_use_t use,
                            const dlcore_workspace_t *w)
{
    const dlcore_node_t *first = &network->nodes[network->first];

    if (use != DLCORE_WORKSPACE_TRAIN || (w->forms & DLCORE_BATCH_LISTS) == 0)
        return 0;
    return dlcore_sparse_scratch_floats(w->capacity, first->input_width, first->output_width,
                                        network->products->kernel_panel(first->output_width));
}

static void cut_scratch(cutter_t *cutter, const dlcore_network_t *network,
                        dlcore_workspace_use_t use, dlcore_workspace_t *w)
{
    size_t floats = 16, all = 0;

    for (size_t i = network->first; i < network->node_count; i++) {
        const dlcore_node_t *node = &network->nodes[i];
        if (node->parameter_count > 0)
            floats =
                dlcore_size_max(floats, network->products->scratch_floats(
                                            w->capacity, node->input_width, node->output_width));
    }
    floats = dlcore_size_max(floats, sparse_floats(network, use, w));
    w->scratch_floats = dlcore_size_round_up(floats, DLCORE_ALIGNMENT / sizeof(float));
    if (!dlcore_size_multiply(w->scratch_floats, w->workers, &all))
        cutter->overflow = true;
    w->scratch = cut(cutter, all, sizeof(float));
}

static void cut_small(cutter_t *cutter, const dlcore_network_t *network,
                      const dlcore_objective_t *objective, dlcore_workspace_t *w)
{
    const size_t group = DLCORE_SMALL_WIDTH * DLCORE_SMALL_LANES_MAX;
    dlcore_small_plan_t plan;

    if (dlcore_path_train(network, objective) != DLCORE_PATH_SMALL)
        return;
    dlcore_small_settle(network, objective, &plan);
    w->small = cut(cutter, 1, sizeof *w->small);
    plan.x = cut(cutter, group, sizeof(float));
    plan.t = cut(cutter, group, sizeof(float));
    plan.y = cut(cutter, group, sizeof(float));
    plan.weight = cut(cutter, DLCORE_SMALL_LANES_MAX, sizeof(float));
    plan.loss = cut(cutter, DLCORE_SMALL_LANES_MAX, sizeof(float));
    plan.work = cut(cutter, dlcore_small_work(&plan.net), sizeof(float));
    plan.gradients = cut(cutter, network->value_floats, sizeof(float));
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

static void cut_results(cutter_t *cutter, const dlcore_network_t *network,
                        const dlcore_objective_t *objective, dlcore_workspace_t *w, size_t units)
{
    size_t all = 0, count = 0;

    if (!dlcore_size_multiply(objective->metric_count, w->capacity, &all) ||
        !dlcore_size_multiply(units, w->capacity, &count))
        cutter->overflow = true;
    if (needs_targets(objective))
        w->targets = cut(cutter, count, sizeof(float));
    if (dlcore_objective_calls_functions(objective)) {
        w->function_rows = cut(cutter, count, sizeof(float));
        w->function_slopes = cut(cutter, count, sizeof(float));
    }
    w->row_loss = cut(cutter, w->capacity, sizeof(float));
    if (dlcore_network_has_penalties(network))
        w->row_activity = cut(cutter, w->capacity, sizeof *w->row_activity);
    w->row_metrics = cut(cutter, all, sizeof(float));
    w->metric_states = cut(cutter, dlcore_objective_states(objective), sizeof(double));
}

static void lay_out(cutter_t *cutter, const dlcore_network_t *network,
                    const dlcore_objective_t *objective, dlcore_workspace_use_t use,
                    dlcore_workspace_t *w)
{
    size_t units = network->nodes[network->node_count - 1].output_width;

    w->outputs = cut(cutter, network->node_count, sizeof *w->outputs);
    cut_batch(cutter, network, objective, w, 0);
    cut_outputs(cutter, network, use, w);
    if (use == DLCORE_WORKSPACE_TRAIN) {
        w->gradients = cut(cutter, network->node_count, sizeof *w->gradients);
        cut_batch(cutter, network, objective, w, 1);
        cut_gradients(cutter, network, w);
        cut_kept(cutter, network, w);
        cut_states(cutter, network, w);
        cut_small(cutter, network, objective, w);
    }
    if (use != DLCORE_WORKSPACE_PREDICT && needs_logits(objective, use))
        w->logits = cut_matrix(cutter, network, w->capacity, units);
    if (objective != NULL)
        cut_results(cutter, network, objective, w, units);
    cut_scratch(cutter, network, use, w);
}

dlcore_status dlcore_workspace_create(const dlcore_network_t *network,
                                      const dlcore_objective_t *objective,
                                      dlcore_workspace_use_t use, unsigned batch_forms,
                                      size_t capacity, size_t workers,
                                      dlcore_workspace_t *workspace, dlcore_error_record_t *error)
{
    cutter_t cutter = {0};

    *workspace = (dlcore_workspace_t){.allocator = network->allocator,
                                      .capacity = capacity,
                                      .workers = workers,
                                      .forms = batch_forms};
    lay_out(&cutter, network, objective, use, workspace);
    if (!cutter.overflow)
        workspace->memory = dlcore_allocate(&network->allocator, cutter.used, 1);
    if (workspace->memory == NULL) {
        *workspace = (dlcore_workspace_t){0};
        if (cutter.overflow)
            return dlcore_fail(error, DLCORE_ERROR_OVERFLOW,
                               "batch: %zu rows through this model are too large", capacity);
        return dlcore_fail_memory(error, "batch buffers", cutter.used);
    }
    cutter = (cutter_t){.memory = workspace->memory};
    lay_out(&cutter, network, objective, use, workspace);
    dlcore_workspace_set_batch(network, workspace, capacity, 0);
    return DLCORE_OK;
}

void dlcore_workspace_clear(dlcore_workspace_t *workspace)
{
    if (workspace->memory != NULL)
        dlcore_release(&workspace->allocator, workspace->memory);
    *workspace = (dlcore_workspace_t){0};
}

void dlcore_workspace_set_batch(const dlcore_network_t *network, dlcore_workspace_t *workspace,
                                size_t rows, size_t batch)
{
    const dlcore_matrix_t *before = &workspace->input[batch];

    workspace->batch = batch;
    workspace->batch_rows = rows;
    workspace->input[batch].rows = rows;
    for (size_t i = 0; i < network->node_count; i++) {
        if (i < network->first ||
            !dlcore_layer_runs(network->nodes[i].type, workspace->gradients != NULL))
            workspace->outputs[i] = *before;
        workspace->outputs[i].rows = rows;
        if (workspace->gradients != NULL)
            workspace->gradients[i].rows = rows;
        if (workspace->kept != NULL)
            workspace->kept[i].rows = rows;
        before = &workspace->outputs[i];
    }
    workspace->logits.rows = rows;
}
