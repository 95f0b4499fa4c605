/* Losses and metrics that are functions of the program: a file has their names, and the caller of
 * loading the functions.
 *
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/error.h"
#include "nn/function.h"
#include "store/model_loading.h"

static void miss(dlcore_model_loading_t *loading, dlcore_function_t *function)
{
    *function = (dlcore_function_t){.type = &dlcore_function_missing};
    loading->report.functions_missing++;
}

static dlcore_status give_loss(dlcore_model_loading_t *loading, dlcore_loss_t *loss)
{
    const dlcore_loss_t *own = loading->options.own_loss;

    if (!dlcore_loss_is_function(loss->kind))
        return DLCORE_OK;
    if (own == NULL) {
        miss(loading, &loss->function);
        return DLCORE_OK;
    }
    if (own->kind != loss->kind || strncmp(own->name, loss->name, sizeof own->name) != 0)
        return dlcore_fail(loading->error, DLCORE_ERROR_NAME,
                           "%s: the loss is %s \"%s\", but own_loss is %s \"%.*s\"",
                           dlcore_model_loading_file(loading), dlcore_loss_name(loss->kind),
                           loss->name, dlcore_loss_name(own->kind), (int)sizeof own->name,
                           own->name);
    loss->function = own->function;
    return DLCORE_OK;
}

static void give_metrics(dlcore_model_loading_t *loading, dlcore_metric_t *metrics, size_t count)
{
    const dlcore_load_options_t *options = &loading->options;

    for (size_t i = 0; i < count; i++) {
        size_t own = 0;

        if (metrics[i].kind != DLCORE_METRIC_FUNCTION)
            continue;
        while (
            own < options->own_metric_count &&
            (options->own_metrics[own].kind != DLCORE_METRIC_FUNCTION ||
             strncmp(options->own_metrics[own].name, metrics[i].name, sizeof metrics[i].name) != 0))
            own++;
        if (own < options->own_metric_count)
            metrics[i].function = options->own_metrics[own].function;
        else
            miss(loading, &metrics[i].function);
    }
}

dlcore_status dlcore_model_loading_functions(dlcore_model_loading_t *loading,
                                             dlcore_compile_options_t *settings)
{
    dlcore_status status = give_loss(loading, &settings->loss);

    if (loading->options.own_metrics == NULL && loading->options.own_metric_count > 0)
        return dlcore_fail(loading->error, DLCORE_ERROR_ARGUMENT,
                           "load: own_metrics is NULL, but own_metric_count is %zu",
                           loading->options.own_metric_count);
    if (status != DLCORE_OK)
        return status;
    give_metrics(loading, settings->metrics, settings->metric_count);
    give_metrics(loading, settings->weighted_metrics, settings->weighted_metric_count);
    return DLCORE_OK;
}
