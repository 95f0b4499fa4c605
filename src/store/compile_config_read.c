/* Reading compile settings from what Keras or dlcore wrote.
 *
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/error.h"
#include "base/name.h"
#include "model/model.h"
#include "nn/function.h"
#include "nn/loss.h"
#include "nn/metric.h"
#include "store/config_reading.h"
#include "store/model_config.h"
#include "store/optimizer_config.h"

/* In the order of the kinds. */
static const dlcore_setting_key_t *const loss_keys[] = {
    dlcore_no_keys,
#define DLCORE_LOSS_KEYS(kind, name, keys) keys,
    DLCORE_LOSS_KINDS(DLCORE_LOSS_KEYS) DLCORE_LOSS_FUNCTION_KINDS(DLCORE_LOSS_KEYS)
#undef DLCORE_LOSS_KEYS
};
static const dlcore_setting_key_t *const metric_keys[] = {dlcore_no_keys,
#define DLCORE_METRIC_KEYS(kind, name, keys) keys,
                                                          DLCORE_METRIC_KINDS(DLCORE_METRIC_KEYS)
#undef DLCORE_METRIC_KEYS
};

/* What compile takes for one output and Keras also writes as a list or a dictionary of one. */
static dlcore_json_t only_one(const dlcore_json_t *value)
{
    dlcore_json_t found = *value, name, first, second, class_name;
    dlcore_json_steps_t steps = dlcore_json_steps(value);
    bool is_object = value->kind == DLCORE_JSON_OBJECT;

    if (is_object &&
        (!dlcore_json_member(value, "class_name", &class_name) || class_name.kind != 0))
        return found;
    if (dlcore_json_step(&steps, is_object ? &name : NULL, &first) &&
        !dlcore_json_step(&steps, is_object ? &name : NULL, &second))
        return first;
    return found;
}

/* The name of a function of the program that wrote the file; the kind's stands for none. */
static dlcore_status get_function_name(const dlcore_config_reading_t *reading,
                                       const dlcore_json_t *config, const char *kind, char *name,
                                       size_t room)
{
    dlcore_status status = dlcore_config_name(reading, config, "name", name, room);

    if (status == DLCORE_OK && strcmp(name, kind) == 0)
        name[0] = '\0';
    return status;
}

static dlcore_status get_loss(dlcore_config_reading_t *reading, const dlcore_json_t *value,
                              dlcore_loss_t *loss)
{
    char name[DLCORE_NAME_SIZE];
    dlcore_json_t config, thing = only_one(value);
    dlcore_config_class_t kind = {.common = dlcore_loss_common_settings,
                                  .common_keys = dlcore_loss_common_keys};
    const dlcore_loss_type_t *type;
    dlcore_status status = dlcore_config_thing(reading, &thing, name, sizeof name, &config);

    if (status != DLCORE_OK)
        return status;
    *loss = dlcore_loss_from_name(name);
    type = dlcore_loss_type(loss->kind);
    if (type == NULL)
        return dlcore_config_refuse_class(reading, "loss", &thing, name);
    if (dlcore_loss_is_function(loss->kind))
        status = get_function_name(reading, &config, type->name, loss->name, sizeof loss->name);
    if (status != DLCORE_OK)
        return status;
    kind.name = name;
    kind.settings = type->settings;
    kind.keys = loss_keys[loss->kind];
    return dlcore_settings_read(reading, &config, &kind, loss);
}

/* Keras 2 has a function in a class: the metric that it is the mean of. */
static dlcore_status get_wrapped(const dlcore_config_reading_t *reading,
                                 const dlcore_json_t *config, char *name, size_t room,
                                 dlcore_config_class_t *kind)
{
    static const dlcore_setting_key_t keys[] = {
        {"name", NULL}, {"dtype", DLCORE_KEY_DTYPE}, {"fn", NULL}, {0}};
    dlcore_json_t function, inside;
    dlcore_status status;

    if (!dlcore_name_is(name, "MeanMetricWrapper"))
        return DLCORE_OK;
    status = dlcore_config_find(reading, config, "fn", &function);
    if (status != DLCORE_OK)
        return status;
    kind->common_keys = keys;
    return dlcore_config_thing(reading, &function, name, room, &inside);
}

static dlcore_status get_metric(const dlcore_config_reading_t *reading, const dlcore_json_t *thing,
                                dlcore_metric_t *metric)
{
    char name[DLCORE_NAME_SIZE], own[DLCORE_METRIC_NAME_SIZE];
    dlcore_json_t config, threshold;
    dlcore_config_class_t kind = {.common = dlcore_no_settings,
                                  .common_keys = dlcore_metric_common_keys};
    const dlcore_metric_type_t *type;
    dlcore_status status = dlcore_config_thing(reading, thing, name, sizeof name, &config);

    if (status == DLCORE_OK)
        status = get_wrapped(reading, &config, name, sizeof name, &kind);
    if (status != DLCORE_OK)
        return status;
    *metric = dlcore_metric_from_name(name);
    if (metric->kind == DLCORE_METRIC_ACCURACY && config.kind == DLCORE_JSON_OBJECT) {
        /* Keras's class has no threshold, dlcore's has; the name alone stands for other classes */
        status = dlcore_config_find(reading, &config, "threshold", &threshold);
        if (status == DLCORE_OK && threshold.kind == DLCORE_JSON_NONE)
            *metric = dlcore_metric_default(DLCORE_METRIC_EQUAL_ACCURACY);
    }
    type = dlcore_metric_type(metric->kind);
    if (type == NULL)
        return dlcore_config_refuse_class(reading, "metric", thing, name);
    if (status == DLCORE_OK)
        status = dlcore_config_name(reading, &config, "name", own, sizeof own);
    if (status == DLCORE_OK && strcmp(own, type->name) != 0)
        memcpy(metric->name, own, sizeof own);
    kind.name = name;
    kind.settings = type->settings;
    kind.keys = metric_keys[metric->kind];
    return status == DLCORE_OK ? dlcore_settings_read(reading, &config, &kind, metric) : status;
}

/* A list; a list of one list, as Keras has them by output; or one metric, by its name. */
static dlcore_status get_metrics(dlcore_config_reading_t *reading, const dlcore_json_t *value,
                                 dlcore_metric_t *metrics, size_t *count)
{
    dlcore_json_t inner = only_one(value);
    bool nested = inner.kind == DLCORE_JSON_ARRAY || value->kind == DLCORE_JSON_OBJECT;
    const dlcore_json_t *list = nested ? &inner : value;
    dlcore_json_steps_t steps = dlcore_json_steps(list);
    dlcore_json_t thing;
    dlcore_status status;

    reading->number = 0;
    if (list->kind == DLCORE_JSON_STRING || list->kind == DLCORE_JSON_OBJECT) {
        status = get_metric(reading, list, metrics);
        *count += status == DLCORE_OK ? 1u : 0u;
        return status;
    }
    while (dlcore_json_step(&steps, NULL, &thing)) {
        reading->number = *count;
        if (*count == DLCORE_METRICS_MAX)
            return dlcore_config_refuse(reading, DLCORE_ERROR_UNSUPPORTED, "there are", "too many");
        status = get_metric(reading, &thing, &metrics[*count]);
        if (status != DLCORE_OK)
            return status;
        ++*count;
    }
    return DLCORE_OK;
}

/* What compile has besides: nothing that changes results, or not here. */
static dlcore_status check_others(const dlcore_config_reading_t *reading,
                                  const dlcore_json_t *config)
{
    static const dlcore_setting_key_t keys[] = {
        {"optimizer", NULL},
        {"optimizer_config", NULL}, /* Keras 2 */
        {"loss", NULL},
        {"metrics", NULL},
        {"weighted_metrics", NULL},
        {"loss_weights", "[null, [1], 1]"},
        {"run_eagerly", NULL},
        {"steps_per_execution", NULL}, /* when callbacks run, which dlcore's own options say */
        {"jit_compile", NULL},
        {"auto_scale_loss", NULL}, /* of mixed precision alone, which layers refuse */
        {0}};
    dlcore_config_class_t kind = {.name = "compile",
                                  .common = dlcore_no_settings,
                                  .settings = dlcore_no_settings,
                                  .common_keys = dlcore_no_keys,
                                  .keys = keys};

    return dlcore_settings_read(reading, config, &kind, NULL);
}

dlcore_status dlcore_compile_config_read(const dlcore_json_t *config, const char *file,
                                         dlcore_compile_options_t *settings,
                                         dlcore_config_numbers_t *numbers,
                                         dlcore_error_record_t *error)
{
    dlcore_config_reading_t reading = {.file = file,
                                       .part = "compile_config",
                                       .number = DLCORE_CONFIG_UNNUMBERED,
                                       .numbers = numbers,
                                       .error = error};
    dlcore_json_t optimizer, loss, metrics, weighted;
    dlcore_status status = check_others(&reading, config);

    dlcore_compile_options_reset(settings);
    if (status == DLCORE_OK)
        status = dlcore_config_find(&reading, config, "optimizer", &optimizer);
    if (status == DLCORE_OK && optimizer.kind == DLCORE_JSON_NONE)
        status = dlcore_config_find(&reading, config, "optimizer_config", &optimizer);
    if (status == DLCORE_OK)
        status = dlcore_config_find(&reading, config, "loss", &loss);
    if (status == DLCORE_OK)
        status = dlcore_config_find(&reading, config, "metrics", &metrics);
    if (status == DLCORE_OK)
        status = dlcore_config_find(&reading, config, "weighted_metrics", &weighted);
    if (status == DLCORE_OK)
        status = dlcore_optimizer_config_read(&reading, &optimizer, &settings->optimizer);
    if (status == DLCORE_OK)
        status = get_loss(&reading, &loss, &settings->loss);
    reading.part = "compile_config: metric";
    if (status == DLCORE_OK)
        status = get_metrics(&reading, &metrics, settings->metrics, &settings->metric_count);
    if (status == DLCORE_OK)
        status = get_metrics(&reading, &weighted, settings->weighted_metrics,
                             &settings->weighted_metric_count);
    return status;
}
