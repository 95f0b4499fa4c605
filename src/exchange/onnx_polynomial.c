/* Polynomials of a value, written as sums, products and powers in any order.
 *
 * SPDX-License-Identifier: MIT */
#include "exchange/onnx_match.h"

#define ONNX_POLYNOMIAL_DEPTH 6 /* since a hostile graph may go in circles */

/* *product = a b; false beyond the degree. */
static bool onnx_multiply(const dlcore_onnx_polynomial_t *a, const dlcore_onnx_polynomial_t *b,
                          dlcore_onnx_polynomial_t *product)
{
    *product = (dlcore_onnx_polynomial_t){{0}};
    for (int i = 0; i <= DLCORE_ONNX_DEGREE; i++) {
        for (int k = 0; k <= DLCORE_ONNX_DEGREE; k++) {
            double term = a->c[i] * b->c[k];

            if (term == 0.0)
                continue;
            if (i + k > DLCORE_ONNX_DEGREE)
                return false;
            product->c[i + k] += term;
        }
    }
    return true;
}

static bool onnx_power(const dlcore_onnx_polynomial_t *base, double exponent,
                       dlcore_onnx_polynomial_t *power)
{
    dlcore_onnx_polynomial_t squared;

    if (exponent != 2.0 && exponent != 3.0)
        return false;
    if (!onnx_multiply(base, base, &squared))
        return false;
    if (exponent == 2.0) {
        *power = squared;
        return true;
    }
    return onnx_multiply(&squared, base, power);
}

/* a op b for the operators that polynomials have. */
static bool onnx_combine(const dlcore_onnx_graph_t *graph, const dlcore_onnx_node_t *node,
                         const dlcore_onnx_polynomial_t *a, const dlcore_onnx_polynomial_t *b,
                         dlcore_onnx_polynomial_t *result)
{
    bool is_subtract = dlcore_onnx_is(graph, node, "Sub");

    if (dlcore_onnx_is(graph, node, "Mul"))
        return onnx_multiply(a, b, result);
    if (dlcore_onnx_is(graph, node, "Add") || is_subtract) {
        for (int i = 0; i <= DLCORE_ONNX_DEGREE; i++)
            result->c[i] = a->c[i] + (is_subtract ? -b->c[i] : b->c[i]);
        return true;
    }
    for (int i = 1; i <= DLCORE_ONNX_DEGREE; i++) { /* what is left takes a number alone */
        if (b->c[i] != 0.0)
            return false;
    }
    if (dlcore_onnx_is(graph, node, "Pow"))
        return onnx_power(a, b->c[0], result);
    if (!dlcore_onnx_is(graph, node, "Div") || b->c[0] == 0.0)
        return false;
    for (int i = 0; i <= DLCORE_ONNX_DEGREE; i++)
        result->c[i] = a->c[i] / b->c[0];
    return true;
}

/* The same, not deeper than that. */
static bool onnx_polynomial_within(const dlcore_onnx_graph_t *graph, size_t value, size_t x,
                                   int depth, dlcore_onnx_polynomial_t *result)
{
    const dlcore_onnx_node_t *node = dlcore_onnx_maker(graph, value);
    dlcore_onnx_polynomial_t a, b;

    *result = (dlcore_onnx_polynomial_t){{0}};
    if (value == x) {
        result->c[1] = 1.0;
        return true;
    }
    if (dlcore_onnx_scalar(graph, value, &result->c[0]))
        return true;
    if (depth > 0 && dlcore_onnx_is(graph, node, "Neg")) {
        if (!onnx_polynomial_within(graph, dlcore_onnx_node_input(graph, node, 0), x, depth - 1,
                                    &a))
            return false;
        for (int i = 0; i <= DLCORE_ONNX_DEGREE; i++)
            result->c[i] = -a.c[i];
        return true;
    }
    return depth > 0 && node != NULL && node->input_count == 2 && node->attribute_count == 0 &&
           onnx_polynomial_within(graph, dlcore_onnx_node_input(graph, node, 0), x, depth - 1,
                                  &a) &&
           onnx_polynomial_within(graph, dlcore_onnx_node_input(graph, node, 1), x, depth - 1,
                                  &b) &&
           onnx_combine(graph, node, &a, &b, result);
}

bool dlcore_onnx_polynomial_of(const dlcore_onnx_graph_t *graph, size_t value, size_t x,
                               dlcore_onnx_polynomial_t *result)
{
    return x != DLCORE_ONNX_NONE && value != DLCORE_ONNX_NONE &&
           onnx_polynomial_within(graph, value, x, ONNX_POLYNOMIAL_DEPTH, result);
}

bool dlcore_onnx_is_polynomial(const dlcore_onnx_graph_t *graph, size_t value, size_t x, double c0,
                               double c1, double c2, double c3)
{
    dlcore_onnx_polynomial_t found;

    return dlcore_onnx_polynomial_of(graph, value, x, &found) && dlcore_onnx_near(found.c[0], c0) &&
           dlcore_onnx_near(found.c[1], c1) && dlcore_onnx_near(found.c[2], c2) &&
           dlcore_onnx_near(found.c[3], c3);
}
