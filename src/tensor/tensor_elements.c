/* Single elements: reading, writing, filling, and what fits a dtype.
 *
 * SPDX-License-Identifier: MIT */
#include <float.h>
#include <math.h>

#include "base/error.h"
#include "base/traces.h"
#include "tensor/tensor.h"

size_t dlcore_row_not_finite(const dlcore_tensor_t *tensor, size_t row)
{
    size_t number = 0;

    if (tensor->is_sparse) /* its values are finite */
        return tensor->row_size;
    while (number < tensor->row_size && isfinite(dlcore_row_number(tensor, row, number)))
        number++;
    return number;
}

double dlcore_round_to_even(double value)
{
    double size = fabs(value);
    double rest;
    int64_t whole;

    if (!(size < 0x1p52)) /* whole already, infinite, or NaN */
        return value;
    whole = (int64_t)size;
    rest = size - (double)whole; /* exact */
    if (rest > 0.5 || (rest == 0.5 && whole % 2 != 0))
        whole++;
    return copysign((double)whole, value);
}

void dlcore_dtype_limits(dlcore_dtype_t dtype, double *low, double *high)
{
    *low = dtype == DLCORE_DTYPE_INT32 ? INT32_MIN : 0;
    *high = dtype == DLCORE_DTYPE_INT32 ? INT32_MAX : UINT8_MAX;
}

/* One element's bytes in `dtype`, or DLCORE_ERROR_RANGE. */
static dlcore_status encode_element(dlcore_dtype_t dtype, double value, unsigned char element[4],
                                    dlcore_error_record_t *error)
{
    double low, high, whole;
    int32_t as_int32;

    if (dtype == DLCORE_DTYPE_FLOAT32) {
        float as_float = (float)value;

        if (isinf(as_float) && !isinf(value))
            return dlcore_fail(error, DLCORE_ERROR_RANGE, "%g does not fit float32, at most %g",
                               value, (double)FLT_MAX);
        memcpy(element, &as_float, sizeof as_float);
        return DLCORE_OK;
    }
    dlcore_dtype_limits(dtype, &low, &high);
    whole = dlcore_round_to_even(value);
    if (!(whole >= low && whole <= high))
        return dlcore_fail(error, DLCORE_ERROR_RANGE, "%.17g does not fit %s, %.0f to %.0f", value,
                           dlcore_dtype_name(dtype), low, high);
    as_int32 = (int32_t)whole;
    if (dtype == DLCORE_DTYPE_UINT8)
        element[0] = (unsigned char)as_int32;
    else
        memcpy(element, &as_int32, sizeof as_int32);
    return DLCORE_OK;
}

/* Where the element at `index` lies, in bytes. */
static dlcore_status locate(const dlcore_tensor_t *tensor, const size_t *index, size_t *offset,
                            dlcore_error_record_t *error)
{
    size_t below = 0; /* elements from the start of the row */
    size_t row = 0;

    if (tensor == NULL)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "tensor is NULL");
    if (index == NULL && tensor->rank > 0)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "index is NULL for a tensor of rank %zu",
                           tensor->rank);
    for (size_t axis = 0; axis < tensor->rank; axis++) {
        if (index[axis] >= tensor->shape[axis])
            return dlcore_fail(error, DLCORE_ERROR_RANGE, "index %zu on axis %zu of length %zu",
                               index[axis], axis, tensor->shape[axis]);
        if (axis == 0)
            row = index[axis];
        else
            below = below * tensor->shape[axis] + index[axis];
    }
    *offset = (row * tensor->row_stride + below) * dlcore_dtype_size(tensor->dtype);
    return DLCORE_OK;
}

static dlcore_status refuse_read_only(const dlcore_tensor_t *tensor, dlcore_error_record_t *error)
{
    if (tensor->read_only)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "tensor is read-only");
    return DLCORE_OK;
}

static dlcore_status get_value(const dlcore_tensor_t *tensor, const size_t *index, double *value,
                               dlcore_error_record_t *error)
{
    dlcore_status status;
    size_t offset = 0;

    if (value == NULL)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "value is NULL");
    status = locate(tensor, index, &offset, error);
    if (status == DLCORE_OK && tensor->is_sparse)
        *value = (double)dlcore_sparse_number(&tensor->sparse, index[0], index[1]);
    else if (status == DLCORE_OK)
        *value = dlcore_element_load(tensor->dtype, tensor->data + offset);
    return status;
}

dlcore_status dlcore_tensor_get(const dlcore_tensor_t *tensor, const size_t *index, double *value,
                                dlcore_error_record_t *error)
{
    dlcore_traces_t before = dlcore_traces_note();

    return dlcore_traces_end(before, get_value(tensor, index, value, error));
}

static dlcore_status set_value(dlcore_tensor_t *tensor, const size_t *index, double value,
                               dlcore_error_record_t *error)
{
    unsigned char element[4];
    dlcore_status status;
    size_t offset = 0;

    status = locate(tensor, index, &offset, error);
    if (status == DLCORE_OK)
        status = refuse_read_only(tensor, error);
    if (status == DLCORE_OK)
        status = encode_element(tensor->dtype, value, element, error);
    if (status == DLCORE_OK)
        memcpy(tensor->data + offset, element, dlcore_dtype_size(tensor->dtype));
    return status;
}

dlcore_status dlcore_tensor_set(dlcore_tensor_t *tensor, const size_t *index, double value,
                                dlcore_error_record_t *error)
{
    dlcore_traces_t before = dlcore_traces_note();

    return dlcore_traces_end(before, set_value(tensor, index, value, error));
}

static dlcore_status fill_tensor(dlcore_tensor_t *tensor, double value,
                                 dlcore_error_record_t *error)
{
    unsigned char element[4];
    dlcore_status status;
    size_t runs, length;

    if (tensor == NULL)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "tensor is NULL");
    status = refuse_read_only(tensor, error);
    if (status == DLCORE_OK)
        status = encode_element(tensor->dtype, value, element, error);
    if (status != DLCORE_OK || tensor->size == 0)
        return status;
    runs = dlcore_tensor_runs(tensor, &length);
    for (size_t run = 0; run < runs; run++) {
        unsigned char *to = dlcore_tensor_run(tensor, run);

        if (tensor->dtype == DLCORE_DTYPE_UINT8)
            memset(to, element[0], length);
        else
            for (size_t i = 0; i < length; i++)
                memcpy(to + 4 * i, element, 4);
    }
    return DLCORE_OK;
}

dlcore_status dlcore_tensor_fill(dlcore_tensor_t *tensor, double value,
                                 dlcore_error_record_t *error)
{
    dlcore_traces_t before = dlcore_traces_note();

    return dlcore_traces_end(before, fill_tensor(tensor, value, error));
}
