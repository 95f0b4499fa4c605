/* Nodes and tensors of an ONNX graph that is being made.
 *
 * SPDX-License-Identifier: MIT */
#include "exchange/onnx_put.h"

dlcore_onnx_put_node_t *dlcore_onnx_put_node(dlcore_onnx_putting_t *putting, const char *operation,
                                             const char *suffix)
{
    dlcore_onnx_put_node_t *node = &putting->nodes[putting->node_count++];
    const char *layer = putting->layer != NULL ? putting->layer->layer.name : NULL;

    *node = (dlcore_onnx_put_node_t){.operation = operation, .output = {layer, suffix}};
    dlcore_onnx_put_input(node, putting->value);
    putting->value = node->output;
    return node;
}

dlcore_onnx_put_node_t *dlcore_onnx_put_binary(dlcore_onnx_putting_t *putting,
                                               const char *operation, const char *suffix,
                                               dlcore_onnx_name_t second)
{
    dlcore_onnx_put_node_t *node = dlcore_onnx_put_node(putting, operation, suffix);

    dlcore_onnx_put_input(node, second);
    return node;
}

void dlcore_onnx_put_with(dlcore_onnx_putting_t *putting, const char *operation, const char *suffix,
                          const char *number_suffix, double number)
{
    dlcore_onnx_put_binary(putting, operation, suffix,
                           dlcore_onnx_put_number(putting, number_suffix, number));
}

void dlcore_onnx_put_float(dlcore_onnx_put_node_t *node, const char *name, double value)
{
    node->attributes[node->attribute_count++] =
        (dlcore_onnx_put_attribute_t){.name = name, .is_float = true, .f = (float)value};
}

void dlcore_onnx_put_int(dlcore_onnx_put_node_t *node, const char *name, int64_t value)
{
    node->attributes[node->attribute_count++] =
        (dlcore_onnx_put_attribute_t){.name = name, .i = value};
}

void dlcore_onnx_put_reduction(dlcore_onnx_putting_t *putting, const char *operation,
                               const char *suffix)
{
    dlcore_onnx_put_node_t *node = dlcore_onnx_put_node(putting, operation, suffix);

    dlcore_onnx_put_int(node, "axes", -1);
    node->attributes[0].is_list = true;
    dlcore_onnx_put_int(node, "keepdims", 1);
}

void dlcore_onnx_put_input(dlcore_onnx_put_node_t *node, dlcore_onnx_name_t name)
{
    node->inputs[node->input_count++] = name;
}

/* ---- tensors ---- */

static dlcore_onnx_put_tensor_t *onnx_put_tensor(dlcore_onnx_putting_t *putting, const char *suffix)
{
    dlcore_onnx_put_tensor_t *tensor = &putting->tensors[putting->tensor_count++];

    *tensor =
        (dlcore_onnx_put_tensor_t){.name = {putting->layer->layer.name, suffix}, .shape = {1, 1}};
    return tensor;
}

dlcore_onnx_name_t dlcore_onnx_put_parameter(dlcore_onnx_putting_t *putting, size_t index)
{
    const dlcore_parameter_t *parameter = &putting->layer->parameters[index];
    dlcore_onnx_put_tensor_t *tensor = onnx_put_tensor(putting, parameter->name);

    tensor->numbers = DLCORE_ONNX_PARAMETER;
    tensor->parameter = parameter;
    tensor->rank = parameter->rank;
    tensor->shape[0] = parameter->shape[0];
    tensor->shape[1] = parameter->shape[1];
    return tensor->name;
}

dlcore_onnx_name_t dlcore_onnx_put_number(dlcore_onnx_putting_t *putting, const char *suffix,
                                          double value)
{
    dlcore_onnx_put_tensor_t *tensor = onnx_put_tensor(putting, suffix);

    tensor->numbers = DLCORE_ONNX_FILLED;
    tensor->value = (float)value;
    return tensor->name;
}

dlcore_onnx_name_t dlcore_onnx_put_filled(dlcore_onnx_putting_t *putting, const char *suffix,
                                          size_t width, double value)
{
    dlcore_onnx_name_t name = dlcore_onnx_put_number(putting, suffix, value);
    dlcore_onnx_put_tensor_t *tensor = &putting->tensors[putting->tensor_count - 1];

    tensor->rank = 1;
    tensor->shape[0] = width;
    return name;
}

dlcore_onnx_name_t dlcore_onnx_put_counted(dlcore_onnx_putting_t *putting, const char *suffix,
                                           size_t count)
{
    dlcore_onnx_name_t name = dlcore_onnx_put_filled(putting, suffix, count, 0.0);

    putting->tensors[putting->tensor_count - 1].numbers = DLCORE_ONNX_COUNTED;
    return name;
}

dlcore_onnx_name_t dlcore_onnx_put_integer(dlcore_onnx_putting_t *putting, const char *suffix,
                                           size_t rank, int64_t value)
{
    dlcore_onnx_put_tensor_t *tensor = onnx_put_tensor(putting, suffix);

    tensor->numbers = DLCORE_ONNX_INTEGERS;
    tensor->rank = rank;
    tensor->integers[0] = value;
    return tensor->name;
}

dlcore_onnx_name_t dlcore_onnx_put_computed(dlcore_onnx_putting_t *putting, const char *suffix,
                                            size_t count, dlcore_onnx_compute_t *compute)
{
    dlcore_onnx_put_tensor_t *tensor = onnx_put_tensor(putting, suffix);

    tensor->numbers = DLCORE_ONNX_COMPUTED;
    tensor->rank = 1;
    tensor->shape[0] = count;
    tensor->compute = compute;
    tensor->layer = putting->layer;
    return tensor->name;
}

dlcore_onnx_name_t dlcore_onnx_put_rows(dlcore_onnx_putting_t *putting, const char *suffix,
                                        size_t width)
{
    dlcore_onnx_name_t name = dlcore_onnx_put_integer(putting, suffix, 1, -1);
    dlcore_onnx_put_tensor_t *tensor = &putting->tensors[putting->tensor_count - 1];

    tensor->shape[0] = 2;
    tensor->integers[1] = (int64_t)width;
    return name;
}

dlcore_onnx_name_t dlcore_onnx_put_groups(dlcore_onnx_putting_t *putting, const char *suffix,
                                          size_t width)
{
    dlcore_onnx_name_t name = dlcore_onnx_put_integer(putting, suffix, 1, 0); /* 0 keeps an axis */
    dlcore_onnx_put_tensor_t *tensor = &putting->tensors[putting->tensor_count - 1];

    tensor->shape[0] = 3;
    tensor->integers[1] = -1;
    tensor->integers[2] = (int64_t)width;
    return name;
}

bool dlcore_onnx_put_is_int64(const dlcore_onnx_put_tensor_t *tensor)
{
    return tensor->numbers == DLCORE_ONNX_INTEGERS || tensor->numbers == DLCORE_ONNX_COMPUTED;
}

int64_t dlcore_onnx_put_int64(const dlcore_onnx_put_tensor_t *tensor, size_t i)
{
    return tensor->numbers == DLCORE_ONNX_COMPUTED ? tensor->compute(tensor->layer, i)
                                                   : tensor->integers[i];
}
