/* Constants of a graph: initializers and Constant nodes, seen through what exporters put between
 * them and their use (Identity, Cast, Transpose, Reshape and their like), and what arithmetic makes
 * of such constants, each step with at most one operand that is itself computed. Nothing is read or
 * computed before its numbers are asked for; then two operands are in memory at a time, neither
 * larger than the largest tensor.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_EXCHANGE_ONNX_CONSTANT_H
#define DLCORE_EXCHANGE_ONNX_CONSTANT_H

#include "system/compiler.h"

#include "exchange/onnx_graph.h"

DLCORE_HIDDEN_BEGIN

typedef struct dlcore_onnx_constant {
    size_t tensor;   /* NONE: it is computed */
    size_t computed; /* the value that arithmetic makes; NONE: it is a tensor */
    bool transposed; /* from their rows and columns */
    bool of_floats;  /* whole numbers divide otherwise */
    size_t rank;     /* as it is used */
    int64_t dims[DLCORE_ONNX_RANK_MAX];
    size_t count; /* of numbers */
} dlcore_onnx_constant_t;

/* Floats from the graph's allocator; count 0: none. */
typedef struct dlcore_onnx_vector {
    float *data;
    size_t count;
} dlcore_onnx_vector_t;

/* Makes tensors of Constant nodes, so that their outputs are constants like initializers; after
 * dlcore_onnx_graph_link. */
dlcore_status dlcore_onnx_settle_constants(dlcore_onnx_graph_t *graph);

/* Whether the value does not depend on the graph's input, as far as is seen here. */
bool dlcore_onnx_constant(const dlcore_onnx_graph_t *graph, size_t value,
                          dlcore_onnx_constant_t *constant);

/* The operands of arithmetic on constants, of which one at most is computed itself, at a depth of 0
 * for what is asked for first; false: the node is something else. */
bool dlcore_onnx_constant_operands(const dlcore_onnx_graph_t *graph, const dlcore_onnx_node_t *node,
                                   size_t depth, dlcore_onnx_constant_t operands[2]);

/* Whether the value is a constant list of whole numbers, such as a shape or axes: then they are in
 * dims. Not looked for behind other nodes. */
bool dlcore_onnx_int_list(const dlcore_onnx_graph_t *graph, size_t value,
                          int64_t dims[DLCORE_ONNX_RANK_MAX], size_t *rank);

/* ---- numbers: onnx_constant_read.c ---- */

/* Whether its tensors are such as can be read, by dlcore_onnx_tensor_check. */
dlcore_status dlcore_onnx_constant_check(const dlcore_onnx_graph_t *graph,
                                         const dlcore_onnx_constant_t *constant);
/* Its numbers, row-major as it is used, for the caller to release. */
dlcore_status dlcore_onnx_constant_read(const dlcore_onnx_graph_t *graph,
                                        const dlcore_onnx_constant_t *constant,
                                        dlcore_onnx_vector_t *vector);
/* `count` times that value. */
dlcore_status dlcore_onnx_new_vector(const dlcore_onnx_graph_t *graph, dlcore_onnx_vector_t *vector,
                                     size_t count, float value);
void dlcore_onnx_vector_clear(const dlcore_onnx_graph_t *graph, dlcore_onnx_vector_t *vector);

/* Whether the value is one constant number that can be read: then *number is it. This and
 * dlcore_onnx_int_list write no error; where the file cannot be read, graph->unread says so. */
bool dlcore_onnx_scalar(const dlcore_onnx_graph_t *graph, size_t value, double *number);
/* The same of a tensor. */
bool dlcore_onnx_tensor_number(const dlcore_onnx_graph_t *graph, size_t tensor, double *number);
DLCORE_HIDDEN_END

#endif
