/* Applying schemas: any rows, in any order and in pieces, give the same bits; columns are found by
 * name; a row as texts is the same row.
 *
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/float_mode.h"
#include "dlcore/data.h"
#include "support/denormals.h"
#include "support/idx_bytes.h"
#include "support/tables.h"
#include "support/tensors.h"

enum { ROWS = 500 };
static char text[ROWS * 80];

static const char *many_rows(void)
{
    size_t used = (size_t)snprintf(text, sizeof text, "number,word,when,free\n");

    for (int i = 0; i < ROWS; i++) {
        char number[16] = "", word[16] = "NA";

        if (i % 11 != 0)
            snprintf(number, sizeof number, "%d.%d", i * 37 % 101, i % 10);
        if (i % 13 != 0)
            snprintf(word, sizeof word, "\"w%d\"", i * i % 7);
        used +=
            (size_t)snprintf(text + used, sizeof text - used, "%s,%s,2026-%02d-%02d %d:00,x%d\n",
                             number, word, 1 + i % 12, 1 + i % 28, i % 24, i);
    }
    return text;
}

static dlcore_tensor_t *features_of(const dlcore_schema_t *schema, const dlcore_table_t *table,
                                    const dlcore_table_rows_t *rows)
{
    dlcore_error_record_t error = {.message = ""};
    dlcore_tensor_t *x = NULL;

    if (dlcore_schema_apply(schema, table, rows, &x, NULL, &error) != DLCORE_OK)
        fail_msg("%s", error.message);
    return x;
}

static void test_schema_same_bits_in_any_order_and_in_pieces(void **state)
{
    dlcore_table_options_t from_file = dlcore_table_options_default();
    dlcore_table_t *table = table_of(many_rows(), NULL), *file = NULL;
    dlcore_schema_t *schema = schema_of(table, NULL, NULL);
    size_t width = dlcore_schema_feature_count(schema);
    dlcore_tensor_t *whole = features_of(schema, table, NULL);
    const float *expected = dlcore_tensor_data_const(whole);
    size_t order[ROWS];

    (void)state;
    assert_int_equal(width, 1 + 4 + 1 + 1); /* squares mod 7: 0, 1, 2, 4; missing; when */
    scratch_file("apply.csv", text, strlen(text));
    from_file.in_memory = false;
    assert_int_equal(dlcore_table_load(scratch_path("apply.csv"), &from_file, NULL, &file, NULL),
                     DLCORE_OK);
    for (size_t i = 0; i < ROWS; i++)
        order[i] = i * 77 % ROWS;
    for (size_t begin = 0; begin < ROWS; begin += 70) {
        size_t count = ROWS - begin < 70 ? ROWS - begin : 70;
        dlcore_table_rows_t listed = {.list = order + begin, .count = count};
        dlcore_table_rows_t range = {.begin = begin, .count = count};
        dlcore_tensor_t *a = features_of(schema, file, &listed);
        dlcore_tensor_t *b = features_of(schema, file, &range);
        const float *of_list = dlcore_tensor_data_const(a);

        for (size_t i = 0; i < count; i++)
            assert_memory_equal(of_list + i * width, expected + order[begin + i] * width,
                                width * sizeof(float));
        assert_memory_equal(dlcore_tensor_data_const(b), expected + begin * width,
                            count * width * sizeof(float));
        dlcore_tensor_free(a);
        dlcore_tensor_free(b);
    }
    dlcore_tensor_free(whole);
    dlcore_schema_free(schema);
    dlcore_table_free(table);
    dlcore_table_free(file);
}

static void test_schema_finds_columns_by_name(void **state)
{
    dlcore_schema_column_t raw = {.scale = DLCORE_SCALE_NONE};
    dlcore_schema_options_t options = dlcore_schema_options_default();
    dlcore_table_t *table = table_of("a,p\n1,u\n2,v\n", NULL);
    dlcore_schema_t *schema;

    (void)state;
    options.all = raw;
    schema = schema_of(table, NULL, &options);
    assert_features(schema, "more,p,a\nx,v,5\n", 1, 3, (float[]){5, 0, 1});
    assert_features(schema, "p;a\nu;0,5\nv;1\n", 2, 3, (float[]){0.5F, 1, 0, 1, 0, 1});
    assert_not_applied(schema, "A,p\n1,u\n", false, DLCORE_ERROR_NAME,
                       "no column is named \"a\"; there are \"A\", \"p\"");
    assert_not_applied(schema, "a\n1\n", false, DLCORE_ERROR_NAME, "no column is named \"p\"");
    assert_not_applied(schema, "a,p,a\n1,u,2\n", false, DLCORE_ERROR_NAME,
                       "2 columns are named \"a\"");
    assert_not_applied(schema, "a,p\nmany,u\n", false, DLCORE_ERROR_FORMAT,
                       "line 2, column 1 (a): \"many\" is not a number");
    assert_not_applied(schema, "a,p\n1,u\n1e39,u\n", false, DLCORE_ERROR_RANGE,
                       "line 3, column 1 (a): 1e39 is too large for float32");
    assert_not_applied(schema, "a,p\n1,u\n", true, DLCORE_ERROR_ARGUMENT, "has no target");
    dlcore_schema_free(schema);
    dlcore_table_free(table);
}

static void test_schema_a_table_without_rows_gives_none(void **state)
{
    dlcore_schema_t *schema = schema_of_text("a,p\n1,u\n2,v\n", NULL);
    dlcore_table_t *table = table_of("p,a\n", NULL);
    dlcore_tensor_t *x = features_of(schema, table, NULL);

    (void)state;
    assert_int_equal(dlcore_tensor_length(x, 0), 0);
    assert_int_equal(dlcore_tensor_length(x, 1), 3);
    dlcore_tensor_free(x);
    dlcore_schema_free(schema);
    dlcore_table_free(table);
}

static void test_schema_applies_arrays_like_text(void **state)
{
    static const double numbers[] = {1, 2.5, 0.0 / 1, 4};
    static const char *const words[] = {"u", NULL, "v", "u"};
    const dlcore_table_column_t columns[] = {{.name = "w", .texts = words},
                                             {.name = "n", .numbers = numbers}};
    dlcore_schema_t *schema = schema_of_text("n,w\n1,u\n2.5,\n0,v\n4,u\n", NULL);
    dlcore_table_t *table = NULL, *csv = table_of("n,w\n1,u\n2.5,\n0,v\n4,u\n", NULL);
    dlcore_tensor_t *a, *b;

    (void)state;
    assert_int_equal(dlcore_table_from_columns(columns, 2, 4, NULL, &table, NULL), DLCORE_OK);
    assert_int_equal(dlcore_table_column_kind(table, 0), DLCORE_COLUMN_CATEGORY);
    assert_int_equal(dlcore_table_column_kind(table, 1), DLCORE_COLUMN_NUMBER);
    a = features_of(schema, table, NULL);
    b = features_of(schema, csv, NULL);
    assert_true(dlcore_tensor_equal(a, b, 0));
    dlcore_tensor_free(a);
    dlcore_tensor_free(b);
    dlcore_table_free(table);
    dlcore_table_free(csv);
    dlcore_schema_free(schema);
}

static void test_schema_arrays_that_cannot_be_are_refused(void **state)
{
    static const double numbers[] = {1, 2};
    dlcore_table_column_t column = {.name = "n"};
    dlcore_error_record_t error = {.message = ""};
    dlcore_table_t *table = NULL;

    (void)state;
    assert_failed(dlcore_table_from_columns(&column, 1, 2, NULL, &table, &error),
                  DLCORE_ERROR_ARGUMENT, &error, "column 1 has no values");
    column.numbers = numbers;
    column.name = NULL;
    assert_failed(dlcore_table_from_columns(&column, 1, 2, NULL, &table, &error),
                  DLCORE_ERROR_ARGUMENT, &error, "the name of column 1 is NULL");
    assert_failed(dlcore_table_from_columns(&column, 0, 2, NULL, &table, &error),
                  DLCORE_ERROR_ARGUMENT, &error, "column_count is 0");
}

static void test_schema_row_of_texts_is_the_same_row(void **state)
{
    static const char *const names[] = {"when", "ignored", "word", "number"};
    static const char *const values[] = {"2026-03-04 5:00", "?", "w4", "12.5"};
    static const char *const gaps[] = {NULL, NULL, "NA", ""};
    dlcore_table_t *table = table_of(many_rows(), NULL);
    dlcore_schema_t *schema = schema_of(table, NULL, NULL);
    dlcore_error_record_t error = {.message = ""};
    float x[7];

    (void)state;
    assert_int_equal(dlcore_schema_apply_row(schema, names, values, 4, x, &error), DLCORE_OK);
    assert_features(schema, "number,word,when\n12.5,w4,2026-03-04 5:00\n", 1, 7, x);
    assert_int_equal(dlcore_schema_apply_row(schema, names, gaps, 4, x, &error), DLCORE_OK);
    assert_features(schema, "number,word,when\n?,,NA\n", 1, 7, x);
    assert_failed(dlcore_schema_apply_row(schema, names, values, 3, x, &error), DLCORE_ERROR_NAME,
                  &error, "no value is called \"number\"; there are \"when\"");
    assert_failed(dlcore_schema_apply_row(schema, (const char *const[]){"word", "number", "number"},
                                          (const char *const[]){"u", "1", "2"}, 3, x, &error),
                  DLCORE_ERROR_NAME, &error, "\"number\" is given twice");
    assert_failed(dlcore_schema_apply_row(schema, names,
                                          (const char *const[]){"2026-01-01", "", "u", "much"}, 4,
                                          x, &error),
                  DLCORE_ERROR_FORMAT, &error, "row: number: \"much\" is not a number");
    dlcore_schema_free(schema);
    dlcore_table_free(table);
}

static void test_schema_row_of_texts_has_the_tables_decimal_sign(void **state)
{
    static const char *const names[] = {"a", "b"};
    dlcore_schema_t *schema = schema_of_text("a;b\n0,5;1\n1,5;2\n", NULL);
    dlcore_error_record_t error = {.message = ""};
    float x[2];

    (void)state;
    assert_int_equal(
        dlcore_schema_apply_row(schema, names, (const char *const[]){"1,0", "2"}, 2, x, &error),
        DLCORE_OK);
    assert_true(x[0] == 0 && x[1] == 1);
    assert_failed(
        dlcore_schema_apply_row(schema, names, (const char *const[]){"1.0", "2"}, 2, x, &error),
        DLCORE_ERROR_FORMAT, &error, "\"1.0\" is not a number");
    dlcore_schema_free(schema);
}

static void test_schema_unscales(void **state)
{
    dlcore_schema_t *schema = schema_of_text("a,p,y\n1,u,10\n2,v,20\n6,u,60\n", "y");
    dlcore_table_t *table = table_of("a,p,y\n1,u,10\n4,v,30\n", NULL);
    dlcore_error_record_t error = {.message = ""};
    dlcore_tensor_t *x, *y, *out = NULL;

    (void)state;
    assert_int_equal(dlcore_schema_apply(schema, table, NULL, &x, &y, &error), DLCORE_OK);
    assert_int_equal(dlcore_schema_unscale_x(schema, x, &out, &error), DLCORE_OK);
    {
        dlcore_tensor_t *expected = tensor_of_floats(SHAPE(2, 3), (float[]){1, 1, 0, 4, 0, 1});

        assert_true(dlcore_tensor_equal(out, expected, 1e-6));
        dlcore_tensor_free(expected);
    }
    dlcore_tensor_free(out);
    assert_int_equal(dlcore_schema_unscale_y(schema, y, &out, &error), DLCORE_OK);
    {
        dlcore_tensor_t *expected = tensor_of_floats(SHAPE(2), (float[]){10, 30});

        assert_true(dlcore_tensor_equal(out, expected, 1e-6));
        dlcore_tensor_free(expected);
    }
    dlcore_tensor_free(out);
    assert_failed(dlcore_schema_unscale_y(schema, x, &out, &error), DLCORE_ERROR_SHAPE, &error,
                  "expects rows of 1 numbers, got (2, 3)");
    dlcore_tensor_free(x);
    dlcore_tensor_free(y);
    dlcore_table_free(table);
    dlcore_schema_free(schema);
}

/* Numbers below 1.2e-38, also where the host counts such as zero. */
static void test_schema_small_numbers_stay(void **state)
{
    static const float small[2] = {1e-40f, -3e-42f};
    static const char *const names[] = {"a"}, *const values[] = {"1e-40"};
    dlcore_schema_options_t options = dlcore_schema_options_default();
    dlcore_table_t *table = table_of("a\n1e-40\n-3e-42\n", NULL);
    dlcore_schema_t *raw, *scaled = schema_of(table, NULL, NULL);

    (void)state;
    if (process_flushes_denormals())
        skip();
    options.all.scale = DLCORE_SCALE_NONE;
    raw = schema_of(table, NULL, &options);
    for (int flushes = 0; flushes < 2; flushes++) {
        dlcore_float_mode_t host = dlcore_float_mode_enter(flushes != 0);
        dlcore_tensor_t *x = features_of(raw, table, NULL), *y = features_of(scaled, table, NULL);
        dlcore_tensor_t *out = NULL;
        float row = 0;

        assert_int_equal(dlcore_schema_apply_row(raw, names, values, 1, &row, NULL), DLCORE_OK);
        assert_int_equal(dlcore_schema_unscale_x(scaled, y, &out, NULL), DLCORE_OK);
        dlcore_float_mode_leave(host);
        assert_memory_equal(dlcore_tensor_data_const(x), small, sizeof small);
        assert_memory_equal(&row, small, sizeof row);
        assert_memory_equal(dlcore_tensor_data_const(out), small, sizeof small);
        dlcore_tensor_free(x);
        dlcore_tensor_free(y);
        dlcore_tensor_free(out);
    }
    dlcore_schema_free(raw);
    dlcore_schema_free(scaled);
    dlcore_table_free(table);
}

static void test_schema_is_described(void **state)
{
    static const char expected[] =
        "schema: 3 columns, 5 features\n"
        "  a: number, (x - 2) / 1, gaps: 2\n"
        "  p: category, one-hot of 2 and missing: \"u\", \"v\"\n"
        "  d: date (year, month, day, zone +0 min), (x - 20454.5) / 0.5, gaps: 20454.5\n"
        "  target y: category, 2 classes: \"m\", \"n\"\n";
    dlcore_schema_t *schema =
        schema_of_text("a,p,d,y\n1,u,2026-01-01,m\n3,v,2026-01-02,n\n1,,2026-01-01,m\n"
                       "3,v,2026-01-02,n\n",
                       "y");
    FILE *stream = tmpfile();
    char found[1024] = "";

    (void)state;
    assert_int_equal(dlcore_schema_describe(schema, stream, NULL), DLCORE_OK);
    rewind(stream);
    found[fread(found, 1, sizeof found - 1, stream)] = '\0';
    assert_string_equal(found, expected);
    fclose(stream);
    dlcore_schema_free(schema);
}

static void test_schema_split_rows_are_those_of_tensors(void **state)
{
    dlcore_table_t *table = table_of("a,y\n0,1\n1,1\n2,1\n3,1\n4,1\n5,?\n6,1\n7,1\n", NULL);
    dlcore_split_options_t options = dlcore_split_options_default();
    dlcore_tensor_t *x = tensor_of_floats(SHAPE(8), (float[]){0, 1, 2, 3, 4, 5, 6, 7});
    dlcore_error_record_t error = {.message = ""};
    dlcore_table_split_t rows;
    dlcore_split_t split;

    (void)state;
    options.seed = 3;
    assert_int_equal(dlcore_table_split(table, NULL, &options, &rows, &error), DLCORE_OK);
    assert_int_equal(dlcore_train_test_split(x, NULL, &options, &split, &error), DLCORE_OK);
    assert_int_equal(rows.test.count, 2);
    for (size_t i = 0; i < 6; i++)
        assert_int_equal(rows.train.list[i],
                         ((const float *)dlcore_tensor_data_const(split.train_x))[i]);
    dlcore_split_free(&split);
    dlcore_table_split_free(&rows);
    assert_int_equal(dlcore_table_split(table, "y", &options, &rows, &error), DLCORE_OK);
    assert_int_equal(rows.train.count + rows.test.count, 7);
    for (size_t i = 0; i < 7; i++)
        assert_int_not_equal(rows.train.list[i], 5);
    dlcore_table_split_free(&rows);
    options.test_fraction = 0.99;
    assert_failed(dlcore_table_split(table, "y", &options, &rows, &error), DLCORE_ERROR_SHAPE,
                  &error, "leaves none to train with");
    dlcore_table_split_free(&rows);
    dlcore_table_split_free(NULL);
    dlcore_tensor_free(x);
    dlcore_table_free(table);
}

static void test_schema_split_keeps_classes_and_groups(void **state)
{
    char rows_text[40 * 12];
    size_t used = (size_t)snprintf(rows_text, sizeof rows_text, "a,y\n"), rare = 0;
    dlcore_split_options_t options = dlcore_split_options_default();
    dlcore_error_record_t error = {.message = ""};
    dlcore_tensor_t *groups;
    dlcore_table_split_t rows;
    dlcore_table_t *table;
    int32_t group[40];

    (void)state;
    for (int i = 0; i < 40; i++) {
        used += (size_t)snprintf(rows_text + used, sizeof rows_text - used, "%d,%s\n", i,
                                 i % 5 == 0 ? "rare" : "usual");
        group[i] = i / 4;
    }
    table = table_of(rows_text, NULL);
    options.stratify = true;
    options.validation_fraction = 0.25;
    assert_int_equal(dlcore_table_split(table, "y", &options, &rows, &error), DLCORE_OK);
    assert_int_equal(rows.train.count, 20);
    assert_int_equal(rows.validation.count, 10);
    assert_int_equal(rows.test.count, 10);
    for (size_t i = 0; i < 10; i++)
        rare += rows.test.list[i] % 5 == 0;
    assert_int_equal(rare, 2); /* a fifth, as in all of them */
    dlcore_table_split_free(&rows);
    assert_failed(dlcore_table_split(table, "a", &options, &rows, &error), DLCORE_ERROR_ARGUMENT,
                  &error, "stratify needs a target that is a category");
    options = dlcore_split_options_default();
    options.groups = groups = tensor_of_ints(SHAPE(40), group);
    assert_int_equal(dlcore_table_split(table, "y", &options, &rows, &error), DLCORE_OK);
    for (size_t i = 0; i < rows.test.count; i++)
        for (size_t k = 0; k < rows.train.count; k++)
            assert_int_not_equal(rows.test.list[i] / 4, rows.train.list[k] / 4);
    dlcore_table_split_free(&rows);
    dlcore_table_free(table);
    table = table_of("a,y\n1,2\n3,4\n", NULL);
    assert_failed(dlcore_table_split(table, "y", &options, &rows, &error), DLCORE_ERROR_SHAPE,
                  &error, "groups needs a number for each of the 2 rows");
    dlcore_table_free(table);
    dlcore_tensor_free(groups);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_schema_same_bits_in_any_order_and_in_pieces),
        cmocka_unit_test(test_schema_finds_columns_by_name),
        cmocka_unit_test(test_schema_a_table_without_rows_gives_none),
        cmocka_unit_test(test_schema_applies_arrays_like_text),
        cmocka_unit_test(test_schema_arrays_that_cannot_be_are_refused),
        cmocka_unit_test(test_schema_row_of_texts_is_the_same_row),
        cmocka_unit_test(test_schema_row_of_texts_has_the_tables_decimal_sign),
        cmocka_unit_test(test_schema_unscales),
        cmocka_unit_test(test_schema_small_numbers_stay),
        cmocka_unit_test(test_schema_is_described),
        cmocka_unit_test(test_schema_split_rows_are_those_of_tensors),
        cmocka_unit_test(test_schema_split_keeps_classes_and_groups),
    };

    return cmocka_run_group_tests(tests, NULL, scratch_remove);
}
