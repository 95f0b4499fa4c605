/* Matching weights and tensors: pairs, then names, then order.
 *
 * SPDX-License-Identifier: MIT */
#include "store/weight_match.h"

#include "base/allocator.h"
#include "base/error.h"
#include "store/safetensors_floats.h"

static const char *order_name(int order)
{
    static const char *const names[] = {"found", "inputs first", "outputs first"};

    return names[order];
}

dlcore_status dlcore_check_weights_options(const dlcore_weights_options_t *options,
                                           dlcore_error_record_t *error)
{
    if (options->pair_count > 0 && options->pairs == NULL)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT,
                           "load_weights: pairs is NULL, pair_count is %zu", options->pair_count);
    if (options->pair_count == 0 && options->pairs != NULL)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT,
                           "load_weights: pairs are given, pair_count is 0");
    return dlcore_check_choice("load_weights", "kernels", (int)options->kernels,
                               DLCORE_KERNEL_ORDER_FOUND, DLCORE_KERNEL_ORDER_OUTPUTS_FIRST,
                               order_name, error);
}

static dlcore_status check_kinds(const dlcore_matching_t *matching)
{
    char text[DLCORE_MATCHING_TEXT], dtype[32];

    for (size_t i = 0; i < matching->count; i++) {
        const dlcore_safetensors_entry_t *entry;

        if (!dlcore_matched_is_loaded(&matching->matched[i]))
            continue;
        entry = &matching->file->entries[matching->matched[i].entry - 1];
        if (dlcore_safetensors_is_number(entry->dtype))
            continue;
        dlcore_safetensors_dtype_text(matching->file, entry, dtype, sizeof dtype);
        return dlcore_fail(matching->error, DLCORE_ERROR_DTYPE,
                           "%s: %s: this version does not read elements of %s", matching->file_name,
                           dlcore_matching_tensor_text(matching, entry, text), dtype);
    }
    return DLCORE_OK;
}

static dlcore_status check_loads(const dlcore_matching_t *matching)
{
    for (size_t i = 0; i < matching->count; i++) {
        if (dlcore_matched_is_loaded(&matching->matched[i]))
            return DLCORE_OK;
    }
    if (matching->count == 0)
        return DLCORE_OK;
    return dlcore_fail(matching->error, DLCORE_ERROR_NAME,
                       "%s: no weight of the model would be loaded", matching->file_name);
}

static size_t count_weights(const dlcore_network_t *network)
{
    size_t count = 0;

    for (size_t i = 0; i < network->node_count; i++)
        count += network->nodes[i].parameter_count;
    return count;
}

dlcore_status dlcore_matching_find(dlcore_matching_t *matching)
{
    bool done = false;
    dlcore_status status;

    matching->count = count_weights(matching->network);
    matching->matched =
        dlcore_allocate(matching->allocator, matching->count, sizeof *matching->matched);
    matching->forms =
        dlcore_allocate(matching->allocator, matching->count, sizeof *matching->forms);
    if (matching->matched == NULL || matching->forms == NULL)
        return dlcore_fail_memory(matching->error, matching->file_name,
                                  matching->count *
                                      (sizeof *matching->matched + sizeof *matching->forms));
    status = dlcore_matching_pairs(matching);
    if (status == DLCORE_OK)
        status = dlcore_matching_names(matching, &done);
    if (status == DLCORE_OK && !done)
        status = dlcore_matching_order(matching);
    if (status == DLCORE_OK)
        status = check_loads(matching);
    return status == DLCORE_OK ? check_kinds(matching) : status;
}

void dlcore_matching_clear(dlcore_matching_t *matching)
{
    dlcore_release(matching->allocator, matching->matched);
    dlcore_release(matching->allocator, matching->forms);
    matching->matched = NULL;
    matching->forms = NULL;
}
