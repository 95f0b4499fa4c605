/* Tables over arrays: what cannot be one is refused, and what is said of one.
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "data/csv_reader.h"
#include "support/failing_allocator.h"
#include "support/idx_bytes.h"
#include "support/tables.h"
#include "support/tensors.h"
#include "table/table.h"

static void assert_no_columns(const dlcore_table_column_t *columns, size_t count, size_t rows,
                              const char *message)
{
    dlcore_error_record_t error = {.message = ""};
    dlcore_table_t *table = (dlcore_table_t *)(void *)&error;

    assert_failed(dlcore_table_from_columns(columns, count, rows, NULL, &table, &error),
                  DLCORE_ERROR_ARGUMENT, &error, message);
    assert_null(table);
}

static void test_table_columns_that_cannot_be_are_refused(void **state)
{
    static const double numbers[] = {1};
    char *long_text = malloc(DLCORE_CSV_FIELD_MAX + 2);
    const char *texts[] = {long_text};
    dlcore_table_column_t column = {.name = "n", .numbers = numbers, .texts = texts};
    dlcore_error_record_t error = {.message = ""};

    (void)state;
    assert_non_null(long_text);
    memset(long_text, 'x', DLCORE_CSV_FIELD_MAX + 1);
    long_text[DLCORE_CSV_FIELD_MAX + 1] = '\0';
    assert_no_columns(NULL, 1, 1, "columns is NULL");
    assert_failed(dlcore_table_from_columns(&column, 1, 1, NULL, NULL, &error),
                  DLCORE_ERROR_ARGUMENT, &error, "out is NULL");
    assert_no_columns(&column, DLCORE_CSV_COLUMNS_MAX + 1, 1, "column_count is 65537");
    assert_no_columns(&column, 1, 1, "column 1 has both");
    column.name = "\xFF";
    assert_no_columns(&column, 1, 1, "the name of column 1 is not UTF-8, or too long");
    column.name = long_text;
    assert_no_columns(&column, 1, 1, "the name of column 1 is not UTF-8, or too long");
    column.name = "n";
    column.numbers = NULL;
    assert_no_columns(&column, 1, 1, "row 0, column 1: the text has more than 32768 bytes");
    long_text[DLCORE_CSV_FIELD_MAX] = '\0'; /* as many as there may be */
    {
        dlcore_table_t *table = NULL;

        assert_int_equal(dlcore_table_from_columns(&column, 1, 1, NULL, &table, NULL), DLCORE_OK);
        dlcore_table_free(table);
    }
    free(long_text);
}

static void assert_described(const dlcore_table_t *table, const char *const *pieces)
{
    const char *path = scratch_file("described", "", 0);
    FILE *stream = fopen(path, "w+");
    char text[2048];

    assert_non_null(stream);
    assert_int_equal(dlcore_table_describe(table, stream, NULL), DLCORE_OK);
    rewind(stream);
    text[fread(text, 1, sizeof text - 1, stream)] = '\0';
    fclose(stream);
    for (size_t i = 0; pieces[i] != NULL; i++)
        if (strstr(text, pieces[i]) == NULL)
            fail_msg("\"%s\" is not in:\n%s", pieces[i], text);
}

static void test_table_columns_are_described(void **state)
{
    static const double numbers[] = {NAN, 1.5, 1.5};
    static const char *const texts[] = {"2026-05-13", "13.05.2026", NULL};
    const dlcore_table_column_t columns[] = {{.name = "n", .numbers = numbers},
                                             {.name = "d", .texts = texts}};
    static const char *const pieces[] = {"table: 3 rows, 2 columns\n",
                                         "number    1 different, 1 missing, first \"1.5\"",
                                         "(guessed: ", "of more than one form", NULL};
    dlcore_table_t *table = NULL;

    (void)state;
    assert_int_equal(dlcore_table_from_columns(columns, 2, 3, NULL, &table, NULL), DLCORE_OK);
    assert_int_equal(dlcore_table_set_kind(table, "d", DLCORE_COLUMN_DATE, NULL), DLCORE_OK);
    assert_described(table, pieces);
    dlcore_table_free(table);
}

/* More different values than are counted, and values that are all missing. */
static void test_table_many_values_and_none_are_described(void **state)
{
    enum { ROWS = 20000 };
    static char text[ROWS * 8 + 16];
    static const char *const pieces[] = {"left out  over 1000 different",
                                         "0 different, 20000 missing\n", NULL};
    size_t length = (size_t)snprintf(text, sizeof text, "w,g\n");
    dlcore_table_t *table;

    (void)state;
    for (int i = 0; i < ROWS; i++)
        length += (size_t)snprintf(text + length, sizeof text - length, "w%d,\n", i);
    table = table_of(text, NULL);
    assert_described(table, pieces);
    dlcore_table_free(table);
}

static void test_table_a_stream_that_cannot_be_written_is_an_error(void **state)
{
    dlcore_schema_t *schema = schema_of_text("a,b\n1,2\n2,3\n", "b");
    dlcore_table_t *table = table_of("a,b\n1,2\n", NULL);
    FILE *stream = fopen(scratch_file("read_only", "", 0), "r");
    dlcore_error_record_t error = {.message = ""};

    (void)state;
    assert_non_null(stream);
    setvbuf(stream, NULL, _IONBF, 0);
    assert_failed(dlcore_table_describe(table, stream, &error), DLCORE_ERROR_IO, &error,
                  "cannot write");
    assert_failed(dlcore_schema_describe(schema, stream, &error), DLCORE_ERROR_IO, &error,
                  "cannot write");
    assert_failed(dlcore_table_describe(table, NULL, &error), DLCORE_ERROR_ARGUMENT, &error,
                  "stream is NULL");
    assert_failed(dlcore_schema_describe(schema, NULL, &error), DLCORE_ERROR_ARGUMENT, &error,
                  "stream is NULL");
    fclose(stream);
    dlcore_table_free(table);
    dlcore_schema_free(schema);
}

static void test_table_columns_beyond_the_last_are_none(void **state)
{
    dlcore_table_t *table = table_of("a,b\n1,2\n", NULL);
    dlcore_table_rows_t beyond = {.begin = 1, .count = 1};
    dlcore_tensor_t *x = NULL;
    dlcore_schema_t *schema = schema_of_text("a,b\n1,2\n2,3\n", NULL);
    dlcore_error_record_t error = {.message = ""};

    (void)state;
    assert_null(dlcore_table_column_name(table, 2));
    assert_int_equal(dlcore_table_column_kind(table, 2), 0);
    assert_string_equal(dlcore_column_kind_name((dlcore_column_kind_t)99),
                        dlcore_column_kind_name((dlcore_column_kind_t)0));
    assert_int_not_equal(dlcore_schema_apply(schema, table, &beyond, &x, NULL, &error), DLCORE_OK);
    beyond.begin = 2;
    beyond.count = 0;
    assert_int_not_equal(dlcore_schema_apply(schema, table, &beyond, &x, NULL, &error), DLCORE_OK);
    assert_null(x);
    dlcore_schema_free(schema);
    dlcore_table_free(table);
}

/* Numbers are words where the caller says so, and no dates. */
static void test_table_columns_of_numbers_can_be_categories(void **state)
{
    static const double numbers[] = {3, NAN, 3, 1.5};
    static const char *const texts[] = {"1", "2", "x", NULL};
    const dlcore_table_column_t columns[] = {{.name = "n", .numbers = numbers},
                                             {.name = "t", .texts = texts}};
    dlcore_table_t *table = NULL;
    dlcore_schema_t *schema;

    (void)state;
    assert_int_equal(dlcore_table_from_columns(columns, 2, 4, NULL, &table, NULL), DLCORE_OK);
    assert_int_equal(dlcore_table_set_kind(table, "n", DLCORE_COLUMN_CATEGORY, NULL), DLCORE_OK);
    assert_int_equal(dlcore_table_set_kind(table, "t", DLCORE_COLUMN_LEFT_OUT, NULL), DLCORE_OK);
    schema = schema_of(table, NULL, NULL);
    assert_int_equal(dlcore_schema_feature_count(schema), 3);
    assert_feature_name(schema, 0, "n=1.5");
    assert_feature_name(schema, 1, "n=3");
    assert_feature_name(schema, 2, "n missing");
    dlcore_schema_free(schema);
    assert_int_equal(dlcore_table_set_date(table, "n", DLCORE_DATE_YMD, 0, NULL), DLCORE_OK);
    assert_no_fit(table, NULL, DLCORE_ERROR_FORMAT,
                  "table: row 0, column 1 (n): \"3\" is not a date");
    assert_int_equal(dlcore_table_set_kind(table, "n", DLCORE_COLUMN_NUMBER, NULL), DLCORE_OK);
    assert_int_equal(dlcore_table_set_kind(table, "t", DLCORE_COLUMN_NUMBER, NULL), DLCORE_OK);
    assert_no_fit(table, NULL, DLCORE_ERROR_FORMAT,
                  "table: row 2, column 2 (t): \"x\" is not a number");
    dlcore_table_free(table);
}

/* A long text is a value, whatever words mean a gap. */
static void test_table_columns_long_texts_are_not_missing(void **state)
{
    char text[100];
    const char *const texts[] = {text, text, "?"};
    const dlcore_table_column_t column = {.name = "t", .texts = texts};
    dlcore_table_t *table = NULL;
    dlcore_schema_t *schema;

    (void)state;
    memset(text, '?', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    assert_int_equal(dlcore_table_from_columns(&column, 1, 3, NULL, &table, NULL), DLCORE_OK);
    schema = schema_of(table, NULL, NULL);
    assert_int_equal(dlcore_schema_feature_count(schema), 2);
    assert_feature_name(schema, 1, "t missing");
    dlcore_schema_free(schema);
    dlcore_table_free(table);
}

/* The first of what is wrong is named, in its row. */
static void test_table_columns_a_text_that_is_too_long_is_named_by_its_place(void **state)
{
    char *long_text = malloc(DLCORE_CSV_FIELD_MAX + 2);
    const char *texts[] = {"a", long_text, long_text};
    const dlcore_table_column_t columns[] = {{.name = "t", .texts = texts},
                                             {.name = "u", .texts = texts}};

    (void)state;
    assert_non_null(long_text);
    memset(long_text, 'x', DLCORE_CSV_FIELD_MAX + 1);
    long_text[DLCORE_CSV_FIELD_MAX + 1] = '\0';
    assert_no_columns(columns, 2, 3, "row 1, column 1: the text has more than 32768 bytes");
    free(long_text);
}

static dlcore_status make_columns_with(const dlcore_allocator_t *allocator, void *context)
{
    static const double numbers[] = {3, NAN, 3, 1.5};
    static const char *const texts[] = {"1", "2", "x", NULL};
    const dlcore_table_column_t columns[] = {{.name = "n", .numbers = numbers},
                                             {.name = "t", .texts = texts}};
    dlcore_table_t *table = NULL;
    dlcore_status status = dlcore_table_from_columns(columns, 2, 4, allocator, &table, NULL);

    (void)context;
    assert_true((status == DLCORE_OK) == (table != NULL));
    dlcore_table_free(table);
    return status;
}

static void test_table_columns_survive_every_failing_allocation(void **state)
{
    (void)state;
    assert_in_range(failing_allocator_sweep(make_columns_with, NULL), 5, 20);
}

/* Half an allocator is none. */
static void test_table_an_allocator_without_release_is_refused(void **state)
{
    dlcore_allocator_t half = dlcore_allocator_default();
    dlcore_error_record_t error = {.message = ""};
    dlcore_table_t *table = NULL;

    (void)state;
    half.release = NULL;
    assert_failed(dlcore_table_parse("a\n1\n", 4, NULL, &half, &table, &error),
                  DLCORE_ERROR_ARGUMENT, &error, "release is NULL");
    assert_null(table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table_columns_that_cannot_be_are_refused),
        cmocka_unit_test(test_table_columns_are_described),
        cmocka_unit_test(test_table_many_values_and_none_are_described),
        cmocka_unit_test(test_table_a_stream_that_cannot_be_written_is_an_error),
        cmocka_unit_test(test_table_columns_beyond_the_last_are_none),
        cmocka_unit_test(test_table_columns_of_numbers_can_be_categories),
        cmocka_unit_test(test_table_columns_long_texts_are_not_missing),
        cmocka_unit_test(test_table_columns_a_text_that_is_too_long_is_named_by_its_place),
        cmocka_unit_test(test_table_columns_survive_every_failing_allocation),
        cmocka_unit_test(test_table_an_allocator_without_release_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, scratch_remove);
}
