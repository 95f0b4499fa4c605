/* The gated linear unit: a sigmoid(b) of the two halves a and b that a Split makes.
 *
 * SPDX-License-Identifier: MIT */
#include "exchange/onnx_match.h"

/* Whether a Split, which has an axis, makes halves. Their sizes, where they are said, are an
 * attribute before opset 13, then an input. *width is both together, 0: not said. */
static bool onnx_are_halves(const dlcore_onnx_graph_t *graph, const dlcore_onnx_node_t *split,
                            size_t *width)
{
    const dlcore_onnx_attribute_t *list = dlcore_onnx_find_attribute(graph, split, "split");
    const dlcore_onnx_attribute_t *parts = dlcore_onnx_find_attribute(graph, split, "num_outputs");
    size_t value = dlcore_onnx_node_input(graph, split, 1), count = 2;
    int64_t sizes[DLCORE_ONNX_RANK_MAX] = {0};

    *width = 0;
    if (split->output_count != 2 || (parts != NULL && parts->i != 2) ||
        split->attribute_count != 1 + (size_t)(list != NULL) + (size_t)(parts != NULL))
        return false;
    if (list == NULL && value == DLCORE_ONNX_NONE)
        return true;
    if (value != DLCORE_ONNX_NONE) {
        if (!dlcore_onnx_int_list(graph, value, sizes, &count))
            return false;
    } else {
        count = list->count;
        for (size_t i = 0; i < 2 && i < count; i++)
            sizes[i] = ((const int64_t *)graph->ints.items)[list->first + i];
    }
    *width = 2 * (size_t)sizes[0];
    return count == 2 && sizes[0] == sizes[1] && sizes[0] > 0 && sizes[0] < INT32_MAX;
}

/* Whether these are the first and the second half of one value, which is *x then. */
static bool onnx_is_split(const dlcore_onnx_graph_t *graph, size_t first, size_t second, size_t *x,
                          size_t *width)
{
    const dlcore_onnx_node_t *split = dlcore_onnx_maker(graph, first);
    const dlcore_onnx_attribute_t *axis;

    if (second == DLCORE_ONNX_NONE || !dlcore_onnx_is(graph, split, "Split") ||
        dlcore_onnx_node_output(graph, split, 0) != first ||
        dlcore_onnx_node_output(graph, split, 1) != second)
        return false;
    axis = dlcore_onnx_find_attribute(graph, split, "axis");
    *x = dlcore_onnx_node_input(graph, split, 0);
    return *x != DLCORE_ONNX_NONE && axis != NULL && (axis->i == -1 || axis->i == 1) &&
           onnx_are_halves(graph, split, width);
}

dlcore_status dlcore_onnx_match_glu(dlcore_onnx_match_t *match, const dlcore_onnx_node_t *node,
                                    bool *found)
{
    const dlcore_onnx_graph_t *graph = match->graph;
    dlcore_layer_t layer = dlcore_layer_glu();
    dlcore_onnx_step_t *step;
    dlcore_status status;
    size_t x = DLCORE_ONNX_NONE, width = 0;

    *found = false;
    for (size_t i = 0; i < 2 && !*found && dlcore_onnx_is(graph, node, "Mul"); i++)
        *found = onnx_is_split(
            graph, dlcore_onnx_node_input(graph, node, i),
            dlcore_onnx_input_of(graph, dlcore_onnx_node_input(graph, node, 1 - i), "Sigmoid"), &x,
            &width);
    if (!*found)
        return DLCORE_OK;
    status = dlcore_onnx_add_layer(match, node, &layer, x);
    if (status != DLCORE_OK)
        return status;
    step = dlcore_onnx_step(match, match->steps.count - 1);
    step->needs_rows = true;
    step->width = width;
    return DLCORE_OK;
}
