/* A tensor's file, written: orders of bytes, and each call of the system failing in turn.
 *
 * SPDX-License-Identifier: MIT */
#define _XOPEN_SOURCE 700
#define _FILE_OFFSET_BITS 64

#include <dirent.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "data/tensor_output.h"
#include "support/idx_bytes.h"
#include "support/tensors.h"

static void assert_content(const void *expected, size_t size)
{
    unsigned char bytes[100];
    FILE *file = fopen(scratch_path("out"), "rb");

    assert_non_null(file);
    assert_int_equal(fread(bytes, 1, sizeof bytes, file), size);
    fclose(file);
    assert_memory_equal(bytes, expected, size);
}

static size_t files_in_folder(void)
{
    DIR *folder = opendir(scratch_path("."));
    size_t count = 0;

    assert_non_null(folder);
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;)
        count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    closedir(folder);
    return count;
}

static void test_tensor_output_both_orders_of_bytes(void **state)
{
    float table[] = {1.5F, 9, -2, 9};
    dlcore_tensor_t *tensor = strided_floats(2, 1, table, 2);

    (void)state;
    assert_int_equal(dlcore_tensor_output(NULL, scratch_path("out"), "head", 4, tensor, true, NULL),
                     DLCORE_OK);
    assert_content("head\x3F\xC0\0\0\xC0\0\0\0", 12);
    assert_int_equal(
        dlcore_tensor_output(NULL, scratch_path("out"), "head", 4, tensor, false, NULL), DLCORE_OK);
    assert_content("head\0\0\xC0\x3F\0\0\0\xC0", 12);
    dlcore_tensor_free(tensor);
}

/* The real calls, of which the n-th write or the renaming fails. */
static struct {
    size_t writes, fail_at;
    bool fail_rename;
} faults;

static ptrdiff_t faulty_write(void *user, dlcore_file_t file, const void *bytes, size_t size)
{
    if (++faults.writes == faults.fail_at) {
        errno = ENOSPC;
        return -1;
    }
    return dlcore_system()->write(user, file, bytes, size);
}

static int faulty_renameat(void *user, dlcore_file_t folder, const char *from, const char *to)
{
    if (faults.fail_rename) {
        errno = EIO;
        return -1;
    }
    return dlcore_system()->renameat(user, folder, from, to);
}

static void test_tensor_output_failures_leave_the_old_file(void **state)
{
    float table[] = {1, 2, 9, 3, 4, 9};
    dlcore_tensor_t *tensor = strided_floats(2, 2, table, 3);
    dlcore_system_t system = *dlcore_system();
    dlcore_error_record_t error;

    (void)state;
    system.write = faulty_write;
    system.renameat = faulty_renameat;
    for (int swapped = 0; swapped < 2; swapped++)
        for (faults.fail_at = 1; faults.fail_at <= 3; faults.fail_at++) {
            scratch_file("out", "old", 3);
            faults.writes = 0;
            assert_failed(dlcore_tensor_output(&system, scratch_path("out"), "head", 4, tensor,
                                               swapped, &error),
                          DLCORE_ERROR_IO, &error, strerror(ENOSPC));
            assert_content("old", 3);
            assert_int_equal(files_in_folder(), 1);
        }
    faults.fail_at = 0;
    faults.fail_rename = true;
    assert_failed(
        dlcore_tensor_output(&system, scratch_path("out"), "head", 4, tensor, false, &error),
        DLCORE_ERROR_IO, &error, strerror(EIO));
    assert_content("old", 3);
    assert_int_equal(files_in_folder(), 1);
    dlcore_tensor_free(tensor);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tensor_output_both_orders_of_bytes),
        cmocka_unit_test(test_tensor_output_failures_leave_the_old_file),
    };

    return cmocka_run_group_tests(tests, NULL, scratch_remove);
}
