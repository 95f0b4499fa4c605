/* The CSV of a fit: its lines, going on, and every system call failing.
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
#include <stdlib.h>

#include "support/callback_case.h"
#include "support/failing_io.h"
#include "support/folder.h"
#include "support/posix.h"

static const char *const names[] = {"loss", "accuracy", "val_loss", "val_accuracy"};

static dlcore_callback_action_t feed(dlcore_callback_t *callback, dlcore_model_t *model,
                                     size_t epoch, size_t count, const double *values,
                                     dlcore_error_record_t *error)
{
    dlcore_training_event_t event = {.model = model,
                                     .epoch = epoch,
                                     .names = names,
                                     .values = values,
                                     .value_count = count,
                                     .error = error};

    return callback->on_epoch_end(callback->user, &event);
}

static dlcore_callback_action_t begin(dlcore_callback_t *callback, dlcore_model_t *model,
                                      dlcore_error_record_t *error)
{
    dlcore_training_event_t event = {.model = model, .names = names, .error = error};

    return callback->on_train_begin(callback->user, &event);
}

static void test_csv_logger_writes_names_in_order_and_numbers_that_read_back(void **state)
{
    dlcore_csv_logger_t logger = dlcore_csv_logger_default(folder_path("log.csv"));
    dlcore_callback_t callback = dlcore_csv_logger_callback(&logger);
    dlcore_model_t *model = case_model(NULL, NULL, 0.001);
    dlcore_error_record_t error = {0};

    (void)state;
    folder_write("log.csv", "what was there before\n");
    logger.learning_rate = true;
    assert_int_equal(begin(&callback, model, &error), DLCORE_CALLBACK_CONTINUE);
    assert_int_equal(feed(&callback, model, 0, 4, (double[]){0.1, 1.0, 1.0 / 3.0, 1e-7}, &error),
                     DLCORE_CALLBACK_CONTINUE);
    assert_string_equal(folder_text("log.csv"),
                        "epoch,accuracy,learning_rate,loss,val_accuracy,val_loss\r\n"
                        "0,1.0,0.001,0.1,1e-07,0.3333333333333333\r\n");
    assert_int_equal(feed(&callback, model, 1, 4, (double[]){NAN, -INFINITY, 1e22, 0.0}, &error),
                     DLCORE_CALLBACK_CONTINUE);
    assert_string_equal(folder_text("log.csv") + 57 + 42, "1,-inf,0.001,nan,0.0,1e+22\r\n");
    dlcore_model_free(model);
}

static void test_csv_logger_of_a_fit_has_na_where_nothing_was_validated(void **state)
{
    dlcore_csv_logger_t logger = dlcore_csv_logger_default(folder_path("log.csv"));
    dlcore_callback_t callback = dlcore_csv_logger_callback(&logger);
    dlcore_fit_options_t options = case_options(&callback, 1, 2);
    dlcore_model_t *model = case_model(NULL, NULL, 0.1);
    dlcore_history_t *history = NULL;
    double values[4];
    const char *line;

    (void)state;
    logger.separator = ';';
    options.validation_freq = 2;
    assert_int_equal(case_fit(model, &options, &history), DLCORE_OK);
    line = folder_text("log.csv");
    assert_memory_equal(
        line, "epoch;loss;mean_absolute_error;val_loss;val_mean_absolute_error\r\n0;", 67);
    assert_non_null(strstr(line, ";NA;NA\r\n1;"));
    line = strstr(line, "\r\n1;") + 4;
    for (int i = 0; i < 4; i++, line++)
        values[i] = strtod(line, (char **)&line);
    assert_true(values[0] == dlcore_history_value(history, "loss", 1));
    assert_true(values[3] == dlcore_history_value(history, "val_mean_absolute_error", 1));
    dlcore_history_free(history);
    dlcore_model_free(model);
}

static void test_csv_logger_sorts_all_names_together(void **state)
{
    static const char *const unsorted[] = {"loss", "zebra", "val_loss", "val_zebra"};
    dlcore_csv_logger_t logger = dlcore_csv_logger_default(folder_path("log.csv"));
    dlcore_callback_t callback = dlcore_csv_logger_callback(&logger);
    dlcore_model_t *model = case_model(NULL, NULL, 0.1);
    dlcore_error_record_t error = {0};
    dlcore_training_event_t event = {.model = model,
                                     .names = unsorted,
                                     .values = (double[]){1, 2, 3, 4},
                                     .value_count = 4,
                                     .error = &error};

    (void)state;
    assert_int_equal(begin(&callback, model, &error), DLCORE_CALLBACK_CONTINUE);
    assert_int_equal(callback.on_epoch_end(callback.user, &event), DLCORE_CALLBACK_CONTINUE);
    assert_string_equal(folder_text("log.csv"),
                        "epoch,loss,val_loss,val_zebra,zebra\r\n0,1.0,3.0,4.0,2.0\r\n");
    dlcore_model_free(model);
}

static void test_csv_logger_of_a_fit_that_never_validates_has_no_columns_for_it(void **state)
{
    static const struct {
        size_t initial_epoch, epochs, freq;
        bool validates;
    } cases[] = {{0, 2, 3, false}, {0, 3, 3, true}, {3, 5, 3, false}, {3, 6, 3, true}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        dlcore_csv_logger_t logger = dlcore_csv_logger_default(folder_path("log.csv"));
        dlcore_callback_t callback = dlcore_csv_logger_callback(&logger);
        dlcore_fit_options_t options = case_options(&callback, 1, cases[i].epochs);
        dlcore_model_t *model = case_model(NULL, NULL, 0.1);

        options.initial_epoch = cases[i].initial_epoch;
        options.validation_freq = cases[i].freq;
        assert_int_equal(case_fit(model, &options, NULL), DLCORE_OK);
        assert_int_equal(strstr(folder_text("log.csv"), "val_") != NULL, cases[i].validates);
        assert_int_equal(strstr(folder_text("log.csv"), ",NA") != NULL, cases[i].validates);
        dlcore_model_free(model);
    }
}

/* The log of a run that goes on must have the columns that it goes on with. */
static void test_csv_logger_of_a_resumed_run_with_other_columns_is_refused(void **state)
{
    dlcore_csv_logger_t logger = dlcore_csv_logger_default(folder_path("log.csv"));
    dlcore_callback_t callbacks[1];
    dlcore_model_t *model;
    char before[2000];

    (void)state;
    callbacks[0] = dlcore_csv_logger_callback(&logger);
    model = case_stopped(callbacks, 1, 2 * CASE_BATCHES);
    strcpy(before, folder_text("log.csv"));
    logger.learning_rate = true;
    callbacks[0] = dlcore_csv_logger_callback(&logger);
    assert_int_equal(case_resume(model, callbacks, 1, CASE_STOPPED_EPOCHS), DLCORE_ERROR_FORMAT);
    assert_non_null(strstr(dlcore_model_error(model), "log.csv begins with \"epoch,loss,"));
    assert_string_equal(folder_text("log.csv"), before);
    logger.learning_rate = false;
    callbacks[0] = dlcore_csv_logger_callback(&logger);
    assert_int_equal(case_resume(model, callbacks, 1, CASE_STOPPED_EPOCHS), DLCORE_OK);
    assert_memory_equal(folder_text("log.csv"), before, strlen(before));
    assert_non_null(strstr(folder_text("log.csv"), "\r\n5,"));
    dlcore_model_free(model);
}

static void test_csv_logger_has_the_rate_that_the_epoch_was_trained_with(void **state)
{
    dlcore_reduce_lr_on_plateau_t reduce = dlcore_reduce_lr_on_plateau_default();
    dlcore_csv_logger_t logger = dlcore_csv_logger_default(folder_path("log.csv"));
    dlcore_callback_t callbacks[2];
    dlcore_model_t *model = case_model(NULL, NULL, 0.125);
    const char *text;

    (void)state;
    logger.learning_rate = true;
    reduce.monitor = "loss";
    reduce.mode = DLCORE_MONITOR_MODE_MAX; /* the loss falls: never better than the first */
    reduce.patience = 1;
    reduce.factor = 0.5;
    callbacks[0] = dlcore_reduce_lr_on_plateau_callback(&reduce);
    callbacks[1] = dlcore_csv_logger_callback(&logger);
    assert_int_equal(case_run(model, callbacks, 2, 2), DLCORE_OK);
    assert_int_equal(reduce.reductions, 1);
    text = strstr(folder_text("log.csv"), "\n1,");
    assert_non_null(text);
    assert_int_equal(strncmp(text, "\n1,0.125,", 9), 0);
    assert_true(dlcore_model_learning_rate(model) == 0.0625);
    dlcore_model_free(model);
}

static void test_csv_logger_of_a_pipe_without_a_reader_is_refused(void **state)
{
    const char *path = folder_path("pipe");
    dlcore_csv_logger_t logger = dlcore_csv_logger_default(path);
    dlcore_callback_t callback = dlcore_csv_logger_callback(&logger);

    (void)state;
    assert_int_equal(mkfifo(path, 0600), 0);
    case_assert_refused(&callback, DLCORE_ERROR_IO, "pipe");
}

/* The state of a file that was saved after epoch 0; the run wrote epochs 1 and 2 before it died. */
static void test_csv_logger_of_a_resumed_run_cuts_what_it_writes_again(void **state)
{
    dlcore_csv_logger_t logger = dlcore_csv_logger_default(folder_path("log.csv"));
    dlcore_callback_t callback = dlcore_csv_logger_callback(&logger);
    dlcore_model_t *model = case_model(NULL, NULL, 0.1);
    dlcore_error_record_t error = {0};
    double saved;

    (void)state;
    assert_int_equal(begin(&callback, model, &error), DLCORE_CALLBACK_CONTINUE);
    (void)feed(&callback, model, 0, 1, (double[]){0.5}, &error);
    saved = callback.state[0];
    (void)feed(&callback, model, 1, 1, (double[]){0.25}, &error);
    (void)feed(&callback, model, 2, 1, (double[]){0.125}, &error);
    assert_int_equal(begin(&callback, model, &error), DLCORE_CALLBACK_CONTINUE);
    callback.state[0] = saved;
    (void)feed(&callback, model, 1, 1, (double[]){0.75}, &error);
    (void)feed(&callback, model, 2, 1, (double[]){0.625}, &error);
    assert_string_equal(folder_text("log.csv"), "epoch,loss\r\n0,0.5\r\n1,0.75\r\n2,0.625\r\n");
    dlcore_model_free(model);
}

static void test_csv_logger_of_failing_calls_says_which_and_keeps_whole_lines(void **state)
{
    const char *const whole = "epoch,loss\r\n0,0.5\r\n1,0.25\r\n";
    dlcore_model_t *model = case_model(NULL, NULL, 0.1);

    (void)state;
    for (size_t at = 1;; at++) {
        dlcore_csv_logger_t logger = dlcore_csv_logger_default(folder_path("failing.csv"));
        dlcore_callback_t callback = dlcore_csv_logger_callback(&logger);
        dlcore_error_record_t error = {0};
        failing_io_t io;
        dlcore_system_t system;
        bool failed;

        folder_write("failing.csv", "old\n");
        failing_io_init(&io);
        io.fail_at = at;
        io.error = ENOSPC;
        io.most = 7;
        system = failing_io(&io);
        logger.system = &system;
        failed = begin(&callback, model, &error) == DLCORE_CALLBACK_FAIL;
        for (size_t epoch = 0; !failed && epoch < 2; epoch++)
            failed = feed(&callback, model, epoch, 1, (double[]){0.5 / (1.0 + (double)epoch)},
                          &error) == DLCORE_CALLBACK_FAIL;
        assert_int_equal(io.opened, io.closed);
        if (io.failures == 0)
            break;
        assert_true(failed);
        assert_int_equal(error.status, DLCORE_ERROR_IO);
        assert_non_null(strstr(error.message, "failing.csv: No space left"));
        if (strcmp(io.failed, "write") == 0)
            assert_memory_equal(folder_text("failing.csv"), whole,
                                strlen(folder_text("failing.csv")));
        if (strcmp(io.failed, "write") == 0 && strlen(folder_text("failing.csv")) > 0)
            assert_int_equal(folder_text("failing.csv")[strlen(folder_text("failing.csv")) - 1],
                             '\n');
        assert_true(at < 30);
    }
    assert_string_equal(folder_text("failing.csv"), whole);
    dlcore_model_free(model);
}

static void test_csv_logger_of_bad_settings_is_refused(void **state)
{
    dlcore_csv_logger_t logger = dlcore_csv_logger_default("/nowhere/at/all.csv");
    dlcore_callback_t callback = dlcore_csv_logger_callback(&logger);

    (void)state;
    case_assert_refused(&callback, DLCORE_ERROR_IO, "/nowhere/at/all.csv: No such file");
    logger = dlcore_csv_logger_default("/dev/full");
    callback = dlcore_csv_logger_callback(&logger);
    logger.path = NULL;
    case_assert_refused(&callback, DLCORE_ERROR_ARGUMENT, "path is NULL");
    logger.path = "";
    case_assert_refused(&callback, DLCORE_ERROR_ARGUMENT, "csv_logger: path is empty");
    logger = dlcore_csv_logger_default(folder_path("bad.csv"));
    logger.separator = '\177';
    case_assert_refused(&callback, DLCORE_ERROR_ARGUMENT, "{ | } ~, got 127");
    for (const char *bad = "\"\n.-+_e7\200\001\b\v\033"; *bad != '\0'; bad++) {
        logger = dlcore_csv_logger_default(folder_path("bad.csv"));
        logger.separator = *bad;
        case_assert_refused(&callback, DLCORE_ERROR_ARGUMENT, "csv_logger: separator");
    }
    assert_false(folder_has("bad.csv"));
    folder_write("file", "");
    logger = dlcore_csv_logger_default(folder_path("file/log.csv"));
    case_assert_refused(&callback, DLCORE_ERROR_IO, "file/log.csv: " NOT_A_FOLDER);
}

/* Exactly those that the header lists. */
static void test_csv_logger_takes_the_listed_separators(void **state)
{
    static const char listed[] = "\t !#$%&'()*,/:;<=>?@[\\]^`{|}~";

    (void)state;
    for (int c = 0; c < 256; c++) {
        dlcore_csv_logger_t logger = dlcore_csv_logger_default(folder_path("listed.csv"));
        dlcore_callback_t callback = dlcore_csv_logger_callback(&logger);

        logger.separator = (char)c;
        if (c != 0 && strchr(listed, c) != NULL) {
            dlcore_fit_options_t options = case_options(&callback, 1, 1);
            dlcore_model_t *model = case_model(NULL, NULL, 0.1);
            char header[] = "epoch?loss";

            header[5] = (char)c;
            assert_int_equal(case_fit(model, &options, NULL), DLCORE_OK);
            assert_memory_equal(folder_text("listed.csv"), header, sizeof header - 1);
            dlcore_model_free(model);
        } else {
            case_assert_refused(&callback, DLCORE_ERROR_ARGUMENT, "csv_logger: separator");
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_csv_logger_takes_the_listed_separators),
        cmocka_unit_test(test_csv_logger_writes_names_in_order_and_numbers_that_read_back),
        cmocka_unit_test(test_csv_logger_of_a_fit_has_na_where_nothing_was_validated),
        cmocka_unit_test(test_csv_logger_sorts_all_names_together),
        cmocka_unit_test(test_csv_logger_of_a_fit_that_never_validates_has_no_columns_for_it),
        cmocka_unit_test(test_csv_logger_of_a_resumed_run_with_other_columns_is_refused),
        cmocka_unit_test(test_csv_logger_has_the_rate_that_the_epoch_was_trained_with),
        cmocka_unit_test(test_csv_logger_of_a_pipe_without_a_reader_is_refused),
        cmocka_unit_test(test_csv_logger_of_a_resumed_run_cuts_what_it_writes_again),
        cmocka_unit_test(test_csv_logger_of_failing_calls_says_which_and_keeps_whole_lines),
        cmocka_unit_test(test_csv_logger_of_bad_settings_is_refused),
    };

    return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
