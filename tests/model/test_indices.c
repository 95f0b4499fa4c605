/* Indices that a table does not have: found wherever x is checked, before anything is changed.
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dlcore.h"
#include "support/classifier.h"
#include "support/models.h"
#include "support/tensors.h"

enum { ROWS = 20, COLUMNS = 3 };

/* Column 1 of x names one of 4 rows. */
static model_t *index_model(void)
{
    const embedding_t table = {.column = 1, .count = 4, .units = 5};
    optimizer_t adam = optimizer_adam();
    model_t *model = NULL;

    assert_int_equal(model_create(NULL, &model), DLCORE_OK);
    assert_accepted(model, model_add(model, layer_embedding(&table, 1)));
    assert_accepted(model, model_add(model, layer_dense(1, ACTIVATION_LINEAR)));
    assert_accepted(model, model_compile(model, &adam, LOSS_MEAN_SQUARED_ERROR, METRIC_NONE));
    return model;
}

static void fill(float x[ROWS][COLUMNS])
{
    for (size_t row = 0; row < ROWS; row++) {
        x[row][0] = (float)(row * row % 7) / 7;
        x[row][1] = (float)(row * 5 % 4);
        x[row][2] = (float)(row * 3 % 11) / 11;
    }
}

static const char expected[] =
    "embedding: column 1 of sample 13 is 4; its table has the rows 0 .. 3";

/* The call failed, and the model says why. */
static void assert_index_refused(const model_t *model, dlcore_status status, const char *text)
{
    assert_int_equal(status, DLCORE_ERROR_RANGE);
    if (strstr(model_error(model), text) == NULL)
        fail_msg("%s", model_error(model));
}

static void test_indices_that_no_table_has_are_refused_in_training(void **state)
{
    static const struct {
        float number;
        const char *shown;
    } bad[] = {{4, "is 4;"},
               {-1, "is -1;"},
               {0.5f, "is 0.5;"},
               {(float)NAN, "nan;"},
               {(float)INFINITY, "inf;"},
               {3.0000002f, "is 3.00000024;"}};
    float x[ROWS][COLUMNS] = {{0}}, y[ROWS] = {0};
    tensor_t *inputs = borrow_floats(x[0], ROWS, COLUMNS), *labels = borrow_floats(y, ROWS, 1);
    fit_options_t how = batches_of(4);

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        model_t *model = index_model();
        float *before, *after;

        fill(x);
        assert_accepted(model, model_build(model, COLUMNS));
        before = weights_of(model);
        x[13][1] = bad[i].number;
        assert_index_refused(model, model_fit(model, inputs, labels, &how, NULL), bad[i].shown);
        assert_index_refused(model, model_train_on_batch(model, inputs, labels, NULL),
                             "column 1 of sample 13");
        after = weights_of(model);
        assert_memory_equal(before, after, model_parameter_count(model) * sizeof *before);
        free(before);
        free(after);
        fill(x);
        how.validation_x = inputs;
        how.validation_y = labels;
        assert_accepted(model, model_fit(model, inputs, labels, &how, NULL));
        model_free(model);
    }
    tensor_free(inputs);
    tensor_free(labels);
}

static void test_indices_that_no_table_has_are_refused_in_predicting(void **state)
{
    float x[ROWS][COLUMNS] = {{0}}, y[ROWS] = {0};
    tensor_t *inputs = borrow_floats(x[0], ROWS, COLUMNS), *labels = borrow_floats(y, ROWS, 1);
    tensor_t *outputs = NULL;
    model_t *model = index_model();
    predict_options_t predict = predict_options_default();
    evaluate_options_t evaluate = evaluate_options_default();
    error_record_t error = {0};
    evaluation_t found;

    (void)state;
    fill(x);
    x[13][1] = 4;
    predict.error = evaluate.error = &error;
    assert_int_equal(tensor_create(NULL, DTYPE_FLOAT32, SHAPE(ROWS, 1), &outputs, NULL), DLCORE_OK);
    assert_accepted(model, model_build(model, COLUMNS));
    assert_failed(model_predict_with(model, inputs, outputs, &predict), DLCORE_ERROR_RANGE, &error,
                  expected);
    assert_failed(model_evaluate(model, inputs, labels, &evaluate, &found), DLCORE_ERROR_RANGE,
                  &error, expected);
    assert_failed(model_predict_layer(model, 0, inputs, outputs, &error), DLCORE_ERROR_RANGE,
                  &error, expected);
    assert_failed(model_input_gradients(model, inputs, labels, outputs, NULL, &error),
                  DLCORE_ERROR_RANGE, &error, expected);
    tensor_free(inputs);
    tensor_free(labels);
    tensor_free(outputs);
    model_free(model);
}

static void test_indices_that_no_table_has_are_refused_by_predictors(void **state)
{
    const predictor_precision_t *const precisions[] = {NULL, predictor_int8(),
                                                       predictor_bfloat16()};
    static const uint8_t bytes[2][COLUMNS] = {{1, 3, 200}, {5, 4, 0}};
    static const size_t starts[] = {0, 1, 3};
    static const int32_t columns[] = {2, 0, 1};
    static const float values[] = {9, 9, 7};
    const sparse_t sparse = {
        .rows = 2, .columns = COLUMNS, .starts = starts, .indices = columns, .values = values};
    float x[2][COLUMNS] = {{0, 1, 2}, {0, 3, 9}}, y[2] = {7, 7};
    model_t *model = index_model();
    predictor_options_t how = predictor_options_default();

    (void)state;
    assert_accepted(model, model_build(model, COLUMNS));
    how.batch_size = 2;
    for (size_t i = 0; i < 3; i++) {
        predictor_t *predictor = NULL;

        how.precision = precisions[i];
        assert_int_equal(predictor_create(model, &how, &predictor), DLCORE_OK);
        x[1][1] = 3;
        assert_int_equal(predictor_run(predictor, x[0], 2, y), DLCORE_OK);
        y[0] = y[1] = 7;
        x[1][1] = 4.5f;
        assert_int_equal(predictor_run(predictor, x[0], 2, y), DLCORE_ERROR_RANGE);
        assert_string_equal(predictor_error(predictor), "embedding: column 1 of sample 1 is 4.5; "
                                                        "its table has the rows 0 .. 3");
        assert_int_equal(predictor_run_uint8(predictor, bytes[0], 2, y), DLCORE_ERROR_RANGE);
        assert_non_null(strstr(predictor_error(predictor), "sample 1 is 4;"));
        assert_int_equal(predictor_run_sparse(predictor, &sparse, y), DLCORE_ERROR_RANGE);
        assert_non_null(strstr(predictor_error(predictor), "sample 1 is 7;"));
        assert_true(y[0] == 7 && y[1] == 7);
        predictor_free(predictor);
    }
    model_free(model);
}

/* A column that counts the samples, is the label and has other units than the rest: odd for a dense
 * layer, and nothing of that for an embedding. */
static size_t odd_features(layer_t first)
{
    static findings_t findings;
    float x[ROWS][COLUMNS] = {{0}}, y[ROWS] = {0};
    tensor_t *inputs = borrow_floats(x[0], ROWS, COLUMNS), *labels = borrow_floats(y, ROWS, 1);
    optimizer_t adam = optimizer_adam();
    model_t *model = NULL;
    size_t found = 0;

    fill(x);
    for (size_t row = 0; row < ROWS; row++)
        x[row][1] = y[row] = (float)(row + 500);
    assert_int_equal(model_create(NULL, &model), DLCORE_OK);
    assert_accepted(model, model_add(model, first));
    assert_accepted(model, model_add(model, layer_dense(1, ACTIVATION_LINEAR)));
    assert_accepted(model, model_compile(model, &adam, LOSS_MEAN_SQUARED_ERROR, METRIC_NONE));
    assert_accepted(model, model_build(model, COLUMNS));
    assert_int_equal(model_check(model, inputs, labels, &findings, NULL), DLCORE_OK);
    for (size_t i = 0; i < findings.count; i++)
        found += findings.list[i].column == 1;
    tensor_free(inputs);
    tensor_free(labels);
    model_free(model);
    return found;
}

static void test_indices_are_no_odd_features(void **state)
{
    const embedding_t table = {.column = 1, .count = 1000};

    (void)state;
    assert_int_equal(odd_features(layer_embedding(&table, 1)), 0);
    assert_true(odd_features(layer_dense(2, ACTIVATION_LINEAR)) >= 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_indices_that_no_table_has_are_refused_in_training),
        cmocka_unit_test(test_indices_that_no_table_has_are_refused_in_predicting),
        cmocka_unit_test(test_indices_that_no_table_has_are_refused_by_predictors),
        cmocka_unit_test(test_indices_are_no_odd_features),
    };

    return cmocka_run_group_tests_name("indices", tests, NULL, NULL);
}
