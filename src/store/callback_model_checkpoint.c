/* Saving a model while it trains: keras/src/callbacks/model_checkpoint.py.
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "fit/callback.h"
#include "store/model_save.h"
#include "store/path_pattern.h"

/* What the state's numbers are: files keep them in this order. */
enum { BATCHES_SEEN, BEST, HAS_BEST, SAVES, STATE_COUNT };
_Static_assert(STATE_COUNT == sizeof((dlcore_model_checkpoint_t *)NULL)->state / sizeof(double),
               "one number each");

dlcore_model_checkpoint_t dlcore_model_checkpoint_default(const char *path)
{
    return (dlcore_model_checkpoint_t){.path = path,
                                       .monitor = "val_loss",
                                       .initial_value_threshold = (double)NAN,
                                       .save = dlcore_save_options_default(),
                                       .name = "model_checkpoint",
                                       .structure_size = sizeof(dlcore_model_checkpoint_t),
                                       .best = (double)NAN};
}

static dlcore_monitor_t monitor_of(const dlcore_model_checkpoint_t *checkpoint)
{
    return (dlcore_monitor_t){"model_checkpoint", checkpoint->monitor, checkpoint->mode, 0.0};
}

static dlcore_status check_best(const dlcore_model_checkpoint_t *checkpoint,
                                const dlcore_training_event_t *event)
{
    dlcore_monitor_t monitor = monitor_of(checkpoint);
    dlcore_status status = dlcore_monitor_check(&monitor, event);

    if (status != DLCORE_OK)
        return status;
    if (isinf(checkpoint->initial_value_threshold))
        return dlcore_fail(event->error, DLCORE_ERROR_ARGUMENT,
                           "model_checkpoint: initial_value_threshold must be finite, or NaN for "
                           "none, got %g",
                           checkpoint->initial_value_threshold);
    if (checkpoint->save_freq > 0 && dlcore_event_validates(event, checkpoint->monitor))
        return dlcore_fail(event->error, DLCORE_ERROR_ARGUMENT,
                           "model_checkpoint: \"%.64s\" has no value after a batch; save_freq is "
                           "%zu batches",
                           checkpoint->monitor, checkpoint->save_freq);
    return DLCORE_OK;
}

static dlcore_status check_settings(const dlcore_model_checkpoint_t *checkpoint,
                                    const dlcore_training_event_t *event)
{
    dlcore_monitor_t monitor = monitor_of(checkpoint);
    dlcore_status status = dlcore_check_callback(checkpoint, "model_checkpoint", event->error);

    if (status == DLCORE_OK)
        status = dlcore_check_structure(checkpoint->save.structure_size, sizeof checkpoint->save,
                                        "model_checkpoint: save", "save_options", event->error);
    if (status == DLCORE_OK)
        status = dlcore_monitor_check_mode(&monitor, event->error);
    if (status == DLCORE_OK && checkpoint->save_best_only)
        status = check_best(checkpoint, event);
    return status;
}

/* The first path, as far as it is known: values and later epochs change the file's name alone. */
static dlcore_status check_path(const dlcore_model_checkpoint_t *checkpoint,
                                const dlcore_training_event_t *event)
{
    char path[DLCORE_CHECKPOINT_PATH_SIZE];
    dlcore_error_record_t found = {0};
    dlcore_status status = dlcore_path_expand(path, sizeof path, checkpoint->path,
                                              "model_checkpoint", event, checkpoint->save_freq > 0);

    if (status != DLCORE_OK || event->epoch >= event->epochs || /* nothing will be trained */
        dlcore_path_folder_varies(checkpoint->path))
        return status;
    status = dlcore_output_probe(checkpoint->system, path, &found);
    return status == DLCORE_OK ? status : dlcore_event_fail_as(event, "model_checkpoint", &found);
}

static dlcore_callback_action_t on_train_begin(void *user, const dlcore_training_event_t *event)
{
    dlcore_model_checkpoint_t *checkpoint = user;
    double *state = checkpoint->state;
    dlcore_status status = check_settings(checkpoint, event);

    if (status == DLCORE_OK)
        status = check_path(checkpoint, event);
    if (status == DLCORE_OK && state[HAS_BEST] == 0.0 &&
        !isnan(checkpoint->initial_value_threshold)) {
        state[BEST] = checkpoint->initial_value_threshold;
        state[HAS_BEST] = 1.0;
    }
    return dlcore_callback_check(status);
}

static void set_results(dlcore_model_checkpoint_t *checkpoint)
{
    const double *state = checkpoint->state;
    bool has_best = checkpoint->save_best_only && state[SAVES] > 0.0;

    checkpoint->saves = (size_t)state[SAVES];
    checkpoint->best = has_best ? state[BEST] : (double)NAN;
}

static dlcore_callback_action_t on_resume(void *user, const dlcore_training_event_t *event)
{
    dlcore_model_checkpoint_t *checkpoint = user;
    dlcore_status status =
        dlcore_callback_check_counts(event, "model_checkpoint", checkpoint->state,
                                     DLCORE_COUNT_BIT(BATCHES_SEEN) | DLCORE_COUNT_BIT(SAVES));

    if (status != DLCORE_OK) /* it lasts from fit to fit */
        memset(checkpoint->state, 0, sizeof checkpoint->state);
    set_results(checkpoint);
    return dlcore_callback_check(status);
}

static bool is_due(dlcore_model_checkpoint_t *checkpoint, const dlcore_training_event_t *event)
{
    dlcore_monitor_t monitor = monitor_of(checkpoint);
    double *state = checkpoint->state;
    double current;

    if (!checkpoint->save_best_only)
        return true;
    if (!dlcore_monitor_value(&monitor, event, &current) ||
        (state[HAS_BEST] != 0.0 &&
         !dlcore_monitor_improves(&monitor, event->model, current, state[BEST])))
        return false;
    state[BEST] = current;
    state[HAS_BEST] = 1.0;
    return true;
}

static dlcore_callback_action_t save(dlcore_model_checkpoint_t *checkpoint,
                                     const dlcore_training_event_t *event)
{
    dlcore_save_options_t options = checkpoint->save;
    double *state = checkpoint->state, best = state[BEST], has_best = state[HAS_BEST];
    char path[DLCORE_CHECKPOINT_PATH_SIZE];
    dlcore_status status;

    if (!is_due(checkpoint, event))
        return DLCORE_CALLBACK_CONTINUE;
    status = dlcore_path_expand(path, sizeof path, checkpoint->path, "model_checkpoint", event,
                                checkpoint->save_freq > 0);
    options.error = event->error;
    state[SAVES] += 1.0; /* before saving: the file tells of it */
    if (status == DLCORE_OK)
        status = dlcore_model_save_with(checkpoint->system, event->model, path,
                                        !checkpoint->save_weights_only, &options);
    if (status == DLCORE_OK) {
        memcpy(checkpoint->last_path, path, sizeof path);
    } else { /* an epoch that is in no file is not the best */
        state[SAVES] -= 1.0;
        state[BEST] = best;
        state[HAS_BEST] = has_best;
    }
    set_results(checkpoint);
    return dlcore_callback_check(status);
}

static dlcore_callback_action_t on_epoch_end(void *user, const dlcore_training_event_t *event)
{
    dlcore_model_checkpoint_t *checkpoint = user;

    return checkpoint->save_freq == 0 ? save(checkpoint, event) : DLCORE_CALLBACK_CONTINUE;
}

static dlcore_callback_action_t on_batch_end(void *user, const dlcore_training_event_t *event)
{
    dlcore_model_checkpoint_t *checkpoint = user;
    double *seen = &checkpoint->state[BATCHES_SEEN];

    if (checkpoint->save_freq == 0)
        return DLCORE_CALLBACK_CONTINUE;
    *seen += 1.0;
    if (*seen < (double)checkpoint->save_freq)
        return DLCORE_CALLBACK_CONTINUE;
    *seen = 0.0;
    return save(checkpoint, event);
}

dlcore_callback_t dlcore_model_checkpoint_callback(dlcore_model_checkpoint_t *checkpoint)
{
    return (dlcore_callback_t){.user = checkpoint,
                               .on_train_begin = on_train_begin,
                               .on_epoch_end = on_epoch_end,
                               .on_batch_end = on_batch_end,
                               .name = checkpoint->name,
                               .state = checkpoint->state,
                               .state_count = STATE_COUNT,
                               .on_resume = on_resume};
}
