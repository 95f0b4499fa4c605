/* What a config names, also where it cannot be read.
 *
 * SPDX-License-Identifier: MIT */
#include "store/config_named.h"

#include <stdio.h>
#include <string.h>

#include "nn/layer.h"
#include "store/activation_config.h"

dlcore_json_t dlcore_named_member(const dlcore_json_t *object, const char *name)
{
    dlcore_json_t value = {0};

    return dlcore_json_member(object, name, &value) ? value : (dlcore_json_t){0};
}

void dlcore_named_thing(const dlcore_json_t *thing, char name[DLCORE_NAME_SIZE])
{
    dlcore_json_t class_name = dlcore_named_member(thing, "class_name"), config;

    (void)dlcore_json_string(thing->kind == DLCORE_JSON_STRING ? thing : &class_name, name,
                             DLCORE_NAME_SIZE);
    if (thing->kind != DLCORE_JSON_OBJECT || strcmp(name, "function") != 0)
        return;
    config = dlcore_named_member(thing, "config");
    (void)dlcore_json_string(&config, name, DLCORE_NAME_SIZE);
}

bool dlcore_named_layer_is_known(const char *class_name)
{
    return dlcore_layer_kind_named(class_name) != DLCORE_LAYER_UNKNOWN ||
           dlcore_activation_config_is_class(class_name) || strcmp(class_name, "InputLayer") == 0;
}

/* ---- compile ---- */

/* Its own name, "auc_1", where it has one: Keras 2 has a class MeanMetricWrapper for nearly all. */
static void add_metric(dlcore_named_compile_t *named, const char *prefix,
                       const dlcore_json_t *metric)
{
    dlcore_json_t config = dlcore_named_member(metric, "config");
    dlcore_json_t own = dlcore_named_member(&config, "name");
    size_t used = strlen(named->metrics);
    char name[DLCORE_NAME_SIZE];

    dlcore_named_thing(own.kind == DLCORE_JSON_STRING ? &own : metric, name);
    if (name[0] != '\0')
        snprintf(named->metrics + used, sizeof named->metrics - used, "%s%s%s",
                 used > 0 ? ", " : "", prefix, name);
}

/* A list; Keras 2 has a list of the metrics of each output in it. */
static void add_metrics(dlcore_named_compile_t *named, const char *prefix,
                        const dlcore_json_t *list)
{
    dlcore_json_steps_t steps = dlcore_json_steps(list), within;
    dlcore_json_t metric, inner;

    while (list->kind == DLCORE_JSON_ARRAY && dlcore_json_step(&steps, NULL, &metric)) {
        if (metric.kind != DLCORE_JSON_ARRAY)
            add_metric(named, prefix, &metric);
        within = dlcore_json_steps(&metric);
        while (metric.kind == DLCORE_JSON_ARRAY && dlcore_json_step(&within, NULL, &inner))
            add_metric(named, prefix, &inner);
    }
}

void dlcore_named_compile_read(const dlcore_json_t *config, dlcore_named_compile_t *named)
{
    dlcore_json_t optimizer = dlcore_named_member(config, "optimizer"),
                  loss = dlcore_named_member(config, "loss"),
                  metrics = dlcore_named_member(config, "metrics"),
                  weighted = dlcore_named_member(config, "weighted_metrics");

    if (optimizer.kind == DLCORE_JSON_NONE)
        optimizer = dlcore_named_member(config, "optimizer_config");
    named->metrics[0] = '\0';
    dlcore_named_thing(&optimizer, named->optimizer);
    dlcore_named_thing(&loss, named->loss);
    add_metrics(named, "", &metrics);
    add_metrics(named, "weighted ", &weighted);
}
