/* Names of a network's layers: each has one, and no two the same.
 *
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "base/ascii.h"
#include "base/error.h"
#include "base/size.h"
#include "base/utf8.h"
#include "engine/network.h"

static const dlcore_node_t *find_node(const dlcore_network_t *network, const char *name)
{
    for (size_t i = 0; i < network->node_count; i++) {
        if (strcmp(network->nodes[i].layer.name, name) == 0)
            return &network->nodes[i];
    }
    return NULL;
}

/* n of "base_n", 0 of "base"; DLCORE_LAYERS_MAX for every other name. */
static size_t index_of(const char *name, const char *base)
{
    size_t length = strlen(base), index = 0;

    if (strncmp(name, base, length) != 0)
        return DLCORE_LAYERS_MAX;
    if (name[length] == '\0')
        return 0;
    if (name[length] != '_' || name[length + 1] == '0' || name[length + 1] == '\0')
        return DLCORE_LAYERS_MAX;
    for (const char *digit = name + length + 1; *digit != '\0'; digit++) {
        if (!dlcore_is_digit(*digit))
            return DLCORE_LAYERS_MAX;
        index = dlcore_size_min(10 * index + (size_t)(*digit - '0'), DLCORE_LAYERS_MAX);
    }
    return index;
}

/* The smallest index that no layer's name has. */
static size_t first_free(const dlcore_network_t *network, const char *base)
{
    bool taken[DLCORE_LAYERS_MAX + 1] = {false};
    size_t index = 0;

    for (size_t i = 0; i < network->node_count; i++)
        taken[index_of(network->nodes[i].layer.name, base)] = true;
    while (index < DLCORE_LAYERS_MAX && taken[index])
        index++;
    return index;
}

dlcore_status dlcore_network_settle_name(const dlcore_network_t *network, dlcore_layer_t *layer,
                                         const char *base, dlcore_error_record_t *error)
{
    size_t free_index;

    if (memchr(layer->name, '\0', sizeof layer->name) == NULL) {
        layer->name[sizeof layer->name - 1] = '\0';
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT,
                           "layer name \"%.20s...\" has no end within %d bytes", layer->name,
                           DLCORE_NAME_SIZE);
    }
    if (dlcore_utf8_problem(layer->name) != NULL)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "layer %zu: its name %s",
                           network->node_count, dlcore_utf8_problem(layer->name));
    if (strchr(layer->name, '/') != NULL)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "layer name \"%s\" contains a slash",
                           layer->name);
    if (layer->name[0] != '\0') {
        if (find_node(network, layer->name) == NULL)
            return DLCORE_OK;
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "layer name \"%s\" is taken", layer->name);
    }
    free_index = first_free(network, base);
    if (free_index == 0)
        snprintf(layer->name, sizeof layer->name, "%s", base);
    else
        snprintf(layer->name, sizeof layer->name, "%s_%zu", base, free_index);
    return DLCORE_OK;
}
