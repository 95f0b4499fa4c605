/* Weights and tensors of the same name, or of the same after a prefix.
 *
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/shown.h"
#include "store/weight_matching.h"
#include "store/weight_names.h"

/* What stands around the name of a weight: "model/dense/kernel", "params.dense.kernel:0". */
typedef struct naming {
    char prefix[DLCORE_MATCHING_NAME_SIZE];
    char separator;
    const char *end;
} naming_t;

static const dlcore_safetensors_entry_t *find_named(const dlcore_matching_t *matching,
                                                    const naming_t *naming,
                                                    const dlcore_node_t *node,
                                                    const dlcore_parameter_t *parameter)
{
    char name[DLCORE_MATCHING_NAME_SIZE + DLCORE_NAME_SIZE + 24];
    int length = snprintf(name, sizeof name, "%s%s%c%s%s", naming->prefix, node->layer.name,
                          naming->separator, parameter->name, naming->end);

    return length >= DLCORE_MATCHING_NAME_SIZE ? NULL
                                               : dlcore_safetensors_find(matching->file, name);
}

static dlcore_status refuse_missing_tensor(const dlcore_matching_t *matching, size_t weight)
{
    char of_model[DLCORE_MATCHING_TEXT], name[DLCORE_MATCHING_NAME_SIZE];
    const dlcore_safetensors_entry_t *like;
    dlcore_shown_names_t there = {.used = 0};
    const dlcore_node_t *node;
    const dlcore_parameter_t *parameter =
        dlcore_network_parameter(matching->network, weight, &node);

    snprintf(name, sizeof name, "%s/%s", node->layer.name, parameter->name);
    like = dlcore_safetensors_find_like(matching->file, name);
    if (like != NULL) {
        (void)dlcore_safetensors_name(matching->file, like, name);
        dlcore_shown_add(&there, name);
    }
    return dlcore_fail(matching->error, DLCORE_ERROR_NAME, "%s: has no tensor for %s%s%s",
                       matching->file_name, dlcore_matching_weight_text(matching, weight, of_model),
                       like != NULL ? "; it has " : "", there.text);
}

/* One layer: all of its weights that pairs have left open, or none. */
static dlcore_status take_layer(dlcore_matching_t *matching, const naming_t *naming,
                                const dlcore_node_t *node, size_t first,
                                dlcore_weight_source_t source)
{
    size_t missing = SIZE_MAX, misfit = SIZE_MAX, found = 0;
    bool may_turn = matching->options->kernels == DLCORE_KERNEL_ORDER_OUTPUTS_FIRST;

    for (size_t p = 0; p < node->parameter_count; p++) {
        const dlcore_safetensors_entry_t *entry;
        dlcore_matching_shape_t shape;

        if (!dlcore_matching_is_open(matching, first + p))
            continue;
        entry = find_named(matching, naming, node, &node->parameters[p]);
        if (entry == NULL) {
            missing = missing == SIZE_MAX ? first + p : missing;
            continue;
        }
        found++;
        shape = dlcore_matching_shape(matching, entry, &node->parameters[p]);
        if (shape == DLCORE_SHAPE_OTHER || (shape == DLCORE_SHAPE_TRANSPOSED && !may_turn)) {
            if (!matching->options->skip_mismatch)
                return dlcore_matching_refuse_shape(matching, first + p, entry);
            misfit = first + p;
        }
        dlcore_matching_set(matching, first + p, (uint32_t)(entry - matching->file->entries) + 1,
                            source, shape == DLCORE_SHAPE_TRANSPOSED);
        matching->forms[first + p].repeated = shape == DLCORE_SHAPE_REPEATED;
    }
    if (missing != SIZE_MAX && (found > 0 || !matching->options->partial))
        return refuse_missing_tensor(matching, missing);
    for (size_t p = 0; misfit != SIZE_MAX && p < node->parameter_count; p++) {
        if (matching->matched[first + p].source == source)
            matching->matched[first + p].source = DLCORE_WEIGHT_LEFT_BY_SHAPE;
    }
    return DLCORE_OK;
}

/* How many of the weights that are open have a tensor of that name. */
static size_t count_named(const dlcore_matching_t *matching, const naming_t *naming)
{
    size_t weight = 0, found = 0;

    for (size_t i = 0; i < matching->network->node_count; i++) {
        const dlcore_node_t *node = &matching->network->nodes[i];

        for (size_t p = 0; p < node->parameter_count; p++, weight++)
            found += dlcore_matching_is_open(matching, weight) &&
                     find_named(matching, naming, node, &node->parameters[p]) != NULL;
    }
    return found;
}

static dlcore_status take_named(dlcore_matching_t *matching, const naming_t *naming,
                                dlcore_weight_source_t source)
{
    dlcore_status status = DLCORE_OK;
    size_t first = 0;

    for (size_t i = 0; i < matching->network->node_count && status == DLCORE_OK; i++) {
        const dlcore_node_t *node = &matching->network->nodes[i];

        status = take_layer(matching, naming, node, first, source);
        first += node->parameter_count;
    }
    return status;
}

/* Whether `name` is that of the weight after a prefix, and how it is then written. */
static bool is_after_prefix(const char *name, const dlcore_node_t *node,
                            const dlcore_parameter_t *parameter, naming_t *naming)
{
    dlcore_name_part_t group = dlcore_weight_group(name), leaf = dlcore_weight_leaf(name);
    size_t layer = strlen(node->layer.name);

    if (group.size <= layer || leaf.size != strlen(parameter->name) ||
        memcmp(leaf.text, parameter->name, leaf.size) != 0 ||
        memcmp(name + group.size - layer, node->layer.name, layer) != 0 ||
        (name[group.size - layer - 1] != '/' && name[group.size - layer - 1] != '.'))
        return false;
    memcpy(naming->prefix, name, group.size - layer);
    naming->prefix[group.size - layer] = '\0';
    naming->separator = name[group.size];
    naming->end = leaf.text[leaf.size] == '\0' ? "" : ":0";
    return true;
}

/* Whether the tensor is that of an open weight after a prefix: of which, and how. */
static bool is_some_after_prefix(const dlcore_matching_t *matching, const char *name,
                                 naming_t *naming, size_t *weight)
{
    *weight = 0;
    for (size_t i = 0; i < matching->network->node_count; i++) {
        const dlcore_node_t *node = &matching->network->nodes[i];

        for (size_t p = 0; p < node->parameter_count; p++, ++*weight) {
            if (dlcore_matching_is_open(matching, *weight) &&
                is_after_prefix(name, node, &node->parameters[p], naming))
                return true;
        }
    }
    return false;
}

/* The prefix of the first tensor that has one. *two: the same weight is there after another, too;
 * *all: every tensor begins with it. */
static bool find_prefix(const dlcore_matching_t *matching, naming_t *naming, bool *two, bool *all)
{
    const dlcore_safetensors_t *file = matching->file;
    char name[DLCORE_MATCHING_NAME_SIZE];
    naming_t other;
    bool found = false;
    size_t weight = 0;

    for (size_t t = 0; t < file->count && !found; t++) {
        (void)dlcore_safetensors_name(file, &file->entries[t], name);
        found = !dlcore_weight_name_is_dlcores(name) &&
                is_some_after_prefix(matching, name, naming, &weight);
    }
    *two = false;
    *all = true;
    for (size_t t = 0; t < file->count && found; t++) {
        size_t others = 0;

        (void)dlcore_safetensors_name(file, &file->entries[t], name);
        if (dlcore_weight_name_is_dlcores(name) ||
            strncmp(name, naming->prefix, strlen(naming->prefix)) == 0)
            continue;
        *all = false;
        *two = *two || (is_some_after_prefix(matching, name, &other, &others) && others == weight);
    }
    return found;
}

static dlcore_status take_after_prefix(dlcore_matching_t *matching, bool *done)
{
    size_t open = 0;
    naming_t naming;
    bool two, all;

    if (matching->file->count > DLCORE_MATCHING_TENSORS_MAX ||
        !find_prefix(matching, &naming, &two, &all))
        return DLCORE_OK;
    for (size_t i = 0; i < matching->count; i++)
        open += dlcore_matching_is_open(matching, i);
    *done = count_named(matching, &naming) == open || (matching->options->partial && all);
    if (*done && two)
        return dlcore_fail(
            matching->error, DLCORE_ERROR_NAME,
            "%s: has these weights more than once, after \"%.60s\" and after another "
            "prefix: set prefix",
            matching->file_name, naming.prefix);
    return *done ? take_named(matching, &naming, DLCORE_WEIGHT_BY_PREFIX) : DLCORE_OK;
}

dlcore_status dlcore_matching_names(dlcore_matching_t *matching, bool *done)
{
    naming_t plain = {.separator = '/', .end = ""};
    const char *prefix = matching->options->prefix;

    *done = false;
    if (prefix != NULL) {
        if (strlen(prefix) >= sizeof plain.prefix)
            return dlcore_fail(matching->error, DLCORE_ERROR_ARGUMENT,
                               "load_weights: prefix: longer than %d bytes",
                               DLCORE_SAFETENSORS_NAME_MAX);
        memcpy(plain.prefix, prefix, strlen(prefix) + 1);
    }
    if (count_named(matching, &plain) > 0) {
        *done = true;
        return take_named(matching, &plain, DLCORE_WEIGHT_BY_NAME);
    }
    return prefix == NULL ? take_after_prefix(matching, done) : DLCORE_OK;
}
