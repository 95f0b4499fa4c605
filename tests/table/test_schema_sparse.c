/* Schemas that give sparse rows: the numbers of schema_apply, for training, too.
 *
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "dlcore/schema.h"
#include "dlcore/sparse.h"
#include "support/failing_allocator.h"
#include "support/tables.h"
#include "support/tensors.h"

static const char *const mixed = "number,word,code,when,y\n"
                                 "1,a,x,2026-01-05,up\n"
                                 "NA,b,y,2026-02-06,down\n"
                                 "3,NA,x,2026-03-07,up\n"
                                 "2,a,z,NA,down\n"
                                 "2,c,NA,2026-05-09,up\n"
                                 "5,a,x,2026-06-10,down\n";

static dlcore_schema_t *mixed_schema(const dlcore_table_t *table)
{
    dlcore_schema_options_t how = dlcore_schema_options_default();
    dlcore_schema_column_t columns[3] = {
        dlcore_schema_column("number"), dlcore_schema_column("code"), dlcore_schema_column("when")};

    columns[0].indicator = true;
    columns[0].scale = DLCORE_SCALE_MIN_MAX; /* zeros among numbers, too */
    columns[1].encode = DLCORE_ENCODE_INDEX;
    columns[2].date_cycles = true;
    how.target = "y";
    how.all.rare_below = 2;
    how.columns = columns;
    how.column_count = 3;
    return schema_of(table, NULL, &how);
}

/* The same numbers as of schema_apply, and as many entries as are not zero. */
static void assert_sparse_is_dense(const dlcore_schema_t *schema, const dlcore_table_t *table,
                                   const dlcore_table_rows_t *rows)
{
    dlcore_tensor_t *x = NULL, *y = NULL, *sparse_x = NULL, *sparse_y = NULL, *back = NULL;
    dlcore_error_record_t error = {.message = ""};
    const dlcore_sparse_t *arrays;
    size_t entries = 0;

    assert_int_equal(dlcore_schema_apply(schema, table, rows, &x, &y, NULL), DLCORE_OK);
    if (dlcore_schema_apply_sparse(schema, table, rows, &sparse_x, &sparse_y, &error) != DLCORE_OK)
        fail_msg("%s", error.message);
    assert_int_equal(dlcore_sparse_to_dense(sparse_x, &back, NULL), DLCORE_OK);
    assert_true(dlcore_tensor_equal(back, x, 0.0));
    assert_true(dlcore_tensor_equal(sparse_y, y, 0.0));
    for (size_t i = 0; i < dlcore_tensor_size(x); i++)
        entries += ((const float *)dlcore_tensor_data_const(x))[i] != 0.0F;
    arrays = dlcore_sparse_of(sparse_x);
    assert_int_equal(arrays->starts[arrays->rows] - arrays->starts[0], entries);
    dlcore_tensor_free(x);
    dlcore_tensor_free(y);
    dlcore_tensor_free(sparse_x);
    dlcore_tensor_free(sparse_y);
    dlcore_tensor_free(back);
}

static void test_schema_sparse_rows_are_those_of_apply(void **state)
{
    const size_t list[] = {5, 0, 3};
    const dlcore_table_rows_t some = {.list = list, .count = 3}, none = {.begin = 6};
    dlcore_table_t *table = table_of(mixed, NULL);
    dlcore_schema_t *schema = mixed_schema(table);
    dlcore_table_t *other = table_of("y,when,free,code,word,number\n"
                                     "up,2026-01-05,1,new,unknown,-4\n",
                                     NULL);

    (void)state;
    assert_sparse_is_dense(schema, table, NULL);
    assert_sparse_is_dense(schema, table, &some);
    assert_sparse_is_dense(schema, table, &none);
    assert_sparse_is_dense(schema, other, NULL);
    dlcore_table_free(other);
    dlcore_schema_free(schema);
    dlcore_table_free(table);
}

static void test_schema_sparse_words_alone_have_no_values(void **state)
{
    dlcore_table_t *table = table_of("a,b\nx,u\ny,u\nx,v\n", NULL);
    dlcore_table_t *unknown = table_of("a,b\nother,v\n", NULL);
    dlcore_schema_t *schema = schema_of(table, NULL, NULL);
    dlcore_tensor_t *x = NULL, *x2 = NULL;

    (void)state;
    assert_int_equal(dlcore_schema_apply_sparse(schema, table, NULL, &x, NULL, NULL), DLCORE_OK);
    assert_int_equal(dlcore_schema_apply_sparse(schema, unknown, NULL, &x2, NULL, NULL), DLCORE_OK);
    assert_null(dlcore_sparse_of(x)->values);
    assert_int_equal(dlcore_sparse_of(x)->starts[3], 6);
    assert_int_equal(dlcore_sparse_of(x2)->starts[1], 1);
    assert_int_equal(dlcore_sparse_of(x2)->indices[0], 3);
    dlcore_tensor_free(x);
    dlcore_tensor_free(x2);
    dlcore_schema_free(schema);
    dlcore_table_free(unknown);
    dlcore_table_free(table);
}

/* ---- training ---- */

enum { ROWS = 600, WORDS = 150 };

static dlcore_table_t *many_words(void)
{
    static char text[ROWS * 24];
    size_t used = (size_t)snprintf(text, sizeof text, "word,size,y\n");

    for (int i = 0; i < ROWS; i++) {
        int word = i * 7 % WORDS;

        used += (size_t)snprintf(text + used, sizeof text - used, "w%d,%d,%s\n", word, i % 10,
                                 word % 3 == 0 ? "yes" : "no");
    }
    return table_of(text, NULL);
}

static dlcore_model_t *trained(const dlcore_schema_t *schema, const dlcore_tensor_t *x,
                               const dlcore_tensor_t *y)
{
    dlcore_optimizer_t adam = dlcore_optimizer_adam();
    dlcore_fit_options_t how = dlcore_fit_options_default();
    dlcore_model_t *model = NULL;

    adam.learning_rate = 0.05;
    how.epochs = 5;
    assert_int_equal(dlcore_model_create(NULL, &model), DLCORE_OK);
    dlcore_model_add(model, dlcore_layer_dense(8, DLCORE_ACTIVATION_RELU));
    dlcore_model_add(model, dlcore_layer_dense(2, DLCORE_ACTIVATION_SOFTMAX));
    dlcore_model_compile(model, &adam, DLCORE_LOSS_SPARSE_CATEGORICAL_CROSSENTROPY,
                         DLCORE_METRIC_NONE);
    if (dlcore_model_fit(model, x, y, &how, NULL) != DLCORE_OK ||
        dlcore_model_set_schema(model, schema) != DLCORE_OK)
        fail_msg("%s", dlcore_model_error(model));
    return model;
}

static void test_schema_sparse_rows_train_a_model_that_answers_rows(void **state)
{
    static const char *const names[] = {"word", "size"}, *const values[] = {"w3", "4"};
    dlcore_table_t *table = many_words();
    dlcore_schema_options_t how = dlcore_schema_options_default();
    dlcore_tensor_t *x = NULL, *y = NULL, *dense = NULL;
    dlcore_answer_t answer, expected;
    dlcore_model_t *model, *other;
    dlcore_schema_t *schema;

    (void)state;
    how.target = "y";
    schema = schema_of(table, NULL, &how);
    assert_int_equal(dlcore_schema_feature_count(schema), WORDS + 1);
    assert_int_equal(dlcore_schema_apply_sparse(schema, table, NULL, &x, &y, NULL), DLCORE_OK);
    assert_int_equal(dlcore_schema_apply(schema, table, NULL, &dense, NULL, NULL), DLCORE_OK);
    model = trained(schema, x, y);
    other = trained(schema, dense, y);
    assert_int_equal(dlcore_model_predict_row(model, names, values, 2, &answer, NULL), DLCORE_OK);
    assert_int_equal(dlcore_model_predict_row(other, names, values, 2, &expected, NULL), DLCORE_OK);
    assert_string_equal(answer.class_name, "yes");
    assert_true(answer.probability > 0.9);
    assert_true(answer.probability - expected.probability < 1e-4 &&
                expected.probability - answer.probability < 1e-4);
    dlcore_model_free(model);
    dlcore_model_free(other);
    dlcore_tensor_free(x);
    dlcore_tensor_free(y);
    dlcore_tensor_free(dense);
    dlcore_schema_free(schema);
    dlcore_table_free(table);
}

/* ---- refused ---- */

static void test_schema_sparse_what_cannot_be_is_refused(void **state)
{
    const dlcore_table_rows_t beyond = {.count = 1000};
    dlcore_table_t *table = table_of(mixed, NULL), *bad = table_of("number\n1\nmany\n", NULL);
    dlcore_schema_t *schema = mixed_schema(table);
    dlcore_schema_t *numbers = schema_of_text("number\n1\n2\n", NULL);
    dlcore_error_record_t error = {.message = ""};
    dlcore_tensor_t *x = (dlcore_tensor_t *)(void *)&error, *y = x;

    (void)state;
    assert_failed(dlcore_schema_apply_sparse(NULL, table, NULL, &x, &y, &error),
                  DLCORE_ERROR_ARGUMENT, &error, "schema_apply_sparse: schema is NULL");
    assert_true(x == NULL && y == NULL);
    assert_failed(dlcore_schema_apply_sparse(schema, NULL, NULL, &x, &y, &error),
                  DLCORE_ERROR_ARGUMENT, &error, "schema_apply_sparse: table is NULL");
    assert_failed(dlcore_schema_apply_sparse(schema, table, NULL, NULL, &y, &error),
                  DLCORE_ERROR_ARGUMENT, &error, "schema_apply_sparse: x is NULL");
    assert_failed(dlcore_schema_apply_sparse(numbers, table, NULL, &x, &y, &error),
                  DLCORE_ERROR_ARGUMENT, &error,
                  "schema_apply_sparse: y is asked for, but the schema has no target");
    assert_failed(dlcore_schema_apply_sparse(schema, table, &beyond, &x, NULL, &error),
                  DLCORE_ERROR_RANGE, &error, "schema_apply_sparse: rows 0 and 1000 behind it");
    assert_failed(dlcore_schema_apply_sparse(schema, bad, NULL, &x, NULL, &error),
                  DLCORE_ERROR_NAME, &error, "word");
    assert_failed(dlcore_schema_apply_sparse(numbers, bad, NULL, &x, NULL, &error),
                  DLCORE_ERROR_FORMAT, &error, "many");
    assert_null(x);
    dlcore_schema_free(schema);
    dlcore_schema_free(numbers);
    dlcore_table_free(table);
    dlcore_table_free(bad);
}

static dlcore_status apply_with(const dlcore_allocator_t *allocator, void *user)
{
    const dlcore_schema_t *schema = (const dlcore_schema_t *)user;
    dlcore_table_t *table = NULL;
    dlcore_tensor_t *x = NULL, *y = NULL;
    dlcore_status status = dlcore_table_parse(mixed, strlen(mixed), NULL, allocator, &table, NULL);

    if (status == DLCORE_OK)
        status = dlcore_schema_apply_sparse(schema, table, NULL, &x, &y, NULL);
    assert_true((x != NULL) == (status == DLCORE_OK) && (y != NULL) == (status == DLCORE_OK));
    dlcore_tensor_free(x);
    dlcore_tensor_free(y);
    dlcore_table_free(table);
    return status;
}

static void test_schema_sparse_survives_every_failing_allocation(void **state)
{
    dlcore_table_t *table = table_of(mixed, NULL);
    dlcore_schema_t *schema = mixed_schema(table);

    (void)state;
    assert_in_range(failing_allocator_sweep(apply_with, schema), 10, 60);
    dlcore_schema_free(schema);
    dlcore_table_free(table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_schema_sparse_rows_are_those_of_apply),
        cmocka_unit_test(test_schema_sparse_words_alone_have_no_values),
        cmocka_unit_test(test_schema_sparse_rows_train_a_model_that_answers_rows),
        cmocka_unit_test(test_schema_sparse_what_cannot_be_is_refused),
        cmocka_unit_test(test_schema_sparse_survives_every_failing_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
