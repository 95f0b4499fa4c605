/* Weights from before the loss went astray.
 *
 * SPDX-License-Identifier: MIT */
#include "base/allocator.h"
#include "base/finite.h"
#include "fit/callback.h"
#include "model/model.h"

/* What the state's numbers are: files keep them in this order. */
enum {
    ROLL_BACK_EPOCH,
    ROLL_BACK_BATCH,
    ROLL_BACK_HAS_WEIGHTS,
    ROLL_BACK_BATCHES_SEEN,
    ROLL_BACK_STATE_COUNT
};
_Static_assert(ROLL_BACK_STATE_COUNT == sizeof((dlcore_roll_back_t *)NULL)->state / sizeof(double),
               "one number each");

dlcore_roll_back_t dlcore_roll_back_default(void)
{
    return (dlcore_roll_back_t){.name = "roll_back", .structure_size = sizeof(dlcore_roll_back_t)};
}

static dlcore_callback_action_t roll_back_on_train_begin(void *user,
                                                         const dlcore_training_event_t *event)
{
    dlcore_roll_back_t *roll_back = user;
    dlcore_model_t *model = event->model;
    size_t count = model->network.parameter_count;
    dlcore_allocator_t held = dlcore_held_allocator(model);

    if (dlcore_check_callback(roll_back, "roll_back", event->error) != DLCORE_OK)
        return DLCORE_CALLBACK_FAIL;
    roll_back->weights = roll_back->next = NULL; /* of a fit that was left: released with that */
    if (!dlcore_event_stops_on_not_finite(event))
        return dlcore_callback_fail(event, DLCORE_ERROR_ARGUMENT,
                                    "roll_back: fit's stop_on_not_finite is false: it would never "
                                    "end with an error that puts weights back");
    memset(roll_back->state, 0, sizeof roll_back->state);
    roll_back->rolled_back = roll_back->copied = false;
    roll_back->epoch = roll_back->batch = 0;
    roll_back->weights = dlcore_allocate(&held, count, sizeof(float));
    roll_back->next = dlcore_allocate(&held, count, sizeof(float));
    if (roll_back->weights != NULL && roll_back->next != NULL)
        return DLCORE_CALLBACK_CONTINUE;
    (void)dlcore_fail_memory(event->error, "roll_back", count * sizeof(float));
    return DLCORE_CALLBACK_FAIL;
}

static dlcore_callback_action_t roll_back_on_resume(void *user,
                                                    const dlcore_training_event_t *event)
{
    dlcore_roll_back_t *roll_back = user;
    dlcore_status status = dlcore_callback_check_counts(
        event, "roll_back", roll_back->state,
        DLCORE_COUNT_BIT(ROLL_BACK_EPOCH) | DLCORE_COUNT_BIT(ROLL_BACK_BATCH) |
            DLCORE_COUNT_BIT(ROLL_BACK_BATCHES_SEEN));

    if (status != DLCORE_OK) /* on_train_end must not believe it */
        memset(roll_back->state, 0, sizeof roll_back->state);
    return dlcore_callback_check(status);
}

/* Whether the weights that this batch begins with are to be copied. */
static bool roll_back_is_due(const dlcore_roll_back_t *roll_back,
                             const dlcore_training_event_t *event)
{
    return event->batch == 0 ||
           (roll_back->save_freq > 0 &&
            roll_back->state[ROLL_BACK_BATCHES_SEEN] >= (double)roll_back->save_freq);
}

/* Copies are made aside. They begin a batch, as only its loss tells whether they are any good:
 * weights that an update has blown up are finite at first. */
static dlcore_callback_action_t roll_back_on_batch_begin(void *user,
                                                         const dlcore_training_event_t *event)
{
    dlcore_roll_back_t *roll_back = user;
    size_t count = event->model->network.parameter_count;

    roll_back->copied = roll_back_is_due(roll_back, event);
    if (!roll_back->copied)
        return DLCORE_CALLBACK_CONTINUE;
    if (roll_back->next == NULL)
        return dlcore_callback_check(dlcore_event_fail_anew(event, "roll_back"));
    (void)dlcore_model_get_weights(event->model, roll_back->next, count);
    roll_back->copied = dlcore_all_finite(roll_back->next, count);
    return DLCORE_CALLBACK_CONTINUE;
}

/* The batch's loss was finite, else fit would have ended: what was copied before it is good. */
static dlcore_callback_action_t roll_back_on_batch_end(void *user,
                                                       const dlcore_training_event_t *event)
{
    dlcore_roll_back_t *roll_back = user;
    double *state = roll_back->state;
    float *old = roll_back->weights;

    if (roll_back->copied) {
        roll_back->weights = roll_back->next;
        roll_back->next = old;
        state[ROLL_BACK_EPOCH] = (double)event->epoch;
        state[ROLL_BACK_BATCH] = (double)event->batch;
        state[ROLL_BACK_HAS_WEIGHTS] = 1.0;
    }
    if (roll_back->save_freq == 0)
        return DLCORE_CALLBACK_CONTINUE;
    if (state[ROLL_BACK_BATCHES_SEEN] >= (double)roll_back->save_freq)
        state[ROLL_BACK_BATCHES_SEEN] = 0.0;
    state[ROLL_BACK_BATCHES_SEEN] += 1.0;
    return DLCORE_CALLBACK_CONTINUE;
}

static dlcore_callback_action_t roll_back_on_train_end(void *user,
                                                       const dlcore_training_event_t *event)
{
    dlcore_roll_back_t *roll_back = user;
    dlcore_model_t *model = event->model;
    dlcore_allocator_t held = dlcore_held_allocator(model);
    dlcore_status status = DLCORE_OK;

    if (roll_back->structure_size != sizeof *roll_back)
        return DLCORE_CALLBACK_CONTINUE;
    if (event->status == DLCORE_ERROR_NOT_FINITE && roll_back->weights != NULL &&
        roll_back->state[ROLL_BACK_HAS_WEIGHTS] != 0.0) {
        status =
            dlcore_model_set_weights(model, roll_back->weights, model->network.parameter_count);
        roll_back->rolled_back = true;
        roll_back->epoch = (size_t)roll_back->state[ROLL_BACK_EPOCH];
        roll_back->batch = (size_t)roll_back->state[ROLL_BACK_BATCH];
    }
    dlcore_release(&held, roll_back->weights);
    dlcore_release(&held, roll_back->next);
    roll_back->weights = roll_back->next = NULL;
    return dlcore_callback_check(status);
}

dlcore_callback_t dlcore_roll_back_callback(dlcore_roll_back_t *roll_back)
{
    if (roll_back == NULL)
        return dlcore_callback_missing("roll_back");
    return (dlcore_callback_t){.user = roll_back,
                               .on_train_begin = roll_back_on_train_begin,
                               .on_train_end = roll_back_on_train_end,
                               .on_batch_begin = roll_back_on_batch_begin,
                               .on_batch_end = roll_back_on_batch_end,
                               .name = roll_back->name,
                               .state = roll_back->state,
                               .state_count = ROLL_BACK_STATE_COUNT,
                               .weights = &roll_back->weights,
                               .on_resume = roll_back_on_resume};
}
