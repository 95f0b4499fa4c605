/* Outputs of inner layers, and the model from an inner layer on.
 *
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "dlcore.h"
#include "support/classifier.h"
#include "support/models.h"
#include "support/tensors.h"

enum { ROWS = 150, INPUTS = 7, WIDEST = 40, LAYERS = 8 };

static float x_values[ROWS * INPUTS];

static model_t *deep_model(engine_t engine)
{
    const layer_t layers[LAYERS] = {
        layer_rescaling(2.0, -0.5),       layer_flatten(),
        layer_dense(40, ACTIVATION_RELU), layer_dropout(0.5),
        layer_rescaling(0.5, 0.25),       layer_layer_normalization(),
        layer_dense(18, ACTIVATION_GELU), layer_dense(3, ACTIVATION_SOFTMAX)};
    model_options_t options = engine_options(engine, 2);
    model_t *model = NULL;

    assert_int_equal(model_create(&options, &model), DLCORE_OK);
    for (size_t i = 0; i < LAYERS; i++)
        assert_accepted(model, model_add(model, layers[i]));
    assert_accepted(model, model_build(model, INPUTS));
    return model;
}

static void check_split(engine_t engine)
{
    static float inner[ROWS * WIDEST], outputs[ROWS * 3], expected[ROWS * 3];
    tensor_t *x = borrow_floats(x_values, ROWS, INPUTS);
    tensor_t *whole = strided_floats(ROWS, 3, expected, 3),
             *y = strided_floats(ROWS, 3, outputs, 3);
    model_t *model = deep_model(engine);

    assert_int_equal(model_predict(model, x, whole), DLCORE_OK);
    for (size_t layer = 0; layer < LAYERS; layer++) {
        size_t width = model_layer_width(model, layer);
        tensor_t *middle = strided_floats(ROWS, width, inner, width);
        error_record_t error;

        assert_int_equal(model_predict_layer(model, layer, x, middle, &error), DLCORE_OK);
        if (layer + 1 == LAYERS) {
            assert_memory_equal(inner, expected, sizeof expected);
        } else {
            memset(outputs, 0, sizeof outputs);
            assert_int_equal(model_predict_from(model, layer + 1, middle, y, &error), DLCORE_OK);
            for (size_t i = 0; i < ROWS * 3; i++)
                assert_true(fabsf(outputs[i] - expected[i]) < 1e-6f);
        }
        tensor_free(middle);
    }
    assert_int_equal(model_predict_from(model, 0, x, y, NULL), DLCORE_OK);
    assert_memory_equal(outputs, expected, sizeof expected);
    model_free(model);
    tensor_free(x);
    tensor_free(y);
    tensor_free(whole);
}

static void test_predict_layer_and_from_the_next_on_is_predict(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS * INPUTS; i++)
        x_values[i] = (float)(i * 37 % 101) / 101.0f - 0.4f;
    with_every_engine(check_split);
}

static void test_predict_layer_of_leading_layers_is_what_they_say(void **state)
{
    float inner[ROWS * INPUTS];
    tensor_t *x = borrow_floats(x_values, ROWS, INPUTS);
    tensor_t *y = strided_floats(ROWS, INPUTS, inner, INPUTS);
    model_t *model = deep_model(DLCORE_ENGINE_AUTO);

    (void)state;
    for (size_t layer = 0; layer < 2; layer++) {
        assert_int_equal(model_predict_layer(model, layer, x, y, NULL), DLCORE_OK);
        for (size_t i = 0; i < ROWS * INPUTS; i++)
            assert_true(fabsf(inner[i] - (2.0f * x_values[i] - 0.5f)) < 1e-6f);
    }
    assert_int_equal(model_layer_width(model, 2), 40);
    assert_int_equal(model_layer_width(model, LAYERS), 0);
    assert_int_equal(model_layer_width(NULL, 0), 0);
    model_free(model);
    tensor_free(x);
    tensor_free(y);
}

static void test_predict_layer_arguments_that_do_not_fit_are_refused(void **state)
{
    float inner[ROWS * WIDEST];
    tensor_t *x = borrow_floats(x_values, ROWS, INPUTS);
    tensor_t *y = strided_floats(ROWS, 40, inner, 40),
             *narrow = strided_floats(ROWS, 39, inner, 39);
    model_t *model = deep_model(DLCORE_ENGINE_AUTO), *fresh = NULL;
    error_record_t error;

    (void)state;
    assert_failed(model_predict_layer(NULL, 0, x, y, &error), DLCORE_ERROR_ARGUMENT, &error,
                  "predict_layer: model is NULL");
    assert_failed(model_predict_layer(model, LAYERS, x, y, &error), DLCORE_ERROR_ARGUMENT, &error,
                  "predict_layer: the model has 8 layers, got layer 8");
    assert_failed(model_predict_layer(model, SIZE_MAX, x, y, &error), DLCORE_ERROR_ARGUMENT, &error,
                  "predict_layer: the model has 8 layers");
    assert_failed(model_predict_from(model, LAYERS, x, y, &error), DLCORE_ERROR_ARGUMENT, &error,
                  "predict_from: the model has 8 layers, got layer 8");
    assert_failed(model_predict_layer(model, 2, x, narrow, &error), DLCORE_ERROR_SHAPE, &error,
                  "y_pred must be (150, 40), got 150 rows of 39");
    assert_failed(model_predict_from(model, 6, x, y, &error), DLCORE_ERROR_SHAPE, &error,
                  "dense_1: expects 40 inputs, got 7");
    assert_int_equal(model_create(NULL, &fresh), DLCORE_OK);
    assert_accepted(fresh, model_add(fresh, layer_dense(2, ACTIVATION_LINEAR)));
    assert_failed(model_predict_layer(fresh, 0, x, y, &error), DLCORE_ERROR_STATE, &error,
                  "predict_layer: the model has no weights");
    model_free(fresh);
    model_free(model);
    tensor_free(x);
    tensor_free(y);
    tensor_free(narrow);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_predict_layer_and_from_the_next_on_is_predict),
        cmocka_unit_test(test_predict_layer_of_leading_layers_is_what_they_say),
        cmocka_unit_test(test_predict_layer_arguments_that_do_not_fit_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
