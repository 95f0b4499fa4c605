/* Callbacks that watch a value, fed with the series of tests/fixtures/callback_fixtures.py: what
 * they decide is what Keras's decide.
 *
 * SPDX-License-Identifier: MIT */
#define _XOPEN_SOURCE 700

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/callback_case.h"
#include "support/fixture.h"

enum { EPOCHS = 12 };

static fixture_t *fixture;

static int load(void **state)
{
    (void)state;
    fixture = fixture_load("callbacks.txt");
    return fixture == NULL;
}

static int unload(void **state)
{
    (void)state;
    fixture_free(fixture);
    return 0;
}

static const double *doubles(const char *scope, const char *key)
{
    const fixture_array_t *array = fixture_array(fixture, scope, key);

    assert_int_equal(array->type, FIXTURE_F64);
    return array->data;
}

static bool same(double a, double b)
{
    return a == b || (isnan(a) && isnan(b));
}

static dlcore_monitor_mode_t mode_of(const char *scope, const char *key)
{
    return strcmp(fixture_text(fixture, scope, key), "max") == 0 ? DLCORE_MONITOR_MODE_MAX
                                                                 : DLCORE_MONITOR_MODE_MIN;
}

/* The weights say which epoch it is. */
static void set_weights(dlcore_model_t *model, size_t epoch)
{
    float weights[CASE_WEIGHTS];

    for (int i = 0; i < CASE_WEIGHTS; i++)
        weights[i] = (float)epoch;
    assert_int_equal(dlcore_model_set_weights(model, weights, CASE_WEIGHTS), DLCORE_OK);
}

static void begin(const dlcore_callback_t *callback, dlcore_model_t *model)
{
    dlcore_error_record_t error = {0};
    dlcore_training_event_t event = {.model = model, .error = &error};

    assert_int_equal(callback->on_train_begin(callback->user, &event), DLCORE_CALLBACK_CONTINUE);
}

static dlcore_callback_action_t feed_value(const dlcore_callback_t *callback, dlcore_model_t *model,
                                           size_t epoch, double value, size_t values_known)
{
    static const char *const names[] = {"loss", "val_loss"};
    const double values[] = {0.0, value};
    dlcore_error_record_t error = {0};
    dlcore_training_event_t event = {.model = model,
                                     .epoch = epoch,
                                     .names = names,
                                     .values = values,
                                     .value_count = values_known,
                                     .error = &error};

    set_weights(model, epoch);
    if (callback->on_epoch_begin != NULL)
        assert_int_equal(callback->on_epoch_begin(callback->user, &event),
                         DLCORE_CALLBACK_CONTINUE);
    if (event.value_count == 1)
        return DLCORE_CALLBACK_CONTINUE; /* outside of fit nobody knows that there will be some */
    return callback->on_epoch_end(callback->user, &event);
}

/* One epoch of the scope's series. */
static dlcore_callback_action_t feed(const dlcore_callback_t *callback, dlcore_model_t *model,
                                     const char *scope, size_t epoch)
{
    const fixture_array_t *present = fixture_find(fixture, scope, "present");

    return feed_value(callback, model, epoch, doubles(scope, "values")[epoch],
                      present == NULL || ((const unsigned char *)present->data)[epoch] != 0 ? 2
                                                                                            : 1);
}

/* Keras keeps a first NaN as the best for ever: there the decisions are others. */
static bool begins_with_nan(const char *scope, size_t from)
{
    const fixture_array_t *present = fixture_find(fixture, scope, "present");

    return isnan(doubles(scope, "values")[from]) &&
           (present == NULL || ((const unsigned char *)present->data)[from] != 0);
}

static void end(const dlcore_callback_t *callback, dlcore_model_t *model)
{
    dlcore_error_record_t error = {0};
    dlcore_training_event_t event = {.model = model, .error = &error};

    if (callback->on_train_end != NULL)
        assert_int_equal(callback->on_train_end(callback->user, &event), DLCORE_CALLBACK_CONTINUE);
}

static dlcore_early_stopping_t early_stopping_of(const char *scope)
{
    const double *settings = doubles(scope, "settings");
    dlcore_early_stopping_t stopping = dlcore_early_stopping_default();

    stopping.mode = mode_of(scope, "early_stopping");
    stopping.min_delta = settings[0];
    stopping.patience = (size_t)settings[1];
    stopping.baseline = settings[2];
    stopping.restore_best_weights = settings[3] != 0.0;
    stopping.start_from_epoch = (size_t)settings[4];
    return stopping;
}

static void test_early_stopping_decides_as_keras(void **state)
{
    size_t position = 0, cases = 0;
    const char *scope;

    (void)state;
    while ((scope = fixture_next(fixture, "early_stopping", &position)) != NULL) {
        const double *results = doubles(scope, "results");
        dlcore_early_stopping_t stopping = early_stopping_of(scope);
        dlcore_callback_t callback = dlcore_early_stopping_callback(&stopping);
        dlcore_model_t *model;
        float weights[CASE_WEIGHTS];
        size_t epoch = 0;

        cases++;
        if (begins_with_nan(scope, stopping.start_from_epoch))
            continue;
        model = case_model(NULL, NULL, 0.1);
        begin(&callback, model);
        while (epoch < EPOCHS && feed(&callback, model, scope, epoch++) != DLCORE_CALLBACK_STOP)
            ;
        end(&callback, model);
        case_weights(model, weights);
        if (epoch != (size_t)results[0] || stopping.stopped_epoch != (size_t)results[1] ||
            stopping.best_epoch != (size_t)results[2] || !same(stopping.best, results[3]) ||
            stopping.wait != (size_t)results[4] || weights[0] != (float)results[5])
            fail_msg("%s: epochs %zu, stopped %zu, best %zu with %.17g, wait %zu, weights %g",
                     scope, epoch, stopping.stopped_epoch, stopping.best_epoch, stopping.best,
                     stopping.wait, (double)weights[0]);
        dlcore_model_free(model);
    }
    assert_int_equal(cases, 28);
}

static dlcore_reduce_lr_on_plateau_t reduce_lr_of(const char *scope)
{
    const double *settings = doubles(scope, "settings");
    dlcore_reduce_lr_on_plateau_t reduce = dlcore_reduce_lr_on_plateau_default();

    reduce.mode = mode_of(scope, "reduce_lr");
    reduce.factor = settings[0];
    reduce.patience = (size_t)settings[1];
    reduce.min_delta = settings[2];
    reduce.cooldown = (size_t)settings[3];
    reduce.min_lr = settings[4];
    return reduce;
}

static void test_reduce_lr_on_plateau_decides_as_keras(void **state)
{
    size_t position = 0, cases = 0;
    const char *scope;

    (void)state;
    while ((scope = fixture_next(fixture, "reduce_lr", &position)) != NULL) {
        const float *rates = fixture_floats(fixture_array(fixture, scope, "rates"));
        const int32_t *waits = fixture_array(fixture, scope, "waits")->data;
        dlcore_reduce_lr_on_plateau_t reduce = reduce_lr_of(scope);
        dlcore_callback_t callback = dlcore_reduce_lr_on_plateau_callback(&reduce);
        dlcore_model_t *model;

        cases++;
        if (begins_with_nan(scope, 0))
            continue;
        model = case_model(NULL, NULL, 0.01);
        begin(&callback, model);
        for (size_t epoch = 0; epoch <= EPOCHS; epoch++) {
            double rate = dlcore_model_learning_rate(model);

            if (!(fabs(rate - (double)rates[epoch]) <= 1e-6 * (double)rates[epoch]) ||
                reduce.wait != (size_t)waits[epoch])
                fail_msg("%s, epoch %zu: %.9g, wait %zu; Keras has %.9g, %d", scope, epoch, rate,
                         reduce.wait, (double)rates[epoch], (int)waits[epoch]);
            if (epoch < EPOCHS)
                assert_int_equal(feed(&callback, model, scope, epoch), DLCORE_CALLBACK_CONTINUE);
        }
        dlcore_model_free(model);
    }
    assert_int_equal(cases, 21);
}

/* An empty file of a name that no other has. */
static void make_file(char *pattern)
{
    int file = mkstemp(pattern);

    assert_true(file >= 0);
    assert_int_equal(close(file), 0);
}

static void test_model_checkpoint_saves_when_keras_does(void **state)
{
    char path[] = "/tmp/dlcore-checkpoint-XXXXXX";
    size_t position = 0, cases = 0;
    const char *scope;

    (void)state;
    make_file(path);
    while ((scope = fixture_next(fixture, "checkpoint", &position)) != NULL) {
        const unsigned char *saved = fixture_array(fixture, scope, "saved")->data;
        dlcore_model_checkpoint_t checkpoint = dlcore_model_checkpoint_default(path);
        dlcore_callback_t callback = dlcore_model_checkpoint_callback(&checkpoint);
        dlcore_model_t *model;

        cases++;
        if (begins_with_nan(scope, 0))
            continue;
        model = case_model(NULL, NULL, 0.01);
        checkpoint.save_best_only = true;
        checkpoint.save.sync = false;
        checkpoint.save_weights_only = true;
        checkpoint.initial_value_threshold = *doubles(scope, "threshold");
        checkpoint.mode = mode_of(scope, "checkpoint");
        begin(&callback, model);
        for (size_t epoch = 0; epoch < EPOCHS; epoch++) {
            size_t before = checkpoint.saves;

            assert_int_equal(feed(&callback, model, scope, epoch), DLCORE_CALLBACK_CONTINUE);
            if (checkpoint.saves - before != saved[epoch])
                fail_msg("%s: epoch %zu", scope, epoch);
        }
        dlcore_model_free(model);
    }
    assert_int_equal(cases, 12);
    assert_int_equal(remove(path), 0);
}

/* A number that is worse than those of the series: NaN is decided like it. */
static double worst_of(const char *scope, const char *key)
{
    return mode_of(scope, key) == DLCORE_MONITOR_MODE_MAX ? -1e30 : 1e30;
}

static double best_or_nan(double best, double worst)
{
    return best == worst ? (double)NAN : best;
}

static void test_early_stopping_takes_a_first_nan_for_worse_than_any_number(void **state)
{
    size_t position = 0, better = 0;
    const char *scope;

    (void)state;
    while ((scope = fixture_next(fixture, "early_stopping", &position)) != NULL) {
        dlcore_early_stopping_t stopping[2] = {early_stopping_of(scope), early_stopping_of(scope)};
        dlcore_model_t *model[2] = {case_model(NULL, NULL, 0.1), case_model(NULL, NULL, 0.1)};
        double first[2] = {(double)NAN, worst_of(scope, "early_stopping")};
        dlcore_callback_action_t action[2] = {DLCORE_CALLBACK_CONTINUE, DLCORE_CALLBACK_CONTINUE};
        float weights[2][CASE_WEIGHTS];

        for (size_t i = 0; i < 2; i++) {
            dlcore_callback_t callback = dlcore_early_stopping_callback(&stopping[i]);

            begin(&callback, model[i]);
            for (size_t epoch = 0; epoch < EPOCHS && action[i] == DLCORE_CALLBACK_CONTINUE; epoch++)
                action[i] = epoch == stopping[i].start_from_epoch
                                ? feed_value(&callback, model[i], epoch, first[i], 2)
                                : feed(&callback, model[i], scope, epoch);
            end(&callback, model[i]);
            case_weights(model[i], weights[i]);
            dlcore_model_free(model[i]);
        }
        assert_int_equal(action[0], action[1]);
        assert_int_equal(stopping[0].stopped_epoch, stopping[1].stopped_epoch);
        assert_int_equal(stopping[0].best_epoch, stopping[1].best_epoch);
        assert_int_equal(stopping[0].wait, stopping[1].wait);
        assert_true(same(stopping[0].best, best_or_nan(stopping[1].best, first[1])));
        assert_memory_equal(weights[0], weights[1], sizeof weights[0]);
        better += isnan(stopping[0].best) ? 0 : 1;
    }
    assert_true(better > 14);
}

static void test_reduce_lr_on_plateau_takes_a_first_nan_for_worse_than_any_number(void **state)
{
    size_t position = 0, better = 0;
    const char *scope;

    (void)state;
    while ((scope = fixture_next(fixture, "reduce_lr", &position)) != NULL) {
        dlcore_reduce_lr_on_plateau_t reduce[2] = {reduce_lr_of(scope), reduce_lr_of(scope)};
        dlcore_model_t *model[2] = {case_model(NULL, NULL, 0.01), case_model(NULL, NULL, 0.01)};
        double first[2] = {(double)NAN, worst_of(scope, "reduce_lr")};

        for (size_t i = 0; i < 2; i++) {
            dlcore_callback_t callback = dlcore_reduce_lr_on_plateau_callback(&reduce[i]);

            begin(&callback, model[i]);
            assert_int_equal(feed_value(&callback, model[i], 0, first[i], 2),
                             DLCORE_CALLBACK_CONTINUE);
        }
        for (size_t epoch = 1; epoch < EPOCHS; epoch++) {
            for (size_t i = 0; i < 2; i++) {
                dlcore_callback_t callback = dlcore_reduce_lr_on_plateau_callback(&reduce[i]);

                assert_int_equal(feed(&callback, model[i], scope, epoch), DLCORE_CALLBACK_CONTINUE);
            }
            assert_true(dlcore_model_learning_rate(model[0]) ==
                        dlcore_model_learning_rate(model[1]));
            assert_int_equal(reduce[0].wait, reduce[1].wait);
            assert_true(same(reduce[0].best, best_or_nan(reduce[1].best, first[1])));
        }
        better += isnan(reduce[0].best) ? 0 : 1;
        dlcore_model_free(model[0]);
        dlcore_model_free(model[1]);
    }
    assert_true(better > 10);
}

static void test_model_checkpoint_never_saves_nan_and_then_what_is_better(void **state)
{
    static const double values[] = {(double)NAN, 0.5, (double)NAN, 0.7, 0.4};
    static const size_t saves[] = {0, 1, 1, 1, 2};
    char path[] = "/tmp/dlcore-checkpoint-XXXXXX";
    dlcore_model_checkpoint_t checkpoint = dlcore_model_checkpoint_default(path);
    dlcore_callback_t callback = dlcore_model_checkpoint_callback(&checkpoint);
    dlcore_model_t *model = case_model(NULL, NULL, 0.01);

    (void)state;
    make_file(path);
    checkpoint.save_best_only = true;
    checkpoint.save.sync = false;
    checkpoint.mode = DLCORE_MONITOR_MODE_MIN;
    begin(&callback, model);
    for (size_t epoch = 0; epoch < 5; epoch++) {
        assert_int_equal(feed_value(&callback, model, epoch, values[epoch], 2),
                         DLCORE_CALLBACK_CONTINUE);
        assert_int_equal(checkpoint.saves, saves[epoch]);
    }
    assert_true(checkpoint.best == 0.4);
    dlcore_model_free(model);
    assert_int_equal(remove(path), 0);
}

/* Files of runs that kept NaN as the best go on with the next number. */
static void test_callbacks_whose_best_in_a_file_is_nan_take_the_next_number(void **state)
{
    dlcore_early_stopping_t stopping = dlcore_early_stopping_default();
    dlcore_reduce_lr_on_plateau_t reduce = dlcore_reduce_lr_on_plateau_default();
    dlcore_callback_t callbacks[] = {dlcore_early_stopping_callback(&stopping),
                                     dlcore_reduce_lr_on_plateau_callback(&reduce)};
    dlcore_model_t *model = case_model(NULL, NULL, 0.01);
    dlcore_error_record_t error = {0};
    dlcore_training_event_t event = {.model = model, .epoch = 3, .error = &error};

    (void)state;
    stopping.mode = reduce.mode = DLCORE_MONITOR_MODE_MIN;
    stopping.patience = 5;
    for (size_t i = 0; i < 2; i++)
        begin(&callbacks[i], model);
    stopping.state[0] = reduce.state[0] = 3.0; /* wait, best, whether there is one */
    stopping.state[3] = reduce.state[2] = (double)NAN;
    stopping.state[4] = reduce.state[3] = 1.0;
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(callbacks[i].on_resume(callbacks[i].user, &event),
                         DLCORE_CALLBACK_CONTINUE);
        assert_int_equal(feed_value(&callbacks[i], model, 3, 0.5, 2), DLCORE_CALLBACK_CONTINUE);
    }
    assert_true(stopping.best == 0.5 && reduce.best == 0.5);
    assert_int_equal(stopping.wait, 0);
    assert_int_equal(reduce.wait, 0);
    dlcore_model_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_early_stopping_decides_as_keras),
        cmocka_unit_test(test_reduce_lr_on_plateau_decides_as_keras),
        cmocka_unit_test(test_model_checkpoint_saves_when_keras_does),
        cmocka_unit_test(test_early_stopping_takes_a_first_nan_for_worse_than_any_number),
        cmocka_unit_test(test_reduce_lr_on_plateau_takes_a_first_nan_for_worse_than_any_number),
        cmocka_unit_test(test_model_checkpoint_never_saves_nan_and_then_what_is_better),
        cmocka_unit_test(test_callbacks_whose_best_in_a_file_is_nan_take_the_next_number),
    };

    return cmocka_run_group_tests(tests, load, unload);
}
