/* Going on after a crash: keras/src/callbacks/backup_and_restore.py.
 *
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "base/shown.h"
#include "fit/callback.h"
#include "model/model.h"
#include "model/run_state.h"
#include "model/take_over.h"
#include "store/model_restore.h"
#include "store/model_save.h"

/* What the state's numbers are: files keep them in this order. */
enum { BACKUP_BATCHES_SEEN, BACKUP_ENDED, BACKUP_STATE_COUNT };
_Static_assert(BACKUP_STATE_COUNT ==
                   sizeof((dlcore_backup_and_restore_t *)NULL)->state / sizeof(double),
               "one number each");

dlcore_backup_and_restore_t dlcore_backup_and_restore_default(const char *path)
{
    return (dlcore_backup_and_restore_t){.path = path,
                                         .delete_checkpoint = true,
                                         .save = dlcore_save_options_default(),
                                         .name = "backup_and_restore",
                                         .structure_size = sizeof(dlcore_backup_and_restore_t)};
}

static const dlcore_system_t *backup_system(const dlcore_backup_and_restore_t *backup)
{
    return backup->system != NULL ? backup->system : dlcore_system();
}

/* Before it is used: another callback may change it while fit runs. */
static dlcore_status check_backup_path(const dlcore_backup_and_restore_t *backup,
                                       const dlcore_training_event_t *event)
{
    dlcore_status status = dlcore_check_callback(backup, "backup_and_restore", event->error);

    if (status == DLCORE_OK && (backup->path == NULL || backup->path[0] == '\0'))
        return dlcore_fail(event->error, DLCORE_ERROR_ARGUMENT, "backup_and_restore: path is %s",
                           backup->path == NULL ? "NULL" : "empty");
    return status;
}

static dlcore_status check_backup(const dlcore_backup_and_restore_t *backup,
                                  const dlcore_training_event_t *event)
{
    dlcore_status status = check_backup_path(backup, event);

    if (status != DLCORE_OK)
        return status;
    status = dlcore_check_structure(backup->save.structure_size, sizeof backup->save,
                                    "backup_and_restore: save", "save_options", event->error);
    if (status != DLCORE_OK)
        return status;
    if (!backup->save.training_state)
        return dlcore_fail(event->error, DLCORE_ERROR_ARGUMENT,
                           "backup_and_restore: save.training_state is false: the file would not "
                           "tell where the run stands");
    return DLCORE_OK;
}

static dlcore_status fail_file(const dlcore_backup_and_restore_t *backup, const char *what,
                               dlcore_error_record_t *error)
{
    char path[DLCORE_SHOWN_PATH_SIZE];
    int number = errno;

    return dlcore_fail_errno(error, number, "cannot %s %s", what,
                             dlcore_show_path(path, sizeof path, backup->path));
}

/* Whether there is a file; what is wrong with it, loading will say. */
DLCORE_KEPT_APART static dlcore_status find_backup(const dlcore_backup_and_restore_t *backup,
                                                   bool *there, dlcore_error_record_t *error)
{
    const dlcore_system_t *system = backup_system(backup);
    char path[DLCORE_PATH_SIZE];
    dlcore_file_info_t info;
    dlcore_status status = dlcore_path_resolve(system, backup->path, path, error);

    if (status != DLCORE_OK)
        return status;
    *there = system->fstatat(system->user, DLCORE_FILE_HERE, path, &info) == 0;
    if (!*there && errno != ENOENT)
        return fail_file(backup, "look at", error);
    return DLCORE_OK;
}

/* Whether a callback had ended that run: on_resume will stop it before it trains. */
static bool had_ended(const dlcore_backup_and_restore_t *backup, const dlcore_run_state_t *run)
{
    for (size_t i = 0; backup->name != NULL && i < run->callback_count; i++) {
        const dlcore_callback_state_t *state = &run->callbacks[i];

        if (strcmp(state->name, backup->name) == 0)
            return state->count == BACKUP_STATE_COUNT && state->numbers[BACKUP_ENDED] != 0.0;
    }
    return false;
}

/* Whether the file will be written, where epochs are left to train, or deleted. */
static bool needs_place(const dlcore_backup_and_restore_t *backup,
                        const dlcore_training_event_t *event, const dlcore_model_t *loaded)
{
    const dlcore_run_state_t *run =
        loaded != NULL ? loaded->stopped : event->model->stopped; /* NULL: begins anew */
    bool trains = run != NULL ? run->position.epoch < event->epochs && !had_ended(backup, run)
                              : event->epoch < event->epochs;

    return trains || (loaded != NULL && backup->delete_checkpoint);
}

/* All that may be refused comes before the model changes. */
static dlcore_status restore(dlcore_backup_and_restore_t *backup,
                             const dlcore_training_event_t *event)
{
    dlcore_error_record_t found = {0};
    dlcore_model_t *loaded = NULL;
    bool there = false;
    dlcore_status status = find_backup(backup, &there, &found);

    if (status == DLCORE_OK && there)
        status = dlcore_model_load_run(event->model, backup->path, &loaded, &found);
    if (status == DLCORE_OK && dlcore_event_writes(event) && needs_place(backup, event, loaded))
        status = dlcore_output_probe(backup->system, backup->path, &found);
    if (status != DLCORE_OK)
        (void)dlcore_event_fail_as(event, "backup_and_restore", &found);
    else if (there)
        dlcore_model_take_over(event->model, loaded);
    backup->restored = status == DLCORE_OK && there;
    dlcore_model_free(loaded);
    return status;
}

static dlcore_callback_action_t backup_on_train_begin(void *user,
                                                      const dlcore_training_event_t *event)
{
    dlcore_backup_and_restore_t *backup = user;

    if (check_backup(backup, event) != DLCORE_OK)
        return DLCORE_CALLBACK_FAIL;
    backup->restored = false;
    backup->saves = 0;
    memset(backup->state, 0, sizeof backup->state);
    return dlcore_callback_check(restore(backup, event));
}

static dlcore_callback_action_t backup_on_resume(void *user, const dlcore_training_event_t *event)
{
    const dlcore_backup_and_restore_t *backup = user;

    if (dlcore_callback_check_counts(event, "backup_and_restore", backup->state,
                                     DLCORE_COUNT_BIT(BACKUP_BATCHES_SEEN) |
                                         DLCORE_COUNT_BIT(BACKUP_ENDED)) != DLCORE_OK)
        return DLCORE_CALLBACK_FAIL;
    /* a callback had ended the run, and all that was left was its end */
    return backup->state[BACKUP_ENDED] != 0.0 ? DLCORE_CALLBACK_STOP : DLCORE_CALLBACK_CONTINUE;
}

static dlcore_callback_action_t save_backup(dlcore_backup_and_restore_t *backup,
                                            const dlcore_training_event_t *event)
{
    dlcore_save_options_t options = backup->save;
    dlcore_status status = check_backup(backup, event);

    if (status != DLCORE_OK)
        return DLCORE_CALLBACK_FAIL;
    options.error = event->error;
    backup->state[BACKUP_ENDED] = dlcore_event_stopped_by_callback(event) ? 1.0 : 0.0;
    if (dlcore_event_writes(event))
        status =
            dlcore_model_save_with(backup->system, event->model, backup->path,
                                   (dlcore_model_saving_how_t){.whole = true, .options = &options});
    backup->saves += status == DLCORE_OK;
    return dlcore_callback_check(status);
}

static dlcore_callback_action_t backup_on_epoch_end(void *user,
                                                    const dlcore_training_event_t *event)
{
    dlcore_backup_and_restore_t *backup = user;

    return backup->save_freq == 0 ? save_backup(backup, event) : DLCORE_CALLBACK_CONTINUE;
}

static dlcore_callback_action_t backup_on_batch_end(void *user,
                                                    const dlcore_training_event_t *event)
{
    dlcore_backup_and_restore_t *backup = user;
    double *seen = &backup->state[BACKUP_BATCHES_SEEN];

    if (backup->save_freq == 0)
        return DLCORE_CALLBACK_CONTINUE;
    *seen += 1.0;
    if (*seen < (double)backup->save_freq)
        return DLCORE_CALLBACK_CONTINUE;
    *seen = 0.0; /* before saving: the file tells of it */
    return save_backup(backup, event);
}

/* What a link means is deleted, and the link stays: saving does the same. */
static dlcore_status delete_file(const dlcore_backup_and_restore_t *backup,
                                 dlcore_error_record_t *error)
{
    const dlcore_system_t *system = backup_system(backup);
    char path[DLCORE_PATH_SIZE];
    dlcore_status status = dlcore_path_resolve(system, backup->path, path, error);

    if (status != DLCORE_OK || system->unlinkat(system->user, DLCORE_FILE_HERE, path) == 0 ||
        errno == ENOENT)
        return status;
    return fail_file(backup, "delete", error);
}

static dlcore_callback_action_t backup_on_train_end(void *user,
                                                    const dlcore_training_event_t *event)
{
    const dlcore_backup_and_restore_t *backup = user;
    dlcore_error_record_t found = {0};

    if (!backup->delete_checkpoint || event->status != DLCORE_OK || !dlcore_event_writes(event) ||
        (event->epoch < event->epochs && !dlcore_event_stopped_by_callback(event)))
        return DLCORE_CALLBACK_CONTINUE;
    if (check_backup_path(backup, event) != DLCORE_OK)
        return DLCORE_CALLBACK_FAIL;
    if (delete_file(backup, &found) == DLCORE_OK)
        return DLCORE_CALLBACK_CONTINUE;
    return dlcore_callback_check(dlcore_event_fail_as(event, "backup_and_restore", &found));
}

dlcore_callback_t dlcore_backup_and_restore_callback(dlcore_backup_and_restore_t *backup)
{
    if (backup == NULL)
        return dlcore_callback_missing("backup_and_restore");
    return (dlcore_callback_t){.user = backup,
                               .on_train_begin = backup_on_train_begin,
                               .on_train_end = backup_on_train_end,
                               .on_epoch_end = backup_on_epoch_end,
                               .on_batch_end = backup_on_batch_end,
                               .name = backup->name,
                               .state = backup->state,
                               .state_count = BACKUP_STATE_COUNT,
                               .on_resume = backup_on_resume,
                               .runs_last = true};
}
