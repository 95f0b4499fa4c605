/* fit: what users call, and the frame of a run: checks, buffers, the beginning and the end.
 *
 * SPDX-License-Identifier: MIT */
#include "model/fit.h"

#include <math.h>
#include <string.h>

#include "base/allocator.h"
#include "base/error.h"
#include "base/random.h"
#include "base/size.h"

dlcore_fit_options_t dlcore_fit_options_default(void)
{
    return (dlcore_fit_options_t){.batch_size = 32,
                                  .epochs = 1,
                                  .shuffle = true,
                                  .validation_freq = 1,
                                  .stop_on_not_finite = true,
                                  .structure_size = sizeof(dlcore_fit_options_t)};
}

/* ---- checking ---- */

static dlcore_status check_options(const dlcore_fit_options_t *options,
                                   dlcore_error_record_t *error)
{
    dlcore_status status = dlcore_check_options(options, "fit", error);

    if (status == DLCORE_OK)
        status = dlcore_check_count("fit", "batch_size", options->batch_size, 1, SIZE_MAX, error);
    if (status == DLCORE_OK)
        status = dlcore_check_count("fit", "validation_freq", options->validation_freq, 1, SIZE_MAX,
                                    error);
    if (status == DLCORE_OK)
        status = dlcore_check_below("fit", "validation_split", options->validation_split, 0.0, 1.0,
                                    error);
    if (status != DLCORE_OK)
        return status;
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
    return dlcore_check_class_weights("class_weight", options->class_weight, options->class_count,
                                      error);
}

/* What only goes with tensors, and what two would say: nothing is dropped in silence. */
static dlcore_status check_sources(const dlcore_fit_options_t *options,
                                   const dlcore_dataset_t *dataset, dlcore_error_record_t *error)
{
    const dlcore_dataset_t *validation = options->validation_dataset;
    const char *problem = NULL;

    if (dataset != NULL && options->sample_weight != NULL)
        problem = "fit: sample_weight is for tensors; a dataset gives each batch's weights with "
                  "the batch";
    else if (dataset != NULL && options->validation_split > 0.0 && options->validation_x == NULL &&
             validation == NULL)
        problem = "fit: validation_split is for tensors; a dataset needs validation_x or "
                  "validation_dataset";
    else if (options->validation_sample_weight != NULL && options->validation_x == NULL)
        problem = "fit: validation_sample_weight goes with validation_x, which is NULL";
    else if (options->validation_x != NULL && validation != NULL)
        problem = "fit: validation_x and validation_dataset are both set; one of them validates";
    else if (validation != NULL && (validation->begin == NULL || validation->next == NULL))
        problem = "validation: a dataset needs begin and next";
    else if (validation != NULL && dataset != NULL && options->steps_per_epoch > 0 &&
             validation->user == dataset->user && validation->begin == dataset->begin &&
             validation->next == dataset->next)
        problem = "fit: with steps_per_epoch, training stands in the midst of a pass when "
                  "validation begins: validation_dataset must be another than the one trained on";
    if (problem == NULL)
        return DLCORE_OK;
    return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "%s", problem);
}

/* A random order of all samples, of which the first train. Keyed by the seed alone, which a
 * callback that goes on from a file may change as training begins: drawn after that. */
static void draw_split(const dlcore_fit_t *fit)
{
    dlcore_random_t random =
        dlcore_random_stream(fit->model->options.seed, DLCORE_RANDOM_SPLIT, 1, 0);

    if (fit->split_order != NULL)
        dlcore_random_permutation(&random, fit->split_order,
                                  fit->validation.begin + fit->validation.rows);
}

static dlcore_status choose_tensors(dlcore_fit_t *fit)
{
    const dlcore_fit_options_t *options = fit->options;
    dlcore_error_record_t found;
    dlcore_status status =
        dlcore_check_samples(&fit->model->network, options->validation_x, &found);

    if (status == DLCORE_OK)
        status = dlcore_check_labels(&fit->model->network, &fit->training.objective,
                                     options->validation_x, options->validation_y, &found);
    if (status != DLCORE_OK)
        return dlcore_fail(&fit->model->error, status, "validation: %s", found.message);
    status =
        dlcore_check_sample_weights("validation_sample_weight", options->validation_sample_weight,
                                    dlcore_sample_count(options->validation_x), &fit->model->error);
    if (status != DLCORE_OK)
        return status;
    fit->validation = (dlcore_source_t){.x = options->validation_x,
                                        .y = options->validation_y,
                                        .weights = options->validation_sample_weight,
                                        .rows = dlcore_sample_count(options->validation_x)};
    return DLCORE_OK;
}

/* Which samples train and which validate. Keras's split: floor(n * (1 - split)) train. */
static dlcore_status split_samples(dlcore_fit_t *fit, dlcore_source_t *samples)
{
    double split = fit->options->validation_split;
    size_t count = samples->rows, kept = (size_t)floor((double)count * (1.0 - split));

    if (kept == 0 || kept == count)
        return dlcore_fail(&fit->model->error, DLCORE_ERROR_ARGUMENT,
                           "fit: validation_split %g of %zu samples leaves %zu to train and "
                           "%zu to validate",
                           split, count, kept, count - kept);
    if (fit->options->shuffle_before_split) {
        fit->split_order = dlcore_allocate(&fit->model->allocator, count, sizeof *fit->split_order);
        if (fit->split_order == NULL)
            return dlcore_fail_memory(&fit->model->error, "order of samples",
                                      count * sizeof *fit->split_order);
    }
    samples->order = fit->split_order;
    fit->validation = *samples;
    fit->validation.class_weights = NULL; /* as in Keras */
    fit->validation.class_count = 0;
    fit->validation.begin = kept;
    fit->validation.rows = count - kept;
    samples->rows = kept;
    return DLCORE_OK;
}

static dlcore_status choose_samples(dlcore_fit_t *fit, const dlcore_tensor_t *x,
                                    const dlcore_tensor_t *y)
{
    const dlcore_fit_options_t *options = fit->options;
    dlcore_source_t samples = {.x = x,
                               .y = y,
                               .weights = options->sample_weight,
                               .class_weights = options->class_weight,
                               .class_count = options->class_count,
                               .rows = dlcore_sample_count(x)};
    dlcore_status status = DLCORE_OK;

    if (fit->feed.dataset == NULL)
        status = dlcore_check_sample_weights("sample_weight", options->sample_weight, samples.rows,
                                             &fit->model->error);
    if (status != DLCORE_OK)
        return status;
    if (options->validation_x != NULL)
        status = choose_tensors(fit);
    else if (options->validation_dataset == NULL && fit->feed.dataset == NULL &&
             options->validation_split > 0.0)
        status = split_samples(fit, &samples);
    fit->validates = fit->validation.rows > 0 || options->validation_dataset != NULL;
    if (status != DLCORE_OK || fit->feed.dataset != NULL)
        return status;
    fit->position.samples = samples.rows;
    fit->position.batch_size = options->batch_size;
    return dlcore_feed_tensors(&fit->feed, fit->model, &samples, options->batch_size,
                               options->shuffle, &fit->model->error);
}

/* ---- the frame ---- */

/* Those that run last behind the others. */
static dlcore_status copy_callbacks(dlcore_fit_t *fit)
{
    const dlcore_fit_options_t *options = fit->options;
    size_t count = options->callback_count, at = 0;

    fit->callbacks = dlcore_allocate(&fit->model->allocator, count + 1, sizeof *fit->callbacks);
    if (fit->callbacks == NULL)
        return dlcore_fail_memory(&fit->model->error, "callbacks",
                                  (count + 1) * sizeof *fit->callbacks);
    for (size_t i = 0; i < count; i++) {
        if (!options->callbacks[i].runs_last)
            fit->callbacks[at++] = options->callbacks[i];
    }
    for (size_t i = 0; i < count; i++) {
        if (options->callbacks[i].runs_last)
            fit->callbacks[at++] = options->callbacks[i];
    }
    return DLCORE_OK;
}

/* What fit allocates of its own. */
static dlcore_status make_records(dlcore_fit_t *fit)
{
    const dlcore_fit_options_t *options = fit->options;
    size_t epochs =
        options->epochs > options->initial_epoch ? options->epochs - options->initial_epoch : 0;
    const dlcore_allocator_t *allocator = &fit->model->allocator;
    dlcore_status status = copy_callbacks(fit);

    if (status == DLCORE_OK)
        status =
            dlcore_sums_create(allocator, &fit->training.objective, &fit->sums, &fit->model->error);
    if (status == DLCORE_OK)
        status = dlcore_sums_create(allocator, &fit->training.objective, &fit->validation_sums,
                                    &fit->model->error);
    if (status != DLCORE_OK)
        return status;
    fit->history =
        dlcore_history_create(&fit->model->allocator, fit->names, fit->all_values, epochs);
    if (fit->history == NULL)
        return dlcore_fail_memory(&fit->model->error, "history", sizeof *fit->history);
    fit->history->first_epoch = options->initial_epoch;
    return dlcore_fit_state_create(fit);
}

/* Everything up to the first batch. The run that was stopped before is given up with that, not
 * sooner: a fit that is refused leaves it. */
static dlcore_status begin(dlcore_fit_t *fit)
{
    dlcore_model_t *model = fit->model;
    dlcore_run_state_t *former = NULL;
    uint64_t version = dlcore_model_version(model);
    dlcore_status status;

    if (!fit->options->resume) {
        former = model->stopped;
        model->stopped = NULL;
    }
    status = dlcore_fit_notify(fit, DLCORE_TRAIN_BEGIN, fit->position.epoch, 0, 0, DLCORE_OK);
    draw_split(fit);
    if (status == DLCORE_OK && model->stopped != NULL) /* loaded, by a callback perhaps */
        status = dlcore_fit_resume(fit);
    if (status == DLCORE_OK)
        status = dlcore_training_set_update(&fit->training, &fit->sink);
    if (status != DLCORE_OK && model->stopped == NULL && version == dlcore_model_version(model))
        model->stopped = former;
    else
        dlcore_run_state_free(&model->allocator, former);
    return status;
}

/* Epochs, and what is left when they are over. */
static dlcore_status train(dlcore_fit_t *fit)
{
    uint64_t steps = fit->model->steps_trained;
    dlcore_status status = dlcore_fit_run(fit);

    if (status == DLCORE_OK)
        status = dlcore_fit_leave_record(fit);
    if (status == DLCORE_OK && (fit->resumed || fit->model->steps_trained != steps))
        dlcore_training_take_averages(&fit->training);
    return status;
}

/* From the first callback to the last. */
static dlcore_status run(dlcore_fit_t *fit)
{
    dlcore_model_t *model = fit->model;
    dlcore_status status;

    model->fit = fit;
    fit->scope = dlcore_scope_enter(model);
    status = begin(fit);
    if (status == DLCORE_OK)
        status = train(fit);
    fit->history->stopped = fit->stop;
    fit->ended = true;
    if (status != DLCORE_OK && fit->reason.status == DLCORE_OK)
        fit->reason = model->error;
    status = dlcore_fit_notify(fit, DLCORE_TRAIN_END, fit->position.epoch, fit->position.batch,
                               fit->shown_values, status);
    dlcore_fit_settle_record(fit);
    dlcore_scope_leave(fit->scope);
    model->fit = NULL;
    model->error = fit->reason; /* callbacks may have called what clears it, or sets another */
    return status;
}

/* A dataset's first batch tells its shapes; it is read where the fit will begin. */
static dlcore_status open_dataset(dlcore_fit_t *fit, const dlcore_dataset_t *dataset)
{
    dlcore_model_t *model = fit->model;
    size_t pass = fit->options->initial_epoch, batch = 0;
    dlcore_status status = dlcore_feed_dataset(&fit->feed, model, dataset, &model->error);

    if (fit->options->resume && model->stopped->position.pass_begun) {
        pass = model->stopped->position.pass;
        batch = model->stopped->position.pass_batch;
    }
    if (status == DLCORE_OK)
        status = dlcore_feed_hold(&fit->feed, model, pass, batch, &model->error);
    return status;
}

static dlcore_status check_resume(const dlcore_fit_t *fit)
{
    if (fit->options->resume && fit->model->stopped == NULL)
        return dlcore_fail(&fit->model->error, DLCORE_ERROR_STATE,
                           "fit: there is no run to resume: the model was neither stopped nor "
                           "saved in the middle of one, or its weights were changed since");
    return DLCORE_OK;
}

static dlcore_status fit_model(dlcore_fit_t *fit, const dlcore_tensor_t *x,
                               const dlcore_tensor_t *y)
{
    const dlcore_fit_options_t *options = fit->options;
    dlcore_status status;
    size_t rows = options->batch_size;

    if (fit->feed.dataset != NULL) {
        x = fit->feed.held.x;
        y = fit->feed.held.y;
        rows = fit->feed.held.rows;
    }
    status = dlcore_training_begin(&fit->training, fit->model, "fit", x, y, rows,
                                   options->sample_weight != NULL || options->class_weight != NULL);
    if (status != DLCORE_OK)
        return status;
    status = choose_samples(fit, x, y);
    if (status == DLCORE_OK) {
        fit->training.step.stop_on_not_finite = options->stop_on_not_finite;
        fit->progress = dlcore_progress_start(&options->sink, options->verbose);
        fit->steps = options->steps_per_epoch > 0 ? options->steps_per_epoch : fit->feed.batches;
        dlcore_fit_name_values(fit);
        status = make_records(fit);
    }
    if (status == DLCORE_OK)
        status = run(fit);
    dlcore_training_end(&fit->training);
    return status;
}

static dlcore_status fit_any(dlcore_model_t *model, const dlcore_tensor_t *x,
                             const dlcore_tensor_t *y, const dlcore_dataset_t *dataset,
                             const dlcore_fit_options_t *options, dlcore_history_t **history)
{
    dlcore_fit_options_t chosen = options != NULL ? *options : dlcore_fit_options_default();
    dlcore_fit_t fit = {.model = model,
                        .options = &chosen,
                        .position = {.epoch = chosen.initial_epoch, .pass = chosen.initial_epoch}};
    dlcore_status status;

    if (history != NULL)
        *history = NULL;
    status = dlcore_model_begin(model);
    if (status != DLCORE_OK)
        return status;
    atomic_store(&model->stop_requested, false);
    status = check_options(&chosen, &model->error);
    if (status == DLCORE_OK)
        status = check_sources(&chosen, dataset, &model->error);
    if (status == DLCORE_OK)
        status = check_resume(&fit);
    if (status == DLCORE_OK && dataset != NULL)
        status = open_dataset(&fit, dataset);
    if (status == DLCORE_OK)
        status = fit_model(&fit, x, y);
    dlcore_feed_clear(&fit.feed, model);
    dlcore_fit_state_clear(&fit);
    dlcore_sums_free(&model->allocator, &fit.sums);
    dlcore_sums_free(&model->allocator, &fit.validation_sums);
    dlcore_release(&model->allocator, fit.callbacks);
    dlcore_release(&model->allocator, fit.split_order);
    if (history != NULL)
        *history = fit.history;
    else
        dlcore_history_free(fit.history);
    return dlcore_model_end(model, status);
}

dlcore_status dlcore_model_fit(dlcore_model_t *model, const dlcore_tensor_t *x,
                               const dlcore_tensor_t *y, const dlcore_fit_options_t *options,
                               dlcore_history_t **history)
{
    return fit_any(model, x, y, NULL, options, history);
}

dlcore_status dlcore_model_fit_dataset(dlcore_model_t *model, const dlcore_dataset_t *dataset,
                                       const dlcore_fit_options_t *options,
                                       dlcore_history_t **history)
{
    static const dlcore_dataset_t none = {0}; /* refused as such */

    return fit_any(model, NULL, NULL, dataset != NULL ? dataset : &none, options, history);
}
