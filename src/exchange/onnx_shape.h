/* The shape of what goes through a network, as far as a file tells: (batch, ...), and how many
 * numbers a sample has. A Sequential model has (batch, width) alone; what an ONNX graph does before
 * it flattens a sample must be the same for the flat numbers.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_EXCHANGE_ONNX_SHAPE_H
#define DLCORE_EXCHANGE_ONNX_SHAPE_H

#include "system/compiler.h"

#include "exchange/onnx_match.h"

DLCORE_HIDDEN_BEGIN

typedef struct dlcore_onnx_shape {
    size_t rank;                        /* 2 where the file does not say */
    int64_t dims[DLCORE_ONNX_RANK_MAX]; /* 0: not known */
    size_t width;                       /* numbers of a sample; 0: not known */
    size_t input_width;                 /* likewise, of the network's input */
} dlcore_onnx_shape_t;

dlcore_status dlcore_onnx_shape_begin(const dlcore_onnx_match_t *match,
                                      const dlcore_onnx_port_t *input, dlcore_onnx_shape_t *shape);
/* That a sample has `width` numbers, which is then known. */
dlcore_status dlcore_onnx_shape_width(const dlcore_onnx_match_t *match,
                                      const dlcore_onnx_node_t *node, dlcore_onnx_shape_t *shape,
                                      size_t width);
/* That it is (batch, width). */
dlcore_status dlcore_onnx_shape_rows(const dlcore_onnx_match_t *match,
                                     const dlcore_onnx_node_t *node,
                                     const dlcore_onnx_shape_t *shape);
/* After a step of kind SHAPE, which must keep samples apart. *flattens: whether it made several
 * axes one. */
dlcore_status dlcore_onnx_shape_apply(const dlcore_onnx_match_t *match,
                                      const dlcore_onnx_step_t *step, dlcore_onnx_shape_t *shape,
                                      bool *flattens);

DLCORE_HIDDEN_END

#endif
