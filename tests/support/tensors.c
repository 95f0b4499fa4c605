/* Making tensors and asserting about them.
 *
 * SPDX-License-Identifier: MIT */
#include "support/tensors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static dlcore_tensor_t *tensor_of(dlcore_dtype_t dtype, size_t rank, const size_t *shape,
                                  const void *elements)
{
    dlcore_error_record_t error = {.message = ""};
    dlcore_tensor_t *tensor = NULL;

    if (dlcore_tensor_from_data(NULL, dtype, rank, shape, elements, &tensor, &error) != DLCORE_OK)
        fail_msg("%s", error.message);
    return tensor;
}

dlcore_tensor_t *tensor_of_floats(size_t rank, const size_t *shape, const float *elements)
{
    return tensor_of(DLCORE_DTYPE_FLOAT32, rank, shape, elements);
}

dlcore_tensor_t *tensor_of_bytes(size_t rank, const size_t *shape, const uint8_t *elements)
{
    return tensor_of(DLCORE_DTYPE_UINT8, rank, shape, elements);
}

dlcore_tensor_t *tensor_of_ints(size_t rank, const size_t *shape, const int32_t *elements)
{
    return tensor_of(DLCORE_DTYPE_INT32, rank, shape, elements);
}

dlcore_tensor_t *strided_floats(size_t rows, size_t columns, float *elements, size_t stride)
{
    dlcore_error_record_t error = {.message = ""};
    dlcore_tensor_t *tensor = NULL;

    if (dlcore_tensor_borrow(NULL, DLCORE_DTYPE_FLOAT32, SHAPE(rows, columns), elements, stride,
                             &tensor, &error) != DLCORE_OK)
        fail_msg("%s", error.message);
    return tensor;
}

static void assert_tensor(const dlcore_tensor_t *tensor, dlcore_dtype_t dtype, size_t rank,
                          const size_t *shape, const void *elements)
{
    size_t size = 1;

    assert_non_null(tensor);
    assert_string_equal(dlcore_dtype_name(dlcore_tensor_dtype(tensor)), dlcore_dtype_name(dtype));
    assert_int_equal(dlcore_tensor_rank(tensor), rank);
    for (size_t axis = 0; axis < rank; axis++) {
        assert_int_equal(dlcore_tensor_length(tensor, axis), shape[axis]);
        size *= shape[axis];
    }
    assert_int_equal(dlcore_tensor_size(tensor), size);
    assert_true(dlcore_tensor_is_contiguous(tensor));
    if (size > 0)
        assert_memory_equal(dlcore_tensor_data_const(tensor), elements,
                            size * dlcore_dtype_size(dtype));
}

void assert_floats(const dlcore_tensor_t *tensor, size_t rank, const size_t *shape,
                   const float *elements)
{
    assert_tensor(tensor, DLCORE_DTYPE_FLOAT32, rank, shape, elements);
}

void assert_bytes(const dlcore_tensor_t *tensor, size_t rank, const size_t *shape,
                  const uint8_t *elements)
{
    assert_tensor(tensor, DLCORE_DTYPE_UINT8, rank, shape, elements);
}

void assert_ints(const dlcore_tensor_t *tensor, size_t rank, const size_t *shape,
                 const int32_t *elements)
{
    assert_tensor(tensor, DLCORE_DTYPE_INT32, rank, shape, elements);
}

void assert_failed(dlcore_status status, dlcore_status expected, const dlcore_error_record_t *error,
                   const char *text)
{
    if (status != expected)
        fail_msg("status %s, not %s: %s", dlcore_status_name(status), dlcore_status_name(expected),
                 error->message);
    assert_int_equal(error->status, expected);
    if (strstr(error->message, text) == NULL)
        fail_msg("\"%s\" is not in the message \"%s\"", text, error->message);
}
