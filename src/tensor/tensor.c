/* Making, freeing and asking tensors.
 *
 * SPDX-License-Identifier: MIT */
#include "tensor/tensor.h"

#include <stdio.h>

#include "base/allocator.h"
#include "base/error.h"
#include "base/size.h"

#define HEAD_SIZE \
    ((sizeof(dlcore_tensor_t) + DLCORE_ALIGNMENT - 1) / DLCORE_ALIGNMENT * DLCORE_ALIGNMENT)

static const struct {
    const char *name;
    size_t size;
} tensor_dtypes[] = {
    [DLCORE_DTYPE_FLOAT32] = {"float32", sizeof(float)},
    [DLCORE_DTYPE_UINT8] = {"uint8", sizeof(uint8_t)},
    [DLCORE_DTYPE_INT32] = {"int32", sizeof(int32_t)},
};

static bool dtype_is_known(dlcore_dtype_t dtype)
{
    size_t row = (size_t)dtype;

    return row < sizeof tensor_dtypes / sizeof tensor_dtypes[0] && tensor_dtypes[row].size != 0;
}

const char *dlcore_dtype_name(dlcore_dtype_t dtype)
{
    return dtype_is_known(dtype) ? tensor_dtypes[dtype].name : "unknown";
}

size_t dlcore_dtype_size(dlcore_dtype_t dtype)
{
    return dtype_is_known(dtype) ? tensor_dtypes[dtype].size : 0;
}

const char *dlcore_shape_text(char text[DLCORE_SHAPE_TEXT_SIZE], size_t rank, const size_t *shape)
{
    size_t used = 0;

    text[used++] = '(';
    for (size_t axis = 0; axis < rank; axis++)
        used += (size_t)snprintf(text + used, DLCORE_SHAPE_TEXT_SIZE - used, "%s%zu",
                                 axis == 0 ? "" : ", ", shape[axis]);
    text[used++] = ')';
    text[used] = '\0';
    return text;
}

static bool layout_sizes(dlcore_tensor_t *layout)
{
    size_t nonzero = 1;
    size_t bytes;

    layout->size = 1;
    layout->row_size = 1;
    for (size_t axis = 0; axis < layout->rank; axis++) {
        size_t length = layout->shape[axis];

        if (length != 0 && !dlcore_size_multiply(nonzero, length, &nonzero))
            return false;
        layout->size *= length;
        if (axis > 0)
            layout->row_size *= length;
    }
    layout->row_stride = layout->row_size;
    return dlcore_size_multiply(nonzero, dlcore_dtype_size(layout->dtype), &bytes) &&
           bytes <= PTRDIFF_MAX;
}

dlcore_status dlcore_tensor_layout(dlcore_tensor_t *layout, dlcore_dtype_t dtype, size_t rank,
                                   const size_t *shape, dlcore_error_record_t *error)
{
    char text[DLCORE_SHAPE_TEXT_SIZE];

    if (!dtype_is_known(dtype))
        return dlcore_fail(error, DLCORE_ERROR_DTYPE, "dtype %d is none of float32, uint8, int32",
                           (int)dtype);
    if (rank > DLCORE_RANK_MAX)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "rank %zu is more than %d", rank,
                           DLCORE_RANK_MAX);
    if (shape == NULL && rank > 0)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "shape is NULL for a tensor of rank %zu",
                           rank);
    *layout = (dlcore_tensor_t){.dtype = dtype, .rank = rank};
    for (size_t axis = 0; axis < rank; axis++)
        layout->shape[axis] = shape[axis];
    if (!layout_sizes(layout))
        return dlcore_fail(error, DLCORE_ERROR_OVERFLOW, "%s of shape %s is too large",
                           dlcore_dtype_name(dtype), dlcore_shape_text(text, rank, shape));
    return DLCORE_OK;
}

typedef void *allocate_t(const dlcore_allocator_t *allocator, size_t count, size_t size);

static dlcore_status create(allocate_t *allocate, const dlcore_allocator_t *allocator,
                            dlcore_dtype_t dtype, size_t rank, const size_t *shape,
                            dlcore_tensor_t **out, dlcore_error_record_t *error)
{
    dlcore_tensor_t layout;
    dlcore_status status;
    size_t bytes;

    if (out == NULL)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "out is NULL");
    *out = NULL;
    status = dlcore_tensor_layout(&layout, dtype, rank, shape, error);
    if (status == DLCORE_OK)
        status = dlcore_check_allocator(allocator, error);
    if (status != DLCORE_OK)
        return status;
    layout.allocator = dlcore_allocator_or_default(allocator);
    bytes = layout.size * dlcore_dtype_size(dtype);
    *out = allocate(&layout.allocator, 1, HEAD_SIZE + bytes);
    if (*out == NULL)
        return dlcore_fail_memory(error, "tensor", bytes);
    layout.data = (unsigned char *)*out + HEAD_SIZE;
    **out = layout;
    return DLCORE_OK;
}

dlcore_status dlcore_tensor_create(const dlcore_allocator_t *allocator, dlcore_dtype_t dtype,
                                   size_t rank, const size_t *shape, dlcore_tensor_t **out,
                                   dlcore_error_record_t *error)
{
    return create(dlcore_allocate, allocator, dtype, rank, shape, out, error);
}

dlcore_status dlcore_tensor_create_unset(const dlcore_allocator_t *allocator, dlcore_dtype_t dtype,
                                         size_t rank, const size_t *shape, dlcore_tensor_t **out,
                                         dlcore_error_record_t *error)
{
    return create(dlcore_allocate_raw, allocator, dtype, rank, shape, out, error);
}

dlcore_status dlcore_tensor_from_data(const dlcore_allocator_t *allocator, dlcore_dtype_t dtype,
                                      size_t rank, const size_t *shape, const void *data,
                                      dlcore_tensor_t **out, dlcore_error_record_t *error)
{
    dlcore_tensor_t layout;
    dlcore_status status;

    if (out == NULL)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "out is NULL");
    *out = NULL;
    status = dlcore_tensor_layout(&layout, dtype, rank, shape, error);
    if (status != DLCORE_OK)
        return status;
    if (data == NULL && layout.size > 0)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT,
                           "data is NULL for a tensor of %zu elements", layout.size);
    status = dlcore_tensor_create_unset(allocator, dtype, rank, shape, out, error);
    if (status == DLCORE_OK && layout.size > 0)
        memcpy((*out)->data, data, layout.size * dlcore_dtype_size(dtype));
    return status;
}

dlcore_status dlcore_tensor_scalar(const dlcore_allocator_t *allocator, float value,
                                   dlcore_tensor_t **out, dlcore_error_record_t *error)
{
    return dlcore_tensor_from_data(allocator, DLCORE_DTYPE_FLOAT32, 0, NULL, &value, out, error);
}

void dlcore_tensor_free(dlcore_tensor_t *tensor)
{
    if (tensor != NULL) {
        dlcore_allocator_t allocator = tensor->allocator;

        dlcore_release(&allocator, tensor);
    }
}

dlcore_dtype_t dlcore_tensor_dtype(const dlcore_tensor_t *tensor)
{
    return tensor != NULL ? tensor->dtype : (dlcore_dtype_t)0;
}

size_t dlcore_tensor_rank(const dlcore_tensor_t *tensor)
{
    return tensor != NULL ? tensor->rank : 0;
}

size_t dlcore_tensor_length(const dlcore_tensor_t *tensor, size_t axis)
{
    return tensor != NULL && axis < tensor->rank ? tensor->shape[axis] : 0;
}

const size_t *dlcore_tensor_shape(const dlcore_tensor_t *tensor)
{
    return tensor != NULL ? tensor->shape : NULL;
}

size_t dlcore_tensor_size(const dlcore_tensor_t *tensor)
{
    return tensor != NULL ? tensor->size : 0;
}

size_t dlcore_tensor_row_size(const dlcore_tensor_t *tensor)
{
    return tensor != NULL ? tensor->row_size : 0;
}

size_t dlcore_tensor_row_stride(const dlcore_tensor_t *tensor)
{
    return tensor != NULL ? tensor->row_stride : 0;
}

bool dlcore_tensor_is_contiguous(const dlcore_tensor_t *tensor)
{
    if (tensor == NULL)
        return false;
    /* A stride that no step is taken along leaves no gap. */
    return tensor->row_stride == tensor->row_size || tensor->size <= tensor->row_size;
}

void *dlcore_tensor_data(dlcore_tensor_t *tensor)
{
    return tensor != NULL && !tensor->read_only ? tensor->data : NULL;
}

const void *dlcore_tensor_data_const(const dlcore_tensor_t *tensor)
{
    return tensor != NULL ? tensor->data : NULL;
}
