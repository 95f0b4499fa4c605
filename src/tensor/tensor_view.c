/* Tensors over somebody else's elements: borrowing, slicing, reshaping.
 *
 * SPDX-License-Identifier: MIT */
#include <stdint.h>

#include "base/allocator.h"
#include "base/error.h"
#include "base/size.h"
#include "tensor/sparse.h"

static dlcore_status make_view(const dlcore_tensor_t *layout, dlcore_tensor_t **out,
                               dlcore_error_record_t *error)
{
    dlcore_tensor_t *view = dlcore_allocate_raw(&layout->allocator, 1, sizeof *view);

    if (view == NULL)
        return dlcore_fail_memory(error, "tensor view", sizeof *view);
    *view = *layout;
    *out = view;
    return DLCORE_OK;
}

static dlcore_status set_stride(dlcore_tensor_t *layout, size_t row_stride,
                                dlcore_error_record_t *error)
{
    size_t limit = PTRDIFF_MAX / dlcore_dtype_size(layout->dtype);
    size_t span;

    if (row_stride == 0 || layout->rank == 0)
        return DLCORE_OK;
    if (row_stride < layout->row_size)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT,
                           "row stride %zu is less than the %zu elements of a row", row_stride,
                           layout->row_size);
    if (layout->size > 0 && (!dlcore_size_multiply(layout->shape[0] - 1, row_stride, &span) ||
                             !dlcore_size_add(span, layout->row_size, &span) || span > limit))
        return dlcore_fail(error, DLCORE_ERROR_OVERFLOW,
                           "%zu rows with row stride %zu are too large", layout->shape[0],
                           row_stride);
    layout->row_stride = row_stride;
    return DLCORE_OK;
}

static dlcore_status borrow(const dlcore_allocator_t *allocator, dlcore_dtype_t dtype, size_t rank,
                            const size_t *shape, const void *data, size_t row_stride,
                            bool read_only, dlcore_tensor_t **out, dlcore_error_record_t *error)
{
    dlcore_tensor_t layout;
    dlcore_status status;

    if (out == NULL)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "out is NULL");
    *out = NULL;
    status = dlcore_tensor_layout(&layout, dtype, rank, shape, error);
    if (status == DLCORE_OK)
        status = set_stride(&layout, row_stride, error);
    if (status == DLCORE_OK)
        status = dlcore_check_allocator(allocator, error);
    if (status != DLCORE_OK)
        return status;
    if (data == NULL && layout.size > 0)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT,
                           "data is NULL for a tensor of %zu elements", layout.size);
    if ((uintptr_t)data % dlcore_dtype_size(dtype) != 0)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT,
                           "data is not aligned to the %zu bytes of %s", dlcore_dtype_size(dtype),
                           dlcore_dtype_name(dtype));
    layout.allocator = dlcore_allocator_or_default(allocator);
    layout.data = (unsigned char *)data; /* read_only keeps the promise of const */
    layout.read_only = read_only;
    return make_view(&layout, out, error);
}

dlcore_status dlcore_tensor_borrow(const dlcore_allocator_t *allocator, dlcore_dtype_t dtype,
                                   size_t rank, const size_t *shape, void *data, size_t row_stride,
                                   dlcore_tensor_t **out, dlcore_error_record_t *error)
{
    return borrow(allocator, dtype, rank, shape, data, row_stride, false, out, error);
}

dlcore_status dlcore_tensor_borrow_const(const dlcore_allocator_t *allocator, dlcore_dtype_t dtype,
                                         size_t rank, const size_t *shape, const void *data,
                                         size_t row_stride, dlcore_tensor_t **out,
                                         dlcore_error_record_t *error)
{
    return borrow(allocator, dtype, rank, shape, data, row_stride, true, out, error);
}

static dlcore_status slice(const dlcore_tensor_t *tensor, size_t begin, size_t end, bool read_only,
                           dlcore_tensor_t **view, dlcore_error_record_t *error)
{
    dlcore_tensor_t layout;

    if (view == NULL)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "view is NULL");
    *view = NULL;
    if (tensor == NULL)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "tensor is NULL");
    if (tensor->rank == 0)
        return dlcore_fail(error, DLCORE_ERROR_SHAPE, "slice %zu..%zu of a scalar", begin, end);
    if (begin > end || end > tensor->shape[0])
        return dlcore_fail(error, DLCORE_ERROR_RANGE, "slice %zu..%zu of a tensor with %zu rows",
                           begin, end, tensor->shape[0]);
    layout = *tensor;
    layout.shape[0] = end - begin;
    layout.size = layout.shape[0] * layout.row_size;
    layout.read_only = read_only || tensor->read_only;
    /* Past the last row of strided memory there may be no address to form: none for no rows. */
    if (tensor->is_sparse) {
        layout.sparse.rows = end - begin;
        layout.sparse.starts = tensor->sparse.starts + begin;
    } else if (layout.size > 0) {
        layout.data = dlcore_tensor_run(tensor, begin);
    }
    return make_view(&layout, view, error);
}

dlcore_status dlcore_tensor_slice(dlcore_tensor_t *tensor, size_t begin, size_t end,
                                  dlcore_tensor_t **view, dlcore_error_record_t *error)
{
    return slice(tensor, begin, end, false, view, error);
}

dlcore_status dlcore_tensor_slice_const(const dlcore_tensor_t *tensor, size_t begin, size_t end,
                                        dlcore_tensor_t **view, dlcore_error_record_t *error)
{
    return slice(tensor, begin, end, true, view, error);
}

dlcore_status dlcore_tensor_reshape(dlcore_tensor_t *tensor, size_t rank, const size_t *shape,
                                    dlcore_error_record_t *error)
{
    char before[DLCORE_SHAPE_TEXT_SIZE];
    dlcore_tensor_t layout;
    dlcore_status status;

    if (tensor == NULL)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "tensor is NULL");
    status = dlcore_refuse_sparse("reshape", "the tensor", tensor, error);
    if (status == DLCORE_OK)
        status = dlcore_tensor_layout(&layout, tensor->dtype, rank, shape, error);
    if (status != DLCORE_OK)
        return status;
    if (layout.size != tensor->size)
        return dlcore_fail(
            error, DLCORE_ERROR_SHAPE, "reshape of %s, %zu elements, to a shape of %zu elements",
            dlcore_shape_text(before, tensor->rank, tensor->shape), tensor->size, layout.size);
    if (!dlcore_tensor_is_contiguous(tensor)) {
        if (layout.shape[0] != tensor->shape[0])
            return dlcore_fail(error, DLCORE_ERROR_SHAPE,
                               "reshape of %zu strided rows to %zu rows: axis 0 must stay",
                               tensor->shape[0], layout.shape[0]);
        layout.row_stride = tensor->row_stride;
    }
    layout.allocator = tensor->allocator;
    layout.data = tensor->data;
    layout.read_only = tensor->read_only;
    *tensor = layout;
    return DLCORE_OK;
}
