/* The epochs and batches of a fit.
 *
 * fit->position always tells what comes next, so that a callback may save at any moment and the
 * run may go on from there.
 *
 * SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "base/error.h"
#include "fit/fit.h"
#include "kernels/always_inline.h"
#include "model/dataset.h"

static void see_request(dlcore_fit_t *fit)
{
    if (!atomic_load_explicit(&fit->model->stop_requested, memory_order_relaxed))
        return;
    fit->wishes_stop = true;
    fit->stop |= fit->ranks == NULL; /* else as all ranks have heard of it */
}

static dlcore_status notify(dlcore_fit_t *fit, dlcore_moment_t moment, size_t epoch, size_t batch,
                            size_t value_count)
{
    if (fit->options->callback_count == 0)
        return DLCORE_OK;
    return dlcore_fit_notify(fit, moment, epoch, batch, value_count, DLCORE_OK);
}

/* ---- passes ---- */

dlcore_status dlcore_fit_seek(dlcore_fit_t *fit, size_t batch, uint32_t key)
{
    dlcore_status status;

    dlcore_host_begin(fit->model, &fit->scope, "the dataset");
    status = dlcore_feed_seek(&fit->feed, fit->model, fit->position.pass, batch, key,
                              &fit->model->error);
    dlcore_host_end(fit->model, &fit->scope);
    return status;
}

static dlcore_status begin_pass(dlcore_fit_t *fit)
{
    uint32_t key = fit->model->epochs_trained++;

    fit->position.pass_begun = true;
    fit->position.pass_batch = 0;
    return dlcore_fit_seek(fit, 0, key);
}

static dlcore_status feed_next(dlcore_fit_t *fit, dlcore_source_t *source)
{
    dlcore_status status;

    if (fit->feed.dataset == NULL)
        return dlcore_feed_next(&fit->feed, source, &fit->model->error);
    dlcore_host_begin(fit->model, &fit->scope, "the dataset");
    status = dlcore_feed_next(&fit->feed, source, &fit->model->error);
    dlcore_host_end(fit->model, &fit->scope);
    return status;
}

static void end_pass(dlcore_fit_t *fit)
{
    fit->position.pass_begun = false;
    fit->position.pass_batch = 0;
    fit->position.pass++;
}

/* Whether the epoch has all of its batches. */
static bool is_done(const dlcore_fit_t *fit)
{
    if (fit->waits)
        return false;
    if (fit->options->steps_per_epoch > 0)
        return fit->position.batch >= fit->options->steps_per_epoch;
    return !fit->position.pass_begun;
}

/* The next batch, of a new pass where the data has ended in the middle of an epoch; rows 0 where
 * that ends the epoch. */
static dlcore_status next_batch(dlcore_fit_t *fit, dlcore_source_t *source)
{
    dlcore_position_t *position = &fit->position;
    dlcore_status status = DLCORE_OK;
    bool fresh = false;

    if (fit->waits) {
        *source = (dlcore_source_t){0};
        return DLCORE_OK;
    }
    for (;;) {
        if (!position->pass_begun) {
            status = begin_pass(fit);
            fresh = true;
        }
        if (status == DLCORE_OK)
            status = feed_next(fit, source);
        if (status != DLCORE_OK || source->rows > 0 ||
            (fit->feed.dataset == NULL && position->pass_batch < fit->feed.batches))
            return status;
        fresh |= position->pass_batch == 0;
        if (fresh)
            status = dlcore_dataset_empty(position->pass, &fit->model->error);
        end_pass(fit);
        if (status != DLCORE_OK)
            return status;
        if (fit->options->steps_per_epoch == 0)
            return DLCORE_OK;
    }
}

/* A batch of a dataset is only seen now; tensors were checked as a whole. */
NEVER_INLINE static dlcore_status check_fit_batch(dlcore_fit_t *fit, dlcore_source_t *source)
{
    dlcore_model_t *model = fit->model;
    dlcore_error_record_t found = {0};
    dlcore_status status;

    status = dlcore_check_samples(&model->network, source->x, &found);
    if (status == DLCORE_OK)
        status = dlcore_check_labels(&model->network, &fit->training.objective, source->x,
                                     source->y, &found);
    if (status == DLCORE_OK)
        status =
            dlcore_check_sample_weights("sample_weight", source->weights, source->rows, &found);
    if (status != DLCORE_OK)
        return dlcore_dataset_refused(fit->position.pass, fit->position.pass_batch, status, &found,
                                      &model->error);
    fit->training.objective.weighted |= source->weights != NULL;
    source->class_weights = fit->options->class_weight;
    source->class_count = fit->options->class_count;
    return dlcore_training_reserve(&fit->training, source->x, source->rows);
}

/* ---- batches ---- */

/* Whether the batch after this one can be gathered while this one's step runs. */
static void look_ahead(const dlcore_fit_t *fit, dlcore_source_t *next)
{
    size_t steps = fit->options->steps_per_epoch;

    if (steps > 0 && fit->position.batch + 1 >= steps)
        *next = (dlcore_source_t){0};
    else
        dlcore_feed_peek(&fit->feed, next);
}

static dlcore_status fail_not_finite(dlcore_fit_t *fit)
{
    char batch[96];

    snprintf(batch, sizeof batch, "batch %zu of epoch %zu, counted from 0,", fit->position.batch,
             fit->position.epoch);
    return dlcore_not_finite(&fit->training, batch,
                             fit->feed.dataset != NULL ? "the batch's " : "");
}

/* With the batch in step->source, and the one after it in step->next where it is known. */
ALWAYS_INLINE dlcore_status take_step(dlcore_fit_t *fit)
{
    dlcore_step_t *step = &fit->training.step;
    dlcore_status status;

    step->seed = fit->model->options.seed; /* a callback may have gone on from a file */
    step->number = fit->model->steps_trained++;
    dlcore_model_weights_move(fit->model);
    status = dlcore_training_step(&fit->training, &fit->meeting);
    if (status != DLCORE_OK)
        return status;
    step->batch = 1 - step->batch;
    step->gathered = step->next.rows > 0;
    if (!step->finite && step->stop_on_not_finite)
        return dlcore_fit_settle_not_finite(fit, fail_not_finite(fit));
    dlcore_training_advance(&fit->training);
    return DLCORE_OK;
}

static dlcore_status run_fit_step(dlcore_fit_t *fit)
{
    dlcore_step_t *step = &fit->training.step;

    if (fit->ranks == NULL)
        look_ahead(fit, &step->next);
    else
        step->next.rows = 0;
    return take_step(fit);
}

/* Where ranks hear of each other; a rank whose data has ended may have to wait for others, with
 * a step of no rows. */
NEVER_INLINE static dlcore_status meet_for_step(dlcore_fit_t *fit, const dlcore_source_t *source,
                                                bool *ended, dlcore_status status)
{
    if (status == DLCORE_OK && *ended)
        status = dlcore_training_prepare(&fit->training, &fit->scope);
    status = dlcore_fit_meet_for_step(fit, source, *ended, status);
    if (status == DLCORE_OK) /* a stop is an end, too, and the loop sees which */
        *ended = fit->stop || fit->meeting.ended == fit->ranks->collective.size;
    return status;
}

/* What a batch's step has come to. */
ALWAYS_INLINE void count_batch(dlcore_fit_t *fit)
{
    dlcore_position_t *position = &fit->position;

    dlcore_sums_add(&fit->training.objective, &fit->sums, &fit->training.step.sums);
    position->batch++;
    if (fit->waits)
        return;
    position->pass_batch++;
    if (fit->feed.dataset == NULL && position->pass_batch == fit->feed.batches)
        end_pass(fit);
}

/* Whether somebody sees each batch. */
static bool is_seen(const dlcore_fit_t *fit)
{
    return fit->options->verbose == 1 || fit->options->callback_count > 0;
}

/* One batch; none, with *ended, where the data has ended and with it the epoch, or ranks stop. */
static dlcore_status run_fit_batch(dlcore_fit_t *fit, bool *ended)
{
    dlcore_position_t *position = &fit->position;
    size_t epoch = position->epoch, batch = position->batch;
    dlcore_source_t *source = &fit->training.step.source;
    dlcore_status status = next_batch(fit, source);

    fit->wished = fit->wishes_stop;
    *ended = status == DLCORE_OK && source->rows == 0 && !position->pass_begun;
    if (status == DLCORE_OK && !*ended && fit->feed.dataset != NULL && source->rows > 0)
        status = check_fit_batch(fit, source);
    if (status == DLCORE_OK && !*ended)
        status = notify(fit, DLCORE_BATCH_BEGIN, epoch, batch, 0);
    if (status == DLCORE_OK && !*ended)
        status = dlcore_training_prepare(&fit->training, &fit->scope);
    if (fit->ranks != NULL)
        status = meet_for_step(fit, source, ended, status);
    if (status == DLCORE_OK && !*ended)
        status = run_fit_step(fit);
    if (status != DLCORE_OK || *ended)
        return status;
    count_batch(fit);
    if (is_seen(fit))
        dlcore_fit_set_values(fit, &fit->sums, fit->values);
    status = notify(fit, DLCORE_BATCH_END, epoch, batch, fit->trained_values);
    if (fit->waits)
        return status;
    dlcore_fit_show(fit, DLCORE_BATCH_END, epoch, batch);
    see_request(fit);
    return status;
}

/* Batches that are known, where nobody looks on between them: to the end of the pass or epoch, or
 * to a stop. They are what run_fit_batch makes of them, without what cannot come up there: a pass
 * that begins, a dataset, ranks (neither of which knows the next batch), callbacks, the progress
 * line. All that stands around the step of a small network takes as long as the step. */
static dlcore_status run_known_batches(dlcore_fit_t *fit)
{
    dlcore_step_t *step = &fit->training.step;
    size_t steps = fit->options->steps_per_epoch;
    dlcore_status status = DLCORE_OK;

    while (step->gathered && !fit->stop) {
        step->source = step->next;
        dlcore_feed_advance(&fit->feed, &step->next);
        if (fit->position.batch + 1 == steps)
            step->next.rows = 0;
        status = dlcore_training_prepare(&fit->training, &fit->scope);
        if (status == DLCORE_OK)
            status = take_step(fit);
        if (status != DLCORE_OK)
            break;
        count_batch(fit);
        see_request(fit);
    }
    return status;
}

/* ---- epochs ---- */

static dlcore_status begin_epoch(dlcore_fit_t *fit)
{
    dlcore_position_t *position = &fit->position;
    dlcore_status status = DLCORE_OK;

    if (!position->begun) {
        position->begun = true;
        position->batch = 0;
        dlcore_sums_clear(&fit->training.objective, &fit->sums);
        if (!position->pass_begun)
            status = begin_pass(fit);
        if (status == DLCORE_OK)
            status = notify(fit, DLCORE_EPOCH_BEGIN, position->epoch, 0, 0);
    }
    dlcore_fit_show(fit, DLCORE_EPOCH_BEGIN, position->epoch, 0);
    return status;
}

static dlcore_status end_epoch(dlcore_fit_t *fit)
{
    dlcore_position_t *position = &fit->position;
    size_t epoch = position->epoch;
    dlcore_status status;

    dlcore_fit_set_values(fit, &fit->sums, fit->values);
    status = dlcore_fit_validate(fit);
    if (status != DLCORE_OK)
        return status;
    dlcore_fit_show(fit, DLCORE_EPOCH_END, epoch, position->batch);
    if (!dlcore_history_append(fit->history, fit->values))
        return dlcore_fail_memory(&fit->model->error, "history", fit->all_values * sizeof(double));
    fit->steps = position->batch;
    position->epoch++;
    position->begun = false;
    return notify(fit, DLCORE_EPOCH_END, epoch, position->batch, fit->shown_values);
}

/* One epoch; a stop in its middle leaves it without a row in the history. */
static dlcore_status run_epoch(dlcore_fit_t *fit)
{
    bool ended = false;
    dlcore_status status = begin_epoch(fit);

    fit->training.step.gathered = false;
    while (status == DLCORE_OK && !ended && !is_done(fit) && !fit->stop)
        status = fit->training.step.gathered && !is_seen(fit) ? run_known_batches(fit)
                                                              : run_fit_batch(fit, &ended);
    if (status != DLCORE_OK || !is_done(fit))
        return status;
    return end_epoch(fit);
}

dlcore_status dlcore_fit_run(dlcore_fit_t *fit)
{
    dlcore_status status = DLCORE_OK;

    while (status == DLCORE_OK && !fit->stop && fit->position.epoch < fit->options->epochs) {
        status = run_epoch(fit);
        see_request(fit);
        if (fit->ranks != NULL)
            status = dlcore_fit_meet(fit, DLCORE_MEETING_EPOCH, status);
    }
    return status;
}
