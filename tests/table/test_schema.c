/* Schemas: what is asked of none, names of features, categories that begin alike, and values that
 * are odd.
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

#include "dlcore.h"
#include "support/tables.h"
#include "support/tensors.h"

static void test_schema_of_nothing_has_nothing(void **state)
{
    char text[8] = "before";
    dlcore_schema_t *schema = schema_of_text("a\n1\n2\n", NULL);

    (void)state;
    assert_int_equal(dlcore_schema_feature_count(NULL), 0);
    assert_int_equal(dlcore_schema_feature_name(NULL, 0, text, sizeof text), 0);
    assert_string_equal(text, "");
    assert_int_equal(dlcore_schema_feature_index_count(NULL, 0), 0);
    assert_int_equal(dlcore_schema_target_count(NULL), 0);
    assert_int_equal(dlcore_schema_target_count(schema), 0);
    assert_null(dlcore_schema_target_name(NULL, 0));
    assert_int_equal(dlcore_schema_class_count(NULL), 0);
    assert_null(dlcore_schema_class_name(NULL, 0));
    dlcore_schema_free(schema);
}

static void test_schema_what_is_null_is_named(void **state)
{
    static const char *const names[] = {"a"};
    dlcore_table_t *table = table_of("a\n1\n", NULL);
    dlcore_schema_t *schema = schema_of_text("a\n1\n2\n", NULL), *fitted = NULL;
    dlcore_error_record_t error = {.message = ""};
    dlcore_table_stream_t *stream = NULL;
    dlcore_tensor_t *x = NULL;
    float feature;

    (void)state;
    assert_failed(dlcore_schema_fit(NULL, NULL, NULL, &fitted, &error), DLCORE_ERROR_ARGUMENT,
                  &error, "schema_fit: table is NULL");
    assert_failed(dlcore_schema_fit(table, NULL, NULL, NULL, &error), DLCORE_ERROR_ARGUMENT, &error,
                  "schema_fit: out is NULL");
    assert_failed(dlcore_schema_apply(NULL, table, NULL, &x, NULL, &error), DLCORE_ERROR_ARGUMENT,
                  &error, "schema_apply: schema is NULL");
    assert_failed(dlcore_schema_apply(schema, NULL, NULL, &x, NULL, &error), DLCORE_ERROR_ARGUMENT,
                  &error, "schema_apply: table is NULL");
    assert_failed(dlcore_schema_apply(schema, table, NULL, NULL, NULL, &error),
                  DLCORE_ERROR_ARGUMENT, &error, "schema_apply: x is NULL");
    assert_failed(dlcore_schema_apply_row(NULL, names, names, 1, &feature, &error),
                  DLCORE_ERROR_ARGUMENT, &error, "schema_apply_row: schema is NULL");
    assert_failed(dlcore_schema_apply_row(schema, NULL, names, 1, &feature, &error),
                  DLCORE_ERROR_ARGUMENT, &error, "schema_apply_row: names is NULL");
    assert_failed(dlcore_schema_apply_row(schema, names, NULL, 1, &feature, &error),
                  DLCORE_ERROR_ARGUMENT, &error, "schema_apply_row: values is NULL");
    assert_failed(dlcore_schema_apply_row(schema, names, names, 1, NULL, &error),
                  DLCORE_ERROR_ARGUMENT, &error, "schema_apply_row: x is NULL");
    assert_failed(dlcore_table_stream_create(NULL, table, NULL, NULL, &stream, &error),
                  DLCORE_ERROR_ARGUMENT, &error, "table_stream: schema is NULL");
    assert_failed(dlcore_table_stream_create(schema, NULL, NULL, NULL, &stream, &error),
                  DLCORE_ERROR_ARGUMENT, &error, "table_stream: table is NULL");
    assert_failed(dlcore_table_stream_create(schema, table, NULL, NULL, NULL, &error),
                  DLCORE_ERROR_ARGUMENT, &error, "table_stream: out is NULL");
    assert_null(dlcore_table_stream_dataset(NULL).next);
    assert_failed(dlcore_table_set_kind(NULL, "a", DLCORE_COLUMN_NUMBER, &error),
                  DLCORE_ERROR_ARGUMENT, &error, "table_set_kind: table is NULL");
    assert_failed(dlcore_table_set_kind(table, NULL, DLCORE_COLUMN_NUMBER, &error),
                  DLCORE_ERROR_ARGUMENT, &error, "table_set_kind: column is NULL");
    dlcore_schema_free(schema);
    dlcore_table_free(table);
}

/* A column may have no name, and its feature has none, either. */
static void test_schema_features_have_the_names_of_what_they_are(void **state)
{
    dlcore_schema_options_t options = dlcore_schema_options_default();
    dlcore_table_t *table = table_of(",p\n1,u\n2,u\n3,v\n4,u\n", NULL);
    dlcore_schema_t *schema;

    (void)state;
    options.all.rare_below = 2;
    schema = schema_of(table, NULL, &options);
    assert_int_equal(dlcore_schema_feature_count(schema), 3);
    assert_feature_name(schema, 0, "");
    assert_feature_name(schema, 1, "p=u");
    assert_feature_name(schema, 2, "p rare");
    dlcore_schema_free(schema);
    dlcore_table_free(table);
}

static void test_schema_categories_that_begin_alike_are_told_apart(void **state)
{
    dlcore_schema_t *schema = schema_of_text("p\nab\nabc\nb\na\nab\n", NULL);

    (void)state;
    assert_features(
        schema, "p\nab\nabcd\nabc\na\n\"\xC3\xA4\"\nb\n", 6, 4,
        (float[]){0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1});
    dlcore_schema_free(schema);
}

/* More than the counts have room for at first. */
static void test_schema_many_categories_are_counted(void **state)
{
    char text[1024];
    size_t used = (size_t)snprintf(text, sizeof text, "p\n");
    dlcore_schema_options_t options = dlcore_schema_options_default();
    dlcore_schema_t *schema;
    dlcore_table_t *table;

    (void)state;
    for (int i = 0; i < 3 * 40 - 1; i++) /* the last once fewer */
        used += (size_t)snprintf(text + used, sizeof text - used, "c%02d\n", i % 40);
    table = table_of(text, NULL);
    options.all.rare_below = 3;
    schema = schema_of(table, NULL, &options);
    assert_int_equal(dlcore_schema_feature_count(schema), 40);
    assert_feature_name(schema, 38, "p=c38");
    assert_feature_name(schema, 39, "p rare");
    dlcore_schema_free(schema);
    dlcore_table_free(table);
}

static void test_schema_numbers_that_hardly_differ_are_not_divided_by_zero(void **state)
{
    dlcore_schema_options_t options = dlcore_schema_options_default();
    dlcore_table_t *table = table_of("a,b\n1e-200,5\n2e-200,5\n", NULL);
    dlcore_schema_column_t constant = dlcore_schema_column("b");
    dlcore_schema_t *schema;

    (void)state;
    constant.scale = DLCORE_SCALE_MIN_MAX;
    options.columns = &constant;
    options.column_count = 1;
    schema = schema_of(table, NULL, &options);
    assert_features(schema, "a,b\n1e-200,5\n1,7\n", 2, 2, (float[]){0, 0, 1, 2});
    dlcore_schema_free(schema);
    dlcore_table_free(table);
}

/* Settings for all columns hold where they mean something. */
static void test_schema_settings_for_all_are_those_that_go_with_a_column(void **state)
{
    dlcore_schema_options_t options = dlcore_schema_options_default();
    const dlcore_schema_column_t column = dlcore_schema_column("a");
    dlcore_table_t *table = table_of("a,p\n1,u\n3,\n?,v\n5,u\n", NULL);
    dlcore_schema_t *schema;

    (void)state;
    options.all.scale = DLCORE_SCALE_NONE;
    options.all.fill = DLCORE_FILL_MEDIAN;
    schema = schema_of(table, NULL, &options);
    assert_features(schema, "a,p\n?,\n", 1, 4, (float[]){3, 0, 0, 1});
    dlcore_schema_free(schema);
    options.all.fill = DLCORE_FILL_PLACE;
    schema = schema_of(table, NULL, &options);
    assert_features(schema, "a,p\n?,\n", 1, 4, (float[]){3, 0, 0, 1});
    dlcore_schema_free(schema);
    options.columns = &column;
    options.column_count = 1;
    options.all.fill = (dlcore_schema_fill_t)7;
    assert_no_fit(table, &options, DLCORE_ERROR_ARGUMENT, "fill 7 is unknown");
    dlcore_table_free(table);
}

static void test_schema_gaps_are_refused_where_they_are_to_be(void **state)
{
    static const char *const names[] = {"a", "p"};
    dlcore_schema_options_t options = dlcore_schema_options_default();
    dlcore_table_t *table = table_of("a,p\n1,u\n2,v\n", NULL);
    dlcore_error_record_t error = {.message = ""};
    dlcore_schema_t *schema;
    float x[3];

    (void)state;
    options.all.fill = DLCORE_FILL_REFUSE;
    schema = schema_of(table, NULL, &options);
    assert_not_applied(schema, "a,p\n?,u\n", false, DLCORE_ERROR_RANGE,
                       "line 2, column 1 (a): missing value");
    assert_not_applied(schema, "a,p\n1,\n", false, DLCORE_ERROR_RANGE,
                       "line 2, column 2 (p): missing value");
    assert_failed(
        dlcore_schema_apply_row(schema, names, (const char *const[]){NULL, "u"}, 2, x, &error),
        DLCORE_ERROR_RANGE, &error, "row: a: missing value");
    dlcore_schema_free(schema);
    dlcore_table_free(table);
}

static void test_schema_rows_of_texts_name_what_is_there(void **state)
{
    static const char *const some[] = {NULL, "b", "a"};
    const char *many[64];
    char long_text[400], names[64][32];
    dlcore_schema_t *schema = schema_of_text("a,p\n1,u\n2,v\n", NULL);
    dlcore_error_record_t error = {.message = ""};
    float x[3] = {0};

    (void)state;
    assert_failed(dlcore_schema_apply_row(schema, some, some, 2, x, &error), DLCORE_ERROR_NAME,
                  &error, "no value is called \"a\"; there are \"b\"");
    for (size_t i = 0; i < 64; i++) {
        snprintf(names[i], sizeof names[i], "a name that is no column %zu", i);
        many[i] = names[i];
    }
    assert_failed(dlcore_schema_apply_row(schema, many, many, 64, x, &error), DLCORE_ERROR_NAME,
                  &error, "a name that is no column 1");
    /* a long text is a category that is not known, and no number */
    memset(long_text, 'x', sizeof long_text - 1);
    long_text[sizeof long_text - 1] = '\0';
    assert_int_equal(dlcore_schema_apply_row(schema, (const char *const[]){"a", "p"},
                                             (const char *const[]){"1.5", long_text}, 2, x, &error),
                     DLCORE_OK);
    assert_true(x[0] == 0 && x[1] == 0 && x[2] == 0);
    assert_failed(dlcore_schema_apply_row(schema, (const char *const[]){"a", "p"},
                                          (const char *const[]){long_text, "u"}, 2, x, &error),
                  DLCORE_ERROR_FORMAT, &error, "is not a number");
    dlcore_schema_free(schema);
}

/* Classes and columns are named as far as there is room. */
static void test_schema_names_that_are_many_are_cut(void **state)
{
    char text[4096];
    size_t used = (size_t)snprintf(text, sizeof text, "a,y\n");
    dlcore_error_record_t error = {.message = ""};
    dlcore_schema_t *schema;
    dlcore_table_t *table;

    (void)state;
    for (int i = 0; i < 100; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "%d,a class of flowers %d\n", i,
                                 i % 50);
    schema = schema_of_text(text, "y");
    assert_not_applied(schema, "a,y\n1,other\n", true, DLCORE_ERROR_NAME,
                       "no class is called \"other\"; there are \"a class of flowers 0\"");
    dlcore_schema_free(schema);
    used = 0;
    for (int i = 0; i < 100; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "%sa column of numbers %d",
                                 i > 0 ? "," : "", i);
    table = table_of(text, NULL);
    assert_failed(dlcore_table_set_kind(table, "b", DLCORE_COLUMN_NUMBER, &error),
                  DLCORE_ERROR_NAME, &error, "no column is named \"b\"; there are \"a column of");
    dlcore_table_free(table);
}

static void test_schema_unscaling_sparse_tensors_is_refused(void **state)
{
    dlcore_schema_t *schema = schema_of_text("a\n1\n2\n", NULL);
    dlcore_error_record_t error = {.message = ""};
    dlcore_tensor_t *sparse = NULL, *back = NULL;

    (void)state;
    assert_int_equal(dlcore_svmlight_parse("0 1:2\n", 6, NULL, NULL, &sparse, &back, NULL),
                     DLCORE_OK);
    dlcore_tensor_free(back);
    assert_failed(dlcore_schema_unscale_x(schema, sparse, &back, &error), DLCORE_ERROR_DTYPE,
                  &error, "expects float32, got sparse float32");
    assert_null(back);
    dlcore_tensor_free(sparse);
    dlcore_schema_free(schema);
}

static void test_schema_dates_that_are_none_are_refused_in_fitting(void **state)
{
    dlcore_table_t *table = table_of("d\n2026-01-01\nMay\n", NULL);
    dlcore_error_record_t error = {.message = ""};

    (void)state;
    assert_int_equal(dlcore_table_set_date(table, "d", DLCORE_DATE_YMD, 0, &error), DLCORE_OK);
    assert_no_fit(table, NULL, DLCORE_ERROR_FORMAT,
                  "line 3, column 1 (d): \"May\" is not a date (year, month, day)");
    dlcore_table_free(table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_schema_of_nothing_has_nothing),
        cmocka_unit_test(test_schema_what_is_null_is_named),
        cmocka_unit_test(test_schema_features_have_the_names_of_what_they_are),
        cmocka_unit_test(test_schema_categories_that_begin_alike_are_told_apart),
        cmocka_unit_test(test_schema_many_categories_are_counted),
        cmocka_unit_test(test_schema_numbers_that_hardly_differ_are_not_divided_by_zero),
        cmocka_unit_test(test_schema_settings_for_all_are_those_that_go_with_a_column),
        cmocka_unit_test(test_schema_gaps_are_refused_where_they_are_to_be),
        cmocka_unit_test(test_schema_rows_of_texts_name_what_is_there),
        cmocka_unit_test(test_schema_names_that_are_many_are_cut),
        cmocka_unit_test(test_schema_unscaling_sparse_tensors_is_refused),
        cmocka_unit_test(test_schema_dates_that_are_none_are_refused_in_fitting),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
