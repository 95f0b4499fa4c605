/* Steps by gradients of the caller's: of the outputs, and of the weights.
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
#include "support/failing_allocator.h"
#include "support/models.h"
#include "support/tensors.h"

enum { ROWS = 21, INPUTS = 20, HIDDEN = 33, UNITS = 3 };

static float x_values[ROWS * INPUTS], y_values[ROWS * UNITS];

static int fill(void **state)
{
    unsigned seed = 5;

    (void)state;
    for (size_t i = 0; i < ROWS * INPUTS; i++)
        x_values[i] = (float)((seed = seed * 1103515245u + 12345u) >> 16 & 1023) / 512.0f - 1.0f;
    for (size_t i = 0; i < ROWS * UNITS; i++)
        y_values[i] = (float)((seed = seed * 1103515245u + 12345u) >> 16 & 1023) / 512.0f - 1.0f;
    return 0;
}

/* What a case of the tests has besides two dense layers. */
typedef struct how {
    optimizer_t optimizer;
    double l1, l2;
    bool constrained, frozen, small;
} how_t;

static model_t *model_like(engine_t engine, const how_t *how)
{
    model_options_t options = engine_options(engine, 2);
    layer_t first = layer_dense(how->small ? 6 : HIDDEN, ACTIVATION_TANH);
    layer_t last = layer_dense(UNITS, ACTIVATION_TANH);
    model_t *model = NULL;

    first.kernel_regularizer = regularizer_l1_l2(how->l1, how->l2);
    if (how->constrained)
        first.kernel_constraint = constraint_max_norm(0.5);
    last.trainable = !how->frozen;
    assert_int_equal(model_create(&options, &model), DLCORE_OK);
    assert_accepted(model, model_add(model, first));
    assert_accepted(model, model_add(model, last));
    assert_accepted(model, model_build(model, how->small ? 4 : INPUTS));
    assert_accepted(model,
                    model_compile(model, &how->optimizer, LOSS_MEAN_SQUARED_ERROR, METRIC_NONE));
    return model;
}

static size_t list_cases(how_t *cases)
{
    size_t count = 0;
    how_t plain = {.optimizer = optimizer_adam()};

    cases[count++] = plain;
    plain.small = true;
    cases[count++] = plain;
    plain.small = false;
    plain.frozen = true;
    cases[count++] = plain;
    plain.frozen = false;
    plain.constrained = true;
    cases[count++] = plain;
    plain.constrained = false;
    plain.optimizer = optimizer_sgd();
    plain.optimizer.momentum = 0.9;
    plain.optimizer.global_clipnorm = 0.01;
    cases[count++] = plain;
    plain.optimizer.global_clipnorm = 0.0;
    plain.optimizer.use_ema = true;
    cases[count++] = plain;
    plain.optimizer = optimizer_adafactor();
    cases[count++] = plain;
    plain.optimizer = optimizer_adamw();
    plain.optimizer.gradient_accumulation_steps = 2;
    cases[count++] = plain;
    plain.optimizer = optimizer_rmsprop();
    plain.l1 = 0.01;
    plain.l2 = 0.02;
    cases[count++] = plain;
    return count;
}

static void check_apply(engine_t engine)
{
    how_t cases[16];
    size_t count = list_cases(cases);

    for (size_t i = 0; i < count; i++) {
        model_t *own = model_like(engine, &cases[i]), *whole = model_like(engine, &cases[i]);
        size_t parameters = model_parameter_count(own), width = model_input_width(own);
        tensor_t *x = strided_floats(ROWS, width, x_values, INPUTS);
        tensor_t *y = borrow_floats(y_values, ROWS, UNITS);
        float *gradients = calloc(parameters, sizeof *gradients);

        assert_non_null(gradients);
        for (size_t step = 0; step < 4; step++) {
            assert_accepted(own, model_gradients(own, x, y, gradients, parameters, NULL));
            assert_accepted(own, model_apply_gradients(own, gradients, parameters));
            assert_accepted(whole, model_train_on_batch(whole, x, y, NULL));
        }
        if (!same_weights(own, whole))
            fail_msg("case %zu differs on %s", i, engine_name(engine));
        free(gradients);
        model_free(own);
        model_free(whole);
        tensor_free(x);
        tensor_free(y);
    }
}

static void test_apply_gradients_of_model_gradients_is_train_on_batch(void **state)
{
    (void)state;
    with_every_engine(check_apply);
}

static void test_apply_gradients_leaves_frozen_layers_and_statistics_alone(void **state)
{
    model_t *model = NULL;
    optimizer_t sgd = optimizer_sgd();
    layer_t frozen = layer_dense(4, ACTIVATION_TANH);
    float *before, *after, *gradients;
    size_t count;

    (void)state;
    frozen.trainable = false;
    assert_int_equal(model_create(NULL, &model), DLCORE_OK);
    assert_accepted(model, model_add(model, frozen));
    assert_accepted(model, model_add(model, layer_batch_normalization()));
    assert_accepted(model, model_add(model, layer_dense(2, ACTIVATION_LINEAR)));
    assert_accepted(model, model_compile(model, &sgd, LOSS_MEAN_SQUARED_ERROR, METRIC_NONE));
    assert_accepted(model, model_build(model, 3));
    count = model_parameter_count(model);
    gradients = calloc(count, sizeof *gradients);
    assert_non_null(gradients);
    for (size_t i = 0; i < count; i++)
        gradients[i] = 1.0f;
    before = weights_of(model);
    assert_accepted(model, model_apply_gradients(model, gradients, count));
    after = weights_of(model);
    for (size_t i = 0; i < count; i++) {
        /* gamma and beta of 4 units, not their moving mean and variance; the last layer */
        bool moves = (i >= 16 && i < 16 + 8) || i >= 16 + 16;

        assert_true(moves ? fabsf(after[i] - (before[i] - 0.01f)) < 1e-6f : after[i] == before[i]);
    }
    free(before);
    free(after);
    free(gradients);
    model_free(model);
}

static void check_given(engine_t engine)
{
    how_t cases[16];
    size_t count = list_cases(cases);

    for (size_t i = 0; i < count; i++) {
        model_t *own = model_like(engine, &cases[i]), *whole = model_like(engine, &cases[i]);
        size_t width = model_input_width(own);
        tensor_t *x = strided_floats(ROWS, width, x_values, INPUTS);
        tensor_t *y = borrow_floats(y_values, ROWS, UNITS);
        float outputs[ROWS * UNITS], *a, *b;
        tensor_t *dy = strided_floats(ROWS, UNITS, outputs, UNITS);

        for (size_t step = 0; step < 3; step++) {
            assert_int_equal(model_predict(own, x, dy), DLCORE_OK);
            for (size_t k = 0; k < ROWS * UNITS; k++)
                outputs[k] = 2.0f * (outputs[k] - y_values[k]) / (ROWS * UNITS);
            assert_accepted(own, model_train_on_gradient(own, x, dy));
            assert_accepted(whole, model_train_on_batch(whole, x, y, NULL));
        }
        a = weights_of(own);
        b = weights_of(whole);
        for (size_t k = 0; k < model_parameter_count(own); k++)
            if (!(fabsf(a[k] - b[k]) <= 2e-5f))
                fail_msg("case %zu: weight %zu is %g, not %g", i, k, (double)a[k], (double)b[k]);
        free(a);
        free(b);
        model_free(own);
        model_free(whole);
        tensor_free(x);
        tensor_free(y);
        tensor_free(dy);
    }
}

static void test_train_on_gradient_of_mse_is_train_on_batch(void **state)
{
    (void)state;
    with_every_engine(check_given);
}

static void test_train_on_gradient_and_on_batch_in_turns_keep_one_optimizer(void **state)
{
    how_t how = {.optimizer = optimizer_adam()};
    model_t *turns = model_like(DLCORE_ENGINE_AUTO, &how),
            *same = model_like(DLCORE_ENGINE_AUTO, &how);
    tensor_t *x = borrow_floats(x_values, ROWS, INPUTS), *y = borrow_floats(y_values, ROWS, UNITS);
    float zeros[ROWS * UNITS] = {0};
    tensor_t *dy = borrow_floats(zeros, ROWS, UNITS);

    (void)state;
    assert_accepted(turns, model_train_on_batch(turns, x, y, NULL));
    assert_accepted(turns, model_train_on_gradient(turns, x, dy));
    assert_accepted(same, model_train_on_batch(same, x, y, NULL));
    assert_false(same_weights(turns, same)); /* Adam moves on after a gradient of zeros */
    model_free(turns);
    model_free(same);
    tensor_free(x);
    tensor_free(y);
    tensor_free(dy);
}

static void test_train_on_gradient_arguments_that_do_not_fit_are_refused(void **state)
{
    how_t how = {.optimizer = optimizer_adam()};
    model_t *model = model_like(DLCORE_ENGINE_AUTO, &how), *fresh = NULL, *before = NULL;
    tensor_t *x = borrow_floats(x_values, ROWS, INPUTS), *y = borrow_floats(y_values, ROWS, UNITS);
    tensor_t *wide = borrow_floats(x_values, ROWS, 4);
    float bad[ROWS * UNITS] = {0}, *gradients;
    tensor_t *not_finite = borrow_floats(bad, ROWS, UNITS);
    size_t count = model_parameter_count(model);

    (void)state;
    bad[4] = INFINITY;
    assert_int_equal(model_clone(model, &before), DLCORE_OK);
    assert_int_equal(model_train_on_gradient(model, x, NULL), DLCORE_ERROR_ARGUMENT);
    assert_string_equal(model_error(model), "train_on_gradient: dy is NULL");
    assert_int_equal(model_train_on_gradient(model, x, wide), DLCORE_ERROR_SHAPE);
    assert_string_equal(model_error(model),
                        "train_on_gradient: dy must be (21, 3), got 21 rows of 4");
    assert_int_equal(model_train_on_gradient(model, x, not_finite), DLCORE_ERROR_NOT_FINITE);
    assert_string_equal(model_error(model),
                        "train_on_gradient: number 1 of sample 1 of dy is infinite");
    gradients = calloc(count, sizeof *gradients);
    assert_non_null(gradients);
    gradients[7] = NAN;
    assert_int_equal(model_apply_gradients(model, gradients, count), DLCORE_ERROR_NOT_FINITE);
    assert_string_equal(model_error(model), "apply_gradients: gradient 7 is NaN");
    assert_int_equal(model_apply_gradients(model, gradients, count - 1), DLCORE_ERROR_SHAPE);
    assert_int_equal(model_apply_gradients(model, NULL, count), DLCORE_ERROR_SHAPE);
    assert_non_null(strstr(model_error(model), "got 0: gradients is NULL"));
    assert_true(same_weights(model, before));
    assert_int_equal(model_create(NULL, &fresh), DLCORE_OK);
    assert_accepted(fresh, model_add(fresh, layer_dense(UNITS, ACTIVATION_LINEAR)));
    assert_int_equal(model_train_on_gradient(fresh, x, y), DLCORE_ERROR_STATE);
    assert_int_equal(model_apply_gradients(fresh, gradients, count), DLCORE_ERROR_STATE);
    assert_string_equal(model_error(fresh), "apply_gradients: the model is not compiled");
    free(gradients);
    model_free(fresh);
    model_free(before);
    model_free(model);
    tensor_free(x);
    tensor_free(y);
    tensor_free(wide);
    tensor_free(not_finite);
}

static dlcore_status apply_by(const dlcore_allocator_t *allocator, void *context)
{
    model_options_t options = model_options_default();
    optimizer_t adam = optimizer_adam();
    layer_t dense = layer_dense(1, ACTIVATION_LINEAR);
    const float gradients[4] = {0.5f, -0.5f, 1.0f, 0.25f};
    model_t *model = NULL;
    dlcore_status status;

    (void)context;
    dense.kernel_regularizer = regularizer_l1_l2(0.0, 0.01); /* which is left out of the step */
    options.allocator = *allocator;
    options.threads = 1;
    status = model_create(&options, &model);
    if (status == DLCORE_OK)
        status = model_add(model, dense);
    if (status == DLCORE_OK)
        status = model_compile(model, &adam, LOSS_MEAN_SQUARED_ERROR, METRIC_NONE);
    if (status == DLCORE_OK)
        status = model_build(model, 3);
    if (status == DLCORE_OK)
        status = model_apply_gradients(model, gradients, 4);
    model_free(model);
    return status;
}

static void test_apply_gradients_without_memory_leaves_nothing(void **state)
{
    model_t *model = NULL;
    float gradient = 0.5f;

    (void)state;
    assert_true(failing_allocator_sweep(apply_by, NULL) > 5);
    assert_int_equal(model_create(NULL, &model), DLCORE_OK); /* and one that a call has broken */
    assert_int_equal(model_add(model, layer_dense(0, ACTIVATION_LINEAR)), DLCORE_ERROR_ARGUMENT);
    assert_int_equal(model_apply_gradients(model, &gradient, 1), DLCORE_ERROR_ARGUMENT);
    assert_non_null(strstr(model_error(model), "units"));
    model_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_apply_gradients_of_model_gradients_is_train_on_batch),
        cmocka_unit_test(test_apply_gradients_leaves_frozen_layers_and_statistics_alone),
        cmocka_unit_test(test_train_on_gradient_of_mse_is_train_on_batch),
        cmocka_unit_test(test_train_on_gradient_and_on_batch_in_turns_keep_one_optimizer),
        cmocka_unit_test(test_train_on_gradient_arguments_that_do_not_fit_are_refused),
        cmocka_unit_test(test_apply_gradients_without_memory_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, fill, NULL);
}
