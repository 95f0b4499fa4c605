/* Tables of text: what columns are guessed to be, how text is written, where rows are.
 *
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "data/csv_reader.h"
#include "support/failing_allocator.h"
#include "support/idx_bytes.h"
#include "support/tables.h"
#include "support/tensors.h"
#include "table/table_cursor.h"

static void assert_kinds(const char *text, const char *kinds)
{
    dlcore_table_t *table = table_of(text, NULL);
    static const char letters[] = "?ncdx";

    assert_int_equal(dlcore_table_column_count(table), strlen(kinds));
    for (size_t i = 0; kinds[i] != '\0'; i++)
        if (letters[dlcore_table_column_kind(table, i)] != kinds[i])
            fail_msg("column %zu of \"%.30s\" is %s", i, text,
                     dlcore_column_kind_name(dlcore_table_column_kind(table, i)));
    dlcore_table_free(table);
}

static void test_table_kinds_are_guessed(void **state)
{
    (void)state;
    assert_kinds("a,b,c,d\n1,x,2026-01-02,\n-2.5e3,y,2026-02-03,NA\n", "ncdx");
    assert_kinds("zip\n01234\n22222\n", "c");
    assert_kinds("a\n0\n0.5\n-0\n", "n");
    assert_kinds("a\n1\nNone\n", "n");
    assert_kinds("a\nx\nNone\n", "c");
    assert_kinds("when,b\n13/2/2026,1\n1/2/2026,2\n", "dn");
    assert_kinds("a\n1\n2026-01-02\n", "c");
    assert_kinds("a\n\n", "x");
    assert_kinds("a,b\n1,true\n?,false\n<NA>,\n", "nc");
}

static void test_table_texts_that_all_differ_are_left_out(void **state)
{
    char text[4096] = "name,port\n";
    size_t used = strlen(text);

    (void)state;
    for (int i = 0; i < 60; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "mr %d,%c\n", i, 'a' + i % 25);
    assert_kinds(text, "xc");
}

static void test_table_dates_of_two_forms_are_named_by_the_caller(void **state)
{
    dlcore_table_t *table = table_of("when,b\n2/3/2026,1\n4/5/2026,2\n", NULL);
    dlcore_error_record_t error = {.message = ""};
    dlcore_schema_t *schema;

    (void)state;
    assert_no_fit(table, NULL, DLCORE_ERROR_FORMAT, "dates such as 2/3/2026");
    assert_int_equal(dlcore_table_set_date(table, "when", DLCORE_DATE_DMY, 60, NULL), DLCORE_OK);
    schema = schema_of(table, NULL, NULL);
    dlcore_schema_free(schema);
    assert_failed(dlcore_table_set_date(table, "when", DLCORE_DATE_GUESSED, 0, &error),
                  DLCORE_ERROR_ARGUMENT, &error, "known are year, month, day");
    assert_failed(dlcore_table_set_date(table, "when", DLCORE_DATE_DMY, 900, &error),
                  DLCORE_ERROR_ARGUMENT, &error, "zone_minutes");
    dlcore_table_free(table);
}

static void test_table_kinds_are_corrected_by_name(void **state)
{
    dlcore_table_t *table = table_of("a,b,b\n1,2,3\n", NULL);
    dlcore_error_record_t error = {.message = ""};

    (void)state;
    assert_int_equal(dlcore_table_set_kind(table, "a", DLCORE_COLUMN_CATEGORY, NULL), DLCORE_OK);
    assert_int_equal(dlcore_table_column_kind(table, 0), DLCORE_COLUMN_CATEGORY);
    assert_failed(dlcore_table_set_kind(table, "b", DLCORE_COLUMN_NUMBER, &error),
                  DLCORE_ERROR_NAME, &error, "2 columns are named \"b\"");
    assert_failed(dlcore_table_set_kind(table, "c", DLCORE_COLUMN_NUMBER, &error),
                  DLCORE_ERROR_NAME, &error, "no column is named \"c\"; there are \"a\", \"b\"");
    assert_failed(dlcore_table_set_kind(table, "a", (dlcore_column_kind_t)0, &error),
                  DLCORE_ERROR_ARGUMENT, &error, "number");
    assert_no_fit(table, NULL, DLCORE_ERROR_NAME, "more than one column is named \"b\"");
    dlcore_table_free(table);
}

static void assert_written(const char *text, const char *first, const char *described)
{
    dlcore_table_t *table = table_of(text, NULL);
    FILE *stream = tmpfile();
    char line[256] = "";

    assert_string_equal(dlcore_table_column_name(table, 0), first);
    assert_int_equal(dlcore_table_describe(table, stream, NULL), DLCORE_OK);
    rewind(stream);
    assert_non_null(fgets(line, sizeof line, stream));
    if (strstr(line, described) == NULL)
        fail_msg("\"%s\" is not in \"%s\"", described, line);
    fclose(stream);
    dlcore_table_free(table);
}

static void test_table_how_text_is_written_is_found(void **state)
{
    (void)state;
    assert_written("a,b\n1,2\n", "a", "line 1 is the header, delimiter ',', decimal '.'");
    assert_written("a;b\n5,1;3,5\n", "a", "delimiter ';', decimal ','");
    assert_written("a;b\n5,1;3.5\n", "a", "delimiter ';', decimal '.'");
    assert_written("a\tb c\n1\tx y\n", "a", "delimiter '\\t'");
    assert_written("a|b,c\n1|x\n", "a", "delimiter '|'");
    assert_written(" a   b\n 1   x\n12   y\n", "a", "runs of blanks");
    assert_written("a b\nx\ny z\n", "a b", "delimiter ','");
    assert_written("1,x\n2,y\n", "column_1", "no header, delimiter ','");
    assert_written(",x\n0,1\n1,2\n", "", "line 1 is the header");
    assert_written("a\r1\r2\r", "a", "2 rows, 1 columns");
}

static void test_table_columns_are_described(void **state)
{
    static const char expected[] =
        "CSV data: 2 rows, 3 columns; line 1 is the header, delimiter ',', decimal '.'\n"
        "  age                  number    1 different, 1 missing, first \"22\"\n"
        "  port                 left out  (guessed: category) 2 different, 0 missing, first \"S\"\n"
        "  when                 date      1 different, 0 missing, first \"2026-01-02\"; year, "
        "month, "
        "day, zone +0 min\n";
    dlcore_table_t *table = table_of("age,port,when\n22,S,2026-01-02\n,C,2026-01-02\n", NULL);
    FILE *stream = tmpfile();
    char text[1024] = "";

    (void)state;
    assert_int_equal(dlcore_table_set_kind(table, "port", DLCORE_COLUMN_LEFT_OUT, NULL), DLCORE_OK);
    assert_int_equal(dlcore_table_describe(table, stream, NULL), DLCORE_OK);
    rewind(stream);
    text[fread(text, 1, sizeof text - 1, stream)] = '\0';
    assert_string_equal(text, expected);
    fclose(stream);
    dlcore_table_free(table);
}

static void test_table_further_words_are_missing(void **state)
{
    dlcore_table_options_t options = dlcore_table_options_default();
    dlcore_table_t *table;

    (void)state;
    options.missing = "- unknown -999";
    table = table_of("a,b\n1,x\n-999,-\nUnknown,y\n", &options);
    assert_int_equal(dlcore_table_column_kind(table, 0), DLCORE_COLUMN_NUMBER);
    assert_int_equal(table->facts[0].gaps, 2);
    assert_int_equal(table->facts[1].gaps, 1);
    dlcore_table_free(table);
}

static void assert_no_table(const char *text, const dlcore_table_options_t *options,
                            dlcore_status status, const char *message)
{
    dlcore_error_record_t error = {.message = ""};
    dlcore_table_t *table = (dlcore_table_t *)(void *)&error;

    assert_failed(dlcore_table_parse(text, strlen(text), options, NULL, &table, &error), status,
                  &error, message);
    assert_null(table);
}

static void test_table_what_is_none_is_refused(void **state)
{
    dlcore_table_options_t options = dlcore_table_options_default();
    dlcore_table_options_t zeros = {.structure_size = 0};

    (void)state;
    assert_no_table("", NULL, DLCORE_ERROR_FORMAT, "empty");
    assert_no_table("\n\n", NULL, DLCORE_ERROR_FORMAT, "empty");
    assert_no_table("a,b\n1,2,3\n", NULL, DLCORE_ERROR_FORMAT,
                    "line 2: 3 columns, but the first row has 2");
    assert_no_table("a,b\n1\n", NULL, DLCORE_ERROR_FORMAT, "line 2: 1 column, but");
    assert_no_table("a,b\n\n1,2\n", NULL, DLCORE_ERROR_FORMAT, "line 2 is blank");
    assert_no_table("\xC3\x28,b\n1,2\n", NULL, DLCORE_ERROR_FORMAT, "not UTF-8");
    assert_no_table("a\n", &zeros, DLCORE_ERROR_ARGUMENT, "table_options");
    options.delimiter = '5';
    assert_no_table("a\n", &options, DLCORE_ERROR_ARGUMENT, "the delimiter '5'");
    options.delimiter = ',';
    options.decimal = ',';
    assert_no_table("a\n", &options, DLCORE_ERROR_ARGUMENT, "decimal is ','");
    options.decimal = '\0';
    options.header = (dlcore_csv_header_t)7;
    assert_no_table("a\n", &options, DLCORE_ERROR_ARGUMENT, "header");
}

static void test_table_a_header_alone_has_no_rows(void **state)
{
    dlcore_table_t *table = table_of("a,b\n", NULL);

    (void)state;
    assert_int_equal(dlcore_table_row_count(table), 0);
    assert_int_equal(dlcore_table_column_kind(table, 1), DLCORE_COLUMN_LEFT_OUT);
    assert_no_fit(table, NULL, DLCORE_ERROR_SHAPE, "no rows");
    dlcore_table_free(table);
}

/* Rows of a file that is not in memory, in any order, over blocks. */
static void test_table_rows_are_found_in_any_order(void **state)
{
    enum { ROWS = 6000 };
    static char text[ROWS * 64];
    size_t used = (size_t)snprintf(text, sizeof text, "n,word # names\n");
    dlcore_table_options_t options = dlcore_table_options_default();
    dlcore_error_record_t error = {.message = ""};
    dlcore_table_cursor_t cursor;
    dlcore_allocator_t allocator = dlcore_allocator_default();
    dlcore_table_t *table = NULL;

    (void)state;
    for (int i = 0; i < ROWS; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "%d,\"a \"\"%d\n\"%s\n", i, i,
                                 i % 7 == 0 ? "# x\n#y" : "");
    scratch_file("rows.csv", text, used);
    options.comment = '#';
    options.in_memory = false;
    assert_int_equal(dlcore_table_load(scratch_path("rows.csv"), &options, NULL, &table, &error),
                     DLCORE_OK);
    assert_int_equal(dlcore_table_row_count(table), ROWS);
    assert_int_equal(dlcore_table_cursor_begin(&cursor, table, &allocator, &error), DLCORE_OK);
    for (size_t i = 0, row = 5; i < 3000; i++, row = i % 3 == 0 ? row + 1 : row * 7919 + 13) {
        char expected[32];
        dlcore_cell_t cell = {.numeric = false};
        double number;

        row %= ROWS;
        assert_int_equal(dlcore_table_cursor_go(&cursor, row, &error), DLCORE_OK);
        assert_int_equal(dlcore_table_cursor_cell(&cursor, 0, &cell, &error), DLCORE_OK);
        assert_int_equal(dlcore_cell_number(&cell, NULL, &number), DLCORE_CELL_VALUE);
        assert_true(number == (double)row);
        if (i % 5 == 0)
            continue; /* leaves a row in its middle */
        assert_int_equal(dlcore_table_cursor_cell(&cursor, 1, &cell, &error), DLCORE_OK);
        snprintf(expected, sizeof expected, "a \"%zu\n", row);
        assert_int_equal(cell.field.length, strlen(expected));
        assert_memory_equal(cell.field.text, expected, strlen(expected));
    }
    dlcore_table_cursor_end(&cursor);
    dlcore_table_free(table);
}

static void test_table_a_file_that_changed_is_an_error(void **state)
{
    dlcore_table_options_t options = dlcore_table_options_default();
    dlcore_error_record_t error = {.message = ""};
    dlcore_schema_t *schema = NULL;
    dlcore_table_t *table = NULL;
    FILE *file;

    (void)state;
    scratch_file("change.csv", "a,b\n1,2\n3,4\n", 12);
    options.in_memory = false;
    assert_int_equal(dlcore_table_load(scratch_path("change.csv"), &options, NULL, &table, &error),
                     DLCORE_OK);
    file = fopen(scratch_path("change.csv"), "r+b");
    assert_non_null(file);
    assert_int_equal(fwrite("a,b\n123\n3,4\n", 1, 12, file), 12);
    fclose(file);
    assert_failed(dlcore_schema_fit(table, NULL, NULL, &schema, &error), DLCORE_ERROR_IO, &error,
                  "changed since the table was made");
    dlcore_table_free(table);
}

static dlcore_status load_table_with(const dlcore_allocator_t *allocator, void *context)
{
    dlcore_table_t *table = (dlcore_table_t *)context;
    dlcore_status status =
        dlcore_table_load(scratch_path("oom_table.csv"), NULL, allocator, &table, NULL);

    if (status != DLCORE_OK)
        assert_null(table);
    dlcore_table_free(table);
    return status;
}

static void test_table_load_survives_every_failing_allocation(void **state)
{
    char unused;

    (void)state;
    scratch_file("oom_table.csv", "a,b\n1,x\n2,y\n", 12);
    assert_in_range(failing_allocator_sweep(load_table_with, &unused), 8, 16);
}

/* Five values of a column need 16 places of 8 bytes, half of which stay free. */
static void test_table_without_memory_for_values_says_how_much(void **state)
{
    static const double numbers[] = {1, 2, 3, 4, 5};
    static const dlcore_table_column_t column = {.name = "n", .numbers = numbers};
    static const char text[] = "n\n1\n2\n3\n4\n5\n";
    dlcore_error_record_t error = {.message = ""};
    dlcore_table_t *table = NULL;
    failing_allocator_t memory;
    dlcore_allocator_t allocator = failing_allocator(&memory);
    dlcore_status status;

    (void)state;
    for (int parsed = 0; parsed < 2; parsed++) {
        bool first = false, more = false;

        for (size_t n = 1; n < 100 && table == NULL; n++) {
            failing_allocator_init(&memory);
            memory.fail_at = n;
            status = parsed
                         ? dlcore_table_parse(text, strlen(text), NULL, &allocator, &table, &error)
                         : dlcore_table_from_columns(&column, 1, 5, &allocator, &table, &error);
            assert_int_equal(status == DLCORE_OK, table != NULL);
            first = first || strcmp(error.message, "table: no memory for 64 bytes") == 0;
            more = more || strcmp(error.message, "table: no memory for 128 bytes") == 0;
        }
        assert_true(first);
        assert_true(more);
        dlcore_table_free(table);
        table = NULL;
    }
}

static void test_table_queries_of_nothing_answer_nothing(void **state)
{
    (void)state;
    dlcore_table_free(NULL);
    assert_int_equal(dlcore_table_row_count(NULL), 0);
    assert_int_equal(dlcore_table_column_count(NULL), 0);
    assert_null(dlcore_table_column_name(NULL, 0));
    assert_int_equal(dlcore_table_column_kind(NULL, 0), 0);
    assert_string_equal(dlcore_column_kind_name((dlcore_column_kind_t)0), "unknown");
    assert_int_equal(dlcore_table_describe(NULL, NULL, NULL), DLCORE_ERROR_ARGUMENT);
    assert_int_equal(dlcore_table_load(NULL, NULL, NULL, NULL, NULL), DLCORE_ERROR_ARGUMENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table_kinds_are_guessed),
        cmocka_unit_test(test_table_texts_that_all_differ_are_left_out),
        cmocka_unit_test(test_table_dates_of_two_forms_are_named_by_the_caller),
        cmocka_unit_test(test_table_kinds_are_corrected_by_name),
        cmocka_unit_test(test_table_how_text_is_written_is_found),
        cmocka_unit_test(test_table_columns_are_described),
        cmocka_unit_test(test_table_further_words_are_missing),
        cmocka_unit_test(test_table_what_is_none_is_refused),
        cmocka_unit_test(test_table_a_header_alone_has_no_rows),
        cmocka_unit_test(test_table_rows_are_found_in_any_order),
        cmocka_unit_test(test_table_a_file_that_changed_is_an_error),
        cmocka_unit_test(test_table_load_survives_every_failing_allocation),
        cmocka_unit_test(test_table_without_memory_for_values_says_how_much),
        cmocka_unit_test(test_table_queries_of_nothing_answer_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, scratch_remove);
}
