/* An ONNX graph in memory: lists that grow, names that become numbers.
 *
 * SPDX-License-Identifier: MIT */
#include "exchange/onnx_graph.h"

#include <stdio.h>
#include <string.h>

#include "base/allocator.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/shown.h"
#include "base/size.h"

/* Room for `more` items behind those that are there. */
static bool onnx_reserve(dlcore_onnx_graph_t *graph, dlcore_onnx_list_t *list, size_t item_size,
                         size_t more, size_t limit, const char *what)
{
    size_t room;
    void *items;

    if (more > limit || list->count > limit - more) {
        (void)dlcore_fail(graph->error, DLCORE_ERROR_UNSUPPORTED, "%s: has more than %zu %s",
                          graph->input->name, limit, what);
        return false;
    }
    if (list->room - list->count >= more)
        return true;
    room = dlcore_size_min(limit, dlcore_size_max(list->count + more, 2 * list->room + 16));
    items = dlcore_allocate(&graph->allocator, room, item_size);
    if (items == NULL) {
        (void)dlcore_fail_memory(graph->error, graph->input->name, room * item_size);
        return false;
    }
    if (list->count > 0)
        memcpy(items, list->items, list->count * item_size);
    dlcore_release(&graph->allocator, list->items);
    list->items = items;
    list->room = room;
    return true;
}

void *dlcore_onnx_append(dlcore_onnx_graph_t *graph, dlcore_onnx_list_t *list, size_t item_size,
                         size_t limit, const char *what)
{
    if (!onnx_reserve(graph, list, item_size, 1, limit, what))
        return NULL;
    return (char *)list->items + item_size * list->count++;
}

size_t dlcore_onnx_add_text(dlcore_onnx_graph_t *graph, size_t size)
{
    size_t offset = graph->names.count;

    if (size >= DLCORE_ONNX_NAMES_MAX ||
        !onnx_reserve(graph, &graph->names, 1, size + 1, DLCORE_ONNX_NAMES_MAX, "bytes of names")) {
        if (size >= DLCORE_ONNX_NAMES_MAX)
            (void)dlcore_fail(graph->error, DLCORE_ERROR_UNSUPPORTED,
                              "%s: has a text of %zu bytes, more than %zu", graph->input->name,
                              size, DLCORE_ONNX_NAMES_MAX);
        return DLCORE_ONNX_NONE;
    }
    graph->names.count += size + 1;
    ((char *)graph->names.items)[offset + size] = '\0';
    return offset;
}

/* ---- values by name ---- */

static size_t *onnx_place(const dlcore_onnx_graph_t *graph, const char *name)
{
    dlcore_hash_t hash = dlcore_hash_begin();
    size_t at;

    dlcore_hash_add(&hash, name, strlen(name));
    at = (size_t)dlcore_hash_value(&hash) & (graph->table_size - 1);
    while (graph->table[at] != 0 &&
           strcmp(dlcore_onnx_text(graph, dlcore_onnx_value(graph, graph->table[at] - 1)->name),
                  name) != 0)
        at = (at + 1) & (graph->table_size - 1);
    return &graph->table[at];
}

/* A table that is at most half full with one more. */
static bool onnx_rehash(dlcore_onnx_graph_t *graph)
{
    size_t size = graph->table_size > 0 ? 2 * graph->table_size : 64;

    if (2 * (graph->values.count + 1) <= graph->table_size)
        return true;
    dlcore_release(&graph->allocator, graph->table);
    graph->table = dlcore_allocate(&graph->allocator, size, sizeof *graph->table);
    graph->table_size = graph->table != NULL ? size : 0;
    if (graph->table == NULL) {
        (void)dlcore_fail_memory(graph->error, graph->input->name, size * sizeof *graph->table);
        return false;
    }
    for (size_t i = 0; i < graph->values.count; i++)
        *onnx_place(graph, dlcore_onnx_text(graph, dlcore_onnx_value(graph, i)->name)) = i + 1;
    return true;
}

size_t dlcore_onnx_intern(dlcore_onnx_graph_t *graph, size_t name)
{
    dlcore_onnx_value_t *value;
    size_t *place;

    if (!onnx_rehash(graph))
        return DLCORE_ONNX_NONE;
    place = onnx_place(graph, dlcore_onnx_text(graph, name));
    if (*place != 0) {
        if (name + strlen(dlcore_onnx_text(graph, name)) + 1 == graph->names.count)
            graph->names.count = name;
        return *place - 1;
    }
    value =
        dlcore_onnx_append(graph, &graph->values, sizeof *value, DLCORE_ONNX_THINGS_MAX, "values");
    if (value == NULL)
        return DLCORE_ONNX_NONE;
    *value = (dlcore_onnx_value_t){.name = name,
                                   .node = DLCORE_ONNX_NONE,
                                   .tensor = DLCORE_ONNX_NONE,
                                   .input = DLCORE_ONNX_NONE};
    *place = graph->values.count;
    return graph->values.count - 1;
}

/* ---- links ---- */

/* ONNX's own domain has two names. */
static bool onnx_same_domain(const char *a, const char *b)
{
    return strcmp(strcmp(a, "ai.onnx") == 0 ? "" : a, strcmp(b, "ai.onnx") == 0 ? "" : b) == 0;
}

/* What attributes are in ONNX's own operators. Which list an attribute's numbers are in goes with
 * its type, and one of another type has 0 where its number would be. */
static const struct {
    const char *name;
    int32_t type;
} onnx_attribute_types[] = {
    {"allowzero", DLCORE_ONNX_ATTRIBUTE_INT},      {"alpha", DLCORE_ONNX_ATTRIBUTE_FLOAT},
    {"approximate", DLCORE_ONNX_ATTRIBUTE_STRING}, {"axes", DLCORE_ONNX_ATTRIBUTE_INTS},
    {"axis", DLCORE_ONNX_ATTRIBUTE_INT},           {"beta", DLCORE_ONNX_ATTRIBUTE_FLOAT},
    {"bias", DLCORE_ONNX_ATTRIBUTE_FLOAT},         {"end", DLCORE_ONNX_ATTRIBUTE_INT},
    {"epsilon", DLCORE_ONNX_ATTRIBUTE_FLOAT},      {"exclusive", DLCORE_ONNX_ATTRIBUTE_INT},
    {"gamma", DLCORE_ONNX_ATTRIBUTE_FLOAT},        {"keepdims", DLCORE_ONNX_ATTRIBUTE_INT},
    {"lambd", DLCORE_ONNX_ATTRIBUTE_FLOAT},        {"largest", DLCORE_ONNX_ATTRIBUTE_INT},
    {"max", DLCORE_ONNX_ATTRIBUTE_FLOAT},          {"min", DLCORE_ONNX_ATTRIBUTE_FLOAT},
    {"momentum", DLCORE_ONNX_ATTRIBUTE_FLOAT},     {"num_outputs", DLCORE_ONNX_ATTRIBUTE_INT},
    {"perm", DLCORE_ONNX_ATTRIBUTE_INTS},          {"ratio", DLCORE_ONNX_ATTRIBUTE_FLOAT},
    {"reverse", DLCORE_ONNX_ATTRIBUTE_INT},        {"sorted", DLCORE_ONNX_ATTRIBUTE_INT},
    {"spatial", DLCORE_ONNX_ATTRIBUTE_INT},        {"split", DLCORE_ONNX_ATTRIBUTE_INTS},
    {"start", DLCORE_ONNX_ATTRIBUTE_INT},          {"training_mode", DLCORE_ONNX_ATTRIBUTE_INT},
    {"transA", DLCORE_ONNX_ATTRIBUTE_INT},         {"transB", DLCORE_ONNX_ATTRIBUTE_INT},
    {"value_float", DLCORE_ONNX_ATTRIBUTE_FLOAT},  {"value_floats", DLCORE_ONNX_ATTRIBUTE_FLOATS},
    {"value_int", DLCORE_ONNX_ATTRIBUTE_INT},      {"value_ints", DLCORE_ONNX_ATTRIBUTE_INTS},
};

static dlcore_status onnx_check_attributes(const dlcore_onnx_graph_t *graph,
                                           const dlcore_onnx_node_t *node)
{
    const dlcore_onnx_attribute_t *attributes = graph->attributes.items;
    const size_t known = sizeof onnx_attribute_types / sizeof onnx_attribute_types[0];
    char where[DLCORE_ONNX_WHERE_SIZE];

    if (!onnx_same_domain(dlcore_onnx_text(graph, node->domain), ""))
        return DLCORE_OK;
    for (size_t i = 0; i < node->attribute_count; i++) {
        const dlcore_onnx_attribute_t *attribute = &attributes[node->attributes + i];
        size_t row = 0;

        while (row < known && strcmp(onnx_attribute_types[row].name,
                                     dlcore_onnx_text(graph, attribute->name)) != 0)
            row++;
        if (row < known && attribute->type != onnx_attribute_types[row].type)
            return dlcore_fail(graph->error, DLCORE_ERROR_FORMAT,
                               "%s: %s: attribute \"%s\" has type %d, not %d", graph->input->name,
                               dlcore_onnx_where(where, graph, node),
                               onnx_attribute_types[row].name, (int)attribute->type,
                               (int)onnx_attribute_types[row].type);
    }
    return DLCORE_OK;
}

dlcore_status dlcore_onnx_graph_link(dlcore_onnx_graph_t *graph)
{
    char where[DLCORE_ONNX_WHERE_SIZE];
    dlcore_status status = DLCORE_OK;

    for (size_t n = 0; n < graph->nodes.count && status == DLCORE_OK; n++)
        status = onnx_check_attributes(graph, dlcore_onnx_node(graph, n));
    if (status != DLCORE_OK)
        return status;
    for (size_t n = 0; n < graph->nodes.count; n++) {
        const dlcore_onnx_node_t *node = dlcore_onnx_node(graph, n);

        for (size_t i = 0; i < node->output_count; i++) {
            size_t value = dlcore_onnx_node_output(graph, node, i);

            if (value == DLCORE_ONNX_NONE)
                continue;
            if (dlcore_onnx_value(graph, value)->node != DLCORE_ONNX_NONE ||
                dlcore_onnx_value(graph, value)->tensor != DLCORE_ONNX_NONE)
                return dlcore_fail(graph->error, DLCORE_ERROR_FORMAT,
                                   "%s: %s makes a value that is there already", graph->input->name,
                                   dlcore_onnx_where(where, graph, node));
            dlcore_onnx_value(graph, value)->node = n;
        }
    }
    for (size_t i = 0; i < graph->inputs.count; i++)
        dlcore_onnx_value(graph, dlcore_onnx_input(graph, i)->value)->input = i;
    return DLCORE_OK;
}

void dlcore_onnx_graph_clear(dlcore_onnx_graph_t *graph)
{
    dlcore_onnx_list_t *lists[] = {
        &graph->names,  &graph->values,  &graph->nodes,  &graph->attributes, &graph->tensors,
        &graph->inputs, &graph->outputs, &graph->opsets, &graph->notes,      &graph->edges,
        &graph->ends,   &graph->floats,  &graph->ints,
    };

    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        dlcore_release(&graph->allocator, lists[i]->items);
        *lists[i] = (dlcore_onnx_list_t){0};
    }
    dlcore_release(&graph->allocator, graph->table);
    graph->table = NULL;
    graph->table_size = 0;
}

/* ---- asking ---- */

bool dlcore_onnx_is(const dlcore_onnx_graph_t *graph, const dlcore_onnx_node_t *node,
                    const char *operation)
{
    return node != NULL && strcmp(dlcore_onnx_text(graph, node->operation), operation) == 0 &&
           onnx_same_domain(dlcore_onnx_text(graph, node->domain), "");
}

const dlcore_onnx_attribute_t *dlcore_onnx_find_attribute(const dlcore_onnx_graph_t *graph,
                                                          const dlcore_onnx_node_t *node,
                                                          const char *name)
{
    const dlcore_onnx_attribute_t *attributes = graph->attributes.items;

    for (size_t i = 0; i < node->attribute_count; i++) {
        const dlcore_onnx_attribute_t *attribute = &attributes[node->attributes + i];

        if (strcmp(dlcore_onnx_text(graph, attribute->name), name) == 0)
            return attribute;
    }
    return NULL;
}

int64_t dlcore_onnx_opset_of(const dlcore_onnx_graph_t *graph, const char *domain)
{
    const dlcore_onnx_opset_t *opsets = graph->opsets.items;

    for (size_t i = 0; i < graph->opsets.count; i++) {
        if (onnx_same_domain(dlcore_onnx_text(graph, opsets[i].domain), domain))
            return opsets[i].version;
    }
    return 0;
}

const char *dlcore_onnx_where(char to[DLCORE_ONNX_WHERE_SIZE], const dlcore_onnx_graph_t *graph,
                              const dlcore_onnx_node_t *node)
{
    const char *operation = dlcore_onnx_text(graph, node->operation);
    const char *name = dlcore_onnx_text(graph, node->name);
    size_t output = dlcore_onnx_node_output(graph, node, 0);
    char shown[2][DLCORE_SHOWN_SIZE];

    if (name[0] == '\0' && output != DLCORE_ONNX_NONE)
        name = dlcore_onnx_text(graph, dlcore_onnx_value(graph, output)->name);
    snprintf(to, DLCORE_ONNX_WHERE_SIZE, "%s \"%s\"",
             dlcore_show(shown[0], operation, strlen(operation)),
             dlcore_show(shown[1], name, strlen(name)));
    return to;
}

/* ---- reading what need not be there ---- */

dlcore_onnx_graph_t dlcore_onnx_quiet(const dlcore_onnx_graph_t *graph,
                                      dlcore_error_record_t *ignored)
{
    dlcore_onnx_graph_t quiet = *graph;

    quiet.error = ignored;
    return quiet;
}

bool dlcore_onnx_quiet_end(const dlcore_onnx_graph_t *quiet, dlcore_status status)
{
    if (status == DLCORE_ERROR_IO || status == DLCORE_ERROR_ARGUMENT)
        *quiet->unread = *quiet->error;
    return status == DLCORE_OK;
}
