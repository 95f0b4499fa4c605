/* Reading compile settings from what Keras or dlcore wrote.
 *
 * SPDX-License-Identifier: MIT */
#include <limits.h>
#include <stdint.h>
#include <string.h>

#include "base/error.h"
#include "base/name.h"
#include "model/model.h"
#include "store/config_reading.h"
#include "store/model_config.h"
#include "store/optimizer_config.h"

static dlcore_status get_loss(const dlcore_config_reading_t *reading, const dlcore_json_t *thing,
                              dlcore_loss_t *loss)
{
    char snake[2 * DLCORE_NAME_SIZE], name[DLCORE_NAME_SIZE];
    dlcore_json_t config;
    dlcore_status status = dlcore_config_thing(reading, thing, snake, sizeof snake, &config);

    if (status != DLCORE_OK)
        return status;
    *loss = dlcore_loss_from_name(snake);
    if (loss->kind == DLCORE_LOSS_UNKNOWN)
        return dlcore_fail(reading->error, DLCORE_ERROR_UNSUPPORTED,
                           "%s: compile_config: this version has no loss \"%s\"", reading->file,
                           snake);
    status = dlcore_config_bool(reading, &config, "from_logits", &loss->from_logits);
    if (status == DLCORE_OK)
        status = dlcore_config_double(reading, &config, "label_smoothing", &loss->label_smoothing);
    if (status == DLCORE_OK)
        status = dlcore_config_double(reading, &config, "delta", &loss->delta);
    if (status == DLCORE_OK)
        status = dlcore_config_name(reading, &config, "reduction", name, sizeof name);
    if (status != DLCORE_OK || name[0] == '\0')
        return status;
    loss->reduction = dlcore_reduction_from_name(name);
    if (loss->reduction == DLCORE_REDUCTION_UNKNOWN)
        return dlcore_fail(reading->error, DLCORE_ERROR_UNSUPPORTED,
                           "%s: compile_config: this version has no reduction \"%s\"",
                           reading->file, name);
    return DLCORE_OK;
}

/* null, Keras's None, leaves the default. */
static dlcore_status get_number(const dlcore_config_reading_t *reading, const dlcore_json_t *config,
                                const char *name, double *number)
{
    dlcore_json_t found;
    dlcore_status status = dlcore_config_find(reading, config, name, &found);

    if (status != DLCORE_OK || found.kind == DLCORE_JSON_NULL)
        return status;
    return dlcore_config_double(reading, config, name, number);
}

static dlcore_status get_size(const dlcore_config_reading_t *reading, const dlcore_json_t *config,
                              const char *name, size_t *number)
{
    dlcore_json_t found;
    dlcore_status status = dlcore_config_find(reading, config, name, &found);

    if (status != DLCORE_OK || found.kind == DLCORE_JSON_NONE || found.kind == DLCORE_JSON_NULL)
        return status;
    if (!dlcore_json_size(&found, number))
        return dlcore_config_refuse(reading, DLCORE_ERROR_FORMAT, name, "is no size");
    return DLCORE_OK;
}

/* One of some words, by its number. */
static dlcore_status get_choice(const dlcore_config_reading_t *reading, const dlcore_json_t *config,
                                const char *name, const char *const *words, size_t count,
                                size_t *choice)
{
    dlcore_json_t found;
    char word[DLCORE_NAME_SIZE];
    dlcore_status status = dlcore_config_find(reading, config, name, &found);

    if (status == DLCORE_OK && found.kind != DLCORE_JSON_NULL)
        status = dlcore_config_name(reading, config, name, word, sizeof word);
    if (status != DLCORE_OK || found.kind == DLCORE_JSON_NONE || found.kind == DLCORE_JSON_NULL)
        return status;
    for (size_t i = 0; i < count; i++) {
        if (dlcore_name_is(word, words[i])) {
            *choice = i;
            return DLCORE_OK;
        }
    }
    return dlcore_config_refuse(reading, DLCORE_ERROR_UNSUPPORTED, name, "is not known here");
}

static dlcore_status get_choices(const dlcore_config_reading_t *reading,
                                 const dlcore_json_t *config, dlcore_metric_t *metric)
{
    static const char *const averages[] = {"macro", "micro", "weighted"};
    static const char *const curves[] = {"ROC", "PR"};
    size_t class_id = SIZE_MAX, average = (size_t)metric->average, curve = (size_t)metric->curve;
    dlcore_status status = get_size(reading, config, "class_id", &class_id);

    if (status == DLCORE_OK && class_id != SIZE_MAX && class_id > INT_MAX)
        return dlcore_config_refuse(reading, DLCORE_ERROR_FORMAT, "class_id", "is too large");
    if (status == DLCORE_OK)
        status = get_choice(reading, config, "average", averages, 3, &average);
    if (status == DLCORE_OK)
        status = get_choice(reading, config, "curve", curves, 2, &curve);
    metric->class_id = class_id != SIZE_MAX ? (int)class_id : metric->class_id;
    metric->average = (dlcore_average_t)average;
    metric->curve = (dlcore_curve_t)curve;
    return status;
}

static dlcore_status get_settings(const dlcore_config_reading_t *reading,
                                  const dlcore_json_t *config, dlcore_metric_t *metric)
{
    char name[DLCORE_METRIC_NAME_SIZE];
    dlcore_status status = dlcore_config_name(reading, config, "name", name, sizeof name);

    if (status == DLCORE_OK && strcmp(name, dlcore_metric_name(metric->kind)) != 0)
        memcpy(metric->name, name, sizeof name);
    if (status == DLCORE_OK)
        status = get_number(reading, config, "threshold", &metric->threshold);
    if (status == DLCORE_OK)
        status = get_number(reading, config, "thresholds", &metric->threshold);
    if (status == DLCORE_OK)
        status = get_number(reading, config, "label_smoothing", &metric->label_smoothing);
    if (status == DLCORE_OK)
        status = dlcore_config_bool(reading, config, "from_logits", &metric->from_logits);
    if (status == DLCORE_OK)
        status = get_size(reading, config, "k", &metric->top_k);
    if (status == DLCORE_OK)
        status = get_size(reading, config, "top_k", &metric->top_k);
    if (status == DLCORE_OK)
        status = get_size(reading, config, "num_thresholds", &metric->num_thresholds);
    if (status == DLCORE_OK)
        status = get_choices(reading, config, metric);
    return status;
}

static dlcore_status get_metrics(dlcore_config_reading_t *reading, const dlcore_json_t *list,
                                 dlcore_metric_t *metrics, size_t *count)
{
    dlcore_json_steps_t steps = dlcore_json_steps(list);
    dlcore_json_t thing, config;
    dlcore_status status;

    reading->part = "compile_config: metric";
    while (dlcore_json_step(&steps, NULL, &thing)) {
        dlcore_metric_t *metric = &metrics[*count];
        char snake[2 * DLCORE_NAME_SIZE];

        reading->number = *count;
        if (*count == DLCORE_METRICS_MAX)
            return dlcore_config_refuse(reading, DLCORE_ERROR_UNSUPPORTED, "there are", "too many");
        status = dlcore_config_thing(reading, &thing, snake, sizeof snake, &config);
        if (status != DLCORE_OK)
            return status;
        *metric = dlcore_metric_from_name(snake);
        if (metric->kind == DLCORE_METRIC_UNKNOWN)
            return dlcore_config_refuse(reading, DLCORE_ERROR_UNSUPPORTED, "its kind",
                                        "is not known here");
        status = get_settings(reading, &config, metric);
        if (status != DLCORE_OK)
            return status;
        ++*count;
    }
    return DLCORE_OK;
}

dlcore_status dlcore_compile_config_read(const dlcore_json_t *config, const char *file,
                                         dlcore_compile_options_t *settings,
                                         dlcore_error_record_t *error)
{
    dlcore_config_reading_t reading = {
        .file = file, .part = "compile_config: part", .error = error};
    dlcore_json_t optimizer, loss, metrics, weighted;
    dlcore_status status = dlcore_config_find(&reading, config, "optimizer", &optimizer);

    dlcore_compile_options_reset(settings);
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
    if (status == DLCORE_OK)
        status = get_metrics(&reading, &metrics, settings->metrics, &settings->metric_count);
    if (status == DLCORE_OK)
        status = get_metrics(&reading, &weighted, settings->weighted_metrics,
                             &settings->weighted_metric_count);
    return status;
}
