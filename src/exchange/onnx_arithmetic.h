/* Arithmetic between constants, as a graph has it where an exporter did not do it itself: a batch
 * normalization's gamma / sqrt(variance + epsilon), or a weight that is a product. In float32, as
 * a runtime does it. Which values are constants, onnx_constant.h knows.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_EXCHANGE_ONNX_ARITHMETIC_H
#define DLCORE_EXCHANGE_ONNX_ARITHMETIC_H

#include "system/compiler.h"

#include "exchange/onnx_constant.h"

DLCORE_HIDDEN_BEGIN

/* How many operands such a node has, 1 or 2; 0: it is another node, or NULL. */
size_t dlcore_onnx_operands(const dlcore_onnx_graph_t *graph, const dlcore_onnx_node_t *node);

/* The shape of a result: that of the operand, or of both, one spread over the other. False where
 * neither has it: no result is larger than what it is made of. */
bool dlcore_onnx_result_shape(const dlcore_onnx_constant_t *operands, size_t count,
                              dlcore_onnx_constant_t *result);

/* One number, of one or two. */
float dlcore_onnx_compute(const dlcore_onnx_graph_t *graph, const dlcore_onnx_node_t *node, float a,
                          float b);
/* The operand that has the result's shape. */
static inline size_t dlcore_onnx_result_place(const dlcore_onnx_constant_t operands[2],
                                              const dlcore_onnx_constant_t *result)
{
    return operands[0].count == result->count ? 0 : 1;
}
/* All of a result, whose numbers take the place of those of that operand. */
void dlcore_onnx_compute_all(const dlcore_onnx_graph_t *graph, const dlcore_onnx_node_t *node,
                             const dlcore_onnx_constant_t operands[2], size_t count,
                             const dlcore_onnx_constant_t *result, dlcore_onnx_vector_t numbers[2]);

DLCORE_HIDDEN_END

#endif
