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
        count +=
            metric_at(settings, i)->thresholds.count + metric_at(settings, i)->label_weights.count;
    if (count == 0)
        return DLCORE_OK;
    next = *numbers = dlcore_allocate_raw(allocator, count, sizeof *next);
    if (next == NULL)
        return dlcore_fail_memory(error, "compile", count * sizeof *next);
    for (size_t i = 0; i < metrics_of(settings); i++) {
        next = copy_list(next, &metric_at(settings, i)->thresholds);
        next = copy_list(next, &metric_at(settings, i)->label_weights);
    }
    return DLCORE_OK;
}

static const float *point_lists(dlcore_metric_t *metrics, size_t count, const float *next)
{
    for (size_t i = 0; i < count && next != NULL; i++) {
        metrics[i].thresholds.values = next;
        next += metrics[i].thresholds.count;
        metrics[i].label_weights.values = next;
        next += metrics[i].label_weights.count;
    }
    return next;
}

void dlcore_metric_lists_point(dlcore_compile_options_t *settings, const float *numbers)
{
    numbers = point_lists(settings->metrics, settings->metric_count, numbers);
    (void)point_lists(settings->weighted_metrics, settings->weighted_metric_count, numbers);
}
