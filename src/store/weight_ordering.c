/* Which layer of a file fits which of a model, which way kernels lie, and taking what was found.
 *
 * SPDX-License-Identifier: MIT */
#include "store/weight_ordering.h"

#include <string.h>

#include "base/error.h"
#include "store/weight_names.h"

/* ---- what fits ---- */

/* The tensor of a layer of the file that is this weight, by its name; alone it is whatever fits. */
const dlcore_match_tensor_t *dlcore_ordering_tensor(const dlcore_match_table_t *table,
                                                    const dlcore_match_item_t *item,
                                                    const char *weight)
{
    for (size_t i = 0; i < item->count; i++) {
        const dlcore_match_tensor_t *tensor = &table->tensors[item->first + i];

        if (!table->by_layer || dlcore_weight_leaf_is(dlcore_weight_leaf(tensor->name), weight))
            return tensor;
    }
    return NULL;
}

dlcore_search_fit_t dlcore_ordering_fit(const void *user, size_t slot_number, size_t item_number)
{
    const dlcore_ordering_t *ordering = user;
    const dlcore_ordering_slot_t *slot = &ordering->slots[slot_number];
    const dlcore_match_item_t *item = &ordering->table.items[item_number];
    dlcore_search_fit_t fit = DLCORE_SEARCH_YES;

    if (item->count != slot->count || item->is_strange)
        return DLCORE_SEARCH_NO;
    for (size_t p = 0; p < slot->count; p++) {
        const dlcore_parameter_t *parameter = &slot->parameters[p];
        const dlcore_match_tensor_t *tensor =
            dlcore_ordering_tensor(&ordering->table, item, parameter->name);
        const dlcore_safetensors_entry_t *entry;

        if (tensor == NULL)
            return DLCORE_SEARCH_NO;
        entry = &ordering->matching->file->entries[tensor->entry];
        if (entry->rank != parameter->rank)
            return DLCORE_SEARCH_NO;
        if (dlcore_matching_shape(ordering->matching, entry, parameter) == DLCORE_SHAPE_OTHER)
            fit = DLCORE_SEARCH_ALMOST;
    }
    return fit;
}

/* ---- which way kernels lie ---- */

typedef enum lie { LIE_UNKNOWN, LIE_INPUTS_FIRST, LIE_OUTPUTS_FIRST } lie_t;

/* What the name says. */
static lie_t lie_by_name(const dlcore_ordering_t *ordering, const dlcore_match_tensor_t *tensor)
{
    dlcore_name_part_t leaf = dlcore_weight_leaf(tensor->name);

    if (!ordering->table.by_layer)
        return LIE_UNKNOWN;
    return dlcore_weight_leaf_outputs_first(leaf)  ? LIE_OUTPUTS_FIRST
           : dlcore_weight_leaf_inputs_first(leaf) ? LIE_INPUTS_FIRST
                                                   : LIE_UNKNOWN;
}

dlcore_matching_shape_t dlcore_ordering_shape(const dlcore_ordering_t *ordering,
                                              const dlcore_ordering_slot_t *slot, size_t p,
                                              const dlcore_match_tensor_t *tensor)
{
    return dlcore_matching_shape(ordering->matching,
                                 &ordering->matching->file->entries[tensor->entry],
                                 &slot->parameters[p]);
}

/* Whether some kernel's shape says another thing than its name. */
static bool names_mislead(const dlcore_ordering_t *ordering, const uint32_t *found, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const dlcore_ordering_slot_t *slot = &ordering->slots[i];
        const dlcore_match_item_t *item = &ordering->table.items[found[i]];

        for (size_t p = 0; p < slot->count; p++) {
            const dlcore_match_tensor_t *tensor =
                dlcore_ordering_tensor(&ordering->table, item, slot->parameters[p].name);
            dlcore_matching_shape_t shape = dlcore_ordering_shape(ordering, slot, p, tensor);
            lie_t named = lie_by_name(ordering, tensor);

            if (strcmp(slot->parameters[p].name, "kernel") == 0 &&
                ((shape == DLCORE_SHAPE_TRANSPOSED && named == LIE_INPUTS_FIRST) ||
                 (shape == DLCORE_SHAPE_SAME && named == LIE_OUTPUTS_FIRST &&
                  slot->parameters[p].shape[0] != slot->parameters[p].shape[1])))
                return true;
        }
    }
    return false;
}

/* ---- taking what was found ---- */

static dlcore_status take_match(dlcore_ordering_t *ordering, const dlcore_ordering_slot_t *slot,
                                size_t p, const dlcore_match_tensor_t *tensor, bool mislead)
{
    dlcore_matching_t *matching = ordering->matching;
    dlcore_matching_shape_t shape = dlcore_ordering_shape(ordering, slot, p, tensor);
    lie_t named = mislead ? LIE_UNKNOWN : lie_by_name(ordering, tensor);
    char text[DLCORE_MATCHING_TEXT];

    if (shape == DLCORE_SHAPE_EITHER && named == LIE_UNKNOWN)
        return dlcore_fail(
            matching->error, DLCORE_ERROR_SHAPE,
            "%s: %s is square, and nothing says whether it is (inputs, outputs) or "
            "(outputs, inputs): set kernels",
            matching->file_name,
            dlcore_matching_tensor_text(matching, &matching->file->entries[tensor->entry], text));
    dlcore_matching_set(matching, slot->first + p, tensor->entry + 1,
                        shape == DLCORE_SHAPE_OTHER ? DLCORE_WEIGHT_LEFT_BY_SHAPE
                                                    : ordering->source,
                        shape == DLCORE_SHAPE_TRANSPOSED ||
                            (shape == DLCORE_SHAPE_EITHER && named == LIE_OUTPUTS_FIRST));
    matching->forms[slot->first + p].repeated = shape == DLCORE_SHAPE_REPEATED;
    return DLCORE_OK;
}

/* A layer of which one weight has another shape keeps all. */
static void leave_almost(const dlcore_ordering_t *ordering, const dlcore_ordering_slot_t *slot)
{
    dlcore_matched_t *matched = &ordering->matching->matched[slot->first];
    bool left = false;

    for (size_t p = 0; p < slot->count; p++)
        left = left || matched[p].source == DLCORE_WEIGHT_LEFT_BY_SHAPE;
    for (size_t p = 0; left && p < slot->count; p++)
        matched[p].source = DLCORE_WEIGHT_LEFT_BY_SHAPE;
}

dlcore_status dlcore_ordering_take(dlcore_ordering_t *ordering, const uint32_t *found, size_t count)
{
    bool mislead = names_mislead(ordering, found, count);
    dlcore_status status = DLCORE_OK;

    for (size_t i = 0; i < count && status == DLCORE_OK; i++) {
        const dlcore_ordering_slot_t *slot = &ordering->slots[i];
        const dlcore_match_item_t *item = &ordering->table.items[found[i]];

        for (size_t p = 0; p < slot->count && status == DLCORE_OK; p++)
            status = take_match(
                ordering, slot, p,
                dlcore_ordering_tensor(&ordering->table, item, slot->parameters[p].name), mislead);
        leave_almost(ordering, slot);
    }
    return status;
}
