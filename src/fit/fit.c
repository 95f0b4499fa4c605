/* fit: what users call, and the frame of a run: buffers, the beginning and the end.
 *
 * SPDX-License-Identifier: MIT */
#include "fit/fit.h"

#include "base/allocator.h"
#include "base/error.h"
#include "base/random.h"
#include "base/size.h"
#include "model/dataset.h"
#include "model/rank_calls.h"

dlcore_fit_options_t dlcore_fit_options_default(void)
{
    return (dlcore_fit_options_t){.batch_size = 32,
                                  .epochs = 1,
                                  .shuffle = true,
                                  .validation_freq = 1,
                                  .stop_on_not_finite = true,
                                  .structure_size = sizeof(dlcore_fit_options_t)};
}

/* Those that run last behind the others. */
static dlcore_status copy_callbacks(dlcore_fit_t *fit)
{
    const dlcore_fit_options_t *options = fit->options;
    size_t count = options->callback_count, at = 0;

    fit->callbacks = dlcore_allocate(&fit->model->allocator, count + 1, sizeof *fit->callbacks);
    fit->places = dlcore_allocate(&fit->model->allocator, count + 1, sizeof *fit->places);
    if (fit->callbacks == NULL || fit->places == NULL)
        return dlcore_fail_memory(&fit->model->error, "callbacks",
                                  (count + 1) * sizeof *fit->callbacks);
    for (int last = 0; last < 2; last++) {
        for (size_t i = 0; i < count; i++) {
            if (options->callbacks[i].runs_last != (last == 1))
                continue;
            fit->callbacks[at] = options->callbacks[i];
            fit->places[at++] = i;
        }
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

/* The run that was stopped before is given up once this one has begun, not sooner: a fit that is
 * refused leaves it. */
static void settle_former(dlcore_fit_t *fit, bool begun)
{
    dlcore_model_t *model = fit->model;

    if (!begun && model->stopped == NULL)
        model->stopped = fit->former; /* the end of the call drops it where the model has changed */
    else
        dlcore_run_state_free(&model->allocator, fit->former);
    fit->former = NULL;
}

/* Everything up to the first batch. */
static dlcore_status begin_fit(dlcore_fit_t *fit)
{
    dlcore_model_t *model = fit->model;
    dlcore_status status;

    if (!fit->options->resume) {
        fit->former = model->stopped;
        model->stopped = NULL;
    }
    status = dlcore_fit_notify(fit, DLCORE_TRAIN_BEGIN, fit->position.epoch, 0, 0, DLCORE_OK);
    draw_split(fit);
    if (status == DLCORE_OK && model->stopped != NULL) /* loaded, by a callback perhaps */
        status = dlcore_fit_resume(fit);
    if (status == DLCORE_OK)
        status = dlcore_training_set_update(&fit->training, &fit->sink);
    if (fit->ranks != NULL)
        status = dlcore_fit_begun_ranks(fit, status);
    settle_former(fit, status == DLCORE_OK);
    if (status == DLCORE_OK)
        dlcore_fit_tell_findings(fit);
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
static dlcore_status run_epochs(dlcore_fit_t *fit)
{
    dlcore_model_t *model = fit->model;
    dlcore_status status;

    model->fit = fit;
    fit->scope = dlcore_scope_enter(model);
    status = begin_fit(fit);
    if (status == DLCORE_OK)
        status = train(fit);
    if (fit->ranks != NULL)
        status = dlcore_fit_meet(fit, DLCORE_MEETING_END, status);
    fit->history->stopped = fit->stop;
    fit->ended = true;
    if (status != DLCORE_OK && fit->reason.status == DLCORE_OK)
        fit->reason = model->error;
    status = dlcore_fit_notify(fit, DLCORE_TRAIN_END, fit->position.epoch, fit->position.batch,
                               fit->shown_values, status);
    if (fit->ranks != NULL)
        status = dlcore_fit_meet(fit, DLCORE_MEETING_CLOSE, status);
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
    if (status != DLCORE_OK)
        return status;
    dlcore_host_begin(model, NULL, "the dataset");
    status = dlcore_feed_hold(&fit->feed, model, pass, batch, &model->error);
    dlcore_host_end(model, NULL);
    return status;
}

/* Of a run that did not begin. */
static void drop_history(dlcore_fit_t *fit)
{
    dlcore_history_free(fit->history);
    fit->history = NULL;
}

/* A fit that could not begin because of the batch that shows a dataset's shapes says which it is.
 */
static dlcore_status name_first_batch(dlcore_fit_t *fit, dlcore_status status)
{
    dlcore_error_record_t found = fit->model->error;

    if (fit->feed.dataset == NULL || !fit->training.misfit)
        return status;
    return dlcore_dataset_refused(fit->feed.held_pass, fit->feed.held_batch, status, &found,
                                  &fit->model->error);
}

/* Of tensors of its own a rank has its part of a batch. */
static dlcore_status settle_batch_size(dlcore_fit_t *fit)
{
    const dlcore_collective_t *collective;

    fit->batch_size = fit->options->batch_size;
    if (fit->ranks == NULL || !fit->ranks->collective.own_data || fit->feed.dataset != NULL)
        return DLCORE_OK;
    collective = &fit->ranks->collective;
    fit->batch_size = fit->options->batch_size / collective->size +
                      (collective->rank < fit->options->batch_size % collective->size);
    if (fit->options->batch_size >= collective->size)
        return DLCORE_OK;
    return dlcore_fail(&fit->model->error, DLCORE_ERROR_ARGUMENT,
                       "fit: batch_size %zu leaves some of %zu ranks without samples",
                       fit->options->batch_size, collective->size);
}

/* Everything before the first callback. */
static dlcore_status prepare_fit(dlcore_fit_t *fit, const dlcore_tensor_t *x,
                                 const dlcore_tensor_t *y)
{
    const dlcore_fit_options_t *options = fit->options;
    dlcore_status status = settle_batch_size(fit);
    size_t rows = fit->batch_size;

    if (status != DLCORE_OK)
        return status;

    if (fit->feed.dataset != NULL) {
        x = fit->feed.held.x;
        y = fit->feed.held.y;
        rows = fit->feed.held.rows;
    }
    status = dlcore_training_begin(&fit->training, fit->model, "fit", x, y, rows,
                                   options->sample_weight != NULL || options->class_weight != NULL);
    if (status != DLCORE_OK)
        return name_first_batch(fit, status);
    fit->training_begun = true;
    status = dlcore_fit_choose_samples(fit, x, y);
    if (status == DLCORE_OK) {
        fit->training.step.stop_on_not_finite = options->stop_on_not_finite;
        fit->progress = dlcore_progress_start(&options->sink, options->verbose);
        fit->steps = options->steps_per_epoch > 0 ? options->steps_per_epoch : fit->feed.batches;
        dlcore_fit_name_values(fit);
        status = make_records(fit);
    }
    return status;
}

/* From the first callback on, or the end of a fit that is refused; `status` is what came of it. */
static dlcore_status run_fit(dlcore_fit_t *fit, dlcore_status status)
{
    if (fit->ranks != NULL)
        status = dlcore_fit_begin_ranks(fit, status);
    if (status == DLCORE_OK)
        status = run_epochs(fit);
    else
        drop_history(fit);
    if (fit->training_begun)
        dlcore_training_end(&fit->training);
    return status;
}

/* All that the fit holds, but for its history. */
static void free_fit(dlcore_fit_t *fit)
{
    dlcore_model_t *model = fit->model;

    model->running_fit = NULL;
    model->call.drop_fit = NULL;
    dlcore_feed_clear(&fit->feed, model);
    dlcore_fit_state_clear(fit);
    dlcore_sums_free(&model->allocator, &fit->sums);
    dlcore_sums_free(&model->allocator, &fit->validation_sums);
    dlcore_release(&model->allocator, fit->callbacks);
    dlcore_release(&model->allocator, fit->places);
    dlcore_release(&model->allocator, fit->split_order);
    dlcore_release(&model->allocator, fit);
}

/* Of a fit whose frames are gone: callbacks hear of nothing, they may be gone, too. */
static void drop_fit(dlcore_model_t *model)
{
    dlcore_fit_t *fit = model->running_fit;

    settle_former(fit, false);
    dlcore_fit_settle_record(fit);
    model->fit = NULL;
    drop_history(fit);
    free_fit(fit);
}

static dlcore_status make_fit(dlcore_model_t *model, const dlcore_fit_options_t *options,
                              dlcore_fit_t **made)
{
    dlcore_fit_t *fit = dlcore_allocate(&model->allocator, 1, sizeof *fit);

    *made = fit;
    if (fit == NULL)
        return dlcore_fail_memory(&model->error, "fit", sizeof *fit);
    fit->model = model;
    fit->copy = options != NULL ? *options : dlcore_fit_options_default();
    fit->options = &fit->copy;
    fit->ranks = dlcore_model_ranks(model);
    if (!dlcore_model_writes(model))
        fit->copy.verbose = 0;
    fit->position =
        (dlcore_position_t){.epoch = fit->copy.initial_epoch, .pass = fit->copy.initial_epoch};
    model->running_fit = fit;
    model->call.drop_fit = drop_fit;
    return DLCORE_OK;
}

static const dlcore_tensor_t *keep_tensor(dlcore_tensor_t *copy, const dlcore_tensor_t *given)
{
    if (given == NULL)
        return NULL;
    *copy = *given;
    return copy;
}

/* Shapes were checked once: a callback that reshapes a tensor, or changes the dataset that
 * validates, does not change this fit. Elements stay the caller's. */
static void keep_data(dlcore_fit_t *fit, const dlcore_tensor_t **x, const dlcore_tensor_t **y)
{
    dlcore_fit_options_t *options = &fit->copy;

    *x = keep_tensor(&fit->x, *x);
    *y = keep_tensor(&fit->y, *y);
    options->sample_weight = keep_tensor(&fit->weights, options->sample_weight);
    options->validation_x = keep_tensor(&fit->validation_x, options->validation_x);
    options->validation_y = keep_tensor(&fit->validation_y, options->validation_y);
    options->validation_sample_weight =
        keep_tensor(&fit->validation_weights, options->validation_sample_weight);
    if (options->validation_dataset == NULL)
        return;
    fit->validation_dataset = *options->validation_dataset;
    options->validation_dataset = &fit->validation_dataset;
}

/* The fit; where there is no memory for it, the other ranks hear of that. */
static dlcore_status begin_on_all(dlcore_model_t *model, const dlcore_fit_options_t *options,
                                  dlcore_fit_t **made)
{
    dlcore_ranks_t *ranks = dlcore_model_ranks(model);
    dlcore_meeting_t meeting = {.point = DLCORE_MEETING_FIT};

    if (ranks != NULL && ranks->code->begin(ranks, "fit", &model->error) != DLCORE_OK)
        return model->error.status;
    meeting.status = make_fit(model, options, made);
    if (meeting.status != DLCORE_OK && ranks != NULL)
        return ranks->code->meet(ranks, &meeting, &model->error);
    return meeting.status;
}

static dlcore_status fit_any(dlcore_model_t *model, const dlcore_tensor_t *x,
                             const dlcore_tensor_t *y, const dlcore_dataset_t *dataset,
                             const dlcore_fit_options_t *options, dlcore_history_t **history)
{
    dlcore_fit_t *fit = NULL;
    dlcore_status status;

    if (history != NULL)
        *history = NULL;
    status = dlcore_model_begin(model);
    if (status != DLCORE_OK)
        return status;
    atomic_store(&model->stop_requested, false);
    status = begin_on_all(model, options, &fit);
    if (status != DLCORE_OK || fit == NULL)
        return dlcore_model_end(model, status);
    status = dlcore_fit_check(fit, dataset);
    if (status == DLCORE_OK)
        keep_data(fit, &x, &y);
    if (status == DLCORE_OK && dataset != NULL)
        status = open_dataset(fit, dataset);
    if (status == DLCORE_OK)
        status = prepare_fit(fit, x, y);
    status = run_fit(fit, status);
    if (history != NULL)
        *history = fit->history;
    else
        dlcore_history_free(fit->history);
    free_fit(fit);
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
