/* Laying out the memory of a step: measured first, then allocated once, then cut. What only
 * training and evaluating need is in workspace_training.c.
 *
 * SPDX-License-Identifier: MIT */
#include "engine/workspace_cut.h"

#include "base/allocator.h"
#include "base/error.h"
#include "base/size.h"
#include "products/products_sparse.h"

void *dlcore_cut(dlcore_cutter_t *cutter, size_t count, size_t size)
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

dlcore_matrix_t dlcore_matrix_over(const dlcore_network_t *network, float *data, size_t rows,
                                   size_t columns)
{
    size_t panel = network->products->panel(columns);
    return (dlcore_matrix_t){.data = data,
                             .rows = rows,
                             .columns = columns,
                             .panel = panel,
                             .panel_stride = panel * rows};
}

dlcore_matrix_t dlcore_cut_matrix(dlcore_cutter_t *cutter, const dlcore_network_t *network,
                                  size_t rows, size_t columns)
{
    float *data =
        dlcore_cut(cutter, matrix_floats(network, rows, columns, &cutter->overflow), sizeof(float));
    return dlcore_matrix_over(network, data, rows, columns);
}

size_t dlcore_cut_widest(const dlcore_network_t *network, size_t rows, bool *overflow)
{
    size_t floats = 0;

    for (size_t i = network->first; i < network->node_count; i++)
        floats = dlcore_size_max(
            floats, matrix_floats(network, rows, network->nodes[i].output_width, overflow));
    return floats;
}

/* Only a first layer that multiplies has inputs to leave out. */
static void cut_columns(dlcore_cutter_t *cutter, const dlcore_network_t *network,
                        dlcore_workspace_t *w, size_t batch)
{
    const dlcore_node_t *first = &network->nodes[network->first];
    dlcore_columns_t *columns = &w->columns[batch];
    size_t marks = 0;

    if (!network->products->takes_index || !first->type->takes_index)
        return;
    if (!dlcore_size_multiply(w->workers, first->input_width, &marks))
        cutter->overflow = true;
    columns->used = dlcore_cut(cutter, marks, 1);
    columns->index = dlcore_cut(cutter, first->input_width, sizeof *columns->index);
    columns->gaps = dlcore_cut(cutter, first->input_width, sizeof *columns->gaps);
    if (network->half == NULL)
        return;
    columns->pairs = dlcore_cut(cutter, first->input_width, sizeof *columns->pairs);
    columns->pair_gaps = dlcore_cut(cutter, first->input_width, sizeof *columns->pair_gaps);
}

static void cut_zeros(dlcore_cutter_t *cutter, const dlcore_network_t *network,
                      dlcore_workspace_t *w)
{
    const dlcore_node_t *first = &network->nodes[network->first];
    size_t words = 0;

    if (network->products->zeros_words != NULL && first->type->takes_index &&
        network->half == NULL && (w->forms & DLCORE_BATCH_ROWS) != 0)
        words =
            network->products->zeros_words(w->capacity, first->input_width, first->output_width);
    w->zeros = words > 0 ? dlcore_cut(cutter, words, sizeof *w->zeros) : NULL;
}

void dlcore_cut_input(dlcore_cutter_t *cutter, const dlcore_network_t *network,
                      dlcore_workspace_t *w, size_t batch)
{
    w->input[batch] = dlcore_matrix_over(network, NULL, w->capacity, network->nodes[0].input_width);
    if ((w->forms & DLCORE_BATCH_ROWS) != 0) {
        w->input[batch] =
            dlcore_cut_matrix(cutter, network, w->capacity, network->nodes[0].input_width);
        cut_columns(cutter, network, w, batch);
    }
}

static void cut_outputs(dlcore_cutter_t *cutter, const dlcore_network_t *network,
                        dlcore_workspace_use_t use, dlcore_workspace_t *w)
{
    size_t floats = dlcore_cut_widest(network, w->capacity, &cutter->overflow);
    float *turns[2] = {NULL, NULL};
    size_t turn = 0;

    if (use != DLCORE_WORKSPACE_TRAIN) {
        turns[0] = dlcore_cut(cutter, floats, sizeof(float));
        turns[1] = dlcore_cut(cutter, floats, sizeof(float));
    }
    for (size_t i = 0; i < network->node_count; i++) {
        const dlcore_node_t *node = &network->nodes[i];
        dlcore_matrix_t m;

        if (i < network->first || !dlcore_layer_runs(node->type, use == DLCORE_WORKSPACE_TRAIN))
            continue; /* set_batch gives it its input's */
        if (use == DLCORE_WORKSPACE_TRAIN)
            m = dlcore_cut_matrix(cutter, network, w->capacity, node->output_width);
        else
            m = dlcore_matrix_over(network, turns[turn++ % 2], w->capacity, node->output_width);
        if (cutter->memory != NULL)
            w->outputs[i] = m;
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

static void cut_scratch(dlcore_cutter_t *cutter, const dlcore_network_t *network,
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
    w->scratch = dlcore_cut(cutter, all, sizeof(float));
}

static void lay_out(dlcore_cutter_t *cutter, const dlcore_network_t *network,
                    const dlcore_workspace_layout_t *layout, dlcore_workspace_t *w)
{
    w->outputs = dlcore_cut(cutter, network->node_count, sizeof *w->outputs);
    dlcore_cut_input(cutter, network, w, 0);
    cut_zeros(cutter, network, w);
    cut_outputs(cutter, network, layout->use, w);
    if (layout->more != NULL)
        layout->more(cutter, network, layout, w);
    cut_scratch(cutter, network, layout->use, w);
}

dlcore_status dlcore_workspace_make(const dlcore_network_t *network,
                                    const dlcore_workspace_layout_t *layout, size_t capacity,
                                    size_t workers, dlcore_workspace_t *workspace,
                                    dlcore_error_record_t *error)
{
    dlcore_cutter_t cutter = {0};

    *workspace = (dlcore_workspace_t){.allocator = network->allocator,
                                      .capacity = capacity,
                                      .workers = workers,
                                      .forms = layout->forms};
    lay_out(&cutter, network, layout, workspace);
    if (!cutter.overflow)
        workspace->memory = (workers > 1 ? dlcore_allocate_untouched
                                         : dlcore_allocate)(&network->allocator, cutter.used, 1);
    if (workspace->memory == NULL) {
        *workspace = (dlcore_workspace_t){0};
        if (cutter.overflow)
            return dlcore_fail(error, DLCORE_ERROR_OVERFLOW,
                               "batch: %zu rows through this model are too large", capacity);
        return dlcore_fail_memory(error, "batch buffers", cutter.used);
    }
    cutter = (dlcore_cutter_t){.memory = workspace->memory};
    lay_out(&cutter, network, layout, workspace);
    dlcore_workspace_set_batch(network, workspace, capacity, 0);
    return DLCORE_OK;
}

dlcore_status dlcore_workspace_create_to_predict(const dlcore_network_t *network,
                                                 unsigned batch_forms, size_t capacity,
                                                 size_t workers, dlcore_workspace_t *workspace,
                                                 dlcore_error_record_t *error)
{
    dlcore_workspace_layout_t layout = {.use = DLCORE_WORKSPACE_PREDICT, .forms = batch_forms};

    return dlcore_workspace_make(network, &layout, capacity, workers, workspace, error);
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
