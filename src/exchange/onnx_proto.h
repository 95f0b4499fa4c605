/* Reading ONNX's protocol buffers into a graph. The one reader that knows nanopb; parts of it are
 * in onnx_proto_parts.h.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_EXCHANGE_ONNX_PROTO_H
#define DLCORE_EXCHANGE_ONNX_PROTO_H

#include "system/compiler.h"

#include "exchange/onnx_graph.h"

DLCORE_HIDDEN_BEGIN

/* Fills a graph whose allocator, error and input are set and whose lists are empty. The numbers of
 * tensors are passed over, not read. DLCORE_ERROR_FORMAT for what is no ONNX model or is cut off,
 * DLCORE_ERROR_UNSUPPORTED beyond the limits of a graph. On failure the caller clears it. */
dlcore_status dlcore_onnx_proto_read(dlcore_onnx_graph_t *graph);

DLCORE_HIDDEN_END

#endif
