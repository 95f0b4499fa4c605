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
                  DLCORE_ERROR_NAME, "no column is named \"c\"");
    assert_choice("a,a,b\n1,2,3\n", DLCORE_CSV_HEADER_AUTO, last,
                  (dlcore_csv_column_t){.name = "a"}, DLCORE_ERROR_NAME,
                  "more than one column is named \"a\"");
    assert_choice("a,b\n1,2\n", DLCORE_CSV_HEADER_NO, (dlcore_csv_column_t){.name = "a"}, first,
                  DLCORE_ERROR_ARGUMENT, "without a header");
    assert_choice("a,b\n1,2\n", DLCORE_CSV_HEADER_AUTO, (dlcore_csv_column_t){.number = 2}, first,
                  DLCORE_ERROR_RANGE, "column 2: the file has 2");
    assert_choice("a,b\n1,2\n", DLCORE_CSV_HEADER_AUTO, last, (dlcore_csv_column_t){.number = -3},
                  DLCORE_ERROR_RANGE, "column -3: the file has 2");
    assert_choice("a,b\n1,2\n", DLCORE_CSV_HEADER_AUTO, last, last, DLCORE_ERROR_ARGUMENT,
                  "column 1 is chosen twice");
}

static void test_csv_columns_label_alone_is_refused(void **state)
{
    dlcore_csv_options_t options = dlcore_csv_options_default();
    dlcore_error_record_t error;
    dlcore_csv_t *csv;

    (void)state;
    options.label_kind = DLCORE_CSV_LABEL_CLASSES;
    assert_failed(dlcore_csv_parse("a\nb\n", 4, &options, NULL, &csv, &error), DLCORE_ERROR_FORMAT,
                  &error, "no column but the label");
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
    static const char text[] = "a\x1B[2Jb,c\n1,2\n\x07\x7Fxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx,3\n";
    dlcore_error_record_t error;
    dlcore_csv_t *csv;

    (void)state;
    assert_failed(dlcore_csv_parse(text, sizeof text - 1, NULL, NULL, &csv, &error),
                  DLCORE_ERROR_FORMAT, &error,
                  "line 3, column 1 (a?[2Jb): \"??xxxxxxxxxxxxxxxxxxxxxxxxxxxx...\" is no number");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_csv_columns_that_are_not_there_are_refused),
        cmocka_unit_test(test_csv_columns_label_alone_is_refused),
        cmocka_unit_test(test_csv_columns_zero_bytes_in_names_are_refused),
        cmocka_unit_test(test_csv_columns_at_most_65536),
        cmocka_unit_test(test_csv_columns_messages_show_fields_safely),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
