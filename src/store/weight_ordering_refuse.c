/* Why layers of a file do not become layers of a model: names and shapes of both sides.
 *
 * SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "base/error.h"
#include "base/shown.h"
#include "store/weight_ordering.h"

/* The name of a layer of the model, or of a weight where each is matched alone. */
static const char *slot_name(const dlcore_ordering_t *ordering, size_t slot,
                             char text[DLCORE_MATCHING_TEXT])
{
    const dlcore_node_t *node = NULL;

    (void)dlcore_matching_weight_text(ordering->matching, ordering->slots[slot].first, text);
    if (ordering->table.by_layer) {
        (void)dlcore_network_parameter(ordering->matching->network, ordering->slots[slot].first,
                                       &node);
        snprintf(text, DLCORE_MATCHING_TEXT, "%s", node->layer.name);
    }
    return text;
}

dlcore_status dlcore_ordering_refuse_counts(const dlcore_ordering_t *ordering)
{
    const dlcore_match_table_t *table = &ordering->table;
    dlcore_shown_names_t names = {.used = 0};
    char text[DLCORE_SHOWN_LONG];

    for (size_t i = 0; i < table->item_count; i++)
        dlcore_shown_add(&names, dlcore_match_item_name(table, i, text));
    return dlcore_fail(ordering->matching->error, DLCORE_ERROR_NAME,
                       "%s: has %zu %s with weights (%s), the model %zu: set pairs or %s",
                       ordering->matching->file_name, table->item_count,
                       table->by_layer ? "layers" : "tensors", names.text, ordering->slot_count,
                       ordering->matching->options->partial ? "prefix" : "partial");
}

/* The first weight of the slot that the item does not have, or has in another shape. */
dlcore_status dlcore_ordering_refuse_item(const dlcore_ordering_t *ordering, size_t slot_number,
                                          size_t item_number)
{
    const dlcore_matching_t *matching = ordering->matching;
    const dlcore_ordering_slot_t *slot = &ordering->slots[slot_number];
    const dlcore_match_item_t *item = &ordering->table.items[item_number];
    char of_model[DLCORE_MATCHING_TEXT], of_file[DLCORE_MATCHING_TEXT], name[DLCORE_SHOWN_LONG];

    for (size_t p = 0; p < slot->count; p++) {
        const dlcore_match_tensor_t *tensor =
            dlcore_ordering_tensor(&ordering->table, item, slot->parameters[p].name);

        (void)dlcore_matching_weight_text(matching, slot->first + p, of_model);
        if (tensor == NULL)
            return dlcore_fail(
                matching->error, DLCORE_ERROR_NAME,
                "%s: in the order of layers, \"%s\" has nothing for %s", matching->file_name,
                dlcore_match_item_name(&ordering->table, item_number, name), of_model);
        if (dlcore_ordering_shape(ordering, slot, p, tensor) == DLCORE_SHAPE_OTHER)
            return dlcore_fail(matching->error, DLCORE_ERROR_SHAPE,
                               "%s: in the order of layers, %s does not fit %s",
                               matching->file_name,
                               dlcore_matching_tensor_text(
                                   matching, &matching->file->entries[tensor->entry], of_file),
                               of_model);
    }
    return dlcore_fail(matching->error, DLCORE_ERROR_NAME,
                       "%s: in the order of layers, \"%s\" has more weights than %s",
                       matching->file_name,
                       dlcore_match_item_name(&ordering->table, item_number, name),
                       slot_name(ordering, slot_number, of_model));
}

dlcore_status dlcore_ordering_refuse_search(const dlcore_ordering_t *ordering,
                                            const dlcore_search_t *search,
                                            dlcore_search_result_t result)
{
    const dlcore_matching_t *matching = ordering->matching;
    const dlcore_match_table_t *table = &ordering->table;
    char slot[DLCORE_MATCHING_TEXT], one[DLCORE_SHOWN_LONG], other[DLCORE_SHOWN_LONG];

    if (result == DLCORE_SEARCH_NO_MEMORY)
        return dlcore_fail_memory(matching->error, matching->file_name,
                                  search->items * sizeof(uint32_t));
    if (result == DLCORE_SEARCH_TWO_WAYS)
        return dlcore_fail(matching->error, DLCORE_ERROR_NAME,
                           "%s: \"%s\" and \"%s\" both fit %s: set pairs", matching->file_name,
                           dlcore_match_item_name(table, search->found[search->stuck], one),
                           dlcore_match_item_name(table, search->stuck_at, other),
                           slot_name(ordering, search->stuck, slot));
    if (result == DLCORE_SEARCH_NO_WAY && search->stuck_at != DLCORE_SEARCH_NONE)
        return dlcore_ordering_refuse_item(ordering, search->stuck, search->stuck_at);
    return dlcore_fail(matching->error, DLCORE_ERROR_NAME,
                       "%s: there are too many ways to match its layers: set pairs",
                       matching->file_name);
}
