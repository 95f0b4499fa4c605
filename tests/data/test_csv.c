/* CSV files to tensors: options, headers, labels, messages with their places, failing allocations.
 *
 * SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "dlcore/data.h"
#include "support/failing_allocator.h"
#include "support/idx_bytes.h"
#include "support/size_text.h"
#include "support/tensors.h"

static dlcore_csv_t *parse(const char *text, const dlcore_csv_options_t *options)
{
    dlcore_error_record_t error = {.message = ""};
    dlcore_csv_t *csv = NULL;

    if (dlcore_csv_parse(text, strlen(text), options, NULL, &csv, &error) != DLCORE_OK)
        fail_msg("%s", error.message);
    return csv;
}

static void assert_refused(const char *text, const dlcore_csv_options_t *options,
                           dlcore_status status, const char *message)
{
    dlcore_error_record_t error = {.message = ""};
    dlcore_csv_t *csv = (dlcore_csv_t *)(void *)&error;

    assert_failed(dlcore_csv_parse(text, strlen(text), options, NULL, &csv, &error), status, &error,
                  message);
    assert_null(csv);
}

static dlcore_csv_options_t with_label(dlcore_csv_label_t kind, const char *name)
{
    dlcore_csv_options_t options = dlcore_csv_options_default();

    options.label_kind = kind;
    options.label.name = name;
    return options;
}

static const char iris[] = "sepal_length,sepal_width,species\n"
                           "5.1,3.5,setosa\n"
                           "6.3,3.3,virginica\n"
                           "7,3.2,versicolor\n"
                           "4.9,3,setosa\n";

static void test_csv_classes_are_numbered_in_their_order(void **state)
{
    dlcore_csv_options_t options = with_label(DLCORE_CSV_LABEL_CLASSES, "species");
    dlcore_csv_t *csv = parse(iris, &options);

    (void)state;
    assert_floats(dlcore_csv_x(csv), SHAPE(4, 2),
                  (float[]){5.1F, 3.5F, 6.3F, 3.3F, 7, 3.2F, 4.9F, 3});
    assert_ints(dlcore_csv_y(csv), SHAPE(4), (int32_t[]){0, 2, 1, 0});
    assert_int_equal(dlcore_csv_class_count(csv), 3);
    assert_string_equal(dlcore_csv_class_name(csv, 0), "setosa");
    assert_string_equal(dlcore_csv_class_name(csv, 1), "versicolor");
    assert_string_equal(dlcore_csv_class_names(csv)[2], "virginica");
    assert_null(dlcore_csv_class_name(csv, 3));
    assert_int_equal(dlcore_csv_column_count(csv), 3);
    assert_string_equal(dlcore_csv_column_name(csv, 2), "species");
    assert_null(dlcore_csv_column_name(csv, 3));
    assert_string_equal(dlcore_csv_feature_name(csv, 1), "sepal_width");
    assert_null(dlcore_csv_feature_name(csv, 2));
    dlcore_csv_free(csv);
}

static void test_csv_file_and_memory_agree(void **state)
{
    dlcore_csv_t *csv = NULL;

    (void)state;
    assert_int_equal(dlcore_csv_load(scratch_file("a.csv", "1,2\n3,4", 7), NULL, NULL, &csv, NULL),
                     DLCORE_OK);
    assert_floats(dlcore_csv_x(csv), SHAPE(2, 2), (float[]){1, 2, 3, 4});
    assert_null(dlcore_csv_y(csv));
    assert_null(dlcore_csv_column_name(csv, 0));
    assert_null(dlcore_csv_feature_name(csv, 0));
    assert_int_equal(dlcore_csv_class_count(csv), 0);
    assert_null(dlcore_csv_class_names(csv));
    dlcore_csv_free(csv);
}

static void test_csv_features_and_labels_by_name_and_number(void **state)
{
    const dlcore_csv_column_t features[] = {{.name = "c"}, {.number = 0}, {.number = -2}};
    dlcore_csv_options_t options = with_label(DLCORE_CSV_LABEL_NUMBER, "b");
    dlcore_csv_t *csv;

    (void)state;
    options.features = features;
    options.feature_count = 3;
    csv = parse("a,b,c,d,note\n1,2,3,4,some text\n5,6,7,8,\n", &options);
    assert_floats(dlcore_csv_x(csv), SHAPE(2, 3), (float[]){3, 1, 4, 7, 5, 8});
    assert_floats(dlcore_csv_y(csv), SHAPE(2), (float[]){2, 6});
    assert_string_equal(dlcore_csv_feature_name(csv, 0), "c");
    assert_string_equal(dlcore_csv_feature_name(csv, 2), "d");
    dlcore_csv_free(csv);
}

static void test_csv_header_is_found_or_told(void **state)
{
    static const dlcore_csv_column_t first_two[] = {{.number = 0}, {.number = 1}};
    dlcore_csv_options_t options = dlcore_csv_options_default();
    dlcore_csv_t *csv = parse("a,b\n1,2\n", NULL);

    (void)state;
    assert_floats(dlcore_csv_x(csv), SHAPE(1, 2), (float[]){1, 2});
    dlcore_csv_free(csv);
    options.header = DLCORE_CSV_HEADER_YES;
    csv = parse("0,1\n3,4\n", &options);
    assert_floats(dlcore_csv_x(csv), SHAPE(1, 2), (float[]){3, 4});
    assert_string_equal(dlcore_csv_column_name(csv, 1), "1");
    dlcore_csv_free(csv);
    options.header = DLCORE_CSV_HEADER_NO;
    assert_refused("a,b\n1,2\n", &options, DLCORE_ERROR_FORMAT,
                   "CSV data: line 1, column 1: \"a\" is not a number");
    assert_refused("1,,2\n1,2,3\n", NULL, DLCORE_ERROR_FORMAT, "line 1, column 2: missing value");
    options.features = first_two;
    options.feature_count = 2; /* and no label */
    assert_refused("1,,2\n1,2,3\n", &options, DLCORE_ERROR_FORMAT,
                   "line 1, column 2: missing value; if this row is a header, set options.header");
    assert_refused("1,?,2\n1,2,3\n", &options, DLCORE_ERROR_FORMAT,
                   "line 1, column 2: missing value; if this row is a header, set options.header");
    options = with_label(DLCORE_CSV_LABEL_NUMBER, "1");
    csv = parse("0,1\n3,4\n", &options); /* named, so there is a header */
    assert_floats(dlcore_csv_x(csv), SHAPE(1, 1), (float[]){3});
    dlcore_csv_free(csv);
}

static void test_csv_messages_show_tabs_as_such(void **state)
{
    dlcore_csv_options_t options = dlcore_csv_options_default();

    (void)state;
    options.label_kind = DLCORE_CSV_LABEL_CLASSES;
    options.label.name = "c";
    assert_refused("a\tb\tc\n1\t2\tx\n", &options, DLCORE_ERROR_NAME, "\"a\\tb\\tc\"");
    assert_refused("a\x1b\tb\tc\n1\t2\tx\n", &options, DLCORE_ERROR_NAME, "\"a?\\tb\\tc\"");
    assert_refused("123456789\t123456789\t1234567\tc\n1\t2\n", &options, DLCORE_ERROR_NAME,
                   "\"123456789\\t123456789\\t1234567...\"");
}

static void test_csv_delimiters_quotes_and_line_ends(void **state)
{
    dlcore_csv_options_t options = with_label(DLCORE_CSV_LABEL_CLASSES, NULL);
    dlcore_csv_t *csv;

    (void)state;
    csv = parse("\xEF\xBB\xBFx,\"the \"\"label\"\"\"\r\n \"1.5\" , \"a,\nb\"\r\n2,\"\"\"\"\r\n\r\n",
                &options);
    assert_floats(dlcore_csv_x(csv), SHAPE(2, 1), (float[]){1.5F, 2});
    assert_string_equal(dlcore_csv_column_name(csv, 0), "x");
    assert_string_equal(dlcore_csv_column_name(csv, 1), "the \"label\"");
    assert_string_equal(dlcore_csv_class_name(csv, 0), "\"");
    assert_string_equal(dlcore_csv_class_name(csv, 1), "a,\nb");
    dlcore_csv_free(csv);
    options = dlcore_csv_options_default();
    options.delimiter = ';';
    options.quote = '\'';
    csv = parse("1;'2'\n3; 4", &options);
    assert_floats(dlcore_csv_x(csv), SHAPE(2, 2), (float[]){1, 2, 3, 4});
    dlcore_csv_free(csv);
    options.delimiter = '\t';
    options.quote = '\0';
    csv = parse("a'\t\"b\n1\t2\n", &options);
    assert_string_equal(dlcore_csv_column_name(csv, 1), "\"b");
    assert_floats(dlcore_csv_x(csv), SHAPE(1, 2), (float[]){1, 2});
    dlcore_csv_free(csv);
}

static void test_csv_what_is_wrong_is_named_with_its_place(void **state)
{
    static const struct {
        const char *text;
        dlcore_status status;
        const char *message;
    } cases[] = {
        {"", DLCORE_ERROR_FORMAT, "CSV data: empty"},
        {"\n\n", DLCORE_ERROR_FORMAT, "CSV data: empty"},
        {"a,b\n", DLCORE_ERROR_FORMAT, "no rows below the header"},
        {"a,b\n1,2\n3,\n", DLCORE_ERROR_FORMAT, "line 3, column 2 (b): missing value"},
        {"a,b\n1,2\n?,1\n", DLCORE_ERROR_FORMAT, "line 3, column 1 (a): missing value"},
        {"a,b\n1,2\n1,NaN\n", DLCORE_ERROR_FORMAT, "line 3, column 2 (b): missing value"},
        {"a,b\n1,2\n1,inf\n", DLCORE_ERROR_FORMAT, "line 3, column 2 (b): \"inf\" is not a number"},
        {"a,b\n1,2\n1,1e39\n", DLCORE_ERROR_RANGE, "line 3, column 2 (b): 1e39 is too large"},
        {"a,b\n1,2\n1,1.2.3\n", DLCORE_ERROR_FORMAT, "\"1.2.3\" is not a number"},
        {"a,b\n1,2\n1,0x10\n", DLCORE_ERROR_FORMAT, "\"0x10\" is not a number"},
        {"1,2\n3\n", DLCORE_ERROR_FORMAT,
         "line 2: 1 column, but the first row has 2 (delimiter ',')"},
        {"1,2\n3,4,5\n", DLCORE_ERROR_FORMAT,
         "line 2: 3 columns, but the first row has 2 (delimiter ',')"},
        {"1,2\n\n3,4\n", DLCORE_ERROR_FORMAT, "line 2 is blank"},
        {"\n1,2\n", DLCORE_ERROR_FORMAT, "line 1 is blank"},
        {"1,2\n\"3\n4\",5\n", DLCORE_ERROR_FORMAT, "line 2, column 1: \"3?4\" is not a number"},
        {"a,b\n\"1\",\"\n", DLCORE_ERROR_FORMAT, "line 2, column 2: a quote is not closed"},
        {"a,b\n\"1\"2,3\n", DLCORE_ERROR_FORMAT, "line 2, column 1: text after a closing quote"},
        {"a,b\n1\"2\",3\n", DLCORE_ERROR_FORMAT, "line 2, column 1: a quote inside a field"},
        {"a,b\n1\r2,3\n", DLCORE_ERROR_FORMAT, "column 1: a carriage return without a newline"},
        {"\xFF\xFE\x31\x00", DLCORE_ERROR_UNSUPPORTED, "UTF-16"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_refused(cases[i].text, NULL, cases[i].status, cases[i].message);
}

static void test_csv_line_numbers_count_newlines_in_quotes(void **state)
{
    dlcore_csv_options_t options = with_label(DLCORE_CSV_LABEL_CLASSES, NULL);

    (void)state;
    assert_refused("1,\"a\n\n\nb\"\n2,b\nx,c\n", &options, DLCORE_ERROR_FORMAT,
                   "line 6, column 1: \"x\" is not a number");
}

static void test_csv_known_classes_keep_their_numbers(void **state)
{
    static const char *const names[] = {"virginica", "setosa", "other", "versicolor"};
    dlcore_csv_options_t options = with_label(DLCORE_CSV_LABEL_CLASSES, NULL);
    dlcore_csv_t *csv;

    (void)state;
    options.classes = names;
    options.class_count = 4;
    csv = parse(iris, &options);
    assert_ints(dlcore_csv_y(csv), SHAPE(4), (int32_t[]){1, 0, 3, 1});
    assert_int_equal(dlcore_csv_class_count(csv), 4);
    for (size_t i = 0; i < 4; i++)
        assert_string_equal(dlcore_csv_class_name(csv, i), names[i]);
    dlcore_csv_free(csv);
    options.class_count = 2;
    assert_refused(iris, &options, DLCORE_ERROR_NAME,
                   "line 4, column 3 (species): \"versicolor\" is none of the 2 classes "
                   "\"setosa\", \"virginica\"");
}

/* Of a long word the beginning, of many classes as many as there is room for. */
static void test_csv_unknown_class_is_named_within_bounds(void **state)
{
    enum { CLASSES = 50 };
    static char texts[CLASSES][8];
    const char *names[CLASSES];
    dlcore_csv_options_t options = with_label(DLCORE_CSV_LABEL_CLASSES, NULL);
    char bytes[200];

    (void)state;
    for (size_t i = 0; i < CLASSES; i++) {
        snprintf(texts[i], sizeof texts[i], "c%02zu", i);
        names[i] = texts[i];
    }
    options.classes = names;
    options.class_count = CLASSES;
    snprintf(bytes, sizeof bytes, "1,c00\n2,%0100d\n", 7);
    assert_refused(bytes, &options, DLCORE_ERROR_NAME,
                   "line 2, column 2: \"000000000000000000000000000000...\" is none of the 50 "
                   "classes \"c00\", \"c01\", \"c02\", ");
    assert_refused(bytes, &options, DLCORE_ERROR_NAME, "\"c13\", ...");
    assert_refused("1,c00\n2,a\033[2Jb\n", &options, DLCORE_ERROR_NAME, "\"a?[2Jb\" is none");
}

static void test_csv_classes_that_are_missing_are_refused(void **state)
{
    dlcore_csv_options_t options = with_label(DLCORE_CSV_LABEL_CLASSES, NULL);
    dlcore_csv_t *csv;

    (void)state;
    assert_refused("1,a\n2,\n", &options, DLCORE_ERROR_FORMAT, "line 2, column 2: missing value");
    assert_refused("1,a\n2,\"\"\n", &options, DLCORE_ERROR_FORMAT, "missing value");
    assert_refused("1,a\n2,N/A\n", &options, DLCORE_ERROR_FORMAT, "missing value");
    assert_refused("1,a\n2,null\n", &options, DLCORE_ERROR_FORMAT, "missing value");
    assert_refused("1,a\n2,?\n", &options, DLCORE_ERROR_FORMAT, "missing value");
    csv = parse("1,a\n2,\"NA\"\n", &options);
    assert_string_equal(dlcore_csv_class_name(csv, 0), "NA");
    dlcore_csv_free(csv);
}

static void assert_class_names(const char *text, size_t count, const char *const *names)
{
    dlcore_csv_options_t options = with_label(DLCORE_CSV_LABEL_CLASSES, NULL);
    dlcore_csv_t *csv = parse(text, &options);

    assert_int_equal(dlcore_csv_class_count(csv), count);
    for (size_t i = 0; i < count; i++)
        assert_string_equal(dlcore_csv_class_name(csv, i), names[i]);
    dlcore_csv_free(csv);
}

/* Namibia and sodium; but R writes NA for a value that is missing, and then names in quotes. */
static void test_csv_classes_na_is_a_name_among_words(void **state)
{
    static const char *const countries[] = {"DE", "FR", "NA"}, *const elements[] = {"K", "Na"};
    dlcore_csv_options_t options = with_label(DLCORE_CSV_LABEL_CLASSES, NULL);
    dlcore_csv_t *csv;

    (void)state;
    assert_class_names("size,country\n1,FR\n2,NA\n3,DE\n", 3, countries);
    assert_class_names("size,element\n1,Na\n2,K\n", 2, elements);
    assert_refused("a,b\n1,\"FR\"\n2,NA\n3,\"DE\"\n", &options, DLCORE_ERROR_FORMAT,
                   "line 3, column 2 (b): missing value; NA is a class in quotes, or where");
    assert_refused("a,b\n1,0\n2,1\n3,NA\n", &options, DLCORE_ERROR_FORMAT,
                   "line 4, column 2 (b): missing value");
    assert_refused("a,b\n1,NA\n2,NA\n", &options, DLCORE_ERROR_FORMAT,
                   "line 2, column 2 (b): missing value");
    assert_refused("a,b\n1,FR\nNA,DE\n", &options, DLCORE_ERROR_FORMAT,
                   "line 3, column 1 (a): missing value");
    options.classes = countries;
    options.class_count = 3;
    csv = parse("a,b\n1,NA\n2,\"NA\"\n", &options); /* they were said to be names */
    assert_ints(dlcore_csv_y(csv), SHAPE(2), (int32_t[]){2, 2});
    dlcore_csv_free(csv);
    options.class_count = 2;
    assert_refused("a,b\n1,FR\n2,NA\n", &options, DLCORE_ERROR_FORMAT,
                   "line 3, column 2 (b): missing");
}

/* Rows and fields that lie across the blocks that the file is read in. */
static void test_csv_long_files_are_whole(void **state)
{
    enum { ROWS = 30000 };
    bytes_t file = {0};
    dlcore_csv_options_t options = with_label(DLCORE_CSV_LABEL_CLASSES, NULL);
    dlcore_csv_t *csv = NULL;
    const float *x;
    const int32_t *y;

    (void)state;
    for (int i = 0; i < ROWS; i++) {
        char row[100];

        bytes_add(&file, row,
                  (size_t)snprintf(row, sizeof row, "%d,%d.25,%s\"c%d\"\r\n", i, -i,
                                   i % 3 == 0 ? "  " : "", i % 7));
    }
    assert_int_equal(
        dlcore_csv_load(scratch_file("long.csv", file.data, file.size), &options, NULL, &csv, NULL),
        DLCORE_OK);
    assert_int_equal(dlcore_tensor_length(dlcore_csv_x(csv), 0), ROWS);
    x = dlcore_tensor_data_const(dlcore_csv_x(csv));
    y = dlcore_tensor_data_const(dlcore_csv_y(csv));
    for (int i = 0; i < ROWS; i++) {
        assert_true(x[2 * i] == (float)i);
        assert_true(x[2 * i + 1] == (i == 0 ? 0.25F : -(float)i - 0.25F) || i == 0);
        assert_int_equal(y[i], i % 7);
    }
    dlcore_csv_free(csv);
    bytes_free(&file);
}

static void test_csv_bad_arguments_are_refused(void **state)
{
    dlcore_csv_options_t options = dlcore_csv_options_default();
    dlcore_error_record_t error;
    dlcore_csv_t *csv;

    (void)state;
    assert_failed(dlcore_csv_load(NULL, NULL, NULL, &csv, &error), DLCORE_ERROR_ARGUMENT, &error,
                  "path is NULL");
    assert_null(csv);
    assert_failed(dlcore_csv_load("x", NULL, NULL, NULL, &error), DLCORE_ERROR_ARGUMENT, &error,
                  "out is NULL");
    assert_failed(dlcore_csv_parse(NULL, 0, NULL, NULL, &csv, &error), DLCORE_ERROR_ARGUMENT,
                  &error, "bytes is NULL");
    assert_failed(dlcore_csv_load("/no/such.csv", NULL, NULL, &csv, &error), DLCORE_ERROR_IO,
                  &error, "/no/such.csv: cannot open");
    assert_refused("1", &(dlcore_csv_options_t){0}, DLCORE_ERROR_ARGUMENT, "csv");
    options.delimiter = '"';
    assert_refused("1", &options, DLCORE_ERROR_ARGUMENT,
                   "csv: the delimiter '\"' and the quote '\"' must differ, and neither may be a "
                   "letter, digit, sign, point or line end");
    options.delimiter = '.';
    assert_refused("1", &options, DLCORE_ERROR_ARGUMENT, "csv: the delimiter '.' and the quote");
    options.delimiter = '\n';
    assert_refused("1", &options, DLCORE_ERROR_ARGUMENT, "csv: the delimiter 0x0a and the quote");
    options.delimiter = '\0';
    assert_refused("1", &options, DLCORE_ERROR_ARGUMENT, "csv: the delimiter is a zero byte");
    options = dlcore_csv_options_default();
    options.header = (dlcore_csv_header_t)3;
    assert_refused("1", &options, DLCORE_ERROR_ARGUMENT,
                   "csv: header 3 is unknown: known are auto, yes, no");
    options = dlcore_csv_options_default();
    options.label_kind = (dlcore_csv_label_t)9;
    assert_refused("1", &options, DLCORE_ERROR_ARGUMENT,
                   "csv: label_kind 9 is unknown: known are none, classes, number");
    options = dlcore_csv_options_default();
    options.feature_count = 1;
    assert_refused("1", &options, DLCORE_ERROR_ARGUMENT, "features is NULL");
    options.feature_count = 0;
    options.class_count = 1;
    assert_refused("1", &options, DLCORE_ERROR_ARGUMENT, "classes is NULL");
    options = dlcore_csv_options_default();
    options.features = &(dlcore_csv_column_t){.number = 0};
    options.feature_count = (size_t)-1;
    assert_refused("1", &options, DLCORE_ERROR_ARGUMENT, "csv: feature_count is " SIZE_MAX_TEXT);
    options.feature_count = 65537;
    assert_refused("1", &options, DLCORE_ERROR_ARGUMENT,
                   "csv: feature_count is 65537, files have up to 65536 columns");
    options = dlcore_csv_options_default();
    options.classes = (const char *const[]){"a"};
    options.label_kind = DLCORE_CSV_LABEL_CLASSES;
    options.class_count = (size_t)-1;
    assert_refused("1", &options, DLCORE_ERROR_ARGUMENT, "csv: class_count is " SIZE_MAX_TEXT);
    options.class_count = 10001;
    assert_refused("1", &options, DLCORE_ERROR_ARGUMENT,
                   "csv: class_count is 10001, more than 10000 classes");
    dlcore_csv_free(NULL);
    assert_null(dlcore_csv_x(NULL));
    assert_null(dlcore_csv_y(NULL));
    assert_int_equal(dlcore_csv_column_count(NULL), 0);
    assert_null(dlcore_csv_column_name(NULL, 0));
    assert_null(dlcore_csv_feature_name(NULL, 0));
    assert_int_equal(dlcore_csv_class_count(NULL), 0);
    assert_null(dlcore_csv_class_name(NULL, 0));
    assert_null(dlcore_csv_class_names(NULL));
}

static dlcore_status load_with(const dlcore_allocator_t *allocator, void *context)
{
    dlcore_csv_t *csv = (dlcore_csv_t *)context;
    dlcore_csv_options_t options = with_label(DLCORE_CSV_LABEL_CLASSES, "species");
    dlcore_status status =
        dlcore_csv_load(scratch_path("oom.csv"), &options, allocator, &csv, NULL);

    if (status != DLCORE_OK)
        assert_null(csv);
    dlcore_csv_free(csv);
    return status;
}

static void test_csv_load_survives_every_failing_allocation(void **state)
{
    char unused;

    (void)state;
    scratch_file("oom.csv", iris, sizeof iris - 1);
    assert_in_range(failing_allocator_sweep(load_with, &unused), 8, 16);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_csv_classes_are_numbered_in_their_order),
        cmocka_unit_test(test_csv_file_and_memory_agree),
        cmocka_unit_test(test_csv_features_and_labels_by_name_and_number),
        cmocka_unit_test(test_csv_header_is_found_or_told),
        cmocka_unit_test(test_csv_messages_show_tabs_as_such),
        cmocka_unit_test(test_csv_delimiters_quotes_and_line_ends),
        cmocka_unit_test(test_csv_what_is_wrong_is_named_with_its_place),
        cmocka_unit_test(test_csv_line_numbers_count_newlines_in_quotes),
        cmocka_unit_test(test_csv_known_classes_keep_their_numbers),
        cmocka_unit_test(test_csv_unknown_class_is_named_within_bounds),
        cmocka_unit_test(test_csv_classes_that_are_missing_are_refused),
        cmocka_unit_test(test_csv_classes_na_is_a_name_among_words),
        cmocka_unit_test(test_csv_long_files_are_whole),
        cmocka_unit_test(test_csv_bad_arguments_are_refused),
        cmocka_unit_test(test_csv_load_survives_every_failing_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, scratch_remove);
}
