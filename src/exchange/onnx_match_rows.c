/* Normalizations of a sample by its size, as operators and as exporters write them before there are
 * such operators. With r = sqrt(mean(b^2) + epsilon):
 *
 *   RMS normalization   x / r, x * (1 / r), or x * (1 / r * weight), with b = x
 *   rms_scaling         the same with b = x - mean(x)
 *   unit normalization  x / max(length(x), 1e-12), or x * min(1 / sqrt(sum(x^2)), 1e12)
 *
 * Weights that multiply behind them are an affine step that joins the layer (onnx_steps.c).
 *
 * SPDX-License-Identifier: MIT */
#include <float.h>
#include <inttypes.h>

#include "exchange/onnx_match.h"

/* ---- layers ---- */

/* A layer whose one weight is 1 until a step behind it says more. */
static dlcore_status onnx_add_rows(dlcore_onnx_match_t *match, const dlcore_onnx_node_t *node,
                                   const dlcore_layer_t *layer, size_t x)
{
    dlcore_status status = dlcore_onnx_add_layer(match, node, layer, x);
    dlcore_onnx_step_t *step;

    if (status != DLCORE_OK)
        return status;
    step = dlcore_onnx_step(match, match->steps.count - 1);
    step->needs_rows = true;
    if (layer->kind == DLCORE_LAYER_UNIT_NORMALIZATION)
        return DLCORE_OK;
    return dlcore_onnx_new_vector(match->graph, &step->vectors[0], 1, 1.0f);
}

static dlcore_status onnx_add_root(dlcore_onnx_match_t *match, const dlcore_onnx_node_t *node,
                                   size_t x, bool about_mean, double epsilon)
{
    dlcore_layer_t layer =
        about_mean ? dlcore_layer_layer_normalization() : dlcore_layer_rms_normalization();

    layer.rms_scaling = about_mean;
    layer.use_scale = false; /* no weight yet */
    layer.center = false;
    layer.epsilon = epsilon;
    return onnx_add_rows(match, node, &layer, x);
}

/* The weight of the layer that was added last. */
static dlcore_status onnx_take_scale(dlcore_onnx_match_t *match, const dlcore_onnx_node_t *node,
                                     size_t scale)
{
    dlcore_onnx_step_t *step = dlcore_onnx_step(match, match->steps.count - 1);

    step->layer.use_scale = true;
    dlcore_onnx_vector_clear(match->graph, &step->vectors[0]);
    return dlcore_onnx_read_vector(match, node, scale, "scale", &step->vectors[0]);
}

/* ---- r ---- */

/* Whether `value` is r of x; *about_mean: of x - mean(x). */
static bool onnx_is_row_root(const dlcore_onnx_graph_t *graph, size_t value, size_t x,
                             bool *about_mean, double *epsilon)
{
    const dlcore_onnx_node_t *add =
        dlcore_onnx_maker(graph, dlcore_onnx_input_of(graph, value, "Sqrt"));

    *about_mean = dlcore_onnx_is_deviation(graph, value, x, epsilon);
    if (*about_mean)
        return true;
    for (size_t i = 0; i < 2 && dlcore_onnx_is(graph, add, "Add"); i++) {
        size_t mean = dlcore_onnx_mean_of(graph, dlcore_onnx_node_input(graph, add, i));

        if (mean != DLCORE_ONNX_NONE && dlcore_onnx_square_of(graph, mean) == x &&
            dlcore_onnx_scalar(graph, dlcore_onnx_node_input(graph, add, 1 - i), epsilon))
            return *epsilon > 0.0 && *epsilon <= (double)FLT_MAX;
    }
    return false;
}

/* What `value` is 1 divided by; NONE: nothing. */
static size_t onnx_inverse_of(const dlcore_onnx_graph_t *graph, size_t value)
{
    size_t one = dlcore_onnx_input_of(graph, value, "Div");
    double number = 0.0;

    if (one != DLCORE_ONNX_NONE && dlcore_onnx_scalar(graph, one, &number) && number == 1.0)
        return dlcore_onnx_node_input(graph, dlcore_onnx_maker(graph, value), 1);
    return dlcore_onnx_input_of(graph, value, "Reciprocal");
}

/* The other factor of a product with a constant, which is *scale then; else the value itself. */
static size_t onnx_without_scale(const dlcore_onnx_graph_t *graph, size_t value, size_t *scale)
{
    const dlcore_onnx_node_t *node = dlcore_onnx_maker(graph, value);
    dlcore_onnx_constant_t constant;

    *scale = DLCORE_ONNX_NONE;
    for (size_t i = 0; i < 2 && dlcore_onnx_is(graph, node, "Mul"); i++) {
        size_t factor = dlcore_onnx_node_input(graph, node, i);

        if (factor != DLCORE_ONNX_NONE && dlcore_onnx_constant(graph, factor, &constant)) {
            *scale = factor;
            return dlcore_onnx_node_input(graph, node, 1 - i);
        }
    }
    return value;
}

/* ---- length ---- */

/* The other input of a node of two, of which one is about that number; NONE: none is. */
static size_t onnx_bounded(const dlcore_onnx_graph_t *graph, size_t value, const char *operation,
                           double bound)
{
    const dlcore_onnx_node_t *node = dlcore_onnx_maker(graph, value);
    double number = 0.0;

    if (!dlcore_onnx_is(graph, node, operation) ||
        dlcore_onnx_node_input(graph, node, 2) != DLCORE_ONNX_NONE)
        return DLCORE_ONNX_NONE;
    for (size_t i = 0; i < 2; i++) {
        if (dlcore_onnx_scalar(graph, dlcore_onnx_node_input(graph, node, 1 - i), &number) &&
            dlcore_onnx_near(number, bound))
            return dlcore_onnx_node_input(graph, node, i);
    }
    return DLCORE_ONNX_NONE;
}

/* What is clipped from about that number on: Clip has its limits as inputs, or before operator set
 * 11 as attributes. NONE: nothing. */
static size_t onnx_clipped_from(const dlcore_onnx_graph_t *graph, size_t value, double bound)
{
    const dlcore_onnx_node_t *node = dlcore_onnx_maker(graph, value);
    const dlcore_onnx_attribute_t *min, *max;

    if (!dlcore_onnx_is(graph, node, "Clip") || node->attribute_count == 0)
        return onnx_bounded(graph, value, "Clip", bound);
    min = dlcore_onnx_find_attribute(graph, node, "min");
    max = dlcore_onnx_find_attribute(graph, node, "max");
    if (node->input_count != 1 || min == NULL || !dlcore_onnx_near((double)min->f, bound) ||
        (max != NULL && max->f < FLT_MAX))
        return DLCORE_ONNX_NONE;
    return dlcore_onnx_node_input(graph, node, 0);
}

/* Whether a shape, which a number for each sample is spread to, is that of x: (batch, *width), with
 * *width 0 where it is so whatever x is. */
static bool onnx_is_shape_of(const dlcore_onnx_graph_t *graph, size_t value, size_t x,
                             size_t *width)
{
    const dlcore_onnx_node_t *shape = dlcore_onnx_maker(graph, value);
    int64_t dims[DLCORE_ONNX_RANK_MAX];
    size_t count = 0;

    *width = 0;
    if (dlcore_onnx_is(graph, shape, "Shape"))
        return shape->attribute_count == 0 && dlcore_onnx_node_input(graph, shape, 0) == x;
    if (!dlcore_onnx_is(graph, shape, "Concat") || shape->input_count != 2 ||
        !dlcore_onnx_int_list(graph, dlcore_onnx_node_input(graph, shape, 1), dims, &count) ||
        count != 1 || dims[0] < 1)
        return false;
    *width = (size_t)dims[0];
    return dlcore_onnx_is_batch(graph, dlcore_onnx_node_input(graph, shape, 0));
}

/* Whether `value` is max(length(x), 1e-12), perhaps spread to the shape of x. */
static bool onnx_is_length(const dlcore_onnx_graph_t *graph, size_t value, size_t x, size_t *width)
{
    size_t spread = dlcore_onnx_input_of(graph, value, "Expand"), length;

    *width = 0;
    if (spread != DLCORE_ONNX_NONE &&
        !onnx_is_shape_of(graph, dlcore_onnx_node_input(graph, dlcore_onnx_maker(graph, value), 1),
                          x, width))
        return false;
    value = spread != DLCORE_ONNX_NONE ? spread : value;
    length = onnx_bounded(graph, value, "Max", 1e-12);
    if (length == DLCORE_ONNX_NONE)
        length = onnx_clipped_from(graph, value, 1e-12);
    return length != DLCORE_ONNX_NONE && x != DLCORE_ONNX_NONE &&
           dlcore_onnx_reduced(graph, length, "ReduceL2") == x;
}

/* Whether `value` is min(1 / sqrt(sum(x^2)), 1e12). */
static bool onnx_is_inverse_length(const dlcore_onnx_graph_t *graph, size_t value, size_t x)
{
    size_t root = onnx_inverse_of(graph, onnx_bounded(graph, value, "Min", 1e12));
    size_t sum = dlcore_onnx_input_of(graph, root, "Sqrt");
    size_t squares =
        sum != DLCORE_ONNX_NONE ? dlcore_onnx_reduced(graph, sum, "ReduceSum") : DLCORE_ONNX_NONE;

    return squares != DLCORE_ONNX_NONE && x != DLCORE_ONNX_NONE &&
           dlcore_onnx_square_of(graph, squares) == x;
}

/* ---- several nodes ---- */

dlcore_status dlcore_onnx_match_rows(dlcore_onnx_match_t *match, const dlcore_onnx_node_t *node,
                                     bool *found)
{
    const dlcore_onnx_graph_t *graph = match->graph;
    bool divides = dlcore_onnx_is(graph, node, "Div"), about_mean = false, is_unit = false;
    dlcore_layer_t unit = dlcore_layer_unit_normalization();
    size_t x = DLCORE_ONNX_NONE, width = 0, scale = DLCORE_ONNX_NONE, root;
    double epsilon = 0.0;
    dlcore_status status;

    *found = false;
    for (size_t i = 0; i < 2 && !*found && (divides || dlcore_onnx_is(graph, node, "Mul")); i++) {
        size_t by = dlcore_onnx_node_input(graph, node, 1 - i);

        x = dlcore_onnx_node_input(graph, node, i);
        if (divides && i == 1)
            break;
        is_unit =
            divides ? onnx_is_length(graph, by, x, &width) : onnx_is_inverse_length(graph, by, x);
        root = divides ? by : onnx_inverse_of(graph, onnx_without_scale(graph, by, &scale));
        *found = is_unit || onnx_is_row_root(graph, root, x, &about_mean, &epsilon);
    }
    if (!*found)
        return DLCORE_OK;
    status = is_unit ? onnx_add_rows(match, node, &unit, x)
                     : onnx_add_root(match, node, x, about_mean, epsilon);
    if (status == DLCORE_OK && !is_unit && scale != DLCORE_ONNX_NONE)
        status = onnx_take_scale(match, node, scale);
    if (status == DLCORE_OK && is_unit)
        dlcore_onnx_step(match, match->steps.count - 1)->width = width;
    return status;
}

/* ---- operators ---- */

static dlcore_status onnx_check_last_axis(const dlcore_onnx_match_t *match,
                                          const dlcore_onnx_node_t *node)
{
    int64_t axis = dlcore_onnx_int(match, node, "axis", -1);

    if (axis != -1 && axis != 1)
        return dlcore_onnx_refuse(match, node, "axis is %" PRId64 ", not that of the units", axis);
    return DLCORE_OK;
}

/* Whether `value` is a tensor filled with ones in the shape that a value has. */
static bool onnx_is_ones(const dlcore_onnx_graph_t *graph, size_t value)
{
    const dlcore_onnx_node_t *node = dlcore_onnx_maker(graph, value);
    const dlcore_onnx_attribute_t *filler;
    double number;

    if (!dlcore_onnx_is(graph, node, "ConstantOfShape"))
        return false;
    filler = dlcore_onnx_find_attribute(graph, node, "value");
    return filler != NULL && dlcore_onnx_tensor_number(graph, filler->tensor, &number) &&
           number == 1.0;
}

static dlcore_status onnx_match_rms(dlcore_onnx_match_t *match, const dlcore_onnx_node_t *node)
{
    size_t scale = dlcore_onnx_node_input(match->graph, node, 1);
    size_t x = dlcore_onnx_node_input(match->graph, node, 0);
    double epsilon = dlcore_onnx_float(match, node, "epsilon", 1e-5);
    dlcore_status status = onnx_check_last_axis(match, node);

    if (status == DLCORE_OK && !(epsilon > 0.0 && epsilon <= (double)FLT_MAX))
        status = dlcore_onnx_refuse(match, node, "epsilon is %g, it must be more than 0", epsilon);
    if (status == DLCORE_OK)
        status = onnx_add_root(match, node, x, false, epsilon);
    if (status != DLCORE_OK || onnx_is_ones(match->graph, scale))
        return status;
    return onnx_take_scale(match, node, scale);
}

/* By the sum of sizes where p is 1, which no layer does. */
static dlcore_status onnx_match_length(dlcore_onnx_match_t *match, const dlcore_onnx_node_t *node)
{
    dlcore_layer_t layer = dlcore_layer_unit_normalization();
    int64_t p = dlcore_onnx_int(match, node, "p", 2);
    dlcore_status status = onnx_check_last_axis(match, node);

    if (status == DLCORE_OK && p != 2)
        status = dlcore_onnx_refuse(match, node, "p is %" PRId64 ", only 2 is supported", p);
    return status == DLCORE_OK
               ? onnx_add_rows(match, node, &layer, dlcore_onnx_node_input(match->graph, node, 0))
               : status;
}

const dlcore_onnx_operator_t dlcore_onnx_operators_rows[] = {
    {"RMSNormalization", "", 23, {"axis", "epsilon", "stash_type"}, onnx_match_rms},
    {"LpNormalization", "", 1, {"axis", "p"}, onnx_match_length},
    {0},
};
