/* fit: epochs of steps, with validation, history, progress and callbacks.
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/allocator.h"
#include "base/error.h"
#include "base/random.h"
#include "base/size.h"
#include "model/history.h"
#include "model/progress.h"
#include "model/train.h"

typedef struct fit {
    dlcore_model_t *model;
    const dlcore_fit_options_t *options; /* a copy: callbacks may change the caller's */
    dlcore_training_t training;
    dlcore_update_sink_t sink;
    dlcore_source_t train;      /* all samples that are trained on */
    dlcore_source_t validation; /* rows 0: none */
    size_t *order;              /* NULL: as they are */
    size_t batches;
    dlcore_history_t *history;
    dlcore_progress_t progress;
    dlcore_scope_t scope;

    /* names and values of the epoch: loss, metrics, then those of the validation */
    char name_texts[DLCORE_HISTORY_VALUES_MAX][DLCORE_HISTORY_NAME_SIZE];
    const char *names[DLCORE_HISTORY_VALUES_MAX];
    double values[DLCORE_HISTORY_VALUES_MAX];
    size_t trained_values, all_values;
    bool stop;
} fit_t;

/* Where in a dlcore_callback_t a function stands. */
typedef enum moment { EPOCH_BEGIN, EPOCH_END, BATCH_BEGIN, BATCH_END } moment_t;

dlcore_fit_options_t dlcore_fit_options_default(void)
{
    return (dlcore_fit_options_t){.batch_size = 32,
                                  .epochs = 1,
                                  .shuffle = true,
                                  .stop_on_not_finite = true,
                                  .structure_size = sizeof(dlcore_fit_options_t)};
}

/* ---- checking ---- */

static dlcore_status check_options(const dlcore_fit_options_t *options,
                                   dlcore_error_record_t *error)
{
    dlcore_status status = dlcore_check_options(options, "fit", error);

    if (status != DLCORE_OK)
        return status;
    if (options->batch_size == 0)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "fit: batch_size is 0");
    if (!(options->validation_split >= 0.0 && options->validation_split < 1.0))
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT,
                           "fit: validation_split must be at least 0 and below 1, got %g",
                           options->validation_split);
    if ((options->validation_x == NULL) != (options->validation_y == NULL))
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT,
                           "fit: validation needs both x and y, got only %s",
                           options->validation_x != NULL ? "x" : "y");
    if (options->verbose < 0 || options->verbose > 2)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "fit: verbose must be 0, 1 or 2, got %d",
                           options->verbose);
    if (options->callbacks == NULL && options->callback_count > 0)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT,
                           "fit: callbacks is NULL, but callback_count is %zu",
                           options->callback_count);
    return DLCORE_OK;
}

/* Which samples train and which validate. Keras's split: floor(n * (1 - split)) train. */
static dlcore_status choose_samples(fit_t *fit, const dlcore_tensor_t *x, const dlcore_tensor_t *y)
{
    const dlcore_fit_options_t *options = fit->options;
    dlcore_error_record_t *error = &fit->model->error;
    size_t count = dlcore_sample_count(x), kept = count;
    dlcore_error_record_t found;
    dlcore_status status;

    if (options->validation_x != NULL) {
        status = dlcore_check_samples(&fit->model->network, options->validation_x, &found);
        if (status == DLCORE_OK)
            status = dlcore_check_labels(&fit->model->network, &fit->training.objective,
                                         options->validation_x, options->validation_y, &found);
        if (status != DLCORE_OK)
            return dlcore_fail(error, status, "validation: %s", found.message);
        fit->validation = (dlcore_source_t){.x = options->validation_x,
                                            .y = options->validation_y,
                                            .rows = dlcore_sample_count(options->validation_x)};
    } else if (options->validation_split > 0.0) {
        kept = (size_t)floor((double)count * (1.0 - options->validation_split));
        if (kept == 0 || kept == count)
            return dlcore_fail(error, DLCORE_ERROR_ARGUMENT,
                               "fit: validation_split %g of %zu samples leaves %zu to train and "
                               "%zu to validate",
                               options->validation_split, count, kept, count - kept);
        fit->validation = (dlcore_source_t){.x = x, .y = y, .begin = kept, .rows = count - kept};
    }
    fit->train = (dlcore_source_t){.x = x, .y = y, .rows = kept};
    return DLCORE_OK;
}

/* ---- names, history, callbacks ---- */

static void name_values(fit_t *fit)
{
    const dlcore_compile_options_t *settings = &fit->model->settings;
    size_t count = settings->metric_count + 1;

    fit->trained_values = count;
    fit->all_values = fit->validation.rows > 0 ? 2 * count : count;
    for (size_t i = 0; i < fit->all_values; i++) {
        size_t of = i < count ? i : i - count;
        const char *name = of == 0 ? "loss" : dlcore_metric_name(settings->metrics[of - 1].kind);
        snprintf(fit->name_texts[i], sizeof fit->name_texts[i], "%s%s", i >= count ? "val_" : "",
                 name);
        fit->names[i] = fit->name_texts[i];
    }
}

static void set_values(fit_t *fit, const dlcore_sums_t *sums, double *values)
{
    values[0] = sums->loss / (double)sums->samples;
    for (size_t i = 0; i + 1 < fit->trained_values; i++)
        values[i + 1] = sums->metrics[i] / (double)sums->samples;
}

static dlcore_callback_function_t function_of(const dlcore_callback_t *callback, moment_t moment)
{
    switch (moment) {
    case EPOCH_BEGIN:
        return callback->on_epoch_begin;
    case EPOCH_END:
        return callback->on_epoch_end;
    case BATCH_BEGIN:
        return callback->on_batch_begin;
    case BATCH_END:
        return callback->on_batch_end;
    }
    return NULL;
}

/* Calls the callbacks of a moment, in the host's own float mode. */
static void notify(fit_t *fit, moment_t moment, size_t epoch, size_t batch, size_t value_count)
{
    dlcore_training_event_t event = {.model = fit->model,
                                     .epoch = epoch,
                                     .epochs = fit->options->epochs,
                                     .batch = batch,
                                     .batches = fit->batches,
                                     .value_count = value_count,
                                     .names = fit->names,
                                     .values = fit->values};

    for (size_t i = 0; i < fit->options->callback_count; i++) {
        const dlcore_callback_t *callback = &fit->options->callbacks[i];
        dlcore_callback_function_t function = function_of(callback, moment);

        if (function == NULL)
            continue;
        dlcore_scope_leave(fit->scope);
        if (function(callback->user, &event) == DLCORE_CALLBACK_STOP)
            fit->stop = true;
        fit->scope = dlcore_scope_enter(fit->model);
    }
}

/* Prints what is due at a moment, if anything: the sink is the host's and runs in its mode, too. */
static void show(fit_t *fit, moment_t moment, size_t epoch, size_t batch)
{
    if (fit->options->verbose == 0 || (moment == BATCH_END && fit->options->verbose != 1))
        return;
    dlcore_scope_leave(fit->scope);
    if (moment == EPOCH_BEGIN)
        dlcore_progress_begin(&fit->progress, epoch, fit->options->epochs, fit->batches);
    else if (moment == BATCH_END)
        dlcore_progress_batch(&fit->progress, batch + 1, fit->names, fit->values,
                              fit->trained_values);
    else
        dlcore_progress_end(&fit->progress, fit->names, fit->values, fit->all_values);
    fit->scope = dlcore_scope_enter(fit->model);
}

/* ---- running ---- */

/* The samples of a batch; rows 0 past the last. */
static dlcore_source_t batch_source(const fit_t *fit, size_t batch)
{
    dlcore_source_t source = fit->train;

    source.order = fit->order;
    source.begin = batch * fit->options->batch_size;
    source.rows = batch < fit->batches
                      ? dlcore_size_min(fit->options->batch_size, fit->train.rows - source.begin)
                      : 0;
    return source;
}

static void see_request(fit_t *fit)
{
    if (atomic_load_explicit(&fit->model->stop_requested, memory_order_relaxed))
        fit->stop = true;
}

static dlcore_status run_batch(fit_t *fit, size_t epoch, size_t batch, dlcore_sums_t *sums)
{
    dlcore_step_t *step = &fit->training.step;

    notify(fit, BATCH_BEGIN, epoch, batch, 0);
    step->source = batch_source(fit, batch);
    step->next = batch_source(fit, batch + 1);
    step->batch = batch % 2;
    step->gathered = batch > 0;
    step->number = fit->model->steps_trained++;
    dlcore_model_weights_change(fit->model);
    dlcore_step_run(step, fit->training.workers);
    if (!step->finite && step->stop_on_not_finite)
        return dlcore_not_finite(fit->model, &step->sums, batch);
    dlcore_sums_add(sums, &step->sums, fit->training.objective.metric_count);
    if (fit->options->verbose == 1 || fit->options->callback_count > 0)
        set_values(fit, sums, fit->values);
    notify(fit, BATCH_END, epoch, batch, fit->trained_values);
    show(fit, BATCH_END, epoch, batch);
    see_request(fit);
    return DLCORE_OK;
}

static dlcore_status validate(fit_t *fit)
{
    dlcore_run_t run = {.model = fit->model,
                        .objective = &fit->training.objective,
                        .source = fit->validation,
                        .block = fit->options->batch_size,
                        .team = fit->training.team};
    dlcore_sums_t sums;
    dlcore_status status = dlcore_run_blocks(&run, &sums, &fit->model->error);

    if (status == DLCORE_OK)
        set_values(fit, &sums, fit->values + fit->trained_values);
    return status;
}

/* One epoch; a stop in its middle leaves it without a row in the history. */
static dlcore_status run_epoch(fit_t *fit, size_t epoch)
{
    dlcore_sums_t sums = {0};
    dlcore_status status = DLCORE_OK;

    if (fit->order != NULL) {
        dlcore_random_t random = dlcore_random_stream(
            fit->model->options.seed, DLCORE_RANDOM_SHUFFLE, 0, fit->model->epochs_trained);
        dlcore_random_permutation(&random, fit->order, fit->train.rows);
    }
    fit->model->epochs_trained++;
    notify(fit, EPOCH_BEGIN, epoch, 0, 0);
    show(fit, EPOCH_BEGIN, epoch, 0);
    for (size_t batch = 0; batch < fit->batches && !fit->stop; batch++) {
        status = run_batch(fit, epoch, batch, &sums);
        if (status != DLCORE_OK)
            return status;
    }
    if (sums.samples < fit->train.rows)
        return DLCORE_OK;
    set_values(fit, &sums, fit->values);
    if (fit->validation.rows > 0)
        status = validate(fit);
    if (status != DLCORE_OK)
        return status;
    show(fit, EPOCH_END, epoch, 0);
    if (fit->history != NULL && !dlcore_history_append(fit->history, fit->values))
        return dlcore_fail_memory(&fit->model->error, "history", fit->all_values * sizeof(double));
    notify(fit, EPOCH_END, epoch, fit->batches, fit->all_values);
    return DLCORE_OK;
}

static dlcore_status run_epochs(fit_t *fit)
{
    dlcore_status status = DLCORE_OK;

    fit->scope = dlcore_scope_enter(fit->model);
    for (size_t epoch = fit->options->initial_epoch;
         epoch < fit->options->epochs && status == DLCORE_OK && !fit->stop; epoch++) {
        status = run_epoch(fit, epoch);
        see_request(fit);
    }
    dlcore_scope_leave(fit->scope);
    if (fit->history != NULL)
        fit->history->stopped = fit->stop;
    return status;
}

/* What fit allocates of its own. */
static dlcore_status make_records(fit_t *fit, bool with_history)
{
    const dlcore_fit_options_t *options = fit->options;
    dlcore_error_record_t *error = &fit->model->error;
    size_t epochs =
        options->epochs > options->initial_epoch ? options->epochs - options->initial_epoch : 0;

    if (options->shuffle && epochs > 0) {
        fit->order = dlcore_allocate(&fit->model->allocator, fit->train.rows, sizeof *fit->order);
        if (fit->order == NULL)
            return dlcore_fail_memory(error, "order of samples",
                                      fit->train.rows * sizeof *fit->order);
    }
    if (with_history) {
        fit->history =
            dlcore_history_create(&fit->model->allocator, fit->names, fit->all_values, epochs);
        if (fit->history == NULL)
            return dlcore_fail_memory(error, "history", sizeof *fit->history);
    }
    return DLCORE_OK;
}

static dlcore_status fit_model(fit_t *fit, const dlcore_tensor_t *x, const dlcore_tensor_t *y,
                               bool with_history)
{
    dlcore_status status = check_options(fit->options, &fit->model->error);

    if (status != DLCORE_OK)
        return status;
    status =
        dlcore_training_begin(&fit->training, fit->model, "fit", x, y, fit->options->batch_size);
    if (status != DLCORE_OK)
        return status;
    status = choose_samples(fit, x, y);
    if (status == DLCORE_OK) {
        fit->batches = (fit->train.rows - 1) / fit->options->batch_size + 1;
        fit->sink = dlcore_model_update_sink(fit->model);
        fit->training.step.sink = &fit->sink.sink;
        fit->training.step.stop_on_not_finite = fit->options->stop_on_not_finite;
        fit->progress = dlcore_progress_start(&fit->options->sink, fit->options->verbose);
        name_values(fit);
        status = make_records(fit, with_history);
    }
    if (status == DLCORE_OK)
        status = run_epochs(fit);
    dlcore_release(&fit->model->allocator, fit->order);
    dlcore_training_end(&fit->training);
    return status;
}

dlcore_status dlcore_model_fit(dlcore_model_t *model, const dlcore_tensor_t *x,
                               const dlcore_tensor_t *y, const dlcore_fit_options_t *options,
                               dlcore_history_t **history)
{
    dlcore_fit_options_t chosen = options != NULL ? *options : dlcore_fit_options_default();
    fit_t fit = {.model = model, .options = &chosen};
    dlcore_status status;

    if (history != NULL)
        *history = NULL;
    status = dlcore_model_begin(model);
    if (status != DLCORE_OK)
        return status;
    atomic_store(&model->stop_requested, false);
    status = fit_model(&fit, x, y, history != NULL);
    if (history != NULL)
        *history = fit.history;
    return dlcore_model_end(model, status);
}
