/* Monitored values of the ready-made callbacks: which way is better, and whether it got better.
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/name.h"
#include "model/callback.h"
#include "model/fit.h"

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

    for (size_t i = 0; i < count; i++) {
        if (dlcore_name_is(name, names[i]))
            return true;
    }
    return false;
}

dlcore_status dlcore_event_fail_name(const dlcore_training_event_t *event, const char *owner,
                                     const char *name)
{
    char list[DLCORE_ERROR_MESSAGE_SIZE] = "";
    const char *const *names;
    size_t count = dlcore_event_names(event, &names), used = 0;

    for (size_t i = 0; i < count && used < sizeof list; i++)
        used +=
            (size_t)snprintf(list + used, sizeof list - used, "%s%s", i > 0 ? ", " : "", names[i]);
    return dlcore_fail(event->error, DLCORE_ERROR_NAME,
                       "%s: there is no value \"%.64s\"; there are %s", owner, name, list);
}

/* ---- directions ---- */

/* Keras's metrics whose _direction is "up", without "val_". */
static const char *const rising[] = {"accuracy",
                                     "binary_accuracy",
                                     "categorical_accuracy",
                                     "sparse_categorical_accuracy",
                                     "top_k_categorical_accuracy",
                                     "sparse_top_k_categorical_accuracy",
                                     "precision",
                                     "recall",
                                     "auc",
                                     "f1_score",
                                     "fbeta_score",
                                     "sensitivity_at_specificity",
                                     "specificity_at_sensitivity",
                                     "precision_at_recall",
                                     "recall_at_precision",
                                     "r2_score",
                                     "cosine_similarity",
                                     "concordance_correlation",
                                     "pearson_correlation",
                                     "iou",
                                     "binary_io_u",
                                     "mean_io_u",
                                     "one_hot_io_u",
                                     "one_hot_mean_io_u"};
/* Those that have none. */
static const char *const undecided[] = {"true_positives", "true_negatives", "false_positives",
                                        "false_negatives"};

/* Whether the list has the name, or the name with a number behind it ("precision_1"), as second
 * metrics of a kind are called. */
static bool has(const char *const *list, size_t count, const char *name)
{
    size_t length = strlen(name);

    while (length > 0 && name[length - 1] >= '0' && name[length - 1] <= '9')
        length--;
    for (size_t i = 0; i < count; i++) {
        if (dlcore_name_is(name, list[i]) ||
            (length == strlen(list[i]) + 1 && name[length] != '\0' && name[length - 1] == '_' &&
             strncmp(name, list[i], length - 1) == 0))
            return true;
    }
    return false;
}

/* MIN, MAX, or AUTO where nobody knows. */
static dlcore_monitor_mode_t direction(const dlcore_monitor_t *monitor)
{
    const char *name = monitor->name;

    if (monitor->mode != DLCORE_MONITOR_MODE_AUTO)
        return monitor->mode;
    if (strncmp(name, "val_", 4) == 0)
        name += 4;
    if (has(rising, sizeof rising / sizeof rising[0], name))
        return DLCORE_MONITOR_MODE_MAX;
    if (has(undecided, sizeof undecided / sizeof undecided[0], name))
        return DLCORE_MONITOR_MODE_AUTO;
    if (dlcore_name_is(name, "loss") ||
        dlcore_metric_from_name(name).kind != DLCORE_METRIC_NONE) /* the others are errors */
        return DLCORE_MONITOR_MODE_MIN;
    return DLCORE_MONITOR_MODE_AUTO;
}

/* ---- what callbacks ask ---- */

dlcore_status dlcore_monitor_check(const dlcore_monitor_t *monitor,
                                   const dlcore_training_event_t *event)
{
    dlcore_error_record_t *error = event->error;

    if (monitor->name == NULL)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "%s: monitor is NULL", monitor->owner);
    if (!isfinite(monitor->min_delta))
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "%s: min_delta must be finite, got %g",
                           monitor->owner, monitor->min_delta);
    if ((int)monitor->mode < DLCORE_MONITOR_MODE_AUTO ||
        (int)monitor->mode > DLCORE_MONITOR_MODE_MAX)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT,
                           "%s: mode must be auto, min or max, got %d", monitor->owner,
                           (int)monitor->mode);
    if (event->model->fit != NULL && !dlcore_event_has(event, monitor->name))
        return dlcore_event_fail_name(event, monitor->owner, monitor->name);
    if (direction(monitor) == DLCORE_MONITOR_MODE_AUTO)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT,
                           "%s: whether \"%.64s\" is to fall or to rise cannot be told from its "
                           "name: set mode to min or max",
                           monitor->owner, monitor->name);
    return DLCORE_OK;
}

bool dlcore_monitor_value(const dlcore_monitor_t *monitor, const dlcore_training_event_t *event,
                          double *value)
{
    for (size_t i = 0; i < event->value_count; i++) {
        if (dlcore_name_is(monitor->name, event->names[i])) {
            *value = event->values[i];
            return true;
        }
    }
    return false;
}

bool dlcore_monitor_improves(const dlcore_monitor_t *monitor, double value, double reference)
{
    double delta = fabs(monitor->min_delta);

    if (direction(monitor) == DLCORE_MONITOR_MODE_MAX)
        return (float)(value - delta) > (float)reference;
    return (float)(value + delta) < (float)reference;
}
