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

/* One epoch of the scope's series. */
static dlcore_callback_action_t feed(const dlcore_callback_t *callback, dlcore_model_t *model,
                                     const char *scope, size_t epoch)
{
    static const char *const names[] = {"loss", "val_loss"};
    const fixture_array_t *present = fixture_find(fixture, scope, "present");
    const double values[] = {0.0, doubles(scope, "values")[epoch]};
    dlcore_error_record_t error = {0};
    dlcore_training_event_t event = {
        .model = model, .epoch = epoch, .names = names, .values = values, .error = &error};

    event.value_count =
        present == NULL || ((const unsigned char *)present->data)[epoch] != 0 ? 2 : 1;
    set_weights(model, epoch);
    if (callback->on_epoch_begin != NULL)
        assert_int_equal(callback->on_epoch_begin(callback->user, &event),
                         DLCORE_CALLBACK_CONTINUE);
    if (event.value_count == 1)
        return DLCORE_CALLBACK_CONTINUE; /* outside of fit nobody knows that there will be some */
    return callback->on_epoch_end(callback->user, &event);
}

static void end(const dlcore_callback_t *callback, dlcore_model_t *model)
{
    dlcore_error_record_t error = {0};
    dlcore_training_event_t event = {.model = model, .error = &error};

    if (callback->on_train_end != NULL)
        assert_int_equal(callback->on_train_end(callback->user, &event), DLCORE_CALLBACK_CONTINUE);
}

static void test_early_stopping_decides_as_keras(void **state)
{
    size_t position = 0, cases = 0;
    const char *scope;

    (void)state;
    while ((scope = fixture_next(fixture, "early_stopping", &position)) != NULL) {
        const double *settings = doubles(scope, "settings"), *results = doubles(scope, "results");
        dlcore_early_stopping_t stopping = dlcore_early_stopping_default();
        dlcore_callback_t callback = dlcore_early_stopping_callback(&stopping);
        dlcore_model_t *model = case_model(NULL, NULL, 0.1);
        float weights[CASE_WEIGHTS];
        size_t epoch = 0;

        stopping.mode = mode_of(scope, "early_stopping");
        stopping.min_delta = settings[0];
        stopping.patience = (size_t)settings[1];
        stopping.baseline = settings[2];
        stopping.restore_best_weights = settings[3] != 0.0;
        stopping.start_from_epoch = (size_t)settings[4];
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
        cases++;
    }
    assert_int_equal(cases, 28);
}

static void test_reduce_lr_on_plateau_decides_as_keras(void **state)
{
    size_t position = 0, cases = 0;
    const char *scope;

    (void)state;
    while ((scope = fixture_next(fixture, "reduce_lr", &position)) != NULL) {
        const double *settings = doubles(scope, "settings");
        const float *rates = fixture_floats(fixture_array(fixture, scope, "rates"));
        const int32_t *waits = fixture_array(fixture, scope, "waits")->data;
        dlcore_reduce_lr_on_plateau_t reduce = dlcore_reduce_lr_on_plateau_default();
        dlcore_callback_t callback = dlcore_reduce_lr_on_plateau_callback(&reduce);
        dlcore_model_t *model = case_model(NULL, NULL, 0.01);

        reduce.mode = mode_of(scope, "reduce_lr");
        reduce.factor = settings[0];
        reduce.patience = (size_t)settings[1];
        reduce.min_delta = settings[2];
        reduce.cooldown = (size_t)settings[3];
        reduce.min_lr = settings[4];
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
        cases++;
    }
    assert_int_equal(cases, 21);
}

static void test_model_checkpoint_saves_when_keras_does(void **state)
{
    char path[] = "/tmp/dlcore-checkpoint-XXXXXX";
    size_t position = 0, cases = 0;
    const char *scope;

    (void)state;
    assert_true(mkstemp(path) >= 0);
    while ((scope = fixture_next(fixture, "checkpoint", &position)) != NULL) {
        const unsigned char *saved = fixture_array(fixture, scope, "saved")->data;
        dlcore_model_checkpoint_t checkpoint = dlcore_model_checkpoint_default(path);
        dlcore_callback_t callback = dlcore_model_checkpoint_callback(&checkpoint);
        dlcore_model_t *model = case_model(NULL, NULL, 0.01);

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
        cases++;
    }
    assert_int_equal(cases, 12);
    assert_int_equal(remove(path), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_early_stopping_decides_as_keras),
        cmocka_unit_test(test_reduce_lr_on_plateau_decides_as_keras),
        cmocka_unit_test(test_model_checkpoint_saves_when_keras_does),
    };

    return cmocka_run_group_tests(tests, load, unload);
}
