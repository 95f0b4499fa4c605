/* Constants of a graph.
 *
 * SPDX-License-Identifier: MIT */
#include "exchange/onnx_constant.h"

#include <string.h>

#include "base/allocator.h"
#include "base/error.h"
#include "exchange/onnx_tensor.h"

#define ONNX_CHAIN_MAX 16 /* nodes between a constant and its use */

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
    dlcore_onnx_graph_t quiet = *graph;
    const dlcore_onnx_tensor_t *tensor;

    quiet.error = &ignored;
    if (value == DLCORE_ONNX_NONE || dlcore_onnx_value(graph, value)->tensor == DLCORE_ONNX_NONE)
        return false;
    tensor = dlcore_onnx_tensor(graph, dlcore_onnx_value(graph, value)->tensor);
    *rank = tensor->count;
    return dlcore_onnx_tensor_ints(&quiet, tensor, dims, DLCORE_ONNX_RANK_MAX) == DLCORE_OK;
}

/* ---- through other nodes ---- */

static bool onnx_is_float(int64_t type)
{
    return type == DLCORE_ONNX_FLOAT || type == DLCORE_ONNX_DOUBLE;
}

/* A cast that changes no number that float32 can have. */
static bool onnx_cast_is_neutral(const dlcore_onnx_graph_t *graph, const dlcore_onnx_node_t *node)
{
    const dlcore_onnx_attribute_t *to = dlcore_onnx_find_attribute(graph, node, "to");

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
    if (perm != NULL && (perm->type != DLCORE_ONNX_ATTRIBUTE_INTS || perm->count != 2))
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

/* Only of what is a vector, or one number, and stays one. */
static bool onnx_squeeze_constant(dlcore_onnx_constant_t *constant)
{
    size_t longer = 0;

    for (size_t i = 0; i < constant->rank; i++)
        longer += constant->dims[i] != 1;
    if (longer > 1)
        return false;
    constant->transposed = false;
    constant->rank = longer;
    constant->dims[0] = (int64_t)constant->count;
    return true;
}

static bool onnx_through(const dlcore_onnx_graph_t *graph, const dlcore_onnx_node_t *node,
                         dlcore_onnx_constant_t *constant)
{
    if (dlcore_onnx_is(graph, node, "Identity"))
        return true;
    if (dlcore_onnx_is(graph, node, "Cast"))
        return onnx_cast_is_neutral(graph, node);
    if (dlcore_onnx_is(graph, node, "Transpose"))
        return onnx_transpose_constant(graph, node, constant);
    if (dlcore_onnx_is(graph, node, "Reshape"))
        return onnx_reshape_constant(graph, node, constant);
    return onnx_squeeze_constant(constant); /* Squeeze, Unsqueeze */
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

bool dlcore_onnx_constant(const dlcore_onnx_graph_t *graph, size_t value,
                          dlcore_onnx_constant_t *constant)
{
    const dlcore_onnx_node_t *chain[ONNX_CHAIN_MAX];
    const dlcore_onnx_tensor_t *tensor;
    size_t length = 0;

    while (value != DLCORE_ONNX_NONE &&
           dlcore_onnx_value(graph, value)->tensor == DLCORE_ONNX_NONE) {
        const dlcore_onnx_node_t *node = dlcore_onnx_maker(graph, value);

        if (length == ONNX_CHAIN_MAX || !onnx_keeps_constant(graph, node))
            return false;
        chain[length++] = node;
        value = dlcore_onnx_node_input(graph, node, 0);
    }
    if (value == DLCORE_ONNX_NONE)
        return false;
    *constant = (dlcore_onnx_constant_t){.tensor = dlcore_onnx_value(graph, value)->tensor};
    tensor = dlcore_onnx_tensor(graph, constant->tensor);
    constant->rank = tensor->rank;
    constant->count = tensor->count;
    memcpy(constant->dims, tensor->dims, sizeof constant->dims);
    while (length > 0) {
        if (!onnx_through(graph, chain[--length], constant))
            return false;
    }
    return true;
}

/* ---- numbers ---- */

static dlcore_status onnx_transpose(const dlcore_onnx_graph_t *graph, dlcore_onnx_vector_t *vector,
                                    size_t rows, size_t columns)
{
    float *turned = dlcore_allocate_raw(&graph->allocator, vector->count, sizeof *turned);

    if (turned == NULL)
        return dlcore_fail_memory(graph->error, graph->input->name, vector->count * sizeof *turned);
    /* by blocks, so that neither side leaves the cache between two of its numbers */
    for (size_t first = 0; first < rows; first += 16) {
        size_t end = first + 16 < rows ? first + 16 : rows;

        for (size_t c = 0; c < columns; c++) {
            for (size_t r = first; r < end; r++)
                turned[c * rows + r] = vector->data[r * columns + c];
        }
    }
    dlcore_release(&graph->allocator, vector->data);
    vector->data = turned;
    return DLCORE_OK;
}

dlcore_status dlcore_onnx_constant_read(const dlcore_onnx_graph_t *graph,
                                        const dlcore_onnx_constant_t *constant,
                                        dlcore_onnx_vector_t *vector)
{
    const dlcore_onnx_tensor_t *tensor = dlcore_onnx_tensor(graph, constant->tensor);
    dlcore_status status = dlcore_onnx_tensor_check(graph, tensor);

    *vector = (dlcore_onnx_vector_t){0};
    if (status != DLCORE_OK)
        return status;
    vector->data = dlcore_allocate_raw(&graph->allocator, tensor->count, sizeof *vector->data);
    if (vector->data == NULL)
        return dlcore_fail_memory(graph->error, graph->input->name,
                                  tensor->count * sizeof *vector->data);
    vector->count = tensor->count;
    status = dlcore_onnx_tensor_floats(graph, tensor, vector->data);
    if (status == DLCORE_OK && constant->transposed)
        status =
            onnx_transpose(graph, vector, (size_t)constant->dims[1], (size_t)constant->dims[0]);
    if (status != DLCORE_OK)
        dlcore_onnx_vector_clear(graph, vector);
    return status;
}

dlcore_status dlcore_onnx_new_vector(const dlcore_onnx_graph_t *graph, dlcore_onnx_vector_t *vector,
                                     size_t count, float value)
{
    *vector = (dlcore_onnx_vector_t){
        .data = dlcore_allocate_raw(&graph->allocator, count, sizeof *vector->data)};
    if (vector->data == NULL)
        return dlcore_fail_memory(graph->error, graph->input->name, count * sizeof *vector->data);
    vector->count = count;
    for (size_t i = 0; i < count; i++)
        vector->data[i] = value;
    return DLCORE_OK;
}

void dlcore_onnx_vector_clear(const dlcore_onnx_graph_t *graph, dlcore_onnx_vector_t *vector)
{
    dlcore_release(&graph->allocator, vector->data);
    *vector = (dlcore_onnx_vector_t){0};
}

bool dlcore_onnx_scalar(const dlcore_onnx_graph_t *graph, size_t value, double *number)
{
    dlcore_error_record_t ignored = {0};
    dlcore_onnx_graph_t quiet = *graph;
    dlcore_onnx_constant_t constant;
    float read;

    quiet.error = &ignored;
    if (!dlcore_onnx_constant(graph, value, &constant) || constant.count != 1 ||
        dlcore_onnx_tensor_check(&quiet, dlcore_onnx_tensor(graph, constant.tensor)) != DLCORE_OK ||
        dlcore_onnx_tensor_floats(&quiet, dlcore_onnx_tensor(graph, constant.tensor), &read) !=
            DLCORE_OK)
        return false;
    *number = (double)read;
    return true;
}
