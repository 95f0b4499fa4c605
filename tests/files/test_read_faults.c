/* Every read of .npy, CSV and model files failing in turn.
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

#include "dlcore/data.h"
#include "dlcore/file.h"
#include "support/failing_allocator.h"
#include "support/failing_read.h"
#include "support/idx_bytes.h"
#include "support/small_model.h"
#include "support/tensors.h"

enum { ROWS = 300, COLUMNS = 3 };

/* Reads a file of a format; what comes out must be right. */
typedef dlcore_status read_file_t(const char *path, const dlcore_allocator_t *allocator,
                                  dlcore_error_record_t *error);

static void check_table(const dlcore_tensor_t *table)
{
    const float *values = dlcore_tensor_data_const(table);

    assert_int_equal(dlcore_tensor_size(table), ROWS * COLUMNS);
    for (size_t i = 0; i < (size_t)ROWS * COLUMNS; i++)
        assert_true(values[i] == (float)i);
}

static dlcore_status read_npy(const char *path, const dlcore_allocator_t *allocator,
                              dlcore_error_record_t *error)
{
    dlcore_tensor_t *table = NULL;
    dlcore_status status = dlcore_npy_load(path, allocator, &table, error);

    if (status == DLCORE_OK)
        check_table(table);
    else
        assert_null(table);
    dlcore_tensor_free(table);
    return status;
}

static dlcore_status read_csv(const char *path, const dlcore_allocator_t *allocator,
                              dlcore_error_record_t *error)
{
    dlcore_csv_t *csv = NULL;
    dlcore_status status = dlcore_csv_load(path, NULL, allocator, &csv, error);

    if (status == DLCORE_OK)
        check_table(dlcore_csv_x(csv));
    else
        assert_null(csv);
    dlcore_csv_free(csv);
    return status;
}

static dlcore_status read_model(const char *path, const dlcore_allocator_t *allocator,
                                dlcore_error_record_t *error)
{
    dlcore_load_options_t options = dlcore_load_options_default();
    dlcore_model_t *model = NULL;
    dlcore_status status;

    options.model.allocator = *allocator;
    options.model.threads = 1;
    options.require_checksum = true;
    options.error = error;
    status = dlcore_model_load(path, &options, &model);
    assert_true((status == DLCORE_OK) == (model != NULL));
    dlcore_model_free(model);
    return status;
}

static const struct {
    const char *name;
    read_file_t *read;
} formats[] = {{"table.npy", read_npy}, {"table.csv", read_csv}, {"model", read_model}};

enum { FORMATS = sizeof formats / sizeof formats[0] };

static int make_files(void **state)
{
    static char text[ROWS * COLUMNS * 8];
    float values[ROWS * COLUMNS];
    dlcore_tensor_t *table;
    size_t length = 0, size;
    unsigned char *model = small_model_file(&size);

    (void)state;
    for (size_t i = 0; i < (size_t)ROWS * COLUMNS; i++) {
        values[i] = (float)i;
        length += (size_t)snprintf(text + length, sizeof text - length, "%zu%s", i,
                                   i % COLUMNS == COLUMNS - 1 ? "\n" : ",");
    }
    table = tensor_of_floats(SHAPE(ROWS, COLUMNS), values);
    scratch_file("table.npy", values, 4); /* makes the folder */
    assert_int_equal(dlcore_npy_save(scratch_path("table.npy"), table, NULL), DLCORE_OK);
    scratch_file("table.csv", text, length);
    scratch_file("model", model, size);
    dlcore_tensor_free(table);
    free(model);
    return 0;
}

static int reset(void **state)
{
    (void)state;
    read_faults = (read_faults_t){0};
    return 0;
}

/* Without losing memory. */
static dlcore_status read_one(size_t format, dlcore_error_record_t *error)
{
    failing_allocator_t memory;
    dlcore_allocator_t allocator = failing_allocator(&memory);
    dlcore_status status;

    failing_allocator_init(&memory);
    read_faults.reads = 0;
    status = formats[format].read(scratch_path(formats[format].name), &allocator, error);
    failing_allocator_assert_clean(&memory);
    return status;
}

/* The reads of an undisturbed load, at most `most` bytes each. */
static size_t reads_of(size_t format, size_t most)
{
    dlcore_error_record_t error = {0};

    read_faults = (read_faults_t){.most = most};
    assert_int_equal(read_one(format, &error), DLCORE_OK);
    assert_in_range(read_faults.reads, 1, 100000);
    return read_faults.reads;
}

static void fail_each(int fault, const char *text)
{
    for (size_t format = 0; format < FORMATS; format++) {
        size_t reads = reads_of(format, 40);

        for (size_t at = 1; at <= reads; at++) {
            dlcore_error_record_t error = {0};

            read_faults = (read_faults_t){.fault_at = at, .fault = fault, .most = 40};
            assert_failed(read_one(format, &error), DLCORE_ERROR_IO, &error, text);
        }
    }
}

static void test_read_faults_each_failed_read_is_an_io_error(void **state)
{
    (void)state;
    fail_each(EIO, strerror(EIO));
}

static void test_read_faults_a_file_that_shrinks_is_an_io_error(void **state)
{
    (void)state;
    fail_each(0, "when it was opened");
}

static void test_read_faults_interrupted_and_short_reads_go_on(void **state)
{
    (void)state;
    for (size_t format = 0; format < FORMATS; format++) {
        size_t reads = reads_of(format, 13);

        for (size_t at = 1; at <= reads; at += 7) {
            dlcore_error_record_t error = {0};

            read_faults = (read_faults_t){.fault_at = at, .fault = EINTR, .most = 13};
            assert_int_equal(read_one(format, &error), DLCORE_OK);
            assert_int_equal(read_faults.reads, reads + 1);
        }
    }
}

/* Also when the disk does not come back. */
static void test_read_faults_reads_that_fail_for_ever_are_an_io_error(void **state)
{
    (void)state;
    for (size_t format = 0; format < FORMATS; format++) {
        size_t reads = reads_of(format, 40);

        for (size_t at = 1; at <= reads; at += 3) {
            dlcore_error_record_t error = {0};

            read_faults =
                (read_faults_t){.fault_at = at, .for_ever = true, .fault = EIO, .most = 40};
            assert_failed(read_one(format, &error), DLCORE_ERROR_IO, &error, strerror(EIO));
            assert_int_equal(read_faults.reads, at); /* nothing is tried again */
        }
    }
}

static void test_read_faults_a_file_that_cannot_be_opened_is_an_io_error(void **state)
{
    static const int faults[] = {EACCES, EMFILE, EIO};

    (void)state;
    for (size_t format = 0; format < FORMATS; format++) {
        for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
            dlcore_error_record_t error = {0};

            read_faults = (read_faults_t){.open_fault = faults[i]};
            assert_failed(read_one(format, &error), DLCORE_ERROR_IO, &error, strerror(faults[i]));
            assert_int_equal(read_faults.opens, 1);
            assert_int_equal(read_faults.reads, 0);
        }
    }
}

static void test_read_faults_one_short_or_slow_read_changes_nothing(void **state)
{
    (void)state;
    for (size_t format = 0; format < FORMATS; format++) {
        size_t reads = reads_of(format, 40);

        for (size_t at = 1; at <= reads; at += 5) {
            dlcore_error_record_t error = {0};

            read_faults = (read_faults_t){.half_at = at, .most = 40};
            assert_int_equal(read_one(format, &error), DLCORE_OK);
            assert_in_range(read_faults.reads, reads, reads + 1);
        }
        read_faults = (read_faults_t){.delay_at = reads, .delay_ms = 20, .most = 40};
        {
            dlcore_error_record_t error = {0};

            assert_int_equal(read_one(format, &error), DLCORE_OK);
        }
    }
}

static int remove_files(void **state)
{
    return scratch_remove(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_read_faults_each_failed_read_is_an_io_error, reset),
        cmocka_unit_test_teardown(test_read_faults_a_file_that_shrinks_is_an_io_error, reset),
        cmocka_unit_test_teardown(test_read_faults_interrupted_and_short_reads_go_on, reset),
        cmocka_unit_test_teardown(test_read_faults_reads_that_fail_for_ever_are_an_io_error, reset),
        cmocka_unit_test_teardown(test_read_faults_a_file_that_cannot_be_opened_is_an_io_error,
                                  reset),
        cmocka_unit_test_teardown(test_read_faults_one_short_or_slow_read_changes_nothing, reset),
    };

    return cmocka_run_group_tests(tests, make_files, remove_files);
}
