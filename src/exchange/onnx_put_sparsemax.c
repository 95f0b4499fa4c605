/* Sparsemax, the paper's and Keras's (dlcore/activation.h), as operators of opset 13. With s the
 * units in falling order, C their sums so far and f_j = (C_j - 1) / j:
 *
 *   paper   relu(x - max f)     f rises to the tau that is wanted, then falls
 *   Keras   relu(x - (sum of those C_j where s_j > f_j, less 1) / the last such j)
 *
 * The paper's does not feel a shift, so it is given x less its largest, of which sums lose less.
 * onnx_match_sparsemax.c reads both back.
 *
 * SPDX-License-Identifier: MIT */
#include "exchange/onnx_put.h"

/* What both are made of; the value at hand is f. */
typedef struct onnx_sorted {
    dlcore_onnx_name_t units, sums, ranks, one;
} onnx_sorted_t;

static onnx_sorted_t onnx_put_sorted(dlcore_onnx_putting_t *putting)
{
    size_t width = putting->layer->output_width;
    onnx_sorted_t sorted;
    dlcore_onnx_put_node_t *node;

    node = dlcore_onnx_put_binary(putting, "TopK", "sorted",
                                  dlcore_onnx_put_integer(putting, "units", 1, (int64_t)width));
    node->second_output = (dlcore_onnx_name_t){node->output.layer, "order"};
    sorted.units = putting->value;
    dlcore_onnx_put_binary(putting, "CumSum", "sums",
                           dlcore_onnx_put_integer(putting, "last_axis", 0, -1));
    sorted.sums = putting->value;
    sorted.one = dlcore_onnx_put_number(putting, "one", 1.0);
    dlcore_onnx_put_binary(putting, "Sub", "sums_less", sorted.one);
    sorted.ranks = dlcore_onnx_put_counted(putting, "ranks", width);
    dlcore_onnx_put_binary(putting, "Div", "thresholds", sorted.ranks);
    return sorted;
}

/* relu(x - value) */
static void onnx_put_above(dlcore_onnx_putting_t *putting, dlcore_onnx_name_t x)
{
    dlcore_onnx_name_t threshold = putting->value;

    putting->value = x;
    dlcore_onnx_put_binary(putting, "Sub", "above", threshold);
    dlcore_onnx_put_node(putting, "Relu", "sparsemax");
}

void dlcore_onnx_put_sparsemax(dlcore_onnx_putting_t *putting)
{
    dlcore_onnx_name_t x = putting->value, largest;

    dlcore_onnx_put_reduction(putting, "ReduceMax", "largest");
    largest = putting->value;
    putting->value = x;
    dlcore_onnx_put_binary(putting, "Sub", "below_largest", largest);
    x = putting->value;
    (void)onnx_put_sorted(putting);
    dlcore_onnx_put_reduction(putting, "ReduceMax", "threshold");
    onnx_put_above(putting, x);
}

/* Those of `which` that count, else 0. */
static void onnx_put_counting(dlcore_onnx_putting_t *putting, const char *suffix,
                              dlcore_onnx_name_t counts, dlcore_onnx_name_t which,
                              dlcore_onnx_name_t zero)
{
    putting->value = counts;
    dlcore_onnx_put_input(dlcore_onnx_put_binary(putting, "Where", suffix, which), zero);
}

void dlcore_onnx_put_sparsemax_keras(dlcore_onnx_putting_t *putting)
{
    dlcore_onnx_name_t x = putting->value, thresholds, counts, zero, last;
    onnx_sorted_t sorted = onnx_put_sorted(putting);

    thresholds = putting->value;
    putting->value = sorted.units;
    dlcore_onnx_put_binary(putting, "Greater", "support", thresholds);
    counts = putting->value;
    zero = dlcore_onnx_put_number(putting, "zero", 0.0);
    onnx_put_counting(putting, "ranks_of_support", counts, sorted.ranks, zero);
    dlcore_onnx_put_reduction(putting, "ReduceMax", "size_of_support");
    last = putting->value;
    onnx_put_counting(putting, "sums_of_support", counts, sorted.sums, zero);
    dlcore_onnx_put_binary(putting, "ReduceSum", "sum_of_sums",
                           dlcore_onnx_put_integer(putting, "axes", 1, -1));
    dlcore_onnx_put_binary(putting, "Sub", "sum_less", sorted.one);
    dlcore_onnx_put_binary(putting, "Div", "threshold", last);
    onnx_put_above(putting, x);
}
