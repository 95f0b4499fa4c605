/* Weights and tensors by the order of layers: the tensors of a file are gathered into layers by
 * their names, and the layers given to those of the model where one way alone fits.
 *
 * A file whose tensors have no names of weights is matched likewise, tensor by tensor: each is then
 * a layer of its own, and each weight of the model, too.
 *
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/allocator.h"
#include "base/error.h"
#include "base/size.h"
#include "store/weight_names.h"
#include "store/weight_ordering.h"

#define ITEMS_MAX 4096 /* layers of a file, or tensors without layers, that are ordered */

/* ---- the model's side ---- */

/* A layer counts while pairs have taken none of its weights; of one they began, they say it all. */
static dlcore_status list_slots(dlcore_ordering_t *ordering, bool by_layer)
{
    dlcore_matching_t *matching = ordering->matching;
    size_t weight = 0;

    ordering->slots =
        dlcore_allocate_raw(matching->allocator, matching->count, sizeof(dlcore_ordering_slot_t));
    if (ordering->slots == NULL)
        return dlcore_fail_memory(matching->error, matching->file_name,
                                  matching->count * sizeof(dlcore_ordering_slot_t));
    for (size_t i = 0; i < matching->network->node_count; i++) {
        const dlcore_node_t *node = &matching->network->nodes[i];
        size_t step = by_layer ? node->parameter_count : 1, open = 0;

        for (size_t p = 0; p < node->parameter_count; p++)
            open += dlcore_matching_is_open(matching, weight + p);
        if (by_layer && open > 0 && open < node->parameter_count)
            return dlcore_fail(matching->error, DLCORE_ERROR_NAME,
                               "%s: pairs give some weights of %s: give all of them",
                               matching->file_name, node->layer.name);
        for (size_t p = 0; p < node->parameter_count; p += step) {
            if (dlcore_matching_is_open(matching, weight + p))
                ordering->slots[ordering->slot_count++] = (dlcore_ordering_slot_t){
                    .parameters = &node->parameters[p], .first = weight + p, .count = step};
        }
        weight += node->parameter_count;
    }
    return DLCORE_OK;
}

/* ---- all of it ---- */

/* The layer of the file that is called as the slot's layer, "encoder.fc1" for "fc1": its number, or
 * SEARCH_NONE where there is none, or more than one. */
static uint32_t namesake(const dlcore_ordering_t *ordering, const dlcore_ordering_slot_t *slot)
{
    uint32_t found = DLCORE_SEARCH_NONE;
    const dlcore_node_t *node = NULL;
    size_t length;

    (void)dlcore_network_parameter(ordering->matching->network, slot->first, &node);
    length = strlen(node->layer.name);
    for (size_t i = 0; i < ordering->table.item_count; i++) {
        dlcore_name_part_t part = dlcore_match_item_part(&ordering->table, i);

        if (part.size < length ||
            memcmp(part.text + part.size - length, node->layer.name, length) != 0 ||
            (part.size > length && strchr("./", part.text[part.size - length - 1]) == NULL))
            continue;
        if (found != DLCORE_SEARCH_NONE)
            return DLCORE_SEARCH_NONE;
        found = (uint32_t)i;
    }
    return found;
}

/* Whether all layers have namesakes: these are then what is meant. */
static bool all_are_named(const dlcore_ordering_t *ordering, uint32_t *found)
{
    for (size_t i = 0; i < ordering->slot_count; i++) {
        found[i] = namesake(ordering, &ordering->slots[i]);
        if (found[i] == DLCORE_SEARCH_NONE)
            return false;
    }
    return true;
}

static dlcore_status take_namesakes(dlcore_ordering_t *ordering, const uint32_t *found)
{
    for (size_t i = 0; i < ordering->slot_count; i++) {
        dlcore_search_fit_t fit = dlcore_ordering_fit(ordering, i, found[i]);

        if (fit == DLCORE_SEARCH_NO ||
            (fit == DLCORE_SEARCH_ALMOST && !ordering->matching->options->skip_mismatch))
            return dlcore_ordering_refuse_item(ordering, i, found[i]);
    }
    ordering->source = DLCORE_WEIGHT_BY_NAME;
    return dlcore_ordering_take(ordering, found, ordering->slot_count);
}

static dlcore_status search_order(dlcore_ordering_t *ordering, uint32_t *found)
{
    dlcore_matching_t *matching = ordering->matching;
    dlcore_match_table_t *table = &ordering->table;
    size_t count = dlcore_size_min(ordering->slot_count, table->item_count);
    dlcore_search_t search = {.fit = dlcore_ordering_fit,
                              .user = ordering,
                              .slots = count,
                              .items = table->item_count,
                              .row = table->rows,
                              .rows = table->row_count,
                              .almost_max = matching->options->skip_mismatch ? count - 1 : 0,
                              .found = found};
    dlcore_search_result_t result = dlcore_search_run(&search, matching->allocator);

    ordering->source = DLCORE_WEIGHT_BY_ORDER;
    return result == DLCORE_SEARCH_FOUND ? dlcore_ordering_take(ordering, found, count)
                                         : dlcore_ordering_refuse_search(ordering, &search, result);
}

static dlcore_status match_slots(dlcore_ordering_t *ordering, uint32_t *found)
{
    dlcore_match_table_t *table = &ordering->table;
    dlcore_status status;

    if (table->by_layer && all_are_named(ordering, found))
        return take_namesakes(ordering, found);
    if (table->item_count == 0 || table->item_count > ITEMS_MAX ||
        (table->item_count != ordering->slot_count && !ordering->matching->options->partial))
        return dlcore_ordering_refuse_counts(ordering);
    status = dlcore_match_table_make_rows(table, ordering->matching);
    return status == DLCORE_OK ? search_order(ordering, found) : status;
}

static dlcore_status match_in_order(dlcore_ordering_t *ordering)
{
    dlcore_matching_t *matching = ordering->matching;
    dlcore_status status = dlcore_match_table_make(&ordering->table, matching);
    uint32_t *found;

    if (status == DLCORE_OK)
        status = list_slots(ordering, ordering->table.by_layer);
    if (status != DLCORE_OK || ordering->slot_count == 0)
        return status;
    found = dlcore_allocate_raw(matching->allocator, ordering->slot_count, sizeof *found);
    if (found == NULL)
        return dlcore_fail_memory(matching->error, matching->file_name,
                                  ordering->slot_count * sizeof *found);
    status = match_slots(ordering, found);
    dlcore_release(matching->allocator, found);
    return status;
}

dlcore_status dlcore_matching_order(dlcore_matching_t *matching)
{
    dlcore_ordering_t ordering = {.matching = matching};
    dlcore_status status = match_in_order(&ordering);

    dlcore_release(matching->allocator, ordering.slots);
    dlcore_match_table_clear(&ordering.table, matching->allocator);
    return status;
}
