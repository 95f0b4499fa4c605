/* A file opened, its graph read, and its layers known: what loading and inspecting begin with.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_EXCHANGE_ONNX_PLAN_H
#define DLCORE_EXCHANGE_ONNX_PLAN_H

#include "system/compiler.h"

#include "dlcore/onnx.h"
#include "exchange/onnx_match.h"

DLCORE_HIDDEN_BEGIN

typedef struct dlcore_onnx_plan {
    dlcore_onnx_load_options_t options;
    dlcore_error_record_t error;  /* of the call, until it ends */
    dlcore_error_record_t unread; /* the graph's */
    dlcore_input_t input;
    dlcore_onnx_graph_t graph;
    dlcore_onnx_match_t match;
    size_t input_width;
    bool is_open, is_read; /* the input; the graph, for what can be said after a failure */
} dlcore_onnx_plan_t;

/* Where a model's bytes are: a path, or memory. */
typedef struct dlcore_onnx_source {
    const char *path;
    const void *bytes;
    size_t size;
} dlcore_onnx_source_t;

/* Options NULL: the defaults. Whatever it answers, dlcore_onnx_plan_end. */
dlcore_status dlcore_onnx_plan_begin(dlcore_onnx_plan_t *plan, const dlcore_onnx_source_t *source,
                                     const dlcore_onnx_load_options_t *options);
/* Frees what the plan holds and hands a failure's message to the caller's record. */
void dlcore_onnx_plan_end(dlcore_onnx_plan_t *plan, dlcore_status status);

DLCORE_HIDDEN_END

#endif
