/* .npz files, written: read back, and byte for byte.
 *
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "dlcore/npz.h"
#include "support/failing_allocator.h"
#include "support/folder.h"
#include "support/npy_bytes.h"
#include "support/tensors.h"
#include "support/zip_bytes.h"

static void test_npz_save_arrays_are_read_back(void **state)
{
    static const char *const names[] = {"x", "gr\303\266\303\237e", "y/0"};
    float table[] = {1.5F, 9, -2, 9, 1e-40F, 9};
    dlcore_tensor_t *tensors[] = {strided_floats(3, 1, table, 2),
                                  tensor_of_bytes(SHAPE(2, 2), (uint8_t[]){1, 2, 3, 255}),
                                  tensor_of_ints(NO_SHAPE, (int32_t[]){-7})};
    const char *path = folder_path("out.npz");
    dlcore_tensor_t *tensor;

    (void)state;
    assert_int_equal(
        dlcore_npz_save(path, names, (const dlcore_tensor_t *const *)tensors, 3, NULL, NULL),
        DLCORE_OK);
    assert_int_equal(dlcore_npz_load(path, names[0], NULL, &tensor, NULL), DLCORE_OK);
    assert_floats(tensor, SHAPE(3, 1), (float[]){1.5F, -2, 1e-40F});
    dlcore_tensor_free(tensor);
    assert_int_equal(dlcore_npz_load(path, names[1], NULL, &tensor, NULL), DLCORE_OK);
    assert_bytes(tensor, SHAPE(2, 2), (uint8_t[]){1, 2, 3, 255});
    dlcore_tensor_free(tensor);
    assert_int_equal(dlcore_npz_load(path, names[2], NULL, &tensor, NULL), DLCORE_OK);
    assert_ints(tensor, NO_SHAPE, (int32_t[]){-7});
    dlcore_tensor_free(tensor);
    for (size_t i = 0; i < 3; i++)
        dlcore_tensor_free(tensors[i]);
    assert_int_equal(folder_files(true), 1);
}

static void test_npz_save_entries_are_npy_files(void **state)
{
    static const char *const name = "x";
    static const float floats[] = {1, 2};
    dlcore_tensor_t *tensor = tensor_of_floats(SHAPE(2), floats);
    const dlcore_tensor_t *tensors[] = {tensor};
    zip_case_t one = {.name = "x.npy", .flags = 0x0800};
    bytes_t npy = {0}, expected = {0};
    unsigned char got[1024];
    FILE *file;

    (void)state;
    assert_int_equal(dlcore_npz_save(folder_path("out.npz"), &name, tensors, 1, NULL, NULL),
                     DLCORE_OK);
    npy_little(&npy, "<f4", "(2,)", floats, 4, 2);
    one.packed = npy.data;
    one.packed_size = one.size = npy.size;
    one.checksum = zip_crc(npy.data, npy.size);
    zip_bytes(&expected, &one, 1);
    file = fopen(folder_path("out.npz"), "rb");
    assert_non_null(file);
    assert_int_equal(fread(got, 1, sizeof got, file), expected.size);
    fclose(file);
    assert_memory_equal(got, expected.data, 35 + npy.size);
    dlcore_tensor_free(tensor);
    bytes_free(&npy);
    bytes_free(&expected);
    (void)folder_files(true);
}

static dlcore_status save_one(const char *name, dlcore_error_record_t *error)
{
    dlcore_tensor_t *tensor = tensor_of_floats(SHAPE(1), (float[]){1});
    const dlcore_tensor_t *tensors[] = {tensor, tensor};
    const char *names[] = {name, name};
    dlcore_status status = dlcore_npz_save(folder_path("out.npz"), names, tensors, 1, NULL, error);

    dlcore_tensor_free(tensor);
    return status;
}

static void test_npz_save_names_that_cannot_be_are_refused(void **state)
{
    dlcore_tensor_t *tensor = tensor_of_floats(SHAPE(1), (float[]){1});
    const dlcore_tensor_t *tensors[] = {tensor, tensor};
    const char *const same[] = {"a", "a"};
    dlcore_error_record_t error = {.message = ""};
    char name[252];

    (void)state;
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    assert_failed(save_one(name, &error), DLCORE_ERROR_ARGUMENT, &error, "251 bytes");
    assert_failed(save_one("", &error), DLCORE_ERROR_ARGUMENT, &error, "0 bytes: 1 to 250");
    assert_failed(save_one("a\nb", &error), DLCORE_ERROR_ARGUMENT, &error, "control character");
    assert_failed(save_one("\xFF", &error), DLCORE_ERROR_ARGUMENT, &error, "not UTF-8");
    assert_failed(save_one(NULL, &error), DLCORE_ERROR_ARGUMENT, &error, "name of array 0 is NULL");
    assert_failed(dlcore_npz_save(folder_path("out.npz"), same, tensors, 2, NULL, &error),
                  DLCORE_ERROR_ARGUMENT, &error, "arrays 0 and 1 are both called \"a\"");
    assert_int_equal(folder_files(false), 0);
    name[sizeof name - 2] = '\0';
    assert_int_equal(save_one(name, &error), DLCORE_OK);
    assert_int_equal(folder_files(true), 1);
    dlcore_tensor_free(tensor);
}

static void test_npz_save_misuse_is_refused(void **state)
{
    static const char *const name = "x";
    dlcore_tensor_t *tensor = tensor_of_floats(SHAPE(1), (float[]){1});
    const dlcore_tensor_t *tensors[] = {tensor, NULL};
    const char *const names[] = {"a", "b"};
    dlcore_error_record_t error = {.message = ""};

    (void)state;
    assert_failed(dlcore_npz_save(NULL, &name, tensors, 1, NULL, &error), DLCORE_ERROR_ARGUMENT,
                  &error, "path is NULL");
    assert_failed(dlcore_npz_save("a", NULL, tensors, 1, NULL, &error), DLCORE_ERROR_ARGUMENT,
                  &error, "names is NULL");
    assert_failed(dlcore_npz_save("a", &name, NULL, 1, NULL, &error), DLCORE_ERROR_ARGUMENT, &error,
                  "tensors is NULL");
    assert_failed(dlcore_npz_save("a", &name, tensors, 0, NULL, &error), DLCORE_ERROR_ARGUMENT,
                  &error, "no arrays");
    assert_failed(dlcore_npz_save("a", names, tensors, 2, NULL, &error), DLCORE_ERROR_ARGUMENT,
                  &error, "tensor 1 is NULL");
    assert_failed(dlcore_npz_save(folder_path("no/folder.npz"), &name, tensors, 1, NULL, &error),
                  DLCORE_ERROR_IO, &error, "no/folder.npz");
    dlcore_tensor_free(tensor);
}

/* A file that is there stays as it is. */
static dlcore_status save_scenario(const dlcore_allocator_t *allocator, void *context)
{
    static const char *const name = "x";
    const dlcore_tensor_t *const tensors[] = {context};
    dlcore_status status;

    folder_write("kept.npz", "kept");
    status = dlcore_npz_save(folder_path("kept.npz"), &name, tensors, 1, allocator, NULL);
    if (status != DLCORE_OK)
        assert_string_equal(folder_text("kept.npz"), "kept");
    assert_int_equal(folder_files(true), 1);
    return status;
}

static void test_npz_save_failing_allocations_leave_no_file(void **state)
{
    dlcore_tensor_t *tensor = tensor_of_floats(SHAPE(1), (float[]){1});

    (void)state;
    assert_int_equal(failing_allocator_sweep(save_scenario, tensor), 1);
    dlcore_tensor_free(tensor);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_npz_save_arrays_are_read_back),
        cmocka_unit_test(test_npz_save_entries_are_npy_files),
        cmocka_unit_test(test_npz_save_names_that_cannot_be_are_refused),
        cmocka_unit_test(test_npz_save_misuse_is_refused),
        cmocka_unit_test(test_npz_save_failing_allocations_leave_no_file),
    };

    return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
