/* The two sides of a match: shapes, and texts for messages.
 *
 * SPDX-License-Identifier: MIT */
#include "store/weight_matching.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/shown.h"

dlcore_matching_shape_t dlcore_matching_shape(const dlcore_matching_t *matching,
                                              const dlcore_safetensors_entry_t *entry,
                                              const dlcore_parameter_t *parameter)
{
    dlcore_kernel_order_t order = matching->options->kernels;
    size_t shape[DLCORE_RANK_MAX] = {0};
    bool same, transposed;

    dlcore_safetensors_shape(matching->file, entry, shape);
    if (strcmp(parameter->name, "alpha") == 0 && shape[0] == 1 && entry->rank == 1 &&
        parameter->shape[0] > 1)
        return DLCORE_SHAPE_REPEATED;
    same = entry->rank == parameter->rank && shape[0] == parameter->shape[0] &&
           (entry->rank < 2 || shape[1] == parameter->shape[1]);
    if (strcmp(parameter->name, "kernel") != 0)
        return same ? DLCORE_SHAPE_SAME : DLCORE_SHAPE_OTHER;
    transposed =
        entry->rank == 2 && shape[0] == parameter->shape[1] && shape[1] == parameter->shape[0];
    if (same && transposed && shape[0] == 1)
        return DLCORE_SHAPE_SAME;
    same = same && order != DLCORE_KERNEL_ORDER_OUTPUTS_FIRST;
    transposed = transposed && order != DLCORE_KERNEL_ORDER_INPUTS_FIRST;
    if (same && transposed)
        return DLCORE_SHAPE_EITHER;
    return same ? DLCORE_SHAPE_SAME : transposed ? DLCORE_SHAPE_TRANSPOSED : DLCORE_SHAPE_OTHER;
}

static void append_shape(char text[DLCORE_MATCHING_TEXT], size_t used, size_t rank,
                         const size_t *shape)
{
    for (size_t i = 0; i < rank && used < DLCORE_MATCHING_TEXT; i++)
        used += (size_t)snprintf(text + used, DLCORE_MATCHING_TEXT - used,
                                 i == 0 ? " (%zu" : ", %zu", shape[i]);
    if (used < DLCORE_MATCHING_TEXT)
        snprintf(text + used, DLCORE_MATCHING_TEXT - used, rank == 0 ? " ()" : ")");
}

const char *dlcore_matching_weight_text(const dlcore_matching_t *matching, size_t weight,
                                        char text[DLCORE_MATCHING_TEXT])
{
    const dlcore_node_t *node;
    const dlcore_parameter_t *parameter =
        dlcore_network_parameter(matching->network, weight, &node);
    int used = snprintf(text, DLCORE_MATCHING_TEXT, "%s/%s", node->layer.name, parameter->name);

    append_shape(text, (size_t)used, parameter->rank, parameter->shape);
    return text;
}

const char *dlcore_matching_tensor_text(const dlcore_matching_t *matching,
                                        const dlcore_safetensors_entry_t *entry,
                                        char text[DLCORE_MATCHING_TEXT])
{
    char name[DLCORE_MATCHING_NAME_SIZE];
    size_t shape[DLCORE_RANK_MAX], length;

    length = dlcore_safetensors_name(matching->file, entry, name);
    dlcore_safetensors_shape(matching->file, entry, shape);
    dlcore_show_in(text, DLCORE_MATCHING_TEXT / 2, name, length);
    append_shape(text, strlen(text), entry->rank, shape);
    return text;
}

void dlcore_matching_set(dlcore_matching_t *matching, size_t weight, uint32_t entry,
                         dlcore_weight_source_t source, bool transposed)
{
    matching->matched[weight] = (dlcore_matched_t){.entry = entry, .source = source};
    matching->forms[weight].transposed = transposed;
}

dlcore_status dlcore_matching_refuse_shape(const dlcore_matching_t *matching, size_t weight,
                                           const dlcore_safetensors_entry_t *entry)
{
    char of_model[DLCORE_MATCHING_TEXT], of_file[DLCORE_MATCHING_TEXT];
    const char *model_shape, *file_shape;

    (void)dlcore_matching_tensor_text(matching, entry, of_file);
    (void)dlcore_matching_weight_text(matching, weight, of_model);
    model_shape = strstr(of_model, " (");
    file_shape = strstr(of_file, " (");
    if (model_shape - of_model == file_shape - of_file &&
        memcmp(of_model, of_file, (size_t)(model_shape - of_model)) == 0)
        return dlcore_fail(matching->error, DLCORE_ERROR_SHAPE,
                           "%s: %.*s: expected%s, the file has%s", matching->file_name,
                           (int)(model_shape - of_model), of_model, model_shape, file_shape);
    return dlcore_fail(matching->error, DLCORE_ERROR_SHAPE, "%s: %s does not fit %s",
                       matching->file_name, of_file, of_model);
}
