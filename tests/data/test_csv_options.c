/* Options of CSV files that contradict themselves are refused by name; and what files look like at
 * the edge of what options allow.
 *
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dlcore/data.h"
#include "dlcore/sparse.h"
#include "support/tensors.h"

static void assert_refused(const char *text, const dlcore_csv_options_t *options,
                           dlcore_status status, const char *message)
{
    dlcore_error_record_t error = {.message = ""};
    dlcore_csv_t *csv = NULL;

    assert_failed(dlcore_csv_parse(text, strlen(text), options, NULL, &csv, &error), status, &error,
                  message);
    assert_null(csv);
}

static void assert_bad(const dlcore_csv_options_t *options, const char *message)
{
    assert_refused("1,2\n", options, DLCORE_ERROR_ARGUMENT, message);
}

static void test_csv_options_marks_that_cannot_be_are_refused(void **state)
{
    static const char no_mark[] = "09azAZ+-.\n\r", no_comment[] = "09azAZ+-.,\n\r \t\";\x7F\x80";

    (void)state;
    for (size_t i = 0; i < sizeof no_mark - 1; i++) {
        dlcore_csv_options_t options = dlcore_csv_options_default();

        options.delimiter = no_mark[i];
        assert_bad(&options, "csv: the delimiter");
        options = dlcore_csv_options_default();
        options.quote = no_mark[i];
        assert_bad(&options, "and the quote");
        options.blank_runs = true;
        assert_bad(&options, "and the quote");
    }
    for (size_t i = 0; i < sizeof no_comment - 1; i++) {
        dlcore_csv_options_t options = dlcore_csv_options_default();

        options.delimiter = ';';
        options.comment = no_comment[i];
        assert_bad(&options, "csv: comment is");
    }
}

static void test_csv_options_decimal_is_one_of_two(void **state)
{
    dlcore_csv_options_t options = dlcore_csv_options_default();

    (void)state;
    options.decimal = ',';
    assert_bad(&options, "csv: decimal is ','");
    options.delimiter = ';';
    options.quote = ',';
    assert_bad(&options, "csv: decimal is ','");
    options.decimal = ';';
    assert_bad(&options, "csv: decimal is ';'");
    options.quote = '"';
    options.decimal = '\0';
    assert_bad(&options, "csv: decimal is 0x00");
}

static void test_csv_options_lists_go_with_their_counts(void **state)
{
    const dlcore_csv_column_t column = {.number = 0};
    dlcore_csv_options_t options = dlcore_csv_options_default();
    const dlcore_csv_column_t twice[] = {{.number = 0}, {.number = -2}};

    (void)state;
    options.label_kind = DLCORE_CSV_LABEL_NUMBER;
    options.label_count = 1;
    assert_bad(&options, "labels is NULL, but label_count is 1");
    options.labels = &column;
    options.label_count = 0;
    assert_bad(&options, "labels is given, but label_count is 0");
    options.label_count = 65537;
    assert_bad(&options, "label_count is 65537");
    options.label_count = 1;
    options.label_kind = DLCORE_CSV_LABEL_CLASSES;
    assert_bad(&options, "several label columns are numbers: label_kind is classes");
    options.label_kind = DLCORE_CSV_LABEL_NUMBER;
    options.labels = twice;
    options.label_count = 2;
    assert_bad(&options, "column 1 is chosen twice, as two labels");
    options.labels = &(dlcore_csv_column_t){.number = 9};
    options.label_count = 1;
    assert_refused("1,2\n", &options, DLCORE_ERROR_RANGE, "9");
    options.labels = &(dlcore_csv_column_t){.name = "nobody"};
    assert_refused("a,b\n1,2\n", &options, DLCORE_ERROR_NAME, "no column is named \"nobody\"");
    options = dlcore_csv_options_default();
    options.features = &column;
    assert_bad(&options, "features is given, but feature_count is 0");
    options.features = NULL;
    options.classes = (const char *const[]){"a"};
    assert_bad(&options, "classes is given, but class_count is 0");
}

static void assert_first(const char *text, const dlcore_csv_options_t *options, size_t rows,
                         float first)
{
    dlcore_error_record_t error = {.message = ""};
    dlcore_csv_t *csv = NULL;

    if (dlcore_csv_parse(text, strlen(text), options, NULL, &csv, &error) != DLCORE_OK)
        fail_msg("%s: %s", text, error.message);
    assert_int_equal(dlcore_tensor_length(dlcore_csv_x(csv), 0), rows);
    assert_true(*(const float *)dlcore_tensor_data_const(dlcore_csv_x(csv)) == first);
    dlcore_csv_free(csv);
}

/* Rows are counted before they are read; each of these is counted in another way. */
static void test_csv_options_rows_are_counted_as_they_are_read(void **state)
{
    dlcore_csv_options_t options = dlcore_csv_options_default();

    (void)state;
    assert_first("\"1\",\"2\"\r\n\"3\",4\r\n\r\n", &options, 2, 1);
    assert_first("1,2\n3,4\n\n\r\n\n", &options, 2, 1);
    options.comment = '#';
    assert_first("# one\n  # two\n1,2 # three\n\n", &options, 1, 1);
    assert_first("1,\"2\" # \"\n3,4\n# four", &options, 2, 1);
    assert_first("1,2\r# five\r3,4\r", &options, 2, 1);
    options.quote = '\0';
    assert_first("1,2# \"\n3,4#\n", &options, 2, 1);
    options = dlcore_csv_options_default();
    options.blank_runs = true;
    options.quote = '\0';
    assert_first("  1\t2  \n 3 4\n   \n", &options, 2, 1);
    assert_first("1 2\r3 4\r\r", &options, 2, 1);
}

/* A class that is called what columns of labels are makes the first row a sample. */
static void test_csv_options_words_that_name_labels_may_be_classes(void **state)
{
    dlcore_csv_options_t options = dlcore_csv_options_default();

    (void)state;
    options.label_kind = DLCORE_CSV_LABEL_CLASSES;
    assert_first("5,kind\n6,cruel\n7,kind\n", &options, 3, 5);
    assert_first("5,kind\n6,cruel\n7,cruel\n", &options, 2, 6);
    options.classes = (const char *const[]){"cruel", "kind"};
    options.class_count = 2;
    assert_first("5,kind\n6,cruel\n7,cruel\n", &options, 3, 5);
    options.classes = (const char *const[]){"cruel", "wise"};
    assert_first("5,kind\n6,cruel\n7,cruel\n", &options, 2, 6);
}

/* Numbers that count the columns, but for what makes them none. */
static void test_csv_options_counted_columns_are_a_header(void **state)
{
    dlcore_csv_options_t options = dlcore_csv_options_default();

    (void)state;
    assert_first("0,1,2\n5.5,1,2\n", &options, 1, 5.5F);
    assert_first("0,1,2\n1,2,3\n", &options, 2, 0);    /* so does the second */
    assert_first("0,1,2\n2,0,1\n", &options, 2, 0);    /* as small */
    assert_first("0,1,2\n2,0,3\n", &options, 1, 2);    /* larger */
    assert_first("0,1,02\n5.5,1,2\n", &options, 2, 0); /* not as counting writes them */
    assert_first("0,1,2.0\n5.5,1,2\n", &options, 2, 0);
    assert_first("0,1,1000000\n5.5,1,2\n", &options, 2, 0);
    assert_first("0,1\n5.5,1\n", &options, 2, 0); /* too few */
    assert_first("0,1,2,3,4,5,6,7\n1,0,2,3,4,5,6,7\n", &options, 1, 1);
}

static void test_csv_options_damaged_numbers_are_no_names(void **state)
{
    dlcore_csv_options_t options = dlcore_csv_options_default();

    (void)state;
    assert_refused("5.1x,3.5\n1,2\n", &options, DLCORE_ERROR_FORMAT, "header");
    assert_refused("unknown,3.5\n1,2\n", &options, DLCORE_ERROR_FORMAT, "line 1");
    assert_refused("1;2\n3;4\n", &options, DLCORE_ERROR_FORMAT, "options.delimiter");
    assert_refused("-1,5;2\n3;4\n", &options, DLCORE_ERROR_FORMAT, "options.delimiter");
    options.delimiter = ';';
    assert_refused("-1,5;2\n-3,5;4\n", &options, DLCORE_ERROR_FORMAT, "set options.decimal to ','");
    assert_refused("1;2,\n3;4,\n", &options, DLCORE_ERROR_FORMAT, "line 1");
    assert_refused("1;2,5x\n3;4,5x\n", &options, DLCORE_ERROR_FORMAT, "line 1");
    options.delimiter = ',';
    options.blank_runs = true;
    assert_refused("1;2 3\n3;4 5\n", &options, DLCORE_ERROR_FORMAT, "line 1");
}

/* Blanks of svmlight files are those of C. */
static void test_csv_options_svmlight_has_every_blank(void **state)
{
    static const char text[] = "1\f1:2\v3:4\r\n-1 \t2:5\n";
    dlcore_tensor_t *x = NULL, *y = NULL;

    (void)state;
    assert_int_equal(dlcore_svmlight_parse(text, sizeof text - 1, NULL, NULL, &x, &y, NULL),
                     DLCORE_OK);
    assert_int_equal(dlcore_tensor_length(x, 1), 3);
    assert_floats(y, SHAPE(2), (const float[]){1, -1});
    dlcore_tensor_free(x);
    dlcore_tensor_free(y);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_csv_options_marks_that_cannot_be_are_refused),
        cmocka_unit_test(test_csv_options_decimal_is_one_of_two),
        cmocka_unit_test(test_csv_options_lists_go_with_their_counts),
        cmocka_unit_test(test_csv_options_rows_are_counted_as_they_are_read),
        cmocka_unit_test(test_csv_options_words_that_name_labels_may_be_classes),
        cmocka_unit_test(test_csv_options_counted_columns_are_a_header),
        cmocka_unit_test(test_csv_options_damaged_numbers_are_no_names),
        cmocka_unit_test(test_csv_options_svmlight_has_every_blank),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
