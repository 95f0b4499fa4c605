/* CSV as a stream of fields: where fields and rows end, and how many rows there are.
 *
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "data/csv_reader.h"
#include "support/tensors.h"

static char buffer[DLCORE_CSV_BLOCK + 1];
static dlcore_input_t input;

static dlcore_csv_reader_t reader_over(const char *text, size_t size)
{
    dlcore_input_from_memory(&input, text, size, "x");
    return (dlcore_csv_reader_t){.input = &input, .buffer = buffer, .delimiter = ',', .quote = '"'};
}

static size_t rows_of(const char *text)
{
    dlcore_csv_reader_t reader = reader_over(text, strlen(text));
    size_t rows = 99;

    assert_int_equal(dlcore_csv_count_rows(&reader, &rows, NULL), DLCORE_OK);
    return rows;
}

static void test_csv_reader_counts_rows(void **state)
{
    (void)state;
    assert_int_equal(rows_of(""), 0);
    assert_int_equal(rows_of("\n\r\n"), 0);
    assert_int_equal(rows_of("a"), 1);
    assert_int_equal(rows_of("a\nb\n"), 2);
    assert_int_equal(rows_of("a\r\nb\r\n\r\n"), 2);
    assert_int_equal(rows_of("\"a\nb\"\nc"), 2);
    assert_int_equal(rows_of("\"a\"\"\n\"\"b\"\n\nc\n"), 2);
    assert_int_equal(rows_of("\xEF\xBB\xBF"), 0);
}

static void test_csv_reader_fields_follow_each_other(void **state)
{
    static const char text[] = "a, b ,\"c,\"\"d\"\"\",\n\"\",e\r\nf";
    static const struct {
        const char *text;
        size_t line;
        bool row_ended, quoted;
    } fields[] = {{"a", 1, false, false}, {"b", 1, false, false}, {"c,\"d\"", 1, false, true},
                  {"", 1, true, false},   {"", 2, false, true},   {"e", 2, true, false},
                  {"f", 3, true, false}};
    dlcore_csv_reader_t reader = reader_over(text, sizeof text - 1);
    bool follows;

    (void)state;
    assert_int_equal(dlcore_csv_rewind(&reader, NULL), DLCORE_OK);
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        dlcore_csv_field_t field;

        assert_int_equal(dlcore_csv_next_field(&reader, i, &field, NULL), DLCORE_OK);
        assert_int_equal(field.length, strlen(fields[i].text));
        assert_memory_equal(field.text, fields[i].text, field.length);
        assert_int_equal(field.line, fields[i].line);
        assert_int_equal(field.quoted, fields[i].quoted);
        assert_int_equal(reader.row_ended, fields[i].row_ended);
    }
    assert_int_equal(dlcore_csv_next_row(&reader, &follows, NULL), DLCORE_OK);
    assert_false(follows);
}

/* A field of 32,768 bytes is the longest, wherever the block ends. */
static void test_csv_reader_longest_field(void **state)
{
    static char text[5 * DLCORE_CSV_BLOCK];

    (void)state;
    for (int quoted = 0; quoted < 2; quoted++)
        for (size_t length = DLCORE_CSV_FIELD_MAX - 1; length <= DLCORE_CSV_FIELD_MAX + 1; length++)
            for (size_t before = DLCORE_CSV_BLOCK - DLCORE_CSV_FIELD_MAX - 4;
                 before < DLCORE_CSV_BLOCK - DLCORE_CSV_FIELD_MAX + 2; before++) {
                dlcore_csv_reader_t reader = reader_over(text, sizeof text);
                dlcore_csv_field_t field;
                dlcore_error_record_t error = {.message = ""};
                dlcore_status status;

                memset(text, ',', sizeof text);
                memset(text + before, 'x', length);
                if (quoted)
                    text[before] = text[before + length - 1] = '"';
                assert_int_equal(dlcore_csv_rewind(&reader, NULL), DLCORE_OK);
                for (size_t i = 0; i < before; i++)
                    assert_int_equal(dlcore_csv_next_field(&reader, i, &field, NULL), DLCORE_OK);
                status = dlcore_csv_next_field(&reader, before, &field, &error);
                if (length > DLCORE_CSV_FIELD_MAX) {
                    assert_failed(status, DLCORE_ERROR_FORMAT, &error, "longer than 32768 bytes");
                    continue;
                }
                assert_int_equal(status, DLCORE_OK);
                assert_int_equal(field.length, quoted ? length - 2 : length);
                assert_int_equal(dlcore_csv_next_field(&reader, 0, &field, NULL), DLCORE_OK);
                assert_int_equal(field.length, 0);
            }
}

/* Blanks before and behind a field count towards its length, so that none runs out of the block. */
static void test_csv_reader_endless_blanks_are_refused(void **state)
{
    static char text[3 * DLCORE_CSV_BLOCK];

    (void)state;
    for (int quoted = 0; quoted < 3; quoted++) {
        dlcore_csv_reader_t reader = reader_over(text, sizeof text);
        dlcore_csv_field_t field;
        dlcore_error_record_t error = {.message = ""};

        memset(text, ' ', sizeof text);
        if (quoted > 0)
            text[0] = text[2] = '"';
        if (quoted == 1)
            text[1] = 'a';
        if (quoted == 2)
            memset(text + 1, 'x', sizeof text - 1);
        assert_int_equal(dlcore_csv_rewind(&reader, NULL), DLCORE_OK);
        assert_failed(dlcore_csv_next_field(&reader, 0, &field, &error), DLCORE_ERROR_FORMAT,
                      &error, "longer than 32768 bytes");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_csv_reader_counts_rows),
        cmocka_unit_test(test_csv_reader_fields_follow_each_other),
        cmocka_unit_test(test_csv_reader_longest_field),
        cmocka_unit_test(test_csv_reader_endless_blanks_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
