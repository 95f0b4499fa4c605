/* dlcore against Keras on TensorFlow: every optimizer with its options on prescribed gradients,
 * and schedules. The cases lie in tests/fixtures; training_fixtures.py makes them.
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <dlcore.h>

#include "support/agreement.h"
#include "support/fixture.h"
#include "support/models.h"
#include "support/training.h"

#define LIMIT 1e-5

/* ---- schedules ---- */

static void test_keras_updates_schedules_agree_at_many_steps(void **state)
{
    (void)state;
    fixture_t *fixture = fixture_load("schedules.txt");
    agreement_t table = agreement_begin("schedules: many steps", "relative to the largest");
    const fixture_array_t *steps = fixture_array(fixture, NULL, "steps");
    size_t position = 0, cases = 0;
    const char *name = NULL;
    while ((name = fixture_next(fixture, "schedule", &position)) != NULL) {
        dlcore_schedule_t schedule = training_schedule(fixture, name);
        const float *values = fixture_floats(fixture_array(fixture, name, "expected_values"));
        double worst = 0, largest = 0;
        for (size_t i = 0; i < steps->size; i++)
            largest = fmax(largest, (double)values[i]);
        for (size_t i = 0; i < steps->size; i++) {
            uint64_t step = (uint64_t)((int32_t *)steps->data)[i];
            double value = dlcore_schedule_value(&schedule, step);
            if (!(fabs(value - (double)values[i]) <= worst * largest))
                worst = fabs(value - (double)values[i]) / largest;
        }
        agreement_add(&table, name, "values", worst, 4e-6);
        cases++;
    }
    assert_int_equal(cases, 15);
    agreement_end(&table);
    fixture_free(fixture);
}

/* ---- prescribed gradients ---- */

/* test_keras_training.c says how a gradient is prescribed. */
static dlcore_model_t *gradient_follower(const dlcore_optimizer_t *optimizer,
                                         const fixture_array_t *weights)
{
    dlcore_model_t *model = NULL;
    dlcore_layer_t layer = dlcore_layer_dense(1, DLCORE_ACTIVATION_LINEAR);
    layer.use_bias = false;
    assert_int_equal(dlcore_model_create(NULL, &model), DLCORE_OK);
    assert_accepted(model, dlcore_model_add(model, layer));
    assert_accepted(model, dlcore_model_build(model, weights->size));
    assert_accepted(model, dlcore_model_set_weights(model, fixture_floats(weights), weights->size));
    assert_accepted(model, dlcore_model_compile(model, optimizer, DLCORE_LOSS_MEAN_SQUARED_ERROR,
                                                DLCORE_METRIC_NONE));
    return model;
}

static void follow(dlcore_model_t *model, const float *gradient, size_t count)
{
    static const float far_away[1] = {-8388608.0f};
    float *scaled = calloc(count, sizeof *scaled);
    assert_non_null(scaled);
    for (size_t i = 0; i < count; i++)
        scaled[i] = gradient[i] * 0x1p-24f;
    dlcore_tensor_t *x = borrow_floats(scaled, 1, count), *y = borrow_floats(far_away, 1, 1);
    assert_accepted(model, dlcore_model_train_on_batch(model, x, y, NULL));
    dlcore_tensor_free(x);
    dlcore_tensor_free(y);
    free(scaled);
}

/* The worst error over all marks. */
static double follow_all(const fixture_t *fixture, const char *name,
                         const dlcore_optimizer_t *optimizer)
{
    const fixture_array_t *gradients = fixture_array(fixture, NULL, "gradients");
    const fixture_array_t *marks = fixture_array(fixture, NULL, "marks");
    size_t count = gradients->shape[1];
    dlcore_model_t *model = gradient_follower(optimizer, fixture_array(fixture, NULL, "weights"));
    double worst = 0;
    for (size_t step = 0, mark = 0; mark < marks->size; step++) {
        follow(model, fixture_floats(gradients) + step * count, count);
        if (step + 1 != (size_t)((int32_t *)marks->data)[mark])
            continue;
        char key[48];
        snprintf(key, sizeof key, "expected_weights%zu", step + 1);
        double error = weights_error(model, fixture_array(fixture, name, key));
        worst = isnan(error) ? (double)INFINITY : fmax(worst, error);
        mark++;
    }
    dlcore_model_free(model);
    return worst;
}

static void check_prescribed(const char *file, const char *title, size_t expected)
{
    fixture_t *fixture = fixture_load(file);
    agreement_t table = agreement_begin(title, "norm of difference / norm");
    size_t position = 0, cases = 0;
    const char *name = NULL;
    for (; (name = fixture_next(fixture, "optimizer", &position)) != NULL; cases++) {
        dlcore_optimizer_t optimizer = training_optimizer(fixture, name);
        agreement_add(&table, name, "weights", follow_all(fixture, name, &optimizer), LIMIT);
    }
    assert_int_equal(cases, expected);
    agreement_end(&table);
    fixture_free(fixture);
}

static void test_keras_updates_options_agree_on_prescribed_gradients(void **state)
{
    (void)state;
    check_prescribed("optimizer_options.txt", "optimizers: options on prescribed gradients", 26);
    check_prescribed("more_optimizers.txt", "more optimizers on prescribed gradients", 14);
}

/* Each setting, taken away or changed a little, must be seen. */
static void test_keras_updates_changed_settings_do_not_agree(void **state)
{
    (void)state;
    fixture_t *fixture = fixture_load("optimizer_options.txt");
    static const struct {
        const char *name;
        size_t member;
        double factor;
    } changes[] = {
        {"adam", offsetof(dlcore_optimizer_t, beta_1), 0.99},
        {"adam", offsetof(dlcore_optimizer_t, beta_2), 0.99},
        {"adam_amsgrad", offsetof(dlcore_optimizer_t, epsilon), 2},
        {"adamw", offsetof(dlcore_optimizer_t, weight_decay), 0},
        {"adagrad", offsetof(dlcore_optimizer_t, initial_accumulator_value), 1.1},
        {"adadelta", offsetof(dlcore_optimizer_t, rho), 0.99},
        {"adamax", offsetof(dlcore_optimizer_t, beta_2), 0.99},
        {"nadam", offsetof(dlcore_optimizer_t, beta_1), 0.99},
        {"sgd_clipnorm", offsetof(dlcore_optimizer_t, clipnorm), 1.01},
        {"sgd_global_clipnorm", offsetof(dlcore_optimizer_t, global_clipnorm), 1.01},
        {"sgd_clipvalue", offsetof(dlcore_optimizer_t, clipvalue), 1.01},
        {"sgd_weight_decay", offsetof(dlcore_optimizer_t, weight_decay), 1.01},
        {"adam_ema", offsetof(dlcore_optimizer_t, ema_momentum), 0.99},
    };
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        dlcore_optimizer_t optimizer = training_optimizer(fixture, changes[i].name);
        double *member = (double *)(void *)((char *)&optimizer + changes[i].member);
        *member *= changes[i].factor;
        double error = follow_all(fixture, changes[i].name, &optimizer);
        if (!(error > LIMIT))
            fail_msg("%s, change %zu: error %g", changes[i].name, i, error);
    }
    dlcore_optimizer_t optimizer = training_optimizer(fixture, "adam_amsgrad");
    optimizer.amsgrad = false;
    assert_true(follow_all(fixture, "adam_amsgrad", &optimizer) > LIMIT);
    optimizer = training_optimizer(fixture, "adam_ema");
    optimizer.ema_overwrite_frequency = 4;
    assert_true(follow_all(fixture, "adam_ema", &optimizer) > LIMIT);
    optimizer = training_optimizer(fixture, "rmsprop_accumulate");
    optimizer.gradient_accumulation_steps = 2;
    assert_true(follow_all(fixture, "rmsprop_accumulate", &optimizer) > LIMIT);
    fixture_free(fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keras_updates_schedules_agree_at_many_steps),
        cmocka_unit_test(test_keras_updates_options_agree_on_prescribed_gradients),
        cmocka_unit_test(test_keras_updates_changed_settings_do_not_agree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
