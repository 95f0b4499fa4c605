/* Loading an ONNX model: the plan's layers become a model, whose weights are read one after the
 * other.
 *
 * SPDX-License-Identifier: MIT */
#include "exchange/onnx_notes.h"
#include "exchange/onnx_plan.h"

#include "base/traces.h"
#include "engine/network_exchange.h"
#include "model/model.h"

/* The model's own message, with the file's name. */
static dlcore_status onnx_models_error(dlcore_onnx_plan_t *plan, const dlcore_model_t *model,
                                       dlcore_status status)
{
    if (status == DLCORE_OK)
        return status;
    return dlcore_fail(&plan->error, status, "%s: %s", plan->input.name, dlcore_model_error(model));
}

/* ---- weights ---- */

static void onnx_import(dlcore_model_t *model, const dlcore_parameter_t *parameter,
                        const float *values)
{
    dlcore_network_import_rows(&model->network, parameter, 0, parameter->shape[0], values,
                               model->network.values);
}

static dlcore_status onnx_fill_kernel(dlcore_onnx_plan_t *plan, dlcore_model_t *model,
                                      const dlcore_onnx_step_t *step,
                                      const dlcore_parameter_t *parameter)
{
    dlcore_onnx_vector_t kernel;
    dlcore_status status = dlcore_onnx_constant_read(&plan->graph, &step->kernel, &kernel);

    if (status != DLCORE_OK)
        return status;
    for (size_t i = 0; i < kernel.count && step->alpha != 1.0; i++)
        kernel.data[i] *= (float)step->alpha;
    onnx_import(model, parameter, kernel.data);
    dlcore_onnx_vector_clear(&plan->graph, &kernel);
    return DLCORE_OK;
}

/* A vector, which is let go: one number stands for all units. */
static dlcore_status onnx_fill_vector(dlcore_onnx_plan_t *plan, dlcore_model_t *model,
                                      dlcore_onnx_vector_t *vector,
                                      const dlcore_parameter_t *parameter)
{
    size_t width = parameter->shape[0];
    float *values = vector->data;

    if (vector->count == 1 && width > 1) {
        values = dlcore_allocate_raw(&plan->graph.allocator, width, sizeof *values);
        if (values == NULL)
            return dlcore_fail_memory(&plan->error, plan->input.name, width * sizeof *values);
        for (size_t i = 0; i < width; i++)
            values[i] = vector->data[0];
    }
    onnx_import(model, parameter, values);
    if (values != vector->data)
        dlcore_release(&plan->graph.allocator, values);
    dlcore_onnx_vector_clear(&plan->graph, vector);
    return DLCORE_OK;
}

static dlcore_status onnx_fill_layer(dlcore_onnx_plan_t *plan, dlcore_model_t *model, size_t layer)
{
    dlcore_onnx_step_t *step = dlcore_onnx_step(&plan->match, layer);
    const dlcore_node_t *node = &model->network.nodes[layer];
    size_t first = step->kind == DLCORE_ONNX_STEP_DENSE ? 1 : 0;
    dlcore_status status = DLCORE_OK;

    if (first == 1)
        status = onnx_fill_kernel(plan, model, step, &node->parameters[0]);
    for (size_t i = first; i < node->parameter_count && status == DLCORE_OK; i++)
        status = onnx_fill_vector(plan, model, &step->vectors[i - first], &node->parameters[i]);
    return status;
}

/* ---- the model ---- */

static dlcore_status onnx_make_model(dlcore_onnx_plan_t *plan, dlcore_model_t *model)
{
    size_t count = plan->match.steps.count;
    dlcore_status status = DLCORE_OK;

    for (size_t i = 0; i < count && status == DLCORE_OK; i++) {
        dlcore_layer_t *layer = &dlcore_onnx_step(&plan->match, i)->layer;

        if (i == 0)
            layer->input_width = plan->input_width;
        status = onnx_models_error(plan, model, dlcore_model_add(model, *layer));
    }
    if (status == DLCORE_OK)
        status = onnx_models_error(
            plan, model,
            dlcore_network_build_unset(&model->network, plan->input_width, &model->error));
    for (size_t i = 0; i < count && status == DLCORE_OK; i++)
        status = onnx_fill_layer(plan, model, i);
    return status;
}

static dlcore_status onnx_load_source(const dlcore_onnx_source_t *source,
                                      const dlcore_onnx_load_options_t *options,
                                      dlcore_model_t **model)
{
    dlcore_model_t *made = NULL;
    dlcore_onnx_plan_t plan;
    dlcore_status status = dlcore_onnx_plan_begin(&plan, source, options);

    if (model != NULL)
        *model = NULL;
    if (status == DLCORE_OK && model == NULL)
        status = dlcore_fail(&plan.error, DLCORE_ERROR_ARGUMENT, "onnx_load: model is NULL");
    plan.options.model.error = &plan.error;
    if (status == DLCORE_OK)
        status = dlcore_model_create(&plan.options.model, &made);
    if (status == DLCORE_OK)
        status = dlcore_onnx_notes_read(&plan.graph, made);
    if (status == DLCORE_OK)
        status = onnx_make_model(&plan, made);
    dlcore_onnx_plan_end(&plan, status);
    if (status != DLCORE_OK)
        dlcore_model_free(made);
    else
        *model = made;
    return status;
}

dlcore_status dlcore_onnx_load(const char *path, const dlcore_onnx_load_options_t *options,
                               dlcore_model_t **model)
{
    dlcore_traces_t before = dlcore_traces_note();

    return dlcore_traces_end(
        before, onnx_load_source(&(dlcore_onnx_source_t){.path = path}, options, model));
}

dlcore_status dlcore_onnx_load_memory(const void *bytes, size_t size,
                                      const dlcore_onnx_load_options_t *options,
                                      dlcore_model_t **model)
{
    dlcore_traces_t before = dlcore_traces_note();

    return dlcore_traces_end(
        before,
        onnx_load_source(&(dlcore_onnx_source_t){.bytes = bytes, .size = size}, options, model));
}
