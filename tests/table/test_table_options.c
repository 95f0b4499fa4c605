/* Tables that are read as the caller says, or not at all: every mark that cannot be one, headers,
 * and text that is none.
 *
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "data/csv_reader.h"
#include "support/tables.h"
#include "support/tensors.h"
#include "table/table.h"

static void assert_no_table(const void *text, size_t size, const dlcore_table_options_t *options,
                            dlcore_status status, const char *message)
{
    dlcore_error_record_t error = {.message = ""};
    dlcore_table_t *table = NULL;

    assert_failed(dlcore_table_parse(text, size, options, NULL, &table, &error), status, &error,
                  message);
    assert_null(table);
}

static void assert_refused(const dlcore_table_options_t *options, const char *message)
{
    assert_no_table("a;b\n1;2\n", 8, options, DLCORE_ERROR_ARGUMENT, message);
}

static void test_table_marks_that_cannot_be_are_refused(void **state)
{
    static const char no_mark[] = "\n\r09azAZ+-.";

    (void)state;
    for (size_t i = 0; i < sizeof no_mark - 1; i++) {
        dlcore_table_options_t options = dlcore_table_options_default();

        options.delimiter = no_mark[i];
        assert_refused(&options, "the delimiter");
        options = dlcore_table_options_default();
        options.quote = no_mark[i];
        assert_refused(&options, "the quote");
        options = dlcore_table_options_default();
        options.comment = no_mark[i];
        assert_refused(&options, "comment is");
    }
}

static void test_table_marks_that_are_another_are_refused(void **state)
{
    static const char no_comment[] = " ,\t;'\x80";
    dlcore_table_options_t options = dlcore_table_options_default();

    (void)state;
    options.delimiter = options.quote = ';';
    assert_refused(&options, "must differ");
    options.quote = '\'';
    for (size_t i = 0; i < sizeof no_comment - 1; i++) {
        options.comment = no_comment[i];
        assert_refused(&options, "comment is");
    }
    options.comment = '\x7F';
    assert_refused(&options, "comment is 0x7f");
    options.comment = '\0';
    options.decimal = ';';
    assert_refused(&options, "decimal is ';'");
    options.decimal = options.quote = ',';
    assert_refused(&options, "decimal is ','");
    options.quote = '"';
    options.delimiter = ',';
    assert_refused(&options, "decimal is ','");
    options.decimal = '\0';
    options.missing = "\xFF";
    assert_refused(&options, "missing is not UTF-8");
    options.missing = NULL;
    options.structure_size = 0;
    assert_refused(&options, "table_options");
    assert_no_table(NULL, 8, NULL, DLCORE_ERROR_ARGUMENT, "bytes is NULL");
}

static void assert_first_name(const char *text, const dlcore_table_options_t *options,
                              const char *name, size_t rows)
{
    dlcore_table_t *table = table_of(text, options);

    assert_string_equal(dlcore_table_column_name(table, 0), name);
    assert_int_equal(dlcore_table_row_count(table), rows);
    dlcore_table_free(table);
}

/* A first row of words is a header, one with a number, a date or a gap is none; but for an index
 * without a name in front. */
static void test_table_header_is_what_looks_like_one_or_what_is_said(void **state)
{
    dlcore_table_options_t options = dlcore_table_options_default();

    (void)state;
    assert_first_name("a,b\n1,2\n", NULL, "a", 1);
    assert_first_name("a,1\n1,2\n", NULL, "column_1", 2);
    assert_first_name("a,2026-05-13\nb,2026-05-14\n", NULL, "column_1", 2);
    assert_first_name("a,?\n1,2\n", NULL, "column_1", 2);
    assert_first_name(",b\n0,2\n", NULL, "", 1);
    options.header = DLCORE_CSV_HEADER_YES;
    assert_first_name("7,8\n1,2\n", &options, "7", 1);
    options.header = DLCORE_CSV_HEADER_NO;
    assert_first_name("a,b\n1,2\n", &options, "column_1", 2);
}

static void test_table_names_that_are_no_text_are_refused(void **state)
{
    (void)state;
    assert_no_table("a\0b,c\n1,2\n", 10, NULL, DLCORE_ERROR_FORMAT,
                    "line 1, column 1: a zero byte");
    assert_no_table("a,\xC3\x28\n1,2\n", 9, NULL, DLCORE_ERROR_FORMAT,
                    "line 1, column 2: the name is not UTF-8");
}

static void test_table_more_columns_than_there_may_be_are_refused(void **state)
{
    size_t size = DLCORE_CSV_COLUMNS_MAX + 1;
    char *text = malloc(size);

    (void)state;
    assert_non_null(text);
    memset(text, ',', size);
    text[size - 1] = '\n'; /* as many commas as columns: one column more */
    text[0] = ',';
    assert_no_table(text, size, NULL, DLCORE_ERROR_OVERFLOW, "more than 65536 columns");
    free(text);
}

/* What is said is not looked for. */
static void test_table_what_is_given_is_taken(void **state)
{
    dlcore_table_options_t options = dlcore_table_options_default();
    dlcore_table_t *table;

    (void)state;
    options.blank_runs = true;
    table = table_of("a b\n1,5 \t 2\n", &options); /* and the decimal comma is found */
    assert_int_equal(dlcore_table_column_count(table), 2);
    assert_int_equal(table->how.decimal, ',');
    dlcore_table_free(table);
    options.decimal = '.';
    table = table_of("a b\n1.5 \t 2\n", &options);
    assert_int_equal(dlcore_table_column_kind(table, 0), DLCORE_COLUMN_NUMBER);
    dlcore_table_free(table);
    options = dlcore_table_options_default();
    options.delimiter = ';';
    table = table_of("a;b\n1,5;+2,5\n", &options);
    assert_int_equal(table->how.decimal, ',');
    dlcore_table_free(table);
    table = table_of("a;b\n1,5;2.5\n", &options); /* of both there is none to be told */
    assert_int_equal(table->how.decimal, '.');
    dlcore_table_free(table);
    options.delimiter = ',';
    table = table_of("a,b\n\"1,5\",\"2,5\"\n", &options); /* the delimiter is no decimal sign */
    assert_int_equal(table->how.decimal, '.');
    dlcore_table_free(table);
    options.delimiter = '\0';
    options.decimal = ',';
    options.comment = '|';
    table = table_of("a\n1,5\n|2,5\n", &options); /* one column: no comma parts it */
    assert_int_equal(table->how.delimiter, ';');
    assert_int_equal(dlcore_table_row_count(table), 1);
    dlcore_table_free(table);
    options = dlcore_table_options_default();
    options.quote = '\0';
    options.missing = "";
    options.in_memory = false; /* of text there is always a copy */
    table = table_of("a,b\n\"1,2\n", &options);
    assert_string_equal(table->facts[0].first, "\"1");
    dlcore_table_free(table);
    options.quote = ';';
    table = table_of("a|b\n;x|y;|2\n", &options);
    assert_int_equal(table->how.delimiter, '|');
    dlcore_table_free(table);
}

static void test_table_a_row_is_cut_at_all_of_its_delimiters(void **state)
{
    dlcore_table_options_t options = dlcore_table_options_default();

    (void)state;
    options.blank_runs = true;
    assert_no_table("a b\n1 2 3\n", 10, &options, DLCORE_ERROR_FORMAT, "delimiter runs of blanks");
    assert_no_table("a,b\n1,2,\"3\n", 11, NULL, DLCORE_ERROR_FORMAT, "line 2");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table_marks_that_cannot_be_are_refused),
        cmocka_unit_test(test_table_marks_that_are_another_are_refused),
        cmocka_unit_test(test_table_header_is_what_looks_like_one_or_what_is_said),
        cmocka_unit_test(test_table_names_that_are_no_text_are_refused),
        cmocka_unit_test(test_table_more_columns_than_there_may_be_are_refused),
        cmocka_unit_test(test_table_what_is_given_is_taken),
        cmocka_unit_test(test_table_a_row_is_cut_at_all_of_its_delimiters),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
