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
enum {
    CHECKPOINT_BATCHES_SEEN,
    CHECKPOINT_BEST,
    CHECKPOINT_HAS_BEST,
    CHECKPOINT_SAVES,
    CHECKPOINT_STATE_COUNT
};
_Static_assert(CHECKPOINT_STATE_COUNT ==
                   sizeof((dlcore_model_checkpoint_t *)NULL)->state / sizeof(double),
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

static dlcore_monitor_t checkpoint_monitor(const dlcore_model_checkpoint_t *checkpoint)
{
    return (dlcore_monitor_t){"model_checkpoint", checkpoint->monitor, checkpoint->mode, 0.0};
}

static dlcore_status check_best(const dlcore_model_checkpoint_t *checkpoint,
                                const dlcore_training_event_t *event)
{
    dlcore_monitor_t monitor = checkpoint_monitor(checkpoint);
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

/* Before they are used: another callback may change them while fit runs. */
static dlcore_status check_settings(const dlcore_model_checkpoint_t *checkpoint,
                                    const dlcore_training_event_t *event)
{
    dlcore_monitor_t monitor = checkpoint_monitor(checkpoint);
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
        dlcore_path_folder_varies(checkpoint->path) || !dlcore_event_writes(event))
        return status;
    status = dlcore_output_probe(checkpoint->system, path, &found);
    return status == DLCORE_OK ? status : dlcore_event_fail_as(event, "model_checkpoint", &found);
}

static dlcore_callback_action_t checkpoint_on_train_begin(void *user,
                                                          const dlcore_training_event_t *event)
{
    dlcore_model_checkpoint_t *checkpoint = user;
    double *state = checkpoint->state;
    dlcore_status status = check_settings(checkpoint, event);

    if (status == DLCORE_OK)
        status = check_path(checkpoint, event);
    if (status == DLCORE_OK && state[CHECKPOINT_HAS_BEST] == 0.0 &&
        !isnan(checkpoint->initial_value_threshold)) {
        state[CHECKPOINT_BEST] = checkpoint->initial_value_threshold;
        state[CHECKPOINT_HAS_BEST] = 1.0;
    }
    return dlcore_callback_check(status);
}

static void checkpoint_results(dlcore_model_checkpoint_t *checkpoint)
{
    const double *state = checkpoint->state;
    bool has_best = checkpoint->save_best_only && state[CHECKPOINT_SAVES] > 0.0;

    checkpoint->saves = (size_t)state[CHECKPOINT_SAVES];
    checkpoint->best = has_best ? state[CHECKPOINT_BEST] : (double)NAN;
}

static dlcore_callback_action_t checkpoint_on_resume(void *user,
                                                     const dlcore_training_event_t *event)
{
    dlcore_model_checkpoint_t *checkpoint = user;
    dlcore_status status = dlcore_callback_check_counts(
        event, "model_checkpoint", checkpoint->state,
        DLCORE_COUNT_BIT(CHECKPOINT_BATCHES_SEEN) | DLCORE_COUNT_BIT(CHECKPOINT_SAVES));

    if (status != DLCORE_OK) /* it lasts from fit to fit */
        memset(checkpoint->state, 0, sizeof checkpoint->state);
    checkpoint_results(checkpoint);
    return dlcore_callback_check(status);
}

static bool checkpoint_is_due(dlcore_model_checkpoint_t *checkpoint,
                              const dlcore_training_event_t *event)
{
    dlcore_monitor_t monitor = checkpoint_monitor(checkpoint);
    double *state = checkpoint->state;
    double current;

    if (!checkpoint->save_best_only)
        return true;
    if (!dlcore_monitor_value(&monitor, event, &current) || isnan(current) ||
        (state[CHECKPOINT_HAS_BEST] != 0.0 &&
         !dlcore_monitor_improves(&monitor, event->model, current, state[CHECKPOINT_BEST])))
        return false;
    state[CHECKPOINT_BEST] = current;
    state[CHECKPOINT_HAS_BEST] = 1.0;
    return true;
}

static dlcore_callback_action_t checkpoint_save(dlcore_model_checkpoint_t *checkpoint,
                                                const dlcore_training_event_t *event)
{
    dlcore_save_options_t options = checkpoint->save;
    double *state = checkpoint->state, best = state[CHECKPOINT_BEST],
           has_best = state[CHECKPOINT_HAS_BEST];
    char path[DLCORE_CHECKPOINT_PATH_SIZE];
    dlcore_status status;

    if (check_settings(checkpoint, event) != DLCORE_OK)
        return DLCORE_CALLBACK_FAIL;
    if (!checkpoint_is_due(checkpoint, event))
        return DLCORE_CALLBACK_CONTINUE;
    status = dlcore_path_expand(path, sizeof path, checkpoint->path, "model_checkpoint", event,
                                checkpoint->save_freq > 0);
    options.error = event->error;
    state[CHECKPOINT_SAVES] += 1.0; /* before saving: the file tells of it */
    if (status == DLCORE_OK && dlcore_event_writes(event))
        status = dlcore_model_save_with(
            checkpoint->system, event->model, path,
            (dlcore_model_saving_how_t){.whole = !checkpoint->save_weights_only,
                                        .options = &options});
    if (status == DLCORE_OK) {
        memcpy(checkpoint->last_path, path, sizeof path);
    } else { /* an epoch that is in no file is not the best */
        state[CHECKPOINT_SAVES] -= 1.0;
        state[CHECKPOINT_BEST] = best;
        state[CHECKPOINT_HAS_BEST] = has_best;
    }
    checkpoint_results(checkpoint);
    return dlcore_callback_check(status);
}

static dlcore_callback_action_t checkpoint_on_epoch_end(void *user,
                                                        const dlcore_training_event_t *event)
{
    dlcore_model_checkpoint_t *checkpoint = user;

    return checkpoint->save_freq == 0 ? checkpoint_save(checkpoint, event)
                                      : DLCORE_CALLBACK_CONTINUE;
}

static dlcore_callback_action_t checkpoint_on_batch_end(void *user,
                                                        const dlcore_training_event_t *event)
{
    dlcore_model_checkpoint_t *checkpoint = user;
    double *seen = &checkpoint->state[CHECKPOINT_BATCHES_SEEN];

    if (checkpoint->save_freq == 0)
        return DLCORE_CALLBACK_CONTINUE;
    *seen += 1.0;
    if (*seen < (double)checkpoint->save_freq)
        return DLCORE_CALLBACK_CONTINUE;
    *seen = 0.0;
    return checkpoint_save(checkpoint, event);
}

dlcore_callback_t dlcore_model_checkpoint_callback(dlcore_model_checkpoint_t *checkpoint)
{
    if (checkpoint == NULL)
        return dlcore_callback_missing("model_checkpoint");
    return (dlcore_callback_t){.user = checkpoint,
                               .on_train_begin = checkpoint_on_train_begin,
                               .on_epoch_end = checkpoint_on_epoch_end,
                               .on_batch_end = checkpoint_on_batch_end,
                               .name = checkpoint->name,
                               .state = checkpoint->state,
                               .state_count = CHECKPOINT_STATE_COUNT,
                               .on_resume = checkpoint_on_resume};
}
