/* Choices by a comparison with a number: a Where, or as tf2onnx has it a sum of two products, or
 * one product, with comparisons as numbers. Where 0 multiplies what is infinite, beyond 1e19, ONNX
 * has NaN there.
 *
 * SPDX-License-Identifier: MIT */
#include "exchange/onnx_choice.h"

/* ---- comparisons ---- */

/* A value and a number, or, which is the other comparison, a number and a value. */
static bool onnx_compare_number(const dlcore_onnx_graph_t *graph, const dlcore_onnx_node_t *node,
                                dlcore_onnx_comparison_t *comparison)
{
    size_t side =
        dlcore_onnx_scalar(graph, dlcore_onnx_node_input(graph, node, 1), &comparison->bound) ? 0
                                                                                              : 1;
    size_t size;

    if (side == 1 &&
        !dlcore_onnx_scalar(graph, dlcore_onnx_node_input(graph, node, 0), &comparison->bound))
        return false;
    comparison->is_less = comparison->is_less != (side == 1);
    comparison->x = dlcore_onnx_node_input(graph, node, side);
    size = dlcore_onnx_input_of(graph, comparison->x, "Abs");
    comparison->of_size = size != DLCORE_ONNX_NONE;
    if (comparison->of_size)
        comparison->x = size;
    return comparison->x != DLCORE_ONNX_NONE;
}

static bool onnx_compare_once(const dlcore_onnx_graph_t *graph, const dlcore_onnx_node_t *node,
                              dlcore_onnx_comparison_t *comparison)
{
    static const struct {
        const char *name;
        bool is_less, negated;
    } kinds[] = {{"Greater", false, false},
                 {"Less", true, false},
                 {"LessOrEqual", false, true},
                 {"GreaterOrEqual", true, true}};

    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (dlcore_onnx_is(graph, node, kinds[i].name)) {
            comparison->is_less = kinds[i].is_less;
            comparison->negated = kinds[i].negated;
            return onnx_compare_number(graph, node, comparison);
        }
    }
    return false;
}

/* x > bound or x < -bound: |x| > bound. */
static bool onnx_compare_both(const dlcore_onnx_graph_t *graph, const dlcore_onnx_node_t *node,
                              dlcore_onnx_comparison_t *comparison)
{
    dlcore_onnx_comparison_t other;

    if (!dlcore_onnx_is(graph, node, "Or") ||
        !onnx_compare_once(graph, dlcore_onnx_maker(graph, dlcore_onnx_node_input(graph, node, 0)),
                           comparison) ||
        !onnx_compare_once(graph, dlcore_onnx_maker(graph, dlcore_onnx_node_input(graph, node, 1)),
                           &other) ||
        comparison->x != other.x || comparison->of_size || other.of_size || comparison->negated ||
        other.negated || comparison->is_less == other.is_less || comparison->bound != -other.bound)
        return false;
    comparison->bound = comparison->is_less ? other.bound : comparison->bound;
    comparison->of_size = true;
    comparison->is_less = false;
    return comparison->bound >= 0.0;
}

static bool onnx_compare(const dlcore_onnx_graph_t *graph, size_t value,
                         dlcore_onnx_comparison_t *comparison)
{
    size_t within = dlcore_onnx_input_of(graph, value, "Not");
    const dlcore_onnx_node_t *node =
        dlcore_onnx_maker(graph, within != DLCORE_ONNX_NONE ? within : value);

    if (!onnx_compare_once(graph, node, comparison) && !onnx_compare_both(graph, node, comparison))
        return false;
    comparison->negated = comparison->negated != (within != DLCORE_ONNX_NONE);
    return true;
}

/* ---- choices ---- */

bool dlcore_onnx_is_zero(const dlcore_onnx_graph_t *graph, size_t value)
{
    const dlcore_onnx_node_t *node = dlcore_onnx_maker(graph, value);
    const dlcore_onnx_attribute_t *filler;
    double number = 1.0;

    if (value == DLCORE_ONNX_NONE || dlcore_onnx_scalar(graph, value, &number))
        return value == DLCORE_ONNX_NONE || number == 0.0;
    if (dlcore_onnx_is(graph, node, "Mul"))
        return dlcore_onnx_scalar(graph, dlcore_onnx_node_input(graph, node, 1), &number) &&
               number == 0.0;
    if (!dlcore_onnx_is(graph, node, "ConstantOfShape"))
        return false;
    filler = dlcore_onnx_find_attribute(graph, node, "value");
    return filler == NULL ||
           (dlcore_onnx_tensor_number(graph, filler->tensor, &number) && number == 0.0);
}

static void onnx_turn_choice(dlcore_onnx_choice_t *choice)
{
    size_t when = choice->when;

    if (!choice->by.negated)
        return;
    choice->by.negated = false;
    choice->when = choice->otherwise;
    choice->otherwise = when;
}

/* A product with a comparison: that comparison, and the other factor. */
static bool onnx_masked(const dlcore_onnx_graph_t *graph, size_t value,
                        dlcore_onnx_comparison_t *comparison, size_t *masked)
{
    const dlcore_onnx_node_t *node = dlcore_onnx_maker(graph, value);

    for (size_t i = 0; i < 2 && dlcore_onnx_is(graph, node, "Mul"); i++) {
        *masked = dlcore_onnx_node_input(graph, node, 1 - i);
        if (*masked != DLCORE_ONNX_NONE &&
            onnx_compare(graph, dlcore_onnx_node_input(graph, node, i), comparison))
            return true;
    }
    return false;
}

/* a Cast(c) + b Cast(Not(c)) */
static bool onnx_choose_by_sum(const dlcore_onnx_graph_t *graph, const dlcore_onnx_node_t *node,
                               dlcore_onnx_choice_t *choice)
{
    dlcore_onnx_comparison_t other;

    return dlcore_onnx_is(graph, node, "Add") &&
           onnx_masked(graph, dlcore_onnx_node_input(graph, node, 0), &choice->by, &choice->when) &&
           onnx_masked(graph, dlcore_onnx_node_input(graph, node, 1), &other, &choice->otherwise) &&
           choice->by.x == other.x && choice->by.of_size == other.of_size &&
           choice->by.is_less == other.is_less && choice->by.bound == other.bound &&
           choice->by.negated != other.negated;
}

bool dlcore_onnx_choose(const dlcore_onnx_graph_t *graph, size_t value,
                        dlcore_onnx_choice_t *choice)
{
    const dlcore_onnx_node_t *node = dlcore_onnx_maker(graph, value);

    if (dlcore_onnx_is(graph, node, "Where")) {
        choice->when = dlcore_onnx_node_input(graph, node, 1);
        choice->otherwise = dlcore_onnx_node_input(graph, node, 2);
        if (choice->when == DLCORE_ONNX_NONE || choice->otherwise == DLCORE_ONNX_NONE ||
            !onnx_compare(graph, dlcore_onnx_node_input(graph, node, 0), &choice->by))
            return false;
    } else if (!onnx_choose_by_sum(graph, node, choice)) {
        choice->otherwise = DLCORE_ONNX_NONE;
        if (!onnx_masked(graph, value, &choice->by, &choice->when))
            return false;
    }
    onnx_turn_choice(choice);
    return true;
}
