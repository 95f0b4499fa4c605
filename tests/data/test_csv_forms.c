/* Forms of text that are not RFC 4180: runs of blanks between fields, a comma for the point,
 * comments, lines that end with a return, several label columns. Values are what pandas.read_csv
 * gives with sep=r"\s+", decimal="," and comment="#".
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
#include "dlcore/data.h"
#include "support/tensors.h"

static dlcore_csv_t *read_form(const char *text, const dlcore_csv_options_t *options)
{
    dlcore_error_record_t error = {.message = ""};
    dlcore_csv_t *csv = NULL;

    if (dlcore_csv_parse(text, strlen(text), options, NULL, &csv, &error) != DLCORE_OK)
        fail_msg("%s", error.message);
    return csv;
}

static void assert_numbers(const char *text, const dlcore_csv_options_t *options, size_t rows,
                           size_t columns, const float *expected)
{
    dlcore_csv_t *csv = read_form(text, options);
    const float *x = dlcore_tensor_data_const(dlcore_csv_x(csv));

    assert_int_equal(dlcore_tensor_length(dlcore_csv_x(csv), 0), rows);
    assert_int_equal(dlcore_tensor_length(dlcore_csv_x(csv), 1), columns);
    for (size_t i = 0; i < rows * columns; i++)
        assert_true(x[i] == expected[i]);
    dlcore_csv_free(csv);
}

static void assert_no_form(const char *text, const dlcore_csv_options_t *options,
                           dlcore_status status, const char *message)
{
    dlcore_error_record_t error = {.message = ""};
    dlcore_csv_t *csv = NULL;

    assert_failed(dlcore_csv_parse(text, strlen(text), options, NULL, &csv, &error), status, &error,
                  message);
    assert_null(csv);
}

static void test_csv_forms_runs_of_blanks_part_fields(void **state)
{
    dlcore_csv_options_t options = dlcore_csv_options_default();

    (void)state;
    options.blank_runs = true;
    assert_numbers("  a   b\tc\n 1  2 \t 3  \n\t4 5   6\n\n  \n", &options, 2, 3,
                   (float[]){1, 2, 3, 4, 5, 6});
    assert_numbers("\"a b\"   c \n 1   2 ", &options, 1, 2, (float[]){1, 2});
    assert_no_form("a b\n1 2 3\n", &options, DLCORE_ERROR_FORMAT, "line 2: 3 columns");
    assert_no_form("a b\n1 2\n   \n3 4\n", &options, DLCORE_ERROR_FORMAT, "line 3 is blank");
}

static void test_csv_forms_many_blanks_are_refused_and_not_the_end_of_a_row(void **state)
{
    static char text[3 * DLCORE_CSV_BLOCK];
    dlcore_csv_options_t options = dlcore_csv_options_default();

    (void)state;
    options.blank_runs = true;
    memset(text, ' ', sizeof text - 1);
    for (size_t i = 0; i < 5; i++)
        text[i] = "a b\n1"[i];
    text[sizeof text - 3] = '2';
    text[sizeof text - 2] = '\n';
    assert_no_form(text, &options, DLCORE_ERROR_FORMAT, "more than 32768 blanks");
}

static void test_csv_forms_decimal_commas_are_points(void **state)
{
    dlcore_csv_options_t options = dlcore_csv_options_default();

    (void)state;
    options.delimiter = ';';
    options.decimal = ',';
    assert_numbers("a;b\n5,1;-0,25\n7;\"1,5e2\"\n", &options, 2, 2,
                   (float[]){5.1F, -0.25F, 7, 150});
    assert_no_form("a;b\n1.234;5\n", &options, DLCORE_ERROR_FORMAT, "\"1.234\" is not a number");
    assert_no_form("a;b\n1,2,3;5\n", &options, DLCORE_ERROR_FORMAT, "\"1,2,3\" is not a number");
    options.delimiter = ',';
    assert_no_form("a,b\n", &options, DLCORE_ERROR_ARGUMENT, "decimal is ','");
}

static void test_csv_forms_comments_are_passed(void **state)
{
    dlcore_csv_options_t options = dlcore_csv_options_default();

    (void)state;
    options.comment = '#';
    options.quote = '"';
    assert_numbers("# first\n  # second\na,b # names\n1,2# two\n#,,,\n3,4\n# \"end", &options, 2, 2,
                   (float[]){1, 2, 3, 4});
    options.label_kind = DLCORE_CSV_LABEL_CLASSES;
    {
        dlcore_csv_t *csv = read_form("a,kind\n1,\"#5\"\n2,b#\n", &options);

        assert_string_equal(dlcore_csv_class_name(csv, 0), "#5");
        assert_string_equal(dlcore_csv_class_name(csv, 1), "b");
        dlcore_csv_free(csv);
    }
    options.comment = 'e';
    assert_no_form("a\n1\n", &options, DLCORE_ERROR_ARGUMENT, "comment is 'e'");
}

static void test_csv_forms_long_comments_cross_blocks(void **state)
{
    static char text[2 * DLCORE_CSV_BLOCK];
    dlcore_csv_options_t options = dlcore_csv_options_default();
    size_t end = sizeof text - 8;

    (void)state;
    options.comment = '#';
    memset(text, 'x', sizeof text);
    for (size_t i = 0; i < 8; i++)
        text[i] = "a,b\n1,2#"[i];
    memcpy(text + end, "\n3,4", 5);
    assert_numbers(text, &options, 2, 2, (float[]){1, 2, 3, 4});
}

static void test_csv_forms_lines_may_end_with_returns(void **state)
{
    dlcore_csv_options_t options = dlcore_csv_options_default();

    (void)state;
    assert_numbers("a,b\r1,2\r3,4\r\r", &options, 2, 2, (float[]){1, 2, 3, 4});
    assert_no_form("a,b\n1,2\r3,4\n", &options, DLCORE_ERROR_FORMAT, "carriage return");
    options.comment = '#';
    assert_numbers("#x\ra,b\r1,2#\r3,4", &options, 2, 2, (float[]){1, 2, 3, 4});
}

static void test_csv_forms_several_labels(void **state)
{
    static const dlcore_csv_column_t labels[] = {{.name = "v"}, {.name = "a"}};
    dlcore_csv_options_t options = dlcore_csv_options_default();
    dlcore_csv_t *csv;
    const float *y;

    (void)state;
    options.labels = labels;
    options.label_count = 2;
    assert_no_form("a,b,v\n1,2,3\n", &options, DLCORE_ERROR_ARGUMENT, "label_kind is none");
    options.label_kind = DLCORE_CSV_LABEL_NUMBER;
    csv = read_form("a,b,v\n1,2,3\n4,5,6\n", &options);
    y = dlcore_tensor_data_const(dlcore_csv_y(csv));
    assert_int_equal(dlcore_tensor_rank(dlcore_csv_y(csv)), 2);
    assert_int_equal(dlcore_tensor_length(dlcore_csv_y(csv), 1), 2);
    assert_true(y[0] == 3 && y[1] == 1 && y[2] == 6 && y[3] == 4);
    assert_int_equal(dlcore_tensor_length(dlcore_csv_x(csv), 1), 1);
    dlcore_csv_free(csv);
    options.labels = (const dlcore_csv_column_t[]){{.name = "v"}, {.number = -1}};
    assert_no_form("a,b,v\n1,2,3\n", &options, DLCORE_ERROR_ARGUMENT, "chosen twice");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_csv_forms_runs_of_blanks_part_fields),
        cmocka_unit_test(test_csv_forms_many_blanks_are_refused_and_not_the_end_of_a_row),
        cmocka_unit_test(test_csv_forms_decimal_commas_are_points),
        cmocka_unit_test(test_csv_forms_comments_are_passed),
        cmocka_unit_test(test_csv_forms_long_comments_cross_blocks),
        cmocka_unit_test(test_csv_forms_lines_may_end_with_returns),
        cmocka_unit_test(test_csv_forms_several_labels),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
