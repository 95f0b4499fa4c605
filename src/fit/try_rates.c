/* The learning-rate range test: a copy of the model, a rate that rises, a curve.
 *
 * An epoch of the copy's fit is one batch, whose loss the end of the epoch tells; fit goes on in
 * the data from epoch to epoch.
 *
 * SPDX-License-Identifier: MIT */
#include <float.h>
#include <math.h>

#include "base/error.h"
#include "base/traces.h"
#include "dlcore/callback.h"
#include "dlcore/learning_rate.h"
#include "dlcore/schedule.h"
#include "model/model.h"

dlcore_rate_options_t dlcore_rate_options_default(void)
{
    return (dlcore_rate_options_t){.structure_size = sizeof(dlcore_rate_options_t),
                                   .lowest = 1e-7,
                                   .highest = 10.0,
                                   .steps = 100,
                                   .batch_size = 32,
                                   .smoothing = 0.9,
                                   .divergence = 4.0};
}

static dlcore_status check_rates(const dlcore_model_t *model, const dlcore_rate_options_t *options,
                                 const dlcore_rate_curve_t *curve)
{
    dlcore_error_record_t *error = options->error;
    dlcore_status status = dlcore_check_options(options, "try_rates", error);

    if (status != DLCORE_OK)
        return status;
    if (model == NULL || curve == NULL)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "try_rates: %s is NULL",
                           model == NULL ? "model" : "curve");
    if (!model->compiled)
        return dlcore_fail(error, DLCORE_ERROR_STATE,
                           "try_rates: the model is not compiled; call model_compile first");
    if (!(options->lowest >= FLT_MIN && options->highest > options->lowest &&
          options->highest <= FLT_MAX))
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT,
                           "try_rates: 0 < lowest < highest does not hold for %g and %g",
                           options->lowest, options->highest);
    if (options->batch_size == 0)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "try_rates: batch_size is 0");
    if (!(options->smoothing >= 0.0 && options->smoothing < 1.0))
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT,
                           "try_rates: smoothing must be 0 or more and below 1, got %g",
                           options->smoothing);
    if (!(options->divergence > 1.0))
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT,
                           "try_rates: divergence must be above 1, got %g", options->divergence);
    return dlcore_check_count("try_rates", "steps", options->steps, 2, DLCORE_RATE_STEPS_MAX,
                              error);
}

typedef struct rates {
    const dlcore_rate_options_t *options;
    dlcore_schedule_t schedule;
    dlcore_rate_curve_t curve;
    double mean, decay; /* smoothed, and smoothing^batches */
    double least;
} rates_t;

static dlcore_callback_action_t note_loss(void *user, const dlcore_training_event_t *event)
{
    rates_t *rates = user;
    dlcore_rate_curve_t *curve = &rates->curve;
    double share = rates->options->smoothing, loss = event->values[0];

    if (!isfinite(loss))
        return DLCORE_CALLBACK_STOP;
    rates->mean = share * rates->mean + (1.0 - share) * loss;
    rates->decay *= share;
    loss = rates->mean / (1.0 - rates->decay);
    curve->rates[curve->count] = dlcore_schedule_value(&rates->schedule, curve->count);
    curve->losses[curve->count++] = loss;
    rates->least = fmin(rates->least, loss);
    return loss > curve->losses[0] &&
                   loss - rates->least > (rates->options->divergence - 1.0) * fabs(rates->least)
               ? DLCORE_CALLBACK_STOP
               : DLCORE_CALLBACK_CONTINUE;
}

static void suggest(dlcore_rate_curve_t *curve)
{
    size_t best = 0, steepest = 0;
    double fall = 0.0;

    for (size_t i = 1; i < curve->count; i++)
        best = curve->losses[i] < curve->losses[best] ? i : best;
    for (size_t i = 0; i < best; i++) { /* rates are equally far apart by their logarithms */
        double step = curve->losses[i] - curve->losses[i + 1];
        if (step > fall) {
            fall = step;
            steepest = i;
        }
    }
    curve->best = curve->rates[best];
    curve->steepest = curve->rates[steepest];
    curve->suggestion = curve->best / 10.0;
}

static dlcore_status train_copy(dlcore_model_t *copy, const dlcore_tensor_t *x,
                                const dlcore_tensor_t *y, rates_t *rates)
{
    dlcore_callback_t callback = {.user = rates, .on_epoch_end = note_loss};
    dlcore_fit_options_t how = dlcore_fit_options_default();
    dlcore_status status;

    copy->settings.optimizer.schedule = rates->schedule;
    how.batch_size = rates->options->batch_size;
    how.epochs = rates->options->steps;
    how.steps_per_epoch = 1;
    how.stop_on_not_finite = false;
    how.callbacks = &callback;
    how.callback_count = 1;
    status = dlcore_model_fit(copy, x, y, &how, NULL);
    if (status != DLCORE_OK)
        return dlcore_fail(rates->options->error, status, "%s", dlcore_model_error(copy));
    if (rates->curve.count == 0)
        return dlcore_fail(rates->options->error, DLCORE_ERROR_NOT_FINITE,
                           "try_rates: the loss of the first batch is not finite");
    return DLCORE_OK;
}

static dlcore_status try_rates(const dlcore_model_t *model, const dlcore_tensor_t *x,
                               const dlcore_tensor_t *y, const dlcore_rate_options_t *options,
                               dlcore_rate_curve_t *curve)
{
    rates_t rates = {.options = options, .decay = 1.0, .least = HUGE_VAL};
    dlcore_model_t *copy = NULL;
    dlcore_status status = check_rates(model, options, curve);

    if (status != DLCORE_OK)
        return status;
    rates.schedule = dlcore_schedule_exponential_decay(options->lowest, options->steps - 1,
                                                       options->highest / options->lowest);
    status = dlcore_model_clone(model, &copy);
    if (status != DLCORE_OK)
        return dlcore_fail(options->error, status, "try_rates: the model cannot be copied");
    status = train_copy(copy, x, y, &rates);
    dlcore_model_free(copy);
    if (status == DLCORE_OK) {
        suggest(&rates.curve);
        *curve = rates.curve;
    }
    return status;
}

dlcore_status dlcore_model_try_rates(const dlcore_model_t *model, const dlcore_tensor_t *x,
                                     const dlcore_tensor_t *y, const dlcore_rate_options_t *options,
                                     dlcore_rate_curve_t *curve)
{
    dlcore_traces_t before = dlcore_traces_note();
    dlcore_rate_options_t chosen = options != NULL ? *options : dlcore_rate_options_default();

    return dlcore_traces_end(before, try_rates(model, x, y, &chosen, curve));
}
