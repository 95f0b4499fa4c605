/* What skl2onnx puts around a network: a scaler before it, tables of probabilities behind it.
 *
 * SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <string.h>

#include "base/allocator.h"
#include "exchange/onnx_match.h"

/* An attribute of one number for each unit, or one for all. */
static dlcore_status onnx_read_floats(const dlcore_onnx_match_t *match,
                                      const dlcore_onnx_node_t *node, const char *name,
                                      dlcore_onnx_vector_t *vector)
{
    const dlcore_onnx_graph_t *graph = match->graph;
    const dlcore_onnx_attribute_t *attribute = dlcore_onnx_find_attribute(graph, node, name);

    if (attribute == NULL || attribute->count == 0)
        return DLCORE_OK;
    if (attribute->type != DLCORE_ONNX_ATTRIBUTE_FLOATS)
        return dlcore_onnx_refuse(match, node, "%s is no list of numbers", name);
    vector->data = dlcore_allocate_raw(&graph->allocator, attribute->count, sizeof *vector->data);
    if (vector->data == NULL)
        return dlcore_fail_memory(graph->error, graph->input->name,
                                  attribute->count * sizeof *vector->data);
    vector->count = attribute->count;
    memcpy(vector->data, (const float *)graph->floats.items + attribute->first,
           vector->count * sizeof *vector->data);
    return DLCORE_OK;
}

/* y = (x - offset) * scale */
static dlcore_status onnx_match_scaler(dlcore_onnx_match_t *match, const dlcore_onnx_node_t *node)
{
    dlcore_onnx_step_t *step = dlcore_onnx_add_step(match, node, DLCORE_ONNX_STEP_AFFINE);
    dlcore_status status;

    if (step == NULL)
        return match->graph->error->status;
    step->needs_rows = true;
    match->value = dlcore_onnx_node_input(match->graph, node, 0);
    status = onnx_read_floats(match, node, "offset", &step->vectors[DLCORE_ONNX_SHIFT]);
    if (status == DLCORE_OK)
        status = onnx_read_floats(match, node, "scale", &step->vectors[DLCORE_ONNX_SCALE]);
    return status;
}

/* A table of the probabilities by class: the numbers are those that go in. */
static dlcore_status onnx_match_table(dlcore_onnx_match_t *match, const dlcore_onnx_node_t *node)
{
    match->value = dlcore_onnx_node_input(match->graph, node, 0);
    return DLCORE_OK;
}

/* Concat(1 - p, p) of one sigmoid unit p: the unit alone, as binary networks here have it. */
static dlcore_status onnx_match_pair(dlcore_onnx_match_t *match, const dlcore_onnx_node_t *node)
{
    const dlcore_onnx_graph_t *graph = match->graph;
    size_t p = dlcore_onnx_node_input(graph, node, 1);
    const dlcore_onnx_node_t *rest =
        dlcore_onnx_maker(graph, dlcore_onnx_node_input(graph, node, 0));
    int64_t axis = dlcore_onnx_int(match, node, "axis", 1);
    double one = 0.0;
    dlcore_onnx_step_t *step;

    if (node->input_count != 2 || (axis != 1 && axis != -1) ||
        !dlcore_onnx_is(graph, rest, "Sub") || p == DLCORE_ONNX_NONE ||
        dlcore_onnx_node_input(graph, rest, 1) != p ||
        !dlcore_onnx_scalar(graph, dlcore_onnx_node_input(graph, rest, 0), &one) || one != 1.0 ||
        !dlcore_onnx_is(graph, dlcore_onnx_maker(graph, p), "Sigmoid"))
        return dlcore_onnx_refuse(match, node,
                                  "joins values other than 1 - p and p of a sigmoid unit");
    step = dlcore_onnx_add_step(match, node, DLCORE_ONNX_STEP_SHAPE); /* one unit, not several */
    if (step == NULL)
        return graph->error->status;
    step->rank = 2;
    step->dims[0] = -1;
    step->dims[1] = 1;
    match->value = p;
    return DLCORE_OK;
}

const dlcore_onnx_operator_t dlcore_onnx_operators_sklearn[] = {
    {"Scaler", "ai.onnx.ml", 1, {"offset", "scale"}, onnx_match_scaler},
    {"ZipMap", "ai.onnx.ml", 1, {"classlabels_int64s", "classlabels_strings"}, onnx_match_table},
    {"Concat", "", 4, {"axis"}, onnx_match_pair},
    {0},
};
