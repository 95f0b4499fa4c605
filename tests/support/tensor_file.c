/* SPDX-License-Identifier: MIT */
#include "support/tensor_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "support/idx_bytes.h"
#include "support/tensors.h"

static void save(const tensor_file_t *file, const dlcore_tensor_t *tensor)
{
    dlcore_error_record_t error = {.message = ""};

    if (file->save(scratch_path(file->name), tensor, &error) != DLCORE_OK)
        fail_msg("%s", error.message);
}

size_t tensor_file_bytes(const tensor_file_t *file, const dlcore_tensor_t *tensor,
                         unsigned char *bytes, size_t room)
{
    FILE *stream;
    size_t size;

    save(file, tensor);
    stream = fopen(scratch_path(file->name), "rb");
    assert_non_null(stream);
    size = fread(bytes, 1, room, stream);
    fclose(stream);
    return size;
}

dlcore_tensor_t *tensor_file_again(const tensor_file_t *file, const dlcore_tensor_t *tensor)
{
    dlcore_tensor_t *back = NULL;

    save(file, tensor);
    assert_int_equal(file->load(scratch_path(file->name), NULL, &back, NULL), DLCORE_OK);
    return back;
}

static void check_contiguous(const tensor_file_t *file, dlcore_dtype_t dtype, size_t rank)
{
    static const size_t shape[8] = {2, 1, 3, 1, 2, 2, 1, 2};
    dlcore_tensor_t *tensor = NULL, *back;
    unsigned char *bytes;

    assert_int_equal(dlcore_tensor_create(NULL, dtype, rank, shape, &tensor, NULL), DLCORE_OK);
    bytes = dlcore_tensor_data(tensor);
    for (size_t i = 0; i < dlcore_tensor_size(tensor) * dlcore_dtype_size(dtype); i++)
        bytes[i] = (unsigned char)(i % 100);
    back = tensor_file_again(file, tensor);
    assert_int_equal(dlcore_tensor_rank(back), rank);
    assert_true(dlcore_tensor_equal(tensor, back, 0));
    dlcore_tensor_free(back);
    dlcore_tensor_free(tensor);
}

void assert_every_tensor_comes_back(const tensor_file_t *file)
{
    float table[] = {1, 2, 9, 3, 4, 9, 5, 6, 9};
    dlcore_tensor_t *strided = strided_floats(3, 2, table, 3);
    dlcore_tensor_t *empty = tensor_of_floats(SHAPE(0, 4), NULL), *back;

    for (size_t rank = 0; rank <= 8; rank++) {
        check_contiguous(file, DLCORE_DTYPE_FLOAT32, rank);
        check_contiguous(file, DLCORE_DTYPE_UINT8, rank);
        check_contiguous(file, DLCORE_DTYPE_INT32, rank);
    }
    back = tensor_file_again(file, strided);
    assert_floats(back, SHAPE(3, 2), (float[]){1, 2, 3, 4, 5, 6});
    dlcore_tensor_free(back);
    back = tensor_file_again(file, empty);
    assert_floats(back, SHAPE(0, 4), NULL);
    dlcore_tensor_free(back);
    dlcore_tensor_free(strided);
    dlcore_tensor_free(empty);
}

void assert_no_place_is_an_error(const tensor_file_t *file)
{
    dlcore_tensor_t *tensor = tensor_of_floats(SHAPE(1), (float[]){1});
    dlcore_error_record_t error;

    assert_failed(file->save(NULL, tensor, &error), DLCORE_ERROR_ARGUMENT, &error, "path is NULL");
    assert_failed(file->save("x", NULL, &error), DLCORE_ERROR_ARGUMENT, &error, "tensor is NULL");
    assert_failed(file->save("/no/such/folder/x", tensor, &error), DLCORE_ERROR_IO, &error,
                  "/no/such/folder/x");
    assert_failed(file->save("/", tensor, &error), DLCORE_ERROR_IO, &error, "Is a directory");
    dlcore_tensor_free(tensor);
}
