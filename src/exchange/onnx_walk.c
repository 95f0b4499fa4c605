/* The walk from a graph's output to its input.
 *
 * SPDX-License-Identifier: MIT */
#include "exchange/onnx_walk.h"

#include <inttypes.h>
#include <string.h>

#include "base/shown.h"

#define ONNX_OPSET_MAX 28 /* the newest that was looked at, of ONNX's own domain */

static const dlcore_onnx_operator_t *const onnx_operators[] = {
    dlcore_onnx_operators_dense,   dlcore_onnx_operators_activation,
    dlcore_onnx_operators_affine,  dlcore_onnx_operators_normalization,
    dlcore_onnx_operators_rows,    dlcore_onnx_operators_shape,
    dlcore_onnx_operators_sklearn,
};

static const dlcore_onnx_operator_t *onnx_find_operator(const dlcore_onnx_graph_t *graph,
                                                        const dlcore_onnx_node_t *node)
{
    const char *name = dlcore_onnx_text(graph, node->operation);
    const char *domain = dlcore_onnx_text(graph, node->domain);

    if (strcmp(domain, "ai.onnx") == 0)
        domain = "";
    for (size_t i = 0; i < sizeof onnx_operators / sizeof onnx_operators[0]; i++) {
        for (const dlcore_onnx_operator_t *row = onnx_operators[i]; row->name != NULL; row++) {
            if (strcmp(row->name, name) == 0 && strcmp(row->domain, domain) == 0)
                return row;
        }
    }
    return NULL;
}

/* Those that onnx_match_*.c and onnx_constant.c look for beside others, and no table has. */
static const char *const onnx_parts[] = {
    "Abs",
    "Concat",
    "ConstantOfShape",
    "CumSum",
    "Erf",
    "Expand",
    "Greater",
    "GreaterOrEqual",
    "Less",
    "LessOrEqual",
    "Log",
    "Not",
    "Or",
    "Pow",
    "Reciprocal",
    "ReduceL2",
    "ReduceMax",
    "ReduceMean",
    "ReduceSum",
    "Shape",
    "Sign",
    "Split",
    "Sqrt",
    "TopK",
    "Transpose",
    "Unsqueeze",
    "Where",
};

dlcore_onnx_knowledge_t dlcore_onnx_knows(const dlcore_onnx_graph_t *graph,
                                          const dlcore_onnx_node_t *node)
{
    if (onnx_find_operator(graph, node) != NULL || dlcore_onnx_is(graph, node, "Constant"))
        return DLCORE_ONNX_KNOWN;
    for (size_t i = 0; i < sizeof onnx_parts / sizeof onnx_parts[0]; i++) {
        if (dlcore_onnx_is(graph, node, onnx_parts[i]))
            return DLCORE_ONNX_KNOWN_AS_PART;
    }
    return DLCORE_ONNX_UNKNOWN;
}

/* That nothing of the node goes unseen: its version, its attributes, which output is meant. */
static dlcore_status onnx_check_node(const dlcore_onnx_match_t *match,
                                     const dlcore_onnx_node_t *node,
                                     const dlcore_onnx_operator_t *operation)
{
    const dlcore_onnx_graph_t *graph = match->graph;
    const dlcore_onnx_attribute_t *attributes = graph->attributes.items;
    const char *domain = dlcore_onnx_text(graph, node->domain);
    char shown[DLCORE_SHOWN_SIZE];

    if (operation == NULL && dlcore_onnx_knows(graph, node) != DLCORE_ONNX_UNKNOWN)
        return dlcore_onnx_refuse(match, node,
                                  "is supported only among the operators that make up a layer");
    if (operation == NULL)
        return dlcore_onnx_refuse(match, node, "an operator%s%s that is not supported",
                                  domain[0] != '\0' ? " of domain " : "",
                                  dlcore_show(shown, domain, strlen(domain)));
    if (dlcore_onnx_opset_of(graph, domain) < operation->since)
        return dlcore_onnx_refuse(
            match, node, "opset %" PRId64 " is older than %" PRId64 ", since which it is supported",
            dlcore_onnx_opset_of(graph, domain), operation->since);
    for (size_t i = 0; i < node->attribute_count; i++) {
        const char *name = dlcore_onnx_text(graph, attributes[node->attributes + i].name);
        bool known = false;

        for (size_t k = 0; operation->attributes[k] != NULL && !known; k++)
            known = strcmp(operation->attributes[k], name) == 0;
        if (!known)
            return dlcore_onnx_refuse(match, node, "attribute \"%s\" is not supported",
                                      dlcore_show(shown, name, strlen(name)));
    }
    if (dlcore_onnx_node_output(graph, node, 0) != match->value)
        return dlcore_onnx_refuse(match, node, "an output other than its first is used");
    return DLCORE_OK;
}

static dlcore_status onnx_explain(dlcore_onnx_match_t *match, const dlcore_onnx_node_t *node)
{
    const dlcore_onnx_operator_t *operation = onnx_find_operator(match->graph, node);
    bool found = false;
    dlcore_status status = dlcore_onnx_match_moments(match, node, &found);

    if (status == DLCORE_OK && !found)
        status = dlcore_onnx_match_rows(match, node, &found);
    if (status == DLCORE_OK && !found)
        status = dlcore_onnx_match_choice(match, node, &found);
    if (status == DLCORE_OK && !found)
        status = dlcore_onnx_match_glu(match, node, &found);
    if (status == DLCORE_OK && !found)
        status = dlcore_onnx_match_product(match, node, &found);
    if (status == DLCORE_OK && !found)
        status = dlcore_onnx_match_chain(match, node, &found);
    if (status == DLCORE_OK && !found)
        status = dlcore_onnx_match_sparsemax(match, node, &found);
    if (status != DLCORE_OK || found)
        return status;
    status = onnx_check_node(match, node, operation);
    return status == DLCORE_OK ? operation->match(match, node) : status;
}

static dlcore_status onnx_check_opset(const dlcore_onnx_graph_t *graph)
{
    int64_t opset = dlcore_onnx_opset_of(graph, "");

    if (opset > ONNX_OPSET_MAX)
        return dlcore_fail(graph->error, DLCORE_ERROR_UNSUPPORTED,
                           "%s: opset %" PRId64 " is newer than %d, the newest that is known here",
                           graph->input->name, opset, ONNX_OPSET_MAX);
    return DLCORE_OK;
}

static void onnx_turn_steps(dlcore_onnx_match_t *match)
{
    for (size_t i = 0, k = match->steps.count; i + 1 < k; i++) {
        dlcore_onnx_step_t step = *dlcore_onnx_step(match, i);

        k--;
        *dlcore_onnx_step(match, i) = *dlcore_onnx_step(match, k);
        *dlcore_onnx_step(match, k) = step;
    }
}

dlcore_status dlcore_onnx_walk(dlcore_onnx_match_t *match, size_t value, size_t *input)
{
    const dlcore_onnx_graph_t *graph = match->graph;
    dlcore_status status = onnx_check_opset(graph);
    char shown[DLCORE_SHOWN_SIZE];

    match->value = value;
    for (size_t walked = 0; status == DLCORE_OK; walked++) {
        const dlcore_onnx_value_t *at = dlcore_onnx_value(graph, match->value);
        const char *name = dlcore_onnx_text(graph, at->name);

        if (at->input != DLCORE_ONNX_NONE && at->tensor == DLCORE_ONNX_NONE)
            break;
        if (at->node == DLCORE_ONNX_NONE)
            status = dlcore_fail(graph->error, DLCORE_ERROR_UNSUPPORTED,
                                 "%s: value \"%s\" is %s, and no network makes it",
                                 graph->input->name, dlcore_show(shown, name, strlen(name)),
                                 at->tensor != DLCORE_ONNX_NONE ? "a constant" : "not defined");
        else if (walked > graph->nodes.count)
            status = dlcore_fail(graph->error, DLCORE_ERROR_FORMAT,
                                 "%s: the graph goes in a circle at value \"%s\"",
                                 graph->input->name, dlcore_show(shown, name, strlen(name)));
        else
            status = onnx_explain(match, dlcore_onnx_node(graph, at->node));
        if (status == DLCORE_OK && match->value == DLCORE_ONNX_NONE)
            status = dlcore_onnx_refuse(match, dlcore_onnx_node(graph, at->node), "lacks an input");
    }
    if (status != DLCORE_OK)
        return status;
    *input = dlcore_onnx_value(graph, match->value)->input;
    onnx_turn_steps(match);
    return DLCORE_OK;
}
