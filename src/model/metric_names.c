/* Names of results, as keras/src/trainers/compile_utils.py gives them (CompileMetrics.result): a
 * name that comes again gets its number; of a weighted metric first "weighted_" before it.
 *
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "model/model.h"

typedef char result_name_t[DLCORE_RESULT_NAME_SIZE];

/* Names that were asked for, and how often. */
typedef struct name_counter {
    result_name_t names[DLCORE_METRICS_MAX];
    size_t times[DLCORE_METRICS_MAX];
    size_t count;
} name_counter_t;

/* How often the name was asked for before. */
static size_t ask(name_counter_t *counter, const char *name)
{
    size_t i = 0;

    while (i < counter->count && strcmp(counter->names[i], name) != 0)
        i++;
    if (i == counter->count) {
        snprintf(counter->names[i], sizeof counter->names[i], "%s", name);
        counter->count++;
    }
    return counter->times[i]++;
}

static bool is_known(const name_counter_t *counter, const char *name)
{
    for (size_t i = 0; i < counter->count; i++) {
        if (strcmp(counter->names[i], name) == 0)
            return true;
    }
    return false;
}

static void name_one(name_counter_t *counter, const dlcore_metric_t *metric, bool weighted,
                     char *to)
{
    const char *own = metric->name[0] != '\0' ? metric->name : dlcore_metric_name(metric->kind);
    char name[DLCORE_METRIC_NAME_SIZE + 16];
    size_t times;

    snprintf(name, sizeof name, "%s%.47s", weighted && is_known(counter, own) ? "weighted_" : "",
             own);
    times = ask(counter, name);
    if (times == 0)
        snprintf(to, DLCORE_RESULT_NAME_SIZE, "%s", name);
    else
        snprintf(to, DLCORE_RESULT_NAME_SIZE, "%.60s_%zu", name, times % 100);
}

size_t dlcore_result_names(const dlcore_compile_options_t *settings,
                           char names[DLCORE_METRICS_MAX][DLCORE_RESULT_NAME_SIZE])
{
    name_counter_t counter = {.count = 0};
    size_t count = 0;

    for (size_t i = 0; i < settings->metric_count; i++)
        name_one(&counter, &settings->metrics[i], false, names[count++]);
    for (size_t i = 0; i < settings->weighted_metric_count; i++)
        name_one(&counter, &settings->weighted_metrics[i], true, names[count++]);
    return count;
}
