/* The walk from a graph's output to its input, in which each value is explained by a step.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_EXCHANGE_ONNX_WALK_H
#define DLCORE_EXCHANGE_ONNX_WALK_H

#include "system/compiler.h"

#include "exchange/onnx_match.h"

DLCORE_HIDDEN_BEGIN

/* Goes from `value` to an input of the graph, whose number is in *input then; the steps of `match`,
 * which had none, are in the order of computing. On failure, too, dlcore_onnx_match_clear. */
dlcore_status dlcore_onnx_walk(dlcore_onnx_match_t *match, size_t value, size_t *input);

/* What is known of a node's operator. */
typedef enum dlcore_onnx_knowledge {
    DLCORE_ONNX_UNKNOWN,
    DLCORE_ONNX_KNOWN_AS_PART, /* with others, of what several nodes make, or between constants */
    DLCORE_ONNX_KNOWN
} dlcore_onnx_knowledge_t;

dlcore_onnx_knowledge_t dlcore_onnx_knows(const dlcore_onnx_graph_t *graph,
                                          const dlcore_onnx_node_t *node);

DLCORE_HIDDEN_END

#endif
