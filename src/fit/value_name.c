/* Finding results by name: one way for evaluations, histories, events and monitors.
 *
 * SPDX-License-Identifier: MIT */
#include "fit/value_name.h"

#include <math.h>
#include <string.h>

#include "base/name.h"
#include "dlcore/callback.h"
#include "dlcore/metric.h"
#include "fit/history.h"

enum { VALUES_MAX = 2 * (DLCORE_METRICS_MAX + 1) };
_Static_assert(VALUES_MAX == DLCORE_HISTORY_VALUES_MAX, "losses, metrics, and of validation");

static size_t val_length(const char *name)
{
    return dlcore_name_begins(name, "val_") ? strlen("val_") : 0;
}

/* A short name, "val_acc" for "val_accuracy". */
static bool is_short(const char *name, const char *full)
{
    size_t skip = val_length(name);
    dlcore_metric_kind_t kind = dlcore_metric_from_name(name + skip).kind;

    return kind != DLCORE_METRIC_UNKNOWN && skip == val_length(full) &&
           strcmp(full + skip, dlcore_metric_name(kind)) == 0;
}

size_t dlcore_value_find(const char *name, const char *const *names, size_t count)
{
    if (name == NULL)
        return count;
    for (size_t i = 0; i < count; i++) {
        if (strcmp(name, names[i]) == 0)
            return i;
    }
    for (size_t i = 0; i < count; i++) {
        if (dlcore_name_is(name, names[i]))
            return i;
    }
    for (size_t i = 0; i < count; i++) {
        if (is_short(name, names[i]))
            return i;
    }
    return count;
}

double dlcore_training_value(const dlcore_training_event_t *event, const char *name)
{
    size_t i;

    if (event == NULL)
        return (double)NAN;
    i = dlcore_value_find(name, event->names, event->value_count);
    return i < event->value_count ? event->values[i] : (double)NAN;
}

size_t dlcore_history_find(const dlcore_history_t *history, const char *name)
{
    const char *names[VALUES_MAX] = {NULL};

    for (size_t i = 0; i < history->value_count; i++)
        names[i] = history->names[i];
    return dlcore_value_find(name, names, history->value_count);
}

double dlcore_history_value(const dlcore_history_t *history, const char *name, size_t epoch)
{
    size_t i;

    if (history == NULL || epoch >= history->epochs)
        return (double)NAN;
    i = dlcore_history_find(history, name);
    return i < history->value_count ? history->values[epoch * history->value_count + i]
                                    : (double)NAN;
}

double dlcore_evaluation_value(const dlcore_evaluation_t *evaluation, const char *name)
{
    const char *names[DLCORE_METRICS_MAX + 1] = {"loss"};
    size_t count, i;

    if (evaluation == NULL)
        return (double)NAN;
    count = 1;
    for (; count <= evaluation->metric_count && count <= DLCORE_METRICS_MAX; count++)
        names[count] = evaluation->metrics[count - 1].name;
    i = dlcore_value_find(name, names, count);
    if (i == 0)
        return evaluation->loss;
    return i < count ? evaluation->metrics[i - 1].value : (double)NAN;
}
