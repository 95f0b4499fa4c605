/* SPDX-License-Identifier: MIT */
#include "model/metric_lists.h"

#include <string.h>

#include "base/allocator.h"
#include "base/error.h"

static const dlcore_metric_t *metric_at(const dlcore_compile_options_t *settings, size_t i)
{
    return i < settings->metric_count ? &settings->metrics[i]
                                      : &settings->weighted_metrics[i - settings->metric_count];
}

static size_t metrics_of(const dlcore_compile_options_t *settings)
{
    return settings->metric_count + settings->weighted_metric_count;
}

/* Lists of other metrics are not looked at: nobody has checked them. */
static bool has_lists(const dlcore_metric_t *metric)
{
    return metric->kind == DLCORE_METRIC_AUC;
}

static float *copy_list(float *to, const dlcore_metric_list_t *list)
{
    if (list->count > 0)
        memcpy(to, list->values, list->count * sizeof *to);
    return to + list->count;
}

dlcore_status dlcore_metric_lists_make(const dlcore_compile_options_t *settings,
                                       const dlcore_allocator_t *allocator, float **numbers,
                                       dlcore_error_record_t *error)
{
    size_t count = 0;
    float *next;

    *numbers = NULL;
    for (size_t i = 0; i < metrics_of(settings); i++)
        if (has_lists(metric_at(settings, i)))
            count += metric_at(settings, i)->thresholds.count +
                     metric_at(settings, i)->label_weights.count;
    if (count == 0)
        return DLCORE_OK;
    next = *numbers = dlcore_allocate_raw(allocator, count, sizeof *next);
    if (next == NULL)
        return dlcore_fail_memory(error, "compile", count * sizeof *next);
    for (size_t i = 0; i < metrics_of(settings); i++) {
        if (!has_lists(metric_at(settings, i)))
            continue;
        next = copy_list(next, &metric_at(settings, i)->thresholds);
        next = copy_list(next, &metric_at(settings, i)->label_weights);
    }
    return DLCORE_OK;
}

static const float *point_list(dlcore_metric_list_t *list, const float *next)
{
    bool there = list->count > 0 && next != NULL; /* NULL: there was no memory for a clone's */

    list->values = there ? next : NULL;
    return there ? next + list->count : next;
}

static const float *point_lists(dlcore_metric_t *metrics, size_t count, const float *next)
{
    for (size_t i = 0; i < count; i++) {
        if (!has_lists(&metrics[i]))
            metrics[i].thresholds = metrics[i].label_weights = (dlcore_metric_list_t){0};
        next = point_list(&metrics[i].thresholds, next);
        next = point_list(&metrics[i].label_weights, next);
    }
    return next;
}

void dlcore_metric_lists_point(dlcore_compile_options_t *settings, const float *numbers)
{
    numbers = point_lists(settings->metrics, settings->metric_count, numbers);
    (void)point_lists(settings->weighted_metrics, settings->weighted_metric_count, numbers);
}
