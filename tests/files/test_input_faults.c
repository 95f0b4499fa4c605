/* Every read of an IDX file failing in turn.
 *
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "dlcore/data.h"
#include "support/failing_allocator.h"
#include "support/failing_read.h"
#include "support/idx_bytes.h"
#include "support/tensors.h"

/* A plain and a gzip file with the same tensor. */
static size_t files(const char *const **names)
{
    static const char *const both[] = {"plain", "packed"};
    unsigned char content[268];

    gzip_seed_content(content);
    scratch_file("plain", content, sizeof content);
    scratch_file("packed", gzip_seed, gzip_seed_size);
    *names = both;
    return dlcore_idx_reads_gzip() ? 2 : 1;
}

/* Loads without losing memory; a tensor that comes out must be the right one. */
static dlcore_status load(const char *name, dlcore_error_record_t *error)
{
    failing_allocator_t memory;
    dlcore_allocator_t allocator = failing_allocator(&memory);
    dlcore_tensor_t *tensor = NULL;
    unsigned char content[268];
    dlcore_status status;

    failing_allocator_init(&memory);
    read_faults.reads = 0;
    status = dlcore_idx_load(scratch_path(name), &allocator, &tensor, error);
    gzip_seed_content(content);
    if (status == DLCORE_OK)
        assert_bytes(tensor, SHAPE(16, 16), content + 12);
    else
        assert_null(tensor);
    dlcore_tensor_free(tensor);
    failing_allocator_assert_clean(&memory);
    return status;
}

/* Answers how many reads an undisturbed load needs. */
static size_t reads_of(const char *name)
{
    read_faults.fault_at = 0;
    assert_int_equal(load(name, NULL), DLCORE_OK);
    assert_in_range(read_faults.reads, 2, 1000);
    return read_faults.reads;
}

static int reset(void **state)
{
    (void)state;
    read_faults = (read_faults_t){0};
    return 0;
}

static void test_input_faults_each_failed_read_is_an_io_error(void **state)
{
    const char *const *names;
    size_t count = files(&names);

    (void)state;
    for (size_t i = 0; i < count; i++) {
        size_t reads = reads_of(names[i]);

        for (read_faults.fault_at = 1; read_faults.fault_at <= reads; read_faults.fault_at++) {
            dlcore_error_record_t error;

            read_faults.fault = EIO;
            assert_failed(load(names[i], &error), DLCORE_ERROR_IO, &error, strerror(EIO));
        }
    }
}

static void test_input_faults_interrupted_reads_go_on(void **state)
{
    const char *const *names;
    size_t count = files(&names);

    (void)state;
    for (size_t i = 0; i < count; i++) {
        size_t reads = reads_of(names[i]);

        for (read_faults.fault_at = 1; read_faults.fault_at <= reads; read_faults.fault_at++) {
            read_faults.fault = EINTR;
            assert_int_equal(load(names[i], NULL), DLCORE_OK);
            assert_int_equal(read_faults.reads, reads + 1);
        }
    }
}

static void test_input_faults_short_reads_go_on(void **state)
{
    const char *const *names;
    size_t count = files(&names);

    (void)state;
    for (size_t i = 0; i < count; i++)
        for (read_faults.most = 1; read_faults.most < 20; read_faults.most += 6)
            assert_int_equal(load(names[i], NULL), DLCORE_OK);
}

/* Between asking for the size and reading, somebody else cut the file. */
static void test_input_faults_file_that_shrinks_is_an_io_error(void **state)
{
    const char *const *names;
    size_t count = files(&names);

    (void)state;
    for (size_t i = 0; i < count; i++) {
        size_t reads;

        read_faults.most = 40;
        reads = reads_of(names[i]);
        for (read_faults.fault_at = 1; read_faults.fault_at <= reads; read_faults.fault_at++) {
            dlcore_error_record_t error;
            char text[80];

            read_faults.fault = 0;
            snprintf(text, sizeof text, ", had %zu when it was opened",
                     i == 0 ? (size_t)268 : gzip_seed_size);
            assert_failed(load(names[i], &error), DLCORE_ERROR_IO, &error, text);
        }
    }
}

static void test_input_faults_size_that_cannot_be_asked_for_is_an_io_error(void **state)
{
    const char *const *names;
    dlcore_error_record_t error;
    char text[100];

    (void)state;
    files(&names);
    snprintf(text, sizeof text, "plain: cannot ask for the size: %s", strerror(EIO));
    read_faults.stats = 0;
    read_faults.stat_fault = EIO;
    if (load("plain", &error) == DLCORE_OK && read_faults.stats == 0)
        skip(); /* a C library whose fstat has another name inside */
    assert_failed(load("plain", &error), DLCORE_ERROR_IO, &error, text);
    assert_int_equal(read_faults.reads, 0);
    read_faults.stat_fault = 0;
    read_faults.stat_size = -1;
    assert_failed(load("plain", &error), DLCORE_ERROR_OVERFLOW, &error, "-1 bytes are too many");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_input_faults_each_failed_read_is_an_io_error, reset),
        cmocka_unit_test_teardown(test_input_faults_interrupted_reads_go_on, reset),
        cmocka_unit_test_teardown(test_input_faults_short_reads_go_on, reset),
        cmocka_unit_test_teardown(test_input_faults_file_that_shrinks_is_an_io_error, reset),
        cmocka_unit_test_teardown(test_input_faults_size_that_cannot_be_asked_for_is_an_io_error,
                                  reset),
    };

    return cmocka_run_group_tests(tests, NULL, scratch_remove);
}
