/* Activations that are one node. Those that exporters write as several are in onnx_match_chain.c.
 *
 * SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "exchange/onnx_match.h"

/* Without attributes. */
static dlcore_status onnx_match_plain(dlcore_onnx_match_t *match, const dlcore_onnx_node_t *node)
{
    static const struct {
        const char *name;
        dlcore_activation_t activation;
    } plain[] = {
        {"Relu", DLCORE_ACTIVATION_RELU},           {"Sigmoid", DLCORE_ACTIVATION_SIGMOID},
        {"Tanh", DLCORE_ACTIVATION_TANH},           {"Softplus", DLCORE_ACTIVATION_SOFTPLUS},
        {"Softsign", DLCORE_ACTIVATION_SOFTSIGN},   {"Mish", DLCORE_ACTIVATION_MISH},
        {"HardSwish", DLCORE_ACTIVATION_HARD_SILU}, {"Exp", DLCORE_ACTIVATION_EXPONENTIAL},
    };
    const char *operation = dlcore_onnx_text(match->graph, node->operation);
    size_t i = 0;

    while (strcmp(plain[i].name, operation) != 0)
        i++;
    return dlcore_onnx_add_activation(match, node, plain[i].activation,
                                      dlcore_onnx_node_input(match->graph, node, 0));
}

/* Along the last axis, which onnx_steps.c sees to; before opset 13 over all axes from `axis` on,
 * which of the last is the same. */
static dlcore_status onnx_match_softmax(dlcore_onnx_match_t *match, const dlcore_onnx_node_t *node)
{
    const dlcore_onnx_graph_t *graph = match->graph;
    bool is_log = dlcore_onnx_is(graph, node, "LogSoftmax");
    int64_t otherwise = dlcore_onnx_opset_of(graph, "") < 13 ? 1 : -1;
    int64_t axis = dlcore_onnx_int(match, node, "axis", otherwise);
    dlcore_status status;

    if (axis == 0 || axis < -1)
        return dlcore_onnx_refuse(match, node, "axis is %" PRId64 ", not the last", axis);
    status = dlcore_onnx_add_activation(
        match, node, is_log ? DLCORE_ACTIVATION_LOG_SOFTMAX : DLCORE_ACTIVATION_SOFTMAX,
        dlcore_onnx_node_input(graph, node, 0));
    if (status == DLCORE_OK) {
        dlcore_onnx_step(match, match->steps.count - 1)->needs_rows = true;
        dlcore_onnx_step(match, match->steps.count - 1)->axis = axis;
    }
    return status;
}

static dlcore_status onnx_match_leaky_relu(dlcore_onnx_match_t *match,
                                           const dlcore_onnx_node_t *node)
{
    dlcore_layer_t layer = dlcore_layer_activation(DLCORE_ACTIVATION_LEAKY_RELU);

    layer.negative_slope = dlcore_onnx_float(match, node, "alpha", 0.01);
    if (!(layer.negative_slope >= 0.0 && layer.negative_slope <= (double)FLT_MAX))
        return dlcore_onnx_refuse(match, node, "alpha is %g", layer.negative_slope);
    return dlcore_onnx_add_layer(match, node, &layer,
                                 dlcore_onnx_node_input(match->graph, node, 0));
}

static dlcore_status onnx_match_elu(dlcore_onnx_match_t *match, const dlcore_onnx_node_t *node)
{
    dlcore_layer_t layer = dlcore_layer_activation(DLCORE_ACTIVATION_ELU);

    layer.alpha = dlcore_onnx_float(match, node, "alpha", 1.0);
    if (!(layer.alpha >= 0.0 && layer.alpha <= (double)FLT_MAX))
        return dlcore_onnx_refuse(match, node, "alpha is %g", layer.alpha);
    return dlcore_onnx_add_layer(match, node, &layer,
                                 dlcore_onnx_node_input(match->graph, node, 0));
}

static dlcore_status onnx_match_celu(dlcore_onnx_match_t *match, const dlcore_onnx_node_t *node)
{
    double alpha = dlcore_onnx_float(match, node, "alpha", 1.0);

    if (alpha != 1.0)
        return dlcore_onnx_refuse(match, node, "alpha is %g, only 1 is supported", alpha);
    return dlcore_onnx_add_activation(match, node, DLCORE_ACTIVATION_CELU,
                                      dlcore_onnx_node_input(match->graph, node, 0));
}

static dlcore_status onnx_match_shrink(dlcore_onnx_match_t *match, const dlcore_onnx_node_t *node)
{
    double lambd = dlcore_onnx_float(match, node, "lambd", 0.5);
    double bias = dlcore_onnx_float(match, node, "bias", 0.0);

    if (lambd != 0.5 || (bias != 0.0 && bias != 0.5))
        return dlcore_onnx_refuse(
            match, node, "lambd %g and bias %g, only 0.5 and 0 or 0.5 are supported", lambd, bias);
    return dlcore_onnx_add_activation(
        match, node, bias == 0.0 ? DLCORE_ACTIVATION_HARD_SHRINK : DLCORE_ACTIVATION_SOFT_SHRINK,
        dlcore_onnx_node_input(match->graph, node, 0));
}

static dlcore_status onnx_match_threshold(dlcore_onnx_match_t *match,
                                          const dlcore_onnx_node_t *node)
{
    double threshold = dlcore_onnx_float(match, node, "alpha", 1.0);
    dlcore_layer_t layer = dlcore_layer_relu((double)INFINITY, 0.0, threshold);

    if (!(threshold >= 0.0 && threshold <= (double)FLT_MAX))
        return dlcore_onnx_refuse(match, node, "alpha is %g", threshold);
    return dlcore_onnx_add_layer(match, node, &layer,
                                 dlcore_onnx_node_input(match->graph, node, 0));
}

static dlcore_status onnx_match_selu(dlcore_onnx_match_t *match, const dlcore_onnx_node_t *node)
{
    const double known_alpha = 1.67326324235437728481, known_gamma = 1.05070098735548049342;
    double alpha = dlcore_onnx_float(match, node, "alpha", known_alpha);
    double gamma = dlcore_onnx_float(match, node, "gamma", known_gamma);

    if (!dlcore_onnx_near(alpha, known_alpha) || !dlcore_onnx_near(gamma, known_gamma))
        return dlcore_onnx_refuse(match, node, "alpha %g and gamma %g are not selu's", alpha,
                                  gamma);
    return dlcore_onnx_add_activation(match, node, DLCORE_ACTIVATION_SELU,
                                      dlcore_onnx_node_input(match->graph, node, 0));
}

/* With slope 1/2 it is sparse_sigmoid. */
static dlcore_status onnx_match_hard_sigmoid(dlcore_onnx_match_t *match,
                                             const dlcore_onnx_node_t *node)
{
    double alpha = dlcore_onnx_float(match, node, "alpha", 0.2);
    double beta = dlcore_onnx_float(match, node, "beta", 0.5);

    if ((alpha != 0.5 && !dlcore_onnx_near(alpha, 1.0 / 6.0)) || !dlcore_onnx_near(beta, 0.5))
        return dlcore_onnx_refuse(match, node,
                                  "alpha %g and beta %g, only 1/6 or 0.5, and 0.5, are supported",
                                  alpha, beta);
    return dlcore_onnx_add_activation(match, node,
                                      alpha == 0.5 ? DLCORE_ACTIVATION_SPARSE_SIGMOID
                                                   : DLCORE_ACTIVATION_HARD_SIGMOID,
                                      dlcore_onnx_node_input(match->graph, node, 0));
}

static dlcore_status onnx_match_gelu(dlcore_onnx_match_t *match, const dlcore_onnx_node_t *node)
{
    const dlcore_onnx_graph_t *graph = match->graph;
    const dlcore_onnx_attribute_t *attribute =
        dlcore_onnx_find_attribute(graph, node, "approximate");
    const char *approximate = attribute != NULL ? dlcore_onnx_text(graph, attribute->s) : "none";

    if (strcmp(approximate, "none") != 0 && strcmp(approximate, "tanh") != 0)
        return dlcore_onnx_refuse(match, node, "approximate is neither none nor tanh");
    return dlcore_onnx_add_activation(
        match, node, approximate[0] == 't' ? DLCORE_ACTIVATION_GELU_TANH : DLCORE_ACTIVATION_GELU,
        dlcore_onnx_node_input(graph, node, 0));
}

static dlcore_status onnx_match_swish(dlcore_onnx_match_t *match, const dlcore_onnx_node_t *node)
{
    double alpha = dlcore_onnx_float(match, node, "alpha", 1.0);

    if (alpha != 1.0)
        return dlcore_onnx_refuse(match, node, "alpha is %g, only 1 is supported", alpha);
    return dlcore_onnx_add_activation(match, node, DLCORE_ACTIVATION_SILU,
                                      dlcore_onnx_node_input(match->graph, node, 0));
}

/* A limit of Clip: an attribute before opset 11, then an input. */
static dlcore_status onnx_clip_limit(const dlcore_onnx_match_t *match,
                                     const dlcore_onnx_node_t *node, const char *name, size_t input,
                                     double *limit)
{
    size_t value = dlcore_onnx_node_input(match->graph, node, input);

    *limit = dlcore_onnx_float(match, node, name, *limit);
    if (value != DLCORE_ONNX_NONE && !dlcore_onnx_scalar(match->graph, value, limit))
        return dlcore_onnx_refuse(match, node, "its %s is not a constant number", name);
    return DLCORE_OK;
}

/* What keeps `value` within these limits. */
static dlcore_status onnx_add_limits(dlcore_onnx_match_t *match, const dlcore_onnx_node_t *node,
                                     double low, double high, size_t value)
{
    dlcore_layer_t layer = dlcore_layer_activation(DLCORE_ACTIVATION_RELU);

    if (low == -1.0 && high == 1.0)
        layer.activation = DLCORE_ACTIVATION_HARD_TANH;
    else if (low == 0.0 && high == 6.0)
        layer.activation = DLCORE_ACTIVATION_RELU6;
    else if ((low == 0.0 || low <= -(double)FLT_MAX) && high >= 0.0 && high < (double)FLT_MAX)
        layer = dlcore_layer_relu(high, low == 0.0 ? 0.0 : 1.0, 0.0);
    else if (low != 0.0 || !(high >= (double)FLT_MAX))
        return dlcore_onnx_refuse(
            match, node, "limits %g and %g, only -1 and 1, or 0 and any, are supported", low, high);
    return dlcore_onnx_add_layer(match, node, &layer, value);
}

static dlcore_status onnx_match_clip(dlcore_onnx_match_t *match, const dlcore_onnx_node_t *node)
{
    double low = (double)-INFINITY, high = (double)INFINITY;
    dlcore_status status = onnx_clip_limit(match, node, "min", 1, &low);

    if (status == DLCORE_OK)
        status = onnx_clip_limit(match, node, "max", 2, &high);
    return status == DLCORE_OK ? onnx_add_limits(match, node, low, high,
                                                 dlcore_onnx_node_input(match->graph, node, 0))
                               : status;
}

/* What a Max or Min of a value and a number takes, and that number; NONE: it is none. */
static size_t onnx_limited(const dlcore_onnx_graph_t *graph, const dlcore_onnx_node_t *node,
                           double *limit)
{
    for (size_t i = 0; i < 2 && node->input_count == 2; i++) {
        if (dlcore_onnx_scalar(graph, dlcore_onnx_node_input(graph, node, 1 - i), limit))
            return dlcore_onnx_node_input(graph, node, i);
    }
    return DLCORE_ONNX_NONE;
}

/* Max(Min(x, high), low), the other way round, or one of them alone. */
static dlcore_status onnx_match_limit(dlcore_onnx_match_t *match, const dlcore_onnx_node_t *node)
{
    const dlcore_onnx_graph_t *graph = match->graph;
    bool is_max = dlcore_onnx_is(graph, node, "Max");
    double limits[2] = {(double)-INFINITY, (double)INFINITY}, other;
    size_t value = onnx_limited(graph, node, &limits[is_max ? 0 : 1]), within;
    const dlcore_onnx_node_t *inner = dlcore_onnx_maker(graph, value);

    if (value == DLCORE_ONNX_NONE)
        return dlcore_onnx_refuse(match, node, "its operands are no value and a number");
    if (dlcore_onnx_is(graph, inner, is_max ? "Min" : "Max")) {
        within = onnx_limited(graph, inner, &other);
        if (within != DLCORE_ONNX_NONE) {
            value = within;
            limits[is_max ? 1 : 0] = other;
        }
    }
    if (limits[0] > limits[1])
        return dlcore_onnx_refuse(match, node, "limits %g and %g", limits[0], limits[1]);
    return onnx_add_limits(match, node, limits[0], limits[1], value);
}

static dlcore_status onnx_match_prelu(dlcore_onnx_match_t *match, const dlcore_onnx_node_t *node)
{
    dlcore_layer_t layer = dlcore_layer_prelu();
    dlcore_status status =
        dlcore_onnx_add_layer(match, node, &layer, dlcore_onnx_node_input(match->graph, node, 0));
    dlcore_onnx_step_t *step;

    if (status != DLCORE_OK)
        return status;
    step = dlcore_onnx_step(match, match->steps.count - 1);
    step->needs_rows = true;
    return dlcore_onnx_read_vector(match, node, dlcore_onnx_node_input(match->graph, node, 1),
                                   "slope", &step->vectors[0]);
}

const dlcore_onnx_operator_t dlcore_onnx_operators_activation[] = {
    {"Relu", "", 6, {NULL}, onnx_match_plain},
    {"Sigmoid", "", 6, {NULL}, onnx_match_plain},
    {"Tanh", "", 6, {NULL}, onnx_match_plain},
    {"Softplus", "", 1, {NULL}, onnx_match_plain},
    {"Softsign", "", 1, {NULL}, onnx_match_plain},
    {"Mish", "", 18, {NULL}, onnx_match_plain},
    {"HardSwish", "", 14, {NULL}, onnx_match_plain},
    {"Exp", "", 6, {NULL}, onnx_match_plain},
    {"Softmax", "", 1, {"axis"}, onnx_match_softmax},
    {"LogSoftmax", "", 1, {"axis"}, onnx_match_softmax},
    {"LeakyRelu", "", 6, {"alpha"}, onnx_match_leaky_relu},
    {"Elu", "", 6, {"alpha"}, onnx_match_elu},
    {"Celu", "", 12, {"alpha"}, onnx_match_celu},
    {"Shrink", "", 9, {"lambd", "bias"}, onnx_match_shrink},
    {"ThresholdedRelu", "", 10, {"alpha"}, onnx_match_threshold},
    {"Selu", "", 6, {"alpha", "gamma"}, onnx_match_selu},
    {"HardSigmoid", "", 6, {"alpha", "beta"}, onnx_match_hard_sigmoid},
    {"Gelu", "", 20, {"approximate"}, onnx_match_gelu},
    {"Swish", "", 24, {"alpha"}, onnx_match_swish},
    {"Clip", "", 6, {"min", "max"}, onnx_match_clip},
    {"Max", "", 8, {NULL}, onnx_match_limit},
    {"Min", "", 8, {NULL}, onnx_match_limit},
    {"PRelu", "", 7, {NULL}, onnx_match_prelu},
    {0},
};
