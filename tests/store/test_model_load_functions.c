/* Files of models whose loss or metric is a function of the program's.
 *
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dlcore.h"
#include "support/classifier.h"
#include "support/models.h"
#include "support/tensors.h"

enum { ROWS = 12, INPUTS = 3 };

static float x_values[ROWS * INPUTS], y_values[ROWS * 2];

static void fill(void)
{
    for (size_t i = 0; i < ROWS * INPUTS; i++)
        x_values[i] = (float)(i * 7 % 11) / 11.0f;
    for (size_t i = 0; i < ROWS * 2; i++)
        y_values[i] = (float)(i * 5 % 9) / 9.0f;
}

static void squares(const function_batch_t *batch, void *user)
{
    float scale = *(const float *)user;

    for (size_t row = 0; row < batch->rows; row++) {
        batch->row_values[row] = 0.0f;
        for (size_t u = 0; u < batch->units; u++) {
            size_t at = row * batch->units + u;
            float error = batch->y_pred[at] - batch->y_true[at];

            batch->row_values[row] += scale * error * error;
            if (batch->gradient != NULL)
                batch->gradient[at] = 2.0f * scale * error;
        }
    }
}

static float scale = 0.5f;

static loss_t named_loss(const char *name)
{
    loss_t loss = loss_function(squares, &scale);

    snprintf(loss.name, sizeof loss.name, "%s", name);
    return loss;
}

static metric_t named_metric(const char *name)
{
    metric_t metric = metric_function(squares, &scale);

    snprintf(metric.name, sizeof metric.name, "%s", name);
    return metric;
}

static model_t *own_model(const char *loss)
{
    compile_options_t how = compile_options_default();
    model_t *model = NULL;

    assert_int_equal(model_create(NULL, &model), DLCORE_OK);
    assert_accepted(model, model_add(model, layer_dense(4, ACTIVATION_TANH)));
    assert_accepted(model, model_add(model, layer_dense(2, ACTIVATION_LINEAR)));
    how.optimizer = optimizer_adam();
    how.loss = named_loss(loss);
    how.metrics[0] = named_metric("half_squares");
    how.weighted_metrics[0] = named_metric("weighed");
    how.metric_count = how.weighted_metric_count = 1;
    assert_accepted(model, model_build(model, INPUTS));
    assert_accepted(model, model_compile_with(model, &how));
    return model;
}

static dlcore_status train(model_t *model, size_t epochs)
{
    tensor_t *x = borrow_floats(x_values, ROWS, INPUTS), *y = borrow_floats(y_values, ROWS, 2);
    fit_options_t how = batches_of(5);
    dlcore_status status;

    how.epochs = epochs;
    status = model_fit(model, x, y, &how, NULL);
    tensor_free(x);
    tensor_free(y);
    return status;
}

static void test_load_functions_given_again_train_to_the_same_bits(void **state)
{
    model_t *model = own_model("squares"), *loaded = NULL;
    loss_t loss = named_loss("squares");
    metric_t metrics[] = {metric_default(METRIC_MEAN_ABSOLUTE_ERROR), named_metric("weighed"),
                          named_metric("half_squares")};
    load_options_t how = load_options_default();
    load_report_t report;
    void *bytes;
    size_t size;

    (void)state;
    fill();
    assert_int_equal(train(model, 2), DLCORE_OK);
    assert_int_equal(model_save_memory(model, NULL, &bytes, &size), DLCORE_OK);
    how.own_loss = &loss;
    how.own_metrics = metrics;
    how.own_metric_count = 3; /* one that is no function is passed by */
    how.report = &report;
    assert_int_equal(model_load_memory(bytes, size, &how, &loaded), DLCORE_OK);
    assert_int_equal(report.functions_missing, 0);
    assert_true(report.training_state);
    assert_int_equal(train(model, 2), DLCORE_OK);
    assert_int_equal(train(loaded, 2), DLCORE_OK);
    assert_true(same_weights(model, loaded));
    free(bytes);
    model_free(loaded);
    model_free(model);
}

static void test_load_functions_missing_predicts_and_refuses_to_train(void **state)
{
    model_t *model = own_model("squares"), *loaded = NULL;
    tensor_t *x = borrow_floats(x_values, ROWS, INPUTS), *y = borrow_floats(y_values, ROWS, 2);
    load_options_t how = load_options_default();
    metric_t metric = named_metric("half_squares");
    loss_t loss = named_loss("squares");
    evaluate_options_t evaluate = evaluate_options_default();
    load_report_t report;
    error_record_t error;
    evaluation_t result;
    optimizer_t adam = optimizer_adam();
    samples_t samples = {.x = x};
    tensor_t *expected;
    void *bytes;
    size_t size;

    (void)state;
    fill();
    assert_int_equal(train(model, 1), DLCORE_OK);
    expected = predictions(model, samples);
    assert_int_equal(model_save_memory(model, NULL, &bytes, &size), DLCORE_OK);
    how.report = &report;
    assert_int_equal(model_load_memory(bytes, size, &how, &loaded), DLCORE_OK);
    assert_int_equal(report.functions_missing, 3);
    assert_true(predicts(loaded, samples, expected));
    assert_int_equal(train(loaded, 1), DLCORE_ERROR_STATE);
    assert_string_equal(model_error(loaded),
                        "fit: the loss \"squares\" is a function of the program that saved the "
                        "model: give it as own_loss when you load, or compile again");
    evaluate.error = &error;
    assert_failed(model_evaluate(loaded, x, y, &evaluate, &result), DLCORE_ERROR_STATE, &error,
                  "evaluate: the loss \"squares\"");
    /* what was saved of it is kept, and compiling again makes it trainable */
    free(bytes);
    assert_int_equal(model_save_memory(loaded, NULL, &bytes, &size), DLCORE_OK);
    assert_accepted(loaded, model_compile(loaded, &adam, LOSS_MEAN_SQUARED_ERROR, METRIC_NONE));
    assert_int_equal(train(loaded, 1), DLCORE_OK);
    model_free(loaded);
    how.own_loss = &loss;
    how.own_metrics = &metric;
    how.own_metric_count = 1;
    assert_int_equal(model_load_memory(bytes, size, &how, &loaded), DLCORE_OK);
    assert_int_equal(report.functions_missing, 1);
    assert_int_equal(train(loaded, 1), DLCORE_ERROR_STATE);
    assert_non_null(strstr(model_error(loaded), "the metric \"weighed\" is a function"));
    free(bytes);
    model_free(loaded);
    model_free(model);
    tensor_free(expected);
    tensor_free(x);
    tensor_free(y);
}

static void test_load_functions_of_another_name_are_refused(void **state)
{
    model_t *model = own_model(""), *loaded = NULL;
    loss_t loss = named_loss("other");
    load_options_t how = load_options_default();
    error_record_t error;
    void *bytes;
    size_t size;

    (void)state;
    assert_int_equal(model_save_memory(model, NULL, &bytes, &size), DLCORE_OK);
    how.own_loss = &loss;
    how.error = &error;
    assert_failed(model_load_memory(bytes, size, &how, &loaded), DLCORE_ERROR_NAME, &error,
                  "the loss is loss_function \"\", but own_loss is loss_function \"other\"");
    loss.name[0] = '\0';
    loss.kind = LOSS_SPARSE_FUNCTION;
    assert_failed(model_load_memory(bytes, size, &how, &loaded), DLCORE_ERROR_NAME, &error,
                  "but own_loss is loss_sparse_function");
    loss.kind = LOSS_FUNCTION;
    assert_int_equal(model_load_memory(bytes, size, &how, &loaded), DLCORE_OK);
    model_free(loaded);
    how.own_metric_count = 1;
    assert_failed(model_load_memory(bytes, size, &how, &loaded), DLCORE_ERROR_ARGUMENT, &error,
                  "own_metrics is NULL, but own_metric_count is 1");
    free(bytes);
    model_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_load_functions_given_again_train_to_the_same_bits),
        cmocka_unit_test(test_load_functions_missing_predicts_and_refuses_to_train),
        cmocka_unit_test(test_load_functions_of_another_name_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
