/* Answers by the schema of a model: what cannot be answered, and running out of memory.
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dlcore.h"
#include "support/failing_allocator.h"
#include "support/tables.h"
#include "support/tensors.h"

static dlcore_model_t *model_of(size_t units, size_t inputs)
{
    dlcore_model_t *model = NULL;

    assert_int_equal(dlcore_model_create(NULL, &model), DLCORE_OK);
    assert_int_equal(dlcore_model_add(model, dlcore_layer_dense(units, DLCORE_ACTIVATION_LINEAR)),
                     DLCORE_OK);
    if (inputs > 0)
        assert_int_equal(dlcore_model_build(model, inputs), DLCORE_OK);
    return model;
}

static void assert_no_answer(const dlcore_model_t *model, dlcore_status status, const char *message)
{
    static const char *const names[] = {"a"}, *const values[] = {"1"};
    dlcore_table_t *table = table_of("a\n1\n2\n", NULL);
    dlcore_error_record_t error = {.message = ""};
    dlcore_tensor_t *y = (dlcore_tensor_t *)(void *)&error;
    dlcore_answer_t answer;

    assert_failed(dlcore_model_predict_table(model, table, NULL, NULL, &y, &error), status, &error,
                  message);
    assert_null(y);
    assert_failed(dlcore_model_predict_row(model, names, values, 1, &answer, &error), status,
                  &error, message);
    dlcore_table_free(table);
}

static void test_predict_table_models_that_do_not_fit_are_refused(void **state)
{
    dlcore_schema_t *without = schema_of_text("a\n1\n2\n", NULL);
    dlcore_schema_t *classes = schema_of_text("a,y\n1,no\n2,yes\n", "y");
    dlcore_model_t *model = model_of(3, 0);

    (void)state;
    assert_no_answer(model, DLCORE_ERROR_STATE, "the model has no schema");
    assert_int_equal(dlcore_model_set_schema(model, classes), DLCORE_OK); /* any width still */
    assert_no_answer(model, DLCORE_ERROR_STATE, "the model has no weights yet");
    assert_int_equal(dlcore_model_build(model, 1), DLCORE_OK);
    assert_no_answer(model, DLCORE_ERROR_SHAPE, "the model has 3 outputs, for 2 classes");
    assert_int_equal(dlcore_model_set_schema(model, without), DLCORE_OK);
    assert_no_answer(model, DLCORE_ERROR_STATE, "the schema has no target");
    dlcore_model_free(model);
    dlcore_schema_free(without);
    dlcore_schema_free(classes);
}

static void test_predict_table_what_is_null_is_named(void **state)
{
    static const char *const names[] = {"a"};
    dlcore_table_t *table = table_of("a\n1\n", NULL);
    dlcore_model_t *model = model_of(1, 1);
    dlcore_error_record_t error = {.message = ""};
    const dlcore_schema_t *schema = (const dlcore_schema_t *)(void *)&error;
    dlcore_answer_t answer;

    (void)state;
    assert_failed(dlcore_model_predict_table(NULL, table, NULL, NULL, NULL, &error),
                  DLCORE_ERROR_ARGUMENT, &error, "predict_table: model is NULL");
    assert_failed(dlcore_model_predict_table(model, NULL, NULL, NULL, NULL, &error),
                  DLCORE_ERROR_ARGUMENT, &error, "predict_table: table is NULL");
    assert_failed(dlcore_model_predict_row(NULL, names, names, 1, &answer, &error),
                  DLCORE_ERROR_ARGUMENT, &error, "predict_row: model is NULL");
    assert_failed(dlcore_model_predict_row(model, NULL, names, 1, &answer, &error),
                  DLCORE_ERROR_ARGUMENT, &error, "predict_row: names is NULL");
    assert_failed(dlcore_model_predict_row(model, names, NULL, 1, &answer, &error),
                  DLCORE_ERROR_ARGUMENT, &error, "predict_row: values is NULL");
    assert_failed(dlcore_model_predict_row(model, names, names, 1, NULL, &error),
                  DLCORE_ERROR_ARGUMENT, &error, "predict_row: answer is NULL");
    assert_failed(dlcore_model_schema(NULL, &schema, &error), DLCORE_ERROR_ARGUMENT, &error,
                  "model_schema: model is NULL");
    assert_null(schema);
    assert_failed(dlcore_model_schema(model, NULL, &error), DLCORE_ERROR_ARGUMENT, &error,
                  "model_schema: schema is NULL");
    assert_int_equal(dlcore_model_set_schema(NULL, NULL), DLCORE_ERROR_ARGUMENT);
    dlcore_model_free(model);
    dlcore_table_free(table);
}

/* The number of an answer is the first target's. */
static void test_predict_table_several_targets_are_scaled_back_each(void **state)
{
    static const char *const targets[] = {"y", "z"};
    dlcore_schema_options_t options = dlcore_schema_options_default();
    dlcore_table_t *table = table_of("a,y,z\n1,10,7\n3,30,9\n", NULL);
    dlcore_model_t *model = model_of(2, 1);
    dlcore_schema_t *schema;
    dlcore_answer_t answers[2];
    dlcore_tensor_t *y = NULL;

    (void)state;
    options.targets = targets;
    options.target_count = 2;
    schema = schema_of(table, NULL, &options);
    assert_int_equal(dlcore_model_set_weights(model, (const float[]){1, 1, 0, 0}, 4), DLCORE_OK);
    assert_int_equal(dlcore_model_set_schema(model, schema), DLCORE_OK);
    assert_int_equal(dlcore_model_predict_table(model, table, NULL, answers, &y, NULL), DLCORE_OK);
    assert_floats(y, SHAPE(2, 2), (float[]){10, 7, 30, 9});
    assert_true(fabs(answers[0].number - 10) < 1e-6 && fabs(answers[1].number - 30) < 1e-6);
    dlcore_tensor_free(y);
    dlcore_model_free(model);
    dlcore_schema_free(schema);
    dlcore_table_free(table);
}

/* With one answer wanted and not the other. */
static dlcore_status predict_with(const dlcore_allocator_t *allocator, void *context)
{
    static const char *const names[] = {"a"}, *const values[] = {"1"};
    dlcore_schema_t *schema = (dlcore_schema_t *)context;
    dlcore_model_options_t options = dlcore_model_options_default();
    dlcore_model_t *model = NULL;
    dlcore_table_t *table = NULL;
    dlcore_tensor_t *y = NULL;
    dlcore_answer_t answer;
    dlcore_status status;

    options.allocator = *allocator;
    options.threads = 1;
    status = dlcore_model_create(&options, &model);
    if (status == DLCORE_OK)
        status = dlcore_model_add(model, dlcore_layer_dense(2, DLCORE_ACTIVATION_SOFTMAX));
    if (status == DLCORE_OK)
        status = dlcore_model_build(model, 1);
    if (status == DLCORE_OK)
        status = dlcore_model_set_schema(model, schema);
    if (status == DLCORE_OK)
        status = dlcore_table_parse("a\n1\n", 4, NULL, allocator, &table, NULL);
    if (status == DLCORE_OK)
        status = dlcore_model_predict_table(model, table, NULL, NULL, &y, NULL);
    if (status == DLCORE_OK)
        status = dlcore_model_predict_table(model, table, NULL, &answer, NULL, NULL);
    if (status == DLCORE_OK)
        status = dlcore_model_predict_row(model, names, values, 1, &answer, NULL);
    dlcore_tensor_free(y);
    dlcore_table_free(table);
    dlcore_model_free(model);
    return status;
}

static void test_predict_table_survives_every_failing_allocation(void **state)
{
    dlcore_schema_t *schema = schema_of_text("a,y\n1,no\n2,yes\n", "y");

    (void)state;
    assert_in_range(failing_allocator_sweep(predict_with, schema), 30, 120);
    dlcore_schema_free(schema);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_predict_table_models_that_do_not_fit_are_refused),
        cmocka_unit_test(test_predict_table_what_is_null_is_named),
        cmocka_unit_test(test_predict_table_several_targets_are_scaled_back_each),
        cmocka_unit_test(test_predict_table_survives_every_failing_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
