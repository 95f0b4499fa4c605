/* Casts between floats, and Identity, which some exporters put between any two nodes (Keras with
 * PyTorch behind it: three of them in a row). Whoever takes what one makes takes what it was made
 * of, so that several nodes that make up a layer are neighbours. Those of constants stay, since
 * there they say what is computed in whole numbers.
 *
 * SPDX-License-Identifier: MIT */
#include "exchange/onnx_graph.h"

#include <string.h>

/* Whether one of the node's outputs is true or false. */
static bool onnx_compares(const dlcore_onnx_graph_t *graph, const dlcore_onnx_node_t *node)
{
    static const char *const names[] = {"Greater", "GreaterOrEqual", "Less", "LessOrEqual", "Not",
                                        "Or"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (dlcore_onnx_is(graph, node, names[i]))
            return true;
    }
    return false;
}

/* Whether a value may be a constant, or what a constant has become. */
static bool onnx_may_be_constant(const dlcore_onnx_graph_t *graph, size_t value)
{
    static const char *const names[] = {"Cast",    "Constant",  "ConstantOfShape", "Expand",
                                        "Flatten", "Identity",  "Reshape",         "Squeeze",
                                        "Shape",   "Transpose", "Unsqueeze"};
    const dlcore_onnx_node_t *node = dlcore_onnx_maker(graph, value);

    if (dlcore_onnx_value(graph, value)->tensor != DLCORE_ONNX_NONE)
        return true;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (dlcore_onnx_is(graph, node, names[i]))
            return true;
    }
    return false;
}

/* Whether the node hands on what it takes. */
static bool onnx_hands_on(const dlcore_onnx_graph_t *graph, const dlcore_onnx_node_t *node)
{
    size_t value = dlcore_onnx_node_input(graph, node, 0);
    const dlcore_onnx_attribute_t *to;

    if (value == DLCORE_ONNX_NONE || node->input_count != 1 || onnx_may_be_constant(graph, value))
        return false;
    if (dlcore_onnx_is(graph, node, "Identity"))
        return node->attribute_count == 0;
    to = dlcore_onnx_find_attribute(graph, node, "to");
    if (!dlcore_onnx_is(graph, node, "Cast") || to == NULL || node->attribute_count != 1)
        return false;
    if (to->i == DLCORE_ONNX_BOOL)
        return onnx_compares(graph, dlcore_onnx_maker(graph, value));
    return to->i == DLCORE_ONNX_FLOAT || to->i == DLCORE_ONNX_DOUBLE;
}

/* Nodes come after those whose values they take, so that one pass is enough. */
void dlcore_onnx_skip_casts(dlcore_onnx_graph_t *graph)
{
    size_t *edges = graph->edges.items;

    for (size_t i = 0; i < graph->edges.count; i++) {
        const dlcore_onnx_node_t *node = dlcore_onnx_maker(graph, edges[i]);

        if (node != NULL && onnx_hands_on(graph, node))
            edges[i] = dlcore_onnx_node_input(graph, node, 0);
    }
}
