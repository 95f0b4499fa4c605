/* Learning rates by the epoch, from a function of the host's:
 * keras/src/callbacks/learning_rate_scheduler.py. The model keeps the rate, also in files: there is
 * no state.
 *
 * SPDX-License-Identifier: MIT */
#include "fit/callback.h"
#include "model/model.h"

dlcore_learning_rate_scheduler_t dlcore_learning_rate_scheduler_default(dlcore_rate_function_t rate,
                                                                        void *user)
{
    return (dlcore_learning_rate_scheduler_t){
        .rate = rate, .user = user, .structure_size = sizeof(dlcore_learning_rate_scheduler_t)};
}

/* Before it is called: another callback may change it while fit runs. */
static dlcore_status check_scheduler(const dlcore_learning_rate_scheduler_t *scheduler,
                                     const dlcore_training_event_t *event)
{
    dlcore_status status =
        dlcore_check_callback(scheduler, "learning_rate_scheduler", event->error);

    if (status == DLCORE_OK && scheduler->rate == NULL)
        return dlcore_fail(event->error, DLCORE_ERROR_ARGUMENT,
                           "learning_rate_scheduler: rate is NULL");
    return status;
}

static dlcore_callback_action_t scheduler_on_train_begin(void *user,
                                                         const dlcore_training_event_t *event)
{
    const dlcore_learning_rate_scheduler_t *scheduler = user;

    if (check_scheduler(scheduler, event) != DLCORE_OK)
        return DLCORE_CALLBACK_FAIL;
    if (event->model->settings.optimizer.schedule.kind != DLCORE_SCHEDULE_NONE)
        return dlcore_callback_fail(event, DLCORE_ERROR_STATE,
                                    "learning_rate_scheduler: the optimizer has a schedule, which "
                                    "gives the learning rate");
    return DLCORE_CALLBACK_CONTINUE;
}

static dlcore_callback_action_t scheduler_on_epoch_begin(void *user,
                                                         const dlcore_training_event_t *event)
{
    const dlcore_learning_rate_scheduler_t *scheduler = user;
    dlcore_model_t *model = event->model;
    dlcore_status status;
    double rate;

    if (check_scheduler(scheduler, event) != DLCORE_OK)
        return DLCORE_CALLBACK_FAIL;
    rate = scheduler->rate(scheduler->user, event->epoch, dlcore_model_learning_rate(model));
    status = dlcore_model_set_learning_rate(model, rate);
    if (status == DLCORE_OK)
        return DLCORE_CALLBACK_CONTINUE;
    return dlcore_callback_fail(event, status, "learning_rate_scheduler: epoch %zu: %s",
                                event->epoch, model->error.message);
}

dlcore_callback_t
dlcore_learning_rate_scheduler_callback(dlcore_learning_rate_scheduler_t *scheduler)
{
    if (scheduler == NULL)
        return dlcore_callback_missing("learning_rate_scheduler");
    return (dlcore_callback_t){.user = scheduler,
                               .on_train_begin = scheduler_on_train_begin,
                               .on_epoch_begin = scheduler_on_epoch_begin};
}
