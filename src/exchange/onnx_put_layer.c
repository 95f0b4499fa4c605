/* Layers as operators of opset 13, or 17 where there is a layer normalization.
 *
 * SPDX-License-Identifier: MIT */
#include "exchange/onnx_put.h"

#include <string.h>

static void onnx_put_dense(dlcore_onnx_putting_t *putting)
{
    dlcore_onnx_name_t kernel = dlcore_onnx_put_parameter(putting, 0);
    dlcore_onnx_put_node_t *node = dlcore_onnx_put_binary(putting, "Gemm", "gemm", kernel);

    if (putting->layer->layer.use_bias)
        dlcore_onnx_put_input(node, dlcore_onnx_put_parameter(putting, 1));
}

static void onnx_rescale(dlcore_onnx_putting_t *putting)
{
    const dlcore_layer_t *layer = &putting->layer->layer;

    if ((float)layer->scale != 1.0f)
        dlcore_onnx_put_with(putting, "Mul", "scaled", "scale", layer->scale);
    if ((float)layer->offset != 0.0f)
        dlcore_onnx_put_with(putting, "Add", "shifted", "offset", layer->offset);
}

static void onnx_put_dropout(dlcore_onnx_putting_t *putting)
{
    dlcore_onnx_put_with(putting, "Dropout", "dropout", "ratio", putting->layer->layer.rate);
}

/* gamma or beta, which ONNX has even where the layer does not; *index: of the layer's weights. */
static dlcore_onnx_name_t onnx_put_or_fill(dlcore_onnx_putting_t *putting, bool has, size_t *index,
                                           const char *suffix, double value)
{
    if (!has)
        return dlcore_onnx_put_filled(putting, suffix, putting->layer->output_width, value);
    return dlcore_onnx_put_parameter(putting, (*index)++);
}

static void onnx_put_batch_normalization(dlcore_onnx_putting_t *putting)
{
    const dlcore_layer_t *layer = &putting->layer->layer;
    size_t index = 0;
    dlcore_onnx_name_t gamma = onnx_put_or_fill(putting, layer->use_scale, &index, "gamma", 1.0);
    dlcore_onnx_name_t beta = onnx_put_or_fill(putting, layer->center, &index, "beta", 0.0);
    dlcore_onnx_name_t mean = dlcore_onnx_put_parameter(putting, index);
    dlcore_onnx_name_t variance = dlcore_onnx_put_parameter(putting, index + 1);
    dlcore_onnx_put_node_t *node =
        dlcore_onnx_put_binary(putting, "BatchNormalization", "normalized", gamma);

    dlcore_onnx_put_input(node, beta);
    dlcore_onnx_put_input(node, mean);
    dlcore_onnx_put_input(node, variance);
    dlcore_onnx_put_float(node, "epsilon", layer->epsilon);
    dlcore_onnx_put_float(node, "momentum", layer->momentum);
}

/* sqrt(mean(value^2) + epsilon) */
static dlcore_onnx_name_t onnx_put_root(dlcore_onnx_putting_t *putting)
{
    dlcore_onnx_put_binary(putting, "Mul", "square", putting->value);
    dlcore_onnx_put_reduction(putting, "ReduceMean", "mean_square");
    dlcore_onnx_put_with(putting, "Add", "sum", "epsilon", putting->layer->layer.epsilon);
    dlcore_onnx_put_node(putting, "Sqrt", "root");
    return putting->value;
}

/* x / root * weight */
static void onnx_put_by_root(dlcore_onnx_putting_t *putting, dlcore_onnx_name_t x,
                             dlcore_onnx_name_t root)
{
    putting->value = x;
    dlcore_onnx_put_binary(putting, "Div", "normalized", root);
    dlcore_onnx_put_binary(putting, "Mul", "scaled", dlcore_onnx_put_parameter(putting, 0));
}

static void onnx_put_rms_normalization(dlcore_onnx_putting_t *putting)
{
    dlcore_onnx_name_t x = putting->value;

    onnx_put_by_root(putting, x, onnx_put_root(putting));
}

/* gamma x / sqrt(variance + epsilon) */
static void onnx_put_scaled_normalization(dlcore_onnx_putting_t *putting)
{
    dlcore_onnx_name_t x = putting->value, mean;

    dlcore_onnx_put_reduction(putting, "ReduceMean", "mean");
    mean = putting->value;
    putting->value = x;
    dlcore_onnx_put_binary(putting, "Sub", "centred", mean);
    onnx_put_by_root(putting, x, onnx_put_root(putting));
}

/* x / max(length, 1e-12) */
static void onnx_put_unit_normalization(dlcore_onnx_putting_t *putting)
{
    dlcore_onnx_name_t x = putting->value, length;

    dlcore_onnx_put_reduction(putting, "ReduceL2", "length");
    dlcore_onnx_put_with(putting, "Max", "divisor", "least", 1e-12);
    length = putting->value;
    putting->value = x;
    dlcore_onnx_put_binary(putting, "Div", "normalized", length);
}

static void onnx_put_layer_normalization(dlcore_onnx_putting_t *putting)
{
    const dlcore_layer_t *layer = &putting->layer->layer;
    size_t index = 0;
    dlcore_onnx_name_t gamma = onnx_put_or_fill(putting, layer->use_scale, &index, "gamma", 1.0);
    dlcore_onnx_put_node_t *node =
        dlcore_onnx_put_binary(putting, "LayerNormalization", "normalized", gamma);

    if (layer->center)
        dlcore_onnx_put_input(node, dlcore_onnx_put_parameter(putting, index));
    dlcore_onnx_put_float(node, "epsilon", layer->epsilon);
    dlcore_onnx_put_int(node, "axis", -1);
    putting->opset = 17;
}

/* (x - mean) / max(sqrt(variance), 1e-7), or inverted */
static void onnx_put_standardization(dlcore_onnx_putting_t *putting)
{
    dlcore_onnx_name_t mean = dlcore_onnx_put_parameter(putting, 0);
    dlcore_onnx_name_t deviation = dlcore_onnx_put_parameter(putting, 1);

    deviation.suffix = "deviation";
    putting->tensors[putting->tensor_count - 1].name = deviation;
    putting->tensors[putting->tensor_count - 1].numbers = DLCORE_ONNX_DEVIATION;
    if (putting->layer->layer.invert) {
        dlcore_onnx_put_binary(putting, "Mul", "scaled", deviation);
        dlcore_onnx_put_binary(putting, "Add", "shifted", mean);
        return;
    }
    dlcore_onnx_put_binary(putting, "Sub", "shifted", mean);
    dlcore_onnx_put_binary(putting, "Div", "normalized", deviation);
}

/* The first half, times the sigmoid of the second. */
static void onnx_put_glu(dlcore_onnx_putting_t *putting)
{
    dlcore_onnx_put_node_t *split = dlcore_onnx_put_node(putting, "Split", "half");
    dlcore_onnx_name_t half = putting->value;

    dlcore_onnx_put_int(split, "axis", -1);
    split->second_output = (dlcore_onnx_name_t){half.layer, "other_half"};
    putting->value = split->second_output;
    dlcore_onnx_put_node(putting, "Sigmoid", "gate");
    dlcore_onnx_put_binary(putting, "Mul", "glu", half);
}

/* Groups as an axis of samples: (batch, groups, axis_width). */
static void onnx_put_grouped_softmax(dlcore_onnx_putting_t *putting)
{
    const dlcore_node_t *node = putting->layer;

    dlcore_onnx_put_binary(putting, "Reshape", "groups",
                           dlcore_onnx_put_groups(putting, "groups_shape", node->layer.axis_width));
    dlcore_onnx_put_int(dlcore_onnx_put_node(putting, "Softmax", "softmax"), "axis", -1);
    dlcore_onnx_put_binary(putting, "Reshape", "rows",
                           dlcore_onnx_put_rows(putting, "rows_shape", node->output_width));
}

/* Whether a setting is for training alone, or is one that the functions above look at. */
static bool onnx_knows_setting(const dlcore_setting_t *setting)
{
    static const char *const known[] = {
        "activation", "alpha",          "center", "epsilon",     "momentum",   "offset",
        "rate",       "negative_slope", "scale",  "stddev",      "units",      "use_bias",
        "max_value",  "threshold",      "invert", "rms_scaling", "axis_width", "embeddings"};

    if (setting->type == DLCORE_SETTING_INITIALIZER ||
        setting->type == DLCORE_SETTING_REGULARIZER || setting->type == DLCORE_SETTING_CONSTRAINT ||
        setting->type == DLCORE_SETTING_TEXT)
        return true;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (strcmp(known[i], setting->key) == 0)
            return true;
    }
    return false;
}

const char *dlcore_onnx_put_lacks(const dlcore_node_t *node)
{
    for (const dlcore_setting_t *row = node->type->settings; row->type != DLCORE_SETTING_END;
         row++) {
        if (!onnx_knows_setting(row) && !dlcore_setting_is_default(row, &node->layer))
            return row->key;
    }
    return NULL;
}

bool dlcore_onnx_put_layer(dlcore_onnx_putting_t *putting)
{
    switch (putting->layer->layer.kind) {
    case DLCORE_LAYER_DENSE:
        onnx_put_dense(putting);
        return dlcore_onnx_put_activation(putting);
    case DLCORE_LAYER_ACTIVATION:
        return dlcore_onnx_put_activation(putting);
    case DLCORE_LAYER_RESCALING:
        onnx_rescale(putting);
        return true;
    case DLCORE_LAYER_DROPOUT:
        onnx_put_dropout(putting);
        return true;
    case DLCORE_LAYER_BATCH_NORMALIZATION:
        onnx_put_batch_normalization(putting);
        return true;
    case DLCORE_LAYER_LAYER_NORMALIZATION:
        if (putting->layer->layer.rms_scaling)
            onnx_put_scaled_normalization(putting);
        else
            onnx_put_layer_normalization(putting);
        return true;
    case DLCORE_LAYER_RMS_NORMALIZATION:
        onnx_put_rms_normalization(putting);
        return true;
    case DLCORE_LAYER_UNIT_NORMALIZATION:
        onnx_put_unit_normalization(putting);
        return true;
    case DLCORE_LAYER_NORMALIZATION:
        onnx_put_standardization(putting);
        return true;
    case DLCORE_LAYER_PRELU:
        dlcore_onnx_put_binary(putting, "PRelu", "prelu", dlcore_onnx_put_parameter(putting, 0));
        return true;
    case DLCORE_LAYER_GLU:
        onnx_put_glu(putting);
        return true;
    case DLCORE_LAYER_GROUPED_SOFTMAX:
        onnx_put_grouped_softmax(putting);
        return true;
    case DLCORE_LAYER_EMBEDDING:
        dlcore_onnx_put_embedding(putting);
        return true;
    case DLCORE_LAYER_ACTIVITY_REGULARIZATION:
        return true;
    default: /* the graph's input is flat, and nothing is trained there */
        return putting->layer->type->forward == NULL || putting->layer->type->only_trains;
    }
}
