/* Whether the layers of a functional model are one chain.
 *
 * SPDX-License-Identifier: MIT */
#include "store/model_config_chain.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "dlcore/layer.h"

#define ONLY_CHAINS "this version reads models that are one chain of layers"

static size_t chain_length(const dlcore_json_t *list)
{
    dlcore_json_steps_t steps = dlcore_json_steps(list);
    dlcore_json_t name, value;
    size_t count = 0;

    while (dlcore_json_step(&steps, list->kind == DLCORE_JSON_OBJECT ? &name : NULL, &value))
        count++;
    return count;
}

/* The first element or member; kind NONE where there is none. */
static dlcore_json_t chain_first(const dlcore_json_t *list)
{
    dlcore_json_steps_t steps = dlcore_json_steps(list);
    dlcore_json_t name, value;

    if (dlcore_json_step(&steps, list->kind == DLCORE_JSON_OBJECT ? &name : NULL, &value))
        return value;
    return (dlcore_json_t){.kind = DLCORE_JSON_NONE};
}

/* A layer's arguments besides its input, all of which must be absent or null, because they change
 * what it computes. But Keras 3 notes `training` false of layers that nobody gave it to, and
 * overrides it in every call of the model. */
static dlcore_status check_arguments(const dlcore_config_reading_t *reading,
                                     const dlcore_json_t *arguments, bool old)
{
    dlcore_json_steps_t steps = dlcore_json_steps(arguments);
    dlcore_json_t name, value;
    char text[DLCORE_NAME_SIZE];

    while (arguments->kind == DLCORE_JSON_OBJECT && dlcore_json_step(&steps, &name, &value)) {
        (void)dlcore_json_string(&name, text, sizeof text);
        if (value.kind != DLCORE_JSON_NULL &&
            !(!old && value.kind == DLCORE_JSON_FALSE && strcmp(text, "training") == 0))
            return dlcore_config_refuse_value(reading, text, &value,
                                              "a layer is only called with its input");
    }
    return DLCORE_OK;
}

/* ["dense", 0, 0], the first output of the first use of that layer. */
static dlcore_status check_history(const dlcore_config_reading_t *reading, const char *member,
                                   const dlcore_json_t *history, const char *wanted)
{
    dlcore_json_steps_t steps = dlcore_json_steps(history);
    dlcore_json_t name, use, output;
    char text[DLCORE_NAME_SIZE], what[2 * DLCORE_NAME_SIZE + 96];
    size_t number;

    if (!dlcore_json_step(&steps, NULL, &name) || name.kind != DLCORE_JSON_STRING ||
        !dlcore_json_step(&steps, NULL, &use) || !dlcore_json_step(&steps, NULL, &output))
        return dlcore_config_refuse(reading, DLCORE_ERROR_FORMAT, member, "has no layer's output");
    (void)dlcore_json_string(&name, text, sizeof text);
    if (!dlcore_json_is(&name, wanted)) {
        snprintf(what, sizeof what, "\"%.40s\", not \"%.40s\" before it: " ONLY_CHAINS, text,
                 wanted);
        return dlcore_config_refuse(reading, DLCORE_ERROR_UNSUPPORTED, "its input comes from",
                                    what);
    }
    if (!dlcore_json_size(&use, &number) || number != 0 || !dlcore_json_size(&output, &number) ||
        number != 0)
        return dlcore_config_refuse(reading, DLCORE_ERROR_UNSUPPORTED, text,
                                    "is used several times, or has several outputs: " ONLY_CHAINS);
    return DLCORE_OK;
}

/* Keras 2: a list of inputs, ["dense", 0, 0, {arguments}]. */
static dlcore_status check_old_node(const dlcore_config_reading_t *reading,
                                    const dlcore_json_t *node, const char *wanted)
{
    dlcore_json_t input = chain_first(node), value;
    dlcore_json_steps_t steps = dlcore_json_steps(&input);
    dlcore_status status;

    if (input.kind != DLCORE_JSON_ARRAY || chain_length(node) != 1)
        return dlcore_config_refuse(reading, DLCORE_ERROR_UNSUPPORTED, "it has",
                                    "several inputs: " ONLY_CHAINS);
    status = check_history(reading, "inbound_nodes", &input, wanted);
    while (status == DLCORE_OK && dlcore_json_step(&steps, NULL, &value))
        status = check_arguments(reading, &value, true);
    return status;
}

static dlcore_status check_node(const dlcore_config_reading_t *reading, const dlcore_json_t *node,
                                const char *wanted)
{
    dlcore_json_t arguments, named, tensor, config, history;
    dlcore_status status;

    if (node->kind == DLCORE_JSON_ARRAY)
        return check_old_node(reading, node, wanted);
    status = dlcore_config_find(reading, node, "args", &arguments);
    if (status == DLCORE_OK)
        status = dlcore_config_find(reading, node, "kwargs", &named);
    if (status != DLCORE_OK)
        return status;
    tensor = chain_first(&arguments);
    if (chain_length(&arguments) != 1 || tensor.kind != DLCORE_JSON_OBJECT)
        return dlcore_config_refuse(reading, DLCORE_ERROR_UNSUPPORTED, "it has",
                                    "no input or several: " ONLY_CHAINS);
    status = dlcore_config_find(reading, &tensor, "config", &config);
    if (status == DLCORE_OK)
        status = dlcore_config_find(reading, &config, "keras_history", &history);
    if (status == DLCORE_OK)
        status = check_history(reading, "inbound_nodes", &history, wanted);
    return status == DLCORE_OK ? check_arguments(reading, &named, false) : status;
}

/* One element of "layers". `before`: the name of the layer before it, "" at first; then its own. */
static dlcore_status check_link(const dlcore_config_reading_t *reading, const dlcore_json_t *layer,
                                char before[DLCORE_NAME_SIZE])
{
    dlcore_config_reading_t within = *reading;
    char name[DLCORE_NAME_SIZE];
    dlcore_json_t nodes, node;
    size_t count;
    dlcore_status status = dlcore_config_name(reading, layer, "name", name, sizeof name);

    if (status == DLCORE_OK)
        status = dlcore_config_find(reading, layer, "inbound_nodes", &nodes);
    if (status != DLCORE_OK)
        return status;
    if (name[0] == '\0')
        return dlcore_config_refuse(reading, DLCORE_ERROR_FORMAT, "name", "is not there");
    within = dlcore_config_within(reading, name);
    count = chain_length(&nodes);
    node = chain_first(&nodes);
    if (before[0] == '\0' && count > 0)
        return dlcore_config_refuse(&within, DLCORE_ERROR_UNSUPPORTED, "it",
                                    "is the first and no input: " ONLY_CHAINS);
    if (before[0] != '\0' && count != 1)
        return dlcore_config_refuse(&within, DLCORE_ERROR_UNSUPPORTED, "it",
                                    count == 0 ? "is a second input: " ONLY_CHAINS
                                               : "is used several times: " ONLY_CHAINS);
    if (before[0] != '\0')
        status = check_node(&within, &node, before);
    memcpy(before, name, sizeof name);
    return status;
}

/* "input_layers", "output_layers": one, which is that layer. */
static dlcore_status check_chain_end(const dlcore_config_reading_t *reading,
                                     const dlcore_json_t *config, const char *member,
                                     const char *wanted)
{
    dlcore_json_t end, inner;
    dlcore_status status = dlcore_config_find(reading, config, member, &end);

    if (status != DLCORE_OK)
        return status;
    for (inner = chain_first(&end); inner.kind == DLCORE_JSON_ARRAY; inner = chain_first(&end)) {
        if (chain_length(&end) != 1)
            return dlcore_config_refuse(reading, DLCORE_ERROR_UNSUPPORTED, member,
                                        "are several: " ONLY_CHAINS);
        end = inner;
    }
    return check_history(reading, member, &end, wanted);
}

dlcore_status dlcore_model_config_check_chain(const dlcore_config_reading_t *reading,
                                              const dlcore_json_t *config)
{
    dlcore_config_reading_t link = *reading;
    char first[DLCORE_NAME_SIZE] = "", before[DLCORE_NAME_SIZE] = "";
    dlcore_json_steps_t steps;
    dlcore_json_t layers, layer;
    dlcore_status status = dlcore_config_find(reading, config, "layers", &layers);

    link.part = "model_config: layer";
    link.number = 0;
    steps = dlcore_json_steps(&layers);
    while (status == DLCORE_OK && dlcore_json_step(&steps, NULL, &layer)) {
        status = check_link(&link, &layer, before);
        if (link.number++ == 0)
            memcpy(first, before, sizeof first);
    }
    if (status == DLCORE_OK)
        status = check_chain_end(reading, config, "input_layers", first);
    return status == DLCORE_OK ? check_chain_end(reading, config, "output_layers", before) : status;
}
