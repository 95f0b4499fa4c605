/* Gradients by the inputs, against closed forms, differences and each other.
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

enum { ROWS = 37, INPUTS = 19, UNITS = 5 };

static float x_values[ROWS * INPUTS], y_values[ROWS * UNITS];

static int fill(void **state)
{
    unsigned seed = 11;

    (void)state;
    for (size_t i = 0; i < ROWS * INPUTS; i++)
        x_values[i] = (float)((seed = seed * 1103515245u + 12345u) >> 16 & 1023) / 512.0f - 1.0f;
    for (size_t i = 0; i < ROWS * UNITS; i++)
        y_values[i] = (float)((seed = seed * 1103515245u + 12345u) >> 16 & 1023) / 1024.0f;
    return 0;
}

static model_t *model_of(engine_t engine, size_t threads, const layer_t *layers, size_t count,
                         loss_kind_t loss)
{
    model_options_t options = engine_options(engine, threads);
    optimizer_t adam = optimizer_adam();
    model_t *model = NULL;

    assert_int_equal(model_create(&options, &model), DLCORE_OK);
    for (size_t i = 0; i < count; i++)
        assert_accepted(model, model_add(model, layers[i]));
    assert_accepted(model, model_build(model, INPUTS));
    assert_accepted(model, model_compile(model, &adam, loss, METRIC_NONE));
    return model;
}

static double loss_at(const model_t *model, const float *x, const tensor_t *y)
{
    tensor_t *moved = borrow_floats(x, ROWS, INPUTS);
    evaluate_options_t how = evaluate_options_default();
    evaluation_t result;

    how.batch_size = ROWS;
    assert_int_equal(model_evaluate(model, moved, y, &how, &result), DLCORE_OK);
    tensor_free(moved);
    return result.loss;
}

/* dx against differences of the loss, at some of the inputs. */
static void check_differences(const model_t *model)
{
    static float moved[ROWS * INPUTS], gradients[ROWS * INPUTS];
    tensor_t *x = borrow_floats(x_values, ROWS, INPUTS), *y = borrow_floats(y_values, ROWS, UNITS);
    tensor_t *dx = strided_floats(ROWS, INPUTS, gradients, INPUTS);
    evaluate_options_t how = evaluate_options_default();
    evaluation_t result;
    error_record_t error;
    double loss, largest = 0;

    assert_int_equal(model_input_gradients(model, x, y, dx, &loss, &error), DLCORE_OK);
    how.batch_size = ROWS;
    assert_int_equal(model_evaluate(model, x, y, &how, &result), DLCORE_OK);
    assert_true(fabs(loss - result.loss) <= 1e-6 * fabs(loss));
    memcpy(moved, x_values, sizeof moved);
    for (size_t i = 0; i < ROWS * INPUTS; i += 13) {
        const float step = 1.0f / 32;
        double slope, twice;

        moved[i] = x_values[i] + step;
        slope = loss_at(model, moved, y);
        moved[i] = x_values[i] - step;
        slope = (slope - loss_at(model, moved, y)) / (2.0 * (double)step);
        moved[i] = x_values[i] + 2 * step;
        twice = loss_at(model, moved, y);
        moved[i] = x_values[i] - 2 * step;
        twice = (twice - loss_at(model, moved, y)) / (4.0 * (double)step);
        moved[i] = x_values[i];
        slope = (4.0 * slope - twice) / 3.0;
        largest = fmax(largest, fabs(slope));
        if (!(fabs(slope - (double)gradients[i]) < 2e-5))
            fail_msg("number %zu: %g, but differences give %g", i, (double)gradients[i], slope);
    }
    assert_true(largest > 1e-4); /* or nothing was compared */
    tensor_free(x);
    tensor_free(y);
    tensor_free(dx);
}

static void check_every_layer(engine_t engine)
{
    layer_t normalized = layer_batch_normalization(), rescaled = layer_rescaling(0.5, 0.1);
    layer_t regular = layer_dense(24, ACTIVATION_GELU), bent = layer_prelu();
    bent.alpha_initializer = initializer_constant(0.95); /* a kink would spoil the differences */
    const layer_t deep[] = {rescaled,
                            layer_flatten(),
                            layer_dropout(0.5),
                            layer_dense(40, ACTIVATION_TANH),
                            normalized,
                            layer_gaussian_noise(0.3),
                            layer_layer_normalization(),
                            regular,
                            layer_activity_regularization(0.0, 0.0),
                            bent,
                            layer_rms_normalization(),
                            layer_activation(ACTIVATION_SILU),
                            layer_dense(UNITS, ACTIVATION_SOFTMAX),
                            layer_dropout(0.2)};
    const layer_t shallow[] = {layer_dense(UNITS, ACTIVATION_SIGMOID)};
    const layer_t first_normalized[] = {layer_batch_normalization(), layer_normalization(),
                                        layer_dense(UNITS, ACTIVATION_LINEAR)};
    tensor_t *x = borrow_floats(x_values, ROWS, INPUTS), *y = borrow_floats(y_values, ROWS, UNITS);
    fit_options_t how = batches_of(8);
    model_t *model;

    model = model_of(engine, 2, deep, 14, LOSS_MEAN_SQUARED_ERROR);
    assert_accepted(model, model_fit(model, x, y, &how, NULL)); /* statistics are not 0 and 1 */
    check_differences(model);
    model_free(model);
    model = model_of(engine, 1, shallow, 1, LOSS_BINARY_CROSSENTROPY);
    check_differences(model);
    model_free(model);
    model = model_of(engine, 1, first_normalized, 3, LOSS_LOG_COSH);
    assert_accepted(model, model_fit(model, x, y, &how, NULL));
    check_differences(model);
    model_free(model);
    tensor_free(x);
    tensor_free(y);
}

static void test_input_gradients_of_every_layer_are_differences_of_the_loss(void **state)
{
    (void)state;
    with_every_engine(check_every_layer);
}

/* Of a linear model, dx = dy W^T. */
static void check_linear(engine_t engine)
{
    const layer_t layers[] = {layer_dense(UNITS, ACTIVATION_LINEAR)};
    model_t *model = model_of(engine, 1, layers, 1, LOSS_MEAN_SQUARED_ERROR);
    static float gradients[ROWS * (INPUTS + 3)];
    float *weights = weights_of(model);
    tensor_t *x = borrow_floats(x_values, ROWS, INPUTS), *dy = borrow_floats(y_values, ROWS, UNITS);
    tensor_t *dx = strided_floats(ROWS, INPUTS, gradients, INPUTS + 3);

    assert_int_equal(model_input_gradients_of(model, x, dy, dx, NULL), DLCORE_OK);
    for (size_t row = 0; row < ROWS; row++) {
        for (size_t i = 0; i < INPUTS; i++) {
            double expected = 0;
            for (size_t u = 0; u < UNITS; u++)
                expected += (double)y_values[row * UNITS + u] * (double)weights[i * UNITS + u];
            assert_true(fabs(expected - (double)gradients[row * (INPUTS + 3) + i]) < 1e-6);
        }
        assert_true(gradients[row * (INPUTS + 3) + INPUTS] == 0.0f);
    }
    free(weights);
    model_free(model);
    tensor_free(x);
    tensor_free(dy);
    tensor_free(dx);
}

static void test_input_gradients_of_a_linear_model_are_its_kernel(void **state)
{
    (void)state;
    with_every_engine(check_linear);
}

static void
test_input_gradients_of_outputs_with_the_losss_gradient_are_those_of_the_loss(void **state)
{
    const layer_t layers[] = {layer_dense(30, ACTIVATION_RELU),
                              layer_dense(UNITS, ACTIVATION_TANH)};
    static float of_loss[ROWS * INPUTS], of_outputs[ROWS * INPUTS], outputs[ROWS * UNITS];
    tensor_t *x = borrow_floats(x_values, ROWS, INPUTS), *y = borrow_floats(y_values, ROWS, UNITS);
    tensor_t *first = strided_floats(ROWS, INPUTS, of_loss, INPUTS);
    tensor_t *second = strided_floats(ROWS, INPUTS, of_outputs, INPUTS);
    tensor_t *dy = strided_floats(ROWS, UNITS, outputs, UNITS);
    model_t *model = model_of(DLCORE_ENGINE_AUTO, 1, layers, 2, LOSS_MEAN_SQUARED_ERROR);

    (void)state;
    assert_int_equal(model_input_gradients(model, x, y, first, NULL, NULL), DLCORE_OK);
    assert_int_equal(model_predict(model, x, dy), DLCORE_OK);
    for (size_t i = 0; i < ROWS * UNITS; i++)
        outputs[i] = 2.0f * (outputs[i] - y_values[i]) / (ROWS * UNITS);
    assert_int_equal(model_input_gradients_of(model, x, dy, second, NULL), DLCORE_OK);
    for (size_t i = 0; i < ROWS * INPUTS; i++)
        assert_true(fabsf(of_loss[i] - of_outputs[i]) < 1e-8f);
    model_free(model);
    tensor_free(x);
    tensor_free(y);
    tensor_free(dy);
    tensor_free(first);
    tensor_free(second);
}

static void test_input_gradients_are_without_regularizers(void **state)
{
    layer_t plain[] = {layer_dense(20, ACTIVATION_TANH), layer_activity_regularization(0, 0),
                       layer_dense(UNITS, ACTIVATION_SOFTMAX)};
    layer_t regular[] = {layer_dense(20, ACTIVATION_TANH), layer_activity_regularization(0.5, 0.5),
                         layer_dense(UNITS, ACTIVATION_SOFTMAX)};
    static float without[ROWS * INPUTS], with[ROWS * INPUTS];
    tensor_t *x = borrow_floats(x_values, ROWS, INPUTS), *y = borrow_floats(y_values, ROWS, UNITS);
    tensor_t *first = strided_floats(ROWS, INPUTS, without, INPUTS);
    tensor_t *second = strided_floats(ROWS, INPUTS, with, INPUTS);
    model_t *one, *other;
    double loss, same;

    (void)state;
    regular[0].kernel_regularizer = regularizer_l2(0.5);
    regular[2].activity_regularizer = regularizer_l1(0.5);
    one = model_of(DLCORE_ENGINE_AUTO, 1, plain, 3, LOSS_HUBER);
    other = model_of(DLCORE_ENGINE_AUTO, 1, regular, 3, LOSS_HUBER);
    assert_int_equal(model_input_gradients(one, x, y, first, &loss, NULL), DLCORE_OK);
    assert_int_equal(model_input_gradients(other, x, y, second, &same, NULL), DLCORE_OK);
    assert_memory_equal(without, with, sizeof with);
    assert_true(loss == same);
    model_free(one);
    model_free(other);
    tensor_free(x);
    tensor_free(y);
    tensor_free(first);
    tensor_free(second);
}

static void test_input_gradients_at_any_number_of_threads_are_the_same(void **state)
{
    enum { MANY = 400, WIDE = 200 };
    const layer_t layers[] = {layer_dense(300, ACTIVATION_RELU), layer_dense(300, ACTIVATION_TANH),
                              layer_dense(4, ACTIVATION_SOFTMAX)};
    samples_t samples = samples_of_floats(MANY, WIDE, 4);
    static float first[MANY * WIDE], other[MANY * WIDE];
    optimizer_t sgd = optimizer_sgd();

    (void)state;
    for (size_t threads = 1; threads <= 3; threads++) {
        model_options_t options = engine_options(DLCORE_ENGINE_AUTO, threads);
        tensor_t *dx = strided_floats(MANY, WIDE, threads == 1 ? first : other, WIDE);
        model_t *model = NULL;

        assert_int_equal(model_create(&options, &model), DLCORE_OK);
        for (size_t i = 0; i < 3; i++)
            assert_accepted(model, model_add(model, layers[i]));
        assert_accepted(model, model_build(model, WIDE));
        assert_accepted(
            model, model_compile(model, &sgd, LOSS_SPARSE_CATEGORICAL_CROSSENTROPY, METRIC_NONE));
        assert_int_equal(model_input_gradients(model, samples.x, samples.y, dx, NULL, NULL),
                         DLCORE_OK);
        if (threads > 1)
            assert_memory_equal(first, other, sizeof first);
        tensor_free(dx);
        model_free(model);
    }
    samples_free(samples);
}

static void test_input_gradients_arguments_that_do_not_fit_are_refused(void **state)
{
    const layer_t layers[] = {layer_dense(UNITS, ACTIVATION_LINEAR)};
    static float gradients[ROWS * INPUTS], bad[ROWS * UNITS];
    tensor_t *x = borrow_floats(x_values, ROWS, INPUTS), *y = borrow_floats(y_values, ROWS, UNITS);
    tensor_t *dx = strided_floats(ROWS, INPUTS, gradients, INPUTS);
    tensor_t *narrow = strided_floats(ROWS, INPUTS - 1, gradients, INPUTS - 1);
    tensor_t *writable = strided_floats(ROWS, INPUTS, x_values, INPUTS);
    tensor_t *not_finite = borrow_floats(bad, ROWS, UNITS), *few = borrow_floats(bad, 2, UNITS);
    model_t *model = model_of(DLCORE_ENGINE_AUTO, 1, layers, 1, LOSS_MEAN_SQUARED_ERROR);
    model_t *fresh = NULL;
    error_record_t error;

    (void)state;
    bad[2 * UNITS + 1] = NAN;
    assert_failed(model_input_gradients(NULL, x, y, dx, NULL, &error), DLCORE_ERROR_ARGUMENT,
                  &error, "model is NULL");
    assert_failed(model_input_gradients(model, x, y, NULL, NULL, &error), DLCORE_ERROR_ARGUMENT,
                  &error, "dx is NULL");
    assert_failed(model_input_gradients(model, x, y, narrow, NULL, &error), DLCORE_ERROR_SHAPE,
                  &error, "dx must be (37, 19), got 37 rows of 18");
    assert_failed(model_input_gradients(model, x, y, x, NULL, &error), DLCORE_ERROR_ARGUMENT,
                  &error, "dx is read-only");
    assert_failed(model_input_gradients(model, x, y, writable, NULL, &error), DLCORE_ERROR_ARGUMENT,
                  &error, "dx overlaps the memory of x");
    assert_failed(model_input_gradients_of(model, x, few, dx, &error), DLCORE_ERROR_SHAPE, &error,
                  "dy must be (37, 5), got 2 rows of 5");
    assert_failed(model_input_gradients_of(model, x, not_finite, dx, &error),
                  DLCORE_ERROR_NOT_FINITE, &error, "number 1 of sample 2 of dy is NaN");
    assert_int_equal(model_create(NULL, &fresh), DLCORE_OK);
    assert_accepted(fresh, model_add(fresh, layers[0]));
    assert_failed(model_input_gradients(fresh, x, y, dx, NULL, &error), DLCORE_ERROR_STATE, &error,
                  "the model has no weights");
    assert_accepted(fresh, model_build(fresh, INPUTS));
    assert_failed(model_input_gradients(fresh, x, y, dx, NULL, &error), DLCORE_ERROR_STATE, &error,
                  "the model is not compiled");
    assert_int_equal(model_input_gradients_of(fresh, x, y, dx, &error), DLCORE_OK);
    model_free(fresh);
    model_free(model);
    tensor_free(x);
    tensor_free(y);
    tensor_free(dx);
    tensor_free(narrow);
    tensor_free(writable);
    tensor_free(not_finite);
    tensor_free(few);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_input_gradients_of_every_layer_are_differences_of_the_loss),
        cmocka_unit_test(test_input_gradients_of_a_linear_model_are_its_kernel),
        cmocka_unit_test(
            test_input_gradients_of_outputs_with_the_losss_gradient_are_those_of_the_loss),
        cmocka_unit_test(test_input_gradients_are_without_regularizers),
        cmocka_unit_test(test_input_gradients_at_any_number_of_threads_are_the_same),
        cmocka_unit_test(test_input_gradients_arguments_that_do_not_fit_are_refused),
    };
    return cmocka_run_group_tests(tests, fill, NULL);
}
