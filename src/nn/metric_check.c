/* What metrics allow: settings in their ranges, names that can be had, units and labels that fit.
 *
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/error.h"
#include "base/name.h"
#include "base/utf8.h"
#include "nn/function.h"
#include "nn/metric.h"

static bool has_class_id(const dlcore_metric_type_t *type)
{
    return dlcore_setting_has(type->settings, offsetof(dlcore_metric_t, class_id));
}

/* The accuracies, which have no class_id, take a top_k beyond the units as all of them. */
static bool has_strict_top_k(const dlcore_metric_type_t *type)
{
    return has_class_id(type) &&
           dlcore_setting_has(type->settings, offsetof(dlcore_metric_t, top_k));
}

/* Of auc: thresholds ascend; weights are not all 0, and there is one for each unit, 0: not known.
 */
static dlcore_status check_lists_of(const dlcore_metric_t *metric, const dlcore_metric_type_t *type,
                                    size_t units, dlcore_error_record_t *error)
{
    const dlcore_metric_list_t *thresholds = &metric->thresholds, *weights = &metric->label_weights;
    bool none = weights->count > 0;

    for (size_t i = 1; i < thresholds->count; i++) {
        if (thresholds->values[i] < thresholds->values[i - 1])
            return dlcore_fail(error, DLCORE_ERROR_ARGUMENT,
                               "%s: thresholds must ascend, but number %zu is %g after %g",
                               type->name, i, (double)thresholds->values[i],
                               (double)thresholds->values[i - 1]);
    }
    for (size_t i = 0; i < weights->count; i++)
        none = none && weights->values[i] == 0.0f;
    if (none)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "%s: label_weights are all 0", type->name);
    if (units > 0 && weights->count > 0 && weights->count != units)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "%s: has %zu label_weights for %zu units",
                           type->name, weights->count, units);
    return DLCORE_OK;
}

/* "loss", and what begins with "val_", are names of other results. */
static dlcore_status check_name(const dlcore_metric_t *metric, const dlcore_metric_type_t *type,
                                dlcore_error_record_t *error)
{
    const char *problem;

    if (memchr(metric->name, '\0', sizeof metric->name) == NULL)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "%s: its name has more than %d bytes",
                           type->name, DLCORE_METRIC_NAME_SIZE - 1);
    problem = dlcore_utf8_problem(metric->name);
    if (problem != NULL)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "%s: its name %s", type->name, problem);
    if (dlcore_name_is(metric->name, "loss"))
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "%s: its name is \"%s\", which is taken",
                           type->name, metric->name);
    if (dlcore_name_begins(metric->name, "val_"))
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT,
                           "%s: its name is \"%s\", but \"val_\" begins names of validation",
                           type->name, metric->name);
    return DLCORE_OK;
}

static const char *metric_choice(int value)
{
    return dlcore_metric_name((dlcore_metric_kind_t)value);
}

dlcore_status dlcore_metric_check(const dlcore_metric_t *metric, dlcore_error_record_t *error)
{
    const dlcore_metric_type_t *type = dlcore_metric_type(metric->kind);
    dlcore_status status;

    if (type == NULL)
        return dlcore_check_choice("metric", "kind", (int)metric->kind, 1,
                                   DLCORE_METRIC_KIND_COUNT - 1, metric_choice, error);
    status = dlcore_settings_validate(type->settings, metric, type->name, error);
    if (status == DLCORE_OK && metric->kind == DLCORE_METRIC_FUNCTION)
        status = dlcore_function_validate(&metric->function, type->name, error);
    if (status == DLCORE_OK && metric->kind == DLCORE_METRIC_AUC)
        status = check_lists_of(metric, type, 0, error);
    return status == DLCORE_OK ? check_name(metric, type, error) : status;
}

static dlcore_status check_units(const dlcore_metric_t *metric, const dlcore_metric_type_t *type,
                                 size_t units, dlcore_error_record_t *error)
{
    if (has_strict_top_k(type) && metric->top_k > units)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT,
                           "%s: top_k must lie in 0 .. %zu, the number of units, got %zu",
                           type->name, units, metric->top_k);
    if (has_class_id(type) && metric->class_id >= 0 && (size_t)metric->class_id >= units)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT,
                           "%s: class_id must lie in 0 .. %zu, or be -1, got %d", type->name,
                           units - 1, metric->class_id);
    return DLCORE_OK;
}

static dlcore_status check_label_form(const dlcore_metric_type_t *type, dlcore_label_form_t labels,
                                      size_t units, dlcore_error_record_t *error)
{
    bool classes = labels == DLCORE_LABELS_CLASSES;

    if (type->labels == DLCORE_METRIC_LABELS_CLASSES && !classes)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT,
                           "%s needs integer labels, which the loss does not take: use %s",
                           type->name, type->name + strlen("sparse_"));
    if (type->labels == DLCORE_METRIC_LABELS_CLASSES || type->labels == DLCORE_METRIC_LABELS_ANY ||
        !classes || (type->labels == DLCORE_METRIC_LABELS_BITS && units <= 1))
        return DLCORE_OK;
    if (units == 0)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT,
                           "%s needs a label for each unit, but the loss takes integer labels: use "
                           "accuracy, or categorical_crossentropy as loss",
                           type->name);
    return dlcore_fail(error, DLCORE_ERROR_ARGUMENT,
                       "%s needs a label for each of the %zu units, but the loss takes "
                       "integer labels: use accuracy, or categorical_crossentropy as loss",
                       type->name, units);
}

dlcore_status dlcore_metric_validate(const dlcore_metric_t *metric, dlcore_label_form_t labels,
                                     size_t units, dlcore_error_record_t *error)
{
    const dlcore_metric_type_t *type = dlcore_metric_type(metric->kind);
    dlcore_status status;

    if (metric->kind == DLCORE_METRIC_ACCURACY)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "metric: kind %d is not resolved",
                           (int)metric->kind);
    status = dlcore_metric_check(metric, error);
    if (status == DLCORE_OK && units > 0)
        status = check_units(metric, type, units, error);
    if (status == DLCORE_OK && metric->kind == DLCORE_METRIC_AUC)
        status = check_lists_of(metric, type, units, error);
    if (status == DLCORE_OK)
        status = check_label_form(type, labels, units, error);
    return status;
}
