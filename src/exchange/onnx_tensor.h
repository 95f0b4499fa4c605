/* The numbers of a tensor, read from where they lie: in the file, in one beside it, in an
 * attribute.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_EXCHANGE_ONNX_TENSOR_H
#define DLCORE_EXCHANGE_ONNX_TENSOR_H

#include "system/compiler.h"

#include "exchange/onnx_graph.h"

DLCORE_HIDDEN_BEGIN

/* Whether its numbers are all there, by sizes alone; to be asked before memory is taken for them.
 * DLCORE_ERROR_FORMAT, _DTYPE, or _IO where a file beside it cannot be read. */
dlcore_status dlcore_onnx_tensor_check(const dlcore_onnx_graph_t *graph,
                                       const dlcore_onnx_tensor_t *tensor);

/* All of its numbers as float32: `to` has room for tensor->count of a tensor that was checked. */
dlcore_status dlcore_onnx_tensor_floats(const dlcore_onnx_graph_t *graph,
                                        const dlcore_onnx_tensor_t *tensor, float *to);
/* Its whole numbers, as of a shape: a tensor of another type, or of more than `room`, is refused.
 */
dlcore_status dlcore_onnx_tensor_ints(const dlcore_onnx_graph_t *graph,
                                      const dlcore_onnx_tensor_t *tensor, int64_t *to, size_t room);

DLCORE_HIDDEN_END

#endif
