/* Constants of a graph.
 *
 * SPDX-License-Identifier: MIT */
#include "exchange/onnx_constant.h"

#include <string.h>

#include "exchange/onnx_arithmetic.h"
#include "exchange/onnx_tensor.h"

#define ONNX_CHAIN_MAX 16 /* nodes between a constant and its use */
#define ONNX_DEPTH_MAX 8  /* arithmetic on what arithmetic made */

/* ---- Constant nodes ---- */

/* The tensor that an attribute of a Constant node stands for; false: it stands for none. */
static bool onnx_attribute_tensor(dlcore_onnx_graph_t *graph,
                                  const dlcore_onnx_attribute_t *attribute,
                                  dlcore_onnx_tensor_t *tensor)
{
    const char *name = dlcore_onnx_text(graph, attribute->name);
    bool is_list = strcmp(name, "value_floats") == 0 || strcmp(name, "value_ints") == 0;

    *tensor = (dlcore_onnx_tensor_t){.name = DLCORE_ONNX_NONE,
                                     .location = DLCORE_ONNX_NONE,
                                     .storage = DLCORE_ONNX_LISTED,
                                     .type = DLCORE_ONNX_FLOAT,
                                     .rank = is_list ? 1 : 0,
                                     .offset = attribute->first,
                                     .count = 1,
                                     .size = 1};
    if (strcmp(name, "value_ints") == 0 || strcmp(name, "value_int") == 0)
        tensor->type = DLCORE_ONNX_INT64;
    else if (strcmp(name, "value_floats") != 0 && strcmp(name, "value_float") != 0)
        return false;
    if (is_list) {
        tensor->count = tensor->size = attribute->count;
        tensor->dims[0] = (int64_t)attribute->count;
    }
    return true;
}

/* A number that stands alone joins the list of its kind. */
static dlcore_status onnx_list_number(dlcore_onnx_graph_t *graph,
                                      const dlcore_onnx_attribute_t *attribute,
                                      dlcore_onnx_tensor_t *tensor)
{
    if (tensor->type == DLCORE_ONNX_FLOAT) {
        float *place = dlcore_onnx_append(graph, &graph->floats, sizeof *place,
                                          DLCORE_ONNX_NUMBERS_MAX, "numbers in attributes");
        if (place == NULL)
            return graph->error->status;
        *place = attribute->f;
        tensor->offset = graph->floats.count - 1;
    } else {
        int64_t *place = dlcore_onnx_append(graph, &graph->ints, sizeof *place,
                                            DLCORE_ONNX_NUMBERS_MAX, "numbers in attributes");
        if (place == NULL)
            return graph->error->status;
        *place = attribute->i;
        tensor->offset = graph->ints.count - 1;
    }
    return DLCORE_OK;
}

static dlcore_status onnx_settle_constant(dlcore_onnx_graph_t *graph,
                                          const dlcore_onnx_node_t *node)
{
    size_t output = dlcore_onnx_node_output(graph, node, 0);
    const dlcore_onnx_attribute_t *attribute =
        (const dlcore_onnx_attribute_t *)graph->attributes.items + node->attributes;
    dlcore_onnx_tensor_t tensor, *kept;
    dlcore_status status = DLCORE_OK;

    if (node->attribute_count != 1 || output == DLCORE_ONNX_NONE)
        return DLCORE_OK; /* whoever needs it finds that it is no constant */
    if (attribute->tensor != DLCORE_ONNX_NONE) {
        dlcore_onnx_value(graph, output)->tensor = attribute->tensor;
        return DLCORE_OK;
    }
    if (!onnx_attribute_tensor(graph, attribute, &tensor))
        return DLCORE_OK;
    if (tensor.rank == 0)
        status = onnx_list_number(graph, attribute, &tensor);
    if (status != DLCORE_OK)
        return status;
    kept =
        dlcore_onnx_append(graph, &graph->tensors, sizeof *kept, DLCORE_ONNX_THINGS_MAX, "tensors");
    if (kept == NULL)
        return graph->error->status;
    *kept = tensor;
    dlcore_onnx_value(graph, output)->tensor = graph->tensors.count - 1;
    return DLCORE_OK;
}

dlcore_status dlcore_onnx_settle_constants(dlcore_onnx_graph_t *graph)
{
    dlcore_status status = DLCORE_OK;

    for (size_t i = 0; i < graph->nodes.count && status == DLCORE_OK; i++) {
        if (dlcore_onnx_is(graph, dlcore_onnx_node(graph, i), "Constant"))
            status = onnx_settle_constant(graph, dlcore_onnx_node(graph, i));
    }
    return status;
}

bool dlcore_onnx_int_list(const dlcore_onnx_graph_t *graph, size_t value,
                          int64_t dims[DLCORE_ONNX_RANK_MAX], size_t *rank)
{
    dlcore_error_record_t ignored = {0};
    dlcore_onnx_graph_t quiet = dlcore_onnx_quiet(graph, &ignored);
    const dlcore_onnx_tensor_t *tensor;

    if (value == DLCORE_ONNX_NONE || dlcore_onnx_value(graph, value)->tensor == DLCORE_ONNX_NONE)
        return false;
    tensor = dlcore_onnx_tensor(graph, dlcore_onnx_value(graph, value)->tensor);
    *rank = tensor->count;
    return dlcore_onnx_quiet_end(
        &quiet, dlcore_onnx_tensor_ints(&quiet, tensor, dims, DLCORE_ONNX_RANK_MAX));
}

/* ---- through other nodes ---- */

static bool onnx_is_float(int64_t type)
{
    return type == DLCORE_ONNX_FLOAT || type == DLCORE_ONNX_DOUBLE;
}

/* A cast that changes no number that float32 can have. */
static bool onnx_cast_constant(const dlcore_onnx_graph_t *graph, const dlcore_onnx_node_t *node,
                               dlcore_onnx_constant_t *constant)
{
    const dlcore_onnx_attribute_t *to = dlcore_onnx_find_attribute(graph, node, "to");

    constant->of_floats = true;
    return to != NULL && onnx_is_float(to->i);
}

/* Rows become columns; of a vector nothing changes. */
static bool onnx_transpose_constant(const dlcore_onnx_graph_t *graph,
                                    const dlcore_onnx_node_t *node,
                                    dlcore_onnx_constant_t *constant)
{
    const dlcore_onnx_attribute_t *perm = dlcore_onnx_find_attribute(graph, node, "perm");
    const int64_t *order = graph->ints.items;
    int64_t rows = constant->dims[0];

    if (constant->rank < 2)
        return true;
    if (constant->rank != 2)
        return false;
    if (perm != NULL && perm->count != 2)
        return false;
    if (perm != NULL && order[perm->first] == 0 && order[perm->first + 1] == 1)
        return true;
    if (perm != NULL && (order[perm->first] != 1 || order[perm->first + 1] != 0))
        return false;
    constant->transposed = !constant->transposed;
    constant->dims[0] = constant->dims[1];
    constant->dims[1] = rows;
    return true;
}

/* Another shape for the same numbers in the same order: with axes of 1 left out or put in. */
static bool onnx_reshape_constant(const dlcore_onnx_graph_t *graph, const dlcore_onnx_node_t *node,
                                  dlcore_onnx_constant_t *constant)
{
    int64_t dims[DLCORE_ONNX_RANK_MAX];
    size_t rank, count = 1, open = DLCORE_ONNX_NONE;

    if (constant->transposed ||
        !dlcore_onnx_int_list(graph, dlcore_onnx_node_input(graph, node, 1), dims, &rank))
        return false;
    for (size_t i = 0; i < rank; i++) {
        if (dims[i] == 0 && i < constant->rank)
            dims[i] = constant->dims[i];
        if (dims[i] == -1 && open == DLCORE_ONNX_NONE)
            open = i;
        else if (dims[i] < 1 || count > constant->count / (size_t)dims[i])
            return false;
        else
            count *= (size_t)dims[i];
    }
    if (open != DLCORE_ONNX_NONE)
        dims[open] = (int64_t)(constant->count / count);
    if (open != DLCORE_ONNX_NONE ? constant->count % count != 0 : count != constant->count)
        return false;
    constant->rank = rank;
    memcpy(constant->dims, dims, sizeof dims);
    return true;
}

/* Which axes a Squeeze or Unsqueeze of `rank` axes names; false: no constants, or none that are
 * there. *count 0: it names none. */
static bool onnx_named_axes(const dlcore_onnx_graph_t *graph, const dlcore_onnx_node_t *node,
                            size_t rank, bool named[DLCORE_ONNX_RANK_MAX], size_t *count)
{
    const dlcore_onnx_attribute_t *attribute = dlcore_onnx_find_attribute(graph, node, "axes");
    size_t list = dlcore_onnx_node_input(graph, node, 1);
    int64_t axes[DLCORE_ONNX_RANK_MAX], all;

    *count = attribute != NULL ? attribute->count : 0;
    if (*count > DLCORE_ONNX_RANK_MAX || (attribute == NULL && list != DLCORE_ONNX_NONE &&
                                          !dlcore_onnx_int_list(graph, list, axes, count)))
        return false;
    if (attribute != NULL && *count > 0)
        memcpy(axes, (const int64_t *)graph->ints.items + attribute->first, *count * sizeof *axes);
    all = (int64_t)(dlcore_onnx_is(graph, node, "Squeeze") ? rank : rank + *count);
    for (size_t i = 0; i < *count; i++) {
        int64_t axis = axes[i] < 0 ? axes[i] + all : axes[i];

        if (axis < 0 || axis >= all || axis >= DLCORE_ONNX_RANK_MAX || named[axis])
            return false;
        named[axis] = true;
    }
    return true;
}

/* Axes of 1 left out or put in. One number stays one, wherever its axes are. */
static bool onnx_squeeze_constant(const dlcore_onnx_graph_t *graph, const dlcore_onnx_node_t *node,
                                  dlcore_onnx_constant_t *constant)
{
    bool squeezes = dlcore_onnx_is(graph, node, "Squeeze"), named[DLCORE_ONNX_RANK_MAX] = {false};
    dlcore_onnx_constant_t from = *constant;
    size_t longer = 0, count, rank, kept = 0;

    for (size_t i = 0; i < from.rank; i++)
        longer += from.dims[i] != 1;
    if (longer > 1 && from.transposed)
        return false;
    constant->transposed = false; /* of a vector the numbers stay in order */
    constant->rank = 0;
    if (longer == 0)
        return true;
    if (!onnx_named_axes(graph, node, from.rank, named, &count))
        return false;
    rank = squeezes ? from.rank : from.rank + count;
    if (rank > DLCORE_ONNX_RANK_MAX || (!squeezes && count == 0))
        return false;
    for (size_t i = 0; i < rank; i++) {
        if (!squeezes)
            constant->dims[i] = named[i] ? 1 : from.dims[kept++];
        else if (count == 0 ? from.dims[i] != 1 : !named[i])
            constant->dims[kept++] = from.dims[i];
        else if (from.dims[i] != 1)
            return false;
    }
    constant->rank = squeezes ? kept : rank;
    return true;
}

/* Apart: what calls it is called again for what a constant is made of. */
DLCORE_KEPT_APART static bool onnx_through(const dlcore_onnx_graph_t *graph,
                                           const dlcore_onnx_node_t *node,
                                           dlcore_onnx_constant_t *constant)
{
    if (dlcore_onnx_is(graph, node, "Identity"))
        return true;
    if (dlcore_onnx_is(graph, node, "Cast"))
        return onnx_cast_constant(graph, node, constant);
    if (dlcore_onnx_is(graph, node, "Transpose"))
        return onnx_transpose_constant(graph, node, constant);
    if (dlcore_onnx_is(graph, node, "Reshape"))
        return onnx_reshape_constant(graph, node, constant);
    return onnx_squeeze_constant(graph, node, constant); /* Squeeze, Unsqueeze */
}

static bool onnx_keeps_constant(const dlcore_onnx_graph_t *graph, const dlcore_onnx_node_t *node)
{
    static const char *const operations[] = {"Identity", "Cast",    "Transpose",
                                             "Reshape",  "Squeeze", "Unsqueeze"};

    for (size_t i = 0; i < sizeof operations / sizeof operations[0]; i++) {
        if (dlcore_onnx_is(graph, node, operations[i]))
            return true;
    }
    return false;
}

static bool onnx_constant_at(const dlcore_onnx_graph_t *graph, size_t value, size_t depth,
                             dlcore_onnx_constant_t *constant);

bool dlcore_onnx_constant_operands(const dlcore_onnx_graph_t *graph, const dlcore_onnx_node_t *node,
                                   size_t depth, dlcore_onnx_constant_t operands[2])
{
    size_t count = dlcore_onnx_operands(graph, node);
    bool computed = false;

    if (depth >= ONNX_DEPTH_MAX)
        return false;
    for (size_t i = 0; i < count; i++) {
        size_t input = dlcore_onnx_node_input(graph, node, i);

        if (onnx_constant_at(graph, input, ONNX_DEPTH_MAX, &operands[i]))
            continue;
        if (computed || !onnx_constant_at(graph, input, depth + 1, &operands[i]))
            return false;
        computed = true;
    }
    return true;
}

static bool onnx_compute_constant(const dlcore_onnx_graph_t *graph, size_t value, size_t depth,
                                  dlcore_onnx_constant_t *constant)
{
    const dlcore_onnx_node_t *node = dlcore_onnx_maker(graph, value);
    size_t count = dlcore_onnx_operands(graph, node);
    dlcore_onnx_constant_t operands[2] = {{0}};

    *constant =
        (dlcore_onnx_constant_t){.tensor = DLCORE_ONNX_NONE, .computed = value, .of_floats = true};
    if (!dlcore_onnx_constant_operands(graph, node, depth, operands))
        return false;
    for (size_t i = 0; i < count; i++) {
        if (!operands[i].of_floats)
            return false;
    }
    return dlcore_onnx_result_shape(operands, count, constant);
}

static void onnx_tensor_constant(const dlcore_onnx_graph_t *graph, size_t number,
                                 dlcore_onnx_constant_t *constant)
{
    const dlcore_onnx_tensor_t *tensor = dlcore_onnx_tensor(graph, number);

    *constant = (dlcore_onnx_constant_t){.tensor = number, .computed = DLCORE_ONNX_NONE};
    constant->rank = tensor->rank;
    constant->count = tensor->count;
    constant->of_floats = tensor->problem == NULL &&
                          (onnx_is_float(tensor->type) || tensor->type == DLCORE_ONNX_FLOAT16 ||
                           tensor->type == DLCORE_ONNX_BFLOAT16);
    memcpy(constant->dims, tensor->dims, sizeof constant->dims);
}

/* With `depth` at its most nothing that is computed counts. */
static bool onnx_constant_at(const dlcore_onnx_graph_t *graph, size_t value, size_t depth,
                             dlcore_onnx_constant_t *constant)
{
    const dlcore_onnx_node_t *chain[ONNX_CHAIN_MAX];
    size_t length = 0;

    while (value != DLCORE_ONNX_NONE &&
           dlcore_onnx_value(graph, value)->tensor == DLCORE_ONNX_NONE) {
        const dlcore_onnx_node_t *node = dlcore_onnx_maker(graph, value);

        if (dlcore_onnx_operands(graph, node) > 0)
            break;
        if (length == ONNX_CHAIN_MAX || !onnx_keeps_constant(graph, node))
            return false;
        chain[length++] = node;
        value = dlcore_onnx_node_input(graph, node, 0);
    }
    if (value == DLCORE_ONNX_NONE)
        return false;
    if (dlcore_onnx_value(graph, value)->tensor != DLCORE_ONNX_NONE)
        onnx_tensor_constant(graph, dlcore_onnx_value(graph, value)->tensor, constant);
    else if (!onnx_compute_constant(graph, value, depth, constant))
        return false;
    while (length > 0) {
        if (!onnx_through(graph, chain[--length], constant))
            return false;
    }
    return true;
}

bool dlcore_onnx_constant(const dlcore_onnx_graph_t *graph, size_t value,
                          dlcore_onnx_constant_t *constant)
{
    return onnx_constant_at(graph, value, 0, constant);
}
