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

/* Whether a value is a constant list of that one number. */
static bool onnx_is_index(const dlcore_onnx_graph_t *graph, size_t value, int64_t wanted)
{
    int64_t dims[DLCORE_ONNX_RANK_MAX] = {0};
    size_t count = 0;

    return dlcore_onnx_int_list(graph, value, dims, &count) && count == 1 && dims[0] == wanted;
}

/* Whether an attribute is that number, which it also is by being left out. */
static bool onnx_is_usual(const dlcore_onnx_graph_t *graph, const dlcore_onnx_node_t *node,
                          const char *name, int64_t usual)
{
    const dlcore_onnx_attribute_t *attribute = dlcore_onnx_find_attribute(graph, node, name);

    return attribute == NULL || attribute->i == usual;
}

/* The shape whose first number a value is; NONE: it is something else. */
static size_t onnx_first_of(const dlcore_onnx_graph_t *graph, size_t value)
{
    size_t within = dlcore_onnx_input_of(graph, value, "Unsqueeze");
    const dlcore_onnx_node_t *node;

    value = within != DLCORE_ONNX_NONE ? within : value;
    node = dlcore_onnx_maker(graph, value);
    if (dlcore_onnx_is(graph, node, "Gather") && onnx_is_usual(graph, node, "axis", 0) &&
        onnx_is_index(graph, dlcore_onnx_node_input(graph, node, 1), 0))
        return dlcore_onnx_node_input(graph, node, 0);
    if (dlcore_onnx_is(graph, node, "Slice") && node->input_count == 4 &&
        onnx_is_index(graph, dlcore_onnx_node_input(graph, node, 1), 0) &&
        onnx_is_index(graph, dlcore_onnx_node_input(graph, node, 2), 1) &&
        onnx_is_index(graph, dlcore_onnx_node_input(graph, node, 3), 0))
        return dlcore_onnx_node_input(graph, node, 0);
    return DLCORE_ONNX_NONE;
}

/* Samples stay apart from the graph's input on, so that all values have the same first axis. */
bool dlcore_onnx_is_batch(const dlcore_onnx_graph_t *graph, size_t value)
{
    size_t whole = onnx_first_of(graph, value);
    const dlcore_onnx_node_t *shape =
        dlcore_onnx_maker(graph, whole != DLCORE_ONNX_NONE ? whole : value);
    const dlcore_onnx_attribute_t *end;
    dlcore_onnx_constant_t constant;

    if (!dlcore_onnx_is(graph, shape, "Shape") || !onnx_is_usual(graph, shape, "start", 0) ||
        dlcore_onnx_node_input(graph, shape, 0) == DLCORE_ONNX_NONE ||
        dlcore_onnx_constant(graph, dlcore_onnx_node_input(graph, shape, 0), &constant))
        return false;
    end = dlcore_onnx_find_attribute(graph, shape, "end");
    return whole != DLCORE_ONNX_NONE ? end == NULL : end != NULL && end->i == 1;
}

/* A shape that is a constant, or made of the number of samples and constants: that number is 0
 * then, which keeps it. */
static bool onnx_shape_list(const dlcore_onnx_graph_t *graph, size_t value,
                            int64_t dims[DLCORE_ONNX_RANK_MAX], size_t *rank)
{
    const dlcore_onnx_node_t *concat = dlcore_onnx_maker(graph, value);
    int64_t part[DLCORE_ONNX_RANK_MAX];

    if (!dlcore_onnx_is(graph, concat, "Concat") ||
        !dlcore_onnx_is_batch(graph, dlcore_onnx_node_input(graph, concat, 0)))
        return dlcore_onnx_int_list(graph, value, dims, rank);
    dims[0] = 0;
    *rank = 1;
    for (size_t i = 1; i < concat->input_count; i++) {
        size_t count = 0;

        if (!dlcore_onnx_int_list(graph, dlcore_onnx_node_input(graph, concat, i), part, &count) ||
            count > DLCORE_ONNX_RANK_MAX - *rank)
            return false;
        for (size_t k = 0; k < count; k++)
            dims[(*rank)++] = part[k];
    }
    return true;
}

static dlcore_status onnx_match_reshape(dlcore_onnx_match_t *match, const dlcore_onnx_node_t *node)
{
    bool zero_means_zero = dlcore_onnx_int(match, node, "allowzero", 0) != 0;
    dlcore_onnx_step_t *step = NULL;
    dlcore_status status = onnx_add_shape(match, node, &step);
    if (status != DLCORE_OK)
        return status;
    if (!onnx_shape_list(match->graph, dlcore_onnx_node_input(match->graph, node, 1), step->dims,
                         &step->rank) ||
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
