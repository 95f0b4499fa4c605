/* Stopping when a value no longer improves: keras/src/callbacks/early_stopping.py.
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <string.h>

#include "base/allocator.h"
#include "fit/callback.h"
#include "model/model.h"

/* What the state's numbers are: files keep them in this order. */
enum { WAIT, STOPPED_EPOCH, BEST_EPOCH, BEST, HAS_BEST, HAS_WEIGHTS, STATE_COUNT };
_Static_assert(STATE_COUNT == sizeof((dlcore_early_stopping_t *)NULL)->state / sizeof(double),
               "one number each");

dlcore_early_stopping_t dlcore_early_stopping_default(void)
{
    return (dlcore_early_stopping_t){.monitor = "val_loss",
                                     .baseline = (double)NAN,
                                     .name = "early_stopping",
                                     .structure_size = sizeof(dlcore_early_stopping_t),
                                     .best = (double)NAN};
}

static dlcore_monitor_t monitor_of(const dlcore_early_stopping_t *stopping)
{
    return (dlcore_monitor_t){"early_stopping", stopping->monitor, stopping->mode,
                              stopping->min_delta};
}

static void set_results(dlcore_early_stopping_t *stopping)
{
    const double *state = stopping->state;

    stopping->wait = (size_t)state[WAIT];
    stopping->stopped_epoch = (size_t)state[STOPPED_EPOCH];
    stopping->best_epoch = (size_t)state[BEST_EPOCH];
    stopping->best = state[HAS_BEST] != 0.0 ? state[BEST] : (double)NAN;
}

static dlcore_callback_action_t on_train_begin(void *user, const dlcore_training_event_t *event)
{
    dlcore_early_stopping_t *stopping = user;
    dlcore_monitor_t monitor = monitor_of(stopping);
    dlcore_model_t *model = event->model;
    size_t count = model->network.parameter_count;
    dlcore_allocator_t held = dlcore_held_allocator(model);

    if (dlcore_check_callback(stopping, "early_stopping", event->error) != DLCORE_OK)
        return DLCORE_CALLBACK_FAIL;
    stopping->best_weights = NULL; /* of a fit that was left: released with that */
    if (dlcore_monitor_check(&monitor, event) != DLCORE_OK)
        return DLCORE_CALLBACK_FAIL;
    if (isinf(stopping->baseline))
        return dlcore_callback_fail(event, DLCORE_ERROR_ARGUMENT,
                                    "early_stopping: baseline must be finite, or NaN for none, "
                                    "got %g",
                                    stopping->baseline);
    memset(stopping->state, 0, sizeof stopping->state);
    set_results(stopping);
    if (!stopping->restore_best_weights)
        return DLCORE_CALLBACK_CONTINUE;
    /* at once, so that a run that resumes has where to put those of its file */
    stopping->best_weights = dlcore_allocate(&held, count, sizeof(float));
    if (stopping->best_weights != NULL)
        return DLCORE_CALLBACK_CONTINUE;
    (void)dlcore_fail_memory(event->error, "early_stopping", count * sizeof(float));
    return DLCORE_CALLBACK_FAIL;
}

static dlcore_callback_action_t on_resume(void *user, const dlcore_training_event_t *event)
{
    dlcore_early_stopping_t *stopping = user;
    dlcore_status status = dlcore_callback_check_counts(
        event, "early_stopping", stopping->state,
        DLCORE_COUNT_BIT(WAIT) | DLCORE_COUNT_BIT(STOPPED_EPOCH) | DLCORE_COUNT_BIT(BEST_EPOCH));

    if (status != DLCORE_OK) /* on_train_end must not believe it */
        memset(stopping->state, 0, sizeof stopping->state);
    set_results(stopping);
    return dlcore_callback_check(status);
}

static void keep(dlcore_early_stopping_t *stopping, const dlcore_training_event_t *event)
{
    const dlcore_model_t *model = event->model;

    stopping->state[BEST_EPOCH] = (double)event->epoch;
    if (stopping->best_weights == NULL)
        return;
    (void)dlcore_model_get_weights(model, stopping->best_weights, model->network.parameter_count);
    stopping->state[HAS_WEIGHTS] = 1.0;
}

/* Counts the epoch; whether that was one too many. */
static bool is_over(dlcore_early_stopping_t *stopping, const dlcore_training_event_t *event,
                    double current)
{
    dlcore_monitor_t monitor = monitor_of(stopping);
    double *state = stopping->state;

    if (stopping->best_weights != NULL && state[HAS_WEIGHTS] == 0.0)
        keep(stopping, event);
    state[WAIT] += 1.0;
    if (state[HAS_BEST] == 0.0 ||
        dlcore_monitor_improves(&monitor, event->model, current, state[BEST])) {
        state[BEST] = current;
        state[HAS_BEST] = 1.0;
        keep(stopping, event);
        if (isnan(stopping->baseline) ||
            dlcore_monitor_improves(&monitor, event->model, current, stopping->baseline))
            state[WAIT] = 0.0;
        return false;
    }
    /* Keras never stops at the first epoch */
    return state[WAIT] >= (double)stopping->patience && event->epoch > 0;
}

static dlcore_callback_action_t on_epoch_end(void *user, const dlcore_training_event_t *event)
{
    dlcore_early_stopping_t *stopping = user;
    dlcore_monitor_t monitor = monitor_of(stopping);
    double current;
    bool over;

    if (!dlcore_monitor_value(&monitor, event, &current)) {
        if (dlcore_event_has(event, stopping->monitor))
            return DLCORE_CALLBACK_CONTINUE;
        (void)dlcore_event_fail_name(event, "early_stopping", stopping->monitor);
        return DLCORE_CALLBACK_FAIL;
    }
    if (event->epoch < stopping->start_from_epoch)
        return DLCORE_CALLBACK_CONTINUE;
    over = is_over(stopping, event, current);
    if (over)
        stopping->state[STOPPED_EPOCH] = (double)event->epoch;
    set_results(stopping);
    return over ? DLCORE_CALLBACK_STOP : DLCORE_CALLBACK_CONTINUE;
}

/* After the averages of the weights, if any, have taken their places: as in Keras, the weights of
 * the best epoch win. */
static dlcore_callback_action_t on_train_end(void *user, const dlcore_training_event_t *event)
{
    dlcore_early_stopping_t *stopping = user;
    dlcore_model_t *model = event->model;
    dlcore_allocator_t held = dlcore_held_allocator(model);
    dlcore_status status = DLCORE_OK;

    if (stopping->structure_size != sizeof *stopping || stopping->best_weights == NULL)
        return DLCORE_CALLBACK_CONTINUE;
    if (stopping->state[HAS_WEIGHTS] != 0.0)
        status =
            dlcore_model_set_weights(model, stopping->best_weights, model->network.parameter_count);
    dlcore_release(&held, stopping->best_weights);
    stopping->best_weights = NULL;
    return dlcore_callback_check(status);
}

dlcore_callback_t dlcore_early_stopping_callback(dlcore_early_stopping_t *stopping)
{
    return (dlcore_callback_t){.user = stopping,
                               .on_train_begin = on_train_begin,
                               .on_train_end = on_train_end,
                               .on_epoch_end = on_epoch_end,
                               .name = stopping->name,
                               .state = stopping->state,
                               .state_count = STATE_COUNT,
                               .weights = &stopping->best_weights,
                               .on_resume = on_resume};
}
