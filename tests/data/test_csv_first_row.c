/* The first row of CSV files, as csv_load and table_load read it.
 *
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <dlcore.h>

#include "support/tensors.h"

static void test_csv_first_row_begins_behind_comments_and_blanks(void **state)
{
    static const char text[] = "# two columns\n  size   weight\n  1 2\n  3 4\n";
    dlcore_csv_options_t options = dlcore_csv_options_default();
    dlcore_table_options_t how = dlcore_table_options_default();
    dlcore_error_record_t error = {0};
    dlcore_table_t *table;
    dlcore_csv_t *csv;

    (void)state;
    options.blank_runs = how.blank_runs = true;
    options.comment = how.comment = '#';
    options.label_kind = DLCORE_CSV_LABEL_NUMBER;
    options.label.name = "weight";
    assert_int_equal(dlcore_csv_parse(text, strlen(text), &options, NULL, &csv, &error), DLCORE_OK);
    assert_string_equal(dlcore_csv_feature_name(csv, 0), "size");
    dlcore_csv_free(csv);
    assert_int_equal(dlcore_table_parse(text, strlen(text), &how, NULL, &table, &error), DLCORE_OK);
    assert_int_equal(dlcore_table_column_count(table), 2);
    assert_string_equal(dlcore_table_column_name(table, 0), "size");
    assert_string_equal(dlcore_table_column_name(table, 1), "weight");
    dlcore_table_free(table);
}

static void test_csv_first_row_zero_bytes_are_told_with_their_line(void **state)
{
    static const char text[] = "# words\n\"a\n\",b\0c\n1,2\n";
    dlcore_csv_options_t options = dlcore_csv_options_default();
    dlcore_table_options_t how = dlcore_table_options_default();
    dlcore_error_record_t error = {0};
    dlcore_table_t *table;
    dlcore_csv_t *csv;

    (void)state;
    options.comment = how.comment = '#';
    assert_failed(dlcore_csv_parse(text, sizeof text - 1, &options, NULL, &csv, &error),
                  DLCORE_ERROR_FORMAT, &error, "line 3, column 2: a zero byte");
    assert_failed(dlcore_table_parse(text, sizeof text - 1, &how, NULL, &table, &error),
                  DLCORE_ERROR_FORMAT, &error, "line 3, column 2: a zero byte");
}

static void test_csv_first_row_of_a_file_without_rows_is_refused(void **state)
{
    static const char *const texts[] = {"", "\n\n", "\xEF\xBB\xBF", "# nothing else\n"};
    dlcore_csv_options_t options = dlcore_csv_options_default();
    dlcore_table_options_t how = dlcore_table_options_default();
    dlcore_error_record_t error = {0};
    dlcore_table_t *table;
    dlcore_csv_t *csv;

    (void)state;
    options.comment = how.comment = '#';
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        assert_failed(dlcore_csv_parse(texts[i], strlen(texts[i]), &options, NULL, &csv, &error),
                      DLCORE_ERROR_FORMAT, &error, "empty");
        assert_failed(dlcore_table_parse(texts[i], strlen(texts[i]), &how, NULL, &table, &error),
                      DLCORE_ERROR_FORMAT, &error, "empty");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_csv_first_row_begins_behind_comments_and_blanks),
        cmocka_unit_test(test_csv_first_row_zero_bytes_are_told_with_their_line),
        cmocka_unit_test(test_csv_first_row_of_a_file_without_rows_is_refused),
    };

    return cmocka_run_group_tests_name("csv_first_row", tests, NULL, NULL);
}
