/* The numbers of normalization and batch normalization where rounding would show: columns that are
 * constant, and means far from zero.
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

#include <dlcore.h>

#include "support/classifier.h"
#include "support/models.h"

enum { ROWS = 24, WIDTH = 20 };

static tensor_t *new_tensor(dtype_t dtype)
{
    tensor_t *tensor = NULL;

    assert_int_equal(tensor_create(NULL, dtype, 2, (size_t[]){ROWS, WIDTH}, &tensor, NULL),
                     DLCORE_OK);
    return tensor;
}

static model_t *new_model(engine_t engine)
{
    model_options_t options = model_options_default();
    model_t *model = NULL;

    options.engine = engine;
    assert_int_equal(model_create(&options, &model), DLCORE_OK);
    return model;
}

static float at(const tensor_t *tensor, size_t row, size_t column)
{
    return ((const float *)tensor_data_const(tensor))[row * WIDTH + column];
}

/* ---- normalization ---- */

static void check_constant(engine_t engine)
{
    model_t *model = new_model(engine);
    tensor_t *x = new_tensor(DTYPE_UINT8), *y = new_tensor(DTYPE_FLOAT32);
    uint8_t *pixels = tensor_data(x);
    predictor_t *predictor = NULL;
    float alone[WIDTH];

    for (size_t i = 0; i < (size_t)ROWS * WIDTH; i++)
        pixels[i] = (uint8_t)(i % WIDTH == 3 ? i / WIDTH : 77 + i % WIDTH);
    assert_accepted(model, model_add(model, layer_flatten()));
    assert_accepted(model, model_add(model, layer_rescaling(1 / 255.0, -0.3)));
    assert_accepted(model, model_add(model, layer_normalization()));
    assert_accepted(model, model_adapt(model, 2, x));
    assert_accepted(model, model_predict(model, x, y));
    assert_int_equal(predictor_create(model, NULL, &predictor), DLCORE_OK);
    assert_int_equal(predictor_run_uint8(predictor, pixels, 1, alone), DLCORE_OK);
    for (size_t c = 0; c < WIDTH; c++) {
        if (c == 3) { /* 0 .. 23: mean 11.5, variance (24^2 - 1) / 12 */
            assert_true(fabs((double)at(y, 0, c) + 11.5 / sqrt(575 / 12.0)) < 1e-5);
            continue;
        }
        for (size_t row = 0; row < ROWS; row++)
            assert_true(at(y, row, c) == 0.0F);
        assert_true(alone[c] == 0.0F);
    }
    predictor_free(predictor);
    tensor_free(x);
    tensor_free(y);
    model_free(model);
}

/* As in Keras, whose x - mean is 0 there: the divisor is 1e-7, and what rounding left of mean
 * times 1e7 would be outputs of any size up to 0.1. */
static void test_normalization_of_a_constant_column_is_zero(void **state)
{
    (void)state;
    with_every_engine(check_constant);
}

/* A variance of NaN, or one below 0, whose root is NaN, stays NaN, as in Keras; 0 gives 1e-7. */
static void check_bad_variance(engine_t engine)
{
    float numbers[WIDTH], alone[WIDTH];
    model_t *model = new_model(engine);
    tensor_t *x = new_tensor(DTYPE_FLOAT32), *y = new_tensor(DTYPE_FLOAT32);
    predictor_t *predictor = NULL;

    for (size_t c = 0; c < WIDTH; c++)
        numbers[c] = 1.0F;
    numbers[2] = NAN;
    numbers[7] = -1.0F;
    numbers[11] = 0.0F;
    for (size_t i = 0; i < (size_t)ROWS * WIDTH; i++)
        ((float *)tensor_data(x))[i] = 1.0F;
    assert_accepted(model, model_add(model, layer_normalization()));
    assert_accepted(model, model_build(model, WIDTH));
    assert_accepted(model, model_set_weight(model, 1, numbers, WIDTH));
    assert_accepted(model, model_predict(model, x, y));
    assert_int_equal(predictor_create(model, NULL, &predictor), DLCORE_OK);
    assert_int_equal(predictor_run(predictor, tensor_data_const(x), 1, alone), DLCORE_OK);
    for (size_t c = 0; c < WIDTH; c++) {
        assert_int_equal(isnan(at(y, 1, c)) != 0, c == 2 || c == 7);
        assert_int_equal(isnan(alone[c]) != 0, c == 2 || c == 7);
    }
    assert_true(fabs((double)at(y, 1, 11) - 1e7) < 1.0 && at(y, 1, 0) == 1.0F);
    predictor_free(predictor);
    tensor_free(x);
    tensor_free(y);
    model_free(model);
}

static void test_normalization_of_a_variance_without_root_is_nan(void **state)
{
    (void)state;
    with_every_engine(check_bad_variance);
}

static void test_normalization_of_a_failed_adapt_leaves_the_model_unbuilt(void **state)
{
    model_t *model = new_model(ENGINE_AUTO);
    tensor_t *x = new_tensor(DTYPE_FLOAT32), *wide = NULL;

    (void)state;
    assert_int_equal(tensor_create(NULL, DTYPE_FLOAT32, 2, (size_t[]){ROWS, 3}, &wide, NULL),
                     DLCORE_OK);
    ((float *)tensor_data(x))[7] = INFINITY;
    assert_accepted(model, model_add(model, layer_normalization()));
    assert_int_equal(model_adapt(model, 0, x), DLCORE_ERROR_RANGE);
    assert_string_equal(model_error(model), "adapt: number 7 of sample 0 is infinite");
    assert_int_equal(model_parameter_count(model), 0);
    assert_accepted(model, model_adapt(model, 0, wide));
    assert_int_equal(model_parameter_count(model), 6);
    tensor_free(x);
    tensor_free(wide);
    model_free(model);
}

/* ---- means far from zero ---- */

/* x = 4096 + some sixteenths, exactly; *y what a normalization by mean and variance makes of it. */
static void far_from_zero(tensor_t *x, tensor_t *y, double epsilon, float mean[WIDTH],
                          float variance[WIDTH])
{
    for (size_t c = 0; c < WIDTH; c++) {
        double sum = 0, squares = 0;

        for (size_t row = 0; row < ROWS; row++) {
            double value = (double)((row * 7 + c * 5) % 31) / 16;

            ((float *)tensor_data(x))[row * WIDTH + c] = (float)(4096 + value);
            sum += value;
            squares += value * value;
        }
        mean[c] = (float)(4096 + sum / ROWS);
        variance[c] = (float)(squares / ROWS - sum / ROWS * (sum / ROWS));
        for (size_t row = 0; row < ROWS; row++)
            ((float *)tensor_data(y))[row * WIDTH + c] =
                (float)(((double)at(x, row, c) - (double)mean[c]) /
                        sqrt((double)variance[c] + epsilon));
    }
}

/* The root mean square of y's differences, from the loss against what it should be. */
static void check_far(engine_t engine)
{
    tensor_t *x = new_tensor(DTYPE_FLOAT32), *y = new_tensor(DTYPE_FLOAT32);
    float mean[WIDTH], variance[WIDTH], gradients[4 * WIDTH];
    layer_t layers[] = {layer_batch_normalization(), layer_normalization()};
    optimizer_t sgd = optimizer_sgd();

    for (size_t i = 0; i < 2; i++) {
        model_t *model = new_model(engine);
        evaluation_t evaluation = {0};
        double loss = 1;

        far_from_zero(x, y, i == 0 ? 1e-3 : 0, mean, variance);
        assert_accepted(model, model_add(model, layers[i]));
        assert_accepted(model, model_build(model, WIDTH));
        assert_accepted(model, model_compile(model, &sgd, LOSS_MEAN_SQUARED_ERROR, METRIC_NONE));
        assert_accepted(model, model_set_weight(model, i == 0 ? 2 : 0, mean, WIDTH));
        assert_accepted(model, model_set_weight(model, i == 0 ? 3 : 1, variance, WIDTH));
        assert_accepted(model, model_evaluate(model, x, y, NULL, &evaluation));
        assert_true(sqrt(evaluation.loss) < 1e-6);
        if (i == 0)
            assert_accepted(model, model_gradients(model, x, y, gradients, 4 * WIDTH, &loss));
        /* while training the batch's own mean is a float32 of 4097, too: half an ulp, 1.2e-4, and
         * some for the sum over rows */
        assert_true(i == 1 || sqrt(loss) < 5e-4);
        model_free(model);
    }
    tensor_free(x);
    tensor_free(y);
}

static void test_normalization_of_numbers_far_from_zero_keeps_their_digits(void **state)
{
    (void)state;
    with_every_engine(check_far);
}

/* ---- batch normalization ---- */

/* momentum 0.9 from 0 and 1, on columns of two values: mean 3, variance 4. */
static void test_batch_normalization_moves_statistics_once_a_step(void **state)
{
    model_t *model = new_model(ENGINE_AUTO);
    tensor_t *x = new_tensor(DTYPE_FLOAT32), *y = new_tensor(DTYPE_FLOAT32);
    optimizer_t sgd = optimizer_sgd();
    layer_t layer = layer_batch_normalization();
    float mean[WIDTH], variance[WIDTH], gradients[4 * WIDTH];

    (void)state;
    layer.momentum = 0.9;
    assert_accepted(model, model_add(model, layer));
    assert_accepted(model, model_build(model, WIDTH));
    assert_accepted(model, model_compile(model, &sgd, LOSS_MEAN_SQUARED_ERROR, METRIC_NONE));
    for (size_t i = 0; i < (size_t)ROWS * WIDTH; i++)
        ((float *)tensor_data(x))[i] = i / WIDTH % 2 == 0 ? 1.0F : 5.0F;
    tensor_fill(y, 0, NULL);
    assert_accepted(model, model_gradients(model, x, y, gradients, 4 * WIDTH, NULL));
    for (size_t c = 2 * (size_t)WIDTH; c < 4 * (size_t)WIDTH; c++)
        assert_true(gradients[c] == 0.0F);
    for (size_t steps = 0; steps < 3; steps++) {
        double moved = 1 - pow(0.9, (double)steps);

        assert_accepted(model, model_get_weight(model, 2, mean, WIDTH));
        assert_accepted(model, model_get_weight(model, 3, variance, WIDTH));
        for (size_t c = 0; c < WIDTH; c++) {
            assert_true(fabs((double)mean[c] - 3 * moved) < 1e-6);
            assert_true(fabs((double)variance[c] - (1 + 3 * moved)) < 1e-6);
        }
        assert_accepted(model, model_train_on_batch(model, x, y, NULL));
    }
    /* a batch whose loss is not finite moves nothing */
    assert_accepted(model, model_get_weight(model, 2, mean, WIDTH));
    ((float *)tensor_data(x))[5] = INFINITY;
    assert_int_equal(model_train_on_batch(model, x, y, NULL), DLCORE_ERROR_NOT_FINITE);
    assert_accepted(model, model_get_weight(model, 2, variance, WIDTH));
    assert_memory_equal(mean, variance, sizeof mean);
    tensor_free(x);
    tensor_free(y);
    model_free(model);
}

/* ---- fields of other kinds ---- */

/* What a model with such a layer predicts. */
static void predict_with(layer_t layer, const float *x, float *y)
{
    const size_t shape[] = {ROWS, WIDTH};
    tensor_t *inputs = borrow_floats(x, ROWS, WIDTH), *outputs = NULL;
    model_t *model = new_model(ENGINE_AUTO);

    assert_int_equal(tensor_borrow(NULL, DTYPE_FLOAT32, 2, shape, y, 0, &outputs, NULL), DLCORE_OK);
    assert_accepted(model, model_add(model, layer_dense(WIDTH, ACTIVATION_TANH)));
    assert_accepted(model, model_add(model, layer));
    assert_accepted(model, model_build(model, WIDTH));
    assert_int_equal(model_predict(model, inputs, outputs), DLCORE_OK);
    tensor_free(inputs);
    tensor_free(outputs);
    model_free(model);
}

static void test_normalization_fields_of_other_kinds_do_not_matter(void **state)
{
    const layer_t layers[] = {layer_unit_normalization(), layer_rms_normalization(),
                              layer_batch_normalization()};
    static float x[ROWS * WIDTH], plain[ROWS * WIDTH], odd[ROWS * WIDTH];

    (void)state;
    for (size_t i = 0; i < (size_t)ROWS * WIDTH; i++)
        x[i] = (float)(i * 37 % 101) / 50.0f - 1.0f;
    for (size_t i = 0; i < sizeof layers / sizeof layers[0]; i++) {
        layer_t layer = layers[i];

        predict_with(layer, x, plain);
        layer.center = layer.use_scale = layer.rms_scaling = layer.invert = true;
        predict_with(layer, x, odd);
        assert_memory_equal(plain, odd, sizeof plain);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_normalization_of_a_constant_column_is_zero),
        cmocka_unit_test(test_normalization_of_a_variance_without_root_is_nan),
        cmocka_unit_test(test_normalization_of_a_failed_adapt_leaves_the_model_unbuilt),
        cmocka_unit_test(test_normalization_of_numbers_far_from_zero_keeps_their_digits),
        cmocka_unit_test(test_batch_normalization_moves_statistics_once_a_step),
        cmocka_unit_test(test_normalization_fields_of_other_kinds_do_not_matter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
