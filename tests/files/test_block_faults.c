/* Text files of more than one block: each read fails in turn, with each byte of a row at the
 * border, so that every place that asks for more bytes is told that there are none to be had.
 *
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "data/csv_reader.h"
#include "dlcore.h"
#include "support/failing_allocator.h"
#include "support/failing_read.h"
#include "support/idx_bytes.h"
#include "support/tensors.h"

enum { TEXT_SIZE = DLCORE_CSV_BLOCK + 4096 };

typedef dlcore_status read_text_t(const char *path, const dlcore_allocator_t *allocator,
                                  dlcore_error_record_t *error);

/* ---- formats ---- */

static dlcore_status read_csv(const char *path, const dlcore_csv_options_t *options,
                              const dlcore_allocator_t *allocator, dlcore_error_record_t *error)
{
    dlcore_csv_t *csv = NULL;
    dlcore_status status = dlcore_csv_load(path, options, allocator, &csv, error);

    assert_true((status == DLCORE_OK) == (csv != NULL));
    dlcore_csv_free(csv);
    return status;
}

static dlcore_status read_numbers(const char *path, const dlcore_allocator_t *allocator,
                                  dlcore_error_record_t *error)
{
    return read_csv(path, NULL, allocator, error);
}

static dlcore_status read_classes(const char *path, const dlcore_allocator_t *allocator,
                                  dlcore_error_record_t *error)
{
    dlcore_csv_options_t options = dlcore_csv_options_default();

    options.label_kind = DLCORE_CSV_LABEL_CLASSES;
    options.comment = '#';
    return read_csv(path, &options, allocator, error);
}

static dlcore_status read_blanks(const char *path, const dlcore_allocator_t *allocator,
                                 dlcore_error_record_t *error)
{
    dlcore_csv_options_t options = dlcore_csv_options_default();
    const dlcore_csv_column_t labels[] = {{.number = 0}, {.number = -1}};

    options.label_kind = DLCORE_CSV_LABEL_NUMBER;
    options.labels = labels;
    options.label_count = 2;
    options.blank_runs = true;
    options.decimal = ',';
    return read_csv(path, &options, allocator, error);
}

static dlcore_status read_pairs(const char *path, const dlcore_allocator_t *allocator,
                                dlcore_error_record_t *error)
{
    dlcore_tensor_t *x = NULL, *y = NULL;
    dlcore_status status = dlcore_svmlight_load(path, NULL, allocator, &x, &y, error);

    assert_true((status == DLCORE_OK) == (x != NULL) && (x != NULL) == (y != NULL));
    dlcore_tensor_free(x);
    dlcore_tensor_free(y);
    return status;
}

/* Everything that goes through a table's file: loading, learning, applying, splitting. */
static dlcore_status use_table(const dlcore_table_t *table, dlcore_error_record_t *error)
{
    dlcore_schema_options_t options = dlcore_schema_options_default();
    dlcore_split_options_t parts = dlcore_split_options_default();
    dlcore_schema_t *schema = NULL;
    dlcore_tensor_t *x = NULL, *y = NULL;
    dlcore_table_split_t split = {0};
    dlcore_status status;

    options.target = "kind";

    parts.stratify = true;
    status = dlcore_schema_fit(table, NULL, &options, &schema, error);
    if (status == DLCORE_OK)
        status = dlcore_schema_apply(schema, table, NULL, &x, &y, error);
    if (status == DLCORE_OK)
        status = dlcore_table_split(table, "kind", &parts, &split, error);
    dlcore_table_split_free(&split);
    dlcore_tensor_free(x);
    dlcore_tensor_free(y);
    dlcore_schema_free(schema);
    return status;
}

static dlcore_status read_table(const char *path, const dlcore_allocator_t *allocator,
                                dlcore_error_record_t *error)
{
    dlcore_table_options_t options = dlcore_table_options_default();
    dlcore_table_t *table = NULL;
    dlcore_status status;

    options.in_memory = false;
    options.comment = '#';
    status = dlcore_table_load(path, &options, allocator, &table, error);
    if (status == DLCORE_OK)
        status = use_table(table, error);
    dlcore_table_free(table);
    return status;
}

/* A row that takes a 40th of a block: the rows by which the delimiter is found take more than one.
 */
static char wide_row[DLCORE_CSV_BLOCK / 40 + 1];

static int make_wide_row(void **state)
{
    (void)state;
    memset(wide_row, 'w', sizeof wide_row - 1);
    memcpy(wide_row + sizeof wide_row - 6, ", |1\n", 6);
    return 0;
}

static dlcore_status read_wide_table(const char *path, const dlcore_allocator_t *allocator,
                                     dlcore_error_record_t *error)
{
    dlcore_table_options_t options = dlcore_table_options_default();
    dlcore_table_t *table = NULL;
    dlcore_status status;

    options.in_memory = false;
    status = dlcore_table_load(path, &options, allocator, &table, error);
    if (status == DLCORE_OK) /* whatever failed, no other delimiter was found */
        assert_int_equal(dlcore_table_column_count(table), 2);
    dlcore_table_free(table);
    return status;
}

static const struct {
    const char *name, *header, *row;
    read_text_t *read;
} formats[] = {
    {"numbers", "a,b\r\n", "1.5,-2\r\n", read_numbers},
    {"classes", "a,b,kind # of tree\n", "1,\"2\",oak # tall\n", read_classes},
    {"blanks", "", "1,5 \t2 3\n", read_blanks},
    {"pairs", "# label, pairs\n", "1 qid:7 2:0.5 4:1 # x\n\n", read_pairs},
    {"wide table", "a|b\n", wide_row, read_wide_table},
    {"table", "when,a,kind # of tree\n", "2026-05-13, 2.5 ,\"oak\"# tall\n", read_table},
};

enum { FORMATS = sizeof formats / sizeof formats[0] };

/* A file of that format whose rows are moved on by `shift` blanks. The last row is another one. */
static void write_text(size_t format, size_t shift)
{
    static char text[TEXT_SIZE + sizeof wide_row];
    size_t length =
        (size_t)snprintf(text, sizeof text, "%s%*s", formats[format].header, (int)shift, "");
    size_t row = strlen(formats[format].row);

    while (length < TEXT_SIZE) {
        memcpy(text + length, formats[format].row, row);
        length += row;
    }
    scratch_file("text", text, length);
}

/* Without losing memory. */
static dlcore_status read_one(size_t format, dlcore_error_record_t *error)
{
    failing_allocator_t memory;
    dlcore_allocator_t allocator = failing_allocator(&memory);
    dlcore_status status;

    failing_allocator_init(&memory);
    read_faults.reads = 0;
    status = formats[format].read(scratch_path("text"), &allocator, error);
    failing_allocator_assert_clean(&memory);
    return status;
}

static void fail_each(size_t format)
{
    size_t row = strlen(formats[format].row);

    for (size_t shift = 0; shift <= row; shift += 1 + row / 40) {
        size_t reads;
        dlcore_error_record_t error = {.message = ""};

        write_text(format, shift);
        read_faults = (read_faults_t){0};
        if (read_one(format, &error) != DLCORE_OK)
            fail_msg("%s: %s", formats[format].name, error.message);
        reads = read_faults.reads;
        assert_in_range(reads, 2, 100);
        for (size_t at = 1; at <= reads; at++) {
            error = (dlcore_error_record_t){.message = ""};
            read_faults = (read_faults_t){.fault_at = at, .fault = EIO};
            assert_failed(read_one(format, &error), DLCORE_ERROR_IO, &error, strerror(EIO));
        }
    }
    read_faults = (read_faults_t){0};
}

static void test_block_faults_every_read_of_csv_is_an_io_error(void **state)
{
    (void)state;
    fail_each(0);
    fail_each(1);
    fail_each(2);
}

static void test_block_faults_every_read_of_svmlight_is_an_io_error(void **state)
{
    (void)state;
    fail_each(3);
}

static void test_block_faults_every_read_of_a_table_is_an_io_error(void **state)
{
    (void)state;
    fail_each(4);
    fail_each(5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_block_faults_every_read_of_csv_is_an_io_error),
        cmocka_unit_test(test_block_faults_every_read_of_svmlight_is_an_io_error),
        cmocka_unit_test(test_block_faults_every_read_of_a_table_is_an_io_error),
    };

    return cmocka_run_group_tests(tests, make_wide_row, scratch_remove);
}
