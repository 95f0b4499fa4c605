/* What a fit tells: names and values, callbacks, the progress line.
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "fit/fit.h"
#include "model/dataset.h"

void dlcore_fit_name_values(dlcore_fit_t *fit)
{
    char metrics[DLCORE_METRICS_MAX][DLCORE_RESULT_NAME_SIZE];
    size_t count = dlcore_result_names(&fit->model->settings, metrics) + 1;

    fit->trained_values = count;
    fit->all_values = fit->validates ? 2 * count : count;
    for (size_t i = 0; i < fit->all_values; i++) {
        size_t of = i < count ? i : i - count;
        snprintf(fit->name_texts[i], sizeof fit->name_texts[i], "%s%.59s", i >= count ? "val_" : "",
                 of == 0 ? "loss" : metrics[of - 1]);
        fit->names[i] = fit->name_texts[i];
        fit->values[i] = (double)NAN;
    }
}

void dlcore_fit_set_values(const dlcore_fit_t *fit, const dlcore_sums_t *sums, double *values)
{
    values[0] = dlcore_sums_loss(sums);
    for (size_t i = 0; i + 1 < fit->trained_values; i++)
        values[i + 1] = dlcore_sums_metric(&fit->training.objective, sums, i);
}

static const char *const moment_names[] = {
    [DLCORE_TRAIN_BEGIN] = "on_train_begin", [DLCORE_TRAIN_END] = "on_train_end",
    [DLCORE_RESUME] = "on_resume",           [DLCORE_EPOCH_BEGIN] = "on_epoch_begin",
    [DLCORE_EPOCH_END] = "on_epoch_end",     [DLCORE_BATCH_BEGIN] = "on_batch_begin",
    [DLCORE_BATCH_END] = "on_batch_end",
};

static dlcore_callback_function_t function_of(const dlcore_callback_t *callback,
                                              dlcore_moment_t moment)
{
    switch (moment) {
    case DLCORE_TRAIN_BEGIN:
        return callback->on_train_begin;
    case DLCORE_TRAIN_END:
        return callback->on_train_end;
    case DLCORE_RESUME:
        return callback->on_resume;
    case DLCORE_EPOCH_BEGIN:
        return callback->on_epoch_begin;
    case DLCORE_EPOCH_END:
        return callback->on_epoch_end;
    case DLCORE_BATCH_BEGIN:
        return callback->on_batch_begin;
    case DLCORE_BATCH_END:
        return callback->on_batch_end;
    }
    return NULL;
}

static bool is_action(dlcore_callback_action_t action)
{
    return action == DLCORE_CALLBACK_CONTINUE || action == DLCORE_CALLBACK_STOP ||
           action == DLCORE_CALLBACK_FAIL;
}

/* A callback returned a number that is no action, such as a dlcore_status. */
static dlcore_status refuse_action(dlcore_fit_t *fit, size_t index, dlcore_moment_t moment,
                                   dlcore_callback_action_t action)
{
    const char *name = fit->callbacks[index].name;

    if (fit->reason.status != DLCORE_OK)
        return fit->reason.status;
    return dlcore_fail(&fit->reason, DLCORE_ERROR_ARGUMENT,
                       "fit: callback %zu (%.40s): %s returned %d, which is not a "
                       "dlcore_callback_action: return CONTINUE (0), STOP (1) or FAIL (2)",
                       fit->places[index], name != NULL ? name : "no name", moment_names[moment],
                       (int)action);
}

/* What a callback that failed says, as the fit's own error: its message where it left one, which
 * need not end. Where the fit has failed before, that stays the reason. */
static dlcore_status take_failure(dlcore_fit_t *fit, size_t index, dlcore_moment_t moment)
{
    const dlcore_error_record_t *said = &fit->failure;
    const char *name = fit->callbacks[index].name;
    char what[128];

    if (fit->reason.status != DLCORE_OK)
        return fit->reason.status;
    if (said->message[0] != '\0' && said->status <= DLCORE_OK) {
        dlcore_error_write(&fit->reason,
                           said->status != DLCORE_OK ? said->status : DLCORE_ERROR_STATE, "%.*s",
                           (int)sizeof said->message - 1, said->message);
        return fit->reason.status;
    }
    snprintf(what, sizeof what, "fit: callback %zu (%.40s)", fit->places[index],
             name != NULL ? name : "no name");
    if (said->status == DLCORE_OK)
        return dlcore_fail(&fit->reason, DLCORE_ERROR_STATE, "%s failed in %s", what,
                           moment_names[moment]);
    snprintf(what + strlen(what), sizeof what - strlen(what), ": %s", moment_names[moment]);
    return dlcore_host_failed(what, said->status, said, &fit->reason);
}

/* In the host's own float mode, on a thread that may set weights meanwhile. */
static dlcore_callback_action_t call(dlcore_fit_t *fit, dlcore_moment_t moment,
                                     const dlcore_callback_t *callback,
                                     const dlcore_training_event_t *event)
{
    dlcore_callback_action_t action;

    dlcore_error_clear(&fit->failure);
    dlcore_host_begin(fit->model, &fit->scope, moment_names[moment]);
    dlcore_model_lend(fit->model);
    action = function_of(callback, moment)(callback->user, event);
    dlcore_model_take_back(fit->model);
    dlcore_host_end(fit->model, &fit->scope);
    return action;
}

dlcore_status dlcore_fit_notify(dlcore_fit_t *fit, dlcore_moment_t moment, size_t epoch,
                                size_t batch, size_t value_count, dlcore_status status)
{
    dlcore_training_event_t event = {.model = fit->model,
                                     .epoch = epoch,
                                     .epochs = fit->options->epochs,
                                     .batch = batch,
                                     .batches = fit->steps,
                                     .value_count = value_count,
                                     .names = fit->names,
                                     .values = fit->values,
                                     .status = status,
                                     .error = &fit->failure};
    size_t count = moment == DLCORE_TRAIN_END ? fit->callbacks_begun : fit->options->callback_count;

    for (size_t i = 0; i < count; i++) {
        dlcore_callback_action_t action;
        bool failed;

        if (moment == DLCORE_TRAIN_BEGIN)
            fit->callbacks_begun = i + 1;
        if (function_of(&fit->callbacks[i], moment) == NULL)
            continue;
        event.stopping = fit->stop || fit->wishes_stop;
        action = call(fit, moment, &fit->callbacks[i], &event);
        if (action == DLCORE_CALLBACK_STOP && !event.stopping) {
            fit->stopped_by_callback = fit->wishes_stop = true;
            fit->stop = fit->ranks == NULL;
        }
        failed = action == DLCORE_CALLBACK_FAIL || !is_action(action);
        if (failed)
            event.status = is_action(action) ? take_failure(fit, i, moment)
                                             : refuse_action(fit, i, moment, action);
        if (failed && moment != DLCORE_TRAIN_END)
            return event.status;
    }
    return event.status;
}

/* How many samples validation_split keeps back. */
static size_t held_out(const dlcore_fit_t *fit)
{
    const dlcore_source_t *validation = &fit->validation;

    return validation->x == fit->feed.samples.x && validation->begin > 0 ? validation->rows : 0;
}

/* Without memory for looking there are none to tell. */
void dlcore_fit_tell_findings(dlcore_fit_t *fit)
{
    const dlcore_model_t *model = fit->model;
    const dlcore_fit_options_t *options = fit->options;
    const dlcore_source_t *samples = &fit->feed.samples; /* empty where a dataset gives them */

    if (options->verbose != 1 || fit->resumed || model->steps_trained > 0 ||
        fit->position.epoch >= options->epochs ||
        dlcore_check_training(model, samples, held_out(fit),
                              options->sample_weight != NULL || options->class_weight != NULL,
                              &fit->findings, NULL) != DLCORE_OK)
        return;
    dlcore_host_begin(fit->model, &fit->scope, "the sink");
    for (size_t i = 0; i < fit->findings.count; i++)
        dlcore_progress_note(&fit->progress, fit->findings.list[i].text);
    dlcore_host_end(fit->model, &fit->scope);
}

void dlcore_fit_show(dlcore_fit_t *fit, dlcore_moment_t moment, size_t epoch, size_t batch)
{
    if (fit->options->verbose == 0 || (moment == DLCORE_BATCH_END && fit->options->verbose != 1))
        return;
    dlcore_host_begin(fit->model, &fit->scope, "the sink");
    if (moment == DLCORE_EPOCH_BEGIN)
        dlcore_progress_begin(&fit->progress, epoch, fit->options->epochs, fit->steps);
    else if (moment == DLCORE_BATCH_END)
        dlcore_progress_batch(&fit->progress, batch + 1, fit->names, fit->values,
                              fit->trained_values);
    else {
        fit->progress.batches = batch; /* of a dataset only known now */
        dlcore_progress_end(&fit->progress, fit->names, fit->values, fit->shown_values);
    }
    dlcore_host_end(fit->model, &fit->scope);
}
