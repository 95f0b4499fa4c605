/* Which column is for what, and what cannot be chosen.
 *
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "dlcore/data.h"
#include "support/idx_bytes.h"
#include "support/tensors.h"

static void assert_choice(const char *text, dlcore_csv_header_t header, dlcore_csv_column_t label,
                          dlcore_csv_column_t feature, dlcore_status status, const char *message)
{
    dlcore_csv_options_t options = dlcore_csv_options_default();
    dlcore_error_record_t error = {.message = ""};
    dlcore_csv_t *csv;

    options.header = header;
    options.label_kind = DLCORE_CSV_LABEL_NUMBER;
    options.label = label;
    options.features = &feature;
    options.feature_count = 1;
    assert_failed(dlcore_csv_parse(text, strlen(text), &options, NULL, &csv, &error), status,
                  &error, message);
}

static void test_csv_columns_that_are_not_there_are_refused(void **state)
{
    const dlcore_csv_column_t first = {.number = 0}, last = {.number = -1};

    (void)state;
    assert_choice("a,b\n1,2\n", DLCORE_CSV_HEADER_AUTO, last, (dlcore_csv_column_t){.name = "c"},
                  DLCORE_ERROR_NAME, "CSV data: no column is named \"c\"; there are \"a\", \"b\"");
    assert_choice("a,a,b\n1,2,3\n", DLCORE_CSV_HEADER_AUTO, last,
                  (dlcore_csv_column_t){.name = "a"}, DLCORE_ERROR_NAME,
                  "CSV data: more than one column is named \"a\"");
    assert_choice("a,b\n1,2\n", DLCORE_CSV_HEADER_NO, (dlcore_csv_column_t){.name = "a"}, first,
                  DLCORE_ERROR_ARGUMENT,
                  "CSV data: columns cannot be named in a file without a header");
    assert_choice("a,b\n1,2\n", DLCORE_CSV_HEADER_AUTO, (dlcore_csv_column_t){.number = 2}, first,
                  DLCORE_ERROR_RANGE,
                  "CSV data: a column is asked for by number 2: the file has columns 0 to 1");
    assert_choice("a,b\n1,2\n", DLCORE_CSV_HEADER_AUTO, last, (dlcore_csv_column_t){.number = -3},
                  DLCORE_ERROR_RANGE, "by number -3: the file has columns 0 to 1");
    assert_choice("a,b\n1,2\n", DLCORE_CSV_HEADER_AUTO, last, last, DLCORE_ERROR_ARGUMENT,
                  "CSV data: column 2 is chosen twice, as two features or as a feature and "
                  "the label");
}

/* As many names as there is room for. */
static void test_csv_columns_names_that_are_listed_are_cut(void **state)
{
    char text[2000] = "", message[DLCORE_ERROR_MESSAGE_SIZE];
    dlcore_csv_options_t options = dlcore_csv_options_default();
    dlcore_error_record_t error = {0};
    dlcore_csv_t *csv;

    (void)state;
    for (size_t i = 0; i < 30; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "%scolumn_%zu",
                 i > 0 ? "," : "\x1B", i);
    strcat(text, "\n1\n");
    options.label_kind = DLCORE_CSV_LABEL_CLASSES;
    options.label.name = "Kind";
    assert_failed(dlcore_csv_parse(text, strlen(text), &options, NULL, &csv, &error),
                  DLCORE_ERROR_NAME, &error,
                  "CSV data: no column is named \"Kind\"; there are \"?column_0\", \"column_1\"");
    memcpy(message, error.message, sizeof message);
    assert_true(strlen(message) < sizeof message - 1);
    assert_string_equal(message + strlen(message) - 6, "\", ...");
}

static void test_csv_columns_words_in_the_label_hint_at_its_kind(void **state)
{
    static const char text[] = "a,kind\n1,lamb\n2,hogget\n";
    dlcore_csv_options_t options = dlcore_csv_options_default();
    dlcore_error_record_t error = {0};
    dlcore_csv_t *csv;

    (void)state;
    assert_failed(
        dlcore_csv_parse(text, sizeof text - 1, &options, NULL, &csv, &error), DLCORE_ERROR_FORMAT,
        &error,
        "line 2, column 2 (kind): \"lamb\" is not a number; for labels set label_kind, to "
        "DLCORE_CSV_LABEL_CLASSES for words");
    options.label_kind = DLCORE_CSV_LABEL_NUMBER;
    assert_failed(dlcore_csv_parse(text, sizeof text - 1, &options, NULL, &csv, &error),
                  DLCORE_ERROR_FORMAT, &error,
                  "\"lamb\" is not a number; for labels set label_kind");
    options.label.number = 0;
    assert_failed(dlcore_csv_parse(text, sizeof text - 1, &options, NULL, &csv, &error),
                  DLCORE_ERROR_FORMAT, &error, "\"lamb\" is not a number");
    assert_null(strstr(error.message, "label_kind"));
}

static void test_csv_columns_label_alone_is_refused(void **state)
{
    dlcore_csv_options_t options = dlcore_csv_options_default();
    dlcore_error_record_t error;
    dlcore_csv_t *csv;

    (void)state;
    options.label_kind = DLCORE_CSV_LABEL_CLASSES;
    assert_failed(dlcore_csv_parse("a\nb\n", 4, &options, NULL, &csv, &error), DLCORE_ERROR_FORMAT,
                  &error,
                  "CSV data: no column but the label: the first row has one column, \"a\"; the "
                  "delimiter is ',': another is set by options.delimiter");
}

/* What a file cut at the wrong places is told: the delimiter that was used, and the one it has. */
static void test_csv_columns_of_another_delimiter_name_both(void **state)
{
    static const struct {
        const char *text;
        dlcore_csv_label_t label;
        char delimiter;
        const char *message;
    } cases[] = {
        {"a;b;k\n1;2;x\n", DLCORE_CSV_LABEL_CLASSES, ',',
         "no column but the label: the first row has one column, \"a;b;k\"; options.delimiter is "
         "',', the text has ';' between its fields"},
        {"1;2;3\n", DLCORE_CSV_LABEL_CLASSES, '\t',
         "\"1;2;3\"; options.delimiter is '\\t', the text has ';' between its fields"},
        {"a;b\n1;2\n", DLCORE_CSV_LABEL_NONE, ',',
         "line 2, column 1 (a;b): \"1;2\" is not a number; options.delimiter is ',', the text has "
         "';'"},
        {"a\tb\n1\t2\n", DLCORE_CSV_LABEL_NONE, ',', "is ',', the text has '\\t' between"},
        {"a|b\n1|2\n", DLCORE_CSV_LABEL_NONE, ',', "is ',', the text has '|' between"},
        {"a,b\n1,2\n", DLCORE_CSV_LABEL_NONE, ';', "is ';', the text has ',' between"},
        {"a b\n1 2\n", DLCORE_CSV_LABEL_NONE, ',', "is ',', the text has ' ' between"},
        {"1 2\n3 4\n", DLCORE_CSV_LABEL_NONE, ',', "is ',', the text has ' ' between"},
        {"a;b\n1,5;2,5\n", DLCORE_CSV_LABEL_NONE, ',',
         "line 2: 3 columns, but the first row has 1 (delimiter ','); options.delimiter is ',', "
         "the "
         "text has ';'"},
        {"a,c;b\n1,5;2,5\n", DLCORE_CSV_LABEL_NONE, ',',
         "\"5;2\" is not a number; options.delimiter is ',', the text has ';'"},
        {"a,c;b\n1,5;2\n", DLCORE_CSV_LABEL_NONE, ',', "is ',', the text has ';' between"},
        {"a;b\n1,5;2,5\n", DLCORE_CSV_LABEL_NONE, ';',
         "\"1,5\" is not a number; numbers have a decimal point: set options.decimal"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        dlcore_csv_options_t options = dlcore_csv_options_default();
        dlcore_error_record_t error;
        dlcore_csv_t *csv;

        options.label_kind = cases[i].label;
        options.delimiter = cases[i].delimiter;
        assert_failed(
            dlcore_csv_parse(cases[i].text, strlen(cases[i].text), &options, NULL, &csv, &error),
            DLCORE_ERROR_FORMAT, &error, cases[i].message);
    }
}

static void test_csv_columns_names_cut_at_another_delimiter_are_told(void **state)
{
    static const char text[] = "a;b;k\n1;2;x\n";
    dlcore_csv_options_t options = dlcore_csv_options_default();
    dlcore_error_record_t error;
    dlcore_csv_t *csv;

    (void)state;
    options.label_kind = DLCORE_CSV_LABEL_CLASSES;
    options.label.name = "k";
    assert_failed(dlcore_csv_parse(text, sizeof text - 1, &options, NULL, &csv, &error),
                  DLCORE_ERROR_NAME, &error,
                  "CSV data: no column is named \"k\": the first row has one column, \"a;b;k\"; "
                  "options.delimiter is ',', the text has ';'");
    /* words with a blank or a comma in them are no sign of another delimiter */
    options = dlcore_csv_options_default();
    assert_failed(dlcore_csv_parse("a,b\n1,New York\n", 15, &options, NULL, &csv, &error),
                  DLCORE_ERROR_FORMAT, &error, "\"New York\" is not a number");
    assert_null(strstr(error.message, "delimiter"));
    assert_failed(dlcore_csv_parse("a,b\n1,\"5;6\"\n", 13, &options, NULL, &csv, &error),
                  DLCORE_ERROR_FORMAT, &error, "\"5;6\" is not a number");
    assert_null(strstr(error.message, "delimiter"));
}

static void test_csv_columns_zero_bytes_in_names_are_refused(void **state)
{
    dlcore_error_record_t error;
    dlcore_csv_t *csv;

    (void)state;
    assert_failed(dlcore_csv_parse("a,b\0c\n1,2\n", 10, NULL, NULL, &csv, &error),
                  DLCORE_ERROR_FORMAT, &error, "line 1, column 2: a zero byte");
}

static void test_csv_columns_at_most_65536(void **state)
{
    (void)state;
    for (size_t columns = 65536; columns <= 65537; columns++) {
        dlcore_error_record_t error = {.message = ""};
        dlcore_csv_t *csv = NULL;
        bytes_t file = {0};

        for (size_t i = 0; i < columns; i++)
            bytes_add(&file, i == 0 ? "1" : ",1", i == 0 ? 1 : 2);
        if (columns == 65536) {
            assert_int_equal(dlcore_csv_parse(file.data, file.size, NULL, NULL, &csv, &error),
                             DLCORE_OK);
            assert_int_equal(dlcore_csv_column_count(csv), 65536);
            dlcore_csv_free(csv);
        } else {
            assert_failed(dlcore_csv_parse(file.data, file.size, NULL, NULL, &csv, &error),
                          DLCORE_ERROR_OVERFLOW, &error, "more than 65536 columns");
        }
        bytes_free(&file);
    }
}

/* Messages are short and have no control characters. */
static void test_csv_columns_messages_show_fields_safely(void **state)
{
    /* of two bytes each, so that byte 30 is within one */
    static const char five[] = "\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9";
    char accents[64], shown[64];
    static const char text[] = "a\x1B[2Jb,c\n1,2\n\x07\x7Fxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx,3\n";
    dlcore_error_record_t error;
    dlcore_csv_t *csv;

    (void)state;
    assert_failed(
        dlcore_csv_parse(text, sizeof text - 1, NULL, NULL, &csv, &error), DLCORE_ERROR_FORMAT,
        &error, "line 3, column 1 (a?[2Jb): \"??xxxxxxxxxxxxxxxxxxxxxxxxxxxx...\" is not a number");
    snprintf(shown, sizeof shown, "\"x%s%s%.8s...\" is not a number", five, five, five);
    snprintf(accents, sizeof accents, "1,2\nx%s%s%s,3\n", five, five, five);
    assert_failed(dlcore_csv_parse(accents, strlen(accents), NULL, NULL, &csv, &error),
                  DLCORE_ERROR_FORMAT, &error, shown);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_csv_columns_that_are_not_there_are_refused),
        cmocka_unit_test(test_csv_columns_names_that_are_listed_are_cut),
        cmocka_unit_test(test_csv_columns_words_in_the_label_hint_at_its_kind),
        cmocka_unit_test(test_csv_columns_label_alone_is_refused),
        cmocka_unit_test(test_csv_columns_of_another_delimiter_name_both),
        cmocka_unit_test(test_csv_columns_names_cut_at_another_delimiter_are_told),
        cmocka_unit_test(test_csv_columns_zero_bytes_in_names_are_refused),
        cmocka_unit_test(test_csv_columns_at_most_65536),
        cmocka_unit_test(test_csv_columns_messages_show_fields_safely),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
