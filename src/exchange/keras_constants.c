/* Mean and variance of Keras's Normalization, given to its constructor.
 *
 * SPDX-License-Identifier: MIT */
#include "exchange/keras_constants.h"

#include <math.h>
#include <string.h>

#include "base/allocator.h"
#include "base/error.h"
#include "engine/network_exchange.h"
#include "store/config_named.h"
#include "store/config_reading.h"

#define CONSTANTS_DEPTH 8 /* of lists in lists */

/* The config of the layer that became the node: every layer did but InputLayer. */
static dlcore_json_t config_of_node(const dlcore_keras_file_t *file, size_t node)
{
    dlcore_json_t inside = dlcore_named_member(&file->model.json, "config");
    dlcore_json_t list = dlcore_named_member(&inside, "layers"), layer;
    dlcore_json_steps_t steps = dlcore_json_steps(&list);
    char name[DLCORE_NAME_SIZE];

    while (list.kind == DLCORE_JSON_ARRAY && dlcore_json_step(&steps, NULL, &layer)) {
        dlcore_named_thing(&layer, name);
        if (strcmp(name, "InputLayer") != 0 && node-- == 0)
            return dlcore_named_member(&layer, "config");
    }
    return (dlcore_json_t){.kind = DLCORE_JSON_NONE};
}

bool dlcore_keras_constants_find(const dlcore_keras_file_t *file, const dlcore_network_t *network,
                                 size_t node, dlcore_keras_constants_t *constants)
{
    static const char *const names[] = {"mean", "variance"};
    dlcore_json_t config;

    if (network->nodes[node].layer.kind != DLCORE_LAYER_NORMALIZATION)
        return false;
    config = config_of_node(file, node);
    for (size_t i = 0; i < 2; i++) {
        dlcore_json_t member = dlcore_named_member(&config, names[i]);

        constants->numbers[i] = dlcore_config_unpacked(&member);
        if (member.kind == DLCORE_JSON_NONE || member.kind == DLCORE_JSON_NULL)
            return false; /* one alone was refused with the config */
    }
    return true;
}

/* Counts the numbers in lists of lists, the first `room` of which go to `to`; false where something
 * else is among them, or a number that float32 does not have. */
static bool take_constants(const dlcore_json_t *value, float *to, size_t room, size_t *count,
                           int depth)
{
    dlcore_json_steps_t steps;
    dlcore_json_t element;
    double number;

    if (value->kind != DLCORE_JSON_ARRAY) {
        if (!dlcore_json_double(value, &number) || !isfinite((float)number))
            return false;
        if (*count < room)
            to[*count] = (float)number;
        ++*count;
        return true;
    }
    if (depth == 0)
        return false;
    steps = dlcore_json_steps(value);
    while (dlcore_json_step(&steps, NULL, &element)) {
        if (!take_constants(&element, to, room, count, depth - 1))
            return false;
    }
    return true;
}

dlcore_status dlcore_keras_constants_check(const dlcore_keras_file_t *file,
                                           const dlcore_keras_constants_t *constants,
                                           const dlcore_node_t *node, size_t width)
{
    for (size_t i = 0; i < 2; i++) {
        size_t count = 0;

        if (!take_constants(&constants->numbers[i], NULL, 0, &count, CONSTANTS_DEPTH))
            return dlcore_fail(file->error, DLCORE_ERROR_FORMAT,
                               "%s: %s: %s is not a list of numbers that float32 has", file->name,
                               node->layer.name, i == 0 ? "mean" : "variance");
        if (count != 1 && count != width)
            return dlcore_fail(file->error, DLCORE_ERROR_SHAPE,
                               "%s: %s: %s has %zu numbers for %zu columns", file->name,
                               node->layer.name, i == 0 ? "mean" : "variance", count, width);
    }
    return DLCORE_OK;
}

dlcore_status dlcore_keras_constants_read(const dlcore_keras_file_t *file,
                                          const dlcore_keras_constants_t *constants,
                                          const dlcore_network_t *network, size_t node,
                                          float *values)
{
    const dlcore_node_t *at = &network->nodes[node];
    size_t width = at->input_width;
    float *numbers = dlcore_allocate_raw(&file->allocator, width, sizeof *numbers);

    if (numbers == NULL)
        return dlcore_fail_memory(file->error, "weights", width * sizeof *numbers);
    for (size_t i = 0; i < 2; i++) {
        size_t count = 0;

        (void)take_constants(&constants->numbers[i], numbers, width, &count, CONSTANTS_DEPTH);
        for (; count < width; count++) /* one for all */
            numbers[count] = numbers[0];
        dlcore_network_import(network, &at->parameters[i], numbers, values);
    }
    dlcore_release(&file->allocator, numbers);
    return DLCORE_OK;
}
