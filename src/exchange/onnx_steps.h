/* From steps to layers: shapes followed from the input on, what several steps make put together.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_EXCHANGE_ONNX_STEPS_H
#define DLCORE_EXCHANGE_ONNX_STEPS_H

#include "system/compiler.h"

#include "exchange/onnx_match.h"

DLCORE_HIDDEN_BEGIN

/* Makes the steps of a finished match layers: afterwards each is of kind LAYER or DENSE, and its
 * vectors are as long as the layer's weights. *input_width: numbers of a sample. Refuses what is
 * right for other shapes than (batch, width) alone, widths that do not fit, and an input whose
 * width nothing tells. */
dlcore_status dlcore_onnx_settle_steps(dlcore_onnx_match_t *match, const dlcore_onnx_port_t *input,
                                       size_t *input_width);

DLCORE_HIDDEN_END

#endif
