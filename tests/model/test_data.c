/* Labels that a loss has no meaning for: refused wherever labels come in, with the sample.
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

#include "dlcore/model.h"
#include "support/tensors.h"

enum { ROWS = 6, INPUTS = 2, UNITS = 2 };

static dlcore_model_t *model_of(dlcore_loss_t loss)
{
    dlcore_compile_options_t options = dlcore_compile_options_default();
    dlcore_layer_t layer = dlcore_layer_dense(UNITS, DLCORE_ACTIVATION_SIGMOID);
    dlcore_model_t *model = NULL;

    layer.input_width = INPUTS;
    assert_int_equal(dlcore_model_create(NULL, &model), DLCORE_OK);
    assert_int_equal(dlcore_model_add(model, layer), DLCORE_OK);
    options.loss = loss;
    assert_int_equal(dlcore_model_compile_with(model, &options), DLCORE_OK);
    return model;
}

static dlcore_tensor_t *samples(void)
{
    float numbers[ROWS * INPUTS];

    for (size_t i = 0; i < ROWS * INPUTS; i++)
        numbers[i] = (float)(i % 5) / 5.0f;
    return tensor_of_floats(SHAPE(ROWS, INPUTS), numbers);
}

/* Rows of (1, 0), but for number 1 of sample 4. */
static dlcore_tensor_t *labels(float odd)
{
    float numbers[ROWS * UNITS];

    for (size_t i = 0; i < ROWS * UNITS; i++)
        numbers[i] = i % UNITS == 0 ? 1.0f : 0.0f;
    numbers[4 * UNITS + 1] = odd;
    return tensor_of_floats(SHAPE(ROWS, UNITS), numbers);
}

/* What each loss takes, and what is just outside. */
static void test_data_labels_that_a_loss_has_no_meaning_for_are_refused(void **state)
{
    static const struct {
        dlcore_loss_kind_t kind;
        float takes[4], refuses[2]; /* NaN: no more of them */
        const char *message;
    } cases[] = {
        {DLCORE_LOSS_BINARY_CROSSENTROPY,
         {0.0f, 1.0f, 0.3f, 1.000002f},
         {2.0f, -1.0f},
         "binary_crossentropy: label %g of sample 4, number 1, is outside 0 .. 1"},
        {DLCORE_LOSS_CATEGORICAL_CROSSENTROPY,
         {0.0f, 1.0f, 3.0f, -0.000002f},
         {-1.0f, -0.1f},
         "categorical_crossentropy: label %g of sample 4, number 1, is below 0"},
        {DLCORE_LOSS_KL_DIVERGENCE,
         {0.0f, 1.0f, 0.3f, 0.5f},
         {1.5f, -0.5f},
         "kl_divergence: label %g of sample 4, number 1, is outside 0 .. 1"},
        {DLCORE_LOSS_POISSON,
         {0.0f, 1.0f, 300.0f, 0.5f},
         {-1.0f, -INFINITY},
         "poisson: label %g of sample 4, number 1, is below 0"},
        {DLCORE_LOSS_MEAN_SQUARED_LOGARITHMIC_ERROR,
         {0.0f, 1.0f, 300.0f, 0.5f},
         {-1.0f, -0.1f},
         "mean_squared_logarithmic_error: label %g of sample 4, number 1, is below 0"},
        {DLCORE_LOSS_HINGE,
         {0.0f, 1.0f, -1.0f, 0.5f},
         {2.0f, -2.0f},
         "hinge: label %g of sample 4, number 1, is outside -1 .. 1"},
        {DLCORE_LOSS_SQUARED_HINGE,
         {0.0f, 1.0f, -1.0f, 0.5f},
         {2.0f, -2.0f},
         "squared_hinge: label %g of sample 4, number 1, is outside -1 .. 1"},
        {DLCORE_LOSS_CATEGORICAL_HINGE,
         {0.0f, 1.0f, 0.3f, 0.5f},
         {2.0f, -1.0f},
         "categorical_hinge: label %g of sample 4, number 1, is outside 0 .. 1"},
        {DLCORE_LOSS_BINARY_FOCAL_CROSSENTROPY,
         {0.0f, 1.0f, 0.3f, 1.000002f},
         {2.0f, -1.0f},
         "binary_focal_crossentropy: label %g of sample 4, number 1, is outside 0 .. 1"},
        {DLCORE_LOSS_CATEGORICAL_FOCAL_CROSSENTROPY,
         {0.0f, 1.0f, 3.0f, 0.5f},
         {-1.0f, -0.1f},
         "categorical_focal_crossentropy: label %g of sample 4, number 1, is below 0"},
        {DLCORE_LOSS_DICE,
         {0.0f, 1.0f, 0.3f, 0.5f},
         {2.0f, -1.0f},
         "dice: label %g of sample 4, number 1, is outside 0 .. 1"},
        {DLCORE_LOSS_TVERSKY,
         {0.0f, 1.0f, 0.3f, 0.5f},
         {2.0f, -1.0f},
         "tversky: label %g of sample 4, number 1, is outside 0 .. 1"},
        {DLCORE_LOSS_COSINE_SIMILARITY, {-300.0f, 300.0f, 0.0f, 1e9f}, {NAN, NAN}, ""},
        {DLCORE_LOSS_QUANTILE, {-300.0f, 300.0f, 0.0f, 1e9f}, {NAN, NAN}, ""},
        {DLCORE_LOSS_MEAN_SQUARED_ERROR, {-300.0f, 300.0f, 0.0f, 1e9f}, {NAN, NAN}, ""},
        {DLCORE_LOSS_MEAN_ABSOLUTE_ERROR, {-300.0f, 300.0f, 0.0f, 1e9f}, {NAN, NAN}, ""},
        {DLCORE_LOSS_MEAN_ABSOLUTE_PERCENTAGE_ERROR, {-300.0f, 3.0f, -1.0f, 1.0f}, {NAN, NAN}, ""},
        {DLCORE_LOSS_HUBER, {-300.0f, 300.0f, 0.0f, 1e9f}, {NAN, NAN}, ""},
        {DLCORE_LOSS_LOG_COSH, {-300.0f, 300.0f, 0.0f, 1e9f}, {NAN, NAN}, ""},
    };
    dlcore_tensor_t *x = samples();

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        dlcore_model_t *model = model_of(dlcore_loss_default(cases[i].kind));

        for (size_t k = 0; k < 4; k++) {
            dlcore_tensor_t *y = labels(cases[i].takes[k]);

            if (dlcore_model_train_on_batch(model, x, y, NULL) != DLCORE_OK)
                fail_msg("%s", dlcore_model_error(model));
            dlcore_tensor_free(y);
        }
        for (size_t k = 0; k < 2 && !isnan(cases[i].refuses[k]); k++) {
            dlcore_tensor_t *y = labels(cases[i].refuses[k]);
            char message[DLCORE_ERROR_MESSAGE_SIZE];

            snprintf(message, sizeof message, cases[i].message, (double)cases[i].refuses[k]);
            assert_int_equal(dlcore_model_train_on_batch(model, x, y, NULL), DLCORE_ERROR_RANGE);
            assert_string_equal(dlcore_model_error(model), message);
            dlcore_tensor_free(y);
        }
        dlcore_model_free(model);
    }
    dlcore_tensor_free(x);
}

/* Nothing is trained with them, by any call, whatever the loss is set to. */
static void test_data_labels_1_and_2_of_a_binary_loss_are_refused_by_every_call(void **state)
{
    dlcore_tensor_t *x = samples(), *y = labels(2.0f), *fine = labels(1.0f);

    (void)state;
    for (int setting = 0; setting < 3; setting++) {
        dlcore_fit_options_t how = dlcore_fit_options_default();
        dlcore_evaluate_options_t options = dlcore_evaluate_options_default();
        dlcore_loss_t loss = dlcore_loss_binary_crossentropy();
        dlcore_error_record_t error = {.message = ""};
        dlcore_evaluation_t result;
        dlcore_model_t *model;
        float gradients[INPUTS * UNITS + UNITS];

        loss.label_smoothing = setting == 1 ? 0.5 : 0.0;
        loss.from_logits = setting == 2;
        model = model_of(loss);
        options.error = &error;
        assert_int_equal(dlcore_model_fit(model, x, y, NULL, NULL), DLCORE_ERROR_RANGE);
        assert_non_null(strstr(dlcore_model_error(model), "label 2 of sample 4, number 1"));
        assert_int_equal(
            dlcore_model_gradients(model, x, y, gradients, INPUTS * UNITS + UNITS, NULL),
            DLCORE_ERROR_RANGE);
        assert_failed(dlcore_model_evaluate(model, x, y, &options, &result), DLCORE_ERROR_RANGE,
                      &error, "label 2 of sample 4");
        how.validation_x = x;
        how.validation_y = y;
        assert_int_equal(dlcore_model_fit(model, x, fine, &how, NULL), DLCORE_ERROR_RANGE);
        assert_non_null(strstr(dlcore_model_error(model), "validation: binary_crossentropy"));
        assert_int_equal(dlcore_model_fit(model, x, fine, NULL, NULL), DLCORE_OK);
        dlcore_model_free(model);
    }
    dlcore_tensor_free(x);
    dlcore_tensor_free(y);
    dlcore_tensor_free(fine);
}

/* Of every dtype, and where rows have a gap between them that holds anything. */
static void test_data_labels_of_every_dtype_and_stride_are_looked_at(void **state)
{
    static const uint8_t bytes[ROWS * UNITS] = {1, 0, 1, 0, 1, 0, 1, 0, 1, 2, 1, 0};
    int32_t ints[ROWS * UNITS];
    float gapped[ROWS * 5];
    dlcore_model_t *model = model_of(dlcore_loss_binary_crossentropy());
    dlcore_tensor_t *x = samples(), *tensors[3];

    (void)state;
    for (size_t i = 0; i < ROWS * 5; i++)
        gapped[i] = i % 5 < UNITS ? 1.0f : 77.0f;
    for (size_t i = 0; i < ROWS * UNITS; i++)
        ints[i] = bytes[i];
    tensors[0] = tensor_of_bytes(SHAPE(ROWS, UNITS), bytes);
    tensors[1] = tensor_of_ints(SHAPE(ROWS, UNITS), ints);
    tensors[2] = strided_floats(ROWS, UNITS, gapped, 5);
    assert_int_equal(dlcore_model_train_on_batch(model, x, tensors[2], NULL), DLCORE_OK);
    gapped[4 * 5 + 1] = 2.0f;
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(dlcore_model_train_on_batch(model, x, tensors[i], NULL),
                         DLCORE_ERROR_RANGE);
        assert_non_null(strstr(dlcore_model_error(model), "label 2 of sample 4, number 1"));
        dlcore_tensor_free(tensors[i]);
    }
    dlcore_model_free(model);
    dlcore_tensor_free(x);
}

/* NaN is found by the loss that it makes, which names it. */
static void test_data_labels_that_are_nan_are_left_to_the_loss(void **state)
{
    dlcore_model_t *model = model_of(dlcore_loss_binary_crossentropy());
    dlcore_tensor_t *x = samples(), *y = labels(NAN);

    (void)state;
    assert_int_equal(dlcore_model_train_on_batch(model, x, y, NULL), DLCORE_ERROR_NOT_FINITE);
    assert_non_null(strstr(dlcore_model_error(model), "NaN"));
    dlcore_model_free(model);
    dlcore_tensor_free(x);
    dlcore_tensor_free(y);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_data_labels_that_a_loss_has_no_meaning_for_are_refused),
        cmocka_unit_test(test_data_labels_1_and_2_of_a_binary_loss_are_refused_by_every_call),
        cmocka_unit_test(test_data_labels_of_every_dtype_and_stride_are_looked_at),
        cmocka_unit_test(test_data_labels_that_are_nan_are_left_to_the_loss),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
