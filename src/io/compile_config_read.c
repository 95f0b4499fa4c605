/* Reading compile settings from what Keras or dlcore wrote.
 *
 * SPDX-License-Identifier: MIT */
#include "base/error.h"
#include "io/config_reading.h"
#include "io/model_config.h"
#include "io/optimizer_config.h"

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

static dlcore_status get_metrics(dlcore_config_reading_t *reading, const dlcore_json_t *list,
                                 dlcore_compile_options_t *settings)
{
    dlcore_json_steps_t steps = dlcore_json_steps(list);
    dlcore_json_t thing, config;
    dlcore_status status;

    reading->part = "compile_config: metric";
    while (dlcore_json_step(&steps, NULL, &thing)) {
        dlcore_metric_t *metric = &settings->metrics[settings->metric_count];
        char snake[2 * DLCORE_NAME_SIZE];

        reading->number = settings->metric_count;
        if (settings->metric_count == DLCORE_METRICS_MAX)
            return dlcore_config_refuse(reading, DLCORE_ERROR_UNSUPPORTED, "there are", "too many");
        status = dlcore_config_thing(reading, &thing, snake, sizeof snake, &config);
        if (status != DLCORE_OK)
            return status;
        *metric = dlcore_metric_from_name(snake);
        if (metric->kind == DLCORE_METRIC_NONE)
            return dlcore_config_refuse(reading, DLCORE_ERROR_UNSUPPORTED, "its kind",
                                        "is not known here");
        status = dlcore_config_double(reading, &config, "threshold", &metric->threshold);
        if (status != DLCORE_OK)
            return status;
        settings->metric_count++;
    }
    return DLCORE_OK;
}

dlcore_status dlcore_compile_config_read(const dlcore_json_t *config, const char *file,
                                         dlcore_compile_options_t *settings,
                                         dlcore_error_record_t *error)
{
    dlcore_config_reading_t reading = {
        .file = file, .part = "compile_config: part", .error = error};
    dlcore_json_t optimizer, loss, metrics;
    dlcore_status status = dlcore_config_find(&reading, config, "optimizer", &optimizer);

    *settings = dlcore_compile_options_default();
    if (status == DLCORE_OK)
        status = dlcore_config_find(&reading, config, "loss", &loss);
    if (status == DLCORE_OK)
        status = dlcore_config_find(&reading, config, "metrics", &metrics);
    if (status == DLCORE_OK)
        status = dlcore_optimizer_config_read(&reading, &optimizer, &settings->optimizer);
    if (status == DLCORE_OK)
        status = get_loss(&reading, &loss, &settings->loss);
    if (status == DLCORE_OK)
        status = get_metrics(&reading, &metrics, settings);
    return status;
}
