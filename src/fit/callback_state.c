/* What the ready-made callbacks ask about states that come back, and about the run they are in.
 *
 * SPDX-License-Identifier: MIT */
#include "base/size.h"
#include "fit/callback.h"
#include "fit/fit.h"

dlcore_status dlcore_callback_check_counts(const dlcore_training_event_t *event, const char *owner,
                                           const double *state, unsigned counts)
{
    size_t count;

    for (size_t i = 0; counts >> i != 0; i++) {
        if ((counts >> i & 1u) != 0 && !dlcore_size_of_double(state[i], &count))
            return dlcore_fail(event->error, DLCORE_ERROR_FORMAT,
                               "%s: number %zu of the state that the run kept is not a count: %g",
                               owner, i, state[i]);
    }
    return DLCORE_OK;
}

dlcore_status dlcore_event_fail_anew(const dlcore_training_event_t *event, const char *owner)
{
    return dlcore_fail(event->error, DLCORE_ERROR_STATE,
                       "%s: the struct was set anew, or used by another fit, while this one runs",
                       owner);
}

bool dlcore_event_writes(const dlcore_training_event_t *event)
{
    return event->model == NULL || dlcore_model_writes(event->model);
}

bool dlcore_event_stopped_by_callback(const dlcore_training_event_t *event)
{
    const dlcore_fit_t *fit = event->model->fit;

    return fit != NULL && fit->stopped_by_callback;
}

bool dlcore_event_stops_on_not_finite(const dlcore_training_event_t *event)
{
    const dlcore_fit_t *fit = event->model->fit;

    return fit == NULL || fit->options->stop_on_not_finite;
}

/* user: the name of the callback. */
static dlcore_callback_action_t refuse(void *user, const dlcore_training_event_t *event)
{
    const char *owner = user;

    return dlcore_callback_fail(event, DLCORE_ERROR_ARGUMENT, "%s: the struct is NULL", owner);
}

dlcore_callback_t dlcore_callback_missing(const char *owner)
{
    return (dlcore_callback_t){.user = (char *)owner, .on_train_begin = refuse};
}
