/* Telling where a fit stands, and going on from there.
 *
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "base/allocator.h"
#include "base/error.h"
#include "base/size.h"
#include "fit/fit.h"

/* Each of two callbacks of one struct would undo and count what the other does. */
static dlcore_status check_structs(const dlcore_fit_t *fit)
{
    const dlcore_callback_t *list = fit->callbacks;

    for (size_t i = 0; i < fit->options->callback_count; i++) {
        for (size_t j = 0; j < i && list[i].state != NULL; j++) {
            if (list[i].state == list[j].state && list[i].user == list[j].user)
                return dlcore_fail(
                    &fit->model->error, DLCORE_ERROR_ARGUMENT,
                    "fit: callbacks %zu and %zu are of one struct; make one for each",
                    fit->places[j], fit->places[i]);
        }
    }
    return DLCORE_OK;
}

dlcore_status dlcore_fit_state_create(dlcore_fit_t *fit)
{
    const dlcore_allocator_t *allocator = &fit->model->allocator;
    size_t count = fit->options->callback_count, callbacks = 0;

    fit->view.sum_count = dlcore_sums_stored_length(&fit->training.objective);
    fit->view.value_count = fit->all_values;
    fit->view.sums = dlcore_allocate(allocator, fit->view.sum_count, sizeof(double));
    fit->view.callbacks = dlcore_allocate(allocator, count + 1, sizeof *fit->view.callbacks);
    if (fit->view.sums == NULL || fit->view.callbacks == NULL)
        return dlcore_fail_memory(&fit->model->error, "state of the run",
                                  count * sizeof *fit->view.callbacks);
    for (size_t i = 0; i < count; i++) {
        const dlcore_callback_t *callback = &fit->callbacks[i];
        dlcore_callback_state_t *state = &fit->view.callbacks[callbacks];

        if (callback->name == NULL)
            continue;
        if (strlen(callback->name) >= sizeof state->name || callback->name[0] == '\0' ||
            strchr(callback->name, '/') != NULL)
            return dlcore_fail(&fit->model->error, DLCORE_ERROR_ARGUMENT,
                               "fit: callback %zu: the name \"%.80s\" must have 1 to %zu bytes, "
                               "without a slash",
                               fit->places[i], callback->name, sizeof state->name - 1);
        for (size_t j = 0; j < callbacks; j++) {
            if (strcmp(callback->name, fit->view.callbacks[j].name) == 0)
                return dlcore_fail(&fit->model->error, DLCORE_ERROR_ARGUMENT,
                                   "fit: two callbacks are named \"%s\"", callback->name);
        }
        if (callbacks == DLCORE_RUN_CALLBACKS_MAX)
            return dlcore_fail(&fit->model->error, DLCORE_ERROR_ARGUMENT,
                               "fit: %zu callbacks, of which more than %d have a name", count,
                               DLCORE_RUN_CALLBACKS_MAX);
        if (callback->state == NULL && callback->state_count > 0)
            return dlcore_fail(&fit->model->error, DLCORE_ERROR_ARGUMENT,
                               "fit: callback \"%s\": state is NULL, but state_count is %zu",
                               callback->name, callback->state_count);
        snprintf(state->name, sizeof state->name, "%s", callback->name);
        callbacks++;
    }
    fit->view.callback_count = callbacks;
    return check_structs(fit);
}

void dlcore_fit_state_clear(dlcore_fit_t *fit)
{
    dlcore_release(&fit->model->allocator, fit->view.callbacks);
    dlcore_release(&fit->model->allocator, fit->view.sums);
}

const dlcore_run_state_t *dlcore_fit_state(dlcore_fit_t *fit)
{
    dlcore_run_state_t *view = &fit->view;
    size_t at = 0;

    view->position = fit->position;
    dlcore_sums_store(&fit->training.objective, &fit->sums, view->sums);
    view->rows = fit->history->epochs;
    view->history = fit->history->values;
    /* before its on_train_begin a callback has the state of an earlier fit */
    for (size_t i = 0; i < fit->callbacks_begun; i++) {
        const dlcore_callback_t *callback = &fit->callbacks[i];

        if (callback->name == NULL)
            continue;
        view->callbacks[at].numbers = callback->state;
        view->callbacks[at].count = callback->state_count;
        view->callbacks[at].weights = callback->weights != NULL ? *callback->weights : NULL;
        at++;
    }
    view->callback_count = at;
    return view;
}

/* ---- going on ---- */

const dlcore_run_state_t *dlcore_model_run_state(const dlcore_model_t *model)
{
    if (model->stopped == NULL && model->fit != NULL && !model->fit->ended)
        return dlcore_fit_state(model->fit);
    return model->stopped;
}

static dlcore_status check_record(const dlcore_fit_t *fit, const dlcore_run_state_t *record)
{
    dlcore_error_record_t *error = &fit->model->error;
    const dlcore_position_t *then = &record->position, *now = &fit->position;

    if (then->samples != now->samples || then->batch_size != now->batch_size)
        return dlcore_fail(error, DLCORE_ERROR_STATE,
                           "resume: the run had %zu samples in batches of %zu, this one has %zu in "
                           "batches of %zu (0: a dataset)",
                           then->samples, then->batch_size, now->samples, now->batch_size);
    if (then->precision != now->precision)
        return dlcore_fail(
            error, DLCORE_ERROR_STATE, "resume: the run trained in %s, this model trains in %s",
            dlcore_precision_name(then->precision), dlcore_precision_name(now->precision));
    if (record->value_count != fit->all_values ||
        (record->sum_count != fit->view.sum_count &&
         record->sum_count != dlcore_sums_earlier_length(&fit->training.objective)))
        return dlcore_fail(error, DLCORE_ERROR_STATE,
                           "resume: the run kept %zu values of an epoch, this one keeps %zu: other "
                           "metrics, or with validation and without",
                           record->value_count, fit->all_values);
    if (then->samples > 0 && (then->pass_batch > fit->feed.batches ||
                              (then->pass_begun && then->pass_batch == fit->feed.batches)))
        return dlcore_fail(error, DLCORE_ERROR_STATE, "resume: the run stands at batch %zu of %zu",
                           then->pass_batch, fit->feed.batches);
    return DLCORE_OK;
}

/* What the record has of a callback; NULL where it does not know it, or with other numbers: then it
 * starts anew. */
static const dlcore_callback_state_t *state_of(const dlcore_run_state_t *record,
                                               const dlcore_callback_t *callback)
{
    for (size_t i = 0; callback->name != NULL && i < record->callback_count; i++) {
        const dlcore_callback_state_t *state = &record->callbacks[i];

        if (strcmp(state->name, callback->name) == 0 && state->count == callback->state_count)
            return state;
    }
    return NULL;
}

/* Numbers that tell of weights must not come without these, nor the other way round. */
static dlcore_status check_callbacks(const dlcore_fit_t *fit, const dlcore_run_state_t *record)
{
    for (size_t i = 0; i < fit->options->callback_count; i++) {
        const dlcore_callback_t *callback = &fit->callbacks[i];
        const dlcore_callback_state_t *state = state_of(record, callback);
        bool has = callback->weights != NULL && *callback->weights != NULL;

        if (state != NULL && has != (state->weights != NULL))
            return dlcore_fail(&fit->model->error, DLCORE_ERROR_STATE,
                               "resume: callback \"%s\" keeps %s weights, in the run that goes on "
                               "it kept %s",
                               callback->name, has ? "a copy of the" : "no", has ? "none" : "some");
    }
    return DLCORE_OK;
}

static void restore_callbacks(const dlcore_fit_t *fit, const dlcore_run_state_t *record)
{
    size_t weights = fit->model->network.parameter_count;

    for (size_t i = 0; i < fit->options->callback_count; i++) {
        const dlcore_callback_t *callback = &fit->callbacks[i];
        const dlcore_callback_state_t *state = state_of(record, callback);

        if (state == NULL)
            continue;
        if (state->count > 0)
            memcpy(callback->state, state->numbers, state->count * sizeof *state->numbers);
        if (state->weights != NULL)
            memcpy(*callback->weights, state->weights, weights * sizeof *state->weights);
    }
}

static dlcore_status restore_numbers(dlcore_fit_t *fit, const dlcore_run_state_t *record)
{
    dlcore_error_record_t *error = &fit->model->error;

    if (!dlcore_sums_restore(&fit->training.objective, record->sums, record->sum_count, &fit->sums))
        return dlcore_fail(error, DLCORE_ERROR_FORMAT,
                           "resume: the number of samples of the epoch so far is not a count: %g",
                           record->sums[1]);
    for (size_t row = 0; row < record->rows; row++) {
        if (!dlcore_history_append(fit->history, record->history + row * record->value_count))
            return dlcore_fail_memory(error, "history", record->rows * sizeof(double));
    }
    return DLCORE_OK;
}

dlcore_status dlcore_fit_resume(dlcore_fit_t *fit)
{
    dlcore_model_t *model = fit->model;
    const dlcore_run_state_t *record = model->stopped;
    dlcore_status status = check_record(fit, record);

    if (status == DLCORE_OK)
        status = restore_numbers(fit, record);
    if (status != DLCORE_OK)
        return status;
    fit->position = record->position;
    fit->history->first_epoch =
        fit->position.epoch - dlcore_size_min(record->rows, fit->position.epoch);
    if (fit->position.pass_begun)
        status = dlcore_fit_seek(fit, fit->position.pass_batch, model->epochs_trained - 1);
    if (status == DLCORE_OK) /* after the dataset's code */
        status = check_callbacks(fit, record);
    if (status != DLCORE_OK)
        return status;
    restore_callbacks(fit, record);
    status = dlcore_fit_notify(fit, DLCORE_RESUME, fit->position.epoch, fit->position.batch, 0,
                               DLCORE_OK);
    if (status != DLCORE_OK)
        return status;
    if (record->weights != NULL)
        dlcore_model_import_weights(model, record->weights);
    fit->resumed = true;
    dlcore_model_drop_run(model);
    return DLCORE_OK;
}

/* ---- stopping ---- */

/* Whether something may take the weights' place between the last batch and the end. */
static bool may_replace_weights(const dlcore_fit_t *fit)
{
    for (size_t i = 0; i < fit->options->callback_count; i++) {
        if (fit->callbacks[i].on_train_end != NULL)
            return true;
    }
    return fit->model->settings.optimizer.use_ema;
}

dlcore_status dlcore_fit_leave_record(dlcore_fit_t *fit)
{
    dlcore_model_t *model = fit->model;
    size_t count = model->network.parameter_count;
    const dlcore_run_state_t *view = dlcore_fit_state(fit);

    if (!fit->stop || fit->position.epoch >= fit->options->epochs)
        return DLCORE_OK;
    model->stopped = dlcore_run_state_copy(&model->allocator, view, count);
    if (model->stopped == NULL)
        return dlcore_fail_memory(&model->error, "state of the run", sizeof *model->stopped);
    fit->recorded = true;
    if (!may_replace_weights(fit))
        return DLCORE_OK;
    model->stopped->weights = dlcore_allocate(&model->allocator, count, sizeof(float));
    if (model->stopped->weights == NULL) {
        dlcore_model_drop_run(model);
        return dlcore_fail_memory(&model->error, "state of the run", count * sizeof(float));
    }
    fit->left = true;
    fit->left_version = dlcore_model_version(model);
    return dlcore_model_get_weights(model, model->stopped->weights, count);
}

void dlcore_fit_settle_record(const dlcore_fit_t *fit)
{
    dlcore_model_t *model = fit->model;

    if (fit->recorded)
        dlcore_model_keep_run(model); /* of these weights, whatever took the trained ones' place */
    if (!fit->left || fit->left_version != dlcore_model_version(model))
        return;
    dlcore_release(&model->allocator, model->stopped->weights);
    model->stopped->weights = NULL;
}
