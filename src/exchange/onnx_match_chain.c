/* Activations that exporters write as several nodes and not as a product (onnx_match_product.c):
 *
 *   softsign  x / (1 + |x|)           softplus  where(x > 20, x, softplus(x))
 *   prelu     relu(x) + c relu(-x)
 *
 * SPDX-License-Identifier: MIT */
#include "exchange/onnx_match.h"

/* x / (1 + |x|) */
static bool onnx_is_softsign(const dlcore_onnx_graph_t *graph, const dlcore_onnx_node_t *node)
{
    size_t x = dlcore_onnx_node_input(graph, node, 0);
    const dlcore_onnx_node_t *add =
        dlcore_onnx_maker(graph, dlcore_onnx_node_input(graph, node, 1));

    for (size_t i = 0; i < 2 && dlcore_onnx_is(graph, add, "Add"); i++) {
        double one = 0.0;

        if (x != DLCORE_ONNX_NONE &&
            dlcore_onnx_input_of(graph, dlcore_onnx_node_input(graph, add, i), "Abs") == x &&
            dlcore_onnx_scalar(graph, dlcore_onnx_node_input(graph, add, 1 - i), &one) &&
            one == 1.0)
            return true;
    }
    return false;
}

/* where(x > threshold, x, softplus(x)), with a threshold beyond which both are one float */
static bool onnx_is_softplus(const dlcore_onnx_graph_t *graph, const dlcore_onnx_node_t *node)
{
    size_t x = dlcore_onnx_node_input(graph, node, 1);
    const dlcore_onnx_node_t *greater =
        dlcore_onnx_maker(graph, dlcore_onnx_node_input(graph, node, 0));
    double threshold = 0.0;

    return x != DLCORE_ONNX_NONE && dlcore_onnx_is(graph, greater, "Greater") &&
           dlcore_onnx_node_input(graph, greater, 0) == x &&
           dlcore_onnx_scalar(graph, dlcore_onnx_node_input(graph, greater, 1), &threshold) &&
           threshold >= 20.0 &&
           dlcore_onnx_input_of(graph, dlcore_onnx_node_input(graph, node, 2), "Softplus") == x;
}

/* relu(x) + c relu(-x), with c at *slope: x, or NONE */
static size_t onnx_prelu_of(const dlcore_onnx_graph_t *graph, const dlcore_onnx_node_t *add,
                            size_t *slope)
{
    for (size_t i = 0; i < 2; i++) {
        size_t x = dlcore_onnx_input_of(graph, dlcore_onnx_node_input(graph, add, i), "Relu");
        const dlcore_onnx_node_t *below =
            dlcore_onnx_maker(graph, dlcore_onnx_node_input(graph, add, 1 - i));

        for (size_t k = 0; k < 2 && x != DLCORE_ONNX_NONE && dlcore_onnx_is(graph, below, "Mul");
             k++) {
            size_t negative =
                dlcore_onnx_input_of(graph, dlcore_onnx_node_input(graph, below, k), "Relu");

            *slope = dlcore_onnx_node_input(graph, below, 1 - k);
            if (negative != DLCORE_ONNX_NONE && dlcore_onnx_input_of(graph, negative, "Neg") == x)
                return x;
        }
    }
    return DLCORE_ONNX_NONE;
}

static dlcore_status onnx_add_prelu(dlcore_onnx_match_t *match, const dlcore_onnx_node_t *node,
                                    size_t x, size_t slope)
{
    dlcore_layer_t layer = dlcore_layer_prelu();
    dlcore_status status = dlcore_onnx_add_layer(match, node, &layer, x);
    dlcore_onnx_step_t *step;

    if (status != DLCORE_OK)
        return status;
    step = dlcore_onnx_step(match, match->steps.count - 1);
    step->needs_rows = true;
    status = dlcore_onnx_read_vector(match, node, slope, "slope", &step->vectors[0]);
    for (size_t i = 0; i < step->vectors[0].count; i++)
        step->vectors[0].data[i] = -step->vectors[0].data[i];
    return status;
}

dlcore_status dlcore_onnx_match_chain(dlcore_onnx_match_t *match, const dlcore_onnx_node_t *node,
                                      bool *found)
{
    const dlcore_onnx_graph_t *graph = match->graph;
    size_t x = DLCORE_ONNX_NONE, slope;
    dlcore_activation_t activation = DLCORE_ACTIVATION_SOFTPLUS;

    if (dlcore_onnx_is(graph, node, "Add"))
        x = onnx_prelu_of(graph, node, &slope);
    *found = x != DLCORE_ONNX_NONE;
    if (*found)
        return onnx_add_prelu(match, node, x, slope);
    if (dlcore_onnx_is(graph, node, "Where") && onnx_is_softplus(graph, node)) {
        x = dlcore_onnx_node_input(graph, node, 1);
    } else if (dlcore_onnx_is(graph, node, "Div") && onnx_is_softsign(graph, node)) {
        x = dlcore_onnx_node_input(graph, node, 0);
        activation = DLCORE_ACTIVATION_SOFTSIGN;
    }
    *found = x != DLCORE_ONNX_NONE;
    return *found ? dlcore_onnx_add_activation(match, node, activation, x) : DLCORE_OK;
}
