/* Names, kernels and elements of a file of weights, where they are not Keras's and float32.
 *
 * An nn.Sequential of PyTorch calls its modules by their number; a layer here is one module, and
 * the activation of a dense layer another.
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/allocator.h"
#include "base/error.h"
#include "base/half.h"
#include "base/little_endian.h"
#include "store/model_saving.h"
#include "store/weight_names.h"

#define PREFIX_MAX 128

/* ---- names ---- */

static bool is_pytorch(const dlcore_model_saving_t *saving)
{
    return saving->style != NULL && saving->style->style == DLCORE_WEIGHT_STYLE_PYTORCH;
}

/* The pair of the weight that the model calls so; NULL: none. */
static const dlcore_weight_pair_t *pair_of(const dlcore_model_saving_t *saving, const char *weight)
{
    for (size_t i = 0; saving->style != NULL && i < saving->style->pair_count; i++) {
        if (strcmp(saving->style->pairs[i].weight, weight) == 0)
            return &saving->style->pairs[i];
    }
    return NULL;
}

static size_t module_number(const dlcore_network_t *network, const dlcore_node_t *node)
{
    size_t number = 0;

    for (const dlcore_node_t *before = network->nodes; before != node; before++)
        number += before->layer.kind == DLCORE_LAYER_DENSE &&
                          before->layer.activation != DLCORE_ACTIVATION_LINEAR
                      ? 2
                      : 1;
    return number;
}

static void set_style_name(const dlcore_model_saving_t *saving, size_t index,
                           dlcore_model_tensor_t *tensor)
{
    const dlcore_network_t *network = saving->tensors.network;
    const dlcore_weight_pair_t *pair = pair_of(saving, tensor->name);
    const char *prefix = saving->style->prefix != NULL ? saving->style->prefix : "";
    char name[DLCORE_MODEL_TENSOR_NAME_SIZE];
    const dlcore_node_t *node = NULL;

    if (pair != NULL)
        snprintf(name, sizeof name, "%s", pair->tensor != NULL ? pair->tensor : "");
    else if (is_pytorch(saving))
        snprintf(name, sizeof name, "%s%zu.%s", prefix,
                 (dlcore_network_parameter(network, index, &node), module_number(network, node)),
                 dlcore_weight_pytorch_leaf(tensor->parameter->name));
    else
        snprintf(name, sizeof name, "%s%s", prefix, tensor->name);
    memcpy(tensor->name, name, sizeof name);
}

dlcore_model_tensor_t dlcore_model_saving_tensor(const dlcore_model_saving_t *saving, size_t index)
{
    dlcore_model_tensor_t tensor = dlcore_model_tensor(&saving->tensors, index);

    if (saving->style != NULL)
        set_style_name(saving, index, &tensor);
    return tensor;
}

bool dlcore_model_saving_has(const dlcore_model_saving_t *saving, size_t index)
{
    dlcore_model_tensor_t tensor;
    const dlcore_weight_pair_t *pair;

    if (saving->style == NULL || saving->style->pair_count == 0)
        return dlcore_model_tensor_exists(&saving->tensors, index);
    tensor = dlcore_model_tensor(&saving->tensors, index);
    pair = pair_of(saving, tensor.name);
    return pair == NULL || pair->tensor != NULL;
}

/* ---- checks ---- */

static const char *style_name(int style)
{
    static const char *const names[] = {"keras", "pytorch"};

    return names[style];
}

static const char *weight_dtype_name(int dtype)
{
    static const char *const names[] = {"float32", "float16", "bfloat16"};

    return names[dtype];
}

static dlcore_status check_style(const dlcore_save_weights_options_t *style,
                                 dlcore_error_record_t *error)
{
    dlcore_status status =
        dlcore_check_choice("save_weights", "style", (int)style->style, DLCORE_WEIGHT_STYLE_KERAS,
                            DLCORE_WEIGHT_STYLE_PYTORCH, style_name, error);

    if (status == DLCORE_OK)
        status = dlcore_check_choice("save_weights", "dtype", (int)style->dtype,
                                     DLCORE_WEIGHT_DTYPE_FLOAT32, DLCORE_WEIGHT_DTYPE_BFLOAT16,
                                     weight_dtype_name, error);
    if (status != DLCORE_OK)
        return status;
    if ((style->pairs == NULL) != (style->pair_count == 0))
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT,
                           "save_weights: pairs is %sNULL, pair_count is %zu",
                           style->pairs == NULL ? "" : "not ", style->pair_count);
    if (style->prefix != NULL && strlen(style->prefix) > PREFIX_MAX)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT,
                           "save_weights: prefix has %zu bytes, at most %d are allowed",
                           strlen(style->prefix), PREFIX_MAX);
    return DLCORE_OK;
}

/* Whether the layer has a weight of that name. */
static bool node_has(const dlcore_node_t *node, const char *weight)
{
    for (size_t p = 0; p < node->parameter_count; p++) {
        if (strcmp(node->parameters[p].name, weight) == 0)
            return true;
    }
    return false;
}

static dlcore_status check_pytorch(const dlcore_model_saving_t *saving)
{
    const dlcore_network_t *network = saving->tensors.network;

    for (size_t i = 0; i < network->node_count; i++) {
        const dlcore_node_t *node = &network->nodes[i];
        bool gamma = node_has(node, "gamma"), beta = node_has(node, "beta");

        if (gamma != beta && (beta || node->layer.kind == DLCORE_LAYER_BATCH_NORMALIZATION))
            return dlcore_fail(saving->error, DLCORE_ERROR_UNSUPPORTED,
                               "save_weights: %s: PyTorch has no such layer with %s alone",
                               node->layer.name, gamma ? "gamma" : "beta");
    }
    return DLCORE_OK;
}

/* A pair's weight is one of the model's, and its name is a possible one. */
static dlcore_status check_pair(const dlcore_model_saving_t *saving,
                                const dlcore_weight_pair_t *pair)
{
    dlcore_model_tensor_t tensor;

    if (pair->weight == NULL)
        return dlcore_fail(saving->error, DLCORE_ERROR_ARGUMENT,
                           "save_weights: pairs: a weight is NULL");
    if (pair->tensor != NULL && strlen(pair->tensor) >= sizeof tensor.name)
        return dlcore_fail(saving->error, DLCORE_ERROR_ARGUMENT,
                           "save_weights: pairs: the name for %s is longer than %zu bytes",
                           pair->weight, sizeof tensor.name - 1);
    for (size_t i = 0; i < saving->tensors.weight_count; i++) {
        tensor = dlcore_model_tensor(&saving->tensors, i);
        if (strcmp(tensor.name, pair->weight) != 0)
            continue;
        if (pair->transposed && strcmp(tensor.parameter->name, "kernel") != 0)
            return dlcore_fail(
                saving->error, DLCORE_ERROR_ARGUMENT,
                "save_weights: pairs: \"%s\" is no kernel, which alone can be transposed",
                pair->weight);
        return DLCORE_OK;
    }
    return dlcore_fail(saving->error, DLCORE_ERROR_NAME,
                       "save_weights: pairs: the model has no weight \"%s\"", pair->weight);
}

/* Names that pairs give are not those of other tensors. */
static dlcore_status check_pair_names(const dlcore_model_saving_t *saving)
{
    for (size_t i = 0; i < saving->tensors.weight_count; i++) {
        dlcore_model_tensor_t tensor = dlcore_model_tensor(&saving->tensors, i), other;

        if (pair_of(saving, tensor.name) == NULL || !dlcore_model_saving_has(saving, i))
            continue;
        tensor = dlcore_model_saving_tensor(saving, i);
        for (size_t k = 0; k < saving->tensors.weight_count; k++) {
            other = dlcore_model_saving_tensor(saving, k);
            if (k != i && dlcore_model_saving_has(saving, k) &&
                strcmp(other.name, tensor.name) == 0)
                return dlcore_fail(saving->error, DLCORE_ERROR_ARGUMENT,
                                   "save_weights: two tensors would be called \"%s\"", tensor.name);
        }
    }
    return DLCORE_OK;
}

/* ---- the style ---- */

static dlcore_status set_forms(dlcore_model_saving_t *saving)
{
    size_t count = saving->tensors.weight_count;

    saving->forms = dlcore_allocate(&saving->held, count, sizeof *saving->forms);
    if (saving->forms == NULL)
        return dlcore_fail_memory(saving->error, "saving", count * sizeof *saving->forms);
    for (size_t i = 0; i < count; i++) {
        dlcore_model_tensor_t tensor = dlcore_model_tensor(&saving->tensors, i);
        const dlcore_weight_pair_t *pair = pair_of(saving, tensor.name);

        if (strcmp(tensor.parameter->name, "kernel") == 0)
            saving->forms[i].transposed = pair != NULL ? pair->transposed : is_pytorch(saving);
    }
    saving->tensors.forms = saving->forms;
    return DLCORE_OK;
}

dlcore_status dlcore_model_saving_set_style(dlcore_model_saving_t *saving)
{
    static const dlcore_safetensors_element_t elements[] = {
        [DLCORE_WEIGHT_DTYPE_FLOAT32] = {"F32", 4},
        [DLCORE_WEIGHT_DTYPE_FLOAT16] = {"F16", 2},
        [DLCORE_WEIGHT_DTYPE_BFLOAT16] = {"BF16", 2},
    };
    const dlcore_save_weights_options_t *style = saving->style;
    dlcore_status status = DLCORE_OK;

    saving->element = elements[DLCORE_WEIGHT_DTYPE_FLOAT32];
    if (style == NULL)
        return DLCORE_OK;
    status = check_style(style, saving->error);
    for (size_t i = 0; i < style->pair_count && status == DLCORE_OK; i++)
        status = check_pair(saving, &style->pairs[i]);
    if (status == DLCORE_OK && is_pytorch(saving))
        status = check_pytorch(saving);
    if (status == DLCORE_OK && style->pair_count > 0)
        status = check_pair_names(saving);
    if (status != DLCORE_OK)
        return status;
    saving->element = elements[style->dtype];
    return set_forms(saving);
}

/* ---- elements ---- */

static void put_u16(unsigned char *to, uint16_t bits)
{
    to[0] = (unsigned char)bits;
    to[1] = (unsigned char)(bits >> 8);
}

dlcore_status dlcore_model_saving_encode(const dlcore_model_saving_t *saving,
                                         const dlcore_model_tensor_t *tensor, float *floats,
                                         size_t count)
{
    unsigned char *to = (unsigned char *)floats;
    bool is_half;

    if (saving->element.size == sizeof(float)) {
        dlcore_floats_little_endian(floats, count);
        return DLCORE_OK;
    }
    is_half = saving->style->dtype == DLCORE_WEIGHT_DTYPE_FLOAT16;
    for (size_t i = 0; i < count; i++) {
        float x = floats[i];
        uint16_t bits = is_half ? dlcore_float_to_half(x) : dlcore_float_to_bfloat(x);

        if ((bits & 0x7FFFu) == (is_half ? 0x7C00u : 0x7F80u) && isfinite(x))
            return dlcore_fail(saving->error, DLCORE_ERROR_RANGE,
                               "save_weights: %s: %g is too large for %s", tensor->name, (double)x,
                               weight_dtype_name((int)saving->style->dtype));
        put_u16(to + 2 * i, bits);
    }
    return DLCORE_OK;
}
