/* Learning schemas: what is filled in, scales, categories; expected values are scikit-learn's
 * (SimpleImputer, StandardScaler, MinMaxScaler) or closed forms.
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

#include "support/failing_allocator.h"
#include "support/tables.h"
#include "support/tensors.h"
#include "table/schema_learn.h"

static void test_schema_numbers_are_filled_and_standardized(void **state)
{
    /* the median of 1, 2, 6 is 2; 1, 2, 6, 2: mean 2.75, deviation 1.920286 */
    dlcore_schema_t *schema = schema_of_text("a\n1\n2\n6\nNA\n", NULL);

    (void)state;
    assert_features(schema, "a\n2\n?\n6\n", 3, 1,
                    (float[]){-0.39056673F, -0.39056673F, 1.6924558F});
    assert_feature_name(schema, 0, "a");
    dlcore_schema_free(schema);
}

static void fit_and_check(const char *text, dlcore_schema_column_t all, const char *applied,
                          size_t rows, size_t features, const float *expected)
{
    dlcore_schema_options_t options = dlcore_schema_options_default();
    dlcore_table_t *table = table_of(text, NULL);
    dlcore_schema_t *schema;

    options.all = all;
    schema = schema_of(table, NULL, &options);
    dlcore_table_free(table);
    assert_features(schema, applied, rows, features, expected);
    dlcore_schema_free(schema);
}

static void test_schema_scales_and_fills_are_settings(void **state)
{
    dlcore_schema_column_t all = {.scale = DLCORE_SCALE_MIN_MAX};

    (void)state;
    fit_and_check("a\n2\n4\n10\n", all, "a\n2\n6\n?\n12\n", 4, 1, (float[]){0, 0.5F, 0.25F, 1.25F});
    all.scale = DLCORE_SCALE_NONE;
    all.fill = DLCORE_FILL_MOST_FREQUENT;
    fit_and_check("a\n7\n3\n7\n3\n9\n", all, "a\n1.5\n?\n", 2, 1, (float[]){1.5F, 3});
    all.fill = DLCORE_FILL_MEDIAN;
    all.indicator = true;
    fit_and_check("a\n7\n3\n", all, "a\n1.5\n?\n", 2, 2, (float[]){1.5F, 0, 5, 1});
    all.scale = DLCORE_SCALE_DEFAULT;
    all.indicator = false;
    fit_and_check("a\n5\n5\n", all, "a\n5\n6\n", 2, 1, (float[]){0, 1});
}

static void test_schema_large_offsets_keep_their_digits(void **state)
{
    (void)state;
    fit_and_check("t\n1700000000\n1700000001\n1700000002\n", (dlcore_schema_column_t){.name = NULL},
                  "t\n1700000000\n1700000001.5\n", 2, 1, (float[]){-1.2247449F, 0.61237244F});
}

static void test_schema_categories_are_sorted_and_have_places(void **state)
{
    dlcore_schema_t *schema = schema_of_text("p\nS\nC\nS\nNA\n", NULL);

    (void)state;
    assert_features(schema, "p\nC\nS\n?\nQ\n", 4, 3, (float[]){1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0});
    assert_feature_name(schema, 0, "p=C");
    assert_feature_name(schema, 2, "p missing");
    dlcore_schema_free(schema);
    schema = schema_of_text("p,n\nS,1\nC,1\n", NULL); /* no gap was seen: it has no place */
    assert_features(schema, "p,n\n,1\n\"NA\",1\n", 2, 3, (float[]){0, 0, 0, 0, 0, 0});
    dlcore_schema_free(schema);
}

static void test_schema_rare_categories_are_joined(void **state)
{
    dlcore_schema_column_t all = {.rare_below = 2};

    (void)state;
    fit_and_check("p\na\nb\na\nc\n", all, "p\na\nb\nzz\n\"\"\n", 4, 2,
                  (float[]){1, 0, 0, 1, 0, 1, 0, 0});
    all.encode = DLCORE_ENCODE_INDEX;
    fit_and_check("p\na\nb\na\nc\n", all, "p\na\nb\nzz\n\"\"\n", 4, 1, (float[]){2, 0, 0, 1});
    all.rare_below = 0;
    all.fill = DLCORE_FILL_MOST_FREQUENT;
    fit_and_check("p\na\nb\nb\n\"\"\n", all, "p\na\nb\nzz\n\"\"\n", 4, 1, (float[]){2, 3, 0, 3});
    all.encode = DLCORE_ENCODE_ONE_HOT;
    fit_and_check("p\na\nb\nb\n\"\"\n", all, "p\na\n?\nzz\n", 3, 2, (float[]){1, 0, 0, 1, 0, 0});
}

static void test_schema_numbers_as_categories_are_sorted_as_numbers(void **state)
{
    dlcore_table_t *table = table_of("n\n10\n2\n2.0\n", NULL);
    dlcore_schema_t *schema;

    (void)state;
    assert_int_equal(dlcore_table_set_kind(table, "n", DLCORE_COLUMN_CATEGORY, NULL), DLCORE_OK);
    schema = schema_of(table, NULL, NULL);
    assert_feature_name(schema, 0, "n=2");
    assert_feature_name(schema, 1, "n=2.0");
    assert_feature_name(schema, 2, "n=10");
    dlcore_schema_free(schema);
    dlcore_table_free(table);
}

static void test_schema_dates_become_days_and_cycles(void **state)
{
    dlcore_schema_column_t all = {.scale = DLCORE_SCALE_NONE, .date_cycles = true};
    dlcore_schema_options_t options = dlcore_schema_options_default();
    dlcore_table_t *table = table_of("d\n1970-01-05\n1970-01-11\n", NULL);
    dlcore_schema_t *schema;

    (void)state;
    options.all = all;
    schema = schema_of(table, NULL, &options);
    assert_features(schema, "d\n1970-01-01T06:00Z\n", 1, 7,
                    (float[]){0.25F, (float)sin(6.283185307179586 * 0.25 / 365),
                              (float)cos(6.283185307179586 * 0.25 / 365),
                              (float)sin(6.283185307179586 * 3.25 / 7),
                              (float)cos(6.283185307179586 * 3.25 / 7), 1, 0});
    assert_feature_name(schema, 6, "d day cosine");
    assert_not_applied(schema, "d\n5.1.1970\n", false, DLCORE_ERROR_FORMAT,
                       "line 2, column 1 (d): \"5.1.1970\" is not a date (year, month, day)");
    dlcore_schema_free(schema);
    dlcore_table_free(table);
}

static void test_schema_learns_from_the_rows_alone(void **state)
{
    static const size_t list[] = {3, 1, 1};
    dlcore_table_rows_t rows = {.list = list, .count = 3};
    dlcore_table_t *table = table_of("a,p\nx,9\n4,u\n?,v\n7,w\n", NULL);
    dlcore_error_record_t error = {.message = ""};
    dlcore_schema_t *schema;

    (void)state;
    assert_int_equal(dlcore_table_set_kind(table, "a", DLCORE_COLUMN_NUMBER, NULL), DLCORE_OK);
    schema = schema_of(table, &rows, NULL); /* row 0, in which a is no number, is not among them */
    assert_int_equal(dlcore_schema_feature_count(schema), 3);
    assert_feature_name(schema, 1, "p=u");
    dlcore_schema_free(schema);
    rows.count = 0;
    assert_failed(dlcore_schema_fit(table, &rows, NULL, &schema, &error), DLCORE_ERROR_SHAPE,
                  &error, "no rows");
    rows = (dlcore_table_rows_t){.begin = 2, .count = 3};
    assert_failed(dlcore_schema_fit(table, &rows, NULL, &schema, &error), DLCORE_ERROR_RANGE,
                  &error, "rows 2 and 3 behind it, the table has 4");
    rows = (dlcore_table_rows_t){.list = (const size_t[]){4}, .count = 1};
    assert_failed(dlcore_schema_fit(table, &rows, NULL, &schema, &error), DLCORE_ERROR_RANGE,
                  &error, "row 4");
    rows = (dlcore_table_rows_t){.begin = 2, .count = 1};
    assert_failed(dlcore_schema_fit(table, &rows, NULL, &schema, &error), DLCORE_ERROR_SHAPE,
                  &error, "column \"a\" has no value in these rows");
    dlcore_table_free(table);
}

static void test_schema_targets(void **state)
{
    dlcore_schema_options_t options = dlcore_schema_options_default();
    dlcore_table_t *table = table_of("a,y,z,kind\n1,2,0,u\n2,4,0,v\n3,6,3,u\n", NULL);
    dlcore_schema_t *schema;
    dlcore_tensor_t *x, *y;

    (void)state;
    options.target = "kind";
    schema = schema_of(table, NULL, &options);
    assert_int_equal(dlcore_schema_class_count(schema), 2);
    assert_string_equal(dlcore_schema_class_name(schema, 1), "v");
    assert_string_equal(dlcore_schema_target_name(schema, 0), "kind");
    assert_int_equal(dlcore_schema_apply(schema, table, NULL, &x, &y, NULL), DLCORE_OK);
    assert_ints(y, SHAPE(3), (int32_t[]){0, 1, 0});
    assert_int_equal(dlcore_tensor_length(x, 1), 3);
    dlcore_tensor_free(x);
    dlcore_tensor_free(y);
    assert_not_applied(schema, "a,y,z,kind\n1,2,0,w\n", true, DLCORE_ERROR_NAME,
                       "line 2, column 4 (kind): no class is called \"w\"; there are \"u\", \"v\"");
    assert_not_applied(schema, "a,y,z,kind\n1,2,0,?\n", true, DLCORE_ERROR_RANGE, "missing value");
    dlcore_schema_free(schema);

    options.target = NULL;
    options.targets = (const char *const[]){"z", "y"};
    options.target_count = 2;
    options.target_scale = DLCORE_SCALE_MIN_MAX;
    schema = schema_of(table, NULL, &options);
    assert_int_equal(dlcore_schema_class_count(schema), 0);
    assert_int_equal(dlcore_schema_apply(schema, table, NULL, &x, &y, NULL), DLCORE_OK);
    assert_floats(y, SHAPE(3, 2), (float[]){0, 0, 0, 0.5F, 1, 1});
    dlcore_tensor_free(x);
    dlcore_tensor_free(y);
    dlcore_schema_free(schema);
    dlcore_table_free(table);
}

static void test_schema_targets_that_cannot_be_are_refused(void **state)
{
    dlcore_schema_options_t options = dlcore_schema_options_default();
    dlcore_table_t *table = table_of("a,y,kind,empty\n1,2,u,\n2,?,v,\n", NULL);

    (void)state;
    options.target = "y";
    assert_no_fit(table, &options, DLCORE_ERROR_RANGE, "line 3, column 2 (y): missing value");
    options.target = "b";
    assert_no_fit(table, &options, DLCORE_ERROR_NAME, "no column is named \"b\"");
    options.target = "empty";
    assert_no_fit(table, &options, DLCORE_ERROR_ARGUMENT, "a column that is left out");
    options.target = NULL;
    options.targets = (const char *const[]){"a", "kind"};
    assert_no_fit(table, &options, DLCORE_ERROR_ARGUMENT, "target_count is 0");
    options.target_count = 2;
    assert_no_fit(table, &options, DLCORE_ERROR_ARGUMENT, "several targets are numbers");
    options.targets = (const char *const[]){"a", "a"};
    assert_no_fit(table, &options, DLCORE_ERROR_ARGUMENT, "\"a\" is a target twice");
    options.target = "a";
    assert_no_fit(table, &options, DLCORE_ERROR_ARGUMENT, "target is given, targets is given");
    dlcore_table_free(table);
    table = table_of("y\n1\n2\n", NULL);
    options = dlcore_schema_options_default();
    options.target = "y";
    assert_no_fit(table, &options, DLCORE_ERROR_SHAPE, "no column gives a feature");
    dlcore_table_free(table);
}

static void test_schema_settings_that_do_not_fit_are_refused(void **state)
{
    dlcore_schema_options_t options = dlcore_schema_options_default();
    dlcore_table_t *table = table_of("a,p,d\n1,u,2026-01-01\n2,v,2026-01-02\n", NULL);
    dlcore_schema_column_t column = dlcore_schema_column("p");

    (void)state;
    options.columns = &column;
    assert_no_fit(table, &options, DLCORE_ERROR_ARGUMENT, "column_count is 0");
    options.column_count = 1;
    column.fill = DLCORE_FILL_MEDIAN;
    assert_no_fit(table, &options, DLCORE_ERROR_ARGUMENT,
                  "column \"p\": fill median does not go with a column that is category");
    column.fill = (dlcore_schema_fill_t)9;
    assert_no_fit(table, &options, DLCORE_ERROR_ARGUMENT, "fill 9 is unknown");
    column = dlcore_schema_column("p");
    column.indicator = true;
    assert_no_fit(table, &options, DLCORE_ERROR_ARGUMENT, "indicator does not go with");
    column = dlcore_schema_column("a");
    column.rare_below = 3;
    assert_no_fit(table, &options, DLCORE_ERROR_ARGUMENT, "rare_below does not go with");
    column = dlcore_schema_column("a");
    column.date_cycles = true;
    assert_no_fit(table, &options, DLCORE_ERROR_ARGUMENT, "date_cycles does not go with");
    column = dlcore_schema_column("nobody");
    assert_no_fit(table, &options, DLCORE_ERROR_NAME, "no column is named \"nobody\"");
    column = dlcore_schema_column("a");
    options.target = "a";
    assert_no_fit(table, &options, DLCORE_ERROR_ARGUMENT, "is in columns, and a target");
    options.structure_size = 0;
    assert_no_fit(table, &options, DLCORE_ERROR_ARGUMENT, "schema_options");
    dlcore_table_free(table);
}

static void test_schema_values_that_do_not_fit_are_refused(void **state)
{
    dlcore_table_t *table = table_of("a,b\n1,1e999\n2,?\n", NULL);
    dlcore_schema_options_t options = dlcore_schema_options_default();

    (void)state;
    assert_int_equal(dlcore_table_set_kind(table, "b", DLCORE_COLUMN_NUMBER, NULL), DLCORE_OK);
    assert_no_fit(table, NULL, DLCORE_ERROR_RANGE, "line 2, column 2 (b): 1e999 is too large");
    dlcore_table_free(table);
    table = table_of("b\nx\n", NULL);
    assert_int_equal(dlcore_table_set_kind(table, "b", DLCORE_COLUMN_NUMBER, NULL), DLCORE_OK);
    assert_no_fit(table, NULL, DLCORE_ERROR_FORMAT, "line 2, column 1 (b): \"x\" is not a number");
    dlcore_table_free(table);
    table = table_of("b\n\xE9\xE9\n", NULL);
    assert_no_fit(table, NULL, DLCORE_ERROR_FORMAT, "is not UTF-8; convert the text");
    dlcore_table_free(table);
    table = table_of("b\n1\n?\n", NULL);
    options.all.fill = DLCORE_FILL_REFUSE;
    assert_no_fit(table, &options, DLCORE_ERROR_RANGE, "line 3, column 1 (b): missing value");
    dlcore_table_free(table);
    table = table_of("b\n1e308\n-1e308\n", NULL);
    assert_no_fit(table, NULL, DLCORE_ERROR_RANGE,
                  "column \"b\": its numbers are too large to be scaled");
    dlcore_table_free(table);
}

static double reference_order(const double *numbers, size_t count, size_t rank)
{
    for (size_t i = 0; i < count; i++) {
        size_t below = 0, same = 0;

        for (size_t k = 0; k < count; k++) {
            below += numbers[k] < numbers[i];
            same += numbers[k] == numbers[i];
        }
        if (below <= rank && rank < below + same)
            return numbers[i];
    }
    return NAN;
}

static void test_schema_medians_are_exact(void **state)
{
    double numbers[301], copy[301];
    uint32_t seed = 1;

    (void)state;
    for (size_t count = 1; count <= 300; count += 7)
        for (uint32_t kinds = 1; kinds <= 1000; kinds *= 10) {
            double low, high;

            for (size_t i = 0; i < count; i++) {
                seed = seed * 1664525u + 1013904223u;
                numbers[i] = kinds == 1000 ? (double)i : (double)(seed >> 8 & 0xffff) / kinds;
                numbers[i] = floor(numbers[i]) - 30;
            }
            low = reference_order(numbers, count, (count - 1) / 2);
            high = reference_order(numbers, count, count / 2);
            memcpy(copy, numbers, sizeof copy);
            assert_true(dlcore_median(copy, count) == (low + high) / 2);
        }
    memcpy(copy, (double[]){3, 1, 3, 1, 2}, 5 * sizeof *copy);
    assert_true(dlcore_most_frequent(copy, 5) == 1);
}

static dlcore_status fit_with(const dlcore_allocator_t *allocator, void *context)
{
    static const char text[] = "a,p,d,y\n1,u,2026-01-01,x\n?,v,2026-01-02,y\n3,,,x\n";
    dlcore_schema_options_t options = dlcore_schema_options_default();
    dlcore_table_options_t how = dlcore_table_options_default();
    dlcore_table_t *table = NULL;
    dlcore_schema_t *schema = NULL;
    dlcore_tensor_t *x = NULL, *y = NULL;
    dlcore_status status;

    (void)context;
    options.target = "y";
    how.missing = "- unknown";
    status = dlcore_table_parse(text, sizeof text - 1, &how, allocator, &table, NULL);
    if (status == DLCORE_OK)
        status = dlcore_schema_fit(table, NULL, &options, &schema, NULL);
    if (status == DLCORE_OK)
        status = dlcore_schema_apply(schema, table, NULL, &x, &y, NULL);
    dlcore_tensor_free(x);
    dlcore_tensor_free(y);
    dlcore_schema_free(schema);
    dlcore_table_free(table);
    return status;
}

static void test_schema_fit_survives_every_failing_allocation(void **state)
{
    (void)state;
    assert_in_range(failing_allocator_sweep(fit_with, NULL), 30, 90);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_schema_numbers_are_filled_and_standardized),
        cmocka_unit_test(test_schema_scales_and_fills_are_settings),
        cmocka_unit_test(test_schema_large_offsets_keep_their_digits),
        cmocka_unit_test(test_schema_categories_are_sorted_and_have_places),
        cmocka_unit_test(test_schema_rare_categories_are_joined),
        cmocka_unit_test(test_schema_numbers_as_categories_are_sorted_as_numbers),
        cmocka_unit_test(test_schema_dates_become_days_and_cycles),
        cmocka_unit_test(test_schema_learns_from_the_rows_alone),
        cmocka_unit_test(test_schema_targets),
        cmocka_unit_test(test_schema_targets_that_cannot_be_are_refused),
        cmocka_unit_test(test_schema_settings_that_do_not_fit_are_refused),
        cmocka_unit_test(test_schema_values_that_do_not_fit_are_refused),
        cmocka_unit_test(test_schema_medians_are_exact),
        cmocka_unit_test(test_schema_fit_survives_every_failing_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
