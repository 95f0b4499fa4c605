/* Arithmetic between constants.
 *
 * SPDX-License-Identifier: MIT */
#include "exchange/onnx_arithmetic.h"

#include <math.h>

typedef float onnx_function_t(float a, float b);

static float onnx_sum_of(float a, float b)
{
    return a + b;
}

static float onnx_difference_of(float a, float b)
{
    return a - b;
}

static float onnx_product_of(float a, float b)
{
    return a * b;
}

static float onnx_quotient_of(float a, float b)
{
    return a / b;
}

static float onnx_opposite_of(float a, float b)
{
    (void)b;
    return -a;
}

static float onnx_root_of(float a, float b)
{
    (void)b;
    return sqrtf(a);
}

static float onnx_reciprocal_of(float a, float b)
{
    (void)b;
    return 1.0f / a;
}

static const struct {
    const char *name;
    size_t operands;
    onnx_function_t *function;
} onnx_functions[] = {
    {"Add", 2, onnx_sum_of},
    {"Sub", 2, onnx_difference_of},
    {"Mul", 2, onnx_product_of},
    {"Div", 2, onnx_quotient_of},
    {"Pow", 2, powf},
    {"Neg", 1, onnx_opposite_of},
    {"Sqrt", 1, onnx_root_of},
    {"Reciprocal", 1, onnx_reciprocal_of},
};

/* Its row; the number of rows where it has none. What has attributes spreads as old versions do. */
static size_t onnx_function_of(const dlcore_onnx_graph_t *graph, const dlcore_onnx_node_t *node)
{
    const size_t count = sizeof onnx_functions / sizeof onnx_functions[0];

    for (size_t i = 0; i < count; i++) {
        if (dlcore_onnx_is(graph, node, onnx_functions[i].name))
            return node->attribute_count == 0 && node->input_count == onnx_functions[i].operands
                       ? i
                       : count;
    }
    return count;
}

size_t dlcore_onnx_operands(const dlcore_onnx_graph_t *graph, const dlcore_onnx_node_t *node)
{
    size_t row = onnx_function_of(graph, node);

    return row < sizeof onnx_functions / sizeof onnx_functions[0] ? onnx_functions[row].operands
                                                                  : 0;
}

float dlcore_onnx_compute(const dlcore_onnx_graph_t *graph, const dlcore_onnx_node_t *node, float a,
                          float b)
{
    return onnx_functions[onnx_function_of(graph, node)].function(a, b);
}

/* ---- shapes ---- */

/* The length of an axis, counted from the last; 1 beyond the first. */
static int64_t onnx_axis(const dlcore_onnx_constant_t *constant, size_t from_last)
{
    return from_last < constant->rank ? constant->dims[constant->rank - 1 - from_last] : 1;
}

bool dlcore_onnx_result_shape(const dlcore_onnx_constant_t *operands, size_t count,
                              dlcore_onnx_constant_t *result)
{
    const dlcore_onnx_constant_t *a = operands, *b = operands + count - 1;
    size_t rank = a->rank > b->rank ? a->rank : b->rank;

    result->rank = rank;
    for (size_t i = 0; i < rank; i++) {
        int64_t one = onnx_axis(a, i), other = onnx_axis(b, i);

        if (one != other && one != 1 && other != 1)
            return false;
        result->dims[rank - 1 - i] = one == 1 ? other : one;
    }
    for (size_t i = 0; i < count; i++) {
        bool same = operands[i].count > 0;

        for (size_t k = 0; k < rank && same; k++)
            same = onnx_axis(&operands[i], k) == result->dims[rank - 1 - k];
        result->count = operands[i].count;
        if (same)
            return true;
    }
    return false;
}

/* Which number of an operand goes into number `i` of the result. */
static size_t onnx_spread(const dlcore_onnx_constant_t *operand,
                          const dlcore_onnx_constant_t *result, size_t i)
{
    size_t at = 0, stride = 1;

    for (size_t k = 0; k < operand->rank; k++) {
        size_t length = (size_t)onnx_axis(result, k);

        if (onnx_axis(operand, k) != 1)
            at += i % length * stride;
        stride *= (size_t)onnx_axis(operand, k);
        i /= length;
    }
    return at;
}

void dlcore_onnx_compute_all(const dlcore_onnx_graph_t *graph, const dlcore_onnx_node_t *node,
                             const dlcore_onnx_constant_t operands[2], size_t count,
                             const dlcore_onnx_constant_t *result, dlcore_onnx_vector_t numbers[2])
{
    onnx_function_t *function = onnx_functions[onnx_function_of(graph, node)].function;
    size_t place = dlcore_onnx_result_place(operands, result);
    float *to = numbers[place].data;

    for (size_t i = 0; i < result->count; i++) {
        float a = numbers[0].data[place == 0 ? i : onnx_spread(&operands[0], result, i)];
        float b = count < 2
                      ? 0.0f
                      : numbers[1].data[place == 1 ? i : onnx_spread(&operands[1], result, i)];

        to[i] = function(a, b);
    }
}
