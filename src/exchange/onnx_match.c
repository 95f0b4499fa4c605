/* What explaining nodes needs: steps, attributes, vectors, refusals.
 *
 * SPDX-License-Identifier: MIT */
#include "exchange/onnx_match.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/allocator.h"
#include "base/shown.h"

dlcore_status dlcore_onnx_refuse(const dlcore_onnx_match_t *match, const dlcore_onnx_node_t *node,
                                 const char *format, ...)
{
    char where[DLCORE_ONNX_WHERE_SIZE], problem[160];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(problem, sizeof problem, format, arguments);
    va_end(arguments);
    return dlcore_fail(match->graph->error, DLCORE_ERROR_UNSUPPORTED, "%s: %s: %s",
                       match->graph->input->name, dlcore_onnx_where(where, match->graph, node),
                       problem);
}

dlcore_onnx_step_t *dlcore_onnx_add_step(dlcore_onnx_match_t *match, const dlcore_onnx_node_t *node,
                                         dlcore_onnx_step_kind_t kind)
{
    dlcore_onnx_step_t *step = dlcore_onnx_append(match->graph, &match->steps, sizeof *step,
                                                  DLCORE_ONNX_STEPS_MAX, "steps");

    if (step != NULL)
        *step = (dlcore_onnx_step_t){.kind = kind, .node = node, .alpha = 1.0};
    return step;
}

dlcore_status dlcore_onnx_add_layer(dlcore_onnx_match_t *match, const dlcore_onnx_node_t *node,
                                    const dlcore_layer_t *layer, size_t value)
{
    dlcore_onnx_step_t *step = dlcore_onnx_add_step(match, node, DLCORE_ONNX_STEP_LAYER);

    if (step == NULL)
        return match->graph->error->status;
    step->layer = *layer;
    match->value = value;
    return DLCORE_OK;
}

dlcore_status dlcore_onnx_add_activation(dlcore_onnx_match_t *match, const dlcore_onnx_node_t *node,
                                         dlcore_activation_t activation, size_t value)
{
    dlcore_layer_t layer = dlcore_layer_activation(activation);

    return dlcore_onnx_add_layer(match, node, &layer, value);
}

double dlcore_onnx_float(const dlcore_onnx_match_t *match, const dlcore_onnx_node_t *node,
                         const char *name, double otherwise)
{
    const dlcore_onnx_attribute_t *attribute = dlcore_onnx_find_attribute(match->graph, node, name);

    return attribute != NULL ? (double)attribute->f : otherwise;
}

int64_t dlcore_onnx_int(const dlcore_onnx_match_t *match, const dlcore_onnx_node_t *node,
                        const char *name, int64_t otherwise)
{
    const dlcore_onnx_attribute_t *attribute = dlcore_onnx_find_attribute(match->graph, node, name);

    return attribute != NULL ? attribute->i : otherwise;
}

dlcore_status dlcore_onnx_read_vector(const dlcore_onnx_match_t *match,
                                      const dlcore_onnx_node_t *node, size_t value,
                                      const char *what, dlcore_onnx_vector_t *vector)
{
    const dlcore_onnx_graph_t *graph = match->graph;
    dlcore_onnx_constant_t constant;
    dlcore_status status;

    if (!dlcore_onnx_constant(graph, value, &constant))
        return dlcore_onnx_refuse(match, node, "its %s is not a constant", what);
    status = dlcore_onnx_constant_check(graph, &constant);
    if (status != DLCORE_OK)
        return status;
    for (size_t i = 0; i + 1 < constant.rank; i++) {
        if (constant.dims[i] != 1)
            return dlcore_onnx_refuse(match, node, "its %s has a shape other than (n) or (1, n)",
                                      what);
    }
    if (constant.rank > 2 || constant.count == 0)
        return dlcore_onnx_refuse(match, node, "its %s has %zu axes and %zu numbers", what,
                                  constant.rank, constant.count);
    return dlcore_onnx_constant_read(graph, &constant, vector);
}

void dlcore_onnx_match_clear(dlcore_onnx_match_t *match)
{
    for (size_t i = 0; i < match->steps.count; i++) {
        for (size_t k = 0; k < DLCORE_LAYER_PARAMETERS_MAX; k++)
            dlcore_onnx_vector_clear(match->graph, &dlcore_onnx_step(match, i)->vectors[k]);
    }
    dlcore_release(&match->graph->allocator, match->steps.items);
    match->steps = (dlcore_onnx_list_t){0};
}
