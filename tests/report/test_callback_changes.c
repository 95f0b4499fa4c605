/* Ready-made callbacks whose structs change while fit runs: set by another callback, set anew, used
 * by another fit or twice in one list.
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support/callback_case.h"
#include "support/folder.h"

enum { EPOCHS = 4 };

/* One of each, and what a callback that runs before them does to them as epoch `at` begins, or as
 * training ends. */
typedef struct structs {
    dlcore_early_stopping_t stopping;
    dlcore_reduce_lr_on_plateau_t plateau;
    dlcore_learning_rate_scheduler_t scheduler;
    dlcore_roll_back_t roll_back;
    dlcore_model_checkpoint_t checkpoint;
    dlcore_csv_logger_t logger;
    dlcore_tensor_board_t board;
    dlcore_backup_and_restore_t backup;
    dlcore_callback_t callback; /* of the one that is tried */
    void (*change)(struct structs *structs);
    size_t at, batches;
} structs_t;

static double same_rate(void *user, size_t epoch, double learning_rate)
{
    (void)user;
    (void)epoch;
    return learning_rate;
}

static void make_structs(structs_t *structs)
{
    const char *path = folder_path("here");
    static char folder[512];

    snprintf(folder, sizeof folder, "%.*s", (int)(strlen(path) - strlen("/here")), path);
    *structs =
        (structs_t){.stopping = dlcore_early_stopping_default(),
                    .plateau = dlcore_reduce_lr_on_plateau_default(),
                    .scheduler = dlcore_learning_rate_scheduler_default(same_rate, NULL),
                    .roll_back = dlcore_roll_back_default(),
                    .checkpoint = dlcore_model_checkpoint_default(folder_path("best.safetensors")),
                    .logger = dlcore_csv_logger_default(folder_path("log.csv")),
                    .board = dlcore_tensor_board_default(folder),
                    .backup = dlcore_backup_and_restore_default(folder_path("run.safetensors")),
                    .at = 1};
    structs->stopping.restore_best_weights = true;
    structs->stopping.patience = 100;
    structs->board.update_freq = 1;
}

static dlcore_callback_action_t change_at_epoch(void *user, const dlcore_training_event_t *event)
{
    structs_t *structs = user;

    if (event->epoch == structs->at)
        structs->change(structs);
    return DLCORE_CALLBACK_CONTINUE;
}

static dlcore_callback_action_t change_at_end(void *user, const dlcore_training_event_t *event)
{
    structs_t *structs = user;

    if (structs->at == EPOCHS && event->status == DLCORE_OK)
        structs->change(structs);
    return DLCORE_CALLBACK_CONTINUE;
}

/* Fits with the callback behind one that changes it; *message is valid until the next call. */
static dlcore_status run_changed(structs_t *structs, const char **message)
{
    static dlcore_model_t *model;
    dlcore_callback_t callbacks[2];
    dlcore_status status;

    dlcore_model_free(model);
    model = NULL;
    if (message == NULL) /* the end */
        return DLCORE_OK;
    callbacks[0] = (dlcore_callback_t){
        .user = structs, .on_epoch_begin = change_at_epoch, .on_train_end = change_at_end};
    callbacks[1] = structs->callback;
    model = case_model(NULL, NULL, 0.1);
    status = case_run(model, callbacks, 2, EPOCHS);
    *message = dlcore_model_error(model);
    return status;
}

/* ---- settings that no run may have ---- */

static void monitor_null(structs_t *structs)
{
    structs->stopping.monitor = structs->plateau.monitor = structs->checkpoint.monitor = NULL;
    structs->checkpoint.save_best_only = true;
}

static void monitor_unknown(structs_t *structs)
{
    structs->stopping.monitor = structs->plateau.monitor = structs->checkpoint.monitor = "nobody";
    structs->checkpoint.save_best_only = true;
}

static void mode_unknown(structs_t *structs)
{
    structs->stopping.mode = structs->plateau.mode = structs->checkpoint.mode =
        (dlcore_monitor_mode_t)7;
}

static void numbers_bad(structs_t *structs)
{
    structs->stopping.min_delta = (double)NAN;
    structs->plateau.factor = (double)NAN;
}

static void function_null(structs_t *structs)
{
    structs->scheduler.rate = NULL;
}

static void path_null(structs_t *structs)
{
    structs->checkpoint.path = structs->logger.path = structs->backup.path = NULL;
}

static void path_empty(structs_t *structs)
{
    structs->checkpoint.path = structs->logger.path = structs->backup.path = "";
}

static void no_training_state(structs_t *structs)
{
    structs->backup.save.training_state = false;
}

static void all_zero(structs_t *structs)
{
    memset(structs, 0, offsetof(structs_t, callback));
}

typedef dlcore_callback_t make_t(structs_t *structs);

static dlcore_callback_t stopping(structs_t *structs)
{
    return dlcore_early_stopping_callback(&structs->stopping);
}

static dlcore_callback_t plateau(structs_t *structs)
{
    return dlcore_reduce_lr_on_plateau_callback(&structs->plateau);
}

static dlcore_callback_t scheduler(structs_t *structs)
{
    return dlcore_learning_rate_scheduler_callback(&structs->scheduler);
}

static dlcore_callback_t roll_back(structs_t *structs)
{
    return dlcore_roll_back_callback(&structs->roll_back);
}

static dlcore_callback_t checkpoint(structs_t *structs)
{
    return dlcore_model_checkpoint_callback(&structs->checkpoint);
}

static dlcore_callback_t logger(structs_t *structs)
{
    return dlcore_csv_logger_callback(&structs->logger);
}

static dlcore_callback_t board(structs_t *structs)
{
    return dlcore_tensor_board_callback(&structs->board);
}

static dlcore_callback_t backup(structs_t *structs)
{
    return dlcore_backup_and_restore_callback(&structs->backup);
}

typedef struct refused {
    make_t *make;
    void (*change)(structs_t *structs);
    size_t at;
    dlcore_status status;
    const char *text;
} refused_t;

static void check_refused(const refused_t *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const char *message;
        structs_t structs;
        dlcore_status status;

        make_structs(&structs);
        structs.callback = cases[i].make(&structs);
        structs.change = cases[i].change;
        structs.at = cases[i].at;
        status = run_changed(&structs, &message);
        if (status != cases[i].status || strstr(message, cases[i].text) == NULL)
            fail_msg("case %zu: %d, \"%s\" in place of \"%s\"", i, status, message, cases[i].text);
        (void)folder_files(true);
    }
    (void)run_changed(NULL, NULL);
}

static void test_callback_changes_to_bad_settings_end_fit_with_the_reason(void **state)
{
    static const refused_t cases[] = {
        {stopping, monitor_null, 1, DLCORE_ERROR_ARGUMENT, "early_stopping: monitor is NULL"},
        {stopping, monitor_unknown, 1, DLCORE_ERROR_NAME, "early_stopping: there is no value"},
        {stopping, mode_unknown, 1, DLCORE_ERROR_ARGUMENT, "early_stopping: mode must be"},
        {stopping, numbers_bad, 1, DLCORE_ERROR_ARGUMENT, "early_stopping: min_delta must be"},
        {plateau, monitor_null, 1, DLCORE_ERROR_ARGUMENT, "reduce_lr_on_plateau: monitor is NULL"},
        {plateau, monitor_unknown, 2, DLCORE_ERROR_NAME, "reduce_lr_on_plateau: there is no value"},
        {plateau, mode_unknown, 1, DLCORE_ERROR_ARGUMENT, "reduce_lr_on_plateau: mode must be"},
        {plateau, numbers_bad, 1, DLCORE_ERROR_ARGUMENT, "factor must be at least 0"},
        {scheduler, function_null, 1, DLCORE_ERROR_ARGUMENT, "rate is NULL"},
        {checkpoint, monitor_null, 1, DLCORE_ERROR_ARGUMENT, "model_checkpoint: monitor is NULL"},
        {checkpoint, monitor_unknown, 1, DLCORE_ERROR_NAME, "model_checkpoint: there is no value"},
        {checkpoint, mode_unknown, 1, DLCORE_ERROR_ARGUMENT, "model_checkpoint: mode must be"},
        {checkpoint, path_null, 1, DLCORE_ERROR_ARGUMENT, "model_checkpoint: path is NULL"},
        {checkpoint, path_empty, 1, DLCORE_ERROR_ARGUMENT, "model_checkpoint: path is empty"},
        {logger, path_null, 1, DLCORE_ERROR_ARGUMENT, "csv_logger: path is NULL"},
        {logger, path_empty, 1, DLCORE_ERROR_ARGUMENT, "csv_logger: path is empty"},
        {backup, path_null, 1, DLCORE_ERROR_ARGUMENT, "backup_and_restore: path is NULL"},
        {backup, path_null, EPOCHS, DLCORE_ERROR_ARGUMENT, "backup_and_restore: path is NULL"},
        {backup, path_empty, EPOCHS, DLCORE_ERROR_ARGUMENT, "backup_and_restore: path is empty"},
        {backup, no_training_state, 1, DLCORE_ERROR_ARGUMENT, "save.training_state is false"},
    };

    (void)state;
    check_refused(cases, sizeof cases / sizeof *cases);
}

/* ---- structs that are set anew ---- */

static void all_default(structs_t *structs)
{
    structs_t fresh;

    make_structs(&fresh);
    memcpy(structs, &fresh, offsetof(structs_t, callback));
}

static void test_callback_changes_of_the_whole_struct_end_fit_with_the_reason(void **state)
{
    static const refused_t cases[] = {
        {stopping, all_zero, 1, DLCORE_ERROR_ARGUMENT, "early_stopping"},
        {plateau, all_zero, 1, DLCORE_ERROR_ARGUMENT, "reduce_lr_on_plateau"},
        {scheduler, all_zero, 1, DLCORE_ERROR_ARGUMENT, "learning_rate_scheduler"},
        {roll_back, all_zero, 1, DLCORE_ERROR_STATE, "roll_back: the struct was set anew"},
        {checkpoint, all_zero, 1, DLCORE_ERROR_ARGUMENT, "model_checkpoint"},
        {logger, all_zero, 1, DLCORE_ERROR_ARGUMENT, "csv_logger"},
        {board, all_zero, 1, DLCORE_ERROR_STATE, "tensor_board: the struct was set anew"},
        {backup, all_zero, 1, DLCORE_ERROR_ARGUMENT, "backup_and_restore"},
        {stopping, all_default, 1, DLCORE_ERROR_STATE, "early_stopping: the struct was set anew"},
        {roll_back, all_default, 1, DLCORE_ERROR_STATE, "roll_back: the struct was set anew"},
        {logger, all_default, 1, DLCORE_ERROR_STATE, "csv_logger: the struct was set anew"},
        {board, all_default, 1, DLCORE_ERROR_STATE, "tensor_board: the struct was set anew"},
    };

    (void)state;
    check_refused(cases, sizeof cases / sizeof *cases);
}

/* Another fit, of another model, with the callback alone. */
static void fit_another(structs_t *structs)
{
    dlcore_model_t *model = case_model(NULL, NULL, 0.1);

    assert_int_equal(case_run(model, &structs->callback, 1, 1), DLCORE_OK);
    dlcore_model_free(model);
}

static void test_callback_changes_by_another_fit_end_this_one_where_it_lost_weights(void **state)
{
    static const refused_t cases[] = {
        {stopping, fit_another, 1, DLCORE_ERROR_STATE, "early_stopping: the struct was set anew"},
        {roll_back, fit_another, 1, DLCORE_ERROR_STATE, "roll_back: the struct was set anew"},
        {plateau, fit_another, 1, DLCORE_OK, ""},
        {checkpoint, fit_another, 1, DLCORE_OK, ""},
        {logger, fit_another, 1, DLCORE_OK, ""},
        {board, fit_another, 1, DLCORE_OK, ""},
    };

    (void)state;
    check_refused(cases, sizeof cases / sizeof *cases);
}

static void test_callback_changes_two_of_one_struct_are_refused(void **state)
{
    static make_t *const makers[] = {stopping, plateau, roll_back, checkpoint,
                                     logger,   board,   backup};

    (void)state;
    for (size_t i = 0; i < sizeof makers / sizeof *makers; i++) {
        for (int named = 0; named < 2; named++) {
            dlcore_model_t *model = case_model(NULL, NULL, 0.1);
            dlcore_callback_t callbacks[2];
            structs_t structs;

            make_structs(&structs);
            callbacks[0] = callbacks[1] = makers[i](&structs);
            callbacks[0].name = named ? "one" : NULL;
            callbacks[1].name = named ? "two" : NULL;
            assert_int_equal(case_run(model, callbacks, 2, EPOCHS), DLCORE_ERROR_ARGUMENT);
            assert_string_equal(dlcore_model_error(model),
                                "fit: callbacks 0 and 1 are of one struct; make one for each");
            assert_int_equal(folder_files(true), 0);
            dlcore_model_free(model);
        }
    }
}

/* ---- what a log has in it ---- */

static void other_columns(structs_t *structs)
{
    structs->logger.learning_rate = !structs->logger.learning_rate;
    structs->logger.separator = '.'; /* which none may be */
}

static size_t count(const char *text, char wanted)
{
    size_t found = 0;

    for (; *text != '\0'; text++)
        found += *text == wanted;
    return found;
}

static void test_callback_changes_of_a_logs_columns_are_for_the_next_fit(void **state)
{
    (void)state;
    for (int rate = 0; rate < 2; rate++) {
        size_t columns = 4 + (size_t)rate; /* behind the epoch */
        const char *message;
        structs_t structs;

        make_structs(&structs);
        structs.callback = logger(&structs); /* before the setting: it counts as training begins */
        structs.logger.learning_rate = rate == 1;
        structs.logger.separator = ';';
        structs.change = other_columns;
        assert_int_equal(run_changed(&structs, &message), DLCORE_OK);
        assert_int_equal(count(folder_text("log.csv"), '\n'), 1 + EPOCHS);
        assert_int_equal(count(folder_text("log.csv"), ';'), columns * (1 + EPOCHS));
        assert_int_equal(run_changed(&structs, &message), DLCORE_ERROR_ARGUMENT);
        (void)folder_files(true);
    }
    (void)run_changed(NULL, NULL);
}

/* The rate of the epoch's last batch, though another callback has set that of the next one. */
static dlcore_callback_action_t halve(void *user, const dlcore_training_event_t *event)
{
    (void)user;
    assert_int_equal(dlcore_model_set_learning_rate(event->model,
                                                    dlcore_model_learning_rate(event->model) / 2.0),
                     DLCORE_OK);
    return DLCORE_CALLBACK_CONTINUE;
}

static void test_callback_changes_between_making_and_training_count(void **state)
{
    dlcore_model_t *model = case_model(NULL, NULL, 0.5);
    dlcore_callback_t callbacks[2] = {{.on_epoch_end = halve}};
    structs_t structs;

    (void)state;
    make_structs(&structs);
    callbacks[1] = logger(&structs);
    structs.logger.learning_rate = true;
    assert_int_equal(case_run(model, callbacks, 2, 2), DLCORE_OK);
    assert_non_null(strstr(folder_text("log.csv"), "\r\n0,0.5,"));
    assert_non_null(strstr(folder_text("log.csv"), "\r\n1,0.25,"));
    (void)folder_files(true);
    dlcore_model_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_callback_changes_to_bad_settings_end_fit_with_the_reason),
        cmocka_unit_test(test_callback_changes_of_the_whole_struct_end_fit_with_the_reason),
        cmocka_unit_test(test_callback_changes_by_another_fit_end_this_one_where_it_lost_weights),
        cmocka_unit_test(test_callback_changes_two_of_one_struct_are_refused),
        cmocka_unit_test(test_callback_changes_of_a_logs_columns_are_for_the_next_fit),
        cmocka_unit_test(test_callback_changes_between_making_and_training_count),
    };

    return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
