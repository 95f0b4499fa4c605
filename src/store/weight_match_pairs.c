/* Weights and tensors that the caller brings together.
 *
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "store/weight_matching.h"

static dlcore_status find_weight(const dlcore_matching_t *matching, const char *name,
                                 const dlcore_parameter_t **parameter, size_t *weight)
{
    char full[DLCORE_NAME_SIZE + 16];
    const dlcore_node_t *node;

    for (size_t i = 0; i < matching->count; i++) {
        *parameter = dlcore_network_parameter(matching->network, i, &node);
        snprintf(full, sizeof full, "%s/%s", node->layer.name, (*parameter)->name);
        if (strcmp(full, name) == 0) {
            *weight = i;
            return DLCORE_OK;
        }
    }
    return dlcore_fail(matching->error, DLCORE_ERROR_NAME,
                       "load_weights: pairs: the model has no weight \"%s\"", name);
}

static bool has_entry(const dlcore_matching_t *matching, uint32_t entry)
{
    for (size_t i = 0; i < matching->count; i++) {
        if (matching->matched[i].entry == entry)
            return true;
    }
    return false;
}

static dlcore_status take_tensor(dlcore_matching_t *matching, const dlcore_weight_pair_t *pair,
                                 const dlcore_parameter_t *parameter, size_t weight)
{
    const dlcore_safetensors_entry_t *found = dlcore_safetensors_find(matching->file, pair->tensor);
    dlcore_weights_options_t options = *matching->options;
    dlcore_matching_t as_said = *matching;
    dlcore_matching_shape_t shape;
    uint32_t entry;

    if (found == NULL)
        return dlcore_fail(matching->error, DLCORE_ERROR_NAME,
                           "%s: has no tensor \"%s\", which pairs give %s", matching->file_name,
                           pair->tensor, pair->weight);
    entry = (uint32_t)(found - matching->file->entries) + 1;
    if (has_entry(matching, entry))
        return dlcore_fail(matching->error, DLCORE_ERROR_ARGUMENT,
                           "load_weights: pairs: the tensor \"%s\" stands there twice",
                           pair->tensor);
    options.kernels =
        pair->transposed ? DLCORE_KERNEL_ORDER_OUTPUTS_FIRST : DLCORE_KERNEL_ORDER_INPUTS_FIRST;
    as_said.options = &options;
    shape = dlcore_matching_shape(&as_said, found, parameter);
    if (shape == DLCORE_SHAPE_OTHER)
        return dlcore_matching_refuse_shape(matching, weight, found);
    dlcore_matching_set(matching, weight, entry, DLCORE_WEIGHT_BY_PAIR,
                        shape == DLCORE_SHAPE_TRANSPOSED);
    matching->forms[weight].repeated = shape == DLCORE_SHAPE_REPEATED;
    return DLCORE_OK;
}

static dlcore_status take_pair(dlcore_matching_t *matching, const dlcore_weight_pair_t *pair)
{
    const dlcore_parameter_t *parameter = NULL;
    size_t weight = 0;
    dlcore_status status;

    if (pair->weight == NULL)
        return dlcore_fail(matching->error, DLCORE_ERROR_ARGUMENT,
                           "load_weights: pairs: a weight is NULL");
    status = find_weight(matching, pair->weight, &parameter, &weight);
    if (status != DLCORE_OK)
        return status;
    if (!dlcore_matching_is_open(matching, weight))
        return dlcore_fail(matching->error, DLCORE_ERROR_ARGUMENT,
                           "load_weights: pairs: the weight \"%s\" stands there twice",
                           pair->weight);
    if (pair->transposed && strcmp(parameter->name, "kernel") != 0)
        return dlcore_fail(
            matching->error, DLCORE_ERROR_ARGUMENT,
            "load_weights: pairs: \"%s\" is no kernel, which alone can be transposed",
            pair->weight);
    if (pair->tensor == NULL) {
        matching->matched[weight].source = DLCORE_WEIGHT_LEFT_BY_CALLER;
        return DLCORE_OK;
    }
    return take_tensor(matching, pair, parameter, weight);
}

dlcore_status dlcore_matching_pairs(dlcore_matching_t *matching)
{
    dlcore_status status = DLCORE_OK;

    for (size_t i = 0; i < matching->options->pair_count && status == DLCORE_OK; i++)
        status = take_pair(matching, &matching->options->pairs[i]);
    return status;
}
