/* The notes of a model in an ONNX file: among its metadata_props, under the names that model files
 * have for them.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_EXCHANGE_ONNX_NOTES_H
#define DLCORE_EXCHANGE_ONNX_NOTES_H

#include "system/compiler.h"

#include "exchange/onnx_graph.h"
#include "model/model.h"

DLCORE_HIDDEN_BEGIN

/* Into a model that has none. Properties of other names are passed over. DLCORE_ERROR_FORMAT, with
 * the message in the graph's error, for what is no note, or is there twice. */
dlcore_status dlcore_onnx_notes_read(const dlcore_onnx_graph_t *graph, dlcore_model_t *model);

DLCORE_HIDDEN_END

#endif
