/* Stopping when a value no longer improves: keras/src/callbacks/early_stopping.py.
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <string.h>

#include "base/allocator.h"
#include "fit/callback.h"
#include "model/model.h"

/* What the state's numbers are: files keep them in this order. */
enum {
    STOPPING_WAIT,
    STOPPING_EPOCH,
    STOPPING_BEST_EPOCH,
    STOPPING_BEST,
    STOPPING_HAS_BEST,
    STOPPING_HAS_WEIGHTS,
    STOPPING_STATE_COUNT
};
_Static_assert(STOPPING_STATE_COUNT ==
                   sizeof((dlcore_early_stopping_t *)NULL)->state / sizeof(double),
               "one number each");

dlcore_early_stopping_t dlcore_early_stopping_default(void)
{
    return (dlcore_early_stopping_t){.monitor = "val_loss",
                                     .baseline = (double)NAN,
                                     .name = "early_stopping",
                                     .structure_size = sizeof(dlcore_early_stopping_t),
                                     .best = (double)NAN};
}

static dlcore_monitor_t stopping_monitor(const dlcore_early_stopping_t *stopping)
{
    return (dlcore_monitor_t){"early_stopping", stopping->monitor, stopping->mode,
                              stopping->min_delta};
}

static void stopping_results(dlcore_early_stopping_t *stopping)
{
    const double *state = stopping->state;

    stopping->wait = (size_t)state[STOPPING_WAIT];
    stopping->stopped_epoch = (size_t)state[STOPPING_EPOCH];
    stopping->best_epoch = (size_t)state[STOPPING_BEST_EPOCH];
    stopping->best = state[STOPPING_HAS_BEST] != 0.0 ? state[STOPPING_BEST] : (double)NAN;
}

/* Before they are used: another callback may change them while fit runs. */
static dlcore_status check_stopping(const dlcore_early_stopping_t *stopping,
                                    const dlcore_training_event_t *event)
{
    dlcore_monitor_t monitor = stopping_monitor(stopping);
    dlcore_status status = dlcore_check_callback(stopping, "early_stopping", event->error);

    if (status == DLCORE_OK)
        status = dlcore_monitor_check(&monitor, event);
    if (status == DLCORE_OK && isinf(stopping->baseline))
        return dlcore_fail(event->error, DLCORE_ERROR_ARGUMENT,
                           "early_stopping: baseline must be finite, or NaN for none, got %g",
                           stopping->baseline);
    return status;
}

static dlcore_callback_action_t stopping_on_train_begin(void *user,
                                                        const dlcore_training_event_t *event)
{
    dlcore_early_stopping_t *stopping = user;
    dlcore_model_t *model = event->model;
    size_t count = model->network.parameter_count;
    dlcore_allocator_t held = dlcore_held_allocator(model);

    if (dlcore_check_callback(stopping, "early_stopping", event->error) != DLCORE_OK)
        return DLCORE_CALLBACK_FAIL;
    stopping->best_weights = NULL; /* of a fit that was left: released with that */
    if (check_stopping(stopping, event) != DLCORE_OK)
        return DLCORE_CALLBACK_FAIL;
    memset(stopping->state, 0, sizeof stopping->state);
    stopping_results(stopping);
    if (!stopping->restore_best_weights)
        return DLCORE_CALLBACK_CONTINUE;
    /* at once, so that a run that resumes has where to put those of its file */
    stopping->best_weights = dlcore_allocate(&held, count, sizeof(float));
    if (stopping->best_weights != NULL)
        return DLCORE_CALLBACK_CONTINUE;
    (void)dlcore_fail_memory(event->error, "early_stopping", count * sizeof(float));
    return DLCORE_CALLBACK_FAIL;
}

static dlcore_callback_action_t stopping_on_resume(void *user, const dlcore_training_event_t *event)
{
    dlcore_early_stopping_t *stopping = user;
    dlcore_status status = dlcore_callback_check_counts(event, "early_stopping", stopping->state,
                                                        DLCORE_COUNT_BIT(STOPPING_WAIT) |
                                                            DLCORE_COUNT_BIT(STOPPING_EPOCH) |
                                                            DLCORE_COUNT_BIT(STOPPING_BEST_EPOCH));

    if (status != DLCORE_OK) /* on_train_end must not believe it */
        memset(stopping->state, 0, sizeof stopping->state);
    stopping_results(stopping);
    return dlcore_callback_check(status);
}

static void keep_weights(dlcore_early_stopping_t *stopping, const dlcore_training_event_t *event)
{
    const dlcore_model_t *model = event->model;

    stopping->state[STOPPING_BEST_EPOCH] = (double)event->epoch;
    if (stopping->best_weights == NULL)
        return;
    (void)dlcore_model_get_weights(model, stopping->best_weights, model->network.parameter_count);
    stopping->state[STOPPING_HAS_WEIGHTS] = 1.0;
}

/* Counts the epoch; whether that was one too many. */
static bool is_over(dlcore_early_stopping_t *stopping, const dlcore_training_event_t *event,
                    double current)
{
    dlcore_monitor_t monitor = stopping_monitor(stopping);
    double *state = stopping->state;

    if (stopping->best_weights != NULL && state[STOPPING_HAS_WEIGHTS] == 0.0)
        keep_weights(stopping, event);
    state[STOPPING_WAIT] += 1.0;
    if (state[STOPPING_HAS_BEST] == 0.0 ||
        dlcore_monitor_improves(&monitor, event->model, current, state[STOPPING_BEST])) {
        state[STOPPING_BEST] = current;
        state[STOPPING_HAS_BEST] = 1.0;
        keep_weights(stopping, event);
        if (isnan(stopping->baseline) ||
            dlcore_monitor_improves(&monitor, event->model, current, stopping->baseline))
            state[STOPPING_WAIT] = 0.0;
        return false;
    }
    /* Keras never stops at the first epoch */
    return state[STOPPING_WAIT] >= (double)stopping->patience && event->epoch > 0;
}

static dlcore_callback_action_t stopping_on_epoch_end(void *user,
                                                      const dlcore_training_event_t *event)
{
    dlcore_early_stopping_t *stopping = user;
    dlcore_monitor_t monitor = stopping_monitor(stopping);
    double current;
    bool over;

    if (check_stopping(stopping, event) != DLCORE_OK)
        return DLCORE_CALLBACK_FAIL;
    if (stopping->restore_best_weights && stopping->best_weights == NULL)
        return dlcore_callback_check(dlcore_event_fail_anew(event, "early_stopping"));
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
        stopping->state[STOPPING_EPOCH] = (double)event->epoch;
    stopping_results(stopping);
    return over ? DLCORE_CALLBACK_STOP : DLCORE_CALLBACK_CONTINUE;
}

/* After the averages of the weights, if any, have taken their places: as in Keras, the weights of
 * the best epoch win. */
static dlcore_callback_action_t stopping_on_train_end(void *user,
                                                      const dlcore_training_event_t *event)
{
    dlcore_early_stopping_t *stopping = user;
    dlcore_model_t *model = event->model;
    dlcore_allocator_t held = dlcore_held_allocator(model);
    dlcore_status status = DLCORE_OK;

    if (stopping->structure_size != sizeof *stopping || stopping->best_weights == NULL)
        return DLCORE_CALLBACK_CONTINUE;
    if (stopping->state[STOPPING_HAS_WEIGHTS] != 0.0)
        status =
            dlcore_model_set_weights(model, stopping->best_weights, model->network.parameter_count);
    dlcore_release(&held, stopping->best_weights);
    stopping->best_weights = NULL;
    return dlcore_callback_check(status);
}

dlcore_callback_t dlcore_early_stopping_callback(dlcore_early_stopping_t *stopping)
{
    if (stopping == NULL)
        return dlcore_callback_missing("early_stopping");
    return (dlcore_callback_t){.user = stopping,
                               .on_train_begin = stopping_on_train_begin,
                               .on_train_end = stopping_on_train_end,
                               .on_epoch_end = stopping_on_epoch_end,
                               .name = stopping->name,
                               .state = stopping->state,
                               .state_count = STOPPING_STATE_COUNT,
                               .weights = &stopping->best_weights,
                               .on_resume = stopping_on_resume};
}
