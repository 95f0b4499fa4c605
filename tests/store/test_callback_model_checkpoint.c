/* Checkpoints of fits: when, where, what, and files that fail.
 *
 * SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>

#include "model/model.h"
#include "model/run_state.h"
#include "support/callback_case.h"
#include "support/failing_io.h"
#include "support/folder.h"
#include "support/posix.h"

static void assert_file_has(const char *name, const float weights[CASE_WEIGHTS])
{
    dlcore_model_t *model = NULL;
    float found[CASE_WEIGHTS];

    assert_int_equal(dlcore_model_load(folder_path(name), NULL, &model), DLCORE_OK);
    case_weights(model, found);
    assert_memory_equal(found, weights, sizeof found);
    dlcore_model_free(model);
}

static void test_model_checkpoint_saves_after_each_epoch_under_its_name(void **state)
{
    dlcore_model_checkpoint_t checkpoint =
        dlcore_model_checkpoint_default(folder_path("m{epoch:02d}.safetensors"));
    case_witness_t seen = {.epochs = 0};
    dlcore_callback_t callbacks[] = {case_witness(&seen),
                                     dlcore_model_checkpoint_callback(&checkpoint)};
    dlcore_model_t *model = case_model(NULL, NULL, 0.1);

    (void)state;
    folder_files(true);
    assert_int_equal(case_run(model, callbacks, 2, 3), DLCORE_OK);
    assert_int_equal(folder_files(false), 3);
    assert_file_has("m01.safetensors", seen.weights[0]);
    assert_file_has("m03.safetensors", seen.weights[2]);
    assert_int_equal(checkpoint.saves, 3);
    assert_non_null(strstr(checkpoint.last_path, "/m03.safetensors"));
    assert_true(isnan(checkpoint.best));
    dlcore_model_free(model);
}

static void test_model_checkpoint_by_batches_counts_on_over_epochs(void **state)
{
    dlcore_model_checkpoint_t checkpoint =
        dlcore_model_checkpoint_default(folder_path("{epoch}-{batch}"));
    dlcore_callback_t callback = dlcore_model_checkpoint_callback(&checkpoint);
    dlcore_model_t *model = case_model(NULL, NULL, 0.1);

    (void)state;
    folder_files(true);
    checkpoint.save_freq = 3; /* of 4 batches an epoch */
    checkpoint.save_weights_only = true;
    assert_int_equal(case_run(model, &callback, 1, 3), DLCORE_OK);
    assert_int_equal(folder_files(false), 4);
    assert_true(folder_has("1-3") && folder_has("2-2") && folder_has("3-1") && folder_has("3-4"));
    assert_int_equal(dlcore_model_load_weights(model, folder_path("1-3")), DLCORE_OK);
    dlcore_model_free(model);
}

static void test_model_checkpoint_of_the_best_keeps_it_from_fit_to_fit(void **state)
{
    dlcore_model_checkpoint_t checkpoint = dlcore_model_checkpoint_default(folder_path("best"));
    case_witness_t seen = {.epochs = 0};
    dlcore_callback_t callbacks[] = {case_witness(&seen),
                                     dlcore_model_checkpoint_callback(&checkpoint)};
    dlcore_model_t *model = case_model(NULL, NULL, 0.1);

    (void)state;
    checkpoint.save_best_only = true;
    checkpoint.monitor = "loss";
    checkpoint.mode = DLCORE_MONITOR_MODE_MAX; /* the loss falls: the first */
    for (int run = 0; run < 2; run++)
        assert_int_equal(case_run(model, callbacks, 2, 3), DLCORE_OK);
    assert_int_equal(checkpoint.saves, 1);
    assert_true(checkpoint.best > 0.0);
    checkpoint.initial_value_threshold = 1e-9; /* below what there is: too late to count */
    assert_int_equal(case_run(model, callbacks, 2, 1), DLCORE_OK);
    assert_int_equal(checkpoint.saves, 1);
    dlcore_model_free(model);
}

static void test_model_checkpoint_of_the_best_skips_epochs_without_validation(void **state)
{
    dlcore_model_checkpoint_t checkpoint =
        dlcore_model_checkpoint_default(folder_path("{epoch}-{val_loss:.1f}"));
    dlcore_callback_t callback = dlcore_model_checkpoint_callback(&checkpoint);
    dlcore_fit_options_t options = case_options(&callback, 1, 5);
    dlcore_model_t *model = case_model(NULL, NULL, 0.1);

    (void)state;
    folder_files(true);
    checkpoint.save_best_only = true;
    options.validation_freq = 5;
    assert_int_equal(case_fit(model, &options, NULL), DLCORE_OK);
    assert_int_equal(checkpoint.saves, 1);
    assert_non_null(strstr(checkpoint.last_path, "/5-"));
    dlcore_model_free(model);
}

static void test_model_checkpoint_of_failing_calls_ends_fit_and_keeps_the_old_file(void **state)
{
    size_t failures = 0;

    (void)state;
    for (size_t at = 1;; at++) {
        dlcore_model_checkpoint_t checkpoint = dlcore_model_checkpoint_default(folder_path("kept"));
        dlcore_callback_t callback = dlcore_model_checkpoint_callback(&checkpoint);
        dlcore_model_t *model = case_model(NULL, NULL, 0.1);
        failing_io_t io;
        dlcore_system_t system;
        dlcore_status status;

        folder_files(true);
        folder_write("kept", "old");
        failing_io_init(&io);
        io.fail_at = at;
        io.error = ENOSPC;
        system = failing_io(&io);
        checkpoint.system = &system;
        status = case_run(model, &callback, 1, 1);
        assert_int_equal(io.opened, io.closed);
        if (status != DLCORE_OK) {
            failures++;
            assert_int_equal(status, DLCORE_ERROR_IO);
            assert_non_null(strstr(dlcore_model_error(model), "No space"));
            assert_int_equal(checkpoint.saves, 0);
            if (strcmp(io.failed, "fsync") != 0) /* of the folder: the file is there then */
                assert_string_equal(folder_text("kept"), "old");
        }
        dlcore_model_free(model);
        if (io.failures == 0)
            break;
        assert_true(at < 40);
    }
    assert_true(failures >= 6);
}

/* The disk is full for once: the epoch counts as no best one, and the next fit saves. */
static void test_model_checkpoint_of_a_best_that_was_not_saved_tries_again(void **state)
{
    dlcore_model_checkpoint_t checkpoint = dlcore_model_checkpoint_default(folder_path("best"));
    dlcore_callback_t callback = dlcore_model_checkpoint_callback(&checkpoint);
    dlcore_model_t *model = case_model(NULL, NULL, 0.1);
    failing_io_t io;
    dlcore_system_t system;

    (void)state;
    folder_files(true);
    failing_io_init(&io);
    io.only = "write";
    io.fail_at = 1;
    system = failing_io(&io);
    checkpoint.system = &system;
    checkpoint.save_best_only = true;
    checkpoint.monitor = "loss";
    checkpoint.mode = DLCORE_MONITOR_MODE_MAX; /* the loss falls: only the first can be the best */
    assert_int_equal(case_run(model, &callback, 1, 1), DLCORE_ERROR_IO);
    assert_true(isnan(checkpoint.best));
    checkpoint.system = NULL;
    assert_int_equal(case_run(model, &callback, 1, 1), DLCORE_OK);
    assert_int_equal(checkpoint.saves, 1);
    assert_true(folder_has("best"));
    dlcore_model_free(model);
}

static void test_model_checkpoint_of_a_resumed_run_shows_its_best(void **state)
{
    dlcore_model_checkpoint_t first = dlcore_model_checkpoint_default(folder_path("best")), second;
    case_witness_t stops = {.stop_at = 2};
    dlcore_callback_t callbacks[] = {case_witness(&stops),
                                     dlcore_model_checkpoint_callback(&first)};
    dlcore_fit_options_t options = case_options(callbacks, 2, 3);
    dlcore_model_t *model = case_model(NULL, NULL, 0.1);

    (void)state;
    first.save_best_only = true;
    first.monitor = "loss";
    second = first;
    assert_int_equal(case_fit(model, &options, NULL), DLCORE_OK);
    assert_int_equal(first.saves, 2);
    callbacks[1] = dlcore_model_checkpoint_callback(&second);
    options.epochs = 2; /* nothing is left to do */
    options.resume = true;
    assert_int_equal(case_fit(model, &options, NULL), DLCORE_OK);
    assert_int_equal(second.saves, 2);
    assert_true(second.best == first.best);
    dlcore_model_free(model);
}

static void test_model_checkpoint_of_a_run_whose_counts_lie_is_refused_and_forgets(void **state)
{
    static const double lies[] = {NAN, -1.0, 1e300, 0.5};

    (void)state;
    for (size_t i = 0; i < sizeof lies / sizeof lies[0]; i++) {
        dlcore_model_checkpoint_t checkpoint = dlcore_model_checkpoint_default(folder_path("best"));
        case_witness_t stops = {.stop_at = 2};
        dlcore_callback_t callbacks[] = {case_witness(&stops),
                                         dlcore_model_checkpoint_callback(&checkpoint)};
        dlcore_fit_options_t options = case_options(callbacks, 2, 3);
        dlcore_model_t *model = case_model(NULL, NULL, 0.1);

        assert_int_equal(case_fit(model, &options, NULL), DLCORE_OK);
        model->stopped->callbacks[0].numbers[3] = lies[i]; /* saves, as a file might have it */
        options.resume = true;
        assert_int_equal(case_fit(model, &options, NULL), DLCORE_ERROR_FORMAT);
        assert_non_null(strstr(dlcore_model_error(model), "model_checkpoint: number 3"));
        options.resume = false;
        assert_int_equal(case_fit(model, &options, NULL), DLCORE_OK);
        assert_int_equal(checkpoint.saves, 2);
        dlcore_model_free(model);
    }
}

static void test_model_checkpoint_of_bad_settings_is_refused(void **state)
{
    dlcore_model_checkpoint_t checkpoint = dlcore_model_checkpoint_default(NULL);
    dlcore_callback_t callback = dlcore_model_checkpoint_callback(&checkpoint);

    (void)state;
    case_assert_refused(&callback, DLCORE_ERROR_ARGUMENT, "path is NULL");
    checkpoint.path = "{epoch:02f}";
    case_assert_refused(&callback, DLCORE_ERROR_ARGUMENT, "{epoch:02f}");
    checkpoint.path = "{val_accuracy}";
    case_assert_refused(&callback, DLCORE_ERROR_NAME, "there is no value \"val_accuracy\"");
    checkpoint.path = folder_path("never");
    checkpoint.save_best_only = true;
    checkpoint.monitor = "acc";
    case_assert_refused(&callback, DLCORE_ERROR_NAME, "there is no value \"acc\"");
    checkpoint.monitor = "val_loss";
    checkpoint.initial_value_threshold = -INFINITY;
    case_assert_refused(&callback, DLCORE_ERROR_ARGUMENT, "initial_value_threshold");
    checkpoint = (dlcore_model_checkpoint_t){.path = "x"};
    case_assert_refused(&callback, DLCORE_ERROR_ARGUMENT, "model_checkpoint");
    assert_false(folder_has("never"));
}

/* However the name is written that finds one. */
static void test_model_checkpoint_by_batches_of_the_best_of_validation_is_refused(void **state)
{
    static const char *const monitors[] = {"val_loss",  "VAL_loss", "ValLoss",
                                           "_val_loss", "valloss",  "val_mae"};

    (void)state;
    folder_files(true);
    for (size_t i = 0; i < sizeof monitors / sizeof monitors[0]; i++) {
        dlcore_model_checkpoint_t checkpoint =
            dlcore_model_checkpoint_default(folder_path("never"));
        dlcore_callback_t callback = dlcore_model_checkpoint_callback(&checkpoint);

        checkpoint.save_best_only = true;
        checkpoint.save_freq = 2;
        checkpoint.monitor = monitors[i];
        case_assert_refused(&callback, DLCORE_ERROR_ARGUMENT, "has no value after a batch");
    }
    assert_int_equal(folder_files(false), 0);
}

static void test_model_checkpoint_of_save_options_that_are_none_is_refused(void **state)
{
    dlcore_model_checkpoint_t checkpoint = dlcore_model_checkpoint_default(folder_path("never"));
    dlcore_callback_t callback = dlcore_model_checkpoint_callback(&checkpoint);

    (void)state;
    checkpoint.save = (dlcore_save_options_t){.training_state = true};
    case_assert_refused(&callback, DLCORE_ERROR_ARGUMENT,
                        "model_checkpoint: save: options were not initialized: begin with ");
    assert_false(folder_has("never"));
}

static void test_model_checkpoint_of_a_mode_that_is_none_is_refused_for_all_epochs_too(void **state)
{
    dlcore_model_checkpoint_t checkpoint = dlcore_model_checkpoint_default(folder_path("never"));
    dlcore_callback_t callback = dlcore_model_checkpoint_callback(&checkpoint);

    (void)state;
    for (int best = 0; best <= 1; best++) {
        checkpoint.save_best_only = best == 1;
        checkpoint.mode = (dlcore_monitor_mode_t)3;
        case_assert_refused(&callback, DLCORE_ERROR_ARGUMENT,
                            "model_checkpoint: mode must be auto, min or max (0 .. 2), got 3");
        checkpoint.mode = (dlcore_monitor_mode_t)-1;
        case_assert_refused(&callback, DLCORE_ERROR_ARGUMENT, "(0 .. 2), got -1");
    }
    assert_false(folder_has("never"));
}

static void test_model_checkpoint_by_batches_of_a_path_with_validation_is_refused(void **state)
{
    dlcore_model_checkpoint_t checkpoint =
        dlcore_model_checkpoint_default(folder_path("{batch}-{val_loss:.2f}"));
    dlcore_callback_t callback = dlcore_model_checkpoint_callback(&checkpoint);

    (void)state;
    folder_files(true);
    checkpoint.save_freq = 3;
    case_assert_refused(&callback, DLCORE_ERROR_ARGUMENT,
                        "model_checkpoint: path: {val_loss} has no value after a batch");
    assert_int_equal(folder_files(false), 0);
}

static void test_model_checkpoint_of_a_place_that_cannot_be_written_is_refused(void **state)
{
    dlcore_model_checkpoint_t checkpoint = dlcore_model_checkpoint_default(NULL);
    dlcore_callback_t callback = dlcore_model_checkpoint_callback(&checkpoint);

    (void)state;
    case_assert_places_refused(&callback, "model_checkpoint: ", &checkpoint.path,
                               &checkpoint.system);
    checkpoint.path = folder_path("none/{epoch}");
    case_assert_refused(&callback, DLCORE_ERROR_IO, "/none/1: cannot open its folder: No such");
    checkpoint.path = folder_path("{{none}}/m");
    case_assert_refused(&callback, DLCORE_ERROR_IO, "/{none}/m: cannot open its folder: No such");
}

static void test_model_checkpoint_of_a_folder_with_fields_is_not_looked_for(void **state)
{
    dlcore_model_checkpoint_t checkpoint =
        dlcore_model_checkpoint_default(folder_path("{epoch}/m"));
    case_witness_t seen = {.epochs = 0};
    dlcore_callback_t callbacks[] = {case_witness(&seen),
                                     dlcore_model_checkpoint_callback(&checkpoint)};
    dlcore_model_t *model = case_model(NULL, NULL, 0.1);

    (void)state;
    folder_files(true);
    assert_int_equal(mkdir(folder_path("1"), 0700), 0);
    assert_int_equal(case_run(model, callbacks, 2, 3), DLCORE_ERROR_IO);
    assert_non_null(strstr(dlcore_model_error(model), "/2/m: cannot open its folder: No such"));
    assert_int_equal(seen.epochs, 2);
    assert_int_equal(checkpoint.saves, 1);
    assert_int_equal(remove(folder_path("1/m")), 0);
    dlcore_model_free(model);
}

static void test_model_checkpoint_that_saves_nothing_leaves_all_as_it_was(void **state)
{
    dlcore_model_checkpoint_t checkpoint = dlcore_model_checkpoint_default(folder_path("kept"));
    dlcore_callback_t callback = dlcore_model_checkpoint_callback(&checkpoint);
    dlcore_model_t *model = case_model(NULL, NULL, 0.1);
    struct stat before, after;

    (void)state;
    folder_files(true);
    folder_write("kept", "old");
    assert_int_equal(stat(folder_path("kept"), &before), 0);
    checkpoint.save_best_only = true;
    checkpoint.initial_value_threshold = -1.0; /* below every loss */
    assert_int_equal(case_run(model, &callback, 1, 2), DLCORE_OK);
    assert_string_equal(folder_text("kept"), "old");
    assert_int_equal(stat(folder_path("kept"), &after), 0);
    assert_int_equal(after.st_ino, before.st_ino);
    checkpoint.path = folder_path("new");
    assert_int_equal(case_run(model, &callback, 1, 2), DLCORE_OK);
    assert_int_equal(folder_files(false), 1);
    dlcore_model_free(model);
}

static void test_model_checkpoint_of_a_fit_without_epochs_looks_for_no_place(void **state)
{
    dlcore_model_checkpoint_t checkpoint =
        dlcore_model_checkpoint_default(folder_path("absent/file"));
    dlcore_callback_t callback = dlcore_model_checkpoint_callback(&checkpoint);
    dlcore_model_t *model = case_model(NULL, NULL, 0.1);

    (void)state;
    assert_int_equal(case_run(model, &callback, 1, 0), DLCORE_OK);
    assert_int_equal(case_run(model, &callback, 1, 1), DLCORE_ERROR_IO);
    dlcore_model_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_model_checkpoint_saves_after_each_epoch_under_its_name),
        cmocka_unit_test(test_model_checkpoint_by_batches_counts_on_over_epochs),
        cmocka_unit_test(test_model_checkpoint_of_the_best_keeps_it_from_fit_to_fit),
        cmocka_unit_test(test_model_checkpoint_of_the_best_skips_epochs_without_validation),
        cmocka_unit_test(test_model_checkpoint_of_failing_calls_ends_fit_and_keeps_the_old_file),
        cmocka_unit_test(test_model_checkpoint_of_a_best_that_was_not_saved_tries_again),
        cmocka_unit_test(test_model_checkpoint_of_a_resumed_run_shows_its_best),
        cmocka_unit_test(test_model_checkpoint_of_a_run_whose_counts_lie_is_refused_and_forgets),
        cmocka_unit_test(test_model_checkpoint_of_bad_settings_is_refused),
        cmocka_unit_test(test_model_checkpoint_by_batches_of_the_best_of_validation_is_refused),
        cmocka_unit_test(test_model_checkpoint_of_save_options_that_are_none_is_refused),
        cmocka_unit_test(
            test_model_checkpoint_of_a_mode_that_is_none_is_refused_for_all_epochs_too),
        cmocka_unit_test(test_model_checkpoint_by_batches_of_a_path_with_validation_is_refused),
        cmocka_unit_test(test_model_checkpoint_of_a_place_that_cannot_be_written_is_refused),
        cmocka_unit_test(test_model_checkpoint_of_a_folder_with_fields_is_not_looked_for),
        cmocka_unit_test(test_model_checkpoint_that_saves_nothing_leaves_all_as_it_was),
        cmocka_unit_test(test_model_checkpoint_of_a_fit_without_epochs_looks_for_no_place),
    };

    return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
