/* Activations as operators of opset 13. Those that are newer are put as what they are made of,
 * since runtimes refuse what is newer than they are. Formulas: dlcore/activation.h.
 *
 * SPDX-License-Identifier: MIT */
#include "exchange/onnx_put.h"

#include <float.h>

#define ONNX_SQRT_HALF 0.70710678118654752440
#define ONNX_SQRT_2_PI 0.79788456080286535588 /* sqrt(2 / pi) */

/* Those that are one operator without attributes; NULL: another one. */
static const char *onnx_plain_operator(dlcore_activation_t activation)
{
    switch (activation) {
    case DLCORE_ACTIVATION_RELU:
        return "Relu";
    case DLCORE_ACTIVATION_SIGMOID:
        return "Sigmoid";
    case DLCORE_ACTIVATION_TANH:
        return "Tanh";
    case DLCORE_ACTIVATION_SOFTPLUS:
        return "Softplus";
    case DLCORE_ACTIVATION_SOFTSIGN:
        return "Softsign";
    case DLCORE_ACTIVATION_EXPONENTIAL:
        return "Exp";
    default:
        return NULL;
    }
}

static void onnx_put_selu(dlcore_onnx_putting_t *putting)
{
    dlcore_onnx_put_node_t *node = dlcore_onnx_put_node(putting, "Selu", "selu");

    dlcore_onnx_put_float(node, "alpha", 1.67326324235437728481);
    dlcore_onnx_put_float(node, "gamma", 1.05070098735548049342);
}

static void onnx_put_hard_sigmoid(dlcore_onnx_putting_t *putting)
{
    dlcore_onnx_put_node_t *node = dlcore_onnx_put_node(putting, "HardSigmoid", "hard_sigmoid");

    dlcore_onnx_put_float(node, "alpha", 1.0 / 6.0);
    dlcore_onnx_put_float(node, "beta", 0.5);
}

/* x (1 + erf(x / sqrt 2)) / 2 */
static void onnx_put_gelu(dlcore_onnx_putting_t *putting)
{
    dlcore_onnx_name_t x = putting->value;

    dlcore_onnx_put_with(putting, "Mul", "scaled", "sqrt_half", ONNX_SQRT_HALF);
    dlcore_onnx_put_node(putting, "Erf", "erf");
    dlcore_onnx_put_with(putting, "Add", "gate", "one", 1.0);
    dlcore_onnx_put_binary(putting, "Mul", "product", x);
    dlcore_onnx_put_with(putting, "Mul", "gelu", "half", 0.5);
}

/* x (1 + tanh(sqrt(2 / pi) x (1 + 0.044715 x^2))) / 2 */
static void onnx_put_gelu_tanh(dlcore_onnx_putting_t *putting)
{
    dlcore_onnx_name_t x = putting->value;

    dlcore_onnx_put_binary(putting, "Mul", "square", x);
    dlcore_onnx_put_with(putting, "Mul", "bent", "cubic", ONNX_SQRT_2_PI * 0.044715);
    dlcore_onnx_put_with(putting, "Add", "slope", "linear", ONNX_SQRT_2_PI);
    dlcore_onnx_put_binary(putting, "Mul", "inner", x);
    dlcore_onnx_put_node(putting, "Tanh", "tanh");
    dlcore_onnx_put_with(putting, "Add", "gate", "one", 1.0);
    dlcore_onnx_put_binary(putting, "Mul", "product", x);
    dlcore_onnx_put_with(putting, "Mul", "gelu_tanh", "half", 0.5);
}

/* -softplus(-x) */
static void onnx_put_log_sigmoid(dlcore_onnx_putting_t *putting)
{
    dlcore_onnx_put_node(putting, "Neg", "opposite");
    dlcore_onnx_put_node(putting, "Softplus", "softplus");
    dlcore_onnx_put_node(putting, "Neg", "log_sigmoid");
}

static void onnx_put_shrink(dlcore_onnx_putting_t *putting, double bias)
{
    dlcore_onnx_put_node_t *node = dlcore_onnx_put_node(putting, "Shrink", "shrink");

    dlcore_onnx_put_float(node, "lambd", 0.5);
    dlcore_onnx_put_float(node, "bias", bias);
}

/* x - tanh(x) */
static void onnx_put_tanh_shrink(dlcore_onnx_putting_t *putting)
{
    dlcore_onnx_name_t x = putting->value, tanh_of_x;

    dlcore_onnx_put_node(putting, "Tanh", "tanh");
    tanh_of_x = putting->value;
    putting->value = x;
    dlcore_onnx_put_binary(putting, "Sub", "tanh_shrink", tanh_of_x);
}

/* (x + sqrt(x^2 + 4)) / 2 */
static void onnx_put_squareplus(dlcore_onnx_putting_t *putting)
{
    dlcore_onnx_name_t x = putting->value;

    dlcore_onnx_put_binary(putting, "Mul", "square", x);
    dlcore_onnx_put_with(putting, "Add", "sum", "four", 4.0);
    dlcore_onnx_put_node(putting, "Sqrt", "root");
    dlcore_onnx_put_binary(putting, "Add", "twice", x);
    dlcore_onnx_put_with(putting, "Mul", "squareplus", "half", 0.5);
}

/* (x + 1) / 2 within 0 .. 1 */
static void onnx_put_sparse_sigmoid(dlcore_onnx_putting_t *putting)
{
    dlcore_onnx_put_node_t *node = dlcore_onnx_put_node(putting, "HardSigmoid", "sparse_sigmoid");

    dlcore_onnx_put_float(node, "alpha", 0.5);
    dlcore_onnx_put_float(node, "beta", 0.5);
}

/* The square of that, and what x is above 1. */
static void onnx_put_sparse_plus(dlcore_onnx_putting_t *putting)
{
    dlcore_onnx_name_t x = putting->value, bent;

    onnx_put_sparse_sigmoid(putting);
    dlcore_onnx_put_binary(putting, "Mul", "bent", putting->value);
    bent = putting->value;
    putting->value = x;
    dlcore_onnx_put_with(putting, "Sub", "above", "one", 1.0);
    dlcore_onnx_put_node(putting, "Relu", "straight");
    dlcore_onnx_put_binary(putting, "Add", "sparse_plus", bent);
}

static void onnx_put_clip(dlcore_onnx_putting_t *putting, const char *suffix, double low,
                          double high)
{
    dlcore_onnx_name_t least = dlcore_onnx_put_number(putting, "low", low);
    dlcore_onnx_name_t most = dlcore_onnx_put_number(putting, "high", high);

    dlcore_onnx_put_input(dlcore_onnx_put_binary(putting, "Clip", suffix, least), most);
}

/* + slope min(x - threshold, 0) */
static void onnx_put_slope_below(dlcore_onnx_putting_t *putting, dlcore_onnx_name_t x)
{
    const dlcore_layer_t *layer = &putting->layer->layer;
    dlcore_onnx_name_t above = putting->value;

    putting->value = x;
    dlcore_onnx_put_with(putting, "Sub", "distance", "from", layer->threshold);
    dlcore_onnx_put_with(putting, "Min", "below", "zero", 0.0);
    dlcore_onnx_put_with(putting, "Mul", "sloping", "slope", layer->negative_slope);
    dlcore_onnx_put_binary(putting, "Add", "sum", above);
}

/* A threshold or a slope below 0, then the largest value; of both, the slope comes on top. */
static void onnx_put_relu_general(dlcore_onnx_putting_t *putting)
{
    const dlcore_layer_t *layer = &putting->layer->layer;
    dlcore_onnx_name_t x = putting->value;
    bool has_threshold = (float)layer->threshold != 0.0f;

    if (has_threshold)
        dlcore_onnx_put_float(dlcore_onnx_put_node(putting, "ThresholdedRelu", "threshold"),
                              "alpha", layer->threshold);
    else
        dlcore_onnx_put_float(dlcore_onnx_put_node(putting, "LeakyRelu", "leaky_relu"), "alpha",
                              layer->negative_slope);
    if (layer->max_value <= (double)FLT_MAX)
        onnx_put_clip(putting, "clipped", -(double)FLT_MAX, layer->max_value);
    if (has_threshold && (float)layer->negative_slope != 0.0f)
        onnx_put_slope_below(putting, x);
}

/* Those that are x times a gate. */
static void onnx_put_gated(dlcore_onnx_putting_t *putting, dlcore_activation_t activation)
{
    dlcore_onnx_name_t x = putting->value;

    if (activation == DLCORE_ACTIVATION_SILU) {
        dlcore_onnx_put_node(putting, "Sigmoid", "gate");
    } else if (activation == DLCORE_ACTIVATION_HARD_SILU) {
        onnx_put_hard_sigmoid(putting);
    } else {
        dlcore_onnx_put_node(putting, "Softplus", "softplus");
        dlcore_onnx_put_node(putting, "Tanh", "gate");
    }
    dlcore_onnx_put_binary(putting, "Mul", "product", x);
}

/* Those of Keras that few networks have. */
static bool onnx_put_more(dlcore_onnx_putting_t *putting, dlcore_activation_t activation)
{
    switch (activation) {
    case DLCORE_ACTIVATION_CELU:
        dlcore_onnx_put_float(dlcore_onnx_put_node(putting, "Celu", "celu"), "alpha", 1.0);
        return true;
    case DLCORE_ACTIVATION_HARD_TANH:
        onnx_put_clip(putting, "hard_tanh", -1.0, 1.0);
        return true;
    case DLCORE_ACTIVATION_LOG_SIGMOID:
        onnx_put_log_sigmoid(putting);
        return true;
    case DLCORE_ACTIVATION_SOFT_SHRINK:
    case DLCORE_ACTIVATION_HARD_SHRINK:
        onnx_put_shrink(putting, activation == DLCORE_ACTIVATION_SOFT_SHRINK ? 0.5 : 0.0);
        return true;
    case DLCORE_ACTIVATION_TANH_SHRINK:
        onnx_put_tanh_shrink(putting);
        return true;
    case DLCORE_ACTIVATION_SQUAREPLUS:
        onnx_put_squareplus(putting);
        return true;
    case DLCORE_ACTIVATION_SPARSE_PLUS:
        onnx_put_sparse_plus(putting);
        return true;
    case DLCORE_ACTIVATION_SPARSE_SIGMOID:
        onnx_put_sparse_sigmoid(putting);
        return true;
    case DLCORE_ACTIVATION_SPARSEMAX:
        dlcore_onnx_put_sparsemax(putting);
        return true;
    case DLCORE_ACTIVATION_SPARSEMAX_KERAS:
        dlcore_onnx_put_sparsemax_keras(putting);
        return true;
    case DLCORE_ACTIVATION_RELU_GENERAL:
        onnx_put_relu_general(putting);
        return true;
    default:
        return false;
    }
}

bool dlcore_onnx_put_activation(dlcore_onnx_putting_t *putting)
{
    const dlcore_layer_t *layer = &putting->layer->layer;
    const char *plain = onnx_plain_operator(layer->activation);

    if (plain != NULL) {
        dlcore_onnx_put_node(putting, plain, "activation");
        return true;
    }
    switch (layer->activation) {
    case DLCORE_ACTIVATION_LINEAR:
        return true;
    case DLCORE_ACTIVATION_SOFTMAX:
        dlcore_onnx_put_int(dlcore_onnx_put_node(putting, "Softmax", "softmax"), "axis", -1);
        return true;
    case DLCORE_ACTIVATION_LOG_SOFTMAX:
        dlcore_onnx_put_int(dlcore_onnx_put_node(putting, "LogSoftmax", "log_softmax"), "axis", -1);
        return true;
    case DLCORE_ACTIVATION_LEAKY_RELU:
        dlcore_onnx_put_float(dlcore_onnx_put_node(putting, "LeakyRelu", "leaky_relu"), "alpha",
                              layer->negative_slope);
        return true;
    case DLCORE_ACTIVATION_ELU:
        dlcore_onnx_put_float(dlcore_onnx_put_node(putting, "Elu", "elu"), "alpha", layer->alpha);
        return true;
    case DLCORE_ACTIVATION_SELU:
        onnx_put_selu(putting);
        return true;
    case DLCORE_ACTIVATION_RELU6:
        onnx_put_clip(putting, "relu6", 0.0, 6.0);
        return true;
    case DLCORE_ACTIVATION_HARD_SIGMOID:
        onnx_put_hard_sigmoid(putting);
        return true;
    case DLCORE_ACTIVATION_GELU:
        onnx_put_gelu(putting);
        return true;
    case DLCORE_ACTIVATION_GELU_TANH:
        onnx_put_gelu_tanh(putting);
        return true;
    case DLCORE_ACTIVATION_SILU:
    case DLCORE_ACTIVATION_HARD_SILU:
    case DLCORE_ACTIVATION_MISH:
        onnx_put_gated(putting, layer->activation);
        return true;
    default:
        return onnx_put_more(putting, layer->activation);
    }
}
