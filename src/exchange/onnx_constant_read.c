/* Numbers of constants: read where they are tensors, computed where arithmetic makes them.
 *
 * SPDX-License-Identifier: MIT */
#include "base/allocator.h"
#include "base/error.h"
#include "exchange/onnx_arithmetic.h"
#include "exchange/onnx_tensor.h"

/* Which were there when the constant was found. */
static dlcore_status onnx_operands(const dlcore_onnx_graph_t *graph, const dlcore_onnx_node_t *node,
                                   size_t depth, dlcore_onnx_constant_t operands[2])
{
    if (dlcore_onnx_constant_operands(graph, node, depth, operands))
        return DLCORE_OK;
    return dlcore_fail(graph->error, DLCORE_ERROR_IO, "%s: changed while it was read",
                       graph->input->name);
}

static dlcore_status onnx_check_constant(const dlcore_onnx_graph_t *graph,
                                         const dlcore_onnx_constant_t *constant, size_t depth)
{
    const dlcore_onnx_node_t *node = dlcore_onnx_maker(graph, constant->computed);
    dlcore_onnx_constant_t operands[2];
    dlcore_status status;

    if (constant->tensor != DLCORE_ONNX_NONE)
        return dlcore_onnx_tensor_check(graph, dlcore_onnx_tensor(graph, constant->tensor));
    status = onnx_operands(graph, node, depth, operands);
    for (size_t i = 0; i < dlcore_onnx_operands(graph, node) && status == DLCORE_OK; i++)
        status = onnx_check_constant(graph, &operands[i], depth + 1);
    return status;
}

dlcore_status dlcore_onnx_constant_check(const dlcore_onnx_graph_t *graph,
                                         const dlcore_onnx_constant_t *constant)
{
    return onnx_check_constant(graph, constant, 0);
}

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

static dlcore_status onnx_read_tensor(const dlcore_onnx_graph_t *graph, size_t number,
                                      dlcore_onnx_vector_t *vector)
{
    const dlcore_onnx_tensor_t *tensor = dlcore_onnx_tensor(graph, number);
    dlcore_status status = dlcore_onnx_tensor_check(graph, tensor);

    if (status != DLCORE_OK)
        return status;
    vector->data = dlcore_allocate_raw(&graph->allocator, tensor->count, sizeof *vector->data);
    if (vector->data == NULL)
        return dlcore_fail_memory(graph->error, graph->input->name,
                                  tensor->count * sizeof *vector->data);
    vector->count = tensor->count;
    return dlcore_onnx_tensor_floats(graph, tensor, vector->data);
}

static dlcore_status onnx_read_computed(const dlcore_onnx_graph_t *graph,
                                        const dlcore_onnx_constant_t *constant, size_t depth,
                                        dlcore_onnx_vector_t *vector);

static dlcore_status onnx_read_constant(const dlcore_onnx_graph_t *graph,
                                        const dlcore_onnx_constant_t *constant, size_t depth,
                                        dlcore_onnx_vector_t *vector)
{
    dlcore_status status;

    *vector = (dlcore_onnx_vector_t){0};
    status = constant->tensor != DLCORE_ONNX_NONE
                 ? onnx_read_tensor(graph, constant->tensor, vector)
                 : onnx_read_computed(graph, constant, depth, vector);
    if (status == DLCORE_OK && constant->transposed)
        status =
            onnx_transpose(graph, vector, (size_t)constant->dims[1], (size_t)constant->dims[0]);
    if (status != DLCORE_OK)
        dlcore_onnx_vector_clear(graph, vector);
    return status;
}

/* What is computed itself is read first, while nothing else is in memory. */
static dlcore_status onnx_read_computed(const dlcore_onnx_graph_t *graph,
                                        const dlcore_onnx_constant_t *constant, size_t depth,
                                        dlcore_onnx_vector_t *vector)
{
    const dlcore_onnx_node_t *node = dlcore_onnx_maker(graph, constant->computed);
    size_t count = dlcore_onnx_operands(graph, node), first, place;
    dlcore_onnx_constant_t operands[2], result;
    dlcore_onnx_vector_t numbers[2] = {{0}};
    dlcore_status status = onnx_operands(graph, node, depth, operands);

    if (status != DLCORE_OK)
        return status;
    (void)dlcore_onnx_result_shape(operands, count, &result);
    first = count == 2 && operands[1].tensor == DLCORE_ONNX_NONE ? 1 : 0;
    for (size_t i = 0; i < count && status == DLCORE_OK; i++)
        status = onnx_read_constant(graph, &operands[i ^ first], depth + 1, &numbers[i ^ first]);
    if (status == DLCORE_OK) {
        dlcore_onnx_compute_all(graph, node, operands, count, &result, numbers);
        place = dlcore_onnx_result_place(operands, &result);
        *vector = numbers[place];
        numbers[place] = (dlcore_onnx_vector_t){0};
    }
    for (size_t i = 0; i < 2; i++)
        dlcore_onnx_vector_clear(graph, &numbers[i]);
    return status;
}

dlcore_status dlcore_onnx_constant_read(const dlcore_onnx_graph_t *graph,
                                        const dlcore_onnx_constant_t *constant,
                                        dlcore_onnx_vector_t *vector)
{
    return onnx_read_constant(graph, constant, 0, vector);
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

/* ---- single numbers ---- */

/* Of a constant that is one number, and so are its operands. */
static dlcore_status onnx_read_scalar(const dlcore_onnx_graph_t *graph,
                                      const dlcore_onnx_constant_t *constant, size_t depth,
                                      float *number)
{
    const dlcore_onnx_node_t *node;
    const dlcore_onnx_tensor_t *tensor;
    dlcore_onnx_constant_t operands[2];
    dlcore_status status;
    float numbers[2] = {0};

    if (constant->tensor != DLCORE_ONNX_NONE) {
        tensor = dlcore_onnx_tensor(graph, constant->tensor);
        status = dlcore_onnx_tensor_check(graph, tensor);
        return status == DLCORE_OK ? dlcore_onnx_tensor_floats(graph, tensor, number) : status;
    }
    node = dlcore_onnx_maker(graph, constant->computed);
    status = onnx_operands(graph, node, depth, operands);
    for (size_t i = 0; i < dlcore_onnx_operands(graph, node) && status == DLCORE_OK; i++)
        status = onnx_read_scalar(graph, &operands[i], depth + 1, &numbers[i]);
    if (status == DLCORE_OK)
        *number = dlcore_onnx_compute(graph, node, numbers[0], numbers[1]);
    return status;
}

static bool onnx_single_number(const dlcore_onnx_graph_t *graph,
                               const dlcore_onnx_constant_t *constant, double *number)
{
    dlcore_error_record_t ignored = {0};
    dlcore_onnx_graph_t quiet = dlcore_onnx_quiet(graph, &ignored);
    float read = 0.0f;

    if (!dlcore_onnx_quiet_end(&quiet, onnx_read_scalar(&quiet, constant, 0, &read)))
        return false;
    *number = (double)read;
    return true;
}

bool dlcore_onnx_scalar(const dlcore_onnx_graph_t *graph, size_t value, double *number)
{
    dlcore_onnx_constant_t constant;

    return dlcore_onnx_constant(graph, value, &constant) && constant.count == 1 &&
           onnx_single_number(graph, &constant, number);
}

bool dlcore_onnx_tensor_number(const dlcore_onnx_graph_t *graph, size_t tensor, double *number)
{
    return tensor != DLCORE_ONNX_NONE && dlcore_onnx_tensor(graph, tensor)->count == 1 &&
           onnx_single_number(graph, &(dlcore_onnx_constant_t){.tensor = tensor}, number);
}
