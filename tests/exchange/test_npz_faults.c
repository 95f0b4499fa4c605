/* .npz files on disks that fail: every read in turn finds an error, or the end of the file.
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

#include "base/allocator.h"
#include "dlcore/npz.h"
#include "exchange/zip_claim.h"
#include "support/failing_allocator.h"
#include "support/failing_read.h"
#include "support/idx_bytes.h"

/* Inspects and reads each array; a failure loses nothing. */
static dlcore_status read_all(const char *path, dlcore_error_record_t *error)
{
    failing_allocator_t memory;
    dlcore_allocator_t allocator;
    dlcore_npz_t *npz = NULL;
    dlcore_status status;

    failing_allocator_init(&memory);
    allocator = failing_allocator(&memory);
    status = dlcore_npz_open(path, &allocator, &npz, error);
    for (size_t i = 0; i < dlcore_npz_count(npz) && status == DLCORE_OK; i++) {
        dlcore_npz_array_t array;
        dlcore_tensor_t *tensor = NULL;

        status = dlcore_npz_inspect(npz, i, &array, error);
        if (status == DLCORE_OK)
            status = dlcore_npz_read(npz, dlcore_npz_name(npz, i), &tensor, error);
        assert_true((status == DLCORE_OK) == (tensor != NULL));
        if (status == DLCORE_ERROR_UNSUPPORTED) /* complex numbers are in the file, too */
            status = DLCORE_OK;
        dlcore_tensor_free(tensor);
    }
    dlcore_npz_free(npz);
    failing_allocator_assert_clean(&memory);
    return status;
}

static dlcore_status read_matrix(const char *path, dlcore_error_record_t *error)
{
    dlcore_tensor_t *matrix = NULL;
    dlcore_status status = dlcore_npz_load_sparse(path, NULL, &matrix, error);

    assert_true((status == DLCORE_OK) == (matrix != NULL));
    dlcore_tensor_free(matrix);
    return status;
}

static void fail_each_read(const char *name,
                           dlcore_status (*read)(const char *path, dlcore_error_record_t *error))
{
    dlcore_error_record_t error = {.message = ""};
    char path[512];
    size_t reads;

    snprintf(path, sizeof path, "%s/%s", DLCORE_FIXTURES, name);
    read_faults = (read_faults_t){0};
    if (read(path, &error) != DLCORE_OK)
        fail_msg("%s", error.message);
    reads = read_faults.reads;
    assert_in_range(reads, 2, 1000);
    for (size_t n = 1; n <= reads; n++) {
        read_faults = (read_faults_t){.fault_at = n, .fault = EIO};
        if (read(path, &error) != DLCORE_ERROR_IO)
            fail_msg("read %zu of %zu failing: %s", n, reads, error.message);
        read_faults = (read_faults_t){.fault_at = n, .fault = EIO};
        assert_int_equal(read(path, NULL), DLCORE_ERROR_IO);
        read_faults = (read_faults_t){.fault_at = n, .for_ever = true};
        if (read(path, &error) == DLCORE_OK)
            fail_msg("read %zu of %zu finding the end: all is right", n, reads);
    }
    read_faults = (read_faults_t){0};
}

static void test_npz_faults_each_failed_read_is_an_error_of_reading(void **state)
{
    (void)state;
    fail_each_read("deflated.npz", read_all);
    fail_each_read("sparse_float64.npz", read_matrix);
}

/* Where an archive's number of entries is in a record of zip64, that record is read by itself. */
static void test_npz_faults_of_the_record_of_zip64(void **state)
{
    static const unsigned char record[4] = {'P', 'K', 6, 6}, locator[4] = {'P', 'K', 6, 7},
                               end[4] = {'P', 'K', 5, 6};
    unsigned char archive[70000] = {0};
    dlcore_allocator_t plain = dlcore_allocator_default();
    dlcore_error_record_t error = {.message = ""};
    size_t size = sizeof archive, at = size - 42;
    dlcore_input_t input;
    uint64_t count;

    (void)state;
    memcpy(archive, record, sizeof record); /* far before the last bytes */
    archive[24] = archive[32] = 5;
    memcpy(archive + at, locator, sizeof locator);
    memcpy(archive + at + 20, end, sizeof end);
    scratch_file("archive", archive, size);
    assert_int_equal(dlcore_input_open(&input, scratch_path("archive"), &error), DLCORE_OK);
    read_faults = (read_faults_t){0};
    assert_int_equal(dlcore_zip_claim(&input, &plain, &count, &error), DLCORE_OK);
    assert_int_equal(count, 5);
    assert_int_equal(read_faults.reads, 2);
    read_faults = (read_faults_t){.fault_at = 2, .fault = EIO};
    assert_int_equal(dlcore_zip_claim(&input, &plain, &count, &error), DLCORE_ERROR_IO);
    read_faults = (read_faults_t){.fault_at = 2, .for_ever = true};
    assert_int_not_equal(dlcore_zip_claim(&input, &plain, &count, &error) == DLCORE_OK && count > 0,
                         true);
    read_faults = (read_faults_t){0};
    dlcore_input_close(&input);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_npz_faults_each_failed_read_is_an_error_of_reading),
        cmocka_unit_test(test_npz_faults_of_the_record_of_zip64),
    };

    return cmocka_run_group_tests(tests, NULL, scratch_remove);
}
