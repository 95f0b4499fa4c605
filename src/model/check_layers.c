/* What is odd about the layers and the optimizer, and units that begin dead.
 *
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/allocator.h"
#include "base/error.h"
#include "base/size.h"
#include "engine/columns.h"
#include "engine/step_predict.h"
#include "model/check.h"

#define DEAD_ROWS_MAX ((size_t)256)
#define DEAD_ROWS_LEAST ((size_t)32) /* fewer samples may miss a unit by chance */
#define DEAD_WORK_MAX 134217728.0    /* multiply-adds: some milliseconds */

/* ---- layers ---- */

static bool all_are(const float *values, size_t count, float wanted)
{
    for (size_t i = 0; i < count; i++)
        if (values[i] != wanted)
            return false;
    return true;
}

static void check_adapted(const dlcore_check_t *check, size_t i)
{
    const dlcore_network_t *network = &check->model->network;
    const dlcore_node_t *node = &network->nodes[i];

    if (node->layer.kind != DLCORE_LAYER_NORMALIZATION || network->values == NULL ||
        !all_are(network->values + node->parameters[0].offset, node->input_width, 0.0f) ||
        !all_are(network->values + node->parameters[1].offset, node->input_width, 1.0f))
        return;
    dlcore_check_add(check, DLCORE_FINDING_NOT_ADAPTED, i, DLCORE_FINDING_NOWHERE,
                     "%s has mean 0 and variance 1 everywhere, so it does nothing: model_adapt "
                     "gives it those of the data",
                     node->layer.name);
}

/* Numbers that come out of a layer; 0: not known. */
static size_t width_after(const dlcore_layer_t *layer, size_t width)
{
    switch (layer->kind) {
    case DLCORE_LAYER_DENSE:
        return layer->units;
    case DLCORE_LAYER_EMBEDDING: /* of columns that nobody has checked yet */
        return 0;
    case DLCORE_LAYER_GLU:
        return width / 2;
    default:
        return width;
    }
}

/* Numbers that come into a layer, also before the model is built; 0: not known yet. */
static size_t width_into(const dlcore_network_t *network, size_t i)
{
    const dlcore_node_t *nodes = network->nodes;
    size_t width = nodes[0].layer.input_width;

    if (nodes[i].input_width != 0)
        return nodes[i].input_width;
    for (size_t k = 1; k <= i; k++)
        width = nodes[k].layer.input_width != 0 ? nodes[k].layer.input_width
                                                : width_after(&nodes[k - 1].layer, width);
    return width;
}

/* A linear dense layer before another is one with it, unless it is a bottleneck, or may be one. */
static void check_linear(const dlcore_check_t *check, size_t i)
{
    const dlcore_network_t *network = &check->model->network;
    const dlcore_layer_t *layer = &network->nodes[i].layer, *next;
    size_t k = i + 1, width = width_into(network, i);

    if (layer->kind != DLCORE_LAYER_DENSE || layer->activation != DLCORE_ACTIVATION_LINEAR)
        return;
    while (k < network->node_count && (network->nodes[k].layer.kind == DLCORE_LAYER_DROPOUT ||
                                       network->nodes[k].layer.kind == DLCORE_LAYER_FLATTEN ||
                                       network->nodes[k].layer.kind == DLCORE_LAYER_RESCALING ||
                                       network->nodes[k].layer.kind == DLCORE_LAYER_GAUSSIAN_NOISE))
        k++;
    if (k == network->node_count)
        return;
    next = &network->nodes[k].layer;
    if (next->kind != DLCORE_LAYER_DENSE ||
        (layer->units < next->units && (width == 0 || layer->units < width)))
        return;
    dlcore_check_add(check, DLCORE_FINDING_HIDDEN_LINEAR, i, DLCORE_FINDING_NOWHERE,
                     "%s has no activation before %s: together they can do no more than one of "
                     "them",
                     layer->name, next->name);
}

static bool has_trainable(const dlcore_network_t *network)
{
    for (size_t i = 0; i < network->node_count; i++)
        for (size_t p = 0; p < network->nodes[i].parameter_count; p++)
            if (network->nodes[i].layer.trainable && !network->nodes[i].parameters[p].is_statistic)
                return true;
    return false;
}

/* ---- the learning rate ---- */

static double usual_rate(dlcore_optimizer_kind_t kind)
{
    switch (kind) {
    case DLCORE_OPTIMIZER_SGD:
    case DLCORE_OPTIMIZER_ADAGRAD:
        return 1.0;
    case DLCORE_OPTIMIZER_ADADELTA:
        return 10.0;
    default:
        return 0.1;
    }
}

static void check_rate(const dlcore_check_t *check)
{
    const dlcore_optimizer_t *optimizer = &check->model->settings.optimizer;
    double high = usual_rate(optimizer->kind), low = 1e-6;

    if (!check->model->compiled || optimizer->schedule.kind != DLCORE_SCHEDULE_NONE ||
        (optimizer->learning_rate >= low && optimizer->learning_rate <= high))
        return;
    dlcore_check_add(check, DLCORE_FINDING_LEARNING_RATE, DLCORE_FINDING_NOWHERE,
                     DLCORE_FINDING_NOWHERE, "a learning rate of %g; usual for %s is %g .. %g",
                     optimizer->learning_rate, dlcore_optimizer_name(optimizer->kind), low, high);
}

void dlcore_check_layers(const dlcore_check_t *check)
{
    const dlcore_network_t *network = &check->model->network;

    for (size_t i = 0; i < network->node_count; i++) {
        check_adapted(check, i);
        check_linear(check, i);
    }
    if (network->values != NULL && !has_trainable(network))
        dlcore_check_add(check, DLCORE_FINDING_NOTHING_TRAINS, DLCORE_FINDING_NOWHERE,
                         DLCORE_FINDING_NOWHERE,
                         "no layer trains: all are frozen, or none has weights");
    check_rate(check);
}

/* ---- dead units ---- */

static bool can_die(const dlcore_node_t *node)
{
    return node->type->has_activation && (node->layer.activation == DLCORE_ACTIVATION_RELU ||
                                          node->layer.activation == DLCORE_ACTIVATION_RELU6);
}

/* Columns of y that are 0 in every row. */
static size_t count_dead(const dlcore_matrix_t *y)
{
    size_t dead = 0;

    for (size_t c = 0; c < y->columns; c++) {
        size_t row = 0;

        while (row < y->rows && dlcore_matrix_at(y, row, c / y->panel)[c % y->panel] == 0.0f)
            row++;
        dead += row == y->rows;
    }
    return dead;
}

/* Runs the layers up to the last of `network` for those samples. */
static dlcore_status count_dead_of(const dlcore_check_t *check, const dlcore_network_t *network,
                                   const dlcore_source_t *source, size_t *dead,
                                   dlcore_error_record_t *error)
{
    dlcore_place_t alone = {.workers = 1};
    dlcore_workspace_t workspace;
    dlcore_scope_t scope;
    dlcore_status status = dlcore_workspace_create_to_predict(
        network, dlcore_gather_form(network, source->x), source->rows, 1, &workspace, error);

    if (status != DLCORE_OK)
        return status;
    scope = dlcore_scope_enter(check->model);
    dlcore_gather_begin(network, source, &workspace, 0);
    dlcore_columns_scan(network, source, &workspace, 0, 0, 0, source->rows);
    dlcore_columns_choose(network, &workspace, 0, 1);
    dlcore_workspace_set_batch(network, &workspace, source->rows, 0);
    dlcore_gather_samples(network, source, &workspace.input[0], 0, source->rows);
    dlcore_step_predict(network, &workspace, &alone);
    *dead = count_dead(&workspace.outputs[network->node_count - 1]);
    dlcore_scope_leave(scope);
    dlcore_workspace_clear(&workspace);
    return DLCORE_OK;
}

/* Samples that can be run through all layers that have such units; 0: too few of them. */
static size_t dead_rows(const dlcore_check_t *check)
{
    const dlcore_network_t *network = &check->model->network;
    size_t count = check->samples, rows = dlcore_size_min(count, DEAD_ROWS_MAX), layers = 0;
    double most;

    for (size_t i = 0; i < network->node_count; i++)
        layers += can_die(&network->nodes[i]);
    if (layers == 0)
        return 0;
    most = DEAD_WORK_MAX / ((double)network->value_floats * (double)layers);
    if (most < (double)rows)
        rows = (size_t)most;
    return rows < dlcore_size_min(count, DEAD_ROWS_LEAST) ? 0 : rows;
}

static dlcore_status find_dead(const dlcore_check_t *check, const dlcore_source_t *source,
                               dlcore_error_record_t *error)
{
    dlcore_network_t network = check->model->network;
    dlcore_status status = DLCORE_OK;

    for (size_t i = 0; i < check->model->network.node_count && status == DLCORE_OK; i++) {
        const dlcore_node_t *node = &network.nodes[i];
        size_t dead = 0;

        if (!can_die(node))
            continue;
        network.node_count = i + 1; /* without the layers above */
        status = count_dead_of(check, &network, source, &dead, error);
        if (2 * dead >= node->output_width && dead > 0)
            dlcore_check_add(check, DLCORE_FINDING_UNITS_DEAD, i, DLCORE_FINDING_NOWHERE,
                             "%zu of %zu units of %s are 0 for all of %zu samples%s: they learn "
                             "nothing; are the inputs scaled?",
                             dead, node->output_width, node->layer.name, source->rows,
                             dlcore_check_looked_at(check, source->rows));
    }
    return status;
}

dlcore_status dlcore_check_dead_units(const dlcore_check_t *check, dlcore_error_record_t *error)
{
    const dlcore_model_t *model = check->model;
    size_t rows = model->network.values != NULL ? dead_rows(check) : 0;
    size_t *order;
    dlcore_source_t source = {.x = check->x, .rows = rows};
    dlcore_status status;

    if (rows == 0)
        return DLCORE_OK;
    order = dlcore_allocate_raw(&model->allocator, rows, sizeof *order);
    if (order == NULL)
        return dlcore_fail_memory(error, "check", rows * sizeof *order);
    for (size_t i = 0; i < rows; i++)
        order[i] = dlcore_check_row(check, i, rows);
    source.order = order;
    status = find_dead(check, &source, error);
    dlcore_release(&model->allocator, order);
    return status;
}
