/* Activations that exporters write as several nodes and not as a product (onnx_match_product.c):
 *
 *   softsign  x / (1 + |x|)           softplus  where(x > 20, x, softplus(x))
 *   prelu     relu(x) + c relu(-x)    log_sigmoid  -softplus(-x), or log(sigmoid(x))
 *   squareplus  (x + sqrt(x^2 + 4)) / 2           tanh_shrink  x - tanh(x)
 *   sparse_plus  h^2 + relu(x - 1), with h = sparse_sigmoid(x)
 *   relu      t + slope min(x - threshold, 0), t being x above the threshold, else 0, and perhaps
 *             not above a largest value
 *
 * SPDX-License-Identifier: MIT */
#include <float.h>
#include <math.h>

#include "exchange/onnx_match.h"

/* x / (1 + |x|) */
static bool onnx_is_softsign(const dlcore_onnx_graph_t *graph, const dlcore_onnx_node_t *node)
{
    size_t x = dlcore_onnx_node_input(graph, node, 0);
    const dlcore_onnx_node_t *add =
        dlcore_onnx_maker(graph, dlcore_onnx_node_input(graph, node, 1));

    for (size_t i = 0; i < 2 && dlcore_onnx_is(graph, add, "Add"); i++) {
        double one = 0.0;

        if (x != DLCORE_ONNX_NONE &&
            dlcore_onnx_input_of(graph, dlcore_onnx_node_input(graph, add, i), "Abs") == x &&
            dlcore_onnx_scalar(graph, dlcore_onnx_node_input(graph, add, 1 - i), &one) &&
            one == 1.0)
            return true;
    }
    return false;
}

/* where(x > threshold, x, softplus(x)), with a threshold beyond which both are one float */
static bool onnx_is_softplus(const dlcore_onnx_graph_t *graph, const dlcore_onnx_node_t *node)
{
    size_t x = dlcore_onnx_node_input(graph, node, 1);
    const dlcore_onnx_node_t *greater =
        dlcore_onnx_maker(graph, dlcore_onnx_node_input(graph, node, 0));
    double threshold = 0.0;

    return x != DLCORE_ONNX_NONE && dlcore_onnx_is(graph, greater, "Greater") &&
           dlcore_onnx_node_input(graph, greater, 0) == x &&
           dlcore_onnx_scalar(graph, dlcore_onnx_node_input(graph, greater, 1), &threshold) &&
           threshold >= 20.0 &&
           dlcore_onnx_input_of(graph, dlcore_onnx_node_input(graph, node, 2), "Softplus") == x;
}

/* relu(x) + c relu(-x), with c at *slope: x, or NONE */
static size_t onnx_prelu_of(const dlcore_onnx_graph_t *graph, const dlcore_onnx_node_t *add,
                            size_t *slope)
{
    for (size_t i = 0; i < 2; i++) {
        size_t x = dlcore_onnx_input_of(graph, dlcore_onnx_node_input(graph, add, i), "Relu");
        const dlcore_onnx_node_t *below =
            dlcore_onnx_maker(graph, dlcore_onnx_node_input(graph, add, 1 - i));

        for (size_t k = 0; k < 2 && x != DLCORE_ONNX_NONE && dlcore_onnx_is(graph, below, "Mul");
             k++) {
            size_t negative =
                dlcore_onnx_input_of(graph, dlcore_onnx_node_input(graph, below, k), "Relu");

            *slope = dlcore_onnx_node_input(graph, below, 1 - k);
            if (negative != DLCORE_ONNX_NONE && dlcore_onnx_input_of(graph, negative, "Neg") == x)
                return x;
        }
    }
    return DLCORE_ONNX_NONE;
}

/* What a Clip without a lower limit takes, and its upper one; other values as they are. */
static size_t onnx_unclipped(const dlcore_onnx_graph_t *graph, size_t value, double *high)
{
    size_t within = dlcore_onnx_input_of(graph, value, "Clip");
    const dlcore_onnx_node_t *node = dlcore_onnx_maker(graph, value);
    double low = 0.0;

    *high = (double)INFINITY;
    if (within == DLCORE_ONNX_NONE ||
        !dlcore_onnx_scalar(graph, dlcore_onnx_node_input(graph, node, 1), &low) ||
        low > -(double)FLT_MAX ||
        !dlcore_onnx_scalar(graph, dlcore_onnx_node_input(graph, node, 2), high))
        return value;
    return within;
}

/* Whether `value` is slope min(x - threshold, 0). */
static bool onnx_is_slope_below(const dlcore_onnx_graph_t *graph, size_t value, size_t x,
                                dlcore_layer_t *layer)
{
    const dlcore_onnx_node_t *product = dlcore_onnx_maker(graph, value), *below, *sub;
    double zero = 1.0, threshold = -1.0;

    if (!dlcore_onnx_is(graph, product, "Mul") ||
        !dlcore_onnx_scalar(graph, dlcore_onnx_node_input(graph, product, 1),
                            &layer->negative_slope) ||
        !(layer->negative_slope >= 0.0 && layer->negative_slope <= (double)FLT_MAX))
        return false;
    below = dlcore_onnx_maker(graph, dlcore_onnx_node_input(graph, product, 0));
    if (!dlcore_onnx_is(graph, below, "Min") || below->input_count != 2 ||
        !dlcore_onnx_scalar(graph, dlcore_onnx_node_input(graph, below, 1), &zero) || zero != 0.0)
        return false;
    sub = dlcore_onnx_maker(graph, dlcore_onnx_node_input(graph, below, 0));
    return dlcore_onnx_is(graph, sub, "Sub") && dlcore_onnx_node_input(graph, sub, 0) == x &&
           dlcore_onnx_scalar(graph, dlcore_onnx_node_input(graph, sub, 1), &threshold) &&
           threshold == layer->threshold;
}

/* x of a relu with a threshold and a slope below it, which is then set in `layer`; NONE: it is
 * none. */
static size_t onnx_relu_of(const dlcore_onnx_graph_t *graph, const dlcore_onnx_node_t *add,
                           dlcore_layer_t *layer)
{
    for (size_t i = 0; i < 2 && dlcore_onnx_is(graph, add, "Add"); i++) {
        double high;
        size_t above = onnx_unclipped(graph, dlcore_onnx_node_input(graph, add, i), &high);
        size_t x = dlcore_onnx_input_of(graph, above, "ThresholdedRelu");
        const dlcore_onnx_attribute_t *alpha;

        if (x == DLCORE_ONNX_NONE)
            continue;
        alpha = dlcore_onnx_find_attribute(graph, dlcore_onnx_maker(graph, above), "alpha");
        *layer = dlcore_layer_relu(high, 0.0, alpha != NULL ? (double)alpha->f : 1.0);
        if (high >= 0.0 && layer->threshold >= 0.0 && layer->threshold <= (double)FLT_MAX &&
            onnx_is_slope_below(graph, dlcore_onnx_node_input(graph, add, 1 - i), x, layer))
            return x;
    }
    return DLCORE_ONNX_NONE;
}

static dlcore_status onnx_add_prelu(dlcore_onnx_match_t *match, const dlcore_onnx_node_t *node,
                                    size_t x, size_t slope)
{
    dlcore_layer_t layer = dlcore_layer_prelu();
    dlcore_status status = dlcore_onnx_add_layer(match, node, &layer, x);
    dlcore_onnx_step_t *step;

    if (status != DLCORE_OK)
        return status;
    step = dlcore_onnx_step(match, match->steps.count - 1);
    step->needs_rows = true;
    status = dlcore_onnx_read_vector(match, node, slope, "slope", &step->vectors[0]);
    for (size_t i = 0; i < step->vectors[0].count; i++)
        step->vectors[0].data[i] = -step->vectors[0].data[i];
    return status;
}

/* The other input of an Add or Mul of which one is that number; NONE: none is. */
static size_t onnx_beside_number(const dlcore_onnx_graph_t *graph, size_t value,
                                 const char *operation, double wanted)
{
    const dlcore_onnx_node_t *node = dlcore_onnx_maker(graph, value);
    double number;

    for (size_t i = 0; i < 2 && dlcore_onnx_is(graph, node, operation); i++) {
        if (dlcore_onnx_scalar(graph, dlcore_onnx_node_input(graph, node, 1 - i), &number) &&
            number == wanted)
            return dlcore_onnx_node_input(graph, node, i);
    }
    return DLCORE_ONNX_NONE;
}

/* What is divided by 2; NONE: nothing. */
static size_t onnx_halved(const dlcore_onnx_graph_t *graph, size_t value)
{
    const dlcore_onnx_node_t *node = dlcore_onnx_maker(graph, value);
    double two = 0.0;

    return dlcore_onnx_is(graph, node, "Div") &&
                   dlcore_onnx_scalar(graph, dlcore_onnx_node_input(graph, node, 1), &two) &&
                   two == 2.0
               ? dlcore_onnx_node_input(graph, node, 0)
               : DLCORE_ONNX_NONE;
}

/* x of x + sqrt(x^2 + 4), which is twice squareplus(x) */
static size_t onnx_twice_squareplus_of(const dlcore_onnx_graph_t *graph, size_t value)
{
    const dlcore_onnx_node_t *sum = dlcore_onnx_maker(graph, value);

    for (size_t i = 0; i < 2 && dlcore_onnx_is(graph, sum, "Add"); i++) {
        size_t x = dlcore_onnx_node_input(graph, sum, i);
        size_t root =
            dlcore_onnx_input_of(graph, dlcore_onnx_node_input(graph, sum, 1 - i), "Sqrt");

        if (x != DLCORE_ONNX_NONE &&
            dlcore_onnx_square_of(graph, onnx_beside_number(graph, root, "Add", 4.0)) == x)
            return x;
    }
    return DLCORE_ONNX_NONE;
}

/* x of (x + sqrt(x^2 + 4)) / 2 */
static size_t onnx_squareplus_of(const dlcore_onnx_graph_t *graph, size_t value)
{
    size_t twice = onnx_beside_number(graph, value, "Mul", 0.5);

    return onnx_twice_squareplus_of(graph,
                                    twice != DLCORE_ONNX_NONE ? twice : onnx_halved(graph, value));
}

/* Where tf2onnx has moved the half into the scale of a batch normalization. */
static dlcore_status onnx_add_twice_squareplus(dlcore_onnx_match_t *match,
                                               const dlcore_onnx_node_t *node, size_t x)
{
    dlcore_layer_t twice = dlcore_layer_rescaling(2.0, 0.0);
    dlcore_status status = dlcore_onnx_add_layer(match, node, &twice, x);

    return status == DLCORE_OK
               ? dlcore_onnx_add_activation(match, node, DLCORE_ACTIVATION_SQUAREPLUS, x)
               : status;
}

/* x of a sparse_plus */
static size_t onnx_sparse_plus_of(const dlcore_onnx_graph_t *graph, const dlcore_onnx_node_t *add)
{
    for (size_t i = 0; i < 2 && dlcore_onnx_is(graph, add, "Add"); i++) {
        size_t above = dlcore_onnx_input_of(graph, dlcore_onnx_node_input(graph, add, i), "Relu");
        size_t h = dlcore_onnx_square_of(graph, dlcore_onnx_node_input(graph, add, 1 - i));
        size_t x = dlcore_onnx_input_of(graph, h, "HardSigmoid");
        const dlcore_onnx_attribute_t *alpha, *beta;
        double one = 0.0;

        if (x == DLCORE_ONNX_NONE || dlcore_onnx_input_of(graph, above, "Sub") != x)
            continue;
        alpha = dlcore_onnx_find_attribute(graph, dlcore_onnx_maker(graph, h), "alpha");
        beta = dlcore_onnx_find_attribute(graph, dlcore_onnx_maker(graph, h), "beta");
        if (alpha != NULL && alpha->f == 0.5f && (beta == NULL || beta->f == 0.5f) &&
            dlcore_onnx_scalar(
                graph, dlcore_onnx_node_input(graph, dlcore_onnx_maker(graph, above), 1), &one) &&
            one == 1.0)
            return x;
    }
    return DLCORE_ONNX_NONE;
}

/* x of a log_sigmoid, a tanh_shrink, a squareplus or a sparse_plus, whichever it is; NONE: none. */
static size_t onnx_bent_of(const dlcore_onnx_graph_t *graph, const dlcore_onnx_node_t *node,
                           size_t value, dlcore_activation_t *activation)
{
    size_t x = dlcore_onnx_input_of(graph, dlcore_onnx_input_of(graph, value, "Log"), "Sigmoid");

    *activation = DLCORE_ACTIVATION_LOG_SIGMOID;
    if (x == DLCORE_ONNX_NONE)
        x = dlcore_onnx_input_of(
            graph,
            dlcore_onnx_input_of(graph, dlcore_onnx_input_of(graph, value, "Neg"), "Softplus"),
            "Neg");
    if (x != DLCORE_ONNX_NONE)
        return x;
    *activation = DLCORE_ACTIVATION_TANH_SHRINK;
    x = dlcore_onnx_input_of(graph, value, "Sub");
    if (x != DLCORE_ONNX_NONE &&
        dlcore_onnx_input_of(graph, dlcore_onnx_node_input(graph, node, 1), "Tanh") == x)
        return x;
    *activation = DLCORE_ACTIVATION_SQUAREPLUS;
    x = onnx_squareplus_of(graph, value);
    if (x != DLCORE_ONNX_NONE)
        return x;
    *activation = DLCORE_ACTIVATION_SPARSE_PLUS;
    return onnx_sparse_plus_of(graph, node);
}

dlcore_status dlcore_onnx_match_chain(dlcore_onnx_match_t *match, const dlcore_onnx_node_t *node,
                                      bool *found)
{
    const dlcore_onnx_graph_t *graph = match->graph;
    size_t x = DLCORE_ONNX_NONE, slope;
    dlcore_activation_t activation = DLCORE_ACTIVATION_SOFTPLUS;
    dlcore_layer_t relu;

    if (dlcore_onnx_is(graph, node, "Add"))
        x = onnx_prelu_of(graph, node, &slope);
    *found = x != DLCORE_ONNX_NONE;
    if (*found)
        return onnx_add_prelu(match, node, x, slope);
    x = onnx_relu_of(graph, node, &relu);
    *found = x != DLCORE_ONNX_NONE;
    if (*found)
        return dlcore_onnx_add_layer(match, node, &relu, x);
    x = onnx_twice_squareplus_of(graph, match->value);
    *found = x != DLCORE_ONNX_NONE;
    if (*found)
        return onnx_add_twice_squareplus(match, node, x);
    if (dlcore_onnx_is(graph, node, "Where") && onnx_is_softplus(graph, node)) {
        x = dlcore_onnx_node_input(graph, node, 1);
    } else if (dlcore_onnx_is(graph, node, "Div") && onnx_is_softsign(graph, node)) {
        x = dlcore_onnx_node_input(graph, node, 0);
        activation = DLCORE_ACTIVATION_SOFTSIGN;
    }
    if (x == DLCORE_ONNX_NONE)
        x = onnx_bent_of(graph, node, match->value, &activation);
    *found = x != DLCORE_ONNX_NONE;
    return *found ? dlcore_onnx_add_activation(match, node, activation, x) : DLCORE_OK;
}
