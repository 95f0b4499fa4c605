/* Gathering and ordering the tensors of a file.
 *
 * SPDX-License-Identifier: MIT */
#include "store/weight_match_table.h"

#include <string.h>

#include "base/allocator.h"
#include "base/error.h"
#include "store/weight_names.h"

/* ---- which tensors ---- */

static bool is_taken(const dlcore_matching_t *matching, uint32_t entry)
{
    for (size_t i = 0; i < matching->options->pair_count; i++) {
        const char *tensor = matching->options->pairs[i].tensor;

        if (tensor != NULL &&
            dlcore_safetensors_find(matching->file, tensor) == &matching->file->entries[entry])
            return true;
    }
    return false;
}

/* Where the tensor's name begins for matching; NULL: it does not count. */
static const char *counted_name(const dlcore_matching_t *matching, uint32_t entry,
                                char name[DLCORE_SAFETENSORS_NAME_MAX + 1])
{
    const char *prefix = matching->options->prefix;
    size_t length = dlcore_safetensors_name(matching->file, &matching->file->entries[entry], name);

    if (strlen(name) != length || is_taken(matching, entry))
        return NULL;
    if (prefix == NULL)
        return dlcore_weight_name_is_dlcores(name) ? NULL : name;
    return strncmp(name, prefix, strlen(prefix)) == 0 ? name + strlen(prefix) : NULL;
}

static dlcore_status list_tensors(dlcore_match_table_t *table, const dlcore_matching_t *matching)
{
    const dlcore_safetensors_t *file = matching->file;
    char name[DLCORE_SAFETENSORS_NAME_MAX + 1];
    size_t bytes = 0;
    char *to;

    for (uint32_t i = 0; i < file->count; i++) {
        const char *counted = counted_name(matching, i, name);

        bytes += counted != NULL ? strlen(counted) + 1 : 0;
    }
    table->names = to = dlcore_allocate_raw(matching->allocator, bytes, 1);
    table->tensors = dlcore_allocate_raw(matching->allocator, file->count, sizeof *table->tensors);
    table->items = dlcore_allocate_raw(matching->allocator, file->count, sizeof *table->items);
    if (table->names == NULL || table->tensors == NULL || table->items == NULL)
        return dlcore_fail_memory(matching->error, matching->file_name,
                                  bytes + file->count *
                                              (sizeof *table->tensors + sizeof *table->items));
    for (uint32_t i = 0; i < file->count; i++) {
        const char *counted = counted_name(matching, i, name);

        if (counted == NULL)
            continue;
        table->tensors[table->tensor_count++] = (dlcore_match_tensor_t){.name = to, .entry = i};
        memcpy(to, counted, strlen(counted) + 1);
        to += strlen(counted) + 1;
    }
    return DLCORE_OK;
}

static bool is_weights_name(const dlcore_network_t *network, const char *name)
{
    dlcore_name_part_t leaf = dlcore_weight_leaf(name);

    if (dlcore_weight_leaf_known(leaf))
        return true;
    for (size_t i = 0; i < network->node_count; i++) {
        const dlcore_node_t *node = &network->nodes[i];

        for (size_t p = 0; p < node->parameter_count; p++) {
            if (dlcore_weight_leaf_is(leaf, node->parameters[p].name))
                return true;
        }
    }
    return false;
}

/* ---- order ---- */

static dlcore_name_part_t item_part(const dlcore_match_table_t *table, const char *name)
{
    return table->by_layer ? dlcore_weight_group(name) : (dlcore_name_part_t){name, strlen(name)};
}

static bool same_part(dlcore_name_part_t a, dlcore_name_part_t b)
{
    return a.size == b.size && memcmp(a.text, b.text, a.size) == 0;
}

/* As people count; "01" and "1" are told apart. */
static bool stands_before(const dlcore_match_table_t *table, const dlcore_match_tensor_t *a,
                          const dlcore_match_tensor_t *b)
{
    dlcore_name_part_t of_a = item_part(table, a->name), of_b = item_part(table, b->name);
    int order = dlcore_weight_order(of_a, of_b);

    if (order == 0 && !same_part(of_a, of_b))
        order = of_a.size != of_b.size ? (of_a.size < of_b.size ? -1 : 1)
                                       : memcmp(of_a.text, of_b.text, of_a.size);
    return order != 0 ? order < 0 : strcmp(a->name, b->name) < 0;
}

/* Shell's, with Knuth's gaps: there are few. */
static void sort_tensors(dlcore_match_table_t *table)
{
    size_t gap = 1;

    while (gap < table->tensor_count / 3)
        gap = 3 * gap + 1;
    for (; gap > 0; gap /= 3) {
        for (size_t i = gap; i < table->tensor_count; i++) {
            dlcore_match_tensor_t moved = table->tensors[i];
            size_t to = i;

            for (; to >= gap && stands_before(table, &moved, &table->tensors[to - gap]); to -= gap)
                table->tensors[to] = table->tensors[to - gap];
            table->tensors[to] = moved;
        }
    }
}

/* ---- items ---- */

/* Tensors first .. end-1 of one layer. What counts batches is left out; without the name of a
 * weight it is no layer. */
static void add_layer_item(dlcore_match_table_t *table, const dlcore_network_t *network,
                           size_t first, size_t end)
{
    dlcore_match_item_t item = {.first = (uint32_t)first};
    size_t known = 0;

    for (size_t i = first; i < end; i++) {
        dlcore_match_tensor_t tensor = table->tensors[i];
        bool is_weight = is_weights_name(network, tensor.name);

        if (!is_weight && dlcore_weight_leaf_counts(dlcore_weight_leaf(tensor.name)))
            continue;
        table->tensors[first + item.count++] = tensor;
        known += is_weight;
    }
    item.is_strange = known < item.count;
    if (known > 0)
        table->items[table->item_count++] = item;
}

static void gather_layers(dlcore_match_table_t *table, const dlcore_network_t *network)
{
    for (size_t first = 0, end; first < table->tensor_count; first = end) {
        dlcore_name_part_t part = dlcore_weight_group(table->tensors[first].name);

        end = first + 1;
        while (end < table->tensor_count &&
               same_part(part, dlcore_weight_group(table->tensors[end].name)))
            end++;
        add_layer_item(table, network, first, end);
    }
}

/* Vectors and matrices that are not empty. */
static void list_alone(dlcore_match_table_t *table, const dlcore_safetensors_t *file)
{
    for (size_t i = 0; i < table->tensor_count; i++) {
        const dlcore_safetensors_entry_t *entry = &file->entries[table->tensors[i].entry];

        if ((entry->rank == 1 || entry->rank == 2) && entry->end > entry->begin)
            table->items[table->item_count++] =
                (dlcore_match_item_t){.first = (uint32_t)i, .count = 1};
    }
}

dlcore_status dlcore_match_table_make(dlcore_match_table_t *table,
                                      const dlcore_matching_t *matching)
{
    dlcore_status status;

    if (matching->file->count > DLCORE_MATCHING_TENSORS_MAX)
        return dlcore_fail(matching->error, DLCORE_ERROR_UNSUPPORTED,
                           "%s: %zu tensors are too many to match by order: set pairs or prefix",
                           matching->file_name, matching->file->count);
    status = list_tensors(table, matching);
    for (size_t i = 0; i < table->tensor_count && status == DLCORE_OK; i++)
        table->by_layer =
            table->by_layer || is_weights_name(matching->network, table->tensors[i].name);
    if (status != DLCORE_OK)
        return status;
    sort_tensors(table);
    if (table->by_layer)
        gather_layers(table, matching->network);
    else
        list_alone(table, matching->file);
    return DLCORE_OK;
}

dlcore_status dlcore_match_table_make_rows(dlcore_match_table_t *table,
                                           const dlcore_matching_t *matching)
{
    table->rows = dlcore_allocate_raw(matching->allocator, table->item_count, sizeof *table->rows);
    if (table->rows == NULL)
        return dlcore_fail_memory(matching->error, matching->file_name,
                                  table->item_count * sizeof *table->rows);
    for (size_t i = 0; i < table->item_count; i++) {
        dlcore_name_part_t part = dlcore_match_item_part(table, i);
        size_t other = 0;

        while (other < i && !dlcore_weight_same_stem(part, dlcore_match_item_part(table, other)))
            other++;
        table->rows[i] = other < i ? table->rows[other] : (uint32_t)table->row_count++;
    }
    return DLCORE_OK;
}

void dlcore_match_table_clear(dlcore_match_table_t *table, const dlcore_allocator_t *allocator)
{
    dlcore_release(allocator, table->names);
    dlcore_release(allocator, table->tensors);
    dlcore_release(allocator, table->items);
    dlcore_release(allocator, table->rows);
    *table = (dlcore_match_table_t){0};
}

dlcore_name_part_t dlcore_match_item_part(const dlcore_match_table_t *table, size_t item)
{
    return item_part(table, table->tensors[table->items[item].first].name);
}

const char *dlcore_match_item_name(const dlcore_match_table_t *table, size_t item,
                                   char text[DLCORE_SHOWN_LONG])
{
    dlcore_name_part_t part = dlcore_match_item_part(table, item);

    return dlcore_show_in(text, DLCORE_SHOWN_LONG, part.text, part.size);
}
