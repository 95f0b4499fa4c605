/* What the ready-made callbacks share: failing, names of values, monitored values.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_FIT_CALLBACK_H
#define DLCORE_FIT_CALLBACK_H

#include "system/compiler.h"

#include "base/error.h"
#include "dlcore/callbacks.h"

DLCORE_HIDDEN_BEGIN

/* Fills the event's error record and answers DLCORE_CALLBACK_FAIL. */
#define dlcore_callback_fail(event, status, ...) \
    (dlcore_error_write((event)->error, status, __VA_ARGS__), DLCORE_CALLBACK_FAIL)
/* Fills the event's error record with what another record says, `owner` ("csv_logger") before it,
 * and answers its status. */
#define dlcore_event_fail_as(event, owner, found) \
    dlcore_fail((event)->error, (found)->status, "%s: %s", owner, (found)->message)
/* FAIL when `status` is an error, whose message the event has already. */
#define dlcore_callback_check(status) \
    ((status) == DLCORE_OK ? DLCORE_CALLBACK_CONTINUE : DLCORE_CALLBACK_FAIL)

/* DLCORE_ERROR_STATE, in the event: the struct of `owner` no longer has what it had as training
 * began. */
dlcore_status dlcore_event_fail_anew(const dlcore_training_event_t *event, const char *owner);

/* What the constructor of a ready-made callback answers for NULL: fit refuses it by name. `owner`
 * is not copied. */
dlcore_callback_t dlcore_callback_missing(const char *owner);

/* The names that this fit has values for, at the end of some epoch; of an event that is not fit's,
 * those it has now. */
size_t dlcore_event_names(const dlcore_training_event_t *event, const char *const **names);
/* Whether `name` is one of them. */
bool dlcore_event_has(const dlcore_training_event_t *event, const char *name);
/* Whether fit validates at the end of any epoch of its options, be it done or still to come; true
 * for an event that is not fit's. */
bool dlcore_event_ever_validates(const dlcore_training_event_t *event);
/* Whether what `name` asks for, however it is written, is a value of validation: after a batch
 * there is none. */
bool dlcore_event_validates(const dlcore_training_event_t *event, const char *name);
/* DLCORE_ERROR_NAME: `owner` ("early_stopping") asked for `name`, and these are there. */
dlcore_status dlcore_event_fail_name(const dlcore_training_event_t *event, const char *owner,
                                     const char *name);

/* DLCORE_ERROR_FORMAT, in the event, unless those numbers of a callback's state that `counts` has a
 * bit for are counts. To be called by on_resume: they may come from a file. */
dlcore_status dlcore_callback_check_counts(const dlcore_training_event_t *event, const char *owner,
                                           const double *state, unsigned counts);
#define DLCORE_COUNT_BIT(index) (1u << (index))

/* Whether fit ended because a callback said so, and not by dlcore_model_request_stop. */
bool dlcore_event_stopped_by_callback(const dlcore_training_event_t *event);
/* Whether this process writes files: of several ranks the first does. */
bool dlcore_event_writes(const dlcore_training_event_t *event);
/* The fit's option of that name; true for an event that is not fit's. */
bool dlcore_event_stops_on_not_finite(const dlcore_training_event_t *event);

/* A value that gets better or does not: keras/src/callbacks/monitor_callback.py. */
typedef struct dlcore_monitor {
    const char *owner; /* for messages */
    const char *name;
    dlcore_monitor_mode_t mode;
    double min_delta;
} dlcore_monitor_t;

/* DLCORE_OK, or an error: a mode that is none. dlcore_monitor_check looks, too. */
dlcore_status dlcore_monitor_check_mode(const dlcore_monitor_t *monitor,
                                        dlcore_error_record_t *error);
/* DLCORE_OK, or an error in the event: a name that is not there, a mode that AUTO cannot find, a
 * min_delta that is not finite. */
dlcore_status dlcore_monitor_check(const dlcore_monitor_t *monitor,
                                   const dlcore_training_event_t *event);
/* The value now; false when this epoch has none. */
bool dlcore_monitor_value(const dlcore_monitor_t *monitor, const dlcore_training_event_t *event,
                          double *value);
/* Whether `value` is better than `reference` by more than min_delta, in float32. NaN is worse than
 * any number, and not better than NaN. */
bool dlcore_monitor_improves(const dlcore_monitor_t *monitor, const dlcore_model_t *model,
                             double value, double reference);

DLCORE_HIDDEN_END

#endif
