/* Smaller learning rates when a value no longer improves:
 * keras/src/callbacks/reduce_lr_on_plateau.py.
 *
 * SPDX-License-Identifier: MIT */
#include <float.h>
#include <math.h>
#include <string.h>

#include "fit/callback.h"
#include "model/model.h"

/* What the state's numbers are: files keep them in this order. */
enum {
    PLATEAU_WAIT,
    PLATEAU_COOLDOWN,
    PLATEAU_BEST,
    PLATEAU_HAS_BEST,
    PLATEAU_REDUCTIONS,
    PLATEAU_STATE_COUNT
};
_Static_assert(PLATEAU_STATE_COUNT ==
                   sizeof((dlcore_reduce_lr_on_plateau_t *)NULL)->state / sizeof(double),
               "one number each");

dlcore_reduce_lr_on_plateau_t dlcore_reduce_lr_on_plateau_default(void)
{
    return (dlcore_reduce_lr_on_plateau_t){.monitor = "val_loss",
                                           .factor = 0.1,
                                           .patience = 10,
                                           .min_delta = 1e-4,
                                           .name = "reduce_lr_on_plateau",
                                           .structure_size = sizeof(dlcore_reduce_lr_on_plateau_t),
                                           .best = (double)NAN};
}

static dlcore_monitor_t plateau_monitor(const dlcore_reduce_lr_on_plateau_t *reduce)
{
    return (dlcore_monitor_t){"reduce_lr_on_plateau", reduce->monitor, reduce->mode,
                              reduce->min_delta};
}

static void plateau_results(dlcore_reduce_lr_on_plateau_t *reduce)
{
    reduce->wait = (size_t)reduce->state[PLATEAU_WAIT];
    reduce->reductions = (size_t)reduce->state[PLATEAU_REDUCTIONS];
    reduce->best =
        reduce->state[PLATEAU_HAS_BEST] != 0.0 ? reduce->state[PLATEAU_BEST] : (double)NAN;
}

/* Before they are used: another callback may change them while fit runs. */
static dlcore_status check_plateau(const dlcore_reduce_lr_on_plateau_t *reduce,
                                   const dlcore_training_event_t *event)
{
    dlcore_monitor_t monitor = plateau_monitor(reduce);
    dlcore_status status = dlcore_check_callback(reduce, "reduce_lr_on_plateau", event->error);

    if (status == DLCORE_OK)
        status = dlcore_monitor_check(&monitor, event);
    if (status == DLCORE_OK && !(reduce->factor >= 0.0 && reduce->factor < 1.0))
        return dlcore_fail(event->error, DLCORE_ERROR_ARGUMENT,
                           "reduce_lr_on_plateau: factor must be at least 0 and below 1, got %g",
                           reduce->factor);
    if (status == DLCORE_OK && !(reduce->min_lr >= 0.0 && reduce->min_lr <= (double)FLT_MAX))
        return dlcore_fail(event->error, DLCORE_ERROR_ARGUMENT,
                           "reduce_lr_on_plateau: min_lr must lie in 0 .. %g, got %g",
                           (double)FLT_MAX, reduce->min_lr);
    return status;
}

static dlcore_callback_action_t plateau_on_train_begin(void *user,
                                                       const dlcore_training_event_t *event)
{
    dlcore_reduce_lr_on_plateau_t *reduce = user;

    if (check_plateau(reduce, event) != DLCORE_OK)
        return DLCORE_CALLBACK_FAIL;
    if (event->model->settings.optimizer.schedule.kind != DLCORE_SCHEDULE_NONE)
        return dlcore_callback_fail(event, DLCORE_ERROR_STATE,
                                    "reduce_lr_on_plateau: the optimizer has a schedule, which "
                                    "gives the learning rate");
    memset(reduce->state, 0, sizeof reduce->state);
    plateau_results(reduce);
    return DLCORE_CALLBACK_CONTINUE;
}

static dlcore_callback_action_t plateau_on_resume(void *user, const dlcore_training_event_t *event)
{
    dlcore_reduce_lr_on_plateau_t *reduce = user;
    dlcore_status status = dlcore_callback_check_counts(
        event, "reduce_lr_on_plateau", reduce->state,
        DLCORE_COUNT_BIT(PLATEAU_WAIT) | DLCORE_COUNT_BIT(PLATEAU_COOLDOWN) |
            DLCORE_COUNT_BIT(PLATEAU_REDUCTIONS));

    if (status == DLCORE_OK)
        plateau_results(reduce);
    return dlcore_callback_check(status);
}

/* Compared as float32: what a reduction gave is not above min_lr by a rounding. */
static dlcore_status reduce_rate(dlcore_reduce_lr_on_plateau_t *reduce,
                                 const dlcore_training_event_t *event)
{
    dlcore_model_t *model = event->model;
    double *state = reduce->state;
    double rate = dlcore_model_learning_rate(model);
    dlcore_status status;

    if (!((float)rate > (float)reduce->min_lr))
        return DLCORE_OK;
    status = dlcore_model_set_learning_rate(model, fmax(rate * reduce->factor, reduce->min_lr));
    if (status != DLCORE_OK)
        return dlcore_fail(event->error, status, "reduce_lr_on_plateau: %s", model->error.message);
    state[PLATEAU_COOLDOWN] = (double)reduce->cooldown;
    state[PLATEAU_WAIT] = 0.0;
    state[PLATEAU_REDUCTIONS] += 1.0;
    return DLCORE_OK;
}

static dlcore_status see(dlcore_reduce_lr_on_plateau_t *reduce,
                         const dlcore_training_event_t *event, double current)
{
    dlcore_monitor_t monitor = plateau_monitor(reduce);
    double *state = reduce->state;

    if (state[PLATEAU_COOLDOWN] > 0.0) {
        state[PLATEAU_COOLDOWN] -= 1.0;
        state[PLATEAU_WAIT] = 0.0;
    }
    if (state[PLATEAU_HAS_BEST] == 0.0 ||
        dlcore_monitor_improves(&monitor, event->model, current, state[PLATEAU_BEST])) {
        state[PLATEAU_BEST] = current;
        state[PLATEAU_HAS_BEST] = 1.0;
        state[PLATEAU_WAIT] = 0.0;
        return DLCORE_OK;
    }
    if (state[PLATEAU_COOLDOWN] > 0.0)
        return DLCORE_OK;
    state[PLATEAU_WAIT] += 1.0;
    return state[PLATEAU_WAIT] >= (double)reduce->patience ? reduce_rate(reduce, event) : DLCORE_OK;
}

static dlcore_callback_action_t plateau_on_epoch_end(void *user,
                                                     const dlcore_training_event_t *event)
{
    dlcore_reduce_lr_on_plateau_t *reduce = user;
    dlcore_monitor_t monitor = plateau_monitor(reduce);
    dlcore_status status;
    double current;

    if (check_plateau(reduce, event) != DLCORE_OK)
        return DLCORE_CALLBACK_FAIL;
    if (!dlcore_monitor_value(&monitor, event, &current)) {
        if (dlcore_event_has(event, reduce->monitor))
            return DLCORE_CALLBACK_CONTINUE;
        (void)dlcore_event_fail_name(event, "reduce_lr_on_plateau", reduce->monitor);
        return DLCORE_CALLBACK_FAIL;
    }
    status = see(reduce, event, current);
    plateau_results(reduce);
    return dlcore_callback_check(status);
}

dlcore_callback_t dlcore_reduce_lr_on_plateau_callback(dlcore_reduce_lr_on_plateau_t *reduce)
{
    if (reduce == NULL)
        return dlcore_callback_missing("reduce_lr_on_plateau");
    return (dlcore_callback_t){.user = reduce,
                               .on_train_begin = plateau_on_train_begin,
                               .on_epoch_end = plateau_on_epoch_end,
                               .name = reduce->name,
                               .state = reduce->state,
                               .state_count = PLATEAU_STATE_COUNT,
                               .on_resume = plateau_on_resume};
}
