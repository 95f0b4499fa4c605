/* Compiling: an optimizer, a loss and metrics for a model.
 *
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/error.h"
#include "engine/activity.h"
#include "model/metric_lists.h"
#include "model/model.h"
#include "nn/function.h"

void dlcore_compile_options_reset(dlcore_compile_options_t *options)
{
    memset(options, 0, sizeof *options);
    options->optimizer = dlcore_optimizer_rmsprop();
    options->structure_size = sizeof *options;
}

dlcore_compile_options_t dlcore_compile_options_default(void)
{
    dlcore_compile_options_t options;

    dlcore_compile_options_reset(&options);
    return options;
}

/* The metrics of a list in which one was filled in and not counted. */
static dlcore_status check_uncounted(const char *list, const dlcore_metric_t *metrics, size_t count,
                                     dlcore_error_record_t *error)
{
    for (size_t i = count; i < DLCORE_METRICS_MAX; i++)
        if (metrics[i].kind != DLCORE_METRIC_NONE)
            return dlcore_fail(error, DLCORE_ERROR_ARGUMENT,
                               "compile: %ss[%zu] is set, but %s_count is %zu", list, i, list,
                               count);
    return DLCORE_OK;
}

static dlcore_status check_metrics(bool weighted, const dlcore_metric_t *metrics, size_t count,
                                   dlcore_error_record_t *error)
{
    for (size_t i = 0; i < count; i++) {
        dlcore_error_record_t found;
        dlcore_status status = dlcore_metric_check(&metrics[i], &found);

        if (metrics[i].kind == DLCORE_METRIC_NONE)
            return dlcore_fail(error, DLCORE_ERROR_ARGUMENT,
                               "compile: %smetric %zu is not set; %smetric_count is %zu",
                               weighted ? "weighted " : "", i, weighted ? "weighted_" : "", count);
        if (status != DLCORE_OK)
            return dlcore_fail(error, status, "compile: %smetric %zu: %s",
                               weighted ? "weighted " : "", i, found.message);
    }
    return DLCORE_OK;
}

/* A name of the user's that is the one that another result was given: "accuracy_1". */
static dlcore_status check_metric_names(const dlcore_compile_options_t *options,
                                        dlcore_error_record_t *error)
{
    char names[DLCORE_METRICS_MAX][DLCORE_RESULT_NAME_SIZE];
    size_t count = dlcore_result_names(options, names);

    for (size_t i = 1; i < count; i++) {
        for (size_t k = 0; k < i; k++) {
            if (strcmp(names[i], names[k]) == 0)
                return dlcore_fail(error, DLCORE_ERROR_ARGUMENT,
                                   "compile: results %zu and %zu would both have the name "
                                   "\"%s\": give one metric another",
                                   k, i, names[i]);
        }
    }
    return DLCORE_OK;
}

static dlcore_status check_lists(const dlcore_compile_options_t *options,
                                 dlcore_error_record_t *error)
{
    dlcore_status status;

    if (options->metric_count > DLCORE_METRICS_MAX ||
        options->weighted_metric_count > DLCORE_METRICS_MAX - options->metric_count)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT,
                           "compile: at most %d metrics, got metric_count %zu and "
                           "weighted_metric_count %zu",
                           DLCORE_METRICS_MAX, options->metric_count,
                           options->weighted_metric_count);
    status = check_uncounted("metric", options->metrics, options->metric_count, error);
    if (status == DLCORE_OK)
        status = check_uncounted("weighted_metric", options->weighted_metrics,
                                 options->weighted_metric_count, error);
    if (status == DLCORE_OK)
        status = check_metrics(false, options->metrics, options->metric_count, error);
    if (status == DLCORE_OK)
        status =
            check_metrics(true, options->weighted_metrics, options->weighted_metric_count, error);
    return status == DLCORE_OK ? check_metric_names(options, error) : status;
}

static dlcore_status check_compile(const dlcore_compile_options_t *options,
                                   dlcore_error_record_t *error)
{
    dlcore_status status = dlcore_check_options(options, "compile", error);

    if (status != DLCORE_OK)
        return status;
    status = dlcore_optimizer_validate(&options->optimizer, error);
    if (status == DLCORE_OK)
        status = dlcore_loss_validate(&options->loss, error);
    if (status == DLCORE_OK)
        status = check_lists(options, error);
    return status;
}

/* Where labels count one by one, metrics must be able to leave one out. */
static dlcore_status check_masked_metric(const dlcore_metric_t *metric, bool is_weighted,
                                         const dlcore_objective_t *objective,
                                         dlcore_error_record_t *error)
{
    const char *what =
        objective->loss_settings.missing_labels ? "missing_labels" : "weighted_labels";
    const dlcore_loss_type_t *loss = dlcore_loss_type(dlcore_metric_type(metric->kind)->loss);

    if (is_weighted)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT,
                           "weighted_metrics: %s cannot be had with %s of the loss: use metrics",
                           dlcore_metric_name(metric->kind), what);
    if ((loss != NULL && loss->elements) || metric->kind == DLCORE_METRIC_BINARY_ACCURACY ||
        metric->kind == DLCORE_METRIC_EQUAL_ACCURACY || metric->kind == DLCORE_METRIC_FUNCTION)
        return DLCORE_OK;
    return dlcore_fail(error, DLCORE_ERROR_ARGUMENT,
                       "%s: cannot leave single labels out, as %s of the loss has it",
                       dlcore_metric_name(metric->kind), what);
}

/* Where labels are no values of the units, metrics have nothing to compare these with. */
static dlcore_status check_label_width(const dlcore_metric_t *metric, bool is_weighted,
                                       size_t units, const dlcore_objective_t *objective,
                                       dlcore_error_record_t *error)
{
    if (objective->loss_settings.missing_labels || objective->loss_settings.weighted_labels)
        return check_masked_metric(metric, is_weighted, objective, error);
    if (objective->label_width == units || objective->loss->labels == DLCORE_LABELS_CLASSES ||
        metric->kind == DLCORE_METRIC_FUNCTION)
        return DLCORE_OK;
    return dlcore_fail(error, DLCORE_ERROR_ARGUMENT,
                       "%s: needs a label for each of %zu units, but label_width of the loss is "
                       "%zu: only metric_function takes such labels",
                       dlcore_metric_name(metric->kind), units, objective->label_width);
}

/* Loss and metrics for a last layer of that width; 0: not known yet. */
static dlcore_status resolve_metrics(const dlcore_compile_options_t *settings, size_t units,
                                     dlcore_objective_t *objective, dlcore_error_record_t *error)
{
    for (size_t i = 0; i < objective->metric_count; i++) {
        dlcore_metric_t *metric = &objective->metrics[i];
        dlcore_status status;

        *metric = i < settings->metric_count
                      ? settings->metrics[i]
                      : settings->weighted_metrics[i - settings->metric_count];
        metric->kind = dlcore_metric_resolve(metric->kind, objective->loss->labels, units);
        status = dlcore_metric_validate(metric, objective->loss->labels, units, error);
        if (status == DLCORE_OK && units > 0)
            status =
                check_label_width(metric, i >= settings->metric_count, units, objective, error);
        if (status != DLCORE_OK)
            return status;
    }
    return DLCORE_OK;
}

/* In place, as settings and objectives are: they have several KB, and stacks few. */
static void begin_objective(const dlcore_compile_options_t *settings, size_t units,
                            dlcore_objective_t *objective)
{
    memset(objective, 0, offsetof(dlcore_objective_t, metrics));
    objective->loss = dlcore_loss_type(settings->loss.kind);
    objective->loss_settings = settings->loss;
    objective->units = units;
    objective->label_width = settings->loss.weighted_labels ? 2 * units : units;
    if (dlcore_loss_is_function(settings->loss.kind) && settings->loss.label_width > 0)
        objective->label_width = settings->loss.label_width;
    objective->metric_count = settings->metric_count + settings->weighted_metric_count;
    objective->first_weighted = settings->metric_count;
}

static dlcore_status objective_of(const dlcore_network_t *network,
                                  const dlcore_compile_options_t *settings,
                                  dlcore_objective_t *objective, dlcore_error_record_t *error)
{
    const dlcore_node_t *last = &network->nodes[network->node_count - 1];
    dlcore_status status;

    begin_objective(settings, last->output_width, objective);
    objective->output = dlcore_loss_output_form(&settings->loss, last->type->has_activation
                                                                     ? last->layer.activation
                                                                     : DLCORE_ACTIVATION_LINEAR);
    /* an activity regularizer needs y_pred and its gradient */
    if (objective->output == DLCORE_OUTPUT_FUSED &&
        dlcore_network_has_penalty(network, network->node_count - 1))
        objective->output = DLCORE_OUTPUT_PREDICTIONS;
    status = resolve_metrics(settings, last->output_width, objective, error);
    if (status == DLCORE_OK && dlcore_objective_states(objective) > SIZE_MAX / 4 / sizeof(double))
        return dlcore_fail(error, DLCORE_ERROR_OVERFLOW, "metrics of %zu units are too large",
                           objective->units);
    return status;
}

dlcore_status dlcore_model_objective(const dlcore_model_t *model, dlcore_objective_t *objective,
                                     dlcore_error_record_t *error)
{
    return objective_of(&model->network, &model->settings, objective, error);
}

/* Before anything is known of the width; apart, so that its objective has left the stack when the
 * network is built. */
DLCORE_KEPT_APART static dlcore_status check_without_width(const dlcore_compile_options_t *options,
                                                           dlcore_error_record_t *error)
{
    dlcore_objective_t objective;

    begin_objective(options, 0, &objective);
    return resolve_metrics(options, 0, &objective, error);
}

DLCORE_KEPT_APART static dlcore_status check_with_width(const dlcore_network_t *network,
                                                        const dlcore_compile_options_t *options,
                                                        dlcore_error_record_t *error)
{
    dlcore_objective_t objective;

    return objective_of(network, options, &objective, error);
}

/* That loss and metrics go together, as far as it can be known: on the network, which is built when
 * its first layer knows the width, or whatever will be added to it. */
static dlcore_status settle_metrics(dlcore_model_t *model, const dlcore_compile_options_t *options)
{
    dlcore_network_t *network = &model->network;
    bool was_built = network->values != NULL;
    dlcore_status status = check_without_width(options, &model->error);

    if (status == DLCORE_OK && !was_built && network->nodes[0].declared_width > 0)
        status = dlcore_network_build(network, 0, model->options.seed, &model->error);
    if (status != DLCORE_OK || network->values == NULL)
        return status;
    status = check_with_width(network, options, &model->error);
    if (status != DLCORE_OK && !was_built)
        dlcore_network_unbuild(network); /* so that layers can still be added */
    return status;
}

dlcore_status dlcore_model_build_network(dlcore_model_t *model, size_t input_width)
{
    dlcore_status status =
        dlcore_network_build(&model->network, input_width, model->options.seed, &model->error);

    if (status != DLCORE_OK || !model->compiled)
        return status;
    status = check_with_width(&model->network, &model->settings, &model->error);
    if (status != DLCORE_OK)
        dlcore_network_unbuild(&model->network);
    return status;
}

static void take_settings(dlcore_model_t *model, const dlcore_compile_options_t *options,
                          float *lists)
{
    model->settings = *options;
    dlcore_metric_lists_point(&model->settings, lists);
    dlcore_release(&model->allocator, model->metric_lists);
    model->metric_lists = lists;
}

/* On failure the model has the settings that it had, and is not built if it was not: the lists,
 * which can fail, come first. */
static dlcore_status settle_settings(dlcore_model_t *model, const dlcore_compile_options_t *options)
{
    float *lists;
    dlcore_status status =
        dlcore_metric_lists_make(options, &model->allocator, &lists, &model->error);

    if (status == DLCORE_OK)
        status = settle_metrics(model, options);
    if (status == DLCORE_OK)
        take_settings(model, options, lists);
    else
        dlcore_release(&model->allocator, lists);
    return status;
}

dlcore_status dlcore_model_compile_with(dlcore_model_t *model,
                                        const dlcore_compile_options_t *options)
{
    dlcore_status status = dlcore_model_begin(model);

    if (status != DLCORE_OK)
        return status;
    if (model->first_error.status != DLCORE_OK) {
        model->error = model->first_error;
        status = model->first_error.status;
    } else if (options == NULL) {
        status = dlcore_fail(&model->error, DLCORE_ERROR_ARGUMENT, "compile: options is NULL");
    } else if (model->network.node_count == 0) {
        status = dlcore_fail(&model->error, DLCORE_ERROR_STATE,
                             "compile: the model has no layers; call model_add first");
    } else {
        status = check_compile(options, &model->error);
    }
    if (status == DLCORE_OK)
        status = settle_settings(model, options);
    if (status == DLCORE_OK) {
        dlcore_trainer_restart(model);
        model->compiles++;
        model->compiled = true;
    }
    return dlcore_model_end(model, status);
}

dlcore_status dlcore_model_compile(dlcore_model_t *model, const dlcore_optimizer_t *optimizer,
                                   dlcore_loss_kind_t loss, dlcore_metric_kind_t metric)
{
    dlcore_compile_options_t options; /* large: no second one on the stack */

    if (optimizer == NULL) {
        dlcore_status status = dlcore_model_begin(model);

        if (status != DLCORE_OK)
            return status;
        status = dlcore_fail(&model->error, DLCORE_ERROR_ARGUMENT, "compile: optimizer is NULL");
        return dlcore_model_end(model, status);
    }
    dlcore_compile_options_reset(&options);
    options.optimizer = *optimizer;
    options.loss = dlcore_loss_default(loss);
    if (metric != DLCORE_METRIC_NONE) {
        options.metrics[0] = dlcore_metric_default(metric);
        options.metric_count = 1;
    }
    return dlcore_model_compile_with(model, &options);
}

void dlcore_evaluation_set(const dlcore_model_t *model, const dlcore_objective_t *objective,
                           const dlcore_sums_t *sums, dlcore_evaluation_t *result)
{
    char names[DLCORE_METRICS_MAX][DLCORE_RESULT_NAME_SIZE];

    memset(result, 0, sizeof *result);
    result->loss = dlcore_sums_loss(sums);
    result->metric_count = dlcore_result_names(&model->settings, names);
    for (size_t i = 0; i < result->metric_count; i++) {
        memcpy(result->metrics[i].name, names[i], sizeof names[i]);
        result->metrics[i].value = dlcore_sums_metric(objective, sums, i);
    }
}

dlcore_status dlcore_check_functions(const dlcore_model_t *model, const char *call,
                                     dlcore_error_record_t *error)
{
    const dlcore_compile_options_t *settings = &model->settings;
    size_t count = settings->metric_count + settings->weighted_metric_count;

    if (dlcore_loss_is_function(settings->loss.kind) && settings->loss.function.type->is_missing)
        return dlcore_fail(error, DLCORE_ERROR_STATE,
                           "%s: the loss \"%s\" is a function of the program that saved the "
                           "model: give it as own_loss when you load, or compile again",
                           call,
                           settings->loss.name[0] != '\0' ? settings->loss.name : "loss_function");
    for (size_t i = 0; i < count; i++) {
        const dlcore_metric_t *metric =
            i < settings->metric_count ? &settings->metrics[i]
                                       : &settings->weighted_metrics[i - settings->metric_count];

        if (metric->kind == DLCORE_METRIC_FUNCTION && metric->function.type->is_missing)
            return dlcore_fail(error, DLCORE_ERROR_STATE,
                               "%s: the metric \"%s\" is a function of the program that saved the "
                               "model: give it in own_metrics when you load, or compile again",
                               call, metric->name);
    }
    return DLCORE_OK;
}
