/* Runs that die and are started again: the same bits, with all callbacks, as one that never did.
 *
 * SPDX-License-Identifier: MIT */
#define _XOPEN_SOURCE 700 /* symlink, lstat */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "support/callback_case.h"
#include "support/failing_io.h"
#include "support/folder.h"
#include "support/posix.h"

enum { EPOCHS = 6, CALLBACKS = 6 };

/* All that keep state, and one that lets the run die. */
typedef struct run {
    dlcore_early_stopping_t stopping;
    dlcore_reduce_lr_on_plateau_t reduce;
    dlcore_roll_back_t roll_back;
    dlcore_csv_logger_t logger;
    dlcore_backup_and_restore_t backup;
    size_t batches, dies_at;
    dlcore_callback_t callbacks[CALLBACKS];
} run_t;

static dlcore_callback_action_t die(void *user, const dlcore_training_event_t *event)
{
    run_t *run = user;

    (void)event;
    run->batches++;
    return run->batches == run->dies_at ? DLCORE_CALLBACK_FAIL : DLCORE_CALLBACK_CONTINUE;
}

static void prepare(run_t *run, const char *log, size_t save_freq, size_t dies_at)
{
    *run = (run_t){.stopping = dlcore_early_stopping_default(),
                   .reduce = dlcore_reduce_lr_on_plateau_default(),
                   .roll_back = dlcore_roll_back_default(),
                   .logger = dlcore_csv_logger_default(folder_path(log)),
                   .backup = dlcore_backup_and_restore_default(folder_path("backup")),
                   .dies_at = dies_at};
    run->stopping.monitor = run->reduce.monitor = "loss";
    run->stopping.mode = run->reduce.mode = DLCORE_MONITOR_MODE_MAX; /* the first is the best */
    run->stopping.restore_best_weights = true;
    run->stopping.patience = 4;
    run->reduce.patience = 2;
    run->backup.save_freq = save_freq;
    run->backup.save.sync = false;
    run->callbacks[0] = dlcore_backup_and_restore_callback(&run->backup);
    run->callbacks[1] = dlcore_early_stopping_callback(&run->stopping);
    run->callbacks[2] = dlcore_reduce_lr_on_plateau_callback(&run->reduce);
    run->callbacks[3] = dlcore_roll_back_callback(&run->roll_back);
    run->callbacks[4] = dlcore_csv_logger_callback(&run->logger);
    run->callbacks[5] = (dlcore_callback_t){.user = run, .on_batch_begin = die};
}

static dlcore_status go(run_t *run, float weights[CASE_WEIGHTS])
{
    dlcore_optimizer_t adam = dlcore_optimizer_adam();
    dlcore_model_t *model = case_model(NULL, &adam, 0.05);
    dlcore_status status = case_run(model, run->callbacks, CALLBACKS, EPOCHS);

    case_weights(model, weights);
    dlcore_model_free(model);
    return status;
}

static void test_backup_of_a_run_that_dies_goes_on_to_the_same_bits(void **state)
{
    float expected[CASE_WEIGHTS], got[CASE_WEIGHTS];
    char log[8192];
    run_t whole, first, second;

    (void)state;
    folder_files(true);
    prepare(&whole, "whole.csv", 0, 0);
    assert_int_equal(go(&whole, expected), DLCORE_OK);
    assert_int_equal(whole.stopping.stopped_epoch, 4);
    snprintf(log, sizeof log, "%s", folder_text("whole.csv"));
    assert_false(folder_has("backup")); /* early stopping ended it */
    for (size_t save_freq = 0; save_freq < 4; save_freq++) {
        folder_files(true);
        prepare(&first, "log.csv", save_freq, 14); /* in epoch 3 */
        assert_int_equal(go(&first, got), DLCORE_ERROR_STATE);
        assert_true(first.backup.saves > 0 && !first.backup.restored);
        assert_true(folder_has("backup"));
        prepare(&second, "log.csv", save_freq, 0);
        assert_int_equal(go(&second, got), DLCORE_OK);
        assert_true(second.backup.restored);
        assert_memory_equal(got, expected, sizeof got);
        assert_int_equal(second.stopping.stopped_epoch, 4);
        assert_true(second.stopping.best == whole.stopping.best);
        assert_int_equal(second.reduce.reductions, whole.reduce.reductions);
        assert_string_equal(folder_text("log.csv"), log);
    }
}

static dlcore_callback_action_t ask_to_stop(void *user, const dlcore_training_event_t *event)
{
    if (event->epoch == *(const size_t *)user)
        dlcore_model_request_stop(event->model);
    return DLCORE_CALLBACK_CONTINUE;
}

static void test_backup_of_a_run_that_was_asked_to_stop_stays(void **state)
{
    dlcore_backup_and_restore_t backup = dlcore_backup_and_restore_default(folder_path("backup"));
    size_t at = 2;
    dlcore_callback_t callbacks[] = {dlcore_backup_and_restore_callback(&backup),
                                     {.user = &at, .on_epoch_begin = ask_to_stop}};
    dlcore_model_t *model = case_model(NULL, NULL, 0.1);

    (void)state;
    folder_files(true);
    assert_int_equal(case_run(model, callbacks, 2, 4), DLCORE_OK);
    assert_true(folder_has("backup"));
    assert_int_equal(case_run(model, callbacks, 1, 4), DLCORE_OK);
    assert_true(backup.restored);
    assert_int_equal(backup.saves, 2);
    dlcore_model_free(model);
}

static dlcore_callback_action_t fail_at_end(void *user, const dlcore_training_event_t *event)
{
    (void)user;
    (void)event;
    return DLCORE_CALLBACK_FAIL;
}

static void test_backup_of_a_run_whose_end_fails_stays(void **state)
{
    dlcore_backup_and_restore_t backup = dlcore_backup_and_restore_default(folder_path("backup"));
    dlcore_callback_t callbacks[] = {dlcore_backup_and_restore_callback(&backup),
                                     {.on_train_end = fail_at_end}};
    dlcore_model_t *model = case_model(NULL, NULL, 0.1);

    (void)state;
    folder_files(true);
    assert_int_equal(case_run(model, callbacks, 2, 2), DLCORE_ERROR_STATE);
    assert_true(folder_has("backup"));
    dlcore_model_free(model);
}

/* What dies between its last batch and its end has nothing more to train, however often. */
static void test_backup_of_a_run_that_a_callback_has_ended_goes_to_its_end(void **state)
{
    float expected[CASE_WEIGHTS], got[CASE_WEIGHTS];
    char log[8192];
    run_t run;

    (void)state;
    folder_files(true);
    prepare(&run, "whole.csv", 0, 0);
    assert_int_equal(go(&run, expected), DLCORE_OK);
    snprintf(log, sizeof log, "%s", folder_text("whole.csv"));
    for (size_t save_freq = 0; save_freq < 4; save_freq++) {
        folder_files(true);
        for (size_t end = 0; end < 4; end++) {
            prepare(&run, "log.csv", save_freq, 0);
            run.callbacks[5].on_train_end = end < 2 ? fail_at_end : NULL;
            run.backup.delete_checkpoint = end == 3;
            assert_int_equal(go(&run, got), end < 2 ? DLCORE_ERROR_STATE : DLCORE_OK);
            assert_true(run.backup.restored == (end > 0));
            assert_true(folder_has("backup") == (end < 3));
            assert_memory_equal(got, expected, sizeof got);
            assert_int_equal(run.stopping.stopped_epoch, 4);
            assert_int_equal(run.stopping.best_epoch, 0);
            assert_string_equal(folder_text("log.csv"), log);
        }
    }
}

/* The file may lie elsewhere; the link to it stays. */
static void test_backup_by_a_link_begins_and_ends_at_what_it_means(void **state)
{
    float expected[CASE_WEIGHTS], got[CASE_WEIGHTS];
    struct stat info;
    run_t run;

    (void)state;
    folder_files(true);
    prepare(&run, "log.csv", 0, 0);
    assert_int_equal(go(&run, expected), DLCORE_OK);
    assert_int_equal(symlink("elsewhere", folder_path("backup")), 0);
    for (size_t dies = 0; dies < 2; dies++) {
        prepare(&run, "log.csv", 0, dies == 0 ? 14 : 0);
        assert_int_equal(go(&run, got), dies == 0 ? DLCORE_ERROR_STATE : DLCORE_OK);
        assert_true(run.backup.restored == (dies > 0));
        assert_true(folder_has("elsewhere") == (dies == 0));
        assert_int_equal(lstat(folder_path("backup"), &info), 0);
        assert_true(S_ISLNK(info.st_mode));
    }
    assert_memory_equal(got, expected, sizeof got);
    folder_files(true);
}

static void test_backup_of_a_run_that_is_complete_is_deleted(void **state)
{
    dlcore_backup_and_restore_t backup = dlcore_backup_and_restore_default(folder_path("backup"));
    dlcore_callback_t callback = dlcore_backup_and_restore_callback(&backup);
    dlcore_model_t *model = case_model(NULL, NULL, 0.1);

    (void)state;
    folder_files(true);
    assert_int_equal(case_run(model, &callback, 1, 3), DLCORE_OK);
    assert_int_equal(backup.saves, 3);
    assert_int_equal(folder_files(false), 0);
    backup.delete_checkpoint = false;
    assert_int_equal(case_run(model, &callback, 1, 3), DLCORE_OK);
    assert_false(backup.restored);
    assert_true(folder_has("backup"));
    assert_int_equal(case_run(model, &callback, 1, 3), DLCORE_OK); /* nothing is left to do */
    assert_true(backup.restored);
    assert_int_equal(backup.saves, 0);
    dlcore_model_free(model);
}

static void test_backup_that_cannot_be_gone_on_from_is_an_error_that_keeps_it(void **state)
{
    dlcore_backup_and_restore_t backup = dlcore_backup_and_restore_default(folder_path("backup"));
    dlcore_callback_t callback = dlcore_backup_and_restore_callback(&backup);
    dlcore_model_t *model = case_model(NULL, NULL, 0.1);

    (void)state;
    folder_write("backup", "no model");
    case_assert_refused(&callback, DLCORE_ERROR_FORMAT, "");
    assert_string_equal(folder_text("backup"), "no model");
    assert_int_equal(dlcore_model_save(model, folder_path("backup"), NULL), DLCORE_OK);
    assert_int_equal(case_run(model, &callback, 1, 2), DLCORE_ERROR_STATE);
    assert_non_null(strstr(dlcore_model_error(model), "was not saved in the middle of a run"));
    assert_true(folder_has("backup"));
    dlcore_model_free(model);
}

static void test_backup_of_failing_calls_ends_fit(void **state)
{
    size_t failures = 0;

    (void)state;
    for (size_t at = 1;; at++) {
        dlcore_backup_and_restore_t backup =
            dlcore_backup_and_restore_default(folder_path("backup"));
        dlcore_callback_t callback = dlcore_backup_and_restore_callback(&backup);
        dlcore_model_t *model = case_model(NULL, NULL, 0.1);
        failing_io_t io;
        dlcore_system_t system;

        folder_files(true);
        failing_io_init(&io);
        io.fail_at = at;
        system = failing_io(&io);
        backup.system = &system;
        if (case_run(model, &callback, 1, 2) != DLCORE_OK) {
            failures++;
            assert_non_null(strstr(dlcore_model_error(model), strerror(EIO)));
        }
        assert_int_equal(io.opened, io.closed);
        dlcore_model_free(model);
        if (io.failures == 0)
            break;
        assert_true(at < 100);
    }
    assert_true(failures > 10);
    assert_false(folder_has("backup"));
}

static void test_backup_of_bad_settings_is_refused(void **state)
{
    dlcore_backup_and_restore_t backup = dlcore_backup_and_restore_default(NULL);
    dlcore_callback_t callback = dlcore_backup_and_restore_callback(&backup);

    (void)state;
    case_assert_refused(&callback, DLCORE_ERROR_ARGUMENT, "path is NULL");
    backup.path = "";
    case_assert_refused(&callback, DLCORE_ERROR_ARGUMENT, "path is empty");
    backup.path = folder_path("never");
    backup.save.training_state = false;
    case_assert_refused(&callback, DLCORE_ERROR_ARGUMENT, "save.training_state is false");
    backup = (dlcore_backup_and_restore_t){.path = "x"};
    case_assert_refused(&callback, DLCORE_ERROR_ARGUMENT, "backup_and_restore");
}

static void test_backup_of_save_options_that_are_none_is_refused(void **state)
{
    dlcore_backup_and_restore_t backup = dlcore_backup_and_restore_default(folder_path("never"));
    dlcore_callback_t callback = dlcore_backup_and_restore_callback(&backup);

    (void)state;
    backup.save = (dlcore_save_options_t){.training_state = true};
    case_assert_refused(&callback, DLCORE_ERROR_ARGUMENT,
                        "backup_and_restore: save: options were not initialized: begin with ");
    assert_false(folder_has("never"));
}

static void test_backup_of_a_place_that_cannot_be_written_is_refused(void **state)
{
    dlcore_backup_and_restore_t backup = dlcore_backup_and_restore_default(NULL);
    dlcore_callback_t callback = dlcore_backup_and_restore_callback(&backup);

    (void)state;
    case_assert_places_refused(&callback, "backup_and_restore: ", &backup.path, &backup.system);
}

/* A medium that can only be read: a complete run has nothing to write there, unless its file is to
 * be deleted. */
static void
test_backup_of_a_complete_run_is_restored_from_where_nothing_can_be_written(void **state)
{
    static const struct {
        size_t epochs;
        bool deletes;
        dlcore_status status;
    } cases[] = {{2, false, DLCORE_OK},
                 {1, false, DLCORE_OK},
                 {2, true, DLCORE_ERROR_IO},
                 {3, false, DLCORE_ERROR_IO}};
    dlcore_backup_and_restore_t backup = dlcore_backup_and_restore_default(folder_path("backup"));
    dlcore_callback_t callback = dlcore_backup_and_restore_callback(&backup);
    float trained[CASE_WEIGHTS], fresh[CASE_WEIGHTS], got[CASE_WEIGHTS];
    dlcore_model_t *model = case_model(NULL, NULL, 0.1);

    (void)state;
    folder_files(true);
    case_weights(model, fresh);
    backup.delete_checkpoint = false;
    assert_int_equal(case_run(model, &callback, 1, 2), DLCORE_OK);
    case_weights(model, trained);
    dlcore_model_free(model);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        bool restores = cases[i].status == DLCORE_OK;
        failing_io_t io;
        dlcore_system_t system;

        failing_io_init(&io);
        io.only = "openat";
        io.fail_at = 1;
        io.error = EROFS;
        system = failing_io(&io);
        backup.system = &system;
        backup.delete_checkpoint = cases[i].deletes;
        model = case_model(NULL, NULL, 0.1);
        assert_int_equal(case_run(model, &callback, 1, cases[i].epochs), cases[i].status);
        assert_true(backup.restored == restores);
        case_weights(model, got);
        assert_memory_equal(got, restores ? trained : fresh, sizeof got);
        assert_true(folder_has("backup"));
        if (!restores)
            assert_non_null(strstr(dlcore_model_error(model), "Read-only file system"));
        dlcore_model_free(model);
    }
}

/* Nor has one that a callback had ended. */
static void test_backup_of_an_ended_run_is_restored_from_where_nothing_can_be_written(void **state)
{
    dlcore_backup_and_restore_t backup = dlcore_backup_and_restore_default(folder_path("backup"));
    case_witness_t stops = {.stop_at = 1};
    dlcore_callback_t callbacks[] = {dlcore_backup_and_restore_callback(&backup),
                                     case_witness(&stops)};
    dlcore_model_t *model = case_model(NULL, NULL, 0.1);
    failing_io_t io;
    dlcore_system_t system;

    (void)state;
    folder_files(true);
    backup.delete_checkpoint = false;
    assert_int_equal(case_run(model, callbacks, 2, 3), DLCORE_OK);
    assert_int_equal(backup.saves, 1);
    failing_io_init(&io);
    io.only = "openat";
    io.fail_at = 1;
    io.error = EROFS;
    system = failing_io(&io);
    backup.system = &system;
    assert_int_equal(case_run(model, callbacks, 2, 3), DLCORE_OK);
    assert_true(backup.restored);
    assert_int_equal(stops.epochs, 1);
    backup.delete_checkpoint = true;
    assert_int_equal(case_run(model, callbacks, 2, 3), DLCORE_ERROR_IO);
    dlcore_model_free(model);
}

/* Nor has a run that stood at its end before. */
static void test_backup_of_a_run_with_no_epochs_left_looks_for_no_place(void **state)
{
    dlcore_backup_and_restore_t backup =
        dlcore_backup_and_restore_default(folder_path("none/backup"));
    dlcore_callback_t callback = dlcore_backup_and_restore_callback(&backup);
    dlcore_fit_options_t options = case_options(&callback, 1, 2);
    dlcore_model_t *model = case_stopped(NULL, 0, 2 * CASE_BATCHES);

    (void)state;
    folder_files(true);
    options.resume = true;
    options.epochs = 4;
    assert_int_equal(case_fit(model, &options, NULL), DLCORE_ERROR_IO);
    options.epochs = 1;
    assert_int_equal(case_fit(model, &options, NULL), DLCORE_OK);
    options.resume = false;
    options.initial_epoch = 1;
    assert_int_equal(case_fit(model, &options, NULL), DLCORE_OK);
    options.epochs = 2;
    assert_int_equal(case_fit(model, &options, NULL), DLCORE_ERROR_IO);
    dlcore_model_free(model);
}

/* The run that it is to save has ended before its first epoch did. */
static void test_backup_that_saves_nothing_leaves_no_file(void **state)
{
    dlcore_backup_and_restore_t backup = dlcore_backup_and_restore_default(folder_path("backup"));
    case_witness_t stops = {.stop_batch = 1};
    dlcore_callback_t callbacks[] = {dlcore_backup_and_restore_callback(&backup),
                                     case_witness(&stops)};
    dlcore_model_t *model = case_model(NULL, NULL, 0.1);

    (void)state;
    folder_files(true);
    backup.delete_checkpoint = false;
    assert_int_equal(case_run(model, callbacks, 2, 2), DLCORE_OK);
    assert_int_equal(folder_files(false), 0);
    dlcore_model_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_backup_of_a_run_that_dies_goes_on_to_the_same_bits),
        cmocka_unit_test(test_backup_of_a_run_that_was_asked_to_stop_stays),
        cmocka_unit_test(test_backup_of_a_run_whose_end_fails_stays),
        cmocka_unit_test(test_backup_of_a_run_that_a_callback_has_ended_goes_to_its_end),
        cmocka_unit_test(test_backup_by_a_link_begins_and_ends_at_what_it_means),
        cmocka_unit_test(test_backup_of_a_run_that_is_complete_is_deleted),
        cmocka_unit_test(test_backup_that_cannot_be_gone_on_from_is_an_error_that_keeps_it),
        cmocka_unit_test(test_backup_of_failing_calls_ends_fit),
        cmocka_unit_test(test_backup_of_bad_settings_is_refused),
        cmocka_unit_test(test_backup_of_save_options_that_are_none_is_refused),
        cmocka_unit_test(test_backup_of_a_place_that_cannot_be_written_is_refused),
        cmocka_unit_test(
            test_backup_of_a_complete_run_is_restored_from_where_nothing_can_be_written),
        cmocka_unit_test(test_backup_of_an_ended_run_is_restored_from_where_nothing_can_be_written),
        cmocka_unit_test(test_backup_of_a_run_with_no_epochs_left_looks_for_no_place),
        cmocka_unit_test(test_backup_that_saves_nothing_leaves_no_file),
    };

    return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
