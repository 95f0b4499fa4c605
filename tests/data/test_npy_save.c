/* Writing .npy files: NumPy's bytes, every rank, strided tensors, and what cannot be written.
 *
 * SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L

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

static size_t read_back(const char *path, unsigned char *to, size_t room)
{
    FILE *file = fopen(path, "rb");
    size_t size;

    assert_non_null(file);
    size = fread(to, 1, room, file);
    fclose(file);
    return size;
}

static void save(const dlcore_tensor_t *tensor, const char *name)
{
    dlcore_error_record_t error = {.message = ""};

    if (dlcore_npy_save(scratch_path(name), tensor, &error) != DLCORE_OK)
        fail_msg("%s", error.message);
}

/* What numpy.save of NumPy 2.4 wrote for np.array([[1.5, -2, 0], [0.25, 8, 3]], '<f4'). */
static void test_npy_save_writes_the_bytes_of_numpy(void **state)
{
    static const char head[] = "\x93NUMPY\x01\x00v\x00"
                               "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }";
    static const unsigned char elements[] = {0, 0, 0xC0, 0x3F, 0, 0, 0, 0xC0, 0, 0, 0,    0,
                                             0, 0, 0x80, 0x3E, 0, 0, 0, 0x41, 0, 0, 0x40, 0x40};
    dlcore_tensor_t *tensor = tensor_of_floats(SHAPE(2, 3), (float[]){1.5F, -2, 0, 0.25F, 8, 3});
    unsigned char bytes[200];

    (void)state;
    save(tensor, "saved.npy");
    assert_int_equal(read_back(scratch_path("saved.npy"), bytes, sizeof bytes), 152);
    assert_memory_equal(bytes, head, sizeof head - 1);
    for (size_t i = sizeof head - 1; i < 127; i++)
        assert_int_equal(bytes[i], ' ');
    assert_int_equal(bytes[127], '\n');
    assert_memory_equal(bytes + 128, elements, sizeof elements);
    dlcore_tensor_free(tensor);
}

static void test_npy_save_every_rank_and_dtype_comes_back(void **state)
{
    static const size_t shape[8] = {2, 1, 3, 1, 2, 2, 1, 2};
    static const dlcore_dtype_t dtypes[] = {DLCORE_DTYPE_FLOAT32, DLCORE_DTYPE_UINT8,
                                            DLCORE_DTYPE_INT32};

    (void)state;
    for (size_t rank = 0; rank <= 8; rank++)
        for (size_t i = 0; i < 3; i++) {
            dlcore_tensor_t *tensor = NULL, *back = NULL;
            unsigned char *bytes;

            assert_int_equal(dlcore_tensor_create(NULL, dtypes[i], rank, shape, &tensor, NULL),
                             DLCORE_OK);
            bytes = dlcore_tensor_data(tensor);
            for (size_t j = 0; j < dlcore_tensor_size(tensor) * dlcore_dtype_size(dtypes[i]); j++)
                bytes[j] = (unsigned char)(j % 100);
            save(tensor, "rank.npy");
            assert_int_equal(dlcore_npy_load(scratch_path("rank.npy"), NULL, &back, NULL),
                             DLCORE_OK);
            assert_int_equal(dlcore_tensor_rank(back), rank);
            assert_true(dlcore_tensor_equal(tensor, back, 0));
            dlcore_tensor_free(back);
            dlcore_tensor_free(tensor);
        }
}

static void test_npy_save_strided_and_empty_tensors(void **state)
{
    float table[] = {1, 2, 9, 3, 4, 9, 5, 6, 9};
    dlcore_tensor_t *strided = strided_floats(3, 2, table, 3);
    dlcore_tensor_t *empty = tensor_of_floats(SHAPE(0, 4), NULL);
    dlcore_tensor_t *back = NULL;

    (void)state;
    save(strided, "strided.npy");
    assert_int_equal(dlcore_npy_load(scratch_path("strided.npy"), NULL, &back, NULL), DLCORE_OK);
    assert_floats(back, SHAPE(3, 2), (float[]){1, 2, 3, 4, 5, 6});
    dlcore_tensor_free(back);
    save(empty, "empty.npy");
    assert_int_equal(dlcore_npy_load(scratch_path("empty.npy"), NULL, &back, NULL), DLCORE_OK);
    assert_floats(back, SHAPE(0, 4), NULL);
    dlcore_tensor_free(back);
    dlcore_tensor_free(strided);
    dlcore_tensor_free(empty);
}

static void test_npy_save_what_cannot_be_written_is_an_error(void **state)
{
    dlcore_tensor_t *tensor = tensor_of_floats(SHAPE(1), (float[]){1});
    dlcore_error_record_t error;

    (void)state;
    assert_failed(dlcore_npy_save(NULL, tensor, &error), DLCORE_ERROR_ARGUMENT, &error,
                  "path is NULL");
    assert_failed(dlcore_npy_save("x", NULL, &error), DLCORE_ERROR_ARGUMENT, &error,
                  "tensor is NULL");
    assert_failed(dlcore_npy_save("/no/such/folder/x.npy", tensor, &error), DLCORE_ERROR_IO, &error,
                  "/no/such/folder/x.npy");
    assert_failed(dlcore_npy_save("/", tensor, &error), DLCORE_ERROR_IO, &error, "Is a directory");
    dlcore_tensor_free(tensor);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_npy_save_writes_the_bytes_of_numpy),
        cmocka_unit_test(test_npy_save_every_rank_and_dtype_comes_back),
        cmocka_unit_test(test_npy_save_strided_and_empty_tensors),
        cmocka_unit_test(test_npy_save_what_cannot_be_written_is_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, scratch_remove);
}
