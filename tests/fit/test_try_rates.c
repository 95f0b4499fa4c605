/* The learning-rate range test: its curve, what it suggests, and that the model stays as it was.
 *
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "dlcore.h"
#include "support/classifier.h"
#include "support/models.h"
#include "support/tensors.h"

enum { ROWS = 96, INPUTS = 4, CLASSES = 3 };

static const size_t widths[] = {INPUTS, 8, CLASSES, 0};

static void test_try_rates_leaves_the_model_as_it_was(void **state)
{
    samples_t samples = samples_of_floats(ROWS, INPUTS, CLASSES);
    model_t *model = classifier(NULL, widths, optimizer_adam()), *other = NULL;
    static rate_curve_t curve;
    fit_options_t how = batches_of(32);

    (void)state;
    other = classifier(NULL, widths, optimizer_adam());
    assert_accepted(model, model_fit(model, samples.x, samples.y, &how, NULL));
    assert_accepted(other, model_fit(other, samples.x, samples.y, &how, NULL));
    assert_int_equal(model_try_rates(model, samples.x, samples.y, NULL, &curve), DLCORE_OK);
    assert_true(same_weights(model, other));
    assert_true(model_learning_rate(model) == model_learning_rate(other));
    assert_accepted(model, model_fit(model, samples.x, samples.y, &how, NULL));
    assert_accepted(other, model_fit(other, samples.x, samples.y, &how, NULL));
    assert_true(same_weights(model, other));
    model_free(model);
    model_free(other);
    samples_free(samples);
}

/* Rates are a geometric series; losses are those of single steps, smoothed. */
static void test_try_rates_curve_is_that_of_single_steps(void **state)
{
    samples_t samples = samples_of_floats(32, INPUTS, CLASSES); /* one batch: the order is all */
    model_t *model = classifier(NULL, widths, optimizer_sgd()), *steps = NULL;
    static rate_curve_t curve;
    rate_options_t how = rate_options_default();
    double mean = 0, weight = 0;

    (void)state;
    how.lowest = 1e-3;
    how.highest = 1;
    how.steps = 4;
    how.smoothing = 0.5;
    assert_int_equal(model_try_rates(model, samples.x, samples.y, &how, &curve), DLCORE_OK);
    assert_int_equal(curve.count, 4);
    assert_int_equal(model_clone(model, &steps), DLCORE_OK);
    for (size_t i = 0; i < 4; i++) {
        evaluation_t result = {0};

        assert_true(fabs(curve.rates[i] / pow(10, (double)i - 3) - 1) < 1e-6);
        assert_accepted(steps, model_set_learning_rate(steps, curve.rates[i]));
        assert_accepted(steps, model_train_on_batch(steps, samples.x, samples.y, &result));
        mean = mean / 2 + result.loss / 2;
        weight = weight / 2 + 0.5;
        assert_true(fabs(curve.losses[i] - mean / weight) < 1e-5);
    }
    model_free(model);
    model_free(steps);
    samples_free(samples);
}

/* Least squares of one input: steps diverge above a rate that is known, 2 / the largest eigenvalue
 * of the Hessian. */
static void test_try_rates_of_a_parabola_ends_beyond_what_converges(void **state)
{
    float x_values[ROWS], y_values[ROWS];
    model_t *model = NULL;
    static rate_curve_t curve;
    optimizer_t sgd = optimizer_sgd();
    layer_t line = layer_dense(1, ACTIVATION_LINEAR);
    rate_options_t how = rate_options_default();
    dlcore_tensor_t *x = borrow_floats(x_values, ROWS, 1), *y = borrow_floats(y_values, ROWS, 1);

    (void)state;
    for (size_t i = 0; i < ROWS; i++) {
        x_values[i] = i % 2 == 0 ? 1.0f : -1.0f;
        y_values[i] = 100 * x_values[i] + (float)(i % 5);
    }
    line.use_bias = false; /* loss (w - 100)^2: w converges below a rate of 1 */
    assert_int_equal(model_create(NULL, &model), DLCORE_OK);
    assert_accepted(model, model_add(model, line));
    assert_accepted(model, model_compile(model, &sgd, LOSS_MEAN_SQUARED_ERROR, METRIC_NONE));
    assert_accepted(model, model_build(model, 1));
    how.lowest = 1e-4;
    how.smoothing = 0;
    assert_int_equal(model_try_rates(model, x, y, &how, &curve), DLCORE_OK);
    assert_true(curve.count < 100 && curve.rates[curve.count - 1] > 1);
    assert_true(curve.best > 0.3 && curve.best < 1.2);
    assert_true(curve.suggestion == curve.best / 10);
    assert_true(curve.steepest > 1e-3 && curve.steepest < curve.best);
    model_free(model);
    tensor_free(x);
    tensor_free(y);
}

static void test_try_rates_bad_settings_are_named(void **state)
{
    static rate_curve_t curve;
    samples_t samples = samples_of_floats(ROWS, INPUTS, CLASSES);
    model_t *model = classifier(NULL, widths, optimizer_sgd()), *raw = NULL;
    error_record_t error = {0};
    rate_options_t how = rate_options_default();

    (void)state;
    how.error = &error;
    how.lowest = 2;
    how.highest = 1;
    assert_failed(model_try_rates(model, samples.x, samples.y, &how, &curve), DLCORE_ERROR_ARGUMENT,
                  &error, "0 < lowest < highest does not hold for 2 and 1");
    how.highest = 10;
    how.steps = 257;
    assert_failed(model_try_rates(model, samples.x, samples.y, &how, &curve), DLCORE_ERROR_ARGUMENT,
                  &error, "steps");
    how.steps = 10;
    how.smoothing = 1;
    assert_failed(model_try_rates(model, samples.x, samples.y, &how, &curve), DLCORE_ERROR_ARGUMENT,
                  &error, "smoothing must be 0 or more and below 1, got 1");
    how.smoothing = 0;
    how.divergence = 1;
    assert_failed(model_try_rates(model, samples.x, samples.y, &how, &curve), DLCORE_ERROR_ARGUMENT,
                  &error, "try_rates: divergence must be above 1, got 1");
    how.divergence = 4;
    how.batch_size = 0;
    assert_failed(model_try_rates(model, samples.x, samples.y, &how, &curve), DLCORE_ERROR_ARGUMENT,
                  &error, "try_rates: batch_size is 0");
    how.batch_size = ROWS;
    assert_failed(model_try_rates(model, samples.x, samples.x, &how, &curve), DLCORE_ERROR_DTYPE,
                  &error, "");
    assert_int_equal(model_create(NULL, &raw), DLCORE_OK);
    assert_failed(model_try_rates(raw, samples.x, samples.y, &how, &curve), DLCORE_ERROR_STATE,
                  &error, "the model is not compiled");
    model_free(raw);
    model_free(model);
    samples_free(samples);
}

static void test_try_rates_of_a_loss_that_is_not_finite_fails(void **state)
{
    static rate_curve_t curve;
    tensor_t *x = tensor_of_floats(SHAPE(2, 1), (float[]){3e38f, -3e38f});
    tensor_t *y = tensor_of_floats(SHAPE(2, 1), (float[]){-3e38f, 3e38f});
    optimizer_t sgd = optimizer_sgd();
    rate_options_t how = rate_options_default();
    error_record_t error = {0};
    model_t *model = NULL;

    (void)state;
    assert_int_equal(model_create(NULL, &model), DLCORE_OK);
    assert_accepted(model, model_add(model, layer_dense(1, ACTIVATION_LINEAR)));
    assert_accepted(model, model_compile(model, &sgd, LOSS_MEAN_SQUARED_ERROR, METRIC_NONE));
    assert_accepted(model, model_build(model, 1));
    how.error = &error;
    assert_failed(model_try_rates(model, x, y, &how, &curve), DLCORE_ERROR_NOT_FINITE, &error,
                  "try_rates: the loss of the first batch is not finite");
    model_free(model);
    tensor_free(x);
    tensor_free(y);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_try_rates_leaves_the_model_as_it_was),
        cmocka_unit_test(test_try_rates_curve_is_that_of_single_steps),
        cmocka_unit_test(test_try_rates_of_a_parabola_ends_beyond_what_converges),
        cmocka_unit_test(test_try_rates_bad_settings_are_named),
        cmocka_unit_test(test_try_rates_of_a_loss_that_is_not_finite_fails),
    };

    return cmocka_run_group_tests_name("try_rates", tests, NULL, NULL);
}
