/* Rows of CSV files that are odd: marks at the edge of what may be one, zero bytes, quotes and
 * comments where lines are counted in another way, names of classes that are large numbers.
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
#include "support/failing_allocator.h"
#include "support/tensors.h"

#define TEXT(bytes) bytes, sizeof(bytes) - 1

static dlcore_csv_options_t with_classes(void)
{
    dlcore_csv_options_t options = dlcore_csv_options_default();

    options.label_kind = DLCORE_CSV_LABEL_CLASSES;
    return options;
}

static dlcore_csv_t *csv_of(const char *text, size_t size, const dlcore_csv_options_t *options)
{
    dlcore_error_record_t error = {.message = ""};
    dlcore_csv_t *csv = NULL;

    if (dlcore_csv_parse(text, size, options, NULL, &csv, &error) != DLCORE_OK)
        fail_msg("%s", error.message);
    return csv;
}

static void assert_no_csv(const char *text, size_t size, const dlcore_csv_options_t *options,
                          dlcore_status status, const char *message)
{
    dlcore_error_record_t error = {.message = ""};
    dlcore_csv_t *csv = NULL;

    assert_failed(dlcore_csv_parse(text, size, options, NULL, &csv, &error), status, &error,
                  message);
    assert_null(csv);
}

/* The bytes alone. */
static void put(char *to, const char *text)
{
    for (; *text != '\0'; text++)
        *to++ = *text;
}

/* ---- marks ---- */

static void test_csv_rows_delimiters_may_stand_behind_letters(void **state)
{
    static const char marks[] = "|~^_{";

    (void)state;
    for (size_t i = 0; i < sizeof marks - 1; i++) {
        dlcore_csv_options_t options = dlcore_csv_options_default();
        char text[] = "1,2\n3,4\n";
        dlcore_csv_t *csv;

        options.delimiter = text[1] = text[5] = marks[i];
        csv = csv_of(text, strlen(text), &options);
        assert_floats(dlcore_csv_x(csv), SHAPE(2, 2), (float[]){1, 2, 3, 4});
        dlcore_csv_free(csv);
    }
}

/* Where blanks part fields no delimiter is looked at. */
static void test_csv_rows_parted_by_blanks_need_no_delimiter(void **state)
{
    dlcore_csv_options_t options = dlcore_csv_options_default();
    dlcore_csv_t *csv;

    (void)state;
    options.blank_runs = true;
    options.delimiter = '\n';
    csv = csv_of(TEXT("1 2\n3 4"), &options);
    assert_floats(dlcore_csv_x(csv), SHAPE(2, 2), (float[]){1, 2, 3, 4});
    dlcore_csv_free(csv);
}

static void test_csv_rows_a_comma_is_a_point_or_no_number(void **state)
{
    dlcore_csv_options_t options = dlcore_csv_options_default();

    (void)state;
    options.delimiter = ';';
    assert_no_csv(TEXT("a;b\n1;x,5\n"), &options, DLCORE_ERROR_FORMAT,
                  "line 2, column 2 (b): \"x,5\" is not a number");
    options.decimal = ',';
    assert_no_csv(TEXT("1,5;2\n2,5;\n"), &options, DLCORE_ERROR_FORMAT,
                  "line 2, column 2: missing value");
}

static void test_csv_rows_zero_bytes_are_no_marks(void **state)
{
    dlcore_csv_options_t options = with_classes();

    (void)state;
    options.quote = '\0';
    assert_no_csv(TEXT("1,a\0b\n"), &options, DLCORE_ERROR_FORMAT, "has a zero byte");
    options.blank_runs = true;
    assert_no_csv(TEXT("1 a\n2 a\0b\n"), &options, DLCORE_ERROR_FORMAT, "has a zero byte");
}

/* ---- lengths ---- */

static void test_csv_rows_numbers_have_a_length_limit(void **state)
{
    enum { DIGITS = 33000 };
    char *text = malloc(DIGITS + 8);
    dlcore_csv_options_t options = dlcore_csv_options_default();

    (void)state;
    assert_non_null(text);
    put(text, "1\n");
    memset(text + 2, '0', DIGITS);
    put(text + 2 + DIGITS, "1\n");
    options.header = DLCORE_CSV_HEADER_NO;
    assert_no_csv(text, DIGITS + 4, &options, DLCORE_ERROR_FORMAT,
                  "line 2, column 1: the field is longer than 32768 bytes");
    free(text);
}

static void test_csv_rows_a_long_label_in_the_first_row_is_refused(void **state)
{
    dlcore_csv_options_t options = with_classes();
    char text[700];
    int size = snprintf(text, sizeof text, "1,2,%0300d\n3,4,%0300d\n", 1, 1);

    (void)state;
    for (int i = 0; i < size; i++) /* words */
        text[i] = (char)(i > 4 && text[i] == '0' ? 'x' : text[i]);
    assert_no_csv(text, (size_t)size, &options, DLCORE_ERROR_FORMAT, "300 bytes: more than 255");
}

static void test_csv_rows_of_another_width_are_refused(void **state)
{
    dlcore_csv_options_t options = dlcore_csv_options_default();

    (void)state;
    options.header = DLCORE_CSV_HEADER_NO;
    assert_no_csv(TEXT("1,2\n3,4,x\"y\n"), &options, DLCORE_ERROR_FORMAT,
                  "line 2, column 3: a quote inside a field");
    options.header = DLCORE_CSV_HEADER_YES; /* whose only name has nothing that would part it */
    assert_no_csv(TEXT("a\n1,2\n"), &options, DLCORE_ERROR_FORMAT,
                  "line 2: 2 columns, but the first row has 1 (delimiter ','); does the header");
}

/* ---- lines that are counted otherwise ---- */

static void test_csv_rows_with_comments_are_counted_as_they_are_read(void **state)
{
    dlcore_csv_options_t options = with_classes();
    dlcore_csv_t *csv;

    (void)state;
    options.comment = '#';
    csv = csv_of(TEXT("1,\"a\r\n#b\"\r\n# no row\r\n2,c # rest\r\n3,\"#\"\r\n"), &options);
    assert_int_equal(dlcore_tensor_length(dlcore_csv_x(csv), 0), 3);
    assert_int_equal(dlcore_csv_class_count(csv), 3);
    assert_string_equal(dlcore_csv_class_name(csv, 0), "#");
    assert_string_equal(dlcore_csv_class_name(csv, 1), "a\r\n#b");
    dlcore_csv_free(csv);
    options.label_kind = DLCORE_CSV_LABEL_NONE; /* a line of blanks is a row of one field */
    assert_no_csv(TEXT("1\n  \n2\n"), &options, DLCORE_ERROR_FORMAT, "line 2, column 1: missing");
    assert_no_csv(TEXT("1\n  "), &options, DLCORE_ERROR_FORMAT, "line 2, column 1: missing value");
}

/* A quoted line end on each side of where the second block begins. */
static void test_csv_rows_quotes_reach_into_the_next_block(void **state)
{
    enum { BLOCK = 128 * 1024, LONG = 200 };
    char *text = malloc(BLOCK + 2000);
    dlcore_csv_options_t options = with_classes();
    size_t size = 0, rows = 0;
    dlcore_csv_t *csv;

    (void)state;
    assert_non_null(text);
    for (; size < BLOCK - LONG / 2; rows++) {
        put(text + size, "1,a\n");
        size += 4;
    }
    put(text + size, "2,\"");
    memset(text + size + 3, 'b', LONG);
    text[size + 20] = text[size + LONG - 20] = '\n';
    put(text + size + 3 + LONG, "\"\n3,a\n");
    size += 3 + LONG + 6;
    csv = csv_of(text, size, &options);
    assert_int_equal(dlcore_tensor_length(dlcore_csv_x(csv), 0), rows + 2);
    assert_int_equal(dlcore_csv_class_count(csv), 2);
    assert_int_equal(strlen(dlcore_csv_class_name(csv, 1)), LONG);
    dlcore_csv_free(csv);
    free(text);
}

/* ---- classes ---- */

static void assert_class_order(const char *text, const char *const *names, size_t count)
{
    dlcore_csv_options_t options = with_classes();
    dlcore_csv_t *csv = csv_of(text, strlen(text), &options);

    assert_int_equal(dlcore_csv_class_count(csv), count);
    for (size_t i = 0; i < count; i++)
        assert_string_equal(dlcore_csv_class_name(csv, i), names[i]);
    dlcore_csv_free(csv);
}

/* By their digits, also those that are one double. */
static void test_csv_rows_classes_that_are_large_numbers_are_sorted(void **state)
{
    (void)state;
    assert_class_order("1,1e30\n1,2\n1,1234567890123456789\n",
                       (const char *const[]){"2", "1234567890123456789", "1e30"}, 3);
    assert_class_order("1,-9007199254740992\n1,-9007199254740993\n",
                       (const char *const[]){"-9007199254740993", "-9007199254740992"}, 2);
}

static void test_csv_rows_classes_that_are_given_tell_a_header(void **state)
{
    static const char text[] = "2019,2020,label\n2.5,3.5,up\n2,3,down\n";
    static const char *const classes[] = {"up", "down"}, *const odd[] = {"label", "up", "down"};
    static const char *const none[] = {NULL, "up"}, *const twice[] = {"up", "up"};
    dlcore_csv_options_t options = with_classes();
    dlcore_csv_t *csv;

    (void)state;
    options.classes = classes;
    options.class_count = 2;
    csv = csv_of(TEXT(text), &options);
    assert_string_equal(dlcore_csv_column_name(csv, 2), "label");
    dlcore_csv_free(csv);
    options.classes = odd;
    options.class_count = 3;
    csv = csv_of(TEXT(text), &options);
    assert_null(dlcore_csv_column_name(csv, 2));
    dlcore_csv_free(csv);
    options.class_count = 2;
    options.classes = none;
    assert_no_csv(TEXT(text), &options, DLCORE_ERROR_ARGUMENT, "csv: class 0 is NULL");
    options.classes = twice;
    assert_no_csv(TEXT(text), &options, DLCORE_ERROR_ARGUMENT, "class 1 has the name of another");
    options = with_classes(); /* looking for the label's class, a row is no CSV */
    assert_no_csv(TEXT("2019,2020,label\n2.5,3.5,up\n2,\"3,down\n"), &options, DLCORE_ERROR_FORMAT,
                  "line 3, column 2: a quote is not closed");
}

static dlcore_status parse_with(const dlcore_allocator_t *allocator, void *context)
{
    static const char *const classes[] = {"up", "down"};
    static const char text[] = "a,b,label\n2.5,3.5,up\n2,3,down\n";
    dlcore_csv_options_t options = with_classes();
    dlcore_csv_t *csv = NULL;
    dlcore_status status;

    (void)context;
    options.classes = classes;
    options.class_count = 2;
    status = dlcore_csv_parse(TEXT(text), &options, allocator, &csv, NULL);
    assert_true((status == DLCORE_OK) == (csv != NULL));
    dlcore_csv_free(csv);
    return status;
}

static void test_csv_rows_with_given_classes_survive_every_failing_allocation(void **state)
{
    dlcore_allocator_t half = dlcore_allocator_default();
    dlcore_error_record_t error = {.message = ""};
    dlcore_csv_t *csv = NULL;

    (void)state;
    assert_in_range(failing_allocator_sweep(parse_with, NULL), 8, 20);
    half.allocate = NULL;
    assert_failed(dlcore_csv_parse("1\n", 2, NULL, &half, &csv, &error), DLCORE_ERROR_ARGUMENT,
                  &error, "allocate is NULL");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_csv_rows_delimiters_may_stand_behind_letters),
        cmocka_unit_test(test_csv_rows_parted_by_blanks_need_no_delimiter),
        cmocka_unit_test(test_csv_rows_a_comma_is_a_point_or_no_number),
        cmocka_unit_test(test_csv_rows_zero_bytes_are_no_marks),
        cmocka_unit_test(test_csv_rows_numbers_have_a_length_limit),
        cmocka_unit_test(test_csv_rows_a_long_label_in_the_first_row_is_refused),
        cmocka_unit_test(test_csv_rows_of_another_width_are_refused),
        cmocka_unit_test(test_csv_rows_with_comments_are_counted_as_they_are_read),
        cmocka_unit_test(test_csv_rows_quotes_reach_into_the_next_block),
        cmocka_unit_test(test_csv_rows_classes_that_are_large_numbers_are_sorted),
        cmocka_unit_test(test_csv_rows_classes_that_are_given_tell_a_header),
        cmocka_unit_test(test_csv_rows_with_given_classes_survive_every_failing_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
