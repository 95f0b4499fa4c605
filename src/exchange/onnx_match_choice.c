/* Activations that exporters write as a choice by a comparison, "x > 0.5 ? x : 0":
 *
 *   hard_shrink     |x| > 0.5 ? x : 0
 *   soft_shrink     |x| > 0.5 ? x - 0.5 sign(x) : 0
 *                   x > 0.5 ? x - 0.5 : x < -0.5 ? x + 0.5 : 0; or the sum of two choices
 *   sparse_plus     x > -1 ? (x < 1 ? (x + 1)^2 / 4 : x) : 0
 *   sparse_sigmoid  x > -1 ? (x < 1 ? (x + 1) / 2 : 1) : 0
 *   elu             x > 0 ? elu(x) : c elu(x)
 *   relu            x > threshold ? x : 0, perhaps clipped, perhaps less slope relu(threshold - x)
 *
 * SPDX-License-Identifier: MIT */
#include <float.h>
#include <math.h>

#include "exchange/onnx_choice.h"

/* Whether it is x > bound, or x < bound. */
static bool onnx_is_beyond(const dlcore_onnx_comparison_t *by, size_t x, bool is_less, double bound)
{
    return by->x == x && !by->of_size && by->is_less == is_less && by->bound == bound;
}

/* Whether `value` is x - 0.5 sign(x). */
static bool onnx_is_nearer_zero(const dlcore_onnx_graph_t *graph, size_t value, size_t x)
{
    const dlcore_onnx_node_t *sub = dlcore_onnx_maker(graph, value), *step;
    double half = 0.0;

    if (dlcore_onnx_input_of(graph, value, "Sub") != x)
        return false;
    step = dlcore_onnx_maker(graph, dlcore_onnx_node_input(graph, sub, 1));
    for (size_t i = 0; i < 2 && dlcore_onnx_is(graph, step, "Mul"); i++) {
        if (dlcore_onnx_input_of(graph, dlcore_onnx_node_input(graph, step, i), "Sign") == x)
            return dlcore_onnx_scalar(graph, dlcore_onnx_node_input(graph, step, 1 - i), &half) &&
                   half == 0.5;
    }
    return false;
}

/* Whether it is x > 0.5 ? x - 0.5 : ..., or x < -0.5 ? x + 0.5 : ... */
static bool onnx_is_half_shrunk(const dlcore_onnx_graph_t *graph,
                                const dlcore_onnx_choice_t *choice, bool is_less)
{
    double bound = is_less ? -0.5 : 0.5;

    return onnx_is_beyond(&choice->by, choice->by.x, is_less, bound) &&
           dlcore_onnx_is_polynomial(graph, choice->when, choice->by.x, -bound, 1.0, 0.0, 0.0);
}

/* x of soft_shrink as two choices, one within the other. */
static bool onnx_is_soft_shrink(const dlcore_onnx_graph_t *graph,
                                const dlcore_onnx_choice_t *choice)
{
    dlcore_onnx_choice_t inner;

    return dlcore_onnx_choose(graph, choice->otherwise, &inner) && inner.by.x == choice->by.x &&
           dlcore_onnx_is_zero(graph, inner.otherwise) &&
           onnx_is_half_shrunk(graph, choice, choice->by.is_less) &&
           onnx_is_half_shrunk(graph, &inner, !choice->by.is_less);
}

/* x of soft_shrink as the sum of two choices; NONE: it is none. */
static size_t onnx_soft_shrink_of(const dlcore_onnx_graph_t *graph, const dlcore_onnx_node_t *add)
{
    dlcore_onnx_choice_t a, b;

    if (dlcore_onnx_is(graph, add, "Add") &&
        dlcore_onnx_choose(graph, dlcore_onnx_node_input(graph, add, 0), &a) &&
        dlcore_onnx_choose(graph, dlcore_onnx_node_input(graph, add, 1), &b) && a.by.x == b.by.x &&
        dlcore_onnx_is_zero(graph, a.otherwise) && dlcore_onnx_is_zero(graph, b.otherwise) &&
        onnx_is_half_shrunk(graph, &a, a.by.is_less) &&
        onnx_is_half_shrunk(graph, &b, !a.by.is_less))
        return a.by.x;
    return DLCORE_ONNX_NONE;
}

/* Whether it is x > -1 ? ... : 0 with a sparse_plus or a sparse_sigmoid. */
static bool onnx_is_sparse(const dlcore_onnx_graph_t *graph, const dlcore_onnx_choice_t *choice,
                           dlcore_activation_t *activation)
{
    size_t x = choice->by.x;
    dlcore_onnx_choice_t inner;
    double one = 0.0;

    if (!onnx_is_beyond(&choice->by, x, false, -1.0) ||
        !dlcore_onnx_is_zero(graph, choice->otherwise) ||
        !dlcore_onnx_choose(graph, choice->when, &inner) ||
        !onnx_is_beyond(&inner.by, x, true, 1.0))
        return false;
    if (inner.otherwise == x) {
        *activation = DLCORE_ACTIVATION_SPARSE_PLUS;
        return dlcore_onnx_is_polynomial(graph, inner.when, x, 0.25, 0.5, 0.25, 0.0);
    }
    *activation = DLCORE_ACTIVATION_SPARSE_SIGMOID;
    return dlcore_onnx_scalar(graph, inner.otherwise, &one) && one == 1.0 &&
           dlcore_onnx_is_polynomial(graph, inner.when, x, 0.5, 0.5, 0.0, 0.0);
}

/* Whether it is x > 0 ? elu(x) : c elu(x); *alpha is c then. */
static bool onnx_is_elu(const dlcore_onnx_graph_t *graph, const dlcore_onnx_choice_t *choice,
                        double *alpha)
{
    const dlcore_onnx_node_t *elu = dlcore_onnx_maker(graph, choice->when);
    const dlcore_onnx_node_t *below = dlcore_onnx_maker(graph, choice->otherwise);
    const dlcore_onnx_attribute_t *attribute;

    if (!onnx_is_beyond(&choice->by, choice->by.x, false, 0.0) ||
        dlcore_onnx_input_of(graph, choice->when, "Elu") != choice->by.x ||
        !dlcore_onnx_is(graph, below, "Mul"))
        return false;
    attribute = dlcore_onnx_find_attribute(graph, elu, "alpha");
    for (size_t i = 0; i < 2 && (attribute == NULL || attribute->f == 1.0f); i++) {
        if (dlcore_onnx_node_input(graph, below, i) == choice->when)
            return dlcore_onnx_scalar(graph, dlcore_onnx_node_input(graph, below, 1 - i), alpha) &&
                   *alpha >= 0.0 && *alpha <= (double)FLT_MAX;
    }
    return false;
}

/* The activation that a choice is; false: none. */
static bool onnx_chosen_layer(const dlcore_onnx_graph_t *graph, const dlcore_onnx_choice_t *choice,
                              dlcore_layer_t *layer)
{
    size_t x = choice->by.x;
    bool or_zero = dlcore_onnx_is_zero(graph, choice->otherwise);

    *layer = dlcore_layer_activation(DLCORE_ACTIVATION_HARD_SHRINK);
    if (choice->by.of_size) {
        if (choice->when != x)
            layer->activation = DLCORE_ACTIVATION_SOFT_SHRINK;
        return or_zero && !choice->by.is_less && choice->by.bound == 0.5 &&
               (choice->when == x || onnx_is_nearer_zero(graph, choice->when, x));
    }
    if (onnx_is_sparse(graph, choice, &layer->activation))
        return true;
    layer->activation = DLCORE_ACTIVATION_SOFT_SHRINK;
    if (onnx_is_soft_shrink(graph, choice))
        return true;
    layer->activation = DLCORE_ACTIVATION_ELU;
    if (onnx_is_elu(graph, choice, &layer->alpha))
        return true;
    *layer = dlcore_layer_relu((double)INFINITY, 0.0, choice->by.bound);
    return or_zero && choice->when == x && !choice->by.is_less && choice->by.bound >= 0.0 &&
           choice->by.bound <= (double)FLT_MAX;
}

/* ---- relu with its settings ---- */

/* What is clipped to 0 .. *high, by Clip or by Max of Min; other values as they are. */
static size_t onnx_unlimited(const dlcore_onnx_graph_t *graph, size_t value, double *high)
{
    const dlcore_onnx_node_t *node = dlcore_onnx_maker(graph, value), *least = node;
    size_t limit = 2;
    double low = 1.0;

    *high = (double)INFINITY;
    if (dlcore_onnx_is(graph, node, "Max") && node->input_count == 2) {
        least = dlcore_onnx_maker(graph, dlcore_onnx_node_input(graph, node, 0));
        limit = 1;
        if (!dlcore_onnx_is(graph, least, "Min") || least->input_count != 2)
            return value;
    } else if (!dlcore_onnx_is(graph, node, "Clip") || node->attribute_count > 0) {
        return value;
    }
    if (!dlcore_onnx_scalar(graph, dlcore_onnx_node_input(graph, node, 1), &low) || low != 0.0 ||
        !dlcore_onnx_scalar(graph, dlcore_onnx_node_input(graph, least, limit), high))
        return value;
    return dlcore_onnx_node_input(graph, least, 0);
}

/* x of a relu above a threshold, which is then in `layer`; NONE: it is none. */
static size_t onnx_above(const dlcore_onnx_graph_t *graph, size_t value, double high,
                         dlcore_layer_t *layer)
{
    size_t x = dlcore_onnx_input_of(graph, value, "Relu");
    dlcore_onnx_choice_t choice;

    *layer = dlcore_layer_relu(high, 0.0, 0.0);
    if (x != DLCORE_ONNX_NONE)
        return x;
    if (!dlcore_onnx_choose(graph, value, &choice) || choice.by.of_size || choice.by.is_less ||
        choice.when != choice.by.x || !dlcore_onnx_is_zero(graph, choice.otherwise) ||
        !(choice.by.bound >= 0.0 && choice.by.bound <= (double)FLT_MAX))
        return DLCORE_ONNX_NONE;
    layer->threshold = choice.by.bound;
    return choice.by.x;
}

/* Whether `value` is slope relu(threshold - x), with a slope that is then in `layer`. */
static bool onnx_is_slope(const dlcore_onnx_graph_t *graph, size_t value, size_t x,
                          dlcore_layer_t *layer)
{
    const dlcore_onnx_node_t *below = dlcore_onnx_maker(graph, value);

    for (size_t i = 0; i < 2 && dlcore_onnx_is(graph, below, "Mul"); i++) {
        size_t negative =
            dlcore_onnx_input_of(graph, dlcore_onnx_node_input(graph, below, i), "Relu");

        if (dlcore_onnx_is_polynomial(graph, negative, x, layer->threshold, -1.0, 0.0, 0.0) &&
            dlcore_onnx_scalar(graph, dlcore_onnx_node_input(graph, below, 1 - i),
                               &layer->negative_slope))
            return layer->negative_slope >= 0.0 && layer->negative_slope <= (double)FLT_MAX &&
                   layer->max_value >= layer->threshold;
    }
    return false;
}

/* x of a relu less slope relu(threshold - x); NONE: it is none. */
static size_t onnx_sloped(const dlcore_onnx_graph_t *graph, const dlcore_onnx_node_t *sub,
                          dlcore_layer_t *layer)
{
    double high;
    size_t above, below, x;

    if (!dlcore_onnx_is(graph, sub, "Sub"))
        return DLCORE_ONNX_NONE;
    above = onnx_unlimited(graph, dlcore_onnx_node_input(graph, sub, 0), &high);
    below = dlcore_onnx_node_input(graph, sub, 1);
    x = onnx_above(graph, above, high, layer);
    if (onnx_is_slope(graph, below, x, layer))
        return x;
    *layer = dlcore_layer_relu(high, 0.0, 0.0); /* clipped alone: above 0 */
    return high < (double)INFINITY && onnx_is_slope(graph, below, above, layer) ? above
                                                                                : DLCORE_ONNX_NONE;
}

dlcore_status dlcore_onnx_match_choice(dlcore_onnx_match_t *match, const dlcore_onnx_node_t *node,
                                       bool *found)
{
    const dlcore_onnx_graph_t *graph = match->graph;
    size_t x = onnx_soft_shrink_of(graph, node);
    dlcore_layer_t layer = dlcore_layer_activation(DLCORE_ACTIVATION_SOFT_SHRINK);
    dlcore_onnx_choice_t choice;

    if (x == DLCORE_ONNX_NONE)
        x = onnx_sloped(graph, node, &layer);
    if (x == DLCORE_ONNX_NONE && dlcore_onnx_choose(graph, match->value, &choice) &&
        onnx_chosen_layer(graph, &choice, &layer))
        x = choice.by.x;
    *found = x != DLCORE_ONNX_NONE;
    return *found ? dlcore_onnx_add_layer(match, node, &layer, x) : DLCORE_OK;
}
