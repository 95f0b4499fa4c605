/* A fit of all ranks: what they agree on as it begins, before each step, and as it ends.
 *
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/error.h"
#include "base/size.h"
#include "fit/fit.h"
#include "model/rank_calls.h"

/* ---- the beginning ---- */

static uint64_t hash_floats(const float *floats, size_t count)
{
    dlcore_hash_t hash = dlcore_hash_begin();

    if (floats != NULL)
        dlcore_hash_add(&hash, floats, count * sizeof *floats);
    return dlcore_hash_value(&hash);
}

static dlcore_status compare_options(const dlcore_fit_t *fit)
{
    const dlcore_fit_options_t *options = fit->options;
    bool own = fit->ranks->collective.own_data;
    const dlcore_fact_t facts[] = {
        {"batch_size", options->batch_size, false},
        {"epochs", options->epochs, false},
        {"initial_epoch", options->initial_epoch, false},
        {"steps_per_epoch", options->steps_per_epoch, false},
        {"shuffle", options->shuffle, false},
        {"shuffle_before_split", options->shuffle_before_split, false},
        {"the source of its batches (0: tensors, 1: a dataset)", fit->feed.dataset != NULL, false},
        {"the number of samples that train", own ? 0 : fit->feed.samples.rows, false},
        {"whether it validates", fit->validates, false},
        {"the number of samples that validate", own ? 0 : fit->validation.rows, false},
        {"validation_freq", options->validation_freq, false},
        {"validation_batch_size", options->validation_batch_size, false},
        {"validation_steps", options->validation_steps, false},
        {"whether samples have weights", fit->training.objective.weighted, false},
        {"class_weight", hash_floats(options->class_weight, options->class_count), true},
        {"stop_on_not_finite", options->stop_on_not_finite, false},
        {"resume", options->resume, false},
        {"the epoch that it begins with", fit->position.epoch, false},
        {"the batch that it begins with", fit->position.batch, false},
    };

    return fit->ranks->code->compare(fit->model, facts, sizeof facts / sizeof facts[0],
                                     &fit->model->error);
}

/* Ranks with tensors of their own make as many batches as the one that has most. */
static dlcore_status settle_batches(dlcore_fit_t *fit, const dlcore_meeting_t *meeting)
{
    if (!fit->ranks->collective.own_data || fit->feed.dataset != NULL)
        return DLCORE_OK;
    if (meeting->rows_max - meeting->rows_min > 1) {
        fit->ranks->told = true;
        return dlcore_fail(&fit->model->error, DLCORE_ERROR_SHAPE,
                           "fit: ranks have too different numbers of samples: %zu to %zu batches; "
                           "they may differ by one batch",
                           meeting->rows_min, meeting->rows_max);
    }
    fit->feed.batches = meeting->rows_max;
    if (fit->options->steps_per_epoch == 0)
        fit->steps = fit->feed.batches;
    return DLCORE_OK;
}

dlcore_status dlcore_fit_begin_ranks(dlcore_fit_t *fit, dlcore_status status)
{
    dlcore_meeting_t meeting = {.point = DLCORE_MEETING_FIT, .status = status};

    if (fit->ranks == NULL)
        return status;
    if (status == DLCORE_OK)
        meeting.rows = fit->ranks->collective.own_data ? fit->feed.batches : fit->feed.samples.rows;
    status = fit->ranks->code->meet(fit->ranks, &meeting, &fit->model->error);
    if (status == DLCORE_OK)
        status = settle_batches(fit, &meeting);
    if (status == DLCORE_OK)
        status = compare_options(fit);
    return status;
}

dlcore_status dlcore_fit_begun_ranks(dlcore_fit_t *fit, dlcore_status status)
{
    if (fit->ranks == NULL)
        return status;
    status = dlcore_fit_meet(fit, DLCORE_MEETING_BEGUN, status);
    if (status == DLCORE_OK)
        status = compare_options(fit);
    fit->version = dlcore_model_version(fit->model);
    return status;
}

/* ---- on the way ---- */

/* What must be the same before a step: the rate, and how often weights were written. */
static uint64_t mark_of(const dlcore_fit_t *fit)
{
    uint64_t rate, writes = dlcore_model_version(fit->model) - fit->version;

    memcpy(&rate, &fit->sink.learning_rate, sizeof rate);
    return rate ^ (writes << 52 | writes >> 12);
}

static dlcore_status meet(dlcore_fit_t *fit, dlcore_meeting_t *meeting)
{
    dlcore_status status;

    meeting->stops_by_callback = fit->stopped_by_callback;
    status = fit->ranks->code->meet(fit->ranks, meeting, &fit->model->error);
    if (status != DLCORE_OK || fit->ranks->told)
        return status;
    fit->stop |= meeting->stopped;
    fit->stopped_by_callback |= meeting->stopped_by_callback;
    return DLCORE_OK;
}

dlcore_status dlcore_fit_meet(dlcore_fit_t *fit, dlcore_meeting_point_t point, dlcore_status status)
{
    dlcore_meeting_t meeting = {.point = point, .status = status, .stops = fit->wishes_stop};

    if (fit->ranks == NULL || fit->ranks->told)
        return status;
    if (status != DLCORE_OK && fit->reason.status != DLCORE_OK)
        fit->model->error = fit->reason; /* what a callback said */
    status = meet(fit, &meeting);
    if (status != DLCORE_OK)
        fit->reason = fit->model->error; /* names the rank */
    return status;
}

/* One rank has no more data while others have: once in a pass, and it waits with no rows. */
static dlcore_status settle_end(dlcore_fit_t *fit, const dlcore_meeting_t *meeting)
{
    size_t size = fit->ranks->collective.size;

    fit->waits = meeting->ends && meeting->ended < size;
    if (meeting->ended == 0 || meeting->ended == size) {
        fit->uneven = 0;
        return DLCORE_OK;
    }
    if (++fit->uneven == 1 && fit->ranks->collective.own_data)
        return DLCORE_OK;
    fit->ranks->told = true;
    return dlcore_fail(&fit->model->error, DLCORE_ERROR_SHAPE,
                       "dataset: at batch %zu of epoch %zu %zu of %zu ranks have no more data, the "
                       "others have; %s",
                       fit->position.batch, fit->position.epoch, meeting->ended, size,
                       fit->ranks->collective.own_data
                           ? "numbers of batches may differ by one"
                           : "without own_data the dataset must be the same on all ranks");
}

dlcore_status dlcore_fit_meet_for_step(dlcore_fit_t *fit, const dlcore_source_t *source, bool ends,
                                       dlcore_status status)
{
    dlcore_meeting_t *meeting = &fit->meeting;

    *meeting = (dlcore_meeting_t){.point = DLCORE_MEETING_STEP,
                                  .status = status,
                                  .ends = ends,
                                  .stops = fit->wished, /* one of on_batch_begin is for the next */
                                  .rows = status == DLCORE_OK ? source->rows : 0,
                                  .other = mark_of(fit)};
    if (fit->ranks == NULL || fit->ranks->told)
        return status;
    if (status != DLCORE_OK && fit->reason.status != DLCORE_OK)
        fit->model->error = fit->reason;
    status = meet(fit, meeting);
    if (status == DLCORE_OK)
        status = settle_end(fit, meeting);
    if (status != DLCORE_OK)
        fit->reason = fit->model->error;
    return status;
}

dlcore_status dlcore_fit_settle_not_finite(dlcore_fit_t *fit, dlcore_status status)
{
    dlcore_meeting_t meeting = {.point = DLCORE_MEETING_STEP, .status = status};

    if (fit->ranks == NULL)
        return status;
    if (!fit->ranks->collective.own_data) {
        fit->ranks->told = true; /* all have found the same */
        return status;
    }
    meeting.weak = !fit->training.names_number;
    return fit->ranks->code->meet(fit->ranks, &meeting, &fit->model->error);
}
