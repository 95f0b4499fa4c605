/* Adding, subtracting, multiplying and dividing by constants: one for all units, or one for each.
 * What becomes of such a step, a bias, a rescaling or a normalization, onnx_steps.c says.
 *
 * SPDX-License-Identifier: MIT */
#include "exchange/onnx_match.h"

/* Which input is the constant: 0 or 1; 2: none, or both. */
static size_t onnx_constant_side(const dlcore_onnx_match_t *match, const dlcore_onnx_node_t *node)
{
    dlcore_onnx_constant_t constant;
    bool first = dlcore_onnx_constant(match->graph, dlcore_onnx_node_input(match->graph, node, 0),
                                      &constant);
    bool second = dlcore_onnx_constant(match->graph, dlcore_onnx_node_input(match->graph, node, 1),
                                       &constant);

    return first == second ? 2 : second ? 1 : 0;
}

static dlcore_status onnx_fill_affine(dlcore_onnx_match_t *match, const dlcore_onnx_node_t *node,
                                      size_t side, size_t part)
{
    dlcore_onnx_step_t *step = dlcore_onnx_add_step(match, node, DLCORE_ONNX_STEP_AFFINE);
    dlcore_status status;

    if (step == NULL)
        return match->graph->error->status;
    status = dlcore_onnx_read_vector(match, node, dlcore_onnx_node_input(match->graph, node, side),
                                     "operand", &step->vectors[part]);
    step->needs_rows = step->vectors[part].count > 1;
    match->value = dlcore_onnx_node_input(match->graph, node, 1 - side);
    return status;
}

static dlcore_status onnx_match_affine(dlcore_onnx_match_t *match, const dlcore_onnx_node_t *node)
{
    const dlcore_onnx_graph_t *graph = match->graph;
    bool is_add = dlcore_onnx_is(graph, node, "Add"),
         is_subtract = dlcore_onnx_is(graph, node, "Sub");
    bool is_multiply = dlcore_onnx_is(graph, node, "Mul");
    size_t side = onnx_constant_side(match, node);
    dlcore_onnx_constant_t constant;

    if (side == 2)
        return dlcore_onnx_refuse(match, node,
                                  "its operands are no value and a constant: the "
                                  "network is no chain of layers");
    if (side == 0 && !is_add && !is_multiply)
        return dlcore_onnx_refuse(match, node, "a constant is %s a value",
                                  is_subtract ? "lessened by" : "divided by");
    if (dlcore_onnx_is(graph, node, "Div") &&
        dlcore_onnx_constant(graph, dlcore_onnx_node_input(graph, node, side), &constant) &&
        !constant.of_floats)
        return dlcore_onnx_refuse(match, node, "it divides whole numbers, which drops the rest");
    return onnx_fill_affine(match, node, side,
                            is_add        ? DLCORE_ONNX_OFFSET
                            : is_subtract ? DLCORE_ONNX_SHIFT
                            : is_multiply ? DLCORE_ONNX_SCALE
                                          : DLCORE_ONNX_DIVISOR);
}

/* -x */
static dlcore_status onnx_match_negative(dlcore_onnx_match_t *match, const dlcore_onnx_node_t *node)
{
    dlcore_layer_t layer = dlcore_layer_rescaling(-1.0, 0.0);

    return dlcore_onnx_add_layer(match, node, &layer,
                                 dlcore_onnx_node_input(match->graph, node, 0));
}

const dlcore_onnx_operator_t dlcore_onnx_operators_affine[] = {
    {"Add", "", 7, {NULL}, onnx_match_affine},   {"Sub", "", 7, {NULL}, onnx_match_affine},
    {"Mul", "", 7, {NULL}, onnx_match_affine},   {"Div", "", 7, {NULL}, onnx_match_affine},
    {"Neg", "", 6, {NULL}, onnx_match_negative}, {0},
};
