/* Early stopping in real fits: which weights stay, settings, memory, going on later.
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "support/callback_case.h"
#include "support/failing_allocator.h"

enum { EPOCHS = 8 };

/* Trains with early stopping of that mode and patience, a witness before it; *stopping and *seen
 * are what they saw, weights what the model has then. */
static void train(dlcore_early_stopping_t *stopping, case_witness_t *seen,
                  const dlcore_optimizer_t *optimizer, float weights[CASE_WEIGHTS])
{
    dlcore_model_t *model = case_model(NULL, optimizer, 0.1);
    dlcore_callback_t callbacks[] = {case_witness(seen), dlcore_early_stopping_callback(stopping)};
    dlcore_status expected = seen->poison > 0 ? DLCORE_ERROR_NOT_FINITE : DLCORE_OK;

    assert_int_equal(case_run(model, callbacks, 2, EPOCHS), expected);
    case_weights(model, weights);
    dlcore_model_free(model);
}

static void assert_restored(const dlcore_early_stopping_t *stopping, const case_witness_t *seen,
                            size_t epoch, const float weights[CASE_WEIGHTS])
{
    assert_int_equal(stopping->best_epoch, epoch);
    assert_memory_equal(weights, seen->weights[epoch], sizeof seen->weights[epoch]);
    assert_null(stopping->best_weights);
}

static void test_early_stopping_of_a_first_best_epoch_restores_it(void **state)
{
    dlcore_early_stopping_t stopping = dlcore_early_stopping_default();
    case_witness_t seen = {.epochs = 0};
    float weights[CASE_WEIGHTS];

    (void)state;
    stopping.monitor = "loss"; /* which falls, so that the first is the largest */
    stopping.mode = DLCORE_MONITOR_MODE_MAX;
    stopping.patience = 3;
    stopping.restore_best_weights = true;
    train(&stopping, &seen, NULL, weights);
    assert_restored(&stopping, &seen, 0, weights);
    assert_int_equal(seen.epochs, 4);
    assert_int_equal(stopping.stopped_epoch, 3);
    assert_int_equal(stopping.wait, 3);
}

static void test_early_stopping_of_a_last_best_epoch_restores_it(void **state)
{
    dlcore_early_stopping_t stopping = dlcore_early_stopping_default();
    case_witness_t seen = {.epochs = 0};
    float weights[CASE_WEIGHTS];

    (void)state;
    stopping.monitor = "loss";
    stopping.restore_best_weights = true;
    train(&stopping, &seen, NULL, weights);
    assert_restored(&stopping, &seen, EPOCHS - 1, weights);
    assert_int_equal(stopping.stopped_epoch, 0);
    assert_int_equal(stopping.wait, 0);
}

static void test_early_stopping_stopped_by_another_restores_all_the_same(void **state)
{
    dlcore_early_stopping_t stopping = dlcore_early_stopping_default();
    case_witness_t seen = {.stop_at = 5};
    float weights[CASE_WEIGHTS];

    (void)state;
    stopping.monitor = "loss";
    stopping.mode = DLCORE_MONITOR_MODE_MAX;
    stopping.patience = 100;
    stopping.restore_best_weights = true;
    train(&stopping, &seen, NULL, weights);
    assert_int_equal(seen.epochs, 5);
    assert_restored(&stopping, &seen, 0, weights);
}

static void test_early_stopping_after_an_error_restores_and_keeps_the_message(void **state)
{
    dlcore_early_stopping_t stopping = dlcore_early_stopping_default();
    case_witness_t seen = {.poison = 3};
    dlcore_callback_t callbacks[] = {case_witness(&seen),
                                     dlcore_early_stopping_callback(&stopping)};
    dlcore_model_t *model = case_model(NULL, NULL, 0.1);
    float weights[CASE_WEIGHTS];

    (void)state;
    stopping.monitor = "loss";
    stopping.mode = DLCORE_MONITOR_MODE_MAX;
    stopping.patience = 100;
    stopping.restore_best_weights = true;
    assert_int_equal(case_run(model, callbacks, 2, EPOCHS), DLCORE_ERROR_NOT_FINITE);
    assert_non_null(strstr(dlcore_model_error(model), "NaN"));
    case_weights(model, weights);
    assert_restored(&stopping, &seen, 0, weights);
    dlcore_model_free(model);
}

/* The averages take the weights' places at the end of training, and the best weights theirs. */
static void test_early_stopping_with_averages_restores_the_weights_of_the_epoch(void **state)
{
    dlcore_early_stopping_t stopping = dlcore_early_stopping_default();
    dlcore_optimizer_t averaging = dlcore_optimizer_sgd();
    case_witness_t seen = {.epochs = 0};
    float weights[CASE_WEIGHTS];

    (void)state;
    averaging.use_ema = true;
    averaging.ema_momentum = 0.9;
    stopping.monitor = "loss";
    stopping.restore_best_weights = true;
    train(&stopping, &seen, &averaging, weights);
    assert_restored(&stopping, &seen, EPOCHS - 1, weights);
    stopping.restore_best_weights = false;
    seen.epochs = 0;
    train(&stopping, &seen, &averaging, weights);
    assert_memory_not_equal(weights, seen.weights[EPOCHS - 1], sizeof weights);
}

/* ---- with statistics, averages, and a best epoch in the middle ---- */

enum { MIDDLE = 2, DEEP_WEIGHTS = 3 * 8 + 8 + 4 * 8 + 8 + 1 };

/* Writes down losses and weights; from epoch MIDDLE on, steps are so large that the loss grows.
 * Asks for a stop, too, at the end of that epoch. */
typedef struct spoiler {
    float weights[EPOCHS][DEEP_WEIGHTS];
    double losses[EPOCHS];
    size_t request_at;
} spoiler_t;

static dlcore_callback_action_t spoil(void *user, const dlcore_training_event_t *event)
{
    spoiler_t *spoiler = user;

    assert_int_equal(
        dlcore_model_get_weights(event->model, spoiler->weights[event->epoch], DEEP_WEIGHTS),
        DLCORE_OK);
    spoiler->losses[event->epoch] = dlcore_training_value(event, "loss");
    if (event->epoch >= MIDDLE)
        assert_int_equal(dlcore_model_set_learning_rate(event->model, 0.3), DLCORE_OK);
    if (event->epoch == spoiler->request_at)
        dlcore_model_request_stop(event->model);
    return DLCORE_CALLBACK_CONTINUE;
}

static void check_middle(bool averages, size_t request_at)
{
    dlcore_early_stopping_t stopping = dlcore_early_stopping_default();
    spoiler_t spoiler = {.request_at = request_at};
    dlcore_callback_t callbacks[] = {{.user = &spoiler, .on_epoch_end = spoil},
                                     dlcore_early_stopping_callback(&stopping)};
    dlcore_optimizer_t sgd = dlcore_optimizer_sgd();
    float weights[DEEP_WEIGHTS];
    dlcore_model_t *model = NULL;

    sgd.learning_rate = 0.02;
    sgd.use_ema = averages;
    stopping.monitor = "loss";
    stopping.patience = 2;
    stopping.restore_best_weights = true;
    assert_int_equal(dlcore_model_create(NULL, &model), DLCORE_OK);
    dlcore_model_add(model, dlcore_layer_dense(8, DLCORE_ACTIVATION_TANH));
    dlcore_model_add(model, dlcore_layer_batch_normalization());
    dlcore_model_add(model, dlcore_layer_dense(1, DLCORE_ACTIVATION_LINEAR));
    assert_int_equal(dlcore_model_build(model, 3), DLCORE_OK);
    assert_int_equal(
        dlcore_model_compile(model, &sgd, DLCORE_LOSS_MEAN_SQUARED_ERROR, DLCORE_METRIC_NONE),
        DLCORE_OK);
    assert_int_equal(dlcore_model_parameter_count(model), DEEP_WEIGHTS);
    assert_int_equal(case_run(model, callbacks, 2, EPOCHS), DLCORE_OK);
    assert_int_equal(stopping.best_epoch, MIDDLE);
    assert_true(spoiler.losses[MIDDLE] < spoiler.losses[0]);
    assert_true(spoiler.losses[MIDDLE] < spoiler.losses[MIDDLE + 1]);
    assert_int_equal(dlcore_model_get_weights(model, weights, DEEP_WEIGHTS), DLCORE_OK);
    assert_memory_equal(weights, spoiler.weights[MIDDLE], sizeof weights);
    dlcore_model_free(model);
}

static void test_early_stopping_of_a_best_epoch_in_the_middle_restores_statistics_too(void **state)
{
    (void)state;
    check_middle(false, SIZE_MAX);
    check_middle(false, MIDDLE + 1);
}

static void test_early_stopping_of_a_best_epoch_in_the_middle_restores_beside_averages(void **state)
{
    (void)state;
    check_middle(true, SIZE_MAX);
    check_middle(true, MIDDLE + 1);
}

static void test_early_stopping_without_restoring_leaves_the_last_weights(void **state)
{
    dlcore_early_stopping_t stopping = dlcore_early_stopping_default();
    case_witness_t seen = {.epochs = 0};
    float weights[CASE_WEIGHTS];

    (void)state;
    stopping.monitor = "loss";
    stopping.mode = DLCORE_MONITOR_MODE_MAX;
    stopping.patience = 2;
    train(&stopping, &seen, NULL, weights);
    assert_int_equal(seen.epochs, 3);
    assert_memory_equal(weights, seen.weights[2], sizeof weights);
}

static void test_early_stopping_skips_epochs_without_validation(void **state)
{
    dlcore_early_stopping_t stopping = dlcore_early_stopping_default();
    dlcore_callback_t callback = dlcore_early_stopping_callback(&stopping);
    dlcore_fit_options_t options = case_options(&callback, 1, EPOCHS);
    dlcore_model_t *model = case_model(NULL, NULL, 0.1);

    (void)state;
    options.validation_freq = 3; /* epochs 2 and 5 */
    stopping.mode = DLCORE_MONITOR_MODE_MAX;
    stopping.min_delta = 100.0;
    stopping.patience = 1;
    assert_int_equal(case_fit(model, &options, NULL), DLCORE_OK);
    assert_int_equal(stopping.best_epoch, 2);
    assert_int_equal(stopping.stopped_epoch, 5);
    dlcore_model_free(model);
}

static void test_early_stopping_of_auto_mode_goes_by_the_metric(void **state)
{
    static const struct {
        const char *name;
        dlcore_metric_kind_t kind;
        bool rises;
    } cases[] = {{"", DLCORE_METRIC_MEAN_ABSOLUTE_ERROR, false},
                 {"accuracy", DLCORE_METRIC_MEAN_ABSOLUTE_ERROR, false},
                 {"", DLCORE_METRIC_COSINE_SIMILARITY, true},
                 {"", DLCORE_METRIC_R2_SCORE, true},
                 {"error", DLCORE_METRIC_BINARY_ACCURACY, true}};

    (void)state;
    for (size_t k = 0; k < 2 * (sizeof cases / sizeof cases[0]); k++) {
        size_t i = k / 2;
        bool weighted = k % 2 == 1; /* behind another metric */
        dlcore_early_stopping_t stopping = dlcore_early_stopping_default();
        dlcore_callback_t callback = dlcore_early_stopping_callback(&stopping);
        dlcore_compile_options_t settings = dlcore_compile_options_default();
        dlcore_model_t *model = case_model(NULL, NULL, 0.1);
        dlcore_error_record_t error = {0};
        const char *names[1];
        double values[1] = {1.0};
        dlcore_metric_t *metric;
        dlcore_training_event_t event = {
            .model = model, .names = names, .values = values, .value_count = 1, .error = &error};

        settings.loss = dlcore_loss_mean_squared_error();
        metric = weighted ? &settings.weighted_metrics[0] : &settings.metrics[0];
        settings.metrics[0] = dlcore_metric_default(DLCORE_METRIC_LOG_COSH);
        settings.metric_count = 1;
        settings.weighted_metric_count = weighted ? 1 : 0;
        *metric = dlcore_metric_default(cases[i].kind);
        snprintf(metric->name, sizeof metric->name, "%s", cases[i].name);
        assert_int_equal(dlcore_model_compile_with(model, &settings), DLCORE_OK);
        names[0] = cases[i].name[0] != '\0' ? cases[i].name : dlcore_metric_name(cases[i].kind);
        stopping.monitor = names[0];
        stopping.patience = 1;
        assert_int_equal(callback.on_train_begin(&stopping, &event), DLCORE_CALLBACK_CONTINUE);
        assert_int_equal(callback.on_epoch_end(&stopping, &event), DLCORE_CALLBACK_CONTINUE);
        event.epoch = 1;
        values[0] = 2.0;
        assert_int_equal(callback.on_epoch_end(&stopping, &event),
                         cases[i].rises ? DLCORE_CALLBACK_CONTINUE : DLCORE_CALLBACK_STOP);
        dlcore_model_free(model);
    }
}

/* Mode auto knows the way of whatever name finds a value. */
static void test_early_stopping_by_other_spellings_goes_the_way_of_the_value(void **state)
{
    static const char *const monitors[] = {"ValLoss", "valloss", "_val_loss", "Val_MAE", "Loss"};
    dlcore_model_t *model = case_model(NULL, NULL, 0.1);

    (void)state;
    for (size_t i = 0; i < sizeof monitors / sizeof monitors[0]; i++) {
        dlcore_early_stopping_t stopping = dlcore_early_stopping_default();
        dlcore_callback_t callback = dlcore_early_stopping_callback(&stopping);

        stopping.monitor = monitors[i];
        stopping.patience = 3;
        assert_int_equal(case_run(model, &callback, 1, 2), DLCORE_OK);
        assert_true(stopping.best > 0.0);
    }
    dlcore_model_free(model);
}

static void test_early_stopping_of_bad_settings_is_refused_with_the_numbers(void **state)
{
    dlcore_early_stopping_t stopping = dlcore_early_stopping_default();
    dlcore_callback_t callback = dlcore_early_stopping_callback(&stopping);

    (void)state;
    stopping.monitor = "val_los";
    case_assert_refused(&callback, DLCORE_ERROR_NAME,
                        "early_stopping: there is no value \"val_los\"; there are loss, "
                        "mean_absolute_error, val_loss, val_mean_absolute_error");
    stopping.monitor = NULL;
    case_assert_refused(&callback, DLCORE_ERROR_ARGUMENT, "monitor is NULL");
    stopping = dlcore_early_stopping_default();
    stopping.mode = (dlcore_monitor_mode_t)3;
    case_assert_refused(&callback, DLCORE_ERROR_ARGUMENT, "auto, min or max (0 .. 2), got 3");
    stopping = dlcore_early_stopping_default();
    stopping.min_delta = NAN;
    case_assert_refused(&callback, DLCORE_ERROR_ARGUMENT, "min_delta must be finite, got nan");
    stopping = dlcore_early_stopping_default();
    stopping.baseline = INFINITY;
    case_assert_refused(&callback, DLCORE_ERROR_ARGUMENT, "or NaN for none, got inf");
    stopping = (dlcore_early_stopping_t){.monitor = "loss"};
    case_assert_refused(&callback, DLCORE_ERROR_ARGUMENT, "early_stopping");
}

/* What comes before the callback fails: what it has of an earlier fit must not come back. */
static void test_early_stopping_that_never_began_changes_nothing(void **state)
{
    dlcore_early_stopping_t stopping = dlcore_early_stopping_default();
    dlcore_csv_logger_t logger = dlcore_csv_logger_default("/nowhere/at/all.csv");
    dlcore_callback_t callbacks[] = {dlcore_csv_logger_callback(&logger),
                                     dlcore_early_stopping_callback(&stopping)};
    dlcore_model_t *model = case_model(NULL, NULL, 0.1);
    float before[CASE_WEIGHTS], after[CASE_WEIGHTS];

    (void)state;
    stopping.monitor = "loss";
    stopping.restore_best_weights = true;
    assert_int_equal(case_run(model, callbacks + 1, 1, 2), DLCORE_OK);
    case_weights(model, before);
    assert_int_equal(case_run(model, callbacks, 2, 2), DLCORE_ERROR_IO);
    case_weights(model, after);
    assert_memory_equal(before, after, sizeof before);
    dlcore_model_free(model);
}

/* Stopped in the midst of epoch 3 and resumed, as if it had never stopped. */
static void test_early_stopping_of_a_resumed_run_goes_on_as_before(void **state)
{
    float expected[CASE_WEIGHTS], got[CASE_WEIGHTS];
    dlcore_early_stopping_t one = dlcore_early_stopping_default(), two;
    case_witness_t seen = {.stop_batch = 0}, halves = {.stop_batch = 3 * CASE_BATCHES + 2};
    dlcore_callback_t callbacks[] = {case_witness(&halves), dlcore_early_stopping_callback(&two)};
    dlcore_fit_options_t options = case_options(callbacks, 2, EPOCHS);
    dlcore_model_t *model = case_model(NULL, NULL, 0.1);

    (void)state;
    one.monitor = "loss";
    one.mode = DLCORE_MONITOR_MODE_MAX;
    one.patience = 5;
    two = one;
    callbacks[1] = dlcore_early_stopping_callback(&two);
    train(&one, &seen, NULL, expected);
    assert_int_equal(case_fit(model, &options, NULL), DLCORE_OK);
    assert_int_equal(two.wait, 2);
    halves.stop_batch = 0;
    options.resume = true;
    assert_int_equal(case_fit(model, &options, NULL), DLCORE_OK);
    case_weights(model, got);
    assert_int_equal(two.stopped_epoch, one.stopped_epoch);
    assert_int_equal(two.stopped_epoch, 5);
    assert_true(two.best == one.best);
    assert_memory_equal(got, expected, sizeof got);
    dlcore_model_free(model);
}

static dlcore_status whole_run(const dlcore_allocator_t *allocator, void *context)
{
    dlcore_early_stopping_t stopping = dlcore_early_stopping_default();
    dlcore_roll_back_t roll_back = dlcore_roll_back_default();
    dlcore_callback_t callbacks[] = {dlcore_early_stopping_callback(&stopping),
                                     dlcore_roll_back_callback(&roll_back)};
    dlcore_model_t *model = case_model(allocator, NULL, 0.1);
    dlcore_status status;

    (void)context;
    if (model == NULL)
        return DLCORE_ERROR_MEMORY;
    stopping.restore_best_weights = true;
    status = case_run(model, callbacks, 2, 3);
    if (status != DLCORE_OK)
        assert_true(strlen(dlcore_model_error(model)) > 0);
    assert_null(stopping.best_weights);
    assert_null(roll_back.weights);
    dlcore_model_free(model);
    return status;
}

static void test_early_stopping_without_memory_is_an_error_and_leaks_nothing(void **state)
{
    (void)state;
    assert_true(failing_allocator_sweep(whole_run, NULL) > 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_early_stopping_of_a_first_best_epoch_restores_it),
        cmocka_unit_test(test_early_stopping_of_a_last_best_epoch_restores_it),
        cmocka_unit_test(test_early_stopping_stopped_by_another_restores_all_the_same),
        cmocka_unit_test(test_early_stopping_after_an_error_restores_and_keeps_the_message),
        cmocka_unit_test(test_early_stopping_with_averages_restores_the_weights_of_the_epoch),
        cmocka_unit_test(test_early_stopping_of_a_best_epoch_in_the_middle_restores_statistics_too),
        cmocka_unit_test(
            test_early_stopping_of_a_best_epoch_in_the_middle_restores_beside_averages),
        cmocka_unit_test(test_early_stopping_without_restoring_leaves_the_last_weights),
        cmocka_unit_test(test_early_stopping_skips_epochs_without_validation),
        cmocka_unit_test(test_early_stopping_of_auto_mode_goes_by_the_metric),
        cmocka_unit_test(test_early_stopping_by_other_spellings_goes_the_way_of_the_value),
        cmocka_unit_test(test_early_stopping_of_bad_settings_is_refused_with_the_numbers),
        cmocka_unit_test(test_early_stopping_that_never_began_changes_nothing),
        cmocka_unit_test(test_early_stopping_of_a_resumed_run_goes_on_as_before),
        cmocka_unit_test(test_early_stopping_without_memory_is_an_error_and_leaks_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
