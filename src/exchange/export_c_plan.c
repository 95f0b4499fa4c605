/* From layers to the steps of an exported network.
 *
 * SPDX-License-Identifier: MIT */
#include "exchange/export_c_plan.h"

#include <float.h>
#include <math.h>

#include "base/allocator.h"
#include "base/error.h"
#include "base/size.h"
#include "engine/network_exchange.h"
#include "nn/layer_normalized.h"

/* Numbers that the steps of a node point to: its parameters, and what an affine step has. */
static bool count_numbers(const dlcore_network_t *network, size_t *numbers, size_t *largest)
{
    *numbers = *largest = 1;
    for (size_t i = 0; i < network->node_count; i++) {
        const dlcore_node_t *node = &network->nodes[i];
        size_t vectors;

        for (size_t p = 0; p < node->parameter_count; p++) {
            size_t size = dlcore_parameter_size(&node->parameters[p]);

            *largest = dlcore_size_max(*largest, size);
            if (!dlcore_size_add(*numbers, size, numbers))
                return false;
        }
        if (!dlcore_size_multiply(node->output_width, 3, &vectors) ||
            !dlcore_size_add(*numbers, vectors, numbers))
            return false;
    }
    return true;
}

static double *take_numbers(dlcore_export_plan_t *plan, size_t count)
{
    double *numbers = plan->numbers + plan->used;

    plan->used += count;
    return numbers;
}

/* Parameter `index` of a node, as Keras has it. */
static double *take_parameter(dlcore_export_plan_t *plan, const dlcore_node_t *node, size_t index)
{
    const dlcore_parameter_t *parameter = &node->parameters[index];
    size_t count = dlcore_parameter_size(parameter);
    double *numbers = take_numbers(plan, count);

    dlcore_network_export(plan->network, parameter, plan->network->values, plan->row_major);
    for (size_t i = 0; i < count; i++)
        numbers[i] = (double)plan->row_major[i];
    return numbers;
}

static dlcore_export_step_t *add_step(dlcore_export_plan_t *plan, const dlcore_node_t *node,
                                      dlcore_export_kind_t kind)
{
    dlcore_export_step_t *step = &plan->steps[plan->count++];

    *step = (dlcore_export_step_t){
        .kind = kind, .node = node, .inputs = node->output_width, .outputs = node->output_width};
    return step;
}

static void add_activation(dlcore_export_plan_t *plan, const dlcore_node_t *node)
{
    dlcore_activate_t activation = dlcore_layer_activate(&node->layer);

    if (activation.kind != DLCORE_ACTIVATION_LINEAR)
        add_step(plan, node, DLCORE_EXPORT_ACTIVATION)->activation = activation;
}

static void add_dense(dlcore_export_plan_t *plan, const dlcore_node_t *node)
{
    dlcore_export_step_t *step = add_step(plan, node, DLCORE_EXPORT_DENSE);

    step->inputs = node->input_width;
    step->kernel = take_parameter(plan, node, 0);
    step->offset = node->layer.use_bias ? take_parameter(plan, node, 1)
                                        : take_numbers(plan, node->output_width);
    add_activation(plan, node);
}

static void add_rescaling(dlcore_export_plan_t *plan, const dlcore_node_t *node)
{
    dlcore_export_step_t *step = add_step(plan, node, DLCORE_EXPORT_AFFINE);

    step->scale = take_numbers(plan, step->outputs);
    step->offset = take_numbers(plan, step->outputs);
    for (size_t i = 0; i < step->outputs; i++) {
        step->scale[i] = (double)(float)node->layer.scale;
        step->offset[i] = (double)(float)node->layer.offset;
    }
}

static void add_normalization(dlcore_export_plan_t *plan, const dlcore_node_t *node)
{
    dlcore_export_step_t *step = add_step(plan, node, DLCORE_EXPORT_AFFINE);
    double *mean = take_parameter(plan, node, 0);
    const double least = 1e-7; /* keras.backend.epsilon() */

    step->mean = node->layer.invert ? NULL : mean;
    step->offset = node->layer.invert ? mean : NULL;
    step->scale = take_parameter(plan, node, 1);
    for (size_t i = 0; i < step->outputs; i++) {
        double deviation = sqrt(step->scale[i]);

        if (deviation < least) /* NaN stays */
            deviation = least;
        step->scale[i] = node->layer.invert ? deviation : 1.0 / deviation;
    }
}

/* gamma and beta, where the layer has them; answers the index of the parameter behind them. */
static size_t take_normalized(dlcore_export_plan_t *plan, dlcore_export_step_t *step)
{
    const dlcore_layer_t *layer = &step->node->layer;
    size_t next = 0;

    if (dlcore_layer_has_gamma(layer))
        step->scale = take_parameter(plan, step->node, next++);
    if (dlcore_layer_has_beta(layer))
        step->offset = take_parameter(plan, step->node, next++);
    step->epsilon = (double)(float)layer->epsilon;
    return next;
}

static void add_batch_normalization(dlcore_export_plan_t *plan, const dlcore_node_t *node)
{
    dlcore_export_step_t *step = add_step(plan, node, DLCORE_EXPORT_AFFINE);
    size_t next = take_normalized(plan, step);
    const double *variance;

    step->mean = take_parameter(plan, node, next);
    variance = take_parameter(plan, node, next + 1);
    if (step->scale == NULL) {
        step->scale = take_numbers(plan, step->outputs);
        for (size_t i = 0; i < step->outputs; i++)
            step->scale[i] = 1.0;
    }
    for (size_t i = 0; i < step->outputs; i++)
        step->scale[i] /= sqrt(variance[i] + step->epsilon);
}

static void add_row_norm(dlcore_export_plan_t *plan, const dlcore_node_t *node)
{
    dlcore_export_step_t *step = add_step(plan, node, DLCORE_EXPORT_ROW_NORM);

    if (node->layer.kind == DLCORE_LAYER_LAYER_NORMALIZATION) {
        step->norm = node->layer.rms_scaling ? DLCORE_EXPORT_NORM_SCALED : DLCORE_EXPORT_NORM_LAYER;
        (void)take_normalized(plan, step);
    } else if (node->layer.kind == DLCORE_LAYER_RMS_NORMALIZATION) {
        step->norm = DLCORE_EXPORT_NORM_RMS;
        step->scale = take_parameter(plan, node, 0);
        step->epsilon = (double)(float)node->layer.epsilon;
    } else {
        step->norm = DLCORE_EXPORT_NORM_UNIT;
    }
}

static dlcore_status add_node(dlcore_export_plan_t *plan, const dlcore_node_t *node,
                              dlcore_error_record_t *error)
{
    switch (node->layer.kind) {
    case DLCORE_LAYER_DENSE:
        add_dense(plan, node);
        return DLCORE_OK;
    case DLCORE_LAYER_ACTIVATION:
        add_activation(plan, node);
        return DLCORE_OK;
    case DLCORE_LAYER_RESCALING:
        add_rescaling(plan, node);
        return DLCORE_OK;
    case DLCORE_LAYER_NORMALIZATION:
        add_normalization(plan, node);
        return DLCORE_OK;
    case DLCORE_LAYER_BATCH_NORMALIZATION:
        add_batch_normalization(plan, node);
        return DLCORE_OK;
    case DLCORE_LAYER_ACTIVITY_REGULARIZATION:
        return DLCORE_OK; /* y = x */
    case DLCORE_LAYER_LAYER_NORMALIZATION:
    case DLCORE_LAYER_RMS_NORMALIZATION:
    case DLCORE_LAYER_UNIT_NORMALIZATION:
        add_row_norm(plan, node);
        return DLCORE_OK;
    case DLCORE_LAYER_GLU:
        add_step(plan, node, DLCORE_EXPORT_GLU)->inputs = node->input_width;
        return DLCORE_OK;
    case DLCORE_LAYER_GROUPED_SOFTMAX:
        add_step(plan, node, DLCORE_EXPORT_GROUPS)->group = node->layer.axis_width;
        return DLCORE_OK;
    case DLCORE_LAYER_PRELU:
        add_step(plan, node, DLCORE_EXPORT_PRELU)->scale = take_parameter(plan, node, 0);
        return DLCORE_OK;
    default:
        return dlcore_fail(error, DLCORE_ERROR_UNSUPPORTED,
                           "export: %s has no C form: it is a layer of class %s", node->layer.name,
                           node->type->class_name);
    }
}

/* ---- whether it can be written ---- */

/* Answers the index of the first number that is no float, or count. */
static size_t first_not_float(const double *numbers, size_t count)
{
    for (size_t i = 0; i < count && numbers != NULL; i++) {
        if (!(fabs(numbers[i]) <= (double)FLT_MAX))
            return i;
    }
    return count;
}

static dlcore_status check_numbers(const dlcore_export_step_t *step, dlcore_error_record_t *error)
{
    size_t width = step->outputs, kernel = step->kernel != NULL ? step->inputs * width : 0;
    bool fine = first_not_float(step->kernel, kernel) == kernel &&
                first_not_float(step->mean, width) == width &&
                first_not_float(step->scale, width) == width &&
                first_not_float(step->offset, width) == width;

    if (!fine)
        return dlcore_fail(error, DLCORE_ERROR_RANGE,
                           "export: a weight of %s is infinite or NaN, or becomes so together with "
                           "the normalization beside it",
                           step->node->layer.name);
    return DLCORE_OK;
}

/* ---- all of it ---- */

static dlcore_status allocate_plan(dlcore_export_plan_t *plan, dlcore_error_record_t *error)
{
    size_t numbers, largest;

    if (!count_numbers(plan->network, &numbers, &largest))
        return dlcore_fail(error, DLCORE_ERROR_OVERFLOW, "export: the network is too large");
    /* a dense layer and its activation are two steps */
    plan->steps =
        dlcore_allocate(&plan->allocator, 2 * plan->network->node_count + 1, sizeof *plan->steps);
    plan->numbers = dlcore_allocate(&plan->allocator, numbers, sizeof *plan->numbers);
    plan->row_major = dlcore_allocate(&plan->allocator, largest, sizeof *plan->row_major);
    if (plan->steps == NULL || plan->numbers == NULL || plan->row_major == NULL)
        return dlcore_fail_memory(error, "export", numbers * sizeof *plan->numbers);
    return DLCORE_OK;
}

dlcore_status dlcore_export_plan_make(dlcore_export_plan_t *plan, const dlcore_network_t *network,
                                      bool keeps_first, const dlcore_allocator_t *allocator,
                                      dlcore_error_record_t *error)
{
    dlcore_status status;

    *plan = (dlcore_export_plan_t){.allocator = *allocator,
                                   .network = network,
                                   .inputs = dlcore_network_input_width(network),
                                   .outputs = dlcore_network_output_width(network)};
    status = allocate_plan(plan, error);
    for (size_t i = 0; i < network->node_count && status == DLCORE_OK; i++) {
        if (dlcore_layer_runs(network->nodes[i].type, false))
            status = add_node(plan, &network->nodes[i], error);
    }
    if (status == DLCORE_OK)
        dlcore_export_fold(plan, keeps_first);
    for (size_t i = 0; i < plan->count && status == DLCORE_OK; i++)
        status = check_numbers(&plan->steps[i], error);
    return status;
}

dlcore_export_route_t dlcore_export_route(const dlcore_export_plan_t *plan)
{
    dlcore_export_route_t route = {0};
    size_t buffer = 0;

    for (size_t i = 0; i < plan->count; i++)
        route.last_move = dlcore_export_moves(plan, i) ? i : route.last_move;
    for (size_t i = 0; i < route.last_move; i++) {
        if (!dlcore_export_moves(plan, i))
            continue;
        route.numbers[buffer] = dlcore_size_max(route.numbers[buffer], plan->steps[i].outputs);
        buffer = 1 - buffer;
    }
    return route;
}

void dlcore_export_plan_end(dlcore_export_plan_t *plan)
{
    dlcore_release(&plan->allocator, plan->row_major);
    dlcore_release(&plan->allocator, plan->numbers);
    dlcore_release(&plan->allocator, plan->steps);
}
