/* Monitored values of the ready-made callbacks: which way is better, and whether it got better.
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>

#include "base/name.h"
#include "fit/callback.h"
#include "fit/fit.h"
#include "fit/value_name.h"
#include "model/model.h"

/* ---- names ---- */

size_t dlcore_event_names(const dlcore_training_event_t *event, const char *const **names)
{
    const dlcore_fit_t *fit = event->model != NULL ? event->model->fit : NULL;

    *names = fit != NULL ? fit->names : event->names;
    return fit != NULL ? fit->all_values : event->value_count;
}

bool dlcore_event_has(const dlcore_training_event_t *event, const char *name)
{
    const char *const *names;
    size_t count = dlcore_event_names(event, &names);

    return dlcore_value_find(name, names, count) < count;
}

bool dlcore_event_ever_validates(const dlcore_training_event_t *event)
{
    const dlcore_fit_t *fit = event->model != NULL ? event->model->fit : NULL;

    return fit == NULL ||
           (fit->validates && fit->options->epochs / fit->options->validation_freq >
                                  fit->options->initial_epoch / fit->options->validation_freq);
}

bool dlcore_event_validates(const dlcore_training_event_t *event, const char *name)
{
    const char *const *names;
    size_t count = dlcore_event_names(event, &names), i = dlcore_value_find(name, names, count);

    return i < count && dlcore_name_begins(names[i], "val_");
}

dlcore_status dlcore_event_fail_name(const dlcore_training_event_t *event, const char *owner,
                                     const char *name)
{
    char list[DLCORE_ERROR_MESSAGE_SIZE] = "";
    const char *const *names;
    size_t count = dlcore_event_names(event, &names), used = 0;
    bool no_validation = dlcore_name_begins(name, "val_") && event->model != NULL &&
                         event->model->fit != NULL && !event->model->fit->validates;

    for (size_t i = 0; i < count && used < sizeof list; i++)
        used +=
            (size_t)snprintf(list + used, sizeof list - used, "%s%s", i > 0 ? ", " : "", names[i]);
    return dlcore_fail(event->error, DLCORE_ERROR_NAME,
                       "%s: there is no value \"%.64s\"; there are %s%s", owner, name, list,
                       no_validation ? "; fit has no validation data: set validation_split or "
                                       "validation_x"
                                     : "");
}

/* ---- directions ---- */

/* Which result of the model a name asks for, be it of training or of validation: 0, the loss; from
 * 1, a metric; more than there are where it asks for none. */
static size_t find_result(const char *name, const dlcore_compile_options_t *settings)
{
    char names[DLCORE_METRICS_MAX][DLCORE_RESULT_NAME_SIZE];
    char val_names[DLCORE_METRICS_MAX + 1][4 + DLCORE_RESULT_NAME_SIZE];
    const char *all[2 * (DLCORE_METRICS_MAX + 1)] = {NULL};
    size_t results = dlcore_result_names(settings, names) + 1, i;

    for (i = 0; i < results; i++) {
        all[i] = i > 0 ? names[i - 1] : "loss";
        snprintf(val_names[i], sizeof val_names[i], "val_%.*s", DLCORE_RESULT_NAME_SIZE - 1,
                 all[i]);
        all[results + i] = val_names[i];
    }
    i = dlcore_value_find(name, all, 2 * results);
    return i < 2 * results ? i % results : results;
}

/* MIN, MAX, or AUTO where nobody knows. */
static dlcore_monitor_mode_t direction(const dlcore_monitor_t *monitor, const dlcore_model_t *model)
{
    const dlcore_compile_options_t *settings = &model->settings;
    const dlcore_metric_t *metric;
    size_t i;

    if (monitor->mode != DLCORE_MONITOR_MODE_AUTO)
        return monitor->mode;
    i = find_result(monitor->name, settings);
    if (i == 0)
        return DLCORE_MONITOR_MODE_MIN;
    if (i > settings->metric_count + settings->weighted_metric_count)
        return DLCORE_MONITOR_MODE_AUTO;
    i--;
    metric = i < settings->metric_count ? &settings->metrics[i]
                                        : &settings->weighted_metrics[i - settings->metric_count];
    return dlcore_metric_type(metric->kind)->rises ? DLCORE_MONITOR_MODE_MAX
                                                   : DLCORE_MONITOR_MODE_MIN;
}

/* ---- what callbacks ask ---- */

dlcore_status dlcore_monitor_check_mode(const dlcore_monitor_t *monitor,
                                        dlcore_error_record_t *error)
{
    if ((int)monitor->mode >= DLCORE_MONITOR_MODE_AUTO &&
        (int)monitor->mode <= DLCORE_MONITOR_MODE_MAX)
        return DLCORE_OK;
    return dlcore_fail(error, DLCORE_ERROR_ARGUMENT,
                       "%s: mode must be auto, min or max (%d .. %d), got %d", monitor->owner,
                       DLCORE_MONITOR_MODE_AUTO, DLCORE_MONITOR_MODE_MAX, (int)monitor->mode);
}

dlcore_status dlcore_monitor_check(const dlcore_monitor_t *monitor,
                                   const dlcore_training_event_t *event)
{
    dlcore_error_record_t *error = event->error;

    if (monitor->name == NULL)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "%s: monitor is NULL", monitor->owner);
    if (!isfinite(monitor->min_delta))
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "%s: min_delta must be finite, got %g",
                           monitor->owner, monitor->min_delta);
    if (dlcore_monitor_check_mode(monitor, error) != DLCORE_OK)
        return DLCORE_ERROR_ARGUMENT;
    if (event->model->fit != NULL && !dlcore_event_has(event, monitor->name))
        return dlcore_event_fail_name(event, monitor->owner, monitor->name);
    if (direction(monitor, event->model) == DLCORE_MONITOR_MODE_AUTO)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT,
                           "%s: \"%.64s\" is not a metric of the model, so mode auto cannot tell "
                           "whether it is to fall or to rise: set min or max",
                           monitor->owner, monitor->name);
    return DLCORE_OK;
}

bool dlcore_monitor_value(const dlcore_monitor_t *monitor, const dlcore_training_event_t *event,
                          double *value)
{
    size_t i = dlcore_value_find(monitor->name, event->names, event->value_count);

    if (i == event->value_count)
        return false;
    *value = event->values[i];
    return true;
}

bool dlcore_monitor_improves(const dlcore_monitor_t *monitor, const dlcore_model_t *model,
                             double value, double reference)
{
    double delta = fabs(monitor->min_delta);

    if (isnan(value) || isnan(reference))
        return !isnan(value);
    if (direction(monitor, model) == DLCORE_MONITOR_MODE_MAX)
        return (float)(value - delta) > (float)reference;
    return (float)(value + delta) < (float)reference;
}
