/* Nodes that leave numbers as they are: shapes, types, names, dropout.
 *
 * SPDX-License-Identifier: MIT */
#include <inttypes.h>

#include "exchange/onnx_match.h"

static dlcore_status onnx_match_identity(dlcore_onnx_match_t *match, const dlcore_onnx_node_t *node)
{
    match->value = dlcore_onnx_node_input(match->graph, node, 0);
    return DLCORE_OK;
}

/* To float or double: dlcore computes in float32 whatever the graph does. */
static dlcore_status onnx_match_cast(dlcore_onnx_match_t *match, const dlcore_onnx_node_t *node)
{
    int64_t to = dlcore_onnx_int(match, node, "to", 0);

    if (to != DLCORE_ONNX_FLOAT && to != DLCORE_ONNX_DOUBLE)
        return dlcore_onnx_refuse(match, node, "a cast to type %" PRId64 " loses digits", to);
    return onnx_match_identity(match, node);
}

/* In inference it does nothing. Its rate is kept, for training here. */
static dlcore_status onnx_match_dropout(dlcore_onnx_match_t *match, const dlcore_onnx_node_t *node)
{
    const dlcore_onnx_graph_t *graph = match->graph;
    size_t mode = dlcore_onnx_node_input(graph, node, 2);
    double rate = dlcore_onnx_float(match, node, "ratio", 0.5), training = 1.0;
    dlcore_layer_t layer;

    if (mode != DLCORE_ONNX_NONE &&
        (!dlcore_onnx_scalar(graph, mode, &training) || training != 0.0))
        return dlcore_onnx_refuse(match, node, "training_mode is not false");
    if (dlcore_onnx_node_input(graph, node, 1) != DLCORE_ONNX_NONE)
        (void)dlcore_onnx_scalar(graph, dlcore_onnx_node_input(graph, node, 1), &rate);
    if (!(rate >= 0.0 && rate <= 1.0))
        return dlcore_onnx_refuse(match, node, "ratio is %g", rate);
    layer = dlcore_layer_dropout(rate);
    return dlcore_onnx_add_layer(match, node, &layer, dlcore_onnx_node_input(graph, node, 0));
}

/* A shape step, flattening until it is said otherwise. */
static dlcore_status onnx_add_shape(dlcore_onnx_match_t *match, const dlcore_onnx_node_t *node,
                                    dlcore_onnx_step_t **added)
{
    *added = dlcore_onnx_add_step(match, node, DLCORE_ONNX_STEP_SHAPE);
    match->value = dlcore_onnx_node_input(match->graph, node, 0);
    return *added != NULL ? DLCORE_OK : match->graph->error->status;
}

static dlcore_status onnx_match_flatten(dlcore_onnx_match_t *match, const dlcore_onnx_node_t *node)
{
    int64_t axis = dlcore_onnx_int(match, node, "axis", 1);
    dlcore_onnx_step_t *step = NULL;

    if (axis != 1)
        return dlcore_onnx_refuse(match, node, "axis is %" PRId64 ", only 1 is supported", axis);
    return onnx_add_shape(match, node, &step);
}

static dlcore_status onnx_match_reshape(dlcore_onnx_match_t *match, const dlcore_onnx_node_t *node)
{
    bool zero_means_zero = dlcore_onnx_int(match, node, "allowzero", 0) != 0;
    dlcore_onnx_step_t *step = NULL;
    dlcore_status status = onnx_add_shape(match, node, &step);
    if (status != DLCORE_OK)
        return status;
    if (!dlcore_onnx_int_list(match->graph, dlcore_onnx_node_input(match->graph, node, 1),
                              step->dims, &step->rank) ||
        step->rank == 0)
        return dlcore_onnx_refuse(match, node, "its shape is not a constant");
    for (size_t i = 0; i < step->rank && zero_means_zero; i++) {
        if (step->dims[i] == 0)
            return dlcore_onnx_refuse(match, node, "allowzero is 1, and axis %zu is 0", i);
    }
    return DLCORE_OK;
}

/* The axis after the batch is taken away, which must be of one number: (batch, 1) to (batch). */
static dlcore_status onnx_match_squeeze(dlcore_onnx_match_t *match, const dlcore_onnx_node_t *node)
{
    const dlcore_onnx_graph_t *graph = match->graph;
    const dlcore_onnx_attribute_t *attribute = dlcore_onnx_find_attribute(graph, node, "axes");
    int64_t axes[DLCORE_ONNX_RANK_MAX] = {0};
    size_t count = 0;
    dlcore_onnx_step_t *step = NULL;

    if (attribute != NULL && attribute->count > 0) {
        count = attribute->count;
        axes[0] = ((const int64_t *)graph->ints.items)[attribute->first];
    } else {
        (void)dlcore_onnx_int_list(graph, dlcore_onnx_node_input(graph, node, 1), axes, &count);
    }
    if (count != 1 || (axes[0] != 1 && axes[0] != -1))
        return dlcore_onnx_refuse(match, node, "its axes are not 1");
    if (onnx_add_shape(match, node, &step) != DLCORE_OK)
        return graph->error->status;
    step->rank = 1;
    step->dims[0] = -1;
    return DLCORE_OK;
}

const dlcore_onnx_operator_t dlcore_onnx_operators_shape[] = {
    {"Identity", "", 1, {NULL}, onnx_match_identity},
    {"Cast", "", 6, {"to", "saturate", "round_mode"}, onnx_match_cast},
    {"Dropout", "", 7, {"ratio", "seed"}, onnx_match_dropout},
    {"Flatten", "", 1, {"axis"}, onnx_match_flatten},
    {"Reshape", "", 5, {"allowzero"}, onnx_match_reshape},
    {"Squeeze", "", 1, {"axes"}, onnx_match_squeeze},
    {0},
};
