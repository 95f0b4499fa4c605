/* Choices by a comparison of a value with a number, "x > 0.5 ? x : 0".
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_EXCHANGE_ONNX_CHOICE_H
#define DLCORE_EXCHANGE_ONNX_CHOICE_H

#include "system/compiler.h"

#include "exchange/onnx_match.h"

DLCORE_HIDDEN_BEGIN

/* x < bound, or x > bound; negated, or not. */
typedef struct dlcore_onnx_comparison {
    size_t x;
    bool of_size; /* |x| is what is compared */
    bool is_less;
    bool negated;
    double bound;
} dlcore_onnx_comparison_t;

typedef struct dlcore_onnx_choice {
    dlcore_onnx_comparison_t by; /* not negated */
    size_t when, otherwise;      /* NONE: 0 */
} dlcore_onnx_choice_t;

/* Whether `value` is a choice, and which: then it is not negated. */
bool dlcore_onnx_choose(const dlcore_onnx_graph_t *graph, size_t value,
                        dlcore_onnx_choice_t *choice);
/* Whether a value of a choice is 0 for each unit. */
bool dlcore_onnx_is_zero(const dlcore_onnx_graph_t *graph, size_t value);

DLCORE_HIDDEN_END

#endif
